package rules

import (
	"fmt"

	"github.com/seed-11444627/holdfast/policy"
)

// functionOperationRules are about what a function needs around it.
func functionOperationRules() []*policy.Rule {
	return []*policy.Rule{
		{
			ID: "lambda-vpc-multi-az", Title: "Functions in a network run in two zones", Severity: policy.Medium, ProdOnly: true,
			Types: []string{lambdaFunction}, Anchors: "fsbp:Lambda.5 config:lambda-vpc-multi-az-check",
			Why:     "when the only zone that a function can reach its network from fails, every invocation fails",
			Fix:     "add a subnet of another zone to vpcConfig.subnetIds",
			Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html", "https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html"},
			Check:   checkFunctionZones,
			Proof: policy.Proof{
				Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1b}}
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich, vpcConfig: {subnetIds: ["${a.id}", "${b.id}"]}}}
`,
				Bad:   []string{"b.availabilityZone=eu-central-1a", `fn.vpcConfig.subnetIds=["${a.id}"]`},
				Guard: "b.availabilityZone", Absent: policy.Unknown, Exempt: "fn.vpcConfig!",
				FixtureOnly: "the product has no functions yet",
			},
		},
		{
			ID: "lambda-log-retention", Title: "Functions log to a group that ends", Severity: policy.Medium,
			Types: []string{lambdaFunction}, Anchors: "nagv:CloudWatchLogGroupRetentionPeriod sr:WS1004",
			Why: "Lambda makes the group itself when nobody else does: it keeps everything for ever, without a key of yours and without tags, " +
				"and the program cannot change it any more",
			Fix:     "declare a log group named /aws/lambda/ and the function's name, with retentionInDays, and set loggingConfig.logGroup to it",
			Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"},
			Check:   checkFunctionLogs,
			Proof: policy.Proof{
				Good: `
resources:
  log: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: /aws/lambda/enrich, retentionInDays: 7}}
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich}}
`,
				Bad:   []string{"log.retentionInDays=0", "log.retentionInDays!", "log!", "fn.loggingConfig={logGroup: elsewhere}"},
				Guard: "log.retentionInDays", Absent: policy.Violation,
				Also:        []string{"log-retention"},
				FixtureOnly: "the product has no functions yet",
			},
		},
	}
}

func checkFunctionZones(c *policy.Case) {
	subnets := c.Get("vpcConfig.subnetIds")
	if subnets.Empty() {
		c.Skip("it runs outside of your networks")
		return
	}
	z := zonesOf(subnets)
	few := subnets.IsList() && subnets.Len() < 2 // The program computes the whole property from more subnets than the list has.
	if len(z.names) >= 2 && !few {
		return
	}
	if !few && !z.complete() {
		c.UnclearBecause(subnets.Path(), "the zones of the subnets are not known")
		return
	}
	c.Broken(subnets.Path(), fmt.Sprintf("%d subnets, %d zones", subnets.Len(), len(z.names)), "subnets in at least 2 zones")
}

var functionLogsKey byte

// logGroupsOfFunctions are the log groups whose name is computed from a function, for previews.
func logGroupsOfFunctions(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &functionLogsKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		groups := map[*policy.Node]*policy.Node{}
		for _, group := range g.ByType(logGroupType) {
			for _, behind := range group.Behind("name") {
				if behind.Type == lambdaFunction {
					groups[behind] = group
				}
			}
		}
		return groups
	})
}

// functionLogGroup is the group that a function logs to, or nil with the value that would say which.
func functionLogGroup(fn *policy.Node) (*policy.Node, policy.Value) {
	if own := fn.Get("loggingConfig.logGroup"); !own.Absent() {
		return own.Ref(logGroupType).Node(), own
	}
	name := fn.Get("name")
	if !name.Known() {
		return logGroupsOfFunctions(fn.Graph())[fn], name
	}
	for _, group := range fn.Graph().Named("/aws/lambda/"+name.Text(), logGroupType) {
		return group, name
	}
	return nil, name
}

func checkFunctionLogs(c *policy.Case) {
	group, from := functionLogGroup(c.Node)
	if group == nil && !from.Known() {
		c.UnclearBecause("loggingConfig.logGroup", "the function's name is not known yet")
		return
	}
	if group == nil {
		c.Broken("loggingConfig.logGroup", "no log group of this stack", "a log group that the program declares")
		return
	}
	retention := group.Get("retentionInDays")
	if retention.Unknown() {
		c.Unclear(retention)
		return
	}
	if retention.Number() == 0 {
		c.Broken("loggingConfig.logGroup", "the group keeps everything for ever", "a group with retentionInDays",
			policy.Saw(group, retention.Path(), "retentionInDays is "+retention.Show()))
	}
}
