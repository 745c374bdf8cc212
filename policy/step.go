package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"
)

// Op is what a plan does to a resource.
type Op string

// The operations. A replacement, in whatever order the engine makes and deletes, is one.
const (
	Same    Op = "same"
	Create  Op = "create"
	Update  Op = "update"
	Replace Op = "replace"
	Delete  Op = "delete"
)

// Step is one step of a plan.
type Step struct {
	Op Op
	// Old are the inputs before, OldProtect the option; nil and false for a resource that is made.
	Old        *structpb.Struct
	OldProtect bool
	// Causes are the paths that make the engine replace the resource, or else those that differ.
	Causes []string
}

// Deletes says that the resource is gone after the plan.
func (s *Step) Deletes() bool { return s != nil && s.Op == Delete }

// OpOf is the operation behind one of the engine's own names for a step, and whether it is one that counts: the engine
// splits a replacement into several.
// https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/history.go
func OpOf(name string) (op Op, counts bool) {
	switch name {
	case "create", "import":
		return Create, true
	case "update":
		return Update, true
	case "delete", "discard", "remove-pending-replace":
		return Delete, true
	case "replace", "create-replacement", "import-replacement":
		return Replace, true
	case "same":
		return Same, true
	}
	return Same, false // The second half of a replacement, reads and refreshes.
}

// Gone are the resources that the plan deletes, sorted by URN. They are no part of the graph otherwise.
func (g *Graph) Gone() []*Node { return g.gone }

// Planned says that a plan is known for something that was there before. One that only makes things changes nothing.
func (g *Graph) Planned() bool { return g.planned }

// Was are the resource's inputs before the plan; absent for one that is made, and where no plan is known.
func (n *Node) Was(path string) Value {
	if n.Step == nil || n.Step.Old == nil {
		return Value{node: n, spot: spot{within: path}}
	}
	old := Value{node: n, pb: structpb.NewStructValue(n.Step.Old), state: known}
	return old.Get(path)
}

// Op is what the plan does to the resource; Same where no plan is known.
func (n *Node) Op() Op {
	if n.Step == nil {
		return Same
	}
	return n.Step.Op
}

// previewStep is a step as `pulumi preview --json` prints it.
type previewStep struct {
	Op             string                     `json:"op"`
	URN            string                     `json:"urn"`
	OldState       *stateResource             `json:"oldState"`
	NewState       *stateResource             `json:"newState"`
	DiffReasons    []string                   `json:"diffReasons"`
	ReplaceReasons []string                   `json:"replaceReasons"`
	DetailedDiff   map[string]json.RawMessage `json:"detailedDiff"`
}

// ReadPreview reads what `pulumi preview --json` prints: the resources as planned, each with what the plan does to it.
func ReadPreview(text []byte) (Stack, []Resource, error) {
	var digest struct {
		Steps  []previewStep     `json:"steps"`
		Config map[string]string `json:"config"`
	}
	if err := json.Unmarshal(text, &digest); err != nil {
		return Stack{}, nil, fmt.Errorf("reading the preview: %w", err)
	}
	if len(digest.Steps) == 0 {
		return Stack{}, nil, errors.New("reading the preview: want steps, as pulumi preview --json prints them")
	}
	var resources []Resource
	for _, step := range digest.Steps {
		if r, ok := step.resource(); ok {
			resources = append(resources, r)
		}
	}
	resources = OncePerURN(resources)
	stack := StackOf(resources)
	stack.DryRun, stack.Config = true, digest.Config
	stack.Environment, _ = EnvironmentOf(stack)
	return stack, resources, nil
}

// OncePerURN keeps one step for each resource: a replacement hides the deletion that is part of it.
func OncePerURN(resources []Resource) []Resource {
	at := map[string]int{}
	var kept []Resource
	for _, r := range resources {
		i, twice := at[r.URN]
		switch {
		case !twice:
			at[r.URN] = len(kept)
			kept = append(kept, r)
		case kept[i].Step.Deletes():
			kept[i] = r
		}
	}
	return kept
}

func (s previewStep) resource() (Resource, bool) {
	op, counts := OpOf(s.Op)
	if !counts || s.NewState == nil && s.OldState == nil {
		return Resource{}, false
	}
	step := &Step{Op: op, Causes: s.causes(op)}
	now := s.NewState
	if now == nil {
		now = s.OldState
	}
	if now.External {
		return Resource{}, false
	}
	r := now.resource()
	if s.OldState != nil {
		step.Old, step.OldProtect = s.OldState.Inputs, s.OldState.Protect
	}
	r.Step = step
	return r, true
}

func (s previewStep) causes(op Op) []string {
	if op == Replace && len(s.ReplaceReasons) > 0 {
		return slices.Sorted(slices.Values(s.ReplaceReasons))
	}
	if len(s.DetailedDiff) == 0 {
		return slices.Sorted(slices.Values(s.DiffReasons))
	}
	var paths []string
	for path := range s.DetailedDiff {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}
