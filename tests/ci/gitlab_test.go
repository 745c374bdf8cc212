package ci_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

type pipeline struct {
	Stages []string
	Jobs   map[string]pipelineJob
}

type pipelineJob struct {
	Stage        string
	Extends      string
	Needs        []string
	Image        yaml.Node
	Script       []string
	BeforeScript []string             `yaml:"before_script"`
	IDTokens     map[string]yaml.Node `yaml:"id_tokens"`
	Environment  struct{ Name string }
	Variables    map[string]string
	Timeout      string
	Artifacts    struct {
		When    string
		Paths   []string
		Reports map[string]string
	}
	Rules []struct {
		If   string
		When string
	}
}

// gitlab reads the pipeline; a job inherits from the one it extends, as GitLab merges them.
func gitlab(t *testing.T) pipeline {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".gitlab-ci.yml"))
	require.NoError(t, err)
	var document map[string]yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &document))
	p := pipeline{Jobs: map[string]pipelineJob{}}
	stages := document["stages"]
	require.NoError(t, stages.Decode(&p.Stages))
	for name := range document {
		if !slices.Contains([]string{"stages", "workflow", "default", "variables"}, name) {
			p.Jobs[name] = resolve(t, document, name)
		}
	}
	return p
}

func resolve(t *testing.T, document map[string]yaml.Node, name string) pipelineJob {
	t.Helper()
	node, found := document[name]
	require.True(t, found, "job %q is extended but not there", name)
	var own pipelineJob
	require.NoError(t, node.Decode(&own), name)
	if own.Extends == "" {
		return own
	}
	inherited := resolve(t, document, own.Extends)
	inherited.Needs = nil
	require.NoError(t, node.Decode(&inherited), name)
	return inherited
}

func (j pipelineJob) text() string { return strings.Join(append(j.BeforeScript, j.Script...), "\n") }

func (j pipelineJob) runsOn(condition string) bool {
	for _, rule := range j.Rules {
		if strings.Contains(rule.If, condition) {
			return true
		}
	}
	return len(j.Rules) == 0
}

func TestEveryGitLabJobHasAStageAndNeedsJobsOfEarlierOnes(t *testing.T) {
	p := gitlab(t)
	for name, j := range p.Jobs {
		if strings.HasPrefix(name, ".") {
			continue
		}
		stage := slices.Index(p.Stages, j.Stage)
		require.GreaterOrEqual(t, stage, 0, "job %q: stage %q", name, j.Stage)
		require.NotEmpty(t, j.Script, name)
		require.NotEmpty(t, j.Timeout, name)
		for _, need := range j.Needs {
			require.Contains(t, p.Jobs, need, name)
			require.Less(t, slices.Index(p.Stages, p.Jobs[need].Stage), stage, "job %q needs %q", name, need)
		}
	}
}

func TestWhatRunsOnAMergeRequestHasNoCredential(t *testing.T) {
	seen := 0
	for name, j := range gitlab(t).Jobs {
		if strings.HasPrefix(name, ".") || !j.runsOn("merge_request_event") {
			continue
		}
		seen++
		require.Empty(t, j.IDTokens, name)
		require.Empty(t, j.Environment.Name, name)
		require.NotContains(t, j.text(), "ROLE_ARN", name)
	}
	require.Equal(t, 4, seen, "check, test, preview and note run on a merge request")
}

func TestNoKeyIsStoredInThePipeline(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".gitlab-ci.yml"))
	require.NoError(t, err)
	require.NotRegexp(t, `(?i)aws_(access_key|secret)`, string(text))
}

func TestGitLabDeploysTheReviewedPlanInOrder(t *testing.T) {
	p := gitlab(t)
	previous := []string{"check", "test"}
	for _, stack := range []string{"dev", "stg", "prod"} {
		plan, up := p.Jobs["plan "+stack], p.Jobs["up "+stack]
		require.Equal(t, previous, plan.Needs)
		require.Equal(t, []string{"plan " + stack}, up.Needs)
		for _, j := range []pipelineJob{plan, up} {
			require.Equal(t, stack, j.Variables["STACK"])
			require.Contains(t, j.IDTokens, "AWS_ID_TOKEN")
			require.True(t, j.runsOn("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"))
			require.False(t, j.runsOn("merge_request_event"))
			require.NotContains(t, j.text(), "--show-secrets")
		}
		require.Equal(t, stack+"-plan", plan.Environment.Name)
		require.Equal(t, stack, up.Environment.Name)
		require.Contains(t, plan.text(), "--save-plan plan.json")
		require.NotContains(t, plan.text(), "pulumi up")
		require.Contains(t, up.text(), "--plan plan.json")
		require.Regexp(t, `(?s)\$PLAN_DIGEST .*sha256sum --check.*pulumi up`, up.text(), "the digest is checked before the plan runs")
		previous = []string{"up " + stack}
	}
}

func TestStagingAndProductionWaitForAPerson(t *testing.T) {
	p := gitlab(t)
	for _, stack := range []string{"stg", "prod"} {
		rules := p.Jobs["up "+stack].Rules
		require.Len(t, rules, 1)
		require.Equal(t, "manual", rules[0].When)
	}
}

func TestBothPipelinesCheckTheBootScripts(t *testing.T) {
	const command = "shellcheck components/fleet/testdata/scripts/*.sh"
	scriptFiles, err := filepath.Glob(filepath.Join(root, "components/fleet/testdata/scripts/*.sh"))
	require.NoError(t, err)
	require.NotEmpty(t, scriptFiles)
	require.Contains(t, scripts(named(t, "pull-request.yml").Jobs["check"]), command)
	require.Contains(t, gitlab(t).Jobs["check"].text(), command)
}

func TestBothPipelinesUseThePulumiThatTheRepositoryPins(t *testing.T) {
	module, err := os.ReadFile(filepath.Join(root, "tools/pulumi/go.mod"))
	require.NoError(t, err)
	pin := regexp.MustCompile(`github\.com/pulumi/pulumi/pkg/v3 v(\S+)`).FindSubmatch(module)
	require.NotNil(t, pin)
	version := string(pin[1])
	for _, j := range named(t, "deploy-environment.yml").Jobs {
		used := false
		for _, s := range j.Steps {
			if strings.HasPrefix(s.Uses, "pulumi/actions@") {
				used = true
				require.Equal(t, version, s.With["pulumi-version"])
			}
		}
		require.True(t, used)
	}
	text, err := os.ReadFile(filepath.Join(root, ".gitlab-ci.yml"))
	require.NoError(t, err)
	require.Contains(t, string(text), "pulumi/pulumi-go:"+version)
}
