package main

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThePeakOfACommandCountsWhatItStarts(t *testing.T) {
	peak, err := peakOf(exec.Command("sh", "-c", "sleep 0.5; :"))
	require.NoError(t, err)
	require.Positive(t, peak)
}
