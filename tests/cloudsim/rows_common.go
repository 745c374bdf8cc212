package cloudsim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

const tagDoc = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"

// tagsFit judges the tags of any type: 50 of them, 128 and 256 characters, and aws: is AWS's own.
func tagsFit(row *Row, inputs Props) []Failure {
	if !row.Taggable {
		return nil
	}
	var failures []Failure
	keys := inputs.Keys("tags")
	if len(keys) > 50 {
		failures = append(failures, Failure{"tags", fmt.Sprintf("must have at most 50 elements, has %d (%s)", len(keys), tagDoc)})
	}
	for _, key := range keys {
		if wrong := tagWrong(key, inputs.Text("tags."+key)); wrong != "" {
			failures = append(failures, Failure{"tags." + key, wrong})
		}
	}
	return failures
}

func tagWrong(key, value string) string {
	switch {
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return "tag keys that begin with aws: are reserved for AWS (" + tagDoc + ")"
	case len([]rune(key)) > 128 || key == "":
		return fmt.Sprintf("a tag's key must have 1 to 128 characters, has %d (%s)", len([]rune(key)), tagDoc)
	case len([]rune(value)) > 256:
		return fmt.Sprintf("a tag's value must have at most 256 characters, has %d (%s)", len([]rune(value)), tagDoc)
	}
	return ""
}

// ipv4 demands a block of IPv4 addresses, and ipv6 one of IPv6.
func ipv4(value string) string {
	if prefix, err := netip.ParsePrefix(value); err == nil && !prefix.Addr().Is4() {
		return fmt.Sprintf("%s is not an IPv4 block", value)
	}
	return ""
}

func ipv6(value string) string {
	if prefix, err := netip.ParsePrefix(value); err == nil && prefix.Addr().Is4() {
		return fmt.Sprintf("%s is not an IPv6 block", value)
	}
	return ""
}

// noVPC are the ranges that a VPC cannot have. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
var noVPC = []string{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"}

func vpcRange(value string) string {
	if wrong := ipv4(value); wrong != "" {
		return wrong
	}
	if other, ok := overlap(value, noVPC); ok {
		return fmt.Sprintf("%s lies in %s, which a VPC cannot have", value, other)
	}
	return ""
}

// protocolName: EC2 knows four protocols by name; the others have IANA's numbers.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
var protocolName = Matches(`(?i)^(-1|all|tcp|udp|icmp|icmpv6|\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$`, "tcp, udp, icmp, icmpv6, -1 or the number of a protocol")

// endpointServices are the services that have an endpoint in a VPC.
// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
var endpointServices = strings.Fields(`access-analyzer account acm acm-pca agent airflow analytics-omics aiops amplify apigateway app-integrations appconfig
	appconfigdata appflow application-autoscaling application-signals apprunner appstream appsync appsync-api aps aps-workspaces
	arc-zonal-shift athena auditmanager autoscaling autoscaling-plans awsconnector b2bi backup backup-gateway batch
	bcm-data-exports bedrock bedrock-agent bedrock-agent-runtime bedrock-runtime bedrock-agentcore billing billingconductor braket budgets
	cassandra ce cleanrooms cleanrooms-ml cloudcontrolapi cloudcontrolapi-fips clouddirectory cloudformation cloudhsmv2 cloudtrail codeartifact
	codebuild codecommit codeconnections codedeploy codedeploy-commands-secure codeguru-profiler codeguru-reviewer codepipeline
	codestar-connections cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer config connect connect-campaigns console
	control-storage-omics cost-optimization-hub data-servicediscovery databrew dataexchange datasync datazone deadline devops-guru
	directconnect discovery dlm dms drs ds dsql dynamodb dynamodb-streams ebs ec2 ec2messages ecr ecs ecs-agent ecs-telemetry
	eks eks-auth elasticache elasticbeanstalk elasticbeanstalk-health elasticfilesystem elasticloadbalancing elasticmapreduce email
	email-smtp emr-containers emr-serverless emrwal entityresolution events evidently evs execute-api finspace firehose fis
	forecast forecastquery frauddetector freetier fsx git-codecommit glue grafana grafana-workspace greengrass groundstation
	guardduty guardduty-data healthlake iam identitystore imagebuilder inspector-scan inspector2 internetmonitor invoicing iot iotfleetwise
	iotsitewise iottwinmaker iotwireless ivs kafka kafka-fips kendra kinesis-firehose kinesis-streams kms lakeformation lambda
	launchwizard license-manager lex logs lookoutequipment lookoutmetrics m2 macie2 managedblockchain mediaconnect mediatailor medical-imaging
	memory-db memorydb mgn migrationhub-orchestrator models-v2-lex monitoring mpa neptune-graph network-firewall networkflowmonitor
	networkflowmonitorreports networkmonitor notifications oam observabilityadmin omics organizations osis outposts panorama
	partnercentral-channel payment-cryptography pca-connector-ad pca-connector-scep pcs personalize personalize-events personalize-runtime
	pi pinpoint pinpoint-sms-voice-v2 pipes polly pricing private-networks profile prod proton qbusiness qldb quicksight-website ram rbin
	rds rds-data redshift redshift-data redshift-serverless refactor-spaces rekognition repostspace resiliencehub resource-explorer-2
	resource-groups robomaker rolesanywhere rum rum-dataplane runtime-medical-imaging runtime-v2-lex s3 s3-global s3-outposts s3express s3tables
	sagemaker savingsplans scheduler schemas scn secretsmanager securityhub securitylake securitylake-config serverlessrepo
	servicecatalog servicecatalog-appregistry servicediscovery servicequotas session-manager signin simspaceweaver
	snow-device-management sns socialmessaging sqs ssm ssm-contacts ssm-incidents ssm-quicksetup ssmmessages states storagegateway
	storage-omics streaming-rekognition sts support supportapp swf synthetics synthetics-fips tagging tags-omics textract thinclient
	timestream timestream-influxdb tnb transcribe transcribestreaming transfer translate trustedadvisor verifiedpermissions voiceid
	vpc-lattice wafv2 wellarchitected wisdom workflows-omics workmail workspaces workspaces-instances xray zonal-shift`)

// serviceNamed reports whether a service has an endpoint; of a name such as "ecr.dkr" the first part counts.
func serviceNamed(region, name string) bool {
	service, ok := strings.CutPrefix(name, "com.amazonaws."+region+".")
	if !ok {
		return true // Not named the common way.
	}
	first, _, _ := strings.Cut(service, ".")
	return slices.Contains(endpointServices, first) || slices.Contains(endpointServices, strings.TrimSuffix(first, "-fips"))
}

// instanceFamilies are the families that EC2 has. https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html
var instanceFamilies = strings.Fields(`a1 c1 c3 c4 c5 c5a c5ad c5d c5n c6a c6g c6gd c6gn c6i c6id c6in c7a c7g c7gd c7gn c7i c7i-flex c7id c7in c8a c8g c8gb c8gd
	c8gn c8i c8i-flex c8id c8in cc1 cc2 cr1 d2 d3 d3en dl1 dl2q f1 f2 g2 g3 g3s g4ad g4dn g5 g5g g6 g6e g6f g7 g7e gr6 gr6f h1 hpc6a hpc6id hpc7a
	hpc7g hpc8a hs1 i2 i3 i3en i4g i4i i7i i7ie i8g i8ge im4gn inf1 inf2 is4gen m1 m2 m3 m4 m5 m5a m5ad m5d m5dn m5n m5zn m6a m6g m6gd m6i m6id
	m6idn m6in m7a m7g m7gd m7i m7i-flex m8a m8azn m8g m8gb m8gd m8gn m8i m8i-flex m8id mac1 mac2 mac2-m1ultra mac2-m2 mac2-m2pro mac-m4
	mac-m4pro p2 p3 p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 p6e-gb200 r3 r4 r5 r5a r5ad r5b r5d r5dn r5n r6a r6g r6gd r6i r6id r6idn r6in
	r7a r7g r7gd r7i r7iz r8a r8g r8gb r8gd r8gn r8i r8i-flex r8id t1 t2 t3 t3a t4g trn1 trn1n trn2 trn2u u-12tb1 u-18tb1 u-24tb1 u-3tb1 u-6tb1 u-9tb1
	u7i-12tb u7i-6tb u7i-8tb u7in-16tb u7in-24tb u7in-32tb u7inh-32tb vt1 x1 x1e x2gd x2idn x2iedn x2iezn x8aedz x8g x8i z1d`)

// burstable and flexible families end at a size of their own. https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html
var instanceSizes = map[string][]string{
	"t2": burstable, "t3": burstable, "t3a": burstable, "t4g": burstable,
}

var burstable = []string{"nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"}

func instanceTypeKnown(value string) string {
	family, size, ok := strings.Cut(value, ".")
	if !ok {
		return "" // The form is another rule's.
	}
	if !slices.Contains(instanceFamilies, family) {
		return fmt.Sprintf("EC2 has no instance family %s", family)
	}
	if sizes := instanceSizes[family]; sizes != nil && !slices.Contains(sizes, size) {
		return fmt.Sprintf("the family %s has the sizes %s, not %s", family, strings.Join(sizes, ", "), size)
	}
	return ""
}

// objectAction and bucketAction say what an action of S3 is about.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func objectAction(action string) bool {
	return slices.Contains([]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion", "s3:PutObjectAcl",
		"s3:GetObjectAcl", "s3:GetObjectTagging", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:RestoreObject",
		"s3:ReplicateObject", "s3:ReplicateDelete", "s3:GetObjectAttributes"}, action)
}

func bucketAction(action string) bool {
	return slices.Contains([]string{"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation", "s3:GetBucketAcl",
		"s3:PutBucketAcl", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucket", "s3:GetBucketVersioning", "s3:PutBucketVersioning",
		"s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration"}, action)
}

// bucketStatement refuses actions that are none of S3, and those that concern nothing that the statement is about.
// https://repost.aws/knowledge-center/s3-bucket-policy-error-malformed
func bucketStatement(s Statement) string {
	inside := func(resource string) bool { return strings.Contains(resource, "/") }
	for _, action := range s.Action {
		if action != "*" && !strings.HasPrefix(action, "s3:") && !strings.HasPrefix(action, "s3-object-lambda:") {
			return "Policy has invalid action: " + action
		}
		if len(s.Resource) == 0 {
			continue
		}
		open := slices.ContainsFunc(s.Resource, func(r string) bool { return strings.HasSuffix(r, "*") && !inside(r) })
		if objectAction(action) && !open && !slices.ContainsFunc(s.Resource, inside) {
			return "Action does not apply to any resource(s) in statement: " + action + " is about objects"
		}
		if bucketAction(action) && !slices.ContainsFunc(s.Resource, func(r string) bool { return !inside(r) }) {
			return "Action does not apply to any resource(s) in statement: " + action + " is about the bucket"
		}
	}
	return ""
}
