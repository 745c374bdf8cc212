package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// sealed are the types that are encrypted with a key that their users must be allowed as well: where the key is, and which
// of their actions want which of the key's.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
// https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
// https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
var sealed = map[string]struct {
	key   string
	wants map[string][]string
}{
	sqsQueue: {"kmsMasterKeyId", map[string][]string{"sqs:ReceiveMessage": {"kms:Decrypt"}, "sqs:SendMessage": {"kms:GenerateDataKey", "kms:Decrypt"}}},
	snsTopic: {"kmsMasterKeyId", map[string][]string{"sns:Publish": {"kms:GenerateDataKey", "kms:Decrypt"}}},
	kinesisStream: {"kmsKeyId", map[string][]string{
		"kinesis:GetRecords": {"kms:Decrypt"}, "kinesis:PutRecord": {"kms:GenerateDataKey"}, "kinesis:PutRecords": {"kms:GenerateDataKey"},
	}},
	managedSecret: {"kmsKeyId", map[string][]string{"secretsmanager:GetSecretValue": {"kms:Decrypt"}}},
	ssmParameter:  {"keyId", map[string][]string{"ssm:GetParameter": {"kms:Decrypt"}, "ssm:GetParameters": {"kms:Decrypt"}}},
	dynamoTable:   {"serverSideEncryption.kmsKeyArn", map[string][]string{"dynamodb:GetItem": {"kms:Decrypt"}, "dynamodb:Query": {"kms:Decrypt"}, "dynamodb:PutItem": {"kms:Decrypt"}}},
	buckets[0]:    {"", bucketWants},
	buckets[1]:    {"", bucketWants},
}

var bucketWants = map[string][]string{"s3:GetObject": {"kms:Decrypt"}, "s3:PutObject": {"kms:GenerateDataKey"}}

// keyOf is the key of the program that a resource is encrypted with, or nil.
func keyOf(n *policy.Node) *policy.Node {
	if slices.Contains(buckets, n.Type) {
		values, _ := bucketsOf(n.Graph()).values(n, encryptionPart)
		for _, v := range values {
			if key := keyNamed(v.Get("kmsMasterKeyId")); key != nil {
				return key
			}
		}
		return nil
	}
	path := sealed[n.Type].key
	if n.Type == logGroupType {
		path = "kmsKeyId"
	}
	return keyNamed(n.Get(path))
}

func keyReach() *policy.Rule {
	return &policy.Rule{
		ID: "kms-reach", Title: "Who may use what is encrypted may use its key", Severity: policy.High,
		Types:   []string{iamRole},
		Anchors: "nist:AC-3,SC-12",
		Why:     "a message or an object that cannot be decrypted is refused with AccessDenied by KMS, which shows when the first one is read and not when the role is made",
		Fix:     "allow the role kms:Decrypt (and kms:GenerateDataKey to write) on the key's ARN, and let the key's policy delegate to the account or name the role",
		Sources: []string{
			"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
			"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
		},
		Check: checkKeyReach,
		Proof: policy.Proof{
			Good: `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      arn: "arn:aws:kms:eu-central-1:111111111111:key/1"
      enableKeyRotation: true
      policy: {$json: {Statement: [{Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:root"}}]}}
  queue: {type: "aws:sqs/queue:Queue", properties: {arn: "arn:aws:sqs:eu-central-1:111111111111:work", kmsMasterKeyId: "arn:aws:kms:eu-central-1:111111111111:key/1"}}
  role:
    type: aws:iam/role:Role
    properties:
      name: worker
      arn: "arn:aws:iam::111111111111:role/worker"
      assumeRolePolicy: {$json: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}]}}
  grant:
    type: aws:iam/rolePolicy:RolePolicy
    properties:
      role: ${role.name}
      policy:
        $json:
          Statement:
            - {Effect: Allow, Action: ["sqs:ReceiveMessage", "sqs:SendMessage"], Resource: "arn:aws:sqs:eu-central-1:111111111111:work"}
            - {Effect: Allow, Action: ["kms:Decrypt", "kms:GenerateDataKey*"], Resource: "arn:aws:kms:eu-central-1:111111111111:key/1"}
`,
			Bad: []string{
				"grant.policy.Statement[1]!", `grant.policy.Statement[1].Action=["kms:GenerateDataKey"]`, `grant.policy.Statement[1].Action=["kms:Decrypt"]`,
				"grant.policy.Statement[1].Resource=arn:aws:kms:eu-central-1:444444444444:key/2",
				`key.policy.Statement[0].Principal={Service: "sns.amazonaws.com"}`, `key.policy.Statement[0].Action=["kms:PutKeyPolicy"]`,
				`key.policy.Statement[0].Principal={AWS: "arn:aws:iam::111111111111:role/other"}`,
			},
			Guard: "grant.policy", Absent: policy.NotApplicable, Also: []string{"kms-policy-keeps-admin"},
		},
	}
}

func checkKeyReach(c *policy.Case) {
	held := grantsOf(c.Graph())[c.Node]
	judged := false
	for _, s := range held.statements {
		for _, arn := range s.Resources {
			for _, target := range sealedBy(c.Graph(), arn) {
				key := keyOf(target)
				if s.Allow && key != nil && judgeReach(c, held, s, target, key) {
					judged = true
				}
			}
		}
	}
	if held.open {
		c.UnclearBecause("", "its policies are not known yet")
		return
	}
	if !judged {
		c.Skip("it may use nothing that is encrypted with a key of the program")
	}
}

// sealedBy are the resources of encrypted kinds that the ARN in a policy names; objects stand for their bucket.
func sealedBy(g *policy.Graph, arn string) []*policy.Node {
	if strings.HasPrefix(arn, "arn:aws:s3:::") {
		arn, _, _ = strings.Cut(arn, "/")
	}
	var found []*policy.Node
	for _, n := range g.Named(arn) {
		if _, ok := sealed[n.Type]; ok {
			found = append(found, n)
		}
	}
	return found
}

// judgeReach wants the role to be allowed the key for each action that the statement allows on the target. It reports
// whether any of them needs the key.
func judgeReach(c *policy.Case, held *grants, s iam.Statement, target, key *policy.Node) bool {
	var wanted []string
	for action, uses := range sealed[target.Type].wants {
		if s.Does(action) {
			wanted = append(wanted, uses...)
		}
	}
	for _, action := range unique(wanted) {
		saw := []policy.Detail{policy.Saw(c.Node, "", "may use "+target.String()), policy.Saw(target, sealed[target.Type].key, "is encrypted with "+key.String())}
		switch mayUseKey(held, c.Node, key, action) {
		case no:
			c.At(s.Value.Node()).Broken(s.Value.Path(), c.String()+" may use "+target.String()+" and not its key: "+action+" is not allowed", action+" on "+key.String(), saw...)
		case maybe:
			c.UnclearBecause("", "whether it may use "+key.String()+" is not known yet")
		}
	}
	return len(wanted) > 0
}

// mayUseKey says whether a role may use a key: its own policies allow it and the key's policy delegates to the account, or the
// key's policy names the role.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func mayUseKey(held *grants, role, key *policy.Node, action string) answer {
	document := policyOfKey(key)
	own := held.allow(action, key.Get("arn").Text())
	if document.Absent() {
		return own // The default policy delegates.
	}
	return grantedBy(document, func(s iam.Statement) answer {
		if !s.Does(action) {
			return no
		}
		best := no
		for _, principal := range s.Principals {
			name := strings.TrimPrefix(principal, "AWS:")
			switch {
			case name == "*" || name == role.Get("arn").Text():
				return yes
			case wholeAccount(name):
				best = max(best, own)
			}
		}
		return best
	})
}
