// Package generate reads the inputs of resource types out of the source of the pulumi-aws SDK.
package generate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// File is where the simulated cloud keeps the table, from the root of the repository.
const File = "tests/cloudsim/inputs.txt"

// Table is one line per resource type and per nested object: its name, then each property with its kind. The kinds are
// s (text), b (true or false), i (whole number), f (number), * (anything), @name (an object of another line), with [] before
// them for a list and {} for a map; a ! at the end says that the property is required. Only scalars and single objects say
// so: a list that may not be empty looks the same in the SDK as one that may.
func Table(sdk string, types []string) (string, error) {
	r := &reader{sdk: sdk, packages: map[string]*structs{}, lines: map[string]string{}}
	for _, typ := range types {
		module, noun, ok := tokenOf(typ)
		if !ok {
			return "", fmt.Errorf("reading the inputs of %s: it is no type of pulumi-aws", typ)
		}
		if err := r.line(typ, module, noun+"Args"); err != nil {
			return "", fmt.Errorf("reading the inputs of %s: %w", typ, err)
		}
	}
	lines := make([]string, 0, len(r.lines))
	for _, line := range r.lines {
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n", nil
}

// tokenOf splits "aws:ec2/vpc:Vpc" into ec2 and vpc, which names the file and the struct.
func tokenOf(typ string) (module, noun string, ok bool) {
	fields := strings.Split(typ, ":")
	if len(fields) != 3 || fields[0] != "aws" {
		return "", "", false
	}
	module, _, ok = strings.Cut(fields[1], "/")
	return module, lower(fields[2]), ok
}

func lower(name string) string {
	letters := []rune(name)
	letters[0] = unicode.ToLower(letters[0])
	return string(letters)
}

// structs are the plain structs of one package of the SDK, by name.
type structs struct {
	read  map[string]bool // Files.
	named map[string]*ast.StructType
}

type reader struct {
	sdk      string
	packages map[string]*structs
	lines    map[string]string
}

// line writes the line of one struct, and those of the objects in it.
func (r *reader) line(name, module, structName string) error {
	if _, done := r.lines[name]; done {
		return nil
	}
	found, err := r.find(module, structName)
	if err != nil {
		return err
	}
	r.lines[name] = "" // An object may hold others of its own kind.
	words := []string{name}
	for _, field := range found.Fields.List {
		property := tag(field)
		if property == "" {
			continue
		}
		kind, err := r.kind(module, field.Type)
		if err != nil {
			return fmt.Errorf("property %s: %w", property, err)
		}
		if required(field.Type) {
			kind += "!"
		}
		words = append(words, property+":"+kind)
	}
	r.lines[name] = strings.Join(words, " ")
	return nil
}

func tag(field *ast.Field) string {
	if field.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text).Get("pulumi")
}

// required: the SDK writes what may be absent as a pointer. Interfaces, lists and maps do not tell.
func required(typ ast.Expr) bool {
	_, plain := typ.(*ast.Ident)
	return plain
}

var scalars = map[string]string{"string": "s", "bool": "b", "int": "i", "float64": "f"}

func (r *reader) kind(module string, typ ast.Expr) (string, error) {
	switch t := typ.(type) {
	case *ast.StarExpr:
		return r.kind(module, t.X)
	case *ast.ArrayType:
		element, err := r.kind(module, t.Elt)
		return "[]" + element, err
	case *ast.MapType:
		element, err := r.kind(module, t.Value)
		return "{}" + element, err
	case *ast.InterfaceType, *ast.SelectorExpr: // Assets, references to resources.
		return "*", nil
	case *ast.Ident:
		if scalar, ok := scalars[t.Name]; ok {
			return scalar, nil
		}
		name := module + "." + t.Name
		return "@" + name, r.line(name, module, t.Name)
	}
	return "", fmt.Errorf("the SDK writes a type that this tool does not know: %T", typ)
}

// find looks for a struct in the file of its resource and in those of the nested objects.
func (r *reader) find(module, name string) (*ast.StructType, error) {
	p := r.packages[module]
	if p == nil {
		p = &structs{read: map[string]bool{}, named: map[string]*ast.StructType{}}
		r.packages[module] = p
	}
	nested, err := filepath.Glob(filepath.Join(r.sdk, "go", "aws", module, "pulumiTypes*.go"))
	if err != nil {
		return nil, err
	}
	files := nested
	if noun, ok := strings.CutSuffix(name, "Args"); ok && unicode.IsLower(rune(name[0])) {
		files = append([]string{filepath.Join(r.sdk, "go", "aws", module, noun+".go")}, nested...)
	}
	for _, file := range files {
		if err := p.load(file); err != nil {
			return nil, err
		}
		if found := p.named[name]; found != nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("the SDK has no struct %s in its package %s", name, module)
}

func (p *structs) load(file string) error {
	if p.read[file] {
		return nil
	}
	p.read[file] = true
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, declaration := range source.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			named, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if fields, ok := named.Type.(*ast.StructType); ok {
				p.named[named.Name.Name] = fields
			}
		}
	}
	return nil
}
