package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// keepers are the types that hold what cannot be made again: data, keys, names that others rely on.
var keepers = []string{
	"aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance", "aws:rds/globalCluster:GlobalCluster",
	"aws:dynamodb/table:Table", "aws:dynamodb/globalTable:GlobalTable", "aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2",
	"aws:efs/fileSystem:FileSystem", "aws:ebs/volume:Volume", "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey",
	"aws:secretsmanager/secret:Secret", "aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster",
	"aws:kinesis/stream:Stream", "aws:sqs/queue:Queue", "aws:redshift/cluster:Cluster", "aws:opensearch/domain:Domain",
	"aws:backup/vault:Vault", "aws:ecr/repository:Repository", "aws:route53/zone:Zone", "aws:cloudwatch/logGroup:LogGroup",
	"aws:cognito/userPool:UserPool", "aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:fsx/lustreFileSystem:LustreFileSystem", "aws:msk/cluster:Cluster",
	"kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:PersistentVolume", "kubernetes:apps/v1:StatefulSet",
}

const planDocs = "https://www.pulumi.com/docs/iac/concepts/how-pulumi-works/"

// noPlan is why a rule about changes says nothing where only the result is known.
const noPlan = "no plan is known here for what is there already: judge what pulumi preview --json prints"

// Changes are the rules about what a plan does. They need a host that knows the plan.
func Changes() []*policy.Rule { return changeRules() }

// changeRules are about what a plan does to what is already there.
func changeRules() []*policy.Rule {
	return []*policy.Rule{keeperReplaced(), keeperDeleted(), accessOpened(), alarmRemoved(), protectionLifted()}
}

func keeperReplaced() *policy.Rule {
	return &policy.Rule{
		ID: "change-stateful-replaced", Title: "A plan replaces nothing that holds data", Severity: policy.Critical, ProdOnly: true, Types: keepers,
		Anchors: "nist:CM-3,CP-9",
		Why:     "a replacement makes a new, empty resource and deletes the old one with everything in it",
		Fix:     "keep the properties that cause the replacement as they are, move the data first, or waive it for this one change",
		Sources: []string{planDocs},
		Check: func(c *policy.Case) {
			switch {
			case !c.Planned():
				c.Skip(noPlan)
			case c.Op() == policy.Replace:
				c.Broken("", "the plan replaces it, because of "+causes(c.Node), "a resource that stays")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  db:
    type: aws:rds/instance:Instance
    properties: {engine: postgres}
    step: {op: update, causes: [engine], old: {engine: postgres}}
`,
			Bad:       []string{"db#op=replace"},
			Unguarded: "it reads the plan's step, which is always known", FixtureOnly: "the environments are judged without a plan",
		},
	}
}

func causes(n *policy.Node) string {
	if len(n.Step.Causes) == 0 {
		return "something that the engine does not name"
	}
	return strings.Join(n.Step.Causes, ", ")
}

func keeperDeleted() *policy.Rule {
	return &policy.Rule{
		ID: "change-stateful-deleted", Title: "A plan deletes nothing that holds data", Severity: policy.Critical, ProdOnly: true,
		Anchors: "nist:CM-3,CP-9",
		Why:     "what is deleted is gone with everything in it; often only its name was changed in the program",
		Fix:     "give the renamed resource an alias, set retainOnDelete to leave it in the account, or waive it for this one change",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/options/aliases/", planDocs},
		Check: func(c *policy.Case) {
			if !c.Planned() {
				c.Skip(noPlan)
				return
			}
			for _, n := range c.Graph().Gone() {
				if isKeeper[n.Type] && !n.RetainOnDelete {
					c.At(n).Broken("", "the plan deletes it", "a resource that stays, or retainOnDelete")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  kept:
    type: aws:s3/bucketV2:BucketV2
    step: {op: same}
  left:
    type: aws:s3/bucketV2:BucketV2
    options: {retainOnDelete: true}
    step: {op: delete}
  other:
    type: aws:cloudfront/cachePolicy:CachePolicy
    step: {op: delete}
`,
			Bad:       []string{"kept#op=delete", "left#retainOnDelete=false"},
			Unguarded: "it reads the plan's step, which is always known", FixtureOnly: "the environments are judged without a plan",
		},
	}
}

var isKeeper = func() map[string]bool {
	set := map[string]bool{}
	for _, t := range keepers {
		set[t] = true
	}
	return set
}()

// doors are where a resource lets addresses in: the properties that list them.
var doors = map[string][]string{
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"cidrIpv4", "cidrIpv6"},
	"aws:ec2/securityGroupRule:SecurityGroupRule":               {"cidrBlocks", "ipv6CidrBlocks"},
	"aws:ec2/securityGroup:SecurityGroup":                       {"ingress"},
}

func accessOpened() *policy.Rule {
	return &policy.Rule{
		ID: "change-access-opened", Title: "A plan opens no security group to more addresses or ports", Severity: policy.High, ProdOnly: true,
		Types: []string{
			"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:ec2/securityGroupRule:SecurityGroupRule", "aws:ec2/securityGroup:SecurityGroup",
		},
		Anchors: "nist:CM-3,SC-7",
		Why:     "a door that opens in an update is easily overlooked in a long preview, and open at once",
		Fix:     "narrow the addresses and ports to those that are needed, or waive it for this one change with the reason",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"},
		Check: func(c *policy.Case) {
			if !c.Planned() {
				c.Skip(noPlan)
				return
			}
			if c.Type == "aws:ec2/securityGroupRule:SecurityGroupRule" && c.Get("type").Is("egress") {
				c.Skip("it lets traffic out, not in")
				return
			}
			switch c.Op() {
			case policy.Update, policy.Replace:
				opened(c)
			case policy.Create:
				openedExisting(c)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  group:
    type: aws:ec2/securityGroup:SecurityGroup
    properties: {description: servers}
    step: {op: same}
  door:
    type: aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule
    properties: {securityGroupId: "${group.id}", cidrIpv4: 10.0.0.0/16, fromPort: 443, toPort: 443, ipProtocol: tcp}
    step: {op: update, causes: [description], old: {cidrIpv4: 10.0.0.0/16, fromPort: 443, toPort: 443, ipProtocol: tcp}}
`,
			Bad: []string{
				"door.cidrIpv4=10.0.0.0/8", "door.toPort=8443", "door.ipProtocol=\"-1\"",
				"+new={type: \"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule\", properties: {securityGroupId: \"${group.id}\", cidrIpv4: 192.0.2.0/24, fromPort: 443, toPort: 443, ipProtocol: tcp}, step: {op: create}}",
			},
			Guard: "door.cidrIpv4", Absent: policy.Pass, FixtureOnly: "the environments are judged without a plan",
		},
	}
}

// opened compares a rule with what it was: addresses, ports and protocol may only get fewer.
func opened(c *policy.Case) {
	for _, property := range doors[c.Type] {
		before := wide(c.Was(property))
		for _, address := range c.Get(property).Items() {
			if address.Unknown() {
				c.Unclear(address)
				continue
			}
			if !before[address.Show()] {
				c.Fail(address, "nothing that was not let in before", policy.Saw(c.Node, property, "before: "+c.Was(property).Show()))
			}
		}
	}
	if c.Type == "aws:ec2/securityGroup:SecurityGroup" {
		return // Its ports are inside the compared blocks.
	}
	from, to := c.Get("fromPort"), c.Get("toPort")
	if from.Unknown() || to.Unknown() {
		c.Unclear(from, to)
		return
	}
	if from.Number() < c.Was("fromPort").Number() || to.Number() > c.Was("toPort").Number() {
		c.Broken("fromPort", "ports "+from.Show()+" to "+to.Show(), "no more than "+c.Was("fromPort").Show()+" to "+c.Was("toPort").Show())
	}
	if protocol := c.Get("ipProtocol"); protocol.Is("-1") && !c.Was("ipProtocol").Is("-1") {
		c.Fail(protocol, "the protocol as it was: "+c.Was("ipProtocol").Show())
	}
}

func wide(v policy.Value) map[string]bool {
	set := map[string]bool{}
	for _, item := range v.Items() {
		set[item.Show()] = true
	}
	return set
}

// openedExisting is about a new rule of a group that is there already.
func openedExisting(c *policy.Case) {
	group := c.Get("securityGroupId").Ref("aws:ec2/securityGroup:SecurityGroup").Node()
	if group == nil || group.Op() == policy.Create || group.Op() == policy.Replace {
		return
	}
	for _, property := range doors[c.Type] {
		if v := c.Get(property); !v.Empty() {
			c.Fail(v, "no new addresses let into a group that is in use", policy.Saw(group, "", "the group is there already"))
		}
	}
}

var alarmTypes = []string{"aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"}

func alarmRemoved() *policy.Rule {
	return &policy.Rule{
		ID: "change-alarm-removed", Title: "A plan removes or silences no alarm of what stays", Severity: policy.High, ProdOnly: true,
		Anchors: "nist:CM-3,SI-4",
		Why:     "what nobody is told of is found by customers; an alarm that goes in an update is seldom noticed before it is missed",
		Fix:     "keep the alarm and its actions, or waive it for this one change and say what watches instead",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"},
		Check: func(c *policy.Case) {
			if !c.Planned() {
				c.Skip(noPlan)
				return
			}
			for _, n := range c.Graph().Gone() {
				if (n.Type == alarmTypes[0] || n.Type == alarmTypes[1]) && stays(c.Graph(), n) {
					c.At(n).Broken("", "the plan deletes it while what it belongs to stays", "an alarm that stays")
				}
			}
			for n := range c.Each(alarmTypes...) {
				silenced(c.At(n))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  shop: {type: "test:index:Shop", step: {op: same}}
  busy:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    parent: shop
    properties: {alarmActions: ["arn:aws:sns:eu-central-1:111111111111:who"], actionsEnabled: true}
    step: {op: update, old: {alarmActions: ["arn:aws:sns:eu-central-1:111111111111:who"], actionsEnabled: true}}
  old: {type: "test:index:Shop", step: {op: delete}}
  quiet:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    parent: old
    step: {op: delete}
`,
			Bad:   []string{"busy#op=delete", "busy.actionsEnabled=false", "busy.alarmActions=[]"},
			Guard: "busy.alarmActions", Absent: policy.Violation, Also: []string{"alarm-has-action"}, FixtureOnly: "the environments are judged without a plan",
		},
	}
}

// stays says that what the deleted alarm belonged to is still there: then it was removed by itself.
func stays(g *policy.Graph, alarm *policy.Node) bool {
	return alarm.Resource.Parent == "" || g.ByURN(alarm.Resource.Parent) != nil
}

func silenced(c *policy.Case) {
	if c.Op() != policy.Update && c.Op() != policy.Replace {
		return
	}
	actions, enabled := c.Get("alarmActions"), c.Get("actionsEnabled")
	if actions.Unknown() {
		c.Unclear(actions)
	}
	if actions.Empty() && !c.Was("alarmActions").Empty() {
		c.Fail(actions, "the actions that it had")
	}
	if enabled.Is("false") && !c.Was("actionsEnabled").Is("false") {
		c.Fail(enabled, "true, as it was")
	}
}

// guards are the protections that services have of their own, and the value that lifts them.
var guards = map[string]string{
	"deletionProtection": "false", "enableDeletionProtection": "false", "deletionProtectionEnabled": "false",
	"skipFinalSnapshot": "true", "forceDestroy": "true", "forceDelete": "true",
}

func protectionLifted() *policy.Rule {
	return &policy.Rule{
		ID: "change-protection-lifted", Title: "A plan lifts no protection", Severity: policy.High, ProdOnly: true,
		Anchors: "nist:CM-3",
		Why:     "lifting a protection is the first half of a deletion, and the half that nobody asks about",
		Fix:     "keep the protection, or waive it for this one change with the reason",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/options/protect/"},
		Check: func(c *policy.Case) {
			if !c.Planned() {
				c.Skip(noPlan)
				return
			}
			for _, n := range c.Graph().Nodes() {
				lifted(c.At(n))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  db:
    type: aws:docdb/cluster:Cluster
    options: {protect: true}
    properties: {deletionProtection: true, skipFinalSnapshot: false}
    step: {op: update, protected: true, old: {deletionProtection: true, skipFinalSnapshot: false}}
`,
			Bad:   []string{"db#protect=false", "db.deletionProtection=false", "db.deletionProtection!", "db.skipFinalSnapshot=true"},
			Guard: "db.deletionProtection", Absent: policy.Violation, FixtureOnly: "the environments are judged without a plan",
		},
	}
}

func lifted(c *policy.Case) {
	if c.Op() == policy.Create || c.Step == nil {
		return
	}
	if c.Step.OldProtect && !c.Protect {
		c.Broken("protect", "false, was true", "protect as it was")
	}
	for _, property := range guardNames {
		was, now := c.Was(property), c.Get(property)
		if was.Absent() || was.Is(guards[property]) {
			continue
		}
		if now.Unknown() {
			c.Unclear(now)
			continue
		}
		if now.Is(guards[property]) || now.Absent() && guards[property] == "false" {
			c.Fail(now, was.Show()+", as it was")
		}
	}
}

var guardNames = []string{"deletionProtection", "deletionProtectionEnabled", "enableDeletionProtection", "forceDelete", "forceDestroy", "skipFinalSnapshot"}
