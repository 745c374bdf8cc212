package capacity_test

import (
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/capacity"
)

// TestSubnetsHoldTheWholeFleetAfterLosingAnyZone places every server that may run in the zones, kills each zone, places its
// servers in the others and counts the addresses of the fullest subnet.
func TestSubnetsHoldTheWholeFleetAfterLosingAnyZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := capacity.SubnetUse{
			Zones:              rapid.IntRange(2, 6).Draw(t, "zones"),
			Maximum:            rapid.IntRange(1, 300).Draw(t, "maximum"),
			LoadBalancers:      rapid.IntRange(0, 2).Draw(t, "load balancers"),
			InterfaceEndpoints: rapid.IntRange(0, 9).Draw(t, "endpoints"),
			Others:             rapid.IntRange(0, 3).Draw(t, "others"),
		}
		need, err := capacity.Addresses(u)
		require.NoError(t, err)
		running := u.Maximum
		for extra := 0; extra == 0 || extra*10 < u.Maximum; extra++ { // a tenth, at least one
			running++
		}
		fixed := 8*u.LoadBalancers + u.InterfaceEndpoints + u.Others
		require.Equal(t, fullest(placed(running, u.Zones))+fixed, need.Now)
		after := 0
		for lost := range u.Zones {
			left := placed(running, u.Zones)
			homeless := left[lost]
			left = append(left[:lost], left[lost+1:]...)
			for range homeless {
				least := 0
				for z := range left {
					if left[z] < left[least] {
						least = z
					}
				}
				left[least]++
			}
			after = max(after, fullest(left))
		}
		require.Equal(t, after+fixed, need.AfterZoneLoss)
		require.True(t, capacity.FitsSubnet(need.PrefixLength, need.AfterZoneLoss))
		require.NoError(t, need.Check(need.PrefixLength))
		require.Error(t, need.Check(need.PrefixLength+1))
		if need.PrefixLength < 27 {
			require.False(t, capacity.FitsSubnet(need.PrefixLength+1, need.AfterZoneLoss), "a smaller subnet fits")
		}
	})
}

func fullest(held []int) int {
	most := 0
	for _, n := range held {
		most = max(most, n)
	}
	return most
}

// TestASubnetGivesItsAddressesLessTheFirstFourAndTheLast counts real addresses.
func TestASubnetGivesItsAddressesLessTheFirstFourAndTheLast(t *testing.T) {
	t.Parallel()
	for length := 16; length <= 28; length++ {
		subnet := netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), length)
		total := 0
		for a := subnet.Addr(); subnet.Contains(a); a = a.Next() {
			total++
		}
		require.True(t, capacity.FitsSubnet(length, total-4-1), "/%d", length)
		require.False(t, capacity.FitsSubnet(length, total-4), "/%d", length)
	}
	require.False(t, capacity.FitsSubnet(15, 1))
	require.False(t, capacity.FitsSubnet(29, 1))
}

func TestALoadBalancerNeedsASlash27AndEightAddresses(t *testing.T) {
	t.Parallel()
	need, err := capacity.Addresses(capacity.SubnetUse{Zones: 3, LoadBalancers: 1})
	require.NoError(t, err)
	require.Equal(t, 8, need.Now)
	require.Equal(t, 8, need.AfterZoneLoss)
	require.Equal(t, 27, need.PrefixLength)
	require.ErrorContains(t, need.Check(28), "PrefixLength: got /28, want from /16 to /27")
	require.Error(t, need.Check(15))
	alone, err := capacity.Addresses(capacity.SubnetUse{Zones: 3, Others: 8})
	require.NoError(t, err)
	require.Equal(t, 28, alone.PrefixLength)
}

func TestAddressNeedsCarryTheirDerivation(t *testing.T) {
	t.Parallel()
	need, err := capacity.Addresses(capacity.SubnetUse{Zones: 3, Maximum: 14, LoadBalancers: 1, InterfaceEndpoints: 2, Others: 1})
	require.NoError(t, err)
	require.Equal(t, []string{
		"at most 16 servers run: the maximum of 14 and 2 more while zones are rebalanced",
		"each subnet holds 11 more: load balancers 1 x 8, interface endpoints 2, others 1",
		"now: 16 servers over 3 zones, rounded up, + 11 = 17 addresses",
		"after losing a zone: 16 servers over 2 zones, rounded up, + 11 = 19 addresses",
		"a /27 has 32 addresses less 5 that AWS reserves: the smallest subnet that holds both",
	}, need.Derivation)
	one, err := capacity.Addresses(capacity.SubnetUse{Zones: 1, Maximum: 11})
	require.NoError(t, err)
	require.Equal(t, 11, one.Now)
	require.Zero(t, one.AfterZoneLoss)
	require.Equal(t, 28, one.PrefixLength)
	require.Equal(t, "after losing the only zone no subnet is left", one.Derivation[3])
}

func TestFleetsThatNoSubnetHoldsAreRefused(t *testing.T) {
	t.Parallel()
	// A /16 gives 65,531 addresses; two zones, so after losing one all servers stand in one subnet.
	fits, err := capacity.Addresses(capacity.SubnetUse{Zones: 2, Maximum: 59573})
	require.NoError(t, err)
	require.Equal(t, 65531, fits.AfterZoneLoss)
	require.Equal(t, 16, fits.PrefixLength)
	_, err = capacity.Addresses(capacity.SubnetUse{Zones: 2, Maximum: 59574})
	require.Equal(t, []string{"Maximum"}, fieldsOf(t, err))
	_, err = capacity.Addresses(capacity.SubnetUse{Maximum: math.MaxInt, LoadBalancers: math.MaxInt, InterfaceEndpoints: -1, Others: -1})
	require.Equal(t, []string{"Zones", "Maximum", "LoadBalancers", "InterfaceEndpoints", "Others"}, fieldsOf(t, err))
}
