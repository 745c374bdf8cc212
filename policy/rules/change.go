package rules

import (
	"net/netip"
	"slices"
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
	redshiftNamespace, "aws:memorydb/cluster:Cluster", "aws:docdb/cluster:Cluster", "aws:docdb/elasticCluster:ElasticCluster", "aws:neptune/cluster:Cluster",
	"aws:fsx/ontapFileSystem:OntapFileSystem", "aws:fsx/openZfsFileSystem:OpenZfsFileSystem", "aws:s3/directoryBucket:DirectoryBucket",
	"aws:keyspaces/table:Table", "aws:timestreamwrite/table:Table", "aws:timestreaminfluxdb/dbInstance:DbInstance",
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

// doorTypes are the types that let traffic in.
var doorTypes = []string{groupRuleIn, groupRuleOld, securityGroup, defaultSecurityGroup}

// doorSources are the properties that name who is let in.
var doorSources = []string{
	"cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks", "prefixListId", "prefixListIds", "referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups",
}

func accessOpened() *policy.Rule {
	return &policy.Rule{
		ID: "change-access-opened", Title: "A plan opens no security group to more addresses or ports", Severity: policy.High, ProdOnly: true,
		Types:   doorTypes,
		Anchors: "nist:CM-3,SC-7",
		Why:     "a door that opens in an update is easily overlooked in a long preview, and open at once",
		Fix:     "narrow the addresses and ports to those that are needed, or waive it for this one change with the reason",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"},
		Check: func(c *policy.Case) {
			if !c.Planned() {
				c.Skip(noPlan)
				return
			}
			if c.Type == groupRuleOld && c.Get("type").Is("egress") {
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
  narrower:
    type: aws:ec2/securityGroupRule:SecurityGroupRule
    properties: {type: ingress, securityGroupId: "${group.id}", description: clients, cidrBlocks: [10.0.1.0/24], fromPort: 443, toPort: 443, protocol: tcp}
    step: {op: update, old: {type: ingress, cidrBlocks: [10.0.0.0/16], fromPort: 0, toPort: 0, protocol: "-1"}}
  inline:
    type: aws:ec2/securityGroup:SecurityGroup
    properties: {description: servers, ingress: [{description: clients, cidrBlocks: [10.0.0.0/16], fromPort: 443, toPort: 443, protocol: tcp}]}
    step: {op: update, old: {ingress: [{cidrBlocks: [10.0.0.0/16, 10.1.0.0/16], fromPort: 443, toPort: 8443, protocol: tcp}]}}
`,
			Bad: []string{
				"door.cidrIpv4=10.0.0.0/8", "door.toPort=8443", "door.ipProtocol=\"-1\"", "door.cidrIpv6=2001:db8::/32", "door.cidrIpv4! ; door.prefixListId=pl-1",
				"door.cidrIpv4! ; door.referencedSecurityGroupId=sg-1",
				"inline.ingress[0].cidrBlocks=[10.0.0.0/8]", "inline.ingress[0].securityGroups=[sg-1]", "inline.ingress[0].self=true", "inline.ingress[0].fromPort=80",
				"+new={type: \"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule\", properties: {securityGroupId: \"${group.id}\", cidrIpv4: 192.0.2.0/24, fromPort: 443, toPort: 443, ipProtocol: tcp}, step: {op: create}}",
			},
			Guard: "door.cidrIpv4", Absent: policy.Pass, Also: []string{"sg-attached", "security-group-pairs-agree"}, FixtureOnly: "the environments are judged without a plan",
		},
	}
}

// door is one rule by which a security group lets traffic in.
type door struct {
	protocol string
	ports    interval
	sources  []policy.Value
	unknown  []policy.Value
}

// doorsOf are the doors of a resource, from its properties as they are or as they were.
func doorsOf(c *policy.Case, get func(string) policy.Value) []door {
	if c.Type != securityGroup && c.Type != defaultSecurityGroup {
		return []door{doorOf(get)}
	}
	rules := get("ingress")
	if rules.Unknown() {
		return []door{{unknown: []policy.Value{rules}}}
	}
	var doors []door
	for _, rule := range rules.Items() {
		doors = append(doors, doorOf(rule.Get))
	}
	return doors
}

func doorOf(get func(string) policy.Value) door {
	protocol := get("protocol")
	if protocol.Absent() {
		protocol = get("ipProtocol")
	}
	d := door{protocol: protocolOf(protocol)}
	d.ports = portsOf(d.protocol, get("fromPort"), get("toPort"))
	for _, v := range []policy.Value{protocol, get("fromPort"), get("toPort")} {
		d.unknown = append(d.unknown, v.Unknowns()...)
	}
	for _, key := range doorSources {
		d.sources = append(d.sources, get(key).Items()...)
	}
	if self := get("self"); self.True() {
		d.sources = append(d.sources, self)
	}
	return d
}

// opened compares the doors of a resource with what they were: each source, port and protocol must have been let in before.
func opened(c *policy.Case) {
	before := doorsOf(c, c.Was)
	for _, now := range doorsOf(c, c.Get) {
		c.Unclear(now.unknown...)
		for _, source := range now.sources {
			switch {
			case len(now.unknown) > 0:
			case source.Unknown():
				c.Unclear(source)
			case !letIn(source, now, before):
				c.Broken(source.Path(), strings.TrimSpace(source.Show()+" on "+now.protocol+" "+now.ports.String()), "nothing that was not let in before")
			}
		}
	}
}

// letIn says that earlier doors with the protocol and the ports let the source in already.
func letIn(source policy.Value, now door, before []door) bool {
	var ranges []netip.Prefix
	for _, old := range before {
		if !carries(old.protocol, now.protocol) || !old.ports.covers(now.ports) {
			continue
		}
		for _, known := range old.sources {
			if known.Text() == source.Text() {
				return true
			}
			if p, ok := prefixOf(known); ok {
				ranges = append(ranges, p)
			}
		}
	}
	p, ok := prefixOf(source)
	return ok && covered(p, ranges)
}

// openedExisting is about a new rule of a group that is there already.
func openedExisting(c *policy.Case) {
	of := c.Get("securityGroupId").Ref(anySecurityGroup...).Node()
	if of == nil || of.Op() == policy.Create || of.Op() == policy.Replace {
		return
	}
	for _, d := range doorsOf(c, c.Get) {
		for _, source := range d.sources {
			c.Fail(source, "nobody new let into a group that is in use", policy.Saw(of, "", "the group is there already"))
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
  jobs: {type: "aws:sqs/queue:Queue", properties: {name: jobs}, step: {op: delete}}
  waiting:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    parent: shop
    properties: {metricName: ApproximateAgeOfOldestMessage, dimensions: {QueueName: jobs}}
    step: {op: delete}
`,
			Bad:   []string{"busy#op=delete", "busy.actionsEnabled=false", "busy.alarmActions=[]", "waiting.dimensions.QueueName=other"},
			Guard: "busy.alarmActions", Absent: policy.Violation, Also: []string{"alarm-has-action"}, FixtureOnly: "the environments are judged without a plan",
		},
	}
}

// stays says that what the deleted alarm belonged to is still there: then it was removed by itself.
func stays(g *policy.Graph, alarm *policy.Node) bool {
	if alarm.Resource.Parent != "" && g.ByURN(alarm.Resource.Parent) == nil {
		return false
	}
	list, _ := readings(alarm)
	for _, r := range list {
		dimensions := r.Get("dimensions")
		for _, name := range dimensions.Keys() {
			if goneName(g, dimensions.Key(name).Text()) {
				return false
			}
		}
	}
	return true
}

// goneName says that the plan deletes what has the name, and nothing else has it.
func goneName(g *policy.Graph, name string) bool {
	if name == "" || len(g.Named(name)) > 0 {
		return false
	}
	return slices.ContainsFunc(g.Gone(), func(n *policy.Node) bool {
		return n.ID == name || n.Get("name").Is(name) || n.Get("arnSuffix").Is(name) || n.Get("identifier").Is(name) || n.Get("clusterIdentifier").Is(name)
	})
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

// protections are what services have of their own to keep a resource, or a last copy of it, and the values with which each
// holds. What is not set is given as absent.
var protections = []struct {
	property string
	holds    func(policy.Value) bool
}{
	{"deletionProtection", switchedOn}, {"enableDeletionProtection", switchedOn}, {"deletionProtectionEnabled", switchedOn}, {"disableApiTermination", switchedOn},
	{"disableApiStop", switchedOn}, {"skipFinalSnapshot", switchedOff}, {"forceDestroy", switchedOff}, {"forceDelete", switchedOff}, {"enforceConsumerDeletion", switchedOff},
	{"recoveryWindowInDays", func(v policy.Value) bool { return v.Absent() || v.Number() > 0 }},
}

func switchedOn(v policy.Value) bool  { return v.True() || v.Is("ACTIVE") }
func switchedOff(v policy.Value) bool { return !v.True() }

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
  media: {type: "aws:s3/bucketV2:BucketV2", options: {protect: true}, step: {op: update, old: {bucket: media}}}
  users: {type: "aws:cognito/userPool:UserPool", options: {protect: true}, properties: {deletionProtection: ACTIVE}, step: {op: update, old: {deletionProtection: ACTIVE}}}
  password: {type: "aws:secretsmanager/secret:Secret", options: {protect: true}, step: {op: update, old: {recoveryWindowInDays: 30}}}
`,
			Bad:   []string{"db#protect=false", "db.deletionProtection=false", "db.deletionProtection!", "db.skipFinalSnapshot=true", "media.forceDestroy=true", "users.deletionProtection=INACTIVE", "password.recoveryWindowInDays=0"},
			Guard: "db.deletionProtection", Absent: policy.Violation, Also: []string{"prod-protect", "prod-service-protection"}, FixtureOnly: "the environments are judged without a plan",
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
	if c.Step.Old == nil {
		return
	}
	for _, p := range protections {
		was, now := c.Was(p.property), c.Get(p.property)
		if !p.holds(was) || was.Unknown() {
			continue
		}
		if now.Unknown() {
			c.Unclear(now)
			continue
		}
		if !p.holds(now) {
			c.Fail(now, was.Show()+", as it was")
		}
	}
}
