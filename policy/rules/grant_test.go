package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

func TestWhoMayTakeARole(t *testing.T) {
	t.Parallel()
	const oidc = `Action: "sts:AssumeRoleWithWebIdentity", Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}`
	for statement, wide := range map[string]bool{
		`Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}`:                                                                                   false,
		`Action: "sts:AssumeRole", Principal: {AWS: "arn:aws:iam::444444444444:role/deploy"}`:                                                                 false,
		`Action: "sts:AssumeRole", Principal: {AWS: "arn:aws:iam::444444444444:root"}`:                                                                        true,
		`Action: "sts:AssumeRole", Principal: {AWS: "444444444444"}, Condition: {Bool: {"aws:MultiFactorAuthPresent": "true"}}`:                               false,
		`Action: "sts:AssumeRole", Principal: {AWS: "444444444444"}, Condition: {BoolIfExists: {"aws:MultiFactorAuthPresent": "true"}}`:                       true,
		`Action: "sts:AssumeRole", Principal: {AWS: "*"}, Condition: {StringEquals: {"aws:PrincipalOrgID": "o-1"}}`:                                           false,
		oidc + `, Condition: {StringEquals: {"token.actions.githubusercontent.com:sub": "repo:acme/shop:ref:refs/heads/main"}}`:                               false,
		oidc + `, Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}`:                                                        false,
		oidc + `, Condition: {StringLike: {"token.actions.githubusercontent.com:sub": ["repo:acme/shop:*", "*"]}}`:                                            true,
		oidc + `, Condition: {StringNotEquals: {"token.actions.githubusercontent.com:sub": "repo:acme/shop"}}`:                                                true,
		`Action: "sts:AssumeRoleWithSAML", Principal: {Federated: "arn:aws:iam::111111111111:saml-provider/a"}, Condition: {StringEquals: {"SAML:aud": "b"}}`: false,
	} {
		stack := "resources:\n  role: {type: \"aws:iam/role:Role\", properties: {assumeRolePolicy: {$json: {Statement: [{Effect: Allow, " + statement + "}]}}}}\n"
		require.Equal(t, wide, len(judged(t, stack, policy.Violation, "iam-trust-scoped")) > 0, statement)
	}
}

func TestAPolicyThatIsNotReadIsNoMissingGrant(t *testing.T) {
	t.Parallel()
	const stack = `
resources:
  role:
    type: aws:iam/role:Role
    properties: {name: r, assumeRolePolicy: {$json: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: scheduler.amazonaws.com}}]}}}
  attached: {type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", properties: {role: r, policyArn: "arn:aws:iam::aws:policy/AmazonSNSFullAccess"}}
  schedule: {type: "aws:scheduler/schedule:Schedule", properties: {target: {arn: "arn:aws:sns:eu-central-1:444444444444:topic", roleArn: "${role.arn}"}}}
`
	require.Empty(t, judged(t, stack, policy.Violation, "iam-grant-missing"))
	require.NotEmpty(t, judged(t, stack, policy.Unknown, "iam-grant-missing"))
}
