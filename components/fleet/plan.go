package fleet

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// globalRegion is where CloudFront takes certificates and publishes metrics and logs.
const globalRegion = "us-east-1"

// The health check of the target group. A server that is stuck restarts after three failed checks of its own within 15
// seconds, before the load balancer gives it up after 25: then the group replaces it.
const (
	checkInterval = 10 * time.Second
	checkTimeout  = 5 * time.Second
	checkFailures = 2
	checkSuccess  = 2
)

// Times of an instance's life, in seconds.
const (
	bootTimeout = 300 // for the server to answer once it was started
	launchWait  = 900 // for the whole start: packages, download, answer
	lastSeconds = 5   // after the load balancer let go, for the last log lines
	letGoMargin = 60
	healthGrace = 60
)

// The names of the lifecycle hooks.
const (
	launchHook    = "launch"
	terminateHook = "terminate"
)

// plan is everything the constructor needs to know, computed from the arguments alone.
type plan struct {
	name     string
	args     HashFleetArgs
	zones    []string
	request  capacity.Request
	sizing   capacity.Sizing
	sizes    capacity.Sizes
	after    capacity.Remaining
	recovery capacity.Recoveries
	price    capacity.HourlyPrice
	address  capacity.AddressNeed
}

// newPlan fills in defaults and computes; every problem of the arguments is returned together.
func newPlan(name string, given *HashFleetArgs) (*plan, error) {
	p := &plan{name: name, args: withDefaults(given)}
	p.zones = slices.Sorted(slices.Values(p.args.Placement.Zones))
	problems := fielderror.For(kind)
	problems.Join(names.Check(name))
	p.validate(problems)
	p.size(problems)
	p.fit(problems)
	return p, problems.Err()
}

// size computes the numbers of servers, what they carry after a loss and what they cost.
func (p *plan) size(problems *fielderror.Errors) {
	detection, err := capacity.DetectionTime(checkInterval, checkTimeout, checkFailures)
	problems.Join(err)
	if len(p.zones) < 2 {
		return // validate has said so
	}
	p.request = capacity.Request{
		Load: p.args.Load, Headroom: p.args.Sizing.Headroom, Zones: len(p.zones), Detection: detection,
		StartUp: p.args.Sizing.StartUp, WarmUp: p.args.Sizing.WarmUp, Growth: p.args.Sizing.Growth,
		Surge: float64(p.args.Rollout.MaxHealthyPercent-100) / 100,
	}
	if p.args.Sizing.AcceptZoneLossOutage != "" {
		p.request.OnZoneLoss = capacity.LosePeakUntilReplaced
	}
	p.sizing, err = capacity.Plan(p.request)
	if err != nil {
		joinCapacity(problems, err)
		return
	}
	p.sizes = p.chosen()
	if err := capacity.Check(p.request, p.sizes); err != nil {
		joinCapacity(problems, err)
		return
	}
	p.keepDuringRollout(problems)
	p.consequences(problems)
}

// chosen are the given sizes, or the computed ones. A larger minimum lifts the maximum that was not given.
func (p *plan) chosen() capacity.Sizes {
	minimum, maximum := p.args.Sizing.Minimum, p.args.Sizing.Maximum
	if minimum == 0 {
		minimum = p.sizing.Minimum
	}
	if maximum == 0 {
		surge := max(1, int(math.Ceil(float64(minimum)*p.request.Surge)))
		maximum = max(p.sizing.Maximum, minimum+surge)
	}
	return capacity.Sizes{Minimum: minimum, Desired: minimum, Maximum: maximum}
}

// keepDuringRollout refuses a rollout that goes below what carries the peak after losing a zone: a zone can be lost
// while a version is replaced, too.
func (p *plan) keepDuringRollout(problems *fielderror.Errors) {
	kept := p.sizes.Minimum * p.args.Rollout.MinHealthyPercent / 100
	problems.Require(kept >= p.sizing.Minimum, "Rollout.MinHealthyPercent", p.args.Rollout.MinHealthyPercent,
		fmt.Sprintf("a share that keeps %d servers in service, what carries the peak after losing a zone; %d %% of the minimum of %d keeps %d",
			p.sizing.Minimum, p.args.Rollout.MinHealthyPercent, p.sizes.Minimum, kept),
		"use 100, or a larger Sizing.Minimum")
}

func (p *plan) consequences(problems *fielderror.Errors) {
	var err error
	p.after, err = capacity.AfterZoneLoss(p.request, p.sizes.Minimum)
	joinCapacity(problems, err)
	p.recovery, err = capacity.Recover(p.request, p.sizes)
	joinCapacity(problems, err)
	p.price, err = capacity.HashingPrice().Hourly(p.sizes)
	joinCapacity(problems, err)
}

// capacityFields are the fields of capacity's requests under the names they have here.
var capacityFields = map[string]string{
	"Minimum": "Sizing.Minimum", "Maximum": "Sizing.Maximum",
	"Headroom": "Sizing.Headroom", "Growth": "Sizing.Growth", "StartUp": "Sizing.StartUp", "WarmUp": "Sizing.WarmUp",
	"Zones": "Placement.Zones", "Surge": "Rollout.MaxHealthyPercent",
}

// joinCapacity adds the problems that the capacity plan found, in the words of these arguments.
func joinCapacity(problems *fielderror.Errors, err error) {
	if err == nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range many.Unwrap() {
			joinCapacity(problems, each)
		}
		return
	}
	one, ok := err.(*capacity.FieldError) //nolint:errorlint // capacity returns it unwrapped
	if !ok {
		problems.Join(err)
		return
	}
	if one.Field == "Desired" {
		return // desired is the minimum here, and that has been said
	}
	field, known := capacityFields[one.Field]
	if !known {
		field = one.Field
	}
	problems.Add(field, one.Got, one.Want, one.Fix)
}

// internal says whether the load balancer stands in the private tier.
func (p *plan) internal() bool {
	if p.ownBalancer() {
		return !p.args.LoadBalancer.Public
	}
	return !p.args.LoadBalancer.Existing.Public
}

// cdn says whether CloudFront stands in front.
func (p *plan) cdn() bool { return p.args.CDN.Off == "" }

// tls says whether the load balancer speaks TLS.
func (p *plan) tls() bool {
	if !p.ownListener() {
		return !p.args.LoadBalancer.Existing.Listener.Plain
	}
	return p.args.Zone != nil || p.args.LoadBalancer.CertificateARN != nil
}

// alarmed says whether the fleet has alarms.
func (p *plan) alarmed() bool { return p.args.AlarmsOff == "" }

// servedPort is where the load balancer reaches the server or its limiter.
func (p *plan) servedPort() int {
	if p.args.Server.Limiter != nil {
		return p.args.Server.Limiter.Port
	}
	return p.args.Server.Port
}

// listenerPort is where clients and CloudFront reach the load balancer.
func (p *plan) listenerPort() int {
	if p.tls() {
		return 443
	}
	return 80
}

// origin is the name CloudFront speaks TLS to.
func (p *plan) origin() string {
	if p.args.Zone != nil {
		return "origin." + p.args.Zone.Domain
	}
	return p.args.CDN.OriginDomain
}

// spot says whether any server can be a Spot instance.
func (p *plan) spot() bool {
	m := p.args.Instances.Mixed
	return m != nil && m.OnDemandPercentAbove != nil && *m.OnDemandPercentAbove < 100
}

// hookName is a hook's name in AWS: told apart in the account's events by the fleet's name.
func (p *plan) hookName(hook string) string { return p.name + "-" + hook }

// terminateWait is how long the group waits for a leaving instance, in seconds: all that its requests may take, and a
// margin. Limits 30 to 7200, https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
func (p *plan) terminateWait() int {
	return p.drainSeconds() + letGoMargin
}

// drainSeconds is how long a leaving server goes on answering, counted from when it learns that it leaves. The metadata
// tells it when the group prepares the transition, which may be before the load balancer has drained.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
func (p *plan) drainSeconds() int {
	return int(p.args.LoadBalancer.DeregistrationDelay.Seconds()) + lastSeconds
}
