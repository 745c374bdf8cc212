package rules

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	// reservedAddresses are the first four and the last of every subnet.
	// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
	reservedAddresses = 5
	// balancerAddresses must be free in each subnet of an Application Load Balancer, which must be a /27 at least.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
	balancerAddresses    = 8
	smallestBalancerSize = 27
	// rebalancingShare: a tenth of the maximum, and at least one server, may run above it while zones are rebalanced.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html
	rebalancingShare = 0.1
	extraNetwork     = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
)

// spaceRules are about address space and zones: subnets that hold the group, and zones shared by load balancer and group.
func spaceRules() []*policy.Rule {
	return []*policy.Rule{subnetFits(), subnetHeadroom(), subnetInside(), subnetsApart(), zonesShared()}
}

// demand is what stands in a subnet.
type demand struct {
	now, afterLoss float64
	parts          []string
	balancers      []*policy.Node
	groups         []*policy.Node
	unsure         []policy.Value
}

// add takes a part of the need that is the same with one zone less.
func (n *demand) add(addresses float64, what string) {
	n.now += addresses
	n.afterLoss += addresses
	n.parts = append(n.parts, fmt.Sprintf("%v for %s", addresses, what))
}

var needsKey int

// needsOf is what stands in each subnet, computed once per stack.
func needsOf(g *policy.Graph) map[*policy.Node]*demand {
	return policy.Memo(g, &needsKey, func(g *policy.Graph) map[*policy.Node]*demand {
		needs := map[*policy.Node]*demand{}
		for _, n := range g.ByType(subnet) {
			needs[n] = &demand{}
		}
		for _, n := range g.ByType(balancers...) {
			addBalancer(needs, n)
		}
		for _, n := range g.ByType(endpoint) {
			found, _ := n.Get("subnetIds").Refs(subnet)
			for _, at := range found {
				needs[at].add(1, n.String())
			}
		}
		for _, n := range g.ByType(natGateway) {
			if at := n.Get("subnetId").Ref(subnet).Node(); at != nil {
				needs[at].add(1, n.String())
			}
		}
		for _, n := range g.ByType(group) {
			addGroup(needs, n)
		}
		return needs
	})
}

// addBalancer adds the addresses of a load balancer to its subnets: only Application Load Balancers take more when they grow.
func addBalancer(needs map[*policy.Node]*demand, n *policy.Node) {
	for _, at := range balancerZones(n).subnets {
		if isApplication(n) {
			needs[at].add(balancerAddresses, n.String())
			needs[at].balancers = append(needs[at].balancers, n)
			continue
		}
		needs[at].add(1, n.String())
	}
}

// addGroup adds the servers of a group to its subnets: its maximum and what Auto Scaling starts above it.
func addGroup(needs map[*policy.Node]*demand, n *policy.Node) {
	found, complete := n.Get("vpcZoneIdentifiers").Refs(subnet)
	if len(found) == 0 {
		return
	}
	maximum := n.Get("maxSize")
	servers := mostServers(n, maximum.Number())
	count, left := float64(len(found)), float64(subnetsLeft(found))
	for _, at := range found {
		own := needs[at]
		own.groups = append(own.groups, n)
		if !maximum.Known() {
			own.unsure = append(own.unsure, maximum)
			continue
		}
		if !complete { // Other subnets outside the stack take their share.
			own.unsure = append(own.unsure, n.Get("vpcZoneIdentifiers"))
			continue
		}
		share := math.Ceil(servers / count)
		own.now += share
		own.parts = append(own.parts, fmt.Sprintf("%v for %s, at most %v servers over %d subnets", share, n, servers, len(found)))
		if count > 1 {
			share = math.Ceil(servers / left)
		}
		own.afterLoss += share
	}
}

// subnetsLeft is how many subnets are left when the zone with the most of them is lost, one at least; a subnet whose zone is
// not known counts as the only one in its own.
func subnetsLeft(all []*policy.Node) int {
	inZone, most := map[string]int{}, 1
	for _, at := range all {
		if zone := zoneOf(at); zone.Known() {
			inZone[zone.Text()]++
			most = max(most, inZone[zone.Text()])
		}
	}
	return max(1, len(all)-most)
}

// mostServers is how many servers of a group run at most: above the maximum while zones are rebalanced or servers replaced.
func mostServers(n *policy.Node, maximum float64) float64 {
	maximum = max(maximum, n.Get("warmPool.maxGroupPreparedCapacity").Number())
	surge := max(1, math.Ceil(maximum*rebalancingShare))
	for _, path := range []string{"instanceMaintenancePolicy.maxHealthyPercentage", "instanceRefresh.preferences.maxHealthyPercentage"} {
		if share := n.Get(path).Number(); share > 100 {
			surge = max(surge, math.Ceil(maximum*(share-100)/100))
		}
	}
	return maximum + surge
}

// usable is how many addresses a subnet has to give, zero for a size that is not known.
func usable(p netip.Prefix) float64 {
	return math.Pow(2, float64(32-p.Bits())) - reservedAddresses
}

// sizeFor is the smallest subnet that holds a number of addresses.
func sizeFor(addresses float64, withBalancer bool) int {
	const smallest, largest = 28, 16
	bits := smallest
	if withBalancer {
		bits = smallestBalancerSize
	}
	for bits > largest && math.Pow(2, float64(32-bits))-reservedAddresses < addresses {
		bits--
	}
	return bits
}

// judgeNeed hands the need of a subnet and what it has to a check.
func judgeNeed(judge func(c *policy.Case, own *demand, wanted float64, has float64)) check {
	return func(c *policy.Case) {
		own := needsOf(c.Graph())[c.Node]
		block := c.Get("cidrBlock")
		switch {
		case len(own.groups) == 0 && len(own.balancers) == 0:
			c.Skip("neither a group nor a load balancer stands in the subnet")
			return
		case !block.Known():
			c.Unclear(block)
			return
		case len(own.unsure) > 0:
			c.Unclear(own.unsure...)
			return
		}
		prefix, ok := prefixOf(block)
		if !ok || !prefix.Addr().Is4() {
			c.Unclear(block)
			return
		}
		each, _ := c.Number("addresses-per-server")
		extra, _ := c.Number("others-per-subnet")
		servers := 0.0
		for _, n := range own.groups {
			servers += groupShare(n)
		}
		judge(c, own, max(own.now, own.afterLoss)+servers*(each-1)+extra, usable(prefix))
	}
}

// groupShare is how many servers of a group stand in one of its subnets when a zone is lost.
func groupShare(n *policy.Node) float64 {
	found, _ := n.Get("vpcZoneIdentifiers").Refs(subnet)
	return math.Ceil(mostServers(n, n.Get("maxSize").Number()) / float64(subnetsLeft(found)))
}

// spaceSettings are what a stack's graph cannot show.
func spaceSettings() []policy.Setting {
	return []policy.Setting{
		{Name: "addresses-per-server", Kind: policy.KindNumber, Default: 1, Bounded: true, Minimum: 1, Maximum: 256, Help: "addresses that each server takes: more than one for nodes whose pods have addresses of the subnet"},
		{Name: "others-per-subnet", Kind: policy.KindNumber, Default: 0, Bounded: true, Minimum: 0, Maximum: 65536, Help: "addresses that something else takes in each subnet, such as functions and databases"},
	}
}

// spaceStack is a group and a load balancer in two subnets that hold both.
const spaceStack = `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/26, availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.2.0/26, availabilityZone: eu-central-1b}}
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, subnets: ["${a.id}", "${b.id}"]}}
  web: {type: "aws:autoscaling/group:Group", properties: {vpcZoneIdentifiers: ["${a.id}", "${b.id}"], maxSize: 30}}
`

func subnetFits() *policy.Rule {
	return &policy.Rule{
		ID: "subnet-fits-asg-max", Title: "Subnets hold the group at its maximum, with a zone lost too", Severity: policy.High,
		Types: []string{subnet},
		Why:   "when a subnet has no address left the group cannot start the servers that it wants, just when load or the loss of a zone asks for them",
		Fix:   "make the subnet larger, or lower maxSize of the group",
		Sources: []string{
			"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
			"https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html",
		},
		Settings: spaceSettings(),
		Check: judgeNeed(func(c *policy.Case, own *demand, wanted, has float64) {
			small := len(own.balancers) > 0 && has < usable(netip.PrefixFrom(netip.IPv4Unspecified(), smallestBalancerSize))
			if wanted <= has && !small {
				return
			}
			details := []policy.Detail{policy.Fix("make the subnet a /%d", sizeFor(wanted, len(own.balancers) > 0))}
			for _, n := range slices.Concat(own.groups, own.balancers) {
				details = append(details, policy.Saw(n, "", "stands in the subnet"))
			}
			c.Broken("cidrBlock", fmt.Sprintf("%s: %v usable addresses, %v needed now and %v after the loss of a zone: %s",
				c.Get("cidrBlock").Show(), has, own.now, own.afterLoss, strings.Join(own.parts, "; ")), fmt.Sprintf("%v addresses", wanted), details...)
		}),
		Proof: policy.Proof{
			Good: spaceStack,
			Bad: []string{"web.maxSize=20000", "a.cidrBlock=10.0.1.0/27", "a.cidrBlock=10.0.1.0/28", "web.maxSize=50", `web.vpcZoneIdentifiers! ; a.cidrBlock=10.0.1.0/28`, "web.warmPool={maxGroupPreparedCapacity: 90}",
				`+a2={type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.3.0/26, availabilityZone: eu-central-1a}} ; +b2={type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.4.0/26, availabilityZone: eu-central-1b}} ; web.vpcZoneIdentifiers=["${a.id}", "${b.id}", "${a2.id}", "${b2.id}"] ; web.maxSize=100`,
			},
			Guard: "a.cidrBlock", Absent: policy.Unknown, Exempt: "web! ; front!",
			Also: []string{"required-tags", "subnet-headroom", "subnet-inside-network", "elb-to-instance-reachability", "cost-ceiling", "size-ceiling", "asg-multi-az"},
		},
	}
}

func subnetHeadroom() *policy.Rule {
	return &policy.Rule{
		ID: "subnet-headroom", Title: "Subnets keep a fifth of their addresses free", Severity: policy.Low, Advisory: true,
		Types:    []string{subnet},
		Why:      "a subnet cannot grow: what is nearly full today has to be replaced, servers included, for the next load balancer or endpoint",
		Fix:      "make the subnet larger before anything stands in it",
		Sources:  []string{"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"},
		Settings: append(spaceSettings(), policy.Setting{Name: "free-share", Kind: policy.KindNumber, Default: 0.2, Bounded: true, Minimum: 0, Maximum: 0.9, Help: "the share of addresses that stays free; a choice, no source has a number"}),
		Check: judgeNeed(func(c *policy.Case, _ *demand, wanted, has float64) {
			free, _ := c.Number("free-share")
			if wanted > has*(1-free) {
				c.Broken("cidrBlock", fmt.Sprintf("%v of %v addresses needed", wanted, has), fmt.Sprintf("%v%% free", math.Round(free*100)),
					policy.Fix("make the subnet a /%d", sizeFor(wanted/(1-free), true)))
			}
		}),
		Proof: policy.Proof{
			Good:  spaceStack,
			Bad:   []string{"web.maxSize=20000", "web.maxSize=40", "b.cidrBlock=10.0.2.0/27"},
			Guard: "a.cidrBlock", Absent: policy.Unknown, Exempt: "web! ; front!",
			Also: []string{"subnet-fits-asg-max", "cost-ceiling", "size-ceiling"},
		},
	}
}

func subnetInside() *policy.Rule {
	return &policy.Rule{
		ID: "subnet-inside-network", Title: "Subnets lie inside the range of their network", Severity: policy.High,
		Types:   []string{subnet},
		Why:     "AWS refuses the subnet in the middle of an update, with half of the network made",
		Fix:     "choose cidrBlock inside the network's, or associate another range with the network",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"},
		Check: func(c *policy.Case) {
			block := c.Get("cidrBlock")
			at := c.Get("vpcId").Ref(network).Node()
			inner, ok := prefixOf(block)
			switch {
			case at == nil:
				c.Skip("the network is not part of the stack")
				return
			case block.Unknown():
				c.Unclear(block)
				return
			case !ok:
				c.Skip("the subnet has no IPv4 range of its own choice")
				return
			}
			values := []policy.Value{at.Get("cidrBlock")}
			for _, n := range c.Graph().ByType(extraNetwork) {
				if n.Get("vpcId").Ref(network).Node() == at {
					values = append(values, n.Get("cidrBlock"))
				}
			}
			for _, v := range values {
				if outer, known := prefixOf(v); known && within(inner, outer) {
					return
				}
			}
			if hidden := slices.IndexFunc(values, func(v policy.Value) bool { return !v.Known() }); hidden >= 0 {
				c.Unclear(values[hidden])
				return
			}
			c.Fail(block, "a range inside "+values[0].Show(), policy.Saw(at, "cidrBlock", "range of the network"))
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  more: {type: "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", properties: {vpcId: "${net.id}", cidrBlock: 100.64.0.0/16}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24}}
  pods: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 100.64.1.0/24}}
`,
			Bad:   []string{"a.cidrBlock=192.168.5.0/24", "a.cidrBlock=10.0.0.0/15", "more!"},
			Guard: "a.cidrBlock", Absent: policy.Pass, Exempt: "net!",
			Also: []string{"elb-to-instance-reachability", "client-to-elb-reachability", "subnets-do-not-overlap"},
		},
	}
}

func subnetsApart() *policy.Rule {
	return &policy.Rule{
		ID: "subnets-do-not-overlap", Title: "Subnets of a network share no addresses", Severity: policy.High,
		Anchors: "",
		Why:     "AWS refuses the second subnet in the middle of an update, with half of the network made",
		Fix:     "give each subnet a range of its own",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"},
		Check: func(c *policy.Case) {
			byNetwork := map[string][]sized{}
			for _, n := range c.Graph().ByType(subnet) {
				block := n.Get("cidrBlock")
				if block.Unknown() {
					c.At(n).Unclear(block)
				}
				at := networkName(n.Get("vpcId"))
				if p, ok := prefixOf(block); ok && at != "" {
					byNetwork[at] = append(byNetwork[at], sized{n, p})
				}
			}
			for _, all := range byNetwork {
				reportOverlaps(c, all)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.0.0/24}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24}}
  c: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.2.0/24}}
  other: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: vpc-2, cidrBlock: 10.0.1.0/24}}
`,
			Bad:   []string{"a.cidrBlock=10.0.1.0/24", "a.cidrBlock=10.0.0.0/22", "c.cidrBlock=10.0.1.128/25"},
			Guard: "a.cidrBlock", Absent: policy.Pass,
			FixtureOnly: "the ranges of the real environments differ, so no one value overlaps in each",
		},
	}
}

// sized is a subnet with its range.
type sized struct {
	node   *policy.Node
	prefix netip.Prefix
}

// reportOverlaps sorts the ranges and sweeps over them: a range overlaps an earlier one when it begins before that ends.
func reportOverlaps(c *policy.Case, all []sized) {
	slices.SortFunc(all, func(a, b sized) int {
		if order := a.prefix.Addr().Compare(b.prefix.Addr()); order != 0 {
			return order
		}
		if a.prefix.Bits() != b.prefix.Bits() {
			return a.prefix.Bits() - b.prefix.Bits()
		}
		return compareNodes(a.node, b.node)
	})
	widest := 0
	for i := 1; i < len(all); i++ {
		if all[widest].prefix.Overlaps(all[i].prefix) {
			first := all[widest].node
			c.At(all[i].node).Fail(all[i].node.Get("cidrBlock"), "a range apart from "+first.Name+", "+first.Get("cidrBlock").Show(), policy.Saw(first, "cidrBlock", "overlaps"))
			continue // Ranges nest or are apart, so the earlier one still reaches further.
		}
		widest = i
	}
}
