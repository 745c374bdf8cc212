package alarms

import (
	"fmt"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// heartbeatRetention is one minute in seconds, the shortest SQS keeps a message: nobody reads the queue, its count of
// arrivals is what is watched.
const heartbeatRetention = 60

// createHeartbeats sends a notification to each topic on a schedule, and subscribes a queue whose silence is alarmed on.
// What it proves: the topic takes messages through its policy and its key, and hands them to a subscriber. What it does
// not: that CloudWatch itself is admitted (it publishes as another principal), and that the last hop to a person works;
// the heartbeat in that person's mailbox is the proof of that. The queue takes every message, because whatever arrives
// proves the path.
func (m *topicMaker) createHeartbeats() error {
	if !m.beats() {
		return nil
	}
	name := m.kids.Limited(names.Schedule, "heartbeat")
	group, err := component.New(m.ctx, m.kids, "schedule group", name, &scheduler.ScheduleGroupArgs{Tags: m.kids.Tags(name)},
		m.args.Transform.HeartbeatGroup, scheduler.NewScheduleGroup)
	if err != nil {
		return err
	}
	role, policy, err := m.createHeartbeatRole(group)
	if err != nil {
		return err
	}
	for _, severity := range Severities() {
		listener, err := m.createListener(severity)
		if err != nil {
			return err
		}
		ready := append([]pulumi.Resource{policy, listener}, m.ready[severity]...)
		if err := m.createSchedule(severity, group, role, ready); err != nil {
			return err
		}
	}
	return nil
}

// createHeartbeatRole makes the role of the schedules. Its trust names the group, as the page asks; naming a schedule
// would not work. https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
func (m *topicMaker) createHeartbeatRole(group *scheduler.ScheduleGroup) (*awsiam.Role, *awsiam.RolePolicy, error) {
	name := m.kids.Limited(names.Role, "heartbeat")
	role, err := component.New(m.ctx, m.kids, "heartbeat role", name, &awsiam.RoleArgs{
		Description: pulumi.String("Lets the schedules publish heartbeats"),
		AssumeRolePolicy: iam.Trust("scheduler.amazonaws.com",
			iam.When("StringEquals", "aws:SourceAccount", pulumi.String(m.args.AccountID)),
			iam.When("ArnLike", "aws:SourceArn", group.Arn)).JSON(),
		Tags: m.kids.Tags(name),
	}, m.args.Transform.HeartbeatRole, awsiam.NewRole)
	if err != nil {
		return nil, nil, err
	}
	var topics, keys []pulumi.StringInput
	for _, severity := range Severities() {
		topics, keys = append(topics, m.made.Topics[severity].Arn), append(keys, m.made.Keys[severity].Arn)
	}
	document := iam.Document{
		{Sid: "Publish", Actions: []string{"sns:Publish"}, Resources: topics},
		{Sid: "UseKeys", Actions: useKey, Resources: keys},
	}
	policy, err := component.New(m.ctx, m.kids, "heartbeat policy", m.kids.Child("heartbeat", "policy"),
		&awsiam.RolePolicyArgs{Role: role.ID(), Policy: document.JSON()}, m.args.Transform.HeartbeatRolePolicy, awsiam.NewRolePolicy)
	return role, policy, err
}

// createListener makes the queue that heartbeats arrive in. It has no dead-letter queue: a heartbeat that does not
// arrive is what the alarm tells of.
func (m *topicMaker) createListener(severity Severity) (*sns.TopicSubscription, error) {
	topic := m.made.Topics[severity]
	name := m.kids.Limited(names.Queue, string(severity), "heartbeat")
	queue, err := component.New(m.ctx, m.kids, "heartbeat queue of "+string(severity), name, &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(heartbeatRetention), KmsMasterKeyId: m.made.Keys[severity].Arn, Tags: m.kids.Tags(name),
	}, m.args.Transform.HeartbeatQueue, sqs.NewQueue)
	if err != nil {
		return nil, err
	}
	m.listeners[severity] = Queue{Name: queue.Name}
	policy, err := component.New(m.ctx, m.kids, "policy of the heartbeat queue of "+string(severity), m.kids.Child(string(severity), "heartbeat", "policy"),
		&sqs.QueuePolicyArgs{QueueUrl: queue.Url, Policy: fromTopic(queue.Arn, topic.Arn).JSON()}, m.args.Transform.HeartbeatQueuePolicy, sqs.NewQueuePolicy)
	if err != nil {
		return nil, err
	}
	m.ready[severity] = append(m.ready[severity], policy)
	return component.New(m.ctx, m.kids, "heartbeat subscription of "+string(severity), m.kids.Child(string(severity), "heartbeat", "subscription"),
		&sns.TopicSubscriptionArgs{Topic: topic.Arn, Protocol: pulumi.String(SQS), Endpoint: queue.Arn, RawMessageDelivery: pulumi.Bool(true)},
		m.args.Transform.Subscription, sns.NewTopicSubscription)
}

// createSchedule makes the schedule last: one by rate fires as soon as it exists, so that the first heartbeat comes with
// the deployment. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
func (m *topicMaker) createSchedule(severity Severity, group *scheduler.ScheduleGroup, role *awsiam.Role, ready []pulumi.Resource) error {
	topic := m.kids.Child(string(severity))
	_, err := component.New(m.ctx, m.kids, "heartbeat schedule of "+string(severity), m.kids.Limited(names.Schedule, string(severity), "heartbeat"),
		&scheduler.ScheduleArgs{
			Description:        pulumi.String("Proves that " + topic + " delivers"),
			GroupName:          group.Name,
			ScheduleExpression: pulumi.String(fmt.Sprintf("rate(%d minutes)", 60*m.args.Heartbeat.Hours)),
			FlexibleTimeWindow: scheduler.ScheduleFlexibleTimeWindowArgs{Mode: pulumi.String("OFF")},
			Target: scheduler.ScheduleTargetArgs{
				Arn: m.made.Topics[severity].Arn, RoleArn: role.Arn,
				Input: pulumi.String(fmt.Sprintf(`{"heartbeat":%q,"note":"Scheduled test of the way alarms take. Nothing is wrong.","sent":"<aws.scheduler.scheduled-time>"}`, topic)),
				RetryPolicy: scheduler.ScheduleTargetRetryPolicyArgs{
					MaximumEventAgeInSeconds: pulumi.Int(hour), MaximumRetryAttempts: pulumi.Int(10),
				},
			},
		}, m.args.Transform.HeartbeatSchedule, scheduler.NewSchedule, pulumi.DependsOn(ready))
	return err
}
