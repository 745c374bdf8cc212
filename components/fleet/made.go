package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
)

// made is what one concern leaves for the next.
type made struct {
	linkedRole                   *iam.ServiceLinkedRole // nil where the key of the volumes was brought
	key                          *kms.Key
	volumeKey                    pulumi.StringInput
	logGroup                     *cloudwatch.LogGroup
	bucket                       *s3.BucketV2
	bucketClosed, bucketVersions pulumi.Resource
	bucketOpen                   pulumi.Resource // the bucket's policy: without it nobody may write logs
	role                         *iam.Role
	profile                      *iam.InstanceProfile
	rolePolicy                   pulumi.Resource
	balancerSG                   []pulumi.StringInput
	serverSG                     pulumi.StringOutput
	// egressRules must be there before the first server starts: it downloads through them.
	egressRules []pulumi.Resource
	front       front
	listener    pulumi.Resource // or the rule that was added to a listener that was brought
	deadLetters *sqs.Queue
	ruleARNs    []pulumi.StringInput // of the rules that may write to deadLetters
	certificate pulumi.StringInput
	alarms      *alarms.Set
	rollback    []*alarms.Set
	edge
	stepAlarmSet  *alarms.Set // nil without steps
	groupAlarmSet *alarms.Set
}

// front is what is known of the load balancer.
type front struct {
	arn, suffix, name, zone pulumi.StringOutput
}

// groupPattern matches the Auto Scaling group's ARN. Its name is the logical name and Pulumi's suffix; the policy has to
// be there before the group, because the first instances already answer its hooks.
func (b *builder) groupPattern() string {
	return b.plan.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/"+b.kids.Child("group")+"-*")
}

// output fills the component's outputs.
func (b *builder) output() {
	f := b.fleet
	f.GroupName = f.Group.Name
	f.LoadBalancerSuffix, f.TargetGroupSuffix = b.front.suffix, f.TargetGroup.ArnSuffix
	f.RoleName = b.role.Name
	f.InstanceSecurityGroupID = b.serverSG
	f.LogBucket, f.LogGroup = pulumi.String("").ToStringOutput(), b.logGroup.Name
	if b.bucket != nil {
		f.LogBucket = b.bucket.Bucket
	}
	f.DeadLetterQueueURL = b.deadLetters.Url
	f.TemplateVersion = f.LaunchTemplate.LatestVersion
	f.ArtifactSHA256 = pulumi.String(b.plan.args.Artifact.SHA256).ToStringOutput()
	f.URL = b.url()
	f.DistributionID = pulumi.String("").ToStringOutput()
	if f.Distribution != nil {
		f.DistributionID = f.Distribution.ID().ToStringOutput()
	}
}
