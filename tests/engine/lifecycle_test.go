package engine_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// A build of the server that no configuration file names.
const (
	newVersion = "9vF2kqtJlcpXroDTDmJrmSpXd3dIbrAA"
	newSHA256  = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
)

func TestEveryEnvironmentLivesFromThePreviewToTheLastDeletion(t *testing.T) {
	for _, environment := range stacks.Environments() {
		t.Run(string(environment), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, string(environment))
			s.previewMakesNothing()
			s.upMakesWhatThePreviewSaid()
			s.secondPreviewShowsNoChange()
			s.refreshFindsNoDrift()
			s.secretsAreNowhereInPlainText()
			s.newArtifactChangesTheTemplateAndTheGroup()
			s.refreshReportsAnEditedAlarm()
			s.protectionsHoldUntilTheyAreGivenUp()
			s.destroyLeavesNothing()
		})
	}
}

func (s *site) previewMakesNothing() {
	s.t.Helper()
	result := s.must((*harness.Stack).Preview)
	require.Greater(s.t, result.Counts["create"], 50)
	require.Len(s.t, result.Counts, 1, "a first preview only creates: %v", result.Counts)
	require.Empty(s.t, s.existing(), "a preview has made something")
	require.NotEmpty(s.t, result.Posture)
}

func (s *site) upMakesWhatThePreviewSaid() {
	s.t.Helper()
	said := s.must((*harness.Stack).Preview)
	done := s.must((*harness.Stack).Up)
	require.Equal(s.t, said.Counts, done.Counts)
	require.Equal(s.t, said.Changes, done.Changes)
	require.Equal(s.t, said.Posture, done.Posture, "the posture is known before anything is made")
	s.agree()
}

func (s *site) secondPreviewShowsNoChange() {
	s.t.Helper()
	result := s.must((*harness.Stack).Preview)
	require.Empty(s.t, result.Changes)
	require.Equal(s.t, []string{"same"}, keysOf(result.Counts))
}

func (s *site) refreshFindsNoDrift() {
	s.t.Helper()
	result := s.must((*harness.Stack).Refresh)
	require.Empty(s.t, result.Changes)
	require.Empty(s.t, s.must((*harness.Stack).Preview).Changes, "a refresh has moved the state away from the program")
}

// newArtifactChangesTheTemplateAndTheGroup rolls out a new build: the launch template gets a new version, and the group
// that names this version starts its refresh. The component's own record of its intent names the new digest. The cloud is
// asked for nothing else.
func (s *site) newArtifactChangesTheTemplateAndTheGroup() {
	s.t.Helper()
	s.options.Overrides["holdfast:hashingArtifactVersion"] = newVersion
	s.options.Overrides["holdfast:hashingArtifactSha256"] = newSHA256
	before := len(s.journal())
	result := s.must((*harness.Stack).Up)
	require.Equal(s.t, []string{
		"update aws:autoscaling/group:Group", "update aws:ec2/launchTemplate:LaunchTemplate", "update holdfast:index:HashFleet",
	}, touched(result.Changes))
	var operations []string
	for _, op := range s.journal()[before:] {
		if op.Op != cloudsim.OpRead {
			operations = append(operations, string(op.Op)+" "+op.Type)
		}
	}
	slices.Sort(operations)
	require.Equal(s.t, []string{
		"update aws:autoscaling/group:Group", "update aws:ec2/launchTemplate:LaunchTemplate",
	}, operations, "the engine asked the cloud for something else")
	require.Empty(s.t, s.must((*harness.Stack).Preview).Changes)
}

// refreshReportsAnEditedAlarm changes an alarm behind the program's back, as a person in the console would.
func (s *site) refreshReportsAnEditedAlarm() {
	s.t.Helper()
	edited := s.first("aws:cloudwatch/metricAlarm:MetricAlarm")
	require.NoError(s.t, s.model().Edit(edited, func(r *cloudsim.Resource) { r.Set("threshold", 123456789.0) }))
	result := s.must((*harness.Stack).Refresh)
	require.Len(s.t, result.Changes, 1)
	require.Equal(s.t, edited, result.Changes[0].URN)
	require.Equal(s.t, []string{"threshold"}, result.Changes[0].Properties)
	repaired := s.must((*harness.Stack).Up)
	require.Len(s.t, repaired.Changes, 1, "up puts back what was edited and nothing else")
	require.Empty(s.t, s.must((*harness.Stack).Refresh).Changes)
}

// protectionsHoldUntilTheyAreGivenUp tries to destroy stg and prod as they are, which must not remove anything that is
// protected, and gives the protections up by naming the stack.
func (s *site) protectionsHoldUntilTheyAreGivenUp() {
	s.t.Helper()
	if s.options.Stack == string(stacks.Dev) {
		return
	}
	before := len(s.existing())
	_, err := s.open().Destroy(s.t.Context())
	require.ErrorContains(s.t, err, "protect")
	require.Len(s.t, s.existing(), before, "a refused destroy has deleted something")
	s.options.Overrides["holdfast:decommission"] = s.options.Stack
	s.must((*harness.Stack).Up)
}

func (s *site) destroyLeavesNothing() {
	s.t.Helper()
	s.must((*harness.Stack).Destroy)
	require.Empty(s.t, s.existing(), "the cloud is not empty")
	require.Empty(s.t, s.state().resources, "the state is not empty")
}

// secretsAreNowhereInPlainText looks for the secret, and what remains of it in other spellings, in everything that the
// engine wrote or printed and in everything that the cloud would show to a reader of its configuration.
func (s *site) secretsAreNowhereInPlainText() {
	s.t.Helper()
	places := map[string]string{"printed": s.printed.String(), "state file": s.state().text, "exported state": s.export()}
	for _, r := range s.existing() {
		if r.Type == "aws:ec2/launchTemplate:LaunchTemplate" {
			places["user data"] = decoded(s.t, r.In().Text("userData"))
		}
	}
	require.Contains(s.t, places, "user data")
	require.Contains(s.t, s.export(), "ciphertext", "the export has the secret, encrypted")
	for place, text := range places {
		require.NotEmpty(s.t, text, place)
		for _, spelling := range spellings(harness.SimulatedSecret) {
			require.NotContains(s.t, text, spelling, place)
		}
	}
}

// spellings are a secret as it stands, the part that makes it secret, and both in base64 at every alignment.
func spellings(secret string) []string {
	parsed, err := url.Parse(secret)
	if err != nil {
		return []string{secret}
	}
	path := parsed.Path
	found := []string{secret, path, url.QueryEscape(secret), "simulated-secret"}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + path))
		// The ends of the encoding depend on what stands beside the secret.
		found = append(found, encoded[4:len(encoded)-4])
	}
	return found
}

func decoded(t *testing.T, text string) string {
	t.Helper()
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text
	}
	return string(plain)
}

func (s *site) export() string {
	s.t.Helper()
	text, err := s.open().Export(s.t.Context())
	require.NoError(s.t, err)
	return text
}

func (s *site) journal() []cloudsim.Operation {
	s.t.Helper()
	journal, err := s.model().Journal()
	require.NoError(s.t, err)
	return journal
}

// first is the URN of the first resource of a type.
func (s *site) first(typ string) string {
	s.t.Helper()
	for _, r := range s.existing() {
		if r.Type == typ {
			return r.URN
		}
	}
	require.Fail(s.t, "no "+typ)
	return ""
}

// touched are operation and type of each change, sorted.
func touched(changes []harness.Change) []string {
	var list []string
	for _, change := range changes {
		list = append(list, change.Op+" "+change.Type)
	}
	slices.Sort(list)
	return list
}

func keysOf(counts map[string]int) []string {
	var keys []string
	for key := range counts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func TestTheHarnessPrintsTheSameJSONEveryTime(t *testing.T) {
	s := newSite(t, "dev")
	first, err := json.Marshal(s.must((*harness.Stack).Preview))
	require.NoError(t, err)
	second, err := json.Marshal(s.must((*harness.Stack).Preview))
	require.NoError(t, err)
	require.JSONEq(t, string(first), string(second))
}
