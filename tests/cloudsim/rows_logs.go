package cloudsim

import "time"

const (
	logsLimits    = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
	logsCreate    = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"
	logsRetention = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
)

func init() {
	register(logGroup)
}

var logGroup = Row{
	Type:     logGroupType,
	Noun:     "log group",
	Doc:      logsCreate,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:logs:{region}:{account}:log-group:{name}"),
	AutoName: &AutoName{},
	Defaults: map[string]any{"retentionInDays": 0, "skipDestroy": false},
	Computed: map[string]Compute{"logGroupClass": Value("STANDARD")},
	Replace:  []string{"name", "namePrefix", "logGroupClass"},
	Taggable: true,
	Refs: []Ref{
		{Path: "kmsKeyId", To: []string{"aws:kms/key:Key"}, By: []string{"arn"}, Weak: true, Code: "InvalidParameterException"},
	},
	Unique: []Unique{{Paths: []string{"name"}, Code: "ResourceAlreadyExistsException"}},
	Limits: []Limit{
		{"name", Length(1, 512), logsCreate},
		{"name", Matches(`^[\.\-_/#A-Za-z0-9]+$`, "letters, digits and . - _ / #"), logsCreate},
		{"retentionInDays", OneOf("0", "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545",
			"731", "1096", "1827", "2192", "2557", "2922", "3288", "3653"), logsRetention},
		{"logGroupClass", OneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"), logsCreate},
	},
	Check:    logGroupKeyIsOpen,
	NotFound: "ResourceNotFoundException",
	Durations: Durations{Create: time.Second, Update: time.Second, Delete: time.Second,
		Source: "control-plane call that answers at once; one second is the provider's round trip"},
}

// logGroupKeyIsOpen demands that the key admits the Logs service of the region.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func logGroupKeyIsOpen(c *Call) error {
	return KeyAdmits(c, "kmsKeyId", "logs."+c.Region+"."+dnsSuffix(c.Region), "kms:Encrypt*", "kms:GenerateDataKey*")
}
