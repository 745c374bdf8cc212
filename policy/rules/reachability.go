package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// reachabilityRules are about the hops from client to server to data.
func reachabilityRules() []*policy.Rule {
	return append(exitRules(), serversReachable(), clientsReachBalancer(), databaseHidden(), groupPairs(), tlsPath())
}

// hop is one place that traffic passes, with the smallest change that would let it.
type hop struct {
	at       *policy.Node
	answer   passage
	what     string
	fix      string
	evidence *policy.Node
	note     string
}

// flow is traffic between two stations.
type flow struct {
	graph    *policy.Graph
	from, to *station
	protocol string
	port     int
}

func (f flow) String() string {
	return fmt.Sprintf("%s -> %s:%d", f.from.node, f.to.node, f.port)
}

// stop is the first hop that stops the traffic, or else the first of which nobody knows; nil when all are open.
func (f flow) stop() *hop {
	var doubt *hop
	for _, next := range []func() *hop{f.leave, f.outgoing, f.incoming, f.enter, f.backOut, f.backIn} {
		h := next()
		if h == nil || h.answer.open {
			continue
		}
		if h.answer.blocked() {
			return h
		}
		if doubt == nil {
			doubt = h
		}
	}
	return doubt
}

// leave is the security group of the sender.
func (f flow) leave() *hop {
	if len(f.from.groups) == 0 {
		return stationDoubt(f.from)
	}
	h := &hop{at: f.from.groups[0], answer: firewallOf(f.graph).admits(f.from.groups, true, f.to.peer(), f.protocol, onePort(f.port))}
	h.what = fmt.Sprintf("security group %s does not let %s %d out", names(f.from.groups), f.protocol, f.port)
	h.fix = fmt.Sprintf("add to %s an egress rule for %s %d to %s", h.at, f.protocol, f.port, f.to.side())
	return f.doubtful(h, f.from)
}

// enter is the security group of the receiver.
func (f flow) enter() *hop {
	if len(f.to.groups) == 0 {
		return stationDoubt(f.to)
	}
	wall := firewallOf(f.graph)
	h := &hop{at: f.to.groups[0], answer: wall.admits(f.to.groups, false, f.from.peer(), f.protocol, onePort(f.port))}
	if found, _ := wall.about(f.to.groups, false, f.protocol, onePort(f.port)); len(f.from.groups) == 0 && len(found) > 0 {
		return nil // A Network Load Balancer without security groups hands over the addresses of clients.
	}
	h.what = fmt.Sprintf("security group %s does not let %s %d in: it lets in %s", names(f.to.groups), f.protocol, f.port, wall.summary(f.to.groups))
	h.fix = fmt.Sprintf("add to %s an ingress rule for %s %d from %s", h.at, f.protocol, f.port, f.from.side())
	return f.doubtful(h, f.to)
}

// doubtful adds to a hop that is not open what hides a part of the station.
func (f flow) doubtful(h *hop, s *station) *hop {
	if !h.answer.open {
		h.answer.unsure = append(h.answer.unsure, s.unsure...)
		if h.answer.unmodelled == "" {
			h.answer.unmodelled = s.unmodelled
		}
	}
	return h
}

func stationDoubt(s *station) *hop {
	if len(s.unsure) == 0 && s.unmodelled == "" {
		return nil
	}
	return &hop{at: s.node, answer: passage{unsure: s.unsure, unmodelled: s.unmodelled}}
}

// side is a station as a rule would name it.
func (s *station) side() string {
	if len(s.groups) > 0 {
		return s.groups[0].String()
	}
	return "the subnets of " + s.node.String()
}

func names(nodes []*policy.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return strings.Join(out, ", ")
}

// summary says in short what the groups let in.
func (f *firewall) summary(groups []*policy.Node) string {
	var parts []string
	for _, at := range groups {
		for _, r := range f.rules[at] {
			if !r.out && len(parts) < 3 {
				parts = append(parts, strings.TrimSpace(r.protocol+" "+r.ports.String()))
			}
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func (f flow) outgoing() *hop {
	return f.between(f.from.subnets, f.to.subnets, true, onePort(f.port))
}

func (f flow) incoming() *hop {
	return f.between(f.to.subnets, f.from.subnets, false, onePort(f.port))
}

func (f flow) backOut() *hop { return f.between(f.to.subnets, f.from.subnets, true, answerPorts) }

func (f flow) backIn() *hop { return f.between(f.from.subnets, f.to.subnets, false, answerPorts) }

// between is the first network ACL of the subnets here that stops traffic with the subnets there.
func (f flow) between(here, there []*policy.Node, out bool, ports interval) *hop {
	var doubt *hop
	for _, at := range here {
		for _, other := range there {
			if at == other { // Traffic inside a subnet meets no network ACL.
				continue
			}
			ranges, unsure := rangesOf([]*policy.Node{other})
			h := aclHop(at, ranges, unsure, out, f.protocol, ports)
			if h != nil && h.answer.blocked() {
				return h
			}
			if h != nil && doubt == nil {
				doubt = h
			}
		}
	}
	return doubt
}

// aclHop is the network ACL of a subnet where it stops traffic with the ranges, or where that is not known. unsure are values
// that hide more ranges.
func aclHop(at *policy.Node, ranges []netip.Prefix, unsure []policy.Value, out bool, protocol string, ports interval) *hop {
	all := aclsOf(at.Graph())
	list := all.at(at)
	if list == nil && len(all.loose) == 0 {
		return nil
	}
	if list == nil {
		return &hop{at: at, answer: passage{unsure: all.loose}}
	}
	rules, direction := list.in, "in"
	if out {
		rules, direction = list.out, "out"
	}
	h := &hop{at: list.node, answer: passage{unsure: append(slices.Clone(all.loose), list.unsure...)}, evidence: at, note: "subnet with this network ACL"}
	h.fix = fmt.Sprintf("add to %s a rule that allows %s %s %s for %s", list.node, protocol, ports, direction, at.Name)
	say := func(by *aclRule) *hop {
		h.what = fmt.Sprintf("network ACL %s does not let %s %s %s: %s", list.node.Name, protocol, ports, direction, ruleText(by))
		return h
	}
	for _, each := range ranges {
		if open, by := passes(rules, protocol, each, ports); !open {
			return say(by)
		}
	}
	if open, _ := passes(rules, protocol, everyoneV4, ports); open || len(unsure) == 0 {
		return nil
	}
	if allowsSome(rules, protocol, ports) {
		h.answer.unsure = append(h.answer.unsure, unsure...)
	}
	return say(nil)
}

// allowsSome says that a rule allows the traffic for some address.
func allowsSome(rules []aclRule, protocol string, ports interval) bool {
	return slices.ContainsFunc(rules, func(r aclRule) bool { return r.allow && carries(r.protocol, protocol) && r.ports.overlaps(ports) })
}

func ruleText(by *aclRule) string {
	if by == nil {
		return "no rule allows it"
	}
	return fmt.Sprintf("rule %d denies it", by.number)
}

// tell reports what stops a flow, if anything does.
func tell(c *policy.Case, path string, f fmt.Stringer, h *hop, details ...policy.Detail) {
	if h == nil || h.answer.open {
		return
	}
	if h.answer.blocked() {
		details = append(details, policy.Fix("%s", h.fix), policy.Saw(h.at, "", "stops it"), policy.Saw(h.evidence, "", h.note))
		c.Broken(path, fmt.Sprintf("%s is stopped: %s", f, h.what), "every hop open", details...)
		return
	}
	c.Unclear(h.answer.unsure...)
	if len(h.answer.unsure) == 0 {
		c.UnclearBecause(path, fmt.Sprintf("whether %s passes is not known: %s", f, h.answer.unmodelled))
	}
}

func serversReachable() *policy.Rule {
	return &policy.Rule{
		ID: "elb-to-instance-reachability", Title: "Load balancers reach the servers of their target groups", Severity: policy.Critical,
		Types:   targetGroups,
		Anchors: "nist:SC-7",
		Why:     "servers that the load balancer cannot reach fail their health checks: the group replaces them for ever and clients get errors",
		Fix:     "open the hop that the message names, from the load balancer's security group, for the target group's port and the port of its health check",
		Sources: []string{
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
			"https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html",
			"https://docs.aws.amazon.com/vpc/latest/reachability/what-is-reachability-analyzer.html",
		},
		Check: checkServersReachable,
		Proof: policy.Proof{
			Good: reachableStack,
			Bad: []string{
				"target.port=8080", `target.healthCheck={port: "9000"}`, "enter.fromPort=81", "enter.protocol=udp", "enter.cidrBlocks=[10.9.0.0/16] ; enter.sourceSecurityGroupId!",
				"enter!", "leave!", `leave.sourceSecurityGroupId="${other.id}"`, "guard.ingress=[]", "guard.egress=[]",
				`guard.ingress[1]={ruleNo: 50, action: deny, protocol: "6", fromPort: 0, toPort: 100, cidrBlock: 10.0.2.0/24}`,
				`guard.egress[0].toPort=30000`, `guard.ingress[1]={ruleNo: 10, action: deny, protocol: "-1", fromPort: 0, toPort: 0, cidrBlock: 10.0.1.128/25}`,
				`launch.vpcSecurityGroupIds=["${other.id}"]`,
			},
			Guard: "target.port", Absent: policy.Unknown, Exempt: "target.targetType=lambda",
			Also: []string{"security-group-pairs-agree", "client-to-elb-reachability", "elb-and-asg-share-zones", "sg-attached", "tg-health-check-defined", "instance-to-artifact-reachability"},
		},
	}
}

// reachableStack is a load balancer and a group in two subnets each, with every hop open and none wider than needed.
const reachableStack = `
policy: {lb-internet-facing-declared: {internet-facing: [front]}}
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  door-a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24, availabilityZone: eu-central-1a}}
  door-b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.2.0/24, availabilityZone: eu-central-1b}}
  app-a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.11.0/24, availabilityZone: eu-central-1a}}
  app-b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.12.0/24, availabilityZone: eu-central-1b}}
  guard:
    type: aws:ec2/networkAcl:NetworkAcl
    properties:
      vpcId: "${net.id}"
      subnetIds: ["${app-a.id}", "${app-b.id}"]
      ingress: [{ruleNo: 100, action: allow, protocol: "6", fromPort: 80, toPort: 80, cidrBlock: 10.0.0.0/16}]
      egress: [{ruleNo: 100, action: allow, protocol: "6", fromPort: 1024, toPort: 65535, cidrBlock: 10.0.0.0/16}]
  front-sg: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {vpcId: "${net.id}", ingress: [{protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [0.0.0.0/0]}]}}
  web-sg: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {vpcId: "${net.id}"}}
  other: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {vpcId: "${net.id}"}}
  leave:
    type: aws:ec2/securityGroupRule:SecurityGroupRule
    properties: {type: egress, securityGroupId: "${front-sg.id}", protocol: tcp, fromPort: 80, toPort: 80, sourceSecurityGroupId: "${web-sg.id}"}
  enter:
    type: aws:ec2/securityGroupRule:SecurityGroupRule
    properties: {type: ingress, securityGroupId: "${web-sg.id}", protocol: tcp, fromPort: 80, toPort: 80, sourceSecurityGroupId: "${front-sg.id}"}
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {vpcSecurityGroupIds: ["${web-sg.id}"]}}
  web:
    type: aws:autoscaling/group:Group
    properties:
      launchTemplate: {id: "${launch.id}"}
      vpcZoneIdentifiers: ["${app-a.id}", "${app-b.id}"]
      targetGroupArns: ["${target.arn}"]
      maxSize: 4
  target: {type: "aws:lb/targetGroup:TargetGroup", properties: {port: 80, protocol: HTTP, targetType: instance, vpcId: "${net.id}"}}
  front:
    type: aws:lb/loadBalancer:LoadBalancer
    properties: {internal: true, loadBalancerType: application, subnets: ["${door-a.id}", "${door-b.id}"], securityGroups: ["${front-sg.id}"]}
  listener:
    type: aws:lb/listener:Listener
    properties: {loadBalancerArn: "${front.arn}", port: 443, protocol: HTTPS, defaultActions: [{type: forward, targetGroupArn: "${target.arn}"}]}
`

func checkServersReachable(c *policy.Case) {
	if c.Get("targetType").Is("lambda") {
		c.Skip("functions have no network hop")
		return
	}
	senders, found := sendersTo(c.Node), receivers(c.Node)
	if len(senders) == 0 || len(found) == 0 {
		c.Skip("no load balancer of the stack sends requests to servers of the stack")
		return
	}
	port, health := c.Get("port"), c.Get("healthCheck.port")
	if !port.Known() || !port.IsNumber() {
		c.Unclear(port)
		return
	}
	for _, sender := range senders {
		from := balancerStation(sender)
		for _, to := range found {
			f := flow{graph: c.Graph(), from: from, to: to, protocol: trafficProtocol(c.Get("protocol")), port: int(port.Number())}
			if to.port > 0 {
				f.port = to.port
			}
			details := []policy.Detail{policy.Saw(sender, "securityGroups", "sends the requests"), policy.Saw(to.node, "", "receives them")}
			tell(c, "port", f, f.stop(), details...)
			if c.Get("healthCheck.enabled").Is("false") || !health.IsNumber() || int(health.Number()) == f.port {
				if health.Unknown() {
					c.Unclear(health)
				}
				continue
			}
			f.port, f.protocol = int(health.Number()), "tcp"
			tell(c, "healthCheck.port", f, f.stop(), details...)
		}
	}
}

// trafficProtocol is what a target group's protocol is on the wire.
func trafficProtocol(v policy.Value) string {
	if v.In("UDP", "TCP_UDP") {
		return "udp"
	}
	return "tcp"
}
