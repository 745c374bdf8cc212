package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheExampleOfTheReadmeCompiles compares it with the consumer module, which is built and tested by itself.
func TestTheExampleOfTheReadmeCompiles(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	program, err := os.ReadFile(filepath.Join(root, "tests", "consumer", "hashing.go"))
	require.NoError(t, err)
	examples := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, examples, 1, "the README has one example in Go")
	example := "\t" + strings.ReplaceAll(strings.TrimSpace(examples[0][1]), "\n", "\n\t")
	require.Contains(t, string(program), example, "tests/consumer/hashing.go must contain the README's example")
	require.LessOrEqual(t, strings.Count(example, "\n")+1, 12)
}

func TestEveryDecisionIsListed(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(root, "docs", "decisions", "README.md"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "0*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.Contains(t, string(index), "]("+filepath.Base(file)+")", "docs/decisions/README.md does not list it")
	}
}

func TestEveryComponentIsInTheReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "reference", "*.md"))
	require.NoError(t, err)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nType token `") {
			require.Contains(t, string(readme), "docs/reference/"+filepath.Base(page), "the README's table lacks a component")
		}
	}
}
