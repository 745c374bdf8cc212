package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// exitRules are about the ways out of private subnets.
func exitRules() []*policy.Rule {
	return []*policy.Rule{natInOwnZone(), natReachesInternet(), serversReachStorage()}
}

func natInOwnZone() *policy.Rule {
	return &policy.Rule{
		ID: "nat-in-own-zone", Title: "Private subnets leave through a NAT gateway of their own zone", Severity: policy.High, ProdOnly: true,
		Types:   []string{subnet},
		Anchors: "nist:SC-36",
		Why:     "when the zone of the NAT gateway is lost, the subnets of the other zones lose their way out with it",
		Fix:     "make a NAT gateway in each zone, and route the subnets of a zone to its own",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html"},
		Check: func(c *policy.Case) {
			out, route := routingOf(c.Graph()).out(c.Node, false)
			if out == unclear {
				c.UnclearBecause("", "the route table of the subnet is not known")
				return
			}
			if out != nat {
				c.Skip("the subnet has no route to a NAT gateway")
				return
			}
			gateway := route.target.Ref(natGateway).Node()
			if gateway == nil {
				c.UnclearBecause("", "the NAT gateway is not part of the stack")
				return
			}
			home := gateway.Get("subnetId").Ref(subnet).Node()
			if home == nil {
				c.UnclearBecause("", "the subnet of the NAT gateway is not part of the stack")
				return
			}
			own, other := zoneOf(c.Node), zoneOf(home)
			if home == c.Node || !own.Known() || !other.Known() {
				if !own.Known() || !other.Known() {
					c.Unclear(own, other)
				}
				return
			}
			if own.Text() != other.Text() {
				c.Broken("availabilityZone", "the way out is "+gateway.String()+" in zone "+other.Show(), "a NAT gateway in zone "+own.Show(),
					policy.Saw(route.node, route.target.Path(), "default route"), policy.Saw(home, "availabilityZone", "subnet of the NAT gateway"))
			}
		},
		Proof: policy.Proof{
			Good:  natStack,
			Bad:   []string{"app-b.availabilityZone=eu-central-1c", `out-b.natGatewayId="${nat-a.id}"`, `nat-b.subnetId="${door-a.id}"`},
			Guard: "app-b.availabilityZone", Absent: policy.Unknown, Exempt: "out-a! ; out-b!",
			FixtureOnly: "the real environments have interface endpoints instead of NAT gateways",
		},
	}
}

// natStack is two zones, each with its own way out.
const natStack = `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  gateway: {type: "aws:ec2/internetGateway:InternetGateway", properties: {vpcId: "${net.id}"}}
  door-a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24, availabilityZone: eu-central-1a}}
  door-b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.2.0/24, availabilityZone: eu-central-1b}}
  app-a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.11.0/24, availabilityZone: eu-central-1a}}
  app-b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.12.0/24, availabilityZone: eu-central-1b}}
  doors: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}", routes: [{cidrBlock: 0.0.0.0/0, gatewayId: "${gateway.id}"}]}}
  routes-a: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}"}}
  routes-b: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}"}}
  out-a: {type: "aws:ec2/route:Route", properties: {routeTableId: "${routes-a.id}", destinationCidrBlock: 0.0.0.0/0, natGatewayId: "${nat-a.id}"}}
  out-b: {type: "aws:ec2/route:Route", properties: {routeTableId: "${routes-b.id}", destinationCidrBlock: 0.0.0.0/0, natGatewayId: "${nat-b.id}"}}
  in-door-a: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${doors.id}", subnetId: "${door-a.id}"}}
  in-door-b: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${doors.id}", subnetId: "${door-b.id}"}}
  in-app-a: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${routes-a.id}", subnetId: "${app-a.id}"}}
  in-app-b: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${routes-b.id}", subnetId: "${app-b.id}"}}
  ip-a: {type: "aws:ec2/eip:Eip"}
  ip-b: {type: "aws:ec2/eip:Eip"}
  nat-a: {type: "aws:ec2/natGateway:NatGateway", properties: {subnetId: "${door-a.id}", allocationId: "${ip-a.id}"}}
  nat-b: {type: "aws:ec2/natGateway:NatGateway", properties: {subnetId: "${door-b.id}", allocationId: "${ip-b.id}"}}
`

func natReachesInternet() *policy.Rule {
	return &policy.Rule{
		ID: "nat-can-reach-internet", Title: "NAT gateways have a way to the internet", Severity: policy.High,
		Types:   []string{natGateway},
		Why:     "a public NAT gateway without an address, or in a subnet without a route to an internet gateway, drops everything that is sent to it",
		Fix:     "give it an allocationId, and put it into a subnet whose default route leads to an internet gateway",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html"},
		Check: func(c *policy.Case) {
			if kind := c.Get("connectivityType"); kind.Unknown() || kind.Is("private") {
				if kind.Unknown() {
					c.Unclear(kind)
					return
				}
				c.Skip("a private NAT gateway does not lead to the internet")
				return
			}
			c.Set("allocationId", "an Elastic IP address")
			home := c.Get("subnetId").Ref(subnet).Node()
			if home == nil {
				c.UnclearBecause("subnetId", "the subnet is not part of the stack")
				return
			}
			switch out, _ := routingOf(c.Graph()).out(home, false); out {
			case unclear:
				c.UnclearBecause("subnetId", "the route table of the subnet is not known")
			case internet:
			default:
				c.Broken("subnetId", "the default route of "+home.Name+" leads to: "+string(out), "a subnet with a route to an internet gateway",
					policy.Saw(home, "", "subnet of the NAT gateway"))
			}
		},
		Proof: policy.Proof{
			Good: natStack,
			Bad: []string{
				"nat-a.allocationId!", "doors.routes=[]", "in-door-b!", `nat-a.subnetId="${app-a.id}"`, `nat-a.connectivityType=public ; nat-a.allocationId=""`,
			},
			Guard: "nat-a.subnetId", Absent: policy.Unknown, Exempt: "nat-a.connectivityType=private ; nat-a.allocationId!",
			Also:        []string{"eip-attached", "nat-in-own-zone"},
			FixtureOnly: "the real environments have interface endpoints instead of NAT gateways",
		},
	}
}

func serversReachStorage() *policy.Rule {
	return &policy.Rule{
		ID: "instance-to-artifact-reachability", Title: "Servers that fetch what they run from S3 can reach it", Severity: policy.Critical,
		Types:   []string{group},
		Anchors: "nist:SC-7",
		Why:     "a server that cannot fetch its program or packages never becomes healthy, and the group starts the next one for ever",
		Fix:     "add a gateway endpoint for S3 to the route tables of the group's subnets, and let tcp 443 out to its prefix list",
		Sources: []string{
			"https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html",
			"https://docs.aws.amazon.com/linux/al2023/ug/managing-repos-os-updates.html",
		},
		Check: checkServersReachStorage,
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  app: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.11.0/24, availabilityZone: eu-central-1a}}
  table: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}"}}
  in-app: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${table.id}", subnetId: "${app.id}"}}
  storage:
    type: aws:ec2/vpcEndpoint:VpcEndpoint
    properties: {vpcId: "${net.id}", serviceName: com.amazonaws.eu-central-1.s3, vpcEndpointType: Gateway, routeTableIds: ["${table.id}"]}
  door:
    type: aws:ec2/networkAcl:NetworkAcl
    properties:
      subnetIds: ["${app.id}"]
      egress: [{ruleNo: 100, action: allow, protocol: "6", fromPort: 443, toPort: 443, cidrBlock: 0.0.0.0/0}]
      ingress: [{ruleNo: 100, action: allow, protocol: "6", fromPort: 1024, toPort: 65535, cidrBlock: 0.0.0.0/0}]
  web-sg: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {vpcId: "${net.id}"}}
  to-storage:
    type: aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule
    properties: {securityGroupId: "${web-sg.id}", ipProtocol: tcp, fromPort: 443, toPort: 443, prefixListId: "${storage.prefixListId}"}
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {userData: IyEvYmluL3No, vpcSecurityGroupIds: ["${web-sg.id}"]}}
  web: {type: "aws:autoscaling/group:Group", properties: {launchTemplate: {id: "${launch.id}"}, vpcZoneIdentifiers: ["${app.id}"]}}
`,
			Bad: []string{
				"to-storage.fromPort=80 ; to-storage.toPort=80", "to-storage.prefixListId! ; to-storage.cidrIpv4=10.0.0.0/16", "to-storage!",
				"storage.routeTableIds=[]", "storage.serviceName=com.amazonaws.eu-central-1.dynamodb", "storage!",
				"door.egress=[]", "door.ingress[0].fromPort=61000", "in-app!",
			},
			Guard: "storage.serviceName", Absent: policy.Violation, Exempt: "launch.userData!",
			Also: []string{"asg-multi-az", "elb-to-instance-reachability", "client-to-elb-reachability", "vpc-interface-endpoints", "sg-attached", "security-group-pairs-agree"},
		},
	}
}

// storageEndpoint is the gateway endpoint for S3 in a route table, or nil; unsure is a service name that is not known.
func storageEndpoint(t *table) (found *policy.Node, unsure []policy.Value) {
	for _, n := range t.endpoints {
		service := n.Get("serviceName")
		if service.Unknown() {
			unsure = append(unsure, service)
		}
		if strings.HasSuffix(service.Text(), ".s3") {
			return n, nil
		}
	}
	return nil, unsure
}

func checkServersReachStorage(c *policy.Case) {
	template, waits := templateOf(c.Node)
	if template == nil {
		if !waits.Absent() {
			c.UnclearBecause(waits.Path(), "the launch template is not part of the stack")
			return
		}
		c.Skip("the group has no launch template")
		return
	}
	if template.Get("userData").Empty() && template.Get("userDataBase64").Empty() {
		c.Skip("servers run nothing when they start")
		return
	}
	from := groupStation(c.Node)
	routes := routingOf(c.Graph())
	for _, at := range from.subnets {
		f := words(fmt.Sprintf("%s -> S3:443 from %s", c.Node, at.Name))
		to, h := storageWay(routes, at)
		if h == nil {
			h = storageHop(c, from, at, to)
		}
		tell(c, "vpcZoneIdentifiers", f, h, policy.Saw(template, "userData", "runs when a server starts"), policy.Saw(at, "", "subnet of the group"))
	}
	c.Unclear(from.unsure...)
}

// storageWay is the route from a subnet to S3: the addresses at its end, or the hop that is missing.
func storageWay(routes *routing, at *policy.Node) (to peer, missing *hop) {
	t := routes.at(at)
	gateway, unsure := storageEndpoint(t)
	if gateway != nil {
		to = peer{endpoint: gateway, ranges: []netip.Prefix{everyoneV4}}
		return to, nil
	}
	h := &hop{at: at, answer: passage{unsure: append(unsure, t.unsure...)}}
	h.what = "no gateway endpoint for S3 in its route table, and no default route"
	h.fix = "add the route table of " + at.Name + " to routeTableIds of a gateway endpoint for S3"
	if t.node != nil {
		h.evidence, h.note = t.node, "route table of the subnet"
	}
	switch out, _ := routes.out(at, false); out {
	case nat, internet:
		return peer{ranges: []netip.Prefix{everyoneV4}}, nil
	case elsewhere, unclear:
		h.answer.unmodelled = "its default route leads to: " + string(out)
	}
	return to, h
}

// storageHop is what stops a server at its security group or at the network ACL.
func storageHop(c *policy.Case, from *station, at *policy.Node, to peer) *hop {
	if len(from.groups) == 0 {
		return stationDoubt(from)
	}
	pass := firewallOf(c.Graph()).admits(from.groups, true, to, "tcp", onePort(443))
	if !pass.open {
		h := &hop{at: from.groups[0], answer: pass}
		h.what = fmt.Sprintf("security group %s does not let tcp 443 out to S3", names(from.groups))
		h.fix = fmt.Sprintf("add to %s an egress rule for tcp 443 to the prefix list of the S3 endpoint", h.at)
		h.answer.unsure = append(h.answer.unsure, from.unsure...)
		return h
	}
	ranges, unsure := to.ranges, []policy.Value(nil)
	if to.endpoint != nil {
		ranges, unsure = storageRanges(to.endpoint)
	}
	if h := aclHop(at, ranges, unsure, true, "tcp", onePort(443)); h != nil {
		return h
	}
	return aclHop(at, ranges, unsure, false, "tcp", linuxAnswerPorts)
}

// storageRanges are the addresses behind an endpoint, which AWS tells once it is made.
func storageRanges(n *policy.Node) (ranges []netip.Prefix, unsure []policy.Value) {
	blocks := n.Get("cidrBlocks")
	for _, item := range blocks.List() {
		if p, ok := prefixOf(item); ok {
			ranges = append(ranges, p)
		}
	}
	if len(ranges) == 0 {
		return nil, []policy.Value{blocks}
	}
	return ranges, nil
}
