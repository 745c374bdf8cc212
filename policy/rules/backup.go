package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const (
	backupPlan      = "aws:backup/plan:Plan"
	backupSelection = "aws:backup/selection:Selection"
)

// backedUp are the types whose data AWS Backup can hold and that nothing else of AWS copies off by itself.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
var backedUp = []string{
	dbInstance, dbCluster, dynamoTable, "aws:efs/fileSystem:FileSystem", "aws:ebs/volume:Volume", redshiftCluster,
	"aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket",
}

// backupRules are about backups.
func backupRules() []*policy.Rule {
	return []*policy.Rule{{
		ID: "backup-covers-state", Title: "What holds data in production is in a backup plan that runs often enough", Severity: policy.High, ProdOnly: true,
		Types: backedUp,
		Anchors: "nagn:RDSInBackupPlan,DynamoDBInBackupPlan,EBSInBackupPlan,EFSInBackupPlan fsbp:RDS.26,DynamoDB.4,EC2.28,EFS.2 ckv2:8,9,18 nist:CP-9 " +
			"config:rds-in-backup-plan,dynamodb-in-backup-plan,rds-resources-protected-by-backup-plan,aurora-resources-protected-by-backup-plan,dynamodb-resources-protected-by-backup-plan," +
			"ebs-resources-protected-by-backup-plan,efs-resources-protected-by-backup-plan,s3-resources-protected-by-backup-plan,backup-plan-min-frequency-and-min-retention-check",
		Why:     "a service's own backups live and die with the resource and the account's rights on it; only a vault keeps a copy apart, and what no selection names is in no vault",
		Fix:     "name the resource in an aws:backup:Selection by ARN or by a tag, and let a rule of its plan run at least as often as the class of the data asks",
		Sources: []string{"https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html", "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html", "https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html"},
		Settings: []policy.Setting{
			{Name: "tag", Kind: policy.KindText, Default: "rpo-class", Help: "the tag that says how much of a resource's data may be lost"},
			{Name: "hours", Kind: policy.KindObject, Default: map[string]any{"continuous": 0, "hour": 1, "day": 24, "week": 168}, Help: "the longest time between two backups of each class, in hours; 0 asks for continuous backups"},
			{Name: "class", Kind: policy.KindText, Default: "day", Help: "the class of resources without the tag"},
		},
		Check: checkBackedUp,
		Proof: policy.Proof{
			Good: `
resources:
  plan: {type: "aws:backup/plan:Plan", properties: {rules: [{ruleName: daily, schedule: "cron(0 5 * * ? *)", targetVaultName: main}]}}
  often: {type: "aws:backup/plan:Plan", properties: {rules: [{ruleName: pitr, schedule: "cron(0 * * * ? *)", targetVaultName: main, enableContinuousBackup: true}]}}
  byARN: {type: "aws:backup/selection:Selection", properties: {planId: "${plan.id}", resources: ["${orders.arn}"]}}
  byTag: {type: "aws:backup/selection:Selection", properties: {planId: "${often.id}", selectionTags: [{type: STRINGEQUALS, key: backup, value: often}]}}
  byPattern: {type: "aws:backup/selection:Selection", properties: {planId: "${plan.id}", resources: ["arn:aws:elasticfilesystem:*:*:file-system/*"], notResources: ["arn:aws:elasticfilesystem:*:*:file-system/scratch"]}}
  orders: {type: "aws:dynamodb/table:Table", properties: {name: orders}}
  db: {type: "aws:rds/instance:Instance", properties: {tags: {backup: often, rpo-class: continuous}}}
  files: {type: "aws:efs/fileSystem:FileSystem", properties: {arn: "arn:aws:elasticfilesystem:eu-central-1:111111111111:file-system/files"}}
`,
			Bad: []string{
				"byARN!", "byTag!", "byPattern!", "byARN.resources=[]  ; byARN.selectionTags=[{type: STRINGEQUALS, key: backup, value: never}]", "byTag.selectionTags[0].value=seldom",
				"byPattern.notResources=['arn:aws:elasticfilesystem:*:*:file-system/f*']", "byPattern.conditions=[{stringEquals: [{key: 'aws:ResourceTag/backup', value: 'yes'}]}]",
				"plan.rules[0].schedule='cron(0 5 ? * SUN *)'", "plan.rules=[]", "db.tags.backup=seldom", "often.rules[0].enableContinuousBackup=false", "files.tags.rpo-class=hour",
			},
			Guard: "plan.rules", Absent: policy.Violation, Exempt: "db.replicateSourceDb=main ; byTag!",
		},
	}, {
		ID: "backup-lifecycle-accepted", Title: "Backups stay in cold storage for as long as AWS asks", Severity: policy.Medium,
		Types: []string{backupPlan}, Anchors: "nist:CP-9,SI-12",
		Why:     "AWS refuses a plan that deletes backups less than 90 days after they went to cold storage, in the middle of an update",
		Fix:     "set lifecycle.deleteAfter to at least coldStorageAfter and 90",
		Sources: []string{"https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html"},
		Check: func(c *policy.Case) {
			for _, rule := range c.Get("rules").List() {
				for _, holder := range append(rule.Get("copyActions").List(), rule) {
					checkBackupLifecycle(c, holder.Get("lifecycle"))
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  plan:
    type: aws:backup/plan:Plan
    properties: {rules: [{ruleName: daily, lifecycle: {coldStorageAfter: 90, deleteAfter: 730}, copyActions: [{lifecycle: {deleteAfter: 35}}]}]}
`,
			Bad:   []string{"plan.rules[0].lifecycle.deleteAfter=179", "plan.rules[0].copyActions[0].lifecycle.coldStorageAfter=30"},
			Guard: "plan.rules[0].lifecycle.deleteAfter", Absent: policy.Pass,
		},
	}}
}

// coldDays is how long a backup stays in cold storage at least.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html
const coldDays = 90

func checkBackupLifecycle(c *policy.Case, lifecycle policy.Value) {
	cold, end := lifecycle.Get("coldStorageAfter"), lifecycle.Get("deleteAfter")
	if cold.Absent() || end.Absent() || cold.Number() < 0 || end.Number() < 0 { // Kept for ever, or never cold.
		return
	}
	if cold.Unknown() || end.Unknown() {
		c.Unclear(append(cold.Unknowns(), end.Unknowns()...)...)
		return
	}
	if cold.Number() > 0 && end.Number() > 0 && end.Number() < cold.Number()+coldDays {
		c.Fail(end, fmt.Sprintf("at least %v", cold.Number()+coldDays))
	}
}

func checkBackedUp(c *policy.Case) {
	switch {
	case c.Type == dbInstance && replica(c):
		c.Skip("a replica can be made again from its source")
		return
	case bucketsOf(c.Graph()).logs[c.Node]:
		c.Skip("it takes logs, which end by age and are written once")
		return
	}
	within, known := lossAllowed(c)
	if !known {
		return
	}
	var details []policy.Detail
	chosen, unsure := false, false
	for _, s := range selectionsOf(c.Graph()) {
		switch s.chooses(c.Node) {
		case no:
			continue
		case maybe:
			unsure = true
			continue
		}
		chosen = true
		if s.known && s.gap <= within {
			return
		}
		unsure = unsure || !s.known
		details = append(details, policy.Saw(s.node, "", s.frequency()))
	}
	switch {
	case unsure:
		c.UnclearBecause("", "it is not known yet which backup plan selects it, or how often the plan runs")
	case chosen:
		c.Broken("", "its backups are too far apart", apart(within), append(details, policy.Fix("add a rule to the plan that runs more often"))...)
	default:
		c.Broken("", "in no backup selection", "a backup selection with backups "+apart(within))
	}
}

// never is the time between the backups of a plan that no schedule runs.
const never = 100 * 365 * 24 * time.Hour

func apart(within time.Duration) string {
	if within == 0 {
		return "continuous, by enableContinuousBackup"
	}
	return "at most " + within.String() + " apart"
}

// lossAllowed is the longest time between backups that the class of the resource's data allows.
func lossAllowed(c *policy.Case) (time.Duration, bool) {
	name, _ := c.Setting("tag").(string)
	class, _ := c.Setting("class").(string)
	tag := tagOf(c.Node, name)
	if tag.Unknown() {
		c.Unclear(tag)
		return 0, false
	}
	if tag.Known() {
		class = tag.Text()
	}
	hours, _ := c.Setting("hours").(map[string]any)
	allowed, ok := hours[class].(float64)
	if !ok {
		c.Broken("tags", "no such class of the tag "+name, "one that the setting hours names", policy.Fix("set the tag %s to a class of the setting hours", name))
	}
	return time.Duration(allowed * float64(time.Hour)), ok
}

// selection is a backup selection, with how far apart its plan's backups are, where that is known.
type selection struct {
	node  *policy.Node
	gap   time.Duration
	known bool
}

func (s selection) frequency() string {
	if s.gap == never {
		return "selects it; no rule of its plan runs by a schedule"
	}
	return "selects it; its plan's backups are up to " + s.gap.String() + " apart"
}

var selectionsKey byte

func selectionsOf(g *policy.Graph) []selection {
	return policy.Memo(g, &selectionsKey, func(g *policy.Graph) []selection {
		var all []selection
		for _, n := range g.ByType(backupSelection) {
			gap, known := planGap(n.Get("planId").Ref(backupPlan).Node())
			all = append(all, selection{n, gap, known})
		}
		return all
	})
}

// chooses says whether the selection takes the resource: named or tagged, or nothing named at all; and every condition; and
// not named among those left out.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
func (s selection) chooses(n *policy.Node) answer {
	named, tags := s.node.Get("resources"), s.node.Get("selectionTags")
	base := yes
	if !named.Empty() || !tags.Empty() {
		base = max(inList(named, n), tagged(tags.List(), n))
	}
	for _, conditions := range s.node.Get("conditions").Items() {
		base = min(base, meetsTags(conditions, n))
	}
	return min(base, inList(s.node.Get("notResources"), n).not())
}

// inList says whether a list of ARNs and patterns has the resource.
func inList(list policy.Value, n *policy.Node) answer {
	found := no
	if list.Unknown() {
		return maybe
	}
	arn := n.Get("arn")
	if arn.Absent() && slices.Contains(buckets, n.Type) && bucketARN(n) != "" {
		return inListText(list, bucketARN(n))
	}
	for _, item := range list.List() {
		ref := item.Ref(n.Type)
		switch {
		case ref.Node() == n, item.Known() && arn.Known() && iam.Match(item.Text(), arn.Text(), false):
			return yes
		case ref.Has(n), ref.How == policy.Unclear, item.Known() && !arn.Known() && mayName(item.Text(), n):
			found = maybe
		}
	}
	return found
}

// arnServices are the services in the ARNs of the types, where the module has another name.
var arnServices = map[string]string{"efs": "elasticfilesystem", "ebs": "ec2"}

// mayName says that a pattern may fit the ARN of the resource, of which only the service is known.
func mayName(pattern string, n *policy.Node) bool {
	module, _, _ := strings.Cut(strings.TrimPrefix(n.Type, "aws:"), "/")
	service := arnServices[module]
	if service == "" {
		service = module
	}
	parts := strings.SplitN(pattern, ":", 4)
	return strings.ContainsAny(pattern, "*?") && (len(parts) < 4 || iam.Match(parts[2], service, false))
}

func inListText(list policy.Value, arn string) answer {
	found := no
	for _, item := range list.List() {
		if item.Known() && iam.Match(item.Text(), arn, false) {
			return yes
		}
		if item.Unknown() {
			found = maybe
		}
	}
	return found
}

// tagged says whether the resource has one of the tags.
func tagged(tags []policy.Value, n *policy.Node) answer {
	found := no
	for _, tag := range tags {
		found = max(found, hasTag(n, tag, func(want, have string) bool { return want == have }))
	}
	return found
}

// hasTag compares a tag that a selection asks for with the resource's own.
func hasTag(n *policy.Node, tag policy.Value, fits func(want, have string) bool) answer {
	key, want := tag.Get("key"), tag.Get("value")
	if !key.Known() || !want.Known() {
		return maybe
	}
	have := tagOf(n, strings.TrimPrefix(key.Text(), "aws:ResourceTag/"))
	switch {
	case have.Unknown():
		return maybe
	case have.Known() && fits(want.Text(), have.Text()):
		return yes
	}
	return no
}

// meetsTags says whether the resource keeps every condition.
func meetsTags(conditions policy.Value, n *policy.Node) answer {
	equal := func(want, have string) bool { return want == have }
	like := func(want, have string) bool { return iam.Match(want, have, false) }
	all := yes
	for _, c := range conditions.Get("stringEquals").List() {
		all = min(all, hasTag(n, c, equal))
	}
	for _, c := range conditions.Get("stringLikes").List() {
		all = min(all, hasTag(n, c, like))
	}
	for _, c := range conditions.Get("stringNotEquals").List() {
		all = min(all, hasTag(n, c, equal).not())
	}
	for _, c := range conditions.Get("stringNotLikes").List() {
		all = min(all, hasTag(n, c, like).not())
	}
	return all
}

// planGap is the shortest of the times between backups that the rules of a plan have; continuous backups have none.
func planGap(plan *policy.Node) (gap time.Duration, known bool) {
	if plan == nil || plan.Get("rules").Unknown() {
		return 0, false
	}
	gap = never
	for _, rule := range plan.Get("rules").List() {
		if rule.Get("enableContinuousBackup").True() {
			return 0, true
		}
		every, ok := longestGap(rule.Get("schedule").Text())
		if !ok {
			if rule.Get("schedule").Absent() {
				continue // Only on demand.
			}
			return 0, false
		}
		gap = min(gap, every)
	}
	return gap, true
}
