package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// interval is a range of ports, both ends included.
type interval struct{ from, to int }

var (
	allPorts = interval{0, 65535}
	// Ports that answers come back to: load balancers and NAT gateways use the whole upper range, Linux a part of it.
	// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
	answerPorts      = interval{1024, 65535}
	linuxAnswerPorts = interval{32768, 60999}
)

func onePort(port int) interval { return interval{port, port} }

func (i interval) covers(o interval) bool   { return i.from <= o.from && i.to >= o.to }
func (i interval) overlaps(o interval) bool { return i.from <= o.to && i.to >= o.from }

// minus is what is left of the interval without another.
func (i interval) minus(o interval) []interval {
	if !i.overlaps(o) {
		return []interval{i}
	}
	var left []interval
	if i.from < o.from {
		left = append(left, interval{i.from, o.from - 1})
	}
	if i.to > o.to {
		left = append(left, interval{o.to + 1, i.to})
	}
	return left
}

// without is what is left of the interval without any of the ports.
func (i interval) without(ports []int) []interval {
	left := []interval{i}
	for _, port := range ports {
		var next []interval
		for _, part := range left {
			next = append(next, part.minus(onePort(port))...)
		}
		left = next
	}
	return left
}

func (i interval) String() string {
	if i == allPorts {
		return "all ports"
	}
	if i.from == i.to {
		return fmt.Sprintf("port %d", i.from)
	}
	return fmt.Sprintf("ports %d-%d", i.from, i.to)
}

// protocolOf is a protocol by the name that rules have for it: any, tcp, udp or the number of another.
func protocolOf(v policy.Value) string {
	switch text := strings.ToLower(v.Text()); text {
	case "-1", "all":
		return "any"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	default:
		return text
	}
}

// portsOf are the ports of a rule; a rule for any protocol has no say about ports.
func portsOf(protocol string, from, to policy.Value) interval {
	if protocol == "any" || from.Absent() && to.Absent() {
		return allPorts
	}
	if from.Absent() {
		from = to
	}
	if to.Absent() {
		to = from
	}
	return interval{int(from.Number()), int(to.Number())}
}

// carries says that a rule for one protocol is about traffic of another.
func carries(rule, traffic string) bool { return rule == "any" || rule == traffic }

var (
	everyoneV4 = netip.MustParsePrefix("0.0.0.0/0")
	// privateRanges are the addresses that the internet does not route.
	// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
	privateRanges = []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
	}
)

// prefixOf reads an address range; ok is false for anything else.
func prefixOf(v policy.Value) (prefix netip.Prefix, ok bool) {
	prefix, err := netip.ParsePrefix(v.Text())
	return prefix.Masked(), err == nil
}

// within says that one range lies inside another.
func within(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// private says that the internet routes no address of the range.
func private(p netip.Prefix) bool {
	for _, known := range privateRanges {
		if within(p, known) {
			return true
		}
	}
	return false
}

// wideOpen says that a range stands for everybody: the whole internet, or more of it than any one party has. Otherwise
// 0.0.0.0/1 and 128.0.0.0/1 would be two harmless ranges.
func wideOpen(p netip.Prefix) bool {
	if private(p) {
		return false
	}
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 16
}

// halves cuts a range in two.
func halves(p netip.Prefix) [2]netip.Prefix {
	bits := p.Bits() + 1
	low := netip.PrefixFrom(p.Addr(), bits)
	bytes := p.Addr().AsSlice()
	at := p.Bits()
	bytes[at/8] |= 1 << (7 - at%8)
	high, _ := netip.AddrFromSlice(bytes)
	return [2]netip.Prefix{low, netip.PrefixFrom(high, bits)}
}

// covered says that several ranges together hold every address of one.
func covered(p netip.Prefix, by []netip.Prefix) bool {
	var near []netip.Prefix
	for _, each := range by {
		if within(p, each) {
			return true
		}
		if each.Overlaps(p) {
			near = append(near, each)
		}
	}
	if len(near) < 2 || p.Bits() == p.Addr().BitLen() {
		return false
	}
	parts := halves(p)
	return covered(parts[0], near) && covered(parts[1], near)
}

// passage says whether traffic passes: it does, it does not, or it depends on values that are not known.
type passage struct {
	open   bool
	unsure []policy.Value
	// unmodelled says in words what cannot be known from the stack.
	unmodelled string
}

// blocked says that the traffic is known not to pass.
func (a passage) blocked() bool { return !a.open && len(a.unsure) == 0 && a.unmodelled == "" }
