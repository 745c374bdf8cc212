package policies_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/report"
	"github.com/seed-11444627/holdfast/policy/rules"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// stacksToJudge are the real environments, made and planned, and the example of every rule, good and broken.
func stacksToJudge(t *testing.T) map[string]recorded {
	t.Helper()
	all := map[string]recorded{}
	for _, stack := range []string{"dev", "stg", "prod"} {
		all[stack] = environment(t, stack)
		all[stack+" preview"] = environment(t, stack, cloudsim.Preview())
	}
	for _, rule := range rules.All() {
		f, err := policytest.Parse(rule.Proof.Good)
		require.NoError(t, err)
		good, err := f.Resources()
		require.NoError(t, err)
		all[rule.ID] = recorded{stack: f.Stack, resources: good}
		broken, err := f.Edited(rule.Proof.Bad[0])
		if err == nil { // Edits of the stack itself change more than its resources.
			all[rule.ID+" broken"] = recorded{stack: f.Stack, resources: broken}
		}
	}
	return all
}

func written(t *testing.T, r recorded) string {
	t.Helper()
	var out bytes.Buffer
	judged := policy.Evaluate(r.graph(), policy.Evaluation{Rules: rules.All(), Config: settings(t), Today: policytest.Day})
	require.NoError(t, report.Write(&out, report.JSON, rules.Pack().ReportPack(), judged))
	return out.String()
}

func TestTheOrderOfResourcesChangesNothing(t *testing.T) {
	t.Parallel()
	shuffle := rand.New(rand.NewPCG(1, 2))
	for name, r := range stacksToJudge(t) {
		want := written(t, r)
		mixed := recorded{stack: r.stack, resources: slices.Clone(r.resources)}
		shuffle.Shuffle(len(mixed.resources), func(i, j int) { mixed.resources[i], mixed.resources[j] = mixed.resources[j], mixed.resources[i] })
		require.Equal(t, want, written(t, mixed), name)
	}
}

func TestAnUnrelatedResourceChangesNoVerdict(t *testing.T) {
	t.Parallel()
	properties, err := structpb.NewStruct(map[string]any{"length": 8, "keepers": map[string]any{"a": "b"}})
	require.NoError(t, err)
	for name, r := range stacksToJudge(t) {
		urn := "urn:pulumi:" + r.stack.Name + "::" + r.stack.Project + "::random:index/randomPet:RandomPet::zz-unrelated"
		more := recorded{stack: r.stack, resources: append(slices.Clone(r.resources), policy.Resource{
			URN: urn, Type: "random:index/randomPet:RandomPet", Name: "zz-unrelated", ID: "zz-unrelated", Properties: properties,
		})}
		before, after := verdictsOf(t, r, urn), verdictsOf(t, more, urn)
		require.Equal(t, before, after, name)
	}
}

// verdictsOf are the findings but for those about one resource.
func verdictsOf(t *testing.T, r recorded, without string) []string {
	t.Helper()
	judged := policy.Evaluate(r.graph(), policy.Evaluation{Rules: rules.All(), Config: settings(t), Today: policytest.Day})
	var found []string
	for _, f := range judged.Findings {
		// The service list is about the stack: that a foreign package is in it is the point.
		if f.URN != without && f.Rule != "service-allow-list" {
			found = append(found, f.Rule+" "+f.Outcome.String()+" "+f.URN+" "+f.Path)
		}
	}
	return found
}

// hidden is put in place of every text of a stack in turn of types, marked as a secret.
const hidden = "hunter2-hunter2-hunter2"

func TestNoReportHasASecret(t *testing.T) {
	t.Parallel()
	for name, r := range stacksToJudge(t) {
		secretive := recorded{stack: r.stack}
		secretive.stack.Config = map[string]string{"p:token": hidden}
		secretive.stack.SecretKeys = []string{"p:token"}
		for i, changed := range r.resources {
			changed.Properties = leaking(changed.Properties, i)
			secretive.resources = append(secretive.resources, changed)
		}
		judged := policy.Evaluate(secretive.graph(), policy.Evaluation{Rules: rules.All(), Config: settings(t), Today: policytest.Day})
		for _, format := range report.Formats() {
			var out bytes.Buffer
			require.NoError(t, report.Write(&out, format, rules.Pack().ReportPack(), judged))
			require.NotContains(t, out.String(), hidden, "%s as %s", name, format)
		}
		for _, f := range judged.Of(policy.Failed) {
			t.Errorf("%s: a secret makes %s fail: %s", name, f.Rule, f.Actual)
		}
	}
}

// leaking makes secrets of some texts, and puts the secret in the clear into others.
func leaking(properties *structpb.Struct, seed int) *structpb.Struct {
	changed := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	names := slices.Sorted(func(yield func(string) bool) {
		for key := range properties.GetFields() {
			if !yield(key) {
				return
			}
		}
	})
	for i, key := range names {
		value := properties.GetFields()[key]
		text, isText := value.GetKind().(*structpb.Value_StringValue)
		switch {
		case isText && (i+seed)%3 == 0 && !strings.HasPrefix(text.StringValue, "{"):
			value = structpb.NewStringValue(hidden)
		case (i+seed)%3 == 1:
			marked, err := structpb.NewStruct(map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": hidden})
			if err == nil {
				value = structpb.NewStructValue(marked)
			}
		}
		changed.Fields[key] = value
	}
	return changed
}
