package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const (
	snsTopic        = "aws:sns/topic:Topic"
	snsTopicPolicy  = "aws:sns/topicPolicy:TopicPolicy"
	snsSubscription = "aws:sns/topicSubscription:TopicSubscription"
	sqsQueue        = "aws:sqs/queue:Queue"
	sqsQueuePolicy  = "aws:sqs/queuePolicy:QueuePolicy"
	eventRule       = "aws:cloudwatch/eventRule:EventRule"
	eventTarget     = "aws:cloudwatch/eventTarget:EventTarget"
	eventBus        = "aws:cloudwatch/eventBus:EventBus"
	scheduledCall   = "aws:scheduler/schedule:Schedule"
	eventPipe       = "aws:pipes/pipe:Pipe"
)

// A queue is encrypted with a key of SQS's own unless somebody says otherwise.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html
var _ = policy.Default(sqsQueue, map[string]any{
	"visibilityTimeoutSeconds": 30, "messageRetentionSeconds": 345600, "fifoQueue": false, "sqsManagedSseEnabled": true,
})

// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
var _ = policy.Default(snsTopic, map[string]any{"fifoTopic": false})

// messagingRules are about topics and queues.
func messagingRules() []*policy.Rule {
	return append(topicRules(), queueRules()...)
}

const oneTopic = `
resources:
  topic:
    type: aws:sns/topic:Topic
    properties: {name: orders, kmsMasterKeyId: "arn:aws:kms:eu-central-1:111111111111:key/k", httpFailureFeedbackRoleArn: "arn:aws:iam::111111111111:role/log"}
  access:
    type: aws:sns/topicPolicy:TopicPolicy
    properties:
      arn: ${topic.arn}
      policy:
        $json:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: "sns:Publish", Resource: "arn:aws:sns:eu-central-1:111111111111:orders"}
            - {Effect: Deny, Principal: {AWS: "*"}, Action: "sns:Publish", Resource: "arn:aws:sns:eu-central-1:111111111111:orders", Condition: {Bool: {"aws:SecureTransport": "false"}}}
  hook: {type: "aws:sns/topicSubscription:TopicSubscription", properties: {topic: "${topic.arn}", protocol: https, endpoint: "https://example.com/hook"}}
`

const oneQueue = `
resources:
  queue:
    type: aws:sqs/queue:Queue
    properties: {name: orders, kmsMasterKeyId: "arn:aws:kms:eu-central-1:111111111111:key/k", sqsManagedSseEnabled: false}
  access:
    type: aws:sqs/queuePolicy:QueuePolicy
    properties:
      queueUrl: ${queue.url}
      policy:
        $json:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-central-1:111111111111:orders"}
            - {Effect: Deny, Principal: {AWS: "*"}, Action: "sqs:*", Resource: "arn:aws:sqs:eu-central-1:111111111111:orders", Condition: {Bool: {"aws:SecureTransport": "false"}}}
`

func topicRules() []*policy.Rule {
	return []*policy.Rule{
		snsEncrypted(),
		snsOwnKey(),
		snsTLSPublish(),
		snsNotPublic(),
		snsDeliveryLogging(),
	}
}

func snsEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "sns-encrypted", Title: "Topics are encrypted at rest", Severity: policy.Medium,
		Types: []string{snsTopic}, Anchors: "nagn:SNSEncryptedKMS fsbp:SNS.1 ckv:26 trivy:0095 guard:sns-encrypted-kms nist:SC-28",
		Why:     "messages wait on disks while a subscriber does not answer, and are readable there without a key",
		Fix:     "set kmsMasterKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html"},
		Check:   isSet("kmsMasterKeyId", "a key"),
		Proof: policy.Proof{
			Good: oneTopic, Bad: []string{"topic.kmsMasterKeyId!", `topic.kmsMasterKeyId=""`},
			Unguarded: "a key that is only known later counts: it will be there", Also: []string{"sns-own-key"},
		},
	}
}

func snsOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "sns-own-key", Title: "Topics are encrypted with a key of the owner's", Severity: policy.Low, Advisory: true,
		Types: []string{snsTopic}, Anchors: "trivy:0136 nist:SC-12",
		Why:     "no other service can publish to a topic under alias/aws/sns: its policy lets none in and cannot be changed",
		Fix:     "set kmsMasterKeyId to a key of your own whose policy lets the services that publish use it",
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("kmsMasterKeyId"), "a key of your own", func(v policy.Value) bool { return !v.Empty() && !strings.HasSuffix(v.Text(), "alias/aws/sns") })
		},
		Proof: policy.Proof{
			Good: oneTopic, Bad: []string{"topic.kmsMasterKeyId=alias/aws/sns"}, Guard: "topic.kmsMasterKeyId", Absent: policy.Violation,
			Also: []string{"topic-key-admits-publisher"},
		},
	}
}

func snsTLSPublish() *policy.Rule {
	return &policy.Rule{
		ID: "sns-tls-publish", Title: "Topics take messages over TLS only", Severity: policy.Medium,
		Types: []string{snsTopic}, Anchors: "nag:SNS3 nist:SC-8",
		Why:     "SNS also answers without TLS: a client that is set up wrong sends its messages readable for the network",
		Fix:     `add to the topic's policy a statement that denies sns:Publish to everybody when aws:SecureTransport is "false"`,
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html"},
		Check:   func(c *policy.Case) { checkDeniesPlain(c, "sns:Publish") },
		Proof: policy.Proof{
			Good: oneTopic,
			Bad: []string{
				"access!", "access.policy.Statement[1]!", `access.policy.Statement[1].Condition.Bool={"aws:SecureTransport": "true"}`,
				"access.policy.Statement[1].Effect=Allow", `access.policy.Statement[1].Principal={AWS: "arn:aws:iam::111111111111:root"}`,
				`access.policy.Statement[1].Action="sns:Subscribe"`,
			},
			Guard: "access.policy", Absent: policy.Violation,
			Also: []string{"account-crossing", "sns-not-public", "topic-admits-publisher", "dead-letter-deliverable"},
		},
	}
}

func snsNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "sns-not-public", Title: "Topics are not open to everybody", Severity: policy.High, Blocking: true,
		Types: []string{snsTopic, snsTopicPolicy}, Anchors: "fsbp:SNS.4 ckv:169,385 guard:sns-topicpolicy-no-wildcard-principal,sns-topicpolicy-no-allow-plus-notprincipal nist:AC-3",
		Why:     "strangers can send messages to what listens, or subscribe themselves and read along",
		Fix:     "name the accounts and services in Principal, or add a condition with aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID",
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html", "https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html"},
		Check:   checkNotPublic,
		Proof: policy.Proof{
			Good: oneTopic,
			Bad: []string{
				`access.policy.Statement[0].Principal="*"`, `access.policy.Statement[0].Principal={AWS: "*"}`,
				`access.policy.Statement[0].Principal={AWS: ["*"]} ; access.policy.Statement[0].Condition={StringLike: {"aws:PrincipalArn": "*"}}`,
			},
			Guard: "access.policy", Absent: policy.Pass,
		},
	}
}

func snsDeliveryLogging() *policy.Rule {
	return &policy.Rule{
		ID: "sns-delivery-logging", Title: "Topics log what they cannot deliver", Severity: policy.Low, Advisory: true,
		Types: []string{snsTopic}, Anchors: "fsbp:SNS.2",
		Why:     "without a log nobody can say what an endpoint answered when it refused a message",
		Fix:     "set httpFailureFeedbackRoleArn, sqsFailureFeedbackRoleArn, lambdaFailureFeedbackRoleArn, firehoseFailureFeedbackRoleArn or applicationFailureFeedbackRoleArn, as the subscriptions have it",
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html"},
		Check:   checkDeliveryLogging,
		Proof: policy.Proof{
			Good: oneTopic, Bad: []string{"topic.httpFailureFeedbackRoleArn!", "hook.protocol=sqs"},
			Unguarded: "a role that is only known later counts: it will be there", Exempt: "hook.protocol=email",
			FixtureOnly: "the first topic of the environments has subscribers of several protocols",
		},
	}
}

func queueRules() []*policy.Rule {
	return []*policy.Rule{
		sqsEncrypted(),
		sqsOwnKey(),
		sqsTLS(),
		sqsNotPublic(),
		sqsNoStarAction(),
	}
}

func sqsEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "sqs-encrypted", Title: "Queues are encrypted at rest", Severity: policy.Medium,
		Types: []string{sqsQueue}, Anchors: "nag:SQS2 fsbp:SQS.1 ckv:27 ckv2:73 trivy:0096 nist:SC-28",
		Why:     "messages wait on disks for up to 14 days, and are readable there without a key",
		Fix:     "set kmsMasterKeyId to a key of your own, or leave sqsManagedSseEnabled out",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html"},
		Check: func(c *policy.Case) {
			if key := c.Get("kmsMasterKeyId"); !key.Empty() { // A key that is only known later will be there.
				return
			}
			c.True("sqsManagedSseEnabled")
		},
		Proof: policy.Proof{
			Good: `
resources:
  queue: {type: "aws:sqs/queue:Queue", properties: {name: orders, sqsManagedSseEnabled: true}}
`,
			Bad:   []string{"queue.sqsManagedSseEnabled=false ; queue.kmsMasterKeyId!"},
			Guard: "queue.sqsManagedSseEnabled", Absent: policy.Pass, Also: []string{"sqs-own-key", "dead-letter-encrypted"},
		},
	}
}

func sqsOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "sqs-own-key", Title: "Queues are encrypted with a key of the owner's", Severity: policy.Low, Advisory: true,
		Types: []string{sqsQueue}, Anchors: "trivy:0135 guard:sqs-queue-kms-master-key-id-rule nist:SC-12",
		Why:     "whoever may receive messages can read them; with a key of your own it takes a right to the key too, and that is logged",
		Fix:     "set kmsMasterKeyId to a key of your own whose policy lets the services that send use it",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("kmsMasterKeyId"), "a key of your own", func(v policy.Value) bool { return !v.Empty() && !strings.HasSuffix(v.Text(), "alias/aws/sqs") })
		},
		Proof: policy.Proof{
			Good: oneQueue, Bad: []string{"queue.kmsMasterKeyId=alias/aws/sqs"}, Guard: "queue.kmsMasterKeyId", Absent: policy.Violation,
			Also: []string{"dead-letter-deliverable", "sqs-encrypted", "dead-letter-encrypted"},
		},
	}
}

func sqsTLS() *policy.Rule {
	return &policy.Rule{
		ID: "sqs-tls", Title: "Queues answer over TLS only", Severity: policy.Medium,
		Types: []string{sqsQueue}, Anchors: "nag:SQS4 nist:SC-8",
		Why:     "SQS also answers without TLS: a client that is set up wrong sends its messages readable for the network",
		Fix:     `add a queue policy with a statement that denies sqs:* to everybody when aws:SecureTransport is "false"`,
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html"},
		Check:   func(c *policy.Case) { checkDeniesPlain(c, "sqs:SendMessage", "sqs:ReceiveMessage") },
		Proof: policy.Proof{
			Good: oneQueue,
			Bad: []string{
				"access!", "access.policy.Statement[1]!", `access.policy.Statement[1].Condition.Bool={"aws:SecureTransport": "true"}`,
				`access.policy.Statement[1].Action="sqs:SendMessage"`,
			},
			Guard: "access.policy", Absent: policy.Violation, Also: []string{"dead-letter-deliverable"},
		},
	}
}

func sqsNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "sqs-not-public", Title: "Queues are not open to everybody", Severity: policy.High, Blocking: true,
		Types: []string{sqsQueue, sqsQueuePolicy}, Anchors: "fsbp:SQS.3 ckv:168,387 trivy:0097 guard:sqs-queuepolicy-no-wildcard-principal,sqs-queuepolicy-no-allow-plus-notprincipal nist:AC-3",
		Why:     "strangers can send work to what reads the queue, or take messages away before it does",
		Fix:     "name the accounts and services in Principal, or add a condition with aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html"},
		Check:   checkNotPublic,
		Proof: policy.Proof{
			Good: oneQueue,
			Bad: []string{
				`access.policy.Statement[0].Principal="*" ; access.policy.Statement[0].Condition!`,
				`access.policy.Statement[0].Principal={AWS: ["*"]} ; access.policy.Statement[0].Condition!`,
			},
			Guard: "access.policy", Absent: policy.Pass,
		},
	}
}

func sqsNoStarAction() *policy.Rule {
	return &policy.Rule{
		ID: "sqs-no-star-action", Title: "Queue policies name the actions they allow", Severity: policy.High, Blocking: true,
		Types: []string{sqsQueue, sqsQueuePolicy}, Anchors: "ckv:72 guard:sqs-queuepolicy-no-wildcard-action,sqs-queuepolicy-no-allow-plus-not-action nist:AC-6",
		Why:     "who only sends can then also read, purge and delete the queue, and change this policy",
		Fix:     "list the actions: sqs:SendMessage for senders, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes for readers",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html"},
		Check: func(c *policy.Case) {
			statements, unknown := iam.Statements(c.Get("policy"))
			c.Unclear(unknown...)
			for _, s := range statements {
				if s.Allow && s.Does("sqs:HoldfastAnything") {
					c.Broken(s.Value.Path(), "every action is allowed", "a list of actions")
				}
			}
		},
		Proof: policy.Proof{
			Good:  oneQueue,
			Bad:   []string{`access.policy.Statement[0].Action="sqs:*"`, `access.policy.Statement[0].Action=["*"]`, `access.policy.Statement[0].Action! ; access.policy.Statement[0].NotAction="sqs:DeleteQueue"`},
			Guard: "access.policy", Absent: policy.Pass,
		},
	}
}
