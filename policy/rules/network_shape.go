package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	defaultNetwork = "aws:ec2/defaultVpc:DefaultVpc"
	defaultSubnet  = "aws:ec2/defaultSubnet:DefaultSubnet"
	flowLog        = "aws:ec2/flowLog:FlowLog"
)

// networkShapeRules are about networks, subnets and their routes and endpoints.
func networkShapeRules() []*policy.Rule {
	return []*policy.Rule{noDefaultNetwork(), flowLogs(), noAutoPublicAddress(), privateDefaultRoute(), interfaceEndpoints()}
}

func noDefaultNetwork() *policy.Rule {
	return &policy.Rule{
		ID: "no-default-vpc", Title: "Nothing runs in the default network", Severity: policy.High,
		Anchors: "ckv:148 trivy:0101",
		Why:     "every subnet of the default network is public and gives out public addresses, and its ranges clash with those of other accounts",
		Fix:     "make a Vpc of your own and remove DefaultVpc and DefaultSubnet from the program",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html"},
		Check: func(c *policy.Case) {
			for n := range c.Each(defaultNetwork, defaultSubnet) {
				c.At(n).Broken("", "the stack uses the account's default network", "a network of its own")
			}
		},
		Proof: policy.Proof{
			Good: `resources: {net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}}`,
			Bad: []string{
				`+old={type: "aws:ec2/defaultVpc:DefaultVpc"}`, `+old={type: "aws:ec2/defaultSubnet:DefaultSubnet", properties: {availabilityZone: eu-central-1a}}`,
			},
			Unguarded: "the resource itself breaks the rule, not one of its values", FixtureOnly: "the edit adds a resource",
			Also: []string{"ghost-reference"},
		},
	}
}

func flowLogs() *policy.Rule {
	return &policy.Rule{
		ID: "vpc-flow-logs", Title: "Networks keep flow logs", Severity: policy.Medium,
		Types:   []string{network},
		Anchors: "nag:VPC7 fsbp:EC2.6 ckv2:11 trivy:0178 config:VPC_FLOW_LOGS_ENABLED cis:3.7 nist:AU-2",
		Why:     "without them nobody can say who talked to whom, neither after an incident nor while a connection is refused",
		Fix:     "add a FlowLog with vpcId and trafficType ALL or REJECT",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"},
		Check: func(c *policy.Case) {
			var partial policy.Value
			for _, n := range c.Graph().ByType(flowLog) {
				if n.Get("vpcId").Ref(network).Node() != c.Node {
					continue
				}
				kind := n.Get("trafficType")
				if kind.Unknown() {
					c.Unclear(kind)
					return
				}
				if kind.In("ALL", "REJECT") {
					return
				}
				partial = kind
			}
			if partial.Known() {
				c.Broken("", "the flow log keeps traffic "+partial.Show()+" only", "a flow log of ALL or REJECT", policy.Saw(partial.Node(), "trafficType", "flow log"))
				return
			}
			c.Broken("", "no flow log", "a flow log of ALL or REJECT")
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  log: {type: "aws:ec2/flowLog:FlowLog", properties: {vpcId: "${net.id}", trafficType: ALL}}
`,
			Bad:   []string{"log!", "log.trafficType=ACCEPT", "log.trafficType!", "log.vpcId!"},
			Guard: "log.trafficType", Absent: policy.Violation,
		},
	}
}

func noAutoPublicAddress() *policy.Rule {
	return &policy.Rule{
		ID: "subnet-no-auto-public-ip", Title: "Subnets give out no public addresses by themselves", Severity: policy.Medium,
		Types:   []string{subnet},
		Anchors: "nagn:VPCSubnetAutoAssignPublicIpDisabled fsbp:EC2.15 ckv:130 trivy:0164 config:SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED nist:SC-7",
		Why:     "whatever is started in the subnet is on the internet without anybody having asked for it",
		Fix:     "set mapPublicIpOnLaunch to false; load balancers and NAT gateways get their addresses anyway",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html"},
		Check:   isFalse("mapPublicIpOnLaunch"),
		Proof: policy.Proof{
			Good:  `resources: {a: {type: "aws:ec2/subnet:Subnet", properties: {cidrBlock: 10.0.0.0/24, mapPublicIpOnLaunch: false}}}`,
			Bad:   []string{"a.mapPublicIpOnLaunch=true"},
			Guard: "a.mapPublicIpOnLaunch", Absent: policy.Pass,
		},
	}
}

func privateDefaultRoute() *policy.Rule {
	return &policy.Rule{
		ID: "private-default-route-via-nat", Title: "Default routes lead to gateways that AWS runs", Severity: policy.Medium,
		Types:   append([]string{singleRoute}, anyRouteTable...),
		Anchors: "nagn:VPCNoUnrestrictedRouteToIGW ckv2:35,44",
		Why:     "a default route to one interface is one machine for everything that leaves, and through a peering connection nothing passes at all",
		Fix:     "route 0.0.0.0/0 to a NAT gateway, an internet gateway for public subnets, or a transit gateway",
		Sources: []string{
			"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-comparison.html",
			"https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html",
		},
		Check: func(c *policy.Case) {
			if c.Type == singleRoute {
				judgeDefaultRoute(c, c.Props(), c.Get("destinationCidrBlock"), c.Get("destinationIpv6CidrBlock"))
				return
			}
			c.Unclear(unknownIn(c.Get("routes"))...)
			for _, item := range c.Get("routes").List() {
				judgeDefaultRoute(c, item, item.Get("cidrBlock"), item.Get("ipv6CidrBlock"))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  table: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}", routes: [{cidrBlock: 10.1.0.0/16, vpcPeeringConnectionId: pcx-1}]}}
  out: {type: "aws:ec2/route:Route", properties: {routeTableId: "${table.id}", destinationCidrBlock: 0.0.0.0/0, natGatewayId: nat-1}}
`,
			Bad: []string{
				"out.natGatewayId! ; out.gatewayId! ; out.vpcPeeringConnectionId=pcx-1", "out.natGatewayId! ; out.gatewayId! ; out.networkInterfaceId=eni-1",
				`out.natGatewayId! ; out.gatewayId! ; out.destinationCidrBlock! ; out.destinationIpv6CidrBlock="::/0" ; out.networkInterfaceId=eni-1`,
				"table.routes=[{cidrBlock: 0.0.0.0/0, networkInterfaceId: eni-1}]",
			},
			Guard: "out.destinationCidrBlock", Absent: policy.Pass,
			Also: []string{"client-to-elb-reachability", "nat-can-reach-internet"},
		},
	}
}

// judgeDefaultRoute wants a default route not to lead to a single interface or a peering connection.
func judgeDefaultRoute(c *policy.Case, route, v4, v6 policy.Value) {
	for _, destination := range []policy.Value{v4, v6} {
		if destination.Unknown() {
			c.Unclear(destination)
			return
		}
	}
	if !v4.Is("0.0.0.0/0") && !v6.Is("::/0") {
		return
	}
	for _, key := range []string{"networkInterfaceId", "vpcPeeringConnectionId"} {
		target := route.Get(key)
		if !target.Empty() && route.Get("gatewayId").Empty() && route.Get("natGatewayId").Empty() {
			c.Fail(target, "a NAT gateway, internet gateway or transit gateway")
		}
	}
}

func interfaceEndpoints() *policy.Rule {
	return &policy.Rule{
		ID: "vpc-interface-endpoints", Title: "Networks with servers reach the services that run them without the internet", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{network},
		Anchors: "fsbp:EC2.10,EC2.55,EC2.56,EC2.57 config:SERVICE_VPC_ENDPOINT_ENABLED nist:SC-7",
		Why:     "without endpoints the management of servers and the pull of images depend on NAT gateways, and their traffic leaves the network",
		Fix:     "add an interface endpoint with privateDnsEnabled for each service that is missing",
		Sources: []string{
			"https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html",
			"https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
		},
		Settings: []policy.Setting{
			{Name: "services", Kind: policy.KindList, Default: []any{"ec2", "ssm", "ssmmessages"}, Help: "the services that networks with servers have endpoints for"},
			{Name: "container-services", Kind: policy.KindList, Default: []any{"ecr.api", "ecr.dkr"}, Help: "those of networks with containers, in addition"},
		},
		Check: checkInterfaceEndpoints,
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24, availabilityZone: eu-central-1a}}
  web: {type: "aws:autoscaling/group:Group", properties: {vpcZoneIdentifiers: ["${a.id}"]}}
  hosts: {type: "aws:ec2/vpcEndpoint:VpcEndpoint", properties: {vpcId: "${net.id}", vpcEndpointType: Interface, serviceName: com.amazonaws.eu-central-1.ec2}}
  manage: {type: "aws:ec2/vpcEndpoint:VpcEndpoint", properties: {vpcId: "${net.id}", vpcEndpointType: Interface, serviceName: com.amazonaws.eu-central-1.ssm}}
  talk: {type: "aws:ec2/vpcEndpoint:VpcEndpoint", properties: {vpcId: "${net.id}", vpcEndpointType: Interface, serviceName: com.amazonaws.eu-central-1.ssmmessages}}
`,
			Bad: []string{
				"hosts!", "manage.serviceName=com.amazonaws.eu-central-1.logs", "talk.vpcId=vpc-2",
				`+run={type: "aws:ecs/service:Service", properties: {networkConfiguration: {subnets: ["${a.id}"]}}}`,
			},
			Guard: "manage.serviceName", Absent: policy.Violation, Exempt: "web!",
			Also: []string{"asg-multi-az", "instance-to-artifact-reachability", "ecs-no-public-ip", "az-loss-capacity"},
		},
	}
}

func checkInterfaceEndpoints(c *policy.Case) {
	servers, containers := tenants(c.Graph(), &serversKey, group, instance)[c.Node], tenants(c.Graph(), &containersKey, ecsService)[c.Node]
	if !servers && !containers {
		c.Skip("no servers of the stack run in the network")
		return
	}
	wanted := c.Texts("services")
	if containers {
		wanted = slices.Concat(wanted, c.Texts("container-services"))
	}
	var unsure []policy.Value
	for _, n := range referringBy(c.Graph(), endpoint, "vpcId", network).to[c.Node] {
		service := n.Get("serviceName")
		if service.Unknown() {
			unsure = append(unsure, service)
			continue
		}
		// Names are com.amazonaws.<region>.<service>, and the service may have dots.
		parts := strings.SplitN(service.Text(), ".", 4)
		wanted = slices.DeleteFunc(wanted, func(each string) bool { return len(parts) == 4 && parts[3] == each })
	}
	if len(wanted) == 0 {
		return
	}
	if len(unsure) > 0 {
		c.Unclear(unsure...)
		return
	}
	c.Broken("", "no interface endpoint for "+strings.Join(wanted, ", "), "an interface endpoint for each",
		policy.Fix("add interface endpoints for %s", strings.Join(wanted, ", ")))
}

var serversKey, containersKey byte

// tenants are the networks in which resources of the types run; the key is the caller's own.
func tenants(g *policy.Graph, key *byte, types ...string) map[*policy.Node]bool {
	return policy.Memo(g, key, func(g *policy.Graph) map[*policy.Node]bool {
		found := map[*policy.Node]bool{}
		for _, n := range g.ByType(types...) {
			for _, property := range []string{"vpcZoneIdentifiers", "subnetId", "networkConfiguration.subnets"} {
				subnets, _ := n.Get(property).Refs(subnet)
				for _, s := range subnets {
					found[s.Get("vpcId").Ref(network).Node()] = true
				}
			}
		}
		return found
	})
}
