package capacity_test

import (
	"go/parser"
	"go/token"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/capacity"
)

// hashing is a request in the hashing workload's terms: 5 requests at a time per server.
func hashing() capacity.Request {
	return capacity.Request{
		Load:      capacity.Load{PeakRequestsPerSecond: 40, ServiceTime: 500 * time.Millisecond, ConcurrencyPerServer: 5},
		Headroom:  0.2,
		Zones:     3,
		Detection: 25 * time.Second,
		StartUp:   3 * time.Minute,
		Growth:    0.5,
		Surge:     0.1,
	}
}

// fieldErrors lists the FieldErrors inside a joined error.
func fieldErrors(t *testing.T, err error) []*capacity.FieldError {
	t.Helper()
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		var one *capacity.FieldError
		require.ErrorAs(t, err, &one)
		return []*capacity.FieldError{one}
	}
	var out []*capacity.FieldError
	for _, each := range many.Unwrap() {
		var one *capacity.FieldError
		require.ErrorAs(t, each, &one)
		out = append(out, one)
	}
	return out
}

func fieldsOf(t *testing.T, err error) []string {
	t.Helper()
	var out []string
	for _, each := range fieldErrors(t, err) {
		out = append(out, each.Field)
	}
	return out
}

func TestTheMinimumIsTheSmallestFleetThatSurvivesEveryZoneInASimulation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulated(t, 2)
		plan, err := capacity.Plan(s.request())
		require.NoError(t, err)
		known := map[int]bool{}
		want := s.smallest(func(n int) bool { return s.carriesWithoutAnyZone(n, known) })
		require.Equal(t, want, plan.Minimum)
		require.True(t, plan.AfterZoneLoss.CarriesPeak)
		require.Equal(t, s.smallest(s.carries), plan.ServersAtPeak)
	})
}

func TestWithoutThePromiseTheMinimumIsTheSmallestFleetThatCarriesThePeakInASimulation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulated(t, 1)
		r := s.request()
		r.OnZoneLoss = capacity.LosePeakUntilReplaced
		if s.zones == 1 {
			r.OnZoneLoss = capacity.LoseServiceUntilZoneReturns
		}
		plan, err := capacity.Plan(r)
		require.NoError(t, err)
		require.Equal(t, s.smallest(s.carries), plan.Minimum)
	})
}

func TestAfterZoneLossAgreesWithASimulationForFleetsOfAnySize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulated(t, 2)
		servers := rapid.IntRange(1, 60).Draw(t, "servers")
		remaining, err := capacity.AfterZoneLoss(s.request(), servers)
		require.NoError(t, err)
		fullest := 0
		for _, held := range placed(servers, s.zones) {
			fullest = max(fullest, held)
		}
		require.Equal(t, servers-fullest, remaining.Servers)
		require.Equal(t, s.carriesWithoutAnyZone(servers, map[int]bool{}), remaining.CarriesPeak)
		recoveries, err := capacity.Recover(s.request(), capacity.Sizes{Minimum: servers, Desired: servers, Maximum: 1000})
		require.NoError(t, err)
		require.Equal(t, remaining.CarriesPeak, recoveries.Zone.Time == 0)
		require.Equal(t, s.carries(servers-1), recoveries.Instance.Time == 0)
	})
}

func TestCheckRefusesEveryFleetBelowTheMinimumAndItsFixesAreAccepted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulated(t, 2)
		r := s.request()
		r.Growth = float64(rapid.IntRange(0, 20).Draw(t, "growth")) / 10
		r.Surge = float64(rapid.IntRange(0, 10).Draw(t, "surge")) / 10
		plan, err := capacity.Plan(r)
		require.NoError(t, err)
		require.NoError(t, capacity.Check(r, plan.Sizes))
		given := capacity.Sizes{
			Minimum: rapid.IntRange(-2, 2*plan.Minimum).Draw(t, "minimum"),
			Desired: rapid.IntRange(-2, 2*plan.Maximum).Draw(t, "desired"),
			Maximum: rapid.IntRange(-2, 2*plan.Maximum).Draw(t, "maximum"),
		}
		err = capacity.Check(r, given)
		right := given.Minimum >= plan.Minimum && given.Maximum >= plan.Maximum && given.Minimum < given.Maximum &&
			given.Minimum <= given.Desired && given.Desired <= given.Maximum
		require.Equal(t, right, err == nil, "%+v %v", given, err)
		require.NoError(t, capacity.Check(r, fixed(t, given, err)))
	})
}

// fixed does what the Fix of each FieldError says.
func fixed(t *rapid.T, s capacity.Sizes, err error) capacity.Sizes {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return s
	}
	for _, each := range many.Unwrap() {
		var problem *capacity.FieldError
		require.ErrorAs(t, each, &problem)
		words := strings.Fields(problem.Fix)
		n, err := strconv.Atoi(words[len(words)-1])
		require.NoError(t, err, problem.Fix)
		switch problem.Field {
		case "Minimum":
			s.Minimum = n
		case "Desired":
			s.Desired = n
		case "Maximum":
			s.Maximum = n
		default:
			require.Fail(t, "unknown field", problem.Field)
		}
	}
	return s
}

func TestTargetTrackingKeepsWhatTheLossOfAZoneTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulated(t, 2)
		r := s.request()
		plan, err := capacity.Plan(r)
		require.NoError(t, err)
		perServer := plan.Tracking.RequestsPerTargetPerMinute / 60
		share := float64(rapid.IntRange(1, 400).Draw(t, "percent of the peak")) / 100
		load := r.Load.PeakRequestsPerSecond * share
		tracked := int(math.Ceil(load/perServer - 1e-9)) // the size at which the metric is at or below its target
		if share <= 1 {
			require.LessOrEqual(t, tracked, plan.Minimum, "scales out at or below the stated peak")
			return
		}
		remaining, err := capacity.AfterZoneLoss(r, max(tracked, plan.Minimum))
		require.NoError(t, err)
		require.Greater(t, remaining.RequestsPerSecond+plan.RequestsPerSecondPerServer, load*(1-1e-9))
	})
}

func TestMoreLoadNeverNeedsFewerServersAndMoreZonesNeverNeedMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSimulated(t, 2)
		plan, err := capacity.Plan(s.request())
		require.NoError(t, err)
		more, wider, freer := s, s, s
		more.arrivals++
		wider.zones++
		freer.headroomPercent++
		for _, bigger := range []simulated{more, freer} {
			other, err := capacity.Plan(bigger.request())
			require.NoError(t, err)
			require.GreaterOrEqual(t, other.Minimum, plan.Minimum)
			require.GreaterOrEqual(t, other.Maximum, plan.Maximum)
		}
		other, err := capacity.Plan(wider.request())
		require.NoError(t, err)
		require.LessOrEqual(t, other.Minimum, plan.Minimum)
	})
}

func TestAnyInputIsAnsweredOrRefusedButNeverOverflows(t *testing.T) {
	t.Parallel()
	wait := rapid.OneOf(rapid.Just(time.Nanosecond), rapid.Just(48*time.Hour), rapid.Just(time.Duration(math.MaxInt64)),
		rapid.Just(time.Duration(math.MinInt64)), rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64().Draw(t, "ns"))
		}))
	count := rapid.OneOf(rapid.IntRange(1, 4), rapid.Int(), rapid.SampledFrom([]int{math.MaxInt, math.MinInt, 0}))
	fraction := rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1),
		rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}))
	rapid.Check(t, func(t *rapid.T) {
		r := capacity.Request{
			Load: capacity.Load{
				PeakRequestsPerSecond: fraction.Draw(t, "peak"),
				ServiceTime:           wait.Draw(t, "service"),
				ConcurrencyPerServer:  count.Draw(t, "concurrency"),
			},
			Headroom: fraction.Draw(t, "headroom"), Zones: count.Draw(t, "zones"),
			OnZoneLoss: capacity.ZoneLoss(rapid.IntRange(-1, 3).Draw(t, "loss")),
			Detection:  wait.Draw(t, "detection"), StartUp: wait.Draw(t, "start-up"), WarmUp: wait.Draw(t, "warm-up"),
			Growth: fraction.Draw(t, "growth"), Surge: fraction.Draw(t, "surge"),
		}
		plan, err := capacity.Plan(r)
		if err != nil {
			require.Zero(t, plan)
			return
		}
		requireSane(t, plan)
	})
}

func requireSane(t require.TestingT, plan capacity.Sizing) {
	require.Positive(t, plan.Minimum)
	require.GreaterOrEqual(t, plan.Desired, plan.Minimum)
	require.Greater(t, plan.Maximum, plan.Desired)
	require.LessOrEqual(t, plan.Maximum, capacity.MaxServers)
	require.Positive(t, plan.Tracking.RequestsPerTargetPerMinute)
	require.GreaterOrEqual(t, plan.Recovery.Instance.Time, time.Duration(0))
}

func TestExtremeLoadsAreAnsweredOrRefusedByName(t *testing.T) {
	t.Parallel()
	tiny := hashing()
	tiny.Load = capacity.Load{PeakRequestsPerSecond: math.SmallestNonzeroFloat64, ServiceTime: 1, ConcurrencyPerServer: math.MaxInt32}
	plan, err := capacity.Plan(tiny)
	require.NoError(t, err)
	require.Equal(t, capacity.Sizes{Minimum: 2, Desired: 2, Maximum: 3}, plan.Sizes)

	fast := hashing() // a billion requests a second of one nanosecond are one at a time
	fast.Load = capacity.Load{PeakRequestsPerSecond: 1e9, ServiceTime: 1, ConcurrencyPerServer: 5}
	plan, err = capacity.Plan(fast)
	require.NoError(t, err)
	require.Equal(t, 1, plan.ServersAtPeak)
	require.InDelta(t, 4e9*60*2/3, plan.Tracking.RequestsPerTargetPerMinute, 1)

	huge := hashing()
	huge.Load.PeakRequestsPerSecond = math.MaxFloat64
	_, err = capacity.Plan(huge)
	require.Equal(t, []string{"Load.PeakRequestsPerSecond"}, fieldsOf(t, err))

	last := hashing() // 2^31-3 servers of 1 place each: with one to spare exactly the largest group
	last.Zones, last.OnZoneLoss, last.Growth, last.Surge = 1, capacity.LoseServiceUntilZoneReturns, 0, 0
	last.Headroom = 0.5
	last.Load = capacity.Load{PeakRequestsPerSecond: capacity.MaxServers - 1, ServiceTime: time.Second, ConcurrencyPerServer: 2}
	plan, err = capacity.Plan(last)
	require.NoError(t, err)
	require.Equal(t, capacity.MaxServers, plan.Maximum)
	last.Load.PeakRequestsPerSecond++
	_, err = capacity.Plan(last)
	require.Error(t, err)
}

func TestALoadThatFitsToTheLastRequestNeedsNoFurtherServer(t *testing.T) {
	t.Parallel()
	// 40/s x 0.5 s = 20 in progress; 5 x (1 - 0.2) = 4 a server. In binary floating point 1 - 0.2 and 0.1 + 0.2 are inexact.
	plan, err := capacity.Plan(hashing())
	require.NoError(t, err)
	require.Equal(t, 5, plan.ServersAtPeak)
	require.Equal(t, 8, plan.Minimum) // 8 over 3 zones: 3, 3, 2; 5 are left. 7: 3, 2, 2; 4 are left.
	over := hashing()
	over.Load.PeakRequestsPerSecond = 40.000001
	plan, err = capacity.Plan(over)
	require.NoError(t, err)
	require.Equal(t, 6, plan.ServersAtPeak)
	require.Equal(t, 9, plan.Minimum)
}

func TestTheMaximumHoldsGrowthAndTheServersLaunchedBeforeTheOldOnesEnd(t *testing.T) {
	t.Parallel()
	plan, err := capacity.Plan(hashing())
	require.NoError(t, err)
	// 30 in progress at 1.5 times the peak: 8 servers in service, 12 over three zones, and a tenth of 12 rounded up.
	require.Equal(t, 14, plan.Maximum)
	still := hashing()
	still.Growth, still.Surge = 0, 0
	plan, err = capacity.Plan(still)
	require.NoError(t, err)
	require.Equal(t, plan.Minimum+1, plan.Maximum)
}

func TestTargetValuesFollowFromTheConcurrencyLimit(t *testing.T) {
	t.Parallel()
	r := hashing()
	r.WarmUp = 61 * time.Second
	plan, err := capacity.Plan(r)
	require.NoError(t, err)
	// 4 places / 0.5 s = 8 requests/s = 480 a minute, of which 2 of 3 zones must carry it all.
	require.InDelta(t, 320, plan.Tracking.RequestsPerTargetPerMinute, 1e-9)
	require.InDelta(t, 100*0.8*2/3, plan.Tracking.CPUPercent, 1e-9)
	require.Equal(t, 3*time.Minute, plan.Tracking.InstanceWarmup)
	r.OnZoneLoss, r.WarmUp = capacity.LosePeakUntilReplaced, 0
	plan, err = capacity.Plan(r)
	require.NoError(t, err)
	require.InDelta(t, 480, plan.Tracking.RequestsPerTargetPerMinute, 1e-9)
	require.Equal(t, time.Minute, plan.Tracking.InstanceWarmup)
}

func TestRecoveryTimesFollowFromDetectionStartUpAndScaling(t *testing.T) {
	t.Parallel()
	r := hashing() // 5 servers carry the peak
	at := func(minimum, maximum int) capacity.Recoveries {
		recoveries, err := capacity.Recover(r, capacity.Sizes{Minimum: minimum, Desired: minimum, Maximum: maximum})
		require.NoError(t, err)
		return recoveries
	}
	replaced := 25*time.Second + 3*time.Minute
	require.Zero(t, at(8, 14).Zone.Time)
	require.Zero(t, at(8, 14).Instance.Time)
	require.Equal(t, 25*time.Second, at(8, 14).Zone.Rerouting)
	require.Equal(t, replaced, at(8, 14).Zone.Replaced)
	require.Equal(t, replaced, at(7, 14).Zone.Time, "7 carry the peak, 4 of them do not")
	require.Zero(t, at(7, 14).Instance.Time)
	require.Equal(t, replaced, at(5, 14).Instance.Time)
	require.Equal(t, replaced+capacity.ScaleOutEvaluation+3*time.Minute, at(4, 14).Zone.Time, "4 do not carry the peak even whole")
	require.True(t, at(3, 4).Zone.Unrecoverable)
	require.True(t, at(3, 4).Instance.Unrecoverable)

	r.Zones, r.OnZoneLoss = 1, capacity.LoseServiceUntilZoneReturns
	require.True(t, at(8, 14).Zone.Unrecoverable)
	require.False(t, at(8, 14).Instance.Unrecoverable)
	remaining, err := capacity.AfterZoneLoss(r, 8)
	require.NoError(t, err)
	require.Zero(t, remaining.Servers)
	require.Zero(t, remaining.RequestsPerSecond)
}

func TestCapacityAfterAZoneLossIsStatedAgainstThePeak(t *testing.T) {
	t.Parallel()
	remaining, err := capacity.AfterZoneLoss(hashing(), 7)
	require.NoError(t, err)
	require.Equal(t, 4, remaining.Servers)
	require.InDelta(t, 32, remaining.RequestsPerSecond, 1e-9)
	require.InDelta(t, 40, remaining.LimitRequestsPerSecond, 1e-9)
	require.InDelta(t, 0.8, remaining.ShareOfPeak, 1e-9)
	require.False(t, remaining.CarriesPeak)
	_, err = capacity.AfterZoneLoss(hashing(), 0)
	require.Equal(t, []string{"Servers"}, fieldsOf(t, err))
}

func TestOneZoneIsRefusedWithoutTheNameThatSaysWhatIsLost(t *testing.T) {
	t.Parallel()
	r := hashing()
	r.Zones = 1
	_, err := capacity.Plan(r)
	require.Equal(t, []string{"OnZoneLoss"}, fieldsOf(t, err))
	require.ErrorContains(t, err, "LoseServiceUntilZoneReturns")
	r.OnZoneLoss = capacity.LoseServiceUntilZoneReturns
	plan, err := capacity.Plan(r)
	require.NoError(t, err)
	require.Equal(t, 5, plan.Minimum)
	r.Zones = 2
	_, err = capacity.Plan(r)
	require.Equal(t, []string{"OnZoneLoss"}, fieldsOf(t, err))
}

func TestAllProblemsOfARequestAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := capacity.Plan(capacity.Request{WarmUp: -1, Growth: -0.1, Surge: 1.1, OnZoneLoss: 7})
	require.Equal(t, []string{
		"Load.PeakRequestsPerSecond", "Load.ServiceTime", "Load.ConcurrencyPerServer", "Headroom", "Zones", "OnZoneLoss",
		"Detection", "StartUp", "WarmUp", "Growth", "Surge",
	}, fieldsOf(t, err))
	for _, problem := range fieldErrors(t, err) {
		require.NotEmpty(t, problem.Got)
		require.NotEmpty(t, problem.Want)
		require.NotEmpty(t, problem.Fix)
		require.NotRegexp(t, `\.$|^[A-Z][a-z]+ [a-z]+ `, problem.Error())
	}
	_, err = capacity.AfterZoneLoss(capacity.Request{}, 3)
	require.Error(t, err)
	_, err = capacity.Recover(capacity.Request{}, capacity.Sizes{Minimum: 3})
	require.Error(t, err)
	require.Error(t, capacity.Check(capacity.Request{}, capacity.Sizes{}))
}

func TestTheBoundariesOfEveryFieldAreWhereTheySayTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set func(*capacity.Request)
		ok  bool
	}{
		"headroom just below 1":       {func(r *capacity.Request) { r.Headroom = 0.999 }, true},
		"headroom 1":                  {func(r *capacity.Request) { r.Headroom = 1 }, false},
		"headroom 0":                  {func(r *capacity.Request) { r.Headroom = 0 }, false},
		"headroom not a number":       {func(r *capacity.Request) { r.Headroom = math.NaN() }, false},
		"peak infinite":               {func(r *capacity.Request) { r.Load.PeakRequestsPerSecond = math.Inf(1) }, false},
		"growth infinite":             {func(r *capacity.Request) { r.Growth = math.Inf(1) }, false},
		"surge 1":                     {func(r *capacity.Request) { r.Surge = 1 }, true},
		"concurrency 1":               {func(r *capacity.Request) { r.Load.ConcurrencyPerServer = 1 }, true},
		"concurrency 0":               {func(r *capacity.Request) { r.Load.ConcurrencyPerServer = 0 }, false},
		"concurrency above 32 bits":   {func(r *capacity.Request) { r.Load.ConcurrencyPerServer = math.MaxInt32 + 1 }, false},
		"service time one ns":         {func(r *capacity.Request) { r.Load.ServiceTime = 1 }, true},
		"service time negative":       {func(r *capacity.Request) { r.Load.ServiceTime = -1 }, false},
		"detection 48 h":              {func(r *capacity.Request) { r.Detection = 48 * time.Hour }, true},
		"detection above 48 h":        {func(r *capacity.Request) { r.Detection = 48*time.Hour + 1 }, false},
		"start-up 48 h":               {func(r *capacity.Request) { r.StartUp = 48 * time.Hour }, true},
		"start-up above 48 h":         {func(r *capacity.Request) { r.StartUp = 48*time.Hour + 1 }, false},
		"start-up missing":            {func(r *capacity.Request) { r.StartUp = 0 }, false},
		"warm-up above 48 h":          {func(r *capacity.Request) { r.WarmUp = 48*time.Hour + 1 }, false},
		"two zones":                   {func(r *capacity.Request) { r.Zones = 2 }, true},
		"the largest number of zones": {func(r *capacity.Request) { r.Zones = math.MaxInt }, true},
	} {
		r := hashing()
		c.set(&r)
		_, err := capacity.Plan(r)
		require.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
}

func TestDetectionTimeIsTheHealthChecksWorstCase(t *testing.T) {
	t.Parallel()
	// Dies just after a check: checks at 10 s and 20 s fail, the second 5 s later.
	got, err := capacity.DetectionTime(10*time.Second, 5*time.Second, 2)
	require.NoError(t, err)
	require.Equal(t, 25*time.Second, got)
	_, err = capacity.DetectionTime(4*time.Second, 4*time.Second, 1)
	require.Equal(t, []string{"Interval", "Timeout", "UnhealthyThreshold"}, fieldsOf(t, err))
}

func TestWarningsNameTwoZonesThinZonesAndTheTargetQuota(t *testing.T) {
	t.Parallel()
	plan, err := capacity.Plan(hashing())
	require.NoError(t, err)
	require.Empty(t, plan.Warnings)
	two := hashing()
	two.Zones = 2
	thin := hashing()
	thin.Load.PeakRequestsPerSecond = 1
	big := hashing()
	big.Load.PeakRequestsPerSecond = 5300
	for _, c := range []struct {
		request capacity.Request
		warning string
	}{{two, "two zones"}, {thin, "not each of 3 zones"}, {big, "1000 targets"}} {
		plan, err := capacity.Plan(c.request)
		require.NoError(t, err)
		require.Len(t, plan.Warnings, 1)
		require.Contains(t, plan.Warnings[0], c.warning)
	}
}

func TestEveryResultCarriesTheSameDerivationEveryTime(t *testing.T) {
	t.Parallel()
	first, err := capacity.Plan(hashing())
	require.NoError(t, err)
	second, err := capacity.Plan(hashing())
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, []string{
		"at the peak 20 requests are in progress: 40 requests/s x 0.5 s service time (Little's law)",
		"one server takes 4 of them: its limit of 5 less 20 % headroom; that is 8 requests/s",
		"5 servers must be in service at the peak: 20 / 4, rounded up",
		"the minimum is 8: over 3 zones the fullest holds 3, and losing it leaves the 5 needed",
		"desired is the minimum: it carries the peak already, and target tracking moves it from there",
		"the maximum is 14: 12 for 150 % of the peak on the same terms, and 2 launched before the servers they replace are terminated",
	}, first.Derivation)
	require.Equal(t, []string{
		"8 servers over 3 zones: the fullest holds 3, losing it leaves 5",
		"5 servers x 8 requests/s carry 40 requests/s with headroom: 100 % of the peak of 40",
		"at their concurrency limit they carry 50 requests/s",
	}, first.AfterZoneLoss.Derivation)
	require.Equal(t, []string{
		"for at most 25s, until the loss is detected, requests sent to the 3 of 8 servers lost fail",
		"the 5 that remain carry the peak: nothing needs to start",
		"the group is back at 8 after 3m25s: 25s detection + 3m0s start-up",
	}, first.Recovery.Zone.Derivation)
	require.Equal(t, []string{
		"320 requests per target and minute: 4 places / 0.5 s service time x 60 s x 0.6667, because 2 of 3 zones must carry it all",
		"53.3333 % CPU: 100 % at the concurrency limit, less 20 % headroom, x 0.6667",
		"1m0s instance warmup: 0s to full speed in whole minutes + 1m0s for one metric period",
	}, first.Tracking.Derivation)
}

func TestCheckSaysWhyAndWhatWorks(t *testing.T) {
	t.Parallel()
	err := capacity.Check(hashing(), capacity.Sizes{Minimum: 7, Desired: 6, Maximum: 8})
	require.Equal(t, []string{"Minimum", "Maximum", "Desired"}, fieldsOf(t, err))
	require.ErrorContains(t, err, "Minimum: got 7, want at least 8, because losing one of 3 zones leaves 4 of 7, which carry "+
		"32 of the 40 requests/s at the peak; fix: set Minimum to 8")
	require.ErrorContains(t, err, "fix: set Maximum to 14")
	require.ErrorContains(t, err, "fix: set Desired to 8")
	require.Error(t, capacity.Check(hashing(), capacity.Sizes{Minimum: math.MaxInt, Desired: math.MaxInt, Maximum: math.MaxInt}))
	require.Error(t, capacity.Check(hashing(), capacity.Sizes{Minimum: math.MinInt, Desired: math.MinInt, Maximum: math.MinInt}))
}

func TestThePackageUsesTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	seen := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imported := range parsed.Imports {
			seen++
			require.NotContains(t, imported.Path.Value, ".", "imports a module")
		}
	}
	require.Positive(t, seen)
}

func TestFieldErrorsAreFoundByType(t *testing.T) {
	t.Parallel()
	_, err := capacity.Plan(capacity.Request{})
	var problem *capacity.FieldError
	require.ErrorAs(t, err, &problem)
}
