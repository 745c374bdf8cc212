package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

func trustScoped() *policy.Rule {
	return &policy.Rule{
		ID: "iam-trust-scoped", Title: "Roles trust named principals", Severity: policy.High,
		Types:   []string{iamRole},
		Anchors: "ckv:60,61,358,393 nist:AC-3",
		Why:     "whoever the trust policy lets in has the role's permissions: everybody, any identity of an account, or any repository of a CI service",
		Fix:     "name the roles or the service; for OIDC add StringEquals or StringLike on the provider's :sub, for another account sts:ExternalId",
		Sources: []string{
			"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html", "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
		},
		Check: func(c *policy.Case) {
			statements, unknown := iam.Statements(c.Get("assumeRolePolicy"))
			c.Unclear(unknown...)
			for _, s := range statements {
				if wide := tooWide(s); s.Allow && wide != "" {
					c.Broken(s.Value.Path(), wide, "principals by name, or a condition that names them")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  role:
    type: aws:iam/role:Role
    properties:
      assumeRolePolicy:
        $json:
          Statement:
            - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: "sns.amazonaws.com"}}
            - Effect: Allow
              Action: "sts:AssumeRoleWithWebIdentity"
              Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}
              Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "repo:acme/shop:*"}}
            - {Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: "444444444444"}, Condition: {StringEquals: {"sts:ExternalId": "shop"}}}
`,
			Bad: []string{
				`role.assumeRolePolicy.Statement[1]={Effect: Allow, Action: "sts:AssumeRole", Principal: "*"}`,
				`role.assumeRolePolicy.Statement[1]={Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: "arn:aws:iam::444444444444:root"}}`,
				`role.assumeRolePolicy.Statement[1]={Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: ["444444444444"]}}`,
				`role.assumeRolePolicy.Statement[1]={Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity", Principal: {Federated: "arn:aws:iam::444444444444:oidc-provider/token.actions.githubusercontent.com"}, Condition: {StringEquals: {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}`,
				`role.assumeRolePolicy.Statement[1]={Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity", Principal: {Federated: "arn:aws:iam::444444444444:oidc-provider/token.actions.githubusercontent.com"}, Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "repo:*"}}}`,
				`role.assumeRolePolicy.Statement[1]={Effect: Allow, Action: "sts:AssumeRoleWithSAML", Principal: {Federated: "arn:aws:iam::444444444444:saml-provider/corp"}}`,
			},
			Guard: "role.assumeRolePolicy", Absent: policy.Pass,
		},
	}
}

// tooWide says whom a statement of a trust policy lets in without naming them, or nothing.
func tooWide(s iam.Statement) string {
	if s.Public() {
		return "everybody may take the role"
	}
	for _, principal := range s.Principals {
		kind, name, _ := strings.Cut(principal, ":")
		switch {
		case kind == "AWS" && wholeAccount(name) && !conditioned(s):
			return "every identity of the account " + accountIDs(name)[0] + " may take the role"
		case kind == "Federated" && !claimed(s, name):
			return "every identity of " + name + " may take the role"
		}
	}
	return ""
}

// wholeAccount says that a principal is an account: its number, or its root.
func wholeAccount(principal string) bool {
	return len(accountIDs(principal)) > 0 && (strings.HasSuffix(principal, ":root") || !strings.Contains(principal, ":"))
}

// claimed says that the statement wants a claim of the token to be a named subject: :sub for OIDC, :aud for SAML and Cognito.
func claimed(s iam.Statement, provider string) bool {
	wanted := ":sub"
	if strings.Contains(provider, ":saml-provider/") || provider == "cognito-identity.amazonaws.com" {
		wanted = ":aud"
	}
	return slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool {
		return naming(c) && strings.HasSuffix(strings.ToLower(c.Key), wanted) && !slices.ContainsFunc(c.Values, anySubject)
	})
}

// anySubject says that a pattern of a subject begins with a wildcard behind what every subject begins with.
func anySubject(value string) bool {
	for _, start := range []string{"repo:", "project_path:", "organization:", "system:serviceaccount:"} {
		value = strings.TrimPrefix(value, start)
	}
	return strings.HasPrefix(value, "*") || strings.HasPrefix(value, "?")
}

// userTypes are users and what makes them useful.
var userTypes = []string{
	"aws:iam/user:User", "aws:iam/accessKey:AccessKey", "aws:iam/userLoginProfile:UserLoginProfile", iamUserPolicy, iamUserAttachment,
}

func noUsers() *policy.Rule {
	return &policy.Rule{
		ID: "iam-no-users", Title: "There are roles, and no users", Severity: policy.Medium,
		Anchors: "ckv:40,273 nagn:IAMUserNoPolicies fsbp:IAM.2 trivy:0143 config:iam-user-no-policies-check nist:AC-2",
		Why:     "a user has a password or a key that does not expire; a role's credentials do, and people come through the identity provider that knows when they leave",
		Fix:     "use a role, and IAM Identity Center for people",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
		Check: func(c *policy.Case) {
			for n := range c.Each(userTypes...) {
				c.At(n).Broken("", "a user, or what is a user's", "a role")
			}
		},
		Proof: policy.Proof{
			Good: goodGrant,
			Bad: []string{
				`+user={type: "aws:iam/user:User", properties: {name: deploy}}`, `+key={type: "aws:iam/accessKey:AccessKey", properties: {user: deploy}}`,
				`+login={type: "aws:iam/userLoginProfile:UserLoginProfile", properties: {user: deploy}}`,
				`+grant2={type: "aws:iam/userPolicyAttachment:UserPolicyAttachment", properties: {user: deploy, policyArn: "arn:aws:iam::111111111111:policy/own"}}`,
				`+grant3={type: "aws:iam/userPolicy:UserPolicy", properties: {user: deploy, policy: "{}"}}`,
			},
			Unguarded: "that there is a user is always known", FixtureOnly: "the edits add resources", Also: []string{"required-tags"},
		},
	}
}

func noManagedPolicy() *policy.Rule {
	return &policy.Rule{
		ID: "iam-no-managed-policy", Title: "Roles have policies of their own, not AWS's", Severity: policy.Low, Advisory: true,
		Types:   append([]string{iamRole}, attachmentTypes...),
		Anchors: "nag:IAM4",
		Why:     "AWS's managed policies allow what any customer may need, on every resource, and AWS widens them without asking",
		Fix:     "write a policy with the actions and ARNs that the role uses",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html"},
		Check: func(c *policy.Case) {
			arns := c.Get("managedPolicyArns").Items()
			if c.Type != iamRole {
				arns = c.Get(attachedPath(c)).Items()
			}
			for _, arn := range arns {
				c.Require(arn, "a policy of your own", func(v policy.Value) bool { return !strings.Contains(v.Text(), "::aws:policy/") })
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  role:
    type: aws:iam/role:Role
    properties:
      assumeRolePolicy: {$json: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}]}}
      managedPolicyArns: ["arn:aws:iam::111111111111:policy/own"]
  attached: {type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", properties: {role: worker, policyArn: "arn:aws:iam::111111111111:policy/own"}}
`,
			Bad: []string{
				`role.managedPolicyArns=["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]`,
				"attached.policyArn=arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
			},
			Guard: "role.managedPolicyArns", Absent: policy.Pass,
		},
	}
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
var _ = policy.Default(iamPasswordPolicy, map[string]any{
	"minimumPasswordLength": 6, "requireLowercaseCharacters": false, "requireUppercaseCharacters": false, "requireNumbers": false, "requireSymbols": false,
})

func passwordPolicy() *policy.Rule {
	return &policy.Rule{
		ID: "iam-password-policy", Title: "Passwords of people are long and new", Severity: policy.Medium,
		Types:   []string{iamPasswordPolicy},
		Anchors: "fsbp:IAM.7,IAM.15,IAM.16 ckv:10,11,12,13,14,15 trivy:0056,0058,0059,0060,0061,0063 config:iam-password-policy nist:IA-5",
		Why:     "a short or reused password is guessed, or is already in somebody's list",
		Fix:     "set minimumPasswordLength to 14, passwordReusePrevention to 24 and the four require… properties to true",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html"},
		Check: func(c *policy.Case) {
			// CIS AWS Foundations 1.8 and 1.9, which IAM.15 and IAM.16 take over. Nothing wants passwords to expire: NIST SP 800-63B advises against it.
			const length, remembered = 14, 24
			c.AtLeast("minimumPasswordLength", length)
			c.AtLeast("passwordReusePrevention", remembered)
			for _, path := range []string{"requireLowercaseCharacters", "requireUppercaseCharacters", "requireNumbers", "requireSymbols"} {
				c.True(path)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  passwords:
    type: aws:iam/accountPasswordPolicy:AccountPasswordPolicy
    properties:
      minimumPasswordLength: 14
      passwordReusePrevention: 24
      requireLowercaseCharacters: true
      requireUppercaseCharacters: true
      requireNumbers: true
      requireSymbols: true
`,
			Bad: []string{
				"passwords.minimumPasswordLength=13", "passwords.passwordReusePrevention=23", "passwords.passwordReusePrevention!", "passwords.requireLowercaseCharacters=false",
				"passwords.requireUppercaseCharacters=false", "passwords.requireNumbers=false", "passwords.requireSymbols!",
			},
			Guard: "passwords.minimumPasswordLength", Absent: policy.Violation, FixtureOnly: "the environments have no password policy: accounts come with one",
		},
	}
}
