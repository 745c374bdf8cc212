package rules

import (
	"fmt"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
var (
	_ = policy.Default(restIntegration, map[string]any{"timeoutMilliseconds": 29000})
	_ = policy.Default(httpIntegration, map[string]any{"timeoutMilliseconds": 30000})
)

// timeoutRules want whoever waits to wait longer than what it waits for.
func timeoutRules() []*policy.Rule {
	return []*policy.Rule{
		lambdaSQSVisibility(),
		timeoutAPIFunction(),
		timeoutEdgeKeepalive(),
		timeoutGrace(),
	}
}

func lambdaSQSVisibility() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-sqs-visibility", Title: "A queue hides messages longer than its reader works on them", Severity: policy.Medium,
		Types: []string{lambdaSourceMapping}, Anchors: "nag:LambdaEventSourceSQSVisibilityTimeout",
		Why:     "a message that becomes visible while the function still works on it is worked on twice, and a throttled function sends good messages to the dead letters",
		Fix:     "set visibilityTimeoutSeconds of the queue to 6 times the timeout of the function plus maximumBatchingWindowInSeconds",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"},
		Check:   checkVisibility,
		Proof: policy.Proof{
			Good: oneWorkQueue, Bad: []string{"work.visibilityTimeoutSeconds=119", "work.visibilityTimeoutSeconds!", "fn.timeout=21", "reader.maximumBatchingWindowInSeconds=1"},
			Guard: "work.visibilityTimeoutSeconds", Absent: policy.Violation, Exempt: "reader.eventSourceArn=arn:aws:kinesis:eu-central-1:111111111111:stream/s",
			FixtureOnly: "the product has no functions yet",
		},
	}
}

func timeoutAPIFunction() *policy.Rule {
	return &policy.Rule{
		ID: "timeout-api-function", Title: "An API waits as long as the function behind it works", Severity: policy.Medium,
		Types: []string{restIntegration, httpIntegration}, Anchors: "builders:timeouts-retries-and-backoff-with-jitter",
		Why:     "the caller gets an error while the function goes on, and tries again: the same work is done twice, and a slow minute becomes an overload",
		Fix:     "set timeout of the function below timeoutMilliseconds of the integration",
		Sources: []string{"https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"},
		Check:   checkIntegrationTimeout,
		Proof: policy.Proof{
			Good: `
resources:
  fn: {type: "aws:lambda/function:Function", properties: {name: orders, timeout: 5}}
  rest: {type: "aws:apigateway/integration:Integration", properties: {restApi: a, type: AWS_PROXY, uri: "${fn.invokeArn}", timeoutMilliseconds: 5000}}
  http: {type: "aws:apigatewayv2/integration:Integration", properties: {apiId: b, integrationType: AWS_PROXY, integrationUri: "${fn.invokeArn}"}}
`,
			Bad: []string{"fn.timeout=6", "rest.timeoutMilliseconds=4999", "http.timeoutMilliseconds=1000", "fn.timeout=31"}, Guard: "rest.timeoutMilliseconds", Absent: policy.Pass,
			Exempt: "rest.uri=https://backend.example.com", FixtureOnly: "the product has no functions yet",
		},
	}
}

func timeoutEdgeKeepalive() *policy.Rule {
	return &policy.Rule{
		ID: "timeout-edge-keepalive", Title: "The edge closes an idle connection before the load balancer does", Severity: policy.Medium,
		Types: []string{cdn}, Anchors: "",
		Why:     "when the load balancer closes first, a request that the edge has just sent is lost: now and then users get an error for which there is no reason",
		Fix:     "set originKeepaliveTimeout of the origin below idleTimeout of the load balancer",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html", "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html"},
		Check:   checkEdgeKeepalive,
		Proof: policy.Proof{
			Good: `
resources:
  lb: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {name: front, idleTimeout: 60}}
  private: {type: "aws:cloudfront/vpcOrigin:VpcOrigin", properties: {vpcOriginEndpointConfig: {arn: "${lb.arn}", originProtocolPolicy: https-only}}}
  cdn:
    type: aws:cloudfront/distribution:Distribution
    properties:
      origins:
        - {originId: api, domainName: origin.example.com, vpcOriginConfig: {vpcOriginId: "${private.id}", originKeepaliveTimeout: 5}}
`,
			Bad:   []string{"cdn.origins[0].vpcOriginConfig.originKeepaliveTimeout=60", "lb.idleTimeout=4"},
			Guard: "lb.idleTimeout", Absent: policy.Pass, Exempt: "cdn.origins=[]",
		},
	}
}

func timeoutGrace() *policy.Rule {
	return &policy.Rule{
		ID: "timeout-grace", Title: "New servers are not judged before they are warm", Severity: policy.Medium,
		Types: []string{group}, Anchors: "",
		Why:     "a server that is still starting counts as unhealthy and is replaced by another that is still starting, and so on: the group never comes up",
		Fix:     "set healthCheckGracePeriod to at least defaultInstanceWarmup",
		Sources: []string{"https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html", "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html"},
		Check:   checkGrace,
		Proof: policy.Proof{
			Good: `
resources:
  web: {type: "aws:autoscaling/group:Group", properties: {healthCheckType: ELB, healthCheckGracePeriod: 60, defaultInstanceWarmup: 60}}
`,
			Bad: []string{"web.healthCheckGracePeriod=30", "web.healthCheckGracePeriod=59"}, Guard: "web.healthCheckGracePeriod", Absent: policy.Pass,
			Exempt: "web.healthCheckType=EC2",
		},
	}
}

func checkVisibility(c *policy.Case) {
	queue := mappedQueue(c)
	if queue == nil {
		return
	}
	fn := functionOf(c.Get("functionName"))
	if fn == nil {
		c.UnclearBecause("functionName", "the function is not a resource of this stack")
		return
	}
	hidden, timeout, window := queue.Get("visibilityTimeoutSeconds"), fn.Get("timeout"), c.Get("maximumBatchingWindowInSeconds")
	if hidden.Unknown() || timeout.Unknown() || window.Unknown() {
		c.UnclearBecause("eventSourceArn", "the timeouts of the queue and the function are not known yet")
		return
	}
	if wanted := 6*timeout.Number() + window.Number(); hidden.Number() < wanted {
		c.Broken("eventSourceArn", "the queue hides messages for "+hidden.Show()+" seconds", fmt.Sprintf("at least %v seconds", wanted),
			policy.Saw(queue, hidden.Path(), "hides messages so long"), policy.Saw(fn, timeout.Path(), "works up to "+timeout.Show()+" seconds"),
			policy.Fix("set visibilityTimeoutSeconds of %s to %v", queue.Name, wanted))
	}
}

func checkIntegrationTimeout(c *policy.Case) {
	uri := c.Get("uri")
	if c.Type == httpIntegration {
		uri = c.Get("integrationUri")
	}
	fn := functionOf(uri)
	if fn == nil {
		c.Skip("no function of this stack is behind it")
		return
	}
	waits, works := c.Get("timeoutMilliseconds"), fn.Get("timeout")
	if waits.Unknown() || works.Unknown() {
		c.UnclearBecause("timeoutMilliseconds", "the timeouts are not known yet")
		return
	}
	if waits.Number() < 1000*works.Number() {
		c.Fail(waits, fmt.Sprintf("at least %v, the timeout of the function", 1000*works.Number()), policy.Saw(fn, works.Path(), "works up to "+works.Show()+" seconds"))
	}
}

// balancerBehind is the load balancer that an origin stands for: by its own name, by a record's, or by a VPC origin.
func balancerBehind(origin policy.Value) *policy.Node {
	if vpc := origin.Get("vpcOriginConfig.vpcOriginId").Ref(cdnVPCOrigin).Node(); vpc != nil {
		return vpc.Get("vpcOriginEndpointConfig.arn").Ref(balancers...).Node()
	}
	domain := origin.Get("domainName")
	if lb := domain.Ref(balancers...).Node(); lb != nil {
		return lb
	}
	if record := domain.Ref(dnsRecord).Node(); record != nil {
		return record.Get("aliases[0].name").Ref(balancers...).Node()
	}
	return nil
}

func checkEdgeKeepalive(c *policy.Case) {
	judged := 0
	for _, origin := range c.Get("origins").List() {
		lb := balancerBehind(origin)
		if lb == nil {
			continue
		}
		judged++
		for _, kind := range []string{"vpcOriginConfig.originKeepaliveTimeout", "customOriginConfig.originKeepaliveTimeout"} {
			kept, idle := origin.Get(kind), lb.Get("idleTimeout")
			switch {
			case kept.Absent() || idle.Absent():
			case kept.Unknown() || idle.Unknown():
				c.UnclearBecause(kept.Path(), "the timeouts are not known yet")
			case kept.Number() >= idle.Number():
				c.Fail(kept, "less than "+idle.Show()+", the idle timeout of the load balancer", policy.Saw(lb, idle.Path(), "closes idle connections after "+idle.Show()+" seconds"))
			}
		}
	}
	if judged == 0 {
		c.Skip("no load balancer of this stack is behind it")
	}
}

func checkGrace(c *policy.Case) {
	if kinds := c.Get("healthCheckType"); kinds.Known() && !slices.Contains([]string{"ELB", "VPC_LATTICE"}, kinds.Text()) {
		c.Skip("only the host's own checks count, which start to run when it does")
		return
	}
	warm := c.Get("defaultInstanceWarmup")
	if warm.Absent() {
		return
	}
	grace := c.Get("healthCheckGracePeriod")
	if warm.Unknown() || grace.Unknown() {
		c.UnclearBecause(grace.Path(), "the times are not known yet")
		return
	}
	if grace.Known() && grace.Number() < warm.Number() {
		c.Fail(grace, "at least "+warm.Show()+", the warm-up", policy.Saw(c.Node, warm.Path(), "says how long a server needs"))
	}
}
