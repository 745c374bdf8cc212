package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/offline/harness"
	"github.com/seed-11444627/holdfast/tests/offline/report"
)

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
