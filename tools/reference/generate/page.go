package generate

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"regexp"
	"slices"
	"strings"
)

const notice = "<!-- Made from the doc comments by `go run ./tools/reference`. Change the comments, not this file. -->\n\n"

func index(all []*Package) string {
	var b strings.Builder
	b.WriteString(notice + "# Component reference\n\n| package | components | in one sentence |\n|---|---|---|\n")
	for _, p := range all {
		var names []string
		for _, c := range p.Components {
			names = append(names, c.Name)
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", p.Name, p.Name, strings.Join(names, ", "), cell(p.Doc.Synopsis(p.Doc.Doc)))
	}
	return b.String()
}

func page(p *Package) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n`import \"%s\"`\n\n", notice, p.Name, p.Path)
	b.WriteString(prose(p.Doc, p.Doc.Doc))
	for _, c := range p.Components {
		p.component(&b, c)
	}
	p.alarmTable(&b)
	p.structTables(&b)
	p.others(&b)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (p *Package) component(b *strings.Builder, c Component) {
	fmt.Fprintf(b, "## %s\n\n", c.Name)
	if c.Token != "" {
		fmt.Fprintf(b, "Type token `%s`.\n\n", c.Token)
	}
	b.WriteString(prose(p.Doc, c.Doc))
	b.WriteString(prose(p.Doc, c.Constructor))
	for i, name := range p.reachable(c.Args) {
		title := "Arguments of " + c.Name
		if i > 0 {
			title = name
		}
		p.arguments(b, title, p.structs[name])
	}
	outputs(b, c)
}

// reachable lists the struct types of the package that an arguments type contains, itself first, in order of appearance.
func (p *Package) reachable(first string) []string {
	found := []string{first}
	for i := 0; i < len(found); i++ {
		for _, f := range p.structs[found[i]].Fields {
			for _, word := range identifiers.FindAllString(f.Type, -1) {
				if _, isStruct := p.structs[word]; isStruct && !slices.Contains(found, word) && !p.isComponent(word) {
					found = append(found, word)
				}
			}
		}
	}
	return found
}

// identifiers matches names, qualified or not, so that another package's type is not taken for one of this package.
var identifiers = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9.]*`)

func (p *Package) isComponent(name string) bool {
	return slices.ContainsFunc(p.Components, func(c Component) bool { return c.Name == name })
}

func (p *Package) arguments(b *strings.Builder, title string, s Struct) {
	if len(s.Fields) == 0 {
		return
	}
	fmt.Fprintf(b, "### %s\n\n%s", title, prose(p.Doc, s.Doc))
	if !slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Default+f.Required != "" }) {
		b.WriteString("| field | type | meaning |\n|---|---|---|\n")
		for _, f := range s.Fields {
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", f.Name, code(f.Type), cell(f.Meaning))
		}
		b.WriteString("\n")
		return
	}
	b.WriteString("| field | type | default | meaning |\n|---|---|---|---|\n")
	for _, f := range s.Fields {
		fmt.Fprintf(b, "| `%s` | `%s` | %s | %s |\n", f.Name, code(f.Type), cell(cmp.Or(f.Default, f.Required)), cell(f.Meaning))
	}
	b.WriteString("\n")
}

func outputs(b *strings.Builder, c Component) {
	if len(c.Outputs) > 0 {
		fmt.Fprintf(b, "### Outputs of %s\n\n| output | type | meaning |\n|---|---|---|\n", c.Name)
		for _, f := range c.Outputs {
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", f.Name, code(f.Type), cell(f.Meaning))
		}
		b.WriteString("\n")
	}
	if len(c.Methods) == 0 {
		return
	}
	fmt.Fprintf(b, "### Methods of %s\n\n| method | meaning |\n|---|---|\n", c.Name)
	for _, m := range c.Methods {
		fmt.Fprintf(b, "| `%s` | %s |\n", code(m.Signature), cell(m.Doc))
	}
	b.WriteString("\n")
}

func (p *Package) alarmTable(b *strings.Builder) {
	if len(p.Alarms) == 0 {
		return
	}
	b.WriteString("## Alarms\n\n| alarm | severity | what it says | runbook |\n|---|---|---|---|\n")
	for _, row := range p.Alarms {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", cell(row.Key), cell(row.Severity), cell(row.Summary), runbook(row.Runbook))
	}
	b.WriteString("\n")
}

func runbook(entry string) string {
	if !strings.Contains(entry, ".md#") {
		return cell(entry)
	}
	_, anchor, _ := strings.Cut(entry, "#")
	return fmt.Sprintf("[%s](../runbooks/%s)", anchor, entry)
}

// structTables shows the structs of a package that has no component: they are what it is used with.
func (p *Package) structTables(b *strings.Builder) {
	if len(p.Components) > 0 {
		return
	}
	for _, t := range p.Doc.Types {
		if s := p.structs[t.Name]; len(s.Fields) > 0 {
			p.arguments(b, t.Name, s)
		}
	}
}

// others lists what a package exports beside its components and their arguments.
func (p *Package) others(b *strings.Builder) {
	shown := map[string]bool{}
	for _, c := range p.Components {
		shown[c.Name] = true
		for _, name := range p.reachable(c.Args) {
			shown[name] = true
		}
	}
	var rows []string
	for _, t := range p.Doc.Types {
		if !shown[t.Name] {
			rows = append(rows, row("type "+t.Name, p.Doc.Synopsis(t.Doc)))
			for _, f := range slices.Concat(t.Funcs, t.Methods) {
				rows = append(rows, row(p.function(f), p.Doc.Synopsis(f.Doc)))
			}
			continue
		}
		for _, f := range t.Funcs {
			if f.Name != "New"+t.Name {
				rows = append(rows, row(p.function(f), p.Doc.Synopsis(f.Doc)))
			}
		}
	}
	for _, f := range p.Doc.Funcs {
		rows = append(rows, row(p.function(f), p.Doc.Synopsis(f.Doc)))
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("## Also in this package\n\n| | meaning |\n|---|---|\n" + strings.Join(rows, "") + "\n")
}

func (p *Package) function(f *doc.Func) string {
	receiver := ""
	if f.Recv != "" {
		receiver = "(" + f.Recv + ") "
	}
	return "func " + receiver + f.Name + signature(f.Decl.Type, func(e ast.Expr) string { return p.printer(e) })
}

func row(what, meaning string) string {
	return fmt.Sprintf("| `%s` | %s |\n", code(what), cell(meaning))
}

// prose renders a doc comment. Its headings, if any, are made smaller than the page's own.
func prose(pkg *doc.Package, text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	printer := pkg.Printer()
	printer.HeadingLevel = 4
	printer.HeadingID = func(*comment.Heading) string { return "" }
	printer.DocLinkURL = func(*comment.DocLink) string { return "" }
	return string(printer.Markdown(pkg.Parser().Parse(text))) + "\n"
}

func cell(text string) string { return strings.ReplaceAll(oneLine(text), "|", `\|`) }

// code is text for a code span inside a table cell.
func code(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
