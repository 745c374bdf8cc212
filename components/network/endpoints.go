package network

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
)

// createGatewayEndpoints lets every tier reach S3 and DynamoDB without a public address and without charge.
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func (b *builder) createGatewayEndpoints() error {
	if !b.plan.gatewayEndpoints() {
		return nil
	}
	s3, err := b.gatewayEndpoint("s3", b.plan.s3Policy(b.vpc.OwnerId))
	if err != nil {
		return err
	}
	b.s3 = s3
	dynamo, err := b.gatewayEndpoint("dynamodb", iam.Document{ownAccount("dynamodb:*", b.vpc.OwnerId)})
	if err != nil {
		return err
	}
	b.privateNeeds(s3, dynamo)
	return nil
}

// privateNeeds records that private subnets are not ready before the endpoints exist.
func (b *builder) privateNeeds(endpoints ...pulumi.Resource) {
	if !b.plan.has(Private) {
		return
	}
	for _, zone := range b.plan.zones {
		b.ready[Private][zone] = append(b.ready[Private][zone], endpoints...)
	}
}

func (b *builder) gatewayEndpoint(service string, policy iam.Document) (*ec2.VpcEndpoint, error) {
	tables := pulumi.StringArray{}
	for _, key := range b.plan.tableKeys() {
		tables = append(tables, b.network.RouteTables[key].ID().ToStringOutput())
	}
	name := b.kids.Child(service, "endpoint")
	return component.New(b.ctx, b.kids, service+" gateway endpoint", name, &ec2.VpcEndpointArgs{
		VpcId: b.vpc.ID().ToStringOutput(), VpcEndpointType: pulumi.String("Gateway"), ServiceName: pulumi.String(b.plan.service(service)),
		RouteTableIds: tables, Policy: policy.JSON(), Tags: b.kids.Tags(name),
	}, b.transform.Endpoint, ec2.NewVpcEndpoint)
}

// service is the full name of a service in the region.
func (p plan) service(short string) string {
	return fmt.Sprintf("com.amazonaws.%s.%s", p.region, short)
}

// tableKeys are the keys of all route tables, sorted.
func (p plan) tableKeys() []string {
	var keys []string
	for _, tier := range p.tiers {
		if tier != Private {
			keys = append(keys, string(tier))
			continue
		}
		for _, zone := range p.zones {
			keys = append(keys, tableKey(string(Private), zone))
		}
	}
	slices.Sort(keys)
	return keys
}

// ownAccount admits this account's principals to this account's resources: stolen credentials of another account, and
// buckets and tables of another account, are of no use from inside the network.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
func ownAccount(action string, account pulumi.StringInput) iam.Statement {
	return iam.Statement{
		Sid: "OwnPrincipalsOnOwnResources", Principals: []iam.Principal{iam.Anyone()}, Actions: []string{action},
		Resources: iam.Strings("*"), Conditions: []iam.Condition{
			iam.When("StringEquals", "aws:PrincipalAccount", account),
			iam.When("StringEquals", "aws:ResourceAccount", account),
		},
	}
}

// amazonBuckets are Amazon's own buckets that an instance of Amazon Linux reads while it starts and patches itself.
// Packages are fetched without credentials, so no condition on the principal can hold. The names belong to Amazon.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-minimum-s3-permissions.html
// https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/vpc_endpoint_policies/s3_endpoint_policy.json
var amazonBuckets = []string{
	// Packages of Amazon Linux 2023.
	"al2023-repos-%s-de612dc2",
	// Updates and documents of the Systems Manager agent.
	"aws-ssm-%s", "amazon-ssm-%s", "amazon-ssm-packages-%s", "aws-ssm-document-attachments-%s", "patch-baseline-snapshot-%s",
	// Packages of the CloudWatch agent.
	"amazoncloudwatch-agent-%s",
}

// s3Policy is what may pass the S3 endpoint.
func (p plan) s3Policy(account pulumi.StringInput) iam.Document {
	document := iam.Document{ownAccount("s3:*", account), {
		Sid: "ReadAmazonBuckets", Principals: []iam.Principal{iam.Anyone()}, Actions: []string{"s3:GetObject"},
		Resources: iam.Strings(p.objects(p.amazonBucketNames())...),
	}}
	if len(p.args.GatewayEndpoints.ReadBuckets) == 0 {
		return document
	}
	return append(document, iam.Statement{
		Sid: "ReadNamedBuckets", Principals: []iam.Principal{iam.Anyone()},
		// Reading a certain version is an action of its own, and what a download that names its version asks for.
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
		Actions:   []string{"s3:GetObject", "s3:GetObjectVersion"},
		Resources: iam.Strings(p.objects(p.args.GatewayEndpoints.ReadBuckets)...),
	})
}

func (p plan) amazonBucketNames() []string {
	names := make([]string, len(amazonBuckets))
	for i, format := range amazonBuckets {
		names[i] = fmt.Sprintf(format, p.region)
	}
	return names
}

func (p plan) objects(buckets []string) []string {
	arns := make([]string, len(buckets))
	for i, bucket := range buckets {
		arns[i] = fmt.Sprintf("arn:%s:s3:::%s/*", p.partition, bucket)
	}
	return arns
}

// createInterfaceEndpoints makes one endpoint per service with an address in each zone, behind one security group.
func (b *builder) createInterfaceEndpoints() error {
	if len(b.plan.args.Endpoints) == 0 {
		return nil
	}
	group, err := b.endpointGroup()
	if err != nil {
		return err
	}
	tier, subnets := b.plan.endpointTier(), pulumi.StringArray{}
	for _, zone := range b.plan.zones {
		subnets = append(subnets, b.subnets[tier][zone].ID().ToStringOutput())
	}
	var made []pulumi.Resource
	for _, service := range b.plan.args.Endpoints {
		name := b.kids.Child(service, "endpoint")
		args := &ec2.VpcEndpointArgs{
			VpcId: b.vpc.ID().ToStringOutput(), VpcEndpointType: pulumi.String("Interface"), ServiceName: pulumi.String(b.plan.service(service)),
			SubnetIds: subnets, SecurityGroupIds: pulumi.StringArray{group.ID().ToStringOutput()},
			PrivateDnsEnabled: pulumi.Bool(true), Tags: b.kids.Tags(name),
		}
		if policy := perimeter(service, b.vpc.OwnerId); policy != nil {
			args.Policy = policy.JSON()
		}
		endpoint, err := component.New(b.ctx, b.kids, service+" interface endpoint", name, args, b.transform.Endpoint, ec2.NewVpcEndpoint)
		if err != nil {
			return err
		}
		made = append(made, endpoint)
	}
	// An instance that starts before the endpoints resolves the services' public names, and without NAT gets no answer.
	b.privateNeeds(made...)
	return nil
}

// endpointGroup admits HTTPS from the VPC and nothing else; the endpoints themselves open no connections.
func (b *builder) endpointGroup() (*ec2.SecurityGroup, error) {
	name := b.kids.Child("endpoints")
	group, err := component.New(b.ctx, b.kids, "security group of the endpoints", name, &ec2.SecurityGroupArgs{
		VpcId: b.vpc.ID().ToStringOutput(), Description: pulumi.String("HTTPS from the VPC to interface endpoints"), Tags: b.kids.Tags(name),
	}, b.transform.EndpointSecurityGroup, ec2.NewSecurityGroup)
	if err != nil {
		return nil, err
	}
	rule := b.kids.Child("endpoints", "https")
	if _, err := component.New(b.ctx, b.kids, "rule of the endpoints' security group", rule, &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group.ID().ToStringOutput(), Description: pulumi.String("HTTPS from the VPC"), IpProtocol: pulumi.String("tcp"),
		FromPort: pulumi.Int(443), ToPort: pulumi.Int(443), CidrIpv4: pulumi.String(b.plan.args.CIDR), Tags: b.kids.Tags(rule),
	}, b.transform.EndpointIngressRule, vpc.NewSecurityGroupIngressRule); err != nil {
		return nil, err
	}
	b.network.EndpointSecurityGroupID = group.ID().ToStringOutput()
	return group, nil
}
