package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	policypages "github.com/seed-11444627/holdfast/policy/pages"
	"github.com/seed-11444627/holdfast/policy/rules"
)

const fresh = "go run ./policy/pack docs docs/policy"

func TestThePagesOfTheRulesSayWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	want := policypages.All(rules.Pack(), rules.Consensus())
	for name, text := range want {
		found, err := os.ReadFile(filepath.Join("../../docs/policy", name))
		require.NoError(t, err, "run %s", fresh)
		require.Equal(t, text, string(found), "docs/policy/%s: run %s", name, fresh)
	}
	written, err := filepath.Glob("../../docs/policy/rules/*.md")
	require.NoError(t, err)
	require.Len(t, written, len(rules.All()), "a page of a rule that is gone: run %s", fresh)
}

func TestEveryRowOfTheConsensusHasARuleOrAReason(t *testing.T) {
	t.Parallel()
	known := map[string]*policy.Rule{}
	for _, rule := range rules.All() {
		known[rule.ID] = rule
	}
	for _, row := range rules.Consensus() {
		require.True(t, len(row.Rules) > 0 || row.Reason != "", "%s: %s has neither", row.Service, row.Name)
		for _, id := range row.Rules {
			require.Contains(t, known, id, "%s: %s", row.Service, row.Name)
			if row.Severity > policy.Low {
				require.NotEmpty(t, known[id].Anchors, "%s does what others do and names none of them", id)
			}
		}
	}
}

func TestThePackHasOneVersion(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../policy/pack/PulumiPolicy.yaml")
	require.NoError(t, err)
	require.Contains(t, string(text), "version: "+rules.Version+"\n")
}
