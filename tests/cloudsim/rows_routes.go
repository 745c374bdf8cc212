package cloudsim

import (
	"fmt"
	"net/netip"
)

const routeDoc = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html"

func init() {
	register(routeTable, defaultRouteTable, route, routeTableAssociation)
}

// destinations and targets are what a route may name, of each exactly one.
var (
	destinations = []string{"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}
	targets      = []string{"gatewayId", "natGatewayId", "egressOnlyGatewayId", "vpcEndpointId", "transitGatewayId",
		"vpcPeeringConnectionId", "networkInterfaceId", "carrierGatewayId", "localGatewayId", "coreNetworkArn"}
	inlineDestinations = []string{"cidrBlock", "ipv6CidrBlock", "destinationPrefixListId"}
)

// targetRefs are the references of a route. All are weak: AWS deletes a target and leaves the route as a blackhole.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
func targetRefs(prefix string) []Ref {
	return []Ref{
		{Path: prefix + "gatewayId", To: []string{gatewayType, "aws:ec2/vpnGateway:VpnGateway"}, Weak: true,
			Except: func(v string) bool { return v == "local" }},
		{Path: prefix + "natGatewayId", To: []string{natType}, Weak: true},
		{Path: prefix + "egressOnlyGatewayId", To: []string{egressGatewayType}, Weak: true},
		{Path: prefix + "vpcEndpointId", To: []string{endpointType}, Weak: true},
		{Path: prefix + "transitGatewayId", To: []string{"aws:ec2transitgateway/transitGateway:TransitGateway"}, Weak: true,
			Code: "InvalidTransitGatewayID.NotFound"},
		{Path: prefix + "vpcPeeringConnectionId", To: []string{"aws:ec2/vpcPeeringConnection:VpcPeeringConnection"}, Weak: true,
			Code: "InvalidVpcPeeringConnectionID.NotFound"},
		{Path: prefix + "networkInterfaceId", To: []string{"aws:ec2/networkInterface:NetworkInterface"}, Weak: true,
			Code: "InvalidNetworkInterfaceID.NotFound"},
	}
}

// tableRef is a reference to a route table, which may be the main one that a VPC brings along.
func tableRef(path string) Ref {
	return Ref{Path: path, To: []string{routeTableType, defaultTableType, vpcType}, By: []string{"id", "mainRouteTableId"},
		Code: "InvalidRouteTableID.NotFound"}
}

var routeTable = Row{
	Type: routeTableType, Noun: "routeTable ID",
	Doc:      "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html",
	ID:       Format("rtb-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:route-table/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}"), "propagatingVgws": Value([]string{})},
	Required: []string{"vpcId"},
	Replace:  []string{"vpcId"},
	Taggable: true,
	Refs:     append(targetRefs("routes."), VPCRef("vpcId")),
	Limits: []Limit{{"routes", Items(0, 500),
		"https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-route-tables"}},
	Check:     inlineRoutesAreGood,
	NotFound:  "InvalidRouteTableID.NotFound",
	Durations: immediate,
}

var defaultRouteTable = Row{
	Type: defaultTableType, Noun: "default route table",
	Doc:      "https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html#main-route-table",
	ID:       Format("{defaultRouteTableId}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:route-table/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}"), "vpcId": ownerVPC("defaultRouteTableId")},
	Required: []string{"defaultRouteTableId"},
	Replace:  []string{"defaultRouteTableId"},
	Taggable: true,
	Refs: append(targetRefs("routes."), Ref{Path: "defaultRouteTableId", To: []string{vpcType}, By: []string{"defaultRouteTableId"},
		Weak: true, Code: "InvalidRouteTableID.NotFound"}),
	Check:     inlineRoutesAreGood,
	NotFound:  "InvalidRouteTableID.NotFound",
	Durations: immediate,
}

// ownerVPC is the id of the VPC that brings along what the input names.
func ownerVPC(path string) Compute {
	return func(c *Call) any {
		if owner := c.Ref(path); owner != nil {
			return owner.ID
		}
		return nil
	}
}

func inlineRoutesAreGood(c *Call) error {
	network := c.Text("vpcId")
	if network == "" {
		if owner := c.Ref("defaultRouteTableId"); owner != nil {
			network = owner.ID
		}
	}
	seen := map[string]bool{}
	for i, r := range c.Objects("routes") {
		at := fmt.Sprintf("routes[%d]", i)
		if err := oneOfEach(c, r, at, inlineDestinations); err != nil {
			return err
		}
		destination := destinationOf(r, inlineDestinations)
		if destination != "" && seen[destination] {
			return c.RejectAt(at, "RouteAlreadyExists", "the route identified by %s already exists", destination)
		}
		seen[destination] = true
		if err := routeNetwork(c, r, at, network); err != nil {
			return err
		}
	}
	return nil
}

// oneOfEach demands one destination and one target.
func oneOfEach(c *Call, p Props, at string, destinations []string) error {
	if n := count(p, destinations); n != 1 {
		return c.RejectAt(at, "InvalidParameterCombination", "a route needs exactly one destination of %v, it has %d", destinations, n)
	}
	if n := count(p, targets); n != 1 {
		return c.RejectAt(at, "InvalidParameterCombination", "a route needs exactly one target of %v, it has %d", targets, n)
	}
	return nil
}

func count(p Props, paths []string) int {
	n := 0
	for _, path := range paths {
		if p.Has(path) && !(p.Known(path) && p.Text(path) == "") {
			n++
		}
	}
	return n
}

// destinationOf is the destination in canonical form.
func destinationOf(p Props, paths []string) string {
	for _, path := range paths {
		if value := p.Text(path); value != "" {
			if prefix, err := netip.ParsePrefix(value); err == nil {
				return prefix.Masked().String()
			}
			return value
		}
	}
	return ""
}

// routeNetwork demands that the target of a route is in the route table's VPC.
func routeNetwork(c *Call, p Props, at, network string) error {
	target, home := "", ""
	for _, gateway := range []string{"gatewayId", "egressOnlyGatewayId", "vpcEndpointId"} {
		for _, typ := range []string{gatewayType, egressGatewayType, endpointType} {
			if r := c.Find(typ, p.Text(gateway)); r != nil {
				target, home = r.ID, r.Out().Text("vpcId")
			}
		}
	}
	if nat := c.Find(natType, p.Text("natGatewayId")); nat != nil {
		target, home = nat.ID, vpcOfSubnet(c, nat.Out().Text("subnetId"))
	}
	if target == "" || network == "" || home == network {
		return nil
	}
	if home == "" {
		return c.RejectAt(at, "Gateway.NotAttached", "the gateway %s is attached to no VPC", target)
	}
	return c.RejectAt(at, "InvalidParameterValue", "the route table of %s and the gateway %s of %s belong to different networks",
		network, target, home)
}

var route = Row{
	Type: routeType, Noun: "route",
	Doc: routeDoc,
	ID: func(c *Call) any {
		return "r-" + c.Text("routeTableId") + stable(destinationOf(c.Props, destinations), 8)
	},
	Computed: map[string]Compute{"origin": Value("CreateRoute"), "state": Value("active")},
	Required: []string{"routeTableId"},
	Replace:  append([]string{"routeTableId"}, destinations...),
	Refs:     append(targetRefs(""), tableRef("routeTableId")),
	Limits: []Limit{
		{"destinationCidrBlock", blockSize(0, 32), routeDoc},
		{"destinationCidrBlock", Satisfies(ipv4), routeDoc},
		{"destinationIpv6CidrBlock", Satisfies(ipv6), routeDoc},
		{"destinationIpv6CidrBlock", blockSize(0, 128), routeDoc},
	},
	Check: func(c *Call) error {
		if err := oneOfEach(c, c.Props, "", destinations); err != nil {
			return err
		}
		table := c.Ref("routeTableId")
		if table == nil {
			return nil
		}
		if err := destinationIsFree(c, table); err != nil {
			return err
		}
		return routeNetwork(c, c.Props, "", networkOf(table))
	},
	Durations: immediate,
}

// networkOf is the VPC of a resource that lies in one; of a VPC its own id.
func networkOf(r *Resource) string {
	if r.Type == vpcType {
		return r.ID
	}
	return r.Out().Text("vpcId")
}

func destinationIsFree(c *Call, table *Resource) error {
	mine := destinationOf(c.Props, destinations)
	taken := mine != "" && table.Type != vpcType && hasInline(table, mine)
	for _, other := range c.Where(routeType, "routeTableId", c.Text("routeTableId")) {
		taken = taken || mine != "" && destinationOf(other.Out(), destinations) == mine
	}
	if taken {
		return c.Reject("RouteAlreadyExists", "the route identified by %s already exists in %s", mine, c.Text("routeTableId"))
	}
	return nil
}

func hasInline(table *Resource, destination string) bool {
	for _, inline := range table.Out().Objects("routes") {
		if destinationOf(inline, inlineDestinations) == destination {
			return true
		}
	}
	return false
}

var routeTableAssociation = Row{
	Type: associationType, Noun: "route table association",
	Doc:      "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html",
	ID:       Format("rtbassoc-{hex17}"),
	Required: []string{"routeTableId"},
	Replace:  []string{"subnetId", "gatewayId"},
	Refs: []Ref{tableRef("routeTableId"), {Path: "subnetId", To: []string{vpcSubnetType}, Weak: true},
		{Path: "gatewayId", To: []string{gatewayType}, Weak: true}},
	Unique: []Unique{{Paths: []string{"subnetId"}, Code: "Resource.AlreadyAssociated"}},
	Check: func(c *Call) error {
		if n := count(c.Props, []string{"subnetId", "gatewayId"}); n != 1 {
			return c.RejectAt("subnetId", "InvalidParameterCombination", "exactly one of subnetId and gatewayId must be given")
		}
		table, home := c.Ref("routeTableId"), c.Ref("subnetId")
		if table == nil || home == nil || networkOf(table) == networkOf(home) {
			return nil
		}
		return c.RejectAt("subnetId", "InvalidParameterValue", "the route table %s and the subnet %s belong to different networks",
			table.ID, home.ID)
	},
	Durations: immediate,
}
