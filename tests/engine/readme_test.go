package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy/rules"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
	"github.com/seed-11444627/holdfast/tests/offline/report"
)

func TestTheReadmeShowsWhatThePolicySaysOfProd(t *testing.T) {
	require.NoError(t, layout.BuildPack(t.Context(), os.Stderr))
	s := newSite(t, "prod")
	s.options.Policy = harness.Policy{Pack: layout.Pack(), Settings: layout.PackSettings()}
	var printed strings.Builder
	report.Policy(&printed, *s.must((*harness.Stack).Preview).Policy)
	first, _, _ := strings.Cut(strings.TrimSpace(printed.String()), "\n")
	readme, err := os.ReadFile(filepath.Join(layout.Root, "README.md"))
	require.NoError(t, err)
	// Every change of a rule changes how many verdicts there are; what matters is what is broken.
	require.Contains(t, string(readme), regexp.MustCompile(`\d+ verdicts`).ReplaceAllString(first, "… verdicts"))
	require.Contains(t, string(readme), fmt.Sprintf("%d rules, each proven", len(rules.All())))
}

func TestTheReadmeShowsThePostureThatAPreviewOfProdPrints(t *testing.T) {
	t.Parallel()
	var printed strings.Builder
	report.Print(&printed, "prod", newSite(t, "prod").must((*harness.Stack).Preview).Posture)
	table, _, found := strings.Cut(strings.TrimSpace(printed.String()), "\n\nLosses read")
	require.True(t, found)
	readme, err := os.ReadFile(filepath.Join(layout.Root, "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(readme), table)
}
