package cloudsim

import (
	"sort"
	"strings"
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

	// planned resources exist in a preview only.
	planned bool
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
	return strings.Join([]string{r.Type, r.Account, r.Region, r.ID}, "|")
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

// Model is the simulated cloud: the resources by account and region, the journal and the clock.
type Model struct {
	byType map[string]map[string]*Resource // type -> key -> resource
	serial int
	rows   map[string]*Row
}

func (m *Model) row(typ string) *Row {
	if row, ok := m.rows[typ]; ok {
		return row
	}
	return table[typ]
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
