// Package report writes what the rules say about a stack: for people, as JSON, as SARIF 2.1.0 for code scanning, and as JUnit
// XML for test reports. A report never holds a secret, and the same findings give the same bytes.
package report

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// Format is a form of a report.
type Format string

// The forms.
const (
	Text  Format = "text"
	JSON  Format = "json"
	SARIF Format = "sarif"
	JUnit Format = "junit"
)

// Formats are all forms.
func Formats() []Format { return []Format{Text, JSON, SARIF, JUnit} }

// Pack names the catalogue that was used.
type Pack struct {
	Name, Version, Docs string
}

// Write writes a report in one of the forms.
func Write(out io.Writer, format Format, pack Pack, r *policy.Report) error {
	switch format {
	case Text:
		return writeText(out, pack, r)
	case JSON:
		return writeJSON(out, pack, r)
	case SARIF:
		return writeSARIF(out, pack, r)
	case JUnit:
		return writeJUnit(out, pack, r)
	}
	return fmt.Errorf("format %q: want text, json, sarif or junit", format)
}

// order is the order in which people read outcomes, and their headings.
var order = []struct {
	outcome policy.Outcome
	heading string
}{
	{policy.Violation, "broken"},
	{policy.Failed, "rules that failed themselves"},
	{policy.Waived, "waived"},
	{policy.Unknown, "cannot be judged yet"},
}

func writeText(out io.Writer, pack Pack, r *policy.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Policy of %s (%s %s): %s\n", r.Stack.Name, pack.Name, pack.Version, Summary(r))
	for _, part := range order {
		found := worstFirst(r.Of(part.outcome))
		if len(found) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(part.heading))
		if part.outcome == policy.Unknown {
			unknownText(&b, found)
			continue
		}
		for _, f := range found {
			fmt.Fprintf(&b, "\n  [%s, %s] %s\n", f.Severity, f.Level, f.Rule)
			fmt.Fprintf(&b, "    %s\n", strings.ReplaceAll(Explain(f), "\n", "\n    "))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// unknownText names what each rule could not judge, in one line.
func unknownText(b *strings.Builder, found []policy.Finding) {
	byRule := map[string][]policy.Finding{}
	for _, f := range found {
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	rules := make([]string, 0, len(byRule))
	for rule := range byRule {
		rules = append(rules, rule)
	}
	sort.Strings(rules)
	for _, rule := range rules {
		first := byRule[rule][0]
		more := ""
		if n := len(byRule[rule]) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more)", n)
		}
		fmt.Fprintf(b, "  %s: %s%s\n", rule, first.Message(), more)
	}
}

// worstFirst puts what stops something and is most severe first; the order is otherwise kept.
func worstFirst(found []policy.Finding) []policy.Finding {
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].Level != found[j].Level {
			return found[i].Level > found[j].Level
		}
		return found[i].Severity > found[j].Severity
	})
	return found
}

// Summary counts the verdicts of a report in one line.
func Summary(r *policy.Report) string {
	var total policy.Count
	for _, c := range r.Counts {
		total.Pass += c.Pass
		total.NotApplicable += c.NotApplicable
	}
	stopping := 0
	for _, f := range r.Findings {
		if f.Stops() {
			stopping++
		}
	}
	return fmt.Sprintf("%d rules on %d resources: %d passed, %d broken (%d of them stop the update), %d waived, %d not known yet, %d failed",
		len(r.Rules), r.Resources, total.Pass, len(r.Of(policy.Violation)), stopping, len(r.Of(policy.Waived)), len(r.Of(policy.Unknown)),
		len(r.Of(policy.Failed)))
}

// Explain is a finding in full: what is so, what is required, why it matters, the smallest fix, and the evidence.
func Explain(f policy.Finding) string {
	lines := []string{f.Title + ": " + f.Message()}
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, "  "+label+": "+text)
		}
	}
	add("why", f.Why)
	add("fix", f.Fix)
	for _, e := range f.Evidence {
		add("evidence", strings.TrimSpace(policy.NameOf(e.URN)+" "+e.Path)+": "+e.Note)
	}
	if f.Waiver != nil {
		add("waived", "by "+f.Waiver.Owner+" until "+f.Waiver.Expires+": "+f.Waiver.Reason)
	}
	return strings.Join(lines, "\n")
}
