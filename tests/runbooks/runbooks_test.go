package runbooks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const whole = `# A component

## Too Full, again!

### Symptoms

The queue is longer than it should ever be.

### Immediate actions

1. Look at the consumer and start it again.

### Causes

The consumer stopped, or it is too slow.
`

func write(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.md"), []byte(text), 0o600))
	return folder
}

func TestACompleteEntryIsFoundByItsAnchor(t *testing.T) {
	require.NoError(t, Check(write(t, whole), "a.md", "too-full-again"))
}

func TestAnEntryThatDoesNotHelpIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"another heading": "## Something else\n",
		"no sections":     "## Too full again\n\nSome words about it, at length.\n",
		"a section short": "## Too full again\n### Symptoms\na b c d e\n### Causes\na b c d e\n",
		"an empty one":    "## Too full again\n### Symptoms\na b c d e\n### Immediate actions\n\n### Causes\na b c d e\n",
		"another order":   "## Too full again\n### Causes\na b c d e\n### Immediate actions\na b c d e\n### Symptoms\na b c d e\n",
	} {
		require.Error(t, Check(write(t, text), "a.md", "too-full-again"), name)
	}
	require.Error(t, Check(write(t, whole), "b.md", "too-full-again"), "a file that is not there")
}

func TestAnchorsAreThoseOfTheForges(t *testing.T) {
	for heading, want := range map[string]string{
		"Topic silent":        "topic-silent",
		"NAT: ports (55,000)": "nat-ports-55000",
		"5xx rate":            "5xx-rate",
	} {
		require.Equal(t, want, Anchor(heading))
	}
}
