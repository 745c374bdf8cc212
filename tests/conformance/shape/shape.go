// Package shape reads the source of components and says where it leaves the shape that all of them share: the order in
// a component's file, the documentation of its arguments, the length of its functions, and what may not be done at all
// (a resource inside an Apply, a WaitGroup, a literal as a resource's name, a registration past the helper).
//
// It works on the syntax tree alone, so it needs no compiled SDK and runs in milliseconds.
package shape

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// The longest functions, in lines from the opening line to the closing one.
const (
	MaxConstructor = 40
	MaxFunction    = 60
)

// Problem is one place that leaves the shape.
type Problem struct {
	// Rule is the name of the check.
	Rule string
	// At is file and line.
	At string
	// What is wrong there.
	What string
}

// String is one line.
func (p Problem) String() string { return fmt.Sprintf("%s: %s (%s)", p.At, p.What, p.Rule) }

// pkg is one parsed package without its tests.
type pkg struct {
	fset     *token.FileSet
	files    []*ast.File
	path     string
	problems []Problem
}

func (p *pkg) add(rule string, at token.Pos, what string, args ...any) {
	position := p.fset.Position(at)
	p.problems = append(p.problems, Problem{rule, fmt.Sprintf("%s:%d", filepath.ToSlash(position.Filename), position.Line), fmt.Sprintf(what, args...)})
}

// Tree checks every package below a folder, tests and test data excepted.
func Tree(root string) ([]Problem, error) {
	sources := map[string]map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			folder := filepath.Dir(path)
			if sources[folder] == nil {
				sources[folder] = map[string][]byte{}
			}
			sources[folder][path] = nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var problems []Problem
	for folder, files := range sources {
		found, err := Package(folder, files)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	slices.SortFunc(problems, func(x, y Problem) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.What, y.What)) })
	return problems, nil
}

// Package checks one package given as file name -> source; a nil source is read from the file.
func Package(path string, sources map[string][]byte) ([]Problem, error) {
	p := &pkg{fset: token.NewFileSet(), path: filepath.ToSlash(path)}
	names := make([]string, 0, len(sources))
	for file := range sources {
		names = append(names, file)
	}
	slices.Sort(names)
	for _, file := range names {
		var source any
		if sources[file] != nil {
			source = sources[file]
		}
		parsed, err := parser.ParseFile(p.fset, file, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, parsed)
	}
	p.checkComponents()
	p.checkFunctions()
	p.checkForbidden()
	return p.problems, nil
}

// functions calls f for every function declaration.
func (p *pkg) functions(f func(*ast.File, *ast.FuncDecl)) {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				f(file, fn)
			}
		}
	}
}

// structs are the package's struct types by name.
func (p *pkg) structs() map[string]*ast.TypeSpec {
	found := map[string]*ast.TypeSpec{}
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if _, isStruct := spec.Type.(*ast.StructType); isStruct {
					found[spec.Name.Name] = spec
				}
			}
			return true
		})
	}
	return found
}

// lines is how many lines a node covers.
func (p *pkg) lines(n ast.Node) int {
	return p.fset.Position(n.End()).Line - p.fset.Position(n.Pos()).Line + 1
}

func (p *pkg) checkFunctions() {
	p.functions(func(_ *ast.File, fn *ast.FuncDecl) {
		limit, rule := MaxFunction, "function length"
		if p.constructs(fn) {
			limit, rule = MaxConstructor, "constructor length"
		}
		if got := p.lines(fn); got > limit {
			p.add(rule, fn.Pos(), "%s has %d lines, at most %d", fn.Name.Name, got, limit)
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			if branch, ok := n.(*ast.IfStmt); ok && branch.Else != nil && leaves(branch.Body) {
				p.add("no else after return", branch.Else.Pos(), "the branch before this else has already left")
			}
			return true
		})
	})
}

// constructs says whether the function makes a component.
func (p *pkg) constructs(fn *ast.FuncDecl) bool {
	name, found := strings.CutPrefix(fn.Name.Name, "New")
	return found && fn.Recv == nil && p.isComponent(name)
}

// leaves says whether the last statement of a block ends it.
func leaves(block *ast.BlockStmt) bool {
	if len(block.List) == 0 {
		return false
	}
	switch last := block.List[len(block.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		return ok && nameOf(call.Fun) == "panic"
	}
	return false
}

// nameOf is the last word of a function expression: "New" of component.New, with or without type arguments.
func nameOf(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.IndexExpr:
		return nameOf(f.X)
	case *ast.IndexListExpr:
		return nameOf(f.X)
	case *ast.ParenExpr:
		return nameOf(f.X)
	}
	return ""
}

// packageOf is the word before the dot: "component" of component.New.
func packageOf(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name
		}
	case *ast.IndexExpr:
		return packageOf(f.X)
	case *ast.IndexListExpr:
		return packageOf(f.X)
	case *ast.ParenExpr:
		return packageOf(f.X)
	}
	return ""
}
