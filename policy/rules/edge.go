package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	cdn            = "aws:cloudfront/distribution:Distribution"
	cdnVPCOrigin   = "aws:cloudfront/vpcOrigin:VpcOrigin"
	logSource      = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
	logDelivery    = "aws:cloudwatch/logDelivery:LogDelivery"
	dnsZone        = "aws:route53/zone:Zone"
	dnsRecord      = "aws:route53/record:Record"
	dnsQueryLog    = "aws:route53/queryLog:QueryLog"
	dnsSigning     = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
	webACL         = "aws:wafv2/webAcl:WebAcl"
	webACLLogging  = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	acmCertificate = "aws:acm/certificate:Certificate"
)

// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
var _ = policy.Default(cdn, map[string]any{"viewerCertificate.minimumProtocolVersion": "TLSv1"})

// edgeRules are about CloudFront, Route 53, WAF and certificates.
func edgeRules() []*policy.Rule {
	rules := append(cdnTLSRules(), cdnRules()...)
	return append(append(rules, nameRules()...), shieldRules()...)
}

// oneCDN is a distribution in front of a load balancer and a bucket.
const oneCDN = `
resources:
  bucket: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: pages, bucketRegionalDomainName: pages.s3.eu-central-1.amazonaws.com}}
  acl: {type: "aws:wafv2/webAcl:WebAcl", properties: {name: shield}}
  cdn:
    type: aws:cloudfront/distribution:Distribution
    properties:
      enabled: true
      defaultRootObject: index.html
      webAclId: ${acl.arn}
      loggingConfig: {bucket: logs.s3.amazonaws.com}
      defaultCacheBehavior: {targetOriginId: pages, viewerProtocolPolicy: redirect-to-https, responseHeadersPolicyId: "67f7725c-6f97-4210-82d7-5512b31e9d03"}
      orderedCacheBehaviors: [{pathPattern: "/api/*", targetOriginId: api, viewerProtocolPolicy: https-only}]
      origins:
        - {originId: api, domainName: api.example.com, customOriginConfig: {httpPort: 80, httpsPort: 443, originProtocolPolicy: https-only, originSslProtocols: [TLSv1.2]}}
        - {originId: pages, domainName: "${bucket.bucketRegionalDomainName}", originAccessControlId: E1234567890}
      originGroups: [{originId: both, members: [{originId: api}, {originId: pages}]}]
      viewerCertificate: {acmCertificateArn: "arn:aws:acm:us-east-1:111111111111:certificate/c", minimumProtocolVersion: TLSv1.2_2021, sslSupportMethod: sni-only}
`

func cdnTLSRules() []*policy.Rule {
	return []*policy.Rule{
		cfHTTPSOnly(),
		cfTLS12(),
		cfOwnCertificate(),
		cfOriginTLS(),
	}
}

func cfHTTPSOnly() *policy.Rule {
	return &policy.Rule{
		ID: "cf-https-only", Title: "The edge speaks HTTPS only", Severity: policy.High,
		Types: []string{cdn}, Anchors: "fsbp:CloudFront.3 ckv:34 trivy:0012 cp:aws-cloudfront-distribution-disallow-unencrypted-traffic nist:SC-8",
		Why:     "what users send and get crosses every network on the way readable and changeable",
		Fix:     "set viewerProtocolPolicy of every cache behavior to redirect-to-https or https-only",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-viewers-to-cloudfront.html"},
		Check: func(c *policy.Case) {
			for _, behavior := range cacheBehaviors(c) {
				c.Require(behavior.Get("viewerProtocolPolicy"), "redirect-to-https or https-only", func(v policy.Value) bool { return v.In("redirect-to-https", "https-only") })
			}
		},
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{"cdn.defaultCacheBehavior.viewerProtocolPolicy=allow-all", "cdn.orderedCacheBehaviors[0].viewerProtocolPolicy=allow-all"},
			Guard: "cdn.defaultCacheBehavior.viewerProtocolPolicy", Absent: policy.Violation,
		},
	}
}

func cfTLS12() *policy.Rule {
	return &policy.Rule{
		ID: "cf-tls12", Title: "The edge speaks TLS 1.2 or newer", Severity: policy.High,
		Types: []string{cdn}, Anchors: "nag:CFR4 fsbp:CloudFront.15 ckv:174 ckv2:54 trivy:0013 cp:aws-cloudfront-distribution-configure-secure-tls nist:SC-8",
		Why:     "older versions of TLS can be broken by who listens on the way",
		Fix:     "set viewerCertificate.minimumProtocolVersion to TLSv1.2_2021",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html"},
		Check: func(c *policy.Case) {
			if c.Get("viewerCertificate.cloudfrontDefaultCertificate").True() {
				c.Skip("under CloudFront's own name CloudFront decides; see cf-own-certificate")
				return
			}
			c.Require(c.Get("viewerCertificate.minimumProtocolVersion"), "TLSv1.2_2021 or newer", func(v policy.Value) bool {
				return v.In("TLSv1.2_2018", "TLSv1.2_2019") || strings.HasPrefix(v.Text(), "TLSv1.2_202") || strings.HasPrefix(v.Text(), "TLSv1.3_")
			})
		},
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{
				"cdn.viewerCertificate={acmCertificateArn: arn:aws:acm:us-east-1:111111111111:certificate/c, minimumProtocolVersion: TLSv1.1_2016, sslSupportMethod: sni-only}",
				"cdn.viewerCertificate={acmCertificateArn: arn:aws:acm:us-east-1:111111111111:certificate/c, sslSupportMethod: sni-only}",
			},
			Also:  []string{"account-crossing"},
			Guard: "cdn.viewerCertificate.minimumProtocolVersion", Absent: policy.Violation, Exempt: "cdn.viewerCertificate={cloudfrontDefaultCertificate: true}",
		},
	}
}

func cfOwnCertificate() *policy.Rule {
	return &policy.Rule{
		ID: "cf-own-certificate", Title: "The edge answers under a name of the owner's", Severity: policy.Medium, ProdOnly: true,
		Types: []string{cdn}, Anchors: "fsbp:CloudFront.7,CloudFront.8 ckv2:42 nist:SC-13",
		Why:     "under CloudFront's own name it accepts TLS 1.0, and users cannot be moved elsewhere; an address of one's own for each name costs hundreds of dollars a month",
		Fix:     "set viewerCertificate.acmCertificateArn to a certificate in us-east-1, and sslSupportMethod to sni-only",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-dedicated-ip-or-sni.html"},
		Check: func(c *policy.Case) {
			if c.Get("viewerCertificate.acmCertificateArn").Empty() && c.Get("viewerCertificate.iamCertificateId").Empty() {
				c.Fail(c.Get("viewerCertificate.acmCertificateArn"), "a certificate")
				return
			}
			c.OneOf("viewerCertificate.sslSupportMethod", "sni-only")
		},
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{"cdn.viewerCertificate={cloudfrontDefaultCertificate: true}", "cdn.viewerCertificate.sslSupportMethod=vip"},
			Guard: "cdn.viewerCertificate.sslSupportMethod", Absent: policy.Violation, Also: []string{"cf-tls12"},
		},
	}
}

func cfOriginTLS() *policy.Rule {
	return &policy.Rule{
		ID: "cf-origin-tls", Title: "The edge speaks TLS to what is behind it", Severity: policy.High, ProdOnly: true,
		Types: []string{cdn, cdnVPCOrigin}, Anchors: "nag:CFR5 fsbp:CloudFront.9,CloudFront.10 ckv2:72 cp:aws-cloudfront-distribution-enable-tls-to-origin,aws-cloudfront-distribution-configure-secure-tls-to-origin nist:SC-8",
		Why:     "the lock in the browser then promises what is not so on the second half of the way",
		Fix:     "set originProtocolPolicy to https-only, and originSslProtocols to TLSv1.2",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html"},
		Check:   checkOriginTLS,
		Proof: policy.Proof{
			Good: oneCDN + `
  private: {type: "aws:cloudfront/vpcOrigin:VpcOrigin", properties: {vpcOriginEndpointConfig: {name: lb, originProtocolPolicy: https-only, originSslProtocols: {items: [TLSv1.2], quantity: 1}}}}
`,
			Bad: []string{
				"cdn.origins[0].customOriginConfig.originProtocolPolicy=http-only", "cdn.origins[0].customOriginConfig.originSslProtocols=[TLSv1.2, TLSv1]",
				"private.vpcOriginEndpointConfig.originProtocolPolicy=match-viewer", "private.vpcOriginEndpointConfig.originSslProtocols.items=[SSLv3]",
			},
			Guard: "cdn.origins[0].customOriginConfig.originProtocolPolicy", Absent: policy.Violation,
			FixtureOnly: "the origin of the environments is another resource",
		},
	}
}

// cacheBehaviors are the default cache behavior and all others.
func cacheBehaviors(c *policy.Case) []policy.Value {
	behaviors := []policy.Value{c.Get("defaultCacheBehavior")}
	others := c.Get("orderedCacheBehaviors")
	if others.Unknown() {
		c.Unclear(others)
	}
	return append(behaviors, others.List()...)
}

func checkOriginTLS(c *policy.Case) {
	if c.Type == cdnVPCOrigin {
		requireOriginTLS(c, c.Get("vpcOriginEndpointConfig"), c.Get("vpcOriginEndpointConfig.originSslProtocols.items"))
		return
	}
	origins := c.Get("origins")
	if origins.Unknown() {
		c.Unclear(origins)
	}
	for _, origin := range origins.List() {
		if custom := origin.Get("customOriginConfig"); !custom.Absent() && !isWebsite(origin) {
			requireOriginTLS(c, custom, custom.Get("originSslProtocols"))
		}
	}
}

func requireOriginTLS(c *policy.Case, origin, versions policy.Value) {
	c.Require(origin.Get("originProtocolPolicy"), "https-only", func(v policy.Value) bool { return v.Is("https-only") })
	for _, version := range versions.List() {
		c.Require(version, "TLSv1.2", func(v policy.Value) bool { return !v.In("SSLv3", "TLSv1", "TLSv1.1") })
	}
}

// isWebsite says that the origin is the website of a bucket, which speaks no TLS; it is cf-bucket-access's to refuse it.
func isWebsite(origin policy.Value) bool {
	return strings.Contains(origin.Get("domainName").Text(), ".s3-website")
}

func cdnRules() []*policy.Rule {
	return []*policy.Rule{
		cfWAF(),
		cfLogs(),
		cfBucketAccess(),
		cfOriginBucketExists(),
		cfRootObject(),
		cfOriginFailover(),
		cfResponseHeaders(),
	}
}

func cfWAF() *policy.Rule {
	return &policy.Rule{
		ID: "cf-waf", Title: "The edge has a firewall", Severity: policy.High, Advisory: true,
		Types: []string{cdn}, Anchors: "nag:CFR2 fsbp:CloudFront.6 ckv:68 ckv2:47 trivy:0011 cp:aws-cloudfront-distribution-configure-waf nist:SC-7",
		Why:     "floods and known attacks reach what is behind; it advises only, because AWS WAF is not among the services that every stack may use",
		Fix:     "set webAclId to the ARN of a web ACL of scope CLOUDFRONT",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-awswaf.html"},
		Check:   isSet("webAclId", "a web ACL"),
		Proof:   policy.Proof{Good: oneCDN, Bad: []string{"cdn.webAclId!"}, Unguarded: "a web ACL that is only known later counts: it will be there"},
	}
}

func cfLogs() *policy.Rule {
	return &policy.Rule{
		ID: "cf-logs", Title: "The edge logs what is asked of it", Severity: policy.Medium,
		Types: []string{cdn}, Anchors: "nag:CFR3 fsbp:CloudFront.5 ckv:86 trivy:0010 cp:aws-cloudfront-distribution-enable-access-logging,aws-cloudfront-distribution-configure-access-logging nist:AU-2",
		Why:     "after an incident nobody can say who asked for what, and from where",
		Fix:     "set loggingConfig.bucket, or deliver the logs by aws.cloudwatch.LogDeliverySource and LogDelivery",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html"},
		Check: func(c *policy.Case) {
			if !c.Get("loggingConfig.bucket").Empty() || !c.Get("defaultCacheBehavior.realtimeLogConfigArn").Empty() || deliveredLogs(c.Graph())[c.Node] {
				return
			}
			c.Broken("loggingConfig", "no log", "a bucket or a delivery of the log")
		},
		Proof: policy.Proof{
			Good: `
resources:
  cdn: {type: "aws:cloudfront/distribution:Distribution", properties: {enabled: true}}
  source: {type: "aws:cloudwatch/logDeliverySource:LogDeliverySource", properties: {name: edge, logType: ACCESS_LOGS, resourceArn: "${cdn.arn}"}}
  delivery: {type: "aws:cloudwatch/logDelivery:LogDelivery", properties: {deliverySourceName: "${source.name}", deliveryDestinationArn: "arn:aws:logs:us-east-1:111111111111:delivery-destination:d"}}
`,
			Bad:       []string{"delivery!", "source!", "source.resourceArn=arn:aws:cloudfront::111111111111:distribution/E2", "delivery.deliverySourceName=another"},
			Also:      []string{"account-crossing"},
			Unguarded: "the rule asks whether a delivery is there, not for a value",
		},
	}
}

func cfBucketAccess() *policy.Rule {
	return &policy.Rule{
		ID: "cf-bucket-access", Title: "Buckets behind the edge answer the edge only", Severity: policy.Medium,
		Types: []string{cdn}, Anchors: "nag:CFR7 fsbp:CloudFront.13 ckv2:46 nist:AC-3",
		Why:     "a bucket that must answer everybody can be read past the edge: without its firewall, its log and its cache",
		Fix:     "set originAccessControlId of the origin to an aws.cloudfront.OriginAccessControl, and let cloudfront.amazonaws.com read the bucket",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html"},
		Check: eachBucketOrigin(func(c *policy.Case, origin policy.Value) {
			if access := origin.Get("originAccessControlId"); access.Empty() {
				c.Fail(access, "an origin access control")
			}
		}),
		Proof: policy.Proof{
			Good: oneCDN,
			Bad: []string{
				"cdn.origins[1].originAccessControlId!", "cdn.origins[1]={originId: pages, domainName: pages.s3-website.eu-central-1.amazonaws.com}",
				"cdn.origins[1]={originId: pages, domainName: pages.s3.amazonaws.com, s3OriginConfig: {originAccessIdentity: origin-access-identity/cloudfront/E1}}",
			},
			Unguarded: "a control that is only known later counts: it will be there", Exempt: "cdn.origins[1]!", Also: []string{"cf-origin-bucket-exists"},
			FixtureOnly: "the environments have no bucket behind the edge",
		},
	}
}

func cfOriginBucketExists() *policy.Rule {
	return &policy.Rule{
		ID: "cf-origin-bucket-exists", Title: "Buckets behind the edge are the owner's", Severity: policy.High,
		Types: []string{cdn}, Anchors: "fsbp:CloudFront.12",
		Why:     "whoever makes a bucket with the name that is missing serves content under your name",
		Fix:     "point the origin at bucketRegionalDomainName of a bucket of this stack, or name the bucket in the setting external",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/cloudfront-controls.html"},
		Settings: []policy.Setting{{
			Name: "external", Kind: policy.KindList, Default: []any{}, Help: "domain names of buckets that another stack of the owner's has",
		}},
		Check: eachBucketOrigin(checkOriginBucket),
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{"bucket!", "cdn.origins[1].domainName=gone.s3.eu-central-1.amazonaws.com"}, Unguarded: "a name that the program computes from a bucket is that bucket's",
			FixtureOnly: "the environments have no bucket behind the edge",
		},
	}
}

func cfRootObject() *policy.Rule {
	return &policy.Rule{
		ID: "cf-root-object", Title: "The edge has a page for the root of a bucket", Severity: policy.Medium,
		Types: []string{cdn}, Anchors: "fsbp:CloudFront.1 ckv:305",
		Why:     "who asks for the root may get the list of all objects",
		Fix:     "set defaultRootObject to index.html",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html"},
		Check: eachBucketOrigin(func(c *policy.Case, origin policy.Value) {
			if origin.Get("originId").Is(c.Get("defaultCacheBehavior.targetOriginId").Text()) {
				c.Set("defaultRootObject", "a page", policy.Saw(c.Node, origin.Path(), "is a bucket and serves the root"))
			}
		}),
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{"cdn.defaultRootObject!"}, Unguarded: "a page that is only known later counts: it will be there", Exempt: "cdn.origins[1]!",
			FixtureOnly: "the environments have no bucket behind the edge",
		},
	}
}

func cfOriginFailover() *policy.Rule {
	return &policy.Rule{
		ID: "cf-origin-failover", Title: "The edge has a second origin", Severity: policy.Medium, Advisory: true,
		Types: []string{cdn}, Anchors: "fsbp:CloudFront.4 ckv:310 nist:CP-10",
		Why:     "when the only origin fails, everything that is not in a cache fails; one load balancer in several zones may be enough for what you promise",
		Fix:     "add an origin of another region, and originGroups with both",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("originGroups"), "a group of two origins", func(v policy.Value) bool { return v.Len() > 0 && v.Get("[0].members").Len() > 1 })
		},
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{"cdn.originGroups!", "cdn.originGroups[0].members=[{originId: api}]"}, Guard: "cdn.originGroups", Absent: policy.Violation,
			FixtureOnly: "the environments have one origin each",
		},
	}
}

func cfResponseHeaders() *policy.Rule {
	return &policy.Rule{
		ID: "cf-response-headers", Title: "The edge adds security headers", Severity: policy.Low, Advisory: true,
		Types: []string{cdn}, Anchors: "ckv:259 ckv2:32",
		Why:     "browsers then guess types, allow frames and take the next visit without TLS",
		Fix:     "set responseHeadersPolicyId of the default cache behavior to a policy with Strict-Transport-Security",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-response-headers.html"},
		Check:   isSet("defaultCacheBehavior.responseHeadersPolicyId", "a policy of response headers"),
		Proof: policy.Proof{
			Good: oneCDN, Bad: []string{"cdn.defaultCacheBehavior.responseHeadersPolicyId!"}, Unguarded: "a policy that is only known later counts: it will be there",
		},
	}
}

// eachBucketOrigin judges the origins of a distribution that are buckets.
func eachBucketOrigin(judge func(*policy.Case, policy.Value)) check {
	return func(c *policy.Case) {
		origins := c.Get("origins")
		if origins.Unknown() {
			c.Unclear(origins)
			return
		}
		found := 0
		for _, origin := range origins.List() {
			if isBucketDomain(origin) {
				found++
				judge(c, origin)
			}
		}
		if found == 0 {
			c.Skip("no origin is a bucket")
		}
	}
}

func isBucketDomain(origin policy.Value) bool {
	domain := origin.Get("domainName")
	text := domain.Text()
	if strings.HasSuffix(text, ".amazonaws.com") && (strings.Contains(text, ".s3.") || strings.Contains(text, ".s3-")) || !origin.Get("s3OriginConfig").Empty() {
		return true
	}
	if !origin.Get("customOriginConfig").Empty() || !origin.Get("vpcOriginConfig").Empty() {
		return false
	}
	return domain.Ref(buckets...).Node() != nil || domain.Unknown()
}

func checkOriginBucket(c *policy.Case, origin policy.Value) {
	domain := origin.Get("domainName")
	if domain.Unknown() && domain.Ref(buckets...).How != policy.ByDependency {
		c.Unclear(domain)
		return
	}
	if domain.Ref(buckets...).How != policy.Outside {
		return
	}
	if slices.ContainsFunc(c.Texts("external"), domain.Is) {
		return
	}
	c.Fail(domain, "the domain name of a bucket of this stack")
}

var deliveredLogsKey byte

// deliveredLogs are the resources whose logs CloudWatch delivers.
func deliveredLogs(g *policy.Graph) map[*policy.Node]bool {
	return policy.Memo(g, &deliveredLogsKey, func(g *policy.Graph) map[*policy.Node]bool {
		delivered := map[*policy.Node]bool{}
		for _, n := range g.ByType(logDelivery) {
			source := n.Get("deliverySourceName").Ref(logSource).Node()
			if source == nil {
				continue
			}
			if target := source.Get("resourceArn").Ref().Node(); target != nil {
				delivered[target] = true
			}
		}
		return delivered
	})
}
