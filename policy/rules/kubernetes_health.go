package rules

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// podHealthRules are about what a pod says of its needs and its health.
func podHealthRules() []*policy.Rule {
	return []*policy.Rule{quantities(), requestsAndLimits(), probes(), cronJobBounded(), processorApart()}
}

// quantityForm is the grammar of a quantity.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
var quantityForm = regexp.MustCompile(`^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([EPTGMK]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$`)

// quantity reads a quantity; false when it is none.
func quantity(text string) (float64, bool) {
	parts := quantityForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(parts[1], 64)
	if err != nil {
		return 0, false
	}
	suffix := parts[2]
	switch {
	case suffix == "":
		return number, true
	case len(suffix) == 2 && suffix[1] == 'i':
		return number * math.Pow(1024, float64(1+strings.IndexByte("KMGTPE", suffix[0]))), true
	case len(suffix) == 1:
		powers := map[string]int{"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
		return number * math.Pow10(powers[suffix]), true
	}
	exponent, err := strconv.Atoi(strings.TrimPrefix(suffix[1:], "+"))
	return number * math.Pow10(exponent), err == nil
}

var looseQuantity = regexp.MustCompile(`^([0-9.]+)\s*([kmgt])(i?)b?$`)

// meantQuantity is the quantity that a misspelt one stands for, as far as one can tell: 512mb is 512Mi.
func meantQuantity(text string) string {
	parts := looseQuantity.FindStringSubmatch(strings.ToLower(text))
	if parts == nil {
		return "a number with Ki, Mi or Gi, such as 512Mi"
	}
	return parts[1] + strings.ToUpper(parts[2]) + "i"
}

func quantities() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-quantities", Title: "Amounts of memory and CPU are quantities", Severity: policy.High, Types: podTypes,
		Anchors: "score:container-resources",
		Why:     "Kubernetes refuses the object when the amount is no quantity, and takes 512m of memory for half a byte, with which no container starts",
		Fix:     "write memory as 512Mi and CPU as 250m",
		Sources: []string{
			"https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/",
			"https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory",
		},
		Check: func(c *policy.Case) {
			eachContainer(c, func(container policy.Value) {
				for _, part := range []string{"requests", "limits"} {
					amounts := container.Get("resources." + part)
					if amounts.Unknown() {
						c.Unclear(amounts)
					}
					for _, name := range amounts.Keys() {
						checkQuantity(c, container, name, amounts.Key(name))
					}
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 512Mi}}}]}`),
			Bad: []string{
				specPath + "containers[0].resources.requests.memory=512mb", specPath + "containers[0].resources.limits.memory=2048mb",
				specPath + "containers[0].resources.requests.memory=512m", specPath + "containers[0].resources.requests.cpu=-1",
				specPath + "containers[0].resources.requests.cpu=half",
			},
			Guard: specPath + "containers[0].resources.requests.memory", Absent: policy.Pass,
		},
	}
}

func checkQuantity(c *policy.Case, container policy.Value, name string, v policy.Value) {
	if v.Unknown() {
		c.Unclear(v)
		return
	}
	amount, ok := quantity(v.Text())
	meant := "a positive number, or one in thousandths such as 250m"
	if name != "cpu" {
		meant = meantQuantity(v.Text())
	}
	if v.Secret() {
		meant = "a quantity"
	}
	switch {
	case !ok:
		c.Fail(v, "a quantity", policy.Fix("in %s write %s of %s as %s", called(container), v.Path(), name, meant))
	case amount <= 0:
		c.Fail(v, "more than 0")
	case name == "memory" && amount < 1<<20:
		c.Fail(v, "at least 1Mi: m means thousandths of a byte, and a bare number bytes", policy.Fix("write %s as %s", v.Path(), meant))
	}
}

func requestsAndLimits() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-requests-and-limits", Title: "Containers say what they need and how much they may take", Severity: policy.Medium, Types: podTypes,
		Anchors: "score:container-resources polaris:cpuRequestsMissing,cpuLimitsMissing,memoryRequestsMissing,memoryLimitsMissing ksv:0011,0015,0016,0018 ckvk:10,11,12,13",
		Why:     "without requests the scheduler packs pods on a node that cannot hold them, and without limits one leaking container takes the memory of its neighbours",
		Fix:     "set resources.requests and resources.limits for cpu and memory; a memory limit equal to the request is the safe one",
		Sources: []string{"https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"},
		Settings: []policy.Setting{
			{Name: "cpuLimit", Kind: policy.KindBool, Default: true, Help: "whether a limit for CPU is wanted too; without one a container may use what is idle"},
		},
		Check: func(c *policy.Case) {
			cpuLimit, _ := c.Setting("cpuLimit").(bool)
			eachContainer(c, func(container policy.Value) {
				for _, part := range []string{"requests", "limits"} {
					for _, name := range []string{"cpu", "memory"} {
						if part == "limits" && name == "cpu" && !cpuLimit {
							continue
						}
						amount := container.Get("resources." + part + "." + name)
						c.Require(amount, "an amount for "+called(container), func(v policy.Value) bool { return !v.Empty() })
					}
				}
				requestWithinLimit(c, container)
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {cpu: "1", memory: 512Mi}}}]}`),
			Bad: []string{
				specPath + "containers[0].resources.limits!", specPath + "containers[0].resources!", specPath + "containers[0].resources.requests.memory!",
				specPath + "containers[0].resources.requests.memory=1Gi", specPath + "containers[0].resources.limits.cpu!",
				specPath + "containers[0].resources.limits.memory!", specPath + "containers[0].resources.requests.cpu!",
			},
			Guard: specPath + "containers[0].resources.limits.memory", Absent: policy.Violation,
		},
	}
}

// requestWithinLimit wants every limit to be at least the request: Kubernetes refuses the pod otherwise.
func requestWithinLimit(c *policy.Case, container policy.Value) {
	for _, name := range []string{"cpu", "memory"} {
		request, limit := container.Get("resources.requests."+name), container.Get("resources.limits."+name)
		least, okRequest := quantity(request.Text())
		most, okLimit := quantity(limit.Text())
		if okRequest && okLimit && least > most {
			c.Fail(request, "at most the limit, "+limit.Show(), policy.Because("Kubernetes refuses a pod that asks for more than it may have"))
		}
	}
}

func probes() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-probes", Title: "Containers are probed for readiness and for life, in two ways", Severity: policy.Medium, Types: services,
		Anchors: "score:pod-probes,pod-probes-identical polaris:readinessProbeMissing,livenessProbeMissing ckvk:8,9",
		Why: "without a readiness probe a rollout sends users to pods that do not answer yet; without a liveness probe one that hangs is never restarted; " +
			"with the same probe for both, pods that are merely busy are restarted all at once",
		Fix: "add readinessProbe and livenessProbe to every container, with different paths or a higher failureThreshold for livenessProbe",
		Sources: []string{
			"https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
			"https://github.com/zegl/kube-score/blob/master/README_PROBES.md",
		},
		Check: func(c *policy.Case) {
			eachMainContainer(c, func(container policy.Value) {
				ready, alive := container.Get("readinessProbe"), container.Get("livenessProbe")
				for _, probe := range []policy.Value{ready, alive} {
					c.Require(probe, "a probe of "+called(container), func(v policy.Value) bool { return !v.Empty() })
				}
				if ready.IsObject() && alive.IsObject() && len(ready.Unknowns())+len(alive.Unknowns()) == 0 && sameProbe(ready, alive) {
					c.Broken(alive.Path(), "the same as readinessProbe", "another path, or a failureThreshold above that of readinessProbe")
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, readinessProbe: {httpGet: {path: /ready, port: 8080}}, livenessProbe: {httpGet: {path: /healthz, port: 8080}}}]}`),
			Bad: []string{
				specPath + "containers[0].readinessProbe!", specPath + "containers[0].livenessProbe!",
				specPath + "containers[0].livenessProbe.httpGet.path=/ready",
			},
			Guard: specPath + "containers[0].readinessProbe", Absent: policy.Violation,
		},
	}
}

// sameProbe says that two probes ask the same and give up equally soon.
func sameProbe(ready, alive policy.Value) bool {
	for _, handler := range []string{"httpGet", "tcpSocket", "exec", "grpc"} {
		if ready.Get(handler).Show() != alive.Get(handler).Show() {
			return false
		}
	}
	return patience(alive) <= patience(ready)
}

// patience is how long a probe must fail, in seconds.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#configure-probes
func patience(probe policy.Value) float64 {
	read := func(name string, standard float64) float64 {
		if v := probe.Get(name); v.IsNumber() {
			return v.Number()
		}
		return standard
	}
	return read("failureThreshold", 3) * read("periodSeconds", 10)
}

func cronJobBounded() *policy.Rule {
	const job = "nightly.spec.jobTemplate.spec."
	return &policy.Rule{
		ID: "k8s-cron-job-bounded", Title: "Runs of a CronJob do not overlap, end, and are tried a bounded number of times", Severity: policy.Medium, Types: cronJobs,
		Anchors: "score:cronjob-has-deadline",
		Why:     "a run that hangs on one item blocks or doubles the next ones, and work piles up until somebody notices",
		Fix:     "set concurrencyPolicy to Forbid or Replace, startingDeadlineSeconds, and activeDeadlineSeconds and backoffLimit of the job",
		Sources: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/", "https://kubernetes.io/docs/concepts/workloads/controllers/job/"},
		Check: func(c *policy.Case) {
			positive := func(v policy.Value) bool { return v.IsNumber() && v.Number() > 0 }
			c.Require(c.Get("spec.concurrencyPolicy"), "Forbid or Replace", func(v policy.Value) bool { return v.In("Forbid", "Replace") })
			c.Require(c.Get("spec.startingDeadlineSeconds"), "a number of seconds", positive)
			c.Require(c.Get("spec.jobTemplate.spec.activeDeadlineSeconds"), "a number of seconds", positive)
			c.Require(c.Get("spec.jobTemplate.spec.backoffLimit"), "a number from 0 to 6, written out", func(v policy.Value) bool {
				return v.IsNumber() && v.Number() >= 0 && v.Number() <= 6 // 6 is what Kubernetes takes when nothing is said.
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  nightly:
    type: kubernetes:batch/v1:CronJob
    properties:
      metadata: {name: orders, namespace: shop}
      spec:
        schedule: "0 * * * *"
        concurrencyPolicy: Forbid
        startingDeadlineSeconds: 300
        jobTemplate: {spec: {activeDeadlineSeconds: 3000, backoffLimit: 2, template: {spec: {containers: [{name: processor}]}}}}
`,
			Bad: []string{
				"nightly.spec.concurrencyPolicy=Allow", "nightly.spec.startingDeadlineSeconds!", job + "activeDeadlineSeconds!", job + "backoffLimit=100",
				job + "backoffLimit!", "nightly.spec.concurrencyPolicy!",
			},
			Guard: "nightly.spec.concurrencyPolicy", Absent: policy.Violation,
		},
	}
}

func processorApart() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-processor-apart", Title: "Background work is no side-car of a web pod", Severity: policy.Medium, Types: services,
		Why: "a side-car is scaled, restarted and moved together with the web server: six web replicas run six processors, which take the same work twice, " +
			"and a processor out of memory takes a web server with it",
		Fix:     "run it as a CronJob or a Deployment of its own, with its own number of replicas",
		Sources: []string{"https://kubernetes.io/docs/concepts/workloads/pods/#how-pods-manage-multiple-containers"},
		Settings: []policy.Setting{{
			Name: "words", Kind: policy.KindList, Default: []any{"processor", "worker", "consumer", "scheduler", "cron", "batch", "migrate", "migration", "importer"},
			Help: "the words in a container's name or image that say that it works in the background",
		}},
		Check: func(c *policy.Case) {
			words := c.Texts("words")
			var background, others []policy.Value
			eachMainContainer(c, func(container policy.Value) {
				name := container.Get("name")
				if name.Unknown() {
					c.Unclear(name)
				}
				if hasWord(name.Text()+" "+imageOf(container.Get("image").Text()).repository, words) {
					background = append(background, container)
					return
				}
				others = append(others, container)
			})
			for _, container := range background {
				if len(others) > 0 {
					c.Broken(container.Path(), called(container)+" shares the pods of "+called(others[0]), "pods of its own for "+called(container))
				}
			}
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, image: "shop/web:1"}, {name: proxy, image: "envoy:1"}]}`),
			Bad: []string{
				specPath + "containers[1].name=order-processor", specPath + "containers[1].name=order_processor", specPath + "containers[1].name=orderProcessor",
				specPath + "containers[1].image=shop/order-worker:1",
			},
			Guard: specPath + "containers[1].name", Absent: policy.Pass, Also: []string{"k8s-dns-labels"},
		},
	}
}

var (
	camelHump = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	wordBreak = regexp.MustCompile(`[^a-z0-9]+`)
)

// hasWord says that one of the words stands in a text, whatever divides its words.
func hasWord(text string, words []string) bool {
	parts := wordBreak.Split(strings.ToLower(camelHump.ReplaceAllString(text, "$1 $2")), -1)
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(parts, word) })
}
