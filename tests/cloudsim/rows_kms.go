package cloudsim

import (
	"strings"
)

const keyDoc = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"

func init() { register(key, keyAlias, keyPolicyRow) }

// KeyRef is a reference to a KMS key by id, ARN, alias name or alias ARN. AWS's own keys ("alias/aws/sns") need no row.
func KeyRef(path string) Ref {
	return Ref{Path: path, To: []string{keyType, aliasType}, By: []string{"id", "arn"}, Code: "NotFoundException",
		Except: func(v string) bool { return strings.Contains(v, "alias/aws/") }}
}

var key = Row{
	Type: keyType, Noun: "key",
	Doc: keyDoc,
	ID:  Format("{uuid}"),
	ARN: Format("arn:{partition}:kms:{region}:{account}:key/{id}"),
	Defaults: map[string]any{"isEnabled": true, "enableKeyRotation": false, "keyUsage": "ENCRYPT_DECRYPT",
		"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "bypassPolicyLockoutSafetyCheck": false},
	Computed: map[string]Compute{
		"keyId":       Format("{id}"),
		"description": Value(""),
		"multiRegion": Value(false),
		"policy": Format(`{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",` +
			`"Effect":"Allow","Principal":{"AWS":"arn:{partition}:iam::{account}:root"},"Action":"kms:*","Resource":"*"}]}`),
		"rotationPeriodInDays": func(c *Call) any {
			if c.Bool("enableKeyRotation") {
				return 365
			}
			return nil
		},
	},
	Refresh:  []string{"rotationPeriodInDays"},
	Replace:  []string{"keyUsage", "customerMasterKeySpec", "customKeyStoreId", "multiRegion", "xksKeyId"},
	Taggable: true,
	Limits: []Limit{
		{"deletionWindowInDays", Between(7, 30), "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"},
		{"rotationPeriodInDays", Between(90, 2560), "https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html"},
		{"keyUsage", OneOf("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"), keyDoc},
		{"description", Length(0, 8192), keyDoc},
		{"policy", Length(1, 32768), keyDoc},
	},
	Check:    keyIsGood,
	NotFound: "NotFoundException",
	// A deletion is only scheduled, and KMS does not ask who still uses the key.
	Durations: Durations{Create: second, Update: second, Delete: second, Source: "control-plane calls that answer at once; a deletion is scheduled"},
}

// keyIsGood refuses a policy that would lock everybody out, and rotation where there is none.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
func keyIsGood(c *Call) error {
	if err := ValidPolicy(c, "policy"); err != nil {
		return err
	}
	if c.Bool("enableKeyRotation") && c.Text("customerMasterKeySpec") != "SYMMETRIC_DEFAULT" && c.Known("customerMasterKeySpec") {
		return c.RejectAt("enableKeyRotation", "UnsupportedOperationException", "automatic rotation is for symmetric encryption keys only")
	}
	document, err := ParsePolicy(c.Text("policy"))
	if err != nil || !c.Known("policy") || c.Bool("bypassPolicyLockoutSafetyCheck") {
		return nil //nolint:nilerr // ValidPolicy refuses what cannot be read
	}
	for _, s := range document.Statement {
		if s.Effect == "Allow" && len(s.Principal) > 0 && s.covers("kms:PutKeyPolicy") {
			return nil
		}
	}
	return c.RejectAt("policy", "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
}

var keyAlias = Row{
	Type: aliasType, Noun: "alias",
	Doc:      "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:kms:{region}:{account}:{name}"),
	AutoName: &AutoName{},
	Computed: map[string]Compute{
		"targetKeyArn": func(c *Call) any {
			if target := c.Ref("targetKeyId"); target != nil {
				return target.ARN
			}
			return nil
		},
	},
	Refresh:  []string{"targetKeyArn"},
	Required: []string{"targetKeyId"},
	Replace:  []string{"name", "namePrefix"},
	Refs:     []Ref{{Path: "targetKeyId", To: []string{keyType}, By: []string{"id", "arn"}, Weak: true}},
	Unique:   []Unique{{Paths: []string{"name"}, Code: "AlreadyExistsException"}},
	Limits: []Limit{
		{"name", Length(1, 256), "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"},
		{"name", Matches(`^alias/[a-zA-Z0-9/_-]+$`, "alias/ followed by letters, digits and /_-"), "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"},
		{"name", Satisfies(func(v string) string {
			if strings.HasPrefix(v, "alias/aws/") {
				return "must not start with alias/aws/, which is reserved for AWS"
			}
			return ""
		}), "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"},
	},
	NotFound:  "NotFoundException",
	Durations: immediate,
}

var keyPolicyRow = Row{
	Type: keyPolicyType, Noun: "key policy",
	Doc:       "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html",
	ID:        Format("{keyId}"),
	Defaults:  map[string]any{"bypassPolicyLockoutSafetyCheck": false},
	Required:  []string{"keyId", "policy"},
	Replace:   []string{"keyId"},
	Refs:      []Ref{{Path: "keyId", To: []string{keyType}, By: []string{"id", "arn"}, Weak: true}},
	Limits:    []Limit{{"policy", Length(1, 32768), "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"}},
	Check:     keyIsGood,
	NotFound:  "NotFoundException",
	Durations: immediate,
}
