package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/posture"
)

var allTiers = []Tier{Public, Private, Isolated}

func route() alarms.Route {
	return alarms.Route{
		Critical: pulumi.String("arn:aws:sns:eu-central-1:111111111111:critical"), Warning: pulumi.String("arn:aws:sns:eu-central-1:111111111111:warning"),
		Info: pulumi.String("arn:aws:sns:eu-central-1:111111111111:info"), Runbooks: "https://github.com/seed-11444627/holdfast/blob/main/docs/runbooks",
	}
}

// args are good arguments to be spoiled by a test.
func args(change ...func(*NetworkArgs)) *NetworkArgs {
	a := &NetworkArgs{Zones: []string{"eu-central-1a", "eu-central-1b", "eu-central-1c"}, CIDR: "10.20.0.0/16", Alarms: route()}
	for _, each := range change {
		each(a)
	}
	return a
}

func mustPlan(t require.TestingT, a *NetworkArgs) plan {
	p, err := newPlan("unit", a)
	require.NoError(t, err)
	return p
}

// anyArgs draws networks that fit.
func anyArgs(t *rapid.T) *NetworkArgs {
	slots := rapid.SampledFrom([]int{2, 4, 8}).Draw(t, "slots")
	longest := map[int]int{2: 23, 4: 22, 8: 21}[slots]
	length := rapid.IntRange(16, longest).Draw(t, "prefix length")
	second := rapid.IntRange(0, 255).Draw(t, "second octet")
	third := rapid.IntRange(0, 255).Draw(t, "third octet")
	block := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second), byte(third), 0}), length).Masked()
	letters := rapid.SliceOfNDistinct(rapid.IntRange(0, slots-1), 2, slots, rapid.ID[int]).Draw(t, "zones")
	a := args(func(a *NetworkArgs) {
		a.CIDR, a.Addresses.ZoneSlots, a.Zones, a.NAT = block.String(), slots, nil, NATNone
		a.Tiers = rapid.SliceOfNDistinct(rapid.SampledFrom(allTiers), 1, 3, rapid.ID[Tier]).Draw(t, "tiers")
	})
	for _, letter := range letters {
		a.Zones = append(a.Zones, "eu-central-1"+string(rune('a'+letter)))
	}
	return a
}

func byKey(p plan) map[string]netip.Prefix {
	out := map[string]netip.Prefix{}
	for _, s := range p.subnets {
		out[strings.Join(s.key(), "-")] = s.cidr
	}
	return out
}

func TestSubnetsLieInTheVPCAndNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyArgs(t)
		p, vpc := mustPlan(t, a), netip.MustParsePrefix(a.CIDR)
		for i, s := range p.subnets {
			require.Equal(t, s.cidr.Masked(), s.cidr, "a subnet begins at its first address")
			require.True(t, vpc.Contains(s.cidr.Addr()) && vpc.Bits() < s.cidr.Bits(), "%s is not inside %s", s.cidr, vpc)
			require.LessOrEqual(t, s.cidr.Bits(), layout[s.tier].smallest, "%s is smaller than AWS allows", s.cidr)
			require.True(t, p.addresses.tier(s.tier).Contains(s.cidr.Addr()), "a tier is one block")
			for _, other := range p.subnets[:i] {
				require.False(t, other.cidr.Overlaps(s.cidr), "%s overlaps %s", s.cidr, other.cidr)
				require.NotEqual(t, other.ipv6, s.ipv6, "two subnets share an IPv6 block")
			}
		}
	})
}

func TestAddingAZoneMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyArgs(t)
		free := slices.DeleteFunc([]string{"a", "b", "c", "d", "e", "f", "g", "h"}[:a.Addresses.ZoneSlots], func(letter string) bool {
			return slices.Contains(a.Zones, "eu-central-1"+letter)
		})
		if len(free) == 0 {
			t.Skip("no zone left to add")
		}
		before := mustPlan(t, a)
		more := *a
		more.Zones = slices.Insert(slices.Clone(a.Zones), rapid.IntRange(0, len(a.Zones)).Draw(t, "at"), "eu-central-1"+rapid.SampledFrom(free).Draw(t, "new"))
		after := mustPlan(t, &more)
		for key, cidr := range byKey(before) {
			require.Equal(t, cidr, byKey(after)[key], "%s moved", key)
		}
		require.Len(t, after.subnets, len(before.subnets)+len(a.Tiers))
		for _, tier := range a.Tiers {
			require.Equal(t, before.aclRules(tier), after.aclRules(tier), "the network ACL of the %s tier changed", tier)
		}
	})
}

func TestTakingATierAwayMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyArgs(t)
		whole := *a
		whole.Tiers = allTiers
		all := byKey(mustPlan(t, &whole))
		for key, cidr := range byKey(mustPlan(t, a)) {
			require.Equal(t, all[key], cidr, "%s moved", key)
		}
	})
}

func TestThePrivateTierIsTheBiggest(t *testing.T) {
	for _, slots := range []int{2, 4, 8} {
		a := addressPlan{vpc: netip.MustParsePrefix("10.0.0.0/16"), slots: slots}
		require.Less(t, a.subnet(Private, 0).Bits(), a.subnet(Isolated, 0).Bits())
		require.Less(t, a.subnet(Isolated, 0).Bits(), a.subnet(Public, 0).Bits())
	}
}

func TestTheAddressPlanOfASixteenIsFixedForEver(t *testing.T) {
	got := byKey(mustPlan(t, args()))
	want := map[string]string{
		"private-eu-central-1a": "10.20.0.0/20", "private-eu-central-1b": "10.20.16.0/20", "private-eu-central-1c": "10.20.32.0/20",
		"isolated-eu-central-1a": "10.20.128.0/21", "isolated-eu-central-1b": "10.20.136.0/21", "isolated-eu-central-1c": "10.20.144.0/21",
		"public-eu-central-1a": "10.20.192.0/22", "public-eu-central-1b": "10.20.196.0/22", "public-eu-central-1c": "10.20.200.0/22",
	}
	require.Len(t, got, len(want))
	for key, cidr := range want {
		require.Equal(t, cidr, got[key].String(), "%s: these addresses are in use and may never move", key)
	}
}

func TestABlockThatIsTooSmallIsRefusedWithTheSmallestThatFits(t *testing.T) {
	for _, c := range []struct {
		cidr, fix string
		slots     int
		tiers     []Tier
	}{
		{"10.0.0.0/21", "", 8, nil},
		{"10.0.8.0/22", "10.0.8.0/21", 8, nil},
		{"10.0.4.0/22", "", 4, nil},
		{"10.0.4.0/23", "10.0.4.0/22", 4, nil},
		{"10.0.4.0/23", "", 2, nil},
		{"10.0.4.0/24", "10.0.4.0/23", 2, nil},
		{"10.0.4.0/25", "", 2, []Tier{Private, Isolated}},
		{"10.0.4.0/26", "10.0.4.0/25", 2, []Tier{Private, Isolated}},
		{"10.0.0.0/15", "10.0.0.0/16", 8, nil},
		{"10.0.0.1/16", "10.0.0.0/16", 8, nil},
	} {
		_, err := newPlan("unit", args(func(a *NetworkArgs) {
			a.CIDR, a.Addresses.ZoneSlots, a.Tiers, a.NAT, a.Zones = c.cidr, c.slots, c.tiers, NATNone, a.Zones[:2]
		}))
		if c.fix == "" {
			require.NoError(t, err, c.cidr)
			continue
		}
		problems := fielderror.All(err)
		require.Len(t, problems, 1, "%s: %v", c.cidr, err)
		require.Equal(t, "CIDR", problems[0].Field)
		require.Contains(t, problems[0].Fix, c.fix)
	}
}

func TestIPv6BlocksAreParsedAndNumbered(t *testing.T) {
	got, err := ipv6Subnet("2a05:d014:1:ab00::/56", ipv6Index(Public, 2))
	require.NoError(t, err)
	require.Equal(t, "2a05:d014:1:ab22::/64", got)
	for _, bad := range []string{"", "10.0.0.0/16", "2a05:d014:1:ab00::/60"} {
		_, err := ipv6Subnet(bad, 0)
		require.Error(t, err, bad)
	}
	_, err = ipv6Subnet("2a05:d014:1:ab00::/56", 256)
	require.Error(t, err)
}

// refusal finds the problem with the field, or fails.
func refusal(t *testing.T, err error, field string) *fielderror.FieldError {
	t.Helper()
	for _, problem := range fielderror.All(err) {
		if problem.Field == field {
			return problem
		}
	}
	require.Failf(t, "not refused", "no problem with %s in: %v", field, err)
	return nil
}

func TestWrongArgumentsAreRefusedByField(t *testing.T) {
	key := pulumi.String("arn:aws:kms:eu-central-1:111111111111:key/1")
	for name, c := range map[string]struct {
		field  string
		change func(*NetworkArgs)
	}{
		"no zones":                     {"Zones", func(a *NetworkArgs) { a.Zones = nil }},
		"one zone without a reason":    {"Zones", func(a *NetworkArgs) { a.Zones = a.Zones[:1] }},
		"a reason with three zones":    {"SingleZone", func(a *NetworkArgs) { a.SingleZone = "cheap" }},
		"the same zone twice":          {"Zones[eu-central-1a]", func(a *NetworkArgs) { a.Zones = append(a.Zones, "eu-central-1a") }},
		"a zone of another region":     {"Zones[eu-west-1d]", func(a *NetworkArgs) { a.Zones = append(a.Zones, "eu-west-1d") }},
		"a region as a zone":           {"Zones[eu-central-1]", func(a *NetworkArgs) { a.Zones = append(a.Zones, "eu-central-1") }},
		"a local zone":                 {"Zones[us-east-1-bos-1a]", func(a *NetworkArgs) { a.Zones = append(a.Zones, "us-east-1-bos-1a") }},
		"a Wavelength zone":            {"Zones[us-east-1-wl1-bos-wlz-1]", func(a *NetworkArgs) { a.Zones = append(a.Zones, "us-east-1-wl1-bos-wlz-1") }},
		"a zone id":                    {"Zones[euc1-az1]", func(a *NetworkArgs) { a.Zones = append(a.Zones, "euc1-az1") }},
		"a region that is not theirs":  {"Zones[eu-central-1a]", func(a *NetworkArgs) { a.Region = "eu-west-1" }},
		"a region of China":            {"Region", func(a *NetworkArgs) { a.Zones = []string{"cn-north-1a", "cn-north-1b"} }},
		"an unknown NAT mode":          {"NAT", func(a *NetworkArgs) { a.NAT = "two" }},
		"NAT without public subnets":   {"NAT", func(a *NetworkArgs) { a.Tiers = []Tier{Private} }},
		"a NAT zone with per-zone":     {"NATZone", func(a *NetworkArgs) { a.NATZone = "eu-central-1a" }},
		"a NAT zone elsewhere":         {"NATZone", func(a *NetworkArgs) { a.NAT, a.NATZone = NATOne, "eu-central-1d" }},
		"an odd number of slots":       {"Addresses.ZoneSlots", func(a *NetworkArgs) { a.Addresses.ZoneSlots = 3 }},
		"a letter beyond the slots":    {"Addresses.Slots[eu-central-1c]", func(a *NetworkArgs) { a.Addresses.ZoneSlots = 2 }},
		"two zones in one slot":        {"Addresses.Slots[eu-central-1b]", func(a *NetworkArgs) { a.Addresses.Slots = map[string]int{"eu-central-1b": 0} }},
		"a slot for a stranger":        {"Addresses.Slots[eu-central-1h]", func(a *NetworkArgs) { a.Addresses.Slots = map[string]int{"eu-central-1h": 7} }},
		"no block":                     {"CIDR", func(a *NetworkArgs) { a.CIDR = "" }},
		"an IPv6 block":                {"CIDR", func(a *NetworkArgs) { a.CIDR = "2001:db8::/56" }},
		"a public block":               {"CIDR", func(a *NetworkArgs) { a.CIDR = "8.8.0.0/16" }},
		"an unknown tier":              {"Tiers", func(a *NetworkArgs) { a.Tiers = []Tier{"dmz"} }},
		"a tier twice":                 {"Tiers", func(a *NetworkArgs) { a.Tiers = []Tier{Public, Public} }},
		"a full service name":          {"Endpoints[com.amazonaws.eu-central-1.ssm]", func(a *NetworkArgs) { a.Endpoints = []string{"com.amazonaws.eu-central-1.ssm"} }},
		"s3 as an interface":           {"Endpoints[s3]", func(a *NetworkArgs) { a.Endpoints = []string{"s3"} }},
		"a service twice":              {"Endpoints[ssm]", func(a *NetworkArgs) { a.Endpoints = []string{"ssm", "ssm"} }},
		"endpoints without a place":    {"Endpoints", func(a *NetworkArgs) { a.Endpoints, a.Tiers = []string{"ssm"}, []Tier{Public} }},
		"a bucket's ARN":               {"GatewayEndpoints.ReadBuckets", func(a *NetworkArgs) { a.GatewayEndpoints.ReadBuckets = []string{"arn:aws:s3:::b"} }},
		"buckets without endpoint":     {"GatewayEndpoints.ReadBuckets", func(a *NetworkArgs) { a.GatewayEndpoints = GatewayEndpoints{Off: "x", ReadBuckets: []string{"bucket"}} }},
		"a retention AWS lacks":        {"FlowLogs.RetentionDays", func(a *NetworkArgs) { a.FlowLogs.RetentionDays = 100 }},
		"a key and a bucket":           {"FlowLogs.KeyARN", func(a *NetworkArgs) { a.FlowLogs.KeyARN, a.FlowLogs.BucketARN = key, key }},
		"flow logs off with a key":     {"FlowLogs.Off", func(a *NetworkArgs) { a.FlowLogs.Off, a.FlowLogs.KeyARN = "x", key }},
		"no route for alarms":          {"Alarms", func(a *NetworkArgs) { a.Alarms = alarms.Route{} }},
		"no route, and no NAT":         {"Alarms", func(a *NetworkArgs) { a.Alarms, a.NAT = alarms.Route{}, NATNone }},
		"a route and a reason":         {"AlarmsOff", func(a *NetworkArgs) { a.AlarmsOff = "quiet" }},
		"a reserved tag":               {"Tags[Name]", func(a *NetworkArgs) { a.Tags = map[string]string{"Name": "x"} }},
		"a block beside a brought VPC": {"CIDR", func(a *NetworkArgs) { a.Bring = brought() }},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newPlan("unit", args(c.change))
			problem := refusal(t, err, c.field)
			require.NotEmpty(t, problem.Want)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	_, err := newPlan("Bad Name", &NetworkArgs{NAT: "two", CIDR: "10.0.0.0/30", Tiers: []Tier{"dmz"}})
	fields := map[string]bool{}
	for _, problem := range fielderror.All(err) {
		fields[problem.Field] = true
	}
	for _, field := range []string{"Zones", "NAT", "CIDR", "Tiers", "Alarms"} {
		require.True(t, fields[field], "%s is missing in %v", field, err)
	}
	require.Contains(t, err.Error(), "Bad Name")
}

func brought() *BroughtVPC {
	ids := func(tier string) map[string]pulumi.StringInput {
		return map[string]pulumi.StringInput{"eu-central-1a": pulumi.String("subnet-" + tier + "a"), "eu-central-1b": pulumi.String("subnet-" + tier + "b")}
	}
	return &BroughtVPC{VPCID: pulumi.String("vpc-1"), CIDR: "10.0.0.0/16", Public: ids("1"), Private: ids("2")}
}

func TestABroughtVPCIsCompleteOrRefused(t *testing.T) {
	_, err := newPlan("unit", &NetworkArgs{Bring: brought(), Alarms: route()})
	require.NoError(t, err)
	_, err = newPlan("unit", &NetworkArgs{Bring: brought()})
	refusal(t, err, "Alarms")
	for name, c := range map[string]struct {
		field  string
		change func(*BroughtVPC)
	}{
		"no id":                {"Bring.VPCID", func(b *BroughtVPC) { b.VPCID = nil }},
		"no subnets":           {"Bring", func(b *BroughtVPC) { b.Public, b.Private = nil, nil }},
		"a tier misses a zone": {"Bring.Private[eu-central-1b]", func(b *BroughtVPC) { delete(b.Private, "eu-central-1b") }},
		"a nil subnet":         {"Bring.Public[eu-central-1a]", func(b *BroughtVPC) { b.Public["eu-central-1a"] = nil }},
		"a NAT in no zone": {"Bring.NATGateways[eu-central-1c]", func(b *BroughtVPC) {
			b.NATGateways = map[string]pulumi.StringInput{"eu-central-1c": pulumi.String("nat-1")}
		}},
		"zones of two regions": {"Bring.Public[eu-west-1c]", func(b *BroughtVPC) {
			b.Public["eu-west-1c"], b.Private["eu-west-1c"] = pulumi.String("s"), pulumi.String("s")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bring := brought()
			c.change(bring)
			_, err := newPlan("unit", &NetworkArgs{Bring: bring, Alarms: route()})
			refusal(t, err, c.field)
		})
	}
}

func TestEachZoneGoesOutThroughItsOwnNAT(t *testing.T) {
	p := mustPlan(t, args())
	for _, zone := range p.zones {
		require.Equal(t, zone, p.natFor(zone))
	}
	one := mustPlan(t, args(func(a *NetworkArgs) { a.NAT, a.NATZone = NATOne, "eu-central-1b" }))
	require.Equal(t, []string{"eu-central-1b"}, one.natZones)
	require.Equal(t, "eu-central-1b", one.natFor("eu-central-1a"))
	none := mustPlan(t, args(func(a *NetworkArgs) { a.NAT = NATNone }))
	require.Empty(t, none.natFor("eu-central-1a"))
}

func TestThePostureSaysWhatALostZoneTakesAlong(t *testing.T) {
	said := func(a *NetworkArgs) (posture.Recovery, string) {
		answer := mustPlan(t, a).posture("unit", nil).Recovery[posture.ZoneLoss]
		return answer, strings.Join(answer.Derivation, "\n")
	}
	perZone, text := said(args())
	require.False(t, perZone.Unrecoverable)
	require.Contains(t, text, "no other zone's egress")
	require.NotContains(t, text, "warning")
	one, text := said(args(func(a *NetworkArgs) { a.NAT, a.NATZone = NATOne, "eu-central-1c" }))
	require.True(t, one.Unrecoverable)
	require.Contains(t, text, "losing eu-central-1c cuts the IPv4 egress of every zone")
	two, text := said(args(func(a *NetworkArgs) { a.Zones = a.Zones[:2] }))
	require.False(t, two.Unrecoverable)
	require.Contains(t, text, "warning: with 2 instead of 3 zones, losing one takes 50 %")
	single, text := said(args(func(a *NetworkArgs) { a.Zones, a.SingleZone = a.Zones[:1], "a sandbox" }))
	require.True(t, single.Unrecoverable)
	require.Contains(t, text, "a sandbox")
}

func TestThePriceCountsWhatIsChargedByTheHour(t *testing.T) {
	price := mustPlan(t, args(func(a *NetworkArgs) { a.Endpoints = []string{"ssm", "logs"} })).price()
	const hours = 730
	want := 3*0.052 + 3*0.005 + 2*3*0.012 + 1.0/hours + 10*0.10/hours
	require.InDelta(t, want, price.Expected, 1e-9)
	require.Equal(t, price.Low, price.High)
	elsewhere := mustPlan(t, args(func(a *NetworkArgs) { a.Zones = []string{"sa-east-1a", "sa-east-1b", "sa-east-1c"} })).price()
	require.Contains(t, strings.Join(elsewhere.Derivation, "\n"), "no hourly price held for sa-east-1, not included")
	bare := mustPlan(t, args(func(a *NetworkArgs) { a.NAT, a.FlowLogs.Off = NATNone, "recorded elsewhere" })).price()
	require.Zero(t, bare.Expected)
}

// packet is what a network ACL sees of one packet.
type packet struct {
	egress, ipv6 bool
	outside      bool // the other end is not in the VPC
	protocol     string
	port         int
}

// passes judges a packet as a network ACL does: allow rules alone, and everything else is denied.
func passes(rules []aclRule, p packet) bool {
	return slices.ContainsFunc(rules, func(r aclRule) bool {
		reaches := r.peer == theWorld || !p.outside
		ports := r.protocol == anyProtocol || r.from <= p.port && p.port <= r.to
		return r.egress == p.egress && r.ipv6 == p.ipv6 && reaches && ports && (r.protocol == anyProtocol || r.protocol == p.protocol)
	})
}

func TestNoNetworkACLAdmitsAdministrationFromOutside(t *testing.T) {
	for _, a := range []*NetworkArgs{args(), args(func(a *NetworkArgs) { a.IPv6 = true }), args(func(a *NetworkArgs) { a.NAT = NATNone })} {
		p := mustPlan(t, a)
		for _, tier := range allTiers {
			for _, port := range []int{22, rdp} {
				for _, v6 := range []bool{false, true} {
					for _, protocol := range []string{tcp, udp} {
						require.False(t, passes(p.aclRules(tier), packet{ipv6: v6, outside: true, protocol: protocol, port: port}), "%s admits port %d", tier, port)
					}
				}
			}
		}
	}
}

func TestAnswersComeBackToEveryClientPort(t *testing.T) {
	p := mustPlan(t, args(func(a *NetworkArgs) { a.IPv6 = true }))
	for _, tier := range []Tier{Public, Private} {
		for port := firstEphemeral; port <= lastEphemeral; port++ {
			for _, v6 := range []bool{false, true} {
				got := passes(p.aclRules(tier), packet{ipv6: v6, outside: true, protocol: tcp, port: port})
				require.Equal(t, port != rdp, got, "%s port %d", tier, port)
			}
		}
		require.True(t, passes(p.aclRules(tier), packet{egress: true, outside: true, protocol: tcp, port: 443}))
	}
	require.True(t, passes(p.aclRules(Public), packet{outside: true, protocol: tcp, port: 443}), "the load balancer is reached")
}

func TestCloudFrontReachesAPrivateLoadBalancerByItsPublicAddresses(t *testing.T) {
	for name, change := range map[string]func(*NetworkArgs){
		"with NAT": func(*NetworkArgs) {}, "without NAT": func(a *NetworkArgs) { a.NAT = NATNone },
		"without NAT and gateway endpoints": func(a *NetworkArgs) { a.NAT, a.GatewayEndpoints.Off = NATNone, "no data leaves" },
	} {
		p := mustPlan(t, args(change, func(a *NetworkArgs) { a.IPv6 = true }))
		rules := p.aclRules(Private)
		for _, v6 := range []bool{false, true} {
			for _, port := range []int{80, 443} {
				require.True(t, passes(rules, packet{ipv6: v6, outside: true, protocol: tcp, port: port}), "%s: port %d is closed", name, port)
			}
			for _, port := range []int{firstEphemeral, 32768, rdp, lastEphemeral} {
				require.True(t, passes(rules, packet{egress: true, ipv6: v6, outside: true, protocol: tcp, port: port}), "%s: no answer to port %d", name, port)
			}
			require.False(t, passes(rules, packet{ipv6: v6, outside: true, protocol: tcp, port: 445}))
			require.False(t, passes(rules, packet{ipv6: v6, outside: true, protocol: udp, port: 443}))
		}
		inner := mustPlan(t, args(change, func(a *NetworkArgs) { a.NAT, a.Tiers = NATNone, []Tier{Private, Isolated} })).aclRules(Private)
		for _, port := range []int{80, 443} {
			require.False(t, passes(inner, packet{outside: true, protocol: tcp, port: port}), "%s: without an internet gateway nobody comes from outside", name)
		}
	}
}

func TestTheIsolatedTierSpeaksWithTheVPCAndGatewayEndpointsAlone(t *testing.T) {
	p := mustPlan(t, args(func(a *NetworkArgs) { a.IPv6 = true }))
	rules := p.aclRules(Isolated)
	require.True(t, passes(rules, packet{protocol: tcp, port: 5432}))
	require.True(t, passes(rules, packet{egress: true, outside: true, protocol: tcp, port: 443}), "S3 is reached")
	require.False(t, passes(rules, packet{egress: true, outside: true, protocol: tcp, port: 80}))
	require.False(t, passes(rules, packet{egress: true, outside: true, protocol: udp, port: 443}))
	require.False(t, passes(rules, packet{egress: true, outside: true, ipv6: true, protocol: tcp, port: 443}))
	require.False(t, passes(rules, packet{outside: true, protocol: tcp, port: 443}))

	closed := mustPlan(t, args(func(a *NetworkArgs) { a.GatewayEndpoints.Off = "no data leaves" })).aclRules(Isolated)
	for _, rule := range closed {
		require.Equal(t, theVPC, rule.peer, "without gateway endpoints no rule speaks of the world")
	}
}

func TestNetworkACLsStayWithinTheQuotaAndNumberRulesOnce(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		p := mustPlan(t, args(func(a *NetworkArgs) { a.IPv6 = v6 }))
		for _, tier := range allTiers {
			seen := map[string]bool{}
			count := map[bool]int{}
			for _, rule := range p.aclRules(tier) {
				key := fmt.Sprint(rule.egress, rule.number)
				require.False(t, seen[key], "%s numbers two rules %s", tier, key)
				seen[key] = true
				count[rule.egress]++
			}
			require.LessOrEqual(t, count[true], maxACLRules)
			require.LessOrEqual(t, count[false], maxACLRules)
		}
	}
}
