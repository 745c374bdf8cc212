package conformance

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares the resource graph of a run with a text that is kept beside the test, so that a review sees every
// accidental change: a resource that vanished or was renamed needs an alias, or its users lose it. Run the test with
// -update to write the file anew.
func Golden(t *testing.T, rec *cloudsim.Recorder, path string) {
	t.Helper()
	golden(t, rec, path, *update)
}

func golden(t tester, rec *cloudsim.Recorder, path string, write bool) {
	t.Helper()
	got := Text(rec)
	if write {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "no golden file yet: run the test with -update")
	require.Equal(t, string(want), got, "the resource graph has changed; if that is meant, run the test with -update and review the difference")
}

// Text is the resource graph: a paragraph per resource with its type, name, parent, options and inputs, sorted. Tags are
// left out, other resources are referred to by name, and long texts are cut and summed up.
func Text(rec *cloudsim.Recorder) string {
	all := rec.Resources()
	short := referrers(all)
	var paragraphs []string
	for _, r := range all {
		if strings.HasPrefix(r.Type, "pulumi:providers:") {
			continue
		}
		paragraphs = append(paragraphs, paragraph(r, short))
	}
	slices.Sort(paragraphs)
	return strings.Join(paragraphs, "\n")
}

// referrers replace ids and ARNs by the names of what they stand for, the longest first.
func referrers(all []cloudsim.Record) *strings.Replacer {
	type pair struct{ old, new string }
	var pairs []pair
	for _, r := range all {
		if !r.Custom || r.ID == "" {
			continue
		}
		pairs = append(pairs, pair{r.ID, "<" + r.Name + ">"})
		if arn := r.Out().Text("arn"); arn != "" {
			pairs = append(pairs, pair{arn, "<" + r.Name + " arn>"})
		}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		if len(x.old) != len(y.old) {
			return len(y.old) - len(x.old)
		}
		return strings.Compare(x.old+x.new, y.old+y.new)
	})
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p.old, p.new)
	}
	return strings.NewReplacer(flat...)
}

func paragraph(r cloudsim.Record, short *strings.Replacer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Type, r.Name)
	if parent := lastName(r.Parent); parent != "" {
		fmt.Fprintf(&b, " in %s", parent)
	}
	if r.Protect {
		b.WriteString(" protected")
	}
	for _, alias := range sorted(r.Aliases) {
		fmt.Fprintf(&b, " alias %s", alias)
	}
	b.WriteString("\n")
	keys := make([]string, 0, len(r.Inputs))
	for key := range r.Inputs {
		if key != "tags" && !strings.HasPrefix(string(key), "__") {
			keys = append(keys, string(key))
		}
	}
	for _, key := range sorted(keys) {
		fmt.Fprintf(&b, "  %s: %s\n", key, cut(short.Replace(write(r.Inputs[resource.PropertyKey(key)]))))
	}
	return b.String()
}

// lastName is the name at the end of a URN; "" for the stack.
func lastName(urn string) string {
	if resource.URN(urn).QualifiedType() == resource.RootStackType {
		return ""
	}
	return urn[strings.LastIndex(urn, "::")+2:]
}

// write is a value as JSON with sorted keys; secrets and unknowns are words.
func write(v resource.PropertyValue) string {
	switch {
	case v.IsSecret() || v.IsOutput() && v.OutputValue().Secret:
		return "(secret)"
	case v.IsComputed() || v.IsOutput() && !v.OutputValue().Known:
		return "(unknown)"
	case v.IsOutput():
		return write(v.OutputValue().Element)
	case v.IsArray():
		parts := make([]string, len(v.ArrayValue()))
		for i, each := range v.ArrayValue() {
			parts[i] = write(each)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.IsObject():
		var parts []string
		for _, key := range v.ObjectValue().StableKeys() {
			parts = append(parts, string(key)+": "+write(v.ObjectValue()[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, err := json.Marshal(v.Mappable())
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(text), `\"`, `'`)
}

// longest is the most that is shown of one value.
const longest = 1200

func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	return fmt.Sprintf("%s… (%d characters, SHA-256 %x)", text[:longest/4], len(text), sha256.Sum256([]byte(text)))
}

func sorted(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return out
}
