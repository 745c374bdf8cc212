package policy

import (
	"fmt"
	"iter"
	"strings"
)

// Case is one rule on one resource, or on the stack. What the check does not complain about has passed.
type Case struct {
	*Node

	run     *run
	outcome Outcome
	reason  string
}

// Graph is the graph of the whole stack.
func (c *Case) Graph() *Graph { return c.run.graph }

// Stack is the stack that is judged.
func (c *Case) Stack() Stack { return c.run.graph.Stack }

// Planned says that the host knows the plan: what will be made, changed and deleted.
func (c *Case) Planned() bool { return c.Graph().Planned() }

// A Detail adds to a finding.
type Detail func(*Finding)

// Fix says what to do in this very case, instead of the rule's general advice.
func Fix(format string, args ...any) Detail {
	return func(f *Finding) { f.Fix = fmt.Sprintf(format, args...) }
}

// Because says why it matters in this very case.
func Because(format string, args ...any) Detail {
	return func(f *Finding) { f.Why = fmt.Sprintf(format, args...) }
}

// Saw adds a step to the chain of evidence. The note must not hold a value but through Value.Show.
func Saw(n *Node, path, note string) Detail {
	return func(f *Finding) {
		if n != nil {
			f.Evidence = append(f.Evidence, Evidence{URN: n.URN, Path: path, Note: note})
		}
	}
}

// At is the same case with its findings about another resource.
func (c *Case) At(n *Node) *Case {
	return &Case{Node: n, run: c.run}
}

// Fail records a violation: the value that is wrong and what is required.
func (c *Case) Fail(v Value, required string, details ...Detail) {
	c.record(Violation, v.path(), v.Show(), required, details)
}

// Broken records a violation that is not about one value: what is so, and what is required. Neither text may hold a value
// but through Value.Show.
func (c *Case) Broken(path, actual, required string, details ...Detail) {
	c.record(Violation, path, actual, required, details)
}

// Unclear records that the values that decide are not known.
func (c *Case) Unclear(values ...Value) {
	for _, v := range values {
		c.record(Unknown, v.path(), v.path()+" is not known yet", "", nil)
	}
}

// UnclearBecause records that something cannot be judged, and why.
func (c *Case) UnclearBecause(path, reason string) { c.record(Unknown, path, reason, "", nil) }

// Skip records that the rule is not about this resource, and why.
func (c *Case) Skip(reason string) {
	c.outcome = max(c.outcome, NotApplicable)
	c.reason = reason
}

func (c *Case) record(o Outcome, path, actual, required string, details []Detail) {
	r := c.run.rule
	f := Finding{
		Rule: r.ID, Title: r.Title, Severity: r.Severity, Level: c.run.level, Outcome: o,
		Path: path, Actual: actual, Required: required, Why: r.Why, Fix: r.Fix,
	}
	if c.Node != nil {
		f.URN, f.Resource = c.URN, c.String()
	}
	for _, d := range details {
		d(&f)
	}
	if o == Unknown {
		f.Fix = "" // Nothing is wrong yet.
	}
	c.run.take(c, f)
}

// Require wants a test to hold of a value, and says that it cannot tell while the value is unknown. It reports whether the
// test is known to hold.
func (c *Case) Require(v Value, required string, holds func(Value) bool, details ...Detail) bool {
	if v.Unknown() {
		c.Unclear(v)
		return false
	}
	if !holds(v) {
		c.Fail(v, required, details...)
		return false
	}
	return true
}

// True wants the property to be true.
func (c *Case) True(path string, details ...Detail) bool {
	return c.Require(c.Get(path), "true", Value.True, details...)
}

// False wants the property to be false or left out.
func (c *Case) False(path string, details ...Detail) bool {
	return c.Require(c.Get(path), "false", func(v Value) bool { return !v.True() }, details...)
}

// Set wants the property to be there and not empty. A value that is only known later counts: it will be there.
func (c *Case) Set(path, required string, details ...Detail) bool {
	v := c.Get(path)
	if v.Unknown() {
		return true
	}
	return c.Require(v, required, func(v Value) bool { return !v.Empty() }, details...)
}

// OneOf wants the property to be one of the texts.
func (c *Case) OneOf(path string, texts ...string) bool {
	return c.Require(c.Get(path), strings.Join(texts, " or "), func(v Value) bool { return v.In(texts...) })
}

// AtLeast wants the property to be a number of at least the minimum.
func (c *Case) AtLeast(path string, minimum float64, details ...Detail) bool {
	return c.Require(c.Get(path), fmt.Sprintf("at least %v", minimum), func(v Value) bool { return v.IsNumber() && v.Number() >= minimum }, details...)
}

// Each are the resources of the given types, for rules that judge the whole stack.
func (c *Case) Each(types ...string) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for _, t := range types {
			for _, n := range c.Graph().ByType(t) {
				if !yield(n) {
					return
				}
			}
		}
	}
}
