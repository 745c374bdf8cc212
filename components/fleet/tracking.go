package fleet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Tracking holds a metric of your choice at its target. It stands beside the two policies that every fleet has: servers are
// added as soon as one policy wants more, and removed only when all of them want fewer, so it cannot starve the others.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
type Tracking struct {
	// Metric makes the metric from what the fleet makes, or from anything else in the fleet's region: one of the
	// constructors of alarms, or alarms.Expression over at most 10 of them. It is called before they are made too, to
	// judge the metric. Its value must fall in proportion as servers are added, or the fleet runs to its maximum; while it
	// has no data, nothing is removed. The period is 60 s, or 10 s or 30 s for a metric of your own at high resolution.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-target-tracking-metric-math.html. Required.
	Metric MetricMaker
	// Target is the value to hold, in the metric's unit, above 0. Required.
	Target float64 `pulumi:"target"`
	// OnlyGrow removes no server on behalf of this metric; the other policies still do. Default: false.
	OnlyGrow bool `pulumi:"onlyGrow"`
}

// MetricMaker makes a metric from the fleet's own parts.
type MetricMaker func(of Measured) alarms.Metric

// Measured are the fleet's own parts, as makers of metrics that know their dimensions.
type Measured struct {
	// Group is the Auto Scaling group, for example for the number of servers in service.
	Group alarms.Group
	// Servers are the instances of the group.
	Servers alarms.Instances
	// Targets is the target group in all zones.
	Targets alarms.TargetGroup
	// Balancer is the load balancer. One that was brought also counts the requests of others.
	Balancer alarms.LoadBalancer
}

// longestExpression is how long metric math in a policy may be.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingMetricDataQuery.html
const longestExpression = 2047

// trackedPeriods are the periods that a tracked series may have, in seconds.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingMetricStat.html
var trackedPeriods = []int{10, 30, 60}

// anything stands for what is not made yet, so that a metric can be judged in the plan.
func anything() Measured {
	some := pulumi.String("anything")
	return Measured{
		Group: alarms.Group{Name: some}, Servers: alarms.Instances{Group: some},
		Targets: alarms.TargetGroup{LoadBalancer: some, Suffix: some}, Balancer: alarms.LoadBalancer{Suffix: some},
	}
}

func (p *plan) validateTracking(problems *fielderror.Errors) {
	for _, name := range slices.Sorted(maps.Keys(p.args.Scaling.Metrics)) {
		t, field := p.args.Scaling.Metrics[name], fmt.Sprintf("Scaling.Metrics[%s]", name)
		problems.Require(mapKeyPattern.MatchString(name), field, name, "lower-case letters, digits and single hyphens", "rename it")
		problems.Require(t.Target > 0, field+".Target", t.Target, "above 0", "give the value that a well-used server has")
		if t.Metric == nil {
			problems.Add(field+".Metric", nil, "a function that makes the metric", "use for example alarms.Expression over of.Targets and of.Group")
			continue
		}
		m := t.Metric(anything())
		m.Check(problems, field+".Metric")
		problems.Require(slices.Contains(trackedPeriods, m.Period()), field+".Metric", fmt.Sprintf("a period of %d s", m.Period()),
			"a period of 10, 30 or 60 seconds", "call Every(60) on it")
		problems.Require(m.Region() == "" || m.Region() == p.args.Region, field+".Metric", m.Region(),
			"a metric of the fleet's region: a policy sees only its own", "use a metric of the load balancer")
		problems.Require(m.Namespace() != "" || len(m.Name()) <= longestExpression, field+".Metric", fmt.Sprintf("%d characters", len(m.Name())),
			fmt.Sprintf("an expression of at most %d characters", longestExpression), "shorten it")
	}
}

// trackingPolicies are the policies on metrics of the caller's.
func (b *builder) trackingPolicies() error {
	name := b.fleet.Group.Name
	of := Measured{
		Group: alarms.Group{Name: name}, Servers: alarms.Instances{Group: name},
		Targets: b.targets(""), Balancer: alarms.LoadBalancer{Suffix: b.front.suffix},
	}
	for _, key := range slices.Sorted(maps.Keys(b.plan.args.Scaling.Metrics)) {
		t := b.plan.args.Scaling.Metrics[key]
		_, err := b.policy("metric-"+key, &autoscaling.PolicyArgs{
			PolicyType: pulumi.String("TargetTrackingScaling"),
			TargetTrackingConfiguration: &autoscaling.PolicyTargetTrackingConfigurationArgs{
				TargetValue: pulumi.Float64(t.Target), DisableScaleIn: pulumi.Bool(t.OnlyGrow),
				CustomizedMetricSpecification: &autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationArgs{
					Metrics: metricQueries(t.Metric(of)),
				},
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// metricQueries are a metric in the words of a scaling policy.
func metricQueries(m alarms.Metric) autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArray {
	var out autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArray
	for _, q := range m.Queries() {
		line := &autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArgs{
			Id: pulumi.String(q.ID), Label: pulumi.String(q.Label), ReturnData: pulumi.Bool(q.Returned), Expression: optionalText(q.Expression),
		}
		if q.Expression == "" {
			line.MetricStat = &autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatArgs{
				Stat: pulumi.String(q.Statistic), Period: pulumi.Int(q.Period), Metric: series(q),
			}
		}
		out = append(out, line)
	}
	return out
}

func series(q alarms.Query) *autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs {
	var dimensions autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArray
	for _, d := range q.Dimensions {
		dimensions = append(dimensions, &autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs{
			Name: pulumi.String(d.Name), Value: d.Value,
		})
	}
	return &autoscaling.PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs{
		Namespace: pulumi.String(q.Namespace), MetricName: pulumi.String(q.Name), Dimensions: dimensions,
	}
}
