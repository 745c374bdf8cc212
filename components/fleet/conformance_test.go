package fleet

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/network"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

// netArgs is the network that fleets under test stand in.
func netArgs() *network.NetworkArgs {
	return &network.NetworkArgs{Zones: zones, CIDR: "10.0.0.0/16", NAT: network.NATPerZone, Alarms: route(), Region: conformance.Region}
}

// smallest is a fleet inside a network, for one security group.
func smallest(ctx *pulumi.Context, provider pulumi.ProviderResource) (*HashFleetArgs, error) {
	net, err := network.NewNetwork(ctx, "net", netArgs(), pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	client, err := ec2.NewSecurityGroup(ctx, "batch", &ec2.SecurityGroupArgs{VpcId: net.VPCID, Description: pulumi.String("Clients")}, pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	return arguments(func(a *HashFleetArgs) {
		a.Placement = net.Placement()
		a.LoadBalancer.Clients = map[string]pulumi.StringInput{"batch": client.ID().ToStringOutput()}
	}), nil
}

// largest is a production fleet behind CloudFront with its own domain and everything that goes together.
func largest(ctx *pulumi.Context, provider pulumi.ProviderResource) (*HashFleetArgs, error) {
	global, err := conformance.NewProvider(ctx, "global", globalRegion)
	if err != nil {
		return nil, err
	}
	net, err := network.NewNetwork(ctx, "net", netArgs(), pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	certificate, err := issuedCertificate(ctx, provider)
	if err != nil {
		return nil, err
	}
	zero, half := 0, 50
	return arguments(func(a *HashFleetArgs) {
		a.Placement, a.Disposable, a.AlwaysBusy, a.Workload = net.Placement(), false, true, "hashing"
		a.LoadBalancer = LoadBalancer{
			ReservedUnits: 100, CertificateARN: certificate,
			Headers: Headers{Requests: map[string]string{"X-Amzn-Tls-Version": "X-Tls"}, Responses: map[string]string{allowOrigin: "https://www.example.com"}},
		}
		a.Artifact.EarlierKeys = []string{"hash/server-6"}
		a.Artifact.EncryptionKeyARN = pulumi.String("arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab")
		a.Server.Limiter = &Limiter{}
		a.Instances.Image.ID = "ami-0123456789abcdef0"
		a.Instances.MaxLifetime = 30 * 24 * time.Hour
		a.Instances.TerminationPolicies, a.Instances.ScaleInProtection = []string{"AllocationStrategy", "OldestLaunchTemplate"}, true
		a.Instances.CapacityReservation = &CapacityReservation{Preference: "capacity-reservations-first", ResourceGroupARNs: []pulumi.StringInput{pulumi.String(reservations)}}
		a.Instances.Placement = &PlacementGroup{GroupName: pulumi.String("apart")}
		a.Instances.Mixed = &Mixed{Types: map[string]int{"c7i.large": 1, "c6i.large": 1, "c7i.xlarge": 2}, OnDemandBase: &zero, OnDemandPercentAbove: &half}
		a.Scaling = Scaling{
			Scheduled:  map[string]Schedule{"day": {Recurrence: "0 7 * * MON-FRI", TimeZone: "Europe/Berlin", Minimum: 10, Maximum: 30}},
			Predictive: &Predictive{Act: true}, Steps: &Steps{AtPercentOfTarget: map[int]int{150: 25, 200: 50}},
			Metrics: map[string]Tracking{"waiting": {Metric: waiting, Target: 40}},
		}
		a.CDN = CDN{Shield: true, USEast1: global, Alarms: globalRoute(), OriginDomain: "origin.hash.example.com"}
	}), nil
}

// issuedCertificate is a certificate for the origin's name that somebody else made.
func issuedCertificate(ctx *pulumi.Context, provider pulumi.ProviderResource) (pulumi.StringInput, error) {
	under := pulumi.Provider(provider)
	certificate, err := acm.NewCertificate(ctx, "brought", &acm.CertificateArgs{DomainName: pulumi.String("origin.hash.example.com"), ValidationMethod: pulumi.String("DNS")}, under)
	if err != nil {
		return nil, err
	}
	proof := certificate.DomainValidationOptions.Index(pulumi.Int(0))
	record, err := route53.NewRecord(ctx, "brought", &route53.RecordArgs{
		ZoneId: pulumi.String(zoneID), Name: proof.ResourceRecordName().Elem(), Type: proof.ResourceRecordType().Elem(), Ttl: pulumi.Int(60),
		Records: pulumi.StringArray{proof.ResourceRecordValue().Elem()},
	}, under)
	if err != nil {
		return nil, err
	}
	validated, err := acm.NewCertificateValidation(ctx, "brought", &acm.CertificateValidationArgs{CertificateArn: certificate.Arn, ValidationRecordFqdns: pulumi.StringArray{record.Fqdn}}, under)
	if err != nil {
		return nil, err
	}
	return validated.CertificateArn, nil
}

// What stands before the fleet does.
const (
	zoneID = "Z0123456789ABCDEFGHIJ"
)

// globalTopic is a topic in us-east-1.
func globalTopic(severity string) string {
	return "arn:aws:sns:us-east-1:" + conformance.Account + ":" + severity
}

func globalRoute() alarms.Route {
	topic := func(severity string) pulumi.String { return pulumi.String(globalTopic(severity)) }
	r := route()
	r.Critical, r.Warning, r.Info = topic("critical"), topic("warning"), topic("info")
	return r
}

// surroundings are what stands before the fleet does: a hosted zone, the image and its key, topics in us-east-1.
func surroundings() []cloudsim.Option {
	given := []cloudsim.Given{
		{Type: "aws:route53/zone:Zone", Name: "zone", ID: zoneID, Account: conformance.Account, Properties: map[string]any{"name": "example.com", "zoneId": zoneID}},
	}
	for _, severity := range []string{"critical", "warning", "info"} {
		arn := globalTopic(severity)
		given = append(given, cloudsim.Given{
			Type: "aws:sns/topic:Topic", Name: severity, ID: arn, Account: conformance.Account, Region: globalRegion,
			Properties: map[string]any{"name": severity, "arn": arn, "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"` + arn + `"}]}`},
		})
	}
	return []cloudsim.Option{cloudsim.Exists(given...)}
}

func TestHashFleetConforms(t *testing.T) {
	conformance.Run(t, conformance.Case[HashFleetArgs, *HashFleet]{
		Token: Token, New: NewHashFleet, Smallest: smallest, Largest: largest, Options: surroundings(), RegionOf: regionOf,
	})
}

// regionOf is us-east-1 for what CloudFront needs there.
func regionOf(r cloudsim.Record) string {
	if slices.Contains([]string{"unit-edge-source", "unit-edge-destination", "unit-edge-delivery", "unit-edge-5xx"}, r.Name) {
		return globalRegion
	}
	return conformance.Region
}

func TestTheGraphsAreTheGoldenOnes(t *testing.T) {
	for name, make := range map[string]func(*pulumi.Context, pulumi.ProviderResource) (*HashFleetArgs, error){"smallest": smallest, "largest": largest} {
		base := []cloudsim.Option{cloudsim.Account(conformance.Account), cloudsim.Region(conformance.Region), conformance.Topics()}
		rec, err := cloudsim.New(append(base, surroundings()...)...).Run(func(ctx *pulumi.Context) error {
			provider, err := conformance.NewProvider(ctx, "expected", conformance.Region)
			if err != nil {
				return err
			}
			a, err := make(ctx, provider)
			if err != nil {
				return err
			}
			_, err = NewHashFleet(ctx, "hash", a, pulumi.Provider(provider))
			return err
		})
		require.NoError(t, err)
		conformance.Golden(t, rec, filepath.Join("testdata", name+".golden"))
	}
}
