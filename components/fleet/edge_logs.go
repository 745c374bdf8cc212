package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// createEdgeLogs delivers CloudFront's access logs to the log bucket by standard logging (v2). The older kind would need
// access control lists on the bucket. CloudFront's deliveries are made in us-east-1, for a bucket in any region.
// The prefix in the destination's ARN must stay: without one AWS puts "AWSLogs/<account>/CloudFront/" before the suffix path
// and answers with that, which every refresh would show as drift.
// https://github.com/hashicorp/terraform-provider-aws/issues/46328
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
func (b *builder) createEdgeLogs() error {
	name := b.kids.Child("edge", "logs")
	// A delivery's names are fixed and 60 characters of [\w-]*,
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
	physical := names.For(name).Physical(deliveryName, b.ctx.Stack())
	source, err := component.New(b.ctx, b.kids, "edge log source", b.kids.Child("edge", "source"), &cloudwatch.LogDeliverySourceArgs{
		Name: pulumi.String(physical), LogType: pulumi.String("ACCESS_LOGS"), ResourceArn: b.fleet.Distribution.Arn, Tags: b.kids.Tags(name),
	}, b.transform.LogSource, cloudwatch.NewLogDeliverySource, b.global()...)
	if err != nil {
		return err
	}
	destination, err := component.New(b.ctx, b.kids, "edge log destination", b.kids.Child("edge", "destination"), &cloudwatch.LogDeliveryDestinationArgs{
		Name: pulumi.String(physical), OutputFormat: pulumi.String("json"), Tags: b.kids.Tags(name),
		DeliveryDestinationConfiguration: &cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs{
			DestinationResourceArn: pulumi.Sprintf("%s/%s", b.bucket.Arn, edgeLogs),
		},
	}, b.transform.LogDestination, cloudwatch.NewLogDeliveryDestination, append(b.global(), pulumi.DependsOn([]pulumi.Resource{b.bucketOpen}))...)
	if err != nil {
		return err
	}
	_, err = component.New(b.ctx, b.kids, "edge log delivery", b.kids.Child("edge", "delivery"), &cloudwatch.LogDeliveryArgs{
		DeliverySourceName: source.Name, DeliveryDestinationArn: destination.Arn, Tags: b.kids.Tags(name),
		S3DeliveryConfigurations: cloudwatch.LogDeliveryS3DeliveryConfigurationArray{&cloudwatch.LogDeliveryS3DeliveryConfigurationArgs{
			EnableHiveCompatiblePath: pulumi.Bool(false), SuffixPath: pulumi.String("{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"),
		}},
	}, b.transform.LogDelivery, cloudwatch.NewLogDelivery, b.global()...)
	return err
}
