package rules

import (
	"fmt"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// step is one part of the time that a path takes until it answers again after a zone is lost.
type step struct {
	node    *policy.Node
	path    string
	what    string
	seconds float64
	// estimated says that no page states the constant; a finding that rests on it only advises.
	estimated bool
	// better are single properties that would make it shorter.
	better []better
}

// better is one property set to another value, and what the step takes then.
type better struct {
	property, value string
	seconds         float64
}

// blocked says why nothing brings a resource back by itself.
type blocked struct {
	node        *policy.Node
	why, how    string
	unclear     policy.Value
	onlyUnclear bool
}

// Times that AWS states. Each is the worst of a stated range.
const (
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.Failover.html: typically 60 to 120 seconds.
	multiAZFailover = 120
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html: typically less than 35 seconds.
	multiAZClusterFailover = 35
	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html: typically less than
	// 60 seconds with a reader.
	auroraFailover = 60
	// https://docs.aws.amazon.com/neptune/latest/userguide/backup-restore-overview-fault-tolerance.html: typically less than
	// 120 seconds with a replica.
	neptuneFailover = 120
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/db-cluster-fault-tolerance.html: typically less than 120
	// seconds with a replica.
	documentFailover = 120
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html: names of load
	// balancers are good for 60 seconds.
	balancerTTL = 60
	// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html: an alias has
	// the time to live of what it names; https://aws.amazon.com/route53/faqs/: that is fixed at 60 seconds.
	aliasTTL = 60
)

// Times that no page states as a bound.
const (
	cacheFailover  = 180 // "a few minutes" in an old edition of the guide
	memoryFailover = 60
	brokerFailover = 60
	warehouse      = 120
	launchAndBoot  = 300
)

// What the provider and AWS take when nothing is said.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
var _ = defaultsOfRecovery()

func defaultsOfRecovery() bool {
	for _, t := range targetGroups {
		policy.Default(t, map[string]any{"healthCheck.interval": 30, "healthCheck.unhealthyThreshold": 3, "deregistrationDelay": 300})
	}
	policy.Default(cacheGroup, map[string]any{"automaticFailoverEnabled": false, "multiAzEnabled": false})
	policy.Default(searchType, map[string]any{"clusterConfig.zoneAwarenessEnabled": false})
	policy.Default(brokerType, map[string]any{"deploymentMode": "SINGLE_INSTANCE"})
	policy.Default(redshiftCluster, map[string]any{"multiAz": false})
	policy.Default(memoryDB, map[string]any{"numReplicasPerShard": 1})
	return policy.Default(healthCheckType, map[string]any{"failureThreshold": 3, "requestInterval": 30})
}

// outageOfZone is what a resource itself adds to the time until a path answers again after a zone is lost.
func outageOfZone(n *policy.Node) ([]step, *blocked) {
	switch {
	case n.Type == dnsRecord:
		return recordOutage(n)
	case slices.Contains(balancers, n.Type):
		return balancerOutage(n)
	case slices.Contains(targetGroups, n.Type):
		return targetOutage(n)
	case n.Type == group, n.Type == ecsService:
		return crowdOutage(n)
	case n.Type == instance:
		return nil, gone(n, "a single server stands in one zone", "run it in an Auto Scaling group over several zones")
	case n.Type == lambdaFunction:
		return functionOutage(n)
	case slices.Contains(stores, n.Type):
		return storeOutage(n)
	}
	return nil, nil
}

func gone(n *policy.Node, why, how string) *blocked { return &blocked{node: n, why: why, how: how} }

func unclearOf(n *policy.Node, v policy.Value) *blocked {
	return &blocked{node: n, unclear: v, onlyUnclear: true}
}

// product is a step of a count times an interval, both properties of one resource.
func product(n *policy.Node, what, interval, count string, leastInterval, leastCount float64) ([]step, *blocked) {
	every, times := n.Get(interval), n.Get(count)
	for _, v := range []policy.Value{every, times} {
		if v.Unknown() {
			return nil, unclearOf(n, v)
		}
	}
	s := step{node: n, path: interval, what: fmt.Sprintf("%s (%vx%v)", what, every.Number(), times.Number()), seconds: every.Number() * times.Number()}
	if every.Number() > leastInterval {
		s.better = append(s.better, better{interval, fmt.Sprint(leastInterval), leastInterval * times.Number()})
	}
	if times.Number() > leastCount {
		s.better = append(s.better, better{count, fmt.Sprint(leastCount), every.Number() * leastCount})
	}
	return []step{s}, nil
}

// recordOutage: a record with a health check answers with another one when the check has failed, and clients ask again when
// what they keep has grown old. A record without one always answers the same.
func recordOutage(n *policy.Node) ([]step, *blocked) {
	check := n.Get("healthCheckId")
	routed := !n.Get("failoverRoutingPolicies").Empty() || !check.Empty()
	if !routed {
		return nil, nil
	}
	var steps []step
	if checker := check.Ref(healthCheckType).Node(); checker != nil {
		detect, problem := product(checker, "detect", "requestInterval", "failureThreshold", 10, 2)
		if problem != nil {
			return nil, problem
		}
		steps = detect
	} else if check.Unknown() {
		return nil, unclearOf(n, check)
	}
	if !n.Get("aliases").Empty() {
		return append(steps, step{node: n, path: "aliases", what: "ttl of the alias", seconds: aliasTTL}), nil
	}
	ttl := n.Get("ttl")
	if ttl.Unknown() {
		return nil, unclearOf(n, ttl)
	}
	s := step{node: n, path: "ttl", what: "ttl", seconds: ttl.Number()}
	if s.seconds > 60 {
		s.better = []better{{"ttl", "60", 60}}
	}
	return append(steps, s), nil
}

func balancerOutage(n *policy.Node) ([]step, *blocked) {
	z := balancerZones(n)
	if !z.complete() {
		return nil, unclearOf(n, z.missing[0])
	}
	if len(z.names) == 1 {
		return nil, gone(n, "the load balancer stands in one zone: "+z.String(), "add subnets of other zones to it")
	}
	return []step{{node: n, path: "dnsName", what: "name of the load balancer", seconds: balancerTTL}}, nil
}

// targetOutage: a target group takes targets out that fail their checks.
func targetOutage(n *policy.Node) ([]step, *blocked) {
	return product(n, "detect", "healthCheck.interval", "healthCheck.unhealthyThreshold", 10, 2)
}

// crowdOutage: a group whose survivors carry the recorded peak needs nothing; another launches what is missing.
func crowdOutage(n *policy.Node) ([]step, *blocked) {
	crowd := crowdOf(n)
	if !crowd.zones.complete() {
		return nil, unclearOf(n, crowd.zones.missing[0])
	}
	if crowd.floor.Unknown() {
		return nil, unclearOf(n, crowd.floor)
	}
	zones := len(crowd.zones.names)
	if zones == 1 {
		return nil, gone(n, "it runs in one zone: "+crowd.zones.String(), "add subnets of other zones to it")
	}
	peak, _ := recordedPeak(n)
	if zones > 1 && peak > 0 && survivors(int(crowd.floor.Number()), zones) >= peak {
		return nil, nil
	}
	warm := n.Get("defaultInstanceWarmup")
	if n.Type == ecsService {
		warm = n.Get("healthCheckGracePeriodSeconds")
	}
	if warm.Unknown() {
		return nil, unclearOf(n, warm)
	}
	steps := []step{{node: n, path: crowd.floor.Path(), what: "launch and boot", seconds: launchAndBoot, estimated: true, better: standing(crowd, peak)}}
	if warm.Number() > 0 {
		steps = append(steps, step{node: n, path: warm.Path(), what: "warm-up", seconds: warm.Number(), better: []better{{warm.Path(), "60", min(60, warm.Number())}}})
	}
	return steps, nil
}

// standing is the floor with which nothing has to be launched.
func standing(crowd crowd, peak int) []better {
	if peak == 0 || len(crowd.zones.names) < 2 {
		return nil
	}
	return []better{{crowd.floor.Path(), fmt.Sprint(smallestFloor(peak, len(crowd.zones.names))), 0}}
}

func functionOutage(n *policy.Node) ([]step, *blocked) {
	z := zonesOf(n.Get("vpcConfig.subnetIds"))
	if !z.complete() {
		return nil, unclearOf(n, z.missing[0])
	}
	if len(z.names) == 1 {
		return nil, gone(n, "the function is in one zone: "+z.String(), "add subnets of other zones to vpcConfig.subnetIds")
	}
	return nil, nil
}

// storeOutage is the table of stores: what brings each back after a zone is lost, and how long that takes.
func storeOutage(n *policy.Node) ([]step, *blocked) {
	switch n.Type {
	case dbInstance:
		return failover(n, n.Get("multiAz"), policy.Value.True, multiAZFailover, false, "it runs in one zone and is restored by hand", "set multiAz to true")
	case dbCluster:
		return clusterOutage(n)
	case cacheGroup:
		if v := n.Get("multiAzEnabled"); !v.True() {
			return failover(n, v, policy.Value.True, 0, false, "a lost primary is rebuilt in its own zone", "set multiAzEnabled and automaticFailoverEnabled to true, with a replica")
		}
		return failover(n, n.Get("automaticFailoverEnabled"), policy.Value.True, cacheFailover, true, "no replica takes over", "set automaticFailoverEnabled to true")
	case cacheCluster:
		return failover(n, n.Get("azMode"), is("cross-az"), 0, true, "its nodes are in one zone", "set azMode to cross-az with several nodes, or use a replication group")
	case redshiftCluster:
		return failover(n, n.Get("multiAz"), policy.Value.True, warehouse, true, "it runs in one zone", "set multiAz to true")
	case searchType:
		return failover(n, n.Get("clusterConfig.zoneAwarenessEnabled"), policy.Value.True, 0, true, "its nodes are in one zone", "set clusterConfig.zoneAwarenessEnabled to true")
	case brokerType:
		return failover(n, n.Get("deploymentMode"), func(v policy.Value) bool { return !v.Is("SINGLE_INSTANCE") }, brokerFailover, true, "it is a single broker", "set deploymentMode to ACTIVE_STANDBY_MULTI_AZ or CLUSTER_MULTI_AZ")
	case efsType:
		return failover(n, n.Get("availabilityZoneName"), policy.Value.Empty, 0, false, "it keeps its files in one zone", "leave availabilityZoneName out")
	case memoryDB:
		return failover(n, n.Get("numReplicasPerShard"), func(v policy.Value) bool { return v.Number() > 0 }, memoryFailover, true, "its shards have no replica", "set numReplicasPerShard to 1")
	}
	if slices.Contains(nosql, n.Type) {
		return clusterOutage(n)
	}
	return nil, nil
}

func is(text string) func(policy.Value) bool {
	return func(v policy.Value) bool { return v.Is(text) }
}

// failover takes the seconds when the property says that something takes over, and is blocked otherwise.
func failover(n *policy.Node, v policy.Value, takesOver func(policy.Value) bool, seconds float64, estimated bool, why, how string) ([]step, *blocked) {
	if v.Unknown() {
		return nil, unclearOf(n, v)
	}
	if !takesOver(v) {
		return nil, gone(n, why, how)
	}
	if seconds == 0 {
		return nil, nil
	}
	return []step{{node: n, path: v.Path(), what: "failover of " + n.String(), seconds: seconds, estimated: estimated}}, nil
}

// clusterOutage: a cluster with shared storage fails over to an instance in another zone, if there is one.
func clusterOutage(n *policy.Node) ([]step, *blocked) {
	if !n.Get("dbClusterInstanceClass").Empty() { // A Multi-AZ cluster of RDS has its standbys by itself.
		return []step{{node: n, path: "dbClusterInstanceClass", what: "failover of " + n.String(), seconds: multiAZClusterFailover}}, nil
	}
	members := standbysOf(n.Graph())[n]
	placed, known := map[string]bool{}, true
	for _, member := range members {
		zone := member.Get("availabilityZone")
		known = known && zone.Known()
		placed[zone.Text()] = true
	}
	if len(members) < 2 {
		return nil, gone(n, "it has no instance that would take over", "add a second instance in another zone")
	}
	if known && len(placed) < 2 {
		return nil, gone(n, "all of its instances are in one zone", "set availabilityZone of one instance to another zone")
	}
	seconds := float64(auroraFailover)
	switch n.Type {
	case "aws:neptune/cluster:Cluster":
		seconds = neptuneFailover
	case "aws:docdb/cluster:Cluster":
		seconds = documentFailover
	}
	return []step{{node: n, path: "", what: "failover of " + n.String(), seconds: seconds}}, nil
}

var standbysKey byte

// standbysOf are the instances of each database cluster.
func standbysOf(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &standbysKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		found := map[*policy.Node][]*policy.Node{}
		for _, member := range g.ByType(append([]string{dbClusterInstance}, nosqlParts...)...) {
			if cluster := member.Get("clusterIdentifier").Ref(append([]string{dbCluster}, nosql...)...).Node(); cluster != nil {
				found[cluster] = append(found[cluster], member)
			}
		}
		return found
	})
}
