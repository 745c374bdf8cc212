package alarms

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// defaultPeriod is one minute: the resolution AWS services report at.
const defaultPeriod = 60

// Metric is one time series, or metric math over several. It can only be made by the constructors of this package,
// each of which asks for the dimensions that the metric has: a metric without its dimensions matches nothing, and an
// alarm on it would never fire. The zero Metric is refused by Create.
type Metric struct {
	namespace, name string
	statistic       string
	unit            string
	label           string
	period          int
	dimensions      []dimension
	// region is set where AWS keeps a metric in one region only.
	region string
	// expression and parts are set for metric math; namespace and name are then empty.
	expression string
	parts      map[string]Metric
	// problem is what a constructor found wrong; Create reports it.
	problem string
}

type dimension struct {
	name  string
	value pulumi.StringInput
}

// dim is one dimension and its value.
func dim(name string, value pulumi.StringInput) dimension { return dimension{name, value} }

// newMetric makes a metric of the table: its default statistic, unit and region come from there.
func newMetric(namespace, name string, dimensions ...dimension) Metric {
	m := Metric{namespace: namespace, name: name, period: defaultPeriod, dimensions: dimensions}
	known, ok := catalogue[key{namespace, name}]
	if !ok {
		m.problem = fmt.Sprintf("%s %s is not in the table of metrics", namespace, name)
		return m
	}
	m.statistic, m.unit, m.region = known.statistics[0], known.unit, known.region
	if known.period != 0 {
		m.period = known.period
	}
	if !known.has(m.dimensionNames()) {
		m.problem = fmt.Sprintf("%s %s has no dimensions %s", namespace, name, strings.Join(m.dimensionNames(), ", "))
	}
	return m
}

// With asks for another statistic: "Sum", "Average", "Minimum", "Maximum", "SampleCount" or a percentile such as
// "p99". A statistic that means nothing for the metric (the average of a count of errors is always 1) is refused.
func (m Metric) With(statistic string) Metric {
	if m.expression != "" {
		m.problem = "a statistic of an expression, which only its parts have"
		return m
	}
	m.statistic = statistic
	known, ok := catalogue[key{m.namespace, m.name}]
	if !ok {
		known = anyStatistic
	}
	if !known.allows(statistic) {
		m.problem = fmt.Sprintf("%s has no meaningful %s, only %s", m.name, statistic, strings.Join(known.statistics, ", "))
	}
	return m
}

// Every sets the period in seconds: a multiple of 60; or 10, 20, 30 for a metric of your own that is stored at high
// resolution. Default: 60, or what the service reports at.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func (m Metric) Every(seconds int) Metric {
	m.period = seconds
	if m.parts == nil {
		return m
	}
	parts := make(map[string]Metric, len(m.parts))
	for id, part := range m.parts {
		parts[id] = part.Every(seconds)
	}
	m.parts = parts
	return m
}

// Named sets the label that graphs show. Default: the metric's name and statistic.
func (m Metric) Named(label string) Metric {
	m.label = label
	return m
}

// Name is the metric's own name, or the expression.
func (m Metric) Name() string {
	if m.expression != "" {
		return m.expression
	}
	return m.name
}

// Namespace is for example "AWS/ApplicationELB"; "" for metric math.
func (m Metric) Namespace() string { return m.namespace }

// Statistic is for example "Sum" or "p99"; "" for metric math.
func (m Metric) Statistic() string { return m.statistic }

// Period is in seconds.
func (m Metric) Period() int { return m.period }

// Region is where AWS keeps the metric when that is one region only, as for CloudFront; "" for the resource's region.
func (m Metric) Region() string {
	for _, part := range m.parts {
		if part.Region() != "" {
			return part.Region()
		}
	}
	return m.region
}

func (m Metric) dimensionNames() []string {
	names := make([]string, len(m.dimensions))
	for i, d := range m.dimensions {
		names[i] = d.name
	}
	sort.Strings(names)
	return names
}

// ids are the identifiers of the parts of metric math, sorted.
func (m Metric) ids() []string {
	ids := make([]string, 0, len(m.parts))
	for id := range m.parts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// text is the label, or a name made from the metric.
func (m Metric) text() string {
	if m.label != "" {
		return m.label
	}
	return strings.TrimSpace(m.Name() + " " + m.statistic)
}

// check records what makes the metric unusable.
func (m Metric) check(problems *fielderror.Errors, field string) {
	if m.expression == "" && m.name == "" {
		problems.Add(field, nil, "a metric made by a constructor of this package", "use for example alarms.TargetGroup{...}.UnHealthyHosts()")
		return
	}
	problems.Require(m.problem == "", field, m.problem, "a metric, statistic and dimensions that AWS publishes together", "choose one of the table in components/alarms/catalogue.go")
	problems.Require(validPeriod(m.period), field+".Period", m.period, "10, 20, 30 or a multiple of 60 seconds", "use 60")
	for _, d := range m.dimensions {
		problems.Require(usable(d.value), fmt.Sprintf("%s.%s", field, d.name), nil,
			"the value of the dimension "+d.name, "pass the output of the resource that the metric is about")
	}
	for _, id := range m.ids() {
		m.parts[id].check(problems, field+"."+id)
	}
	m.checkMath(problems, field)
}

func validPeriod(seconds int) bool {
	return slices.Contains([]int{10, 20, 30}, seconds) || seconds >= 60 && seconds%60 == 0
}

// usable says whether an input can have a value: not nil, not an output that was never made, not known to be empty.
func usable(value pulumi.StringInput) bool {
	if value == nil {
		return false
	}
	if text, ok := value.(pulumi.String); ok {
		return text != ""
	}
	if out, ok := value.(pulumi.StringOutput); ok {
		return out.OutputState != nil
	}
	v := reflect.ValueOf(value)
	return v.Kind() != reflect.Pointer || !v.IsNil()
}

// values are the dimensions as CloudWatch takes them. A value that turns out empty at deployment is an error there.
func (m Metric) values() pulumi.StringMap {
	out := pulumi.StringMap{}
	for _, d := range m.dimensions {
		out[d.name] = m.known(d)
	}
	return out
}

func (m Metric) known(d dimension) pulumi.StringInput {
	if text, ok := d.value.(pulumi.String); ok {
		return text
	}
	return d.value.ToStringOutput().ApplyT(func(value string) (string, error) {
		if value == "" {
			return "", fmt.Errorf("metric %s %s: the dimension %s is empty, so the alarm would match nothing", m.namespace, m.name, d.name)
		}
		return value, nil
	}).(pulumi.StringOutput)
}
