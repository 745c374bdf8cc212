package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// Everything outside the VPC, in both families.
const (
	anywhere   = "0.0.0.0/0"
	anywhereV6 = "::/0"
)

// createGateways makes the doors: one to and from the internet for the public tier, one outward only over IPv6 for the
// private tier.
func (b *builder) createGateways() error {
	if b.plan.has(Public) {
		name := b.kids.Child("internet-gateway")
		made, err := component.New(b.ctx, b.kids, "internet gateway", name, &ec2.InternetGatewayArgs{
			VpcId: b.vpc.ID().ToStringOutput(), Tags: b.kids.Tags(name),
		}, b.transform.InternetGateway, ec2.NewInternetGateway)
		if err != nil {
			return err
		}
		b.internet = made
	}
	if !b.plan.args.IPv6 || !b.plan.has(Private) {
		return nil
	}
	name := b.kids.Child("egress-only-gateway")
	made, err := component.New(b.ctx, b.kids, "egress-only internet gateway", name, &ec2.EgressOnlyInternetGatewayArgs{
		VpcId: b.vpc.ID().ToStringOutput(), Tags: b.kids.Tags(name),
	}, b.transform.EgressOnlyInternetGateway, ec2.NewEgressOnlyInternetGateway)
	b.egressOnly = made
	return err
}

// createNAT makes a gateway and its address in each zone of the plan.
func (b *builder) createNAT() error {
	b.natGateways = map[string]*ec2.NatGateway{}
	addresses := pulumi.StringMap{}
	for _, zone := range b.plan.natZones {
		address := b.kids.Child("nat", zone, "address")
		ip, err := component.New(b.ctx, b.kids, "NAT address in "+zone, address, &ec2.EipArgs{
			Domain: pulumi.String("vpc"), Tags: b.kids.Tags(address),
		}, b.transform.ElasticIP, ec2.NewEip)
		if err != nil {
			return err
		}
		name := b.kids.Child("nat", zone)
		made, err := component.New(b.ctx, b.kids, "NAT gateway in "+zone, name, &ec2.NatGatewayArgs{
			AllocationId: ip.AllocationId, SubnetId: b.subnets[Public][zone].ID().ToStringOutput(), Tags: b.kids.Tags(name),
			// A gateway made before the VPC has its internet gateway fails, and no argument says so.
			// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
		}, b.transform.NATGateway, ec2.NewNatGateway, pulumi.DependsOn([]pulumi.Resource{b.internet}))
		if err != nil {
			return err
		}
		b.natGateways[zone] = made
		addresses[zone] = ip.PublicIp
	}
	b.network.EgressAddresses = addresses.ToStringMapOutput()
	return nil
}

// createRoutes makes one table for the public tier, one for the isolated tier, and one per zone for the private tier:
// each zone goes out through its own gateway.
func (b *builder) createRoutes() error {
	for _, tier := range b.plan.tiers {
		if tier == Private {
			continue
		}
		if err := b.routeTier(tier); err != nil {
			return err
		}
	}
	if !b.plan.has(Private) {
		return nil
	}
	for _, zone := range b.plan.zones {
		if err := b.routePrivate(zone); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) routeTier(tier Tier) error {
	table, err := b.routeTable(string(tier))
	if err != nil {
		return err
	}
	routes, err := b.publicRoutes(tier, table)
	if err != nil {
		return err
	}
	for _, zone := range b.plan.zones {
		if err := b.associate(tier, zone, table); err != nil {
			return err
		}
		b.ready[tier][zone] = append(b.ready[tier][zone], routes...)
	}
	return nil
}

// publicRoutes are the ways to the internet gateway; an isolated table has none.
func (b *builder) publicRoutes(tier Tier, table *ec2.RouteTable) ([]pulumi.Resource, error) {
	if tier != Public {
		return nil, nil
	}
	out, err := b.route(b.kids.Child("public", "internet"), &ec2.RouteArgs{
		RouteTableId: table.ID().ToStringOutput(), DestinationCidrBlock: pulumi.String(anywhere), GatewayId: b.internet.ID().ToStringOutput(),
	})
	if err != nil || !b.plan.args.IPv6 {
		return []pulumi.Resource{out}, err
	}
	out6, err := b.route(b.kids.Child("public", "internet", "ipv6"), &ec2.RouteArgs{
		RouteTableId: table.ID().ToStringOutput(), DestinationIpv6CidrBlock: pulumi.String(anywhereV6), GatewayId: b.internet.ID().ToStringOutput(),
	})
	return []pulumi.Resource{out, out6}, err
}

func (b *builder) routePrivate(zone string) error {
	table, err := b.routeTable(string(Private), zone)
	if err != nil {
		return err
	}
	if err := b.associate(Private, zone, table); err != nil {
		return err
	}
	if nat := b.plan.natFor(zone); nat != "" {
		out, err := b.route(b.kids.Child("private", zone, "nat"), &ec2.RouteArgs{
			RouteTableId: table.ID().ToStringOutput(), DestinationCidrBlock: pulumi.String(anywhere), NatGatewayId: b.natGateways[nat].ID().ToStringOutput(),
		})
		if err != nil {
			return err
		}
		b.needs(Private, zone, out)
	}
	if b.egressOnly == nil {
		return nil
	}
	out, err := b.route(b.kids.Child("private", zone, "ipv6"), &ec2.RouteArgs{
		RouteTableId: table.ID().ToStringOutput(), DestinationIpv6CidrBlock: pulumi.String(anywhereV6), EgressOnlyGatewayId: b.egressOnly.ID().ToStringOutput(),
	})
	if err != nil {
		return err
	}
	b.needs(Private, zone, out)
	return nil
}

// routeTable makes a table; parts are the tier, and the zone where each zone has its own.
func (b *builder) routeTable(parts ...string) (*ec2.RouteTable, error) {
	name := b.kids.Child(append(parts, "routes")...)
	made, err := component.New(b.ctx, b.kids, "route table "+name, name, &ec2.RouteTableArgs{
		VpcId: b.vpc.ID().ToStringOutput(), Tags: b.kids.Tags(name),
	}, b.transform.RouteTable, ec2.NewRouteTable)
	if err != nil {
		return nil, err
	}
	b.network.RouteTables[tableKey(parts...)] = made
	return made, nil
}

func (b *builder) route(name string, args *ec2.RouteArgs) (*ec2.Route, error) {
	return component.New(b.ctx, b.kids, "route "+name, name, args, b.transform.Route, ec2.NewRoute)
}

func (b *builder) associate(tier Tier, zone string, table *ec2.RouteTable) error {
	name := b.kids.Child(string(tier), zone, "routes-association")
	made, err := component.New(b.ctx, b.kids, "route table association "+name, name, &ec2.RouteTableAssociationArgs{
		RouteTableId: table.ID().ToStringOutput(), SubnetId: b.subnets[tier][zone].ID().ToStringOutput(),
	}, b.transform.RouteTableAssociation, ec2.NewRouteTableAssociation)
	if err != nil {
		return err
	}
	b.needs(tier, zone, made)
	return nil
}
