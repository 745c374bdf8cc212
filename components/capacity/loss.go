package capacity

import (
	"fmt"
	"time"
)

// ScaleOutEvaluation is how long a target-tracking policy takes to act on a rise: the alarm it creates needs three data
// points above the target, and load balancer metrics arrive every 60 seconds,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html. A policy
// that has learned the workload may act sooner,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html.
const ScaleOutEvaluation = 3 * time.Minute

// Remaining is what a fleet carries at once after losing its fullest zone, before anything is replaced or scaled.
type Remaining struct {
	// Servers survive.
	Servers int
	// RequestsPerSecond is what they carry with their headroom kept.
	RequestsPerSecond float64
	// LimitRequestsPerSecond is what they carry at their concurrency limit; beyond it requests queue and are refused.
	LimitRequestsPerSecond float64
	// ShareOfPeak is RequestsPerSecond over the stated peak: 1 or more carries it.
	ShareOfPeak float64
	// CarriesPeak is exact, where ShareOfPeak is rounded.
	CarriesPeak bool
	Derivation  []string
}

// Recovery is the answer to one loss.
type Recovery struct {
	// Unrecoverable: the fleet alone does not come back; Time and Replaced mean nothing and Derivation says what is missing.
	Unrecoverable bool
	// Time is the longest until enough servers for the peak are in service. 0: there always were.
	Time time.Duration
	// Rerouting is the longest the load balancer keeps sending requests to lost servers; those requests fail.
	Rerouting time.Duration
	// Replaced is the longest until the fleet has its full number of servers again.
	Replaced   time.Duration
	Derivation []string
}

// Recoveries are the answers for each loss.
type Recoveries struct {
	Instance, Zone Recovery
}

// AfterZoneLoss is what a fleet of so many servers, spread evenly, carries after losing its fullest zone. servers is at
// least 1.
func AfterZoneLoss(r Request, servers int) (Remaining, error) {
	if err := checked(r, servers, "Servers"); err != nil {
		return Remaining{}, err
	}
	return model(r).afterZoneLoss(servers), nil
}

// Recover is how long a fleet at its minimum takes to carry the peak again. A lost server is replaced by its group; in
// another zone where its own is lost (the balanced-best-effort distribution,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html).
func Recover(r Request, s Sizes) (Recoveries, error) {
	if err := checked(r, s.Minimum, "Minimum"); err != nil {
		return Recoveries{}, err
	}
	return model(r).recoveries(s.Minimum, s.Maximum), nil
}

func checked(r Request, servers int, field string) error {
	if err := validate(r); err != nil {
		return err
	}
	var p problems
	p.require(servers >= 1 && servers <= MaxServers, field, servers, "from 1 to 2147483647", "use the planned minimum")
	return p.err()
}

// survivors of n servers spread evenly over z zones when the fullest is lost.
func survivors(n, z int) int { return n - ceilDiv(n, z) }

func (m arithmetic) carriesPeak(servers int) bool {
	return product(whole(servers), m.usable).Cmp(m.concurrent) >= 0
}

func (m arithmetic) afterZoneLoss(servers int) Remaining {
	left := survivors(servers, m.Zones)
	carried := product(whole(left), m.rate)
	limit := quotient(product(whole(left), whole(m.Load.ConcurrencyPerServer)), m.service)
	share := quotient(carried, m.peak)
	return Remaining{
		Servers:                left,
		RequestsPerSecond:      float(carried),
		LimitRequestsPerSecond: float(limit),
		ShareOfPeak:            float(share),
		CarriesPeak:            m.carriesPeak(left),
		Derivation: []string{
			fmt.Sprintf("%d servers over %d zones: the fullest holds %d, losing it leaves %d",
				servers, m.Zones, servers-left, left),
			fmt.Sprintf("%d servers x %s requests/s carry %s requests/s with headroom: %s of the peak of %s",
				left, text(m.rate), text(carried), percent(share), text(m.peak)),
			fmt.Sprintf("at their concurrency limit they carry %s requests/s", text(limit)),
		},
	}
}

func (m arithmetic) recoveries(servers, maximum int) Recoveries {
	zone := m.recovery(servers, survivors(servers, m.Zones), maximum)
	if m.Zones == 1 {
		zone = Recovery{
			Unrecoverable: true, Rerouting: m.Detection,
			Derivation: []string{"all servers stand in one zone: nothing is served until it returns"},
		}
	}
	return Recoveries{Instance: m.recovery(servers, servers-1, maximum), Zone: zone}
}

// recovery of a fleet of so many servers of which `left` remain.
func (m arithmetic) recovery(servers, left, maximum int) Recovery {
	replaced := m.Detection + m.StartUp
	out := Recovery{Rerouting: m.Detection, Replaced: replaced, Derivation: []string{
		fmt.Sprintf("for at most %v, until the loss is detected, requests sent to the %d of %d servers lost fail",
			m.Detection, servers-left, servers),
	}}
	if m.carriesPeak(left) {
		out.Derivation = append(out.Derivation,
			fmt.Sprintf("the %d that remain carry the peak: nothing needs to start", left), m.replacedWhy(servers, replaced))
		return out
	}
	if m.carriesPeak(servers) {
		out.Time = replaced
		out.Derivation = append(out.Derivation,
			fmt.Sprintf("the %d that remain do not carry the peak", left), m.replacedWhy(servers, replaced))
		return out
	}
	if !m.carriesPeak(maximum) {
		out.Unrecoverable = true
		out.Derivation = append(out.Derivation,
			fmt.Sprintf("not even the maximum of %d carries the peak: raise it", maximum))
		return out
	}
	// One step is enough: the request count rises with the load, so the policy sees by how much it falls short.
	out.Time = replaced + ScaleOutEvaluation + m.StartUp
	out.Derivation = append(out.Derivation, m.replacedWhy(servers, replaced),
		fmt.Sprintf("%d do not carry the peak either: target tracking adds the rest in one step, %v evaluation + %v start-up",
			servers, ScaleOutEvaluation, m.StartUp))
	return out
}

func (m arithmetic) replacedWhy(servers int, replaced time.Duration) string {
	return fmt.Sprintf("the group is back at %d after %v: %v detection + %v start-up",
		servers, replaced, m.Detection, m.StartUp)
}
