// Package engine_test runs the three environments on the real Pulumi engine against the simulated cloud, from the first
// preview to the last deletion, and breaks every single operation on the way.
package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

// The checkout and the command line, made ready once.
var (
	layout toolchain.Layout
	cli    string
)

func TestMain(m *testing.M) {
	if err := prepare(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func prepare(ctx context.Context) (err error) {
	if layout, err = toolchain.Find(); err != nil {
		return err
	}
	if cli, err = layout.CLI(ctx, os.Stderr); err != nil {
		return err
	}
	return layout.BuildPlugin(ctx, os.Stderr)
}

// site is one simulated environment and everything that was printed about it.
type site struct {
	t       *testing.T
	options harness.Options
	printed *bytes.Buffer
	cloud   *cloudsim.Model
}

// newSite is an environment in a folder of its own.
func newSite(t *testing.T, stack string) *site {
	t.Helper()
	printed := &bytes.Buffer{}
	return &site{t: t, printed: printed, options: harness.Options{
		Layout: layout, CLI: cli, Stack: stack, Dir: t.TempDir(), SkipCheckpoints: true, Out: printed, Err: printed,
		Overrides: map[string]string{}, Env: map[string]string{}, Secrets: []string{"holdfast:pagerDutyUrl"},
	}}
}

// open writes the project anew and returns the stack.
func (s *site) open() *harness.Stack {
	s.t.Helper()
	stack, err := harness.Open(s.t.Context(), s.options)
	require.NoError(s.t, err)
	return stack
}

// must runs one command of the engine that has to succeed.
func (s *site) must(run func(*harness.Stack, context.Context) (harness.Result, error)) harness.Result {
	s.t.Helper()
	result, err := run(s.open(), s.t.Context())
	require.NoError(s.t, err)
	return result
}

// model is the simulated cloud. It keeps up with what the provider processes do.
func (s *site) model() *cloudsim.Model {
	s.t.Helper()
	if s.cloud == nil {
		model, err := cloudsim.Open(filepath.Join(s.options.Dir, "cloud"))
		require.NoError(s.t, err)
		s.t.Cleanup(func() { _ = model.Close() })
		s.cloud = model
	}
	return s.cloud
}

// existing are the resources of the simulated cloud that the program made.
func (s *site) existing() []cloudsim.Resource {
	s.t.Helper()
	all, err := s.model().Resources()
	require.NoError(s.t, err)
	var made []cloudsim.Resource
	for _, r := range all {
		if !r.Given {
			made = append(made, r)
		}
	}
	return made
}
