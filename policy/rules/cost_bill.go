package rules

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// cost is an amount in USD per month: at the smallest sizes, as planned, and at the largest that scaling may reach.
type cost struct{ low, expected, high float64 }

func (a cost) plus(b cost) cost { return cost{a.low + b.low, a.expected + b.expected, a.high + b.high} }

func (a cost) times(least, planned, most float64) cost {
	return cost{a.low * least, a.expected * planned, a.high * most}
}

func exactly(usd float64) cost { return cost{usd, usd, usd} }

// bill is what a stack costs.
type bill struct {
	total cost
	lines []billLine
	// unpriced are the types for which the table has nothing, with their number.
	unpriced map[string]int
	unknown  []policy.Value
}

type billLine struct {
	node *policy.Node
	cost cost
}

// pricing prices one stack.
type pricing struct {
	graph *policy.Graph
	// given are prices per month of single resources by type, for what the table lacks.
	given map[string]any
	bill  *bill
}

func (p *pricing) price() {
	for _, n := range p.graph.Nodes() {
		short := shortType(n.Type)
		if n.IsComponent() || n.IsProvider() || strings.HasPrefix(n.Type, "pulumi:") || slices.Contains(freeTypes, short) {
			continue
		}
		if usd, ok := p.given[n.Type].(float64); ok {
			p.add(n, exactly(usd))
			continue
		}
		if price := pricers[short]; price == nil || !price(p, n) {
			p.bill.unpriced[short]++
		}
	}
}

func (p *pricing) add(n *policy.Node, c cost) bool {
	p.bill.total = p.bill.total.plus(c)
	p.bill.lines = append(p.bill.lines, billLine{n, c})
	return true
}

// read is a number, or false where it is none; what is not known yet is remembered.
func (p *pricing) read(v policy.Value, standard float64) (float64, bool) {
	switch {
	case v.Unknown():
		p.bill.unknown = append(p.bill.unknown, v)
		return 0, false
	case v.Absent():
		return standard, true
	}
	return v.Number(), v.IsNumber()
}

// shortType is the module and the name of a type: ec2/natGateway.
func shortType(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) == 3 && parts[0] == "aws" {
		return parts[1]
	}
	return token
}

// pricers price a resource and say whether they could.
var pricers = pricerTable()

func pricerTable() map[string]func(*pricing, *policy.Node) bool {
	hourly := func(name string) func(*pricing, *policy.Node) bool {
		return func(p *pricing, n *policy.Node) bool {
			usd, ok := priceOf(name, n.Region())
			return ok && p.add(n, exactly(usd*hoursPerMonth))
		}
	}
	monthly := func(usd float64) func(*pricing, *policy.Node) bool {
		return func(p *pricing, n *policy.Node) bool { return p.add(n, exactly(usd)) }
	}
	return map[string]func(*pricing, *policy.Node) bool{
		"ec2/natGateway": hourly("nat"), "ec2/eip": hourly("address"), "ec2/vpcEndpoint": priceEndpoint,
		"lb/loadBalancer": priceBalancer, "alb/loadBalancer": priceBalancer,
		"cloudwatch/metricAlarm": priceAlarm, "cloudwatch/compositeAlarm": monthly(0.50), "cloudwatch/dashboard": monthly(3), "kms/key": monthly(1),
		"route53/zone": monthly(0.50), "secretsmanager/secret": monthly(0.40),
		"ec2/instance": priceInstance, "autoscaling/group": priceGroup, "ebs/volume": priceVolume, "kinesis/stream": priceStream,
	}
}

// priceEndpoint prices an interface endpoint in each of its subnets; those of gateways are free.
func priceEndpoint(p *pricing, n *policy.Node) bool {
	kind := n.Get("vpcEndpointType")
	if kind.Empty() || kind.Is("Gateway") {
		return p.add(n, cost{})
	}
	subnets := n.Get("subnetIds")
	if subnets.Unknown() {
		p.bill.unknown = append(p.bill.unknown, subnets)
		return true
	}
	usd, ok := priceOf("endpoint", n.Region())
	return ok && kind.Is("Interface") && p.add(n, exactly(usd*hoursPerMonth*float64(subnets.Len())))
}

// priceBalancer prices the hours, and from none to ten of the units that traffic is counted in.
func priceBalancer(p *pricing, n *policy.Node) bool {
	hour, ok := priceOf("balancer", n.Region())
	unit, okUnit := priceOf("unit", n.Region())
	const few, many = 1, 10
	return ok && okUnit && p.add(n, cost{hour * hoursPerMonth, (hour + few*unit) * hoursPerMonth, (hour + many*unit) * hoursPerMonth})
}

// priceAlarm counts the metrics that an alarm reads: each is charged. Below a minute they cost three times as much.
func priceAlarm(p *pricing, n *policy.Node) bool {
	usd := 0.10
	if v := n.Get("period"); v.IsNumber() && v.Number() < 60 {
		usd = 0.30
	}
	metrics := 0
	for _, query := range n.Get("metricQueries").Items() {
		if !query.Get("metric").Empty() {
			metrics++
		}
	}
	return p.add(n, exactly(usd*float64(max(1, metrics))))
}

// priceInstance prices an instance that runs all month.
func priceInstance(p *pricing, n *policy.Node) bool {
	each, ok := p.instanceHour(n.Get("instanceType"), n.Region())
	return ok && p.add(n, each.times(hoursPerMonth, hoursPerMonth, hoursPerMonth))
}

// instanceHour is an instance's price; the interval is that of the region's factor.
func (p *pricing) instanceHour(v policy.Value, region string) (cost, bool) {
	if v.Unknown() {
		p.bill.unknown = append(p.bill.unknown, v)
		return cost{}, true
	}
	usd, ok := instancePrice(v.Text())
	factor, known := regionFactors[region]
	return exactly(usd).times(factor.low, factor.expected, factor.high), ok && known
}

// priceGroup prices an Auto Scaling group from its minimum to its maximum, with the volumes of its template.
func priceGroup(p *pricing, n *policy.Node) bool {
	least, ok := p.read(n.Get("minSize"), 0)
	most, okMost := p.read(n.Get("maxSize"), 0)
	planned, okPlanned := p.read(n.Get("desiredCapacity"), least)
	if !ok || !okMost || !okPlanned {
		return len(p.bill.unknown) > 0
	}
	template := n.Get("launchTemplate.id").Ref(launchTemplate).Node()
	if template == nil {
		template = n.Get("launchTemplate.name").Ref(launchTemplate).Node()
	}
	if template == nil || !n.Get("mixedInstancesPolicy").Empty() {
		return false // Which of several types will run nobody can tell.
	}
	each, ok := p.instanceHour(template.Get("instanceType"), n.Region())
	each = each.times(hoursPerMonth, hoursPerMonth, hoursPerMonth)
	for _, mapping := range template.Get("blockDeviceMappings").Items() {
		size, _ := p.read(mapping.Get("ebs.volumeSize"), 0)
		usd, known := priceOf("gp3", n.Region())
		ok = ok && known
		each = each.plus(exactly(usd * size))
	}
	return ok && p.add(n, each.times(least, max(least, planned), most))
}

func priceVolume(p *pricing, n *policy.Node) bool {
	size, ok := p.read(n.Get("size"), 0)
	usd, known := priceOf("gp3", n.Region())
	return ok && known && n.Get("type").Is("gp3") && p.add(n, exactly(usd*size))
}

// priceStream prices the shards of a stream; one that scales by itself is charged by use.
func priceStream(p *pricing, n *policy.Node) bool {
	shards, ok := p.read(n.Get("shardCount"), 0)
	usd, known := priceOf("shard", n.Region())
	return ok && known && shards > 0 && p.add(n, exactly(usd*hoursPerMonth*shards))
}

// dearest are the largest lines of a bill, for a message.
func (b *bill) dearest() string {
	lines := slices.Clone(b.lines)
	slices.SortStableFunc(lines, func(x, y billLine) int { return int(math.Copysign(1, y.cost.expected-x.cost.expected)) })
	const shown = 3
	var parts []string
	for _, line := range lines[:min(shown, len(lines))] {
		parts = append(parts, fmt.Sprintf("%s %.0f", line.node.String(), line.cost.expected))
	}
	return strings.Join(parts, ", ")
}

func (b *bill) missing() string {
	var parts []string
	for _, t := range slices.Sorted(maps.Keys(b.unpriced)) {
		parts = append(parts, fmt.Sprintf("%d × %s", b.unpriced[t], t))
	}
	return strings.Join(parts, ", ")
}
