package cloudsim

import (
	"fmt"
	"strings"
)

const (
	aclType        = "aws:ec2/networkAcl:NetworkAcl"
	defaultACLType = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	aclRuleType    = "aws:ec2/networkAclRule:NetworkAclRule"

	aclDoc     = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"
	aclRuleDoc = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html"
)

func init() {
	register(networkACL, defaultNetworkACL, networkACLRule, networkACLAssociation)
}

func aclRef(path string) Ref {
	return Ref{Path: path, To: []string{aclType, defaultACLType, vpcType}, By: []string{"id", "defaultNetworkAclId"},
		Code: "InvalidNetworkAclID.NotFound", Noun: "networkAcl ID"}
}

var networkACL = Row{
	Type: aclType, Noun: "networkAcl ID",
	Doc:      aclDoc,
	ID:       Format("acl-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:network-acl/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}"), "subnetIds": Value([]string{}), "ingress": Value([]string{}), "egress": Value([]string{})},
	Required: []string{"vpcId"},
	Replace:  []string{"vpcId"},
	Taggable: true,
	Refs:     []Ref{VPCRef("vpcId"), weakly(SubnetRef("subnetIds"))},
	Check: func(c *Call) error {
		if err := sameVPC(c, "subnetIds"); err != nil {
			return err
		}
		return aclBlocksAreGood(c)
	},
	Refuse: func(c *Call) error {
		for _, association := range c.Where("aws:ec2/networkAclAssociation:NetworkAclAssociation", "networkAclId", c.ID) {
			return c.Reject("DependencyViolation", "networkAcl '%s' has dependencies and cannot be deleted: subnet %s", c.ID,
				association.Out().Text("subnetId"))
		}
		return nil
	},
	NotFound:  "InvalidNetworkAclID.NotFound",
	Durations: immediate,
}

var defaultNetworkACL = Row{
	Type: defaultACLType, Noun: "default network ACL",
	Doc:      "https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html",
	ID:       Format("{defaultNetworkAclId}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:network-acl/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}"), "vpcId": ownerVPC("defaultNetworkAclId")},
	Required: []string{"defaultNetworkAclId"},
	Replace:  []string{"defaultNetworkAclId"},
	Taggable: true,
	Refs: []Ref{{Path: "defaultNetworkAclId", To: []string{vpcType}, By: []string{"defaultNetworkAclId"}, Weak: true,
		Code: "InvalidNetworkAclID.NotFound"}, weakly(SubnetRef("subnetIds"))},
	Check:     aclBlocksAreGood,
	NotFound:  "InvalidNetworkAclID.NotFound",
	Durations: immediate,
}

// aclBlocksAreGood judges the entries written inside an ACL.
func aclBlocksAreGood(c *Call) error {
	for _, direction := range []string{"ingress", "egress"} {
		seen := map[int]bool{}
		for i, entry := range c.Objects(direction) {
			at := fmt.Sprintf("%s[%d].ruleNo", direction, i)
			number := entry.Int("ruleNo")
			if !entry.Known("ruleNo") {
				continue
			}
			if number < 1 || number > 32766 {
				return c.RejectAt(at, "InvalidParameterValue", "rule number %d is not between 1 and 32766", number)
			}
			if seen[number] {
				return c.RejectAt(at, "NetworkAclEntryAlreadyExists", "the network acl entry identified by %d already exists", number)
			}
			seen[number] = true
		}
	}
	return nil
}

var networkACLRule = Row{
	Type: aclRuleType, Noun: "network ACL entry",
	Doc: aclRuleDoc,
	ID: func(c *Call) any {
		return "nacl-" + stable(strings.Join([]string{c.Text("networkAclId"), c.Text("ruleNumber"), c.Text("egress"), c.Text("protocol")}, "-"), 10)
	},
	Defaults: map[string]any{"egress": false},
	Required: []string{"networkAclId", "protocol", "ruleAction", "ruleNumber"},
	Replace: []string{"networkAclId", "ruleNumber", "egress", "protocol", "ruleAction", "cidrBlock", "ipv6CidrBlock", "fromPort",
		"toPort", "icmpType", "icmpCode"},
	Refs:   []Ref{weakly(aclRef("networkAclId"))},
	Unique: []Unique{{Paths: []string{"ruleNumber", "egress", "networkAclId"}, Code: "NetworkAclEntryAlreadyExists"}},
	Limits: []Limit{
		{"ruleNumber", Between(1, 32766), aclRuleDoc},
		{"ruleAction", OneOf("allow", "deny"), aclRuleDoc},
		{"cidrBlock", blockSize(0, 32), aclRuleDoc},
		{"ipv6CidrBlock", blockSize(0, 128), aclRuleDoc},
	},
	Check: func(c *Call) error {
		if n := count(c.Props, []string{"cidrBlock", "ipv6CidrBlock"}); n != 1 {
			return c.RejectAt("cidrBlock", "InvalidParameterCombination", "exactly one of cidrBlock and ipv6CidrBlock must be given")
		}
		return portsAreGood(c, c.Props, "", "protocol")
	},
	Durations: immediate,
}

var networkACLAssociation = Row{
	Type: "aws:ec2/networkAclAssociation:NetworkAclAssociation", Noun: "network ACL association",
	Doc:      "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclAssociation.html",
	ID:       Format("aclassoc-{hex17}"),
	Required: []string{"networkAclId", "subnetId"},
	Replace:  []string{"networkAclId", "subnetId"},
	Refs:     []Ref{weakly(aclRef("networkAclId")), weakly(SubnetRef("subnetId"))},
	Unique:   []Unique{{Paths: []string{"subnetId"}, Code: "Resource.AlreadyAssociated"}},
	Check: func(c *Call) error {
		acl, home := c.Ref("networkAclId"), c.Ref("subnetId")
		if acl == nil || home == nil || networkOf(acl) == networkOf(home) {
			return nil
		}
		return c.RejectAt("subnetId", "InvalidParameterValue", "the network ACL %s and the subnet %s belong to different networks", acl.ID, home.ID)
	},
	Durations: immediate,
}
