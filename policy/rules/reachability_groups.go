package rules

import (
	"net/netip"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	securityGroup        = "aws:ec2/securityGroup:SecurityGroup"
	defaultSecurityGroup = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	groupRuleOld         = "aws:ec2/securityGroupRule:SecurityGroupRule"
	groupRuleIn          = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	groupRuleOut         = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	prefixList           = "aws:ec2/managedPrefixList:ManagedPrefixList"
	prefixListEntry      = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
	endpoint             = "aws:ec2/vpcEndpoint:VpcEndpoint"
)

var anySecurityGroup = []string{securityGroup, defaultSecurityGroup}

// groupRule is one rule of a security group, however it was written.
type groupRule struct {
	node     *policy.Node
	of       *policy.Node
	path     string
	out      bool
	protocol string
	ports    interval
	ranges   []netip.Prefix
	groups   []*policy.Node
	// strangers are the ids of groups that are not part of the stack.
	strangers []string
	// endpoints are the gateway endpoints whose prefix list the rule names, lists the prefix lists of nobody in the stack.
	endpoints []*policy.Node
	lists     []policy.Value
	unsure    []policy.Value
}

// firewall are the rules of all security groups.
type firewall struct {
	rules, byNode map[*policy.Node][]*groupRule
	// unsure are the lists of rules that are not known, by group; loose are rules of a group that is not known.
	unsure map[*policy.Node][]policy.Value
	loose  []policy.Value
	lists  map[string]*policy.Node
}

var firewallKey int

// firewallOf reads the rules of all security groups, once per stack.
func firewallOf(g *policy.Graph) *firewall {
	return policy.Memo(g, &firewallKey, func(g *policy.Graph) *firewall {
		f := &firewall{
			rules: map[*policy.Node][]*groupRule{}, byNode: map[*policy.Node][]*groupRule{}, unsure: map[*policy.Node][]policy.Value{},
			lists: map[string]*policy.Node{},
		}
		for _, n := range g.ByType(endpoint) {
			if id := n.Get("prefixListId"); id.Known() {
				f.lists[id.Text()] = n
			}
		}
		for _, n := range g.ByType(anySecurityGroup...) {
			f.inline(n, "ingress", false)
			f.inline(n, "egress", true)
		}
		for _, n := range g.ByType(groupRuleOld, groupRuleIn, groupRuleOut) {
			f.standalone(n)
		}
		return f
	})
}

func (f *firewall) inline(n *policy.Node, path string, out bool) {
	list := n.Get(path)
	if list.Unknown() {
		f.unsure[n] = append(f.unsure[n], list)
	}
	for _, item := range list.List() {
		rule := f.rule(n, item, out)
		rule.of = n
		f.rules[n] = append(f.rules[n], rule)
	}
}

func (f *firewall) standalone(n *policy.Node) {
	out := n.Type == groupRuleOut || n.Type == groupRuleOld && n.Get("type").Is("egress")
	rule := f.rule(n, n.Props(), out)
	of := n.Get("securityGroupId").Ref(anySecurityGroup...)
	if at := of.Node(); at != nil {
		rule.of = at
		f.rules[at] = append(f.rules[at], rule)
		return
	}
	if of.How == policy.OneOf || of.How == policy.Unclear {
		f.loose = append(f.loose, n.Get("securityGroupId"))
	}
}

// rule reads one rule in any of its three spellings.
func (f *firewall) rule(n *policy.Node, v policy.Value, out bool) *groupRule {
	protocol := v.Get("protocol")
	if protocol.Absent() {
		protocol = v.Get("ipProtocol")
	}
	r := &groupRule{node: n, path: v.Path(), out: out, protocol: protocolOf(protocol)}
	r.ports = portsOf(r.protocol, v.Get("fromPort"), v.Get("toPort"))
	for _, each := range []policy.Value{protocol, v.Get("fromPort"), v.Get("toPort")} {
		if each.Unknown() {
			r.unsure = append(r.unsure, each)
		}
	}
	for _, key := range []string{"cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6"} {
		r.addRanges(v.Get(key))
	}
	for _, key := range []string{"prefixListIds", "prefixListId"} {
		f.addLists(r, v.Get(key))
	}
	for _, key := range []string{"securityGroups", "sourceSecurityGroupId", "referencedSecurityGroupId"} {
		found, complete := v.Get(key).Refs(anySecurityGroup...)
		r.groups = append(r.groups, found...)
		r.strangers = append(r.strangers, strangersIn(v.Get(key))...)
		if !complete && v.Get(key).Unknown() {
			r.unsure = append(r.unsure, v.Get(key))
		}
	}
	if v.Get("self").True() {
		r.groups = append(r.groups, selfGroup(n)...)
	}
	f.byNode[n] = append(f.byNode[n], r)
	return r
}

// strangersIn are the ids in a list of groups that the stack does not have.
func strangersIn(v policy.Value) []string {
	var ids []string
	for _, item := range v.Items() {
		if r := item.Ref(anySecurityGroup...); r.How == policy.Outside && r.Text != "" {
			ids = append(ids, r.Text)
		}
	}
	return ids
}

// selfGroup is the group that a rule belongs to.
func selfGroup(n *policy.Node) []*policy.Node {
	if slices.Contains(anySecurityGroup, n.Type) {
		return []*policy.Node{n}
	}
	return n.Get("securityGroupId").Ref(anySecurityGroup...).Nodes
}

func (r *groupRule) addRanges(v policy.Value) {
	for _, item := range v.Items() {
		if item.Unknown() {
			r.unsure = append(r.unsure, item)
			continue
		}
		if p, ok := prefixOf(item); ok {
			r.ranges = append(r.ranges, p)
		}
	}
}

func (f *firewall) addLists(r *groupRule, v policy.Value) {
	for _, item := range v.Items() {
		if known := f.lists[item.Text()]; known != nil && item.Known() {
			r.endpoints = append(r.endpoints, known)
			continue
		}
		of := item.Ref(endpoint, prefixList)
		at := of.Node()
		switch {
		case at == nil && item.Known():
			r.lists = append(r.lists, item)
		case at == nil:
			r.unsure = append(r.unsure, item)
		case at.Type == endpoint:
			r.endpoints = append(r.endpoints, at)
		default:
			r.addEntries(at)
		}
	}
}

// addEntries takes the ranges of a prefix list of the stack.
func (r *groupRule) addEntries(list *policy.Node) {
	entries := list.Get("entries")
	if entries.Unknown() {
		r.unsure = append(r.unsure, entries)
	}
	for _, entry := range entries.List() {
		r.addRanges(entry.Get("cidr"))
	}
	for _, n := range list.Graph().ByType(prefixListEntry) {
		if n.Get("prefixListId").Ref(prefixList).Has(list) {
			r.addRanges(n.Get("cidr"))
		}
	}
}

// peer is the other end of a connection, as security groups see it.
type peer struct {
	groups    []*policy.Node
	strangers []string
	ranges    []netip.Prefix
	endpoint  *policy.Node
	// unsure are the values that hide the peer's addresses or groups.
	unsure []policy.Value
}

// admits says whether the rules of the groups, which add up, let traffic from or to the peer pass.
func (f *firewall) admits(groups []*policy.Node, out bool, p peer, protocol string, ports interval) passage {
	about, unsure := f.about(groups, out, protocol, ports)
	result := passage{unsure: unsure}
	var ranges []netip.Prefix
	for _, r := range about {
		if r.names(p) {
			return passage{open: true}
		}
		ranges = append(ranges, r.ranges...)
		if len(r.lists) > 0 {
			result.unmodelled = "the prefix list " + r.lists[0].Show() + " is not part of the stack"
		}
	}
	if len(p.unsure) > 0 && !covered(everyoneV4, ranges) {
		result.unsure = append(result.unsure, p.unsure...)
		return result
	}
	result.open = len(p.ranges) > 0 || len(p.unsure) > 0
	for _, each := range p.ranges {
		result.open = result.open && covered(each, ranges)
	}
	return result
}

// names says that a rule is about the peer by its group or endpoint.
func (r *groupRule) names(p peer) bool {
	if p.endpoint != nil && slices.Contains(r.endpoints, p.endpoint) {
		return true
	}
	return slices.ContainsFunc(p.groups, func(of *policy.Node) bool { return slices.Contains(r.groups, of) }) ||
		slices.ContainsFunc(p.strangers, func(id string) bool { return slices.Contains(r.strangers, id) })
}

// about are the rules of the groups that let traffic to these ports in, or out; unsure is what may hide others.
func (f *firewall) about(groups []*policy.Node, out bool, protocol string, ports interval) (found []*groupRule, unsure []policy.Value) {
	unsure = slices.Clone(f.loose)
	for _, at := range groups {
		unsure = append(unsure, f.unsure[at]...)
		for _, r := range f.rules[at] {
			if r.out != out {
				continue
			}
			if len(r.unsure) > 0 {
				unsure = append(unsure, r.unsure...)
				continue
			}
			if carries(r.protocol, protocol) && r.ports.covers(ports) {
				found = append(found, r)
			}
		}
	}
	return found, unsure
}
