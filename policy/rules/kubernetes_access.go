package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// clusterAccessRules are about what subjects may do in a cluster.
func clusterAccessRules() []*policy.Rule {
	return []*policy.Rule{noWildcards(), noClusterAdmin(), noEscalationPath(), podSecurityLabel()}
}

const rbacGuide = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"

var (
	roleTypes    = rbacTypes("ClusterRole", "Role")
	bindingTypes = rbacTypes("ClusterRoleBinding", "RoleBinding")
)

func rbacTypes(kinds ...string) []string {
	var types []string
	for _, version := range []string{"v1", "v1beta1"} {
		for _, kind := range kinds {
			types = append(types, "kubernetes:rbac.authorization.k8s.io/"+version+":"+kind)
		}
	}
	return types
}

// roleOf is an example with one role.
func roleOf(rule string) string {
	return `
resources:
  role:
    type: kubernetes:rbac.authorization.k8s.io/v1:ClusterRole
    properties: {metadata: {name: reader}, rules: [` + rule + "]}\n"
}

// eachGrant visits the rules of a role, and says that it cannot tell what those not known yet grant.
func eachGrant(c *policy.Case, visit func(rule policy.Value)) {
	for _, rule := range c.Get("rules").Items() {
		if unknown := rule.Unknowns(); len(unknown) > 0 {
			c.Unclear(unknown...)
			continue
		}
		visit(rule)
	}
}

func noWildcards() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-rbac-no-wildcard", Title: "Roles name what they allow", Severity: policy.Critical, Types: roleTypes,
		Anchors: "ksv:0044,0045,0046 ckvk:49",
		Why:     "a star also stands for kinds and verbs that the cluster learns later, secrets and the right to give rights among them",
		Fix:     "list the verbs and the resources",
		Sources: []string{rbacGuide},
		Check: func(c *policy.Case) {
			eachGrant(c, func(rule policy.Value) {
				for _, key := range []string{"verbs", "resources", "nonResourceURLs"} {
					c.Require(rule.Get(key), "no star", func(v policy.Value) bool { return !anyItem(v, func(item policy.Value) bool { return item.Is("*") }) })
				}
			})
		},
		Proof: policy.Proof{
			Good:  roleOf(`{apiGroups: [apps], resources: [deployments], verbs: [get, list]}`),
			Bad:   []string{`role.rules[0].verbs=["*"]`, `role.rules[0].resources=[deployments, "*"]`, `role.rules[0].nonResourceURLs=["*"]`},
			Guard: "role.rules", Absent: policy.Pass, Also: []string{"k8s-rbac-no-escalation"},
		},
	}
}

func noClusterAdmin() *policy.Rule {
	strangers := []string{"system:unauthenticated", "system:anonymous", "system:authenticated", "system:masters"}
	return &policy.Rule{
		ID: "k8s-rbac-no-cluster-admin", Title: "Nobody is bound to cluster-admin, and no role is given to everybody", Severity: policy.Critical, Types: bindingTypes,
		Anchors: "polaris:clusterrolebindingClusterAdmin,rolebindingClusterAdminClusterRole ksv:0111",
		Why:     "whoever holds the subject's token owns the cluster; a group such as system:authenticated is everybody with any token",
		Fix:     "bind a role of your own that allows what the subject does, to that subject",
		Sources: []string{rbacGuide, "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("roleRef.name"), "a role other than cluster-admin", func(v policy.Value) bool { return !v.Is("cluster-admin") })
			for _, subject := range c.Get("subjects").Items() {
				c.Require(subject.Get("name"), "a subject of its own, not "+strings.Join(strangers, ", "), func(v policy.Value) bool { return !v.In(strangers...) })
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  binding:
    type: kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding
    properties: {roleRef: {kind: ClusterRole, name: reader}, subjects: [{kind: ServiceAccount, name: web, namespace: shop}]}
`,
			Bad: []string{
				"binding.roleRef.name=cluster-admin", "binding.subjects[0]={kind: Group, name: 'system:authenticated'}",
				"binding.subjects[0].name=system:anonymous", "binding.subjects[0].name=system:unauthenticated", "binding.subjects[0].name=system:masters",
			},
			Guard: "binding.roleRef.name", Absent: policy.Pass,
		},
	}
}

// escalations are grants with which a subject takes more rights than it was given.
// https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
var escalations = []struct {
	resources, verbs []string
	why              string
}{
	{[]string{"pods/exec", "pods/attach", "pods/ephemeralcontainers", "pods/portforward"}, []string{"create", "get", "update", "patch"}, "runs commands as any pod's service account"},
	{[]string{"secrets"}, []string{"get", "list", "watch"}, "reads the passwords and tokens of everybody"},
	{[]string{"serviceaccounts/token"}, []string{"create"}, "makes tokens of any service account"},
	{[]string{"nodes/proxy"}, []string{"create", "get"}, "runs commands in any pod of the node, past admission and audit"},
	{[]string{"certificatesigningrequests/approval"}, []string{"update", "patch"}, "issues certificates for any user"},
	{[]string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}, []string{"create", "update", "patch"}, "sees and changes every object that is admitted"},
	{[]string{"roles", "clusterroles"}, []string{"escalate", "bind", "create", "update", "patch"}, "gives itself rights"},
	{[]string{"rolebindings", "clusterrolebindings"}, []string{"create", "update", "patch"}, "gives itself roles"},
	{[]string{"users", "groups", "serviceaccounts"}, []string{"impersonate"}, "acts as anybody"},
}

func noEscalationPath() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-rbac-no-escalation", Title: "No role lets its holder take more rights", Severity: policy.Critical, Types: roleTypes,
		Anchors: "polaris:clusterrolePodExecAttach,rolePodExecAttach ksv:0041,0047,0050,0053,0054,0055,0113,0114",
		Why:     "the role is small on paper and as good as cluster-admin",
		Fix:     "remove the grant, or narrow a grant on secrets by resourceNames",
		Sources: []string{rbacGuide},
		Check: func(c *policy.Case) {
			eachGrant(c, func(rule policy.Value) {
				for _, e := range escalations {
					resource, verb := common(rule.Get("resources"), e.resources), common(rule.Get("verbs"), e.verbs)
					if resource == "" || verb == "" || resource == "secrets" && rule.Get("resourceNames").Len() > 0 {
						continue
					}
					c.Broken(rule.Path(), fmt.Sprintf("allows to %s %s", verb, resource), "no such grant", policy.Because("the holder %s", e.why))
				}
			})
		},
		Proof: policy.Proof{
			Good: roleOf(`{apiGroups: [""], resources: [configmaps], verbs: [get, list]}`),
			Bad: []string{
				"role.rules[0]={resources: [pods/exec], verbs: [create]}", "role.rules[0].resources=[secrets]", "role.rules[0]={resources: ['serviceaccounts/token'], verbs: [create]}",
				"role.rules[0].resources=[nodes/proxy]", "role.rules[0]={resources: [certificatesigningrequests/approval], verbs: [update]}",
				"role.rules[0]={resources: [mutatingwebhookconfigurations], verbs: [patch]}", "role.rules[0]={resources: [clusterroles], verbs: [escalate]}",
				"role.rules[0]={resources: [rolebindings], verbs: [create]}", "role.rules[0]={resources: [groups], verbs: [impersonate]}",
			},
			Guard: "role.rules", Absent: policy.Pass,
		},
	}
}

// common is an item of the list that is one of the texts; a star is the first of them.
func common(list policy.Value, texts []string) string {
	for _, item := range list.Items() {
		if item.Is("*") {
			return texts[0]
		}
		if slices.Contains(texts, item.Text()) {
			return item.Text()
		}
	}
	return ""
}

func podSecurityLabel() *policy.Rule {
	const label = "pod-security.kubernetes.io/enforce"
	return &policy.Rule{
		ID: "k8s-namespace-pod-security", Title: "Namespaces enforce a Pod Security Standard", Severity: policy.Low, Types: []string{"kubernetes:core/v1:Namespace"},
		Why:     "rules at deployment time do not see pods that somebody makes by hand; admission does",
		Fix:     "set the label " + label + " to restricted, or to baseline",
		Sources: []string{"https://kubernetes.io/docs/concepts/security/pod-security-admission/"},
		Check: func(c *policy.Case) {
			labels := c.Get("metadata.labels")
			c.Require(labels.Key(label), "restricted or baseline", func(v policy.Value) bool { return v.In("restricted", "baseline") })
		},
		Proof: policy.Proof{
			Good: `
resources:
  shop: {type: "kubernetes:core/v1:Namespace", properties: {metadata: {name: shop, labels: {` + label + `: restricted}}}}
`,
			Bad:   []string{"shop.metadata.labels={" + label + ": privileged}", "shop.metadata.labels!"},
			Guard: "shop.metadata.labels", Absent: policy.Violation,
		},
	}
}

// clusterSecretRules keep secrets out of what everybody may read.
func clusterSecretRules() []*policy.Rule {
	return []*policy.Rule{noSecretInEnv(), noSecretInConfigMap()}
}

var (
	clusterSecretWord = regexp.MustCompile(`(?i)(^|[^a-z])(pass(word|wd|phrase)?|secret|token|api[_.-]?key|private[_.-]?key|access[_.-]?key|credentials?)([^a-z]|$)`)
	// harmless are the last words of names that speak about a secret and do not hold it.
	harmless          = regexp.MustCompile(`(?i)[_.-](file|path|dir|name|arn|id|ref|ttl|expiry|expires|length|enabled|type|header|issuer|url|uri|host|version|count|limit|seconds|minutes|policy)$`)
	clusterSecretForm = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.|://[^/@:\s]+:[^/@\s$]+@`)
)

// holdsSecret says why a text under a name is a secret, or nothing.
func holdsSecret(name string, v policy.Value) string {
	switch {
	case v.Secret():
		return "a secret of the program in plain text"
	case clusterSecretForm.MatchString(v.Text()):
		return "a text of the form of a key, a token or a password in a URL"
	case v.Text() != "" && !v.In("true", "false") && clusterSecretWord.MatchString(camelHump.ReplaceAllString(name, "${1}_$2")) && !harmless.MatchString(name):
		return "a text under a name that says it is a secret"
	}
	return ""
}

func noSecretInEnv() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-secret-in-env", Title: "No secret stands in an environment variable's text", Severity: policy.High, Blocking: true, Types: podTypes,
		Anchors: "polaris:sensitiveContainerEnvVar ckvk:35",
		Why:     "whoever may read pods reads it, and it is in the history of every revision",
		Fix:     "use valueFrom.secretKeyRef",
		Sources: []string{"https://kubernetes.io/docs/concepts/security/secrets-good-practices/"},
		Check: func(c *policy.Case) {
			eachContainer(c, func(container policy.Value) {
				for _, variable := range container.Get("env").Items() {
					checkPlain(c, variable.Get("name"), variable.Get("value"))
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, env: [{name: LOG_LEVEL, value: info}, {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}, {name: TOKEN_TTL, value: 5m}]}]}`),
			Bad: []string{
				specPath + "containers[0].env[1]={name: DB_PASSWORD, value: hunter2}", specPath + `containers[0].env[0].value={$secret: hunter2-hunter2}`,
				specPath + "containers[0].env[0].value=AKIAIOSFODNN7EXAMPLE", specPath + "containers[0].env[0].value=postgres://shop:hunter2@db/shop",
				specPath + "initContainers=[{name: init, env: [{name: apiToken, value: abcdef}]}]",
			},
			Guard: specPath + "containers[0].env[0].name", Absent: policy.Pass, Also: plaintextAlso,
		},
	}
}

// plaintextAlso are the rules about secrets in any resource.
var plaintextAlso = []string{"secret-in-plain-place", "secret-shaped-text"}

// checkPlain judges a named text that everybody may read. A value is never shown.
func checkPlain(c *policy.Case, name, v policy.Value) {
	if v.Absent() {
		return
	}
	if name.Unknown() || v.Unknown() && clusterSecretWord.MatchString(name.Text()) && !harmless.MatchString(name.Text()) {
		c.UnclearBecause(v.Path(), "the name or the value is not known yet")
		return
	}
	if reason := holdsSecret(name.Text(), v); reason != "" {
		c.Broken(v.Path(), reason, "a reference to a Secret")
	}
}

func noSecretInConfigMap() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-secret-in-config-map", Title: "No secret stands in a ConfigMap", Severity: policy.High, Blocking: true, Types: []string{"kubernetes:core/v1:ConfigMap"},
		Anchors: "polaris:sensitiveConfigmapContent ksv:0109,01010",
		Why:     "a ConfigMap is readable for every role that reads configuration, and is not encrypted at rest",
		Fix:     "move the entry into a Secret",
		Sources: []string{"https://kubernetes.io/docs/concepts/configuration/configmap/", "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"},
		Check: func(c *policy.Case) {
			data := c.Get("data")
			if data.Unknown() {
				c.Unclear(data)
				return
			}
			for _, key := range data.Keys() {
				v := data.Key(key)
				if reason := holdsSecret(key, v); reason != "" {
					c.Broken(v.Path(), reason, "an entry of a Secret")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  settings: {type: "kubernetes:core/v1:ConfigMap", properties: {metadata: {name: settings}, data: {logLevel: info, password_file: /run/secrets/db}}}
`,
			Bad: []string{
				"settings.data.dbPassword=hunter2", "settings.data.logLevel={$secret: hunter2-hunter2}", "settings.data.key='-----BEGIN RSA PRIVATE KEY-----'",
				"settings.data.url=postgres://shop:hunter2@db/shop",
			},
			Guard: "settings.data", Absent: policy.Pass, Also: plaintextAlso,
		},
	}
}
