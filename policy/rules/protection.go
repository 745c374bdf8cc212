package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// statefulTypes are the types whose deletion loses data, or names and keys that nobody can make again.
var statefulTypes = []string{
	dbInstance, dbCluster, "aws:rds/globalCluster:GlobalCluster",
	dynamoTable, "aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket", "aws:efs/fileSystem:FileSystem", "aws:kms/key:Key",
	redshiftCluster, redshiftNamespace, cacheGroup, "aws:memorydb/cluster:Cluster", "aws:kinesis/stream:Stream",
	"aws:route53/zone:Zone", "aws:ecr/repository:Repository", "aws:secretsmanager/secret:Secret", "aws:backup/vault:Vault",
	"aws:opensearch/domain:Domain", "aws:msk/cluster:Cluster", "aws:cognito/userPool:UserPool",
	"aws:docdb/cluster:Cluster", "aws:docdb/elasticCluster:ElasticCluster", "aws:neptune/cluster:Cluster", "aws:ebs/volume:Volume", "aws:kms/replicaKey:ReplicaKey",
	"aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:fsx/lustreFileSystem:LustreFileSystem", "aws:fsx/ontapFileSystem:OntapFileSystem",
	"aws:fsx/openZfsFileSystem:OpenZfsFileSystem", "aws:s3/directoryBucket:DirectoryBucket", "aws:keyspaces/table:Table", "aws:timestreamwrite/table:Table",
	"aws:timestreaminfluxdb/dbInstance:DbInstance",
}

// A guard is a property by which the service itself keeps a resource, or what it held, from being deleted.
type guard struct {
	path, required, fix string
	holds               func(policy.Value) bool
}

func notForced(path string) guard {
	return guard{path, "false", "set " + path + " to false", func(v policy.Value) bool { return !v.True() }}
}

func kept(path string) guard {
	return guard{path, "true", "set " + path + " to true", policy.Value.True}
}

// snapshotted are the guards of databases that leave a last snapshot behind.
var snapshotted = []guard{
	{"skipFinalSnapshot", "false", "set skipFinalSnapshot to false", func(v policy.Value) bool { return !v.True() }},
	{"finalSnapshotIdentifier", "the name of the last snapshot", "set finalSnapshotIdentifier", func(v policy.Value) bool { return !v.Empty() }},
}

// serviceGuards are the guards of each type. Deletion protection of RDS and DynamoDB, and the waiting time of keys, have
// rules of their own.
var serviceGuards = map[string][]guard{
	"aws:s3/bucketV2:BucketV2": {notForced("forceDestroy")}, "aws:s3/bucket:Bucket": {notForced("forceDestroy")},
	dbInstance: snapshotted, dbCluster: snapshotted, redshiftCluster: snapshotted,
	"aws:docdb/cluster:Cluster": snapshotted, "aws:neptune/cluster:Cluster": snapshotted,
	"aws:s3/directoryBucket:DirectoryBucket": {notForced("forceDestroy")},
	"aws:rds/globalCluster:GlobalCluster":    {kept("deletionProtection"), notForced("forceDestroy")},
	"aws:ecr/repository:Repository":          {notForced("forceDelete")},
	"aws:route53/zone:Zone":                  {notForced("forceDestroy")},
	"aws:backup/vault:Vault":                 {notForced("forceDestroy")},
	"aws:kinesis/stream:Stream":              {notForced("enforceConsumerDeletion")},
	"aws:cognito/userPool:UserPool": {{
		"deletionProtection", "ACTIVE", "set deletionProtection to ACTIVE", func(v policy.Value) bool { return v.Is("ACTIVE") },
	}},
	"aws:secretsmanager/secret:Secret": {{
		"recoveryWindowInDays", "at least 7", "set recoveryWindowInDays to 30, or leave it out", func(v policy.Value) bool { return v.IsNumber() && v.Number() >= 7 },
	}},
}

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
var _ = policy.Default("aws:secretsmanager/secret:Secret", map[string]any{"recoveryWindowInDays": 30})

// guardedProperties are properties that rules of this catalogue read to see whether a resource is closed, encrypted or kept.
var guardedProperties = []any{
	"acl", "actionsEnabled", "alarmActions", "assumeRolePolicy", "atRestEncryptionEnabled", "backupRetentionPeriod", "blockPublicAcls", "blockPublicPolicy",
	"cidrBlocks", "cidrIpv4", "cidrIpv6", "deletionProtection", "deletionProtectionEnabled", "deletionWindowInDays", "egress", "enableDeletionProtection",
	"enableKeyRotation", "encrypted", "encryptionConfiguration", "forceDestroy", "grants", "ignorePublicAcls", "ingress", "isEnabled", "kmsKeyArn", "kmsKeyId",
	"kmsMasterKeyId", "metadataOptions", "multiAz", "pointInTimeRecovery", "policy", "publiclyAccessible", "recoveryWindowInDays", "requireTls",
	"restrictPublicBuckets", "retentionInDays", "rules", "serverSideEncryption", "skipFinalSnapshot", "sslPolicy", "storageEncrypted",
	"transitEncryptionEnabled", "versioning", "versioningConfiguration", "viewerCertificate", "webAclId",
}

// protectionRules keep what production holds from being deleted, and rules from being passed by.
func protectionRules() []*policy.Rule {
	return []*policy.Rule{prodProtect(), prodServiceProtection(), ignoreChangesBypass()}
}

func prodProtect() *policy.Rule {
	return &policy.Rule{
		ID: "prod-protect", Title: "What holds data in production is protected against deletion by the program", Severity: policy.High, ProdOnly: true,
		Types: statefulTypes, Anchors: "nist:CP-9,CM-5",
		Why:     "a renamed resource or a removed line makes the engine delete the old one, and the data with it; a protected one stops the update instead",
		Fix:     "give the resource the option protect: true; retainOnDelete counts too where it can be seen, which the engine does not show to policies",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/options/protect/", "https://www.pulumi.com/docs/iac/concepts/options/retainondelete/"},
		Check: func(c *policy.Case) {
			if c.Stack().Environment == "dev" {
				c.Skip("development is made to be deleted")
				return
			}
			if !c.Protect && !c.RetainOnDelete {
				c.Broken("", "not protected", "the option protect: true")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", options: {protect: true}}
  media: {type: "aws:s3/bucketV2:BucketV2", options: {protect: true}}
  kept: {type: "aws:s3/bucketV2:BucketV2", options: {retainOnDelete: true}}
  db: {type: "aws:rds/instance:Instance", options: {protect: true}}
`,
			Bad:       []string{"key#protect=false", "media#protect=false", "kept#retainOnDelete=false", "db#protect=false"},
			Unguarded: "an option is always known",
		},
	}
}

func prodServiceProtection() *policy.Rule {
	return &policy.Rule{
		ID: "prod-service-protection", Title: "Services keep what holds data in production, or a last copy of it", Severity: policy.High, ProdOnly: true,
		Types: guardedTypes(), Anchors: "fsbp:Cognito.1 nist:CP-9",
		Why:     "the engine's protection ends at the engine: the service's own refuses the console and every other tool, or leaves a snapshot to come back from",
		Fix:     "turn off forceDestroy and its like, name a last snapshot, and turn on deletion protection",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html", "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"},
		Check:   checkServiceGuards,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {forceDestroy: false}}
  db: {type: "aws:rds/instance:Instance", properties: {skipFinalSnapshot: false, finalSnapshotIdentifier: last}}
  world: {type: "aws:rds/globalCluster:GlobalCluster", properties: {deletionProtection: true}}
  password: {type: "aws:secretsmanager/secret:Secret", properties: {recoveryWindowInDays: 7}}
  images: {type: "aws:ecr/repository:Repository", properties: {forceDelete: false}}
  users: {type: "aws:cognito/userPool:UserPool", properties: {deletionProtection: ACTIVE}}
`,
			Bad: []string{
				"media.forceDestroy=true", "db.skipFinalSnapshot=true", "db.finalSnapshotIdentifier!", "world.deletionProtection=false", "world.deletionProtection!",
				"password.recoveryWindowInDays=0", "images.forceDelete=true", "users.deletionProtection!",
			},
			Guard: "media.forceDestroy", Absent: policy.Pass,
		},
	}
}

func ignoreChangesBypass() *policy.Rule {
	return &policy.Rule{
		ID: "ignore-changes-bypass", Title: "No property that a rule reads is left out of updates", Severity: policy.High,
		Anchors: "nist:CM-3,CM-6",
		Why:     "with ignoreChanges the program says one thing and AWS may have another: rules judge the program, and the update never puts it right",
		Fix:     "take the property out of ignoreChanges, or import what AWS has into the program",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/"},
		Settings: []policy.Setting{{
			Name: "properties", Kind: policy.KindList, Default: guardedProperties, Help: "the properties that must not be in ignoreChanges",
		}},
		Check: func(c *policy.Case) {
			guarded := map[string]bool{"*": true}
			for _, property := range c.Texts("properties") {
				guarded[property] = true
			}
			for _, n := range c.Graph().Nodes() {
				for _, path := range n.IgnoreChanges {
					root, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
					if guarded[root] {
						c.At(n).Broken(root, "ignoreChanges has "+path, "a property that updates set")
					}
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", options: {ignoreChanges: [description]}}
  media: {type: "aws:s3/bucketV2:BucketV2"}
`,
			Bad:       []string{"key#ignoreChanges=policy", "key#ignoreChanges=description,enableKeyRotation", "media#ignoreChanges='*'", "media#ignoreChanges=versioning.enabled", "media#ignoreChanges=grants[0].uri"},
			Unguarded: "an option is always known",
		},
	}
}

func guardedTypes() []string {
	var types []string
	for _, t := range statefulTypes {
		if serviceGuards[t] != nil {
			types = append(types, t)
		}
	}
	return types
}

func checkServiceGuards(c *policy.Case) {
	if c.Stack().Environment == "dev" {
		c.Skip("development is made to be deleted")
		return
	}
	if c.Type == dbInstance && replica(c) {
		c.Skip("a replica can be made again from its source")
		return
	}
	for _, g := range serviceGuards[c.Type] {
		v := c.Get(g.path)
		if strings.HasPrefix(g.path, "finalSnapshot") && (v.Unknown() || c.Get("skipFinalSnapshot").True()) {
			continue // A name that is only known later will be there, and without a snapshot it is not asked for.
		}
		c.Require(v, g.required, g.holds, policy.Fix("%s", g.fix))
	}
}
