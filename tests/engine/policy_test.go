package engine_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy/host"
	"github.com/seed-11444627/holdfast/policy/report"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// verdict is a finding without its words.
type verdict struct{ rule, outcome, urn, path string }

func verdicts(t *testing.T, text []byte) []verdict {
	t.Helper()
	var d report.Document
	require.NoError(t, json.Unmarshal(text, &d), "%s", text)
	var found []verdict
	for _, f := range d.Findings {
		found = append(found, verdict{f.Rule, f.Outcome, f.URN, f.Path})
	}
	return found
}

// The pack is a prebuilt executable, or a folder that the engine has a helper on the PATH for. Under an ordinary installation
// the bundled language host takes the helper's place and builds the folder's main itself.
func packs(t *testing.T) map[string]string {
	t.Helper()
	require.NoError(t, layout.BuildPack(t.Context(), os.Stderr))
	return map[string]string{"prebuilt executable": layout.Pack(), "folder": filepath.Join(layout.Root, "policy", "pack")}
}

// withPack is an environment that is judged by the pack, which writes its report to a file.
func withPack(t *testing.T, stack, pack string) (s *site, reported string) {
	t.Helper()
	s = newSite(t, stack)
	bin := t.TempDir()
	require.NoError(t, os.Symlink(layout.Pack(), filepath.Join(bin, "pulumi-analyzer-policy-go")))
	reported = filepath.Join(t.TempDir(), "report.json")
	s.options.Env["PATH"] = bin + string(os.PathListSeparator) + os.Getenv("PATH")
	s.options.Env[host.ReportVariable] = reported
	s.options.Policy = harness.Policy{Pack: pack, Settings: layout.PackSettings()}
	return s, reported
}

func TestTheEngineTheRecorderAndTheStateFileComeToTheSameVerdicts(t *testing.T) {
	for form, pack := range packs(t) {
		t.Run(form, func(t *testing.T) {
			s, reported := withPack(t, "prod", pack)
			rehearsed := filepath.Join(t.TempDir(), "rehearsed.json")
			s.options.Policy.Report = rehearsed
			s.must((*harness.Stack).Up)

			byEngine, err := os.ReadFile(reported)
			require.NoError(t, err)
			byRecorder, err := os.ReadFile(rehearsed)
			require.NoError(t, err)
			byState, err := exec.CommandContext(t.Context(), layout.Pack(), "check", "--format", "json", "--config", layout.PackSettings(), s.stateFile()).Output()
			require.NoError(t, err)
			want := verdicts(t, byEngine)
			require.NotEmpty(t, want)
			require.Equal(t, want, verdicts(t, byRecorder), "unit tests see what the engine sees")
			require.Equal(t, want, verdicts(t, byState), "a state file shows what the engine sees")
			require.Contains(t, s.printed.String(), "holdfast@v")

			s.must((*harness.Stack).Preview) // The engine knows unchanged components by their outputs; they keep their promises.
			again, err := os.ReadFile(reported)
			require.NoError(t, err)
			require.Equal(t, want, verdicts(t, again), "a second look finds the same")
		})
	}
}

func TestThePackStopsAPreviewAndAnUpdateBeforeTheResourceIsMade(t *testing.T) {
	require.NoError(t, layout.BuildPack(t.Context(), os.Stderr))
	s, _ := withPack(t, "dev", layout.Pack())
	settings := filepath.Join(t.TempDir(), "settings.json")
	require.NoError(t, os.WriteFile(settings, []byte(`{"service-allow-list": {"enforcementLevel": "mandatory", "allowed": ["sns"], "support": []}}`), 0o600))
	s.options.Policy.Settings = settings
	for _, run := range []func(*harness.Stack) (harness.Result, error){
		func(h *harness.Stack) (harness.Result, error) { return h.Preview(t.Context()) },
		func(h *harness.Stack) (harness.Result, error) { return h.Up(t.Context()) },
	} {
		stack, err := harness.Open(t.Context(), s.options)
		require.NoError(t, err)
		_, err = run(stack)
		require.Error(t, err)
		require.Contains(t, s.printed.String(), "service-allow-list")
	}
	for _, r := range s.existing() {
		require.NotContains(t, r.Type, "autoscaling", "what the rule blocks was never made")
	}
}

func TestAnUnknownRuleInTheConfigurationStopsTheEngine(t *testing.T) {
	require.NoError(t, layout.BuildPack(t.Context(), os.Stderr))
	s, _ := withPack(t, "dev", layout.Pack())
	settings := filepath.Join(t.TempDir(), "settings.json")
	require.NoError(t, os.WriteFile(settings, []byte(`{"rds-encrypt": "advisory"}`), 0o600))
	s.options.Policy.Settings = settings
	stack, err := harness.Open(t.Context(), s.options)
	require.NoError(t, err)
	_, err = stack.Preview(t.Context())
	require.Error(t, err)
	require.Contains(t, s.printed.String()+err.Error(), "there is no such rule")
}

// pulumi policy analyze runs the pack over a stack's state without its program.
func TestPolicyAnalyzeJudgesTheStateOfAStack(t *testing.T) {
	require.NoError(t, layout.BuildPack(t.Context(), os.Stderr))
	s, reported := withPack(t, "dev", layout.Pack())
	s.must((*harness.Stack).Up)
	byEngine, err := os.ReadFile(reported)
	require.NoError(t, err)
	stack, err := harness.Open(t.Context(), s.options)
	require.NoError(t, err)
	exported, err := stack.Export(t.Context())
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(file, []byte(exported), 0o600))
	again := filepath.Join(t.TempDir(), "again.json")
	command := exec.CommandContext(t.Context(), filepath.Join(cli, "bin", "pulumi"), "policy", "analyze", "--policy-pack", layout.Pack(),
		"--policy-pack-config", layout.PackSettings(), "--file", file)
	command.Env = append(os.Environ(), "PULUMI_HOME="+layout.PulumiHome(), "PULUMI_BACKEND_URL=file://"+t.TempDir(), host.ReportVariable+"="+again,
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_CONFIG_PASSPHRASE=simulated-cloud-only")
	printed, err := command.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	text, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, verdicts(t, byEngine), verdicts(t, text))
}

// A replacement of what holds data, a removed alarm and lifted protection are in no program: only the plan shows them.
func TestAPlanThatLiftsProtectionIsRefusedInThePreview(t *testing.T) {
	require.NoError(t, layout.BuildPack(t.Context(), os.Stderr))
	s, _ := withPack(t, "prod", layout.Pack())
	s.must((*harness.Stack).Up)
	s.options.Overrides["holdfast:decommission"] = "prod"
	stack, err := harness.Open(t.Context(), s.options)
	require.NoError(t, err)
	result, err := stack.Preview(t.Context())
	require.ErrorContains(t, err, "policy")
	var found []string
	for _, f := range result.Policy.Findings {
		if strings.HasPrefix(f.Rule, "change-") && f.Outcome == "violation" {
			found = append(found, f.Rule)
		}
	}
	slices.Sort(found)
	require.Equal(t, []string{"change-protection-lifted"}, slices.Compact(found))
}

func (s *site) stateFile() string {
	return filepath.Join(s.options.Dir, "state", ".pulumi", "stacks", "holdfast", s.options.Stack+".json")
}
