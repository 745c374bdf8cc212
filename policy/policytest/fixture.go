// Package policytest judges programs in unit tests, and holds the small stacks in YAML that document and test each rule.
//
// A fixture names its resources and writes references as ${name.property}:
//
//	environment: prod
//	resources:
//	  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: true}}
//	  db:
//	    type: aws:rds/instance:Instance
//	    options: {protect: true}
//	    properties: {storageEncrypted: true, kmsKeyId: "${key.arn}"}
//
// An object {$json: …} becomes a JSON text, {$secret: …} a secret, {$unknown: true} a value that is not known yet. Resources
// have the provider aws in eu-central-1 and account 111111111111 unless they name another, and the types of components none.
package policytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	"google.golang.org/protobuf/types/known/structpb"
	"gopkg.in/yaml.v3"

	"github.com/seed-11444627/holdfast/policy"
)

// Fixture is a small stack.
type Fixture struct {
	Stack policy.Stack
	// Entries are the policy configuration that the fixture asks for, by rule.
	Entries   map[string]policy.Entry
	resources map[string]*given
	preview   bool
}

type given struct {
	Type       string         `yaml:"type"`
	ID         string         `yaml:"id"`
	Parent     string         `yaml:"parent"`
	Provider   string         `yaml:"provider"`
	Options    options        `yaml:"options"`
	Properties map[string]any `yaml:"properties"`
	Step       *planned       `yaml:"step"`
}

// planned is what a plan does to a resource.
type planned struct {
	Op        string         `yaml:"op"`
	Old       map[string]any `yaml:"old"`
	Protected bool           `yaml:"protected"`
	Causes    []string       `yaml:"causes"`
}

type options struct {
	Protect        bool     `yaml:"protect"`
	RetainOnDelete bool     `yaml:"retainOnDelete"`
	DependsOn      []string `yaml:"dependsOn"`
	IgnoreChanges  []string `yaml:"ignoreChanges"`
}

// Parse reads a fixture.
func Parse(text string) (*Fixture, error) {
	var document struct {
		Environment string                    `yaml:"environment"`
		StackName   string                    `yaml:"stackName"`
		Policy      map[string]map[string]any `yaml:"policy"`
		Config      map[string]string         `yaml:"config"`
		Secrets     []string                  `yaml:"secrets"`
		Tags        map[string]string         `yaml:"tags"`
		Resources   map[string]*given         `yaml:"resources"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("reading the fixture: %w", err)
	}
	if document.Environment == "" {
		document.Environment = "prod"
	}
	if document.StackName == "" {
		document.StackName = "fixture"
	}
	f := &Fixture{
		Stack: policy.Stack{
			Project: "example", Name: document.StackName, Environment: document.Environment, Config: document.Config,
			SecretKeys: document.Secrets, Tags: document.Tags,
		},
		Entries: map[string]policy.Entry{}, resources: document.Resources,
	}
	for rule, settings := range document.Policy {
		f.Entries[rule] = policy.Entry{Settings: settings}
	}
	return f, nil
}

// Preview is the same stack before it is made: every reference, and every value that the fixture does not give, is not
// known yet.
func (f *Fixture) Preview() *Fixture {
	planned := *f
	planned.preview = true
	planned.Stack.DryRun = true
	return &planned
}

// Resources are the fixture's resources, sorted by name.
func (f *Fixture) Resources() ([]policy.Resource, error) {
	b := &builder{fixture: f, computed: map[string]map[string]string{}}
	var made []policy.Resource
	for _, name := range slices.Sorted(maps.Keys(f.resources)) {
		r, err := b.resource(name, f.resources[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		made = append(made, r)
	}
	for i := range made {
		b.complete(&made[i])
	}
	if _, own := f.resources["aws"]; !own {
		made = append(made, b.awsProvider())
	}
	return made, nil
}

// URN is the URN of a resource of the fixture.
func (f *Fixture) URN(name string) string {
	if f.resources[name] == nil {
		return ""
	}
	return fmt.Sprintf("urn:pulumi:%s::%s::%s::%s", f.Stack.Name, f.Stack.Project, f.resources[name].Type, name)
}

// TypeOf is the type of a resource of the fixture; empty when there is none of that name.
func (f *Fixture) TypeOf(name string) string {
	if f.resources[name] == nil {
		return ""
	}
	return f.resources[name].Type
}

const awsProviderURN = "urn:pulumi:fixture::example::pulumi:providers:aws::aws"

// builder turns the fixture's YAML into resources.
type builder struct {
	fixture *Fixture
	// computed are the properties that others refer to and the fixture does not give, by resource.
	computed map[string]map[string]string
}

func (b *builder) awsProvider() policy.Resource {
	properties, _ := structpb.NewStruct(map[string]any{"region": "eu-central-1", "allowedAccountIds": `["111111111111"]`})
	return policy.Resource{URN: awsProviderURN, Type: "pulumi:providers:aws", Name: "aws", ID: "aws-provider", Properties: properties}
}

func (b *builder) resource(name string, r *given) (policy.Resource, error) {
	made := policy.Resource{
		URN: b.fixture.URN(name), Type: r.Type, Name: name, ID: r.ID, Parent: b.fixture.URN(r.Parent), Provider: b.provider(r),
		Protect: r.Options.Protect, RetainOnDelete: r.Options.RetainOnDelete, IgnoreChanges: r.Options.IgnoreChanges,
		PropertyDependencies: map[string][]string{},
	}
	custom := made.Provider != "" || strings.HasPrefix(r.Type, "pulumi:providers:")
	if made.ID == "" && custom {
		made.ID = name + "-id"
	}
	if custom && b.fixture.preview {
		made.ID = plugin.UnknownStringValue
	}
	properties := map[string]any{}
	for key, value := range r.Properties {
		used := map[string]bool{}
		resolved, err := b.value(value, used)
		if err != nil {
			return made, fmt.Errorf("%s: %w", key, err)
		}
		properties[key] = resolved
		for _, urn := range slices.Sorted(maps.Keys(used)) {
			made.PropertyDependencies[key] = append(made.PropertyDependencies[key], urn)
			made.Dependencies = append(made.Dependencies, urn)
		}
	}
	for _, other := range r.Options.DependsOn {
		made.Dependencies = append(made.Dependencies, b.fixture.URN(other))
	}
	decoded, err := structpb.NewStruct(properties)
	made.Properties = decoded
	if r.Step != nil && err == nil {
		made.Step, err = r.Step.step()
	}
	return made, err
}

func (p *planned) step() (*policy.Step, error) {
	old, err := structpb.NewStruct(p.Old)
	return &policy.Step{Op: policy.Op(p.Op), Old: old, OldProtect: p.Protected, Causes: p.Causes}, err
}

func (b *builder) provider(r *given) string {
	switch {
	case r.Provider == "none", strings.HasPrefix(r.Type, "pulumi:"):
		return ""
	case r.Provider != "":
		return b.fixture.URN(r.Provider)
	case strings.HasPrefix(r.Type, "aws:"):
		if own := b.fixture.URN("aws"); own != "" {
			return own
		}
		return awsProviderURN
	}
	return ""
}

// complete gives a resource the computed properties that others refer to.
func (b *builder) complete(r *policy.Resource) {
	for key, value := range b.computed[r.Name] {
		if r.Properties.GetFields()[key] == nil {
			r.Properties.Fields[key] = structpb.NewStringValue(value)
		}
	}
}

var reference = regexp.MustCompile(`\$\{([A-Za-z0-9_-]+)\.([A-Za-z0-9]+)\}`)

// value resolves one value; used collects the URNs of what it refers to.
func (b *builder) value(value any, used map[string]bool) (any, error) {
	switch v := value.(type) {
	case string:
		return b.text(v, used)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			resolved, err := b.value(item, used)
			if err != nil {
				return nil, err
			}
			list[i] = resolved
		}
		return list, nil
	case map[string]any:
		return b.object(v, used)
	}
	return value, nil
}

func (b *builder) object(object map[string]any, used map[string]bool) (any, error) {
	resolved := map[string]any{}
	for key, item := range object {
		value, err := b.value(item, used)
		if err != nil {
			return nil, err
		}
		resolved[key] = value
	}
	switch {
	case resolved["$unknown"] != nil:
		return plugin.UnknownStringValue, nil
	case resolved["$secret"] != nil:
		return map[string]any{sig.Key: sig.Secret, "value": resolved["$secret"]}, nil
	case resolved["$json"] != nil:
		text, err := json.Marshal(resolved["$json"])
		if strings.Contains(string(text), plugin.UnknownStringValue) {
			return plugin.UnknownStringValue, nil
		}
		return string(text), err
	}
	return resolved, nil
}

func (b *builder) text(text string, used map[string]bool) (string, error) {
	waits := false
	var problem error
	resolved := reference.ReplaceAllStringFunc(text, func(found string) string {
		parts := reference.FindStringSubmatch(found)
		name, property := parts[1], parts[2]
		target := b.fixture.resources[name]
		if target == nil {
			problem = fmt.Errorf("there is no resource %s", name)
			return ""
		}
		used[b.fixture.URN(name)] = true
		if given, ok := target.Properties[property].(string); ok && !strings.Contains(given, "${") {
			return given
		}
		waits = waits || b.fixture.preview
		return b.compute(name, property)
	})
	if waits {
		return plugin.UnknownStringValue, problem
	}
	return resolved, problem
}

// compute makes the text that AWS would compute, and keeps it for the resource itself.
func (b *builder) compute(name, property string) string {
	target := b.fixture.resources[name]
	if property == "id" {
		if target.ID != "" {
			return target.ID
		}
		return name + "-id"
	}
	made := name + "-" + property
	if property == "arn" {
		module, _, _ := strings.Cut(strings.TrimPrefix(target.Type, "aws:"), "/")
		made = "arn:aws:" + module + ":eu-central-1:111111111111:" + name
	}
	kept := made
	if b.fixture.preview {
		kept = plugin.UnknownStringValue
	}
	if b.computed[name] == nil {
		b.computed[name] = map[string]string{}
	}
	b.computed[name][property] = kept
	return made
}
