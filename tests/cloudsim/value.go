package cloudsim

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Props reads properties by path. Secrets are looked through; an absent and an unknown value both read as empty, so a
// rule that must tell them apart asks Known first.
type Props struct {
	Map resource.PropertyMap
}

// Found is a value met on a path, with the path as an engineer would write it: "ingress[0].cidrBlocks[1]".
type Found struct {
	Path  string
	Value resource.PropertyValue
}

// plain looks through secrets and resolved outputs.
func plain(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput() && v.OutputValue().Known:
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}

// unknown reports whether the value itself is not known yet.
func unknown(v resource.PropertyValue) bool {
	v = plain(v)
	return v.IsComputed() || v.IsOutput()
}

// containsUnknown reports whether the value or anything in it is not known yet.
func containsUnknown(v resource.PropertyValue) bool {
	v = plain(v)
	if unknown(v) {
		return true
	}
	if v.IsArray() {
		if slices.ContainsFunc(v.ArrayValue(), containsUnknown) {
			return true
		}
	}
	if v.IsObject() {
		for _, element := range v.ObjectValue() {
			if containsUnknown(element) {
				return true
			}
		}
	}
	return false
}

// text is the value as a string: numbers without an exponent, booleans as true and false, everything else empty.
func text(v resource.PropertyValue) string {
	v = plain(v)
	switch {
	case v.IsString():
		return v.StringValue()
	case v.IsNumber():
		return strconv.FormatFloat(v.NumberValue(), 'f', -1, 64)
	case v.IsBool():
		return strconv.FormatBool(v.BoolValue())
	case v.IsResourceReference():
		return text(v.ResourceReferenceValue().ID)
	}
	return ""
}

// number is the value as a number; the bridge also takes numbers and booleans written as text.
func number(v resource.PropertyValue) (float64, bool) {
	v = plain(v)
	if v.IsNumber() {
		return v.NumberValue(), true
	}
	if !v.IsString() {
		return 0, false
	}
	n, err := strconv.ParseFloat(v.StringValue(), 64)
	return n, err == nil
}

// Walk returns every value at the path, looking through lists. Null is absent. The last list is walked as well.
func (p Props) Walk(path string) []Found {
	var out []Found
	for _, found := range p.at(path) {
		out = append(out, spread(found)...)
	}
	return out
}

// At returns every value at the path; a list at its end is returned whole.
func (p Props) At(path string) []Found { return p.at(path) }

func (p Props) at(path string) []Found {
	if !strings.Contains(path, ".") && path != "*" { // Most paths are one key.
		child, ok := p.Map[resource.PropertyKey(path)]
		if !ok || plain(child).IsNull() {
			return nil
		}
		return []Found{{path, child}}
	}
	current := []Found{{Value: resource.NewProperty(p.Map)}}
	for key := range strings.SplitSeq(path, ".") {
		var next []Found
		for _, found := range current {
			for _, element := range spread(found) {
				next = append(next, step(element, key)...)
			}
		}
		current = next
	}
	return current
}

// spread turns a list into its elements.
func spread(f Found) []Found {
	v := plain(f.Value)
	if !v.IsArray() {
		return []Found{f}
	}
	var out []Found
	for i, element := range v.ArrayValue() {
		if !plain(element).IsNull() {
			out = append(out, Found{fmt.Sprintf("%s[%d]", f.Path, i), element})
		}
	}
	return out
}

// step goes down one key. An unknown object makes everything below it unknown. "*" stands for every key of a map.
func step(f Found, key string) []Found {
	v := plain(f.Value)
	if unknown(v) {
		return []Found{f}
	}
	if !v.IsObject() {
		return nil
	}
	if key == "*" {
		return everyKey(f, v.ObjectValue())
	}
	child, ok := v.ObjectValue()[resource.PropertyKey(key)]
	if !ok || plain(child).IsNull() {
		return nil
	}
	return []Found{{join(f.Path, key), child}}
}

func everyKey(f Found, object resource.PropertyMap) []Found {
	keys := make([]string, 0, len(object))
	for k := range object {
		keys = append(keys, string(k))
	}
	sort.Strings(keys)
	out := make([]Found, 0, len(keys))
	for _, k := range keys {
		out = append(out, Found{join(f.Path, k), object[resource.PropertyKey(k)]})
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Has reports whether there is a value at the path, known or not.
func (p Props) Has(path string) bool { return len(p.at(path)) > 0 }

// Known reports whether every value at the paths is known in full. An absent value is known to be absent.
func (p Props) Known(paths ...string) bool {
	for _, path := range paths {
		for _, found := range p.at(path) {
			if containsUnknown(found.Value) {
				return false
			}
		}
	}
	return true
}

// Text is the first value at the path as a string, empty if absent or unknown. Numbers and booleans are written out.
func (p Props) Text(path string) string {
	for _, found := range p.Walk(path) {
		if s := text(found.Value); s != "" {
			return s
		}
	}
	return ""
}

// Texts are all known values at the path as strings.
func (p Props) Texts(path string) []string {
	var out []string
	for _, found := range p.Walk(path) {
		if !unknown(found.Value) {
			out = append(out, text(found.Value))
		}
	}
	return out
}

// Int is the first value at the path as a whole number, 0 if absent or unknown.
func (p Props) Int(path string) int {
	return int(p.Number(path))
}

// Number is the first value at the path as a number, 0 if absent or unknown.
func (p Props) Number(path string) float64 {
	for _, found := range p.Walk(path) {
		if n, ok := number(found.Value); ok {
			return n
		}
	}
	return 0
}

// Bool is the first value at the path as a truth value, false if absent or unknown.
func (p Props) Bool(path string) bool { return p.Text(path) == "true" }

// Objects are the known objects at the path, for lists of nested blocks. A single block is a list of one.
func (p Props) Objects(path string) []Props {
	var out []Props
	for _, found := range p.Walk(path) {
		if v := plain(found.Value); v.IsObject() {
			out = append(out, Props{v.ObjectValue()})
		}
	}
	return out
}

// Count is the number of elements of the list at the path, and whether it is known.
func (p Props) Count(path string) (int, bool) {
	n := 0
	for _, found := range p.at(path) {
		if unknown(found.Value) {
			return 0, false
		}
		n += len(spread(found))
	}
	return n, true
}

// Keys are the sorted keys of the map at the path.
func (p Props) Keys(path string) []string {
	var keys []string
	for _, found := range p.at(path) {
		if v := plain(found.Value); v.IsObject() {
			for k := range v.ObjectValue() {
				keys = append(keys, string(k))
			}
		}
	}
	sort.Strings(keys)
	return keys
}

// propertyOf turns a plain Go value into a property value.
func propertyOf(v any) resource.PropertyValue {
	switch v := v.(type) {
	case resource.PropertyValue:
		return v
	case []string:
		list := make([]resource.PropertyValue, 0, len(v))
		for _, s := range v {
			list = append(list, resource.NewProperty(s))
		}
		return resource.NewProperty(list)
	case map[string]string:
		object := resource.PropertyMap{}
		for k, s := range v {
			object[resource.PropertyKey(k)] = resource.NewProperty(s)
		}
		return resource.NewProperty(object)
	}
	return resource.NewPropertyValue(v)
}
