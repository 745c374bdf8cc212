// Package network makes a VPC over several Availability Zones: public, private and isolated subnets from one stable
// address plan, NAT in none, one or every zone, endpoints for S3 and DynamoDB that no public address is needed for,
// network ACLs, an emptied default security group, and flow logs under a key of their own. It refuses addresses that
// do not fit, zones that are not Availability Zones of one region, a single zone without a reason, and a VPC that is
// both made and brought.
package network

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/posture"
)

// Token is the component's type.
const Token = "holdfast:index:Network"

// NATMode says how private subnets reach the internet.
type NATMode string

// The ways out.
const (
	// NATNone makes no NAT gateway: private subnets reach AWS services through endpoints and nothing else.
	NATNone NATMode = "none"
	// NATOne makes one gateway, in NATZone, that carries every zone's egress and takes it along when its zone is lost.
	NATOne NATMode = "one"
	// NATPerZone makes a gateway in each zone, so that a lost zone takes nobody else's egress along.
	NATPerZone NATMode = "per-zone"
)

// NetworkArgs describe a network. Zones and CIDR are required, unless Bring names an existing VPC.
type NetworkArgs struct {
	// Zones are the names of the Availability Zones, all of one region, for example "eu-central-1a". Required. Three
	// are recommended: after losing one of two, half of the capacity is gone. One is refused without SingleZone.
	// Adding a zone moves and renames nothing.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
	Zones []string `pulumi:"zones"`
	// CIDR is the IPv4 block of the VPC, a private /16 to /21 (see Addresses for smaller ones), for example
	// "10.0.0.0/16". Required. It cannot be changed without replacing everything in the VPC.
	// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
	CIDR string `pulumi:"cidr"`
	// Workload is the workload the network serves, for reports.
	// Default: "shared".
	Workload string `pulumi:"workload"`
	// NAT says how private subnets reach the internet: "none", "one" or "per-zone". Each gateway is charged by the
	// hour and by the gigabyte.
	// Default: "per-zone".
	NAT NATMode `pulumi:"nat"`
	// NATZone is where the gateway of NAT "one" stands. Name it when zones may be added in front of the first, because
	// moving the gateway interrupts egress.
	// Default: the first of Zones in alphabetical order.
	NATZone string `pulumi:"natZone"`
	// SingleZone is the reason why losing everything with one zone is acceptable; it allows a network of one zone.
	// Default: none, so that one zone is refused.
	SingleZone string `pulumi:"singleZone"`
	// Region is the region of the provider, for names of endpoints and policies; it must be that of Zones.
	// Default: the region of the first zone.
	Region string `pulumi:"region"`
	// Tiers are the tiers that are made. Leaving one out moves no other.
	// Default: public, private, isolated.
	Tiers []Tier `pulumi:"tiers"`
	// Addresses tunes the address plan for small blocks and unusual zones.
	// Default: eight zone slots, each zone in the slot of its letter.
	Addresses Addresses `pulumi:"addresses"`
	// IPv6 gives the VPC an Amazon-provided /56 and every subnet a /64. Private subnets then reach the internet over
	// IPv6 through an egress-only gateway, also when NAT is "none"; isolated subnets do not.
	// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
	// Default: false.
	IPv6 bool `pulumi:"ipv6"`
	// GatewayEndpoints tunes the S3 and DynamoDB gateway endpoints, which cost nothing.
	// Default: both, open to this account's principals and buckets, and to the repositories of Amazon Linux.
	GatewayEndpoints GatewayEndpoints `pulumi:"gatewayEndpoints"`
	// Endpoints are the services reached through interface endpoints, by short name, for example "ssm". Each is charged
	// by the hour in each zone. Those of autoscaling, ec2, logs, monitoring, ssm, ssmmessages and sts let through
	// requests of this account's principals alone; those of kms, secretsmanager, sns and sqs only if they are about this
	// account's resources, too. Those of other services keep AWS's default policy, which lets everything through.
	// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
	// Default: none.
	Endpoints []string `pulumi:"endpoints"`
	// FlowLogs tunes the record of all traffic.
	// Default: all traffic, every 60 seconds, to a log group with a key of its own, kept 365 days.
	FlowLogs FlowLogs `pulumi:"flowLogs"`
	// Bring names an existing VPC: nothing is made, and the arguments that describe what to make are refused.
	// Default: none, a VPC is made.
	Bring *BroughtVPC `pulumi:"bring"`
	// Alarms says where the alarms on the NAT gateways and on the silence of the flow logs go. Required, unless AlarmsOff
	// says why there are none; also where there is nothing to watch yet, so that what is added later is watched.
	Alarms alarms.Route `pulumi:"alarms"`
	// AlarmsOff is the reason why nobody is told when egress or flow logs fail.
	// Default: none, and then Alarms is required.
	AlarmsOff string `pulumi:"alarmsOff"`
	// Tags go on every resource that takes them.
	// Default: none beside Name and holdfast:component.
	Tags map[string]string `pulumi:"tags"`
	// Disposable drops the protections that keep flow logs and their key from being destroyed: data and protections
	// may be lost on destroy. For development.
	// Default: false.
	Disposable bool `pulumi:"disposable"`
	// Transform changes the arguments and options of the resources, last of all.
	// Default: nothing is changed.
	Transform Transform
}

// Addresses tunes the address plan. Neither value may change once the network exists: every subnet would move.
type Addresses struct {
	// ZoneSlots is how many zones each tier keeps room for: 2, 4 or 8. With 8 the smallest VPC is a /21, with 4 a /22,
	// with 2 a /23.
	// Default: 8.
	ZoneSlots int `pulumi:"zoneSlots"`
	// Slots gives zones a place other than that of their letter (a is 0, b is 1, …), 0 to ZoneSlots-1.
	// Default: the place of the letter.
	Slots map[string]int `pulumi:"slots"`
}

// GatewayEndpoints tunes the gateway endpoints of S3 and DynamoDB.
type GatewayEndpoints struct {
	// Off is the reason why there are none: traffic to S3 then goes, and is charged, through NAT.
	// Default: none, the endpoints are made.
	Off string `pulumi:"off"`
	// ReadBuckets are names of buckets of other accounts that may be read through the endpoint.
	// Default: those of Amazon Linux 2023 and of the Systems Manager and CloudWatch agents.
	ReadBuckets []string `pulumi:"readBuckets"`
}

// FlowLogs tunes the flow logs.
type FlowLogs struct {
	// Off is the reason why traffic is not recorded.
	// Default: none, traffic is recorded.
	Off string `pulumi:"off"`
	// RetentionDays is how long the log group keeps records: one of the periods of CloudWatch Logs.
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	// Default: 365.
	RetentionDays int `pulumi:"retentionDays"`
	// KeyARN is an existing key for the log group; its policy must admit the logs service of the region.
	// Default: a key is made.
	KeyARN pulumi.StringInput `pulumi:"keyArn"`
	// BucketARN is an existing bucket to send records to instead of a log group; its policy must admit
	// delivery.logs.amazonaws.com. https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
	// Default: none, a log group is made.
	BucketARN pulumi.StringInput `pulumi:"bucketArn"`
}

// BroughtVPC is an existing VPC. Subnets are given by zone; every tier that is given has one in each zone.
type BroughtVPC struct {
	// VPCID is the VPC's id. Required.
	VPCID pulumi.StringInput `pulumi:"vpcId"`
	// CIDR is its IPv4 block, where security-group rules need it.
	// Default: unknown.
	CIDR string `pulumi:"cidr"`
	// Public are the subnets with a route to an internet gateway.
	// Default: none.
	Public map[string]pulumi.StringInput `pulumi:"public"`
	// Private are the subnets of the workload.
	// Default: none.
	Private map[string]pulumi.StringInput `pulumi:"private"`
	// Isolated are the subnets of data stores.
	// Default: none.
	Isolated map[string]pulumi.StringInput `pulumi:"isolated"`
	// PublicCIDRs are the public subnets' blocks, by zone, for checks of their size.
	// Default: unknown.
	PublicCIDRs map[string]string `pulumi:"publicCidrs"`
	// PrivateCIDRs are the private subnets' blocks, by zone, for checks of their size.
	// Default: unknown.
	PrivateCIDRs map[string]string `pulumi:"privateCidrs"`
	// S3PrefixList is the id of the managed prefix list of S3, where the VPC has a gateway endpoint for it.
	// Default: none.
	S3PrefixList pulumi.StringInput `pulumi:"s3PrefixList"`
	// S3Endpoint is the id of that gateway endpoint.
	// Default: none.
	S3Endpoint pulumi.StringInput `pulumi:"s3Endpoint"`
	// InternetGateway is the id of the VPC's internet gateway, which CloudFront's VPC origins need.
	// Default: none.
	InternetGateway pulumi.StringInput `pulumi:"internetGateway"`
	// NATGateways are the gateways that carry the private subnets' egress, by zone; they are watched by alarms.
	// Default: none, and then InternetEgress says whether there is another way out.
	NATGateways map[string]pulumi.StringInput `pulumi:"natGateways"`
	// InternetEgress is true where private subnets reach the internet by other means, such as a transit gateway.
	// Default: false.
	InternetEgress bool `pulumi:"internetEgress"`
	// IPv6 is true where the subnets have IPv6 blocks.
	// Default: false.
	IPv6 bool `pulumi:"ipv6"`
}

// Network is a VPC with its subnets, ways out and records.
type Network struct {
	pulumi.ResourceState

	// VPCID is what peerings, transit gateway attachments and private hosted zones ask for.
	VPCID pulumi.StringOutput
	// EgressAddresses are the public addresses that the world sees, by zone: for allow-lists of partners.
	EgressAddresses pulumi.StringMapOutput
	// EndpointSecurityGroupID admits HTTPS from the VPC to the interface endpoints; "" when there are none.
	EndpointSecurityGroupID pulumi.StringOutput
	// FlowLogGroup is the log group's name, for queries; "" when records go elsewhere.
	FlowLogGroup pulumi.StringOutput

	// VPC is the escape hatch to the VPC itself; nil when it was brought.
	VPC *ec2.Vpc
	// RouteTables is the escape hatch for routes of one's own, for example to a transit gateway: keyed "public",
	// "isolated", and "private-" followed by the zone.
	RouteTables map[string]*ec2.RouteTable

	placement Placement
	posture   posture.Posture
	alarms    *alarms.Set
	widgets   []alarms.Widget
}

// NewNetwork makes a network, or wraps one that is brought.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	p, err := newPlan(name, args)
	if err != nil {
		return nil, component.Fail("Network", name, err)
	}
	n := &Network{RouteTables: map[string]*ec2.RouteTable{}}
	kids, err := component.Register(ctx, Token, name, p.intent(), n, p.args.Tags, opts...)
	if err != nil {
		return nil, component.Fail("Network", name, err)
	}
	b := &builder{ctx: ctx, plan: p, kids: kids, transform: p.args.Transform, network: n}
	if err := b.build(); err != nil {
		return nil, component.Fail("Network", name, err)
	}
	n.posture = p.posture(name, n.alarms)
	return n, ctx.RegisterResourceOutputs(n, n.outputs())
}

// Placement is the handle that other components take.
func (n *Network) Placement() Placement { return n.placement }

// Posture states what the network loses, when, and what it costs.
func (n *Network) Posture() posture.Posture { return n.posture }

// Widgets are the network's part of a dashboard.
func (n *Network) Widgets() []alarms.Widget { return slices.Clone(n.widgets) }

func (n *Network) outputs() pulumi.Map {
	return pulumi.Map{
		"vpcId":                   n.VPCID,
		"egressAddresses":         n.EgressAddresses,
		"endpointSecurityGroupId": n.EndpointSecurityGroupID,
		"flowLogGroup":            n.FlowLogGroup,
	}
}

// intent is what state records of the caller's wishes, for policies to compare with the resources.
func (p plan) intent() pulumi.Map {
	a := p.args
	intent := pulumi.Map{
		"workload": pulumi.String(a.Workload), "zones": pulumi.ToStringArray(p.zones), "disposable": pulumi.Bool(a.Disposable),
		"brought": pulumi.Bool(a.Bring != nil),
	}
	if a.Bring != nil {
		return intent
	}
	intent["cidr"] = pulumi.String(a.CIDR)
	intent["nat"] = pulumi.String(a.NAT)
	intent["natZones"] = pulumi.ToStringArray(p.natZones)
	intent["ipv6"] = pulumi.Bool(a.IPv6)
	intent["singleZone"] = pulumi.String(a.SingleZone)
	intent["endpoints"] = pulumi.ToStringArray(a.Endpoints)
	intent["gatewayEndpointsOff"] = pulumi.String(a.GatewayEndpoints.Off)
	intent["flowLogsOff"] = pulumi.String(a.FlowLogs.Off)
	return intent
}
