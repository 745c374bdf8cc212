// Package capacity turns a load into a fleet: how many servers, what is left after losing a zone and how long it takes
// to recover, the values target tracking should hold, the addresses subnets need and the price. Every result carries
// its derivation as plain sentences. It guarantees that a fleet of the minimum it states carries the stated peak, with
// its headroom, after losing any one zone and without scaling; it refuses loads it cannot compute and, in Check, sizes
// that break that guarantee. It computes only: no cloud SDK, no clock, no randomness, the same answer every time.
//
// Fractions are taken as they are written in decimal (0.2 is one fifth) and computed exactly, so a load that fits to
// the last request is not rounded up to one more server.
package capacity

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Load is what arrives and what one server can do with it.
type Load struct {
	// PeakRequestsPerSecond is the highest sustained rate the fleet must carry. More than 0.
	PeakRequestsPerSecond float64
	// ServiceTime is how long one request occupies one place in a server, at the concurrency limit. More than 0.
	ServiceTime time.Duration
	// ConcurrencyPerServer is how many requests a server handles at a time before it slows down. At least 1.
	ConcurrencyPerServer int
}

// ZoneLoss says what the loss of one Availability Zone may cost. The default is that it costs nothing.
type ZoneLoss int

const (
	// CarryPeak: the surviving zones carry the peak at once, without scaling. Needs two zones or more.
	CarryPeak ZoneLoss = iota
	// LosePeakUntilReplaced: the fleet is sized for the peak with all zones up; when a zone is lost the peak is not
	// carried until the lost servers have been replaced in the surviving zones. Needs two zones or more.
	LosePeakUntilReplaced
	// LoseServiceUntilZoneReturns: all servers stand in one zone; when it is lost nothing is served until it is back.
	// Only with one zone, and one zone only with this.
	LoseServiceUntilZoneReturns
)

// String is the constant's name.
func (z ZoneLoss) String() string {
	switch z {
	case CarryPeak:
		return "CarryPeak"
	case LosePeakUntilReplaced:
		return "LosePeakUntilReplaced"
	case LoseServiceUntilZoneReturns:
		return "LoseServiceUntilZoneReturns"
	default:
		return "ZoneLoss(" + strconv.Itoa(int(z)) + ")"
	}
}

// Request is a load and the terms on which a fleet must carry it.
type Request struct {
	Load Load
	// Headroom is the fraction of each server's concurrency kept free at the peak: more than 0, less than 1, for example
	// 0.25. Requests do not arrive evenly; without free places they queue.
	Headroom float64
	// Zones is the number of Availability Zones the servers are spread over evenly. At least 1.
	Zones int
	// OnZoneLoss says what losing one zone may cost. Default: CarryPeak, nothing.
	OnZoneLoss ZoneLoss
	// Detection is the time from a failure until the load balancer stops sending requests to the lost servers and the
	// group starts to replace them; see DetectionTime. More than 0, at most 48 hours.
	Detection time.Duration
	// StartUp is the time from a launch until the server is in service. More than 0, at most 48 hours.
	StartUp time.Duration
	// WarmUp is the time from in service until the server works at full speed. Default: 0. At most 48 hours.
	WarmUp time.Duration
	// Growth is how far load may rise above the stated peak before the plan is made anew, as a fraction of the peak: 0.5
	// lets the maximum carry one and a half times the peak. Default: 0.
	Growth float64
	// Surge is the fraction of the fleet that a rolling replacement launches before it terminates anything, from 0 to 1:
	// (MaxHealthyPercentage - 100) / 100, https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html.
	// Whatever it is, the maximum leaves room for one. Default: 0.
	Surge float64
}

// Sizes are the three numbers of an Auto Scaling group.
type Sizes struct {
	Minimum, Desired, Maximum int
}

// MaxServers is the largest size a group can have: its sizes are 32-bit integers,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html.
const MaxServers = math.MaxInt32

// maxWait bounds the times of a request: an instance cannot wait longer than 48 hours for its lifecycle action,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html.
const maxWait = 48 * time.Hour

// FieldError is one problem with one field.
type FieldError struct {
	// Field is the path of the field, for example "Load.ServiceTime".
	Field string
	// Got is the value given, Want what is allowed, Fix the smallest change that makes it right.
	Got, Want, Fix string
}

// Error is lower case, without a final period.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%s: got %s, want %s; fix: %s", e.Field, e.Got, e.Want, e.Fix)
}

// problems collects FieldErrors so that all of a call are reported together.
type problems []error

func (p *problems) require(ok bool, field string, got any, want, fix string) {
	if !ok {
		*p = append(*p, &FieldError{Field: field, Got: fmt.Sprint(got), Want: want, Fix: fix})
	}
}

func (p *problems) err() error { return errors.Join(*p...) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func validate(r Request) error {
	var p problems
	p.require(finite(r.Load.PeakRequestsPerSecond) && r.Load.PeakRequestsPerSecond > 0, "Load.PeakRequestsPerSecond",
		r.Load.PeakRequestsPerSecond, "a finite rate above 0 requests/s", "state the highest sustained rate in requests/s")
	p.require(r.Load.ServiceTime > 0, "Load.ServiceTime", r.Load.ServiceTime,
		"a time above 0", "measure how long one request takes at the concurrency limit")
	p.require(r.Load.ConcurrencyPerServer >= 1 && r.Load.ConcurrencyPerServer <= math.MaxInt32,
		"Load.ConcurrencyPerServer", r.Load.ConcurrencyPerServer,
		"from 1 to 2147483647 requests at a time", "measure how many requests a server takes before it slows down")
	p.require(finite(r.Headroom) && r.Headroom > 0 && r.Headroom < 1, "Headroom", r.Headroom,
		"a fraction above 0 and below 1", "use 0.25")
	validateZones(&p, r)
	p.require(r.Detection > 0 && r.Detection <= maxWait, "Detection", r.Detection,
		"above 0 and at most 48h", "use DetectionTime with the health check's interval, timeout and threshold")
	p.require(r.StartUp > 0 && r.StartUp <= maxWait, "StartUp", r.StartUp,
		"above 0 and at most 48h", "measure the time from launch to in service")
	p.require(r.WarmUp >= 0 && r.WarmUp <= maxWait, "WarmUp", r.WarmUp, "from 0 to 48h", "use 0")
	p.require(finite(r.Growth) && r.Growth >= 0, "Growth", r.Growth, "a finite fraction of at least 0", "use 0.5")
	p.require(finite(r.Surge) && r.Surge >= 0 && r.Surge <= 1, "Surge", r.Surge, "a fraction from 0 to 1", "use 0.1")
	return p.err()
}

func validateZones(p *problems, r Request) {
	p.require(r.Zones >= 1, "Zones", r.Zones, "at least 1", "use 3")
	p.require(r.OnZoneLoss >= CarryPeak && r.OnZoneLoss <= LoseServiceUntilZoneReturns, "OnZoneLoss", r.OnZoneLoss,
		"CarryPeak, LosePeakUntilReplaced or LoseServiceUntilZoneReturns", "use CarryPeak")
	p.require(r.Zones != 1 || r.OnZoneLoss == LoseServiceUntilZoneReturns, "OnZoneLoss", r.OnZoneLoss,
		"LoseServiceUntilZoneReturns with one zone: losing it leaves no server",
		"spread over 3 zones, or accept the outage by that name")
	p.require(r.Zones <= 1 || r.OnZoneLoss != LoseServiceUntilZoneReturns, "OnZoneLoss", r.OnZoneLoss,
		"CarryPeak or LosePeakUntilReplaced with more than one zone", "use CarryPeak")
}

// DetectionTime is the longest time a load balancer's health check takes to notice a dead server: it dies just after a
// check, then threshold checks fail, the last by its timeout.
// Limits: interval 5 to 300 s, timeout 2 to 120 s and shorter than the interval, threshold 2 to 10,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html.
func DetectionTime(interval, timeout time.Duration, unhealthyThreshold int) (time.Duration, error) {
	var p problems
	p.require(interval >= 5*time.Second && interval <= 300*time.Second, "Interval", interval, "from 5s to 5m", "use 10s")
	p.require(timeout >= 2*time.Second && timeout <= 120*time.Second && timeout < interval, "Timeout", timeout,
		"from 2s to 2m and shorter than the interval", "use 5s")
	p.require(unhealthyThreshold >= 2 && unhealthyThreshold <= 10, "UnhealthyThreshold", unhealthyThreshold,
		"from 2 to 10", "use 2")
	if err := p.err(); err != nil {
		return 0, err
	}
	return time.Duration(unhealthyThreshold)*interval + timeout, nil
}
