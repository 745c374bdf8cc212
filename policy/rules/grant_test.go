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

func TestAPolicyAttachedToSeveralRolesIsSeen(t *testing.T) {
	t.Parallel()
	const stack = `
resources:
  role: {type: "aws:iam/role:Role", properties: {name: r}}
  sends: {type: "aws:iam/policy:Policy", properties: {arn: "arn:aws:iam::111111111111:policy/sends", policy: {$json: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "${lost.arn}"}]}}}}
  attached: {type: "aws:iam/policyAttachment:PolicyAttachment", properties: {name: a, roles: ["${role.name}"], policyArn: "${sends.arn}"}}
  admin: {type: "aws:iam/policyAttachment:PolicyAttachment", properties: {name: b, roles: ["${other.name}"], policyArn: "arn:aws:iam::aws:policy/AdministratorAccess"}}
  other: {type: "aws:iam/role:Role", properties: {name: o}}
  fn: {type: "aws:lambda/function:Function", properties: {name: f, role: "${other.arn}"}}
  lost: {type: "aws:sqs/queue:Queue", properties: {name: lost, arn: "arn:aws:sqs:eu-central-1:111111111111:lost"}}
  nightly: {type: "aws:scheduler/schedule:Schedule", properties: {target: {arn: "arn:aws:sns:eu-central-1:444444444444:topic", roleArn: "${role.arn}", deadLetterConfig: {arn: "${lost.arn}"}}}}
`
	require.Empty(t, judged(t, stack, policy.Violation, "dead-letter-deliverable"), "the role may send")
	require.NotEmpty(t, judged(t, stack, policy.Violation, "lambda-no-star-role"), "the function may do everything")
}
