package alarms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

// table is an alarm of each family on a queue of the account, as it is written in a component.
func table() []alarms.Alarm {
	queue := alarms.Queue{Name: pulumi.String("inbox")}
	alarm := func(key string, family alarms.Family, severity alarms.Severity, m alarms.Metric, how alarms.Comparison, threshold float64) alarms.Alarm {
		return alarms.Alarm{
			Key: key, Family: family, Severity: severity, Metric: m, Comparison: how, Threshold: threshold,
			Runbook: "orders.md#" + key, Summary: "Something about " + key + ".",
		}
	}
	return []alarms.Alarm{
		alarm("alive", alarms.Liveness, alarms.Critical, queue.Received(), alarms.Below, 1),
		alarm("behind", alarms.Lag, alarms.Critical, queue.Age(), alarms.AtLeast, 300),
		alarm("orders", alarms.Business, alarms.Warning, queue.Sent(), alarms.Below, 10),
		alarm("failed", alarms.Errors, alarms.Warning, alarms.Rate("failed", queue.InFlight().With("Sum"), queue.Sent(), 20), alarms.Above, 5),
		alarm("full", alarms.Saturation, alarms.Info, queue.Visible(), alarms.AtLeast, 1000),
		alarm("slow", alarms.Latency, alarms.Info, alarms.Custom{
			Namespace: "Orders", Name: "Took", Statistic: "p99", Unit: "Milliseconds", Dimensions: map[string]pulumi.StringInput{"Service": pulumi.String("orders")},
		}.Metric(), alarms.Above, 800),
		alarm("once", alarms.Event, alarms.Info, queue.Deleted(), alarms.AtLeast, 1),
	}
}

func route() alarms.Route {
	return alarms.Route{
		Critical: pulumi.String(conformance.Topic("critical")), Warning: pulumi.String(conformance.Topic("warning")), Info: pulumi.String(conformance.Topic("info")),
		Runbooks: runbook + "/", Destinations: map[alarms.Severity][]string{alarms.Critical: {"PagerDuty", "e-mail"}},
	}
}

type parent struct{ pulumi.ResourceState }

// inside runs a body with the children of a component called orders.
func inside(body func(*pulumi.Context, component.Children, pulumi.ProviderResource) error) (*cloudsim.Recorder, error) {
	return try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
		kids, err := component.Register(ctx, "holdfast:index:Orders", "orders", pulumi.Map{}, &parent{}, map[string]string{"team": "shop"}, pulumi.Provider(provider))
		if err != nil {
			return err
		}
		return body(ctx, kids, provider)
	})
}

// made makes the table's alarms and looks at them.
func made(t *testing.T, rows []alarms.Alarm, look func(*pulumi.Context, *alarms.Set) error, options ...alarms.Option) *cloudsim.Recorder {
	t.Helper()
	rec, err := inside(func(ctx *pulumi.Context, kids component.Children, _ pulumi.ProviderResource) error {
		set, err := alarms.Create(ctx, kids, route(), rows, options...)
		if err != nil || look == nil {
			return err
		}
		return look(ctx, set)
	})
	require.NoError(t, err)
	return rec
}

func alarmNamed(t *testing.T, rec *cloudsim.Recorder, name string) cloudsim.Props {
	t.Helper()
	alarm, ok := rec.Named(alarmType, name)
	require.True(t, ok, name)
	return alarm.In()
}

func TestTheFamilyDecidesMissingDataDatapointsAndWhoIsToldOfWhat(t *testing.T) {
	rec := made(t, table(), nil)
	for _, want := range []struct {
		key, missing     string
		n, m             int
		ok, insufficient bool
	}{
		{"alive", "breaching", 5, 3, true, true},
		{"behind", "breaching", 5, 3, true, true},
		{"orders", "breaching", 5, 3, true, true},
		{"failed", "notBreaching", 5, 3, true, false},
		{"full", "notBreaching", 5, 3, true, false},
		{"slow", "notBreaching", 5, 3, true, false},
		{"once", "notBreaching", 1, 1, false, false},
	} {
		in := alarmNamed(t, rec, "orders-"+want.key)
		require.Equal(t, want.missing, in.Text("treatMissingData"), want.key)
		require.Equal(t, want.n, in.Int("evaluationPeriods"), want.key)
		require.Equal(t, want.m, in.Int("datapointsToAlarm"), want.key)
		require.Len(t, in.Texts("alarmActions"), 1, want.key)
		require.Equal(t, want.ok, len(in.Texts("okActions")) == 1, want.key)
		require.Equal(t, want.insufficient, len(in.Texts("insufficientDataActions")) == 1, want.key)
		require.Equal(t, "Something about "+want.key+". Runbook: "+runbook+"/orders.md#"+want.key, in.Text("alarmDescription"))
	}
	require.Len(t, rec.ByType(alarmType), len(table()))
	require.Len(t, alarms.Families(), len(table()), "a family without a row here is not tested")
}

func TestASeverityGoesToItsOwnTopic(t *testing.T) {
	rec := made(t, table(), nil)
	for _, a := range table() {
		require.Equal(t, []string{conformance.Topic(string(a.Severity))}, alarmNamed(t, rec, "orders-"+a.Key).Texts("alarmActions"), a.Key)
	}
}

func TestARateIsMathWithAMinimumOfSamples(t *testing.T) {
	in := alarmNamed(t, made(t, table(), nil), "orders-failed")
	queries := in.Objects("metricQueries")
	require.Len(t, queries, 3)
	require.Equal(t, "IF(FILL(total, 0) >= 20, 100 * FILL(errors, 0) / FILL(total, 1), 0)", queries[2].Text("expression"))
	for i, returned := range []bool{false, false, true} {
		require.Equal(t, returned, queries[i].Bool("returnData"), "exactly one series is compared with a threshold")
	}
	require.False(t, in.Has("metricName"))
	require.False(t, in.Has("period"))
	require.Equal(t, 5.0, in.Number("threshold"))
}

func TestAPercentileIsAnExtendedStatisticThatWaitsForSamples(t *testing.T) {
	in := alarmNamed(t, made(t, table(), nil), "orders-slow")
	require.Equal(t, "p99", in.Text("extendedStatistic"))
	require.False(t, in.Has("statistic"))
	require.Equal(t, "ignore", in.Text("evaluateLowSampleCountPercentiles"))
	require.Equal(t, "orders", in.Text("dimensions.Service"))
}

func TestAnAnomalyAlarmComparesWithABandInsteadOfAThreshold(t *testing.T) {
	row := table()[2]
	row.Comparison, row.Threshold, row.Band = alarms.BelowBand, 0, 2.5
	in := alarmNamed(t, made(t, []alarms.Alarm{row}, nil), "orders-orders")
	require.False(t, in.Has("threshold"))
	require.Equal(t, "band", in.Text("thresholdMetricId"))
	require.Equal(t, "LessThanLowerThreshold", in.Text("comparisonOperator"))
	queries := in.Objects("metricQueries")
	require.Len(t, queries, 2)
	require.Equal(t, "ANOMALY_DETECTION_BAND(result, 2.5)", queries[1].Text("expression"))
	for _, q := range queries {
		require.True(t, q.Bool("returnData"), "the series and its band")
	}
}

func TestClonesForARollbackAreStricterAndTellNobody(t *testing.T) {
	rec := made(t, table(), func(ctx *pulumi.Context, set *alarms.Set) error {
		clones, err := set.Tighten(ctx, 0.5, "behind", "alive", "full")
		require.NoError(t, err)
		require.Equal(t, []string{"behind-rollback", "alive-rollback", "full-rollback"}, clones.Keys())
		require.Len(t, clones.Names(), 3)
		_, err = set.Tighten(ctx, 1.5, "behind", "unheard-of")
		require.Len(t, fielderror.All(err), 2)
		return nil
	})
	for name, threshold := range map[string]float64{"behind": 150, "alive": 2, "full": 500} {
		in := alarmNamed(t, rec, "orders-"+name+"-rollback")
		require.Equal(t, threshold, in.Number("threshold"), name)
		require.Equal(t, 2, in.Int("datapointsToAlarm"))
		require.Equal(t, 3, in.Int("evaluationPeriods"))
		require.Empty(t, in.Texts("alarmActions"))
		require.True(t, in.Bool("actionsEnabled"), "there is nothing to run; a switched-off alarm is what scanners look for")
		original := alarmNamed(t, rec, "orders-"+name)
		require.Equal(t, original.Text("treatMissingData"), in.Text("treatMissingData"))
	}
}

func TestANegativeThresholdIsNotTightenedByAFactor(t *testing.T) {
	row := table()[4]
	row.Threshold = -5
	made(t, []alarms.Alarm{row}, func(ctx *pulumi.Context, set *alarms.Set) error {
		_, err := set.Tighten(ctx, 0.5, "full")
		require.ErrorContains(t, err, "Tighten.full")
		return nil
	})
}

func TestACompositeJoinsAlarmsAndCanBeSuppressed(t *testing.T) {
	rec := made(t, table(), func(ctx *pulumi.Context, set *alarms.Set) error {
		_, err := set.Composite(ctx, alarms.Composite{
			Key: "degraded", Any: []string{"failed", "slow"}, All: []string{"behind"}, Severity: alarms.Critical,
			Runbook: "orders.md#degraded", Summary: "Orders are late.",
			Suppressor: &alarms.Suppressor{Alarm: set.Alarm("once").Name, Extension: 300},
		})
		return err
	})
	composite, ok := rec.Named("aws:cloudwatch/compositeAlarm:CompositeAlarm", "orders-degraded")
	require.True(t, ok)
	name := func(key string) string {
		alarm, ok := rec.Named(alarmType, "orders-"+key)
		require.True(t, ok)
		return `ALARM("` + alarm.Out().Text("name") + `")`
	}
	in := composite.In()
	require.Equal(t, name("behind")+" AND ("+name("failed")+" OR "+name("slow")+")", in.Text("alarmRule"))
	require.Equal(t, "orders-degraded-stack", in.Text("alarmName"), "two stacks of one account do not overwrite each other's")
	require.Equal(t, 60, in.Int("actionsSuppressor.waitPeriod"))
	require.Equal(t, 300, in.Int("actionsSuppressor.extensionPeriod"))
	require.Equal(t, []string{conformance.Topic("critical")}, in.Texts("alarmActions"))
}

func TestACompositeIsListedInThePostureWithWhoIsTold(t *testing.T) {
	made(t, table(), func(ctx *pulumi.Context, set *alarms.Set) error {
		require.Empty(t, set.Composites())
		before := set.Postures()
		_, err := set.Composite(ctx, alarms.Composite{
			Key: "degraded", Any: []string{"failed", "slow"}, Severity: alarms.Critical, Runbook: "orders.md#degraded", Summary: "Orders are late.",
		})
		require.NoError(t, err)
		_, err = set.Composite(ctx, alarms.Composite{Key: "refused", Severity: alarms.Critical})
		require.Error(t, err)
		lines := set.Postures()
		require.Equal(t, []string{"degraded"}, set.Composites(), "what was refused is not listed")
		require.NotContains(t, set.Keys(), "degraded", "a composite is charged differently")
		require.Len(t, lines, len(before)+1)
		require.Contains(t, lines, posture.Alarm{Name: "orders-degraded", Severity: "critical", GoesTo: "critical: PagerDuty, e-mail"})
		require.True(t, slices.IsSortedFunc(lines, func(x, y posture.Alarm) int { return strings.Compare(x.Name, y.Name) }))
		return nil
	})
}

func TestANoticeIsListedWithWhoIsTold(t *testing.T) {
	require.Equal(t, posture.Alarm{Name: "orders-lost (event)", Severity: "critical", GoesTo: "critical: PagerDuty, e-mail"},
		route().Notice("orders-lost (event)", alarms.Critical))
	require.Equal(t, "warning: topic only", route().Notice("orders-lost (event)", alarms.Warning).GoesTo)
}

func TestACompositeOfNothingIsRefused(t *testing.T) {
	made(t, table(), func(ctx *pulumi.Context, set *alarms.Set) error {
		_, err := set.Composite(ctx, alarms.Composite{Key: "alive", Any: []string{"unheard-of"}, Severity: "loud", Suppressor: &alarms.Suppressor{Wait: -1}})
		var fields []string
		for _, p := range fielderror.All(err) {
			fields = append(fields, p.Field)
		}
		require.Subset(t, fields, []string{"alive", "alive.Key", "alive.Severity", "alive.Summary", "alive.Runbook", "alive.Suppressor", "alive.Suppressor.Alarm"})
		_, err = set.Composite(ctx, alarms.Composite{Key: "none", Severity: alarms.Info, Summary: "Nothing.", Runbook: "a.md#b"})
		require.ErrorContains(t, err, "0 alarms")
		return nil
	})
}

func TestEveryMistakeInATableIsReportedAndNothingIsMade(t *testing.T) {
	queue := alarms.Queue{Name: pulumi.String("inbox")}
	good := table()[1]
	with := func(change func(*alarms.Alarm)) alarms.Alarm {
		a := good
		change(&a)
		return a
	}
	for field, a := range map[string]alarms.Alarm{
		"behind.Metric":           with(func(a *alarms.Alarm) { a.Metric = alarms.Metric{} }),
		"behind.Metric.QueueName": with(func(a *alarms.Alarm) { a.Metric = alarms.Queue{}.Age() }),
		"behind.Severity":         with(func(a *alarms.Alarm) { a.Severity = "" }),
		"behind.Family":           with(func(a *alarms.Alarm) { a.Family = "" }),
		"behind.Comparison":       with(func(a *alarms.Alarm) { a.Comparison = "" }),
		"behind.Runbook":          with(func(a *alarms.Alarm) { a.Runbook = "https://example.org" }),
		"behind.Summary":          with(func(a *alarms.Alarm) { a.Why = strings.Repeat("because ", 200) }),
		"behind.Datapoints":       with(func(a *alarms.Alarm) { a.Periods, a.Datapoints = 2, 3 }),
		"behind.Periods":          with(func(a *alarms.Alarm) { a.Periods = 1441 }),
		"behind.Band":             with(func(a *alarms.Alarm) { a.Comparison = alarms.OutsideBand }),
		"behind.Threshold":        with(func(a *alarms.Alarm) { a.Comparison, a.Band = alarms.OutsideBand, 2 }),
		"behind.Metric.Period":    with(func(a *alarms.Alarm) { a.Metric = queue.Age().Every(90) }),
		"Behind.Key":              with(func(a *alarms.Alarm) { a.Key = "Behind" }),
	} {
		rec, err := inside(func(ctx *pulumi.Context, kids component.Children, _ pulumi.ProviderResource) error {
			_, err := alarms.Create(ctx, kids, route(), []alarms.Alarm{table()[0], a})
			return err
		})
		problems := fielderror.All(alarms.Validate(route(), []alarms.Alarm{a}))
		require.Error(t, err, field)
		require.Len(t, problems, 1, field)
		require.Equal(t, field, problems[0].Field)
		require.Empty(t, rec.ByType(alarmType), field)
	}
	require.NoError(t, alarms.Validate(route(), table()))
	require.ErrorContains(t, alarms.Validate(route(), []alarms.Alarm{good, good}), "each key once")
	noCritical := route()
	noCritical.Critical = nil
	require.ErrorContains(t, alarms.Validate(noCritical, []alarms.Alarm{good}), "a topic for severity critical")
}

func TestTheLongestWindowIsADayAndForHourlyPeriodsAWeek(t *testing.T) {
	row := table()[1]
	check := func(seconds, periods int) error {
		row.Metric, row.Periods, row.Datapoints = row.Metric.Every(seconds), periods, 1
		return alarms.Validate(route(), []alarms.Alarm{row})
	}
	require.NoError(t, check(60, 1440))
	require.Error(t, check(60, 1441))
	require.NoError(t, check(3600, 168))
	require.Error(t, check(3600, 169))
	require.Error(t, check(1800, 49))
}

func TestADimensionThatTurnsOutEmptyFailsTheDeployment(t *testing.T) {
	row := table()[1]
	row.Metric = alarms.Queue{Name: pulumi.String("x").ToStringOutput().ApplyT(func(string) string { return "" }).(pulumi.StringOutput)}.Age()
	_, err := inside(func(ctx *pulumi.Context, kids component.Children, _ pulumi.ProviderResource) error {
		_, err := alarms.Create(ctx, kids, route(), []alarms.Alarm{row})
		return err
	})
	require.ErrorContains(t, err, "the dimension QueueName is empty")
}

func TestAnAlarmOnAMetricOfOneRegionNeedsAProviderThere(t *testing.T) {
	const there = "arn:aws:sns:us-east-1:" + account + ":far"
	distribution := alarms.Distribution{ID: pulumi.String("E1EXAMPLE")}
	row := table()[3]
	row.Metric, row.Threshold = distribution.ErrorRate5xx(), 5
	far := route()
	far.Warning = pulumi.String(there)
	exists := cloudsim.Exists(
		cloudsim.Given{Type: topicType, Name: "far", ID: there, Account: account, Region: "us-east-1", Properties: map[string]any{"name": "far", "policy": anyAlarm(there)}},
		cloudsim.Given{Type: "aws:cloudfront/distribution:Distribution", Name: "cdn", ID: "E1EXAMPLE", Account: account, Region: "us-east-1"},
	)
	rec, err := cloudsim.New(cloudsim.Account(account), cloudsim.Region(region), exists).Run(func(ctx *pulumi.Context) error {
		home, err := conformance.NewProvider(ctx, "home", region)
		require.NoError(t, err)
		virginia, err := conformance.NewProvider(ctx, "virginia", "us-east-1")
		require.NoError(t, err)
		kids, err := component.Register(ctx, "holdfast:index:Orders", "orders", pulumi.Map{}, &parent{}, nil, pulumi.Provider(home))
		require.NoError(t, err)
		_, err = alarms.Create(ctx, kids, far, []alarms.Alarm{row})
		require.ErrorContains(t, err, "a provider of us-east-1")
		_, err = alarms.Create(ctx, kids, far, []alarms.Alarm{row}, alarms.In(virginia))
		return err
	})
	require.NoError(t, err)
	alarm, ok := rec.Named(alarmType, "orders-failed")
	require.True(t, ok)
	require.Equal(t, "us-east-1", alarm.Region)
	require.Equal(t, "Global", alarm.In().Text("dimensions.Region"))
}

// anyAlarm is a topic policy that admits CloudWatch.
func anyAlarm(topic string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `"}]}`
}

func TestAlarmsAreTaggedNamedTransformedAndListed(t *testing.T) {
	seen := 0
	transform := func(args *cloudwatch.MetricAlarmArgs, _ *[]pulumi.ResourceOption) {
		seen++
		args.Threshold = pulumi.Float64(42)
	}
	rec := made(t, table(), func(_ *pulumi.Context, set *alarms.Set) error {
		lines := set.Postures()
		require.Equal(t, "orders-alive", lines[0].Name)
		require.Equal(t, "critical: PagerDuty, e-mail", lines[0].GoesTo)
		require.Equal(t, "info: topic only", lines[3].GoesTo)
		require.Len(t, set.ARNs(), len(table()))
		return nil
	}, alarms.Transformed(transform))
	require.Equal(t, len(table()), seen)
	for _, alarm := range rec.ByType(alarmType) {
		require.Equal(t, 42.0, alarm.In().Number("threshold"))
		require.Equal(t, "shop", alarm.In().Text("tags.team"))
		require.Equal(t, alarm.Name, alarm.In().Text("tags.Name"))
		require.True(t, strings.HasPrefix(alarm.Out().Text("name"), "orders-"), "the physical name begins with the component's")
	}
}

func TestARouteIsRequiredUnlessAReasonIsGiven(t *testing.T) {
	check := func(r alarms.Route, off string) int {
		problems := fielderror.For("Test")
		r.Check(problems, off)
		return len(fielderror.All(problems.Err()))
	}
	require.Equal(t, 0, check(route(), ""))
	require.Equal(t, 0, check(alarms.Route{}, "a scratch account"))
	require.Equal(t, 1, check(alarms.Route{}, ""))
	require.Equal(t, 1, check(route(), "both"))
	require.Equal(t, 4, check(alarms.Route{Runbooks: "http://example.org"}, ""))
}
