package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	dbInstance        = "aws:rds/instance:Instance"
	dbCluster         = "aws:rds/cluster:Cluster"
	dbGlobal          = "aws:rds/globalCluster:GlobalCluster"
	dbClusterInstance = "aws:rds/clusterInstance:ClusterInstance"
	dbProxy           = "aws:rds/proxy:Proxy"
	dbParameters      = "aws:rds/parameterGroup:ParameterGroup"
	dbClusterParams   = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
	dbSnapshot        = "aws:rds/snapshot:Snapshot"
	dbSnapshotCopy    = "aws:rds/snapshotCopy:SnapshotCopy"
	dbClusterSnapshot = "aws:rds/clusterSnapshot:ClusterSnapshot"
)

// What the provider, or AWS, takes when nothing is said.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
// https://www.pulumi.com/registry/packages/aws/api-docs/rds/instance/
var (
	_ = policy.Default(dbInstance, map[string]any{
		"storageEncrypted": false, "multiAz": false, "backupRetentionPeriod": 0, "deletionProtection": false, "skipFinalSnapshot": false,
		"publiclyAccessible": false, "autoMinorVersionUpgrade": true, "iamDatabaseAuthenticationEnabled": false, "monitoringInterval": 0,
		"performanceInsightsEnabled": false, "copyTagsToSnapshot": false,
	})
	_ = policy.Default(dbCluster, map[string]any{
		"storageEncrypted": false, "backupRetentionPeriod": 1, "deletionProtection": false, "skipFinalSnapshot": false,
		"iamDatabaseAuthenticationEnabled": false, "copyTagsToSnapshot": false, "engineMode": "provisioned",
	})
	_ = policy.Default(dbClusterInstance, map[string]any{
		"publiclyAccessible": false, "autoMinorVersionUpgrade": true, "monitoringInterval": 0, "performanceInsightsEnabled": false,
		"copyTagsToSnapshot": false,
	})
	_ = policy.Default(dbProxy, map[string]any{"requireTls": false})
)

// databaseRules are about relational databases.
func databaseRules() []*policy.Rule {
	return slices.Concat(databaseProtection(), databaseRecovery(), databaseAccess(), databaseOperation())
}

// replica says that the instance copies another one, and takes some properties from it.
func replica(c *policy.Case) bool { return !c.Get("replicateSourceDb").Empty() }

func databaseProtection() []*policy.Rule {
	return []*policy.Rule{rdsEncrypted(), rdsNotPublic(), rdsSnapshotPrivate(), rdsDeletionProtection()}
}

func rdsEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "rds-encrypted", Title: "Databases are encrypted at rest", Severity: policy.High,
		Types: append([]string{dbInstance, dbCluster, dbGlobal}, nosql...),
		Anchors: "nag:RDS2 fsbp:RDS.3,RDS.27 ckv:16,96,327 trivy:0079,0080 awsguard:rds-storage-encrypted nist:SC-28 " +
			"cp:aws-rds-instance-disallow-unencrypted-storage,aws-rds-cluster-disallow-unencrypted-storage",
		Why:     "a copied snapshot or disk of an unencrypted database can be read by whoever holds it, and encryption cannot be turned on later without a new database",
		Fix:     "set storageEncrypted to true, and kmsKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"},
		Check: func(c *policy.Case) {
			if c.Type == dbInstance && replica(c) {
				c.Skip("a replica has the encryption of its source")
				return
			}
			if c.Type == dbGlobal && !c.Get("sourceDbClusterIdentifier").Empty() {
				c.Skip("a global database has the encryption of the cluster that it is made from")
				return
			}
			if c.Get("engineMode").Is("serverless") {
				c.Skip("Aurora Serverless v1 is always encrypted")
				return
			}
			c.True("storageEncrypted")
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key"}
  db:
    type: aws:rds/instance:Instance
    properties: {storageEncrypted: true, kmsKeyId: "${key.arn}"}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {storageEncrypted: true}}
`,
			Bad: []string{"db.storageEncrypted=false", "aurora.storageEncrypted=false", "aurora.storageEncrypted!",
				`+world={type: "aws:rds/globalCluster:GlobalCluster", properties: {storageEncrypted: false}}`, `+documents={type: "aws:docdb/cluster:Cluster"}`,
				`+people={type: "aws:neptune/cluster:Cluster", properties: {storageEncrypted: false}}`,
			},
			Guard: "db.storageEncrypted", Absent: policy.Violation, Exempt: "db.replicateSourceDb=main ; aurora.engineMode=serverless",
		},
	}
}

func rdsNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "rds-not-public", Title: "Databases have no public address", Severity: policy.Critical, Blocking: true,
		Types: []string{dbInstance, dbClusterInstance},
		Anchors: "nagn:RDSInstancePublicAccess fsbp:RDS.2 ckv:17 trivy:0180 awsguard:rds-instance-public-access-check " +
			"cp:aws-rds-instance-disallow-public-access,aws-rds-clusterinstance-disallow-public-access nist:AC-3,SC-7",
		Why:     "a database with a public address is one security group rule away from every password guesser on the internet",
		Fix:     "set publiclyAccessible to false; reach the database from inside the network",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"},
		Check:   isFalse("publiclyAccessible"),
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {publiclyAccessible: false}}
  reader: {type: "aws:rds/clusterInstance:ClusterInstance", properties: {publiclyAccessible: false, clusterIdentifier: main}}
`,
			Bad:   []string{"db.publiclyAccessible=true", "reader.publiclyAccessible=true"},
			Guard: "db.publiclyAccessible", Absent: policy.Pass,
		},
	}
}

func rdsSnapshotPrivate() *policy.Rule {
	return &policy.Rule{
		ID: "rds-snapshot-private", Title: "Database snapshots are shared with nobody in particular and are encrypted", Severity: policy.Critical, Blocking: true,
		Types:   []string{dbSnapshot, dbSnapshotCopy, dbClusterSnapshot},
		Anchors: "fsbp:RDS.1,RDS.4 ckv:302,146 nist:AC-3,SC-28",
		Why:     "anybody with an AWS account can restore a public snapshot and read the whole database",
		Fix:     "take \"all\" out of sharedAccounts; name the accounts that may restore it",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html"},
		Check:   checkSnapshot,
		Proof: policy.Proof{
			Good: `
resources:
  snapshot: {type: "aws:rds/snapshot:Snapshot", properties: {dbInstanceIdentifier: main, sharedAccounts: ["222222222222"], encrypted: true}}
`,
			Bad: []string{"snapshot.sharedAccounts=[all]", "snapshot.sharedAccounts[1]=all", "snapshot.encrypted=false",
				"+copy={type: 'aws:rds/snapshotCopy:SnapshotCopy', properties: {sharedAccounts: [all]}}"},
			Guard: "snapshot.sharedAccounts", Absent: policy.Pass,
		},
	}
}

func rdsDeletionProtection() *policy.Rule {
	return &policy.Rule{
		ID: "rds-deletion-protection", Title: "Databases cannot be deleted by accident", Severity: policy.High, ProdOnly: true,
		Types:   []string{dbInstance, dbCluster},
		Anchors: "nag:RDS10 fsbp:RDS.7,RDS.8 ckv:139,293 trivy:0177,0343 config:rds-instance-deletion-protection-enabled,rds-cluster-deletion-protection-enabled nist:CP-9",
		Why:     "one wrong delete, in the console or by a tool, ends the database; AWS refuses it while deletion protection is on",
		Fix:     "set deletionProtection to true",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html"},
		Check:   isTrue("deletionProtection"),
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {deletionProtection: true}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {deletionProtection: true}}
`,
			Bad:   []string{"db.deletionProtection=false", "aurora.deletionProtection=false"},
			Guard: "db.deletionProtection", Absent: policy.Violation,
		},
	}
}

func checkSnapshot(c *policy.Case) {
	shared := c.Get("sharedAccounts")
	if unknown := shared.Unknowns(); len(unknown) > 0 {
		c.Unclear(unknown...)
	}
	for _, account := range shared.Items() {
		if account.Is("all") {
			c.Fail(account, "the numbers of the accounts that may restore it")
		}
	}
	for _, path := range []string{"encrypted", "storageEncrypted"} { // What AWS says of the copy; a program does not set it.
		if v := c.Get(path); v.Is("false") {
			c.Fail(v, "true", policy.Fix("encrypt the database that it is taken from, or copy it with kmsKeyId"))
		}
	}
}

func databaseRecovery() []*policy.Rule {
	return []*policy.Rule{{
		ID: "rds-multi-az", Title: "Databases have a standby in another zone", Severity: policy.High, ProdOnly: true,
		Types: []string{dbInstance, dbCluster},
		Anchors: "nag:RDS3 fsbp:RDS.5,RDS.15 ckv:157 awsguard:rds-instance-multi-az-enabled cp:aws-rds-cluster-disallow-single-availability-zone " +
			"config:rds-multi-az-support,rds-cluster-multi-az-enabled nist:CP-10,SC-36",
		Why:     "when its zone or its host fails, a database without a standby is down until it has been restored from a backup",
		Fix:     "set multiAz to true; give an Aurora cluster a second instance in another zone",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html", "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html"},
		Check:   checkStandby,
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {multiAz: true}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {engine: aurora-postgresql}}
  one: {type: "aws:rds/clusterInstance:ClusterInstance", properties: {clusterIdentifier: "${aurora.id}", availabilityZone: eu-central-1a}}
  two: {type: "aws:rds/clusterInstance:ClusterInstance", properties: {clusterIdentifier: "${aurora.id}", availabilityZone: eu-central-1b}}
`,
			Bad:   []string{"db.multiAz=false", "two!", "two.availabilityZone=eu-central-1a", "one! ; two!"},
			Guard: "db.multiAz", Absent: policy.Violation, Exempt: "db.replicateSourceDb=main ; aurora.engineMode=serverless",
		},
	}, {
		ID: "rds-backup-retention", Title: "Databases are backed up for long enough", Severity: policy.High, ProdOnly: true,
		Types: []string{dbInstance, dbCluster},
		Anchors: "nag:RDS13 fsbp:RDS.11 ckv:133 trivy:0077 awsguard:rds-instance-backup-enabled config:db-instance-backup-enabled nist:CP-9 " +
			"cp:aws-rds-instance-configure-backup-retention,aws-rds-instance-enable-backup-retention,aws-rds-cluster-enable-backup-retention",
		Why:     "without automated backups there is no way back to the minute before a mistake, and one that is seen late is older than short backups",
		Fix:     "set backupRetentionPeriod to at least 7",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html", "https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html"},
		Settings: []policy.Setting{{
			Name: "minimumDays", Kind: policy.KindNumber, Default: 7, Help: "how many days of backups a database keeps at least", Bounded: true, Minimum: 1, Maximum: 35,
		}},
		Check: func(c *policy.Case) {
			if c.Type == dbInstance && replica(c) {
				c.Skip("a replica can be made again from its source")
				return
			}
			days, _ := c.Number("minimumDays")
			c.AtLeast("backupRetentionPeriod", days)
		},
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {backupRetentionPeriod: 7}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {backupRetentionPeriod: 14}}
`,
			Bad:   []string{"db.backupRetentionPeriod=0", "db.backupRetentionPeriod=6", "aurora.backupRetentionPeriod=1", "aurora.backupRetentionPeriod!"},
			Guard: "db.backupRetentionPeriod", Absent: policy.Violation, Exempt: "db.replicateSourceDb=main", Also: []string{"rpo-budget"},
		},
	}}
}

// checkStandby wants a standby of an instance, and two zones of a cluster.
func checkStandby(c *policy.Case) {
	if c.Type == dbInstance {
		if replica(c) {
			c.Skip("a replica is not the only copy")
			return
		}
		c.True("multiAz")
		return
	}
	switch {
	case c.Get("engineMode").Is("serverless"):
		c.Skip("Aurora Serverless v1 moves to another zone by itself")
		return
	case !c.Get("dbClusterInstanceClass").Empty():
		return // A Multi-AZ DB cluster has a writer and two readers in three zones.
	}
	members := referringBy(c.Graph(), dbClusterInstance, "clusterIdentifier", dbCluster)
	mine := members.to[c.Node]
	zones := map[string]bool{}
	for _, member := range mine {
		zone := member.Get("availabilityZone")
		if !zone.Known() {
			zones[member.URN] = true // AWS spreads instances over the zones unless it is told where.
			continue
		}
		zones[zone.Text()] = true
	}
	if len(zones) >= 2 {
		return
	}
	if members.loose {
		c.UnclearBecause("", "it is not known yet to which cluster an instance belongs")
		return
	}
	details := []policy.Detail{policy.Fix("add an aws:rds:ClusterInstance of this cluster in another zone")}
	for _, member := range mine {
		details = append(details, policy.Saw(member, "availabilityZone", "in "+member.Get("availabilityZone").Show()))
	}
	c.Broken("", "instances in fewer than two zones", "instances in at least two zones", details...)
}
