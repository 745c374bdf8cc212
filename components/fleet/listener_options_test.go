package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const clientSecret = "the-client-secret"

// provider is an identity provider.
func provider(change ...func(*OIDC)) *OIDC {
	o := &OIDC{
		Issuer: "https://id.example.com", AuthorizationEndpoint: "https://id.example.com/authorize", TokenEndpoint: "https://id.example.com/token",
		UserInfoEndpoint: "https://id.example.com/me", ClientID: pulumi.String("hash"), ClientSecret: pulumi.String(clientSecret),
	}
	for _, f := range change {
		f(o)
	}
	return o
}

// underTLS is a fleet with a domain of its own and no CloudFront.
func underTLS(t *testing.T, change func(*HashFleetArgs)) *cloudsim.Recorder {
	t.Helper()
	rec, _ := runWith(t, func(_ *pulumi.Context, a *HashFleetArgs) error {
		a.Zone = &Zone{ID: pulumi.String(zoneID), Domain: "hash.example.com"}
		change(a)
		return nil
	}, surroundings()...)
	return rec
}

func TestUsersSignInBeforeAServerIsAsked(t *testing.T) {
	rec := underTLS(t, func(a *HashFleetArgs) {
		a.LoadBalancer.OIDC = provider(func(o *OIDC) { o.ExtraParameters = map[string]string{"prompt": "login"} })
	})
	actions := named(t, rec, tListener, "hash-listener-443").Objects("defaultActions")
	require.Len(t, actions, 2)
	require.Equal(t, "authenticate-oidc", actions[0].Text("type"))
	require.Equal(t, 1, actions[0].Int("order"))
	require.Equal(t, "forward", actions[1].Text("type"))
	require.Equal(t, 2, actions[1].Int("order"))
	require.Equal(t, "authenticate", actions[0].Text("authenticateOidc.onUnauthenticatedRequest"), "nobody is let in unknown")
	require.Equal(t, 12*60*60, actions[0].Int("authenticateOidc.sessionTimeout"))
	require.Equal(t, "openid", actions[0].Text("authenticateOidc.scope"))
	require.Equal(t, "login", actions[0].Text("authenticateOidc.authenticationRequestExtraParams.prompt"))
	require.Equal(t, "redirect", named(t, rec, tListener, "hash-listener-80").Text("defaultActions.type"))
	require.Empty(t, rec.Idle(), "the load balancer reaches the identity provider")
}

func TestTheClientSecretIsASecretAlsoWhereItWasGivenInPlainText(t *testing.T) {
	rec := underTLS(t, func(a *HashFleetArgs) { a.LoadBalancer.OIDC = provider() })
	found := 0
	for _, r := range rec.Resources() {
		found += secretsIn(t, resource.NewProperty(r.Inputs), r.Name)
	}
	require.Equal(t, 1, found)
}

// secretsIn counts where the client secret is, and fails where it is readable.
func secretsIn(t *testing.T, v resource.PropertyValue, where string) int {
	t.Helper()
	switch {
	case v.IsSecret():
		if v.SecretValue().Element.IsString() && v.SecretValue().Element.StringValue() == clientSecret {
			return 1
		}
	case v.IsOutput() && v.OutputValue().Secret:
		if v.OutputValue().Element.IsString() && v.OutputValue().Element.StringValue() == clientSecret {
			return 1
		}
	case v.IsString():
		require.NotContains(t, v.StringValue(), clientSecret, where)
	case v.IsArray():
		n := 0
		for _, each := range v.ArrayValue() {
			n += secretsIn(t, each, where)
		}
		return n
	case v.IsObject():
		n := 0
		for _, each := range v.ObjectValue() {
			n += secretsIn(t, each, where)
		}
		return n
	}
	return 0
}

func TestTheLoadBalancerLeavesOnlyForServersAndTheIdentityProvider(t *testing.T) {
	rec := underTLS(t, func(a *HashFleetArgs) { a.LoadBalancer.OIDC = provider() })
	out := named(t, rec, tEgress, "hash-balancer-to-identity-provider")
	require.Equal(t, everyone, out.Text("cidrIpv4"))
	require.Equal(t, "443 443", out.Text("fromPort")+" "+out.Text("toPort"))
	rec, _ = run(t, nil)
	_, ok := rec.Named(tEgress, "hash-balancer-to-identity-provider")
	require.False(t, ok, "without one it has no way out")
}

func TestHeadersAreWrittenWhereTheyAreAskedFor(t *testing.T) {
	rec := underTLS(t, func(a *HashFleetArgs) {
		a.LoadBalancer.MutualTLS = &MutualTLS{TrustStoreARN: pulumi.String(trustStore)}
		a.LoadBalancer.Headers = Headers{
			Requests:  map[string]string{"X-Amzn-Tls-Version": "X-Tls", "X-Amzn-Mtls-Clientcert-Subject": "X-Client"},
			Responses: map[string]string{strictTransport: "max-age=60", "X-Frame-Options": "DENY", allowOrigin: "https://www.example.com", allowCredentials: "true"},
		}
	})
	secure := named(t, rec, tListener, "hash-listener-443")
	require.Equal(t, "X-Tls", secure.Text("routingHttpRequestXAmznTlsVersionHeaderName"))
	require.Equal(t, "X-Client", secure.Text("routingHttpRequestXAmznMtlsClientcertSubjectHeaderName"))
	require.Equal(t, "max-age=60", secure.Text("routingHttpResponseStrictTransportSecurityHeaderValue"))
	require.Equal(t, "DENY", secure.Text("routingHttpResponseXFrameOptionsHeaderValue"))
	require.Equal(t, "https://www.example.com", secure.Text("routingHttpResponseAccessControlAllowOriginHeaderValue"))
	require.True(t, only(t, rec, tBalancer).In().Bool("enableTlsVersionAndCipherSuiteHeaders"), "otherwise there is nothing to rename")
	for _, name := range []string{"hash-listener-80", "hash-listener-443"} {
		require.False(t, named(t, rec, tListener, name).Bool("routingHttpResponseServerEnabled"))
	}
	require.False(t, named(t, rec, tListener, "hash-listener-80").Has("routingHttpResponseXFrameOptionsHeaderValue"), "80 only redirects")
	rec, _ = run(t, func(a *HashFleetArgs) {
		a.LoadBalancer.Headers.Responses = map[string]string{"X-Frame-Options": "DENY"}
	})
	require.Equal(t, "DENY", named(t, rec, tListener, "hash-listener-80").Text("routingHttpResponseXFrameOptionsHeaderValue"), "without TLS 80 serves")
}

func TestEveryHeaderThatIsOfferedHasAPlaceOfItsOwn(t *testing.T) {
	rec := underTLS(t, func(a *HashFleetArgs) {
		a.LoadBalancer.MutualTLS = &MutualTLS{TrustStoreARN: pulumi.String(trustStore)}
		a.LoadBalancer.Headers = Headers{Requests: map[string]string{}, Responses: map[string]string{
			strictTransport: "max-age=1", "Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			allowOrigin: "https://a.example.com", "Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "Accept",
			allowCredentials: "true", "Access-Control-Expose-Headers": "Expires", "Access-Control-Max-Age": "86400",
		}}
		for name := range requestHeaders {
			a.LoadBalancer.Headers.Requests[name] = "X-" + name
		}
		require.Len(t, a.LoadBalancer.Headers.Responses, len(responseHeaders))
	})
	listener, ok := rec.Named(tListener, "hash-listener-443")
	require.True(t, ok)
	fields := map[string]bool{}
	for key := range listener.Inputs {
		if strings.HasPrefix(string(key), "routingHttp") {
			fields[string(key)] = true
		}
	}
	require.Len(t, fields, len(requestHeaders)+len(responseHeaders)+1, "and that of the server's name")
}

// waiting is a queue of work for each server.
func waiting(of Measured) alarms.Metric {
	return alarms.Expression("requests for each server", "FILL(busy, 0) / serving", map[string]alarms.Metric{
		"busy": of.Targets.RequestCount(), "serving": of.Group.InService(),
	})
}

func TestTheFleetFollowsMetricMathOfTheCallersChoice(t *testing.T) {
	rec, _ := run(t, func(a *HashFleetArgs) {
		a.Scaling.Metrics = map[string]Tracking{"waiting": {Metric: waiting, Target: 40, OnlyGrow: true}, "wide": {Metric: func(of Measured) alarms.Metric { return of.Servers.CPU() }, Target: 70}}
	})
	const in = "targetTrackingConfiguration."
	policy := named(t, rec, tPolicy, "hash-scale-metric-waiting")
	require.InDelta(t, 40, policy.Number(in+"targetValue"), 1e-9)
	require.True(t, policy.Bool(in+"disableScaleIn"))
	lines := policy.Objects(in + "customizedMetricSpecification.metrics")
	require.Len(t, lines, 3)
	require.Equal(t, "busy serving result", lines[0].Text("id")+" "+lines[1].Text("id")+" "+lines[2].Text("id"))
	require.Equal(t, "AWS/ApplicationELB Sum 60", lines[0].Text("metricStat.metric.namespace")+" "+lines[0].Text("metricStat.stat")+" "+lines[0].Text("metricStat.period"))
	for _, d := range lines[0].Objects("metricStat.metric.dimensions") {
		want := map[string]string{"LoadBalancer": only(t, rec, tBalancer).Out().Text("arnSuffix"), "TargetGroup": only(t, rec, tTargets).Out().Text("arnSuffix")}
		require.Equal(t, want[d.Text("name")], d.Text("value"))
	}
	require.Equal(t, only(t, rec, tGroup).ID, lines[1].Text("metricStat.metric.dimensions.value"), "metrics know their own dimensions")
	require.Equal(t, "false false true", lines[0].Text("returnData")+" "+lines[1].Text("returnData")+" "+lines[2].Text("returnData"))
	require.Len(t, named(t, rec, tPolicy, "hash-scale-metric-wide").Objects(in+"customizedMetricSpecification.metrics"), 1)
	for _, always := range []string{"hash-scale-requests", "hash-scale-cpu"} {
		named(t, rec, tPolicy, always)
	}
}

func TestContradictionsOfTheListenerAreRefusedTogether(t *testing.T) {
	t.Parallel()
	secure := func(a *HashFleetArgs) { a.Zone = &Zone{ID: pulumi.String("Z1"), Domain: "hash.example.com"} }
	const oidc, headers = "LoadBalancer.OIDC", "LoadBalancer.Headers."
	for name, c := range map[string]struct {
		change func(*HashFleetArgs)
		fields []string
	}{
		"sign-in without TLS": {func(a *HashFleetArgs) { a.LoadBalancer.OIDC = provider() }, []string{oidc}},
		"sign-in behind CloudFront": {func(a *HashFleetArgs) {
			secure(a)
			a.CDN, a.LoadBalancer = CDN{AlarmsOff: "none"}, LoadBalancer{OIDC: provider()}
		}, []string{oidc, "CDN.USEast1"}},
		"sign-in without a way out": {func(a *HashFleetArgs) {
			secure(a)
			a.Placement.HasInternetEgress, a.LoadBalancer.OIDC = false, provider()
		}, []string{oidc}},
		"nothing of the provider": {func(a *HashFleetArgs) {
			secure(a)
			a.LoadBalancer.OIDC = &OIDC{Scopes: "profile", SessionTimeout: 8 * 24 * time.Hour, CookieName: "a cookie"}
		}, []string{
			oidc + ".Issuer", oidc + ".AuthorizationEndpoint", oidc + ".TokenEndpoint", oidc + ".UserInfoEndpoint", oidc + ".ClientID",
			oidc + ".ClientSecret", oidc + ".Scopes", oidc + ".SessionTimeout", oidc + ".CookieName",
		}},
		"provider on another port": {func(a *HashFleetArgs) {
			secure(a)
			a.LoadBalancer.OIDC = provider(func(o *OIDC) {
				o.TokenEndpoint, o.Issuer = "https://id.example.com:8443/token", "http://id.example.com"
			})
		}, []string{oidc + ".Issuer", oidc + ".TokenEndpoint"}},
		"header about TLS without TLS": {func(a *HashFleetArgs) {
			a.LoadBalancer.Headers.Requests = map[string]string{"X-Amzn-Tls-Version": "X-Tls"}
		}, []string{headers + "Requests[X-Amzn-Tls-Version]"}},
		"certificate's header without certificates": {func(a *HashFleetArgs) {
			secure(a)
			a.LoadBalancer.Headers.Requests = map[string]string{"X-Amzn-Mtls-Clientcert-Leaf": "X-Leaf"}
		}, []string{headers + "Requests[X-Amzn-Mtls-Clientcert-Leaf]"}},
		"two headers of one name": {func(a *HashFleetArgs) {
			secure(a)
			a.LoadBalancer.Headers.Requests = map[string]string{"X-Amzn-Tls-Version": "X-Tls", "X-Amzn-Tls-Cipher-Suite": "x-tls", "X-Forwarded-For": "X For"}
		}, []string{headers + "Requests[X-Amzn-Tls-Version]", headers + "Requests[X-Forwarded-For]", headers + "Requests[X-Forwarded-For]"}},
		"answers that nobody heeds": {func(a *HashFleetArgs) {
			a.LoadBalancer.Headers.Responses = map[string]string{
				strictTransport: "max-age=1", "X-Frame-Options": "ALLOW-FROM https://a.example.com", "X-Content-Type-Options": "sniff", "Server": "hash",
				allowOrigin: "*", allowCredentials: "true", "Access-Control-Max-Age": "86401", "Content-Security-Policy": `default-src "none"`,
			}
		}, []string{
			headers + "Responses[Access-Control-Max-Age]", headers + "Responses[Content-Security-Policy]", headers + "Responses[Server]",
			headers + "Responses[Strict-Transport-Security]", headers + "Responses[X-Content-Type-Options]", headers + "Responses[X-Frame-Options]",
			headers + "Responses[Access-Control-Allow-Credentials]",
		}},
		"answers that CloudFront writes": {func(a *HashFleetArgs) {
			a.CDN, a.LoadBalancer = CDN{AlarmsOff: "none"}, LoadBalancer{Headers: Headers{Responses: map[string]string{"X-Frame-Options": "DENY", allowOrigin: "*"}}}
		}, []string{headers + "Responses[X-Frame-Options]", "CDN.USEast1"}},
		"metrics that cannot be followed": {func(a *HashFleetArgs) {
			a.Scaling.Metrics = map[string]Tracking{
				"A":    {Metric: waiting, Target: 1},
				"edge": {Metric: func(Measured) alarms.Metric { return alarms.Distribution{ID: pulumi.String("E1")}.Requests() }, Target: 1},
				"none": {}, "slow": {Metric: func(of Measured) alarms.Metric { return waiting(of).Every(300) }, Target: -1}, "zero": {Metric: func(Measured) alarms.Metric { return alarms.Metric{} }, Target: 1},
			}
		}, []string{
			"Scaling.Metrics[A]", "Scaling.Metrics[edge].Metric", "Scaling.Metrics[none].Target", "Scaling.Metrics[none].Metric",
			"Scaling.Metrics[slow].Target", "Scaling.Metrics[slow].Metric", "Scaling.Metrics[zero].Metric", "Scaling.Metrics[zero].Metric",
		}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.fields, refused(t, arguments(c.change))) })
	}
}
