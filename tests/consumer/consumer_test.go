package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/fleet"
	"github.com/seed-11444627/holdfast/components/network"
	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// inCloud runs a program on a simulated cloud in the example's account and region.
func inCloud(program pulumi.RunFunc, options ...cloudsim.Option) (*cloudsim.Recorder, error) {
	here := []cloudsim.Option{cloudsim.Account(account), cloudsim.Region(region), cloudsim.Project("consumer", "dev")}
	return cloudsim.New(append(here, options...)...).Run(program)
}

func TestTheFleetCarriesItsPeakAfterLosingAnyZone(t *testing.T) {
	cloud, err := inCloud(deploy)
	require.NoError(t, err)

	groups := cloud.ByType("aws:autoscaling/group:Group")
	require.Len(t, groups, 1)
	minimum := groups[0].In().Int("minSize")
	zones := len(groups[0].In().Texts("vpcZoneIdentifiers"))
	require.Equal(t, 3, zones)

	// The zone that holds the most is lost. Each server takes five requests at a time, for a quarter of a second each.
	left := minimum - (minimum+zones-1)/zones
	require.GreaterOrEqual(t, float64(left)*5/0.25, 60.0, "%d of %d servers are left", left, minimum)
}

func TestTheProgramStatesWhatItPromises(t *testing.T) {
	cloud, err := inCloud(deploy)
	require.NoError(t, err)
	var stated []posture.Posture
	require.NoError(t, json.Unmarshal([]byte(cloud.Exports()["posture"].StringValue()), &stated))
	require.Len(t, stated, 1)
	require.InDelta(t, 60, stated[0].Capacity.Peak, 0)
	require.GreaterOrEqual(t, stated[0].Capacity.AfterZoneLoss, stated[0].Capacity.Peak)
}

// One line holds a program to every rule of the policy pack.
func TestTheProgramKeepsThePolicy(t *testing.T) {
	cloud, err := inCloud(deploy)
	require.NoError(t, err)
	policytest.Check(t, cloud)
}

func TestTheProgramCanBePreviewedBeforeAnythingExists(t *testing.T) {
	_, err := inCloud(deploy, cloudsim.Preview())
	require.NoError(t, err)
}

func TestAFailureOfAWSIsReportedAndNotSwallowed(t *testing.T) {
	_, err := inCloud(deploy, cloudsim.Fail("aws:autoscaling/group:Group", 1))
	require.ErrorContains(t, err, "aws:autoscaling/group:Group")
}

// A fleet that cannot lose a zone is refused by the component, before anything is created.
func TestAFleetThatCannotLoseAZoneIsRefused(t *testing.T) {
	cloud, err := inCloud(func(ctx *pulumi.Context) error {
		_, err := fleet.NewHashFleet(ctx, "hashing", &fleet.HashFleetArgs{
			Placement: network.Placement{
				VPC: pulumi.String("vpc-0a1b2c3d"), CIDR: "10.0.0.0/16", Zones: []string{"eu-central-1a", "eu-central-1b"},
				Private: map[string]pulumi.StringInput{
					"eu-central-1a": pulumi.String("subnet-0a"), "eu-central-1b": pulumi.String("subnet-0b"),
				},
				S3PrefixList: pulumi.String("pl-0a1b2c3d"),
			},
			AccountID: account, Region: region, Artifact: server(), Instances: fleet.Instances{Image: fleet.Image{ID: image}},
			Load:   capacity.Load{PeakRequestsPerSecond: 60, ServiceTime: 250 * time.Millisecond, ConcurrencyPerServer: 5},
			Sizing: fleet.Sizing{Minimum: 3}, CDN: fleet.CDN{AlarmsOff: "an example"}, AlarmsOff: "an example",
		})
		return err
	})
	require.ErrorContains(t, err, "Sizing.Minimum: got 3, want at least 8, because losing one of 2 zones leaves 1 of 3")
	var problem *fielderror.FieldError
	require.ErrorAs(t, err, &problem)
	require.Empty(t, cloud.ByType("aws:autoscaling/group:Group"))
}

// A subscription to a topic that is not there is refused by the model, as AWS would.
func TestAReferenceToNothingIsRefused(t *testing.T) {
	_, err := inCloud(func(ctx *pulumi.Context) error {
		_, err := sns.NewTopicSubscription(ctx, "lost", &sns.TopicSubscriptionArgs{
			Topic: pulumi.String("arn:aws:sns:eu-central-1:111111111111:not-there"), Protocol: pulumi.String("email"),
			Endpoint: pulumi.String("team@example.com"),
		})
		return err
	})
	require.ErrorContains(t, err, "not-there")
}
