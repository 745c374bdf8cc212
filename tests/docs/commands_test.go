package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryMakeCommandThatIsNamedExists(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z0-9 -]*):(?:[^=]|$)`).FindAllStringSubmatch(string(makefile), -1) {
		for _, name := range regexp.MustCompile(`\S+`).FindAllString(match[1], -1) {
			targets[name] = true
		}
	}
	named := regexp.MustCompile("(?m)(?:`|^ *\\$ |^ *(?:- |run: )?|do |&& )make ((?:[a-z][a-z-]*(?: |$|`))+)")
	checked := 0
	for page, text := range sources(t) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			for _, name := range regexp.MustCompile(`[a-z][a-z-]*`).FindAllString(match[1], -1) {
				checked++
				require.True(t, targets[name], "%s names `make %s`, which the Makefile does not have", page, name)
			}
		}
	}
	require.Greater(t, checked, 10, "the test no longer finds the commands")
}

// sources are the files that tell people or machines what to run.
func sources(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "tests/*/*.md", "tools/*/*.md", ".github/workflows/*.yml", ".gitlab-ci.yml"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			found[file] = string(text)
		}
	}
	return found
}

func TestEveryConfigurationKeyThatIsNamedIsDeclared(t *testing.T) {
	project, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml"))
	require.NoError(t, err)
	declared := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^  ([a-zA-Z0-9]+):$`).FindAllStringSubmatch(string(project), -1) {
		declared[match[1]] = true
	}
	set := regexp.MustCompile(`pulumi config set(?: --\w+)* holdfast:([a-zA-Z0-9]+)`)
	checked := 0
	for page, text := range sources(t) {
		for _, match := range set.FindAllStringSubmatch(text, -1) {
			checked++
			require.True(t, declared[match[1]], "%s sets the key holdfast:%s, which Pulumi.yaml does not declare", page, match[1])
		}
	}
	require.Positive(t, checked, "the test no longer finds the keys")
}
