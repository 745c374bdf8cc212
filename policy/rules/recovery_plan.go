package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// regionSwitchTypes are plans of the Application Recovery Controller, which this version of the AWS provider does not have
// and its successor and the native provider do.
var regionSwitchTypes = []string{"aws-native:arcregionswitch:Plan", "aws:arcregionswitch/plan:Plan"}

// recoveryCalls are API calls that only a recovery makes.
var recoveryCalls = regexp.MustCompile(`(?i)\b(FailoverDBCluster|FailoverGlobalCluster|SwitchoverGlobalCluster|PromoteReadReplica(DBCluster)?|RebootDBInstance|RestoreDB\w+|RestoreTable\w+|` +
	`StartZonalShift|UpdateZonalShift|UpdateRoutingControlStates?|ChangeResourceRecordSets|StartRestoreJob|FailoverReplicationGroup|FailoverGlobalReplicationGroup|` +
	`TestFailover|FailoverShard|StartRecovery|StartFailback\w*|DisassociateGlobalReplicationGroup|RemoveFromGlobalCluster|StartPlanExecution)\b`)

func planInTime() *policy.Rule {
	return &policy.Rule{
		ID: "recovery-plan-in-time", Title: "The time-outs of a recovery plan fit into the recovery time", Severity: policy.High,
		Types: append([]string{ssmDocument, stateMachineType}, regionSwitchTypes...), Anchors: "nist:CP-2,CP-10",
		Why: "a plan whose steps may each wait for long is still waiting when the recovery time is over, and nobody takes over because it has not failed yet",
		Fix: "lower the time-out of the longest step, or let steps that do not need each other run at the same time",
		Sources: []string{
			"https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-handling-timeouts.html",
			"https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-approve.html",
			"https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-waitForAwsResourceProperty.html",
			"https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html",
			"https://docs.aws.amazon.com/arc-region-switch/latest/api/API_ExecutionApprovalConfiguration.html",
		},
		Settings: append(budgetSettings("rtoSeconds", 900, "how many seconds recovery may take"), policy.Setting{
			Name: "names", Kind: policy.KindList, Help: "parts of the names and descriptions of documents and state machines that are recovery plans",
			Default: []any{"failover", "fail-over", "failback", "recover", "disaster", "evacuat", "switchover", "switch-over", "region-switch", "restore", "promote", "zonal", "zone-loss", "rollback", "roll-back", "revert"},
		}),
		Check: checkPlan,
		Proof: policy.Proof{
			Good: `
resources:
  evacuate:
    type: aws:ssm/document:Document
    properties:
      name: evacuate-zone
      documentType: Automation
      content: '{"schemaVersion": "0.3", "mainSteps": [{"name": "shift", "action": "aws:executeAwsApi", "timeoutSeconds": 120}, {"name": "scale", "action": "aws:executeAwsApi", "timeoutSeconds": 150, "maxAttempts": 2}, {"name": "check", "action": "aws:sleep", "inputs": {"Duration": "PT2M"}}]}'
  promote:
    type: aws:sfn/stateMachine:StateMachine
    properties:
      name: promote-standby
      definition: '{"StartAt": "Promote", "States": {"Promote": {"Type": "Task", "TimeoutSeconds": 300, "Next": "Settle"}, "Settle": {"Type": "Wait", "Seconds": 60, "End": true}}}'
  short:
    type: aws:sfn/stateMachine:StateMachine
    properties: {name: promote-reader, type: EXPRESS, definition: '{"StartAt": "Promote", "States": {"Promote": {"Type": "Task", "End": true}}}'}
  switch:
    type: aws-native:arcregionswitch:Plan
    provider: none
    properties: {name: switch, recoveryTimeObjectiveMinutes: 10, workflows: [{steps: [{name: scale, executionBlockConfiguration: {ec2AsgCapacityIncreaseConfig: {timeoutMinutes: 4}}}, {name: both, executionBlockConfiguration: {parallelConfig: {steps: [{name: a, executionBlockConfiguration: {customActionLambdaConfig: {timeoutMinutes: 5}}}, {name: b, executionBlockConfiguration: {customActionLambdaConfig: {timeoutMinutes: 2}}}]}}}]}]}
`,
			Bad: []string{
				`evacuate.content='{"mainSteps": [{"name": "a", "action": "aws:executeAwsApi", "timeoutSeconds": 900}, {"name": "b", "action": "aws:executeAwsApi", "timeoutSeconds": 1200}, {"name": "c", "action": "aws:executeAwsApi", "timeoutSeconds": 300}]}'`,
				"evacuate.content.mainSteps[1].maxAttempts=10", "evacuate.content.mainSteps[0].action=aws:approve ; evacuate.content.mainSteps[0].timeoutSeconds!",
				"evacuate.content.mainSteps[2].inputs.Duration=PT1H",
				`evacuate.content.mainSteps[2]={"name": "wait", "action": "aws:loop", "inputs": {"MaxIterations": 60, "Steps": [{"name": "look", "action": "aws:sleep", "inputs": {"Duration": "PT1M"}}]}}`,
				"promote.definition.TimeoutSeconds=6000 ; promote.definition.States.Promote.TimeoutSeconds!", "evacuate.content.mainSteps[2].nextStep=shift",
				`evacuate.content="{parameters: {limit: {type: Integer, default: 1000}}, mainSteps: [{name: a, action: 'aws:executeScript', timeoutSeconds: '{{ limit }}'}]}"`,
				"promote.definition.States.Promote.TimeoutSeconds!", "promote.definition.States.Promote.TimeoutSeconds=900", "promote.definition.States.Settle.Seconds=3600",
				`promote.definition.States.Promote.Retry=[{"ErrorEquals": ["States.ALL"]}]`,
				"switch.workflows[0].steps[0].executionBlockConfiguration.ec2AsgCapacityIncreaseConfig.timeoutMinutes=6", "switch.recoveryTimeObjectiveMinutes=8",
				"@policy.recovery-plan-in-time.rtoSeconds=300",
			},
			Guard: "evacuate.content", Absent: policy.Pass, Exempt: `evacuate.documentType=Command ; promote.name=orders ; promote.definition='{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}' ; switch! ; short!`,
		},
	}
}

func checkPlan(c *policy.Case) {
	limit := budget(c, "rtoSeconds")
	if slices.Contains(regionSwitchTypes, c.Type) {
		checkRegionSwitch(c, limit)
		return
	}
	source := c.Get("content")
	if c.Type == stateMachineType {
		source = c.Get("definition")
	}
	if source.Unknown() || source.Secret() {
		c.UnclearBecause(source.Path(), "the steps of the plan are not known")
		return
	}
	if c.Type == ssmDocument && !c.Get("documentType").Is("Automation") || !isPlan(c, source.Text()) {
		c.Skip("nothing in it says that it is a recovery plan")
		return
	}
	document := decodeDocument(source.Text())
	if c.Type == ssmDocument {
		judgePlan(c, source.Path(), automationFlow(document).slowest(), limit)
		return
	}
	t := machineFlow(document).slowest()
	// The machine's own limit ends what its states do not, and AWS ends an express one after five minutes.
	// https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
	const expressLimit = 300
	if whole, given, known := document.number("TimeoutSeconds"); given && known {
		t = t.within(whole)
	}
	if c.Get("type").Is("EXPRESS") {
		t = t.within(expressLimit)
	}
	judgePlan(c, source.Path(), t, limit)
}

// isPlan says that a document is a recovery plan: by its name or description, or by what it calls.
func isPlan(c *policy.Case, text string) bool {
	about := strings.ToLower(c.Name + " " + c.Get("name").Text() + " " + decodeDocument(text).text("description") + decodeDocument(text).text("Comment"))
	for _, part := range c.Texts("names") {
		if strings.Contains(about, strings.ToLower(part)) {
			return true
		}
	}
	return recoveryCalls.MatchString(text)
}

func judgePlan(c *policy.Case, path string, t timing, limit float64) {
	if t.seconds > limit {
		c.Broken(path, "the time-outs add up to "+span(t.seconds)+": "+strings.Join(t.names, " + "), "at most "+span(limit))
		return
	}
	if t.endless != "" {
		c.Broken(path, "nothing ends the plan: "+t.endless, "a plan that ends within "+span(limit))
		return
	}
	if t.unclear != "" {
		c.UnclearBecause(path, t.unclear)
	}
}

// checkRegionSwitch holds each workflow of a plan against the plan's own objective too.
func checkRegionSwitch(c *policy.Case, limit float64) {
	if own := c.Get("recoveryTimeObjectiveMinutes"); own.IsNumber() {
		limit = min(limit, own.Number()*60)
	}
	workflows := c.Get("workflows")
	if unknown := workflows.Unknowns(); len(unknown) > 0 {
		c.Unclear(unknown...)
		return
	}
	for _, workflow := range workflows.Items() {
		t := timing{}
		for _, step := range workflow.Get("steps").Items() {
			seconds := 60 * switchMinutes(step)
			t.seconds += seconds
			t.names = append(t.names, step.Get("name").Show()+" "+span(seconds))
		}
		judgePlan(c, workflow.Path(), t, limit)
	}
}

// switchMinutes is how long one step of a region switch may take: the slowest of steps that run at the same time. An
// approval waits for 60 minutes unless it says otherwise.
// https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_arcregionswitch.CfnPlan.ExecutionApprovalConfigurationProperty.html
func switchMinutes(step policy.Value) float64 {
	longest := 0.0
	for _, at := range []policy.Value{step.Get("executionBlockConfiguration"), step} {
		for _, key := range at.Keys() {
			for _, block := range at.Key(key).Items() {
				for _, parallel := range block.Get("steps").Items() {
					longest = max(longest, switchMinutes(parallel))
				}
				minutes := block.Get("timeoutMinutes")
				if strings.HasPrefix(key, "executionApproval") && minutes.Absent() {
					longest = max(longest, 60)
				}
				longest = max(longest, minutes.Number())
			}
		}
	}
	return longest
}
