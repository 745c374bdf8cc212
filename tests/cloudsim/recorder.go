package cloudsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Record is one resource as the program registered it.
type Record struct {
	Type   string
	Name   string
	URN    string
	ID     string // Empty for components and in preview.
	Custom bool   // False for components.
	Read   bool   // True for resources that the program looked up and does not own.
	// Parent is the parent's URN; the stack's URN at the top.
	Parent string
	// Provider is the provider resource as "URN::id", empty for the default provider.
	Provider  string
	Providers map[string]string
	Account   string
	Region    string
	Aliases   []string // URNs.
	Protect   bool
	// Options that steer the engine.
	RetainOnDelete      bool
	DeletedWith         string
	DeleteBeforeReplace bool
	IgnoreChanges       []string
	ReplaceOnChanges    []string
	ImportID            string
	Version             string
	// Dependencies are the URNs that the engine waits for; PropertyDependencies are those by input.
	Dependencies         []string
	PropertyDependencies map[string][]string
	// Inputs are as the program gave them, secrets marked and unknowns visible. Components that register with
	// RegisterComponentResourceV2 have them too.
	Inputs resource.PropertyMap
	// Outputs are what the cloud answered; for components what RegisterResourceOutputs recorded.
	Outputs resource.PropertyMap
	// OutputsRegistered says that a component has called RegisterResourceOutputs.
	OutputsRegistered bool

	checked resource.PropertyMap
	needs   []string
	takes   time.Duration
}

// In reads the inputs.
func (r Record) In() Props { return Props{r.Inputs} }

// Out reads the outputs.
func (r Record) Out() Props { return Props{r.Outputs} }

// InvokeRecord is one function call of the program.
type InvokeRecord struct {
	Token    string
	Provider string
	Args     resource.PropertyMap
	Result   resource.PropertyMap
}

// Recorder has seen everything that one run registered.
type Recorder struct {
	sim *Sim

	mu      sync.Mutex
	order   []*Record
	byURN   map[string]*Record
	invokes []InvokeRecord
	exports resource.PropertyMap
	logs    []string
	errs    []error
	root    string
}

func newRecorder(s *Sim) *Recorder {
	return &Recorder{sim: s, byURN: map[string]*Record{}, exports: resource.PropertyMap{}}
}

// Resources lists everything in the order of registration, providers and components included, without the stack.
func (r *Recorder) Resources() []Record { return r.filter(func(*Record) bool { return true }) }

// ByType lists the resources with the type token.
func (r *Recorder) ByType(typ string) []Record {
	return r.filter(func(rec *Record) bool { return rec.Type == typ })
}

// Children lists the resources whose parent has the URN.
func (r *Recorder) Children(urn string) []Record {
	return r.filter(func(rec *Record) bool { return rec.Parent == urn })
}

func (r *Recorder) filter(keep func(*Record) bool) []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Record
	for _, rec := range r.order {
		if keep(rec) {
			out = append(out, *rec)
		}
	}
	return out
}

// Named returns the resource with the type token and the logical name.
func (r *Recorder) Named(typ, name string) (Record, bool) {
	found := r.filter(func(rec *Record) bool { return rec.Type == typ && rec.Name == name })
	if len(found) == 0 {
		return Record{}, false
	}
	return found[0], true
}

// ByURN returns the resource with the URN.
func (r *Recorder) ByURN(urn string) (Record, bool) {
	found := r.filter(func(rec *Record) bool { return rec.URN == urn })
	if len(found) == 0 {
		return Record{}, false
	}
	return found[0], true
}

// ByARN returns the resource whose ARN it is; in preview ARNs are unknown and nothing is found.
func (r *Recorder) ByARN(arn string) (Record, bool) {
	found := r.filter(func(rec *Record) bool { return arn != "" && rec.Custom && rec.Out().Text("arn") == arn })
	if len(found) == 0 {
		return Record{}, false
	}
	return found[0], true
}

// Invokes lists the function calls in order.
func (r *Recorder) Invokes() []InvokeRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]InvokeRecord(nil), r.invokes...)
}

// Exports are the stack's outputs.
func (r *Recorder) Exports() resource.PropertyMap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.exports.Copy()
}

// Logs are the messages that the program logged, with their severity before a colon.
func (r *Recorder) Logs() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.logs...)
}

// Model is the cloud after the run.
func (r *Recorder) Model() *Model { return r.sim.model }

// add refuses a second resource with the same URN, which the engine refuses too.
func (r *Recorder) add(rec *Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byURN[rec.URN]; ok {
		err := fmt.Errorf("duplicate resource URN %q: try giving it a unique name", rec.URN)
		r.errs = append(r.errs, err)
		return err
	}
	r.byURN[rec.URN] = rec
	r.order = append(r.order, rec)
	return nil
}

// problems are the errors that a program must not swallow.
func (r *Recorder) problems() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.errs...)
}

func (r *Recorder) summary() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.order))
	for _, rec := range r.order {
		names = append(names, short(rec.URN))
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// Idle explains which resources AWS accepts although they do nothing: a NAT gateway in a subnet without a way out, a gateway
// endpoint without a route table. By URN; empty is good. A run that is no preview fails with them unless AllowIdle was given.
func (r *Recorder) Idle() map[string]string { return r.sim.model.idle() }

// Timeline schedules the run as the engine would: every resource starts when everything that it waits for is finished.
func (r *Recorder) Timeline() Timeline {
	r.mu.Lock()
	defer r.mu.Unlock()
	nodes := make([]Node, 0, len(r.order))
	for _, rec := range r.order {
		node := Node{URN: rec.URN, Duration: rec.takes, Needs: append([]string(nil), rec.needs...)}
		for _, urns := range rec.PropertyDependencies {
			node.Needs = append(node.Needs, urns...)
		}
		provider := withoutID(rec.Provider)
		node.Needs = append(node.Needs, provider)
		node.Waits = append(append(node.Waits, rec.Dependencies...), rec.Parent)
		nodes = append(nodes, node)
	}
	return Schedule(nodes)
}

// withoutID is the URN in a provider reference, which is URN::id.
func withoutID(reference string) string {
	i := strings.LastIndex(reference, "::")
	if i < 0 {
		return reference
	}
	return reference[:i]
}

// Settings are how the program was run.
type Settings struct {
	Project, Stack string
	Preview        bool
	// Config are the values by full key, secrets in plain text; SecretKeys names those.
	Config     map[string]string
	SecretKeys []string
}

// Settings says how the program was run.
func (r *Recorder) Settings() Settings {
	return Settings{
		Project: r.sim.project, Stack: r.sim.stack, Preview: r.sim.preview,
		Config: maps.Clone(r.sim.config), SecretKeys: slices.Clone(r.sim.secrets),
	}
}
