package prices_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/internal/prices"
)

var items = []prices.Item{
	prices.NATGatewayHour, prices.InterfaceEndpointHour, prices.PublicIPv4Hour, prices.LoadBalancerHour, prices.LoadBalancerUnitHour,
	prices.AlarmMonth, prices.DashboardMonth, prices.KeyMonth, prices.LogIngestedGB,
}

func TestEveryPriceHasAPageOfAWSAndAMonth(t *testing.T) {
	for _, item := range items {
		for _, region := range []string{"us-east-1", "eu-central-1"} {
			price, known := prices.Of(item, region)
			require.True(t, known, "%s in %s", item, region)
			require.Positive(t, price.USD)
			require.True(t, strings.HasPrefix(price.Page, "https://aws.amazon.com/"), price.Page)
			require.Regexp(t, `^20\d\d-\d\d$`, price.Taken)
		}
	}
}

func TestAPriceThatIsNotHeldIsSaidAndNotGuessed(t *testing.T) {
	_, known := prices.Of(prices.NATGatewayHour, "sa-east-1")
	require.False(t, known)
	_, known = prices.Of("a satellite", "us-east-1")
	require.False(t, known)
	got := prices.Hourly(prices.NATGatewayHour, "sa-east-1", 2)
	require.Zero(t, got.Expected)
	require.Equal(t, []string{"2 × NAT gateway: no hourly price held for sa-east-1, not included"}, got.Derivation)
	require.Zero(t, prices.Hourly(prices.LogIngestedGB, "us-east-1", 1).Expected, "a price per gigabyte is no price per hour")
}

func TestHoursAndMonthsAreCounted(t *testing.T) {
	got := prices.Hourly(prices.NATGatewayHour, "eu-central-1", 3)
	require.InDelta(t, 0.156, got.Expected, 1e-12)
	require.Equal(t, got.Low, got.High)
	require.Contains(t, got.Derivation[0], "3 × NAT gateway × 0.052 USD per hour = 0.1560 USD/h")
	require.InDelta(t, 1.0/730, prices.Hourly(prices.KeyMonth, "us-east-1", 1).Expected, 1e-12)
}
