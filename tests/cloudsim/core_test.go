package cloudsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

func TestATypeWithoutARowIsRefusedByNameOfTheRowToAdd(t *testing.T) {
	t.Parallel()
	_, err := run(t, func(w *world) { w.add("aws:braket/job:Job", "j", nil) })
	require.ErrorContains(t, err, `no row for the type aws:braket/job:Job: add a Row with Type "aws:braket/job:Job" to tests/cloudsim/rows_braket.go`)
}

func TestAConsumerAddsARowForItsOwnType(t *testing.T) {
	t.Parallel()
	row := cloudsim.Row{Type: "aws:braket/job:Job", Noun: "job", ID: cloudsim.Format("job-{hex8}"), AutoName: &cloudsim.AutoName{}}
	rec, err := run(t, func(w *world) { w.add(row.Type, "j", nil) }, cloudsim.Rows(row))
	require.NoError(t, err)
	require.Regexp(t, "^job-[0-9a-f]{8}$", rec.ByType(row.Type)[0].ID)
}

func TestPreviewLeavesUnknownWhatTheCloudWouldFillIn(t *testing.T) {
	t.Parallel()
	program := func(w *world) {
		v := w.vpc("v", "10.0.0.0/16")
		w.subnet("a", v, "10.0.0.0/24", "eu-west-1a")
	}
	rec, err := run(t, program, cloudsim.Preview())
	require.NoError(t, err)
	subnet, _ := rec.Named(subnetType, "a")
	require.Empty(t, subnet.ID)
	require.True(t, subnet.Inputs["vpcId"].IsComputed(), "the VPC's id is not known yet")
	require.True(t, subnet.Outputs["arn"].IsComputed())
	require.Equal(t, "10.0.0.0/24", subnet.Out().Text("cidrBlock"), "inputs are known")

	_, err = run(t, func(w *world) { w.subnet("a", w.vpc("v", "10.0.0.0/16"), "10.0.0.0/30", "mars-1a") }, cloudsim.Preview())
	require.ErrorContains(t, err, "must be between /16 and /28", "what needs no unknown value is judged in preview too")
}

func TestAllViolationsOfAResourceAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := run(t, func(w *world) {
		w.add(logGroupType, "g", pulumi.Map{"name": s("a b"), "retentionInDays": pulumi.Int(42), "logGroupClass": s("GOLD")})
	})
	for _, property := range []string{"name: must be", "retentionInDays: must be", "logGroupClass: must be"} {
		require.ErrorContains(t, err, property)
	}
}

func TestIdsAndNamesAreStableForTheSameURN(t *testing.T) {
	t.Parallel()
	program := func(w *world) { w.vpc("v", "10.0.0.0/16"); w.add(logGroupType, "g", nil) }
	first, err := run(t, program)
	require.NoError(t, err)
	second, err := run(t, program)
	require.NoError(t, err)
	for _, r := range first.Resources() {
		again, ok := second.ByURN(r.URN)
		require.True(t, ok)
		require.Equal(t, r.ID, again.ID)
	}
}

func TestALogicalNameTooLongForTheTypeIsAnError(t *testing.T) {
	t.Parallel()
	args := pulumi.Map{"assumeRolePolicy": s(trusting("ec2.amazonaws.com"))}
	_, err := run(t, func(w *world) { w.add(roleType, strings.Repeat("r", 56), args) })
	require.NoError(t, err)
	_, err = run(t, func(w *world) { w.add(roleType, strings.Repeat("r", 57), args) })
	require.ErrorContains(t, err, "makes a name of 65 characters; 64 are allowed")
}

func TestADuplicateURNIsRefused(t *testing.T) {
	t.Parallel()
	_, err := run(t, func(w *world) { w.add(logGroupType, "g", nil); w.add(logGroupType, "g", nil) })
	require.ErrorContains(t, err, "duplicate resource URN")
}

func TestAProgramThatWaitsForEverEndsWithAnError(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		w.add(logGroupType, "g", nil)
		<-make(chan struct{})
	}, cloudsim.Deadline(300*time.Millisecond))
	require.ErrorContains(t, err, "waits for a value that never comes")
	require.NotNil(t, rec)
}

func TestAPanicOfTheProgramIsAnError(t *testing.T) {
	t.Parallel()
	_, err := run(t, func(*world) { panic("out of cheese") })
	require.ErrorContains(t, err, "the program panicked: out of cheese")
}

func TestTheNthCreationOfATypeFails(t *testing.T) {
	t.Parallel()
	program := func(w *world) {
		w.add(logGroupType, "one", nil)
		w.add(logGroupType, "two", nil)
		w.add(logGroupType, "three", nil)
	}
	rec, err := run(t, program, cloudsim.Fail(logGroupType, 2))
	require.ErrorContains(t, err, "two: InternalFailure")
	two, _ := rec.Named(logGroupType, "two")
	require.Empty(t, two.ID)
	one, _ := rec.Named(logGroupType, "one")
	require.NotEmpty(t, one.ID)
}

func TestSecretsStaySecretAndLimitsLookThroughThem(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		w.add(logGroupType, "g", pulumi.Map{"name": pulumi.ToSecret(pulumi.String("hidden"))})
	})
	require.NoError(t, err)
	group, _ := rec.Named(logGroupType, "g")
	require.True(t, group.Inputs["name"].IsSecret())
	require.True(t, group.Outputs["name"].IsSecret())
	require.Equal(t, "hidden", group.Out().Text("name"))

	_, err = run(t, func(w *world) {
		w.add(logGroupType, "g", pulumi.Map{"name": pulumi.ToSecret(pulumi.String("a b"))})
	})
	require.ErrorContains(t, err, "name: must be")
}

func TestAResourceLivesInTheRegionAndAccountOfItsProvider(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		var frankfurt pulumi.ProviderResourceState
		w.err = w.ctx.RegisterResource("pulumi:providers:aws", "frankfurt", pulumi.Map{"region": s("eu-central-1"),
			"allowedAccountIds": s(`["444455556666"]`), "defaultTags": s(`{"tags":{"owner":"tests"}}`)}, &frankfurt)
		w.add(logGroupType, "here", nil)
		w.add(logGroupType, "there", pulumi.Map{"tags": pulumi.StringMap{"a": s("b")}}, pulumi.Provider(&frankfurt))
	})
	require.NoError(t, err)
	here, _ := rec.Named(logGroupType, "here")
	there, _ := rec.Named(logGroupType, "there")
	require.Equal(t, []string{"111122223333", "eu-west-1"}, []string{here.Account, here.Region})
	require.Equal(t, []string{"444455556666", "eu-central-1"}, []string{there.Account, there.Region})
	require.True(t, strings.HasPrefix(there.Out().Text("arn"), "arn:aws:logs:eu-central-1:444455556666:"))
	require.Equal(t, "tests", there.Out().Text("tagsAll.owner"))
	require.Equal(t, "b", there.Out().Text("tagsAll.a"))
}

func TestAReferenceAcrossRegionsIsRefusedAndTheMessageSaysWhereTheTargetIs(t *testing.T) {
	t.Parallel()
	_, err := run(t, func(w *world) {
		var frankfurt pulumi.ProviderResourceState
		w.err = w.ctx.RegisterResource("pulumi:providers:aws", "frankfurt", pulumi.Map{"region": s("eu-central-1")}, &frankfurt)
		v := w.vpc("v", "10.0.0.0/16")
		w.add(gatewayType, "g", pulumi.Map{"vpcId": v.ID()}, pulumi.Provider(&frankfurt))
	})
	require.ErrorContains(t, err, "does not exist in account 111122223333 in region eu-central-1; there is one in account 111122223333, region eu-west-1")
}

func TestDefaultProvidersCanBeDisabledAsOnTheEngine(t *testing.T) {
	t.Parallel()
	off := cloudsim.Config(map[string]string{"pulumi:disable-default-providers": `["*"]`})
	_, err := run(t, func(w *world) { w.add(logGroupType, "g", nil) }, off)
	require.ErrorContains(t, err, `default provider for "aws" disabled`)
}

func TestWhatExistsBeforeCanBeReferredToAndImported(t *testing.T) {
	t.Parallel()
	theirs := cloudsim.Exists(cloudsim.Given{Type: vpcType, ID: "vpc-0theirs", Properties: map[string]any{"cidrBlock": "10.0.0.0/16"}})
	rec, err := run(t, func(w *world) {
		w.add(subnetType, "a", pulumi.Map{"vpcId": s("vpc-0theirs"), "cidrBlock": s("10.0.0.0/24")})
		w.add(vpcType, "adopted", pulumi.Map{"cidrBlock": s("10.0.0.0/16")}, pulumi.Import(pulumi.ID("vpc-0theirs")))
	}, theirs)
	require.NoError(t, err)
	adopted, _ := rec.Named(vpcType, "adopted")
	require.Equal(t, "vpc-0theirs", adopted.ID)
	_, err = run(t, func(w *world) {
		w.add(vpcType, "adopted", pulumi.Map{"cidrBlock": s("10.0.0.0/16")}, pulumi.Import(pulumi.ID("vpc-0none")))
	})
	require.ErrorContains(t, err, "resource 'vpc-0none' does not exist")
}

func TestFunctionsThatAreNotModelledAreRefused(t *testing.T) {
	t.Parallel()
	var zones struct {
		Names   []string `pulumi:"names"`
		ZoneIDs []string `pulumi:"zoneIds"`
	}
	rec, err := run(t, func(w *world) {
		w.err = w.ctx.Invoke("aws:index/getAvailabilityZones:getAvailabilityZones", &struct{}{}, &zones)
	})
	require.NoError(t, err)
	require.Equal(t, []string{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, zones.Names)
	require.Equal(t, "euw1-az1", zones.ZoneIDs[0])
	require.Len(t, rec.Invokes(), 1)
	_, err = run(t, func(w *world) { w.err = w.ctx.Invoke("aws:ec2/getAmi:getAmi", &struct{}{}, &zones) })
	require.ErrorContains(t, err, "no answer for the function aws:ec2/getAmi:getAmi")
}

type box struct {
	pulumi.ResourceState
}

func TestComponentsAreRecordedWithInputsOutputsParentsAndAliases(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		var b box
		w.err = w.ctx.RegisterComponentResourceV2("pkg:index:Box", "b", pulumi.Map{"size": pulumi.Int(3)}, &b)
		w.add(logGroupType, "g", nil, pulumi.Parent(&b), pulumi.Protect(true),
			pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String("old"), NoParent: pulumi.Bool(true)}}))
		if w.err == nil {
			w.err = w.ctx.RegisterResourceOutputs(&b, pulumi.Map{"done": pulumi.Bool(true)})
		}
	})
	require.NoError(t, err)
	b, ok := rec.Named("pkg:index:Box", "b")
	require.True(t, ok)
	require.False(t, b.Custom)
	require.True(t, b.OutputsRegistered)
	require.Equal(t, resource.PropertyMap{"size": resource.NewProperty(3.0)}, b.Inputs)
	require.True(t, b.Outputs["done"].BoolValue())
	g := rec.Children(b.URN)[0]
	require.Equal(t, "urn:pulumi:stack::project::pkg:index:Box$aws:cloudwatch/logGroup:LogGroup::g", g.URN)
	require.True(t, g.Protect)
	require.Equal(t, []string{"urn:pulumi:stack::project::aws:cloudwatch/logGroup:LogGroup::old"}, g.Aliases)
}

func TestAFalseDependencyMakesTheRunLongerThanItsCriticalPath(t *testing.T) {
	t.Parallel()
	network := func(falsely bool) func(ctx *pulumi.Context) error {
		return func(ctx *pulumi.Context) error {
			v, err := res(ctx, vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			if err != nil {
				return err
			}
			g, err := res(ctx, gatewayType, "g", pulumi.Map{"vpcId": v.ID()})
			if err != nil {
				return err
			}
			home, err := res(ctx, subnetType, "a", pulumi.Map{"vpcId": v.ID(), "cidrBlock": s("10.0.0.0/24")})
			if err != nil {
				return err
			}
			e, err := res(ctx, addressType, "e", nil)
			if err != nil {
				return err
			}
			n, err := res(ctx, natType, "n", pulumi.Map{"subnetId": home.ID(), "allocationId": e.ID()}, pulumi.DependsOn([]pulumi.Resource{g}))
			if err != nil {
				return err
			}
			var options []pulumi.ResourceOption
			if falsely {
				options = append(options, pulumi.DependsOn([]pulumi.Resource{n}))
			}
			_, err = res(ctx, endpointType, "x", pulumi.Map{"vpcId": v.ID(), "serviceName": s("com.amazonaws.eu-west-1.ssm"),
				"vpcEndpointType": s("Interface"), "subnetIds": list(home.ID())}, options...)
			return err
		}
	}
	sim := func() *cloudsim.Sim { return cloudsim.New(cloudsim.Region("eu-west-1"), cloudsim.AllowIdle()) }
	rec, err := sim().Run(network(false))
	require.NoError(t, err)
	honest := rec.Timeline()
	require.InDelta(t, 1, honest.Ratio(), 1e-9, "what a NAT gateway waits for is a true need")
	require.Equal(t, 3*time.Second+2*time.Second+115*time.Second, honest.CriticalPath, "VPC, subnet, NAT gateway")
	require.Contains(t, honest.Path[len(honest.Path)-1], "NatGateway::n")

	rec, err = sim().Run(network(true))
	require.NoError(t, err)
	slow := rec.Timeline()
	require.Equal(t, honest.CriticalPath, slow.CriticalPath)
	require.Equal(t, honest.CriticalPath+60*time.Second, slow.Makespan, "the endpoint waits for the NAT gateway and need not")
	require.Greater(t, slow.Ratio(), 1.0)
	require.Contains(t, slow.Chain[len(slow.Chain)-1], "VpcEndpoint::x")
}

func TestAComponentThatWaitsForDataHoldsUpItsChildren(t *testing.T) {
	t.Parallel()
	rec, err := cloudsim.New(cloudsim.Region("eu-west-1")).Run(func(ctx *pulumi.Context) error {
		profile, err := res(ctx, "aws:iam/instanceProfile:InstanceProfile", "p", nil)
		if err != nil {
			return err
		}
		var b box
		if err := ctx.RegisterComponentResourceV2("pkg:index:Box", "b", pulumi.Map{"profile": profile.Arn}, &b); err != nil {
			return err
		}
		_, err = res(ctx, logGroupType, "g", nil, pulumi.Parent(&b))
		return err
	})
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, rec.Timeline().CriticalPath)
	require.Equal(t, 11*time.Second, rec.Timeline().Makespan)
}

func TestTheSimIsAlsoAMockMonitorOfTheSDK(t *testing.T) {
	t.Parallel()
	mocks, rec, err := cloudsim.New(cloudsim.Region("eu-west-1"), cloudsim.Project("p", "s")).Mocks()
	require.NoError(t, err)
	err = pulumi.RunErr(func(ctx *pulumi.Context) error {
		w := &world{ctx: ctx}
		w.subnet("a", w.vpc("v", "10.0.0.0/16"), "10.1.0.0/24", "eu-west-1a")
		return w.err
	}, pulumi.WithMocks("p", "s", mocks))
	require.ErrorContains(t, err, "InvalidSubnet.Range")
	require.Len(t, rec.ByType(vpcType), 1)
}
