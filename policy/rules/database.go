package rules

import "github.com/seed-11444627/holdfast/policy"

const (
	dbInstance = "aws:rds/instance:Instance"
	dbCluster  = "aws:rds/cluster:Cluster"
)

// What AWS takes when nothing is said.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
var _ = policy.Default(dbInstance, map[string]any{
	"storageEncrypted": false, "multiAz": false, "backupRetentionPeriod": 0, "deletionProtection": false, "skipFinalSnapshot": false,
})

// databaseRules are about relational databases.
func databaseRules() []*policy.Rule {
	return []*policy.Rule{{
		ID: "rds-encrypted", Title: "Databases are encrypted at rest", Severity: policy.High,
		Types:   []string{dbInstance, dbCluster},
		Anchors: "nag:RDS2 fsbp:RDS.3,RDS.27 ckv:16,96,327 trivy:0079,0080 awsguard:rds-instance-encrypted nist:SC-28",
		Why:     "a copied snapshot or disk of an unencrypted database can be read by whoever holds it, and encryption cannot be turned on later without a new database",
		Fix:     "set storageEncrypted to true, and kmsKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"},
		Check: func(c *policy.Case) {
			if c.Type == dbInstance && !c.Get("replicateSourceDb").Empty() {
				c.Skip("a replica has the encryption of its source")
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
`,
			Bad:   []string{"db.storageEncrypted=false"},
			Guard: "db.storageEncrypted", Absent: policy.Violation, Exempt: "db.replicateSourceDb=main",
		},
	}}
}
