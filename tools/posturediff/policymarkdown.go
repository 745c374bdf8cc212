package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed-11444627/holdfast/policy/report"
)

// maxCell is how many characters one text of a finding may take: an actual value can be a whole document.
const maxCell = 300

func policySection(b *strings.Builder, c PolicyComparison) {
	if !c.HasAfter {
		if c.HasBefore {
			b.WriteString("**Policy: the target branch was judged and this version was not.**\n\n")
		}
		return
	}
	fmt.Fprintf(b, "Policy: %s.\n\n", countsLine(c))
	findings(b, "New violations", c.New, violationColumns)
	findings(b, "Newly waived", c.Waived, waiverColumns)
	findings(b, "Violations that are gone", c.Gone, violationColumns)
	list(b, "Rules that no longer judge", c.Dropped)
}

func countsLine(c PolicyComparison) string {
	if !c.HasBefore {
		return fmt.Sprintf("%d violations, %d waived, %d not judged; the target branch was not judged", c.After.Broken, c.After.Waived, c.After.Unknown)
	}
	return fmt.Sprintf("%d new violations, %d gone, %d newly waived; in all %d violations (target branch: %d), %d waived (%d), %d not judged (%d)",
		len(c.New), len(c.Gone), len(c.Waived), c.After.Broken, c.Before.Broken, c.After.Waived, c.Before.Waived, c.After.Unknown, c.Before.Unknown)
}

// columns are a table of findings: its heads, and the cells of one finding.
type columns struct {
	heads []string
	cells func(report.Finding) []string
}

var violationColumns = columns{
	[]string{"rule", "severity", "resource", "path", "actual", "required", "fix"},
	func(f report.Finding) []string {
		return []string{f.Rule, f.Severity + ", " + f.Level, f.Resource, f.Path, f.Actual, f.Required, f.Fix}
	},
}

var waiverColumns = columns{
	[]string{"rule", "severity", "resource", "path", "actual", "owner", "reason", "until"},
	func(f report.Finding) []string {
		w := waiverOf(f)
		return []string{f.Rule, f.Severity + ", " + f.Level, f.Resource, f.Path, f.Actual, w.Owner, w.Reason, w.Expires}
	},
}

func findings(b *strings.Builder, title string, all []report.Finding, c columns) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "%s: %d\n\n| %s |\n|%s\n", title, len(all), strings.Join(c.heads, " | "), strings.Repeat("---|", len(c.heads)))
	for _, f := range all[:min(len(all), maxListed)] {
		for _, cell := range c.cells(f) {
			fmt.Fprintf(b, "| %s ", escape(clip(cell)))
		}
		b.WriteString("|\n")
	}
	if len(all) > maxListed {
		fmt.Fprintf(b, "\nand %d more\n", len(all)-maxListed)
	}
	b.WriteString("\n")
}

// clip cuts a text between two characters and says that it did.
func clip(text string) string {
	if len(text) <= maxCell {
		return text
	}
	end := maxCell
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
