package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// What Lambda does with a record of a stream that fails when nothing is said: tries again until the record expires.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
var _ = policy.Default(lambdaSourceMapping, map[string]any{
	"maximumRetryAttempts": -1, "maximumRecordAgeInSeconds": -1, "bisectBatchOnFunctionError": false,
})

// failurePathRules follow every source of events to where its events go when nobody takes them, and that to its end: it must
// be there, keep them, be allowed to take them, and tell somebody.
func failurePathRules() []*policy.Rule {
	rules := append(eventFailureRules(), functionFailureRules()...)
	rules = append(rules, queueFailureRules()...)
	return append(rules, deadLetterRules()...)
}

// deadLetter is one way from a resource to where it sends what it could not deliver.
type deadLetter struct {
	user *policy.Node
	// at names the target.
	at policy.Value
	// service is the principal that sends, for source; empty where a role sends, or SQS moves the message itself.
	service string
	role    policy.Value
	// source is the topic, rule or queue that the events come from; nil when it is no resource of this stack.
	source *policy.Node
}

// deadLetterUsers are the types that have dead letters.
var deadLetterUsers = []string{
	snsSubscription, eventTarget, scheduledCall, eventPipe, lambdaFunction, lambdaInvokeConfig, lambdaSourceMapping, sqsQueue,
}

// deadLettersOf are the ways of one resource; none where the setting is left out.
func deadLettersOf(n *policy.Node) []deadLetter {
	found := deadLetter{user: n}
	switch n.Type {
	case snsSubscription:
		found.at, found.service, found.source = n.Get("redrivePolicy").JSON().Get("deadLetterTargetArn"), "sns.amazonaws.com", n.Get("topic").Ref(snsTopic).Node()
	case eventTarget:
		found.at, found.service, found.source = n.Get("deadLetterConfig.arn"), "events.amazonaws.com", n.Get("rule").Ref(eventRule).Node()
	case scheduledCall:
		found.at, found.role = n.Get("target.deadLetterConfig.arn"), n.Get("target.roleArn")
	case eventPipe:
		found.at, found.role = pipeStream(n).Get("deadLetterConfig.arn"), n.Get("roleArn")
	case lambdaFunction:
		found.at, found.role = n.Get("deadLetterConfig.targetArn"), n.Get("role")
	case lambdaInvokeConfig:
		found.at, found.role = n.Get("destinationConfig.onFailure.destination"), roleOfFunction(n.Get("functionName"))
	case lambdaSourceMapping:
		found.at, found.role = n.Get("destinationConfig.onFailure.destinationArn"), roleOfFunction(n.Get("functionName"))
	case sqsQueue:
		found.at, found.source = redriveOf(n).Get("deadLetterTargetArn"), n
	}
	if found.at.Empty() {
		return nil
	}
	return []deadLetter{found}
}

// target is what the dead letters go to; nil when that is not one resource of this stack.
func (l deadLetter) target() *policy.Node { return l.at.Ref(l.targetTypes()...).Node() }

// targetTypes are what may take the dead letters of a resource. Only Lambda knows others than queues.
func (l deadLetter) targetTypes() []string {
	switch l.user.Type {
	case lambdaFunction:
		return []string{sqsQueue, snsTopic}
	case lambdaInvokeConfig, lambdaSourceMapping:
		return append([]string{sqsQueue, snsTopic, lambdaFunction, eventBus}, buckets...)
	case eventPipe:
		return []string{sqsQueue, snsTopic}
	}
	return []string{sqsQueue}
}

var deadLetterKey byte

// deadLettersInto are the ways that end at each queue.
func deadLettersInto(g *policy.Graph) map[*policy.Node][]deadLetter {
	return policy.Memo(g, &deadLetterKey, func(g *policy.Graph) map[*policy.Node][]deadLetter {
		into := map[*policy.Node][]deadLetter{}
		for _, user := range g.ByType(deadLetterUsers...) {
			for _, letter := range deadLettersOf(user) {
				for _, target := range letter.at.Ref(letter.targetTypes()...).Nodes {
					into[target] = append(into[target], letter)
				}
			}
		}
		return into
	})
}

// redriveOf is the redrive policy of a queue, its own or a resource of its own.
func redriveOf(queue *policy.Node) policy.Value {
	if own := queue.Get("redrivePolicy"); !own.Empty() {
		return own.JSON()
	}
	const holderType = "aws:sqs/redrivePolicy:RedrivePolicy"
	if holders := referringBy(queue.Graph(), holderType, "queueUrl", sqsQueue).to[queue]; len(holders) > 0 {
		return holders[len(holders)-1].Get("redrivePolicy").JSON()
	}
	return queue.Get("redrivePolicy")
}

// functionOf is the function that a value names, itself or by an alias or a version; nil when it is none of this stack.
func functionOf(v policy.Value) *policy.Node {
	ref := v.Ref(lambdaFunction, lambdaAlias)
	found := ref.Node()
	if ref.How == policy.Outside {
		found = qualified(v.Node().Graph(), ref.Text)
	}
	if found != nil && found.Type == lambdaAlias {
		return found.Get("functionName").Ref(lambdaFunction).Node()
	}
	return found
}

// qualified is the function of an ARN or a name with a version or an alias behind it; nil when there is not exactly one.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
func qualified(g *policy.Graph, text string) *policy.Node {
	end := strings.LastIndex(text, ":")
	if end < 0 {
		return nil
	}
	if found := g.Named(text[:end], lambdaFunction); len(found) == 1 {
		return found[0]
	}
	return nil
}

func roleOfFunction(v policy.Value) policy.Value {
	if fn := functionOf(v); fn != nil {
		return fn.Get("role")
	}
	return v
}

// pipeStream are the settings of a pipe that reads a stream.
func pipeStream(pipe *policy.Node) policy.Value {
	if kinesis := pipe.Get("sourceParameters.kinesisStreamParameters"); !kinesis.Absent() {
		return kinesis
	}
	return pipe.Get("sourceParameters.dynamodbStreamParameters")
}

// raisesAlarmWhenSilent says that an alarm fires when nothing arrives in the queue any more. A message that is lost on its
// way there is then noticed, which is all that a dead-letter queue would do for a heartbeat.
func raisesAlarmWhenSilent(queue *policy.Node) answer {
	if queue == nil {
		return no
	}
	index := watches(queue.Graph())
	for _, w := range index.by[queue] {
		arrival := w.metric == "NumberOfMessagesSent" || w.metric == "NumberOfMessagesReceived"
		low := w.alarm.Get("comparisonOperator").In("LessThanThreshold", "LessThanOrEqualToThreshold")
		if arrival && low && w.alarm.Get("treatMissingData").Is("breaching") && acts(w.alarm) {
			return yes
		}
	}
	if index.unclear {
		return maybe
	}
	return no
}

// wantsDeadLetters wants a target of dead letters, unless the silence of what the events go to is noticed.
func wantsDeadLetters(c *policy.Case, at policy.Value, heartbeat answer, details ...policy.Detail) {
	if !at.Empty() {
		return
	}
	switch heartbeat {
	case yes:
		c.Skip("an alarm fires when what it sends does not arrive")
	case maybe:
		c.UnclearBecause(at.Path(), "whether an alarm watches what it sends is not known yet")
	case no:
		c.Fail(at, "the ARN of a dead-letter queue", details...)
	}
}

func eventFailureRules() []*policy.Rule {
	return []*policy.Rule{
		snsDeadLetter(),
		eventbridgeDeadLetter(),
		schedulerDeadLetter(),
		pipeDeadLetter(),
	}
}

func snsDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "sns-dead-letter", Title: "Subscriptions keep what they cannot deliver", Severity: policy.High, ProdOnly: true,
		Types: []string{snsSubscription}, Anchors: "nagv:SNSRedrivePolicy sr:ES7000",
		Why:     "SNS gives up on an endpoint after its retries and forgets the message; nobody knows that there was one",
		Fix:     `set redrivePolicy to {"deadLetterTargetArn": …} with a queue that keeps 14 days and has an alarm`,
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html"},
		Check: func(c *policy.Case) {
			if redrive := c.Get("redrivePolicy"); redrive.Unknown() { // It will be there.
				return
			}
			endpoint := c.Get("endpoint")
			heartbeat := no
			if c.Get("protocol").Is("sqs") {
				heartbeat = raisesAlarmWhenSilent(endpoint.Ref(sqsQueue).Node())
			}
			wantsDeadLetters(c, c.Get("redrivePolicy").JSON().Get("deadLetterTargetArn"), heartbeat, policy.Saw(c.Node, "protocol", "delivers by "+c.Get("protocol").Show()))
		},
		Proof: policy.Proof{
			Good: oneFailurePath, Bad: []string{"hook.redrivePolicy!", "hook.redrivePolicy='{}'"}, Unguarded: "a queue that is only known later counts: it will be there",
			Exempt: "hook.redrivePolicy! ; hook.protocol=sqs ; hook.endpoint=${beats.arn}",
			Also:   []string{"alarm-reaches-a-person", "sqs-dead-letter"},
		},
	}
}

func eventbridgeDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "eventbridge-dead-letter", Title: "Event targets keep what they cannot deliver", Severity: policy.High, ProdOnly: true,
		Types: []string{eventTarget}, Anchors: "nagv:EventBusDLQ sr:ES4000",
		Why:     "EventBridge gives up after a day, or at once when the target refuses, and forgets the event",
		Fix:     "set deadLetterConfig.arn to a standard queue that keeps 14 days and has an alarm",
		Sources: []string{"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"},
		Check:   func(c *policy.Case) { wantsDeadLetters(c, c.Get("deadLetterConfig.arn"), no) },
		Proof: policy.Proof{
			Good: oneFailurePath, Bad: []string{"call.deadLetterConfig!", `call.deadLetterConfig.arn=""`}, Unguarded: "a queue that is only known later counts: it will be there",
		},
	}
}

func schedulerDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "scheduler-dead-letter", Title: "Schedules keep what they cannot deliver", Severity: policy.High, ProdOnly: true,
		Types: []string{scheduledCall}, Anchors: "",
		Why:     "a run that failed leaves no trace: the nightly job did not happen, and everybody believes that it did",
		Fix:     "set target.deadLetterConfig.arn to a standard queue that keeps 14 days and has an alarm",
		Sources: []string{"https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html"},
		Check: func(c *policy.Case) {
			wantsDeadLetters(c, c.Get("target.deadLetterConfig.arn"), scheduledHeartbeat(c.Get("target.arn")))
		},
		Proof: policy.Proof{
			Good: oneFailurePath, Bad: []string{"nightly.target.deadLetterConfig!"}, Unguarded: "a queue that is only known later counts: it will be there",
			Exempt:      "nightly.target.deadLetterConfig! ; nightly.target.arn=${beats.arn}",
			FixtureOnly: "the schedules of the environments are heartbeats, whose silence is noticed",
		},
	}
}

func pipeDeadLetter() *policy.Rule {
	return &policy.Rule{
		ID: "pipe-dead-letter", Title: "Pipes put aside what they cannot deliver", Severity: policy.High, ProdOnly: true,
		Types: []string{eventPipe}, Anchors: "",
		Why:     "a record that fails again and again stops everything behind it until it expires, and is then lost",
		Fix:     "set deadLetterConfig.arn, maximumRetryAttempts and maximumRecordAgeInSeconds of the stream's sourceParameters",
		Sources: []string{"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html", "https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_PipeSourceKinesisStreamParameters.html"},
		Check: func(c *policy.Case) {
			stream := pipeStream(c.Node)
			if stream.Absent() {
				c.Skip("it reads no stream; a queue has a redrive policy of its own")
				return
			}
			wantsDeadLetters(c, stream.Get("deadLetterConfig.arn"), no)
			limited(c, stream.Get("maximumRetryAttempts"))
			limited(c, stream.Get("maximumRecordAgeInSeconds"))
		},
		Proof: policy.Proof{
			Good: oneFailurePath,
			Bad: []string{
				"pipe.sourceParameters.kinesisStreamParameters.deadLetterConfig!", "pipe.sourceParameters.kinesisStreamParameters.maximumRetryAttempts=-1",
				"pipe.sourceParameters.kinesisStreamParameters.maximumRecordAgeInSeconds!",
			},
			Guard: "pipe.sourceParameters.kinesisStreamParameters.maximumRetryAttempts", Absent: policy.Violation, Exempt: "pipe.sourceParameters!",
		},
	}
}

// scheduledHeartbeat says that the silence of what a schedule calls is noticed: a queue, or a topic with such a queue.
func scheduledHeartbeat(target policy.Value) answer {
	found := target.Ref(snsTopic, sqsQueue).Node()
	switch {
	case found == nil:
		return no
	case found.Type == sqsQueue:
		return raisesAlarmWhenSilent(found)
	}
	best := no
	for _, s := range subscriptionsOf(found.Graph())[found] {
		if s.Get("protocol").Is("sqs") {
			best = max(best, raisesAlarmWhenSilent(s.Get("endpoint").Ref(sqsQueue).Node()))
		}
	}
	return best
}

// limited wants a limit that is not for ever.
func limited(c *policy.Case, v policy.Value) {
	c.Require(v, "a limit", func(v policy.Value) bool { return v.IsNumber() && v.Number() >= 0 })
}

// oneFailurePath has one of each source of events, whose failures all go to one queue that tells somebody.
const oneFailurePath = `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      policy: {$json: {Statement: [{Effect: Allow, Principal: {Service: [sns.amazonaws.com, events.amazonaws.com]}, Action: ["kms:Decrypt", "kms:GenerateDataKey*"], Resource: "*"}]}}
  lost: {type: "aws:sqs/queue:Queue", properties: {name: lost, arn: "arn:aws:sqs:eu-central-1:111111111111:lost", messageRetentionSeconds: 1209600, kmsMasterKeyId: "${key.arn}"}}
  access:
    type: aws:sqs/queuePolicy:QueuePolicy
    properties:
      queueUrl: ${lost.url}
      policy:
        $json:
          Statement:
            - {Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: "sqs:SendMessage", Resource: "${lost.arn}", Condition: {ArnEquals: {"aws:SourceArn": "${topic.arn}"}}}
            - {Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: "sqs:SendMessage", Resource: "${lost.arn}", Condition: {ArnLike: {"aws:SourceArn": "${rule.arn}"}}}
            - {Effect: Deny, Principal: {AWS: "*"}, Action: "sqs:*", Resource: "${lost.arn}", Condition: {Bool: {"aws:SecureTransport": "false"}}}
  waiting:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      name: lost
      namespace: AWS/SQS
      metricName: ApproximateNumberOfMessagesVisible
      dimensions: {QueueName: "${lost.name}"}
      comparisonOperator: GreaterThanThreshold
      threshold: 0
      period: 60
      evaluationPeriods: 1
      alarmActions: ["arn:aws:sns:eu-central-1:111111111111:ops"]
  beats: {type: "aws:sqs/queue:Queue", properties: {name: beats, messageRetentionSeconds: 60}}
  silent:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      name: silent
      namespace: AWS/SQS
      metricName: NumberOfMessagesSent
      dimensions: {QueueName: "${beats.name}"}
      comparisonOperator: LessThanThreshold
      threshold: 1
      period: 3600
      evaluationPeriods: 25
      treatMissingData: breaching
      alarmActions: ["arn:aws:sns:eu-central-1:111111111111:ops"]
  topic: {type: "aws:sns/topic:Topic", properties: {name: orders, arn: "arn:aws:sns:eu-central-1:111111111111:orders", kmsMasterKeyId: "${key.arn}"}}
  hook:
    type: aws:sns/topicSubscription:TopicSubscription
    properties: {topic: "${topic.arn}", protocol: https, endpoint: "https://example.com/hook", redrivePolicy: {$json: {deadLetterTargetArn: "${lost.arn}"}}}
  rule: {type: "aws:cloudwatch/eventRule:EventRule", properties: {name: deploys, arn: "arn:aws:events:eu-central-1:111111111111:rule/deploys"}}
  call:
    type: aws:cloudwatch/eventTarget:EventTarget
    properties: {rule: "${rule.name}", arn: "arn:aws:sns:eu-central-1:111111111111:ops", deadLetterConfig: {arn: "${lost.arn}"}}
  role: {type: "aws:iam/role:Role", properties: {name: sender}}
  grants:
    type: aws:iam/rolePolicy:RolePolicy
    properties: {role: "${role.name}", policy: {$json: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "${lost.arn}"}]}}}
  nightly:
    type: aws:scheduler/schedule:Schedule
    properties: {name: nightly, target: {arn: "arn:aws:lambda:eu-central-1:111111111111:function:job", roleArn: "${role.arn}", deadLetterConfig: {arn: "${lost.arn}"}}}
  pipe:
    type: aws:pipes/pipe:Pipe
    properties:
      source: arn:aws:kinesis:eu-central-1:111111111111:stream/clicks
      roleArn: ${role.arn}
      sourceParameters: {kinesisStreamParameters: {startingPosition: LATEST, deadLetterConfig: {arn: "${lost.arn}"}, maximumRetryAttempts: 5, maximumRecordAgeInSeconds: 3600}}
`
