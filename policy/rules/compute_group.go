package rules

import (
	"strconv"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	group            = "aws:autoscaling/group:Group"
	groupAttachment  = "aws:autoscaling/attachment:Attachment"
	groupTrafficLink = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"
)

// What Auto Scaling takes when nothing is said.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
var _ = policy.Default(group, map[string]any{"healthCheckType": "EC2"})

// groupRules are about Auto Scaling groups.
func groupRules() []*policy.Rule {
	return []*policy.Rule{
		groupTemplate(), groupMultiZone(), groupHealthCheck(), groupWarmUp(), groupRebalance(), groupProcesses(), groupTags(),
	}
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// zoneSetting is how many zones something stands in at least.
func zoneSetting(minimum any) policy.Setting {
	return policy.Setting{Name: "zones", Kind: policy.KindNumber, Default: minimum, Help: "the zones wanted", Bounded: true, Minimum: 1, Maximum: 6}
}

func groupTemplate() *policy.Rule {
	return &policy.Rule{
		ID: "asg-launch-template-not-config", Title: "Groups start servers from a launch template", Severity: policy.Medium,
		Types:   []string{group},
		Anchors: "fsbp:AutoScaling.9 ckv:315",
		Why:     "launch configurations get no new instance types and features, and cannot be made in new accounts",
		Fix:     "replace launchConfiguration by launchTemplate",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("launchConfiguration"), "a launch template", policy.Value.Empty)
		},
		Proof: policy.Proof{
			Good:  `resources: {web: {type: "aws:autoscaling/group:Group", properties: {launchTemplate: {id: lt-1}, launchConfiguration: ""}}}`,
			Bad:   []string{"web.launchConfiguration=old"},
			Guard: "web.launchConfiguration", Absent: policy.Pass,
		},
	}
}

func groupMultiZone() *policy.Rule {
	return &policy.Rule{
		ID: "asg-multi-az", Title: "Groups stand in several zones", Severity: policy.High,
		Types:    []string{group},
		Anchors:  "fsbp:AutoScaling.2 config:AUTOSCALING_MULTIPLE_AZ nist:SC-36",
		Why:      "with one zone the loss of that zone is the loss of the service",
		Fix:      "add subnets of other zones to vpcZoneIdentifiers",
		Sources:  []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html"},
		Settings: []policy.Setting{zoneSetting(2)},
		Check: func(c *policy.Case) {
			requireZones(c, groupZones(c.Node), "vpcZoneIdentifiers", "add a subnet of another zone to vpcZoneIdentifiers")
		},
		Proof: policy.Proof{
			Good: `
resources:
  a: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  b: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1b}}
  web: {type: "aws:autoscaling/group:Group", properties: {vpcZoneIdentifiers: ["${a.id}", "${b.id}"]}}
  old: {type: "aws:autoscaling/group:Group", properties: {availabilityZones: [eu-central-1a, eu-central-1b]}}
`,
			Bad: []string{
				`web.vpcZoneIdentifiers=["${a.id}"]`, "b.availabilityZone=eu-central-1a", "old.availabilityZones=[eu-central-1a]", "old.availabilityZones!",
			},
			Guard: "b.availabilityZone", Absent: policy.Unknown,
			FixtureOnly: "the subnets of a real stack have three zones, of which an edit can take one",
		},
	}
}

// targetGroupsOf are the target groups that get a group's servers, and whether any other resource adds to them.
func targetGroupsOf(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &attachedKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		attached := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(group) {
			found, _ := n.Get("targetGroupArns").Refs(targetGroups...)
			attached[n] = append(attached[n], found...)
			sources := n.Get("trafficSources")
			for _, source := range sources.List() {
				attached[n] = append(attached[n], source.Get("identifier").Ref(targetGroups...).Nodes...)
			}
			if sources.Unknown() {
				attached[n] = append(attached[n], sources.Ref(targetGroups...).Nodes...)
			}
		}
		for _, n := range g.ByType(groupAttachment, groupTrafficLink) {
			to := n.Get("autoscalingGroupName").Ref(group).Nodes
			from := n.Get("lbTargetGroupArn")
			if n.Type == groupTrafficLink {
				from = n.Get("trafficSource.identifier")
			}
			for _, at := range to {
				attached[at] = append(attached[at], from.Ref(targetGroups...).Nodes...)
			}
		}
		return attached
	})
}

var attachedKey int

// balanced says that a load balancer sends requests to the group.
func balanced(n *policy.Node) bool {
	for _, path := range []string{"targetGroupArns", "trafficSources", "loadBalancers"} {
		if !n.Get(path).Empty() {
			return true
		}
	}
	return len(targetGroupsOf(n.Graph())[n]) > 0
}

func groupHealthCheck() *policy.Rule {
	return &policy.Rule{
		ID: "asg-elb-health-check", Title: "Groups replace servers that the load balancer finds unhealthy", Severity: policy.High,
		Types:   []string{group},
		Anchors: "nag:AS2 fsbp:AutoScaling.1 ckv2:15 config:AUTOSCALING_GROUP_ELB_HEALTHCHECK_REQUIRED guard:AUTOSCALING_GROUP_ELB_HEALTHCHECK_REQUIRED",
		Why:     "a server that runs and does not answer stays in the group: the load balancer takes it out and nothing puts another in",
		Fix:     "set healthCheckType to ELB",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html"},
		Check: func(c *policy.Case) {
			if !balanced(c.Node) {
				c.Skip("no load balancer sends requests to the group")
				return
			}
			c.Require(c.Get("healthCheckType"), "ELB", func(v policy.Value) bool {
				return strings.Contains(v.Text(), "ELB") || strings.Contains(v.Text(), "VPC_LATTICE")
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  target: {type: "aws:lb/targetGroup:TargetGroup"}
  web: {type: "aws:autoscaling/group:Group", properties: {targetGroupArns: ["${target.arn}"], healthCheckType: ELB}}
`,
			Bad: []string{
				"web.healthCheckType=EC2", "web.healthCheckType!",
				`web.healthCheckType! ; web.targetGroupArns! ; +link={type: "aws:autoscaling/attachment:Attachment", properties: {autoscalingGroupName: "${web.name}", lbTargetGroupArn: "${target.arn}"}}`,
			},
			Guard: "web.healthCheckType", Absent: policy.Violation, Exempt: "web.targetGroupArns!",
		},
	}
}

func groupWarmUp() *policy.Rule {
	return &policy.Rule{
		ID: "asg-cooldown-or-warmup", Title: "Groups know how long a new server takes", Severity: policy.Low, Advisory: true,
		Types:   []string{group},
		Anchors: "nag:AS1",
		Why:     "without a warm-up time the metrics of servers that still start count at once, and scaling overshoots or gives up early",
		Fix:     "set defaultInstanceWarmup to the seconds from start to the first useful request",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("defaultInstanceWarmup"), "a number of seconds", func(v policy.Value) bool { return v.IsNumber() && v.Number() >= 0 })
		},
		Proof: policy.Proof{
			Good:  `resources: {web: {type: "aws:autoscaling/group:Group", properties: {defaultInstanceWarmup: 60}}}`,
			Bad:   []string{"web.defaultInstanceWarmup!", "web.defaultInstanceWarmup=-1"},
			Guard: "web.defaultInstanceWarmup", Absent: policy.Violation,
		},
	}
}

func groupRebalance() *policy.Rule {
	return &policy.Rule{
		ID: "asg-capacity-rebalance", Title: "Groups with Spot Instances replace them before they are taken back", Severity: policy.Low, Advisory: true,
		Types:   []string{group},
		Anchors: "config:AUTOSCALING_CAPACITY_REBALANCING",
		Why:     "Spot Instances go with two minutes' notice; the rebalance signal often comes earlier",
		Fix:     "set capacityRebalance to true",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html"},
		Check: func(c *policy.Case) {
			share := c.Get("mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity")
			if share.Absent() || share.Known() && share.Number() >= 100 {
				c.Skip("the group has no Spot Instances")
				return
			}
			c.True("capacityRebalance")
		},
		Proof: policy.Proof{
			Good: `
resources:
  web:
    type: aws:autoscaling/group:Group
    properties: {capacityRebalance: true, mixedInstancesPolicy: {instancesDistribution: {onDemandPercentageAboveBaseCapacity: 50}}}
`,
			Bad:   []string{"web.capacityRebalance=false"},
			Guard: "web.capacityRebalance", Absent: policy.Violation, Exempt: "web.mixedInstancesPolicy!",
			FixtureOnly: "the real environments have no Spot Instances",
		},
	}
}

func groupProcesses() *policy.Rule {
	return &policy.Rule{
		ID: "asg-no-suspended-processes", Title: "Groups have all their processes running", Severity: policy.Low, Advisory: true,
		Types:   []string{group},
		Why:     "a process that was suspended during an incident and never resumed is a group that no longer heals or scales",
		Fix:     "remove suspendedProcesses",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("suspendedProcesses"), "none", policy.Value.Empty)
		},
		Proof: policy.Proof{
			Good:  `resources: {web: {type: "aws:autoscaling/group:Group", properties: {suspendedProcesses: []}}}`,
			Bad:   []string{"web.suspendedProcesses=[ReplaceUnhealthy]"},
			Guard: "web.suspendedProcesses", Absent: policy.Pass,
		},
	}
}

func groupTags() *policy.Rule {
	return &policy.Rule{
		ID: "asg-tags-propagate", Title: "Tags of a group reach its servers", Severity: policy.Low, Advisory: true,
		Types:   []string{group},
		Anchors: "ckv:153",
		Why:     "servers without tags have no owner and no cost centre in bills and inventories",
		Fix:     "set propagateAtLaunch to true, or tag the servers in the launch template's tagSpecifications",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"},
		Check: func(c *policy.Case) {
			tags := c.Get("tags")
			if tags.Unknown() {
				c.Unclear(tags)
			}
			tagged := taggedByTemplate(c.Node)
			for _, tag := range tags.List() {
				if !tagged[tag.Get("key").Text()] {
					c.Require(tag.Get("propagateAtLaunch"), "true", policy.Value.True)
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  web: {type: "aws:autoscaling/group:Group", properties: {tags: [{key: owner, value: platform, propagateAtLaunch: true}]}}
`,
			Bad:   []string{"web.tags[0].propagateAtLaunch=false", "web.tags[0]={key: holdfast-proof, value: a, propagateAtLaunch: false}"},
			Guard: "web.tags[0].propagateAtLaunch", Absent: policy.Violation,
		},
	}
}

// taggedByTemplate are the tags that the launch template of a group gives to servers itself.
func taggedByTemplate(n *policy.Node) map[string]bool {
	tagged := map[string]bool{}
	for _, template := range n.Get("launchTemplate.id").Ref(launchTemplate).Nodes {
		for _, specification := range template.Get("tagSpecifications").List() {
			if specification.Get("resourceType").Is("instance") {
				for _, key := range specification.Get("tags").Keys() {
					tagged[key] = true
				}
			}
		}
	}
	return tagged
}
