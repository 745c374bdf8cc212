package harness

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// command is the Pulumi command line as the Automation API calls it, without the calls that only repeat what the harness
// has already seen in the engine's events: every one of them is another start of the engine.
type command struct{ options Options }

var _ auto.PulumiCommand = command{}

// Version is the version of the SDK: toolchain.CLI has made sure that the command line is not older, and asking it again
// is another start.
func (c command) Version() semver.Version { return sdk.Version }

// Run answers "stack select" from the state file, and "stack output" and "stack history", which follow every update, with
// nothing; everything else goes to the command line.
func (c command) Run(ctx context.Context, workdir string, stdin io.Reader, out, errs []io.Writer, env []string,
	args ...string,
) (string, string, int, error) {
	if len(args) > 1 && args[0] == "stack" {
		switch {
		case args[1] == "select" && exists(c.options.StateFile()):
			return "", "", 0, nil
		case args[1] == "output":
			return "{}", "", 0, nil
		case args[1] == "history":
			return "[]", "", 0, nil
		}
	}
	if c.options.Tree && engineRun(args) {
		if done, code, err := c.onTerminal(ctx, workdir, env, args); done {
			return "", "", code, err
		}
	}
	run := c.prepared(ctx, workdir, env, append(args, "--non-interactive"))
	var printed, problems bytes.Buffer
	run.Stdin, run.Stdout, run.Stderr = stdin, io.MultiWriter(append(out, &printed)...), io.MultiWriter(append(errs, &problems)...)
	err := run.Run()
	return printed.String(), problems.String(), run.ProcessState.ExitCode(), err
}

// prepared is the command line, not yet started. It is interrupted, not killed, when the context ends, so that the engine
// can write down what it has done.
func (c command) prepared(ctx context.Context, workdir string, env, args []string) *exec.Cmd {
	run := exec.CommandContext(ctx, filepath.Join(c.options.CLI, "bin", "pulumi"), args...)
	run.Dir = workdir
	run.Env = append(append(os.Environ(), env...), "PULUMI_AUTOMATION_API=true")
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGINT) }
	run.WaitDelay = 30 * time.Second
	return run
}

// engineRun says whether the arguments start a deployment, whose tree is worth showing.
func engineRun(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{"preview", "up", "refresh", "destroy"}, args[0])
}

// unseenRows is the height of a terminal that nobody looks at. The command line draws its window sixty times a second, and
// the whole tree only at the end: 40 rows cost a preview of prod 9 % of its time, 3 rows 3 %.
const unseenRows = 3

// onTerminal runs the command line on a terminal, because only there it draws its resource tree: on the user's own when
// there is one, otherwise on a pseudo-terminal whose final picture is printed. done is false where neither is possible.
func (c command) onTerminal(ctx context.Context, workdir string, env, args []string) (done bool, code int, err error) {
	if out, ok := c.options.Out.(*os.File); ok && isTerminal(out) && isTerminal(os.Stdin) {
		code, err = c.draw(ctx, workdir, env, args, os.Stdin, out)
		return true, code, err
	}
	outside, inside, err := openTerminal(160, unseenRows)
	if err != nil {
		return false, 0, nil //nolint:nilerr // the plain list is the answer to a machine without pseudo-terminals
	}
	picture := &screen{}
	drawn := make(chan struct{})
	go func() {
		defer close(drawn)
		_, _ = io.Copy(picture, outside) // Ends with an error when the last writer closes the terminal.
	}()
	stop := c.heartbeat(args[0])
	code, err = c.draw(ctx, workdir, env, append(args, "--color=never"), inside, inside)
	stop()
	inside.Close()
	<-drawn
	outside.Close()
	_, _ = io.WriteString(c.options.Out, picture.String())
	return true, code, err
}

func (c command) draw(ctx context.Context, workdir string, env, args []string, in, out *os.File) (int, error) {
	run := c.prepared(ctx, workdir, env, args)
	run.Stdin, run.Stdout, run.Stderr = in, out, out
	// In CI the command line takes for granted that nobody looks at its terminal.
	run.Env = append(run.Env, "PULUMI_DISABLE_CI_DETECTION=true", "TERM=xterm-256color")
	err := run.Run()
	return run.ProcessState.ExitCode(), err
}

// heartbeat says that a long run is alive, where nothing is drawn until its end.
func (c command) heartbeat(verb string) (stop func()) {
	begun := time.Now()
	ended := make(chan struct{})
	go func() {
		ticker := time.NewTicker(5 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				_, _ = io.WriteString(c.options.Err, "  … "+verb+": "+time.Since(begun).Round(time.Second).String()+" so far\n")
			}
		}
	}()
	return func() { close(ended) }
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
