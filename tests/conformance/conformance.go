// Package conformance is the suite that every component of the library passes: what a component does with missing,
// smallest, largest, shared and unknown arguments, and what its resources look like from outside. A component's own
// tests add its promises; this suite holds what all have in common, so that no component can forget it.
//
// It runs on the simulated cloud of tests/cloudsim, with default providers disabled: a child that misses its provider
// fails.
package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// Where the suite's components live, unless the case says otherwise.
const (
	// Region is the region of the provider that components are given.
	Region = "eu-central-1"
	// Account is its account.
	Account = "111111111111"
)

// name is what the suite calls the component under test.
const name = "unit"

// Case describes one component to the suite. A is its arguments' type, R the component's.
type Case[A any, R pulumi.ComponentResource] struct {
	// Token is the component's type.
	Token string
	// New is the component's constructor.
	New func(ctx *pulumi.Context, name string, args *A, opts ...pulumi.ResourceOption) (R, error)
	// Smallest and Largest return new arguments: the fewest that are accepted, and all that exist. What the arguments
	// refer to (topics, networks) is made here, with the provider, before the component.
	Smallest, Largest func(ctx *pulumi.Context, provider pulumi.ProviderResource) (*A, error)
	// Twice returns arguments that an account takes twice, where it takes those of Largest once. Default: Largest.
	Twice func(ctx *pulumi.Context, provider pulumi.ProviderResource) (*A, error)
	// Secrets are texts that the arguments of Largest hold as secrets; they may show nowhere unencrypted.
	Secrets []string
	// RegionOf says where a resource must live. Default: every resource in Region.
	RegionOf func(r cloudsim.Record) string
	// Untagged are types that take tags and get none, each with the reason.
	Untagged map[string]string
	// Options set up the simulated cloud further, for example with resources that exist.
	Options []cloudsim.Option
	// Faults bounds how many single failures of Largest are tried; each costs a run of the program. Default: all.
	Faults int
	// Deadline bounds one run. Default: 30 seconds.
	Deadline time.Duration
}

// maker makes the arguments of one run.
type maker[A any] func(ctx *pulumi.Context, provider pulumi.ProviderResource) (*A, error)

// Run runs the whole suite.
func Run[A any, R pulumi.ComponentResource](t *testing.T, c Case[A, R]) {
	t.Helper()
	for _, each := range c.checks() {
		t.Run(each.what, func(t *testing.T) { each.check(t) })
	}
	for _, size := range []struct {
		label string
		args  maker[A]
	}{{"smallest", c.Smallest}, {"largest", c.Largest}} {
		t.Run(size.label+" arguments", func(t *testing.T) { c.size(t, size.args) })
	}
}

// tester is the part of testing.T that checks use, so that the suite's own tests can watch a check fail.
type tester interface {
	require.TestingT
	Helper()
	Logf(format string, args ...any)
}

// check is one promise of the suite.
type check struct {
	what  string
	check func(t tester)
}

// checks are those that make their own runs.
func (c Case[A, R]) checks() []check {
	return []check{
		{"refuses missing arguments before it registers anything", c.refusals},
		{"refuses a name that its children cannot bear", c.names},
		{"two stand side by side in one stack", c.pair},
		{"arguments are shared and never changed", c.shared},
		{"a preview knows the same resources when every input is unknown", c.unknown},
		{"secrets stay secret", c.secrets},
		{"the failure of each child is an error", c.failures},
	}
}

// size looks at one run from outside, and at a second one like it.
func (c Case[A, R]) size(t *testing.T, args maker[A]) {
	t.Helper()
	for _, each := range c.sights(t, args) {
		t.Run(each.what, func(t *testing.T) { each.check(t) })
	}
}

// sights are the checks on what one run has left.
func (c Case[A, R]) sights(t tester, args maker[A]) []check {
	before := c.fixtures(t, args)
	var made R
	rec, err := c.once(args, func(r R) { made = r })
	require.NoError(t, err)
	seen := without(rec.Resources(), before)
	return []check{
		{"every resource descends from the component", func(t tester) { requireDescent(t, seen, c.Token) }},
		{"every resource bears the component's name", func(t tester) { requireNames(t, seen) }},
		{"every taggable resource is tagged", func(t tester) { c.requireTags(t, seen) }},
		{"every resource is under its provider", func(t tester) { c.requireProviders(t, seen) }},
		{"outputs are registered and exported fields are set", func(t tester) { c.requireOutputs(t, seen, made) }},
		{"it states its posture", func(t tester) { requirePosture(t, made) }},
		{"a second run is equal to the first", func(t tester) {
			again, err := c.once(args, nil)
			require.NoError(t, err)
			require.Equal(t, Text(rec), Text(again))
		}},
	}
}

// options are those of every run; more come on top.
func (c Case[A, R]) options(more ...cloudsim.Option) []cloudsim.Option {
	deadline := c.Deadline
	if deadline == 0 {
		deadline = 30 * time.Second
	}
	base := []cloudsim.Option{
		cloudsim.Account(Account), cloudsim.Region(Region), cloudsim.Deadline(deadline), Topics(),
		cloudsim.Config(map[string]string{"pulumi:disable-default-providers": `["*"]`}),
	}
	return append(append(base, c.Options...), more...)
}

// program makes the provider and the arguments, and hands both over.
func (c Case[A, R]) program(args maker[A], body func(ctx *pulumi.Context, args *A, provider pulumi.ProviderResource) error) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := NewProvider(ctx, "expected", Region)
		if err != nil {
			return err
		}
		made, err := args(ctx, provider)
		if err != nil {
			return fmt.Errorf("making the arguments: %w", err)
		}
		return body(ctx, made, provider)
	}
}

// once makes one component in a stack of its own.
func (c Case[A, R]) once(args maker[A], look func(R), more ...cloudsim.Option) (*cloudsim.Recorder, error) {
	return cloudsim.New(c.options(more...)...).Run(c.program(args, func(ctx *pulumi.Context, a *A, provider pulumi.ProviderResource) error {
		setTags(a)
		made, err := c.New(ctx, name, a, pulumi.Provider(provider))
		if err == nil && look != nil {
			look(made)
		}
		return err
	}))
}

// fixtures are the URNs of what the arguments need, without the component.
func (c Case[A, R]) fixtures(t tester, args maker[A]) map[string]bool {
	t.Helper()
	rec, err := cloudsim.New(c.options()...).Run(c.program(args, func(*pulumi.Context, *A, pulumi.ProviderResource) error { return nil }))
	require.NoError(t, err)
	urns := map[string]bool{}
	for _, r := range rec.Resources() {
		urns[r.URN] = true
	}
	return urns
}

func without(all []cloudsim.Record, known map[string]bool) []cloudsim.Record {
	var rest []cloudsim.Record
	for _, r := range all {
		if !known[r.URN] {
			rest = append(rest, r)
		}
	}
	return rest
}

// refusals: nil and zero arguments are refused with field errors, or accepted; they are never a panic, and a refusal
// leaves nothing behind.
func (c Case[A, R]) refusals(t tester) {
	for label, args := range map[string]*A{"nil": nil, "zero": new(A)} {
		var refused error
		rec, err := cloudsim.New(c.options()...).Run(func(ctx *pulumi.Context) error {
			provider, err := NewProvider(ctx, "expected", Region)
			if err != nil {
				return err
			}
			_, refused = c.New(ctx, name, args, pulumi.Provider(provider))
			return nil
		})
		require.NoError(t, err, "%s arguments", label)
		if refused == nil {
			continue
		}
		require.NotEmpty(t, fielderror.All(refused), "a refusal of %s arguments names the fields: %v", label, refused)
		require.Contains(t, refused.Error(), name, "the error says which component it was")
		for _, r := range rec.Resources() {
			require.Equal(t, "pulumi:providers:aws", r.Type, "nothing is registered before the arguments are right")
		}
	}
}

func (c Case[A, R]) names(t tester) {
	for _, bad := range []string{"", "Upper", "under_score", "-edge", strings.Repeat("long", 11)} {
		var refused error
		rec, err := cloudsim.New(c.options()...).Run(c.program(c.Smallest, func(ctx *pulumi.Context, a *A, provider pulumi.ProviderResource) error {
			_, refused = c.New(ctx, bad, a, pulumi.Provider(provider))
			return nil
		}))
		require.NoError(t, err)
		require.Error(t, refused, "name %q", bad)
		require.Empty(t, rec.ByType(c.Token))
	}
}

// pair: two components of one stack share no name, and have the same number of resources.
func (c Case[A, R]) pair(t tester) {
	rec, err := cloudsim.New(c.options()...).Run(func(ctx *pulumi.Context) error {
		provider, err := NewProvider(ctx, "expected", Region)
		if err != nil {
			return err
		}
		args, err := c.twice()(ctx, provider)
		if err != nil {
			return err
		}
		for _, each := range []string{"one", "two"} {
			if _, err := c.New(ctx, each, args, pulumi.Provider(provider)); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, count(rec, "one"), count(rec, "two"))
	require.Positive(t, count(rec, "one"))
}

// twice makes the arguments of two components in one account.
func (c Case[A, R]) twice() maker[A] {
	if c.Twice != nil {
		return c.Twice
	}
	return c.Largest
}

func count(rec *cloudsim.Recorder, component string) int {
	found := 0
	for _, r := range rec.Resources() {
		if r.Name == component || strings.HasPrefix(r.Name, component+"-") {
			found++
		}
	}
	return found
}

// shared: the same arguments make two components at the same time, and are what they were afterwards. Run the tests
// with -race to see a write that the comparison misses.
func (c Case[A, R]) shared(t tester) {
	var before, after string
	_, err := cloudsim.New(c.options()...).Run(c.program(c.twice(), func(ctx *pulumi.Context, a *A, provider pulumi.ProviderResource) error {
		before = Snapshot(a)
		failed := make(chan error, 2)
		for _, each := range []string{"one", "two"} {
			go func() {
				_, err := c.New(ctx, each, a, pulumi.Provider(provider))
				failed <- err
			}()
		}
		first, second := <-failed, <-failed
		after = Snapshot(a)
		if first != nil {
			return first
		}
		return second
	}))
	require.NoError(t, err)
	require.NotEmpty(t, before)
	require.Equal(t, before, after, "the arguments were changed")
}

// unknown: a preview in which everything is unknown ends, and shows the same resources as the update.
func (c Case[A, R]) unknown(t tester) {
	update, err := c.once(c.Largest, nil)
	require.NoError(t, err)
	blind := func(ctx *pulumi.Context, provider pulumi.ProviderResource) (*A, error) {
		args, err := c.Largest(ctx, provider)
		if err != nil {
			return nil, err
		}
		return WithUnknowns(args), nil
	}
	preview, err := c.once(blind, nil, cloudsim.Preview())
	require.NoError(t, err)
	require.Equal(t, urns(update), urns(preview), "what exists must not depend on a value that is not known yet")
}

func urns(rec *cloudsim.Recorder) []string {
	var list []string
	for _, r := range rec.Resources() {
		list = append(list, r.URN)
	}
	return sorted(list)
}

// failures: each child's failure makes the run fail with the cloud's own words.
func (c Case[A, R]) failures(t tester) {
	before := c.fixtures(t, c.Largest)
	whole, err := c.once(c.Largest, nil)
	require.NoError(t, err)
	tried := 0
	for _, r := range without(whole.Resources(), before) {
		if !r.Custom || r.Read || c.Faults > 0 && tried >= c.Faults {
			continue
		}
		tried++
		words := fmt.Sprintf("the cloud refused number %d", tried)
		_, err := c.once(c.Largest, nil, cloudsim.Faults(cloudsim.Fault{
			Kind: cloudsim.Refused, Op: cloudsim.OpCreate, Type: r.Type, URN: "::" + r.Name, Message: words,
		}))
		require.Error(t, err, "%s %s fails and nobody says so", r.Type, r.Name)
		require.Contains(t, err.Error(), words, "%s %s", r.Type, r.Name)
	}
	require.Positive(t, tried)
	t.Logf("%d failures of single children came back as errors", tried)
}

// NewProvider makes an explicit AWS provider of a region, without the large SDK package.
func NewProvider(ctx *pulumi.Context, name, region string) (pulumi.ProviderResource, error) {
	accounts, err := json.Marshal([]string{Account})
	if err != nil {
		return nil, err
	}
	var state pulumi.ProviderResourceState
	err = ctx.RegisterResource("pulumi:providers:aws", name, pulumi.Map{
		"region": pulumi.String(region), "allowedAccountIds": pulumi.String(accounts),
	}, &state)
	return &state, err
}
