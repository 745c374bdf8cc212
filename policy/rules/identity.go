package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const (
	iamRole             = "aws:iam/role:Role"
	iamPolicy           = "aws:iam/policy:Policy"
	iamRolePolicy       = "aws:iam/rolePolicy:RolePolicy"
	iamUserPolicy       = "aws:iam/userPolicy:UserPolicy"
	iamGroupPolicy      = "aws:iam/groupPolicy:GroupPolicy"
	iamRoleAttachment   = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	iamUserAttachment   = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
	iamGroupAttachment  = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	iamPolicyAttachment = "aws:iam/policyAttachment:PolicyAttachment"
	ssoPolicyAttachment = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	ssoInlinePolicy     = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
	iamPasswordPolicy   = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
)

// grantTypes are the types that hold policies of identities.
var grantTypes = []string{iamPolicy, iamRolePolicy, iamUserPolicy, iamGroupPolicy, iamRole}

// exclusiveTypes are the types that list all policies attached to an identity.
var exclusiveTypes = []string{
	"aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
	"aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive",
}

// attachmentTypes are the types that attach policies to identities by ARN.
var attachmentTypes = []string{iamRoleAttachment, iamUserAttachment, iamGroupAttachment, iamPolicyAttachment, ssoPolicyAttachment}

// identityRules are about IAM.
func identityRules() []*policy.Rule {
	return []*policy.Rule{
		noAdmin(), noStarAction(), noStarResource(), noPrivilegeEscalation(), passRoleScoped(), decryptScoped(),
		trustScoped(), noUsers(), noManagedPolicy(), passwordPolicy(),
	}
}

// granted are the allowing statements of the case's own documents; what is not known yet is recorded.
func granted(c *policy.Case) []iam.Statement {
	documents := []policy.Value{first(c.Get("policy"), c.Get("inlinePolicy"))}
	if c.Type == iamRole {
		documents = nil
		for _, inline := range c.Get("inlinePolicies").Items() {
			documents = append(documents, inline.Get("policy"))
		}
	}
	var allowed []iam.Statement
	for _, document := range documents {
		statements, unknown := iam.Statements(document)
		c.Unclear(unknown...)
		for _, s := range statements {
			if s.Allow {
				allowed = append(allowed, s)
			}
		}
	}
	return allowed
}

// wholeKinds are the parts of ARNs that stand for all that a service keeps for the account, where the service has more than one
// kind of resource.
var wholeKinds = map[string][]string{
	"secretsmanager": {"secret:*"}, "dynamodb": {"table/*"}, "ssm": {"parameter/*"}, "kinesis": {"stream/*"}, "lambda": {"function:*"},
}

// everything says that the statement is about all resources, of one service or of all.
func everything(s iam.Statement) bool {
	if len(s.NotResources) > 0 {
		return true
	}
	return slices.ContainsFunc(s.Resources, func(resource string) bool {
		if strings.Trim(resource, "*?") == "" {
			return true
		}
		parts := strings.SplitN(resource, ":", 6)
		if len(parts) < 6 {
			return strings.HasSuffix(resource, "*")
		}
		return strings.Trim(parts[5], "*?/:") == "" || slices.Contains(wholeKinds[parts[2]], parts[5])
	})
}

// unnarrowing are keys that say nothing about who or what.
var unnarrowing = []string{"aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:useragent", "aws:referer"}

// naming says that a condition lets in what it names: one that excludes, or that also holds when the key is missing, does not.
func naming(c iam.Condition) bool {
	operator := strings.ToLower(c.Operator)
	return !strings.Contains(operator, "not") && !strings.HasSuffix(operator, "ifexists") && operator != "null"
}

// conditioned says that a condition names something.
func conditioned(s iam.Statement) bool {
	for _, c := range s.Conditions {
		if naming(c) && !slices.Contains(unnarrowing, strings.ToLower(c.Key)) && len(c.Values) > 0 && !slices.Contains(c.Values, "*") {
			return true
		}
	}
	return false
}

// The good example of the rules about policies.
const goodGrant = `
resources:
  grant:
    type: aws:iam/rolePolicy:RolePolicy
    properties:
      role: worker
      policy:
        $json:
          Statement:
            - {Effect: Allow, Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "arn:aws:logs:eu-central-1:111111111111:log-group:worker:*"}
`

// grantSiblings are the rules that judge the same statements.
var grantSiblings = []string{
	"iam-no-admin", "iam-no-star-action", "iam-no-star-resource", "iam-no-escalation", "iam-passrole-scoped", "iam-kms-decrypt-scoped", "iam-grant-unused",
	"ghost-reference",
}

func noAdmin() *policy.Rule {
	return &policy.Rule{
		ID: "iam-no-admin", Title: "Nobody is given every action on everything", Severity: policy.High,
		Types:   slices.Concat(grantTypes, attachmentTypes, exclusiveTypes, []string{ssoInlinePolicy}),
		Anchors: "nagn:IAMPolicyNoStatementsWithAdminAccess fsbp:IAM.1 ckv:1,62,274,275 ckv2:40,56 guard:IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS config:iam-policy-no-statements-with-admin-access nist:AC-6",
		Why:     "whoever takes over the workload takes over the account, the logs of what they do included",
		Fix:     "name the actions that are called and the ARNs that they are called on",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
		Check: func(c *policy.Case) {
			if slices.Contains(attachmentTypes, c.Type) {
				checkAttached(c, c.Get(attachedPath(c)))
				return
			}
			for _, arn := range append(c.Get("managedPolicyArns").Items(), c.Get("policyArns").Items()...) {
				checkAttached(c, arn)
			}
			for _, s := range granted(c) {
				if s.Does("holdfast:anything") && len(s.NotActions) == 0 && everything(s) && !conditioned(s) {
					c.Fail(s.Value.Get("Action"), "the actions that are called, on the resources that they are called on")
				}
			}
		},
		Proof: policy.Proof{
			Good: goodGrant + `
  attached: {type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", properties: {role: worker, policyArn: "arn:aws:iam::111111111111:policy/worker"}}
  role: {type: "aws:iam/role:Role", properties: {assumeRolePolicy: {$json: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}]}}}}
`,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: "*", Resource: "*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: ["*:*"], Resource: ["*"], Condition: {Bool: {"aws:SecureTransport": "true"}}}`,
				"attached.policyArn=arn:aws:iam::aws:policy/AdministratorAccess", "attached.policyArn=arn:aws:iam::aws:policy/IAMFullAccess",
				`role.managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]`,
				`+only={type: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", properties: {roleName: worker, policyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"]}}`,
				`+people={type: "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy", properties: {inlinePolicy: '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'}}`,
				`role.inlinePolicies=[{name: all, policy: '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'}]`,
			},
			Guard: "grant.policy", Absent: policy.Pass,
			Also: append(slices.Clone(grantSiblings), "iam-no-managed-policy"),
		},
	}
}

func attachedPath(c *policy.Case) string {
	if c.Type == ssoPolicyAttachment {
		return "managedPolicyArn"
	}
	return "policyArn"
}

// checkAttached refuses AWS's policies that allow everything, or to allow oneself everything.
func checkAttached(c *policy.Case, arn policy.Value) {
	c.Require(arn, "a policy that names actions and resources", func(v policy.Value) bool {
		_, name, _ := strings.Cut(v.Text(), "::aws:policy/")
		return name != "AdministratorAccess" && name != "IAMFullAccess"
	})
}

func noStarAction() *policy.Rule {
	return &policy.Rule{
		ID: "iam-no-star-action", Title: "Policies name actions, not services", Severity: policy.High,
		Types:   grantTypes,
		Anchors: "nag:IAM5 fsbp:IAM.21 ckv:49,63 trivy:0057,0345 config:iam-policy-no-statements-with-full-access nist:AC-6",
		Why:     "service:* allows what nobody meant: deleting, changing policies, and every action that AWS adds later",
		Fix:     "list the actions, or verbs such as s3:Get*",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
		Settings: []policy.Setting{{
			Name: "services", Kind: policy.KindList, Default: []any{"ssmmessages", "ec2messages"}, Help: "services of which every action may be allowed",
		}},
		Check: func(c *policy.Case) {
			free := c.Texts("services")
			for _, s := range granted(c) {
				if len(s.NotActions) > 0 {
					c.Fail(s.Value.Get("NotAction"), "Action with the actions that are called")
				}
				for _, action := range s.Actions {
					service, verb, _ := strings.Cut(action, ":")
					all := strings.Trim(verb, "*?") == "" && strings.Contains(verb, "*") && !slices.Contains(free, service)
					if all || strings.ContainsAny(service, "*?") {
						c.Fail(s.Value.Get("Action"), "the actions that are called")
						break
					}
				}
			}
		},
		Proof: policy.Proof{
			Good: goodGrant,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: "logs:*", Resource: "arn:aws:logs:eu-central-1:444444444444:log-group:*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: ["logs:PutLogEvents", "*"], Resource: "arn:aws:logs:eu-central-1:444444444444:log-group:*"}`,
				`grant.policy.Statement[1]={Effect: Allow, NotAction: "iam:*", Resource: "arn:aws:logs:eu-central-1:444444444444:log-group:*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "*:Get*", Resource: "arn:aws:logs:eu-central-1:444444444444:log-group:other"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "logs:?*", Resource: "arn:aws:logs:eu-central-1:444444444444:log-group:other"}`,
			},
			Guard: "grant.policy", Absent: policy.Pass, Also: grantSiblings,
		},
	}
}

// unscopable are actions that take no resource, so that their statements must say "*"; those that only describe or list are
// not among them.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var unscopable = []string{
	"ssmmessages:*", "ec2messages:*", "cloudwatch:PutMetricData", "cloudwatch:GetMetric*", "xray:Put*", "xray:GetSampling*", "ecr:GetAuthorizationToken",
	"ecr-public:GetAuthorizationToken", "sts:GetCallerIdentity", "sts:GetServiceBearerToken", "tag:Get*", "ce:Get*", "pricing:Get*", "health:*",
	"kms:GenerateRandom", "kms:CreateKey", "secretsmanager:GetRandomPassword", "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery",
	"logs:DeleteLogDelivery", "logs:PutResourcePolicy", "s3:GetAccountPublicAccessBlock", "ec2:GetEbsEncryptionByDefault", "events:TestEventPattern",
}

func noStarResource() *policy.Rule {
	return &policy.Rule{
		ID: "iam-no-star-resource", Title: "Policies name resources wherever the action takes one", Severity: policy.High,
		Types:   grantTypes,
		Anchors: "nag:IAM5 ckv:107,108,111,288,290,355,356 trivy:0057 nist:AC-6",
		Why:     "an action on * reaches every secret, object and queue of the account, those of other workloads and of later ones included",
		Fix:     "name the ARNs, or add a condition that does, such as aws:ResourceTag or ec2:LaunchTemplate",
		Sources: []string{"https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"},
		Settings: []policy.Setting{{
			Name: "unscopable", Kind: policy.KindList, Default: []any{}, Help: "more actions that take no resource, beside those that describe and list; * for any letters",
		}},
		Check: func(c *policy.Case) {
			free := append(slices.Clone(unscopable), c.Texts("unscopable")...)
			for _, s := range granted(c) {
				if !everything(s) || conditioned(s) {
					continue
				}
				for _, action := range append(slices.Clone(s.Actions), prefixed("not ", s.NotActions)...) {
					if !takesNoResource(action, free) {
						c.Broken(s.Value.Get("Resource").Path(), action+" on every resource", "the ARNs that it is called on", policy.Saw(c.Node, s.Value.Path(), "the statement"))
						break
					}
				}
			}
		},
		Proof: policy.Proof{
			Good: goodGrant + `
            - {Effect: Allow, Action: ["ec2:DescribeTags", "ssmmessages:OpenDataChannel"], Resource: "*"}
            - {Effect: Allow, Action: "ec2:RunInstances", Resource: "*", Condition: {ArnEquals: {"ec2:LaunchTemplate": "arn:aws:ec2:eu-central-1:111111111111:launch-template/lt-1"}}}
`,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: "*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: ["ec2:DescribeTags", "s3:GetObject"], Resource: "arn:aws:s3:::*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "sts:AssumeRole", Resource: "*", Condition: {Bool: {"aws:SecureTransport": "true"}}}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "sqs:SendMessage", NotResource: "arn:aws:sqs:eu-central-1:444444444444:other"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:*:444444444444:secret:*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:*"}`,
			},
			Guard: "grant.policy", Absent: policy.Pass, Also: grantSiblings,
		},
	}
}

func prefixed(prefix string, texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, prefix+text)
	}
	return out
}

func takesNoResource(action string, free []string) bool {
	_, verb, _ := strings.Cut(action, ":")
	if strings.HasPrefix(verb, "Describe") || strings.HasPrefix(verb, "List") {
		return true
	}
	return slices.ContainsFunc(free, func(pattern string) bool { return iam.Match(pattern, action, true) })
}

// escalating are actions that change what somebody may do.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
var escalating = []string{
	"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:PutUserPolicy",
	"iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile",
	"iam:UpdateLoginProfile", "iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary", "sso:CreateAccountAssignment",
}

func noPrivilegeEscalation() *policy.Rule {
	return &policy.Rule{
		ID: "iam-no-escalation", Title: "No workload may change what it is allowed", Severity: policy.High,
		Types:   grantTypes,
		Anchors: "ckv:109,110,286,287,289 nist:AC-6",
		Why:     "an identity that can write policies, keys or trust has every permission that it can write, whatever its own policy says",
		Fix:     "leave changes of IAM to the deploying role, or add the condition iam:PermissionsBoundary",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"},
		Check: func(c *policy.Case) {
			for _, s := range granted(c) {
				if slices.ContainsFunc(s.Conditions, func(at iam.Condition) bool { return strings.EqualFold(at.Key, "iam:PermissionsBoundary") }) {
					continue
				}
				if at := slices.IndexFunc(escalating, s.Does); at >= 0 {
					c.Broken(s.Value.Get("Action").Path(), "it allows "+escalating[at], "no action that changes permissions, or the condition iam:PermissionsBoundary")
				}
			}
		},
		Proof: policy.Proof{
			Good: goodGrant,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:PutRolePolicy", Resource: "arn:aws:iam::444444444444:role/other-*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:Create*", Resource: "arn:aws:iam::444444444444:user/other-*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:updateassumerolepolicy", Resource: "arn:aws:iam::444444444444:role/other-*"}`,
			},
			Guard: "grant.policy", Absent: policy.Pass, Also: grantSiblings,
		},
	}
}

func passRoleScoped() *policy.Rule {
	return &policy.Rule{
		ID: "iam-passrole-scoped", Title: "iam:PassRole names the roles and the service", Severity: policy.High,
		Types:   grantTypes,
		Anchors: "trivy:0342 nist:AC-6",
		Why:     "who may pass any role starts a server or a function with the strongest role of the account and is that role",
		Fix:     "name the roles in Resource and add the condition StringEquals iam:PassedToService with the one service",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"},
		Check: func(c *policy.Case) {
			for _, s := range granted(c) {
				if !s.Does("iam:PassRole") {
					continue
				}
				if everything(s) || slices.ContainsFunc(s.Resources, func(arn string) bool { return strings.HasSuffix(arn, ":role/*") }) {
					c.Broken(s.Value.Get("Resource").Path(), "iam:PassRole for every role", "the ARNs of the roles that are passed")
				}
				if !passedTo(s) {
					c.Broken(s.Value.Path(), "iam:PassRole to every service", "the condition iam:PassedToService with the service")
				}
			}
		},
		Proof: policy.Proof{
			Good: goodGrant + `
            - {Effect: Allow, Action: "iam:PassRole", Resource: "arn:aws:iam::111111111111:role/worker", Condition: {StringEquals: {"iam:PassedToService": "ec2.amazonaws.com"}}}
`,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: {StringEquals: {"iam:PassedToService": "ec2.amazonaws.com"}}}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:Pass*", Resource: "arn:aws:iam::444444444444:role/*", Condition: {StringEquals: {"iam:PassedToService": "ec2.amazonaws.com"}}}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:PassRole", Resource: "arn:aws:iam::444444444444:role/other-*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: "iam:PassRole", Resource: "arn:aws:iam::444444444444:role/other-*", Condition: {StringLike: {"iam:PassedToService": "*"}}}`,
			},
			Guard: "grant.policy", Absent: policy.Pass, Also: grantSiblings,
		},
	}
}

// passedTo says that the statement names the service that takes the role.
func passedTo(s iam.Statement) bool {
	return slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool {
		return naming(c) && strings.EqualFold(c.Key, "iam:PassedToService") && !slices.Contains(c.Values, "*")
	})
}

func decryptScoped() *policy.Rule {
	return &policy.Rule{
		ID: "iam-kms-decrypt-scoped", Title: "Decryption is allowed with named keys", Severity: policy.Medium,
		Types:   grantTypes,
		Anchors: "fsbp:KMS.1,KMS.2 config:iam-customer-policy-blocked-kms-actions,iam-inline-policy-blocked-kms-actions nist:AC-6",
		Why:     "a key keeps data apart only while those who may read one kind of it cannot decrypt the others",
		Fix:     "name the ARNs of the keys, or add a condition such as kms:ViaService",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html"},
		Check: func(c *policy.Case) {
			for _, s := range granted(c) {
				if !s.Does("kms:Decrypt") && !s.Does("kms:ReEncryptFrom") || conditioned(s) {
					continue
				}
				if everything(s) || slices.ContainsFunc(s.Resources, func(arn string) bool { return strings.HasSuffix(arn, ":key/*") }) {
					c.Fail(s.Value.Get("Resource"), "the ARNs of the keys")
				}
			}
		},
		Proof: policy.Proof{
			Good: goodGrant + `
            - {Effect: Allow, Action: "kms:Decrypt", Resource: "arn:aws:kms:eu-central-1:444444444444:key/1"}
            - {Effect: Allow, Action: "kms:Decrypt", Resource: "*", Condition: {StringEquals: {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}}}
`,
			Bad: []string{
				`grant.policy.Statement[1]={Effect: Allow, Action: "kms:Decrypt", Resource: "*"}`,
				`grant.policy.Statement[1]={Effect: Allow, Action: ["kms:ReEncrypt*"], Resource: "arn:aws:kms:eu-central-1:444444444444:key/*"}`,
			},
			Guard: "grant.policy", Absent: policy.Pass, Also: grantSiblings,
		},
	}
}
