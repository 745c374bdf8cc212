package cloudsim

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

const (
	deliveryDocs    = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
	sourceType      = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
	destinationType = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
	filterType      = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	transformDoc    = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html"
)

func init() {
	register(metricFilter, logResourcePolicy, deliverySource, deliveryDestination, logDelivery, logStream, queryDefinition, subscriptionFilter)
}

var metricFilter = Row{
	Type:     filterType,
	Noun:     "metric filter",
	Doc:      deliveryDocs + "API_PutMetricFilter.html",
	ID:       Format("{name}"),
	AutoName: &AutoName{Max: 512},
	Required: []string{"logGroupName", "metricTransformation", "pattern"},
	Replace:  []string{"name", "logGroupName"},
	Refs:     []Ref{{Path: "logGroupName", To: []string{logGroupType}, By: []string{"name"}, Weak: true}},
	Unique:   []Unique{{Paths: []string{"logGroupName", "name"}, Code: "ResourceAlreadyExistsException"}},
	Limits: []Limit{
		{"name", Matches(`^[^:*]{1,512}$`, "1 to 512 characters without : and *"), deliveryDocs + "API_PutMetricFilter.html"},
		{"pattern", Length(0, 1024), deliveryDocs + "API_PutMetricFilter.html"},
		{"metricTransformation.name", Matches(`^[^:*$]{1,255}$`, "1 to 255 characters without : * $"), transformDoc},
		{"metricTransformation.namespace", Matches(`^[^:*$]{1,255}$`, "1 to 255 characters without : * $"), transformDoc},
		{"metricTransformation.dimensions", Items(0, 3), transformDoc},
	},
	Check:     checkMetricFilter,
	Durations: immediate,
}

// checkMetricFilter: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
func checkMetricFilter(c *Call) error {
	if strings.HasPrefix(c.Text("metricTransformation.namespace"), "AWS/") {
		return c.RejectAt("metricTransformation.namespace", "InvalidParameterException", "metric namespaces that begin with AWS/ are reserved")
	}
	if c.Has("metricTransformation.defaultValue") && c.Has("metricTransformation.dimensions") {
		return c.RejectAt("metricTransformation", "InvalidParameterException",
			"Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	}
	pattern := strings.TrimSpace(c.Text("pattern"))
	if strings.HasPrefix(pattern, "{") != strings.HasSuffix(pattern, "}") || strings.HasPrefix(pattern, "[") != strings.HasSuffix(pattern, "]") {
		return c.RejectAt("pattern", "InvalidParameterException", "Invalid metric filter pattern: %s", pattern)
	}
	return nil
}

var logResourcePolicy = Row{
	Type:     "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
	Noun:     "resource policy",
	Doc:      deliveryDocs + "API_PutResourcePolicy.html",
	ID:       named("{policyName}", "policyName"),
	Required: []string{"policyName", "policyDocument"},
	Replace:  []string{"policyName"},
	Unique:   []Unique{{Paths: []string{"policyName"}, Code: "ResourceAlreadyExistsException"}},
	Limits:   []Limit{{"policyDocument", Length(1, 5120), deliveryDocs + "API_PutResourcePolicy.html"}},
	Check: func(c *Call) error {
		if n := len(c.Others("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")); n >= 10 && !c.Preview {
			return c.Reject("LimitExceededException", "Resource limit exceeded: 10 resource policies for each region and account")
		}
		return ValidPolicy(c, "policyDocument")
	},
	Durations: immediate,
}

// logSources are the types of log by the service in the resource's ARN.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
var logSources = map[string][]string{
	"cloudfront": {"ACCESS_LOGS", "CONNECTION_LOGS"},
}

var deliveryName = Matches(`^[\w-]{1,60}$`, "1 to 60 letters, digits, hyphens and underscores")

var deliverySource = Row{
	Type:     sourceType,
	Noun:     "delivery source",
	Doc:      deliveryDocs + "API_PutDeliverySource.html",
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:logs:{region}:{account}:delivery-source:{name}"),
	AutoName: &AutoName{Max: 60},
	Computed: map[string]Compute{"service": func(c *Call) any { return serviceOf(c.Text("resourceArn")) }},
	Required: []string{"logType", "resourceArn"},
	Replace:  []string{"name", "logType", "resourceArn"},
	Taggable: true,
	Refs: []Ref{{Path: "resourceArn", To: []string{distributionType}, By: []string{"arn"}, Weak: true, Code: "ResourceNotFoundException",
		Except: func(value string) bool { return serviceOf(value) != "cloudfront" }}},
	Unique:    []Unique{{Paths: []string{"name"}, Code: "ConflictException"}, {Paths: []string{"resourceArn", "logType"}, Code: "ConflictException"}},
	Limits:    []Limit{{"name", deliveryName, deliveryDocs + "API_PutDeliverySource.html"}},
	Check:     checkSource,
	NotFound:  "ResourceNotFoundException",
	InUse:     "ConflictException",
	Durations: immediate,
}

// checkSource: CloudFront is global and its delivery is set up in us-east-1.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
func checkSource(c *Call) error {
	service := serviceOf(c.Text("resourceArn"))
	if service == "cloudfront" && c.Region != "us-east-1" {
		return c.RejectAt("resourceArn", "ValidationException", "CloudFront's log deliveries are made in us-east-1, not in %s", c.Region)
	}
	allowed, known := logSources[service]
	if known && c.Known("logType") && !slices.Contains(allowed, c.Text("logType")) {
		return c.RejectAt("logType", "ValidationException", "%s is not a log type of %s", c.Text("logType"), service)
	}
	return nil
}

const destinationPath = "deliveryDestinationConfiguration.destinationResourceArn"

var deliveryDestination = Row{
	Type:     destinationType,
	Noun:     "delivery destination",
	Doc:      deliveryDocs + "API_PutDeliveryDestination.html",
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:logs:{region}:{account}:delivery-destination:{name}"),
	AutoName: &AutoName{Max: 60},
	Computed: map[string]Compute{"deliveryDestinationType": func(c *Call) any {
		return map[string]string{"s3": "S3", "logs": "CWL", "firehose": "FH"}[serviceOf(c.Text(destinationPath))]
	}},
	Replace:  []string{"name", "outputFormat"},
	Taggable: true,
	Unique:   []Unique{{Paths: []string{"name"}, Code: "ConflictException"}},
	Limits: []Limit{
		{"name", deliveryName, deliveryDocs + "API_PutDeliveryDestination.html"},
		{"outputFormat", OneOf("json", "plain", "w3c", "raw", "parquet"), deliveryDocs + "API_PutDeliveryDestination.html"},
	},
	Check:     checkDestination,
	NotFound:  "ResourceNotFoundException",
	InUse:     "ConflictException",
	Durations: immediate,
}

// checkDestination demands that the bucket or log group exists. A bucket may be followed by a path.
func checkDestination(c *Call) error {
	arn := c.Text(destinationPath)
	if arn == "" || c.Preview {
		return nil
	}
	if serviceOf(arn) == "logs" && c.everywhere(logGroupType, strings.TrimSuffix(arn, ":*")) == nil {
		return c.RejectAt(destinationPath, "ResourceNotFoundException", "the log group %s does not exist in account %s", arn, c.Account)
	}
	if parts := bucketInARN.FindStringSubmatch(arn); len(parts) > 1 && c.bucketNamed(parts[1]) == nil {
		return c.RejectAt(destinationPath, "ResourceNotFoundException", "the bucket %s does not exist in account %s", parts[1], c.Account)
	}
	return nil
}

var logDelivery = Row{
	Type:     "aws:cloudwatch/logDelivery:LogDelivery",
	Noun:     "delivery",
	Doc:      deliveryDocs + "API_CreateDelivery.html",
	ID:       func(c *Call) any { return c.Capitals("delivery", 16) },
	ARN:      Format("arn:{partition}:logs:{region}:{account}:delivery:{id}"),
	Computed: map[string]Compute{"fieldDelimiter": Value(""), "recordFields": Value([]string{})},
	Required: []string{"deliveryDestinationArn", "deliverySourceName"},
	Replace:  []string{"deliveryDestinationArn", "deliverySourceName"},
	Taggable: true,
	Refs: []Ref{
		{Path: "deliverySourceName", To: []string{sourceType}, By: []string{"name"}},
		{Path: "deliveryDestinationArn", To: []string{destinationType}, By: []string{"arn"}},
	},
	Unique: []Unique{{Paths: []string{"deliverySourceName", "deliveryDestinationArn"}, Code: "ConflictException"}},
	Limits: []Limit{
		{"s3DeliveryConfigurations.suffixPath", Length(1, 256), deliveryDocs + "API_S3DeliveryConfiguration.html"},
		{"fieldDelimiter", Length(0, 5), deliveryDocs + "API_CreateDelivery.html"},
	},
	Check:     checkDelivery,
	NotFound:  "ResourceNotFoundException",
	Durations: immediate,
}

var bucketInARN = regexp.MustCompile(`^arn:[a-z-]+:s3:::([a-z0-9.-]+)(/.*)?$`)

func (c *Call) bucketNamed(name string) *Resource {
	for _, typ := range bucketTypes {
		for _, bucket := range c.InRegion("*", typ) {
			if bucket.ID == name {
				return bucket
			}
		}
	}
	return nil
}

func serviceOf(arn string) string {
	if fields := strings.SplitN(arn, ":", 4); len(fields) == 4 {
		return fields[2]
	}
	return ""
}

// checkDelivery: the destination's bucket must admit the delivery service by then; AWS adds the statement itself only for
// callers who may change the bucket's policy, and would then fight with the program over it.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
func checkDelivery(c *Call) error {
	source, destination := c.Ref("deliverySourceName"), c.Ref("deliveryDestinationArn")
	if source == nil || destination == nil || c.Preview {
		return nil
	}
	arn := destination.Out().Text(destinationPath)
	parts := bucketInARN.FindStringSubmatch(arn)
	if parts == nil {
		return nil
	}
	bucket := c.bucketNamed(parts[1])
	if bucket == nil || bucket.Given {
		return nil
	}
	policy, ok := c.documentOf(bucket, bucketPolicyType, "bucket")
	q := access{service: "delivery.logs.amazonaws.com", action: "s3:PutObject", resource: bucket.ARN + parts[2] + "/x", source: source.ARN, account: c.Account}
	if ok && (policy.admits(q) || policy.someObjects(q, bucket.ARN+parts[2])) {
		return nil
	}
	return c.RejectAt("deliveryDestinationArn", "AccessDeniedException",
		"the policy of bucket %s does not allow delivery.logs.amazonaws.com to call s3:PutObject for %s", bucket.ID, source.ARN)
}

var logStream = Row{
	Type:      "aws:cloudwatch/logStream:LogStream",
	Noun:      "log stream",
	Doc:       deliveryDocs + "API_CreateLogStream.html",
	ID:        Format("{name}"),
	ARN:       Format("arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}:log-stream:{name}"),
	AutoName:  &AutoName{Max: 512},
	Required:  []string{"logGroupName"},
	Replace:   []string{"name", "logGroupName"},
	Refs:      []Ref{{Path: "logGroupName", To: []string{logGroupType}, By: []string{"name"}, Weak: true}},
	Unique:    []Unique{{Paths: []string{"logGroupName", "name"}, Code: "ResourceAlreadyExistsException"}},
	Limits:    []Limit{{"name", Matches(`^[^:*]{1,512}$`, "1 to 512 characters without : and *"), deliveryDocs + "API_CreateLogStream.html"}},
	Durations: immediate,
}

var queryDefinition = Row{
	Type:      "aws:cloudwatch/queryDefinition:QueryDefinition",
	Noun:      "query definition",
	Doc:       deliveryDocs + "API_PutQueryDefinition.html",
	ID:        Format("{uuid}"),
	AutoName:  &AutoName{Max: 255},
	Computed:  map[string]Compute{"queryDefinitionId": Format("{id}")},
	Required:  []string{"queryString"},
	Refs:      []Ref{{Path: "logGroupNames", To: []string{logGroupType}, By: []string{"name"}, Weak: true}},
	Limits:    []Limit{{"queryString", Length(1, 10000), deliveryDocs + "API_PutQueryDefinition.html"}},
	Durations: immediate,
}

var subscriptionFilter = Row{
	Type:     "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
	Noun:     "subscription filter",
	Doc:      deliveryDocs + "API_PutSubscriptionFilter.html",
	ID:       func(c *Call) any { return "cwlsf-" + c.Hex("filter", 10) },
	AutoName: &AutoName{Max: 512},
	Computed: map[string]Compute{"roleArn": Value("")},
	Required: []string{"destinationArn", "filterPattern", "logGroup"},
	Replace:  []string{"name", "logGroup"},
	Refs: []Ref{
		{Path: "logGroup", To: []string{logGroupType}, By: []string{"name"}, Weak: true},
		{Path: "destinationArn", To: []string{functionType}, By: []string{"arn"}, Weak: true, Code: "InvalidParameterException",
			Except: func(value string) bool { return serviceOf(value) != "lambda" }},
		{Path: "roleArn", To: []string{roleType}, By: []string{"arn"}, Code: "InvalidParameterException"},
	},
	Limits: []Limit{{"distribution", OneOf("Random", "ByLogStream"), deliveryDocs + "API_PutSubscriptionFilter.html"}},
	Check: func(c *Call) error {
		problems := []error{TrustedBy(c, "roleArn", "logs.amazonaws.com", "InvalidParameterException")}
		if n := len(c.Where("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", "logGroup", c.Text("logGroup"))); n >= 2 && !c.Preview {
			problems = append(problems, c.Reject("LimitExceededException", "Resource limit exceeded: 2 subscription filters for each log group"))
		}
		if group, function := c.Ref("logGroup"), c.Ref("destinationArn"); group != nil && function != nil && !c.Preview {
			q := access{service: "logs.amazonaws.com", source: group.ARN + ":*", account: c.Account}
			if why := c.uninvokable(function, q); why != "" {
				problems = append(problems, c.RejectAt("destinationArn", "InvalidParameterException",
					"Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function. (%s)", why))
			}
		}
		return errors.Join(problems...)
	},
	Durations: immediate,
}
