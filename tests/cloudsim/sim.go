package cloudsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Sim runs Pulumi programs against a model in memory, for unit tests. One Sim runs one program.
type Sim struct {
	model   *Model
	account string
	region  string
	preview bool
	project string
	stack   string
	config  map[string]string
	secrets []string
	timeout time.Duration
	faults  []Fault
	given   []Given
	idle    bool // Resources that do nothing are let pass.
}

// Option sets up a Sim.
type Option func(*Sim)

// Account is the AWS account of resources whose provider names none. Default: "123456789012".
func Account(id string) Option { return func(s *Sim) { s.account = id } }

// Region is the AWS region of resources whose provider names none. Default: "us-east-1".
func Region(name string) Option { return func(s *Sim) { s.region = name } }

// Preview runs the program as `pulumi preview` does: everything that the cloud would fill in is unknown.
func Preview() Option { return func(s *Sim) { s.preview = true } }

// Fail makes the nth creation of the type fail, counted from 1.
func Fail(typ string, nth int) Option {
	return Faults(Fault{Kind: Refused, Op: OpCreate, Type: typ, Nth: nth})
}

// Faults makes operations go wrong.
func Faults(faults ...Fault) Option { return func(s *Sim) { s.faults = append(s.faults, faults...) } }

// Config is the stack configuration, with full keys: "project:key" or "aws:region".
func Config(values map[string]string) Option {
	return func(s *Sim) {
		maps.Copy(s.config, values)
	}
}

// SecretConfig is Config whose values are secret.
func SecretConfig(values map[string]string) Option {
	return func(s *Sim) {
		for k, v := range values {
			s.config[k] = v
			s.secrets = append(s.secrets, k)
		}
	}
}

// Project names the Pulumi project and stack. Default: "project" and "stack".
func Project(project, stack string) Option {
	return func(s *Sim) { s.project, s.stack = project, stack }
}

// AllowIdle lets a run succeed although some of its resources do nothing (Recorder.Idle): for a test of a part whose other
// parts are missing on purpose.
func AllowIdle() Option { return func(s *Sim) { s.idle = true } }

// Deadline bounds a run: a program that waits for a value which never comes is an error, not a hanging test.
// Default: 30 seconds.
func Deadline(d time.Duration) Option { return func(s *Sim) { s.timeout = d } }

// Rows adds rows for types that the simulated cloud does not know, or replaces known ones, for this Sim only.
func Rows(rows ...Row) Option {
	return func(s *Sim) {
		for i := range rows {
			s.model.rows[rows[i].Type] = &rows[i]
		}
	}
}

// Given is a resource that exists before the program runs, such as a VPC that somebody else made.
type Given struct {
	Type string
	Name string // A logical name, from which id and ARN are derived unless ID is set.
	ID   string
	// Account and Region default to those of the Sim.
	Account, Region string
	Properties      map[string]any
}

// Exists puts resources into the cloud before the program runs.
func Exists(given ...Given) Option { return func(s *Sim) { s.given = append(s.given, given...) } }

// New makes a simulated cloud for one run of one program.
func New(options ...Option) *Sim {
	s := &Sim{model: newModel(), account: "123456789012", region: "us-east-1", project: "project", stack: "stack",
		config: map[string]string{}, timeout: 30 * time.Second}
	s.model.wholePlan = true
	for _, option := range options {
		option(s)
	}
	return s
}

// Run runs the program and returns what it registered. The recorder is never nil, so that a test of a failing program can
// see how far it came.
func (s *Sim) Run(program pulumi.RunFunc) (*Recorder, error) {
	rec := newRecorder(s)
	if err := s.prepare(); err != nil {
		return rec, err
	}
	server, err := serveMonitor(rec)
	if err != nil {
		return rec, err
	}
	defer server.stop()
	finished := make(chan error, 1)
	go func() {
		finished <- guarded(program, func(info *pulumi.RunInfo) {
			*info = pulumi.RunInfo{Project: s.project, Stack: s.stack, Organization: "organization", Config: s.config,
				ConfigSecretKeys: s.secrets, Parallel: 16, DryRun: s.preview, MonitorAddr: server.address, EngineAddr: server.address}
		})
	}()
	select {
	case err := <-finished:
		return rec, errors.Join(err, rec.problems(), s.useless(err))
	case <-time.After(s.timeout):
		return rec, fmt.Errorf("the program has not ended after %s: it waits for a value that never comes; registered so far: %s",
			s.timeout, rec.summary())
	}
}

// guarded turns a panic of the program into an error of the run.
func guarded(program pulumi.RunFunc, option pulumi.RunOption) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the program panicked: %v", cause)
		}
	}()
	return pulumi.RunErr(program, option)
}

func (s *Sim) prepare() error {
	for _, given := range s.given {
		if err := s.seed(given); err != nil {
			return err
		}
	}
	return s.model.arm(s.faults)
}

// seed puts one given resource into the model without judging it: it is somebody else's.
func (s *Sim) seed(g Given) error {
	row, err := s.model.rowOrError(g.Type)
	if err != nil {
		return err
	}
	at := place{g.Account, g.Region}
	if at.account == "" {
		at.account = s.account
	}
	if at.region == "" {
		at.region = s.region
	}
	if err := s.model.begin(); err != nil {
		return err
	}
	defer s.model.end()
	inputs := resource.PropertyMap{}
	for k, v := range g.Properties {
		inputs[resource.PropertyKey(k)] = propertyOf(v)
	}
	name := g.Name
	if name == "" {
		name = g.ID
	}
	c := s.model.call(OpCreate, row, opRequest{urn: "given::" + g.Type + "::" + name, typ: g.Type, name: name, at: at, inputs: inputs})
	if rule := row.AutoName; rule != nil && !inputs.HasValue(rule.property()) {
		c.Map[rule.property()] = resource.NewProperty(name)
	}
	if err := s.model.identify(c); err != nil {
		return err
	}
	if g.ID != "" {
		c.ID = g.ID
	}
	if row.ARN != nil {
		c.ARN = text(propertyOf(row.ARN(c)))
	}
	r := s.model.build(c)
	r.Given = true
	return s.model.commit(entry{}, r)
}

// simplified URN parts, for messages.
func short(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return urn
	}
	types := strings.Split(parts[2], "$")
	return types[len(types)-1] + " " + strings.Join(parts[3:], "::")
}

// useless refuses what AWS accepts and what then does nothing, such as an alarm whose topic is closed to it: nobody would
// learn of it before the day it is needed. A preview and a failed run have not made enough to judge.
func (s *Sim) useless(failed error) error {
	if s.preview || s.idle || failed != nil {
		return nil //nolint:nilerr // the failure itself is reported by the caller
	}
	reasons := s.model.idle()
	var problems []error
	for _, urn := range slices.Sorted(maps.Keys(reasons)) {
		problems = append(problems, fmt.Errorf("%s: %s", short(urn), reasons[urn]))
	}
	return errors.Join(problems...)
}
