package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

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

// within is the way through a plan that is ended from outside: what has no end, or one that is not known, takes all of it.
func (t timing) within(limit float64) timing {
	if t.endless != "" || t.unclear != "" || t.seconds > limit {
		return timing{seconds: limit, names: append(t.names, "until its own limit "+span(limit))}
	}
	return t
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
	if step.text("action") == "aws:loop" && !given {
		return loopState(document, step)
	}
	if many {
		seconds *= max(attempts, 1)
	}
	return state{seconds: seconds}
}

// loopState is a loop without a time-out of its own: its steps, as often as it may run them.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-loop.html
func loopState(document, step object) state {
	const mostIterations = 100
	inputs := step.object("inputs")
	inside := automationFlow(object{"mainSteps": inputs["Steps"], "parameters": document["parameters"]}).slowest()
	times := mostIterations
	if items, listed := inputs["Iterators"].([]any); listed {
		times = len(items)
	}
	return state{
		seconds: inside.seconds * orDefault(inputs, "MaxIterations", float64(times)), endless: inside.endless, unclear: inside.unclear,
	}
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
	if !given && one["TimeoutSecondsPath"] != nil {
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
