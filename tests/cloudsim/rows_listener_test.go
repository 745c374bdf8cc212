package cloudsim_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// signIn is an action that sends users to an identity provider.
func signIn(change pulumi.Map) pulumi.Map {
	return pulumi.Map{"type": s("authenticate-oidc"), "authenticateOidc": merge(pulumi.Map{
		"issuer": s("https://id.example.com"), "authorizationEndpoint": s("https://id.example.com/authorize"), "tokenEndpoint": s("https://id.example.com/token"),
		"userInfoEndpoint": s("https://id.example.com/me"), "clientId": s("hash"), "clientSecret": s("a secret"),
	}, change)}
}

// secured is a listener over HTTPS that does what is given and then answers by itself.
func secured(actions ...pulumi.Map) func(w *world) {
	return func(w *world) {
		all := pulumi.Array{}
		for _, action := range actions {
			all = append(all, action)
		}
		w.balance(nil, nil, pulumi.Map{"port": n(443), "protocol": s("HTTPS"), "certificateArn": w.proven(w.zone(), "www.example.com"), "defaultActions": all}, nil)
	}
}

func TestAListenerIsRefusedWhereELBRefusesIt(t *testing.T) {
	t.Parallel()
	answer := pulumi.Map{"type": s("fixed-response"), "fixedResponse": pulumi.Map{"contentType": s("text/plain"), "statusCode": s("200")}}
	header := func(name, value string) func(w *world) {
		return func(w *world) { w.balance(nil, nil, pulumi.Map{name: s(value)}, nil) }
	}
	const policy = "routingHttpResponseContentSecurityPolicyHeaderValue"
	runServices(t, []serviceCase{
		{"a sign-in over HTTP", func(w *world) {
			w.balance(nil, nil, pulumi.Map{"defaultActions": list(signIn(nil), answer)}, nil)
		}, "supported only on HTTPS listeners"},
		{"a sign-in and nothing behind it", secured(signIn(nil)), "exactly one action must be forward"},
		{"two ends", secured(answer, answer), "exactly one action must be forward"},
		{"a session of eight days", secured(signIn(pulumi.Map{"sessionTimeout": n(691200)}), answer), "from 1 to 604800"},
		{"a provider over HTTP", secured(signIn(pulumi.Map{"tokenEndpoint": s("http://id.example.com/token")}), answer), "an https URL"},
		{"an unknown answer", secured(signIn(pulumi.Map{"onUnauthenticatedRequest": s("redirect")}), answer), "deny, allow, authenticate"},
		{"a header about TLS without TLS", header("routingHttpRequestXAmznTlsVersionHeaderName", "X-Tls"), "not supported for listeners with protocol HTTP"},
		{"a header with a quotation mark", header(policy, `default-src "none"`), "of letters, digits"},
		{"a header of 1025 characters", header(policy, strings.Repeat("x", 1025)), "0 to 1024 characters"},
		{"a header that AWS takes", header(policy, "default-src 'none'; img-src *"), ""},
		{"a frame of everybody", header("routingHttpResponseXFrameOptionsHeaderValue", "ALLOWALL"), "DENY, SAMEORIGIN or ALLOW-FROM"},
		{"types that are guessed", header("routingHttpResponseXContentTypeOptionsHeaderValue", "sniff"), "must be one of nosniff"},
	})
}

func TestALoadBalancerThatCannotReachItsIdentityProviderIsIdle(t *testing.T) {
	t.Parallel()
	answer := pulumi.Map{"type": s("fixed-response"), "fixedResponse": pulumi.Map{"contentType": s("text/plain"), "statusCode": s("200")}}
	way := func(port int) func(w *world) {
		return func(w *world) {
			e := w.home()
			w.make("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", pulumi.Map{
				"securityGroupId": e.group, "ipProtocol": s("tcp"), "fromPort": n(port), "toPort": n(port), "cidrIpv4": s("0.0.0.0/0"),
			})
			lb := w.make(balancerType, "lb", pulumi.Map{"subnets": e.public, "securityGroups": pulumi.Array{e.group}})
			w.make(listenerType, "https", pulumi.Map{
				"loadBalancerArn": lb.Arn, "port": n(443), "protocol": s("HTTPS"), "certificateArn": w.proven(w.zone(), "www.example.com"),
				"defaultActions": list(signIn(nil), answer),
			})
		}
	}
	runServices(t, []serviceCase{
		{"out on 443", way(443), ""},
		{"out on 80", way(80), "idle:cannot ask the identity provider"},
	})
}

// tracking is a policy that follows metric math.
func tracking(queries ...pulumi.Map) func(w *world) {
	return func(w *world) {
		e, all := w.home(), pulumi.Array{}
		for _, q := range queries {
			all = append(all, q)
		}
		w.make(scalingPolicyType, "p", pulumi.Map{
			"autoscalingGroupName": w.servers(e, w.template(e, nil), nil).Name, "policyType": s("TargetTrackingScaling"),
			"targetTrackingConfiguration": pulumi.Map{"targetValue": n(5), "customizedMetricSpecification": pulumi.Map{"metrics": all}},
		})
	}
}

func TestMetricMathIsRefusedWhereAutoScalingRefusesIt(t *testing.T) {
	t.Parallel()
	stat := func(id string, period int, returned bool) pulumi.Map {
		return pulumi.Map{"id": s(id), "returnData": yes(returned), "metricStat": pulumi.Map{
			"stat": s("Sum"), "period": n(period), "metric": pulumi.Map{"namespace": s("Hashing"), "metricName": s("Waiting")},
		}}
	}
	math := func(expression string) pulumi.Map { return pulumi.Map{"id": s("e"), "expression": s(expression)} }
	runServices(t, []serviceCase{
		{"one series", tracking(stat("a", 60, true)), ""},
		{"an expression", tracking(stat("a", 60, false), math("a / 2")), ""},
		{"two results", tracking(stat("a", 60, true), stat("b", 60, true)), "exactly one query must return data, 2 do"},
		{"no result", tracking(stat("a", 60, false)), "exactly one query must return data, 0 do"},
		{"five minutes", tracking(stat("a", 300, true)), "one of 10, 30, 60"},
		{"an unknown id", tracking(stat("a", 60, false), math("a / missing")), "unknown id"},
		{"an id twice", tracking(stat("a", 60, true), stat("a", 60, false)), "given twice"},
		{"an id with a capital", tracking(stat("A", 60, true)), "begin with a small letter"},
		{"both kinds", tracking(merge(stat("a", 60, true), pulumi.Map{"expression": s("1")})), "exactly one of expression and metricStat"},
	})
}
