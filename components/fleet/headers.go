package fleet

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Headers is what the load balancer adds to what it passes on. The header that names the load balancer's software is
// taken off answers in any case.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html
type Headers struct {
	// Requests are headers that the load balancer adds to requests, by AWS's name for each, and under which name servers
	// get them, up to 128 letters, digits and hyphens: "X-Amzn-Tls-Version" and "X-Amzn-Tls-Cipher-Suite", which are sent
	// only where one of them stands here; with MutualTLS also "X-Amzn-Mtls-Clientcert-Serial-Number", "-Issuer",
	// "-Subject", "-Validity" and "-Leaf", which are sent anyway, under AWS's names. AWS does not say that it takes off a
	// header of the new name which a client sends itself. Needs a certificate of the load balancer's. Default: AWS's names.
	Requests map[string]string `pulumi:"requests"`
	// Responses are headers that the load balancer writes into every answer, in place of the server's own, and their
	// values, up to 1024 characters: "Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options"
	// ("nosniff"), "X-Frame-Options" ("DENY" or "SAMEORIGIN"), and "Access-Control-Allow-Origin", "-Allow-Methods",
	// "-Allow-Headers", "-Allow-Credentials" ("true"), "-Expose-Headers" and "-Max-Age" (0 to 86400). Behind CloudFront,
	// whose own policy writes the first four, only the others. Default: "Strict-Transport-Security" alone, for a year
	// and with all names below, where the load balancer speaks TLS.
	Responses map[string]string `pulumi:"responses"`
}

// strictTransport is the header's name, and what it says unless the caller says otherwise.
const (
	strictTransport        = "Strict-Transport-Security"
	defaultStrictTransport = "max-age=31536000; includeSubDomains"
	allowOrigin            = "Access-Control-Allow-Origin"
	allowCredentials       = "Access-Control-Allow-Credentials"
)

// headerField is where a listener's arguments keep a header.
type headerField = func(*lb.ListenerArgs) *pulumi.StringPtrInput

// requestHeaders are the headers that can be given another name. Those about certificates are the ones sent where
// certificates are verified. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
var requestHeaders = map[string]headerField{
	"X-Amzn-Tls-Version": func(a *lb.ListenerArgs) *pulumi.StringPtrInput { return &a.RoutingHttpRequestXAmznTlsVersionHeaderName },
	"X-Amzn-Tls-Cipher-Suite": func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
		return &a.RoutingHttpRequestXAmznTlsCipherSuiteHeaderName
	},
	"X-Amzn-Mtls-Clientcert-Serial-Number": func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
		return &a.RoutingHttpRequestXAmznMtlsClientcertSerialNumberHeaderName
	},
	"X-Amzn-Mtls-Clientcert-Issuer": func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
		return &a.RoutingHttpRequestXAmznMtlsClientcertIssuerHeaderName
	},
	"X-Amzn-Mtls-Clientcert-Subject": func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
		return &a.RoutingHttpRequestXAmznMtlsClientcertSubjectHeaderName
	},
	"X-Amzn-Mtls-Clientcert-Validity": func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
		return &a.RoutingHttpRequestXAmznMtlsClientcertValidityHeaderName
	},
	"X-Amzn-Mtls-Clientcert-Leaf": func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
		return &a.RoutingHttpRequestXAmznMtlsClientcertLeafHeaderName
	},
}

// responseHeader is a header that can be written into answers.
type responseHeader struct {
	field headerField
	form  *regexp.Regexp
	want  string
	// edge says that CloudFront's own policy writes it, over what the load balancer wrote.
	edge bool
}

// headerValue is what AWS takes as a value.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html
var headerValue = regexp.MustCompile("^[A-Za-z0-9_ :;.,\\\\/'?!(){}\\[\\]@<>=\\-+*#&`|~^%]+$")

const valueWanted = "1 to 1024 of the characters that AWS takes: letters, digits and punctuation without quotation marks and $"

var responseHeaders = map[string]responseHeader{
	strictTransport: {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseStrictTransportSecurityHeaderValue
		},
		regexp.MustCompile(`^max-age=\d{1,10}(; includeSubDomains)?(; preload)?$`), "max-age in seconds, and then includeSubDomains and preload where wanted", true,
	},
	"Content-Security-Policy": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseContentSecurityPolicyHeaderValue
		},
		headerValue, valueWanted, true,
	},
	"X-Content-Type-Options": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseXContentTypeOptionsHeaderValue
		},
		regexp.MustCompile(`^nosniff$`), "nosniff", true,
	},
	"X-Frame-Options": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput { return &a.RoutingHttpResponseXFrameOptionsHeaderValue },
		regexp.MustCompile(`^(DENY|SAMEORIGIN)$`), "DENY or SAMEORIGIN; browsers heed no other", true,
	},
	allowOrigin: {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseAccessControlAllowOriginHeaderValue
		},
		regexp.MustCompile(`^(\*|https?://[A-Za-z0-9.:-]{1,1000})$`), "* or one origin such as https://www.example.com", false,
	},
	"Access-Control-Allow-Methods": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseAccessControlAllowMethodsHeaderValue
		},
		headerValue, valueWanted, false,
	},
	"Access-Control-Allow-Headers": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseAccessControlAllowHeadersHeaderValue
		},
		headerValue, valueWanted, false,
	},
	allowCredentials: {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseAccessControlAllowCredentialsHeaderValue
		},
		regexp.MustCompile(`^true$`), "true", false,
	},
	"Access-Control-Expose-Headers": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseAccessControlExposeHeadersHeaderValue
		},
		headerValue, valueWanted, false,
	},
	"Access-Control-Max-Age": {
		func(a *lb.ListenerArgs) *pulumi.StringPtrInput {
			return &a.RoutingHttpResponseAccessControlMaxAgeHeaderValue
		},
		regexp.MustCompile(`^(\d{1,4}|[1-7]\d{4}|8[0-5]\d{3}|86[0-3]\d{2}|86400)$`), "seconds, 0 to 86400", false,
	},
}

// headerName is what a header may be called: a load balancer that drops invalid headers takes no other.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
var headerName = regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`)

func (p *plan) validateHeaders(problems *fielderror.Errors) {
	h := p.args.LoadBalancer.Headers
	taken := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h.Requests)) {
		field, given := fmt.Sprintf("LoadBalancer.Headers.Requests[%s]", name), h.Requests[name]
		problems.Require(p.tls(), field, "no certificate", "TLS to the load balancer, which these headers are about", "give Zone or LoadBalancer.CertificateARN")
		_, known := requestHeaders[name]
		problems.Require(known, field, name, "one of "+strings.Join(slices.Sorted(maps.Keys(requestHeaders)), ", "), "correct the name")
		problems.Require(headerName.MatchString(given), field, given, "1 to 128 letters, digits and hyphens", "use for example X-Tls-Version")
		problems.Require(!strings.HasPrefix(name, "X-Amzn-Mtls-") || p.args.LoadBalancer.MutualTLS != nil, field, name,
			"MutualTLS, without which clients show no certificate", "give LoadBalancer.MutualTLS, or leave it out")
		other, twice := taken[strings.ToLower(given)]
		problems.Require(!twice, field, given, "another name than that of "+other, "rename one of the two")
		taken[strings.ToLower(given)] = name
	}
	for _, name := range slices.Sorted(maps.Keys(h.Responses)) {
		p.validateResponse(problems, name, h.Responses[name])
	}
	// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Credentials
	problems.Require(h.Responses[allowCredentials] == "" || h.Responses[allowOrigin] != "*", fmt.Sprintf("LoadBalancer.Headers.Responses[%s]", allowCredentials),
		"beside the origin *", "one origin: browsers refuse credentials for all", "name the origin")
}

func (p *plan) validateResponse(problems *fielderror.Errors, name, value string) {
	field := fmt.Sprintf("LoadBalancer.Headers.Responses[%s]", name)
	header, known := responseHeaders[name]
	if !known {
		problems.Add(field, name, "one of "+strings.Join(slices.Sorted(maps.Keys(responseHeaders)), ", "), "correct the name, or let the server write it")
		return
	}
	problems.Require(header.form.MatchString(value) && headerValue.MatchString(value) && len(value) <= longest, field, value, header.want, "correct it, or leave it out")
	problems.Require(!header.edge || !p.cdn(), field, "behind CloudFront", "a header that CloudFront's own policy does not write", "use Transform.ResponseHeaders")
	problems.Require(name != strictTransport || p.tls(), field, "no certificate", "TLS to the load balancer: browsers do not heed it otherwise", "leave it out")
}

// tellsTLS says whether servers are told how clients encrypt: the two headers are switched on together.
func (h Headers) tellsTLS() bool {
	return h.Requests["X-Amzn-Tls-Version"] != "" || h.Requests["X-Amzn-Tls-Cipher-Suite"] != ""
}

// write puts the headers into the arguments of the listener that serves.
func (h Headers) write(args *lb.ListenerArgs) {
	for name, given := range h.Requests {
		*requestHeaders[name](args) = pulumi.String(given)
	}
	for name, value := range h.Responses {
		*responseHeaders[name].field(args) = pulumi.String(value)
	}
}
