package cloudsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const endpointDoc = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html"

func init() { register(vpcEndpoint) }

var vpcEndpoint = Row{
	Type: endpointType, Noun: "Vpc Endpoint Id",
	Doc:      endpointDoc,
	ID:       Format("vpce-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}"),
	Defaults: map[string]any{"vpcEndpointType": "Gateway"},
	Computed: map[string]Compute{
		"state": Value("available"), "ownerId": Format("{account}"), "requesterManaged": Value(false),
		"privateDnsEnabled": Value(false), "ipAddressType": Value("ipv4"),
		"prefixListId":        endpointPrefixList,
		"cidrBlocks":          endpointBlocks,
		"networkInterfaceIds": endpointInterfaces,
		"dnsEntries":          endpointNames,
		"policy":              Value(`{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`),
		"routeTableIds":       Value([]string{}), "subnetIds": Value([]string{}),
		"securityGroupIds": defaultGroupOfEndpoint,
		"serviceRegion":    Format("{region}"),
	},
	Refresh:  []string{"networkInterfaceIds", "dnsEntries"},
	Required: []string{"vpcId"},
	Replace:  []string{"vpcId", "serviceName", "vpcEndpointType", "serviceRegion"},
	Taggable: true,
	Refs:     []Ref{VPCRef("vpcId"), SubnetRef("subnetIds"), SecurityGroupRef("securityGroupIds"), tableRef("routeTableIds")},
	Limits: []Limit{
		{"vpcEndpointType", OneOf("Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"), endpointDoc},
		{"ipAddressType", OneOf("ipv4", "dualstack", "ipv6"), endpointDoc},
	},
	Check: endpointIsGood,
	Idle: func(c *Call) string {
		if n, known := c.Count("routeTableIds"); known && n == 0 && c.Text("vpcEndpointType") == "Gateway" {
			return "a gateway endpoint without a route table is used by nobody"
		}
		if n, known := c.Count("subnetIds"); known && n == 0 && c.Text("vpcEndpointType") == "Interface" {
			return "an interface endpoint without a subnet has no address"
		}
		return ""
	},
	NotFound:  "InvalidVpcEndpointId.NotFound",
	Durations: Durations{Create: 60 * second, Update: 30 * second, Delete: 60 * second, Source: endpointSource},
	CreateTime: func(c *Call) time.Duration {
		if c.Text("vpcEndpointType") == "Gateway" {
			return 6 * second
		}
		return 60 * second
	},
}

func endpointPrefixList(c *Call) any {
	if c.Text("vpcEndpointType") != "Gateway" {
		return nil
	}
	return "pl-" + stable(c.Region+c.Text("serviceName"), 8)
}

// endpointBlocks stands for the service's public ranges, which AWS changes; the benchmark network is nobody's.
func endpointBlocks(c *Call) any {
	if c.Text("vpcEndpointType") != "Gateway" {
		return []string{}
	}
	return []string{"198.18.0.0/24"}
}

func endpointInterfaces(c *Call) any {
	ids := []string{}
	if c.Text("vpcEndpointType") == "Interface" {
		for _, s := range c.Texts("subnetIds") {
			ids = append(ids, "eni-"+c.Hex("interface "+s, 17))
		}
	}
	return ids
}

// endpointNames are the DNS names of an interface endpoint.
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
func endpointNames(c *Call) any {
	if c.Text("vpcEndpointType") != "Interface" {
		return []any{}
	}
	parts := strings.Split(c.Text("serviceName"), ".")
	service := parts[len(parts)-1]
	name := fmt.Sprintf("%s-%s.%s.%s.vpce.amazonaws.com", c.ID, c.Hex("dns", 8), service, c.Region)
	return []any{map[string]any{"dnsName": name, "hostedZoneId": "Z" + c.Capitals("zone", 13)}}
}

func defaultGroupOfEndpoint(c *Call) any {
	owner := c.Ref("vpcId")
	if c.Text("vpcEndpointType") != "Interface" || owner == nil {
		return []string{}
	}
	return []string{owner.Out().Text("defaultSecurityGroupId")}
}

func endpointIsGood(c *Call) error {
	if err := serviceExists(c); err != nil {
		return err
	}
	if c.Text("vpcEndpointType") == "Gateway" {
		return gatewayEndpointIsGood(c)
	}
	if c.Text("vpcEndpointType") != "Interface" {
		return nil
	}
	if n, known := c.Count("routeTableIds"); known && n > 0 {
		return c.RejectAt("routeTableIds", "InvalidParameter", "route table IDs are only supported for Gateway type VPC endpoints")
	}
	if err := onePerZone(c); err != nil {
		return err
	}
	if err := sameVPC(c, "subnetIds", "securityGroupIds"); err != nil {
		return err
	}
	return privateNamesWork(c)
}

// serviceExists demands a service of AWS in the endpoint's region.
func serviceExists(c *Call) error {
	name := c.Text("serviceName")
	prefixes := []string{"com.amazonaws." + c.Region + ".", "com.amazonaws.vpce." + c.Region + ".", "aws.api." + c.Region + ".",
		"aws.sagemaker." + c.Region + ".", "cn.com.amazonaws." + c.Region + "."}
	if name == "" || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) && serviceNamed(c.Region, name) {
		return nil
	}
	return c.RejectAt("serviceName", "InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist in region %s", name, c.Region)
}

// gatewayEndpointIsGood: S3 and DynamoDB only, no subnets, no groups, no private DNS, one per service and route table.
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func gatewayEndpointIsGood(c *Call) error {
	name := c.Text("serviceName")
	service := name[strings.LastIndex(name, ".")+1:]
	if name != "" && !slices.Contains([]string{"s3", "dynamodb", "s3express"}, service) {
		return c.RejectAt("serviceName", "InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface]) of %s", name)
	}
	for _, path := range []string{"subnetIds", "securityGroupIds"} {
		if n, known := c.Count(path); known && n > 0 {
			return c.RejectAt(path, "InvalidParameter", "%s are only supported for Interface type VPC endpoints", path)
		}
	}
	if c.Bool("privateDnsEnabled") {
		return c.RejectAt("privateDnsEnabled", "InvalidParameter", "Private DNS can only be set for Interface type VPC endpoints")
	}
	if err := sameVPC(c, "routeTableIds"); err != nil {
		return err
	}
	for _, other := range c.Where(endpointType, "serviceName", name) {
		for _, table := range c.Texts("routeTableIds") {
			if other.Out().Text("vpcEndpointType") == "Gateway" && slices.Contains(other.Out().Texts("routeTableIds"), table) {
				return c.RejectAt("routeTableIds", "RouteAlreadyExists", "route table %s already has a route to %s, of %s", table, name, other.ID)
			}
		}
	}
	return nil
}

// onePerZone: an interface endpoint has at most one subnet per Availability Zone.
// https://github.com/terraform-aws-modules/terraform-aws-vpc/issues/583
func onePerZone(c *Call) error {
	seen := map[string]bool{}
	for _, s := range c.Refs("subnetIds") {
		zone := s.Out().Text("availabilityZone")
		if zone != "" && seen[zone] {
			return c.RejectAt("subnetIds", "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s. "+
				"VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.", s.ID)
		}
		seen[zone] = true
	}
	return nil
}

// sameVPC demands that what the paths refer to lies in the VPC of the resource itself.
func sameVPC(c *Call, paths ...string) error {
	for _, path := range paths {
		for _, r := range c.Refs(path) {
			if home := networkOf(r); c.Text("vpcId") != "" && home != "" && home != c.Text("vpcId") {
				return c.RejectAt(path, "InvalidParameter", "%s is in %s, not in %s", r.ID, home, c.Text("vpcId"))
			}
		}
	}
	return nil
}

// privateNamesWork: private DNS needs both DNS attributes of the VPC, and nobody else answering for the service.
// https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html#enable-private-dns-names
func privateNamesWork(c *Call) error {
	owner := c.Ref("vpcId")
	if !c.Bool("privateDnsEnabled") || owner == nil {
		return nil
	}
	if !owner.Out().Bool("enableDnsSupport") || !owner.Out().Bool("enableDnsHostnames") {
		return c.RejectAt("privateDnsEnabled", "InvalidParameter", "Enabling private DNS requires both enableDnsSupport and "+
			"enableDnsHostnames VPC attributes set to true for %s", owner.ID)
	}
	for _, other := range c.Where(endpointType, "serviceName", c.Text("serviceName")) {
		if other.Out().Bool("privateDnsEnabled") && other.Out().Text("vpcId") == owner.ID {
			return c.RejectAt("privateDnsEnabled", "InvalidParameter", "private-dns-enabled cannot be set because there is already a "+
				"conflicting DNS domain for %s in the VPC %s", c.Text("serviceName"), owner.ID)
		}
	}
	return nil
}
