// Package generate makes the component reference from the doc comments of the source, without compiling it.
package generate

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Folder is where the pages are, from the root of the repository.
const Folder = "docs/reference"

const module = "github.com/seed-11444627/holdfast"

// Pages returns every page of the reference by file name. root is the root of the repository.
func Pages(root string) (map[string]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "components"))
	if err != nil {
		return nil, fmt.Errorf("listing the components: %w", err)
	}
	pages := map[string]string{}
	var all []*Package
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "internal" {
			continue
		}
		read, err := Read(filepath.Join(root, "components", entry.Name()), module+"/components/"+entry.Name())
		if err != nil {
			return nil, err
		}
		if read == nil {
			continue
		}
		all = append(all, read)
		pages[entry.Name()+".md"] = page(read)
	}
	pages["README.md"] = index(all)
	return pages, nil
}

// Package is what one page is made of.
type Package struct {
	Name, Path string
	Doc        *doc.Package
	// Components are the types that have a constructor of the house's shape, in the order of their names.
	Components []Component
	// Alarms are the rows of the package's alarm tables, in the order of the source.
	Alarms []AlarmRow

	structs map[string]Struct
	printer func(ast.Expr) string
}

// Component is one component and what belongs to it.
type Component struct {
	Name, Token string
	Doc         string
	Constructor string
	Args        string
	Outputs     []Field
	Methods     []Method
}

// Struct is a struct type of the package.
type Struct struct {
	Doc    string
	Fields []Field
}

// Field is one exported field.
type Field struct {
	Name, Type string
	// Meaning is the comment without its default.
	Meaning string
	// Default is what stands after "Default:" in the comment; "" when there is none.
	Default string
	// Required is what the comment says about having to be given: "required", "required, unless …"; "" when it does not.
	Required string
}

// Argument is one field of a component's arguments, or of a struct inside them.
type Argument struct {
	Field

	Struct string
	// Nested is true for a field that only groups others.
	Nested bool
}

// Arguments lists the fields of a component's arguments and of the package's structs inside them, transforms left out.
func (p *Package) Arguments(c Component) []Argument {
	var all []Argument
	for _, name := range p.reachable(c.Args) {
		for _, f := range p.structs[name].Fields {
			if strings.HasSuffix(name, "Transform") || strings.HasPrefix(f.Type, "func(") {
				continue
			}
			_, nested := p.structs[strings.TrimPrefix(f.Type, "*")]
			all = append(all, Argument{Field: f, Struct: name, Nested: nested})
		}
	}
	return all
}

// Method is one exported method.
type Method struct{ Signature, Doc string }

// Read reads one package; nil when the folder has no Go files of its own.
func Read(dir, path string) (*Package, error) {
	files := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", name, err)
		}
		parsed = append(parsed, file)
	}
	if len(parsed) == 0 {
		return nil, nil //nolint:nilnil // a folder without Go files is no package, which is not an error
	}
	result := &Package{Name: parsed[0].Name.Name, Path: path, structs: map[string]Struct{}, printer: source(files)}
	result.Alarms = alarmRows(parsed, result.printer)
	tokens := tokensOf(parsed)
	if result.Doc, err = doc.NewFromFiles(files, parsed, path); err != nil {
		return nil, fmt.Errorf("reading the comments of %s: %w", path, err)
	}
	result.collect(files, tokens)
	return result, nil
}

// collect finds the structs and the components.
func (p *Package) collect(files *token.FileSet, tokens map[string]string) {
	for _, t := range p.Doc.Types {
		if s, ok := structOf(t); ok {
			p.structs[t.Name] = Struct{Doc: t.Doc, Fields: fields(files, s, p.printer)}
		}
	}
	for _, t := range p.Doc.Types {
		constructor := constructorOf(t)
		if constructor == nil {
			continue
		}
		p.Components = append(p.Components, Component{
			Name: t.Name, Token: tokens[t.Name], Doc: t.Doc, Constructor: constructor.Doc, Args: t.Name + "Args",
			Outputs: p.structs[t.Name].Fields, Methods: methods(t, p.printer),
		})
	}
}

// constructorOf is the function NewX(ctx, name, args *XArgs, opts...) of the type X; nil when there is none.
func constructorOf(t *doc.Type) *doc.Func {
	for _, f := range t.Funcs {
		if f.Name != "New"+t.Name {
			continue
		}
		for _, parameter := range f.Decl.Type.Params.List {
			star, isPointer := parameter.Type.(*ast.StarExpr)
			if !isPointer {
				continue
			}
			if name, isName := star.X.(*ast.Ident); isName && name.Name == t.Name+"Args" {
				return f
			}
		}
	}
	return nil
}

// tokensOf maps a component's name to its type token: the string constants that begin with "holdfast:index:", exported or
// not.
func tokensOf(files []*ast.File) map[string]string {
	found := map[string]string{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			value, isValue := n.(*ast.ValueSpec)
			if !isValue {
				return true
			}
			for _, v := range value.Values {
				if name, isToken := strings.CutPrefix(literal(v), "holdfast:index:"); isToken {
					found[name] = literal(v)
				}
			}
			return true
		})
	}
	return found
}

func structOf(t *doc.Type) (*ast.StructType, bool) {
	for _, spec := range t.Decl.Specs {
		if s, isType := spec.(*ast.TypeSpec); isType && s.Name.Name == t.Name {
			found, isStruct := s.Type.(*ast.StructType)
			return found, isStruct
		}
	}
	return nil, false
}

// fields reads the exported fields. One without a comment that stands right below another shares that one's comment.
func fields(files *token.FileSet, s *ast.StructType, show func(ast.Expr) string) []Field {
	var out []Field
	var above Field
	end := 0
	for _, f := range s.Fields.List {
		meaning, def := splitDefault(commentOf(f))
		meaning, required := splitRequired(meaning)
		said := Field{Type: show(f.Type), Meaning: meaning, Default: def, Required: required}
		if said.Meaning == "" && above.Meaning != "" && files.Position(f.Pos()).Line == end+1 {
			said.Meaning, said.Default, said.Required = "See `"+above.Name+"`.", above.Default, above.Required
		}
		end = files.Position(f.End()).Line
		for _, name := range f.Names {
			said.Name = name.Name
			if name.IsExported() {
				out = append(out, said)
			}
		}
		if commentOf(f) != "" {
			above = said
		}
	}
	return out
}

func commentOf(f *ast.Field) string {
	if f.Doc != nil {
		return oneLine(f.Doc.Text())
	}
	return oneLine(f.Comment.Text())
}

// defaults matches the word that begins a default, with its condition if it has one: "Default:", "Default, when …:".
var defaults = regexp.MustCompile(`\bDefault(?:, ([^:.]*))?:`)

// splitDefault takes what stands after "Default:" out of a comment: to the end of its sentence.
func splitDefault(comment string) (meaning, def string) {
	at := defaults.FindStringSubmatchIndex(comment)
	if at == nil {
		return comment, ""
	}
	condition, after, rest := "", comment[at[1]:], ""
	if at[2] >= 0 {
		condition = comment[at[2]:at[3]] + ": "
	}
	if end := sentenceEnd(after); end >= 0 {
		after, rest = after[:end], after[end+1:]
	}
	return strings.TrimSpace(strings.TrimSpace(comment[:at[0]]) + " " + strings.TrimSpace(rest)),
		condition + strings.TrimSuffix(strings.TrimSpace(after), ".")
}

// required matches a sentence that begins with the word.
var required = regexp.MustCompile(`(?:^|\s)Required\b[^.]*\.`)

// splitRequired takes the sentence that says when a field is required out of a comment.
func splitRequired(comment string) (meaning, sentence string) {
	at := required.FindStringIndex(comment)
	if at == nil {
		return comment, ""
	}
	sentence = strings.TrimSuffix(strings.TrimSpace(comment[at[0]:at[1]]), ".")
	return strings.TrimSpace(comment[:at[0]] + comment[at[1]:]), strings.ToLower(sentence[:1]) + sentence[1:]
}

// sentenceEnd is where a sentence ends: a period before a space, or the end; -1 when the text has none.
func sentenceEnd(text string) int {
	for i := range len(text) {
		if text[i] != '.' || (i+1 < len(text) && text[i+1] != ' ') {
			continue
		}
		if strings.HasSuffix(text[:i+1], "e.g.") || strings.HasSuffix(text[:i+1], "i.e.") {
			continue
		}
		return i
	}
	return -1
}

func methods(t *doc.Type, show func(ast.Expr) string) []Method {
	var out []Method
	for _, m := range t.Methods {
		out = append(out, Method{Signature: m.Name + signature(m.Decl.Type, show), Doc: oneLine(m.Doc)})
	}
	return out
}

func signature(f *ast.FuncType, show func(ast.Expr) string) string {
	text := strings.TrimPrefix(show(f), "func")
	return text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
