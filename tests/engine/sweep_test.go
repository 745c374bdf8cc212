package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// The sweep goes through every operation of up and of destroy on dev. Once each is refused by the cloud, and once the
// provider process ends in the middle of each: the cloud has done the work, and the answer never leaves. One run meets as
// many faults as the engine has operations under way. The next run goes on from where it broke, with the state written
// after each step as on a real deployment, and never meets the same fault twice. At the end everything is there exactly
// once, and after destroy nothing is left.
func TestEveryOperationMayFailOnceAndLoseItsProviderOnce(t *testing.T) {
	t.Parallel()
	up, destroy := operationsOf(t)
	for name, kind := range map[string]cloudsim.FaultKind{"refused": cloudsim.Refused, "killed": cloudsim.DieAfter} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "dev")
			s.options.SkipCheckpoints = false
			s.sweep(kind, "up", up, (*harness.Stack).Up)
			s.agree()
			require.Len(t, s.existing(), len(up), "something is missing or doubled after up")
			s.sweep(kind, "destroy", destroy, (*harness.Stack).Destroy)
			require.Empty(t, s.existing(), "something is left after destroy")
			require.Empty(t, s.state().resources)
		})
	}
}

// operationsOf are the operations of an undisturbed up and destroy of dev, from the cloud's own journal.
func operationsOf(t *testing.T) (up, destroy []cloudsim.Operation) {
	t.Helper()
	s := newSite(t, "dev")
	s.must((*harness.Stack).Up)
	up = writes(s.journal())
	s.must((*harness.Stack).Destroy)
	destroy = writes(s.journal())[len(up):]
	require.NotEmpty(t, up)
	require.Len(t, destroy, len(s.deletable(up)), "destroy deletes each thing that up created")
	return up, destroy
}

func (s *site) deletable(created []cloudsim.Operation) map[string]bool {
	urns := map[string]bool{}
	for _, op := range created {
		urns[op.URN] = true
	}
	return urns
}

func writes(journal []cloudsim.Operation) []cloudsim.Operation {
	var list []cloudsim.Operation
	for _, op := range journal {
		if op.Op != cloudsim.OpRead {
			list = append(list, op)
		}
	}
	return list
}

// sweep arms one fault for every operation and runs the command again and again until it succeeds.
func (s *site) sweep(kind cloudsim.FaultKind, verb string, operations []cloudsim.Operation,
	run func(*harness.Stack, context.Context) (harness.Result, error),
) {
	s.t.Helper()
	begun := time.Now()
	before := s.fired()
	s.arm(kind, operations)
	stack := s.open()
	runs := 0
	for {
		hit := s.fired()
		_, err := run(stack, s.t.Context())
		runs++
		s.nothingDoubled()
		if err == nil {
			require.Equal(s.t, hit, s.fired(), "a run met a fault and still claims success")
			break
		}
		require.Greater(s.t, s.fired(), hit, "run %d of %s failed without a fault: %v", runs, verb, err)
		require.LessOrEqual(s.t, runs, len(operations)+1, "each run must get past at least one operation")
	}
	require.Equal(s.t, len(operations), s.fired()-before, "every operation has met its fault")
	s.t.Logf("%s, %s: %d operations, %d faults, %d runs until it converged, %s",
		verb, kind, len(operations), s.fired()-before, runs, time.Since(begun).Round(time.Second))
}

func (s *site) arm(kind cloudsim.FaultKind, operations []cloudsim.Operation) {
	s.t.Helper()
	var faults []cloudsim.Fault
	for _, op := range operations {
		faults = append(faults, cloudsim.Fault{Kind: kind, Op: op.Op, Type: op.Type, URN: op.URN})
	}
	text, err := json.Marshal(faults)
	require.NoError(s.t, err)
	file := filepath.Join(s.options.Dir, "faults.json")
	require.NoError(s.t, os.WriteFile(file, text, 0o600))
	s.options.Env[cloudsim.EnvFaults] = file
}

// fired counts the faults that have struck, from the cloud's log.
func (s *site) fired() int {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.options.Dir, "cloud", "cloud.log"))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(s.t, err)
	return bytes.Count(text, []byte(`{"fired":`))
}

// nothingDoubled holds between two runs too, when the state may lag behind the cloud by what was in flight.
func (s *site) nothingDoubled() {
	s.t.Helper()
	seen := map[string]bool{}
	for _, r := range s.existing() {
		require.False(s.t, seen[r.URN], "the cloud has %s twice", r.URN)
		seen[r.URN] = true
	}
}
