package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// judged are the findings of the whole catalogue about a stack in YAML, as a reader sees them, one a line.
func judged(t *testing.T, stack string, outcome policy.Outcome, only ...string) []string {
	t.Helper()
	f, err := policytest.Parse(stack)
	require.NoError(t, err)
	resources, err := f.Resources()
	require.NoError(t, err)
	config, err := policy.NewConfig(f.Entries, rules.All())
	require.NoError(t, err)
	report := policy.Evaluate(policy.NewGraph(f.Stack, resources), policy.Evaluation{Rules: rules.All(), Config: config, Today: policytest.Day})
	var lines []string
	for _, found := range report.Of(outcome) {
		for _, id := range only {
			if found.Rule == id {
				lines = append(lines, fmt.Sprintf("%s: %s %v", found.Rule, found.Message(), found.Evidence))
			}
		}
	}
	return lines
}

var secretRuleIDs = []string{
	"secret-value-leaked", "secret-in-plain-place", "secret-shaped-text", "secret-not-exported", "database-password-managed", "provider-keys-static",
}

func TestNoFindingShowsASecret(t *testing.T) {
	t.Parallel()
	const plain, marked = "correct-horse-battery-9", "marked-as-a-secret-7"
	stack := `
config: {"shop:password": "` + plain + `"}
secrets: ["shop:password"]
resources:
  aws: {type: "pulumi:providers:aws", properties: {region: eu-central-1, secretKey: "` + plain + `"}}
  stack: {type: "pulumi:pulumi:Stack", properties: {out: {$secret: "` + marked + `"}}}
  db: {type: "aws:rds/instance:Instance", properties: {password: "` + plain + `", name: {$secret: "` + marked + `"}}}
  fn: {type: "aws:lambda/function:Function", properties: {environment: {variables: {API_TOKEN: "` + plain + `", B: {$secret: "` + marked + `"}}}}}
  url: {type: "aws:ssm/document:Document", properties: {content: "https://shop:` + plain + `@db"}}
`
	found := judged(t, stack, policy.Violation, secretRuleIDs...)
	for _, id := range secretRuleIDs {
		require.Contains(t, strings.Join(found, "\n"), id)
	}
	for _, line := range found {
		require.NotContains(t, line, plain)
		require.NotContains(t, line, marked)
	}
}

func TestWhatIsAndIsNoSecret(t *testing.T) {
	t.Parallel()
	for value, wrong := range map[string]bool{
		`{DB_PASSWORD: "/shop/prod/db"}`:                                                    false,
		`{DB_PASSWORD: "arn:aws:secretsmanager:eu-central-1:111111111111:secret:db"}`:       false,
		`{DB_PASSWORD: "${DB_PASSWORD}"}`:                                                   false,
		`{DB_PASSWORD: "none"}`:                                                             false,
		`{DB_PASSWORD: "Tr0ub4dor"}`:                                                        true,
		`{API_TOKEN: "hashing-launch-0adf6c8-eu-central-1a"}`:                               false,
		`{API_TOKEN: "0c4d1f8e-2a47-4b0e-9f51-6d2f0a3b7c9e"}`:                               false,
		`{API_TOKEN: "9fK2mQ7xLp4Rt8Vw3Zb6Nc1"}`:                                            true,
		`{SECRET_NAME: "9fK2mQ7xLp4Rt8Vw3Zb6Nc1"}`:                                          false,
		`{SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`:      false,
		`{KEY: "XAKIAIOSFODNN7EXAMPLE"}`:                                                    false,
		`{KEY: "AKIAIOSFODNN7EXAMPLE"}`:                                                     true,
		`{URL: "https://user:${PASSWORD}@example.com"}`:                                     false,
		`{URL: "https://example.com:8080/a@b"}`:                                             false,
		`{URL: "redis://:hunter2@cache:6379"}`:                                              true,
		`{KEY: "-----BEGIN PUBLIC KEY-----"}`:                                               false,
		`{KEY: "-----BEGIN OPENSSH PRIVATE KEY-----"}`:                                      true,
		`{HOOK: "https://hooks.slack.com/services/T0123456/B0123456/aBcDeFgHiJkLmNoP1234"}`: true,
	} {
		stack := "resources:\n  fn: {type: \"kubernetes:core/v1:ConfigMap\", properties: {data: " + value + "}}\n"
		require.Equal(t, wrong, len(judged(t, stack, policy.Violation, "secret-shaped-text")) > 0, value)
	}
}

func TestSecretsInPlainPlacesOfEveryKind(t *testing.T) {
	t.Parallel()
	for resource, wrong := range map[string]bool{
		`{type: "aws:lambda/function:Function", properties: {environment: {variables: {T: {$secret: x}}}}}`:                                        true,
		`{type: "aws:lambda/function:Function", properties: {environment: {$secret: {variables: {T: x}}}}}`:                                        true,
		`{type: "aws:ecs/taskDefinition:TaskDefinition", properties: {containerDefinitions: {$secret: "[]"}}}`:                                     true,
		`{type: "kubernetes:core/v1:Pod", properties: {spec: {containers: [{name: a, args: [{$secret: x}]}]}}}`:                                    true,
		`{type: "kubernetes:apps/v1:Deployment", properties: {spec: {template: {spec: {containers: [{env: [{name: P, value: {$secret: x}}]}]}}}}}`: true,
		`{type: "kubernetes:core/v1:ConfigMap", properties: {data: {p: {$secret: x}}}}`:                                                            true,
		`{type: "kubernetes:core/v1:Secret", properties: {data: {p: {$secret: x}}}}`:                                                               false,
		`{type: "aws:secretsmanager/secretVersion:SecretVersion", properties: {secretString: {$secret: x}}}`:                                       false,
		`{type: "aws:sns/topicSubscription:TopicSubscription", properties: {endpoint: {$secret: "https://pager.example.com"}}}`:                    false,
		`{type: "aws:rds/instance:Instance", properties: {password: {$secret: x}}}`:                                                                false,
	} {
		require.Equal(t, wrong, len(judged(t, "resources:\n  it: "+resource+"\n", policy.Violation, "secret-in-plain-place")) > 0, resource)
	}
}
