package fleet

import (
	"fmt"
	"slices"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// createRole makes the instances' role. Only EC2 may assume it; EC2 gives no source account or ARN when it does, so a
// condition on them would shut the instances out.
func (b *builder) createRole() error {
	name := b.kids.Limited(names.Role, "role")
	role, err := component.New(b.ctx, b.kids, "role", name, &awsiam.RoleArgs{
		Description:      pulumi.String("Servers of " + b.kids.Child()),
		AssumeRolePolicy: iam.Trust("ec2.amazonaws.com").JSON(),
		Tags:             b.kids.Tags(name),
	}, b.transform.Role, awsiam.NewRole)
	if err != nil {
		return err
	}
	policy, err := component.New(b.ctx, b.kids, "role policy", b.kids.Child("role", "policy"), &awsiam.RolePolicyArgs{
		Role: role.Name, Policy: b.permissions().JSON(),
	}, b.transform.RolePolicy, awsiam.NewRolePolicy)
	if err != nil {
		return err
	}
	name = b.kids.Limited(names.InstanceProfile, "profile")
	profile, err := component.New(b.ctx, b.kids, "instance profile", name, &awsiam.InstanceProfileArgs{
		Role: role.Name, Tags: b.kids.Tags(name),
	}, b.transform.InstanceProfile, awsiam.NewInstanceProfile)
	if err != nil {
		return err
	}
	b.role, b.rolePolicy, b.profile = role, policy, profile
	return nil
}

// permissions is all that a server may do.
func (b *builder) permissions() iam.Document {
	p, everything := b.plan, iam.Strings("*")
	document := iam.Document{
		{Sid: "Artifact", Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}, Resources: b.objects()},
		{Sid: "Lifecycle", Actions: []string{"autoscaling:CompleteLifecycleAction"}, Resources: iam.Strings(b.groupPattern())},
		{
			Sid: "Logs", Actions: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
			Resources: []pulumi.StringInput{pulumi.Sprintf("%s:*", b.logGroup.Arn)},
		},
		// Neither action knows resources; the namespace bounds the first, and the second reads tags only.
		// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
		{
			Sid: "Metrics", Actions: []string{"cloudwatch:PutMetricData"}, Resources: everything,
			Conditions: []iam.Condition{iam.When("StringEquals", "cloudwatch:namespace", pulumi.String("CWAgent"))},
		},
		{Sid: "GroupTag", Actions: []string{"ec2:DescribeTags"}, Resources: everything},
		// What Session Manager needs and no more: the managed policy AmazonSSMManagedInstanceCore would also read every
		// parameter of the account.
		// https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
		{
			Sid: "Register", Actions: []string{"ssm:UpdateInstanceInformation"},
			Resources: iam.Strings(p.arn("ec2", "instance/*")),
		},
		{
			Sid: "SessionManager", Resources: everything,
			Actions: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			},
		},
	}
	if key := p.args.Artifact.EncryptionKeyARN; key != nil {
		document = append(document, iam.Statement{
			Sid: "ArtifactKey", Actions: []string{"kms:Decrypt"}, Resources: []pulumi.StringInput{key},
			Conditions: []iam.Condition{iam.When("StringEquals", "kms:ViaService", pulumi.String("s3."+p.args.Region+".amazonaws.com"))},
		})
	}
	return document
}

// objects are the artifact's object and those that earlier versions came from, which a rollback starts again.
func (b *builder) objects() []pulumi.StringInput {
	a := b.plan.args.Artifact
	keys := []pulumi.StringInput{a.Key}
	for _, earlier := range slices.Sorted(slices.Values(a.EarlierKeys)) {
		keys = append(keys, pulumi.String(earlier))
	}
	objects := make([]pulumi.StringInput, len(keys))
	for i, key := range keys {
		objects[i] = pulumi.Sprintf("arn:%s:s3:::%s/%s", b.plan.partition(), a.Bucket, key)
	}
	return objects
}

// partition is the second field of every ARN that the fleet writes.
func (p *plan) partition() string { return iam.Partition(p.args.Region) }

// arn writes an ARN of the fleet's own account and region.
func (p *plan) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", p.partition(), service, p.args.Region, p.args.AccountID, resource)
}
