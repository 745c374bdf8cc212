// Command posturediff compares what two versions of the program promise, and what the policy says of them, and prints the
// result as Markdown, for a comment on a pull request.
//
//	posturediff -base DIR -head DIR dev stg prod
//
// Each directory holds <environment>.json, the machine form of a simulated preview: an object with the list of postures
// under "posture", the engine's steps, and what the rules say under "policy". A bare list of postures, or a stack's exported text, will do: then no resources
// are compared. A base directory without the file means an environment that is new. Everything read is treated as
// untrusted text: it comes from a pull request.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "posturediff:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("posturediff", flag.ContinueOnError)
	base := flags.String("base", "", "directory with the target branch's files; empty when there are none")
	head := flags.String("head", "", "directory with the proposed version's files")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading the command line: %w", err)
	}
	if *head == "" || flags.NArg() == 0 {
		return errors.New("want -head DIR and at least one environment")
	}
	var comparisons []Comparison
	for _, environment := range flags.Args() {
		before, err := readSide(*base, environment)
		if err != nil {
			return fmt.Errorf("reading the target branch's %s: %w", environment, err)
		}
		after, err := readSide(*head, environment)
		if err != nil {
			return fmt.Errorf("reading the proposed %s: %w", environment, err)
		}
		if after == nil {
			return fmt.Errorf("the proposed version has no %s.json in %s", environment, *head)
		}
		comparisons = append(comparisons, Compare(environment, before, after))
	}
	_, err := io.WriteString(out, Markdown(comparisons))
	return err
}

// readSide reads one version of one environment; nil when it has no file.
func readSide(dir, environment string) (*Side, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no directory means no such version, which is not an error
	}
	text, err := os.ReadFile(filepath.Join(dir, environment+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // an environment may be new in the proposed version
	}
	if err != nil {
		return nil, err
	}
	return ParseSide(text)
}
