package alarms

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// makers is one of each type that makes metrics, with every dimension given.
func makers() []any {
	id := pulumi.String("x")
	return []any{
		LoadBalancer{Suffix: id}, TargetGroup{LoadBalancer: id, Suffix: id},
		TargetGroup{LoadBalancer: id, Suffix: id, Zone: "eu-central-1a"}, Group{Name: id}, Instances{Group: id},
		NATGateway{ID: id}, Topic{Name: id}, Queue{Name: id}, Function{Name: id}, Distribution{ID: id},
		ScheduleGroup{Name: id}, Rule{Name: id}, Certificate{ARN: id}, HealthCheck{ID: id}, LogGroup{Name: id},
	}
}

// everyMetric calls every method of a maker that returns a Metric.
func everyMetric(t *testing.T, maker any) map[string]Metric {
	t.Helper()
	out := map[string]Metric{}
	value := reflect.ValueOf(maker)
	for i := range value.NumMethod() {
		method := value.Type().Method(i)
		in := make([]reflect.Value, 0, 1)
		if method.Type.NumIn() == 2 {
			argument := "p99"
			if method.Name == "Disk" {
				argument = "/"
			}
			in = append(in, reflect.ValueOf(argument))
		}
		made, ok := reflect.TypeAssert[Metric](value.Method(i).Call(in)[0])
		require.True(t, ok, "%T.%s returns a metric", maker, method.Name)
		out[value.Type().Name()+"."+method.Name] = made
	}
	return out
}

func problemsOf(m Metric) []*fielderror.FieldError {
	problems := fielderror.For("Test")
	m.check(problems, "Metric")
	return fielderror.All(problems.Err())
}

func TestEveryConstructorMakesAMetricOfTheTable(t *testing.T) {
	used := map[key]bool{}
	for _, maker := range makers() {
		for name, m := range everyMetric(t, maker) {
			known, ok := catalogue[key{m.namespace, m.name}]
			require.True(t, ok, "%s: %s %s is in the table", name, m.namespace, m.name)
			require.Empty(t, problemsOf(m), name)
			require.Contains(t, known.dimensions, m.dimensionNames(), name)
			require.True(t, known.allows(m.statistic), "%s: %s", name, m.statistic)
			require.NotEmpty(t, m.unit, name)
			used[key{m.namespace, m.name}] = true
		}
	}
	require.GreaterOrEqual(t, len(used), 70)
}

func TestTheTableCitesItsSourceAndSortsItsDimensions(t *testing.T) {
	for k, d := range catalogue {
		require.True(t, strings.HasPrefix(d.source, "https://docs.aws.amazon.com/"), "%v", k)
		require.NotEmpty(t, d.statistics, "%v", k)
		for _, set := range d.dimensions {
			require.True(t, slices.IsSorted(set), "%v %v", k, set)
		}
	}
}

func TestAMetricWithoutItsDimensionsIsRefused(t *testing.T) {
	for name, m := range map[string]Metric{
		"zero metric":          {},
		"nil input":            LoadBalancer{}.ELB5xx(),
		"empty text":           Queue{Name: pulumi.String("")}.Age(),
		"output never made":    Topic{Name: pulumi.StringOutput{}}.Published(),
		"half the dimensions":  TargetGroup{Suffix: pulumi.String("targetgroup/a/1")}.UnHealthyHosts(),
		"nil inside a rate":    Rate("errors", LoadBalancer{}.Target5xx(), LoadBalancer{Suffix: pulumi.String("app/a/1")}.RequestCount(), 20),
		"custom without any":   Custom{Namespace: "Shop", Name: "Orders", Statistic: "Sum"}.Metric(),
		"custom nil dimension": Custom{Namespace: "Shop", Name: "Orders", Statistic: "Sum", Dimensions: map[string]pulumi.StringInput{"Store": nil}}.Metric(),
	} {
		require.NotEmpty(t, problemsOf(m), name)
	}
}

func TestAStatisticThatMeansNothingIsRefused(t *testing.T) {
	balancer := LoadBalancer{Suffix: pulumi.String("app/a/1")}
	require.NotEmpty(t, problemsOf(balancer.ELB5xx().With("Average")), "the average of a count of errors is always 1")
	require.NotEmpty(t, problemsOf(balancer.TargetResponseTime("p101")))
	require.NotEmpty(t, problemsOf(balancer.TargetResponseTime("pNN")))
	require.Empty(t, problemsOf(balancer.TargetResponseTime("p99.9")))
	require.Empty(t, problemsOf(balancer.TargetResponseTime("p100")))
	require.NotEmpty(t, problemsOf(LogMetric{Namespace: "Shop", Name: "Refused"}.Count().With("Total")))
	require.NotEmpty(t, problemsOf(Rate("r", balancer.ELB5xx(), balancer.RequestCount(), 1).With("p99")), "an expression has no statistic")
	require.NotEmpty(t, problemsOf(Custom{Namespace: "AWS/EC2", Name: "n", Statistic: "Sum", Dimensions: map[string]pulumi.StringInput{"a": pulumi.String("b")}}.Metric()))
}

func TestMetricMathIsCheckedAsCloudWatchDoes(t *testing.T) {
	queue := Queue{Name: pulumi.String("q")}
	eleven := map[string]Metric{}
	for id := range strings.SplitSeq("a b c d e f g h i j k", " ") {
		eleven[id] = queue.Sent()
	}
	require.NotEmpty(t, problemsOf(Sum("many", eleven)))
	delete(eleven, "k")
	require.Empty(t, problemsOf(Sum("ten", eleven)))
	require.Equal(t, "FILL(a, 0) + FILL(b, 0)", Sum("two", map[string]Metric{"b": queue.Sent(), "a": queue.Sent()}).Name())
	for name, m := range map[string]Metric{
		"search":         Expression("s", "SUM(SEARCH('a', 'Sum', 60)) + a", map[string]Metric{"a": queue.Sent()}),
		"upper-case id":  Expression("s", "A", map[string]Metric{"A": queue.Sent()}),
		"unused part":    Expression("s", "a", map[string]Metric{"a": queue.Sent(), "b": queue.Sent()}),
		"two periods":    Expression("s", "a+b", map[string]Metric{"a": queue.Sent(), "b": queue.Sent().Every(300)}),
		"nested":         Expression("s", "a", map[string]Metric{"a": Sum("x", map[string]Metric{"b": queue.Sent()})}),
		"two regions":    Expression("s", "a+b", map[string]Metric{"a": queue.Sent(), "b": Distribution{ID: pulumi.String("E1")}.Requests()}),
		"no samples":     Rate("r", queue.Sent(), queue.Sent(), 0),
		"nothing inside": Expression("s", "1", nil),
	} {
		require.NotEmpty(t, problemsOf(m), name)
	}
}

func TestCustomMetricsKeepTheirDimensionsInOrder(t *testing.T) {
	m := Custom{
		Namespace: "Shop", Name: "Orders", Statistic: "p95",
		Dimensions: map[string]pulumi.StringInput{"b": pulumi.String("2"), "a": pulumi.String("1")},
	}.Metric()
	require.Empty(t, problemsOf(m))
	require.Equal(t, []string{"a", "b"}, m.dimensionNames())
	require.Equal(t, []string{"a", "b"}, slices.Sorted(maps.Keys(m.values())))
}
