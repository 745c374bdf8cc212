package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func drawn(parts ...string) string {
	s := &screen{}
	for _, part := range parts {
		_, _ = s.Write([]byte(part))
	}
	return s.String()
}

func TestOnlyTheLastFrameIsLeftOnTheScreen(t *testing.T) {
	t.Parallel()
	require.Equal(t, "type name\nvpc created\nsubnet created\n", drawn(
		"type name\r\nvpc creating...\r\n", "\r\x1b[2A", "type name\x1b[K\r\nvpc created\x1b[K\r\nsubnet created\x1b[K\r\n"))
}

func TestSequencesMayBeCutAnywhere(t *testing.T) {
	t.Parallel()
	require.Equal(t, "two\n", drawn("one\r\n\x1b", "[1", "Atwo\x1b[", "K\r\n"))
}

func TestHidingTheCursorLeavesNoTrace(t *testing.T) {
	t.Parallel()
	require.Equal(t, "text\n", drawn("\x1b[?25l", "text", "\x1b[?25h", "\x1b[0K   \r\n\r\n"))
}

func TestColoursAreDropped(t *testing.T) {
	t.Parallel()
	require.Equal(t, "red\n", drawn("\x1b[31mred\x1b[0m\n"))
}
