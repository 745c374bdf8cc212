package rules

import (
	"net/netip"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// station is an end of a connection: a load balancer, or what receives its requests.
type station struct {
	node    *policy.Node
	subnets []*policy.Node
	groups  []*policy.Node
	// strangers are the ids of security groups that are not part of the stack.
	strangers []string
	// unsure are values that hide subnets or groups; unmodelled says what the stack does not show.
	unsure     []policy.Value
	unmodelled string
	// port is a port of its own, zero where the target group's is taken.
	port int
}

// takeSubnets adds the subnets that a list names.
func (s *station) takeSubnets(list policy.Value) {
	found, complete := list.Refs(subnet)
	s.subnets = append(s.subnets, found...)
	if !complete {
		s.hide(list, "a subnet of "+s.node.String()+" is not part of the stack")
	}
}

// takeGroups adds the security groups that a list names; AWS takes the network's default one where it names none.
func (s *station) takeGroups(list policy.Value) {
	found, complete := list.Refs(anySecurityGroup...)
	s.groups = append(s.groups, found...)
	s.strangers = append(s.strangers, strangersIn(list)...)
	if !complete {
		s.hide(list, "a security group of "+s.node.String()+" is not part of the stack")
	}
	if !list.Empty() {
		return
	}
	for _, at := range s.subnets {
		of := at.Get("vpcId").Ref(network).Node()
		for _, n := range at.Graph().ByType(defaultSecurityGroup) {
			if of != nil && networkOf(n) == of {
				s.groups = append(s.groups, n)
				return
			}
		}
	}
	s.unmodelled = "the default security group of the network of " + s.node.String() + " is not part of the stack"
}

func (s *station) hide(v policy.Value, words string) {
	if len(v.Unknowns()) > 0 {
		s.unsure = append(s.unsure, v)
		return
	}
	s.unmodelled = words
}

// peer is the station as security groups at the other end see it.
func (s *station) peer() peer {
	p := peer{groups: s.groups, strangers: s.strangers}
	ranges, unsure := rangesOf(s.subnets)
	p.ranges = ranges
	p.unsure = append(slices.Clone(s.unsure), unsure...)
	return p
}

// rangesOf are the IPv4 ranges of subnets.
func rangesOf(subnets []*policy.Node) (ranges []netip.Prefix, unsure []policy.Value) {
	for _, n := range subnets {
		block := n.Get("cidrBlock")
		if p, ok := prefixOf(block); ok {
			ranges = append(ranges, p)
			continue
		}
		if block.Unknown() || block.Absent() { // IPAM chooses the range of a subnet that names none.
			unsure = append(unsure, block)
		}
	}
	return ranges, unsure
}

// balancerStation is a load balancer as the sender of requests.
func balancerStation(n *policy.Node) *station {
	s := &station{node: n}
	z := balancerZones(n)
	s.subnets = z.subnets
	for _, v := range z.missing {
		if v.Path() != "availabilityZone" {
			s.hide(v, "a subnet of "+n.String()+" is not part of the stack")
		}
	}
	if groups := n.Get("securityGroups"); isApplication(n) || !groups.Empty() {
		s.takeGroups(groups)
	}
	return s
}

// groupStation is an Auto Scaling group's servers.
func groupStation(n *policy.Node) *station {
	s := &station{node: n}
	s.takeSubnets(n.Get("vpcZoneIdentifiers"))
	template, waits := templateOf(n)
	if template == nil {
		s.hide(waits, "the launch template of "+n.String()+" is not part of the stack")
		return s
	}
	if template.Type == launchConfiguration {
		s.takeGroups(template.Get("securityGroups"))
		return s
	}
	if own := template.Get("vpcSecurityGroupIds"); !own.Empty() {
		s.takeGroups(own)
		return s
	}
	s.takeGroups(template.Get("networkInterfaces[0].securityGroups"))
	return s
}

// templateOf is the launch template or configuration of a group; without one, waits is the value that should name it.
func templateOf(n *policy.Node) (template *policy.Node, waits policy.Value) {
	const mixed = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification."
	for _, path := range []string{"launchTemplate.id", "launchTemplate.name", mixed + "launchTemplateId", mixed + "launchTemplateName", "launchConfiguration"} {
		v := n.Get(path)
		if v.Empty() {
			continue
		}
		if at := v.Ref(launchTemplate, launchConfiguration).Node(); at != nil {
			return at, v
		}
		waits = v
	}
	return nil, waits
}

// receivers are what the members of a target group are: servers of groups, single servers, containers, load balancers.
func receivers(target *policy.Node) []*station {
	return policy.Memo(target.Graph(), &receiversKey, allReceivers)[target]
}

var receiversKey int

func allReceivers(g *policy.Graph) map[*policy.Node][]*station {
	found := map[*policy.Node][]*station{}
	for at, targets := range targetGroupsOf(g) {
		for _, target := range targets {
			found[target] = append(found[target], groupStation(at))
		}
	}
	for _, n := range g.ByType(targetsByHand...) {
		for _, target := range n.Get("targetGroupArn").Ref(targetGroups...).Nodes {
			found[target] = append(found[target], memberByHand(n))
		}
	}
	for _, n := range g.ByType(ecsService) {
		for _, link := range n.Get("loadBalancers").List() {
			for _, target := range link.Get("targetGroupArn").Ref(targetGroups...).Nodes {
				s := &station{node: n, port: int(link.Get("containerPort").Number())}
				s.takeSubnets(n.Get("networkConfiguration.subnets"))
				s.takeGroups(n.Get("networkConfiguration.securityGroups"))
				found[target] = append(found[target], s)
			}
		}
	}
	for _, each := range found {
		slices.SortFunc(each, func(a, b *station) int { return compareNodes(a.node, b.node) })
	}
	return found
}

func compareNodes(a, b *policy.Node) int {
	switch {
	case a.URN < b.URN:
		return -1
	case a.URN > b.URN:
		return 1
	}
	return 0
}

// memberByHand is what a single registration puts into a target group.
func memberByHand(n *policy.Node) *station {
	id := n.Get("targetId")
	at := id.Ref(append([]string{instance}, balancers...)...).Node()
	if at == nil {
		s := &station{node: n}
		s.hide(id, "the member "+id.Show()+" is not part of the stack")
		return s
	}
	if at.Type != instance {
		return balancerStation(at)
	}
	s := &station{node: at, port: int(n.Get("port").Number())}
	s.takeSubnets(at.Get("subnetId"))
	s.takeGroups(at.Get("vpcSecurityGroupIds"))
	return s
}

// sendersTo are the load balancers that send requests to each target group.
func sendersTo(target *policy.Node) []*policy.Node {
	return policy.Memo(target.Graph(), &sendersKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		senders := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(slices.Concat(listeners, listenerRules)...) {
			listener := listenerOf(n)
			if listener == nil {
				continue
			}
			from := balancerOf(listener)
			found, _ := forwardsTo(n)
			for _, to := range found {
				if from != nil && !slices.Contains(senders[to], from) {
					senders[to] = append(senders[to], from)
				}
			}
		}
		return senders
	})[target]
}

var sendersKey int
