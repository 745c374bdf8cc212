package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// worst is the worst verdict of a rule on its own example after edits, with settings of the rule.
func worst(t *testing.T, id, edits string, settings map[string]any) (policy.Outcome, []policy.Finding) {
	t.Helper()
	for _, rule := range rules.All() {
		if rule.ID != id {
			continue
		}
		fixture, err := policytest.Parse(rule.Proof.Good)
		require.NoError(t, err)
		resources, err := fixture.Edited(edits)
		require.NoError(t, err)
		entries := fixture.Entries
		if settings != nil {
			entries[id] = policy.Entry{Settings: settings}
		}
		config, err := policy.NewConfig(entries, rules.All())
		require.NoError(t, err)
		report := policy.Evaluate(policy.NewGraph(fixture.Stack, resources), policy.Evaluation{Rules: []*policy.Rule{rule}, Config: config, Today: policytest.Day})
		found := policy.Pass
		for _, f := range report.Findings {
			found = max(found, f.Outcome)
		}
		return found, report.Findings
	}
	t.Fatalf("there is no rule %s", id)
	return policy.Pass, nil
}

func TestReachabilitySaysUnknownWhereTheStackEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule, edits string
		settings          map[string]any
		want              policy.Outcome
	}{
		{"a prefix list of nobody", "client-to-elb-reachability", "from-edge.description=x", map[string]any{}, policy.Unknown},
		{"a declared prefix list", "client-to-elb-reachability", "from-edge.description=x", nil, policy.Pass},
		{"clients of the other family only", "client-to-elb-reachability", `public-sg.ingress[0]={protocol: tcp, fromPort: 443, toPort: 443, ipv6CidrBlocks: ["::/0"]}`, nil, policy.Violation},
		{"a transit gateway", "instance-to-artifact-reachability", `storage.routeTableIds=[] ; to-storage.prefixListId! ; to-storage.cidrIpv4=0.0.0.0/0 ; table.routes=[{cidrBlock: 0.0.0.0/0, transitGatewayId: tgw-1}]`, nil, policy.Unknown},
		{"a NAT gateway instead of the endpoint", "instance-to-artifact-reachability", `storage.routeTableIds=[] ; to-storage.prefixListId! ; to-storage.cidrIpv4=0.0.0.0/0 ; table.routes=[{cidrBlock: 0.0.0.0/0, natGatewayId: nat-1}]`, nil, policy.Pass},
		{"a security group of another stack", "elb-to-instance-reachability", "launch.vpcSecurityGroupIds=[sg-elsewhere] ; leave.sourceSecurityGroupId=sg-elsewhere", nil, policy.Unknown},
		{"a security group of another stack that nothing names", "elb-to-instance-reachability", "launch.vpcSecurityGroupIds=[sg-elsewhere]", nil, policy.Violation},
		{"a source by two halves of the subnets", "elb-to-instance-reachability", "enter.sourceSecurityGroupId! ; enter.cidrBlocks=[10.0.1.0/25, 10.0.1.128/25, 10.0.2.0/24]", nil, policy.Pass},
		{"a source by one half", "elb-to-instance-reachability", "enter.sourceSecurityGroupId! ; enter.cidrBlocks=[10.0.1.0/25, 10.0.2.0/24]", nil, policy.Violation},
		{"a Network Load Balancer without groups", "elb-to-instance-reachability", "front.loadBalancerType=network ; front.securityGroups! ; enter.sourceSecurityGroupId! ; enter.cidrBlocks=[0.0.0.0/0]", nil, policy.Pass},
		{"plain inside the network is not declared", "tls-path", "target.tags={}", map[string]any{"plain-inside-network": false}, policy.Violation},
		{"a health check port in the rules of nobody", "elb-to-instance-reachability", `target.healthCheck={enabled: true, port: "8081"}`, nil, policy.Violation},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, found := worst(t, c.rule, c.edits, c.settings)
			require.Equal(t, c.want, got, "%v", found)
		})
	}
}

func TestTheFirstBlockingHopIsNamedWithTheSmallestFix(t *testing.T) {
	t.Parallel()
	_, found := worst(t, "elb-to-instance-reachability", "target.port=8080", nil)
	require.Contains(t, found[0].Message(), "security group front-sg does not let tcp 8080 out")
	require.Contains(t, found[0].Fix, "egress rule for tcp 8080 to SecurityGroup web-sg")
	_, found = worst(t, "elb-to-instance-reachability", `guard.ingress[1]={ruleNo: 50, action: deny, protocol: "6", fromPort: 0, toPort: 100, cidrBlock: 10.0.2.0/24}`, nil)
	require.Contains(t, found[0].Message(), "rule 50 denies it")
}
