package rules

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// What AWS takes when nothing is said.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
var _ = policy.Default(ecsService, map[string]any{"schedulingStrategy": "REPLICA"})

// capacityRules are about what is left after losing a zone.
func capacityRules() []*policy.Rule {
	return []*policy.Rule{zoneLossCapacity(), endpointPerZone()}
}

// survivors are the servers that are left of a floor when one of the zones is lost: they stand as evenly as they can, and the
// fullest zone is the one that fails.
func survivors(floor, zones int) int { return floor - int(math.Ceil(float64(floor)/float64(zones))) }

// smallestFloor is the smallest number of servers in the zones of which enough are left for the peak: the smallest f with
// f - ceil(f/zones) >= peak.
func smallestFloor(peak, zones int) int {
	if zones < 2 {
		return math.MaxInt
	}
	// Of f servers at most f·(zones-1)/zones are left, so the search begins there and ends within one step.
	floor := int(math.Ceil(float64(peak) * float64(zones) / float64(zones-1)))
	for survivors(floor, zones) < peak {
		floor++
	}
	return floor
}

// peakOf is how many servers the peak needs: what the setting says for the resource or its workload, or what the component
// above records of its load. By Little's law the requests in progress are rate times service time; each server takes its
// concurrency less the headroom.
// https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_planning_network_topology.html
func peakOf(c *policy.Case) (servers int, from string) {
	if named, ok := c.Setting("peakServers").(map[string]any); ok {
		for _, key := range []string{c.Name, workloadOf(c.Node), c.Stack().Environment} {
			if number, ok := named[key].(float64); ok {
				return int(math.Ceil(number)), "the setting peakServers"
			}
		}
	}
	return recordedPeak(c.Node)
}

func recordedPeak(n *policy.Node) (servers int, from string) {
	rate, ok := intent(n, "peakRequestsPerSecond")
	seconds, timed := intent(n, "serviceTimeSeconds")
	each, limited := intent(n, "concurrencyPerServer")
	headroom, _ := intent(n, "headroom")
	if !ok || !timed || !limited || each*(1-headroom) <= 0 {
		return 0, ""
	}
	// A tolerance keeps 4.000000000000001 from needing a fifth server.
	servers = int(math.Ceil(rate*seconds/(each*(1-headroom)) - 1e-9))
	return max(servers, 1), fmt.Sprintf("%v requests/s x %v s at once, %v for each server less %v %% headroom", rate, seconds, each, math.Round(headroom*100))
}

// workloadOf is the workload that a component above records, or the resource's own tag.
func workloadOf(n *policy.Node) string {
	for at := n; at != nil; at = at.Parent() {
		if name := at.Get("workload"); at.IsComponent() && name.IsText() {
			return name.Text()
		}
	}
	return n.Get("tags").Key("workload").Text()
}

// zoneLossAccepted is the component above that records why losing a zone may be an outage.
func zoneLossAccepted(n *policy.Node) *policy.Node {
	for at := n.Parent(); at != nil; at = at.Parent() {
		if !at.Get("zoneLossOutage").Empty() || !at.Get("singleZone").Empty() {
			return at
		}
	}
	return nil
}

// crowd is a group of equal servers or tasks.
type crowd struct {
	floor policy.Value
	zones *zones
}

func crowdOf(n *policy.Node) crowd {
	if n.Type == group {
		return crowd{n.Get("minSize"), groupZones(n)}
	}
	floor := n.Get("desiredCount")
	if target := serviceFloors(n.Graph())[n]; target != nil {
		floor = target.Get("minCapacity")
	}
	z := zonesOf(n.Get("networkConfiguration.subnets"))
	return crowd{floor, z}
}

var serviceFloorsKey byte

// serviceFloors are the scaling targets of ECS services.
func serviceFloors(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &serviceFloorsKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		found := map[*policy.Node]*policy.Node{}
		for _, target := range g.ByType(scaleTarget) {
			// The id is service/cluster/name, which no service has as its own.
			for _, behind := range target.Behind("resourceId") {
				if behind.Type == ecsService {
					found[behind] = target
				}
			}
		}
		return found
	})
}

func zoneLossCapacity() *policy.Rule {
	return &policy.Rule{
		ID: "az-loss-capacity", Title: "What is left after losing a zone carries the peak", Severity: policy.High, ProdOnly: true,
		Types: []string{group, ecsService}, Anchors: "builders:static-stability-using-availability-zones nist:CP-10,SC-36",
		Why:     "in the loss of a zone everybody launches at once and launches fail, so the servers that already run have to carry the peak",
		Fix:     "raise minSize to the smallest floor f with f - ceil(f/zones) >= peak, or use more zones",
		Sources: []string{"https://aws.amazon.com/builders-library/static-stability-using-availability-zones/"},
		Settings: []policy.Setting{
			{Name: "peakServers", Kind: policy.KindObject, Default: map[string]any{}, Help: "how many servers the peak needs, by resource name, workload or environment; components that record their load need none"},
		},
		Check: checkZoneLoss,
		Proof: policy.Proof{
			Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1b}}
  c: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1c}}
  shop: {type: "holdfast:index:HashFleet", properties: {peakRequestsPerSecond: 60, serviceTimeSeconds: 0.25, concurrencyPerServer: 5, headroom: 0.2, zoneLossOutage: ""}}
  web: {type: "aws:autoscaling/group:Group", parent: shop, properties: {minSize: 6, maxSize: 10, vpcZoneIdentifiers: ["${a.id}", "${b.id}", "${c.id}"]}}
`,
			Bad: []string{
				"web.minSize=5", "web.minSize=1", "web.minSize=0", `web.vpcZoneIdentifiers=["${a.id}", "${b.id}"]`, `web.vpcZoneIdentifiers=["${a.id}"]`,
				"web.vpcZoneIdentifiers[2]! ; web.vpcZoneIdentifiers[1]!",
				"shop.peakRequestsPerSecond=90", "shop.headroom=0.5", "shop.peakRequestsPerSecond! ; web.minSize=1",
			},
			Guard: "web.minSize", Absent: policy.Violation, Exempt: "shop.zoneLossOutage=a game day may interrupt development",
			Also: []string{"asg-multi-az", "rto-budget", "single-point-of-failure", "asg-capacity-rebalance"},
		},
	}
}

func checkZoneLoss(c *policy.Case) {
	if accepted := zoneLossAccepted(c.Node); accepted != nil {
		c.Skip("its component " + accepted.Name + " records why losing a zone may be an outage")
		return
	}
	if c.Get("schedulingStrategy").Is("DAEMON") {
		c.Skip("a daemon runs on every server of its cluster")
		return
	}
	crowd := crowdOf(c.Node)
	peak, from := peakOf(c)
	if !crowd.floor.Unknown() && !crowd.zones.complete() {
		c.Unclear(crowd.zones.missing...)
		return
	}
	if len(crowd.zones.names) == 0 {
		c.Skip("it names no subnets and no zones")
		return
	}
	if c.Require(crowd.floor, "a floor of at least 2", func(v policy.Value) bool { return peak > 0 || v.Number() >= 2 || c.Type != group }) {
		judgeFloor(c, crowd, peak, from)
	}
}

func judgeFloor(c *policy.Case, crowd crowd, peak int, from string) {
	zones, floor := len(crowd.zones.names), int(crowd.floor.Number())
	if peak == 0 {
		loadAfterLoss(c, zones)
		return
	}
	if zones < 2 {
		c.Broken("", "it stands in one zone: "+crowd.zones.String(), "two zones at least", policy.Fix("add subnets of other zones"))
		return
	}
	left := survivors(floor, zones)
	if left >= peak {
		return
	}
	needed := smallestFloor(peak, zones)
	c.Broken(crowd.floor.Path(), fmt.Sprintf("losing one of %d zones leaves %d of %d", zones, left, floor), fmt.Sprintf("%d for the peak", peak),
		policy.Fix("set %s to %d: %d - ceil(%d/%d) = %d; or use %d zones with %d", crowd.floor.Path(), needed, needed, needed, zones, survivors(needed, zones), zones+1, smallestFloor(peak, zones+1)),
		policy.Saw(c.Node, "", "the peak needs "+plural(peak, "server")+": "+from))
}

// loadAfterLoss wants a group without a declared peak to keep its servers so idle that those which are left take over.
func loadAfterLoss(c *policy.Case, zones int) {
	target := cpuTarget(c)
	if target.Unknown() {
		c.Unclear(target)
		return
	}
	if !target.IsNumber() {
		c.UnclearBecause("", "nothing says how many servers the peak needs")
		return
	}
	limit := math.Floor(100 * float64(zones-1) / float64(zones))
	if zones < 2 || target.Number() > limit {
		c.At(target.Node()).Fail(target, fmt.Sprintf("at most %v, so that the servers of %d zones carry the load of %d", limit, zones-1, zones),
			policy.Fix("lower the target to %v, or declare the peak with the setting peakServers", limit))
	}
}

// cpuTarget is the processor load that the scaling of a group keeps.
func cpuTarget(c *policy.Case) policy.Value { return cpuTargets(c.Graph())[c.Node] }

var cpuTargetsKey byte

func cpuTargets(g *policy.Graph) map[*policy.Node]policy.Value {
	return policy.Memo(g, &cpuTargetsKey, func(g *policy.Graph) map[*policy.Node]policy.Value {
		found := map[*policy.Node]policy.Value{}
		for _, scaling := range g.ByType(scalingPolicyType) {
			tracking := scaling.Get("targetTrackingConfiguration")
			if !tracking.Get("predefinedMetricSpecification.predefinedMetricType").Is("ASGAverageCPUUtilization") {
				continue
			}
			for _, n := range scaling.Get("autoscalingGroupName").Ref(group).Nodes {
				found[n] = tracking.Get("targetValue")
			}
		}
		return found
	})
}

func endpointPerZone() *policy.Rule {
	return &policy.Rule{
		ID: "endpoint-per-zone", Title: "Interface endpoints stand in every zone that uses them", Severity: policy.Medium, ProdOnly: true,
		Types: []string{endpoint}, Anchors: "builders:static-stability-using-availability-zones nist:SC-36",
		Why:     "servers of a zone without an interface of the endpoint reach the service through another zone, and lose it when that zone is lost",
		Fix:     "add a subnet of each zone that runs servers to subnetIds",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"},
		Check: func(c *policy.Case) {
			if !c.Get("vpcEndpointType").Is("Interface") {
				c.Skip("only interface endpoints stand in zones")
				return
			}
			own := zonesOf(c.Get("subnetIds"))
			if !own.complete() {
				c.Unclear(own.missing...)
				return
			}
			wanted := zonesInUse(c.Graph())[ownNetwork(c.Node)]
			for _, zone := range slices.Sorted(maps.Keys(wanted)) {
				if !own.names[zone] {
					c.Broken("subnetIds", "zones: "+own.String(), "a subnet of zone "+zone+" too", policy.Saw(wanted[zone], "", "runs servers in zone "+zone))
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc"}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", availabilityZone: eu-central-1b}}
  web: {type: "aws:autoscaling/group:Group", properties: {minSize: 4, vpcZoneIdentifiers: ["${a.id}", "${b.id}"]}}
  logs: {type: "aws:ec2/vpcEndpoint:VpcEndpoint", properties: {vpcId: "${net.id}", vpcEndpointType: Interface, subnetIds: ["${a.id}", "${b.id}"]}}
`,
			Bad:   []string{`logs.subnetIds=["${a.id}"]`, `logs.subnetIds=["${b.id}"]`, "logs.subnetIds[0]!", "logs.subnetIds!"},
			Guard: "logs.subnetIds", Absent: policy.Violation, Exempt: "logs.vpcEndpointType=Gateway",
		},
	}
}

// What EC2 takes when nothing is said.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
var _ = policy.Default(endpoint, map[string]any{"vpcEndpointType": "Gateway"})

// ownNetwork is the network that a resource names, by resource where it is one of the program, else by id.
func ownNetwork(n *policy.Node) string {
	ref := n.Get("vpcId").Ref(network)
	if found := ref.Node(); found != nil {
		return found.URN
	}
	return ref.Text
}

var zonesInUseKey byte

// zonesInUse are the zones of each network in which groups and services run, each with one of them.
func zonesInUse(g *policy.Graph) map[string]map[string]*policy.Node {
	return policy.Memo(g, &zonesInUseKey, func(g *policy.Graph) map[string]map[string]*policy.Node {
		used := map[string]map[string]*policy.Node{}
		for _, n := range g.ByType(group, ecsService, lambdaFunction) {
			for _, in := range subnetsOf(n) {
				zone := zoneOf(in)
				if !zone.Known() {
					continue
				}
				net := ownNetwork(in)
				if used[net] == nil {
					used[net] = map[string]*policy.Node{}
				}
				used[net][zone.Text()] = n
			}
		}
		return used
	})
}

// subnetsOf are the subnets that servers, tasks or functions run in.
func subnetsOf(n *policy.Node) []*policy.Node {
	path := map[string]string{
		group: "vpcZoneIdentifiers", ecsService: "networkConfiguration.subnets", lambdaFunction: "vpcConfig.subnetIds", instance: "subnetId",
	}[n.Type]
	found, _ := n.Get(path).Refs(subnet)
	return found
}
