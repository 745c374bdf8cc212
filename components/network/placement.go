package network

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Placement is where other components put their resources: the handle of a network, made or brought.
type Placement struct {
	// VPC is the VPC's id.
	VPC pulumi.StringInput
	// CIDR is its IPv4 block; "" when a brought VPC does not say.
	CIDR string
	// Zones are sorted names.
	Zones []string
	// Public, Private and Isolated are subnet ids by zone; empty when the network has no such tier. A public id is known
	// once the way to the internet gateway exists, because AWS refuses a load balancer that faces the internet before.
	Public, Private, Isolated map[string]pulumi.StringInput
	// PrivateReady are the ids of Private, each known once its subnet carries traffic: routes, NAT gateway, network ACL
	// and endpoints exist. It is for what starts a program at once, such as an Auto Scaling group: its instances neither
	// boot before their way out exists nor outlive it. What does not (a load balancer, a database) takes Private and is
	// made meanwhile.
	PrivateReady map[string]pulumi.StringInput
	// PublicCIDRs and PrivateCIDRs are IPv4 blocks by zone; empty when a brought VPC does not say.
	PublicCIDRs, PrivateCIDRs map[string]string
	// S3PrefixList is the managed prefix list of S3 in the region, for security-group rules; nil without a gateway
	// endpoint.
	S3PrefixList pulumi.StringInput
	// S3Endpoint is the gateway endpoint's id, for bucket policies; nil when there is none.
	S3Endpoint pulumi.StringInput
	// InternetGateway is the gateway's id; nil without a public tier. CloudFront's VPC origins are refused before the VPC
	// has one. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
	InternetGateway pulumi.StringInput
	// HasInternetEgress is true where private subnets reach the internet over IPv4.
	HasInternetEgress bool
	// IPv6 is true where the subnets are dual-stack.
	IPv6 bool
}

// place fills in the handle.
func (b *builder) place() {
	if bring := b.plan.args.Bring; bring != nil {
		b.network.VPCID = bring.VPCID.ToStringOutput()
		b.network.placement = broughtPlacement(bring)
		return
	}
	placement := Placement{
		VPC: b.network.VPCID, CIDR: b.plan.args.CIDR, Zones: slices.Clone(b.plan.zones),
		Public: b.readyIDs(Public), Private: b.subnetIDs(Private), PrivateReady: b.readyIDs(Private), Isolated: b.subnetIDs(Isolated),
		PublicCIDRs: b.plan.cidrs(Public), PrivateCIDRs: b.plan.cidrs(Private),
		HasInternetEgress: len(b.plan.natZones) > 0, IPv6: b.plan.args.IPv6,
	}
	if b.s3 != nil {
		placement.S3PrefixList, placement.S3Endpoint = b.s3.PrefixListId, b.s3.ID().ToStringOutput()
	}
	if b.internet != nil {
		placement.InternetGateway = b.internet.ID().ToStringOutput()
	}
	b.network.placement = placement
}

func broughtPlacement(bring *BroughtVPC) Placement {
	return Placement{
		VPC: bring.VPCID, CIDR: bring.CIDR, Zones: broughtZones(bring),
		Public: copied(bring.Public), Private: copied(bring.Private), PrivateReady: copied(bring.Private), Isolated: copied(bring.Isolated),
		PublicCIDRs: copied(bring.PublicCIDRs), PrivateCIDRs: copied(bring.PrivateCIDRs),
		S3PrefixList: bring.S3PrefixList, S3Endpoint: bring.S3Endpoint, InternetGateway: bring.InternetGateway,
		HasInternetEgress: bring.InternetEgress || len(bring.NATGateways) > 0, IPv6: bring.IPv6,
	}
}

// copied is never nil, so that a missing tier is an empty map.
func copied[V any](from map[string]V) map[string]V {
	out := map[string]V{}
	maps.Copy(out, from)
	return out
}

func (p plan) cidrs(tier Tier) map[string]string {
	out := map[string]string{}
	for _, s := range p.subnets {
		if s.tier == tier {
			out[s.zone] = s.cidr.String()
		}
	}
	return out
}

func (b *builder) subnetIDs(tier Tier) map[string]pulumi.StringInput {
	out := map[string]pulumi.StringInput{}
	for zone, made := range b.subnets[tier] {
		out[zone] = made.ID().ToStringOutput()
	}
	return out
}

func (b *builder) readyIDs(tier Tier) map[string]pulumi.StringInput {
	out := map[string]pulumi.StringInput{}
	for zone, made := range b.subnets[tier] {
		out[zone] = whenReady(made, b.ready[tier][zone])
	}
	return out
}

// whenReady is the subnet's id as an output of all that it needs to carry traffic: who takes the id waits for them,
// and on destroy goes before them.
func whenReady(made *ec2.Subnet, needs []pulumi.Resource) pulumi.StringOutput {
	ids := []any{made.ID()}
	for _, resource := range needs {
		if custom, ok := resource.(pulumi.CustomResource); ok {
			ids = append(ids, custom.ID())
		}
	}
	return pulumi.All(ids...).ApplyT(func(all []any) string {
		id, _ := all[0].(pulumi.ID)
		return string(id)
	}).(pulumi.StringOutput)
}

func tableKey(parts ...string) string { return strings.Join(parts, "-") }
