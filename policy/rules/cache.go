package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	cacheGroup      = "aws:elasticache/replicationGroup:ReplicationGroup"
	cacheCluster    = "aws:elasticache/cluster:Cluster"
	cacheServerless = "aws:elasticache/serverlessCache:ServerlessCache"
)

// What the provider, or AWS, takes when nothing is said. Encryption depends on the engine and is not here.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheCluster.html
var (
	_ = policy.Default(cacheGroup, map[string]any{
		"automaticFailoverEnabled": false, "multiAzEnabled": false, "snapshotRetentionLimit": 0, "autoMinorVersionUpgrade": true, "engine": "redis",
	})
	_ = policy.Default(cacheCluster, map[string]any{"snapshotRetentionLimit": 0, "autoMinorVersionUpgrade": true, "transitEncryptionEnabled": false})
	_ = policy.Default(cacheServerless, map[string]any{"snapshotRetentionLimit": 0})
)

// spared skips caches that a rule about Redis and Valkey is not about, and says whether it did.
func spared(c *policy.Case) bool {
	switch {
	case c.Type == cacheCluster && !c.Get("replicationGroupId").Empty():
		c.Skip("its replication group decides")
	case c.Type == cacheGroup && !c.Get("globalReplicationGroupId").Empty():
		c.Skip("its global datastore decides")
	case c.Get("engine").Is("memcached"):
		c.Skip("memcached keeps no data through a restart and has no such setting")
	default:
		return false
	}
	return true
}

// encryptedCache wants an encryption to be on. Valkey has it on unless it is turned off.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
func encryptedCache(c *policy.Case, path string) bool {
	if c.Get(path).Absent() && c.Get("engine").Is("valkey") {
		return true
	}
	return c.True(path)
}

// cacheRules are about what a cache keeps, and for how long it is away.
func cacheRules() []*policy.Rule {
	return []*policy.Rule{redisAtRest(), redisMultiAZ(), redisBackup(), redisMinorUpgrade()}
}

func redisAtRest() *policy.Rule {
	return &policy.Rule{
		ID: "redis-at-rest", Title: "Caches are encrypted at rest", Severity: policy.High,
		Types:   []string{cacheGroup},
		Anchors: "nag:AEC3 fsbp:ElastiCache.4 ckv:29,191 trivy:0045 guard:ELASTICACHE_REDIS_ENCRYPTED_AT_REST nist:SC-28",
		Why:     "snapshots and swap of an unencrypted cache hold sessions and rows in plain text, and encryption cannot be turned on later",
		Fix:     "set atRestEncryptionEnabled to true; it needs a new replication group",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html"},
		Check: func(c *policy.Case) {
			if !spared(c) {
				encryptedCache(c, "atRestEncryptionEnabled")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {engine: redis, atRestEncryptionEnabled: true}}
`,
			Bad:   []string{"cache.atRestEncryptionEnabled=false", "cache.engine=valkey ; cache.atRestEncryptionEnabled=false"},
			Guard: "cache.atRestEncryptionEnabled", Absent: policy.Violation, Exempt: "cache.globalReplicationGroupId=global",
		},
	}
}

func redisMultiAZ() *policy.Rule {
	return &policy.Rule{
		ID: "redis-multi-az", Title: "Caches fail over to another zone", Severity: policy.High, ProdOnly: true,
		Types:   []string{cacheGroup, cacheCluster},
		Anchors: "nag:AEC4 fsbp:ElastiCache.3 ckv2:50 nist:CP-10,SC-36",
		Why:     "when the primary's zone fails, a cache without a replica that may take over is empty until somebody has made a new one, and the database behind it gets every read",
		Fix:     "use a replication group with automaticFailoverEnabled and multiAzEnabled true and at least one replica",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html"},
		Check:   checkCacheFailover,
		Proof: policy.Proof{
			Good: `
resources:
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {numCacheClusters: 2, automaticFailoverEnabled: true, multiAzEnabled: true}}
`,
			Bad: []string{"cache.automaticFailoverEnabled=false", "cache.multiAzEnabled=false", "cache.numCacheClusters=1", "cache.numCacheClusters! ; cache.numNodeGroups=2 ; cache.replicasPerNodeGroup=0",
				"+alone={type: 'aws:elasticache/cluster:Cluster', properties: {engine: redis, snapshotRetentionLimit: 1, subnetGroupName: isolated, transitEncryptionEnabled: true}}"},
			Guard: "cache.multiAzEnabled", Absent: policy.Violation, Exempt: "cache.globalReplicationGroupId=global",
		},
	}
}

func redisBackup() *policy.Rule {
	return &policy.Rule{
		ID: "redis-backup", Title: "Caches are backed up", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{cacheGroup, cacheCluster, cacheServerless},
		Anchors: "nagn:ElastiCacheRedisClusterAutomaticBackup fsbp:ElastiCache.1 ckv:134 trivy:0050 config:elasticache-redis-cluster-automatic-backup-check nist:CP-9",
		Why:     "a flushed or lost cache starts cold without a snapshot, and what only the cache knew is gone",
		Fix:     "set snapshotRetentionLimit to at least 1",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html"},
		Check: func(c *policy.Case) {
			if !spared(c) {
				c.AtLeast("snapshotRetentionLimit", 1)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {snapshotRetentionLimit: 7}}
  serverless: {type: "aws:elasticache/serverlessCache:ServerlessCache", properties: {engine: valkey, snapshotRetentionLimit: 1}}
`,
			Bad:   []string{"cache.snapshotRetentionLimit=0", "serverless.snapshotRetentionLimit!"},
			Guard: "cache.snapshotRetentionLimit", Absent: policy.Violation, Exempt: "serverless.engine=memcached",
		},
	}
}

func redisMinorUpgrade() *policy.Rule {
	return &policy.Rule{
		ID: "redis-minor-upgrade", Title: "Caches take minor versions by themselves", Severity: policy.Medium,
		Types:   []string{cacheGroup, cacheCluster},
		Anchors: "fsbp:ElastiCache.2 ckv:322 nist:SI-2",
		Why:     "security fixes arrive as minor versions; a cache that waits for a person runs with known holes",
		Fix:     "set autoMinorVersionUpgrade to true, or leave it out",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.html"},
		Check:   isTrue("autoMinorVersionUpgrade"),
		Proof: policy.Proof{
			Good: `
resources:
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {autoMinorVersionUpgrade: true}}
`,
			Bad: []string{"cache.autoMinorVersionUpgrade=false"}, Guard: "cache.autoMinorVersionUpgrade", Absent: policy.Pass,
		},
	}
}

func checkCacheFailover(c *policy.Case) {
	if spared(c) {
		return
	}
	if c.Type == cacheCluster {
		c.Fail(c.Get("replicationGroupId"), "a replication group", policy.Fix("replace it by an aws:elasticache:ReplicationGroup with a replica"))
		return
	}
	c.True("automaticFailoverEnabled")
	c.True("multiAzEnabled")
	nodes, replicas := c.Get("numCacheClusters"), c.Get("replicasPerNodeGroup")
	if nodes.Known() && nodes.Number() < 2 && !replicas.Known() {
		c.Fail(nodes, "at least 2")
	}
	if replicas.Known() && replicas.Number() < 1 {
		c.Fail(replicas, "at least 1")
	}
}

// cacheAccess are the rules about who reaches a cache, and how.
func cacheAccess() []*policy.Rule {
	return []*policy.Rule{redisInTransit(), redisAuth(), redisSubnetGroup()}
}

func redisInTransit() *policy.Rule {
	return &policy.Rule{
		ID: "redis-in-transit", Title: "Caches refuse connections without TLS", Severity: policy.High,
		Types:   []string{cacheGroup, cacheCluster},
		Anchors: "nag:AEC3 fsbp:ElastiCache.5 ckv:30 trivy:0051 guard:ELASTICACHE_REDIS_ENCRYPTED_IN_TRANSIT nist:SC-8",
		Why:     "sessions, tokens and the cache's own password cross the network in plain text",
		Fix:     "set transitEncryptionEnabled to true and transitEncryptionMode to required, or leave the mode out",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html"},
		Check: func(c *policy.Case) {
			if c.Type == cacheCluster && !c.Get("replicationGroupId").Empty() || !c.Get("globalReplicationGroupId").Empty() {
				c.Skip("its replication group decides")
				return
			}
			if encryptedCache(c, "transitEncryptionEnabled") && c.Get("transitEncryptionMode").Is("preferred") {
				c.Fail(c.Get("transitEncryptionMode"), "required", policy.Because("clients that do not ask for TLS still get in without it"))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {transitEncryptionEnabled: true, transitEncryptionMode: required}}
  pages: {type: "aws:elasticache/cluster:Cluster", properties: {engine: memcached, transitEncryptionEnabled: true}}
`,
			Bad:   []string{"cache.transitEncryptionEnabled=false", "cache.transitEncryptionMode=preferred", "pages.transitEncryptionEnabled=false"},
			Guard: "cache.transitEncryptionEnabled", Absent: policy.Violation, Exempt: "pages.replicationGroupId=main",
		},
	}
}

func redisAuth() *policy.Rule {
	return &policy.Rule{
		ID: "redis-auth", Title: "Caches ask who is there", Severity: policy.Medium,
		Types:   []string{cacheGroup, cacheServerless},
		Anchors: "nag:AEC6 fsbp:ElastiCache.6 ckv:31 nist:IA-2",
		Why:     "without a password or users everything that reaches the port reads and flushes the cache",
		Fix:     "set userGroupIds to a group of users, or authToken to a secret",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html", "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html"},
		Check: func(c *policy.Case) {
			if spared(c) {
				return
			}
			paths := []string{"userGroupIds", "authToken", "userGroupId"}
			if !slices.ContainsFunc(paths, func(path string) bool { return c.Get(path).Unknown() || !c.Get(path).Empty() }) {
				c.Fail(c.Get(paths[0]), "a group of users, or authToken")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  users: {type: "aws:elasticache/userGroup:UserGroup", properties: {engine: redis, userGroupId: main}}
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {userGroupIds: ["${users.userGroupId}"]}}
`,
			Bad:       []string{"cache.userGroupIds!", "cache.userGroupIds=[]"},
			Unguarded: "users that are only known after the update will be there", Exempt: "cache.globalReplicationGroupId=global",
		},
	}
}

func redisSubnetGroup() *policy.Rule {
	return &policy.Rule{
		ID: "redis-subnet-group", Title: "Caches are in subnets chosen for them", Severity: policy.High,
		Types:   []string{cacheGroup, cacheCluster},
		Anchors: "nag:AEC1 fsbp:ElastiCache.7 ckv:323 nist:SC-7",
		Why:     "the default subnet group is made of the default VPC's public subnets",
		Fix:     "set subnetGroupName to a subnet group of isolated subnets",
		Sources: []string{"https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SubnetGroups.html"},
		Check: func(c *policy.Case) {
			if c.Type == cacheCluster && !c.Get("replicationGroupId").Empty() {
				c.Skip("its replication group decides")
				return
			}
			ownGroup(c, "subnetGroupName")
		},
		Proof: policy.Proof{
			Good: `
resources:
  subnets: {type: "aws:elasticache/subnetGroup:SubnetGroup", properties: {name: isolated}}
  cache: {type: "aws:elasticache/replicationGroup:ReplicationGroup", properties: {subnetGroupName: "${subnets.name}"}}
  pages: {type: "aws:elasticache/cluster:Cluster", properties: {engine: memcached, subnetGroupName: "${subnets.name}"}}
`,
			Bad:       []string{"cache.subnetGroupName!", "cache.subnetGroupName=default", "pages.subnetGroupName!"},
			Unguarded: "a name that is only known after the update is of a group that the program makes", Exempt: "pages.replicationGroupId=main",
		},
	}
}
