// Command sameplan fails unless two saved plans take the same steps on the same resources.
//
//	sameplan plan.json judged.json
//
// The engine gives its plan to no policy pack, and prints either what people read or what machines read. So a plan is judged
// by a second preview, and this says whether that was a preview of the same thing. Values are not compared: names that the
// engine makes up and secrets differ from one preview to the next.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sameplan:", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) != 2 {
		return errors.New("want two plans, as pulumi preview --save-plan writes them")
	}
	first, err := read(files[0])
	if err != nil {
		return err
	}
	second, err := read(files[1])
	if err != nil {
		return err
	}
	return same(first, second)
}

// steps are the engine's steps on each resource, by URN.
type steps map[string][]string

func read(file string) (steps, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	var plan struct {
		Resources map[string]struct {
			Steps []string `json:"steps"`
		} `json:"resourcePlans"`
	}
	if err := json.Unmarshal(text, &plan); err != nil {
		return nil, fmt.Errorf("reading the plan %s: %w", file, err)
	}
	if len(plan.Resources) == 0 {
		return nil, fmt.Errorf("the plan %s has no resources", file)
	}
	all := make(steps, len(plan.Resources))
	for urn, resource := range plan.Resources {
		all[urn] = resource.Steps
	}
	return all, nil
}

func same(first, second steps) error {
	urns := map[string]bool{}
	for _, plan := range []steps{first, second} {
		for urn := range plan {
			urns[urn] = true
		}
	}
	var problems []error
	for _, urn := range slices.Sorted(maps.Keys(urns)) {
		if !slices.Equal(first[urn], second[urn]) {
			problems = append(problems, fmt.Errorf("%s: %v in one plan, %v in the other", urn, first[urn], second[urn]))
		}
	}
	if len(problems) > 0 {
		problems = append(problems, errors.New("something changed between the two previews: plan again"))
	}
	return errors.Join(problems...)
}
