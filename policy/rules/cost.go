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
