package fleet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// originFacing is the list of the addresses from which CloudFront speaks to origins.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
const originFacing = "com.amazonaws.global.cloudfront.origin-facing"

// everyone is the source of a public load balancer, and the target of servers behind a NAT gateway and of a load balancer
// that asks an identity provider; nothing else.
const everyone = "0.0.0.0/0"

// rule is one line of a security group: TCP from or to one port. Exactly one of the peers is set.
type rule struct {
	key, why   string
	port       int
	group      pulumi.StringInput
	prefixList pulumi.StringInput
	cidr       string
}

func (b *builder) createSecurityGroups() error {
	server, err := b.securityGroup("server", "Servers of ", b.transform.ServerSecurityGroup)
	if err != nil {
		return err
	}
	b.serverSG = server.ID().ToStringOutput()
	if err := b.createBalancerSecurityGroup(); err != nil {
		return err
	}
	var in []rule
	for i, group := range b.balancerSG {
		key := "from-balancer"
		if i > 0 {
			key = fmt.Sprintf("from-balancer-%d", i+1)
		}
		in = append(in, rule{key: key, why: "Load balancer to server", port: b.plan.servedPort(), group: group})
	}
	if err := b.ingress(b.serverSG, "server", in); err != nil {
		return err
	}
	return b.egress(b.serverSG, "server", b.serverEgress())
}

func (b *builder) securityGroup(part, description string, transform func(*ec2.SecurityGroupArgs, *[]pulumi.ResourceOption)) (*ec2.SecurityGroup, error) {
	name := b.kids.Child(part)
	return component.New(b.ctx, b.kids, part+" security group", name, &ec2.SecurityGroupArgs{
		Description: pulumi.String(description + b.kids.Child()),
		VpcId:       b.plan.args.Placement.VPC.ToStringOutput(),
		Tags:        b.kids.Tags(name),
	}, transform, ec2.NewSecurityGroup)
}

// createBalancerSecurityGroup makes the load balancer's group, unless groups were brought: to those nothing is added.
func (b *builder) createBalancerSecurityGroup() error {
	brought := b.plan.args.LoadBalancer.SecurityGroupIDs
	if existing := b.plan.args.LoadBalancer.Existing; existing != nil {
		brought = existing.SecurityGroupIDs
	}
	if len(brought) > 0 {
		b.balancerSG = brought
		b.fleet.LoadBalancerSecurityGroupID = pulumi.String("").ToStringOutput()
		return nil
	}
	balancer, err := b.securityGroup("balancer", "Load balancer of ", b.transform.BalancerSecurityGroup)
	if err != nil {
		return err
	}
	id := balancer.ID().ToStringOutput()
	b.balancerSG = []pulumi.StringInput{id}
	b.fleet.LoadBalancerSecurityGroupID = id
	in, err := b.balancerIngress()
	if err != nil {
		return err
	}
	if err := b.ingress(id, "balancer", in); err != nil {
		return err
	}
	out := append([]rule{{key: "to-server", why: "Load balancer to server", port: b.plan.servedPort(), group: b.serverSG}}, b.plan.identityEgress()...)
	return b.egress(id, "balancer", out)
}

// balancerIngress is who may enter: CloudFront, or the named clients, or on a public load balancer everyone.
func (b *builder) balancerIngress() ([]rule, error) {
	p := b.plan
	if p.cdn() {
		return b.originIngress()
	}
	if p.args.LoadBalancer.Public {
		return []rule{
			{key: "from-everyone-https", why: "Clients", port: 443, cidr: everyone},
			{key: "from-everyone-http", why: "Clients, to be redirected to TLS", port: 80, cidr: everyone},
		}, nil
	}
	var rules []rule
	for _, name := range slices.Sorted(maps.Keys(p.args.LoadBalancer.Clients)) {
		rules = append(rules, rule{key: "from-" + name, why: "Clients: " + name, port: p.listenerPort(), group: p.args.LoadBalancer.Clients[name]})
	}
	return rules, nil
}

// originIngress admits CloudFront: by its own security group where that is known, otherwise by its prefix list.
func (b *builder) originIngress() ([]rule, error) {
	port := b.plan.listenerPort()
	if group := b.plan.args.CDN.OriginSecurityGroup; group != nil {
		return []rule{{key: "from-cloudfront", why: "CloudFront VPC origins", port: port, group: group}}, nil
	}
	if list := b.plan.args.CDN.OriginPrefixList; list != nil {
		return []rule{{key: "from-cloudfront", why: "CloudFront", port: port, prefixList: list}}, nil
	}
	list, err := ec2.LookupManagedPrefixList(b.ctx, &ec2.LookupManagedPrefixListArgs{Name: new(originFacing)}, pulumi.Parent(b.fleet))
	if err != nil {
		return nil, fmt.Errorf("looking up the prefix list %s: %w", originFacing, err)
	}
	return []rule{{key: "from-cloudfront", why: "CloudFront", port: port, prefixList: pulumi.String(list.Id)}}, nil
}

// serverEgress is where servers go: S3 for the executable and packages, and over TLS to the services that run them,
// through the NAT gateway or to interface endpoints inside the network. Names and time come from link-local addresses,
// which security groups do not filter, https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html.
func (b *builder) serverEgress() []rule {
	at := b.plan.args.Placement
	var rules []rule
	if at.S3PrefixList != nil {
		rules = append(rules, rule{key: "to-s3", why: "Executable and packages", port: 443, prefixList: at.S3PrefixList})
	}
	if at.HasInternetEgress {
		return append(rules, rule{key: "to-services", why: "Auto Scaling, CloudWatch, Systems Manager", port: 443, cidr: everyone})
	}
	return append(rules, rule{key: "to-services", why: "Interface endpoints", port: 443, cidr: at.CIDR})
}

func (b *builder) ingress(group pulumi.StringInput, part string, rules []rule) error {
	for _, r := range rules {
		name := b.kids.Child(part, r.key)
		args := &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group, Description: pulumi.String(r.why), IpProtocol: pulumi.String("tcp"),
			FromPort: pulumi.Int(r.port), ToPort: pulumi.Int(r.port), Tags: b.kids.Tags(name),
			ReferencedSecurityGroupId: optional(r.group), PrefixListId: optional(r.prefixList), CidrIpv4: optionalText(r.cidr),
		}
		if _, err := component.New(b.ctx, b.kids, "rule "+r.key, name, args, b.transform.IngressRule, vpc.NewSecurityGroupIngressRule); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) egress(group pulumi.StringInput, part string, rules []rule) error {
	for _, r := range rules {
		name := b.kids.Child(part, r.key)
		args := &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId: group, Description: pulumi.String(r.why), IpProtocol: pulumi.String("tcp"),
			FromPort: pulumi.Int(r.port), ToPort: pulumi.Int(r.port), Tags: b.kids.Tags(name),
			ReferencedSecurityGroupId: optional(r.group), PrefixListId: optional(r.prefixList), CidrIpv4: optionalText(r.cidr),
		}
		made, err := component.New(b.ctx, b.kids, "rule "+r.key, name, args, b.transform.EgressRule, vpc.NewSecurityGroupEgressRule)
		if err != nil {
			return err
		}
		b.egressRules = append(b.egressRules, made)
	}
	return nil
}

// optional is an absent input for an absent value: a nil of type StringInput would not be absent.
func optional(value pulumi.StringInput) pulumi.StringPtrInput {
	if value == nil {
		return nil
	}
	return value.ToStringOutput().ToStringPtrOutput()
}

func optionalText(text string) pulumi.StringPtrInput {
	if text == "" {
		return nil
	}
	return pulumi.String(text)
}
