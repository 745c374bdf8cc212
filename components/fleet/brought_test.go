package fleet

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

const (
	broughtARN  = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/front/0123456789abcdef"
	broughtPort = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:listener/app/front/0123456789abcdef/0123456789abcdef"
)

// bring makes a load balancer that is not the fleet's, and a listener on 80 where one is asked for.
func bring(ctx *pulumi.Context, a *HashFleetArgs, listener bool, options ...pulumi.ResourceOption) error {
	group, err := ec2.NewSecurityGroup(ctx, "front", &ec2.SecurityGroupArgs{VpcId: a.Placement.VPC.ToStringOutput(), Description: pulumi.String("Shared")}, options...)
	if err != nil {
		return err
	}
	var subnets pulumi.StringArray
	for _, zone := range zones {
		subnets = append(subnets, a.Placement.Private[zone])
	}
	front, err := lb.NewLoadBalancer(ctx, "front", &lb.LoadBalancerArgs{Internal: pulumi.Bool(true), Subnets: subnets, SecurityGroups: pulumi.StringArray{group.ID().ToStringOutput()}}, options...)
	if err != nil {
		return err
	}
	a.LoadBalancer = LoadBalancer{Existing: &ExistingLoadBalancer{
		ARN: front.Arn, DNSName: front.DnsName, HostedZoneID: front.ZoneId, VPC: front.VpcId, Zones: zones,
		SecurityGroupIDs: []pulumi.StringInput{group.ID().ToStringOutput()},
	}}
	if !listener {
		return nil
	}
	shared, err := lb.NewListener(ctx, "shared", &lb.ListenerArgs{LoadBalancerArn: front.Arn, Port: pulumi.Int(80), Protocol: pulumi.String("HTTP"), DefaultActions: lb.ListenerDefaultActionArray{
		&lb.ListenerDefaultActionArgs{Type: pulumi.String("fixed-response"), FixedResponse: &lb.ListenerDefaultActionFixedResponseArgs{ContentType: pulumi.String("text/plain"), StatusCode: pulumi.String("404")}},
	}}, options...)
	if err != nil {
		return err
	}
	a.LoadBalancer.Existing.Listener = &ExistingListener{ARN: shared.Arn, Plain: true, Priority: 10, Hosts: []string{"*.internal", "hash.internal"}, Paths: []string{"/hash/*"}}
	return nil
}

func broughtRun(t *testing.T, listener bool, change func(*HashFleetArgs)) (*cloudsim.Recorder, *HashFleet) {
	t.Helper()
	return runWith(t, func(ctx *pulumi.Context, a *HashFleetArgs) error {
		if err := bring(ctx, a, listener); err != nil {
			return err
		}
		change(a)
		return nil
	}, surroundings()...)
}

func TestAFleetWithABroughtListenerConforms(t *testing.T) {
	bare := func(ctx *pulumi.Context, provider pulumi.ProviderResource) (*HashFleetArgs, error) {
		a, err := smallest(ctx, provider)
		if err != nil {
			return nil, err
		}
		return a, bring(ctx, a, false, pulumi.Provider(provider))
	}
	ruled := func(ctx *pulumi.Context, provider pulumi.ProviderResource) (*HashFleetArgs, error) {
		a, err := smallest(ctx, provider)
		if err != nil {
			return nil, err
		}
		return a, bring(ctx, a, true, pulumi.Provider(provider))
	}
	conformance.Run(t, conformance.Case[HashFleetArgs, *HashFleet]{
		Token: Token, New: NewHashFleet, Smallest: bare, Largest: ruled, Twice: smallest, Options: surroundings(), RegionOf: regionOf, Faults: 12,
	})
}

func TestABroughtListenerGetsOneRuleAndNothingElseIsMadeInFront(t *testing.T) {
	rec, fleet := broughtRun(t, true, func(*HashFleetArgs) {})
	rule := named(t, rec, "aws:lb/listenerRule:ListenerRule", "hash-rule")
	require.Equal(t, 10, rule.Int("priority"))
	require.Equal(t, only(t, rec, tTargets).Out().Text("arn"), rule.Text("actions.targetGroupArn"))
	require.Equal(t, []string{"*.internal", "hash.internal"}, rule.Texts("conditions.hostHeader.values"))
	require.Equal(t, []string{"/hash/*"}, rule.Texts("conditions.pathPattern.values"))
	for _, r := range rec.Resources() {
		for _, typ := range []string{tBalancer, tListener, tBucket} {
			require.False(t, r.Type == typ && strings.HasPrefix(r.Name, "hash-"), "%s %s", r.Type, r.Name)
		}
	}
	require.Nil(t, fleet.LoadBalancer)
	balancer, ok := rec.Named(tBalancer, "front")
	require.True(t, ok)
	in := named(t, rec, tIngress, "hash-server-from-balancer")
	require.Equal(t, balancer.In().Texts("securityGroups"), in.Texts("referencedSecurityGroupId"), "servers admit the load balancer's own group")
	_, widened := rec.Named(tEgress, "hash-balancer-to-server")
	require.False(t, widened, "nothing is added to a group that was brought")
	require.Equal(t, balancer.Out().Text("arnSuffix")+"/"+only(t, rec, tTargets).Out().Text("arnSuffix"),
		named(t, rec, tPolicy, "hash-scale-requests").Text("targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel"))
	require.True(t, waitsFor(t, rec, only(t, rec, tGroup), "aws:lb/listenerRule:ListenerRule"), "servers become healthy only once they are asked")
}

func TestOthersErrorsOfABroughtLoadBalancerNeitherAlarmNorStopARollout(t *testing.T) {
	rec, fleet := broughtRun(t, true, func(*HashFleetArgs) {})
	balancer, _ := rec.Named(tBalancer, "front")
	for _, alarm := range rec.ByType(tAlarm) {
		if !strings.HasPrefix(alarm.Name, "hash-") || alarm.In().Text("namespace") != "AWS/ApplicationELB" {
			continue
		}
		require.True(t, alarm.In().Has("dimensions.TargetGroup"), "%s counts all users of the load balancer", alarm.Name)
		require.Equal(t, balancer.Out().Text("arnSuffix"), alarm.In().Text("dimensions.LoadBalancer"), alarm.Name)
	}
	watched := only(t, rec, tGroup).In().Texts("instanceRefresh.preferences.alarmSpecification.alarms")
	require.Len(t, watched, 3)
	require.True(t, slices.ContainsFunc(watched, func(name string) bool { return strings.HasPrefix(name, "hash-connection-errors-rollback") }))
	for _, name := range watched {
		require.NotContains(t, name, "balancer-5xx")
	}
	said := fleet.Posture()
	require.Contains(t, strings.Join(said.Recovery[posture.ZoneLoss].Derivation, "\n"), "the load balancer was brought")
	require.Contains(t, strings.Join(said.Price.Derivation, "\n"), "the load balancer was brought and is not counted")
	require.NotContains(t, strings.Join(said.Price.Derivation, "\n"), "application load balancer")
}

func TestABroughtLoadBalancerGetsListenersOfTheFleetsOwn(t *testing.T) {
	rec, _ := broughtRun(t, false, func(a *HashFleetArgs) { a.Zone = &Zone{ID: pulumi.String(zoneID), Domain: "hash.example.com"} })
	balancer, _ := rec.Named(tBalancer, "front")
	require.Equal(t, balancer.Out().Text("arn"), named(t, rec, tListener, "hash-listener-443").Text("loadBalancerArn"))
	require.Equal(t, "redirect", named(t, rec, tListener, "hash-listener-80").Text("defaultActions.type"))
	alias := named(t, rec, tRecord, "hash-name-A")
	require.Equal(t, balancer.Out().Text("dnsName")+" "+balancer.Out().Text("zoneId"), alias.Text("aliases.name")+" "+alias.Text("aliases.zoneId"))
}

func TestClientsGoWhereTheRuleListens(t *testing.T) {
	for want, change := range map[string]func(*ExistingListener){
		"http://hash.internal":      func(*ExistingListener) {},
		"http://hash.internal:8080": func(l *ExistingListener) { l.Port = 8080 },
		"https://hash.internal":     func(l *ExistingListener) { l.Plain = false },
	} {
		rec, fleet := broughtRun(t, true, func(a *HashFleetArgs) { change(a.LoadBalancer.Existing.Listener) })
		require.NotNil(t, fleet)
		made, ok := rec.Named(Token, "hash")
		require.True(t, ok)
		require.Equal(t, want, made.Out().Text("url"))
	}
}

func TestALoadBalancerOfAnotherNetworkIsRefusedAtDeployment(t *testing.T) {
	base := []cloudsim.Option{cloudsim.Account(conformance.Account), cloudsim.Region(conformance.Region), conformance.Topics()}
	_, err := cloudsim.New(base...).Run(func(ctx *pulumi.Context) error {
		provider, err := conformance.NewProvider(ctx, "expected", conformance.Region)
		if err != nil {
			return err
		}
		a, err := smallest(ctx, provider)
		if err != nil {
			return err
		}
		if err := bring(ctx, a, true, pulumi.Provider(provider)); err != nil {
			return err
		}
		a.LoadBalancer.Existing.VPC = pulumi.String("vpc-0fedcba9876543210")
		_, err = NewHashFleet(ctx, "hash", a, pulumi.Provider(provider))
		return err
	})
	require.ErrorContains(t, err, "the load balancer stands in vpc-0fedcba9876543210")
}

func TestWhatIsBroughtIsNotAlsoOwned(t *testing.T) {
	t.Parallel()
	existing := func(change ...func(*LoadBalancer)) func(*HashFleetArgs) {
		return func(a *HashFleetArgs) {
			a.LoadBalancer = LoadBalancer{Existing: &ExistingLoadBalancer{
				ARN: pulumi.String(broughtARN), DNSName: pulumi.String("front.example.com"), VPC: pulumi.String("vpc-0123456789abcdef0"), Zones: zones,
				SecurityGroupIDs: []pulumi.StringInput{pulumi.String("sg-0123456789abcdef0")},
				Listener:         &ExistingListener{ARN: pulumi.String(broughtPort), Priority: 1, Hosts: []string{"hash.example.com"}},
			}}
			for _, f := range change {
				f(&a.LoadBalancer)
			}
		}
	}
	const e, at = "LoadBalancer.Existing", "LoadBalancer.Existing.Listener"
	for name, c := range map[string]struct {
		change func(*HashFleetArgs)
		fields []string
	}{
		"whole": {existing(), nil},
		"nothing": {func(a *HashFleetArgs) {
			a.LoadBalancer = LoadBalancer{Existing: &ExistingLoadBalancer{Public: true, Listener: &ExistingListener{Plain: true}}}
		}, []string{
			e + ".ARN", e + ".DNSName", e + ".VPC", e + ".Zones", e + ".Zones", e + ".Zones", e + ".SecurityGroupIDs", e + ".Public",
			at + ".ARN", at + ".Priority", at + ".Hosts",
		}},
		"owned": {existing(func(l *LoadBalancer) {
			l.Public, l.ClientKeepAlive, l.IdleTimeout, l.ReservedUnits, l.LogRetentionDays = true, 60e9, 60e9, 100, 90
			l.Clients = map[string]pulumi.StringInput{"batch": pulumi.String("sg-1")}
			l.SecurityGroupIDs = []pulumi.StringInput{pulumi.String("sg-1")}
			l.CertificateARN, l.TLSPolicy, l.OIDC = pulumi.String("arn"), defaultTLSPolicy, provider()
			l.MutualTLS, l.Headers.Responses = &MutualTLS{TrustStoreARN: pulumi.String(trustStore)}, map[string]string{"X-Frame-Options": "DENY"}
		}), []string{
			"LoadBalancer.Public", "LoadBalancer.ClientKeepAlive", "LoadBalancer.IdleTimeout", "LoadBalancer.ReservedUnits", "LoadBalancer.LogRetentionDays",
			"LoadBalancer.Clients", "LoadBalancer.SecurityGroupIDs", "LoadBalancer.CertificateARN", "LoadBalancer.TLSPolicy", "LoadBalancer.MutualTLS",
			"LoadBalancer.OIDC", "LoadBalancer.Headers",
		}},
		"elsewhere": {existing(func(l *LoadBalancer) {
			l.Existing.ARN, l.Existing.VPC, l.Existing.Zones = pulumi.String(strings.Replace(broughtARN, "eu-central-1", "eu-west-1", 1)), pulumi.String("vpc-1"), zones[:2]
			l.Existing.Listener.ARN = pulumi.String(strings.Replace(broughtPort, "app/front", "app/back", 1))
		}), []string{e + ".ARN", e + ".VPC", e + ".Zones", at + ".ARN"}},
		"a rule of six": {existing(func(l *LoadBalancer) {
			l.Existing.Listener.Paths = []string{"/a", "/b", "/c", "/d", "no path!"}
			l.Existing.Listener.Hosts = []string{"a host"}
			l.Existing.Listener.Priority, l.Existing.Listener.Port = 50001, 70000
		}), []string{at + ".Port", at + ".Priority", at + ".Hosts", at + ".Hosts[0]", at + ".Paths[4]"}},
		"CloudFront": {func(a *HashFleetArgs) { existing()(a); a.CDN = CDN{AlarmsOff: "none"} }, []string{e, "CDN.USEast1"}},
		"a zone's name": {func(a *HashFleetArgs) {
			existing()(a)
			a.Zone = &Zone{ID: pulumi.String("Z1"), Domain: "hash.example.com"}
		}, []string{e + ".HostedZoneID", "Zone"}},
		"its name's zone": {func(a *HashFleetArgs) {
			existing(func(l *LoadBalancer) { l.Existing.Listener = nil })(a)
			a.Zone = &Zone{ID: pulumi.String("Z1"), Domain: "hash.example.com"}
		}, []string{e + ".HostedZoneID"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.fields, refused(t, arguments(c.change))) })
	}
}
