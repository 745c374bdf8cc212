package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// redundancyRules are about single points of failure.
func redundancyRules() []*policy.Rule { return []*policy.Rule{singlePoint()} }

// dominance is who every way of the customers leads through: the immediate dominators of the serving graph, seen from a
// virtual entry before all entries.
type dominance struct {
	// below are the resources that cannot be reached without the one: those that it dominates.
	below map[*policy.Node][]*policy.Node
	// required are the resources that something needs and for which nothing of their kind stands in.
	required map[*policy.Node]bool
	// served are all that the customers reach; huddled, single servers whose stand-ins are all in their own zone.
	served, huddled map[*policy.Node]bool
}

var dominanceKey byte

func dominators(g *policy.Graph) *dominance {
	return policy.Memo(g, &dominanceKey, func(g *policy.Graph) *dominance {
		s := servingGraph(g)
		d := &dominance{
			below: map[*policy.Node][]*policy.Node{}, required: map[*policy.Node]bool{}, served: map[*policy.Node]bool{}, huddled: map[*policy.Node]bool{},
		}
		numbered, edges := number(s)
		parent := immediateDominators(edges)
		for v := len(numbered) - 1; v > 0; v-- {
			// Postorder of the tree: everything below v is already collected.
			if up := parent[v]; up > 0 {
				d.below[numbered[up]] = append(append(d.below[numbered[up]], numbered[v]), d.below[numbered[v]]...)
			}
		}
		for _, n := range numbered[1:] {
			d.served[n] = true
			d.judgeNeeds(s.needs[n])
		}
		return d
	})
}

// judgeNeeds notes which of the things that one resource needs have nothing that stands in for them.
func (d *dominance) judgeNeeds(needs []leg) {
	spares := 0
	for _, next := range needs {
		if next.spare {
			spares++
		}
	}
	for _, next := range needs {
		d.required[next.to] = d.required[next.to] || !next.spare || spares == 1
	}
	for server, covered := range spareless(needs) {
		d.huddled[server] = d.huddled[server] || !covered
	}
}

// number lists what the entries reach in reverse postorder, the virtual entry first, and for each the numbers of those that
// need it. Cycles in the tree of a depth-first walk do no harm to the algorithm.
func number(s *serving) (numbered []*policy.Node, needed [][]int) {
	var post []*policy.Node
	seen := map[*policy.Node]bool{}
	var walk func(n *policy.Node)
	walk = func(n *policy.Node) {
		seen[n] = true
		for _, next := range s.needs[n] {
			if !seen[next.to] {
				walk(next.to)
			}
		}
		post = append(post, n)
	}
	for _, entry := range s.entries {
		if !seen[entry] {
			walk(entry)
		}
	}
	slices.Reverse(post)
	numbered = append([]*policy.Node{nil}, post...)
	at := map[*policy.Node]int{}
	for i, n := range numbered {
		at[n] = i
	}
	needed = make([][]int, len(numbered))
	for _, entry := range s.entries {
		needed[at[entry]] = append(needed[at[entry]], 0)
	}
	for _, n := range post {
		for _, next := range s.needs[n] {
			needed[at[next.to]] = append(needed[at[next.to]], at[n])
		}
	}
	return numbered, needed
}

// immediateDominators finds, for vertices numbered in reverse postorder with 0 as the root and with the predecessors of each,
// the last vertex that every path from the root to it passes.
// Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm, https://www.cs.tufts.edu/comp/150FP/archive/keith-cooper/dom14.pdf
func immediateDominators(predecessors [][]int) []int {
	dominator := make([]int, len(predecessors))
	for v := range dominator {
		dominator[v] = -1
	}
	if len(dominator) > 0 {
		dominator[0] = 0
	}
	for changed := true; changed; {
		changed = false
		for v := 1; v < len(predecessors); v++ {
			best := nearestCommon(dominator, predecessors[v])
			if best != dominator[v] {
				dominator[v], changed = best, true
			}
		}
	}
	return dominator
}

// nearestCommon is the last vertex that dominates all of those that have a dominator yet, -1 when none has.
func nearestCommon(dominator, vertices []int) int {
	best := -1
	for _, v := range vertices {
		if dominator[v] < 0 {
			continue
		}
		if best < 0 {
			best = v
			continue
		}
		for v != best {
			for v > best {
				v = dominator[v]
			}
			for best > v {
				best = dominator[best]
			}
		}
	}
	return best
}

// footing says in how many zones a resource can go on, and what is not known of it. What AWS itself keeps in several zones
// stands in several.
type footing struct {
	zones   string
	several bool
	unclear policy.Value
}

func footingOf(n *policy.Node) footing {
	switch {
	case slices.Contains(balancers, n.Type):
		return onZones(balancerZones(n))
	case n.Type == group, n.Type == ecsService:
		return onZones(crowdOf(n).zones)
	case n.Type == instance:
		return footing{zones: "one server in one zone"}
	case n.Type == lambdaFunction:
		return functionFooting(n)
	case slices.Contains(stores, n.Type):
		_, stuck := storeOutage(n)
		switch {
		case stuck == nil:
			return footing{several: true}
		case stuck.onlyUnclear:
			return footing{unclear: stuck.unclear}
		}
		return footing{zones: stuck.why}
	}
	return footing{several: true}
}

func onZones(z *zones) footing {
	if !z.complete() {
		return footing{unclear: z.missing[0]}
	}
	if len(z.names) != 1 { // Without any it names no zones, and AWS takes several.
		return footing{several: true}
	}
	return footing{zones: "it stands in one zone: " + z.String()}
}

func functionFooting(n *policy.Node) footing {
	if n.Get("reservedConcurrentExecutions").Is("0") {
		return footing{zones: "a reserved concurrency of 0 lets nothing run"}
	}
	z := zonesOf(n.Get("vpcConfig.subnetIds"))
	return onZones(z)
}

func singlePoint() *policy.Rule {
	return &policy.Rule{
		ID: "single-point-of-failure", Title: "No way of the customers leads through something that stands in one zone only", Severity: policy.High, ProdOnly: true,
		Types: singleTypes(), Anchors: "nist:CP-10,SC-36 hub:az-disruption",
		Why:     "when its zone is lost, everything behind it is lost to the customers too, however many zones that stands in",
		Fix:     "let it span a second zone, or put a second one of its kind in another zone beside it",
		Sources: []string{"https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_fault_isolation_multiaz_region_system.html"},
		Check:   checkSinglePoint,
		Proof: policy.Proof{
			Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1b}}
  c: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1c}}
  lb: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {subnets: ["${a.id}", "${b.id}", "${c.id}"]}}
  tg: {type: "aws:lb/targetGroup:TargetGroup"}
  https: {type: "aws:lb/listener:Listener", properties: {loadBalancerArn: "${lb.arn}", port: 443, defaultActions: [{type: forward, targetGroupArn: "${tg.arn}"}]}}
  db: {type: "aws:rds/instance:Instance", properties: {multiAz: true}}
  one: {type: "aws:ec2/instance:Instance", properties: {subnetId: "${a.id}", userData: "${db.address}"}}
  two: {type: "aws:ec2/instance:Instance", properties: {subnetId: "${b.id}", userData: "${db.address}"}}
  one-in: {type: "aws:lb/targetGroupAttachment:TargetGroupAttachment", properties: {targetGroupArn: "${tg.arn}", targetId: "${one.id}"}}
  two-in: {type: "aws:lb/targetGroupAttachment:TargetGroupAttachment", properties: {targetGroupArn: "${tg.arn}", targetId: "${two.id}"}}
`,
			Bad: []string{
				"db.multiAz=false", "db.multiAz!", "two-in!", "two.subnetId=${a.id}", "lb.subnets[2]! ; lb.subnets[1]!", "b.availabilityZone=eu-central-1a",
			},
			Guard: "db.multiAz", Absent: policy.Violation, Exempt: "https!",
			Also: []string{"rto-budget", "az-loss-capacity", "elb-and-asg-share-zones", "alarm-dimensions", "lb-multi-az", "rds-multi-az", "asg-multi-az"},
		},
	}
}

func singleTypes() []string {
	return slices.Concat(balancers, []string{group, ecsService, instance, lambdaFunction}, stores)
}

func checkSinglePoint(c *policy.Case) {
	d := dominators(c.Graph())
	if !d.served[c.Node] {
		c.Skip("no way of the customers leads to it")
		return
	}
	if accepted := zoneLossAccepted(c.Node); accepted != nil {
		c.Skip("its component " + accepted.Name + " records why losing a zone may be an outage")
		return
	}
	stands := footingOf(c.Node)
	if stands.unclear.Unknown() {
		c.Unclear(stands.unclear)
		return
	}
	if stands.several || !d.required[c.Node] && len(d.below[c.Node]) == 0 && !d.huddled[c.Node] {
		return
	}
	details := []policy.Detail{}
	lost := d.below[c.Node]
	for _, n := range lost {
		details = append(details, policy.Saw(n, "", "cannot be reached without it"))
	}
	actual := stands.zones
	if len(lost) > 0 {
		names := make([]string, len(lost))
		for i, n := range lost {
			names[i] = n.String()
		}
		actual += fmt.Sprintf("; it is the only way to %s", strings.Join(names, ", "))
	}
	c.Broken("", actual, "two zones at least, or a second one beside it in another zone", details...)
}
