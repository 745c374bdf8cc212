package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
)

const (
	topicType = "aws:sns/topic:Topic"
	queueType = "aws:sqs/queue:Queue"
)

const references = `
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: alerts}}
  queue: {type: "aws:sqs/queue:Queue", properties: {name: alerts}}
  other: {type: "aws:sns/topic:Topic"}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      alarmActions: ["${topic.arn}"]
      dimensions: {TopicName: alerts}
      okActions: ["${topic.arn}", "${other.arn}"]
      insufficientDataActions: ["arn:aws:sns:eu-central-1:999999999999:theirs"]
`

func graphOf(t *testing.T, f *policytest.Fixture) *policy.Graph {
	t.Helper()
	resources, err := f.Resources()
	require.NoError(t, err)
	return policy.NewGraph(f.Stack, resources)
}

func fixture(t *testing.T, text string) *policytest.Fixture {
	t.Helper()
	f, err := policytest.Parse(text)
	require.NoError(t, err)
	return f
}

func TestAReferenceIsFollowedByItsText(t *testing.T) {
	t.Parallel()
	f := fixture(t, references)
	alarm := graphOf(t, f).ByURN(f.URN("alarm"))
	r := alarm.Get("alarmActions[0]").Ref(topicType)
	require.Equal(t, policy.ByText, r.How)
	require.Equal(t, "topic", r.Node().Name)
	require.Equal(t, policy.Outside, alarm.Get("insufficientDataActions[0]").Ref(topicType).How)
	require.Equal(t, policy.Nowhere, alarm.Get("nothing").Ref(topicType).How)
}

func TestTwoResourcesWithTheSameNameAreToldApartByType(t *testing.T) {
	t.Parallel()
	f := fixture(t, references)
	alarm := graphOf(t, f).ByURN(f.URN("alarm"))
	require.Equal(t, topicType, alarm.Get("dimensions.TopicName").Ref(topicType).Node().Type)
	require.Equal(t, queueType, alarm.Get("dimensions.TopicName").Ref(queueType).Node().Type)
}

func TestInAPreviewAReferenceIsFollowedByWhatItIsComputedFrom(t *testing.T) {
	t.Parallel()
	f := fixture(t, references).Preview()
	alarm := graphOf(t, f).ByURN(f.URN("alarm"))
	require.True(t, alarm.Get("alarmActions[0]").Unknown())
	r := alarm.Get("alarmActions[0]").Ref(topicType)
	require.Equal(t, policy.ByDependency, r.How)
	require.Equal(t, "topic", r.Node().Name)
	both := alarm.Get("okActions[0]").Ref(topicType)
	require.Equal(t, policy.OneOf, both.How, "of two candidates none is picked")
	require.Nil(t, both.Node())
	nodes, complete := alarm.Get("okActions").Refs(topicType)
	require.Len(t, nodes, 2)
	require.True(t, complete, "a list of two that is computed from two topics is those two")
	require.Equal(t, policy.Unclear, alarm.Get("okActions[0]").Ref(queueType).How)
}

func TestTheRegionAndAccountAreTheProvidersNotTheConfigurations(t *testing.T) {
	t.Parallel()
	f := fixture(t, `
config: {"aws:region": us-west-2}
resources:
  edge: {type: "pulumi:providers:aws", properties: {region: us-east-1, allowedAccountIds: '["222222222222"]'}}
  home: {type: "aws:sns/topic:Topic"}
  away: {type: "aws:sns/topic:Topic", provider: edge}
`)
	g := graphOf(t, f)
	require.Equal(t, "eu-central-1", g.ByURN(f.URN("home")).Region())
	require.Equal(t, "us-east-1", g.ByURN(f.URN("away")).Region())
	require.Equal(t, "222222222222", g.ByURN(f.URN("away")).Account())
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	f := fixture(t, references)
	resources, err := f.Resources()
	require.NoError(t, err)
	forward := policy.NewGraph(f.Stack, resources).Nodes()
	backward := policy.NewGraph(f.Stack, reversed(resources)).Nodes()
	require.Len(t, backward, len(forward))
	for i := range forward {
		require.Equal(t, forward[i].URN, backward[i].URN)
	}
}

func reversed(in []policy.Resource) []policy.Resource {
	out := make([]policy.Resource, 0, len(in))
	for i := range in {
		out = append(out, in[len(in)-1-i])
	}
	return out
}

func TestParentsThatAreInACircleAreLeft(t *testing.T) {
	t.Parallel()
	f := fixture(t, `
resources:
  a: {type: "my:A", parent: c}
  b: {type: "my:B", parent: a}
  c: {type: "my:C", parent: b}
  self: {type: "my:Self", parent: self}
`)
	g := graphOf(t, f)
	depth := 0
	for _, n := range g.Nodes() {
		for at := n.Parent(); at != nil && depth < 100; at = at.Parent() {
			depth++
		}
	}
	require.Equal(t, 3, depth, "a under c, and b under a under c")
	require.Nil(t, g.ByURN(f.URN("self")).Parent())
}

func TestStatesOfBothVersionsAreRead(t *testing.T) {
	t.Parallel()
	const resource = `{"urn": "urn:pulumi:prod::p::aws:sns/topic:Topic::t", "type": "aws:sns/topic:Topic"}`
	for _, version := range []string{"3", "4"} {
		_, resources, err := policy.ReadFile([]byte(`{"version": ` + version + `, "features": ["hooks"], "deployment": {"resources": [` + resource + `]}}`))
		require.NoError(t, err)
		require.Len(t, resources, 1)
	}
	_, _, err := policy.ReadFile([]byte(`{"version": 3, "deployment": {"resources": [` + resource + `, null]}}`))
	require.ErrorContains(t, err, "resources[1] has no urn")
}
