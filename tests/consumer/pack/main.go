// Command pack is a policy pack of one's own: all rules of Holdfast, and one more.
package main

import (
	"os"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/host"
	"github.com/seed-11444627/holdfast/policy/rules"
)

func main() {
	os.Exit(host.Process(pack()))
}

func pack() host.Pack {
	return host.Pack{
		Name: "consumer", Version: "0.1.0", Description: "The rules of Holdfast, and one of our own.",
		Rules: append([]*policy.Rule{queueRetention()}, rules.All()...),
	}
}
