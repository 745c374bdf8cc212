package policytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"gopkg.in/yaml.v3"

	"github.com/seed-11444627/holdfast/policy"
)

// Edit is one change of a stack: a value set or removed, an option set, a resource removed or added.
//
//	db.storageEncrypted=false     set a property; the value is YAML and may have references and {$secret: …}
//	db.kmsKeyId!                  remove a property
//	db.storageEncrypted?          make a property unknown
//	db#protect=false              set an option
//	db!                           remove a resource
//	+copy={type: …, properties: …}  add a resource
//	@config.key=value, @tags.key=value, @stack.name=value  change the stack: its configuration, its tags, or its name or environment
//	@policy.rule.setting=value  change a setting of a rule, or of pack-settings
type Edit struct {
	Resource, Path string
	Option         string
	Remove         bool
	Unknown        bool
	Add            bool
	Value          any
}

// ParseEdits reads edits separated by " ; ".
func ParseEdits(text string) ([]Edit, error) {
	var edits []Edit
	for part := range strings.SplitSeq(text, " ; ") {
		edit, err := parseEdit(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit)
	}
	return edits, nil
}

func parseEdit(text string) (Edit, error) {
	var e Edit
	target, value, set := strings.Cut(text, "=")
	if !set {
		e.Remove, e.Unknown = strings.HasSuffix(text, "!"), strings.HasSuffix(text, "?")
		if !e.Remove && !e.Unknown {
			return e, fmt.Errorf("edit %q: want name.path=value, name.path!, name.path?, name#option=value, name! or +name=resource", text)
		}
		target = strings.TrimRight(text, "!?")
	}
	if set {
		if err := yaml.Unmarshal([]byte(value), &e.Value); err != nil {
			return e, fmt.Errorf("edit %q: %w", text, err)
		}
	}
	e.Add = strings.HasPrefix(target, "+")
	target = strings.TrimPrefix(target, "+")
	name, option, isOption := strings.Cut(target, "#")
	if isOption {
		e.Resource, e.Option = name, option
		return e, nil
	}
	e.Resource, e.Path, _ = strings.Cut(target, ".")
	return e, nil
}

// Edited is the fixture's resources after the edits.
func (f *Fixture) Edited(text string) ([]policy.Resource, error) {
	edits, err := ParseEdits(text)
	if err != nil {
		return nil, err
	}
	changed, err := f.with(edits)
	if err != nil {
		return nil, err
	}
	resources, err := changed.Resources()
	if err != nil {
		return nil, err
	}
	b := &builder{fixture: changed, computed: map[string]map[string]string{}}
	for _, e := range edits {
		if e.Add || e.ofStack() {
			continue
		}
		used := map[string]bool{}
		if e.Value, err = b.value(e.Value, used); err != nil {
			return nil, fmt.Errorf("edit %q: %w", text, err)
		}
		urn := f.URN(e.Resource)
		if urn == "" {
			return nil, fmt.Errorf("edit %q: there is no resource %s", text, e.Resource)
		}
		if resources, err = Apply(resources, urn, e, used); err != nil {
			return nil, fmt.Errorf("edit %q: %w", text, err)
		}
	}
	for i := range resources {
		b.complete(&resources[i])
	}
	return resources, nil
}

// ofStack says that the edit is of the stack or of its policy configuration, and of no resource.
func (e Edit) ofStack() bool { return strings.HasPrefix(e.Resource, "@") }

// Changed is the fixture with the stack and the policy configuration as the edits want them.
func (f *Fixture) Changed(text string) (*Fixture, error) {
	edits, err := ParseEdits(text)
	if err != nil {
		return nil, err
	}
	changed := *f
	changed.Entries = maps.Clone(f.Entries)
	changed.Stack.Config, changed.Stack.Tags = maps.Clone(f.Stack.Config), maps.Clone(f.Stack.Tags)
	for _, e := range edits {
		if !e.ofStack() {
			continue
		}
		if err := changed.changeStack(e); err != nil {
			return nil, fmt.Errorf("edit %q: %w", text, err)
		}
	}
	return &changed, nil
}

func (f *Fixture) changeStack(e Edit) error {
	switch {
	case e.Resource == "@config":
		f.Stack.Config = changeText(f.Stack.Config, e)
	case e.Resource == "@tags":
		f.Stack.Tags = changeText(f.Stack.Tags, e)
	case e.Resource == "@stack" && e.Path == "name":
		f.Stack.Name = fmt.Sprint(e.Value)
	case e.Resource == "@stack" && e.Path == "environment":
		f.Stack.Environment = fmt.Sprint(e.Value)
	case e.Resource == "@policy":
		rule, setting, _ := strings.Cut(e.Path, ".")
		settings := maps.Clone(f.Entries[rule].Settings)
		if settings == nil {
			settings = map[string]any{}
		}
		settings[setting] = e.Value
		if e.Remove {
			delete(settings, setting)
		}
		f.Entries[rule] = policy.Entry{Level: f.Entries[rule].Level, Settings: settings}
	default:
		return fmt.Errorf("there is no %s.%s; want @config, @tags, @policy, @stack.name or @stack.environment", e.Resource, e.Path)
	}
	return nil
}

func changeText(texts map[string]string, e Edit) map[string]string {
	if texts == nil {
		texts = map[string]string{}
	}
	texts[e.Path] = fmt.Sprint(e.Value)
	if e.Remove {
		delete(texts, e.Path)
	}
	return texts
}

// Value is an edit's value as it travels: {$secret: …} and the like resolved, for edits of other stacks than the fixture.
func (f *Fixture) Value(value any) (any, error) {
	return (&builder{fixture: f, computed: map[string]map[string]string{}}).value(value, map[string]bool{})
}

// with is the fixture with the resources that edits add.
func (f *Fixture) with(edits []Edit) (*Fixture, error) {
	changed := *f
	changed.resources = map[string]*given{}
	maps.Copy(changed.resources, f.resources)
	for _, e := range edits {
		if !e.Add {
			continue
		}
		text, err := yaml.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		added := &given{}
		if err := yaml.Unmarshal(text, added); err != nil {
			return nil, fmt.Errorf("adding %s: %w", e.Resource, err)
		}
		changed.resources[e.Resource] = added
	}
	return &changed, nil
}

// Apply makes one edit of one resource in a list. The list given stays as it is. used are URNs that the value depends on.
func Apply(resources []policy.Resource, urn string, e Edit, used map[string]bool) ([]policy.Resource, error) {
	at := slices.IndexFunc(resources, func(r policy.Resource) bool { return r.URN == urn })
	if at < 0 {
		return nil, fmt.Errorf("there is no resource %s", urn)
	}
	changed := slices.Clone(resources)
	if e.Remove && e.Path == "" {
		return slices.Delete(changed, at, at+1), nil
	}
	r := &changed[at]
	if e.Option != "" {
		return changed, setOption(r, e)
	}
	r.Properties = proto.CloneOf(r.Properties)
	value, err := wire(e)
	if err != nil {
		return nil, err
	}
	whole := structpb.NewStructValue(r.Properties)
	keys := keysOf(e.Path)
	if err := set(whole, keys, value); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Path, err)
	}
	r.Properties = whole.GetStructValue()
	dependencies := map[string][]string{}
	maps.Copy(dependencies, r.PropertyDependencies)
	// What is known in full after the edit is computed from nothing any more.
	if len(keys) == 1 || !strings.Contains(whole.GetStructValue().GetFields()[keys[0]].String(), plugin.UnknownStringValue) {
		delete(dependencies, keys[0])
	}
	for _, urn := range slices.Sorted(maps.Keys(used)) {
		dependencies[keys[0]] = append(slices.Clone(dependencies[keys[0]]), urn)
	}
	r.PropertyDependencies = dependencies
	return changed, nil
}

func setOption(r *policy.Resource, e Edit) error {
	on, _ := e.Value.(bool)
	switch e.Option {
	case "protect":
		r.Protect = on
	case "retainOnDelete":
		r.RetainOnDelete = on
	case "provider":
		r.Provider = fmt.Sprint(e.Value)
	case "op":
		step := policy.Step{}
		if r.Step != nil {
			step = *r.Step
		}
		step.Op = policy.Op(fmt.Sprint(e.Value))
		r.Step = &step
	case "ignoreChanges":
		r.IgnoreChanges = strings.Split(fmt.Sprint(e.Value), ",")
	default:
		return fmt.Errorf("option %s: want protect, retainOnDelete, provider, op or ignoreChanges", e.Option)
	}
	return nil
}

// wire is the edit's value as it travels; nil removes.
func wire(e Edit) (*structpb.Value, error) {
	if e.Unknown {
		return structpb.NewStringValue(plugin.UnknownStringValue), nil
	}
	if e.Remove {
		return nil, nil //nolint:nilnil // nil stands for no value
	}
	return structpb.NewValue(e.Value)
}

// keysOf splits a path into keys and indices: "ingress[0].cidrBlocks".
func keysOf(path string) []string {
	return strings.FieldsFunc(strings.ReplaceAll(path, "[", ".["), func(r rune) bool { return r == '.' })
}

// set puts a value at a path, through secrets and through JSON in texts.
func set(at *structpb.Value, keys []string, value *structpb.Value) error {
	if inner := secretOf(at); inner != nil {
		return set(inner, keys, value)
	}
	if text, ok := at.GetKind().(*structpb.Value_StringValue); ok {
		return setInText(at, text.StringValue, keys, value)
	}
	if list := at.GetListValue(); list != nil {
		return setInList(list, keys, value)
	}
	object := at.GetStructValue()
	if object == nil {
		return fmt.Errorf("no object to set %s in", keys[0])
	}
	if object.Fields == nil {
		object.Fields = map[string]*structpb.Value{}
	}
	if len(keys) > 1 {
		if object.GetFields()[keys[0]] == nil {
			object.Fields[keys[0]] = emptyFor(keys[1])
		}
		return set(object.GetFields()[keys[0]], keys[1:], value)
	}
	if value == nil {
		delete(object.GetFields(), keys[0])
		return nil
	}
	object.Fields[keys[0]] = value
	return nil
}

func secretOf(at *structpb.Value) *structpb.Value {
	fields := at.GetStructValue().GetFields()
	if fields[sig.Key].GetStringValue() != sig.Secret {
		return nil
	}
	return fields["value"]
}

func emptyFor(key string) *structpb.Value {
	if strings.HasPrefix(key, "[") {
		return structpb.NewListValue(&structpb.ListValue{})
	}
	return structpb.NewStructValue(&structpb.Struct{})
}

func setInList(list *structpb.ListValue, keys []string, value *structpb.Value) error {
	n, err := strconv.Atoi(strings.Trim(keys[0], "[]"))
	if err != nil || n < 0 || n > len(list.GetValues()) || n == len(list.GetValues()) && value == nil {
		return fmt.Errorf("index %s of a list of %d", keys[0], len(list.GetValues()))
	}
	switch {
	case n == len(list.GetValues()) && len(keys) == 1:
		list.Values = append(list.Values, value)
	case n == len(list.GetValues()):
		list.Values = append(list.Values, emptyFor(keys[1]))
		return set(list.GetValues()[n], keys[1:], value)
	case len(keys) > 1:
		return set(list.GetValues()[n], keys[1:], value)
	case value == nil:
		list.Values = slices.Delete(list.GetValues(), n, n+1)
	default:
		list.Values[n] = value
	}
	return nil
}

func setInText(at *structpb.Value, text string, keys []string, value *structpb.Value) error {
	if value.GetStringValue() == plugin.UnknownStringValue { // A text with an unknown part is unknown as a whole.
		at.Kind = value.GetKind()
		return nil
	}
	var inside structpb.Value
	if err := inside.UnmarshalJSON([]byte(text)); err != nil {
		return fmt.Errorf("no JSON to set %s in: %w", keys[0], err)
	}
	if err := set(&inside, keys, value); err != nil {
		return err
	}
	encoded, err := json.Marshal(inside.AsInterface())
	if err != nil {
		return err
	}
	at.Kind = &structpb.Value_StringValue{StringValue: string(encoded)}
	return nil
}
