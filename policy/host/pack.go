// Package host gives a catalogue of rules to its users: to the Pulumi engine as a policy pack, and to people as commands that
// judge a state file, a preview's steps, or print the catalogue. A pack's main is one call of Main.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/policy"
)

// Pack is a catalogue with a name.
type Pack struct {
	// Name is 1 to 100 letters, digits, dots, hyphens and underscores. Version is semantic, without a v.
	Name, Version string
	Description   string
	Rules         []*policy.Rule
	// Docs is the address before each rule's page: Docs + "/" + id + ".md". Empty for none.
	Docs string
	// Commands are more commands of this pack, by name.
	Commands map[string]Command
}

// Command is one command for people.
type Command struct {
	// Usage is the arguments and what it does, in one line.
	Usage string
	Run   func(ctx context.Context, pack Pack, s Session) error
}

// Session is what a command works with.
type Session struct {
	Arguments []string
	Out, Err  io.Writer
	// Today decides which waivers have expired.
	Today time.Time
}

// ErrStops is what a command ends with when a violation must stop a preview; its report has been printed.
var ErrStops = errors.New("violations of mandatory rules")

// Main serves the engine when the engine starts it, and otherwise runs a command. It returns the exit code.
func Main(ctx context.Context, pack Pack, s Session) int {
	err := run(ctx, pack, s)
	if err == nil {
		return 0
	}
	if !errors.Is(err, ErrStops) {
		fmt.Fprintln(s.Err, "error:", err)
		return 2
	}
	return 1
}

func run(ctx context.Context, pack Pack, s Session) error {
	if err := policy.CheckCatalogue(pack.Rules); err != nil {
		return err
	}
	commands := pack.commands()
	if len(s.Arguments) > 0 {
		if command, ok := commands[s.Arguments[0]]; ok {
			s.Arguments = s.Arguments[1:]
			return command.Run(ctx, pack, s)
		}
	}
	if engine, ok := engineAddress(s.Arguments); ok {
		return serve(ctx, pack, engine, s.Out)
	}
	return fmt.Errorf("arguments %q: want a command\n\n%s", strings.Join(s.Arguments, " "), usage(pack, commands))
}

// engineAddress finds the engine's address among the arguments: the first one that is host:port. The engine may put its own
// flags before it.
func engineAddress(arguments []string) (string, bool) {
	for i, argument := range arguments {
		host, port, found := strings.Cut(argument, ":")
		if found && host != "" && port != "" && !strings.HasPrefix(argument, "-") && (i == 0 || arguments[i-1] != "--tracing") {
			return argument, true
		}
	}
	return "", false
}

// Process runs the pack for this process: arguments, standard output, standard error and the clock.
func Process(pack Pack) int {
	return Main(context.Background(), pack, Session{
		Arguments: os.Args[1:], Out: os.Stdout, Err: os.Stderr, Today: time.Now(),
	})
}
