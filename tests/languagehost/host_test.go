package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

// A user with an ordinary installation points it at the simulated cloud with one command and then runs plain pulumi: so
// does this test, in a copy of the checkout, because pulumi writes into the stack's file.
func TestOrdinaryPulumiRunsTheProgramOnTheSimulatedCloud(t *testing.T) {
	layout, err := toolchain.Find()
	require.NoError(t, err)
	cli, err := layout.CLI(t.Context(), os.Stderr)
	require.NoError(t, err)
	require.NoError(t, layout.BuildPlugin(t.Context(), os.Stderr))

	bin := t.TempDir()
	command(t, layout.Root, nil, "go", "build", "-o", filepath.Join(bin, "pulumi-language-go"), "./tests/languagehost")
	checkout := copyCheckout(t, layout.Root)
	env := simulated(t, layout, cli, bin)

	command(t, checkout, env, "pulumi", "stack", "select", "--create", "dev")
	preview := command(t, checkout, env, "pulumi", "preview", "--non-interactive")
	require.Contains(t, preview, "holdfast:index:HashFleet")
	require.Contains(t, preview, "Outputs:")
	require.Regexp(t, `\+ \d{2,} to create`, preview)
	require.NotContains(t, preview, "error:")
}

// simulated is the environment of `make sim`, with a state and a cloud of the test's own.
func simulated(t *testing.T, layout toolchain.Layout, cli, bin string) []string {
	t.Helper()
	state, cloud, home := t.TempDir(), t.TempDir(), t.TempDir()
	path := strings.Join([]string{bin, layout.PluginDir(), filepath.Join(cli, "bin"), os.Getenv("PATH")}, string(os.PathListSeparator))
	return append(os.Environ(),
		"PATH="+path, "PULUMI_HOME="+home, "PULUMI_BACKEND_URL=file://"+state, "PULUMI_CONFIG_PASSPHRASE=simulated-cloud-only",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true", "PULUMI_SKIP_UPDATE_CHECK=true",
		"CLOUDSIM_STATE="+cloud, "CLOUDSIM_ACCOUNT=111111111111")
}

// copyCheckout copies what git tracks or would track.
func copyCheckout(t *testing.T, root string) string {
	t.Helper()
	target := t.TempDir()
	for name := range strings.FieldsSeq(command(t, root, nil, "git", "ls-files", "-co", "--exclude-standard")) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(target, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(target, name), text, 0o600))
	}
	return target
}

// command runs a program, found on the PATH that it is given, and returns its standard output.
func command(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	for _, variable := range env {
		if list, ok := strings.CutPrefix(variable, "PATH="); ok {
			path, err = find(list, name)
		}
	}
	require.NoError(t, err)
	var out, problems bytes.Buffer
	run := exec.CommandContext(context.WithoutCancel(t.Context()), path, args...)
	run.Dir, run.Env, run.Stdout, run.Stderr = dir, env, &out, &problems
	require.NoError(t, run.Run(), "%s %v:\n%s%s", name, args, &out, &problems)
	return out.String()
}

func find(list, name string) (string, error) {
	for _, dir := range filepath.SplitList(list) {
		candidate := filepath.Join(dir, name)
		if info, err := os.Stat(candidate); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return candidate, nil
		}
	}
	return "", exec.ErrNotFound
}
