package cloudsim

import (
	"crypto/md5" //nolint:gosec // S3's entity tag is an MD5 sum; nothing is secured with it.
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	bucketDoc      = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"
	bucketNaming   = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
	lifecycleDoc   = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
	publicDoc      = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
	bucketV2Type   = "aws:s3/bucketV2:BucketV2"
	bucketType     = "aws:s3/bucket:Bucket"
	objectType     = "aws:s3/bucketObjectv2:BucketObjectv2"
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	versioningType = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	blockType      = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	ownershipType  = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
)

var bucketTypes = []string{bucketV2Type, bucketType}

// bucketRef is how every bucket configuration names its bucket.
var bucketRef = Ref{Path: "bucket", To: bucketTypes, Weak: true, Code: "NoSuchBucket"}

func init() {
	register(bucketRow(bucketV2Type), bucketRow(bucketType),
		bucketConfiguration(versioningType, "versioning", "API_PutBucketVersioning", versioning, "versioningConfiguration"),
		bucketConfiguration(encryptionType, "encryption", "API_PutBucketEncryption", encryption, "rules"),
		bucketConfiguration("aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "lifecycle", "API_PutBucketLifecycleConfiguration", lifecycle),
		bucketConfiguration("aws:s3/bucketLoggingV2:BucketLoggingV2", "logging", "API_PutBucketLogging", logging, "targetBucket", "targetPrefix"),
		bucketConfiguration(bucketPolicyType, "bucket policy", "API_PutBucketPolicy", bucketPolicy, "policy"),
		bucketConfiguration(blockType, "public access block", "API_PutPublicAccessBlock", accessBlock),
		bucketConfiguration(ownershipType, "ownership controls", "API_PutBucketOwnershipControls", ownership, "rule"),
		bucketConfiguration("aws:s3/bucketAclV2:BucketAclV2", "ACL", "API_PutBucketAcl", acl),
		bucketConfiguration("aws:s3/bucketNotification:BucketNotification", "notification configuration", "API_PutBucketNotificationConfiguration", notification),
		bucketObject)
}

func bucketRow(typ string) Row {
	return Row{
		Type:     typ,
		Noun:     "bucket",
		Doc:      bucketDoc,
		ID:       Format("{bucket}"),
		ARN:      Format("arn:{partition}:s3:::{bucket}"),
		AutoName: &AutoName{Property: "bucket", Prefix: "bucketPrefix", Max: 63, Lower: true},
		Defaults: map[string]any{"forceDestroy": false},
		Computed: map[string]Compute{
			"bucketDomainName":         Format("{bucket}.s3.{dns}"),
			"bucketRegionalDomainName": Format("{bucket}.s3.{region}.{dns}"),
			"hostedZoneId":             func(c *Call) any { return websiteZones[c.Region] },
			"region":                   Format("{region}"),
			"requestPayer":             Value("BucketOwner"),
		},
		Replace:  bucketReplace[typ],
		Taggable: true,
		Unique:   []Unique{{Paths: []string{"bucket"}, Scope: Everywhere, Code: "BucketAlreadyExists"}},
		Limits: []Limit{
			{"bucket", Matches(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`, "3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends"), bucketNaming},
			{"bucket", Satisfies(bucketName), bucketNaming},
		},
		Refuse:    bucketEmpty,
		NotFound:  "NoSuchBucket",
		InUse:     "BucketNotEmpty",
		Durations: seconds(2, estimate("a bucket is made at once; the provider reads its settings back")),
	}
}

// bucketReplace differs: the older type says in objectLockConfiguration what the newer has an input of its own for.
var bucketReplace = map[string][]string{
	bucketV2Type: {"bucket", "bucketPrefix", "objectLockEnabled"},
	bucketType:   {"bucket", "bucketPrefix"},
}

// ownerAware are the configurations that take the account that must own the bucket.
var ownerAware = []string{versioningType, encryptionType, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
	"aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:s3/bucketAclV2:BucketAclV2"}

func configurationReplace(typ string) []string {
	if slices.Contains(ownerAware, typ) {
		return []string{"bucket", "expectedBucketOwner"}
	}
	return []string{"bucket"}
}

var addressForm = regexp.MustCompile(`^\d{1,3}(\.\d{1,3}){3}$`)

func bucketName(value string) string {
	switch {
	case strings.Contains(value, ".."), addressForm.MatchString(value):
		return "must not hold two dots side by side or be formatted as an IP address"
	case strings.HasPrefix(value, "xn--"), strings.HasPrefix(value, "sthree-"), strings.HasPrefix(value, "amzn-s3-demo-"),
		strings.HasSuffix(value, "-s3alias"), strings.HasSuffix(value, "--ol-s3"), strings.HasSuffix(value, ".mrap"),
		strings.HasSuffix(value, "--x-s3"), strings.HasSuffix(value, "--table-s3"):
		return "has a prefix or suffix that S3 reserves"
	}
	return ""
}

// websiteZones are the hosted zones of S3's website endpoints. https://docs.aws.amazon.com/general/latest/gr/s3.html
var websiteZones = map[string]string{
	"af-south-1": "Z83WF9RJE8B12", "ap-east-1": "ZNB98KWMFR0R6", "ap-northeast-1": "Z2M4EHUR26P7ZW", "ap-northeast-2": "Z3W03O7B5YMIYP",
	"ap-northeast-3": "Z2YQB5RD63NC85", "ap-south-1": "Z11RGJOFQNVJUP", "ap-southeast-1": "Z3O0J2DXBE1FTB", "ap-southeast-2": "Z1WCIGYICN2BYD",
	"ca-central-1": "Z1QDHH18159H29", "cn-north-1": "Z5CN8UMXT92WN", "cn-northwest-1": "Z282HJ1KT0DH03", "eu-central-1": "Z21DNDUVLTQW6Q",
	"eu-central-2": "Z030506016YDQGETNASS", "eu-north-1": "Z3BAZG2TWCNX0D", "eu-south-1": "Z30OZKI7KPW7MI", "eu-south-2": "Z0081959F7139GRJC19J",
	"eu-west-1": "Z1BKCTXD74EZPE", "eu-west-2": "Z3GKZC51ZF0DB4", "eu-west-3": "Z3R1K369G5AVDG", "il-central-1": "Z09640613K4A3MN55U7GU",
	"me-central-1": "Z06143092I8HRXZRUZROF", "me-south-1": "Z1MPMWCPA7YB62", "sa-east-1": "Z7KQH4QJS55SO", "us-east-1": "Z3AQBSTGFYJSTF",
	"us-east-2": "Z2O1EMRO9K5GLX", "us-gov-east-1": "Z2NIFVYYW2VKV1", "us-gov-west-1": "Z31GFT0UA1I2HV", "us-west-1": "Z2F56UZL2M1ACD",
	"us-west-2": "Z3BJ6K6RIION7M",
}

// bucketEmpty: only objects of the model count, since no traffic flows in a simulation.
func bucketEmpty(c *Call) error {
	if c.Bool("forceDestroy") {
		return nil
	}
	for _, object := range c.InRegion("*", objectType) {
		if object.Out().Text("bucket") == c.ID {
			return c.Reject("BucketNotEmpty", "The bucket you tried to delete is not empty: %s", c.ID)
		}
	}
	return nil
}

// bucketConfiguration is the row of a part of a bucket that is configured by itself, once per bucket.
func bucketConfiguration(typ, noun, operation string, check func(c *Call) error, required ...string) Row {
	return Row{
		Type:      typ,
		Noun:      noun,
		Doc:       "https://docs.aws.amazon.com/AmazonS3/latest/API/" + operation + ".html",
		ID:        named("{bucket}", "bucket"),
		Required:  append([]string{"bucket"}, required...),
		Replace:   configurationReplace(typ),
		Refs:      configurationRefs[typ].with(bucketRef),
		Unique:    []Unique{{Paths: []string{"bucket"}, Scope: Everywhere, Code: "ConflictingConfigurations"}},
		Limits:    configurationLimits[typ],
		Check:     check,
		Durations: immediate,
	}
}

type refs []Ref

func (r refs) with(more Ref) []Ref { return append([]Ref{more}, r...) }

var configurationRefs = map[string]refs{
	encryptionType:                           keyRefs("rules.applyServerSideEncryptionByDefault.kmsMasterKeyId", "KMS.NotFoundException"),
	"aws:s3/bucketLoggingV2:BucketLoggingV2": {{Path: "targetBucket", To: bucketTypes, Weak: true, Code: "InvalidTargetBucketForLogging"}},
	"aws:s3/bucketNotification:BucketNotification": {
		{Path: "topics.topicArn", To: []string{topicType}, By: []string{"arn"}, Weak: true, Code: "InvalidArgument"},
		{Path: "queues.queueArn", To: []string{queueType}, By: []string{"arn"}, Weak: true, Code: "InvalidArgument"},
		{Path: "lambdaFunctions.lambdaFunctionArn", To: []string{functionType}, By: []string{"arn"}, Weak: true, Code: "InvalidArgument"},
	},
}

var configurationLimits = map[string][]Limit{
	versioningType: {
		{"versioningConfiguration.status", OneOf("Enabled", "Suspended", "Disabled"), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_VersioningConfiguration.html"},
		{"versioningConfiguration.mfaDelete", OneOf("Enabled", "Disabled"), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_VersioningConfiguration.html"},
	},
	encryptionType: {{"rules.applyServerSideEncryptionByDefault.sseAlgorithm", OneOf("AES256", "aws:kms", "aws:kms:dsse"),
		"https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html"}},
	ownershipType: {{"rule.objectOwnership", OneOf("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"),
		"https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"}},
	"aws:s3/bucketAclV2:BucketAclV2": {{"acl", OneOf("private", "public-read", "public-read-write", "aws-exec-read", "authenticated-read",
		"bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"), "https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html"}},
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": {
		{"rules", Items(1, 1000), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html"},
		{"rules.status", OneOf("Enabled", "Disabled"), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"},
		{"rules.id", Length(1, 255), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"},
		{"rules.transitions.storageClass", storageClass, lifecycleDoc},
		{"rules.noncurrentVersionTransitions.storageClass", storageClass, lifecycleDoc},
	},
}

var storageClass = OneOf("GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR")

// versioning, once on, can be suspended and not removed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
func versioning(c *Call) error {
	if c.Old != nil && c.Text("versioningConfiguration.status") == "Disabled" && c.Old.In().Text("versioningConfiguration.status") != "Disabled" {
		return c.RejectAt("versioningConfiguration.status", "InvalidArgument", "versioningConfiguration.status cannot be updated from %q to 'Disabled'",
			c.Old.In().Text("versioningConfiguration.status"))
	}
	return nil
}

func encryption(c *Call) error {
	for _, rule := range c.Objects("rules.applyServerSideEncryptionByDefault") {
		if rule.Has("kmsMasterKeyId") && rule.Text("sseAlgorithm") == "AES256" {
			return c.RejectAt("rules", "InvalidArgument", "a default KMS encryption with KMS key cannot be specified if KMS encryption algorithm is not specified")
		}
	}
	return nil
}

// bucketEncryption is the default encryption of a bucket: empty when none was chosen, which is S3's own keys.
func (c *Call) bucketEncryption(bucket *Resource) string {
	for _, e := range c.InRegion("*", encryptionType) {
		if e.Out().Text("bucket") == bucket.ID {
			return e.Out().Text("rules.applyServerSideEncryptionByDefault.sseAlgorithm")
		}
	}
	return ""
}

// lifecycle: 30 days before infrequent access, dates in order.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
func lifecycle(c *Call) error {
	var problems []error
	ids := map[string]bool{}
	for i, rule := range c.Objects("rules") {
		at := fmt.Sprintf("rules[%d]", i)
		if id := rule.Text("id"); id != "" && ids[id] {
			problems = append(problems, c.RejectAt(at, "InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule: %s", id))
		}
		ids[rule.Text("id")] = true
		problems = append(problems, transitions(c, at, rule), ruleDoes(c, at, rule), ruleFilter(c, at, rule))
	}
	return errors.Join(problems...)
}

// ruleFilter: several conditions need an "and" around them.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html
func ruleFilter(c *Call, at string, rule Props) error {
	given := 0
	for _, path := range []string{"and", "prefix", "tag", "objectSizeGreaterThan", "objectSizeLessThan"} {
		if rule.Has("filter." + path) {
			given++
		}
	}
	if given > 1 {
		return c.RejectAt(at+".filter", "MalformedXML", "a filter has one condition, or several within \"and\"")
	}
	return nil
}

// ruleDoes demands that a rule does something.
func ruleDoes(c *Call, at string, rule Props) error {
	if slices.ContainsFunc([]string{"transitions", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions", "abortIncompleteMultipartUpload"}, rule.Has) {
		return nil
	}
	return c.RejectAt(at, "InvalidRequest", "At least one action needs to be specified in a rule")
}

func transitions(c *Call, at string, rule Props) error {
	last := 0
	for _, t := range rule.Objects("transitions") {
		days, class := t.Int("days"), t.Text("storageClass")
		if t.Has("days") && (class == "STANDARD_IA" || class == "ONEZONE_IA") && days < 30 {
			return c.RejectAt(at, "InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass '%s'", class)
		}
		last = max(last, days)
	}
	for _, t := range rule.Objects("noncurrentVersionTransitions") {
		days, class := t.Int("noncurrentDays"), t.Text("storageClass")
		if (class == "STANDARD_IA" || class == "ONEZONE_IA") && days < 30 {
			return c.RejectAt(at, "InvalidArgument", "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30 for storageClass '%s'", class)
		}
	}
	if days := rule.Int("expiration.days"); rule.Has("expiration.days") && days <= last {
		return c.RejectAt(at, "InvalidArgument", "'Days' in the Expiration action (%d) must be greater than 'Days' in the Transition action (%d)", days, last)
	}
	return nil
}

// logging: source and target in one region and account.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
func logging(c *Call) error {
	if source, target := c.Ref("bucket"), c.Ref("targetBucket"); source != nil && target != nil && source.Region != target.Region {
		return c.RejectAt("targetBucket", "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.")
	}
	return nil
}

// bucketPolicy demands statements about this bucket, and no public ones where a public access block forbids them.
func bucketPolicy(c *Call) error {
	if err := ValidPolicy(c, "policy"); err != nil || !c.Known("policy") {
		return err
	}
	bucket := c.Ref("bucket")
	if bucket == nil {
		return nil
	}
	policy, _ := ParsePolicy(c.Text("policy"))
	if len(c.Text("policy")) > 20*1024 {
		return c.RejectAt("policy", "PolicyTooLarge", "the policy exceeds the maximum allowed document size of 20 KB")
	}
	for i, s := range policy.Statement {
		if wrong := bucketStatement(s); wrong != "" {
			return c.RejectAt("policy", "MalformedPolicy", "%s (statement %d)", wrong, i)
		}
		for _, resource := range s.Resource {
			if !Glob(resource, bucket.ARN) && !strings.HasPrefix(resource, bucket.ARN+"/") && !Glob(resource, bucket.ARN+"/x") {
				return c.RejectAt("policy", "MalformedPolicy", "Policy has invalid resource: statement %d is about %s, not about %s", i, resource, bucket.ARN)
			}
		}
	}
	if c.blocksPublic(bucket, "blockPublicPolicy") && policy.public() {
		return c.RejectAt("policy", "AccessDenied",
			"User is not authorized to perform: s3:PutBucketPolicy on resource: %q because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", bucket.ARN)
	}
	return nil
}

// blocksPublic: all four settings are on in a bucket that has none of its own, since April 2023.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (c *Call) blocksPublic(bucket *Resource, setting string) bool {
	for _, block := range c.Where(blockType, "bucket", bucket.ID) {
		return block.Out().Bool(setting)
	}
	return !c.Preview && !bucket.Given // New buckets block public access until they are told otherwise.
}

// narrowing are the condition keys that make a statement for everybody not public when they have a fixed value.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
var narrowing = regexp.MustCompile(`(?i)^(aws:(SourceArn|SourceAccount|SourceVpc|SourceVpce|SourceOwner|SourceIp|userid|PrincipalOrgID|PrincipalOrgPaths|PrincipalArn|PrincipalAccount)|` +
	`s3:(DataAccessPointArn|DataAccessPointAccount|x-amz-server-side-encryption-aws-kms-key-id))$`)

// public reports whether S3 would call the policy public.
func (p Policy) public() bool {
	for _, s := range p.Statement {
		if s.Effect != "Allow" || !s.names("anybody") {
			continue
		}
		narrowed := false
		for _, keys := range s.Condition {
			for key := range keys {
				narrowed = narrowed || narrowing.MatchString(key)
			}
		}
		if !narrowed {
			return true
		}
	}
	return false
}

func accessBlock(*Call) error { return nil }

func ownership(*Call) error { return nil }

// acl: S3 refuses ACLs on a bucket whose owner is enforced, which is the default since April 2023.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func acl(c *Call) error {
	bucket := c.Ref("bucket")
	if bucket == nil || c.Preview || bucket.Given {
		return nil
	}
	if !c.aclsEnabled(bucket) {
		return c.RejectAt("bucket", "AccessControlListNotSupported", "The bucket does not allow ACLs: %s", bucket.ID)
	}
	if strings.HasPrefix(c.Text("acl"), "public-") && c.blocksPublic(bucket, "blockPublicAcls") {
		return c.RejectAt("acl", "AccessDenied", "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access")
	}
	return nil
}

func (c *Call) aclsEnabled(bucket *Resource) bool {
	for _, o := range c.InRegion("*", ownershipType) {
		if o.Out().Text("bucket") == bucket.ID {
			return o.Out().Text("rule.objectOwnership") != "BucketOwnerEnforced"
		}
	}
	return false
}

// notification: S3 sends a test message when the configuration is written, so targets must be open by then.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
func notification(c *Call) error {
	bucket := c.Ref("bucket")
	if bucket == nil || c.Preview {
		return nil
	}
	q := access{service: "s3.amazonaws.com", source: bucket.ARN, account: c.Account, owner: true}
	for _, path := range []string{"topics.topicArn", "queues.queueArn", "lambdaFunctions.lambdaFunctionArn"} {
		for _, arn := range c.Texts(path) {
			if why := c.unreachable(arn, q); why != "" {
				return c.RejectAt(path, "InvalidArgument", "Unable to validate the following destination configurations: %s", why)
			}
		}
	}
	return nil
}

var bucketObject = Row{
	Type:     objectType,
	Noun:     "object",
	Doc:      "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
	ID:       named("{bucket}/{key}", "bucket", "key"),
	ARN:      func(c *Call) any { return c.Format("arn:{partition}:s3:::{bucket}/") + objectKey(c) },
	Defaults: map[string]any{"forceDestroy": false},
	Computed: map[string]Compute{
		"key":                  func(c *Call) any { return c.Logical },
		"etag":                 entityTag,
		"storageClass":         Value("STANDARD"),
		"serverSideEncryption": objectEncryption,
		"bucketKeyEnabled":     Value(false),
		"contentType":          Value("application/octet-stream"),
		"versionId":            objectVersion,
	},
	Refresh:  []string{"etag", "versionId"},
	Required: []string{"bucket"},
	Replace:  []string{"bucket", "key"},
	Taggable: true,
	Refs:     append(weak(keyRefs("kmsKeyId", "KMS.NotFoundException")), Ref{Path: "bucket", To: bucketTypes, Weak: true, Code: "NoSuchBucket"}),
	Unique:   []Unique{{Paths: []string{"bucket", "key"}, Scope: Everywhere, Code: "ObjectAlreadyExists"}},
	Limits:   []Limit{{"key", Length(1, 1024), "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"}},
	Check: func(c *Call) error {
		given := 0
		for _, path := range []string{"source", "content", "contentBase64"} {
			if c.Has(path) {
				given++
			}
		}
		if given > 1 {
			return c.Reject("ConflictsWith", "only one of source, content and contentBase64 may be given")
		}
		return nil
	},
	Durations: Durations{Create: 2 * time.Second, Update: 2 * time.Second, Delete: time.Second, Source: estimate("a small upload")},
}

func objectKey(c *Call) string {
	if c.Text("key") != "" {
		return c.Text("key")
	}
	return c.Logical
}

// entityTag is the MD5 sum of a small object. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
func entityTag(c *Call) any {
	content := []byte(c.Text("content"))
	if c.Has("contentBase64") {
		content, _ = base64.StdEncoding.DecodeString(c.Text("contentBase64")) // What cannot be decoded has no sum either way.
	}
	if c.Has("source") {
		content = []byte(fmt.Sprint(c.At("source")))
	}
	sum := md5.Sum(content) //nolint:gosec // See above.
	return hex.EncodeToString(sum[:])
}

func objectEncryption(c *Call) any {
	if bucket := c.Ref("bucket"); bucket != nil && c.bucketEncryption(bucket) != "" {
		return c.bucketEncryption(bucket)
	}
	return "AES256"
}

// objectVersion is the version's id in a versioned bucket, new for every change of content.
func objectVersion(c *Call) any {
	for _, v := range c.Where(versioningType, "bucket", c.Text("bucket")) {
		if v.Out().Text("versioningConfiguration.status") == "Enabled" {
			return stable(c.URN+"\x00version\x00"+fmt.Sprint(entityTag(c), c.Text("sourceHash")), 32)
		}
	}
	return nil
}
