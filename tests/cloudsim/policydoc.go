package cloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A Policy is an IAM policy document. Only what decides about "may this principal do that" is read; conditions are kept
// but a statement counts as granting whatever its conditions are, except where a function says otherwise.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is one statement of a policy document. IAM lets single values stand for lists of one.
type Statement struct {
	Sid          string
	Effect       string
	Principal    Principal
	NotPrincipal Principal
	Action       list
	NotAction    list
	Resource     list
	NotResource  list
	Condition    map[string]map[string]any
}

// Principal maps AWS, Service, Federated or CanonicalUser to who is meant; "*" alone is kept under "*".
type Principal map[string]list

type list []string

// UnmarshalJSON takes one string or a list.
func (l *list) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = list{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return fmt.Errorf("must be a string or a list of strings: %w", err)
	}
	*l = many
	return nil
}

// UnmarshalJSON takes "*" or an object.
func (p *Principal) UnmarshalJSON(data []byte) error {
	var star string
	if json.Unmarshal(data, &star) == nil {
		if star != "*" {
			return fmt.Errorf("principal %q must be \"*\" or an object", star)
		}
		*p = Principal{"*": list{"*"}}
		return nil
	}
	var object map[string]list
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*p = object
	return nil
}

// ParsePolicy reads a policy document.
func ParsePolicy(document string) (Policy, error) {
	var raw struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(document), &raw); err != nil {
		return Policy{}, fmt.Errorf("not a JSON document: %w", err)
	}
	p := Policy{Version: raw.Version}
	if len(raw.Statement) == 0 {
		return p, fmt.Errorf("the document has no statement")
	}
	if strings.HasPrefix(strings.TrimSpace(string(raw.Statement)), "{") {
		raw.Statement = json.RawMessage("[" + string(raw.Statement) + "]")
	}
	if err := json.Unmarshal(raw.Statement, &p.Statement); err != nil {
		return p, fmt.Errorf("statement: %w", err)
	}
	return p, p.validate()
}

func (p Policy) validate() error {
	if p.Version != "" && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
		return fmt.Errorf("version %q is neither 2012-10-17 nor 2008-10-17", p.Version)
	}
	for i, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			return fmt.Errorf("statement %d: effect %q is neither Allow nor Deny", i, s.Effect)
		}
		if len(s.Action)+len(s.NotAction) == 0 {
			return fmt.Errorf("statement %d names no action", i)
		}
	}
	return nil
}

// Allows reports whether the document lets the service principal ("sns.amazonaws.com"), account or ARN do the action: some
// statement allows it and none without a condition denies it.
func (p Policy) Allows(principal, action string) bool {
	allowed := false
	for _, s := range p.Statement {
		if !s.concerns(principal, action) {
			continue
		}
		if s.Effect == "Deny" && len(s.Condition) == 0 {
			return false
		}
		allowed = allowed || s.Effect == "Allow"
	}
	return allowed
}

func (s Statement) concerns(principal, action string) bool {
	return s.names(principal) && s.covers(action)
}

func (s Statement) names(principal string) bool {
	for kind, who := range s.Principal {
		for _, one := range who {
			if one == principal || one == "*" && (kind == "*" || kind == "AWS" || kind == "Service") {
				return true
			}
		}
	}
	return false
}

// covers reports whether the statement's actions include the action. An action that itself ends in a star asks for the
// whole family and is covered only by a statement at least as wide, or by any one member that the family is granted as.
func (s Statement) covers(action string) bool {
	for _, pattern := range s.Action {
		if Glob(strings.ToLower(pattern), strings.ToLower(action)) {
			return true
		}
	}
	if len(s.NotAction) == 0 {
		return false
	}
	for _, pattern := range s.NotAction {
		if Glob(strings.ToLower(pattern), strings.ToLower(action)) {
			return false
		}
	}
	return true
}

// Glob matches IAM's wildcards: * for any characters, ? for one.
func Glob(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		return Glob(pattern[1:], s) || s != "" && Glob(pattern, s[1:])
	}
	return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && Glob(pattern[1:], s[1:])
}

// ValidPolicy refuses an input that is not a policy document. Absent and unknown values pass.
func ValidPolicy(c *Call, path string) error {
	if !c.Known(path) || c.Text(path) == "" {
		return nil
	}
	policy, err := ParsePolicy(c.Text(path))
	if err == nil {
		err = errors.Join(policy.form(), strictly(c.Text(path)))
	}
	if err != nil {
		return c.RejectAt(path, "MalformedPolicyDocument", "the policy document is malformed: %v (%s)", err, policyGrammar)
	}
	return principalsExist(c, path, policy)
}

// TrustedBy refuses a reference to a role that the service may not assume. The path must be a declared reference.
func TrustedBy(c *Call, path, service, code string) error {
	for _, r := range c.Refs(path) {
		if r.Type != roleType || !r.In().Known("assumeRolePolicy") {
			continue
		}
		trust, err := ParsePolicy(r.In().Text("assumeRolePolicy"))
		if err == nil && trust.Allows(service, "sts:AssumeRole") {
			continue
		}
		return c.RejectAt(path, code, "the role %s cannot be assumed by %s: its trust policy does not allow that service sts:AssumeRole",
			r.ARN, service)
	}
	return nil
}

// KeyAdmits refuses a reference to a KMS key whose policy does not let the service principal do the actions. The path must
// be a declared reference. A key without a policy of its own has the default one, which admits the account only. A KeyPolicy
// resource replaces the key's own document.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func KeyAdmits(c *Call, path, service string, actions ...string) error {
	for _, r := range c.Refs(path) {
		key := c.keyOf(r)
		if key == nil || !key.In().Known("policy") {
			continue
		}
		policy, readable := c.documentOf(key, keyPolicyType, "keyId")
		for _, action := range actions {
			if readable && !policy.Allows(service, action) {
				return c.RejectAt(path, "AccessDeniedException", "the policy of key %s does not allow %s to call %s", key.ARN, service, action)
			}
		}
	}
	return nil
}

// keyOf follows an alias to its key.
func (c *Call) keyOf(r *Resource) *Resource {
	if r.Type == keyType {
		return r
	}
	if r.Type == aliasType {
		return c.Find(keyType, r.Out().Text("targetKeyId"))
	}
	return nil
}

const (
	roleType  = "aws:iam/role:Role"
	keyType   = "aws:kms/key:Key"
	aliasType = "aws:kms/alias:Alias"
)

// RoleMay refuses a reference to a role none of whose inline or customer-managed policies allows the actions. AWS-managed
// policies are not modelled: a role that has one attached passes.
func RoleMay(c *Call, path, code string, actions ...string) error {
	for _, r := range c.Refs(path) {
		if r.Type != roleType {
			continue
		}
		documents, opaque := c.policiesOf(r)
		for _, action := range actions {
			if !opaque && !anyGrants(documents, action) {
				return c.RejectAt(path, code, "the role %s is not authorized to perform %s", r.ARN, action)
			}
		}
	}
	return nil
}

func anyGrants(documents []Policy, action string) bool {
	for _, document := range documents {
		for _, s := range document.Statement {
			if s.Effect == "Allow" && s.covers(action) {
				return true
			}
		}
	}
	return false
}

// policiesOf collects the documents attached to a role; opaque means that one of them cannot be read here.
func (c *Call) policiesOf(r *Resource) (documents []Policy, opaque bool) {
	add := func(p Props, path string) {
		document, err := ParsePolicy(p.Text(path))
		opaque = opaque || !p.Known(path)
		if err == nil {
			documents = append(documents, document)
		}
	}
	for _, inline := range r.In().Objects("inlinePolicies") {
		add(inline, "policy")
	}
	for _, p := range c.Where("aws:iam/rolePolicy:RolePolicy", "role", r.ID) {
		add(p.In(), "policy")
	}
	for _, a := range c.Where("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", r.ID) {
		managed := c.Find("aws:iam/policy:Policy", a.Out().Text("policyArn"))
		opaque = opaque || managed == nil
		if managed != nil {
			add(managed.In(), "policy")
		}
	}
	return documents, opaque || len(r.In().Texts("managedPolicyArns")) > 0
}
