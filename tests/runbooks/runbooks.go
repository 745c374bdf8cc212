// Package runbooks checks that an alarm's text leads somebody who was just woken to an entry that helps: it exists, and
// says what is seen, what to do at once, and what may be behind it.
package runbooks

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sections are what an entry consists of, in this order.
func Sections() []string { return []string{"Symptoms", "Immediate actions", "Causes"} }

// reference is how an alarm's text ends: a link into a folder of runbooks.
var reference = regexp.MustCompile(`Runbook: https://\S+/([a-z0-9-]+\.md)#([a-z0-9-]+)$`)

// RequireEntry fails the test unless the alarm's text ends with a link to a complete entry of docs/runbooks.
func RequireEntry(t *testing.T, description string) {
	t.Helper()
	found := reference.FindStringSubmatch(description)
	require.NotNil(t, found, "the text of the alarm does not end with a link to a runbook entry: %q", description)
	require.NoError(t, Check(filepath.Join(root(t), "docs", "runbooks"), found[1], found[2]))
}

// RequireFile fails the test unless every entry of a file in docs/runbooks is complete and used by one of the anchors,
// so that no entry outlives its alarm.
func RequireFile(t *testing.T, file string, anchors []string) {
	t.Helper()
	folder := filepath.Join(root(t), "docs", "runbooks")
	text, err := os.ReadFile(filepath.Join(folder, file))
	require.NoError(t, err)
	for _, entry := range entries(string(text)) {
		require.NoError(t, Check(folder, file, entry.anchor))
		require.Contains(t, anchors, entry.anchor, "no alarm links to the entry %q of %s", entry.anchor, file)
	}
}

// Check says what is wrong with the entry of a runbook file.
func Check(folder, file, anchor string) error {
	text, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		return fmt.Errorf("reading runbook %s: %w", file, err)
	}
	all := entries(string(text))
	i := slices.IndexFunc(all, func(e entry) bool { return e.anchor == anchor })
	if i < 0 {
		return fmt.Errorf("runbook %s has no entry #%s", file, anchor)
	}
	return all[i].check(file)
}

// entry is a second-level heading and what follows it.
type entry struct {
	anchor   string
	sections []section
}

// section is a third-level heading and the words below it.
type section struct {
	title string
	words int
}

// fewest is how many words a section needs to say anything.
const fewest = 5

func (e entry) check(file string) error {
	var titles []string
	for _, s := range e.sections {
		titles = append(titles, s.title)
		if s.words < fewest {
			return fmt.Errorf("runbook %s#%s: section %q says nothing", file, e.anchor, s.title)
		}
	}
	if !slices.Equal(titles, Sections()) {
		return fmt.Errorf("runbook %s#%s has the sections %q, want %q", file, e.anchor, titles, Sections())
	}
	return nil
}

// entries reads the headings of a Markdown text.
func entries(text string) []entry {
	var all []entry
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "## "):
			all = append(all, entry{anchor: Anchor(line[3:])})
		case strings.HasPrefix(line, "### ") && len(all) > 0:
			last := &all[len(all)-1]
			last.sections = append(last.sections, section{title: line[4:]})
		default:
			count(all, len(strings.Fields(line)))
		}
	}
	return all
}

// count adds words to the section that is being read.
func count(all []entry, words int) {
	if len(all) == 0 || len(all[len(all)-1].sections) == 0 {
		return
	}
	sections := all[len(all)-1].sections
	sections[len(sections)-1].words += words
}

var dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// Anchor is the fragment by which a heading is reached: lower case, without punctuation, blanks as hyphens, which is what
// GitHub and GitLab make of it.
func Anchor(heading string) string {
	return strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), ""), " ", "-")
}

// root is the folder that holds go.mod.
func root(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		require.NotEqual(t, folder, filepath.Dir(folder), "no go.mod above the test")
		folder = filepath.Dir(folder)
	}
}
