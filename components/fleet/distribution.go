package fleet

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
)

// The parts of CloudFront that are called the same in several places.
const originID = "fleet"

// createDistribution puts CloudFront in front: an origin inside the VPC, so that the load balancer has no public
// address, and a cache keyed by the hash key.
func (b *builder) createDistribution() error {
	if !b.plan.cdn() {
		return nil
	}
	for _, part := range []func() error{
		b.vpcOrigin, b.cachePolicy, b.requestPolicy, b.responseHeaders, b.edgeCertificate, b.distribution, b.createEdgeLogs, b.createEdgeAlarms,
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// edge is what the parts of CloudFront leave for each other.
type edge struct {
	origin             *cloudfront.VpcOrigin
	cache              *cloudfront.CachePolicy
	request            *cloudfront.OriginRequestPolicy
	headers            *cloudfront.ResponseHeadersPolicy
	edgeCertificateARN pulumi.StringInput
}

// vpcOrigin is CloudFront's way to the load balancer inside the network. With a certificate it is TLS all the way;
// without one TLS ends at CloudFront, and the rest of the way, inside AWS and the VPC, is HTTP.
// CloudFront refuses it while the VPC has no internet gateway, although no packet takes that way; so its name is known only
// once the gateway exists, and on destroy the gateway outlives it.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
func (b *builder) vpcOrigin() error {
	protocol := "http-only"
	if b.plan.tls() {
		protocol = "https-only"
	}
	name := b.kids.Child("origin")
	made, err := component.New(b.ctx, b.kids, "VPC origin", name, &cloudfront.VpcOriginArgs{
		VpcOriginEndpointConfig: &cloudfront.VpcOriginVpcOriginEndpointConfigArgs{
			Name: after(b.plan.args.Placement.InternetGateway, fmt.Sprintf("%s-%s", name, b.ctx.Stack())), Arn: b.front.arn,
			HttpPort: pulumi.Int(80), HttpsPort: pulumi.Int(443), OriginProtocolPolicy: pulumi.String(protocol),
			OriginSslProtocols: &cloudfront.VpcOriginVpcOriginEndpointConfigOriginSslProtocolsArgs{
				Items: pulumi.ToStringArray([]string{"TLSv1.2"}), Quantity: pulumi.Int(1),
			},
		},
		Tags: b.kids.Tags(name),
	}, b.transform.VPCOrigin, cloudfront.NewVpcOrigin)
	b.origin = made
	return err
}

// after is a text that is known once something else is.
func after(other pulumi.StringInput, text string) pulumi.StringOutput {
	return other.ToStringOutput().ApplyT(func(string) string { return text }).(pulumi.StringOutput)
}

// cachePolicy: path and hash key are the cache key and all that reaches the origin. The answer for a key never changes,
// so it is kept as long as CloudFront will; a header of the server that says otherwise is heeded between the bounds.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cache-key-understand-cache-policy.html
func (b *builder) cachePolicy() error {
	c := b.plan.args.CDN
	seconds := pulumi.Int(int(c.TTL.Seconds()))
	queries := &cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfigArgs{QueryStringBehavior: pulumi.String("none")}
	if len(c.KeyParameters) > 0 {
		queries.QueryStringBehavior = pulumi.String("whitelist")
		queries.QueryStrings = &cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfigQueryStringsArgs{
			Items: pulumi.ToStringArray(c.KeyParameters),
		}
	}
	made, err := component.New(b.ctx, b.kids, "cache policy", b.kids.Child("cache"), &cloudfront.CachePolicyArgs{
		Comment:    pulumi.String("Path and hash key of " + b.kids.Child()),
		DefaultTtl: seconds, MaxTtl: seconds, MinTtl: pulumi.Int(1),
		ParametersInCacheKeyAndForwardedToOrigin: &cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginArgs{
			CookiesConfig:              &cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfigArgs{CookieBehavior: pulumi.String("none")},
			HeadersConfig:              &cloudfront.CachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfigArgs{HeaderBehavior: pulumi.String("none")},
			QueryStringsConfig:         queries,
			EnableAcceptEncodingGzip:   pulumi.Bool(true),
			EnableAcceptEncodingBrotli: pulumi.Bool(true),
		},
	}, b.transform.CachePolicy, cloudfront.NewCachePolicy)
	b.cache = made
	return err
}

// requestPolicy adds nothing to what the cache key brings: what is not in the key must not change the answer.
func (b *builder) requestPolicy() error {
	made, err := component.New(b.ctx, b.kids, "origin request policy", b.kids.Child("request"), &cloudfront.OriginRequestPolicyArgs{
		Comment:            pulumi.String("Nothing beside the cache key of " + b.kids.Child()),
		CookiesConfig:      &cloudfront.OriginRequestPolicyCookiesConfigArgs{CookieBehavior: pulumi.String("none")},
		HeadersConfig:      &cloudfront.OriginRequestPolicyHeadersConfigArgs{HeaderBehavior: pulumi.String("none")},
		QueryStringsConfig: &cloudfront.OriginRequestPolicyQueryStringsConfigArgs{QueryStringBehavior: pulumi.String("none")},
	}, b.transform.OriginRequestPolicy, cloudfront.NewOriginRequestPolicy)
	b.request = made
	return err
}

// year is how long browsers remember that the fleet speaks TLS only, in seconds.
const year = 365 * 24 * 60 * 60

// responseHeaders are for browsers. Strict transport security goes without "preload": with it the name may be put on the
// browsers' built-in list, for a whole registered domain and all its names, and hardly off again. That is for the domain's
// owner to say, not for one service under it: docs/decisions/0013-tls-to-the-fleet.md.
func (b *builder) responseHeaders() error {
	always := pulumi.Bool(true)
	made, err := component.New(b.ctx, b.kids, "response headers policy", b.kids.Child("headers"), &cloudfront.ResponseHeadersPolicyArgs{
		Comment: pulumi.String("Security headers of " + b.kids.Child()),
		SecurityHeadersConfig: &cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs{
			StrictTransportSecurity: &cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs{
				AccessControlMaxAgeSec: pulumi.Int(year), IncludeSubdomains: always, Override: always,
			},
			ContentTypeOptions: &cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs{Override: always},
			FrameOptions:       &cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs{FrameOption: pulumi.String("DENY"), Override: always},
			ReferrerPolicy:     &cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs{ReferrerPolicy: pulumi.String("no-referrer"), Override: always},
			ContentSecurityPolicy: &cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs{
				ContentSecurityPolicy: pulumi.String("default-src 'none'; frame-ancestors 'none'"), Override: always,
			},
		},
	}, b.transform.ResponseHeaders, cloudfront.NewResponseHeadersPolicy)
	b.headers = made
	return err
}

func (b *builder) distribution() error {
	name := b.kids.Child("cdn")
	args := &cloudfront.DistributionArgs{
		Comment: pulumi.String(b.kids.Child()), Enabled: pulumi.Bool(true), IsIpv6Enabled: pulumi.Bool(true),
		HttpVersion: pulumi.String("http2and3"), PriceClass: pulumi.String(b.plan.args.CDN.PriceClass),
		Aliases: pulumi.ToStringArray(b.plan.aliases()), WebAclId: optional(b.plan.args.CDN.WebACLARN),
		Origins:              cloudfront.DistributionOriginArray{b.originConfig()},
		CustomErrorResponses: b.errorResponses(),
		DefaultCacheBehavior: &cloudfront.DistributionDefaultCacheBehaviorArgs{
			TargetOriginId: pulumi.String(originID), ViewerProtocolPolicy: pulumi.String("redirect-to-https"), Compress: pulumi.Bool(true),
			AllowedMethods: pulumi.ToStringArray([]string{"GET", "HEAD"}), CachedMethods: pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachePolicyId: b.cache.ID().ToStringOutput(), OriginRequestPolicyId: b.request.ID().ToStringOutput(), ResponseHeadersPolicyId: b.headers.ID().ToStringOutput(),
		},
		Restrictions: &cloudfront.DistributionRestrictionsArgs{
			GeoRestriction: &cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")},
		},
		ViewerCertificate: b.viewerCertificate(), WaitForDeployment: pulumi.Bool(true), Tags: b.kids.Tags(name),
	}
	made, err := component.New(b.ctx, b.kids, "distribution", name, args, b.transform.Distribution, cloudfront.NewDistribution)
	b.fleet.Distribution = made
	return err
}

// originConfig speaks to the load balancer by its VPC origin. Under TLS the domain is what its certificate is checked
// against. The read timeout is the load balancer's own, within CloudFront's limits of 1 to 120 seconds.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html
func (b *builder) originConfig() cloudfront.DistributionOriginInput {
	domain := b.front.name
	if b.plan.tls() {
		domain = pulumi.String(b.plan.origin()).ToStringOutput()
	}
	origin := &cloudfront.DistributionOriginArgs{
		OriginId: pulumi.String(originID), DomainName: domain, ConnectionAttempts: pulumi.Int(3), ConnectionTimeout: pulumi.Int(5),
		VpcOriginConfig: &cloudfront.DistributionOriginVpcOriginConfigArgs{
			VpcOriginId: b.origin.ID().ToStringOutput(), OriginKeepaliveTimeout: pulumi.Int(5),
			OriginReadTimeout: pulumi.Int(min(60, int(b.plan.args.LoadBalancer.IdleTimeout.Seconds()))),
		},
	}
	if b.plan.args.CDN.Shield {
		origin.OriginShield = &cloudfront.DistributionOriginOriginShieldArgs{Enabled: pulumi.Bool(true), OriginShieldRegion: pulumi.String(b.plan.args.Region)}
	}
	return origin
}

// errorResponses keep errors for a moment only: a wrong answer must not outlive its cause.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
func (b *builder) errorResponses() cloudfront.DistributionCustomErrorResponseArray {
	var responses cloudfront.DistributionCustomErrorResponseArray
	for _, code := range []int{400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504} {
		responses = append(responses, &cloudfront.DistributionCustomErrorResponseArgs{
			ErrorCode: pulumi.Int(code), ErrorCachingMinTtl: pulumi.Int(int(b.plan.args.CDN.ErrorTTL.Seconds())),
		})
	}
	return responses
}

// aliases are the names under which CloudFront serves; none means its own.
func (p *plan) aliases() []string {
	if p.args.Zone != nil {
		return []string{p.args.Zone.Domain}
	}
	if p.args.CDN.Domain != "" {
		return []string{p.args.CDN.Domain}
	}
	return nil
}

// edgeCertificate makes the certificate of the fleet's name in us-east-1, or takes the one brought.
func (b *builder) edgeCertificate() error {
	b.edgeCertificateARN = b.plan.args.CDN.CertificateARN
	if b.plan.args.Zone == nil {
		return nil
	}
	made, err := b.createCertificate("edge", b.plan.args.Zone.Domain, b.global()...)
	b.edgeCertificateARN = made
	return err
}

// global is the option of what lives in us-east-1.
func (b *builder) global() []pulumi.ResourceOption {
	return []pulumi.ResourceOption{pulumi.Provider(b.plan.args.CDN.USEast1)}
}

// viewerCertificate: under its own name CloudFront serves with its own certificate, whose policy is AWS's choice.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
func (b *builder) viewerCertificate() cloudfront.DistributionViewerCertificateInput {
	if b.edgeCertificateARN == nil {
		return &cloudfront.DistributionViewerCertificateArgs{CloudfrontDefaultCertificate: pulumi.Bool(true)}
	}
	return &cloudfront.DistributionViewerCertificateArgs{
		AcmCertificateArn: b.edgeCertificateARN.ToStringOutput(), SslSupportMethod: pulumi.String("sni-only"),
		MinimumProtocolVersion: pulumi.String("TLSv1.2_2021"),
	}
}
