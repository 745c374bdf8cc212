package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// Policy says which policy pack the engine loads.
type Policy struct {
	// Pack is the prebuilt pack or its folder, Settings its configuration file; empty for none.
	Pack, Settings string
	// Report is one more file for the pack's report; its end chooses the form.
	Report string
}

func (p Policy) packs() []string { return present(p.Pack) }

func (p Policy) settings() []string { return present(p.Settings) }

func present(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// reportFile is where the pack leaves what it found in the run.
func (o Options) reportFile() string { return filepath.Join(o.Dir, "policy.json") }

// reports are the files that the pack writes.
func (o Options) reports() string {
	if o.Policy.Pack == "" {
		return ""
	}
	if o.Policy.Report == "" {
		return o.reportFile()
	}
	return o.reportFile() + "," + o.Policy.Report
}

// judged reads what the pack found. It is nil when the run ended before the pack saw the whole stack.
func (o Options) judged() (*report.Document, error) {
	text, err := os.ReadFile(o.reportFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nil stands for no report
	}
	if err != nil {
		return nil, err
	}
	var found report.Document
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("reading what the policy pack found: %w", err)
	}
	return &found, nil
}

// judge runs the engine with the policy pack, and judges the plan.
func (s *Stack) judge(run func(*watcher) error) (Result, error) {
	if s.options.Policy.Pack == "" {
		return s.watch(run)
	}
	if err := os.Remove(s.options.reportFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Result{}, err
	}
	var plan []policy.Resource
	result, failed := s.watch(func(w *watcher) error {
		defer func() { plan = w.plan }()
		return run(w)
	})
	found, err := s.options.judged()
	if err != nil || found == nil {
		return result, errors.Join(failed, err)
	}
	changes, err := s.options.changes(plan)
	if err != nil {
		return result, errors.Join(failed, err)
	}
	found.Add(report.DocumentOf(report.Pack{}, changes))
	result.Policy = found
	if changes.Stops() && failed == nil {
		failed = fmt.Errorf("the plan does what needs a waiver: see the policy results")
	}
	return result, failed
}

// changes judges the plan by the rules about changes.
func (o Options) changes(plan []policy.Resource) (*policy.Report, error) {
	pack := rules.Pack()
	config, err := pack.ReadConfig(o.Policy.Settings)
	if err != nil {
		return nil, err
	}
	stack := policy.Stack{Project: Project, Name: o.Stack}
	stack.Environment = config.Environment(stack)
	graph := policy.NewGraph(stack, policy.OncePerURN(plan))
	return policy.Evaluate(graph, policy.Evaluation{Rules: rules.Changes(), Config: config.WithoutHygiene(), Today: time.Now()}), nil
}

// planned is one step of the engine as policies take it. The engine shows its plan to no policy pack, so the rules about
// changes are judged here, by its events.
func planned(m apitype.StepEventMetadata) (policy.Resource, bool) {
	op, counts := policy.OpOf(string(m.Op))
	now := m.New
	if now == nil {
		now = m.Old
	}
	if !counts || now == nil {
		return policy.Resource{}, false
	}
	step := &policy.Step{Op: op, Causes: differing(m)}
	if op == policy.Replace && len(m.Keys) > 0 {
		step.Causes = slices.Sorted(slices.Values(m.Keys))
	}
	if m.Old != nil {
		step.Old, step.OldProtect = object(m.Old.Inputs), m.Old.Protect
	}
	return policy.Resource{
		URN: m.URN, Type: m.Type, Name: policy.NameOf(m.URN), ID: now.ID, Parent: now.Parent, Provider: now.Provider,
		Properties: policy.Overlay(object(now.Inputs), object(now.Outputs)), Protect: now.Protect, RetainOnDelete: now.RetainOnDelete, Step: step,
	}, true
}

// object is what the engine's events have for properties; they are JSON already.
func object(properties map[string]any) *structpb.Struct {
	made, err := structpb.NewStruct(properties)
	if err != nil {
		return &structpb.Struct{}
	}
	return made
}
