package rules

import (
	"fmt"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// tiers are how many days data of a class is kept: at hand until hot, in a bucket at once until warm, in an archive until cold.
type tiers struct{ hot, warm, cold float64 }

// retentionRules are about how long data is kept, and where.
func retentionRules() []*policy.Rule {
	return []*policy.Rule{{
		ID: "retention-tiers", Title: "Data of a retention class goes through its tiers and ends", Severity: policy.Medium, ProdOnly: true,
		Types:   slices.Concat([]string{logGroupType, kinesisStream}, buckets),
		Anchors: "config:s3-lifecycle-policy-check,cw-loggroup-retention-period-check nist:AU-11,SI-12",
		Why:     "records that end too early are missing when somebody asks, and those that never end are paid for and must be given out or deleted when the law asks",
		Fix:     "keep log groups for the hot days, send every record to a bucket of the same class, move objects to GLACIER after the warm days and expire them after the cold days",
		Sources: []string{
			"https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html", "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
			"https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
		},
		Settings: []policy.Setting{
			{Name: "tag", Kind: policy.KindText, Default: classTag, Help: "the tag that says what class of data a resource holds; without it nothing asks for tiers"},
			{Name: "classes", Kind: policy.KindObject, Default: map[string]any{
				"events": []any{7, 90, 730}, "logs": []any{7, 90, 730}, "metrics": []any{7, 90, 730}, "audit": []any{90, 90, 730},
			}, Help: "the last day of the hot, the warm and the cold tier of each class"},
		},
		Check: checkTiers,
		Proof: policy.Proof{
			Good: tieredExample,
			Bad: []string{
				"clicks.retentionInDays=0", "clicks.retentionInDays!", "clicks.retentionInDays=5", "clicks.retentionInDays=365", "filter!", "filter.filterPattern=ERROR",
				"plain.tags.retention-class=events", "records.retentionPeriod=24", "lifecycle!", "lifecycle.rules[0].status=Disabled", "lifecycle.rules[0].transitions=[]",
				"lifecycle.rules[0].transitions[0].days=30", "lifecycle.rules[0].transitions[0].days=180", "lifecycle.rules[0].transitions[0].storageClass=STANDARD_IA",
				"lifecycle.rules[0].expiration.days=365", "lifecycle.rules[0].expiration.days=1000", "lifecycle.rules[0].expiration!", "lifecycle.rules[0].noncurrentVersionExpiration!",
				"lifecycle.rules[0].noncurrentVersionExpiration.noncurrentDays=3650", "lifecycle.rules[0].filter={prefix: logs/}", "lifecycle.rules[0].prefix=logs/",
				"delivery.extendedS3Configuration={bucketArn: 'arn:aws:s3:::scratch'}", "clicks.tags.retention-class=unheard-of",
			},
			Guard: "clicks.retentionInDays", Absent: policy.Violation, Exempt: "plain.retentionInDays=30", Also: []string{"log-retention", "lambda-log-retention", "kinesis-retention", "s3-lifecycle", "s3-lifecycle-accepted", "log-path"},
		},
	}, {
		ID: "s3-lifecycle-accepted", Title: "S3 accepts a bucket's life cycle", Severity: policy.Medium,
		Types: slices.Concat(lifecyclePart.kinds, buckets), Anchors: "nist:SI-12",
		Why:     "S3 refuses a life cycle that moves objects too early or deletes them before it moves them, in the middle of an update",
		Fix:     "move objects to STANDARD_IA and ONEZONE_IA after 30 days at the earliest, to colder classes after warmer ones, and expire them later than that",
		Sources: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html"},
		Check: func(c *policy.Case) {
			for _, rule := range slices.Concat(c.Get("rules").List(), c.Get("lifecycleRules").List()) {
				checkAccepted(c, lifecycleRuleOf(rule))
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  media: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: media}}
  lifecycle:
    type: aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2
    properties: {bucket: "${media.id}", rules: [{id: all, status: Enabled, expiration: {days: 730}, transitions: [{days: 30, storageClass: STANDARD_IA}, {days: 90, storageClass: GLACIER}]}]}
`,
			Bad: []string{"lifecycle.rules[0].transitions[0]={days: 29, storageClass: STANDARD_IA}", "lifecycle.rules[0].transitions[0]={days: 120, storageClass: ONEZONE_IA}", "lifecycle.rules[0].expiration.days=60",
				"lifecycle.rules[0].transitions=[{days: 800, storageClass: DEEP_ARCHIVE}]"},
			Guard: "lifecycle.rules[0].transitions[0].days", Absent: policy.Violation, Also: []string{"retention-tiers"},
		},
	}}
}

// The example of a pipeline: log group and stream, delivery, bucket.
const tieredExample = `
resources:
  clicks: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: clicks, retentionInDays: 7, tags: {retention-class: events}}}
  plain: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: plain, retentionInDays: 365}}
  filter: {type: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", properties: {logGroup: "${clicks.name}", filterPattern: "", destinationArn: "${delivery.arn}"}}
  delivery: {type: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", properties: {destination: extended_s3, extendedS3Configuration: {bucketArn: "${archive.arn}"}}}
  records: {type: "aws:kinesis/stream:Stream", properties: {retentionPeriod: 168, tags: {retention-class: events}}}
  archive: {type: "aws:s3/bucketV2:BucketV2", properties: {bucket: archive, tags: {retention-class: events}}}
  lifecycle:
    type: aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2
    properties:
      bucket: "${archive.id}"
      rules: [{id: tiers, status: Enabled, transitions: [{days: 90, storageClass: GLACIER}], expiration: {days: 730}, noncurrentVersionExpiration: {noncurrentDays: 30}, abortIncompleteMultipartUpload: {daysAfterInitiation: 7}}]
`

// checkTiers judges what a tag gives a class. Without one nothing is promised about the data's tiers, whatever its retention.
func checkTiers(c *policy.Case) {
	name, _ := c.Setting("tag").(string)
	class := tagOf(c.Node, name)
	if class.Unknown() {
		c.Unclear(class)
		return
	}
	if class.Absent() {
		c.Skip("it has no tag " + name + ": nothing asks for tiers or for an archive, and what its own retention ends is gone")
		return
	}
	t, known := tiersOf(c, class.Text())
	if !known {
		c.Fail(class, "one of the classes in the setting classes")
		return
	}
	switch c.Type {
	case logGroupType:
		checkLogTiers(c, t, class.Text())
	case kinesisStream:
		c.AtLeast("retentionPeriod", t.hot*24, policy.Because("a stream is the hot tier of its class, %v days", t.hot))
	default:
		checkBucketTiers(c, t)
	}
}

func tiersOf(c *policy.Case, class string) (tiers, bool) {
	classes, _ := c.Setting("classes").(map[string]any)
	days, _ := classes[class].([]any)
	if len(days) != 3 {
		return tiers{}, false
	}
	var t tiers
	for i, into := range []*float64{&t.hot, &t.warm, &t.cold} {
		*into, _ = days[i].(float64)
	}
	return t, true
}

// checkLogTiers wants a log group to keep the hot days, and every record to reach a bucket of the class before.
func checkLogTiers(c *policy.Case, t tiers, class string) {
	required := fmt.Sprintf("%v to %v days, and an archive", t.hot, t.warm)
	c.Require(c.Get("retentionInDays"), required, func(v policy.Value) bool { return v.Number() >= t.hot && v.Number() <= t.warm })
	filters := referringBy(c.Graph(), logSubscription, "logGroup", logGroupType)
	reached, details := no, []policy.Detail{}
	for _, filter := range filters.to[c.Node] {
		found, saw := archives(c, filter, class)
		reached = max(reached, found)
		details = append(details, policy.Saw(filter, "", saw))
	}
	switch {
	case reached == yes:
	case reached == maybe || filters.loose:
		c.UnclearBecause("", "it is not known yet where its records go")
	default:
		c.Broken("", "no archive: what its retention ends is gone", "a subscription filter for every record to a bucket of the class "+class,
			append(details, policy.Fix("send every record to a delivery stream into a bucket with the tag of the class"))...)
	}
}

// archives follows a subscription filter to a bucket of the class, and says what it found on the way.
func archives(c *policy.Case, filter *policy.Node, class string) (answer, string) {
	pattern := filter.Get("filterPattern")
	if pattern.Unknown() {
		return maybe, "its pattern is not known yet"
	}
	if !pattern.Empty() && !pattern.Is(" ") {
		return no, "takes a part of the records only"
	}
	to := filter.Get("destinationArn").Ref(firehoseStream, kinesisStream, lambdaFunction)
	delivery := to.Node()
	switch {
	case delivery == nil && to.How == policy.Outside:
		return maybe, "goes to a destination outside of this stack"
	case delivery == nil:
		return maybe, "its destination is not known yet"
	case delivery.Type != firehoseStream:
		return maybe, "goes to " + delivery.String() + ", which nothing says the archive of"
	}
	bucket := delivery.Get("extendedS3Configuration.bucketArn").Ref(buckets...)
	if bucket.Node() == nil {
		if bucket.How == policy.Outside || bucket.How == policy.Nowhere {
			return no, "goes to a bucket that is not part of this stack, or to none"
		}
		return maybe, "its bucket is not known yet"
	}
	name, _ := c.Setting("tag").(string)
	tag := tagOf(bucket.Node(), name)
	if tag.Unknown() {
		return maybe, "the class of its bucket is not known yet"
	}
	if !tag.Is(class) {
		return no, "goes to " + bucket.Node().String() + ", whose class is " + tag.Show()
	}
	return yes, "goes to " + bucket.Node().String()
}

// archiveClasses are the storage classes of the cold tier.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
var archiveClasses = []string{"GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"}

// slack is how many days an expiry or a move may be late: S3 rounds to the next midnight UTC and runs once a day.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
const slack = 5

// checkBucketTiers wants one enabled rule that moves objects after the warm days and ends them after the cold days.
func checkBucketTiers(c *policy.Case, t tiers) {
	rules, sure := lifecycleOf(c.Node)
	rules = slices.DeleteFunc(rules, func(r lifecycleRule) bool { return !r.enabled || r.expires.Absent() && len(r.transitions) == 0 })
	if len(rules) == 0 {
		if !sure {
			c.UnclearBecause("", "the life cycle is not known yet")
			return
		}
		c.Broken("", "no life cycle that moves and ends objects", fmt.Sprintf("a move to an archive after %v days and an end after %v", t.warm, t.cold))
		return
	}
	if !slices.ContainsFunc(rules, func(r lifecycleRule) bool { return r.whole }) && sure {
		c.Broken("", "its life cycle is about some of the objects only", "a rule for every object", policy.Saw(rules[0].value.Node(), rules[0].value.Path(), "has a filter"))
	}
	for _, rule := range rules {
		at := c.At(rule.value.Node())
		saw := policy.Saw(c.Node, "", "is the bucket")
		at.Require(rule.expires, fmt.Sprintf("%v days", t.cold), func(v policy.Value) bool { return about(v, t.cold) }, saw)
		at.Require(rule.noncurrent, fmt.Sprintf("an end of old versions too, after %v days at most", t.cold), func(v policy.Value) bool { return v.IsNumber() && v.Number() <= t.cold+slack }, saw)
		checkMoves(at, rule, t, saw)
	}
}

func checkMoves(c *policy.Case, rule lifecycleRule, t tiers, saw policy.Detail) {
	moved := false
	for _, move := range rule.transitions {
		class, days := move.Get("storageClass"), move.Get("days")
		if class.Unknown() || days.Unknown() {
			c.Unclear(append(class.Unknowns(), days.Unknowns()...)...)
			return
		}
		if !class.In(archiveClasses...) || days.Number() >= t.cold {
			continue
		}
		moved = true
		if !about(days, t.warm) {
			c.Fail(days, fmt.Sprintf("%v days", t.warm), saw, policy.Because("an archive that begins earlier is not at hand for the warm days, and one that begins later is paid for as if it were"))
		}
		break // A colder archive may follow.
	}
	if !moved {
		c.Fail(rule.value.Get("transitions"), fmt.Sprintf("a move to %s after %v days", archiveClasses[0], t.warm), saw)
	}
}

func about(v policy.Value, days float64) bool {
	return v.IsNumber() && v.Number() >= days && v.Number() <= days+slack
}

// warmth are the storage classes from the warmest to the coldest: objects only ever move down.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
var warmth = []string{"STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"}

// earliestIA is the day before which S3 moves nothing to an infrequent-access class.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
const earliestIA = 30

func checkAccepted(c *policy.Case, rule lifecycleRule) {
	latest := policy.Value{}
	coldest := 0
	for _, move := range rule.transitions {
		class, days := move.Get("storageClass"), move.Get("days")
		if class.Unknown() || days.Unknown() {
			c.Unclear(append(class.Unknowns(), days.Unknowns()...)...)
			return
		}
		if !move.Get("date").Empty() {
			continue
		}
		if class.In("STANDARD_IA", "ONEZONE_IA") && days.Number() < earliestIA {
			c.Fail(days, "at least 30")
		}
		cold := slices.Index(warmth, class.Text())
		if !latest.Absent() && days.Number() > latest.Number() && cold < coldest || !latest.Absent() && days.Number() < latest.Number() && cold > coldest {
			c.Fail(days, "later moves to colder classes")
		}
		if latest.Absent() || days.Number() > latest.Number() {
			latest, coldest = days, cold
		}
	}
	if end := rule.expires; end.Known() && latest.Known() && end.Number() <= latest.Number() {
		c.Fail(end, "later than the last move")
	}
}
