package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	network = "aws:ec2/vpc:Vpc"
	subnet  = "aws:ec2/subnet:Subnet"
)

// zones are the Availability Zones that a resource stands in, with what is not known of them.
type zones struct {
	names   map[string]bool
	subnets []*policy.Node
	// missing says what keeps the list from being complete; nil when it is.
	missing []policy.Value
}

// zoneOf is the zone of a subnet: its name, or its id where only that is given.
func zoneOf(n *policy.Node) policy.Value {
	name, id := n.Get("availabilityZone"), n.Get("availabilityZoneId")
	if name.Known() || !id.Known() {
		return name
	}
	return id
}

// zonesOf are the zones of the subnets that a list names.
func zonesOf(list policy.Value) *zones {
	z := &zones{names: map[string]bool{}}
	z.add(list)
	return z
}

// add takes the zones of the subnets that a list names.
func (z *zones) add(list policy.Value) {
	if list.Empty() {
		return
	}
	found, complete := list.Refs(subnet)
	if !complete {
		z.missing = append(z.missing, list)
	}
	for _, n := range found {
		z.subnets = append(z.subnets, n)
		z.addZone(zoneOf(n))
	}
}

func (z *zones) addZone(v policy.Value) {
	if !v.Known() {
		z.missing = append(z.missing, v)
		return
	}
	z.names[v.Text()] = true
}

// complete says that every zone is known.
func (z *zones) complete() bool { return len(z.missing) == 0 }

func (z *zones) String() string { return listed(z.names) }

// listed are the keys of a set, sorted.
func listed(set map[string]bool) string {
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

// groupZones are the zones of an Auto Scaling group.
func groupZones(group *policy.Node) *zones {
	z := &zones{names: map[string]bool{}}
	if identifiers := group.Get("vpcZoneIdentifiers"); !identifiers.Empty() {
		z.add(identifiers)
		return z
	}
	names := group.Get("availabilityZones")
	if names.Unknown() {
		z.missing = append(z.missing, names)
	}
	for _, name := range names.List() {
		z.addZone(name)
	}
	return z
}

// balancerZones are the zones of a load balancer.
func balancerZones(balancer *policy.Node) *zones {
	z := zonesOf(balancer.Get("subnets"))
	mappings := balancer.Get("subnetMappings")
	if mappings.Unknown() {
		z.missing = append(z.missing, mappings)
	}
	if len(z.subnets) > 0 { // State files show the same subnets in both.
		return z
	}
	for _, at := range mappings.List() {
		z.add(at.Get("subnetId"))
	}
	for _, name := range balancer.Get("availabilityZones").List() { // Classic load balancers outside a network.
		z.addZone(name)
	}
	return z
}

// requireZones wants a number of zones. Zones that are not known count for the resource while they are few enough to help.
func requireZones(c *policy.Case, z *zones, path, fix string) {
	wanted, _ := c.Number("zones")
	if float64(len(z.names)) >= wanted {
		return
	}
	if !z.complete() {
		c.Unclear(z.missing...)
		return
	}
	details := []policy.Detail{policy.Fix("%s", fix)}
	for _, n := range z.subnets {
		details = append(details, policy.Saw(n, "availabilityZone", "zone "+zoneOf(n).Show()))
	}
	c.Broken(path, "zones: "+z.String(), plural(int(wanted), "zone")+" at least", details...)
}
