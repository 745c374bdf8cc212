package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// serving is who needs whom to answer a request: from the names that customers use to the data.
type serving struct {
	needs map[*policy.Node][]leg
	// entries are the resources that customers reach and no other entry leads to, sorted.
	entries []*policy.Node
}

// leg is one resource that another needs.
type leg struct {
	to *policy.Node
	// sure says that it is this resource, and not one of several of its kind.
	sure bool
	// spare says that others of the same kind do as well: one of the targets of a target group.
	spare bool
}

var (
	websites   = []string{"aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"}
	nosql      = []string{"aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster"}
	nosqlParts = []string{"aws:docdb/clusterInstance:ClusterInstance", "aws:neptune/clusterInstance:ClusterInstance"}
	memoryDB   = "aws:memorydb/cluster:Cluster"
	kafka      = "aws:msk/cluster:Cluster"
	// fronts are the types that customers can reach.
	fronts = slices.Concat([]string{dnsRecord, cdn}, balancers, []string{restAPI, httpAPI})
	// stores are the types with data that can be lost with a zone. Services that keep everything in several zones by
	// themselves (S3, DynamoDB, SQS, SNS, Kinesis) take no time to recover from losing one and are left out.
	stores = slices.Concat([]string{dbInstance, dbCluster, cacheGroup, cacheCluster, redshiftCluster, searchType, brokerType, efsType, memoryDB, kafka}, nosql)
)

var servingKey byte

func servingGraph(g *policy.Graph) *serving {
	return policy.Memo(g, &servingKey, func(g *policy.Graph) *serving {
		s := &serving{needs: map[*policy.Node][]leg{}}
		s.names(g)
		s.edges(g)
		s.targets(g)
		s.apis(g)
		s.data(g)
		led := map[*policy.Node]bool{}
		for _, needs := range s.needs {
			for _, n := range needs {
				led[n.to] = true
			}
		}
		for _, n := range g.ByType(fronts...) {
			if !led[n] && len(s.needs[n]) > 0 {
				s.entries = append(s.entries, n)
			}
		}
		return s
	})
}

func (s *serving) add(from *policy.Node, ref policy.Ref, spare bool) {
	for _, to := range ref.Nodes {
		s.link(from, leg{to, ref.How != policy.OneOf, spare})
	}
}

func (s *serving) link(from *policy.Node, n leg) {
	if from == nil || n.to == nil || from == n.to {
		return
	}
	if !slices.ContainsFunc(s.needs[from], func(other leg) bool { return other.to == n.to }) {
		s.needs[from] = append(s.needs[from], n)
	}
}

// names leads records to what they name.
func (s *serving) names(g *policy.Graph) {
	behind := slices.Concat(balancers, []string{classicBalancer, cdn, restAPI, httpAPI, instance, elasticIP}, websites)
	for _, record := range g.ByType(dnsRecord) {
		for _, alias := range record.Get("aliases").Items() {
			s.host(record, alias.Get("name"), behind)
		}
		for _, text := range record.Get("records").Items() {
			s.host(record, text, behind)
		}
	}
}

// host follows a host name; those of load balancers may have dualstack in front.
func (s *serving) host(from *policy.Node, v policy.Value, types []string) {
	ref := v.Ref(types...)
	if ref.How == policy.Outside {
		plain := strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(ref.Text), "."), "dualstack.")
		if found := ofTypes(hosts(from.Graph())[plain], types); len(found) > 0 {
			ref = policy.Ref{How: policy.ByText, Nodes: found}
		}
	}
	for i, n := range ref.Nodes {
		if n.Type == elasticIP { // An address stands for the server that has it.
			ref.Nodes = slices.Clone(ref.Nodes)
			if server := n.Get("instance").Ref(instance).Node(); server != nil {
				ref.Nodes[i] = server
			}
		}
	}
	s.add(from, ref, false)
}

func ofTypes(nodes []*policy.Node, types []string) []*policy.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *policy.Node) bool { return !slices.Contains(types, n.Type) })
}

var hostsKey byte

// hosts are the resources by their host names and addresses, in lower case.
func hosts(g *policy.Graph) map[string][]*policy.Node {
	return policy.Memo(g, &hostsKey, func(g *policy.Graph) map[string][]*policy.Node {
		found := map[string][]*policy.Node{}
		for _, n := range g.Nodes() {
			for _, property := range []string{"dnsName", "domainName", "publicIp", "publicDns", "regionalDomainName"} {
				if name := strings.ToLower(n.Get(property).Text()); name != "" {
					found[name] = append(found[name], n)
				}
			}
		}
		return found
	})
}

// edges leads distributions to their origins.
func (s *serving) edges(g *policy.Graph) {
	behind := slices.Concat([]string{dnsRecord, restAPI, httpAPI}, balancers, websites)
	for _, distribution := range g.ByType(cdn) {
		spares := map[string]bool{}
		for _, origins := range distribution.Get("originGroups").Items() {
			for _, member := range origins.Get("members").Items() {
				spares[member.Get("originId").Text()] = true
			}
		}
		for _, origin := range distribution.Get("origins").Items() {
			spare := spares[origin.Get("originId").Text()]
			private := origin.Get("vpcOriginConfig.vpcOriginId").Ref(cdnVPCOrigin).Node()
			if private == nil {
				s.add(distribution, origin.Get("domainName").Ref(behind...), spare)
				continue
			}
			s.add(distribution, private.Get("vpcOriginEndpointConfig.arn").Ref(slices.Concat(balancers, []string{instance})...), spare)
		}
	}
}

// targets leads load balancers to what answers behind them.
func (s *serving) targets(g *policy.Graph) {
	for _, target := range g.ByType(targetGroups...) {
		for _, n := range frontsOf(g)[target] {
			listener := n
			if slices.Contains(listenerRules, n.Type) {
				listener = n.Get("listenerArn").Ref(listeners...).Node()
			}
			if listener != nil {
				s.link(balancerOf(listener), leg{target, true, false})
			}
		}
	}
	for _, n := range g.ByType(group) {
		found, _ := n.Get("targetGroupArns").Refs(targetGroups...)
		for _, source := range n.Get("trafficSources").Items() {
			found = append(found, source.Get("identifier").Ref(targetGroups...).Nodes...)
		}
		for _, target := range found {
			s.link(target, leg{n, true, true})
		}
	}
	for _, link := range g.ByType(groupAttachment) {
		target := link.Get("lbTargetGroupArn").Ref(targetGroups...).Node()
		s.link(target, leg{link.Get("autoscalingGroupName").Ref(group).Node(), true, true})
	}
	for _, link := range g.ByType(targetsByHand...) {
		target := link.Get("targetGroupArn").Ref(targetGroups...).Node()
		s.add(target, link.Get("targetId").Ref(slices.Concat(balancers, []string{instance, lambdaFunction})...), true)
	}
	for _, service := range g.ByType(ecsService) {
		for _, front := range service.Get("loadBalancers").Items() {
			s.link(front.Get("targetGroupArn").Ref(targetGroups...).Node(), leg{service, true, true})
		}
	}
}

// apis leads APIs to their integrations.
func (s *serving) apis(g *policy.Graph) {
	for _, n := range g.ByType(restIntegration) {
		s.integration(n, n.Get("restApi").Ref(restAPI).Node(), n.Get("uri"))
	}
	for _, n := range g.ByType(httpIntegration) {
		s.integration(n, n.Get("apiId").Ref(httpAPI).Node(), n.Get("integrationUri"))
	}
}

func (s *serving) integration(n, api *policy.Node, uri policy.Value) {
	if api == nil {
		return
	}
	ref := uri.Ref(slices.Concat([]string{lambdaFunction}, listeners)...)
	if ref.How == policy.Outside { // The address of an invocation has the function's ARN inside.
		_, arn, _ := strings.Cut(ref.Text, "/functions/")
		arn = strings.TrimSuffix(arn, "/invocations")
		ref = policy.Ref{How: policy.ByText, Nodes: n.Graph().Named(arn, lambdaFunction)}
	}
	for _, to := range ref.Nodes {
		if slices.Contains(listeners, to.Type) {
			s.link(api, leg{balancerOf(to), true, false})
			continue
		}
		s.link(api, leg{to, ref.How != policy.OneOf, false})
	}
}

// data leads servers, tasks and functions to the stores that they are computed from, and to those whose security group lets
// theirs in.
func (s *serving) data(g *policy.Graph) {
	reach := admitted(g)
	for _, n := range g.ByType(group, instance, ecsService, lambdaFunction) {
		for _, part := range parts(n) {
			for _, behind := range part.DependsOn() {
				if slices.Contains(stores, behind.Type) {
					s.link(n, leg{behind, true, false})
				}
			}
			for _, own := range securityGroupsOf(part) {
				for _, store := range reach[own] {
					s.link(n, leg{store, true, false})
				}
			}
		}
	}
}

// carriers stand between what computes and its data: templates, definitions, and the places that addresses are kept in.
var carriers = []string{launchTemplate, ecsTask, ssmParameter, "aws:secretsmanager/secretVersion:SecretVersion", lambdaAlias, dbProxy, "aws:rds/proxyTarget:ProxyTarget"}

// parts are the resource itself and what it is made from.
func parts(n *policy.Node) []*policy.Node {
	found := []*policy.Node{n}
	for i := 0; i < len(found); i++ {
		for _, behind := range found[i].DependsOn() {
			if slices.Contains(carriers, behind.Type) && !slices.Contains(found, behind) {
				found = append(found, behind)
			}
		}
	}
	return found
}

// securityGroupsOf are the security groups that a resource wears.
func securityGroupsOf(n *policy.Node) []*policy.Node {
	var found []*policy.Node
	take := func(v policy.Value) {
		nodes, _ := v.Refs(securityGroup)
		found = append(found, nodes...)
	}
	for _, path := range []string{"vpcSecurityGroupIds", "securityGroupIds", "securityGroups", "vpcConfig.securityGroupIds", "networkConfiguration.securityGroups", "vpcOptions.securityGroupIds", "brokerNodeGroupInfo.securityGroups"} {
		take(n.Get(path))
	}
	for _, face := range n.Get("networkInterfaces").Items() {
		take(face.Get("securityGroups"))
	}
	return found
}

// admitted are the stores that each security group may reach.
func admitted(g *policy.Graph) map[*policy.Node][]*policy.Node {
	wearers := map[*policy.Node][]*policy.Node{}
	for _, store := range g.ByType(stores...) {
		for _, worn := range securityGroupsOf(store) {
			wearers[worn] = append(wearers[worn], store)
		}
	}
	reach := map[*policy.Node][]*policy.Node{}
	allow := func(to *policy.Node, from policy.Value) {
		for _, source := range from.Items() {
			if n := source.Ref(securityGroup).Node(); n != nil && to != nil {
				reach[n] = append(reach[n], wearers[to]...)
			}
		}
	}
	for _, worn := range g.ByType(securityGroup) {
		for _, rule := range worn.Get("ingress").Items() {
			allow(worn, rule.Get("securityGroups"))
		}
	}
	for _, rule := range g.ByType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		allow(rule.Get("securityGroupId").Ref(securityGroup).Node(), rule.Get("referencedSecurityGroupId"))
	}
	for _, rule := range g.ByType("aws:ec2/securityGroupRule:SecurityGroupRule") {
		if rule.Get("type").Is("ingress") {
			allow(rule.Get("securityGroupId").Ref(securityGroup).Node(), rule.Get("sourceSecurityGroupId"))
		}
	}
	return reach
}
