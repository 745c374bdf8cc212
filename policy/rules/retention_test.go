package rules_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

// The hot tier may last from its own end to the end of the warm one, when objects would be in the archive.
func TestHotAndColdDaysHaveBounds(t *testing.T) {
	t.Parallel()
	const fixture = `
resources:
  clicks: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: clicks, retentionInDays: %d, tags: {retention-class: %s}}}
  filter: {type: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", properties: {logGroup: clicks, destinationArn: "${delivery.arn}"}}
  delivery: {type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", properties: {extendedS3Configuration: {bucketArn: "${archive.arn}"}}}
  archive: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: archive, tags: {retention-class: %[2]s}}}
  lifecycle:
    type: aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2
    properties: {bucket: archive, rules: [{status: Enabled, transitions: [{days: %d, storageClass: GLACIER}], expiration: {days: %d}, noncurrentVersionExpiration: {noncurrentDays: 1}}]}
`
	for _, at := range []struct {
		hot, warm, cold int
		class           string
		want            policy.Outcome
	}{
		{7, 90, 730, "events", policy.Pass}, {90, 95, 735, "events", policy.Pass},
		{6, 90, 730, "events", policy.Violation}, {91, 90, 730, "events", policy.Violation},
		{7, 89, 730, "events", policy.Violation}, {7, 96, 730, "events", policy.Violation},
		{7, 90, 729, "events", policy.Violation}, {7, 90, 736, "events", policy.Violation},
		{7, 90, 730, "audit", policy.Violation}, {90, 90, 730, "audit", policy.Pass},
	} {
		found := verdicts(t, fmt.Sprintf(fixture, at.hot, at.class, at.warm, at.cold))
		require.Equal(t, at.want, found["retention-tiers"], "%+v", at)
	}
}

// Who asks for an archive and who does not is said by the tag alone; where records leave the stack nothing is claimed.
func TestAnArchiveIsOnlyClaimedWhereItIsSeen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]policy.Outcome{
		`{name: a, retentionInDays: 365}`:                                   policy.Pass,
		`{name: a, retentionInDays: 365, tags: {data-class: confidential}}`: policy.Pass,
		`{name: a, retentionInDays: 7, tags: {retention-class: logs}}`:      policy.Violation,
	} {
		require.Equal(t, want, verdicts(t, "resources:\n  a: {type: \"aws:cloudwatch/logGroup:LogGroup\", properties: "+text+"}\n")["retention-tiers"], text)
	}
	elsewhere := verdicts(t, `
resources:
  a: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: a, retentionInDays: 7, tags: {retention-class: logs}}}
  out: {type: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", properties: {logGroup: a, destinationArn: "arn:aws:logs:eu-central-1:999999999999:destination:central"}}
`)
	require.Equal(t, policy.Unknown, elsewhere["retention-tiers"])
}
