package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// LongestWaiver is how far ahead a waiver may end.
const LongestWaiver = 90 * 24 * time.Hour

// WaiverRule is the rule that waivers themselves must keep. It cannot be waived.
const WaiverRule = "waiver-hygiene"

// Waiver accepts violations of one rule on some resources until a day. Somebody answers for it, with a reason.
type Waiver struct {
	Rule string `json:"rule"`
	// Resource is a URN, or the part of one behind the last "::" (the name), with * for any letters.
	Resource string `json:"resource"`
	Owner    string `json:"owner"`
	Reason   string `json:"reason"`
	// Expires is the last day on which it holds, as 2006-01-02.
	Expires string `json:"expires"`

	until time.Time
}

// waiversOf reads the list of waivers. What is wrong in form is refused here; what is wrong on a day, or about a stack, is a
// finding.
func waiversOf(value any, known map[string][]Setting) ([]Waiver, []error) {
	items, _ := value.([]any)
	var waivers []Waiver
	var problems []error
	for i, item := range items {
		w, err := waiverOf(item, known)
		if err != nil {
			problems = append(problems, fmt.Errorf("policy configuration: %s: waivers[%d]: %w", SettingsName, i, err))
			continue
		}
		waivers = append(waivers, w)
	}
	return waivers, problems
}

func waiverOf(item any, known map[string][]Setting) (Waiver, error) {
	fields, ok := item.(map[string]any)
	if !ok {
		return Waiver{}, fmt.Errorf("got %s, want an object with rule, resource, owner, reason and expires", compactJSON(item))
	}
	var problems []error
	text := func(key string) string {
		value, isText := fields[key].(string)
		if !isText || strings.TrimSpace(value) == "" {
			problems = append(problems, fmt.Errorf("%s: got %s, want a text", key, compactJSON(fields[key])))
		}
		return value
	}
	w := Waiver{Rule: text("rule"), Resource: text("resource"), Owner: text("owner"), Reason: text("reason"), Expires: text("expires")}
	if len(fields) > 5 {
		problems = append(problems, errors.New("want nothing but rule, resource, owner, reason and expires"))
	}
	if _, exists := known[w.Rule]; !exists && w.Rule != "" {
		problems = append(problems, fmt.Errorf("rule: there is no rule %s", w.Rule))
	}
	if w.Rule == WaiverRule {
		problems = append(problems, fmt.Errorf("rule: %s cannot be waived", WaiverRule))
	}
	until, err := time.Parse(time.DateOnly, w.Expires)
	if err != nil && w.Expires != "" {
		problems = append(problems, fmt.Errorf("expires: got %q, want a day such as 2006-01-02", w.Expires))
	}
	w.until = until
	return w, errors.Join(problems...)
}

// matches says that the waiver accepts the finding.
func (w Waiver) matches(report *Report, f Finding) bool {
	return f.Outcome == Violation && w.about(report, f)
}

// about says that the waiver names the resource of the finding, by what it is called now or by an alias: a resource that is
// renamed keeps its waivers.
func (w Waiver) about(report *Report, f Finding) bool {
	if w.Rule != f.Rule {
		return false
	}
	names := []string{f.URN}
	if n := report.stackNode.graph.ByURN(f.URN); n != nil {
		names = append(names, n.Aliases...)
	}
	return slices.ContainsFunc(names, func(urn string) bool {
		_, name := cutLast(urn, "::")
		return w.Resource == urn || glob(w.Resource, urn) || glob(w.Resource, name)
	})
}

// glob compares a pattern, in which * is any letters and all else stands for itself, with a text.
func glob(pattern, text string) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == text
	}
	text, begins := strings.CutPrefix(text, head)
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return begins && strings.HasSuffix(text, parts[last])
}

// waive applies the waivers, and finds fault with those that expired, reach too far or accept nothing.
func (c *Config) waive(report *Report, e Evaluation) {
	used := make([]int, len(c.Waivers))
	today := e.Today.Truncate(24 * time.Hour)
	for i := range report.Findings {
		for j := range c.Waivers {
			w := c.Waivers[j]
			if !w.matches(report, report.Findings[i]) {
				continue
			}
			used[j]++
			if w.standing(today) == "" {
				report.Findings[i].Outcome, report.Findings[i].Waiver = Waived, &w
				break
			}
		}
	}
	recount(report)
	for j, w := range c.Waivers {
		c.criticise(report, w, w.standing(today), used[j])
	}
}

// recount moves a resource from broken to waived where nothing that is broken about it is left.
func recount(report *Report) {
	type verdict struct{ rule, urn string }
	worst := map[verdict]Outcome{}
	for _, f := range report.Findings {
		key := verdict{f.Rule, f.URN}
		worst[key] = max(worst[key], f.Outcome)
	}
	for key, outcome := range worst {
		if outcome == Waived {
			report.Counts[key.rule].Violation--
			report.Counts[key.rule].Waived++
		}
	}
}

// standing says what is wrong with a waiver on a day, or nothing.
func (w Waiver) standing(today time.Time) string {
	switch {
	case today.After(w.until):
		return "expired on " + w.Expires
	case w.until.Sub(today) > LongestWaiver:
		return "ends on " + w.Expires + ", more than 90 days ahead"
	}
	return ""
}

// pending says that the waiver may still have something to accept: it is for another stack that has the same configuration,
// what decides is not known yet, or its rule had nothing to judge here, as the rules about changes where no plan is known.
func (w Waiver) pending(report *Report) bool {
	if urn, isURN := strings.CutPrefix(w.Resource, "urn:pulumi:"); isURN {
		stack, _, _ := strings.Cut(urn, "::")
		if !glob(stack, report.Stack.Name) {
			return true
		}
	}
	if slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Outcome == Unknown && w.about(report, f) }) {
		return true
	}
	count := report.Counts[w.Rule]
	return count != nil && count.NotApplicable > 0 && *count == Count{NotApplicable: count.NotApplicable}
}

// criticise adds what waiver-hygiene finds, where that rule is evaluated.
func (c *Config) criticise(report *Report, w Waiver, wrong string, used int) {
	rule := report.Rules[WaiverRule]
	if rule == nil || c.partial {
		return
	}
	if wrong == "" && used == 0 && !w.pending(report) {
		wrong = "accepts nothing: no violation of " + w.Rule + " on " + w.Resource
	}
	if wrong == "" {
		return
	}
	n := report.stackNode
	r := &run{rule: rule, level: c.LevelOf(rule, report.Stack), graph: n.graph}
	(&Case{Node: n, run: r}).Broken(SettingsName+".waivers", "the waiver of "+w.Rule+" for "+w.Resource+" by "+w.Owner+" "+wrong,
		"a waiver that ends within 90 days and accepts a violation that is there")
	report.Findings = append(report.Findings, r.findings...)
	report.Counts[WaiverRule].Pass = 0
	report.Counts[WaiverRule].Violation++
}
