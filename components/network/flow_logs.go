package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// aggregation is the interval in seconds over which packets are summed up: the shorter of the two that exist.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-basics.html#flow-logs-aggregration-interval
const aggregation = 60

// createFlowLogs records all traffic, accepted and rejected.
func (b *builder) createFlowLogs() error {
	if !b.plan.flowLogs() {
		return nil
	}
	name := b.kids.Child("flow-log")
	args := &ec2.FlowLogArgs{
		VpcId: b.vpc.ID().ToStringOutput(), TrafficType: pulumi.String("ALL"), MaxAggregationInterval: pulumi.Int(aggregation), Tags: b.kids.Tags(name),
	}
	extra, err := b.flowLogTarget(args)
	if err != nil {
		return err
	}
	_, err = component.New(b.ctx, b.kids, "flow log", name, args, b.transform.FlowLog, ec2.NewFlowLog, extra...)
	return err
}

// flowLogTarget points the flow log at the caller's bucket, or at a log group that it makes.
func (b *builder) flowLogTarget(args *ec2.FlowLogArgs) ([]pulumi.ResourceOption, error) {
	if bucket := b.plan.args.FlowLogs.BucketARN; bucket != nil {
		args.LogDestinationType = pulumi.String("s3")
		args.LogDestination = bucket.ToStringOutput()
		return nil, nil
	}
	group, err := b.flowLogGroup()
	if err != nil {
		return nil, err
	}
	role, permission, err := b.flowLogRole(group)
	if err != nil {
		return nil, err
	}
	args.LogDestinationType = pulumi.String("cloud-watch-logs")
	args.LogDestination = group.Arn
	args.IamRoleArn = role.Arn
	// The flow log names the role, not what the role may do; without the permission it starts in failure.
	return []pulumi.ResourceOption{pulumi.DependsOn([]pulumi.Resource{permission})}, nil
}

// protection keeps what destroys data when it is destroyed.
func (b *builder) protection() []pulumi.ResourceOption {
	return []pulumi.ResourceOption{pulumi.Protect(!b.plan.args.Disposable)}
}

func (b *builder) flowLogGroup() (*cloudwatch.LogGroup, error) {
	name := b.kids.Child("flow-logs")
	key, err := b.flowLogKey(name)
	if err != nil {
		return nil, err
	}
	group, err := component.New(b.ctx, b.kids, "flow log group", name, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(b.plan.args.FlowLogs.RetentionDays), KmsKeyId: key.ToStringOutput().ToStringPtrOutput(), Tags: b.kids.Tags(name),
	}, b.transform.FlowLogGroup, cloudwatch.NewLogGroup, b.protection()...)
	if err != nil {
		return nil, err
	}
	b.network.FlowLogGroup = group.Name
	return group, nil
}

// deletionDays is how long a deleted key can be called back: AWS's longest, or its shortest for what is disposable.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (p plan) deletionDays() int {
	if p.args.Disposable {
		return 7
	}
	return 30
}

// flowLogKey is the ARN of the caller's key, or of one made for the group with the given logical name.
func (b *builder) flowLogKey(group string) (pulumi.StringInput, error) {
	if given := b.plan.args.FlowLogs.KeyARN; given != nil {
		return given, nil
	}
	name := b.kids.Child("flow-logs-key")
	key, err := component.New(b.ctx, b.kids, "flow log key", name, &kms.KeyArgs{
		Description: pulumi.String("Flow logs of " + b.kids.Child()), EnableKeyRotation: pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(b.plan.deletionDays()), Policy: b.plan.keyPolicy(b.vpc.OwnerId, group).JSON(), Tags: b.kids.Tags(name),
	}, b.transform.FlowLogKey, kms.NewKey, b.protection()...)
	if err != nil {
		return nil, err
	}
	return key.Arn, nil
}

// keyPolicy lets the account's administrators manage the key, and the logs service of the region use it for this log
// group alone. Pulumi puts a hyphen and its own suffix behind the group's logical name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (p plan) keyPolicy(account pulumi.StringInput, group string) iam.Document {
	return iam.Document{
		{
			Sid: "AdministrationByIAM", Principals: []iam.Principal{iam.AWS(pulumi.Sprintf("arn:%s:iam::%s:root", p.partition, account))},
			Actions: []string{"kms:*"}, Resources: iam.Strings("*"),
		},
		{
			Sid: "UseByLogs", Principals: []iam.Principal{iam.Service("logs." + p.region + ".amazonaws.com")},
			Actions:   []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
			Resources: iam.Strings("*"), Conditions: []iam.Condition{
				iam.When("ArnLike", "kms:EncryptionContext:aws:logs:arn", pulumi.Sprintf("arn:%s:logs:%s:%s:log-group:%s-*", p.partition, p.region, account, group)),
			},
		},
	}
}

// flowLogRole may be assumed by the flow logs of this account and region alone, and may write to one group.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
func (b *builder) flowLogRole(group *cloudwatch.LogGroup) (*awsiam.Role, *awsiam.RolePolicy, error) {
	p, account := b.plan, b.vpc.OwnerId
	name := b.kids.Limited(names.Role, "flow-logs")
	role, err := component.New(b.ctx, b.kids, "flow log role", name, &awsiam.RoleArgs{
		AssumeRolePolicy: iam.Trust("vpc-flow-logs.amazonaws.com",
			iam.When("StringEquals", "aws:SourceAccount", account),
			iam.When("ArnLike", "aws:SourceArn", pulumi.Sprintf("arn:%s:ec2:%s:%s:vpc-flow-log/*", p.partition, p.region, account)),
		).JSON(), Tags: b.kids.Tags(name),
	}, b.transform.FlowLogRole, awsiam.NewRole)
	if err != nil {
		return nil, nil, err
	}
	policy := iam.Document{{
		Sid: "WriteFlowLogs", Actions: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
		Resources: []pulumi.StringInput{group.Arn, pulumi.Sprintf("%s:*", group.Arn)},
	}}
	permission, err := component.New(b.ctx, b.kids, "flow log role policy", b.kids.Child("flow-logs", "write"), &awsiam.RolePolicyArgs{
		Role: role.ID(), Policy: policy.JSON(),
	}, b.transform.FlowLogRolePolicy, awsiam.NewRolePolicy)
	return role, permission, err
}
