package network

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
	"github.com/seed-11444627/holdfast/components/internal/tags"
)

// plan is everything that is decided before the first resource.
type plan struct {
	args      NetworkArgs
	region    string
	partition string
	zones     []string
	tiers     []Tier
	addresses addressPlan
	subnets   []subnet
	natZones  []string
}

// subnet is one tier in one zone.
type subnet struct {
	tier Tier
	zone string
	cidr netip.Prefix
	ipv6 int
}

// key names the subnet's children: never a position, so that a new zone renames nothing.
func (s subnet) key() []string { return []string{string(s.tier), s.zone} }

// newPlan validates a copy of the arguments with the defaults filled in, and computes.
func newPlan(name string, given *NetworkArgs) (plan, error) {
	args := withDefaults(given)
	problems := fielderror.For("Network")
	problems.Join(names.Check(name))
	tags.Check(problems, args.Tags)
	args.Alarms.Check(problems, args.AlarmsOff)
	if args.Bring != nil {
		checkBring(problems, given)
		return broughtPlan(args), problems.Err()
	}
	checkZones(problems, args)
	checkCIDR(problems, args)
	checkTiers(problems, args)
	checkEndpoints(problems, args)
	checkFlowLogs(problems, args)
	if err := problems.Err(); err != nil {
		return plan{}, err
	}
	return compute(args), nil
}

// withDefaults never touches what the caller gave: it returns a copy.
func withDefaults(given *NetworkArgs) NetworkArgs {
	args := NetworkArgs{}
	if given != nil {
		args = *given
	}
	args.Workload = or(args.Workload, "shared")
	args.NAT = or(args.NAT, NATPerZone)
	args.Zones = slices.Sorted(slices.Values(args.Zones))
	args.Endpoints = slices.Sorted(slices.Values(args.Endpoints))
	if len(args.Tiers) == 0 {
		args.Tiers = []Tier{Public, Private, Isolated}
	}
	args.Addresses.ZoneSlots = or(args.Addresses.ZoneSlots, 8)
	args.FlowLogs.RetentionDays = or(args.FlowLogs.RetentionDays, 365)
	if len(args.Zones) > 0 {
		args.Region = or(args.Region, regionOf(args.Zones[0]))
	}
	if args.NAT == NATOne && len(args.Zones) > 0 {
		args.NATZone = or(args.NATZone, args.Zones[0])
	}
	return args
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// compute assumes checked arguments.
func compute(args NetworkArgs) plan {
	p := plan{
		args: args, region: args.Region, partition: iam.Partition(args.Region), zones: args.Zones, tiers: args.Tiers,
		addresses: addressPlan{vpc: netip.MustParsePrefix(args.CIDR), slots: args.Addresses.ZoneSlots},
	}
	for _, tier := range args.Tiers {
		for _, zone := range args.Zones {
			slot := slotOf(args, zone)
			p.subnets = append(p.subnets, subnet{
				tier: tier, zone: zone, cidr: p.addresses.subnet(tier, slot), ipv6: ipv6Index(tier, slot),
			})
		}
	}
	switch args.NAT {
	case NATPerZone:
		p.natZones = args.Zones
	case NATOne:
		p.natZones = []string{args.NATZone}
	case NATNone:
	}
	return p
}

// natFor is the zone whose NAT gateway carries the egress of the given zone; "" when there is none.
func (p plan) natFor(zone string) string {
	switch p.args.NAT {
	case NATPerZone:
		return zone
	case NATOne:
		return p.args.NATZone
	case NATNone:
	}
	return ""
}

func (p plan) has(tier Tier) bool { return slices.Contains(p.tiers, tier) }

func (p plan) gatewayEndpoints() bool {
	return p.args.Bring == nil && p.args.GatewayEndpoints.Off == ""
}

func (p plan) flowLogs() bool { return p.args.Bring == nil && p.args.FlowLogs.Off == "" }

// flowLogGroup is true where flow logs go to a log group of the component's own.
func (p plan) flowLogGroup() bool { return p.flowLogs() && p.args.FlowLogs.BucketARN == nil }

// endpointTier is where interface endpoints stand: beside the workload.
func (p plan) endpointTier() Tier {
	if p.has(Private) {
		return Private
	}
	return Isolated
}

// zoneName is a region and one letter. Local Zones and Wavelength Zones, whose names go on after the region, lack NAT
// gateways, gateway endpoints or both, and are refused.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
var zoneName = regexp.MustCompile(`^((?:[a-z]+-){2,3}\d+)([a-z])$`)

func regionOf(zone string) string {
	if match := zoneName.FindStringSubmatch(zone); match != nil {
		return match[1]
	}
	return ""
}

// slotOf is the zone's fixed place in every tier: what the caller says, or the place of its letter.
func slotOf(args NetworkArgs, zone string) int {
	if slot, given := args.Addresses.Slots[zone]; given {
		return slot
	}
	return int(zone[len(zone)-1] - 'a')
}

const recommendedZones = 3

func checkZones(problems *fielderror.Errors, args NetworkArgs) {
	const field = "Zones"
	count := len(args.Zones)
	problems.Require(count > 0, field, nil, "three Availability Zone names of one region", `name them, for example "eu-central-1a", "eu-central-1b", "eu-central-1c"`)
	problems.Require(count != 1 || args.SingleZone != "", field, strings.Join(args.Zones, ", "),
		"two zones or, better, three: everything in a single zone is gone when the zone is lost", "add zones, or say in SingleZone why losing everything with the zone is acceptable")
	problems.Require(args.SingleZone == "" || count <= 1, "SingleZone", args.SingleZone, "nothing, because there are several zones", "remove SingleZone")
	for i, zone := range args.Zones {
		path := fmt.Sprintf("Zones[%s]", zone)
		problems.Require(i == 0 || args.Zones[i-1] != zone, path, zone, "each zone once", "remove the second mention")
		if regionOf(zone) == "" {
			problems.Add(path, zone, "an Availability Zone: a region and one letter (a Local or Wavelength Zone cannot carry this network)", "use a name such as eu-central-1a")
			continue
		}
		problems.Require(regionOf(zone) == args.Region, path, zone, "a zone of "+args.Region, "use zones of one region, the one in Region")
	}
	checkRegion(problems, args)
	checkNAT(problems, args)
	checkSlots(problems, args)
}

func checkRegion(problems *fielderror.Errors, args NetworkArgs) {
	outside := strings.HasPrefix(args.Region, "cn-") || strings.Contains(args.Region, "-iso")
	problems.Require(!outside, "Region", args.Region, "a region of the aws or aws-us-gov partition: elsewhere endpoints and ARNs have other names", "use another region")
}

func checkNAT(problems *fielderror.Errors, args NetworkArgs) {
	problems.OneOf("NAT", string(args.NAT), string(NATNone), string(NATOne), string(NATPerZone))
	needsPublic := args.NAT != NATNone && !slices.Contains(args.Tiers, Public)
	problems.Require(!needsPublic, "NAT", args.NAT, "none, because a NAT gateway stands in a public subnet and Tiers has no public tier", "set NAT to none, or add the public tier")
	if args.NATZone == "" {
		return
	}
	problems.Require(args.NAT == NATOne, "NATZone", args.NATZone, "nothing, unless NAT is one", "remove NATZone, or set NAT to one")
	problems.Require(slices.Contains(args.Zones, args.NATZone), "NATZone", args.NATZone, "one of Zones", "name a zone of the network")
}

func checkSlots(problems *fielderror.Errors, args NetworkArgs) {
	slots := args.Addresses.ZoneSlots
	problems.OneOf("Addresses.ZoneSlots", fmt.Sprint(slots), "2", "4", "8")
	taken := map[int]string{}
	for _, zone := range slices.Compact(slices.Clone(args.Zones)) {
		if regionOf(zone) == "" {
			continue
		}
		slot := slotOf(args, zone)
		path := fmt.Sprintf("Addresses.Slots[%s]", zone)
		problems.Require(slot >= 0 && slot < slots, path, slot, fmt.Sprintf("a slot of 0 to %d", slots-1), "give the zone a free slot in Addresses.Slots, or raise ZoneSlots before the network exists")
		other, clash := taken[slot]
		problems.Require(!clash, path, slot, "a slot of its own, not that of "+other, "give the zone a free slot")
		taken[slot] = zone
	}
	for _, zone := range slices.Sorted(maps.Keys(args.Addresses.Slots)) {
		problems.Require(slices.Contains(args.Zones, zone), fmt.Sprintf("Addresses.Slots[%s]", zone), zone, "one of Zones", "remove the entry")
	}
}

// privateBlocks are the ranges that AWS recommends for a VPC: RFC 1918 and the shared range of RFC 6598.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
var privateBlocks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
}

func checkCIDR(problems *fielderror.Errors, args NetworkArgs) {
	const field = "CIDR"
	block, err := netip.ParsePrefix(args.CIDR)
	if err != nil || !block.Addr().Is4() {
		problems.Add(field, args.CIDR, "one IPv4 block in CIDR notation", "use a block such as 10.0.0.0/16")
		return
	}
	if block != block.Masked() {
		problems.Add(field, args.CIDR, "the first address of the block", "use "+block.Masked().String())
		return
	}
	inside := slices.ContainsFunc(privateBlocks, func(p netip.Prefix) bool { return p.Contains(block.Addr()) && p.Bits() <= block.Bits() })
	problems.Require(inside, field, args.CIDR, "a block inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10", "use a private block: a public one hides its owner from this network")
	if block.Bits() < biggestPrefix {
		problems.Add(field, args.CIDR, "a /16 or smaller, which is what a VPC may have", fmt.Sprintf("use %s/16", block.Addr()))
		return
	}
	plan := addressPlan{vpc: block, slots: args.Addresses.ZoneSlots}
	widest := plan.widest(args.Tiers)
	if block.Bits() <= widest {
		return
	}
	fits := netip.PrefixFrom(block.Addr(), widest).Masked()
	problems.Add(field, args.CIDR, fmt.Sprintf("room for the tiers in %d zone slots: a /%d or bigger", plan.slots, widest), fmt.Sprintf("use %s, or fewer Addresses.ZoneSlots", fits))
}

func checkTiers(problems *fielderror.Errors, args NetworkArgs) {
	for i, tier := range args.Tiers {
		problems.OneOf("Tiers", string(tier), string(Public), string(Private), string(Isolated))
		problems.Require(!slices.Contains(args.Tiers[:i], tier), "Tiers", tier, "each tier once", "remove the second mention")
	}
}

// serviceName is the short name of an interface endpoint's service: what follows com.amazonaws.REGION.
// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
var serviceName = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)

// bucketName is what S3 allows. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func checkEndpoints(problems *fielderror.Errors, args NetworkArgs) {
	for i, service := range args.Endpoints {
		path := fmt.Sprintf("Endpoints[%s]", service)
		problems.Require(i == 0 || args.Endpoints[i-1] != service, path, service, "each service once", "remove the second mention")
		short := serviceName.MatchString(service) && !strings.HasPrefix(service, "com.amazonaws.")
		problems.Require(short, path, service, "a short service name", `use what follows "com.amazonaws.REGION.", for example "ssm"`)
		problems.Require(service != "s3" && service != "dynamodb", path, service, "a service other than s3 and dynamodb, which have gateway endpoints without charge", "remove it")
	}
	reachable := slices.Contains(args.Tiers, Private) || slices.Contains(args.Tiers, Isolated)
	problems.Require(len(args.Endpoints) == 0 || reachable, "Endpoints", strings.Join(args.Endpoints, ", "),
		"none, because there is no private or isolated tier to put them in", "add a tier, or remove the endpoints")
	off := args.GatewayEndpoints.Off != ""
	problems.Require(!off || len(args.GatewayEndpoints.ReadBuckets) == 0, "GatewayEndpoints.ReadBuckets", strings.Join(args.GatewayEndpoints.ReadBuckets, ", "),
		"nothing, because the gateway endpoints are off", "remove ReadBuckets or Off")
	for _, bucket := range args.GatewayEndpoints.ReadBuckets {
		problems.Require(bucketName.MatchString(bucket), "GatewayEndpoints.ReadBuckets", bucket,
			"bucket names of 3 to 63 lower-case letters, digits, dots and hyphens", "give the bucket's name, not its ARN")
	}
}

// retentions are the days that CloudWatch Logs knows; 0, for ever, is not among them on purpose.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func checkFlowLogs(problems *fielderror.Errors, args NetworkArgs) {
	logs := args.FlowLogs
	problems.Require(slices.Contains(retentions, logs.RetentionDays), "FlowLogs.RetentionDays", logs.RetentionDays, "one of "+strings.Trim(fmt.Sprint(retentions), "[]"), "use the next longer period")
	both := logs.KeyARN != nil && logs.BucketARN != nil
	problems.Require(!both, "FlowLogs.KeyARN", "a key beside a bucket", "a key for the log group or a bucket, which has a key of its own", "remove one of them")
	given := logs.KeyARN != nil || logs.BucketARN != nil
	problems.Require(logs.Off == "" || !given, "FlowLogs.Off", logs.Off, "nothing beside KeyARN or BucketARN", "remove one of them")
}

// checkBring looks at what the caller wrote, before defaults: beside a brought VPC nothing may be made.
func checkBring(problems *fielderror.Errors, args *NetworkArgs) {
	bring := args.Bring
	own := []struct {
		field string
		given bool
	}{
		{"Zones", len(args.Zones) > 0}, {"CIDR", args.CIDR != ""}, {"NAT", args.NAT != ""}, {"NATZone", args.NATZone != ""},
		{"SingleZone", args.SingleZone != ""}, {"Tiers", len(args.Tiers) > 0}, {"Endpoints", len(args.Endpoints) > 0},
		{"IPv6", args.IPv6}, {"Addresses", args.Addresses.ZoneSlots != 0 || len(args.Addresses.Slots) > 0},
		{"GatewayEndpoints", args.GatewayEndpoints.Off != "" || len(args.GatewayEndpoints.ReadBuckets) > 0},
		{"FlowLogs", args.FlowLogs != (FlowLogs{})},
	}
	for _, each := range own {
		problems.Require(!each.given, each.field, "a value beside Bring", "nothing: a network is made or brought, never both", "remove "+each.field+" or Bring")
	}
	problems.Require(bring.VPCID != nil, "Bring.VPCID", nil, "the id of the VPC", "give it")
	problems.Require(len(bring.Private) > 0 || len(bring.Isolated) > 0 || len(bring.Public) > 0, "Bring", "no subnets", "subnets of at least one tier", "give the subnet ids by zone")
	zones := broughtZones(bring)
	for _, tier := range []struct {
		field   string
		subnets map[string]pulumi.StringInput
	}{{"Bring.Public", bring.Public}, {"Bring.Private", bring.Private}, {"Bring.Isolated", bring.Isolated}} {
		checkBroughtTier(problems, tier.field, zones, tier.subnets)
	}
	for _, zone := range slices.Sorted(maps.Keys(bring.NATGateways)) {
		problems.Require(slices.Contains(zones, zone), fmt.Sprintf("Bring.NATGateways[%s]", zone), zone, "a zone that has subnets", "remove the entry")
	}
}

func checkBroughtTier(problems *fielderror.Errors, field string, zones []string, subnets map[string]pulumi.StringInput) {
	if len(subnets) == 0 {
		return
	}
	for _, zone := range zones {
		path := fmt.Sprintf("%s[%s]", field, zone)
		id, given := subnets[zone]
		problems.Require(regionOf(zone) != "" && regionOf(zone) == regionOf(zones[0]), path, zone, "an Availability Zone of one region", "use names such as eu-central-1a")
		problems.Require(given && id != nil, path, nil, "a subnet, because another tier has one in this zone", "give each tier a subnet in each zone, or leave the tier out")
	}
}

func broughtZones(bring *BroughtVPC) []string {
	all := map[string]bool{}
	for _, tier := range []map[string]pulumi.StringInput{bring.Public, bring.Private, bring.Isolated} {
		for zone := range tier {
			all[zone] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func broughtPlan(args NetworkArgs) plan {
	zones := broughtZones(args.Bring)
	p := plan{args: args, zones: zones, natZones: slices.Sorted(maps.Keys(args.Bring.NATGateways))}
	if len(zones) > 0 {
		p.region = regionOf(zones[0])
	}
	p.partition = iam.Partition(p.region)
	return p
}
