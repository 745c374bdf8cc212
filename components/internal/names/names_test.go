package names_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/internal/names"
)

func limits() map[string]names.Limit {
	return map[string]names.Limit{
		"load balancer": names.LoadBalancer, "target group": names.TargetGroup, "role": names.Role,
		"instance profile": names.InstanceProfile, "function": names.Function, "bucket": names.Bucket,
		"queue": names.Queue, "topic": names.Topic, "schedule": names.Schedule, "rule": names.Rule,
		"launch template": names.LaunchTemplate, "alarm": names.Alarm, "free": names.Free,
	}
}

func TestChildNamesBeginWithTheComponentsName(t *testing.T) {
	t.Parallel()
	require.Equal(t, "web-alarm-cpu", names.For("web").Child("alarm", "cpu"))
	require.Equal(t, "web", names.For("web").Child())
}

func TestShortNamesAreKeptAndLongOnesLeaveRoomForTheSuffix(t *testing.T) {
	t.Parallel()
	require.Equal(t, "web-lb", names.For("web").Limited(names.LoadBalancer, "lb"))
	long := names.For("hashing-production-eu-central").Limited(names.LoadBalancer, "lb")
	require.LessOrEqual(t, len(long), 24)
	require.True(t, strings.HasPrefix(long, "hashing-"), long)
	require.Len(t, names.For(strings.Repeat("a", 40)).Physical(names.LoadBalancer), 32)
}

func TestComponentNamesAreChecked(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "web", "web-2", strings.Repeat("a", 40)} {
		require.NoError(t, names.Check(good), good)
	}
	for _, bad := range []string{"", "Web", "2web", "web-", "web--a", "web_a", strings.Repeat("a", 41)} {
		require.ErrorContains(t, names.Check(bad), "fix:", bad)
	}
}

func TestNamesFitTheirLimitAndStayDifferent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		component := rapid.StringMatching(`[a-z][a-z0-9-]{0,39}`).Draw(t, "component")
		one := rapid.StringMatching(`[a-zA-Z0-9_.-]{0,80}`).Draw(t, "one")
		two := rapid.StringMatching(`[a-zA-Z0-9_.-]{0,80}`).Draw(t, "two")
		for kind, limit := range limits() {
			requireFits(t, kind, limit, names.For(component), one, two)
		}
	})
}

func requireFits(t require.TestingT, kind string, limit names.Limit, n names.Namer, one, two string) {
	a, b := n.Limited(limit, one), n.Limited(limit, two)
	require.LessOrEqual(t, len(a)+8, limit.Max, kind)
	require.Regexp(t, limit.Pattern, a, kind)
	require.Equal(t, one == two, a == b, "%s: %q and %q", kind, a, b)
	p := n.Physical(limit, one)
	require.LessOrEqual(t, len(p), limit.Max, kind)
	require.Regexp(t, limit.Pattern, p, kind)
}

func FuzzNamesFitTheirLimitAndStayDifferent(f *testing.F) {
	f.Add("web", "alarm", "cpu")
	f.Add("web", "-abcdefgh", strings.Repeat("é", 90))
	f.Fuzz(func(t *testing.T, component, one, two string) {
		if names.Check(component) != nil {
			t.Skip("not a component name")
		}
		for kind, limit := range limits() {
			requireFits(t, kind, limit, names.For(component), one, two)
		}
	})
}
