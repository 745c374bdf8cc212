package fleet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// groupMetrics are all of the group's, and those of a warm pool where there is one.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html
func (p *plan) groupMetrics() []string {
	metrics := []string{
		"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
		"GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
		"GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
	}
	if p.args.Instances.WarmPool == nil {
		return metrics
	}
	return append(metrics, "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
		"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity")
}

// createGroup makes the group. The desired capacity is scaling's, not the program's: it is never set, and never drift.
func (b *builder) createGroup() error {
	p := b.plan
	args := &autoscaling.GroupArgs{
		MinSize: pulumi.Int(p.sizes.Minimum), MaxSize: pulumi.Int(p.sizes.Maximum),
		VpcZoneIdentifiers: b.readySubnets(), TargetGroupArns: pulumi.StringArray{b.fleet.TargetGroup.Arn},
		HealthCheckType: pulumi.String("ELB"), HealthCheckGracePeriod: pulumi.Int(healthGrace),
		DefaultInstanceWarmup: pulumi.Int(int(p.sizing.Tracking.InstanceWarmup.Seconds())),
		EnabledMetrics:        pulumi.ToStringArray(p.groupMetrics()), MetricsGranularity: pulumi.String("1Minute"),
		TerminationPolicies:   pulumi.ToStringArray(p.args.Instances.TerminationPolicies),
		MaxInstanceLifetime:   pulumi.Int(int(p.args.Instances.MaxLifetime.Seconds())),
		CapacityRebalance:     pulumi.Bool(p.spot()),
		InitialLifecycleHooks: initialHooks(p.hooks()),
		AvailabilityZoneDistribution: &autoscaling.GroupAvailabilityZoneDistributionArgs{
			CapacityDistributionStrategy: pulumi.String(p.args.Instances.ZonalDistribution),
		},
		InstanceMaintenancePolicy: &autoscaling.GroupInstanceMaintenancePolicyArgs{
			MinHealthyPercentage: pulumi.Int(p.args.Rollout.MinHealthyPercent), MaxHealthyPercentage: pulumi.Int(p.args.Rollout.MaxHealthyPercent),
		},
		InstanceRefresh: b.refresh(),
		// The deployment waits until so many servers are healthy behind the load balancer.
		MinElbCapacity: pulumi.Int(p.sizes.Minimum), WaitForCapacityTimeout: pulumi.String("20m"),
		ForceDelete: pulumi.Bool(p.args.Disposable),
		Tags:        b.groupTags(),
	}
	if b.linkedRole != nil {
		args.ServiceLinkedRoleArn = b.linkedRole.Arn
	}
	b.template(args)
	b.warmPool(args)
	b.instanceOptions(args)
	made, err := component.New(b.ctx, b.kids, "Auto Scaling group", b.kids.Child("group"), args, b.transform.Group, autoscaling.NewGroup,
		pulumi.IgnoreChanges([]string{"desiredCapacity"}), pulumi.DependsOn(b.before()))
	if err != nil {
		return err
	}
	b.fleet.Group = made
	return b.createHooks()
}

// before is what the first server needs although no argument of the group names it: its permissions, its way out, and a
// listener, without which the target group is not in use and no server becomes healthy.
func (b *builder) before() []pulumi.Resource {
	return append([]pulumi.Resource{b.rolePolicy, b.listener}, b.egressRules...)
}

// template pins the group to one numbered version: of the fleet's type, or of several types.
func (b *builder) template(args *autoscaling.GroupArgs) {
	mixed := b.plan.args.Instances.Mixed
	if mixed == nil {
		args.LaunchTemplate = &autoscaling.GroupLaunchTemplateArgs{Id: b.fleet.LaunchTemplate.ID().ToStringOutput(), Version: b.version()}
		return
	}
	args.MixedInstancesPolicy = &autoscaling.GroupMixedInstancesPolicyArgs{
		InstancesDistribution: b.plan.distribution(),
		LaunchTemplate: &autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs{
			LaunchTemplateSpecification: &autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs{
				LaunchTemplateId: b.fleet.LaunchTemplate.ID().ToStringOutput(), Version: b.version(),
			},
			Overrides: mixed.overrides(),
		},
	}
}

// distribution keeps the promised minimum on demand, so that a Spot interruption cannot break it.
func (p *plan) distribution() *autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs {
	base, above := p.onDemand()
	return &autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs{
		OnDemandAllocationStrategy: pulumi.String(onDemandStrategy), OnDemandBaseCapacity: pulumi.Int(base),
		OnDemandPercentageAboveBaseCapacity: pulumi.Int(above), SpotAllocationStrategy: pulumi.String(spotStrategy),
	}
}

// How instances are chosen among the types: types given by name have no order of preference, and attributes allow nothing
// else on demand. https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html
const (
	onDemandStrategy = "lowest-price"
	spotStrategy     = "price-capacity-optimized"
)

// onDemand is how many servers are on demand before any is Spot, and the on-demand share above that in percent.
func (p *plan) onDemand() (base, above int) {
	m := p.args.Instances.Mixed
	base, above = p.sizes.Minimum, 100
	if m.OnDemandBase != nil {
		base = *m.OnDemandBase
	}
	if m.OnDemandPercentAbove != nil {
		above = *m.OnDemandPercentAbove
	}
	return base, above
}

func (m *Mixed) overrides() autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArray {
	if m.Attributes != nil {
		return autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArray{&autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs{
			InstanceRequirements: m.Attributes.requirements(),
		}}
	}
	var overrides autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArray
	for _, name := range slices.Sorted(maps.Keys(m.Types)) {
		overrides = append(overrides, &autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs{
			InstanceType: pulumi.String(name), WeightedCapacity: pulumi.String(fmt.Sprint(m.Types[name])),
		})
	}
	return overrides
}

// requirements name Intel and AMD, because the executable is for x86-64.
func (a *Attributes) requirements() *autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsArgs {
	return &autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsArgs{
		CpuManufacturers: pulumi.ToStringArray([]string{"intel", "amd"}), InstanceGenerations: pulumi.ToStringArray([]string{"current"}),
		BurstablePerformance: pulumi.String("excluded"), BareMetal: pulumi.String("excluded"),
		VcpuCount: &autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsVcpuCountArgs{
			Min: pulumi.Int(a.MinVCPU), Max: pulumi.Int(a.MaxVCPU),
		},
		MemoryMib: &autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideInstanceRequirementsMemoryMibArgs{Min: pulumi.Int(a.MinMemoryMiB)},
	}
}

func (b *builder) warmPool(args *autoscaling.GroupArgs) {
	pool := b.plan.args.Instances.WarmPool
	if pool == nil {
		return
	}
	args.WarmPool = &autoscaling.GroupWarmPoolArgs{
		MinSize: pulumi.Int(pool.MinSize), PoolState: pulumi.String(pool.State),
		InstanceReusePolicy: &autoscaling.GroupWarmPoolInstanceReusePolicyArgs{ReuseOnScaleIn: pulumi.Bool(*pool.Reuse)},
	}
}

// groupTags are also put on instances, except the name, which the launch template gives.
func (b *builder) groupTags() autoscaling.GroupTagArray {
	var tags autoscaling.GroupTagArray
	for _, pair := range b.kids.TagPairs(b.kids.Child("group")) {
		tags = append(tags, &autoscaling.GroupTagArgs{
			Key: pulumi.String(pair[0]), Value: pulumi.String(pair[1]), PropagateAtLaunch: pulumi.Bool(pair[0] != "Name"),
		})
	}
	return tags
}

// hook is one lifecycle hook.
type hook struct {
	name, physical, transition, result string
	seconds                            int
}

// hooks: a launch that does not report success is abandoned and replaced; a leaving instance has drained by the time its
// own wait begins, and goes even when it is too broken to answer.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
func (p *plan) hooks() []hook {
	return []hook{
		{launchHook, p.hookName(launchHook), "autoscaling:EC2_INSTANCE_LAUNCHING", "ABANDON", launchWait},
		{terminateHook, p.hookName(terminateHook), "autoscaling:EC2_INSTANCE_TERMINATING", "CONTINUE", p.terminateWait()},
	}
}

func initialHooks(hooks []hook) autoscaling.GroupInitialLifecycleHookArray {
	var out autoscaling.GroupInitialLifecycleHookArray
	for _, h := range hooks {
		out = append(out, &autoscaling.GroupInitialLifecycleHookArgs{
			Name: pulumi.String(h.physical), LifecycleTransition: pulumi.String(h.transition),
			DefaultResult: pulumi.String(h.result), HeartbeatTimeout: pulumi.Int(h.seconds),
		})
	}
	return out
}

// createHooks makes the same hooks as resources: the group's own list holds at its creation only, before the first
// instance; later changes reach AWS through these.
func (b *builder) createHooks() error {
	for _, h := range b.plan.hooks() {
		_, err := component.New(b.ctx, b.kids, h.name+" hook", b.kids.Child("hook", h.name), &autoscaling.LifecycleHookArgs{
			Name: pulumi.String(h.physical), AutoscalingGroupName: b.fleet.Group.Name, LifecycleTransition: pulumi.String(h.transition),
			DefaultResult: pulumi.String(h.result), HeartbeatTimeout: pulumi.Int(h.seconds),
		}, b.transform.LifecycleHook, autoscaling.NewLifecycleHook)
		if err != nil {
			return err
		}
	}
	return nil
}

// refresh replaces the servers when the template's version changes, a share at a time, and stops as soon as one of the
// rollback alarms fires. AutoRollback is off on purpose: the provider writes the new version into the group before it
// starts the refresh, so AWS's own rollback would go to the broken version. What takes its place is in rollback.go;
// docs/decisions/0012-rollback.md.
func (b *builder) refresh() *autoscaling.GroupInstanceRefreshArgs {
	p, r := b.plan, b.plan.args.Rollout
	preferences := &autoscaling.GroupInstanceRefreshPreferencesArgs{
		MinHealthyPercentage: pulumi.Int(r.MinHealthyPercent), MaxHealthyPercentage: pulumi.Int(r.MaxHealthyPercent),
		InstanceWarmup:        pulumi.String(fmt.Sprint(int(p.sizing.Tracking.InstanceWarmup.Seconds()))),
		CheckpointPercentages: pulumi.ToIntArray(r.Checkpoints),
		CheckpointDelay:       pulumi.String(fmt.Sprint(int(r.BakeTime.Seconds()))),
		SkipMatching:          pulumi.Bool(true), AutoRollback: pulumi.Bool(false),
		ScaleInProtectedInstances: pulumi.String("Wait"), StandbyInstances: pulumi.String("Wait"),
	}
	if p.args.Instances.ScaleInProtection {
		preferences.ScaleInProtectedInstances = pulumi.String(replaceProtected)
	}
	if p.alarmed() {
		preferences.AlarmSpecification = &autoscaling.GroupInstanceRefreshPreferencesAlarmSpecificationArgs{Alarms: b.rollbackAlarms()}
	}
	return &autoscaling.GroupInstanceRefreshArgs{Strategy: pulumi.String("Rolling"), Preferences: preferences}
}

// rollbackAlarms are the names of the tightened alarms, in a stable order.
func (b *builder) rollbackAlarms() pulumi.StringArray {
	var out pulumi.StringArray
	for _, set := range b.rollback {
		names := set.Names()
		for _, key := range slices.Sorted(maps.Keys(names)) {
			out = append(out, names[key])
		}
	}
	return out
}
