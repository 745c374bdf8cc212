package network

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
	"github.com/seed-11444627/holdfast/tests/runbooks"
)

const (
	tVPC         = "aws:ec2/vpc:Vpc"
	tSubnet      = "aws:ec2/subnet:Subnet"
	tRoute       = "aws:ec2/route:Route"
	tTable       = "aws:ec2/routeTable:RouteTable"
	tAssociation = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	tNAT         = "aws:ec2/natGateway:NatGateway"
	tACL         = "aws:ec2/networkAcl:NetworkAcl"
	tEndpoint    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	tAlarm       = "aws:cloudwatch/metricAlarm:MetricAlarm"
	tGroup       = "aws:cloudwatch/logGroup:LogGroup"
	tKey         = "aws:kms/key:Key"
)

// run makes a network called "net" and hands it to body.
func run(t *testing.T, a *NetworkArgs, body func(*pulumi.Context, *Network) error, options ...cloudsim.Option) *cloudsim.Recorder {
	t.Helper()
	base := []cloudsim.Option{cloudsim.Account(conformance.Account), cloudsim.Region(conformance.Region), conformance.Topics()}
	rec, err := cloudsim.New(append(base, options...)...).Run(func(ctx *pulumi.Context) error {
		n, err := NewNetwork(ctx, "net", a)
		if err != nil || body == nil {
			return err
		}
		return body(ctx, n)
	})
	require.NoError(t, err)
	return rec
}

func named(t *testing.T, rec *cloudsim.Recorder, typ, name string) cloudsim.Record {
	t.Helper()
	found, ok := rec.Named(typ, name)
	require.True(t, ok, "there is no %s %s", typ, name)
	return found
}

func TestEachPrivateRouteLeadsToTheNATOfItsOwnZone(t *testing.T) {
	rec := run(t, args(), nil)
	for _, zone := range args().Zones {
		nat := named(t, rec, tNAT, "net-nat-"+zone)
		table := named(t, rec, tTable, "net-private-"+zone+"-routes")
		route := named(t, rec, tRoute, "net-private-"+zone+"-nat")
		association := named(t, rec, tAssociation, "net-private-"+zone+"-routes-association")
		require.Equal(t, named(t, rec, tSubnet, "net-public-"+zone).ID, nat.In().Text("subnetId"), "the gateway stands in its zone's public subnet")
		require.Equal(t, nat.ID, route.In().Text("natGatewayId"))
		require.Equal(t, "0.0.0.0/0", route.In().Text("destinationCidrBlock"))
		require.Equal(t, table.ID, route.In().Text("routeTableId"))
		require.Equal(t, table.ID, association.In().Text("routeTableId"))
		require.Equal(t, named(t, rec, tSubnet, "net-private-"+zone).ID, association.In().Text("subnetId"))
		require.Equal(t, zone, named(t, rec, tSubnet, "net-private-"+zone).In().Text("availabilityZone"))
	}
}

func TestOneNATCarriesEveryZoneAndNoneCarriesNobody(t *testing.T) {
	one := run(t, args(func(a *NetworkArgs) { a.NAT, a.NATZone = NATOne, "eu-central-1b" }), nil)
	require.Len(t, one.ByType(tNAT), 1)
	for _, zone := range args().Zones {
		require.Equal(t, one.ByType(tNAT)[0].ID, named(t, one, tRoute, "net-private-"+zone+"-nat").In().Text("natGatewayId"))
	}
	none := run(t, args(func(a *NetworkArgs) { a.NAT = NATNone }), func(_ *pulumi.Context, n *Network) error {
		require.False(t, n.Placement().HasInternetEgress)
		return nil
	})
	require.Empty(t, none.ByType(tNAT))
	require.Len(t, none.ByType(tAlarm), 1, "the flow logs are watched")
	require.Len(t, none.ByType(tRoute), 1, "the public tier's way to the internet alone")
}

func TestNATGatewaysWaitForTheInternetGateway(t *testing.T) {
	rec := run(t, args(), nil)
	gateway := rec.ByType("aws:ec2/internetGateway:InternetGateway")[0]
	for _, nat := range rec.ByType(tNAT) {
		require.Contains(t, nat.Dependencies, gateway.URN)
	}
}

func TestNothingLeavesTheIsolatedTier(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.IPv6 = true }), nil)
	isolated := named(t, rec, tTable, "net-isolated-routes")
	require.False(t, isolated.In().Has("routes"))
	for _, route := range rec.ByType(tRoute) {
		require.NotEqual(t, isolated.ID, route.In().Text("routeTableId"))
	}
	for _, zone := range args().Zones {
		require.Equal(t, isolated.ID, named(t, rec, tAssociation, "net-isolated-"+zone+"-routes-association").In().Text("routeTableId"))
	}
}

func TestWhatForgetsItsSecurityGroupRouteTableOrACLReachesNothing(t *testing.T) {
	rec := run(t, args(), nil)
	vpc := rec.ByType(tVPC)[0]
	group := rec.ByType("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")[0]
	require.Equal(t, vpc.ID, group.In().Text("vpcId"))
	require.False(t, group.In().Has("ingress.fromPort") || group.In().Has("egress.fromPort"))
	table := rec.ByType("aws:ec2/defaultRouteTable:DefaultRouteTable")[0]
	require.Equal(t, vpc.Out().Text("defaultRouteTableId"), table.In().Text("defaultRouteTableId"))
	routes, given := table.In().Count("routes")
	require.True(t, given, "an absent list would leave the routes that are there")
	require.Zero(t, routes)
	acl := rec.ByType("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")[0]
	require.Equal(t, vpc.Out().Text("defaultNetworkAclId"), acl.In().Text("defaultNetworkAclId"))
	require.False(t, acl.In().Has("ingress.ruleNo") || acl.In().Has("egress.ruleNo"))
	for _, subnet := range rec.ByType(tSubnet) {
		require.Equal(t, "false", subnet.In().Text("mapPublicIpOnLaunch"), "%s gives public addresses unasked", subnet.Name)
	}
	require.True(t, vpc.In().Bool("enableDnsSupport") && vpc.In().Bool("enableDnsHostnames"))
}

func TestEverySubnetIsUnderTheACLOfItsTier(t *testing.T) {
	rec := run(t, args(), nil)
	for _, tier := range allTiers {
		var want []string
		for _, zone := range args().Zones {
			want = append(want, named(t, rec, tSubnet, "net-"+string(tier)+"-"+zone).ID)
		}
		acl := named(t, rec, tACL, "net-"+string(tier)+"-acl")
		require.ElementsMatch(t, want, acl.In().Texts("subnetIds"))
		rules := mustPlan(t, args()).aclRules(tier)
		ingress, _ := acl.In().Count("ingress")
		egress, _ := acl.In().Count("egress")
		require.Equal(t, len(rules), ingress+egress)
		for _, entry := range append(acl.In().Objects("ingress"), acl.In().Objects("egress")...) {
			require.Contains(t, []string{"10.20.0.0/16", "0.0.0.0/0"}, entry.Text("cidrBlock"))
			require.Equal(t, "allow", entry.Text("action"))
		}
	}
}

// document is a policy as AWS reads it.
type document struct {
	Statement []struct {
		Sid, Effect      string
		Action, Resource any
		Principal        any
		Condition        map[string]map[string]any
	}
}

func policy(t *testing.T, text string) document {
	t.Helper()
	var d document
	require.NoError(t, json.Unmarshal([]byte(text), &d), text)
	return d
}

func TestGatewayEndpointsServeEveryRouteTableAndKeepStrangersOut(t *testing.T) {
	rec := run(t, args(), func(_ *pulumi.Context, n *Network) error {
		require.NotNil(t, n.Placement().S3Endpoint)
		require.NotNil(t, n.Placement().S3PrefixList)
		return nil
	})
	var tables []string
	for _, table := range rec.ByType(tTable) {
		tables = append(tables, table.ID)
	}
	require.Len(t, tables, 5)
	for _, service := range []string{"s3", "dynamodb"} {
		endpoint := named(t, rec, tEndpoint, "net-"+service+"-endpoint")
		require.Equal(t, "com.amazonaws.eu-central-1."+service, endpoint.In().Text("serviceName"))
		require.Equal(t, "Gateway", endpoint.In().Text("vpcEndpointType"))
		require.ElementsMatch(t, tables, endpoint.In().Texts("routeTableIds"))
		own := policy(t, endpoint.In().Text("policy")).Statement[0]
		for _, key := range []string{"aws:PrincipalAccount", "aws:ResourceAccount"} {
			require.Equal(t, conformance.Account, own.Condition["StringEquals"][key])
		}
	}
	s3 := policy(t, named(t, rec, tEndpoint, "net-s3-endpoint").In().Text("policy"))
	require.Len(t, s3.Statement, 2)
	require.Equal(t, "s3:GetObject", s3.Statement[1].Action, "Amazon's buckets are read, never written")
	require.Contains(t, s3.Statement[1].Resource, "arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*")
}

func TestNamedBucketsMayBeReadThroughTheEndpoint(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.GatewayEndpoints.ReadBuckets = []string{"partner-data"} }), nil)
	statements := policy(t, named(t, rec, tEndpoint, "net-s3-endpoint").In().Text("policy")).Statement
	require.Equal(t, []any{"s3:GetObject", "s3:GetObjectVersion"}, statements[2].Action, "a download that names a version asks for the second")
	require.Equal(t, "arn:aws:s3:::partner-data/*", statements[2].Resource)
}

func TestInterfaceEndpointsAdmitHTTPSFromTheVPCAlone(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.Endpoints = []string{"ssm", "ecr.api"} }), nil)
	group := named(t, rec, "aws:ec2/securityGroup:SecurityGroup", "net-endpoints")
	rules := rec.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
	require.Len(t, rules, 1)
	require.Equal(t, []string{group.ID, "tcp", "443", "443", "10.20.0.0/16"}, []string{
		rules[0].In().Text("securityGroupId"), rules[0].In().Text("ipProtocol"), rules[0].In().Text("fromPort"), rules[0].In().Text("toPort"), rules[0].In().Text("cidrIpv4"),
	})
	require.Empty(t, rec.ByType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"))
	for _, service := range []string{"ssm", "ecr.api"} {
		endpoint := named(t, rec, tEndpoint, "net-"+service+"-endpoint")
		require.Equal(t, "com.amazonaws.eu-central-1."+service, endpoint.In().Text("serviceName"))
		require.True(t, endpoint.In().Bool("privateDnsEnabled"))
		require.Equal(t, []string{group.ID}, endpoint.In().Texts("securityGroupIds"))
		require.Len(t, endpoint.In().Texts("subnetIds"), 3)
		require.Contains(t, endpoint.In().Texts("subnetIds"), named(t, rec, tSubnet, "net-private-eu-central-1a").ID)
	}
}

// request is what an endpoint policy sees of a call.
type request struct {
	kind, action string // the kind of principal: "AWS", or "Federated" for one without a signature
	keys         map[string]string
}

// lets judges a request as an endpoint policy of Allow statements does: a key that is not sent equals nothing.
func (d document) lets(r request) bool {
	for _, s := range d.Statement {
		principal, _ := s.Principal.(map[string]any)
		if s.Effect != "Allow" || principal[r.kind] != "*" || s.Resource != "*" || !mentions(s.Action, r.action) {
			continue
		}
		met := len(s.Condition) == 1
		for key, want := range s.Condition["StringEquals"] {
			met = met && r.keys[key] == want
		}
		if met {
			return true
		}
	}
	return false
}

func mentions(actions any, action string) bool {
	if many, ok := actions.([]any); ok {
		return slices.Contains(many, any(action))
	}
	return actions == "*" || actions == action
}

func TestInterfaceEndpointsLetStrangersCredentialsDoNothing(t *testing.T) {
	const (
		who, whose = "aws:PrincipalAccount", "aws:ResourceAccount"
		stranger   = "999999999999"
	)
	services := append(slices.Sorted(maps.Keys(boundaries)), "guardduty-data")
	rec := run(t, args(func(a *NetworkArgs) { a.Endpoints = services }), nil)
	endpoint := func(service string) document {
		return policy(t, named(t, rec, tEndpoint, "net-"+service+"-endpoint").In().Text("policy"))
	}
	for service := range boundaries {
		own := request{kind: "AWS", action: "x:Do", keys: map[string]string{who: conformance.Account, whose: conformance.Account}}
		require.True(t, endpoint(service).lets(own), service)
		theirs := request{kind: "AWS", action: "x:Do", keys: map[string]string{who: stranger, whose: stranger}}
		require.False(t, endpoint(service).lets(theirs), "data goes to another account through %s", service)
	}
	// What the agents and the boot of an instance call, as AWS sends it: signed by the instance's role, and about no
	// resource, or about one that is Amazon's.
	for service, actions := range map[string][]string{
		"ssm": {"ssm:UpdateInstanceInformation", "ssm:GetDocument", "ssm:GetParameter"}, "ssmmessages": {"ssmmessages:CreateControlChannel", "ssmmessages:OpenDataChannel"},
		"logs": {"logs:PutLogEvents", "logs:DescribeLogStreams"}, "monitoring": {"cloudwatch:PutMetricData"},
		"ec2": {"ec2:DescribeTags"}, "autoscaling": {"autoscaling:CompleteLifecycleAction"},
	} {
		for _, action := range actions {
			for _, owner := range []string{"", "amazon"} {
				call := request{kind: "AWS", action: action, keys: map[string]string{who: conformance.Account, whose: owner}}
				require.True(t, endpoint(service).lets(call), "%s is blocked", action)
			}
		}
	}
	for _, service := range []string{"kms", "secretsmanager", "sns", "sqs"} {
		leak := request{kind: "AWS", action: "x:Do", keys: map[string]string{who: conformance.Account, whose: stranger}}
		require.False(t, endpoint(service).lets(leak), "our own credentials hand data to another account through %s", service)
	}
	token := request{kind: "Federated", action: "sts:AssumeRoleWithWebIdentity", keys: map[string]string{whose: conformance.Account}}
	require.True(t, endpoint("sts").lets(token), "whoever has a token signs nothing")
	token.keys[whose] = stranger
	require.False(t, endpoint("sts").lets(token))
	require.False(t, named(t, rec, tEndpoint, "net-guardduty-data-endpoint").In().Has("policy"), "what is not known keeps AWS's default")
}

func TestFlowLogsRecordEverythingUnderAKeyOfTheirOwn(t *testing.T) {
	rec := run(t, args(), nil)
	flow := rec.ByType("aws:ec2/flowLog:FlowLog")[0]
	group, key := rec.ByType(tGroup)[0], rec.ByType(tKey)[0]
	role := rec.ByType("aws:iam/role:Role")[0]
	require.Equal(t, rec.ByType(tVPC)[0].ID, flow.In().Text("vpcId"))
	require.Equal(t, []string{"ALL", "60", group.Out().Text("arn"), role.Out().Text("arn")}, []string{
		flow.In().Text("trafficType"), flow.In().Text("maxAggregationInterval"), flow.In().Text("logDestination"), flow.In().Text("iamRoleArn"),
	})
	require.Equal(t, "365", group.In().Text("retentionInDays"))
	require.Equal(t, key.Out().Text("arn"), group.In().Text("kmsKeyId"))
	require.True(t, key.In().Bool("enableKeyRotation"))

	use := policy(t, key.In().Text("policy")).Statement[1]
	require.Equal(t, map[string]any{"Service": "logs.eu-central-1.amazonaws.com"}, use.Principal)
	pattern, _ := use.Condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"].(string)
	prefix, wild := strings.CutSuffix(pattern, "*")
	require.True(t, wild)
	require.True(t, strings.HasPrefix(group.Out().Text("arn"), prefix), "the key's condition %q admits the group %s", pattern, group.Out().Text("arn"))
	require.Contains(t, prefix, ":log-group:net-flow-logs-", "and no other group")

	trust := policy(t, role.In().Text("assumeRolePolicy")).Statement[0]
	require.Equal(t, map[string]any{"Service": "vpc-flow-logs.amazonaws.com"}, trust.Principal)
	require.Equal(t, conformance.Account, trust.Condition["StringEquals"]["aws:SourceAccount"])
	require.Equal(t, "arn:aws:ec2:eu-central-1:111111111111:vpc-flow-log/*", trust.Condition["ArnLike"]["aws:SourceArn"])
	write := policy(t, rec.ByType("aws:iam/rolePolicy:RolePolicy")[0].In().Text("policy")).Statement[0]
	require.Equal(t, []any{group.Out().Text("arn"), group.Out().Text("arn") + ":*"}, write.Resource)
}

func TestFlowLogsGoWhereTheyAreTold(t *testing.T) {
	bucket := pulumi.String("arn:aws:s3:::flow-archive")
	s3 := run(t, args(func(a *NetworkArgs) { a.FlowLogs.BucketARN = bucket }), nil, cloudsim.Exists(cloudsim.Given{
		Type: "aws:s3/bucketV2:BucketV2", Name: "flow-archive", ID: "flow-archive", Properties: map[string]any{"bucket": "flow-archive"},
	}))
	flow := s3.ByType("aws:ec2/flowLog:FlowLog")[0]
	require.Equal(t, []string{"s3", string(bucket), ""}, []string{flow.In().Text("logDestinationType"), flow.In().Text("logDestination"), flow.In().Text("iamRoleArn")})
	require.Empty(t, s3.ByType(tGroup))
	off := run(t, args(func(a *NetworkArgs) { a.FlowLogs.Off = "recorded by the transit gateway" }), nil)
	require.Empty(t, off.ByType("aws:ec2/flowLog:FlowLog"))
}

func TestLogsAndTheirKeyAreProtectedUnlessDisposable(t *testing.T) {
	for disposable, window := range map[bool]string{false: "30", true: "7"} {
		rec := run(t, args(func(a *NetworkArgs) { a.Disposable = disposable }), nil)
		for _, r := range rec.Resources() {
			stateful := r.Type == tGroup || r.Type == tKey
			require.Equal(t, stateful && !disposable, r.Protect, "%s with Disposable %v", r.Name, disposable)
		}
		require.Equal(t, window, rec.ByType(tKey)[0].In().Text("deletionWindowInDays"))
	}
}

// needs are the URNs that a resource waits for, by whatever way.
func needs(r cloudsim.Record) []string {
	all := slices.Clone(r.Dependencies)
	for _, urns := range r.PropertyDependencies {
		all = append(all, urns...)
	}
	return all
}

func TestWhatStartsProgramsWaitsForItsWayOut(t *testing.T) {
	const zone = "eu-central-1b"
	rec := run(t, args(func(a *NetworkArgs) { a.Endpoints = []string{"ssm"} }), func(ctx *pulumi.Context, n *Network) error {
		for name, id := range map[string]pulumi.StringInput{
			"ready": n.Placement().PrivateReady[zone], "early": n.Placement().Private[zone], "front": n.Placement().Public[zone],
		} {
			if _, err := ec2.NewSecurityGroup(ctx, name, &ec2.SecurityGroupArgs{
				Description: pulumi.Sprintf("in %s", id), VpcId: n.Placement().VPC.ToStringOutput(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	const group = "aws:ec2/securityGroup:SecurityGroup"
	ready, early, front := needs(named(t, rec, group, "ready")), needs(named(t, rec, group, "early")), needs(named(t, rec, group, "front"))
	for _, each := range []struct{ typ, name string }{
		{tRoute, "net-private-" + zone + "-nat"}, {tAssociation, "net-private-" + zone + "-routes-association"},
		{tACL, "net-private-acl"}, {tEndpoint, "net-s3-endpoint"}, {tEndpoint, "net-ssm-endpoint"},
	} {
		require.Contains(t, ready, named(t, rec, each.typ, each.name).URN, "an instance would start before %s", each.name)
		require.NotContains(t, early, named(t, rec, each.typ, each.name).URN, "a load balancer need not wait for %s", each.name)
	}
	require.Contains(t, front, named(t, rec, tRoute, "net-public-internet").URN)
	require.NotContains(t, ready, named(t, rec, tRoute, "net-private-eu-central-1a-nat").URN, "one zone does not wait for another")
	require.Equal(t, "in "+named(t, rec, tSubnet, "net-private-"+zone).ID, named(t, rec, group, "ready").In().Text("description"))
}

func TestDualStackGivesEverySubnetABlockOfTheVPCs(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.IPv6, a.NAT = true, NATNone }), nil)
	block := rec.ByType(tVPC)[0].Out().Text("ipv6CidrBlock")
	require.NotEmpty(t, block)
	seen := map[string]bool{}
	for _, s := range mustPlan(t, args()).subnets {
		subnet := named(t, rec, tSubnet, "net-"+strings.Join(s.key(), "-"))
		want, err := ipv6Subnet(block, s.ipv6)
		require.NoError(t, err)
		require.Equal(t, want, subnet.In().Text("ipv6CidrBlock"))
		require.False(t, seen[want])
		seen[want] = true
		require.Equal(t, s.tier != Public, subnet.In().Bool("assignIpv6AddressOnCreation"))
	}
	egress := rec.ByType("aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway")[0]
	for _, zone := range args().Zones {
		route := named(t, rec, tRoute, "net-private-"+zone+"-ipv6")
		require.Equal(t, egress.ID, route.In().Text("egressOnlyGatewayId"))
		require.Equal(t, "::/0", route.In().Text("destinationIpv6CidrBlock"))
	}
	require.Equal(t, rec.ByType("aws:ec2/internetGateway:InternetGateway")[0].ID, named(t, rec, tRoute, "net-public-internet-ipv6").In().Text("gatewayId"))
}

func TestEveryAlarmWatchesAGatewayOfTheNetworkAndHasARunbook(t *testing.T) {
	var told *Network
	rec := run(t, args(), func(_ *pulumi.Context, n *Network) error {
		told = n
		return nil
	})
	require.Len(t, rec.ByType(tAlarm), alarmsPerNAT*3+1)
	runbook, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbooks", "network.md"))
	require.NoError(t, err)
	for _, zone := range args().Zones {
		nat := named(t, rec, tNAT, "net-nat-"+zone)
		ports := named(t, rec, tAlarm, "net-nat-"+zone+"-ports")
		require.Equal(t, []string{"AWS/NATGateway", "ErrorPortAllocation", nat.ID}, []string{ports.In().Text("namespace"), ports.In().Text("metricName"), ports.In().Text("dimensions.NatGatewayId")})
		require.Equal(t, nat.ID, named(t, rec, tAlarm, "net-nat-"+zone+"-drops").In().Text("dimensions.NatGatewayId"))
		require.Contains(t, named(t, rec, tAlarm, "net-nat-"+zone+"-unanswered").In().Texts("metricQueries.metric.dimensions.NatGatewayId"), nat.ID)
		for _, alarm := range natAlarms(zone, alarms.NATGateway{ID: pulumi.String(nat.ID)}) {
			file, anchor := alarm.Entry()
			require.Equal(t, "network.md", file)
			requireEntry(t, string(runbook), anchor)
		}
	}
	require.Len(t, told.Posture().Alarms, alarmsPerNAT*3+1)
	require.Len(t, told.Widgets(), 4)
}

func TestSilentFlowLogsAreTold(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.NAT = NATNone }), nil)
	silent := named(t, rec, tAlarm, "net-flow-logs-silent").In()
	require.Equal(t, []string{"breaching", "LessThanThreshold", "1"}, []string{silent.Text("treatMissingData"), silent.Text("comparisonOperator"), silent.Text("threshold")})
	require.Equal(t, []string{"AWS/Logs"}, silent.Texts("metricQueries.metric.namespace"))
	require.Equal(t, []string{"IncomingLogEvents"}, silent.Texts("metricQueries.metric.metricName"))
	require.Equal(t, []string{rec.ByType(tGroup)[0].Out().Text("name")}, silent.Texts("metricQueries.metric.dimensions.LogGroupName"))
	require.Contains(t, silent.Texts("metricQueries.expression"), "FILL(records, 0)", "an hour without a record is zeros, not an absence")
	require.Equal(t, silent.Text("evaluationPeriods"), silent.Text("datapointsToAlarm"), "one late delivery is no silence")
	require.NotEmpty(t, silent.Texts("alarmActions"))
	runbooks.RequireEntry(t, silent.Text("alarmDescription"))
	for name, change := range map[string]func(*NetworkArgs){
		"to a bucket": func(a *NetworkArgs) { a.FlowLogs.BucketARN = pulumi.String("arn:aws:s3:::flow-archive") },
		"off":         func(a *NetworkArgs) { a.FlowLogs.Off = "recorded elsewhere" },
	} {
		p := mustPlan(t, args(func(a *NetworkArgs) { a.NAT = NATNone }, change))
		require.Zero(t, p.alarmCount(), "%s: there is no group whose silence could be seen", name)
	}
}

func TestTheRunbookHasNoEntryWithoutAnAlarm(t *testing.T) {
	anchors := []string{}
	for _, alarm := range append(natAlarms("eu-central-1a", alarms.NATGateway{}), flowLogAlarm(alarms.LogGroup{})) {
		_, anchor := alarm.Entry()
		anchors = append(anchors, anchor)
	}
	runbooks.RequireFile(t, "network.md", anchors)
}

// sgText is what EC2 takes in descriptions of groups and of all kinds of their rules.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PrefixListId.html
var sgText = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]{1,255}$`)

func TestDescriptionsOfSecurityGroupsAndRulesAreInEC2sLetters(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.Endpoints = []string{"ssm"} }), nil)
	seen := 0
	for _, r := range rec.Resources() {
		if !strings.Contains(r.Type, "ecurityGroup") || strings.Contains(r.Type, "default") {
			continue
		}
		require.Regexp(t, sgText, r.In().Text("description"), r.Name)
		seen++
	}
	require.Equal(t, 2, seen)
}

func requireEntry(t *testing.T, runbook, anchor string) {
	t.Helper()
	_, entry, found := strings.Cut(runbook, "\n## "+strings.ReplaceAll(anchor, "-", " ")+"\n")
	require.True(t, found, "the runbook has no entry %s", anchor)
	entry, _, _ = strings.Cut(entry, "\n## ")
	for _, part := range []string{"### Symptoms", "### Immediate actions", "### Causes"} {
		require.Contains(t, entry, part+"\n", "the entry %s lacks a part", anchor)
	}
}

func TestAlarmsAreLeftOutForAReasonOnly(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) { a.Alarms, a.AlarmsOff = alarms.Route{}, "a sandbox of one day" }), nil)
	require.Empty(t, rec.ByType(tAlarm))
	require.Len(t, rec.ByType(tNAT), 3)
}

func TestAZoneMoreAddsResourcesAndRenamesNone(t *testing.T) {
	before := run(t, args(func(a *NetworkArgs) { a.Zones = []string{"eu-central-1b", "eu-central-1c"} }), nil)
	after := run(t, args(), nil)
	for _, old := range before.Resources() {
		kept, found := after.ByURN(old.URN)
		require.True(t, found, "%s %s vanished", old.Type, old.Name)
		switch old.Type {
		case tACL, tEndpoint, Token:
			// Lists of subnets and route tables grow, and the component's intent names the zones.
		default:
			require.Equal(t, old.Inputs, kept.Inputs, "%s %s changed", old.Type, old.Name)
		}
	}
	require.Greater(t, len(after.Resources()), len(before.Resources()))
}

func TestABroughtVPCIsHandedOnAndNothingIsMade(t *testing.T) {
	bring := brought()
	bring.NATGateways = map[string]pulumi.StringInput{"eu-central-1a": pulumi.String("nat-0123456789abcdef0")}
	rec := run(t, &NetworkArgs{Bring: bring, Alarms: route()}, func(_ *pulumi.Context, n *Network) error {
		got := n.Placement()
		require.Equal(t, []string{"eu-central-1a", "eu-central-1b"}, got.Zones)
		require.Equal(t, bring.Private, got.Private)
		require.Equal(t, bring.Private, got.PrivateReady)
		require.NotNil(t, got.Isolated)
		require.Empty(t, got.Isolated)
		require.True(t, got.HasInternetEgress)
		require.Nil(t, n.VPC)
		return nil
	}, cloudsim.Exists(cloudsim.Given{Type: tNAT, Name: "theirs", ID: "nat-0123456789abcdef0", Properties: map[string]any{"connectivityType": "private"}}))
	for _, r := range rec.Resources() {
		require.Contains(t, []string{Token, tAlarm}, r.Type, "%s is made in somebody else's VPC", r.Name)
	}
	require.Len(t, rec.ByType(tAlarm), alarmsPerNAT)
}

func TestTransformsHaveTheLastWordButNotOnTheParent(t *testing.T) {
	rec := run(t, args(func(a *NetworkArgs) {
		a.Transform.Subnet = func(s *ec2.SubnetArgs, _ *[]pulumi.ResourceOption) { s.EnableDns64 = pulumi.Bool(true) }
		a.Transform.FlowLogGroup = func(_ *cloudwatch.LogGroupArgs, o *[]pulumi.ResourceOption) {
			*o = append(*o, pulumi.RetainOnDelete(true), pulumi.Parent(nil))
		}
	}), nil)
	for _, subnet := range rec.ByType(tSubnet) {
		require.True(t, subnet.In().Bool("enableDns64"))
	}
	group := rec.ByType(tGroup)[0]
	require.True(t, group.RetainOnDelete)
	require.Equal(t, rec.ByType(Token)[0].URN, group.Parent)
}

func TestTheGraphOfAFullNetwork(t *testing.T) {
	conformance.Golden(t, run(t, args(func(a *NetworkArgs) { a.IPv6, a.Endpoints = true, []string{"ssm"} }), nil), "testdata/full.golden")
}

func TestTheGraphOfASmallNetwork(t *testing.T) {
	conformance.Golden(t, run(t, args(func(a *NetworkArgs) {
		a.Zones, a.NAT, a.Disposable = a.Zones[:2], NATOne, true
	}), nil), "testdata/small.golden")
}

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Case[NetworkArgs, *Network]{
		Token: Token, New: NewNetwork,
		Smallest: func(*pulumi.Context, pulumi.ProviderResource) (*NetworkArgs, error) {
			return &NetworkArgs{Zones: args().Zones, CIDR: "10.0.0.0/21", NAT: NATNone, Alarms: route()}, nil
		},
		Largest: func(*pulumi.Context, pulumi.ProviderResource) (*NetworkArgs, error) {
			return args(func(a *NetworkArgs) {
				a.IPv6, a.Endpoints, a.Tags = true, []string{"ssm", "logs"}, map[string]string{"team": "platform"}
				a.GatewayEndpoints.ReadBuckets = []string{"partner-data"}
				a.Region, a.Workload, a.Tiers = "eu-central-1", "hashing", allTiers
				// Out of order, so that sorting them in place would show.
				a.Zones = []string{"eu-central-1c", "eu-central-1a", "eu-central-1b"}
				a.Addresses = Addresses{ZoneSlots: 4, Slots: map[string]int{"eu-central-1c": 3}}
				a.FlowLogs.RetentionDays, a.Disposable = 30, true
				a.Alarms = alarms.Route{
					Critical: pulumi.String(conformance.Topic("critical")), Warning: pulumi.String(conformance.Topic("warning")),
					Info: pulumi.String(conformance.Topic("info")), Runbooks: route().Runbooks,
					Destinations: map[alarms.Severity][]string{alarms.Critical: {"e-mail"}},
				}
			}), nil
		},
	})
}
