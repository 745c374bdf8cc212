package alarms

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/posture"
)

// Token is the type of AlarmTopic.
const Token = "holdfast:index:AlarmTopic"

// AlarmTopicArgs describe where alarms go. AccountID, Region, Runbooks and Subscriptions are required.
type AlarmTopicArgs struct {
	// AccountID is the account that the provider deploys to, twelve digits. The policies admit services only when they
	// act for it. Required.
	AccountID string `pulumi:"accountId"`
	// Region is the region of the provider, for example "eu-central-1". Alarms of other regions cannot publish here.
	// Required.
	Region string `pulumi:"region"`
	// Runbooks is the address of the folder that holds the runbook files; every alarm's text links into it. It begins
	// with https://. Required.
	Runbooks string `pulumi:"runbooks"`
	// Subscriptions are who is told, by a stable name, for example "pager". Critical and warning need somebody each,
	// because each carries the alarms about the other. Required, unless Unattended gives a reason.
	Subscriptions map[string]Subscription `pulumi:"subscriptions"`
	// Unattended is the reason why critical or warning alarms reach nobody.
	// Default: none, somebody must be subscribed to both.
	Unattended string `pulumi:"unattended"`
	// Publishers are the services that may publish to the topics and use their keys. CloudWatch must be among them.
	// Each is admitted for this account alone where it can be: EventBridge cannot, because its guide says that conditions
	// cannot be used in topic policies for it, and AWS Backup sends no key to compare, but stays in its account by itself.
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
	// Default: CloudWatch alarms and EventBridge.
	Publishers []Publisher `pulumi:"publishers"`
	// Heartbeat tunes the scheduled notification that proves the path.
	// Default: one every 24 hours to each topic.
	Heartbeat Heartbeat `pulumi:"heartbeat"`
	// DeliveryLogs tunes the record of what happened to each notification.
	// Default: every delivery, kept 90 days.
	DeliveryLogs DeliveryLogs `pulumi:"deliveryLogs"`
	// Tracing passes AWS X-Ray traces through the topics. Traces are charged.
	// https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html
	// Default: false.
	Tracing bool `pulumi:"tracing"`
	// Workload is the workload the topics serve, for reports.
	// Default: "shared".
	Workload string `pulumi:"workload"`
	// Tags go on every resource that takes them.
	// Default: none beside Name and holdfast:component.
	Tags map[string]string `pulumi:"tags"`
	// Disposable drops the protections of keys, topics and dead-letter queues: undelivered alarms, confirmed e-mail
	// subscriptions and delivery logs may be lost on destroy. For development.
	// Default: false.
	Disposable bool `pulumi:"disposable"`
	// Transform changes the arguments and options of the resources, last of all.
	// Default: nothing is changed.
	Transform AlarmTopicTransform
}

// Heartbeat tunes the scheduled notification. It is sent to people as well, because a filter that spares them would
// have to drop every message without attributes, which is what alarms are; see Subscription.BodyFilter for a way out.
type Heartbeat struct {
	// Hours between two notifications: 1, 2, 3, 4, 6, 8, 12 or 24. Their absence is noticed an hour or two after the
	// next one was due.
	// Default: 24.
	Hours int `pulumi:"hours"`
	// Off is the reason why nothing proves that the topics still deliver.
	// Default: none, heartbeats are sent.
	Off string `pulumi:"off"`
}

// DeliveryLogs tunes the record of deliveries. SNS writes one for HTTPS, Lambda and SQS endpoints, not for e-mail.
// https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
type DeliveryLogs struct {
	// SuccessPercent is the share of successful deliveries that is recorded, 1 to 100; failures always are.
	// Default: 100.
	SuccessPercent int `pulumi:"successPercent"`
	// RetentionDays is how long the records are kept: one of the periods of CloudWatch Logs.
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	// Default: 90.
	RetentionDays int `pulumi:"retentionDays"`
	// Off is the reason why deliveries are not recorded.
	// Default: none, they are.
	Off string `pulumi:"off"`
}

// Subscription is somebody, or something, that is told. Exactly one of Email, PagerDuty, Slack, Teams, Endpoint and
// Elsewhere.
type Subscription struct {
	// Severities that are sent there. Required.
	Severities []Severity `pulumi:"severities"`
	// Email is an address. Its owner must confirm once, by the link that SNS sends.
	// Default: none.
	Email pulumi.StringInput `pulumi:"email"`
	// PagerDuty is the integration URL of a PagerDuty service's Amazon CloudWatch integration, an address under
	// https://events.pagerduty.com or https://events.eu.pagerduty.com. It is a secret and is treated as one. That
	// integration is made for CloudWatch alarms: do not count on it for heartbeats, budgets and other events.
	// https://www.pagerduty.com/docs/guides/amazon-cloudwatch-integration-guide/
	// Default: none.
	PagerDuty pulumi.StringInput `pulumi:"pagerDuty"`
	// Slack is a channel told by Amazon Q Developer in chat applications.
	// Default: none.
	Slack *Slack `pulumi:"slack"`
	// Teams is a Microsoft Teams channel told by Amazon Q Developer in chat applications.
	// Default: none.
	Teams *Teams `pulumi:"teams"`
	// Endpoint is anything else.
	// Default: none.
	Endpoint *Endpoint `pulumi:"endpoint"`
	// Elsewhere names who is told by a subscription that is made elsewhere, for example "Slack" where another AlarmTopic
	// holds the channel and has these topics among its OtherTopics. Nothing is made for it here; it counts as somebody,
	// and reports name it.
	// Default: none.
	Elsewhere string `pulumi:"elsewhere"`
	// BodyFilter is a filter policy over the JSON body of the message, as JSON text; other messages are dropped. Not
	// for Slack and Teams, and not beside publishers whose messages are plain text, which it would drop in silence.
	// `{"heartbeat": [{"exists": false}]}` spares people the heartbeat. A change takes up to 15 minutes to act.
	// https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
	// Default: everything is sent.
	BodyFilter string `pulumi:"bodyFilter"`
}

// Slack is a channel of a workspace. A workspace must be authorised once, by hand, in the console of Amazon Q Developer
// in chat applications, and the app must be invited to a private channel.
// https://docs.aws.amazon.com/chatbot/latest/adminguide/slack-setup.html
type Slack struct {
	// WorkspaceID is for example "T07EA123LEP". Required.
	WorkspaceID string `pulumi:"workspaceId"`
	// ChannelID is for example "C07EZ1ABC23". Required.
	ChannelID string `pulumi:"channelId"`
	// OtherTopics are ARNs of more topics that tell this channel, those of other regions too: an account can have one
	// configuration for a channel. https://github.com/hashicorp/terraform-provider-awscc/issues/1011
	// Default: none, the topics of Severities alone.
	OtherTopics []pulumi.StringInput `pulumi:"otherTopics"`
}

// Teams is a channel of a Microsoft Teams team. The team must be authorised once, by hand, as for Slack.
// https://docs.aws.amazon.com/chatbot/latest/adminguide/teams-setup.html
type Teams struct {
	// TenantID is the UUID of the Microsoft 365 tenant. Required.
	TenantID string `pulumi:"tenantId"`
	// TeamID is the UUID of the team. Required.
	TeamID string `pulumi:"teamId"`
	// ChannelID is for example "19%3aab6ef35922144b8d93f3be5b5ac0d1c7%40thread.tacv2", as the channel's link spells it.
	// Required.
	ChannelID string `pulumi:"channelId"`
	// OtherTopics are ARNs of more topics that tell this channel, as for Slack.
	// Default: none, the topics of Severities alone.
	OtherTopics []pulumi.StringInput `pulumi:"otherTopics"`
}

// Protocol is how SNS reaches an endpoint.
type Protocol string

// The protocols of an Endpoint. Plain HTTP is refused because it shows alarms to the network; SMS because AWS sends it
// only from numbers that were registered by hand, and stops at a monthly spending limit.
const (
	HTTPS  Protocol = "https"
	SQS    Protocol = "sqs"
	Lambda Protocol = "lambda"
)

// Endpoint is a subscriber by protocol.
type Endpoint struct {
	// Protocol is HTTPS, SQS or Lambda. Required.
	Protocol Protocol `pulumi:"protocol"`
	// Address is a URL, or the ARN of a queue or function. A URL is treated as a secret. A queue's own policy and key
	// must admit sns.amazonaws.com; a function's permission is made here. Required.
	Address pulumi.StringInput `pulumi:"address"`
	// AutoConfirms says that the HTTPS endpoint confirms its subscription by itself.
	// Default: false.
	AutoConfirms bool `pulumi:"autoConfirms"`
	// Raw sends the message without SNS's envelope. Not for Lambda.
	// Default: false.
	Raw bool `pulumi:"raw"`
}

// AlarmTopic is a topic per severity, each under its own key, with its subscribers, and the proof that they are reached.
type AlarmTopic struct {
	pulumi.ResourceState

	// Critical, Warning and Info are the topics' ARNs, for alarms and for publishers outside of Pulumi.
	Critical pulumi.StringOutput `pulumi:"critical"`
	Warning  pulumi.StringOutput `pulumi:"warning"`
	Info     pulumi.StringOutput `pulumi:"info"`
	// Topics and Keys are the children, by severity, for publishers that need more than the ARN.
	Topics map[Severity]*sns.Topic
	Keys   map[Severity]*kms.Key
	// Alarms are the alarms about the topics themselves.
	Alarms *Set

	plan   topicPlan
	name   string
	queues []watchedQueue
}

// NewAlarmTopic makes the topics, their subscriptions and what watches them.
func NewAlarmTopic(ctx *pulumi.Context, name string, args *AlarmTopicArgs, opts ...pulumi.ResourceOption) (*AlarmTopic, error) {
	p, err := planTopic(name, args)
	if err != nil {
		return nil, component.Fail("AlarmTopic", name, err)
	}
	t := &AlarmTopic{plan: p, name: name, Topics: map[Severity]*sns.Topic{}, Keys: map[Severity]*kms.Key{}}
	kids, err := component.Register(ctx, Token, name, p.intent(), t, p.args.Tags, opts...)
	if err != nil {
		return nil, component.Fail("AlarmTopic", name, err)
	}
	m := &topicMaker{ctx: ctx, kids: kids, topicPlan: p, made: t, listeners: map[Severity]Queue{}}
	for _, create := range []func() error{m.createTopics, m.createSubscriptions, m.createChats, m.createHeartbeats, m.createAlarms} {
		if err := create(); err != nil {
			return nil, component.Fail("AlarmTopic", name, err)
		}
	}
	t.Critical, t.Warning, t.Info = t.Topics[Critical].Arn, t.Topics[Warning].Arn, t.Topics[Info].Arn
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"critical": t.Critical, "warning": t.Warning, "info": t.Info})
}

// topicMaker makes the children of one AlarmTopic.
type topicMaker struct {
	topicPlan
	ctx  *pulumi.Context
	kids component.Children
	made *AlarmTopic
	// ready is what must be there before the first notification is sent.
	ready map[Severity][]pulumi.Resource
	// listeners are the queues that heartbeats arrive in.
	listeners map[Severity]Queue
}

// watchedQueue is a queue and the name graphs give it.
type watchedQueue struct {
	label string
	queue Queue
}

// Route is where the alarms of other components go.
func (t *AlarmTopic) Route() Route {
	return Route{
		Critical: t.Topics[Critical].Arn, Warning: t.Topics[Warning].Arn, Info: t.Topics[Info].Arn,
		Runbooks: t.plan.args.Runbooks, Destinations: t.plan.destinations(),
	}
}

// Posture is what the topics promise.
func (t *AlarmTopic) Posture() posture.Posture { return t.plan.posture(t.name, t.Alarms) }

// Widgets are the topics' part of a dashboard.
func (t *AlarmTopic) Widgets() []Widget {
	var published, failed, waiting []Metric
	for _, severity := range Severities() {
		topic := Topic{Name: t.Topics[severity].Name}
		published = append(published, topic.Published().Every(300).Named(string(severity)))
		failed = append(failed, topic.NotificationsFailed().Every(300).Named(string(severity)))
	}
	widgets := []Widget{
		Status("Alarms about alarms", t.Alarms),
		Graph("Notifications published", published...), Graph("Notifications failed", failed...),
	}
	for _, q := range slices.SortedFunc(slices.Values(t.queues), byLabel) {
		waiting = append(waiting, q.queue.Visible().Every(300).Named(q.label))
	}
	if len(waiting) > 0 {
		widgets = append(widgets, Graph("Undelivered notifications waiting", waiting...))
	}
	return widgets
}
