package fleet

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

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
