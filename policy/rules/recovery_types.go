package rules

// The resources that serve a request and hold its data.
const (
	healthCheckType   = "aws:route53/healthCheck:HealthCheck"
	scalingPolicyType = "aws:autoscaling/policy:Policy"
	efsType           = "aws:efs/fileSystem:FileSystem"
	searchType        = "aws:opensearch/domain:Domain"
	brokerType        = "aws:mq/broker:Broker"
	stateMachineType  = "aws:sfn/stateMachine:StateMachine"
)
