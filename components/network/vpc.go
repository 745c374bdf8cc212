package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// builder carries what the creators share while one network is made.
type builder struct {
	ctx       *pulumi.Context
	plan      plan
	kids      component.Children
	transform Transform
	network   *Network

	vpc     *ec2.Vpc
	subnets map[Tier]map[string]*ec2.Subnet
	// ready collects, per tier and zone, what must exist before the subnet carries traffic.
	ready map[Tier]map[string][]pulumi.Resource

	internet    *ec2.InternetGateway
	egressOnly  *ec2.EgressOnlyInternetGateway
	natGateways map[string]*ec2.NatGateway
	s3          *ec2.VpcEndpoint
}

// build makes everything, concern by concern.
func (b *builder) build() error {
	b.network.EgressAddresses = pulumi.StringMap{}.ToStringMapOutput()
	b.network.EndpointSecurityGroupID = pulumi.String("").ToStringOutput()
	b.network.FlowLogGroup = pulumi.String("").ToStringOutput()
	steps := []func() error{
		b.createVPC, b.emptyDefaults, b.createSubnets, b.createGateways, b.createNAT, b.createRoutes, b.createACLs,
		b.createGatewayEndpoints, b.createInterfaceEndpoints, b.createFlowLogs, b.createAlarms,
	}
	if b.plan.args.Bring != nil {
		steps = []func() error{b.createAlarms}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	b.place()
	return nil
}

func (b *builder) createVPC() error {
	name := b.kids.Child("vpc")
	args := &ec2.VpcArgs{
		CidrBlock: pulumi.String(b.plan.args.CIDR), Tags: b.kids.Tags(name),
		// Private DNS names of interface endpoints need both.
		// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support
		EnableDnsSupport: pulumi.Bool(true), EnableDnsHostnames: pulumi.Bool(true),
		AssignGeneratedIpv6CidrBlock: pulumi.Bool(b.plan.args.IPv6),
	}
	made, err := component.New(b.ctx, b.kids, "vpc", name, args, b.transform.VPC, ec2.NewVpc)
	if err != nil {
		return err
	}
	b.vpc, b.network.VPC = made, made
	b.network.VPCID = made.ID().ToStringOutput()
	return nil
}

// emptyDefaults takes the rules and routes out of what AWS makes with every VPC, so that a resource that forgets its
// security group, route table or network ACL reaches nothing rather than everything.
// https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2
func (b *builder) emptyDefaults() error {
	group := b.kids.Child("default", "security-group")
	if _, err := component.New(b.ctx, b.kids, "default security group", group, &ec2.DefaultSecurityGroupArgs{
		VpcId: b.vpc.ID().ToStringOutput(), Tags: b.kids.Tags(group),
	}, b.transform.DefaultSecurityGroup, ec2.NewDefaultSecurityGroup); err != nil {
		return err
	}
	table := b.kids.Child("default", "route-table")
	if _, err := component.New(b.ctx, b.kids, "default route table", table, &ec2.DefaultRouteTableArgs{
		DefaultRouteTableId: b.vpc.DefaultRouteTableId, Routes: ec2.DefaultRouteTableRouteArray{}, Tags: b.kids.Tags(table),
	}, b.transform.DefaultRouteTable, ec2.NewDefaultRouteTable); err != nil {
		return err
	}
	acl := b.kids.Child("default", "network-acl")
	_, err := component.New(b.ctx, b.kids, "default network ACL", acl, &ec2.DefaultNetworkAclArgs{
		DefaultNetworkAclId: b.vpc.DefaultNetworkAclId, Tags: b.kids.Tags(acl),
		// Subnets come and go here while their own ACL is attached and detached.
	}, b.transform.DefaultNetworkACL, ec2.NewDefaultNetworkAcl, pulumi.IgnoreChanges([]string{"subnetIds"}))
	return err
}

func (b *builder) createSubnets() error {
	b.subnets = map[Tier]map[string]*ec2.Subnet{}
	b.ready = map[Tier]map[string][]pulumi.Resource{}
	for _, tier := range b.plan.tiers {
		b.subnets[tier], b.ready[tier] = map[string]*ec2.Subnet{}, map[string][]pulumi.Resource{}
	}
	for _, s := range b.plan.subnets {
		name := b.kids.Child(s.key()...)
		args := &ec2.SubnetArgs{
			VpcId: b.vpc.ID().ToStringOutput(), AvailabilityZone: pulumi.String(s.zone), CidrBlock: pulumi.String(s.cidr.String()),
			MapPublicIpOnLaunch: pulumi.Bool(false), Tags: b.kids.Tags(name),
		}
		if b.plan.args.IPv6 {
			args.Ipv6CidrBlock = b.ipv6(s)
			// A public subnet gives no address unasked, in either family.
			args.AssignIpv6AddressOnCreation = pulumi.Bool(s.tier != Public)
		}
		made, err := component.New(b.ctx, b.kids, "subnet "+name, name, args, b.transform.Subnet, ec2.NewSubnet)
		if err != nil {
			return err
		}
		b.subnets[s.tier][s.zone] = made
	}
	return nil
}

// ipv6 derives the subnet's block from the one that Amazon gives the VPC.
func (b *builder) ipv6(s subnet) pulumi.StringOutput {
	return b.vpc.Ipv6CidrBlock.ApplyT(func(block string) (string, error) {
		return ipv6Subnet(block, s.ipv6)
	}).(pulumi.StringOutput)
}

// needs records that the tier's subnets in the zone carry no traffic before the resource exists.
func (b *builder) needs(tier Tier, zone string, resource pulumi.Resource) {
	b.ready[tier][zone] = append(b.ready[tier][zone], resource)
}
