package fleet

import (
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// How long events are tried to be delivered. One that starts an automation is not worth it for long: by then another
// rollout may be under way, and taking that one back would be wrong.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
const (
	automationWithin = 15 * time.Minute
	noticeWithin     = time.Hour
	deliveries       = 185 // the most that EventBridge tries
)

// deadLettersKept is the longest that a queue keeps a message, 14 days.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
const deadLettersKept = 14 * 24 * time.Hour

// createDeadLetters makes the queue of events that could not be delivered: an automation that was not started, a notice
// that nobody got. EventBridge drops them without a word otherwise.
func (b *builder) createDeadLetters() error {
	name := b.kids.Limited(names.Queue, "undelivered")
	made, err := component.New(b.ctx, b.kids, "dead-letter queue", name, &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(int(deadLettersKept.Seconds())), KmsMasterKeyId: b.key.Arn, Tags: b.kids.Tags(name),
	}, b.transform.Queue, sqs.NewQueue)
	b.deadLetters = made
	return err
}

// openDeadLetters lets the fleet's own rules write to the queue, once they all have their names.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
func (b *builder) openDeadLetters() error {
	_, err := component.New(b.ctx, b.kids, "dead-letter queue's policy", b.kids.Child("undelivered", "policy"), &sqs.QueuePolicyArgs{
		QueueUrl: b.deadLetters.Url, Policy: iam.Document{
			iam.TLSOnly("sqs:*", b.deadLetters.Arn),
			{
				Sid: "Events", Principals: []iam.Principal{iam.Service("events.amazonaws.com")}, Actions: []string{"sqs:SendMessage"},
				Resources:  []pulumi.StringInput{b.deadLetters.Arn},
				Conditions: []iam.Condition{iam.When("ArnEquals", "aws:SourceArn", b.ruleARNs...)},
			},
		}.JSON(),
	}, b.transform.QueuePolicy, sqs.NewQueuePolicy)
	return err
}

// target sends what a rule matches somewhere, and what cannot be delivered in time to the dead-letter queue.
func (b *builder) target(part string, args *cloudwatch.EventTargetArgs, within time.Duration) error {
	args.DeadLetterConfig = &cloudwatch.EventTargetDeadLetterConfigArgs{Arn: b.deadLetters.Arn}
	args.RetryPolicy = &cloudwatch.EventTargetRetryPolicyArgs{
		MaximumEventAgeInSeconds: pulumi.Int(int(within.Seconds())), MaximumRetryAttempts: pulumi.Int(deliveries),
	}
	_, err := component.New(b.ctx, b.kids, part+" target", b.kids.Child(part, "target"), args, b.transform.EventTarget, cloudwatch.NewEventTarget)
	return err
}
