package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// kubernetesRules are about Kubernetes objects: pods (kubernetes_pods.go), what they promise (kubernetes_health.go), how many
// of them there are (kubernetes_scale.go), who reaches them (kubernetes_network.go), who may do what (kubernetes_access.go)
// and how objects are written (kubernetes_form.go).
func kubernetesRules() []*policy.Rule {
	groups := [][]*policy.Rule{
		podIsolationRules(), podHostRules(), podImageRules(), podHealthRules(), scaleRules(), clusterNetworkRules(), clusterAccessRules(),
		clusterSecretRules(), manifestRules(),
	}
	var all []*policy.Rule
	for _, group := range groups {
		for _, r := range group {
			r.Proof.FixtureOnly = "the environments run no Kubernetes"
			all = append(all, r)
		}
	}
	return all
}

// The types whose pods are judged. The versions before apps/v1 and batch/v1 are gone from today's clusters and are judged
// like the others, because a program may still name them.
var (
	deployments  = []string{"kubernetes:apps/v1:Deployment", "kubernetes:apps/v1beta2:Deployment", "kubernetes:apps/v1beta1:Deployment", "kubernetes:extensions/v1beta1:Deployment"}
	statefulSets = []string{"kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1beta2:StatefulSet", "kubernetes:apps/v1beta1:StatefulSet"}
	daemonSets   = []string{"kubernetes:apps/v1:DaemonSet", "kubernetes:apps/v1beta2:DaemonSet", "kubernetes:extensions/v1beta1:DaemonSet"}
	replicaSets  = []string{
		"kubernetes:apps/v1:ReplicaSet", "kubernetes:apps/v1beta2:ReplicaSet", "kubernetes:extensions/v1beta1:ReplicaSet",
		"kubernetes:core/v1:ReplicationController",
	}
	jobs     = []string{"kubernetes:batch/v1:Job"}
	cronJobs = []string{"kubernetes:batch/v1:CronJob", "kubernetes:batch/v1beta1:CronJob", "kubernetes:batch/v2alpha1:CronJob"}
	barePods = []string{"kubernetes:core/v1:Pod"}

	// replicated are kept running in a number that is stated, services also where each node has one; podTypes are all.
	replicated = slices.Concat(deployments, statefulSets, replicaSets)
	services   = slices.Concat(replicated, daemonSets)
	podTypes   = slices.Concat(services, jobs, cronJobs, barePods)

	budgetTypes = []string{"kubernetes:policy/v1:PodDisruptionBudget", "kubernetes:policy/v1beta1:PodDisruptionBudget"}
	scalerTypes = []string{
		"kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "kubernetes:autoscaling/v1:HorizontalPodAutoscaler",
		"kubernetes:autoscaling/v2beta2:HorizontalPodAutoscaler", "kubernetes:autoscaling/v2beta1:HorizontalPodAutoscaler",
	}
	serviceTypes = []string{"kubernetes:core/v1:Service"}
	ingressTypes = []string{"kubernetes:networking.k8s.io/v1:Ingress", "kubernetes:networking.k8s.io/v1beta1:Ingress", "kubernetes:extensions/v1beta1:Ingress"}
	fenceTypes   = []string{"kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:extensions/v1beta1:NetworkPolicy"}

	// opaqueTypes hide the objects that they make: a chart that is installed as a release, and manifests from elsewhere.
	opaqueTypes = []string{"kubernetes:helm.sh/v3:Release"}
)

const (
	podStandards = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
	podReference = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/"
)

// kind is the last part of a type token: Deployment.
func kind(n *policy.Node) string { return lastPart(n.Type) }

// podTemplate is where the pods of a workload are described: an object with metadata and spec.
func podTemplate(n *policy.Node) policy.Value {
	switch kind(n) {
	case "Pod":
		return n.Props()
	case "CronJob":
		return n.Get("spec.jobTemplate.spec.template")
	}
	return n.Get("spec.template")
}

// podSpec is the description of the pods of a workload.
func podSpec(n *policy.Node) policy.Value { return podTemplate(n).Get("spec") }

// containerLists are where containers stand in a pod; those of the first are the pod's work.
var containerLists = []string{"containers", "initContainers", "ephemeralContainers"}

// eachContainer visits all containers of a workload, and says that it cannot tell what is in lists that are not known yet.
func eachContainer(c *policy.Case, visit func(container policy.Value)) {
	eachContainerIn(c, containerLists, visit)
}

// eachMainContainer visits the containers that are the pod's work.
func eachMainContainer(c *policy.Case, visit func(container policy.Value)) {
	eachContainerIn(c, containerLists[:1], visit)
}

func eachContainerIn(c *policy.Case, lists []string, visit func(container policy.Value)) {
	spec := podSpec(c.Node)
	if spec.Unknown() {
		c.Unclear(spec)
		return
	}
	for _, name := range lists {
		list := spec.Get(name)
		if list.Unknown() {
			c.Unclear(list)
			continue
		}
		for _, container := range list.List() {
			if container.Unknown() {
				c.Unclear(container)
				continue
			}
			visit(container)
		}
	}
}

// called is a container's name for a message.
func called(container policy.Value) string { return "container " + container.Get("name").Show() }

// windows says that the pods run on Windows, where the settings of Linux's kernel do not exist.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/#what-about-windows-pods
func windows(n *policy.Node) bool { return podSpec(n).Get("os.name").Is("windows") }

// ofContainers makes a check that wants a property of every container; linux says that it exists on Linux only.
func ofContainers(path, required string, holds func(policy.Value) bool, linux bool) check {
	return func(c *policy.Case) {
		if linux && windows(c.Node) {
			c.Skip("the pods run on Windows, which has no such setting")
			return
		}
		eachContainer(c, func(container policy.Value) { c.Require(container.Get(path), required, holds) })
	}
}

// ofPods makes a check that wants a property of the pod.
func ofPods(required string, holds func(policy.Value) bool, paths ...string) check {
	return func(c *policy.Case) {
		for _, path := range paths {
			c.Require(podSpec(c.Node).Get(path), required, holds)
		}
	}
}

// inherited is a container's setting of the security context, or the pod's where the container has none.
func inherited(n *policy.Node, container policy.Value, path string) policy.Value {
	own := container.Get("securityContext." + path)
	if !own.Absent() {
		return own
	}
	if pods := podSpec(n).Get("securityContext." + path); !pods.Absent() {
		return pods
	}
	return own
}

func notTrue(v policy.Value) bool  { return !v.True() }
func isFalsy(v policy.Value) bool  { return v.Is("false") }
func isAbsent(v policy.Value) bool { return v.Absent() }

// deploymentOf is an example with one deployment, web, whose pods have the specification.
func deploymentOf(spec string) string {
	return `
resources:
  web:
    type: kubernetes:apps/v1:Deployment
    properties:
      metadata: {name: web, namespace: shop}
      spec:
        replicas: 3
        template:
          metadata: {labels: {app: web}}
          spec: ` + spec + "\n"
}

// specPath is where the pods' specification stands in the example.
const specPath = "web.spec.template.spec."
