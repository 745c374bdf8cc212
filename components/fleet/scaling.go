package fleet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// createScaling makes the policies. Requests per target follow the server's concurrency limit through its service time
// (Little's law): the load balancer counts requests per target, and has no count of connections per target that a policy
// could hold. CPU guards against keys that are dearer than measured.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
func (b *builder) createScaling() error {
	for _, part := range []func() error{b.requestsPolicy, b.cpuPolicy, b.trackingPolicies, b.predictivePolicy, b.stepPolicy, b.schedules} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// requestsLabel names the target group behind the load balancer, as the predefined metrics want it.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html
func (b *builder) requestsLabel() pulumi.StringOutput {
	return pulumi.Sprintf("%s/%s", b.front.suffix, b.fleet.TargetGroup.ArnSuffix)
}

func (b *builder) policy(part string, args *autoscaling.PolicyArgs) (*autoscaling.Policy, error) {
	args.AutoscalingGroupName = b.fleet.Group.Name
	return component.New(b.ctx, b.kids, part+" policy", b.kids.Child("scale", part), args, b.transform.ScalingPolicy, autoscaling.NewPolicy)
}

func (b *builder) requestsPolicy() error {
	_, err := b.policy("requests", &autoscaling.PolicyArgs{
		PolicyType: pulumi.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &autoscaling.PolicyTargetTrackingConfigurationArgs{
			TargetValue: pulumi.Float64(b.plan.sizing.Tracking.RequestsPerTargetPerMinute),
			PredefinedMetricSpecification: &autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs{
				PredefinedMetricType: pulumi.String("ALBRequestCountPerTarget"), ResourceLabel: b.requestsLabel(),
			},
		},
		// The label names the target group only once it hangs on the load balancer.
	})
	return err
}

func (b *builder) cpuPolicy() error {
	_, err := b.policy("cpu", &autoscaling.PolicyArgs{
		PolicyType: pulumi.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &autoscaling.PolicyTargetTrackingConfigurationArgs{
			TargetValue: pulumi.Float64(b.plan.sizing.Tracking.CPUPercent),
			PredefinedMetricSpecification: &autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs{
				PredefinedMetricType: pulumi.String("ASGAverageCPUUtilization"),
			},
		},
	})
	return err
}

// predictivePolicy forecasts only, until it is told to act; a forecast never exceeds the maximum.
func (b *builder) predictivePolicy() error {
	predictive := b.plan.args.Scaling.Predictive
	if predictive == nil {
		return nil
	}
	mode := "ForecastOnly"
	if predictive.Act {
		mode = "ForecastAndScale"
	}
	_, err := b.policy("forecast", &autoscaling.PolicyArgs{
		PolicyType: pulumi.String("PredictiveScaling"),
		PredictiveScalingConfiguration: &autoscaling.PolicyPredictiveScalingConfigurationArgs{
			Mode: pulumi.String(mode), MaxCapacityBreachBehavior: pulumi.String("HonorMaxCapacity"),
			SchedulingBufferTime: pulumi.String(fmt.Sprint(int(predictive.Buffer.Seconds()))),
			MetricSpecification: &autoscaling.PolicyPredictiveScalingConfigurationMetricSpecificationArgs{
				TargetValue: pulumi.Float64(b.plan.sizing.Tracking.RequestsPerTargetPerMinute),
				PredefinedMetricPairSpecification: &autoscaling.PolicyPredictiveScalingConfigurationMetricSpecificationPredefinedMetricPairSpecificationArgs{
					PredefinedMetricType: pulumi.String("ALBRequestCount"), ResourceLabel: b.requestsLabel(),
				},
			},
		},
	})
	return err
}

// step is one range of a step policy: from so far above the alarm's threshold, so many percent of the group.
type step struct {
	from, to float64 // to is 0 for the last, which has no end
	percent  int
}

// steps are bounds relative to the alarm's threshold, the lowest key.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
func (p *plan) steps() (threshold float64, out []step) {
	at := slices.Sorted(maps.Keys(p.args.Scaling.Steps.AtPercentOfTarget))
	target := p.sizing.Tracking.RequestsPerTargetPerMinute
	bound := func(percent int) float64 { return target * float64(percent-at[0]) / 100 }
	for i, percent := range at {
		s := step{from: bound(percent), percent: p.args.Scaling.Steps.AtPercentOfTarget[percent]}
		if i+1 < len(at) {
			s.to = bound(at[i+1])
		}
		out = append(out, s)
	}
	return target * float64(at[0]) / 100, out
}

func (b *builder) stepPolicy() error {
	if b.plan.args.Scaling.Steps == nil {
		return nil
	}
	threshold, steps := b.plan.steps()
	var adjustments autoscaling.PolicyStepAdjustmentArray
	for _, s := range steps {
		adjustment := &autoscaling.PolicyStepAdjustmentArgs{
			MetricIntervalLowerBound: pulumi.String(fmt.Sprint(s.from)), ScalingAdjustment: pulumi.Int(s.percent),
		}
		if s.to > 0 {
			adjustment.MetricIntervalUpperBound = pulumi.String(fmt.Sprint(s.to))
		}
		adjustments = append(adjustments, adjustment)
	}
	made, err := b.policy("steps", &autoscaling.PolicyArgs{
		PolicyType: pulumi.String("StepScaling"), AdjustmentType: pulumi.String("PercentChangeInCapacity"),
		MinAdjustmentMagnitude: pulumi.Int(1), MetricAggregationType: pulumi.String("Average"), StepAdjustments: adjustments,
		EstimatedInstanceWarmup: pulumi.Int(int(b.plan.sizing.Tracking.InstanceWarmup.Seconds())),
	})
	if err != nil {
		return err
	}
	return b.createStepAlarm(made.Arn, threshold)
}

func (b *builder) schedules() error {
	for _, name := range slices.Sorted(maps.Keys(b.plan.args.Scaling.Scheduled)) {
		s := b.plan.args.Scaling.Scheduled[name]
		_, err := component.New(b.ctx, b.kids, "schedule "+name, b.kids.Child("schedule", name), &autoscaling.ScheduleArgs{
			ScheduledActionName: pulumi.String(b.kids.Child(name)), AutoscalingGroupName: b.fleet.Group.Name,
			Recurrence: pulumi.String(s.Recurrence), TimeZone: pulumi.String(s.TimeZone),
			MinSize: pulumi.Int(s.Minimum), MaxSize: pulumi.Int(s.Maximum),
			// -1 leaves the desired capacity to the scaling policies, within the new bounds.
			DesiredCapacity: pulumi.Int(-1),
		}, b.transform.Schedule, autoscaling.NewSchedule)
		if err != nil {
			return err
		}
	}
	return nil
}
