package capacity

import (
	"fmt"
	"strconv"
)

// Facts of the services about addresses.
const (
	// ReservedAddresses are the first four and the last of every subnet; the largest subnet is a /16, the smallest a /28,
	// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html.
	ReservedAddresses = 5
	largestSubnet     = 16
	smallestSubnet    = 28

	// LoadBalancerAddresses must be free in each subnet of an Application Load Balancer, so that it can scale out, and the
	// subnet must be a /27 or larger,
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html.
	LoadBalancerAddresses      = 8
	smallestLoadBalancerSubnet = 27

	// rebalancingShare: a tenth of the maximum, and at least one server, may run above it while Auto Scaling rebalances
	// zones, https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html.
	rebalancingShare = 10
)

// SubnetUse is what stands in the subnets, one subnet per zone.
type SubnetUse struct {
	// Zones is the number of subnets. At least 1.
	Zones int
	// Maximum is the group's maximum size, 0 where no servers stand in these subnets.
	Maximum int
	// LoadBalancers is the number of Application Load Balancers in these subnets.
	LoadBalancers int
	// InterfaceEndpoints is the number of interface endpoints; each has one network interface, so one address, in each
	// subnet, https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html.
	InterfaceEndpoints int
	// Others counts further addresses per subnet, for example 1 for a NAT gateway.
	Others int
}

// AddressNeed is how many addresses one subnet must have to give, the reserved ones not counted.
type AddressNeed struct {
	// Now is the need with all zones up and the group at its maximum, rebalancing included.
	Now int
	// AfterZoneLoss is the need of a surviving subnet when the group, at its maximum, stands in the surviving zones only.
	// With one zone it is 0: nothing survives.
	AfterZoneLoss int
	// PrefixLength is the smallest subnet that holds both, from 28 to 16; at most 27 with a load balancer.
	PrefixLength int
	Derivation   []string
}

// Addresses computes what each subnet must hold.
func Addresses(u SubnetUse) (AddressNeed, error) {
	if err := validateUse(u); err != nil {
		return AddressNeed{}, err
	}
	margin := 0
	if u.Maximum > 0 && u.Zones > 1 {
		margin = max(1, ceilDiv(u.Maximum, rebalancingShare))
	}
	servers := u.Maximum + margin
	fixed := u.LoadBalancers*LoadBalancerAddresses + u.InterfaceEndpoints + u.Others
	need := AddressNeed{Now: ceilDiv(servers, u.Zones) + fixed}
	need.Derivation = []string{
		fmt.Sprintf("at most %d servers run: the maximum of %d and %d more while zones are rebalanced",
			servers, u.Maximum, margin),
		fmt.Sprintf("each subnet holds %d more: load balancers %d x %d, interface endpoints %d, others %d",
			fixed, u.LoadBalancers, LoadBalancerAddresses, u.InterfaceEndpoints, u.Others),
		fmt.Sprintf("now: %d servers over %d zones, rounded up, + %d = %d addresses", servers, u.Zones, fixed, need.Now),
		"after losing the only zone no subnet is left",
	}
	if u.Zones > 1 {
		need.AfterZoneLoss = ceilDiv(servers, u.Zones-1) + fixed
		need.Derivation[3] = fmt.Sprintf("after losing a zone: %d servers over %d zones, rounded up, + %d = %d addresses",
			servers, u.Zones-1, fixed, need.AfterZoneLoss)
	}
	return need.withPrefix(u)
}

func validateUse(u SubnetUse) error {
	const most = 1 << (32 - largestSubnet) // no subnet has more addresses, so no sum below can overflow
	var p problems
	p.require(u.Zones >= 1 && u.Zones <= most, "Zones", u.Zones, "from 1 to 65536", "use 3")
	p.require(u.Maximum >= 0 && u.Maximum <= MaxServers/2, "Maximum", u.Maximum,
		"from 0 to 1073741823", "use the planned maximum")
	p.require(u.LoadBalancers >= 0 && u.LoadBalancers <= most, "LoadBalancers", u.LoadBalancers, "from 0 to 65536", "use 1")
	p.require(u.InterfaceEndpoints >= 0 && u.InterfaceEndpoints <= most, "InterfaceEndpoints", u.InterfaceEndpoints,
		"from 0 to 65536", "use 0")
	p.require(u.Others >= 0 && u.Others <= most, "Others", u.Others, "from 0 to 65536", "use 0")
	return p.err()
}

func (n AddressNeed) withPrefix(u SubnetUse) (AddressNeed, error) {
	smallest := smallestSubnet
	if u.LoadBalancers > 0 {
		smallest = smallestLoadBalancerSubnet
	}
	for length := smallest; length >= largestSubnet; length-- {
		if FitsSubnet(length, max(n.Now, n.AfterZoneLoss)) {
			n.PrefixLength = length
			n.Derivation = append(n.Derivation, fmt.Sprintf("a /%d has %d addresses less %d that AWS reserves: the smallest "+
				"subnet that holds both", length, 1<<(32-length), ReservedAddresses))
			return n, nil
		}
	}
	return AddressNeed{}, &FieldError{
		Field: "Maximum", Got: strconv.Itoa(u.Maximum),
		Want: fmt.Sprintf("at most %d addresses in a subnet, and %d are needed", 1<<(32-largestSubnet)-ReservedAddresses,
			max(n.Now, n.AfterZoneLoss)),
		Fix: "lower the maximum or use more zones",
	}
}

// Check refuses a subnet that is too small.
func (n AddressNeed) Check(prefixLength int) error {
	if prefixLength >= largestSubnet && prefixLength <= n.PrefixLength {
		return nil
	}
	return &FieldError{
		Field: "PrefixLength", Got: fmt.Sprintf("/%d", prefixLength),
		Want: fmt.Sprintf("from /%d to /%d: %d addresses are needed now and %d after losing a zone",
			largestSubnet, n.PrefixLength, n.Now, n.AfterZoneLoss),
		Fix: fmt.Sprintf("use a /%d", n.PrefixLength),
	}
}

// FitsSubnet says whether a subnet of that prefix length (16 to 28) has so many addresses to give.
func FitsSubnet(prefixLength, addresses int) bool {
	if prefixLength < largestSubnet || prefixLength > smallestSubnet {
		return false
	}
	return addresses <= 1<<(32-prefixLength)-ReservedAddresses
}
