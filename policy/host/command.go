package host

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
)

func (p Pack) commands() map[string]Command {
	all := map[string]Command{
		"check": {Usage: "check [--config FILE] [--format text|json|sarif|junit] FILE   judge a state, an export or a preview in JSON (- reads standard input)", Run: check},
		"list":  {Usage: "list   print the catalogue", Run: list},
	}
	maps.Copy(all, p.Commands)
	return all
}

func usage(p Pack, commands map[string]Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\ncommands:\n", p.Name, p.Version, p.Description)
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		fmt.Fprintf(&b, "  %s\n", commands[name].Usage)
	}
	return b.String()
}

// ReportPack is how reports name the pack.
func (p Pack) ReportPack() report.Pack {
	return report.Pack{Name: p.Name, Version: p.Version, Docs: p.Docs}
}

// ReadConfig reads a configuration file; an empty name gives the catalogue's defaults.
func (p Pack) ReadConfig(name string) (*policy.Config, error) {
	if name == "" {
		return &policy.Config{}, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	config, err := policy.ParseConfig(text, p.Rules)
	if err != nil {
		return nil, fmt.Errorf("%s:\n%w", name, err)
	}
	return config, nil
}

// options are the flags that the commands share.
type options struct {
	config, format string
	files          []string
}

func parse(name string, s Session, files int) (options, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var o options
	flags.StringVar(&o.config, "config", "", "")
	flags.StringVar(&o.format, "format", "text", "")
	if err := flags.Parse(s.Arguments); err != nil {
		return o, fmt.Errorf("%s: %w", name, err)
	}
	o.files = flags.Args()
	if len(o.files) != files {
		return o, fmt.Errorf("%s: got %d files, want %d", name, len(o.files), files)
	}
	if !slices.Contains(report.Formats(), report.Format(o.format)) {
		return o, fmt.Errorf("%s: format %q: want text, json, sarif or junit", name, o.format)
	}
	return o, nil
}

// ReadGraph reads a state or preview file, or standard input for "-".
func ReadGraph(name string, config *policy.Config) (*policy.Graph, error) {
	text, err := os.ReadFile(name)
	if name == "-" {
		text, err = io.ReadAll(os.Stdin)
	}
	if err != nil {
		return nil, err
	}
	stack, resources, err := policy.ReadFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	stack.Environment = config.Environment(stack)
	return policy.NewGraph(stack, resources), nil
}

func check(_ context.Context, pack Pack, s Session) error {
	o, err := parse("check", s, 1)
	if err != nil {
		return err
	}
	config, err := pack.ReadConfig(o.config)
	if err != nil {
		return err
	}
	graph, err := ReadGraph(o.files[0], config)
	if err != nil {
		return err
	}
	judged := policy.Evaluate(graph, policy.Evaluation{Rules: pack.Rules, Config: config, Today: s.Today})
	return finish(pack, s, o, judged)
}

// finish prints the report; the command fails where an update would.
func finish(pack Pack, s Session, o options, judged *policy.Report) error {
	err := report.Write(s.Out, report.Format(o.format), pack.ReportPack(), judged)
	if err == nil && judged.Stops() {
		return ErrStops
	}
	return err
}

func list(_ context.Context, pack Pack, s Session) error {
	if len(s.Arguments) > 0 {
		return errors.New("list: want no arguments")
	}
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tSEVERITY\tSTOPS\tTITLE")
	for _, rule := range pack.Rules {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", rule.ID, rule.Severity, Stops(rule), rule.Title)
	}
	fmt.Fprintf(table, "\n%d rules\n", len(pack.Rules))
	return table.Flush()
}

// Stops says where a violation of the rule stops an update, unless the configuration says otherwise.
func Stops(rule *policy.Rule) string {
	switch {
	case rule.Advisory:
		return "nowhere"
	case rule.ProdOnly:
		return "in prod"
	}
	return "everywhere"
}
