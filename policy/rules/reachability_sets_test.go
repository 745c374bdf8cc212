package rules

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func TestPortsAreCutAtTheirEnds(t *testing.T) {
	t.Parallel()
	require.Equal(t, []interval{{0, 21}, {23, 65535}}, allPorts.minus(onePort(22)))
	require.Equal(t, []interval{{5, 10}}, interval{5, 10}.minus(onePort(11)))
	require.Empty(t, interval{5, 10}.minus(interval{0, 65535}))
	require.Empty(t, interval{80, 81}.without([]int{80, 81}))
	require.Equal(t, []interval{{443, 443}}, interval{442, 444}.without([]int{442, 444, 7}))
	require.True(t, interval{1, 3}.overlaps(interval{3, 9}))
	require.False(t, interval{1, 3}.overlaps(interval{4, 9}))
}

func TestRangesTogetherCoverWhatNoneCoversAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		whole string
		by    []string
		want  bool
	}{
		{"0.0.0.0/0", []string{"0.0.0.0/1", "128.0.0.0/1"}, true},
		{"0.0.0.0/0", []string{"0.0.0.0/1", "128.0.0.0/2"}, false},
		{"10.0.0.0/16", []string{"10.0.0.0/17", "10.0.128.0/18", "10.0.192.0/18"}, true},
		{"10.0.0.0/24", []string{"10.0.0.0/25"}, false},
		{"10.0.0.7/32", []string{"10.0.0.0/24"}, true},
		{"::/0", []string{"::/1", "8000::/1"}, true},
		{"::/0", []string{"0.0.0.0/0"}, false},
		{"10.0.0.0/24", nil, false},
	} {
		require.Equal(t, c.want, covered(netip.MustParsePrefix(c.whole), prefixes(c.by...)), "%s by %v", c.whole, c.by)
	}
}

func TestEverybodyHidesBehindHalves(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0.0.0.0/0": true, "128.0.0.0/1": true, "::/0": true, "2000::/3": true, "10.0.0.0/8": false, "fc00::/7": false, "203.0.113.0/24": false, "3.0.0.0/8": false,
	} {
		require.Equal(t, want, wideOpen(netip.MustParsePrefix(text)), text)
	}
}

// TestOrderedRulesDecideAsPacketByPacket compares the judgement of whole ranges with every single packet in them.
func TestOrderedRulesDecideAsPacketByPacket(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	base := netip.MustParseAddr("10.0.0.0")
	address := func(i int) netip.Addr {
		bytes := base.As4()
		bytes[3] = byte(i)
		return netip.AddrFrom4(bytes)
	}
	for range 2000 {
		var rules []aclRule
		for number := range 1 + random.IntN(6) {
			bits := 28 + random.IntN(5)
			from := random.IntN(8)
			rules = append(rules, aclRule{
				number: number, allow: random.IntN(2) == 0, protocol: []string{"any", "tcp", "udp"}[random.IntN(3)],
				ports: interval{from, from + random.IntN(8-from)}, prefix: netip.PrefixFrom(address(random.IntN(16)), bits).Masked(),
			})
		}
		whole := netip.PrefixFrom(address(random.IntN(16)), 28+random.IntN(5)).Masked()
		from := random.IntN(8)
		ports := interval{from, from + random.IntN(8-from)}
		want := true
		for i := range 16 {
			for port := ports.from; port <= ports.to; port++ {
				want = want && (!whole.Contains(address(i)) || packetPasses(rules, address(i), port))
			}
		}
		got, _ := passes(rules, "tcp", whole, ports)
		require.Equal(t, want, got, "%v %v %v", whole, ports, rules)
	}
}

func packetPasses(rules []aclRule, to netip.Addr, port int) bool {
	at := slices.IndexFunc(rules, func(r aclRule) bool {
		return r.protocol != "udp" && r.prefix.Contains(to) && r.ports.from <= port && port <= r.ports.to
	})
	return at >= 0 && rules[at].allow
}

func TestSubnetsAreSizedAtTheirBoundaries(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 11.0, usable(netip.MustParsePrefix("10.0.0.0/28")), 0)
	require.InDelta(t, 27.0, usable(netip.MustParsePrefix("10.0.0.0/27")), 0)
	require.Equal(t, 28, sizeFor(11, false))
	require.Equal(t, 27, sizeFor(12, false))
	require.Equal(t, 27, sizeFor(1, true))
	require.Equal(t, 26, sizeFor(28, false))
	require.Equal(t, 16, sizeFor(1e6, false))
}
