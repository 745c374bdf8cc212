package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
)

// open is a port that everybody may reach.
func open() report.Finding {
	return report.Finding{Severity: "high", Level: "mandatory", Outcome: "violation", Finding: policy.Finding{
		Rule: "sg-no-open-admin", URN: "urn:pulumi:prod::holdfast::aws:ec2/securityGroup:SecurityGroup::servers", Resource: "SecurityGroup servers",
		Path: "ingress[0].cidrBlocks", Actual: "0.0.0.0/0 on port 22", Required: "no administration from everywhere", Fix: "use Session Manager",
	}}
}

// accepted is the same violation with somebody who answers for it.
func accepted(expires string) report.Finding {
	f := open()
	f.Outcome = "waived"
	f.Waiver = &policy.Waiver{Rule: f.Rule, Resource: f.URN, Owner: "platform", Reason: "moves in May", Expires: expires}
	return f
}

func judged(all ...report.Finding) *Side {
	d := report.Document{Findings: all, Rules: map[string]report.Verdicts{"sg-no-open-admin": {Pass: 3}}}
	return &Side{Postures: []posture.Posture{fleet()}, Policy: &d}
}

func policyOf(before, after *Side) PolicyComparison { return Compare("prod", before, after).Policy }

func TestANewViolationIsShownWithWhatIsThereWhatIsWantedAndTheFix(t *testing.T) {
	require.Equal(t, []report.Finding{open()}, policyOf(judged(), judged(open())).New)
	out := Markdown([]Comparison{Compare("prod", judged(), judged(open()))})
	require.Contains(t, out, "1 new violations, 0 gone, 0 newly waived; in all 1 violations (target branch: 0)")
	require.Contains(t, out, "| sg-no-open-admin | high, mandatory | SecurityGroup servers | ingress&#91;0&#93;.cidrBlocks |"+
		" 0.0.0.0/0 on port 22 | no administration from everywhere | use Session Manager |")
}

func TestAViolationThatStaysIsNeitherNewNorGoneWhateverItsWords(t *testing.T) {
	reworded := open()
	reworded.Actual = "0.0.0.0/0 on ports 22 and 23"
	c := policyOf(judged(open()), judged(reworded))
	require.Empty(t, c.New)
	require.Empty(t, c.Gone)
	require.Len(t, policyOf(judged(open()), judged(open(), reworded)).New, 1, "a second one at the same place is new")
}

func TestAViolationThatStopsNothingAnyMoreIsShown(t *testing.T) {
	weaker := open()
	weaker.Level = "advisory"
	require.Len(t, policyOf(judged(open()), judged(weaker)).New, 1)
}

func TestAViolationThatIsFixedIsGone(t *testing.T) {
	c := policyOf(judged(open()), judged())
	require.Equal(t, []report.Finding{open()}, c.Gone)
	require.Empty(t, c.New)
}

func TestAWaivedViolationIsNotGoneAndNamesWhoAnswersForItAndUntilWhen(t *testing.T) {
	before, after := judged(open()), judged(accepted("2026-05-31"))
	c := policyOf(before, after)
	require.Empty(t, c.Gone)
	require.Equal(t, []report.Finding{accepted("2026-05-31")}, c.Waived)
	out := Markdown([]Comparison{Compare("prod", before, after)})
	require.Contains(t, out, "| platform | moves in May | 2026-05-31 |")
	require.Len(t, policyOf(after, before).New, 1, "a waiver that ends makes the violation new")
}

func TestAWaiverThatIsProlongedIsShownAgain(t *testing.T) {
	require.Empty(t, policyOf(judged(accepted("2026-05-31")), judged(accepted("2026-05-31"))).Waived)
	require.Len(t, policyOf(judged(accepted("2026-05-31")), judged(accepted("2026-08-31"))).Waived, 1)
}

func TestARuleThatNoLongerJudgesIsNamed(t *testing.T) {
	after := judged()
	after.Policy.Rules = nil
	require.Equal(t, []string{"sg-no-open-admin"}, policyOf(judged(), after).Dropped)
	require.Contains(t, Markdown([]Comparison{Compare("prod", judged(), after)}), "Rules that no longer judge: 1")
}

func TestWhatStopsADeploymentIsListedFirst(t *testing.T) {
	advice, low := open(), open()
	advice.Rule, advice.Level, advice.Severity = "a-first-by-name", "advisory", "critical"
	low.Rule, low.Severity = "z-last-by-name", "low"
	var rules []string
	for _, f := range policyOf(judged(), judged(advice, low, open())).New {
		rules = append(rules, f.Rule)
	}
	require.Equal(t, []string{"sg-no-open-admin", "z-last-by-name", "a-first-by-name"}, rules)
}

func TestAPreviewWithoutAPolicyPartIsComparedAsBefore(t *testing.T) {
	plain := &Side{Postures: []posture.Posture{fleet()}}
	require.NotContains(t, Markdown([]Comparison{Compare("prod", plain, plain)}), "olicy")
	require.Contains(t, Markdown([]Comparison{Compare("prod", plain, judged(open()))}), "the target branch was not judged")
	require.Contains(t, Markdown([]Comparison{Compare("prod", judged(), plain)}), "the target branch was judged and this version was not")
}

func TestAPreviewThatThePolicyStoppedIsStillCompared(t *testing.T) {
	policyPart, err := json.Marshal(judged(open()).Policy)
	require.NoError(t, err)
	postures, err := posture.JSON([]posture.Posture{fleet()})
	require.NoError(t, err)
	base, head := t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o600))
	}
	for _, name := range []string{"dev", "prod"} {
		write(base, name, `{"succeeded":true,"posture":`+postures+`}`)
	}
	write(head, "dev", `{"succeeded":false,"posture":null,"policy":`+string(policyPart)+`}`)
	write(head, "prod", `{"succeeded":false,"posture":`+postures+`,"policy":`+string(policyPart)+`}`)

	var out strings.Builder
	require.NoError(t, run([]string{"-base", base, "-head", head, "dev", "prod"}, &out))
	require.Contains(t, out.String(), "### dev: the preview failed; it did not reach its posture, so promises and resources are not compared")
	require.Contains(t, out.String(), "### prod: the preview failed; no promise changes")
	require.Equal(t, 2, strings.Count(out.String(), "New violations: 1"))
	half, err := ParseSide([]byte(`{"succeeded":false,"posture":null}`))
	require.NoError(t, err)
	require.Empty(t, Compare("dev", judged(), half).Changes, "what was not reached was not removed")
	require.Empty(t, Compare("dev", half, judged()).Changes, "and it is not new")
	_, err = ParseSide([]byte(`{"succeeded":true,"posture":null}`))
	require.Error(t, err, "a preview that succeeded has a posture")
}

func TestTextOfAFindingCannotMarkUpOrMention(t *testing.T) {
	const hostile = "x|<img src=y>@someone [a](https://z) `c`\n## title\r\n| forged | row |"
	evil := accepted(hostile)
	evil.Rule, evil.Severity, evil.Level, evil.Resource, evil.Path = hostile, hostile, hostile, hostile, hostile
	evil.Actual, evil.Required, evil.Fix = hostile, hostile, hostile
	evil.Waiver.Owner, evil.Waiver.Reason = hostile, hostile
	violated := evil
	violated.Outcome = "violation"
	before, after := judged(), judged(evil, violated)
	before.Policy.Rules[hostile] = report.Verdicts{}
	out := Markdown([]Comparison{Compare("prod", before, after), Compare("stg", after, before)})
	for _, bad := range []string{"<img", "@someone", "](", "https://z", "`c`", "\n## title", "x|", "\n| forged"} {
		require.NotContains(t, out, bad)
	}
	require.Contains(t, out, "x&#124;&lt;img", "the test no longer reaches the table")
}

func TestManyAndLongFindingsAreCutAndCounted(t *testing.T) {
	var many []report.Finding
	for range 500 {
		f := open()
		f.Actual = strings.Repeat("ü|", 5000)
		many = append(many, f)
	}
	one := Markdown([]Comparison{Compare("prod", judged(), judged(many[0]))})
	require.Less(t, len(one), 5000)
	require.True(t, strings.Contains(one, "ü…") || strings.Contains(one, "&#124;…"), "it is cut between two characters")
	out := Markdown([]Comparison{Compare("prod", judged(), judged(many...))})
	require.Less(t, len(out), 65536)
	require.Contains(t, out, "New violations: 500")
	require.Contains(t, out, "and 460 more")
}
