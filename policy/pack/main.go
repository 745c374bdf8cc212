// Command pack is the policy pack that the Pulumi engine loads, and the same rules for people.
//
//	go run ./policy/pack check FILE   judge a state or export file
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/rules"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer, today time.Time) error {
	if len(arguments) != 2 || arguments[0] != "check" {
		return errors.New("usage: pack check FILE")
	}
	text, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	stack, resources, err := policy.ReadState(text)
	if err != nil {
		return err
	}
	report := policy.Evaluate(policy.NewGraph(stack, resources), policy.Evaluation{Rules: rules.All(), Today: today})
	for _, f := range report.Findings {
		fmt.Fprintln(out, f.Outcome, f.Severity, f.Level, f.Rule, f.Message(), "| fix:", f.Fix)
	}
	_, err = fmt.Fprintln(out, len(report.Rules), "rules,", report.Resources, "resources,", len(report.Findings), "findings")
	return err
}
