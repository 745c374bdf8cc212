package fleet

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/internal/prices"
	"github.com/seed-11444627/holdfast/components/posture"
)

// posture is what the plan promises, and the alarms that were made.
func (p *plan) posture(name string, sets []*alarms.Set) posture.Posture {
	out := posture.Posture{
		Workload: p.args.Workload, Component: kind, Name: name, Zones: p.zones,
		Capacity: &posture.Capacity{
			Unit: "requests/s", Peak: p.args.Load.PeakRequestsPerSecond, AfterZoneLoss: p.after.RequestsPerSecond,
			Derivation: append(slices.Clone(p.sizing.Derivation), p.after.Derivation...),
		},
		Recovery: map[posture.Scenario]posture.Recovery{
			posture.InstanceLoss: recovery(p.recovery.Instance),
			posture.ZoneLoss:     recovery(p.recovery.Zone),
			posture.RegionLoss: {Unrecoverable: true, Derivation: []string{
				"the fleet stands in one region: only a fleet in a second region survives it; answers kept at CloudFront's edges are served on",
			}},
		},
	}
	for _, scenario := range []posture.Scenario{posture.InstanceLoss, posture.ZoneLoss} {
		said := out.Recovery[scenario]
		said.Derivation = append(said.Derivation, p.broughtCaveats()...)
		out.Recovery[scenario] = said
	}
	alarmCount, composites := 0, 0
	for _, set := range sets {
		out.Alarms = append(out.Alarms, set.Postures()...)
		alarmCount += len(set.Keys())
		composites += len(set.Composites())
	}
	out.Alarms = append(out.Alarms, p.notices(name)...)
	slices.SortFunc(out.Alarms, func(x, y posture.Alarm) int { return strings.Compare(x.Name, y.Name) })
	out.Price = p.hourly(alarmCount, composites)
	return out
}

// notices are the events that tell a topic without an alarm; their names say so, because CloudWatch lists none of them.
func (p *plan) notices(name string) []posture.Alarm {
	if !p.alarmed() {
		return nil
	}
	var lines []posture.Alarm
	for _, n := range append(groupNotices(), automationNotice()) {
		lines = append(lines, p.args.Alarms.Notice(name+"-"+n.key+" (event)", n.severity))
	}
	return lines
}

// recovery is capacity's answer in the words of a posture. Where enough servers are left at once, the peak is served again
// as soon as the load balancer no longer sends requests to those that are lost: until then such requests fail, which is not
// "without interruption". Servers hold no data.
func recovery(r capacity.Recovery) posture.Recovery {
	return posture.Recovery{
		Unrecoverable: r.Unrecoverable, RecoveryTime: cmp.Or(r.Time, r.Rerouting),
		Derivation: append(slices.Clone(r.Derivation), "no data is lost: servers hold none, and the answer for a key is always the same"),
	}
}

// compositeMonth is charged at a price of its own. The table of prices holds none, and the derivation says so.
const compositeMonth prices.Item = "CloudWatch composite alarm"

// hourly is the workload's own price for servers, and AWS's list prices for what stands around them.
func (p *plan) hourly(alarmCount, composites int) posture.Price {
	total := posture.Price{
		Low: p.price.Low.USD(), Expected: p.price.Expected.USD(), High: p.price.High.USD(),
		Derivation: append(slices.Clone(p.price.Derivation), "traffic comes on top: capacity units of the load balancer, CloudFront, logs"),
	}
	if p.ownBalancer() {
		total = total.Plus(prices.Hourly(prices.LoadBalancerHour, p.args.Region, 1))
	}
	if !p.ownBalancer() {
		total.Derivation = append(total.Derivation, "the load balancer was brought and is not counted")
	}
	total = total.Plus(prices.Hourly(prices.KeyMonth, p.args.Region, 1))
	if units := p.args.LoadBalancer.ReservedUnits; units > 0 {
		total = total.Plus(prices.Hourly(prices.LoadBalancerUnitHour, p.args.Region, units))
	}
	if alarmCount > 0 {
		total = total.Plus(prices.Hourly(prices.AlarmMonth, p.args.Region, alarmCount))
	}
	if composites > 0 {
		total = total.Plus(prices.Hourly(compositeMonth, p.args.Region, composites))
	}
	if p.args.LoadBalancer.Public {
		total = total.Plus(prices.Hourly(prices.PublicIPv4Hour, p.args.Region, len(p.zones)))
	}
	return total
}
