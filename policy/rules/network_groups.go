package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

func groupsDescribed() *policy.Rule {
	return &policy.Rule{
		ID: "sg-and-rules-described", Title: "Security groups and their rules say what they are for", Severity: policy.Low, Advisory: true,
		Types:   []string{securityGroup, groupRuleOld, groupRuleIn, groupRuleOut},
		Anchors: "nag:EC27 ckv:23 trivy:0099,0124",
		Why:     "nobody dares to remove a rule of which nobody knows why it is there",
		Fix:     "set description",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"},
		Check: func(c *policy.Case) {
			const required = "what it is for"
			said := func(v policy.Value) bool {
				return !v.Empty() && !v.Is("Managed by Pulumi") && !v.Is("Managed by Terraform")
			}
			c.Require(c.Get("description"), required, said)
			for _, list := range []string{"ingress", "egress"} {
				for _, item := range c.Get(list).List() {
					c.Require(item.Get("description"), required, said)
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  wall:
    type: aws:ec2/securityGroup:SecurityGroup
    properties: {description: Servers, ingress: [{protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [10.0.0.0/8], description: Clients}]}
  enter: {type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", properties: {description: Clients}}
`,
			Bad:   []string{"wall.description!", `wall.description=""`, "enter.description!", "wall.ingress[0].description!"},
			Guard: "wall.description", Absent: policy.Violation,
		},
	}
}

func groupAttached() *policy.Rule {
	return &policy.Rule{
		ID: "sg-attached", Title: "Security groups are in use", Severity: policy.Low, Advisory: true,
		Types:   []string{securityGroup},
		Anchors: "ckv2:5 config:EC2_SECURITY_GROUP_ATTACHED_TO_ENI_PERIODIC",
		Why:     "a group that nothing uses is attached by mistake one day, with whatever its rules still let in",
		Fix:     "remove the group, or attach it",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"},
		Check: func(c *policy.Case) {
			if used := policy.Memo(c.Graph(), &usedGroupsKey, usedGroups); !used[c.URN] && !used[c.ID] {
				c.Broken("", "no resource of the stack uses the group", "a resource that uses it")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  wall: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {description: Servers}}
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, securityGroups: ["${wall.id}"]}}
`,
			Bad:       []string{"front!", "front.securityGroups=[]"},
			Unguarded: "what uses the group decides, not one value",
			Also: []string{
				"client-to-elb-reachability", "elb-to-instance-reachability", "security-group-pairs-agree", "elb-and-asg-share-zones",
			},
			FixtureOnly: "removing what uses a group removes much else with it",
		},
	}
}

var usedGroupsKey int

// usedGroups are the URNs and ids of security groups that anything but rules and other groups is made with.
func usedGroups(g *policy.Graph) map[string]bool {
	used := map[string]bool{}
	for _, n := range g.Nodes() {
		if slices.Contains(groupTypes, n.Type) || n.IsComponent() || n.Type == policy.StackType {
			continue
		}
		for property, urns := range n.PropertyDependencies {
			if n.Get(property).Empty() {
				continue
			}
			for _, urn := range urns {
				used[urn] = true
			}
		}
		for _, path := range []string{"securityGroups", "securityGroupIds", "vpcSecurityGroupIds", "networkInterfaces", "vpcConfig", "networkConfiguration"} {
			n.Get(path).Walk(func(v policy.Value) {
				if v.IsText() {
					used[v.Text()] = true
				}
			})
		}
	}
	return used
}

func defaultGroupClosed() *policy.Rule {
	return &policy.Rule{
		ID: "default-sg-closed", Title: "The default security group of a network lets nothing pass", Severity: policy.High,
		Types:   []string{network, defaultSecurityGroup},
		Anchors: "nagn:VPCDefaultSecurityGroupClosed fsbp:EC2.2 ckv2:12 trivy:0173 config:VPC_DEFAULT_SECURITY_GROUP_CLOSED cis:5.4 nist:SC-7",
		Why:     "whatever is made without a security group gets the default one, and can talk to everything else that was",
		Fix:     "take the group over with a DefaultSecurityGroup that has no ingress and no egress",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html"},
		Check: func(c *policy.Case) {
			if c.Type == defaultSecurityGroup {
				c.Require(c.Get("ingress"), "no rule", policy.Value.Empty)
				c.Require(c.Get("egress"), "no rule", policy.Value.Empty)
				for _, r := range firewallOf(c.Graph()).rules[c.Node] {
					if r.node != c.Node {
						c.Broken("", r.node.String()+" adds a rule", "no rule", policy.Saw(r.node, "securityGroupId", "adds it"))
					}
				}
				return
			}
			if !takenOver(c.Node, defaultSecurityGroup) {
				c.Broken("", "nothing takes over the default security group", "a DefaultSecurityGroup without rules")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  closed: {type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", properties: {vpcId: "${net.id}", ingress: []}}
`,
			Bad: []string{
				`closed.ingress=[{protocol: "-1", fromPort: 0, toPort: 0, self: true}]`, `closed.egress=[{protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [10.0.0.0/8]}]`,
				"closed!", `+opened={type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", properties: {securityGroupId: "${closed.id}", ipProtocol: tcp, fromPort: 443, toPort: 443, cidrIpv4: 10.0.0.0/8}}`,
			},
			Guard: "closed.ingress", Absent: policy.Pass,
			Also: []string{"sg-and-rules-described", "security-group-pairs-agree"},
		},
	}
}

// takenOver says that the stack manages a default part of the network.
func takenOver(at *policy.Node, types ...string) bool {
	for _, n := range at.Graph().ByType(types...) {
		if networkOf(n) == at {
			return true
		}
	}
	return false
}
