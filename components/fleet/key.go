package fleet

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// linkedRoleSuffix is what a suffix may be. AWS takes 64 characters of [\w+=,.@-], and makes the role's name of
// "AWSServiceRoleForAutoScaling", an underscore and the suffix; a role's name has at most 64 characters, which leaves 35.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
var linkedRoleSuffix = names.Limit{Max: 35, Pattern: regexp.MustCompile(`^[\w+=,.@-]+$`)}

// createLinkedRole makes the role by which Auto Scaling launches this fleet. The account's common one does not do: AWS
// makes it with the account's first group, and a key policy that names a role before it exists is refused. A role of one's
// own is also AWS's advice for customer-managed keys: it gives the key to this fleet's group and no other.
// Roles belong to the account, so the suffix tells stacks and regions apart.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
func (b *builder) createLinkedRole() error {
	if b.plan.args.Instances.VolumeKeyARN != nil {
		return nil // that key's policy names the account's common role
	}
	name := b.kids.Child("scaling", "role")
	made, err := component.New(b.ctx, b.kids, "service-linked role", name, &awsiam.ServiceLinkedRoleArgs{
		AwsServiceName: pulumi.String("autoscaling.amazonaws.com"),
		CustomSuffix:   pulumi.String(b.kids.Physical(linkedRoleSuffix, b.ctx.Stack(), b.plan.args.Region)),
		Description:    pulumi.String("Auto Scaling for " + b.kids.Child()), Tags: b.kids.Tags(name),
	}, b.transform.ServiceLinkedRole, awsiam.NewServiceLinkedRole)
	b.linkedRole = made
	return err
}

// createKey makes the key of volumes, logs and undelivered events. An existing key replaces it for the volumes.
func (b *builder) createKey() error {
	name := b.kids.Child("key")
	made, err := component.New(b.ctx, b.kids, "key", name, &kms.KeyArgs{
		Description:       pulumi.String("Volumes, logs and undelivered events of " + b.kids.Child()),
		EnableKeyRotation: pulumi.Bool(true),
		// 7 to 30 days, https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
		DeletionWindowInDays: pulumi.Int(b.unlessDisposable(30, 7)),
		Policy:               b.keyPolicy().JSON(),
		Tags:                 b.kids.Tags(name),
	}, b.transform.Key, kms.NewKey, b.protect()...)
	if err != nil {
		return err
	}
	b.key, b.volumeKey = made, made.Arn
	if brought := b.plan.args.Instances.VolumeKeyARN; brought != nil {
		b.volumeKey = brought
	}
	return nil
}

// keyPolicy admits the account's administrators, Auto Scaling for volumes, CloudWatch Logs for the log group and EventBridge
// for undelivered events. Auto
// Scaling's service-linked role has no access to customer-managed keys of its own; CreateGrant is how EBS gets to the
// volume's key. https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
func (b *builder) keyPolicy() iam.Document {
	p, key := b.plan, iam.Strings("*") // in a key policy: this key
	root := pulumi.Sprintf("arn:%s:iam::%s:root", p.partition(), p.args.AccountID)
	document := iam.Document{
		{Sid: "Account", Principals: []iam.Principal{iam.AWS(root)}, Actions: []string{"kms:*"}, Resources: key},
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
		{
			Sid: "Logs", Principals: []iam.Principal{iam.Service("logs." + p.args.Region + ".amazonaws.com")}, Resources: key,
			Actions: []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
			Conditions: []iam.Condition{iam.When("ArnLike", "kms:EncryptionContext:aws:logs:arn",
				pulumi.String(p.arn("logs", "log-group:"+b.kids.Child("log")+"-*")))},
		},
		// EventBridge sends KMS neither account nor ARN with what it writes to encrypted queues; the queue's policy names
		// the rules. https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/407
		{
			Sid: "UndeliveredEvents", Principals: []iam.Principal{iam.Service("events.amazonaws.com")}, Resources: key,
			Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"},
		},
	}
	if b.linkedRole == nil {
		return document
	}
	scaling, use := b.linkedRole.Arn, []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}
	return append(document,
		iam.Statement{Sid: "AutoScalingUses", Principals: []iam.Principal{iam.AWS(scaling)}, Actions: use, Resources: key},
		iam.Statement{
			Sid: "AutoScalingGrants", Principals: []iam.Principal{iam.AWS(scaling)}, Actions: []string{"kms:CreateGrant"}, Resources: key,
			Conditions: []iam.Condition{iam.When("Bool", "kms:GrantIsForAWSResource", pulumi.String("true"))},
		})
}

// createLogGroup makes the log group of boot and server.
func (b *builder) createLogGroup() error {
	name := b.kids.Child("log")
	made, err := component.New(b.ctx, b.kids, "log group", name, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(b.plan.args.Instances.LogRetentionDays),
		KmsKeyId:        b.key.Arn,
		Tags:            b.kids.Tags(name),
	}, b.transform.LogGroup, cloudwatch.NewLogGroup, pulumi.RetainOnDelete(!b.plan.args.Disposable))
	if err != nil {
		return err
	}
	b.logGroup = made
	return nil
}

// unlessDisposable chooses between the durable and the disposable value.
func (b *builder) unlessDisposable(durable, disposable int) int {
	if b.plan.args.Disposable {
		return disposable
	}
	return durable
}

// protect is the option of children whose loss cannot be undone.
func (b *builder) protect() []pulumi.ResourceOption {
	if b.plan.args.Disposable {
		return nil
	}
	return []pulumi.ResourceOption{pulumi.Protect(true)}
}
