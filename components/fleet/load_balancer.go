package fleet

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

func (b *builder) createLoadBalancer() error {
	for _, part := range []func() error{b.balancer, b.targetGroup, b.listeners} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// balancer is one node per zone. Client connections are short, so that a zonal shift moves them within minutes.
// https://docs.aws.amazon.com/r53recovery/latest/dg/route53-arc-best-practices.zonal-shifts.html
func (b *builder) balancer() error {
	if !b.plan.ownBalancer() {
		b.broughtBalancer()
		return nil
	}
	l := b.plan.args.LoadBalancer
	name := b.kids.Limited(names.LoadBalancer, "lb")
	args := &lb.LoadBalancerArgs{
		LoadBalancerType: pulumi.String("application"), Internal: pulumi.Bool(b.plan.internal()),
		Subnets: b.subnets(b.plan.internal()), SecurityGroups: pulumi.StringArray(b.balancerSG),
		EnableDeletionProtection: pulumi.Bool(!b.plan.args.Disposable),
		DropInvalidHeaderFields:  pulumi.Bool(true), DesyncMitigationMode: pulumi.String("strictest"),
		XffHeaderProcessingMode: pulumi.String("append"), EnableZonalShift: pulumi.Bool(true), EnableHttp2: pulumi.Bool(true),
		EnableCrossZoneLoadBalancing: pulumi.Bool(true), // an application load balancer always has it on
		ClientKeepAlive:              pulumi.Int(int(l.ClientKeepAlive.Seconds())),
		IdleTimeout:                  pulumi.Int(int(l.IdleTimeout.Seconds())),
		AccessLogs:                   &lb.LoadBalancerAccessLogsArgs{Bucket: b.bucket.Bucket, Enabled: pulumi.Bool(true), Prefix: pulumi.String(accessLogs)},
		ConnectionLogs:               &lb.LoadBalancerConnectionLogsArgs{Bucket: b.bucket.Bucket, Enabled: pulumi.Bool(true), Prefix: pulumi.String(connectionLogs)},
		Tags:                         b.kids.Tags(name),
	}
	if l.Headers.tellsTLS() {
		args.EnableTlsVersionAndCipherSuiteHeaders = pulumi.Bool(true)
	}
	if l.ReservedUnits > 0 {
		args.MinimumLoadBalancerCapacity = &lb.LoadBalancerMinimumLoadBalancerCapacityArgs{CapacityUnits: pulumi.Int(l.ReservedUnits)}
	}
	made, err := component.New(b.ctx, b.kids, "load balancer", name, args, b.transform.LoadBalancer, lb.NewLoadBalancer,
		pulumi.DependsOn([]pulumi.Resource{b.bucketOpen}))
	if err != nil {
		return err
	}
	b.fleet.LoadBalancer = made
	b.front = front{arn: made.Arn, suffix: made.ArnSuffix, name: made.DnsName, zone: made.ZoneId}
	return nil
}

// subnets are one per zone, in the order of the zones.
func (b *builder) subnets(private bool) pulumi.StringArray {
	tier := b.plan.args.Placement.Public
	if private {
		tier = b.plan.args.Placement.Private
	}
	ids := make(pulumi.StringArray, len(b.plan.zones))
	for i, zone := range b.plan.zones {
		ids[i] = tier[zone]
	}
	return ids
}

// readySubnets are the private subnets once they carry traffic: servers start their download at once, and answer the
// group until they are gone.
func (b *builder) readySubnets() pulumi.StringArray {
	ids := make(pulumi.StringArray, len(b.plan.zones))
	for i, zone := range b.plan.zones {
		ids[i] = b.plan.args.Placement.PrivateReady[zone]
	}
	return ids
}

// targetGroup routes to servers that answer the health path, over HTTP: they speak nothing else, and the way is one rule
// between two security groups (docs/decisions/0013-tls-to-the-fleet.md). Below half of them healthy it routes to all (fails open):
// then the check is more likely wrong than the servers, and refusing everyone helps nobody.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health.html
func (b *builder) targetGroup() error {
	l := b.plan.args.LoadBalancer
	name := b.kids.Limited(names.TargetGroup, "tg")
	args := &lb.TargetGroupArgs{
		VpcId: b.vpc(), TargetType: pulumi.String("instance"),
		Port: pulumi.Int(b.plan.servedPort()), Protocol: pulumi.String("HTTP"),
		LoadBalancingAlgorithmType:     pulumi.String(l.Algorithm),
		LoadBalancingCrossZoneEnabled:  pulumi.String("use_load_balancer_configuration"),
		LoadBalancingAnomalyMitigation: pulumi.String("off"),
		DeregistrationDelay:            pulumi.Int(int(l.DeregistrationDelay.Seconds())), SlowStart: pulumi.Int(int(l.SlowStart.Seconds())),
		HealthCheck: &lb.TargetGroupHealthCheckArgs{
			Enabled: pulumi.Bool(true), Path: pulumi.String(b.plan.args.Server.HealthPath), Protocol: pulumi.String("HTTP"),
			Port: pulumi.String("traffic-port"), Matcher: pulumi.String("200"), Interval: pulumi.Int(int(checkInterval.Seconds())),
			Timeout: pulumi.Int(int(checkTimeout.Seconds())), HealthyThreshold: pulumi.Int(checkSuccess), UnhealthyThreshold: pulumi.Int(checkFailures),
		},
		TargetGroupHealth: &lb.TargetGroupTargetGroupHealthArgs{
			// The zone leaves DNS with or before the fail-open of its node, never after.
			DnsFailover: &lb.TargetGroupTargetGroupHealthDnsFailoverArgs{MinimumHealthyTargetsCount: pulumi.String("1"), MinimumHealthyTargetsPercentage: pulumi.String("50")},
			UnhealthyStateRouting: &lb.TargetGroupTargetGroupHealthUnhealthyStateRoutingArgs{
				MinimumHealthyTargetsCount: pulumi.Int(1), MinimumHealthyTargetsPercentage: pulumi.String("50"),
			},
		},
		Tags: b.kids.Tags(name),
	}
	if l.AnomalyMitigation {
		args.LoadBalancingAnomalyMitigation = pulumi.String("on")
	}
	if l.Stickiness > 0 {
		args.Stickiness = &lb.TargetGroupStickinessArgs{
			Enabled: pulumi.Bool(true), Type: pulumi.String("lb_cookie"), CookieDuration: pulumi.Int(int(l.Stickiness.Seconds())),
		}
	}
	made, err := component.New(b.ctx, b.kids, "target group", name, args, b.transform.TargetGroup, lb.NewTargetGroup)
	b.fleet.TargetGroup = made
	return err
}

// listeners: with a certificate 443 serves and 80 redirects; without one 80 serves, inside the network only.
func (b *builder) listeners() error {
	if !b.plan.ownListener() {
		return b.broughtListener()
	}
	if !b.plan.tls() {
		made, err := b.listenerOn(80, "HTTP", nil, b.serve())
		b.listener = made
		return err
	}
	if err := b.createOriginCertificate(); err != nil {
		return err
	}
	made, err := b.listenerOn(443, "HTTPS", b.certificate, b.serve())
	if err != nil {
		return err
	}
	b.listener = made
	_, err = b.listenerOn(80, "HTTP", nil, lb.ListenerDefaultActionArray{&lb.ListenerDefaultActionArgs{
		Type:     pulumi.String("redirect"),
		Redirect: &lb.ListenerDefaultActionRedirectArgs{Port: pulumi.String("443"), Protocol: pulumi.String("HTTPS"), StatusCode: pulumi.String("HTTP_301")},
	}})
	return err
}

func (b *builder) listenerOn(port int, protocol string, certificate pulumi.StringInput, actions lb.ListenerDefaultActionArray) (*lb.Listener, error) {
	name := b.kids.Child("listener", fmt.Sprint(port))
	args := &lb.ListenerArgs{
		LoadBalancerArn: b.front.arn, Port: pulumi.Int(port), Protocol: pulumi.String(protocol),
		DefaultActions: actions, Tags: b.kids.Tags(name),
		RoutingHttpResponseServerEnabled: pulumi.Bool(false),
	}
	if certificate != nil {
		args.CertificateArn = certificate.ToStringOutput()
		args.SslPolicy = pulumi.String(b.plan.args.LoadBalancer.TLSPolicy)
		args.RoutingHttpResponseStrictTransportSecurityHeaderValue = pulumi.String(defaultStrictTransport)
		args.MutualAuthentication = b.plan.args.LoadBalancer.MutualTLS.verification()
	}
	if port == b.plan.listenerPort() {
		b.plan.args.LoadBalancer.Headers.write(args)
	}
	return component.New(b.ctx, b.kids, fmt.Sprintf("listener on %d", port), name, args, b.transform.Listener, lb.NewListener)
}

// verification is nil, an input that is not there, where clients show nothing.
func (m *MutualTLS) verification() lb.ListenerMutualAuthenticationPtrInput {
	if m == nil {
		return nil
	}
	return &lb.ListenerMutualAuthenticationArgs{
		Mode: pulumi.String("verify"), TrustStoreArn: m.TrustStoreARN.ToStringOutput(), IgnoreClientCertificateExpiry: pulumi.Bool(false),
	}
}
