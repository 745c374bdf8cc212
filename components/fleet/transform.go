package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// change is a function that runs last on a child's arguments and options.
type change[Args any] = func(*Args, *[]pulumi.ResourceOption)

// HashFleetTransform changes what the fleet makes, child by child, after everything else. It is the way to what has no
// field; what it undoes, the fleet no longer promises. One function may meet several children: their names are in the
// arguments' tags, or follow from what they say.
type HashFleetTransform struct {
	ServiceLinkedRole change[iam.ServiceLinkedRoleArgs]
	Key               change[kms.KeyArgs]
	LogGroup          change[cloudwatch.LogGroupArgs]
	Queue             change[sqs.QueueArgs]
	QueuePolicy       change[sqs.QueuePolicyArgs]

	LogBucket           change[s3.BucketV2Args]
	LogBucketAccess     change[s3.BucketPublicAccessBlockArgs]
	LogBucketOwnership  change[s3.BucketOwnershipControlsArgs]
	LogBucketEncryption change[s3.BucketServerSideEncryptionConfigurationV2Args]
	LogBucketVersioning change[s3.BucketVersioningV2Args]
	LogBucketLifecycle  change[s3.BucketLifecycleConfigurationV2Args]
	LogBucketPolicy     change[s3.BucketPolicyArgs]

	// Role and RolePolicy meet the servers' role and those of the rollback.
	Role            change[iam.RoleArgs]
	RolePolicy      change[iam.RolePolicyArgs]
	InstanceProfile change[iam.InstanceProfileArgs]

	ServerSecurityGroup   change[ec2.SecurityGroupArgs]
	BalancerSecurityGroup change[ec2.SecurityGroupArgs]
	IngressRule           change[vpc.SecurityGroupIngressRuleArgs]
	EgressRule            change[vpc.SecurityGroupEgressRuleArgs]

	LoadBalancer change[lb.LoadBalancerArgs]
	TargetGroup  change[lb.TargetGroupArgs]
	Listener     change[lb.ListenerArgs]
	ListenerRule change[lb.ListenerRuleArgs]

	LaunchTemplate change[ec2.LaunchTemplateArgs]
	Group          change[autoscaling.GroupArgs]
	LifecycleHook  change[autoscaling.LifecycleHookArgs]
	ScalingPolicy  change[autoscaling.PolicyArgs]
	Schedule       change[autoscaling.ScheduleArgs]

	RollbackDocument change[ssm.DocumentArgs]
	EventRule        change[cloudwatch.EventRuleArgs]
	EventTarget      change[cloudwatch.EventTargetArgs]

	Certificate           change[acm.CertificateArgs]
	CertificateValidation change[acm.CertificateValidationArgs]
	Record                change[route53.RecordArgs]

	VPCOrigin           change[cloudfront.VpcOriginArgs]
	CachePolicy         change[cloudfront.CachePolicyArgs]
	OriginRequestPolicy change[cloudfront.OriginRequestPolicyArgs]
	ResponseHeaders     change[cloudfront.ResponseHeadersPolicyArgs]
	Distribution        change[cloudfront.DistributionArgs]
	LogSource           change[cloudwatch.LogDeliverySourceArgs]
	LogDestination      change[cloudwatch.LogDeliveryDestinationArgs]
	LogDelivery         change[cloudwatch.LogDeliveryArgs]

	Alarm change[cloudwatch.MetricAlarmArgs]
}
