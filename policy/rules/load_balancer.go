package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const classicBalancer = "aws:elb/loadBalancer:LoadBalancer"

// The same resource has a type token in each module that the provider has had for it.
var (
	balancers      = balancerTypes("loadBalancer:LoadBalancer")
	listeners      = balancerTypes("listener:Listener")
	listenerRules  = balancerTypes("listenerRule:ListenerRule")
	targetGroups   = balancerTypes("targetGroup:TargetGroup")
	targetsByHand  = balancerTypes("targetGroupAttachment:TargetGroupAttachment")
	firewallOfLB   = []string{"aws:wafv2/webAclAssociation:WebAclAssociation", "aws:wafregional/webAclAssociation:WebAclAssociation"}
	anyBalancers   = append(slices.Clone(balancers), classicBalancer)
	plainProtocols = []string{"TCP", "UDP", "TCP_UDP"}
)

func balancerTypes(kind string) []string {
	var types []string
	for _, module := range []string{"lb", "alb", "applicationloadbalancing", "elasticloadbalancingv2"} {
		types = append(types, "aws:"+module+"/"+kind)
	}
	return types
}

// What Elastic Load Balancing takes when nothing is said.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
var _ = defaultsOfBalancers()

func defaultsOfBalancers() bool {
	for _, t := range balancers {
		policy.Default(t, map[string]any{
			"loadBalancerType": "application", "internal": false, "enableDeletionProtection": false, "dropInvalidHeaderFields": false,
			"desyncMitigationMode": "defensive",
		})
	}
	for _, t := range listeners {
		policy.Default(t, map[string]any{"sslPolicy": "ELBSecurityPolicy-2016-08"})
	}
	for _, t := range targetGroups {
		policy.Default(t, map[string]any{"targetType": "instance", "healthCheck.enabled": true, "healthCheck.port": "traffic-port"})
	}
	return policy.Default(classicBalancer, map[string]any{"internal": false, "desyncMitigationMode": "defensive", "crossZoneLoadBalancing": true})
}

// isApplication says that the resource is an Application Load Balancer.
func isApplication(n *policy.Node) bool {
	return slices.Contains(balancers, n.Type) && n.Get("loadBalancerType").Is("application")
}

// loadBalancerRules are about load balancers.
func loadBalancerRules() []*policy.Rule {
	return slices.Concat([]*policy.Rule{
		httpRedirects(), listenerEncrypted(), tlsPolicyCurrent(), facingDeclared(), balancerMultiZone(), publicFirewall(), healthCheckDefined(),
	}, balancerAttributeRules())
}

// listenerOf is the listener itself, or that of a listener rule; nil when it is none of this stack.
func listenerOf(n *policy.Node) *policy.Node {
	if slices.Contains(listenerRules, n.Type) {
		return n.Get("listenerArn").Ref(listeners...).Node()
	}
	return n
}

// balancerOf is the load balancer of a listener, or nil.
func balancerOf(listener *policy.Node) *policy.Node {
	return listener.Get("loadBalancerArn").Ref(balancers...).Node()
}

// actionsOf are the actions of a listener, or of one rule of it.
func actionsOf(n *policy.Node) policy.Value {
	if slices.Contains(listenerRules, n.Type) {
		return n.Get("actions")
	}
	return n.Get("defaultActions")
}

// safeInClear says that an action over HTTP shows nothing: it sends the client to TLS, or refuses.
func safeInClear(action policy.Value) bool {
	switch {
	case action.Get("type").Is("redirect"):
		return action.Get("redirect.protocol").Is("HTTPS")
	case action.Get("type").Is("fixed-response"):
		return strings.HasPrefix(action.Get("fixedResponse.statusCode").Text(), "4")
	}
	return false
}

// httpUnsaid says that a listener without a protocol speaks HTTP, as those of Application Load Balancers do.
// https://www.pulumi.com/registry/packages/aws/api-docs/lb/listener/
func httpUnsaid(listener *policy.Node) bool {
	at := balancerOf(listener)
	return at != nil && isApplication(at)
}

func checkClearActions(c *policy.Case) {
	listener := listenerOf(c.Node)
	if listener == nil || listener.Get("protocol").Known() && !listener.Get("protocol").Is("HTTP") || listener.Get("protocol").Absent() && !httpUnsaid(listener) {
		c.Skip("the listener does not speak HTTP")
		return
	}
	if listener.Get("protocol").Unknown() {
		c.Unclear(listener.Get("protocol"))
		return
	}
	actions := actionsOf(c.Node)
	if actions.Unknown() {
		c.Unclear(actions)
	}
	for _, action := range actions.List() {
		kind, protocol := action.Get("type"), action.Get("redirect.protocol")
		switch {
		case kind.Unknown():
			c.Unclear(kind)
		case protocol.Unknown():
			c.Unclear(protocol)
		case !safeInClear(action):
			c.Broken(action.Path(), "action "+kind.Show()+" over HTTP, redirect protocol "+protocol.Show(), "a redirect to HTTPS")
		}
	}
}

func httpRedirects() *policy.Rule {
	return &policy.Rule{
		ID: "lb-http-redirects-https", Title: "HTTP at a load balancer only sends clients to HTTPS", Severity: policy.High, ProdOnly: true,
		Types:   slices.Concat(listeners, listenerRules),
		Anchors: "nagn:ALBHttpToHttpsRedirection fsbp:ELB.1 ckv2:20 trivy:0054 awsguard:alb-http-to-https-redirection config:ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK nist:SC-8",
		Why:     "what a client sends over HTTP, sessions and answers included, is readable and changeable on the way",
		Fix:     "make the action a redirect with protocol HTTPS, port 443 and status code HTTP_301",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html"},
		Check:   checkClearActions,
		Proof: policy.Proof{
			Good: `
resources:
  plain:
    type: aws:lb/listener:Listener
    properties: {port: 80, protocol: HTTP, defaultActions: [{type: redirect, redirect: {protocol: HTTPS, port: "443", statusCode: HTTP_301}}]}
  refused:
    type: aws:lb/listenerRule:ListenerRule
    properties: {listenerArn: "${plain.arn}", actions: [{type: fixed-response, fixedResponse: {contentType: text/plain, statusCode: "404"}}]}
`,
			Bad: []string{
				"plain.protocol=HTTP ; plain.defaultActions=[{type: forward, targetGroupArn: some}]",
				"plain.protocol=HTTP ; plain.defaultActions=[{type: redirect, redirect: {statusCode: HTTP_301}}]",
				"plain.defaultActions[0].redirect.protocol=HTTP", "refused.actions[0].type=forward",
				`refused.actions[0].fixedResponse.statusCode="200"`,
				`plain.protocol! ; plain.loadBalancerArn="${front.arn}" ; plain.defaultActions[0].redirect.protocol=HTTP ; +front={type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true}}`,
			},
			Guard: "plain.defaultActions[0].redirect.protocol", Absent: policy.Violation, Exempt: "plain.protocol=HTTPS ; refused!",
			Also: []string{
				"tls-path", "client-to-elb-reachability", "elb-to-instance-reachability", "lb-multi-az", "lb-access-logs", "lb-deletion-protection", "lb-drop-invalid-headers",
				"alarm-coverage",
			},
		},
	}
}

func listenerEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "lb-listener-encrypted", Title: "Listeners of load balancers end TLS with a certificate", Severity: policy.High, ProdOnly: true,
		Types:   append(slices.Clone(listeners), classicBalancer),
		Anchors: "nagn:ELBv2ACMCertificateRequired fsbp:ELB.3,ELB.18 ckv:2,378 trivy:0054 nist:SC-8",
		Why:     "a listener without TLS passes on what it gets unread, so nothing proves who is at the other end or keeps the data secret",
		Fix:     "set protocol to HTTPS, or TLS on a Network Load Balancer, and certificateArn to the certificate",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/network/create-listener.html"},
		Check: func(c *policy.Case) {
			if c.Type == classicBalancer {
				checkClassicListeners(c)
				return
			}
			protocol := c.Get("protocol")
			switch {
			case protocol.Unknown():
				c.Unclear(protocol)
			case protocol.Is("HTTP"):
				c.Skip("HTTP is judged by lb-http-redirects-https")
			case protocol.Absent():
				c.Skip("a Gateway Load Balancer passes packets on to an appliance")
			case protocol.In("HTTPS", "TLS"):
				c.Set("certificateArn", "a certificate")
			case protocol.In(plainProtocols...) && endsElsewhere(c.Node):
				c.Skip("the load balancer behind it ends TLS")
			default:
				c.Fail(protocol, "HTTPS or TLS")
			}
		},
		Proof: policy.Proof{
			Good: `resources: {front: {type: "aws:lb/listener:Listener", properties: {port: 443, protocol: HTTPS, certificateArn: "arn:aws:acm:eu-central-1:111111111111:certificate/1"}}}`,
			Bad: []string{"front.protocol=TCP", "front.protocol=HTTPS ; front.certificateArn!", "front.protocol=TLS ; front.certificateArn!", "front.protocol=UDP",
				`+old={type: "aws:elb/loadBalancer:LoadBalancer", properties: {internal: true, listeners: [{instancePort: 80, instanceProtocol: http, lbPort: 80, lbProtocol: http}]}}`,
			},
			Guard: "front.protocol", Absent: policy.NotApplicable, Exempt: "front.protocol=HTTP",
			Also: []string{"lb-tls-policy-current", "tls-path", "client-to-elb-reachability", "elb-to-instance-reachability", "lb-access-logs", "lb-multi-az"},
		},
	}
}

// checkClassicListeners wants every listener of a Classic Load Balancer to end TLS: none of them can redirect.
func checkClassicListeners(c *policy.Case) {
	list := c.Get("listeners")
	c.Unclear(unknownIn(list)...)
	for _, item := range list.List() {
		c.Require(item.Get("lbProtocol"), "https or ssl", func(v policy.Value) bool {
			return strings.EqualFold(v.Text(), "https") || strings.EqualFold(v.Text(), "ssl")
		})
	}
}

// endsElsewhere says that a plain listener forwards to Application Load Balancers only.
func endsElsewhere(listener *policy.Node) bool {
	found, complete := forwardsTo(listener)
	if len(found) == 0 || !complete {
		return false
	}
	for _, target := range found {
		if !target.Get("targetType").Is("alb") {
			return false
		}
	}
	return true
}

// forwardsTo are the target groups that the actions of a listener, or of one rule, name; complete says that these are all.
func forwardsTo(n *policy.Node) (found []*policy.Node, complete bool) {
	actions := actionsOf(n)
	complete = !actions.Unknown()
	take := func(v policy.Value) {
		r := v.Ref(targetGroups...)
		complete = complete && (r.Node() != nil || r.How == policy.Nowhere)
		for _, target := range r.Nodes {
			if !slices.Contains(found, target) {
				found = append(found, target)
			}
		}
	}
	for _, action := range actions.List() {
		take(action.Get("targetGroupArn"))
		for _, weighted := range action.Get("forward.targetGroups").List() {
			take(weighted.Get("arn"))
		}
	}
	return found, complete
}

// tlsPolicies are beginnings of the names of the policies with TLS 1.2 and 1.3 only; tlsWeak is in those of them that allow
// the weak ciphers of TLS 1.2 again. Security Hub's ELB.17 wants the policies with Res in their names, which leave out the
// CBC ciphers too, or those with TLS 1.3 alone.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
// https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-17
var (
	tlsPolicies = []string{"ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-", "ELBSecurityPolicy-FS-1-2-Res-"}
	tlsWeak     = "-1-2-Ext"
)

func currentPolicy(v policy.Value) bool {
	if strings.Contains(v.Text(), tlsWeak) {
		return false
	}
	return slices.ContainsFunc(tlsPolicies, func(start string) bool { return strings.HasPrefix(v.Text(), start) })
}

func tlsPolicyCurrent() *policy.Rule {
	return &policy.Rule{
		ID: "lb-tls-policy-current", Title: "Load balancers speak TLS 1.2 and 1.3 only", Severity: policy.High,
		Types:   listeners,
		Anchors: "fsbp:ELB.17 ckv:103 ckv2:74 trivy:0047 nist:SC-8,SC-13",
		Why:     "old versions of TLS and ciphers without forward secrecy can be broken by who records the traffic",
		Fix:     "set sslPolicy to ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"},
		Check: func(c *policy.Case) {
			protocol := c.Get("protocol")
			if protocol.Unknown() {
				c.Unclear(protocol)
				return
			}
			if !protocol.In("HTTPS", "TLS") {
				c.Skip("the listener does not end TLS")
				return
			}
			c.Require(c.Get("sslPolicy"), "a policy with TLS 1.2 and 1.3 only, and none of those with Ext in the name", currentPolicy)
		},
		Proof: policy.Proof{
			Good: `
resources:
  front:
    type: aws:lb/listener:Listener
    properties:
      port: 443
      protocol: HTTPS
      certificateArn: arn:aws:acm:eu-central-1:111111111111:certificate/1
      sslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
`,
			Bad: []string{
				"front.protocol=HTTPS ; front.certificateArn=arn ; front.sslPolicy=ELBSecurityPolicy-2016-08",
				"front.protocol=HTTPS ; front.certificateArn=arn ; front.sslPolicy=ELBSecurityPolicy-TLS13-1-0-2021-06",
				"front.protocol=HTTPS ; front.certificateArn=arn ; front.sslPolicy=ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
				"front.protocol=HTTPS ; front.certificateArn=arn ; front.sslPolicy!",
			},
			Guard: "front.sslPolicy", Absent: policy.Violation, Exempt: "front.protocol=HTTP",
			Also: []string{"client-to-elb-reachability"},
		},
	}
}

func facingDeclared() *policy.Rule {
	return &policy.Rule{
		ID: "lb-internet-facing-declared", Title: "A load balancer faces the internet only where that is declared", Severity: policy.High, Blocking: true,
		Types:   anyBalancers,
		Anchors: "trivy:0053 nist:SC-7",
		Why:     "a load balancer faces the internet when internal is left out, so a forgotten line publishes a service",
		Fix:     "set internal to true, or name the load balancer in the setting internet-facing of this rule",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#load-balancer-scheme"},
		Settings: []policy.Setting{{
			Name: "internet-facing", Kind: policy.KindList, Default: []any{}, Help: "the names, as Pulumi knows them, of the load balancers that may face the internet",
		}},
		Check: func(c *policy.Case) {
			if slices.Contains(c.Texts("internet-facing"), c.Name) {
				c.Skip("the configuration says that it faces the internet")
				return
			}
			c.True("internal")
		},
		Proof: policy.Proof{
			Good: `
policy: {lb-internet-facing-declared: {internet-facing: [front]}}
resources:
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: false}}
  inner: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true}}
`,
			Bad:   []string{"inner.internal=false", "inner.internal!"},
			Guard: "inner.internal", Absent: policy.Violation, Exempt: "inner!",
			Also: []string{"alb-waf", "client-to-elb-reachability", "elb-and-asg-share-zones", "tls-path"},
		},
	}
}

func balancerMultiZone() *policy.Rule {
	return &policy.Rule{
		ID: "lb-multi-az", Title: "Load balancers stand in several zones", Severity: policy.High,
		Types:    anyBalancers,
		Anchors:  "fsbp:ELB.13 config:ELBV2_MULTIPLE_AZ,CLB_MULTIPLE_AZ nist:SC-36",
		Why:      "with one zone the loss of that zone is the loss of the way in",
		Fix:      "add a subnet of another zone to subnets",
		Sources:  []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#availability-zones"},
		Settings: []policy.Setting{zoneSetting(2)},
		Check: func(c *policy.Case) {
			requireZones(c, balancerZones(c.Node), "subnets", "add a subnet of another zone to subnets")
		},
		Proof: policy.Proof{
			Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1b}}
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, subnets: ["${a.id}", "${b.id}"]}}
  fixed: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, subnetMappings: [{subnetId: "${a.id}"}, {subnetId: "${b.id}"}]}}
  old: {type: "aws:elb/loadBalancer:LoadBalancer", properties: {internal: true, availabilityZones: [eu-central-1a, eu-central-1b]}}
`,
			Bad: []string{
				`front.subnets=["${a.id}"]`, "b.availabilityZone=eu-central-1a", `fixed.subnetMappings=[{subnetId: "${a.id}"}]`,
				"old.availabilityZones=[eu-central-1a]",
			},
			Guard: "b.availabilityZone", Absent: policy.Unknown,
			FixtureOnly: "the subnets of a real stack have three zones, of which an edit can take one",
		},
	}
}

func publicFirewall() *policy.Rule {
	return &policy.Rule{
		ID: "alb-waf", Title: "Load balancers that face the internet have a web application firewall", Severity: policy.Medium, Advisory: true,
		Types:   balancers,
		Anchors: "nagn:ALBWAFEnabled ckv2:28,76 nist:SC-7",
		Why:     "floods and known exploits reach the servers; it advises only, because AWS WAF is not among the services that every stack may use",
		Fix:     "associate a web ACL with the load balancer, or put it behind CloudFront with internal true",
		Sources: []string{"https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html"},
		Check: func(c *policy.Case) {
			if !isApplication(c.Node) || c.Get("internal").True() {
				c.Skip("the load balancer does not face the internet, or works below HTTP")
				return
			}
			if c.Get("internal").Unknown() {
				c.Unclear(c.Get("internal"))
				return
			}
			for _, n := range c.Graph().ByType(firewallOfLB...) {
				if n.Get("resourceArn").Ref(balancers...).Has(c.Node) {
					return
				}
			}
			c.Broken("", "no web ACL is associated", "an association with a web ACL")
		},
		Proof: policy.Proof{
			Good: `
policy: {lb-internet-facing-declared: {internet-facing: [front]}}
resources:
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: false}}
  shield: {type: "aws:wafv2/webAclAssociation:WebAclAssociation", properties: {resourceArn: "${front.arn}", webAclArn: some}}
`,
			Bad:   []string{"shield!", "shield.resourceArn=other"},
			Guard: "front.internal", Absent: policy.Pass, Exempt: "front.internal=true",
			FixtureOnly: "the load balancers of the real environments are internal",
		},
	}
}

func healthCheckDefined() *policy.Rule {
	return &policy.Rule{
		ID: "tg-health-check-defined", Title: "Target groups ask servers how they are", Severity: policy.Medium,
		Types:   targetGroups,
		Anchors: "ckv:261",
		Why:     "without a health check of its own a target group asks for the root page, and a server that cannot do its work keeps getting requests",
		Fix:     "set healthCheck with enabled true and the path of the application's own health",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"},
		Check: func(c *policy.Case) {
			if c.Get("targetType").Is("lambda") {
				c.Skip("functions need no health check")
				return
			}
			c.True("healthCheck.enabled")
			protocol := c.Get("healthCheck.protocol")
			if protocol.Absent() {
				protocol = c.Get("protocol")
			}
			if protocol.In("HTTP", "HTTPS") {
				c.Set("healthCheck.path", "the path of the health check")
			}
		},
		Proof: policy.Proof{
			Good:  `resources: {target: {type: "aws:lb/targetGroup:TargetGroup", properties: {protocol: HTTP, port: 80, healthCheck: {enabled: true, path: /healthz}}}}`,
			Bad:   []string{"target.healthCheck.enabled=false", "target.healthCheck.path!", "target.healthCheck!"},
			Guard: "target.healthCheck.enabled", Absent: policy.Pass, Exempt: "target.targetType=lambda",
			Also: []string{"elb-to-instance-reachability"},
		},
	}
}
