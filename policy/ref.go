package policy

import (
	"slices"
	"strings"
)

// How says how a reference was followed.
type How int

// The ways from a value to a resource.
const (
	// Nowhere: the value is absent.
	Nowhere How = iota
	// ByText: the value is the id, ARN or another text of exactly the resources found.
	ByText
	// ByDependency: the value is not known yet, and the program computes it from exactly one resource of the type.
	ByDependency
	// OneOf: the value is not known yet, and the program computes it from several resources of the type.
	OneOf
	// Outside: the value is known and no resource of this stack.
	Outside
	// Unclear: the value is not known yet, and nothing says what it is computed from.
	Unclear
)

// Ref is what a value refers to.
type Ref struct {
	How   How
	Nodes []*Node
	// Text is the value itself where it is known and no secret.
	Text string
}

// Node is the resource that is referred to, or nil when there is none or more than one.
func (r Ref) Node() *Node {
	if len(r.Nodes) != 1 || r.How == OneOf {
		return nil
	}
	return r.Nodes[0]
}

// Has says that the resource is, or may be, what is referred to.
func (r Ref) Has(n *Node) bool {
	return slices.Contains(r.Nodes, n)
}

// Ref follows the value to a resource of one of the types: by its text where that is known, otherwise by what the program
// computes the property from.
func (v Value) Ref(types ...string) Ref {
	switch {
	case v.Known() && v.IsText():
		return v.byText(types)
	case v.Unknown():
		return v.byDependency(types)
	}
	return Ref{}
}

func (v Value) byText(types []string) Ref {
	text := v.Text()
	if text == "" {
		return Ref{}
	}
	found := v.node.graph.Named(text, types...)
	if len(found) > 1 {
		found = sameRegion(v.node, found)
	}
	if len(found) == 0 {
		found = v.byPart(text, types)
	}
	if v.secret {
		text = ""
	}
	if len(found) == 0 {
		if nameless := v.nameless(types); nameless.How != Unclear {
			return nameless
		}
		return Ref{How: Outside, Text: text}
	}
	return Ref{How: ByText, Nodes: found, Text: text}
}

// nameless finds a resource whose id the host does not have: the engine hands policies the outputs alone, and not every
// provider repeats the id among them. What the property is computed from stands in for the text.
func (v Value) nameless(types []string) Ref {
	r := v.byDependency(types)
	for _, n := range r.Nodes {
		if n.ID != "" {
			return Ref{How: Unclear}
		}
	}
	return r
}

// byPart finds a resource by an ARN with a qualifier behind it, as those of log groups and function versions have.
func (v Value) byPart(text string, types []string) []*Node {
	if !strings.HasPrefix(text, "arn:") {
		return nil
	}
	for _, tail := range []string{":*", "/*"} {
		if whole, found := strings.CutSuffix(text, tail); found {
			return v.node.graph.Named(whole, types...)
		}
	}
	return nil
}

// sameRegion keeps the resources of the region of the one that refers to them, where there are any: names are unique in a
// region only.
func sameRegion(from *Node, found []*Node) []*Node {
	var near []*Node
	for _, n := range found {
		if n.Region() == from.Region() && n.Account() == from.Account() {
			near = append(near, n)
		}
	}
	if len(near) == 0 {
		return found
	}
	return near
}

func (v Value) byDependency(types []string) Ref {
	if v.node == nil {
		return Ref{How: Unclear}
	}
	property, _ := step(v.path() + ".")
	found := ofTypes(v.node.Behind(property), types)
	switch len(found) {
	case 0:
		return Ref{How: Unclear}
	case 1:
		return Ref{How: ByDependency, Nodes: found}
	}
	return Ref{How: OneOf, Nodes: found}
}

// Refs follows every element of a list. complete says that each element is known to be one of the resources found, and each
// of these to be an element.
func (v Value) Refs(types ...string) (nodes []*Node, complete bool) {
	complete = !v.Unknown()
	seen := map[*Node]bool{}
	waiting, candidates := 0, 0
	for _, item := range v.Items() {
		r := item.Ref(types...)
		for _, n := range r.Nodes {
			if !seen[n] {
				seen[n] = true
				nodes = append(nodes, n)
				if item.Unknown() {
					candidates++
				}
			}
		}
		if r.How == OneOf || item.Unknown() {
			waiting++
		}
		complete = complete && r.How != Outside && r.How != Unclear
	}
	// A list of unknown elements that is computed from as many resources is those resources; with fewer elements, some of
	// the resources are in it for another reason.
	return nodes, complete && (waiting == 0 || v.IsList() && waiting >= candidates)
}
