package policytest

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

// Day is the day on which rules are proven.
var Day = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Prove tests a rule by its own example: the good stack passes, every edit breaks exactly this rule and the ones it names,
// what is unknown is never passed and never blamed, a secret is never shown, and a waiver holds. all are the rules among
// which an edit must find the right ones.
func Prove(t *testing.T, rule *policy.Rule, all []*policy.Rule) {
	t.Helper()
	f, err := Parse(rule.Proof.Good)
	require.NoError(t, err)
	p := prover{t: t, rule: rule, all: all, fixture: f}
	t.Run("good", p.good)
	t.Run("preview", p.preview)
	require.NotEmpty(t, rule.Proof.Bad, "want at least one edit that breaks the rule")
	for _, edit := range rule.Proof.Bad {
		t.Run("bad "+edit, func(t *testing.T) { p.in(t).bad(edit) })
	}
	t.Run("unknown", func(t *testing.T) { p.in(t).unknown() })
	t.Run("absent", func(t *testing.T) { p.in(t).absent() })
	t.Run("secret", func(t *testing.T) { p.in(t).secret() })
	t.Run("waived", func(t *testing.T) { p.in(t).waived() })
	t.Run("not applicable", func(t *testing.T) { p.in(t).exempt() })
}

type prover struct {
	t       *testing.T
	rule    *policy.Rule
	all     []*policy.Rule
	fixture *Fixture
}

func (p prover) in(t *testing.T) prover {
	t.Helper()
	p.t = t
	return p
}

func (p prover) judge(f *Fixture, resources []policy.Resource, rules ...*policy.Rule) *policy.Report {
	p.t.Helper()
	config, err := policy.NewConfig(f.Entries, p.all)
	require.NoError(p.t, err)
	return policy.Evaluate(policy.NewGraph(f.Stack, resources), policy.Evaluation{Rules: rules, Config: config, Today: Day})
}

func (p prover) edited(edit string) *policy.Report {
	p.t.Helper()
	changed, resources := p.after(p.fixture, edit)
	return p.judge(changed, resources, p.rule)
}

// after is a fixture and its resources after an edit.
func (p prover) after(f *Fixture, edit string) (*Fixture, []policy.Resource) {
	p.t.Helper()
	changed, err := f.Changed(edit)
	require.NoError(p.t, err)
	resources, err := changed.Edited(edit)
	require.NoError(p.t, err)
	return changed, resources
}

func (p prover) good(t *testing.T) {
	p = p.in(t)
	resources, err := p.fixture.Resources()
	require.NoError(t, err)
	report := p.judge(p.fixture, resources, p.rule)
	require.Empty(t, lines(report), "the good example keeps the rule")
	require.Positive(t, report.Counts[p.rule.ID].Pass, "the good example is judged")
}

// preview judges the good and the bad stacks before they are made: no good one is blamed, no bad one passes.
func (p prover) preview(t *testing.T) {
	p = p.in(t)
	planned := p.fixture.Preview()
	resources, err := planned.Resources()
	require.NoError(t, err)
	require.Empty(t, p.judge(planned, resources, p.rule).Of(policy.Violation), "the good example is not blamed in a preview")
	for _, edit := range p.rule.Proof.Bad {
		changed, resources := p.after(planned, edit)
		report := p.judge(changed, resources, p.rule)
		require.NotEmpty(t, report.Findings, "%s passes in a preview", edit)
	}
}

func (p prover) bad(edit string) {
	t := p.t
	t.Helper()
	report := p.edited(edit)
	broken := report.Of(policy.Violation)
	require.NotEmpty(t, broken, "the edit breaks the rule: %v", lines(report))
	for _, f := range broken {
		require.NotEmpty(t, f.Actual)
		require.NotEmpty(t, f.Why)
		require.NotEmpty(t, f.Fix)
		require.NotEmpty(t, f.URN)
	}
	changed, resources := p.after(p.fixture, edit)
	before, err := p.fixture.Resources()
	require.NoError(t, err)
	was := brokenRules(p.judge(p.fixture, before, p.all...))
	for id := range brokenRules(p.judge(changed, resources, p.all...)) {
		if was[id] || id == p.rule.ID {
			continue
		}
		require.Contains(t, p.rule.Proof.Also, id, "the edit breaks another rule too: name it in Also, or make the edit smaller")
	}
}

func brokenRules(report *policy.Report) map[string]bool {
	ids := map[string]bool{}
	for _, f := range report.Findings {
		if f.Outcome == policy.Violation || f.Outcome == policy.Failed {
			ids[f.Rule] = true
		}
	}
	return ids
}

func (p prover) guarded() bool {
	if p.rule.Proof.Guard == "" {
		require.NotEmpty(p.t, p.rule.Proof.Unguarded, "want a guard, or why there is none")
	}
	return p.rule.Proof.Guard != ""
}

func (p prover) unknown() {
	if !p.guarded() {
		return
	}
	report := p.edited(p.rule.Proof.Guard + "?")
	require.Empty(p.t, report.Of(policy.Violation), "an unknown value is not blamed")
	require.NotEmpty(p.t, report.Of(policy.Unknown), "an unknown value is not passed")
}

func (p prover) absent() {
	if !p.guarded() {
		return
	}
	report := p.edited(p.rule.Proof.Guard + "!")
	worst := policy.Pass
	for _, f := range report.Findings {
		worst = max(worst, f.Outcome)
	}
	if worst == policy.Pass && report.Counts[p.rule.ID].NotApplicable > 0 && report.Counts[p.rule.ID].Pass == 0 {
		worst = policy.NotApplicable
	}
	require.Equal(p.t, p.rule.Proof.Absent, worst, "the verdict without the guarded value: %v", lines(report))
}

// secret hides a text in the guarded value: whatever the verdict, the text is in no finding.
func (p prover) secret() {
	const hidden = "s3cr3t-of-the-test"
	target := p.rule.Proof.Guard
	if !p.guarded() {
		return
	}
	report := p.edited(target + `={"$secret": "` + hidden + `"}`)
	require.NotContains(p.t, strings.Join(lines(report), "\n"), hidden)
	for _, f := range report.Findings {
		require.NotEqual(p.t, policy.Failed, f.Outcome, "a secret makes the rule fail: %s", f.Actual)
	}
}

func (p prover) waived() {
	edit := p.rule.Proof.Bad[0]
	if p.rule.ID == policy.WaiverRule {
		return
	}
	changed, resources := p.after(p.fixture, edit)
	entries := map[string]policy.Entry{}
	maps.Copy(entries, changed.Entries)
	pack := map[string]any{}
	maps.Copy(pack, entries[policy.SettingsName].Settings)
	pack["waivers"] = []any{map[string]any{
		"rule": p.rule.ID, "resource": "*", "owner": "platform", "reason": "proven in a test", "expires": "2026-12-01",
	}}
	entries[policy.SettingsName] = policy.Entry{Settings: pack}
	waiving := *changed
	waiving.Entries = entries
	report := p.in(p.t).judge(&waiving, resources, p.rule)
	require.Empty(p.t, report.Of(policy.Violation), "a waiver holds")
	require.NotEmpty(p.t, report.Of(policy.Waived))
}

func (p prover) exempt() {
	require.NotEmpty(p.t, p.rule.Title)
	if p.rule.Proof.Exempt != "" {
		report := p.edited(p.rule.Proof.Exempt)
		require.Empty(p.t, lines(report), "the rule is not about the edited example")
		require.Positive(p.t, report.Counts[p.rule.ID].NotApplicable, "the rule says that it is not about the edited example")
	}
	if len(p.rule.Types) == 0 {
		return
	}
	other := []policy.Resource{{URN: "urn:pulumi:fixture::example::test:index:Other::other", Type: "test:index:Other", Name: "other"}}
	report := p.judge(p.fixture, other, p.rule)
	require.Empty(p.t, report.Findings)
	require.Equal(p.t, policy.Count{}, *report.Counts[p.rule.ID], "the rule is about its own types only")
}

// lines are the findings as texts, with everything that a reader could see.
func lines(report *policy.Report) []string {
	var out []string
	for _, f := range report.Findings {
		out = append(out, fmt.Sprintf("%s %s: %s [%s] [%s] %v", f.Outcome, f.Rule, f.Message(), f.Fix, f.Why, f.Evidence))
	}
	return out
}
