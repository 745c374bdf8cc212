// Package pages writes a catalogue's documentation: a page for each rule, an index, and the coverage of other catalogues.
// Everything on the pages comes from the rules themselves, so a page that does not fit its rule cannot be.
package pages

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/host"
)

// Row is one row of the field's consensus: a check that several catalogues share. Rules are ours that do it; Reason says why
// there is none, or what the rules leave out.
type Row struct {
	Service, Name string
	Severity      policy.Severity
	Rules         []string
	Reason        string
}

// All are the pages of a catalogue by file name.
func All(pack host.Pack, consensus []Row) map[string]string {
	pages := map[string]string{"rules.md": index(pack), "coverage.md": coverage(pack, consensus)}
	for _, rule := range pack.Rules {
		pages["rules/"+rule.ID+".md"] = page(rule)
	}
	return pages
}

func index(pack host.Pack) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rules\n\n%d rules, version %s. Made from the catalogue by `go run ./policy/pack docs docs/policy`.\n\n", len(pack.Rules), pack.Version)
	b.WriteString("| rule | severity | stops | what must hold |\n|---|---|---|---|\n")
	for _, rule := range pack.Rules {
		fmt.Fprintf(&b, "| [%s](rules/%s.md) | %s | %s | %s |\n", rule.ID, rule.ID, rule.Severity, host.Stops(rule), cell(rule.Title))
	}
	return b.String()
}

// cell keeps a text from breaking its table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func page(rule *policy.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", rule.ID, rule.Title)
	fmt.Fprintf(&b, "| | |\n|---|---|\n| severity | %s |\n| stops an update | %s |\n| judges | %s |\n", rule.Severity, host.Stops(rule), judges(rule))
	if rule.Blocking {
		b.WriteString("| when | before the resource is made |\n")
	}
	fmt.Fprintf(&b, "\n## Why\n\n%s\n\n## Fix\n\n%s\n", sentence(rule.Why), sentence(rule.Fix))
	example(&b, rule)
	settings(&b, rule)
	anchors(&b, rule)
	b.WriteString("\n## Sources\n\n")
	for _, source := range rule.Sources {
		fmt.Fprintf(&b, "- <%s>\n", source)
	}
	return b.String()
}

func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

func judges(rule *policy.Rule) string {
	if len(rule.Types) == 0 {
		return "the stack as a whole"
	}
	const most = 12
	shown := rule.Types
	rest := ""
	if len(shown) > most {
		rest = fmt.Sprintf(" and %d more", len(shown)-most)
		shown = shown[:most]
	}
	return "`" + strings.Join(shown, "`, `") + "`" + rest
}

// example is the rule's proof: the stack that keeps it, and every edit that its tests know to break it.
func example(b *strings.Builder, rule *policy.Rule) {
	fmt.Fprintf(b, "\n## Example\n\nThis keeps the rule:\n\n```yaml\n%s\n```\n\nEach of these changes breaks it (`!` removes):\n\n", strings.TrimSpace(rule.Proof.Good))
	for _, edit := range rule.Proof.Bad {
		fmt.Fprintf(b, "- `%s`\n", strings.ReplaceAll(edit, "`", "'"))
	}
	if rule.Proof.Exempt != "" {
		fmt.Fprintf(b, "\nIt does not apply after `%s`.\n", rule.Proof.Exempt)
	}
}

func settings(b *strings.Builder, rule *policy.Rule) {
	if len(rule.Settings) == 0 {
		return
	}
	b.WriteString("\n## Configuration\n\n| setting | kind | default | meaning |\n|---|---|---|---|\n")
	for _, s := range rule.Settings {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", s.Name, s.Kind, cell(standard(s.Default)), cell(s.Help))
	}
}

func standard(value any) string {
	if value == nil {
		return "none"
	}
	const longest = 200
	text := fmt.Sprint(value)
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return "`" + strings.ReplaceAll(text, "`", "'") + "`"
}

func anchors(b *strings.Builder, rule *policy.Rule) {
	list, err := rule.AnchorList()
	if err != nil || len(list) == 0 {
		return
	}
	b.WriteString("\n## The same elsewhere\n\n")
	byCatalogue := map[string][]string{}
	for _, a := range list {
		byCatalogue[policy.CatalogueName(a.Catalogue)] = append(byCatalogue[policy.CatalogueName(a.Catalogue)], a.ID)
	}
	for _, catalogue := range slices.Sorted(maps.Keys(byCatalogue)) {
		fmt.Fprintf(b, "- %s: %s\n", catalogue, strings.Join(byCatalogue[catalogue], ", "))
	}
}

func coverage(pack host.Pack, consensus []Row) string {
	var b strings.Builder
	b.WriteString("# Coverage\n\nWhat the field's catalogues agree on, and which of our rules does it; and our rules with their names elsewhere. ")
	b.WriteString("Made from the catalogue by `go run ./policy/pack docs docs/policy`.\n")
	service := ""
	for _, row := range consensus {
		if row.Service != service {
			service = row.Service
			fmt.Fprintf(&b, "\n## %s\n\n| consensus | severity | rules | left out, and why |\n|---|---|---|---|\n", service)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.Name, row.Severity, links(row.Rules), cell(row.Reason))
	}
	b.WriteString("\n## Our rules, elsewhere\n\n| rule | the same elsewhere |\n|---|---|\n")
	for _, rule := range pack.Rules {
		list, err := rule.AnchorList()
		if err != nil {
			continue
		}
		names := make([]string, 0, len(list))
		for _, a := range list {
			names = append(names, a.Catalogue+":"+a.ID)
		}
		fmt.Fprintf(&b, "| [%s](rules/%s.md) | %s |\n", rule.ID, rule.ID, strings.Join(names, ", "))
	}
	b.WriteString("\nThe catalogues: ")
	var named []string
	for _, short := range policy.Catalogues() {
		named = append(named, short+" "+policy.CatalogueName(short))
	}
	b.WriteString(strings.Join(named, "; ") + ".\n")
	return b.String()
}

func links(ids []string) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, fmt.Sprintf("[%s](rules/%s.md)", id, id))
	}
	return strings.Join(out, ", ")
}
