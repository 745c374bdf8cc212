package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	dynamoTable = "aws:dynamodb/table:Table"
	daxCluster  = "aws:dax/cluster:Cluster"
	scaleTarget = "aws:appautoscaling/target:Target"
)

// What the provider, or AWS, takes when nothing is said.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_dax_CreateCluster.html
var (
	_ = policy.Default(dynamoTable, map[string]any{
		"billingMode": "PROVISIONED", "deletionProtectionEnabled": false, "pointInTimeRecovery.enabled": false, "serverSideEncryption.enabled": false,
	})
	_ = policy.Default(daxCluster, map[string]any{"clusterEndpointEncryptionType": "NONE", "serverSideEncryption.enabled": false})
)

// tableRules are about DynamoDB tables and caches.
func tableRules() []*policy.Rule { return slices.Concat(dynamoRules(), cacheRules(), cacheAccess()) }

func dynamoRules() []*policy.Rule {
	return []*policy.Rule{ddbPITR(), ddbDeletionProtection(), ddbOwnKey(), ddbCapacity(), daxEncrypted()}
}

func ddbPITR() *policy.Rule {
	return &policy.Rule{
		ID: "ddb-pitr", Title: "Tables can be restored to any second of the last days", Severity: policy.High, ProdOnly: true,
		Types:   []string{dynamoTable},
		Anchors: "nag:DDB3 fsbp:DynamoDB.2 ckv:28,165 trivy:0024 config:dynamodb-pitr-enabled nist:CP-9",
		Why:     "a faulty release overwrites items at once in every zone; only the continuous backup has what they were before",
		Fix:     "set pointInTimeRecovery.enabled to true, and pointInTimeRecovery of each replica",
		Sources: []string{"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html"},
		Check: func(c *policy.Case) {
			c.True("pointInTimeRecovery.enabled")
			for _, r := range c.Get("replicas").List() {
				c.Require(r.Get("pointInTimeRecovery"), "true", policy.Value.True)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  orders:
    type: aws:dynamodb/table:Table
    properties: {pointInTimeRecovery: {enabled: true}, replicas: [{regionName: eu-west-1, pointInTimeRecovery: true}]}
`,
			Bad: []string{"orders.pointInTimeRecovery.enabled=false", "orders.pointInTimeRecovery!", "orders.replicas[0].pointInTimeRecovery=false",
				"orders.replicas[0].pointInTimeRecovery!"},
			Guard: "orders.pointInTimeRecovery.enabled", Absent: policy.Violation, Also: []string{"rpo-budget"},
		},
	}
}

func ddbDeletionProtection() *policy.Rule {
	return &policy.Rule{
		ID: "ddb-deletion-protection", Title: "Tables cannot be deleted by accident", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{dynamoTable},
		Anchors: "fsbp:DynamoDB.6 nist:CP-9",
		Why:     "deleting a table takes its continuous backups with it after 35 days and stops every caller at once; AWS refuses it while deletion protection is on",
		Fix:     "set deletionProtectionEnabled to true",
		Sources: []string{"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html"},
		Check:   isTrue("deletionProtectionEnabled"),
		Proof: policy.Proof{
			Good: `
resources:
  orders: {type: "aws:dynamodb/table:Table", properties: {deletionProtectionEnabled: true}}
`,
			Bad: []string{"orders.deletionProtectionEnabled=false"}, Guard: "orders.deletionProtectionEnabled", Absent: policy.Violation,
		},
	}
}

func ddbOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "ddb-own-key", Title: "Tables are encrypted with a key of your own", Severity: policy.Low, Advisory: true,
		Types:   []string{dynamoTable},
		Anchors: "ckv:119 trivy:0025 awsguard:dynamodb-table-encryption-enabled nist:SC-12",
		Why:     "every table is encrypted, but only with a key of your own can its use be seen, limited and ended",
		Fix:     "set serverSideEncryption.enabled to true and serverSideEncryption.kmsKeyArn to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html"},
		Check: func(c *policy.Case) {
			if c.True("serverSideEncryption.enabled") {
				c.Set("serverSideEncryption.kmsKeyArn", "a key of your own")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key"}
  orders: {type: "aws:dynamodb/table:Table", properties: {serverSideEncryption: {enabled: true, kmsKeyArn: "${key.arn}"}}}
`,
			Bad:   []string{"orders.serverSideEncryption.enabled=false", "orders.serverSideEncryption.kmsKeyArn!", "orders.serverSideEncryption!"},
			Guard: "orders.serverSideEncryption.enabled", Absent: policy.Violation,
		},
	}
}

func ddbCapacity() *policy.Rule {
	return &policy.Rule{
		ID: "ddb-capacity", Title: "Tables grow with their load", Severity: policy.Medium,
		Types:   []string{dynamoTable},
		Anchors: "nagn:DynamoDBAutoScalingEnabled fsbp:DynamoDB.1 ckv2:16 config:dynamodb-autoscaling-enabled nist:CP-10,SC-5",
		Why:     "a table with fixed capacity rejects requests as soon as there are more of them, and a full index rejects the table's writes",
		Fix:     "set billingMode to PAY_PER_REQUEST, or scale reads and writes of the table and of each index with aws:appautoscaling:Target",
		Sources: []string{"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html", "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html"},
		Check:   checkTableCapacity,
		Proof: policy.Proof{
			Good: `
resources:
  orders: {type: "aws:dynamodb/table:Table", properties: {billingMode: PAY_PER_REQUEST}}
  fixed: {type: "aws:dynamodb/table:Table", properties: {name: fixed, billingMode: PROVISIONED, globalSecondaryIndexes: [{name: by-day}]}}
  reads: {type: "aws:appautoscaling/target:Target", properties: {serviceNamespace: dynamodb, scalableDimension: "dynamodb:table:ReadCapacityUnits", resourceId: "table/${fixed.name}"}}
  writes: {type: "aws:appautoscaling/target:Target", properties: {serviceNamespace: dynamodb, scalableDimension: "dynamodb:table:WriteCapacityUnits", resourceId: "table/${fixed.name}"}}
  dayReads: {type: "aws:appautoscaling/target:Target", properties: {serviceNamespace: dynamodb, scalableDimension: "dynamodb:index:ReadCapacityUnits", resourceId: "table/${fixed.name}/index/by-day"}}
  dayWrites: {type: "aws:appautoscaling/target:Target", properties: {serviceNamespace: dynamodb, scalableDimension: "dynamodb:index:WriteCapacityUnits", resourceId: "table/${fixed.name}/index/by-day"}}
`,
			Bad:   []string{"orders.billingMode=PROVISIONED", "writes!", "reads!", "dayWrites!", "reads.resourceId=table/other", "dayReads.scalableDimension=dynamodb:index:WriteCapacityUnits"},
			Guard: "orders.billingMode", Absent: policy.Violation,
		},
	}
}

func daxEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "dax-encrypted", Title: "DynamoDB accelerators are encrypted at rest and in transit", Severity: policy.Medium,
		Types:   []string{daxCluster},
		Anchors: "nag:DDB4 fsbp:DynamoDB.3,DynamoDB.7 ckv:47,239 trivy:0023 nist:SC-8,SC-28",
		Why:     "the accelerator holds the table's items: on its disks, and on the wire to every client",
		Fix:     "set serverSideEncryption.enabled to true and clusterEndpointEncryptionType to TLS; both need a new cluster",
		Sources: []string{"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionAtRest.html", "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAXEncryptionInTransit.html"},
		Check:   both(isTrue("serverSideEncryption.enabled"), isOneOf("clusterEndpointEncryptionType", "TLS")),
		Proof: policy.Proof{
			Good: `
resources:
  cache: {type: "aws:dax/cluster:Cluster", properties: {serverSideEncryption: {enabled: true}, clusterEndpointEncryptionType: TLS}}
`,
			Bad:   []string{"cache.serverSideEncryption.enabled=false", "cache.serverSideEncryption!", "cache.clusterEndpointEncryptionType=NONE", "cache.clusterEndpointEncryptionType!"},
			Guard: "cache.serverSideEncryption.enabled", Absent: policy.Violation,
		},
	}
}

// checkTableCapacity wants what is provisioned to be scaled: reads and writes of the table and of each global index.
func checkTableCapacity(c *policy.Case) {
	mode := c.Get("billingMode")
	if mode.Unknown() {
		c.Unclear(mode)
		return
	}
	if mode.Is("PAY_PER_REQUEST") {
		return
	}
	scaled := scaledTables(c.Graph())[c.Node]
	if scaled["*"] { // A target of which only the table is known.
		c.UnclearBecause("billingMode", "it is not known yet what the scaling targets scale")
		return
	}
	for _, path := range append([]string{""}, indexNames(c.Node)...) {
		for _, dimension := range []string{"Read", "Write"} {
			if !scaled[path+dimension] {
				c.Fail(mode, "PAY_PER_REQUEST, or a scaling target", policy.Because("nothing scales the %ss of %s: further ones are rejected", strings.ToLower(dimension), named(path)))
				return
			}
		}
	}
}

func named(path string) string {
	if path == "" {
		return "the table"
	}
	return "the index " + strings.TrimPrefix(path, "/index/")
}

func indexNames(table *policy.Node) []string {
	var paths []string
	for _, index := range table.Get("globalSecondaryIndexes").List() {
		paths = append(paths, "/index/"+index.Get("name").Text())
	}
	return paths
}

var scaledTablesKey byte

// scaledTables says what is scaled of each table: "Read", "/index/by-day" + "Write", or "*" when that is not known yet.
func scaledTables(g *policy.Graph) map[*policy.Node]map[string]bool {
	return policy.Memo(g, &scaledTablesKey, func(g *policy.Graph) map[*policy.Node]map[string]bool {
		scaled := map[*policy.Node]map[string]bool{}
		mark := func(table *policy.Node, what string) {
			if scaled[table] == nil {
				scaled[table] = map[string]bool{}
			}
			scaled[table][what] = true
		}
		for _, target := range g.ByType(scaleTarget) {
			if target.Get("serviceNamespace").Is("dynamodb") {
				markScaled(target, mark)
			}
		}
		return scaled
	})
}

func markScaled(target *policy.Node, mark func(table *policy.Node, what string)) {
	id, dimension := target.Get("resourceId"), target.Get("scalableDimension")
	if !id.Known() || !dimension.Known() {
		for _, table := range target.Behind("resourceId") {
			mark(table, "*")
		}
		return
	}
	name, index, _ := strings.Cut(strings.TrimPrefix(id.Text(), "table/"), "/")
	if index != "" {
		index = "/" + index
	}
	for _, table := range target.Graph().Named(name, dynamoTable) {
		mark(table, index+strings.TrimSuffix(lastPart(dimension.Text()), "CapacityUnits"))
	}
}

// lastPart is what stands behind the last colon.
func lastPart(text string) string { return text[strings.LastIndex(text, ":")+1:] }
