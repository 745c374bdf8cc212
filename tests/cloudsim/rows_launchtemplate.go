package cloudsim

import (
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
)

const (
	templateDoc  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html"
	templateData = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html"
	templateType = "aws:ec2/launchTemplate:LaunchTemplate"
	volumesDoc   = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"
	metadataDoc  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateInstanceMetadataOptionsRequest.html"
	profileType  = "aws:iam/instanceProfile:InstanceProfile"
	sgType       = "aws:ec2/securityGroup:SecurityGroup"
	subnetType   = "aws:ec2/subnet:Subnet"
)

func init() { register(launchTemplate) }

var launchTemplate = Row{
	Type:     templateType,
	Noun:     "launch template",
	Doc:      templateDoc,
	ID:       Format("lt-{hex17}"),
	ARN:      Format("arn:{partition}:ec2:{region}:{account}:launch-template/{id}"),
	AutoName: &AutoName{Max: 125},
	Computed: map[string]Compute{
		"latestVersion":  func(c *Call) any { return latestVersion(c) },
		"defaultVersion": defaultVersion,
	},
	Refresh:  []string{"latestVersion", "defaultVersion"},
	Replace:  []string{"name", "namePrefix"},
	Taggable: true,
	Refs: append([]Ref{
		{Path: "vpcSecurityGroupIds", To: []string{sgType}, Weak: true, Code: "InvalidGroup.NotFound"},
		{Path: "networkInterfaces.securityGroups", To: []string{sgType}, Weak: true, Code: "InvalidGroup.NotFound"},
		{Path: "networkInterfaces.subnetId", To: []string{subnetType}, Weak: true, Code: "InvalidSubnetID.NotFound"},
		{Path: "iamInstanceProfile.name", To: []string{profileType}, By: []string{"name"}, Weak: true, Code: "InvalidParameterValue"},
		{Path: "iamInstanceProfile.arn", To: []string{profileType}, By: []string{"arn"}, Weak: true, Code: "InvalidParameterValue"},
	}, weak(keyRefs("blockDeviceMappings.ebs.kmsKeyId", "InvalidKmsKey.NotFound"))...),
	Unique: []Unique{{Paths: []string{"name"}, Code: "InvalidLaunchTemplateName.AlreadyExistsException"}},
	Limits: []Limit{
		{"name", Matches(`^[a-zA-Z0-9()./_-]{3,125}$`, "3 to 125 letters, digits and ( ) . / _ -"), templateDoc},
		{"description", Length(0, 255), templateDoc},
		{"imageId", Matches(`^(ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:\S+)$`, "an AMI id or resolve:ssm:<parameter>"), templateData},
		{"instanceType", Matches(`^[a-z0-9-]+\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)$`, "an instance type such as c7i.large"), templateData},
		{"instanceType", Satisfies(instanceTypeKnown), "https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html"},
		{"instanceInitiatedShutdownBehavior", OneOf("stop", "terminate"), templateData},
		{"creditSpecification.cpuCredits", OneOf("standard", "unlimited"), templateData},
		{"metadataOptions.httpEndpoint", OneOf("enabled", "disabled"), metadataDoc},
		{"metadataOptions.httpTokens", OneOf("required", "optional"), metadataDoc},
		{"metadataOptions.httpPutResponseHopLimit", Between(1, 64), metadataDoc},
		{"metadataOptions.httpProtocolIpv6", OneOf("enabled", "disabled"), metadataDoc},
		{"metadataOptions.instanceMetadataTags", OneOf("enabled", "disabled"), metadataDoc},
		{"blockDeviceMappings.ebs.volumeType", OneOf("gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"), volumesDoc},
		{"tagSpecifications.resourceType", OneOf("instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"), templateData},
		{"vpcSecurityGroupIds", Items(0, 16), "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"},
	},
	Check:     checkTemplate,
	NotFound:  "InvalidLaunchTemplateId.NotFound",
	Durations: immediate,
}

// weak marks references that do not keep their target alive.
func weak(refs []Ref) []Ref {
	for i := range refs {
		refs[i].Weak = true
	}
	return refs
}

// notTemplateData are the inputs whose change makes no new version.
var notTemplateData = []string{"name", "namePrefix", "tags", "tagsAll", "updateDefaultVersion", "defaultVersion", "__defaults"}

// latestVersion counts up whenever the template's data change.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-launch-template-versions.html
func latestVersion(c *Call) int {
	if c.Old == nil {
		return 1
	}
	latest := c.Old.Out().Int("latestVersion")
	for _, inputs := range []Props{c.Old.In(), c.Props} {
		for property := range inputs.Map {
			if name := string(property); !slices.Contains(notTemplateData, name) && c.Changed(name) {
				return latest + 1
			}
		}
	}
	return latest
}

func defaultVersion(c *Call) any {
	if c.Bool("updateDefaultVersion") {
		return latestVersion(c)
	}
	if c.Old == nil {
		return 1
	}
	return c.Old.Out().Int("defaultVersion")
}

func checkTemplate(c *Call) error {
	problems := []error{userDataFits(c), volumesFit(c), securityGroupsOnce(c), oneNetwork(c)}
	if c.Has("updateDefaultVersion") && c.Has("defaultVersion") {
		problems = append(problems, c.RejectAt("defaultVersion", "ConflictsWith", "updateDefaultVersion and defaultVersion may not be given together"))
	}
	if c.Has("iamInstanceProfile.name") && c.Has("iamInstanceProfile.arn") {
		problems = append(problems, c.RejectAt("iamInstanceProfile", "InvalidParameterCombination",
			"The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"))
	}
	if c.Text("metadataOptions.httpTokens") == "required" && c.Text("metadataOptions.httpEndpoint") == "disabled" {
		problems = append(problems, c.RejectAt("metadataOptions", "InvalidParameterCombination",
			"httpTokens may not be given when the metadata endpoint is disabled"))
	}
	return errors.Join(problems...)
}

// maxUserData is the limit before encoding. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
const maxUserData = 16 * 1024

func userDataFits(c *Call) error {
	if !c.Known("userData") || c.Text("userData") == "" {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(c.Text("userData"))
	if err != nil {
		return c.RejectAt("userData", "InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(data) > maxUserData {
		return c.RejectAt("userData", "InvalidUserData.Malformed", "User data is limited to %d bytes, has %d", maxUserData, len(data))
	}
	return nil
}

// volumeBounds are size in GiB, operations and MiB a second of each volume type.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
var volumeBounds = map[string]struct{ size, iops, throughput [2]int }{
	"gp3":      {[2]int{1, 65536}, [2]int{3000, 80000}, [2]int{125, 2000}},
	"gp2":      {[2]int{1, 16384}, [2]int{}, [2]int{}},
	"io1":      {[2]int{4, 16384}, [2]int{100, 64000}, [2]int{}},
	"io2":      {[2]int{4, 65536}, [2]int{100, 256000}, [2]int{}},
	"st1":      {[2]int{125, 16384}, [2]int{}, [2]int{}},
	"sc1":      {[2]int{125, 16384}, [2]int{}, [2]int{}},
	"standard": {[2]int{1, 1024}, [2]int{}, [2]int{}},
}

func volumesFit(c *Call) error {
	var problems []error
	for _, ebs := range c.Objects("blockDeviceMappings.ebs") {
		at := "blockDeviceMappings.ebs"
		if ebs.Has("kmsKeyId") && !ebs.Bool("encrypted") && ebs.Known("encrypted") {
			problems = append(problems, c.RejectAt(at, "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."))
		}
		bounds, known := volumeBounds[ebs.Text("volumeType")]
		if !known {
			continue
		}
		for property, bound := range map[string][2]int{"volumeSize": bounds.size, "iops": bounds.iops, "throughput": bounds.throughput} {
			if !ebs.Has(property) || !ebs.Known(property) {
				continue
			}
			if bound == [2]int{} {
				problems = append(problems, c.RejectAt(at, "InvalidParameterCombination", "The parameter %s is not supported for %s volumes.", property, ebs.Text("volumeType")))
				continue
			}
			if n := ebs.Int(property); n < bound[0] || n > bound[1] {
				problems = append(problems, c.RejectAt(at, "InvalidParameterValue", "%s of a %s volume must be from %d to %d, is %d",
					property, ebs.Text("volumeType"), bound[0], bound[1], n))
			}
		}
	}
	return errors.Join(problems...)
}

// securityGroupsOnce: security groups belong either to the template or to its network interfaces.
func securityGroupsOnce(c *Call) error {
	if c.Has("vpcSecurityGroupIds") && c.Has("networkInterfaces") {
		return c.RejectAt("vpcSecurityGroupIds", "InvalidParameterCombination",
			"Network interfaces and an instance-level security groups may not be specified on the same request")
	}
	return nil
}

// oneNetwork demands security groups of one VPC.
func oneNetwork(c *Call) error {
	vpc := ""
	for _, group := range append(c.Refs("vpcSecurityGroupIds"), c.Refs("networkInterfaces.securityGroups")...) {
		own := group.Out().Text("vpcId")
		if vpc != "" && own != "" && own != vpc {
			return c.RejectAt("vpcSecurityGroupIds", "InvalidParameter", "The security group %s belongs to %s, another to %s", group.ID, own, vpc)
		}
		if own != "" {
			vpc = own
		}
	}
	return nil
}

var numeric = regexp.MustCompile(`^\d+$`)

// templateVersion demands a version that exists: a number up to the latest, $Latest or $Default.
func templateVersion(c *Call, path string, template *Resource, version string) error {
	if template == nil || version == "" || version == "$Latest" || version == "$Default" {
		return nil
	}
	if !numeric.MatchString(version) {
		return c.RejectAt(path, "ValidationError", "Launch template version must be a number, $Latest or $Default, is %q", version)
	}
	latest, known := template.Out().Int("latestVersion"), template.Out().Known("latestVersion")
	var n int
	for _, digit := range strings.TrimLeft(version, "0") {
		n = n*10 + int(digit-'0')
	}
	if known && (n < 1 || n > latest) {
		return c.RejectAt(path, "InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.",
			version, template.ID)
	}
	return nil
}
