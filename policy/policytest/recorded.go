package policytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
	"github.com/seed-11444627/holdfast/policy/rules"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// Recorded is the graph of a program that ran on the simulated cloud's face for unit tests.
func Recorded(recorder *cloudsim.Recorder) (*policy.Graph, error) {
	resources, err := Resources(recorder)
	if err != nil {
		return nil, err
	}
	return policy.NewGraph(StackOf(recorder), resources), nil
}

// StackOf is the stack that the recorded program ran as.
func StackOf(recorder *cloudsim.Recorder) policy.Stack {
	run := recorder.Settings()
	stack := policy.Stack{
		Project: run.Project, Name: run.Stack, DryRun: run.Preview, Config: run.Config, SecretKeys: run.SecretKeys,
	}
	stack.Environment, _ = policy.EnvironmentOf(stack)
	return stack
}

// Resources are the recorded resources as rules take them.
func Resources(recorder *cloudsim.Recorder) ([]policy.Resource, error) {
	var resources []policy.Resource
	for _, r := range recorder.Resources() {
		if r.Read { // The program looked it up and does not own it; the engine shows it to no policy either.
			continue
		}
		made, err := resourceOf(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.URN, err)
		}
		resources = append(resources, made)
	}
	return resources, nil
}

func resourceOf(r cloudsim.Record) (policy.Resource, error) {
	inputs, err := wired(r.Inputs)
	if err != nil {
		return policy.Resource{}, err
	}
	outputs, err := wired(r.Outputs)
	if err != nil {
		return policy.Resource{}, err
	}
	id := r.ID
	if id == "" && r.Custom {
		id = plugin.UnknownStringValue // In a preview.
	}
	return policy.Resource{
		URN: r.URN, Type: r.Type, Name: r.Name, ID: id, Parent: r.Parent, Provider: r.Provider,
		Properties: policy.Overlay(inputs, outputs), Protect: r.Protect, RetainOnDelete: r.RetainOnDelete, IgnoreChanges: r.IgnoreChanges,
		Aliases: r.Aliases, Dependencies: r.Dependencies, PropertyDependencies: r.PropertyDependencies,
	}, nil
}

func wired(properties resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(properties, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
}

// Check fails the test with every violation that the recorded program would be stopped for. A configuration of the policy
// pack may be given; the catalogue's own defaults hold otherwise.
//
//	policytest.Check(t, recorder)
func Check(t *testing.T, recorder *cloudsim.Recorder, configuration ...string) {
	t.Helper()
	graph, err := Recorded(recorder)
	if err != nil {
		t.Fatal(err)
	}
	config := &policy.Config{}
	for _, text := range configuration {
		if config, err = policy.ParseConfig([]byte(text), rules.All()); err != nil {
			t.Fatal(err)
		}
	}
	judged := policy.Evaluate(graph, policy.Evaluation{Rules: rules.All(), Config: config, Today: time.Now()})
	stopping := slices.DeleteFunc(judged.Findings, func(f policy.Finding) bool { return !f.Stops() })
	var text []string
	for _, f := range stopping {
		text = append(text, f.Rule+": "+report.Explain(f))
	}
	if len(text) > 0 {
		t.Fatalf("%d violations:\n%s", len(text), strings.Join(text, "\n"))
	}
}
