package fleet

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/jsontext"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// rule makes a rule for one kind of event of one service.
func (b *builder) rule(part, description, source, event string, detail pulumi.Map) (*cloudwatch.EventRule, error) {
	name := b.kids.Limited(names.Rule, part)
	made, err := component.New(b.ctx, b.kids, part+" rule", name, &cloudwatch.EventRuleArgs{
		Description: pulumi.String(description + ": " + b.kids.Child()),
		EventPattern: jsontext.Marshal(pulumi.Map{
			"source": pulumi.ToStringArray([]string{source}), "detail-type": pulumi.ToStringArray([]string{event}), "detail": detail,
		}),
		Tags: b.kids.Tags(name),
	}, b.transform.EventRule, cloudwatch.NewEventRule)
	if err != nil {
		return nil, err
	}
	b.ruleARNs = append(b.ruleARNs, made.Arn)
	return made, nil
}

// groupRule makes a rule for one kind of event of the group.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
func (b *builder) groupRule(part, description, event string) (*cloudwatch.EventRule, error) {
	return b.rule(part, description, "aws.autoscaling", event, pulumi.Map{"AutoScalingGroupName": pulumi.StringArray{b.fleet.Group.Name}})
}

// startOn starts an automation on an event of the group.
func (b *builder) startOn(part, event string, document *ssm.Document, role *awsiam.Role) error {
	rule, err := b.groupRule(part, "Starts the automation", event)
	if err != nil {
		return err
	}
	return b.target(part, &cloudwatch.EventTargetArgs{
		Rule: rule.Name, Arn: pulumi.Sprintf("%s:$DEFAULT", b.definition(document)), RoleArn: role.Arn,
	}, automationWithin)
}

// notice is an event that a person should know of and that no metric shows.
type notice struct {
	key, event, what, runbook string
	severity                  alarms.Severity
	// where ends the text with what it is about, by the names of paths into the event.
	where string
	paths map[string]string
}

// groupNotices are about the group.
func groupNotices() []notice {
	paths, where := map[string]string{"group": "$.detail.AutoScalingGroupName", "time": "$.time"}, " in <group> at <time>"
	return []notice{
		{"launch-failed", "EC2 Instance Launch Unsuccessful", "A server could not be launched", "launch-failed", alarms.Warning, where, paths},
		{
			"rollout-failed", "EC2 Auto Scaling Instance Refresh Failed", "A rollout failed; the fleet goes back to the last good version",
			"rollout-failed", alarms.Critical, where, paths,
		},
	}
}

// automationNotice is about the automations: one that fails leaves the failed version in the group, or a good one unmarked.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
func automationNotice() notice {
	return notice{
		"automation-failed", "EC2 Automation Execution Status-change Notification", "The automation after a rollout did not end well",
		"automation-failed", alarms.Critical, ": <document> is <status>, execution <execution> at <time>",
		map[string]string{"document": "$.detail.Definition", "status": "$.detail.Status", "execution": "$.detail.ExecutionId", "time": "$.time"},
	}
}

// createNotices sends such events of the group to the topics of the route.
func (b *builder) createNotices() error {
	if !b.plan.alarmed() {
		return nil
	}
	for _, n := range groupNotices() {
		rule, err := b.groupRule(n.key, n.what, n.event)
		if err != nil {
			return err
		}
		if err := b.tell(n, rule); err != nil {
			return err
		}
	}
	return nil
}

// createAutomationNotice tells of automations that did not end well.
func (b *builder) createAutomationNotice(documents ...*ssm.Document) error {
	if !b.plan.alarmed() {
		return nil
	}
	var definitions pulumi.StringArray
	for _, document := range documents {
		definitions = append(definitions, document.Name)
	}
	n := automationNotice()
	rule, err := b.rule(n.key, n.what, "aws.ssm", n.event, pulumi.Map{
		"Definition": definitions, "Status": pulumi.ToStringArray([]string{"Failed", "TimedOut", "Cancelled"}),
	})
	if err != nil {
		return err
	}
	return b.tell(n, rule)
}

// tell sends what a rule matches to the topic of the notice's severity.
func (b *builder) tell(n notice, rule *cloudwatch.EventRule) error {
	return b.target(n.key, &cloudwatch.EventTargetArgs{
		Rule: rule.Name, Arn: b.plan.args.Alarms.Topic(n.severity),
		InputTransformer: &cloudwatch.EventTargetInputTransformerArgs{
			InputPaths:    pulumi.ToStringMap(n.paths),
			InputTemplate: pulumi.Sprintf("%q", n.what+n.where+". Runbook: "+b.plan.args.Alarms.Runbooks+"/"+runbooks+n.runbook),
		},
	}, noticeWithin)
}
