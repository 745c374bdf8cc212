package rules

// The resources that serve a request and hold its data.
const (
	recordType        = "aws:route53/record:Record"
	healthCheckType   = "aws:route53/healthCheck:HealthCheck"
	distributionType  = "aws:cloudfront/distribution:Distribution"
	vpcOriginType     = "aws:cloudfront/vpcOrigin:VpcOrigin"
	scalingPolicyType = "aws:autoscaling/policy:Policy"
	ecsServiceType    = "aws:ecs/service:Service"
	taskType          = "aws:ecs/taskDefinition:TaskDefinition"
	cacheType         = "aws:elasticache/replicationGroup:ReplicationGroup"
	cacheClusterType  = "aws:elasticache/cluster:Cluster"
	tableType         = "aws:dynamodb/table:Table"
	efsType           = "aws:efs/fileSystem:FileSystem"
	redshiftType      = "aws:redshift/cluster:Cluster"
	searchType        = "aws:opensearch/domain:Domain"
	brokerType        = "aws:mq/broker:Broker"
	natType           = "aws:ec2/natGateway:NatGateway"
	endpointType      = "aws:ec2/vpcEndpoint:VpcEndpoint"
	stateMachineType  = "aws:sfn/stateMachine:StateMachine"
)
