package cloudsim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	zoneDoc         = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html"
	recordDoc       = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html"
	healthCheckDoc  = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html"
	zoneType        = "aws:route53/zone:Zone"
	recordType      = "aws:route53/record:Record"
	healthCheckType = "aws:route53/healthCheck:HealthCheck"
)

func init() { register(zone, dnsRecord, healthCheck) }

// propagated: "changes generally propagate to all Route 53 name servers within 60 seconds", and the provider waits for
// INSYNC.
var propagated = Durations{Create: 30 * time.Second, Update: 30 * time.Second, Delete: 30 * time.Second,
	Source: "within 60 s, https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html; half of it taken"}

var zone = Row{
	Type:   zoneType,
	Noun:   "hosted zone",
	Doc:    zoneDoc,
	Global: true,
	ID:     func(c *Call) any { return "Z" + c.Capitals("zone", 20) },
	ARN:    Format("arn:{partition}:route53:::hostedzone/{id}"),
	Computed: map[string]Compute{
		"zoneId":            Format("{id}"),
		"primaryNameServer": func(c *Call) any { return nameServers(c)[0] },
		"nameServers":       func(c *Call) any { return nameServers(c) },
	},
	AutoName:  &AutoName{Max: 255},
	Defaults:  map[string]any{"comment": "Managed by Pulumi", "forceDestroy": false},
	Replace:   []string{"name", "delegationSetId"},
	Taggable:  true,
	Refs:      []Ref{{Path: "vpcs.vpcId", To: []string{"aws:ec2/vpc:Vpc"}, Region: "*", Code: "InvalidVPCId"}},
	Limits:    []Limit{{"name", Matches(`^([A-Za-z0-9_*-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$`, "a domain name"), zoneDoc}},
	Refuse:    zoneEmpty,
	NotFound:  "NoSuchHostedZone",
	InUse:     "HostedZoneNotEmpty",
	Durations: propagated,
}

func nameServers(c *Call) []string {
	var out []string
	for i, tld := range []string{"com", "net", "org", "co.uk"} {
		out = append(out, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i+len(c.URN)%512, len(c.URN)%64, tld))
	}
	return out
}

// zoneEmpty: records keep a zone alive, whoever made them.
func zoneEmpty(c *Call) error {
	if n := len(c.Where(recordType, "zoneId", c.ID)); n > 0 && !c.Bool("forceDestroy") {
		return c.Reject("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted. (%d)", n)
	}
	return nil
}

var dnsRecord = Row{
	Type:     recordType,
	Noun:     "record",
	Doc:      recordDoc,
	Global:   true,
	ID:       recordID,
	Computed: map[string]Compute{"fqdn": func(c *Call) any { return recordName(c) }, "allowOverwrite": Value(false)},
	Required: []string{"name", "type", "zoneId"},
	Replace:  []string{"name", "zoneId", "setIdentifier", "type"},
	Refs: []Ref{
		{Path: "zoneId", To: []string{zoneType}, Weak: true},
		{Path: "healthCheckId", To: []string{healthCheckType}, Code: "NoSuchHealthCheck"},
	},
	Limits: []Limit{
		{"type", OneOf("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"), recordDoc},
		{"ttl", Between(0, 2147483647), recordDoc},
		{"weightedRoutingPolicies.weight", Between(0, 255), recordDoc},
		{"failoverRoutingPolicies.type", OneOf("PRIMARY", "SECONDARY"), recordDoc},
		{"setIdentifier", Length(1, 128), recordDoc},
		{"records", Items(0, 400), "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"},
	},
	Check:     checkRecord,
	Idle:      nameInZone,
	Durations: propagated,
}

// nameInZone: the provider adds the zone's domain to a name of another domain, and nobody asks for what comes out.
func nameInZone(c *Call) string {
	full, zone := recordName(c), c.Ref("zoneId")
	given := strings.TrimSuffix(strings.ToLower(c.Text("name")), ".")
	if zone == nil || full == given || !strings.Contains(given, ".") {
		return ""
	}
	domain := strings.TrimSuffix(zone.Name(), ".")
	top := given[strings.LastIndex(given, ".")+1:]
	if slices.Contains([]string{"com", "org", "net", "example", domain[strings.LastIndex(domain, ".")+1:]}, top) {
		return fmt.Sprintf("the name %s lies outside the zone %s, so the record is made as %s", given, domain, full)
	}
	return ""
}

// recordName is the full name: the zone's domain is added unless it is there.
func recordName(c *Call) string {
	name := strings.TrimSuffix(strings.ToLower(c.Text("name")), ".")
	zone := c.Ref("zoneId")
	if zone == nil {
		return name
	}
	domain := strings.TrimSuffix(zone.Name(), ".")
	if name == "" || name == "@" {
		return domain
	}
	if name == domain || strings.HasSuffix(name, "."+domain) {
		return name
	}
	return name + "." + domain
}

func recordID(c *Call) any {
	if c.Preview && !c.Known("zoneId", "name", "type", "setIdentifier") {
		return "planned-" + c.Hex("planned", 16)
	}
	id := c.Text("zoneId") + "_" + strings.ToLower(c.Text("name")) + "_" + c.Text("type")
	if set := c.Text("setIdentifier"); set != "" {
		id += "_" + set
	}
	return id
}

// policies of which a record may have one, and then needs a set identifier.
var routingPolicies = []string{"failoverRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy", "latencyRoutingPolicies",
	"weightedRoutingPolicies", "multivalueAnswerRoutingPolicy", "cidrRoutingPolicy"}

func checkRecord(c *Call) error {
	var problems []error
	if c.Has("aliases") == c.Has("records") {
		problems = append(problems, c.Reject("InvalidInput", "exactly one of aliases and records must be given"))
	}
	if c.Has("records") != c.Has("ttl") {
		problems = append(problems, c.Reject("InvalidInput", "ttl and records go together; an alias has none"))
	}
	chosen := 0
	for _, policy := range routingPolicies {
		if c.Has(policy) {
			chosen++
		}
	}
	if chosen > 1 {
		problems = append(problems, c.Reject("ConflictsWith", "a record has one routing policy at most, %d are given", chosen))
	}
	if (chosen == 1) != c.Has("setIdentifier") {
		problems = append(problems, c.RejectAt("setIdentifier", "InvalidInput", "a set identifier goes with a routing policy, and a routing policy needs one"))
	}
	return errors.Join(append(problems, recordFree(c), recordApex(c), recordValues(c), aliasTarget(c))...)
}

// recordFree: one record set per name, type and set identifier; a CNAME stands alone.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
func recordFree(c *Call) error {
	if !c.Known("name", "zoneId", "type", "setIdentifier") || c.Preview || c.Bool("allowOverwrite") {
		return nil
	}
	name, typ := recordName(c), c.Text("type")
	for _, other := range c.Where(recordType, "zoneId", c.Text("zoneId")) {
		same := other.Out().Text("fqdn") == name
		if same && other.Out().Text("type") == typ && other.Out().Text("setIdentifier") == c.Text("setIdentifier") {
			return c.Reject("InvalidChangeBatch", "Tried to create resource record set [name='%s.', type='%s'] but it already exists", name, typ)
		}
		if same && (other.Out().Text("type") == "CNAME") != (typ == "CNAME") {
			return c.Reject("InvalidChangeBatch", "RRSet of type %s with DNS name %s. is not permitted as it conflicts with other records with the same DNS name in the zone", typ, name)
		}
	}
	return nil
}

func recordApex(c *Call) error {
	zone := c.Ref("zoneId")
	if zone == nil || c.Text("type") != "CNAME" || recordName(c) != strings.TrimSuffix(zone.Name(), ".") {
		return nil
	}
	return c.RejectAt("type", "InvalidChangeBatch", "RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s.", recordName(c), recordName(c))
}

func recordValues(c *Call) error {
	for _, value := range c.Texts("records") {
		addr, err := netip.ParseAddr(value)
		if typ := c.Text("type"); typ == "A" && (err != nil || !addr.Is4()) || typ == "AAAA" && (err != nil || !addr.Is6()) {
			return c.RejectAt("records", "InvalidChangeBatch", "Invalid Resource Record: 'FATAL problem: %s (Value is not a valid address for type %s) encountered with '%s''",
				map[string]string{"A": "ARRDATAIllegalIPv4Address", "AAAA": "AAAARRDATAIllegalIPv6Address"}[typ], typ, value)
		}
	}
	if n, known := c.Count("records"); known && n > 1 && c.Text("type") == "CNAME" {
		return c.RejectAt("records", "InvalidChangeBatch", "CNAME record sets have one value, has %d", n)
	}
	return nil
}

// aliasTarget demands that the name and the hosted zone of the target belong together, and that the target exists where
// the model knows its kind. https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
func aliasTarget(c *Call) error {
	for _, alias := range c.Objects("aliases") {
		if !alias.Known("name", "zoneId") || c.Preview {
			continue
		}
		name := strings.TrimPrefix(strings.ToLower(strings.TrimSuffix(alias.Text("name"), ".")), "dualstack.")
		target, zone := c.named(name), alias.Text("zoneId")
		if target == nil && zone == c.Text("zoneId") {
			target, zone = c.sibling(name, c.Text("type")), ""
			if target == nil {
				return c.RejectAt("aliases", "InvalidChangeBatch", "Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone or does not exist",
					name, c.Text("type"), c.Text("zoneId"))
			}
		}
		if target == nil && c.modelled(name) {
			return c.RejectAt("aliases", "InvalidChangeBatch", "Tried to create an alias that targets %s., but no such load balancer, distribution or website exists", name)
		}
		if target != nil && zone != "" && zone != target.Out().Text("zoneId") && zone != target.Out().Text("hostedZoneId") {
			return c.RejectAt("aliases", "InvalidChangeBatch", "Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone",
				name, c.Text("type"), zone)
		}
	}
	return nil
}

// named finds the load balancer or distribution with a DNS name.
func (c *Call) named(name string) *Resource {
	for typ, output := range map[string]string{balancerType: "dnsName", distributionType: "domainName"} {
		for _, r := range c.InRegion("*", typ) {
			if strings.EqualFold(r.Out().Text(output), name) {
				return r
			}
		}
	}
	return nil
}

// sibling finds another record of the zone, of the same type.
func (c *Call) sibling(name, typ string) *Resource {
	for _, r := range c.Where(recordType, "zoneId", c.Text("zoneId")) {
		if sameDomain(r.Out().Text("fqdn"), name) && r.Out().Text("type") == typ {
			return r
		}
	}
	return nil
}

// modelled reports whether names of this form belong to resources that the model holds.
func (c *Call) modelled(name string) bool {
	return strings.HasSuffix(name, ".cloudfront.net") || strings.Contains(name, ".elb.") && strings.Contains(name, ".amazonaws.com")
}

var healthCheck = Row{
	Type:     healthCheckType,
	Noun:     "health check",
	Doc:      "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html",
	Global:   true,
	ID:       Format("{uuid}"),
	ARN:      Format("arn:{partition}:route53:::healthcheck/{id}"),
	Computed: map[string]Compute{"enableSni": func(c *Call) any { return strings.HasPrefix(c.Text("type"), "HTTPS") }},
	Defaults: map[string]any{"disabled": false, "invertHealthcheck": false, "measureLatency": false},
	Required: []string{"type"},
	Replace:  []string{"type", "requestInterval", "measureLatency", "referenceName", "routingControlArn"},
	Taggable: true,
	Refs: []Ref{
		{Path: "childHealthchecks", To: []string{healthCheckType}, Code: "InvalidInput"},
		{Path: "cloudwatchAlarmName", To: []string{alarmType, compositeType}, Region: "*", Weak: true, Code: "InvalidInput"},
	},
	Limits: []Limit{
		{"type", OneOf("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP", "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"), healthCheckDoc},
		{"requestInterval", OneOf("10", "30"), healthCheckDoc},
		{"failureThreshold", Between(1, 10), healthCheckDoc},
		{"port", Between(1, 65535), healthCheckDoc},
		{"searchString", Length(1, 255), healthCheckDoc},
		{"resourcePath", Length(0, 255), healthCheckDoc},
		{"childHealthThreshold", Between(0, 256), healthCheckDoc},
		{"insufficientDataHealthStatus", OneOf("Healthy", "Unhealthy", "LastKnownStatus"), healthCheckDoc},
		{"regions", Items(3, 64), healthCheckDoc},
	},
	Check:     checkHealthCheck,
	NotFound:  "NoSuchHealthCheck",
	InUse:     "HealthCheckInUse",
	Durations: immediate,
}

func checkHealthCheck(c *Call) error {
	typ := c.Text("type")
	if slices.Contains([]string{"HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP"}, typ) && !c.Has("fqdn") && !c.Has("ipAddress") {
		return c.Reject("InvalidInput", "Invalid parameter : Basic health check must specify an IP address or a fully qualified domain name")
	}
	if strings.HasSuffix(typ, "STR_MATCH") != c.Has("searchString") {
		return c.RejectAt("searchString", "InvalidInput", "searchString goes with the types HTTP_STR_MATCH and HTTPS_STR_MATCH")
	}
	if typ == "CLOUDWATCH_METRIC" && (!c.Has("cloudwatchAlarmName") || !c.Has("cloudwatchAlarmRegion")) {
		return c.Reject("InvalidInput", "cloudwatchAlarmName and cloudwatchAlarmRegion are required for the type CLOUDWATCH_METRIC")
	}
	if typ == "TCP" && !c.Has("port") {
		return c.RejectAt("port", "InvalidInput", "a TCP health check needs a port")
	}
	return nil
}
