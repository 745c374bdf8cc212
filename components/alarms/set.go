package alarms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/posture"
)

// Set is the alarms of one table, made.
type Set struct {
	kids  component.Children
	route Route
	shell shell
	table []Alarm
	made  map[string]*cloudwatch.MetricAlarm
	// composites are those made of the table's alarms, in the order in which they were made.
	composites []Composite
}

// shell is what the options of Create decide.
type shell struct {
	provider  pulumi.ProviderResource
	transform func(*cloudwatch.MetricAlarmArgs, *[]pulumi.ResourceOption)
}

// Option changes how Create makes alarms.
type Option func(*shell)

// In makes the alarms with another provider: for metrics that AWS keeps in one region only, as CloudFront's in
// us-east-1. CloudWatch has no alarms across regions, so the topics of the route must be in that region as well.
func In(provider pulumi.ProviderResource) Option { return func(s *shell) { s.provider = provider } }

// Transformed runs the function last on every alarm's arguments and options.
func Transformed(transform func(*cloudwatch.MetricAlarmArgs, *[]pulumi.ResourceOption)) Option {
	return func(s *shell) { s.transform = transform }
}

// Create makes the alarms of a table as children of a component. The alarms are named after the component and the key,
// and Pulumi adds its own suffix, so that two stacks of one account do not overwrite each other's alarms.
func Create(ctx *pulumi.Context, kids component.Children, route Route, table []Alarm, options ...Option) (*Set, error) {
	if err := Validate(route, table); err != nil {
		return nil, err
	}
	set := &Set{kids: kids, route: route, made: map[string]*cloudwatch.MetricAlarm{}}
	for _, option := range options {
		option(&set.shell)
	}
	if err := set.checkRegion(table); err != nil {
		return nil, err
	}
	for _, a := range table {
		a = a.withDefaults()
		made, err := component.New(ctx, kids, "alarm "+a.Key, kids.Child(a.Key), set.args(a), set.shell.transform,
			cloudwatch.NewMetricAlarm, set.shell.options()...)
		if err != nil {
			return nil, err
		}
		set.table, set.made[a.Key] = append(set.table, a), made
	}
	return set, nil
}

func (s shell) options() []pulumi.ResourceOption {
	if s.provider == nil {
		return nil
	}
	return []pulumi.ResourceOption{pulumi.Provider(s.provider)}
}

// checkRegion refuses an alarm on a metric that is kept in one region, unless a provider was given for it: in any other
// region the alarm would see no data.
func (s *Set) checkRegion(table []Alarm) error {
	problems := fielderror.For(refuser)
	for _, a := range table {
		region := a.Metric.Region()
		problems.Require(region == "" || s.shell.provider != nil, a.Key+".Metric", a.Metric.text(),
			"a provider of "+region+", where AWS keeps this metric", "pass alarms.In(provider) and a route whose topics are in "+region)
	}
	return problems.Err()
}

func (s *Set) args(a Alarm) *cloudwatch.MetricAlarmArgs {
	args := &cloudwatch.MetricAlarmArgs{
		AlarmDescription:   pulumi.String(a.Description(s.route)),
		ComparisonOperator: pulumi.String(string(a.Comparison)),
		EvaluationPeriods:  pulumi.Int(a.Periods),
		DatapointsToAlarm:  pulumi.Int(a.Datapoints),
		TreatMissingData:   pulumi.String(a.MissingData()),
		// Also of a silent alarm: it has no actions that could run, and whoever is given one later is told.
		ActionsEnabled: pulumi.Bool(true),
		Tags:           s.kids.Tags(s.kids.Child(a.Key)),
	}
	if percentile.MatchString(a.Metric.statistic) && *a.LowSamples {
		args.EvaluateLowSampleCountPercentiles = pulumi.String("ignore")
	}
	s.act(a, args)
	a.watch(args)
	return args
}

// act sets who is told of which change.
func (s *Set) act(a Alarm, args *cloudwatch.MetricAlarmArgs) {
	if a.Silent {
		return
	}
	family, told := rules[a.Family], pulumi.Array{s.route.Topic(a.Severity)}
	args.AlarmActions = told
	if family.tellsOK {
		args.OkActions = told
	}
	if family.tellsInsufficient {
		args.InsufficientDataActions = told
	}
}

// watch sets what is compared with what: one metric and a threshold, or metric queries.
func (a Alarm) watch(args *cloudwatch.MetricAlarmArgs) {
	if a.Band == 0 {
		args.Threshold = pulumi.Float64(a.Threshold)
	}
	if a.Metric.expression == "" && a.Band == 0 {
		args.Namespace = pulumi.String(a.Metric.namespace)
		args.MetricName = pulumi.String(a.Metric.name)
		args.Period = pulumi.Int(a.Metric.period)
		args.Dimensions = a.Metric.values()
		if percentile.MatchString(a.Metric.statistic) {
			args.ExtendedStatistic = pulumi.String(a.Metric.statistic)
			return
		}
		args.Statistic = pulumi.String(a.Metric.statistic)
		return
	}
	args.MetricQueries = a.queries()
	if a.Band != 0 {
		args.ThresholdMetricId = pulumi.String(bandID)
	}
}

// The identifiers of the two queries we add ourselves.
const (
	resultID = "result"
	bandID   = "band"
)

// queries are the parts of metric math, its result, and the band around it. One series alone is returned for a static
// threshold; an anomaly alarm returns the watched series and the band.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Anomaly_Detection_Alarm.html
func (a Alarm) queries() cloudwatch.MetricAlarmMetricQueryArray {
	var out cloudwatch.MetricAlarmMetricQueryArray
	for _, id := range a.Metric.ids() {
		out = append(out, a.Metric.parts[id].query(id, false))
	}
	out = append(out, a.Metric.query(resultID, true))
	if a.Band != 0 {
		out = append(out, &cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(bandID), Label: pulumi.String("expected " + a.Metric.text()), ReturnData: pulumi.Bool(true),
			Expression: pulumi.String(fmt.Sprintf("ANOMALY_DETECTION_BAND(%s, %g)", resultID, a.Band)),
		})
	}
	return out
}

func (m Metric) query(id string, returned bool) *cloudwatch.MetricAlarmMetricQueryArgs {
	query := &cloudwatch.MetricAlarmMetricQueryArgs{
		Id: pulumi.String(id), Label: pulumi.String(m.text()), ReturnData: pulumi.Bool(returned),
	}
	if m.expression != "" {
		query.Expression = pulumi.String(m.expression)
		return query
	}
	query.Metric = &cloudwatch.MetricAlarmMetricQueryMetricArgs{
		Namespace: pulumi.String(m.namespace), MetricName: pulumi.String(m.name),
		Dimensions: m.values(), Period: pulumi.Int(m.period), Stat: pulumi.String(m.statistic),
	}
	return query
}

// Keys are the alarms' keys, in the order of the table.
func (s *Set) Keys() []string {
	keys := make([]string, len(s.table))
	for i, a := range s.table {
		keys[i] = a.Key
	}
	return keys
}

// Table is the alarm table with its defaults filled in.
func (s *Set) Table() []Alarm { return slices.Clone(s.table) }

// Alarm is one alarm by its key; nil when there is none.
func (s *Set) Alarm(key string) *cloudwatch.MetricAlarm { return s.made[key] }

// Names are the alarms' physical names by key, as instance refresh and deployments take them.
func (s *Set) Names() map[string]pulumi.StringOutput {
	names := make(map[string]pulumi.StringOutput, len(s.made))
	for key, made := range s.made {
		names[key] = made.Name
	}
	return names
}

// ARNs are the alarms' ARNs by key.
func (s *Set) ARNs() map[string]pulumi.StringOutput {
	arns := make(map[string]pulumi.StringOutput, len(s.made))
	for key, made := range s.made {
		arns[key] = made.Arn
	}
	return arns
}

// Postures are the lines of the posture's alarm list: the alarms of the table and the composites made of them so far.
func (s *Set) Postures() []posture.Alarm {
	lines := make([]posture.Alarm, 0, len(s.table)+len(s.composites))
	for _, a := range s.table {
		lines = append(lines, posture.Alarm{Name: s.kids.Child(a.Key), Severity: string(a.Severity), GoesTo: a.goesTo(s.route)})
	}
	for _, c := range s.composites {
		lines = append(lines, s.route.Notice(s.kids.Child(c.Key), c.Severity))
	}
	slices.SortFunc(lines, func(x, y posture.Alarm) int { return strings.Compare(x.Name, y.Name) })
	return lines
}

// Notice is a line of the posture's alarm list for what always tells the severity's topic: a composite, or a rule that
// sends an event there without an alarm.
func (r Route) Notice(name string, severity Severity) posture.Alarm {
	return posture.Alarm{Name: name, Severity: string(severity), GoesTo: r.tells(severity)}
}

func (a Alarm) goesTo(route Route) string {
	if a.Silent && a.Starts != "" {
		return "nobody: it starts " + a.Starts
	}
	if a.Silent {
		return "nobody: part of a composite or watched by a deployment"
	}
	return route.tells(a.Severity)
}

// Tighten makes clones of some alarms whose thresholds are stricter by the factor, for a deployment to watch: 0.5
// halves what may happen, and doubles what must. The clones tell nobody, because the deployment that watches them rolls
// back by itself; their keys end in "-rollback". A factor of 0 to 1, both excluded.
func (s *Set) Tighten(ctx *pulumi.Context, factor float64, keys ...string) (*Set, error) {
	problems := fielderror.For(refuser)
	problems.Require(factor > 0 && factor < 1, "Tighten", factor, "a factor between 0 and 1", "use 0.5")
	var table []Alarm
	for _, key := range keys {
		i := slices.IndexFunc(s.table, func(a Alarm) bool { return a.Key == key })
		if i < 0 {
			problems.Add("Tighten", key, "the key of an alarm of this set", "use one of the table's keys")
			continue
		}
		a := s.table[i]
		problems.Require(a.Threshold >= 0, "Tighten."+key, a.Threshold, "a threshold that is not negative, which a factor would loosen", "write the stricter alarm into the table")
		table = append(table, a.tightened(factor))
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return Create(ctx, s.kids, s.route, table, func(to *shell) { *to = s.shell })
}

// tightened is the alarm with a threshold that is reached sooner, after fewer datapoints, and silent.
func (a Alarm) tightened(factor float64) Alarm {
	a.Key += "-rollback"
	a.Summary = "During a deployment: " + a.Summary
	a.Silent = true
	a.Periods, a.Datapoints = min(a.Periods, 3), min(a.Datapoints, 2)
	if a.Comparison.band() {
		a.Band *= factor
		return a
	}
	if a.Comparison == Below || a.Comparison == AtMost {
		a.Threshold /= factor
		return a
	}
	a.Threshold *= factor
	return a
}
