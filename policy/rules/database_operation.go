package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// databaseAccess are the rules about who reaches a database, and how.
func databaseAccess() []*policy.Rule {
	return []*policy.Rule{rdsIAMAuth(), rdsTLSEnforced(), rdsSubnetGroup()}
}

func rdsIAMAuth() *policy.Rule {
	return &policy.Rule{
		ID: "rds-iam-auth", Title: "Databases take IAM credentials", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{dbInstance, dbCluster},
		Anchors: "nag:RDS6 fsbp:RDS.10,RDS.12 ckv:161,162 trivy:0176 nist:IA-2",
		Why:     "passwords are copied and stay valid when people leave; IAM credentials last for minutes and are recorded",
		Fix:     "set iamDatabaseAuthenticationEnabled to true",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html"},
		Check: func(c *policy.Case) {
			engine := c.Get("engine")
			if engine.Unknown() {
				c.Unclear(engine)
				return
			}
			if engine.Known() && !slices.Contains(iamEngines, engine.Text()) {
				c.Skip("the engine does not know IAM credentials")
				return
			}
			c.True("iamDatabaseAuthenticationEnabled")
		},
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {engine: postgres, iamDatabaseAuthenticationEnabled: true}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {engine: aurora-mysql, iamDatabaseAuthenticationEnabled: true}}
`,
			Bad:   []string{"db.iamDatabaseAuthenticationEnabled=false", "aurora.iamDatabaseAuthenticationEnabled=false"},
			Guard: "db.iamDatabaseAuthenticationEnabled", Absent: policy.Violation, Exempt: "db.engine=oracle-ee ; db.iamDatabaseAuthenticationEnabled!",
		},
	}
}

func rdsTLSEnforced() *policy.Rule {
	return &policy.Rule{
		ID: "rds-tls-enforced", Title: "Databases refuse connections without TLS", Severity: policy.Medium,
		Types:   []string{dbInstance, dbCluster, dbProxy},
		Anchors: "fsbp:RDS.41,RDS.43,RDS.44 ckv2:69 nist:SC-8",
		Why:     "a client that is set up wrongly sends passwords and rows in plain text unless the server refuses it",
		Fix:     "set the parameter rds.force_ssl (PostgreSQL, SQL Server) or require_secure_transport (MySQL, MariaDB) to 1 in the parameter group; requireTls of a proxy to true",
		Sources: []string{
			"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html",
			"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html",
			"https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html",
		},
		Check: checkDatabaseTLS,
		Proof: policy.Proof{
			Good: `
resources:
  parameters: {type: "aws:rds/parameterGroup:ParameterGroup", properties: {name: main, parameters: [{name: rds.force_ssl, value: "1"}]}}
  db: {type: "aws:rds/instance:Instance", properties: {engine: postgres, engineVersion: "14.9", parameterGroupName: "${parameters.name}"}}
  shared: {type: "aws:rds/clusterParameterGroup:ClusterParameterGroup", properties: {name: aurora, parameters: [{name: require_secure_transport, value: "ON"}]}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {engine: aurora-mysql, dbClusterParameterGroupName: "${shared.name}"}}
  proxy: {type: "aws:rds/proxy:Proxy", properties: {requireTls: true}}
`,
			Bad: []string{
				"parameters.parameters[0].value='0'", "parameters.parameters=[]", "db.parameterGroupName!", "db.parameterGroupName=default.postgres14",
				"shared.parameters[0].value='OFF'", "aurora.dbClusterParameterGroupName!", "proxy.requireTls=false", "proxy.requireTls!",
			},
			Guard: "parameters.parameters[0].value", Absent: policy.Violation, Exempt: "db.engine=oracle-ee ; db.parameterGroupName!",
		},
	}
}

func rdsSubnetGroup() *policy.Rule {
	return &policy.Rule{
		ID: "rds-subnet-group", Title: "Databases are in subnets chosen for them", Severity: policy.High,
		Types:   []string{dbInstance, dbCluster},
		Anchors: "fsbp:RDS.18 ckv:198 nist:SC-7",
		Why:     "the default subnet group is made of the default VPC's public subnets",
		Fix:     "set dbSubnetGroupName to a subnet group of isolated subnets",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"},
		Check: func(c *policy.Case) {
			if c.Type == dbInstance && replica(c) && c.Get("dbSubnetGroupName").Absent() {
				c.Skip("a replica in the same region has its source's subnets")
				return
			}
			ownGroup(c, "dbSubnetGroupName")
		},
		Proof: policy.Proof{
			Good: `
resources:
  subnets: {type: "aws:rds/subnetGroup:SubnetGroup", properties: {name: isolated}}
  db: {type: "aws:rds/instance:Instance", properties: {dbSubnetGroupName: "${subnets.name}"}}
`,
			Bad:       []string{"db.dbSubnetGroupName!", "db.dbSubnetGroupName=default", "db.dbSubnetGroupName=''"},
			Unguarded: "a name that is only known after the update is of a group that the program makes", Exempt: "db.dbSubnetGroupName! ; db.replicateSourceDb=main",
		},
	}
}

// iamEngines are the engines that take IAM credentials.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
var iamEngines = []string{"mysql", "mariadb", "postgres", "aurora", "aurora-mysql", "aurora-postgresql"}

// ownGroup wants a property to name a group, and not the default one.
func ownGroup(c *policy.Case, path string) {
	v := c.Get(path)
	if v.Unknown() {
		return // The program makes the group.
	}
	if v.Empty() || v.Is("default") {
		c.Fail(v, "a group of your own")
	}
}

func checkDatabaseTLS(c *policy.Case) {
	if c.Type == dbProxy {
		c.True("requireTls")
		return
	}
	engine := c.Get("engine")
	if engine.Unknown() {
		c.Unclear(engine)
		return
	}
	parameter := tlsParameter(engine.Text())
	if parameter == "" {
		c.Skip("the engine's TLS is no parameter, or the engine is not named")
		return
	}
	path, kind := "parameterGroupName", dbParameters
	if c.Type == dbCluster {
		path, kind = "dbClusterParameterGroupName", dbClusterParams
	}
	requireParameter(c, path, kind, parameter, tlsByDefault(engine.Text(), c.Get("engineVersion").Text()))
}

// tlsParameter is the parameter by which an engine refuses connections without TLS.
func tlsParameter(engine string) string {
	switch {
	case strings.Contains(engine, "postgres"), strings.HasPrefix(engine, "sqlserver"):
		return "rds.force_ssl"
	case strings.Contains(engine, "mysql"), engine == "mariadb", engine == "aurora":
		return "require_secure_transport"
	}
	return ""
}

// tlsByDefault says that the engine's own parameter group refuses connections without TLS: PostgreSQL from 15, Aurora
// PostgreSQL from 17.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
func tlsByDefault(engine, version string) bool {
	from := map[string]int{"postgres": 15, "aurora-postgresql": 17}[engine]
	major, _, _ := strings.Cut(version, ".")
	number, err := strconv.Atoi(major)
	return err == nil && from > 0 && number >= from
}

// requireParameter wants a parameter to be on in the parameter group that a property names. byDefault is what the engine's
// default parameter groups have.
func requireParameter(c *policy.Case, path, kind, parameter string, byDefault bool) {
	name := c.Get(path)
	group := name.Ref(kind)
	if own := group.Node(); own != nil {
		requireInGroup(c, own, parameter, byDefault)
		return
	}
	switch {
	case name.Unknown():
		c.Unclear(name)
	case name.Empty() || strings.HasPrefix(name.Text(), "default"):
		if !byDefault {
			c.Fail(name, "a parameter group with "+parameter+" on")
		}
	default:
		c.UnclearBecause(path, "the parameter group is not part of this stack")
	}
}

func requireInGroup(c *policy.Case, group *policy.Node, parameter string, byDefault bool) {
	list := group.Get("parameters")
	if list.Unknown() {
		c.Unclear(list)
		return
	}
	for _, p := range list.List() {
		if p.Get("name").Unknown() || p.Get("name").Is(parameter) && p.Get("value").Unknown() {
			c.Unclear(p.Get("value"))
			return
		}
		if !p.Get("name").Is(parameter) {
			continue
		}
		if v := p.Get("value"); !on(v) {
			c.At(group).Fail(v, parameter+" on", policy.Fix("set the parameter %s to 1, or true where it is one", parameter), policy.Saw(c.Node, "", "uses the parameter group"))
		}
		return
	}
	if !byDefault {
		c.At(group).Fail(list, parameter+" on", policy.Saw(c.Node, "", "uses the parameter group"))
	}
}

// on says that a parameter's value is one of the spellings of yes.
func on(v policy.Value) bool {
	return slices.Contains([]string{"1", "on", "true"}, strings.ToLower(v.Text()))
}

// databaseOperation are the rules about running a database.
func databaseOperation() []*policy.Rule {
	return []*policy.Rule{rdsLogsExported(), rdsMinorUpgrade(), rdsCurrentCA(), rdsEnhancedMonitoring(), rdsPerformanceInsights(), rdsCopyTags()}
}

func rdsLogsExported() *policy.Rule {
	return &policy.Rule{
		ID: "rds-logs-exported", Title: "Databases send their logs to CloudWatch", Severity: policy.Medium,
		Types:   []string{dbInstance, dbCluster},
		Anchors: "nag:RDS16 fsbp:RDS.9,RDS.34,RDS.36,RDS.37,RDS.40,RDS.42 ckv:129,324,325 nist:AU-2",
		Why:     "a log that stays on the database's host is lost with it and gone after days, just when somebody asks why it failed",
		Fix:     "name the engine's logs in enabledCloudwatchLogsExports: postgresql; error and slowquery of MySQL and MariaDB; alert of Oracle; error of SQL Server",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html"},
		Check:   checkDatabaseLogs,
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {engine: postgres, enabledCloudwatchLogsExports: [postgresql, upgrade]}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {engine: aurora-mysql, enabledCloudwatchLogsExports: [error, slowquery]}}
`,
			Bad:   []string{"db.enabledCloudwatchLogsExports=[]", "db.enabledCloudwatchLogsExports=[upgrade]", "aurora.enabledCloudwatchLogsExports=[error]"},
			Guard: "db.enabledCloudwatchLogsExports", Absent: policy.Violation, Exempt: "db.engine=db2-se",
		},
	}
}

func rdsMinorUpgrade() *policy.Rule {
	return &policy.Rule{
		ID: "rds-minor-upgrade", Title: "Databases take minor versions by themselves", Severity: policy.High,
		Types:   []string{dbInstance, dbClusterInstance},
		Anchors: "fsbp:RDS.13,RDS.35 ckv:226 nist:SI-2",
		Why:     "security fixes arrive as minor versions; a database that waits for a person runs with known holes",
		Fix:     "set autoMinorVersionUpgrade to true, or leave it out; the maintenance window says when",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html"},
		Check:   isTrue("autoMinorVersionUpgrade"),
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {autoMinorVersionUpgrade: true}}
  reader: {type: "aws:rds/clusterInstance:ClusterInstance", properties: {autoMinorVersionUpgrade: true, clusterIdentifier: main}}
`,
			Bad:   []string{"db.autoMinorVersionUpgrade=false", "reader.autoMinorVersionUpgrade=false"},
			Guard: "db.autoMinorVersionUpgrade", Absent: policy.Pass,
		},
	}
}

func rdsCurrentCA() *policy.Rule {
	return &policy.Rule{
		ID: "rds-current-ca", Title: "Databases have a certificate of a current authority", Severity: policy.Medium,
		Types:   []string{dbInstance, dbClusterInstance},
		Anchors: "ckv:211 nist:SC-17",
		Why:     "clients that verify the server's certificate cannot connect once its authority has expired, as rds-ca-2019 did in 2024",
		Fix:     "set caCertIdentifier to rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"},
		Check: func(c *policy.Case) {
			if c.Get("caCertIdentifier").Absent() {
				return // AWS takes a current one.
			}
			c.OneOf("caCertIdentifier", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
		},
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {caCertIdentifier: rds-ca-rsa2048-g1}}
`,
			Bad: []string{"db.caCertIdentifier=rds-ca-2019"}, Guard: "db.caCertIdentifier", Absent: policy.Pass,
		},
	}
}

func rdsEnhancedMonitoring() *policy.Rule {
	return &policy.Rule{
		ID: "rds-enhanced-monitoring", Title: "Databases report what their operating system does", Severity: policy.Low, Advisory: true,
		Types:   []string{dbInstance, dbClusterInstance},
		Anchors: "nagn:RDSEnhancedMonitoringEnabled fsbp:RDS.6 ckv:118 nist:AU-12",
		Why:     "CloudWatch sees the hypervisor once a minute; which process takes the memory only enhanced monitoring says",
		Fix:     "set monitoringInterval to 60, and monitoringRoleArn",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html"},
		Check:   func(c *policy.Case) { c.AtLeast("monitoringInterval", 1) },
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {monitoringInterval: 60}}
`,
			Bad: []string{"db.monitoringInterval=0"}, Guard: "db.monitoringInterval", Absent: policy.Violation,
		},
	}
}

func rdsPerformanceInsights() *policy.Rule {
	return &policy.Rule{
		ID: "rds-performance-insights", Title: "Databases keep what their sessions waited for", Severity: policy.Low, Advisory: true,
		Types: []string{dbInstance, dbClusterInstance},
		Anchors: "ckv:353,354 trivy:0133,0078 cp:aws-rds-instance-enable-performance-insights,aws-rds-clusterinstance-enable-performance-insights," +
			"aws-rds-instance-disallow-unencrypted-performance-insights,aws-rds-clusterinstance-disallow-unencrypted-performance-insights nist:AU-12",
		Why:     "which statement loads a database is known afterwards only if it was recorded, and statements hold data, so the record wants a key of its own",
		Fix:     "set performanceInsightsEnabled to true and performanceInsightsKmsKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Enabling.html"},
		Check: func(c *policy.Case) {
			if c.True("performanceInsightsEnabled") {
				c.Set("performanceInsightsKmsKeyId", "a key of your own")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key"}
  db: {type: "aws:rds/instance:Instance", properties: {performanceInsightsEnabled: true, performanceInsightsKmsKeyId: "${key.arn}"}}
`,
			Bad:   []string{"db.performanceInsightsEnabled=false", "db.performanceInsightsKmsKeyId!"},
			Guard: "db.performanceInsightsEnabled", Absent: policy.Violation,
		},
	}
}

func rdsCopyTags() *policy.Rule {
	return &policy.Rule{
		ID: "rds-copy-tags", Title: "Snapshots carry the tags of their database", Severity: policy.Low, Advisory: true,
		Types:   []string{dbInstance, dbCluster},
		Anchors: "fsbp:RDS.16,RDS.17 ckv2:60 ckv:313 nist:CM-8",
		Why:     "a snapshot without tags has no owner, no cost centre and no data class",
		Fix:     "set copyTagsToSnapshot to true",
		Sources: []string{"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.CopyTags.html"},
		Check:   isTrue("copyTagsToSnapshot"),
		Proof: policy.Proof{
			Good: `
resources:
  db: {type: "aws:rds/instance:Instance", properties: {copyTagsToSnapshot: true}}
  aurora: {type: "aws:rds/cluster:Cluster", properties: {copyTagsToSnapshot: true}}
`,
			Bad:   []string{"db.copyTagsToSnapshot=false", "aurora.copyTagsToSnapshot!"},
			Guard: "db.copyTagsToSnapshot", Absent: policy.Violation,
		},
	}
}

// databaseLogs are the logs of each engine that do not record every statement.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
func databaseLogs(engine string) []string {
	switch {
	case strings.Contains(engine, "postgres"):
		return []string{"postgresql"}
	case strings.Contains(engine, "mysql"), engine == "mariadb", engine == "aurora":
		return []string{"error", "slowquery"}
	case strings.HasPrefix(engine, "oracle"):
		return []string{"alert"}
	case strings.HasPrefix(engine, "sqlserver"):
		return []string{"error"}
	}
	return nil
}

func checkDatabaseLogs(c *policy.Case) {
	engine, exports := c.Get("engine"), c.Get("enabledCloudwatchLogsExports")
	if engine.Unknown() {
		c.Unclear(engine)
		return
	}
	wanted := databaseLogs(engine.Text())
	if wanted == nil {
		c.Skip("nothing is known of the engine's logs, or the engine is not named")
		return
	}
	if unknown := exports.Unknowns(); len(unknown) > 0 {
		c.Unclear(unknown...)
		return
	}
	for _, log := range wanted {
		if !slices.ContainsFunc(exports.Items(), func(v policy.Value) bool { return v.Is(log) }) {
			c.Fail(exports, "the log "+log+" among them")
			return
		}
	}
}
