package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// chatTypes bring a topic's messages to a chat room.
var chatTypes = []string{"aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration"}

// What SNS takes when nothing is said.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html
var _ = policy.Default(snsSubscription, map[string]any{"filterPolicyScope": "MessageAttributes", "endpointAutoConfirms": false})

func alarmReachesPerson() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-reaches-a-person", Title: "Topics of alarms reach a person", Severity: policy.High, ProdOnly: true,
		Types: []string{snsTopic}, Anchors: "nist:SI-4,IR-6",
		Why: "an alarm that ends in a topic which nobody reads is found out by the customers; a subscription that waits for its confirmation receives nothing",
		Fix: "subscribe the on-call tool (https with endpointAutoConfirms), a chat room or an address to the topic, and confirm the subscription",
		Sources: []string{
			"https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html",
			"https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html",
			"https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html",
		},
		Check: func(c *policy.Case) {
			source := alarmOf(c.Graph(), c.Node)
			if source == nil {
				c.Skip("no alarm notifies through the topic")
				return
			}
			saw := policy.Saw(source, "alarmActions", "notifies through the topic")
			waiting, filtered := "", false
			for _, s := range audience(c.Graph())[c.Node] {
				reach, why := reaches(s)
				if reach == yes {
					return
				}
				if reach == maybe {
					waiting = why
				}
				filtered = filtered || reach == no && why != ""
			}
			if waiting != "" {
				c.UnclearBecause("", "whether anybody is notified: "+waiting)
				return
			}
			details := []policy.Detail{saw}
			if filtered {
				details = append(details, advisesOnly("no page of AWS says that alarms carry no attributes for the filter policy"))
			}
			c.Broken("", "nobody is subscribed whom the alarm would reach", "a confirmed subscription of a person or an on-call tool", details...)
		},
		Proof: policy.Proof{
			Good: `
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops}}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: cpu, alarmActions: ["${topic.arn}"]}
  pager:
    type: aws:sns/topicSubscription:TopicSubscription
    properties: {topic: "${topic.arn}", protocol: https, endpoint: "https://events.pagerduty.com/integration/x/enqueue", endpointAutoConfirms: true}
`,
			Bad: []string{
				"pager!", "pager.protocol=sqs", "pager.protocol=firehose", `pager.filterPolicy='{"severity": ["page"]}'`,
				`pager.topic=arn:aws:sns:eu-central-1:111111111111:other`,
			},
			Guard: "pager.protocol", Absent: policy.Violation, Exempt: "alarm!", Also: []string{"account-crossing", "sns-delivery-logging", "sqs-dead-letter", "ghost-reference"},
		},
	}
}

var alarmOfKey byte

// alarmOf is an alarm that notifies through the topic.
func alarmOf(g *policy.Graph, topic *policy.Node) *policy.Node {
	sources := policy.Memo(g, &alarmOfKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		found := map[*policy.Node]*policy.Node{}
		for _, alarm := range g.ByType(metricAlarmType, compositeAlarmType) {
			for _, action := range alarm.Get("alarmActions").Items() {
				for _, topic := range action.Ref(snsTopic).Nodes {
					if found[topic] == nil {
						found[topic] = alarm
					}
				}
			}
		}
		return found
	})
	return sources[topic]
}

var audienceKey byte

// audience are the subscriptions and chat rooms of each topic.
func audience(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &audienceKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		found := map[*policy.Node][]*policy.Node{}
		for topic, subscriptions := range subscriptionsOf(g) {
			found[topic] = append(found[topic], subscriptions...)
		}
		for _, room := range g.ByType(chatTypes...) {
			topics, _ := room.Get("snsTopicArns").Refs(snsTopic)
			for _, topic := range topics {
				found[topic] = append(found[topic], room)
			}
		}
		return found
	})
}

// reaches says whether an alarm comes to a person through the subscription, and why that is not certain.
func reaches(s *policy.Node) (answer, string) {
	if slices.Contains(chatTypes, s.Type) {
		return yes, ""
	}
	protocol := s.Get("protocol")
	if protocol.Unknown() {
		return maybe, s.String() + " has a protocol that is not known yet"
	}
	// Alarms come without attributes, so a filter on attributes lets none of them through.
	if filter := s.Get("filterPolicy"); !filter.JSON().Empty() {
		if s.Get("filterPolicyScope").Is("MessageAttributes") && filter.Known() {
			return no, s.String() + " filters by attributes"
		}
		return maybe, s.String() + " has a filter policy"
	}
	switch protocol.Text() {
	case "lambda", "application":
		return yes, "" // AWS confirms these itself.
	case "http", "https", "email", "email-json", "sms":
		return confirmed(s)
	}
	return no, "" // Queues and streams: nobody is woken by them.
}

// confirmed says whether the endpoint has agreed to be notified: a phone number need not, an endpoint that the program says
// confirms by itself has, an address has when AWS says so.
func confirmed(s *policy.Node) (answer, string) {
	if s.Get("protocol").Is("sms") || s.Get("endpointAutoConfirms").True() {
		return yes, ""
	}
	pending := s.Get("pendingConfirmation")
	if pending.Known() && !pending.True() {
		return yes, ""
	}
	return maybe, s.String() + " waits for its confirmation"
}
