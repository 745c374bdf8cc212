package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// logSources are the properties by which types say where their logs go, the property that turns them on, and the service that
// writes into a bucket; without one, nothing of the bucket's policy is wanted.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
var logSources = []struct{ kind, path, on, writer string }{
	{"aws:lb/loadBalancer:LoadBalancer", "accessLogs.bucket", "accessLogs.enabled", "logdelivery.elasticloadbalancing.amazonaws.com"},
	{"aws:lb/loadBalancer:LoadBalancer", "connectionLogs.bucket", "connectionLogs.enabled", "logdelivery.elasticloadbalancing.amazonaws.com"},
	{"aws:alb/loadBalancer:LoadBalancer", "accessLogs.bucket", "accessLogs.enabled", "logdelivery.elasticloadbalancing.amazonaws.com"},
	{"aws:cloudfront/distribution:Distribution", "loggingConfig.bucket", "", ""},
	{"aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", "deliveryDestinationConfiguration.destinationResourceArn", "", "delivery.logs.amazonaws.com"},
	{cloudTrailType, "s3BucketName", "", "cloudtrail.amazonaws.com"},
	{cloudTrailType, "cloudWatchLogsGroupArn", "", ""},
	{"aws:ec2/flowLog:FlowLog", "logDestination", "", ""},
	{restStage, "accessLogSettings.destinationArn", "", ""},
	{httpStage, "accessLogSettings.destinationArn", "", ""},
	{"aws:sfn/stateMachine:StateMachine", "loggingConfiguration.logDestination", "", ""},
	{"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "logDestinationConfigs[0]", "", ""},
}

func logPath() *policy.Rule {
	return &policy.Rule{
		ID: "log-path", Title: "Logs reach a place that is closed, takes them, and forgets them in time", Severity: policy.Medium, ProdOnly: true,
		Anchors: "nist:AU-4,AU-9,AU-11",
		Why:     "a log that is refused is only missed when it is needed, one that is open tells strangers who the clients are, and one that never ends costs more every day",
		Fix:     "close the bucket (BucketPublicAccessBlock), let the service write (s3:PutObject in the BucketPolicy), and set an expiration, or retentionInDays of the log group",
		Sources: []string{
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
			"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html",
		},
		Check: checkLogPaths,
		Proof: policy.Proof{
			Good: `
resources:
  bucket: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: logs, arn: "arn:aws:s3:::logs"}}
  closed:
    type: aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock
    properties: {bucket: logs, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true}
  ends:
    type: aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2
    properties: {bucket: logs, rules: [{id: expire, status: Enabled, filter: {prefix: ""}, expiration: {days: 365}}]}
  admits:
    type: aws:s3/bucketPolicy:BucketPolicy
    properties:
      bucket: logs
      policy: {$json: {Statement: [{Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::logs/*", Principal: {Service: logdelivery.elasticloadbalancing.amazonaws.com}}]}}
  lb: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {accessLogs: {enabled: true, bucket: logs}}}
  log: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: flow, arn: "arn:aws:logs:eu-central-1:111111111111:log-group:flow", retentionInDays: 365}}
  flow: {type: "aws:ec2/flowLog:FlowLog", properties: {logDestination: "arn:aws:logs:eu-central-1:111111111111:log-group:flow"}}
`,
			Bad: []string{
				"closed!", "closed.blockPublicAcls=false", "ends!", "ends.rules[0].status=Disabled", "ends.rules[0].expiration!", "admits!",
				"admits.policy.Statement[0].Effect=Deny", "admits.policy.Statement[0].Principal.Service=other.amazonaws.com", "log.retentionInDays=0",
			},
			Guard: "log.retentionInDays", Absent: policy.Violation,
			Also: []string{"s3-block-public-access", "s3-lifecycle", "log-retention", "retention-tiers", "s3-tls-only"},
		},
	}
}

func checkLogPaths(c *policy.Case) {
	seen := map[*policy.Node]bool{}
	for _, source := range logSources {
		for n := range c.Each(source.kind) {
			if v := n.Get(source.path); !v.Empty() && (source.on == "" || n.Get(source.on).True()) {
				followLog(c.At(n), v, source.writer, seen)
			}
		}
	}
}

func followLog(c *policy.Case, v policy.Value, writer string, seen map[*policy.Node]bool) {
	target := logTarget(v)
	if target == nil {
		if v.Unknown() {
			c.UnclearBecause(v.Path(), "where the log goes is not known yet")
		}
		return // Another program's place is judged there; ghost-reference says when it should be this one's.
	}
	saw := policy.Saw(c.Node, v.Path(), "logs to it")
	if slices.Contains(buckets, target.Type) && writer != "" {
		checkWriter(c.At(target), target, writer, saw)
	}
	if seen[target] {
		return
	}
	seen[target] = true
	if target.Type == logGroupType {
		c.At(target).Require(target.Get("retentionInDays"), "a number of days", func(v policy.Value) bool { return v.IsNumber() && v.Number() > 0 }, saw)
		return
	}
	checkClosed(c, target, saw)
	checkExpires(c.At(target), target, saw)
}

// logTarget is the bucket or the log group that a value names: by name, by ARN, or by an ARN with a path.
func logTarget(v policy.Value) *policy.Node {
	types := append(slices.Clone(buckets), logGroupType)
	if n := v.Ref(types...).Node(); n != nil {
		return n
	}
	arn, _, _ := strings.Cut(v.Text(), "/")
	found := v.Node().Graph().Named(strings.TrimSuffix(arn, ":*"), types...)
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

func checkExpires(c *policy.Case, bucket *policy.Node, saw policy.Detail) {
	rules, sure := lifecycleOf(bucket)
	for _, rule := range rules {
		if !rule.enabled || !rule.whole {
			continue
		}
		if rule.expires.Unknown() {
			sure = false
		}
		if rule.expires.Number() > 0 {
			return
		}
	}
	if !sure {
		c.UnclearBecause("", "the life cycle of the bucket is not known yet")
		return
	}
	c.Broken("", "nothing in the bucket expires", "a lifecycle rule for all of it with expiration.days", saw)
}

func checkWriter(c *policy.Case, bucket *policy.Node, writer string, saw policy.Detail) {
	documents, sure := bucketsOf(c.Graph()).values(bucket, policyPart)
	for _, document := range documents {
		statements, unknown := iam.Statements(document)
		sure = sure && len(unknown) == 0
		if slices.ContainsFunc(statements, func(s iam.Statement) bool { return s.Allow && s.Does("s3:PutObject") && admitsWriter(s, writer) }) {
			return
		}
	}
	if !sure {
		c.UnclearBecause("", "the policy of the bucket is not known yet")
		return
	}
	c.Broken("", "no statement of its policy lets "+writer+" write", "s3:PutObject allowed to "+writer, saw)
}

// admitsWriter says that the statement lets the service in. Load balancers of older regions write from an account of AWS.
func admitsWriter(s iam.Statement, writer string) bool {
	if s.Service(writer) {
		return true
	}
	return strings.HasPrefix(writer, "logdelivery.") && slices.ContainsFunc(s.Principals, func(p string) bool { return strings.HasPrefix(p, "AWS:") })
}
