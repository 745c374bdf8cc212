package cloudsim

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

const (
	iamQuotas = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	iamNames  = `^[\w+=,.@-]+$`

	policyType           = "aws:iam/policy:Policy"
	rolePolicyType       = "aws:iam/rolePolicy:RolePolicy"
	policyAttachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	iamProfileType       = "aws:iam/instanceProfile:InstanceProfile"
)

// Most control-plane calls answer at once. One second stands for the round trip and the provider's own read-back.
var immediate = Durations{Create: time.Second, Update: time.Second, Delete: time.Second,
	Source: "control-plane call that answers at once; one second stands for the round trip and the provider's read-back"}

func init() {
	register(role, managedPolicy, rolePolicy, rolePolicyAttachment, instanceProfile)
}

// RoleRef is a reference to a role by ARN.
func RoleRef(path string) Ref { return Ref{Path: path, To: []string{roleType}, By: []string{"arn"}} }

// roleByName is a reference to a role by name, as IAM's own resources make it.
func roleByName(path string) Ref { return Ref{Path: path, To: []string{roleType}} }

// sizeWithoutSpace bounds a document the way IAM does: white space does not count.
func sizeWithoutSpace(limit int) Rule {
	return Satisfies(func(value string) string {
		n := len(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, value))
		if n <= limit {
			return ""
		}
		return fmt.Sprintf("must have at most %d characters besides white space, has %d", limit, n)
	})
}

// awsManaged says that a policy is AWS's own, which needs no row to exist.
func awsManaged(value string) bool { return strings.Contains(value, ":iam::aws:policy/") }

var role = Row{
	Type:     roleType,
	Noun:     "role",
	Doc:      "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
	Global:   true,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:iam::{account}:role{path}{name}"),
	AutoName: &AutoName{Max: 64},
	Defaults: map[string]any{"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": false},
	Computed: map[string]Compute{
		"uniqueId":   func(c *Call) any { return "AROA" + c.Capitals("unique", 17) },
		"createDate": Value("2026-01-01T00:00:00Z"),
	},
	Required: []string{"assumeRolePolicy"},
	Replace:  []string{"name", "namePrefix", "path"},
	Taggable: true,
	Refs: []Ref{{Path: "managedPolicyArns", To: []string{policyType}, By: []string{"arn"}, Except: awsManaged},
		{Path: "permissionsBoundary", To: []string{policyType}, By: []string{"arn"}, Except: awsManaged}},
	Unique: []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "EntityAlreadyExists"}},
	Limits: []Limit{
		{"name", Length(1, 64), iamQuotas},
		{"name", Matches(iamNames, "letters, digits and _+=,.@-"), iamQuotas},
		{"maxSessionDuration", Between(3600, 43200), "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"},
		{"description", Length(0, 1000), "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"},
		{"assumeRolePolicy", sizeWithoutSpace(2048), iamQuotas},
		{"inlinePolicies.policy", sizeWithoutSpace(10240), iamQuotas},
		{"managedPolicyArns", Items(0, 10), iamQuotas},
	},
	Check: func(c *Call) error {
		if err := ValidPolicy(c, "assumeRolePolicy"); err != nil {
			return err
		}
		return trustNamesWho(c)
	},
	NotFound:  "NoSuchEntity",
	InUse:     "DeleteConflict",
	Durations: immediate,
}

// trustNamesWho: a trust policy without a principal is refused, one with a resource too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func trustNamesWho(c *Call) error {
	trust, err := ParsePolicy(c.Text("assumeRolePolicy"))
	if err != nil {
		return nil //nolint:nilerr // ValidPolicy has refused it already
	}
	for _, s := range trust.Statement {
		if len(s.Principal)+len(s.NotPrincipal) == 0 {
			return c.RejectAt("assumeRolePolicy", "MalformedPolicyDocument", "Missing required field Principal")
		}
		if len(s.Resource) > 0 {
			return c.RejectAt("assumeRolePolicy", "MalformedPolicyDocument", "Has prohibited field Resource")
		}
		for _, action := range s.Action {
			if !strings.HasPrefix(strings.ToLower(action), "sts:") {
				return c.RejectAt("assumeRolePolicy", "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
	}
	return nil
}

// permissionsAreGood: an identity policy names no principal.
func permissionsAreGood(c *Call) error {
	if err := ValidPolicy(c, "policy"); err != nil {
		return err
	}
	document, err := ParsePolicy(c.Text("policy"))
	if err != nil {
		return nil //nolint:nilerr // it is not known yet
	}
	for _, s := range document.Statement {
		if len(s.Principal) > 0 {
			return c.RejectAt("policy", "MalformedPolicyDocument", "Policy document should not specify a principal.")
		}
		if len(s.Resource)+len(s.NotResource) == 0 {
			return c.RejectAt("policy", "MalformedPolicyDocument", "Policy statement must contain resources.")
		}
		for _, resource := range append(append(list{}, s.Resource...), s.NotResource...) {
			if resource != "*" && !strings.HasPrefix(resource, "arn:") {
				return c.RejectAt("policy", "MalformedPolicyDocument", "Resource %s must be in ARN format or \"*\".", resource)
			}
		}
	}
	return nil
}

var managedPolicy = Row{
	Type: policyType, Noun: "policy",
	Doc:      "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html",
	Global:   true,
	ID:       Format("arn:{partition}:iam::{account}:policy{path}{name}"),
	ARN:      Format("{id}"),
	AutoName: &AutoName{},
	Defaults: map[string]any{"path": "/"},
	Computed: map[string]Compute{"policyId": func(c *Call) any { return "ANPA" + c.Capitals("unique", 17) }, "attachmentCount": Value(0)},
	Required: []string{"policy"},
	Replace:  []string{"name", "namePrefix", "path", "description"},
	Taggable: true,
	Unique:   []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "EntityAlreadyExists"}},
	Limits: []Limit{
		{"name", Length(1, 128), iamQuotas},
		{"name", Matches(iamNames, "letters, digits and _+=,.@-"), iamQuotas},
		{"policy", sizeWithoutSpace(6144), iamQuotas},
	},
	Check:     permissionsAreGood,
	NotFound:  "NoSuchEntity",
	InUse:     "DeleteConflict",
	Durations: immediate,
}

var rolePolicy = Row{
	Type: rolePolicyType, Noun: "role policy",
	Doc:      "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
	Global:   true,
	ID:       Format("{role}:{name}"),
	AutoName: &AutoName{},
	Required: []string{"role", "policy"},
	Replace:  []string{"role", "name", "namePrefix"},
	Refs:     []Ref{roleByName("role")},
	Unique:   []Unique{{Paths: []string{"name", "role"}, Scope: InAccount, Code: "EntityAlreadyExists"}},
	Limits: []Limit{
		{"name", Length(1, 128), iamQuotas},
		{"policy", sizeWithoutSpace(10240), iamQuotas},
	},
	Check:     permissionsAreGood,
	NotFound:  "NoSuchEntity",
	Durations: immediate,
}

var rolePolicyAttachment = Row{
	Type: policyAttachmentType, Noun: "policy attachment",
	Doc:    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html",
	Global: true,
	ID:     func(c *Call) any { return c.Text("role") + "-" + c.Hex("attachment", 26) },
	// A creation followed by a deletion would take off the attachment just made.
	DeleteFirst: true,
	Required:    []string{"role", "policyArn"},
	Replace:     []string{"role", "policyArn"},
	Refs: []Ref{roleByName("role"),
		{Path: "policyArn", To: []string{policyType}, By: []string{"arn"}, Except: awsManaged}},
	Check: func(c *Call) error {
		attached := c.Where(policyAttachmentType, "role", c.Text("role"))
		if len(attached) >= 10 {
			return c.RejectAt("role", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10 (%s)", iamQuotas)
		}
		return nil
	},
	NotFound:  "NoSuchEntity",
	Durations: immediate,
}

var instanceProfile = Row{
	Type: iamProfileType, Noun: "instance profile",
	Doc:      "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html",
	Global:   true,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:iam::{account}:instance-profile{path}{name}"),
	AutoName: &AutoName{},
	Defaults: map[string]any{"path": "/"},
	Computed: map[string]Compute{"uniqueId": func(c *Call) any { return "AIPA" + c.Capitals("unique", 17) },
		"createDate": Value("2026-01-01T00:00:00Z")},
	Replace:  []string{"name", "namePrefix", "path"},
	Taggable: true,
	Refs:     []Ref{roleByName("role")},
	Unique:   []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "EntityAlreadyExists"}},
	Limits:   []Limit{{"name", Length(1, 128), iamQuotas}},
	Check: func(c *Call) error {
		return TrustedBy(c, "role", "ec2.amazonaws.com", "InvalidParameterValue")
	},
	NotFound: "NoSuchEntity",
	Durations: Durations{Create: 10 * second, Update: 10 * second, Delete: second,
		Source: "the provider waits until the new profile can be read everywhere: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"},
}
