package fleet

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

const (
	tGroup    = "aws:autoscaling/group:Group"
	tTemplate = "aws:ec2/launchTemplate:LaunchTemplate"
	tBalancer = "aws:lb/loadBalancer:LoadBalancer"
	tTargets  = "aws:lb/targetGroup:TargetGroup"
	tListener = "aws:lb/listener:Listener"
	tIngress  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	tEgress   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	tPolicy   = "aws:autoscaling/policy:Policy"
	tKey      = "aws:kms/key:Key"
	tRolePol  = "aws:iam/rolePolicy:RolePolicy"
	tCDN      = "aws:cloudfront/distribution:Distribution"
	tCache    = "aws:cloudfront/cachePolicy:CachePolicy"
	tOrigin   = "aws:cloudfront/vpcOrigin:VpcOrigin"
	tCert     = "aws:acm/certificate:Certificate"
	tRecord   = "aws:route53/record:Record"
	tDocument = "aws:ssm/document:Document"
	tRule     = "aws:cloudwatch/eventRule:EventRule"
	tAlarm    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	tBucket   = "aws:s3/bucketV2:BucketV2"
)

func named(t *testing.T, rec *cloudsim.Recorder, typ, name string) cloudsim.Props {
	t.Helper()
	found, ok := rec.Named(typ, name)
	require.True(t, ok, "there is no %s %s", typ, name)
	return found.In()
}

func only(t *testing.T, rec *cloudsim.Recorder, typ string) cloudsim.Record {
	t.Helper()
	all := slices.DeleteFunc(rec.ByType(typ), func(r cloudsim.Record) bool { return !strings.HasPrefix(r.Name, "hash-") })
	require.Len(t, all, 1, typ)
	return all[0]
}

// behindCloudFront is the fleet behind CloudFront in us-east-1's shadow, with whatever else is asked for.
func behindCloudFront(t *testing.T, change func(*HashFleetArgs)) (*cloudsim.Recorder, *HashFleet) {
	t.Helper()
	return runWith(t, func(ctx *pulumi.Context, a *HashFleetArgs) error {
		global, err := conformance.NewProvider(ctx, "global", globalRegion)
		if err != nil {
			return err
		}
		a.CDN, a.LoadBalancer.Clients = CDN{USEast1: global, Alarms: globalRoute()}, nil
		if change != nil {
			change(a)
		}
		return nil
	}, surroundings()...)
}

func TestTheGroupIsPinnedToANumberAndHealedByTheLoadBalancer(t *testing.T) {
	rec, _ := run(t, nil)
	group := only(t, rec, tGroup)
	require.Equal(t, "1", group.In().Text("launchTemplate.version"))
	require.Equal(t, "ELB", group.In().Text("healthCheckType"))
	require.Equal(t, []string{"desiredCapacity"}, group.IgnoreChanges)
	require.False(t, group.In().Has("desiredCapacity"), "the desired capacity belongs to scaling")
	require.False(t, group.In().Has("suspendedProcesses"))
	require.Equal(t, 8, group.In().Int("minSize"))
	require.Len(t, group.In().Texts("vpcZoneIdentifiers"), 3)
	require.Len(t, group.In().Texts("enabledMetrics"), 13)
	require.Equal(t, "balanced-best-effort", group.In().Text("availabilityZoneDistribution.capacityDistributionStrategy"))
	require.Equal(t, 100, group.In().Int("instanceMaintenancePolicy.minHealthyPercentage"))
}

func TestALaunchThatDoesNotReportIsAbandonedAndALeaveIsNot(t *testing.T) {
	rec, _ := run(t, nil)
	hooks := only(t, rec, tGroup).In().Objects("initialLifecycleHooks")
	require.Len(t, hooks, 2)
	require.Equal(t, "hash-launch ABANDON", hooks[0].Text("name")+" "+hooks[0].Text("defaultResult"))
	require.Equal(t, "hash-terminate CONTINUE", hooks[1].Text("name")+" "+hooks[1].Text("defaultResult"))
	delay := only(t, rec, tTargets).In().Int("deregistrationDelay")
	require.Greater(t, hooks[1].Int("heartbeatTimeout"), delay+lastSeconds, "requests may finish before the instance is let go")
	script := userDataOf(t, rec)
	require.Contains(t, script, fmt.Sprintf("sleep '%d'\n", delay+lastSeconds), "it answers for as long as the load balancer may send")
	for _, name := range []string{"'hash-launch' CONTINUE", "'hash-launch' ABANDON", "'hash-terminate' CONTINUE"} {
		require.Contains(t, script, "answer "+name)
	}
}

// userDataOf is the script that the launch template starts instances with.
func userDataOf(t *testing.T, rec *cloudsim.Recorder) string {
	t.Helper()
	script, err := base64.StdEncoding.DecodeString(only(t, rec, tTemplate).In().Text("userData"))
	require.NoError(t, err)
	return string(script)
}

func TestARolloutIsStoppedByTheFleetsOwnAlarmsAndNotTakenBackToItself(t *testing.T) {
	rec, _ := run(t, nil)
	preferences := only(t, rec, tGroup).In().Objects("instanceRefresh.preferences")[0]
	watched := preferences.Texts("alarmSpecification.alarms")
	require.Len(t, watched, 3)
	for _, key := range planned(t).rollbackKeys() {
		alarm, ok := rec.Named(tAlarm, "hash-"+key+"-rollback")
		require.True(t, ok, key)
		require.Contains(t, watched, alarm.Out().Text("name"))
		require.Less(t, alarm.In().Number("threshold"), named(t, rec, tAlarm, "hash-"+key).Number("threshold"), "the clone is stricter")
	}
	require.Equal(t, "false", preferences.Text("autoRollback"), "AWS would go back to the version the provider has just written")
	require.Equal(t, "true", preferences.Text("skipMatching"))
}

func TestAFailedRolloutGoesBackToTheLastVersionThatSucceeded(t *testing.T) {
	rec, _ := run(t, nil)
	group, template := only(t, rec, tGroup), only(t, rec, tTemplate)
	require.False(t, template.In().Has("defaultVersion"))
	require.Equal(t, "false", template.In().Text("updateDefaultVersion"), "the default version is the last good one, not the newest")
	accept, revert := stepsOf(t, rec, "hash-accept"), stepsOf(t, rec, "hash-revert")
	require.Equal(t, []string{"DescribeAutoScalingGroups", "ModifyLaunchTemplate"}, apis(accept))
	require.Equal(t, "{{ group.Version }}", accept[1].Inputs["DefaultVersion"])
	require.Equal(t, template.ID, accept[1].Inputs["LaunchTemplateId"])
	require.Equal(t, []string{
		"DescribeAutoScalingGroups", "DescribeLaunchTemplateVersions", "DescribeLaunchTemplates", "UpdateAutoScalingGroup", "StartInstanceRefresh",
	}, apis(revert))
	require.Equal(t, map[string]any{"LaunchTemplateId": template.ID, "Version": "{{ template.Good }}"}, revert[4].Inputs["LaunchTemplate"])
	for _, step := range revert[4:] {
		require.Equal(t, group.Out().Text("name"), step.Inputs["AutoScalingGroupName"])
	}
	for rule, event := range map[string]string{"hash-accept": "Instance Refresh Succeeded", "hash-revert": "Instance Refresh Failed", "hash-rollout-failed": "Instance Refresh Failed"} {
		pattern := named(t, rec, tRule, rule).Text("eventPattern")
		require.Contains(t, pattern, event)
		require.Contains(t, pattern, group.Out().Text("name"))
	}
}

type automationStep struct {
	Name    string             `json:"name"`
	Action  string             `json:"action"`
	IsEnd   bool               `json:"isEnd"`
	Inputs  map[string]any     `json:"inputs"`
	Outputs []automationOutput `json:"outputs"`
}

type automationOutput struct{ Name, Selector, Type string }

func stepsOf(t *testing.T, rec *cloudsim.Recorder, document string) []automationStep {
	t.Helper()
	var content struct {
		MainSteps []automationStep `json:"mainSteps"`
	}
	require.NoError(t, json.Unmarshal([]byte(named(t, rec, tDocument, document).Text("content")), &content))
	return content.MainSteps
}

func apis(steps []automationStep) (out []string) {
	for _, step := range steps {
		if api, ok := step.Inputs["Api"]; ok {
			out = append(out, fmt.Sprint(api))
		}
	}
	return out
}

func TestInstancesAreHardened(t *testing.T) {
	rec, _ := run(t, nil)
	template := only(t, rec, tTemplate).In()
	require.Equal(t, "required", template.Text("metadataOptions.httpTokens"))
	require.Equal(t, 1, template.Int("metadataOptions.httpPutResponseHopLimit"))
	require.Equal(t, "true", template.Text("monitoring.enabled"))
	require.False(t, template.Has("keyName"), "there is no SSH")
	require.Equal(t, "false", template.Text("networkInterfaces.associatePublicIpAddress"))
	require.Equal(t, "true", template.Text("blockDeviceMappings.ebs.encrypted"))
	require.Equal(t, "gp3", template.Text("blockDeviceMappings.ebs.volumeType"))
	require.Equal(t, only(t, rec, tKey).Out().Text("arn"), template.Text("blockDeviceMappings.ebs.kmsKeyId"))
	for _, each := range template.Objects("tagSpecifications") {
		require.Equal(t, digest, each.Text("tags."+artifactTag), "what is deployed is known of every instance")
	}
	require.Equal(t, "resolve:ssm:"+defaultImage, template.Text("imageId"))
}

func TestAutoScalingMayUseTheVolumesKeyAndGrantItToAWSOnly(t *testing.T) {
	rec, _ := run(t, nil)
	policy := statements(t, only(t, rec, tKey).In().Text("policy"))
	role := "arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_hash-stack-eu-central-1"
	require.Equal(t, role, policy["AutoScalingUses"].Principal["AWS"])
	require.Contains(t, policy["AutoScalingUses"].Action, "kms:GenerateDataKey*")
	require.Equal(t, "kms:CreateGrant", policy["AutoScalingGrants"].Action)
	require.Equal(t, map[string]any{"Bool": map[string]any{"kms:GrantIsForAWSResource": "true"}}, policy["AutoScalingGrants"].Condition)
}

type statement struct {
	Sid       string
	Effect    string
	Principal map[string]any
	Action    any
	Resource  any
	Condition map[string]any
}

func statements(t *testing.T, document string) map[string]statement {
	t.Helper()
	var parsed struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(document), &parsed))
	out := map[string]statement{}
	for _, s := range parsed.Statement {
		out[s.Sid] = s
	}
	return out
}

func TestAServerMayDoNothingBeyondItsOwnWork(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) { a.Artifact.EarlierKeys = []string{"hash/server-6"} })
	policy := statements(t, named(t, rec, tRolePol, "hash-role-policy").Text("policy"))
	require.Equal(t, []any{"arn:aws:s3:::artifacts/hash/server", "arn:aws:s3:::artifacts/hash/server-6"}, policy["Artifact"].Resource)
	require.Equal(t, "arn:aws:autoscaling:eu-central-1:111111111111:autoScalingGroup:*:autoScalingGroupName/hash-group-*", policy["Lifecycle"].Resource)
	for sid, s := range policy {
		require.Equal(t, "Allow", s.Effect)
		require.NotContains(t, fmt.Sprint(s.Action), "*", sid)
		if s.Resource == "*" {
			require.Contains(t, []string{"Metrics", "GroupTag", "SessionManager"}, sid, "these actions know no resources; others do")
		}
	}
	require.Equal(t, "arn:aws:ec2:eu-central-1:111111111111:instance/*", policy["Register"].Resource)
	require.NotContains(t, fmt.Sprint(policy["SessionManager"].Action), "GetParameter")
}

func TestOnlyTheLoadBalancerReachesServersAndOnlyOnTheirPort(t *testing.T) {
	rec, fleet := run(t, nil)
	require.NotNil(t, fleet)
	server, balancer := groupID(t, rec, "hash-server"), groupID(t, rec, "hash-balancer")
	for _, r := range rec.ByType(tIngress) {
		if !strings.HasPrefix(r.Name, "hash-") {
			continue
		}
		require.False(t, r.In().Has("cidrIpv4"), "%s: by reference", r.Name)
		require.True(t, r.In().Has("referencedSecurityGroupId"), r.Name)
		if r.In().Text("securityGroupId") == server {
			require.Equal(t, balancer, r.In().Text("referencedSecurityGroupId"))
			require.Equal(t, "80 80", r.In().Text("fromPort")+" "+r.In().Text("toPort"))
		}
	}
	to := named(t, rec, tEgress, "hash-balancer-to-server")
	require.Equal(t, server, to.Text("referencedSecurityGroupId"))
	require.Equal(t, 443, named(t, rec, tEgress, "hash-server-to-s3").Int("toPort"))
	require.NotEmpty(t, named(t, rec, tEgress, "hash-server-to-s3").Text("prefixListId"))
}

func groupID(t *testing.T, rec *cloudsim.Recorder, name string) string {
	t.Helper()
	found, ok := rec.Named("aws:ec2/securityGroup:SecurityGroup", name)
	require.True(t, ok)
	return found.ID
}

func TestABroughtSecurityGroupIsNeverWidened(t *testing.T) {
	rec, _ := runWith(t, func(ctx *pulumi.Context, a *HashFleetArgs) error {
		brought, err := ec2.NewSecurityGroup(ctx, "brought", &ec2.SecurityGroupArgs{VpcId: a.Placement.VPC.ToStringOutput(), Description: pulumi.String("Brought")})
		if err != nil {
			return err
		}
		a.LoadBalancer.Clients, a.LoadBalancer.SecurityGroupIDs = nil, []pulumi.StringInput{brought.ID().ToStringOutput()}
		return nil
	})
	brought := groupID(t, rec, "brought")
	for _, typ := range []string{tIngress, tEgress} {
		for _, r := range rec.ByType(typ) {
			require.NotEqual(t, brought, r.In().Text("securityGroupId"), r.Name)
		}
	}
	require.Equal(t, brought, named(t, rec, tIngress, "hash-server-from-balancer").Text("referencedSecurityGroupId"))
	_, made := rec.Named("aws:ec2/securityGroup:SecurityGroup", "hash-balancer")
	require.False(t, made)
}

func TestTheLoadBalancerIsHardenedAndLogged(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) { a.Disposable, a.Instances.Image.ID = false, "ami-0123456789abcdef0" })
	balancer := only(t, rec, tBalancer).In()
	for _, on := range []string{"internal", "enableDeletionProtection", "dropInvalidHeaderFields", "enableZonalShift", "accessLogs.enabled", "connectionLogs.enabled"} {
		require.True(t, balancer.Bool(on), on)
	}
	require.Equal(t, "strictest", balancer.Text("desyncMitigationMode"))
	require.LessOrEqual(t, balancer.Int("clientKeepAlive"), 300)
	targets := only(t, rec, tTargets).In()
	require.Equal(t, leastOutstanding, targets.Text("loadBalancingAlgorithmType"))
	require.Equal(t, "50", targets.Text("targetGroupHealth.unhealthyStateRouting.minimumHealthyTargetsPercentage"))
	require.Equal(t, "/healthz", targets.Text("healthCheck.path"))
	for _, typ := range []string{tKey, tBucket} {
		require.True(t, only(t, rec, typ).Protect, typ)
	}
}

func TestLogsArePrivateEncryptedVersionedOverTLSAndExpire(t *testing.T) {
	rec, _ := behindCloudFront(t, nil)
	block := named(t, rec, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "hash-logs-access")
	for _, on := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		require.True(t, block.Bool(on), on)
	}
	require.Equal(t, "BucketOwnerEnforced", named(t, rec, "aws:s3/bucketOwnershipControls:BucketOwnershipControls", "hash-logs-ownership").Text("rule.objectOwnership"))
	require.Equal(t, "AES256", named(t, rec, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "hash-logs-encryption").
		Text("rules.applyServerSideEncryptionByDefault.sseAlgorithm"), "load balancer logs know no other key")
	require.Equal(t, "Enabled", named(t, rec, "aws:s3/bucketVersioningV2:BucketVersioningV2", "hash-logs-versioning").Text("versioningConfiguration.status"))
	rules := named(t, rec, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "hash-logs-lifecycle")
	require.Equal(t, 90, rules.Int("rules.expiration.days"))
	require.Equal(t, 7, rules.Int("rules.noncurrentVersionExpiration.noncurrentDays"))
	policy := statements(t, named(t, rec, "aws:s3/bucketPolicy:BucketPolicy", "hash-logs-policy").Text("policy"))
	require.Equal(t, "Deny", policy["DenyWithoutTLS"].Effect)
	require.Equal(t, "logdelivery.elasticloadbalancing.amazonaws.com", policy["LoadBalancer"].Principal["Service"])
	require.Contains(t, fmt.Sprint(policy["LoadBalancer"].Resource), "/access/AWSLogs/111111111111/*")
	require.Contains(t, fmt.Sprint(policy["CloudFront"].Condition), "arn:aws:logs:us-east-1:111111111111:delivery-source:*")
}

func TestOnlyADisposableFleetGivesUpItsProtections(t *testing.T) {
	rec, _ := run(t, nil)
	require.False(t, only(t, rec, tBalancer).In().Bool("enableDeletionProtection"))
	require.False(t, only(t, rec, tBucket).Protect)
	require.True(t, only(t, rec, tBucket).In().Bool("forceDestroy"))
}

func TestScalingFollowsTheConcurrencyLimit(t *testing.T) {
	rec, _ := run(t, nil)
	requests := named(t, rec, tPolicy, "hash-scale-requests")
	// 4 places / 0.2 s x 60 s x 2 of 3 zones.
	require.InDelta(t, 800, requests.Number("targetTrackingConfiguration.targetValue"), 1e-9)
	balancer, targets := only(t, rec, tBalancer), only(t, rec, tTargets)
	require.Equal(t, balancer.Out().Text("arnSuffix")+"/"+targets.Out().Text("arnSuffix"),
		requests.Text("targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel"))
	require.InDelta(t, 53.333, named(t, rec, tPolicy, "hash-scale-cpu").Number("targetTrackingConfiguration.targetValue"), 1e-3)
}

func TestAForecastOnlyForecastsUntilToldToAct(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) { a.Scaling.Predictive = &Predictive{} })
	require.Equal(t, "ForecastOnly", named(t, rec, tPolicy, "hash-scale-forecast").Text("predictiveScalingConfiguration.mode"))
}

func TestSpotOnlyAddsToThePromisedMinimum(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) {
		none := 0
		a.Instances.Mixed = &Mixed{Types: map[string]int{"c7i.large": 1, "c6i.large": 1}, OnDemandPercentAbove: &none}
	})
	group := only(t, rec, tGroup).In()
	require.Equal(t, group.Int("minSize"), group.Int("mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity"))
	require.Equal(t, "price-capacity-optimized", group.Text("mixedInstancesPolicy.instancesDistribution.spotAllocationStrategy"))
	require.True(t, group.Bool("capacityRebalance"))
	require.Equal(t, "1", group.Text("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version"))
	require.False(t, group.Has("launchTemplate"))
	update := stepsOf(t, rec, "hash-revert")[4].Inputs
	require.Contains(t, fmt.Sprint(update["MixedInstancesPolicy"]), "{{ template.Good }}")
	require.Contains(t, fmt.Sprint(update["MixedInstancesPolicy"]), "c6i.large")
}

func TestAttributesSelectX86Only(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) {
		a.Instances.Mixed = &Mixed{Attributes: &Attributes{MinVCPU: 2, MaxVCPU: 4, MinMemoryMiB: 2048}}
	})
	require.Equal(t, []string{"intel", "amd"}, only(t, rec, tGroup).In().Texts("mixedInstancesPolicy.launchTemplate.overrides.instanceRequirements.cpuManufacturers"))
}

func TestAWarmPoolKeepsStartedInstances(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) { a.Instances.WarmPool = &WarmPool{MinSize: 2} })
	group := only(t, rec, tGroup).In()
	require.Equal(t, "Stopped", group.Text("warmPool.poolState"))
	require.True(t, group.Bool("warmPool.instanceReusePolicy.reuseOnScaleIn"))
	require.Contains(t, group.Texts("enabledMetrics"), "WarmPoolWarmedCapacity")
}

func TestCloudFrontIsTheOnlyWayIn(t *testing.T) {
	rec, fleet := behindCloudFront(t, nil)
	require.True(t, only(t, rec, tBalancer).In().Bool("internal"))
	in := slices.DeleteFunc(rec.ByType(tIngress), func(r cloudsim.Record) bool { return !strings.HasPrefix(r.Name, "hash-balancer-") })
	require.Len(t, in, 1)
	require.NotEmpty(t, in[0].In().Text("prefixListId"))
	require.Equal(t, 80, in[0].In().Int("toPort"))
	require.Equal(t, "http-only", only(t, rec, tOrigin).In().Text("vpcOriginEndpointConfig.originProtocolPolicy"))
	cdn := only(t, rec, tCDN).In()
	require.Equal(t, "redirect-to-https", cdn.Text("defaultCacheBehavior.viewerProtocolPolicy"))
	require.True(t, cdn.Bool("viewerCertificate.cloudfrontDefaultCertificate"))
	require.Equal(t, only(t, rec, tOrigin).ID, cdn.Text("origins.vpcOriginConfig.vpcOriginId"))
	require.NotNil(t, fleet.Distribution)
}

func TestTheCacheKeyIsPathAndHashKeyAlone(t *testing.T) {
	rec, _ := behindCloudFront(t, nil)
	cache := only(t, rec, tCache).In()
	const key = "parametersInCacheKeyAndForwardedToOrigin."
	require.Equal(t, "whitelist", cache.Text(key+"queryStringsConfig.queryStringBehavior"))
	require.Equal(t, []string{"key"}, cache.Texts(key+"queryStringsConfig.queryStrings.items"))
	require.Equal(t, "none", cache.Text(key+"headersConfig.headerBehavior"))
	require.Equal(t, "none", cache.Text(key+"cookiesConfig.cookieBehavior"))
	require.Equal(t, year, cache.Int("defaultTtl"))
	for _, response := range only(t, rec, tCDN).In().Objects("customErrorResponses") {
		require.Equal(t, 1, response.Int("errorCachingMinTtl"), "an error does not outlive its cause")
	}
}

func TestAnOwnDomainHasTLSAllTheWay(t *testing.T) {
	rec, fleet := behindCloudFront(t, func(a *HashFleetArgs) { a.Zone = &Zone{ID: pulumi.String(zoneID), Domain: "hash.example.com"} })
	require.NotNil(t, fleet)
	for name, c := range map[string]struct{ region, domain string }{
		"hash-edge-certificate": {globalRegion, "hash.example.com"}, "hash-origin-certificate": {conformance.Region, "origin.hash.example.com"},
	} {
		made, ok := rec.Named(tCert, name)
		require.True(t, ok)
		require.Equal(t, c.region, made.Region)
		require.Equal(t, c.domain, made.In().Text("domainName"))
	}
	https := named(t, rec, tListener, "hash-listener-443")
	require.Equal(t, defaultTLSPolicy, https.Text("sslPolicy"))
	redirect := named(t, rec, tListener, "hash-listener-80")
	require.Equal(t, "redirect", redirect.Text("defaultActions.type"))
	require.Equal(t, "https-only", only(t, rec, tOrigin).In().Text("vpcOriginEndpointConfig.originProtocolPolicy"))
	cdn := only(t, rec, tCDN).In()
	require.Equal(t, "origin.hash.example.com", cdn.Text("origins.domainName"))
	require.Equal(t, "TLSv1.2_2021", cdn.Text("viewerCertificate.minimumProtocolVersion"))
	require.Equal(t, []string{"hash.example.com"}, cdn.Texts("aliases"))
	for _, typ := range []string{"A", "AAAA"} {
		require.Equal(t, only(t, rec, tCDN).Out().Text("domainName"), named(t, rec, tRecord, "hash-name-"+typ).Text("aliases.name"))
	}
	require.Equal(t, 443, named(t, rec, tIngress, "hash-balancer-from-cloudfront").Int("toPort"))
}

func TestAPublicLoadBalancerAdmitsEveryoneOn80And443Only(t *testing.T) {
	rec, _ := runWith(t, func(_ *pulumi.Context, a *HashFleetArgs) error {
		a.LoadBalancer = LoadBalancer{Public: true}
		a.Zone = &Zone{ID: pulumi.String(zoneID), Domain: "hash.example.com"}
		return nil
	}, surroundings()...)
	var open []string
	for _, r := range rec.ByType(tIngress) {
		if r.In().Text("cidrIpv4") == everyone {
			open = append(open, r.Name+" "+r.In().Text("toPort"))
		}
	}
	slices.Sort(open)
	require.Equal(t, []string{"hash-balancer-from-everyone-http 80", "hash-balancer-from-everyone-https 443"}, open)
	require.False(t, only(t, rec, tBalancer).In().Bool("internal"))
}

func TestANewArtifactChangesTheLaunchTemplateAndNothingElseAnybodyMade(t *testing.T) {
	text := func(change func(*HashFleetArgs)) map[string]string {
		rec, _ := run(t, change)
		out := map[string]string{}
		for block := range strings.SplitSeq(conformance.Text(rec), "\n\n") {
			head, _, _ := strings.Cut(strings.TrimSpace(block), "\n")
			out[head] = block
		}
		return out
	}
	before := text(nil)
	after := text(func(a *HashFleetArgs) {
		a.Artifact.VersionID, a.Artifact.SHA256 = pulumi.String("another"), strings.Repeat("0", 64)
	})
	var changed []string
	for head, block := range before {
		if after[head] != block {
			changed = append(changed, head)
		}
	}
	slices.Sort(changed)
	require.Len(t, before, len(after))
	require.Len(t, changed, 2, "%v", changed)
	require.Contains(t, changed[0], tTemplate)
	require.Contains(t, changed[1], Token, "its declared intent")
}

// openTopics are topics that admit alarms and events, as AlarmTopic's do.
func openTopics(severities ...string) cloudsim.Option {
	var given []cloudsim.Given
	for _, severity := range severities {
		arn := conformance.Topic("open-" + severity)
		given = append(given, cloudsim.Given{
			Type: "aws:sns/topic:Topic", Name: "open-" + severity, ID: arn, Account: conformance.Account, Region: conformance.Region,
			Properties: map[string]any{"name": "open-" + severity, "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
				`"Principal":{"Service":["cloudwatch.amazonaws.com","events.amazonaws.com"]},"Action":"sns:Publish","Resource":"` + arn + `"}]}`},
		})
	}
	return cloudsim.Exists(given...)
}

// AWS accepts much that never works: a rule whose target refuses it, a listener nobody reaches. Nothing here is like that.
func TestEverythingMadeIsOfUse(t *testing.T) {
	for name, c := range map[string]struct {
		edge   bool
		change func(*HashFleetArgs)
	}{
		"inside the network": {},
		"behind CloudFront":  {edge: true},
		"with a domain":      {edge: true, change: func(a *HashFleetArgs) { a.Zone = &Zone{ID: pulumi.String(zoneID), Domain: "hash.example.com"} }},
	} {
		rec, _ := runWith(t, func(ctx *pulumi.Context, a *HashFleetArgs) error {
			topic := func(severity string) pulumi.String { return pulumi.String(conformance.Topic("open-" + severity)) }
			a.Alarms.Critical, a.Alarms.Warning, a.Alarms.Info = topic("critical"), topic("warning"), topic("info")
			if c.edge {
				global, err := conformance.NewProvider(ctx, "global", globalRegion)
				if err != nil {
					return err
				}
				a.CDN, a.LoadBalancer.Clients = CDN{USEast1: global, Alarms: globalRoute()}, nil
			}
			if c.change != nil {
				c.change(a)
			}
			return nil
		}, append(surroundings(), openTopics("critical", "warning", "info"))...)
		require.Empty(t, rec.Idle(), name)
	}
}

func TestWithoutAlarmsNothingStopsARolloutButTheWayBackStays(t *testing.T) {
	rec, fleet := run(t, func(a *HashFleetArgs) { a.Alarms, a.AlarmsOff = alarms.Route{}, "a measurement of one hour" })
	for _, alarm := range rec.ByType(tAlarm) {
		require.False(t, strings.HasPrefix(alarm.Name, "hash-"), alarm.Name)
	}
	require.False(t, only(t, rec, tGroup).In().Has("instanceRefresh.preferences.alarmSpecification"))
	_, ok := rec.Named(tRule, "hash-revert")
	require.True(t, ok)
	require.Empty(t, fleet.Posture().Alarms)
}

func TestThePostureIsComputedFromTheSameNumbers(t *testing.T) {
	rec, fleet := run(t, nil)
	said := fleet.Posture()
	require.Equal(t, 100.0, said.Capacity.Peak)
	require.GreaterOrEqual(t, said.Capacity.AfterZoneLoss, said.Capacity.Peak)
	require.Equal(t, 25*time.Second, said.Recovery[posture.ZoneLoss].RecoveryTime, "until the load balancer has noticed")
	require.True(t, said.Recovery[posture.RegionLoss].Unrecoverable)
	require.GreaterOrEqual(t, said.Price.Low, 8.0*32, "8 servers at 32 USD an hour")
	made := slices.DeleteFunc(rec.ByType(tAlarm), func(r cloudsim.Record) bool { return !strings.HasPrefix(r.Name, "hash-") })
	require.Contains(t, strings.Join(said.Price.Derivation, "\n"), fmt.Sprintf("%d × CloudWatch alarm ×", len(made)))
	require.Contains(t, strings.Join(said.Price.Derivation, "\n"), "1 × CloudWatch composite alarm", "counted, or said not to be")
}

func TestThePostureListsWhateverTellsATopic(t *testing.T) {
	rec, fleet := run(t, nil)
	var want, said []string
	for _, kind := range []string{tAlarm, "aws:cloudwatch/compositeAlarm:CompositeAlarm"} {
		for _, alarm := range rec.ByType(kind) {
			if strings.HasPrefix(alarm.Name, "hash-") {
				want = append(want, alarm.Name)
			}
		}
	}
	severities := map[string]string{}
	for _, target := range rec.ByType(tTarget) {
		for _, severity := range []string{"critical", "warning", "info"} {
			if target.In().Text("arn") == conformance.Topic(severity) {
				event := strings.TrimSuffix(target.Name, "-target") + " (event)"
				want, severities[event] = append(want, event), severity
			}
		}
	}
	require.Len(t, severities, 3, "a launch, a rollout and an automation that failed")
	for _, line := range fleet.Posture().Alarms {
		said = append(said, line.Name)
		if severity, event := severities[line.Name]; event {
			require.Equal(t, severity, line.Severity, line.Name)
		}
	}
	require.ElementsMatch(t, want, said)
	require.True(t, slices.IsSorted(said), "listed by name")
	require.Contains(t, fleet.Posture().Alarms, posture.Alarm{Name: "hash-degraded", Severity: "critical", GoesTo: "critical: e-mail"})
	require.Contains(t, fleet.Posture().Alarms, posture.Alarm{Name: "hash-rollout-failed (event)", Severity: "critical", GoesTo: "critical: e-mail"})
	require.Contains(t, fleet.Posture().Alarms, posture.Alarm{Name: "hash-launch-failed (event)", Severity: "warning", GoesTo: "warning: topic only"})
}

func TestNoSecretAndNoCredentialIsInTheUserData(t *testing.T) {
	rec, _ := run(t, nil)
	script := userDataOf(t, rec)
	require.Less(t, len(script), maxUserData)
	for _, word := range []string{"AKIA", "ASIA", "aws_secret", "PASSWORD", "PRIVATE KEY"} {
		require.NotContains(t, script, word)
	}
}

func TestATransformRunsLastOnItsChild(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) {
		a.Transform.Group = func(args *autoscaling.GroupArgs, options *[]pulumi.ResourceOption) {
			args.MaxSize = pulumi.Int(99)
			*options = append(*options, pulumi.RetainOnDelete(true))
		}
	})
	group := only(t, rec, tGroup)
	require.Equal(t, 99, group.In().Int("maxSize"))
	require.True(t, group.RetainOnDelete)
}
