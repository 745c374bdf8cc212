package network

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fielderror"
)

// alarmsPerNAT is how many alarms watch one NAT gateway.
const alarmsPerNAT = 3

// checkAlarms requires a route where there is something to watch. A network without NAT gateways, and a brought VPC
// whose gateways are not named, publish no metric that could be watched here.
func checkAlarms(problems *fielderror.Errors, args NetworkArgs) {
	if watched(args) || !args.Alarms.Empty() || args.AlarmsOff != "" {
		args.Alarms.Check(problems, args.AlarmsOff)
	}
}

func watched(args NetworkArgs) bool {
	if args.Bring != nil {
		return len(args.Bring.NATGateways) > 0
	}
	return args.NAT != NATNone
}

func (p plan) alarmCount() int {
	if p.args.AlarmsOff != "" {
		return 0
	}
	return alarmsPerNAT * len(p.natZones)
}

// minimumAttempts is how many connections a gateway must have tried in a minute before the share of unanswered ones
// says anything.
const minimumAttempts = 100

// natAlarms is the table of the alarms on one zone's NAT gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
func natAlarms(zone string, gateway alarms.NATGateway) []alarms.Alarm {
	return []alarms.Alarm{
		{
			Key: "nat-" + zone + "-ports", Metric: gateway.ErrorPortAllocation(), Severity: alarms.Critical, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: 1, Runbook: "network.md#nat-port-allocation",
			Summary: "The NAT gateway in " + zone + " has no free source port towards a destination: new connections fail.",
			Why:     "A gateway holds 55,000 connections per address to one destination; any error is a refused connection.",
		},
		{
			Key: "nat-" + zone + "-drops", Metric: gateway.PacketsDropped(), Severity: alarms.Warning, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: 100, Runbook: "network.md#nat-packets-dropped",
			Summary: "The NAT gateway in " + zone + " drops packets.",
			Why:     "Above zero may be a passing fault of the gateway; 100 a minute for three minutes is not.",
		},
		{
			Key: "nat-" + zone + "-unanswered", Metric: unanswered(gateway), Severity: alarms.Warning, Family: alarms.Errors,
			Comparison: alarms.AtLeast, Threshold: 50, Runbook: "network.md#nat-connections-unanswered",
			Summary: "Half of the connections that are tried through the NAT gateway in " + zone + " get no answer.",
			Why:     "Counted only while at least 100 a minute are tried.",
		},
	}
}

// unanswered is the percentage of tried connections that were not established.
func unanswered(gateway alarms.NATGateway) alarms.Metric {
	return alarms.Expression("connections unanswered, %",
		fmt.Sprintf("IF(FILL(tried, 0) >= %d, 100 * (FILL(tried, 0) - FILL(made, 0)) / FILL(tried, 1), 0)", minimumAttempts),
		map[string]alarms.Metric{"tried": gateway.ConnectionAttempts(), "made": gateway.ConnectionsEstablished()})
}

// natIDs are the gateways to watch, made or brought.
func (b *builder) natIDs() map[string]pulumi.StringInput {
	ids := map[string]pulumi.StringInput{}
	if bring := b.plan.args.Bring; bring != nil {
		return copied(bring.NATGateways)
	}
	for zone, made := range b.natGateways {
		ids[zone] = made.ID().ToStringOutput()
	}
	return ids
}

// createAlarms makes the alarms and the dashboard's widgets.
func (b *builder) createAlarms() error {
	ids := b.natIDs()
	if len(ids) == 0 {
		return nil
	}
	var table []alarms.Alarm
	var ports, drops, open []alarms.Metric
	for _, zone := range b.plan.natZones {
		gateway := alarms.NATGateway{ID: ids[zone]}
		table = append(table, natAlarms(zone, gateway)...)
		ports, drops, open = append(ports, gateway.ErrorPortAllocation()), append(drops, gateway.PacketsDropped()), append(open, gateway.ActiveConnections())
	}
	b.network.widgets = []alarms.Widget{
		alarms.Graph("NAT: open connections", open...),
		alarms.Graph("NAT: ports exhausted and packets dropped", append(ports, drops...)...),
	}
	if b.plan.args.AlarmsOff != "" {
		return nil
	}
	set, err := alarms.Create(b.ctx, b.kids, b.plan.args.Alarms, table, alarms.Transformed(b.transform.Alarm))
	if err != nil {
		return err
	}
	b.network.alarms = set
	b.network.widgets = append(b.network.widgets, alarms.Status("Network", set))
	return nil
}
