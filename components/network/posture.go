package network

import (
	"fmt"
	"strings"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/internal/prices"
	"github.com/seed-11444627/holdfast/components/posture"
)

// posture is what the plan promises, and the alarms that were made.
func (p plan) posture(name string, set *alarms.Set) posture.Posture {
	var told []posture.Alarm
	if set != nil {
		told = set.Postures()
	}
	return posture.Posture{
		Workload: p.args.Workload, Component: "Network", Name: name, Zones: p.zones, Price: p.price(), Alarms: told,
		Recovery: map[posture.Scenario]posture.Recovery{
			posture.InstanceLoss: {Derivation: []string{"NAT gateways and endpoints are redundant inside their zone: no single machine carries them"}},
			posture.ZoneLoss:     p.zoneLoss(),
			posture.RegionLoss:   {Unrecoverable: true, Derivation: []string{"a VPC lives in one region: only a second network elsewhere survives it"}},
		},
	}
}

// zoneLoss is the worst case over the zones.
func (p plan) zoneLoss() posture.Recovery {
	said := []string{fmt.Sprintf("%d zones: %s", len(p.zones), strings.Join(p.zones, ", "))}
	if len(p.zones) < recommendedZones {
		said = append(said, fmt.Sprintf("warning: with %d instead of %d zones, losing one takes %d %% of the subnets", len(p.zones), recommendedZones, 100/max(len(p.zones), 1)))
	}
	if len(p.zones) == 1 {
		said = append(said, "single zone, accepted because: "+p.singleZoneReason())
		return posture.Recovery{Unrecoverable: true, Derivation: said}
	}
	said = append(said, p.egressLoss()...)
	return posture.Recovery{Unrecoverable: p.sharedNAT(), Derivation: said}
}

func (p plan) singleZoneReason() string {
	if p.args.Bring != nil {
		return "the VPC was brought that way"
	}
	return p.args.SingleZone
}

// sharedNAT is true where one zone's loss takes another zone's egress along.
func (p plan) sharedNAT() bool { return len(p.natZones) > 0 && len(p.natZones) < len(p.zones) }

func (p plan) egressLoss() []string {
	if len(p.natZones) == 0 {
		return []string{"no NAT gateway: nothing of a zone hangs on another zone"}
	}
	if p.sharedNAT() {
		at := strings.Join(p.natZones, ", ")
		return []string{
			fmt.Sprintf("losing %s cuts the IPv4 egress of every zone whose route leads there: NAT gateways stand in %s only", at, at),
			"it comes back when the gateway is made in another zone (NATZone) by an update; until then only endpoints are reached",
		}
	}
	return []string{"each zone goes out through its own NAT gateway: a lost zone takes no other zone's egress along"}
}

// price is what the made resources cost while nothing flows; traffic comes on top.
func (p plan) price() posture.Price {
	if p.args.Bring != nil {
		return posture.Price{Derivation: []string{"the VPC was brought: its owner pays"}}
	}
	nats := len(p.natZones)
	total := posture.Price{Derivation: []string{"traffic comes on top: NAT gateways, endpoints and flow logs also charge by the gigabyte"}}
	for _, part := range []struct {
		item  prices.Item
		count int
	}{
		{prices.NATGatewayHour, nats},
		{prices.PublicIPv4Hour, nats},
		{prices.InterfaceEndpointHour, len(p.args.Endpoints) * len(p.zones)},
		{prices.KeyMonth, p.keys()},
		{prices.AlarmMonth, p.alarmCount()},
	} {
		if part.count > 0 {
			total = total.Plus(prices.Hourly(part.item, p.region, part.count))
		}
	}
	return total
}

func (p plan) keys() int {
	if p.flowLogGroup() && p.args.FlowLogs.KeyARN == nil {
		return 1
	}
	return 0
}
