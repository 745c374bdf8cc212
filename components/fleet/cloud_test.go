package fleet

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/internal/names"
	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

// What the simulated cloud does not ask and AWS does.

// describable is what EC2 takes as the description of a security group or of a rule.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
var describable = regexp.MustCompile(`^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$`)

func TestEC2TakesTheDescriptionOfEverySecurityGroupAndRule(t *testing.T) {
	inside, _ := run(t, nil)
	edge, _ := behindCloudFront(t, nil)
	known, _ := runWith(t, func(ctx *pulumi.Context, a *HashFleetArgs) error {
		global, err := conformance.NewProvider(ctx, "global", globalRegion)
		if err != nil {
			return err
		}
		origin, err := ec2.NewSecurityGroup(ctx, "origins", &ec2.SecurityGroupArgs{VpcId: a.Placement.VPC.ToStringOutput(), Description: pulumi.String("Made by CloudFront")})
		if err != nil {
			return err
		}
		a.CDN, a.LoadBalancer.Clients = CDN{USEast1: global, Alarms: globalRoute(), OriginSecurityGroup: origin.ID().ToStringOutput()}, nil
		return nil
	}, surroundings()...)
	for _, rec := range []*cloudsim.Recorder{inside, edge, known} {
		seen := 0
		for _, typ := range []string{"aws:ec2/securityGroup:SecurityGroup", tIngress, tEgress} {
			for _, r := range rec.ByType(typ) {
				require.Regexp(t, describable, r.In().Text("description"), r.Name)
				seen++
			}
		}
		require.Greater(t, seen, 5)
	}
}

// agentConfiguration is what the CloudWatch agent is told.
type agentConfiguration struct {
	Metrics struct {
		Namespace             string            `json:"namespace"`
		AppendDimensions      map[string]string `json:"append_dimensions"`
		AggregationDimensions [][]string        `json:"aggregation_dimensions"`
	} `json:"metrics"`
}

func TestTheAgentReportsTheSeriesThatAlarmsWatch(t *testing.T) {
	text, err := plainUserData().agent()
	require.NoError(t, err)
	var agent agentConfiguration
	require.NoError(t, json.Unmarshal([]byte(text), &agent))
	rec, _ := run(t, nil)
	watched := 0
	for _, alarm := range rec.ByType(tAlarm) {
		if alarm.In().Text("namespace") != agent.Metrics.Namespace {
			continue
		}
		watched++
		dimensions := alarm.In().Keys("dimensions")
		slices.Sort(dimensions)
		require.True(t, slices.ContainsFunc(agent.Metrics.AggregationDimensions, func(set []string) bool {
			return slices.Equal(slices.Sorted(slices.Values(set)), dimensions)
		}), "%s watches %v, the agent reports %v", alarm.Name, dimensions, agent.Metrics.AggregationDimensions)
	}
	require.Equal(t, 3, watched)
}

// waitsFor says whether a resource is made after another, directly or through others.
func waitsFor(t *testing.T, rec *cloudsim.Recorder, r cloudsim.Record, typ string) bool {
	t.Helper()
	queue, seen := slices.Clone(r.Dependencies), map[string]bool{}
	for len(queue) > 0 {
		urn := queue[0]
		queue = queue[1:]
		if seen[urn] {
			continue
		}
		seen[urn] = true
		needed, ok := rec.ByURN(urn)
		require.True(t, ok, urn)
		if needed.Type == typ {
			return true
		}
		queue = append(queue, needed.Dependencies...)
	}
	return false
}

func TestServersStartOnlyOnceTheirSubnetsCarryTraffic(t *testing.T) {
	rec, _ := run(t, nil)
	for _, typ := range []string{"aws:ec2/natGateway:NatGateway", "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/networkAcl:NetworkAcl"} {
		require.NotEmpty(t, rec.ByType(typ), typ)
		require.True(t, waitsFor(t, rec, only(t, rec, tGroup), typ), typ)
	}
}

func TestCloudFrontReachesIntoTheNetworkOnlyOnceItHasAnInternetGateway(t *testing.T) {
	rec, _ := behindCloudFront(t, nil)
	require.True(t, waitsFor(t, rec, only(t, rec, tOrigin), "aws:ec2/internetGateway:InternetGateway"))
	require.Equal(t, []string{"Placement.InternetGateway", "CDN.USEast1"}, refused(t, arguments(func(a *HashFleetArgs) {
		a.CDN, a.LoadBalancer.Clients, a.Placement.InternetGateway = CDN{AlarmsOff: "a test"}, nil, nil
	})))
}

func TestTagsThatInstancesCannotReadFromTheirMetadataAreRefused(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"team/name", "cost center", ".", "..", "_index", "größe"} {
		require.Equal(t, []string{"Tags[" + key + "]"}, refused(t, arguments(func(a *HashFleetArgs) { a.Tags = map[string]string{key: "x"} })), key)
	}
	require.Empty(t, refused(t, arguments(func(a *HashFleetArgs) {
		a.Tags = map[string]string{"a+b-c=d.e,f_g:h@i": "any value / at all", strings.Repeat("k", 128): "x"}
	})))
}

func TestAWarmPoolDoesNotHibernate(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"Instances.WarmPool.State"}, refused(t, arguments(func(a *HashFleetArgs) {
		a.Instances.WarmPool = &WarmPool{State: "Hibernated"}
	})))
}

const (
	tLinkedRole  = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
	tTarget      = "aws:cloudwatch/eventTarget:EventTarget"
	tQueue       = "aws:sqs/queue:Queue"
	tQueuePolicy = "aws:sqs/queuePolicy:QueuePolicy"
)

func TestTheKeyNamesARoleThatIsThereBeforeIt(t *testing.T) {
	rec, _ := run(t, nil)
	role, key := only(t, rec, tLinkedRole), only(t, rec, tKey)
	require.Equal(t, "autoscaling.amazonaws.com", role.In().Text("awsServiceName"))
	require.Equal(t, role.Out().Text("arn"), statements(t, key.In().Text("policy"))["AutoScalingUses"].Principal["AWS"])
	require.Contains(t, key.Dependencies, role.URN)
	require.Equal(t, role.Out().Text("arn"), only(t, rec, tGroup).In().Text("serviceLinkedRoleArn"), "the role that may use the key is the one that launches")
}

func TestTwoStacksOrRegionsOfOneAccountHaveTwoLinkedRoles(t *testing.T) {
	t.Parallel()
	n, seen := names.For(strings.Repeat("f", 40)), map[string]bool{}
	for _, stack := range []string{"dev", "review-" + strings.Repeat("x", 60)} {
		for _, region := range []string{"eu-central-1", "eu-west-1"} {
			suffix := n.Physical(linkedRoleSuffix, stack, region)
			require.False(t, seen[suffix])
			seen[suffix] = true
			require.LessOrEqual(t, len("AWSServiceRoleForAutoScaling_"+suffix), 64)
		}
	}
}

func TestABroughtKeyIsUsedByTheAccountsCommonRole(t *testing.T) {
	rec, _ := runWith(t, func(ctx *pulumi.Context, a *HashFleetArgs) error {
		const admit = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"kms:*","Resource":"*"},` +
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"},"Action":"kms:*","Resource":"*"}]}`
		key, err := kms.NewKey(ctx, "brought", &kms.KeyArgs{Policy: pulumi.String(admit)})
		if err != nil {
			return err
		}
		a.Instances.VolumeKeyARN = key.Arn
		return nil
	})
	require.Empty(t, rec.ByType(tLinkedRole))
	require.False(t, only(t, rec, tGroup).In().Has("serviceLinkedRoleArn"))
	require.NotContains(t, only(t, rec, tKey).In().Text("policy"), "AutoScaling")
}

func TestNoEventIsLostWithoutAWord(t *testing.T) {
	rec, _ := run(t, nil)
	queue := only(t, rec, tQueue)
	require.Equal(t, only(t, rec, tKey).Out().Text("arn"), queue.In().Text("kmsMasterKeyId"))
	policy := statements(t, only(t, rec, tQueuePolicy).In().Text("policy"))
	targets := slices.DeleteFunc(rec.ByType(tTarget), func(r cloudsim.Record) bool { return !strings.HasPrefix(r.Name, "hash-") })
	require.Len(t, targets, 5)
	for _, target := range targets {
		require.Equal(t, queue.Out().Text("arn"), target.In().Text("deadLetterConfig.arn"), target.Name)
		require.LessOrEqual(t, target.In().Int("retryPolicy.maximumEventAgeInSeconds"), 3600, target.Name)
		rule, ok := rec.Named(tRule, strings.TrimSuffix(target.Name, "-target"))
		require.True(t, ok)
		require.Contains(t, policy["Events"].Condition["ArnEquals"].(map[string]any)["aws:SourceArn"], rule.Out().Text("arn"))
	}
	for _, automation := range []string{"hash-accept-target", "hash-revert-target"} {
		require.Equal(t, 900, named(t, rec, tTarget, automation).Int("retryPolicy.maximumEventAgeInSeconds"), "a late rollback takes back another rollout")
	}
	alarm := named(t, rec, tAlarm, "hash-undelivered-events")
	require.Equal(t, queue.Out().Text("name"), alarm.Text("dimensions.QueueName"))
	require.Equal(t, 1, alarm.Int("evaluationPeriods"))
}

func TestAnAutomationThatDoesNotEndWellIsTold(t *testing.T) {
	rec, _ := run(t, nil)
	var pattern struct {
		Source []string `json:"source"`
		Type   []string `json:"detail-type"`
		Detail struct{ Definition, Status []string }
	}
	require.NoError(t, json.Unmarshal([]byte(named(t, rec, tRule, "hash-automation-failed").Text("eventPattern")), &pattern))
	require.Equal(t, []string{"aws.ssm"}, pattern.Source)
	require.Equal(t, []string{"EC2 Automation Execution Status-change Notification"}, pattern.Type)
	require.ElementsMatch(t, []string{"Failed", "TimedOut", "Cancelled"}, pattern.Detail.Status)
	for _, document := range []string{"hash-accept", "hash-revert"} {
		made, ok := rec.Named(tDocument, document)
		require.True(t, ok)
		require.Contains(t, pattern.Detail.Definition, made.Out().Text("name"))
	}
	require.Equal(t, conformance.Topic("critical"), named(t, rec, tTarget, "hash-automation-failed-target").Text("arn"))
}

func TestARollbackWhoseOwnRefreshFailsIsNotStartedAgain(t *testing.T) {
	rec, _ := run(t, nil)
	steps := stepsOf(t, rec, "hash-revert")
	require.Equal(t, "DescribeLaunchTemplateVersions", steps[1].Inputs["Api"])
	require.Equal(t, []any{"{{ group.Version }}"}, steps[1].Inputs["Versions"])
	require.Equal(t, []automationOutput{{"IsDefault", "$.LaunchTemplateVersions[0].DefaultVersion", "Boolean"}}, steps[1].Outputs)
	require.Equal(t, "aws:branch", steps[2].Action)
	require.True(t, steps[2].IsEnd, "without a choice that holds, it ends")
	require.Equal(t, []any{map[string]any{"NextStep": "template", "Variable": "{{ failed.IsDefault }}", "BooleanEquals": false}}, steps[2].Inputs["Choices"])
	require.Equal(t, "template", steps[3].Name)
}

func TestVersionsPassBetweenStepsAsTheTextThatAutoScalingTakes(t *testing.T) {
	rec, _ := run(t, nil)
	for _, step := range stepsOf(t, rec, "hash-revert") {
		for _, output := range step.Outputs {
			if strings.HasSuffix(output.Selector, "Version") || strings.HasSuffix(output.Selector, "VersionNumber") {
				require.Contains(t, []string{"String", "Boolean"}, output.Type, output.Name)
			}
		}
	}
}

func TestARollbackBuysServersAsBefore(t *testing.T) {
	base, above := 3, 25
	rec, _ := run(t, func(a *HashFleetArgs) {
		a.Instances.Mixed = &Mixed{Types: map[string]int{"c7i.large": 1, "c6i.large": 1}, OnDemandBase: &base, OnDemandPercentAbove: &above}
	})
	const in = "mixedInstancesPolicy.instancesDistribution."
	group, steps := only(t, rec, tGroup).In(), stepsOf(t, rec, "hash-revert")
	require.Equal(t, map[string]any{
		"OnDemandAllocationStrategy": group.Text(in + "onDemandAllocationStrategy"), "OnDemandBaseCapacity": group.Number(in + "onDemandBaseCapacity"),
		"OnDemandPercentageAboveBaseCapacity": group.Number(in + "onDemandPercentageAboveBaseCapacity"), "SpotAllocationStrategy": group.Text(in + "spotAllocationStrategy"),
	}, steps[4].Inputs["MixedInstancesPolicy"].(map[string]any)["InstancesDistribution"])
	require.Equal(t, "lowest-price", group.Text(in+"onDemandAllocationStrategy"), "types given by name have no order of preference")
	require.Equal(t, "$.AutoScalingGroups[0].MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version", steps[0].Outputs[0].Selector)
}

func TestARollbackMayResolveAnImageThatIsAParameter(t *testing.T) {
	rec, _ := run(t, nil)
	policy := statements(t, named(t, rec, tRolePol, "hash-automation-policy").Text("policy"))
	require.Equal(t, "ssm:GetParameters", policy["Image"].Action)
	require.Equal(t, "arn:aws:ssm:eu-central-1::parameter"+defaultImage, policy["Image"].Resource)
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.Image.ID = "ami-0123456789abcdef0" })
	require.NotContains(t, named(t, rec, tRolePol, "hash-automation-policy").Text("policy"), "ssm:GetParameters")
}

func TestARolloutIsNotStoppedByWhatIsOrdinary(t *testing.T) {
	for service, want := range map[time.Duration]float64{
		10 * time.Millisecond:  0.03, // the alarm itself is at three service times
		200 * time.Millisecond: 0.5,
		250 * time.Millisecond: 0.5,
		time.Second:            2,
	} {
		rec, _ := run(t, func(a *HashFleetArgs) { a.Load.ServiceTime, a.Load.PeakRequestsPerSecond = service, 10 })
		ordinary, strict := named(t, rec, tAlarm, "hash-latency-p99").Number("threshold"), named(t, rec, tAlarm, "hash-latency-p99-rollback").Number("threshold")
		require.InDelta(t, want, strict, 1e-3, "%v", service)
		require.LessOrEqual(t, strict, ordinary)
		require.InDelta(t, named(t, rec, tAlarm, "hash-target-5xx").Number("threshold")/2, named(t, rec, tAlarm, "hash-target-5xx-rollback").Number("threshold"), 1e-9)
	}
}

func TestServerLogsAreKeptForAsLongAsItIsSaid(t *testing.T) {
	const logGroup = "aws:cloudwatch/logGroup:LogGroup"
	for days, want := range map[int]int{0: 7, 365: 365} {
		rec, _ := run(t, func(a *HashFleetArgs) { a.Instances.LogRetentionDays = days })
		require.Equal(t, want, named(t, rec, logGroup, "hash-log").Int("retentionInDays"))
	}
	rec, _ := run(t, func(a *HashFleetArgs) { a.Disposable, a.Instances.Image.ID = false, "ami-0123456789abcdef0" })
	require.Equal(t, 90, named(t, rec, logGroup, "hash-log").Int("retentionInDays"))
	require.Equal(t, []string{"Instances.LogRetentionDays"}, refused(t, arguments(func(a *HashFleetArgs) { a.Instances.LogRetentionDays = 100 })))
}

func TestALossIsNotCalledWithoutInterruptionWhileRequestsFail(t *testing.T) {
	_, fleet := run(t, nil)
	p := planned(t)
	for scenario, plan := range map[posture.Scenario]capacity.Recovery{posture.InstanceLoss: p.recovery.Instance, posture.ZoneLoss: p.recovery.Zone} {
		said := fleet.Posture().Recovery[scenario]
		require.Zero(t, plan.Time, "enough servers are left at once")
		require.NotZero(t, plan.Rerouting)
		require.Equal(t, plan.Rerouting, said.RecoveryTime, "until then requests go to what is lost")
		require.Equal(t, plan.Derivation, said.Derivation[:len(plan.Derivation)])
	}
	slow := planned(t, func(a *HashFleetArgs) {
		a.Sizing.Minimum, a.Sizing.AcceptZoneLossOutage = 5, "a game day may interrupt development"
	})
	require.Equal(t, slow.recovery.Zone.Time, recovery(slow.recovery.Zone).RecoveryTime)
	require.Greater(t, slow.recovery.Zone.Time, slow.recovery.Zone.Rerouting)
}
