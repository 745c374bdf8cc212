package cloudsim

import "time"

const iamQuotas = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"

// Most control-plane calls answer at once. One second stands for the round trip and the provider's own read-back.
var immediate = Durations{Create: time.Second, Update: time.Second, Delete: time.Second,
	Source: "control-plane call that answers at once; one second stands for the round trip and the provider's read-back"}

func init() {
	register(role)
}

var role = Row{
	Type:     "aws:iam/role:Role",
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
	Unique:   []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "EntityAlreadyExists"}},
	Limits: []Limit{
		{"name", Length(1, 64), iamQuotas},
		{"maxSessionDuration", Between(3600, 43200), "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"},
	},
	Check:     func(c *Call) error { return ValidPolicy(c, "assumeRolePolicy") },
	NotFound:  "NoSuchEntity",
	InUse:     "DeleteConflict",
	Durations: immediate,
}
