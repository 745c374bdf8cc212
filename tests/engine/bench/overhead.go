package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

func pulumiKey(key string) resource.PropertyKey { return resource.PropertyKey(key) }

// open is a stack in a folder of its own.
func (b *bench) open(stack string, program pulumi.RunFunc, checkpoints bool) (*harness.Stack, error) {
	dir, err := b.fresh(stack)
	if err != nil {
		return nil, err
	}
	return harness.Open(b.ctx, harness.Options{
		Layout: b.layout, CLI: b.cli, Stack: stack, Dir: dir, Program: program, SkipCheckpoints: !checkpoints,
	})
}

// contender is one of two programs that are compared.
type contender struct {
	name        string
	program     pulumi.RunFunc
	preview, up []time.Duration
	count       int
	state       stateSize
}

// overhead compares the real program of dev with the same resources registered flat.
func (b *bench) overhead() error {
	title("Components against the same resources registered flat, dev, on the engine")
	deployed, err := b.open("dev", nil, false)
	if err != nil {
		return err
	}
	if _, err := deployed.Up(b.ctx); err != nil {
		return err
	}
	same, err := flatten(deployed.Options().StateFile())
	if err != nil {
		return err
	}
	short := *same
	short.short = true
	built, bare := &contender{name: "components"}, &contender{name: "flat", program: same.program}
	terse := &contender{name: "flat on short stacks", program: short.program}
	all := []*contender{built, bare, terse}
	for range b.rounds {
		for _, c := range all {
			if err := b.turn(c); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for _, c := range all {
		c.print()
	}
	line("preview, whole", fmt.Sprintf("%.3f", ratio(median(built.preview), median(bare.preview))), "")
	line("up, whole", fmt.Sprintf("%.3f", ratio(median(built.up), median(bare.up))), "")
	line("preview per registered resource", fmt.Sprintf("%.3f", built.each(built.preview)/bare.each(bare.preview)), "at most 1.05")
	line("up per registered resource", fmt.Sprintf("%.3f", built.each(built.up)/bare.each(bare.up)), "at most 1.05")
	line("up per registered resource, against short stacks", fmt.Sprintf("%.3f", built.each(built.up)/terse.each(terse.up)), "")
	return nil
}

// each is the median per registered resource. The numbers of resources differ by the components alone, so that up, which
// writes the whole state at every step and grows with the square, is still compared on states of nearly one size.
func (c *contender) each(times []time.Duration) float64 {
	return float64(median(times)) / float64(c.count)
}

func (c *contender) print() {
	kibibytes := func(bytes int) string { return fmt.Sprintf("%d KiB", bytes>>10) }
	line(c.name+": registered resources", fmt.Sprint(c.count), "")
	line(c.name+": state, written anew at every step of up", kibibytes(c.state.whole), "")
	line(c.name+": of it the stacks of the registrations", kibibytes(c.state.stacks), "")
	line(c.name+": of it names of resources and of what they need", kibibytes(c.state.names), "")
	line(c.name+": of it components and the stack's outputs", kibibytes(c.state.components), "")
	line(c.name+": preview", median(c.preview).Round(time.Millisecond).String(), "")
	line(c.name+": up", median(c.up).Round(time.Millisecond).String(), "")
}

// turn runs one preview and one up in an empty cloud.
func (b *bench) turn(c *contender) error {
	stack, err := b.open("dev", c.program, true)
	if err != nil {
		return err
	}
	took, _, err := b.measure(stack.Preview)
	if err != nil {
		return err
	}
	c.preview = append(c.preview, took)
	took, result, err := b.measure(stack.Up)
	if err != nil {
		return err
	}
	c.up = append(c.up, took)
	c.count = result.Counts["create"]
	c.state, err = sizeOf(stack.Options().StateFile())
	return err
}

func (b *bench) measure(run func(context.Context) (harness.Result, error)) (time.Duration, harness.Result, error) {
	begun := time.Now()
	result, err := run(b.ctx)
	return time.Since(begun), result, err
}
