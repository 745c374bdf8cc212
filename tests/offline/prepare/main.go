// Command prepare builds what the offline harness needs, in the order of a first run, and says what it does. It uses the
// standard library only: a newcomer sees progress within a second, long before the AWS SDK is compiled.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only restores signal handling
	}
}

func run(ctx context.Context) error {
	layout, err := toolchain.Find()
	if err != nil {
		return err
	}
	if _, err := layout.CLI(ctx, os.Stderr); err != nil {
		return err
	}
	if err := layout.BuildPlugin(ctx, os.Stderr); err != nil {
		return err
	}
	if err := layout.BuildPack(ctx, os.Stderr); err != nil {
		return err
	}
	return layout.BuildHarness(ctx, os.Stderr)
}
