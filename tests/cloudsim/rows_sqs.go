package cloudsim

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

const (
	sqsCreate = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
	sqsSet    = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"
)

func init() {
	register(queue, queuePolicy, redrive, redriveAllow)
}

// queueWaits: the provider reads the attributes back until they have settled, and AWS says that a deletion takes up to 60
// seconds. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
var queueWaits = Durations{Create: 25 * time.Second, Update: 25 * time.Second, Delete: 60 * time.Second,
	Source: "deletion: up to 60 s, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html; " +
		estimate("creation is dominated by the provider's repeated read-back of the attributes")}

var queue = Row{
	Type:     queueType,
	Noun:     "queue",
	Doc:      sqsCreate,
	ID:       Format("https://sqs.{region}.{dns}/{account}/{name}"),
	ARN:      Format("arn:{partition}:sqs:{region}:{account}:{name}"),
	AutoName: &AutoName{Max: 80, Suffix: ".fifo", SuffixWhen: isFIFO("fifoQueue")},
	Defaults: map[string]any{
		"delaySeconds": 0, "fifoQueue": false, "contentBasedDeduplication": false, "maxMessageSize": 262144,
		"messageRetentionSeconds": 345600, "receiveWaitTimeSeconds": 0, "visibilityTimeoutSeconds": 30,
	},
	Computed: map[string]Compute{
		"url":                          Format("https://sqs.{region}.{dns}/{account}/{name}"),
		"kmsDataKeyReusePeriodSeconds": Value(300),
		"sqsManagedSseEnabled":         func(c *Call) any { return !c.Has("kmsMasterKeyId") },
		"deduplicationScope":           fifoDefault("queue"),
		"fifoThroughputLimit":          fifoDefault("perQueue"),
	},
	Replace:  []string{"name", "namePrefix", "fifoQueue"},
	Taggable: true,
	Refs:     keyRefs("kmsMasterKeyId", "InvalidParameterValue"),
	Unique:   []Unique{{Paths: []string{"name"}, Code: "QueueAlreadyExists"}},
	Limits: []Limit{
		{"name", Length(1, 80), sqsCreate},
		{"name", Matches(`^[A-Za-z0-9_-]+(\.fifo)?$`, "letters, digits, hyphens and underscores"), sqsCreate},
		{"delaySeconds", Between(0, 900), sqsCreate},
		{"maxMessageSize", Between(1024, 1048576), sqsCreate},
		{"messageRetentionSeconds", Between(60, 1209600), sqsCreate},
		{"receiveWaitTimeSeconds", Between(0, 20), sqsCreate},
		{"visibilityTimeoutSeconds", Between(0, 43200), sqsCreate},
		{"kmsDataKeyReusePeriodSeconds", Between(60, 86400), sqsCreate},
	},
	Check:     checkQueue,
	NotFound:  "AWS.SimpleQueueService.NonExistentQueue",
	Durations: queueWaits,
}

func fifoDefault(value string) Compute {
	return func(c *Call) any {
		if c.Bool("fifoQueue") {
			return value
		}
		return nil
	}
}

func checkQueue(c *Call) error {
	problems := []error{ValidPolicy(c, "policy"), redriveTarget(c, c.Bool("fifoQueue")), allowedSources(c)}
	if c.Known("name", "fifoQueue") && c.Has("name") && c.Bool("fifoQueue") != strings.HasSuffix(c.Text("name"), ".fifo") {
		problems = append(problems, c.RejectAt("name", "InvalidParameterValue",
			"The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix "+
				"and be 1 to 80 in length; no other queue's name may end so; is %q", c.Text("name")))
	}
	if c.Bool("sqsManagedSseEnabled") && c.Has("kmsMasterKeyId") {
		problems = append(problems, c.RejectAt("sqsManagedSseEnabled", "InvalidAttributeValue",
			"You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."))
	}
	return errors.Join(problems...)
}

var queuePolicy = Row{
	Type:      queuePolicyType,
	Noun:      "queue policy",
	Doc:       sqsSet,
	ID:        sameAs("queueUrl"),
	Required:  []string{"queueUrl", "policy"},
	Replace:   []string{"queueUrl"},
	Refs:      []Ref{{Path: "queueUrl", To: []string{queueType}}},
	Unique:    []Unique{{Paths: []string{"queueUrl"}, Code: "ConflictingPolicies"}},
	Check:     checkQueuePolicy,
	Durations: queueAttributes,
}

var queueAttributes = seconds(25, estimate("dominated by the provider's repeated read-back of the attributes"))

// checkQueuePolicy demands that every statement is about this queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html
func checkQueuePolicy(c *Call) error {
	if err := ValidPolicy(c, "policy"); err != nil || !c.Known("policy") {
		return err
	}
	queue := c.Ref("queueUrl")
	policy, _ := ParsePolicy(c.Text("policy"))
	for i, s := range policy.Statement {
		if queue != nil && !s.about(queue.ARN) {
			return c.RejectAt("policy", "InvalidAttributeValue",
				"Invalid value for the parameter Policy: statement %d is about %s, not about the queue %s", i, strings.Join(s.Resource, ", "), queue.ARN)
		}
	}
	return nil
}

var redrive = Row{
	Type:     "aws:sqs/redrivePolicy:RedrivePolicy",
	Noun:     "redrive policy",
	Doc:      sqsSet,
	ID:       sameAs("queueUrl"),
	Required: []string{"queueUrl", "redrivePolicy"},
	Replace:  []string{"queueUrl"},
	Refs:     []Ref{{Path: "queueUrl", To: []string{queueType}}},
	Unique:   []Unique{{Paths: []string{"queueUrl"}, Code: "ConflictingPolicies"}},
	Check: func(c *Call) error {
		source := c.Ref("queueUrl")
		return redriveTarget(c, source != nil && source.Out().Bool("fifoQueue"))
	},
	Durations: queueAttributes,
}

// redriveTarget demands a dead-letter queue of the same kind in the same account and region, and a receive count.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
func redriveTarget(c *Call, fifo bool) error {
	arn, err := deadLetterTarget(c, "redrivePolicy", "InvalidParameterValue")
	if err != nil || arn == "" {
		return err
	}
	var policy struct{ MaxReceiveCount json.Number }
	_ = json.Unmarshal([]byte(c.Text("redrivePolicy")), &policy) // A wrong type leaves the count empty, which is refused.
	if n, err := policy.MaxReceiveCount.Int64(); err != nil || n < 1 || n > 1000 {
		return c.RejectAt("redrivePolicy", "InvalidParameterValue",
			"Value %s for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: must be from 1 to 1000.", c.Text("redrivePolicy"))
	}
	target := c.Find(queueType, arn)
	if target == nil && c.Preview {
		return nil
	}
	if target == nil {
		return c.RejectAt("redrivePolicy", "InvalidParameterValue",
			"Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", c.Text("redrivePolicy"))
	}
	if target.Out().Bool("fifoQueue") != fifo {
		return c.RejectAt("redrivePolicy", "InvalidParameterValue",
			"Value %s for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source.", c.Text("redrivePolicy"))
	}
	return nil
}

var redriveAllow = Row{
	Type:      "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
	Noun:      "redrive allow policy",
	Doc:       sqsSet,
	ID:        sameAs("queueUrl"),
	Required:  []string{"queueUrl", "redriveAllowPolicy"},
	Replace:   []string{"queueUrl"},
	Refs:      []Ref{{Path: "queueUrl", To: []string{queueType}}},
	Unique:    []Unique{{Paths: []string{"queueUrl"}, Code: "ConflictingPolicies"}},
	Check:     allowedSources,
	Durations: queueAttributes,
}

// allowedSources reads a redrive allow policy: who may use the queue as its dead-letter queue.
func allowedSources(c *Call) error {
	const path = "redriveAllowPolicy"
	if !c.Known(path) || c.Text(path) == "" {
		return nil
	}
	var policy struct {
		RedrivePermission string
		SourceQueueArns   []string
	}
	if err := json.Unmarshal([]byte(c.Text(path)), &policy); err != nil {
		return c.RejectAt(path, "InvalidParameterValue", "must be a JSON object: %v", err)
	}
	named := len(policy.SourceQueueArns)
	switch policy.RedrivePermission {
	case "byQueue":
		if named >= 1 && named <= 10 {
			return nil
		}
		return c.RejectAt(path, "InvalidParameterValue", "byQueue takes 1 to 10 sourceQueueArns, has %d", named)
	case "allowAll", "denyAll":
		if named == 0 {
			return nil
		}
		return c.RejectAt(path, "InvalidParameterValue", "sourceQueueArns may be given with byQueue only")
	}
	return c.RejectAt(path, "InvalidParameterValue", "redrivePermission must be allowAll, denyAll or byQueue, is %q", policy.RedrivePermission)
}
