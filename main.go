// Command holdfast is the Pulumi program: it deploys the environment that the stack is named after.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/stacks"
)

func main() {
	pulumi.Run(stacks.Deploy)
}
