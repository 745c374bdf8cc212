// Command pack is the policy pack that the Pulumi engine loads, and the same rules for people.
//
//	go run ./policy/pack check FILE   judge a state or export file
//	go run ./policy/pack list         print the catalogue
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/rules"
)

func main() {
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	stack, resources, err := policy.ReadState(text)
	if err != nil {
		panic(err)
	}
	report := policy.Evaluate(policy.NewGraph(stack, resources), policy.Evaluation{Rules: rules.All(), Today: time.Now()})
	for _, f := range report.Findings {
		fmt.Println(f.Outcome, f.Severity, f.Level, f.Rule, f.Message(), "| fix:", f.Fix)
	}
	fmt.Println(len(report.Rules), "rules,", report.Resources, "resources,", len(report.Findings), "findings")
}
