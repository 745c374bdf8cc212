package rules

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/host"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// Difference is something that one environment has and the other has not, or has otherwise.
type Difference struct {
	// Resource is type and name; Path is empty when one side lacks the resource.
	Resource, Path string
	First, Second  string
}

// choice is a value that somebody chose from a list, as opposed to a name, an address or a size.
var choice = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,39}$`)

// identifies are paths of values that tell resources apart, and tags.
var identifies = regexp.MustCompile(`(?i)(^|\.)(default)?tags|names?($|[.[])|ids?($|[.[])|arns?($|[.[])|^posture$`)

// Parity compares two environments that should have one shape, as stg and prod: the same resources by type and logical name,
// with the same switches and choices. Sizes, names, addresses and tags may differ. A staging environment of another shape
// proves nothing about production.
func Parity(first, second *policy.Graph) []Difference {
	var found []Difference
	a, b := shapeOf(first), shapeOf(second)
	for _, resource := range slices.Sorted(mapsKeys(a, b)) {
		left, inFirst := a[resource]
		right, inSecond := b[resource]
		if !inFirst || !inSecond {
			found = append(found, Difference{Resource: resource, First: presence(inFirst), Second: presence(inSecond)})
			continue
		}
		for _, path := range slices.Sorted(mapsKeys(left, right)) {
			if left[path] != right[path] {
				found = append(found, Difference{Resource: resource, Path: path, First: left[path], Second: right[path]})
			}
		}
	}
	return found
}

// Declared leaves out the differences that somebody has declared: patterns with * for any letters, held against the resource
// and path.
func Declared(differences []Difference, patterns []string) []Difference {
	return slices.DeleteFunc(differences, func(d Difference) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			return iam.Match(pattern, strings.TrimSpace(d.Resource+" "+d.Path), false)
		})
	})
}

func mapsKeys[V any](maps ...map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, m := range maps {
			for key := range m {
				if !seen[key] && !yield(key) {
					return
				}
				seen[key] = true
			}
		}
	}
}

func presence(there bool) string {
	if there {
		return "there"
	}
	return "not there"
}

// shapeOf gives the switches and choices of every resource, by type and logical name, then by path.
func shapeOf(g *policy.Graph) map[string]map[string]string {
	shapes := map[string]map[string]string{}
	for _, n := range g.Nodes() {
		if n.Type == policy.StackType {
			continue
		}
		chosen := map[string]string{"protect": fmt.Sprint(n.Protect)}
		n.Props().Walk(func(v policy.Value) {
			if v.Secret() || identifies.MatchString(v.Path()) {
				return
			}
			if text := v.Text(); v.Known() && choice.MatchString(text) && text != g.Stack.Name {
				chosen[v.Path()] = text
			}
		})
		shapes[n.String()] = chosen
	}
	return shapes
}

// parity is the command that prints the differences; it fails when there are any.
func parity() host.Command {
	return host.Command{
		Usage: "parity [--ignore PATTERN,PATTERN] STATE OTHER   compare the shape of two environments by their state files, such as stg and prod",
		Run: func(_ context.Context, _ host.Pack, s host.Session) error {
			flags := flag.NewFlagSet("parity", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			ignored := flags.String("ignore", "", "")
			if err := flags.Parse(s.Arguments); err != nil || flags.NArg() != 2 {
				return errors.Join(errors.New("parity: want two state files"), err)
			}
			first, err := host.ReadGraph(flags.Arg(0), &policy.Config{})
			if err != nil {
				return err
			}
			second, err := host.ReadGraph(flags.Arg(1), &policy.Config{})
			if err != nil {
				return err
			}
			differences := Declared(Parity(first, second), strings.Split(*ignored, ","))
			for _, d := range differences {
				fmt.Fprintf(s.Out, "%s %s: %s in %s, %s in %s\n", d.Resource, d.Path, d.First, first.Stack.Name, d.Second, second.Stack.Name)
			}
			fmt.Fprintf(s.Out, "%d differences between %s and %s\n", len(differences), first.Stack.Name, second.Stack.Name)
			if len(differences) > 0 {
				return host.ErrStops
			}
			return nil
		},
	}
}
