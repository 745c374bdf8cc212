package rules

import (
	"regexp"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// functionAccessRules are about who may call a function, what it may do, and what it keeps in its environment.
func functionAccessRules() []*policy.Rule {
	return []*policy.Rule{
		lambdaNotPublic(),
		lambdaPermissionSourceARN(),
		lambdaURLAuth(),
		lambdaSecretEnv(),
		lambdaEnvOwnKey(),
		lambdaNoStarRole(),
	}
}

func lambdaNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-not-public", Title: "Functions cannot be called by everybody", Severity: policy.Critical, Blocking: true,
		Types: []string{lambdaPermission}, Anchors: "nagp:LambdaFunctionPublicAccessProhibited fsbp:Lambda.1 ckv:301 config:lambda-function-public-access-prohibited guard:lambda-function-public-access-prohibited,lambda-no-wildcard-principal nist:AC-3",
		Why:     "anybody with an AWS account can run the function with its rights, at your cost",
		Fix:     "set principal to the account or the service that calls, or narrow it with principalOrgId",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html", "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"},
		Check: func(c *policy.Case) {
			if !c.Get("principalOrgId").Empty() || !c.Get("sourceAccount").Empty() || namesSource(c.Get("sourceArn")) {
				return
			}
			c.Require(c.Get("principal"), "an account, a role or a service", func(v policy.Value) bool { return !v.Is("*") })
		},
		Proof: policy.Proof{
			Good: `
resources:
  permission: {type: "aws:lambda/permission:Permission", properties: {action: "lambda:InvokeFunction", function: enrich, principal: "111111111111"}}
`,
			Bad:   []string{`permission.principal="*"`, `permission.principal="*" ; permission.sourceArn="*"`, `permission.principal="*" ; permission.functionUrlAuthType=NONE`},
			Guard: "permission.principal", Absent: policy.Pass,
		},
	}
}

func lambdaPermissionSourceARN() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-permission-source-arn", Title: "Services may only call a function on behalf of the owner's resources", Severity: policy.High,
		Types: []string{lambdaPermission}, Anchors: "ckv:364 trivy:0067 cp:aws-lambda-permission-disallow-permission-without-source-arn nist:AC-3",
		Why:     "without the source any customer of the service can have it call the function: a bucket or a topic in a stranger's account is enough",
		Fix:     "set sourceArn to the rule, topic, bucket or API that calls; for a bucket set sourceAccount too, because its ARN names no account",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html", "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"},
		Check:   checkPermissionSource,
		Proof: policy.Proof{
			Good: onePermission,
			Bad: []string{
				"permission.sourceArn! ; permission.sourceAccount!", `permission.sourceArn="arn:aws:sns:*:*:*" ; permission.sourceAccount!`, "permission.principal=s3.amazonaws.com ; permission.sourceAccount!",
			},
			Unguarded: "a source that is only known later counts: it will be there", Exempt: `permission.principal="111111111111"`,
		},
	}
}

func lambdaURLAuth() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-url-auth", Title: "Function URLs want a signature", Severity: policy.High, Blocking: true,
		Types: []string{lambdaURL}, Anchors: "nag:LambdaFunctionUrlAuth ckv:258 nist:AC-3",
		Why:     "the URL is on the internet: without a signature everybody who finds it runs the function, at your cost",
		Fix:     "set authorizationType to AWS_IAM",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"},
		Check:   isOneOf("authorizationType", "AWS_IAM"),
		Proof: policy.Proof{
			Good: `
resources:
  url: {type: "aws:lambda/functionUrl:FunctionUrl", properties: {functionName: enrich, authorizationType: AWS_IAM}}
`,
			Bad: []string{"url.authorizationType=NONE"}, Guard: "url.authorizationType", Absent: policy.Violation,
		},
	}
}

func lambdaSecretEnv() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-secret-env", Title: "Functions have no secrets in their environment", Severity: policy.Critical, Blocking: true,
		Types: []string{lambdaFunction}, Anchors: "ckv:45 nist:IA-5",
		Why:     "everybody who may read the function's configuration reads its environment, and it ends up in logs and crash reports",
		Fix:     "keep the value in Secrets Manager or Parameter Store, put its name or ARN into the environment, and read it when the function starts",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"},
		Check: func(c *policy.Case) {
			variables := c.Get("environment.variables")
			if variables.Unknown() {
				c.Unclear(variables)
			}
			for _, name := range variables.Keys() {
				checkPlainVariable(c, name, variables.Key(name))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  fn:
    type: aws:lambda/function:Function
    properties: {name: enrich, environment: {variables: {DB_PASSWORD: "arn:aws:secretsmanager:eu-central-1:111111111111:secret:db-AbCdEf", STAGE: prod, API_KEY_HEADER: x-api-key, TOKEN_TTL_SECONDS: "3600"}}}
`,
			Bad: []string{
				`fn.environment.variables.DB_PWD=hunter2hunter2`, `fn.environment.variables.DB_PASSWORD=hunter2hunter2`, `fn.environment.variables.STAGE={$secret: "not for the environment"}`,
				`fn.environment.variables.STAGE=AKIAIOSFODNN7EXAMPLE`,
			},
			Guard: "fn.environment.variables.DB_PASSWORD", Absent: policy.Pass,
			Also: []string{"secret-shaped-text", "secret-in-plain-place"},
		},
	}
}

func lambdaEnvOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-env-own-key", Title: "Functions encrypt their environment with a key of the owner's", Severity: policy.Low, Advisory: true,
		Types: []string{lambdaFunction}, Anchors: "ckv:173 nist:SC-28",
		Why:     "with a key of your own, reading the function's configuration is not enough to read its environment",
		Fix:     "set kmsKeyArn to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html"},
		Check: func(c *policy.Case) {
			if c.Get("environment.variables").Empty() {
				c.Skip("it has no environment")
				return
			}
			c.Set("kmsKeyArn", "a key of your own")
		},
		Proof: policy.Proof{
			Good: `
resources:
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich, kmsKeyArn: "arn:aws:kms:eu-central-1:111111111111:key/k", environment: {variables: {STAGE: prod}}}}
`,
			Bad: []string{"fn.kmsKeyArn!"}, Unguarded: "a key that is only known later counts: it will be there", Exempt: "fn.environment!",
		},
	}
}

func lambdaNoStarRole() *policy.Rule {
	return &policy.Rule{
		ID: "lambda-no-star-role", Title: "Functions may not do everything", Severity: policy.High,
		Types: []string{lambdaFunction}, Anchors: "nagv:StarPermissions sr:WS1003 nist:AC-6",
		Why:     "a flaw in the code, or in one of the packages it uses, then has the whole account",
		Fix:     "allow the actions that the function calls, on the resources it calls them on",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
		Check:   checkFunctionRole,
		Proof: policy.Proof{
			Good: `
resources:
  role: {type: "aws:iam/role:Role", properties: {name: enrich}}
  grants:
    type: aws:iam/rolePolicy:RolePolicy
    properties: {role: "${role.name}", policy: {$json: {Statement: [{Effect: Allow, Action: ["sqs:SendMessage"], Resource: "arn:aws:sqs:eu-central-1:111111111111:q"}]}}}
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich, role: "${role.arn}"}}
`,
			Bad: []string{
				`grants.policy.Statement[0].Action="*"`, `grants.policy.Statement[0].Action=["*:*"]`,
				`role.managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]`,
				`+more={type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", properties: {role: "${role.name}", policyArn: "arn:aws:iam::aws:policy/AdministratorAccess"}}`,
				`role.inlinePolicies=[{policy: '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'}]`,
			},
			Guard: "grants.policy", Absent: policy.Pass,
			Also:        []string{"iam-no-admin", "iam-no-star-action", "iam-no-star-resource", "iam-no-escalation", "iam-passrole-scoped", "iam-kms-decrypt-scoped", "iam-no-managed-policy", "iam-grant-unused"},
			FixtureOnly: "the product has no functions yet",
		},
	}
}

const onePermission = `
resources:
  permission:
    type: aws:lambda/permission:Permission
    properties: {action: "lambda:InvokeFunction", function: enrich, principal: sns.amazonaws.com, sourceArn: "arn:aws:sns:eu-central-1:111111111111:t", sourceAccount: "111111111111"}
`

func checkPermissionSource(c *policy.Case) {
	principal := c.Get("principal")
	if principal.Unknown() {
		c.Unclear(principal)
		return
	}
	if !strings.HasSuffix(principal.Text(), ".amazonaws.com") {
		c.Skip("it lets an account or a role in, not a service")
		return
	}
	if principal.Is("s3.amazonaws.com") {
		c.Set("sourceAccount", "the account of the bucket, because the bucket's ARN names none")
		return
	}
	if namesSource(c.Get("sourceArn")) || !c.Get("sourceAccount").Empty() {
		return
	}
	c.Fail(c.Get("sourceArn"), "the ARN of what calls, or its account", policy.Saw(c.Node, "principal", "lets "+principal.Show()+" in for every customer of the service"))
}

// namesSource says that a source is one, rather than a wildcard that fits everybody's.
func namesSource(arn policy.Value) bool { return !arn.Empty() && !iam.Everybody(arn.Text()) }

var (
	secretName  = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|_pwd$|secret|token|api_?key|private_?key|credential)`)
	secretShape = regexp.MustCompile(`^(AKIA|ASIA)[A-Z0-9]{16}$|-----BEGIN [A-Z ]*PRIVATE KEY-----`)
)

// checkPlainVariable complains about a secret in a variable that AWS shows in plain text. A name of a secret is none: an ARN,
// a path of a parameter, or a variable that says that it holds one.
func checkPlainVariable(c *policy.Case, name string, v policy.Value) {
	const required = "the name or the ARN of a secret, not the secret"
	named := secretName.MatchString(name) && !notTheValue.MatchString(name)
	switch {
	case v.Secret():
		c.Broken(v.Path(), "a secret of the program", required)
	case v.Unknown() && named:
		c.Unclear(v)
	case secretShape.MatchString(v.Text()):
		c.Broken(v.Path(), "a value with the shape of a key", required)
	case named && !v.Empty() && !isSecretReference(v.Text()):
		c.Broken(v.Path(), "a plain value under a name that promises a secret", required)
	}
}

func isSecretReference(text string) bool {
	return strings.HasPrefix(text, "arn:") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "{{resolve:")
}

// grantsKey shares the policies of roles between rules.
var grantsKey byte

// roleDocuments are the policy documents of each role: its inline policies, its own policies, and the ARNs attached to it.
func roleDocuments(g *policy.Graph) map[*policy.Node][]policy.Value {
	return policy.Memo(g, &grantsKey, func(g *policy.Graph) map[*policy.Node][]policy.Value {
		documents := map[*policy.Node][]policy.Value{}
		for _, role := range g.ByType(iamRole) {
			for _, inline := range role.Get("inlinePolicies").Items() {
				documents[role] = append(documents[role], inline.Get("policy"))
			}
			documents[role] = append(documents[role], role.Get("managedPolicyArns").Items()...)
		}
		for _, n := range g.ByType(iamRolePolicy, iamRoleAttachment) {
			role := n.Get("role").Ref(iamRole).Node()
			if role == nil {
				continue
			}
			document := n.Get("policy")
			if n.Type == iamRoleAttachment {
				document = n.Get("policyArn")
			}
			documents[role] = append(documents[role], document)
		}
		for _, n := range g.ByType(iamPolicyAttachment) {
			roles, _ := n.Get("roles").Refs(iamRole)
			for _, role := range roles {
				documents[role] = append(documents[role], n.Get("policyArn"))
			}
		}
		return documents
	})
}

func checkFunctionRole(c *policy.Case) {
	found := c.Get("role").Ref(iamRole)
	role := found.Node()
	if role == nil {
		c.UnclearBecause("role", "the function's role is not a resource of this stack")
		return
	}
	for _, document := range roleDocuments(c.Graph())[role] {
		checkNoStar(c, role, document)
	}
}

func checkNoStar(c *policy.Case, role *policy.Node, document policy.Value) {
	const required = "only the actions that the function calls"
	saw := []policy.Detail{policy.Saw(c.Node, "role", "runs as "+role.String()), policy.Saw(document.Node(), document.Path(), "grants it")}
	if arn := document.Text(); strings.HasPrefix(arn, "arn:") {
		if strings.HasSuffix(arn, ":policy/AdministratorAccess") {
			c.Broken("role", "AdministratorAccess is attached", required, saw...)
			return
		}
		if own := document.Ref(iamPolicy).Node(); own != nil {
			checkNoStar(c, role, own.Get("policy"))
		}
		return
	}
	statements, unknown := iam.Statements(document)
	c.Unclear(unknown...)
	for _, s := range statements {
		if s.Allow && len(s.NotActions) == 0 && s.Does("holdfast:anything") {
			c.Broken("role", "every action is allowed", required, saw...)
		}
	}
}
