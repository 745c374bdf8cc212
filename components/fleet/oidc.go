package fleet

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// OIDC admits only users whom an identity provider of OpenID Connect knows: the load balancer sends others there to sign
// in, and passes on to servers who they are, in the headers x-amzn-oidc-data, signed, x-amzn-oidc-identity and
// x-amzn-oidc-accesstoken. These go over HTTP inside the network, as everything from the load balancer to the servers does
// (docs/decisions/0013-tls-to-the-fleet.md). AWS's other answers to users who are not signed in are not offered: one lets
// them in, the other refuses them at the one place where they could sign in.
//
// The load balancer itself asks the provider, from its own addresses: its security group is opened outwards on 443, and an
// internal one needs a NAT gateway. Security groups that were brought get nothing added: admit 443 outwards there. The
// provider's names must resolve publicly, and its certificates come from a public authority. At the provider, allow the
// redirect to https://<the fleet's name>/oauth2/idpresponse.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
type OIDC struct {
	// Issuer identifies the provider, an https URL. Required.
	Issuer string `pulumi:"issuer"`
	// AuthorizationEndpoint is where users are sent to sign in, an https URL. Required.
	AuthorizationEndpoint string `pulumi:"authorizationEndpoint"`
	// TokenEndpoint is where the load balancer fetches tokens, an https URL. Required.
	TokenEndpoint string `pulumi:"tokenEndpoint"`
	// UserInfoEndpoint is where it asks who the user is, an https URL. Required.
	UserInfoEndpoint string `pulumi:"userInfoEndpoint"`
	// ClientID is the load balancer's name at the provider. Required.
	ClientID pulumi.StringInput `pulumi:"clientId"`
	// ClientSecret is its password there. It is a secret and is treated as one, encrypted in the state. Required.
	ClientSecret pulumi.StringInput `pulumi:"clientSecret"`
	// Scopes are what is asked of the provider, words separated by spaces; among them openid. Default: "openid".
	Scopes string `pulumi:"scopes"`
	// SessionTimeout is when a user has to sign in again, in whole seconds, 1 s to 7 days. Default: 12 hours.
	SessionTimeout time.Duration `pulumi:"sessionTimeout"`
	// CookieName is the beginning of the names of the session's cookies, up to 64 characters. Default:
	// "AWSELBAuthSessionCookie".
	CookieName string `pulumi:"cookieName"`
	// ExtraParameters are added to the redirect to the provider, at most 10. Default: none.
	ExtraParameters map[string]string `pulumi:"extraParameters"`
}

// The limits of a session and of a redirect.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html
const (
	longestSession = 7 * 24 * time.Hour
	mostParameters = 10
)

var (
	scopesPattern = regexp.MustCompile(`^([!#-\[\]-~]+ )*openid( [!#-\[\]-~]+)*$`)
	cookiePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

func (p *plan) validateOIDC(problems *fielderror.Errors) {
	o := p.args.LoadBalancer.OIDC
	if o == nil {
		return
	}
	const field = "LoadBalancer.OIDC"
	problems.Require(p.tls(), field, "no certificate", "TLS to the load balancer: users sign in over HTTPS only", "give Zone or LoadBalancer.CertificateARN")
	problems.Require(!p.cdn(), field, "behind CloudFront", "users that reach the load balancer themselves: CloudFront passes on no cookies, and keeps answers for everybody",
		"leave it out, or give the reason in CDN.Off")
	problems.Require(!p.internal() || p.args.Placement.HasInternetEgress, field, "an internal load balancer in a network without a way out",
		"a NAT gateway: the load balancer itself asks the identity provider", "use a network with NAT gateways, or leave it out")
	for _, each := range []struct{ name, address string }{
		{"Issuer", o.Issuer}, {"AuthorizationEndpoint", o.AuthorizationEndpoint}, {"TokenEndpoint", o.TokenEndpoint}, {"UserInfoEndpoint", o.UserInfoEndpoint},
	} {
		address, err := url.Parse(each.address)
		good := err == nil && address.Scheme == "https" && address.Hostname() != "" && address.User == nil && address.Fragment == ""
		problems.Require(good, field+"."+each.name, each.address, "an https URL", "copy it from the provider's /.well-known/openid-configuration")
		problems.Require(!good || address.Port() == "" || address.Port() == "443", field+"."+each.name, each.address,
			"port 443, the only one the load balancer may leave by", "use the provider's address on 443")
	}
	problems.Require(o.ClientID != nil && o.ClientID != pulumi.String(""), field+".ClientID", nil, "the client id at the provider", "register the fleet there")
	problems.Require(o.ClientSecret != nil && o.ClientSecret != pulumi.String(""), field+".ClientSecret", nil, "the client secret, as a secret", "give the output of a secret configuration value")
	problems.Require(scopesPattern.MatchString(o.Scopes), field+".Scopes", o.Scopes, "words separated by single spaces, openid among them", "use openid")
	between(problems, field+".SessionTimeout", o.SessionTimeout, time.Second, longestSession, "use 12h")
	problems.Require(cookiePattern.MatchString(o.CookieName), field+".CookieName", o.CookieName, "1 to 64 letters, digits and . _ -", "leave it out")
	problems.Require(len(o.ExtraParameters) <= mostParameters, field+".ExtraParameters", fmt.Sprintf("%d parameters", len(o.ExtraParameters)),
		fmt.Sprintf("at most %d", mostParameters), "remove some")
}

// withDefaults is a copy with every default filled in; nil stays nil.
func (o *OIDC) withDefaults() *OIDC {
	if o == nil {
		return nil
	}
	c := *o
	c.ExtraParameters = maps.Clone(c.ExtraParameters)
	if c.Scopes == "" {
		c.Scopes = "openid"
	}
	if c.SessionTimeout == 0 {
		c.SessionTimeout = 12 * time.Hour
	}
	if c.CookieName == "" {
		c.CookieName = "AWSELBAuthSessionCookie"
	}
	return &c
}

// signIn is the action that comes before the one that serves.
func (o *OIDC) signIn() lb.ListenerDefaultActionInput {
	args := &lb.ListenerDefaultActionAuthenticateOidcArgs{
		Issuer: pulumi.String(o.Issuer), AuthorizationEndpoint: pulumi.String(o.AuthorizationEndpoint),
		TokenEndpoint: pulumi.String(o.TokenEndpoint), UserInfoEndpoint: pulumi.String(o.UserInfoEndpoint),
		ClientId: o.ClientID, ClientSecret: secret(o.ClientSecret),
		Scope: pulumi.String(o.Scopes), SessionTimeout: pulumi.Int(int(o.SessionTimeout.Seconds())),
		SessionCookieName: pulumi.String(o.CookieName), OnUnauthenticatedRequest: pulumi.String("authenticate"),
	}
	if len(o.ExtraParameters) > 0 {
		args.AuthenticationRequestExtraParams = pulumi.ToStringMap(o.ExtraParameters)
	}
	return &lb.ListenerDefaultActionArgs{Type: pulumi.String("authenticate-oidc"), Order: pulumi.Int(1), AuthenticateOidc: args}
}

// secret marks a text as a secret, whatever it was given as.
func secret(text pulumi.StringInput) pulumi.StringOutput {
	return pulumi.ToSecret(text.ToStringOutput()).(pulumi.StringOutput)
}

// serve is what the listener does with a request: it forwards it, where asked for once the user is known.
func (b *builder) serve() lb.ListenerDefaultActionArray {
	forward := &lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), TargetGroupArn: b.fleet.TargetGroup.Arn}
	o := b.plan.args.LoadBalancer.OIDC
	if o == nil {
		return lb.ListenerDefaultActionArray{forward}
	}
	forward.Order = pulumi.Int(2)
	return lb.ListenerDefaultActionArray{o.signIn(), forward}
}

// identityEgress lets the load balancer ask the identity provider, whose addresses nobody knows beforehand.
func (p *plan) identityEgress() []rule {
	if p.args.LoadBalancer.OIDC == nil {
		return nil
	}
	return []rule{{key: "to-identity-provider", why: "Identity provider: tokens and users", port: 443, cidr: everyone}}
}
