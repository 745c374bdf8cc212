package stacks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/stacks"
)

const (
	root   = ".."
	secret = "https://events.pagerduty.com/integration/stand-in/enqueue"
)

// chat are a Slack channel and a Teams channel.
var chat = map[string]string{
	"alarmSlackWorkspaceId": "T07EA123LEP", "alarmSlackChannelId": "C07EZ1ABC23", "alarmTeamsTenantId": "1ab2c3d4-0123-4567-89ab-0123456789ab",
	"alarmTeamsTeamId": "2ab2c3d4-0123-4567-89ab-0123456789ab", "alarmTeamsChannelId": "19%3aab%40thread.tacv2",
}

// valuesOf are the values of one of the three real files, with the pager's secret where it is missing.
func valuesOf(t *testing.T, stack string) stacks.Values {
	t.Helper()
	files, err := stacks.ReadFiles(root, stack)
	require.NoError(t, err)
	values, err := files.Values(secret)
	require.NoError(t, err)
	values["holdfast:pagerDutyUrl"] = stacks.Value{Text: secret, Secret: true}
	return values
}

func set(values stacks.Values, key, text string) { values["holdfast:"+key] = stacks.Value{Text: text} }

// refusals are the fields that are refused.
func refusals(t *testing.T, stack string, values stacks.Values) map[string]*fielderror.FieldError {
	t.Helper()
	_, err := stacks.Parse(stack, values)
	found := map[string]*fielderror.FieldError{}
	for _, problem := range fielderror.All(err) {
		found[strings.TrimPrefix(problem.Field, "holdfast:")] = problem
	}
	return found
}

func TestTheThreeRealFilesLoad(t *testing.T) {
	t.Parallel()
	for _, environment := range stacks.Environments() {
		files, err := stacks.ReadFiles(root, string(environment))
		require.NoError(t, err)
		c, err := files.Check(secret)
		require.NoError(t, err)
		require.Equal(t, environment, c.Environment)
	}
}

func TestEveryKeyIsDeclaredWithTypeDefaultAndDescription(t *testing.T) {
	t.Parallel()
	files, err := stacks.ReadFiles(root, "dev")
	require.NoError(t, err)
	declared, err := files.Declarations()
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(declared)), slices.Sorted(slices.Values(stacks.Keys())))
	for key, declaration := range declared {
		require.NotEmpty(t, declaration.Type, key)
		require.NotNil(t, declaration.Default, key)
		require.Greater(t, len(declaration.Description), 20, key)
	}
}

func TestEveryValueOfTheRealFilesDiffersFromTheDefault(t *testing.T) {
	t.Parallel()
	for _, environment := range stacks.Environments() {
		files, err := stacks.ReadFiles(root, string(environment))
		require.NoError(t, err)
		values, err := files.Values(secret)
		require.NoError(t, err)
		defaults := stacks.Files{Stack: files.Stack, Project: files.Project}
		usual, err := defaults.Values(secret)
		require.NoError(t, err)
		for _, required := range []string{"environment", "accountId", "owner", "costCentre", "networkCidr", "zones", "hashingPeakRequests"} {
			require.NotEqual(t, usual["holdfast:"+required], values["holdfast:"+required], "%s: %s", environment, required)
		}
	}
}

func TestAnEmptyConfigurationNamesEveryMissingValueAtOnce(t *testing.T) {
	t.Parallel()
	found := refusals(t, "prod", stacks.Values{})
	for _, key := range []string{
		"environment", "accountId", "region", "owner", "costCentre", "networkCidr", "zones", "hashingPeakRequests",
		"hashingArtifactBucket", "hashingArtifactKey", "hashingArtifactVersion", "hashingArtifactSha256",
	} {
		require.Contains(t, found, key)
		require.Equal(t, "Pulumi.prod.yaml", found[key].Component)
		require.Empty(t, found[key].Got, key)
		require.NotEmpty(t, found[key].Want, key)
		require.NotEmpty(t, found[key].Fix, key)
	}
}

func TestProblemsOfEveryKindAreReportedTogether(t *testing.T) {
	t.Parallel()
	values := valuesOf(t, "prod")
	set(values, "hashingPeakReqests", "60")      // misspelt
	set(values, "hashingStartupSeconds", "soon") // wrong type
	set(values, "owner", "")                     // missing
	set(values, "zones", `["eu-west-1a","eu-west-1b","eu-west-1c"]`)
	set(values, "natGateways", "one") // contradicts prod
	values["aws:region"] = stacks.Value{Text: "us-east-2"}

	found := refusals(t, "prod", values)
	require.Len(t, found, 6, "%v", found)
	require.Equal(t, "did you mean hashingPeakRequests", found["hashingPeakReqests"].Fix)
	require.Equal(t, "soon", found["hashingStartupSeconds"].Got)
	require.Contains(t, found["zones"].Want, "eu-central-1")
	require.Contains(t, found["natGateways"].Want, "per-zone")
	require.Contains(t, found["aws:region"].Want, "default providers are disabled")
}

func TestEachWrongValueIsRefusedByItsOwnKey(t *testing.T) {
	t.Parallel()
	for key, wrong := range map[string][]string{
		"environment":              {"production", "Prod"},
		"accountId":                {"11111111111", "1111-1111-1111", "111111111111x"},
		"region":                   {"us-east-1", "eu-central", "ap-south-1"},
		"networkCidr":              {"10.0.0.0", "10.0.0.0/8", "10.0.0.1/16", "8.8.0.0/16", "10.0.0.0/22", "fd00::/16"},
		"zones":                    {"[]", `"eu-central-1a"`, `["eu-central-1"]`, `["eu-central-1a","eu-central-1a","eu-central-1b"]`, `[1,2,3]`},
		"natGateways":              {"two", "1"},
		"alarmEmails":              {`["nobody"]`, `"a@example.com"`, `["a.b@example.com","a-b@example.com"]`},
		"alarmSlackWorkspaceId":    {"t07ea123lep", "https://example.slack.com"},
		"alarmSlackChannelId":      {"#alarms"},
		"alarmTeamsTenantId":       {"example.com"},
		"alarmTeamsTeamId":         {"operations"},
		"alarmTeamsChannelId":      {"https://teams.microsoft.com/l/channel/x", "19:ab@thread.tacv2"},
		"runbooks":                 {"http://example.com/runbooks", "https://example.com/"},
		"dataClass":                {"secret", ""},
		"hashingPeakRequests":      {"0", "-1", "1.5", "many", "100001"},
		"hashingServerConnections": {"0", "1001"},
		"hashingHeadroomPercent":   {"0", "91", "0.2"},
		"hashingMaximumServers":    {"-1", "1001"},
		"hashingInstanceType":      {"", "large", "c7i large"},
		"hashingImageId":           {"ami-xyz", "al2023"},
		"hashingArtifactBucket":    {"", "A", "has space"},
		"hashingArtifactSha256":    {"", strings.Repeat("A", 64), strings.Repeat("0", 63)},
		"hashingDomain":            {"localhost", "hash_example.com"},
		"hashingHostedZoneId":      {"hash.example.com", "z0123"},
		"decommission":             {"yes", "dev"},
	} {
		for _, text := range wrong {
			values := valuesOf(t, "prod")
			set(values, key, text)
			require.Contains(t, refusals(t, "prod", values), key, "%s=%q", key, text)
		}
	}
}

func TestAPlainTextSecretIsRefusedAndNeverRepeated(t *testing.T) {
	t.Parallel()
	values := valuesOf(t, "prod")
	values["holdfast:pagerDutyUrl"] = stacks.Value{Text: "https://events.pagerduty.com/integration/0123456789abcdef/enqueue"}
	_, err := stacks.Parse("prod", values)
	require.ErrorContains(t, err, "--secret")
	require.NotContains(t, err.Error(), "0123456789abcdef")
	values["holdfast:pagerDutyUrl"] = stacks.Value{Text: "ftp://0123456789abcdef", Secret: true}
	_, err = stacks.Parse("prod", values)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "0123456789abcdef")
}

func TestProdRefusesWhatDevMayDo(t *testing.T) {
	t.Parallel()
	for key, text := range map[string]string{
		"hashingImageId": "", "hashingDomain": "", "natGateways": "one", "hashingHeadroomPercent": "5",
		"zones": `["eu-central-1a","eu-central-1b"]`, "pagerDutyUrl": "",
	} {
		values := valuesOf(t, "prod")
		set(values, key, text)
		require.Contains(t, refusals(t, "prod", values), key)
	}
}

func TestAStackNamedAfterAnEnvironmentMustBeThatEnvironment(t *testing.T) {
	t.Parallel()
	require.Contains(t, refusals(t, "prod", valuesOf(t, "dev")), "environment")
	require.Empty(t, refusals(t, "dev-of-my-own", valuesOf(t, "dev")))
}

func TestAFileThatLeavesDefaultProvidersOnIsRefused(t *testing.T) {
	t.Parallel()
	files, err := stacks.ReadFiles(root, "dev")
	require.NoError(t, err)
	files.Config = []byte(strings.ReplaceAll(string(files.Config), `pulumi:disable-default-providers: ["*"]`, ""))
	_, err = files.Check(secret)
	require.ErrorContains(t, err, "pulumi:disable-default-providers")
}

func TestNoLaterEnvironmentIsWeakerThanAnEarlierOne(t *testing.T) {
	t.Parallel()
	var earlier []stacks.Environment
	for _, environment := range stacks.Environments() {
		profile, err := stacks.ProfileOf(environment)
		require.NoError(t, err)
		for _, other := range earlier {
			against, err := stacks.ProfileOf(other)
			require.NoError(t, err)
			require.Empty(t, profile.WeakerThan(against), "%s is weaker than %s", environment, other)
		}
		earlier = append(earlier, environment)
	}
	_, err := stacks.ProfileOf("qa")
	require.Error(t, err)
}

func TestWeaknessIsSeenInEveryPromise(t *testing.T) {
	t.Parallel()
	prod, err := stacks.ProfileOf(stacks.Prod)
	require.NoError(t, err)
	promises := prod.WeakerThan(stacks.Profile{
		MinimumZones: 4, PinnedImage: true, OwnDomain: true, Pager: true, EdgeAlarms: true, MinimumHeadroomPercent: 30, LogDays: 999,
	})
	require.Len(t, promises, 3)
	none := stacks.Profile{Disposable: true}
	require.Len(t, none.WeakerThan(prod), 8, "one line for each field of Profile")
}

func TestTheRealFilesOfProdAreNotWeakerThanThoseOfDev(t *testing.T) {
	t.Parallel()
	read := func(stack string) stacks.Config {
		c, err := stacks.Parse(stack, valuesOf(t, stack))
		require.NoError(t, err)
		return c
	}
	dev, stg, prod := read("dev"), read("stg"), read("prod")
	for _, pair := range [][2]stacks.Config{{dev, stg}, {stg, prod}, {dev, prod}} {
		name := fmt.Sprintf("%s against %s", pair[1].Environment, pair[0].Environment)
		require.GreaterOrEqual(t, len(pair[1].Network.Zones), len(pair[0].Network.Zones), name)
		require.GreaterOrEqual(t, pair[1].Hashing.PeakRequests, pair[0].Hashing.PeakRequests, name)
		require.GreaterOrEqual(t, pair[1].Hashing.HeadroomPercent, pair[0].Hashing.HeadroomPercent, name)
		require.NotEqual(t, pair[1].Account.ID, pair[0].Account.ID, name)
		require.NotEqual(t, pair[1].Network.CIDR, pair[0].Network.CIDR, name)
	}
	require.Len(t, stg.Network.Zones, len(prod.Network.Zones), "stg has prod's topology")
	require.Equal(t, stg.Network.NAT, prod.Network.NAT, "stg has prod's topology")
}

func TestProtectionsAreGivenUpOnlyByNamingTheStack(t *testing.T) {
	t.Parallel()
	values := valuesOf(t, "prod")
	c, err := stacks.Parse("prod", values)
	require.NoError(t, err)
	require.False(t, c.Profile.Disposable)
	set(values, "decommission", "prod")
	c, err = stacks.Parse("prod", values)
	require.NoError(t, err)
	require.True(t, c.Profile.Disposable)
}

func TestAChatChannelIsGivenWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	all := []string{"alarmSlackWorkspaceId", "alarmSlackChannelId", "alarmTeamsTenantId", "alarmTeamsTeamId", "alarmTeamsChannelId"}
	values := valuesOf(t, "prod")
	set(values, "alarmSlackChannelId", chat["alarmSlackChannelId"])
	set(values, "alarmTeamsTeamId", chat["alarmTeamsTeamId"])
	require.ElementsMatch(t, []string{"alarmSlackWorkspaceId", "alarmTeamsTenantId", "alarmTeamsChannelId"}, slices.Collect(maps.Keys(refusals(t, "prod", values))))
	for _, key := range all {
		set(values, key, chat[key])
	}
	require.Empty(t, refusals(t, "prod", values))
}

func TestSomebodyIsToldOfEveryAlarm(t *testing.T) {
	t.Parallel()
	values := valuesOf(t, "prod")
	set(values, "alarmEmails", "[]")
	require.Contains(t, refusals(t, "prod", values), "alarmEmails", "a pager takes critical alarms alone")
	set(values, "alarmSlackWorkspaceId", chat["alarmSlackWorkspaceId"])
	set(values, "alarmSlackChannelId", chat["alarmSlackChannelId"])
	require.Empty(t, refusals(t, "prod", values))
}
