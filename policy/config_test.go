package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return d
}

// sized wants a size of at least a setting.
func sized() *policy.Rule {
	return &policy.Rule{
		ID: "sized", Title: "Things have a size", Severity: policy.High, Types: []string{"test:index:T"}, Why: "w", Fix: "f",
		Sources: []string{"https://example.com"},
		Settings: []policy.Setting{
			{Name: "least", Kind: policy.KindNumber, Default: 3, Help: "the least size", Bounded: true, Minimum: 1, Maximum: 9},
			{Name: "mode", Kind: policy.KindText, Default: "a", Allowed: []string{"a", "b"}, Help: "a mode"},
		},
		Check: func(c *policy.Case) {
			least, _ := c.Number("least")
			c.AtLeast("size", least)
		},
	}
}

// hygiene stands for the catalogue's own rule about waivers.
func hygiene() *policy.Rule {
	return &policy.Rule{
		ID: policy.WaiverRule, Title: "Waivers end", Severity: policy.Medium, Why: "w", Fix: "f", Sources: []string{"https://example.com"},
		Check: func(*policy.Case) {},
	}
}

const things = `
resources:
  small: {type: "test:index:T", provider: none, properties: {size: 1}}
  large: {type: "test:index:T", provider: none, properties: {size: 5}}
`

func evaluated(t *testing.T, config, today string, rules ...*policy.Rule) *policy.Report {
	t.Helper()
	parsed, err := policy.ParseConfig([]byte(config), rules)
	require.NoError(t, err)
	return policy.Evaluate(graphOf(t, fixture(t, things)), policy.Evaluation{Rules: rules, Config: parsed, Today: day(today)})
}

func TestAConfigurationThatSaysNothingOrTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"sized": null}`, `{"sized": ""}`, `{"pack-settings": null}`, `{"sized": "advisory"} {}`, `{"sized": []}`, `null`} {
		_, err := policy.ParseConfig([]byte(text), []*policy.Rule{sized()})
		require.Error(t, err, text)
	}
}

func TestOnlyStarsMeanMoreThanThemselvesInAWaiver(t *testing.T) {
	t.Parallel()
	for resource, waived := range map[string]int{"small": 1, "*": 1, "s*l*": 1, "*::small": 1, "sm*x": 0, "?mall": 0, "[s]mall": 0, "urn:*small": 1, "small*small": 0} {
		config := `{"pack-settings": {"waivers": [{"rule": "sized", "resource": "` + resource + `", "owner": "platform", "reason": "moving", "expires": "2026-12-01"}]}}`
		require.Equal(t, waived, evaluated(t, config, "2026-11-01", sized()).Counts["sized"].Waived, resource)
	}
}

func TestAConfigurationIsRefusedWithEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := policy.ParseConfig([]byte(`{
		"szied": "mandatory",
		"sized": {"enforcementLevel": "strict", "least": 12, "most": 4, "mode": "c"},
		"pack-settings": {"waivers": [{"rule": "sized", "resource": "*", "owner": "platform", "expires": "soon"}, 5]}
	}`), []*policy.Rule{sized()})
	require.Error(t, err)
	for _, part := range []string{
		"szied: there is no such rule", "did you mean sized", `enforcementLevel: got "strict", want disabled, advisory or mandatory`,
		"least: got 12, want a number from 1 to 9", "most: there is no such setting; want one of least, mode", `mode: got "c", want one of a, b`,
		"waivers[0]", "reason: got null, want a text", `expires: got "soon", want a day`, "waivers[1]: got 5",
	} {
		require.ErrorContains(t, err, part)
	}
	for _, text := range []string{"", "[]", `{"sized": "mandatory", "sized": "disabled"}`, `{"sized": 4}`, `{"sized": `} {
		_, err := policy.ParseConfig([]byte(text), []*policy.Rule{sized()})
		require.Error(t, err, text)
	}
}

func TestLevelsComeFromTheRuleThenFromAllThenFromTheEntry(t *testing.T) {
	t.Parallel()
	level := func(config string) policy.Level {
		report := evaluated(t, config, "2026-11-01", sized())
		if len(report.Findings) == 0 {
			return policy.Disabled
		}
		return report.Findings[0].Level
	}
	require.Equal(t, policy.Mandatory, level(`{}`))
	require.Equal(t, policy.Advisory, level(`{"all": "advisory"}`))
	require.Equal(t, policy.Mandatory, level(`{"all": "advisory", "sized": "mandatory"}`))
	require.Equal(t, policy.Disabled, level(`{"sized": "disabled"}`))
	require.Equal(t, policy.Mandatory, level(`{"sized": {"least": 2}}`), "settings alone leave the level")
}

func TestSettingsReachTheRule(t *testing.T) {
	t.Parallel()
	require.Len(t, evaluated(t, `{}`, "2026-11-01", sized()).Findings, 1)
	require.Len(t, evaluated(t, `{"sized": {"least": 9}}`, "2026-11-01", sized()).Findings, 2)
	require.Empty(t, evaluated(t, `{"sized": {"least": 1}}`, "2026-11-01", sized()).Findings)
}

func waiving(resource, expires string) string {
	return `{"pack-settings": {"waivers": [{"rule": "sized", "resource": "` + resource + `", "owner": "platform", "reason": "moving", "expires": "` + expires + `"}]}}`
}

func TestAWaiverHoldsUntilItsDayAndIsAViolationAfterIt(t *testing.T) {
	t.Parallel()
	config := waiving("small", "2026-12-01")
	held := evaluated(t, config, "2026-12-01", sized(), hygiene())
	require.Len(t, held.Of(policy.Waived), 1)
	require.Equal(t, "platform", held.Findings[0].Waiver.Owner)
	require.False(t, held.Stops())
	ended := evaluated(t, config, "2026-12-02", sized(), hygiene())
	require.Empty(t, ended.Of(policy.Waived))
	require.Len(t, ended.Of(policy.Violation), 2, "the finding itself, and the waiver")
	require.True(t, ended.Stops())
}

func TestAWaiverFollowsAResourceThatIsRenamedAndCountsItOnce(t *testing.T) {
	t.Parallel()
	twice := sized()
	twice.Check = func(c *policy.Case) {
		c.AtLeast("size", 3)
		c.AtLeast("weight", 3)
	}
	config, err := policy.ParseConfig([]byte(waiving("former", "2026-12-01")), []*policy.Rule{twice, hygiene()})
	require.NoError(t, err)
	renamed := policy.Resource{
		URN: "urn:pulumi:prod::p::test:index:T::latter", Type: "test:index:T", Name: "latter", Aliases: []string{"urn:pulumi:prod::p::test:index:T::former"},
	}
	report := policy.Evaluate(policy.NewGraph(policy.Stack{Name: "prod"}, []policy.Resource{renamed}),
		policy.Evaluation{Rules: []*policy.Rule{twice, hygiene()}, Config: config, Today: day("2026-11-01")})
	require.Len(t, report.Of(policy.Waived), 2)
	require.False(t, report.Stops())
	require.Equal(t, policy.Count{Waived: 1}, *report.Counts["sized"], "verdicts are counted by resource")
}

func TestAWaiverReachesAtMostNinetyDaysAhead(t *testing.T) {
	t.Parallel()
	require.Len(t, evaluated(t, waiving("small", "2027-01-30"), "2026-11-01", sized(), hygiene()).Of(policy.Waived), 1)
	far := evaluated(t, waiving("small", "2027-01-31"), "2026-11-01", sized(), hygiene())
	require.Empty(t, far.Of(policy.Waived))
	require.Len(t, far.Of(policy.Violation), 2)
}

func TestAWaiverThatAcceptsNothingIsAViolation(t *testing.T) {
	t.Parallel()
	report := evaluated(t, waiving("large", "2026-12-01"), "2026-11-01", sized(), hygiene())
	require.Equal(t, 1, report.Counts[policy.WaiverRule].Violation)
	require.Len(t, report.Of(policy.Violation), 2)
}

func TestAWaiverForAnotherStackOfTheSameConfigurationIsNoFault(t *testing.T) {
	t.Parallel()
	for resource, faults := range map[string]int{"urn:pulumi:live::*::large": 0, "urn:pulumi:*::large": 1} {
		report := evaluated(t, waiving(resource, "2026-12-01"), "2026-11-01", sized(), hygiene())
		require.Equal(t, faults, report.Counts[policy.WaiverRule].Violation, resource)
	}
	ended := evaluated(t, waiving("urn:pulumi:live::*::large", "2026-10-31"), "2026-11-01", sized(), hygiene())
	require.Equal(t, 1, ended.Counts[policy.WaiverRule].Violation, "it ends everywhere")
}

func TestAWaiverMayWaitForWhatIsNotKnownYetOrNotJudgedHere(t *testing.T) {
	t.Parallel()
	skipping, guessing := sized(), sized()
	skipping.Check = func(c *policy.Case) { c.Skip("no plan is known") }
	guessing.Check = func(c *policy.Case) { c.Unclear(c.Get("size")) }
	for name, rule := range map[string]*policy.Rule{"skipping": skipping, "guessing": guessing} {
		report := evaluated(t, waiving("*", "2026-12-01"), "2026-11-01", rule, hygiene())
		require.Zero(t, report.Counts[policy.WaiverRule].Violation, name)
	}
}

func TestTheEnvironmentIsWhatTheStackSaysAndTheStrictestClaimWins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stack policy.Stack
		want  string
	}{
		{policy.Stack{Name: "prod"}, "prod"},
		{policy.Stack{Name: "shop-staging-eu"}, "stg"},
		{policy.Stack{Name: "blue", Tags: map[string]string{"environment": "development"}}, "dev"},
		{policy.Stack{Name: "blue", Config: map[string]string{"shop:env": "prd"}}, "prod"},
		{policy.Stack{Name: "dev", Config: map[string]string{"shop:environment": "prod"}}, "prod"},
		{policy.Stack{Name: "reproduction"}, ""},
	} {
		got, _ := policy.EnvironmentOf(c.stack)
		require.Equal(t, c.want, got, "%v", c.stack)
	}
	require.True(t, policy.Stack{}.Prod(), "a stack of which nothing is known is judged as production")
}
