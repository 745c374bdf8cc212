package shape

import (
	"go/ast"
	"go/token"
	"strings"
)

// registrar is the one package that may register components itself.
const registrar = "internal/component"

// checkForbidden looks at every call.
func (p *pkg) checkForbidden() {
	for _, file := range p.files {
		aws := sdkImports(file)
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.SelectorExpr:
				p.checkSelector(x)
			case *ast.CallExpr:
				p.checkCall(x, aws)
			}
			return true
		})
	}
}

func (p *pkg) checkSelector(x *ast.SelectorExpr) {
	if packageOf(x) == "sync" && x.Sel.Name == "WaitGroup" {
		p.add("no WaitGroup", x.Pos(), "a component does not wait: Pulumi orders resources by their data")
	}
	registers := strings.HasPrefix(x.Sel.Name, "RegisterComponentResource") || strings.HasPrefix(x.Sel.Name, "RegisterRemoteComponentResource")
	if registers && !strings.HasSuffix(p.path, registrar) {
		p.add("registration", x.Pos(), "register with component.Register, which records the intent and makes the children's options")
	}
}

func (p *pkg) checkCall(call *ast.CallExpr, aws map[string]bool) {
	if name, at := resourceName(call, aws); name != nil && spelled(name) {
		p.add("no literal names", at, "a resource's name comes from the namer, never from a literal")
	}
	if !isApply(call) {
		return
	}
	for _, arg := range call.Args {
		ast.Inspect(arg, func(n ast.Node) bool {
			inner, ok := n.(*ast.CallExpr)
			if ok && creates(inner, aws) {
				p.add("no resource in Apply", inner.Pos(), "a resource made in an Apply is missing from previews")
			}
			return true
		})
	}
}

// sdkImports are the names under which a file imports packages of cloud SDKs.
func sdkImports(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, spec := range file.Imports {
		path := literal(spec.Path)
		if !strings.Contains(path, "/pulumi-") || !strings.Contains(path, "/sdk/") {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = true
	}
	return names
}

// isChild says whether the call is component.New.
func isChild(call *ast.CallExpr) bool {
	return packageOf(call.Fun) == "component" && nameOf(call.Fun) == "New"
}

// isSDK says whether the call is a constructor of a cloud SDK, such as ec2.NewVpc.
func isSDK(call *ast.CallExpr, aws map[string]bool) bool {
	return aws[packageOf(call.Fun)] && strings.HasPrefix(nameOf(call.Fun), "New")
}

// creates says whether the call makes a resource.
func creates(call *ast.CallExpr, aws map[string]bool) bool {
	name := nameOf(call.Fun)
	return isChild(call) || isSDK(call, aws) || name == "RegisterResource" || name == "ReadResource"
}

// resourceName is the argument that names the resource: the fourth of component.New, the second of an SDK constructor
// and of RegisterResource.
func resourceName(call *ast.CallExpr, aws map[string]bool) (ast.Expr, token.Pos) {
	index := 1
	if isChild(call) {
		index = 3
	}
	if !creates(call, aws) || len(call.Args) <= index {
		return nil, token.NoPos
	}
	return call.Args[index], call.Args[index].Pos()
}

// spelled says whether a name is written out: a literal, a literal joined to something, or formatted.
func spelled(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return spelled(x.X)
	case *ast.BinaryExpr:
		return spelled(x.X) || spelled(x.Y)
	case *ast.CallExpr:
		return nameOf(x.Fun) == "Sprintf"
	}
	return false
}

// isApply says whether the call is an Apply of any kind.
func isApply(call *ast.CallExpr) bool {
	name := nameOf(call.Fun)
	return strings.HasPrefix(name, "Apply") && len(call.Args) > 0
}
