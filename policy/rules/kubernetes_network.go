package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// clusterNetworkRules are about who reaches pods.
func clusterNetworkRules() []*policy.Rule {
	return []*policy.Rule{networkFence(), fenceTargets(), serviceTarget(), serviceType(), ingressTarget(), ingressTLS()}
}

const (
	fenceGuide   = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
	serviceGuide = "https://kubernetes.io/docs/concepts/services-networking/service/"
	ingressGuide = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
)

// shopNetwork is an example: a web server behind a service and an ingress, fenced in.
const shopNetwork = `
resources:
  web:
    type: kubernetes:apps/v1:Deployment
    properties:
      metadata: {name: web, namespace: shop}
      spec:
        template:
          metadata: {labels: {app: web}}
          spec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}
  fence:
    type: kubernetes:networking.k8s.io/v1:NetworkPolicy
    properties:
      metadata: {name: web, namespace: shop}
      spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}
  service:
    type: kubernetes:core/v1:Service
    properties:
      metadata: {name: web, namespace: shop}
      spec: {type: ClusterIP, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
  ingress:
    type: kubernetes:networking.k8s.io/v1:Ingress
    properties:
      metadata: {name: web, namespace: shop}
      spec:
        tls: [{hosts: [shop.example.com], secretName: shop-tls}]
        rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]
`

func networkFence() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-network-policy", Title: "A network policy fences every pod", Severity: policy.Medium, Types: podTypes,
		Anchors: "score:pod-networkpolicy polaris:missingNetworkPolicy ksv:0038",
		Why:     "without a policy every pod of the cluster may talk to every other: one that is broken into reaches the database",
		Fix:     "add a NetworkPolicy that selects the pods, or one with an empty podSelector for the whole namespace",
		Sources: []string{fenceGuide},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			if len(x.fences.at[c.Node]) > 0 {
				return
			}
			if x.fences.unsure(c.Node) || x.opaque {
				c.UnclearBecause("metadata.labels", "a network policy may select the pods: its selector or namespace is not known yet, or a chart makes it")
				return
			}
			c.Broken("metadata.labels", "selected by no network policy", "a network policy in the namespace that selects the pods")
		},
		Proof: policy.Proof{
			Good: shopNetwork, Bad: []string{"fence!", "fence.spec.podSelector.matchLabels.app=shop", "fence.metadata.namespace=other"},
			Guard: "fence.spec.podSelector", Absent: policy.Violation, Also: []string{"k8s-network-policy-targets"},
		},
	}
}

func fenceTargets() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-network-policy-targets", Title: "Every network policy selects a pod", Severity: policy.Medium, Types: fenceTypes,
		Anchors: "score:networkpolicy-targets-pod",
		Why:     "a policy with a misspelt label fences nothing, and the pods it was meant for are open",
		Fix:     "make podSelector fit the labels of the pods",
		Sources: []string{fenceGuide},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			selector := c.Get("spec.podSelector")
			if selector.IsObject() && selector.Len() == 0 {
				return // It is about every pod that will ever be in the namespace.
			}
			found, sure := x.selected(c.Node, selector, selects)
			if !sure || len(found) == 0 && x.opaque {
				c.UnclearBecause("spec.podSelector", "which pods it selects is not known yet, or a chart makes them")
				return
			}
			if len(found) == 0 {
				c.Fail(selector, "a selector that fits pods of this stack in the policy's namespace")
			}
		},
		Proof: policy.Proof{
			Good: shopNetwork, Bad: []string{"fence.spec.podSelector.matchLabels.app=shop", "fence.metadata.namespace=other", "web.spec.template.metadata.labels.app=shop"},
			Guard: "fence.spec.podSelector", Absent: policy.Violation, Also: []string{"k8s-network-policy", "k8s-service-target"},
		},
	}
}

func serviceTarget() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-service-target", Title: "Every service reaches a pod and a port of it", Severity: policy.Medium, Types: serviceTypes,
		Anchors: "score:service-targets-pod",
		Why:     "a service that selects nothing answers nothing: the deployment succeeds and users get errors",
		Fix:     "make spec.selector fit the labels of the pods, and targetPort the name of one of their ports",
		Sources: []string{serviceGuide},
		Check: func(c *policy.Case) {
			x := clusters(c.Graph())
			selector := c.Get("spec.selector")
			if selector.Empty() || c.Get("spec.type").Is("ExternalName") {
				c.Skip("it selects no pods: its endpoints are set by other means")
				return
			}
			found, sure := x.selected(c.Node, selector, selectsEqual)
			if !sure || len(found) == 0 && x.opaque {
				c.UnclearBecause("spec.selector", "which pods it selects is not known yet, or a chart makes them")
				return
			}
			if len(found) == 0 {
				c.Fail(selector, "a selector that fits pods of this stack in the service's namespace")
				return
			}
			for _, port := range c.Get("spec.ports").Items() {
				checkPort(c, port.Get("targetPort"), found)
			}
		},
		Proof: policy.Proof{
			Good: shopNetwork,
			Bad: []string{
				"service.spec.selector.app=shop", "service.metadata.namespace=other", "service.spec.ports[0].targetPort=web",
				"web.spec.template.spec.containers[0].ports[0].name=web",
			},
			Guard: "service.spec.selector", Absent: policy.NotApplicable, Exempt: "service.spec.type=ExternalName", Also: []string{"k8s-ingress-target", "k8s-network-policy"},
		},
	}
}

// checkPort wants a port that is named to be a port of the pods; a number need not be listed.
func checkPort(c *policy.Case, target policy.Value, found []*workload) {
	if target.Unknown() {
		c.Unclear(target)
		return
	}
	if target.Absent() || target.IsNumber() {
		return
	}
	for _, w := range found {
		containers := podSpec(w.Node).Get("containers")
		if len(containers.Unknowns()) > 0 {
			c.UnclearBecause(target.Path(), "the ports of "+w.String()+" are not known yet")
			return
		}
		for _, container := range containers.List() {
			if anyItem(container.Get("ports"), func(port policy.Value) bool { return port.Get("name").Is(target.Text()) }) {
				return
			}
		}
	}
	c.Fail(target, "the name of a port of the pods, or its number", policy.Saw(found[0].Node, podSpec(found[0].Node).Path(), "the pods that are selected"))
}

func serviceType() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-service-not-on-nodes", Title: "Services open no port on every node and claim no addresses", Severity: policy.Medium, Types: serviceTypes,
		Anchors: "score:service-type ksv:0108",
		Why:     "a port on every node goes past the load balancer and its certificate, and whoever sets externalIPs can take other services' traffic",
		Fix:     "use type ClusterIP behind an ingress, or LoadBalancer, and remove externalIPs",
		Sources: []string{serviceGuide, "https://github.com/kubernetes/kubernetes/issues/97076"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("spec.type"), "ClusterIP or LoadBalancer", func(v policy.Value) bool { return !v.Is("NodePort") })
			c.Require(c.Get("spec.externalIPs"), "none", policy.Value.Empty)
		},
		Proof: policy.Proof{
			Good: shopNetwork, Bad: []string{"service.spec.type=NodePort", "service.spec.externalIPs=[203.0.113.7]"},
			Guard: "service.spec.type", Absent: policy.Pass,
		},
	}
}

// backendsOf are the services that an ingress names, in the form of both versions.
func backendsOf(ingress *policy.Node) []policy.Value {
	var backends []policy.Value
	for _, path := range []string{"spec.defaultBackend", "spec.backend"} {
		if v := ingress.Get(path); !v.Absent() {
			backends = append(backends, v)
		}
	}
	for _, rule := range ingress.Get("spec.rules").Items() {
		for _, path := range rule.Get("http.paths").Items() {
			backends = append(backends, path.Get("backend"))
		}
	}
	return backends
}

func ingressTarget() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-ingress-target", Title: "Every path of an ingress leads to a service and a port of it", Severity: policy.Medium, Types: ingressTypes,
		Anchors: "score:ingress-targets-service",
		Why:     "a path without a service behind it answers 503 while the deployment succeeds",
		Fix:     "name a service of the same namespace and one of its ports",
		Sources: []string{ingressGuide},
		Check: func(c *policy.Case) {
			for _, backend := range backendsOf(c.Node) {
				if backend.Unknown() {
					c.Unclear(backend)
					continue
				}
				checkBackend(c, backend)
			}
		},
		Proof: policy.Proof{
			Good: shopNetwork,
			Bad: []string{
				"service!", "service.metadata.name=shop", "service.metadata.namespace=other", "ingress.spec.rules[0].http.paths[0].backend.service.port.name=https",
				"ingress.spec.rules[0].http.paths[0].backend.service.port={number: 8080}", "ingress.spec.defaultBackend={service: {name: other, port: {number: 80}}}",
			},
			Guard: "ingress.spec.rules[0].http.paths[0].backend.service.name", Absent: policy.Pass, Also: []string{"k8s-service-target"},
		},
	}
}

func checkBackend(c *policy.Case, backend policy.Value) {
	name, port := backend.Get("service.name"), backend.Get("service.port.name")
	if number := backend.Get("service.port.number"); port.Absent() {
		port = number
	}
	if old := backend.Get("serviceName"); !old.Absent() { // The form of the beta versions.
		name, port = old, backend.Get("servicePort")
	}
	namespace, at := namespaceOf(c.Node)
	if name.Unknown() || at.Unknown() {
		c.Unclear(name)
		return
	}
	x := clusters(c.Graph())
	if name.Absent() {
		return // Its backend is a resource of another kind.
	}
	found := x.byName[nameKey(namespacePlace{clusterOf(c.Node), namespace}, "Service", name.Text())]
	if len(found) == 0 {
		if x.opaque || unnamed(c) {
			c.UnclearBecause(name.Path(), "a service whose name is not known yet, or a chart's, may be meant")
			return
		}
		c.Fail(name, "a service of this stack in the ingress's namespace")
		return
	}
	ports := found[0].Get("spec.ports")
	if port.Unknown() || len(ports.Unknowns()) > 0 {
		c.Unclear(port)
		return
	}
	if !anyItem(ports, func(p policy.Value) bool { return p.Get("name").Is(port.Text()) || p.Get("port").Is(port.Text()) }) {
		c.Fail(port, "a port of "+found[0].String(), policy.Saw(found[0], "spec.ports", ports.Show()))
	}
}

// unnamed says that a service of the stack has a name or a namespace that is not known yet.
func unnamed(c *policy.Case) bool {
	return slices.ContainsFunc(c.Graph().ByType(serviceTypes...), func(n *policy.Node) bool {
		_, at := namespaceOf(n)
		return at.Unknown() || !n.Get("metadata.name").Known()
	})
}

func ingressTLS() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-ingress-tls", Title: "Every host of an ingress has a certificate", Severity: policy.Medium, Types: ingressTypes,
		Anchors: "polaris:tlsSettingsMissing",
		Why:     "sessions and passwords travel in plain text, and anybody on the way reads them",
		Fix:     "list the host in spec.tls with the secret of its certificate, or name the certificate in the load balancer controller's annotation",
		Sources: []string{
			ingressGuide + "#tls",
			"https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/",
		},
		Check: func(c *policy.Case) {
			annotations := c.Get("metadata.annotations")
			if strings.Contains(annotations.Key("alb.ingress.kubernetes.io/listen-ports").Text(), "HTTPS") ||
				!annotations.Key("alb.ingress.kubernetes.io/certificate-arn").Absent() {
				return
			}
			tls := c.Get("spec.tls")
			if len(tls.Unknowns()) > 0 {
				c.Unclear(tls)
				return
			}
			if tls.Empty() {
				c.Fail(tls, "a certificate")
				return
			}
			for _, rule := range c.Get("spec.rules").Items() {
				c.Require(rule.Get("host"), "a host that spec.tls lists", func(v policy.Value) bool { return v.Absent() || certified(tls, v.Text()) })
			}
		},
		Proof: policy.Proof{
			Good: shopNetwork, Bad: []string{"ingress.spec.tls!", "ingress.spec.tls[0].hosts[0]=www.example.com", "ingress.spec.rules[0].host=www.example.com"},
			Guard: "ingress.spec.tls", Absent: policy.Violation,
		},
	}
}

// certified says that a host, or a wildcard of its domain, stands in the list of certificates.
func certified(tls policy.Value, host string) bool {
	_, domain, _ := strings.Cut(host, ".")
	return anyItem(tls, func(entry policy.Value) bool {
		return anyItem(entry.Get("hosts"), func(v policy.Value) bool { return v.Is(host) || v.Is("*."+domain) })
	})
}
