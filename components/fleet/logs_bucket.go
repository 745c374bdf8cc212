package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// The prefixes of the logs in the bucket.
const (
	accessLogs     = "access"
	connectionLogs = "connection"
	edgeLogs       = "edge"
)

// createLogBucket makes the bucket of access and connection logs: private, versioned, encrypted, over TLS only, emptied
// by age. Its own access is not logged: a bucket that logs into itself feeds itself, and one more bucket would have the same
// question. Who reads logs is for the account's trail of data events to record.
func (b *builder) createLogBucket() error {
	if !b.plan.ownBalancer() {
		return nil // its owner keeps its logs, and there is no CloudFront
	}
	name := b.kids.Limited(names.Bucket, "logs")
	made, err := component.New(b.ctx, b.kids, "log bucket", name, &s3.BucketV2Args{
		ForceDestroy: pulumi.Bool(b.plan.args.Disposable), Tags: b.kids.Tags(name),
	}, b.transform.LogBucket, s3.NewBucketV2, b.protect()...)
	if err != nil {
		return err
	}
	b.bucket = made
	for _, part := range []func() error{b.bucketAccess, b.bucketOwnership, b.bucketEncryption, b.bucketVersioning, b.bucketLifecycle, b.bucketPolicy} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) bucketAccess() error {
	made, err := component.New(b.ctx, b.kids, "log bucket's public access block", b.kids.Child("logs", "access"), &s3.BucketPublicAccessBlockArgs{
		Bucket: b.bucket.ID(), BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true),
		IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, b.transform.LogBucketAccess, s3.NewBucketPublicAccessBlock)
	b.bucketClosed = made
	return err
}

// bucketOwnership switches access control lists off: logs are the bucket owner's.
func (b *builder) bucketOwnership() error {
	_, err := component.New(b.ctx, b.kids, "log bucket's ownership", b.kids.Child("logs", "ownership"), &s3.BucketOwnershipControlsArgs{
		Bucket: b.bucket.ID(), Rule: &s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, b.transform.LogBucketOwnership, s3.NewBucketOwnershipControls)
	return err
}

// bucketEncryption is with S3's own keys: load balancer logs know no other.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
func (b *builder) bucketEncryption() error {
	_, err := component.New(b.ctx, b.kids, "log bucket's encryption", b.kids.Child("logs", "encryption"), &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: b.bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{&s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: &s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("AES256"),
			},
		}},
	}, b.transform.LogBucketEncryption, s3.NewBucketServerSideEncryptionConfigurationV2)
	return err
}

func (b *builder) bucketVersioning() error {
	made, err := component.New(b.ctx, b.kids, "log bucket's versioning", b.kids.Child("logs", "versioning"), &s3.BucketVersioningV2Args{
		Bucket: b.bucket.ID(), VersioningConfiguration: &s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, b.transform.LogBucketVersioning, s3.NewBucketVersioningV2)
	b.bucketVersions = made
	return err
}

// bucketLifecycle comes after versioning: rules for versions need it.
func (b *builder) bucketLifecycle() error {
	_, err := component.New(b.ctx, b.kids, "log bucket's lifecycle", b.kids.Child("logs", "lifecycle"), &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.bucket.ID(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{&s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("expire"), Status: pulumi.String("Enabled"), Filter: &s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			Expiration: &s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(b.plan.args.LoadBalancer.LogRetentionDays)},
			NoncurrentVersionExpiration: &s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
				NoncurrentDays: pulumi.Int(7),
			},
			AbortIncompleteMultipartUpload: &s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
				DaysAfterInitiation: pulumi.Int(7),
			},
		}},
	}, b.transform.LogBucketLifecycle, s3.NewBucketLifecycleConfigurationV2, pulumi.DependsOn([]pulumi.Resource{b.bucketVersions}))
	return err
}

// bucketPolicy opens the bucket to the load balancers of this account, and to CloudFront's log delivery.
func (b *builder) bucketPolicy() error {
	made, err := component.New(b.ctx, b.kids, "log bucket's policy", b.kids.Child("logs", "policy"), &s3.BucketPolicyArgs{
		Bucket: b.bucket.ID(), Policy: b.logPolicy().JSON(),
	}, b.transform.LogBucketPolicy, s3.NewBucketPolicy, pulumi.DependsOn([]pulumi.Resource{b.bucketClosed}))
	b.bucketOpen = made
	return err
}

func (b *builder) logPolicy() iam.Document {
	p := b.plan
	under := func(prefix string) pulumi.StringInput {
		return pulumi.Sprintf("%s/%s/AWSLogs/%s/*", b.bucket.Arn, prefix, p.args.AccountID)
	}
	document := iam.Document{
		iam.TLSOnly("s3:*", b.bucket.Arn, pulumi.Sprintf("%s/*", b.bucket.Arn)),
		// The account id in the path keeps other accounts' load balancers out. The service principal serves every region,
		// those that once had an account of their own as well.
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
		{
			Sid: "LoadBalancer", Principals: []iam.Principal{iam.Service("logdelivery.elasticloadbalancing.amazonaws.com")},
			Actions: []string{"s3:PutObject"}, Resources: []pulumi.StringInput{under(accessLogs), under(connectionLogs)},
		},
	}
	if !p.cdn() {
		return document
	}
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
	return append(document, iam.Statement{
		Sid: "CloudFront", Principals: []iam.Principal{iam.Service("delivery.logs.amazonaws.com")},
		Actions: []string{"s3:PutObject"}, Resources: []pulumi.StringInput{pulumi.Sprintf("%s/%s/*", b.bucket.Arn, edgeLogs)},
		Conditions: []iam.Condition{
			iam.When("StringEquals", "aws:SourceAccount", pulumi.String(p.args.AccountID)),
			iam.When("StringEquals", "s3:x-amz-acl", pulumi.String("bucket-owner-full-control")),
			iam.When("ArnLike", "aws:SourceArn", pulumi.Sprintf("arn:%s:logs:%s:%s:delivery-source:*", p.partition(), globalRegion, p.args.AccountID)),
		},
	})
}
