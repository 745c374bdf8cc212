package capacity

import (
	"fmt"
	"math/big"
)

// targetsPerLoadBalancer is the default quota of targets per Application Load Balancer,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html.
const targetsPerLoadBalancer = 1000

// Sizing is the answer to a Request.
type Sizing struct {
	// Sizes: the minimum that keeps the promise about losing a zone at the stated peak; desired, where the group starts;
	// the maximum, with room for growth and for servers launched before the ones they replace are terminated.
	Sizes
	// ConcurrentRequests is how many requests are in progress at the peak: rate x service time (Little's law).
	ConcurrentRequests float64
	// UsableConcurrency is how many of them one server takes with its headroom kept.
	UsableConcurrency float64
	// RequestsPerSecondPerServer is what one server carries with its headroom kept.
	RequestsPerSecondPerServer float64
	// ServersAtPeak must be in service at the peak, whatever is lost.
	ServersAtPeak int
	// AfterZoneLoss is what the minimum still carries when its fullest zone is lost.
	AfterZoneLoss Remaining
	// Recovery is how long the minimum takes to carry the peak again after each loss.
	Recovery Recoveries
	// Tracking holds the values of the scaling policies.
	Tracking Tracking
	// Warnings are true of a fleet that keeps its promise all the same.
	Warnings []string
	// Derivation explains the sizes, one step a sentence.
	Derivation []string
}

// Plan sizes a fleet. All problems of the request are returned together, each as a *FieldError.
func Plan(r Request) (Sizing, error) {
	if err := validate(r); err != nil {
		return Sizing{}, err
	}
	m := model(r)
	sizes, why, err := m.sizes()
	if err != nil {
		return Sizing{}, err
	}
	return Sizing{
		Sizes:                      sizes,
		ConcurrentRequests:         float(m.concurrent),
		UsableConcurrency:          float(m.usable),
		RequestsPerSecondPerServer: float(m.rate),
		ServersAtPeak:              int(m.need().Int64()), // not above the minimum, which fits
		AfterZoneLoss:              m.afterZoneLoss(sizes.Minimum),
		Recovery:                   m.recoveries(sizes.Minimum, sizes.Maximum),
		Tracking:                   m.tracking(),
		Warnings:                   m.warnings(sizes),
		Derivation:                 why,
	}, nil
}

// Check refuses sizes that break the promise of the request: a minimum that does not carry the peak after losing a zone, a
// desired size outside the two others, a maximum without room. Every *FieldError's Fix names the smallest number that
// works. The order minimum, desired, maximum is also AWS's own rule,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html.
func Check(r Request, s Sizes) error {
	plan, err := Plan(r)
	if err != nil {
		return err
	}
	m := model(r)
	lowest := max(plan.Minimum, min(s.Minimum, MaxServers))
	highest := max(plan.Maximum, lowest+1)
	var p problems
	p.require(s.Minimum >= plan.Minimum, "Minimum", s.Minimum,
		fmt.Sprintf("at least %d, because %s", plan.Minimum, m.shortfall(s.Minimum)),
		fmt.Sprintf("set Minimum to %d", plan.Minimum))
	p.require(s.Minimum < MaxServers, "Minimum", s.Minimum, "below 2147483647", "split the load over several groups")
	p.require(s.Maximum >= highest, "Maximum", s.Maximum,
		fmt.Sprintf("at least %d: %s; it is also above the minimum", highest, plan.Derivation[len(plan.Derivation)-1]),
		fmt.Sprintf("set Maximum to %d", highest))
	p.require(s.Maximum <= MaxServers, "Maximum", s.Maximum, "at most 2147483647", "split the load over several groups")
	highest = max(highest, s.Maximum)
	p.require(s.Desired >= lowest && s.Desired <= highest, "Desired", s.Desired,
		fmt.Sprintf("from %d, the minimum, to %d, the maximum", lowest, highest),
		fmt.Sprintf("set Desired to %d", min(max(s.Desired, lowest), highest)))
	return p.err()
}

// arithmetic holds a valid request's exact quantities.
type arithmetic struct {
	Request
	peak       *big.Rat // requests/s
	service    *big.Rat // s
	concurrent *big.Rat // requests in progress at the peak
	usable     *big.Rat // requests in progress per server, headroom kept
	rate       *big.Rat // requests/s per server, headroom kept
}

func model(r Request) arithmetic {
	m := arithmetic{Request: r, peak: decimal(r.Load.PeakRequestsPerSecond), service: seconds(r.Load.ServiceTime)}
	m.concurrent = product(m.peak, m.service)
	m.usable = product(whole(r.Load.ConcurrencyPerServer), oneMinus(decimal(r.Headroom)))
	m.rate = quotient(m.usable, m.service)
	return m
}

// need is the number of servers that must be in service at the peak.
func (m arithmetic) need() *big.Int { return ceiling(quotient(m.concurrent, m.usable)) }

// needGrown is need when the peak has grown by Growth.
func (m arithmetic) needGrown() *big.Int {
	return ceiling(quotient(product(m.concurrent, sum(whole(1), decimal(m.Growth))), m.usable))
}

// withZoneLoss is the smallest evenly spread fleet of which `need` servers survive the promised loss. The fullest of z
// zones holds ceil(n/z) of n servers, so floor(n(z-1)/z) survive, which is `need` from n = ceil(need z/(z-1)) on.
func (m arithmetic) withZoneLoss(need *big.Int) *big.Int {
	if m.OnZoneLoss != CarryPeak {
		return need
	}
	return ceiling(quotient(product(new(big.Rat).SetInt(need), whole(m.Zones)), whole(m.Zones-1)))
}

func (m arithmetic) sizes() (Sizes, []string, error) {
	need, minimum := m.need(), m.withZoneLoss(m.need())
	grown := m.withZoneLoss(m.needGrown())
	surge := ceiling(product(decimal(m.Surge), new(big.Rat).SetInt(grown)))
	if surge.Sign() == 0 {
		surge.SetInt64(1)
	}
	maximum := new(big.Int).Add(grown, surge)
	if maximum.Cmp(big.NewInt(MaxServers)) > 0 {
		return Sizes{}, nil, &FieldError{
			Field: "Load.PeakRequestsPerSecond",
			Got:   fmt.Sprintf("a load of %s servers", text(new(big.Rat).SetInt(maximum))),
			Want:  "a maximum of at most 2147483647 servers",
			Fix:   "split the load over several groups, or check the rate and the service time",
		}
	}
	why := []string{
		fmt.Sprintf("at the peak %s requests are in progress: %s requests/s x %s s service time (Little's law)",
			text(m.concurrent), text(m.peak), text(m.service)),
		fmt.Sprintf("one server takes %s of them: its limit of %d less %s headroom; that is %s requests/s",
			text(m.usable), m.Load.ConcurrencyPerServer, percent(decimal(m.Headroom)), text(m.rate)),
		fmt.Sprintf("%s servers must be in service at the peak: %s / %s, rounded up",
			need, text(m.concurrent), text(m.usable)),
		m.minimumWhy(need, minimum),
		"desired is the minimum: it carries the peak already, and target tracking moves it from there",
		fmt.Sprintf("the maximum is %s: %s for %s of the peak on the same terms, and %s launched before the servers they "+
			"replace are terminated", maximum, grown, percent(sum(whole(1), decimal(m.Growth))), surge),
	}
	low := int(minimum.Int64())
	return Sizes{Minimum: low, Desired: low, Maximum: int(maximum.Int64())}, why, nil
}

func (m arithmetic) minimumWhy(need, minimum *big.Int) string {
	switch m.OnZoneLoss {
	case LosePeakUntilReplaced:
		return fmt.Sprintf("the minimum is %s: it carries the peak with all %d zones up and not after losing one",
			minimum, m.Zones)
	case LoseServiceUntilZoneReturns:
		return fmt.Sprintf("the minimum is %s: all in one zone; losing it leaves no server", minimum)
	default:
		n := int(minimum.Int64())
		return fmt.Sprintf("the minimum is %d: over %d zones the fullest holds %d, and losing it leaves the %s needed",
			n, m.Zones, ceilDiv(n, m.Zones), need)
	}
}

// shortfall says why a fleet of n is too small.
func (m arithmetic) shortfall(n int) string {
	if n < 1 {
		return "a fleet without servers carries nothing"
	}
	left := n
	where := fmt.Sprintf("%d in service carry", n)
	if m.OnZoneLoss == CarryPeak {
		left = survivors(n, m.Zones)
		where = fmt.Sprintf("losing one of %d zones leaves %d of %d, which carry", m.Zones, left, n)
	}
	return fmt.Sprintf("%s %s of the %s requests/s at the peak", where, text(product(whole(left), m.rate)), text(m.peak))
}

func (m arithmetic) warnings(s Sizes) []string {
	var out []string
	if m.Zones == 2 && m.OnZoneLoss == CarryPeak {
		out = append(out, "with two zones half the minimum is spare; three zones need a third to spare")
	}
	if m.Zones > 1 && s.Minimum < m.Zones {
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
		out = append(out, fmt.Sprintf("at the minimum of %d servers not each of %d zones holds one; AWS calls a load "+
			"balancer most effective when every enabled zone has a registered target", s.Minimum, m.Zones))
	}
	if s.Maximum > targetsPerLoadBalancer {
		out = append(out, fmt.Sprintf("the maximum of %d is above the default quota of %d targets per application load "+
			"balancer; ask for an increase first", s.Maximum, targetsPerLoadBalancer))
	}
	return out
}
