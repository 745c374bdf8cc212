package rules

import (
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/policy"
)

// recoveryRules are about recovery time and data loss against what is promised.
func recoveryRules() []*policy.Rule {
	return []*policy.Rule{rtoBudget(), rpoBudget(), failoverPair(), drainInTime(), planInTime()}
}

// intent is a number that a component at or above the resource records of what it was made for.
func intent(n *policy.Node, key string) (float64, bool) {
	for at := n; at != nil; at = at.Parent() {
		if !at.IsComponent() {
			continue
		}
		if v := at.Get(key); v.IsNumber() {
			return v.Number(), true
		}
	}
	return 0, false
}

// span writes seconds as people read them: 45s, 15m, 17m10s, 2h.
func span(seconds float64) string {
	text := (time.Duration(seconds * float64(time.Second))).Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// What a point in time of the past can be restored to, as AWS states it.
const (
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html: typically within the last five minutes.
	restorableLag = 300
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html: typically five
	// minutes before the current time.
	tableLag = 300
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
var _ = policy.Default(dynamoTable, map[string]any{"pointInTimeRecovery.enabled": false})

func rpoBudget() *policy.Rule {
	return &policy.Rule{
		ID: "rpo-budget", Title: "Data that is lost or spoiled comes back as of the promised time", Severity: policy.Critical, ProdOnly: true,
		Types: append([]string{dbInstance, dbCluster, dynamoTable}, nosql...), Anchors: "hub:software-rpo nist:CP-9,CP-10",
		Why: "copies in other zones repeat a wrong write or a deletion at once; only a restore to a point in time before it brings the data back",
		Fix: "switch on restoring to a point in time: backupRetentionPeriod of 1 at least, pointInTimeRecovery.enabled true",
		Sources: []string{
			"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html",
			"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html",
		},
		Settings: budgetSettings("rpoSeconds", 300, "how many seconds of writes may be lost"),
		Check: func(c *policy.Case) {
			if !c.Get("replicateSourceDb").Empty() || !c.Get("replicationSourceIdentifier").Empty() {
				c.Skip("a replica has its data from its source")
				return
			}
			path, lag := "backupRetentionPeriod", float64(restorableLag)
			if c.Type == dynamoTable {
				path, lag = "pointInTimeRecovery.enabled", tableLag
			}
			limit := budget(c, "rpoSeconds")
			kept := c.Require(c.Get(path), "restoring to a point in time, for an RPO of "+span(limit), func(v policy.Value) bool { return v.True() || v.Number() > 0 },
				policy.Because("without it the RPO is unbounded: what is deleted or spoiled is gone"))
			if kept && lag > limit {
				c.Broken(path, "RPO "+span(lag)+" > "+span(limit)+": the latest restorable time typically lies up to "+span(lag)+" back", "RPO at most "+span(limit),
					policy.Fix("no setting shortens it: keep a log of the writes elsewhere, or raise the budget with the setting rpoSeconds"))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {multiAz: true, backupRetentionPeriod: 14}}
  orders: {type: "aws:dynamodb/table:Table", properties: {name: orders, pointInTimeRecovery: {enabled: true}}}
`,
			Bad: []string{
				"orders.pointInTimeRecovery.enabled=false", "orders.pointInTimeRecovery!", "db.backupRetentionPeriod=0", "db.backupRetentionPeriod!",
				"@policy.rpo-budget.rpoSeconds=60",
			},
			Guard: "orders.pointInTimeRecovery.enabled", Absent: policy.Violation, Exempt: "db.replicateSourceDb=main ; orders!",
			Also: []string{"rds-backup-retention", "ddb-pitr"},
		},
	}
}

// pairOf is the other record of a failover pair: the same name and type, the other role.
func pairOf(n *policy.Node) *policy.Node {
	role := n.Get("failoverRoutingPolicies[0].type").Text()
	for _, other := range namesakes(n.Graph())[recordKey(n)] {
		if other != n && !other.Get("failoverRoutingPolicies[0].type").Is(role) && !other.Get("failoverRoutingPolicies").Empty() {
			return other
		}
	}
	return nil
}

var namesakesKey byte

// namesakes are the records of each name and type.
func namesakes(g *policy.Graph) map[string][]*policy.Node {
	return policy.Memo(g, &namesakesKey, func(g *policy.Graph) map[string][]*policy.Node {
		found := map[string][]*policy.Node{}
		for _, n := range g.ByType(dnsRecord) {
			found[recordKey(n)] = append(found[recordKey(n)], n)
		}
		return found
	})
}

func recordKey(n *policy.Node) string { return n.Get("name").Text() + "\x00" + n.Get("type").Text() }

func failoverPair() *policy.Rule {
	return &policy.Rule{
		ID: "failover-record-pair", Title: "Failover records are a pair, and the primary's health is checked", Severity: policy.High,
		Types: []string{dnsRecord}, Anchors: "nist:CP-8,SC-36",
		Why:     "Route 53 moves customers only to a record that is there, and only when it learns that the primary is ill",
		Fix:     "make a record with failoverRoutingPolicies SECONDARY of the same name and type, and give the primary an enabled healthCheckId, or evaluateTargetHealth on its alias",
		Sources: []string{"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-configuring.html", "https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html"},
		Check: func(c *policy.Case) {
			role := c.Get("failoverRoutingPolicies[0].type")
			if c.Get("failoverRoutingPolicies").Empty() {
				c.Skip("it is no failover record")
				return
			}
			if role.Absent() {
				c.Fail(role, "PRIMARY or SECONDARY")
				return
			}
			if role.Unknown() || c.Get("name").Unknown() {
				c.Unclear(role)
				return
			}
			if pairOf(c.Node) == nil {
				c.Broken("failoverRoutingPolicies", "it stands alone as "+role.Show(), "a pair of PRIMARY and SECONDARY of the same name and type")
			}
			if role.Is("PRIMARY") {
				primaryChecked(c)
			}
		},
		Proof: policy.Proof{
			Good: recoveryGood,
			Bad: []string{
				"spare!", "front!", "spare.name=other.example.com", "front.healthCheckId!", "probe.disabled=true", "spare.failoverRoutingPolicies[0].type=PRIMARY",
			},
			Guard: "front.failoverRoutingPolicies[0].type", Absent: policy.Violation, Exempt: "front.failoverRoutingPolicies! ; spare.failoverRoutingPolicies!",
			Also: []string{"rto-budget"},
		},
	}
}

// primaryChecked wants Route 53 to learn when the primary is ill. A disabled health check always counts as healthy.
func primaryChecked(c *policy.Case) {
	if c.Get("aliases[0].evaluateTargetHealth").True() {
		return
	}
	check := c.Get("healthCheckId")
	if check.Empty() {
		c.Fail(check, "a health check, or evaluateTargetHealth on the alias")
		return
	}
	if checker := check.Ref(healthCheckType).Node(); checker != nil && checker.Get("disabled").True() {
		c.Fail(check, "an enabled health check", policy.Saw(checker, "disabled", "is disabled and always counts as healthy"))
	}
}

func drainInTime() *policy.Rule {
	return &policy.Rule{
		ID: "drain-within-rto", Title: "Targets are drained within the recovery time", Severity: policy.Medium,
		Types: targetGroups, Anchors: "nist:CP-10",
		Why:      "a rollout or a way back waits for every server to be drained, so a long drain makes every recovery long",
		Fix:      "lower deregistrationDelay to what the longest request needs",
		Sources:  []string{"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html"},
		Settings: budgetSettings("rtoSeconds", 900, "how many seconds recovery may take"),
		Check: func(c *policy.Case) {
			limit := budget(c, "rtoSeconds")
			c.Require(c.Get("deregistrationDelay"), "at most "+span(limit), func(v policy.Value) bool { return v.Number() <= limit })
		},
		Proof: policy.Proof{
			Good: `
resources:
  tg: {type: "aws:lb/targetGroup:TargetGroup", properties: {deregistrationDelay: 30}}
`,
			Bad:   []string{"tg.deregistrationDelay=3600", "tg.deregistrationDelay=901"},
			Guard: "tg.deregistrationDelay", Absent: policy.Pass,
		},
	}
}
