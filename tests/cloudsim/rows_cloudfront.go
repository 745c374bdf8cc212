package cloudsim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	distributionDoc  = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html"
	cachePolicyDoc   = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html"
	vpcOriginDoc     = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html"
	distributionType = "aws:cloudfront/distribution:Distribution"
	vpcOriginType    = "aws:cloudfront/vpcOrigin:VpcOrigin"
	cachePolicyType  = "aws:cloudfront/cachePolicy:CachePolicy"
	originPolicyType = "aws:cloudfront/originRequestPolicy:OriginRequestPolicy"
	headersType      = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
	accessType       = "aws:cloudfront/originAccessControl:OriginAccessControl"
	edgeType         = "aws:cloudfront/function:Function"
)

func init() {
	register(distribution, vpcOrigin, cachePolicy,
		edgePolicy(originPolicyType, "origin request policy", "API_CreateOriginRequestPolicy", "NoSuchOriginRequestPolicy", "OriginRequestPolicyInUse",
			"cookiesConfig", "headersConfig", "queryStringsConfig"),
		edgePolicy(headersType, "response headers policy", "API_CreateResponseHeadersPolicy", "NoSuchResponseHeadersPolicy", "ResponseHeadersPolicyInUse"),
		originAccessControl, edgeFunction, monitoringSubscription)
}

// managedPolicies are those that AWS keeps for everybody.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and the pages for
// origin request and response headers policies.
var managedPolicies = []string{
	"658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
	"83da9c7e-98b4-4e11-a168-04f0df8e2c65", "4cc15a8a-d715-48a4-82b8-cc0b614638fe", "2e54312d-136d-493c-8eb9-b001f22f67d2",
	"08627262-05a9-4f76-9ded-b50ca2e3a84f", "1c6db51a-a33f-469a-8245-dae26771f530",
	"216adef6-5c7f-47e4-b989-5492eafa07d3", "59781a5b-3903-41f3-afcb-af62929ccde1", "acba4595-bd28-49b8-b9fe-13317c0390fa",
	"33f36d7e-f396-46d9-90e0-52428a34d9dc", "b689b0a8-53d0-40ab-baf2-68738e2966ac", "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
	"775133bc-15f2-49f9-abea-afb2e0bf67d2",
	"60669652-455b-4ae9-85a4-c4c02393f86c", "5cc3b908-e619-4b99-88e5-2cf7f45965bd", "67f7725c-6f97-4210-82d7-5512b31e9d03",
	"e61eb60c-9c35-4d20-a928-2b84e02af89c", "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
}

func managedEdgePolicy(value string) bool { return slices.Contains(managedPolicies, value) }

// behaviors are the two places where a distribution keeps its cache behaviors.
var behaviors = []string{"defaultCacheBehavior", "orderedCacheBehaviors"}

func behaviorRefs() []Ref {
	var out []Ref
	for _, b := range behaviors {
		out = append(out,
			Ref{Path: b + ".cachePolicyId", To: []string{cachePolicyType}, Except: managedEdgePolicy, Code: "NoSuchCachePolicy"},
			Ref{Path: b + ".originRequestPolicyId", To: []string{originPolicyType}, Except: managedEdgePolicy, Code: "NoSuchOriginRequestPolicy"},
			Ref{Path: b + ".responseHeadersPolicyId", To: []string{headersType}, Except: managedEdgePolicy, Code: "NoSuchResponseHeadersPolicy"},
			Ref{Path: b + ".functionAssociations.functionArn", To: []string{edgeType}, By: []string{"arn"}, Code: "InvalidFunctionAssociation"})
	}
	return out
}

var distribution = Row{
	Type:     distributionType,
	Noun:     "distribution",
	Doc:      distributionDoc,
	Global:   true,
	ID:       func(c *Call) any { return "E" + c.Capitals("distribution", 13) },
	ARN:      Format("arn:{partition}:cloudfront::{account}:distribution/{id}"),
	Defaults: map[string]any{"httpVersion": "http2", "priceClass": "PriceClass_All", "retainOnDelete": false, "staging": false, "waitForDeployment": true},
	Computed: map[string]Compute{
		"domainName":                  func(c *Call) any { return "d" + strings.ToLower(c.Capitals("domain", 13)) + ".cloudfront.net" },
		"hostedZoneId":                Value("Z2FDTNDATAQYW2"),
		"status":                      Value("Deployed"),
		"etag":                        func(c *Call) any { return "E" + c.Capitals("etag"+versionOf(c), 13) },
		"callerReference":             func(c *Call) any { return "terraform-" + c.Hex("caller", 26) },
		"inProgressValidationBatches": Value(0),
	},
	Refresh:  []string{"etag"},
	Required: []string{"defaultCacheBehavior", "enabled", "origins", "restrictions", "viewerCertificate"},
	Replace:  []string{"staging"},
	Taggable: true,
	Refs: append(behaviorRefs(),
		Ref{Path: "viewerCertificate.acmCertificateArn", To: []string{certificateType}, By: []string{"arn"}, Region: "*", Code: "InvalidViewerCertificate"},
		Ref{Path: "origins.originAccessControlId", To: []string{accessType}, Code: "NoSuchOriginAccessControl"},
		Ref{Path: "origins.vpcOriginConfig.vpcOriginId", To: []string{vpcOriginType}, Code: "EntityNotFound"},
		Ref{Path: "loggingConfig.bucket", To: bucketTypes, By: []string{"bucketDomainName", "bucketRegionalDomainName"}, Region: "*", Weak: true, Code: "InvalidArgument"}),
	Limits:   distributionLimits,
	Check:    checkDistribution,
	Idle:     idleWhen(originsAdmit),
	NotFound: "NoSuchDistribution",
	InUse:    "ResourceInUse",
	Durations: Durations{Create: 4 * time.Minute, Update: 4 * time.Minute, Delete: 7 * time.Minute,
		Source: estimate("a change reaches the edge in a few minutes; a deletion first disables the distribution and waits for that. " +
			"The provider waits for the status Deployed")},
}

// versionOf counts the writes of a resource.
func versionOf(c *Call) string {
	if c.Old == nil {
		return ""
	}
	return c.Old.Out().Text("etag")
}

var distributionLimits = []Limit{
	{"priceClass", OneOf("PriceClass_All", "PriceClass_200", "PriceClass_100"), distributionDoc},
	{"httpVersion", OneOf("http1.1", "http2", "http2and3", "http3"), distributionDoc},
	{"comment", Length(0, 128), distributionDoc},
	{"aliases", Items(0, 100), "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"},
	{"origins", Items(1, 100), "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"},
	{"orderedCacheBehaviors", Items(0, 75), "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"},
	{"defaultCacheBehavior.viewerProtocolPolicy", OneOf("allow-all", "https-only", "redirect-to-https"), distributionDoc},
	{"orderedCacheBehaviors.viewerProtocolPolicy", OneOf("allow-all", "https-only", "redirect-to-https"), distributionDoc},
	{"restrictions.geoRestriction.restrictionType", OneOf("none", "whitelist", "blacklist"), distributionDoc},
	{"viewerCertificate.sslSupportMethod", OneOf("sni-only", "vip", "static-ip"), viewerDoc},
	{"viewerCertificate.minimumProtocolVersion", OneOf("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019",
		"TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"), viewerDoc},
	{"origins.customOriginConfig.httpPort", Satisfies(originPort), originDoc},
	{"origins.customOriginConfig.httpsPort", Satisfies(originPort), originDoc},
	{"webAclId", Matches(`^([0-9a-f-]{36}|arn:[a-z-]+:wafv2:us-east-1:\d{12}:global/webacl/\S+)$`, "a web ACL for CloudFront: its scope is global, in us-east-1"),
		"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-awswaf.html"},
	{"origins.connectionAttempts", Between(1, 3), originDoc},
	{"origins.connectionTimeout", Between(1, 10), originDoc},
	{"origins.customOriginConfig.originReadTimeout", Between(1, 120), originDoc},
	{"origins.customOriginConfig.originKeepaliveTimeout", Between(1, 120), originDoc},
	{"origins.customOriginConfig.originProtocolPolicy", OneOf("http-only", "https-only", "match-viewer"), originDoc},
	{"origins.vpcOriginConfig.originReadTimeout", Between(1, 120), originDoc},
	{"origins.vpcOriginConfig.originKeepaliveTimeout", Between(1, 120), originDoc},
	{"origins.originShield.originShieldRegion", Matches(`^[a-z]{2}(-[a-z]+)+-\d$`, "a region"), originDoc},
}

const (
	viewerDoc = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html"
	originDoc = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html"
)

var originName = regexp.MustCompile(`^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_-]+)+$`)

// originPort: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html
func originPort(value string) string {
	port, err := strconv.Atoi(value)
	if err == nil && (port == 80 || port == 443 || port >= 1024 && port <= 65535) {
		return ""
	}
	return "must be 80, 443 or from 1024 to 65535, is " + value
}

// geography: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GeoRestriction.html
func geography(c *Call) error {
	const path = "restrictions.geoRestriction"
	n, known := c.Count(path + ".locations")
	kind := c.Text(path + ".restrictionType")
	if known && kind != "" && (kind == "none") != (n == 0) {
		return c.RejectAt(path, "InvalidGeoRestrictionParameter", "the restriction type %s and %d locations do not go together", kind, n)
	}
	return nil
}

func checkDistribution(c *Call) error {
	return errors.Join(geography(c), originsNamed(c), originKinds(c), cacheSettings(c), viewerCertificate(c), aliasesFree(c), loggingBucket(c), errorResponses(c))
}

// originsNamed demands that every behavior leads to an origin or an origin group.
func originsNamed(c *Call) error {
	if !c.Known("origins.originId", "originGroups.originId") {
		return nil
	}
	ids := append(c.Texts("origins.originId"), c.Texts("originGroups.originId")...)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return c.RejectAt("origins", "InvalidArgument", "The parameter Origin Id has a value that is used twice: %s", id)
		}
	}
	for _, path := range []string{behaviors[0] + ".targetOriginId", behaviors[1] + ".targetOriginId", "originGroups.members.originId"} {
		for _, id := range c.Texts(path) {
			if !slices.Contains(ids, id) {
				return c.RejectAt(path, "NoSuchOrigin", "One or more of your origins or origin groups do not exist: %s", id)
			}
		}
	}
	return nil
}

// originKinds demands one kind of origin for each, and an S3 origin only for buckets.
func originKinds(c *Call) error {
	for i, origin := range c.Objects("origins") {
		given := 0
		for _, kind := range []string{"customOriginConfig", "s3OriginConfig", "vpcOriginConfig"} {
			if origin.Has(kind) {
				given++
			}
		}
		at := fmt.Sprintf("origins[%d]", i)
		if given > 1 {
			return c.RejectAt(at, "InvalidArgument", "an origin has one of customOriginConfig, s3OriginConfig and vpcOriginConfig")
		}
		name := origin.Text("domainName")
		if given == 0 && name != "" && !strings.Contains(name, ".s3.") && !strings.Contains(name, ".s3-") {
			return c.RejectAt(at, "InvalidArgument", "The parameter Origin DomainName does not refer to a valid S3 bucket: %s", name)
		}
		if origin.Has("originAccessControlId") && origin.Has("s3OriginConfig") && origin.Text("s3OriginConfig.originAccessIdentity") != "" {
			return c.RejectAt(at, "InvalidArgument", "an origin has an origin access control or an origin access identity, not both")
		}
		if name != "" && !originName.MatchString(name) {
			return c.RejectAt(at, "InvalidArgument", "The parameter origin name must be a domain name: %s", name)
		}
		if err := pathForm(c, at, origin.Text("originPath")); err != nil {
			return err
		}
	}
	return nil
}

func pathForm(c *Call, at, path string) error {
	if path == "" || strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/") {
		return nil
	}
	return c.RejectAt(at, "InvalidOriginPath", "The origin path must begin with / and not end with it, is %q", path)
}

// cacheSettings demands a cache policy or the older forwarded values, and known methods.
func cacheSettings(c *Call) error {
	sets := []string{"GET,HEAD", "GET,HEAD,OPTIONS", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"}
	for _, path := range behaviors {
		for _, b := range c.Objects(path) {
			if b.Has("cachePolicyId") == b.Has("forwardedValues") {
				return c.RejectAt(path, "InvalidArgument", "a cache behavior must have exactly one of cachePolicyId and forwardedValues")
			}
			allowed, cached := methods(b, "allowedMethods"), methods(b, "cachedMethods")
			if b.Known("allowedMethods") && allowed != "" && !slices.Contains(sets, allowed) {
				return c.RejectAt(path, "InvalidArgument", "The parameter AllowedMethods must be one of %s, is %s", strings.Join(sets, "; "), allowed)
			}
			if b.Known("cachedMethods") && cached != "" && !slices.Contains(sets[:2], cached) {
				return c.RejectAt(path, "InvalidArgument", "The parameter CachedMethods must be one of %s, is %s", strings.Join(sets[:2], "; "), cached)
			}
		}
	}
	return nil
}

func methods(b Props, path string) string {
	list := b.Texts(path)
	slices.Sort(list)
	return strings.Join(list, ",")
}

// viewerCertificate: a certificate of its own for aliases, from us-east-1, issued.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
func viewerCertificate(c *Call) error {
	own := c.Has("viewerCertificate.acmCertificateArn") || c.Has("viewerCertificate.iamCertificateId")
	if c.Has("aliases") && !own && c.Known("viewerCertificate", "aliases") && len(c.Texts("aliases")) > 0 {
		return c.RejectAt("viewerCertificate", "InvalidViewerCertificate",
			"To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name.")
	}
	if c.Bool("viewerCertificate.cloudfrontDefaultCertificate") && own {
		return c.RejectAt("viewerCertificate", "InvalidViewerCertificate", "the default certificate and a certificate of your own exclude each other")
	}
	version := c.Text("viewerCertificate.minimumProtocolVersion")
	if !own && version != "" && version != "TLSv1" {
		return c.RejectAt("viewerCertificate.minimumProtocolVersion", "InvalidViewerCertificate",
			"with the default certificate the minimum protocol version is TLSv1, whatever is asked for (%s)", version)
	}
	if own && c.Known("viewerCertificate") && !c.Has("viewerCertificate.sslSupportMethod") {
		return c.RejectAt("viewerCertificate.sslSupportMethod", "InvalidViewerCertificate", "sslSupportMethod is required with a certificate of your own")
	}
	arn := c.Text("viewerCertificate.acmCertificateArn")
	if fields := strings.Split(arn, ":"); len(fields) > 3 && fields[3] != "us-east-1" {
		return c.RejectAt("viewerCertificate.acmCertificateArn", "InvalidViewerCertificate",
			"The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain. (%s)", arn)
	}
	return errors.Join(certificateReady(c, "viewerCertificate.acmCertificateArn", "InvalidViewerCertificate"), certificateCovers(c))
}

// certificateCovers demands that the certificate names every alias.
func certificateCovers(c *Call) error {
	certificate := c.Ref("viewerCertificate.acmCertificateArn")
	if certificate == nil || certificate.Given || !certificate.In().Known("domainName", "subjectAlternativeNames") {
		return nil
	}
	for _, alias := range c.Texts("aliases") {
		if !slices.ContainsFunc(certificateNames(certificate.In()), func(name string) bool { return coversName(name, alias) }) {
			return c.RejectAt("aliases", "InvalidViewerCertificate",
				"The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that you're trying to add: %s", alias)
		}
	}
	return nil
}

func coversName(certified, name string) bool {
	if strings.EqualFold(certified, name) {
		return true
	}
	_, parent, _ := strings.Cut(name, ".")
	return strings.EqualFold(certified, "*."+parent)
}

// aliasesFree: an alternate domain name belongs to one distribution.
func aliasesFree(c *Call) error {
	for _, other := range c.Others(distributionType) {
		for _, alias := range c.Texts("aliases") {
			if slices.Contains(other.Out().Texts("aliases"), alias) && !c.Preview {
				return c.RejectAt("aliases", "CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource: %s", alias)
			}
		}
	}
	return nil
}

// loggingBucket: standard logging of the older kind writes with ACLs.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
func loggingBucket(c *Call) error {
	bucket := c.Ref("loggingConfig.bucket")
	if bucket == nil || c.Preview || bucket.Given || c.aclsEnabled(bucket) {
		return nil
	}
	return c.RejectAt("loggingConfig.bucket", "InvalidArgument", "The S3 bucket that you specified for CloudFront logs does not enable ACL access: %s", bucket.ID)
}

func errorResponses(c *Call) error {
	for _, response := range c.Objects("customErrorResponses") {
		if response.Has("responseCode") != response.Has("responsePagePath") {
			return c.RejectAt("customErrorResponses", "InvalidErrorCode", "responseCode and responsePagePath go together (error code %d)", response.Int("errorCode"))
		}
	}
	return nil
}

// originsAdmit: a bucket behind an origin access control must admit CloudFront, and answers 403 otherwise.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
func originsAdmit(c *Call) error {
	var problems []error
	for _, origin := range c.Objects("origins") {
		bucket := c.bucketAt(origin.Text("domainName"))
		if bucket == nil || origin.Text("originAccessControlId") == "" {
			continue
		}
		q := access{service: "cloudfront.amazonaws.com", action: "s3:GetObject", resource: bucket.ARN + "/x", source: c.ARN, account: c.Account}
		policy, ok := c.documentOf(bucket, bucketPolicyType, "bucket")
		if !ok || !policy.admits(q) && !policy.someObjects(q, bucket.ARN) {
			problems = append(problems, c.silent("origins", "every request is answered 403: the policy of bucket %s does not allow cloudfront.amazonaws.com to call s3:GetObject for %s",
				bucket.ID, c.ARN))
		}
	}
	return errors.Join(problems...)
}

// someObjects reports whether the document grants the request for some objects of the bucket.
func (p Policy) someObjects(q access, bucketARN string) bool {
	for _, s := range p.Statement {
		for _, resource := range s.Resource {
			q.resource = resource
			if strings.HasPrefix(resource, bucketARN+"/") && p.admits(q) {
				return true
			}
		}
	}
	return false
}

func (c *Call) bucketAt(domain string) *Resource {
	for _, typ := range bucketTypes {
		for _, bucket := range c.InRegion("*", typ) {
			if domain == bucket.Out().Text("bucketRegionalDomainName") || domain == bucket.Out().Text("bucketDomainName") {
				return bucket
			}
		}
	}
	return nil
}

var vpcOrigin = Row{
	Type:     vpcOriginType,
	Noun:     "VPC origin",
	Doc:      "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateVpcOrigin.html",
	Global:   true,
	ID:       func(c *Call) any { return "vo_" + c.Capitals("origin", 22) },
	ARN:      Format("arn:{partition}:cloudfront::{account}:vpcorigin/{id}"),
	Computed: map[string]Compute{"etag": func(c *Call) any { return "E" + c.Capitals("etag"+versionOf(c), 13) }},
	Refresh:  []string{"etag"},
	Required: []string{"vpcOriginEndpointConfig"},
	Taggable: true,
	Refs: []Ref{{Path: "vpcOriginEndpointConfig.arn", To: []string{balancerType, "aws:ec2/instance:Instance"}, By: []string{"arn"}, Region: "*",
		Code: "InvalidArgument"}},
	Limits: []Limit{
		{"vpcOriginEndpointConfig.httpPort", Between(1, 65535), vpcOriginDoc},
		{"vpcOriginEndpointConfig.httpsPort", Between(1, 65535), vpcOriginDoc},
		{"vpcOriginEndpointConfig.originProtocolPolicy", OneOf("http-only", "https-only", "match-viewer"), vpcOriginDoc},
	},
	Check:    checkVPCOrigin,
	NotFound: "EntityNotFound",
	InUse:    "CannotDeleteEntityWhileInUse",
	Durations: Durations{Create: 8 * time.Minute, Update: 8 * time.Minute, Delete: 8 * time.Minute,
		Source: "up to 15 minutes until deployed, " + vpcOriginDoc + "; half of it taken"},
}

// checkVPCOrigin: an origin in a private subnet of a VPC with an internet gateway, which CloudFront demands although no
// traffic passes through it.
func checkVPCOrigin(c *Call) error {
	balancer := c.Ref("vpcOriginEndpointConfig.arn")
	if balancer == nil || balancer.Type != balancerType || c.Preview {
		return nil
	}
	if !balancer.Out().Bool("internal") {
		return c.RejectAt("vpcOriginEndpointConfig.arn", "InvalidArgument", "The VPC origin %s must be private: it is an internet-facing load balancer", balancer.ARN)
	}
	vpc := balancer.Out().Text("vpcId")
	for _, typ := range []string{gatewayType, gatewayTieType} {
		for _, gateway := range c.InRegion("*", typ) {
			if gateway.Out().Text("vpcId") == vpc {
				return nil
			}
		}
	}
	if vpc == "" {
		return nil
	}
	return c.RejectAt("vpcOriginEndpointConfig.arn", "InvalidArgument", "The VPC %s of the origin has no internet gateway (%s)", vpc, vpcOriginDoc)
}

// edgePolicy is the row of a policy that behaviors name by id.
func edgePolicy(typ, noun, operation, notFound, inUse string, required ...string) Row {
	return Row{
		Type:      typ,
		Noun:      noun,
		Doc:       "https://docs.aws.amazon.com/cloudfront/latest/APIReference/" + operation + ".html",
		Global:    true,
		ID:        Format("{uuid}"),
		AutoName:  &AutoName{Max: 128},
		Computed:  map[string]Compute{"etag": func(c *Call) any { return "E" + c.Capitals("etag"+versionOf(c), 13) }},
		Refresh:   []string{"etag"},
		Required:  required,
		Replace:   []string{"name"},
		Unique:    []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: strings.Replace(inUse, "InUse", "AlreadyExists", 1)}},
		Check:     edgeBehaviors,
		NotFound:  notFound,
		InUse:     inUse,
		Durations: immediate,
	}
}

// edgeBehaviors: lists go with the behaviors that use them.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginRequestPolicyConfig.html
func edgeBehaviors(c *Call) error {
	for _, part := range [][3]string{{"cookiesConfig", "cookieBehavior", "cookies"}, {"headersConfig", "headerBehavior", "headers"},
		{"queryStringsConfig", "queryStringBehavior", "queryStrings"}} {
		for _, prefix := range []string{"", "parametersInCacheKeyAndForwardedToOrigin."} {
			config := prefix + part[0]
			behavior := c.Text(config + "." + part[1])
			items := len(c.Texts(config+"."+part[2]+".items")) > 0
			needs := behavior == "whitelist" || behavior == "allExcept" || behavior == "allViewerAndWhitelistCloudFront"
			if behavior != "" && needs != items && c.Known(config) {
				return c.RejectAt(config, "InvalidArgument", "%s %q and a list of items do not go together", part[1], behavior)
			}
		}
	}
	return nil
}

var cachePolicy = func() Row {
	row := edgePolicy(cachePolicyType, "cache policy", "API_CreateCachePolicy", "NoSuchCachePolicy", "CachePolicyInUse",
		"parametersInCacheKeyAndForwardedToOrigin")
	row.Defaults = map[string]any{"defaultTtl": 86400, "maxTtl": 31536000, "minTtl": 0}
	row.Limits = []Limit{{"name", Matches(`^[A-Za-z0-9_-]{1,128}$`, "1 to 128 letters, digits, hyphens and underscores"), cachePolicyDoc}}
	row.Check = func(c *Call) error { return errors.Join(timesToLive(c), edgeBehaviors(c)) }
	return row
}()

// timesToLive: least <= default <= most.
func timesToLive(c *Call) error {
	low, usual, high := c.Number("minTtl"), c.Number("defaultTtl"), c.Number("maxTtl")
	if !c.Known("minTtl", "defaultTtl", "maxTtl") || low <= usual && usual <= high {
		return nil
	}
	return c.RejectAt("defaultTtl", "InvalidArgument", "The times to live must be in order: minTtl %v, defaultTtl %v, maxTtl %v", low, usual, high)
}

var originAccessControl = Row{
	Type:     accessType,
	Noun:     "origin access control",
	Doc:      "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html",
	Global:   true,
	ID:       func(c *Call) any { return "E" + c.Capitals("access", 13) },
	ARN:      Format("arn:{partition}:cloudfront::{account}:origin-access-control/{id}"),
	AutoName: &AutoName{Max: 64},
	Computed: map[string]Compute{"etag": func(c *Call) any { return "E" + c.Capitals("etag"+versionOf(c), 13) }},
	Refresh:  []string{"etag"},
	Defaults: map[string]any{"description": "Managed by Pulumi"},
	Required: []string{"originAccessControlOriginType", "signingBehavior", "signingProtocol"},
	Replace:  []string{"name"},
	Unique:   []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "OriginAccessControlAlreadyExists"}},
	Limits: []Limit{
		{"originAccessControlOriginType", OneOf("s3", "mediastore", "lambda", "mediapackagev2"), accessDoc},
		{"signingBehavior", OneOf("always", "never", "no-override"), accessDoc},
		{"signingProtocol", OneOf("sigv4"), accessDoc},
	},
	NotFound:  "NoSuchOriginAccessControl",
	InUse:     "OriginAccessControlInUse",
	Durations: immediate,
}

const accessDoc = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html"

var edgeFunction = Row{
	Type:     edgeType,
	Noun:     "function",
	Doc:      "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html",
	Global:   true,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:cloudfront::{account}:function/{name}"),
	AutoName: &AutoName{Max: 64},
	Defaults: map[string]any{"publish": true},
	Computed: map[string]Compute{
		"etag":          func(c *Call) any { return "E" + c.Capitals("etag"+versionOf(c), 13) },
		"liveStageEtag": func(c *Call) any { return "E" + c.Capitals("live"+versionOf(c), 13) },
		"status":        Value("UNASSOCIATED"),
	},
	Refresh:  []string{"etag", "liveStageEtag"},
	Required: []string{"code", "runtime"},
	Replace:  []string{"name"},
	Unique:   []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "FunctionAlreadyExists"}},
	Limits: []Limit{
		{"name", Matches(`^[A-Za-z0-9_-]{1,64}$`, "1 to 64 letters, digits, hyphens and underscores"), "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html"},
		{"runtime", OneOf("cloudfront-js-1.0", "cloudfront-js-2.0"), "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_FunctionConfig.html"},
		{"code", Length(1, 10240), "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"},
	},
	NotFound:  "NoSuchFunctionExists",
	InUse:     "FunctionInUse",
	Durations: immediate,
}

var monitoringSubscription = Row{
	Type:     "aws:cloudfront/monitoringSubscription:MonitoringSubscription",
	Noun:     "monitoring subscription",
	Doc:      "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateMonitoringSubscription.html",
	Global:   true,
	ID:       named("{distributionId}", "distributionId"),
	Required: []string{"distributionId", "monitoringSubscription"},
	Replace:  []string{"distributionId"},
	Refs:     []Ref{{Path: "distributionId", To: []string{distributionType}, Weak: true}},
	Unique:   []Unique{{Paths: []string{"distributionId"}, Scope: InAccount, Code: "MonitoringSubscriptionAlreadyExists"}},
	Limits: []Limit{{"monitoringSubscription.realtimeMetricsSubscriptionConfig.realtimeMetricsSubscriptionStatus", OneOf("Enabled", "Disabled"),
		"https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_RealtimeMetricsSubscriptionConfig.html"}},
	Durations: immediate,
}
