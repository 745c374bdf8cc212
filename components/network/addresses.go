package network

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
)

// Tier is a class of subnets that share a route out, or the lack of one.
type Tier string

// The tiers of a network.
const (
	// Public subnets hold load balancers and NAT gateways: they have a route to the internet gateway, and nothing in
	// them is given a public address unasked.
	Public Tier = "public"
	// Private subnets hold the workload: out through NAT and endpoints, in from nowhere but the VPC.
	Private Tier = "private"
	// Isolated subnets hold data: no route leaves the VPC, except to S3 and DynamoDB through their gateway endpoints.
	Isolated Tier = "isolated"
)

// layout is where a tier lies in the VPC: the half, quarter or eighth with the given index. Private is the biggest,
// because the instances live there. The last eighth stays free for what the network must carry one day.
//
// The layout does not depend on which tiers exist, so taking one away moves no other.
var layout = map[Tier]struct{ bits, index, smallest, order int }{
	// The smallest subnet of AWS is a /28. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
	Private:  {bits: 1, index: 0, smallest: 28, order: 0},
	Isolated: {bits: 2, index: 2, smallest: 28, order: 1},
	// A load balancer wants a /27 in each zone.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
	Public: {bits: 3, index: 6, smallest: 27, order: 2},
}

// smallestPrefix and biggestPrefix bound the CIDR of a VPC.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
const (
	biggestPrefix  = 16
	smallestPrefix = 28
)

// addressPlan gives every (tier, zone slot) its addresses. It is a function of the VPC's block and the number of
// slots alone: which zones and tiers exist changes nothing.
type addressPlan struct {
	vpc   netip.Prefix
	slots int
}

// slotBits is how many bits tell the zones of a tier apart. slots is a power of two.
func (a addressPlan) slotBits() int { return bits.TrailingZeros(uint(a.slots)) }

// tier is the block that holds the tier's subnets, including those of zones that are not used yet.
func (a addressPlan) tier(t Tier) netip.Prefix {
	return part(a.vpc, layout[t].bits, layout[t].index)
}

// subnet is the block of one tier in one zone.
func (a addressPlan) subnet(t Tier, slot int) netip.Prefix {
	return part(a.tier(t), a.slotBits(), slot)
}

// widest is the longest prefix the VPC may have for the given tiers to fit.
func (a addressPlan) widest(tiers []Tier) int {
	longest := smallestPrefix
	for _, t := range tiers {
		longest = min(longest, layout[t].smallest-layout[t].bits-a.slotBits())
	}
	return longest
}

// part is the index-th of the 2^bits equal parts of an IPv4 block.
func part(whole netip.Prefix, bits, index int) netip.Prefix {
	length := whole.Bits() + bits
	block := whole.Masked().Addr().As4()
	value := uint64(binary.BigEndian.Uint32(block[:])) + uint64(max(index, 0))<<(32-length)
	binary.BigEndian.PutUint32(block[:], uint32(value&0xffffffff))
	address := netip.AddrFrom4(block)
	return netip.PrefixFrom(address, length)
}

// ipv6Index is the number of the /64 of one tier in one zone within the VPC's /56, 0 to 255.
func ipv6Index(t Tier, slot int) int { return layout[t].order<<4 | slot }

// ipv6Subnet is the /64 with the given index of the /56 that Amazon gave the VPC.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#vpc-sizing-ipv6
func ipv6Subnet(block string, index int) (string, error) {
	whole, err := netip.ParsePrefix(block)
	if err != nil {
		return "", fmt.Errorf("reading the VPC's IPv6 block: %w", err)
	}
	if !whole.Addr().Is6() || whole.Bits() != 56 || index < 0 || index > 255 {
		return "", fmt.Errorf("the VPC's IPv6 block %s has no /64 number %d: want a /56 and a number of 0 to 255", block, index)
	}
	address := whole.Masked().Addr().As16()
	address[7] = byte(index)
	return netip.PrefixFrom(netip.AddrFrom16(address), 64).String(), nil
}
