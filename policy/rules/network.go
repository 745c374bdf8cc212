package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const natGateway = "aws:ec2/natGateway:NatGateway"

// What the provider takes when nothing is said.
// https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/
var (
	_ = policy.Default(securityGroup, map[string]any{"description": "Managed by Pulumi"})
	_ = policy.Default(subnet, map[string]any{"mapPublicIpOnLaunch": false})
)

// networkRules are about networks, subnets, security groups and network ACLs.
func networkRules() []*policy.Rule {
	return slices.Concat([]*policy.Rule{
		noOpenAdminPorts(), noOpenRiskyPorts(), noOtherOpenPorts(), egressNotAny(), groupsDescribed(), groupAttached(), defaultGroupClosed(),
	}, aclRules(), networkShapeRules())
}

// groupTypes are all resources that hold rules of security groups.
var groupTypes = []string{securityGroup, defaultSecurityGroup, groupRuleOld, groupRuleIn, groupRuleOut}

// lettingIn are those that can let something in.
var lettingIn = []string{securityGroup, defaultSecurityGroup, groupRuleOld, groupRuleIn}

// adminPorts are those of SSH and RDP.
var adminPorts = []int{22, 3389}

// riskyPorts are ports of services that are not meant for strangers: all of
// https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19 but the admin ports,
// and those of Redshift (redshift-controls.html#redshift-15), Redis and Memcached (docs.aws.amazon.com/AmazonElastiCache) and
// DocumentDB (docs.aws.amazon.com/documentdb).
var riskyPorts = []int{
	20, 21, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 4333, 5000, 5432, 5439, 5500, 5601, 6379, 8080, 8088, 8888, 9200, 9300, 11211, 27017,
}

// ownRules are the rules that a resource holds by itself, in any of the three spellings.
func ownRules(c *policy.Case, out bool) (found []*groupRule) {
	alone := &firewall{byNode: map[*policy.Node][]*groupRule{}}
	if !slices.Contains(anySecurityGroup, c.Type) {
		r := alone.rule(c.Node, c.Props(), c.Type == groupRuleOut || c.Type == groupRuleOld && c.Get("type").Is("egress"))
		if r.out == out {
			found = append(found, r)
		}
		return found
	}
	list := c.Get("ingress")
	if out {
		list = c.Get("egress")
	}
	c.Unclear(unknownIn(list)...)
	for _, item := range list.List() {
		found = append(found, alone.rule(c.Node, item, out))
	}
	return found
}

func unknownIn(v policy.Value) []policy.Value {
	if v.Unknown() {
		return []policy.Value{v}
	}
	return nil
}

// vague says that the protocol or the ports of a rule are not known.
func (r *groupRule) vague() bool {
	return slices.ContainsFunc(r.unsure, func(v policy.Value) bool {
		return v.Path() == r.path || slices.Contains([]string{"protocol", "ipProtocol", "fromPort", "toPort"}, v.Name())
	})
}

// openTo is the range of a rule that stands for everybody.
func (r *groupRule) openTo() (netip.Prefix, bool) {
	for _, p := range r.ranges {
		if wideOpen(p) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// judgeOpen judges every rule that lets everybody in; bad says what is wrong with its ports, empty for nothing.
func judgeOpen(bad func(c *policy.Case, r *groupRule) string, required string) check {
	return func(c *policy.Case) {
		for _, r := range ownRules(c, false) {
			c.Unclear(r.unsure...)
			from, open := r.openTo()
			if !open || r.vague() || r.protocol == "icmp" || r.protocol == "icmpv6" || r.protocol == "1" || r.protocol == "58" {
				continue
			}
			if what := bad(c, r); what != "" {
				c.Broken(r.path, what+" open to "+from.String(), required)
			}
		}
	}
}

// portsIn are the ports of a list that a rule opens.
func portsIn(r *groupRule, ports []int) string {
	var open []string
	for _, port := range ports {
		if r.ports.covers(onePort(port)) {
			open = append(open, fmt.Sprint(port))
		}
	}
	switch len(open) {
	case 0:
		return ""
	case 1:
		return "port " + open[0]
	}
	const longest = 4
	if len(open) > longest {
		open = append(open[:longest], fmt.Sprintf("and %d more", len(open)-longest))
	}
	return "ports " + strings.Join(open, ", ")
}

func noOpenAdminPorts() *policy.Rule {
	return &policy.Rule{
		ID: "sg-no-open-admin-ports", Title: "SSH and RDP are closed to the internet", Severity: policy.Critical, Blocking: true,
		Types:   lettingIn,
		Anchors: "nag:EC23 nagn:EC2RestrictedSSH fsbp:EC2.13,EC2.14,EC2.18,EC2.19 ckv:24,25 trivy:0107 nist:SC-7",
		Why:     "an open port for administration is found within minutes and its passwords are tried from then on",
		Fix:     "remove the rule and use Session Manager, or name the range of the administrators",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19"},
		Check: judgeOpen(func(_ *policy.Case, r *groupRule) string {
			if r.protocol == "udp" {
				return portsIn(r, adminPorts[1:]) // RDP has a UDP transport too.
			}
			return portsIn(r, adminPorts)
		}, "ports 22 and 3389 for named ranges only"),
		Proof: policy.Proof{
			Good: `
resources:
  wall: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {ingress: [{protocol: tcp, fromPort: 22, toPort: 22, cidrBlocks: [10.0.0.0/8]}]}}
  enter: {type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", properties: {ipProtocol: tcp, fromPort: 22, toPort: 22, cidrIpv4: 192.0.2.0/24}}
  old: {type: "aws:ec2/securityGroupRule:SecurityGroupRule", properties: {type: ingress, protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [0.0.0.0/0]}}
`,
			Bad: []string{
				"wall.ingress[0]={protocol: tcp, fromPort: 22, toPort: 22, cidrBlocks: [0.0.0.0/0]}",
				"wall.ingress[0]={protocol: tcp, fromPort: 20, toPort: 30, cidrBlocks: [0.0.0.0/0]}",
				`wall.ingress[0]={protocol: tcp, fromPort: 3389, toPort: 3389, ipv6CidrBlocks: ["::/0"]}`,
				`wall.ingress[0]={protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: [0.0.0.0/0]}`,
				"wall.ingress[0].cidrBlocks=[0.0.0.0/1, 128.0.0.0/1]", "wall.ingress[0].cidrBlocks=[{$unknown: true}, 0.0.0.0/0]",
				"enter.fromPort=22 ; enter.toPort=22 ; enter.cidrIpv4=0.0.0.0/0", "enter.fromPort=3389 ; enter.toPort=3389 ; enter.cidrIpv4=0.0.0.0/0", `enter.cidrIpv6="::/0" ; enter.fromPort=22 ; enter.toPort=22`,
				"old.fromPort=0", `old.protocol="-1"`,
			},
			Guard: "enter.cidrIpv4", Absent: policy.Pass,
			Also: []string{"sg-no-open-any-port", "sg-no-open-high-risk-ports", "security-group-pairs-agree", "elb-to-instance-reachability", "client-to-elb-reachability", "sg-and-rules-described"},
		},
	}
}

func noOpenRiskyPorts() *policy.Rule {
	return &policy.Rule{
		ID: "sg-no-open-high-risk-ports", Title: "Ports of databases, caches and consoles are closed to the internet", Severity: policy.High, Blocking: true,
		Types:   lettingIn,
		Anchors: "nagn:EC2RestrictedCommonPorts fsbp:EC2.19,Redshift.15 nist:SC-7",
		Why:     "services behind these ports trust their network, and often ask for no password at all",
		Fix:     "let in the security group of the servers instead of addresses",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19"},
		Check:   judgeOpen(func(_ *policy.Case, r *groupRule) string { return portsIn(r, riskyPorts) }, "these ports for named groups and ranges only"),
		Proof: policy.Proof{
			Good: `
resources:
  wall: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {ingress: [{protocol: tcp, fromPort: 5432, toPort: 5432, cidrBlocks: [10.0.0.0/8]}]}}
  enter: {type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", properties: {ipProtocol: tcp, fromPort: 6379, toPort: 6379, cidrIpv4: 10.0.0.0/16}}
`,
			Bad: []string{
				"wall.ingress[0]={protocol: tcp, fromPort: 5432, toPort: 5432, cidrBlocks: [0.0.0.0/0]}",
				"wall.ingress[0]={protocol: tcp, fromPort: 3000, toPort: 3500, cidrBlocks: [0.0.0.0/0]}",
				`wall.ingress[0]={protocol: "-1", fromPort: 0, toPort: 0, ipv6CidrBlocks: ["::/0"]}`,
				"enter.fromPort=6379 ; enter.toPort=6379 ; enter.cidrIpv4=0.0.0.0/0", `enter.fromPort=3306 ; enter.toPort=3306 ; enter.cidrIpv6="::/0"`,
			},
			Guard: "enter.fromPort", Absent: policy.Pass,
			Also: []string{"sg-no-open-any-port", "sg-no-open-admin-ports", "security-group-pairs-agree", "elb-to-instance-reachability", "client-to-elb-reachability", "sg-and-rules-described"},
		},
	}
}

func noOtherOpenPorts() *policy.Rule {
	return &policy.Rule{
		ID: "sg-no-open-any-port", Title: "Only the ports of web servers are open to the internet", Severity: policy.High, Blocking: true,
		Types:   lettingIn,
		Anchors: "nag:EC23 fsbp:EC2.18 ckv:277,260 nist:SC-7",
		Why:     "a range that was opened to be on the safe side exposes whatever somebody starts there later",
		Fix:     "open 80 and 443 on the load balancer only, or name another port in the setting ports of this rule",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-18"},
		Settings: []policy.Setting{{
			Name: "ports", Kind: policy.KindList, Default: []any{80, 443}, Help: "the ports that everybody may reach",
		}},
		Check: judgeOpen(otherPorts, "ports that are declared for everybody"),
		Proof: policy.Proof{
			Good: `
resources:
  wall: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {ingress: [{protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [0.0.0.0/0]}]}}
  enter: {type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", properties: {ipProtocol: tcp, fromPort: 80, toPort: 80, cidrIpv4: 0.0.0.0/0}}
`,
			Bad: []string{
				"wall.ingress[0]={protocol: tcp, fromPort: 443, toPort: 444, cidrBlocks: [0.0.0.0/0]}", "wall.ingress[0].fromPort=442",
				"enter.fromPort=7000 ; enter.toPort=7010 ; enter.cidrIpv4=0.0.0.0/0", `enter.ipProtocol="-1" ; enter.cidrIpv4=0.0.0.0/0`,
				"enter.ipProtocol=tcp ; enter.fromPort=0 ; enter.toPort=65535 ; enter.cidrIpv4=0.0.0.0/0",
			},
			Guard: "enter.toPort", Absent: policy.Pass,
			Also: []string{"sg-no-open-admin-ports", "sg-no-open-high-risk-ports", "security-group-pairs-agree", "elb-to-instance-reachability", "client-to-elb-reachability", "sg-and-rules-described"},
		},
	}
}

// otherPorts are what a rule opens beside the ports that are declared, and those that other rules judge.
func otherPorts(c *policy.Case, r *groupRule) string {
	judged := slices.Concat(adminPorts, riskyPorts)
	for _, text := range c.Texts("ports") {
		var port int
		if _, err := fmt.Sscan(text, &port); err == nil {
			judged = append(judged, port)
		}
	}
	left := r.ports.without(judged)
	if len(left) == 0 {
		return ""
	}
	return left[0].String()
}

func egressNotAny() *policy.Rule {
	return &policy.Rule{
		ID: "sg-egress-not-any", Title: "Servers may not send anything anywhere", Severity: policy.Medium,
		Types:   groupTypes,
		Anchors: "ckv:382 trivy:0104 nist:SC-7",
		Why:     "a server that was broken into sends what it finds wherever it likes, and fetches more tools",
		Fix:     "name protocol, ports and destinations: endpoints, prefix lists, security groups",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"},
		Check: func(c *policy.Case) {
			for _, r := range ownRules(c, true) {
				c.Unclear(r.unsure...)
				if to, open := r.openTo(); open && r.protocol == "any" && !r.vague() {
					c.Broken(r.path, "every protocol and port to "+to.String(), "named protocols and ports")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  wall: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {egress: [{protocol: tcp, fromPort: 443, toPort: 443, cidrBlocks: [0.0.0.0/0]}]}}
  leave: {type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", properties: {ipProtocol: tcp, fromPort: 443, toPort: 443, cidrIpv4: 0.0.0.0/0}}
`,
			Bad: []string{
				`wall.egress[0]={protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: [0.0.0.0/0]}`, `leave.ipProtocol="-1" ; leave.cidrIpv4=0.0.0.0/0`,
				`leave.ipProtocol="-1" ; leave.cidrIpv6="::/0"`,
			},
			Guard: "leave.ipProtocol", Absent: policy.Pass,
			Also: []string{"sg-and-rules-described"},
		},
	}
}
