package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// groupRule makes a rule for one kind of event of the group.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
func (b *builder) groupRule(part, description, event string) (*cloudwatch.EventRule, error) {
	name := b.kids.Limited(names.Rule, part)
	return component.New(b.ctx, b.kids, part+" rule", name, &cloudwatch.EventRuleArgs{
		Description: pulumi.String(description + ": " + b.kids.Child()),
		EventPattern: pulumi.JSONMarshal(pulumi.Map{
			"source": pulumi.ToStringArray([]string{"aws.autoscaling"}), "detail-type": pulumi.ToStringArray([]string{event}),
			"detail": pulumi.Map{"AutoScalingGroupName": pulumi.StringArray{b.fleet.Group.Name}},
		}),
		Tags: b.kids.Tags(name),
	}, b.transform.EventRule, cloudwatch.NewEventRule)
}

// startOn starts an automation on an event of the group.
func (b *builder) startOn(part, event string, document *ssm.Document, role *awsiam.Role) error {
	rule, err := b.groupRule(part, "Starts the automation", event)
	if err != nil {
		return err
	}
	_, err = component.New(b.ctx, b.kids, part+" target", b.kids.Child(part, "target"), &cloudwatch.EventTargetArgs{
		Rule: rule.Name, Arn: pulumi.Sprintf("%s:$DEFAULT", b.definition(document)), RoleArn: role.Arn,
	}, b.transform.EventTarget, cloudwatch.NewEventTarget)
	return err
}

// notice is an event that a person should know of and that no metric shows.
type notice struct {
	key, event, what, runbook string
	severity                  alarms.Severity
}

func notices() []notice {
	return []notice{
		{"launch-failed", "EC2 Instance Launch Unsuccessful", "A server could not be launched", "launch-failed", alarms.Warning},
		{"rollout-failed", "EC2 Auto Scaling Instance Refresh Failed", "A rollout failed; the fleet goes back to the last good version", "rollout-failed", alarms.Critical},
	}
}

// createNotices sends such events to the topics of the route.
func (b *builder) createNotices() error {
	if !b.plan.alarmed() {
		return nil
	}
	for _, n := range notices() {
		rule, err := b.groupRule(n.key, n.what, n.event)
		if err != nil {
			return err
		}
		_, err = component.New(b.ctx, b.kids, n.key+" target", b.kids.Child(n.key, "target"), &cloudwatch.EventTargetArgs{
			Rule: rule.Name, Arn: b.plan.args.Alarms.Topic(n.severity),
			InputTransformer: &cloudwatch.EventTargetInputTransformerArgs{
				InputPaths:    pulumi.StringMap{"group": pulumi.String("$.detail.AutoScalingGroupName"), "time": pulumi.String("$.time")},
				InputTemplate: pulumi.Sprintf("%q", n.what+" in <group> at <time>. Runbook: "+b.plan.args.Alarms.Runbooks+"/"+runbooks+n.runbook),
			},
		}, b.transform.EventTarget, cloudwatch.NewEventTarget)
		if err != nil {
			return err
		}
	}
	return nil
}
