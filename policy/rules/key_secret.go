package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	managedSecret    = "aws:secretsmanager/secret:Secret"
	secretRotation   = "aws:secretsmanager/secretRotation:SecretRotation"
	ssmParameter     = "aws:ssm/parameter:Parameter"
	ssmDocument      = "aws:ssm/document:Document"
	ssmServiceConfig = "aws:ssm/serviceSetting:ServiceSetting"
)

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
