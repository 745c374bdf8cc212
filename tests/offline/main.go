// Command offline previews, deploys, refreshes and destroys an environment on the real Pulumi engine against the
// simulated cloud, and prints what the environment promises.
//
//	go run ./tests/offline preview --stack dev
//	go run ./tests/offline up --stack dev --json -
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/seed-11444627/holdfast/tests/offline/harness"
	"github.com/seed-11444627/holdfast/tests/offline/report"
	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

const usage = `usage: offline preview|up|refresh|destroy [--stack dev|stg|prod] [--json FILE|-] [--policy-report FILE,...]
       offline env [--stack dev|stg|prod]
       offline cli

Runs the program on the real Pulumi engine against the simulated cloud. No AWS account is contacted.
  --stack   the environment (default dev)
  --json    write the changes and the posture as JSON to a file, or to standard output with -
  --policy-report  write what the policy pack says, as SARIF (.sarif), JUnit (.xml), JSON (.json) or text, to each file
                   named; also when it stops the run
  cli       print the folder of the pulumi that is used
  env       print the exports that let an ordinary pulumi command run against the simulated cloud
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// request is what the user asked for.
type request struct {
	verb, stack, json, report string
	layout                    toolchain.Layout
}

func run(ctx context.Context, arguments []string) error {
	r, err := parse(arguments)
	if err != nil {
		return err
	}
	cli, err := r.layout.CLI(ctx, os.Stderr)
	if err != nil {
		return err
	}
	if r.verb == "cli" {
		fmt.Println(cli)
		return nil
	}
	if err := r.layout.BuildPlugin(ctx, os.Stderr); err != nil {
		return err
	}
	if err := r.layout.BuildPack(ctx, os.Stderr); err != nil {
		return err
	}
	if r.verb == "env" {
		return r.exports(os.Stdout)
	}
	unlock, err := toolchain.Lock(os.Stderr, filepath.Join(r.layout.Stacks(), r.stack+".lock"), "the simulated stack "+r.stack)
	if err != nil {
		return err
	}
	defer unlock()
	return r.deploy(ctx, cli)
}

func parse(arguments []string) (request, error) {
	flags := flag.NewFlagSet("offline", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	var r request
	flags.StringVar(&r.stack, "stack", "dev", "")
	flags.StringVar(&r.json, "json", "", "")
	flags.StringVar(&r.report, "policy-report", "", "")
	if len(arguments) == 0 || strings.HasPrefix(arguments[0], "-") {
		flags.Usage()
		return r, errors.Join(flag.ErrHelp)
	}
	r.verb = arguments[0]
	if err := flags.Parse(arguments[1:]); err != nil {
		return r, err
	}
	if !slices.Contains([]string{"preview", "up", "refresh", "destroy", "env", "cli"}, r.verb) || flags.NArg() > 0 {
		return r, fmt.Errorf("unknown arguments %q\n%s", strings.Join(arguments, " "), usage)
	}
	layout, err := toolchain.Find()
	if err != nil {
		return r, err
	}
	r.layout = layout
	return r, r.checkStack()
}

// checkStack refuses a stack without a configuration file and names those that have one.
func (r request) checkStack() error {
	files, err := filepath.Glob(filepath.Join(r.layout.Root, "Pulumi.*.yaml"))
	if err != nil {
		return err
	}
	var known []string
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
		known = append(known, name)
	}
	if slices.Contains(known, r.stack) {
		return nil
	}
	return fmt.Errorf("stack %q: want one of %s", r.stack, strings.Join(known, ", "))
}

func (r request) deploy(ctx context.Context, cli string) error {
	// With JSON on standard output everything for people goes to standard error.
	people := os.Stdout
	if r.json == "-" {
		people = os.Stderr
	}
	fmt.Fprintf(people, "%s\nStack %s: %s on the real Pulumi engine.\n\n", report.Simulated, r.stack, r.verb)
	stack, err := harness.Open(ctx, harness.Options{
		Layout: r.layout, CLI: cli, Stack: r.stack, Out: people, Err: os.Stderr, Tree: true,
		Policy: harness.Policy{Pack: r.layout.Pack(), Settings: r.layout.PackSettings(), Report: r.report},
	})
	if err != nil {
		return err
	}
	result, err := operation(stack, r.verb)(ctx)
	if len(result.Posture) > 0 && r.verb != "destroy" {
		report.Outputs(people, result.Outputs)
		report.Print(people, r.stack, result.Posture)
	}
	if result.Policy != nil {
		report.Policy(people, *result.Policy)
	}
	return errors.Join(readable(err, r.verb), r.write(result, err == nil))
}

func operation(stack *harness.Stack, verb string) func(context.Context) (harness.Result, error) {
	switch verb {
	case "up":
		return stack.Up
	case "refresh":
		return stack.Refresh
	case "destroy":
		return stack.Destroy
	}
	return stack.Preview
}

// readable keeps what the engine has already printed from being printed again.
func readable(err error, verb string) error {
	if failed, ok := errors.AsType[*harness.EngineError](err); ok && len(failed.Messages) > 0 {
		return fmt.Errorf("%s did not succeed: see the diagnostics above", verb)
	}
	return err
}

// document is the machine form of a run.
type document struct {
	Simulated bool   `json:"simulated"`
	Stack     string `json:"stack"`
	Command   string `json:"command"`
	Succeeded bool   `json:"succeeded"`
	harness.Result
}

func (r request) write(result harness.Result, succeeded bool) error {
	if r.json == "" {
		return nil
	}
	var out io.Writer = os.Stdout
	if r.json != "-" {
		file, err := os.Create(r.json)
		if err != nil {
			return fmt.Errorf("writing the JSON: %w", err)
		}
		defer file.Close()
		out = file
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document{Simulated: true, Stack: r.stack, Command: r.verb, Succeeded: succeeded, Result: result})
}
