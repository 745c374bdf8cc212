package rules

import "github.com/seed-11444627/holdfast/policy"

// volumeRules are about disks and their snapshots.
func volumeRules() []*policy.Rule {
	return []*policy.Rule{volumesEncrypted(), encryptionByDefault(), volumeKeyOwn(), snapshotsNotPublic()}
}

// disks are the disks that a resource makes, each with what it says of encryption; whole is a list that is not known yet.
func disks(c *policy.Case) (found []policy.Value, whole policy.Value) {
	switch c.Type {
	case volume:
		return []policy.Value{c.Props()}, whole
	case launchTemplate:
		whole = c.Get("blockDeviceMappings")
		for _, at := range whole.List() {
			if at.Get("noDevice").Empty() && at.Get("virtualName").Empty() {
				found = append(found, at.Get("ebs"))
			}
		}
		return found, whole
	}
	whole = c.Get("ebsBlockDevices")
	return append(whole.List(), c.Get("rootBlockDevice")), whole
}

// encryptsByDefault says that the stack turns encryption of new volumes on for the region of the resource.
func encryptsByDefault(n *policy.Node) bool {
	for _, at := range n.Graph().ByType(volumeEncryption) {
		if at.Get("enabled").True() && at.Region() == n.Region() && at.Account() == n.Account() {
			return true
		}
	}
	return false
}

func volumesEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "ec2-root-and-data-volumes-encrypted", Title: "Disks of servers are encrypted", Severity: policy.High,
		Types:   append([]string{volume}, servers...),
		Anchors: "nag:EC26 fsbp:EC2.3,EC2.181 ckv:3,8 ckv2:2 trivy:0008,0026,0131 awsguard:encrypted-volumes nist:SC-28",
		Why:     "a snapshot of an unencrypted disk can be copied and read, and a disk cannot be encrypted later without a copy",
		Fix:     "set encrypted to true for every disk, the root disk included",
		Sources: []string{"https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"},
		Check: func(c *policy.Case) {
			if fromTemplate(c, "rootBlockDevice") {
				return
			}
			if encryptsByDefault(c.Node) {
				return
			}
			found, whole := disks(c)
			if whole.Unknown() {
				c.Unclear(whole)
				return
			}
			if len(found) == 0 {
				c.Broken("blockDeviceMappings", "no disk, so that the machine image decides", "the root disk with ebs.encrypted true")
			}
			for _, disk := range found {
				c.Require(disk.Get("encrypted"), "true", policy.Value.True)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  launch: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {blockDeviceMappings: [{deviceName: /dev/xvda, ebs: {encrypted: "true"}}]}}
  host: {type: "aws:ec2/instance:Instance", properties: {rootBlockDevice: {encrypted: true}, ebsBlockDevices: [{deviceName: /dev/xvdb, encrypted: true}]}}
  data: {type: "aws:ebs/volume:Volume", properties: {encrypted: true}}
`,
			Bad: []string{
				`launch.blockDeviceMappings[0].ebs.encrypted="false"`, "launch.blockDeviceMappings[0].ebs.encrypted!", "launch.blockDeviceMappings!",
				"host.rootBlockDevice!", "host.ebsBlockDevices[0].encrypted=false", "data.encrypted!",
			},
			Guard: "launch.blockDeviceMappings[0].ebs.encrypted", Absent: policy.Violation,
		},
	}
}

func encryptionByDefault() *policy.Rule {
	return &policy.Rule{
		ID: "ebs-default-encryption-on", Title: "New disks of the account are encrypted by default", Severity: policy.Medium,
		Types:   []string{volumeEncryption},
		Anchors: "fsbp:EC2.7 ckv:106 config:EC2_EBS_ENCRYPTION_BY_DEFAULT nist:SC-28",
		Why:     "a disk that somebody makes by hand is unencrypted",
		Fix:     "set enabled to true",
		Sources: []string{"https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html"},
		Check:   isTrue("enabled"),
		Proof: policy.Proof{
			Good:  `resources: {default: {type: "aws:ebs/encryptionByDefault:EncryptionByDefault", properties: {enabled: true}}}`,
			Bad:   []string{"default.enabled=false"},
			Guard: "default.enabled", Absent: policy.Pass,
		},
	}
}

func volumeKeyOwn() *policy.Rule {
	return &policy.Rule{
		ID: "ebs-cmk", Title: "Disks are encrypted with a key of one's own", Severity: policy.Low, Advisory: true,
		Types:   append([]string{volume}, servers...),
		Anchors: "ckv:189 trivy:0027",
		Why:     "the key that AWS manages cannot be restricted, watched or taken away, and its snapshots cannot be shared",
		Fix:     "set kmsKeyId to a key of your own beside encrypted",
		Sources: []string{"https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"},
		Check: func(c *policy.Case) {
			if len(c.Graph().ByType(volumeKey)) > 0 {
				c.Skip("the stack sets the account's default key")
				return
			}
			found, whole := disks(c)
			if whole.Unknown() {
				c.Unclear(whole)
			}
			for _, disk := range found {
				if disk.Get("encrypted").True() {
					c.Require(disk.Get("kmsKeyId"), "a key", func(v policy.Value) bool { return !v.Empty() && !v.Is("alias/aws/ebs") })
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key: {type: "aws:kms/key:Key"}
  launch:
    type: aws:ec2/launchTemplate:LaunchTemplate
    properties: {blockDeviceMappings: [{deviceName: /dev/xvda, ebs: {encrypted: "true", kmsKeyId: "${key.arn}"}}]}
`,
			Bad:   []string{"launch.blockDeviceMappings[0].ebs.kmsKeyId!", "launch.blockDeviceMappings[0].ebs.kmsKeyId=alias/aws/ebs"},
			Guard: "launch.blockDeviceMappings[0].ebs.kmsKeyId", Absent: policy.Violation,
			Exempt: `+default={type: "aws:ebs/defaultKmsKey:DefaultKmsKey", properties: {keyArn: "${key.arn}"}}`,
		},
	}
}

func snapshotsNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "ebs-snapshot-not-public", Title: "Snapshots of disks cannot be made public", Severity: policy.Critical,
		Types:   []string{snapshotBlock},
		Anchors: "fsbp:EC2.1 config:EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK nist:AC-3",
		Why:     "everybody can make a disk from a public snapshot and read it",
		Fix:     "set state to block-all-sharing",
		Sources: []string{"https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html"},
		Check:   isOneOf("state", "block-all-sharing", "block-new-sharing"),
		Proof: policy.Proof{
			Good:  `resources: {block: {type: "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", properties: {state: block-all-sharing}}}`,
			Bad:   []string{"block.state=unblocked"},
			Guard: "block.state", Absent: policy.Violation,
		},
	}
}
