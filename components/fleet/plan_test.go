package fleet

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

// refused are the fields that the plan refuses.
func refused(t *testing.T, a *HashFleetArgs) []string {
	t.Helper()
	_, err := newPlan("hash", a)
	var fields []string
	for _, each := range fielderror.All(err) {
		require.NotEmpty(t, each.Want, each.Field)
		require.NotEmpty(t, each.Fix, each.Field)
		fields = append(fields, each.Field)
	}
	return fields
}

// planned is the plan of arguments that are accepted.
func planned(tb testing.TB, change ...func(*HashFleetArgs)) *plan {
	tb.Helper()
	p, err := newPlan("hash", arguments(change...))
	require.NoError(tb, err)
	return p
}

func TestTheMinimumCarriesThePeakAfterLosingAZone(t *testing.T) {
	t.Parallel()
	p := planned(t)
	// 100 requests/s x 0.2 s = 20 at a time; a server takes 5 less a fifth, 4; so 5 servers, and over three zones 8: the
	// fullest zone holds 3, and 5 are left.
	require.Equal(t, 5, p.sizing.ServersAtPeak)
	require.Equal(t, 8, p.sizes.Minimum)
	require.True(t, p.after.CarriesPeak)
	require.GreaterOrEqual(t, p.after.RequestsPerSecond, 100.0)
	require.Zero(t, p.recovery.Zone.Time)
}

func TestAMinimumThatLosesThePeakWithAZoneIsRefusedWithItsDerivation(t *testing.T) {
	t.Parallel()
	_, err := newPlan("hash", arguments(func(a *HashFleetArgs) { a.Sizing.Minimum = 7 }))
	problems := fielderror.All(err)
	require.Len(t, problems, 1)
	require.Equal(t, "Sizing.Minimum", problems[0].Field)
	require.Contains(t, problems[0].Want, "losing one of 3 zones leaves 4 of 7")
	require.Equal(t, "set Minimum to 8", problems[0].Fix)
}

func TestALossOfThePeakWithAZoneMustBeAcceptedByName(t *testing.T) {
	t.Parallel()
	p := planned(t, func(a *HashFleetArgs) {
		a.Sizing.Minimum, a.Sizing.AcceptZoneLossOutage = 5, "a game day may interrupt development"
	})
	require.Equal(t, 5, p.sizes.Minimum)
	require.False(t, p.after.CarriesPeak)
	require.NotZero(t, p.recovery.Zone.Time)
	require.Equal(t, []string{"Sizing.Minimum"}, refused(t, arguments(func(a *HashFleetArgs) {
		a.Sizing.Minimum, a.Sizing.AcceptZoneLossOutage = 4, "a game day may interrupt development"
	})))
}

// The promise, against counting: whichever zone is lost, the servers left take all requests in progress.
func TestNoPlannedFleetLosesItsPeakWithAZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		load := capacity.Load{
			PeakRequestsPerSecond: float64(rapid.IntRange(1, 2000).Draw(rt, "peak")),
			ServiceTime:           time.Duration(rapid.IntRange(1, 2000).Draw(rt, "ms")) * time.Millisecond,
			ConcurrencyPerServer:  rapid.IntRange(1, 20).Draw(rt, "concurrency"),
		}
		count := rapid.IntRange(2, 3).Draw(rt, "zones")
		p, err := newPlan("hash", arguments(func(a *HashFleetArgs) {
			a.Load, a.Placement.Zones, a.Placement.PrivateCIDRs = load, zones[:count], nil
		}))
		require.NoError(t, err)
		fullest := (p.sizes.Minimum + count - 1) / count
		places := float64(p.sizes.Minimum-fullest) * float64(load.ConcurrencyPerServer) * 0.8
		require.GreaterOrEqual(t, places+1e-6, load.PeakRequestsPerSecond*load.ServiceTime.Seconds())
		require.Greater(t, p.sizes.Maximum, p.sizes.Minimum)
		target := p.sizing.Tracking.RequestsPerTargetPerMinute
		require.InEpsilon(t, float64(load.ConcurrencyPerServer)*0.8/load.ServiceTime.Seconds()*60*float64(count-1)/float64(count), target, 1e-9)
	})
}

func TestARolloutKeepsWhatTheLossOfAZoneNeeds(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"Rollout.MinHealthyPercent"}, refused(t, arguments(func(a *HashFleetArgs) { a.Rollout.MinHealthyPercent = 90 })))
	p := planned(t, func(a *HashFleetArgs) { a.Rollout.MinHealthyPercent, a.Sizing.Minimum = 90, 10 })
	require.Equal(t, 10, p.sizes.Minimum)
}

func TestScheduledMinimaKeepThePromiseToo(t *testing.T) {
	t.Parallel()
	night := func(minimum int) *HashFleetArgs {
		return arguments(func(a *HashFleetArgs) {
			a.Scaling.Scheduled = map[string]Schedule{"night": {Recurrence: "0 20 * * *", Minimum: minimum, Maximum: 20}}
		})
	}
	require.Equal(t, []string{"Scaling.Scheduled[night].Minimum"}, refused(t, night(2)))
	require.Empty(t, refused(t, night(8)))
}

func TestSubnetsThatCannotHoldTheMaximumAreRefused(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"Placement.PrivateCIDRs[eu-central-1b]"}, refused(t, arguments(func(a *HashFleetArgs) {
		a.Placement.PrivateCIDRs["eu-central-1b"] = "10.0.16.0/28"
	})))
	p := planned(t)
	require.GreaterOrEqual(t, p.address.AfterZoneLoss, int(math.Ceil(float64(p.sizes.Maximum)/2))+capacity.LoadBalancerAddresses)
}

func TestEveryMistakeIsRefusedInTheCallersWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*HashFleetArgs)
		fields []string
	}{
		"no alarms":              {func(a *HashFleetArgs) { a.Alarms = alarms.Route{} }, []string{"Alarms"}},
		"alarms and none":        {func(a *HashFleetArgs) { a.AlarmsOff = "a test" }, []string{"AlarmsOff"}},
		"account":                {func(a *HashFleetArgs) { a.AccountID = "12" }, []string{"AccountID"}},
		"one zone":               {func(a *HashFleetArgs) { a.Placement.Zones = zones[:1] }, []string{"Placement.Zones"}},
		"no private tier":        {func(a *HashFleetArgs) { a.Placement.Private = nil }, []string{"Placement.Private[eu-central-1a]", "Placement.Private[eu-central-1b]", "Placement.Private[eu-central-1c]"}},
		"no way to S3":           {func(a *HashFleetArgs) { a.Placement.HasInternetEgress, a.Placement.S3PrefixList = false, nil }, []string{"Placement.S3PrefixList"}},
		"digest":                 {func(a *HashFleetArgs) { a.Artifact.SHA256 = strings.ToUpper(digest) }, []string{"Artifact.SHA256"}},
		"version null":           {func(a *HashFleetArgs) { a.Artifact.VersionID = pulumi.String("null") }, []string{"Artifact.VersionID"}},
		"no version":             {func(a *HashFleetArgs) { a.Artifact.VersionID = nil }, []string{"Artifact.VersionID"}},
		"graviton":               {func(a *HashFleetArgs) { a.Instances.Type = "c7g.large" }, []string{"Instances.Type"}},
		"graviton with network":  {func(a *HashFleetArgs) { a.Instances.Type = "im4gn.large" }, []string{"Instances.Type"}},
		"xen":                    {func(a *HashFleetArgs) { a.Instances.Type = "m4.large" }, []string{"Instances.Type"}},
		"no type":                {func(a *HashFleetArgs) { a.Instances.Type = "large" }, []string{"Instances.Type"}},
		"unpinned in production": {func(a *HashFleetArgs) { a.Disposable = false }, []string{"Instances.Image.ID"}},
		"image both ways":        {func(a *HashFleetArgs) { a.Instances.Image = Image{ID: "ami-0123456789abcdef0", Parameter: "/x"} }, []string{"Instances.Image"}},
		"warm pool and mixed": {func(a *HashFleetArgs) {
			a.Instances.WarmPool, a.Instances.Mixed = &WarmPool{}, &Mixed{Types: map[string]int{"c7i.large": 1, "c6i.large": 1}}
		}, []string{"Instances.WarmPool"}},
		"mixed with graviton": {func(a *HashFleetArgs) {
			a.Instances.Mixed = &Mixed{Types: map[string]int{"c7i.large": 1, "c7g.large": 1}}
		}, []string{"Instances.Mixed.Types[c7g.large]"}},
		"termination policy":       {func(a *HashFleetArgs) { a.Instances.TerminationPolicies = []string{"Oldest"} }, []string{"Instances.TerminationPolicies[0]"}},
		"termination policy twice": {func(a *HashFleetArgs) { a.Instances.TerminationPolicies = []string{"OldestInstance", "OldestInstance"} }, []string{"Instances.TerminationPolicies[1]"}},
		"Default not last":         {func(a *HashFleetArgs) { a.Instances.TerminationPolicies = []string{"Default", "NewestInstance"} }, []string{"Instances.TerminationPolicies[0]"}},
		"Lambda after a name":      {func(a *HashFleetArgs) { a.Instances.TerminationPolicies = []string{"OldestInstance", chooser} }, []string{"Instances.TerminationPolicies[1]"}},
		"reservation preference":   {func(a *HashFleetArgs) { a.Instances.CapacityReservation = &CapacityReservation{Preference: "open"} }, []string{"Instances.CapacityReservation.Preference"}},
		"reservation without use": {func(a *HashFleetArgs) {
			a.Instances.CapacityReservation = &CapacityReservation{Preference: "none", IDs: []pulumi.StringInput{pulumi.String(reservation)}}
		}, []string{"Instances.CapacityReservation.Preference"}},
		"reservations both ways": {func(a *HashFleetArgs) {
			a.Instances.CapacityReservation = &CapacityReservation{
				Preference: reservedOnly, IDs: []pulumi.StringInput{pulumi.String("r-1")}, ResourceGroupARNs: []pulumi.StringInput{pulumi.String(reservation)},
			}
		}, []string{"Instances.CapacityReservation.ResourceGroupARNs", "Instances.CapacityReservation.IDs[0]", "Instances.CapacityReservation.ResourceGroupARNs[0]"}},
		"no placement group": {func(a *HashFleetArgs) { a.Instances.Placement = &PlacementGroup{} }, []string{"Instances.Placement.GroupName"}},
		"healthy below 90":   {func(a *HashFleetArgs) { a.Rollout.MinHealthyPercent, a.Sizing.Minimum = 80, 12 }, []string{"Rollout.MinHealthyPercent"}},
		"checkpoints":        {func(a *HashFleetArgs) { a.Rollout.Checkpoints = []int{20, 50} }, []string{"Rollout.Checkpoints"}},
		"public without TLS": {func(a *HashFleetArgs) { a.LoadBalancer = LoadBalancer{Public: true} }, []string{"LoadBalancer.Public"}},
		"public behind CloudFront": {func(a *HashFleetArgs) {
			a.LoadBalancer, a.Zone = LoadBalancer{Public: true}, &Zone{ID: pulumi.String("Z1"), Domain: "hash.example.com"}
			a.CDN = CDN{AlarmsOff: "none"}
		}, []string{"LoadBalancer.Public", "CDN.USEast1"}},
		"nobody may enter":   {func(a *HashFleetArgs) { a.LoadBalancer.Clients = nil }, []string{"LoadBalancer.Clients"}},
		"long keep-alive":    {func(a *HashFleetArgs) { a.LoadBalancer.ClientKeepAlive = time.Hour }, []string{"LoadBalancer.ClientKeepAlive"}},
		"old TLS":            {func(a *HashFleetArgs) { a.LoadBalancer.TLSPolicy = "ELBSecurityPolicy-2016-08" }, []string{"LoadBalancer.TLSPolicy"}},
		"slow start":         {func(a *HashFleetArgs) { a.LoadBalancer.SlowStart = time.Minute }, []string{"LoadBalancer.SlowStart"}},
		"anomaly mitigation": {func(a *HashFleetArgs) { a.LoadBalancer.AnomalyMitigation = true }, []string{"LoadBalancer.AnomalyMitigation"}},
		"long stickiness":    {func(a *HashFleetArgs) { a.LoadBalancer.Stickiness = 8 * 24 * time.Hour }, []string{"LoadBalancer.Stickiness"}},
		"stickiness behind CloudFront": {func(a *HashFleetArgs) {
			a.CDN, a.LoadBalancer = CDN{AlarmsOff: "none"}, LoadBalancer{Stickiness: time.Hour}
		}, []string{"LoadBalancer.Stickiness", "CDN.USEast1"}},
		"client certificates without TLS": {func(a *HashFleetArgs) {
			a.LoadBalancer.MutualTLS = &MutualTLS{TrustStoreARN: pulumi.String(trustStore)}
		}, []string{"LoadBalancer.MutualTLS"}},
		"client certificates behind CloudFront": {func(a *HashFleetArgs) {
			a.CDN, a.Zone = CDN{AlarmsOff: "none"}, &Zone{ID: pulumi.String("Z1"), Domain: "hash.example.com"}
			a.LoadBalancer = LoadBalancer{MutualTLS: &MutualTLS{TrustStoreARN: pulumi.String("store")}}
		}, []string{"LoadBalancer.MutualTLS", "LoadBalancer.MutualTLS.TrustStoreARN", "CDN.USEast1"}},
		"brought and own":       {func(a *HashFleetArgs) { a.LoadBalancer.SecurityGroupIDs = []pulumi.StringInput{pulumi.String("sg-1")} }, []string{"LoadBalancer.SecurityGroupIDs"}},
		"CloudFront's provider": {func(a *HashFleetArgs) { a.CDN, a.LoadBalancer.Clients = CDN{AlarmsOff: "none"}, nil }, []string{"CDN.USEast1"}},
		"CloudFront's alarms":   {func(a *HashFleetArgs) { a.CDN, a.LoadBalancer.Clients = CDN{}, nil }, []string{"CDN.Alarms", "CDN.USEast1"}},
		"tag for metadata":      {func(a *HashFleetArgs) { a.Tags = map[string]string{"cost center": "7"} }, []string{"Tags[cost center]"}},
		"no load":               {func(a *HashFleetArgs) { a.Load = capacity.Load{} }, []string{"Load.PeakRequestsPerSecond", "Load.ServiceTime", "Load.ConcurrencyPerServer"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.fields, refused(t, arguments(c.change))) })
	}
}

func TestAllMistakesAreReportedTogether(t *testing.T) {
	t.Parallel()
	fields := refused(t, &HashFleetArgs{})
	for _, field := range []string{"AccountID", "Region", "Alarms", "Placement.VPC", "Placement.Zones", "Artifact.Bucket", "Artifact.SHA256", "Instances.Image.ID"} {
		require.Contains(t, fields, field)
	}
	require.Equal(t, fields, refused(t, nil), "nil is the same as nothing")
}

func TestThePlanLeavesTheArgumentsAsTheyWere(t *testing.T) {
	t.Parallel()
	a := arguments(func(a *HashFleetArgs) {
		a.Scaling.Scheduled = map[string]Schedule{"day": {Recurrence: "0 7 * * *", Minimum: 8, Maximum: 30}}
		a.Instances.WarmPool = &WarmPool{}
		a.CDN.KeyParameters = []string{"z", "a"}
		a.Rollout.Checkpoints = []int{50, 100}
	})
	before := conformance.Snapshot(a)
	_, err := newPlan("hash", a)
	require.NoError(t, err)
	require.Equal(t, before, conformance.Snapshot(a))
}

func TestEveryAlarmLeadsToARunbookEntryWithItsThreeParts(t *testing.T) {
	t.Parallel()
	entries := runbookEntries(t)
	p := planned(t, func(a *HashFleetArgs) { a.AlwaysBusy = true })
	var keys []string
	table := slices.Concat(p.trafficAlarms(alarms.LoadBalancer{}, alarms.TargetGroup{}), p.groupAlarms(alarms.Group{}, alarms.Instances{}, alarms.Queue{}), edgeAlarms(alarms.Distribution{}), stepAlarms(alarms.TargetGroup{}, 1))
	for _, a := range table {
		_, heading := a.Entry()
		keys = append(keys, heading)
	}
	for _, n := range append(groupNotices(), automationNotice()) {
		keys = append(keys, n.runbook)
	}
	for _, key := range append(keys, "degraded", "roll-back-by-hand", "shift-a-zone") {
		require.Contains(t, entries, key)
		for _, part := range []string{"### Symptoms", "### Immediate actions", "### Causes"} {
			require.Contains(t, entries[key], part, key)
		}
	}
}

func TestPricesOfTheSpendAlarmAndThePostureAreOneRule(t *testing.T) {
	t.Parallel()
	price := capacity.HashingPrice()
	require.Equal(t, pricePeriod, price.Period)
	require.Equal(t, capacity.Cents(pricePerStart*100), price.PerStart)
	p := planned(t)
	require.Equal(t, float64(8*8+8), p.plannedSpend(), "the minimum of 8 servers and one more in a rollout")
}

func TestStepsBeginWhereTargetTrackingIsTooSlow(t *testing.T) {
	t.Parallel()
	p := planned(t, func(a *HashFleetArgs) { a.Scaling.Steps = &Steps{AtPercentOfTarget: map[int]int{200: 50, 150: 25}} })
	target := p.sizing.Tracking.RequestsPerTargetPerMinute
	threshold, steps := p.steps()
	require.InDelta(t, target*1.5, threshold, 1e-9)
	require.Equal(t, []step{{0, target * 0.5, 25}, {target * 0.5, 0, 50}}, steps)
}
