package policy

import (
	"sort"
	"strings"
)

// Outcome is the verdict of one rule on one resource.
type Outcome int

// The verdicts, in the order in which one hides another.
const (
	Pass Outcome = iota
	// NotApplicable: the rule is not about this resource, for the reason given.
	NotApplicable
	// Unknown: the values that decide are not known yet.
	Unknown
	// Waived: broken, and somebody answers for it until a day.
	Waived
	// Violation: broken.
	Violation
	// Failed: the rule itself failed; it says nothing about the resource.
	Failed
)

// String is the outcome as reports write it.
func (o Outcome) String() string {
	return [...]string{"pass", "not-applicable", "unknown", "waived", "violation", "error"}[o]
}

// Evidence is one step of the chain that led to a finding.
type Evidence struct {
	URN  string `json:"urn"`
	Path string `json:"path,omitempty"`
	Note string `json:"note"`
}

// Finding is one thing that is not as it should be, or could not be judged. It never holds a secret.
type Finding struct {
	Rule     string   `json:"rule"`
	Title    string   `json:"title"`
	Severity Severity `json:"-"`
	Level    Level    `json:"-"`
	Outcome  Outcome  `json:"-"`
	URN      string   `json:"urn"`
	// Resource is the resource as people know it.
	Resource string     `json:"resource"`
	Path     string     `json:"path,omitempty"`
	Actual   string     `json:"actual,omitempty"`
	Required string     `json:"required,omitempty"`
	Why      string     `json:"why,omitempty"`
	Fix      string     `json:"fix,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	Waiver   *Waiver    `json:"waiver,omitempty"`
}

// Message is the finding in one line.
func (f Finding) Message() string {
	where := f.Resource
	if f.Path != "" {
		where += " " + f.Path
	}
	switch {
	case f.Outcome == Unknown:
		return where + ": cannot be judged: " + f.Actual
	case f.Outcome == Failed:
		return where + ": the rule failed: " + f.Actual
	case f.Required == "":
		return where + ": " + f.Actual
	}
	return where + ": " + f.Actual + "; required: " + f.Required
}

// Stops says that the finding fails a preview or an update.
func (f Finding) Stops() bool {
	return f.Level == Mandatory && (f.Outcome == Violation || f.Outcome == Failed)
}

// Count is how often a rule came to each verdict.
type Count struct {
	Pass, NotApplicable, Unknown, Waived, Violation, Failed int
}

func (c *Count) add(o Outcome, n int) {
	switch o {
	case Pass:
		c.Pass += n
	case NotApplicable:
		c.NotApplicable += n
	case Unknown:
		c.Unknown += n
	case Waived:
		c.Waived += n
	case Violation:
		c.Violation += n
	case Failed:
		c.Failed += n
	}
}

// Report is what the rules say about a stack.
type Report struct {
	Stack Stack
	// Findings are sorted by resource, rule and path.
	Findings []Finding
	// Counts has a row for every rule that was evaluated, by id.
	Counts map[string]*Count
	// Exempt says for each rule why it was not about some resources, by URN.
	Exempt map[string]map[string]string
	// Rules are the rules that were evaluated, by id.
	Rules map[string]*Rule
	// Resources is the number of resources.
	Resources int

	stackNode *Node
}

// Stops says that at least one finding fails the preview or the update.
func (r *Report) Stops() bool {
	for _, f := range r.Findings {
		if f.Stops() {
			return true
		}
	}
	return false
}

// Of are the findings with the outcome.
func (r *Report) Of(o Outcome) []Finding {
	var found []Finding
	for _, f := range r.Findings {
		if f.Outcome == o {
			found = append(found, f)
		}
	}
	return found
}

func sortFindings(findings []Finding) {
	sort.SliceStable(findings, func(i, j int) bool {
		a, b := findings[i], findings[j]
		for _, pair := range [][2]string{{a.URN, b.URN}, {a.Rule, b.Rule}, {a.Path, b.Path}, {a.Actual, b.Actual}} {
			if c := strings.Compare(pair[0], pair[1]); c != 0 {
				return c < 0
			}
		}
		return false
	})
}
