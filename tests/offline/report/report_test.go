package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/offline/report"
)

func sample() posture.Posture {
	return posture.Posture{
		Workload: "hashing", Component: "HashFleet", Name: "hashing", Zones: []string{"eu-central-1a", "eu-central-1b"},
		Capacity: &posture.Capacity{Unit: "requests/s", Peak: 60, AfterZoneLoss: 64},
		Recovery: map[posture.Scenario]posture.Recovery{
			posture.InstanceLoss: {},
			posture.ZoneLoss:     {RecoveryTime: 5 * time.Minute, DataLoss: 2*time.Hour + 30*time.Second},
			posture.RegionLoss:   {Unrecoverable: true},
		},
		Price: posture.Price{Low: 64, Expected: 96.5, High: 128},
		Alarms: []posture.Alarm{
			{Name: "b", Severity: "critical", GoesTo: "critical: PagerDuty"}, {Name: "a", Severity: "critical", GoesTo: "critical: PagerDuty"},
		},
	}
}

func printed(all ...posture.Posture) string {
	var b strings.Builder
	report.Print(&b, "prod", all)
	return b.String()
}

func TestTheTableAnswersEveryQuestionAboutAWorkload(t *testing.T) {
	t.Parallel()
	text := printed(sample())
	for _, answer := range []string{
		"SIMULATED CLOUD", "hashing", "60 requests/s", "2 (a b)", "64 requests/s = 107 %, carries the peak", "none / none",
		"5m / 2h30s", "NOT RECOVERABLE", "64.00", "96.50", "128.00", "2 alarms", "critical: PagerDuty (2)\n    a, b",
	} {
		require.Contains(t, text, answer)
	}
}

func TestAFleetThatCannotCarryThePeakWithoutAZoneIsSaidSo(t *testing.T) {
	t.Parallel()
	weak := sample()
	weak.Capacity.AfterZoneLoss = 59
	require.Contains(t, printed(weak), "BELOW THE PEAK")
}

func TestDurationsReadShort(t *testing.T) {
	t.Parallel()
	for long, short := range map[time.Duration]string{
		10 * time.Minute: "10m / none", 3 * time.Hour: "3h / none", 90 * time.Second: "1m30s / none", 10 * time.Second: "10s / none",
	} {
		p := sample()
		p.Recovery[posture.InstanceLoss] = posture.Recovery{RecoveryTime: long}
		require.Contains(t, printed(p), " "+short+" ")
	}
}

func TestPricesAreAddedUp(t *testing.T) {
	t.Parallel()
	for line := range strings.SplitSeq(printed(sample(), sample()), "\n") {
		if strings.HasPrefix(line, "  total") {
			require.Equal(t, []string{"total", "128.00", "193.00", "256.00"}, strings.Fields(line))
			return
		}
	}
	require.Fail(t, "no total")
}

func TestAScenarioWithoutAnAnswerIsNotPassedOver(t *testing.T) {
	t.Parallel()
	silent := sample()
	silent.Recovery = nil
	require.Equal(t, 3, strings.Count(printed(silent), "not stated"))
}
