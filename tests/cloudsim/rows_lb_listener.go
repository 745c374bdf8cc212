package cloudsim

import (
	"slices"
	"strings"
)

const (
	oidcDoc    = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html"
	signInDoc  = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html"
	headersDoc = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html"
)

// secureURL: a full URL, with protocol, domain and path.
var secureURL = Matches(`^https://[^/\s]+`, "an https URL")

// Headers that a listener of an application load balancer adds to requests, only under TLS, and to answers.
var (
	renamedHeaders = []string{
		"routingHttpRequestXAmznMtlsClientcertHeaderName", "routingHttpRequestXAmznMtlsClientcertIssuerHeaderName",
		"routingHttpRequestXAmznMtlsClientcertLeafHeaderName", "routingHttpRequestXAmznMtlsClientcertSerialNumberHeaderName",
		"routingHttpRequestXAmznMtlsClientcertSubjectHeaderName", "routingHttpRequestXAmznMtlsClientcertValidityHeaderName",
		"routingHttpRequestXAmznTlsCipherSuiteHeaderName", "routingHttpRequestXAmznTlsVersionHeaderName",
	}
	writtenHeaders = []string{
		"routingHttpResponseAccessControlAllowHeadersHeaderValue", "routingHttpResponseAccessControlAllowMethodsHeaderValue",
		"routingHttpResponseAccessControlAllowOriginHeaderValue", "routingHttpResponseAccessControlExposeHeadersHeaderValue",
		"routingHttpResponseContentSecurityPolicyHeaderValue", "routingHttpResponseStrictTransportSecurityHeaderValue",
	}
)

func headerLimits() []Limit {
	limits := []Limit{
		{"routingHttpResponseAccessControlAllowCredentialsHeaderValue", OneOf("true", ""), listenerInputs},
		{"routingHttpResponseAccessControlMaxAgeHeaderValue", Between(0, 86400), listenerInputs},
		{"routingHttpResponseXContentTypeOptionsHeaderValue", OneOf("nosniff", ""), listenerInputs},
		{"routingHttpResponseXFrameOptionsHeaderValue", Matches(`^(DENY|SAMEORIGIN|ALLOW-FROM https?://\S+)?$`, "DENY, SAMEORIGIN or ALLOW-FROM and an address"), listenerInputs},
	}
	value := All(Matches("^[A-Za-z0-9_ :;.,\\\\/'?!(){}\\[\\]@<>=\\-+*#&`|~^%]*$", "of letters, digits and _ :;.,\\/'?!(){}[]@<>=-+*#&`|~^%"), Length(0, 1024))
	for _, path := range slices.Concat(renamedHeaders, writtenHeaders) {
		limits = append(limits, Limit{path, value, headersDoc})
	}
	return limits
}

const listenerInputs = "https://www.pulumi.com/registry/packages/aws/api-docs/lb/listener/"

// headersFit: headers about TLS and certificates have other names on HTTPS listeners only.
func headersFit(c *Call) error {
	if c.Text("protocol") == "HTTPS" || !c.Known("protocol") {
		return nil
	}
	for _, path := range renamedHeaders {
		if c.Text(path) != "" {
			return c.RejectAt(path, "InvalidConfigurationRequest", "Listener attribute %s is not supported for listeners with protocol %s (%s)", path, c.Text("protocol"), headersDoc)
		}
	}
	return nil
}

// signsIn: users sign in over HTTPS only, and the action that serves them comes last and once.
func signsIn(c *Call, actions, protocol string) error {
	ends, signing := 0, false
	for _, action := range c.Objects(actions) {
		kind := action.Text("type")
		if strings.HasPrefix(kind, "authenticate-") {
			signing = true
			continue
		}
		if kind != "" {
			ends++
		}
	}
	if signing && protocol != "HTTPS" && protocol != "" {
		return c.RejectAt(actions, "InvalidLoadBalancerAction", "Actions of type authenticate-oidc are supported only on HTTPS listeners, this one is %s (%s)", protocol, signInDoc)
	}
	if n, known := c.Count(actions); known && n > 0 && ends != 1 && c.Known(actions+".type") {
		return c.RejectAt(actions, "InvalidLoadBalancerAction", "exactly one action must be forward, redirect or fixed-response, %d are", ends)
	}
	return nil
}

// identityReachable: a load balancer that cannot reach the identity provider answers everybody with an error. AWS accepts it.
func identityReachable(c *Call) error {
	balancer := c.Find(balancerType, c.Out.Text("loadBalancerArn"))
	if balancer == nil || !slices.Contains(c.Out.Texts("defaultActions.type"), "authenticate-oidc") {
		return nil
	}
	if !c.leavesOn443(balancer.Out().Texts("securityGroups")) {
		return c.silent("defaultActions", "no rule lets the load balancer %s out on 443, so it cannot ask the identity provider (%s)", balancer.ID, signInDoc)
	}
	return nil
}

// leavesOn443 reports whether one of the security groups lets connections out on 443, by a rule of its own or inline, to
// anything but another group.
func (c *Call) leavesOn443(groups []string) bool {
	var rules []Props
	for _, rule := range c.All(egressType) {
		if slices.Contains(groups, rule.Out().Text("securityGroupId")) {
			rules = append(rules, rule.Out())
		}
	}
	for _, id := range groups {
		if group := c.Find(sgType, id); group != nil {
			rules = append(rules, group.Out().Objects("egress")...)
		}
	}
	return slices.ContainsFunc(rules, func(p Props) bool {
		all := p.Text("ipProtocol") == "-1" || p.Text("protocol") == "-1"
		return p.Text("referencedSecurityGroupId") == "" && !p.Has("securityGroups") && (all || p.Int("fromPort") <= 443 && p.Int("toPort") >= 443)
	})
}
