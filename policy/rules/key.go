package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const (
	kmsKey         = "aws:kms/key:Key"
	kmsReplicaKey  = "aws:kms/replicaKey:ReplicaKey"
	kmsExternalKey = "aws:kms/externalKey:ExternalKey"
	kmsKeyPolicy   = "aws:kms/keyPolicy:KeyPolicy"
)

// What AWS takes when nothing is said.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
var _ = policy.Default(kmsKey, map[string]any{
	"enableKeyRotation": false, "deletionWindowInDays": 30, "isEnabled": true, "bypassPolicyLockoutSafetyCheck": false,
	"keyUsage": "ENCRYPT_DECRYPT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
})

// https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
var _ = policy.Default(kmsReplicaKey, map[string]any{
	"deletionWindowInDays": 30, "enabled": true, "bypassPolicyLockoutSafetyCheck": false,
})

// keyRules are about KMS keys, and about secrets and parameters (key_secret.go).
func keyRules() []*policy.Rule {
	return []*policy.Rule{
		kmsRotation(), kmsNoStarPrincipal(), kmsDeletionWindow(), kmsEnabled(), kmsPolicyDefined(), kmsPolicyKeepsAdmin(),
		secretRotated(), secretOwnKey(), parameterSecure(), documentPrivate(),
	}
}

func kmsRotation() *policy.Rule {
	return &policy.Rule{
		ID: "kms-rotation", Title: "Keys rotate by themselves", Severity: policy.Medium,
		Types:   []string{kmsKey},
		Anchors: "nag:KMS5 ckv:7 trivy:0065 awsguard:cmk-backing-key-rotation-enabled cp:aws-kms-key-enable-key-rotation config:cmk-backing-key-rotation-enabled nist:SC-12",
		Why:     "without rotation one key protects everything ever written, so a single leak of it opens all of the past as well as the future",
		Fix:     "set enableKeyRotation to true; the key's id and its users stay as they are",
		Sources: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"},
		Check: func(c *policy.Case) {
			spec, usage := c.Get("customerMasterKeySpec"), c.Get("keyUsage")
			if spec.Known() && !spec.Is("SYMMETRIC_DEFAULT") || usage.Known() && !usage.Is("ENCRYPT_DECRYPT") {
				c.Skip("KMS rotates symmetric encryption keys only")
				return
			}
			if !c.Get("customKeyStoreId").Empty() {
				c.Skip("KMS does not rotate keys of a custom key store")
				return
			}
			c.True("enableKeyRotation")
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: true, policy: "{}"}}
`,
			Bad:   []string{"key.enableKeyRotation=false", "key.enableKeyRotation!"},
			Guard: "key.enableKeyRotation", Absent: policy.Violation, Exempt: "key.customerMasterKeySpec=RSA_2048",
		},
	}
}

func kmsNoStarPrincipal() *policy.Rule {
	return &policy.Rule{
		ID: "kms-no-star-principal", Title: "No key may be used by everybody", Severity: policy.Critical,
		Types:    []string{kmsKey, kmsReplicaKey, kmsExternalKey, kmsKeyPolicy},
		Blocking: true,
		Anchors:  "fsbp:KMS.5 ckv:33 guard:kms-no-wildcard-principal nist:AC-3",
		Why:      "a statement with principal * and no narrowing condition lets any AWS account use the key, and with it read what it protects",
		Fix:      "name the principals, or add a condition such as kms:CallerAccount or aws:PrincipalOrgID",
		Sources:  []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"},
		Check: func(c *policy.Case) {
			statements, unknown := iam.Statements(c.Get("policy"))
			c.Unclear(unknown...)
			for _, s := range statements {
				if s.Public() {
					c.Fail(s.Value.Get("Principal"), "principals of known accounts, or a condition that names the callers")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      enableKeyRotation: true
      policy: {$json: {Statement: [{Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:root"}}]}}
`,
			Bad: []string{
				`key.policy.Statement[0].Principal={AWS: "*"}`,
				`key.policy.Statement[0].Principal="*"`,
				`key.policy.Statement[0].Principal={AWS: "*"} ; key.policy.Statement[0].Condition={StringNotEquals: {"aws:PrincipalAccount": "444444444444"}}`,
				`key.policy.Statement[0].Principal={AWS: "*"} ; key.policy.Statement[0].Condition={StringEquals: {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}`,
			},
			Guard: "key.policy", Absent: policy.Pass,
			Also: []string{"kms-policy-keeps-admin", "kms-reach", "kms-reach-service"},
		},
	}
}

func kmsDeletionWindow() *policy.Rule {
	return &policy.Rule{
		ID: "kms-deletion-window", Title: "A deleted key can be called back for long enough", Severity: policy.Critical, ProdOnly: true,
		Types:   []string{kmsKey, kmsReplicaKey, kmsExternalKey},
		Anchors: "fsbp:KMS.3 config:kms-cmk-not-scheduled-for-deletion nist:SC-12",
		Why:     "when the waiting period is over everything encrypted with the key is lost for good; a short one can pass before anybody sees the failed decryptions",
		Fix:     "set deletionWindowInDays to 30, or leave it out: that is AWS's default",
		Sources: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"},
		Settings: []policy.Setting{{
			Name: "days", Kind: policy.KindNumber, Default: 30, Bounded: true, Minimum: 7, Maximum: 30, Help: "the shortest waiting period, in days",
		}},
		Check: func(c *policy.Case) {
			if days, ok := c.Number("days"); ok {
				c.AtLeast("deletionWindowInDays", days)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", properties: {deletionWindowInDays: 30, enableKeyRotation: true, policy: "{}"}}
`,
			Bad:   []string{"key.deletionWindowInDays=7", "key.deletionWindowInDays=29"},
			Guard: "key.deletionWindowInDays", Absent: policy.Pass,
		},
	}
}

func kmsEnabled() *policy.Rule {
	return &policy.Rule{
		ID: "kms-enabled", Title: "Keys are enabled", Severity: policy.High,
		Types:   []string{kmsKey, kmsReplicaKey, kmsExternalKey},
		Anchors: "fsbp:KMS.3 ckv:227 config:kms-cmk-not-scheduled-for-deletion nist:SC-12",
		Why:     "a disabled key answers no request: volumes do not attach, queues and topics refuse messages, logs are not written",
		Fix:     "set isEnabled (enabled for replicas and imported keys) to true",
		Sources: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html"},
		Check: func(c *policy.Case) {
			path := "enabled"
			if c.Type == kmsKey {
				path = "isEnabled"
			}
			if v := c.Get(path); !v.Absent() {
				c.True(path)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", properties: {isEnabled: true, enableKeyRotation: true, policy: "{}"}}
  copy: {type: "aws:kms/replicaKey:ReplicaKey", properties: {enabled: true, policy: "{}"}}
`,
			Bad:   []string{"key.isEnabled=false", "copy.enabled=false"},
			Guard: "key.isEnabled", Absent: policy.Pass, Also: []string{"topic-key-admits-publisher"},
		},
	}
}

func kmsPolicyDefined() *policy.Rule {
	return &policy.Rule{
		ID: "kms-policy-defined", Title: "Every key says who may use it", Severity: policy.Medium,
		Types:   []string{kmsKey, kmsReplicaKey, kmsExternalKey},
		Anchors: "ckv2:64 nist:AC-3",
		Why:     "the default policy leaves the key to whatever any IAM policy of the account grants, now or later",
		Fix:     "set policy to a document that names the administrators and each service that uses the key",
		Sources: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"},
		Check: func(c *policy.Case) {
			if len(keyPolicies(c.Graph())[c.Node]) > 0 {
				return
			}
			c.Set("policy", "a key policy")
		},
		Proof: policy.Proof{
			Good: `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      enableKeyRotation: true
      policy: {$json: {Statement: [{Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:root"}}]}}
`,
			Bad:       []string{"key.policy!", `key.policy=""`},
			Unguarded: "a policy that is only known later is a policy",
			Also:      []string{"kms-reach", "kms-reach-service", "topic-key-admits-publisher", "dead-letter-deliverable"},
		},
	}
}

var keyPolicyIndex byte

// keyPolicies are the separate policy resources of each key.
func keyPolicies(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &keyPolicyIndex, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		index := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(kmsKeyPolicy) {
			for _, key := range n.Get("keyId").Ref(kmsKey, kmsReplicaKey, kmsExternalKey).Nodes {
				index[key] = append(index[key], n)
			}
		}
		return index
	})
}

func kmsPolicyKeepsAdmin() *policy.Rule {
	return &policy.Rule{
		ID: "kms-policy-keeps-admin", Title: "Somebody in the account can always change a key's policy", Severity: policy.High,
		Types:   []string{kmsKey, kmsReplicaKey, kmsExternalKey, kmsKeyPolicy},
		Anchors: "ckv2:64 cp:aws-kms-key-disallow-bypass-policy-lockout-safety-check nist:SC-12",
		Why:     "a key whose policy nobody may change is out of reach for good, the account's root user included: only AWS Support can give it back",
		Fix:     "let a principal of the account do kms:PutKeyPolicy, and leave the lockout check on (bypassPolicyLockoutSafetyCheck false)",
		Sources: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"},
		Check: func(c *policy.Case) {
			c.False("bypassPolicyLockoutSafetyCheck")
			document := c.Get("policy")
			if document.Empty() {
				return // The default policy keeps the account in.
			}
			statements, unknown := iam.Statements(document)
			if len(unknown) > 0 {
				c.Unclear(unknown...)
				return
			}
			if len(statements) > 0 && !administrable(statements) {
				c.Broken("policy", "no statement lets a principal of an account do kms:PutKeyPolicy", "a statement that allows kms:PutKeyPolicy")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      enableKeyRotation: true
      policy:
        $json:
          Statement:
            - {Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:root"}}
`,
			Bad: []string{
				`key.policy.Statement[0].Action=["kms:Decrypt"]`,
				`key.policy.Statement[0].Principal={Service: "sns.amazonaws.com"}`,
				"key.policy.Statement[0].Effect=Deny",
				"key.bypassPolicyLockoutSafetyCheck=true",
			},
			Guard: "key.policy", Absent: policy.Pass,
			Also: []string{"kms-reach", "kms-reach-service"},
		},
	}
}

// administrable says that a principal of an account may change the policy itself.
func administrable(statements []iam.Statement) bool {
	for _, s := range statements {
		if !s.Allow || !s.Does("kms:PutKeyPolicy") {
			continue
		}
		for _, principal := range s.Principals {
			if principal == "*" || strings.HasPrefix(principal, "AWS:") {
				return true
			}
		}
	}
	return false
}
