package toolchain_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

func TestAPulumiOnThePathIsSuitableWhenItIsNotOlderThanThePinnedOne(t *testing.T) {
	t.Parallel()
	for version, suitable := range map[string]bool{
		"v3.259.0": true, "v3.259.1": true, "v3.300.0": true, "v3.260.0-alpha.1": true,
		"v3.258.9": false, "v2.900.0": false, "v4.0.0": false, "": false, "3.259.0": false, "dev": false,
	} {
		require.Equal(t, suitable, toolchain.Suitable(version, "v3.259.0"), version)
	}
}

func TestThePinnedVersionIsThatOfTheSDK(t *testing.T) {
	t.Parallel()
	layout, err := toolchain.Find()
	require.NoError(t, err)
	version, err := layout.PinnedVersion()
	require.NoError(t, err)
	module, err := os.ReadFile(filepath.Join(layout.Root, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(module), "github.com/pulumi/pulumi/sdk/v3 "+version)
}

func TestASecondCommandWaitsAndSaysSo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "some.lock")
	unlock, err := toolchain.Lock(&bytes.Buffer{}, path, "the stack")
	require.NoError(t, err)
	said := &bytes.Buffer{}
	taken := make(chan error)
	go func() {
		second, err := toolchain.Lock(said, path, "the stack")
		if err == nil {
			second()
		}
		taken <- err
	}()
	select {
	case <-taken:
		require.Fail(t, "the lock was taken twice")
	case <-time.After(100 * time.Millisecond):
	}
	unlock()
	require.NoError(t, <-taken)
	require.Contains(t, said.String(), "Another command is using the stack")
}
