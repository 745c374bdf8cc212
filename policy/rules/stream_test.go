package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The larger of what is written and what is read decides, and a part of a shard is a shard.
func TestShards(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		megabytes, records float64
		shared, want       int
	}{
		{1, 1000, 0, 1},
		{1, 1001, 0, 2},
		{1.01, 10, 0, 2},
		{2, 3000, 1, 3},
		{3, 10, 2, 3},
		{3, 10, 3, 5},
		{0, 0, 5, 0},
	} {
		require.Equal(t, test.want, shardsFor(test.megabytes, test.records, test.shared), "%+v", test)
	}
}

// Versions are compared as numbers: 1.9 is older than 1.30, and what is newer than the calendar is not.
func TestOldVersionsOfKubernetes(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"1.9": true, "1.21": true, "1.29": true, "1.30": false, "1.35": false, "1.36": false, "1.100": false} {
		require.Equal(t, want, olderThanAll(version, clusterVersions), version)
	}
}

// Names of secrets are none: an ARN, the path of a parameter and a variable that says that it holds one.
func TestNamesThatPromiseASecret(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"DB_PASSWORD": true, "API_KEY": true, "apiKey": true, "AUTH_TOKEN": true, "STAGE": false, "KEYBOARD": false} {
		require.Equal(t, want, secretName.MatchString(name), name)
	}
	require.True(t, secretShape.MatchString("AKIAIOSFODNN7EXAMPLE"))
	require.False(t, secretShape.MatchString("AKIAIOSFODNN7EXAMPL"))
	require.True(t, isSecretReference("/web/token"))
}
