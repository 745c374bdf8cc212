package conformance

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// toy is a component of one log group and, where asked for, faults.
type toy struct {
	pulumi.ResourceState
	Group pulumi.StringOutput

	stated posture.Posture
}

func (t *toy) Posture() posture.Posture { return t.stated }

type toyArgs struct {
	Name   string
	Secret pulumi.StringInput
	Tags   map[string]string
}

const (
	toyToken = "holdfast:index:Toy"
	group    = "aws:cloudwatch/logGroup:LogGroup"
)

// fault is what a toy does wrong.
type fault string

var (
	runs    atomic.Int64
	writing sync.Mutex
)

// make returns a constructor with the fault.
func (f fault) make() func(*pulumi.Context, string, *toyArgs, ...pulumi.ResourceOption) (*toy, error) {
	return func(ctx *pulumi.Context, name string, args *toyArgs, opts ...pulumi.ResourceOption) (*toy, error) {
		if err := f.refuse(name, args); err != nil {
			return nil, err
		}
		if f == "changes arguments" {
			writing.Lock() // so that the comparison catches it, not the race detector
			args.Name = name
			writing.Unlock()
		}
		made := &toy{stated: f.posture(name)}
		if args == nil && f == "registers before it refuses" {
			args = &toyArgs{}
		}
		intent := pulumi.Map{}
		if f == "leaks" {
			intent["text"] = pulumi.Unsecret(args.Secret.ToStringOutput())
		}
		if err := ctx.RegisterComponentResourceV2(toyToken, name, intent, made, opts...); err != nil {
			return nil, err
		}
		if f == "registers before it refuses" && args.Name == "" {
			return nil, fmt.Errorf("%s: %w", name, refusal())
		}
		if err := f.children(ctx, name, args, made, opts); err != nil {
			return nil, err
		}
		if f == "no outputs" {
			return made, nil
		}
		return made, ctx.RegisterResourceOutputs(made, pulumi.Map{"group": pulumi.String("x")})
	}
}

func refusal() error {
	return &fielderror.FieldError{Component: "Toy", Field: "Name", Want: "a name", Fix: "give one"}
}

func (f fault) refuse(name string, args *toyArgs) error {
	writing.Lock()
	defer writing.Unlock()
	if f == "any name" || f == "registers before it refuses" {
		return nil
	}
	if f == "refuses in words" && (args == nil || args.Name == "") {
		return errors.New(name + ": no")
	}
	if f != "panics" && (args == nil || args.Name == "") {
		return fmt.Errorf("%s: %w", name, refusal())
	}
	if f == "panics" && args.Name == "" {
		return fmt.Errorf("%s: %w", name, refusal())
	}
	if name == "" || strings.ToLower(name) != name || strings.ContainsAny(name, "_") || strings.HasPrefix(name, "-") || len(name) > 40 {
		return fmt.Errorf("%s: %w", name, refusal())
	}
	return nil
}

func (f fault) posture(name string) posture.Posture {
	answer := posture.Recovery{Derivation: []string{"nothing is lost"}}
	stated := posture.Posture{
		Workload: "shared", Component: "Toy", Name: name, Price: posture.Price{Derivation: []string{"free"}},
		Recovery: map[posture.Scenario]posture.Recovery{posture.InstanceLoss: answer, posture.ZoneLoss: answer, posture.RegionLoss: answer},
	}
	if f == "no answer" {
		delete(stated.Recovery, posture.RegionLoss)
	}
	return stated
}

func (f fault) children(ctx *pulumi.Context, name string, args *toyArgs, made *toy, opts []pulumi.ResourceOption) error {
	child, options := name+"-logs", []pulumi.ResourceOption{pulumi.Parent(made)}
	tags := pulumi.StringMap{"Name": pulumi.String(child), "holdfast:component": pulumi.String(name)}
	for key, value := range args.Tags {
		tags[key] = pulumi.String(value)
	}
	switch f {
	case "literal name":
		child = "logs"
	case "orphan":
		options = opts
	case "untagged":
		delete(tags, "holdfast:component")
	case "tags lost":
		delete(tags, tagKey)
	case "random":
		child = fmt.Sprintf("%s-logs-%d", name, runs.Add(1))
	case "wrong region":
		other, err := NewProvider(ctx, name+"-elsewhere", "us-east-1")
		if err != nil {
			return err
		}
		options = append(options, pulumi.Provider(other))
	case "resource in apply":
		args.Secret.ToStringOutput().ApplyT(func(string) error {
			var late pulumi.CustomResourceState
			return ctx.RegisterResource(group, name+"-late", pulumi.Map{"tags": tags}, &late, pulumi.Parent(made))
		})
	}
	var logs pulumi.CustomResourceState
	if err := ctx.RegisterResource(group, child, pulumi.Map{"tags": tags}, &logs, options...); err != nil {
		return err
	}
	if f != "unset output" {
		made.Group = logs.ID().ToStringOutput()
	}
	return nil
}

const secretText = "open-sesame"

func toyCase(f fault) Case[toyArgs, *toy] {
	full := func(*pulumi.Context, pulumi.ProviderResource) (*toyArgs, error) {
		secret, _ := pulumi.ToSecret(pulumi.String(secretText)).(pulumi.StringOutput)
		return &toyArgs{Name: "x", Secret: secret}, nil
	}
	return Case[toyArgs, *toy]{Token: toyToken, New: f.make(), Smallest: full, Largest: full, Secrets: []string{secretText}}
}

func TestAGoodComponentConforms(t *testing.T) { Run(t, toyCase("")) }

// spy is a test that remembers how it ended.
type spy struct {
	failed bool
	said   []string
}

func (s *spy) Errorf(format string, args ...any) {
	s.failed = true
	s.said = append(s.said, fmt.Sprintf(format, args...))
}
func (s *spy) FailNow()            { s.failed = true; runtime.Goexit() }
func (s *spy) Helper()             {}
func (s *spy) Logf(string, ...any) {}

// ends runs a check and says how it ended.
func ends(check func(tester)) *spy {
	seen, done := &spy{}, make(chan struct{})
	go func() {
		defer close(done)
		check(seen)
	}()
	<-done
	return seen
}

func TestEachCheckCatchesItsFault(t *testing.T) {
	for f, what := range map[fault]string{
		"panics":                      "refuses missing arguments before it registers anything",
		"refuses in words":            "refuses missing arguments before it registers anything",
		"registers before it refuses": "refuses missing arguments before it registers anything",
		"any name":                    "refuses a name that its children cannot bear",
		"literal name":                "two stand side by side in one stack",
		"changes arguments":           "arguments are shared and never changed",
		"resource in apply":           "a preview knows the same resources when every input is unknown",
		"leaks":                       "secrets stay secret",
		"orphan":                      "every resource descends from the component",
		"untagged":                    "every taggable resource is tagged",
		"tags lost":                   "every taggable resource is tagged",
		"wrong region":                "every resource is under its provider",
		"no outputs":                  "outputs are registered and exported fields are set",
		"unset output":                "outputs are registered and exported fields are set",
		"no answer":                   "it states its posture",
		"random":                      "a second run is equal to the first",
	} {
		t.Run(string(f), func(t *testing.T) {
			c := toyCase(f)
			all := c.checks()
			ends(func(t tester) { all = append(all, c.sights(t, c.Largest)...) })
			caught := false
			for _, each := range all {
				if each.what == what {
					caught = ends(each.check).failed
				}
			}
			require.True(t, caught, "the check %q did not catch it", what)
		})
	}
}

func TestTheLiteralNameIsSeenInOneRunToo(t *testing.T) {
	c := toyCase("literal name")
	for _, each := range c.sights(t, c.Largest) {
		require.Equal(t, each.what == "every resource bears the component's name", ends(each.check).failed, each.what)
	}
}

func TestASnapshotSeesEveryKindOfChange(t *testing.T) {
	type inner struct{ hidden map[string][]int }
	type outer struct {
		Text  string
		List  []string
		In    pulumi.StringInput
		Deep  *inner
		Hook  func()
		Plain any
	}
	fresh := func() *outer {
		return &outer{Text: "a", List: []string{"x", "y"}, In: pulumi.String("i"), Deep: &inner{hidden: map[string][]int{"k": {1}}}, Plain: 3}
	}
	before := Snapshot(fresh())
	require.Equal(t, before, Snapshot(fresh()))
	for name, change := range map[string]func(*outer){
		"text":    func(o *outer) { o.Text = "b" },
		"element": func(o *outer) { o.List[1] = "z" },
		"order":   func(o *outer) { o.List[0], o.List[1] = o.List[1], o.List[0] },
		"length":  func(o *outer) { o.List = o.List[:1] },
		"input":   func(o *outer) { o.In = pulumi.String("j") },
		"output":  func(o *outer) { o.In = pulumi.String("i").ToStringOutput() },
		"hidden":  func(o *outer) { o.Deep.hidden["k"][0] = 2 },
		"key":     func(o *outer) { o.Deep.hidden["l"] = nil },
		"nil":     func(o *outer) { o.Deep = nil },
		"hook":    func(o *outer) { o.Hook = func() {} },
		"any":     func(o *outer) { o.Plain = "3!" },
	} {
		changed := fresh()
		change(changed)
		require.NotEqual(t, before, Snapshot(changed), name)
	}
}

func TestUnknownsReplaceInputsAndLeaveTheOriginalAlone(t *testing.T) {
	original := &toyArgs{Name: "x", Secret: pulumi.String("known"), Tags: map[string]string{"a": "b"}}
	copied := WithUnknowns(original)
	require.Equal(t, pulumi.String("known"), original.Secret)
	require.Equal(t, "x", copied.Name)
	require.NotEqual(t, original.Secret, copied.Secret)
	copied.Tags["a"] = "c"
	require.Equal(t, "b", original.Tags["a"], "the copy shares a map with the original")
	require.Nil(t, WithUnknowns(&toyArgs{}).Secret, "what was not given stays away")
}

func TestAGoldenTextShowsWhatChanged(t *testing.T) {
	rec, err := toyCase("").once(toyCase("").Largest, nil)
	require.NoError(t, err)
	text := Text(rec)
	require.Contains(t, text, "holdfast:index:Toy unit\n")
	require.Contains(t, text, group+" unit-logs in unit\n")
	require.NotContains(t, text, secretText)
	path := filepath.Join(t.TempDir(), "nested", "toy.golden")
	require.True(t, endsGolden(t, rec, path), "a golden file that is missing is a failure")
}

// endsGolden says whether comparing with a missing file fails.
func endsGolden(t *testing.T, rec *cloudsim.Recorder, path string) bool {
	t.Helper()
	return ends(func(s tester) { golden(s, rec, path, false) }).failed &&
		!ends(func(s tester) { golden(s, rec, path, true) }).failed &&
		!ends(func(s tester) { golden(s, rec, path, false) }).failed
}
