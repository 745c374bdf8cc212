package rules

import (
	"github.com/seed-11444627/holdfast/policy"
)

const oneWorkQueue = `
resources:
  lost: {type: "aws:sqs/queue:Queue", properties: {name: lost, arn: "arn:aws:sqs:eu-central-1:111111111111:lost", messageRetentionSeconds: 1209600}}
  work:
    type: aws:sqs/queue:Queue
    properties: {name: work, visibilityTimeoutSeconds: 120, redrivePolicy: {$json: {deadLetterTargetArn: "${lost.arn}", maxReceiveCount: 5}}}
  beats: {type: "aws:sqs/queue:Queue", properties: {name: beats, redrivePolicy: {$json: {deadLetterTargetArn: "${lost.arn}", maxReceiveCount: 5}}}}
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
  fn: {type: "aws:lambda/function:Function", properties: {name: worker, timeout: 20, deadLetterConfig: {targetArn: "${lost.arn}"}}}
  reader: {type: "aws:lambda/eventSourceMapping:EventSourceMapping", properties: {eventSourceArn: "${work.arn}", functionName: "${fn.name}"}}
`

// queueFailureRules are about messages that the readers of a queue cannot take.
func queueFailureRules() []*policy.Rule {
	return []*policy.Rule{
		{
			ID: "sqs-dead-letter", Title: "Queues put aside what their readers fail on", Severity: policy.Medium, ProdOnly: true,
			Types: []string{sqsQueue}, Anchors: "nag:SQS3 nagv:SQSRedrivePolicy sr:ES6000",
			Why:     "a message that always fails comes back again and again, costs as much as all others together, and is lost when it expires; the dead letters of a function that reads the queue do not help, because Lambda polls it and is not called by it",
			Fix:     `set redrivePolicy to {"deadLetterTargetArn": …, "maxReceiveCount": 5}`,
			Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"},
			Check: func(c *policy.Case) {
				if len(deadLettersInto(c.Graph())[c.Node]) > 0 {
					c.Skip("it takes dead letters itself")
					return
				}
				if redrive := redriveOf(c.Node); !redrive.Unknown() {
					wantsDeadLetters(c, redrive.Get("deadLetterTargetArn"), raisesAlarmWhenSilent(c.Node))
				}
			},
			Proof: policy.Proof{
				Good: oneWorkQueue, Bad: []string{"work.redrivePolicy!", "work.redrivePolicy='{}'", "silent! ; beats.redrivePolicy!"},
				Unguarded: "a queue that is only known later counts: it will be there", Exempt: "beats.redrivePolicy!", Also: []string{"lambda-sqs-retries", "alarm-coverage"},
				FixtureOnly: "the queues of the environments take dead letters or heartbeats",
			},
		},
		{
			ID: "lambda-sqs-retries", Title: "Messages are tried often enough before they count as dead", Severity: policy.Medium,
			Types: []string{lambdaSourceMapping}, Anchors: "",
			Why:     "Lambda hands messages back when it is throttled, and each time counts: with fewer than 5 tries a burst sends good messages to the dead letters",
			Fix:     "set maxReceiveCount of the queue's redrivePolicy to at least 5",
			Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"},
			Check: func(c *policy.Case) {
				queue := mappedQueue(c)
				if queue == nil {
					return
				}
				redrive := redriveOf(queue)
				if redrive.Absent() {
					c.Skip("the queue has no dead letters; see sqs-dead-letter")
					return
				}
				count := redrive.Get("maxReceiveCount")
				c.Require(count, "at least 5", func(v policy.Value) bool { return v.IsNumber() && v.Number() >= 5 }, policy.Saw(queue, count.Path(), "is the queue that the function reads"))
			},
			Proof: policy.Proof{
				Good: oneWorkQueue, Bad: []string{"work.redrivePolicy.maxReceiveCount=1", "work.redrivePolicy.maxReceiveCount=4"}, Guard: "work.redrivePolicy.maxReceiveCount", Absent: policy.Violation,
				Exempt: "reader.eventSourceArn=arn:aws:kinesis:eu-central-1:111111111111:stream/s", FixtureOnly: "the product has no functions yet",
			},
		},
	}
}

// mappedQueue is the queue that a mapping reads; nil after saying why there is none to judge.
func mappedQueue(c *policy.Case) *policy.Node {
	source := c.Get("eventSourceArn")
	if queue := source.Ref(sqsQueue).Node(); queue != nil {
		return queue
	}
	if source.Unknown() && source.Ref().Node() == nil {
		c.Unclear(source)
		return nil
	}
	c.Skip("it reads no queue of this stack")
	return nil
}
