package cloudsim_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const (
	topicType         = "aws:sns/topic:Topic"
	topicPolicyType   = "aws:sns/topicPolicy:TopicPolicy"
	subscriptionType  = "aws:sns/topicSubscription:TopicSubscription"
	queueType         = "aws:sqs/queue:Queue"
	queuePolicyType   = "aws:sqs/queuePolicy:QueuePolicy"
	alarmType         = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType     = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	dashboardType     = "aws:cloudwatch/dashboard:Dashboard"
	ruleType          = "aws:cloudwatch/eventRule:EventRule"
	targetType        = "aws:cloudwatch/eventTarget:EventTarget"
	templateType      = "aws:ec2/launchTemplate:LaunchTemplate"
	scalingGroupType  = "aws:autoscaling/group:Group"
	scalingPolicyType = "aws:autoscaling/policy:Policy"
	hookType          = "aws:autoscaling/lifecycleHook:LifecycleHook"
	balancerType      = "aws:lb/loadBalancer:LoadBalancer"
	targetsType       = "aws:lb/targetGroup:TargetGroup"
	listenerType      = "aws:lb/listener:Listener"
	listenerRuleType  = "aws:lb/listenerRule:ListenerRule"
	bucketType        = "aws:s3/bucketV2:BucketV2"
	bucketPolicyType  = "aws:s3/bucketPolicy:BucketPolicy"
	objectType        = "aws:s3/bucketObjectv2:BucketObjectv2"
	lifecycleType     = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	encryptionType    = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	distributionType  = "aws:cloudfront/distribution:Distribution"
	vpcOriginType     = "aws:cloudfront/vpcOrigin:VpcOrigin"
	cachePolicyType   = "aws:cloudfront/cachePolicy:CachePolicy"
	accessType        = "aws:cloudfront/originAccessControl:OriginAccessControl"
	certificateType   = "aws:acm/certificate:Certificate"
	validationType    = "aws:acm/certificateValidation:CertificateValidation"
	zoneType          = "aws:route53/zone:Zone"
	recordType        = "aws:route53/record:Record"
	parameterType     = "aws:ssm/parameter:Parameter"
	scheduleType      = "aws:scheduler/schedule:Schedule"
	functionType      = "aws:lambda/function:Function"
	permissionType    = "aws:lambda/permission:Permission"
	rolePolicyType    = "aws:iam/rolePolicy:RolePolicy"
)

// item is any resource, with the outputs that the tests of services read.
type item struct {
	pulumi.CustomResourceState
	Arn       pulumi.StringOutput `pulumi:"arn"`
	Name      pulumi.StringOutput `pulumi:"name"`
	URL       pulumi.StringOutput `pulumi:"url"`
	Suffix    pulumi.StringOutput `pulumi:"arnSuffix"`
	DNSName   pulumi.StringOutput `pulumi:"dnsName"`
	ZoneID    pulumi.StringOutput `pulumi:"zoneId"`
	Version   pulumi.IntOutput    `pulumi:"latestVersion"`
	Domain    pulumi.StringOutput `pulumi:"domainName"`
	Hosted    pulumi.StringOutput `pulumi:"hostedZoneId"`
	Regional  pulumi.StringOutput `pulumi:"bucketRegionalDomainName"`
	Options   pulumi.ArrayOutput  `pulumi:"domainValidationOptions"`
	AlarmName pulumi.StringOutput `pulumi:"alarmName"`
}

// make registers a resource after the one before it, so that what is refused does not depend on the order of goroutines.
func (w *world) make(typ, name string, args pulumi.Map, opts ...pulumi.ResourceOption) *item {
	if w.err != nil {
		return &item{}
	}
	if w.last != nil {
		opts = append(opts, pulumi.DependsOn([]pulumi.Resource{w.last}))
	}
	var made item
	given := pulumi.Map{}
	for k, v := range args {
		if v != nil {
			given[k] = v
		}
	}
	w.err = w.ctx.RegisterResource(typ, name, given, &made, opts...)
	w.last = &made
	return &made
}

func n(v int) pulumi.Input { return pulumi.Int(v) }

func yes(v bool) pulumi.Input { return pulumi.Bool(v) }

// allow is a policy with one statement; %s stands for the resource.
func allow(service, action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"` + action +
		`","Resource":"` + resource + `"}]}`
}

func about(arn pulumi.StringOutput, document func(arn string) string) pulumi.StringOutput {
	return arn.ApplyT(document).(pulumi.StringOutput)
}

// serviceCase is a program with what AWS refuses ("code|words"), or what does nothing although AWS accepts it ("idle:words").
type serviceCase struct {
	name    string
	program func(w *world)
	refused string
}

func runServices(t *testing.T, cases []serviceCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			words, idle := strings.CutPrefix(c.refused, "idle:")
			var options []cloudsim.Option
			if idle {
				options = append(options, cloudsim.AllowIdle())
			}
			rec, err := run(t, c.program, options...)
			if !idle && c.refused != "" {
				require.Error(t, err)
				for part := range strings.SplitSeq(c.refused, "|") {
					require.ErrorContains(t, err, part)
				}
				return
			}
			require.NoError(t, err)
			_, err = run(t, c.program, cloudsim.Preview())
			require.NoError(t, err, "a preview, where everything that the cloud would fill in is unknown")
			var reasons []string
			for _, reason := range rec.Idle() {
				reasons = append(reasons, reason)
			}
			if !idle {
				require.Empty(t, reasons)
				return
			}
			_, err = run(t, c.program)
			for part := range strings.SplitSeq(words, "|") {
				require.Contains(t, strings.Join(reasons, "\n"), part)
				require.ErrorContains(t, err, part, "a run without AllowIdle is refused")
			}
		})
	}
}

// alarm is an alarm on nothing in particular, in the namespace of a program.
func alarm(changes pulumi.Map) pulumi.Map {
	return merge(pulumi.Map{"comparisonOperator": s("GreaterThanThreshold"), "evaluationPeriods": n(3), "threshold": n(1),
		"namespace": s("Hashing"), "metricName": s("Errors"), "period": n(60), "statistic": s("Sum")}, changes)
}
