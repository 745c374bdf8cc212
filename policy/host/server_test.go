package host_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/host"
)

const thing = "test:index:T"

// door must be closed before it is made, sized is judged with the stack, and falls is a rule with a fault.
func door() *policy.Rule {
	return &policy.Rule{
		ID: "door-closed", Title: "Doors are closed", Severity: policy.Critical, Types: []string{"test:index:Door"}, Blocking: true,
		Why: "strangers", Fix: "close it", Sources: []string{"https://example.com"}, Check: func(c *policy.Case) { c.False("open") },
	}
}

func sized() *policy.Rule {
	return &policy.Rule{
		ID: "sized", Title: "Things have a size", Severity: policy.High, Types: []string{thing}, ProdOnly: true, Why: "w", Fix: "f",
		Sources: []string{"https://example.com"}, Anchors: "nag:RDS2 fsbp:RDS.3",
		Settings: []policy.Setting{{Name: "least", Kind: policy.KindNumber, Default: 3, Help: "the least size"}},
		Check: func(c *policy.Case) {
			least, _ := c.Number("least")
			c.AtLeast("size", least)
		},
	}
}

func falls() *policy.Rule {
	return &policy.Rule{
		ID: "falls-over", Title: "A rule with a fault", Severity: policy.Low, Types: []string{thing}, Advisory: true, Why: "w", Fix: "f",
		Sources: []string{"https://example.com"}, Check: func(c *policy.Case) { _ = c.Parent().URN },
	}
}

func serving(rules ...*policy.Rule) pulumirpc.AnalyzerServer {
	pack := host.Pack{Name: "example", Version: "1.2.3", Description: "An example.", Rules: rules, Docs: "https://example.com/docs"}
	return host.NewServer(pack, func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) })
}

func properties(t *testing.T, values map[string]any) *structpb.Struct {
	t.Helper()
	made, err := structpb.NewStruct(values)
	require.NoError(t, err)
	return made
}

func resource(t *testing.T, typ, name string, values map[string]any) *pulumirpc.AnalyzerResource {
	t.Helper()
	return &pulumirpc.AnalyzerResource{Type: typ, Name: name, Urn: "urn:pulumi:prod::p::" + typ + "::" + name, Properties: properties(t, values)}
}

func stack(t *testing.T, s pulumirpc.AnalyzerServer, resources ...*pulumirpc.AnalyzerResource) *pulumirpc.AnalyzeResponse {
	t.Helper()
	out, err := s.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{Resources: resources})
	require.NoError(t, err)
	return out
}

func TestTheCatalogueIsDescribedBeforeAnythingIsConfigured(t *testing.T) {
	t.Parallel()
	s := serving(door(), sized())
	info, err := s.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	require.True(t, info.GetSupportsConfig())
	require.Equal(t, "1.2.3", info.GetVersion())
	require.Len(t, info.GetPolicies(), 3, "two rules and the settings of the pack")
	blocking, whole := info.GetPolicies()[0], info.GetPolicies()[1]
	require.Equal(t, pulumirpc.PolicyType_POLICY_TYPE_RESOURCE, blocking.GetPolicyType())
	require.Equal(t, pulumirpc.PolicyType_POLICY_TYPE_STACK, whole.GetPolicyType())
	require.Equal(t, pulumirpc.EnforcementLevel_MANDATORY, whole.GetEnforcementLevel(), "an unknown stack is production")
	require.Equal(t, pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH, whole.GetSeverity())
	require.Equal(t, []string{"nag:RDS2", "fsbp:RDS.3"}, whole.GetTags())
	require.Equal(t, "https://example.com/docs/sized.md", whole.GetUrl())
	require.Equal(t, "number", whole.GetConfigSchema().GetProperties().AsMap()["least"].(map[string]any)["type"])
	plugin, err := s.GetPluginInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	require.Equal(t, "1.2.3", plugin.GetVersion())
}

func TestLevelsFollowTheEnvironmentThatTheStackNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]pulumirpc.EnforcementLevel{
		"dev": pulumirpc.EnforcementLevel_ADVISORY, "prod": pulumirpc.EnforcementLevel_MANDATORY,
	} {
		s := serving(sized())
		_, err := s.ConfigureStack(t.Context(), &pulumirpc.AnalyzerStackConfigureRequest{Stack: name, Project: "p", DryRun: true})
		require.NoError(t, err)
		info, err := s.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
		require.NoError(t, err)
		require.Equal(t, want, info.GetPolicies()[0].GetEnforcementLevel(), name)
		out := stack(t, s, resource(t, thing, "small", map[string]any{"size": 1}))
		require.Len(t, out.GetDiagnostics(), 1)
		require.Equal(t, want, out.GetDiagnostics()[0].GetEnforcementLevel(), name)
	}
}

func TestWithoutConfigureStackTheStackIsReadFromTheResources(t *testing.T) {
	t.Parallel()
	small := resource(t, thing, "small", map[string]any{"size": 1})
	small.Urn = strings.Replace(small.GetUrn(), ":prod::", ":dev::", 1)
	out := stack(t, serving(sized()), small)
	require.Equal(t, pulumirpc.EnforcementLevel_ADVISORY, out.GetDiagnostics()[0].GetEnforcementLevel())
}

// pulumi policy analyze never says which stack it judges, and sends the announced levels back.
func TestLevelsThatTheEngineOnlyRepeatsAreTheCataloguesOwn(t *testing.T) {
	t.Parallel()
	s := serving(sized())
	info, err := s.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	require.NoError(t, configure(t, s, map[string]*pulumirpc.PolicyConfig{"sized": {EnforcementLevel: info.GetPolicies()[0].GetEnforcementLevel()}}))
	small := resource(t, thing, "small", map[string]any{"size": 1})
	small.Urn = strings.Replace(small.GetUrn(), ":prod::", ":dev::", 1)
	require.Equal(t, pulumirpc.EnforcementLevel_ADVISORY, stack(t, s, small).GetDiagnostics()[0].GetEnforcementLevel())
}

func configure(t *testing.T, s pulumirpc.AnalyzerServer, entries map[string]*pulumirpc.PolicyConfig) error {
	t.Helper()
	_, err := s.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: entries})
	return err
}

func TestADisabledRuleSaysNothingAndIsNeverSentAsADiagnostic(t *testing.T) {
	t.Parallel()
	s := serving(sized(), door())
	require.NoError(t, configure(t, s, map[string]*pulumirpc.PolicyConfig{
		"sized": {EnforcementLevel: pulumirpc.EnforcementLevel_DISABLED}, "door-closed": {EnforcementLevel: pulumirpc.EnforcementLevel_DISABLED},
	}))
	require.Empty(t, stack(t, s, resource(t, thing, "small", map[string]any{"size": 1})).GetDiagnostics())
	out, err := s.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: "test:index:Door", Urn: "urn:pulumi:prod::p::test:index:Door::d", Properties: properties(t, map[string]any{"open": true})})
	require.NoError(t, err)
	require.Empty(t, out.GetDiagnostics())
}

func TestAConfigurationForWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	s := serving(sized())
	err := configure(t, s, map[string]*pulumirpc.PolicyConfig{
		"unheard-of": {}, "sized": {Properties: properties(t, map[string]any{"least": "many", "most": 1})},
	})
	for _, part := range []string{"unheard-of: there is no such rule", `least: got "many"`, "most: there is no such setting"} {
		require.ErrorContains(t, err, part)
	}
}

func TestSettingsArriveAndTheDefaultHoldsWithoutThem(t *testing.T) {
	t.Parallel()
	s := serving(sized())
	small := resource(t, thing, "small", map[string]any{"size": 2})
	require.Len(t, stack(t, s, small).GetDiagnostics(), 1, "before Configure the defaults hold")
	require.NoError(t, configure(t, s, map[string]*pulumirpc.PolicyConfig{
		"sized": {EnforcementLevel: pulumirpc.EnforcementLevel_REMEDIATE, Properties: properties(t, map[string]any{"least": 1})},
	}))
	require.Empty(t, stack(t, s, small).GetDiagnostics())
	large := resource(t, thing, "none", nil)
	require.Equal(t, pulumirpc.EnforcementLevel_MANDATORY, stack(t, s, large).GetDiagnostics()[0].GetEnforcementLevel(), "what cannot be mended is mandatory")
}

func TestABlockingRuleStopsAResourceAndIsNotRepeatedForTheStack(t *testing.T) {
	t.Parallel()
	s := serving(door(), sized())
	open := properties(t, map[string]any{"open": true})
	out, err := s.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: "test:index:Door", Urn: "urn:pulumi:prod::p::test:index:Door::d", Name: "d", Properties: open})
	require.NoError(t, err)
	require.Len(t, out.GetDiagnostics(), 1)
	require.Equal(t, "door-closed", out.GetDiagnostics()[0].GetPolicyName())
	require.Empty(t, stack(t, s, resource(t, "test:index:Door", "d", map[string]any{"open": true})).GetDiagnostics())
	none, err := s.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: thing, Properties: open})
	require.NoError(t, err)
	require.Empty(t, none.GetDiagnostics())
	require.Empty(t, none.GetNotApplicable(), "a type without a blocking rule costs nothing")
}

func TestARuleWithAFaultBecomesADiagnosticAndThePackLives(t *testing.T) {
	t.Parallel()
	out := stack(t, serving(falls(), sized()), resource(t, thing, "small", map[string]any{"size": 1}))
	require.Len(t, out.GetDiagnostics(), 2)
	require.Contains(t, out.GetDiagnostics()[0].GetMessage(), "the rule failed")
}

func TestTheOrderOfTheEngineDoesNotShow(t *testing.T) {
	t.Parallel()
	var resources []*pulumirpc.AnalyzerResource
	for _, name := range []string{"c", "a", "e", "b", "d"} {
		resources = append(resources, resource(t, thing, name, map[string]any{"size": 1}))
	}
	s := serving(sized(), falls())
	want := stack(t, s, resources...)
	slices.Reverse(resources)
	require.Equal(t, want.String(), stack(t, s, resources...).String())
}

func TestARuleWithoutResourcesIsNotCountedAsPassed(t *testing.T) {
	t.Parallel()
	out := stack(t, serving(sized(), door()), resource(t, thing, "large", map[string]any{"size": 9}))
	var idle []string
	for _, n := range out.GetNotApplicable() {
		idle = append(idle, n.GetPolicyName())
		require.NotEmpty(t, n.GetReason())
	}
	require.Equal(t, []string{"door-closed", policy.SettingsName}, idle)
}

func TestUnknownsAreToldOnceForEachRule(t *testing.T) {
	t.Parallel()
	const later = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	out := stack(t, serving(sized()), resource(t, thing, "a", map[string]any{"size": later}), resource(t, thing, "b", map[string]any{"size": later}))
	require.Len(t, out.GetDiagnostics(), 1)
	require.Equal(t, pulumirpc.EnforcementLevel_ADVISORY, out.GetDiagnostics()[0].GetEnforcementLevel())
	require.Contains(t, out.GetDiagnostics()[0].GetMessage(), "and 1 more")
}

func TestFindingsNameAResourceOfTheStack(t *testing.T) {
	t.Parallel()
	whole := &policy.Rule{
		ID: "whole", Title: "The whole", Severity: policy.Low, Why: "w", Fix: "f", Sources: []string{"s"},
		Check: func(c *policy.Case) { c.Broken("", "a", "b") },
	}
	root := resource(t, policy.StackType, "p-prod", nil)
	out := stack(t, serving(whole), root, resource(t, thing, "a", nil))
	require.Equal(t, root.GetUrn(), out.GetDiagnostics()[0].GetUrn())
}

func TestAProviderBesideItsResourcesIsPartOfTheGraph(t *testing.T) {
	t.Parallel()
	near := &policy.Rule{
		ID: "near", Title: "Near", Severity: policy.Low, Types: []string{thing}, Why: "w", Fix: "f", Sources: []string{"s"},
		Check: func(c *policy.Case) {
			if c.Region() != "eu-central-1" || c.Account() != "111111111111" {
				c.Broken("", "region "+c.Region()+" account "+c.Account(), "those of its provider")
			}
		},
	}
	r := resource(t, thing, "a", nil)
	r.Provider = &pulumirpc.AnalyzerProviderResource{
		Type: "pulumi:providers:aws", Name: "default_6_83_2", Urn: "urn:pulumi:prod::p::pulumi:providers:aws::default_6_83_2",
		Properties: properties(t, map[string]any{"region": "eu-central-1", "allowedAccountIds": `["111111111111"]`}),
	}
	require.Empty(t, stack(t, serving(near), r).GetDiagnostics())
}

// The engine's call for the whole stack has outputs alone, and a component's promise is in its inputs.
func TestWhatAComponentPromisesIsKeptUntilTheStackIsJudged(t *testing.T) {
	t.Parallel()
	const component = "example:index:Shop"
	kept := &policy.Rule{
		ID: "kept", Title: "Kept", Severity: policy.Low, Types: []string{component}, Why: "w", Fix: "f", Sources: []string{"s"},
		Check: func(c *policy.Case) {
			c.AtLeast("peak", 40)
			c.OneOf("url", "https://example.com")
		},
	}
	s := serving(kept)
	r := resource(t, component, "shop", map[string]any{"url": "https://example.com"})
	_, err := s.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: component, Urn: r.GetUrn(), Properties: properties(t, map[string]any{"peak": 60, "url": "asked for"})})
	require.NoError(t, err)
	require.Empty(t, stack(t, s, r).GetDiagnostics())
}

func TestRemediateLeavesTheProgramAlone(t *testing.T) {
	t.Parallel()
	out, err := serving(sized()).Remediate(t.Context(), &pulumirpc.AnalyzeRequest{Type: thing, Properties: properties(t, map[string]any{"__defaults": []any{}})})
	require.NoError(t, err)
	require.Empty(t, out.GetRemediations())
}

func TestAReportNeverHasASecretOfTheConfiguration(t *testing.T) {
	t.Parallel()
	careless := &policy.Rule{
		ID: "careless", Title: "t", Severity: policy.Low, Types: []string{thing}, Why: "w", Fix: "f", Sources: []string{"s"},
		Check: func(c *policy.Case) { c.Broken("p", c.Get("p").Text(), "x") },
	}
	s := serving(careless)
	_, err := s.ConfigureStack(t.Context(), &pulumirpc.AnalyzerStackConfigureRequest{
		Stack: "prod", Config: map[string]string{"p:token": "correct horse battery"}, ConfigSecretKeys: []string{"p:token"},
	})
	require.NoError(t, err)
	out := stack(t, s, resource(t, thing, "a", map[string]any{"p": "Bearer correct horse battery"}))
	require.Contains(t, out.GetDiagnostics()[0].GetMessage(), "Bearer [secret]")
}
