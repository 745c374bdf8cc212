package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	bucketNotification = "aws:s3/bucketNotification:BucketNotification"
	logSubscription    = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
)

const oneFailingFunction = `
resources:
  lost: {type: "aws:sqs/queue:Queue", properties: {name: lost, messageRetentionSeconds: 1209600}}
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich, deadLetterConfig: {targetArn: "${lost.arn}"}}}
  topic: {type: "aws:sns/topic:Topic", properties: {name: orders}}
  subscription: {type: "aws:sns/topicSubscription:TopicSubscription", properties: {topic: "${topic.arn}", protocol: lambda, endpoint: "${fn.arn}"}}
  clicks: {type: "aws:kinesis/stream:Stream", properties: {name: clicks}}
  reader:
    type: aws:lambda/eventSourceMapping:EventSourceMapping
    properties:
      eventSourceArn: ${clicks.arn}
      functionName: ${fn.name}
      maximumRetryAttempts: 5
      maximumRecordAgeInSeconds: 3600
      bisectBatchOnFunctionError: true
      destinationConfig: {onFailure: {destinationArn: "${lost.arn}"}}
`

// functionFailureRules are about what becomes of events that a function could not take.
func functionFailureRules() []*policy.Rule {
	return []*policy.Rule{
		lambdaAsyncDeadLetter(),
		lambdaStreamDeadLetter(),
		firehoseDeadLetter(),
	}
}

func lambdaAsyncDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-async-dead-letter", Title: "Functions keep the events that they failed on", Severity: policy.High, ProdOnly: true,
		Types: []string{lambdaFunction}, Anchors: "nagn:LambdaDLQ nagv:LambdaAsyncFailureDestination ckv:116 sr:ES1007 config:lambda-dlq-check guard:lambda-dlq-check",
		Why:     "Lambda tries an event that it was handed asynchronously twice more and then forgets it: the order, the upload, the alarm is gone",
		Fix:     "set destinationConfig.onFailure of an aws.lambda.FunctionEventInvokeConfig, or deadLetterConfig.targetArn, to a queue with an alarm",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"},
		Check:   checkAsyncFailure,
		Proof: policy.Proof{
			Good: oneFailingFunction,
			Bad: []string{
				"fn.deadLetterConfig!", "fn.deadLetterConfig! ; fn.arn=arn:aws:lambda:eu-central-1:111111111111:function:enrich ; subscription.endpoint=arn:aws:lambda:eu-central-1:111111111111:function:enrich:live",
				`subscription! ; fn.deadLetterConfig! ; +call={type: "aws:cloudwatch/eventTarget:EventTarget", properties: {rule: r, arn: "${fn.arn}"}}`,
				`subscription! ; fn.deadLetterConfig! ; +call={type: "aws:scheduler/schedule:Schedule", properties: {target: {arn: "${fn.arn}"}}}`,
				`subscription! ; fn.deadLetterConfig! ; +uploads={type: "aws:s3/bucketNotification:BucketNotification", properties: {bucket: b, lambdaFunctions: [{lambdaFunctionArn: "${fn.arn}"}]}}`,
				`subscription! ; fn.deadLetterConfig! ; +logs={type: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", properties: {destinationArn: "${fn.arn}"}}`,
				`subscription! ; fn.deadLetterConfig! ; +may={type: "aws:lambda/permission:Permission", properties: {function: "${fn.name}", principal: iot.amazonaws.com}}`,
			},
			Unguarded: "a queue that is only known later counts: it will be there", Exempt: "subscription!",
			Also: []string{"eventbridge-dead-letter", "scheduler-dead-letter", "lambda-permission-source-arn", "ghost-reference"}, FixtureOnly: "the product has no functions yet",
		},
	}
}

func lambdaStreamDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-stream-dead-letter", Title: "Readers of streams put aside what they fail on", Severity: policy.High, ProdOnly: true,
		Types: []string{lambdaSourceMapping}, Anchors: "nagv:LambdaEventSourceMappingDestination sr:ES1001",
		Why:     "one record that always fails stops its shard: Lambda tries it again until it expires, everything behind it waits, and then it is lost",
		Fix:     "set destinationConfig.onFailure.destinationArn, maximumRetryAttempts, maximumRecordAgeInSeconds and bisectBatchOnFunctionError",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html", "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html"},
		Check:   checkStreamFailure,
		Proof: policy.Proof{
			Good: oneFailingFunction,
			Bad: []string{
				"reader.destinationConfig!", "reader.maximumRetryAttempts=-1", "reader.maximumRetryAttempts!", "reader.maximumRecordAgeInSeconds!", "reader.bisectBatchOnFunctionError=false",
				"reader.eventSourceArn=arn:aws:dynamodb:eu-central-1:111111111111:table/t/stream/2026 ; reader.destinationConfig!",
			},
			Guard: "reader.maximumRetryAttempts", Absent: policy.Violation, Exempt: "reader.eventSourceArn=${lost.arn}", Also: []string{"ghost-reference"},
		},
	}
}

func firehoseDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "firehose-dead-letter", Title: "Delivery streams keep what they cannot deliver", Severity: policy.High, ProdOnly: true,
		Types: []string{firehoseStream}, Anchors: "",
		Why:     "records that the destination refuses, or that cannot be transformed, are gone, or lie where nobody looks",
		Fix:     "set s3Configuration.bucketArn of the destination (for Redshift also s3BackupMode Enabled), for a bucket errorOutputPrefix, and cloudwatchLoggingOptions.enabled",
		Sources: []string{"https://docs.aws.amazon.com/firehose/latest/dev/retry.html", "https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"},
		Check:   checkFirehoseFailure,
		Proof: policy.Proof{
			Good: `
resources:
  search:
    type: aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream
    properties:
      destination: opensearch
      opensearchConfiguration: {s3BackupMode: FailedDocumentsOnly, s3Configuration: {bucketArn: "arn:aws:s3:::failed"}, cloudwatchLoggingOptions: {enabled: true}}
  archive:
    type: aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream
    properties:
      destination: extended_s3
      extendedS3Configuration: {bucketArn: "arn:aws:s3:::archive", errorOutputPrefix: failed/, processingConfiguration: {enabled: true}, cloudwatchLoggingOptions: {enabled: true}}
`,
			Bad: []string{
				"search.opensearchConfiguration.s3Configuration!", "search.opensearchConfiguration.cloudwatchLoggingOptions.enabled=false",
				"archive.extendedS3Configuration.errorOutputPrefix!", "archive.extendedS3Configuration.cloudwatchLoggingOptions!",
				"search.destination=redshift ; search.redshiftConfiguration={s3BackupMode: Disabled, s3Configuration: {bucketArn: b}, cloudwatchLoggingOptions: {enabled: true}}",
			},
			Guard: "search.opensearchConfiguration.cloudwatchLoggingOptions.enabled", Absent: policy.Violation,
		},
	}
}

// asyncCallers hand events to a function without waiting for its answer.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
var asyncCallers = []string{
	"sns.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com", "scheduler.amazonaws.com", "ses.amazonaws.com", "iot.amazonaws.com", "config.amazonaws.com",
	"codecommit.amazonaws.com", "cloudformation.amazonaws.com",
}

// asyncSenders are the types that hand a function events without waiting for its answer, with the property that names it.
var asyncSenders = []struct{ sender, function string }{
	{snsSubscription, "endpoint"}, {eventTarget, "arn"}, {scheduledCall, "target.arn"}, {logSubscription, "destinationArn"},
}

// asyncLists are the types that name functions in a list, with the list and the property.
var asyncLists = []struct{ sender, list, function string }{
	{"aws:ses/receiptRule:ReceiptRule", "lambdaActions", "functionArn"}, {bucketNotification, "lambdaFunctions", "lambdaFunctionArn"},
}

func asyncListed(g *policy.Graph) []policy.Value {
	var named []policy.Value
	for _, s := range asyncLists {
		for _, n := range g.ByType(s.sender) {
			for _, to := range n.Get(s.list).Items() {
				named = append(named, to.Get(s.function))
			}
		}
	}
	return named
}

var asyncKey byte

// asyncSources are what hands each function events without waiting; one of them is kept.
func asyncSources(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &asyncKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		sources := map[*policy.Node]*policy.Node{}
		add := func(v policy.Value) {
			if fn := functionOf(v); fn != nil {
				sources[fn] = v.Node()
			}
		}
		for _, n := range g.ByType(lambdaPermission) {
			principal := n.Get("principal").Text()
			if strings.HasPrefix(principal, "logs.") || n.Get("principal").In(asyncCallers...) {
				add(n.Get("function"))
			}
		}
		for _, s := range asyncSenders {
			for _, n := range g.ByType(s.sender) {
				add(n.Get(s.function))
			}
		}
		for _, to := range asyncListed(g) {
			add(to)
		}
		return sources
	})
}

var invokeConfigKey byte

// failureDestinations are the settings of asynchronous calls that have a destination for failures, by function.
func failureDestinations(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &invokeConfigKey, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		settings := map[*policy.Node]*policy.Node{}
		for _, n := range g.ByType(lambdaInvokeConfig) {
			if fn := functionOf(n.Get("functionName")); fn != nil && !n.Get("destinationConfig.onFailure.destination").Empty() {
				settings[fn] = n
			}
		}
		return settings
	})
}

func checkAsyncFailure(c *policy.Case) {
	source := asyncSources(c.Graph())[c.Node]
	if source == nil {
		c.Skip("nothing of this stack hands it events without waiting for the answer")
		return
	}
	if failureDestinations(c.Graph())[c.Node] != nil {
		return
	}
	wantsDeadLetters(c, c.Get("deadLetterConfig.targetArn"), no, policy.Saw(source, "", "hands it events and does not wait"))
}

// readsStream says whether a mapping reads a stream of Kinesis or DynamoDB.
func readsStream(mapping *policy.Node) answer {
	source := mapping.Get("eventSourceArn")
	if source.Unknown() {
		if source.Ref(kinesisStream, kinesisConsumer, "aws:dynamodb/table:Table").Node() != nil {
			return yes
		}
		if source.Ref().Node() != nil {
			return no
		}
		return maybe
	}
	text := source.Text()
	if strings.Contains(text, ":kinesis:") || strings.Contains(text, ":dynamodb:") {
		return yes
	}
	return no
}

func checkStreamFailure(c *policy.Case) {
	switch readsStream(c.Node) {
	case no:
		c.Skip("it reads no stream of Kinesis or DynamoDB")
		return
	case maybe:
		c.Unclear(c.Get("eventSourceArn"))
		return
	case yes:
	}
	wantsDeadLetters(c, c.Get("destinationConfig.onFailure.destinationArn"), no)
	limited(c, c.Get("maximumRetryAttempts"))
	limited(c, c.Get("maximumRecordAgeInSeconds"))
	if listHas(c.Get("functionResponseTypes"), "ReportBatchItemFailures") {
		return
	}
	c.Require(c.Get("bisectBatchOnFunctionError"), "true, or ReportBatchItemFailures among functionResponseTypes", policy.Value.True)
}

// destinationSettings say where the settings of each destination of Firehose are.
var destinationSettings = map[string]string{
	"extended_s3": "extendedS3Configuration", "redshift": "redshiftConfiguration", "opensearch": "opensearchConfiguration",
	"elasticsearch": "elasticsearchConfiguration", "opensearchserverless": "opensearchserverlessConfiguration", "splunk": "splunkConfiguration",
	"http_endpoint": "httpEndpointConfiguration", "snowflake": "snowflakeConfiguration", "iceberg": "icebergConfiguration",
}

func checkFirehoseFailure(c *policy.Case) {
	destination := c.Get("destination")
	path := destinationSettings[destination.Text()]
	if path == "" {
		c.UnclearBecause(destination.Path(), "the destination is none that the rule knows")
		return
	}
	settings := c.Get(path)
	c.Require(settings.Get("cloudwatchLoggingOptions.enabled"), "true", policy.Value.True)
	if destination.Is("extended_s3") {
		changes := settings.Get("processingConfiguration.enabled").True() || settings.Get("dynamicPartitioningConfiguration.enabled").True() ||
			!settings.Get("dataFormatConversionConfiguration").Empty()
		if changes && settings.Get("errorOutputPrefix").Empty() {
			c.Fail(settings.Get("errorOutputPrefix"), "a prefix for records that could not be transformed")
		}
		return
	}
	if settings.Get("s3Configuration.bucketArn").Empty() {
		c.Fail(settings.Get("s3Configuration.bucketArn"), "a bucket")
	}
	if destination.Is("redshift") {
		c.Require(settings.Get("s3BackupMode"), "Enabled", func(v policy.Value) bool { return v.Is("Enabled") })
	}
}
