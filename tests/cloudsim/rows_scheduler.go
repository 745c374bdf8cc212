package cloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // The names must be known on any machine.
)

const (
	scheduleDoc       = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"
	scheduleType      = "aws:scheduler/schedule:Schedule"
	scheduleGroupType = "aws:scheduler/scheduleGroup:ScheduleGroup"
)

func init() {
	register(schedule, scheduleGroup)
}

var schedule = Row{
	Type:     scheduleType,
	Noun:     "schedule",
	Doc:      scheduleDoc,
	ID:       Format("{groupName}/{name}"),
	ARN:      Format("arn:{partition}:scheduler:{region}:{account}:schedule/{groupName}/{name}"),
	AutoName: &AutoName{Max: 64},
	Defaults: map[string]any{"groupName": "default", "scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
	Required: []string{"flexibleTimeWindow", "scheduleExpression", "target"},
	Replace:  []string{"name", "namePrefix", "groupName"},
	Refs: append([]Ref{
		{Path: "groupName", To: []string{scheduleGroupType}, By: []string{"name"}, Except: func(v string) bool { return v == "default" }, Code: "ResourceNotFoundException"},
		{Path: "target.roleArn", To: []string{roleType}, By: []string{"arn"}, Weak: true, Code: "ValidationException"},
		{Path: "target.arn", To: []string{topicType, queueType, functionType}, By: []string{"arn"}, Except: notATarget, Weak: true, Code: "ValidationException"},
		{Path: "target.deadLetterConfig.arn", To: []string{queueType}, By: []string{"arn"}, Weak: true, Code: "ValidationException"},
	}, keyRefs("kmsKeyArn", "ValidationException")...),
	Unique: []Unique{{Paths: []string{"groupName", "name"}, Code: "ConflictException"}},
	Limits: []Limit{
		{"name", Matches(`^[0-9A-Za-z\-_.]{1,64}$`, "1 to 64 letters, digits and - _ ."), scheduleDoc},
		{"description", Length(0, 512), scheduleDoc},
		{"scheduleExpression", scheduleForm(true), scheduleDoc},
		{"state", OneOf("ENABLED", "DISABLED"), scheduleDoc},
		{"flexibleTimeWindow.mode", OneOf("OFF", "FLEXIBLE"), scheduleDoc},
		{"flexibleTimeWindow.maximumWindowInMinutes", Between(1, 1440), "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html"},
		{"target.retryPolicy.maximumEventAgeInSeconds", Between(60, 86400), "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html"},
		{"target.retryPolicy.maximumRetryAttempts", Between(0, 185), "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html"},
		{"scheduleExpressionTimezone", Satisfies(timeZone), scheduleDoc},
		{"scheduleExpressionTimezone", Matches(`^(UTC|GMT|[A-Za-z_]+(/[A-Za-z0-9_+\-]+)+)$`, "a name of the IANA time zone database"), scheduleDoc},
	},
	Check:     checkSchedule,
	Idle:      idleWhen(scheduleReaches),
	NotFound:  "ResourceNotFoundException",
	Durations: immediate,
}

func checkSchedule(c *Call) error {
	problems := []error{TrustedBy(c, "target.roleArn", "scheduler.amazonaws.com", "ValidationException")}
	flexible := c.Text("flexibleTimeWindow.mode") == "FLEXIBLE"
	if flexible != c.Has("flexibleTimeWindow.maximumWindowInMinutes") && c.Known("flexibleTimeWindow") {
		problems = append(problems, c.RejectAt("flexibleTimeWindow", "ValidationException", "maximumWindowInMinutes goes with the mode FLEXIBLE"))
	}
	for _, path := range []string{"target.arn", "target.roleArn"} {
		if c.Known("target") && !c.Has(path) {
			problems = append(problems, c.RejectAt(path, "ValidationException", "%s is required", path))
		}
	}
	if input := c.Text("target.input"); c.Known("target.input") && input != "" && strings.Contains(c.Text("target.arn"), ":aws-sdk:") && !json.Valid([]byte(input)) {
		problems = append(problems, c.RejectAt("target.input", "ValidationException", "Invalid RequestJson provided. Reason: the input of a universal target must be JSON"))
	}
	return errors.Join(problems...)
}

// scheduleReaches: EventBridge Scheduler acts as the role of the target, and finds out that it may not when it is time.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
func scheduleReaches(c *Call) error {
	role := c.Ref("target.roleArn")
	if role == nil {
		return nil
	}
	var problems []error
	for path, arn := range map[string]string{"target.arn": c.Text("target.arn"), "target.deadLetterConfig.arn": c.Text("target.deadLetterConfig.arn")} {
		if why := c.roleReaches(role, arn); why != "" {
			problems = append(problems, c.silent(path, "nothing is delivered when it is time: %s", why))
		}
	}
	return errors.Join(problems...)
}

// roleReaches says why a role cannot deliver to a topic, queue or function, or "" if it can.
func (c *Call) roleReaches(role *Resource, arn string) string {
	documents, opaque := c.policiesOf(role)
	var action, key string
	switch {
	case opaque:
		return ""
	case c.everywhere(topicType, arn) != nil:
		action, key = "sns:Publish", c.everywhere(topicType, arn).Out().Text("kmsMasterKeyId")
	case c.everywhere(queueType, arn) != nil:
		action, key = "sqs:SendMessage", c.everywhere(queueType, arn).Out().Text("kmsMasterKeyId")
	case c.everywhere(functionType, arn) != nil:
		action = "lambda:InvokeFunction"
	default:
		if action = universalAction(arn); action == "" {
			return ""
		}
		arn = ""
	}
	if !grants(documents, action, arn) {
		return "the role " + role.ARN + " is not authorized to perform " + action + " on " + arn
	}
	if key == "" || isKeyOfAWS(key) {
		return ""
	}
	for _, needed := range []string{"kms:Decrypt", "kms:GenerateDataKey"} {
		if k := c.keyNamed(key, c.Region); k != nil && !grants(documents, needed, k.ARN) {
			return "the role " + role.ARN + " is not authorized to perform " + needed + " on " + k.ARN
		}
	}
	return ""
}

// universalAction is the action behind a universal target, arn:aws:scheduler:::aws-sdk:autoscaling:startInstanceRefresh.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
func universalAction(arn string) string {
	_, call, found := strings.Cut(arn, ":aws-sdk:")
	service, operation, ok := strings.Cut(call, ":")
	if !found || !ok || operation == "" {
		return ""
	}
	return service + ":" + strings.ToUpper(operation[:1]) + operation[1:]
}

// grants reports whether some document allows the action on the resource.
func grants(documents []Policy, action, resource string) bool {
	for _, document := range documents {
		for _, s := range document.Statement {
			if s.Effect == "Allow" && s.covers(action) && s.about(resource) {
				return true
			}
		}
	}
	return false
}

var scheduleGroup = Row{
	Type:     scheduleGroupType,
	Noun:     "schedule group",
	Doc:      "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html",
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:scheduler:{region}:{account}:schedule-group/{name}"),
	AutoName: &AutoName{Max: 64},
	Computed: map[string]Compute{"state": Value("ACTIVE"), "creationDate": Value("2026-01-01T00:00:00Z"), "lastModificationDate": Value("2026-01-01T00:00:00Z")},
	Replace:  []string{"name", "namePrefix"},
	Taggable: true,
	Unique:   []Unique{{Paths: []string{"name"}, Code: "ConflictException"}},
	Limits: []Limit{{"name", Matches(`^[0-9A-Za-z\-_.]{1,64}$`, "1 to 64 letters, digits and - _ ."),
		"https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html"}},
	NotFound:  "ResourceNotFoundException",
	Durations: immediate,
}

// timeZone: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#time-zones
func timeZone(value string) string {
	if _, err := time.LoadLocation(value); err != nil {
		return fmt.Sprintf("there is no time zone %q", value)
	}
	return ""
}
