package rules

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// budgetOf is an example with a budget and an autoscaler for web.
func budgetOf(budget string) string {
	return `
resources:
  web:
    type: kubernetes:apps/v1:Deployment
    properties:
      metadata: {name: web, namespace: shop}
      spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: web}]}}}
  scaler:
    type: kubernetes:autoscaling/v2:HorizontalPodAutoscaler
    properties:
      metadata: {name: web, namespace: shop}
      spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 3, maxReplicas: 12, metrics: [{type: Pods}]}
  budget:
    type: kubernetes:policy/v1:PodDisruptionBudget
    properties:
      metadata: {name: web, namespace: shop}
      spec: {selector: {matchLabels: {app: web}}, ` + budget + "}\n"
}

func disruptionBudget() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-disruption-budget", Title: "Every replicated workload has one disruption budget", Severity: policy.Medium, ProdOnly: true, Types: scalable,
		Anchors: "score:deployment-has-poddisruptionbudget,statefulset-has-poddisruptionbudget polaris:missingPodDisruptionBudget",
		Why:     "without a budget an upgrade of the nodes takes all pods away at once; with two for the same pods Kubernetes evicts none",
		Fix:     "add a PodDisruptionBudget with maxUnavailable 1 that selects the pods",
		Sources: []string{budgetGuide, "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/"},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			s := smallestOf(x, c.Node)
			budgets := x.budgets.at[c.Node]
			switch {
			case len(budgets) > 1:
				c.Broken("spec.template.metadata.labels", "selected by "+nodeNames(budgets), "one disruption budget", policy.Fix("narrow the selectors to one budget for each workload"))
			case len(budgets) == 1 || !settled(c, x, c.Node, s):
				return
			case s.pods < 2:
				c.Skip("one pod has nothing to keep")
			case x.budgets.unsure(c.Node), x.opaque:
				c.UnclearBecause("spec.template.metadata.labels", "a budget may select the pods: its selector or namespace is not known yet, or a chart makes it")
			default:
				c.Broken("spec.template.metadata.labels", "selected by no disruption budget", "one disruption budget", s.seen()...)
			}
		},
		Proof: policy.Proof{
			Good: budgetOf("maxUnavailable: 1"),
			Bad: []string{
				"budget!", "budget.spec.selector.matchLabels.app=shop", "budget.metadata.namespace=other", "budget.spec.selector!",
				`+second={type: "kubernetes:policy/v1:PodDisruptionBudget", properties: {metadata: {namespace: shop}, ` +
					`spec: {maxUnavailable: 1, selector: {matchExpressions: [{key: tier, operator: In, values: [front]}]}}}}`,
			},
			Guard: "budget.spec.selector", Absent: policy.Violation, Exempt: "budget! ; scaler.spec.minReplicas=1", Also: []string{"k8s-drain-safe"},
		},
	}
}

func nodeNames(nodes []*policy.Node) string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.String())
	}
	slices.Sort(names)
	return strings.Join(names, " and ")
}

// scaledAmount is a number or a share of a total, rounded up as Kubernetes rounds both kinds of budget; false when it is
// neither.
// https://kubernetes.io/docs/tasks/run-application/configure-pdb/#rounding-logic-when-specifying-percentages
func scaledAmount(v policy.Value, total float64) (float64, bool) {
	share, percent := strings.CutSuffix(v.Text(), "%")
	if !percent {
		return v.Number(), v.IsNumber()
	}
	number, err := strconv.Atoi(share)
	return math.Ceil(float64(number) * total / 100), err == nil
}

func drainSafe() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-drain-safe", Title: "A disruption budget lets at least one pod go", Severity: policy.High, Types: budgetTypes,
		Anchors: "polaris:pdbDisruptionsIsZero,pdbMinAvailableGreaterThanHPAMinReplicas",
		Why:     "when the autoscaler is at its minimum no pod may be evicted: a node cannot be drained, and the upgrade of the cluster stops or kills the pods after its time-out",
		Fix:     "use maxUnavailable 1 instead of minAvailable, or raise minReplicas of the autoscaler above minAvailable",
		Sources: []string{budgetGuide, "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			selector := c.Get("spec.selector")
			found, sure := x.selected(c.Node, selector, selects)
			if !sure || len(found) == 0 && x.opaque {
				c.UnclearBecause("spec.selector", "which pods it selects is not known yet, or a chart makes them")
				return
			}
			if len(found) == 0 {
				c.Fail(selector, "a selector that fits pods of this stack in the budget's namespace", policy.Because("a budget that selects nothing protects nothing"))
				return
			}
			checkDrain(c, x, found)
		},
		Proof: policy.Proof{
			Good: budgetOf("minAvailable: 2"),
			Bad: []string{
				"budget.spec.minAvailable=3", "budget.spec.minAvailable=4", "budget.spec.minAvailable='67%'", "budget.spec.minAvailable='100%'",
				"budget.spec.minAvailable! ; budget.spec.maxUnavailable=0", "budget.spec.minAvailable! ; budget.spec.maxUnavailable='0%'",
				"scaler.spec.minReplicas=2", "web.spec.replicas=2", "budget.spec.selector.matchLabels.app=shop", "budget.spec.minAvailable!",
				"budget.spec.maxUnavailable=1", "scaler! ; web.spec.replicas=2", "scaler.spec.minReplicas!", "budget.spec.minAvailable=many",
			},
			Guard: "scaler.spec.minReplicas", Absent: policy.Violation, Exempt: "scaler! ; web.spec.replicas=0",
			Also: []string{"k8s-hpa-owns-replicas", "k8s-disruption-budget", "k8s-replicas", "k8s-hpa-sane"},
		},
	}
}

// checkDrain judges a budget over the workloads that it selects.
func checkDrain(c *policy.Case, x *clusterIndex, selected []*workload) {
	total, kept := 0.0, 0
	var evidence []policy.Detail
	for _, w := range selected {
		if !slices.Contains(replicated, w.Type) {
			continue
		}
		s := smallestOf(x, w.Node)
		if !settled(c, x, w.Node, s) {
			return
		}
		kept++
		total += s.pods
		evidence = append(append(evidence, policy.Saw(w.Node, "spec.replicas", fmt.Sprintf("%v pods at the least", s.pods))), s.seen()...)
	}
	if kept == 0 || total == 0 {
		c.Skip("it selects no pods that are kept running in a number")
		return
	}
	least, most := c.Get("spec.minAvailable"), c.Get("spec.maxUnavailable")
	switch {
	case least.Unknown() || most.Unknown():
		c.Unclear(least, most)
	case least.Absent() == most.Absent():
		c.Broken("spec", "minAvailable "+least.Show()+", maxUnavailable "+most.Show(), "exactly one of the two")
	case most.Absent():
		needed, ok := scaledAmount(least, total)
		checkAllowed(c, least, ok, total-needed, total, evidence)
	default:
		allowed, ok := scaledAmount(most, total)
		checkAllowed(c, most, ok, allowed, total, evidence)
	}
}

func checkAllowed(c *policy.Case, v policy.Value, readable bool, allowed, total float64, evidence []policy.Detail) {
	if !readable {
		c.Fail(v, "a number or a percentage")
		return
	}
	if allowed < 1 {
		c.Broken(v.Path(), fmt.Sprintf("%s of %v pods lets %v go", v.Show(), total, max(0, allowed)), "at least 1 that may go", evidence...)
	}
}
