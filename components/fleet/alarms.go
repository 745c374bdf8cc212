package fleet

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
)

// runbooks is the file of the entries in docs/runbooks.
const runbooks = "hash-fleet.md#"

// Thresholds.
const (
	fewestRequests   = 20  // in a minute, below which a share of them says nothing
	errorPercent     = 5.0 // of requests
	outlierPercent   = 5.0 // points of errors above the other zones
	outlierLatency   = 2.0 // times the latency of all zones
	slowServices     = 3   // service times that the slowest hundredth may take
	busyPercent      = 90.0
	fullPercent      = 85.0
	rollbackShare    = 0.5   // the share of the thresholds at which a rollout stops
	nearlyAll        = 0.999 // a share must be below 1
	ordinaryServices = 2     // service times that the slowest hundredth of a server that has just started takes
	ordinaryLatency  = 500 * time.Millisecond
	edgeFewest       = 100
	trafficDeviation = 3
)

// rollbackKeys are the symptoms that stop a rollout. A load balancer that was brought counts its own errors for all who
// use it, so there the connections to servers are watched instead.
func (p *plan) rollbackKeys() []string {
	if p.ownBalancer() {
		return []string{"balancer-5xx", "latency-p99", "target-5xx"}
	}
	return []string{"connection-errors", "latency-p99", "target-5xx"}
}

// createAlarms makes the alarms on traffic before the group, because its refresh watches them.
func (b *builder) createAlarms() error {
	if !b.plan.alarmed() {
		return nil
	}
	balancer := alarms.LoadBalancer{Suffix: b.front.suffix}
	set, err := alarms.Create(b.ctx, b.kids, b.plan.args.Alarms, b.plan.trafficAlarms(balancer, b.targets("")), alarms.Transformed(b.transform.Alarm))
	if err != nil {
		return err
	}
	b.alarms = set
	b.fleet.sets = append(b.fleet.sets, set)
	for _, key := range b.plan.rollbackKeys() {
		clone, err := set.Tighten(b.ctx, b.plan.rollbackAt(key), key)
		if err != nil {
			return err
		}
		b.rollback = append(b.rollback, clone)
	}
	b.fleet.sets = append(b.fleet.sets, b.rollback...)
	_, err = set.Composite(b.ctx, alarms.Composite{
		Key: "degraded", Any: b.plan.rollbackKeys(), Severity: alarms.Critical, Runbook: runbooks + "degraded",
		Summary: "Users of the fleet get errors or wait too long.", Why: "One page for the symptoms; the warnings beside it say which.",
	})
	return err
}

// rollbackAt is the share of an alarm's threshold at which a rollout stops. That of latency is not below what is ordinary:
// servers that have just started answer their first keys slowly, and an alarm that fires anyway would stop every rollout,
// also the one that mends.
func (p *plan) rollbackAt(key string) float64 {
	if key != "latency-p99" {
		return rollbackShare
	}
	ordinary := max(ordinaryServices*p.args.Load.ServiceTime, ordinaryLatency)
	return min(max(rollbackShare, ordinary.Seconds()/p.slow().Seconds()), nearlyAll)
}

// targets makes the metrics of the target group, in one zone or in all.
func (b *builder) targets(zone string) alarms.TargetGroup {
	return alarms.TargetGroup{LoadBalancer: b.front.suffix, Suffix: b.fleet.TargetGroup.ArnSuffix, Zone: zone}
}

// slow is the latency of the slowest hundredth that is too much: what a busy server takes, and a limiter's queue.
func (p *plan) slow() time.Duration {
	limit := slowServices * p.args.Load.ServiceTime
	if l := p.args.Server.Limiter; l != nil {
		limit += l.Queue
	}
	return limit
}

// trafficAlarms is the table of what users feel.
func (p *plan) trafficAlarms(balancer alarms.LoadBalancer, targets alarms.TargetGroup) []alarms.Alarm {
	table := []alarms.Alarm{
		{
			Key: "target-5xx", Metric: alarms.Rate("errors of servers, %", targets.Target5xx(), targets.RequestCount(), fewestRequests),
			Severity: alarms.Warning, Family: alarms.Errors, Comparison: alarms.AtLeast, Threshold: errorPercent,
			Runbook: runbooks + "server-errors", Summary: "Servers answer 5 % of requests or more with an error.",
			Why: "A server whose queue is full answers 503.",
		},
		{
			Key: "latency-p99", Metric: targets.TargetResponseTime("p99"), Severity: alarms.Warning, Family: alarms.Latency,
			Comparison: alarms.Above, Threshold: p.slow().Seconds(), Runbook: runbooks + "slow-answers",
			Summary: "One answer in a hundred takes too long.",
			Why:     fmt.Sprintf("The threshold is %d times the service time of %v, and the limiter's queue where there is one.", slowServices, p.args.Load.ServiceTime),
		},
		{
			Key: "fail-open", Metric: targets.UnhealthyRouting(), Severity: alarms.Critical, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: 1, Runbook: runbooks + "fail-open",
			Summary: "Fewer than half of the servers are healthy, so requests go to unhealthy ones as well.",
		},
	}
	table = append(table, p.balancerAlarms(balancer, targets)...)
	for _, zone := range p.zones {
		table = append(table, p.zoneAlarms(zone, targets)...)
	}
	if !p.args.AlwaysBusy {
		return table
	}
	return append(table, alarms.Alarm{
		Key: "no-traffic", Metric: targets.RequestCount(), Severity: alarms.Critical, Family: alarms.Business,
		Comparison: alarms.BelowBand, Band: trafficDeviation, Runbook: runbooks + "no-traffic",
		Summary: "Far fewer requests arrive than at this time on other days.",
	})
}

// balancerAlarms are about the load balancer; of one that was brought, only what concerns the fleet.
func (p *plan) balancerAlarms(balancer alarms.LoadBalancer, targets alarms.TargetGroup) []alarms.Alarm {
	if !p.ownBalancer() {
		return []alarms.Alarm{{
			Key: "connection-errors", Metric: alarms.Rate("connections that failed, %", targets.TargetConnectionErrors(), targets.RequestCount(), fewestRequests),
			Severity: alarms.Warning, Family: alarms.Errors, Comparison: alarms.AtLeast, Threshold: errorPercent, Runbook: runbooks + "balancer-errors",
			Summary: "The load balancer cannot connect to servers for 5 % of requests or more.",
		}}
	}
	return []alarms.Alarm{
		{
			Key: "balancer-5xx", Metric: balancerErrors(balancer), Severity: alarms.Warning, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: errorPercent, Runbook: runbooks + "balancer-errors",
			Summary: "The load balancer itself answers 5 % of requests or more with an error: no healthy server, or no answer in time.",
		},
		{
			Key: "rejected-connections", Metric: balancer.RejectedConnections(), Severity: alarms.Warning, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: 1, Runbook: runbooks + "rejected-connections",
			Summary: "The load balancer refuses connections because it has reached its maximum.",
		},
	}
}

// balancerErrors is the share of errors that the load balancer answered itself. Requests without a server to send them
// to are not among its RequestCount, so they are added.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
func balancerErrors(balancer alarms.LoadBalancer) alarms.Metric {
	return alarms.Expression("errors of the load balancer, %",
		fmt.Sprintf("IF(FILL(errors, 0) + FILL(requests, 0) >= %d, 100 * FILL(errors, 0) / (FILL(errors, 0) + FILL(requests, 1)), 0)", fewestRequests),
		map[string]alarms.Metric{"errors": balancer.ELB5xx(), "requests": balancer.RequestCount()})
}

// zoneAlarms compare one zone with the others: a zone that fails alone is what a zonal shift is for.
func (p *plan) zoneAlarms(zone string, all alarms.TargetGroup) []alarms.Alarm {
	here := all
	here.Zone = zone
	table := []alarms.Alarm{
		{
			Key: "zone-errors-" + zone, Metric: zoneErrors(here, all), Severity: alarms.Critical, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: outlierPercent, Runbook: runbooks + "zone-outlier",
			Summary: "Servers in " + zone + " fail more often than those in the other zones, by 5 points or more.", Why: "Consider a zonal shift away from it.",
		},
		{
			Key: "zone-latency-" + zone, Metric: zoneLatency(here, all), Severity: alarms.Warning, Family: alarms.Latency,
			Comparison: alarms.Above, Threshold: outlierLatency, Runbook: runbooks + "zone-outlier",
			Summary: "Answers from " + zone + " take more than twice as long as those of all zones.", Why: "Consider a zonal shift away from it.",
		},
		{
			Key: "unhealthy-" + zone, Metric: here.UnHealthyHosts(), Severity: alarms.Warning, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: 1, Runbook: runbooks + "unhealthy-servers",
			Summary: "A server in " + zone + " fails its health check.", Why: "The group replaces it; this tells when that does not help.",
		},
	}
	if p.sizes.Minimum < len(p.zones) {
		return table // not each zone holds a server
	}
	return append(table, alarms.Alarm{
		Key: "empty-" + zone, Metric: here.HealthyHosts(), Severity: alarms.Critical, Family: alarms.Liveness,
		Comparison: alarms.Below, Threshold: 1, Runbook: runbooks + "zone-without-servers", Summary: "No server in " + zone + " is healthy.",
	})
}

// zoneErrors is the zone's error rate less that of the other zones, in points.
func zoneErrors(here, all alarms.TargetGroup) alarms.Metric {
	const other = "(FILL(alltotal, 0) - FILL(total, 0))"
	return alarms.Expression("errors above the other zones, points", fmt.Sprintf(
		"IF(FILL(total, 0) >= %d, 100 * FILL(bad, 0) / FILL(total, 1) - IF(%s > 0, 100 * (FILL(allbad, 0) - FILL(bad, 0)) / %s, 0), 0)",
		fewestRequests, other, other),
		map[string]alarms.Metric{"bad": here.Target5xx(), "total": here.RequestCount(), "allbad": all.Target5xx(), "alltotal": all.RequestCount()})
}

// zoneLatency is the zone's latency over that of all zones.
func zoneLatency(here, all alarms.TargetGroup) alarms.Metric {
	return alarms.Expression("latency over that of all zones", fmt.Sprintf("IF(FILL(total, 0) >= %d, zonal / overall, 0)", fewestRequests),
		map[string]alarms.Metric{"total": here.RequestCount(), "zonal": here.TargetResponseTime("p90"), "overall": all.TargetResponseTime("p90")})
}

// createGroupAlarms makes the alarms on the group, once it has its name.
func (b *builder) createGroupAlarms() error {
	if !b.plan.alarmed() {
		return nil
	}
	name := b.fleet.Group.Name
	table := b.plan.groupAlarms(alarms.Group{Name: name}, alarms.Instances{Group: name}, alarms.Queue{Name: b.deadLetters.Name})
	set, err := alarms.Create(b.ctx, b.kids, b.plan.args.Alarms, table, alarms.Transformed(b.transform.Alarm))
	if err != nil {
		return err
	}
	b.groupAlarmSet = set
	b.fleet.sets = append(b.fleet.sets, set)
	return nil
}

// groupAlarms is the table of the servers themselves, and of the events about them.
func (p *plan) groupAlarms(group alarms.Group, servers alarms.Instances, undelivered alarms.Queue) []alarms.Alarm {
	return []alarms.Alarm{
		{
			Key: "below-need", Metric: group.InService(), Severity: alarms.Critical, Family: alarms.Liveness, Comparison: alarms.Below,
			Threshold: float64(p.sizing.ServersAtPeak), Runbook: runbooks + "too-few-servers",
			Summary: fmt.Sprintf("Fewer than %d servers are in service: the stated peak cannot be carried.", p.sizing.ServersAtPeak),
		},
		{
			Key: "below-minimum", Metric: missing(group), Severity: alarms.Warning, Family: alarms.Liveness, Comparison: alarms.AtLeast,
			Threshold: 1, Periods: 15, Datapoints: 15, Runbook: runbooks + "too-few-servers",
			Summary: "For 15 minutes fewer servers are in service than the minimum.", Why: "Losing a zone now would cost users. A start takes less than that.",
		},
		{
			Key: "at-maximum", Metric: room(group), Severity: alarms.Warning, Family: alarms.Saturation, Comparison: alarms.AtMost,
			Threshold: 0, Runbook: runbooks + "at-maximum", Summary: "The group wants as many servers as it may have: it cannot grow further.",
		},
		{
			Key: "cpu", Metric: servers.CPU(), Severity: alarms.Warning, Family: alarms.Saturation, Comparison: alarms.AtLeast, Threshold: busyPercent,
			Runbook: runbooks + "busy-servers", Summary: "Servers use 90 % of their processors or more, and scaling has not relieved them.",
		},
		{
			Key: "memory", Metric: servers.Memory(), Severity: alarms.Warning, Family: alarms.Saturation, Comparison: alarms.AtLeast, Threshold: fullPercent,
			Runbook: runbooks + "full-memory", Summary: "Servers use 85 % of their memory or more.",
		},
		{
			Key: "disk", Metric: servers.Disk("/"), Severity: alarms.Warning, Family: alarms.Saturation, Comparison: alarms.AtLeast, Threshold: fullPercent,
			Runbook: runbooks + "full-disk", Summary: "A server's root volume is 85 % full or more.",
		},
		{
			Key: "agent-silent", Metric: servers.Memory(), Severity: alarms.Warning, Family: alarms.Liveness, Comparison: alarms.Below, Threshold: 0,
			Runbook: runbooks + "agent-silent", Summary: "The CloudWatch agents report nothing: memory, disk and logs are unwatched.",
			Why: "Memory in use is never below 0, so only missing data fires this.",
		},
		{
			Key: "status-check", Metric: servers.StatusCheckFailed(), Severity: alarms.Warning, Family: alarms.Errors, Comparison: alarms.AtLeast, Threshold: 1,
			Runbook: runbooks + "unhealthy-servers", Summary: "A server fails EC2's status check.",
		},
		{
			Key: "undelivered-events", Metric: undelivered.Visible(), Severity: alarms.Critical, Family: alarms.Event, Comparison: alarms.AtLeast, Threshold: 1,
			Runbook: runbooks + "undelivered-events", Summary: "An event of the fleet reached neither its automation nor its topic.",
			Why: "A rollback may not have been started, and nobody told.",
		},
		{
			Key: "spend", Metric: spend(group), Severity: alarms.Warning, Family: alarms.Saturation, Comparison: alarms.Above,
			Threshold: p.plannedSpend(), Periods: 4, Datapoints: 4, Runbook: runbooks + "spend",
			Summary: "For an hour the servers cost more than the stated peak needs.",
			Why:     "Each started 15 minutes of a server costs 8 USD. The threshold is the minimum and what a rollout adds.",
		},
	}
}

// missing is how many servers the minimum lacks. A schedule may have changed the minimum, so it is measured.
func missing(group alarms.Group) alarms.Metric {
	return alarms.Expression("servers below the minimum", "least - serving", map[string]alarms.Metric{"least": group.Min(), "serving": group.InService()})
}

// room is how many servers the group may still add.
func room(group alarms.Group) alarms.Metric {
	return alarms.Expression("servers below the maximum", "most - wanted", map[string]alarms.Metric{"most": group.Max(), "wanted": group.Desired()})
}

// The hashing workload's price. capacity.HashingPrice has the same rule for the posture.
const (
	pricePeriod   = 15 * time.Minute
	pricePerStart = 8
)

// spend is what the servers of a period cost, in USD.
func spend(group alarms.Group) alarms.Metric {
	return alarms.Expression("USD per 15 minutes", fmt.Sprintf("servers * %d", pricePerStart),
		map[string]alarms.Metric{"servers": group.Total()}).Every(int(pricePeriod.Seconds()))
}

// plannedSpend is what the minimum costs in a period while a rollout runs beside it.
func (p *plan) plannedSpend() float64 {
	surge := max(1, (p.sizes.Minimum*(p.args.Rollout.MaxHealthyPercent-100)+99)/100)
	return float64((p.sizes.Minimum + surge) * pricePerStart)
}

// createStepAlarm starts the step policy instead of telling anybody.
func (b *builder) createStepAlarm(policy pulumi.StringInput, threshold float64) error {
	act := func(args *cloudwatch.MetricAlarmArgs, options *[]pulumi.ResourceOption) {
		args.ActionsEnabled, args.AlarmActions = pulumi.Bool(true), pulumi.Array{policy}
		if b.transform.Alarm != nil {
			b.transform.Alarm(args, options)
		}
	}
	set, err := alarms.Create(b.ctx, b.kids, b.plan.args.Alarms, stepAlarms(b.targets(""), threshold), alarms.Transformed(act))
	if err != nil {
		return err
	}
	b.stepAlarmSet = set
	b.fleet.sets = append(b.fleet.sets, set)
	return nil
}

// stepAlarms is the table of what starts the step policy.
func stepAlarms(targets alarms.TargetGroup, threshold float64) []alarms.Alarm {
	return []alarms.Alarm{{
		Key: "step-scaling", Metric: targets.RequestCountPerTarget(), Severity: alarms.Info, Family: alarms.Saturation,
		Comparison: alarms.AtLeast, Threshold: threshold, Periods: 2, Datapoints: 2, Silent: true, Starts: "the step policy",
		Runbook: runbooks + "busy-servers",
		Summary: "Load rises faster than target tracking follows: servers are added in steps.",
	}}
}

// createEdgeAlarms makes CloudFront's alarms, in us-east-1.
func (b *builder) createEdgeAlarms() error {
	c := b.plan.args.CDN
	if !b.plan.alarmed() || c.AlarmsOff != "" {
		return nil
	}
	table := edgeAlarms(alarms.Distribution{ID: b.fleet.Distribution.ID().ToStringOutput()})
	set, err := alarms.Create(b.ctx, b.kids, c.Alarms, table, alarms.In(c.USEast1), alarms.Transformed(b.transform.Alarm))
	if err != nil {
		return err
	}
	b.fleet.sets = append(b.fleet.sets, set)
	return nil
}

func edgeAlarms(distribution alarms.Distribution) []alarms.Alarm {
	rate := alarms.Expression("errors at the edge, %", fmt.Sprintf("IF(FILL(requests, 0) >= %d, FILL(failed, 0), 0)", edgeFewest),
		map[string]alarms.Metric{"requests": distribution.Requests(), "failed": distribution.ErrorRate5xx()})
	return []alarms.Alarm{{
		Key: "edge-5xx", Metric: rate, Severity: alarms.Critical, Family: alarms.Errors, Comparison: alarms.AtLeast, Threshold: errorPercent,
		Runbook: runbooks + "edge-errors", Summary: "CloudFront answers 5 % of requests or more with a server error.",
	}}
}
