package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// reach is how far a tier's traffic goes in one address family.
type reach int

const (
	// inside: the VPC alone.
	inside reach = iota
	// services: the VPC, and HTTPS to S3 and DynamoDB through their gateway endpoints.
	services
	// outward: the VPC, and connections to anywhere that begin inside.
	outward
)

// family is what one tier's traffic may do in one address family.
type family struct {
	reach reach
	// served: HTTP and HTTPS from anywhere is admitted, and answered.
	served bool
	ipv6   bool
}

// peer is the other end of a rule.
type peer int

const (
	theVPC peer = iota
	theWorld
)

// aclRule allows one kind of traffic. A network ACL denies what no rule allows, and keeps no state: the answer to a
// connection needs a rule of its own. https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html
type aclRule struct {
	number   int
	egress   bool
	ipv6     bool
	peer     peer
	protocol string
	from, to int
	// icmpType and icmpCode say which messages, for the two ICMP protocols.
	icmpType, icmpCode int
}

// Protocols by number, as AWS records them: a name would show as a difference on refresh. For the same reason ICMP rules
// have ports of 0 and all others an ICMP type of 0 (hashicorp/terraform-provider-aws issues 58 and 10611).
// https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml
const (
	anyProtocol = "-1"
	icmp        = "1"
	tcp         = "6"
	udp         = "17"
	icmpv6      = "58"
)

// maxACLRules is the quota per direction. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const maxACLRules = 20

// rdp is left out of the ports that answers come back to. No instance has a public address, so nothing is gained in
// truth, but CIS 5.1 and Security Hub's EC2.21 ask for it. The price: of the 64,512 ports that a NAT gateway sends
// from, the one answer in 64,512 that comes back to 3389 is lost and its connection must be tried again.
// https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-21
const rdp = 3389

// Answers come back to the ports that clients send from. NAT gateways, load balancers and Lambda functions use all
// from 1024 on, Linux some of them.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
const (
	firstEphemeral = 1024
	lastEphemeral  = 65535
)

// families are what the tier's traffic may do over IPv4 and IPv6.
//
// The private tier of a network with an internet gateway is served like the public one, because CloudFront's VPC origins
// put it behind an internal load balancer there. AWS documents security groups alone as what guards such an origin, and
// names the list of CloudFront's public, origin-facing addresses as one of the two sources to admit: so the packets may
// bear those addresses, and a network ACL that knows the VPC's own only would drop them. Nothing is opened by it: no
// interface in the tier has a public IPv4 address, no route leads from the internet gateway to it, the egress-only gateway
// admits no connection over IPv6, and security groups decide about the rest. VPC origins are IPv4 or dual-stack.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
func (p plan) families(tier Tier) []family {
	out := []family{{reach: p.reach(tier), served: p.served(tier)}}
	if !p.args.IPv6 {
		return out
	}
	v6 := family{reach: inside, served: p.served(tier), ipv6: true}
	if tier != Isolated {
		v6.reach = outward
	}
	return append(out, v6)
}

// reach is how far the tier goes over IPv4.
func (p plan) reach(tier Tier) reach {
	switch {
	case tier == Public, tier == Private && len(p.natZones) > 0:
		return outward
	case p.gatewayEndpoints():
		return services
	}
	return inside
}

func (p plan) served(tier Tier) bool { return tier == Public || tier == Private && p.has(Public) }

// aclRules is the table of a tier's rules, in order.
func (p plan) aclRules(tier Tier) []aclRule {
	var rules []aclRule
	for _, f := range p.families(tier) {
		rules = append(rules, f.rules()...)
	}
	return rules
}

// The first rule numbers of the two families, far enough apart that neither moves the other's.
const (
	firstIPv4Rule = 100
	firstIPv6Rule = 500
)

func (f family) rules() []aclRule {
	rules := []aclRule{
		{peer: theVPC, protocol: anyProtocol},
		{peer: theVPC, protocol: anyProtocol, egress: true},
	}
	switch f.reach {
	case services:
		rules = append(rules, aclRule{peer: theWorld, protocol: tcp, from: 443, to: 443, egress: true})
		rules = append(rules, answers(tcp)...)
	case outward:
		rules = append(rules, aclRule{peer: theWorld, protocol: anyProtocol, egress: true})
		rules = append(rules, answers(tcp)...)
		rules = append(rules, answers(udp)...)
		rules = append(rules, tooBig(f.ipv6))
	case inside:
	}
	rules = append(rules, f.service()...)
	first := firstIPv4Rule
	if f.ipv6 {
		first = firstIPv6Rule
	}
	for i := range rules {
		rules[i].ipv6, rules[i].number = f.ipv6, first+10*i
	}
	return rules
}

// service admits requests from anywhere, and lets the answers out where the reach does not do so already.
func (f family) service() []aclRule {
	if !f.served {
		return nil
	}
	rules := []aclRule{
		{peer: theWorld, protocol: tcp, from: 80, to: 80},
		{peer: theWorld, protocol: tcp, from: 443, to: 443},
	}
	if f.reach == outward {
		return rules
	}
	return append(rules, aclRule{peer: theWorld, protocol: tcp, from: firstEphemeral, to: lastEphemeral, egress: true}, tooBig(f.ipv6))
}

// answers admit what comes back to connections that began inside.
func answers(protocol string) []aclRule {
	return []aclRule{
		{peer: theWorld, protocol: protocol, from: firstEphemeral, to: rdp - 1},
		{peer: theWorld, protocol: protocol, from: rdp + 1, to: lastEphemeral},
	}
}

// tooBig admits the messages that path MTU discovery lives on: without them, large answers vanish.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#path_mtu_discovery
func tooBig(ipv6 bool) aclRule {
	if ipv6 {
		return aclRule{peer: theWorld, protocol: icmpv6, icmpType: 2, icmpCode: -1}
	}
	return aclRule{peer: theWorld, protocol: icmp, icmpType: 3, icmpCode: -1}
}

// createACLs makes one ACL per tier. Its rules speak of the whole VPC, so a new zone changes none of them.
func (b *builder) createACLs() error {
	for _, tier := range b.plan.tiers {
		name := b.kids.Child(string(tier), "acl")
		ingress, egress := b.entries(b.plan.aclRules(tier))
		subnets := pulumi.StringArray{}
		for _, zone := range b.plan.zones {
			subnets = append(subnets, b.subnets[tier][zone].ID().ToStringOutput())
		}
		made, err := component.New(b.ctx, b.kids, "network ACL of the "+string(tier)+" tier", name, &ec2.NetworkAclArgs{
			VpcId: b.vpc.ID().ToStringOutput(), SubnetIds: subnets, Ingress: ingress, Egress: egress, Tags: b.kids.Tags(name),
		}, b.transform.NetworkACL, ec2.NewNetworkAcl)
		if err != nil {
			return err
		}
		for _, zone := range b.plan.zones {
			b.needs(tier, zone, made)
		}
	}
	return nil
}

// entries turns the table into the two lists that AWS takes.
func (b *builder) entries(rules []aclRule) (ec2.NetworkAclIngressArray, ec2.NetworkAclEgressArray) {
	var ingress ec2.NetworkAclIngressArray
	var egress ec2.NetworkAclEgressArray
	for _, rule := range rules {
		number := pulumi.Int(rule.number)
		cidr, cidr6 := b.block(rule)
		if rule.egress {
			egress = append(egress, ec2.NetworkAclEgressArgs{
				Action: pulumi.String("allow"), RuleNo: number, Protocol: pulumi.String(rule.protocol),
				FromPort: pulumi.Int(rule.from), ToPort: pulumi.Int(rule.to), CidrBlock: cidr, Ipv6CidrBlock: cidr6,
				IcmpType: pulumi.Int(rule.icmpType), IcmpCode: pulumi.Int(rule.icmpCode),
			})
			continue
		}
		ingress = append(ingress, ec2.NetworkAclIngressArgs{
			Action: pulumi.String("allow"), RuleNo: number, Protocol: pulumi.String(rule.protocol),
			FromPort: pulumi.Int(rule.from), ToPort: pulumi.Int(rule.to), CidrBlock: cidr, Ipv6CidrBlock: cidr6,
			IcmpType: pulumi.Int(rule.icmpType), IcmpCode: pulumi.Int(rule.icmpCode),
		})
	}
	return ingress, egress
}

// block is the rule's other end in its family; the other family's is nil.
func (b *builder) block(rule aclRule) (v4, v6 pulumi.StringPtrInput) {
	switch {
	case rule.ipv6 && rule.peer == theVPC:
		return nil, b.vpc.Ipv6CidrBlock.ToStringPtrOutput()
	case rule.ipv6:
		return nil, pulumi.String(anywhereV6)
	case rule.peer == theVPC:
		return pulumi.String(b.plan.args.CIDR), nil
	}
	return pulumi.String(anywhere), nil
}
