package rules

import (
	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// policyHolders say, for each type of resource that has a policy of its own, which resource carries it and where it names
// what it is of.
var policyHolders = []struct{ holder, target, of string }{
	{snsTopicPolicy, "arn", snsTopic},
	{sqsQueuePolicy, "queueUrl", sqsQueue},
}

var resourcePoliciesKey byte

// resourcePolicies are the policies of topics and queues. A policy resource replaces what the topic or queue says itself,
// which in a state file is the policy that AWS gave it first.
func resourcePolicies(g *policy.Graph) map[*policy.Node]policy.Value {
	return policy.Memo(g, &resourcePoliciesKey, func(g *policy.Graph) map[*policy.Node]policy.Value {
		documents := map[*policy.Node]policy.Value{}
		for _, kind := range policyHolders {
			for _, n := range g.ByType(kind.of) {
				documents[n] = n.Get("policy")
			}
			for _, n := range g.ByType(kind.holder) {
				if target := n.Get(kind.target).Ref(kind.of).Node(); target != nil {
					documents[target] = n.Get("policy")
				}
			}
		}
		return documents
	})
}

// checkDeniesPlain wants the policy of a topic or queue to refuse the actions to whoever comes without TLS.
func checkDeniesPlain(c *policy.Case, actions ...string) {
	document := resourcePolicies(c.Graph())[c.Node]
	statements, unknown := iam.Statements(document)
	for _, action := range actions {
		if deniesPlain(statements, action) {
			continue
		}
		if len(unknown) > 0 {
			c.Unclear(unknown...)
			return
		}
		c.Broken("policy", "no statement denies "+action+" without TLS",
			"a statement that denies it to everybody when aws:SecureTransport is false", policy.Saw(document.Node(), document.Path(), "is the policy"))
	}
}

func deniesPlain(statements []iam.Statement, action string) bool {
	for _, s := range statements {
		if !s.Allow && s.Anyone() && s.Does(action) && len(s.Conditions) == 1 && s.Requires("Bool", "aws:SecureTransport", "false") {
			return true
		}
	}
	return false
}

// checkNotPublic wants no statement of the resource's own policy to let everybody in.
func checkNotPublic(c *policy.Case) {
	statements, unknown := iam.Statements(c.Get("policy"))
	c.Unclear(unknown...)
	for _, s := range statements {
		if s.Public() {
			c.Broken(s.Value.Path(), "everybody is let in, and no condition narrows it", "named principals, or a condition that narrows it")
		}
	}
}

// subscriptionsOf are the subscriptions of each topic.
func subscriptionsOf(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return referringBy(g, snsSubscription, "topic", snsTopic).to
}

// feedbackOf is the property that makes a topic log what it cannot deliver by a protocol; mail and messages have none.
// https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
var feedbackOf = map[string]string{
	"http": "httpFailureFeedbackRoleArn", "https": "httpFailureFeedbackRoleArn", "sqs": "sqsFailureFeedbackRoleArn",
	"lambda": "lambdaFailureFeedbackRoleArn", "firehose": "firehoseFailureFeedbackRoleArn", "application": "applicationFailureFeedbackRoleArn",
}

func checkDeliveryLogging(c *policy.Case) {
	judged := map[string]bool{}
	for _, s := range subscriptionsOf(c.Graph())[c.Node] {
		protocol := s.Get("protocol")
		if protocol.Unknown() {
			c.Unclear(protocol)
			continue
		}
		property := feedbackOf[protocol.Text()]
		if property == "" || judged[property] {
			continue
		}
		judged[property] = true
		c.Set(property, "a role that may write the log", policy.Saw(s, "protocol", "delivers by "+protocol.Show()))
	}
	if len(judged) == 0 {
		c.Skip("no subscription of it can be logged")
	}
}
