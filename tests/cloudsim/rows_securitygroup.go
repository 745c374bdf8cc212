package cloudsim

import (
	"fmt"
	"slices"
	"strings"
)

const (
	groupSGType        = "aws:ec2/securityGroup:SecurityGroup"
	defaultGroupSGType = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	ingressType        = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType         = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"

	sgDoc      = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"
	groupQuota = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups"
	sgRuleDoc  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html"
)

func init() {
	register(securityGroup, defaultSecurityGroup, groupRule(ingressType, "ingress"), groupRule(egressType, "egress"))
}

// ruleText is what EC2 takes in the description of a rule: an apostrophe, for one, is refused.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
var ruleText = Matches(`^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$`, "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*")

// SecurityGroupRef is a reference to a security group by id; it may be the default one that a VPC brings along.
func SecurityGroupRef(path string) Ref {
	return Ref{Path: path, To: []string{groupSGType, defaultGroupSGType, vpcType}, By: []string{"id", "defaultSecurityGroupId"},
		Code: "InvalidGroup.NotFound", Noun: "security group"}
}

var sgLimits = []Limit{
	{"name", Length(1, 255), sgDoc},
	{"name", Matches(`^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+$`, "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"), sgDoc},
	{"name", Satisfies(func(v string) string {
		if strings.HasPrefix(v, "sg-") {
			return "must not start with sg-"
		}
		return ""
	}), sgDoc},
	{"description", Length(1, 255), sgDoc},
	{"description", Matches(`^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+$`, "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"), sgDoc},
	{"ingress.description", Length(0, 255), sgDoc},
	{"ingress.description", ruleText, sgDoc},
	{"egress.description", Length(0, 255), sgDoc},
	{"egress.description", ruleText, sgDoc},
	{"ingress.cidrBlocks", Satisfies(ipv4), sgDoc},
	{"egress.cidrBlocks", Satisfies(ipv4), sgDoc},
	{"ingress.protocol", protocolName, sgDoc},
	{"egress.protocol", protocolName, sgDoc},
	{"ingress", Items(0, 60), groupQuota},
	{"egress", Items(0, 60), groupQuota},
}

var securityGroup = Row{
	Type: groupSGType, Noun: "security group",
	Doc:      sgDoc,
	ID:       Format("sg-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:security-group/{id}"),
	AutoName: &AutoName{},
	Defaults: map[string]any{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
	Computed: map[string]Compute{"ownerId": Format("{account}"), "ingress": Value([]string{}), "egress": Value([]string{})},
	Replace:  []string{"name", "namePrefix", "description", "vpcId"},
	Taggable: true,
	Refs:     []Ref{VPCRef("vpcId"), SecurityGroupRef("ingress.securityGroups"), SecurityGroupRef("egress.securityGroups")},
	Unique:   []Unique{{Paths: []string{"vpcId", "name"}, Code: "InvalidGroup.Duplicate"}},
	Limits:   sgLimits,
	Check: func(c *Call) error {
		if err := blocksAreGood(c, "ingress"); err != nil {
			return err
		}
		return blocksAreGood(c, "egress")
	},
	NotFound:  "InvalidGroup.NotFound",
	Durations: Durations{Create: 3 * second, Update: second, Delete: second, Source: sgSource},
}

var defaultSecurityGroup = Row{
	Type: defaultGroupSGType, Noun: "default security group",
	Doc: "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
	ID: func(c *Call) any {
		if owner := c.Ref("vpcId"); owner != nil {
			return owner.Out().Text("defaultSecurityGroupId")
		}
		return "sg-" + c.Hex("id", 17)
	},
	ARN: Format("arn:{partition}:ec2:{region}:{account}:security-group/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}"), "name": Value("default"), "description": Value("default VPC security group"),
		"ingress": Value([]string{}), "egress": Value([]string{})},
	Replace:  []string{"vpcId"},
	Taggable: true,
	Refs: []Ref{{Path: "vpcId", To: []string{vpcType}, Weak: true}, SecurityGroupRef("ingress.securityGroups"),
		SecurityGroupRef("egress.securityGroups")},
	Check: func(c *Call) error {
		if err := blocksAreGood(c, "ingress"); err != nil {
			return err
		}
		return blocksAreGood(c, "egress")
	},
	NotFound:  "InvalidGroup.NotFound",
	Durations: immediate,
}

// blocksAreGood judges the rules written inside a group.
func blocksAreGood(c *Call, path string) error {
	seen := map[string]bool{}
	for i, block := range c.Objects(path) {
		at := fmt.Sprintf("%s[%d]", path, i)
		sources := 0
		for _, source := range []string{"cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"} {
			n, known := block.Count(source)
			if !known {
				n = 1
			}
			sources += n
		}
		if sources == 0 && !block.Bool("self") && block.Known("self") {
			return c.RejectAt(at, "MissingParameter", "the rule needs a source: cidrBlocks, ipv6CidrBlocks, prefixListIds, securityGroups or self")
		}
		if err := portsAreGood(c, block, at, "protocol"); err != nil {
			return err
		}
		for _, source := range []string{"cidrBlocks", "ipv6CidrBlocks", "securityGroups"} {
			for _, value := range block.Texts(source) {
				key := strings.Join([]string{block.Text("protocol"), block.Text("fromPort"), block.Text("toPort"), value}, " ")
				if seen[key] {
					return c.RejectAt(at, "InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", key)
				}
				seen[key] = true
			}
		}
	}
	return groupsShareVPC(c, path+".securityGroups", c.Text("vpcId"))
}

// portsAreGood: from not above to, and no ports where the protocol has none.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func portsAreGood(c *Call, p Props, at, protocolPath string) error {
	protocol := strings.ToLower(p.Text(protocolPath))
	if !p.Known("fromPort", "toPort", protocolPath) {
		return nil
	}
	from, to := p.Int("fromPort"), p.Int("toPort")
	if protocol == "-1" || protocol == "all" {
		if !slices.Contains([]int{0, -1}, from) || !slices.Contains([]int{0, -1}, to) {
			return c.RejectAt(join(at, "fromPort"), "InvalidParameterValue", "ports cannot be given with protocol -1: from %d to %d", from, to)
		}
		return nil
	}
	if protocol == "tcp" || protocol == "udp" || protocol == "6" || protocol == "17" {
		if from < 0 || to > 65535 || from > to {
			return c.RejectAt(join(at, "fromPort"), "InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", from, to)
		}
		if !p.Has("fromPort") || !p.Has("toPort") {
			return c.RejectAt(join(at, "fromPort"), "MissingParameter", "protocol %s needs fromPort and toPort", protocol)
		}
	}
	return nil
}

// groupsShareVPC demands that referenced groups lie in the same VPC. A peered VPC's groups are not modelled.
func groupsShareVPC(c *Call, path, network string) error {
	for _, other := range c.Refs(path) {
		if home := networkOf(other); network != "" && home != "" && home != network {
			return c.RejectAt(path, "InvalidGroup.NotFound", "You have specified two resources that belong to different networks: "+
				"the group %s is in %s, this rule in %s", other.ID, home, network)
		}
	}
	return nil
}

var ruleSources = []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}

// groupRule is the row of a rule that stands beside its group.
func groupRule(typ, direction string) Row {
	return Row{
		Type: typ, Noun: "security group rule",
		Doc:      sgRuleDoc,
		ID:       Format("sgr-{hex17}"),
		ARN:      Format("arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}"),
		Computed: map[string]Compute{"securityGroupRuleId": Format("{id}")},
		Required: []string{"securityGroupId", "ipProtocol"},
		Replace:  []string{"securityGroupId"},
		Taggable: true,
		Refs:     []Ref{weakly(SecurityGroupRef("securityGroupId")), SecurityGroupRef("referencedSecurityGroupId")},
		Limits: []Limit{
			{"cidrIpv4", blockSize(0, 32), sgRuleDoc},
			{"cidrIpv6", blockSize(0, 128), sgRuleDoc},
			{"cidrIpv4", Satisfies(ipv4), sgRuleDoc},
			{"cidrIpv6", Satisfies(ipv6), sgRuleDoc},
			{"ipProtocol", protocolName, sgRuleDoc},
			{"description", Length(0, 255), "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html"},
			{"description", ruleText, "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html"},
		},
		Check:     func(c *Call) error { return ruleIsGood(c, direction) },
		NotFound:  "InvalidSecurityGroupRuleId.NotFound",
		Durations: immediate,
	}
}

func weakly(ref Ref) Ref {
	ref.Weak = true
	return ref
}

func ruleIsGood(c *Call, direction string) error {
	if n := count(c.Props, ruleSources); n != 1 {
		return c.RejectAt(ruleSources[0], "InvalidParameterCombination", "exactly one of %s must be given, not %d",
			strings.Join(ruleSources, ", "), n)
	}
	// With a prefix list or a group as its source, a rule's text may not hold an ampersand either.
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PrefixListId.html
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UserIdGroupPair.html
	if c.Text("prefixListId")+c.Text("referencedSecurityGroupId") != "" && strings.Contains(c.Text("description"), "&") {
		return c.RejectAt("description", "InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 "+
			"characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=;{}!$*")
	}
	if err := portsAreGood(c, c.Props, "", "ipProtocol"); err != nil {
		return err
	}
	group := c.Ref("securityGroupId")
	if group == nil {
		return nil
	}
	if err := groupsShareVPC(c, "referencedSecurityGroupId", networkOf(group)); err != nil {
		return err
	}
	others := c.Where(c.Row.Type, "securityGroupId", c.Text("securityGroupId"))
	if len(others) >= 60 {
		return c.RejectAt("securityGroupId", "RulesPerSecurityGroupLimitExceeded", "the maximum number of rules per security group (60, %s) "+
			"has been reached for %s", direction, group.ID)
	}
	for _, other := range others {
		if c.Known(append(ruleSources, "ipProtocol", "fromPort", "toPort")...) && signature(c.Props) == signature(other.Out()) {
			return c.Reject("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists in %s as %s", signature(c.Props), group.ID,
				other.ID)
		}
	}
	return duplicatesBlock(c, group, direction)
}

// signature is what makes two rules of a group the same.
func signature(p Props) string {
	parts := []string{p.Text("ipProtocol"), p.Text("fromPort"), p.Text("toPort")}
	for _, source := range ruleSources {
		parts = append(parts, p.Text(source))
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// duplicatesBlock compares with the rules written inside the group.
func duplicatesBlock(c *Call, group *Resource, direction string) error {
	inside := map[string]string{"cidrIpv4": "cidrBlocks", "cidrIpv6": "ipv6CidrBlocks", "referencedSecurityGroupId": "securityGroups"}
	for _, block := range group.Out().Objects(direction) {
		if block.Text("protocol") != c.Text("ipProtocol") || block.Int("fromPort") != c.Int("fromPort") || block.Int("toPort") != c.Int("toPort") {
			continue
		}
		for mine, theirs := range inside {
			if c.Text(mine) != "" && slices.Contains(block.Texts(theirs), c.Text(mine)) {
				return c.Reject("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists inside %s", signature(c.Props), group.ID)
			}
		}
	}
	return nil
}
