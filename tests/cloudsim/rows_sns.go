package cloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const (
	snsCreate      = "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"
	snsAttributes  = "https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html"
	snsSubscribe   = "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"
	snsFilter      = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"
	subscribedType = "aws:sns/topicSubscription:TopicSubscription"
)

func init() {
	register(topic, topicPolicy, subscription)
}

var topic = Row{
	Type:     topicType,
	Noun:     "topic",
	Doc:      snsCreate,
	ID:       Format("arn:{partition}:sns:{region}:{account}:{name}"),
	ARN:      Format("arn:{partition}:sns:{region}:{account}:{name}"),
	AutoName: &AutoName{Max: 256, Suffix: ".fifo", SuffixWhen: isFIFO("fifoTopic")},
	Defaults: map[string]any{"fifoTopic": false, "contentBasedDeduplication": false},
	Computed: map[string]Compute{
		"owner":            Format("{account}"),
		"policy":           func(c *Call) any { return defaultTopicPolicy(c) },
		"signatureVersion": Value(1),
		"tracingConfig":    Value("PassThrough"),
	},
	Replace:  []string{"name", "namePrefix", "fifoTopic"},
	Taggable: true,
	Refs:     append(keyRefs("kmsMasterKeyId", "InvalidParameter"), feedbackRoles()...),
	Unique:   []Unique{{Paths: []string{"name"}, Code: "InvalidParameter"}},
	Limits: []Limit{
		{"name", Length(1, 256), snsCreate},
		{"name", Matches(`^[A-Za-z0-9_-]+(\.fifo)?$`, "letters, digits, hyphens and underscores"), snsCreate},
		{"displayName", Length(0, 100), snsAttributes},
		{"signatureVersion", OneOf("1", "2"), snsAttributes},
		{"tracingConfig", OneOf("PassThrough", "Active"), snsAttributes},
	},
	Check:     checkTopic,
	NotFound:  "NotFound",
	Durations: immediate,
}

// feedbackRoles are the roles that SNS assumes to write delivery status logs.
func feedbackRoles() []Ref {
	var refs []Ref
	for _, path := range feedbackPaths() {
		refs = append(refs, Ref{Path: path, To: []string{roleType}, By: []string{"arn"}, Code: "InvalidParameter"})
	}
	return refs
}

func feedbackPaths() []string {
	var paths []string
	for _, endpoint := range []string{"application", "firehose", "http", "lambda", "sqs"} {
		paths = append(paths, endpoint+"FailureFeedbackRoleArn", endpoint+"SuccessFeedbackRoleArn")
	}
	return paths
}

// defaultTopicPolicy is what SNS gives a topic without a policy: the owner's account may do everything.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
func defaultTopicPolicy(c *Call) string {
	return c.Format(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",` +
		`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission",` +
		`"SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],` +
		`"Resource":"arn:{partition}:sns:{region}:{account}:{name}","Condition":{"StringEquals":{"AWS:SourceOwner":"{account}"}}}]}`)
}

func checkTopic(c *Call) error {
	problems := []error{ValidPolicy(c, "policy"), jsonObject(c, "deliveryPolicy", "InvalidParameter")}
	if c.Known("name", "fifoTopic") && c.Has("name") && c.Bool("fifoTopic") != strings.HasSuffix(c.Text("name"), ".fifo") {
		problems = append(problems, c.RejectAt("name", "InvalidParameter",
			"Fifo Topic names must end with .fifo and no other topic's name may, is %q", c.Text("name")))
	}
	if c.Bool("contentBasedDeduplication") && !c.Bool("fifoTopic") && c.Known("fifoTopic") {
		problems = append(problems, c.RejectAt("contentBasedDeduplication", "InvalidParameter",
			"Content-based deduplication can only be set for FIFO topics"))
	}
	for _, path := range feedbackPaths() {
		problems = append(problems, TrustedBy(c, path, "sns.amazonaws.com", "InvalidParameter"))
	}
	return errors.Join(problems...)
}

var topicPolicy = Row{
	Type:      topicPolicyType,
	Noun:      "topic policy",
	Doc:       snsAttributes,
	ID:        sameAs("arn"),
	Computed:  map[string]Compute{"owner": Format("{account}")},
	Required:  []string{"arn", "policy"},
	Replace:   []string{"arn"},
	Refs:      []Ref{{Path: "arn", To: []string{topicType}, By: []string{"arn"}}},
	Unique:    []Unique{{Paths: []string{"arn"}, Code: "ConflictingPolicies"}},
	Check:     checkTopicPolicy,
	Durations: immediate,
}

// checkTopicPolicy demands that every statement is about this topic and about actions of SNS on topics.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
func checkTopicPolicy(c *Call) error {
	if err := ValidPolicy(c, "policy"); err != nil || !c.Known("policy", "arn") {
		return err
	}
	policy, _ := ParsePolicy(c.Text("policy"))
	sids := map[string]bool{}
	for i, s := range policy.Statement {
		if s.Sid != "" && sids[s.Sid] {
			return c.RejectAt("policy", "InvalidParameter", "Invalid parameter: Policy Error: the statement id %q is given twice", s.Sid)
		}
		sids[s.Sid] = true
		if !s.about(c.Text("arn")) {
			return c.RejectAt("policy", "InvalidParameter",
				"Invalid parameter: Policy Error: statement %d is about %s, not about the topic %s", i, strings.Join(s.Resource, ", "), c.Text("arn"))
		}
		for _, action := range s.Action {
			if !strings.HasPrefix(strings.ToLower(action), "sns:") || action[len("sns:"):] == "*" {
				return c.RejectAt("policy", "InvalidParameter",
					"Invalid parameter: Policy statement action out of service scope! (statement %d: %s)", i, action)
			}
		}
	}
	return nil
}

var subscription = Row{
	Type: subscribedType,
	Noun: "subscription",
	Doc:  snsSubscribe,
	ID:   named("{topic}:{uuid}", "topic"),
	ARN:  Format("{topic}:{uuid}"),
	Defaults: map[string]any{
		"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": false, "rawMessageDelivery": false,
	},
	Computed: map[string]Compute{
		"ownerId":                      Format("{account}"),
		"confirmationWasAuthenticated": func(c *Call) any { return !pendingConfirmation(c) },
		"pendingConfirmation":          func(c *Call) any { return pendingConfirmation(c) },
		"filterPolicyScope":            filterScope,
	},
	Required: []string{"topic", "protocol", "endpoint"},
	Replace:  []string{"topic", "protocol", "endpoint"},
	Refs: []Ref{
		{Path: "topic", To: []string{topicType}, By: []string{"arn"}, Code: "NotFound"},
		{Path: "endpoint", To: []string{queueType, functionType}, By: []string{"arn"}, Region: "*", Except: notQueueOrFunction,
			Weak: true, Code: "InvalidParameter"},
		{Path: "subscriptionRoleArn", To: []string{roleType}, By: []string{"arn"}, Code: "InvalidParameter"},
	},
	Limits: []Limit{
		{"protocol", OneOf("sqs", "sms", "lambda", "firehose", "application", "email", "email-json", "http", "https"), snsSubscribe},
		{"filterPolicyScope", OneOf("MessageAttributes", "MessageBody"), snsSubscribe},
	},
	Check:     checkSubscription,
	Idle:      idleWhen(subscriptionDelivers),
	Durations: immediate,
}

func filterScope(c *Call) any {
	if c.Has("filterPolicy") {
		return "MessageAttributes"
	}
	return nil
}

// pendingConfirmation says whether somebody has to answer before the first message is delivered.
// https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
func pendingConfirmation(c *Call) bool {
	protocol := c.Text("protocol")
	return strings.HasPrefix(protocol, "email") || strings.HasPrefix(protocol, "http") && !c.Bool("endpointAutoConfirms")
}

func notQueueOrFunction(value string) bool {
	return !strings.Contains(value, ":sqs:") && !strings.Contains(value, ":lambda:")
}

// endpointForms are the forms of endpoint by protocol, with SNS's words for a wrong one.
// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
var endpointForms = map[string]struct {
	form *regexp.Regexp
	name string
}{
	"email":       {regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`), "Email address"},
	"email-json":  {regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`), "Email address"},
	"http":        {regexp.MustCompile(`^http://[^\s/]+`), "HTTP(S) Endpoint"},
	"https":       {regexp.MustCompile(`^https://[^\s/]+`), "HTTP(S) Endpoint"},
	"sms":         {regexp.MustCompile(`^\+[1-9]\d{3,14}$`), "SMS endpoint"},
	"sqs":         {regexp.MustCompile(`^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$`), "SQS endpoint ARN"},
	"lambda":      {regexp.MustCompile(`^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:\S+$`), "Lambda endpoint ARN"},
	"firehose":    {regexp.MustCompile(`^arn:[a-z-]+:firehose:[a-z0-9-]+:\d{12}:deliverystream/\S+$`), "Firehose endpoint ARN"},
	"application": {regexp.MustCompile(`^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:endpoint/\S+$`), "Application endpoint arn"},
}

func checkSubscription(c *Call) error {
	return errors.Join(endpointForm(c), rawDelivery(c), fifoDelivery(c), filterPolicy(c), deadLetters(c),
		jsonObject(c, "deliveryPolicy", "InvalidParameter"), firehoseRole(c))
}

func endpointForm(c *Call) error {
	if !c.Known("endpoint", "protocol") {
		return nil
	}
	form, ok := endpointForms[c.Text("protocol")]
	if !ok || form.form.MatchString(c.Text("endpoint")) {
		return nil
	}
	return c.RejectAt("endpoint", "InvalidParameter", "Invalid parameter: %s: %q does not fit the protocol %s", form.name,
		c.Text("endpoint"), c.Text("protocol"))
}

func rawDelivery(c *Call) error {
	switch c.Text("protocol") {
	case "", "http", "https", "sqs", "firehose":
		return nil
	}
	if !c.Bool("rawMessageDelivery") {
		return nil
	}
	return c.RejectAt("rawMessageDelivery", "InvalidParameter",
		"Invalid parameter: Attributes Reason: Delivery protocol [%s] does not support raw message delivery.", c.Text("protocol"))
}

func fifoDelivery(c *Call) error {
	topic := c.Ref("topic")
	if topic == nil || !topic.Out().Bool("fifoTopic") || !c.Known("protocol") || c.Text("protocol") == "sqs" {
		return nil
	}
	return c.RejectAt("protocol", "InvalidParameter",
		"Invalid parameter: Invalid protocol type: %s: a FIFO topic delivers to SQS queues only", c.Text("protocol"))
}

func firehoseRole(c *Call) error {
	if c.Text("protocol") == "firehose" && !c.Has("subscriptionRoleArn") {
		return c.RejectAt("subscriptionRoleArn", "InvalidParameter", "Invalid parameter: SubscriptionRoleArn is required for the protocol firehose")
	}
	return TrustedBy(c, "subscriptionRoleArn", "sns.amazonaws.com", "InvalidParameter")
}

// filterPolicy demands a JSON object of at most 5 attribute names at the top.
func filterPolicy(c *Call) error {
	if err := jsonObject(c, "filterPolicy", "InvalidParameter"); err != nil || !c.Known("filterPolicy") || !c.Has("filterPolicy") {
		return err
	}
	var filter map[string]any
	_ = json.Unmarshal([]byte(c.Text("filterPolicy")), &filter) // Known to be an object from here.
	if len(filter) > 5 {
		return c.RejectAt("filterPolicy", "InvalidParameter",
			"Invalid parameter: FilterPolicy: the policy has %d attribute names, at most 5 are allowed (%s)", len(filter), snsFilter)
	}
	for name, values := range filter {
		if _, isList := values.([]any); !isList && c.Text("filterPolicyScope") != "MessageBody" {
			return c.RejectAt("filterPolicy", "InvalidParameter", "Invalid parameter: FilterPolicy: %q must be an object or an array", name)
		}
	}
	return nil
}

// deadLetters demands that the dead-letter queue exists in the subscription's account and region.
// https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
func deadLetters(c *Call) error {
	arn, err := deadLetterTarget(c, "redrivePolicy", "InvalidParameter")
	if err != nil || arn == "" || c.Preview || c.Find(queueType, arn) != nil {
		return err
	}
	return c.RejectAt("redrivePolicy", "InvalidParameter",
		"Invalid parameter: RedrivePolicy: Dead-letter queue %s does not exist in account %s and region %s", arn, c.Account, c.Region)
}

// deadLetterTarget reads deadLetterTargetArn out of a redrive policy; empty if absent or unknown.
func deadLetterTarget(c *Call, path, code string) (string, error) {
	if !c.Known(path) || c.Text(path) == "" {
		return "", nil
	}
	var policy struct{ DeadLetterTargetArn string }
	if err := json.Unmarshal([]byte(c.Text(path)), &policy); err != nil || policy.DeadLetterTargetArn == "" {
		return "", c.RejectAt(path, code, "the redrive policy must be a JSON object with deadLetterTargetArn, is %s", c.Text(path))
	}
	return policy.DeadLetterTargetArn, nil
}

// jsonObject demands a JSON object. Absent and unknown values pass.
func jsonObject(c *Call, path, code string) error {
	if !c.Known(path) || c.Text(path) == "" {
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(c.Text(path)), &object); err != nil {
		return c.RejectAt(path, code, "must be a JSON object: %v", err)
	}
	return nil
}

// subscriptionDelivers is about the queue or function at the other end, and the dead-letter queue: SNS asks for leave only
// when it delivers.
func subscriptionDelivers(c *Call) error {
	q := access{service: "sns.amazonaws.com", source: c.Text("topic"), account: c.Account}
	var problems []error
	if why := c.unreachable(c.Text("endpoint"), q); why != "" {
		problems = append(problems, c.silent("endpoint", "no message is delivered to %s: %s", c.Text("endpoint"), why))
	}
	target, _ := deadLetterTarget(c, "redrivePolicy", "")
	if queue := c.everywhere(queueType, target); queue != nil {
		if why := c.unsendable(queue, q); why != "" {
			problems = append(problems, c.silent("redrivePolicy", "undeliverable messages are lost: %s", why))
		}
	}
	return errors.Join(problems...)
}

// seconds keeps tables of durations short.
func seconds(n int, source string) Durations {
	d := time.Duration(n) * time.Second
	return Durations{Create: d, Update: d, Delete: d, Source: source}
}

// estimate is the source of a figure that nobody publishes.
func estimate(what string) string { return fmt.Sprintf("estimate, no published figure: %s", what) }

// isFIFO says which topics and queues get the suffix that AWS demands.
func isFIFO(property string) func(p Props) bool {
	return func(p Props) bool { return p.Bool(property) }
}
