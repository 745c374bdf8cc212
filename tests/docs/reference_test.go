package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tools/reference/generate"
)

func TestTheReferenceSaysWhatTheCodeSays(t *testing.T) {
	want, err := generate.Pages(root)
	require.NoError(t, err)
	folder := filepath.Join(root, generate.Folder)
	for name, text := range want {
		have, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		if line := firstDifference(text, string(have)); line != "" {
			t.Errorf("docs/reference/%s is out of date, first at %q; run: go run ./tools/reference", name, line)
		}
	}
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, file := range files {
		require.Contains(t, want, file.Name(), "docs/reference has a page of a package that is gone; run: go run ./tools/reference")
	}
}

// firstDifference is the first line of want that have does not say there; "" when they are the same.
func firstDifference(want, have string) string {
	if want == have {
		return ""
	}
	lines := strings.Split(have, "\n")
	for i, line := range strings.Split(want, "\n") {
		if i >= len(lines) || lines[i] != line {
			return fmt.Sprintf("%.120s", line)
		}
	}
	return "its end, after which it says more"
}

func TestEveryComponentSaysItsTokenAndWhatEachArgumentDefaultsTo(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root, "components"))
	require.NoError(t, err)
	components := 0
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "internal" {
			continue
		}
		p, err := generate.Read(filepath.Join(root, "components", entry.Name()), entry.Name())
		require.NoError(t, err)
		if p == nil {
			continue
		}
		require.NotEmpty(t, p.Doc.Doc, "package %s says nothing about itself", entry.Name())
		for _, c := range p.Components {
			components++
			require.Equal(t, "holdfast:index:"+c.Name, c.Token)
			require.NotEmpty(t, c.Doc, "%s says nothing about itself", c.Name)
			for _, f := range p.Arguments(c) {
				if f.Meaning == "" {
					t.Errorf("%s.%s of %s has no comment", f.Struct, f.Name, entry.Name())
				}
				if f.Default+f.Required == "" && !f.Nested {
					t.Errorf(`%s.%s of %s says neither "Default: …" nor that it is required`, f.Struct, f.Name, entry.Name())
				}
			}
		}
	}
	require.GreaterOrEqual(t, components, 3)
}
