package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// quota is how many of some resources AWS lets an account have, unless it was asked for more.
type quota struct {
	name  string
	types []string
	// within is the property that names what the quota is for each of; empty for a region, "account" for all regions.
	within  string
	allowed float64
	page    string
}

const (
	vpcQuotas = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
	elbQuotas = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"
	rdsQuotas = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"
	iamQuotas = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	asgQuotas = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html"
)

// quotas are AWS's defaults.
var quotas = []quota{
	{"VPCs", []string{network}, "", 5, vpcQuotas},
	{"internet gateways", []string{"aws:ec2/internetGateway:InternetGateway"}, "", 5, vpcQuotas},
	{"Elastic IP addresses", []string{elasticIP}, "", 5, vpcQuotas},
	{"subnets of a VPC", []string{subnet}, "vpcId", 200, vpcQuotas},
	{"route tables of a VPC", []string{routeTable}, "vpcId", 200, vpcQuotas},
	{"network ACLs of a VPC", []string{"aws:ec2/networkAcl:NetworkAcl"}, "vpcId", 200, vpcQuotas},
	{"security groups", []string{securityGroup}, "", 2500, vpcQuotas},
	{"Application Load Balancers", []string{"aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"}, "", 50, elbQuotas},
	{"listeners of a load balancer", []string{"aws:lb/listener:Listener", "aws:alb/listener:Listener"}, "loadBalancerArn", 50, elbQuotas},
	{"target groups", []string{"aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup"}, "", 3000, elbQuotas},
	{"database instances", []string{dbInstance, dbClusterInstance}, "", 40, rdsQuotas},
	{"database clusters", []string{dbCluster}, "", 40, rdsQuotas},
	{"Auto Scaling groups", []string{group}, "", 500, asgQuotas},
	{"scaling policies of a group", []string{scalingPolicyType}, "autoscalingGroupName", 50, asgQuotas},
	{"roles", []string{iamRole}, "account", 1000, iamQuotas},
	{"instance profiles", []string{"aws:iam/instanceProfile:InstanceProfile"}, "account", 1000, iamQuotas},
	{"customer managed policies", []string{iamPolicy}, "account", 1500, iamQuotas},
	{"targets of an event rule", []string{eventTarget}, "rule", 5, "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"},
}

// lambdaConcurrency is a quota of a sum: what functions reserve, of which AWS keeps 100 for those that reserve nothing.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
const lambdaConcurrency, lambdaUnreserved = "reserved Lambda concurrency", 100

func quotaHeadroom() *policy.Rule {
	return &policy.Rule{
		ID: "quota-headroom", Title: "The stack alone takes no more than a part of any quota", Severity: policy.Low, Advisory: true,
		Anchors: "nist:SC-5,CP-2",
		Why:     "the resource over the quota is refused in the middle of an update, or of a recovery in which everything is made twice",
		Fix:     "ask for a higher quota and write it into the setting quotas, or make fewer",
		Sources: []string{"https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html", vpcQuotas, elbQuotas, rdsQuotas, iamQuotas, asgQuotas},
		Settings: []policy.Setting{
			{Name: "percent", Kind: policy.KindNumber, Default: 80, Bounded: true, Minimum: 1, Maximum: 100, Help: "how much of a quota may be used, in percent"},
			{Name: "quotas", Kind: policy.KindObject, Default: map[string]any{}, Help: "quotas of the account that differ from AWS's defaults, by the name in the message: {\"Elastic IP addresses\": 20}"},
		},
		Check: checkQuotas,
		Proof: policy.Proof{
			Good: `
policy: {quota-headroom: {quotas: {"Elastic IP addresses": 5, "targets of an event rule": 5}}}
resources:
  a: {type: "aws:ec2/eip:Eip", properties: {domain: vpc}}
  b: {type: "aws:ec2/eip:Eip", properties: {domain: vpc}}
  c: {type: "aws:ec2/eip:Eip", properties: {domain: vpc}}
  d: {type: "aws:ec2/eip:Eip", properties: {domain: vpc}}
  one: {type: "aws:cloudwatch/eventTarget:EventTarget", properties: {rule: first}}
  two: {type: "aws:cloudwatch/eventTarget:EventTarget", properties: {rule: second}}
  fn: {type: "aws:lambda/function:Function", properties: {reservedConcurrentExecutions: 720}}
`,
			Bad: []string{
				`+e={type: "aws:ec2/eip:Eip", properties: {domain: vpc}}`, `@policy.quota-headroom.quotas={"Elastic IP addresses": 4}`,
				"@policy.quota-headroom.percent=79", "fn.reservedConcurrentExecutions=721",
				`@policy.quota-headroom.quotas={"targets of an event rule": 1}`,
			},
			Guard: "fn.reservedConcurrentExecutions", Absent: policy.Pass,
			FixtureOnly: "the edits are of the policy configuration, or add resources", Also: []string{"eip-attached"},
		},
	}
}

func checkQuotas(c *policy.Case) {
	percent, _ := c.Number("percent")
	own, _ := c.Setting("quotas").(map[string]any)
	limit := func(name string, allowed float64) float64 {
		if given, ok := own[name].(float64); ok {
			return given
		}
		return allowed
	}
	for _, q := range quotas {
		counts, examples := map[string]float64{}, map[string]*policy.Node{}
		for n := range c.Each(q.types...) {
			if q.name == "Application Load Balancers" && n.Get("loadBalancerType").In("network", "gateway") {
				continue
			}
			place := q.placeOf(n)
			counts[place]++
			examples[place] = n
		}
		judgeQuota(c, q.name, counts, examples, limit(q.name, q.allowed), percent, q.page)
	}
	checkConcurrency(c, limit(lambdaConcurrency, 1000)-lambdaUnreserved, percent)
}

// placeOf is what the quota is for: an account, a region of it, or another resource.
func (q quota) placeOf(n *policy.Node) string {
	switch q.within {
	case "account":
		return "account " + n.Account()
	case "":
		return "region " + n.Region()
	}
	v := n.Get(q.within)
	if found := v.Ref().Nodes; len(found) > 0 {
		return found[0].String()
	}
	return v.Text()
}

func judgeQuota(c *policy.Case, name string, counts map[string]float64, examples map[string]*policy.Node, allowed, percent float64, page string) {
	places := make([]string, 0, len(counts))
	for place := range counts {
		places = append(places, place)
	}
	slices.Sort(places)
	for _, place := range places {
		most := math.Floor(allowed * percent / 100)
		if counts[place] <= most {
			continue
		}
		c.At(examples[place]).Broken("", fmt.Sprintf("%s: %v in %s, of a quota of %v", name, counts[place], strings.TrimSpace(place), allowed),
			fmt.Sprintf("at most %v, %v %% of the quota", most, percent), policy.Because("the quota is on %s", page))
	}
}

func checkConcurrency(c *policy.Case, allowed, percent float64) {
	counts, examples := map[string]float64{}, map[string]*policy.Node{}
	for n := range c.Each(lambdaFunction) {
		reserved := n.Get("reservedConcurrentExecutions")
		if reserved.Unknown() {
			c.At(n).Unclear(reserved)
		}
		place := "region " + n.Region()
		counts[place] += max(0, reserved.Number()) // -1 reserves nothing.
		examples[place] = n
	}
	judgeQuota(c, lambdaConcurrency, counts, examples, allowed, percent, "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html")
}
