package fleet

import (
	"fmt"

	"github.com/seed-11444627/holdfast/components/alarms"
)

// makeWidgets are the graphs that answer: do users get what they ask for, is there room, and which zone is different.
func (b *builder) makeWidgets() {
	p, balancer, all := b.plan, alarms.LoadBalancer{Suffix: b.front.suffix}, b.targets("")
	group, servers := alarms.Group{Name: b.fleet.Group.Name}, alarms.Instances{Group: b.fleet.Group.Name}
	var healthy, slow []alarms.Metric
	for _, zone := range p.zones {
		healthy = append(healthy, b.targets(zone).HealthyHosts().Named(zone))
		slow = append(slow, b.targets(zone).TargetResponseTime("p99").Named(zone))
	}
	title := func(text string) string { return fmt.Sprintf("%s: %s", p.name, text) }
	requests := []alarms.Metric{balancer.RequestCount(), balancer.Target5xx(), balancer.ELB5xx(), balancer.RejectedConnections()}
	if !p.ownBalancer() {
		requests = []alarms.Metric{all.RequestCount(), all.Target5xx(), all.TargetConnectionErrors()}
	}
	b.fleet.widgets = []alarms.Widget{
		alarms.Graph(title("requests"), requests...),
		alarms.Graph(title("time to answer, s"), all.TargetResponseTime("p50"), all.TargetResponseTime("p99")).Line("too slow", p.slow().Seconds()),
		alarms.Graph(title("requests per server and minute"), all.RequestCountPerTarget()).Line("scaling target", p.sizing.Tracking.RequestsPerTargetPerMinute),
		alarms.Graph(title("servers"), group.InService(), group.Desired(), group.Min(), group.Max()).Line("needed at the peak", float64(p.sizing.ServersAtPeak)),
		alarms.Graph(title("healthy servers by zone"), healthy...).Stacked(),
		alarms.Graph(title("p99 by zone, s"), slow...),
		alarms.Graph(title("processors, memory and disk, %"), servers.CPU(), servers.Memory(), servers.Disk("/")).Line("full", busyPercent),
		alarms.Graph(title("spend"), spend(group)).Line("planned", p.plannedSpend()),
	}
	if len(b.fleet.sets) > 0 {
		b.fleet.widgets = append(b.fleet.widgets, alarms.Status(title("alarms"), b.regionalSets()...))
	}
}

// regionalSets are the alarms of the fleet's own region, which a dashboard can show together.
func (b *builder) regionalSets() []*alarms.Set {
	sets := append([]*alarms.Set{b.alarms}, b.rollback...)
	for _, set := range []*alarms.Set{b.stepAlarmSet, b.groupAlarmSet} {
		if set != nil {
			sets = append(sets, set)
		}
	}
	return sets
}
