package cloudsim_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const (
	vpcType         = "aws:ec2/vpc:Vpc"
	cidrType        = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	subnetType      = "aws:ec2/subnet:Subnet"
	gatewayType     = "aws:ec2/internetGateway:InternetGateway"
	egressGateway   = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
	tableType       = "aws:ec2/routeTable:RouteTable"
	defaultTable    = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	routeType       = "aws:ec2/route:Route"
	associationType = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	natType         = "aws:ec2/natGateway:NatGateway"
	addressType     = "aws:ec2/eip:Eip"
	endpointType    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	groupType       = "aws:ec2/securityGroup:SecurityGroup"
	defaultGroup    = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	ingressType     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType      = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	aclType         = "aws:ec2/networkAcl:NetworkAcl"
	aclRuleType     = "aws:ec2/networkAclRule:NetworkAclRule"
	aclAssociation  = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
	defaultACL      = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	flowLogType     = "aws:ec2/flowLog:FlowLog"
	dhcpType        = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions"
	dhcpAssociation = "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	roleType        = "aws:iam/role:Role"
)

// world builds programs tersely. Each resource depends on the one before it, so that what is refused does not depend on the
// order of goroutines. The first error sticks.
type world struct {
	ctx  *pulumi.Context
	last pulumi.Resource
	err  error
}

func (w *world) add(typ, name string, args pulumi.Map, opts ...pulumi.ResourceOption) *thing {
	if w.err != nil {
		return &thing{}
	}
	if w.last != nil {
		opts = append(opts, pulumi.DependsOn([]pulumi.Resource{w.last}))
	}
	made, err := res(w.ctx, typ, name, args, opts...)
	w.last, w.err = made, err
	return made
}

func s(v string) pulumi.StringInput { return pulumi.String(v) }

func list(values ...pulumi.Input) pulumi.Array { return pulumi.Array(values) }

func (w *world) vpc(name, block string, more ...pulumi.Map) *thing {
	return w.add(vpcType, name, merge(pulumi.Map{"cidrBlock": s(block)}, more...))
}

func (w *world) subnet(name string, vpc pulumi.CustomResource, block, zone string, more ...pulumi.Map) *thing {
	return w.add(subnetType, name, merge(pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s(block), "availabilityZone": s(zone)}, more...))
}

func merge(m pulumi.Map, more ...pulumi.Map) pulumi.Map {
	for _, one := range more {
		maps.Copy(m, one)
	}
	return m
}

func run(t *testing.T, program func(w *world), options ...cloudsim.Option) (*cloudsim.Recorder, error) {
	t.Helper()
	options = append([]cloudsim.Option{cloudsim.Account("111122223333"), cloudsim.Region("eu-west-1")}, options...)
	return cloudsim.New(options...).Run(func(ctx *pulumi.Context) error {
		w := &world{ctx: ctx}
		program(w)
		return w.err
	})
}

type networkCase struct {
	name    string
	program func(w *world)
	refused string // The code and a part of the sentence, separated by "|"; empty for a good program.
}

func runCases(t *testing.T, cases []networkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, c.program)
			if c.refused == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			for part := range strings.SplitSeq(c.refused, "|") {
				require.ErrorContains(t, err, part)
			}
		})
	}
}

func TestAddressesLieInsideTheVPCAndDoNotOverlap(t *testing.T) {
	t.Parallel()
	runCases(t, []networkCase{
		{"two subnets side by side", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16")
			w.subnet("a", vpc, "10.0.0.0/24", "eu-west-1a")
			w.subnet("b", vpc, "10.0.1.0/24", "eu-west-1b")
		}, ""},
		{"overlapping subnets", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16")
			w.subnet("a", vpc, "10.0.0.0/24", "eu-west-1a")
			w.subnet("b", vpc, "10.0.0.128/25", "eu-west-1b")
		}, "InvalidSubnet.Conflict|the CIDR 10.0.0.128/25 conflicts with 10.0.0.0/24 of subnet subnet-|cidrBlock"},
		{"a subnet outside", func(w *world) { w.subnet("a", w.vpc("v", "10.0.0.0/16"), "10.1.0.0/24", "eu-west-1a") }, "InvalidSubnet.Range"},
		{"the same block in another VPC", func(w *world) {
			w.subnet("a", w.vpc("v", "10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
			w.subnet("b", w.vpc("w", "10.0.0.0/16"), "10.0.0.0/24", "eu-west-1a")
		}, ""},
		{"a VPC too large", func(w *world) { w.vpc("v", "10.0.0.0/15") }, "cidrBlock|must be between /16 and /28"},
		{"a subnet too small", func(w *world) { w.subnet("a", w.vpc("v", "10.0.0.0/16"), "10.0.0.0/29", "eu-west-1a") }, "must be between /16 and /28"},
		{"host bits", func(w *world) { w.vpc("v", "10.0.1.0/16") }, "host bits set; the block is 10.0.0.0/16"},
		{"a zone of another region", func(w *world) { w.subnet("a", w.vpc("v", "10.0.0.0/16"), "10.0.0.0/24", "us-east-1a") }, "availabilityZone|eu-west-1a, eu-west-1b, eu-west-1c"},
		{"a second block", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16")
			w.add(cidrType, "more", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("100.64.0.0/16")})
			w.add(subnetType, "a", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("100.64.0.0/24")})
		}, ""},
		{"a second block that overlaps", func(w *world) {
			w.add(cidrType, "more", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "cidrBlock": s("10.0.0.0/20")})
		}, "InvalidVpc.Range"},
		{"a VPC that does not exist", func(w *world) {
			w.add(subnetType, "a", pulumi.Map{"vpcId": s("vpc-0123"), "cidrBlock": s("10.0.0.0/24")})
		}, "InvalidVpcID.NotFound|the vpc ID 'vpc-0123' does not exist in account 111122223333 in region eu-west-1|vpcId"},
		{"IPv6 inside", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16", pulumi.Map{"assignGeneratedIpv6CidrBlock": pulumi.Bool(true)})
			block := vpc.IPv6.ApplyT(func(b string) string { return strings.Replace(b, "00::/56", "01::/64", 1) }).(pulumi.StringOutput)
			w.subnet("a", vpc, "10.0.0.0/24", "eu-west-1a", pulumi.Map{"ipv6CidrBlock": block, "assignIpv6AddressOnCreation": pulumi.Bool(true)})
		}, ""},
		{"IPv6 outside", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16", pulumi.Map{"assignGeneratedIpv6CidrBlock": pulumi.Bool(true)})
			w.subnet("a", vpc, "10.0.0.0/24", "eu-west-1a", pulumi.Map{"ipv6CidrBlock": s("2001:db8::/64")})
		}, "InvalidSubnet.Range|ipv6CidrBlock"},
	})
}

func TestTheWayOutIsRefusedWhereAWSRefusesIt(t *testing.T) {
	t.Parallel()
	runCases(t, []networkCase{
		{"one internet gateway", func(w *world) { w.add(gatewayType, "g", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID()}) }, ""},
		{"two internet gateways", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16")
			w.add(gatewayType, "g", pulumi.Map{"vpcId": vpc.ID()})
			w.add(gatewayType, "h", pulumi.Map{"vpcId": vpc.ID()})
		}, "Resource.AlreadyAssociated|igw-"},
		{"a NAT gateway behind an internet gateway", nat(true, nil), ""},
		{"a NAT gateway without one", nat(false, nil), "Gateway.NotAttached|has no Internet gateway attached"},
		{"a public NAT gateway without an address", nat(true, pulumi.Map{"allocationId": nil}), "MissingParameter|AllocationId"},
		{"a private NAT gateway with an address", nat(true, pulumi.Map{"connectivityType": s("private")}), "allocationId"},
		{"one address for two NAT gateways", func(w *world) {
			vpc := w.vpc("v", "10.0.0.0/16")
			w.add(gatewayType, "g", pulumi.Map{"vpcId": vpc.ID()})
			address := w.add(addressType, "e", nil)
			home := w.subnet("a", vpc, "10.0.0.0/24", "eu-west-1a")
			w.add(natType, "n", pulumi.Map{"subnetId": home.ID(), "allocationId": address.ID()})
			w.add(natType, "m", pulumi.Map{"subnetId": home.ID(), "allocationId": address.ID()})
		}, "Resource.AlreadyAssociated|nat-"},
	})
}

func nat(gateway bool, change pulumi.Map) func(w *world) {
	return func(w *world) {
		vpc := w.vpc("v", "10.0.0.0/16")
		home := w.subnet("a", vpc, "10.0.0.0/24", "eu-west-1a")
		if gateway {
			g := w.add(gatewayType, "g", pulumi.Map{"vpcId": vpc.ID()})
			table := w.add(tableType, "out", pulumi.Map{"vpcId": vpc.ID()})
			w.add(associationType, "out", pulumi.Map{"subnetId": home.ID(), "routeTableId": table.ID()})
			w.add(routeType, "out", pulumi.Map{"routeTableId": table.ID(), "destinationCidrBlock": s("0.0.0.0/0"), "gatewayId": g.ID()})
		}
		args := merge(pulumi.Map{"subnetId": home.ID(), "allocationId": w.add(addressType, "e", nil).ID()}, change)
		if args["allocationId"] == nil {
			delete(args, "allocationId")
		}
		w.add(natType, "n", args)
	}
}

func routeTable(w *world, vpc pulumi.CustomResource) *thing {
	return w.add(tableType, "t", pulumi.Map{"vpcId": vpc.ID()})
}

func attach(w *world, vpc pulumi.CustomResource) *thing {
	return w.add(gatewayType, "g", pulumi.Map{"vpcId": vpc.ID()})
}

func toward(w *world, name string, t, g pulumi.CustomResource, more ...pulumi.Map) {
	w.add(routeType, name, merge(pulumi.Map{"routeTableId": t.ID(), "destinationCidrBlock": s("0.0.0.0/0"), "gatewayId": g.ID()}, more...))
}

func TestRoutesLeadSomewhereOnce(t *testing.T) {
	t.Parallel()
	runCases(t, []networkCase{
		{"one default route", func(w *world) { v := w.vpc("v", "10.0.0.0/16"); toward(w, "r", routeTable(w, v), attach(w, v)) }, ""},
		{"two routes to one destination", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			t, g := routeTable(w, v), attach(w, v)
			toward(w, "r", t, g)
			toward(w, "q", t, g)
		}, "RouteAlreadyExists|0.0.0.0/0"},
		{"a route that repeats an inline one", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			g := attach(w, v)
			t := w.add(tableType, "t", pulumi.Map{"vpcId": v.ID(), "routes": list(pulumi.Map{"cidrBlock": s("0.0.0.0/0"), "gatewayId": g.ID()})})
			toward(w, "r", t, g)
		}, "RouteAlreadyExists"},
		{"a gateway of another VPC", func(w *world) {
			v, o := w.vpc("v", "10.0.0.0/16"), w.vpc("o", "10.1.0.0/16")
			toward(w, "r", routeTable(w, v), attach(w, o))
		}, "InvalidParameterValue|belong to different networks"},
		{"an inline gateway of another VPC", func(w *world) {
			v, o := w.vpc("v", "10.0.0.0/16"), w.vpc("o", "10.1.0.0/16")
			w.add(tableType, "t", pulumi.Map{"vpcId": v.ID(), "routes": list(pulumi.Map{"cidrBlock": s("0.0.0.0/0"), "gatewayId": attach(w, o).ID()})})
		}, "belong to different networks"},
		{"a detached gateway", func(w *world) {
			toward(w, "r", routeTable(w, w.vpc("v", "10.0.0.0/16")), w.add(gatewayType, "g", nil))
		}, "Gateway.NotAttached"},
		{"a gateway that does not exist", func(w *world) {
			w.add(routeType, "r", pulumi.Map{"routeTableId": routeTable(w, w.vpc("v", "10.0.0.0/16")).ID(), "destinationCidrBlock": s("0.0.0.0/0"), "gatewayId": s("igw-0123")})
		}, "InvalidInternetGatewayID.NotFound|igw-0123"},
		{"no target", func(w *world) {
			w.add(routeType, "r", pulumi.Map{"routeTableId": routeTable(w, w.vpc("v", "10.0.0.0/16")).ID(), "destinationCidrBlock": s("0.0.0.0/0")})
		}, "exactly one target"},
		{"two destinations", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			toward(w, "r", routeTable(w, v), attach(w, v), pulumi.Map{"destinationIpv6CidrBlock": s("::/0")})
		}, "exactly one destination"},
		{"IPv6 through an egress-only gateway", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			eg := w.add(egressGateway, "e", pulumi.Map{"vpcId": v.ID()})
			w.add(routeType, "r", pulumi.Map{"routeTableId": routeTable(w, v).ID(), "destinationIpv6CidrBlock": s("::/0"), "egressOnlyGatewayId": eg.ID()})
		}, ""},
		{"a subnet in two tables", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			home := w.subnet("a", v, "10.0.0.0/24", "eu-west-1a")
			w.add(associationType, "x", pulumi.Map{"routeTableId": routeTable(w, v).ID(), "subnetId": home.ID()})
			w.add(associationType, "y", pulumi.Map{"routeTableId": w.add(tableType, "u", pulumi.Map{"vpcId": v.ID()}).ID(), "subnetId": home.ID()})
		}, "Resource.AlreadyAssociated|subnetId"},
		{"a table of another VPC", func(w *world) {
			v, o := w.vpc("v", "10.0.0.0/16"), w.vpc("o", "10.1.0.0/16")
			w.add(associationType, "x", pulumi.Map{"routeTableId": routeTable(w, o).ID(), "subnetId": w.subnet("a", v, "10.0.0.0/24", "eu-west-1a").ID()})
		}, "belong to different networks"},
	})
}

func TestEndpointsAreWhereTheirServiceIs(t *testing.T) {
	t.Parallel()
	names := pulumi.Map{"enableDnsHostnames": pulumi.Bool(true)}
	endpoint := func(vpc pulumi.CustomResource, service string, more ...pulumi.Map) pulumi.Map {
		return merge(pulumi.Map{"vpcId": vpc.ID(), "serviceName": s(service)}, more...)
	}
	face := pulumi.Map{"vpcEndpointType": s("Interface"), "privateDnsEnabled": pulumi.Bool(true)}
	runCases(t, []networkCase{
		{"S3 through a gateway", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			t := w.add(tableType, "t", pulumi.Map{"vpcId": v.ID()})
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.s3", pulumi.Map{"routeTableIds": list(t.ID())}))
		}, ""},
		{"another region's service", func(w *world) {
			w.add(endpointType, "e", endpoint(w.vpc("v", "10.0.0.0/16"), "com.amazonaws.us-east-1.s3"))
		}, "InvalidServiceName|com.amazonaws.us-east-1.s3"},
		{"a gateway to what has none", func(w *world) {
			w.add(endpointType, "e", endpoint(w.vpc("v", "10.0.0.0/16"), "com.amazonaws.eu-west-1.sns"))
		}, "serviceName|does not match available service types"},
		{"a gateway with subnets", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.s3", pulumi.Map{"subnetIds": list(w.subnet("a", v, "10.0.0.0/24", "eu-west-1a").ID())}))
		}, "subnetIds"},
		{"the same gateway twice in a table", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			t := w.add(tableType, "t", pulumi.Map{"vpcId": v.ID()})
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.s3", pulumi.Map{"routeTableIds": list(t.ID())}))
			w.add(endpointType, "f", endpoint(v, "com.amazonaws.eu-west-1.s3", pulumi.Map{"routeTableIds": list(t.ID())}))
		}, "RouteAlreadyExists"},
		{"an interface with private names", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16", names)
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.ssm", face, pulumi.Map{"subnetIds": list(
				w.subnet("a", v, "10.0.0.0/24", "eu-west-1a").ID(), w.subnet("b", v, "10.0.1.0/24", "eu-west-1b").ID())}))
		}, ""},
		{"private names without DNS hostnames", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.ssm", face))
		}, "enableDnsHostnames|privateDnsEnabled"},
		{"the same private names twice", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16", names)
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.ssm", face))
			w.add(endpointType, "f", endpoint(v, "com.amazonaws.eu-west-1.ssm", face))
		}, "conflicting DNS domain"},
		{"two subnets of one zone", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16", names)
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.ssm", face, pulumi.Map{"subnetIds": list(
				w.subnet("a", v, "10.0.0.0/24", "eu-west-1a").ID(), w.subnet("b", v, "10.0.1.0/24", "eu-west-1a").ID())}))
		}, "DuplicateSubnetsInSameZone"},
		{"a group of another VPC", func(w *world) {
			v, o := w.vpc("v", "10.0.0.0/16", names), w.vpc("o", "10.1.0.0/16")
			g := w.add(groupType, "g", pulumi.Map{"vpcId": o.ID()})
			w.add(endpointType, "e", endpoint(v, "com.amazonaws.eu-west-1.ssm", face, pulumi.Map{"securityGroupIds": list(g.ID())}))
		}, "securityGroupIds|is in vpc-"},
	})
}

func ingress(w *world, name string, group pulumi.CustomResource, more pulumi.Map) {
	w.add(ingressType, name, merge(pulumi.Map{"securityGroupId": group.ID(), "ipProtocol": s("tcp"), "fromPort": pulumi.Int(80), "toPort": pulumi.Int(80)}, more))
}

func groupIn(w *world, name, block string) *thing {
	return w.add(groupType, name, pulumi.Map{"vpcId": w.vpc(name, block).ID()})
}

func TestSecurityGroupRulesAreJudged(t *testing.T) {
	t.Parallel()
	anywhere := pulumi.Map{"cidrIpv4": s("0.0.0.0/0")}
	runCases(t, []networkCase{
		{"one source", func(w *world) { ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), anywhere) }, ""},
		{"no source", func(w *world) { ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), nil) }, "exactly one of cidrIpv4"},
		{"two sources", func(w *world) {
			ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), merge(pulumi.Map{"cidrIpv6": s("::/0")}, anywhere))
		}, "exactly one of cidrIpv4"},
		{"ports the wrong way round", func(w *world) {
			ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), merge(pulumi.Map{"fromPort": pulumi.Int(81)}, anywhere))
		}, "Invalid TCP/UDP port range (81:80)"},
		{"ports with all protocols", func(w *world) {
			ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), merge(pulumi.Map{"ipProtocol": s("-1")}, anywhere))
		}, "ports cannot be given with protocol -1"},
		{"the same rule twice", func(w *world) {
			g := groupIn(w, "g", "10.0.0.0/16")
			ingress(w, "r", g, anywhere)
			ingress(w, "q", g, anywhere)
		}, "InvalidPermission.Duplicate"},
		{"the same rule inside and beside", func(w *world) {
			g := w.add(groupType, "g", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "ingress": list(pulumi.Map{"protocol": s("tcp"),
				"fromPort": pulumi.Int(80), "toPort": pulumi.Int(80), "cidrBlocks": list(s("0.0.0.0/0"))})})
			ingress(w, "r", g, anywhere)
		}, "InvalidPermission.Duplicate"},
		{"the same rule both ways", func(w *world) {
			g := groupIn(w, "g", "10.0.0.0/16")
			ingress(w, "r", g, anywhere)
			w.add(egressType, "r", merge(pulumi.Map{"securityGroupId": g.ID(), "ipProtocol": s("tcp"), "fromPort": pulumi.Int(80), "toPort": pulumi.Int(80)}, anywhere))
		}, ""},
		{"a group of another VPC", func(w *world) {
			g, o := groupIn(w, "g", "10.0.0.0/16"), groupIn(w, "o", "10.1.0.0/16")
			ingress(w, "r", g, pulumi.Map{"referencedSecurityGroupId": o.ID()})
		}, "InvalidGroup.NotFound|different networks"},
		{"a group of the same VPC", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			g, o := w.add(groupType, "g", pulumi.Map{"vpcId": v.ID()}), w.add(groupType, "o", pulumi.Map{"vpcId": v.ID()})
			ingress(w, "r", g, pulumi.Map{"referencedSecurityGroupId": o.ID()})
		}, ""},
		{"an inline rule without a source", func(w *world) {
			w.add(groupType, "g", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "ingress": list(pulumi.Map{"protocol": s("tcp"),
				"fromPort": pulumi.Int(80), "toPort": pulumi.Int(80)})})
		}, "ingress[0]|needs a source"},
		{"a rule's text with all that is allowed", func(w *world) {
			ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), merge(pulumi.Map{"description": s("a-Z 0.9 _:/()#,@[]+=&;{}!$*")}, anywhere))
		}, ""},
		{"a rule's text with an apostrophe", func(w *world) {
			ingress(w, "r", groupIn(w, "g", "10.0.0.0/16"), merge(pulumi.Map{"description": s("CloudFront's origins")}, anywhere))
		}, "description|letters, digits, spaces"},
		{"an inline rule's text with an apostrophe", func(w *world) {
			w.add(groupType, "g", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "ingress": list(pulumi.Map{"protocol": s("tcp"), "description": s("it's web"),
				"fromPort": pulumi.Int(80), "toPort": pulumi.Int(80), "cidrBlocks": list(s("0.0.0.0/0"))})})
		}, "description|letters, digits, spaces"},
		{"a group's text with an apostrophe", func(w *world) {
			w.add(groupType, "g", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "description": s("the fleet's")})
		}, "description|letters, digits, spaces"},
		{"an ampersand beside a group", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			g, o := w.add(groupType, "g", pulumi.Map{"vpcId": v.ID()}), w.add(groupType, "o", pulumi.Map{"vpcId": v.ID()})
			ingress(w, "r", g, pulumi.Map{"referencedSecurityGroupId": o.ID(), "description": s("web & more")})
		}, "InvalidParameterValue|Invalid rule description"},
		{"the default group, closed", func(w *world) { w.add(defaultGroup, "d", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID()}) }, ""},
		{"two groups of one name", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			w.add(groupType, "g", pulumi.Map{"vpcId": v.ID(), "name": s("web")})
			w.add(groupType, "h", pulumi.Map{"vpcId": v.ID(), "name": s("web")})
		}, "InvalidGroup.Duplicate"},
		{"a name that looks like an id", func(w *world) {
			w.add(groupType, "g", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "name": s("sg-web")})
		}, "must not start with sg-"},
	})
}

func TestNetworkACLEntriesHaveNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	entry := func(w *world, name string, acl pulumi.CustomResource, number int, more ...pulumi.Map) {
		w.add(aclRuleType, name, merge(pulumi.Map{"networkAclId": acl.ID(), "protocol": s("-1"), "ruleAction": s("allow"),
			"ruleNumber": pulumi.Int(number), "cidrBlock": s("0.0.0.0/0")}, more...))
	}
	acl := func(w *world) *thing {
		return w.add(aclType, "a", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID()})
	}
	runCases(t, []networkCase{
		{"in and out", func(w *world) {
			a := acl(w)
			entry(w, "i", a, 100)
			entry(w, "e", a, 100, pulumi.Map{"egress": pulumi.Bool(true)})
		}, ""},
		{"one number twice", func(w *world) { a := acl(w); entry(w, "i", a, 100); entry(w, "j", a, 100) }, "NetworkAclEntryAlreadyExists|ruleNumber"},
		{"a number out of range", func(w *world) { entry(w, "i", acl(w), 32767) }, "ruleNumber|from 1 to 32766"},
		{"a wrong action", func(w *world) { entry(w, "i", acl(w), 1, pulumi.Map{"ruleAction": s("drop")}) }, "must be one of allow, deny"},
		{"an inline number twice", func(w *world) {
			entry := pulumi.Map{"ruleNo": pulumi.Int(1), "action": s("allow"), "protocol": s("tcp"), "fromPort": pulumi.Int(443), "toPort": pulumi.Int(443), "cidrBlock": s("0.0.0.0/0")}
			w.add(aclType, "a", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "ingress": list(entry, entry)})
		}, "ingress[1].ruleNo|already exists"},
		{"a subnet of another VPC", func(w *world) {
			w.add(aclAssociation, "x", pulumi.Map{"networkAclId": acl(w).ID(), "subnetId": w.subnet("s", w.vpc("o", "10.1.0.0/16"), "10.1.0.0/24", "eu-west-1a").ID()})
		}, "different networks"},
		{"the defaults of a VPC are adopted", func(w *world) {
			v := w.vpc("v", "10.0.0.0/16")
			w.add(defaultACL, "d", pulumi.Map{"defaultNetworkAclId": v.ACL})
			w.add(defaultTable, "d", pulumi.Map{"defaultRouteTableId": v.Table})
		}, ""},
		{"a default ACL that is nobody's", func(w *world) { w.add(defaultACL, "d", pulumi.Map{"defaultNetworkAclId": s("acl-0123")}) }, "InvalidNetworkAclID.NotFound"},
	})
}

func TestAFlowLogIsRefusedWhereItWouldDeliverNothing(t *testing.T) {
	t.Parallel()
	flow := func(w *world, trust string, more ...pulumi.Map) {
		role := w.add(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting(trust))})
		group := w.add(logGroupType, "g", nil)
		w.add("aws:iam/rolePolicy:RolePolicy", "r", pulumi.Map{"role": role.ID(), "policy": s(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
			`"Action":["logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogGroups","logs:DescribeLogStreams"],"Resource":"*"}]}`)})
		w.add(flowLogType, "f", merge(pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "trafficType": s("ALL"),
			"logDestination": group.Arn, "iamRoleArn": role.Arn}, more...))
	}
	const service = "vpc-flow-logs.amazonaws.com"
	runCases(t, []networkCase{
		{"a trusted role", func(w *world) { flow(w, service) }, ""},
		{"a role trusted by another service", func(w *world) { flow(w, "ec2.amazonaws.com") }, "iamRoleArn|cannot be assumed by vpc-flow-logs.amazonaws.com"},
		{"no role", func(w *world) { flow(w, service, pulumi.Map{"iamRoleArn": nil}) }, "DeliverLogsPermissionArn is required"},
		{"a destination that does not exist", func(w *world) {
			flow(w, service, pulumi.Map{"logDestination": s("arn:aws:logs:eu-west-1:111122223333:log-group:none:*")})
		}, "LogDestination.NotFound"},
		{"a role that does not exist", func(w *world) { flow(w, service, pulumi.Map{"iamRoleArn": s("arn:aws:iam::111122223333:role/none")}) }, "NoSuchEntity|account 111122223333"},
		{"two sources", func(w *world) { flow(w, service, pulumi.Map{"subnetId": s("subnet-1")}) }, "exactly one of vpcId"},
		{"a wrong interval", func(w *world) { flow(w, service, pulumi.Map{"maxAggregationInterval": pulumi.Int(300)}) }, "must be one of 60, 600"},
	})
}

func TestDHCPOptionsHaveOptions(t *testing.T) {
	t.Parallel()
	runCases(t, []networkCase{
		{"associated", func(w *world) {
			o := w.add(dhcpType, "o", pulumi.Map{"domainName": s("example.internal")})
			w.add(dhcpAssociation, "o", pulumi.Map{"vpcId": w.vpc("v", "10.0.0.0/16").ID(), "dhcpOptionsId": o.ID()})
		}, ""},
		{"empty", func(w *world) { w.add(dhcpType, "o", nil) }, "at least one option"},
		{"too many servers", func(w *world) {
			w.add(dhcpType, "o", pulumi.Map{"domainNameServers": list(s("1.1.1.1"), s("1.1.1.2"), s("1.1.1.3"), s("1.1.1.4"), s("1.1.1.5"))})
		}, "must have 1 to 4 elements, has 5"},
	})
}

func TestWhatIsMadeButDoesNothingIsNamed(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		v := w.vpc("v", "10.0.0.0/16")
		g := w.add(gatewayType, "g", pulumi.Map{"vpcId": v.ID()})
		for name, out := range map[string]bool{"open": true, "shut": false} {
			home := w.subnet(name, v, map[bool]string{true: "10.0.0.0/24", false: "10.0.1.0/24"}[out], "eu-west-1a")
			table := w.add(tableType, name, pulumi.Map{"vpcId": v.ID()})
			w.add(associationType, name, pulumi.Map{"subnetId": home.ID(), "routeTableId": table.ID()})
			if out {
				w.add(routeType, name, pulumi.Map{"routeTableId": table.ID(), "destinationCidrBlock": s("0.0.0.0/0"), "gatewayId": g.ID()})
			}
			w.add(natType, name, pulumi.Map{"subnetId": home.ID(), "allocationId": w.add(addressType, name, nil).ID()})
		}
		w.add(endpointType, "unused", pulumi.Map{"vpcId": v.ID(), "serviceName": s("com.amazonaws.eu-west-1.s3")})
	}, cloudsim.AllowIdle())
	require.NoError(t, err)
	shut, _ := rec.Named(natType, "shut")
	unused, _ := rec.Named(endpointType, "unused")
	idle := rec.Idle()
	require.Len(t, idle, 2, fmt.Sprint(idle))
	require.Contains(t, idle[shut.URN], "does not lead to an internet gateway")
	require.Contains(t, idle[unused.URN], "without a route table")
}
