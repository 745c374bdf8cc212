package rules

// hoursPerMonth is AWS's own month: 365 days of 24 hours over 12.
const hoursPerMonth = 730

// unitPrices are list prices in USD per hour, of gp3 per GB and month, without tax, free tiers and discounts. Those of
// us-east-1 and eu-central-1 are of November 2026 from AWS's pages; the one of shards and of gp3 in eu-central-1 are from
// memory. * stands for every region.
// https://aws.amazon.com/vpc/pricing/ https://aws.amazon.com/privatelink/pricing/ https://aws.amazon.com/ebs/pricing/
// https://aws.amazon.com/elasticloadbalancing/pricing/ https://aws.amazon.com/kinesis/data-streams/pricing/
var unitPrices = map[string]map[string]float64{
	"nat":      {"us-east-1": 0.045, "eu-central-1": 0.052},
	"address":  {"*": 0.005},
	"endpoint": {"us-east-1": 0.01, "eu-central-1": 0.012},
	"balancer": {"us-east-1": 0.0225, "eu-central-1": 0.027},
	"unit":     {"us-east-1": 0.008, "eu-central-1": 0.008},
	"gp3":      {"us-east-1": 0.08, "eu-central-1": 0.0952},
	"shard":    {"us-east-1": 0.015, "eu-central-1": 0.018},
}

// priceOf is a unit's price in a region; false where the table has none.
func priceOf(unit, region string) (float64, bool) {
	usd, known := unitPrices[unit][region]
	if !known {
		usd, known = unitPrices[unit]["*"]
	}
	return usd, known
}

// familyPrices are what the size large of a family costs in us-east-1 for Linux on demand, in USD per hour. The other sizes
// of a family cost in proportion. They are a copy of AWS's price list of 2026-01-19, second hand:
// https://github.com/aws/karpenter-provider-aws/blob/main/pkg/providers/pricing/zz_generated.pricing_aws.go
var familyPrices = map[string]float64{
	"t2": 0.0928, "t3": 0.0832, "t3a": 0.0752, "t4g": 0.0672,
	"m5": 0.096, "m5a": 0.086, "m6a": 0.0864, "m6g": 0.077, "m6i": 0.096, "m7a": 0.11592, "m7g": 0.0816, "m7i": 0.1008, "m8g": 0.08976, "m8i": 0.10584,
	"c5": 0.085, "c5a": 0.077, "c6a": 0.0765, "c6g": 0.068, "c6i": 0.085, "c7a": 0.10264, "c7g": 0.0725, "c7i": 0.08925, "c8g": 0.07976, "c8i": 0.09371,
	"r5": 0.126, "r5a": 0.113, "r6a": 0.1134, "r6g": 0.1008, "r6i": 0.126, "r7a": 0.15215, "r7g": 0.1071, "r7i": 0.1323, "r8g": 0.11782, "r8i": 0.13892,
}

// regionFactors are what a region costs against us-east-1. For eu-central-1 the published copies of its prices lie between
// 1.14 (c7i) and 1.21 (r5) times those of us-east-1; they do not agree on every family.
var regionFactors = map[string]cost{
	"us-east-1":    {1, 1, 1},
	"eu-central-1": {1.14, 1.18, 1.21},
}

// instancePrice is an instance's price in us-east-1 per hour.
func instancePrice(typ string) (float64, bool) {
	family, size := machine(typ)
	large, known := familyPrices[family]
	return large * size / 0.5, known && size > 0
}

// freeTypes cost nothing by themselves.
var freeTypes = []string{
	"acm/certificate", "acm/certificateValidation", "autoscaling/attachment", "autoscaling/lifecycleHook", "autoscaling/policy", "autoscaling/schedule",
	"cloudfront/cachePolicy", "cloudfront/originAccessControl", "cloudfront/originRequestPolicy", "cloudfront/responseHeadersPolicy", "cloudfront/vpcOrigin",
	"cloudwatch/eventRule", "cloudwatch/eventTarget", "cloudwatch/logDelivery", "cloudwatch/logDeliveryDestination", "cloudwatch/logDeliverySource",
	"cloudwatch/logMetricFilter", "cloudwatch/logResourcePolicy", "cloudwatch/logSubscriptionFilter", "ec2/defaultNetworkAcl", "ec2/defaultRouteTable",
	"ec2/defaultSecurityGroup", "ec2/eipAssociation", "ec2/internetGateway", "ec2/launchTemplate", "ec2/networkAcl", "ec2/networkAclRule", "ec2/route",
	"ec2/routeTable", "ec2/routeTableAssociation", "ec2/securityGroup", "ec2/securityGroupRule", "ec2/subnet", "ec2/vpc", "iam/instanceProfile", "iam/policy",
	"iam/role", "iam/rolePolicy", "iam/rolePolicyAttachment", "iam/serviceLinkedRole", "kms/alias", "lambda/eventSourceMapping", "lambda/permission", "lb/listener",
	"lb/listenerRule", "lb/targetGroup", "lb/targetGroupAttachment", "rds/parameterGroup", "rds/subnetGroup", "route53/record", "s3/bucketLifecycleConfigurationV2",
	"s3/bucketNotification", "s3/bucketOwnershipControls", "s3/bucketPolicy", "s3/bucketPublicAccessBlock", "s3/bucketServerSideEncryptionConfigurationV2",
	"s3/bucketVersioningV2", "scheduler/scheduleGroup", "sns/topicPolicy", "sns/topicSubscription", "sqs/queuePolicy", "ssm/document",
	"vpc/securityGroupEgressRule", "vpc/securityGroupIngressRule",
}
