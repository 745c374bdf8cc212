package rules

import (
	"slices"
	"strings"
)

// metricGroup are metrics of a service that are published under the same sets of dimensions. Each set is a list of names in
// alphabetical order, separated by spaces; "" stands for no dimension at all.
type metricGroup struct {
	names []string
	sets  []string
}

// metricSource is what one service publishes.
type metricSource struct {
	// page is where AWS documents the metrics and their dimensions.
	page string
	// region is where the metrics are when it is not the resource's own.
	region string
	// open says that the list of names is not complete, or not seen complete on a page of today: names that are not in it are
	// not judged, but for those that differ from a listed one in capitals.
	open   bool
	groups []metricGroup
}

func metrics(names string, sets ...string) metricGroup {
	return metricGroup{names: strings.Fields(names), sets: sets}
}

// metricSources are the services whose metrics the rules know, by namespace. Where a service's page does not say which
// dimensions go together, the sets are those of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/SupportedMetricsForResourceTagsForTelemetry.html
// and a set that only some editions of the pages have is accepted.
var metricSources = map[string]metricSource{
	"AWS/ApplicationELB": {
		page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
		groups: []metricGroup{
			metrics(`ActiveConnectionCount AppCookieNonStickinessCount CapacityUtilization ClientTLSNegotiationErrorCount ConsumedLCUs
				DesyncMitigationMode_NonCompliant_Request_Count DroppedInvalidHeaderRequestCount ELBAuthError ELBAuthFailure ELBAuthLatency
				ELBAuthRefreshTokenSuccess ELBAuthSuccess ELBAuthUserClaimsSizeExceeded ExcessiveLowReputationPackets
				ForwardedInvalidHeaderRequestCount HTTP_Fixed_Response_Count
				HTTP_Redirect_Count HTTP_Redirect_Url_Limit_Exceeded_Count HTTPCode_ELB_3XX_Count HTTPCode_ELB_4XX_Count
				HTTPCode_ELB_5XX_Count HTTPCode_ELB_500_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count HTTPCode_ELB_504_Count
				IPv6ProcessedBytes LowReputationPacketsDropped LowReputationRequestsDenied NewConnectionCount
				NonStickyRequestCount PeakLCUs ProcessedBytes RejectedConnectionCount ReservedLCUs RuleEvaluations StandardProcessedBytes
				TargetControlActiveChannelCount TargetControlChannelErrorCount TargetControlNewChannelCount TargetControlProcessedBytes
				TargetControlRequestCount TargetControlRequestRejectCount TargetControlWorkQueueLength`,
				"LoadBalancer", "AvailabilityZone LoadBalancer"),
			metrics(`HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count IPv6RequestCount
				RequestCount TargetConnectionErrorCount TargetResponseTime TargetTLSNegotiationErrorCount UnhealthyRoutingRequestCount`,
				"LoadBalancer", "AvailabilityZone LoadBalancer", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics(`ActiveZonalShiftHostCount AnomalousHostCount BYoIPUtilPercentage HealthyHostCount HealthyStateDNS HealthyStateRouting
				MitigatedHostCount UnHealthyHostCount UnhealthyStateDNS UnhealthyStateRouting ZonalShiftedHostCount`,
				"LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics("RequestCountPerTarget", "TargetGroup", "AvailabilityZone TargetGroup", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics("GrpcRequestCount", "LoadBalancer", "TargetGroup", "AvailabilityZone LoadBalancer", "AvailabilityZone TargetGroup", "LoadBalancer TargetGroup",
				"AvailabilityZone LoadBalancer TargetGroup"),
			metrics("LambdaInternalError LambdaTargetProcessedBytes LambdaUserError", "LoadBalancer", "TargetGroup", "LoadBalancer TargetGroup"),
		},
	},
	"AWS/NetworkELB": {
		page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html",
		groups: []metricGroup{
			metrics("HealthyHostCount UnHealthyHostCount", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics(`ActiveFlowCount ActiveFlowCount_TCP ActiveFlowCount_TLS ActiveFlowCount_UDP ActiveZonalShiftHostCount ClientTLSNegotiationErrorCount ConsumedLCUs
				ConsumedLCUs_TCP ConsumedLCUs_TLS ConsumedLCUs_UDP NewFlowCount NewFlowCount_TCP NewFlowCount_QUIC NewFlowCount_TLS NewFlowCount_UDP
				PeakBytesPerSecond PeakPacketsPerSecond PortAllocationErrorCount ProcessedBytes ProcessedBytes_QUIC ProcessedBytes_TCP
				ProcessedBytes_TLS ProcessedBytes_UDP ProcessedPackets QUIC_Unknown_Server_ID_Packet_Drop_Count RejectedFlowCount RejectedFlowCount_TCP ReservedLCUs
				SecurityGroupBlockedFlowCount_Inbound_ICMP SecurityGroupBlockedFlowCount_Inbound_TCP
				SecurityGroupBlockedFlowCount_Inbound_UDP SecurityGroupBlockedFlowCount_Outbound_ICMP
				SecurityGroupBlockedFlowCount_Outbound_TCP SecurityGroupBlockedFlowCount_Outbound_UDP TargetTLSNegotiationErrorCount
				TCP_Client_Reset_Count TCP_ELB_Reset_Count TCP_Target_Reset_Count UnhealthyRoutingFlowCount ZonalHealthStatus`,
				"LoadBalancer", "TargetGroup", "AvailabilityZone LoadBalancer", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
		},
	},
	"AWS/AutoScaling": {
		page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html",
		groups: []metricGroup{
			metrics(`GroupAndWarmPoolDesiredCapacity GroupAndWarmPoolTotalCapacity GroupDesiredCapacity GroupInServiceCapacity
				GroupInServiceInstances GroupMaxSize GroupMinSize GroupPendingCapacity GroupPendingInstances GroupStandbyCapacity
				GroupStandbyInstances GroupTerminatingCapacity GroupTerminatingInstances GroupTotalCapacity GroupTotalInstances
				GroupTerminatingRetainedCapacity GroupTerminatingRetainedInstances WarmPoolDesiredCapacity WarmPoolMinSize
				WarmPoolPendingCapacity WarmPoolPendingRetainedCapacity WarmPoolTerminatingCapacity WarmPoolTerminatingRetainedCapacity
				WarmPoolTotalCapacity WarmPoolWarmedCapacity`, "AutoScalingGroupName"),
			metrics("PredictiveScalingLoadForecast", "AutoScalingGroupName PairIndex PolicyName"),
			metrics("PredictiveScalingCapacityForecast", "AutoScalingGroupName PolicyName"),
			metrics("PredictiveScalingMetricPairCorrelation", "AutoScalingGroupName PairIndex PolicyName"),
		},
	},
	"AWS/EC2": {
		page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html",
		open: true,
		groups: []metricGroup{
			metrics(`CPUCreditBalance CPUCreditUsage CPUSurplusCreditBalance CPUSurplusCreditsCharged CPUUtilization DiskReadBytes DiskReadOps
				DiskWriteBytes DiskWriteOps EBSByteBalance% EBSIOBalance% EBSReadBytes EBSReadOps EBSWriteBytes EBSWriteOps GPUPowerUtilization
				InstanceEBSIOPSExceededCheck InstanceEBSThroughputExceededCheck MetadataNoToken MetadataNoTokenRejected NetworkIn NetworkOut
				NetworkPacketsIn NetworkPacketsOut StatusCheckFailed StatusCheckFailed_Application StatusCheckFailed_AttachedEBS
				StatusCheckFailed_Instance StatusCheckFailed_System`, "", "InstanceId", "AutoScalingGroupName", "ImageId", "InstanceType"),
			metrics("DedicatedHostCPUUtilization", "HostId"),
		},
	},
	"AWS/EBS": {
		page: "https://docs.aws.amazon.com/ebs/latest/userguide/using_cloudwatch_ebs.html",
		groups: []metricGroup{
			metrics(`BurstBalance VolumeAvgIOPS VolumeAvgReadLatency VolumeAvgThroughput VolumeAvgWriteLatency VolumeConsumedReadWriteOps
				VolumeIdleTime VolumeIOPSExceededCheck VolumeQueueLength VolumeReadBytes VolumeReadOps VolumeStalledIOCheck
				VolumeThroughputExceededCheck VolumeThroughputPercentage VolumeTotalReadTime VolumeTotalWriteTime VolumeWriteBytes
				VolumeWriteOps`, "VolumeId", "InstanceId VolumeId"),
		},
		open: true,
	},
	"AWS/Lambda": {
		page: "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",
		open: true,
		groups: []metricGroup{
			metrics(`AsyncEventAge AsyncEventsDropped AsyncEventsReceived DeadLetterErrors DestinationDeliveryFailures Duration Errors Invocations
				IteratorAge OffsetLag OversizedRecordCount PostRuntimeExtensionsDuration ProvisionedConcurrencyInvocations
				ProvisionedConcurrencySpilloverInvocations ProvisionedConcurrencyUtilization ProvisionedConcurrentExecutions
				RecursiveInvocationsDropped Throttles`, "", "FunctionName", "FunctionName Resource", "ExecutedVersion FunctionName Resource", "EventSourceMappingUUID"),
			metrics("ConcurrentExecutions", "", "FunctionName", "FunctionName Resource", "ExecutedVersion FunctionName Resource"),
			metrics(`DeletedEventCount DroppedEventCount FailedInvokeEventCount FilteredOutEventCount InvokedEventCount
				OnFailureDestinationDeliveredEventCount PolledEventCount ProvisionedPollers`, "EventSourceMappingUUID"),
			metrics("ClaimedAccountConcurrency UnreservedConcurrentExecutions", ""),
		},
	},
	"AWS/SQS": {
		page: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
		groups: []metricGroup{
			metrics(`ApproximateAgeOfOldestMessage ApproximateAgeOfOldestMessageInQuietGroups ApproximateNumberOfGroupsWithInflightMessages
				ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesDelayedInQuietGroups ApproximateNumberOfMessagesNotVisible
				ApproximateNumberOfMessagesNotVisibleInQuietGroups ApproximateNumberOfMessagesVisible
				ApproximateNumberOfMessagesVisibleInQuietGroups ApproximateNumberOfNoisyGroups NumberOfDeduplicatedSentMessages
				NumberOfEmptyReceives NumberOfMessagesDeleted NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize`, "QueueName"),
		},
	},
	"AWS/SNS": {
		page: "https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html",
		open: true,
		groups: []metricGroup{
			metrics(`NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed NumberOfNotificationsFailedToRedriveToDlq
				NumberOfNotificationsFilteredOut
				NumberOfNotificationsFilteredOut-InvalidAttributes NumberOfNotificationsFilteredOut-InvalidMessageBody
				NumberOfNotificationsFilteredOut-MessageAttributes NumberOfNotificationsFilteredOut-MessageBody
				NumberOfNotificationsFilteredOut-NoMessageAttributes NumberOfNotificationsRedrivenToDlq PublishSize`,
				"TopicName", "Application", "Application Platform", "Platform", "PhoneNumber", "Country SMSType"),
			metrics("SMSMonthToDateSpentUSD", ""),
			metrics("SMSSuccessRate", "", "Country", "SMSType", "Country SMSType", "PhoneNumber"),
		},
	},
	"AWS/CloudFront": {
		page:   "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html",
		region: "us-east-1",
		open:   true,
		groups: []metricGroup{
			metrics(`401ErrorRate 403ErrorRate 404ErrorRate 4xxErrorRate 502ErrorRate 503ErrorRate 504ErrorRate 5xxErrorRate BytesDownloaded
				BytesUploaded CacheHitRate LambdaExecutionError LambdaLimitExceededErrors LambdaValidationError OriginLatency Requests
				TotalErrorRate`, "DistributionId Region"),
			metrics(`FunctionComputeUtilization FunctionExecutionErrors FunctionInvocations FunctionThrottles FunctionValidationErrors
				KvsReadErrors KvsReadRequests`,
				"DistributionId FunctionName Region", "FunctionName Region"),
		},
	},
	"AWS/NATGateway": {
		page: "https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html",
		groups: []metricGroup{
			metrics(`ActiveConnectionCount BytesInFromDestination BytesInFromSource BytesOutToDestination BytesOutToSource ConnectionAttemptCount
				ConnectionEstablishedCount ErrorPortAllocation IdleTimeoutCount PacketsDropCount PacketsInFromDestination PacketsInFromSource
				PacketsOutToDestination PacketsOutToSource PeakBytesPerSecond PeakPacketsPerSecond`, "NatGatewayId", "AvailabilityZone NatGatewayId"),
		},
	},
	"AWS/Route53": {
		page:   "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html",
		region: "us-east-1",
		groups: []metricGroup{
			metrics("ChildHealthCheckHealthyCount HealthCheckPercentageHealthy HealthCheckStatus", "HealthCheckId"),
			metrics("ConnectionTime SSLHandshakeTime TimeToFirstByte", "HealthCheckId", "HealthCheckId Region"),
			metrics("DNSQueries DNSSECInternalFailure DNSSECKeySigningKeyAge DNSSECKeySigningKeysNeedingAction DNSSECKeySigningKeyMaxNeedingActionAge", "HostedZoneId"),
		},
	},
	"AWS/DynamoDB": {
		page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html",
		open: true,
		groups: []metricGroup{
			metrics("AccountMaxReads AccountMaxTableLevelReads AccountMaxTableLevelWrites AccountMaxWrites AccountProvisionedReadCapacityUtilization AccountProvisionedWriteCapacityUtilization UserErrors", ""),
			metrics(`ConditionalCheckFailedRequests ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ProvisionedReadCapacityUnits
				ProvisionedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents OnlineIndexConsumedWriteCapacity OnlineIndexThrottleEvents`,
				"TableName", "GlobalSecondaryIndexName TableName", "Source TableName", "GlobalSecondaryIndexName Source TableName"),
			metrics("SystemErrors SuccessfulRequestLatency ReturnedItemCount ThrottledRequests",
				"TableName", "Operation TableName", "Operation TableName Verb", "Operation OperationType TableName", "Operation StreamLabel TableName"),
			metrics("ReplicationLatency PendingReplicationCount", "ReceivingRegion TableName"),
		},
	},
	"AWS/RDS": {
		page: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html",
		open: true,
		groups: []metricGroup{
			metrics(`BinLogDiskUsage BurstBalance CPUCreditBalance CPUCreditUsage CPUUtilization CheckpointLag DiskQueueDepth
				EBSByteBalance% EBSIOBalance% FailedSQLServerAgentJobsCount FreeableMemory FreeStorageSpace MaximumUsedTransactionIDs NetworkReceiveThroughput
				NetworkTransmitThroughput OldestReplicationSlotLag ReadIOPS ReadLatency ReadThroughput ReplicaLag ReplicationSlotDiskUsage
				SwapUsage TransactionLogsDiskUsage TransactionLogsGeneration WriteIOPS WriteLatency WriteThroughput AuroraReplicaLag
				AuroraReplicaLagMaximum AuroraReplicaLagMinimum FreeLocalStorage Deadlocks EngineUptime BufferCacheHitRatio CommitLatency
				ServerlessDatabaseCapacity ACUUtilization`,
				"", "DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier Role", "DatabaseClass", "EngineName", "DBClusterIdentifier EngineName",
				"DbClusterIdentifier EngineName", "SourceRegion"),
			metrics("DatabaseConnections", "", "DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier Role", "DatabaseClass", "EngineName",
				"ProxyName", "EndpointName ProxyName", "ProxyName TargetGroup TargetRole", "ProxyName Target TargetGroup"),
			metrics("VolumeBytesUsed VolumeReadIOPs VolumeWriteIOPs AuroraVolumeBytesLeftTotal BackupRetentionPeriodStorageUsed SnapshotStorageUsed TotalBackupStorageBilled",
				"DBClusterIdentifier", "DBClusterIdentifier EngineName", "DBClusterIdentifier Role", "DBInstanceIdentifier", "DbClusterIdentifier EngineName"),
		},
	},
	"AWS/ElastiCache": {
		page: "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.html",
		open: true,
		groups: []metricGroup{
			metrics(`BytesUsedForCache CacheHitRate CPUCreditBalance CPUCreditUsage CPUUtilization CurrConnections CurrItems
				DatabaseCapacityUsagePercentage DatabaseMemoryUsagePercentage EngineCPUUtilization Evictions FreeableMemory
				IsMaster MasterLinkHealthStatus MemoryFragmentationRatio NetworkBandwidthInAllowanceExceeded
				NetworkBandwidthOutAllowanceExceeded NetworkBytesIn NetworkBytesOut NewConnections Reclaimed ReplicationBytes ReplicationLag
				SaveInProgress SwapUsage`, "CacheClusterId", "CacheClusterId CacheNodeId", "CacheClusterId CacheNodeId Tier", "ReplicationGroupId",
				"NodeGroupId ReplicationGroupId", "ReplicationGroupId Role", "clusterId"),
		},
	},
	"AWS/Kinesis": {
		page: "https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html",
		open: true,
		groups: []metricGroup{
			metrics(`GetRecords.Bytes GetRecords.IteratorAge GetRecords.IteratorAgeMilliseconds GetRecords.Latency GetRecords.Records
				GetRecords.Success PutRecord.Bytes PutRecord.Latency PutRecord.Success PutRecords.Bytes PutRecords.FailedRecords
				PutRecords.Latency PutRecords.Records PutRecords.Success PutRecords.SuccessfulRecords PutRecords.ThrottledRecords
				PutRecords.TotalRecords`, "StreamName"),
			metrics("IncomingBytes IncomingRecords IteratorAgeMilliseconds OutgoingBytes OutgoingRecords ReadProvisionedThroughputExceeded WriteProvisionedThroughputExceeded", "StreamName", "ShardId StreamName"),
			metrics(`SubscribeToShard.RateExceeded SubscribeToShard.Success SubscribeToShardEvent.Bytes SubscribeToShardEvent.MillisBehindLatest
				SubscribeToShardEvent.Records SubscribeToShardEvent.Success`, "ConsumerName StreamName"),
		},
	},
	"AWS/ApiGateway": {
		page: "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html",
		open: true,
		groups: []metricGroup{
			metrics("4XXError 5XXError CacheHitCount CacheMissCount Count IntegrationLatency Latency", "ApiName", "ApiName Stage", "ApiName Method Resource Stage",
				"ApiId", "ApiId Stage", "ApiId Method Resource Stage", "ApiId Route Stage"),
			metrics("4xx 5xx DataProcessed", "ApiId", "ApiId Stage", "ApiId Method Resource Stage"),
			metrics("ClientError ConnectCount ExecutionError IntegrationError MessageCount", "ApiId", "ApiId Stage", "ApiId Route Stage"),
		},
	},
	"AWS/ECS": {
		page: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html",
		open: true,
		groups: []metricGroup{
			metrics("CPUUtilization MemoryUtilization", "ClusterName", "ClusterName ServiceName"),
			metrics("CPUReservation MemoryReservation GPUReservation", "ClusterName"),
		},
	},
	"AWS/Logs": {
		page: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html",
		open: true,
		groups: []metricGroup{
			metrics("IncomingBytes IncomingLogEvents", "", "LogGroupName"),
		},
	},
	"AWS/Events": {
		page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html",
		open: true,
		groups: []metricGroup{
			// The page writes two of the latencies with a small "to", others write them with a capital.
			metrics(`DeadLetterInvocations FailedInvocations IngestionToInvocationCompleteLatency IngestionToInvocationStartLatency
				IngestionToInvocationSuccessLatency IngestiontoInvocationCompleteLatency IngestiontoInvocationStartLatency InvocationAttempts
				Invocations InvocationsCreated InvocationsFailedToBeSentToDlq InvocationsSentToDlq MatchedEvents RetryInvocationAttempts
				SuccessfulInvocationAttempts ThrottledRules TriggeredRules`,
				"", "RuleName", "EventBusName RuleName", "EventBusName", "EventSourceName"),
		},
	},
	"AWS/States": {
		page: "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html",
		open: true,
		groups: []metricGroup{
			metrics("ExecutionsAborted ExecutionsFailed ExecutionsStarted ExecutionsSucceeded ExecutionsTimedOut ExecutionThrottled ExecutionTime", "StateMachineArn", "Alias StateMachineArn", "StateMachineArn Version"),
		},
	},
	"AWS/CertificateManager": {
		page:   "https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html",
		open:   true,
		groups: []metricGroup{metrics("DaysToExpiry", "CertificateArn")},
	},
	"AWS/Billing": {
		page:   "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html",
		region: "us-east-1",
		groups: []metricGroup{metrics("EstimatedCharges", "Currency", "Currency ServiceName", "Currency LinkedAccount", "Currency LinkedAccount ServiceName")},
	},
	"AWS/EFS": {
		page: "https://docs.aws.amazon.com/efs/latest/ug/efs-metrics.html",
		groups: []metricGroup{
			metrics("BurstCreditBalance ClientConnections DataReadIOBytes DataWriteIOBytes MetadataIOBytes MetadataReadIOBytes MetadataWriteIOBytes MeteredIOBytes PercentIOLimit PermittedThroughput TimeSinceLastSync TotalIOBytes", "FileSystemId", "DestinationFileSystemId FileSystemId"),
			metrics("StorageBytes", "FileSystemId StorageClass"),
		},
	},
	"AWS/Redshift": {
		page: "https://docs.aws.amazon.com/redshift/latest/mgmt/metrics-listing.html",
		open: true,
		groups: []metricGroup{
			metrics("CommitQueueLength ConcurrencyScalingActiveClusters CPUUtilization DatabaseConnections HealthStatus MaintenanceMode NetworkReceiveThroughput NetworkTransmitThroughput PercentageDiskSpaceUsed ReadIOPS ReadLatency ReadThroughput StorageUsed WriteIOPS WriteLatency WriteThroughput",
				"ClusterIdentifier", "ClusterIdentifier NodeID"),
		},
	},
	"AWS/ElasticMapReduce": {
		page:   "https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html",
		open:   true,
		groups: []metricGroup{metrics("AppsFailed AppsPending AppsRunning CoreNodesRunning HDFSUtilization IsIdle MissingBlocks MRUnhealthyNodes", "JobFlowId", "JobFlowId JobId")},
	},
}

// awsNamespaces are namespaces that begin with AWS/. New ones come with every new service, so one that is not among them is
// not judged.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/SupportedMetricsForResourceTagsForTelemetry.html
var awsNamespaces = strings.Fields(`ACMPrivateCA AOSS AmazonMQ AmplifyHosting ApiGateway AppFlow ApplicationELB ApplicationMigrationService
	AppRunner AppStream AppSync Athena AutoScaling B2BDataInterchange Backup Bedrock Billing Braket Cassandra CertificateManager Chatbot
	ChimeSDK ChimeVoiceConnector ClientVPN CloudFormation CloudFront CloudHSM CloudSearch CloudTrail CloudWatch/MetricStreams CodeBuild CodeGuruProfiler CodeWhisperer Cognito
	Config Connect DAX DDoSProtection DataLifecycleManager DataSync DirectoryService DMS DocDB DRS DX DynamoDB EBS EC2 EC2/API EC2CapacityReservations
	EC2Spot ECR ECS EFS EKS ElastiCache ElasticBeanstalk ElasticGPUs ElasticInference ElasticMapReduce ElasticTranscoder ELB EMRServerless ES EventBridge/Pipes Events
	FIS Firehose Forecast FraudDetector FSx GameLift GatewayELB GlobalAccelerator Glue GroundStation HealthLake InstanceScheduler
	Inspector InternetMonitor IoT IoTAnalytics IoTEvents IoTSiteWise IoTTwinMaker IPAM IVS IVSChat IVSRealTime Kafka KafkaConnect Kendra Kinesis
	KinesisAnalytics KinesisVideo KMS Lambda Lex Location Logs LookoutMetrics M2 MachineLearning MediaConnect MediaConvert MediaLive
	MediaPackage MediaStore MediaTailor MemoryDB ML MWAA NATGateway Neptune NetworkELB NetworkFirewall NetworkManager NetworkMonitor Nimble Omics
	OpsWorks Outposts PanoramaDeviceMetrics Personalize Pipes Polly PrivateLinkEndpoints PrivateLinkServices Prometheus QLDB QuickSight
	RDS Redshift Rekognition Robomaker Route53 Route53RecoveryReadiness Route53Resolver RUM S3 S3/Storage-Lens SageMaker Scheduler SecretsManager
	SecurityLake ServiceCatalog SES SNS SQS SSM-RunCommand States StorageGateway SWF Textract ThinkboxLicenseForwarder Timestream
	Transfer TransitGateway TranscribeStreaming Translate TrustedAdvisor Usage VPN VpcLattice WAF WAFV2 WorkMail WorkSpaces
	WorkSpacesWeb X-Ray`)

// otherNames are names that people give to services whose namespace has another one.
var otherNames = map[string]string{
	"ACM": "CertificateManager", "ALB": "ApplicationELB", "Aurora": "RDS", "CloudWatchLogs": "Logs", "ELBv2": "ApplicationELB", "EMR": "ElasticMapReduce",
	"EventBridge": "Events", "MQ": "AmazonMQ", "MSK": "Kafka", "NLB": "NetworkELB", "OpenSearch": "ES", "OpenSearchService": "ES", "StepFunctions": "States",
}

// rightNamespace is the namespace that is meant by one that no service publishes in, and empty when the name tells nothing.
// CloudWatch tells capitals from small letters: NatGateway is not NATGateway.
func rightNamespace(service string) string {
	if slices.Contains(awsNamespaces, service) {
		return ""
	}
	for _, known := range awsNamespaces {
		if strings.EqualFold(known, service) {
			return known
		}
	}
	for name, known := range otherNames {
		if strings.EqualFold(name, service) {
			return known
		}
	}
	return ""
}

// find is the group that has the metric.
func (s metricSource) find(metric string) (metricGroup, bool) {
	for _, g := range s.groups {
		if slices.Contains(g.names, metric) {
			return g, true
		}
	}
	return metricGroup{}, false
}

// misspelt is the name of a metric that differs in capitals only, or empty.
func (s metricSource) misspelt(metric string) string {
	for _, g := range s.groups {
		for _, name := range g.names {
			if strings.EqualFold(name, metric) {
				return name
			}
		}
	}
	return ""
}

// dimensionTypes are the resources that a dimension names.
var dimensionTypes = map[string][]string{
	"LoadBalancer":         balancers,
	"TargetGroup":          targetGroups,
	"LoadBalancerName":     {"aws:elb/loadBalancer:LoadBalancer"},
	"AutoScalingGroupName": {group},
	"InstanceId":           {instance},
	"VolumeId":             {"aws:ebs/volume:Volume", instance},
	"FunctionName":         {lambdaFunction, "aws:cloudfront/function:Function"},
	"QueueName":            {sqsQueue},
	"TopicName":            {snsTopic},
	"TableName":            {dynamoTable},
	"StreamName":           {kinesisStream},
	"DeliveryStreamName":   {firehoseStream},
	"DBInstanceIdentifier": {dbInstance, dbClusterInstance, "aws:docdb/clusterInstance:ClusterInstance", "aws:neptune/clusterInstance:ClusterInstance"},
	"DBClusterIdentifier":  {dbCluster, "aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster"},
	"CacheClusterId":       {"aws:elasticache/cluster:Cluster", cacheGroup},
	"ReplicationGroupId":   {cacheGroup},
	"ClusterName":          {"aws:ecs/cluster:Cluster", "aws:eks/cluster:Cluster"},
	"ServiceName":          {ecsService},
	"NatGatewayId":         {natGateway},
	"HealthCheckId":        {healthCheckType},
	"HostedZoneId":         {"aws:route53/zone:Zone"},
	"DistributionId":       {cdn},
	"LogGroupName":         {"aws:cloudwatch/logGroup:LogGroup"},
	"FileSystemId":         {efsType},
	"ApiId":                {httpAPI},
	"ApiName":              {restAPI, httpAPI},
	"StateMachineArn":      {stateMachineType},
	"CertificateArn":       {"aws:acm/certificate:Certificate"},
	"ClusterIdentifier":    {redshiftCluster},
	"JobFlowId":            {"aws:emr/cluster:Cluster"},
	"RuleName":             {eventRule},
}
