package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// stateSize is how many bytes of a state are what.
type stateSize struct{ whole, stacks, names, components int }

// readState reads the resources of a local state file.
func readState(file string) ([]apitype.ResourceV3, int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, 0, err
	}
	var kept struct {
		Checkpoint struct {
			Latest apitype.DeploymentV3 `json:"latest"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, 0, fmt.Errorf("reading the state: %w", err)
	}
	return kept.Checkpoint.Latest.Resources, len(text), nil
}

// sizeOf takes a state apart. What is left is what the resources themselves are.
func sizeOf(file string) (stateSize, error) {
	resources, whole, err := readState(file)
	size := stateSize{whole: whole}
	for _, r := range resources {
		size.stacks += written(r.StackTrace)
		if !r.Custom {
			r.StackTrace = nil
			size.components += written(r)
			continue
		}
		size.names += written(r.URN) + written(r.Parent) + written(r.Dependencies) + written(r.PropertyDependencies)
	}
	return size, err
}

func written(value any) int {
	text, err := json.Marshal(value)
	if err != nil || string(text) == "null" {
		return 0
	}
	return len(text)
}
