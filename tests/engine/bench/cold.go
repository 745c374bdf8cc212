package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// coldProgram builds the program with an empty build cache; the modules are there.
func (b *bench) coldProgram() error {
	title("A cold build of the program, with the modules downloaded")
	return b.coldBuild(b.layout.Root, ".")
}

// coldCLI builds the pinned command line in the same way.
func (b *bench) coldCLI() error {
	title("A cold build of the Pulumi command line, with the modules downloaded")
	version, err := b.layout.PinnedVersion()
	if err != nil {
		return err
	}
	dir, arguments := b.layout.CLISources(version)
	return b.coldBuild(dir, arguments...)
}

// coldBuild runs go build in a folder with a build cache of its own, which is removed afterwards: each takes gigabytes.
func (b *bench) coldBuild(dir string, arguments ...string) error {
	cache, err := b.fresh("go-build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	command := exec.CommandContext(b.ctx, "go", append([]string{"build", "-o", filepath.Join(cache, "built")}, arguments...)...)
	command.Dir, command.Stderr = dir, os.Stderr
	command.Env = append(os.Environ(), "GOCACHE="+cache, "GOWORK=off")
	var peak int64
	took, err := timed(func() (err error) {
		peak, err = peakOf(command)
		return err
	})
	if err != nil {
		return fmt.Errorf("building in %s: %w", dir, err)
	}
	line("time", took.Round(time.Second).String(), "")
	// ru_maxrss is the largest process of the build in KiB: https://man7.org/linux/man-pages/man2/getrusage.2.html
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		line("largest process", gibibytes(usage.Maxrss<<10), "")
	}
	if peak == 0 {
		line("all processes together, at most", "not told", "this system has no /proc")
		return nil
	}
	line("all processes together, at most, sampled every 100 ms", gibibytes(peak), "")
	return nil
}

// tests times make test in a clone, first with nothing built and then once more.
func (b *bench) tests() error {
	title("make test in a fresh clone, with the modules downloaded")
	dir, err := b.fresh("clone")
	if err != nil {
		return err
	}
	if err := b.command("git", "clone", "--quiet", ".", dir); err != nil {
		return err
	}
	cache, err := b.fresh("go-build")
	if err != nil {
		return err
	}
	for _, run := range []struct{ name, reach string }{{"cold", "at most 25 minutes on two cores"}, {"warm", "at most 8 minutes on two cores"}} {
		command := exec.CommandContext(b.ctx, "make", "test")
		command.Dir, command.Env = dir, append(os.Environ(), "GOCACHE="+cache)
		took, err := timed(func() error { return printed(command) })
		if err != nil {
			return fmt.Errorf("make test, %s: %w", run.name, err)
		}
		line(run.name, took.Round(time.Second).String(), run.reach)
	}
	return nil
}

func gibibytes(bytes int64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }
