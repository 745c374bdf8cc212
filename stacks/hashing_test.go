package stacks_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const webACL = "arn:aws:wafv2:us-east-1:333333333333:global/webacl/hashing/a1b2c3d4-5678-90ab-cdef-111111111111"

func TestAWebACLOfTheConfigurationReachesCloudFront(t *testing.T) {
	t.Parallel()
	recorded := simulated(t, "prod", cloudsim.Config(map[string]string{"holdfast:hashingWebAclArn": webACL}))
	require.Equal(t, webACL, recorded.ByType("aws:cloudfront/distribution:Distribution")[0].In().Text("webAclId"))
	require.False(t, simulated(t, "prod").ByType("aws:cloudfront/distribution:Distribution")[0].In().Has("webAclId"))
}

func TestAWebACLIsOneOfCloudFrontInTheEnvironmentsOwnAccount(t *testing.T) {
	t.Parallel()
	values := valuesOf(t, "prod")
	set(values, "hashingWebAclArn", webACL)
	require.Empty(t, refusals(t, "prod", values))
	for _, wrong := range []string{
		"hashing", strings.Replace(webACL, "us-east-1", "eu-central-1", 1), strings.Replace(webACL, "global", "regional", 1),
		strings.Replace(webACL, "333333333333", "444444444444", 1),
	} {
		set(values, "hashingWebAclArn", wrong)
		require.Contains(t, refusals(t, "prod", values), "hashingWebAclArn", wrong)
	}
}

func TestTheFleetsLogsAreKeptForAsLongAsTheProfileSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, stack string, recorded *cloudsim.Recorder) {
		t.Helper()
		profile, err := stacks.ProfileOf(stacks.Environment(stack))
		require.NoError(t, err)
		servers, ok := recorded.Named("aws:cloudwatch/logGroup:LogGroup", "hashing-log")
		require.True(t, ok)
		require.Equal(t, profile.LogDays, servers.In().Int("retentionInDays"))
		requests, ok := recorded.Named("aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "hashing-logs-lifecycle")
		require.True(t, ok)
		require.Equal(t, profile.LogDays, requests.In().Int("rules.expiration.days"))
	})
}
