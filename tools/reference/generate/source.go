package generate

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// source prints an expression as it would stand in one line of code.
func source(files *token.FileSet) func(ast.Expr) string {
	return func(e ast.Expr) string {
		var b bytes.Buffer
		if err := printer.Fprint(&b, files, e); err != nil {
			return "?"
		}
		return oneLine(b.String())
	}
}

// literal is the value of a string literal, or of literals added together; "" for anything else.
func literal(e ast.Expr) string {
	switch v := e.(type) {
	case *ast.BasicLit:
		if v.Kind != token.STRING {
			return ""
		}
		text, err := strconv.Unquote(v.Value)
		if err != nil {
			return ""
		}
		return text
	case *ast.BinaryExpr:
		if v.Op == token.ADD {
			left, right := literal(v.X), literal(v.Y)
			if left != "" && right != "" {
				return left + right
			}
		}
	}
	return ""
}

// AlarmRow is one row of an alarm table as it stands in the source.
type AlarmRow struct {
	// Function is the table's function, and Key, Severity, Runbook and Summary the row's columns: the text of a literal,
	// or the source of an expression.
	Function                        string
	Key, Severity, Runbook, Summary string
}

// table reads the columns of alarm tables.
type table struct {
	show func(ast.Expr) string
	// consts are the package's string constants by name.
	consts map[string]string
}

func stringConsts(files []*ast.File) map[string]string {
	found := map[string]string{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			group, isGroup := declaration.(*ast.GenDecl)
			if !isGroup || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec) //nolint:forcetypeassert // the specs of a const declaration are of this type
				for i, name := range value.Names {
					if i < len(value.Values) {
						found[name.Name] = literal(value.Values[i])
					}
				}
			}
		}
	}
	return found
}

// alarmRows finds the rows of alarm tables: composite literals of a type Alarm that give a Key and a Runbook.
func alarmRows(files []*ast.File, show func(ast.Expr) string) []AlarmRow {
	t := table{show: show, consts: stringConsts(files)}
	var rows []AlarmRow
	for _, file := range files {
		for _, declaration := range file.Decls {
			name := ""
			if f, isFunc := declaration.(*ast.FuncDecl); isFunc {
				name = f.Name.Name
			}
			ast.Inspect(declaration, func(n ast.Node) bool {
				composite, isComposite := n.(*ast.CompositeLit)
				if !isComposite {
					return true
				}
				if row, isRow := t.row(composite); isRow {
					row.Function = name
					rows = append(rows, row)
				}
				return true
			})
		}
	}
	return rows
}

func (t table) row(composite *ast.CompositeLit) (AlarmRow, bool) {
	columns := map[string]string{}
	for _, element := range composite.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		if !isPair {
			return AlarmRow{}, false
		}
		name, isName := pair.Key.(*ast.Ident)
		if !isName {
			return AlarmRow{}, false
		}
		columns[name.Name] = t.column(pair.Value)
	}
	row := AlarmRow{
		Key: columns["Key"], Severity: strings.TrimPrefix(columns["Severity"], "alarms."),
		Runbook: columns["Runbook"], Summary: columns["Summary"],
	}
	// A row that copies another's columns is not a row of a table.
	copied := strings.HasSuffix(row.Key, ".Key")
	return row, row.Key != "" && row.Runbook != "" && !copied
}

// column is the text of a literal; for one put together, its parts, with {name} for what is filled in; for a name, the
// name; and the source for anything else.
func (t table) column(e ast.Expr) string {
	if text := literal(e); text != "" {
		return text
	}
	switch v := e.(type) {
	case *ast.SelectorExpr:
		return t.show(v)
	case *ast.Ident:
		return v.Name
	case *ast.BinaryExpr:
		return t.part(v.X) + t.part(v.Y)
	case *ast.CallExpr:
		if format := t.formatted(v); format != "" {
			return format
		}
	}
	return "`" + t.show(e) + "`"
}

// part is one operand of texts added together.
func (t table) part(e ast.Expr) string {
	if text := literal(e); text != "" {
		return text
	}
	if name, isName := e.(*ast.Ident); isName && t.consts[name.Name] != "" {
		return t.consts[name.Name]
	}
	if v, isSum := e.(*ast.BinaryExpr); isSum && v.Op == token.ADD {
		return t.part(v.X) + t.part(v.Y)
	}
	return "{" + t.filled(e) + "}"
}

// filled names what stands in for a part: the innermost name of its expression.
func (t table) filled(e ast.Expr) string {
	switch v := e.(type) {
	case *ast.Ident:
		return v.Name
	case *ast.SelectorExpr:
		return v.Sel.Name
	case *ast.CallExpr:
		if len(v.Args) == 1 {
			return t.filled(v.Args[0])
		}
	}
	return t.show(e)
}

var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// formatted is the format of a call of fmt.Sprintf, with {name} for what is filled in; "" for any other call.
func (t table) formatted(call *ast.CallExpr) string {
	if t.show(call.Fun) != "fmt.Sprintf" || len(call.Args) == 0 {
		return ""
	}
	next := 0
	return verb.ReplaceAllStringFunc(literal(call.Args[0]), func(v string) string {
		next++
		if next >= len(call.Args) {
			return v
		}
		return "{" + t.filled(call.Args[next]) + "}"
	})
}
