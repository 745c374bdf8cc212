package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// A failure path is as good as its last step: each stack below breaks, or keeps, one of them.
func TestAFailurePathIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	const subscribed = `
  topic: {type: "aws:sns/topic:Topic", properties: {name: orders}}
  hook: {type: "aws:sns/topicSubscription:TopicSubscription", properties: {topic: "${topic.arn}", protocol: https, endpoint: "https://example.com", redrivePolicy: {$json: {deadLetterTargetArn: "${lost.arn}"}}}}
  access: {type: "aws:sqs/queuePolicy:QueuePolicy", properties: {queueUrl: "${lost.url}", policy: {$json: {Statement: [{Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: "sqs:*", Resource: "*", Condition: {ArnLike: {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}}}]}}}}
`
	const called = `
  rule: {type: "aws:cloudwatch/eventRule:EventRule", properties: {name: deploys}}
  call: {type: "aws:cloudwatch/eventTarget:EventTarget", properties: {rule: "${rule.name}", arn: "arn:aws:sns:eu-central-1:111111111111:ops", deadLetterConfig: {arn: "${lost.arn}"}}}
  access: {type: "aws:sqs/queuePolicy:QueuePolicy", properties: {queueUrl: "${lost.url}", policy: {$json: {Statement: [{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: "sqs:SendMessage", Resource: "${lost.arn}"}]}}}}
`
	keyed := func(condition string) string {
		return `
  key: {type: "aws:kms/key:Key"}
  name: {type: "aws:kms/alias:Alias", properties: {name: alias/lost, targetKeyId: "${key.keyId}"}}
  use: {type: "aws:kms/keyPolicy:KeyPolicy", properties: {keyId: "${key.keyId}", policy: {$json: {Statement: [{Effect: Allow, Principal: {Service: [sns.amazonaws.com, events.amazonaws.com]}, Action: ["kms:Decrypt", "kms:GenerateDataKey*"], Resource: "*"` + condition + `}]}}}}
  lost: {type: "aws:sqs/queue:Queue", properties: {name: lost, kmsMasterKeyId: "${name.name}", messageRetentionSeconds: 1209600}}
`
	}
	const bySource = `, Condition: {ArnLike: {"aws:SourceArn": "arn:aws:*:eu-central-1:111111111111:*"}}`
	queue := func(name, to, more string) string {
		return "\n  " + name + `: {type: "aws:sqs/queue:Queue", properties: {name: ` + name + more + `, redrivePolicy: {$json: {deadLetterTargetArn: "${` + to + `.arn}", maxReceiveCount: 5}}}}`
	}
	lost := func(more string) string {
		return "\n  lost: {type: \"aws:sqs/queue:Queue\", " + more + `}`
	}
	for _, test := range []struct {
		name, rule, stack string
		want              policy.Outcome
	}{
		{"FIFO to FIFO", "dead-letter-exists", queue("work", "lost", ", fifoQueue: true") + lost("properties: {fifoQueue: true}"), policy.Pass},
		{"FIFO to another", "dead-letter-exists", queue("work", "lost", ", fifoQueue: true") + lost("properties: {}"), policy.Violation},
		{"another region", "dead-letter-exists", queue("work", "lost", "") + lost("provider: far") + "\n  far: {type: \"pulumi:providers:aws\", properties: {region: us-east-1}}", policy.Violation},
		{"a redrive policy of its own", "dead-letter-exists", `
  work: {type: "aws:sqs/queue:Queue", properties: {name: work}}
  redrive: {type: "aws:sqs/redrivePolicy:RedrivePolicy", properties: {queueUrl: "${work.url}", redrivePolicy: '{"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111111111111:gone"}'}}`, policy.Violation},
		{"a chain of three", "dead-letter-no-loop", queue("a", "b", "") + queue("b", "c", "") + "\n  c: {type: \"aws:sqs/queue:Queue\", properties: {name: c}}", policy.Pass},
		{"a circle of three", "dead-letter-no-loop", queue("a", "b", "") + queue("b", "c", "") + queue("c", "a", ""), policy.Violation},
		{"SNS says for which topic it uses the key", "dead-letter-deliverable", keyed(bySource) + subscribed, policy.Pass},
		{"EventBridge does not say it", "dead-letter-deliverable", keyed(bySource) + called, policy.Violation},
		{"EventBridge without a condition", "dead-letter-deliverable", keyed("") + called, policy.Pass},
		{"a composite alarm tells somebody", "dead-letter-alarm", subscribed + lost("properties: {name: lost}") + `
  waiting: {type: "aws:cloudwatch/metricAlarm:MetricAlarm", properties: {name: waiting, namespace: AWS/SQS, metricName: ApproximateNumberOfMessagesVisible, dimensions: {QueueName: lost}, comparisonOperator: GreaterThanThreshold}}
  all: {type: "aws:cloudwatch/compositeAlarm:CompositeAlarm", properties: {alarmRule: "ALARM(waiting)", alarmActions: ["arn:aws:sns:eu-central-1:111111111111:ops"]}}`, policy.Pass},
		{"the alias of a function is called", "lambda-async-dead-letter", `
  fn: {type: "aws:lambda/function:Function", properties: {name: job}}
  live: {type: "aws:lambda/alias:Alias", properties: {name: live, functionName: "${fn.name}"}}
  nightly: {type: "aws:scheduler/schedule:Schedule", properties: {target: {arn: "${live.arn}"}}}`, policy.Violation},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, verdicts(t, "resources:"+test.stack)[test.rule])
		})
	}
}

// In a preview no ARN is known: the path is found by what the program computes it from, and nothing is blamed for that.
func TestAFailurePathIsNotBlamedBeforeItIsMade(t *testing.T) {
	t.Parallel()
	f, err := policytest.Parse(`
resources:
  lost: {type: "aws:sqs/queue:Queue", properties: {messageRetentionSeconds: 1209600}}
  work: {type: "aws:sqs/queue:Queue", properties: {redrivePolicy: {$json: {deadLetterTargetArn: "${lost.arn}", maxReceiveCount: 5}}}}
  topic: {type: "aws:sns/topic:Topic"}
  hook: {type: "aws:sns/topicSubscription:TopicSubscription", properties: {topic: "${topic.arn}", protocol: sqs, endpoint: "${work.arn}", redrivePolicy: {$json: {deadLetterTargetArn: "${lost.arn}"}}}}
  access: {type: "aws:sqs/queuePolicy:QueuePolicy", properties: {queueUrl: "${lost.url}", policy: {$json: {Statement: [{Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: "sqs:SendMessage", Resource: "${lost.arn}"}]}}}}
  waiting: {type: "aws:cloudwatch/metricAlarm:MetricAlarm", properties: {namespace: AWS/SQS, metricName: ApproximateNumberOfMessagesVisible, dimensions: {QueueName: "${lost.name}"}, comparisonOperator: GreaterThanThreshold, alarmActions: ["${topic.arn}"]}}
`)
	require.NoError(t, err)
	planned := f.Preview()
	resources, err := planned.Resources()
	require.NoError(t, err)
	report := policy.Evaluate(policy.NewGraph(planned.Stack, resources), policy.Evaluation{Rules: rules.All(), Today: policytest.Day})
	for _, finding := range report.Of(policy.Violation) {
		require.NotContains(t, []string{
			"sns-dead-letter", "sqs-dead-letter", "dead-letter-exists", "dead-letter-retention", "dead-letter-deliverable", "dead-letter-alarm", "dead-letter-no-loop",
		}, finding.Rule, finding.Message())
	}
}
