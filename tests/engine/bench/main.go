// Command bench prints what the components cost: on the engine against the same resources registered flat, under mocks
// against the floor of the SDK, in virtual time against the critical path, with a hundred fleets in one stack, where
// the time of a preview goes, and what the policy pack adds to it. Runs that are compared take turns on the same machine, and
// medians are printed.
//
//	go run ./tests/engine/bench [--rounds 5] [--cold=false] [--cold-cli=false] [--tests] [PART...]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

// bench is what the benchmarks share.
type bench struct {
	ctx    context.Context
	layout toolchain.Layout
	cli    string
	dir    string
	rounds int
}

func main() {
	b := &bench{ctx: context.Background()}
	flag.IntVar(&b.rounds, "rounds", 5, "how often each of two compared runs takes its turn")
	cold := flag.Bool("cold", true, "measure cold builds too: of the program, about 5 minutes")
	coldCLI := flag.Bool("cold-cli", true, "with --cold, also of the Pulumi command line, about 5 minutes more")
	tests := flag.Bool("tests", false, "time make test in a fresh clone too, cold and warm: about half an hour")
	flag.Parse()
	all := []part{
		{"overhead", b.overhead, true}, {"mocks", b.mocks, true}, {"makespan", b.makespan, true}, {"growth", b.growth, true},
		{"shares", b.shares, true}, {"policy", b.policy, true}, {"cold-program", b.coldProgram, *cold}, {"cold-cli", b.coldCLI, *cold && *coldCLI},
		{"tests", b.tests, *tests},
	}
	err := known(all, flag.Args())
	if err == nil {
		err = b.run(chosen(all, flag.Args()))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// part is one table.
type part struct {
	name   string
	print  func() error
	wanted bool
}

// known refuses a name that no part has: nothing would be measured, and nothing said.
func known(parts []part, names []string) error {
	var all []string
	for _, p := range parts {
		all = append(all, p.name)
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return fmt.Errorf("part %q: want some of %s", name, strings.Join(all, ", "))
		}
	}
	return nil
}

// chosen are the parts that are named, or without names those that the flags want.
func chosen(parts []part, names []string) []part {
	return slices.DeleteFunc(parts, func(p part) bool {
		if len(names) > 0 {
			return !slices.Contains(names, p.name)
		}
		return !p.wanted
	})
}

// run builds what is measured and prints one part after the other.
func (b *bench) run(parts []part) error {
	var err error
	if b.layout, err = toolchain.Find(); err != nil {
		return err
	}
	if b.cli, err = b.layout.CLI(b.ctx, os.Stderr); err != nil {
		return err
	}
	if err := b.layout.BuildPlugin(b.ctx, os.Stderr); err != nil {
		return err
	}
	if err := b.layout.BuildPack(b.ctx, os.Stderr); err != nil {
		return err
	}
	if err := b.layout.BuildHarness(b.ctx, os.Stderr); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "holdfast-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	for _, part := range parts {
		if err := part.print(); err != nil {
			return err
		}
	}
	return nil
}

// title begins a table.
func title(text string) { fmt.Printf("\n%s\n%s\n", text, strings.Repeat("-", len([]rune(text)))) }

// line prints one figure with the figure to reach.
func line(what, figure, reach string) {
	if reach != "" {
		reach = "(to reach: " + reach + ")"
	}
	fmt.Printf("  %-58s %16s  %s\n", what, figure, reach)
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// timed measures one call.
func timed(f func() error) (time.Duration, error) {
	begun := time.Now()
	err := f()
	return time.Since(begun), err
}

// fresh is a folder that no run has used.
func (b *bench) fresh(name string) (string, error) {
	return os.MkdirTemp(b.dir, filepath.Base(name)+"-")
}
