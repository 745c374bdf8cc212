// Package ci_test holds the pipelines to their promises: what runs on a pull request has no credential, nothing runs that
// is not pinned, and what is deployed is the plan that was reviewed.
package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

const root = "../.."

func workflowFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

type workflow struct {
	On          yaml.Node
	Permissions map[string]string
	Defaults    struct{ Run struct{ Shell string } }
	Jobs        map[string]job
}

type job struct {
	Needs       yaml.Node
	Uses        string
	Environment string
	Permissions map[string]string
	Env         map[string]string
	Outputs     map[string]string
	If          string
	Strategy    struct{ Matrix map[string][]string }
	Timeout     int `yaml:"timeout-minutes"`
	With        map[string]string
	Steps       []step
}

type step struct {
	ID, Name, If, Uses, Run string
	With                    map[string]string
	Env                     map[string]string
}

func read(t *testing.T, file string) workflow {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var w workflow
	require.NoError(t, yaml.Unmarshal(text, &w), file)
	return w
}

func named(t *testing.T, name string) workflow {
	t.Helper()
	return read(t, filepath.Join(root, ".github/workflows", name))
}

// triggers are the names of the events, however they are written.
func (w workflow) triggers(t *testing.T) []string {
	t.Helper()
	if w.On.Kind == yaml.MappingNode {
		var all []string
		for i := 0; i < len(w.On.Content); i += 2 {
			all = append(all, w.On.Content[i].Value)
		}
		return all
	}
	var all []string
	require.NoError(t, w.On.Decode(&all))
	return all
}

func TestActionlintAcceptsEveryWorkflow(t *testing.T) {
	arguments := []string{"-C", filepath.Join(root, "tools/actionlint"), "tool", "actionlint", "-no-color"}
	for _, file := range workflowFiles(t) {
		path, err := filepath.Abs(file)
		require.NoError(t, err)
		arguments = append(arguments, path)
	}
	out, err := exec.CommandContext(t.Context(), "go", arguments...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestEveryActionIsPinnedByDigestAndNamesItsVersion(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	digests := map[string]string{}
	for _, file := range workflowFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			_, action, uses := strings.Cut(strings.TrimSpace(line), "uses: ")
			if !uses || strings.HasPrefix(action, "./") {
				continue
			}
			require.Regexp(t, pinned, action, file)
			name, pin, _ := strings.Cut(action, "@")
			require.Contains(t, []string{"", pin}, digests[name], "%s is pinned to two versions", name)
			digests[name] = pin
		}
	}
	require.NotEmpty(t, digests)
}

func TestWhatRunsOnAPullRequestHasNoCredential(t *testing.T) {
	for _, file := range workflowFiles(t) {
		w := read(t, file)
		triggers := w.triggers(t)
		require.NotContains(t, triggers, "pull_request_target", "%s would run a stranger's code with our token", file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)aws_(access_key|secret)|secrets\.`, string(text), "%s uses a stored key", file)
		if len(triggers) != 1 || triggers[0] != "pull_request" {
			continue
		}
		require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, file)
		for name, j := range w.Jobs {
			require.Empty(t, j.Permissions, "%s: job %s widens the permissions", file, name)
			require.Empty(t, j.Environment, "%s: job %s enters an environment", file, name)
		}
	}
}

func TestNoCheckoutLeavesItsTokenBehind(t *testing.T) {
	for _, file := range workflowFiles(t) {
		for name, j := range read(t, file).Jobs {
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") {
					require.Equal(t, "false", s.With["persist-credentials"], "%s: job %s", file, name)
				}
			}
		}
	}
}

func TestTheCommentIsMadeByTheDefaultBranchsCode(t *testing.T) {
	w := named(t, "pull-request-comment.yml")
	require.Equal(t, []string{"workflow_run"}, w.triggers(t))
	require.Empty(t, w.Permissions)
	require.Equal(t, map[string]string{"actions": "read", "pull-requests": "read"}, w.Jobs["find"].Permissions)
	require.Equal(t, map[string]string{"actions": "read", "contents": "read", "pull-requests": "write"}, w.Jobs["comment"].Permissions)
	require.Equal(t, "needs.find.outputs.post == 'true'", w.Jobs["comment"].If)
	for _, s := range w.Jobs["comment"].Steps {
		if strings.HasPrefix(s.Uses, "actions/checkout@") {
			require.NotContains(t, s.With, "ref")
			require.NotContains(t, s.With, "repository")
		}
		if strings.HasPrefix(s.Uses, "actions/download-artifact@") {
			require.Equal(t, "${{ runner.temp }}/previews", s.With["path"], "a stranger's files must not land among our own")
		}
	}
}

func TestNoScriptHasTextOfAnEventPastedIntoIt(t *testing.T) {
	for _, file := range workflowFiles(t) {
		for name, j := range read(t, file).Jobs {
			for _, s := range j.Steps {
				require.NotContains(t, s.Run, "${{", "%s: job %s: give it as an environment variable", file, name)
			}
		}
	}
}

func TestEveryScriptStopsAtAFailureInAPipe(t *testing.T) {
	for _, file := range workflowFiles(t) {
		require.Equal(t, "bash", read(t, file).Defaults.Run.Shell, "%s: the default shell has no pipefail", file)
	}
}

func TestEveryJobHasATimeLimit(t *testing.T) {
	for _, file := range workflowFiles(t) {
		for name, j := range read(t, file).Jobs {
			if j.Uses == "" {
				require.Positive(t, j.Timeout, "%s: job %s", file, name)
			}
		}
	}
}

func TestTheEnvironmentsAreDeployedInOrderAndOnlyFromMain(t *testing.T) {
	w := named(t, "deploy.yml")
	require.Equal(t, []string{"push"}, w.triggers(t))
	require.Equal(t, "branches", w.On.Content[1].Content[0].Value)
	require.Equal(t, "main", w.On.Content[1].Content[1].Content[0].Value)
	for stack, after := range map[string]string{"dev": "test", "stg": "dev", "prod": "stg"} {
		require.Equal(t, after, w.Jobs[stack].Needs.Value, stack)
		require.Equal(t, stack, w.Jobs[stack].With["stack"])
		require.Equal(t, "./.github/workflows/deploy-environment.yml", w.Jobs[stack].Uses)
	}
}

func TestTheReviewedPlanIsWhatRuns(t *testing.T) {
	w := named(t, "deploy-environment.yml")
	plan, up := w.Jobs["plan"], w.Jobs["up"]
	require.Equal(t, "plan", up.Needs.Value)
	require.Equal(t, "${{ inputs.stack }}-plan", plan.Environment)
	require.Equal(t, "${{ inputs.stack }}", up.Environment, "the approval is the environment's")
	require.Contains(t, scripts(plan), "pulumi preview --stack \"$STACK\" --non-interactive --diff --save-plan")
	require.NotContains(t, scripts(plan), "pulumi up")
	require.NotContains(t, scripts(plan), "--show-secrets")
	require.Contains(t, scripts(up), "--plan \"$RUNNER_TEMP/plan.json\"")
	require.Regexp(t, `(?s)\$DIGEST .*sha256sum --check.*pulumi up`, scripts(up), "the digest is checked before the plan runs")
	require.Equal(t, "${{ needs.plan.outputs.digest }}", up.Env["DIGEST"], "the digest comes from the planning job, not from the artifact")
}

func scripts(j job) string {
	var all []string
	for _, s := range j.Steps {
		all = append(all, s.Run)
	}
	return strings.Join(all, "\n")
}
