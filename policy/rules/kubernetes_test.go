package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// violationsOf are the violations of a stack in YAML, as "rule: message".
func violationsOf(t *testing.T, text string) []string {
	t.Helper()
	fixture, err := policytest.Parse(text)
	require.NoError(t, err)
	resources, err := fixture.Resources()
	require.NoError(t, err)
	config, err := policy.NewConfig(fixture.Entries, rules.All())
	require.NoError(t, err)
	report := policy.Evaluate(policy.NewGraph(fixture.Stack, resources), policy.Evaluation{Rules: rules.All(), Config: config, Today: policytest.Day})
	var found []string
	for _, f := range report.Findings {
		require.NotEqual(t, policy.Failed, f.Outcome, "%s: %s", f.Rule, f.Actual)
		if f.Outcome == policy.Violation {
			found = append(found, f.Rule+": "+f.Message()+" ["+f.Fix+"]")
		}
	}
	return found
}

// release2 is the deployment file of the storefront's second release, as its document has it.
const release2 = `
resources:
  shop:
    type: kubernetes:apps/v1:Deployment
    properties:
      ApiVersion: apps/v1
      kind: Deployment
      metadata: {name: shop, namespace: shop}
      spec:
        Replicas: 6
        replicas: 6
        selector: {matchLabels: {app: shop}}
        template:
          metadata: {labels: {app: shop}}
          spec:
            containers:
              - name: mainApp
                image: nginx:latest
                ports: [{containerPort: 80}]
                resources: {requests: {memory: 512mb, cpu: 250m}}
              - name: order_processor
                image: nginx:latest
                ports: [{containerPort: 80}]
                resources: {requests: {memory: 2048mb, cpu: 500m}}
`

func TestEveryFaultOfTheStorefrontsReleaseIsNamed(t *testing.T) {
	t.Parallel()
	found := strings.Join(violationsOf(t, release2), "\n")
	for _, fault := range []string{
		"k8s-field-names: Deployment shop ApiVersion: a field ApiVersion; required: apiVersion [write apiVersion instead of ApiVersion]",
		"k8s-field-names: Deployment shop spec.Replicas: a field Replicas; required: replicas",
		`k8s-dns-labels: Deployment shop spec.template.spec.containers[0].name: "mainApp"; required: a DNS label [write main-app]`,
		`k8s-dns-labels: Deployment shop spec.template.spec.containers[1].name: "order_processor"; required: a DNS label [write order-processor]`,
		`"512mb"; required: a quantity [in container "mainApp" write spec.template.spec.containers[0].resources.requests.memory of memory as 512Mi]`,
		`"2048mb"; required: a quantity`, "as 2048Mi]",
		`k8s-image-tag: Deployment shop spec.template.spec.containers[0].image: "nginx:latest"`,
		`k8s-image-tag: Deployment shop spec.template.spec.containers[1].image: "nginx:latest"`,
		"k8s-requests-and-limits: Deployment shop spec.template.spec.containers[0].resources.limits.memory: not set",
		"k8s-requests-and-limits: Deployment shop spec.template.spec.containers[1].resources.limits.cpu: not set",
		"k8s-probes: Deployment shop spec.template.spec.containers[0].readinessProbe: not set",
		"k8s-probes: Deployment shop spec.template.spec.containers[0].livenessProbe: not set",
		`k8s-processor-apart: Deployment shop spec.template.spec.containers[1]: container "order_processor" shares the pods of container "mainApp"`,
		`k8s-ports-unique: Deployment shop spec.template.spec.containers[1].ports[0].containerPort: 80; required: a port that container "mainApp" does not have`,
		"k8s-spread-over-zones: Deployment shop spec.template.spec.topologySpreadConstraints: not set",
		"k8s-disruption-budget: Deployment shop spec.template.metadata.labels: selected by no disruption budget",
	} {
		require.Contains(t, found, fault)
	}
}

func TestABudgetLeavesWhatKubernetesWouldCompute(t *testing.T) {
	t.Parallel()
	// 7 pods: 50 % are 4 by rounding up, so 3 may go; 30 % unavailable are 3.
	for _, row := range []struct {
		replicas, minimum int
		budget            string
		safe              bool
	}{
		{replicas: 7, budget: "minAvailable: 50%", safe: true},
		{replicas: 7, budget: "minAvailable: 86%", safe: false}, // 6.02 are 7.
		{replicas: 7, budget: "minAvailable: 85%", safe: true},  // 5.95 are 6.
		{replicas: 1, budget: "minAvailable: 1%", safe: false},  // 0.01 is 1, of 1.
		{replicas: 3, budget: "maxUnavailable: 1%", safe: true}, // 0.03 is 1.
		{replicas: 3, budget: "maxUnavailable: 0%", safe: false},
		{replicas: 3, budget: "minAvailable: 3", safe: false},
		{replicas: 4, budget: "minAvailable: 3", safe: true},
		{replicas: 9, minimum: 3, budget: "minAvailable: 3", safe: false}, // The autoscaler's minimum decides.
		{replicas: 3, minimum: 9, budget: "minAvailable: 3", safe: false}, // A deployment sets 3 again.
		{replicas: 9, minimum: 4, budget: "minAvailable: 3", safe: true},
	} {
		text := fmt.Sprintf(`
resources:
  web: {type: "kubernetes:apps/v1:StatefulSet", properties: {metadata: {name: web, namespace: shop}, spec: {replicas: %d, template: {metadata: {labels: {app: web}}}}}}
  budget: {type: "kubernetes:policy/v1:PodDisruptionBudget", properties: {metadata: {namespace: shop}, spec: {%s, selector: {matchExpressions: [{key: app, operator: Exists}]}}}}
`, row.replicas, row.budget)
		if row.minimum > 0 {
			text += fmt.Sprintf(`
  scaler: {type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", properties: {metadata: {namespace: shop}, spec: {minReplicas: %d, maxReplicas: 20, scaleTargetRef: {kind: StatefulSet, name: web}}}}
`, row.minimum)
		}
		require.Equal(t, row.safe, !strings.Contains(strings.Join(violationsOf(t, text), "\n"), "k8s-drain-safe"), "%+v", row)
	}
}

func TestLabelsAreOneNamespaceOfOneCluster(t *testing.T) {
	t.Parallel()
	const stack = `
resources:
  one: {type: "pulumi:providers:kubernetes", properties: {namespace: shop}}
  two: {type: "pulumi:providers:kubernetes", properties: {namespace: shop}}
  web: {type: "kubernetes:apps/v1:DaemonSet", provider: one, properties: {metadata: {name: web}, spec: {template: {metadata: {labels: {app: web}}}}}}
  service: {type: "kubernetes:core/v1:Service", provider: %s, properties: {metadata: {name: web, namespace: %s}, spec: {selector: {app: web}}}}
`
	reaches := func(provider, namespace string) bool {
		return !strings.Contains(strings.Join(violationsOf(t, fmt.Sprintf(stack, provider, namespace)), "\n"), "k8s-service-target")
	}
	require.True(t, reaches("one", "shop"), "the provider's namespace is the workload's")
	require.False(t, reaches("one", "other"))
	require.False(t, reaches("two", "shop"), "another cluster")
}

func TestAChartMayMakeWhatIsMissing(t *testing.T) {
	t.Parallel()
	const service = `
resources:
  service: {type: "kubernetes:core/v1:Service", properties: {metadata: {name: web, namespace: shop}, spec: {selector: {app: web}}}}
`
	require.Contains(t, strings.Join(violationsOf(t, service), "\n"), "k8s-service-target")
	chart := service + `  chart: {type: "kubernetes:helm.sh/v3:Release", properties: {chart: web, version: 1.2.3}}` + "\n"
	require.NotContains(t, strings.Join(violationsOf(t, chart), "\n"), "k8s-service-target")
}

func TestWhatTheClusterFillsInIsNotTheProgramsOwn(t *testing.T) {
	t.Parallel()
	const stack = `
resources:
  web:
    type: kubernetes:apps/v1:Deployment
    properties:
      __inputs: {spec: {template: {}}}
      metadata: {name: web, namespace: shop}
      spec: {replicas: 5, template: {metadata: {labels: {app: web}}}}
  scaler: {type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", properties: {metadata: {namespace: shop}, spec: {minReplicas: 3, maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: web}}}}
`
	require.NotContains(t, strings.Join(violationsOf(t, stack), "\n"), "k8s-hpa-owns-replicas")
	require.Contains(t, strings.Join(violationsOf(t, strings.Replace(stack, "__inputs: {spec: {", "__inputs: {spec: {replicas: 5, ", 1)), "\n"), "k8s-hpa-owns-replicas")
}
