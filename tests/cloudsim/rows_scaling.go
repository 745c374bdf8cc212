package cloudsim

import (
	"errors"
	"slices"
	"strings"
)

func init() { register(scalingPolicy) }

var scalingPolicy = Row{
	Type:     scalingType,
	Noun:     "scaling policy",
	Doc:      scalingDoc,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:autoscaling:{region}:{account}:scalingPolicy:{uuid}:autoScalingGroupName/{autoscalingGroupName}:policyName/{name}"),
	AutoName: &AutoName{Max: 255},
	Defaults: map[string]any{"policyType": "SimpleScaling", "enabled": true},
	Computed: map[string]Compute{"metricAggregationType": func(c *Call) any {
		if c.Text("policyType") == "StepScaling" {
			return "Average"
		}
		return nil
	}},
	Required: []string{"autoscalingGroupName"},
	Replace:  []string{"name", "autoscalingGroupName"},
	Refs:     []Ref{{Path: "autoscalingGroupName", To: []string{groupType}, Weak: true, Code: "ValidationError"}},
	Unique:   []Unique{{Paths: []string{"autoscalingGroupName", "name"}, Code: "AlreadyExists"}},
	Limits: []Limit{
		{"name", Length(1, 255), scalingDoc},
		{"policyType", OneOf("SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"), scalingDoc},
		{"adjustmentType", OneOf("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"), scalingDoc},
		{"metricAggregationType", OneOf("Minimum", "Maximum", "Average"), scalingDoc},
		{tracked + ".predefinedMetricSpecification.predefinedMetricType",
			OneOf("ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut", "ALBRequestCountPerTarget"),
			"https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html"},
		{tracked + ".customizedMetricSpecification.metrics.id", Matches(`^[a-z][A-Za-z0-9_]{0,63}$`, "1 to 64 letters, digits and underscores that begin with a small letter"), trackedDoc},
		{tracked + ".customizedMetricSpecification.metrics.expression", Length(1, 2047), trackedDoc},
		{tracked + ".customizedMetricSpecification.metrics.metricStat.period", OneOf("10", "30", "60"),
			"https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingMetricStat.html"},
		{predicted + ".mode", OneOf("ForecastOnly", "ForecastAndScale"), predictedDoc},
		{predicted + ".maxCapacityBreachBehavior", OneOf("HonorMaxCapacity", "IncreaseMaxCapacity"), predictedDoc},
		{predicted + ".schedulingBufferTime", Between(0, 3600), predictedDoc},
		{predicted + ".maxCapacityBuffer", Between(0, 100), predictedDoc},
	},
	Check:     checkScaling,
	After:     labelledListeners,
	NotFound:  "ValidationError",
	Durations: immediate,
}

const (
	tracked      = "targetTrackingConfiguration"
	predicted    = "predictiveScalingConfiguration"
	trackedDoc   = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingMetricDataQuery.html"
	predictedDoc = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredictiveScalingConfiguration.html"
)

// scalingFields are the inputs that belong to each type of policy, the required ones first up to the count.
var scalingFields = map[string]struct {
	required, allowed []string
}{
	"SimpleScaling":         {[]string{"adjustmentType", "scalingAdjustment"}, []string{"cooldown", "minAdjustmentMagnitude"}},
	"StepScaling":           {[]string{"adjustmentType", "stepAdjustments"}, []string{"metricAggregationType", "estimatedInstanceWarmup", "minAdjustmentMagnitude"}},
	"TargetTrackingScaling": {[]string{tracked}, []string{"estimatedInstanceWarmup"}},
	"PredictiveScaling":     {[]string{predicted}, nil},
}

// checkScaling: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
func checkScaling(c *Call) error {
	kind := c.Text("policyType")
	own, known := scalingFields[kind]
	if !known {
		return nil
	}
	var problems []error
	for _, path := range own.required {
		if !c.Has(path) {
			problems = append(problems, c.RejectAt(path, "ValidationError", "%s is required for policy type %s", path, kind))
		}
	}
	for other, fields := range scalingFields {
		for _, path := range append(slices.Clone(fields.required), fields.allowed...) {
			if other != kind && c.Has(path) && !slices.Contains(own.required, path) && !slices.Contains(own.allowed, path) {
				problems = append(problems, c.RejectAt(path, "ValidationError", "%s is not supported by policy type %s", path, kind))
			}
		}
	}
	if c.Has("minAdjustmentMagnitude") && c.Text("adjustmentType") != "PercentChangeInCapacity" {
		problems = append(problems, c.RejectAt("minAdjustmentMagnitude", "ValidationError",
			"minAdjustmentMagnitude is supported with adjustment type PercentChangeInCapacity only"))
	}
	return errors.Join(append(problems, trackedMetric(c), trackedMath(c))...)
}

// trackedMetric demands one metric, and a label that names what the group really serves.
func trackedMetric(c *Call) error {
	if !c.Has(tracked) {
		return nil
	}
	const predefined = tracked + ".predefinedMetricSpecification"
	if c.Has(predefined) == c.Has(tracked+".customizedMetricSpecification") {
		return c.RejectAt(tracked, "ValidationError", "exactly one of predefinedMetricSpecification and customizedMetricSpecification must be given")
	}
	labelled := c.Text(predefined+".predefinedMetricType") == "ALBRequestCountPerTarget"
	if labelled != c.Has(predefined+".resourceLabel") && c.Known(predefined) {
		return c.RejectAt(predefined+".resourceLabel", "ValidationError",
			"ResourceLabel is required for ALBRequestCountPerTarget and not supported by any other predefined metric")
	}
	if !labelled || !c.Known(predefined+".resourceLabel") {
		return nil
	}
	return servesLabel(c, predefined+".resourceLabel")
}

// trackedMath demands of metric math in a policy one result, series or expressions, and periods that scaling can follow.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingMetricDataQuery.html
func trackedMath(c *Call) error {
	const path = tracked + ".customizedMetricSpecification"
	queries := c.Objects(path + ".metrics")
	if !c.Has(path) {
		return nil
	}
	if c.Has(path+".metrics") == c.Has(path+".metricName") && c.Known(path) {
		return c.RejectAt(path, "ValidationError", "exactly one of metrics and a metric's name must be given")
	}
	ids, results := map[string]bool{}, 0
	for _, q := range queries {
		id := q.Text("id")
		if ids[id] {
			return c.RejectAt(path, "ValidationError", "the id %q is given twice", id)
		}
		ids[id] = true
		if q.Bool("returnData") || !q.Has("returnData") {
			results++
		}
		if q.Has("expression") == q.Has("metricStat") {
			return c.RejectAt(path, "ValidationError", "the query %q must have exactly one of expression and metricStat", id)
		}
	}
	if results != 1 && len(queries) > 0 && c.Known(path+".metrics.returnData") {
		return c.RejectAt(path, "ValidationError", "exactly one query must return data, %d do", results)
	}
	var problems []error
	for _, q := range queries {
		problems = append(problems, expressionNames(c, q, ids))
	}
	return errors.Join(problems...)
}

func servesLabel(c *Call, path string) error {
	label := c.Text(path)
	parts := labelForm.FindStringSubmatch(label)
	if parts == nil {
		return c.RejectAt(path, "ValidationError",
			"Invalid ResourceLabel: %s: must be app/<load balancer>/<id>/targetgroup/<target group>/<id>", label)
	}
	if c.Preview {
		return nil
	}
	balancer, targets := c.bySuffix(balancerType, parts[1]), c.bySuffix(targetsType, parts[2])
	if balancer == nil || targets == nil {
		return c.RejectAt(path, "ValidationError", "Invalid ResourceLabel: %s: no such load balancer or target group in %s", label, c.Region)
	}
	group := c.Ref("autoscalingGroupName")
	if group != nil && !slices.Contains(c.targetsOf(group), targets.ARN) {
		return c.RejectAt(path, "ValidationError", "The target group %s is not attached to the Auto Scaling group %s", targets.ARN, group.ID)
	}
	if len(c.listenersBetween(balancer.ARN, targets.ARN)) == 0 {
		return c.RejectAt(path, "ValidationError", "The load balancer %s does not route traffic to the target group %s: no listener forwards to it (make the policy depend on the listener)",
			balancer.ARN, targets.ARN)
	}
	return nil
}

func (c *Call) bySuffix(typ, suffix string) *Resource {
	for _, r := range c.All(typ) {
		if r.Out().Text("arnSuffix") == suffix {
			return r
		}
	}
	return nil
}

// listenersBetween are the listeners and rules of a load balancer that forward to a target group.
func (c *Call) listenersBetween(balancerARN, targetsARN string) []*Resource {
	var out []*Resource
	for _, listener := range c.All(listenerType) {
		if listener.Out().Text("loadBalancerArn") == balancerARN && forwardsTo(listener, "defaultActions", targetsARN) {
			out = append(out, listener)
		}
	}
	prefix := strings.Replace(balancerARN, ":loadbalancer/", ":listener/", 1)
	for _, rule := range c.All(listenerRuleType) {
		if strings.HasPrefix(rule.Out().Text("listenerArn"), prefix) && forwardsTo(rule, "actions", targetsARN) {
			out = append(out, rule)
		}
	}
	return out
}

func forwardsTo(r *Resource, actions, targetsARN string) bool {
	all := append(r.Out().Texts(actions+".targetGroupArn"), r.Out().Texts(actions+".forward.targetGroups.arn")...)
	return slices.Contains(all, targetsARN)
}

// labelledListeners: the listener must route to the target group before the policy can be made.
func labelledListeners(c *Call) []*Resource {
	parts := labelForm.FindStringSubmatch(c.Text(tracked + ".predefinedMetricSpecification.resourceLabel"))
	if parts == nil {
		return nil
	}
	balancer, targets := c.bySuffix(balancerType, parts[1]), c.bySuffix(targetsType, parts[2])
	if balancer == nil || targets == nil {
		return nil
	}
	return c.listenersBetween(balancer.ARN, targets.ARN)
}
