package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// verdicts are the outcomes of a fixture's rules by id, the worst of each; pass where there is no finding.
func verdicts(t *testing.T, fixture string) map[string]policy.Outcome {
	t.Helper()
	f, err := policytest.Parse(fixture)
	require.NoError(t, err)
	resources, err := f.Resources()
	require.NoError(t, err)
	config, err := policy.NewConfig(f.Entries, rules.All())
	require.NoError(t, err)
	report := policy.Evaluate(policy.NewGraph(f.Stack, resources), policy.Evaluation{Rules: rules.All(), Config: config, Today: policytest.Day})
	worst := map[string]policy.Outcome{}
	for _, finding := range report.Findings {
		worst[finding.Rule] = max(worst[finding.Rule], finding.Outcome)
	}
	return worst
}

// The settings of a bucket stand in resources of their own under two names, or in the bucket: rules judge all alike.
func TestBucketSettingsCountWhereverTheyStand(t *testing.T) {
	t.Parallel()
	about := []string{"s3-encrypted", "s3-versioned", "s3-tls-only", "s3-lifecycle", "s3-access-logs"}
	denied := `{$json: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::media", "arn:aws:s3:::media/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}`
	for name, fixture := range map[string]string{
		"plain names": `
resources:
  media: {type: "aws:s3/bucket:Bucket", properties: {bucket: media}}
  encryption: {type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", properties: {bucket: media, rules: [{applyServerSideEncryptionByDefault: {sseAlgorithm: AES256}}]}}
  versioning: {type: "aws:s3/bucketVersioning:BucketVersioning", properties: {bucket: media, versioningConfiguration: {status: Enabled}}}
  lifecycle: {type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", properties: {bucket: media, rules: [{status: Enabled, filter: {prefix: ""}, noncurrentVersionExpiration: {noncurrentDays: 30}, abortIncompleteMultipartUpload: {daysAfterInitiation: 7}}]}}
  logging: {type: "aws:s3/bucketLogging:BucketLogging", properties: {bucket: media, targetBucket: elsewhere}}
  rules: {type: "aws:s3/bucketPolicy:BucketPolicy", properties: {bucket: media, policy: ` + denied + `}}
`,
		"inside Bucket": `
resources:
  media:
    type: aws:s3/bucket:Bucket
    properties:
      bucket: media
      serverSideEncryptionConfiguration: {rule: {applyServerSideEncryptionByDefault: {sseAlgorithm: AES256}}}
      versioning: {enabled: true}
      lifecycleRules: [{enabled: true, noncurrentVersionExpiration: {days: 30}, abortIncompleteMultipartUploadDays: 7}]
      loggings: [{targetBucket: elsewhere}]
      policy: ` + denied + `
`,
		"inside BucketV2": `
resources:
  media:
    type: aws:s3/bucketV2:BucketV2
    properties:
      bucket: media
      serverSideEncryptionConfigurations: [{rules: [{applyServerSideEncryptionByDefaults: [{sseAlgorithm: AES256}]}]}]
      versionings: [{enabled: true}]
      lifecycleRules: [{enabled: true, noncurrentVersionExpirations: [{days: 30}], abortIncompleteMultipartUploadDays: 7}]
      loggings: [{targetBucket: elsewhere}]
      policy: ` + denied + `
`,
	} {
		found := verdicts(t, fixture)
		for _, rule := range about {
			require.Equal(t, policy.Pass, found[rule], "%s: %s", name, rule)
		}
	}
	bare := verdicts(t, `
resources:
  media: {type: "aws:s3/bucket:Bucket", properties: {bucket: media}}
  other: {type: "aws:s3/bucketVersioningV2:BucketVersioningV2", properties: {bucket: other, versioningConfiguration: {status: Enabled}}}
`)
	for _, rule := range about {
		require.Equal(t, policy.Violation, bare[rule], "nothing is set: %s", rule)
	}
}

// A part whose bucket is not known yet may be any bucket's: nothing is said of the buckets that seem to lack it.
func TestAPartOfAnUnknownBucketLeavesItOpen(t *testing.T) {
	t.Parallel()
	found := verdicts(t, `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  versioning: {type: "aws:s3/bucketVersioningV2:BucketVersioningV2", properties: {bucket: {$unknown: true}, versioningConfiguration: {status: Enabled}}}
`)
	require.Equal(t, policy.Unknown, found["s3-versioned"])
}

// The account's block stands in for that of each bucket, if it is whole and of the same account.
func TestTheAccountsBlockClosesItsBuckets(t *testing.T) {
	t.Parallel()
	const fixture = `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  account: {type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", properties: {blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: `
	require.Zero(t, verdicts(t, fixture+"true}}\n")["s3-block-public-access"])
	require.Equal(t, policy.Violation, verdicts(t, fixture+"false}}\n")["s3-block-public-access"])
}
