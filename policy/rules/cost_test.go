package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

func TestMachinesAreReadFromTheirNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		family string
		size   float64
	}{
		"c7i.large": {"c7i", 0.5}, "c7i.xlarge": {"c7i", 1}, "c7i.24xlarge": {"c7i", 24}, "t3.nano": {"t3", 1.0 / 32}, "db.r6g.2xlarge": {"r6g", 2},
		"cache.t4g.small": {"t4g", 0.125}, "c7i.metal-24xl": {"c7i", 0}, "m7i-flex.large": {"m7i-flex", 0.5}, "odd": {"odd", 0}, "c7i.3xlargeish": {"c7i", 0},
	} {
		family, size := machine(text)
		require.Equal(t, want.family, family, text)
		require.InDelta(t, want.size, size, 1e-12, text)
	}
}

func TestSizesOfAFamilyCostInProportion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"t3.medium": 0.0416, "t3.micro": 0.0104, "c7i.8xlarge": 1.428, "m5.24xlarge": 4.608, "r8g.2xlarge": 0.47128} {
		got, ok := instancePrice(text)
		require.True(t, ok, text)
		require.InDelta(t, want, got, 1e-9, text)
	}
	for _, text := range []string{"p5.48xlarge", "c7i.metal-24xl", ""} {
		_, ok := instancePrice(text)
		require.False(t, ok, text)
	}
}

func TestAStartedPeriodIsPaidWhole(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2920, startsPerMonth(15), 0, "four an hour in 730 hours: 23,360 USD at 8 USD each")
	require.InDelta(t, 6258, startsPerMonth(7), 0, "6,257.14 are 6,258")
}

func TestPricesCarryBothRegionsAndNothingIsFreeByMistake(t *testing.T) {
	t.Parallel()
	for unit := range unitPrices {
		for _, region := range []string{"us-east-1", "eu-central-1"} {
			usd, ok := priceOf(unit, region)
			require.True(t, ok, "%s in %s", unit, region)
			require.Positive(t, usd)
		}
	}
	for region, factor := range regionFactors {
		require.True(t, factor.low <= factor.expected && factor.expected <= factor.high, region)
	}
	for _, typ := range freeTypes {
		require.NotContains(t, pricers, typ)
	}
}

func TestServicesAreReadFromTypes(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]string{
		"aws:ec2/vpc:Vpc": "vpc", "aws:ec2/vpcEndpoint:VpcEndpoint": "vpc", "aws:ec2/vpnGateway:VpnGateway": "vpn", "aws:ec2/instance:Instance": "ec2",
		"aws:ec2/launchTemplate:LaunchTemplate": "ec2", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "vpc", "aws:ec2/networkInterface:NetworkInterface": "vpc",
		"aws:ec2/defaultCreditSpecification:DefaultCreditSpecification": "ec2", "aws:ec2/volumeAttachment:VolumeAttachment": "ebs", "aws:ebs/volume:Volume": "ebs",
		"aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch", "aws:cloudwatch/eventRule:EventRule": "eventbridge", "aws:cloudwatch/logGroup:LogGroup": "logs",
		"aws:cfg/rule:Rule": "config", "aws:cloudformation/stack:Stack": "cfn", "aws:lb/listener:Listener": "elb", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "vpc",
		"aws-native:ec2:Instance": "ec2", "aws-native:kinesis:Stream": "kinesis", "aws:ec2/flux:Flux": "", "aws:brandnew/thing:Thing": "", "gcp:storage/bucket:Bucket": "", "odd": "",
		"aws:index:Odd": "",
	} {
		require.Equal(t, want, serviceOf(token), token)
	}
}

func TestEveryTypeOfAServerHasAPlaceForItsImage(t *testing.T) {
	t.Parallel()
	for _, typ := range servers {
		require.NotEmpty(t, imagePaths[typ])
		require.NotEmpty(t, sizePaths[typ])
	}
	require.True(t, isTaggable("aws:ec2/vpc:Vpc"))
	require.False(t, isTaggable("aws:ec2/route:Route"))
	require.Len(t, taggable, 757)
}

func TestBuildsForTestingAreKnownByName(t *testing.T) {
	t.Parallel()
	words := []string{"qa", "dev", "snapshot", "rc", "latest"}
	for name, want := range map[string]string{
		"shop/web:1.4-qa": "qa", "hashing/server-QA2": "qa", "shop/web:1.4-SNAPSHOT": "snapshot", "shop/web:pr-17": "pr-17", "shop/web:2.0-rc1": "rc", "dev/web:1": "dev",
		"shop/web:1.4": "", "shop/devices:1": "", "aquarium/sqa:1": "", "march/latency:1": "", "shop/web:": "", "pr/web:17": "",
	} {
		require.Equal(t, want, testWord(name, words), name)
	}
}

func TestNearMissesOfTagsAreNamed(t *testing.T) {
	t.Parallel()
	has := map[string]policy.Value{"Environment": {}, "team": {}, "CostCenter": {}, "data_class": {}}
	require.Equal(t, " (has Environment)", near("environment", has))
	require.Equal(t, " (has team)", near("owner", has))
	require.Equal(t, " (has CostCenter)", near("cost-centre", has))
	require.Equal(t, " (has data_class)", near("data-class", has))
	require.Empty(t, near("workload", has))
}

func TestBootScriptsSayWhatTheyFetch(t *testing.T) {
	t.Parallel()
	require.True(t, scriptVariable.MatchString("readonly KEY='hashing/server'"))
	require.False(t, scriptVariable.MatchString(`KEY="$(curl x)"`), "what is computed is no text")
	found := plainFetch.FindStringSubmatch("aws s3 cp --quiet s3://builds/server /opt/server")
	require.Equal(t, "s3://builds/server", strings.Join(found[1:], ""))
}
