package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

func TestARuleThatPanicsIsAnErrorOfThatRuleAlone(t *testing.T) {
	t.Parallel()
	bad := sized()
	bad.ID = "falls-over"
	bad.Check = func(c *policy.Case) {
		if c.Name == "small" {
			var none *policy.Node
			_ = none.URN // A rule that does not look where it goes.
		}
	}
	report := evaluated(t, `{}`, "2026-11-01", bad, sized())
	require.Len(t, report.Of(policy.Failed), 1)
	require.Equal(t, "falls-over", report.Of(policy.Failed)[0].Rule)
	require.Equal(t, policy.Count{Pass: 1, Failed: 1}, *report.Counts["falls-over"])
	require.Len(t, report.Of(policy.Violation), 1, "the other rule is judged all the same")
	require.True(t, report.Stops(), "an unjudged mandatory rule is not passed")
}

func TestWhatSlipsIntoAMessageIsStruckOut(t *testing.T) {
	t.Parallel()
	careless := &policy.Rule{
		ID: "careless", Title: "t", Severity: policy.Low, Types: []string{"test:index:T"}, Why: "w", Fix: "f", Sources: []string{"s"},
		Check: func(c *policy.Case) {
			c.Broken("p", "got "+c.Get("password").Text(), "something else", policy.Fix("not %s", c.Get("password").Text()), policy.Saw(c.Node, "p", c.Get("password").Text()))
		},
	}
	f := fixture(t, `
secrets: ["p:token"]
config: {"p:token": correct horse battery}
resources:
  a: {type: "test:index:T", provider: none, properties: {password: {$secret: a very secret text}}}
  b: {type: "test:index:T", provider: none, properties: {password: correct horse battery}}
`)
	report := policy.Evaluate(graphOf(t, f), policy.Evaluation{Rules: []*policy.Rule{careless}})
	require.Len(t, report.Findings, 2)
	for _, found := range report.Findings {
		text := found.Message() + found.Fix + found.Evidence[0].Note
		require.NotContains(t, text, "secret text")
		require.NotContains(t, text, "battery")
		require.Equal(t, 3, strings.Count(text, "[secret]"))
	}
}

func TestUnknownAdvisesInAPreviewAndFailsAfterTheUpdateWhereTheRuleSaysSo(t *testing.T) {
	t.Parallel()
	strict := sized()
	strict.UnknownFails = true
	f := fixture(t, `
resources:
  later: {type: "test:index:T", provider: none, properties: {size: {$unknown: true}}}
`)
	level := func(dryRun bool, rule *policy.Rule) policy.Level {
		f.Stack.DryRun = dryRun
		report := policy.Evaluate(graphOf(t, f), policy.Evaluation{Rules: []*policy.Rule{rule}})
		require.Len(t, report.Of(policy.Unknown), 1)
		return report.Findings[0].Level
	}
	require.Equal(t, policy.Advisory, level(true, strict))
	require.Equal(t, policy.Mandatory, level(false, strict))
	require.Equal(t, policy.Advisory, level(false, sized()))
}

func TestARuleThatContradictsItselfIsNoRule(t *testing.T) {
	t.Parallel()
	require.NoError(t, policy.CheckCatalogue([]*policy.Rule{sized(), hygiene()}))
	broken := sized()
	broken.ID, broken.Title, broken.Severity, broken.Why, broken.Sources, broken.Anchors = "Sized_", "Ends.", 9, "", nil, "nowhere:1"
	broken.Advisory, broken.ProdOnly = true, true
	broken.Settings = []policy.Setting{{Name: "enforcementLevel", Help: "reserved"}, {Name: "n", Kind: policy.KindNumber, Default: "x", Help: "h"}}
	err := policy.CheckCatalogue([]*policy.Rule{broken, sized(), sized()})
	for _, part := range []string{"lower-case", "final period", "want a severity", "why and a fix", "source", "anchor", "advisory already", "reserved", "own default", "there are two"} {
		require.ErrorContains(t, err, part)
	}
}
