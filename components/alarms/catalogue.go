package alarms

import (
	"regexp"
	"slices"
	"strings"
)

// key names a metric in the table.
type key struct{ namespace, name string }

// definition is what AWS publishes under one metric name.
type definition struct {
	// dimensions are the sets the metric is published under, each sorted. Any other set matches nothing.
	dimensions [][]string
	// statistics are those that mean something, the usual one first. "pNN" stands for any percentile.
	statistics []string
	// unit is the unit AWS publishes, in the words of CloudWatch.
	unit string
	// region is set when the metric exists in one region only.
	region string
	// period is the shortest useful one in seconds, where it is not 60.
	period int
	// source is the page that says so.
	source string
}

// The pages the table is taken from.
const (
	albPage       = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
	asgPage       = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html"
	ec2Page       = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html"
	agentPage     = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/metrics-collected-by-CloudWatch-agent.html"
	natPage       = "https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html"
	snsPage       = "https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html"
	sqsPage       = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"
	lambdaPage    = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"
	cdnPage       = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html"
	schedulerPage = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html"
	eventsPage    = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html"
	acmPage       = "https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html"
	healthPage    = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html"
	logsPage      = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html"
)

// Dimension sets used by several metrics.
var (
	perBalancer       = [][]string{{"LoadBalancer"}, {"AvailabilityZone", "LoadBalancer"}}
	perTargets        = [][]string{{"LoadBalancer", "TargetGroup"}, {"AvailabilityZone", "LoadBalancer", "TargetGroup"}}
	perBalancerTarget = slices.Concat(perBalancer, perTargets)
	perGroup          = [][]string{{"AutoScalingGroupName"}}
	perNAT            = [][]string{{"NatGatewayId"}}
	perTopic          = [][]string{{"TopicName"}}
	perQueue          = [][]string{{"QueueName"}}
	perFunction       = [][]string{{"FunctionName"}}
	perLogGroup       = [][]string{{"LogGroupName"}}
	perDistribution   = [][]string{{"DistributionId", "Region"}}
)

// catalogue is the one table of metrics: namespace and name -> dimension sets, statistics, unit, source. A constructor
// that is not in it makes a metric that Create refuses.
var catalogue = table(
	group{"AWS/ApplicationELB", albPage, "Count", counts, perBalancer, "RejectedConnectionCount ActiveConnectionCount NewConnectionCount HTTPCode_ELB_5XX_Count HTTPCode_ELB_4XX_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count HTTPCode_ELB_504_Count ClientTLSNegotiationErrorCount"},
	group{"AWS/ApplicationELB", albPage, "Count", counts, perBalancerTarget, "RequestCount HTTPCode_Target_5XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_2XX_Count TargetConnectionErrorCount"},
	group{"AWS/ApplicationELB", albPage, "Seconds", times, perBalancerTarget, "TargetResponseTime"},
	group{"AWS/ApplicationELB", albPage, "Count", hosts, perTargets, "HealthyHostCount UnHealthyHostCount"},
	group{"AWS/ApplicationELB", albPage, "Count", counts, append([][]string{{"TargetGroup"}}, perTargets...), "RequestCountPerTarget"},
	group{"AWS/ApplicationELB", albPage, "Count", counts, perTargets, "UnhealthyRoutingRequestCount"},
	group{"AWS/AutoScaling", asgPage, "None", gauges, perGroup, "GroupMinSize GroupMaxSize GroupDesiredCapacity GroupInServiceInstances GroupPendingInstances GroupStandbyInstances GroupTerminatingInstances GroupTotalInstances WarmPoolWarmedCapacity"},
	group{"AWS/EC2", ec2Page, "Percent", gauges, perGroup, "CPUUtilization"},
	group{"AWS/EC2", ec2Page, "Count", gauges, perGroup, "CPUCreditBalance CPUSurplusCreditBalance"},
	group{"AWS/EC2", ec2Page, "Count", worst, perGroup, "StatusCheckFailed StatusCheckFailed_Instance StatusCheckFailed_System"},
	group{"AWS/EC2", ec2Page, "Bytes", gauges, perGroup, "NetworkIn NetworkOut"},
	group{"AWS/NATGateway", natPage, "Count", counts, perNAT, "ErrorPortAllocation PacketsDropCount ConnectionAttemptCount ConnectionEstablishedCount IdleTimeoutCount"},
	group{"AWS/NATGateway", natPage, "Count", worst, perNAT, "ActiveConnectionCount"},
	group{"AWS/NATGateway", natPage, "Bytes", counts, perNAT, "BytesOutToDestination BytesInFromDestination"},
	group{"AWS/SNS", snsPage, "Count", counts, perTopic, "NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed NumberOfNotificationsFilteredOut NumberOfNotificationsFilteredOut-InvalidAttributes NumberOfNotificationsFilteredOut-NoMessageAttributes NumberOfNotificationsRedrivenToDlq NumberOfNotificationsFailedToRedriveToDlq"},
	group{"AWS/SQS", sqsPage, "Count", worst, perQueue, "ApproximateNumberOfMessagesVisible ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesDelayed"},
	group{"AWS/SQS", sqsPage, "Seconds", worst, perQueue, "ApproximateAgeOfOldestMessage"},
	group{"AWS/SQS", sqsPage, "Count", counts, perQueue, "NumberOfMessagesSent NumberOfMessagesReceived NumberOfMessagesDeleted"},
	group{"AWS/Lambda", lambdaPage, "Count", counts, perFunction, "Invocations Errors Throttles DeadLetterErrors AsyncEventsDropped"},
	group{"AWS/Lambda", lambdaPage, "Count", worst, perFunction, "ConcurrentExecutions"},
	group{"AWS/Lambda", lambdaPage, "Milliseconds", times, perFunction, "Duration IteratorAge AsyncEventAge"},
	group{"AWS/CloudFront", cdnPage, "None", counts, perDistribution, "Requests"},
	group{"AWS/CloudFront", cdnPage, "Percent", averages, perDistribution, "4xxErrorRate 5xxErrorRate TotalErrorRate CacheHitRate"},
	group{"AWS/CloudFront", cdnPage, "Milliseconds", percentiles, perDistribution, "OriginLatency"},
	group{"AWS/Scheduler", schedulerPage, "Count", counts, [][]string{{"ScheduleGroup"}}, "InvocationAttemptCount TargetErrorCount TargetErrorThrottledCount InvocationThrottleCount InvocationDroppedCount"},
	group{"AWS/Events", eventsPage, "Count", counts, [][]string{{"RuleName"}}, "Invocations FailedInvocations TriggeredRules"},
	group{"AWS/CertificateManager", acmPage, "Count", lowest, [][]string{{"CertificateArn"}}, "DaysToExpiry"},
	group{"AWS/Route53", healthPage, "None", lowest, [][]string{{"HealthCheckId"}}, "HealthCheckStatus"},
	group{"AWS/Logs", logsPage, "None", counts, perLogGroup, "IncomingLogEvents"},
	group{"AWS/Logs", logsPage, "Bytes", counts, perLogGroup, "IncomingBytes"},
	group{"CWAgent", agentPage, "Percent", gauges, perGroup, "mem_used_percent swap_used_percent"},
	group{"CWAgent", agentPage, "Percent", worst, [][]string{{"AutoScalingGroupName", "path"}}, "disk_used_percent"},
)

// The kinds of metric, by the statistics that mean something.
var (
	counts      = []string{"Sum"}
	averages    = []string{"Average"}
	gauges      = []string{"Average", "Minimum", "Maximum"}
	hosts       = []string{"Maximum", "Minimum", "Average"}
	worst       = []string{"Maximum", "Average", "Minimum", "Sum"}
	lowest      = []string{"Minimum"}
	times       = []string{"p99", "pNN", "Average", "Minimum", "Maximum"}
	percentiles = []string{"p99", "pNN"}
)

// anyStatistic is for metrics of our own, about which AWS says nothing.
var anyStatistic = definition{statistics: []string{"Sum", "Average", "Minimum", "Maximum", "SampleCount", "pNN"}}

// group is metrics that share everything but the name; names are separated by blanks.
type group struct {
	namespace, source, unit string
	statistics              []string
	dimensions              [][]string
	names                   string
}

// The regions of metrics that AWS keeps in one: CloudFront's and Route 53 health checks' are in us-east-1.
var oneRegion = map[string]string{"AWS/CloudFront": "us-east-1", "AWS/Route53": "us-east-1"}

// The periods of metrics that are not reported every minute.
// DaysToExpiry is published twice a day: https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
var slow = map[string]int{"DaysToExpiry": 86400}

func table(groups ...group) map[key]definition {
	out := map[key]definition{}
	for _, g := range groups {
		for name := range strings.FieldsSeq(g.names) {
			out[key{g.namespace, name}] = definition{
				dimensions: g.dimensions, statistics: g.statistics, unit: g.unit,
				region: oneRegion[g.namespace], period: slow[name], source: g.source,
			}
		}
	}
	return out
}

func (d definition) has(names []string) bool {
	return slices.ContainsFunc(d.dimensions, func(set []string) bool { return slices.Equal(set, names) })
}

// percentile is p0 to p100 with up to two decimals.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
var percentile = regexp.MustCompile(`^p(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$`)

func (d definition) allows(statistic string) bool {
	if slices.Contains(d.statistics, statistic) && statistic != "pNN" {
		return true
	}
	return slices.Contains(d.statistics, "pNN") && percentile.MatchString(statistic)
}
