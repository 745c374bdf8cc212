package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// manifestRules are about how objects are written.
func manifestRules() []*policy.Rule {
	return []*policy.Rule{fieldNames(), dnsLabels(), portsUnique(), selectorMatches(), stableAPI(), ownNamespace()}
}

// freeForm are the fields whose keys are the author's own.
var freeForm = []string{
	"labels", "annotations", "matchLabels", "selector", "nodeSelector", "data", "stringData", "binaryData", "requests", "limits", "hard",
	"parameters", "options", "values", "volumeAttributes", "driverOptions", "capacity", "overhead", "config",
}

func fieldNames() *policy.Rule {
	types := slices.Concat(podTypes, serviceTypes, ingressTypes, budgetTypes, scalerTypes, fenceTypes, []string{"kubernetes:yaml:ConfigGroup", "kubernetes:yaml/v2:ConfigGroup"})
	return &policy.Rule{
		ID: "k8s-field-names", Title: "Fields are written as Kubernetes knows them", Severity: policy.High, Types: types,
		Why: "field names distinguish capital letters: Kubernetes refuses an unknown field or drops it with a warning, and the default takes its place",
		Fix: "begin the field with a small letter",
		Sources: []string{
			"https://kubernetes.io/docs/concepts/overview/working-with-objects/#required-fields",
			"https://kubernetes.io/docs/reference/using-api/api-concepts/#setting-the-field-validation-level",
		},
		Check: func(c *policy.Case) { capitals(c, c.Props()) },
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, resources: {limits: {Custom: 1}}}]}`) +
				"  text: {type: \"kubernetes:yaml/v2:ConfigGroup\", properties: {objs: [{apiVersion: v1, kind: ConfigMap, data: {Key: value}}]}}\n",
			Bad: []string{
				"web.spec.Replicas=6", "web.ApiVersion=apps/v1", specPath + "containers[0].Image=nginx", "text.objs[0]={ApiVersion: v1, kind: ConfigMap}",
			},
			Guard: "web.spec", Absent: policy.Pass,
		},
	}
}

// capitals complains about fields that begin with a capital letter, wherever they are.
func capitals(c *policy.Case, v policy.Value) {
	if v.Unknown() {
		c.Unclear(v)
		return
	}
	for _, item := range v.List() {
		capitals(c, item)
	}
	for _, key := range v.Keys() {
		field := v.Key(key)
		if key != "" && key[0] >= 'A' && key[0] <= 'Z' {
			right := strings.ToLower(key[:1]) + key[1:]
			c.Broken(field.Path(), "a field "+key, right, policy.Fix("write %s instead of %s", right, key))
			continue
		}
		if !slices.Contains(freeForm, key) && (field.IsObject() || field.IsList() || v.Path() == "" && field.Unknown()) {
			capitals(c, field)
		}
	}
}

var (
	dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	portName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$`)
	letter   = regexp.MustCompile(`[a-z]`)
)

// asLabel is a name as a DNS label may have it: orderProcessor becomes order-processor.
func asLabel(name string) string {
	spaced := camelHump.ReplaceAllString(name, "$1-$2")
	return strings.Trim(wordBreak.ReplaceAllString(strings.ToLower(spaced), "-"), "-")
}

func dnsLabels() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-dns-labels", Title: "Names of containers and ports are DNS labels", Severity: policy.High, Types: podTypes,
		Why:     "Kubernetes refuses the pod: names have small letters, digits and hyphens only",
		Fix:     "use small letters, digits and hyphens, at most 63 for a container and 15 for a port",
		Sources: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names", podReference},
		Check: func(c *policy.Case) {
			eachContainer(c, func(container policy.Value) {
				requireName(c, container.Get("name"), "a DNS label", dnsLabel.MatchString)
				for _, port := range container.Get("ports").Items() {
					if name := port.Get("name"); !name.Absent() {
						requireName(c, name, "at most 15 small letters, digits and hyphens, a letter among them", func(text string) bool {
							return portName.MatchString(text) && letter.MatchString(text) && !strings.Contains(text, "--")
						})
					}
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: main-app, ports: [{name: http, containerPort: 8080}]}]}`),
			Bad: []string{
				specPath + "containers[0].name=mainApp", specPath + "containers[0].name=order_processor", specPath + "containers[0].name!",
				specPath + "containers[0].ports[0].name=HTTP", specPath + "containers[0].ports[0].name=a-name-that-is-too-long", specPath + "containers[0].ports[0].name='80'",
			},
			Guard: specPath + "containers[0].name", Absent: policy.Violation,
		},
	}
}

func requireName(c *policy.Case, v policy.Value, required string, fits func(string) bool) {
	var detail []policy.Detail
	if meant := asLabel(v.Text()); !v.Secret() && meant != "" && fits(meant) {
		detail = append(detail, policy.Fix("write %s", meant))
	}
	c.Require(v, required, func(v policy.Value) bool { return fits(v.Text()) }, detail...)
}

func portsUnique() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-ports-unique", Title: "No two containers of a pod share a port", Severity: policy.High, Types: podTypes,
		Why:     "the containers of a pod share one address: the second to listen on the port fails and is restarted for ever",
		Fix:     "give each container a port of its own, or run the second in pods of its own",
		Sources: []string{"https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking"},
		Check: func(c *policy.Case) {
			taken := map[string]policy.Value{}
			eachMainContainer(c, func(container policy.Value) {
				for _, port := range container.Get("ports").Items() {
					number := port.Get("containerPort")
					if number.Unknown() {
						c.Unclear(number)
						continue
					}
					protocol := port.Get("protocol").Text()
					if protocol == "" {
						protocol = "TCP"
					}
					key := protocol + " " + number.Text()
					if other, found := taken[key]; found && number.Known() {
						c.Fail(number, "a port that "+called(other)+" does not have")
						continue
					}
					taken[key] = container
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, ports: [{containerPort: 80}]}, {name: proxy, ports: [{containerPort: 81}, {containerPort: 80, protocol: UDP}]}]}`),
			Bad:  []string{specPath + "containers[1].ports[0].containerPort=80", specPath + "containers[1].ports[1].protocol=TCP"},

			Guard: specPath + "containers[1].ports[0].containerPort", Absent: policy.Pass,
		},
	}
}

func selectorMatches() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-selector-matches", Title: "A workload selects its own pods", Severity: policy.High, Types: services,
		Anchors: "score:deployment-pod-selector-labels-match-template-metadata-labels,statefulset-pod-selector-labels-match-template-metadata-labels",
		Why:     "Kubernetes refuses a selector that the pods' labels do not fit, and it cannot be changed later without a new object",
		Fix:     "repeat spec.selector.matchLabels in spec.template.metadata.labels",
		Sources: []string{"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector"},
		Check: func(c *policy.Case) {
			selector, labels := c.Get("spec.selector"), podTemplate(c.Node).Get("metadata.labels")
			if kind(c.Node) == "ReplicationController" {
				c.Skip("its selector is the pods' labels when it is left out")
				return
			}
			fits := selects(selector, labelsOf(labels))
			if selector.IsObject() && selector.Len() == 0 {
				fits = no // It would select every pod, which Kubernetes refuses.
			}
			switch fits {
			case maybe:
				c.Unclear(selector)
			case no:
				c.Fail(selector, "one that fits the pods' labels, "+labels.Show())
			}
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web}]}`) + "        selector: {matchLabels: {app: web}}\n",
			Bad: []string{
				"web.spec.selector.matchLabels.app=shop", "web.spec.template.metadata.labels.app=shop", "web.spec.selector!", "web.spec.selector={}",
				"web.spec.selector={matchExpressions: [{key: app, operator: NotIn, values: [web]}]}",
			},
			Guard: "web.spec.selector", Absent: policy.Violation,
			Also: []string{"k8s-spread-over-zones", "k8s-network-policy", "k8s-disruption-budget"},
		},
	}
}

func stableAPI() *policy.Rule {
	early := append(slices.Concat(podTypes, ingressTypes, budgetTypes, scalerTypes, fenceTypes),
		"kubernetes:rbac.authorization.k8s.io/v1beta1:ClusterRole", "kubernetes:rbac.authorization.k8s.io/v1beta1:Role", "kubernetes:policy/v1beta1:PodSecurityPolicy")
	return &policy.Rule{
		ID: "k8s-stable-api", Title: "Objects use versions of the API that are stable", Severity: policy.Low, Types: early,
		Anchors: "score:stable-version ksv:0107 cp:disallowBetaApi",
		Why:     "clusters drop alpha and beta versions with an upgrade, and then refuse the whole deployment",
		Fix:     "use the stable version: apps/v1, batch/v1, networking.k8s.io/v1, policy/v1, autoscaling/v2",
		Sources: []string{"https://kubernetes.io/docs/reference/using-api/deprecation-guide/"},
		Check: func(c *policy.Case) {
			if version := apiVersion(c.Type); strings.Contains(version, "alpha") || strings.Contains(version, "beta") {
				c.Broken("apiVersion", version, "a stable version of "+kind(c.Node))
				return
			}
			// A program may name the version itself; ExtensionsV1beta1 objects come from the provider's own types.
			c.Require(c.Get("apiVersion"), "a stable version", func(v policy.Value) bool {
				return !strings.Contains(v.Text(), "alpha") && !strings.Contains(v.Text(), "beta")
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web}]}`) + "      apiVersion: apps/v1\n",
			Bad: []string{
				`+old={type: "kubernetes:policy/v1beta1:PodDisruptionBudget", properties: {spec: {}}}`, "web.apiVersion=apps/v1beta1",
			},
			Guard: "web.apiVersion", Absent: policy.Pass, Also: []string{"k8s-drain-safe"},
		},
	}
}

// apiVersion is the version in a type token: apps/v1.
func apiVersion(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func ownNamespace() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-own-namespace", Title: "Nothing runs in the namespace default", Severity: policy.Low, Types: slices.Concat(podTypes, serviceTypes),
		Anchors: "ksv:0110 ckvk:21",
		Why:     "policies, quotas and roles are given to namespaces: what lies in default shares them with whatever else was put there in haste",
		Fix:     "set metadata.namespace, or the provider's namespace",
		Sources: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"},
		Check: func(c *policy.Case) {
			namespace, place := namespaceOf(c.Node)
			if place.Unknown() {
				c.Unclear(place)
				return
			}
			if namespace == defaultNamespace {
				c.Fail(place, "a namespace of its own")
			}
		},
		Proof: policy.Proof{
			Good:  deploymentOf(`{containers: [{name: web}]}`),
			Bad:   []string{"web.metadata.namespace=default", "web.metadata.namespace!"},
			Guard: "web.metadata.namespace", Absent: policy.Violation,
		},
	}
}
