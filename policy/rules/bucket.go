package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const accountBlock = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"

// bucketRules are about S3 buckets.
func bucketRules() []*policy.Rule {
	return slices.Concat(bucketOpenness(), bucketKeeping(), bucketClasses())
}

// blockFlags are the four switches that keep a bucket closed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
var blockFlags = []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"}

// bucketOpenness are the rules about who reaches a bucket, and how.
func bucketOpenness() []*policy.Rule {
	return []*policy.Rule{s3BlockPublicAccess(), s3NotPublic(), s3TLSOnly(), s3ACLDisabled(), s3CrossAccountLimited()}
}

func s3BlockPublicAccess() *policy.Rule {
	return &policy.Rule{
		ID: "s3-block-public-access", Title: "Buckets block public access", Severity: policy.High,
		Types:   append([]string{accountBlock}, buckets...),
		Anchors: "nag:S2 fsbp:S3.1,S3.8 ckv:53,54,55,56 ckv2:6 trivy:0086,0087,0091,0093,0094 nist:AC-3,SC-7",
		Why:     "the block holds whatever policy or access list somebody adds later; S3 switches it on for new buckets, but only a declared one is put back after it was switched off",
		Fix:     "add an aws:s3:BucketPublicAccessBlock with blockPublicAcls, blockPublicPolicy, ignorePublicAcls and restrictPublicBuckets true",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"},
		Check:   checkBlock,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  block:
    type: aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock
    properties: {bucket: "${media.id}", blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true}
`,
			Bad: []string{"block!", "block.blockPublicAcls=false", "block.blockPublicPolicy=false", "block.ignorePublicAcls=false", "block.restrictPublicBuckets=false",
				"block.restrictPublicBuckets!"},
			Guard: "block.blockPublicPolicy", Absent: policy.Violation, Also: []string{"log-path"},
		},
	}
}

func s3NotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "s3-not-public", Title: "No access list or policy opens a bucket to everybody", Severity: policy.Critical, Blocking: true,
		Types: slices.Concat(buckets, aclKinds, policyPart.kinds),
		Anchors: "nagn:S3BucketPublicReadProhibited,S3BucketPublicWriteProhibited nag:S5 fsbp:S3.2,S3.3 ckv:20,57,70,375 ckv2:43 trivy:0092 " +
			"cp:aws-s3-bucket-disallow-public-read nist:AC-3,AC-6",
		Why:     "everybody on the internet can then read, or write, what is in the bucket",
		Fix:     "name the principals, or narrow the statement by aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID; set acl to private or leave it out",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status"},
		Check:   checkBucketOpen,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  opened:
    type: aws:s3/bucketPolicy:BucketPolicy
    properties:
      bucket: "${media.id}"
      policy: {$json: {Statement: [
        {Effect: Deny, Principal: {AWS: "*"}, Action: "s3:*", Resource: ["arn:aws:s3:::media", "arn:aws:s3:::media/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}},
        {Effect: Allow, Principal: {Service: cloudfront.amazonaws.com}, Action: "s3:GetObject", Resource: "arn:aws:s3:::media/*"}]}}
  listed: {type: "aws:s3/bucketAclV2:BucketAclV2", properties: {bucket: "${media.id}", acl: private}}
`,
			Bad: []string{
				"opened.policy.Statement[0].Effect=Allow ; opened.policy.Statement[0].Condition!", "opened.policy.Statement[1].Principal='*'", "listed.acl=public-read", "listed.acl=authenticated-read",
				"listed.acl! ; listed.accessControlPolicy={grants: [{permission: READ, grantee: {type: Group, uri: 'http://acs.amazonaws.com/groups/global/AllUsers'}}]}",
				"opened.policy.Statement[1].Principal='*' ; opened.policy.Statement[1].Condition={ArnLike: {'aws:PrincipalArn': 'arn:aws:iam::*:role/*'}}",
				"opened.policy.Statement[1].Principal='*' ; opened.policy.Statement[1].Condition={IpAddress: {'aws:SourceIp': [0.0.0.0/1, 128.0.0.0/1]}}",
				"media.acl=public-read-write", "media.grants=[{type: Group, permissions: [READ], uri: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'}]",
			},
			Guard: "opened.policy", Absent: policy.Pass, Also: []string{"s3-tls-only"},
		},
	}
}

func s3TLSOnly() *policy.Rule {
	return &policy.Rule{
		ID: "s3-tls-only", Title: "Buckets refuse requests without TLS", Severity: policy.Medium,
		Types:   buckets,
		Anchors: "nag:S10 fsbp:S3.5 ckv:379 nist:SC-8",
		Why:     "S3 answers plain HTTP too, and a signed URL that crosses the network in plain text can be used by whoever sees it",
		Fix:     "add a statement to the bucket policy that denies s3:* to everybody on the bucket and its objects while aws:SecureTransport is false",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"},
		Check:   checkBucketTLS,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  rules:
    type: aws:s3/bucketPolicy:BucketPolicy
    properties:
      bucket: "${media.id}"
      policy: {$json: {Statement: [
        {Effect: Deny, Principal: {AWS: "*"}, Action: "s3:*", Resource: ["arn:aws:s3:::media", "arn:aws:s3:::media/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}
`,
			Bad: []string{"rules!", "rules.policy.Statement[0].Condition.Bool={'aws:SecureTransport': 'true'}", "rules.policy.Statement[0].Action='s3:GetObject'",
				"rules.policy.Statement[0].Resource=arn:aws:s3:::media", "rules.policy.Statement[0].Principal={AWS: 'arn:aws:iam::111111111111:root'}",
				"rules.policy.Statement[0].Condition.StringEquals={'aws:PrincipalTag/team': 'a'}"},
			Guard: "rules.policy", Absent: policy.Violation, Also: []string{"log-path", "account-crossing"},
		},
	}
}

func s3ACLDisabled() *policy.Rule {
	return &policy.Rule{
		ID: "s3-acl-disabled", Title: "Buckets have no access lists", Severity: policy.Medium,
		Types:   buckets,
		Anchors: "fsbp:S3.12 ckv2:65 nist:AC-3",
		Why:     "with access lists each object may have its own owner and its own readers, which no policy of the bucket shows",
		Fix:     "add an aws:s3:BucketOwnershipControls with rule.objectOwnership BucketOwnerEnforced",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"},
		Check: func(c *policy.Case) {
			ownershipPart.require(c, "ownership controls", "BucketOwnerEnforced", func(v policy.Value) bool { return v.Is("BucketOwnerEnforced") })
		},
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  ownership: {type: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", properties: {bucket: "${media.id}", rule: {objectOwnership: BucketOwnerEnforced}}}
`,
			Bad:   []string{"ownership!", "ownership.rule.objectOwnership=ObjectWriter", "ownership.rule.objectOwnership=BucketOwnerPreferred"},
			Guard: "ownership.rule.objectOwnership", Absent: policy.Violation,
		},
	}
}

func s3CrossAccountLimited() *policy.Rule {
	return &policy.Rule{
		ID: "s3-cross-account-limited", Title: "No other account may change a bucket's own settings", Severity: policy.High,
		Types:   slices.Concat(policyPart.kinds, buckets),
		Anchors: "fsbp:S3.6 nist:AC-6",
		Why:     "an account that may change the policy, the encryption or the access lists can open the bucket to anybody",
		Fix:     "grant other accounts the reads and writes of objects that they need, and none of " + strings.Join(settingActions, ", "),
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html"},
		Check:   checkCrossAccount,
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  rules:
    type: aws:s3/bucketPolicy:BucketPolicy
    properties:
      bucket: "${media.id}"
      policy: {$json: {Statement: [
        {Effect: Deny, Principal: {AWS: "*"}, Action: "s3:*", Resource: ["arn:aws:s3:::media", "arn:aws:s3:::media/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}},
        {Effect: Allow, Principal: {AWS: ["arn:aws:iam::999999999999:role/reader"]}, Action: ["s3:GetObject"], Resource: "arn:aws:s3:::media/*"}]}}
`,
			Bad: []string{
				"rules.policy.Statement[1].Principal={AWS: 'arn:aws:iam::999999999999:root'} ; rules.policy.Statement[1].Action=['s3:PutBucketPolicy']",
				"rules.policy.Statement[1].Principal={AWS: ['999999999999']} ; rules.policy.Statement[1].Action='s3:*'",
				"rules.policy.Statement[1].Principal={AWS: '999999999999'} ; rules.policy.Statement[1].Action=['s3:GetObject', 's3:PutObjectAcl']",
				"rules.policy.Statement[1].Principal={AWS: '999999999999'} ; rules.policy.Statement[1].Action! ; rules.policy.Statement[1].NotAction='s3:GetObject'",
				`+old={type: "aws:s3/bucket:Bucket", properties: {policy: '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "s3:PutBucketAcl", "Resource": "*"}}'}}`,
			},
			Guard: "rules.policy", Absent: policy.Pass, Also: []string{"log-path", "account-crossing"},
		},
	}
}

func checkBlock(c *policy.Case) {
	if c.Type == accountBlock {
		for _, flag := range blockFlags {
			c.True(flag)
		}
		return
	}
	blocks, sure := bucketsOf(c.Graph()).parts(c.Node, blockPart)
	for _, block := range blocks {
		for _, flag := range blockFlags {
			c.At(block).Require(block.Get(flag), "true", policy.Value.True, policy.Saw(c.Node, "", "is the bucket"))
		}
	}
	if len(blocks) == 0 && !accountBlocks(c) {
		blockPart.missing(c, sure, "public access block", "all four of "+strings.Join(blockFlags, ", "))
	}
}

// accountBlocks says that the whole account is closed.
func accountBlocks(c *policy.Case) bool {
	for block := range c.Each(accountBlock) {
		if block.Account() == c.Account() && !slices.ContainsFunc(blockFlags, func(flag string) bool { return !block.Get(flag).True() }) {
			return true
		}
	}
	return false
}

// openACLs are the canned access lists that let strangers in; openGroups the groups that do.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
var (
	openACLs   = []string{"public-read", "public-read-write", "authenticated-read"}
	openGroups = []string{"http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
)

func checkBucketOpen(c *policy.Case) {
	c.Require(c.Get("acl"), "private", func(v policy.Value) bool { return !v.In(openACLs...) })
	for _, grant := range slices.Concat(c.Get("grants").List(), c.Get("accessControlPolicy.grants").List()) {
		c.Require(first(grant.Get("uri"), grant.Get("grantee.uri")), "no group of everybody", func(v policy.Value) bool { return !v.In(openGroups...) })
	}
	statements, unknown := iam.Statements(c.Get("policy"))
	c.Unclear(unknown...)
	for _, s := range statements {
		if s.Public() {
			c.Fail(s.Value.Get("Principal"), "principals that are named, or a condition that narrows them", policy.Saw(c.Node, s.Value.Path(), "lets everybody in"))
		}
	}
}

func checkBucketTLS(c *policy.Case) {
	documents, sure := bucketsOf(c.Graph()).values(c.Node, policyPart)
	arn := bucketARN(c.Node)
	for _, document := range documents {
		statements, unknown := iam.Statements(document)
		if refusesPlainHTTP(statements, arn) {
			return
		}
		if len(unknown) > 0 || arn == "" {
			c.Unclear(document)
			return
		}
	}
	if len(documents) == 0 {
		policyPart.missing(c, sure, "bucket policy", "a policy that denies requests without TLS")
		return
	}
	c.At(documents[0].Node()).Broken("policy", "no statement that denies requests without TLS on the bucket and its objects", "a Deny of s3:* to everybody while aws:SecureTransport is false",
		policy.Saw(c.Node, "", "is the bucket"))
}

// refusesPlainHTTP says that the statements refuse every request without TLS on the bucket and on its objects. One with a second
// condition refuses only some of them.
func refusesPlainHTTP(statements []iam.Statement, arn string) bool {
	refused := func(action, on string) bool {
		return slices.ContainsFunc(statements, func(s iam.Statement) bool {
			return !s.Allow && s.Anyone() && len(s.Conditions) == 1 && s.Requires("Bool", "aws:SecureTransport", "false") && s.Does(action) && s.On(on)
		})
	}
	return refused("s3:ListBucket", arn) && refused("s3:PutObject", arn+"/any/object") && refused("s3:GetObject", arn+"/any/object")
}

// settingActions are the actions that Security Hub's control S3.6 keeps from other accounts.
// https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html
var settingActions = []string{"s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutEncryptionConfiguration", "s3:PutObjectAcl"}

func checkCrossAccount(c *policy.Case) {
	statements, unknown := iam.Statements(c.Get("policy"))
	c.Unclear(unknown...)
	own := c.Account()
	for _, s := range statements {
		if !s.Allow || !slices.ContainsFunc(s.Principals, func(p string) bool { return foreign(p, own) }) {
			continue
		}
		at := slices.IndexFunc(settingActions, s.Does)
		if at < 0 {
			continue
		}
		if own == "" {
			c.UnclearBecause("policy", "nothing says which account the bucket is in")
			return
		}
		c.Fail(s.Value.Get("Action"), "nothing that covers "+settingActions[at], policy.Saw(c.Node, s.Value.Path(), "grants another account"))
	}
}

// foreign says that the principal is of another account. Everybody is for s3-not-public.
func foreign(principal, own string) bool {
	text, isAWS := strings.CutPrefix(principal, "AWS:")
	if !isAWS {
		return false
	}
	if account := partsOfARN(text).account; account != "" {
		text = account
	}
	return text != own
}
