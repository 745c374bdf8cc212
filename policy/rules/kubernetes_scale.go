package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// scaleRules are about how many pods there are, where, and how many of them may be taken away.
func scaleRules() []*policy.Rule {
	return []*policy.Rule{enoughReplicas(), disruptionBudget(), drainSafe(), spreadOverZones(), scalerOwnsReplicas(), scalerSane()}
}

const (
	budgetGuide = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
	scalerGuide = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"
)

// scalable are the types that an autoscaler scales and a budget is written for.
var scalable = slices.Concat(deployments, statefulSets)

// smallest is the number of pods that a workload has at the least, and the values that say so. Without a number Kubernetes
// runs one. Where an autoscaler decides, its minimum counts, and a number that the program sets besides counts where it is
// smaller: each deployment goes back to it.
type smallest struct {
	pods    float64
	from    []policy.Value
	unknown []policy.Value
}

func smallestOf(x *clusterIndex, n *policy.Node) smallest {
	given := n.Get("spec.replicas")
	values := []policy.Value{}
	if !given.Absent() {
		values = append(values, given)
	}
	for _, scaler := range x.scalers.at[n] {
		values = append(values, scaler.Get("spec.minReplicas"))
	}
	s := smallest{pods: math.Inf(1), from: values}
	for _, v := range values {
		count := 1.0
		switch {
		case v.Unknown():
			s.unknown = append(s.unknown, v)
			continue
		case v.IsNumber():
			count = v.Number()
		}
		s.pods = min(s.pods, count)
	}
	if len(values) == 0 {
		s.pods = 1
	}
	return s
}

// seen is the chain of evidence for the number.
func (s smallest) seen() []policy.Detail {
	var details []policy.Detail
	for _, v := range s.from {
		details = append(details, policy.Saw(v.Node(), v.Path(), v.Show()))
	}
	return details
}

// settled says that the number of pods is known, and reports it as unclear otherwise.
func settled(c *policy.Case, x *clusterIndex, n *policy.Node, s smallest) bool {
	if len(s.unknown) > 0 {
		c.Unclear(s.unknown...)
		return false
	}
	if x.scalers.unsure(n) && len(x.scalers.at[n]) == 0 && s.pods < 2 {
		c.UnclearBecause("spec.replicas", "an autoscaler may scale "+n.String()+": its target is not known yet")
		return false
	}
	return true
}

func enoughReplicas() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-replicas", Title: "There are at least two pods of everything that serves", Severity: policy.High, ProdOnly: true, Types: scalable,
		Anchors: "score:deployment-replicas polaris:deploymentMissingReplicas cp:configureMinimumReplicaCount",
		Why:     "with one pod every restart, rollout and drained node is an outage",
		Fix:     "set spec.replicas to at least 2, or minReplicas of the autoscaler",
		Sources: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#replicas"},
		Settings: []policy.Setting{
			{Name: "minimum", Kind: policy.KindNumber, Default: 2, Bounded: true, Minimum: 1, Maximum: 1000, Help: "the fewest pods of a workload"},
		},
		Check: func(c *policy.Case) {
			minimum, _ := c.Number("minimum")
			x := clusters(c.Graph())
			s := smallestOf(x, c.Node)
			if !settled(c, x, c.Node, s) || s.pods >= minimum {
				return
			}
			if s.pods == 0 {
				c.Skip("it is switched off: 0 replicas")
				return
			}
			c.Broken("spec.replicas", fmt.Sprintf("%v at the least", s.pods), fmt.Sprintf("at least %v", minimum), s.seen()...)
		},
		Proof: policy.Proof{
			Good:  deploymentOf(`{containers: [{name: web}]}`),
			Bad:   []string{"web.spec.replicas=1", "web.spec.replicas!", scalerAdded + "minReplicas: 1, maxReplicas: 9}}}"},
			Guard: "web.spec.replicas", Absent: policy.Violation, Exempt: "web.spec.replicas=0",
			Also: []string{"k8s-hpa-owns-replicas", "k8s-hpa-sane"},
		},
	}
}

// scalerAdded is an edit that adds an autoscaler of web.
const scalerAdded = `+scaler={type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", properties: {metadata: {namespace: shop}, ` +
	`spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Pods}], `

// zoneKeys are the labels of nodes that say the zone.
// https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone
var zoneKeys = []string{"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}

func spreadOverZones() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-spread-over-zones", Title: "Pods are spread over Availability Zones", Severity: policy.Medium, ProdOnly: true, Types: scalable,
		Anchors: "score:pod-topology-spread-constraints,deployment-has-host-podantiaffinity polaris:topologySpreadConstraint",
		Why:     "the scheduler may put all pods into one zone, and they are lost with it",
		Fix:     "add topologySpreadConstraints with maxSkew 1, topologyKey topology.kubernetes.io/zone and the pods' own labels as labelSelector",
		Sources: []string{"https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/"},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			s := smallestOf(x, c.Node)
			if !settled(c, x, c.Node, s) {
				return
			}
			if s.pods < 2 {
				c.Skip("one pod cannot be spread")
				return
			}
			spec, own := podSpec(c.Node), labelsOf(podTemplate(c.Node).Get("metadata.labels"))
			terms := spec.Get("topologySpreadConstraints").Items()
			for _, path := range []string{"requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"} {
				for _, term := range spec.Get("affinity.podAntiAffinity." + path).Items() {
					if inside := term.Get("podAffinityTerm"); !inside.Absent() {
						term = inside
					}
					terms = append(terms, term)
				}
			}
			switch spreads(terms, own) {
			case maybe:
				c.UnclearBecause(spec.Path()+".topologySpreadConstraints", "the constraints or the labels are not known yet")
			case no:
				c.Fail(spec.Get("topologySpreadConstraints"), "a constraint over "+zoneKeys[0]+" that selects these pods")
			}
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web}], topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, ` +
				`labelSelector: {matchLabels: {app: web}}}]}`),
			Bad: []string{
				specPath + "topologySpreadConstraints!", specPath + "topologySpreadConstraints[0].topologyKey=kubernetes.io/hostname",
				specPath + "topologySpreadConstraints[0].labelSelector.matchLabels.app=shop", specPath + "topologySpreadConstraints[0].labelSelector!",
				specPath + "topologySpreadConstraints! ; " + specPath + "affinity={podAntiAffinity: " +
					"{preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}}]}}",
			},
			Guard: specPath + "topologySpreadConstraints", Absent: policy.Violation, Exempt: "web.spec.replicas=1",
		},
	}
}

// spreads says whether one of the terms keeps pods with these labels in different zones.
func spreads(terms []policy.Value, own labels) answer {
	result := no
	for _, term := range terms {
		key := term.Get("topologyKey")
		if term.Unknown() || key.Unknown() {
			result = max(result, maybe)
			continue
		}
		if key.In(zoneKeys...) {
			result = max(result, selects(term.Get("labelSelector"), own))
		}
	}
	return result
}

func scalerOwnsReplicas() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-hpa-owns-replicas", Title: "Where an autoscaler scales, nothing else sets the number of pods", Severity: policy.Medium, Types: scalable,
		Anchors: "score:deployment-targeted-by-hpa-does-not-have-replicas-configured",
		Why:     "each deployment sets the number back: at a peak it takes most of the pods away at once",
		Fix:     "remove spec.replicas, or ignore changes of it",
		Sources: []string{scalerGuide, "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#replicas"},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			given := programSaid(c.Node).Get("spec.replicas")
			ignored := slices.ContainsFunc(c.IgnoreChanges, func(path string) bool { return path == "spec" || path == "spec.replicas" })
			if given.Absent() || ignored {
				return
			}
			if given.Unknown() {
				c.Unclear(given)
				return
			}
			if scalers := x.scalers.at[c.Node]; len(scalers) > 0 {
				c.Fail(given, "no number beside "+nodeNames(scalers), policy.Saw(scalers[0], "spec.scaleTargetRef", "scales "+c.String()))
				return
			}
			if x.scalers.unsure(c.Node) {
				c.UnclearBecause("spec.replicas", "an autoscaler's target is not known yet")
			}
		},
		Proof: policy.Proof{
			Good:  budgetOf("maxUnavailable: 1"),
			Bad:   []string{"web.spec.replicas=3"},
			Guard: "web.spec.replicas", Absent: policy.Pass,
		},
	}
}

// programSaid is what the program itself said of an object: what the cluster fills in is beside it in the properties.
func programSaid(n *policy.Node) policy.Value {
	if inputs := n.Props().Key("__inputs"); inputs.IsObject() {
		return inputs
	}
	return n.Props()
}

func scalerSane() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-hpa-sane", Title: "An autoscaler scales something, between two bounds, by something it can measure", Severity: policy.Medium, Types: scalerTypes,
		Anchors: "score:horizontalpodautoscaler-has-target,horizontalpodautoscaler-replicas polaris:hpaMinAvailability,hpaMaxAvailability",
		Why:     "an autoscaler without a target, without room or without a measure is silent, and the peak meets as many pods as the night before",
		Fix:     "set minReplicas to at least 2, maxReplicas above it, and name a workload whose containers have requests",
		Sources: []string{scalerGuide},
		Check: func(c *policy.Case) {
			least, most := c.Get("spec.minReplicas"), c.Get("spec.maxReplicas")
			if c.Require(least, "at least 2", func(v policy.Value) bool { return v.IsNumber() && v.Number() >= 2 }) {
				c.Require(most, "more than minReplicas, "+least.Show(), func(v policy.Value) bool { return v.IsNumber() && v.Number() > least.Number() })
			}
			checkTarget(c)
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, resources: {requests: {cpu: 250m}}}]}`) + `  scaler:
    type: kubernetes:autoscaling/v2:HorizontalPodAutoscaler
    properties:
      metadata: {namespace: shop}
      spec:
        scaleTargetRef: {kind: Deployment, name: web}
        minReplicas: 3
        maxReplicas: 9
        metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
`,
			Bad: []string{
				"scaler.spec.minReplicas=1", "scaler.spec.maxReplicas=3", "scaler.spec.minReplicas!", "scaler.spec.scaleTargetRef.name=shop",
				"scaler.metadata.namespace=other", specPath + "containers[0].resources.requests!", "scaler.spec.maxReplicas!",
			},
			Guard: "scaler.spec.minReplicas", Absent: policy.Violation, Also: []string{"k8s-requests-and-limits", "k8s-replicas"},
		},
	}
}

// checkTarget wants an autoscaler's target to be there, with requests where the measure is a share of them.
func checkTarget(c *policy.Case) {
	x := clusters(c.Graph())
	ref := c.Get("spec.scaleTargetRef")
	target, sure := x.scaled(c.Node)
	known := slices.ContainsFunc(replicated, func(t string) bool { return strings.HasSuffix(t, ":"+ref.Get("kind").Text()) })
	switch {
	case !sure, target == nil && x.opaque:
		c.UnclearBecause("spec.scaleTargetRef", "the target is not known yet, or a chart makes it")
		return
	case target == nil && known:
		c.Fail(ref, "a workload of this stack in the autoscaler's namespace")
		return
	case target == nil:
		return // A resource of the cluster's own kinds has pods that nobody here can see.
	}
	for _, metric := range c.Get("spec.metrics").Items() {
		if !metric.Get("resource.target.type").Is("Utilization") {
			continue
		}
		name := metric.Get("resource.name").Text()
		for _, container := range podSpec(target).Get("containers").List() {
			if request := container.Get("resources.requests." + name); request.Absent() {
				c.Broken(metric.Path(), "a share of the request for "+name+", which "+called(container)+" does not have", "a request for "+name,
					policy.Saw(target, request.Path(), "not set"), policy.Fix("set resources.requests.%s of %s in %s", name, called(container), target.String()))
			}
		}
	}
}
