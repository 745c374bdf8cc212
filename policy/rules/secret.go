package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// secretRules are about secrets in the clear.
func secretRules() []*policy.Rule {
	return []*policy.Rule{
		secretValueLeaked(), secretInPlainPlace(), secretShapedText(), secretNotExported(), databasePassword(), providerKeys(),
	}
}

const secretSource = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html"

// at reports every place.
func at(c *policy.Case, places []place, required string) {
	for _, p := range places {
		c.At(p.node).Broken(p.path, p.what, required)
	}
}

func secretValueLeaked() *policy.Rule {
	return &policy.Rule{
		ID: "secret-value-leaked", Title: "No secret of the configuration is anywhere in the clear", Severity: policy.Critical,
		Anchors: "ckv:45,46 trivy:0029 nist:IA-5,SC-28",
		Why:     "whoever may describe the resource reads the secret, and it stays in the service's history and in backups after it is removed",
		Fix:     "pass the name or ARN of a secret in Secrets Manager and read it at run time; rotate this one, it is known",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/secrets/", secretSource},
		Check: func(c *policy.Case) {
			at(c, scan(c.Graph()).leaked, "no part of a secret of the configuration")
		},
		Proof: policy.Proof{
			Good: `
config: {"shop:databasePassword": "correct horse/battery", "shop:pin": "1234"}
secrets: ["shop:databasePassword", "shop:pin"]
resources:
  template: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {userData: "IyEvYmluL2Jhc2gK", description: "1234 servers"}}
  dashboard: {type: "aws:cloudwatch/dashboard:Dashboard", properties: {dashboardBody: {$json: {widgets: [{text: "none"}]}}}}
`,
			Bad: []string{
				"template.description=uses correct horse/battery",
				"template.description=postgres://shop:correct+horse%2Fbattery@db",
				"template.userData=IyEvYmluL2Jhc2gKZXhwb3J0IFA9ImNvcnJlY3QgaG9yc2UvYmF0dGVyeSIK",
				"template.userData=H4sIAAAAAAACA1NW1E/KzNNPSizO4EqtKMgvKlEIsFVKzi8qSk0uUcjILypOBUqWlKQWVSpxAQAYfo6pLQAAAA==",
				"template.description=Y29ycmVjdCBob3JzZS9iYXR0ZXJ5",
				`template.description="Basic c2hvcDpjb3JyZWN0IGhvcnNlL2JhdHRlcnk="`,
				`template.tags={"correct horse/battery": x}`,
				"dashboard.dashboardBody.widgets[0].text=\"correct horse/battery\"",
			},
			Unguarded:   "every value of the stack is read; what is not known yet is read in the update",
			FixtureOnly: "the environments' configuration does not have the example's secret",
			Also:        []string{"secret-shaped-text"},
		},
	}
}

// plainPlaces are keys whose values the service shows to everybody who may describe the resource, under any resource.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
var plainPlaces = []string{
	"userData", "userDataBase64", "environment", "environments", "environmentVariables", "env", "variables", "containerDefinitions", "containerProperties",
	"command", "args", "entryPoint", "tags", "tagsAll", "labels", "annotations", "name", "namePrefix", "description", "alarmDescription", "comment",
	"definition", "dashboardBody", "defaultArguments", "runtimeEnvironmentVariables", "templateBody", "displayName",
}

const configMap = "kubernetes:core/v1:ConfigMap"

// plainPlace is the key that makes a place public, or nothing.
func plainPlace(resource, path string) string {
	if !strings.HasPrefix(resource, "aws:") && !strings.HasPrefix(resource, "kubernetes:") {
		return ""
	}
	keys := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(keys) > 0 && resource == configMap && (keys[0] == "data" || keys[0] == "binaryData") {
		return keys[0]
	}
	for _, key := range keys {
		if slices.Contains(plainPlaces, key) || slices.Contains(typedPlaces[resource], key) {
			return key
		}
	}
	return ""
}

// typedPlaces are keys that are public under some types only.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/documents.html
// https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/environments-cfg-softwaresettings.html
var typedPlaces = map[string][]string{
	ssmDocument: {"content"}, dnsRecord: {"records"}, eventTarget: {"input", "inputTransformer"}, scheduledCall: {"input"},
	"aws:elasticbeanstalk/environment:Environment": {"settings"}, "aws:cloudfront/function:Function": {"code"}, "aws:ssm/association:Association": {"parameters"},
}

func secretInPlainPlace() *policy.Rule {
	return &policy.Rule{
		ID: "secret-in-plain-place", Title: "No secret is put where the service shows it", Severity: policy.Critical,
		Anchors: "ckv:45,46,41 ckvk:35 trivy:0029 fsbp:ECS.8 nist:IA-5",
		Why:     "the value is encrypted in the state and plain text in the service: user data, environment variables, tags and the like are shown to everybody who may describe the resource",
		Fix:     "pass the ARN of a secret in Secrets Manager or of a SecureString parameter (valueFrom in ECS, secretKeyRef in Kubernetes), and read it at run time",
		Sources: []string{secretSource, "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"},
		Check: func(c *policy.Case) {
			at(c, scan(c.Graph()).tainted, "the ARN or name of a secret, read at run time")
		},
		Proof: policy.Proof{
			Good: `
resources:
  template: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {userData: "IyEvYmluL2Jhc2gK", description: servers, tags: {owner: shop}}}
  dashboard: {type: "aws:cloudwatch/dashboard:Dashboard", properties: {dashboardBody: "{}"}}
  stored: {type: "aws:ssm/parameter:Parameter", properties: {type: SecureString, value: {$secret: "p4ssw0rd"}}}
`,
			Bad: []string{
				`template.userData={$secret: "c2VjcmV0"}`, `template.description={$secret: x}`, `template.tags.owner={$secret: x}`,
				`template.tagSpecifications[0]={resourceType: instance, tags: {$secret: {a: b}}}`, `dashboard.dashboardBody={$secret: "{}"}`,
				`+runbook={type: "aws:ssm/document:Document", properties: {name: restart, content: {$secret: "{}"}}}`,
			},
			Unguarded: "the mark of a secret is there while its value is not known", Also: []string{"asg-tags-propagate", "required-tags"},
		},
	}
}

func secretShapedText() *policy.Rule {
	return &policy.Rule{
		ID: "secret-shaped-text", Title: "No text looks like a secret", Severity: policy.Critical,
		Anchors: "ckv:41,45,46 ckvk:35 trivy:0029 nist:IA-5",
		Why:     "a key, a token or a password that stands in the program is in its repository, in the state and in the service, in the clear",
		Fix:     "take it out, rotate it, keep the new one with pulumi config set --secret or in Secrets Manager, and pass its ARN",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html", secretSource},
		Check: func(c *policy.Case) {
			at(c, scan(c.Graph()).shaped, "a text without secrets")
		},
		Proof: policy.Proof{
			Good: `
resources:
  template: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {userData: "IyEvYmluL2Jhc2gK", description: "servers, see https://example.com/a@b"}}
  dashboard: {type: "aws:cloudwatch/dashboard:Dashboard", properties: {dashboardBody: {$json: {widgets: [{text: "none"}]}}}}
`,
			Bad: []string{
				"template.description=key AKIAIOSFODNN7EXAMPLE", "template.description=ASIAIOSFODNN7EXAMPLE",
				`template.description="-----BEGIN EC PRIVATE KEY-----"`,
				"template.description=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
				"template.description=postgres://shop:hunter2@db.example.com/shop",
				"template.tags.apiToken=9fK2mQ7xLp4Rt8Vw3Zb6Nc1",
				"template.tags.password=correct-Horse", "template.description=https://example.com/hook?token=9fK2mQ7xLp4Rt8Vw3Zb6Nc1", "template.description=sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
				"template.description=\"Server=db;User Id=sa;Password=Sup3rSecret;\"",
				`dashboard.dashboardBody.widgets[0].text="export DB_PASSWORD=correct-Horse1 && run"`, "template.userData=eyJwYXNzd29yZCI6ICJjb3JyZWN0LUhvcnNlMSJ9",
				"template.userData=IyEvYmluL2Jhc2gKZXhwb3J0IEFQSV9UT0tFTj0nOWZLMm1RN3hMcDRSdDhWdzNaYjZOYzEnCg==",
				`dashboard.dashboardBody.widgets[0]={name: DB_PASSWORD, value: correct-Horse}`,
				`dashboard.dashboardBody.widgets[0].text="-----BEGIN PRIVATE KEY-----\nMII"`,
			},
			Unguarded: "every value of the stack is read; what is not known yet is read in the update",
		},
	}
}

func secretNotExported() *policy.Rule {
	return &policy.Rule{
		ID: "secret-not-exported", Title: "The stack exports no secret", Severity: policy.Medium,
		Anchors: "nist:AC-6,IA-5",
		Why:     "every stack and person that may read this one's outputs gets the secret, and nothing records who did",
		Fix:     "export the ARN of the secret, and let its readers be named in a policy",
		Sources: []string{"https://www.pulumi.com/docs/iac/concepts/secrets/"},
		Check: func(c *policy.Case) {
			at(c, scan(c.Graph()).exported, "the ARN of the secret")
		},
		Proof: policy.Proof{
			Good: `
resources:
  stack: {type: "pulumi:pulumi:Stack", properties: {url: "https://example.com"}}
`,
			Bad:       []string{"stack.password={$secret: x}", "stack.database={url: db, password: {$secret: x}}"},
			Unguarded: "the mark of a secret is there while its value is not known",
		},
	}
}
