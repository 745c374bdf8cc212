package cloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const (
	alarmDoc      = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
	compositeDoc  = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"
	dashboardDoc  = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"
	queryDoc      = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html"
	alarmType     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	scalingType   = "aws:autoscaling/policy:Policy"
)

func init() {
	register(metricAlarm, compositeAlarm, dashboard)
}

var metricAlarm = Row{
	Type:     alarmType,
	Noun:     "alarm",
	Doc:      alarmDoc,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"),
	AutoName: &AutoName{Max: 255},
	Defaults: map[string]any{"actionsEnabled": true, "treatMissingData": "missing"},
	Computed: map[string]Compute{"evaluateLowSampleCountPercentiles": Value("")},
	Required: []string{"comparisonOperator", "evaluationPeriods"},
	Replace:  []string{"name"},
	Taggable: true,
	Refs:     actionRefs(),
	Unique:   []Unique{{Paths: []string{"name"}, Code: "ResourceConflict"}},
	Limits: []Limit{
		{"name", Length(1, 255), alarmDoc},
		{"alarmDescription", Length(0, 1024), alarmDoc},
		{"alarmActions", Items(0, 5), alarmDoc},
		{"okActions", Items(0, 5), alarmDoc},
		{"insufficientDataActions", Items(0, 5), alarmDoc},
		{"dimensions", Items(0, 30), alarmDoc},
		{"evaluationPeriods", Between(1, 10080), alarmDoc},
		{"comparisonOperator", OneOf("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
			"LessThanOrEqualToThreshold", "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold",
			"GreaterThanUpperThreshold"), alarmDoc},
		{"statistic", OneOf("SampleCount", "Average", "Sum", "Minimum", "Maximum"), alarmDoc},
		{"extendedStatistic", statisticForm, alarmDoc},
		{"period", periodForm, alarmDoc},
		{"unit", metricUnit, alarmDoc},
		{"metricQueries.metric.unit", metricUnit, alarmDoc},
		{"metricQueries.metric.stat", statisticName, queryDoc},
		{"treatMissingData", OneOf("missing", "ignore", "breaching", "notBreaching"), alarmDoc},
		{"evaluateLowSampleCountPercentiles", OneOf("", "evaluate", "ignore"), alarmDoc},
		{"metricQueries", Items(0, 20), alarmDoc},
		{"metricQueries.id", Matches(`^[a-z][A-Za-z0-9_]*$`, "a lower-case letter and then letters, digits and underscores"), queryDoc},
		{"metricQueries.metric.period", periodForm, alarmDoc},
		{"metricQueries.expression", Length(1, 2048), queryDoc},
	},
	Check:     checkAlarm,
	Idle:      idleWhen(actionsReach, metricsExist),
	NotFound:  "ResourceNotFound",
	Durations: immediate,
}

// periodForm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
var periodForm = Satisfies(func(value string) string {
	var seconds int
	if _, err := fmt.Sscan(value, &seconds); err == nil && (seconds == 10 || seconds == 20 || seconds == 30 || seconds > 0 && seconds%60 == 0) {
		return ""
	}
	return "must be 10, 20, 30 or a multiple of 60 seconds, is " + value
})

// statisticName is what a query takes: the plain statistics and the others.
var statisticName = Rule{wrong: func(v resource.PropertyValue) string {
	if slices.Contains([]string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}, text(v)) {
		return ""
	}
	return statisticForm.wrong(v)
}}

// statisticForm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
var statisticForm = Matches(`^((p|tm|wm|tc|ts)(\d{1,2}(\.\d{1,10})?|100)|IQM|(TM|WM|PR|TC|TS)\([^()]*:[^()]*\))$`,
	"a percentile such as p99 or p99.9, a trimmed statistic such as tm90, or IQM")

// actionRefs are the alarm actions that name resources of the model. CloudWatch takes actions of its own region only.
func actionRefs() []Ref {
	var refs []Ref
	for _, path := range actionPaths {
		refs = append(refs, Ref{Path: path, To: []string{topicType, scalingType, functionType}, By: []string{"arn"},
			Except: notAnAction, Weak: true, Code: "ValidationError"})
	}
	return refs
}

var actionPaths = []string{"alarmActions", "okActions", "insufficientDataActions"}

// notAnAction exempts actions that are not resources, such as arn:aws:automate:eu-central-1:ec2:reboot.
func notAnAction(value string) bool {
	return !strings.Contains(value, ":sns:") && !strings.Contains(value, ":autoscaling:") && !strings.Contains(value, ":lambda:")
}

func checkAlarm(c *Call) error {
	return errors.Join(alarmSource(c), alarmThreshold(c), alarmWindow(c), alarmQueries(c), actionsHere(c))
}

// alarmSource demands one metric or a list of queries, and not both.
func alarmSource(c *Call) error {
	single, queries := c.Has("metricName"), c.Has("metricQueries")
	if single == queries {
		return c.Reject("ValidationError", "exactly one of metricName and metricQueries must be given")
	}
	if queries {
		for _, path := range []string{"namespace", "period", "statistic", "extendedStatistic", "dimensions", "unit"} {
			if c.Has(path) {
				return c.RejectAt(path, "ValidationError", "%s may not be given together with metricQueries", path)
			}
		}
		return nil
	}
	if !c.Has("namespace") || !c.Has("period") {
		return c.Reject("ValidationError", "Period and Namespace must not be null for an alarm on a single metric")
	}
	if c.Has("statistic") == c.Has("extendedStatistic") {
		return c.Reject("ValidationError", "Exactly one of Statistic and ExtendedStatistic must be specified")
	}
	return nil
}

// alarmThreshold demands the threshold that the comparison needs.
func alarmThreshold(c *Call) error {
	if c.Has("threshold") == c.Has("thresholdMetricId") {
		return c.Reject("ValidationError", "Exactly one of Threshold and ThresholdMetricId must be specified")
	}
	operator := c.Text("comparisonOperator")
	band := strings.Contains(operator, "Lower") || strings.Contains(operator, "Upper")
	if operator != "" && band != c.Has("thresholdMetricId") {
		return c.RejectAt("comparisonOperator", "ValidationError",
			"the comparison operator %s goes with a %s", operator, map[bool]string{true: "thresholdMetricId", false: "threshold"}[band])
	}
	return nil
}

// alarmWindow bounds how far back an alarm may look: seven days, one day for periods below an hour.
func alarmWindow(c *Call) error {
	n, m := c.Int("evaluationPeriods"), c.Int("datapointsToAlarm")
	if m > n && n > 0 {
		return c.RejectAt("datapointsToAlarm", "ValidationError", "DatapointsToAlarm (%d) must be less than or equal to EvaluationPeriods (%d)", m, n)
	}
	if c.Has("datapointsToAlarm") && c.Known("datapointsToAlarm") && m < 1 {
		return c.RejectAt("datapointsToAlarm", "ValidationError", "DatapointsToAlarm must be 1 or more, is %d", m)
	}
	period := c.Int("period")
	for _, found := range c.Walk("metricQueries.metric.period") {
		if seconds, ok := number(found.Value); ok {
			period = max(period, int(seconds))
		}
	}
	limit := 86400
	if period >= 3600 {
		limit = 604800
	}
	if period*n <= limit {
		return nil
	}
	return c.RejectAt("evaluationPeriods", "ValidationError",
		"Metrics cannot be checked across more than %s (EvaluationPeriods * Period must be <= %d), is %d",
		map[int]string{86400: "a day", 604800: "a week"}[limit], limit, period*n)
}

var identifier = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// alarmQueries checks the list of queries: ids, one source each, one result, and references that lead somewhere.
func alarmQueries(c *Call) error {
	queries := c.Objects("metricQueries")
	if len(queries) == 0 || !c.Known("metricQueries.id") {
		return nil
	}
	var problems []error
	ids, results := map[string]bool{}, 0
	for _, q := range queries {
		id := q.Text("id")
		if ids[id] {
			problems = append(problems, c.RejectAt("metricQueries", "ValidationError", "the id %q is given twice", id))
		}
		ids[id] = true
		if q.Bool("returnData") {
			results++
		}
		if q.Has("expression") == q.Has("metric") {
			problems = append(problems, c.RejectAt("metricQueries", "ValidationError",
				"the query %q must have exactly one of expression and metric", id))
		}
	}
	// An alarm on an anomaly detection band returns the series and the band.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Anomaly_Detection_Alarm.html
	wanted := 1
	if c.Has("thresholdMetricId") {
		wanted = 2
	}
	if results != wanted && c.Known("metricQueries.returnData") {
		problems = append(problems, c.RejectAt("metricQueries", "ValidationError",
			"%d elements of the metrics list should return data, %d do", wanted, results))
	}
	if id := c.Text("thresholdMetricId"); id != "" && !ids[id] {
		problems = append(problems, c.RejectAt("thresholdMetricId", "ValidationError", "there is no query with the id %q", id))
	}
	for _, q := range queries {
		problems = append(problems, expressionNames(c, q, ids))
	}
	return errors.Join(problems...)
}

// expressionNames demands that lower-case names in an expression are ids of queries: everything else in metric math is
// upper case, in quotes, or a number. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func expressionNames(c *Call, q Props, ids map[string]bool) error {
	expression := quoted.ReplaceAllString(q.Text("expression"), "")
	if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(expression)), "SELECT") {
		return nil
	}
	if err := expressionForm(c, q.Text("id"), expression); err != nil {
		return err
	}
	for _, name := range identifier.FindAllString(expression, -1) {
		first := name[0]
		if first >= 'a' && first <= 'z' && !ids[name] {
			return c.RejectAt("metricQueries", "ValidationError", "Error in expression '%s': The expression contains the unknown id %q",
				q.Text("id"), name)
		}
	}
	return nil
}

var quoted = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// actionsHere demands that actions are in the alarm's region.
func actionsHere(c *Call) error {
	for _, path := range actionPaths {
		for _, arn := range c.Texts(path) {
			fields := strings.SplitN(arn, ":", 6)
			if len(fields) < 6 || fields[0] != "arn" {
				return c.RejectAt(path, "ValidationError", "Invalid arn syntax: %s", arn)
			}
			if !slices.Contains(alarmServices, fields[2]) {
				return c.RejectAt(path, "ValidationError", "%s is no action of an alarm: it can call %s", arn, strings.Join(alarmServices, ", "))
			}
			if fields[3] != c.Region && fields[3] != "" {
				return c.RejectAt(path, "ValidationError", "Invalid region %s specified. Only %s is supported.", fields[3], c.Region)
			}
		}
	}
	return nil
}

// actionsReach demands that the topics that the alarm notifies let CloudWatch publish, and that functions let it invoke
// them. https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func actionsReach(c *Call) error {
	var problems []error
	for _, path := range actionPaths {
		for _, arn := range c.Texts(path) {
			q := access{service: "cloudwatch.amazonaws.com", source: c.ARN, account: c.Account, owner: true}
			if strings.Contains(arn, ":lambda:") {
				q.service = "lambda.alarms.cloudwatch.amazonaws.com"
			}
			if why := c.unreachable(arn, q); why != "" {
				problems = append(problems, c.silent(path, "the alarm changes its state and nobody is notified: %s", why))
			}
		}
	}
	return errors.Join(problems...)
}

// dimension says which resources a dimension of AWS's own metrics names, and by which output.
type dimension struct {
	types []string
	by    string
	// anywhere: the metric of a global service is published in us-east-1.
	global bool
	// except are values that are no names.
	except string
}

// dimensions are those whose resources the model knows, by namespace and name. The pages are the "metrics and dimensions"
// pages of each service, reached from
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
var dimensions = map[string]dimension{
	"AWS/ApplicationELB LoadBalancer":       {types: []string{balancerType}, by: "arnSuffix"},
	"AWS/NetworkELB LoadBalancer":           {types: []string{balancerType}, by: "arnSuffix"},
	"AWS/ApplicationELB TargetGroup":        {types: []string{targetsType}, by: "arnSuffix"},
	"AWS/NetworkELB TargetGroup":            {types: []string{targetsType}, by: "arnSuffix"},
	"AWS/AutoScaling AutoScalingGroupName":  {types: []string{groupType}, by: "name"},
	"AWS/EC2 AutoScalingGroupName":          {types: []string{groupType}, by: "name"},
	"CWAgent AutoScalingGroupName":          {types: []string{groupType}, by: "name"},
	"AWS/NATGateway NatGatewayId":           {types: []string{"aws:ec2/natGateway:NatGateway"}, by: "id"},
	"AWS/SNS TopicName":                     {types: []string{topicType}, by: "name"},
	"AWS/SQS QueueName":                     {types: []string{queueType}, by: "name"},
	"AWS/Lambda FunctionName":               {types: []string{functionType}, by: "name"},
	"AWS/Events RuleName":                   {types: []string{ruleType}, by: "name"},
	"AWS/Scheduler ScheduleGroup":           {types: []string{scheduleGroupType}, by: "name", except: "default"},
	"AWS/Logs LogGroupName":                 {types: []string{"aws:cloudwatch/logGroup:LogGroup"}, by: "name"},
	"AWS/CertificateManager CertificateArn": {types: []string{certificateType}, by: "arn"},
	"AWS/CloudFront DistributionId":         {types: []string{distributionType}, by: "id", global: true},
	"AWS/Route53 HealthCheckId":             {types: []string{healthCheckType}, by: "id", global: true},
}

// metricsExist demands that the metrics an alarm reads are published by something: otherwise it stays in
// INSUFFICIENT_DATA, or with missing data as "not breaching" in OK, for ever.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
func metricsExist(c *Call) error {
	metrics := append(c.Objects("metricQueries.metric"), c.Props)
	var problems []error
	for _, metric := range metrics {
		namespace := metric.Text("namespace")
		problems = append(problems, metricPublished(c, metric))
		if namespace == "AWS/CloudFront" && metric.Text("dimensions.Region") != "Global" {
			problems = append(problems, c.silent("dimensions", "metrics of CloudFront have the dimension Region with the value Global"))
		}
		for _, name := range metric.Keys("dimensions") {
			problems = append(problems, dimensionExists(c, namespace, name, metric.Text("dimensions."+name)))
		}
	}
	return errors.Join(problems...)
}

func dimensionExists(c *Call, namespace, name, value string) error {
	d, known := dimensions[namespace+" "+name]
	if !known || value == "" || value == d.except && d.except != "" {
		return nil
	}
	if d.global && c.Region != "us-east-1" {
		return c.silent("dimensions", "%s publishes its metrics in us-east-1, and the alarm is in %s", namespace, c.Region)
	}
	for _, typ := range d.types {
		for _, r := range c.All(typ) {
			if handle(r, d.by) == value {
				return nil
			}
		}
	}
	return c.silent("dimensions", "the alarm stays in INSUFFICIENT_DATA: nothing in account %s and region %s publishes %s with %s %q",
		c.Account, c.Region, namespace, name, value)
}

var compositeAlarm = Row{
	Type:     compositeType,
	Noun:     "composite alarm",
	Doc:      compositeDoc,
	ID:       named("{alarmName}", "alarmName"),
	ARN:      Format("arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarmName}"),
	Defaults: map[string]any{"actionsEnabled": true},
	Required: []string{"alarmName", "alarmRule"},
	Replace:  []string{"alarmName", "actionsEnabled"},
	Taggable: true,
	Refs: append(actionRefs(), Ref{Path: "actionsSuppressor.alarm", To: []string{alarmType, compositeType},
		By: []string{"id", "arn"}, Code: "ValidationError"}),
	Unique: []Unique{{Paths: []string{"alarmName"}, Code: "ResourceConflict"}},
	Limits: []Limit{
		{"alarmName", Length(1, 255), compositeDoc},
		{"alarmDescription", Length(0, 1024), compositeDoc},
		{"alarmRule", Length(1, 10240), compositeDoc},
		{"alarmActions", Items(0, 5), compositeDoc},
		{"okActions", Items(0, 5), compositeDoc},
		{"insufficientDataActions", Items(0, 5), compositeDoc},
	},
	Check:     func(c *Call) error { return errors.Join(compositeRule(c), actionsHere(c)) },
	Idle:      idleWhen(actionsReach),
	NotFound:  "ResourceNotFound",
	Durations: immediate,
}

// ruleTerm is one term of a composite alarm's rule: ALARM("name"), OK(name), INSUFFICIENT_DATA('arn').
var ruleTerm = regexp.MustCompile(`\b(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*("[^"]*"|'[^']*'|[^()\s]+)\s*\)`)

// ruleRest is what may remain of a rule when its terms are gone.
var ruleRest = regexp.MustCompile(`^(\s|\(|\)|\bAND\b|\bOR\b|\bNOT\b|\bTRUE\b|\bFALSE\b|\bAT_LEAST\b.*|#)*$`)

// compositeRule demands alarms that exist, at most 100 of them, and balanced parentheses.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
func compositeRule(c *Call) error {
	rule := c.Text("alarmRule")
	if !c.Known("alarmRule") || rule == "" {
		return nil
	}
	terms := ruleTerm.FindAllStringSubmatch(rule, -1)
	rest := ruleTerm.ReplaceAllString(rule, "#")
	if strings.Count(rule, "(") != strings.Count(rule, ")") || !ruleRest.MatchString(rest) {
		return c.RejectAt("alarmRule", "ValidationError", "AlarmRule is not a valid rule expression: %s", rule)
	}
	if len(terms) > 100 {
		return c.RejectAt("alarmRule", "ValidationError", "AlarmRule names %d alarms, at most 100 are allowed", len(terms))
	}
	for _, term := range terms {
		name := strings.Trim(term[2], `"'`)
		if name == c.Text("alarmName") {
			return c.RejectAt("alarmRule", "ValidationError", "AlarmRule must not reference the alarm itself: %s", name)
		}
		if !c.Preview && c.Find(alarmType, name) == nil && c.composite(name) == nil {
			return c.RejectAt("alarmRule", "ValidationError", "AlarmRule refers to alarms that do not exist: %s", name)
		}
	}
	return nil
}

func (c *Call) composite(name string) *Resource { return c.Find(compositeType, name) }

var dashboard = Row{
	Type:     "aws:cloudwatch/dashboard:Dashboard",
	Noun:     "dashboard",
	Doc:      "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
	ID:       named("{dashboardName}", "dashboardName"),
	Computed: map[string]Compute{"dashboardArn": Format("arn:{partition}:cloudwatch::{account}:dashboard/{dashboardName}")},
	Required: []string{"dashboardName", "dashboardBody"},
	Replace:  []string{"dashboardName"},
	Unique:   []Unique{{Paths: []string{"dashboardName"}, Scope: InAccount, Code: "ResourceConflict"}},
	Limits: []Limit{
		{"dashboardName", Matches(`^[A-Za-z0-9_-]{1,255}$`, "1 to 255 letters, digits, hyphens and underscores"),
			"https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html"},
	},
	Check:     dashboardBody,
	Durations: immediate,
}

// widget is what a dashboard says about one of its parts.
type widget struct {
	Type                string
	X, Y, Width, Height *int
	Properties          struct {
		Metrics  [][]any
		Region   string
		Markdown string
		Alarms   []string
		Query    string
	}
}

// dashboardBody checks the structure that PutDashboard reports as DashboardInvalidInputError: at most 500 widgets of known
// types on a grid 24 units wide, each with what its type needs.
func dashboardBody(c *Call) error {
	if !c.Known("dashboardBody") {
		return nil
	}
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(c.Text("dashboardBody")), &body); err != nil {
		return c.RejectAt("dashboardBody", "InvalidParameterInput", "The field DashboardBody must be a valid JSON object: %v", err)
	}
	if len(body.Widgets) > 500 {
		return c.RejectAt("dashboardBody", "InvalidParameterInput", "a dashboard has at most 500 widgets, this one has %d", len(body.Widgets))
	}
	var problems []error
	for i, w := range body.Widgets {
		for _, problem := range w.problems() {
			problems = append(problems, c.RejectAt("dashboardBody", "InvalidParameterInput",
				"The dashboard body is invalid, there are validation errors: /widgets/%d: %s", i, problem))
		}
	}
	return errors.Join(problems...)
}

func (w widget) problems() []string {
	var out []string
	switch w.Type {
	case "metric":
		if w.Properties.Region == "" {
			out = append(out, "properties: should have required property 'region'")
		}
		out = append(out, w.metricProblems()...)
	case "log":
		if w.Properties.Query == "" {
			out = append(out, "properties: should have required property 'query'")
		}
	case "alarm":
		if n := len(w.Properties.Alarms); n < 1 || n > 100 {
			out = append(out, fmt.Sprintf("properties/alarms: must have 1 to 100 elements, has %d", n))
		}
	case "text":
		if w.Properties.Markdown == "" {
			out = append(out, "properties: should have required property 'markdown'")
		}
	case "explorer", "custom":
	default:
		out = append(out, fmt.Sprintf("type %q should be equal to one of the allowed values", w.Type))
	}
	return append(out, w.place()...)
}

// metricProblems: the metrics of a widget are lists of namespace, name and pairs of dimensions, with options at the end.
func (w widget) metricProblems() []string {
	var out []string
	for i, metric := range w.Properties.Metrics {
		plain := metric
		if n := len(metric); n > 0 {
			if _, options := metric[n-1].(map[string]any); options {
				plain = metric[:n-1]
			}
		}
		if len(plain) != 0 && len(plain)%2 != 0 {
			out = append(out, fmt.Sprintf("properties/metrics/%d: should be namespace, name and pairs of dimension name and value", i))
		}
	}
	return out
}

func (w widget) place() []string {
	var out []string
	within := func(name string, value *int, low, high int) {
		if value != nil && (*value < low || *value > high) {
			out = append(out, fmt.Sprintf("%s should be from %d to %d, is %d", name, low, high, *value))
		}
	}
	within("x", w.X, 0, 23)
	within("width", w.Width, 1, 24)
	within("height", w.Height, 1, 1000)
	if w.X != nil && w.Width != nil && *w.X+*w.Width > 24 {
		out = append(out, fmt.Sprintf("x + width is %d, the grid is 24 wide", *w.X+*w.Width))
	}
	if (w.X == nil) != (w.Y == nil) {
		out = append(out, "x and y must be given together")
	}
	return out
}
