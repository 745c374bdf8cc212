package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
)

// stateResource is a resource as a state or export file keeps it.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/
type stateResource struct {
	URN                  string              `json:"urn"`
	Custom               bool                `json:"custom"`
	Delete               bool                `json:"delete"`
	External             bool                `json:"external"`
	ID                   string              `json:"id"`
	Type                 string              `json:"type"`
	Inputs               *structpb.Struct    `json:"inputs"`
	Outputs              *structpb.Struct    `json:"outputs"`
	Parent               string              `json:"parent"`
	Provider             string              `json:"provider"`
	Protect              bool                `json:"protect"`
	RetainOnDelete       bool                `json:"retainOnDelete"`
	IgnoreChanges        []string            `json:"ignoreChanges"`
	Aliases              []string            `json:"aliases"`
	Dependencies         []string            `json:"dependencies"`
	PropertyDependencies map[string][]string `json:"propertyDependencies"`
}

// ReadFile reads a state, or a preview: what `pulumi stack export` or `pulumi preview --json` prints, or a state file of a
// local backend.
func ReadFile(text []byte) (Stack, []Resource, error) {
	var form struct {
		Steps json.RawMessage `json:"steps"`
	}
	if err := json.Unmarshal(text, &form); err == nil && form.Steps != nil {
		return ReadPreview(text)
	}
	return ReadState(text)
}

// ReadState reads what `pulumi stack export` prints, or a state file of a local backend. Secrets are unreadable in it unless
// it was exported with them shown.
func ReadState(text []byte) (Stack, []Resource, error) {
	var file struct {
		Version    int `json:"version"`
		Deployment *struct {
			Resources []stateResource `json:"resources"`
		} `json:"deployment"`
		Checkpoint *struct {
			Stack  string `json:"stack"`
			Latest *struct {
				Resources []stateResource `json:"resources"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return Stack{}, nil, fmt.Errorf("reading the state: %w", err)
	}
	var kept []stateResource
	switch {
	case file.Version != 3 && file.Version != 4: // The fourth differs by a list of features.
		return Stack{}, nil, fmt.Errorf("reading the state: version %d, want 3 or 4, as pulumi stack export prints it", file.Version)
	case file.Deployment != nil:
		kept = file.Deployment.Resources
	case file.Checkpoint != nil && file.Checkpoint.Latest != nil:
		kept = file.Checkpoint.Latest.Resources
	default:
		return Stack{}, nil, errors.New("reading the state: want a deployment or a checkpoint with resources, as pulumi stack export prints them")
	}
	var resources []Resource
	for i := range kept {
		if kept[i].URN == "" {
			return Stack{}, nil, fmt.Errorf("reading the state: resources[%d] has no urn", i)
		}
		if r := &kept[i]; !r.Delete && !r.External { // Neither what waits to be deleted nor what was only read is the program's.
			resources = append(resources, r.resource())
		}
	}
	return StackOf(resources), resources, nil
}

func (r *stateResource) resource() Resource {
	id := r.ID
	if id == "" && r.Custom {
		id = unknownText // Planned, in a preview.
	}
	return Resource{
		URN: r.URN, Type: r.Type, Name: NameOf(r.URN), ID: id, Parent: r.Parent, Provider: r.Provider, Properties: Overlay(r.Inputs, r.Outputs),
		Protect: r.Protect, RetainOnDelete: r.RetainOnDelete, IgnoreChanges: r.IgnoreChanges, Aliases: r.Aliases,
		Dependencies: r.Dependencies, PropertyDependencies: r.PropertyDependencies,
	}
}

// Overlay is the outputs, with the inputs that the outputs do not have. The inputs of a component are what it promises.
func Overlay(inputs, outputs *structpb.Struct) *structpb.Struct {
	if len(outputs.GetFields()) == 0 {
		return inputs
	}
	both := &structpb.Struct{Fields: make(map[string]*structpb.Value, len(outputs.GetFields())+len(inputs.GetFields()))}
	maps.Copy(both.GetFields(), inputs.GetFields())
	maps.Copy(both.GetFields(), outputs.GetFields())
	return both
}

// NameOf is the logical name at the end of a URN.
func NameOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	return parts[len(parts)-1]
}

// StackOf reads the stack and the project from a URN, and the environment from the stack's name.
func StackOf(resources []Resource) Stack {
	var stack Stack
	for _, r := range resources {
		parts := strings.SplitN(strings.TrimPrefix(r.URN, "urn:pulumi:"), "::", 3)
		if len(parts) == 3 {
			stack.Name, stack.Project = parts[0], parts[1]
			break
		}
	}
	stack.Environment, _ = EnvironmentOf(stack)
	return stack
}
