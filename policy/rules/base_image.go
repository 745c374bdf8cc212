package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// amazonLinuxParameter are the public parameters of AWS that hold the id of an image with Amazon Linux. ECS and EKS have their
// own, with Amazon Linux 2023 or 2 in the name.
// https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html
// https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
var amazonLinuxParameter = regexp.MustCompile(`^/aws/service/(ami-amazon-linux-latest/(al2023|amzn2)-|ecs/optimized-ami/amazon-linux-(2023|2)/|eks/optimized-ami/[0-9.]+/amazon-linux-(2023|2)[-/])`)

// imagePaths say where the image of a server stands, by type.
var imagePaths = map[string]string{
	instance: "ami", launchTemplate: "imageId", launchConfiguration: "imageId", "aws:ec2/spotInstanceRequest:SpotInstanceRequest": "ami",
	"aws:emr/cluster:Cluster": "customAmiId", "aws:eks/nodeGroup:NodeGroup": "amiType",
}

const imageLockHelp = `the machine images that are known, by id: {"ami-0a1b2c3d4e5f60718": {"os": "amazon-linux", "release": "al2023", "region": "eu-central-1"}}; ` +
	"while there are none, an image id cannot be judged"

func baseOS() *policy.Rule {
	types := slices.Concat(servers, []string{"aws:ec2/spotInstanceRequest:SpotInstanceRequest", "aws:emr/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"})
	return &policy.Rule{
		ID: "base-os-amazon-linux", Title: "Servers run Amazon Linux", Severity: policy.High, Types: types,
		Anchors: "ckv:386 trivy:0344",
		Why:     "security prescribes Amazon Linux: it is what is patched, scanned and supported, and another system waits for its patches until somebody remembers it",
		Fix:     "use the public parameter of Amazon Linux 2023, or an image that the setting images lists",
		Sources: []string{
			"https://docs.aws.amazon.com/linux/al2023/ug/ec2.html",
			"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html#use-an-ssm-parameter-instead-of-an-ami-id",
			"https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html",
		},
		Settings: []policy.Setting{{Name: "images", Kind: policy.KindObject, Default: map[string]any{}, Help: imageLockHelp}},
		Check: func(c *policy.Case) {
			v := c.Get(imagePaths[c.Type])
			switch {
			case v.Empty() && (c.Type == "aws:emr/cluster:Cluster" || c.Type == "aws:eks/nodeGroup:NodeGroup"):
				return // EMR's and EKS's own image is Amazon Linux.
			case v.Empty():
				c.Skip("another template names the image")
			case c.Type == "aws:eks/nodeGroup:NodeGroup":
				c.Require(v, "an AMI type of Amazon Linux: AL2023_* or AL2_*, or CUSTOM with a launch template", func(v policy.Value) bool {
					return strings.HasPrefix(v.Text(), "AL2") || v.Is("CUSTOM")
				})
			default:
				checkImage(c, v, 0)
			}
		},
		Proof: policy.Proof{
			Good: `
policy:
  base-os-amazon-linux: {images: {ami-0a1b2c3d4e5f60718: {os: amazon-linux, region: eu-central-1}, ami-0bbbbbbbbbbbbbbbb: {os: ubuntu}}}
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {imageId: ami-0a1b2c3d4e5f60718}}
  host: {type: "aws:ec2/instance:Instance", properties: {ami: "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}}
  nodes: {type: "aws:eks/nodeGroup:NodeGroup", properties: {amiType: AL2023_x86_64_STANDARD}}
  cluster: {type: "aws:emr/cluster:Cluster", properties: {releaseLabel: emr-7.5.0}}
  own: {type: "aws:ec2/amiCopy:AmiCopy", properties: {sourceAmiId: ami-0a1b2c3d4e5f60718}}
  copied: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {imageId: "${own.id}"}}
`,
			Bad: []string{
				"launch.imageId=ami-0fffffffffffffff0", "launch.imageId=ami-0bbbbbbbbbbbbbbbb", "host.ami=resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
				"launch.imageId=resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id", "launch.imageId=resolve:ssm:/our/own/image",
				"nodes.amiType=BOTTLEROCKET_x86_64", "nodes.amiType=WINDOWS_CORE_2022_x86_64", "own.sourceAmiId=ami-0bbbbbbbbbbbbbbbb",
				"cluster.customAmiId=ami-0fffffffffffffff0",
			},
			Guard: "launch.imageId", Absent: policy.Pass, Also: []string{"prod-artifact-pinned-and-promoted"},
		},
	}
}

// longestCopy is how many copies of an image are followed.
const longestCopy = 5

// checkImage judges an image by its parameter, by the list of known images, or by the image that it was copied from.
func checkImage(c *policy.Case, v policy.Value, depth int) {
	sources := map[string]string{imageCopy: "sourceAmiId", "aws:ec2/amiFromInstance:AmiFromInstance": "sourceInstanceId"}
	if own := v.Ref(imageCopy, "aws:ec2/amiFromInstance:AmiFromInstance").Node(); own != nil && depth < longestCopy {
		source := own.Get(sources[own.Type])
		if host := source.Ref(instance).Node(); host != nil {
			source = host.Get("ami")
		}
		checkImage(c, source, depth+1)
		return
	}
	if v.Unknown() {
		c.Unclear(v)
		return
	}
	const required = "Amazon Linux: a public parameter of it, or an image that the setting images lists as such"
	if parameter, isParameter := strings.CutPrefix(v.Text(), "resolve:ssm:"); isParameter {
		c.Require(v, required, func(policy.Value) bool { return amazonLinuxParameter.MatchString(parameter) })
		return
	}
	known, _ := c.Setting("images").(map[string]any)
	if len(known) == 0 {
		c.UnclearBecause(v.Path(), "no machine images are configured, so that nothing says what "+v.Show()+" is")
		return
	}
	entry, listed := known[v.Text()].(map[string]any)
	region, _ := entry["region"].(string)
	switch {
	case !listed:
		c.Fail(v, required, policy.Fix("add %s with its os to the setting images of base-os-amazon-linux, once it is known what it is", v.Show()))
	case entry["os"] != "amazon-linux":
		c.Fail(v, required)
	case region != "" && c.Region() != "" && region != c.Region():
		c.Fail(v, "an image of "+c.Region()+": this one is of "+region)
	}
}
