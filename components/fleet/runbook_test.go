package fleet

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var notAnchor = regexp.MustCompile(`[^a-z0-9 -]`)

// runbookEntries are the second-level entries of the runbook by anchor, as GitHub makes them.
func runbookEntries(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/runbooks/hash-fleet.md")
	require.NoError(t, err)
	entries := map[string]string{}
	for _, entry := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(entry, "\n")
		anchor := strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
		require.NotContains(t, entries, anchor, "two entries with one anchor")
		entries[anchor] = body
	}
	return entries
}
