package rules

import (
	"net/netip"
	"sort"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	networkACL            = "aws:ec2/networkAcl:NetworkAcl"
	defaultNetworkACL     = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	networkACLRule        = "aws:ec2/networkAclRule:NetworkAclRule"
	networkACLAssociation = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
)

var anyNetworkACL = []string{networkACL, defaultNetworkACL}

// aclRule is one rule of a network ACL. The first that is about a packet decides.
type aclRule struct {
	node     *policy.Node
	path     string
	number   int
	allow    bool
	protocol string
	ports    interval
	prefix   netip.Prefix
}

// acl is a network ACL with its rules in order.
type acl struct {
	node    *policy.Node
	in, out []aclRule
	unsure  []policy.Value
}

// acls are the network ACLs of a stack, by themselves and by subnet.
type acls struct {
	of       map[*policy.Node]*acl
	bySubnet map[*policy.Node]*acl
	// byNetwork are the default ACLs that the stack has taken over; a network without one has AWS's, which lets all pass.
	byNetwork map[*policy.Node]*acl
	loose     []policy.Value
}

var aclKey int

// aclsOf reads all network ACLs, once per stack.
func aclsOf(g *policy.Graph) *acls {
	return policy.Memo(g, &aclKey, func(g *policy.Graph) *acls {
		a := &acls{of: map[*policy.Node]*acl{}, bySubnet: map[*policy.Node]*acl{}, byNetwork: map[*policy.Node]*acl{}}
		for _, n := range g.ByType(anyNetworkACL...) {
			a.add(n)
		}
		for _, n := range g.ByType(networkACLRule) {
			a.addRule(n)
		}
		for _, n := range g.ByType(networkACLAssociation) {
			at, to := n.Get("subnetId").Ref(subnet).Node(), n.Get("networkAclId").Ref(anyNetworkACL...).Node()
			if at == nil || to == nil {
				a.loose = append(a.loose, n.Get("networkAclId"))
				continue
			}
			a.bySubnet[at] = a.of[to]
		}
		for _, each := range a.of {
			sort.SliceStable(each.in, func(i, j int) bool { return each.in[i].number < each.in[j].number })
			sort.SliceStable(each.out, func(i, j int) bool { return each.out[i].number < each.out[j].number })
		}
		return a
	})
}

func (a *acls) add(n *policy.Node) {
	made := &acl{node: n}
	a.of[n] = made
	for _, list := range []policy.Value{n.Get("ingress"), n.Get("egress")} {
		if list.Unknown() {
			made.unsure = append(made.unsure, list)
		}
		for _, item := range list.List() {
			made.take(item, item.Get("ruleNo"), item.Get("action"), list.Path() == "egress")
		}
	}
	found, _ := n.Get("subnetIds").Refs(subnet)
	for _, at := range found {
		a.bySubnet[at] = made
	}
	if n.Type != defaultNetworkACL {
		return
	}
	if at := networkOf(n); at != nil {
		a.byNetwork[at] = made
	}
}

// networkOf is the network of a resource, or nil. What a stack takes over names the network by one of its own default parts.
func networkOf(n *policy.Node) *policy.Node {
	if at := n.Get("vpcId").Ref(network).Node(); at != nil {
		return at
	}
	for _, key := range []string{"defaultNetworkAclId", "defaultRouteTableId"} {
		if of := n.Get(key); !of.Absent() {
			for _, at := range n.Graph().ByType(network) {
				if of.Known() && at.Get(key).Known() && at.Get(key).Text() == of.Text() || of.Unknown() && of.Ref(network).Node() == at {
					return at
				}
			}
		}
	}
	return nil
}

func (a *acls) addRule(n *policy.Node) {
	at := n.Get("networkAclId").Ref(anyNetworkACL...).Node()
	if at == nil {
		a.loose = append(a.loose, n.Get("networkAclId"))
		return
	}
	a.of[at].take(n.Props(), n.Get("ruleNumber"), n.Get("ruleAction"), n.Get("egress").True())
}

// take reads one rule in either spelling.
func (l *acl) take(v, number, action policy.Value, out bool) {
	ranges := v.Get("cidrBlock")
	if ranges.Empty() {
		ranges = v.Get("ipv6CidrBlock")
	}
	read := []policy.Value{ranges, number, action, v.Get("protocol"), v.Get("fromPort"), v.Get("toPort")}
	for _, each := range read {
		if each.Unknown() {
			l.unsure = append(l.unsure, each)
			return
		}
	}
	prefix, ok := prefixOf(ranges)
	if !ok {
		return
	}
	r := aclRule{node: v.Node(), path: v.Path(), number: int(number.Number()), allow: action.Is("allow"), protocol: protocolOf(v.Get("protocol")), prefix: prefix}
	r.ports = portsOf(r.protocol, v.Get("fromPort"), v.Get("toPort"))
	if out {
		l.out = append(l.out, r)
		return
	}
	l.in = append(l.in, r)
}

// at is the ACL of a subnet, nil for AWS's default one, which lets everything pass.
func (a *acls) at(subnet *policy.Node) *acl {
	if own := a.bySubnet[subnet]; own != nil {
		return own
	}
	return a.byNetwork[subnet.Get("vpcId").Ref(network).Node()]
}

// passes says whether ordered rules let every packet between a range and these ports pass; if not, by is the rule that
// stops the first, nil when none lets it pass. Where a rule is about a part of the traffic, each part is judged by itself.
func passes(rules []aclRule, protocol string, to netip.Prefix, ports interval) (open bool, by *aclRule) {
	for i := range rules {
		r := &rules[i]
		if !carries(r.protocol, protocol) || !r.prefix.Overlaps(to) || !r.ports.overlaps(ports) {
			continue
		}
		if r.ports.covers(ports) && within(to, r.prefix) {
			return r.allow, r
		}
		for _, part := range r.parts(to, ports) {
			if open, by = passes(rules[i:], protocol, part.to, part.ports); !open {
				return false, by
			}
		}
		return true, nil
	}
	return false, nil
}

// packets are those between a range and some ports.
type packets struct {
	to    netip.Prefix
	ports interval
}

// parts splits what a rule is about in part: first by its ports, then by its range.
func (r *aclRule) parts(to netip.Prefix, ports interval) []packets {
	var parts []packets
	if r.ports.covers(ports) {
		for _, half := range halves(to) {
			parts = append(parts, packets{half, ports})
		}
		return parts
	}
	for _, some := range append(ports.minus(r.ports), overlap(ports, r.ports)) {
		parts = append(parts, packets{to, some})
	}
	return parts
}

// overlap is what two intervals that overlap have in common.
func overlap(a, b interval) interval { return interval{max(a.from, b.from), min(a.to, b.to)} }
