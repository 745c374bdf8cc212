package cloudsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// defaultsKey is where the provider notes which inputs it has filled in itself, as the Terraform bridge does.
const defaultsKey = "__defaults"

// Failure is one reason why inputs are refused before anything is sent to AWS.
type Failure struct { //nolint:errname // the provider protocol calls it a check failure
	Property string
	Reason   string
}

// Error is the failure as one line.
func (f Failure) Error() string {
	if f.Property == "" {
		return f.Reason
	}
	return f.Property + ": " + f.Reason
}

// opRequest is one call of the engine, the same for both faces.
type opRequest struct {
	urn, typ, name string
	id             string
	at             place
	inputs         resource.PropertyMap
	oldInputs      resource.PropertyMap
	defaultTags    map[string]string
	preview        bool
}

// check fills in the physical name and reports everything that is wrong with single values.
func (m *Model) check(req opRequest) (resource.PropertyMap, []Failure) {
	row, err := m.rowOrError(req.typ)
	if err != nil {
		return nil, []Failure{{Reason: err.Error()}}
	}
	if err := m.begin(); err != nil {
		return nil, []Failure{{Reason: err.Error()}}
	}
	defer m.end()
	inputs := req.inputs.Copy()
	delete(inputs, defaultsKey)
	c := m.call(OpCreate, row, req)
	var failures []Failure
	if failure := m.autoName(c, inputs, req.oldInputs); failure != nil {
		failures = append(failures, *failure)
	}
	for _, required := range row.required() {
		if !(Props{inputs}).Has(required) {
			failures = append(failures, Failure{required, fmt.Sprintf("missing required property %q", required)})
		}
	}
	failures = append(failures, spelled(req.typ, inputs)...)
	failures = append(failures, tagsFit(row, Props{inputs})...)
	return inputs, append(failures, violations(row, Props{withDefaults(row, inputs)})...)
}

func violations(row *Row, inputs Props) []Failure {
	var failures []Failure
	for _, limit := range row.Limits {
		for _, found := range inputs.At(limit.Path) {
			values := []Found{found}
			if !limit.Rule.whole {
				values = spread(found)
			}
			for _, value := range values {
				if unknown(value.Value) {
					continue
				}
				if wrong := limit.Rule.wrong(plain(value.Value)); wrong != "" {
					failures = append(failures, Failure{value.Path, wrong + " (" + limit.Source + ")"})
				}
			}
		}
	}
	return failures
}

// autoName gives a resource without a name the name that pulumi-aws would give it.
func (m *Model) autoName(c *Call, inputs, old resource.PropertyMap) *Failure {
	rule := c.Row.AutoName
	if rule == nil {
		return nil
	}
	property := rule.property()
	if inputs.HasValue(property) || inputs.HasValue(rule.prefix()) || rule.When != nil && !rule.When(Props{inputs}) {
		return nil
	}
	inputs[defaultsKey] = propertyOf([]string{string(property)})
	if old.HasValue(property) && slices.Contains(Props{old}.Texts(defaultsKey), string(property)) {
		inputs[property] = old[property]
		return nil
	}
	name := rule.name(c)
	for m.nameTaken(c, property, name) {
		c.attempt++
		name = rule.name(c)
	}
	if len(name) > rule.max() {
		return &Failure{string(property), fmt.Sprintf("the logical name %q with %q and 7 random characters makes a name of %d "+
			"characters; %d are allowed", c.Logical, rule.sep(), len(name), rule.max())}
	}
	inputs[property] = resource.NewProperty(name)
	return nil
}

// nameTaken reports whether the resource's own former self, about to be replaced, still has the name.
func (m *Model) nameTaken(c *Call, property resource.PropertyKey, name string) bool {
	for _, r := range m.owned[c.URN] {
		if c.place().holds(r) && !r.unanswered && r.Out().Text(string(property)) == name {
			return true
		}
	}
	return false
}

func (a *AutoName) property() resource.PropertyKey {
	if a.Property == "" {
		return "name"
	}
	return resource.PropertyKey(a.Property)
}

func (a *AutoName) prefix() resource.PropertyKey {
	if a.Prefix == "" {
		return "namePrefix"
	}
	return resource.PropertyKey(a.Prefix)
}

func (a *AutoName) max() int {
	if a.Max == 0 {
		return 255
	}
	return a.Max
}

func (a *AutoName) sep() string {
	if a.Sep == "" {
		return "-"
	}
	return a.Sep
}

func (a *AutoName) name(c *Call) string {
	name := c.Logical + a.sep() + c.Hex("name", 7)
	if a.Lower {
		name = strings.ToLower(name)
	}
	suffix := a.Suffix
	if a.SuffixWhen != nil && !a.SuffixWhen(c.Props) {
		suffix = ""
	}
	return name + suffix
}

func withDefaults(row *Row, inputs resource.PropertyMap) resource.PropertyMap {
	out := resource.PropertyMap{}
	for k, v := range inputs {
		if k != defaultsKey && !plain(v).IsNull() {
			out[k] = v
		}
	}
	for k, v := range row.Defaults {
		if !inputs.HasValue(resource.PropertyKey(k)) {
			out[resource.PropertyKey(k)] = propertyOf(v)
		}
	}
	return out
}

// call prepares an operation for the row's functions.
func (m *Model) call(op Op, row *Row, req opRequest) *Call {
	at := req.at
	return &Call{Props: Props{withDefaults(row, req.inputs)}, Op: op, Row: row, URN: req.urn, Logical: req.name,
		Account: at.account, Region: at.region, Preview: req.preview, ID: req.id, model: m, Out: Props{resource.PropertyMap{}},
		tags: req.defaultTags}
}

// judge collects everything that AWS would refuse about a creation or an update.
func (m *Model) judge(c *Call) error {
	errs := []error{m.references(c), m.uniqueness(c)}
	if c.Row.Check != nil {
		errs = append(errs, c.Row.Check(c))
	}
	return errors.Join(errs...)
}

// references demands that what the inputs refer to exists in the same account and region.
func (m *Model) references(c *Call) error {
	if c.Preview && !m.wholePlan {
		return nil // Another provider process of this preview may be about to plan it.
	}
	var errs []error
	for i := range c.Row.Refs {
		ref := &c.Row.Refs[i]
		for _, found := range c.Walk(ref.Path) {
			value := text(found.Value)
			if unknown(found.Value) || value == "" || ref.Except != nil && ref.Except(value) {
				continue
			}
			if m.resolve(ref, found.Value, c.place()) == nil {
				errs = append(errs, m.missing(c, ref, found))
			}
		}
	}
	return errors.Join(errs...)
}

// missing words the refusal of a reference, and says where the target is if it is elsewhere.
func (m *Model) missing(c *Call, ref *Ref, found Found) error {
	noun, code := "resource", ref.Code
	if row := m.row(ref.To[0]); row != nil {
		noun = row.Noun
		if code == "" {
			code = row.NotFound
		}
	}
	if ref.Noun != "" {
		noun = ref.Noun
	}
	if code == "" {
		code = "InvalidParameterValue"
	}
	where := fmt.Sprintf("account %s", c.Account)
	if c.Region != "" && ref.Region == "" {
		where = fmt.Sprintf("account %s in region %s", c.Account, c.Region)
	}
	var message strings.Builder
	fmt.Fprintf(&message, "the %s '%s' does not exist in %s", noun, text(found.Value), where)
	for _, other := range m.everything() {
		if slices.Contains(ref.To, other.Type) && ref.matches(other, text(found.Value)) {
			fmt.Fprintf(&message, "; there is one in account %s, region %s", other.Account, other.Region)
			break
		}
	}
	return c.RejectAt(found.Path, code, "%s", message.String())
}

// uniqueness demands that names which may exist once do.
func (m *Model) uniqueness(c *Call) error {
	var errs []error
	for _, unique := range c.Row.Unique {
		values, ok := valuesAt(c.Named(), unique.Paths)
		if !ok {
			continue
		}
		for _, other := range m.byType[c.Row.Type] {
			if c.self(other) || !unique.Scope.covers(c, other) {
				continue
			}
			if sameValues(other.Out(), unique.Paths, values) {
				errs = append(errs, c.RejectAt(unique.Paths[0], unique.Code, "a %s with %s already exists: %s", c.Row.Noun,
					describe(unique.Paths, values), other.ID))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// self reports whether a resource is what the call is about, or (in preview) its former self.
func (c *Call) self(r *Resource) bool {
	return c.Old != nil && r.key() == c.Old.key() || c.Preview && r.URN == c.URN
}

// Named are the inputs together with the name that is made from a name prefix.
func (c *Call) Named() Props {
	merged := c.Map.Copy()
	for k, v := range c.Out.Map {
		if !merged.HasValue(k) {
			merged[k] = v
		}
	}
	return Props{merged}
}

func (s Scope) covers(c *Call, other *Resource) bool {
	switch s {
	case Everywhere:
		return true
	case InAccount:
		return other.Account == c.Account
	case InRegion:
	}
	return c.place().holds(other)
}

func valuesAt(p Props, paths []string) ([]string, bool) {
	var values []string
	some := false
	for _, path := range paths {
		if !p.Known(path) {
			return nil, false
		}
		value := strings.Join(p.Texts(path), ",")
		some = some || value != ""
		values = append(values, value)
	}
	return values, some
}

func sameValues(p Props, paths, values []string) bool {
	for i, path := range paths {
		if strings.Join(p.Texts(path), ",") != values[i] || !p.Known(path) {
			return false
		}
	}
	return true
}

func describe(paths, values []string) string {
	var parts []string
	for i := range paths {
		if values[i] != "" {
			parts = append(parts, fmt.Sprintf("%s %q", paths[i], values[i]))
		}
	}
	return strings.Join(parts, " and ")
}
