package cloudsim

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// inputTable is what each type takes, written by tools/inputs from the source of the pulumi-aws SDK.
//
//go:embed inputs.txt
var inputTable string

// inputKind is how one property is written: see tools/inputs/generate for the letters.
type inputKind struct {
	kind     string
	required bool
}

// knownInputs are the properties by type or nested object, and then by name.
var knownInputs = sync.OnceValue(func() map[string]map[string]inputKind {
	known := map[string]map[string]inputKind{}
	for line := range strings.SplitSeq(strings.TrimSpace(inputTable), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		properties := map[string]inputKind{}
		for _, word := range words[1:] {
			name, kind, _ := strings.Cut(word, ":")
			bare, required := strings.CutSuffix(kind, "!")
			properties[name] = inputKind{bare, required}
		}
		known[words[0]] = properties
	}
	return known
})

// spelled reports properties that the type does not take, values of the wrong type, and nested objects that lack one. The
// real provider refuses them at Check, in preview too:
// https://github.com/pulumi/pulumi/issues/6096, https://github.com/pulumi/pulumi-terraform-bridge/pull/1663
// Types outside the table, such as rows of a test, are not judged.
func spelled(typ string, inputs resource.PropertyMap) []Failure {
	if _, known := knownInputs()[typ]; !known {
		return nil
	}
	return objectFits(typ, "", inputs)
}

func objectFits(name, path string, object resource.PropertyMap) []Failure {
	known := knownInputs()[name]
	var failures []Failure
	for _, key := range keysOf(object) {
		at, property := joinPath(path, key), known[key]
		switch {
		case strings.HasPrefix(key, "__"): // The engine's and the bridge's own.
		case property.kind == "":
			failures = append(failures, Failure{at, fmt.Sprintf("Invalid or unknown key. Examine values at '%s'.%s", at, meant(key, known))})
		default:
			failures = append(failures, valueFits(property.kind, at, object[resource.PropertyKey(key)])...)
		}
	}
	if path == "" { // The row knows what the resource itself must have.
		return failures
	}
	for _, key := range sortedNames(known) {
		if known[key].required && !object.HasValue(resource.PropertyKey(key)) {
			failures = append(failures, Failure{path, fmt.Sprintf("Missing required argument. The argument %q is required, but no definition was found.", key)})
		}
	}
	return failures
}

// valueFits judges one value as Terraform's conversions do: numbers and booleans may be written as text, and the other way
// round. https://developer.hashicorp.com/terraform/language/expressions/types#type-conversion
func valueFits(kind, path string, v resource.PropertyValue) []Failure {
	v = plain(v)
	if unknown(v) || v.IsNull() || kind == "*" {
		return nil
	}
	if rest, ok := strings.CutPrefix(kind, "[]"); ok {
		return elementsFit(rest, path, v)
	}
	if rest, ok := strings.CutPrefix(kind, "{}"); ok {
		return entriesFit(rest, path, v)
	}
	if name, ok := strings.CutPrefix(kind, "@"); ok {
		switch {
		case v.IsObject():
			return objectFits(name, path, v.ObjectValue())
		case v.IsArray(): // The bridge also takes the list of one that Terraform's schema has.
			return elementsFit(kind, path, v)
		}
		return mistyped(path, "an object", v)
	}
	return scalarFits(kind, path, v)
}

func elementsFit(kind, path string, v resource.PropertyValue) []Failure {
	if !v.IsArray() {
		return mistyped(path, "a list", v)
	}
	var failures []Failure
	for i, element := range v.ArrayValue() {
		failures = append(failures, valueFits(kind, fmt.Sprintf("%s[%d]", path, i), element)...)
	}
	return failures
}

func entriesFit(kind, path string, v resource.PropertyValue) []Failure {
	if !v.IsObject() {
		return mistyped(path, "a map", v)
	}
	var failures []Failure
	for _, key := range keysOf(v.ObjectValue()) {
		failures = append(failures, valueFits(kind, joinPath(path, key), v.ObjectValue()[resource.PropertyKey(key)])...)
	}
	return failures
}

func scalarFits(kind, path string, v resource.PropertyValue) []Failure {
	switch kind {
	case "s":
		if v.IsArray() || v.IsObject() || v.IsAsset() || v.IsArchive() {
			return mistyped(path, "a string", v)
		}
	case "b":
		if !v.IsBool() && !(v.IsString() && slices.Contains([]string{"true", "false", "1", "0"}, v.StringValue())) {
			return mistyped(path, "a bool", v)
		}
	case "i":
		if n, ok := number(v); !ok || n != math.Trunc(n) {
			return mistyped(path, "a whole number", v)
		}
	case "f":
		if _, ok := number(v); !ok {
			return mistyped(path, "a number", v)
		}
	}
	return nil
}

func mistyped(path, wanted string, v resource.PropertyValue) []Failure {
	given := v.TypeString()
	if text(v) != "" {
		given += " " + strconv.Quote(text(v))
	}
	return []Failure{{path, fmt.Sprintf("Inappropriate value for attribute: %s is required, got %s. Examine values at '%s'.", wanted, given, path)}}
}

// meant proposes the property that differs least from a misspelt one.
func meant(key string, known map[string]inputKind) string {
	best, least := "", len(key)/2
	for _, name := range sortedNames(known) {
		if d := distance(strings.ToLower(key), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// distance is Levenshtein's: how many letters must be put in, taken out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func keysOf(object resource.PropertyMap) []string {
	keys := make([]string, 0, len(object))
	for k := range object {
		keys = append(keys, string(k))
	}
	slices.Sort(keys)
	return keys
}

func sortedNames(known map[string]inputKind) []string {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// required are the inputs without which the provider refuses a resource: what the row says and what the SDK says.
func (row *Row) required() []string {
	out := slices.Clone(row.Required)
	known := knownInputs()[row.Type]
	for _, name := range sortedNames(known) {
		_, filled := row.Defaults[name]
		if known[name].required && !filled && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
