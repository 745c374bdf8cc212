// Package fleet is the HashFleet: one server executable on an Auto Scaling group behind a load balancer and, by default,
// CloudFront. It guarantees that the minimum carries the stated peak after losing a zone, that only the artifact with the
// stated digest is started, and that a version that trips its alarms is stopped and taken back. It refuses sizes, subnets,
// instance types and rollouts that break that, and a fleet without alarms unless the reason is given.
//
// The zonal shift of the load balancer is on. That of the Auto Scaling group itself (AvailabilityZoneImpairmentPolicy) is
// not in version 6 of the AWS provider and is not imitated here; docs/runbooks/hash-fleet.md says what to do by hand.
package fleet

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/posture"
)

// Token is the component's type.
const Token = "holdfast:index:HashFleet"

// kind names the component in errors and in its posture.
const kind = "HashFleet"

// HashFleet is a fleet of equal servers.
type HashFleet struct {
	pulumi.ResourceState

	// URL is where clients go.
	URL pulumi.StringOutput
	// GroupName is the Auto Scaling group's name, for instance refresh and Session Manager by tag.
	GroupName pulumi.StringOutput
	// LoadBalancerSuffix and TargetGroupSuffix are the dimensions of their metrics.
	LoadBalancerSuffix pulumi.StringOutput
	TargetGroupSuffix  pulumi.StringOutput
	// RoleName is the instances' role, to grant them more.
	RoleName pulumi.StringOutput
	// InstanceSecurityGroupID is the servers' group, to let them in elsewhere.
	InstanceSecurityGroupID pulumi.StringOutput
	// LoadBalancerSecurityGroupID is the load balancer's; empty where groups were brought.
	LoadBalancerSecurityGroupID pulumi.StringOutput
	// LogBucket holds access and connection logs, and is empty where the load balancer was brought; LogGroup the servers' own.
	LogBucket pulumi.StringOutput
	LogGroup  pulumi.StringOutput
	// DeadLetterQueueURL is the queue of events that were not delivered.
	DeadLetterQueueURL pulumi.StringOutput
	// TemplateVersion is the launch template's newest version: what is deployed.
	TemplateVersion pulumi.IntOutput
	// ArtifactSHA256 is the digest every server in service was checked against before it was started.
	ArtifactSHA256 pulumi.StringOutput
	// DistributionID is CloudFront's; empty without it.
	DistributionID pulumi.StringOutput

	// The children that a consumer may need to refer to. LoadBalancer is nil where one was brought.
	Group          *autoscaling.Group
	LaunchTemplate *ec2.LaunchTemplate
	LoadBalancer   *lb.LoadBalancer
	TargetGroup    *lb.TargetGroup
	Distribution   *cloudfront.Distribution

	posture posture.Posture
	widgets []alarms.Widget
	sets    []*alarms.Set
}

// NewHashFleet makes a fleet. All problems of the arguments are returned together, before anything is registered.
func NewHashFleet(ctx *pulumi.Context, name string, args *HashFleetArgs, opts ...pulumi.ResourceOption) (*HashFleet, error) {
	p, err := newPlan(name, args)
	if err != nil {
		return nil, component.Fail(kind, name, err)
	}
	f := &HashFleet{}
	kids, err := component.Register(ctx, Token, name, p.intent(), f, p.args.Tags, opts...)
	if err != nil {
		return nil, component.Fail(kind, name, err)
	}
	b := &builder{ctx: ctx, plan: p, kids: kids, transform: p.args.Transform, fleet: f}
	if err := b.build(); err != nil {
		return nil, component.Fail(kind, name, err)
	}
	f.posture = p.posture(name, f.sets)
	return f, ctx.RegisterResourceOutputs(f, f.outputs())
}

// builder makes the children, one method per concern. What one concern makes for another is a field.
type builder struct {
	ctx       *pulumi.Context
	plan      *plan
	kids      component.Children
	transform HashFleetTransform
	fleet     *HashFleet
	made
}

// build runs the concerns in the order in which they need each other.
func (b *builder) build() error {
	for _, concern := range []func() error{
		b.createLinkedRole, b.createKey, b.createLogGroup, b.createDeadLetters, b.createLogBucket, b.createRole, b.createSecurityGroups,
		b.createLoadBalancer, b.createLaunchTemplate, b.createAlarms, b.createGroup, b.createScaling,
		b.createGroupAlarms, b.createNotices, b.createRollback, b.openDeadLetters, b.createDistribution, b.createNames,
	} {
		if err := concern(); err != nil {
			return err
		}
	}
	b.makeWidgets()
	b.output()
	return nil
}

// Posture is what the fleet promises.
func (f *HashFleet) Posture() posture.Posture { return f.posture }

// Widgets are the fleet's graphs for a dashboard.
func (f *HashFleet) Widgets() []alarms.Widget { return slices.Clone(f.widgets) }

// Alarms are the fleet's alarms: those in its region, and those of CloudFront where there is one.
func (f *HashFleet) Alarms() []*alarms.Set { return slices.Clone(f.sets) }

func (f *HashFleet) outputs() pulumi.Map {
	return pulumi.Map{
		"url":                         f.URL,
		"groupName":                   f.GroupName,
		"loadBalancerSuffix":          f.LoadBalancerSuffix,
		"targetGroupSuffix":           f.TargetGroupSuffix,
		"roleName":                    f.RoleName,
		"instanceSecurityGroupId":     f.InstanceSecurityGroupID,
		"loadBalancerSecurityGroupId": f.LoadBalancerSecurityGroupID,
		"logBucket":                   f.LogBucket,
		"logGroup":                    f.LogGroup,
		"deadLetterQueueUrl":          f.DeadLetterQueueURL,
		"templateVersion":             f.TemplateVersion,
		"artifactSha256":              f.ArtifactSHA256,
		"distributionId":              f.DistributionID,
	}
}

// intent is what state records of the promise, for policies to hold against the resources.
func (p *plan) intent() pulumi.Map {
	a := p.args
	return pulumi.Map{
		"workload":              pulumi.String(a.Workload),
		"zones":                 pulumi.ToStringArray(p.zones),
		"disposable":            pulumi.Bool(a.Disposable),
		"peakRequestsPerSecond": pulumi.Float64(a.Load.PeakRequestsPerSecond),
		"serviceTimeSeconds":    pulumi.Float64(a.Load.ServiceTime.Seconds()),
		"concurrencyPerServer":  pulumi.Int(a.Load.ConcurrencyPerServer),
		"headroom":              pulumi.Float64(a.Sizing.Headroom),
		"minimum":               pulumi.Int(p.sizes.Minimum),
		"maximum":               pulumi.Int(p.sizes.Maximum),
		"zoneLossOutage":        pulumi.String(a.Sizing.AcceptZoneLossOutage),
		"alarmsOff":             pulumi.String(a.AlarmsOff),
		"cdnOff":                pulumi.String(a.CDN.Off),
		"artifactSha256":        pulumi.String(a.Artifact.SHA256),
	}
}
