package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheSmallestFloorLeavesThePeakAndNoSmallerOneDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		peak, zones := rapid.IntRange(1, 500).Draw(t, "peak"), rapid.IntRange(2, 6).Draw(t, "zones")
		floor := smallestFloor(peak, zones)
		require.GreaterOrEqual(t, survivors(floor, zones), peak)
		require.Less(t, survivors(floor-1, zones), peak)
	})
}

func TestSurvivorsOfTheFullestZone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ floor, zones, left int }{{6, 3, 4}, {5, 3, 3}, {4, 2, 2}, {3, 2, 1}, {1, 1, 0}, {0, 3, 0}, {7, 3, 4}} {
		require.Equal(t, c.left, survivors(c.floor, c.zones), "%d in %d zones", c.floor, c.zones)
	}
}

// TestDominatorsAreWhatEveryPathPasses compares with the definition: d dominates v when v cannot be reached without d.
func TestDominatorsAreWhatEveryPathPasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(2, 12).Draw(t, "size")
		before := make([][]int, size)
		for v := 1; v < size; v++ {
			// One edge from a smaller number keeps every vertex reachable and the numbering a reverse postorder of a graph
			// without cycles.
			before[v] = rapid.SliceOfNDistinct(rapid.IntRange(0, v-1), 1, min(v, 3), rapid.ID[int]).Draw(t, fmt.Sprint("before ", v))
		}
		dominator := immediateDominators(before)
		for v := 1; v < size; v++ {
			chain := map[int]bool{0: true, v: true}
			for at := dominator[v]; at != 0; at = dominator[at] {
				chain[at] = true
			}
			for d := range size {
				require.Equal(t, !reachedWithout(before, v, d) || d == v, chain[d], "does %d dominate %d in %v", d, v, before)
			}
		}
	})
}

func reachedWithout(before [][]int, v, without int) bool {
	if v == without {
		return false
	}
	if v == 0 {
		return true
	}
	for _, p := range before[v] {
		if reachedWithout(before, p, without) {
			return true
		}
	}
	return false
}

func TestThePlanOfFifteenTwentyAndFiveMinutesTakesForty(t *testing.T) {
	t.Parallel()
	steps := `mainSteps: [{name: a, action: "aws:executeScript", timeoutSeconds: 900}, {name: b, action: "aws:executeScript", timeoutSeconds: "1200"}, {name: c, action: "aws:executeScript", timeoutSeconds: 300}]`
	found := automationFlow(decodeDocument(steps)).slowest()
	require.InDelta(t, 2400, found.seconds, 0)
	require.Equal(t, []string{"a 15m", "b 20m", "c 5m"}, found.names)
}

func TestPlansAreTimedAlongTheirSlowestPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flow    planFlow
		seconds float64
		endless bool
		unclear bool
	}{
		"a branch takes the longer way": {flow: automation(`mainSteps: [{name: choose, action: "aws:branch", isEnd: true, inputs: {Choices: [{NextStep: long}], Default: short}},
			{name: long, action: x, timeoutSeconds: 500, isEnd: true}, {name: short, action: x, timeoutSeconds: 20, isEnd: true}]`), seconds: 500},
		"attempts multiply":            {flow: automation(`mainSteps: [{name: a, action: x, timeoutSeconds: 60, maxAttempts: 3}]`), seconds: 180},
		"an approval waits for a week": {flow: automation(`mainSteps: [{name: a, action: "aws:approve"}]`), seconds: 604800},
		"the way after a failure":      {flow: automation(`mainSteps: [{name: a, action: x, timeoutSeconds: 10, onFailure: "step:c", isEnd: true}, {name: b, action: x, timeoutSeconds: 900}, {name: c, action: x, timeoutSeconds: 30}]`), seconds: 40},
		"a parameter without default":  {flow: automation(`mainSteps: [{name: a, action: x, timeoutSeconds: "{{ limit }}"}]`), unclear: true},
		"a loop":                       {flow: automation(`mainSteps: [{name: a, action: x, timeoutSeconds: 10, nextStep: a}]`), seconds: 10, endless: true},
		"branches at the same time": {flow: states(`{StartAt: P, States: {P: {Type: Parallel, End: true, Branches: [
			{StartAt: A, States: {A: {Type: Task, TimeoutSeconds: 60, End: true}}}, {StartAt: B, States: {B: {Type: Wait, Seconds: 90, End: true}}}]}}}`), seconds: 90},
		"retries and the waits between them": {flow: states(`{StartAt: A, States: {A: {Type: Task, TimeoutSeconds: 10, End: true, Retry: [{MaxAttempts: 2, IntervalSeconds: 5, BackoffRate: 2}]}}}`), seconds: 10 + 10 + 5 + 10 + 10},
		"a task without a limit":             {flow: states(`{StartAt: A, States: {A: {Type: Task, End: true}}}`), endless: true},
		"nothing":                            {flow: automation("")},
	} {
		found := c.flow.slowest()
		require.InDelta(t, c.seconds, found.seconds, 0, name)
		require.Equal(t, c.endless, found.endless != "", name)
		require.Equal(t, c.unclear, found.unclear != "", name)
	}
}

func automation(text string) planFlow { return automationFlow(decodeDocument(text)) }

func states(text string) planFlow { return machineFlow(decodeDocument(text)) }

func TestDurationsAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for text, seconds := range map[string]float64{"PT10M": 600, "PT1H30S": 3630, "P1D": 86400, "PT0S": 0} {
		read, ok := isoSeconds(text)
		require.True(t, ok, text)
		require.InDelta(t, seconds, read, 0, text)
	}
	for _, text := range []string{"", "P", "10M", "PT1.5H", "soon"} {
		_, ok := isoSeconds(text)
		require.False(t, ok, text)
	}
	for seconds, text := range map[float64]string{45: "45s", 900: "15m", 1030: "17m10s", 7200: "2h", 3605: "1h0m5s", 604800: "168h", 0: "0s"} {
		require.Equal(t, text, span(seconds))
	}
}

func TestMembersOfCompositeAlarms(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a b", "c", "d", "e"}, ruleMembers(`(ALARM("a b") OR ALARM(c)) AND NOT OK('d') OR INSUFFICIENT_DATA("e")`))
	require.Empty(t, ruleMembers("TRUE"))
	require.Equal(t, []string{"arn:aws:cloudwatch:eu-central-1:1:alarm:x"}, ruleMembers(`ALARM("arn:aws:cloudwatch:eu-central-1:1:alarm:x")`))
}

func TestTheTableOfMetricsIsSound(t *testing.T) {
	t.Parallel()
	for namespace, source := range metricSources {
		require.NotEmpty(t, source.page, namespace)
		require.Contains(t, awsNamespaces, namespace[len("AWS/"):])
		seen := map[string]bool{}
		for _, group := range source.groups {
			require.NotEmpty(t, group.sets, namespace)
			for _, name := range group.names {
				require.False(t, seen[name], "%s has %s twice", namespace, name)
				seen[name] = true
			}
		}
	}
	for typ, wanted := range signals {
		for _, s := range wanted {
			require.NotEmpty(t, s.metrics, "%s %s", typ, s.what)
		}
	}
}
