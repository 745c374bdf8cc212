package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Transform changes what the component would make: each function is named after the child it is given, and runs last.
// A function of a repeated child is called once for each. Names and parents cannot be changed.
type Transform struct {
	VPC                       func(*ec2.VpcArgs, *[]pulumi.ResourceOption)
	DefaultSecurityGroup      func(*ec2.DefaultSecurityGroupArgs, *[]pulumi.ResourceOption)
	DefaultRouteTable         func(*ec2.DefaultRouteTableArgs, *[]pulumi.ResourceOption)
	DefaultNetworkACL         func(*ec2.DefaultNetworkAclArgs, *[]pulumi.ResourceOption)
	Subnet                    func(*ec2.SubnetArgs, *[]pulumi.ResourceOption)
	InternetGateway           func(*ec2.InternetGatewayArgs, *[]pulumi.ResourceOption)
	EgressOnlyInternetGateway func(*ec2.EgressOnlyInternetGatewayArgs, *[]pulumi.ResourceOption)
	ElasticIP                 func(*ec2.EipArgs, *[]pulumi.ResourceOption)
	NATGateway                func(*ec2.NatGatewayArgs, *[]pulumi.ResourceOption)
	RouteTable                func(*ec2.RouteTableArgs, *[]pulumi.ResourceOption)
	Route                     func(*ec2.RouteArgs, *[]pulumi.ResourceOption)
	RouteTableAssociation     func(*ec2.RouteTableAssociationArgs, *[]pulumi.ResourceOption)
	NetworkACL                func(*ec2.NetworkAclArgs, *[]pulumi.ResourceOption)
	Endpoint                  func(*ec2.VpcEndpointArgs, *[]pulumi.ResourceOption)
	EndpointSecurityGroup     func(*ec2.SecurityGroupArgs, *[]pulumi.ResourceOption)
	EndpointIngressRule       func(*vpc.SecurityGroupIngressRuleArgs, *[]pulumi.ResourceOption)
	FlowLogKey                func(*kms.KeyArgs, *[]pulumi.ResourceOption)
	FlowLogGroup              func(*cloudwatch.LogGroupArgs, *[]pulumi.ResourceOption)
	FlowLogRole               func(*iam.RoleArgs, *[]pulumi.ResourceOption)
	FlowLogRolePolicy         func(*iam.RolePolicyArgs, *[]pulumi.ResourceOption)
	Alarm                     func(*cloudwatch.MetricAlarmArgs, *[]pulumi.ResourceOption)
	FlowLog                   func(*ec2.FlowLogArgs, *[]pulumi.ResourceOption)
}
