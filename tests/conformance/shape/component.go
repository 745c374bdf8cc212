package shape

import (
	"go/ast"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// isComponent says whether the package has a struct of that name which embeds pulumi.ResourceState.
func (p *pkg) isComponent(name string) bool {
	spec, found := p.structs()[name]
	return found && embedsState(spec)
}

func embedsState(spec *ast.TypeSpec) bool {
	body, _ := spec.Type.(*ast.StructType)
	return slices.ContainsFunc(body.Fields.List, func(f *ast.Field) bool {
		return len(f.Names) == 0 && nameOf(f.Type) == "ResourceState" && packageOf(f.Type) == "pulumi"
	})
}

// checkComponents looks at each component's token, file order and arguments.
func (p *pkg) checkComponents() {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			types, ok := decl.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, each := range types.Specs {
				spec, _ := each.(*ast.TypeSpec)
				if _, isStruct := spec.Type.(*ast.StructType); isStruct && embedsState(spec) {
					p.checkComponent(file, spec)
				}
			}
		}
	}
}

func (p *pkg) checkComponent(file *ast.File, spec *ast.TypeSpec) {
	name := spec.Name.Name
	places := map[string]token.Pos{"X": spec.Pos()}
	p.placeLongArgs(places, spec, name)
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			p.place(places, d, name)
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "New"+name {
				places["NewX"] = d.Pos()
				p.checkSignature(d, name)
			}
		}
	}
	order := []struct{ key, what string }{
		{"token", `a constant with the type token "holdfast:index:` + name + `"`}, {"XArgs", "the type " + name + "Args"},
		{"X", "the type " + name}, {"NewX", "the function New" + name},
	}
	var last token.Pos
	for _, part := range order {
		at, found := places[part.key]
		if !found {
			p.add("component parts", spec.Pos(), "the file of %s lacks %s", name, part.what)
			continue
		}
		if at < last && p.sameFile(at, spec.Pos()) {
			p.add("component order", at, "%s comes too early: the order is token, arguments, component, constructor", part.what)
		}
		if p.sameFile(at, spec.Pos()) {
			last = max(last, at)
		}
	}
	if p.packageComment() == "" {
		p.add("package comment", file.Package, "the package has no comment")
	}
	p.checkArgs(name + "Args")
}

// argsFile may hold the arguments of a component that has many, so that the component itself stays readable.
const argsFile = "args.go"

func (p *pkg) placeLongArgs(places map[string]token.Pos, spec *ast.TypeSpec, name string) {
	long, found := p.structs()[name+"Args"]
	if found && strings.HasSuffix(p.fset.Position(long.Pos()).Filename, argsFile) && !p.sameFile(long.Pos(), spec.Pos()) {
		places["XArgs"] = long.Pos()
	}
}

func (p *pkg) sameFile(a, b token.Pos) bool {
	return p.fset.Position(a).Filename == p.fset.Position(b).Filename
}

// place notes where the token and the arguments are.
func (p *pkg) place(places map[string]token.Pos, decl *ast.GenDecl, name string) {
	for _, spec := range decl.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.Name == name+"Args" {
				places["XArgs"] = s.Pos()
			}
		case *ast.ValueSpec:
			if decl.Tok == token.CONST && slices.ContainsFunc(s.Values, func(v ast.Expr) bool { return literal(v) == "holdfast:index:"+name }) {
				places["token"] = s.Pos()
			}
		}
	}
}

// literal is the text of a string literal; "" for anything else.
func literal(e ast.Expr) string {
	basic, ok := e.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(basic.Value)
	if err != nil {
		return ""
	}
	return text
}

func (p *pkg) packageComment() string {
	for _, file := range p.files {
		if file.Doc != nil && strings.TrimSpace(file.Doc.Text()) != "" {
			return file.Doc.Text()
		}
	}
	return ""
}

// checkSignature wants func NewX(ctx, name, args *XArgs, opts ...) (*X, error).
func (p *pkg) checkSignature(fn *ast.FuncDecl, name string) {
	var params []ast.Expr
	for _, field := range fn.Type.Params.List {
		for range max(1, len(field.Names)) {
			params = append(params, field.Type)
		}
	}
	good := len(params) == 4 && pointerTo(params[0], "Context") && nameOf(params[1]) == "string" && pointerTo(params[2], name+"Args")
	if good {
		_, good = params[3].(*ast.Ellipsis)
	}
	results := fn.Type.Results
	good = good && results != nil && len(results.List) == 2 && pointerTo(results.List[0].Type, name) && nameOf(results.List[1].Type) == "error"
	if !good {
		p.add("constructor signature", fn.Pos(), "want func New%s(ctx *pulumi.Context, name string, args *%sArgs, opts ...pulumi.ResourceOption) (*%s, error)", name, name, name)
	}
}

func pointerTo(e ast.Expr, name string) bool {
	star, ok := e.(*ast.StarExpr)
	return ok && nameOf(star.X) == name
}

// checkArgs looks at the fields of the arguments and of every struct of the package that they hold.
func (p *pkg) checkArgs(root string) {
	types := p.structs()
	todo, seen := []string{root}, map[string]bool{}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		spec, known := types[name]
		if !known || seen[name] {
			continue
		}
		seen[name] = true
		body, _ := spec.Type.(*ast.StructType)
		for _, field := range body.Fields.List {
			if p.checkField(name, field) {
				todo = append(todo, namesIn(field.Type)...)
			}
		}
	}
}

// checkField says whether the field's own types are arguments too.
func (p *pkg) checkField(owner string, field *ast.Field) bool {
	if len(field.Names) == 0 || !field.Names[0].IsExported() {
		return false
	}
	path := owner + "." + field.Names[0].Name
	doc := field.Doc.Text()
	if !strings.Contains(doc, "Default:") && !strings.Contains(doc, "Required") {
		p.add("documented arguments", field.Pos(), "the comment of %s says neither Default: nor Required", path)
	}
	if isHook(field) {
		return false
	}
	if field.Tag == nil || reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("pulumi") == "" {
		p.add("tagged arguments", field.Pos(), "%s has no pulumi tag", path)
	}
	return true
}

// isHook: functions, makers, transforms and providers are for Go alone and carry no tag.
func isHook(field *ast.Field) bool {
	if _, ok := field.Type.(*ast.FuncType); ok {
		return true
	}
	name := nameOf(field.Type)
	return strings.HasSuffix(name, "Transform") || strings.HasSuffix(name, "Maker") || name == "ProviderResource"
}

// namesIn are the types of this package that a field's type speaks of.
func namesIn(e ast.Expr) []string {
	var names []string
	ast.Inspect(e, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.SelectorExpr:
			return false
		case *ast.Ident:
			names = append(names, x.Name)
		}
		return true
	})
	return names
}
