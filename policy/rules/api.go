package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	restAPI            = "aws:apigateway/restApi:RestApi"
	restStage          = "aws:apigateway/stage:Stage"
	restMethod         = "aws:apigateway/method:Method"
	restMethodSettings = "aws:apigateway/methodSettings:MethodSettings"
	restIntegration    = "aws:apigateway/integration:Integration"
	restDomain         = "aws:apigateway/domainName:DomainName"
	httpAPI            = "aws:apigatewayv2/api:Api"
	httpStage          = "aws:apigatewayv2/stage:Stage"
	httpRoute          = "aws:apigatewayv2/route:Route"
	httpIntegration    = "aws:apigatewayv2/integration:Integration"
	httpDomain         = "aws:apigatewayv2/domainName:DomainName"
	webACLAssociation  = "aws:wafv2/webAclAssociation:WebAclAssociation"
)

// https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html
var _ = policy.Default(httpRoute, map[string]any{"authorizationType": "NONE"})

// https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html
var _ = policy.Default(restMethodSettings, map[string]any{"settings.cachingEnabled": false, "settings.dataTraceEnabled": false})

// apiRules are about API Gateway: REST APIs, and HTTP and WebSocket APIs.
func apiRules() []*policy.Rule {
	return append(apiAccessRules(), apiStageRules()...)
}

const oneRestAPI = `
resources:
  api: {type: "aws:apigateway/restApi:RestApi", properties: {name: orders}}
  post: {type: "aws:apigateway/method:Method", properties: {restApi: "${api.id}", httpMethod: POST, authorization: AWS_IAM, requestValidatorId: body}}
  backend: {type: "aws:apigateway/integration:Integration", properties: {restApi: "${api.id}", httpMethod: POST, type: HTTP_PROXY, uri: "https://backend.example.com", timeoutMilliseconds: 5000}}
  stage:
    type: aws:apigateway/stage:Stage
    properties:
      restApi: ${api.id}
      stageName: live
      xrayTracingEnabled: true
      clientCertificateId: abc123
      accessLogSettings: {destinationArn: "arn:aws:logs:eu-central-1:111111111111:log-group:access", format: $context.requestId}
  settings:
    type: aws:apigateway/methodSettings:MethodSettings
    properties:
      restApi: ${api.id}
      stageName: ${stage.stageName}
      methodPath: "*/*"
      settings: {loggingLevel: ERROR, throttlingRateLimit: 100, throttlingBurstLimit: 200, cachingEnabled: true, cacheDataEncrypted: true, dataTraceEnabled: false}
  shield: {type: "aws:wafv2/webAclAssociation:WebAclAssociation", properties: {resourceArn: "${stage.arn}", webAclArn: "arn:aws:wafv2:eu-central-1:111111111111:regional/webacl/w/1"}}
`

const oneHTTPAPI = `
resources:
  api: {type: "aws:apigatewayv2/api:Api", properties: {name: orders, protocolType: HTTP}}
  route: {type: "aws:apigatewayv2/route:Route", properties: {apiId: "${api.id}", routeKey: POST /orders, authorizationType: AWS_IAM}}
  stage:
    type: aws:apigatewayv2/stage:Stage
    properties:
      apiId: ${api.id}
      name: live
      defaultRouteSettings: {throttlingRateLimit: 100, throttlingBurstLimit: 200, dataTraceEnabled: false}
      accessLogSettings: {destinationArn: "arn:aws:logs:eu-central-1:111111111111:log-group:access", format: $context.requestId}
`

func apiAccessRules() []*policy.Rule {
	return []*policy.Rule{
		apigwAuth(),
		apigwHTTPAuth(),
		apigwValidation(),
		apigwTLS(),
		apigwWAF(),
	}
}

func apigwAuth() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-auth", Title: "REST APIs know who calls", Severity: policy.High,
		Types: []string{restMethod}, Anchors: "nag:APIG4 ckv:59 ckv2:70 trivy:0004 guard:api-gw-method-authorization-type-rule nist:AC-3",
		Why:     "everybody who finds the address can call the method; a key of an API is no proof of who calls",
		Fix:     "set authorization to AWS_IAM, COGNITO_USER_POOLS or CUSTOM with an authorizerId",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html"},
		Check: func(c *policy.Case) {
			if c.Get("httpMethod").Is("OPTIONS") {
				c.Skip("browsers ask for the options before they have anything to prove who calls")
				return
			}
			c.OneOf("authorization", "AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM")
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"post.authorization=NONE"}, Guard: "post.authorization", Absent: policy.Violation, Exempt: "post.httpMethod=OPTIONS",
		},
	}
}

func apigwHTTPAuth() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-http-auth", Title: "HTTP and WebSocket APIs know who calls", Severity: policy.High,
		Types: []string{httpRoute}, Anchors: "nag:APIG4 fsbp:APIGateway.8 ckv:309 nist:AC-3",
		Why:     "everybody who finds the address can call the route",
		Fix:     "set authorizationType to AWS_IAM, JWT or CUSTOM with an authorizerId",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html", "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-control-access.html"},
		Check: func(c *policy.Case) {
			key := c.Get("routeKey").Text()
			if strings.HasPrefix(key, "OPTIONS ") || strings.HasPrefix(key, "$") && key != "$connect" && key != "$default" {
				c.Skip("it runs before or after what proves who calls")
				return
			}
			if isWebSocket(c.Get("apiId").Ref(httpAPI).Node()) && key != "$connect" {
				c.Skip("a WebSocket API proves who calls when the connection is made")
				return
			}
			c.OneOf("authorizationType", "AWS_IAM", "JWT", "CUSTOM")
		},
		Proof: policy.Proof{
			Good: oneHTTPAPI, Bad: []string{"route.authorizationType=NONE"}, Guard: "route.authorizationType", Absent: policy.Violation,
			Exempt: "api.protocolType=WEBSOCKET ; route.routeKey=send",
		},
	}
}

func apigwValidation() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-validation", Title: "REST APIs validate what they are sent", Severity: policy.Medium,
		Types: []string{restMethod}, Anchors: "nag:APIG2 ckv2:53 nist:SI-10",
		Why:     "requests of the wrong form reach the code behind, which costs time and finds its weak spots",
		Fix:     "set requestValidatorId to a validator of the body and the parameters, and requestModels to the form of the body",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html"},
		Check: func(c *policy.Case) {
			method := c.Get("httpMethod")
			if method.Known() && !method.In("POST", "PUT", "PATCH", "ANY") {
				c.Skip("a request with this method has no body")
				return
			}
			c.Set("requestValidatorId", "a request validator")
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"post.requestValidatorId!"}, Unguarded: "a validator that is only known later counts: it will be there",
			Exempt: "post.httpMethod=GET",
		},
	}
}

func apigwTLS() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-tls", Title: "APIs speak TLS 1.2 or newer under their own names", Severity: policy.High,
		Types: []string{restDomain, httpDomain}, Anchors: "ckv:206 trivy:0005 cp:aws-apigateway-domainname-configure-security-policy guard:api-gw-domain-deny-non-tls-traffic nist:SC-8",
		Why:     "older versions of TLS can be broken by who listens on the way",
		Fix:     "set securityPolicy to TLS_1_2",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html"},
		Check: func(c *policy.Case) {
			version := c.Get("securityPolicy")
			if c.Type == httpDomain {
				version = c.Get("domainNameConfiguration.securityPolicy")
			}
			c.Require(version, "TLS_1_2", func(v policy.Value) bool {
				return v.Is("TLS_1_2") || strings.HasPrefix(v.Text(), "SecurityPolicy_TLS12_") || strings.HasPrefix(v.Text(), "SecurityPolicy_TLS13_")
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  rest: {type: "aws:apigateway/domainName:DomainName", properties: {domainName: api.example.com, securityPolicy: TLS_1_2}}
  http: {type: "aws:apigatewayv2/domainName:DomainName", properties: {domainName: http.example.com, domainNameConfiguration: {endpointType: REGIONAL, securityPolicy: TLS_1_2}}}
`,
			Bad:   []string{"rest.securityPolicy=TLS_1_0", "rest.securityPolicy!", "http.domainNameConfiguration.securityPolicy=TLS_1_0"},
			Guard: "rest.securityPolicy", Absent: policy.Violation,
		},
	}
}

func apigwWAF() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-waf", Title: "REST APIs are behind a firewall", Severity: policy.Medium, ProdOnly: true,
		Types: []string{restStage}, Anchors: "nag:APIG3 fsbp:APIGateway.4 ckv2:29,77 config:api-gw-associated-with-waf nist:SC-7",
		Why:     "floods and known attacks reach the code behind",
		Fix:     "associate a web ACL with the stage's ARN by aws.wafv2.WebAclAssociation",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html"},
		Check: func(c *policy.Case) {
			if !protectedByACL(c.Graph())[c.Node] && c.Get("webAclArn").Empty() {
				c.Broken("webAclArn", "no web ACL is associated", "a web ACL")
			}
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"shield!", "shield.resourceArn=arn:aws:apigateway:eu-central-1::/restapis/other/stages/live"},
			Unguarded: "the rule asks whether an association is there, not for a value",
		},
	}
}

func isWebSocket(api *policy.Node) bool { return api != nil && api.Get("protocolType").Is("WEBSOCKET") }

var protectedByACLKey byte

// protectedByACL are the resources that a web ACL is associated with.
func protectedByACL(g *policy.Graph) map[*policy.Node]bool {
	return policy.Memo(g, &protectedByACLKey, func(g *policy.Graph) map[*policy.Node]bool {
		protected := map[*policy.Node]bool{}
		for _, n := range g.ByType(webACLAssociation) {
			if target := n.Get("resourceArn").Ref().Node(); target != nil {
				protected[target] = true
			}
		}
		return protected
	})
}
