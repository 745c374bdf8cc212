package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-11444627/holdfast/policy/report"
)

// Policy writes what the rules say about the environment when every value is known, and about the plan: the counts, and each
// thing that is broken or waived.
func Policy(out io.Writer, d report.Document) {
	var passed, broken, waived, unknown int
	for _, v := range d.Rules {
		passed += v.Pass
		broken += v.Violation + v.Error
		waived += v.Waived
		unknown += v.Unknown
	}
	fmt.Fprintf(out, "\nPolicy of %s, rehearsed on the simulated cloud: %d rules of %s %s, %d verdicts passed, %d broken, %d waived, %d unknown\n",
		d.Stack, len(d.Rules), d.Pack, d.Version, passed, broken, waived, unknown)
	for _, f := range d.Findings {
		if f.Outcome == "unknown" {
			continue
		}
		fmt.Fprintf(out, "\n  %s [%s, %s, %s]\n    %s\n    fix: %s\n", f.Rule, f.Severity, f.Level, f.Outcome,
			strings.ReplaceAll(f.Message(), "\n", " "), f.Fix)
	}
}
