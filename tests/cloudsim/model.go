package cloudsim

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// A Resource is one thing that exists in the simulated cloud.
type Resource struct {
	Type    string
	URN     string
	ID      string
	ARN     string
	Account string
	Region  string // Empty for global types.
	Inputs  resource.PropertyMap
	Outputs resource.PropertyMap
	// Created and Updated are virtual times: how long after the model's beginning the operation ended.
	Created time.Duration
	Updated time.Duration
	// Uses are the resources that this one refers to, as found when it was last written.
	Uses []Use
	// Given resources were there before the program; no program owns them.
	Given bool

	// unanswered resources were made, but the answer never left: the next creation with the same URN adopts them.
	unanswered bool
	serial     int
}

// Use is one reference of a resource to another.
type Use struct {
	Target string // Key of the target: type, account, region, id.
	Path   string // The input that refers.
	Weak   bool
}

// In reads the inputs.
func (r *Resource) In() Props { return Props{r.Inputs} }

// Out reads the outputs; they include the inputs.
func (r *Resource) Out() Props { return Props{r.Outputs} }

// Name is the physical name, if the type has one.
func (r *Resource) Name() string { return r.Out().Text("name") }

func (r *Resource) key() string {
	return keyOf(r.Type, place{r.Account, r.Region}, r.ID)
}

func keyOf(typ string, at place, id string) string {
	return strings.Join([]string{typ, at.account, at.region, id}, "|")
}

// Operation is one line of the journal.
type Operation struct {
	Op   Op     `json:"op"`
	Type string `json:"type"`
	URN  string `json:"urn"`
	ID   string `json:"id,omitempty"`
	// Start and End are virtual times since the model's beginning.
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
	// Error is empty when the operation succeeded.
	Error string `json:"error,omitempty"`
	PID   int    `json:"pid"`
	// Wall is when the operation ended on the wall clock, in nanoseconds since 1970.
	Wall int64 `json:"wall"`
}

// place is where a resource lives; an empty region means a global type, "*" any region.
type place struct {
	account, region string
}

func (p place) holds(r *Resource) bool {
	if r.Account != p.account {
		return false
	}
	return p.region == "*" || r.Region == "" || r.Region == p.region
}

// Model is the simulated cloud: the resources by account and region, the journal and the clock. Several processes may have
// the same state directory open.
type Model struct {
	mu      sync.Mutex
	byType  map[string]map[string]*Resource // type -> key -> resource
	owned   map[string]map[string]*Resource // URN -> key -> resource; several while one is being replaced
	serial  int
	rows    map[string]*Row // Rows of this model only; the common ones are in the table.
	log     *logFile        // nil when the model is in memory only.
	journal []Operation
	clock   time.Duration

	// session is one run of the engine: all provider processes of a run have the same parent.
	session      int
	sessionStart time.Duration
	released     map[string]time.Duration // When the last reference to a key went, in this session.

	armed  []Fault
	faults map[string]*faultState
	// die ends the process; nil where a fault may not do so (in the test's own process).
	die func()
	// wholePlan says that a preview sees every resource of the program, so that a name which is not planned does not exist.
	wholePlan bool
}

func newModel() *Model {
	return &Model{byType: map[string]map[string]*Resource{}, owned: map[string]map[string]*Resource{}, rows: map[string]*Row{}, faults: map[string]*faultState{},
		released: map[string]time.Duration{}}
}

// Open opens the state directory of the provider face, to look at what exists, to read the journal, or to edit.
func Open(dir string) (*Model, error) {
	m := newModel()
	log, err := openLog(dir)
	if err != nil {
		return nil, err
	}
	m.log = log
	if err := m.begin(); err != nil {
		return nil, err
	}
	m.end()
	return m, nil
}

// Close releases the state directory.
func (m *Model) Close() error {
	if m.log == nil {
		return nil
	}
	return m.log.file.Close()
}

// Resources lists everything that exists, oldest first.
func (m *Model) Resources() ([]Resource, error) {
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.end()
	var out []Resource
	for _, r := range m.everything() {
		copied := *r
		copied.Inputs, copied.Outputs = r.Inputs.Copy(), r.Outputs.Copy()
		out = append(out, copied)
	}
	return out, nil
}

func (m *Model) everything() []*Resource {
	var out []*Resource
	for _, ofType := range m.byType {
		for _, r := range ofType {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].serial < out[j].serial })
	return out
}

// Journal lists every operation so far, failed ones too.
func (m *Model) Journal() ([]Operation, error) {
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.end()
	return append([]Operation(nil), m.journal...), nil
}

// Clock is the virtual time: when the last operation ended.
func (m *Model) Clock() (time.Duration, error) {
	if err := m.begin(); err != nil {
		return 0, err
	}
	defer m.end()
	return m.clock, nil
}

// Edit changes a resource behind the program's back, as a person in the console would. The function may change inputs and
// outputs; to set a property in both, use Resource.Set.
func (m *Model) Edit(urn string, change func(r *Resource)) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.end()
	r := m.byURN(urn)
	if r == nil {
		return fmt.Errorf("editing %s: it does not exist in the simulated cloud", urn)
	}
	edited := *r
	edited.Inputs, edited.Outputs = r.Inputs.Copy(), r.Outputs.Copy()
	change(&edited)
	return m.commit(entry{}, &edited)
}

// Remove deletes a resource behind the program's back, without asking what depends on it.
func (m *Model) Remove(urn string) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.end()
	r := m.byURN(urn)
	if r == nil {
		return fmt.Errorf("removing %s: it does not exist in the simulated cloud", urn)
	}
	return m.commit(entry{Gone: r.key()}, nil)
}

// Set gives a property a value in the inputs and the outputs.
func (r *Resource) Set(property string, value any) {
	v := propertyOf(value)
	r.Inputs[resource.PropertyKey(property)] = v
	r.Outputs[resource.PropertyKey(property)] = v
}

// byURN finds the newest resource of a URN.
func (m *Model) byURN(urn string) *Resource {
	var found *Resource
	for _, r := range m.owned[urn] {
		if found == nil || r.serial > found.serial {
			found = r
		}
	}
	return found
}

func (m *Model) put(r *Resource) {
	if m.byType[r.Type] == nil {
		m.byType[r.Type] = map[string]*Resource{}
	}
	if old := m.byType[r.Type][r.key()]; old != nil {
		r.serial = old.serial
		delete(m.owned[old.URN], r.key()) // An alias may have moved the resource to another URN.
	}
	if r.serial == 0 {
		m.serial++
		r.serial = m.serial
	}
	m.byType[r.Type][r.key()] = r
	if m.owned[r.URN] == nil {
		m.owned[r.URN] = map[string]*Resource{}
	}
	m.owned[r.URN][r.key()] = r
}

func (m *Model) remove(key string) {
	r := m.byKey(key)
	if r == nil {
		return
	}
	delete(m.byType[r.Type], key)
	delete(m.owned[r.URN], key)
}

func (m *Model) byKey(key string) *Resource {
	typ, _, _ := strings.Cut(key, "|")
	return m.byType[typ][key]
}

// get finds a resource by type, place and id; global types are found from every region.
func (m *Model) get(typ string, at place, id string) *Resource {
	if row := m.row(typ); row != nil && row.Global {
		at.region = ""
	}
	return m.byType[typ][keyOf(typ, at, id)]
}

// record adds an operation to the journal.
func (m *Model) record(op Operation) {
	m.journal = append(m.journal, op)
	m.clock = max(m.clock, op.End)
	for _, fault := range m.armed {
		if state := m.faults[fault.id()]; state != nil && fault.concerns(op) {
			state.seen++
		}
	}
}

// operation begins a journal line.
func (m *Model) operation(kind Op, c *Call, start, duration time.Duration) Operation {
	return Operation{Op: kind, Type: c.Row.Type, URN: c.URN, ID: c.ID, Start: start, End: start + duration, PID: os.Getpid(),
		Wall: time.Now().UnixNano()}
}

func (m *Model) row(typ string) *Row {
	if row, ok := m.rows[typ]; ok {
		return row
	}
	return table[typ]
}

// rowOrError refuses a type without a row.
func (m *Model) rowOrError(typ string) (*Row, error) {
	if row := m.row(typ); row != nil {
		return row, nil
	}
	return nil, fmt.Errorf("the simulated cloud has no row for the type %s: add a Row with Type %q to %s and register it there, "+
		"or pass one with the option Rows", typ, typ, rowFile(typ))
}

// rowFile names the file where the row of a type belongs: rows_<module>.go of this package.
func rowFile(typ string) string {
	parts := strings.Split(typ, ":")
	module := "other"
	if len(parts) == 3 {
		module, _, _ = strings.Cut(parts[1], "/")
	}
	return filepath.Join("tests", "cloudsim", "rows_"+module+".go")
}

// ofType lists the resources of a type in a place, oldest first.
func (m *Model) ofType(typ string, at place) []*Resource {
	var out []*Resource
	for _, r := range m.byType[typ] {
		if at.holds(r) {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].serial < out[j].serial })
	return out
}

// resolve finds what a reference points at, or nil.
func (m *Model) resolve(ref *Ref, v resource.PropertyValue, at place) *Resource {
	value := text(v)
	if unknown(v) || value == "" || (ref.Except != nil && ref.Except(value)) {
		return nil
	}
	if ref.Region != "" {
		at.region = ref.Region
	}
	for _, typ := range ref.To {
		for _, r := range m.byType[typ] {
			if at.holds(r) && ref.matches(r, value) {
				return r
			}
		}
	}
	return nil
}

// matches compares a value with the outputs that the reference may name.
func (ref *Ref) matches(r *Resource, value string) bool {
	by := ref.By
	if ref.Trim != nil {
		value = ref.Trim(value)
	}
	if len(by) == 0 {
		by = []string{"id"}
	}
	for _, output := range by {
		if value == handle(r, output) {
			return true
		}
	}
	return false
}

// handle is what a resource is called by one of the ways a Ref may name it.
func handle(r *Resource, by string) string {
	switch by {
	case "id":
		return r.ID
	case "arn":
		return r.ARN
	case "arn/":
		return r.ARN[strings.LastIndex(r.ARN, "/")+1:]
	case "arn:":
		return r.ARN[strings.LastIndex(r.ARN, ":")+1:]
	}
	return r.Out().Text(by)
}
