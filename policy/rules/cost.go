package rules

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// costRules are about what a stack costs against its ceiling.
func costRules() []*policy.Rule { return []*policy.Rule{costCeiling(), fleetCharge(), sizeCeiling()} }

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

func ceilingSetting(help string) policy.Setting {
	return policy.Setting{Name: "ceilings", Kind: policy.KindObject, Default: map[string]any{}, Help: help}
}

// ceilingOf is the environment's ceiling, or false where there is none.
func ceilingOf(c *policy.Case) (float64, bool) {
	ceiling, ok := c.Number("ceilings")
	if !ok {
		c.Skip("no ceiling is configured for this environment")
	}
	return ceiling, ok
}

func costCeiling() *policy.Rule {
	return &policy.Rule{
		ID: "cost-ceiling", Title: "The stack's price stays under the environment's ceiling", Severity: policy.Medium, Advisory: true,
		Why: "the bill comes a month later; the prices are list prices of January and November 2026, for instances taken from a published copy of AWS's price list and, outside us-east-1, " +
			"scaled by a factor, so that they advise and stop nothing",
		Fix: "take the largest line first: fewer or smaller servers, fewer NAT gateways, or a higher ceiling that somebody signs",
		Sources: []string{
			"https://aws.amazon.com/ec2/pricing/on-demand/", "https://aws.amazon.com/vpc/pricing/", "https://aws.amazon.com/privatelink/pricing/",
			"https://aws.amazon.com/elasticloadbalancing/pricing/", "https://aws.amazon.com/cloudwatch/pricing/", "https://aws.amazon.com/kms/pricing/",
			"https://github.com/aws/karpenter-provider-aws/blob/main/pkg/providers/pricing/zz_generated.pricing_aws.go",
		},
		Settings: []policy.Setting{
			ceilingSetting(`the ceiling of each environment in USD per month: {"dev": 400, "prod": 3000}; an environment without one is not judged`),
			{Name: "monthly", Kind: policy.KindObject, Default: map[string]any{}, Help: `prices of single resources in USD per month, by type, ` +
				`for what the table lacks or what is charged by use: {"aws:rds/instance:Instance": 180}`},
		},
		Check: func(c *policy.Case) {
			ceiling, ok := ceilingOf(c)
			if !ok {
				return
			}
			given, _ := c.Setting("monthly").(map[string]any)
			p := &pricing{graph: c.Graph(), given: given, bill: &bill{unpriced: map[string]int{}}}
			p.price()
			b := p.bill
			text := fmt.Sprintf("%.0f USD per month expected, %.0f at the least and %.0f at the most (largest: %s)", b.total.expected, b.total.low, b.total.high, b.dearest())
			if len(b.unpriced) > 0 {
				text += "; not priced: " + b.missing()
			}
			switch {
			case b.total.expected > ceiling:
				c.Broken("", text, fmt.Sprintf("at most %.0f USD per month", ceiling))
			case len(b.unknown) > 0:
				c.Unclear(b.unknown...)
			case len(b.unpriced) > 0:
				c.UnclearBecause("", text)
			case b.total.high > ceiling:
				c.Broken("", text, fmt.Sprintf("at most %.0f USD per month at the most", ceiling), policy.Because("it is under its ceiling until it scales out"))
			}
		},
		Proof: policy.Proof{
			Good: `
policy:
  cost-ceiling: {ceilings: {prod: 700}, monthly: {"aws:rds/instance:Instance": 100}}
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {instanceType: c7i.large, blockDeviceMappings: [{ebs: {volumeSize: 8}}]}}
  group: {type: "aws:autoscaling/group:Group", properties: {minSize: 2, maxSize: 4, launchTemplate: {id: "${launch.id}"}}}
  lb: {type: "aws:lb/loadBalancer:LoadBalancer"}
  nat: {type: "aws:ec2/natGateway:NatGateway"}
  ssm: {type: "aws:ec2/vpcEndpoint:VpcEndpoint", properties: {vpcEndpointType: Interface, subnetIds: [a, b]}}
  db: {type: "aws:rds/instance:Instance"}
`,
			Bad: []string{
				"group.minSize=12", "launch.instanceType=c7i.8xlarge", "group.maxSize=40", "ssm.subnetIds=[" + strings.Repeat("a, ", 42) + "b]",
				"group.desiredCapacity=20",
			},
			Guard: "launch.instanceType", Absent: policy.Unknown,
			Also:        []string{"size-ceiling", "subnet-fits-asg-max"},
			FixtureOnly: "the environments have no ceiling for the whole stack: most of it is charged by use",
		},
	}
}

func fleetCharge() *policy.Rule {
	return &policy.Rule{
		ID: "fleet-charge-ceiling", Title: "What the servers of a fleet are charged stays under the environment's ceiling", Severity: policy.Medium, Types: []string{hashFleet},
		Why:     "each started 15 minutes of a server cost 8 USD: one server more is 23,360 USD a month",
		Fix:     "lower the minimum of the fleet to what the peak needs, or raise the ceiling with somebody's signature",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-limits.html"},
		Settings: []policy.Setting{
			ceilingSetting(`the ceiling of each environment in USD per month at the fleet's minimum: {"prod": 180000}; an environment without one is not judged`),
			{Name: "usd", Kind: policy.KindNumber, Default: 8, Bounded: true, Minimum: 0, Maximum: 1e6, Help: "what one started period of a server costs, in USD"},
			{Name: "minutes", Kind: policy.KindNumber, Default: 15, Bounded: true, Minimum: 1, Maximum: 1440, Help: "how long a period is, in minutes"},
		},
		Check: func(c *policy.Case) {
			ceiling, ok := ceilingOf(c)
			if !ok {
				return
			}
			usd, _ := c.Number("usd")
			minutes, _ := c.Number("minutes")
			each := usd * startsPerMonth(minutes)
			least := c.Get("minimum")
			if least.Unknown() || least.Absent() {
				c.UnclearBecause("minimum", "the fleet does not say how many servers it keeps")
				return
			}
			if charge := each * least.Number(); !least.IsNumber() || charge > ceiling {
				c.Broken(least.Path(), fmt.Sprintf("%s servers cost %.0f USD per month, and %.0f at the maximum of %s", least.Show(), charge, each*c.Get("maximum").Number(), c.Get("maximum").Show()),
					fmt.Sprintf("at most %.0f USD per month", ceiling))
			}
		},
		Proof: policy.Proof{
			Good: `
policy:
  fleet-charge-ceiling: {ceilings: {prod: 180000}}
resources:
  fleet: {type: "holdfast:index:HashFleet", provider: none, properties: {minimum: 6, maximum: 10}}
`,
			Bad: []string{"fleet.minimum=60"}, Guard: "fleet.minimum", Absent: policy.Unknown,
			Also: []string{"az-loss-capacity", "size-ceiling"},
		},
	}
}

// startsPerMonth is how many periods of so many minutes are started in a month by a server that runs all along.
func startsPerMonth(minutes float64) float64 { return math.Ceil(hoursPerMonth * 60 / minutes) }

// sizePaths say where the type of a machine stands, by type.
var sizePaths = map[string]string{
	instance: "instanceType", launchTemplate: "instanceType", launchConfiguration: "instanceType", "aws:rds/instance:Instance": "instanceClass",
	"aws:rds/clusterInstance:ClusterInstance": "instanceClass", "aws:elasticache/replicationGroup:ReplicationGroup": "nodeType", "aws:elasticache/cluster:Cluster": "nodeType",
}

func sizeCeiling() *policy.Rule {
	types := slices.Concat(slices.Sorted(maps.Keys(sizePaths)), []string{group, "aws:kinesis/stream:Stream", natGateway})
	return &policy.Rule{
		ID: "size-ceiling", Title: "Machines, groups and streams stay within the sizes that are allowed", Severity: policy.Medium, Types: types,
		Why:     "a type that is mistyped or a maximum without thought is the most expensive error that one line can make",
		Fix:     "use a smaller size or a family of the list, or change the list with somebody's signature",
		Sources: []string{"https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html", "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-limits.html"},
		Settings: []policy.Setting{
			{Name: "families", Kind: policy.KindList, Help: "the families of machines, without the db. or cache. before them",
				Default: []any{"t3", "t3a", "t4g", "m6i", "m6g", "m7i", "m7g", "m8g", "c6i", "c6g", "c7i", "c7g", "c8g", "r6i", "r6g", "r7i", "r7g", "r8g"}},
			{Name: "largest", Kind: policy.KindNumber, Default: 4, Bounded: true, Minimum: 0.125, Maximum: 96, Help: "the largest size of a machine: 4 stands for 4xlarge, 0.5 for large"},
			{Name: "maxServers", Kind: policy.KindNumber, Default: 40, Bounded: true, Minimum: 1, Maximum: 10000, Help: "the largest maximum of an Auto Scaling group"},
			{Name: "maxShards", Kind: policy.KindNumber, Default: 200, Bounded: true, Minimum: 1, Maximum: 100000, Help: "the most shards of a stream"},
			{Name: "maxNatGateways", Kind: policy.KindNumber, Default: 3, Bounded: true, Minimum: 0, Maximum: 100, Help: "the most NAT gateways of a stack"},
		},
		Check: checkSize,
		Proof: policy.Proof{
			Good: `
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {instanceType: c7i.large}}
  group: {type: "aws:autoscaling/group:Group", properties: {minSize: 2, maxSize: 10}}
  clicks: {type: "aws:kinesis/stream:Stream", properties: {shardCount: 4}}
  db: {type: "aws:rds/instance:Instance", properties: {instanceClass: db.r6g.large}}
  one: {type: "aws:ec2/natGateway:NatGateway"}
  two: {type: "aws:ec2/natGateway:NatGateway"}
  three: {type: "aws:ec2/natGateway:NatGateway"}
`,
			Bad: []string{
				"launch.instanceType=p5.48xlarge", "launch.instanceType=c7i.24xlarge", "launch.instanceType=c7i.metal-24xl", "group.maxSize=400", "clicks.shardCount=2000",
				"db.instanceClass=db.x2g.large", "db.instanceClass=db.r6g.16xlarge", `+four={type: "aws:ec2/natGateway:NatGateway"}`,
			},
			Guard: "launch.instanceType", Absent: policy.Pass,
			Also: []string{"required-tags", "subnet-fits-asg-max", "ec2-ebs-optimized", "az-loss-capacity"},
		},
	}
}

var natCountKey byte

func checkSize(c *policy.Case) {
	limit := func(path, setting, what string) {
		most, _ := c.Number(setting)
		c.Require(c.Get(path), fmt.Sprintf("at most %v %s", most, what), func(v policy.Value) bool { return v.Absent() || v.IsNumber() && v.Number() <= most })
	}
	switch c.Type {
	case group:
		limit("maxSize", "maxServers", "servers")
		return
	case "aws:kinesis/stream:Stream":
		limit("shardCount", "maxShards", "shards")
		return
	case natGateway:
		most, _ := c.Number("maxNatGateways")
		count := policy.Memo(c.Graph(), &natCountKey, func(g *policy.Graph) int { return len(g.ByType(natGateway)) })
		if float64(count) > most {
			c.Broken("", fmt.Sprintf("one of %d NAT gateways", count), fmt.Sprintf("at most %v", most))
		}
		return
	}
	v := c.Get(sizePaths[c.Type])
	if v.Empty() {
		return
	}
	families := c.Texts("families")
	largest, _ := c.Number("largest")
	c.Require(v, fmt.Sprintf("a machine of %s, at most %vxlarge", strings.Join(families, ", "), largest), func(v policy.Value) bool {
		family, size := machine(v.Text())
		return slices.Contains(families, family) && size > 0 && size <= largest
	})
}

// machine is the family and the size of a type, the size in xlarge: db.r6g.large is r6g and 0.5. The size of a whole machine
// (metal) is 0: its name does not say it.
func machine(text string) (family string, size float64) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "db."), "cache.")
	family, name, _ := strings.Cut(text, ".")
	if known, ok := map[string]float64{"nano": 1.0 / 32, "micro": 1.0 / 16, "small": 1.0 / 8, "medium": 0.25, "large": 0.5, "xlarge": 1}[name]; ok {
		return family, known
	}
	var times float64
	if _, err := fmt.Sscanf(name, "%fxlarge", &times); err != nil || !strings.HasSuffix(name, "xlarge") {
		return family, 0
	}
	return family, times
}
