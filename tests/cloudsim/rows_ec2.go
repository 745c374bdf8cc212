package cloudsim

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	vpcType           = "aws:ec2/vpc:Vpc"
	vpcSubnetType     = "aws:ec2/subnet:Subnet"
	cidrType          = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	routeTableType    = "aws:ec2/routeTable:RouteTable"
	defaultTableType  = "aws:ec2/defaultRouteTable:DefaultRouteTable"
	gatewayType       = "aws:ec2/internetGateway:InternetGateway"
	egressGatewayType = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
	natType           = "aws:ec2/natGateway:NatGateway"
	addressType       = "aws:ec2/eip:Eip"
	endpointType      = "aws:ec2/vpcEndpoint:VpcEndpoint"
	routeType         = "aws:ec2/route:Route"
	associationType   = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	dhcpType          = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions"

	ec2Errors   = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
	vpcCidrs    = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
	subnetCidrs = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"
)

func init() {
	register(vpc, cidrAssociation, subnet, internetGateway, egressOnlyGateway, elasticIP, natGateway, dhcpOptions,
		dhcpAssociation)
}

// VPCRef is a reference to a VPC by id.
func VPCRef(path string) Ref { return Ref{Path: path, To: []string{vpcType}} }

// SubnetRef is a reference to a subnet by id.
func SubnetRef(path string) Ref { return Ref{Path: path, To: []string{vpcSubnetType}} }

var vpc = Row{
	Type: vpcType, Noun: "vpc ID",
	Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html",
	ID:  Format("vpc-{hex17}"),
	ARN: Format("arn:{partition}:ec2:{region}:{account}:vpc/{id}"),
	Defaults: map[string]any{"enableDnsSupport": true, "enableDnsHostnames": false, "instanceTenancy": "default",
		"enableNetworkAddressUsageMetrics": false},
	Computed: map[string]Compute{
		"defaultNetworkAclId":    hexID("acl-", "default acl"),
		"defaultRouteTableId":    hexID("rtb-", "main route table"),
		"mainRouteTableId":       hexID("rtb-", "main route table"),
		"defaultSecurityGroupId": hexID("sg-", "default security group"),
		"dhcpOptionsId":          hexID("dopt-", "dhcp options"),
		"ownerId":                Format("{account}"),
		"ipv6CidrBlock":          vpcIPv6,
		"ipv6AssociationId": func(c *Call) any {
			if !c.Bool("assignGeneratedIpv6CidrBlock") {
				return nil
			}
			return "vpc-cidr-assoc-" + c.Hex("ipv6 association", 17)
		},
	},
	Refresh:  []string{"ipv6CidrBlock", "ipv6AssociationId"},
	Replace:  []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "instanceTenancy"},
	Taggable: true,
	Limits: []Limit{
		{"cidrBlock", blockSize(16, 28), vpcCidrs},
		{"cidrBlock", Satisfies(vpcRange), vpcCidrs},
		{"instanceTenancy", OneOf("default", "dedicated"), "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html"},
	},
	Check:     vpcHasAddresses,
	NotFound:  "InvalidVpcID.NotFound",
	Durations: Durations{Create: 3 * second, Update: 2 * second, Delete: second, Source: vpcSource},
	CreateTime: func(c *Call) time.Duration {
		if c.Bool("enableDnsHostnames") {
			return 12 * second
		}
		return 3 * second
	},
}

// hexID makes an id of EC2's long form for something that a resource brings along.
func hexID(prefix, purpose string) Compute {
	return func(c *Call) any { return prefix + c.Hex(purpose, 17) }
}

// vpcIPv6 is the /56 that Amazon hands out; the region's real prefixes are not modelled, the size is.
func vpcIPv6(c *Call) any {
	if !c.Bool("assignGeneratedIpv6CidrBlock") {
		return nil
	}
	h := c.Hex("ipv6", 8)
	prefix, err := netip.ParsePrefix(fmt.Sprintf("2600:1f%s:%s:%s00::/56", h[:2], h[2:6], h[6:8]))
	if err != nil {
		return nil
	}
	return prefix.String()
}

func vpcHasAddresses(c *Call) error {
	if !c.Has("cidrBlock") && !c.Has("ipv4IpamPoolId") {
		return c.RejectAt("cidrBlock", "MissingParameter", "the request must contain a cidrBlock or an ipv4IpamPoolId")
	}
	if c.Bool("enableDnsHostnames") && c.Known("enableDnsSupport") && !c.Bool("enableDnsSupport") {
		return c.RejectAt("enableDnsHostnames", "InvalidParameterValue", "DNS hostnames need DNS support, which is off")
	}
	return nil
}

// blockSize demands a CIDR block with a mask between the two, written at its first address.
func blockSize(largest, smallest int) Rule {
	return Satisfies(func(value string) string {
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			return fmt.Sprintf("%q is not a CIDR block", value)
		}
		if prefix.Masked() != prefix {
			return fmt.Sprintf("%s has host bits set; the block is %s", value, prefix.Masked())
		}
		if prefix.Bits() < largest || prefix.Bits() > smallest {
			return fmt.Sprintf("%s must be between /%d and /%d", value, largest, smallest)
		}
		return ""
	})
}

var cidrAssociation = Row{
	Type: cidrType, Noun: "CIDR block association",
	Doc:      "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateVpcCidrBlock.html",
	ID:       Format("vpc-cidr-assoc-{hex17}"),
	Required: []string{"vpcId"},
	Replace:  []string{"vpcId", "cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"},
	Refs:     []Ref{VPCRef("vpcId")},
	Limits:   []Limit{{"cidrBlock", blockSize(16, 28), vpcCidrs}, {"cidrBlock", Satisfies(vpcRange), vpcCidrs}},
	Check: func(c *Call) error {
		if owner := c.Ref("vpcId"); owner != nil {
			if other, ok := overlap(c.Text("cidrBlock"), vpcBlocks(c, owner)); ok {
				return c.RejectAt("cidrBlock", "InvalidVpc.Range", "the CIDR %s conflicts with %s of %s", c.Text("cidrBlock"), other, owner.ID)
			}
		}
		return nil
	},
	Refuse: func(c *Call) error {
		for _, s := range c.Where(vpcSubnetType, "vpcId", c.Text("vpcId")) {
			if within(s.Out().Text("cidrBlock"), []string{c.Text("cidrBlock")}) {
				return c.Reject("InvalidCidrBlock.InUse", "the CIDR block %s is used by subnet %s", c.Text("cidrBlock"), s.ID)
			}
		}
		return nil
	},
	Durations: Durations{Create: 10 * second, Delete: 10 * second, Source: "one polling interval of the provider: AWS answers " +
		"\"associating\", https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcCidrBlockState.html"},
}

// vpcBlocks are all IPv4 blocks of a VPC, without the one that the call is about.
func vpcBlocks(c *Call, owner *Resource) []string {
	blocks := owner.Out().Texts("cidrBlock")
	for _, more := range c.Where(cidrType, "vpcId", owner.ID) {
		blocks = append(blocks, more.Out().Texts("cidrBlock")...)
	}
	return blocks
}

func overlap(block string, others []string) (string, bool) {
	prefix, err := netip.ParsePrefix(block)
	if err != nil {
		return "", false
	}
	for _, other := range others {
		if o, err := netip.ParsePrefix(other); err == nil && o.Overlaps(prefix) {
			return other, true
		}
	}
	return "", false
}

// within reports whether the block lies inside one of the others.
func within(block string, others []string) bool {
	prefix, err := netip.ParsePrefix(block)
	if err != nil {
		return false
	}
	for _, other := range others {
		if o, err := netip.ParsePrefix(other); err == nil && o.Bits() <= prefix.Bits() && o.Contains(prefix.Addr()) {
			return true
		}
	}
	return false
}

var subnet = Row{
	Type: vpcSubnetType, Noun: "subnet ID",
	Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html",
	ID:  Format("subnet-{hex17}"),
	ARN: Format("arn:{partition}:ec2:{region}:{account}:subnet/{id}"),
	Defaults: map[string]any{"assignIpv6AddressOnCreation": false, "mapPublicIpOnLaunch": false, "enableDns64": false,
		"ipv6Native": false, "enableResourceNameDnsARecordOnLaunch": false, "enableResourceNameDnsAaaaRecordOnLaunch": false},
	Computed: map[string]Compute{
		"availabilityZone":               func(c *Call) any { return subnetZone(c) },
		"availabilityZoneId":             func(c *Call) any { return zoneID(subnetZone(c)) },
		"ownerId":                        Format("{account}"),
		"privateDnsHostnameTypeOnLaunch": Value("ip-name"),
		"ipv6CidrBlockAssociationId": func(c *Call) any {
			if !c.Has("ipv6CidrBlock") {
				return nil
			}
			return "subnet-cidr-assoc-" + c.Hex("ipv6 association", 17)
		},
	},
	Refresh:  []string{"ipv6CidrBlockAssociationId"},
	Required: []string{"vpcId"},
	Replace:  []string{"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv6Native", "outpostArn"},
	Taggable: true,
	Refs:     []Ref{VPCRef("vpcId")},
	Limits: []Limit{
		{"cidrBlock", blockSize(16, 28), subnetCidrs},
		{"ipv6CidrBlock", blockSize(44, 64), subnetCidrs},
		{"privateDnsHostnameTypeOnLaunch", OneOf("ip-name", "resource-name"), "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PrivateDnsNameOptionsOnLaunch.html"},
	},
	Check: subnetFits,
	After: func(c *Call) []*Resource {
		var needs []*Resource
		for _, more := range c.Where(cidrType, "vpcId", c.Text("vpcId")) {
			if within(c.Text("cidrBlock"), more.Out().Texts("cidrBlock")) {
				needs = append(needs, more)
			}
		}
		return needs
	},
	NotFound:  "InvalidSubnetID.NotFound",
	Durations: Durations{Create: 2 * second, Update: second, Delete: second, Source: subnetSource},
	CreateTime: func(c *Call) time.Duration {
		if c.Bool("mapPublicIpOnLaunch") {
			return 11 * second
		}
		return 2 * second
	},
}

// subnetZone is the zone asked for, by name or id; AWS chooses one when nothing is asked for.
func subnetZone(c *Call) string {
	if c.Text("availabilityZone") != "" {
		return c.Text("availabilityZone")
	}
	names := Zones(c.Region)
	for _, name := range names {
		if zoneID(name) == c.Text("availabilityZoneId") {
			return name
		}
	}
	if len(names) == 0 {
		return ""
	}
	n, _ := strconv.ParseUint(c.Hex("zone", 8), 16, 32)
	return names[int(n)%len(names)]
}

func subnetFits(c *Call) error {
	if err := zoneBelongs(c); err != nil {
		return err
	}
	if c.Known("cidrBlock", "ipv6Native") && !c.Has("cidrBlock") && !c.Bool("ipv6Native") {
		return c.RejectAt("cidrBlock", "MissingParameter", "either cidrBlock or ipv6Native must be given")
	}
	if c.Bool("assignIpv6AddressOnCreation") && !c.Has("ipv6CidrBlock") {
		return c.RejectAt("assignIpv6AddressOnCreation", "InvalidParameterValue", "the subnet has no IPv6 block to assign addresses from")
	}
	owner := c.Ref("vpcId")
	if owner == nil {
		return nil
	}
	if block := c.Text("cidrBlock"); block != "" && !within(block, vpcBlocks(c, owner)) {
		return c.RejectAt("cidrBlock", "InvalidSubnet.Range", "the CIDR %s is not inside the blocks of %s: %s", block, owner.ID,
			strings.Join(vpcBlocks(c, owner), ", "))
	}
	if err := subnetIPv6Fits(c, owner); err != nil {
		return err
	}
	for _, sibling := range c.Where(vpcSubnetType, "vpcId", owner.ID) {
		for _, path := range []string{"cidrBlock", "ipv6CidrBlock"} {
			if other, ok := overlap(c.Text(path), sibling.Out().Texts(path)); ok {
				return c.RejectAt(path, "InvalidSubnet.Conflict", "the CIDR %s conflicts with %s of subnet %s", c.Text(path), other, sibling.ID)
			}
		}
	}
	return nil
}

func subnetIPv6Fits(c *Call, owner *Resource) error {
	block := c.Text("ipv6CidrBlock")
	if block == "" || !owner.Out().Known("ipv6CidrBlock") || within(block, owner.Out().Texts("ipv6CidrBlock")) {
		return nil
	}
	return c.RejectAt("ipv6CidrBlock", "InvalidSubnet.Range", "the IPv6 CIDR %s is not inside the IPv6 block of %s: %q", block, owner.ID,
		owner.Out().Text("ipv6CidrBlock"))
}

func zoneBelongs(c *Call) error {
	if id := c.Text("availabilityZoneId"); id != "" {
		if c.Has("availabilityZone") {
			return c.RejectAt("availabilityZoneId", "ConflictsWith", "availabilityZone and availabilityZoneId may not be given together")
		}
		if !slices.ContainsFunc(Zones(c.Region), func(name string) bool { return zoneID(name) == id }) {
			return c.RejectAt("availabilityZoneId", "InvalidParameterValue", "Value (%s) for parameter availabilityZoneId is invalid", id)
		}
	}
	zone := c.Text("availabilityZone")
	for _, name := range Zones(c.Region) {
		if zone == "" || zone == name {
			return nil
		}
	}
	return c.RejectAt("availabilityZone", "InvalidParameterValue", "value (%s) for parameter availabilityZone is invalid; subnets can "+
		"be created in the following availability zones: %s", zone, strings.Join(Zones(c.Region), ", "))
}

var internetGateway = Row{
	Type: gatewayType, Noun: "internetGateway ID",
	Doc:      "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
	ID:       Format("igw-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}")},
	Taggable: true,
	Refs:     []Ref{VPCRef("vpcId")},
	Check: func(c *Call) error {
		for _, other := range c.Where(gatewayType, "vpcId", c.Text("vpcId")) {
			return c.RejectAt("vpcId", "Resource.AlreadyAssociated", "the vpc %s has the internet gateway %s attached; a VPC can have one",
				c.Text("vpcId"), other.ID)
		}
		return nil
	},
	Refuse: func(c *Call) error {
		for _, nat := range c.All(natType) {
			if nat.Out().Text("connectivityType") == "public" && vpcOfSubnet(c, nat.Out().Text("subnetId")) == c.Text("vpcId") {
				return c.Reject("DependencyViolation", "Network %s has some mapped public address(es), of %s. Please unmap those public "+
					"address(es) before detaching the gateway.", c.Text("vpcId"), nat.ID)
			}
		}
		return nil
	},
	NotFound:  "InvalidInternetGatewayID.NotFound",
	Durations: Durations{Create: second, Update: second, Delete: second, Source: gatewaySource},
}

// vpcOfSubnet is the VPC's id of a subnet, empty if the subnet is not known.
func vpcOfSubnet(c *Call, id string) string {
	if s := c.Find(vpcSubnetType, id); s != nil {
		return s.Out().Text("vpcId")
	}
	return ""
}

var egressOnlyGateway = Row{
	Type: egressGatewayType, Noun: "egress-only internet gateway",
	Doc:       "https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html",
	ID:        Format("eigw-{hex17}"),
	Required:  []string{"vpcId"},
	Replace:   []string{"vpcId"},
	Taggable:  true,
	Refs:      []Ref{VPCRef("vpcId")},
	NotFound:  "InvalidGatewayID.NotFound",
	Durations: immediate,
}

// publicAddress draws from the benchmark network 198.18.0.0/15, which is nobody's on the internet (RFC 2544).
func publicAddress(c *Call) netip.Addr {
	n, _ := strconv.ParseUint(c.Hex("address", 8), 16, 32)
	return netip.AddrFrom4([4]byte{198, byte(18 + n>>16&1), byte(n >> 8 & 0xff), byte(n & 0xff)})
}

var elasticIP = Row{
	Type: addressType, Noun: "allocation ID",
	Doc:      "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html",
	ID:       Format("eipalloc-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}"),
	Defaults: map[string]any{"domain": "vpc"},
	Computed: map[string]Compute{
		"allocationId":       Format("{id}"),
		"publicIp":           func(c *Call) any { return publicAddress(c).String() },
		"publicDns":          publicName,
		"publicIpv4Pool":     Value("amazon"),
		"networkBorderGroup": Format("{region}"),
	},
	Replace:   []string{"domain", "publicIpv4Pool", "networkBorderGroup", "customerOwnedIpv4Pool", "address", "ipamPoolId"},
	Taggable:  true,
	Limits:    []Limit{{"domain", OneOf("vpc", "standard"), "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html"}},
	NotFound:  "InvalidAllocationID.NotFound",
	InUse:     "InvalidIPAddress.InUse",
	Durations: immediate,
}

// publicName is the DNS name of a public address.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
func publicName(c *Call) any {
	host := "ec2-" + strings.ReplaceAll(publicAddress(c).String(), ".", "-")
	if c.Region == "us-east-1" {
		return host + ".compute-1.amazonaws.com"
	}
	return host + "." + c.Region + ".compute." + dnsSuffix(c.Region)
}

var natGateway = Row{
	Type: natType, Noun: "NAT gateway",
	Doc:      "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html",
	ID:       Format("nat-{hex17}"),
	Defaults: map[string]any{"connectivityType": "public"},
	Computed: map[string]Compute{
		"networkInterfaceId": hexID("eni-", "interface"),
		"privateIp":          natPrivateAddress,
		"publicIp": func(c *Call) any {
			if address := c.Ref("allocationId"); address != nil {
				return address.Out().Text("publicIp")
			}
			return nil
		},
		"associationId": func(c *Call) any {
			if !c.Has("allocationId") {
				return nil
			}
			return "eipassoc-" + c.Hex("association", 17)
		},
	},
	Required: []string{"subnetId"},
	Replace:  []string{"subnetId", "allocationId", "connectivityType", "privateIp"},
	Taggable: true,
	Refs: []Ref{SubnetRef("subnetId"), {Path: "allocationId", To: []string{addressType}},
		{Path: "secondaryAllocationIds", To: []string{addressType}}},
	Limits: []Limit{{"connectivityType", OneOf("public", "private"), "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html"}},
	Check:  natCanWork,
	After: func(c *Call) []*Resource {
		if c.Text("connectivityType") != "public" {
			return nil
		}
		return c.Where(gatewayType, "vpcId", vpcOfSubnet(c, c.Text("subnetId")))
	},
	Idle: func(c *Call) string {
		if c.Text("connectivityType") != "public" || leadsToInternet(c, c.Text("subnetId")) {
			return ""
		}
		return fmt.Sprintf("the route table of subnet %s does not lead to an internet gateway, so this NAT gateway reaches nothing",
			c.Text("subnetId"))
	},
	NotFound:  "NatGatewayNotFound",
	Durations: Durations{Create: 115 * second, Update: second, Delete: 50 * second, Source: natSource},
}

func natCanWork(c *Call) error {
	if c.Text("connectivityType") == "private" {
		if c.Has("allocationId") {
			return c.RejectAt("allocationId", "InvalidParameter", "a private NAT gateway takes no Elastic IP address")
		}
		return nil
	}
	if !c.Has("allocationId") {
		return c.RejectAt("allocationId", "MissingParameter", "the request must contain the parameter AllocationId for a public NAT gateway")
	}
	for _, other := range c.Where(natType, "allocationId", c.Text("allocationId")) {
		return c.RejectAt("allocationId", "Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated with %s",
			c.Text("allocationId"), other.ID)
	}
	network := vpcOfSubnet(c, c.Text("subnetId"))
	if network != "" && len(c.Where(gatewayType, "vpcId", network)) == 0 {
		return c.RejectAt("subnetId", "Gateway.NotAttached", "Network %s has no Internet gateway attached", network)
	}
	return nil
}

// natPrivateAddress is an address of the subnet behind the five that AWS reserves.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func natPrivateAddress(c *Call) any {
	home := c.Ref("subnetId")
	if home == nil {
		return nil
	}
	prefix, err := netip.ParsePrefix(home.Out().Text("cidrBlock"))
	if err != nil {
		return nil
	}
	address := prefix.Addr()
	for range 4 {
		address = address.Next()
	}
	return address.String()
}

// leadsToInternet reports whether the subnet's route table has a route to an internet gateway.
func leadsToInternet(c *Call, subnetID string) bool {
	for _, table := range tablesOf(c, subnetID) {
		for _, route := range c.Where(routeType, "routeTableId", table) {
			if strings.HasPrefix(route.Out().Text("gatewayId"), "igw-") {
				return true
			}
		}
		for _, typ := range []string{routeTableType, defaultTableType} {
			owner := c.Find(typ, table)
			if owner == nil {
				continue
			}
			for _, inline := range owner.Out().Objects("routes") {
				if strings.HasPrefix(inline.Text("gatewayId"), "igw-") {
					return true
				}
			}
		}
	}
	return false
}

// tablesOf is the route table of a subnet: the associated one, or else the VPC's main one.
func tablesOf(c *Call, subnetID string) []string {
	for _, association := range c.Where(associationType, "subnetId", subnetID) {
		return []string{association.Out().Text("routeTableId")}
	}
	if home := c.Find(vpcType, vpcOfSubnet(c, subnetID)); home != nil {
		return []string{home.Out().Text("mainRouteTableId")}
	}
	return nil
}

var dhcpOptions = Row{
	Type: dhcpType, Noun: "DHCP options set",
	Doc:      "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html",
	ID:       Format("dopt-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:dhcp-options/{id}"),
	Computed: map[string]Compute{"ownerId": Format("{account}")},
	Replace: []string{"domainName", "domainNameServers", "ipv6AddressPreferredLeaseTime", "netbiosNameServers", "netbiosNodeType",
		"ntpServers"},
	Taggable: true,
	Limits: []Limit{
		{"domainNameServers", Items(1, 4), "https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html"},
		{"ntpServers", Items(1, 8), "https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html"},
	},
	Check: func(c *Call) error {
		if slices.ContainsFunc([]string{"domainName", "domainNameServers", "ipv6AddressPreferredLeaseTime", "netbiosNameServers", "netbiosNodeType", "ntpServers"}, c.Has) {
			return nil
		}
		return c.Reject("MissingParameter", "a DHCP options set needs at least one option")
	},
	NotFound:  "InvalidDhcpOptionID.NotFound",
	Durations: immediate,
}

var dhcpAssociation = Row{
	Type: "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation", Noun: "DHCP options association",
	Doc:      "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html",
	ID:       Format("{dhcpOptionsId}-{vpcId}"),
	Required: []string{"vpcId", "dhcpOptionsId"},
	Replace:  []string{"vpcId"},
	Refs: []Ref{{Path: "vpcId", To: []string{vpcType}, Weak: true},
		{Path: "dhcpOptionsId", To: []string{dhcpType}, Except: func(v string) bool { return v == "default" }}},
	Durations: immediate,
}
