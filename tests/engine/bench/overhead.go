package main

import (
	"context"
	"fmt"
	"os"
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
	state       int64
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
	built, bare := &contender{name: "components"}, &contender{name: "flat", program: same.program}
	for range b.rounds {
		for _, c := range []*contender{built, bare} {
			if err := b.turn(c); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	each := func(times []time.Duration, count int) time.Duration { return median(times) / time.Duration(count) }
	for _, c := range []*contender{built, bare} {
		line(c.name+": registered resources", fmt.Sprint(c.count), "")
		line(c.name+": state file, written anew at every step of up", fmt.Sprintf("%d KiB", c.state>>10), "")
		line(c.name+": preview", median(c.preview).Round(time.Millisecond).String(), "")
		line(c.name+": up", median(c.up).Round(time.Millisecond).String(), "")
	}
	line("preview, whole", fmt.Sprintf("%.3f", ratio(median(built.preview), median(bare.preview))), "")
	line("up, whole", fmt.Sprintf("%.3f", ratio(median(built.up), median(bare.up))), "")
	line("preview per registered resource",
		fmt.Sprintf("%.3f", ratio(each(built.preview, built.count), each(bare.preview, bare.count))), "at most 1.05")
	line("up per registered resource",
		fmt.Sprintf("%.3f", ratio(each(built.up, built.count), each(bare.up, bare.count))), "at most 1.05")
	return nil
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
	state, err := os.Stat(stack.Options().StateFile())
	if err != nil {
		return err
	}
	c.state = state.Size()
	return nil
}

func (b *bench) measure(run func(context.Context) (harness.Result, error)) (time.Duration, harness.Result, error) {
	begun := time.Now()
	result, err := run(b.ctx)
	return time.Since(begun), result, err
}
