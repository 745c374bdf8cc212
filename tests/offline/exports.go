package main

import (
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// exports prints shell exports under which an ordinary Pulumi installation runs the program against the simulated cloud.
// They hold for one shell only: the provider is found on that shell's PATH and nowhere else.
func (r request) exports(out io.Writer) error {
	variables, err := harness.OrdinaryEnvironment(r.layout, r.stack)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(out, "export %s=%s\n", name, quoted(variables[name]))
	}
	fmt.Fprintf(os.Stderr, "This shell now talks to the simulated cloud (stack %s). Leave it before you deploy to AWS.\n", r.stack)
	return nil
}

// quoted is a text as one word of a POSIX shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
