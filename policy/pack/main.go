// Command pack is the policy pack that the Pulumi engine loads, and the same rules for people.
//
//	pulumi preview --policy-pack policy/pack
//	go run ./policy/pack check FILE   judge a state or export file
//	go run ./policy/pack list         print the catalogue
package main

import (
	"os"

	"github.com/seed-11444627/holdfast/policy/host"
	"github.com/seed-11444627/holdfast/policy/rules"
)

func main() {
	os.Exit(host.Process(rules.Pack()))
}
