package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/seed-11444627/holdfast/policy"
)

// regionSwitchTypes are plans of the Application Recovery Controller, which this version of the AWS provider does not have
// and its successor and the native provider do.
var regionSwitchTypes = []string{"aws-native:arcregionswitch:Plan", "aws:arcregionswitch/plan:Plan"}

// planFlow is a plan as states with the time that each may take and the states that may follow it.
type planFlow struct {
	start  string
	states map[string]state
}

// state is one step of a plan.
type state struct {
	seconds float64
	// endless says why nothing ends the step; unclear, what is not known of it.
	endless, unclear string
	next             []string
}

// timing is the slowest way through a plan.
type timing struct {
	seconds          float64
	names            []string
	endless, unclear string
}

// slowest is the longest path through the plan; a plan that comes back to a step it has been in may go on for ever.
func (f planFlow) slowest() timing {
	kept := map[string]*timing{}
	var from func(name string) timing
	from = func(name string) timing {
		s, exists := f.states[name]
		if !exists {
			return timing{}
		}
		if known, been := kept[name]; been {
			if known == nil {
				return timing{endless: "it can come back to " + name}
			}
			return *known
		}
		kept[name] = nil
		var worst timing
		for _, next := range s.next {
			one := from(next)
			worst.endless, worst.unclear = firstText(worst.endless, one.endless), firstText(worst.unclear, one.unclear)
			if one.seconds > worst.seconds {
				worst.seconds, worst.names = one.seconds, one.names
			}
		}
		total := timing{seconds: s.seconds + worst.seconds, names: worst.names, endless: firstText(s.endless, worst.endless), unclear: firstText(s.unclear, worst.unclear)}
		if s.seconds > 0 {
			total.names = append([]string{name + " " + span(s.seconds)}, worst.names...)
		}
		kept[name] = &total
		return total
	}
	return from(f.start)
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// object is a decoded document: JSON, or YAML.
type object map[string]any

func decodeDocument(text string) object {
	var decoded object
	if json.Unmarshal([]byte(text), &decoded) == nil {
		return decoded
	}
	if yaml.Unmarshal([]byte(text), &decoded) == nil {
		return decoded
	}
	return nil
}

func (o object) text(key string) string {
	if o[key] == nil {
		return ""
	}
	return fmt.Sprint(o[key])
}

func (o object) object(key string) object {
	switch inside := o[key].(type) {
	case object:
		return inside
	case map[string]any:
		return inside
	}
	return nil
}

func (o object) list(key string) []object {
	items, _ := o[key].([]any)
	list := make([]object, 0, len(items))
	for _, item := range items {
		list = append(list, object{"item": item}.object("item"))
	}
	return list
}

// number reads a number, or a text of one; found is false when the key is missing, known when it cannot be read.
func (o object) number(key string) (value float64, found, known bool) {
	if o[key] == nil {
		return 0, false, true
	}
	value, err := strconv.ParseFloat(o.text(key), 64)
	return value, true, err == nil
}

// Times that actions wait for by themselves.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-approve.html
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-pause.html
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-waitForAwsResourceProperty.html
var actionTimeouts = map[string]float64{"aws:approve": 604800, "aws:pause": 604800, "aws:waitForAwsResourceProperty": 3600}

// automationFlow reads an Automation document: its steps follow each other unless they say otherwise.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
func automationFlow(document object) planFlow {
	f := planFlow{states: map[string]state{}}
	steps := document.list("mainSteps")
	for i, step := range steps {
		name := step.text("name")
		if i == 0 {
			f.start = name
		}
		s := automationStep(document, step)
		following := ""
		if i+1 < len(steps) {
			following = steps[i+1].text("name")
		}
		s.next = afterStep(step, following)
		f.states[name] = s
	}
	return f
}

func automationStep(document, step object) state {
	step = filled(document, step)
	seconds, given, known := step.number("timeoutSeconds")
	attempts, many, counted := step.number("maxAttempts")
	if !known || !counted {
		return state{unclear: "a time-out of step " + step.text("name") + " comes from a parameter without a default"}
	}
	if !given {
		seconds = actionTimeouts[step.text("action")]
	}
	if step.text("action") == "aws:sleep" {
		seconds, known = isoSeconds(step.object("inputs").text("Duration"))
		if !known {
			return state{unclear: "how long step " + step.text("name") + " sleeps"}
		}
	}
	if many {
		seconds *= max(attempts, 1)
	}
	return state{seconds: seconds}
}

var parameterUse = regexp.MustCompile(`^\{\{\s*([A-Za-z0-9_]+)\s*\}\}$`)

// filled puts the defaults of parameters into a step.
func filled(document, step object) object {
	changed := object{}
	for key, value := range step {
		changed[key] = value
		use := parameterUse.FindStringSubmatch(fmt.Sprint(value))
		if use == nil {
			continue
		}
		if given := document.object("parameters").object(use[1])["default"]; given != nil {
			changed[key] = given
		}
	}
	return changed
}

// afterStep are the steps that may follow: choices of a branch, the named next step, the one below, and the way after a
// failure.
func afterStep(step object, following string) []string {
	var next []string
	for _, choice := range step.object("inputs").list("Choices") {
		next = append(next, choice.text("NextStep"))
	}
	if named := step.object("inputs").text("Default"); named != "" {
		next = append(next, named)
	}
	if after, found := strings.CutPrefix(step.text("onFailure"), "step:"); found {
		next = append(next, after)
	}
	switch {
	case step.text("isEnd") == "true":
		return next
	case step.text("nextStep") != "":
		return append(next, step.text("nextStep"))
	}
	return append(next, following)
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// isoSeconds reads a duration such as PT10M.
func isoSeconds(text string) (float64, bool) {
	found := isoDuration.FindStringSubmatch(text)
	if found == nil || text == "P" {
		return 0, false
	}
	total := 0.0
	for i, unit := range []float64{86400, 3600, 60, 1} {
		count, _ := strconv.ParseFloat("0"+found[i+1], 64)
		total += count * unit
	}
	return total, true
}

// machineFlow reads a state machine of Step Functions.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
func machineFlow(definition object) planFlow {
	f := planFlow{start: definition.text("StartAt"), states: map[string]state{}}
	states := definition.object("States")
	for name := range states {
		one := states.object(name)
		s := machineState(name, one)
		s.next = append(s.next, one.text("Next"), one.text("Default"))
		for _, choice := range one.list("Choices") {
			s.next = append(s.next, choice.text("Next"))
		}
		for _, caught := range one.list("Catch") {
			s.next = append(s.next, caught.text("Next"))
		}
		f.states[name] = s
	}
	return f
}

func machineState(name string, one object) state {
	switch one.text("Type") {
	case "Wait":
		seconds, given, known := one.number("Seconds")
		if !given || !known {
			return state{unclear: "how long " + name + " waits"}
		}
		return state{seconds: seconds}
	case "Task":
		return taskState(name, one)
	case "Parallel":
		return worstBranch(one.list("Branches"))
	case "Map":
		return worstBranch([]object{one.object("ItemProcessor"), one.object("Iterator")})
	}
	return state{}
}

// taskState: without TimeoutSeconds a task may take 99,999,999 seconds, which is longer than three years.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
func taskState(name string, one object) state {
	seconds, given, known := one.number("TimeoutSeconds")
	if !known {
		return state{unclear: "the time-out of " + name}
	}
	if !given {
		return state{endless: name + " has no TimeoutSeconds"}
	}
	total := seconds
	for _, retry := range one.list("Retry") {
		attempts, interval, rate := orDefault(retry, "MaxAttempts", 3), orDefault(retry, "IntervalSeconds", 1), orDefault(retry, "BackoffRate", 2)
		longest := orDefault(retry, "MaxDelaySeconds", math.Inf(1))
		for range int(min(attempts, 100)) {
			total += seconds + min(interval, longest)
			interval *= rate
		}
	}
	return state{seconds: total}
}

func orDefault(o object, key string, fallback float64) float64 {
	if value, given, known := o.number(key); given && known {
		return value
	}
	return fallback
}

func worstBranch(branches []object) state {
	var worst state
	for _, branch := range branches {
		if branch == nil {
			continue
		}
		t := machineFlow(branch).slowest()
		worst.seconds = max(worst.seconds, t.seconds)
		worst.endless, worst.unclear = firstText(worst.endless, t.endless), firstText(worst.unclear, t.unclear)
	}
	return worst
}

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
  switch:
    type: aws-native:arcregionswitch:Plan
    provider: none
    properties: {name: switch, recoveryTimeObjectiveMinutes: 10, workflows: [{steps: [{name: scale, executionBlockConfiguration: {ec2AsgCapacityIncreaseConfig: {timeoutMinutes: 4}}}, {name: both, executionBlockConfiguration: {parallelConfig: {steps: [{name: a, executionBlockConfiguration: {customActionLambdaConfig: {timeoutMinutes: 5}}}, {name: b, executionBlockConfiguration: {customActionLambdaConfig: {timeoutMinutes: 2}}}]}}}]}]}
`,
			Bad: []string{
				`evacuate.content='{"mainSteps": [{"name": "a", "action": "aws:executeAwsApi", "timeoutSeconds": 900}, {"name": "b", "action": "aws:executeAwsApi", "timeoutSeconds": 1200}, {"name": "c", "action": "aws:executeAwsApi", "timeoutSeconds": 300}]}'`,
				"evacuate.content.mainSteps[1].maxAttempts=10", "evacuate.content.mainSteps[0].action=aws:approve ; evacuate.content.mainSteps[0].timeoutSeconds!",
				"evacuate.content.mainSteps[2].inputs.Duration=PT1H", "evacuate.content.mainSteps[2].nextStep=shift",
				`evacuate.content="{parameters: {limit: {type: Integer, default: 1000}}, mainSteps: [{name: a, action: 'aws:executeScript', timeoutSeconds: '{{ limit }}'}]}"`,
				"promote.definition.States.Promote.TimeoutSeconds!", "promote.definition.States.Promote.TimeoutSeconds=900", "promote.definition.States.Settle.Seconds=3600",
				`promote.definition.States.Promote.Retry=[{"ErrorEquals": ["States.ALL"]}]`,
				"switch.workflows[0].steps[0].executionBlockConfiguration.ec2AsgCapacityIncreaseConfig.timeoutMinutes=6", "switch.recoveryTimeObjectiveMinutes=8",
				"@policy.recovery-plan-in-time.rtoSeconds=300",
			},
			Guard: "evacuate.content", Absent: policy.Pass, Exempt: `evacuate.documentType=Command ; promote.name=orders ; promote.definition='{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}' ; switch!`,
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
	// The machine's own limit ends what its states do not.
	if whole, given, known := document.number("TimeoutSeconds"); given && known {
		t.seconds, t.endless, t.unclear = min(t.seconds, whole), "", ""
		if t.seconds < whole {
			t.seconds = min(whole, max(t.seconds, 0))
		}
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
