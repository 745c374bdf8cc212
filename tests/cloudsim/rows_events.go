package cloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	ruleDoc    = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"
	targetsDoc = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html"
	targetDoc  = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html"
	ruleType   = "aws:cloudwatch/eventRule:EventRule"
	targetType = "aws:cloudwatch/eventTarget:EventTarget"
)

func init() {
	register(eventRule, eventTarget)
}

var eventRule = Row{
	Type: ruleType,
	Noun: "rule",
	Doc:  ruleDoc,
	ID:   busPrefixed("/", "{name}"),
	ARN: func(c *Call) any {
		return c.Format("arn:{partition}:events:{region}:{account}:rule/") + busPath(c) + c.Format("{name}")
	},
	AutoName: &AutoName{Max: 64},
	Defaults: map[string]any{"eventBusName": "default", "forceDestroy": false},
	Replace:  []string{"name", "namePrefix", "eventBusName"},
	Taggable: true,
	Refs:     []Ref{{Path: "roleArn", To: []string{roleType}, By: []string{"arn"}, Code: "ValidationException"}},
	Unique:   []Unique{{Paths: []string{"name", "eventBusName"}, Code: "ResourceAlreadyExists"}},
	Limits: []Limit{
		{"name", Matches(`^[.\-_A-Za-z0-9]{1,64}$`, "1 to 64 letters, digits and . - _"), ruleDoc},
		{"description", Length(0, 512), ruleDoc},
		{"eventPattern", Length(0, 4096), ruleDoc},
		{"state", OneOf("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"), ruleDoc},
		{"scheduleExpression", scheduleForm(false), ruleDoc},
	},
	Check:     checkRule,
	NotFound:  "ResourceNotFoundException",
	InUse:     "ValidationException",
	Durations: immediate,
}

// busPath is the event bus in an ARN or id; the default bus is left out.
func busPath(c *Call) string {
	if bus := c.Text("eventBusName"); bus != "" && bus != "default" {
		return bus[strings.LastIndex(bus, "/")+1:] + "/"
	}
	return ""
}

func busPrefixed(separator, rest string) Compute {
	return func(c *Call) any {
		return strings.ReplaceAll(busPath(c), "/", separator) + c.Format(rest)
	}
}

func checkRule(c *Call) error {
	if !c.Has("scheduleExpression") && !c.Has("eventPattern") {
		return c.Reject("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if c.Has("scheduleExpression") && busPath(c) != "" {
		return c.RejectAt("scheduleExpression", "ValidationException", "ScheduleExpression is supported only on the default event bus.")
	}
	if c.Has("isEnabled") && c.Has("state") {
		return c.RejectAt("state", "ConflictsWith", "isEnabled and state may not be given together")
	}
	return errors.Join(eventPattern(c), TrustedBy(c, "roleArn", "events.amazonaws.com", "ValidationException"))
}

// eventPattern demands a JSON object whose leaves are lists.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
func eventPattern(c *Call) error {
	if !c.Known("eventPattern") || c.Text("eventPattern") == "" {
		return nil
	}
	var pattern map[string]any
	if err := json.Unmarshal([]byte(c.Text("eventPattern")), &pattern); err != nil {
		return c.RejectAt("eventPattern", "InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	if len(pattern) == 0 {
		return c.RejectAt("eventPattern", "InvalidEventPatternException", "Event pattern is not valid. Reason: Empty objects are not allowed")
	}
	if path := notAList("", pattern); path != "" {
		return c.RejectAt("eventPattern", "InvalidEventPatternException",
			"Event pattern is not valid. Reason: %q must be an object or an array", path)
	}
	return nil
}

func notAList(path string, value any) string {
	switch value := value.(type) {
	case []any:
		return ""
	case map[string]any:
		for key, child := range value {
			alternatives, isList := child.([]any)
			if key == "$or" && isList && len(alternatives) > 1 {
				continue
			}
			if bad := notAList(strings.TrimPrefix(path+"."+key, "."), child); bad != "" {
				return bad
			}
		}
		return ""
	}
	return path
}

var (
	rateForm = regexp.MustCompile(`^rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)$`)
	cronForm = regexp.MustCompile(`^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$`)
	atForm   = regexp.MustCompile(`^at\(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\)$`)
)

// scheduleForm is the syntax of schedule expressions; only EventBridge Scheduler takes at(...).
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func scheduleForm(atAllowed bool) Rule {
	return Satisfies(func(value string) string {
		if atAllowed && atForm.MatchString(value) {
			return ""
		}
		if atAllowed && schedulerRate.MatchString(value) || rateForm.MatchString(value) {
			return ""
		}
		return cronProblem(value)
	})
}

// schedulerRate: EventBridge Scheduler does not mind the plural.
var schedulerRate = regexp.MustCompile(`^rate\([1-9]\d* (minutes?|hours?|days?)\)$`)

// cronFields are the six fields of a cron expression, with the values each allows.
var cronFields = []struct {
	name, form string
	low, high  int
}{
	{"minutes", `^[\d,\-*/]+$`, 0, 59},
	{"hours", `^[\d,\-*/]+$`, 0, 23},
	{"day-of-month", `^(\?|L|\d+W|[\d,\-*/]+)$`, 1, 31},
	{"month", `^([\d,\-*/]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)+$`, 1, 12},
	{"day-of-week", `^(\?|L|\dL|[1-7]#[1-5]|([\d,\-*/]|SUN|MON|TUE|WED|THU|FRI|SAT)+)$`, 1, 7},
	{"year", `^[\d,\-*/]+$`, 1970, 2199},
}

var digits = regexp.MustCompile(`\d+`)

// cronProblem says what is wrong with a cron expression, or "".
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
func cronProblem(value string) string {
	invalid := fmt.Sprintf("Parameter ScheduleExpression is not valid: %q", value)
	fields := cronForm.FindStringSubmatch(value)
	if fields == nil {
		return invalid
	}
	for i, field := range cronFields {
		text := fields[i+1]
		if ok, _ := regexp.MatchString(field.form, strings.ToUpper(text)); !ok {
			return fmt.Sprintf("%s: the field %s is %q", invalid, field.name, text)
		}
		base, _, _ := strings.Cut(text, "/")
		for _, n := range digits.FindAllString(base, -1) {
			var number int
			if _, err := fmt.Sscan(strings.TrimLeft(n, "0")+"", &number); err == nil && (number < field.low || number > field.high) {
				return fmt.Sprintf("%s: the field %s goes from %d to %d", invalid, field.name, field.low, field.high)
			}
		}
	}
	if (fields[3] == "?") == (fields[5] == "?") {
		return invalid + ": exactly one of day-of-month and day-of-week must be ?"
	}
	return ""
}

var eventTarget = Row{
	Type:     targetType,
	Noun:     "target",
	Doc:      targetsDoc,
	ID:       targetPath,
	Defaults: map[string]any{"eventBusName": "default", "forceDestroy": false},
	Computed: map[string]Compute{"targetId": func(c *Call) any { return targetID(c) }},
	Required: []string{"rule", "arn"},
	Replace:  []string{"rule", "eventBusName", "targetId"},
	Refs: []Ref{
		{Path: "rule", To: []string{ruleType}, By: []string{"name"}, Code: "ResourceNotFoundException"},
		{Path: "arn", To: []string{topicType, queueType, functionType, "aws:cloudwatch/logGroup:LogGroup"}, By: []string{"arn"},
			Except: notATarget, Weak: true, Code: "ValidationException"},
		{Path: "roleArn", To: []string{roleType}, By: []string{"arn"}, Code: "ValidationException"},
		{Path: "deadLetterConfig.arn", To: []string{queueType}, By: []string{"arn"}, Weak: true, Code: "ValidationException"},
	},
	Unique: []Unique{{Paths: []string{"rule", "eventBusName", "targetId"}, Code: "ResourceAlreadyExists"}},
	Limits: []Limit{
		{"targetId", Matches(`^[.\-_A-Za-z0-9]{1,64}$`, "1 to 64 letters, digits and . - _"), targetDoc},
		{"retryPolicy.maximumEventAgeInSeconds", Between(60, 86400), "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"},
		{"retryPolicy.maximumRetryAttempts", Between(0, 185), "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"},
	},
	Check:     checkTarget,
	Idle:      idleWhen(targetReached),
	Durations: immediate,
}

// notATarget exempts targets of services whose resources the model does not hold.
func notATarget(value string) bool {
	for _, service := range []string{":sns:", ":sqs:", ":lambda:", ":logs:"} {
		if strings.Contains(value, service) {
			return strings.HasSuffix(value, ":*") && service == ":logs:"
		}
	}
	return true
}

func checkTarget(c *Call) error {
	given := 0
	for _, path := range []string{"input", "inputPath", "inputTransformer"} {
		if c.Has(path) {
			given++
		}
	}
	var problems []error
	if given > 1 {
		problems = append(problems, c.Reject("ValidationException", "Only one of Input, InputPath, or InputTransformer must be provided."))
	}
	if c.Known("input") && c.Has("input") && !json.Valid([]byte(c.Text("input"))) {
		problems = append(problems, c.RejectAt("input", "ValidationException", "JSON syntax error in input for target"))
	}
	if rule := c.Ref("rule"); rule != nil {
		if n := len(c.Where(targetType, "rule", c.Text("rule"))); n >= 5 {
			problems = append(problems, c.Reject("LimitExceededException",
				"The requested resource exceeds the maximum number allowed: a rule has at most 5 targets"))
		}
	}
	return errors.Join(append(problems, TrustedBy(c, "roleArn", "events.amazonaws.com", "ValidationException"))...)
}

// targetReached demands that the target lets EventBridge in: by its own policy, or by the role that the target names.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
func targetReached(c *Call) error {
	var source string
	for _, rule := range c.All(ruleType) {
		if rule.Name() == c.Text("rule") && rule.Out().Text("eventBusName") == c.Text("eventBusName") {
			source = rule.ARN
		}
	}
	q := access{service: "events.amazonaws.com", source: source, account: c.Account}
	var problems []error
	if why := c.unreachable(c.Text("arn"), q); why != "" && !c.Has("roleArn") {
		problems = append(problems, c.silent("arn", "the rule matches and nothing is delivered: %s", why))
	}
	if why := c.unreachable(c.Text("deadLetterConfig.arn"), q); why != "" {
		problems = append(problems, c.silent("deadLetterConfig.arn", "undeliverable events are lost: %s", why))
	}
	return errors.Join(problems...)
}

// targetID is what the provider calls a target without a name.
func targetID(c *Call) string {
	if c.Has("targetId") {
		return c.Text("targetId")
	}
	return "terraform-" + c.Hex("target", 26)
}

func targetPath(c *Call) any {
	return strings.ReplaceAll(busPath(c), "/", "-") + c.Text("rule") + "-" + targetID(c)
}
