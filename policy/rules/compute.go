package rules

import (
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

const (
	instance            = "aws:ec2/instance:Instance"
	launchTemplate      = "aws:ec2/launchTemplate:LaunchTemplate"
	launchConfiguration = "aws:ec2/launchConfiguration:LaunchConfiguration"
	volume              = "aws:ebs/volume:Volume"
	volumeEncryption    = "aws:ebs/encryptionByDefault:EncryptionByDefault"
	volumeKey           = "aws:ebs/defaultKmsKey:DefaultKmsKey"
	snapshotBlock       = "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess"
	image               = "aws:ec2/ami:Ami"
	imageCopy           = "aws:ec2/amiCopy:AmiCopy"
	imagePermission     = "aws:ec2/amiLaunchPermission:AmiLaunchPermission"
	elasticIP           = "aws:ec2/eip:Eip"
	elasticIPUse        = "aws:ec2/eipAssociation:EipAssociation"
)

// servers are the types that say how an instance is started.
var servers = []string{launchTemplate, launchConfiguration, instance}

// What AWS takes when nothing is said.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
var (
	_ = policy.Default(volume, map[string]any{"encrypted": false})
	_ = policy.Default(volumeEncryption, map[string]any{"enabled": true})
	_ = policy.Default(imageCopy, map[string]any{"encrypted": false})
	_ = policy.Default(instance, map[string]any{"monitoring": false})
)

// computeRules are about instances, volumes, launch templates and Auto Scaling groups.
func computeRules() []*policy.Rule {
	return slices.Concat([]*policy.Rule{
		imdsRequired(), imdsHopLimit(), noPublicAddress(), detailedMonitoring(), instanceProfile(), ebsOptimized(), singleInterface(),
		imageNotPublic(), imageEncrypted(), elasticIPAttached(),
	}, volumeRules(), groupRules())
}

// fromTemplate says that an instance leaves a property to its launch template, which is judged by itself.
func fromTemplate(c *policy.Case, path string) bool {
	if c.Type != instance || c.Get("launchTemplate").Empty() || !c.Get(path).Empty() {
		return false
	}
	c.Skip("the launch template decides")
	return true
}

func imdsRequired() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-imdsv2-required", Title: "The instance metadata service answers requests with a session token only", Severity: policy.High,
		Types:   servers,
		Anchors: "nagn:EC2IMDSv2Enabled fsbp:EC2.8,EC2.170,AutoScaling.3 ckv:79 trivy:0028,0130 nist:AC-6",
		Why:     "version 1 of the metadata service answers any request that a server can be tricked into sending, and hands out the credentials of its role",
		Fix:     "set metadataOptions.httpTokens to required",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html"},
		Check: func(c *policy.Case) {
			if fromTemplate(c, "metadataOptions") {
				return
			}
			if c.Get("metadataOptions.httpEndpoint").Is("disabled") {
				c.Skip("the metadata service is off")
				return
			}
			c.OneOf("metadataOptions.httpTokens", "required")
		},
		Proof: policy.Proof{
			Good: `
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {metadataOptions: {httpTokens: required}}}
  host: {type: "aws:ec2/instance:Instance", properties: {launchTemplate: {id: "${launch.id}"}}}
`,
			Bad:   []string{"launch.metadataOptions.httpTokens=optional", "launch.metadataOptions.httpTokens!", "host.metadataOptions={httpTokens: optional}"},
			Guard: "launch.metadataOptions.httpTokens", Absent: policy.Violation, Exempt: "launch.metadataOptions.httpEndpoint=disabled",
			Also: []string{"ec2-imds-hop-limit-1"},
		},
	}
}

func imdsHopLimit() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-imds-hop-limit-1", Title: "Answers of the instance metadata service do not leave the server", Severity: policy.Medium,
		Types:   servers,
		Anchors: "fsbp:AutoScaling.4 ckv:341",
		Why:     "with more than one hop a container or a proxy on the server can fetch the credentials of its role; images that ask for version 2 raise the limit to 2 where it is not set",
		Fix:     "set metadataOptions.httpPutResponseHopLimit to 1",
		Sources: []string{
			"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html",
			"https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html",
		},
		Check: func(c *policy.Case) {
			if fromTemplate(c, "metadataOptions") {
				return
			}
			if c.Get("metadataOptions.httpEndpoint").Is("disabled") {
				c.Skip("the metadata service is off")
				return
			}
			c.OneOf("metadataOptions.httpPutResponseHopLimit", "1")
		},
		Proof: policy.Proof{
			Good: `
resources:
  launch:
    type: aws:ec2/launchTemplate:LaunchTemplate
    properties: {metadataOptions: {httpTokens: required, httpPutResponseHopLimit: 1}}
`,
			Bad:   []string{"launch.metadataOptions.httpPutResponseHopLimit=2", "launch.metadataOptions.httpPutResponseHopLimit!"},
			Guard: "launch.metadataOptions.httpPutResponseHopLimit", Absent: policy.Violation, Exempt: "launch.metadataOptions.httpEndpoint=disabled",
		},
	}
}

func noPublicAddress() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-no-public-ip", Title: "Servers have no public address", Severity: policy.High, Blocking: true,
		Types:   servers,
		Anchors: "nagn:EC2InstanceNoPublicIp fsbp:EC2.9,EC2.25,AutoScaling.5 ckv:88,389 trivy:0009 awsguard:ec2-instance-no-public-ip nist:SC-7",
		Why:     "a server with a public address is one security group rule away from the internet",
		Fix:     "set associatePublicIpAddress to false and let clients in through a load balancer",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html"},
		Check: func(c *policy.Case) {
			if c.Type != launchTemplate {
				c.False("associatePublicIpAddress")
				return
			}
			interfaces := c.Get("networkInterfaces")
			if interfaces.Unknown() {
				c.Unclear(interfaces)
			}
			for _, at := range interfaces.List() {
				c.False(at.Path() + ".associatePublicIpAddress")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {networkInterfaces: [{associatePublicIpAddress: "false"}]}}
  host: {type: "aws:ec2/instance:Instance", properties: {associatePublicIpAddress: false}}
`,
			Bad:   []string{`launch.networkInterfaces[0].associatePublicIpAddress="true"`, "host.associatePublicIpAddress=true"},
			Guard: "launch.networkInterfaces[0].associatePublicIpAddress", Absent: policy.Pass,
		},
	}
}

func detailedMonitoring() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-detailed-monitoring", Title: "Servers report their metrics every minute", Severity: policy.Low, Advisory: true,
		Types:   servers,
		Anchors: "nag:EC28 ckv:126 awsguard:ec2-instance-detailed-monitoring-enabled",
		Why:     "metrics of five minutes make alarms and scaling react five minutes late",
		Fix:     "turn detailed monitoring on: monitoring.enabled of a launch template, monitoring of an instance",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html"},
		Check: func(c *policy.Case) {
			path := map[string]string{launchTemplate: "monitoring.enabled", launchConfiguration: "enableMonitoring", instance: "monitoring"}[c.Type]
			if c.Type == launchConfiguration && c.Get(path).Absent() {
				return // On by default for launch configurations only.
			}
			if c.Type == instance && !c.Get("launchTemplate").Empty() && c.Get(path).Defaulted() {
				c.Skip("the launch template decides")
				return
			}
			c.True(path)
		},
		Proof: policy.Proof{
			Good: `
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {monitoring: {enabled: true}}}
  old: {type: "aws:ec2/launchConfiguration:LaunchConfiguration", properties: {instanceType: c7i.large}}
  host: {type: "aws:ec2/instance:Instance", properties: {monitoring: true}}
`,
			Bad:   []string{"launch.monitoring.enabled=false", "launch.monitoring!", "host.monitoring!", "old.enableMonitoring=false"},
			Guard: "launch.monitoring.enabled", Absent: policy.Violation,
		},
	}
}

func instanceProfile() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-instance-profile", Title: "Servers have a role of their own", Severity: policy.Medium,
		Types:   servers,
		Anchors: "nagn:EC2InstanceProfileAttached fsbp:SSM.1 ckv2:41 nist:AC-3",
		Why:     "without a role a server gets no short-lived credentials, so somebody puts long-lived keys on it, and Systems Manager cannot reach it",
		Fix:     "set iamInstanceProfile to the instance profile of the server's role",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html"},
		Check: func(c *policy.Case) {
			if fromTemplate(c, "iamInstanceProfile") {
				return
			}
			const required = "an instance profile"
			if c.Type != launchTemplate {
				c.Require(c.Get("iamInstanceProfile"), required, func(v policy.Value) bool { return !v.Empty() })
				return
			}
			if name := c.Get("iamInstanceProfile.name"); !name.Empty() {
				c.Require(name, required, func(policy.Value) bool { return true })
				return
			}
			c.Require(c.Get("iamInstanceProfile.arn"), required, func(v policy.Value) bool { return !v.Empty() })
		},
		Proof: policy.Proof{
			Good: `
resources:
  profile: {type: "aws:iam/instanceProfile:InstanceProfile"}
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {iamInstanceProfile: {arn: "${profile.arn}"}}}
  host: {type: "aws:ec2/instance:Instance", properties: {iamInstanceProfile: web}}
`,
			Bad:   []string{"launch.iamInstanceProfile!", "host.iamInstanceProfile!"},
			Guard: "launch.iamInstanceProfile.arn", Absent: policy.Violation,
		},
	}
}

func ebsOptimized() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-ebs-optimized", Title: "Servers keep the bandwidth of their volumes apart from the network's", Severity: policy.Low, Advisory: true,
		Types:   servers,
		Anchors: "nagn:EC2EBSOptimizedInstance ckv:135 config:EBS_OPTIMIZED_INSTANCE",
		Why:     "without it traffic of the volumes and of the network slow each other down under load; current types have it unless it is turned off",
		Fix:     "set ebsOptimized to true, or leave it out",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs-optimized.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("ebsOptimized"), "true or left out", func(v policy.Value) bool { return v.Absent() || v.True() })
		},
		Proof: policy.Proof{
			Good:  `resources: {launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {ebsOptimized: "true"}}}`,
			Bad:   []string{`launch.ebsOptimized="false"`},
			Guard: "launch.ebsOptimized", Absent: policy.Pass,
		},
	}
}

func singleInterface() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-single-eni", Title: "Servers have one network interface", Severity: policy.Low, Advisory: true,
		Types:   []string{launchTemplate},
		Anchors: "fsbp:EC2.17",
		Why:     "a server in two subnets carries traffic around the route tables and network ACLs between them",
		Fix:     "keep one entry in networkInterfaces",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-17"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("networkInterfaces"), "at most one network interface", func(v policy.Value) bool { return v.Len() <= 1 })
		},
		Proof: policy.Proof{
			Good:  `resources: {launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {networkInterfaces: [{deviceIndex: 0}]}}}`,
			Bad:   []string{"launch.networkInterfaces[1]={deviceIndex: 1}"},
			Guard: "launch.networkInterfaces", Absent: policy.Pass,
		},
	}
}

func imageNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "ami-not-public", Title: "Machine images are shared with named accounts only", Severity: policy.High, Blocking: true,
		Types:   []string{imagePermission},
		Anchors: "ckv:205 nist:AC-3",
		Why:     "everybody can start a public image and read the software, and whatever else was left on it",
		Fix:     "remove group and name the account with accountId, or the organization with organizationArn",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("group"), "an account, an organization or a unit of it", policy.Value.Empty)
		},
		Proof: policy.Proof{
			Good:  `resources: {shared: {type: "aws:ec2/amiLaunchPermission:AmiLaunchPermission", properties: {imageId: ami-1, group: "", accountId: "222222222222"}}}`,
			Bad:   []string{"shared.group=all"},
			Guard: "shared.group", Absent: policy.Pass,
		},
	}
}

func imageEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "ami-encrypted", Title: "Machine images are encrypted", Severity: policy.High,
		Types:   []string{image, imageCopy},
		Anchors: "ckv:204 nist:SC-28",
		Why:     "the snapshots of an unencrypted image can be copied and read, and servers started from it have unencrypted disks",
		Fix:     "set encrypted to true: of the copy, or of every entry of ebsBlockDevices",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html"},
		Check: func(c *policy.Case) {
			if c.Type == imageCopy {
				c.True("encrypted")
				return
			}
			devices := c.Get("ebsBlockDevices")
			if devices.Unknown() {
				c.Unclear(devices)
			}
			for _, at := range devices.List() {
				if at.Get("snapshotId").Empty() { // A snapshot brings its own encryption along, and encrypted may not be set.
					c.True(at.Path() + ".encrypted")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  copy: {type: "aws:ec2/amiCopy:AmiCopy", properties: {sourceAmiId: ami-1, sourceAmiRegion: eu-central-1, encrypted: true}}
  golden: {type: "aws:ec2/ami:Ami", properties: {ebsBlockDevices: [{deviceName: /dev/xvda, encrypted: true}]}}
`,
			Bad:   []string{"copy.encrypted=false", "golden.ebsBlockDevices[0].encrypted=false"},
			Guard: "copy.encrypted", Absent: policy.Violation,
		},
	}
}

func elasticIPAttached() *policy.Rule {
	return &policy.Rule{
		ID: "eip-attached", Title: "Elastic IP addresses are in use", Severity: policy.Low, Advisory: true,
		Anchors: "ckv2:19",
		Why:     "an address that nothing uses is paid for every hour, and stays open in other people's allow lists",
		Fix:     "associate the address with a NAT gateway, a load balancer or an interface, or remove it",
		Sources: []string{"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html"},
		Check: func(c *policy.Case) {
			used := policy.Memo(c.Graph(), &usedAddressesKey, usedAddresses)
			for at := range c.Each(elasticIP) {
				if !used[at] && at.Get("instance").Empty() && at.Get("networkInterface").Empty() {
					c.At(at).Broken("", "no resource of the stack uses the address", "a NAT gateway, load balancer or interface that uses it")
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  address: {type: "aws:ec2/eip:Eip"}
  nat: {type: "aws:ec2/natGateway:NatGateway", properties: {allocationId: "${address.id}"}}
`,
			Bad:       []string{"nat!", "nat.allocationId!"},
			Unguarded: "what uses the address decides, not one value", Also: []string{"nat-can-reach-internet"},
			FixtureOnly: "only networks with NAT gateways have addresses",
		},
	}
}

var usedAddressesKey int

// usedAddresses are the addresses that another resource is computed from.
func usedAddresses(g *policy.Graph) map[*policy.Node]bool {
	used := map[*policy.Node]bool{}
	take := func(v policy.Value) {
		for _, n := range v.Ref(elasticIP).Nodes {
			used[n] = true
		}
	}
	for _, n := range g.ByType(natGateway, elasticIPUse) {
		take(n.Get("allocationId"))
	}
	for _, n := range g.ByType(balancers...) {
		for _, at := range n.Get("subnetMappings").List() {
			take(at.Get("allocationId"))
		}
	}
	return used
}
