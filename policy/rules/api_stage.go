package rules

import "github.com/seed-11444627/holdfast/policy"

// apiStageRules are about how an API is run: logs, traces, limits, caches.
func apiStageRules() []*policy.Rule {
	return []*policy.Rule{
		apigwAccessLog(),
		apigwExecLog(),
		apigwThrottling(),
		apigwHTTPThrottling(),
		apigwXRay(),
		apigwCacheEncrypted(),
		apigwNoDataTrace(),
		apigwClientCert(),
	}
}

func apigwAccessLog() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-access-log", Title: "APIs log who called", Severity: policy.Medium,
		Types: []string{restStage, httpStage}, Anchors: "nag:APIG1 fsbp:APIGateway.1,APIGateway.9 ckv:76 trivy:0001 cp:aws-apigatewayv2-stage-enable-access-logging,aws-apigatewayv2-stage-configure-access-logging guard:api-gw-stage-access-logging-rule sr:ES2000 nist:AU-2",
		Why:     "after an incident nobody can say who called what, and from where",
		Fix:     "set accessLogSettings.destinationArn to a log group, and format",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html", "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html"},
		Check:   isSet("accessLogSettings.destinationArn", "a log group"),
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"stage.accessLogSettings!", `stage.accessLogSettings.destinationArn=""`},
			Unguarded: "a log group that is only known later counts: it will be there",
		},
	}
}

func apigwExecLog() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-exec-log", Title: "REST APIs log their errors", Severity: policy.Medium,
		Types: []string{restStage}, Anchors: "nag:APIG6 ckv2:4 config:api-gw-execution-logging-enabled guard:api-gw-execution-logging-enabled nist:AU-12",
		Why:     "an error between the caller and the code behind leaves no trace but its number",
		Fix:     `add method settings for the stage with methodPath "*/*" and settings.loggingLevel ERROR`,
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"},
		Check: func(c *policy.Case) {
			checkStageWide(c, "settings.loggingLevel", "ERROR or INFO for all methods", func(v policy.Value) bool { return v.In("ERROR", "INFO") })
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"settings!", "settings.settings.loggingLevel=OFF", "settings.methodPath=orders/GET", "settings.stageName=other"},
			Guard: "settings.settings.loggingLevel", Absent: policy.Violation, Also: []string{"apigw-throttling"},
		},
	}
}

func apigwThrottling() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-throttling", Title: "REST APIs have a limit of their own", Severity: policy.Medium,
		Types: []string{restStage}, Anchors: "nagv:APIGWDefaultThrottling sr:ES2003 nist:SC-5",
		Why:     "all APIs of an account and region share one limit: a flood of one takes the others down with it, and everything behind",
		Fix:     `add method settings for the stage with methodPath "*/*", settings.throttlingRateLimit and settings.throttlingBurstLimit`,
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html"},
		Check: func(c *policy.Case) {
			for _, limit := range []string{"settings.throttlingRateLimit", "settings.throttlingBurstLimit"} {
				checkStageWide(c, limit, "a limit for all methods", func(v policy.Value) bool { return v.Number() > 0 })
			}
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"settings!", "settings.settings.throttlingRateLimit!", "settings.settings.throttlingBurstLimit=-1"},
			Guard: "settings.settings.throttlingRateLimit", Absent: policy.Violation, Also: []string{"apigw-exec-log"},
		},
	}
}

func apigwHTTPThrottling() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-http-throttling", Title: "HTTP and WebSocket APIs have a limit of their own", Severity: policy.Medium,
		Types: []string{httpStage}, Anchors: "nagv:APIGWDefaultThrottling sr:ES2003 nist:SC-5",
		Why:     "all APIs of an account and region share one limit: a flood of one takes the others down with it, and everything behind",
		Fix:     "set defaultRouteSettings.throttlingRateLimit and throttlingBurstLimit",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html"},
		Check: func(c *policy.Case) {
			c.AtLeast("defaultRouteSettings.throttlingRateLimit", 1)
			c.AtLeast("defaultRouteSettings.throttlingBurstLimit", 1)
		},
		Proof: policy.Proof{
			Good: oneHTTPAPI, Bad: []string{"stage.defaultRouteSettings!", "stage.defaultRouteSettings.throttlingRateLimit=0", "stage.defaultRouteSettings.throttlingBurstLimit!"},
			Guard: "stage.defaultRouteSettings.throttlingRateLimit", Absent: policy.Violation,
		},
	}
}

func apigwXRay() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-xray", Title: "REST APIs are traced", Severity: policy.Low, Advisory: true,
		Types: []string{restStage}, Anchors: "nagv:APIGWXrayEnabled fsbp:APIGateway.3 ckv:73 trivy:0003 sr:WS2002",
		Why:     "without traces nobody sees which of the services behind an API made a slow request slow",
		Fix:     "set xrayTracingEnabled to true",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-xray.html"},
		Check:   isTrue("xrayTracingEnabled"),
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"stage.xrayTracingEnabled=false"}, Guard: "stage.xrayTracingEnabled", Absent: policy.Violation,
		},
	}
}

func apigwCacheEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-cache-encrypted", Title: "REST APIs encrypt what they cache", Severity: policy.Medium,
		Types: []string{restMethodSettings}, Anchors: "nagn:APIGWCacheEnabledAndEncrypted fsbp:APIGateway.5 ckv:308 trivy:0002,0190 awsguard:apigateway-method-cached-and-encrypted guard:api-gw-cache-enabled-and-encrypted nist:SC-28",
		Why:     "answers with the data of your customers lie on the disk of the cache, readable without a key",
		Fix:     "set settings.cacheDataEncrypted to true",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html"},
		Check: func(c *policy.Case) {
			if caching := c.Get("settings.cachingEnabled"); caching.Known() && !caching.True() {
				c.Skip("nothing is cached")
				return
			}
			c.True("settings.cacheDataEncrypted")
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"settings.settings.cacheDataEncrypted=false"}, Guard: "settings.settings.cacheDataEncrypted", Absent: policy.Violation,
			Exempt: "settings.settings.cachingEnabled=false",
		},
	}
}

func apigwNoDataTrace() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-no-data-trace", Title: "APIs do not log what is in requests", Severity: policy.Medium,
		Types: []string{restMethodSettings, httpStage}, Anchors: "ckv:276",
		Why:     "whole requests and answers, with passwords and the data of your customers, end up in a log that many can read",
		Fix:     "set dataTraceEnabled to false",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"},
		Check: func(c *policy.Case) {
			if c.Type == httpStage {
				c.False("defaultRouteSettings.dataTraceEnabled")
				return
			}
			c.False("settings.dataTraceEnabled")
		},
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"settings.settings.dataTraceEnabled=true"}, Guard: "settings.settings.dataTraceEnabled", Absent: policy.Pass,
		},
	}
}

func apigwClientCert() *policy.Rule {
	return &policy.Rule{
		ID: "apigw-client-cert", Title: "REST APIs prove to their backends who they are", Severity: policy.Medium,
		Types: []string{restStage}, Anchors: "nagn:APIGWSSLEnabled fsbp:APIGateway.2 ckv2:51 nist:AC-17",
		Why:     "a backend with a public address cannot tell requests of the API from anybody's, so that the API's checks can be gone around",
		Fix:     "set clientCertificateId to an aws.apigateway.ClientCertificate, and have the backend want it",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html"},
		Check:   checkClientCertificate,
		Proof: policy.Proof{
			Good: oneRestAPI, Bad: []string{"stage.clientCertificateId!"}, Unguarded: "a certificate that is only known later counts: it will be there",
			Exempt: "backend.type=AWS_PROXY",
		},
	}
}

var stageSettingsKey byte

// stageSettings are the method settings of each stage of a REST API.
func stageSettings(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &stageSettingsKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		stages := referringBy(g, restStage, "restApi", restAPI).to
		settings := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(restMethodSettings) {
			for _, stage := range stages[n.Get("restApi").Ref(restAPI).Node()] {
				name := n.Get("stageName")
				if name.Is(stage.Get("stageName").Text()) || name.Unknown() && name.Ref(restStage).Has(stage) {
					settings[stage] = append(settings[stage], n)
				}
			}
		}
		return settings
	})
}

// checkStageWide wants a method setting to hold for all methods of a stage.
func checkStageWide(c *policy.Case, path, required string, holds func(policy.Value) bool) {
	if c.Get("restApi").Ref(restAPI).Node() == nil {
		c.UnclearBecause("restApi", "the API is not a resource of this stack")
		return
	}
	for _, n := range stageSettings(c.Graph())[c.Node] {
		v := n.Get(path)
		switch {
		case !n.Get("methodPath").Is("*/*"):
			continue
		case v.Unknown():
			c.Unclear(v)
			return
		case holds(v):
			return
		}
		c.Broken("stageName", path+" is "+v.Show(), required, policy.Saw(n, path, "sets it for all methods"))
		return
	}
	c.Broken("stageName", "no settings for all methods", required)
}

var httpBackendsKey byte

// httpBackends says which REST APIs call a backend over HTTP.
func httpBackends(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &httpBackendsKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		backends := map[*policy.Node]*policy.Node{}
		for _, n := range g.ByType(restIntegration) {
			if api := n.Get("restApi").Ref(restAPI).Node(); api != nil && n.Get("type").In("HTTP", "HTTP_PROXY") && !n.Get("connectionType").Is("VPC_LINK") {
				backends[api] = n
			}
		}
		return backends
	})
}

func checkClientCertificate(c *policy.Case) {
	backend := httpBackends(c.Graph())[c.Get("restApi").Ref(restAPI).Node()]
	if backend == nil {
		c.Skip("it calls no backend over the public internet")
		return
	}
	c.Set("clientCertificateId", "a client certificate", policy.Saw(backend, "uri", "is called over HTTP"))
}
