package rules

import (
	"fmt"
	"net/netip"

	"github.com/seed-11444627/holdfast/policy"
)

// aclRules are about network ACLs.
func aclRules() []*policy.Rule {
	return []*policy.Rule{aclNoOpenAdminPorts(), aclNotAllPorts(), aclAttached()}
}

// waysIn are the ingress rules of the network ACL that the case is about; none while one of its rules is not known, because
// each may come before all others.
func waysIn(c *policy.Case) []aclRule {
	list := aclsOf(c.Graph()).of[c.Node]
	if len(list.unsure) > 0 {
		c.Unclear(list.unsure...)
		return nil
	}
	return list.in
}

// lets says that ordered rules let a port in from some of the internet.
func lets(rules []aclRule, port int) (from netip.Prefix, yes bool) {
	for _, r := range rules {
		if !r.allow || !carries(r.protocol, "tcp") || !r.ports.covers(onePort(port)) || !wideOpen(r.prefix) {
			continue
		}
		if open, _ := passes(rules, "tcp", r.prefix, onePort(port)); open {
			return r.prefix, true
		}
	}
	return from, false
}

func aclNoOpenAdminPorts() *policy.Rule {
	return &policy.Rule{
		ID: "nacl-no-open-admin-ports", Title: "Network ACLs keep SSH and RDP from the internet out", Severity: policy.Medium,
		Types:   anyNetworkACL,
		Anchors: "fsbp:EC2.21 ckv:229,230,231,232 trivy:0105 cis:5.1 nist:SC-7",
		Why:     "the network ACL is what still holds when somebody opens a security group by mistake",
		Fix:     "leave ports 22 and 3389 out of the rules for 0.0.0.0/0, or deny them with a lower number",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-21"},
		Check: func(c *policy.Case) {
			rules := waysIn(c)
			for _, port := range adminPorts {
				if from, open := lets(rules, port); open {
					c.Broken("ingress", fmt.Sprintf("port %d open to %s", port, from), "no way in from the internet on 22 and 3389")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24}}
  door:
    type: aws:ec2/networkAcl:NetworkAcl
    properties:
      vpcId: "${net.id}"
      subnetIds: ["${a.id}"]
      ingress:
        - {ruleNo: 90, action: deny, protocol: "6", fromPort: 3389, toPort: 3389, cidrBlock: 0.0.0.0/0}
        - {ruleNo: 100, action: allow, protocol: "6", fromPort: 1024, toPort: 65535, cidrBlock: 0.0.0.0/0}
        - {ruleNo: 110, action: allow, protocol: "6", fromPort: 22, toPort: 22, cidrBlock: 10.0.0.0/8}
`,
			Bad: []string{
				`door.ingress[1]={ruleNo: 10, action: allow, protocol: "6", fromPort: 22, toPort: 22, cidrBlock: 0.0.0.0/0}`,
				`door.ingress[1]={ruleNo: 10, action: allow, protocol: "6", fromPort: 3000, toPort: 4000, cidrBlock: 0.0.0.0/0}`,
				`door.ingress[1]={ruleNo: 10, action: allow, protocol: "6", fromPort: 22, toPort: 22, ipv6CidrBlock: "::/0"}`,
				"door.ingress[0].ruleNo=101", `+more={type: "aws:ec2/networkAclRule:NetworkAclRule", properties: {networkAclId: "${door.id}", ruleNumber: 10, ruleAction: allow, protocol: "6", fromPort: 22, toPort: 22, cidrBlock: 0.0.0.0/0}}`,
			},
			Guard: "door.ingress[0].action", Absent: policy.Pass,
			Also: []string{"elb-to-instance-reachability", "client-to-elb-reachability", "instance-to-artifact-reachability", "nacl-not-all-ports"},
		},
	}
}

func aclNotAllPorts() *policy.Rule {
	return &policy.Rule{
		ID: "nacl-not-all-ports", Title: "Network ACLs do not let everything in", Severity: policy.Medium,
		Types:   anyNetworkACL,
		Anchors: "ckv:352 trivy:0102 nist:SC-7",
		Why:     "a network ACL that lets every protocol in from everywhere guards nothing",
		Fix:     "name the protocols and ports that the subnets serve, and 1024-65535 for answers",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html"},
		Check: func(c *policy.Case) {
			rules := waysIn(c)
			for _, r := range rules {
				if !r.allow || r.ports != allPorts || r.protocol == "udp" || !carries(r.protocol, "tcp") || !wideOpen(r.prefix) {
					continue
				}
				if open, _ := passes(rules, "tcp", r.prefix, allPorts); open {
					c.Broken(r.path, "all ports open to "+r.prefix.String(), "named ports", policy.Saw(r.node, r.path, "the rule"))
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {cidrBlock: 10.0.1.0/24}}
  door:
    type: aws:ec2/networkAcl:NetworkAcl
    properties:
      subnetIds: ["${a.id}"]
      ingress:
        - {ruleNo: 90, action: allow, protocol: "-1", fromPort: 0, toPort: 0, cidrBlock: 10.0.0.0/16}
        - {ruleNo: 100, action: allow, protocol: "6", fromPort: 443, toPort: 443, cidrBlock: 0.0.0.0/0}
`,
			Bad: []string{
				`door.ingress[0]={ruleNo: 90, action: allow, protocol: "-1", fromPort: 0, toPort: 0, cidrBlock: 0.0.0.0/0}`,
				`door.ingress[1]={ruleNo: 20, action: allow, protocol: "6", fromPort: 0, toPort: 65535, cidrBlock: 0.0.0.0/0}`,
				`door.ingress[1]={ruleNo: 20, action: allow, protocol: "-1", fromPort: 0, toPort: 0, ipv6CidrBlock: "::/0"}`,
			},
			Guard: "door.ingress[0].cidrBlock", Absent: policy.Pass,
			Also: []string{"nacl-no-open-admin-ports", "client-to-elb-reachability", "elb-to-instance-reachability", "instance-to-artifact-reachability"},
		},
	}
}

func aclAttached() *policy.Rule {
	return &policy.Rule{
		ID: "nacl-attached", Title: "Network ACLs are in use", Severity: policy.Low, Advisory: true,
		Types:   []string{networkACL},
		Anchors: "fsbp:EC2.16 ckv2:1",
		Why:     "the subnets that an ACL was written for have another one, most likely the default one, which lets everything pass",
		Fix:     "name the subnets in subnetIds, or remove the ACL",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"},
		Check: func(c *policy.Case) {
			ids := c.Get("subnetIds")
			if !ids.Empty() {
				c.Unclear(unknownIn(ids)...)
				return
			}
			for _, n := range c.Graph().ByType(networkACLAssociation) {
				if n.Get("networkAclId").Ref(anyNetworkACL...).Has(c.Node) {
					return
				}
			}
			c.Broken("subnetIds", "no subnet", "at least one subnet")
		},
		Proof: policy.Proof{
			Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {cidrBlock: 10.0.1.0/24}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {cidrBlock: 10.0.2.0/24}}
  door: {type: "aws:ec2/networkAcl:NetworkAcl", properties: {subnetIds: ["${a.id}"]}}
  other: {type: "aws:ec2/networkAcl:NetworkAcl"}
  link: {type: "aws:ec2/networkAclAssociation:NetworkAclAssociation", properties: {networkAclId: "${other.id}", subnetId: "${b.id}"}}
`,
			Bad:   []string{"door.subnetIds=[]", "link!"},
			Guard: "door.subnetIds", Absent: policy.Violation,
			Also: []string{"elb-to-instance-reachability", "client-to-elb-reachability", "instance-to-artifact-reachability"},
		},
	}
}
