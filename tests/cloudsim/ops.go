package cloudsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// create makes a resource. A creation whose answer was lost is repeated by the engine with the same URN: it adopts what is
// there, as the AWS calls do that take a client token.
func (m *Model) create(req opRequest) (*Resource, error) {
	row, err := m.rowOrError(req.typ)
	if err != nil {
		return nil, err
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.end()
	c := m.call(OpCreate, row, req)
	c.Old = m.lost(c)
	op := m.operation(OpCreate, c, m.sessionStart, 0)
	fault, err := m.fault(c, op)
	if err != nil {
		return nil, err
	}
	m.nameFromPrefix(c)
	if err := m.judge(c); err != nil {
		return nil, m.failed(c, op, err)
	}
	if err := m.identify(c); err != nil {
		return nil, m.failed(c, op, err)
	}
	r := m.build(c)
	if req.preview && !m.wholePlan {
		return r, nil
	}
	op = m.operation(OpCreate, c, m.start(c, r), createTime(c))
	r.Created, r.Updated, r.unanswered = op.End, op.End, true
	if c.Old != nil {
		r.serial = c.Old.serial
	}
	if err := m.commit(entry{Op: &op}, r); err != nil {
		return nil, err
	}
	return r, m.after(fault, op)
}

// answered notes that the answer to a creation is on its way.
func (m *Model) answered(r *Resource) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.end()
	return m.commit(entry{Answered: r.key()}, nil)
}

// lost finds the resource of an earlier creation with the same URN whose answer never left.
func (m *Model) lost(c *Call) *Resource {
	for _, r := range m.owned[c.URN] {
		if c.place().holds(r) && r.unanswered {
			return r
		}
	}
	return nil
}

// fault lets a fault strike before the operation takes effect. A preview meets no faults on the provider face.
func (m *Model) fault(c *Call, op Operation) (*Fault, error) {
	if c.Preview && !m.wholePlan {
		return nil, nil //nolint:nilnil // no fault strikes
	}
	fault, err := m.due(op)
	if err != nil {
		return nil, err
	}
	return fault, m.before(fault, op)
}

// failed writes a refused operation to the journal and words the error for the engine.
func (m *Model) failed(c *Call, op Operation, cause error) error {
	op.Error = cause.Error()
	if c.Preview && !m.wholePlan {
		return cause
	}
	if err := m.commit(entry{Op: &op}, nil); err != nil {
		return err
	}
	return cause
}

// nameFromPrefix makes the name that the provider makes from a name prefix: prefix and 26 digits.
func (m *Model) nameFromPrefix(c *Call) {
	rule := c.Row.AutoName
	if rule == nil || c.Has(string(rule.property())) || !c.Has(string(rule.prefix())) {
		return
	}
	property := rule.property()
	c.Out.Map[property] = resource.NewProperty(c.Text(string(rule.prefix())) + c.Hex("prefix", 26))
	if c.Old != nil && c.Old.Outputs.HasValue(property) {
		c.Out.Map[property] = c.Old.Outputs[property]
	}
}

// identify makes the id and the ARN. An id derived from the URN moves on while a former self still has it.
func (m *Model) identify(c *Call) error {
	if c.Old != nil {
		c.ID, c.ARN = c.Old.ID, c.Old.ARN
		return nil
	}
	before := ""
	for c.attempt = 0; ; c.attempt++ {
		c.ID = text(propertyOf(c.Row.ID(c)))
		if m.byType[c.Row.Type][keyOf(c.Row.Type, c.home(), c.ID)] == nil {
			break
		}
		if c.ID == before && c.Preview {
			// What will tell the two apart is not known yet.
			c.ID += "-" + stable(c.URN, 8)
			break
		}
		if c.ID == before {
			return c.Reject("AlreadyExists", "the %s %s already exists", c.Row.Noun, c.ID)
		}
		before = c.ID
	}
	if c.Row.ARN != nil {
		c.ARN = text(propertyOf(c.Row.ARN(c)))
	}
	return nil
}

// build makes the resource that the call leaves behind.
func (m *Model) build(c *Call) *Resource {
	at := c.home()
	r := &Resource{Type: c.Row.Type, URN: c.URN, ID: c.ID, ARN: c.ARN, Account: at.account, Region: at.region,
		Inputs: c.Map.Copy(), Uses: m.uses(c)}
	r.Outputs = c.Map.Copy()
	maps.Copy(r.Outputs, c.Out.Map)
	fresh := func(key string, compute Compute) {
		property := resource.PropertyKey(key)
		if r.Outputs.HasValue(property) && c.Map.HasValue(property) {
			return
		}
		if v, ok := m.computed(c, key, compute); ok {
			r.Outputs[property] = v
		}
	}
	for key, compute := range c.Row.Computed {
		fresh(key, compute)
	}
	if c.Row.ARN != nil {
		fresh("arn", func(c *Call) any { return c.ARN })
	}
	if c.Row.Taggable {
		r.Outputs["tagsAll"] = tagsAll(c)
	}
	return r
}

// computed makes one output: unknown in a preview that creates, kept in an update unless the row says otherwise.
func (m *Model) computed(c *Call, key string, compute Compute) (resource.PropertyValue, bool) {
	refresh := slices.Contains(c.Row.Refresh, key)
	if c.Old != nil && !refresh {
		v, ok := c.Old.Outputs[resource.PropertyKey(key)]
		return v, ok
	}
	if c.Preview {
		return resource.MakeComputed(resource.NewProperty("")), true
	}
	v := compute(c)
	if v == nil {
		return resource.PropertyValue{}, false
	}
	return propertyOf(v), true
}

// tagsAll merges the provider's default tags under the resource's own.
// https://www.pulumi.com/registry/packages/aws/api-docs/provider/#defaulttags_go
func tagsAll(c *Call) resource.PropertyValue {
	if !c.Known("tags") && len(c.Objects("tags")) == 0 {
		return resource.MakeComputed(resource.NewProperty(""))
	}
	merged := resource.PropertyMap{}
	for k, v := range c.tags {
		merged[resource.PropertyKey(k)] = resource.NewProperty(v)
	}
	for _, own := range c.Objects("tags") {
		maps.Copy(merged, own.Map)
	}
	return resource.NewProperty(merged)
}

// uses resolves the references for later deletions and for the clock.
func (m *Model) uses(c *Call) []Use {
	var uses []Use
	for i := range c.Row.Refs {
		ref := &c.Row.Refs[i]
		for _, found := range c.Walk(ref.Path) {
			if target := m.resolve(ref, found.Value, c.place()); target != nil && target.URN != c.URN {
				uses = append(uses, Use{Target: target.key(), Path: found.Path, Weak: ref.Weak})
			}
		}
	}
	return uses
}

// start is the virtual time at which an operation can begin: when everything that it truly needs is finished.
func (m *Model) start(c *Call, r *Resource) time.Duration {
	start := m.sessionStart
	for _, need := range m.needs(c, r) {
		start = max(start, need.Updated)
	}
	return start
}

// needs are the resources that must be finished before this one can be made: those it refers to, and those that AWS
// demands without a reference.
func (m *Model) needs(c *Call, r *Resource) []*Resource {
	var needs []*Resource
	for _, use := range r.Uses {
		if target := m.byKey(use.Target); target != nil {
			needs = append(needs, target)
		}
	}
	if c.Row.After != nil {
		needs = append(needs, c.Row.After(c)...)
	}
	return needs
}

// update changes a resource in place.
func (m *Model) update(req opRequest) (*Resource, error) {
	row, err := m.rowOrError(req.typ)
	if err != nil {
		return nil, err
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.end()
	c := m.call(OpUpdate, row, req)
	op := m.operation(OpUpdate, c, m.sessionStart, 0)
	fault, err := m.fault(c, op)
	if err != nil {
		return nil, err
	}
	if c.Old = m.get(req.typ, req.at, req.id); c.Old == nil {
		return nil, m.failed(c, op, c.gone())
	}
	m.nameFromPrefix(c)
	if err := m.judge(c); err != nil {
		return nil, m.failed(c, op, err)
	}
	c.ARN = c.Old.ARN
	r := m.build(c)
	r.Created, r.serial, r.Given = c.Old.Created, c.Old.serial, c.Old.Given
	if req.preview {
		return r, nil
	}
	op = m.operation(OpUpdate, c, m.start(c, r), row.Durations.Update)
	r.Updated = op.End
	if err := m.commit(entry{Op: &op}, r); err != nil {
		return nil, err
	}
	return r, m.after(fault, op)
}

func (c *Call) gone() error {
	code := c.Row.NotFound
	if code == "" {
		code = "ResourceNotFoundException"
	}
	return c.Reject(code, "the %s '%s' does not exist", c.Row.Noun, c.ID)
}

// destroy deletes a resource. One that is already gone counts as deleted.
func (m *Model) destroy(req opRequest) error {
	row, err := m.rowOrError(req.typ)
	if err != nil {
		return err
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.end()
	old := m.get(req.typ, req.at, req.id)
	if old != nil {
		req.inputs = old.Inputs
	}
	c := m.call(OpDelete, row, req)
	c.Old = old
	op := m.operation(OpDelete, c, m.sessionStart, 0)
	fault, err := m.fault(c, op)
	if err != nil {
		return err
	}
	if old == nil {
		return m.commit(entry{Op: &op}, nil)
	}
	if err := m.refusal(c); err != nil {
		return m.failed(c, op, err)
	}
	op = m.operation(OpDelete, c, max(m.sessionStart, m.released[old.key()]), row.Durations.Delete)
	for _, use := range old.Uses {
		m.released[use.Target] = max(m.released[use.Target], op.End)
	}
	if err := m.commit(entry{Gone: old.key(), Op: &op}, nil); err != nil {
		return err
	}
	return m.after(fault, op)
}

// refusal is why AWS would not delete the resource.
func (m *Model) refusal(c *Call) error {
	var errs []error
	if c.Row.Refuse != nil {
		errs = append(errs, c.Row.Refuse(c))
	}
	code := c.Row.InUse
	if code == "" {
		code = "DependencyViolation"
	}
	key := c.Old.key()
	for _, other := range m.everything() {
		for _, use := range other.Uses {
			if use.Target != key || use.Weak || other.key() == key {
				continue
			}
			errs = append(errs, c.Reject(code, "the %s '%s' has dependencies and cannot be deleted: %s refers to it (property %s)",
				c.Row.Noun, c.ID, other.ID, use.Path))
			break
		}
	}
	return errors.Join(errs...)
}

// read returns a resource as it is now, or nil if it is gone.
func (m *Model) read(req opRequest) (*Resource, error) {
	row, err := m.rowOrError(req.typ)
	if err != nil {
		return nil, err
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.end()
	c := m.call(OpRead, row, req)
	op := m.operation(OpRead, c, m.sessionStart, 0)
	if _, err := m.fault(c, op); err != nil {
		return nil, err
	}
	r := m.get(req.typ, req.at, req.id)
	if m.wholePlan {
		return r, nil
	}
	if err := m.commit(entry{Op: &op}, nil); err != nil {
		return nil, fmt.Errorf("reading %s: %w", req.id, err)
	}
	return r, nil
}

// trueNeeds are the URNs that a resource needs and the time it takes, for the critical path.
func (m *Model) trueNeeds(req opRequest, r *Resource) ([]string, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.call(OpCreate, m.row(req.typ), req)
	var urns []string
	for _, need := range m.needs(c, r) {
		if need.URN != r.URN {
			urns = append(urns, need.URN)
		}
	}
	return urns, createTime(c)
}

func createTime(c *Call) time.Duration {
	if c.Row.CreateTime != nil {
		return c.Row.CreateTime(c)
	}
	return c.Row.Durations.Create
}

// idle explains which resources do nothing, by URN.
func (m *Model) idle() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	reasons := map[string]string{}
	for _, r := range m.everything() {
		row := m.row(r.Type)
		if row == nil || row.Idle == nil || r.Given {
			continue
		}
		c := m.call(OpRead, row, opRequest{urn: r.URN, typ: r.Type, id: r.ID, at: place{r.Account, r.Region}, inputs: r.Inputs})
		c.Old, c.ARN, c.Out = r, r.ARN, r.Out()
		if why := row.Idle(c); why != "" {
			reasons[r.URN] = why
		}
	}
	return reasons
}
