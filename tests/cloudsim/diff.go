package cloudsim

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Change is one property that differs between two sets of inputs.
type Change struct {
	Path    string // "tags.Name", "ingress[0].cidrBlocks[1]".
	Kind    ChangeKind
	Replace bool
}

// ChangeKind is how a property differs.
type ChangeKind int

// The kinds of change.
const (
	Added ChangeKind = iota
	Removed
	Changed
)

// differences compares the inputs of a resource, defaults filled in, so that writing out a default is no change.
func differences(row *Row, old, news resource.PropertyMap) []Change {
	changes := compareObjects("", withDefaults(row, old), withDefaults(row, news))
	for i := range changes {
		changes[i].Replace = row.replaces(changes[i].Path)
	}
	return changes
}

func compareObjects(path string, old, news resource.PropertyMap) []Change {
	keys := map[string]bool{}
	for k := range old {
		keys[string(k)] = true
	}
	for k := range news {
		keys[string(k)] = true
	}
	var changes []Change
	for _, k := range sortedKeys(keys) {
		key := resource.PropertyKey(k)
		changes = append(changes, changeAt(join(path, k), old[key], news[key])...)
	}
	return changes
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func changeAt(path string, old, news resource.PropertyValue) []Change {
	a, b := plain(old), plain(news)
	switch {
	case a.IsNull() && b.IsNull():
		return nil
	case a.IsNull():
		return []Change{{Path: path, Kind: Added}}
	case b.IsNull():
		return []Change{{Path: path, Kind: Removed}}
	case a.IsObject() && b.IsObject():
		return compareObjects(path, a.ObjectValue(), b.ObjectValue())
	case a.IsArray() && b.IsArray():
		return compareLists(path, a.ArrayValue(), b.ArrayValue())
	case unknown(b) || !same(a, b):
		return []Change{{Path: path, Kind: Changed}}
	}
	return nil
}

func compareLists(path string, old, news []resource.PropertyValue) []Change {
	var changes []Change
	for i := range max(len(old), len(news)) {
		var a, b resource.PropertyValue
		if i < len(old) {
			a = old[i]
		}
		if i < len(news) {
			b = news[i]
		}
		changes = append(changes, changeAt(fmt.Sprintf("%s[%d]", path, i), a, b)...)
	}
	return changes
}

// replaces reports whether a change at the path forces a replacement.
func (row *Row) replaces(path string) bool {
	path = withoutIndices(path)
	return slices.ContainsFunc(row.Replace, func(force string) bool {
		return path == force || strings.HasPrefix(path, force+".") || strings.HasPrefix(force, path+".")
	})
}

func withoutIndices(path string) string {
	var out strings.Builder
	depth := 0
	for _, letter := range path {
		switch {
		case letter == '[':
			depth++
		case letter == ']':
			depth--
		case depth == 0:
			out.WriteRune(letter)
		}
	}
	return out.String()
}

// deleteFirst reports whether the old resource must go before the new one comes: two with the same name cannot stand side
// by side.
func (row *Row) deleteFirst(old, news resource.PropertyMap) bool {
	if row.DeleteFirst {
		return true
	}
	rule := row.AutoName
	if rule == nil || !news.HasValue(rule.property()) {
		return false
	}
	fixed := !slices.Contains(Props{news}.Texts(defaultsKey), string(rule.property()))
	return fixed && same(old[rule.property()], news[rule.property()])
}
