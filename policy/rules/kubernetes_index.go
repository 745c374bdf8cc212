package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

const defaultNamespace = "default"

// namespaceOf is the namespace that an object is made in: its own, else its provider's, else default. The value is where
// that stands, for messages and for the case that it is not known yet.
func namespaceOf(n *policy.Node) (string, policy.Value) {
	own := n.Get("metadata.namespace")
	if !own.Empty() {
		return own.Text(), own
	}
	if provider := n.Provider(); provider != nil {
		if common := provider.Get("namespace"); !common.Empty() {
			return common.Text(), common
		}
	}
	return defaultNamespace, own
}

// clusterOf says which cluster an object is made in, as far as its provider tells clusters apart.
func clusterOf(n *policy.Node) string {
	if provider := n.Provider(); provider != nil {
		return provider.URN
	}
	return n.Resource.Provider
}

// namespacePlace is one namespace of one cluster.
type namespacePlace struct{ cluster, namespace string }

// labels are an object's labels; vague while one of them is not known yet.
type labels struct {
	texts map[string]string
	vague bool
}

func labelsOf(v policy.Value) labels {
	l := labels{texts: map[string]string{}, vague: v.Unknown()}
	for _, key := range v.Keys() {
		value := v.Key(key)
		if value.Unknown() {
			l.vague = true
			continue
		}
		l.texts[key] = value.Text()
	}
	return l
}

// selects says whether a label selector fits labels. A selector that is not there fits none, an empty object all.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
func selects(selector policy.Value, l labels) answer {
	if selector.Absent() {
		return no
	}
	if selector.Unknown() {
		return maybe
	}
	result := selectsEqual(selector.Get("matchLabels"), l)
	for _, requirement := range selector.Get("matchExpressions").Items() {
		result = min(result, meetsRequirement(requirement, l))
	}
	return result
}

// selectsEqual is the same for a selector that only lists keys and values, as a Service has it.
func selectsEqual(wanted policy.Value, l labels) answer {
	if wanted.Unknown() {
		return maybe
	}
	result := yes
	for _, key := range wanted.Keys() {
		result = min(result, equal(wanted.Key(key), key, l))
	}
	return result
}

func equal(wanted policy.Value, key string, l labels) answer {
	has, found := l.texts[key]
	if wanted.Unknown() || !found && l.vague {
		return maybe
	}
	return certainly(found && has == wanted.Text())
}

// meetsRequirement says whether labels meet one requirement of matchExpressions.
func meetsRequirement(requirement policy.Value, l labels) answer {
	if len(requirement.Unknowns()) > 0 {
		return maybe
	}
	has, found := l.texts[requirement.Get("key").Text()]
	if !found && l.vague {
		return maybe
	}
	named := slices.ContainsFunc(requirement.Get("values").List(), func(v policy.Value) bool { return v.Text() == has })
	holds := false
	switch requirement.Get("operator").Text() {
	case "In":
		holds = found && named
	case "NotIn":
		holds = !found || !named
	case "Exists":
		holds = found
	case "DoesNotExist":
		holds = !found
	}
	return certainly(holds)
}

// workload is a node that makes pods.
type workload struct {
	*policy.Node
	labels labels
}

// clusterIndex finds workloads by where they are and what labels their pods have.
type clusterIndex struct {
	// here are the workloads of each namespace, byLabel those with a label; vague are those whose labels or namespace are
	// not known yet, by cluster.
	here    map[namespacePlace][]*workload
	byLabel map[namespacePlace]map[string][]*workload
	vague   map[string][]*workload
	// budgets and scalers are the objects that are about a workload.
	budgets, scalers, fences aims
	byName                   map[string][]*policy.Node
	opaque                   bool
}

// aims are objects that are about workloads: by workload, and those that may be about any of a cluster, by cluster.
type aims struct {
	at      map[*policy.Node][]*policy.Node
	perhaps map[string][]*policy.Node
}

func newAims() aims {
	return aims{at: map[*policy.Node][]*policy.Node{}, perhaps: map[string][]*policy.Node{}}
}

// unsure says that an object may be about the workload, and nothing tells yet.
func (a aims) unsure(n *policy.Node) bool { return len(a.perhaps[clusterOf(n)]) > 0 }

var clusterKey byte

// clusters is the index of the graph.
func clusters(g *policy.Graph) *clusterIndex {
	return policy.Memo(g, &clusterKey, func(g *policy.Graph) *clusterIndex {
		index := &clusterIndex{
			here: map[namespacePlace][]*workload{}, byLabel: map[namespacePlace]map[string][]*workload{}, vague: map[string][]*workload{},
			budgets: newAims(), scalers: newAims(), fences: newAims(),
			byName: map[string][]*policy.Node{}, opaque: len(g.ByType(opaqueTypes...)) > 0,
		}
		for _, n := range g.ByType(podTypes...) {
			index.addWorkload(n)
		}
		for _, n := range g.ByType(slices.Concat(podTypes, serviceTypes)...) {
			index.addName(n)
		}
		for _, n := range g.ByType(budgetTypes...) {
			index.aim(index.budgets, n, n.Get("spec.selector"))
		}
		for _, n := range g.ByType(fenceTypes...) {
			index.aim(index.fences, n, n.Get("spec.podSelector"))
		}
		for _, n := range g.ByType(scalerTypes...) {
			index.addScaler(n)
		}
		return index
	})
}

func (x *clusterIndex) addWorkload(n *policy.Node) {
	w := &workload{Node: n, labels: labelsOf(podTemplate(n).Get("metadata.labels"))}
	namespace, at := namespaceOf(n)
	if at.Unknown() || w.labels.vague {
		x.vague[clusterOf(n)] = append(x.vague[clusterOf(n)], w)
		return
	}
	p := namespacePlace{clusterOf(n), namespace}
	x.here[p] = append(x.here[p], w)
	if x.byLabel[p] == nil {
		x.byLabel[p] = map[string][]*workload{}
	}
	for key, value := range w.labels.texts {
		x.byLabel[p][key+"="+value] = append(x.byLabel[p][key+"="+value], w)
	}
}

// nameKey is an object's identity; the name that Pulumi makes up is known when the provider has checked the object.
func nameKey(p namespacePlace, kind, name string) string {
	return p.cluster + "|" + p.namespace + "|" + kind + "|" + name
}

func (x *clusterIndex) addName(n *policy.Node) {
	namespace, at := namespaceOf(n)
	if name := n.Get("metadata.name"); name.Known() && !at.Unknown() {
		key := nameKey(namespacePlace{clusterOf(n), namespace}, kind(n), name.Text())
		x.byName[key] = append(x.byName[key], n)
	}
}

// aim records which workloads an object's selector fits.
func (x *clusterIndex) aim(a aims, n *policy.Node, selector policy.Value) {
	found, sure := x.selected(n, selector, selects)
	for _, w := range found {
		a.at[w.Node] = append(a.at[w.Node], n)
	}
	if !sure {
		a.perhaps[clusterOf(n)] = append(a.perhaps[clusterOf(n)], n)
	}
}

func (x *clusterIndex) addScaler(n *policy.Node) {
	target, sure := x.scaled(n)
	if target != nil {
		x.scalers.at[target] = append(x.scalers.at[target], n)
	}
	if !sure {
		x.scalers.perhaps[clusterOf(n)] = append(x.scalers.perhaps[clusterOf(n)], n)
	}
}

// scaled is the workload that an autoscaler is about; sure is false while that is not known yet.
func (x *clusterIndex) scaled(n *policy.Node) (target *policy.Node, sure bool) {
	name, kindOf := n.Get("spec.scaleTargetRef.name"), n.Get("spec.scaleTargetRef.kind")
	namespace, at := namespaceOf(n)
	if name.Unknown() || kindOf.Unknown() {
		if found := name.Ref(replicated...).Node(); found != nil {
			return found, true
		}
		return nil, false
	}
	if at.Unknown() {
		return nil, false
	}
	found := x.byName[nameKey(namespacePlace{clusterOf(n), namespace}, kindOf.Text(), name.Text())]
	if len(found) == 0 {
		return nil, true
	}
	return found[0], true
}

// selected are the workloads of the object's namespace whose pods a selector fits; sure is false while a value that
// decides is not known yet.
func (x *clusterIndex) selected(n *policy.Node, selector policy.Value, fits func(policy.Value, labels) answer) (found []*workload, sure bool) {
	namespace, at := namespaceOf(n)
	if at.Unknown() || len(selector.Unknowns()) > 0 {
		return nil, false
	}
	sure = true
	p := namespacePlace{clusterOf(n), namespace}
	for _, w := range x.candidates(p, selector) {
		if fits(selector, w.labels) == yes {
			found = append(found, w)
		}
	}
	for _, w := range x.vague[p.cluster] {
		own, where := namespaceOf(w.Node)
		if !where.Unknown() && own != namespace {
			continue
		}
		switch fits(selector, w.labels) {
		case yes:
			if where.Unknown() {
				sure = false
				continue
			}
			found = append(found, w)
		case maybe:
			sure = false
		}
	}
	return found, sure
}

// candidates are the workloads that have the selector's rarest label, or all where it names none.
func (x *clusterIndex) candidates(p namespacePlace, selector policy.Value) []*workload {
	best := x.here[p]
	wanted := selector.Get("matchLabels")
	if wanted.Absent() && selector.Get("matchExpressions").Absent() {
		wanted = selector // A Service lists the labels themselves.
	}
	for _, key := range wanted.Keys() {
		if having := x.byLabel[p][key+"="+wanted.Key(key).Text()]; len(having) < len(best) {
			best = having
		}
	}
	return best
}
