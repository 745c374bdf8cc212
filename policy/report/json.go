package report

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// Document is the JSON form of a report; docs/policy/report.schema.json describes it.
type Document struct {
	// Schema is the version of this form.
	Schema      int    `json:"schema"`
	Pack        string `json:"pack"`
	Version     string `json:"version"`
	Project     string `json:"project"`
	Stack       string `json:"stack"`
	Environment string `json:"environment"`
	// Preview says that computed values were not known.
	Preview   bool `json:"preview"`
	Stops     bool `json:"stops"`
	Resources int  `json:"resources"`
	// Findings are sorted by resource, rule and path.
	Findings []Finding `json:"findings"`
	// Rules are the verdicts of each rule that was evaluated, by id.
	Rules map[string]Verdicts `json:"rules"`
}

// Finding is a finding with its severity, level and outcome as texts.
type Finding struct {
	Severity string `json:"severity"`
	Level    string `json:"level"`
	Outcome  string `json:"outcome"`
	policy.Finding
}

// Verdicts count the resources by verdict.
type Verdicts struct {
	Pass          int `json:"pass"`
	NotApplicable int `json:"notApplicable"`
	Unknown       int `json:"unknown"`
	Waived        int `json:"waived"`
	Violation     int `json:"violation"`
	Error         int `json:"error"`
}

// DocumentOf is a report in its JSON form.
func DocumentOf(pack Pack, r *policy.Report) Document {
	d := Document{
		Schema: 1, Pack: pack.Name, Version: pack.Version, Project: r.Stack.Project, Stack: r.Stack.Name, Environment: r.Stack.Environment,
		Preview: r.Stack.DryRun, Stops: r.Stops(), Resources: r.Resources, Findings: []Finding{}, Rules: map[string]Verdicts{},
	}
	for _, f := range r.Findings {
		d.Findings = append(d.Findings, Finding{Severity: f.Severity.String(), Level: f.Level.String(), Outcome: f.Outcome.String(), Finding: f})
	}
	for id, c := range r.Counts {
		d.Rules[id] = Verdicts{
			Pass: c.Pass, NotApplicable: c.NotApplicable, Unknown: c.Unknown, Waived: c.Waived, Violation: c.Violation, Error: c.Failed,
		}
	}
	return d
}

// Add takes in what other rules said about the same stack.
func (d *Document) Add(other Document) {
	replaced := func(f Finding) bool { _, again := other.Rules[f.Rule]; return again }
	d.Findings = append(slices.DeleteFunc(d.Findings, replaced), other.Findings...)
	slices.SortStableFunc(d.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.URN, b.URN), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Path, b.Path))
	})
	maps.Copy(d.Rules, other.Rules)
	d.Stops = d.Stops || other.Stops
}

func writeJSON(out io.Writer, pack Pack, r *policy.Report) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(DocumentOf(pack, r))
}
