package network

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/iam"
)

// boundary is what an interface endpoint of a service lets through.
type boundary int

const (
	// open: everything, AWS's default. It is for services whose callers are not known here.
	open boundary = iota
	// ownPrincipals: requests signed by principals of this account.
	ownPrincipals
	// ownResources: such requests, and only about resources of this account.
	ownResources
	// tokens: as ownPrincipals, and federated callers, who sign nothing, for roles of this account.
	tokens
)

// boundaries are the services whose endpoints take a policy, and what is known of their callers.
//
// Credentials of another account that somebody brings along are of no use through any of them: what a program sends with
// them would land in that other account. Our own credentials could still send data away where a call names the resource
// of another account; those services are bound to this account's resources as well. With the others the account follows
// from the credentials (a metric, a log event, a lifecycle action), or Amazon's own resources must be reached (documents
// and parameters of Systems Manager, images and managed prefix lists of EC2), or a call knows no resource at all, so that
// aws:ResourceAccount would be missing or another's and would shut out what works.
//
// The agents keep working, because they sign every request with the instance's role: the Systems Manager agent, whose
// permissions for ssm and ssmmessages are that role's, and the CloudWatch agent with logs, monitoring and, for tags, ec2.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/create-iam-roles-for-cloudwatch-agent.html
//
// The keys, and the actions that do not carry aws:ResourceAccount:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
// AWS's examples: https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/vpc_endpoint_policies
var boundaries = map[string]boundary{
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-vpc-endpoints.html
	"autoscaling": ownPrincipals,
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/interface-vpc-endpoints.html
	"ec2": ownPrincipals,
	// https://docs.aws.amazon.com/kms/latest/developerguide/vpce-connect.html
	"kms": ownResources,
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch-logs-and-interface-VPC.html
	"logs": ownPrincipals,
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-interface-VPC.html
	"monitoring": ownPrincipals,
	// https://docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html
	"secretsmanager": ownResources,
	// https://docs.aws.amazon.com/sns/latest/dg/sns-vpc-endpoint-policy.html
	"sns": ownResources,
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-internetwork-traffic-privacy.html
	"sqs": ownResources,
	// https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
	"ssm":         ownPrincipals,
	"ssmmessages": ownPrincipals,
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sts_vpc_endpoint_policies.html
	"sts": tokens,
}

// perimeter is the policy of the service's interface endpoint; nil leaves AWS's default.
func perimeter(service string, account pulumi.StringInput) iam.Document {
	switch boundaries[service] {
	case ownPrincipals:
		return iam.Document{ownAccountPrincipals(account)}
	case ownResources:
		return iam.Document{ownAccount("*", account)}
	case tokens:
		return iam.Document{ownAccountPrincipals(account), federation(account)}
	case open:
	}
	return nil
}

// ownAccountPrincipals admits this account's principals to whatever their own policies allow. The action is "*" because
// an endpoint carries its one service and nothing else.
func ownAccountPrincipals(account pulumi.StringInput) iam.Statement {
	return iam.Statement{
		Sid: "OwnPrincipals", Principals: []iam.Principal{iam.Anyone()}, Actions: []string{"*"}, Resources: iam.Strings("*"),
		Conditions: []iam.Condition{iam.When("StringEquals", "aws:PrincipalAccount", account)},
	}
}

// federation admits callers with a token of an identity provider instead of a signature: they have no account until they
// have assumed a role, and the role must be this account's.
func federation(account pulumi.StringInput) iam.Statement {
	return iam.Statement{
		Sid: "FederatedCallersToOwnRoles", Principals: []iam.Principal{iam.AnyFederated()}, Resources: iam.Strings("*"),
		Actions:    []string{"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"},
		Conditions: []iam.Condition{iam.When("StringEquals", "aws:ResourceAccount", account)},
	}
}
