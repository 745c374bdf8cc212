package rules

import "github.com/seed-11444627/holdfast/policy"

const oneACL = `
resources:
  acl:
    type: aws:wafv2/webAcl:WebAcl
    properties:
      scope: REGIONAL
      visibilityConfig: {cloudwatchMetricsEnabled: true, metricName: acl, sampledRequestsEnabled: true}
      rules:
        - name: known-bad
          priority: 1
          statement: {managedRuleGroupStatement: {vendorName: AWS, name: AWSManagedRulesKnownBadInputsRuleSet}}
          visibilityConfig: {cloudwatchMetricsEnabled: true, metricName: known-bad, sampledRequestsEnabled: true}
  log: {type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", properties: {resourceArn: "${acl.arn}", logDestinationConfigs: ["arn:aws:s3:::aws-waf-logs-x"]}}
`

// shieldRules are about web ACLs.
func shieldRules() []*policy.Rule {
	return []*policy.Rule{
		wafHasRules(),
		wafLogging(),
		wafMetrics(),
		wafKnownBadInputs(),
	}
}

func wafHasRules() *policy.Rule {
	return &policy.Rule{
		ID: "waf-has-rules", Title: "Web ACLs have rules", Severity: policy.Medium,
		Types: []string{webACL}, Anchors: "fsbp:WAF.10",
		Why:     "a web ACL without rules looks like protection and lets everything through",
		Fix:     "add rules, or ruleJson",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/waf-controls.html"},
		Check: func(c *policy.Case) {
			if !c.Get("ruleJson").Empty() {
				return
			}
			c.Require(c.Get("rules"), "at least one rule", func(v policy.Value) bool { return v.Len() > 0 })
		},
		Proof: policy.Proof{
			Good: oneACL, Bad: []string{"acl.rules=[]", "acl.rules!"}, Guard: "acl.rules", Absent: policy.Violation, Also: []string{"waf-known-bad-inputs"},
		},
	}
}

func wafLogging() *policy.Rule {
	return &policy.Rule{
		ID: "waf-logging", Title: "Web ACLs log what they judge", Severity: policy.Medium, ProdOnly: true,
		Types: []string{webACL}, Anchors: "nagn:WAFv2LoggingEnabled ckv2:31 config:wafv2-logging-enabled nist:AU-2",
		Why:     "nobody can say whether a rule stopped an attack or a customer",
		Fix:     "add an aws.wafv2.WebAclLoggingConfiguration for the ACL",
		Sources: []string{"https://docs.aws.amazon.com/waf/latest/developerguide/logging.html"},
		Check: func(c *policy.Case) {
			if len(referringBy(c.Graph(), webACLLogging, "resourceArn", webACL).to[c.Node]) == 0 {
				c.Broken("", "no log", "a logging configuration")
			}
		},
		Proof: policy.Proof{
			Good: oneACL, Bad: []string{"log!", "log.resourceArn=arn:aws:wafv2:eu-central-1:111111111111:regional/webacl/other/1"},
			Unguarded: "the rule asks whether a log is there, not for a value",
		},
	}
}

func wafMetrics() *policy.Rule {
	return &policy.Rule{
		ID: "waf-metrics", Title: "Web ACLs count what they judge", Severity: policy.Medium,
		Types: []string{webACL}, Anchors: "fsbp:WAF.12 config:wafv2-rulegroup-logging-enabled",
		Why:     "without a count no alarm can tell that an attack has begun, or that a new rule stops customers",
		Fix:     "set visibilityConfig.cloudwatchMetricsEnabled to true, for the ACL and each of its rules",
		Sources: []string{"https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html"},
		Check: func(c *policy.Case) {
			c.True("visibilityConfig.cloudwatchMetricsEnabled")
			for _, rule := range c.Get("rules").List() {
				c.Require(rule.Get("visibilityConfig.cloudwatchMetricsEnabled"), "true", policy.Value.True)
			}
		},
		Proof: policy.Proof{
			Good: oneACL, Bad: []string{"acl.visibilityConfig.cloudwatchMetricsEnabled=false", "acl.rules[0].visibilityConfig.cloudwatchMetricsEnabled=false"},
			Guard: "acl.visibilityConfig.cloudwatchMetricsEnabled", Absent: policy.Violation,
		},
	}
}

func wafKnownBadInputs() *policy.Rule {
	return &policy.Rule{
		ID: "waf-known-bad-inputs", Title: "Web ACLs refuse what is known to be an attack", Severity: policy.Medium,
		Types: []string{webACL}, Anchors: "ckv:192 nist:SI-2",
		Why:     "requests that use the holes everybody knows, such as Log4j's, reach the code behind",
		Fix:     "add the managed rule group AWSManagedRulesKnownBadInputsRuleSet, without overrides that only count",
		Sources: []string{"https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html"},
		Check:   checkKnownBadInputs,
		Proof: policy.Proof{
			Good: oneACL,
			Bad: []string{
				"acl.rules[0].statement.managedRuleGroupStatement.name=AWSManagedRulesCommonRuleSet", "acl.rules[0].overrideAction={count: {}}",
			},
			Guard: "acl.rules[0].statement.managedRuleGroupStatement.name", Absent: policy.Violation,
		},
	}
}

func checkKnownBadInputs(c *policy.Case) {
	rules := c.Get("rules")
	if rules.Unknown() || !c.Get("ruleJson").Empty() {
		c.UnclearBecause("rules", "the rules cannot be read here")
		return
	}
	for _, rule := range rules.List() {
		name := rule.Get("statement.managedRuleGroupStatement.name")
		if name.Unknown() {
			c.Unclear(name)
			return
		}
		if name.Is("AWSManagedRulesKnownBadInputsRuleSet") && rule.Get("overrideAction.count").Absent() {
			return
		}
	}
	c.Broken("rules", "the group is not among the rules", "AWSManagedRulesKnownBadInputsRuleSet")
}
