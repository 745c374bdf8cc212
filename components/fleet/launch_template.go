package fleet

import (
	"cmp"
	"encoding/base64"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// artifactTag carries the digest on every instance. The instance's own script does not let it into service unless the
// executable has that digest, so on an instance in service the tag is what runs.
const artifactTag = "holdfast:artifact-sha256"

func (b *builder) createLaunchTemplate() error {
	name := b.kids.Limited(names.LaunchTemplate, "launch")
	made, err := component.New(b.ctx, b.kids, "launch template", name, &ec2.LaunchTemplateArgs{
		Description:                       pulumi.String("Servers of " + b.kids.Child()),
		ImageId:                           pulumi.String(b.plan.image()),
		InstanceType:                      pulumi.String(b.plan.args.Instances.Type),
		EbsOptimized:                      pulumi.String("true"),
		UserData:                          b.userData(),
		UpdateDefaultVersion:              pulumi.Bool(false), // the default version is the last good one: rollback.go
		InstanceInitiatedShutdownBehavior: pulumi.String("terminate"),
		IamInstanceProfile:                &ec2.LaunchTemplateIamInstanceProfileArgs{Arn: b.profile.Arn},
		Monitoring:                        &ec2.LaunchTemplateMonitoringArgs{Enabled: pulumi.Bool(true)},
		// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
		MetadataOptions: &ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"),
			HttpPutResponseHopLimit: pulumi.Int(1), InstanceMetadataTags: pulumi.String("enabled"),
		},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{b.rootVolume()},
		NetworkInterfaces: ec2.LaunchTemplateNetworkInterfaceArray{&ec2.LaunchTemplateNetworkInterfaceArgs{
			AssociatePublicIpAddress: pulumi.String("false"), DeleteOnTermination: pulumi.String("true"),
			SecurityGroups: pulumi.StringArray{b.serverSG},
		}},
		TagSpecifications: b.tagSpecifications(),
		Tags:              b.kids.Tags(name),
	}, b.transform.LaunchTemplate, ec2.NewLaunchTemplate)
	if err != nil {
		return err
	}
	b.fleet.LaunchTemplate = made
	return nil
}

// image is the pinned image, or the parameter in the form that EC2 resolves at launch.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
func (p *plan) image() string {
	image := p.args.Instances.Image
	if image.ID != "" {
		return image.ID
	}
	return "resolve:ssm:" + p.parameter()
}

// parameter names the image where it is not pinned.
func (p *plan) parameter() string { return cmp.Or(p.args.Instances.Image.Parameter, defaultImage) }

// rootVolume is Amazon Linux 2023's root device, encrypted.
func (b *builder) rootVolume() ec2.LaunchTemplateBlockDeviceMappingInput {
	return &ec2.LaunchTemplateBlockDeviceMappingArgs{
		DeviceName: pulumi.String("/dev/xvda"),
		Ebs: &ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
			VolumeType: pulumi.String("gp3"), VolumeSize: pulumi.Int(b.plan.args.Instances.RootGiB),
			Encrypted: pulumi.String("true"), KmsKeyId: b.volumeKey.ToStringOutput(), DeleteOnTermination: pulumi.String("true"),
		},
	}
}

// tagSpecifications tag what a launch makes. The provider's default tags do not reach it, so everything is named here.
func (b *builder) tagSpecifications() ec2.LaunchTemplateTagSpecificationArray {
	var specifications ec2.LaunchTemplateTagSpecificationArray
	for _, kind := range []string{"instance", "volume", "network-interface"} {
		tags := b.kids.Tags(b.kids.Child(kind))
		tags[artifactTag] = pulumi.String(b.plan.args.Artifact.SHA256)
		specifications = append(specifications, &ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String(kind), Tags: tags})
	}
	return specifications
}

// userData is the script, base64-encoded, as a launch template takes it.
func (b *builder) userData() pulumi.StringOutput {
	a := b.plan.args.Artifact
	data := b.plan.userData()
	return pulumi.All(a.Bucket, a.Key, a.VersionID, b.logGroup.Name).ApplyT(func(known []any) (string, error) {
		data.Bucket, data.Key = known[0].(string), known[1].(string)
		data.VersionID, data.LogGroup = known[2].(string), known[3].(string)
		script, err := data.script()
		return base64.StdEncoding.EncodeToString([]byte(script)), err
	}).(pulumi.StringOutput)
}

// userData is what is known of it from the arguments.
func (p *plan) userData() userData {
	data := userData{
		Region: p.args.Region, SHA256: p.args.Artifact.SHA256, Port: p.args.Server.Port, HealthPath: p.args.Server.HealthPath,
		BootTimeout: bootTimeout, DrainSeconds: p.drainSeconds(), LaunchHook: p.hookName(launchHook), TerminateHook: p.hookName(terminateHook),
	}
	if l := p.args.Server.Limiter; l != nil {
		data.Limiter = &limiterData{
			Port: l.Port, Concurrency: p.args.Load.ConcurrencyPerServer, QueueSeconds: int(l.Queue.Seconds()),
		}
	}
	return data
}

// version is the template's newest version as a number: a group pinned to $Latest would not start a refresh.
func (b *builder) version() pulumi.StringOutput {
	return b.fleet.LaunchTemplate.LatestVersion.ApplyT(strconv.Itoa).(pulumi.StringOutput)
}
