package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
)

// Change is one step that the engine planned or took.
type Change struct {
	Op   string `json:"op"`
	Type string `json:"type"`
	URN  string `json:"urn"`
	// Parent is the URN of the parent; empty for the stack itself.
	Parent string `json:"parent,omitempty"`
	// Properties are the paths that differ, for updates and replacements.
	Properties []string `json:"properties,omitempty"`
}

// Result is what one run of the engine did.
type Result struct {
	// Changes are the steps, sorted by URN; unchanged resources are counted only.
	Changes []Change `json:"changes"`
	// Counts are the numbers of resources by operation, unchanged ones as "same".
	Counts map[string]int `json:"counts"`
	// Posture is what the program states about itself; nil when the run did not reach it.
	Posture []posture.Posture `json:"posture"`
	// Outputs are the stack's other outputs that are known, secrets masked by the engine.
	Outputs map[string]any `json:"outputs,omitempty"`
	// Policy is what the policy pack found, and what its rules about changes say of the plan; nil without a pack.
	Policy *report.Document `json:"policy,omitempty"`
	// Errors are the engine's error messages.
	Errors []string `json:"errors,omitempty"`
	// Warnings are the engine's warnings.
	Warnings []string `json:"warnings,omitempty"`
}

// Changed says whether anything was created, changed or deleted.
func (r Result) Changed() bool { return len(r.Changes) > 0 }

// watcher reads the engine's events while a run lasts.
type watcher struct {
	events chan events.EngineEvent
	stop   chan struct{}
	done   chan struct{}
	result Result
	err    error
	// refreshing are the URNs that the engine compares with the cloud.
	refreshing map[string]bool
	// plan is every resource with what the engine does to it.
	plan []policy.Resource
}

func (s *Stack) watch(run func(*watcher) error) (Result, error) {
	w := &watcher{
		events: make(chan events.EngineEvent), stop: make(chan struct{}), done: make(chan struct{}),
		refreshing: map[string]bool{},
		result:     Result{Counts: map[string]int{}, Changes: []Change{}},
	}
	go w.read()
	err := run(w)
	close(w.stop)
	<-w.done
	sort.Slice(w.result.Changes, func(i, j int) bool { return w.result.Changes[i].URN < w.result.Changes[j].URN })
	if err != nil {
		err = &EngineError{Messages: w.result.Errors, cause: err}
	}
	return w.result, errors.Join(err, w.err)
}

// EngineError is a run that the engine ended with an error.
type EngineError struct {
	// Messages are the engine's own error messages, already printed; empty when it could not start.
	Messages []string
	cause    error
}

// Error gives the engine's messages, or everything that is known when there are none.
func (e *EngineError) Error() string {
	if len(e.Messages) == 0 {
		return e.cause.Error()
	}
	return strings.Join(e.Messages, "\n")
}

// Unwrap is the Automation API's error.
func (e *EngineError) Unwrap() error { return e.cause }

// read ends with the events, or with the run when the engine could not even begin to send them.
func (w *watcher) read() {
	defer close(w.done)
	for {
		select {
		case event, open := <-w.events:
			if !open {
				return
			}
			w.failed(event.Error)
			w.take(event.EngineEvent)
		case <-w.stop:
			return
		}
	}
}

func (w *watcher) failed(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("reading the engine's events: %w", err)
	}
}

func (w *watcher) take(event apitype.EngineEvent) {
	switch {
	case event.ResourcePreEvent != nil:
		w.step(event.ResourcePreEvent.Metadata)
	case event.ResOutputsEvent != nil:
		w.outputs(event.ResOutputsEvent.Metadata)
	case event.DiagnosticEvent != nil:
		w.message(*event.DiagnosticEvent)
	case event.SummaryEvent != nil:
		for op, count := range event.SummaryEvent.ResourceChanges {
			w.result.Counts[string(op)] = count
		}
	}
}

func (w *watcher) step(m apitype.StepEventMetadata) {
	if m.Op == apitype.OpRefresh {
		w.refreshing[m.URN] = true
	}
	if r, counts := planned(m); counts {
		w.plan = append(w.plan, r)
	}
	if m.Op == apitype.OpSame || m.Op == apitype.OpRead || m.Op == apitype.OpRefresh {
		return
	}
	w.result.Changes = append(w.result.Changes, Change{
		Op: string(m.Op), Type: m.Type, URN: m.URN, Parent: parentOf(m), Properties: differing(m),
	})
}

func parentOf(m apitype.StepEventMetadata) string {
	if m.New != nil {
		return m.New.Parent
	}
	if m.Old != nil {
		return m.Old.Parent
	}
	return ""
}

func differing(m apitype.StepEventMetadata) []string {
	paths := []string{}
	for path := range m.DetailedDiff {
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		paths = append(paths, m.Diffs...)
	}
	sort.Strings(paths)
	return paths
}

// outputs finds the stack's own outputs, and what a refresh found different.
func (w *watcher) outputs(m apitype.StepEventMetadata) {
	// A refresh says only afterwards what it has found: an update or a deletion behind the program's back.
	if w.refreshing[m.URN] && m.Op != apitype.OpSame && m.Op != apitype.OpRefresh {
		w.result.Changes = append(w.result.Changes, Change{
			Op: string(m.Op), Type: m.Type, URN: m.URN, Parent: parentOf(m), Properties: differing(m),
		})
	}
	if m.Type != "pulumi:pulumi:Stack" || m.New == nil {
		return
	}
	w.result.Outputs = known(m.New.Outputs)
	text, ok := m.New.Outputs["posture"].(string)
	if !ok {
		return
	}
	if err := json.Unmarshal([]byte(text), &w.result.Posture); err != nil && w.err == nil {
		w.err = fmt.Errorf("reading the posture that the stack exports: %w", err)
	}
}

// known leaves out the posture, which has a place of its own, and what a preview cannot know.
func known(outputs map[string]any) map[string]any {
	kept := map[string]any{}
	for key, value := range outputs {
		if key != "posture" && value != nil && value != unknown {
			kept[key] = value
		}
	}
	return kept
}

// unknown is how the engine writes a value that a preview cannot know.
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

func (w *watcher) message(d apitype.DiagnosticEvent) {
	text := strings.TrimSpace(d.Prefix + d.Message)
	switch d.Severity {
	case "error":
		w.result.Errors = append(w.result.Errors, text)
	case "warning":
		w.result.Warnings = append(w.result.Warnings, text)
	}
}
