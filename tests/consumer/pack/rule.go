package main

import "github.com/seed-11444627/holdfast/policy"

const queue = "aws:sqs/queue:Queue"

// What SQS takes when nothing is said: four days.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
var _ = policy.Default(queue, map[string]any{"messageRetentionSeconds": 345600})

// queueRetention wants dead letters to wait as long as their readers may be away.
func queueRetention() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letters-wait", Title: "Dead letters wait long enough", Severity: policy.Medium,
		Types: []string{queue},
		Why:   "a dead letter that nobody has read when it expires is data lost for good",
		Fix:   "set messageRetentionSeconds to 1209600, the most that SQS keeps",
		Sources: []string{
			"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
		},
		Settings: []policy.Setting{{
			Name: "days", Kind: policy.KindNumber, Default: 14, Bounded: true, Minimum: 1, Maximum: 14, Help: "how many days dead letters must wait",
		}},
		Check: func(c *policy.Case) {
			if !receivesDeadLetters(c.Node) {
				c.Skip("no queue sends its dead letters here")
				return
			}
			days, _ := c.Number("days")
			c.AtLeast("messageRetentionSeconds", days*24*60*60)
		},
		Proof: policy.Proof{
			Good: `
resources:
  dead:
    type: aws:sqs/queue:Queue
    properties: {messageRetentionSeconds: 1209600}
  work:
    type: aws:sqs/queue:Queue
    properties:
      redrivePolicy: {$json: {deadLetterTargetArn: "${dead.arn}", maxReceiveCount: 5}}
`,
			Bad:   []string{"dead.messageRetentionSeconds=345600"},
			Guard: "dead.messageRetentionSeconds", Absent: policy.Violation, Exempt: "work.redrivePolicy!",
		},
	}
}

// receivesDeadLetters says that a queue of the stack names this one as the place for its dead letters.
func receivesDeadLetters(n *policy.Node) bool {
	for _, other := range n.Graph().ByType(queue) {
		policyText := other.Get("redrivePolicy")
		target := policyText.JSON().Get("deadLetterTargetArn")
		if policyText.Unknown() { // In a preview the text is not known, but what it is computed from is.
			target = policyText
		}
		if target.Ref(queue).Has(n) {
			return true
		}
	}
	return false
}
