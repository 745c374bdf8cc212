// Command pulumi-resource-aws is the simulated cloud's provider face: a stand-in for the AWS provider that never talks to
// AWS. Build it into a directory of its own and put that on PATH for a test only, never where a real `pulumi up` looks.
package main

import (
	"fmt"
	"os"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

func main() {
	if err := cloudsim.Serve(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulated cloud:", err)
		os.Exit(1)
	}
}
