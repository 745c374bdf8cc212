package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	routeTable            = "aws:ec2/routeTable:RouteTable"
	defaultRouteTable     = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	mainRouteTable        = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
	routeTableAssociation = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	singleRoute           = "aws:ec2/route:Route"
	internetGateway       = "aws:ec2/internetGateway:InternetGateway"
	internetGatewayLink   = "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment"
	endpointRoute         = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
)

var anyRouteTable = []string{routeTable, defaultRouteTable}

// way is where a default route leads.
type way string

// The ways out of a subnet.
const (
	nowhere   way = "nowhere"
	internet  way = "internet gateway"
	nat       way = "NAT gateway"
	egress    way = "egress-only internet gateway"
	elsewhere way = "a target that this rule does not follow"
	unclear   way = "not known"
)

// exits are the ways that a route names, by the property that names them. What is not here leads out of the stack: transit
// gateways, peerings, firewalls, other networks.
var exits = map[string]way{"natGatewayId": nat, "egressOnlyGatewayId": egress, "gatewayId": internet}

var exitKeys = []string{
	"gatewayId", "natGatewayId", "egressOnlyGatewayId", "transitGatewayId", "vpcPeeringConnectionId", "networkInterfaceId", "vpcEndpointId",
	"localGatewayId", "carrierGatewayId", "coreNetworkArn",
}

// defaultRoute is a route to everywhere.
type defaultRoute struct {
	node   *policy.Node
	way    way
	v6     bool
	target policy.Value
}

// table is a route table.
type table struct {
	node      *policy.Node
	defaults  []defaultRoute
	endpoints []*policy.Node
	unsure    []policy.Value
}

// routing are the route tables of a stack, by themselves, by subnet and by network.
type routing struct {
	of, bySubnet, byNetwork map[*policy.Node]*table
	loose                   []policy.Value
	// linked are the networks with an internet gateway.
	linked map[*policy.Node]bool
}

var routingKey int

// routingOf reads all route tables, once per stack.
func routingOf(g *policy.Graph) *routing {
	return policy.Memo(g, &routingKey, func(g *policy.Graph) *routing {
		r := &routing{
			of: map[*policy.Node]*table{}, bySubnet: map[*policy.Node]*table{}, byNetwork: map[*policy.Node]*table{}, linked: map[*policy.Node]bool{},
		}
		for _, n := range g.ByType(anyRouteTable...) {
			r.addTable(n)
		}
		for _, n := range g.ByType(singleRoute) {
			r.addRoute(n)
		}
		for _, n := range g.ByType(routeTableAssociation) {
			at, to := n.Get("subnetId").Ref(subnet).Node(), n.Get("routeTableId").Ref(anyRouteTable...).Node()
			switch {
			case at != nil && to != nil:
				r.bySubnet[at] = r.of[to]
			case n.Get("subnetId").Unknown():
				r.loose = append(r.loose, n.Get("subnetId"))
			case at != nil:
				r.bySubnet[at] = &table{unsure: []policy.Value{n.Get("routeTableId")}}
			}
		}
		for _, n := range g.ByType(mainRouteTable) {
			if at := networkOf(n); at != nil {
				r.byNetwork[at] = r.of[n.Get("routeTableId").Ref(anyRouteTable...).Node()]
			}
		}
		for _, n := range g.ByType(internetGateway, internetGatewayLink) {
			if at := networkOf(n); at != nil {
				r.linked[at] = true
			}
		}
		r.addEndpoints(g)
		return r
	})
}

func (r *routing) addTable(n *policy.Node) {
	made := &table{node: n}
	r.of[n] = made
	routes := n.Get("routes")
	if routes.Unknown() {
		made.unsure = append(made.unsure, routes)
	}
	for _, item := range routes.List() {
		made.take(item, item.Get("cidrBlock"), item.Get("ipv6CidrBlock"))
	}
	if at := networkOf(n); n.Type == defaultRouteTable && at != nil {
		r.byNetwork[at] = made
	}
}

func (r *routing) addRoute(n *policy.Node) {
	at := n.Get("routeTableId").Ref(anyRouteTable...).Node()
	if at == nil {
		r.loose = append(r.loose, n.Get("routeTableId"))
		return
	}
	r.of[at].take(n.Props(), n.Get("destinationCidrBlock"), n.Get("destinationIpv6CidrBlock"))
}

func (t *table) take(v, v4, v6 policy.Value) {
	for _, destination := range []policy.Value{v4, v6} {
		if destination.Unknown() {
			t.unsure = append(t.unsure, destination)
		}
	}
	if !v4.Is("0.0.0.0/0") && !v6.Is("::/0") {
		return
	}
	made := defaultRoute{node: v.Node(), way: nowhere, v6: v6.Is("::/0")}
	for _, key := range exitKeys {
		target := v.Get(key)
		if target.Empty() {
			continue
		}
		made.target, made.way = target, elsewhere
		if known := exits[key]; known != "" {
			made.way = known
		}
		if key == "gatewayId" && !isInternetGateway(target) {
			made.way = elsewhere
		}
		break
	}
	t.defaults = append(t.defaults, made)
}

// isInternetGateway tells an internet gateway from a virtual private gateway, which shares its property.
func isInternetGateway(v policy.Value) bool {
	return v.Ref(internetGateway).Node() != nil || v.Known() && strings.HasPrefix(v.Text(), "igw-")
}

func (r *routing) addEndpoints(g *policy.Graph) {
	link := func(at *policy.Node, of []*policy.Node) {
		for _, to := range of {
			if t := r.of[to]; t != nil {
				t.endpoints = append(t.endpoints, at)
			}
		}
	}
	for _, n := range g.ByType(endpoint) {
		found, _ := n.Get("routeTableIds").Refs(anyRouteTable...)
		link(n, found)
	}
	for _, n := range g.ByType(endpointRoute) {
		if at := n.Get("vpcEndpointId").Ref(endpoint).Node(); at != nil {
			link(at, n.Get("routeTableId").Ref(anyRouteTable...).Nodes)
		}
	}
}

// at is the route table of a subnet: its own, else the network's main one, which may be AWS's with no way out.
func (r *routing) at(subnet *policy.Node) *table {
	if own := r.bySubnet[subnet]; own != nil {
		return own
	}
	if main := r.byNetwork[subnet.Get("vpcId").Ref(network).Node()]; main != nil {
		return main
	}
	return &table{unsure: r.loose}
}

// out is where the default route of a subnet leads.
func (r *routing) out(subnet *policy.Node, v6 bool) (way, defaultRoute) {
	t := r.at(subnet)
	for _, each := range t.defaults {
		if each.v6 == v6 {
			return each.way, each
		}
	}
	if len(t.unsure) > 0 || len(r.loose) > 0 {
		return unclear, defaultRoute{}
	}
	return nowhere, defaultRoute{}
}

// public says that a subnet has a route to an internet gateway; sure is false when that is not known.
func (r *routing) public(subnet *policy.Node) (yes, sure bool) {
	for _, v6 := range []bool{false, true} {
		to, _ := r.out(subnet, v6)
		if to == internet {
			return true, true
		}
		if to == unclear {
			return false, false
		}
	}
	return false, true
}
