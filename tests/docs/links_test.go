// Package docs_test keeps the documentation true: links lead somewhere, commands exist, examples compile, and the
// reference says what the code says.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// pages are all Markdown files of the repository, by path from its root, without code blocks.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".cache" || entry.Name() == ".git" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = withoutCode(string(text))
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

var (
	fenced = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	span   = regexp.MustCompile("`[^`\n]*`")
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	title  = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	marked = regexp.MustCompile(`<a (?:id|name)="([^"]+)">`)
)

// withoutCode empties code: a link in an example is not a link. Spans keep their text for headings.
func withoutCode(text string) string { return fenced.ReplaceAllString(text, "") }

// anchors are the fragments of a page, as GitHub makes them from its headings.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, match := range title.FindAllStringSubmatch(text, -1) {
		anchor := Anchor(match[1])
		for n := 1; found[anchor]; n++ {
			anchor = Anchor(match[1]) + "-" + string(rune('0'+n))
		}
		found[anchor] = true
	}
	for _, match := range marked.FindAllStringSubmatch(text, -1) {
		found[match[1]] = true
	}
	return found
}

// Anchor is the fragment of a heading: lower case, spaces as hyphens, everything but letters, digits, hyphens and
// underscores dropped.
func Anchor(heading string) string {
	heading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}

func TestEveryLinkToAFileLeadsToItAndToItsHeading(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, match := range link.FindAllStringSubmatch(span.ReplaceAllString(text, ""), -1) {
			target := match[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			checkLink(t, all, page, target)
		}
	}
}

func checkLink(t *testing.T, all map[string]string, page, target string) {
	t.Helper()
	file, anchor, _ := strings.Cut(target, "#")
	destination := page
	if file != "" {
		destination = filepath.ToSlash(filepath.Join(filepath.Dir(page), file))
	}
	if _, err := os.Stat(filepath.Join(root, destination)); err != nil {
		t.Errorf("%s links to %s, which is not there", page, target)
		return
	}
	if anchor != "" && !anchors(all[destination])[anchor] {
		t.Errorf("%s links to %s, which has no such heading", page, target)
	}
}

func TestAnchorsAreMadeAsGitHubMakesThem(t *testing.T) {
	for heading, want := range map[string]string{
		"Unhealthy hosts": "unhealthy-hosts", "What it is, and why": "what-it-is-and-why",
		"`make preview`": "make-preview", "5xx & latency (p99)": "5xx--latency-p99", "[A link](x.md) here": "a-link-here",
	} {
		require.Equal(t, want, Anchor(heading))
	}
}
