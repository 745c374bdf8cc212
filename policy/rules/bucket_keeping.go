package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// bucketKeeping are the rules about how a bucket keeps its objects.
func bucketKeeping() []*policy.Rule {
	return []*policy.Rule{s3Encrypted(), s3OwnKey(), s3Versioned(), s3AccessLogs(), s3Lifecycle()}
}

func s3Encrypted() *policy.Rule {
	return &policy.Rule{
		ID: "s3-encrypted", Title: "Buckets say how they are encrypted", Severity: policy.High,
		Types:   buckets,
		Anchors: "fsbp:S3.17 ckv:19 trivy:0088 cp:aws-s3-bucket-enable-server-side-encryption guard:S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED nist:SC-28",
		Why:     "S3 encrypts new objects with its own keys anyway; only a declared encryption is put back when somebody switches the bucket to a key of a stranger, as ransom attacks do",
		Fix:     "add an aws:s3:BucketServerSideEncryptionConfigurationV2 with sseAlgorithm aws:kms and kmsMasterKeyId, or AES256 where a log delivery knows no other",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html"},
		Check: func(c *policy.Case) {
			encryptionPart.at("sseAlgorithm").require(c, "encryption", "aws:kms, aws:kms:dsse or AES256", func(v policy.Value) bool {
				return v.In("aws:kms", "aws:kms:dsse", "AES256")
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  encryption:
    type: aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2
    properties: {bucket: "${media.id}", rules: [{applyServerSideEncryptionByDefault: {sseAlgorithm: "aws:kms", kmsMasterKeyId: "arn:aws:kms:eu-central-1:111111111111:key/media"}}]}
`,
			Bad:   []string{"encryption!", "encryption.rules=[]", "encryption.rules[0].applyServerSideEncryptionByDefault!", "encryption.rules[0].applyServerSideEncryptionByDefault.sseAlgorithm=none"},
			Guard: "encryption.rules", Absent: policy.Violation, Also: []string{"s3-own-key"},
		},
	}
}

func s3OwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "s3-own-key", Title: "Buckets are encrypted with a key of your own", Severity: policy.Low, Advisory: true,
		Types: buckets,
		Anchors: "nagn:S3DefaultEncryptionKMS ckv:145 trivy:0132 nist:SC-12 " +
			"cp:aws-s3-bucket-configure-server-side-encryption-kms,aws-s3-bucket-configure-server-side-encryption-customer-managed-key",
		Why:     "with S3's keys whoever may read the bucket reads its objects; a key of your own asks a second time, and its use is recorded",
		Fix:     "set sseAlgorithm to aws:kms, kmsMasterKeyId to a key of your own and bucketKeyEnabled to true",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html", "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"},
		Check: func(c *policy.Case) {
			index := bucketsOf(c.Graph())
			if index.logs[c.Node] {
				c.Skip("load balancers and S3 deliver logs with S3's own keys only")
				return
			}
			if values, sure := index.values(c.Node, encryptionPart); len(values) == 0 && sure {
				c.Skip("the encryption is not declared; another rule says so")
				return
			}
			if !encryptionPart.at("sseAlgorithm").require(c, "encryption", "aws:kms or aws:kms:dsse", func(v policy.Value) bool {
				return v.In("aws:kms", "aws:kms:dsse")
			}) {
				return
			}
			keys, _ := index.values(c.Node, encryptionPart.at("kmsMasterKeyId"))
			if !slices.ContainsFunc(keys, func(v policy.Value) bool { return v.Unknown() || !v.Empty() }) {
				c.Broken("", "no kmsMasterKeyId: the key that all of the account shares", "a key of your own")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  encryption:
    type: aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2
    properties: {bucket: "${media.id}", rules: [{applyServerSideEncryptionByDefault: {sseAlgorithm: "aws:kms", kmsMasterKeyId: "arn:aws:kms:eu-central-1:111111111111:key/media"}}]}
`,
			Bad:   []string{"encryption.rules[0].applyServerSideEncryptionByDefault.sseAlgorithm=AES256", "encryption.rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId!"},
			Guard: "encryption.rules", Absent: policy.Violation, Exempt: "encryption!",
			FixtureOnly: "the environments' bucket takes logs of a load balancer, which know S3's own keys only",
		},
	}
}

func s3Versioned() *policy.Rule {
	return &policy.Rule{
		ID: "s3-versioned", Title: "Buckets keep the versions of their objects", Severity: policy.Medium,
		Types:   buckets,
		Anchors: "nagn:S3BucketVersioningEnabled ckv:21 trivy:0090 config:s3-bucket-versioning-enabled nist:CP-9",
		Why:     "without versions an object that is overwritten or deleted is gone at once; nothing else keeps a copy",
		Fix:     "add an aws:s3:BucketVersioningV2 with versioningConfiguration.status Enabled",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"},
		Check: func(c *policy.Case) {
			versioningPart.require(c, "versioning", "Enabled", func(v policy.Value) bool { return v.Is("Enabled") || v.True() })
		},
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  versioning: {type: "aws:s3/bucketVersioningV2:BucketVersioningV2", properties: {bucket: "${media.id}", versioningConfiguration: {status: Enabled}}}
`,
			Bad:   []string{"versioning!", "versioning.versioningConfiguration.status=Suspended", "versioning.versioningConfiguration.status=Disabled"},
			Guard: "versioning.versioningConfiguration.status", Absent: policy.Violation,
		},
	}
}

func s3AccessLogs() *policy.Rule {
	return &policy.Rule{
		ID: "s3-access-logs", Title: "Buckets record who reads and writes them", Severity: policy.Medium, ProdOnly: true,
		Types:   buckets,
		Anchors: "nag:S1 fsbp:S3.9 ckv:18 trivy:0089 awsguard:s3-bucket-logging-enabled config:s3-bucket-logging-enabled nist:AU-2",
		Why:     "after a leak or a loss nobody can say which objects were read or deleted, or by whom",
		Fix:     "add an aws:s3:BucketLoggingV2 with targetBucket another bucket",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html"},
		Check:   checkAccessLogs,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  logs: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: logs}}
  logging: {type: "aws:s3/bucketLoggingV2:BucketLoggingV2", properties: {bucket: "${media.id}", targetBucket: "${logs.id}", targetPrefix: media/}}
`,
			Bad:   []string{"logging!", "logging.targetBucket=media", "logging.targetBucket=''"},
			Guard: "logging.bucket", Absent: policy.Violation, Exempt: "+last={type: 'aws:s3/bucketLoggingV2:BucketLoggingV2', properties: {bucket: elsewhere, targetBucket: logs}}",
			FixtureOnly: "the environments' only bucket is the one that takes logs",
		},
	}
}

func s3Lifecycle() *policy.Rule {
	return &policy.Rule{
		ID: "s3-lifecycle", Title: "Buckets end old versions and unfinished uploads", Severity: policy.Low, Advisory: true,
		Types:   buckets,
		Anchors: "fsbp:S3.10,S3.13 ckv2:61 ckv:300 config:s3-version-lifecycle-policy-check,s3-lifecycle-policy-check nist:SI-12",
		Why:     "versions and parts of uploads that never ended are in no listing, are paid for, and stay for ever",
		Fix:     "add an aws:s3:BucketLifecycleConfigurationV2 with an enabled rule for the whole bucket: noncurrentVersionExpiration and abortIncompleteMultipartUpload.daysAfterInitiation 7",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html"},
		Check:   checkLifecycle,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  lifecycle:
    type: aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2
    properties: {bucket: "${media.id}", rules: [{id: all, status: Enabled, noncurrentVersionExpiration: {noncurrentDays: 30}, abortIncompleteMultipartUpload: {daysAfterInitiation: 7}}]}
`,
			Bad: []string{"lifecycle!", "lifecycle.rules[0].status=Disabled", "lifecycle.rules[0].abortIncompleteMultipartUpload!", "lifecycle.rules[0].noncurrentVersionExpiration!",
				"lifecycle.rules[0].abortIncompleteMultipartUpload.daysAfterInitiation=365", "lifecycle.rules[0].filter={prefix: raw/}"},
			Guard: "lifecycle.rules", Absent: policy.Violation, Also: []string{"retention-tiers", "log-path"},
		},
	}
}

func checkAccessLogs(c *policy.Case) {
	index := bucketsOf(c.Graph())
	if index.logs[c.Node] {
		values, _ := index.values(c.Node, loggingPart)
		for _, v := range values {
			if v.Ref(buckets...).Has(c.Node) {
				c.At(v.Node()).Fail(v, "another bucket", policy.Because("a bucket that logs into itself records the recording, without end"))
				return
			}
		}
		c.Skip("it takes logs itself; its own readers are for the account's trail of data events")
		return
	}
	loggingPart.require(c, "access logs", "another bucket as targetBucket", func(v policy.Value) bool { return !v.Empty() })
}

// longestUpload is how many days an unfinished upload may wait: Security Hub and Checkov ask for some limit, 7 days is what
// AWS's own examples have.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
const longestUpload = 7

func checkLifecycle(c *policy.Case) {
	rules, sure := lifecycleOf(c.Node)
	whole := slices.DeleteFunc(rules, func(r lifecycleRule) bool { return !r.enabled || !r.whole })
	for _, r := range whole {
		sure = sure && !r.abort.Unknown()
	}
	wanted := []struct {
		what  string
		holds func(lifecycleRule) bool
	}{
		{"abortIncompleteMultipartUpload.daysAfterInitiation of at most 7", func(r lifecycleRule) bool {
			return r.abort.IsNumber() && r.abort.Number() <= longestUpload
		}},
		{"noncurrentVersionExpiration", func(r lifecycleRule) bool { return !r.noncurrent.Absent() }},
	}
	for _, w := range wanted {
		if slices.ContainsFunc(whole, w.holds) {
			continue
		}
		if !sure {
			c.UnclearBecause("", "the life cycle is not known yet")
			return
		}
		c.Broken("", "no enabled rule for the whole bucket with "+w.what, w.what)
	}
}

// classTag is the tag that says for how long data is kept; the classes are those of retention-tiers.
const classTag = "retention-class"

// bucketClasses are the rules about buckets whose tags ask for more.
func bucketClasses() []*policy.Rule {
	return []*policy.Rule{{
		ID: "s3-replicated", Title: "Buckets that must survive a region are replicated", Severity: policy.Medium,
		Types: buckets,
		Anchors: "nagn:S3BucketReplicationEnabled ckv:144 config:s3-bucket-replication-enabled nist:CP-9,CP-6 " +
			"cp:aws-s3-bucket-configure-replication-configuration,aws-s3-bucket-enable-replication-configuration",
		Why:     "a bucket that lives in one region is out of reach with it; what was not copied before cannot be copied then",
		Fix:     "add an aws:s3:BucketReplicationConfig with an enabled rule to a bucket in another region",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html"},
		Settings: []policy.Setting{
			{Name: "tag", Kind: policy.KindText, Default: "recovery-scope", Help: "the tag that says what a bucket must survive"},
			{Name: "values", Kind: policy.KindList, Default: []any{"region"}, Help: "the values of the tag that ask for a copy in another region"},
		},
		Check: checkReplicated,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media, tags: {recovery-scope: region}}}
  copies: {type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig", properties: {bucket: "${media.id}", rules: [{status: Enabled, destination: {bucket: "arn:aws:s3:::media-copy"}}]}}
`,
			Bad:   []string{"copies!", "copies.rules=[]", "copies.rules[0].status=Disabled"},
			Guard: "copies.rules", Absent: policy.Violation, Exempt: "media.tags!", FixtureOnly: "no bucket of the environments has the tag",
		},
	}, {
		ID: "s3-object-lock", Title: "Buckets of records nobody may change are locked", Severity: policy.Medium,
		Types:   buckets,
		Anchors: "ckv:143 fsbp:S3.15 config:s3-bucket-default-lock-enabled nist:AU-9",
		Why:     "an audit trail that its own administrators can delete proves nothing",
		Fix:     "set objectLockEnabled of the bucket, and add an aws:s3:BucketObjectLockConfigurationV2 with rule.defaultRetention",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"},
		Settings: []policy.Setting{
			{Name: "tag", Kind: policy.KindText, Default: classTag, Help: "the tag that says what class of data a bucket holds"},
			{Name: "values", Kind: policy.KindList, Default: []any{"audit"}, Help: "the classes that nobody may change or delete early"},
		},
		Check: func(c *policy.Case) {
			if !classed(c) {
				return
			}
			lockPart.require(c, "object lock", "rule.defaultRetention with a mode and a time", func(v policy.Value) bool {
				return !v.Get("mode").Empty() && !first(v.Get("days"), v.Get("years")).Empty()
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  trail: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: trail, objectLockEnabled: true, tags: {retention-class: audit}}}
  lock: {type: "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", properties: {bucket: "${trail.id}", rule: {defaultRetention: {mode: COMPLIANCE, days: 730}}}}
`,
			Bad:   []string{"lock!", "lock.rule!", "lock.rule.defaultRetention.mode!", "lock.rule.defaultRetention.days!"},
			Guard: "lock.rule.defaultRetention", Absent: policy.Violation, Exempt: "trail.tags={retention-class: events}", FixtureOnly: "no bucket of the environments has the tag",
		},
	}}
}

// classed says that the bucket has the tag that the rule is about, and skips it otherwise.
func classed(c *policy.Case) bool {
	name, _ := c.Setting("tag").(string)
	tag := tagOf(c.Node, name)
	if tag.Unknown() {
		c.Unclear(tag)
		return false
	}
	if !tag.In(c.Texts("values")...) {
		c.Skip("the tag " + name + " does not ask for it")
		return false
	}
	return true
}

func checkReplicated(c *policy.Case) {
	if !classed(c) {
		return
	}
	lists, sure := bucketsOf(c.Graph()).values(c.Node, replicationPart)
	if len(lists) == 0 {
		replicationPart.missing(c, sure, "replication", "an enabled rule with a destination")
		return
	}
	for _, rule := range lists[0].List() {
		status, destination := rule.Get("status"), first(rule.Get("destination.bucket"), rule.Get("destinations[0].bucket"))
		if status.Unknown() {
			c.Unclear(status)
			return
		}
		if status.Is("Enabled") && !destination.Empty() {
			return
		}
	}
	c.At(lists[0].Node()).Require(lists[0], "an enabled rule with a destination", func(policy.Value) bool { return false }, policy.Saw(c.Node, "", "is the bucket"))
}
