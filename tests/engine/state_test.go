package engine_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"
)

// state is the engine's own record, read from the local state file. Resources of the program's own kinds and providers
// are left out: they are not in the cloud.
type state struct {
	resources map[string][]apitype.ResourceV3
	pending   []apitype.OperationV2
	text      string
}

func (s *site) state() state {
	s.t.Helper()
	file := filepath.Join(s.options.Dir, "state", ".pulumi", "stacks", "holdfast", s.options.Stack+".json")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}
	}
	require.NoError(s.t, err)
	var kept struct {
		Checkpoint struct {
			Latest *apitype.DeploymentV3 `json:"latest"`
		} `json:"checkpoint"`
	}
	require.NoError(s.t, json.Unmarshal(text, &kept))
	found := state{resources: map[string][]apitype.ResourceV3{}, text: string(text)}
	if kept.Checkpoint.Latest == nil {
		return found
	}
	found.pending = kept.Checkpoint.Latest.PendingOperations
	for _, r := range kept.Checkpoint.Latest.Resources {
		if r.Custom && !strings.HasPrefix(string(r.Type), "pulumi:") {
			found.resources[string(r.URN)] = append(found.resources[string(r.URN)], r)
		}
	}
	return found
}

// agree holds the engine's record against the simulated cloud: nothing twice, nothing that only one of them knows.
func (s *site) agree() {
	s.t.Helper()
	recorded := s.state()
	known := map[string]bool{}
	for urn, resources := range recorded.resources {
		require.Len(s.t, resources, 1, "the state has %s more than once", urn)
		known[urn+" "+string(resources[0].ID)] = true
	}
	exists := map[string]bool{}
	for _, r := range s.existing() {
		key := r.URN + " " + r.ID
		require.False(s.t, exists[key], "the cloud has %s twice", key)
		exists[key] = true
		require.True(s.t, known[key], "orphaned: %s is in the cloud and not in the state", key)
	}
	for key := range known {
		require.True(s.t, exists[key], "lost: %s is in the state and not in the cloud", key)
	}
	require.Empty(s.t, recorded.pending, "operations are pending")
}
