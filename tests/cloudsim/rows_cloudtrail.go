package cloudsim

import "errors"

const trailDoc = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html"

func init() { register(trail) }

var trail = Row{
	Type:     "aws:cloudtrail/trail:Trail",
	Noun:     "trail",
	Doc:      trailDoc,
	ID:       Format("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
	ARN:      Format("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
	AutoName: &AutoName{Max: 128},
	Defaults: map[string]any{"enableLogFileValidation": false, "enableLogging": true, "includeGlobalServiceEvents": true,
		"isMultiRegionTrail": false, "isOrganizationTrail": false},
	Computed: map[string]Compute{"homeRegion": Format("{region}")},
	Required: []string{"s3BucketName"},
	Replace:  []string{"name"},
	Taggable: true,
	Refs: append([]Ref{
		{Path: "s3BucketName", To: bucketTypes, Region: "*", Weak: true, Code: "S3BucketDoesNotExistException"},
		{Path: "cloudWatchLogsRoleArn", To: []string{roleType}, By: []string{"arn"}, Code: "InvalidCloudWatchLogsRoleArnException"},
		{Path: "snsTopicName", To: []string{topicType}, By: []string{"name", "arn"}, Weak: true, Code: "InvalidSnsTopicNameException"},
	}, keyRefs("kmsKeyId", "KmsKeyNotFoundException")...),
	Unique:    []Unique{{Paths: []string{"name"}, Code: "TrailAlreadyExistsException"}},
	Limits:    []Limit{{"name", Matches(`^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$`, "3 to 128 letters, digits and . _ -"), trailDoc}},
	Check:     checkTrail,
	NotFound:  "TrailNotFoundException",
	Durations: seconds(3, estimate("CloudTrail writes a test file before it answers")),
}

// checkTrail: CloudTrail writes to the bucket before it answers, so bucket, key and role must be open by then.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func checkTrail(c *Call) error {
	problems := []error{TrustedBy(c, "cloudWatchLogsRoleArn", "cloudtrail.amazonaws.com", "InvalidCloudWatchLogsRoleArnException"),
		KeyAdmits(c, "kmsKeyId", "cloudtrail.amazonaws.com", "kms:GenerateDataKey", "kms:DescribeKey")}
	if c.Has("cloudWatchLogsGroupArn") != c.Has("cloudWatchLogsRoleArn") {
		problems = append(problems, c.Reject("InvalidCloudWatchLogsRoleArnException", "cloudWatchLogsGroupArn and cloudWatchLogsRoleArn go together"))
	}
	return errors.Join(append(problems, trailBucket(c))...)
}

func trailBucket(c *Call) error {
	bucket := c.Ref("s3BucketName")
	if bucket == nil || c.Preview || bucket.Given {
		return nil
	}
	object := c.Format("/AWSLogs/{account}/x")
	if prefix := c.Text("s3KeyPrefix"); prefix != "" {
		object = "/" + prefix + object
	}
	policy, ok := c.documentOf(bucket, bucketPolicyType, "bucket")
	for action, resource := range map[string]string{"s3:GetBucketAcl": bucket.ARN, "s3:PutObject": bucket.ARN + object} {
		q := access{service: "cloudtrail.amazonaws.com", action: action, resource: resource, account: c.Account,
			source: c.Format("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}")}
		if !ok || !policy.admits(q) {
			return c.RejectAt("s3BucketName", "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s (it does not allow %s)", bucket.ID, action)
		}
	}
	return nil
}
