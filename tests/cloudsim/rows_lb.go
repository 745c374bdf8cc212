package cloudsim

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	balancerDoc      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html"
	balancerSet      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html"
	balancerSubnets  = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer"
	targetsDocs      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"
	targetsSet       = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html"
	listenerDoc      = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html"
	listenerRuleDoc  = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html"
	accessLogsDoc    = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"
	balancerType     = "aws:lb/loadBalancer:LoadBalancer"
	targetsType      = "aws:lb/targetGroup:TargetGroup"
	listenerType     = "aws:lb/listener:Listener"
	listenerRuleType = "aws:lb/listenerRule:ListenerRule"
	gatewayTieType   = "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment"
)

func init() {
	register(loadBalancer, targetGroup, listener, listenerRule, listenerCertificate, targetAttachment)
}

// aliasZones are the hosted zones of load balancers' DNS names by region: application and network.
// https://docs.aws.amazon.com/general/latest/gr/elb.html
var aliasZones = map[string][2]string{
	"af-south-1":     {"Z268VQBMOI5EKX", "Z203XCE67M25HM"},
	"ap-east-1":      {"Z3DQVH9N71FHZ0", "Z12Y7K3UBGUAD1"},
	"ap-northeast-1": {"Z14GRHDCWA56QT", "Z31USIVHYNEOWT"},
	"ap-northeast-2": {"ZWKZPGTI48KDX", "ZIBE1TIR4HY56"},
	"ap-northeast-3": {"Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X"},
	"ap-south-1":     {"ZP97RAFLXTNZK", "ZVDDRBQ08TROA"},
	"ap-southeast-1": {"Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"},
	"ap-southeast-2": {"Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"},
	"ca-central-1":   {"ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"},
	"cn-north-1":     {"Z1GDH35T77C1KE", "Z3QFB96KMJ7ED6"},
	"cn-northwest-1": {"ZM7IZAIOVVDZF", "ZQEIKTCZ8352D"},
	"eu-central-1":   {"Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"},
	"eu-central-2":   {"Z06391101F2ZOEP8P5EB3", "Z02239872DOALSIDCX66S"},
	"eu-north-1":     {"Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"},
	"eu-south-1":     {"Z3ULH7SSC9OV64", "Z23146JA1KNAFP"},
	"eu-south-2":     {"Z0956581394HF5D5LXGAP", "Z1011216NVTVYADP1SSV"},
	"eu-west-1":      {"Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"},
	"eu-west-2":      {"ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"},
	"eu-west-3":      {"Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"},
	"me-central-1":   {"Z08230872XQRWHG2XF6I", "Z00282643NTTLPANJJG2P"},
	"me-south-1":     {"ZS929ML54UICD", "Z3QSRYVP46NYYV"},
	"sa-east-1":      {"Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"},
	"us-east-1":      {"Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"},
	"us-east-2":      {"Z3AADJGX6KTTL2", "ZLMOA37VPKANP"},
	"us-gov-east-1":  {"Z166TLBEWOO7G0", "Z1ZSMQQ6Q24QQ8"},
	"us-gov-west-1":  {"Z33AYJ8TM3BH4J", "ZMG1MZ2THAWF1"},
	"us-west-1":      {"Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"},
	"us-west-2":      {"Z1H1FL5HABSF5", "Z18D5FSROUN65G"},
}

var loadBalancer = Row{
	Type:     balancerType,
	Noun:     "load balancer",
	Doc:      balancerDoc,
	ID:       func(c *Call) any { return c.Format(balancerARN) + balancerSuffix(c) },
	ARN:      func(c *Call) any { return c.Format(balancerARN) + balancerSuffix(c) },
	AutoName: &AutoName{Max: 32},
	Defaults: map[string]any{
		"loadBalancerType": "application", "enableDeletionProtection": false, "idleTimeout": 60, "enableHttp2": true,
		"clientKeepAlive": 3600, "desyncMitigationMode": "defensive", "xffHeaderProcessingMode": "append",
		"dropInvalidHeaderFields": false, "preserveHostHeader": false, "enableXffClientPort": false, "enableZonalShift": false,
		"enableTlsVersionAndCipherSuiteHeaders": false, "enableWafFailOpen": false,
	},
	Computed: map[string]Compute{
		"arnSuffix":     func(c *Call) any { return balancerSuffix(c) },
		"dnsName":       func(c *Call) any { return balancerName(c) },
		"zoneId":        func(c *Call) any { return aliasZones[c.Region][balancerKind(c)] },
		"vpcId":         func(c *Call) any { return subnetsVPC(balancerSubnetsOf(c)) },
		"internal":      Value(false),
		"ipAddressType": Value("ipv4"),
	},
	Replace:  []string{"name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"},
	Taggable: true,
	Refs: []Ref{
		{Path: "subnets", To: []string{subnetType}, Code: "SubnetNotFound"},
		{Path: "subnetMappings.subnetId", To: []string{subnetType}, Code: "SubnetNotFound"},
		{Path: "securityGroups", To: []string{sgType}, Code: "InvalidSecurityGroup"},
		{Path: "accessLogs.bucket", To: bucketTypes, Except: emptyBucket, Weak: true, Code: "InvalidConfigurationRequest"},
		{Path: "connectionLogs.bucket", To: bucketTypes, Except: emptyBucket, Weak: true, Code: "InvalidConfigurationRequest"},
	},
	Unique: []Unique{{Paths: []string{"name"}, Code: "DuplicateLoadBalancerName"}},
	Limits: []Limit{
		{"name", Matches(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`, "at most 32 letters, digits and hyphens, no hyphen at either end"), balancerDoc},
		{"name", Satisfies(notInternal), balancerDoc},
		{"loadBalancerType", OneOf("application", "network", "gateway"), balancerDoc},
		{"ipAddressType", OneOf("ipv4", "dualstack", "dualstack-without-public-ipv4"), balancerDoc},
		{"idleTimeout", Between(1, 4000), balancerSet},
		{"clientKeepAlive", Between(60, 604800), balancerSet},
		{"desyncMitigationMode", OneOf("monitor", "defensive", "strictest"), balancerSet},
		{"xffHeaderProcessingMode", OneOf("append", "preserve", "remove"), balancerSet},
		{"securityGroups", Items(0, 5), "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"},
	},
	Check:    checkBalancer,
	Refuse:   balancerProtected,
	Idle:     idleWhen(balancerReachable),
	After:    gatewaysOf,
	NotFound: "LoadBalancerNotFound",
	InUse:    "ResourceInUse",
	Durations: Durations{Create: 150 * time.Second, Update: 10 * time.Second, Delete: 60 * time.Second,
		Source: estimate("an application load balancer is provisioned in two to three minutes; the provider waits at most 10")},
}

const balancerARN = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/"

func emptyBucket(value string) bool { return value == "" }

func notInternal(value string) string {
	if strings.HasPrefix(value, "internal-") {
		return `must not begin with "internal-"`
	}
	return ""
}

func balancerKind(c *Call) int {
	if c.Text("loadBalancerType") == "network" {
		return 1
	}
	return 0
}

func balancerSuffix(c *Call) string {
	kind := map[string]string{"network": "net", "gateway": "gwy"}[c.Text("loadBalancerType")]
	if kind == "" {
		kind = "app"
	}
	return c.Format(kind + "/{name}/{hex16}")
}

// balancerName is the DNS name: a number for application load balancers, the id for network load balancers.
func balancerName(c *Call) string {
	if balancerKind(c) == 1 {
		return c.Format("{name}-{hex16}.elb.{region}.{dns}")
	}
	number := strings.Map(func(r rune) rune {
		if r >= 'a' {
			return '0' + r - 'a'
		}
		return r
	}, c.Hex("dns", 9))
	prefix := ""
	if c.Bool("internal") {
		prefix = "internal-"
	}
	return prefix + c.Format("{name}-1") + number + c.Format(".{region}.elb.{dns}")
}

func balancerSubnetsOf(c *Call) []*Resource {
	return append(c.Refs("subnets"), c.Refs("subnetMappings.subnetId")...)
}

func subnetsVPC(subnets []*Resource) string {
	for _, subnet := range subnets {
		return subnet.Out().Text("vpcId")
	}
	return ""
}

func checkBalancer(c *Call) error {
	problems := []error{balancerPlaces(c), balancerGroups(c), balancerGateway(c)}
	if c.Has("subnets") && c.Has("subnetMappings") {
		problems = append(problems, c.RejectAt("subnetMappings", "ValidationError", "You can specify only one of subnets or subnet mappings"))
	}
	if c.Bool("accessLogs.enabled") {
		problems = append(problems, logsAdmitted(c, "accessLogs"))
	}
	if c.Bool("connectionLogs.enabled") {
		problems = append(problems, logsAdmitted(c, "connectionLogs"))
	}
	return errors.Join(problems...)
}

// balancerPlaces demands subnets of one VPC, one per zone, two zones at least for application load balancers, each at
// least a /27 with eight free addresses.
func balancerPlaces(c *Call) error {
	subnets := balancerSubnetsOf(c)
	if n, known := c.Count("subnets"); !known || n+len(c.Texts("subnetMappings.subnetId")) != len(subnets) {
		return nil
	}
	zones := map[string]string{}
	for _, subnet := range subnets {
		zone, vpc := subnet.Out().Text("availabilityZone"), subnet.Out().Text("vpcId")
		if other := zones[zone]; other != "" && zone != "" {
			return c.RejectAt("subnets", "InvalidConfigurationRequest",
				"A load balancer cannot be attached to multiple subnets in the same Availability Zone: %s and %s are both in %s", other, subnet.ID, zone)
		}
		zones[zone] = subnet.ID
		if first := subnetsVPC(subnets); vpc != first && vpc != "" && first != "" {
			return c.RejectAt("subnets", "InvalidConfigurationRequest", "All subnets must belong to the same VPC: %s, %s", first, vpc)
		}
		if err := balancerRoom(c, subnet); err != nil {
			return err
		}
	}
	if len(zones) < 2 && c.Text("loadBalancerType") == "application" {
		return c.RejectAt("subnets", "ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	return nil
}

// balancerRoom: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
func balancerRoom(c *Call, subnet *Resource) error {
	prefix, err := netip.ParsePrefix(subnet.Out().Text("cidrBlock"))
	if err != nil || !prefix.Addr().Is4() || c.Text("loadBalancerType") != "application" {
		return nil //nolint:nilerr // the subnet's own row has refused the block
	}
	if prefix.Bits() > 27 {
		return c.RejectAt("subnets", "InvalidSubnet", "Subnet %s is a /%d; a load balancer needs at least a /27", subnet.ID, prefix.Bits())
	}
	if free, known := c.freeAddresses(subnet); known && free < 8 && c.Op == OpCreate {
		return c.RejectAt("subnets", "InvalidSubnet",
			"Not enough IP space available in %s. ELB requires at least 8 free IP addresses in each subnet.", subnet.ID)
	}
	return nil
}

func balancerGroups(c *Call) error {
	vpc := subnetsVPC(balancerSubnetsOf(c))
	for _, group := range c.Refs("securityGroups") {
		if own := group.Out().Text("vpcId"); own != "" && vpc != "" && own != vpc {
			return c.RejectAt("securityGroups", "InvalidConfigurationRequest",
				"One or more security groups are invalid: %s belongs to %s, the subnets to %s", group.ID, own, vpc)
		}
	}
	return nil
}

// balancerGateway: AWS refuses an internet-facing load balancer in a VPC without an internet gateway.
func balancerGateway(c *Call) error {
	vpc := subnetsVPC(balancerSubnetsOf(c))
	if c.Bool("internal") || vpc == "" || c.Preview || !c.Known("internal") || len(gatewaysOf(c)) > 0 {
		return nil
	}
	return c.RejectAt("subnets", "InvalidSubnet", "VPC %s has no internet gateway (make the load balancer depend on it)", vpc)
}

// gatewaysOf are the internet gateways attached to the VPC of an internet-facing load balancer.
func gatewaysOf(c *Call) []*Resource {
	vpc := subnetsVPC(balancerSubnetsOf(c))
	if c.Bool("internal") || vpc == "" {
		return nil
	}
	return append(c.Where(gatewayType, "vpcId", vpc), c.Where(gatewayTieType, "vpcId", vpc)...)
}

// logAccounts are the accounts of Elastic Load Balancing that write logs in regions opened before August 2022.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
var logAccounts = map[string]string{
	"us-east-1": "127311923021", "us-east-2": "033677994240", "us-west-1": "027434742980", "us-west-2": "797873946194",
	"af-south-1": "098369216593", "ap-east-1": "754344448648", "ap-northeast-1": "582318560864", "ap-northeast-2": "600734575887",
	"ap-northeast-3": "383597477331", "ap-south-1": "718504428378", "ap-southeast-1": "114774131450",
	"ap-southeast-2": "783225319266", "ap-southeast-3": "589379963580", "ca-central-1": "985666609251",
	"eu-central-1": "054676820928", "eu-north-1": "897822967062", "eu-south-1": "635631232127", "eu-west-1": "156460612806",
	"eu-west-2": "652711504416", "eu-west-3": "009996457667", "me-south-1": "076674570225", "sa-east-1": "507241528517",
}

// logsAdmitted: AWS writes a test file when logging is switched on, so the bucket must be open by then. It must be in the
// region and encrypted with S3's own keys.
func logsAdmitted(c *Call, block string) error {
	bucket := c.Ref(block + ".bucket")
	if bucket == nil || c.Preview {
		return nil
	}
	if !c.Changed(block) {
		return nil
	}
	object := c.Format("AWSLogs/{account}/ELBAccessLogTestFile")
	if prefix := c.Text(block + ".prefix"); prefix != "" {
		object = prefix + "/" + object
	}
	policy, ok := c.documentOf(bucket, bucketPolicyType, "bucket")
	denied := c.RejectAt(block+".bucket", "InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission", bucket.ID)
	if !ok {
		return denied
	}
	for _, principal := range []string{"logdelivery.elasticloadbalancing.amazonaws.com", "delivery.logs.amazonaws.com",
		"arn:" + c.Partition() + ":iam::" + logAccounts[c.Region] + ":root", logAccounts[c.Region]} {
		q := access{service: principal, action: "s3:PutObject", resource: "arn:" + c.Partition() + ":s3:::" + bucket.ID + "/" + object,
			account: c.Account}
		if policy.admits(q) {
			return logsUnlocked(c, block, bucket)
		}
	}
	return denied
}

func logsUnlocked(c *Call, block string, bucket *Resource) error {
	if c.bucketEncryption(bucket) == "" || c.bucketEncryption(bucket) == "AES256" {
		return nil
	}
	return c.RejectAt(block+".bucket", "InvalidConfigurationRequest",
		"Access Denied for bucket: %s. The only server-side encryption option that's supported is Amazon S3-managed keys (SSE-S3), the bucket has %s (%s)",
		bucket.ID, c.bucketEncryption(bucket), accessLogsDoc)
}

func balancerProtected(c *Call) error {
	if c.Bool("enableDeletionProtection") {
		return c.Reject("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", c.Old.ARN)
	}
	return nil
}

// balancerReachable: AWS makes an internet-facing load balancer in subnets without a route to the internet; it never
// answers. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
func balancerReachable(c *Call) error {
	if c.Out.Bool("internal") {
		return nil
	}
	for _, subnet := range balancerSubnetsOf(c) {
		if !c.routedOut(subnet) {
			return c.silent("subnets", "clients cannot reach an internet-facing load balancer in %s: its route table has no route to an internet gateway", subnet.ID)
		}
	}
	return nil
}

// routedOut reports whether a subnet has a route to an internet gateway.
func (c *Call) routedOut(subnet *Resource) bool {
	var tables []string
	for _, tie := range c.All("aws:ec2/routeTableAssociation:RouteTableAssociation") {
		if tie.Out().Text("subnetId") == subnet.ID {
			tables = append(tables, tie.Out().Text("routeTableId"))
		}
	}
	if len(tables) == 0 {
		tables = c.mainTables(subnet.Out().Text("vpcId"))
	}
	for _, r := range c.All("aws:ec2/route:Route") {
		if slices.Contains(tables, r.Out().Text("routeTableId")) && strings.HasPrefix(r.Out().Text("gatewayId"), "igw-") {
			return true
		}
	}
	for _, typ := range []string{"aws:ec2/routeTable:RouteTable", "aws:ec2/defaultRouteTable:DefaultRouteTable"} {
		for _, table := range c.All(typ) {
			for _, gateway := range table.Out().Texts("routes.gatewayId") {
				if slices.Contains(tables, table.ID) && strings.HasPrefix(gateway, "igw-") {
					return true
				}
			}
		}
	}
	return false
}

func (c *Call) mainTables(vpc string) []string {
	var tables []string
	for _, main := range c.All("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation") {
		if main.Out().Text("vpcId") == vpc {
			tables = append(tables, main.Out().Text("routeTableId"))
		}
	}
	for _, network := range c.All("aws:ec2/vpc:Vpc") {
		if network.ID == vpc {
			tables = append(tables, network.Out().Text("mainRouteTableId"))
		}
	}
	return tables
}

var targetGroup = Row{
	Type:     targetsType,
	Noun:     "target group",
	Doc:      targetsDocs,
	ID:       Format(targetsARN),
	ARN:      Format(targetsARN),
	AutoName: &AutoName{Max: 32},
	Defaults: map[string]any{"targetType": "instance", "deregistrationDelay": 300, "slowStart": 0, "lambdaMultiValueHeadersEnabled": false,
		"proxyProtocolV2": false},
	Computed: map[string]Compute{
		"arnSuffix":                      Format("targetgroup/{name}/{hex16}"),
		"loadBalancerArns":               Value([]string{}),
		"loadBalancingAlgorithmType":     webOnly("round_robin"),
		"loadBalancingAnomalyMitigation": webOnly("off"),
		"loadBalancingCrossZoneEnabled":  Value("use_load_balancer_configuration"),
		"protocolVersion":                webOnly("HTTP1"),
		"ipAddressType":                  Value("ipv4"),
	},
	Replace:   []string{"name", "namePrefix", "port", "protocol", "protocolVersion", "vpcId", "targetType", "ipAddressType"},
	Taggable:  true,
	Refs:      []Ref{{Path: "vpcId", To: []string{"aws:ec2/vpc:Vpc"}, Weak: true, Code: "ValidationError"}},
	Unique:    []Unique{{Paths: []string{"name"}, Code: "DuplicateTargetGroupName"}},
	Limits:    targetLimits,
	Check:     checkTargets,
	NotFound:  "TargetGroupNotFound",
	InUse:     "ResourceInUse",
	Durations: immediate,
}

const targetsARN = "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hex16}"

func webOnly(value string) Compute {
	return func(c *Call) any {
		if strings.HasPrefix(c.Text("protocol"), "HTTP") {
			return value
		}
		return nil
	}
}

var targetLimits = []Limit{
	{"name", Matches(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`, "at most 32 letters, digits and hyphens, no hyphen at either end"), targetsDocs},
	{"targetType", OneOf("instance", "ip", "lambda", "alb"), targetsDocs},
	{"protocol", OneOf("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"), targetsDocs},
	{"protocolVersion", OneOf("HTTP1", "HTTP2", "GRPC"), targetsDocs},
	{"port", Between(1, 65535), targetsDocs},
	{"deregistrationDelay", Between(0, 3600), targetsSet},
	{"slowStart", Satisfies(slowStart), targetsSet},
	{"loadBalancingAlgorithmType", OneOf("round_robin", "least_outstanding_requests", "weighted_random"), targetsSet},
	{"loadBalancingAnomalyMitigation", OneOf("on", "off"), targetsSet},
	{"loadBalancingCrossZoneEnabled", OneOf("true", "false", "use_load_balancer_configuration"), targetsSet},
	{"healthCheck.interval", Between(5, 300), targetsDocs},
	{"healthCheck.timeout", Between(2, 120), targetsDocs},
	{"healthCheck.healthyThreshold", Between(2, 10), targetsDocs},
	{"healthCheck.unhealthyThreshold", Between(2, 10), targetsDocs},
	{"healthCheck.path", All(Matches(`^/`, "a path that begins with /"), Length(1, 1024)), targetsDocs},
	{"healthCheck.matcher", Matches(`^([2-5]\d\d|\d{1,2})([,-]([2-5]\d\d|\d{1,2}))*$`, "codes such as 200, 200,202 or 200-299"), targetsDocs},
	{"healthCheck.port", Matches(`^(traffic-port|\d{1,5})$`, "traffic-port or a port"), targetsDocs},
	{"healthCheck.protocol", OneOf("HTTP", "HTTPS", "TCP"), targetsDocs},
	{"stickiness.type", OneOf("lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"), targetsSet},
	{"stickiness.cookieDuration", Between(0, 604800), targetsSet},
}

func slowStart(value string) string {
	d, err := time.ParseDuration(value + "s")
	if err == nil && (d == 0 || d >= 30*time.Second && d <= 900*time.Second) {
		return ""
	}
	return "must be 0 or from 30 to 900 seconds, is " + value
}

// lowCode is a code of gRPC, which HTTP does not have.
var lowCode = regexp.MustCompile(`\b\d{1,2}\b`)

func checkTargets(c *Call) error {
	var problems []error
	if c.Text("targetType") != "lambda" {
		for _, path := range []string{"port", "protocol", "vpcId"} {
			if !c.Has(path) {
				problems = append(problems, c.RejectAt(path, "ValidationError", "%s should be set when target type is %s", path, c.Text("targetType")))
			}
		}
	}
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html
	if low := lowCode.FindString(c.Text("healthCheck.matcher")); low != "" && c.Text("protocolVersion") != "GRPC" && c.Known("protocolVersion") {
		problems = append(problems, c.RejectAt("healthCheck.matcher", "ValidationError", "Health check matcher HTTP code '%s' must be within '200-499' or '200-599' inclusive", low))
	}
	algorithm := c.Text("loadBalancingAlgorithmType")
	if c.Int("slowStart") != 0 && algorithm != "" && algorithm != "round_robin" {
		problems = append(problems, c.RejectAt("slowStart", "InvalidConfigurationRequest",
			"You cannot enable slow start mode with the routing algorithm %s", algorithm))
	}
	if c.Text("loadBalancingAnomalyMitigation") == "on" && algorithm != "weighted_random" {
		problems = append(problems, c.RejectAt("loadBalancingAnomalyMitigation", "InvalidConfigurationRequest",
			"Anomaly mitigation is supported by the weighted_random algorithm only"))
	}
	return errors.Join(append(problems, healthTimes(c))...)
}

// healthTimes: with the provider's defaults of 30 seconds between checks and 5 (instance and ip) for each.
func healthTimes(c *Call) error {
	if !c.Has("healthCheck") || !c.Known("healthCheck") {
		return nil
	}
	interval, timeout := 30, 5
	if c.Has("healthCheck.interval") {
		interval = c.Int("healthCheck.interval")
	}
	if c.Has("healthCheck.timeout") {
		timeout = c.Int("healthCheck.timeout")
	}
	if timeout >= interval {
		return c.RejectAt("healthCheck.timeout", "ValidationError", "Health check timeout (%d) must be smaller than the interval (%d)", timeout, interval)
	}
	protocol := c.Text("healthCheck.protocol")
	if protocol == "TCP" && strings.HasPrefix(c.Text("protocol"), "HTTP") {
		return c.RejectAt("healthCheck.protocol", "InvalidConfigurationRequest", "Health check protocol TCP is not supported for target groups of protocol %s", c.Text("protocol"))
	}
	return nil
}

// forwarded are the references from the actions of a listener or a rule.
func forwarded(actions string) []Ref {
	return []Ref{
		{Path: actions + ".targetGroupArn", To: []string{targetsType}, By: []string{"arn"}},
		{Path: actions + ".forward.targetGroups.arn", To: []string{targetsType}, By: []string{"arn"}},
	}
}

// childARN makes the ARN of a listener or rule from its parent's.
func childARN(c *Call, parent, from, to string) string {
	return strings.Replace(c.Text(parent), from, to, 1) + "/" + c.Hex("id", 16)
}

var listener = Row{
	Type: listenerType,
	Noun: "listener",
	Doc:  listenerDoc,
	ID:   func(c *Call) any { return childARN(c, "loadBalancerArn", ":loadbalancer/", ":listener/") },
	ARN:  func(c *Call) any { return childARN(c, "loadBalancerArn", ":loadbalancer/", ":listener/") },
	Computed: map[string]Compute{
		"protocol": Value("HTTP"),
		"sslPolicy": func(c *Call) any {
			if p := c.Text("protocol"); p == "HTTPS" || p == "TLS" {
				return "ELBSecurityPolicy-2016-08"
			}
			return nil
		},
	},
	Required: []string{"loadBalancerArn", "defaultActions"},
	Replace:  []string{"loadBalancerArn"},
	Taggable: true,
	Refs: append([]Ref{
		{Path: "loadBalancerArn", To: []string{balancerType}, By: []string{"arn"}, Weak: true},
		{Path: "certificateArn", To: []string{certificateType}, By: []string{"arn"}, Except: serverCertificate, Code: "CertificateNotFound"},
	}, forwarded("defaultActions")...),
	Unique: []Unique{{Paths: []string{"loadBalancerArn", "port"}, Code: "DuplicateListener"}},
	Limits: append([]Limit{
		{"port", Between(1, 65535), listenerDoc},
		{"protocol", OneOf("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"), listenerDoc},
		{"sslPolicy", Satisfies(sslPolicy), sslPolicies},
		{"alpnPolicy", OneOf("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"), listenerDoc},
	}, append(headerLimits(), actionLimits("defaultActions")...)...),
	Check:     checkListener,
	Idle:      idleWhen(identityReachable),
	NotFound:  "ListenerNotFound",
	InUse:     "ResourceInUse",
	Durations: immediate,
}

// serverCertificate exempts certificates that IAM keeps.
func serverCertificate(value string) bool { return strings.Contains(value, ":iam:") }

const sslPolicies = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"

// sslForm are the names of the security policies: the TLS 1.3 family, the forward-secrecy family and the older ones.
var sslForm = regexp.MustCompile(`^ELBSecurityPolicy-(2016-08|2015-05|TLS-1-0-2015-04|TLS-1-1-2017-01|TLS-1-2-2017-01|TLS-1-2-Ext-2018-06|` +
	`FS-2018-06|FS-1-1-2019-08|FS-1-2-2019-08|FS-1-2-Res-2019-08|FS-1-2-Res-2020-10|` +
	`TLS13-1-[0-3](-Res|-Ext1|-Ext2)?(-FIPS)?-(2021-06|2023-04)|TLS13-1-[23](-Res|-Ext[0-2])?(-FIPS)?-PQ-2025-09|TLS13-1-2-Ext0-FIPS-2023-04)$`)

func sslPolicy(value string) string {
	if value == "" || sslForm.MatchString(value) {
		return ""
	}
	return fmt.Sprintf("SSL policy '%s' not found", value)
}

func actionLimits(actions string) []Limit {
	doc := "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html"
	return []Limit{
		{actions + ".type", OneOf("forward", "redirect", "fixed-response", "authenticate-oidc", "authenticate-cognito"), doc},
		{actions + ".order", Between(1, 50000), doc},
		{actions + ".redirect.statusCode", OneOf("HTTP_301", "HTTP_302"), doc},
		{actions + ".fixedResponse.statusCode", Matches(`^[245]\d\d$`, "a code 2XX, 4XX or 5XX"), doc},
		{actions + ".fixedResponse.contentType", OneOf("text/plain", "text/css", "text/html", "application/javascript", "application/json"), doc},
		{actions + ".fixedResponse.messageBody", Length(0, 1024), doc},
		{actions + ".forward.targetGroups", Items(1, 5), doc},
		{actions + ".forward.targetGroups.weight", Between(0, 999), doc},
		{actions + ".authenticateOidc.onUnauthenticatedRequest", OneOf("deny", "allow", "authenticate"), oidcDoc},
		{actions + ".authenticateOidc.sessionTimeout", Between(1, 604800), oidcDoc},
		{actions + ".authenticateOidc.authenticationRequestExtraParams", Items(0, 10), oidcDoc},
		{actions + ".authenticateOidc.issuer", secureURL, oidcDoc},
		{actions + ".authenticateOidc.authorizationEndpoint", secureURL, oidcDoc},
		{actions + ".authenticateOidc.tokenEndpoint", secureURL, oidcDoc},
		{actions + ".authenticateOidc.userInfoEndpoint", secureURL, oidcDoc},
	}
}

func checkListener(c *Call) error {
	balancer := c.Ref("loadBalancerArn")
	problems := []error{listenerProtocol(c, balancer), listenerTLS(c), headersFit(c), signsIn(c, "defaultActions", c.Text("protocol"))}
	for _, targets := range append(c.Refs("defaultActions.targetGroupArn"), c.Refs("defaultActions.forward.targetGroups.arn")...) {
		problems = append(problems, forwards(c, balancer, targets, "defaultActions"))
	}
	return errors.Join(append(problems, actionsWhole(c, "defaultActions"))...)
}

func listenerProtocol(c *Call, balancer *Resource) error {
	if balancer == nil || !c.Has("protocol") || !c.Known("protocol") {
		return nil
	}
	allowed := map[string][]string{"application": {"HTTP", "HTTPS"}, "network": {"TCP", "TLS", "UDP", "TCP_UDP"}, "gateway": {"GENEVE"}}
	kind := balancer.Out().Text("loadBalancerType")
	if kind != "" && !slices.Contains(allowed[kind], c.Text("protocol")) {
		return c.RejectAt("protocol", "ValidationError", "Listener protocol '%s' must be one of '%s'", c.Text("protocol"), strings.Join(allowed[kind], ", "))
	}
	return nil
}

// listenerTLS demands a certificate that is issued for encrypted listeners, and none for the others.
func listenerTLS(c *Call) error {
	protocol := c.Text("protocol")
	encrypted := protocol == "HTTPS" || protocol == "TLS"
	if encrypted && !c.Has("certificateArn") {
		return c.RejectAt("certificateArn", "ValidationError", "A certificate must be specified for %s listeners", protocol)
	}
	if !encrypted && c.Known("protocol") && c.Has("certificateArn") {
		return c.RejectAt("certificateArn", "ValidationError", "Certificates cannot be specified for %s listeners", protocol)
	}
	if !encrypted && c.Known("protocol") && c.Text("sslPolicy") != "" {
		return c.RejectAt("sslPolicy", "ValidationError", "SSL policies cannot be specified for %s listeners", protocol)
	}
	return certificateReady(c, "certificateArn", "UnsupportedCertificate")
}

// forwards demands that a target group is in the load balancer's VPC, speaks its kind of protocol, and belongs to no other
// load balancer.
func forwards(c *Call, balancer, targets *Resource, path string) error {
	if balancer == nil {
		return nil
	}
	own, vpc := targets.Out().Text("vpcId"), balancer.Out().Text("vpcId")
	if own != "" && vpc != "" && own != vpc {
		return c.RejectAt(path, "InvalidConfigurationRequest", "The target group %s is in %s, the load balancer in %s", targets.ARN, own, vpc)
	}
	web := strings.HasPrefix(targets.Out().Text("protocol"), "HTTP")
	if kind := balancer.Out().Text("loadBalancerType"); kind == "application" && !web && targets.Out().Text("targetType") != "lambda" {
		return c.RejectAt(path, "IncompatibleProtocols", "The protocol %s of target group %s cannot be used with an application load balancer",
			targets.Out().Text("protocol"), targets.ARN)
	}
	for _, other := range c.All(balancerType) {
		if other.ARN != balancer.ARN && len(c.listenersBetween(other.ARN, targets.ARN)) > 0 {
			return c.RejectAt(path, "TargetGroupAssociationLimit",
				"The following target groups cannot be associated with more than one load balancer: %s", targets.ARN)
		}
	}
	return nil
}

// actionsWhole demands that each action has what its type needs.
func actionsWhole(c *Call, actions string) error {
	needs := map[string][]string{"forward": {"targetGroupArn", "forward"}, "redirect": {"redirect"}, "fixed-response": {"fixedResponse"},
		"authenticate-oidc": {"authenticateOidc"}, "authenticate-cognito": {"authenticateCognito"}}
	for i, action := range c.Objects(actions) {
		kind := action.Text("type")
		given := false
		for _, need := range needs[kind] {
			given = given || action.Has(need)
		}
		if !given && len(needs[kind]) > 0 {
			return c.RejectAt(fmt.Sprintf("%s[%d]", actions, i), "ValidationError", "an action of type %s needs %s", kind, strings.Join(needs[kind], " or "))
		}
		if kind == "redirect" && action.Text("redirect.protocol") == c.Text("protocol") && loops(action) {
			return c.RejectAt(fmt.Sprintf("%s[%d]", actions, i), "InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop")
		}
	}
	return nil
}

// loops: a redirect must change at least one of protocol, port, host and path.
func loops(action Props) bool {
	return !action.Has("redirect.host") && !action.Has("redirect.path") && (!action.Has("redirect.port") || action.Text("redirect.port") == "#{port}")
}

var listenerRule = Row{
	Type:     listenerRuleType,
	Noun:     "rule",
	Doc:      listenerRuleDoc,
	ID:       func(c *Call) any { return childARN(c, "listenerArn", ":listener/", ":listener-rule/") },
	ARN:      func(c *Call) any { return childARN(c, "listenerArn", ":listener/", ":listener-rule/") },
	Computed: map[string]Compute{"priority": nextPriority},
	Required: []string{"listenerArn", "actions", "conditions"},
	Replace:  []string{"listenerArn"},
	Taggable: true,
	Refs: append([]Ref{{Path: "listenerArn", To: []string{listenerType}, By: []string{"arn"}, Weak: true}},
		forwarded("actions")...),
	Unique:    []Unique{{Paths: []string{"listenerArn", "priority"}, Code: "PriorityInUse"}},
	Limits:    append([]Limit{{"priority", Between(1, 50000), listenerRuleDoc}, {"conditions", Items(1, 5), listenerRuleDoc}}, actionLimits("actions")...),
	Check:     checkListenerRule,
	NotFound:  "RuleNotFound",
	Durations: immediate,
}

// nextPriority is one more than the highest of the listener.
func nextPriority(c *Call) any {
	highest := 0
	for _, r := range c.Where(listenerRuleType, "listenerArn", c.Text("listenerArn")) {
		highest = max(highest, r.Out().Int("priority"))
	}
	return highest + 1
}

// conditionValues are the places where a condition keeps its values.
var conditionValues = []string{"hostHeader.values", "pathPattern.values", "httpHeader.values", "httpRequestMethod.values", "sourceIp.values", "queryStrings"}

// checkListenerRule: five values in all conditions together.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
func checkListenerRule(c *Call) error {
	values := 0
	for _, condition := range c.Objects("conditions") {
		kinds := 0
		for _, path := range conditionValues {
			if n, known := condition.Count(path); known && condition.Has(path) {
				values += n
				kinds++
			}
		}
		if kinds != 1 && condition.Known(conditionValues...) {
			return c.RejectAt("conditions", "ValidationError", "a condition must have exactly one of hostHeader, httpHeader, httpRequestMethod, pathPattern, queryStrings and sourceIp, has %d", kinds)
		}
	}
	if values > 5 {
		return c.RejectAt("conditions", "TooManyValues", "A rule can only have '5' condition values, has %d", values)
	}
	var problems []error
	if listener := c.Ref("listenerArn"); listener != nil {
		problems = append(problems, signsIn(c, "actions", listener.Out().Text("protocol")))
		balancer := c.Find(balancerType, listener.Out().Text("loadBalancerArn"))
		for _, targets := range append(c.Refs("actions.targetGroupArn"), c.Refs("actions.forward.targetGroups.arn")...) {
			problems = append(problems, forwards(c, balancer, targets, "actions"))
		}
	}
	return errors.Join(append(problems, actionsWhole(c, "actions"))...)
}

var listenerCertificate = Row{
	Type:     "aws:lb/listenerCertificate:ListenerCertificate",
	Noun:     "listener certificate",
	Doc:      "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html",
	ID:       named("{listenerArn}_{certificateArn}", "listenerArn", "certificateArn"),
	Required: []string{"listenerArn", "certificateArn"},
	Replace:  []string{"listenerArn", "certificateArn"},
	Refs: []Ref{
		{Path: "listenerArn", To: []string{listenerType}, By: []string{"arn"}, Weak: true},
		{Path: "certificateArn", To: []string{certificateType}, By: []string{"arn"}, Except: serverCertificate, Code: "CertificateNotFound"},
	},
	Check:     func(c *Call) error { return certificateReady(c, "certificateArn", "UnsupportedCertificate") },
	Durations: immediate,
}

var targetAttachment = Row{
	Type:     "aws:lb/targetGroupAttachment:TargetGroupAttachment",
	Noun:     "target",
	Doc:      "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html",
	ID:       Format("{targetGroupArn}-{hex26}"),
	Required: []string{"targetGroupArn", "targetId"},
	Replace:  []string{"targetGroupArn", "targetId", "port", "availabilityZone"},
	Refs: []Ref{
		{Path: "targetGroupArn", To: []string{targetsType}, By: []string{"arn"}, Weak: true},
		{Path: "targetId", To: []string{"aws:ec2/instance:Instance", balancerType, functionType}, By: []string{"id", "arn"},
			Except: func(value string) bool { return !strings.HasPrefix(value, "i-") && !strings.HasPrefix(value, "arn:") }, Weak: true, Code: "InvalidTarget"},
	},
	Durations: immediate,
}
