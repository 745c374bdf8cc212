package cloudsim

import (
	"errors"
	"fmt"
	"strings"
)

// This file answers the questions that AWS does not ask when a notification path is laid, but only when the first message
// comes: may this service publish to that topic, send to that queue, use that key?

const (
	topicType        = "aws:sns/topic:Topic"
	topicPolicyType  = "aws:sns/topicPolicy:TopicPolicy"
	queueType        = "aws:sqs/queue:Queue"
	queuePolicyType  = "aws:sqs/queuePolicy:QueuePolicy"
	functionType     = "aws:lambda/function:Function"
	permissionType   = "aws:lambda/permission:Permission"
	keyPolicyType    = "aws:kms/keyPolicy:KeyPolicy"
	bucketPolicyType = "aws:s3/bucketPolicy:BucketPolicy"
)

// An access is what a service asks of a resource-based policy.
type access struct {
	service  string // The service principal: "cloudwatch.amazonaws.com".
	action   string // "sns:Publish".
	resource string // ARN of what is acted upon; empty when the document does not name it, as in key policies.
	source   string // ARN of what the service acts for: the alarm, the rule.
	account  string // Account of the source.
	// owner says that the service also answers to AWS:SourceOwner, the condition in the default policy of a topic.
	// CloudWatch alarms do; EventBridge does not.
	owner bool
}

// admits reports whether the document lets the service make the access. Conditions on the source's ARN and account are
// evaluated; others are taken as met in an Allow and as not met in a Deny.
func (p Policy) admits(q access) bool {
	allowed := false
	for _, s := range p.Statement {
		if !s.concerns(q.service, q.action) || !s.about(q.resource) {
			continue
		}
		met, certain := s.met(q)
		if s.Effect == "Deny" && met && certain {
			return false
		}
		allowed = allowed || s.Effect == "Allow" && met
	}
	return allowed
}

// about reports whether the statement is about the resource.
func (s Statement) about(resource string) bool {
	if resource == "" || len(s.Resource)+len(s.NotResource) == 0 {
		return true
	}
	for _, pattern := range s.Resource {
		if Glob(pattern, resource) {
			return true
		}
	}
	if len(s.NotResource) == 0 {
		return false
	}
	for _, pattern := range s.NotResource {
		if Glob(pattern, resource) {
			return false
		}
	}
	return true
}

// met evaluates the conditions; certain is false when one of them cannot be judged here.
func (s Statement) met(q access) (met, certain bool) {
	met, certain = true, true
	for operator, keys := range s.Condition {
		for key, values := range keys {
			ok, known := q.meets(operator, strings.ToLower(key), texts(values))
			met, certain = met && ok, certain && known
		}
	}
	return met, certain
}

// meets evaluates one condition.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (q access) meets(operator, key string, values []string) (met, known bool) {
	var actual string
	switch key {
	case "aws:sourcearn":
		actual = q.source
	case "aws:sourceaccount":
		actual = q.account
	case "aws:sourceowner":
		if !q.owner {
			return false, true
		}
		actual = q.account
	default:
		return true, false
	}
	if actual == "" {
		return true, false
	}
	return compare(strings.TrimSuffix(operator, "IfExists"), actual, values)
}

func compare(operator, actual string, values []string) (met, known bool) {
	found := false
	for _, value := range values {
		exact := operator == "StringEquals" || operator == "StringNotEquals"
		found = found || value == actual || !exact && Glob(value, actual)
	}
	switch operator {
	case "StringEquals", "StringLike", "ArnEquals", "ArnLike":
		return found, true
	case "StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike":
		return !found, true
	}
	return true, false
}

func texts(values any) []string {
	if one, ok := values.(string); ok {
		return []string{one}
	}
	var out []string
	many, _ := values.([]any)
	for _, value := range many {
		out = append(out, fmt.Sprint(value))
	}
	return out
}

// documentOf is the policy in force on a resource: that of a policy resource which names it, else its own. The flag is
// false when there is none or it cannot be read.
func (c *Call) documentOf(r *Resource, policyType, namedBy string) (Policy, bool) {
	document := r.Out().Text("policy")
	for _, p := range c.InRegion("*", policyType) {
		if by := p.Out().Text(namedBy); by == r.ID || r.ARN != "" && by == r.ARN {
			document = p.Out().Text("policy")
		}
	}
	policy, err := ParsePolicy(document)
	return policy, err == nil
}

// unusable says why the service cannot use a key, or "" if it can. The name may be an id, an ARN or an alias of either
// form; awsManaged is the alias of the key that AWS manages for the service the key is used by.
func (c *Call) unusable(name, region, awsManaged string, q access, actions ...string) string {
	if name == "" {
		return ""
	}
	if strings.HasSuffix(name, awsManaged) {
		return fmt.Sprintf("the policy of the AWS managed key %s does not admit %s and cannot be changed; use a customer managed key",
			awsManaged, q.service)
	}
	key := c.keyNamed(name, region)
	if key == nil {
		return ""
	}
	if key.Out().Has("isEnabled") && !key.Out().Bool("isEnabled") {
		return fmt.Sprintf("the key %s is disabled", key.ARN)
	}
	policy, ok := c.documentOf(key, keyPolicyType, "keyId")
	for _, action := range actions {
		q.action, q.resource = action, ""
		if ok && !policy.admits(q) {
			return fmt.Sprintf("the policy of key %s does not allow %s to call %s", key.ARN, q.service, action)
		}
	}
	return ""
}

// keyNamed finds a key by id, ARN, alias name or alias ARN.
func (c *Call) keyNamed(name, region string) *Resource {
	for _, alias := range c.InRegion(region, aliasType) {
		if name == alias.ARN || name == alias.Out().Text("name") {
			name = alias.Out().Text("targetKeyId")
		}
	}
	for _, key := range c.InRegion(region, keyType) {
		if name == key.ID || name == key.ARN {
			return key
		}
	}
	return nil
}

// isKeyOfAWS exempts the keys that AWS manages from being looked up.
func isKeyOfAWS(value string) bool {
	return strings.HasPrefix(value, "alias/aws/") || strings.Contains(value, ":alias/aws/")
}

// keyRefs declares a reference to a key by id, ARN or alias.
func keyRefs(path, code string) []Ref {
	return []Ref{{Path: path, To: []string{keyType, aliasType}, By: []string{"id", "arn", "name"}, Except: isKeyOfAWS, Code: code}}
}

// unpublishable says why the service cannot publish to a topic, or "" if it can.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func (c *Call) unpublishable(topic *Resource, q access) string {
	q.action, q.resource = "sns:Publish", topic.ARN
	if policy, ok := c.documentOf(topic, topicPolicyType, "arn"); ok && !policy.admits(q) {
		return fmt.Sprintf("the policy of topic %s does not allow %s to call sns:Publish for %s", topic.ARN, q.service, q.source)
	}
	return c.unusable(topic.Out().Text("kmsMasterKeyId"), topic.Region, "alias/aws/sns", q, "kms:Decrypt", "kms:GenerateDataKey")
}

// unsendable says why the service cannot send to a queue, or "" if it can.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
func (c *Call) unsendable(queue *Resource, q access) string {
	q.action, q.resource = "sqs:SendMessage", queue.ARN
	policy, ok := c.documentOf(queue, queuePolicyType, "queueUrl")
	if !ok || !policy.admits(q) {
		return fmt.Sprintf("the policy of queue %s does not allow %s to call sqs:SendMessage for %s", queue.ARN, q.service, q.source)
	}
	return c.unusable(queue.Out().Text("kmsMasterKeyId"), queue.Region, "alias/aws/sqs", q, "kms:Decrypt", "kms:GenerateDataKey")
}

// uninvokable says why the service cannot invoke a function, or "" if it can.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
func (c *Call) uninvokable(function *Resource, q access) string {
	for _, p := range c.InRegion("*", permissionType) {
		name, source := p.Out().Text("function"), p.Out().Text("sourceArn")
		named := name == function.ARN || name == function.Name() || name == function.ID
		if named && p.Out().Text("principal") == q.service && (source == "" || Glob(source, q.source)) {
			return ""
		}
	}
	return fmt.Sprintf("no permission on function %s lets %s invoke it for %s", function.ARN, q.service, q.source)
}

// unreachable says why the service cannot deliver to a topic, queue or function of the model, or "" if it can or if the
// ARN names none of them.
func (c *Call) unreachable(arn string, q access) string {
	if topic := c.everywhere(topicType, arn); topic != nil {
		return c.unpublishable(topic, q)
	}
	if queue := c.everywhere(queueType, arn); queue != nil {
		return c.unsendable(queue, q)
	}
	if function := c.everywhere(functionType, arn); function != nil {
		return c.uninvokable(function, q)
	}
	return ""
}

// everywhere finds a resource of the account by its ARN, whatever the region.
func (c *Call) everywhere(typ, arn string) *Resource {
	for _, r := range c.InRegion("*", typ) {
		if arn != "" && r.ARN == arn {
			return r
		}
	}
	return nil
}

// Idle explains which resources AWS accepts although they do nothing, by URN, for a state directory that was opened to
// look at it; see Recorder.Idle.
func (m *Model) Idle() (map[string]string, error) {
	if err := m.begin(); err != nil {
		return nil, err
	}
	m.end()
	return m.idle(), nil
}

// idleWhen makes a row's Idle out of rules about finished deployments. AWS lets the parts be made in any order, so what
// it never asks can be judged only when all are there.
func idleWhen(rules ...func(c *Call) error) func(c *Call) string {
	return func(c *Call) string {
		var problems []error
		for _, rule := range rules {
			problems = append(problems, rule(c))
		}
		if err := errors.Join(problems...); err != nil {
			return err.Error()
		}
		return ""
	}
}

// silent words what AWS itself does not refuse.
func (c *Call) silent(property, format string, args ...any) error {
	return fmt.Errorf("%s: AWS accepts this and it never works: %s", property, fmt.Sprintf(format, args...))
}

// named makes an id from inputs. In a preview they may be unknown, and the id is then a stand-in.
func named(template string, paths ...string) Compute {
	return func(c *Call) any {
		if c.Preview && !c.Known(paths...) {
			return "planned-" + c.Hex("planned", 16)
		}
		return c.Format(template)
	}
}

// sameAs makes an id that is the same as an input.
func sameAs(path string) Compute {
	return func(c *Call) any {
		if c.Preview && !c.Known(path) {
			return "planned-" + c.Hex("planned", 16)
		}
		return c.Text(path)
	}
}
