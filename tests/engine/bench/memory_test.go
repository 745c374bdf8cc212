package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestALineOfProcIsReadAlsoWhenTheNameHoldsBlanksAndParentheses(t *testing.T) {
	p, ok := parseStat("7 (a) b (c)) S 3 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 100 8192 5 18446744073709551615")
	require.True(t, ok)
	require.Equal(t, 3, p.parent)
	require.Positive(t, p.resident)
	_, ok = parseStat("7 (go) S 3")
	require.False(t, ok)
}

func TestMemoryIsAddedUpOverAProcessAndItsDescendantsOnly(t *testing.T) {
	all := map[int]process{1: {0, 1}, 5: {1, 10}, 6: {5, 100}, 7: {6, 1000}, 8: {1, 10000}, 9: {4, 100000}}
	require.Equal(t, int64(1110), residentTree(all, 5))
}
