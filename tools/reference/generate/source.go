package generate

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
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
			return literal(v.X) + literal(v.Y)
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

// alarmRows finds the rows of alarm tables: composite literals of a type Alarm that give a Key and a Runbook.
func alarmRows(files []*ast.File, show func(ast.Expr) string) []AlarmRow {
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
				if row, isRow := alarmRow(composite, show); isRow {
					row.Function = name
					rows = append(rows, row)
				}
				return true
			})
		}
	}
	return rows
}

func alarmRow(composite *ast.CompositeLit, show func(ast.Expr) string) (AlarmRow, bool) {
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
		columns[name.Name] = column(pair.Value, show)
	}
	row := AlarmRow{
		Key: columns["Key"], Severity: strings.TrimPrefix(columns["Severity"], "alarms."),
		Runbook: columns["Runbook"], Summary: columns["Summary"],
	}
	return row, row.Key != "" && row.Runbook != ""
}

// column is the text of a literal, or the source of an expression in backquotes.
func column(e ast.Expr, show func(ast.Expr) string) string {
	if text := literal(e); text != "" {
		return text
	}
	if selector, isSelector := e.(*ast.SelectorExpr); isSelector {
		return show(selector)
	}
	if name, isName := e.(*ast.Ident); isName {
		return name.Name
	}
	return "`" + show(e) + "`"
}
