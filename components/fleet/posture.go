package fleet

import (
	"cmp"
	"slices"

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
	alarmCount := 0
	for _, set := range sets {
		out.Alarms = append(out.Alarms, set.Postures()...)
		alarmCount += len(set.Keys())
	}
	out.Price = p.hourly(alarmCount)
	return out
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

// hourly is the workload's own price for servers, and AWS's list prices for what stands around them.
func (p *plan) hourly(alarmCount int) posture.Price {
	total := posture.Price{
		Low: p.price.Low.USD(), Expected: p.price.Expected.USD(), High: p.price.High.USD(),
		Derivation: append(slices.Clone(p.price.Derivation), "traffic comes on top: capacity units of the load balancer, CloudFront, logs"),
	}
	total = total.Plus(prices.Hourly(prices.LoadBalancerHour, p.args.Region, 1))
	total = total.Plus(prices.Hourly(prices.KeyMonth, p.args.Region, 1))
	if units := p.args.LoadBalancer.ReservedUnits; units > 0 {
		total = total.Plus(prices.Hourly(prices.LoadBalancerUnitHour, p.args.Region, units))
	}
	if alarmCount > 0 {
		total = total.Plus(prices.Hourly(prices.AlarmMonth, p.args.Region, alarmCount))
	}
	if p.args.LoadBalancer.Public {
		total = total.Plus(prices.Hourly(prices.PublicIPv4Hour, p.args.Region, len(p.zones)))
	}
	return total
}
