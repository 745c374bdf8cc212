// Command inputs writes the table of the inputs that each resource type of the simulated cloud takes, from the source of the
// pulumi-aws SDK in the module cache. Run it from the root of the repository after adding a row or raising the SDK's version:
// `go run ./tools/inputs`. A test compares the table with the SDK. It parses the source and compiles none of it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tools/inputs/generate"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "inputs:", err)
		os.Exit(1)
	}
}

func run() error {
	folder, err := exec.CommandContext(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	if err != nil {
		return fmt.Errorf("finding the SDK: %w", err)
	}
	table, err := generate.Table(strings.TrimSpace(string(folder)), cloudsim.Types())
	if err != nil {
		return err
	}
	return os.WriteFile(generate.File, []byte(table), 0o644)
}
