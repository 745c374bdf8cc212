package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// derived is how long a path takes until it answers again, and why: the slowest of everything behind it.
type derived struct {
	steps   []step
	blocked *blocked
	unclear []policy.Value
	// doubt says that some link of the path is only known to be one of several.
	doubt bool
}

func (d derived) seconds() float64 {
	var total float64
	for _, s := range d.steps {
		total += s.seconds
	}
	return total
}

// replaced is a step's time with one property set to another value.
type replaced struct {
	node     *policy.Node
	property string
	seconds  float64
}

// derivation walks the serving graph: the sum along a path, the slowest where it forks.
type derivation struct {
	graph *serving
	kept  map[*policy.Node]*derived
	with  *replaced
}

func derive(g *policy.Graph, with *replaced) *derivation {
	return &derivation{graph: servingGraph(g), kept: map[*policy.Node]*derived{}, with: with}
}

var derivedKey byte

// derivedAll are the times of all entries as they are.
func derivedAll(g *policy.Graph) map[*policy.Node]derived {
	return policy.Memo(g, &derivedKey, func(g *policy.Graph) map[*policy.Node]derived {
		d := derive(g, nil)
		all := map[*policy.Node]derived{}
		for _, entry := range d.graph.entries {
			all[entry] = d.of(entry)
		}
		return all
	})
}

// of derives the time of a resource and everything that it needs. A resource that needs itself adds nothing the second time.
func (d *derivation) of(n *policy.Node) derived {
	if kept, ok := d.kept[n]; ok {
		if kept == nil {
			return derived{}
		}
		return *kept
	}
	d.kept[n] = nil
	own, stuck := outageOfZone(n)
	total := derived{steps: d.adjusted(own)}
	if stuck != nil {
		total = total.stopped(stuck)
	}
	worst := d.worst(n)
	total.steps = append(slices.Clone(total.steps), worst.steps...)
	total.unclear = append(total.unclear, worst.unclear...)
	total.doubt = total.doubt || worst.doubt
	if total.blocked == nil {
		total.blocked = worst.blocked
	}
	d.kept[n] = &total
	return total
}

// stopped is the derivation with what keeps the resource from coming back, or from being judged.
func (d derived) stopped(stuck *blocked) derived {
	if stuck.onlyUnclear {
		d.unclear = append(d.unclear, stuck.unclear)
		return d
	}
	d.blocked = stuck
	return d
}

// worst is the slowest of what a resource needs. Where one of several will do, the fastest way that is not blocked counts.
func (d *derivation) worst(n *policy.Node) derived {
	var worst derived
	needs := d.graph.needs[n]
	if n.Type == dnsRecord {
		needs = d.standby(n)
	}
	blockedSpares := spareless(needs)
	for _, next := range needs {
		one := d.of(next.to)
		if next.spare && blockedSpares[next.to] {
			one.blocked = nil // Others of its kind stand in other zones.
		}
		worst.unclear = append(worst.unclear, one.unclear...)
		worst.doubt = worst.doubt || one.doubt || !next.sure
		if one.blocked != nil && worst.blocked == nil {
			worst.blocked = one.blocked
			worst.steps = one.steps
		}
		if worst.blocked == nil && one.seconds() > worst.seconds() {
			worst.steps = one.steps
		}
	}
	return worst
}

// spareless are the single servers that others in other zones stand in for.
func spareless(needs []leg) map[*policy.Node]bool {
	zones := map[string]bool{}
	var servers []*policy.Node
	for _, next := range needs {
		if next.spare && next.to.Type == instance {
			servers = append(servers, next.to)
			zones[serverZone(next.to).Text()] = true
		}
	}
	covered := map[*policy.Node]bool{}
	for _, server := range servers {
		covered[server] = len(zones) > 1
	}
	return covered
}

// serverZone is the zone of a single server.
func serverZone(n *policy.Node) policy.Value {
	if in := n.Get("subnetId").Ref(subnet).Node(); in != nil {
		return zoneOf(in)
	}
	return n.Get("availabilityZone")
}

// standby is what a primary record's customers get after the failover: what the secondary leads to.
func (d *derivation) standby(n *policy.Node) []leg {
	pair := pairOf(n)
	if pair == nil || !n.Get("failoverRoutingPolicies[0].type").Is("PRIMARY") {
		return d.graph.needs[n]
	}
	return d.graph.needs[pair]
}

// adjusted puts the tried value in place of a step's own.
func (d *derivation) adjusted(steps []step) []step {
	if d.with == nil {
		return steps
	}
	changed := slices.Clone(steps)
	for i, s := range changed {
		for _, b := range s.better {
			if s.node == d.with.node && b.property == d.with.property {
				changed[i].seconds = d.with.seconds
			}
		}
	}
	return changed
}

// text is the derivation as people read it.
func (d derived) text() string {
	parts := make([]string, 0, len(d.steps))
	for _, s := range d.steps {
		part := fmt.Sprintf("%s %vs", s.what, s.seconds)
		if what, detail, found := strings.Cut(s.what, " ("); found {
			part = fmt.Sprintf("%s %vs (%s", what, s.seconds, detail)
		}
		if s.estimated {
			part += " (estimate)"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "nothing has to be waited for"
	}
	return strings.Join(parts, " + ")
}

func (d derived) estimated() bool {
	return slices.ContainsFunc(d.steps, func(s step) bool { return s.estimated })
}

// advising makes a finding that rests on an estimate one that stops nothing.
func advising(d derived) policy.Detail {
	if !d.estimated() {
		return func(*policy.Finding) {}
	}
	return advisesOnly("AWS states no bound for what is marked as an estimate")
}

// advisesOnly makes a finding one that stops nothing, and says why.
func advisesOnly(because string) policy.Detail {
	return func(f *policy.Finding) {
		if f.Level == policy.Mandatory {
			f.Level = policy.Advisory
			f.Why += "; the finding only advises, because " + because
		}
	}
}

// cheapest is the single property that brings the time within the limit with the least change, or the one that helps most.
func cheapest(c *policy.Case, was derived, limit float64) string {
	type candidate struct {
		step   step
		better better
		total  float64
	}
	var best *candidate
	for _, s := range was.steps {
		for _, b := range s.better {
			total := derive(c.Graph(), &replaced{s.node, b.property, b.seconds}).of(c.Node).seconds()
			one := &candidate{s, b, total}
			switch {
			case total >= was.seconds():
			case best == nil, total <= limit && (best.total > limit || total > best.total), best.total > limit && total < best.total:
				best = one
			}
		}
	}
	if best == nil {
		return "no single property shortens it: shorten the longest step, or raise the budget with the setting rtoSeconds"
	}
	text := fmt.Sprintf("the cheapest is to set %s of %s to %s: -%vs, then %s", best.better.property, best.step.node.String(), best.better.value, was.seconds()-best.total, span(best.total))
	if best.total > limit {
		text += "; that alone is not enough"
	}
	return text
}

// budget is how many seconds are allowed: what a component at or above records, what the setting says for its workload, or
// for the environment.
func budget(c *policy.Case, name string) float64 {
	if own, ok := intent(c.Node, name); ok {
		return own
	}
	if named, ok := c.Setting("workloads").(map[string]any); ok {
		if number, ok := named[workloadOf(c.Node)].(float64); ok {
			return number
		}
	}
	limit, _ := c.Number(name)
	return limit
}

func budgetSettings(name string, seconds float64, help string) []policy.Setting {
	return []policy.Setting{
		{Name: name, Kind: policy.KindNumber, Default: seconds, Bounded: true, Minimum: 0, Maximum: 31536000, Help: help},
		{Name: "workloads", Kind: policy.KindObject, Default: map[string]any{}, Help: "the same for single workloads, by name: {\"shop\": 600}"},
	}
}

func rtoBudget() *policy.Rule {
	return &policy.Rule{
		ID: "rto-budget", Title: "Losing a zone is over within the recovery time that is promised", Severity: policy.Critical, ProdOnly: true,
		Types: fronts, Anchors: "hub:az-rto nist:CP-10,CP-2",
		Why:     "the recovery time is the sum of every wait between the customers and the data; nobody sees it in any one resource, and it shows first in the outage",
		Fix:     "shorten the longest step of the derivation",
		Sources: recoverySources, Settings: budgetSettings("rtoSeconds", 900, "how many seconds the loss of a zone may last"),
		Check: checkRTO,
		Proof: policy.Proof{
			Good: recoveryGood,
			Bad: []string{
				"front.ttl=900", "probe.failureThreshold=10 ; front.ttl=600", "tg.healthCheck.interval=300 ; tg.healthCheck.unhealthyThreshold=3", "db.multiAz=false", "db.multiAz!",
				`lb.subnets=["${a.id}"]`, `web.vpcZoneIdentifiers=["${b.id}"]`, "web.minSize=2 ; web.defaultInstanceWarmup=600",
			},
			Guard: "db.multiAz", Absent: policy.Violation, Exempt: "front! ; lb!",
			Also: []string{"timeout-grace", "asg-multi-az", "lb-multi-az", "az-loss-capacity", "single-point-of-failure", "rds-multi-az", "failover-record-pair", "tg-health-check-defined", "rpo-budget"},
		},
	}
}

var recoverySources = []string{
	"https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/plan-for-disaster-recovery-dr.html",
	"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.Failover.html",
	"https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html",
	"https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html",
	"https://docs.aws.amazon.com/neptune/latest/userguide/backup-restore-overview-fault-tolerance.html",
	"https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-fault-tolerance.html",
	"https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html",
	"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html",
	"https://aws.amazon.com/route53/faqs/",
}

const recoveryGood = `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1b}}
  shop: {type: "holdfast:index:HashFleet", properties: {peakRequestsPerSecond: 40, serviceTimeSeconds: 0.25, concurrencyPerServer: 5, headroom: 0.2}}
  lb: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {subnets: ["${a.id}", "${b.id}"]}}
  tg: {type: "aws:lb/targetGroup:TargetGroup", properties: {healthCheck: {interval: 10, unhealthyThreshold: 2}}}
  https: {type: "aws:lb/listener:Listener", properties: {loadBalancerArn: "${lb.arn}", port: 443, protocol: HTTPS, defaultActions: [{type: forward, targetGroupArn: "${tg.arn}"}]}}
  db: {type: "aws:rds/instance:Instance", properties: {multiAz: true, backupRetentionPeriod: 14}}
  template: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {userData: "${db.address}"}}
  web:
    type: aws:autoscaling/group:Group
    parent: shop
    properties: {minSize: 6, defaultInstanceWarmup: 120, vpcZoneIdentifiers: ["${a.id}", "${b.id}"], targetGroupArns: ["${tg.arn}"], launchTemplate: {id: "${template.id}", version: "1"}}
  probe: {type: "aws:route53/healthCheck:HealthCheck", properties: {requestInterval: 30, failureThreshold: 3, type: HTTPS}}
  front:
    type: aws:route53/record:Record
    properties: {zoneId: Z1, name: shop.example.com, type: CNAME, ttl: 60, setIdentifier: first, healthCheckId: "${probe.id}", records: ["${lb.dnsName}"], failoverRoutingPolicies: [{type: PRIMARY}]}
  spare:
    type: aws:route53/record:Record
    properties: {zoneId: Z1, name: shop.example.com, type: CNAME, ttl: 60, setIdentifier: second, records: ["${lb.dnsName}"], failoverRoutingPolicies: [{type: SECONDARY}]}
`

func checkRTO(c *policy.Case) {
	found, entered := derivedAll(c.Graph())[c.Node]
	if !entered || c.Get("failoverRoutingPolicies[0].type").Is("SECONDARY") {
		c.Skip("customers come through another resource, or it leads to nothing of this program")
		return
	}
	if accepted := acceptedBehind(c.Graph(), c.Node); accepted != nil {
		c.Skip("the component " + accepted.Name + " behind it records why losing a zone may be an outage")
		return
	}
	limit := budget(c, "rtoSeconds")
	switch {
	case found.doubt && (found.blocked != nil || found.seconds() > limit):
		c.UnclearBecause("", "what is behind it is only known to be one of several")
	case found.blocked != nil:
		stuck := found.blocked
		c.Broken("", "RTO unbounded after losing a zone: "+stuck.node.String()+": "+stuck.why, "RTO at most "+span(limit), policy.Fix("%s: %s", stuck.node.String(), stuck.how), sawSteps(found), policy.Saw(stuck.node, "", stuck.why))
	case found.seconds() > limit:
		c.Broken("", fmt.Sprintf("RTO %s > %s after losing a zone: %s", span(found.seconds()), span(limit), found.text()), "RTO at most "+span(limit),
			policy.Fix("%s", cheapest(c, found, limit)), sawSteps(found), advising(found))
	case len(found.unclear) > 0:
		c.Unclear(found.unclear...)
	}
}

// acceptedBehind is a component on the way that records why losing a zone may be an outage.
func acceptedBehind(g *policy.Graph, entry *policy.Node) *policy.Node {
	for _, n := range reachable(servingGraph(g), entry) {
		if accepted := zoneLossAccepted(n); accepted != nil {
			return accepted
		}
	}
	return nil
}

// reachable is everything that an entry needs, itself first.
func reachable(s *serving, entry *policy.Node) []*policy.Node {
	found, seen := []*policy.Node{entry}, map[*policy.Node]bool{entry: true}
	for i := 0; i < len(found); i++ {
		for _, next := range s.needs[found[i]] {
			if !seen[next.to] {
				seen[next.to] = true
				found = append(found, next.to)
			}
		}
	}
	return found
}

// sawSteps puts the steps into the evidence, in the order in which they are waited for.
func sawSteps(d derived) policy.Detail {
	return func(f *policy.Finding) {
		for _, s := range d.steps {
			policy.Saw(s.node, s.path, fmt.Sprintf("%s: %vs", s.what, s.seconds))(f)
		}
	}
}
