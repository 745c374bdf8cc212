package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// balancerAttributeRules are about the attributes of load balancers, each with one property that decides.
func balancerAttributeRules() []*policy.Rule {
	return []*policy.Rule{dropInvalidHeaders(), balancerLogs(), balancerProtected(), crossZone(), desync()}
}

// onlyApplication judges Application Load Balancers.
func onlyApplication(judge check) check {
	return func(c *policy.Case) {
		if kind := c.Get("loadBalancerType"); kind.Unknown() {
			c.Unclear(kind)
			return
		}
		if !isApplication(c.Node) {
			c.Skip("only Application Load Balancers read HTTP")
			return
		}
		judge(c)
	}
}

func dropInvalidHeaders() *policy.Rule {
	return &policy.Rule{
		ID: "lb-drop-invalid-headers", Title: "Load balancers drop header fields with invalid names", Severity: policy.Medium,
		Types:   balancers,
		Anchors: "fsbp:ELB.4 ckv:131 trivy:0052 config:ALB_HTTP_DROP_INVALID_HEADER_ENABLED nist:SC-7",
		Why:     "servers read odd header names differently from the load balancer, which is what request smuggling lives on",
		Fix:     "set dropInvalidHeaderFields to true",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html"},
		Check:   onlyApplication(isTrue("dropInvalidHeaderFields")),
		Proof: policy.Proof{
			Good:  `resources: {front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, dropInvalidHeaderFields: true}}}`,
			Bad:   []string{"front.dropInvalidHeaderFields=false", "front.dropInvalidHeaderFields!"},
			Guard: "front.dropInvalidHeaderFields", Absent: policy.Violation, Exempt: "front.loadBalancerType=network",
		},
	}
}

func balancerLogs() *policy.Rule {
	return &policy.Rule{
		ID: "lb-access-logs", Title: "Load balancers keep access logs", Severity: policy.Medium, ProdOnly: true,
		Types:   anyBalancers,
		Anchors: "nag:ELB2 fsbp:ELB.5 ckv:91 awsguard:elb-logging-enabled config:ELB_LOGGING_ENABLED nist:AU-2",
		Why:     "without them nobody can say afterwards who asked for what, and which requests failed",
		Fix:     "set accessLogs with a bucket and enabled true",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"},
		Check: func(c *policy.Case) {
			if c.Get("loadBalancerType").Is("gateway") {
				c.Skip("Gateway Load Balancers write no access logs")
				return
			}
			if c.Type == classicBalancer && !c.Get("accessLogs").Empty() && c.Get("accessLogs.enabled").Absent() {
				return // On unless it is turned off.
			}
			c.True("accessLogs.enabled")
		},
		Proof: policy.Proof{
			Good: `
resources:
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, accessLogs: {bucket: logs, enabled: true}}}
  old: {type: "aws:elb/loadBalancer:LoadBalancer", properties: {internal: true, accessLogs: {bucket: logs}}}
`,
			Bad:   []string{"front.accessLogs.enabled=false", "front.accessLogs!", "old.accessLogs!", "old.accessLogs.enabled=false"},
			Guard: "front.accessLogs.enabled", Absent: policy.Violation, Exempt: "front.loadBalancerType=gateway",
		},
	}
}

func balancerProtected() *policy.Rule {
	return &policy.Rule{
		ID: "lb-deletion-protection", Title: "Load balancers are protected against deletion", Severity: policy.Medium, ProdOnly: true,
		Types:   balancers,
		Anchors: "nagn:ELBDeletionProtectionEnabled fsbp:ELB.6 ckv:150 awsguard:elb-deletion-protection-enabled config:ELB_DELETION_PROTECTION_ENABLED",
		Why:     "a load balancer that is deleted by mistake comes back with another name and other addresses, and everything that points at it breaks",
		Fix:     "set enableDeletionProtection to true",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html"},
		Check:   isTrue("enableDeletionProtection"),
		Proof: policy.Proof{
			Good:  `resources: {front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, enableDeletionProtection: true}}}`,
			Bad:   []string{"front.enableDeletionProtection=false", "front.enableDeletionProtection!"},
			Guard: "front.enableDeletionProtection", Absent: policy.Violation,
		},
	}
}

func crossZone() *policy.Rule {
	return &policy.Rule{
		ID: "nlb-cross-zone", Title: "Network Load Balancers use the servers of all zones", Severity: policy.Medium,
		Types:   anyBalancers,
		Anchors: "nagn:ELBCrossZoneLoadBalancingEnabled ckv:152 config:ELB_CROSS_ZONE_LOAD_BALANCING_ENABLED",
		Why:     "each zone gets an equal share of the clients however few servers it has left, so a zone that lost servers is overloaded",
		Fix:     "set enableCrossZoneLoadBalancing to true",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-load-balancer-attributes.html"},
		Check: func(c *policy.Case) {
			if isApplication(c.Node) {
				c.Skip("Application Load Balancers always do")
				return
			}
			if c.Type == classicBalancer {
				c.True("crossZoneLoadBalancing")
				return
			}
			c.True("enableCrossZoneLoadBalancing")
		},
		Proof: policy.Proof{
			Good: `
resources:
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, loadBalancerType: network, enableCrossZoneLoadBalancing: true}}
  old: {type: "aws:elb/loadBalancer:LoadBalancer", properties: {internal: true}}
`,
			Bad:   []string{"front.enableCrossZoneLoadBalancing=false", "front.enableCrossZoneLoadBalancing!", "old.crossZoneLoadBalancing=false"},
			Guard: "front.enableCrossZoneLoadBalancing", Absent: policy.Violation, Exempt: "front.loadBalancerType=application",
			FixtureOnly: "the load balancers of the real environments are Application Load Balancers",
		},
	}
}

func desync() *policy.Rule {
	return &policy.Rule{
		ID: "lb-desync-defensive", Title: "Load balancers stop requests that servers may read differently", Severity: policy.Medium,
		Types:   slices.Clone(anyBalancers),
		Anchors: "fsbp:ELB.12,ELB.14 ckv:328 config:ALB_DESYNC_MODE_CHECK nist:SC-7",
		Why:     "in monitor mode ambiguous requests reach the servers, which is what request smuggling lives on",
		Fix:     "set desyncMitigationMode to defensive or strictest",
		Sources: []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#desync-mitigation-mode"},
		Check: func(c *policy.Case) {
			if c.Type == classicBalancer {
				c.OneOf("desyncMitigationMode", "defensive", "strictest")
				return
			}
			onlyApplication(isOneOf("desyncMitigationMode", "defensive", "strictest"))(c)
		},
		Proof: policy.Proof{
			Good: `
resources:
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, desyncMitigationMode: strictest}}
  old: {type: "aws:elb/loadBalancer:LoadBalancer", properties: {internal: true}}
`,
			Bad:   []string{"front.desyncMitigationMode=monitor", "old.desyncMitigationMode=monitor"},
			Guard: "front.desyncMitigationMode", Absent: policy.Pass, Exempt: "front.loadBalancerType=network",
		},
	}
}
