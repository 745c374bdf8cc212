package fleet

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/component"
)

// ExistingLoadBalancer is an application load balancer that somebody else made and keeps. The fleet adds its target group
// and a way to it, and guarantees nothing that is the load balancer's own: deletion protection, logs, timeouts, dropped
// headers, zonal shift, capacity and who may enter. What it answers itself (no healthy server, no answer in time) is counted
// for all its users together, so the fleet's alarms and rollouts watch connections to servers that fail instead; requests
// that found no server at all show as empty zones.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
type ExistingLoadBalancer struct {
	// ARN is its ARN, in the fleet's account and region; the dimension of its metrics is taken from it. Required.
	ARN pulumi.StringInput `pulumi:"arn"`
	// DNSName is its own name, where clients go unless they have another. Required.
	DNSName pulumi.StringInput `pulumi:"dnsName"`
	// HostedZoneID is the hosted zone of DNSName, for alias records. Required with Zone. Default: none.
	HostedZoneID pulumi.StringInput `pulumi:"hostedZoneId"`
	// VPC is the VPC it stands in: the placement's. Required.
	VPC pulumi.StringInput `pulumi:"vpc"`
	// Zones are the zones it is enabled in, by name. Servers in another zone would get no requests, so all of the
	// placement's must be among them.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html. Required.
	Zones []string `pulumi:"zones"`
	// SecurityGroupIDs are its security groups, 1 to 5. The servers admit each of them on the served port; to the groups
	// themselves nothing is added: their owner lets the load balancer out to the servers. Required.
	SecurityGroupIDs []pulumi.StringInput `pulumi:"securityGroupIds"`
	// Public says that it faces the internet. Then clients must reach it over TLS. Default: false, it is internal.
	Public bool `pulumi:"public"`
	// Listener is a listener of it that takes requests for the fleet among others. Default: none, the fleet makes its own
	// listeners, on 443 and 80 with a certificate and on 80 without one, where those ports must be free.
	Listener *ExistingListener `pulumi:"listener"`
}

// ExistingListener is a listener that somebody else made and keeps: its certificate, TLS policy, headers and other rules
// are theirs. The fleet adds one rule to it.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
type ExistingListener struct {
	// ARN is the listener's ARN. Required.
	ARN pulumi.StringInput `pulumi:"arn"`
	// Plain says that it speaks HTTP. Not together with Public. Default: false, HTTPS.
	Plain bool `pulumi:"plain"`
	// Port is where it listens. Default: 443, or 80 where Plain.
	Port int `pulumi:"port"`
	// Priority is the rule's among those of the listener, 1 to 50000, the lowest first; no other rule may have it.
	// Required.
	Priority int `pulumi:"priority"`
	// Hosts are the names whose requests are for the fleet, with * and ? as wildcards, up to 128 characters. With Paths at
	// most 5. Required, unless Paths are given.
	Hosts []string `pulumi:"hosts"`
	// Paths are the paths whose requests are for the fleet, on the same terms. Default: all.
	Paths []string `pulumi:"paths"`
}

var (
	balancerPattern = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):([0-9]{12}):loadbalancer/(app/[A-Za-z0-9-]+/[0-9a-f]+)$`)
	listenerPattern = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):([0-9]{12}):listener/(app/[A-Za-z0-9-]+/[0-9a-f]+)/[0-9a-f]+$`)
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
	hostPattern  = regexp.MustCompile(`^[A-Za-z0-9.*?-]{1,128}$`)
	routePattern = regexp.MustCompile(`^[A-Za-z0-9_.$/~"'@:+&*?-]{1,128}$`)
)

// mostConditions is how many values the conditions of one rule may have.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const mostConditions = 5

// ownBalancer and ownListener say what the fleet makes itself.
func (p *plan) ownBalancer() bool { return p.args.LoadBalancer.Existing == nil }
func (p *plan) ownListener() bool {
	return p.ownBalancer() || p.args.LoadBalancer.Existing.Listener == nil
}

// withDefaults is a copy with every default filled in; nil stays nil.
func (e *ExistingLoadBalancer) withDefaults() *ExistingLoadBalancer {
	if e == nil || e.Listener == nil {
		return e
	}
	out, listener := *e, *e.Listener
	listener.Port = cmp.Or(listener.Port, usualPort(listener.Plain))
	out.Listener = &listener
	return &out
}

// usualPort is that of HTTP, or of HTTPS.
func usualPort(plain bool) int {
	if plain {
		return 80
	}
	return 443
}

func (p *plan) validateExisting(problems *fielderror.Errors) {
	e := p.args.LoadBalancer.Existing
	if e == nil {
		return
	}
	const field = "LoadBalancer.Existing"
	p.checkARN(problems, field+".ARN", e.ARN, balancerPattern, "the ARN of an application load balancer")
	problems.Require(e.DNSName != nil, field+".DNSName", nil, "the load balancer's own name", "give its output dnsName")
	problems.Require(e.HostedZoneID != nil || p.args.Zone == nil, field+".HostedZoneID", nil, "the hosted zone of DNSName, for the alias record", "give its output zoneId")
	mine, theirs := plainText(p.args.Placement.VPC), plainText(e.VPC)
	problems.Require(e.VPC != nil && (mine == "" || theirs == "" || mine == theirs), field+".VPC", theirs, "the placement's VPC", "use a load balancer of that VPC")
	for _, zone := range p.zones {
		problems.Require(slices.Contains(e.Zones, zone), field+".Zones", strings.Join(e.Zones, ", "), "also "+zone+", where servers stand", "enable the zone, or place the fleet elsewhere")
	}
	problems.Require(len(e.SecurityGroupIDs) >= 1 && len(e.SecurityGroupIDs) <= 5, field+".SecurityGroupIDs", fmt.Sprintf("%d groups", len(e.SecurityGroupIDs)),
		"1 to 5 groups", "give its output securityGroups")
	problems.Require(!p.cdn(), field, "beside CloudFront",
		"no CloudFront: its way in would have to be opened in security groups that are not the fleet's", "give the reason in CDN.Off, or let the fleet make the load balancer")
	problems.Require(!e.Public || p.tls(), field+".Public", "no TLS", "TLS where everyone may enter", "give Zone or LoadBalancer.CertificateARN, or a listener with TLS")
	p.refuseOwned(problems)
	p.validateExistingListener(problems)
}

// refuseOwned refuses what is said of a load balancer or listener that the fleet does not make.
func (p *plan) refuseOwned(problems *fielderror.Errors) {
	l := p.args.LoadBalancer
	none := func(given bool, field string) {
		problems.Require(!given, field, "beside an existing one", "one of the two: own or bring", "remove it: it is for the owner of what was brought to say")
	}
	none(l.Public, "LoadBalancer.Public")
	none(l.ClientKeepAlive != 0, "LoadBalancer.ClientKeepAlive")
	none(l.IdleTimeout != 0, "LoadBalancer.IdleTimeout")
	none(l.ReservedUnits != 0, "LoadBalancer.ReservedUnits")
	none(l.LogRetentionDays != 0, "LoadBalancer.LogRetentionDays")
	none(len(l.Clients) > 0, "LoadBalancer.Clients")
	none(len(l.SecurityGroupIDs) > 0, "LoadBalancer.SecurityGroupIDs")
	if p.ownListener() {
		return
	}
	none(l.CertificateARN != nil, "LoadBalancer.CertificateARN")
	none(l.TLSPolicy != "", "LoadBalancer.TLSPolicy")
	none(l.MutualTLS != nil, "LoadBalancer.MutualTLS")
	none(l.OIDC != nil, "LoadBalancer.OIDC")
	none(len(l.Headers.Requests)+len(l.Headers.Responses) > 0, "LoadBalancer.Headers")
	none(p.args.Zone != nil, "Zone")
}

func (p *plan) validateExistingListener(problems *fielderror.Errors) {
	if p.ownListener() {
		return
	}
	l := p.args.LoadBalancer.Existing.Listener
	const field = "LoadBalancer.Existing.Listener"
	p.checkARN(problems, field+".ARN", l.ARN, listenerPattern, "the ARN of a listener of the load balancer")
	of, on := listenerPattern.FindStringSubmatch(plainText(l.ARN)), balancerPattern.FindStringSubmatch(plainText(p.args.LoadBalancer.Existing.ARN))
	problems.Require(of == nil || on == nil || of[3] == on[3], field+".ARN", plainText(l.ARN), "a listener of the load balancer in ARN", "give both from one load balancer")
	problems.Require(l.Port >= 1 && l.Port <= 65535, field+".Port", l.Port, "1 to 65535", "leave it out for 443")
	problems.Require(l.Priority >= 1 && l.Priority <= 50000, field+".Priority", l.Priority, "1 to 50000, and no other rule's", "ask the owner of the listener")
	values := len(l.Hosts) + len(l.Paths)
	problems.Require(values >= 1 && values <= mostConditions, field+".Hosts", fmt.Sprintf("%d hosts and paths", values), "1 to 5 hosts and paths together", "name the fleet's host")
	for i, host := range l.Hosts {
		problems.Require(hostPattern.MatchString(host), fmt.Sprintf("%s.Hosts[%d]", field, i), host, "a host name, with * and ? where wanted", "use for example hash.example.com")
	}
	for i, path := range l.Paths {
		problems.Require(routePattern.MatchString(path), fmt.Sprintf("%s.Paths[%d]", field, i), path, "a path, with * and ? where wanted", "use for example /hash/*")
	}
}

// checkARN holds an ARN that is known now to its form, the fleet's region and its account.
func (p *plan) checkARN(problems *fielderror.Errors, field string, arn pulumi.StringInput, form *regexp.Regexp, want string) {
	text := plainText(arn)
	parts := form.FindStringSubmatch(text)
	good := arn != nil && (text == "" && arn != pulumi.String("") || len(parts) > 2 && parts[1] == p.args.Region && parts[2] == p.args.AccountID)
	problems.Require(good, field, text, want+" in the fleet's account and region", "give its output arn")
}

// broughtBalancer takes what is known of the load balancer from its handle.
func (b *builder) broughtBalancer() {
	e := b.plan.args.LoadBalancer.Existing
	suffix := e.ARN.ToStringOutput().ApplyT(func(arn string) (string, error) {
		parts := balancerPattern.FindStringSubmatch(arn)
		if parts == nil {
			return "", fmt.Errorf("%q is not the ARN of an application load balancer", arn)
		}
		return parts[3], nil
	}).(pulumi.StringOutput)
	b.front = front{arn: e.ARN.ToStringOutput(), suffix: suffix, name: e.DNSName.ToStringOutput(), zone: pulumi.String("").ToStringOutput()}
	if e.HostedZoneID != nil {
		b.front.zone = e.HostedZoneID.ToStringOutput()
	}
}

// vpc is the placement's VPC, once it is known to be that of the load balancer.
func (b *builder) vpc() pulumi.StringOutput {
	here := b.plan.args.Placement.VPC.ToStringOutput()
	if b.plan.ownBalancer() {
		return here
	}
	there := b.plan.args.LoadBalancer.Existing.VPC
	return pulumi.All(here, there).ApplyT(func(both []any) (string, error) {
		if both[0] != both[1] {
			return "", fmt.Errorf("the load balancer stands in %v and the fleet in %v", both[1], both[0])
		}
		return fmt.Sprint(both[0]), nil
	}).(pulumi.StringOutput)
}

// broughtListener adds the fleet's rule to the listener that was brought.
func (b *builder) broughtListener() error {
	l, name := b.plan.args.LoadBalancer.Existing.Listener, b.kids.Child("rule")
	var conditions lb.ListenerRuleConditionArray
	if len(l.Hosts) > 0 {
		conditions = append(conditions, &lb.ListenerRuleConditionArgs{HostHeader: &lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.ToStringArray(l.Hosts)}})
	}
	if len(l.Paths) > 0 {
		conditions = append(conditions, &lb.ListenerRuleConditionArgs{PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(l.Paths)}})
	}
	made, err := component.New(b.ctx, b.kids, "listener rule", name, &lb.ListenerRuleArgs{
		ListenerArn: l.ARN.ToStringOutput(), Priority: pulumi.Int(l.Priority), Conditions: conditions, Tags: b.kids.Tags(name),
		Actions: lb.ListenerRuleActionArray{&lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), TargetGroupArn: b.fleet.TargetGroup.Arn}},
	}, b.transform.ListenerRule, lb.NewListenerRule)
	b.listener = made
	return err
}

// broughtURL is where clients reach a listener that was brought: under the rule's first host without wildcards.
func (b *builder) broughtURL() pulumi.StringOutput {
	l, host, port := b.plan.args.LoadBalancer.Existing.Listener, b.front.name, ""
	if i := slices.IndexFunc(l.Hosts, func(host string) bool { return !strings.ContainsAny(host, "*?") }); i >= 0 {
		host = pulumi.String(l.Hosts[i]).ToStringOutput()
	}
	if l.Port != usualPort(l.Plain) {
		port = fmt.Sprintf(":%d", l.Port)
	}
	if l.Plain {
		return pulumi.Sprintf("http://%s%s", host, port)
	}
	return pulumi.Sprintf("https://%s%s", host, port)
}

// broughtCaveats are what the promise rests on and the fleet cannot see to, for the derivation.
func (p *plan) broughtCaveats() []string {
	if p.ownBalancer() {
		return nil
	}
	return []string{"the load balancer was brought: that it is enabled in " + strings.Join(p.zones, ", ") +
		", is let out to the servers, and stays, is as its handle says and its owner sees to"}
}
