package policies_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// documented are the settings of this repository with the waivers that docs/deploying.md gives for taking prod down.
func documented(t *testing.T) *policy.Config {
	t.Helper()
	page, err := os.ReadFile(root + "/docs/deploying.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```json\n(\\{\"pack-settings\".*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	var waived map[string]map[string]any
	require.NoError(t, json.Unmarshal(block[1], &waived))
	text, err := os.ReadFile(root + "/policy/settings.json")
	require.NoError(t, err)
	var settings map[string]map[string]any
	require.NoError(t, json.Unmarshal(text, &settings))
	maps.Copy(settings["pack-settings"], waived["pack-settings"])
	text, err = json.Marshal(settings)
	require.NoError(t, err)
	config, err := policy.ParseConfig(text, rules.All())
	require.NoError(t, err)
	return config
}

// takenDown is an environment with its protections given up, and the plan that gives them up.
func takenDown(t *testing.T, stack string) recorded {
	t.Helper()
	down, err := record(stack, cloudsim.Config(map[string]string{"holdfast:decommission": stack}))
	require.NoError(t, err)
	before := map[string]policy.Resource{}
	for _, r := range environment(t, stack).resources {
		before[r.URN] = r
	}
	down.resources = slices.Clone(down.resources)
	for i, r := range down.resources {
		was := before[r.URN]
		down.resources[i].Step = &policy.Step{Op: policy.Update, Old: was.Properties, OldProtect: was.Protect}
	}
	return down
}

func stopping(r *policy.Report) []string {
	stops := map[string]bool{}
	for _, f := range r.Findings {
		if f.Stops() {
			stops[f.Rule] = true
		}
	}
	return slices.Sorted(maps.Keys(stops))
}

func TestTheDocumentedWaiversLetProductionBeTakenDownAndNothingElse(t *testing.T) {
	t.Parallel()
	down, waivers := takenDown(t, "prod"), documented(t)
	require.Equal(t, []string{"change-protection-lifted", "kms-deletion-window", "lb-deletion-protection", "prod-protect", "prod-service-protection"},
		stopping(judge(t, down)), "each of these has a waiver, and no other")
	with := func(r recorded) *policy.Report {
		return policy.Evaluate(r.graph(), policy.Evaluation{Rules: rules.All(), Config: waivers, Today: policytest.Day})
	}
	require.Empty(t, stopping(with(down)), "the plan that gives the protections up")
	unplanned := recorded{stack: down.stack, resources: slices.Clone(down.resources)}
	for i := range unplanned.resources {
		unplanned.resources[i].Step = nil
	}
	require.Empty(t, stopping(with(unplanned)), "the engine's own judgement, which knows no plan")
	for i := range unplanned.resources {
		unplanned.resources[i].Step = &policy.Step{Op: policy.Create}
	}
	require.Empty(t, stopping(with(unplanned)), "the pull request's preview, where nothing was there before")
	for _, stack := range []string{"dev", "stg"} {
		require.Empty(t, stopping(with(environment(t, stack))), stack)
	}
	found := with(environment(t, "prod")).Of(policy.Violation)
	require.True(t, slices.ContainsFunc(found, func(f policy.Finding) bool {
		return f.Rule == policy.WaiverRule && strings.Contains(f.Actual, "prod-protect")
	}), "a waiver that is left behind is found")
}

func TestStagingCanBeTakenDownWithoutAWaiver(t *testing.T) {
	t.Parallel()
	require.Empty(t, stopping(judge(t, takenDown(t, "stg"))))
}
