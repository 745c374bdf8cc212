package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// wildcard compares a text with a pattern in which * stands for any text.
func wildcard(pattern, text string) bool { return iam.Match(pattern, text, false) }

// sameRegionAs wants an action to be called in the alarm's own region.
func sameRegionAs(c *policy.Case, action policy.Value) {
	own := c.Region()
	var there string
	topic := action.Ref(snsTopic).Node()
	switch {
	case topic != nil:
		there = topic.Region()
	case action.Unknown():
		c.Unclear(action)
		return
	default:
		there = partsOfARN(action.Text()).region
	}
	if own == "" || there == "" || own == there {
		return
	}
	c.Fail(action, "a topic in "+own, policy.Saw(topic, "", "the topic is in "+there))
}

// publisher is an AWS service that publishes to a topic for a resource of the program.
type publisher struct {
	service string
	source  *policy.Node
}

// publishersTo are the services that publish to each topic or send to each queue.
type publishersTo map[*policy.Node][]publisher

// add keeps one publisher of each service.
func (t publishersTo) add(targets []*policy.Node, p publisher) {
	for _, target := range targets {
		if !slices.ContainsFunc(t[target], func(has publisher) bool { return has.service == p.service }) {
			t[target] = append(t[target], p)
		}
	}
}

// note adds a publisher to every topic that a value names.
func (t publishersTo) note(v policy.Value, p publisher) {
	for _, item := range v.Items() {
		for _, topic := range item.Ref(snsTopic).Nodes {
			if !slices.Contains(t[topic], p) {
				t[topic] = append(t[topic], p)
			}
		}
	}
}

var publishersKey byte

// publishers are the services that publish to each topic, for each of the resources that they publish for.
func publishers(g *policy.Graph) publishersTo {
	return policy.Memo(g, &publishersKey, func(g *policy.Graph) publishersTo {
		found := publishersTo{}
		for _, alarm := range g.ByType(metricAlarmType, compositeAlarmType) {
			for _, property := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
				found.note(alarm.Get(property), publisher{"cloudwatch.amazonaws.com", alarm})
			}
		}
		for _, target := range g.ByType(eventTarget) {
			source := target.Get("rule").Ref(eventRule).Node() // The rule is what EventBridge says it acts for.
			if source == nil {
				source = &policy.Node{}
			}
			found.note(target.Get("arn"), publisher{"events.amazonaws.com", source})
		}
		return found
	})
}

// refused is what a judgement says of the publishers of a topic: for each service the first that is not admitted, or of
// which nobody knows.
func refused(list []publisher, judge func(publisher) answer) map[string]publisher {
	worst, found := map[string]answer{}, map[string]publisher{}
	for _, p := range list {
		met := judge(p)
		if known, been := worst[p.service]; !been || met < known {
			worst[p.service], found[p.service] = met, p
		}
	}
	return found
}

// admits says whether a document lets the publisher act on what has the ARN, for every action. withoutSource are services
// whose requests do not say for which resource they act.
func admits(document policy.Value, p publisher, arn string, sourceless bool, actions ...string) answer {
	statements, unknown := iam.Statements(document)
	best := yes
	for _, action := range actions {
		best = min(best, admitsOne(statements, p, arn, action, sourceless))
	}
	if best == no && len(unknown) > 0 {
		return maybe
	}
	return best
}

func admitsOne(statements []iam.Statement, p publisher, arn, action string, sourceless bool) answer {
	best := no
	for _, s := range statements {
		if !s.Service(p.service) || !s.Does(action) || arn != "" && !s.On(arn) {
			continue
		}
		met := meets(s, p, sourceless)
		if !s.Allow && met == yes && len(s.Conditions) == 0 {
			return no
		}
		if s.Allow {
			best = max(best, met)
		}
	}
	return best
}

// callersOnly are keys that requests of a user or a role have, and requests of a service by itself do not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var callersOnly = []string{
	"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:username",
}

// meets evaluates the conditions on the source of a request; conditions on anything else are taken as met.
func meets(s iam.Statement, p publisher, sourceless bool) answer {
	met := yes
	for _, c := range s.Conditions {
		var actual string
		switch strings.ToLower(c.Key) {
		case "aws:sourcearn":
			actual = p.source.Get("arn").Text()
		case "aws:sourceaccount":
			actual = p.source.Account()
		case "aws:sourceowner":
			if p.service != "cloudwatch.amazonaws.com" {
				return no // Of the services here only alarms answer to it.
			}
			actual = p.source.Account()
		default:
			if slices.Contains(callersOnly, strings.ToLower(c.Key)) && !strings.Contains(strings.ToLower(c.Operator), "not") && !strings.HasSuffix(strings.ToLower(c.Operator), "ifexists") {
				return no
			}
			continue
		}
		met = min(met, fits(c, actual, sourceless))
	}
	return met
}

func fits(c iam.Condition, actual string, sourceless bool) answer {
	if strings.Contains(strings.ToLower(c.Operator), "not") {
		return maybe
	}
	if sourceless {
		return no // The request does not carry the key, so the condition never holds.
	}
	if actual == "" {
		return maybe
	}
	for _, value := range c.Values {
		if wildcard(value, actual) {
			return yes
		}
	}
	return no
}

func topicAdmitsPublisher() *policy.Rule {
	return &policy.Rule{
		ID: "topic-admits-publisher", Title: "Topics let the services publish that notify through them", Severity: policy.Critical,
		Types: []string{snsTopic}, Anchors: "nist:SI-4",
		Why: "AWS takes an alarm or an event target whose topic refuses it; the refusal shows only when the first message is lost",
		Fix: `allow sns:Publish to the service in the topic's policy: {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}`,
		Sources: []string{
			"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
			"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
		},
		Check: func(c *policy.Case) {
			services := publishers(c.Graph())[c.Node]
			if len(services) == 0 {
				c.Skip("no alarm and no event rule notifies through the topic")
				return
			}
			document := resourcePolicies(c.Graph())[c.Node]
			worst := refused(services, func(p publisher) answer { return admits(document, p, c.Get("arn").Text(), false, "sns:Publish") })
			for _, service := range slices.Sorted(maps.Keys(worst)) {
				judgePublisher(c, document, worst[service])
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops}}
  admit:
    type: aws:sns/topicPolicy:TopicPolicy
    properties:
      arn: ${topic.arn}
      policy: '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}, "Action": "sns:Publish", "Resource": "arn:aws:sns:*:111111111111:*", "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}, "ArnLike": {"aws:SourceArn": ["arn:aws:events:*:111111111111:rule/failed", "arn:aws:cloudwatch:*:111111111111:alarm:*"]}}}]}'
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: cpu, arn: "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:cpu", alarmActions: ["${topic.arn}"]}
  disk:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: disk, arn: "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:disk", alarmActions: ["${topic.arn}"]}
  failed: {type: "aws:cloudwatch/eventRule:EventRule", properties: {name: failed, arn: "arn:aws:events:eu-central-1:111111111111:rule/failed"}}
  notice:
    type: aws:cloudwatch/eventTarget:EventTarget
    properties: {rule: "${failed.name}", arn: "${topic.arn}"}
`,
			Bad: []string{
				"admit.policy.Statement[0].Principal.Service=events.amazonaws.com", "admit.policy.Statement[0].Principal.Service=cloudwatch.amazonaws.com",
				"admit.policy.Statement[0].Action=sns:Subscribe", "admit.policy.Statement[0].Effect=Deny",
				"admit.policy.Statement[0].Condition.StringEquals.aws:SourceAccount=222222222222",
				`admit.policy.Statement[0].Condition={"StringEquals": {"AWS:SourceOwner": "111111111111"}}`, "admit!",
				`admit.policy.Statement[0].Condition={"StringEquals": {"aws:PrincipalOrgID": "o-123"}}`,
				`admit.policy.Statement[0].Condition={"ArnLike": {"aws:SourceArn": ["arn:aws:events:*:111111111111:rule/failed", "arn:aws:cloudwatch:*:111111111111:alarm:cpu"]}}`,
				`admit.policy.Statement[0].Condition={"ArnLike": {"aws:SourceArn": ["arn:aws:events:*:111111111111:rule/other", "arn:aws:cloudwatch:*:111111111111:alarm:*"]}}`,
			},
			Guard: "admit.policy", Absent: policy.Violation, Exempt: "alarm! ; disk! ; notice!",
			Also: []string{"alarm-reaches-a-person", "sns-tls-publish"},
		},
	}
}

// judgePublisher holds one publisher against the policy in force. A topic without one has the default that lets its own
// account's alarms in, and no other service.
func judgePublisher(c *policy.Case, document policy.Value, p publisher) {
	if document.Absent() && document.Node() == c.Node {
		if p.service != "cloudwatch.amazonaws.com" {
			c.Broken("policy", "the topic has the default policy", "a policy that lets "+p.service+" publish", policy.Saw(p.source, "", "notifies through the topic"))
		}
		return
	}
	switch admits(document, p, c.Get("arn").Text(), false, "sns:Publish") {
	case maybe:
		c.UnclearBecause("policy", "the policy of the topic has parts that are not known yet")
	case no:
		c.Broken("policy", "the policy does not let "+p.service+" publish", "sns:Publish allowed to "+p.service,
			policy.Saw(document.Node(), "policy", "the policy in force"), policy.Saw(p.source, "", "notifies through the topic"))
	}
}

func topicKeyAdmitsPublisher() *policy.Rule {
	return &policy.Rule{
		ID: "topic-key-admits-publisher", Title: "The key of an encrypted topic lets the services in that notify through it", Severity: policy.Critical,
		Types: []string{snsTopic}, Anchors: "nist:SI-4,SC-12",
		Why: "a service that cannot use the topic's key cannot publish, and neither the alarm nor the event rule says so when it is made",
		Fix: `allow kms:Decrypt and kms:GenerateDataKey* to the service in the policy of a key of your own: {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}; for events.amazonaws.com without a condition on the source`,
		Sources: []string{
			"https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
			"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html",
		},
		Check: func(c *policy.Case) {
			services := publishers(c.Graph())[c.Node]
			name := c.Get("kmsMasterKeyId")
			if len(services) == 0 || name.Empty() {
				c.Skip("no service publishes, or the topic is not encrypted with a key")
				return
			}
			if strings.HasSuffix(name.Text(), "alias/aws/sns") {
				c.Fail(name, "a key of your own", policy.Because("the policy of the key that AWS manages for SNS admits no other service and cannot be changed"),
					policy.Saw(services[0].source, "", "notifies through the topic"))
				return
			}
			key := keyNamed(name)
			if key == nil {
				c.UnclearBecause(name.Path(), "the key is not of this program")
				return
			}
			c.Require(key.Get("isEnabled"), "an enabled key", func(v policy.Value) bool { return v.Absent() || v.True() }, policy.Saw(key, "isEnabled", "the key of the topic"))
			worst := refused(services, func(p publisher) answer { return keyAdmits(key, p) })
			for _, service := range slices.Sorted(maps.Keys(worst)) {
				judgeKey(c, key, worst[service])
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      isEnabled: true
      policy: '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}, {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}]}'
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops, kmsMasterKeyId: "${key.arn}"}}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: cpu, alarmActions: ["${topic.arn}"]}
  notice:
    type: aws:cloudwatch/eventTarget:EventTarget
    properties: {rule: failed, arn: "${topic.arn}"}
`,
			Bad: []string{
				"key.policy.Statement[1].Principal.Service=lambda.amazonaws.com", "key.policy.Statement[0].Principal.Service=lambda.amazonaws.com",
				"key.policy.Statement[1].Action=kms:Decrypt", `key.policy.Statement[0].Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}}`,
				"key.policy.Statement[1].Condition.StringEquals.aws:SourceAccount=222222222222", "key.isEnabled=false", "key.policy!", "topic.kmsMasterKeyId=alias/aws/sns",
			},
			Guard: "key.policy", Absent: policy.Violation, Exempt: "topic.kmsMasterKeyId!",
			Also: []string{"kms-enabled", "kms-policy-defined", "sns-own-key", "dead-letter-deliverable", "kms-reach-service"},
		},
	}
}

func judgeKey(c *policy.Case, key *policy.Node, p publisher) {
	saw := []policy.Detail{policy.Saw(key, "policy", "the policy of the topic's key"), policy.Saw(p.source, "", "notifies through the topic")}
	switch keyAdmits(key, p) {
	case maybe:
		c.UnclearBecause("kmsMasterKeyId", "the policy of the topic's key has parts that are not known yet")
	case no:
		c.Broken("kmsMasterKeyId", "the key's policy does not let "+p.service+" use it", "kms:Decrypt and kms:GenerateDataKey* allowed to "+p.service, saw...)
	}
}
