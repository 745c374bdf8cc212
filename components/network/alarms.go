package network

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
)

// alarmsPerNAT is how many alarms watch one NAT gateway.
const alarmsPerNAT = 3

func (p plan) alarmCount() int {
	if p.args.AlarmsOff != "" {
		return 0
	}
	count := alarmsPerNAT * len(p.natZones)
	if p.flowLogGroup() {
		count++
	}
	return count
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

// The flow log hands records over within about five minutes, in bursts; six empty steps of five minutes are no delay.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
const (
	flowLogStep    = 300
	flowLogSilence = 6
)

// flowLogAlarm watches for the silence of the flow log's group. Silence is a fault as long as anything is in the VPC,
// because an interface without traffic is recorded as well, with the status NODATA. The count is filled with zeros
// rather than left to the treatment of missing data, which looks further back than the periods of the alarm.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func flowLogAlarm(group alarms.LogGroup) alarms.Alarm {
	records := alarms.Expression("flow-log records", "FILL(records, 0)", map[string]alarms.Metric{"records": group.IncomingEvents().Every(flowLogStep)})
	return alarms.Alarm{
		Key: "flow-logs-silent", Metric: records, Severity: alarms.Warning, Family: alarms.Liveness,
		Comparison: alarms.Below, Threshold: 1, Periods: flowLogSilence, Datapoints: flowLogSilence, Runbook: "network.md#flow-logs-silent",
		Summary: "No flow-log record has arrived for half an hour.",
		Why:     "Traffic is not on record: what happens now cannot be looked up later. A VPC without any network interface is silent, too.",
	}
}

// createAlarms makes the alarms and the dashboard's widgets.
func (b *builder) createAlarms() error {
	table := b.watchNAT()
	if b.plan.flowLogGroup() {
		group := alarms.LogGroup{Name: b.network.FlowLogGroup}
		table = append(table, flowLogAlarm(group))
		b.network.widgets = append(b.network.widgets, alarms.Graph("Flow-log records", group.IncomingEvents()))
	}
	if len(table) == 0 || b.plan.args.AlarmsOff != "" {
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

// watchNAT adds the widgets of the NAT gateways, where there are any, and returns their alarms.
func (b *builder) watchNAT() []alarms.Alarm {
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
	b.network.widgets = append(b.network.widgets,
		alarms.Graph("NAT: open connections", open...),
		alarms.Graph("NAT: ports exhausted and packets dropped", append(ports, drops...)...))
	return table
}
