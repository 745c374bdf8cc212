package stacks_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// simulated is one environment, made of its real file under the unit tests' face of the simulated cloud.
func simulated(t *testing.T, stack string, options ...cloudsim.Option) *cloudsim.Recorder {
	t.Helper()
	return simulatedWith(t, stack, valuesOf(t, stack), options...)
}

// simulatedWith is simulated with other values than those of the file.
func simulatedWith(t *testing.T, stack string, values stacks.Values, options ...cloudsim.Option) *cloudsim.Recorder {
	t.Helper()
	plain := map[string]string{}
	for key, value := range values {
		if !value.Secret {
			plain[key] = value.Text
		}
	}
	domain := plain["holdfast:hashingDomain"]
	if domain != "" {
		_, zone, _ := strings.Cut(domain, ".")
		options = append(options, cloudsim.Exists(cloudsim.Given{
			Type: "aws:route53/zone:Zone", ID: plain["holdfast:hashingHostedZoneId"], Name: zone, Properties: map[string]any{"name": zone},
		}))
	}
	recorded, err := cloudsim.New(append([]cloudsim.Option{
		cloudsim.Account(plain["holdfast:accountId"]), cloudsim.Region(plain["holdfast:region"]), cloudsim.Project("holdfast", stack),
		cloudsim.Config(plain), cloudsim.SecretConfig(map[string]string{"holdfast:pagerDutyUrl": secret}),
	}, options...)...).Run(stacks.Deploy)
	require.NoError(t, err)
	return recorded
}

func each(t *testing.T, check func(t *testing.T, stack string, recorded *cloudsim.Recorder)) {
	t.Helper()
	for _, environment := range stacks.Environments() {
		t.Run(string(environment), func(t *testing.T) {
			t.Parallel()
			check(t, string(environment), simulated(t, string(environment)))
		})
	}
}

func TestNothingThatIsMadeIsIdle(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, recorded *cloudsim.Recorder) {
		t.Helper()
		require.Empty(t, recorded.Idle())
	})
}

func TestEveryResourceStandsUnderAnExplicitProviderOfTheConfiguredAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, stack string, recorded *cloudsim.Recorder) {
		t.Helper()
		account := valuesOf(t, stack)["holdfast:accountId"].Text
		regions := map[string]int{}
		for _, r := range recorded.Resources() {
			if !r.Custom || strings.HasPrefix(r.Type, "pulumi:") {
				continue
			}
			require.NotEmpty(t, r.Provider, "%s has the default provider", r.URN)
			require.Equal(t, account, r.Account, r.URN)
			regions[r.Region]++
		}
		delete(regions, "") // Global types.
		require.Subset(t, []string{"eu-central-1", "us-east-1"}, slices.Collect(maps.Keys(regions)))
		for _, provider := range recorded.ByType("pulumi:providers:aws") {
			require.Equal(t, []string{account}, provider.In().Texts("allowedAccountIds"))
		}
	})
}

func TestEveryTaggedResourceHasTheRequiredTags(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, stack string, recorded *cloudsim.Recorder) {
		t.Helper()
		tagged := 0
		for _, r := range recorded.Resources() {
			all := r.Out().Objects("tagsAll")
			if len(all) == 0 {
				continue
			}
			tagged++
			for _, key := range []string{"environment", "owner", "cost-centre", "data-class", "workload"} {
				require.NotEmpty(t, all[0].Text(key), "%s lacks the tag %s", r.URN, key)
			}
			require.Equal(t, stack, all[0].Text("environment"), r.URN)
		}
		require.Greater(t, tagged, 50)
	})
}

func TestPostureIsKnownInAPreviewAndHoldsForEveryWorkload(t *testing.T) {
	t.Parallel()
	for _, environment := range stacks.Environments() {
		planned := postureOf(t, simulated(t, string(environment), cloudsim.Preview()))
		require.Equal(t, planned, postureOf(t, simulated(t, string(environment))), "%s", environment)
		for _, p := range planned {
			require.Len(t, p.Recovery, 3, p.Name)
			if p.Capacity != nil {
				require.GreaterOrEqual(t, p.Capacity.AfterZoneLoss, p.Capacity.Peak, "%s: %s", environment, p.Name)
			}
		}
	}
}

func postureOf(t *testing.T, recorded *cloudsim.Recorder) []posture.Posture {
	t.Helper()
	exported, ok := recorded.Exports()["posture"]
	require.True(t, ok, "the stack exports no posture")
	var all []posture.Posture
	require.NoError(t, json.Unmarshal([]byte(exported.StringValue()), &all))
	require.NotEmpty(t, all)
	return all
}

// protection is what an environment's graph does to keep itself.
type protection struct {
	protected, withAlarms, zones int
	logDays                      float64
	balancerProtected            bool
	pinned                       bool
}

func protectionOf(recorded *cloudsim.Recorder) protection {
	var p protection
	p.logDays = 1 << 20
	for _, r := range recorded.Resources() {
		if r.Protect {
			p.protected++
		}
		switch r.Type {
		case "aws:cloudwatch/metricAlarm:MetricAlarm":
			p.withAlarms++
		case "aws:cloudwatch/logGroup:LogGroup":
			p.logDays = min(p.logDays, r.Out().Number("retentionInDays"))
		case "aws:lb/loadBalancer:LoadBalancer":
			p.balancerProtected = r.In().Bool("enableDeletionProtection")
			p.zones = len(r.In().Texts("subnets"))
		case "aws:ec2/launchTemplate:LaunchTemplate":
			p.pinned = strings.HasPrefix(r.In().Text("imageId"), "ami-")
		}
	}
	return p
}

func TestTheGraphOfProdIsNotWeakerThanThatOfStgNorThatOfDev(t *testing.T) {
	t.Parallel()
	dev, stg, prod := protectionOf(simulated(t, "dev")), protectionOf(simulated(t, "stg")), protectionOf(simulated(t, "prod"))
	for _, pair := range [][2]protection{{dev, stg}, {stg, prod}} {
		weak, strong := pair[0], pair[1]
		require.GreaterOrEqual(t, strong.protected, weak.protected)
		require.GreaterOrEqual(t, strong.withAlarms, weak.withAlarms)
		require.GreaterOrEqual(t, strong.zones, weak.zones)
		require.GreaterOrEqual(t, strong.logDays, weak.logDays)
	}
	require.Zero(t, dev.protected, "dev is disposable")
	require.Greater(t, prod.protected, 10)
	require.True(t, prod.balancerProtected && stg.balancerProtected)
	require.True(t, prod.pinned && stg.pinned && !dev.pinned)
	require.Equal(t, 3, prod.zones)
}

func TestTheGuardStandsBehindEverythingThatADestroyWouldDelete(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"stg", "prod"} {
		recorded := simulated(t, stack)
		guard, ok := recorded.Named("aws:ssm/parameter:Parameter", "guard")
		require.True(t, ok)
		require.True(t, guard.Protect)
		waits := map[string]bool{}
		for _, urn := range guard.Dependencies {
			waits[urn] = true
		}
		for _, r := range recorded.Resources() {
			if r.Custom && !r.Read && !strings.HasPrefix(r.Type, "pulumi:") && r.Name != "guard" {
				require.True(t, waits[r.URN], "a destroy could delete %s before it meets the guard", r.URN)
			}
		}
	}
	_, ok := simulated(t, "dev").Named("aws:ssm/parameter:Parameter", "guard")
	require.False(t, ok, "dev is disposable")
}

func TestUpWaitsForNothingThatItDoesNotNeed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, stack string, recorded *cloudsim.Recorder) {
		t.Helper()
		timeline := recorded.Timeline()
		require.LessOrEqual(t, timeline.Ratio(), 1.05, "%s: %s against %s; %v", stack, timeline.Makespan, timeline.CriticalPath, timeline.Chain)
	})
}

func TestChatChannelsAreToldOfBothRegionsByOneConfigurationEach(t *testing.T) {
	t.Parallel()
	for stack, topics := range map[string]int{"dev": 3, "prod": 6} {
		values := valuesOf(t, stack)
		for key, text := range chat {
			set(values, key, text)
		}
		set(values, "alarmEmails", "[]")
		recorded := simulatedWith(t, stack, values)
		for _, typ := range []string{"aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration"} {
			made := recorded.ByType(typ)
			require.Len(t, made, 1, "%s: an account takes one configuration for a channel", stack)
			require.Len(t, made[0].In().Texts("snsTopicArns"), topics, stack)
		}
		require.Empty(t, recorded.Idle(), stack)
		told := 0
		for _, p := range postureOf(t, recorded) {
			for _, alarm := range p.Alarms {
				if strings.Contains(alarm.GoesTo, "Slack, Teams") {
					told++
				}
				require.NotContains(t, alarm.GoesTo, "topic only", "%s %s", stack, alarm.Name)
			}
		}
		require.Greater(t, told, 20, stack)
	}
}
