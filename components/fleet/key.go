package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
)

// createKey makes the key of volumes and logs. An existing key replaces it for the volumes.
func (b *builder) createKey() error {
	name := b.kids.Child("key")
	made, err := component.New(b.ctx, b.kids, "key", name, &kms.KeyArgs{
		Description:       pulumi.String("Volumes and logs of " + b.kids.Child()),
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

// keyPolicy admits the account's administrators, Auto Scaling for volumes, and CloudWatch Logs for the log group. Auto
// Scaling's service-linked role has no access to customer-managed keys of its own; CreateGrant is how EBS gets to the
// volume's key. https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
func (b *builder) keyPolicy() iam.Document {
	p, key := b.plan, iam.Strings("*") // in a key policy: this key
	root := pulumi.Sprintf("arn:%s:iam::%s:root", partition(p.args.Region), p.args.AccountID)
	scaling := pulumi.Sprintf("arn:%s:iam::%s:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
		partition(p.args.Region), p.args.AccountID)
	use := []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}
	return iam.Document{
		{Sid: "Account", Principals: []iam.Principal{iam.AWS(root)}, Actions: []string{"kms:*"}, Resources: key},
		{Sid: "AutoScalingUses", Principals: []iam.Principal{iam.AWS(scaling)}, Actions: use, Resources: key},
		{
			Sid: "AutoScalingGrants", Principals: []iam.Principal{iam.AWS(scaling)}, Actions: []string{"kms:CreateGrant"}, Resources: key,
			Conditions: []iam.Condition{iam.When("Bool", "kms:GrantIsForAWSResource", pulumi.String("true"))},
		},
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
		{
			Sid: "Logs", Principals: []iam.Principal{iam.Service("logs." + p.args.Region + ".amazonaws.com")}, Resources: key,
			Actions: []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
			Conditions: []iam.Condition{iam.When("ArnLike", "kms:EncryptionContext:aws:logs:arn",
				pulumi.String(p.arn("logs", "log-group:"+b.kids.Child("log")+"-*")))},
		},
	}
}

// createLogGroup makes the log group of boot and server.
func (b *builder) createLogGroup() error {
	name := b.kids.Child("log")
	made, err := component.New(b.ctx, b.kids, "log group", name, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(b.unlessDisposable(90, 7)),
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
