package ci_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// packFlags give the pack to the engine, which builds the folder itself.
const packFlags = "--policy-pack policy/pack --policy-pack-config policy/settings.json"

// oneLine is a script with its continued lines joined.
func oneLine(script string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(script, "\\\n", " ")), " ")
}

// sarifOf is what the pack writes for a stack that has nothing.
func sarifOf(t *testing.T, stack string) string {
	t.Helper()
	var text bytes.Buffer
	judged := policy.Evaluate(policy.NewGraph(policy.Stack{Name: stack}, nil), policy.Evaluation{Rules: rules.All(), Config: &policy.Config{}})
	require.NoError(t, report.Write(&text, report.SARIF, rules.Pack().ReportPack(), judged))
	return text.String()
}

// bash runs a step as GitHub does: it stops at the first failure, in a pipe too.
func bash(t *testing.T, script string, environment ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	command.Dir, command.Env = t.TempDir(), append(os.Environ(), environment...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// withMake is a PATH on which make writes the files it is asked for and then fails for prod, as it does where a rule is broken.
func withMake(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	const script = "#!/bin/sh\nfor a in \"$@\"; do eval \"$a\" 2>/dev/null || true; done\n" +
		"echo {} > \"$JSON\"\nIFS=,\nfor f in $POLICY_REPORT; do echo {} > \"$f\"; done\n[ \"$STACK\" != prod ]\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "make"), []byte(script), 0o700))
	return "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
}

func TestAPreviewThatThePolicyStopsIsComparedAndKeptBeforeTheJobFails(t *testing.T) {
	steps := named(t, "pull-request.yml").Jobs["preview"].Steps
	at := func(holds func(step) bool) int { return slices.IndexFunc(steps, holds) }
	head := at(func(s step) bool { return s.ID == "head" })
	compare := at(func(s step) bool { return strings.Contains(s.Run, "./tools/posturediff") })
	keep := at(func(s step) bool { return strings.HasPrefix(s.Uses, "actions/upload-artifact@") })
	last := len(steps) - 1
	require.True(t, 0 < head && head < compare && compare < keep && keep < last)
	require.Equal(t, "steps.head.outputs.failed != ''", steps[last].If)

	temp := t.TempDir()
	output := filepath.Join(temp, "output")
	out, err := bash(t, steps[head].Run, withMake(t), "RUNNER_TEMP="+temp, "GITHUB_OUTPUT="+output)
	require.NoError(t, err, out)
	for _, stack := range []string{"dev", "stg", "prod"} {
		require.FileExists(t, filepath.Join(temp, "previews/head", stack+".json"))
		require.FileExists(t, filepath.Join(temp, "previews/head", stack+".sarif"))
	}
	said, err := os.ReadFile(output)
	require.NoError(t, err)
	require.Equal(t, "failed= prod\n", string(said))
	out, err = bash(t, steps[last].Run, "FAILED= prod")
	require.Error(t, err)
	require.Contains(t, out, "in: prod")
}

func TestOnGitLabAPreviewThatThePolicyStopsIsComparedAndKeptBeforeTheJobFails(t *testing.T) {
	j := gitlab(t).Jobs["preview"]
	compare := slices.IndexFunc(j.Script, func(line string) bool { return strings.Contains(line, "./tools/posturediff") })
	require.Equal(t, len(j.Script)-2, compare)
	require.Equal(t, "always", j.Artifacts.When)
	require.Equal(t, "previews/head/*.xml", j.Artifacts.Reports["junit"])
	require.Equal(t, []string{"previews/"}, j.Artifacts.Paths, "the SARIF is in it")

	temp := t.TempDir()
	script := strings.Join([]string{`cd "$CI_PROJECT_DIR"`, j.Script[0], j.Script[1], j.Script[compare+1]}, "\n")
	out, err := bash(t, script, withMake(t), "CI_PROJECT_DIR="+temp)
	require.Error(t, err)
	require.Contains(t, out, "in: prod")
	for _, end := range []string{".json", ".sarif", ".xml"} {
		require.FileExists(t, filepath.Join(temp, "previews/head", "prod"+end))
	}
	require.Equal(t, "always", gitlab(t).Jobs["note"].Rules[0].When, "the note also tells of what failed")
}

func TestOnlyTheUploadsMayWriteAlertsAndTheyRunNoCodeOfOurs(t *testing.T) {
	seen := 0
	for _, file := range workflowFiles(t) {
		for name, j := range read(t, file).Jobs {
			if j.Permissions["security-events"] == "" {
				continue
			}
			seen++
			require.Equal(t, map[string]string{"actions": "read", "security-events": "write"}, j.Permissions, "%s: job %s", file, name)
			require.Equal(t, []string{"dev", "stg", "prod"}, j.Strategy.Matrix["stack"])
			for _, s := range j.Steps {
				require.NotContains(t, s.Uses, "actions/checkout@", "%s: the upload would take the checkout's commit, and its sources", file)
				require.NotRegexp(t, `\b(go|make) `, s.Run)
			}
			upload := j.Steps[len(j.Steps)-1]
			require.True(t, strings.HasPrefix(upload.Uses, "github/codeql-action/upload-sarif@"))
			require.Equal(t, "holdfast/${{ matrix.stack }}", upload.With["category"])
		}
	}
	require.Equal(t, 2, seen, "a pull request's alerts and those of main")
}

func TestAPullRequestsAlertsGoToItsOwnCommit(t *testing.T) {
	j := named(t, "pull-request-comment.yml").Jobs["policy"]
	require.Equal(t, "needs.find.outputs.post == 'true'", j.If)
	upload := j.Steps[len(j.Steps)-1]
	require.Equal(t, "refs/pull/${{ needs.find.outputs.number }}/head", upload.With["ref"])
	require.Equal(t, "${{ github.event.workflow_run.head_sha }}", upload.With["sha"])
	require.Equal(t, j.Steps[len(j.Steps)-2].Env["SARIF"], upload.With["sarif_file"], "what was checked is what is uploaded")
}

func TestAStrangersReportIsCheckedBeforeItIsUploaded(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not there; GitHub's runners have it")
	}
	steps := named(t, "pull-request-comment.yml").Jobs["policy"].Steps
	check := steps[len(steps)-2]
	ours := sarifOf(t, "dev")
	try := func(text string) error {
		file := filepath.Join(t.TempDir(), "dev.sarif")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := bash(t, check.Run, "SARIF="+file, "ID="+strings.ReplaceAll(check.Env["ID"], "${{ matrix.stack }}", "dev"))
		return err
	}
	require.NoError(t, try(ours))
	const run = `{"tool":{"driver":{"name":"holdfast"}},"automationDetails":{"id":"holdfast/dev/"},"results":[]}`
	require.NoError(t, try(`{"version":"2.1.0","runs":[`+run+`]}`))
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "sarif", "two documents": ours + ours, "another environment's": sarifOf(t, "prod"),
		"another tool's": strings.Replace(ours, `"name": "holdfast"`, `"name": "CodeQL"`, 1), "no id": strings.Replace(ours, "holdfast/dev/", "", 1),
		"two runs": `{"version":"2.1.0","runs":[` + run + `,` + run + `]}`, "another version": `{"version":"2.0.0","runs":[` + run + `]}`,
		"too many results": `{"version":"2.1.0","runs":[` + strings.Replace(run, "[]", "["+strings.Repeat("{},", 5000)+"{}]", 1) + `]}`,
		"too large":        ours + strings.Repeat(" ", 10_000_000),
	} {
		require.Error(t, try(text), name)
	}
	target, link := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	require.NoError(t, os.WriteFile(target, []byte(ours), 0o600))
	require.NoError(t, os.Symlink(target, link))
	_, err := bash(t, check.Run, "SARIF="+link, "ID=holdfast/dev/")
	require.Error(t, err, "a link may lead anywhere")
}

func TestMainTellsCodeScanningWhatPullRequestsAreComparedWith(t *testing.T) {
	w := named(t, "deploy.yml")
	require.Contains(t, scripts(w.Jobs["preview"]), `POLICY_REPORT="$RUNNER_TEMP/policy/$stack.sarif"`)
	require.Empty(t, w.Jobs["preview"].Permissions, "what runs our code may only read")
	require.Equal(t, "preview", w.Jobs["policy"].Needs.Value)
	for _, stack := range []string{"dev", "stg", "prod"} {
		require.Contains(t, sarifOf(t, stack), fmt.Sprintf(`"id": "holdfast/%s/"`, stack), "the category of the upload is the run's id")
	}
}

func TestThePolicyJudgesThePlanTheStepsAndTheUpdateInBothPipelines(t *testing.T) {
	w := named(t, "deploy-environment.yml")
	p := gitlab(t)
	for name, text := range map[string][2]string{
		"GitHub": {scripts(w.Jobs["plan"]), scripts(w.Jobs["up"])}, "GitLab": {p.Jobs["plan prod"].text(), p.Jobs["up prod"].text()},
	} {
		plan, up := strings.ReplaceAll(oneLine(text[0]), `"`, ""), strings.ReplaceAll(oneLine(text[1]), `"`, "")
		plan, up = strings.ReplaceAll(plan, "$RUNNER_TEMP/", ""), strings.ReplaceAll(up, "$RUNNER_TEMP/", "")
		require.Regexp(t, "--diff --save-plan plan.json "+packFlags+
			".* --json --show-sames --save-plan judged.json > steps.json go run ./tools/sameplan plan.json judged.json"+
			".* go run ./policy/pack check --config policy/settings.json steps.json", plan, name)
		require.Contains(t, up, "--skip-preview --plan plan.json "+packFlags, name)
		require.NotContains(t, plan+up, "|| true", name)
	}
	steps := w.Jobs["plan"].Steps
	judge := slices.IndexFunc(steps, func(s step) bool { return strings.Contains(s.Run, "./policy/pack check") })
	keep := slices.IndexFunc(steps, func(s step) bool { return strings.HasPrefix(s.Uses, "actions/upload-artifact@") })
	require.Less(t, judge, keep, "a plan that breaks a rule is nobody's to run")
	require.Equal(t, "${{ runner.temp }}/plan.json", steps[keep].With["path"])
}
