package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	redshiftCluster    = "aws:redshift/cluster:Cluster"
	redshiftParameters = "aws:redshift/parameterGroup:ParameterGroup"
	redshiftLogging    = "aws:redshift/logging:Logging"
	redshiftWorkgroup  = "aws:redshiftserverless/workgroup:Workgroup"
	redshiftNamespace  = "aws:redshiftserverless/namespace:Namespace"
)

// What the provider, or AWS, takes when nothing is said. A cluster that names no parameter group has default.redshift-2.0,
// which requires TLS.
// https://www.pulumi.com/registry/packages/aws/api-docs/redshift/cluster/
// https://docs.aws.amazon.com/redshift/latest/mgmt/behavior-changes.html
var (
	_ = policy.Default(redshiftCluster, map[string]any{
		"encrypted": false, "publiclyAccessible": true, "allowVersionUpgrade": true, "automatedSnapshotRetentionPeriod": 1,
		"skipFinalSnapshot": false, "enhancedVpcRouting": false, "multiAz": false, "clusterParameterGroupName": "default.redshift-2.0", "databaseName": "dev",
	})
	_ = policy.Default(redshiftWorkgroup, map[string]any{"publiclyAccessible": false, "enhancedVpcRouting": false})
)

// warehouseRules are about data warehouses and what queries them.
func warehouseRules() []*policy.Rule {
	return slices.Concat(redshiftProtection(), redshiftOperation(), emrRules(), emrAccess(), athenaRules())
}

func redshiftProtection() []*policy.Rule {
	return []*policy.Rule{redshiftEncrypted(), redshiftNotPublic(), redshiftTLS(), redshiftInVPC(), redshiftEnhancedRouting()}
}

func redshiftEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-encrypted", Title: "Warehouses are encrypted at rest", Severity: policy.High,
		Types:   []string{redshiftCluster},
		Anchors: "nag:RS6 fsbp:Redshift.10 ckv:64,142 trivy:0084 awsguard:redshift-cluster-configuration-check nist:SC-28",
		Why:     "a copied snapshot of an unencrypted warehouse can be read by whoever holds it",
		Fix:     "set encrypted to true, and kmsKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-db-encryption.html"},
		Check:   isTrue("encrypted"),
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {encrypted: true}}
`,
			Bad: []string{"facts.encrypted=false"}, Guard: "facts.encrypted", Absent: policy.Violation,
		},
	}
}

func redshiftNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-not-public", Title: "Warehouses have no public address", Severity: policy.Critical, Blocking: true,
		Types:   []string{redshiftCluster, redshiftWorkgroup},
		Anchors: "nag:RS8 fsbp:Redshift.1 ckv:87 awsguard:redshift-cluster-public-access-check nist:AC-3,SC-7",
		Why:     "a warehouse with a public address is one security group rule away from every password guesser on the internet",
		Fix:     "set publiclyAccessible to false",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/rs-security-group-public-private.html"},
		Check:   isFalse("publiclyAccessible"),
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {publiclyAccessible: false}}
  adhoc: {type: "aws:redshiftserverless/workgroup:Workgroup", properties: {publiclyAccessible: false}}
`,
			Bad:   []string{"facts.publiclyAccessible=true", "facts.publiclyAccessible!", "adhoc.publiclyAccessible=true"},
			Guard: "facts.publiclyAccessible", Absent: policy.Violation,
		},
	}
}

func redshiftTLS() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-tls", Title: "Warehouses refuse connections without TLS", Severity: policy.Medium,
		Types:   []string{redshiftCluster, redshiftWorkgroup},
		Anchors: "nag:RS1 fsbp:Redshift.2 ckv:105 config:redshift-require-tls-ssl nist:SC-8",
		Why:     "a client that is set up wrongly sends passwords and rows in plain text unless the warehouse refuses it",
		Fix:     "set the parameter require_ssl to true in the cluster's parameter group, or in configParameters of the workgroup",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html", "https://docs.aws.amazon.com/redshift/latest/mgmt/behavior-changes.html"},
		Check:   checkWarehouseTLS,
		Proof: policy.Proof{
			Good: `
resources:
  parameters: {type: "aws:redshift/parameterGroup:ParameterGroup", properties: {name: facts, family: redshift-1.0, parameters: [{name: require_ssl, value: "true"}]}}
  facts: {type: "aws:redshift/cluster:Cluster", properties: {clusterParameterGroupName: "${parameters.name}"}}
  adhoc: {type: "aws:redshiftserverless/workgroup:Workgroup", properties: {configParameters: [{parameterKey: require_ssl, parameterValue: "true"}]}}
`,
			Bad:   []string{"parameters.parameters[0].value='false'", "parameters.parameters=[]", "facts.clusterParameterGroupName=default.redshift-1.0", "adhoc.configParameters[0].parameterValue='false'"},
			Guard: "parameters.parameters[0].value", Absent: policy.Violation,
		},
	}
}

func redshiftInVPC() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-in-vpc", Title: "Warehouses are in subnets chosen for them", Severity: policy.High,
		Types:   []string{redshiftCluster},
		Anchors: "nag:RS2 ckv:154 trivy:0127 nist:SC-7",
		Why:     "the default subnet group is made of the default VPC's public subnets",
		Fix:     "set clusterSubnetGroupName to a subnet group of isolated subnets",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-cluster-subnet-groups.html"},
		Check:   func(c *policy.Case) { ownGroup(c, "clusterSubnetGroupName") },
		Proof: policy.Proof{
			Good: `
resources:
  subnets: {type: "aws:redshift/subnetGroup:SubnetGroup", properties: {name: isolated}}
  facts: {type: "aws:redshift/cluster:Cluster", properties: {clusterSubnetGroupName: "${subnets.name}"}}
`,
			Bad:       []string{"facts.clusterSubnetGroupName!", "facts.clusterSubnetGroupName=default"},
			Unguarded: "a name that is only known after the update is of a group that the program makes",
		},
	}
}

func redshiftEnhancedRouting() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-enhanced-routing", Title: "Warehouses load and unload through the network", Severity: policy.High,
		Types:   []string{redshiftCluster, redshiftWorkgroup},
		Anchors: "nagn:RedshiftEnhancedVPCRoutingEnabled fsbp:Redshift.7 ckv:321 config:redshift-enhanced-vpc-routing-enabled nist:SC-7",
		Why:     "without it COPY and UNLOAD leave the network by AWS's own way, past endpoint policies, security groups and flow logs",
		Fix:     "set enhancedVpcRouting to true, with an S3 endpoint in the network",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/enhanced-vpc-routing.html"},
		Check:   isTrue("enhancedVpcRouting"),
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {enhancedVpcRouting: true}}
  adhoc: {type: "aws:redshiftserverless/workgroup:Workgroup", properties: {enhancedVpcRouting: true}}
`,
			Bad:   []string{"facts.enhancedVpcRouting=false", "adhoc.enhancedVpcRouting!"},
			Guard: "facts.enhancedVpcRouting", Absent: policy.Violation,
		},
	}
}

func checkWarehouseTLS(c *policy.Case) {
	if c.Type == redshiftCluster {
		byDefault := !c.Get("clusterParameterGroupName").Is("default.redshift-1.0")
		group := c.Get("clusterParameterGroupName").Ref(redshiftParameters).Node()
		if group != nil { // A group of the family redshift-2.0 requires TLS unless it says otherwise.
			byDefault = group.Get("family").Is("redshift-2.0")
		}
		requireParameter(c, "clusterParameterGroupName", redshiftParameters, "require_ssl", byDefault)
		return
	}
	for _, p := range c.Get("configParameters").List() {
		if p.Get("parameterKey").Is("require_ssl") { // AWS sets it to true where the program does not name it.
			c.Require(p.Get("parameterValue"), "true", policy.Value.True)
		}
	}
}

// firstNames are the administrator and the database that Redshift offers first.
// https://docs.aws.amazon.com/securityhub/latest/userguide/redshift-controls.html
var firstNames = map[string]string{"masterUsername": "awsuser", "databaseName": "dev"}

func redshiftOperation() []*policy.Rule {
	return []*policy.Rule{redshiftAuditLog(), redshiftSnapshots(), redshiftUpgrades(), redshiftOwnNames(), redshiftMultiAZ()}
}

func redshiftAuditLog() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-audit-log", Title: "Warehouses record who connects and what they ask", Severity: policy.Medium,
		Types:   []string{redshiftCluster, redshiftNamespace},
		Anchors: "nag:RS5,RS11 fsbp:Redshift.4 ckv:71 trivy:0083 awsguard:redshift-cluster-configuration-check nist:AU-2",
		Why:     "Redshift keeps its own record for two to five days; after that nobody can say who read the data",
		Fix:     "add an aws:redshift:Logging for the cluster, or logging.enable; logExports connectionlog and userlog of a namespace",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html"},
		Check:   checkWarehouseLogs,
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {clusterIdentifier: facts}}
  logging: {type: "aws:redshift/logging:Logging", properties: {clusterIdentifier: "${facts.clusterIdentifier}", logDestinationType: cloudwatch, logExports: [connectionlog, userlog]}}
  old: {type: "aws:redshift/cluster:Cluster", properties: {logging: {enable: true, bucketName: logs}}}
  space: {type: "aws:redshiftserverless/namespace:Namespace", properties: {logExports: [userlog, connectionlog]}}
`,
			Bad:   []string{"logging!", "old.logging.enable=false", "old.logging!", "space.logExports=[userlog]", "space.logExports!"},
			Guard: "old.logging.enable", Absent: policy.Violation,
		},
	}
}

func redshiftSnapshots() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-snapshots", Title: "Warehouses keep snapshots for long enough", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{redshiftCluster},
		Anchors: "nag:RS10 fsbp:Redshift.3 ckv:343 awsguard:redshift-cluster-maintenance-settings-check config:redshift-backup-enabled nist:CP-9",
		Why:     "a wrong load that is seen after the weekend is older than the one day that Redshift keeps unless told otherwise",
		Fix:     "set automatedSnapshotRetentionPeriod to at least 7",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-snapshots.html", "https://docs.aws.amazon.com/securityhub/latest/userguide/redshift-controls.html"},
		Settings: []policy.Setting{{
			Name: "minimumDays", Kind: policy.KindNumber, Default: 7, Help: "how many days of automated snapshots a warehouse keeps at least", Bounded: true, Minimum: 1, Maximum: 35,
		}},
		Check: func(c *policy.Case) {
			days, _ := c.Number("minimumDays")
			c.AtLeast("automatedSnapshotRetentionPeriod", days)
		},
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {automatedSnapshotRetentionPeriod: 7}}
`,
			Bad:   []string{"facts.automatedSnapshotRetentionPeriod=0", "facts.automatedSnapshotRetentionPeriod=6"},
			Guard: "facts.automatedSnapshotRetentionPeriod", Absent: policy.Violation,
		},
	}
}

func redshiftUpgrades() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-upgrades", Title: "Warehouses take new versions by themselves", Severity: policy.Medium,
		Types:   []string{redshiftCluster},
		Anchors: "nag:RS9 fsbp:Redshift.6 ckv:141 awsguard:redshift-cluster-maintenance-settings-check nist:SI-2",
		Why:     "security fixes arrive with versions; a warehouse that refuses them runs with known holes",
		Fix:     "set allowVersionUpgrade to true, or leave it out; the maintenance window says when",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-considerations.html"},
		Check:   isTrue("allowVersionUpgrade"),
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {allowVersionUpgrade: true}}
`,
			Bad: []string{"facts.allowVersionUpgrade=false"}, Guard: "facts.allowVersionUpgrade", Absent: policy.Pass,
		},
	}
}

func redshiftOwnNames() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-own-names", Title: "Warehouses do not have the names that Redshift offers first", Severity: policy.Medium,
		Types:   []string{redshiftCluster},
		Anchors: "nag:RS4 fsbp:Redshift.8,Redshift.9 ckv:391,320 nist:IA-5",
		Why:     "password guessers try awsuser on dev before anything else; neither can be renamed later",
		Fix:     "set masterUsername and databaseName to names of your own",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/redshift-controls.html"},
		Check: func(c *policy.Case) {
			if !c.Get("snapshotIdentifier").Empty() || !c.Get("snapshotArn").Empty() {
				c.Skip("a restored warehouse has the names of its snapshot")
				return
			}
			for _, path := range []string{"masterUsername", "databaseName"} {
				c.Require(c.Get(path), "another name than "+firstNames[path], func(v policy.Value) bool { return !v.Is(firstNames[path]) })
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {masterUsername: keeper, databaseName: facts}}
`,
			Bad:   []string{"facts.masterUsername=awsuser", "facts.databaseName=dev"},
			Guard: "facts.databaseName", Absent: policy.Violation, Exempt: "facts.snapshotIdentifier=before ; facts.databaseName!",
		},
	}
}

func redshiftMultiAZ() *policy.Rule {
	return &policy.Rule{
		ID: "redshift-multi-az", Title: "Warehouses live in two zones", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{redshiftCluster},
		Anchors: "fsbp:Redshift.18 nist:CP-10,SC-36",
		Why:     "when its zone fails, a warehouse in one zone is down until it has been moved or restored, if the other zones have room",
		Fix:     "set multiAz to true; it needs RA3 nodes and a subnet group over three zones",
		Sources: []string{"https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-multi-az.html"},
		Check:   isTrue("multiAz"),
		Proof: policy.Proof{
			Good: `
resources:
  facts: {type: "aws:redshift/cluster:Cluster", properties: {multiAz: true}}
`,
			Bad: []string{"facts.multiAz=false"}, Guard: "facts.multiAz", Absent: policy.Violation,
		},
	}
}

func checkWarehouseLogs(c *policy.Case) {
	if c.Type == redshiftNamespace {
		exports := c.Get("logExports")
		c.Unclear(exports.Unknowns()...)
		for _, log := range []string{"connectionlog", "userlog"} {
			if len(exports.Unknowns()) == 0 && !slices.ContainsFunc(exports.Items(), func(v policy.Value) bool { return v.Is(log) }) {
				c.Fail(exports, "the log "+log+" among them")
				return
			}
		}
		return
	}
	loggings := referringBy(c.Graph(), redshiftLogging, "clusterIdentifier", redshiftCluster)
	if len(loggings.to[c.Node]) > 0 {
		return
	}
	inline := c.Get("logging.enable")
	if loggings.loose && !inline.True() {
		c.UnclearBecause("", "it is not known yet which cluster is logged")
		return
	}
	c.Require(inline, "true, or an aws:redshift:Logging for the cluster", policy.Value.True)
}

const (
	athenaWorkgroup = "aws:athena/workgroup:Workgroup"
	athenaDatabase  = "aws:athena/database:Database"
)

// https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
var _ = policy.Default(athenaWorkgroup, map[string]any{
	"configuration.enforceWorkgroupConfiguration": true, "configuration.publishCloudwatchMetricsEnabled": true,
})

func athenaRules() []*policy.Rule {
	encryption := "configuration.resultConfiguration.encryptionConfiguration.encryptionOption"
	return []*policy.Rule{{
		ID: "athena-encrypted", Title: "Results of queries are encrypted", Severity: policy.High,
		Types:   []string{athenaWorkgroup, athenaDatabase},
		Anchors: "fsbp:Athena.1 ckv:77,159 trivy:0006 cp:aws-athena-workgroup-disallow-unencrypted-workgroup,aws-athena-database-disallow-unencrypted-database nist:SC-28",
		Why:     "results are copies of the data in a bucket that nobody thinks of; without a declared encryption they are not under the key that the data is under",
		Fix:     "set " + encryption + " (encryptionConfiguration.encryptionOption of a database) to SSE_KMS, with the key",
		Sources: []string{"https://docs.aws.amazon.com/athena/latest/ug/encrypting-query-results-stored-in-s3.html"},
		Check: func(c *policy.Case) {
			path := encryption
			if c.Type == athenaDatabase {
				path = "encryptionConfiguration.encryptionOption"
			}
			c.OneOf(path, "SSE_KMS", "CSE_KMS", "SSE_S3")
		},
		Proof: policy.Proof{
			Good: `
resources:
  queries: {type: "aws:athena/workgroup:Workgroup", properties: {configuration: {resultConfiguration: {encryptionConfiguration: {encryptionOption: SSE_KMS, kmsKeyArn: "arn:aws:kms:eu-central-1:111111111111:key/q"}}}}}
  lake: {type: "aws:athena/database:Database", properties: {encryptionConfiguration: {encryptionOption: SSE_KMS}}}
`,
			Bad:   []string{"queries.configuration.resultConfiguration.encryptionConfiguration!", "queries.configuration!", "queries." + encryption + "=NONE", "lake.encryptionConfiguration!"},
			Guard: "queries." + encryption, Absent: policy.Violation,
		},
	}, {
		ID: "athena-enforce-config", Title: "Clients cannot leave the workgroup's settings", Severity: policy.High,
		Types:   []string{athenaWorkgroup},
		Anchors: "ckv:82 trivy:0007 cp:aws-athena-workgroup-enforce-configuration nist:CM-6",
		Why:     "a client may otherwise send results elsewhere, unencrypted, and past the limit of what a query may scan",
		Fix:     "set configuration.enforceWorkgroupConfiguration to true, or leave it out",
		Sources: []string{"https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html"},
		Check:   isTrue("configuration.enforceWorkgroupConfiguration"),
		Proof: policy.Proof{
			Good: `
resources:
  queries: {type: "aws:athena/workgroup:Workgroup", properties: {configuration: {enforceWorkgroupConfiguration: true}}}
`,
			Bad: []string{"queries.configuration.enforceWorkgroupConfiguration=false"}, Guard: "queries.configuration.enforceWorkgroupConfiguration", Absent: policy.Pass,
		},
	}, {
		ID: "athena-metrics", Title: "Workgroups report their queries", Severity: policy.Low, Advisory: true,
		Types:   []string{athenaWorkgroup},
		Anchors: "fsbp:Athena.4 nist:AU-12",
		Why:     "without metrics nobody sees queries fail or scan more than they should, until the bill",
		Fix:     "set configuration.publishCloudwatchMetricsEnabled to true, or leave it out",
		Sources: []string{"https://docs.aws.amazon.com/athena/latest/ug/athena-cloudwatch-metrics-enable.html"},
		Check:   isTrue("configuration.publishCloudwatchMetricsEnabled"),
		Proof: policy.Proof{
			Good: `
resources:
  queries: {type: "aws:athena/workgroup:Workgroup", properties: {configuration: {publishCloudwatchMetricsEnabled: true}}}
`,
			Bad: []string{"queries.configuration.publishCloudwatchMetricsEnabled=false"}, Guard: "queries.configuration.publishCloudwatchMetricsEnabled", Absent: policy.Pass,
		},
	}}
}
