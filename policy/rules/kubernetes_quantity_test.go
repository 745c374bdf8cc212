package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuantitiesAreReadAsKubernetesReadsThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"512Mi": 512 << 20, "1Gi": 1 << 30, "1.5Gi": 1.5 * (1 << 30), "250m": 0.25, "2": 2, ".5": 0.5, "1e3": 1000, "1E3": 1000, "2E": 2e18,
		"100n": 1e-7, "129M": 129e6, "1k": 1000, "+3": 3, "1Ei": 1 << 60,
	} {
		got, ok := quantity(text)
		require.True(t, ok, text)
		require.InEpsilon(t, want, got, 1e-12, text)
	}
	for _, text := range []string{"512mb", "512MB", "2048mb", "1 Gi", "Mi", "", "1K", "1gi", "one", "1e", "--1", "1KiB"} {
		_, ok := quantity(text)
		require.False(t, ok, text)
	}
	require.Equal(t, "512Mi", meantQuantity("512mb"))
	require.Equal(t, "1.5Gi", meantQuantity("1.5 GB"))
}

func TestImagesAreTakenApart(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]imageRef{
		"nginx":                   {registry: "docker.io", repository: "nginx"},
		"nginx:latest":            {registry: "docker.io", repository: "nginx", tag: "latest"},
		"shop/web:1.2":            {registry: "docker.io", repository: "shop/web", tag: "1.2"},
		"localhost/web":           {registry: "localhost", repository: "web"},
		"registry:5000/a/b":       {registry: "registry:5000", repository: "a/b"},
		"ghcr.io/a/b:1@sha256:aa": {registry: "ghcr.io", repository: "a/b", tag: "1", digest: "sha256:aa"},
		"111111111111.dkr.ecr.eu.com/b@sha256:bb": {registry: "111111111111.dkr.ecr.eu.com", repository: "b", digest: "sha256:bb"},
	} {
		require.Equal(t, want, imageOf(reference), reference)
	}
}

func TestWordsAreFoundWhateverDividesThem(t *testing.T) {
	t.Parallel()
	words := []string{"processor"}
	for _, text := range []string{"order_processor", "orderProcessor", "order-processor", "processor", "shop/processor"} {
		require.True(t, hasWord(text, words), text)
	}
	for _, text := range []string{"preprocessors", "web", ""} {
		require.False(t, hasWord(text, words), text)
	}
}
