package capacity_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/capacity"
)

// meter counts the starts of a server minute by minute: the first minute starts a period, and so does every minute that
// finds the last one used up.
func meter(minutes, period int) (starts int) {
	left := 0
	for range minutes {
		if left == 0 {
			starts++
			left = period
		}
		left--
	}
	return starts
}

func drawPrice(t *rapid.T) (capacity.Price, int) {
	period := rapid.IntRange(1, 40).Draw(t, "period")
	cents := rapid.IntRange(0, 2000).Draw(t, "cents")
	return capacity.Price{PerStart: capacity.Cents(cents), Period: time.Duration(period) * time.Minute}, period
}

func TestTheHashingPriceIsEightDollarsForEveryStartedQuarter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		servers int
		run     time.Duration
		want    string
	}{
		{2, 13 * time.Minute, "16.00 USD"},
		{1, 3 * time.Minute, "8.00 USD"},
		{1, 15 * time.Minute, "8.00 USD"},
		{1, 15*time.Minute + 1, "16.00 USD"},
		{1, 1, "8.00 USD"},
		{1, 0, "0.00 USD"},
		{0, time.Hour, "0.00 USD"},
		{3, time.Hour, "96.00 USD"},
	} {
		got, err := capacity.HashingPrice().Run(c.servers, c.run)
		require.NoError(t, err)
		require.Equal(t, c.want, got.String(), "%d for %v", c.servers, c.run)
	}
}

func TestARunCostsWhatAMeterCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price, period := drawPrice(t)
		servers, minutes := rapid.IntRange(0, 9).Draw(t, "servers"), rapid.IntRange(0, 200).Draw(t, "minutes")
		got, err := price.Run(servers, time.Duration(minutes)*time.Minute)
		require.NoError(t, err)
		require.Equal(t, int64(servers*meter(minutes, period))*int64(price.PerStart), int64(got))
	})
}

// TestChurnIsTheMostAReplacementAdds replaces one server at every minute of a run and compares with leaving it alone.
func TestChurnIsTheMostAReplacementAdds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price, period := drawPrice(t)
		overlap := rapid.IntRange(0, 50).Draw(t, "overlap")
		most := 0
		for run := overlap + 1; run <= overlap+2*period+1; run++ {
			for replacedAt := 1; replacedAt <= run-overlap; replacedAt++ {
				extra := meter(replacedAt+overlap, period) + meter(run-replacedAt, period) - meter(run, period)
				most = max(most, extra)
			}
		}
		got, err := price.Churn(1, time.Duration(overlap)*time.Minute)
		require.NoError(t, err)
		bound := int64(most) * int64(price.PerStart)
		require.GreaterOrEqual(t, int64(got), bound)
		if period > 1 && overlap%period != 1 { // else whole minutes cannot fall into both parts of a period
			require.Equal(t, bound, int64(got), "the bound is not reached")
		}
	})
}

// TestNoHourCostsMoreThanTheHighPrice meters every server of a maximum fleet, at any phase of its paid periods, with the
// desired ones replaced once within the hour.
func TestNoHourCostsMoreThanTheHighPrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price, period := drawPrice(t)
		s := capacity.Sizes{Minimum: rapid.IntRange(0, 4).Draw(t, "minimum")}
		s.Desired = s.Minimum + rapid.IntRange(0, 3).Draw(t, "more")
		s.Maximum = s.Desired + rapid.IntRange(0, 3).Draw(t, "still more")
		got, err := price.Hourly(s)
		require.NoError(t, err)
		starts := 0
		for server := range s.Maximum {
			phase := rapid.IntRange(0, period-1).Draw(t, "phase")
			replacedAt := 61
			if server < s.Desired {
				replacedAt = rapid.IntRange(0, 59).Draw(t, "replaced")
			}
			left := phase
			for minute := range 60 {
				if left == 0 || minute == replacedAt {
					starts++
					left = period
				}
				left--
			}
		}
		require.LessOrEqual(t, int64(starts)*int64(price.PerStart), int64(got.High))
		require.LessOrEqual(t, got.Low, got.Expected)
		require.LessOrEqual(t, got.Expected, got.High)
	})
}

func TestTheHourlyPriceNamesMinimumDesiredAndMaximum(t *testing.T) {
	t.Parallel()
	got, err := capacity.HashingPrice().Hourly(capacity.Sizes{Minimum: 3, Desired: 4, Maximum: 6})
	require.NoError(t, err)
	require.Equal(t, capacity.Cents(3*4*800), got.Low)
	require.Equal(t, "128.00 USD", got.Expected.String())
	require.Equal(t, capacity.Cents(6*4*800+4*800), got.High)
	require.Equal(t, capacity.Cents(4*800), got.Refresh)
	require.InDelta(t, 96.0, got.Low.USD(), 0)
	require.Equal(t, []string{
		"a server costs 8.00 USD per started 15m0s, so 4 starts an hour",
		"low: the minimum of 3 all hour, 96.00 USD",
		"expected: the desired 4 all hour, 128.00 USD",
		"high: the maximum of 6 all hour and the desired 4 replaced once, each paying one start more (32.00 USD together), 224.00 USD",
	}, got.Derivation)
}

// TestCyclingCostsWhatAMeterCounts runs as many whole cycles as fit whole hours and compares the exact totals.
func TestCyclingCostsWhatAMeterCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price, period := drawPrice(t)
		on, off := rapid.IntRange(1, 90).Draw(t, "on"), rapid.IntRange(1, 90).Draw(t, "off")
		got, err := price.Cycle(2, time.Duration(on)*time.Minute, time.Duration(off)*time.Minute)
		require.NoError(t, err)
		starts := 0
		for range 60 { // 60 cycles last on+off hours
			starts += meter(on, period)
		}
		total := 2 * int64(starts) * int64(price.PerStart)
		hours := int64(on + off)
		require.Equal(t, (total+hours-1)/hours, int64(got.Cycling))
		always := 2 * int64(meter((on+off)*60*period, period)) * int64(price.PerStart) // over `period` times as many hours
		require.Equal(t, (always+hours*int64(period)-1)/(hours*int64(period)), int64(got.AlwaysOn))
		require.Equal(t, starts*period < (on+off)*60, got.Saves)
	})
}

func TestScalingInWithinAPaidPeriodSavesNothing(t *testing.T) {
	t.Parallel()
	flapping, err := capacity.HashingPrice().Cycle(1, 5*time.Minute, 5*time.Minute)
	require.NoError(t, err)
	require.Equal(t, capacity.Cycle{
		Cycling: 4800, AlwaysOn: 3200, Saves: false,
		Derivation: []string{
			"on for 5m0s and off for 5m0s: 6 cycles an hour x starts 1 x servers 1: 48.00 USD",
			"left on: 4 starts an hour, 32.00 USD",
		},
	}, flapping)
	calm, err := capacity.HashingPrice().Cycle(1, 15*time.Minute, 45*time.Minute)
	require.NoError(t, err)
	require.True(t, calm.Saves)
	require.Equal(t, capacity.Cents(800), calm.Cycling)
}

func TestAmountsThatDoNotFitAreRefusedAndTheLargestIsExact(t *testing.T) {
	t.Parallel()
	one := capacity.Price{PerStart: 1, Period: time.Minute}
	got, err := one.Run(math.MaxInt64, time.Minute)
	require.NoError(t, err)
	require.Equal(t, "92233720368547758.07 USD", got.String())
	_, err = one.Run(math.MaxInt64, time.Minute+1)
	require.Equal(t, []string{"Servers"}, fieldsOf(t, err))
	_, err = capacity.Price{PerStart: math.MaxInt64, Period: 1}.Hourly(capacity.Sizes{Minimum: 1, Desired: 1, Maximum: 1})
	require.Error(t, err)
	_, err = capacity.Price{PerStart: math.MaxInt64, Period: 1}.Churn(math.MaxInt, math.MaxInt64)
	require.Error(t, err)
	_, err = capacity.Price{PerStart: math.MaxInt64, Period: 1}.Cycle(math.MaxInt, 1, math.MaxInt64)
	require.Error(t, err)
	require.Equal(t, "-92233720368547758.08 USD", capacity.Cents(math.MinInt64).String())
	require.Equal(t, "-0.05 USD", capacity.Cents(-5).String())
}

func TestPricesWithoutMeaningAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	bad := capacity.Price{PerStart: -1}
	_, err := bad.Run(-1, -1)
	require.Equal(t, []string{"PerStart", "Period", "Servers", "Duration"}, fieldsOf(t, err))
	_, err = bad.Churn(-1, -1)
	require.Equal(t, []string{"PerStart", "Period", "Servers", "Overlap"}, fieldsOf(t, err))
	_, err = bad.Cycle(-1, 0, 0)
	require.Equal(t, []string{"PerStart", "Period", "Servers", "On", "Off"}, fieldsOf(t, err))
	_, err = bad.Hourly(capacity.Sizes{Minimum: -1, Desired: 3, Maximum: 2})
	require.Equal(t, []string{"PerStart", "Period", "Minimum", "Desired"}, fieldsOf(t, err))
}
