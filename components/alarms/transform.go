package alarms

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/chatbot"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AlarmTopicTransform changes what the component would make: each function is named after the child it is given, and
// runs last. A function of a repeated child is called once for each. Names and parents cannot be changed.
type AlarmTopicTransform struct {
	Key                  func(*kms.KeyArgs, *[]pulumi.ResourceOption)
	Topic                func(*sns.TopicArgs, *[]pulumi.ResourceOption)
	TopicPolicy          func(*sns.TopicPolicyArgs, *[]pulumi.ResourceOption)
	DeliveryLogGroup     func(*cloudwatch.LogGroupArgs, *[]pulumi.ResourceOption)
	DeliveryLogRole      func(*iam.RoleArgs, *[]pulumi.ResourceOption)
	DeliveryLogPolicy    func(*iam.RolePolicyArgs, *[]pulumi.ResourceOption)
	Subscription         func(*sns.TopicSubscriptionArgs, *[]pulumi.ResourceOption)
	FunctionPermission   func(*lambda.PermissionArgs, *[]pulumi.ResourceOption)
	DeadLetterQueue      func(*sqs.QueueArgs, *[]pulumi.ResourceOption)
	DeadLetterPolicy     func(*sqs.QueuePolicyArgs, *[]pulumi.ResourceOption)
	ChatRole             func(*iam.RoleArgs, *[]pulumi.ResourceOption)
	ChatPolicy           func(*iam.PolicyArgs, *[]pulumi.ResourceOption)
	ChatPolicyAttachment func(*iam.RolePolicyAttachmentArgs, *[]pulumi.ResourceOption)
	SlackChannel         func(*chatbot.SlackChannelConfigurationArgs, *[]pulumi.ResourceOption)
	TeamsChannel         func(*chatbot.TeamsChannelConfigurationArgs, *[]pulumi.ResourceOption)
	HeartbeatQueue       func(*sqs.QueueArgs, *[]pulumi.ResourceOption)
	HeartbeatQueuePolicy func(*sqs.QueuePolicyArgs, *[]pulumi.ResourceOption)
	HeartbeatGroup       func(*scheduler.ScheduleGroupArgs, *[]pulumi.ResourceOption)
	HeartbeatRole        func(*iam.RoleArgs, *[]pulumi.ResourceOption)
	HeartbeatRolePolicy  func(*iam.RolePolicyArgs, *[]pulumi.ResourceOption)
	HeartbeatSchedule    func(*scheduler.ScheduleArgs, *[]pulumi.ResourceOption)
	Alarm                func(*cloudwatch.MetricAlarmArgs, *[]pulumi.ResourceOption)
}
