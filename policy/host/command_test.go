package host_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/host"
)

const state = `{"version": 3, "deployment": {"resources": [
	{"urn": "urn:pulumi:prod::p::test:index:T::small", "type": "test:index:T", "custom": true, "id": "1", "inputs": {"size": 1}, "outputs": {"size": 1}},
	{"urn": "urn:pulumi:prod::p::test:index:T::going", "type": "test:index:T", "custom": true, "delete": true, "inputs": {"size": 1}}]}}`

func running(t *testing.T, arguments ...string) (code int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	pack := host.Pack{Name: "example", Version: "1.2.3", Description: "An example.", Rules: []*policy.Rule{sized()}}
	code = host.Main(t.Context(), pack, host.Session{Arguments: arguments, Out: &stdout, Err: &stderr, Today: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	return code, stdout.String(), stderr.String()
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestCheckJudgesAStateFileAndFailsWhereAnUpdateWould(t *testing.T) {
	t.Parallel()
	code, out, _ := running(t, "check", file(t, state))
	require.Equal(t, 1, code)
	require.Contains(t, out, "T small size: 1; required: at least 3")
	require.NotContains(t, out, "going", "what waits to be deleted is no part of the stack")
	code, out, _ = running(t, "check", "--config", file(t, `{"sized": {"least": 1}}`), file(t, state))
	require.Zero(t, code)
	require.Contains(t, out, "1 rules on 1 resources: 1 passed, 0 broken")
}

func TestCheckWritesEveryForm(t *testing.T) {
	t.Parallel()
	for format, part := range map[string]string{"json": `"rule": "sized"`, "sarif": `"ruleId": "sized"`, "junit": `<failure message=`, "text": "BROKEN"} {
		_, out, _ := running(t, "check", "--format", format, file(t, state))
		require.Contains(t, out, part)
	}
}

func TestCommandsRefuseWhatTheyCannotUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{nil, "want a command"},
		{[]string{"chekc"}, "want a command"},
		{[]string{"check"}, "got 0 files, want 1"},
		{[]string{"check", "--format", "pdf", "x"}, "want text, json, sarif or junit"},
		{[]string{"check", "nowhere.json"}, "nowhere.json"},
		{[]string{"check", file(t, `{"version": 1}`)}, "version 1, want 3"},
		{[]string{"check", file(t, `{"version": 3}`)}, "want a deployment"},
		{[]string{"check", file(t, `not json`)}, "reading the state"},
		{[]string{"check", "--config", file(t, `{"other": 1}`), file(t, state)}, "other: got 1"},
		{[]string{"list", "all"}, "want no arguments"},
	} {
		code, out, problems := running(t, c.arguments...)
		require.Equal(t, 2, code, "%v", c.arguments)
		require.Empty(t, out)
		require.Contains(t, problems, c.says)
	}
}

func TestListPrintsTheCatalogue(t *testing.T) {
	t.Parallel()
	code, out, _ := running(t, "list")
	require.Zero(t, code)
	require.Contains(t, out, "Things have a size")
	require.Contains(t, out, "1 rules")
}

const preview = `{"steps": [
	{"op": "same", "urn": "urn:pulumi:prod::p::test:index:T::kept", "newState": {"urn": "urn:pulumi:prod::p::test:index:T::kept", "type": "test:index:T", "custom": true, "inputs": {"size": 5}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::test:index:T::new", "newState": {"urn": "urn:pulumi:prod::p::test:index:T::new", "type": "test:index:T", "custom": true, "inputs": {"size": 2}}},
	{"op": "delete", "urn": "urn:pulumi:prod::p::test:index:T::old", "oldState": {"urn": "urn:pulumi:prod::p::test:index:T::old", "type": "test:index:T", "custom": true, "inputs": {"size": 1}}}]}`

func TestCheckJudgesAPreviewWithItsPlan(t *testing.T) {
	t.Parallel()
	code, out, _ := running(t, "check", file(t, preview))
	require.Equal(t, 1, code)
	require.Contains(t, out, "T new size: 2")
	require.NotContains(t, out, "T old")
}

func TestAReportGoesToEveryFileThatIsNamedInTheFormOfItsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	judged := policy.Evaluate(policy.NewGraph(policy.Stack{Name: "prod"}, nil), policy.Evaluation{Rules: []*policy.Rule{sized()}, Config: &policy.Config{}})
	names := []string{filepath.Join(dir, "a.sarif"), filepath.Join(dir, "b.xml"), filepath.Join(dir, "c.json")}
	require.NoError(t, host.Pack{Name: "example", Version: "1.2.3"}.WriteReports(strings.Join(names, ",")+",", judged))
	for i, sign := range []string{`"version": "2.1.0"`, "<testsuites", `"schema": 1`} {
		text, err := os.ReadFile(names[i])
		require.NoError(t, err)
		require.Contains(t, string(text), sign)
	}
	require.NoError(t, host.Pack{}.WriteReports("", judged))
	require.Error(t, host.Pack{}.WriteReports(filepath.Join(dir, "none", "a.json"), judged))
}
