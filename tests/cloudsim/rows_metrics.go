package cloudsim

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// published is what AWS's services publish under one namespace.
type published struct {
	// metrics are the names; empty when the model does not list them.
	metrics []string
	// dimensions are the names that the namespace's metrics may have.
	dimensions []string
	// oneOf are those of which a metric has at least one; empty when there are metrics of the whole account.
	oneOf []string
	// region is where the metrics are, if not where the resource is.
	region string
}

// namespaces are those whose metrics the model knows, from the pages that
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html leads to.
var namespaces = map[string]published{
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
	"AWS/ApplicationELB": {
		metrics: strings.Fields(`ActiveConnectionCount AnomalousHostCount ClientTLSNegotiationErrorCount ConsumedLCUs
			DesyncMitigationMode_NonCompliant_Request_Count DroppedInvalidHeaderRequestCount ELBAuthError ELBAuthFailure ELBAuthLatency
			ELBAuthRefreshTokenSuccess ELBAuthSuccess ELBAuthUserClaimsSizeExceeded ForwardedInvalidHeaderRequestCount GrpcRequestCount
			HTTPCode_ELB_3XX_Count HTTPCode_ELB_4XX_Count HTTPCode_ELB_500_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count
			HTTPCode_ELB_504_Count HTTPCode_ELB_5XX_Count HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count
			HTTPCode_Target_5XX_Count HTTP_Fixed_Response_Count HTTP_Redirect_Count HTTP_Redirect_Url_Limit_Exceeded_Count HealthyHostCount
			HealthyStateDNS HealthyStateRouting IPv6ProcessedBytes IPv6RequestCount LambdaInternalError LambdaTargetProcessedBytes
			LambdaUserError LowReputationPacketsDropped LowReputationRequestsDenied MitigatedHostCount NewConnectionCount
			NonStickyRequestCount PeakLCUs ProcessedBytes RejectedConnectionCount RequestCount RequestCountPerTarget ReservedLCUs
			RuleEvaluations StandardProcessedBytes TargetConnectionErrorCount TargetResponseTime TargetTLSNegotiationErrorCount
			UnHealthyHostCount UnhealthyRoutingRequestCount UnhealthyStateDNS UnhealthyStateRouting ZonalShiftedHostCount`),
		dimensions: []string{"LoadBalancer", "TargetGroup", "AvailabilityZone"}, oneOf: []string{"LoadBalancer", "TargetGroup"}},
	// https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
	"AWS/NATGateway": {
		metrics: strings.Fields(`ActiveConnectionCount BytesInFromDestination BytesInFromSource BytesOutToDestination BytesOutToSource
			ConnectionAttemptCount ConnectionEstablishedCount ErrorPortAllocation IdleTimeoutCount PacketsDropCount
			PacketsInFromDestination PacketsInFromSource PacketsOutToDestination PacketsOutToSource PeakBytesPerSecond PeakPacketsPerSecond`),
		dimensions: []string{"NatGatewayId", "AvailabilityZone"}, oneOf: []string{"NatGatewayId"}},
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	"AWS/SQS": {
		metrics: strings.Fields(`ApproximateAgeOfOldestMessage ApproximateNumberOfGroupsWithInflightMessages
			ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible
			ApproximateNumberOfNoisyGroups NumberOfDeduplicatedSentMessages NumberOfEmptyReceives NumberOfMessagesDeleted
			NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize ApproximateNumberOfMessagesVisibleInQuietGroups
			ApproximateNumberOfMessagesNotVisibleInQuietGroups ApproximateNumberOfMessagesDelayedInQuietGroups
			ApproximateAgeOfOldestMessageInQuietGroups`),
		dimensions: []string{"QueueName"}, oneOf: []string{"QueueName"}},
	// https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
	"AWS/SNS": {dimensions: []string{"TopicName", "Application", "Platform", "Country", "SMSType", "PhoneNumber"}},
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
	"AWS/AutoScaling": {dimensions: []string{"AutoScalingGroupName", "PolicyName", "PairIndex", "MetricStat"}, oneOf: []string{"AutoScalingGroupName"}},
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
	"AWS/EC2": {dimensions: []string{"InstanceId", "AutoScalingGroupName", "ImageId", "InstanceType"}},
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
	"AWS/CloudFront": {
		metrics: strings.Fields(`401ErrorRate 403ErrorRate 404ErrorRate 4xxErrorRate 502ErrorRate 503ErrorRate 504ErrorRate 5xxErrorRate
			BytesDownloaded BytesUploaded CacheHitRate FunctionComputeUtilization FunctionExecutionErrors FunctionInvocations
			FunctionThrottles FunctionValidationErrors LambdaExecutionError LambdaLimitExceededErrors LambdaValidationError OriginLatency
			Requests TotalErrorRate`),
		dimensions: []string{"DistributionId", "FunctionName", "Region"}, oneOf: []string{"DistributionId", "FunctionName"}, region: "us-east-1"},
	// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
	"AWS/Lambda": {dimensions: []string{"FunctionName", "Resource", "ExecutedVersion", "EventSourceMappingUUID"}},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html
	"AWS/Billing": {metrics: []string{"EstimatedCharges"}, dimensions: []string{"Currency", "ServiceName", "LinkedAccount"},
		oneOf: []string{"Currency"}, region: "us-east-1"},
	// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
	"AWS/Route53": {dimensions: []string{"HealthCheckId", "HostedZoneId", "Region"}, oneOf: []string{"HealthCheckId", "HostedZoneId"}, region: "us-east-1"},
	// https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
	"AWS/CertificateManager": {metrics: []string{"DaysToExpiry"}, dimensions: []string{"CertificateArn"}, oneOf: []string{"CertificateArn"}},
}

// awsNamespaces are all that begin with AWS/.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
var awsNamespaces = strings.Fields(`ACMPrivateCA AmazonMQ AmplifyHosting ApiGateway AppFlow ApplicationELB ApplicationMigrationService
	AppRunner AppStream AppSync Athena AutoScaling B2BDataInterchange Backup Bedrock Billing Braket Cassandra CertificateManager
	Chatbot ChimeSDK ChimeVoiceConnector ClientVPN CloudFormation CloudFront CloudHSM CloudSearch CloudTrail CodeBuild CodeWhisperer
	Cognito Config Connect DAX DDoSProtection DataLifecycleManager DataSync DirectConnect DirectoryService DMS DocDB DRS DX DynamoDB EBS
	EC2 EC2/API EC2Spot ECR ECS EFS ElastiCache ElasticBeanstalk ElasticGPUs ElasticInference ElasticMapReduce ElasticTranscoder ELB EMRServerless ES
	Events FIS Firehose Forecast FraudDetector FSx GameLift GatewayELB GlobalAccelerator Glue GroundStation HealthLake InstanceScheduler
	Inspector InternetMonitor IoT IoTAnalytics IoTEvents IoTSiteWise IoTTwinMaker IPAM IVS IVSChat Kafka KafkaConnect Kendra Kinesis
	KinesisAnalytics KinesisVideo KMS Lambda Lex Location Logs LookoutMetrics M2 MachineLearning MediaConnect MediaConvert
	MediaLive MediaPackage MediaStore MediaTailor MemoryDB ML MWAA NATGateway Neptune NetworkELB NetworkFirewall NetworkManager Nimble
	NimbleStudio Omics OpsWorks Outposts PanoramaDeviceMetrics Personalize Pipes Polly PrivateLinkEndpoints PrivateLinkServices
	Prometheus QLDB QuickSight RDS Redshift Rekognition Robomaker Route53 Route53RecoveryReadiness RUM S3 S3/Storage-Lens SageMaker
	Scheduler SecretsManager SecurityLake ServiceCatalog SES SNS SQS SSM-RunCommand States StorageGateway SWF Textract
	ThinkboxLicenseForwarder Timestream Transfer TransitGateway TranscribeStreaming Translate TrustedAdvisor
	Usage VPN VpcLattice WAF WAFV2 WorkMail WorkSpaces WorkSpacesWeb X-Ray`)

// metricPublished explains why a service never publishes the metric that an alarm reads, or returns nil. AWS takes the alarm.
func metricPublished(c *Call, metric Props) error {
	namespace := metric.Text("namespace")
	name, isAWS := strings.CutPrefix(namespace, "AWS/")
	if !isAWS {
		return nil
	}
	if !slices.Contains(awsNamespaces, name) && !strings.HasPrefix(name, "SageMaker/") {
		return c.silent("namespace", "no service publishes metrics in the namespace %s", namespace)
	}
	known, modelled := namespaces[namespace]
	if !modelled {
		return nil
	}
	if known.region != "" && known.region != c.Region {
		return c.silent("namespace", "%s publishes its metrics in %s, and the alarm is in %s", namespace, known.region, c.Region)
	}
	if m := metric.Text("metricName"); m != "" && len(known.metrics) > 0 && !slices.Contains(known.metrics, m) {
		return c.silent("metricName", "%s has no metric %s", namespace, m)
	}
	return errors.Join(dimensionNames(c, namespace, metric, known), targetDimensions(c, metric), resolution(c, metric))
}

func dimensionNames(c *Call, namespace string, metric Props, known published) error {
	keys := metric.Keys("dimensions")
	for _, key := range keys {
		if !slices.Contains(known.dimensions, key) {
			return c.silent("dimensions", "metrics of %s have no dimension %s", namespace, key)
		}
	}
	missing := func(name string) bool { return !slices.Contains(keys, name) }
	if len(known.oneOf) > 0 && metric.Known("dimensions") && !slices.ContainsFunc(known.oneOf, func(name string) bool { return !missing(name) }) {
		return c.silent("dimensions", "metrics of %s have the dimension %s", namespace, strings.Join(known.oneOf, " or "))
	}
	return nil
}

// targetDimensions: only the requests for each target are published for a target group alone; its hosts are counted for a
// target group behind a load balancer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
func targetDimensions(c *Call, metric Props) error {
	if metric.Text("namespace") != "AWS/ApplicationELB" || !metric.Known("dimensions") {
		return nil
	}
	keys, name := metric.Keys("dimensions"), metric.Text("metricName")
	balancer, targets := slices.Contains(keys, "LoadBalancer"), slices.Contains(keys, "TargetGroup")
	if targets && !balancer && name != "RequestCountPerTarget" {
		return c.silent("dimensions", "%s of a target group has the dimension LoadBalancer beside TargetGroup", name)
	}
	if slices.Contains([]string{"HealthyHostCount", "UnHealthyHostCount", "RequestCountPerTarget"}, name) && !targets {
		return c.silent("dimensions", "%s has the dimension TargetGroup", name)
	}
	return nil
}

// resolution: metrics of services are a minute apart at least.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func resolution(c *Call, metric Props) error {
	if period := metric.Int("period"); period > 0 && period < 60 {
		return c.silent("period", "%s has no points %d seconds apart", metric.Text("namespace"), period)
	}
	return nil
}

// metricUnit: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
var metricUnit = Matches(`^((Bytes|Bits|Kilobytes|Megabytes|Gigabytes|Terabytes|Kilobits|Megabits|Gigabits|Terabits|Count)(/Second)?|Seconds|Milliseconds|Microseconds|Percent|None)$`,
	"a unit such as Seconds, Percent or Count/Second")

var calledName = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\s*\(`)

// mathFunctions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
var mathFunctions = strings.Fields(`ABS ANOMALY_DETECTION_BAND AND AVG CEIL DATAPOINT_COUNT DATE DAY DB_PERF_INSIGHTS DIFF DIFF_TIME EPOCH
	FILL FIRST FLOOR HOUR IF INSIGHT_RULE_METRIC LAMBDA LAST LOG LOG10 MAX METRICS METRIC_COUNT MIN MINUTE MONTH OR PERIOD RATE
	REMOVE_EMPTY RUNNING_SUM SEARCH SERVICE_QUOTA SLICE SORT STDDEV SUM TIME_SERIES YEAR`)

// expressionForm judges the brackets and the functions of a metric math expression.
func expressionForm(c *Call, id, expression string) error {
	reject := func(why string) error {
		return c.RejectAt("metricQueries", "ValidationError", "Error in expression '%s': %s", id, why)
	}
	var open []rune
	pairs := map[rune]rune{')': '(', ']': '['}
	for _, r := range expression {
		switch r {
		case '(', '[':
			open = append(open, r)
		case ')', ']':
			if len(open) == 0 || open[len(open)-1] != pairs[r] {
				return reject("The expression has an unmatched bracket")
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return reject("The expression has an unmatched bracket")
	}
	for _, called := range calledName.FindAllStringSubmatch(expression, -1) {
		if !slices.Contains(mathFunctions, called[1]) {
			return reject("The expression contains the unknown function " + called[1])
		}
		if called[1] == "SEARCH" { // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html
			return reject("SEARCH is not supported on Metric Alarms")
		}
	}
	return nil
}

// alarmServices are those that an alarm can call.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
var alarmServices = []string{"sns", "autoscaling", "lambda", "automate", "ssm", "ssm-incidents", "swf", "aiops"}
