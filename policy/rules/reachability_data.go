package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	dbSubnetGroup       = "aws:rds/subnetGroup:SubnetGroup"
	redshiftSubnetGroup = "aws:redshift/subnetGroup:SubnetGroup"
)

// enginePorts are the ports that databases listen on where nothing else is said, by the beginning of the engine's name.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
var enginePorts = []struct {
	engine string
	port   int
}{
	{"aurora-postgresql", 5432}, {"postgres", 5432}, {"aurora", 3306}, {"mysql", 3306}, {"mariadb", 3306}, {"oracle", 1521}, {"custom-oracle", 1521},
	{"sqlserver", 1433}, {"custom-sqlserver", 1433}, {"db2", 50000},
}

// databasePort is the port of a database; zero when it is not known.
func databasePort(n *policy.Node) int {
	if port := n.Get("port"); port.Known() && port.IsNumber() && port.Number() > 0 {
		return int(port.Number())
	}
	if n.Type == redshiftCluster {
		return 5439
	}
	for _, each := range enginePorts {
		if strings.HasPrefix(n.Get("engine").Text(), each.engine) {
			return each.port
		}
	}
	return 0
}

func databaseHidden() *policy.Rule {
	return &policy.Rule{
		ID: "database-not-reachable-from-internet", Title: "No address of the internet reaches a database", Severity: policy.Critical,
		Types:   []string{dbInstance, dbClusterInstance, redshiftCluster},
		Anchors: "nist:SC-7",
		Why:     "a database that answers the internet is found within minutes, and its passwords and bugs are tried from then on",
		Fix:     "set publiclyAccessible to false, keep the subnets without a route to an internet gateway, and let the servers' security group in instead of addresses",
		Sources: []string{
			"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
			"https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
		},
		Check: checkDatabaseHidden,
		Proof: policy.Proof{
			Good: `
resources:
  net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.0.0.0/16}}
  gateway: {type: "aws:ec2/internetGateway:InternetGateway", properties: {vpcId: "${net.id}"}}
  data: {type: "aws:ec2/subnet:Subnet", properties: {vpcId: "${net.id}", cidrBlock: 10.0.21.0/24, availabilityZone: eu-central-1a}}
  table: {type: "aws:ec2/routeTable:RouteTable", properties: {vpcId: "${net.id}", routes: [{cidrBlock: 0.0.0.0/0, gatewayId: "${gateway.id}"}]}}
  in-data: {type: "aws:ec2/routeTableAssociation:RouteTableAssociation", properties: {routeTableId: "${table.id}", subnetId: "${data.id}"}}
  door:
    type: aws:ec2/networkAcl:NetworkAcl
    properties:
      subnetIds: ["${data.id}"]
      ingress: [{ruleNo: 100, action: allow, protocol: "-1", fromPort: 0, toPort: 0, cidrBlock: 0.0.0.0/0}]
  wall: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {vpcId: "${net.id}", ingress: [{protocol: tcp, fromPort: 5432, toPort: 5432, cidrBlocks: [10.0.0.0/16]}]}}
  places: {type: "aws:rds/subnetGroup:SubnetGroup", properties: {subnetIds: ["${data.id}"]}}
  orders:
    type: aws:rds/instance:Instance
    properties: {engine: postgres, publiclyAccessible: true, dbSubnetGroupName: "${places.name}", vpcSecurityGroupIds: ["${wall.id}"]}
`,
			Bad: []string{
				"wall.ingress[0].cidrBlocks=[0.0.0.0/0]", "wall.ingress[0].cidrBlocks=[10.0.0.0/16, 203.0.113.7/32]", `wall.ingress[0].ipv6CidrBlocks=["::/0"] ; door.ingress[1]={ruleNo: 110, action: allow, protocol: "6", fromPort: 5432, toPort: 5432, ipv6CidrBlock: "::/0"}`,
				`+open={type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", properties: {securityGroupId: "${wall.id}", ipProtocol: "-1", cidrIpv4: 0.0.0.0/0}}`,
				`+list={type: "aws:ec2/managedPrefixList:ManagedPrefixList", properties: {entries: [{cidr: 198.51.100.0/24}]}} ; wall.ingress[0].prefixListIds=["${list.id}"]`,
			},
			Guard: "wall.ingress", Absent: policy.Pass, Exempt: "orders.publiclyAccessible=false",
			Also: []string{
				"sg-no-open-high-risk-ports", "sg-no-open-any-port", "sg-no-open-admin-ports", "sg-and-rules-described",
			},
			FixtureOnly: "the real environments have no database",
		},
	}
}

// home is where a database stands: its subnets and its security groups.
func home(n *policy.Node) *station {
	s := &station{node: n}
	of, groups, key := dbSubnetGroup, n, "dbSubnetGroupName"
	if n.Type == redshiftCluster {
		of, key = redshiftSubnetGroup, "clusterSubnetGroupName"
	}
	if n.Type == dbClusterInstance {
		groups = n.Get("clusterIdentifier").Ref(dbCluster).Node()
	}
	if groups == nil {
		s.hide(n.Get("clusterIdentifier"), "the cluster is not part of the stack")
		return s
	}
	name := n.Get(key)
	if name.Empty() {
		name = groups.Get(key)
	}
	places := name.Ref(of).Node()
	if places == nil {
		s.hide(name, "the subnets are not part of the stack")
		return s
	}
	s.takeSubnets(places.Get("subnetIds"))
	s.takeGroups(groups.Get("vpcSecurityGroupIds"))
	return s
}

func checkDatabaseHidden(c *policy.Case) {
	public := c.Get("publiclyAccessible")
	if !public.Unknown() && !public.True() {
		c.Skip("the database has no public address")
		return
	}
	s := home(c.Node)
	port := databasePort(c.Node)
	ports := onePort(port)
	if port == 0 {
		ports = allPorts
	}
	lets, unsure := internetRules(c, s, ports)
	unsure = append(unsure, s.unsure...)
	if len(lets) == 0 && len(unsure) == 0 && s.unmodelled == "" {
		return
	}
	open, routed, sure := (*opening)(nil), false, s.unmodelled == ""
	for _, at := range s.subnets {
		yes, known := routingOf(c.Graph()).public(at)
		routed, sure = routed || yes, sure && known
		for i := range lets {
			if h := aclHop(at, []netip.Prefix{lets[i].from}, nil, false, "tcp", ports); yes && (h == nil || !h.answer.blocked()) {
				open = &lets[i]
				break
			}
		}
	}
	switch {
	case sure && len(s.unsure) == 0 && (!routed || open == nil && len(unsure) == 0):
	case public.Unknown():
		c.Unclear(public)
	case open != nil:
		c.Broken("vpcSecurityGroupIds", fmt.Sprintf("%s reaches it on %s: public address, route to an internet gateway, open security group", open.from, ports),
			"no way from the internet", policy.Saw(open.rule.node, open.rule.path, "lets it in"), policy.Saw(open.rule.of, "", "security group of the database"))
	case len(unsure) > 0:
		c.Unclear(unsure...)
	default:
		c.UnclearBecause("", "where the database stands is not known: "+s.unmodelled)
	}
}

// opening is a rule that lets a range of the internet in.
type opening struct {
	rule *groupRule
	from netip.Prefix
}

// internetRules are the rules of a station that let addresses of the internet in.
func internetRules(c *policy.Case, s *station, ports interval) (lets []opening, unsure []policy.Value) {
	wall := firewallOf(c.Graph())
	unsure = append(unsure, wall.loose...)
	for _, at := range s.groups {
		unsure = append(unsure, wall.unsure[at]...)
		for _, r := range wall.rules[at] {
			if r.out || !carries(r.protocol, "tcp") || !r.ports.overlaps(ports) {
				continue
			}
			for _, p := range r.ranges {
				if !private(p) {
					lets = append(lets, opening{r, p})
				}
			}
			unsure = append(unsure, r.unsure...)
		}
	}
	return lets, unsure
}

func groupPairs() *policy.Rule {
	return &policy.Rule{
		ID: "security-group-pairs-agree", Title: "What one security group lets in, the other lets out", Severity: policy.High,
		Types:   []string{securityGroup, defaultSecurityGroup, groupRuleOld, groupRuleIn, groupRuleOut},
		Anchors: "nist:SC-7",
		Why:     "a flow that is opened at one end only does not pass: servers time out on a database whose security group names them",
		Fix:     "add the rule at the other end, with the same protocol and port, or remove this one",
		Sources: []string{"https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"},
		Check:   checkGroupPairs,
		Proof: policy.Proof{
			Good: `
resources:
  app: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {egress: []}}
  db: {type: "aws:ec2/securityGroup:SecurityGroup", properties: {ingress: [{protocol: tcp, fromPort: 5432, toPort: 5432, securityGroups: ["${app.id}"]}]}}
  out: {type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", properties: {securityGroupId: "${app.id}", ipProtocol: tcp, fromPort: 5432, toPort: 5432, referencedSecurityGroupId: "${db.id}"}}
`,
			Bad: []string{
				"out.fromPort=5433 ; out.toPort=5433", "out.ipProtocol=udp", "out!", "db.ingress=[]", "db.ingress[0].toPort=5431 ; db.ingress[0].fromPort=5431",
				`out.securityGroupId="${db.id}"`,
			},
			Guard: "out.fromPort", Absent: policy.Pass,
			Also: []string{"elb-to-instance-reachability", "client-to-elb-reachability", "instance-to-artifact-reachability", "sg-attached", "sg-and-rules-described"},
		},
	}
}

func checkGroupPairs(c *policy.Case) {
	wall := firewallOf(c.Graph())
	for _, r := range wall.byNode[c.Node] {
		for _, other := range r.groups {
			if r.of == nil || len(r.unsure) > 0 {
				c.Unclear(r.unsure...)
				continue
			}
			met, unsure := wall.meets(r, other)
			switch {
			case met:
			case len(unsure) > 0:
				c.Unclear(unsure...)
			default:
				here, there := "in from", "egress"
				if r.out {
					here, there = "out to", "ingress"
				}
				c.Broken(r.path, fmt.Sprintf("%s lets %s %s %s %s, which has no %s rule for it", r.of.Name, r.protocol, r.ports, here, other.Name, there),
					"rules at both ends", policy.Saw(other, there, "the other end"),
					policy.Fix("add to %s an %s rule for %s %s with %s, or remove this rule", other, there, r.protocol, r.ports, r.of))
			}
		}
	}
}

// meets says whether a group has a rule in the other direction about some of the same traffic. Rules for addresses count:
// the addresses of the other end may be among them.
func (f *firewall) meets(r *groupRule, other *policy.Node) (met bool, unsure []policy.Value) {
	unsure = append(append(unsure, f.loose...), f.unsure[other]...)
	for _, answering := range f.rules[other] {
		if answering.out == r.out {
			continue
		}
		if len(answering.unsure) > 0 {
			unsure = append(unsure, answering.unsure...)
			continue
		}
		protocol := carries(answering.protocol, r.protocol) || r.protocol == "any"
		if protocol && answering.ports.overlaps(r.ports) && (len(answering.ranges) > 0 || answering.names(peer{groups: []*policy.Node{r.of}})) {
			return true, nil
		}
	}
	return false, unsure
}
