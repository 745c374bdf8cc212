package alarms

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/jsontext"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// deadLetterRetention is 14 days in seconds, the longest SQS keeps a message.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
const deadLetterRetention = 14 * day

// createSubscriptions subscribes everybody, each with a dead-letter queue of their own. SNS gives up on e-mail after six
// hours and moves it to the queue as well; what a mail server accepts and then bounces, SNS does not see.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
func (m *topicMaker) createSubscriptions() error {
	for _, d := range m.deliveries {
		topic := m.made.Topics[d.severity]
		queue, err := m.createDeadLetterQueue(d, topic)
		if err != nil {
			return err
		}
		if err := m.createPermission(d, topic); err != nil {
			return err
		}
		_, err = component.New(m.ctx, m.kids, "subscription "+d.key(), m.kids.Child(d.key()), m.subscriptionArgs(d, topic, queue),
			m.args.Transform.Subscription, sns.NewTopicSubscription, pulumi.AdditionalSecretOutputs(d.to.secrets()))
		if err != nil {
			return err
		}
	}
	return nil
}

// secrets are the properties that must not show in plain text.
func (s Subscription) secrets() []string {
	if s.protocol() == string(HTTPS) {
		return []string{"endpoint"}
	}
	return nil
}

func (s Subscription) protocol() string {
	if s.Email != nil {
		return "email"
	}
	if s.PagerDuty != nil {
		return string(HTTPS)
	}
	return string(s.Endpoint.Protocol)
}

func (m *topicMaker) subscriptionArgs(d delivery, topic *sns.Topic, deadLetters *sqs.Queue) *sns.TopicSubscriptionArgs {
	args := &sns.TopicSubscriptionArgs{
		Topic: topic.Arn, Protocol: pulumi.String(d.to.protocol()), Endpoint: d.to.address(d.subscription),
		RedrivePolicy: jsontext.Marshal(pulumi.Map{"deadLetterTargetArn": deadLetters.Arn}),
	}
	if d.to.BodyFilter != "" {
		args.FilterPolicy, args.FilterPolicyScope = pulumi.String(d.to.BodyFilter), pulumi.String("MessageBody")
	}
	if d.to.protocol() == string(HTTPS) {
		args.DeliveryPolicy = pulumi.String(patience)
		args.EndpointAutoConfirms = pulumi.Bool(d.to.PagerDuty != nil || d.to.Endpoint.AutoConfirms)
	}
	if d.to.Endpoint != nil && d.to.Endpoint.Raw {
		args.RawMessageDelivery = pulumi.Bool(true)
	}
	return args
}

// patience is how long SNS keeps trying an HTTPS endpoint: about three quarters of an hour, of the one hour it allows;
// without it SNS gives up after one minute. 2 tries at once, 3 after 5 s each, 10 from 5 to 60 s, 35 after 60 s each.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy
const patience = `{"healthyRetryPolicy":{"backoffFunction":"exponential","maxDelayTarget":60,"minDelayTarget":5,` +
	`"numMaxDelayRetries":35,"numMinDelayRetries":3,"numNoDelayRetries":2,"numRetries":50}}`

// address is the endpoint, checked when it is known. A URL becomes a secret. An error never shows it.
func (s Subscription) address(name string) pulumi.StringInput {
	if s.Email != nil {
		return checked(s.Email, name, "an e-mail address", func(v string) bool { return strings.Count(v, "@") == 1 })
	}
	if s.PagerDuty != nil {
		return secret(checked(s.PagerDuty, name, "an address under https://events.pagerduty.com/ or https://events.eu.pagerduty.com/", func(v string) bool {
			return strings.HasPrefix(v, "https://events.pagerduty.com/") || strings.HasPrefix(v, "https://events.eu.pagerduty.com/")
		}))
	}
	if s.Endpoint.Protocol == HTTPS {
		return secret(checked(s.Endpoint.Address, name, "an address that begins with https://", func(v string) bool { return strings.HasPrefix(v, "https://") }))
	}
	kind := ":" + string(s.Endpoint.Protocol) + ":"
	return checked(s.Endpoint.Address, name, "an ARN of the service "+string(s.Endpoint.Protocol), func(v string) bool {
		return strings.HasPrefix(v, "arn:") && strings.Contains(v, kind)
	})
}

func checked(value pulumi.StringInput, name, want string, right func(string) bool) pulumi.StringOutput {
	return value.ToStringOutput().ApplyT(func(v string) (string, error) {
		if !right(v) {
			return "", fmt.Errorf("subscription %s: the address is not %s", name, want)
		}
		return v, nil
	}).(pulumi.StringOutput)
}

func secret(value pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.ToSecret(value).(pulumi.StringOutput)
}

// createDeadLetterQueue makes the queue that keeps what could not be delivered, under the topic's key: SNS writes to an
// encrypted queue only where the key is the customer's own and admits SNS.
// https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
func (m *topicMaker) createDeadLetterQueue(d delivery, topic *sns.Topic) (*sqs.Queue, error) {
	name := m.kids.Limited(names.Queue, d.key(), "undelivered")
	queue, err := component.New(m.ctx, m.kids, "dead-letter queue of "+d.key(), name, &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(deadLetterRetention),
		KmsMasterKeyId:          m.made.Keys[d.severity].Arn,
		Tags:                    m.kids.Tags(name),
	}, m.args.Transform.DeadLetterQueue, sqs.NewQueue, m.kept())
	if err != nil {
		return nil, err
	}
	m.made.queues = append(m.made.queues, watchedQueue{d.key(), Queue{Name: queue.Name}})
	_, err = component.New(m.ctx, m.kids, "policy of the dead-letter queue of "+d.key(), m.kids.Child(d.key(), "undelivered", "policy"),
		&sqs.QueuePolicyArgs{QueueUrl: queue.Url, Policy: fromTopic(queue.Arn, topic.Arn).JSON()}, m.args.Transform.DeadLetterPolicy, sqs.NewQueuePolicy)
	return queue, err
}

// fromTopic lets one topic, and nobody else, send to a queue, over TLS.
// https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
func fromTopic(queue, topic pulumi.StringInput) iam.Document {
	return iam.Document{
		{
			Sid: "FromTopic", Principals: []iam.Principal{iam.Service("sns.amazonaws.com")}, Actions: []string{"sqs:SendMessage"},
			Resources: []pulumi.StringInput{queue}, Conditions: []iam.Condition{iam.When("ArnEquals", "aws:SourceArn", topic)},
		},
		iam.TLSOnly("sqs:*", queue),
	}
}

// createPermission lets the topic invoke a subscribed function.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
func (m *topicMaker) createPermission(d delivery, topic *sns.Topic) error {
	if d.to.Endpoint == nil || d.to.Endpoint.Protocol != Lambda {
		return nil
	}
	_, err := component.New(m.ctx, m.kids, "permission of "+d.key(), m.kids.Child(d.key(), "invoke"), &lambda.PermissionArgs{
		Action: pulumi.String("lambda:InvokeFunction"), Principal: pulumi.String("sns.amazonaws.com"),
		Function: d.to.address(d.subscription), SourceArn: topic.Arn,
	}, m.args.Transform.FunctionPermission, lambda.NewPermission)
	return err
}
