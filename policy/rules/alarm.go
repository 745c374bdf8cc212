package rules

import (
	"regexp"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	metricAlarmType    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeAlarmType = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
)

// What CloudWatch takes when nothing is said.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
var (
	_ = policy.Default(metricAlarmType, map[string]any{"actionsEnabled": true, "treatMissingData": "missing"})
	_ = policy.Default(compositeAlarmType, map[string]any{"actionsEnabled": true})
)

// alarmRules are about alarms that reach a person and can fire.
func alarmRules() []*policy.Rule {
	return []*policy.Rule{
		alarmHasAction(), compositeMembers(), alarmTopicRegion(), alarmReachesPerson(), topicAdmitsPublisher(), topicKeyAdmitsPublisher(),
		alarmDimensions(), alarmMetricKnown(), alarmMissingData(), alarmInTime(), alarmCoverage(),
		gamedayStopCondition(), gamedayTargetsBounded(), gamedayTargetsResolved(),
	}
}

func alarmHasAction() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-has-action", Title: "Alarms do something when they fire", Severity: policy.High,
		Types:   []string{metricAlarmType, compositeAlarmType},
		Anchors: "nagn:CloudWatchAlarmAction ckv:319 fsbp:CloudWatch.15,CloudWatch.17 config:cloudwatch-alarm-action-check,cloudwatch-alarm-action-enabled-check nist:SI-4",
		Why:     "an alarm without an action turns red in a console that nobody looks at",
		Fix:     "set alarmActions to the topic of the alarm's urgency and leave actionsEnabled on, or let a composite alarm, a rollback or a stop condition read the alarm",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html"},
		Check: func(c *policy.Case) {
			actions := c.Get("alarmActions")
			if reader := alarmReaders(c.Graph())[c.Node]; actions.Empty() && reader != nil {
				return // Something acts on the alarm's state.
			}
			c.Require(c.Get("actionsEnabled"), "true", policy.Value.True)
			c.Require(actions, "at least one action", func(v policy.Value) bool { return !v.Empty() })
		},
		Proof: policy.Proof{
			Good: `
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops}}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: cpu, actionsEnabled: true, alarmActions: ["${topic.arn}"]}
  symptom: {type: "aws:cloudwatch/metricAlarm:MetricAlarm", properties: {name: errors}}
  degraded:
    type: aws:cloudwatch/compositeAlarm:CompositeAlarm
    properties: {alarmName: degraded, alarmRule: 'ALARM("errors")', alarmActions: ["${topic.arn}"]}
`,
			Bad:   []string{"alarm.alarmActions!", "alarm.alarmActions=[]", "alarm.actionsEnabled=false", "degraded.alarmActions!", "degraded.actionsEnabled=false", "degraded!"},
			Guard: "alarm.alarmActions", Absent: policy.Violation, Also: []string{"alarm-coverage", "alarm-reaches-a-person", "composite-alarm-members"},
		},
	}
}

// alarmReaderTypes act on the state of alarms that they name.
var alarmReaderTypes = []string{
	compositeAlarmType, "aws:autoscaling/group:Group", "aws:ecs/service:Service", "aws:codedeploy/deploymentGroup:DeploymentGroup",
	experimentType, "aws:route53/healthCheck:HealthCheck", "aws:appconfig/environment:Environment", "aws:resiliencehub/resiliencyPolicy:ResiliencyPolicy",
}

var alarmReadersKey byte

// alarmReaders are the resources that act on alarms' states, by alarm: composite alarms, rollbacks, stop conditions. One of
// them is kept for each alarm.
func alarmReaders(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &alarmReadersKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		readers := map[*policy.Node]*policy.Node{}
		for _, reader := range g.ByType(alarmReaderTypes...) {
			for _, alarm := range alarmsIn(reader) {
				if alarm != reader {
					readers[alarm] = reader
				}
			}
		}
		return readers
	})
}

// alarmsIn are the alarms that a resource names anywhere, by name or ARN, or computes a property from.
func alarmsIn(n *policy.Node) []*policy.Node {
	var found []*policy.Node
	n.Props().Walk(func(v policy.Value) {
		switch {
		case v.Unknown() || !v.IsText():
		case v.Path() == "alarmRule":
			for _, name := range ruleMembers(v.Text()) {
				found = append(found, n.Graph().Named(name, metricAlarmType, compositeAlarmType)...)
			}
		default:
			found = append(found, n.Graph().Named(v.Text(), metricAlarmType, compositeAlarmType)...)
		}
	})
	for property := range n.PropertyDependencies {
		for _, behind := range n.Behind(property) {
			if behind.Type == metricAlarmType || behind.Type == compositeAlarmType {
				found = append(found, behind)
			}
		}
	}
	return found
}

// alarmState finds the conditions on an alarm in the rule of a composite alarm, alarmsCounted those on a part of several, and
// alarmNamed each of their names.
var (
	alarmState    = regexp.MustCompile(`\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^)]*)`)
	alarmsCounted = regexp.MustCompile(`\bAT_LEAST\s*\([^,()]*,[^,()]*,\s*\(((?:"(?:[^"\\]|\\.)*"|[^)"])*)\)`)
	alarmNamed    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^,"]+`)
)

// ruleMembers are the names or ARNs of the alarms in the rule of a composite alarm: ALARM("a") OR OK(b), or
// AT_LEAST(2, ALARM, (a, b, c)).
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
func ruleMembers(rule string) []string {
	var names []string
	take := func(name string) {
		if name = strings.Trim(strings.TrimSpace(name), `"'`); name != "" {
			names = append(names, strings.ReplaceAll(name, `\"`, `"`))
		}
	}
	for _, found := range alarmState.FindAllStringSubmatch(rule, -1) {
		take(found[1])
	}
	for _, found := range alarmsCounted.FindAllStringSubmatch(rule, -1) {
		for _, name := range alarmNamed.FindAllString(found[1], -1) {
			take(name)
		}
	}
	return names
}

func compositeMembers() *policy.Rule {
	return &policy.Rule{
		ID: "composite-alarm-members", Title: "Composite alarms read alarms that exist", Severity: policy.High,
		Types: []string{compositeAlarmType}, Anchors: "nist:SI-4",
		Why:     "a composite alarm that waits for an alarm which nobody makes never fires, and it hides the members that it stands for",
		Fix:     "name the alarms of this program in alarmRule, through their name or arn",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"},
		Settings: []policy.Setting{
			{Name: "external", Kind: policy.KindList, Default: []any{}, Help: "names of alarms that other programs make, with * for any text"},
		},
		Check: func(c *policy.Case) {
			rule := c.Get("alarmRule")
			if rule.Unknown() {
				if len(alarmsIn(c.Node)) == 0 {
					c.Unclear(rule)
				}
				return
			}
			suppressor := c.Get("actionsSuppressor.alarm")
			if suppressor.Ref(metricAlarmType, compositeAlarmType).How == policy.Outside && !external(c, suppressor.Text()) {
				c.Fail(suppressor, "an alarm of this program")
			}
			names := ruleMembers(rule.Text())
			if len(names) == 0 {
				c.Fail(rule, "a rule that reads at least one alarm")
			}
			for _, name := range names {
				if len(c.Graph().Named(name, metricAlarmType, compositeAlarmType)) == 0 && !external(c, name) {
					c.Fail(rule, "alarms of this program", policy.Saw(c.Node, "alarmRule", "one of the members is no alarm of this program"))
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  errors: {type: "aws:cloudwatch/metricAlarm:MetricAlarm", properties: {name: errors}}
  degraded:
    type: aws:cloudwatch/compositeAlarm:CompositeAlarm
    properties: {alarmName: degraded, alarmRule: "ALARM(${errors.name})", alarmActions: ["arn:aws:sns:eu-central-1:111111111111:ops"]}
`,
			Bad: []string{`degraded.alarmRule='ALARM("error")'`, "degraded.alarmRule='TRUE'", `degraded.alarmRule='ALARM("errors") OR OK("gone")'`,
				"degraded.alarmRule='AT_LEAST(1, ALARM, (errors, gone))'", "degraded.actionsSuppressor={alarm: gone, extensionPeriod: 60, waitPeriod: 60}"},
			Guard: "degraded.alarmRule", Absent: policy.Violation, Also: []string{"alarm-has-action"},
		},
	}
}

// external says that the rule's setting names the text as another program's.
func external(c *policy.Case, text string) bool {
	for _, pattern := range c.Texts("external") {
		if wildcard(pattern, text) {
			return true
		}
	}
	return false
}

func alarmTopicRegion() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-topic-region", Title: "Alarms notify topics of their own region", Severity: policy.High,
		Types: []string{metricAlarmType, compositeAlarmType}, Anchors: "nist:SI-4",
		Why:     "CloudWatch calls actions in the alarm's own region only, so a topic elsewhere is never notified",
		Fix:     "use a topic in the region of the alarm; alarms about CloudFront, Route 53 and billing live in us-east-1 and need a topic there",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"},
		Check: func(c *policy.Case) {
			if c.Get("alarmActions").Empty() {
				c.Skip("the alarm has no action")
				return
			}
			for _, property := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
				for _, action := range c.Get(property).Items() {
					sameRegionAs(c, action)
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  aws-us: {type: "pulumi:providers:aws", properties: {region: us-east-1}}
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops}}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: cpu, alarmActions: ["${topic.arn}"]}
`,
			Bad:   []string{"alarm.alarmActions[0]=arn:aws:sns:us-east-1:111111111111:ops", `alarm.okActions=["arn:aws:sns:us-east-1:111111111111:ops"]`},
			Guard: "alarm.alarmActions", Absent: policy.NotApplicable, Exempt: "alarm.alarmActions!",
			Also: []string{"account-crossing", "alarm-reaches-a-person", "alarm-has-action", "alarm-coverage"},
		},
	}
}
