package rules

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// words is a flow that has no station at one end.
type words string

func (w words) String() string { return string(w) }

func clientsReachBalancer() *policy.Rule {
	return &policy.Rule{
		ID: "client-to-elb-reachability", Title: "Clients reach the load balancer", Severity: policy.Critical,
		Types:   balancers,
		Anchors: "nist:SC-7",
		Why:     "a load balancer that no client can reach serves nobody, and every alarm on its errors stays quiet",
		Fix:     "open the hop that the message names, for the ports of the listeners that forward requests",
		Sources: []string{
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
			"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html",
			"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
		},
		Settings: []policy.Setting{{
			Name: "cloudfront-prefix-lists", Kind: policy.KindList, Default: []any{},
			Help: "the ids of the prefix lists that hold CloudFront's origin-facing addresses; the stack only knows their ids",
		}},
		Check: checkClientsReachBalancer,
		Proof: policy.Proof{
			Good: entryStack,
			Bad: []string{
				"origin.vpcOriginEndpointConfig.httpsPort=8443 ; origin.vpcOriginEndpointConfig.httpPort=8080", "listener.port=8443", "listener!",
				"from-edge.fromPort=444 ; from-edge.toPort=444", "from-edge!", "from-edge.ipProtocol=udp",
				"way-out!", "gateway!", "table-b!", "door.ingress=[]", "door.egress[0].toPort=1023",
				`door.ingress[1]={ruleNo: 1, action: deny, protocol: "6", fromPort: 443, toPort: 443, cidrBlock: 203.0.113.0/24}`,
				"public-sg.ingress=[]", "public-listener.port=8443", "way-out.gatewayId=vgw-1",
			},
			Guard: "listener.port", Absent: policy.Unknown, Exempt: "listener! ; origin! ; public-listener!",
			Also: []string{"elb-and-asg-share-zones", "sg-attached", "tls-path", "private-default-route-via-nat", "lb-listener-encrypted", "security-group-pairs-agree"},
		},
	}
}

// entryStack is an internal load balancer behind CloudFront and one that faces the internet, both reachable.
const entryStack = `
policy:
  lb-internet-facing-declared: {internet-facing: [public]}
  client-to-elb-reachability: {cloudfront-prefix-lists: [pl-edge]}
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  gateway: {type: "aws:ec2/internetGateway:InternetGateway", properties: {vpcId: "${net.id}"}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24, availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.2.0/24, availabilityZone: eu-central-1b}}
  table: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}"}}
  way-out: {type: "aws:ec2/route:Route", properties: {routeTableId: "${table.id}", destinationCidrBlock: 0.0.0.0/0, gatewayId: "${gateway.id}"}}
  table-a: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${table.id}", subnetId: "${a.id}"}}
  table-b: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${table.id}", subnetId: "${b.id}"}}
  door:
    type: aws:ec2/networkAcl:NetworkAcl
    properties:
      vpcId: "${net.id}"
      subnetIds: ["${a.id}", "${b.id}"]
      ingress: [{ruleNo: 100, action: allow, protocol: "6", fromPort: 443, toPort: 443, cidrBlock: 0.0.0.0/0}]
      egress: [{ruleNo: 100, action: allow, protocol: "6", fromPort: 1024, toPort: 65535, cidrBlock: 0.0.0.0/0}]
  target: {type: "aws:lb/targetGroup:TargetGroup", properties: {port: 80, protocol: HTTP, vpcId: "${net.id}"}}
  inner-sg: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {vpcId: "${net.id}"}}
  from-edge:
    type: aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule
    properties: {securityGroupId: "${inner-sg.id}", ipProtocol: tcp, fromPort: 443, toPort: 443, prefixListId: pl-edge}
  inner:
    type: aws:lb/loadBalancer:LoadBalancer
    properties: {internal: true, subnets: ["${a.id}", "${b.id}"], securityGroups: ["${inner-sg.id}"]}
  listener:
    type: aws:lb/listener:Listener
    properties: {loadBalancerArn: "${inner.arn}", port: 443, protocol: HTTPS, defaultActions: [{type: forward, targetGroupArn: "${target.arn}"}]}
  origin:
    type: aws:cloudfront/vpcOrigin:VpcOrigin
    properties: {vpcOriginEndpointConfig: {arn: "${inner.arn}", httpPort: 80, httpsPort: 443, originProtocolPolicy: https-only}}
  public-sg:
    type: aws:ec2/securityGroup:SecurityGroup
    properties: {vpcId: "${net.id}", ingress: [{protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [0.0.0.0/0]}]}
  public:
    type: aws:lb/loadBalancer:LoadBalancer
    properties: {internal: false, subnets: ["${a.id}", "${b.id}"], securityGroups: ["${public-sg.id}"]}
  public-listener:
    type: aws:lb/listener:Listener
    properties: {loadBalancerArn: "${public.arn}", port: 443, protocol: HTTPS, defaultActions: [{type: forward, targetGroupArn: "${target.arn}"}]}
`

// listenersOf are the listeners of each load balancer that forward requests, themselves or by one of their rules.
func listenersOf(balancer *policy.Node) []*policy.Node {
	return policy.Memo(balancer.Graph(), &listenersKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		forwarding := map[*policy.Node]bool{}
		for _, n := range g.ByType(listenerRules...) {
			if found, _ := forwardsTo(n); len(found) > 0 {
				for _, at := range n.Get("listenerArn").Ref(listeners...).Nodes {
					forwarding[at] = true
				}
			}
		}
		of := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(listeners...) {
			found, complete := forwardsTo(n)
			if at := balancerOf(n); at != nil && (len(found) > 0 || !complete || forwarding[n]) {
				of[at] = append(of[at], n)
			}
		}
		return of
	})[balancer]
}

var listenersKey int

func checkClientsReachBalancer(c *policy.Case) {
	origins := originsOf(c.Node)
	open := listenersOf(c.Node)
	if len(open) == 0 && len(origins) == 0 {
		c.Skip("no listener of the stack forwards requests")
		return
	}
	ports := map[int]bool{}
	for _, n := range open {
		port := n.Get("port")
		if !port.Known() || !port.IsNumber() {
			c.Unclear(port)
			return
		}
		ports[int(port.Number())] = true
	}
	to := balancerStation(c.Node)
	for _, n := range origins {
		judgeOrigin(c, n, to, ports)
	}
	for _, n := range open {
		if len(origins) == 0 {
			judgeClients(c, n, to)
		}
	}
	if c.Get("internal").Unknown() {
		c.Unclear(c.Get("internal"))
		return
	}
	if !c.Get("internal").True() {
		judgePublic(c, to)
	}
}

// originsOf are the CloudFront origins inside the network that lead to the load balancer.
func originsOf(balancer *policy.Node) []*policy.Node {
	var found []*policy.Node
	for _, n := range balancer.Graph().ByType(cdnVPCOrigin) {
		if n.Get("vpcOriginEndpointConfig.arn").Ref(balancers...).Node() == balancer {
			found = append(found, n)
		}
	}
	return found
}

// originPorts are the ports that CloudFront asks on.
func originPorts(origin *policy.Node) []policy.Value {
	const at = "vpcOriginEndpointConfig."
	switch choice := origin.Get(at + "originProtocolPolicy"); {
	case choice.Is("https-only"):
		return []policy.Value{origin.Get(at + "httpsPort")}
	case choice.Is("http-only"):
		return []policy.Value{origin.Get(at + "httpPort")}
	}
	return []policy.Value{origin.Get(at + "httpsPort"), origin.Get(at + "httpPort")}
}

// judgeOrigin follows requests of CloudFront through its interfaces in the network.
func judgeOrigin(c *policy.Case, origin *policy.Node, to *station, ports map[int]bool) {
	for _, port := range originPorts(origin) {
		if !port.Known() || !port.IsNumber() {
			c.Unclear(port)
			continue
		}
		number := int(port.Number())
		f := words(fmt.Sprintf("CloudFront -> %s:%d", c.Node, number))
		saw := policy.Saw(origin, port.Path(), "CloudFront asks here")
		if !ports[number] {
			c.Broken("", fmt.Sprintf("%s finds no listener that forwards", f), "a listener on the port of the origin", saw,
				policy.Fix("set the port of the listener, or %s of %s, so that they agree", port.Path(), origin))
			continue
		}
		tell(c, "securityGroups", f, originHop(c, to, number), saw)
	}
}

// originHop is the security group of the load balancer as CloudFront meets it: CloudFront is named by its prefix list, by
// its own security group, or by the ranges of the subnets where its interfaces are.
func originHop(c *policy.Case, to *station, port int) *hop {
	if len(to.groups) == 0 {
		return stationDoubt(to)
	}
	found, unsure := firewallOf(c.Graph()).about(to.groups, false, "tcp", onePort(port))
	h := &hop{at: to.groups[0], answer: passage{unsure: append(unsure, to.unsure...), unmodelled: to.unmodelled}}
	h.what = fmt.Sprintf("security group %s lets nobody in on tcp %d", names(to.groups), port)
	h.fix = fmt.Sprintf("add to %s an ingress rule for tcp %d from CloudFront's prefix list or security group", h.at, port)
	known := c.Texts("cloudfront-prefix-lists")
	inside, _ := rangesOf(to.subnets)
	for _, r := range found {
		for _, list := range r.lists {
			if list.Known() && slices.Contains(known, list.Text()) {
				return nil
			}
			h.answer.unmodelled = "the prefix list " + list.Show() + " is not part of the stack; if it is CloudFront's, name it in cloudfront-prefix-lists"
		}
		if slices.ContainsFunc(inside, func(p netip.Prefix) bool { return covered(p, r.ranges) }) {
			return nil
		}
		if h.answer.unmodelled == "" { // A group or range that may be CloudFront's own.
			h.answer.unmodelled = "whether " + r.node.String() + " is about CloudFront is not known"
		}
	}
	return h
}

// judgeClients follows requests of whoever the security groups let in.
func judgeClients(c *policy.Case, listener *policy.Node, to *station) {
	port := int(listener.Get("port").Number())
	protocol := "tcp"
	if listener.Get("protocol").In("UDP", "TCP_UDP") {
		protocol = "udp"
	}
	f := words(fmt.Sprintf("clients -> %s:%d", c.Node, port))
	ranges := []netip.Prefix{everyoneV4}
	if len(to.groups) > 0 {
		found, unsure := firewallOf(c.Graph()).about(to.groups, false, protocol, onePort(port))
		ranges = nil
		for _, r := range found {
			ranges = append(ranges, r.ranges...)
		}
		if len(found) == 0 {
			h := &hop{at: to.groups[0], answer: passage{unsure: append(unsure, to.unsure...), unmodelled: to.unmodelled}}
			h.what = fmt.Sprintf("security group %s lets nobody in on %s %d", names(to.groups), protocol, port)
			h.fix = fmt.Sprintf("add to %s an ingress rule for %s %d from the clients", h.at, protocol, port)
			tell(c, "securityGroups", f, h, policy.Saw(listener, "port", "listens here"))
			return
		}
	}
	if len(to.groups) == 0 && isApplication(c.Node) {
		tell(c, "securityGroups", f, stationDoubt(to))
		return
	}
	for _, at := range to.subnets {
		for _, h := range []*hop{aclHop(at, ranges, nil, false, protocol, onePort(port)), aclHop(at, ranges, nil, true, protocol, answerPorts)} {
			tell(c, "subnets", f, h, policy.Saw(listener, "port", "listens here"))
		}
	}
}

// judgePublic wants a route from each subnet of a load balancer to the internet, and a gateway at its end.
func judgePublic(c *policy.Case, to *station) {
	routes := routingOf(c.Graph())
	for _, at := range to.subnets {
		out, route := routes.out(at, false)
		switch out {
		case unclear:
			c.UnclearBecause("subnets", "the route table of "+at.Name+" is not known")
			continue
		case internet:
			of := at.Get("vpcId").Ref(network).Node()
			if of == nil || routes.linked[of] || route.target.Ref(internetGateway).How == policy.Outside {
				continue
			}
			c.Broken("subnets", "the network of "+at.Name+" has no internet gateway", "an internet gateway", policy.Saw(route.node, route.target.Path(), "leads to it"),
				policy.Fix("attach the internet gateway to the network"))
		default:
			c.Broken("subnets", "the default route of "+at.Name+" leads to: "+string(out), "a route from each subnet to an internet gateway",
				policy.Saw(at, "", "subnet of the load balancer"),
				policy.Fix("add a route for 0.0.0.0/0 with gatewayId to the route table of %s, or set internal to true", at.Name))
		}
	}
}
