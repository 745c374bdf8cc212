package cloudsim_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

func (w *world) zone() *item { return w.make(zoneType, "z", pulumi.Map{"name": s("example.com")}) }

// proven is a certificate whose validation records are in the zone.
func (w *world) proven(zone *item, domain string, opts ...pulumi.ResourceOption) pulumi.StringOutput {
	certificate := w.make(certificateType, "c", pulumi.Map{"domainName": s(domain), "validationMethod": s("DNS")}, opts...)
	option := func(field string) pulumi.StringOutput {
		return certificate.Options.ApplyT(func(options []any) string {
			text, _ := options[0].(map[string]any)[field].(string)
			return text
		}).(pulumi.StringOutput)
	}
	w.make(recordType, "proof", pulumi.Map{"zoneId": zone.ZoneID, "name": option("resourceRecordName"), "type": option("resourceRecordType"),
		"ttl": n(60), "records": pulumi.Array{option("resourceRecordValue")}})
	w.make(validationType, "valid", pulumi.Map{"certificateArn": certificate.Arn, "validationRecordFqdns": pulumi.Array{option("resourceRecordName")}}, opts...)
	return certificate.Arn
}

func TestACertificateIsIssuedWhenItsRecordsExist(t *testing.T) {
	t.Parallel()
	requested := func(args pulumi.Map) func(w *world) {
		return func(w *world) { w.make(certificateType, "c", args) }
	}
	runServices(t, []serviceCase{
		{"proven", func(w *world) { w.proven(w.zone(), "www.example.com") }, ""},
		{"waited for without records", func(w *world) {
			w.zone()
			certificate := w.make(certificateType, "c", pulumi.Map{"domainName": s("www.example.com"), "validationMethod": s("DNS")})
			w.make(validationType, "v", pulumi.Map{"certificateArn": certificate.Arn})
		}, "last state: 'PENDING_VALIDATION'|there is no record _"},
		{"waited for with the wrong records", func(w *world) {
			certificate := w.make(certificateType, "c", pulumi.Map{"domainName": s("www.example.com"), "validationMethod": s("DNS")})
			w.make(validationType, "v", pulumi.Map{"certificateArn": certificate.Arn, "validationRecordFqdns": list(s("x.example.com"))})
		}, "missing www.example.com DNS validation record"},
		{"for no domain", requested(pulumi.Map{"domainName": s("example"), "validationMethod": s("DNS")}), "fully qualified domain name"},
		{"without a way to prove it", requested(pulumi.Map{"domainName": s("example.com")}), "validationMethod must be DNS or EMAIL"},
	})
}

// cdn is a distribution in front of an origin of the program.
func (w *world) cdn(changes pulumi.Map) *item {
	return w.make(distributionType, "cdn", merge(pulumi.Map{"enabled": yes(true),
		"origins":              list(pulumi.Map{"originId": s("web"), "domainName": s("origin.example.com"), "customOriginConfig": originConfig}),
		"defaultCacheBehavior": behavior(nil),
		"restrictions":         pulumi.Map{"geoRestriction": pulumi.Map{"restrictionType": s("none")}},
		"viewerCertificate":    pulumi.Map{"cloudfrontDefaultCertificate": yes(true)}}, changes))
}

var originConfig = pulumi.Map{"httpPort": n(80), "httpsPort": n(443), "originProtocolPolicy": s("https-only"), "originSslProtocols": list(s("TLSv1.2"))}

func behavior(changes pulumi.Map) pulumi.Map {
	return merge(pulumi.Map{"targetOriginId": s("web"), "viewerProtocolPolicy": s("redirect-to-https"), "allowedMethods": list(s("GET"), s("HEAD")),
		"cachedMethods": list(s("GET"), s("HEAD")), "cachePolicyId": s("658327ea-f89d-4fab-a63d-7e88639e58f6")}, changes)
}

func own(certificate pulumi.StringInput) pulumi.Map {
	return pulumi.Map{"aliases": list(s("www.example.com")), "viewerCertificate": pulumi.Map{"acmCertificateArn": certificate,
		"sslSupportMethod": s("sni-only"), "minimumProtocolVersion": s("TLSv1.2_2021")}}
}

// usEast1 is a provider for the region of CloudFront's certificates.
func (w *world) usEast1() pulumi.ResourceOption {
	var provider pulumi.ProviderResourceState
	if w.err == nil {
		w.err = w.ctx.RegisterResource("pulumi:providers:aws", "us", pulumi.Map{"region": s("us-east-1")}, &provider)
	}
	return pulumi.Provider(&provider)
}

func TestADistributionIsRefusedWhereCloudFrontRefusesIt(t *testing.T) {
	t.Parallel()
	distributed := func(changes pulumi.Map) func(w *world) { return func(w *world) { w.cdn(changes) } }
	policy := func(args pulumi.Map) func(w *world) {
		return func(w *world) {
			w.make(cachePolicyType, "p", merge(pulumi.Map{"minTtl": n(1), "defaultTtl": n(60), "maxTtl": n(3600), "parametersInCacheKeyAndForwardedToOrigin": pulumi.Map{
				"cookiesConfig": pulumi.Map{"cookieBehavior": s("none")}, "headersConfig": pulumi.Map{"headerBehavior": s("none")},
				"queryStringsConfig": pulumi.Map{"queryStringBehavior": s("none")}}}, args))
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", distributed(nil), ""},
		{"a behavior that leads nowhere", distributed(pulumi.Map{"defaultCacheBehavior": behavior(pulumi.Map{"targetOriginId": s("api")})}), "NoSuchOrigin|api"},
		{"a cache policy that does not exist", distributed(pulumi.Map{"defaultCacheBehavior": behavior(pulumi.Map{"cachePolicyId": s("00000000-0000-0000-0000-000000000000")})}), "NoSuchCachePolicy"},
		{"neither policy nor forwarded values", distributed(pulumi.Map{"defaultCacheBehavior": behavior(pulumi.Map{"cachePolicyId": nil})}), "exactly one of cachePolicyId and forwardedValues"},
		{"methods that make no set", distributed(pulumi.Map{"defaultCacheBehavior": behavior(pulumi.Map{"allowedMethods": list(s("GET"), s("POST"))})}), "AllowedMethods must be one of"},
		{"a name of its own without a certificate", distributed(pulumi.Map{"aliases": list(s("www.example.com"))}), "InvalidViewerCertificate|attach a trusted certificate"},
		{"a strict minimum with the default certificate", distributed(pulumi.Map{"viewerCertificate": pulumi.Map{"cloudfrontDefaultCertificate": yes(true), "minimumProtocolVersion": s("TLSv1.2_2021")}}),
			"with the default certificate the minimum protocol version is TLSv1"},
		{"a certificate of us-east-1", func(w *world) { w.cdn(own(w.proven(w.zone(), "www.example.com", w.usEast1()))) }, ""},
		{"a certificate of another region", func(w *world) { w.cdn(own(w.proven(w.zone(), "www.example.com"))) }, "isn't in us-east-1 region"},
		{"a certificate of another name", func(w *world) { w.cdn(own(w.proven(w.zone(), "api.example.com", w.usEast1()))) }, "doesn't cover the alternate domain name"},
		{"a certificate for every name", func(w *world) { w.cdn(own(w.proven(w.zone(), "*.example.com", w.usEast1()))) }, ""},
		{"two distributions for one name", func(w *world) {
			certificate := w.proven(w.zone(), "www.example.com", w.usEast1())
			w.cdn(own(certificate))
			w.make(distributionType, "second", merge(pulumi.Map{"enabled": yes(true),
				"origins":              list(pulumi.Map{"originId": s("web"), "domainName": s("origin.example.com"), "customOriginConfig": originConfig}),
				"defaultCacheBehavior": behavior(nil), "restrictions": pulumi.Map{"geoRestriction": pulumi.Map{"restrictionType": s("none")}}}, own(certificate)))
		}, "CNAMEAlreadyExists"},
		{"times to live in order", policy(nil), ""},
		{"times to live out of order", policy(pulumi.Map{"maxTtl": n(30)}), "The times to live must be in order"},
		{"a list for nothing", policy(pulumi.Map{"parametersInCacheKeyAndForwardedToOrigin": pulumi.Map{
			"cookiesConfig": pulumi.Map{"cookieBehavior": s("none")}, "headersConfig": pulumi.Map{"headerBehavior": s("none")},
			"queryStringsConfig": pulumi.Map{"queryStringBehavior": s("none"), "queryStrings": pulumi.Map{"items": list(s("key"))}}}}), "do not go together"},
	})
}

func TestAPrivateBucketAnswersCloudFrontOnlyIfItsPolicyAdmitsIt(t *testing.T) {
	t.Parallel()
	served := func(admit bool) func(w *world) {
		return func(w *world) {
			bucket := w.make(bucketType, "b", pulumi.Map{"bucket": s("site-111122223333")})
			access := w.make(accessType, "a", pulumi.Map{"originAccessControlOriginType": s("s3"), "signingBehavior": s("always"), "signingProtocol": s("sigv4")})
			cdn := w.cdn(pulumi.Map{"origins": list(pulumi.Map{"originId": s("web"), "domainName": bucket.Regional, "originAccessControlId": access.ID()})})
			if admit {
				policy := pulumi.All(bucket.Arn, cdn.Arn).ApplyT(func(v []any) string {
					return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Resource":"` +
						v[0].(string) + `/*","Condition":{"StringEquals":{"aws:SourceArn":"` + v[1].(string) + `"}}}]}`
				}).(pulumi.StringOutput)
				w.make(bucketPolicyType, "p", pulumi.Map{"bucket": bucket.ID(), "policy": policy})
			}
		}
	}
	runServices(t, []serviceCase{
		{"admitted", served(true), ""},
		{"not admitted", served(false), "idle:every request is answered 403"},
	})
}

func TestAVPCOriginIsPrivate(t *testing.T) {
	t.Parallel()
	behind := func(internal bool) func(w *world) {
		return func(w *world) {
			e := w.home()
			balancer := w.make(balancerType, "lb", pulumi.Map{"subnets": e.public, "internal": yes(internal)})
			w.make(vpcOriginType, "o", pulumi.Map{"vpcOriginEndpointConfig": pulumi.Map{"name": s("o"), "arn": balancer.Arn, "httpPort": n(80), "httpsPort": n(443),
				"originProtocolPolicy": s("http-only"), "originSslProtocols": pulumi.Map{"items": list(s("TLSv1.2")), "quantity": n(1)}}})
		}
	}
	runServices(t, []serviceCase{
		{"an internal load balancer", behind(true), ""},
		{"an internet-facing load balancer", behind(false), "must be private"},
	})
}

func TestARecordIsRefusedWhereRoute53RefusesIt(t *testing.T) {
	t.Parallel()
	recorded := func(args pulumi.Map) func(w *world) {
		return func(w *world) { w.make(recordType, "r", merge(pulumi.Map{"zoneId": w.zone().ZoneID}, args)) }
	}
	a := pulumi.Map{"name": s("www"), "type": s("A"), "ttl": n(60), "records": list(s("192.0.2.1"))}
	alias := func(name, zone func(b *item) pulumi.Input) func(w *world) {
		return func(w *world) {
			e := w.home()
			balancer := w.make(balancerType, "lb", pulumi.Map{"subnets": e.public})
			w.make(recordType, "r", pulumi.Map{"zoneId": w.zone().ZoneID, "name": s("www"), "type": s("A"),
				"aliases": list(pulumi.Map{"name": name(balancer), "zoneId": zone(balancer), "evaluateTargetHealth": yes(true)})})
		}
	}
	dns := func(b *item) pulumi.Input { return b.DNSName }
	zone := func(b *item) pulumi.Input { return b.ZoneID }
	runServices(t, []serviceCase{
		{"an address", recorded(a), ""},
		{"a zone that does not exist", func(w *world) { w.make(recordType, "r", merge(pulumi.Map{"zoneId": s("Z0")}, a)) }, "NoSuchHostedZone"},
		{"the same twice", func(w *world) {
			home := w.zone()
			for _, name := range []string{"r", "q"} {
				w.make(recordType, name, merge(merge(pulumi.Map{}, a), pulumi.Map{"zoneId": home.ZoneID}))
			}
		}, "InvalidChangeBatch|already exists"},
		{"a name for an address", recorded(pulumi.Map{"name": s("www"), "type": s("A"), "ttl": n(60), "records": list(s("web"))}), "ARRDATAIllegalIPv4Address"},
		{"a CNAME at the apex", recorded(pulumi.Map{"name": s("example.com"), "type": s("CNAME"), "ttl": n(60), "records": list(s("x.example.net"))}), "is not permitted at apex"},
		{"a weight without an identifier", recorded(merge(pulumi.Map{"weightedRoutingPolicies": list(pulumi.Map{"weight": n(1)})}, a)), "a set identifier goes with a routing policy"},
		{"an alias to a load balancer", alias(dns, zone), ""},
		{"an alias to no load balancer", alias(func(*item) pulumi.Input { return s("gone-123.eu-west-1.elb.amazonaws.com") }, zone), "no such load balancer"},
		{"an alias in the wrong zone", alias(dns, func(*item) pulumi.Input { return s("Z215JYRZR1TBD5") }), "does not lie within the target zone"},
	})
}

func TestABucketIsRefusedWhereS3RefusesIt(t *testing.T) {
	t.Parallel()
	named := func(name string) func(w *world) {
		return func(w *world) { w.make(bucketType, "b", pulumi.Map{"bucket": s(name)}) }
	}
	cycle := func(rule pulumi.Map) func(w *world) {
		return func(w *world) {
			w.make(lifecycleType, "l", pulumi.Map{"bucket": w.make(bucketType, "b", nil).ID(), "rules": list(merge(pulumi.Map{"id": s("r"), "status": s("Enabled")}, rule))})
		}
	}
	blocked := func(block bool, policy func(bucket string) string) func(w *world) {
		return func(w *world) {
			bucket := w.make(bucketType, "b", nil)
			w.make("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "x", pulumi.Map{"bucket": bucket.ID(), "blockPublicPolicy": yes(block)})
			w.make(bucketPolicyType, "p", pulumi.Map{"bucket": bucket.ID(), "policy": about(bucket.Arn, policy)})
		}
	}
	public := func(bucket string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"` + bucket + `/*"}]}`
	}
	acl := func(ownership string) func(w *world) {
		return func(w *world) {
			bucket := w.make(bucketType, "b", nil)
			if ownership != "" {
				w.make("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "o", pulumi.Map{"bucket": bucket.ID(), "rule": pulumi.Map{"objectOwnership": s(ownership)}})
			}
			w.make("aws:s3/bucketAclV2:BucketAclV2", "acl", pulumi.Map{"bucket": bucket.ID(), "acl": s("private")})
		}
	}
	runServices(t, []serviceCase{
		{"a good name", named("hash-logs-eu"), ""},
		{"a name with capitals", named("Hash"), "lower-case letters"},
		{"a name like an address", named("192.0.2.1"), "IP address"},
		{"a name that S3 reserves", named("logs-s3alias"), "reserves"},
		{"infrequent access after 30 days", cycle(pulumi.Map{"transitions": list(pulumi.Map{"days": n(30), "storageClass": s("STANDARD_IA")})}), ""},
		{"infrequent access after 29 days", cycle(pulumi.Map{"transitions": list(pulumi.Map{"days": n(29), "storageClass": s("STANDARD_IA")})}), "greater than or equal to 30 for storageClass 'STANDARD_IA'"},
		{"gone before it moves", cycle(pulumi.Map{"transitions": list(pulumi.Map{"days": n(30), "storageClass": s("GLACIER")}), "expiration": pulumi.Map{"days": n(30)}}), "must be greater than 'Days' in the Transition"},
		{"a rule that does nothing", cycle(nil), "At least one action needs to be specified"},
		{"a public policy", blocked(false, public), ""},
		{"a public policy that is blocked", blocked(true, public), "AccessDenied|BlockPublicPolicy"},
		{"a policy about another bucket", blocked(false, func(string) string { return allow("cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::other/*") }), "MalformedPolicy|Policy has invalid resource"},
		{"an ACL where the owner is enforced", acl(""), "AccessControlListNotSupported|The bucket does not allow ACLs"},
		{"an ACL where it is not", acl("BucketOwnerPreferred"), ""},
	})
}

func TestABucketNameIsTakenInEveryAccount(t *testing.T) {
	t.Parallel()
	_, err := run(t, func(w *world) { w.make(bucketType, "b", pulumi.Map{"bucket": s("hash-logs")}) },
		cloudsim.Exists(cloudsim.Given{Type: bucketType, Name: "hash-logs", Account: "999999999999", Properties: map[string]any{"bucket": "hash-logs"}}))
	require.ErrorContains(t, err, "BucketAlreadyExists")
}

func TestEdgeResourcesHaveTheNamesThatAWSGivesThem(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		w.cdn(nil)
		w.make(bucketType, "Logs", nil)
		w.zone()
	})
	require.NoError(t, err)
	cdn, _ := rec.Named(distributionType, "cdn")
	require.Regexp(t, `^E[A-Z0-9]{13}$`, cdn.ID)
	require.Equal(t, "arn:aws:cloudfront::111122223333:distribution/"+cdn.ID, cdn.Out().Text("arn"))
	require.Regexp(t, `^d[a-z0-9]{13}\.cloudfront\.net$`, cdn.Out().Text("domainName"))
	require.Equal(t, "Z2FDTNDATAQYW2", cdn.Out().Text("hostedZoneId"))
	bucket, _ := rec.Named(bucketType, "Logs")
	require.Regexp(t, `^logs-[0-9a-f]{7}$`, bucket.ID)
	require.Equal(t, bucket.ID+".s3.eu-west-1.amazonaws.com", bucket.Out().Text("bucketRegionalDomainName"))
	zone, _ := rec.Named(zoneType, "z")
	require.Equal(t, zone.ID, zone.Out().Text("zoneId"))
}
