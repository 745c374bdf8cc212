package rules

import "github.com/seed-11444627/holdfast/policy"

const awsProviderType = "pulumi:providers:aws"

// keptPassword is where a type of resource takes a password, and the property by which AWS makes and keeps it instead.
type keptPassword struct {
	password, managed string
	// inherited are properties with which the resource takes its password from another.
	inherited []string
}

// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
// https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-secrets-manager-integration.html
// https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html
var keptPasswords = map[string]keptPassword{
	dbInstance: {"password", "manageMasterUserPassword", []string{"replicateSourceDb", "snapshotIdentifier", "restoreToPointInTime"}},
	dbCluster: {"masterPassword", "manageMasterUserPassword", []string{
		"replicationSourceIdentifier", "snapshotIdentifier", "restoreToPointInTime", "globalClusterIdentifier",
	}},
	"aws:redshift/cluster:Cluster":                      {"masterPassword", "manageMasterPassword", []string{"snapshotIdentifier", "snapshotArn"}},
	"aws:redshiftserverless/namespace:Namespace":        {password: "adminUserPassword"},
	"aws:docdb/cluster:Cluster":                         {"masterPassword", "manageMasterUserPassword", []string{"snapshotIdentifier", "restoreToPointInTime", "globalClusterIdentifier"}},
	"aws:docdb/elasticCluster:ElasticCluster":           {password: "adminUserPassword"},
	"aws:elasticache/replicationGroup:ReplicationGroup": {password: "authToken"},
	"aws:directoryservice/directory:Directory":          {password: "password"},
	"aws:dms/endpoint:Endpoint":                         {password: "password"},
	"aws:opensearch/domain:Domain":                      {password: "advancedSecurityOptions.masterUserOptions.masterUserPassword"},
	"aws:memorydb/user:User":                            {password: "authenticationMode.passwords"},
	"aws:elasticache/user:User":                         {password: "passwords"},
	"aws:mq/broker:Broker":                              {password: "users"},
}

func databasePassword() *policy.Rule {
	return &policy.Rule{
		ID: "database-password-managed", Title: "Passwords of databases are secrets, or AWS keeps them", Severity: policy.Critical,
		Types: []string{
			dbInstance, dbCluster, "aws:redshift/cluster:Cluster", "aws:redshiftserverless/namespace:Namespace", "aws:docdb/cluster:Cluster",
			"aws:docdb/elasticCluster:ElasticCluster", "aws:elasticache/replicationGroup:ReplicationGroup", "aws:directoryservice/directory:Directory",
			"aws:dms/endpoint:Endpoint", "aws:opensearch/domain:Domain", "aws:memorydb/user:User", "aws:elasticache/user:User", "aws:mq/broker:Broker",
		},
		Blocking: true,
		Anchors:  "nist:IA-5,SC-28",
		Why:      "a literal password is readable in the repository, the state and every preview's output, and changes only when somebody remembers it",
		Fix:      "set manageMasterUserPassword to true, so that RDS keeps the password in Secrets Manager and rotates it; where there is no such property pass a secret",
		Sources:  []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html"},
		Check:    checkPassword,
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {storageEncrypted: true, manageMasterUserPassword: true}}
  copy: {type: "aws:rds/instance:Instance", properties: {storageEncrypted: true, replicateSourceDb: db}}
  cluster: {type: "aws:rds/cluster:Cluster", properties: {storageEncrypted: true, masterPassword: {$secret: "p"}}}
  broker: {type: "aws:mq/broker:Broker", properties: {users: [{username: a, password: {$secret: "p"}}, {username: b, password: {$secret: "p"}}]}}
  user: {type: "aws:elasticache/user:User", properties: {passwords: [{$secret: "p"}]}}
`,
			Bad: []string{
				"db.manageMasterUserPassword!", "db.manageMasterUserPassword! ; db.password=plain-and-simple", "cluster.masterPassword=plain-and-simple",
				"user.passwords[0]=plain-and-simple", "broker.users[1].password=plain-and-simple", "db.manageMasterUserPassword=false",
			},
			Guard: "db.manageMasterUserPassword", Absent: policy.Violation, Also: []string{"secret-shaped-text"},
			FixtureOnly: "the environments have no databases",
		},
	}
}

func checkPassword(c *policy.Case) {
	kept := keptPasswords[c.Type]
	if given := c.Get(kept.password); !given.Absent() && !given.Empty() {
		judgePassword(c, given)
		return
	}
	for _, source := range kept.inherited {
		if !c.Get(source).Empty() {
			c.Skip("its password is that of its source")
			return
		}
	}
	if kept.managed != "" && c.Get(kept.password+"Wo").Absent() {
		c.True(kept.managed)
	}
}

// judgePassword wants a password, or each of several, to be marked as a secret.
func judgePassword(c *policy.Case, given policy.Value) {
	for _, each := range given.Items() {
		if each.IsObject() { // One of several users.
			each = each.Get("password")
		}
		switch {
		case each.Secret():
		case each.Unknown():
			c.Unclear(each)
		case !refersElsewhere(each.Text()):
			c.Broken(each.Path(), "a literal", "a secret, or a password that AWS makes and keeps")
		}
	}
}

func providerKeys() *policy.Rule {
	return &policy.Rule{
		ID: "provider-keys-static", Title: "Providers have no keys of their own", Severity: policy.Critical,
		Types:    []string{awsProviderType},
		Blocking: true,
		Anchors:  "ckv:41 nist:IA-5",
		Why:      "an access key in the program's configuration does not expire, is in every copy of the state, and says nothing about who deployed",
		Fix:      "take accessKey, secretKey and token out; let the deploying role come from the environment (OIDC, SSO or an instance's role) or from assumeRole",
		Sources:  []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
		Check: func(c *policy.Case) {
			for _, path := range []string{"accessKey", "secretKey", "token"} {
				given := c.Get(path)
				switch {
				case given.Empty():
				case given.Unknown() && !given.Secret():
					c.Unclear(given)
				default:
					c.Broken(path, "set", "not set: credentials that expire, from outside the program")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  aws: {type: "pulumi:providers:aws", properties: {region: eu-central-1, allowedAccountIds: "[\"111111111111\"]"}}
`,
			Bad:   []string{"aws.accessKey=static-key", "aws.secretKey={$secret: static-key}", "aws.token=static"},
			Guard: "aws.accessKey", Absent: policy.Pass,
		},
	}
}
