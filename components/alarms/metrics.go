package alarms

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LoadBalancer makes the metrics of an Application Load Balancer.
type LoadBalancer struct {
	// Suffix is the end of its ARN, "app/name/50dc6c495c0c9188": the output arnSuffix.
	Suffix pulumi.StringInput
}

func (b LoadBalancer) metric(name string) Metric {
	return newMetric("AWS/ApplicationELB", name, dim("LoadBalancer", b.Suffix))
}

// RequestCount is how many requests were processed. It is absent, not 0, while nothing arrives.
func (b LoadBalancer) RequestCount() Metric { return b.metric("RequestCount") }

// Target5xx counts server errors that the targets answered.
func (b LoadBalancer) Target5xx() Metric { return b.metric("HTTPCode_Target_5XX_Count") }

// Target4xx counts client errors that the targets answered.
func (b LoadBalancer) Target4xx() Metric { return b.metric("HTTPCode_Target_4XX_Count") }

// ELB5xx counts server errors that the load balancer answered itself: no healthy target, a timeout, a broken answer.
func (b LoadBalancer) ELB5xx() Metric { return b.metric("HTTPCode_ELB_5XX_Count") }

// ELB4xx counts client errors that the load balancer answered itself.
func (b LoadBalancer) ELB4xx() Metric { return b.metric("HTTPCode_ELB_4XX_Count") }

// ELB502 counts answers of targets that the load balancer could not use.
func (b LoadBalancer) ELB502() Metric { return b.metric("HTTPCode_ELB_502_Count") }

// ELB503 counts requests for which there was no target.
func (b LoadBalancer) ELB503() Metric { return b.metric("HTTPCode_ELB_503_Count") }

// ELB504 counts requests that a target did not answer in time.
func (b LoadBalancer) ELB504() Metric { return b.metric("HTTPCode_ELB_504_Count") }

// TargetResponseTime is the time in seconds from the request leaving the load balancer to the answer: "p99", "Average".
func (b LoadBalancer) TargetResponseTime(statistic string) Metric {
	return b.metric("TargetResponseTime").With(statistic)
}

// RejectedConnections counts connections refused because the load balancer had reached its maximum.
func (b LoadBalancer) RejectedConnections() Metric { return b.metric("RejectedConnectionCount") }

// ActiveConnections counts open connections, of clients and to targets together.
func (b LoadBalancer) ActiveConnections() Metric { return b.metric("ActiveConnectionCount") }

// NewConnections counts connections opened, of clients and to targets together.
func (b LoadBalancer) NewConnections() Metric { return b.metric("NewConnectionCount") }

// TargetConnectionErrors counts connections to targets that could not be opened.
func (b LoadBalancer) TargetConnectionErrors() Metric { return b.metric("TargetConnectionErrorCount") }

// ClientTLSErrors counts TLS handshakes that clients did not complete.
func (b LoadBalancer) ClientTLSErrors() Metric { return b.metric("ClientTLSNegotiationErrorCount") }

// TargetGroup makes the metrics of a target group behind an Application Load Balancer.
type TargetGroup struct {
	// LoadBalancer is the arnSuffix of the load balancer.
	LoadBalancer pulumi.StringInput
	// Suffix is the end of the target group's ARN, "targetgroup/name/73e2d6bc24d8a067": the output arnSuffix.
	Suffix pulumi.StringInput
	// Zone narrows the metrics to one Availability Zone, for example "eu-central-1a". Default: all zones together.
	Zone string
}

func (g TargetGroup) metric(name string) Metric {
	dimensions := []dimension{dim("LoadBalancer", g.LoadBalancer), dim("TargetGroup", g.Suffix)}
	if g.Zone != "" {
		dimensions = append(dimensions, dim("AvailabilityZone", pulumi.String(g.Zone)))
	}
	return newMetric("AWS/ApplicationELB", name, dimensions...)
}

// UnHealthyHosts is how many targets fail their health checks: the most in the period.
func (g TargetGroup) UnHealthyHosts() Metric { return g.metric("UnHealthyHostCount") }

// HealthyHosts is how many targets pass their health checks: the fewest in the period.
func (g TargetGroup) HealthyHosts() Metric { return g.metric("HealthyHostCount").With("Minimum") }

// RequestCount is how many requests the targets were sent.
func (g TargetGroup) RequestCount() Metric { return g.metric("RequestCount") }

// RequestCountPerTarget is the mean number of requests per target. AWS gives it as the statistic Sum, which for this
// metric is the mean.
func (g TargetGroup) RequestCountPerTarget() Metric { return g.metric("RequestCountPerTarget") }

// Target5xx counts server errors of the targets.
func (g TargetGroup) Target5xx() Metric { return g.metric("HTTPCode_Target_5XX_Count") }

// Target2xx counts good answers of the targets.
func (g TargetGroup) Target2xx() Metric { return g.metric("HTTPCode_Target_2XX_Count") }

// TargetResponseTime is in seconds: "p99", "Average".
func (g TargetGroup) TargetResponseTime(statistic string) Metric {
	return g.metric("TargetResponseTime").With(statistic)
}

// TargetConnectionErrors counts connections to targets that could not be opened.
func (g TargetGroup) TargetConnectionErrors() Metric { return g.metric("TargetConnectionErrorCount") }

// UnhealthyRouting counts requests sent to unhealthy targets because too few were healthy (fail-open).
func (g TargetGroup) UnhealthyRouting() Metric { return g.metric("UnhealthyRoutingRequestCount") }

// Group makes the metrics of an Auto Scaling group. Group metrics must be enabled on it.
type Group struct {
	// Name is the group's name.
	Name pulumi.StringInput
}

func (g Group) metric(name string) Metric {
	return newMetric("AWS/AutoScaling", name, dim("AutoScalingGroupName", g.Name))
}

// InService is how many instances serve: the fewest in the period.
func (g Group) InService() Metric { return g.metric("GroupInServiceInstances").With("Minimum") }

// Desired is how many the group wants.
func (g Group) Desired() Metric { return g.metric("GroupDesiredCapacity").With("Maximum") }

// Min is the group's minimum size.
func (g Group) Min() Metric { return g.metric("GroupMinSize").With("Maximum") }

// Max is the group's maximum size.
func (g Group) Max() Metric { return g.metric("GroupMaxSize").With("Maximum") }

// Pending is how many instances are starting.
func (g Group) Pending() Metric { return g.metric("GroupPendingInstances").With("Maximum") }

// Terminating is how many instances are stopping.
func (g Group) Terminating() Metric { return g.metric("GroupTerminatingInstances").With("Maximum") }

// Total is how many instances there are in any state.
func (g Group) Total() Metric { return g.metric("GroupTotalInstances").With("Maximum") }

// Warmed is how many instances wait in the warm pool.
func (g Group) Warmed() Metric { return g.metric("WarmPoolWarmedCapacity").With("Minimum") }

// Instances makes the metrics of the instances of an Auto Scaling group, taken together.
type Instances struct {
	// Group is the name of the Auto Scaling group.
	Group pulumi.StringInput
}

func (i Instances) metric(name string) Metric {
	return newMetric("AWS/EC2", name, dim("AutoScalingGroupName", i.Group))
}

// CPU is the mean utilisation in percent; With("Maximum") is the busiest instance.
func (i Instances) CPU() Metric { return i.metric("CPUUtilization") }

// CPUCredits is the credit balance of burstable instances: the lowest.
func (i Instances) CPUCredits() Metric { return i.metric("CPUCreditBalance").With("Minimum") }

// StatusCheckFailed is 1 while any instance fails the checks of its host or its own.
func (i Instances) StatusCheckFailed() Metric { return i.metric("StatusCheckFailed") }

// NetworkIn is the mean number of bytes received per instance and period.
func (i Instances) NetworkIn() Metric { return i.metric("NetworkIn") }

// NetworkOut is the mean number of bytes sent per instance and period.
func (i Instances) NetworkOut() Metric { return i.metric("NetworkOut") }

// Memory is used memory in percent, from the CloudWatch agent. The agent's configuration must set append_dimensions
// AutoScalingGroupName and aggregation_dimensions [["AutoScalingGroupName"]], or the metric has other dimensions.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
func (i Instances) Memory() Metric {
	return newMetric("CWAgent", "mem_used_percent", dim("AutoScalingGroupName", i.Group))
}

// Swap is used swap in percent, under the same condition as Memory.
func (i Instances) Swap() Metric {
	return newMetric("CWAgent", "swap_used_percent", dim("AutoScalingGroupName", i.Group))
}

// Disk is the fullest file system mounted at path, in percent, from the CloudWatch agent, whose configuration must set
// aggregation_dimensions [["AutoScalingGroupName", "path"]].
func (i Instances) Disk(path string) Metric {
	return newMetric("CWAgent", "disk_used_percent", dim("AutoScalingGroupName", i.Group), dim("path", pulumi.String(path)))
}

// NATGateway makes the metrics of a NAT gateway.
type NATGateway struct {
	// ID is "nat-…".
	ID pulumi.StringInput
}

func (n NATGateway) metric(name string) Metric {
	return newMetric("AWS/NATGateway", name, dim("NatGatewayId", n.ID))
}

// ErrorPortAllocation counts connections that got no source port: the gateway is full towards one destination.
func (n NATGateway) ErrorPortAllocation() Metric { return n.metric("ErrorPortAllocation") }

// PacketsDropped counts packets the gateway dropped.
func (n NATGateway) PacketsDropped() Metric { return n.metric("PacketsDropCount") }

// ActiveConnections is the highest number of open connections.
func (n NATGateway) ActiveConnections() Metric { return n.metric("ActiveConnectionCount") }

// ConnectionAttempts counts connections that were tried.
func (n NATGateway) ConnectionAttempts() Metric { return n.metric("ConnectionAttemptCount") }

// ConnectionsEstablished counts connections that were opened.
func (n NATGateway) ConnectionsEstablished() Metric { return n.metric("ConnectionEstablishedCount") }

// BytesOut counts bytes sent to the internet, which the gateway's price follows.
func (n NATGateway) BytesOut() Metric { return n.metric("BytesOutToDestination") }

// BytesIn counts bytes that came back.
func (n NATGateway) BytesIn() Metric { return n.metric("BytesInFromDestination") }

// Topic makes the metrics of an SNS topic.
type Topic struct {
	// Name is the topic's name, not its ARN.
	Name pulumi.StringInput
}

func (t Topic) metric(name string) Metric {
	return newMetric("AWS/SNS", name, dim("TopicName", t.Name))
}

// Published counts messages published to the topic.
func (t Topic) Published() Metric { return t.metric("NumberOfMessagesPublished") }

// Delivered counts notifications that reached a subscriber.
func (t Topic) Delivered() Metric { return t.metric("NumberOfNotificationsDelivered") }

// NotificationsFailed counts notifications that did not; for HTTPS, every failed attempt.
func (t Topic) NotificationsFailed() Metric { return t.metric("NumberOfNotificationsFailed") }

// FilteredOut counts notifications that filter policies rejected.
func (t Topic) FilteredOut() Metric { return t.metric("NumberOfNotificationsFilteredOut") }

// FilteredOutInvalid counts those rejected because the message's attributes or body could not be read.
func (t Topic) FilteredOutInvalid() Metric {
	return t.metric("NumberOfNotificationsFilteredOut-InvalidAttributes")
}

// RedrivenToDLQ counts messages moved to a dead-letter queue.
func (t Topic) RedrivenToDLQ() Metric { return t.metric("NumberOfNotificationsRedrivenToDlq") }

// FailedToRedrive counts messages that could not even be moved there: they are lost.
func (t Topic) FailedToRedrive() Metric { return t.metric("NumberOfNotificationsFailedToRedriveToDlq") }

// Queue makes the metrics of an SQS queue.
type Queue struct {
	// Name is the queue's name, not its URL or ARN.
	Name pulumi.StringInput
}

func (q Queue) metric(name string) Metric {
	return newMetric("AWS/SQS", name, dim("QueueName", q.Name))
}

// Visible is how many messages wait: the most in the period.
func (q Queue) Visible() Metric { return q.metric("ApproximateNumberOfMessagesVisible") }

// InFlight is how many are being worked on.
func (q Queue) InFlight() Metric { return q.metric("ApproximateNumberOfMessagesNotVisible") }

// Age is the age in seconds of the oldest message.
func (q Queue) Age() Metric { return q.metric("ApproximateAgeOfOldestMessage") }

// Sent counts messages that arrived.
func (q Queue) Sent() Metric { return q.metric("NumberOfMessagesSent") }

// Received counts messages handed to consumers.
func (q Queue) Received() Metric { return q.metric("NumberOfMessagesReceived") }

// Deleted counts messages that consumers finished.
func (q Queue) Deleted() Metric { return q.metric("NumberOfMessagesDeleted") }

// Function makes the metrics of a Lambda function.
type Function struct {
	// Name is the function's name.
	Name pulumi.StringInput
}

func (f Function) metric(name string) Metric {
	return newMetric("AWS/Lambda", name, dim("FunctionName", f.Name))
}

// Invocations counts runs.
func (f Function) Invocations() Metric { return f.metric("Invocations") }

// Errors counts runs that failed.
func (f Function) Errors() Metric { return f.metric("Errors") }

// Throttles counts runs refused for lack of concurrency.
func (f Function) Throttles() Metric { return f.metric("Throttles") }

// Duration is in milliseconds: "p99", "Average", "Maximum".
func (f Function) Duration(statistic string) Metric { return f.metric("Duration").With(statistic) }

// Concurrent is the highest number of runs at the same time.
func (f Function) Concurrent() Metric { return f.metric("ConcurrentExecutions") }

// IteratorAge is the age in milliseconds of the last record of a batch read from a stream.
func (f Function) IteratorAge() Metric { return f.metric("IteratorAge").With("Maximum") }

// DeadLetterErrors counts events that could not be moved to the dead-letter queue.
func (f Function) DeadLetterErrors() Metric { return f.metric("DeadLetterErrors") }

// Distribution makes the metrics of a CloudFront distribution. AWS keeps them in us-east-1 only, and an alarm sees
// metrics of its own region only: pass Create a provider of us-east-1 and a Route whose topics are there.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
type Distribution struct {
	// ID is the distribution's id, for example "EDFDVBD6EXAMPLE".
	ID pulumi.StringInput
}

func (d Distribution) metric(name string) Metric {
	return newMetric("AWS/CloudFront", name, dim("DistributionId", d.ID), dim("Region", pulumi.String("Global")))
}

// Requests counts requests of viewers.
func (d Distribution) Requests() Metric { return d.metric("Requests") }

// ErrorRate5xx is the percentage of answers that are server errors.
func (d Distribution) ErrorRate5xx() Metric { return d.metric("5xxErrorRate") }

// ErrorRate4xx is the percentage of answers that are client errors.
func (d Distribution) ErrorRate4xx() Metric { return d.metric("4xxErrorRate") }

// CacheHitRate is the percentage of cacheable requests answered from the cache. Additional metrics must be enabled.
func (d Distribution) CacheHitRate() Metric { return d.metric("CacheHitRate") }

// OriginLatency is the time in milliseconds to the origin's first byte. Additional metrics must be enabled.
func (d Distribution) OriginLatency(statistic string) Metric {
	return d.metric("OriginLatency").With(statistic)
}

// ScheduleGroup makes the metrics of a group of EventBridge Scheduler schedules.
type ScheduleGroup struct {
	// Name is the group's name; "default" is every schedule without a group.
	Name pulumi.StringInput
}

func (s ScheduleGroup) metric(name string) Metric {
	return newMetric("AWS/Scheduler", name, dim("ScheduleGroup", s.Name))
}

// Attempts counts calls of targets.
func (s ScheduleGroup) Attempts() Metric { return s.metric("InvocationAttemptCount") }

// TargetErrors counts calls that a target refused or failed.
func (s ScheduleGroup) TargetErrors() Metric { return s.metric("TargetErrorCount") }

// Dropped counts calls that were given up after all retries.
func (s ScheduleGroup) Dropped() Metric { return s.metric("InvocationDroppedCount") }

// Rule makes the metrics of an EventBridge rule on the default event bus.
type Rule struct {
	// Name is the rule's name.
	Name pulumi.StringInput
}

func (r Rule) metric(name string) Metric {
	return newMetric("AWS/Events", name, dim("RuleName", r.Name))
}

// Invocations counts calls of targets.
func (r Rule) Invocations() Metric { return r.metric("Invocations") }

// FailedInvocations counts calls that failed for good.
func (r Rule) FailedInvocations() Metric { return r.metric("FailedInvocations") }

// Triggered counts events that matched the rule.
func (r Rule) Triggered() Metric { return r.metric("TriggeredRules") }

// Certificate makes the metrics of an ACM certificate.
type Certificate struct {
	// ARN is the certificate's.
	ARN pulumi.StringInput
}

// DaysToExpiry is how many days the certificate is still valid. It is published twice a day, so the period is a day.
func (c Certificate) DaysToExpiry() Metric {
	return newMetric("AWS/CertificateManager", "DaysToExpiry", dim("CertificateArn", c.ARN))
}

// HealthCheck makes the metrics of a Route 53 health check. AWS keeps them in us-east-1 only.
type HealthCheck struct {
	// ID is the health check's id.
	ID pulumi.StringInput
}

// Status is 1 while the endpoint is healthy, and 0 when it is not.
func (h HealthCheck) Status() Metric {
	return newMetric("AWS/Route53", "HealthCheckStatus", dim("HealthCheckId", h.ID))
}

// LogGroup makes the metrics that CloudWatch Logs publishes of a log group.
type LogGroup struct {
	// Name is the group's name, not its ARN.
	Name pulumi.StringInput
}

func (g LogGroup) metric(name string) Metric {
	return newMetric("AWS/Logs", name, dim("LogGroupName", g.Name))
}

// IncomingEvents counts log events that arrived. It is absent, not 0, while none arrive.
func (g LogGroup) IncomingEvents() Metric { return g.metric("IncomingLogEvents") }

// IncomingBytes counts uncompressed bytes that arrived, which the group's price follows.
func (g LogGroup) IncomingBytes() Metric { return g.metric("IncomingBytes") }

// LogMetric makes the metric of a log metric filter of ours, without dimensions.
type LogMetric struct {
	// Namespace is the filter's; it may not begin with "AWS/", which AWS reserves.
	Namespace string
	// Name is the metric that the filter publishes. It must not be shared by two filters, which would add up.
	Name string
}

// Count is how often the filter matched.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
func (l LogMetric) Count() Metric { return ownMetric(l.Namespace, l.Name, "Sum", "Count") }

// Custom makes a metric that the application publishes itself.
type Custom struct {
	// Namespace may not begin with "AWS/", which AWS reserves.
	Namespace string
	// Name of the metric.
	Name string
	// Statistic is its usual one: "Sum", "Average", "Minimum", "Maximum", "SampleCount" or a percentile such as "p99".
	Statistic string
	// Unit in CloudWatch's words, for example "Count".
	Unit string
	// Dimensions are exactly those the application publishes. At least one, so that two workloads of one account never
	// read each other's figures; at most 30.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
	Dimensions map[string]pulumi.StringInput
}

// Metric is the metric itself.
func (c Custom) Metric() Metric {
	dimensions := make([]dimension, 0, len(c.Dimensions))
	for _, name := range sortedKeys(c.Dimensions) {
		dimensions = append(dimensions, dim(name, c.Dimensions[name]))
	}
	m := ownMetric(c.Namespace, c.Name, c.Statistic, c.Unit, dimensions...)
	if n := len(c.Dimensions); n == 0 || n > 30 {
		m.problem = fmt.Sprintf("%s %s has %d dimensions", c.Namespace, c.Name, n)
	}
	return m
}

func ownMetric(namespace, name, statistic, unit string, dimensions ...dimension) Metric {
	m := Metric{namespace: namespace, name: name, statistic: statistic, unit: unit, period: defaultPeriod, dimensions: dimensions}
	if namespace == "" || strings.HasPrefix(namespace, "AWS/") {
		m.problem = fmt.Sprintf("namespace %q of the metric %s, which is not one of your own", namespace, name)
	}
	if !anyStatistic.allows(statistic) {
		m.problem = fmt.Sprintf("statistic %q of the metric %s", statistic, name)
	}
	return m
}
