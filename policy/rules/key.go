package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const (
	kmsKey           = "aws:kms/key:Key"
	kmsReplicaKey    = "aws:kms/replicaKey:ReplicaKey"
	kmsExternalKey   = "aws:kms/externalKey:ExternalKey"
	kmsKeyPolicy     = "aws:kms/keyPolicy:KeyPolicy"
	managedSecret    = "aws:secretsmanager/secret:Secret"
	secretRotation   = "aws:secretsmanager/secretRotation:SecretRotation"
	ssmParameter     = "aws:ssm/parameter:Parameter"
	ssmDocument      = "aws:ssm/document:Document"
	ssmServiceConfig = "aws:ssm/serviceSetting:ServiceSetting"
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

// keyRules are about KMS keys, secrets and parameters.
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

var rotationIndex byte

// rotations are the rotation of each secret.
func rotations(g *policy.Graph) map[*policy.Node]*policy.Node {
	return policy.Memo(g, &rotationIndex, func(g *policy.Graph) map[*policy.Node]*policy.Node {
		index := map[*policy.Node]*policy.Node{}
		for _, n := range g.ByType(secretRotation) {
			for _, secret := range n.Get("secretId").Ref(managedSecret).Nodes {
				index[secret] = n
			}
		}
		return index
	})
}

func secretRotated() *policy.Rule {
	return &policy.Rule{
		ID: "secret-rotation", Title: "Secrets rotate by themselves, at least every 90 days", Severity: policy.Medium, ProdOnly: true,
		Types:   []string{managedSecret},
		Anchors: "nag:SMG4 fsbp:SecretsManager.1,SecretsManager.4 ckv2:57 ckv:304 config:secretsmanager-rotation-enabled-check nist:IA-5",
		Why:     "a secret that never changes is good for as long as the oldest copy of it lives: a log, a laptop, a former colleague's notes",
		Fix:     "add a SecretRotation of the secret with rotationRules.automaticallyAfterDays of 90 or less",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html"},
		Settings: []policy.Setting{{
			Name: "days", Kind: policy.KindNumber, Default: 90, Bounded: true, Minimum: 1, Maximum: 1000, Help: "the longest time between rotations, in days",
		}},
		Check: checkRotation,
		Proof: policy.Proof{
			Good: `
resources:
  password: {type: "aws:secretsmanager/secret:Secret", properties: {kmsKeyId: "alias/own"}}
  rotation:
    type: aws:secretsmanager/secretRotation:SecretRotation
    properties: {secretId: "${password.id}", rotationRules: {automaticallyAfterDays: 30}}
`,
			Bad: []string{
				"rotation!", "rotation.rotationRules.automaticallyAfterDays=91", `rotation.secretId="other"`, "rotation.rotationRules!",
			},
			Guard: "rotation.rotationRules.automaticallyAfterDays", Absent: policy.Violation,
			Exempt: `password.tags={"rotation": "none"}`, FixtureOnly: "the environments keep no secrets in Secrets Manager",
		},
	}
}

func checkRotation(c *policy.Case) {
	if c.Get("tags").Key("rotation").Is("none") {
		c.Skip("its tag rotation says that it cannot be rotated")
		return
	}
	rotation := rotations(c.Graph())[c.Node]
	if rotation == nil {
		c.Broken("", "no rotation", "a SecretRotation of it")
		return
	}
	saw := policy.Saw(rotation, "rotationRules", "the rotation of the secret")
	if schedule := rotation.Get("rotationRules.scheduleExpression"); !schedule.Absent() {
		return // A cron or rate expression; AWS refuses anything that never comes.
	}
	days, ok := c.Number("days")
	if !ok {
		return
	}
	interval := rotation.Get("rotationRules.automaticallyAfterDays")
	c.Require(interval, "a rotation within the allowed days", func(v policy.Value) bool { return v.IsNumber() && v.Number() > 0 && v.Number() <= days }, saw)
}

func secretOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "secret-own-key", Title: "Secrets are encrypted with a key of your own", Severity: policy.Low, Advisory: true,
		Types:   []string{managedSecret},
		Anchors: "nagn:SecretsManagerUsingKMSKey ckv:149 trivy:0098 cp:aws-secrets-manager-secret-configure-customer-managed-key config:secretsmanager-using-cmk nist:SC-28",
		Why:     "the key aws/secretsmanager cannot be shared with another account, nor its use be limited by a policy of yours",
		Fix:     "set kmsKeyId to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("kmsKeyId"), "a key of your own", func(v policy.Value) bool {
				return !v.Empty() && !strings.HasSuffix(v.Text(), "alias/aws/secretsmanager")
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: true, policy: "{}"}}
  password: {type: "aws:secretsmanager/secret:Secret", properties: {kmsKeyId: "${key.arn}"}}
`,
			Bad:   []string{"password.kmsKeyId!", `password.kmsKeyId="alias/aws/secretsmanager"`},
			Guard: "password.kmsKeyId", Absent: policy.Violation, FixtureOnly: "the environments keep no secrets in Secrets Manager",
		},
	}
}

func parameterSecure() *policy.Rule {
	return &policy.Rule{
		ID: "ssm-param-secure", Title: "Parameters named like secrets are SecureString", Severity: policy.Medium,
		Types:   []string{ssmParameter},
		Anchors: "ckv2:34 ckv:337 nist:SC-28",
		Why:     "a parameter of type String is readable by everybody who may read any parameter, and is not encrypted with a key that can be withheld",
		Fix:     "set type to SecureString and keyId to a key of your own, or keep the value in Secrets Manager",
		Sources: []string{"https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html"},
		Check: func(c *policy.Case) {
			name := c.Get("name")
			if !secretKey(name.Text()) && !secretKey(c.Name) {
				return
			}
			c.Require(c.Get("type"), "SecureString", func(v policy.Value) bool { return v.Is("SecureString") }, policy.Saw(c.Node, "name", "the name says that it is a secret"))
		},
		Proof: policy.Proof{
			Good: `
resources:
  parameter: {type: "aws:ssm/parameter:Parameter", properties: {name: "/shop/db-password", type: SecureString, keyId: "alias/own", value: {$secret: "x"}}}
`,
			Bad: []string{
				"parameter.type=String ; parameter.name=/shop/db-password", "parameter.type=StringList ; parameter.name=/shop/api-token",
			},
			Guard: "parameter.type", Absent: policy.Violation,
		},
	}
}

func documentPrivate() *policy.Rule {
	return &policy.Rule{
		ID: "ssm-doc-private", Title: "Systems Manager documents are not public", Severity: policy.Critical,
		Types:    []string{ssmDocument, ssmServiceConfig},
		Blocking: true,
		Anchors:  "fsbp:SSM.4,SSM.7 ckv:303 config:ssm-document-not-public nist:AC-3",
		Why:      "a public document shows every AWS account how this one is run, with the names and parameters of its automation",
		Fix:      "leave permissions out, or name the accounts in permissions.accountIds instead of All",
		Sources:  []string{"https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-ssm-sharing.html"},
		Check: func(c *policy.Case) {
			if c.Type == ssmServiceConfig {
				if !strings.HasSuffix(c.Get("settingId").Text(), "/ssm/documents/console/public-sharing-permission") {
					return
				}
				c.Require(c.Get("settingValue"), "Disable", func(v policy.Value) bool { return v.Is("Disable") })
				return
			}
			c.Require(c.Get("permissions"), "no sharing with all accounts", func(v policy.Value) bool {
				ids := v.Get("accountIds")
				return !ids.Unknown() && !strings.Contains(strings.ToLower(ids.Text()), "all")
			})
		},
		Proof: policy.Proof{
			Good: `
resources:
  document: {type: "aws:ssm/document:Document", properties: {documentType: Automation, permissions: {type: Share, accountIds: "222222222222"}}}
  sharing:
    type: aws:ssm/serviceSetting:ServiceSetting
    properties: {settingId: /ssm/documents/console/public-sharing-permission, settingValue: Disable}
`,
			Bad: []string{
				`document.permissions={type: Share, accountIds: All}`, `document.permissions={type: Share, accountIds: "444444444444,all"}`,
				"sharing.settingValue=Enable",
			},
			Guard: "document.permissions", Absent: policy.Pass,
		},
	}
}
