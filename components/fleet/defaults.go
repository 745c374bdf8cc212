package fleet

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// The defaults that several places speak of.
const (
	defaultImage     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
	defaultType      = "c7i.large"
	defaultTLSPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
	leastOutstanding = "least_outstanding_requests"
	roundRobin       = "round_robin"
	weightedRandom   = "weighted_random"
	shortestDrain    = 30 * time.Second
	drainServices    = 10 // service times a leaving server may take for what it has begun
)

// withDefaults returns a copy with every default filled in; the caller's arguments stay as they were.
func withDefaults(given *HashFleetArgs) HashFleetArgs {
	if given == nil {
		given = &HashFleetArgs{}
	}
	a := *given
	a.Workload = cmp.Or(a.Workload, "shared")
	a.Tags = maps.Clone(a.Tags)
	a.Sizing.Headroom = cmp.Or(a.Sizing.Headroom, 0.2)
	a.Sizing.Growth = cmp.Or(a.Sizing.Growth, 0.5)
	a.Sizing.StartUp = cmp.Or(a.Sizing.StartUp, 3*time.Minute)
	a.Server.Port = cmp.Or(a.Server.Port, 80)
	a.Server.HealthPath = cmp.Or(a.Server.HealthPath, "/healthz")
	if a.Server.Limiter != nil {
		limiter := *a.Server.Limiter
		limiter.Port = cmp.Or(limiter.Port, 8080)
		limiter.Queue = cmp.Or(limiter.Queue, 5*time.Second)
		a.Server.Limiter = &limiter
	}
	a.Instances = instanceDefaults(a.Instances, a.Disposable)
	a.Rollout.MinHealthyPercent = cmp.Or(a.Rollout.MinHealthyPercent, 100)
	a.Rollout.MaxHealthyPercent = cmp.Or(a.Rollout.MaxHealthyPercent, 110)
	a.Rollout.BakeTime = cmp.Or(a.Rollout.BakeTime, 10*time.Minute)
	a.Rollout.Checkpoints = slices.Clone(a.Rollout.Checkpoints)
	if a.Rollout.Checkpoints == nil {
		a.Rollout.Checkpoints = []int{34, 100}
	}
	a.Scaling = scalingDefaults(a)
	a.LoadBalancer = loadBalancerDefaults(a)
	a.CDN = cdnDefaults(a)
	return a
}

func instanceDefaults(i Instances, disposable bool) Instances {
	keep := 90
	if disposable {
		keep = 7
	}
	i.LogRetentionDays = cmp.Or(i.LogRetentionDays, keep)
	i.Type = cmp.Or(i.Type, defaultType)
	i.RootGiB = cmp.Or(i.RootGiB, 8)
	i.ZonalDistribution = cmp.Or(i.ZonalDistribution, "balanced-best-effort")
	i.TerminationPolicies = slices.Clone(i.TerminationPolicies)
	if len(i.TerminationPolicies) == 0 {
		i.TerminationPolicies = []string{"OldestLaunchTemplate", "OldestInstance"}
	}
	if i.WarmPool == nil {
		return i
	}
	pool, reuse := *i.WarmPool, true
	pool.State = cmp.Or(pool.State, "Stopped")
	if pool.Reuse == nil {
		pool.Reuse = &reuse
	}
	i.WarmPool = &pool
	return i
}

func scalingDefaults(a HashFleetArgs) Scaling {
	s := a.Scaling
	s.Scheduled, s.Metrics = maps.Clone(s.Scheduled), maps.Clone(s.Metrics)
	for name, schedule := range s.Scheduled {
		schedule.TimeZone = cmp.Or(schedule.TimeZone, "UTC")
		s.Scheduled[name] = schedule
	}
	if s.Predictive != nil {
		predictive := *s.Predictive
		predictive.Buffer = cmp.Or(predictive.Buffer, a.Sizing.StartUp+a.Sizing.WarmUp)
		s.Predictive = &predictive
	}
	return s
}

func loadBalancerDefaults(a HashFleetArgs) LoadBalancer {
	l := a.LoadBalancer
	l.Existing = l.Existing.withDefaults()
	if l.Existing == nil {
		l.ClientKeepAlive = cmp.Or(l.ClientKeepAlive, 300*time.Second)
		l.IdleTimeout = cmp.Or(l.IdleTimeout, 60*time.Second)
		l.LogRetentionDays = cmp.Or(l.LogRetentionDays, 90)
	}
	if l.Existing == nil || l.Existing.Listener == nil {
		l.TLSPolicy = cmp.Or(l.TLSPolicy, defaultTLSPolicy)
	}
	l.Algorithm = cmp.Or(l.Algorithm, leastOutstanding)
	if l.DeregistrationDelay == 0 {
		l.DeregistrationDelay = max(shortestDrain, wholeSeconds(drainServices*a.Load.ServiceTime))
	}
	l.OIDC = l.OIDC.withDefaults()
	l.Headers = Headers{Requests: maps.Clone(l.Headers.Requests), Responses: maps.Clone(l.Headers.Responses)}
	return l
}

func cdnDefaults(a HashFleetArgs) CDN {
	c := a.CDN
	c.KeyParameters = slices.Clone(c.KeyParameters)
	if c.KeyParameters == nil {
		c.KeyParameters = []string{"key"}
	}
	slices.Sort(c.KeyParameters)
	c.TTL = cmp.Or(c.TTL, 365*24*time.Hour)
	c.ErrorTTL = cmp.Or(c.ErrorTTL, time.Second)
	c.PriceClass = cmp.Or(c.PriceClass, "PriceClass_All")
	if a.Region == globalRegion && c.AlarmsOff == "" && c.Alarms.Empty() {
		c.Alarms = a.Alarms
	}
	return c
}

// wholeSeconds rounds up to a second.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
