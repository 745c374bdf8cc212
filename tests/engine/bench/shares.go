package main

import (
	"fmt"
	"os/exec"
	"time"

	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// shares tells where the time of a warm preview of prod goes. The program's share is what it takes under mocks, the
// engine's is a preview through the Automation API less the program, the policies' is what the same preview takes longer
// with the policy pack, and the harness adds the rest of what `make preview` takes.
func (b *bench) shares() error {
	title("A warm preview of prod, as make preview runs it")
	settings, err := b.settingsOf("prod")
	if err != nil {
		return err
	}
	pack := harness.Policy{Pack: b.layout.Pack(), Settings: b.layout.PackSettings()}
	var whole, judged, engine, program []time.Duration
	for range b.rounds {
		took, err := timed(func() error { return b.command("make", "preview", "STACK=prod") })
		if err != nil {
			return err
		}
		whole = append(whole, took)
		if judged, err = b.previewed(judged, pack); err != nil {
			return err
		}
		if engine, err = b.previewed(engine, harness.Policy{}); err != nil {
			return err
		}
		each, count, err := underMocks(stacks.Deploy, settings)
		if err != nil {
			return err
		}
		program = append(program, each*time.Duration(count))
	}
	all, ruled, run, own := median(whole), median(judged), median(engine), median(program)
	percent := func(part time.Duration) string {
		return fmt.Sprintf("%s = %.0f %%", part.Round(time.Millisecond), 100*ratio(part, all))
	}
	line("whole", all.Round(time.Millisecond).String(), "")
	line("engine", percent(run-own), "")
	line("program", percent(own), "")
	line("policies", percent(ruled-run), "")
	line("harness", percent(all-ruled), "")
	line("harness over engine, program and policies", fmt.Sprintf("%.3f", ratio(all, ruled)), "at most 1.10")
	line("policies and harness over engine and program", fmt.Sprintf("%.3f", ratio(all, run)), "")
	return nil
}

// previewed adds the time of one preview of the same simulated environment that make preview has, whatever its state is.
func (b *bench) previewed(times []time.Duration, pack harness.Policy) ([]time.Duration, error) {
	stack, err := harness.Open(b.ctx, harness.Options{Layout: b.layout, CLI: b.cli, Stack: "prod", Policy: pack})
	if err != nil {
		return nil, err
	}
	took, _, err := b.measure(stack.Preview)
	return append(times, took), err
}

func (b *bench) command(name string, arguments ...string) error {
	command := exec.CommandContext(b.ctx, name, arguments...)
	command.Dir = b.layout.Root
	return printed(command)
}

// printed runs a command whose output matters only when it fails.
func printed(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}
