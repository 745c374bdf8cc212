package cloudsim_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

const (
	policyType     = "aws:iam/policy:Policy"
	inlineType     = "aws:iam/rolePolicy:RolePolicy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	profileType    = "aws:iam/instanceProfile:InstanceProfile"
	keyType        = "aws:kms/key:Key"
	aliasType      = "aws:kms/alias:Alias"
)

const allowLogs = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}}`

func keyPolicy(statements string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}` +
		statements + `]}`
}

func TestRolesAndPoliciesAreJudgedAsIAMJudgesThem(t *testing.T) {
	t.Parallel()
	role := func(w *world, document string) *thing {
		return w.add(roleType, "r", pulumi.Map{"assumeRolePolicy": s(document)})
	}
	runCases(t, []networkCase{
		{"a role with policies", func(w *world) {
			r := role(w, trusting("ec2.amazonaws.com"))
			p := w.add(policyType, "p", pulumi.Map{"policy": s(allowLogs)})
			w.add(attachmentType, "own", pulumi.Map{"role": r.Name, "policyArn": p.Arn})
			w.add(attachmentType, "aws", pulumi.Map{"role": r.Name, "policyArn": s("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")})
			w.add(inlineType, "in", pulumi.Map{"role": r.ID(), "policy": s(allowLogs)})
			w.add(profileType, "ip", pulumi.Map{"role": r.Name})
		}, ""},
		{"no JSON", func(w *world) { role(w, "allow") }, "MalformedPolicyDocument|assumeRolePolicy"},
		{"no principal", func(w *world) { role(w, allowLogs) }, "Missing required field Principal"},
		{"a wrong effect", func(w *world) {
			role(w, `{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"sts:AssumeRole"}]}`)
		}, `effect "Maybe"`},
		{"no trust policy", func(w *world) { w.add(roleType, "r", nil) }, "assumeRolePolicy|missing required property"},
		{"a session too long", func(w *world) {
			w.add(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("ec2.amazonaws.com")), "maxSessionDuration": pulumi.Int(43201)})
		}, "maxSessionDuration"},
		{"an identity policy with a principal", func(w *world) { w.add(policyType, "p", pulumi.Map{"policy": s(trusting("ec2.amazonaws.com"))}) }, "should not specify a principal"},
		{"a policy that does not exist", func(w *world) {
			w.add(attachmentType, "a", pulumi.Map{"role": role(w, trusting("ec2.amazonaws.com")).Name, "policyArn": s("arn:aws:iam::111122223333:policy/none")})
		}, "NoSuchEntity|policy/none"},
		{"a role that does not exist", func(w *world) { w.add(inlineType, "in", pulumi.Map{"role": s("none"), "policy": s(allowLogs)}) }, "NoSuchEntity|'none'"},
		{"a profile for a role of Lambda", func(w *world) {
			w.add(profileType, "ip", pulumi.Map{"role": role(w, trusting("lambda.amazonaws.com")).Name})
		}, "cannot be assumed by ec2.amazonaws.com"},
		{"one role name in two regions", func(w *world) {
			var frankfurt pulumi.ProviderResourceState
			w.err = w.ctx.RegisterResource("pulumi:providers:aws", "frankfurt", pulumi.Map{"region": s("eu-central-1")}, &frankfurt)
			args := pulumi.Map{"name": s("same"), "assumeRolePolicy": s(trusting("ec2.amazonaws.com"))}
			w.add(roleType, "a", args)
			w.add(roleType, "b", args, pulumi.Provider(&frankfurt))
		}, "EntityAlreadyExists|already exists: same"},
	})
}

func TestKeysAreOpenToWhomTheyServe(t *testing.T) {
	t.Parallel()
	group := func(w *world, policy string) {
		args := pulumi.Map{}
		if policy != "" {
			args["policy"] = s(policy)
		}
		w.add(logGroupType, "g", pulumi.Map{"kmsKeyId": w.add(keyType, "k", args).Arn})
	}
	const logs = `,{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:GenerateDataKey*"],"Resource":"*"}`
	runCases(t, []networkCase{
		{"open to Logs", func(w *world) { group(w, keyPolicy(logs)) }, ""},
		{"the default policy", func(w *world) { group(w, "") }, "AccessDeniedException|logs.eu-west-1.amazonaws.com|kmsKeyId"},
		{"open to Logs of another region", func(w *world) {
			group(w, keyPolicy(`,{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:*","Resource":"*"}`))
		}, "does not allow logs.eu-west-1.amazonaws.com"},
		{"opened by a policy of its own resource", func(w *world) {
			k := w.add(keyType, "k", nil)
			w.add("aws:kms/keyPolicy:KeyPolicy", "k", pulumi.Map{"keyId": k.ID(), "policy": s(keyPolicy(logs))})
			w.add(logGroupType, "g", pulumi.Map{"kmsKeyId": k.Arn})
		}, ""},
		{"a key that does not exist", func(w *world) {
			w.add(logGroupType, "g", pulumi.Map{"kmsKeyId": s("arn:aws:kms:eu-west-1:111122223333:key/none")})
		}, "InvalidParameterException|kmsKeyId"},
		{"a key of another region", func(w *world) {
			var frankfurt pulumi.ProviderResourceState
			w.err = w.ctx.RegisterResource("pulumi:providers:aws", "frankfurt", pulumi.Map{"region": s("eu-central-1")}, &frankfurt)
			k := w.add(keyType, "k", nil, pulumi.Provider(&frankfurt))
			w.add(logGroupType, "g", pulumi.Map{"kmsKeyId": k.Arn})
		}, "there is one in account 111122223333, region eu-central-1"},
		{"a policy that locks everybody out", func(w *world) {
			w.add(keyType, "k", pulumi.Map{"policy": s(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}]}`)})
		}, "will not allow you to update the key policy in the future"},
		{"an alias", func(w *world) {
			w.add(aliasType, "a", pulumi.Map{"name": s("alias/data"), "targetKeyId": w.add(keyType, "k", nil).ID()})
		}, ""},
		{"an alias of AWS", func(w *world) {
			w.add(aliasType, "a", pulumi.Map{"name": s("alias/aws/data"), "targetKeyId": w.add(keyType, "k", nil).ID()})
		}, "reserved for AWS"},
		{"an alias without its prefix", func(w *world) {
			w.add(aliasType, "a", pulumi.Map{"name": s("data"), "targetKeyId": w.add(keyType, "k", nil).ID()})
		}, "alias/ followed by"},
		{"a window too short", func(w *world) { w.add(keyType, "k", pulumi.Map{"deletionWindowInDays": pulumi.Int(6)}) }, "from 7 to 30"},
	})
}

func TestAPolicyDocumentIsReadAsIAMReadsIt(t *testing.T) {
	t.Parallel()
	p, err := cloudsim.ParsePolicy(`{"Statement":[
		{"Effect":"Allow","Principal":{"Service":["sns.amazonaws.com","sqs.amazonaws.com"]},"Action":"kms:Decrypt*","Resource":"*"},
		{"Effect":"Deny","Principal":"*","Action":"kms:DecryptAll","Resource":"*"}]}`)
	require.NoError(t, err)
	require.True(t, p.Allows("sns.amazonaws.com", "kms:decrypt"), "actions have no case")
	require.False(t, p.Allows("sns.amazonaws.com", "kms:DecryptAll"), "a denial wins")
	require.False(t, p.Allows("ec2.amazonaws.com", "kms:Decrypt"))
	require.True(t, cloudsim.Glob("s3:Get*Tag?ing", "s3:GetObjectTagging"))
	require.False(t, cloudsim.Glob("s3:Get?", "s3:Get"))
}
