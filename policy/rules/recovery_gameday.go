package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const experimentType = "aws:fis/experimentTemplate:ExperimentTemplate"

// What FIS takes when nothing is said.
// https://docs.aws.amazon.com/fis/latest/userguide/experiment-options.html
var _ = policy.Default(experimentType, map[string]any{"experimentOptions.emptyTargetResolutionMode": "fail"})

const gamedayGood = `
resources:
  errors: {type: "aws:cloudwatch/metricAlarm:MetricAlarm", properties: {name: errors}}
  zone-loss:
    type: aws:fis/experimentTemplate:ExperimentTemplate
    properties:
      description: lose the servers of one zone
      stopConditions: [{source: "aws:cloudwatch:alarm", value: "${errors.arn}"}]
      experimentOptions: {emptyTargetResolutionMode: fail}
      actions: [{name: stop, actionId: "aws:ec2:stop-instances", target: {key: Instances, value: servers}}]
      targets: [{name: servers, resourceType: "aws:ec2:instance", selectionMode: "PERCENT(30)", resourceTags: [{key: workload, value: shop}]}]
`

func gamedayStopCondition() *policy.Rule {
	return &policy.Rule{
		ID: "gameday-stop-condition", Title: "Fault experiments stop when an alarm of this program fires", Severity: policy.High,
		Types: []string{experimentType}, Anchors: "nist:CP-4",
		Why:     "an experiment that nothing stops goes on while customers are hurt, and one whose alarm is gone cannot be stopped by it",
		Fix:     "set stopConditions to source aws:cloudwatch:alarm with the arn of the alarm on what customers see",
		Sources: []string{"https://docs.aws.amazon.com/fis/latest/userguide/stop-conditions.html"},
		Settings: []policy.Setting{
			{Name: "external", Kind: policy.KindList, Default: []any{}, Help: "ARNs of alarms that other programs make, with * for any text"},
		},
		Check: func(c *policy.Case) {
			conditions := c.Get("stopConditions")
			if conditions.Unknown() {
				c.Unclear(conditions)
				return
			}
			if conditions.Empty() {
				c.Fail(conditions, "an alarm as stop condition")
				return
			}
			for _, condition := range conditions.Items() {
				if c.Require(condition.Get("source"), "aws:cloudwatch:alarm", func(v policy.Value) bool { return v.Is("aws:cloudwatch:alarm") }) {
					stopAlarm(c, condition.Get("value"))
				}
			}
		},
		Proof: policy.Proof{
			Good: gamedayGood,
			Bad: []string{
				`zone-loss.stopConditions=[{"source": "none"}]`, "zone-loss.stopConditions[0].value=arn:aws:cloudwatch:eu-central-1:111111111111:alarm:gone",
				"zone-loss.stopConditions[0].value!", "errors!", "zone-loss.stopConditions=[]", "errors.actionsEnabled=false ; zone-loss.stopConditions[0].source=none",
			},
			Guard: "zone-loss.stopConditions", Absent: policy.Violation, Also: []string{"alarm-has-action"},
			FixtureOnly: "the product has no experiments",
		},
	}
}

// stopAlarm wants the stop condition's value to be an alarm of the program.
func stopAlarm(c *policy.Case, value policy.Value) {
	if value.Absent() {
		c.Fail(value, "the arn of an alarm")
		return
	}
	switch value.Ref(metricAlarmType, compositeAlarmType).How {
	case policy.Outside:
		if !external(c, value.Text()) {
			c.Fail(value, "an alarm of this program")
		}
	case policy.Unclear:
		c.Unclear(value)
	}
}

// boundedSelection are the modes that take a part: COUNT(2), PERCENT(30).
// https://docs.aws.amazon.com/fis/latest/userguide/targets.html
var boundedSelection = regexp.MustCompile(`^(COUNT\([1-9][0-9]*\)|PERCENT\([1-9][0-9]?\))$`)

func gamedayTargetsBounded() *policy.Rule {
	return &policy.Rule{
		ID: "gameday-targets-bounded", Title: "Fault experiments take a bounded part of what they match", Severity: policy.High,
		Types: []string{experimentType}, Anchors: "nist:CP-4",
		Why:     "an experiment on everything that carries a tag takes down all of it at once, and more of it as the workload grows",
		Fix:     "set selectionMode to COUNT(n) or PERCENT(n), name the resources by ARN, or filter by one availability zone",
		Sources: []string{"https://docs.aws.amazon.com/fis/latest/userguide/targets.html"},
		Check: func(c *policy.Case) {
			targets := c.Get("targets")
			if targets.Empty() {
				c.Skip("the experiment has no targets")
				return
			}
			if targets.Unknown() {
				c.Unclear(targets)
				return
			}
			for _, target := range targets.Items() {
				if !target.Get("resourceArns").Empty() || inOneZone(target) {
					continue
				}
				c.Require(target.Get("selectionMode"), "COUNT(n), PERCENT(n) below 100, named resources or one zone", func(v policy.Value) bool {
					return boundedSelection.MatchString(v.Text())
				})
			}
		},
		Proof: policy.Proof{
			Good: gamedayGood,
			Bad: []string{
				"zone-loss.targets[0].selectionMode=ALL", "zone-loss.targets[0].selectionMode=PERCENT(100)", "zone-loss.targets[0].selectionMode!",
				`zone-loss.targets[0]={name: main, resourceType: "aws:rds:cluster", selectionMode: ALL, parameters: {writerAvailabilityZoneIdentifiers: all}}`,
			},
			Guard: "zone-loss.targets[0].selectionMode", Absent: policy.Violation, Exempt: "zone-loss.targets!",
			FixtureOnly: "the product has no experiments",
		},
	}
}

// zoneParameters keep the targets to availability zones; those of databases may list several, or all.
// https://docs.aws.amazon.com/fis/latest/userguide/targets.html
var zoneParameters = []string{"availabilityZoneIdentifier", "availabilityZoneIdentifiers", "writerAvailabilityZoneIdentifiers"}

// inOneZone says that a filter keeps the target to one availability zone, as an experiment about losing one does.
func inOneZone(target policy.Value) bool {
	for _, filter := range target.Get("filters").Items() {
		if filter.Get("path").In("Placement.AvailabilityZone", "AvailabilityZone") && filter.Get("values").Len() == 1 {
			return true
		}
	}
	return slices.ContainsFunc(zoneParameters, func(name string) bool {
		zone := target.Get("parameters").Key(name)
		return !zone.Empty() && !zone.Is("all") && !strings.Contains(zone.Text(), ",")
	})
}

func gamedayTargetsResolved() *policy.Rule {
	return &policy.Rule{
		ID: "gameday-targets-resolved", Title: "Fault experiments fail when they find nothing to test", Severity: policy.Medium,
		Types: []string{experimentType}, Anchors: "nist:CP-4",
		Why:     "an experiment that skips actions without targets reports success though it tested nothing",
		Fix:     "set experimentOptions.emptyTargetResolutionMode to fail",
		Sources: []string{"https://docs.aws.amazon.com/fis/latest/userguide/experiment-options.html"},
		Check:   isOneOf("experimentOptions.emptyTargetResolutionMode", "fail"),
		Proof: policy.Proof{
			Good:  gamedayGood,
			Bad:   []string{"zone-loss.experimentOptions.emptyTargetResolutionMode=skip"},
			Guard: "zone-loss.experimentOptions.emptyTargetResolutionMode", Absent: policy.Pass,
			FixtureOnly: "the product has no experiments",
		},
	}
}
