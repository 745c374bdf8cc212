package docs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryRunbookEntryHasSymptomsImmediateActionsAndCauses(t *testing.T) {
	entries := 0
	for page, text := range pages(t) {
		if !strings.HasPrefix(page, "docs/runbooks/") || strings.HasSuffix(page, "/README.md") {
			continue
		}
		for _, entry := range strings.Split("\n"+text, "\n## ")[1:] {
			heading, body, _ := strings.Cut(entry, "\n")
			entries++
			at := 0
			for _, section := range []string{"### Symptoms", "### Immediate actions", "### Causes"} {
				found := strings.Index(body[at:], section)
				if found < 0 {
					t.Errorf("%s: entry %q has no %s, or not in this order", page, heading, section)
					continue
				}
				at += found + len(section)
				rest, _, _ := strings.Cut(body[at:], "\n#")
				if len(strings.Fields(rest)) < 3 {
					t.Errorf("%s: entry %q says nothing under %s", page, heading, section)
				}
			}
		}
	}
	require.Positive(t, entries)
}
