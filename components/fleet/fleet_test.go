package fleet

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/network"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

const digest = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"

var zones = []string{"eu-central-1a", "eu-central-1b", "eu-central-1c"}

// route is a route whose topics exist in the simulated cloud.
func route() alarms.Route {
	topic := func(severity string) pulumi.String { return pulumi.String(conformance.Topic(severity)) }
	return alarms.Route{
		Critical: topic("critical"), Warning: topic("warning"), Info: topic("info"),
		Runbooks: "https://example.com/runbooks", Destinations: map[alarms.Severity][]string{alarms.Critical: {"e-mail"}},
	}
}

// placement is a network's handle that stands for nothing, for the plan's tests.
func placement() network.Placement {
	at := network.Placement{
		VPC: pulumi.String("vpc-0123456789abcdef0"), CIDR: "10.0.0.0/16", Zones: zones, HasInternetEgress: true,
		InternetGateway: pulumi.String("igw-0123456789abcdef0"),
		Private:         map[string]pulumi.StringInput{}, PrivateReady: map[string]pulumi.StringInput{}, Public: map[string]pulumi.StringInput{}, PrivateCIDRs: map[string]string{},
		S3PrefixList: pulumi.String("pl-6ea54007"),
	}
	for i, zone := range zones {
		at.Private[zone] = pulumi.Sprintf("subnet-0123456789abcdef%d", i)
		at.PrivateReady[zone] = at.Private[zone]
		at.Public[zone] = pulumi.Sprintf("subnet-0123456789abcdea%d", i)
		at.PrivateCIDRs[zone] = []string{"10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"}[i]
	}
	return at
}

// arguments are a fleet in the VPC without CloudFront, used by one security group.
func arguments(change ...func(*HashFleetArgs)) *HashFleetArgs {
	a := &HashFleetArgs{
		Placement: placement(),
		Artifact: Artifact{
			Bucket: pulumi.String("artifacts"), Key: pulumi.String("hash/server"), VersionID: pulumi.String("3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY"), SHA256: digest,
		},
		Load:      capacity.Load{PeakRequestsPerSecond: 100, ServiceTime: 200 * time.Millisecond, ConcurrencyPerServer: 5},
		AccountID: conformance.Account, Region: conformance.Region, Alarms: route(),
		CDN: CDN{Off: "only programs inside the network hash"}, Disposable: true,
		LoadBalancer: LoadBalancer{Clients: map[string]pulumi.StringInput{"batch": pulumi.String("sg-0123456789abcdef0")}},
	}
	for _, f := range change {
		f(a)
	}
	return a
}

// run makes a fleet called "hash" in a network of its own and returns what was made.
func run(t *testing.T, change func(*HashFleetArgs)) (*cloudsim.Recorder, *HashFleet) {
	t.Helper()
	return runWith(t, func(_ *pulumi.Context, a *HashFleetArgs) error {
		if change != nil {
			change(a)
		}
		return nil
	})
}

// runWith is run for arguments that refer to other resources.
func runWith(t *testing.T, change func(*pulumi.Context, *HashFleetArgs) error, options ...cloudsim.Option) (*cloudsim.Recorder, *HashFleet) {
	t.Helper()
	var fleet *HashFleet
	base := []cloudsim.Option{cloudsim.Account(conformance.Account), cloudsim.Region(conformance.Region), conformance.Topics()}
	rec, err := cloudsim.New(append(base, options...)...).Run(func(ctx *pulumi.Context) error {
		provider, err := conformance.NewProvider(ctx, "expected", conformance.Region)
		if err != nil {
			return err
		}
		a, err := smallest(ctx, provider)
		if err != nil {
			return err
		}
		if err := change(ctx, a); err != nil {
			return err
		}
		fleet, err = NewHashFleet(ctx, "hash", a, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	return rec, fleet
}
