package rules

import (
	"github.com/seed-11444627/holdfast/policy"
)

const (
	emrCluster  = "aws:emr/cluster:Cluster"
	emrSecurity = "aws:emr/securityConfiguration:SecurityConfiguration"
	emrBlock    = "aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration"
)

const emrSecurityPage = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html"

const oneSecuredCluster = `
resources:
  secured:
    type: aws:emr/securityConfiguration:SecurityConfiguration
    properties:
      name: secured
      configuration: {$json: {EncryptionConfiguration: {
        EnableAtRestEncryption: true, EnableInTransitEncryption: true,
        AtRestEncryptionConfiguration: {
          S3EncryptionConfiguration: {EncryptionMode: SSE-S3},
          LocalDiskEncryptionConfiguration: {EncryptionKeyProviderType: AwsKms, AwsKmsKey: "arn:aws:kms:eu-central-1:111111111111:key/emr"}},
        InTransitEncryptionConfiguration: {TLSCertificateConfiguration: {CertificateProviderType: PEM, S3Object: "s3://certificates/emr.zip"}}}}}
  batch: {type: "aws:emr/cluster:Cluster", properties: {securityConfiguration: "${secured.name}"}}
`

// emrRules are about the encryption of EMR clusters. A cluster has it from its security configuration.
func emrRules() []*policy.Rule {
	return []*policy.Rule{emrAtRest(), emrInTransit(), emrSecurityConfiguration()}
}

func emrAtRest() *policy.Rule {
	return &policy.Rule{
		ID: "emr-at-rest", Title: "EMR clusters are encrypted at rest, their local disks too", Severity: policy.High,
		Types:   []string{emrSecurity},
		Anchors: "nag:EMR4 fsbp:EMR.3 ckv:349,350,171 trivy:0137,0139 nist:SC-28",
		Why:     "shuffles and spills write the data to local disks that no bucket's encryption covers",
		Fix:     "set EnableAtRestEncryption to true, with S3EncryptionConfiguration and LocalDiskEncryptionConfiguration in AtRestEncryptionConfiguration",
		Sources: []string{emrSecurityPage},
		Check: func(c *policy.Case) {
			encryption := c.Get("configuration").JSON().Get("EncryptionConfiguration")
			if !c.Require(encryption.Get("EnableAtRestEncryption"), "true", policy.Value.True) {
				return
			}
			for _, path := range []string{"LocalDiskEncryptionConfiguration.EncryptionKeyProviderType", "S3EncryptionConfiguration.EncryptionMode"} {
				c.Require(encryption.Get("AtRestEncryptionConfiguration."+path), "an encryption", func(v policy.Value) bool { return !v.Empty() })
			}
		},
		Proof: policy.Proof{
			Good: oneSecuredCluster,
			Bad: []string{
				"secured.configuration.EncryptionConfiguration.EnableAtRestEncryption=false", "secured.configuration.EncryptionConfiguration!",
				"secured.configuration.EncryptionConfiguration.AtRestEncryptionConfiguration.LocalDiskEncryptionConfiguration!",
				"secured.configuration.EncryptionConfiguration.AtRestEncryptionConfiguration.S3EncryptionConfiguration!",
			},
			Guard: "secured.configuration", Absent: policy.Violation, Also: []string{"emr-in-transit"},
		},
	}
}

func emrInTransit() *policy.Rule {
	return &policy.Rule{
		ID: "emr-in-transit", Title: "EMR clusters encrypt what their nodes send each other", Severity: policy.High,
		Types:   []string{emrSecurity},
		Anchors: "nag:EMR5 fsbp:EMR.4 ckv:351 trivy:0138 config:emr-security-configuration-encryption-transit nist:SC-8",
		Why:     "a shuffle sends the whole data set between nodes in plain text",
		Fix:     "set EnableInTransitEncryption to true, with a TLSCertificateConfiguration in InTransitEncryptionConfiguration",
		Sources: []string{emrSecurityPage},
		Check: func(c *policy.Case) {
			encryption := c.Get("configuration").JSON().Get("EncryptionConfiguration")
			if !c.Require(encryption.Get("EnableInTransitEncryption"), "true", policy.Value.True) {
				return
			}
			c.Require(encryption.Get("InTransitEncryptionConfiguration.TLSCertificateConfiguration"), "a certificate", func(v policy.Value) bool { return !v.Empty() })
		},
		Proof: policy.Proof{
			Good: oneSecuredCluster,
			Bad: []string{
				"secured.configuration.EncryptionConfiguration.EnableInTransitEncryption=false", "secured.configuration.EncryptionConfiguration.EnableInTransitEncryption!",
				"secured.configuration.EncryptionConfiguration.InTransitEncryptionConfiguration!",
			},
			Guard: "secured.configuration", Absent: policy.Violation,
		},
	}
}

func emrSecurityConfiguration() *policy.Rule {
	return &policy.Rule{
		ID: "emr-security-configuration", Title: "EMR clusters have a security configuration", Severity: policy.Medium,
		Types:   []string{emrCluster},
		Anchors: "nag:EMR4,EMR5 ckv2:55 nist:CM-6",
		Why:     "a cluster has encryption and authentication from its security configuration alone, and it cannot be given one later",
		Fix:     "set securityConfiguration to the name of an aws:emr:SecurityConfiguration",
		Sources: []string{emrSecurityPage},
		Check:   isSet("securityConfiguration", "the name of a security configuration"),
		Proof: policy.Proof{
			Good: oneSecuredCluster, Bad: []string{"batch.securityConfiguration!", "batch.securityConfiguration=''"},
			Unguarded: "a name that is only known after the update will be there",
		},
	}
}

// emrAccess are the rules about who reaches EMR clusters, and what they leave behind.
func emrAccess() []*policy.Rule {
	return []*policy.Rule{{
		ID: "emr-s3-logs", Title: "EMR clusters leave their logs in S3", Severity: policy.Medium,
		Types:   []string{emrCluster},
		Anchors: "nag:EMR2 nist:AU-2",
		Why:     "a cluster that has ended takes its logs with it, and why a step failed with them",
		Fix:     "set logUri to a path in a bucket",
		Sources: []string{"https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-debugging.html"},
		Check:   isSet("logUri", "a path in a bucket"),
		Proof: policy.Proof{
			Good: `
resources:
  batch: {type: "aws:emr/cluster:Cluster", properties: {logUri: "s3://logs/emr/"}}
`,
			Bad: []string{"batch.logUri!"}, Unguarded: "a path that is only known after the update will be there",
		},
	}, {
		ID: "emr-auth", Title: "EMR clusters ask who is there", Severity: policy.Medium,
		Types:   []string{emrCluster},
		Anchors: "nag:EMR6 nagp:EMRKerberosEnabled ckv:114 nist:IA-2",
		Why:     "Hadoop believes every user name it is told; only Kerberos asks for proof, and only a key pair or a session limits who signs in to the nodes",
		Fix:     "set kerberosAttributes, with a security configuration that has them, or ec2Attributes.keyName",
		Sources: []string{"https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-kerberos.html", "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-access-ssh.html"},
		Check: func(c *policy.Case) {
			kerberos, key := c.Get("kerberosAttributes.realm"), c.Get("ec2Attributes.keyName")
			if kerberos.Empty() && key.Empty() {
				c.Fail(kerberos, "a realm, or ec2Attributes.keyName")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  batch: {type: "aws:emr/cluster:Cluster", properties: {kerberosAttributes: {realm: EXAMPLE.INTERNAL, kdcAdminPassword: {$secret: generated}}}}
`,
			Bad: []string{"batch.kerberosAttributes!"}, Unguarded: "a realm or a key that is only known after the update will be there",
		},
	}, {
		ID: "emr-not-public", Title: "EMR clusters cannot be reached from the internet", Severity: policy.High,
		Types:   []string{emrCluster, emrBlock},
		Anchors: "fsbp:EMR.1,EMR.2 ckv:390 config:emr-master-no-public-ip,emr-block-public-access nist:AC-3,SC-7",
		Why:     "the consoles of Hadoop and Spark run whatever they are sent; in a public subnet one wrong rule opens them to everybody",
		Fix:     "put ec2Attributes.subnetId into a private subnet, and set blockPublicSecurityGroupRules to true with at most port 22 permitted",
		Sources: []string{"https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html", "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html"},
		Check:   checkEMROpen,
		Proof: policy.Proof{
			Good: `
resources:
  private: {type: "aws:ec2/subnet:Subnet", properties: {mapPublicIpOnLaunch: false}}
  batch: {type: "aws:emr/cluster:Cluster", properties: {ec2Attributes: {subnetId: "${private.id}"}}}
  block:
    type: aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration
    properties: {blockPublicSecurityGroupRules: true, permittedPublicSecurityGroupRuleRanges: [{minRange: 22, maxRange: 22}]}
`,
			Bad:   []string{"private.mapPublicIpOnLaunch=true", "block.blockPublicSecurityGroupRules=false", "block.permittedPublicSecurityGroupRuleRanges[0].maxRange=9000"},
			Guard: "block.blockPublicSecurityGroupRules", Absent: policy.Violation, Also: []string{"subnet-no-auto-public-ip"}, FixtureOnly: "the environments have no EMR cluster in their subnets",
		},
	}}
}

func checkEMROpen(c *policy.Case) {
	if c.Type == emrBlock {
		c.True("blockPublicSecurityGroupRules")
		for _, ports := range c.Get("permittedPublicSecurityGroupRuleRanges").List() {
			low, high := ports.Get("minRange"), ports.Get("maxRange")
			c.Unclear(append(low.Unknowns(), high.Unknowns()...)...)
			if low.Known() && high.Known() && (low.Number() != 22 || high.Number() != 22) {
				c.Fail(high, "no port but 22")
			}
		}
		return
	}
	one, more := c.Get("ec2Attributes.subnetId"), c.Get("ec2Attributes.subnetIds")
	subnets, _ := more.Refs("aws:ec2/subnet:Subnet")
	for _, subnet := range append(one.Ref("aws:ec2/subnet:Subnet").Nodes, subnets...) {
		public := subnet.Get("mapPublicIpOnLaunch")
		if public.Unknown() {
			c.Unclear(public)
			continue
		}
		if public.True() {
			c.Fail(first(one, more), "a private subnet", policy.Saw(subnet, "mapPublicIpOnLaunch", "gives public addresses"))
		}
	}
}
