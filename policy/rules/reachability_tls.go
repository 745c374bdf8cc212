package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

func tlsPath() *policy.Rule {
	return &policy.Rule{
		ID: "tls-path", Title: "The last hop to the servers is encrypted, or inside one network where that is declared", Severity: policy.Medium, ProdOnly: true,
		Types:   targetGroups,
		Anchors: "ckv:378 nist:SC-8",
		// The hops before it are judged where they are set: cf-origin-tls, lb-listener-encrypted, lb-http-redirects-https.
		Why: "one hop in clear text is enough to read and change what all the others encrypt",
		Fix: "set the target group's protocol to HTTPS, or keep load balancer and servers in one network",
		Sources: []string{
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
			"https://docs.aws.amazon.com/whitepapers/latest/logical-separation/encrypting-data-at-rest-and--in-transit.html",
		},
		Settings: []policy.Setting{{
			Name: "plain-inside-network", Kind: policy.KindBool, Default: true,
			Help: "whether load balancers may speak HTTP to servers of their own network",
		}},
		Check: judgeLastHop,
		Proof: policy.Proof{
			Good: `
policy: {lb-internet-facing-declared: {internet-facing: [front]}}
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  a: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.1.0/24, availabilityZone: eu-central-1a}}
  target: {type: "aws:lb/targetGroup:TargetGroup", properties: {port: 80, protocol: HTTP, vpcId: "${net.id}"}}
  front: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, subnets: ["${a.id}"]}}
  listener:
    type: aws:lb/listener:Listener
    properties: {loadBalancerArn: "${front.arn}", port: 443, protocol: HTTPS, defaultActions: [{type: forward, targetGroupArn: "${target.arn}"}]}
`,
			Bad:   []string{"target.vpcId=vpc-elsewhere"},
			Guard: "target.protocol", Absent: policy.Pass, Exempt: "listener!",
			Also: []string{"client-to-elb-reachability", "elb-and-asg-share-zones"},
		},
	}
}

// judgeLastHop judges the hop from a load balancer to its targets.
func judgeLastHop(c *policy.Case) {
	protocol := c.Get("protocol")
	senders := sendersTo(c.Node)
	switch {
	case protocol.Unknown():
		c.Unclear(protocol)
		return
	case protocol.In("HTTPS", "TLS") || c.Get("targetType").Is("lambda") || protocol.Absent():
		return
	case len(senders) == 0:
		c.Skip("no load balancer of the stack sends requests to it")
		return
	}
	if allowed, _ := c.Setting("plain-inside-network").(bool); !allowed {
		c.Fail(protocol, "HTTPS or TLS")
		return
	}
	for _, sender := range senders {
		inside, known := balancerNetworks(sender)
		own := networkName(c.Get("vpcId"))
		if own == "" || !known {
			c.UnclearBecause("vpcId", "whether "+sender.String()+" stands in the same network is not known")
			continue
		}
		if !inside[own] {
			c.Broken("vpcId", "protocol "+protocol.Show()+" in the network "+c.Get("vpcId").Show()+", and "+sender.String()+" stands in another",
				"HTTPS or TLS where requests leave the network", policy.Saw(sender, "subnets", "sends the requests"))
		}
	}
}

// networkName is a network as one text, whether the stack has it or not; empty while it is not known.
func networkName(v policy.Value) string {
	if at := v.Ref(network).Node(); at != nil {
		return at.URN
	}
	return strings.TrimSpace(v.Text())
}

// balancerNetworks are the networks in which a load balancer stands; known says that these are all.
func balancerNetworks(balancer *policy.Node) (inside map[string]bool, known bool) {
	inside = map[string]bool{}
	z := balancerZones(balancer)
	known = len(z.subnets) > 0
	for _, at := range z.subnets {
		name := networkName(at.Get("vpcId"))
		known = known && name != ""
		inside[name] = true
	}
	return inside, known
}
