package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/policy"
)

const oneZone = `
resources:
  zone: {type: "aws:route53/zone:Zone", properties: {name: example.com}}
  queries: {type: "aws:route53/queryLog:QueryLog", properties: {zoneId: "${zone.zoneId}", cloudwatchLogGroupArn: "arn:aws:logs:us-east-1:111111111111:log-group:/aws/route53/example.com"}}
  signing: {type: "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", properties: {hostedZoneId: "${zone.zoneId}", signingStatus: SIGNING}}
`

const oneCertificate = `
resources:
  certificate:
    type: aws:acm/certificate:Certificate
    properties: {domainName: www.example.com, subjectAlternativeNames: [example.com], keyAlgorithm: EC_prime256v1, type: IMPORTED, notAfter: "2027-06-01T00:00:00Z"}
`

// nameRules are about DNS and certificates.
func nameRules() []*policy.Rule {
	return []*policy.Rule{
		r53QueryLog(),
		r53DNSSEC(),
		r53NoDangling(),
		acmKey(),
		acmExpiry(),
		acmNoWildcard(),
	}
}

func r53QueryLog() *policy.Rule {
	return &policy.Rule{
		ID: "r53-query-log", Title: "Public zones log what is asked of them", Severity: policy.Medium, ProdOnly: true,
		Types: []string{dnsZone}, Anchors: "fsbp:Route53.2 ckv2:39 nist:AU-2",
		Why:     "an attack on your names, or a name that nobody should ask for, goes unseen",
		Fix:     "add an aws.route53.QueryLog for the zone to a log group in us-east-1",
		Sources: []string{"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html"},
		Check:   func(c *policy.Case) { checkZoneHas(c, dnsQueryLog, "zoneId", "a query log") },
		Proof: policy.Proof{
			Good: oneZone, Bad: []string{"queries!", "queries.zoneId=Z0OTHER"}, Unguarded: "the rule asks whether a log is there, not for a value",
			Exempt: "zone.vpcs=[{vpcId: vpc-1}]", FixtureOnly: "the environments have no zone of their own",
		},
	}
}

func r53DNSSEC() *policy.Rule {
	return &policy.Rule{
		ID: "r53-dnssec", Title: "Public zones are signed", Severity: policy.Low, Advisory: true,
		Types: []string{dnsZone}, Anchors: "ckv2:38 nist:SC-20",
		Why:     "without signatures a resolver that was lied to sends your users elsewhere and nobody can tell",
		Fix:     "add an aws.route53.KeySigningKey and an aws.route53.HostedZoneDnsSec, then the DS record at the parent",
		Sources: []string{"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec.html"},
		Check:   func(c *policy.Case) { checkZoneHas(c, dnsSigning, "hostedZoneId", "DNSSEC signing") },
		Proof: policy.Proof{
			Good: oneZone, Bad: []string{"signing!"}, Unguarded: "the rule asks whether signing is there, not for a value", Exempt: "zone.vpcs=[{vpcId: vpc-1}]",
			FixtureOnly: "the environments have no zone of their own",
		},
	}
}

func r53NoDangling() *policy.Rule {
	return &policy.Rule{
		ID: "r53-no-dangling", Title: "Records point at resources that are there", Severity: policy.High,
		Types: []string{dnsRecord}, Anchors: "ckv2:23",
		Why:     "the name of a resource that is gone can be taken by anybody, who then serves content and mail under yours",
		Fix:     "point the record at the dnsName or domainName of a resource of this stack, name the target in the setting external, or remove the record",
		Sources: []string{"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/protection-from-dangling-dns.html"},
		Settings: []policy.Setting{{
			Name: "external", Kind: policy.KindList, Default: []any{}, Help: "names of AWS resources that another stack of the owner's has",
		}},
		Check: checkDangling,
		Proof: policy.Proof{
			Good: `
resources:
  lb: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {internal: true, dnsName: lb-1.eu-central-1.elb.amazonaws.com}}
  www: {type: "aws:route53/record:Record", properties: {zoneId: Z1, name: www.example.com, type: A, aliases: [{name: "${lb.dnsName}", zoneId: Z2, evaluateTargetHealth: true}]}}
  other: {type: "aws:route53/record:Record", properties: {zoneId: Z1, name: old.example.com, type: CNAME, ttl: 60, records: [www.example.com]}}
`,
			Bad: []string{
				"lb!", "www.aliases[0].name=gone-123.eu-central-1.elb.amazonaws.com", "www.aliases[0].name=dualstack.gone-123.eu-central-1.elb.amazonaws.com",
				"other.records=[gone.s3-website.eu-central-1.amazonaws.com]", "other.records=[d111111abcdef8.cloudfront.net]",
			},
			Guard: "other.records", Absent: policy.Pass, FixtureOnly: "the first record of the environments is one of a certificate's",
		},
	}
}

func acmKey() *policy.Rule {
	return &policy.Rule{
		ID: "acm-key", Title: "Certificates have keys that hold", Severity: policy.Medium,
		Types: []string{acmCertificate}, Anchors: "fsbp:ACM.2 nist:SC-12",
		Why:     "a key of 1024 bits can be computed, and browsers refuse it",
		Fix:     "set keyAlgorithm to EC_prime256v1 or RSA_2048",
		Sources: []string{"https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("keyAlgorithm"), "RSA_2048 or stronger", func(v policy.Value) bool { return !v.In("RSA_1024", "RSA-1024") })
		},
		Proof: policy.Proof{Good: oneCertificate, Bad: []string{"certificate.keyAlgorithm=RSA_1024"}, Guard: "certificate.keyAlgorithm", Absent: policy.Pass},
	}
}

func acmExpiry() *policy.Rule {
	return &policy.Rule{
		ID: "acm-expiry", Title: "Imported certificates are renewed in time", Severity: policy.Medium,
		Types: []string{acmCertificate}, Anchors: "fsbp:ACM.1 awsguard:acm-certificate-expiration",
		Why:     "AWS does not renew what it did not issue: on the day after, no client connects any more",
		Fix:     "import the renewed certificate, or let ACM issue it and validate by DNS",
		Sources: []string{"https://docs.aws.amazon.com/acm/latest/userguide/import-reimport.html", "https://docs.aws.amazon.com/securityhub/latest/userguide/acm-controls.html"},
		Settings: []policy.Setting{{
			Name: "days", Kind: policy.KindNumber, Default: 30, Bounded: true, Minimum: 1, Maximum: 365, Help: "how many days before its end a certificate must have been renewed",
		}},
		Check: checkExpiry,
		Proof: policy.Proof{
			Good: oneCertificate, Bad: []string{`certificate.notAfter="2026-11-20T00:00:00Z"`, `certificate.notAfter="2026-01-01T00:00:00Z"`},
			Guard: "certificate.notAfter", Absent: policy.Unknown, Exempt: "certificate.type=AMAZON_ISSUED",
			FixtureOnly: "the environments import no certificates",
		},
	}
}

func acmNoWildcard() *policy.Rule {
	return &policy.Rule{
		ID: "acm-no-wildcard", Title: "Certificates name what they are for", Severity: policy.Medium, Advisory: true,
		Types: []string{acmCertificate}, Anchors: "ckv2:71",
		Why:     "who gets the key of a wildcard certificate can pose as every name of the domain",
		Fix:     "name the hosts in domainName and subjectAlternativeNames",
		Sources: []string{"https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html"},
		Check: func(c *policy.Case) {
			whole := func(v policy.Value) bool { return !strings.HasPrefix(v.Text(), "*.") }
			c.Require(c.Get("domainName"), "the name of a host", whole)
			for _, name := range c.Get("subjectAlternativeNames").Items() {
				c.Require(name, "the name of a host", whole)
			}
		},
		Proof: policy.Proof{
			Good: oneCertificate, Bad: []string{`certificate.domainName="*.example.com"`, `certificate.subjectAlternativeNames=["*.example.com"]`},
			Guard: "certificate.domainName", Absent: policy.Pass,
		},
	}
}

// checkZoneHas wants a resource of a type to refer to a public zone.
func checkZoneHas(c *policy.Case, kind, property, required string) {
	if !c.Get("vpcs").Empty() {
		c.Skip("the zone is private")
		return
	}
	if len(referringBy(c.Graph(), kind, property, dnsZone).to[c.Node]) == 0 {
		c.Broken("", "none", required)
	}
}

// takeable are endings of names that somebody else can have tomorrow.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/protection-from-dangling-dns.html
var takeable = []string{".elb.amazonaws.com", ".cloudfront.net", ".elasticbeanstalk.com", ".awsglobalaccelerator.com"}

func isTakeable(name string) bool {
	if strings.Contains(name, ".s3-website") || strings.Contains(name, ".s3.") && strings.HasSuffix(name, ".amazonaws.com") || strings.Contains(name, ".execute-api.") {
		return true
	}
	for _, ending := range takeable {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

func checkDangling(c *policy.Case) {
	var targets []policy.Value
	for _, alias := range c.Get("aliases").Items() {
		targets = append(targets, alias.Get("name"))
	}
	targets = append(targets, c.Get("records").Items()...)
	for _, target := range targets {
		checkRecordTarget(c, target)
	}
}

func checkRecordTarget(c *policy.Case, target policy.Value) {
	if target.Unknown() {
		// What the program computes it from is there.
		if found := target.Ref(); len(found.Nodes) == 0 {
			c.Unclear(target)
		}
		return
	}
	name := strings.ToLower(strings.TrimSuffix(target.Text(), "."))
	name = strings.TrimPrefix(name, "dualstack.")
	if !isTakeable(name) || len(c.Graph().Named(name)) > 0 || target.Ref().How != policy.Outside {
		return
	}
	for _, known := range c.Texts("external") {
		if strings.EqualFold(name, known) {
			return
		}
	}
	c.Fail(target, "the name of a resource of this stack")
}

func checkExpiry(c *policy.Case) {
	if !c.Get("type").Is("IMPORTED") && c.Get("certificateBody").Empty() && c.Get("privateKey").Empty() {
		c.Skip("ACM issued it and renews it")
		return
	}
	days, _ := c.Number("days")
	until := c.Get("notAfter")
	end, err := time.Parse(time.RFC3339, until.Text())
	if err != nil {
		c.UnclearBecause(until.Path(), "the end of the certificate is not known")
		return
	}
	if left := end.Sub(c.Today()).Hours() / 24; left < days {
		c.Fail(until, fmt.Sprintf("at least %v days from today", days))
	}
}
