package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

func zonesShared() *policy.Rule {
	return &policy.Rule{
		ID: "elb-and-asg-share-zones", Title: "Load balancer and group stand in the same network and zones", Severity: policy.High,
		Types:   []string{group},
		Anchors: "nist:SC-36",
		Why:     "servers in a zone that the load balancer lacks get no requests: they are paid for, count as capacity, and carry nothing",
		Fix:     "give the load balancer a subnet in every zone of the group",
		Sources: []string{
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
			"https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html",
		},
		Check: func(c *policy.Case) {
			targets := targetGroupsOf(c.Graph())[c.Node]
			if len(targets) == 0 {
				c.Skip("no target group of the stack gets the servers")
				return
			}
			own := groupZones(c.Node)
			for _, target := range targets {
				judgeTarget(c, target, own)
				for _, sender := range sendersTo(target) {
					judgeSharing(c, sender, own)
				}
			}
			judgePrivate(c, own)
		},
		Proof: policy.Proof{
			Good: `
policy: {lb-internet-facing-declared: {internet-facing: [front]}}
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  gateway: {type: "aws:ec2/internetGateway:InternetGateway", properties: {vpcId: "${net.id}"}}
  table: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}", routes: [{cidrBlock: 0.0.0.0/0, gatewayId: "${gateway.id}"}]}}
  in-a: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${table.id}", subnetId: "${door-a.id}"}}
  in-b: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${table.id}", subnetId: "${door-b.id}"}}
  door-a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24, availabilityZone: eu-central-1a}}
  door-b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.2.0/24, availabilityZone: eu-central-1b}}
  app-a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.11.0/24, availabilityZone: eu-central-1a}}
  app-b: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.12.0/24, availabilityZone: eu-central-1b}}
  target: {type: "aws:lb/targetGroup:TargetGroup", properties: {port: 80, protocol: HTTP, targetType: instance, vpcId: "${net.id}"}}
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: false, subnets: ["${door-a.id}", "${door-b.id}"]}}
  listener:
    type: aws:lb/listener:Listener
    properties: {loadBalancerArn: "${front.arn}", port: 443, protocol: HTTPS, defaultActions: [{type: forward, targetGroupArn: "${target.arn}"}]}
  web: {type: "aws:autoscaling/group:Group", properties: {vpcZoneIdentifiers: ["${app-a.id}", "${app-b.id}"], targetGroupArns: ["${target.arn}"], maxSize: 4}}
`,
			Bad: []string{
				"target.targetType=ip", "target.vpcId=vpc-elsewhere", "app-b.availabilityZone=eu-central-1c", `front.subnets=["${door-a.id}"]`,
				`web.vpcZoneIdentifiers=["${door-a.id}", "${door-b.id}"]`, "in-b!", `front.subnets=["${app-a.id}", "${app-b.id}"]`, "table.routes=[]",
			},
			Guard: "app-b.availabilityZone", Absent: policy.Unknown, Exempt: "web.targetGroupArns!",
			Also: []string{
				"asg-multi-az", "lb-multi-az", "client-to-elb-reachability", "elb-to-instance-reachability", "tls-path", "instance-to-artifact-reachability",
				"az-loss-capacity", "alarm-coverage", "rto-budget", "single-point-of-failure",
			},
		},
	}
}

// judgeTarget wants a target group that takes servers, in the group's own network.
func judgeTarget(c *policy.Case, target *policy.Node, own *zones) {
	kind := target.Get("targetType")
	switch {
	case kind.Unknown():
		c.Unclear(kind)
	case !kind.Is("instance"):
		c.Broken("targetGroupArns", target.String()+" takes targets of type "+kind.Show(), "a target group of type instance",
			policy.Saw(target, "targetType", "type of the targets"), policy.Fix("set targetType of %s to instance", target))
	}
	there := networkName(target.Get("vpcId"))
	for _, at := range own.subnets {
		here := networkName(at.Get("vpcId"))
		if here == "" || there == "" {
			c.UnclearBecause("vpcZoneIdentifiers", "the network of "+target.String()+" or of "+at.String()+" is not known")
			return
		}
		if here != there {
			c.Broken("vpcZoneIdentifiers", at.Name+" is in another network than "+target.String(), "one network",
				policy.Saw(target, "vpcId", "network of the target group"), policy.Fix("set vpcId of %s to the network of the group", target))
			return
		}
	}
}

// judgeSharing wants the load balancer to have every zone of the group.
func judgeSharing(c *policy.Case, sender *policy.Node, own *zones) {
	theirs := balancerZones(sender)
	for _, zone := range slices.Sorted(maps.Keys(own.names)) {
		if theirs.names[zone] {
			continue
		}
		if !theirs.complete() {
			c.Unclear(theirs.missing...)
			return
		}
		if idsAndNames(own, theirs) {
			c.UnclearBecause("vpcZoneIdentifiers", "some subnets name their zone and others its id, and an account gives names to ids as it likes")
			return
		}
		c.Broken("vpcZoneIdentifiers", "the group has zone "+zone+", and "+sender.String()+" stands in "+theirs.String(), "a load balancer in every zone of the group",
			policy.Saw(sender, "subnets", "sends the requests"), policy.Fix("add a subnet of %s to subnets of %s", zone, sender))
	}
	if !own.complete() {
		c.Unclear(own.missing...)
	}
	judgePublicSubnets(c, sender, theirs)
}

// idsAndNames says that some of the zones are names, such as eu-central-1a, and others ids, such as euc1-az2.
// https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
func idsAndNames(all ...*zones) bool {
	ids, names := false, false
	for _, z := range all {
		for zone := range z.names {
			ids, names = ids || strings.Contains(zone, "-az"), names || !strings.Contains(zone, "-az")
		}
	}
	return ids && names
}

// judgePublicSubnets wants a load balancer that faces the internet in public subnets.
func judgePublicSubnets(c *policy.Case, sender *policy.Node, theirs *zones) {
	if internal := sender.Get("internal"); internal.True() || internal.Unknown() {
		c.Unclear(unknownIn(internal)...)
		return
	}
	for _, at := range theirs.subnets {
		yes, sure := routingOf(c.Graph()).public(at)
		switch {
		case !sure:
			c.UnclearBecause("", "the route table of "+at.Name+" is not known")
		case !yes:
			c.Broken("", sender.String()+" faces the internet from "+at.Name+", which has no route to an internet gateway", "public subnets for it",
				policy.Saw(sender, "subnets", "faces the internet"), policy.Saw(at, "", "private subnet"),
				policy.Fix("put %s into public subnets, or set internal to true", sender))
		}
	}
}

// judgePrivate wants the servers themselves in private subnets.
func judgePrivate(c *policy.Case, own *zones) {
	for _, at := range own.subnets {
		yes, sure := routingOf(c.Graph()).public(at)
		if !sure {
			c.UnclearBecause("vpcZoneIdentifiers", "the route table of "+at.Name+" is not known")
		}
		if yes {
			c.Broken("vpcZoneIdentifiers", at.Name+" has a route to an internet gateway", "private subnets for servers behind a load balancer",
				policy.Saw(at, "", "public subnet"), policy.Fix("put the group into private subnets"))
		}
	}
}
