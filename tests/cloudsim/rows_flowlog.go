package cloudsim

import "strings"

const (
	flowDoc      = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
)

func init() { register(flowLog) }

var flowSources = []string{"vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId"}

var flowLog = Row{
	Type: "aws:ec2/flowLog:FlowLog", Noun: "flow log",
	Doc:      flowDoc,
	ID:       Format("fl-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}"),
	Defaults: map[string]any{"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
	Computed: map[string]Compute{
		"logFormat": Value("${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} " +
			"${packets} ${bytes} ${start} ${end} ${action} ${log-status}"),
		"logGroupName": func(c *Call) any {
			if destination := c.Ref("logDestination"); destination != nil && destination.Type == logGroupType {
				return destination.Name()
			}
			return nil
		},
	},
	Replace: []string{"vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId", "logDestination",
		"logDestinationType", "iamRoleArn", "trafficType", "logFormat", "maxAggregationInterval", "deliverCrossAccountRole",
		"destinationOptions", "logGroupName"},
	Taggable: true,
	Refs: []Ref{
		weakly(VPCRef("vpcId")), weakly(SubnetRef("subnetId")),
		{Path: "logDestination", To: []string{logGroupType, "aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"},
			By: []string{"arn"}, Weak: true, Trim: trimDestination, Code: "LogDestination.NotFound", Noun: "log destination"},
		weakly(RoleRef("iamRoleArn")),
	},
	Limits: []Limit{
		{"logDestinationType", OneOf("cloud-watch-logs", "s3", "kinesis-data-firehose"), flowDoc},
		{"trafficType", OneOf("ACCEPT", "REJECT", "ALL"), flowDoc},
		{"maxAggregationInterval", OneOf("60", "600"), flowDoc},
	},
	Check: flowLogDelivers,
	Idle: func(c *Call) string {
		if c.Text("logDestinationType") != "cloud-watch-logs" {
			return ""
		}
		if err := RoleMay(c, "iamRoleArn", "AccessError", "logs:CreateLogStream", "logs:PutLogEvents"); err != nil {
			return "the flow log's delivery status is \"Access error\": " + err.Error()
		}
		return ""
	},
	NotFound:  "InvalidFlowLogId.NotFound",
	Durations: immediate,
}

// trimDestination takes off what people append to the ARN: ":*" of a log group, the folder of a bucket.
func trimDestination(value string) string {
	value = strings.TrimSuffix(value, ":*")
	if strings.HasPrefix(value, "arn:") && strings.Contains(value, ":s3:::") {
		value, _, _ = strings.Cut(value, "/")
	}
	return value
}

// flowLogDelivers demands what a flow log needs to deliver anything. AWS accepts a role with the wrong trust policy and
// reports "Access error" afterwards, which nobody sees; it is refused here instead.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
// https://github.com/aws-solutions/automated-security-response-on-aws/issues/20
func flowLogDelivers(c *Call) error {
	if n := count(c.Props, flowSources); n != 1 {
		return c.RejectAt("vpcId", "InvalidParameterCombination", "exactly one of %s must be given, not %d", strings.Join(flowSources, ", "), n)
	}
	transit := c.Has("transitGatewayId") || c.Has("transitGatewayAttachmentId")
	if !transit && !c.Has("trafficType") {
		return c.RejectAt("trafficType", "MissingParameter", "trafficType is required for a VPC, a subnet or an interface")
	}
	if !c.Has("logDestination") && !c.Has("logGroupName") {
		return c.RejectAt("logDestination", "MissingParameter", "the flow log needs a destination")
	}
	if c.Text("logDestinationType") == "cloud-watch-logs" {
		if !c.Has("iamRoleArn") {
			return c.RejectAt("iamRoleArn", "MissingParameter", "DeliverLogsPermissionArn is required to deliver to CloudWatch Logs")
		}
		return TrustedBy(c, "iamRoleArn", "vpc-flow-logs.amazonaws.com", "InvalidParameter")
	}
	if c.Text("logDestinationType") == "s3" && c.Has("iamRoleArn") {
		return c.RejectAt("iamRoleArn", "InvalidParameter", "DeliverLogsPermissionArn is not applicable for delivery to S3")
	}
	return nil
}
