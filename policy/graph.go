package policy

import (
	"slices"
	"sort"
	"strings"
	"sync"

	"google.golang.org/protobuf/types/known/structpb"
)

// StackType is the type of the resource that stands for the stack itself.
const StackType = "pulumi:pulumi:Stack"

// Stack says which stack a graph is of.
type Stack struct {
	Organization, Project, Name string
	// Environment is dev, stg, prod or another name; see EnvironmentOf. Empty is treated as prod.
	Environment string
	// DryRun says that this is a preview: computed values are not known yet.
	DryRun bool
	// Config are the stack's configuration values by full key, secrets in plain text; SecretKeys names those.
	Config     map[string]string
	SecretKeys []string
	Tags       map[string]string
}

// Prod says that the stack is production, or that nothing says what it is.
func (s Stack) Prod() bool { return s.Environment == "" || s.Environment == prod }

// Resource is one resource as a host hands it over. Properties are the outputs where the host has them and the inputs
// otherwise.
type Resource struct {
	URN, Type, Name, ID string
	// Parent is the parent's URN, Provider the provider's as "URN" or "URN::id".
	Parent, Provider     string
	Properties           *structpb.Struct
	Protect              bool
	RetainOnDelete       bool
	IgnoreChanges        []string
	Aliases              []string
	Dependencies         []string
	PropertyDependencies map[string][]string
	// Step is what a plan does to the resource; nil where no plan is known.
	Step *Step
}

// Node is one resource in the graph.
type Node struct {
	Resource

	graph    *Graph
	root     *structpb.Value
	parent   *Node
	provider *Node
	defaults map[string]*structpb.Value
	// region and account are a provider's; empty where it does not say.
	region, account string
}

// Graph is what a stack consists of, with the references between its parts. It is built once and never changed, so rules
// read it at the same time.
type Graph struct {
	Stack Stack

	nodes   []*Node
	gone    []*Node
	byURN   map[string]*Node
	byType  map[string][]*Node
	byText  map[string][]*Node
	planned bool
	texts   sync.Map
	memos   sync.Map
}

// NewGraph builds the graph of a stack. The order of the resources does not matter.
func NewGraph(stack Stack, resources []Resource) *Graph {
	g := &Graph{
		Stack: stack, nodes: make([]*Node, 0, len(resources)), byURN: make(map[string]*Node, len(resources)),
		byType: map[string][]*Node{}, byText: make(map[string][]*Node, 3*len(resources)),
	}
	for _, r := range resources {
		if g.byURN[r.URN] != nil {
			continue
		}
		g.planned = g.planned || r.Step != nil && r.Step.Op != Create
		n := &Node{Resource: r, graph: g, root: structpb.NewStructValue(r.Properties), defaults: defaultsOf(r.Type)}
		if r.Step.Deletes() {
			g.gone = append(g.gone, n)
			continue
		}
		g.nodes = append(g.nodes, n)
		g.byURN[r.URN] = n
	}
	byURN := func(nodes []*Node) func(i, j int) bool {
		return func(i, j int) bool { return nodes[i].URN < nodes[j].URN }
	}
	sort.Slice(g.nodes, byURN(g.nodes))
	sort.Slice(g.gone, byURN(g.gone))
	for _, n := range g.nodes {
		if n.IsProvider() {
			n.region, n.account = n.provides()
		}
	}
	for _, n := range g.nodes {
		g.index(n)
	}
	return g
}

// parentOf is the parent of a resource, unless the parent is below it: a file that was edited by hand may say so, and whoever
// climbs from parent to parent must arrive.
func (g *Graph) parentOf(n *Node) *Node {
	if n.Resource.Parent == "" {
		return nil
	}
	parent := g.byURN[n.Resource.Parent]
	for at := parent; at != nil; at = at.parent {
		if at == n {
			return nil
		}
	}
	return parent
}

func (g *Graph) index(n *Node) {
	g.byType[n.Type] = append(g.byType[n.Type], n)
	n.parent = g.parentOf(n)
	urn, _ := cutLast(n.Resource.Provider, "::")
	n.provider = g.byURN[n.Resource.Provider]
	if n.provider == nil {
		n.provider = g.byURN[urn]
	}
	for _, key := range identities {
		if n.Properties.GetFields()[key] != nil {
			g.name(n, n.Get(key).Text())
		}
	}
	if !isUnknown(n.ID) {
		g.name(n, n.ID)
	}
}

// name lets the resource be found by a text. The resources are named one after another, so that one which has the text
// already is the last.
func (g *Graph) name(n *Node, text string) {
	named := g.byText[text]
	if text == "" || len(named) > 0 && named[len(named)-1] == n {
		return
	}
	g.byText[text] = append(named, n)
}

// identities are the properties by whose text other resources refer to a resource.
var identities = []string{
	"arn", "name", "url", "bucket", "arnSuffix", "keyId", "dnsName", "endpoint", "executionArn", "invokeArn", "identifier",
	"clusterIdentifier", "bucketDomainName", "bucketRegionalDomainName", "domainName", "dbName", "latestVersion", "roleArn", "address",
	"family", "zoneId", "networkInterfaceId", "allocationId", "aliasArn", "qualifiedArn", "functionName",
}

func cutLast(text, mark string) (before, after string) {
	at := strings.LastIndex(text, mark)
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at+len(mark):]
}

// Nodes are all resources, sorted by URN.
func (g *Graph) Nodes() []*Node { return g.nodes }

// ByType are the resources of the given types, sorted by type as given and then by URN.
func (g *Graph) ByType(types ...string) []*Node {
	if len(types) == 1 {
		return g.byType[types[0]]
	}
	var found []*Node
	for _, t := range types {
		found = append(found, g.byType[t]...)
	}
	return found
}

// ByURN is the resource with the URN, or nil.
func (g *Graph) ByURN(urn string) *Node { return g.byURN[urn] }

// Named are the resources of the given types that a text identifies by id, ARN, name or another of their own texts.
func (g *Graph) Named(text string, types ...string) []*Node {
	if text == "" {
		return nil
	}
	return ofTypes(g.byText[text], types)
}

func ofTypes(nodes []*Node, types []string) []*Node {
	if len(types) == 0 {
		return nodes
	}
	if len(nodes) == 1 && slices.Contains(types, nodes[0].Type) {
		return nodes[:1:1]
	}
	var found []*Node
	for _, n := range nodes {
		if slices.Contains(types, n.Type) {
			found = append(found, n)
		}
	}
	return found
}

// Memo computes something about a graph once and shares it between rules. The key is a pointer of the caller's own, or a
// value of a type of its own.
func Memo[T any](g *Graph, key any, compute func(*Graph) T) T {
	cell, made := g.memos.Load(key)
	if !made {
		cell, _ = g.memos.LoadOrStore(key, &memo[T]{})
	}
	kept := cell.(*memo[T]) //nolint:forcetypeassert // the key is the caller's own
	kept.once.Do(func() { kept.value = compute(g) })
	return kept.value
}

type memo[T any] struct {
	once  sync.Once
	value T
}

// Get reads a property by path.
func (n *Node) Get(path string) Value { return n.Props().Get(path) }

// Props are all properties.
func (n *Node) Props() Value { return Value{node: n, pb: n.root, state: known} }

// Graph is the graph that the resource is part of.
func (n *Node) Graph() *Graph { return n.graph }

// Parent is the component that the resource belongs to, or nil.
func (n *Node) Parent() *Node { return n.parent }

// Provider is the provider resource, or nil for one that the graph does not have.
func (n *Node) Provider() *Node { return n.provider }

// IsComponent says that the resource groups others and has no provider.
func (n *Node) IsComponent() bool {
	return !n.IsProvider() && n.Type != StackType && n.Resource.Provider == "" && n.ID == "" && !strings.HasPrefix(n.Type, "aws:") &&
		!strings.HasPrefix(n.Type, "kubernetes:")
}

// IsProvider says that the resource is a provider.
func (n *Node) IsProvider() bool { return strings.HasPrefix(n.Type, "pulumi:providers:") }

// String is the resource as people know it: its type's last part and its name.
func (n *Node) String() string {
	_, kind := cutLast(n.Type, ":")
	return kind + " " + n.Name
}

// DependsOn are the resources that the engine makes before this one.
func (n *Node) DependsOn() []*Node { return n.graph.resolve(n.Dependencies) }

// Behind are the resources that a top-level property is computed from.
func (n *Node) Behind(property string) []*Node {
	return n.graph.resolve(n.PropertyDependencies[property])
}

func (g *Graph) resolve(urns []string) []*Node {
	var found []*Node
	for _, urn := range urns {
		if n := g.byURN[urn]; n != nil {
			found = append(found, n)
		}
	}
	return found
}

// Region is where the resource is: its provider's region, or the one in its ARN. Empty when neither says.
func (n *Node) Region() string {
	if n.provider != nil && n.provider.region != "" {
		return n.provider.region
	}
	return arnPart(n.Get("arn").Text(), 3)
}

// Account is the account of the resource: the only one that its provider accepts, or the one in its ARN. Empty when neither
// says.
func (n *Node) Account() string {
	if n.provider != nil && n.provider.account != "" {
		return n.provider.account
	}
	return arnPart(n.Get("arn").Text(), 4)
}

// provides is what a provider says about where its resources are.
func (n *Node) provides() (region, account string) {
	// Properties of providers that are not texts travel as JSON in a text.
	if allowed := n.Get("allowedAccountIds").JSON(); allowed.Len() == 1 {
		account = allowed.Get("[0]").Text()
	}
	return n.Get("region").Text(), account
}

func arnPart(arn string, at int) string {
	if !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5 {
		return ""
	}
	for range at {
		_, arn, _ = strings.Cut(arn, ":")
	}
	part, _, _ := strings.Cut(arn, ":")
	return part
}

// fill puts the provider's default in place of an absent value.
func (n *Node) fill(v Value) Value {
	if len(n.defaults) == 0 {
		return v
	}
	pb, ok := n.defaults[v.path()]
	if !ok {
		return v
	}
	v.pb, v.state, v.filled = pb, known, true
	return v
}
