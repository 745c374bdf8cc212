package alarms

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// createTopics makes each severity's key, topic, topic policy and delivery logs.
func (m *topicMaker) createTopics() error {
	m.ready = map[Severity][]pulumi.Resource{}
	var feedback *awsiam.Role
	if m.logged() {
		var err error
		if feedback, err = m.createDeliveryLogRole(); err != nil {
			return err
		}
	}
	for _, severity := range Severities() {
		key, err := m.createKey(severity)
		if err != nil {
			return err
		}
		topic, err := m.createTopic(severity, key, feedback)
		if err != nil {
			return err
		}
		m.made.Keys[severity], m.made.Topics[severity] = key, topic
		if err := m.createDeliveryLogs(severity, key); err != nil {
			return err
		}
	}
	return m.createDeliveryLogPolicy(feedback)
}

// kept protects what cannot be made again: the keys to undelivered alarms, the topics that people confirmed.
func (m *topicMaker) kept() pulumi.ResourceOption { return pulumi.Protect(!m.args.Disposable) }

// deletionWindow is how many days a key can still be brought back after destroy, 7 to 30.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (m *topicMaker) deletionWindow() int {
	if m.args.Disposable {
		return 7
	}
	return 30
}

func (m *topicMaker) createKey(severity Severity) (*kms.Key, error) {
	name := m.kids.Child(string(severity), "key")
	return component.New(m.ctx, m.kids, "key of "+string(severity), name, &kms.KeyArgs{
		Description:          pulumi.String("Notifications of " + m.kids.Child(string(severity))),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(m.deletionWindow()),
		Policy:               m.keyPolicy().JSON(),
		Tags:                 m.kids.Tags(name),
	}, m.args.Transform.Key, kms.NewKey, m.kept())
}

// createTopic makes the topic and its policy. Signature version 2 signs with SHA-256, so that a subscriber can tell our
// notifications from others'. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func (m *topicMaker) createTopic(severity Severity, key *kms.Key, feedback *awsiam.Role) (*sns.Topic, error) {
	name := m.kids.Child(string(severity))
	args := &sns.TopicArgs{
		DisplayName:      pulumi.String(name),
		KmsMasterKeyId:   key.Arn,
		SignatureVersion: pulumi.Int(2),
		Tags:             m.kids.Tags(name),
	}
	if m.args.Tracing {
		args.TracingConfig = pulumi.String("Active")
	}
	if feedback != nil {
		m.logDeliveries(args, feedback.Arn)
	}
	topic, err := component.New(m.ctx, m.kids, "topic of "+string(severity), name, args, m.args.Transform.Topic, sns.NewTopic, m.kept())
	if err != nil {
		return nil, err
	}
	policy, err := component.New(m.ctx, m.kids, "topic policy of "+string(severity), m.kids.Child(string(severity), "policy"),
		&sns.TopicPolicyArgs{Arn: topic.Arn, Policy: m.topicPolicy(topic.Arn).JSON()}, m.args.Transform.TopicPolicy, sns.NewTopicPolicy)
	m.ready[severity] = append(m.ready[severity], policy)
	return topic, err
}

// logDeliveries turns on the record of every protocol that is used here and that SNS records.
func (m *topicMaker) logDeliveries(args *sns.TopicArgs, role pulumi.StringOutput) {
	percent := pulumi.Int(m.args.DeliveryLogs.SuccessPercent)
	args.HttpSuccessFeedbackRoleArn, args.HttpFailureFeedbackRoleArn, args.HttpSuccessFeedbackSampleRate = role, role, percent
	args.SqsSuccessFeedbackRoleArn, args.SqsFailureFeedbackRoleArn, args.SqsSuccessFeedbackSampleRate = role, role, percent
	args.LambdaSuccessFeedbackRoleArn, args.LambdaFailureFeedbackRoleArn, args.LambdaSuccessFeedbackSampleRate = role, role, percent
}

// createDeliveryLogRole makes the role that SNS writes the records with. Whether SNS sends aws:SourceAccount when it
// assumes it is not documented, so the trust has no condition: the role can write to these topics' log groups only.
// https://docs.aws.amazon.com/sns/latest/dg/topics-attrib-prereq.html
func (m *topicMaker) createDeliveryLogRole() (*awsiam.Role, error) {
	name := m.kids.Limited(names.Role, "delivery-logs")
	return component.New(m.ctx, m.kids, "role of the delivery logs", name, &awsiam.RoleArgs{
		Description:      pulumi.String("Lets SNS record what happened to notifications"),
		AssumeRolePolicy: iam.Trust("sns.amazonaws.com").JSON(),
		Tags:             m.kids.Tags(name),
	}, m.args.Transform.DeliveryLogRole, awsiam.NewRole)
}

func (m *topicMaker) createDeliveryLogPolicy(role *awsiam.Role) error {
	if role == nil {
		return nil
	}
	var groups []pulumi.StringInput
	for _, severity := range Severities() {
		for _, log := range deliveryLogs {
			groups = append(groups, pulumi.Sprintf(m.fill("arn:$P:logs:$R:$A:log-group:")+"%s:*", m.logGroupName(severity, log.suffix)))
		}
	}
	document := iam.Document{{
		Sid: "Record", Resources: groups,
		Actions: []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
	}}
	_, err := component.New(m.ctx, m.kids, "policy of the delivery logs", m.kids.Child("delivery-logs", "policy"),
		&awsiam.RolePolicyArgs{Role: role.ID(), Policy: document.JSON()}, m.args.Transform.DeliveryLogPolicy, awsiam.NewRolePolicy)
	return err
}

// deliveryLogs are the two log groups of a topic: the child's name, and what follows the topic's in SNS's own name.
// https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
var deliveryLogs = []struct{ child, suffix string }{{"deliveries", ""}, {"failures", "/Failure"}}

func (m *topicMaker) logGroupName(severity Severity, suffix string) pulumi.StringOutput {
	return pulumi.Sprintf(m.fill("sns/$R/$A/")+"%s"+suffix, m.made.Topics[severity].Name)
}

// createDeliveryLogs makes the groups before SNS does, which would keep the records for ever and under no key of ours.
func (m *topicMaker) createDeliveryLogs(severity Severity, key *kms.Key) error {
	if !m.logged() {
		return nil
	}
	for _, log := range deliveryLogs {
		name := m.kids.Child(string(severity), log.child)
		group, err := component.New(m.ctx, m.kids, fmt.Sprintf("log group of the %s of %s", log.child, severity), name, &cloudwatch.LogGroupArgs{
			Name:            m.logGroupName(severity, log.suffix),
			RetentionInDays: pulumi.Int(m.args.DeliveryLogs.RetentionDays),
			KmsKeyId:        key.Arn,
			Tags:            m.kids.Tags(name),
		}, m.args.Transform.DeliveryLogGroup, cloudwatch.NewLogGroup, pulumi.RetainOnDelete(!m.args.Disposable))
		if err != nil {
			return err
		}
		m.ready[severity] = append(m.ready[severity], group)
	}
	return nil
}
