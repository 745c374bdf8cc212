//go:build !linux

package harness

import (
	"errors"
	"os"
)

// openTerminal is not available here: the engine prints its plain list instead of its tree.
func openTerminal(_, _ uint16) (outside, inside *os.File, err error) {
	return nil, nil, errors.ErrUnsupported
}

func isTerminal(*os.File) bool { return false }
