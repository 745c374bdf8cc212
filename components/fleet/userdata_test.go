package fleet

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"mvdan.cc/sh/v3/syntax"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// update is the flag that the conformance suite declares for all golden files.
func update() bool { return flag.Lookup("update").Value.String() == "true" }

// plainUserData is a server as in the requirement.
func plainUserData() userData {
	return userData{
		Region: "eu-central-1", Bucket: "artifacts", Key: "hash/server", VersionID: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
		SHA256: strings.Repeat("ab", 32), Port: 80, HealthPath: "/healthz", BootTimeout: bootTimeout, DrainSeconds: 35,
		LogGroup: "hash-log-1234567", LaunchHook: launchHook, TerminateHook: terminateHook,
	}
}

func limitedUserData() userData {
	data := plainUserData()
	data.Limiter = &limiterData{Port: 8080, Concurrency: 5, QueueSeconds: 5}
	return data
}

func TestUserDataIsWhatTheGoldenScriptsSay(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]userData{"plain.sh": plainUserData(), "limited.sh": limitedUserData()} {
		script, err := data.script()
		require.NoError(t, err)
		requireGolden(t, name, script)
	}
	requireGolden(t, "lifecycle.sh", plainUserData().fill(lifecycle))
	requireGolden(t, "agent.sh", agentScript)
}

// requireGolden keeps the rendered scripts in testdata, where shellcheck reads them.
func requireGolden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", "scripts", name)
	if update() {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(golden), text, "run the test with -update and read the difference")
}

func TestUserDataIsBashAndFitsIntoALaunchTemplate(t *testing.T) {
	t.Parallel()
	for _, data := range []userData{plainUserData(), limitedUserData()} {
		script, err := data.script()
		require.NoError(t, err)
		_, err = syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "user data")
		require.NoError(t, err)
		require.Less(t, len(script), maxUserData)
		require.NotRegexp(t, `@[A-Z_]+@`, script, "a mark that was not filled in")
	}
}

func TestUserDataIsTheSameTextEveryTime(t *testing.T) {
	t.Parallel()
	first, err := limitedUserData().script()
	require.NoError(t, err)
	for range 20 {
		again, err := limitedUserData().script()
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestUserDataRefusesAnArtifactThatPinsNothing(t *testing.T) {
	t.Parallel()
	data := plainUserData()
	data.Bucket, data.Key, data.VersionID = "Not_A_Bucket", "", "null"
	_, err := data.script()
	var fields []string
	for _, each := range fielderror.All(err) {
		fields = append(fields, each.Field)
	}
	require.Equal(t, []string{"Artifact.Bucket", "Artifact.Key", "Artifact.VersionID"}, fields)
}

func TestUserDataThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	data := plainUserData()
	data.LogGroup = strings.Repeat("l", maxUserData)
	_, err := data.script()
	require.ErrorContains(t, err, "EC2 takes at most 16384")
}

// Whatever an object key holds, it stays one word of the script and is never run.
func TestAnyObjectKeyIsOneQuotedWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := plainUserData()
		data.Key = rapid.StringMatching(`[ -~]{1,60}`).Draw(t, "key")
		script, err := data.script()
		require.NoError(t, err)
		parsed, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "user data")
		require.NoError(t, err)
		require.Equal(t, data.Key, constantOf(parsed, "KEY"))
	})
}

// constantOf is the literal text that a readonly declaration gives a name.
func constantOf(parsed *syntax.File, name string) string {
	var text string
	syntax.Walk(parsed, func(node syntax.Node) bool {
		assign, ok := node.(*syntax.Assign)
		if !ok || assign.Name == nil || assign.Name.Value != name {
			return true
		}
		for _, part := range assign.Value.Parts {
			switch part := part.(type) {
			case *syntax.SglQuoted:
				text += part.Value
			case *syntax.Lit:
				text += strings.TrimPrefix(part.Value, `\`)
			}
		}
		return false
	})
	return text
}
