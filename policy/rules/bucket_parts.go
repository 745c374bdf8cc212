package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// buckets are the types of S3 buckets; BucketV2 is the one that leaves its settings to other resources, Bucket may have them
// inside.
var buckets = []string{"aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"}

// A part is a setting of a bucket: the types of the resources that hold it, where in them it is, and where it is in the
// bucket itself.
type part struct {
	kinds  []string
	path   string
	inline []string
}

// pulumi-aws has each kind under two names: the V2 of version 6, and the plain one.
var (
	versioningPart = part{
		kinds: []string{"aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketVersioning:BucketVersioning"},
		path:  "versioningConfiguration.status", inline: []string{"versioning.enabled", "versionings[0].enabled"},
	}
	encryptionPart = part{
		kinds: []string{
			"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
			"aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
		},
		path: "rules[0].applyServerSideEncryptionByDefault",
		inline: []string{
			"serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault",
			"serverSideEncryptionConfigurations[0].rules[0].applyServerSideEncryptionByDefaults[0]",
		},
	}
	blockPart     = part{kinds: []string{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"}}
	ownershipPart = part{kinds: []string{"aws:s3/bucketOwnershipControls:BucketOwnershipControls"}, path: "rule.objectOwnership"}
	lifecyclePart = part{
		kinds: []string{"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"},
		path:  "rules", inline: []string{"lifecycleRules"},
	}
	loggingPart = part{
		kinds: []string{"aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:s3/bucketLogging:BucketLogging"},
		path:  "targetBucket", inline: []string{"loggings[0].targetBucket", "logging.targetBucket"},
	}
	policyPart      = part{kinds: []string{"aws:s3/bucketPolicy:BucketPolicy"}, path: "policy", inline: []string{"policy"}}
	replicationPart = part{
		kinds: []string{"aws:s3/bucketReplicationConfig:BucketReplicationConfig"},
		path:  "rules", inline: []string{"replicationConfiguration.rules", "replicationConfigurations[0].rules"},
	}
	lockPart = part{
		kinds: []string{"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"},
		path:  "rule.defaultRetention", inline: []string{"objectLockConfiguration.rule.defaultRetention", "objectLockConfiguration.rules[0].defaultRetentions[0]"},
	}
	aclKinds = []string{"aws:s3/bucketAclV2:BucketAclV2", "aws:s3/bucketAcl:BucketAcl"}
)

// bucketIndex are the resources that configure each bucket, by their type; loose are types of which one may belong to any.
type bucketIndex struct {
	of    map[*policy.Node]map[string][]*policy.Node
	loose map[string]bool
	// logs are buckets that AWS itself writes logs into.
	logs map[*policy.Node]bool
}

var bucketIndexKey byte

func bucketsOf(g *policy.Graph) *bucketIndex {
	return policy.Memo(g, &bucketIndexKey, func(g *policy.Graph) *bucketIndex {
		x := &bucketIndex{of: map[*policy.Node]map[string][]*policy.Node{}, loose: map[string]bool{}, logs: map[*policy.Node]bool{}}
		for _, p := range []part{versioningPart, encryptionPart, blockPart, ownershipPart, lifecyclePart, loggingPart, policyPart, replicationPart, lockPart} {
			for _, n := range g.ByType(p.kinds...) {
				x.join(n)
			}
		}
		x.findLogs(g)
		return x
	})
}

func (x *bucketIndex) join(n *policy.Node) {
	ref := n.Get("bucket").Ref(buckets...)
	bucket := ref.Node()
	if bucket == nil {
		x.loose[n.Type] = x.loose[n.Type] || isLoose(ref)
		return
	}
	if x.of[bucket] == nil {
		x.of[bucket] = map[string][]*policy.Node{}
	}
	x.of[bucket][n.Type] = append(x.of[bucket][n.Type], n)
}

// findLogs marks the buckets that access logs go to: of other buckets, of load balancers, and by a policy that lets in the
// services that deliver logs.
func (x *bucketIndex) findLogs(g *policy.Graph) {
	mark := func(v policy.Value) {
		for _, bucket := range v.Ref(buckets...).Nodes {
			x.logs[bucket] = true
		}
	}
	for _, n := range g.ByType(loggingPart.kinds...) {
		mark(n.Get("targetBucket"))
	}
	for _, n := range g.ByType("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer") {
		mark(n.Get("accessLogs.bucket"))
	}
	for _, bucket := range g.ByType(buckets...) {
		for _, path := range loggingPart.inline {
			mark(bucket.Get(path))
		}
		documents, _ := x.values(bucket, policyPart)
		for _, document := range documents {
			statements, _ := iam.Statements(document)
			x.logs[bucket] = x.logs[bucket] || slices.ContainsFunc(statements, deliversLogs)
		}
	}
}

// deliversLogs says that the statement lets a service that delivers logs write.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
func deliversLogs(s iam.Statement) bool {
	for _, service := range []string{"logdelivery.elasticloadbalancing.amazonaws.com", "logging.s3.amazonaws.com", "delivery.logs.amazonaws.com"} {
		if s.Allow && !s.Anyone() && s.Service(service) {
			return true
		}
	}
	return false
}

// parts are the resources that hold a setting of the bucket. sure says that there are no others.
func (x *bucketIndex) parts(bucket *policy.Node, p part) (found []*policy.Node, sure bool) {
	sure = true
	for _, kind := range p.kinds {
		found = append(found, x.of[bucket][kind]...)
		sure = sure && !x.loose[kind]
	}
	return found, sure
}

// values are the values of a setting: in the resources that hold it, otherwise in the bucket itself.
func (x *bucketIndex) values(bucket *policy.Node, p part) (found []policy.Value, sure bool) {
	nodes, sure := x.parts(bucket, p)
	for _, n := range nodes {
		found = append(found, n.Get(p.path))
	}
	if len(found) > 0 {
		return found, sure
	}
	for _, path := range p.inline {
		if v := bucket.Get(path); !v.Absent() {
			found = append(found, v)
		}
	}
	return found, sure
}

// at is a value inside the setting.
func (p part) at(inside string) part {
	deeper := part{kinds: p.kinds, path: p.path + "." + inside}
	for _, path := range p.inline {
		deeper.inline = append(deeper.inline, path+"."+inside)
	}
	return deeper
}

// require wants each value of a setting to pass a test, and the setting to be there. It reports whether it is known to.
func (p part) require(c *policy.Case, what, required string, holds func(policy.Value) bool) bool {
	values, sure := bucketsOf(c.Graph()).values(c.Node, p)
	if len(values) == 0 {
		p.missing(c, sure, what, required)
		return false
	}
	good := true
	for _, v := range values {
		good = c.At(v.Node()).Require(v, required, holds, policy.Saw(c.Node, "", "is the bucket")) && good
	}
	return good
}

func (p part) missing(c *policy.Case, sure bool, what, required string) {
	if !sure {
		c.UnclearBecause("", "it is not known yet to which bucket a resource for "+what+" belongs")
		return
	}
	c.Broken("", "no "+what, required)
}

// bucketARN is the bucket's ARN as far as it is known.
func bucketARN(bucket *policy.Node) string {
	if arn := bucket.Get("arn"); arn.Known() {
		return arn.Text()
	}
	if name := bucket.Get("bucket"); name.Known() {
		return "arn:" + partitionOf(bucket.Region()) + ":s3:::" + name.Text()
	}
	return ""
}

// partitionOf is the partition of a region.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// tagOf is a tag of a resource: its own, otherwise one that its provider gives.
func tagOf(n *policy.Node, key string) policy.Value {
	for _, tags := range []policy.Value{n.Get("tags"), n.Get("tagsAll")} {
		if v := tags.Key(key); !v.Absent() {
			return v
		}
	}
	if n.Provider() == nil {
		return policy.Value{}
	}
	return n.Provider().Get("defaultTags").JSON().Get("tags").Key(key)
}

// A lifecycleRule is a rule of a bucket's life cycle, whichever resource it stands in.
type lifecycleRule struct {
	value                      policy.Value
	enabled                    bool
	whole                      bool
	expires, noncurrent, abort policy.Value
	transitions                []policy.Value
}

// lifecycleOf are the rules of the bucket's life cycle. sure says that there are no others.
func lifecycleOf(bucket *policy.Node) (found []lifecycleRule, sure bool) {
	lists, sure := bucketsOf(bucket.Graph()).values(bucket, lifecyclePart)
	for _, list := range lists {
		sure = sure && !list.Unknown()
		for _, rule := range list.List() {
			sure = sure && !rule.Unknown()
			found = append(found, lifecycleRuleOf(rule))
		}
	}
	return found, sure
}

func lifecycleRuleOf(v policy.Value) lifecycleRule {
	return lifecycleRule{
		value: v, enabled: v.Get("status").Is("Enabled") || v.Get("enabled").True(), whole: wholeBucket(v),
		expires:     first(v.Get("expiration.days"), v.Get("expirations[0].days")),
		noncurrent:  first(v.Get("noncurrentVersionExpiration.noncurrentDays"), v.Get("noncurrentVersionExpiration.days"), v.Get("noncurrentVersionExpirations[0].days")),
		abort:       first(v.Get("abortIncompleteMultipartUpload.daysAfterInitiation"), v.Get("abortIncompleteMultipartUploadDays")),
		transitions: v.Get("transitions").List(),
	}
}

// wholeBucket says that the rule is about every object.
func wholeBucket(v policy.Value) bool {
	for _, path := range []string{"prefix", "tags", "filter.prefix", "filter.tag", "filter.and", "filter.objectSizeGreaterThan", "filter.objectSizeLessThan"} {
		if !v.Get(path).Empty() {
			return false
		}
	}
	return true
}

// first is the first value that is there.
func first(values ...policy.Value) policy.Value {
	for _, v := range values {
		if !v.Absent() {
			return v
		}
	}
	return values[0]
}
