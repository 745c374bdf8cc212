// Command bench prints what the components cost: on the engine against the same resources registered flat, under mocks
// against the floor of the SDK, in virtual time against the critical path, with a hundred fleets in one stack, and where
// the time of a preview goes. Runs that are compared take turns on the same machine, and medians are printed.
//
//	go run ./tests/engine/bench [--rounds 5] [--cold=false]
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
	rounds := flag.Int("rounds", 5, "how often each of two compared runs takes its turn")
	cold := flag.Bool("cold", true, "measure a cold build of the program too, about 5 minutes")
	flag.Parse()
	if err := run(*rounds, *cold); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(rounds int, cold bool) error {
	b := &bench{ctx: context.Background(), rounds: rounds}
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
	if err := b.layout.BuildHarness(b.ctx, os.Stderr); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "holdfast-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	parts := []func() error{b.overhead, b.mocks, b.makespan, b.growth, b.shares}
	if cold {
		parts = append(parts, b.coldBuild)
	}
	for _, part := range parts {
		if err := part(); err != nil {
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
