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
	// open says that the list of names is not complete: names that are not in it are not judged.
	open   bool
	groups []metricGroup
}

func metrics(names string, sets ...string) metricGroup {
	return metricGroup{names: strings.Fields(names), sets: sets}
}

// metricSources are the services whose metrics the rules know, by namespace.
var metricSources = map[string]metricSource{
	"AWS/ApplicationELB": {
		page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
		groups: []metricGroup{
			metrics(`ActiveConnectionCount ClientTLSNegotiationErrorCount ConsumedLCUs DesyncMitigationMode_NonCompliant_Request_Count
				DroppedInvalidHeaderRequestCount ELBAuthError ELBAuthFailure ELBAuthLatency ELBAuthRefreshTokenSuccess ELBAuthSuccess
				ELBAuthUserClaimsSizeExceeded ForwardedInvalidHeaderRequestCount GrpcRequestCount HTTP_Fixed_Response_Count
				HTTP_Redirect_Count HTTP_Redirect_Url_Limit_Exceeded_Count HTTPCode_ELB_3XX_Count HTTPCode_ELB_4XX_Count
				HTTPCode_ELB_5XX_Count HTTPCode_ELB_500_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count HTTPCode_ELB_504_Count
				IPv6ProcessedBytes IPv6RequestCount LowReputationPacketsDropped LowReputationRequestsDenied NewConnectionCount
				NonStickyRequestCount PeakLCUs ProcessedBytes RejectedConnectionCount ReservedLCUs RuleEvaluations StandardProcessedBytes`,
				"LoadBalancer", "AvailabilityZone LoadBalancer"),
			metrics(`HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count RequestCount
				TargetConnectionErrorCount TargetResponseTime TargetTLSNegotiationErrorCount`,
				"LoadBalancer", "AvailabilityZone LoadBalancer", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics(`AnomalousHostCount HealthyHostCount HealthyStateDNS HealthyStateRouting MitigatedHostCount UnHealthyHostCount
				UnhealthyRoutingRequestCount UnhealthyStateDNS UnhealthyStateRouting ZonalShiftedHostCount`,
				"LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics("RequestCountPerTarget", "TargetGroup", "AvailabilityZone TargetGroup", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics("LambdaInternalError LambdaTargetProcessedBytes LambdaUserError", "LoadBalancer", "TargetGroup", "LoadBalancer TargetGroup"),
		},
	},
	"AWS/NetworkELB": {
		page: "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html",
		groups: []metricGroup{
			metrics("HealthyHostCount UnHealthyHostCount UnhealthyRoutingFlowCount", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
			metrics(`ActiveFlowCount ActiveFlowCount_TCP ActiveFlowCount_TLS ActiveFlowCount_UDP ActiveZonalShiftHostCount ClientTLSNegotiationErrorCount ConsumedLCUs
				ConsumedLCUs_TCP ConsumedLCUs_TLS ConsumedLCUs_UDP NewFlowCount NewFlowCount_TCP NewFlowCount_TLS NewFlowCount_UDP
				PeakBytesPerSecond PeakPacketsPerSecond PortAllocationErrorCount ProcessedBytes ProcessedBytes_TCP ProcessedBytes_TLS
				ProcessedBytes_UDP ProcessedPackets RejectedFlowCount RejectedFlowCount_TCP ReservedLCUs
				SecurityGroupBlockedFlowCount_Inbound_ICMP SecurityGroupBlockedFlowCount_Inbound_TCP
				SecurityGroupBlockedFlowCount_Inbound_UDP SecurityGroupBlockedFlowCount_Outbound_ICMP
				SecurityGroupBlockedFlowCount_Outbound_TCP SecurityGroupBlockedFlowCount_Outbound_UDP TargetTLSNegotiationErrorCount
				TCP_Client_Reset_Count TCP_ELB_Reset_Count TCP_Target_Reset_Count ZonalHealthStatus`,
				"LoadBalancer", "AvailabilityZone LoadBalancer", "LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup"),
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
		groups: []metricGroup{
			metrics(`CPUCreditBalance CPUCreditUsage CPUSurplusCreditBalance CPUSurplusCreditsCharged CPUUtilization DiskReadBytes DiskReadOps
				DiskWriteBytes DiskWriteOps EBSByteBalance% EBSIOBalance% EBSReadBytes EBSReadOps EBSWriteBytes EBSWriteOps GPUPowerUtilization
				InstanceEBSIOPSExceededCheck InstanceEBSThroughputExceededCheck MetadataNoToken MetadataNoTokenRejected NetworkIn NetworkOut
				NetworkPacketsIn NetworkPacketsOut StatusCheckFailed StatusCheckFailed_AttachedEBS StatusCheckFailed_Instance
				StatusCheckFailed_System`, "InstanceId", "AutoScalingGroupName", "ImageId", "InstanceType"),
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
				RecursiveInvocationsDropped Throttles`, "FunctionName", "FunctionName Resource", "ExecutedVersion FunctionName Resource"),
			metrics("ConcurrentExecutions", "", "FunctionName", "FunctionName Resource"),
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
		groups: []metricGroup{
			metrics(`NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed NumberOfNotificationsFailedToRedriveToDlq
				NumberOfNotificationsFilteredOut
				NumberOfNotificationsFilteredOut-InvalidAttributes NumberOfNotificationsFilteredOut-InvalidMessageBody
				NumberOfNotificationsFilteredOut-MessageAttributes NumberOfNotificationsFilteredOut-MessageBody
				NumberOfNotificationsFilteredOut-NoMessageAttributes NumberOfNotificationsRedrivenToDlq PublishSize`, "TopicName", "Application", "Application Platform", "Platform"),
			metrics("SMSMonthToDateSpentUSD", ""),
			metrics("SMSSuccessRate", "", "Country SMSType", "PhoneNumber"),
		},
	},
	"AWS/CloudFront": {
		page:   "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html",
		region: "us-east-1",
		groups: []metricGroup{
			metrics(`401ErrorRate 403ErrorRate 404ErrorRate 4xxErrorRate 502ErrorRate 503ErrorRate 504ErrorRate 5xxErrorRate BytesDownloaded
				BytesUploaded CacheHitRate LambdaExecutionError LambdaLimitExceededErrors LambdaValidationError OriginLatency Requests
				TotalErrorRate`, "DistributionId Region"),
			metrics(`FunctionComputeUtilization FunctionExecutionErrors FunctionInvocations FunctionThrottles FunctionValidationErrors`,
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
			metrics("DNSQueries DNSSECInternalFailure DNSSECKeySigningKeyAgeInSeconds DNSSECKeySigningKeysNeedingAction DNSSECKeySigningKeyMaxNeedingActionAge", "HostedZoneId"),
		},
	},
	"AWS/DynamoDB": {
		page: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html",
		open: true,
		groups: []metricGroup{
			metrics("AccountMaxReads AccountMaxTableLevelReads AccountMaxTableLevelWrites AccountMaxWrites AccountProvisionedReadCapacityUtilization AccountProvisionedWriteCapacityUtilization UserErrors", ""),
			metrics(`ConditionalCheckFailedRequests ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ProvisionedReadCapacityUnits
				ProvisionedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents OnlineIndexConsumedWriteCapacity OnlineIndexThrottleEvents`,
				"TableName", "GlobalSecondaryIndexName TableName"),
			metrics("SystemErrors SuccessfulRequestLatency ReturnedItemCount", "Operation TableName", "TableName"),
			metrics("ThrottledRequests", "TableName", "Operation TableName"),
			metrics("ReplicationLatency PendingReplicationCount", "ReceivingRegion TableName"),
		},
	},
	"AWS/RDS": {
		page: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html",
		open: true,
		groups: []metricGroup{
			metrics(`BinLogDiskUsage BurstBalance CPUCreditBalance CPUCreditUsage CPUUtilization CheckpointLag DatabaseConnections DiskQueueDepth
				EBSByteBalance% EBSIOBalance% FailedSQLServerAgentJobsCount FreeableMemory FreeStorageSpace MaximumUsedTransactionIDs NetworkReceiveThroughput
				NetworkTransmitThroughput OldestReplicationSlotLag ReadIOPS ReadLatency ReadThroughput ReplicaLag ReplicationSlotDiskUsage
				SwapUsage TransactionLogsDiskUsage TransactionLogsGeneration WriteIOPS WriteLatency WriteThroughput AuroraReplicaLag
				AuroraReplicaLagMaximum AuroraReplicaLagMinimum FreeLocalStorage Deadlocks EngineUptime BufferCacheHitRatio CommitLatency
				ServerlessDatabaseCapacity ACUUtilization`,
				"DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier Role", "DatabaseClass", "EngineName", "DBClusterIdentifier EngineName"),
			metrics("VolumeBytesUsed VolumeReadIOPs VolumeWriteIOPs AuroraVolumeBytesLeftTotal BackupRetentionPeriodStorageUsed SnapshotStorageUsed TotalBackupStorageBilled",
				"DBClusterIdentifier", "DBClusterIdentifier EngineName", "DBInstanceIdentifier", "DBClusterIdentifier DbClusterIdentifier"),
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
				SaveInProgress SwapUsage`, "CacheClusterId", "CacheClusterId CacheNodeId", "ReplicationGroupId", "NodeGroupId ReplicationGroupId"),
		},
	},
	"AWS/Kinesis": {
		page: "https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html",
		groups: []metricGroup{
			metrics(`GetRecords.Bytes GetRecords.IteratorAge GetRecords.IteratorAgeMilliseconds GetRecords.Latency GetRecords.Records
				GetRecords.Success PutRecord.Bytes PutRecord.Latency PutRecord.Success PutRecords.Bytes PutRecords.FailedRecords
				PutRecords.Latency PutRecords.Records PutRecords.Success PutRecords.SuccessfulRecords PutRecords.ThrottledRecords
				PutRecords.TotalRecords PutRecords.InternalFailedRecords`, "StreamName"),
			metrics("IncomingBytes IncomingRecords IteratorAgeMilliseconds OutgoingBytes OutgoingRecords ReadProvisionedThroughputExceeded WriteProvisionedThroughputExceeded", "StreamName", "ShardId StreamName"),
			metrics(`SubscribeToShard.RateExceeded SubscribeToShard.Success SubscribeToShardEvent.Bytes SubscribeToShardEvent.MillisBehindLatest
				SubscribeToShardEvent.Records SubscribeToShardEvent.Success`, "ConsumerName StreamName"),
		},
	},
	"AWS/ApiGateway": {
		page: "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html",
		groups: []metricGroup{
			metrics("4XXError 5XXError CacheHitCount CacheMissCount Count IntegrationLatency Latency", "ApiName", "ApiName Stage", "ApiName Method Resource Stage",
				"ApiId", "ApiId Stage", "ApiId Method Resource Stage"),
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
			metrics("IncomingBytes IncomingLogEvents", "", "LogGroupName", "LogGroupClass"),
			metrics("DeliveryErrors DeliveryThrottling ForwardedBytes ForwardedLogEvents", "DestinationType FilterName LogGroupName", "DestinationType", "LogGroupName"),
		},
	},
	"AWS/Events": {
		page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html",
		open: true,
		groups: []metricGroup{
			metrics("DeadLetterInvocations FailedInvocations InvocationAttempts InvocationsCreated InvocationsFailedToBeSentToDlq InvocationsSentToDlq IngestionToInvocationStartLatency IngestionToInvocationCompleteLatency IngestionToInvocationSuccessLatency Invocations RetryInvocationAttempts SuccessfulInvocationAttempts ThrottledRules TriggeredRules MatchedEvents",
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

// awsNamespaces are all namespaces that begin with AWS/.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
var awsNamespaces = strings.Fields(`ACMPrivateCA AmazonMQ AmplifyHosting ApiGateway AppFlow ApplicationELB ApplicationMigrationService
	AppRunner AppStream AppSync Athena AutoScaling B2BDataInterchange Backup Bedrock Billing Braket Cassandra CertificateManager Chatbot
	ChimeSDK ChimeVoiceConnector ClientVPN CloudFormation CloudFront CloudHSM CloudSearch CloudTrail CodeBuild CodeWhisperer Cognito
	Config Connect DAX DDoSProtection DataLifecycleManager DataSync DirectoryService DMS DocDB DRS DX DynamoDB EBS EC2 EC2/API EC2Spot
	ECR ECS EFS ElastiCache ElasticBeanstalk ElasticGPUs ElasticInference ElasticMapReduce ElasticTranscoder ELB EMRServerless ES Events
	FIS Firehose Forecast FraudDetector FSx GameLift GatewayELB GlobalAccelerator Glue GroundStation HealthLake InstanceScheduler
	Inspector InternetMonitor IoT IoTAnalytics IoTEvents IoTSiteWise IoTTwinMaker IPAM IVS IVSChat Kafka KafkaConnect Kendra Kinesis
	KinesisAnalytics KinesisVideo KMS Lambda Lex Location Logs LookoutMetrics M2 MachineLearning MediaConnect MediaConvert MediaLive
	MediaPackage MediaStore MediaTailor MemoryDB ML MWAA NATGateway Neptune NetworkELB NetworkFirewall NetworkManager Nimble Omics
	OpsWorks Outposts PanoramaDeviceMetrics Personalize Pipes Polly PrivateLinkEndpoints PrivateLinkServices Prometheus QLDB QuickSight
	RDS Redshift Rekognition Robomaker Route53 Route53RecoveryReadiness RUM S3 S3/Storage-Lens SageMaker Scheduler SecretsManager
	SecurityLake ServiceCatalog SES SNS SQS SSM-RunCommand States StorageGateway SWF Textract ThinkboxLicenseForwarder Timestream
	Transfer TransitGateway TranscribeStreaming Translate TrustedAdvisor Usage VPN VpcLattice WAF WAFV2 WorkMail WorkSpaces
	WorkSpacesWeb X-Ray`)

// find is the group that has the metric.
func (s metricSource) find(metric string) (metricGroup, bool) {
	for _, g := range s.groups {
		if slices.Contains(g.names, metric) {
			return g, true
		}
	}
	return metricGroup{}, false
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
	"TableName":            {tableType},
	"StreamName":           {kinesisStream},
	"DeliveryStreamName":   {firehoseStream},
	"DBInstanceIdentifier": {dbInstance, dbClusterInstance, "aws:docdb/clusterInstance:ClusterInstance", "aws:neptune/clusterInstance:ClusterInstance"},
	"DBClusterIdentifier":  {dbCluster, "aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster"},
	"CacheClusterId":       {"aws:elasticache/cluster:Cluster", cacheType},
	"ReplicationGroupId":   {cacheType},
	"ClusterName":          {"aws:ecs/cluster:Cluster", "aws:eks/cluster:Cluster"},
	"ServiceName":          {ecsServiceType},
	"NatGatewayId":         {natType},
	"HealthCheckId":        {healthCheckType},
	"HostedZoneId":         {"aws:route53/zone:Zone"},
	"DistributionId":       {distributionType},
	"LogGroupName":         {"aws:cloudwatch/logGroup:LogGroup"},
	"FileSystemId":         {efsType},
	"ApiId":                {httpAPI},
	"ApiName":              {restAPI, httpAPI},
	"StateMachineArn":      {stateMachineType},
	"CertificateArn":       {"aws:acm/certificate:Certificate"},
	"ClusterIdentifier":    {redshiftType},
	"JobFlowId":            {"aws:emr/cluster:Cluster"},
	"RuleName":             {eventRule},
}
