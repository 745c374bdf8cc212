package policies_test

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// mutant is one edit of a rule's example, made in a real environment.
type mutant struct {
	rule  *policy.Rule
	edits []policytest.Edit
	// typ is the type of the resource that the edits are about.
	typ  string
	text string
}

// mutants are the edits of a rule that make sense outside its example: about one resource, without a reference to others.
func mutants(t *testing.T, rule *policy.Rule) []mutant {
	t.Helper()
	if rule.Proof.FixtureOnly != "" {
		return nil
	}
	fixture, err := policytest.Parse(rule.Proof.Good)
	require.NoError(t, err)
	var made []mutant
	for _, text := range rule.Proof.Bad {
		edits, err := policytest.ParseEdits(text)
		require.NoError(t, err)
		name := edits[0].Resource
		portable := !strings.Contains(text, "${")
		for i, e := range edits {
			edits[i].Value, err = fixture.Value(e.Value)
			portable = portable && err == nil && e.Resource == name && !e.Add && e.Resource != "stack" && e.Resource != "policy"
		}
		if typ := fixture.TypeOf(name); portable && typ != "" {
			made = append(made, mutant{rule: rule, edits: edits, typ: typ, text: text})
		}
	}
	return made
}

// candidates are how many resources of the type are tried before an edit counts as harmless in an environment.
const candidates = 8

// outcome is what one mutant did in one environment.
type outcome struct {
	resource string
	fired    bool
	others   []string
}

// makeIn makes the mutant on the first resource of its type whose verdict turns red.
func (m mutant) makeIn(t *testing.T, r recorded, config *policy.Config, before map[string]map[string]bool) (outcome, bool) {
	t.Helper()
	tried := 0
	for _, n := range r.graph().ByType(m.typ) {
		if before[m.rule.ID][n.URN] || tried == candidates {
			continue
		}
		tried++
		changed := r.resources
		var err error
		for _, e := range m.edits {
			if changed, err = policytest.Apply(changed, n.URN, e, nil); err != nil {
				break
			}
		}
		if err != nil {
			continue
		}
		after := broken(policy.Evaluate(policy.NewGraph(r.stack, changed), policy.Evaluation{Rules: rules.All(), Config: config, Today: policytest.Day}))
		if !grown(before[m.rule.ID], after[m.rule.ID]) {
			continue
		}
		o := outcome{resource: n.String(), fired: true}
		for id := range after {
			if id != m.rule.ID && grown(before[id], after[id]) {
				o.others = append(o.others, id)
			}
		}
		sort.Strings(o.others)
		return o, true
	}
	return outcome{}, tried > 0
}

func broken(judged *policy.Report) map[string]map[string]bool {
	found := map[string]map[string]bool{}
	for _, f := range judged.Findings {
		if f.Outcome != policy.Violation && f.Outcome != policy.Failed {
			continue
		}
		if found[f.Rule] == nil {
			found[f.Rule] = map[string]bool{}
		}
		found[f.Rule][f.URN] = true
	}
	return found
}

func grown(before, after map[string]bool) bool {
	for urn := range after {
		if !before[urn] {
			return true
		}
	}
	return false
}

// TestEveryRuleGoesRedWhenWhatItGuardsIsBroken breaks the guarded property of every rule in the real environments, and prints
// the matrix. Where an environment does not use the type, or the edit needs what only the example has, the example proves the
// rule (TestEveryRuleIsProvenByItsOwnExample, with the same demand on the others).
func TestEveryRuleGoesRedWhenWhatItGuardsIsBroken(t *testing.T) {
	t.Parallel()
	config := settings(t)
	matrix := map[string]map[string]string{}
	unexpected := map[string][]string{}
	inReal, total := 0, 0
	each(t, func(t *testing.T, stack string) {
		t.Helper()
		r := environment(t, stack)
		before := broken(policy.Evaluate(r.graph(), policy.Evaluation{Rules: rules.All(), Config: config, Today: policytest.Day}))
		for _, rule := range rules.All() {
			if matrix[rule.ID] == nil {
				matrix[rule.ID] = map[string]string{}
			}
			red, used, others := inEnvironment(t, rule, r, config, before)
			cell := "example"
			switch {
			case len(red) > 0:
				cell = fmt.Sprintf("%d of %d red", len(red), len(mutants(t, rule)))
			case used:
				cell = "HARMLESS"
			}
			matrix[rule.ID][stack] = cell
			for _, id := range others {
				if !slices.Contains(rule.Proof.Also, id) && !slices.Contains(unexpected[rule.ID], id) {
					unexpected[rule.ID] = append(unexpected[rule.ID], id)
				}
			}
		}
	})
	for _, rule := range rules.All() {
		total++
		row := matrix[rule.ID]
		t.Logf("%-44s dev %-14s stg %-14s prod %-14s also %s", rule.ID, row["dev"], row["stg"], row["prod"], strings.Join(rule.Proof.Also, " "))
		if strings.Contains(row["dev"]+row["stg"]+row["prod"], "red") {
			inReal++
		}
		if strings.Contains(row["prod"], "HARMLESS") {
			t.Errorf("%s: its edits change nothing in prod: the rule guards nothing there, or the edits need a reason in FixtureOnly", rule.ID)
		}
	}
	t.Logf("%d rules: %d red in a real environment, all red in their example", total, inReal)
	for _, id := range slices.Sorted(maps.Keys(unexpected)) {
		t.Errorf("%s: its edits also break %s: name them in Also", id, strings.Join(unexpected[id], ", "))
	}
}

func inEnvironment(t *testing.T, rule *policy.Rule, r recorded, config *policy.Config, before map[string]map[string]bool) (red []string, used bool, others []string) {
	t.Helper()
	for _, m := range mutants(t, rule) {
		o, tried := m.makeIn(t, r, config, before)
		used = used || tried
		if o.fired {
			red = append(red, m.text)
			others = append(others, o.others...)
		}
	}
	return red, used, others
}
