package alarms

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Comparison is how a figure is held against the threshold.
type Comparison string

// The comparisons, in CloudWatch's own words. The last three are for anomaly bands.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
const (
	Above       Comparison = "GreaterThanThreshold"
	AtLeast     Comparison = "GreaterThanOrEqualToThreshold"
	Below       Comparison = "LessThanThreshold"
	AtMost      Comparison = "LessThanOrEqualToThreshold"
	OutsideBand Comparison = "LessThanLowerOrGreaterThanUpperThreshold"
	AboveBand   Comparison = "GreaterThanUpperThreshold"
	BelowBand   Comparison = "LessThanLowerThreshold"
)

func (c Comparison) known() bool {
	return slices.Contains([]Comparison{Above, AtLeast, Below, AtMost}, c) || c.band()
}

func (c Comparison) band() bool {
	return c == OutsideBand || c == AboveBand || c == BelowBand
}

// Alarm is one line of a component's alarm table.
type Alarm struct {
	// Key names the alarm within its component: lower-case letters, digits and hyphens. It never changes, because the
	// alarm's name and its history hang on it.
	Key string
	// Metric is what is watched.
	Metric Metric
	// Severity decides which topic is told.
	Severity Severity
	// Family decides what missing data means, M of N, and which changes are told.
	Family Family
	// Comparison of the metric with the threshold.
	Comparison Comparison
	// Threshold in the metric's unit. Not used with Band.
	Threshold float64
	// Band is the width of an anomaly band in standard deviations, with the comparisons OutsideBand, AboveBand and
	// BelowBand. CloudWatch learns the band from two weeks of data. Default: none.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
	Band float64
	// Periods (N) are looked at, and Datapoints (M) of them must breach. Default: 3 of 5; 1 of 1 for the family Event.
	// Period times N may be at most a day, or seven days when the period is an hour or more.
	Periods, Datapoints int
	// Runbook is the entry in docs/runbooks, "hash-fleet.md#unhealthy-hosts".
	Runbook string
	// Summary says what is wrong when it fires, in one sentence.
	Summary string
	// Why says what it means for users, or why the threshold is what it is. Default: nothing more than the summary.
	Why string
	// Silent alarms change state but tell nobody: parts of a composite, or alarms a deployment watches.
	Silent bool
	// Starts says what a silent alarm sets going instead, for the posture's list: "the step policy". Default: nothing, it
	// is part of a composite or watched by a deployment.
	Starts string
	// LowSamples keeps the state of an alarm on a percentile while there are too few samples to mean anything.
	// Default: for the family Latency on a percentile, true.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#percentiles-with-low-samples
	LowSamples *bool
}

// withDefaults fills M of N from the family.
func (a Alarm) withDefaults() Alarm {
	family, ok := rules[a.Family]
	if !ok {
		return a
	}
	if a.Periods == 0 && a.Datapoints == 0 {
		a.Periods, a.Datapoints = family.periods, family.datapoints
	}
	if a.Datapoints == 0 {
		a.Datapoints = a.Periods
	}
	if a.LowSamples == nil {
		ignore := a.Family == Latency && percentile.MatchString(a.Metric.statistic)
		a.LowSamples = &ignore
	}
	return a
}

// MissingData is what CloudWatch does where there is no figure: "breaching" or "notBreaching".
func (a Alarm) MissingData() string { return rules[a.Family].missing }

// Description is the alarm's text: what, why, and where the runbook is. CloudWatch allows 1,024 characters.
func (a Alarm) Description(route Route) string {
	text := a.Summary
	if a.Why != "" {
		text += " " + a.Why
	}
	return text + " Runbook: " + route.link(a.Runbook)
}

// The limits of an alarm.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
const (
	maxDescription = 1024
	day            = 86400
	week           = 7 * day
	hour           = 3600
	refuser        = "Alarm"
)

var (
	alarmKey = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	anchor   = regexp.MustCompile(`^[a-z0-9-]+\.md#[a-z0-9-]+$`)
)

// Validate says what is wrong with an alarm table, all at once. Create does it too; a component whose table is known
// before anything is registered calls it earlier.
func Validate(route Route, table []Alarm) error {
	problems := fielderror.For(refuser)
	seen := map[string]bool{}
	for i, a := range table {
		field := a.Key
		if field == "" {
			field = fmt.Sprintf("[%d]", i)
		}
		problems.Require(!seen[a.Key], field, a.Key, "each key once", "rename one of the two")
		seen[a.Key] = true
		a.withDefaults().check(problems, field, route)
	}
	return problems.Err()
}

func (a Alarm) check(problems *fielderror.Errors, field string, route Route) {
	problems.OneOf(field+".Family", string(a.Family), plain(Families())...)
	problems.Require(a.Comparison.known(), field+".Comparison", string(a.Comparison), "one of the comparisons of this package", "use for example alarms.AtLeast")
	a.checkText(problems, field, route)
	a.Metric.check(problems, field+".Metric")
	a.checkWindow(problems, field)
	a.checkBand(problems, field)
}

// checkText checks what every alarm has, also a composite: a key, a severity with a topic, a text and a runbook.
func (a Alarm) checkText(problems *fielderror.Errors, field string, route Route) {
	problems.Require(alarmKey.MatchString(a.Key), field+".Key", a.Key, "lower-case letters, digits and single hyphens", `use a key such as "unhealthy-hosts"`)
	problems.OneOf(field+".Severity", string(a.Severity), plain(Severities())...)
	if a.Severity.Known() && !a.Silent {
		problems.Require(usable(route.Topic(a.Severity)), field+".Route", nil, "a topic for severity "+string(a.Severity), "give the route that topic, or change the severity")
	}
	problems.Require(a.Summary != "", field+".Summary", nil, "a sentence that says what is wrong", "write what the reader of the page needs first")
	problems.Require(anchor.MatchString(a.Runbook), field+".Runbook", a.Runbook, "file#anchor of an entry in docs/runbooks", `use for example "hash-fleet.md#unhealthy-hosts"`)
	problems.Require(route.Runbooks != "", field+".Route.Runbooks", nil, "the address of the runbooks", "set Runbooks of the route")
	length := len(a.Description(route))
	problems.Require(length <= maxDescription, field+".Summary", fmt.Sprintf("a description of %d characters", length), "at most 1,024", "shorten Why")
}

func (a Alarm) checkWindow(problems *fielderror.Errors, field string) {
	if _, known := rules[a.Family]; !known && a.Periods == 0 {
		return // The family, which is reported, would have given the number of periods.
	}
	problems.Require(a.Datapoints >= 1 && a.Datapoints <= a.Periods, field+".Datapoints", a.Datapoints,
		fmt.Sprintf("1 to %d, the number of periods", a.Periods), "set both Periods and Datapoints")
	limit, words := day, "one day"
	if a.Metric.period >= hour {
		limit, words = week, "seven days"
	}
	window := a.Periods * a.Metric.period
	problems.Require(window <= limit, field+".Periods", fmt.Sprintf("%d periods of %d s", a.Periods, a.Metric.period),
		"a window of at most "+words, "look at fewer periods, or at longer ones")
}

func (a Alarm) checkBand(problems *fielderror.Errors, field string) {
	problems.Require(a.Comparison.band() == (a.Band != 0), field+".Band", a.Band,
		"a band with OutsideBand, AboveBand and BelowBand, and none with the other comparisons", "change the comparison or the band")
	problems.Require(a.Band >= 0, field+".Band", a.Band, "a positive number of standard deviations", "use 2")
	problems.Require(a.Band == 0 || a.Threshold == 0, field+".Threshold", a.Threshold, "no threshold beside a band", "remove it")
}

// Entry is the runbook's file and anchor, for tests that look for it.
func (a Alarm) Entry() (file, heading string) {
	file, heading, _ = strings.Cut(a.Runbook, "#")
	return file, heading
}

func plain[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
