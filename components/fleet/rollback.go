package fleet

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/jsontext"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// documentName is the limit of a Systems Manager document's name.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html
var documentName = names.Limit{Max: 128, Pattern: regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,}$`)}

// createRollback makes the way back. The launch template keeps every version, and its default version is the last good
// one: when a refresh succeeds, an automation marks the group's version as default; when one fails, because an alarm
// fired or because its servers did not start, another sets the group back to the default version and refreshes it.
// Both are started by events of the group, so they need neither this program nor the person who ran it.
// See docs/decisions/0012-rollback.md.
func (b *builder) createRollback() error {
	role, err := b.createAutomationRole()
	if err != nil {
		return err
	}
	accept, err := b.document("accept", role, b.acceptSteps())
	if err != nil {
		return err
	}
	revert, err := b.document("revert", role, b.revertSteps())
	if err != nil {
		return err
	}
	starter, err := b.createStarterRole(role, accept, revert)
	if err != nil {
		return err
	}
	if err := b.createAutomationNotice(accept, revert); err != nil {
		return err
	}
	if err := b.startOn("accept", "EC2 Auto Scaling Instance Refresh Succeeded", accept, starter); err != nil {
		return err
	}
	return b.startOn("revert", "EC2 Auto Scaling Instance Refresh Failed", revert, starter)
}

// call is one step of an automation: one call of one AWS API.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-executeawsapi.html
func call(name, service, api string, inputs pulumi.Map, outputs ...pulumi.Input) pulumi.Map {
	inputs["Service"], inputs["Api"] = pulumi.String(service), pulumi.String(api)
	step := pulumi.Map{"name": pulumi.String(name), "action": pulumi.String("aws:executeAwsApi"), "inputs": inputs}
	if len(outputs) > 0 {
		step["outputs"] = pulumi.Array(outputs)
	}
	return step
}

// output is a value of a step for later ones. Automation converts what the API answers to the kind that is asked for: a
// version number, which the API of EC2 gives as a number, becomes the text that the API of Auto Scaling takes.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-aws-apis-calling.html
func output(name, selector, kind string) pulumi.Map {
	return pulumi.Map{"Name": pulumi.String(name), "Selector": pulumi.String(selector), "Type": pulumi.String(kind)}
}

// unless goes on at a step unless a value is true, and otherwise ends.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-branchdocs.html
func unless(name, variable, next string) pulumi.Map {
	return pulumi.Map{
		"name": pulumi.String(name), "action": pulumi.String("aws:branch"), "isEnd": pulumi.Bool(true),
		"inputs": pulumi.Map{"Choices": pulumi.Array{pulumi.Map{
			"NextStep": pulumi.String(next), "Variable": pulumi.String(variable), "BooleanEquals": pulumi.Bool(false),
		}}},
	}
}

// groupStep reads the version that the group has.
func (b *builder) groupStep() pulumi.Map {
	selector := "$.AutoScalingGroups[0].LaunchTemplate.Version"
	if b.plan.args.Instances.Mixed != nil {
		selector = "$.AutoScalingGroups[0].MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version"
	}
	return call("group", "autoscaling", "DescribeAutoScalingGroups", pulumi.Map{"AutoScalingGroupNames": pulumi.Array{b.fleet.Group.Name}},
		output("Version", selector, "String"))
}

// acceptSteps make the group's version the template's default.
func (b *builder) acceptSteps() pulumi.Array {
	return pulumi.Array{
		b.groupStep(),
		call("accept", "ec2", "ModifyLaunchTemplate", pulumi.Map{
			"LaunchTemplateId": b.fleet.LaunchTemplate.ID(), "DefaultVersion": pulumi.String("{{ group.Version }}"),
		}),
	}
}

// revertSteps set the group to the template's default version and refresh it; from the step "revert" on nothing launches
// the failed version any more. Without alarms to watch: they fire already, and must not stop the way back. When it is the
// default version whose refresh failed, the way back itself has, and they end: to start it once more would buy servers
// without end, each of which fails to start.
func (b *builder) revertSteps() pulumi.Array {
	update := pulumi.Map{"AutoScalingGroupName": b.fleet.Group.Name}
	maps.Copy(update, b.goodVersion())
	return pulumi.Array{
		b.groupStep(),
		call("failed", "ec2", "DescribeLaunchTemplateVersions", pulumi.Map{
			"LaunchTemplateId": b.fleet.LaunchTemplate.ID(), "Versions": pulumi.ToStringArray([]string{"{{ group.Version }}"}),
		}, output("IsDefault", "$.LaunchTemplateVersions[0].DefaultVersion", "Boolean")),
		unless("decide", "{{ failed.IsDefault }}", "template"),
		call("template", "ec2", "DescribeLaunchTemplates", pulumi.Map{"LaunchTemplateIds": pulumi.Array{b.fleet.LaunchTemplate.ID()}},
			output("Good", "$.LaunchTemplates[0].DefaultVersionNumber", "String")),
		call("revert", "autoscaling", "UpdateAutoScalingGroup", update),
		call("refresh", "autoscaling", "StartInstanceRefresh", pulumi.Map{
			"AutoScalingGroupName": b.fleet.Group.Name, "Strategy": pulumi.String("Rolling"),
			"Preferences": b.plan.revertPreferences(),
		}),
	}
}

// revertPreferences are those of the refresh back to the last good version.
func (p *plan) revertPreferences() pulumi.Map {
	preferences := pulumi.Map{
		"MinHealthyPercentage": pulumi.Int(p.args.Rollout.MinHealthyPercent), "MaxHealthyPercentage": pulumi.Int(p.args.Rollout.MaxHealthyPercent),
		"SkipMatching": pulumi.Bool(true),
	}
	if p.args.Instances.ScaleInProtection {
		preferences["ScaleInProtectedInstances"] = pulumi.String(replaceProtected)
	}
	return preferences
}

// goodVersion is the group's template at its default version, as the API takes it. A policy of several types is given
// whole: what an update leaves out of it becomes AWS's default, and a rollback must not change how servers are bought.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_MixedInstancesPolicy.html
func (b *builder) goodVersion() pulumi.Map {
	template := pulumi.Map{"LaunchTemplateId": b.fleet.LaunchTemplate.ID(), "Version": pulumi.String("{{ template.Good }}")}
	if b.plan.args.Instances.Mixed == nil {
		return pulumi.Map{"LaunchTemplate": template}
	}
	base, above := b.plan.onDemand()
	return pulumi.Map{"MixedInstancesPolicy": pulumi.Map{
		"LaunchTemplate": pulumi.Map{"LaunchTemplateSpecification": template, "Overrides": b.plan.args.Instances.Mixed.apiOverrides()},
		"InstancesDistribution": pulumi.Map{
			"OnDemandAllocationStrategy": pulumi.String(onDemandStrategy), "OnDemandBaseCapacity": pulumi.Int(base),
			"OnDemandPercentageAboveBaseCapacity": pulumi.Int(above), "SpotAllocationStrategy": pulumi.String(spotStrategy),
		},
	}}
}

// apiOverrides are the overrides once more, in the API's words.
func (m *Mixed) apiOverrides() pulumi.Array {
	if a := m.Attributes; a != nil {
		return pulumi.Array{pulumi.Map{"InstanceRequirements": pulumi.Map{
			"CpuManufacturers": pulumi.ToStringArray([]string{"intel", "amd"}), "InstanceGenerations": pulumi.ToStringArray([]string{"current"}),
			"BurstablePerformance": pulumi.String("excluded"), "BareMetal": pulumi.String("excluded"),
			"VCpuCount": pulumi.Map{"Min": pulumi.Int(a.MinVCPU), "Max": pulumi.Int(a.MaxVCPU)}, "MemoryMiB": pulumi.Map{"Min": pulumi.Int(a.MinMemoryMiB)},
		}}}
	}
	var out pulumi.Array
	for _, name := range slices.Sorted(maps.Keys(m.Types)) {
		out = append(out, pulumi.Map{"InstanceType": pulumi.String(name), "WeightedCapacity": pulumi.Sprintf("%d", m.Types[name])})
	}
	return out
}

func (b *builder) document(part string, role *awsiam.Role, steps pulumi.Array) (*ssm.Document, error) {
	name := b.kids.Limited(documentName, part)
	return component.New(b.ctx, b.kids, part+" automation", name, &ssm.DocumentArgs{
		DocumentType: pulumi.String("Automation"), DocumentFormat: pulumi.String("JSON"), Tags: b.kids.Tags(name),
		Content: jsontext.Marshal(pulumi.Map{
			"schemaVersion": pulumi.String("0.3"), "description": pulumi.String("Rollout of " + b.kids.Child() + ": " + part),
			"assumeRole": role.Arn, "mainSteps": steps,
		}),
	}, b.transform.RollbackDocument, ssm.NewDocument)
}

// createAutomationRole makes the role of both automations.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-setup-iam.html
func (b *builder) createAutomationRole() (*awsiam.Role, error) {
	p := b.plan
	return b.serviceRole("automation", "Marks good versions and goes back to them", iam.Trust("ssm.amazonaws.com",
		iam.When("StringEquals", "aws:SourceAccount", pulumi.String(p.args.AccountID)),
		iam.When("ArnLike", "aws:SourceArn", pulumi.String(p.arn("ssm", "automation-execution/*"))),
	), b.automationPermissions())
}

// automationPermissions: setting a group's launch template needs the permission to launch from it.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
func (b *builder) automationPermissions() iam.Document {
	everything, template := iam.Strings("*"), []pulumi.StringInput{b.fleet.LaunchTemplate.Arn}
	document := iam.Document{
		{
			Sid: "Read", Resources: everything,
			Actions: []string{"autoscaling:DescribeAutoScalingGroups", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"},
		},
		{Sid: "Template", Actions: []string{"ec2:ModifyLaunchTemplate"}, Resources: template},
		{
			Sid: "Group", Actions: []string{"autoscaling:UpdateAutoScalingGroup", "autoscaling:StartInstanceRefresh"},
			Resources: []pulumi.StringInput{b.fleet.Group.Arn},
		},
		{
			Sid: "Launch", Actions: []string{"ec2:RunInstances"}, Resources: everything,
			Conditions: []iam.Condition{iam.When("ArnEquals", "ec2:LaunchTemplate", template...)},
		},
		{
			Sid: "Tag", Actions: []string{"ec2:CreateTags"}, Resources: everything,
			Conditions: []iam.Condition{iam.When("StringEquals", "ec2:CreateAction", pulumi.String("RunInstances"))},
		},
		{
			Sid: "Pass", Actions: []string{"iam:PassRole"}, Resources: []pulumi.StringInput{b.role.Arn},
			Conditions: []iam.Condition{iam.When("StringEquals", "iam:PassedToService", pulumi.String("ec2.amazonaws.com"))},
		},
	}
	if b.plan.args.Instances.Image.ID != "" {
		return document
	}
	// A template whose image is a parameter is resolved with the permissions of who sets it; public parameters belong to no
	// account. https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
	return append(document, iam.Statement{
		Sid: "Image", Actions: []string{"ssm:GetParameters"},
		Resources: iam.Strings(fmt.Sprintf("arn:%s:ssm:%s::parameter%s", b.plan.partition(), b.plan.args.Region, b.plan.parameter())),
	})
}

// createStarterRole lets events start the two automations and hand them their role.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-cwe-target.html
func (b *builder) createStarterRole(automation *awsiam.Role, documents ...*ssm.Document) (*awsiam.Role, error) {
	var definitions []pulumi.StringInput
	for _, document := range documents {
		definitions = append(definitions, pulumi.Sprintf("%s:*", b.definition(document)))
	}
	return b.serviceRole("starter", "Starts the automations", iam.Trust("events.amazonaws.com",
		iam.When("StringEquals", "aws:SourceAccount", pulumi.String(b.plan.args.AccountID)),
	), iam.Document{
		{Sid: "Start", Actions: []string{"ssm:StartAutomationExecution"}, Resources: definitions},
		{
			Sid: "Pass", Actions: []string{"iam:PassRole"}, Resources: []pulumi.StringInput{automation.Arn},
			Conditions: []iam.Condition{iam.When("StringEquals", "iam:PassedToService", pulumi.String("ssm.amazonaws.com"))},
		},
	})
}

// definition is the ARN by which events know an automation.
func (b *builder) definition(document *ssm.Document) pulumi.StringOutput {
	return pulumi.Sprintf("%s/%s", b.plan.arn("ssm", "automation-definition"), document.Name)
}

// serviceRole makes a role for a service, with its policy.
func (b *builder) serviceRole(part, description string, trust, permissions iam.Document) (*awsiam.Role, error) {
	name := b.kids.Limited(names.Role, part)
	role, err := component.New(b.ctx, b.kids, part+" role", name, &awsiam.RoleArgs{
		Description: pulumi.String(description + ": " + b.kids.Child()), AssumeRolePolicy: trust.JSON(), Tags: b.kids.Tags(name),
	}, b.transform.Role, awsiam.NewRole)
	if err != nil {
		return nil, err
	}
	_, err = component.New(b.ctx, b.kids, part+" role policy", b.kids.Child(part, "policy"), &awsiam.RolePolicyArgs{
		Role: role.Name, Policy: permissions.JSON(),
	}, b.transform.RolePolicy, awsiam.NewRolePolicy)
	return role, err
}
