package cloudsim

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	groupDoc       = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html"
	hookDoc        = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html"
	scalingDoc     = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html"
	preferencesDoc = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html"
	groupType      = "aws:autoscaling/group:Group"
	attachmentType = "aws:autoscaling/attachment:Attachment"
	trafficType    = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"
)

func init() {
	register(autoScalingGroup, lifecycleHook, scheduledAction, groupNotification, groupAttachment, trafficSource)
}

var autoScalingGroup = Row{
	Type:     groupType,
	Noun:     "Auto Scaling group",
	Doc:      groupDoc,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}"),
	AutoName: &AutoName{Max: 255},
	Defaults: map[string]any{
		"healthCheckGracePeriod": 300, "metricsGranularity": "1Minute", "protectFromScaleIn": false, "waitForCapacityTimeout": "10m",
		"forceDelete": false, "forceDeleteWarmPool": false, "ignoreFailedScalingActivities": false,
	},
	Computed: map[string]Compute{
		"desiredCapacity":      func(c *Call) any { return c.Int("minSize") },
		"defaultCooldown":      Value(300),
		"healthCheckType":      Value("EC2"),
		"serviceLinkedRoleArn": Format(scalingRole),
		"availabilityZones":    func(c *Call) any { return zonesOf(c.Refs("vpcZoneIdentifiers")) },
		"predictedCapacity":    Value(0),
		"warmPoolSize":         Value(0),
	},
	Refresh:  []string{"availabilityZones"},
	Required: []string{"minSize", "maxSize"},
	Replace:  []string{"name", "namePrefix"},
	Refs: []Ref{
		{Path: "vpcZoneIdentifiers", To: []string{subnetType}, Code: "ValidationError"},
		{Path: "launchTemplate.id", To: []string{templateType}, Weak: true},
		{Path: "launchTemplate.name", To: []string{templateType}, By: []string{"name"}, Weak: true},
		{Path: mixedTemplate + ".launchTemplateId", To: []string{templateType}, Weak: true},
		{Path: mixedTemplate + ".launchTemplateName", To: []string{templateType}, By: []string{"name"}, Weak: true},
		{Path: "mixedInstancesPolicy.launchTemplate.overrides.launchTemplateSpecification.launchTemplateId", To: []string{templateType}, Weak: true},
		{Path: "targetGroupArns", To: []string{targetsType}, By: []string{"arn"}, Weak: true, Code: "ValidationError"},
		{Path: "serviceLinkedRoleArn", To: []string{linkedRoleType}, By: []string{"arn"}, Except: defaultLinkedRole, Code: "ValidationError"},
	},
	Unique: []Unique{{Paths: []string{"name"}, Code: "AlreadyExists"}},
	Limits: groupLimits,
	Check:  checkGroup,
	Refuse: groupDrains,
	Idle:   idleWhen(balancedHealth, refreshAlarms, volumesUnlock, profileHasRole),
	InUse:  "ResourceInUse",
	Durations: Durations{Create: 3 * time.Minute, Update: 5 * time.Second, Delete: 4 * time.Minute,
		Source: estimate("creation waits until the instances are in service, deletion until they are drained; the provider gives up " +
			"after waitForCapacityTimeout, 10 minutes unless set")},
}

const (
	scalingRole   = "arn:{partition}:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	mixedTemplate = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification"
)

var groupLimits = []Limit{
	{"name", Length(1, 255), groupDoc},
	{"minSize", Between(0, math.MaxInt32), groupDoc},
	{"maxSize", Between(0, math.MaxInt32), groupDoc},
	{"healthCheckGracePeriod", Between(0, math.MaxInt32), groupDoc},
	{"healthCheckType", Matches(`^(EC2|ELB|EBS|VPC_LATTICE)(,(EC2|ELB|EBS|VPC_LATTICE))*$`, "EC2, ELB, EBS or VPC_LATTICE"), groupDoc},
	{"maxInstanceLifetime", Satisfies(lifetime), groupDoc},
	{"defaultInstanceWarmup", Between(-1, math.MaxInt32), groupDoc},
	{"metricsGranularity", OneOf("1Minute"), groupDoc},
	{"enabledMetrics", OneOf("GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
		"GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity",
		"GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity",
		"WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity",
		"GroupAndWarmPoolTotalCapacity"), "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html"},
	{"terminationPolicies", Matches(`^(OldestInstance|NewestInstance|OldestLaunchConfiguration|ClosestToNextInstanceHour|OldestLaunchTemplate|AllocationStrategy|Default|arn:\S+)$`,
		"a termination policy"), groupDoc},
	{"suspendedProcesses", OneOf("Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification", "ScheduledActions",
		"AddToLoadBalancer", "InstanceRefresh"), "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html"},
	{"instanceRefresh.strategy", OneOf("Rolling"), preferencesDoc},
	{"instanceRefresh.triggers", Satisfies(refreshTrigger), "https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/"},
	{"tags.key", Satisfies(func(key string) string { return tagWrong(key, "") }), tagDoc},
	{"tags.value", Length(0, 256), tagDoc},
	{"instanceRefresh.preferences.minHealthyPercentage", Between(0, 100), preferencesDoc},
	{"instanceRefresh.preferences.maxHealthyPercentage", Between(100, 200), preferencesDoc},
	{"instanceRefresh.preferences.checkpointDelay", Between(0, 172800), preferencesDoc},
	{"instanceRefresh.preferences.checkpointPercentages", Between(1, 100), preferencesDoc},
	{"instanceRefresh.preferences.scaleInProtectedInstances", OneOf("Refresh", "Ignore", "Wait"), preferencesDoc},
	{"instanceRefresh.preferences.standbyInstances", OneOf("Terminate", "Ignore", "Wait"), preferencesDoc},
	{"instanceRefresh.preferences.alarmSpecification.alarms", Items(0, 10), preferencesDoc},
	{"instanceMaintenancePolicy.minHealthyPercentage", Between(-1, 100), groupDoc},
	{"instanceMaintenancePolicy.maxHealthyPercentage", Between(-1, 200), groupDoc},
	{"availabilityZoneDistribution.capacityDistributionStrategy", OneOf("balanced-only", "balanced-best-effort"), groupDoc},
	{"initialLifecycleHooks.heartbeatTimeout", Between(30, 7200), hookDoc},
	{"initialLifecycleHooks.defaultResult", OneOf("CONTINUE", "ABANDON"), hookDoc},
	{"initialLifecycleHooks.lifecycleTransition", OneOf("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"), hookDoc},
}

// refreshTrigger: the provider takes names of the group's arguments, spelled as Terraform spells them.
func refreshTrigger(value string) string {
	if value == "tag" || value == "launch_template" || value == "mixed_instances_policy" || value == "launch_configuration" {
		return ""
	}
	words := strings.Split(value, "_")
	for i := range words[1:] {
		words[i+1] = strings.ToUpper(words[i+1][:min(1, len(words[i+1]))]) + words[i+1][min(1, len(words[i+1])):]
	}
	spelled := strings.Join(words, "")
	for _, name := range []string{spelled, spelled + "s"} {
		if _, known := knownInputs()[groupType][name]; known && name != "tags" {
			return ""
		}
	}
	return fmt.Sprintf("'%s' is not a recognized parameter name for aws_autoscaling_group", value)
}

// checkpoints rise. https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html
func checkpoints(c *Call) error {
	const path = "instanceRefresh.preferences.checkpointPercentages"
	last := 0.0
	for _, found := range c.Walk(path) {
		n, _ := number(found.Value)
		if unknown(found.Value) {
			return nil
		}
		if n <= last {
			return c.RejectAt(found.Path, "ValidationError", "CheckpointPercentages must be unique and rise, %v follows %v", n, last)
		}
		last = n
	}
	return nil
}

// lifetime is 0 or a day to a year.
func lifetime(value string) string {
	d, err := time.ParseDuration(value + "s")
	if err == nil && (d == 0 || d >= 24*time.Hour && d <= 365*24*time.Hour) {
		return ""
	}
	return "must be 0 or from 86400 to 31536000 seconds, is " + value
}

func zonesOf(subnets []*Resource) []string {
	var zones []string
	for _, subnet := range subnets {
		if zone := subnet.Out().Text("availabilityZone"); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	slices.Sort(zones)
	return zones
}

func checkGroup(c *Call) error {
	return errors.Join(groupSize(c), groupSource(c), groupNetwork(c), groupPlaces(c), checkpoints(c), refreshPreferences(c), maintenance(c))
}

// groupSize: AWS compares the desired capacity with both bounds.
func groupSize(c *Call) error {
	low, high := c.Int("minSize"), c.Int("maxSize")
	if !c.Known("minSize", "maxSize", "desiredCapacity") {
		return nil
	}
	if low > high {
		return c.RejectAt("minSize", "ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", high, low)
	}
	if desired := c.Int("desiredCapacity"); c.Has("desiredCapacity") && (desired < low || desired > high) {
		return c.RejectAt("desiredCapacity", "ValidationError",
			"Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, low, high)
	}
	return nil
}

// groupSource demands one source of instances, with a version that exists, and one way to say where they go.
func groupSource(c *Call) error {
	given := 0
	for _, path := range []string{"launchTemplate", "mixedInstancesPolicy", "launchConfiguration"} {
		if c.Has(path) {
			given++
		}
	}
	if given != 1 {
		return c.Reject("ValidationError", "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	if !c.Has("vpcZoneIdentifiers") && !c.Has("availabilityZones") {
		return c.Reject("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
	}
	if err := templateWhole(c); err != nil {
		return err
	}
	path := versionPath(c)
	if !c.Known(path) {
		return nil
	}
	return errors.Join(rollsBack(c, path), templateVersion(c, path, groupTemplate(c), c.Text(path)))
}

// profileHasRole: instances with a profile that has no role get no credentials.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
func profileHasRole(c *Call) error {
	template := groupTemplate(c)
	if template == nil {
		return nil
	}
	for _, path := range []string{"iamInstanceProfile.arn", "iamInstanceProfile.name"} {
		if profile := c.Find(profileType, template.Out().Text(path)); profile != nil && !profile.Given && !profile.In().Has("role") {
			return c.silent("launchTemplate", "the instance profile %s has no role, so the instances get no credentials", profile.ID)
		}
	}
	return nil
}

// templateWhole: a group takes one template, by id or by name, and the template must say what to start.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-launch-template.html
func templateWhole(c *Call) error {
	if c.Has("launchTemplate.id") == c.Has("launchTemplate.name") && c.Has("launchTemplate") && c.Known("launchTemplate.id", "launchTemplate.name") {
		return c.RejectAt("launchTemplate", "ValidationError", "Valid requests must contain either launchTemplateId or LaunchTemplateName")
	}
	template := groupTemplate(c)
	if template == nil || template.Given || !template.In().Known("imageId", "instanceType", "instanceRequirements") {
		return nil
	}
	if !template.In().Has("imageId") {
		return c.RejectAt("launchTemplate", "ValidationError", "You must use a valid fully-formed launch template. The request must contain the parameter ImageId")
	}
	if c.Has("launchTemplate") && !template.In().Has("instanceType") && !template.In().Has("instanceRequirements") {
		return c.RejectAt("launchTemplate", "ValidationError", "You must use a valid fully-formed launch template. The request must contain the parameter InstanceType")
	}
	return nil
}

// rollsBack: AWS's own rollback needs a numbered version and an image by its id.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
func rollsBack(c *Call, path string) error {
	const rollback = "instanceRefresh.preferences.autoRollback"
	if !c.Bool(rollback) {
		return nil
	}
	if !numeric.MatchString(c.Text(path)) {
		return c.RejectAt(rollback, "ValidationError",
			"an instance refresh can roll back only when the group names a numbered version of its launch template, not %q", c.Text(path))
	}
	if template := groupTemplate(c); template != nil && strings.HasPrefix(template.Out().Text("imageId"), "resolve:ssm:") {
		return c.RejectAt(rollback, "ValidationError",
			"an instance refresh cannot roll back to a launch template whose image is a parameter of Systems Manager (%s)", template.Out().Text("imageId"))
	}
	return nil
}

func versionPath(c *Call) string {
	if c.Has("launchTemplate") {
		return "launchTemplate.version"
	}
	return mixedTemplate + ".version"
}

func groupTemplate(c *Call) *Resource {
	for _, path := range []string{"launchTemplate.id", "launchTemplate.name", mixedTemplate + ".launchTemplateId", mixedTemplate + ".launchTemplateName"} {
		if template := c.Ref(path); template != nil {
			return template
		}
	}
	return nil
}

// groupNetwork demands that subnets, security groups and target groups belong to one VPC.
func groupNetwork(c *Call) error {
	vpc := ""
	for _, subnet := range c.Refs("vpcZoneIdentifiers") {
		own := subnet.Out().Text("vpcId")
		if vpc != "" && own != "" && own != vpc {
			return c.RejectAt("vpcZoneIdentifiers", "ValidationError", "The subnets belong to different VPCs: %s and %s", vpc, own)
		}
		if own != "" {
			vpc = own
		}
	}
	if vpc == "" {
		return nil
	}
	for _, targets := range c.Refs("targetGroupArns") {
		if own := targets.Out().Text("vpcId"); own != "" && own != vpc {
			return c.RejectAt("targetGroupArns", "ValidationError", "The target group %s is in %s, the group's subnets are in %s", targets.ARN, own, vpc)
		}
	}
	for _, group := range templateGroups(c, groupTemplate(c)) {
		if own := group.Out().Text("vpcId"); own != "" && own != vpc {
			return c.RejectAt("launchTemplate", "InvalidParameter",
				"Security group %s of the launch template is in %s, and the group's subnets are in %s", group.ID, own, vpc)
		}
	}
	return nil
}

func templateGroups(c *Call, template *Resource) []*Resource {
	if template == nil {
		return nil
	}
	var out []*Resource
	for _, path := range []string{"vpcSecurityGroupIds", "networkInterfaces.securityGroups"} {
		for _, id := range template.Out().Texts(path) {
			if group := c.Find(sgType, id); group != nil {
				out = append(out, group)
			}
		}
	}
	return out
}

// groupPlaces demands addresses for the group's maximum. AWS accepts a group that does not fit, and its launches fail with
// InsufficientFreeAddressesInSubnet when it grows.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-capacity.html
func groupPlaces(c *Call) error {
	subnets := c.Refs("vpcZoneIdentifiers")
	if len(subnets) == 0 || !c.Known("vpcZoneIdentifiers", "maxSize") {
		return nil
	}
	free := 0
	for _, subnet := range subnets {
		n, known := c.freeAddresses(subnet)
		if !known {
			return nil
		}
		free += n
	}
	if need := c.Int("maxSize"); need > free {
		return c.RejectAt("maxSize", "InsufficientFreeAddressesInSubnet",
			"the group may grow to %d instances and its subnets have %d free addresses; AWS accepts this and fails to launch", need, free)
	}
	return nil
}

// freeAddresses is what a subnet has left: AWS keeps five addresses of each, and what the model knows to live there counts.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func (c *Call) freeAddresses(subnet *Resource) (free int, known bool) {
	prefix, err := netip.ParsePrefix(subnet.Out().Text("cidrBlock"))
	if err != nil || !prefix.Addr().Is4() {
		return 0, false
	}
	free = 1<<(32-prefix.Bits()) - 5
	for _, use := range []struct {
		typ, path string
		each      int
	}{{"aws:ec2/natGateway:NatGateway", "subnetId", 1}, {"aws:ec2/vpcEndpoint:VpcEndpoint", "subnetIds", 1}, {balancerType, "subnets", 8}} {
		for _, r := range c.Others(use.typ) {
			if slices.Contains(r.Out().Texts(use.path), subnet.ID) {
				free -= use.each
			}
		}
	}
	for _, group := range c.Others(groupType) {
		if ids := group.Out().Texts("vpcZoneIdentifiers"); slices.Contains(ids, subnet.ID) {
			free -= (group.Out().Int("maxSize") + len(ids) - 1) / len(ids)
		}
	}
	return free, true
}

// refreshPreferences: the two percentages go together and lie at most 100 apart.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
func refreshPreferences(c *Call) error {
	const low, high = "instanceRefresh.preferences.minHealthyPercentage", "instanceRefresh.preferences.maxHealthyPercentage"
	if !c.Known(low, high) || !c.Has(high) {
		return nil
	}
	if !c.Has(low) {
		return c.RejectAt(high, "ValidationError", "MinHealthyPercentage must be specified together with MaxHealthyPercentage")
	}
	return percentages(c, high, c.Int(low), c.Int(high))
}

func percentages(c *Call, path string, low, high int) error {
	if high-low > 100 {
		return c.RejectAt(path, "ValidationError", "The difference between MaxHealthyPercentage (%d) and MinHealthyPercentage (%d) must not be greater than 100", high, low)
	}
	return nil
}

// maintenance: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceMaintenancePolicy.html
func maintenance(c *Call) error {
	const low, high = "instanceMaintenancePolicy.minHealthyPercentage", "instanceMaintenancePolicy.maxHealthyPercentage"
	if !c.Has("instanceMaintenancePolicy") || !c.Known(low, high) {
		return nil
	}
	if (c.Int(low) == -1) != (c.Int(high) == -1) {
		return c.RejectAt(high, "ValidationError", "both percentages of a maintenance policy must be given, or -1")
	}
	if c.Int(high) != -1 && c.Int(high) < 100 {
		return c.RejectAt(high, "ValidationError", "MaxHealthyPercentage must be from 100 to 200, is %d", c.Int(high))
	}
	return percentages(c, high, c.Int(low), c.Int(high))
}

// groupDrains: the provider scales the group to nothing before it deletes it, and instances protected from scale-in stay.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html
func groupDrains(c *Call) error {
	if c.Bool("protectFromScaleIn") && !c.Bool("forceDelete") && c.Old.Out().Int("desiredCapacity") > 0 {
		return c.Reject("ResourceInUse", "waiting for Auto Scaling Group (%s) drain: timeout while waiting for %d instances that are protected from scale-in",
			c.ID, c.Old.Out().Int("desiredCapacity"))
	}
	return nil
}

// balancedHealth: without a load balancer, health checks of type ELB check nothing.
func balancedHealth(c *Call) error {
	if !strings.Contains(c.Out.Text("healthCheckType"), "ELB") || len(c.targetsOf(c.Old)) > 0 || c.Has("loadBalancers") || c.Has("trafficSources") {
		return nil
	}
	return c.silent("healthCheckType", "health checks of type ELB need a load balancer, and no target group is attached to the group %s", c.ID)
}

// targetsOf are the ARNs of the target groups attached to a group, from either side.
func (c *Call) targetsOf(group *Resource) []string {
	arns := group.Out().Texts("targetGroupArns")
	for _, a := range c.All(attachmentType) {
		if a.Out().Text("autoscalingGroupName") == group.ID {
			arns = append(arns, a.Out().Text("lbTargetGroupArn"))
		}
	}
	for _, a := range c.All(trafficType) {
		if a.Out().Text("autoscalingGroupName") == group.ID {
			arns = append(arns, a.Out().Text("trafficSource.identifier"))
		}
	}
	return arns
}

// refreshAlarms demands that the alarms that watch an instance refresh exist: the next refresh fails without them.
func refreshAlarms(c *Call) error {
	var problems []error
	for _, name := range c.Texts("instanceRefresh.preferences.alarmSpecification.alarms") {
		if c.Find(alarmType, name) == nil && c.composite(name) == nil {
			problems = append(problems, c.silent("instanceRefresh.preferences.alarmSpecification.alarms",
				"an instance refresh fails at once: there is no alarm named %q", name))
		}
	}
	return errors.Join(problems...)
}

// volumesUnlock demands that the service-linked role may use the key of the volumes. The default key policy does not help:
// it delegates to IAM policies, and that role's cannot be changed.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
func volumesUnlock(c *Call) error {
	template := groupTemplate(c)
	if template == nil {
		return nil
	}
	q := access{service: c.Out.Text("serviceLinkedRoleArn"), account: c.Account}
	for _, name := range template.Out().Texts("blockDeviceMappings.ebs.kmsKeyId") {
		if isKeyOfAWS(name) {
			continue
		}
		if why := c.unusable(name, c.Region, "alias/aws/ebs", q, "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:CreateGrant"); why != "" {
			return c.silent("launchTemplate", "instances terminate at launch with Client.InternalError: %s", why)
		}
	}
	return nil
}

var lifecycleHook = Row{
	Type:     "aws:autoscaling/lifecycleHook:LifecycleHook",
	Noun:     "lifecycle hook",
	Doc:      hookDoc,
	ID:       Format("{name}"),
	AutoName: &AutoName{Max: 255},
	Computed: map[string]Compute{"defaultResult": Value("ABANDON")},
	Required: []string{"autoscalingGroupName", "lifecycleTransition"},
	Replace:  []string{"name", "autoscalingGroupName"},
	Refs: []Ref{
		{Path: "autoscalingGroupName", To: []string{groupType}, Weak: true, Code: "ValidationError"},
		{Path: "roleArn", To: []string{roleType}, By: []string{"arn"}, Code: "ValidationError"},
		{Path: "notificationTargetArn", To: []string{topicType, queueType}, By: []string{"arn"}, Weak: true, Code: "ValidationError"},
	},
	Unique: []Unique{{Paths: []string{"autoscalingGroupName", "name"}, Code: "AlreadyExists"}},
	Limits: []Limit{
		{"name", Matches(`^[A-Za-z0-9\-_/]{1,255}$`, "1 to 255 letters, digits and - _ /"), hookDoc},
		{"heartbeatTimeout", Between(30, 7200), hookDoc},
		{"defaultResult", OneOf("CONTINUE", "ABANDON"), hookDoc},
		{"lifecycleTransition", OneOf("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"), hookDoc},
		{"notificationMetadata", Length(1, 4000), hookDoc},
	},
	Check:     checkHook,
	Durations: immediate,
}

// checkHook: AWS sends a test message when a hook with a target is made, so the role must be able to send at once.
func checkHook(c *Call) error {
	if c.Has("notificationTargetArn") != c.Has("roleArn") {
		return c.Reject("ValidationError", "notificationTargetArn and roleArn go together")
	}
	action := "sns:Publish"
	if target := c.Ref("notificationTargetArn"); target != nil && target.Type == queueType {
		action = "sqs:SendMessage"
	}
	return errors.Join(TrustedBy(c, "roleArn", "autoscaling.amazonaws.com", "ValidationError"), RoleMay(c, "roleArn", "ValidationError", action))
}

var scheduledAction = Row{
	Type:     "aws:autoscaling/schedule:Schedule",
	Noun:     "scheduled action",
	Doc:      "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html",
	ID:       named("{scheduledActionName}", "scheduledActionName"),
	ARN:      Format("arn:{partition}:autoscaling:{region}:{account}:scheduledUpdateGroupAction:{uuid}:autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}"),
	Computed: map[string]Compute{"minSize": Value(0), "maxSize": Value(0), "desiredCapacity": Value(0)},
	Required: []string{"autoscalingGroupName", "scheduledActionName"},
	Replace:  []string{"autoscalingGroupName", "scheduledActionName"},
	Refs:     []Ref{{Path: "autoscalingGroupName", To: []string{groupType}, Weak: true, Code: "ValidationError"}},
	Unique:   []Unique{{Paths: []string{"autoscalingGroupName", "scheduledActionName"}, Code: "AlreadyExists"}},
	Limits: []Limit{
		{"scheduledActionName", Length(1, 255), "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html"},
		{"recurrence", Matches(`^\S+ \S+ \S+ \S+ \S+$`, "a cron expression of five fields"), "https://docs.aws.amazon.com/autoscaling/ec2/userguide/scheduled-scaling-cron-expressions.html"},
		{"timeZone", Matches(`^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+\-]+)+)$`, "a name of the IANA time zone database"),
			"https://docs.aws.amazon.com/autoscaling/ec2/userguide/scheduled-scaling-cron-expressions.html"},
	},
	Check:     checkScheduled,
	Durations: immediate,
}

func checkScheduled(c *Call) error {
	if !c.Has("minSize") && !c.Has("maxSize") && !c.Has("desiredCapacity") {
		return c.Reject("ValidationError", "At least one of MinSize, MaxSize and DesiredCapacity must be given")
	}
	if !c.Has("recurrence") && !c.Has("startTime") {
		return c.Reject("ValidationError", "StartTime or Recurrence must be given")
	}
	if !c.Known("minSize", "maxSize", "desiredCapacity") {
		return nil
	}
	// -1 leaves a size as it is.
	low, high, desired := c.Int("minSize"), c.Int("maxSize"), c.Int("desiredCapacity")
	bad := low > high && low != -1 && high != -1 && c.Has("maxSize")
	bad = bad || c.Has("desiredCapacity") && desired != -1 && (desired < low || high != -1 && c.Has("maxSize") && desired > high)
	if bad {
		return c.Reject("ValidationError", "the sizes of a scheduled action must be in order: min %d, desired %d, max %d", low, desired, high)
	}
	return nil
}

var groupNotification = Row{
	Type:     "aws:autoscaling/notification:Notification",
	Noun:     "notification configuration",
	Doc:      "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutNotificationConfiguration.html",
	ID:       sameAs("topicArn"),
	Required: []string{"groupNames", "notifications", "topicArn"},
	Replace:  []string{"topicArn"},
	Refs: []Ref{
		{Path: "groupNames", To: []string{groupType}, Weak: true, Code: "ValidationError"},
		{Path: "topicArn", To: []string{topicType}, By: []string{"arn"}, Weak: true, Code: "ValidationError"},
	},
	Limits: []Limit{{"notifications", OneOf("autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
		"autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "autoscaling:TEST_NOTIFICATION"),
		"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html"}},
	Durations: immediate,
}

var groupAttachment = Row{
	Type:     attachmentType,
	Noun:     "attachment",
	Doc:      "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AttachLoadBalancerTargetGroups.html",
	ID:       Format("{autoscalingGroupName}-{hex26}"),
	Required: []string{"autoscalingGroupName"},
	Replace:  []string{"autoscalingGroupName", "elb", "lbTargetGroupArn"},
	Refs: []Ref{
		{Path: "autoscalingGroupName", To: []string{groupType}, Weak: true, Code: "ValidationError"},
		{Path: "lbTargetGroupArn", To: []string{targetsType}, By: []string{"arn"}, Weak: true, Code: "ValidationError"},
	},
	Check: func(c *Call) error {
		if c.Has("elb") == c.Has("lbTargetGroupArn") {
			return c.Reject("ExactlyOneOf", "exactly one of elb and lbTargetGroupArn must be given")
		}
		return sameNetwork(c, c.Ref("lbTargetGroupArn"), "lbTargetGroupArn")
	},
	Durations: immediate,
}

// sameNetwork demands that a target group is in the VPC of the group's subnets.
func sameNetwork(c *Call, targets *Resource, path string) error {
	group := c.Ref("autoscalingGroupName")
	if group == nil || targets == nil {
		return nil
	}
	for _, id := range group.Out().Texts("vpcZoneIdentifiers") {
		subnet := c.Find(subnetType, id)
		if subnet == nil {
			continue
		}
		if vpc, own := subnet.Out().Text("vpcId"), targets.Out().Text("vpcId"); vpc != "" && own != "" && vpc != own {
			return c.RejectAt(path, "ValidationError", "The target group %s is in %s, the group's subnets are in %s", targets.ARN, own, vpc)
		}
	}
	return nil
}

var trafficSource = Row{
	Type:     trafficType,
	Noun:     "traffic source attachment",
	Doc:      "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AttachTrafficSources.html",
	ID:       named("{autoscalingGroupName},{trafficSource.type},{trafficSource.identifier}", "autoscalingGroupName", "trafficSource"),
	Required: []string{"autoscalingGroupName", "trafficSource"},
	Replace:  []string{"autoscalingGroupName", "trafficSource"},
	Refs: []Ref{
		{Path: "autoscalingGroupName", To: []string{groupType}, Weak: true, Code: "ValidationError"},
		{Path: "trafficSource.identifier", To: []string{targetsType}, By: []string{"arn"}, Weak: true, Code: "ValidationError",
			Except: func(value string) bool { return !strings.Contains(value, ":targetgroup/") }},
	},
	Limits: []Limit{{"trafficSource.type", OneOf("elb", "elbv2", "vpc-lattice"), "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TrafficSourceIdentifier.html"}},
	Check: func(c *Call) error {
		return sameNetwork(c, c.Ref("trafficSource.identifier"), "trafficSource.identifier")
	},
	Durations: immediate,
}

// labelForm is the resource label of ALBRequestCountPerTarget.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html
var labelForm = regexp.MustCompile(`^(app/[^/]+/[0-9a-f]+)/(targetgroup/[^/]+/[0-9a-f]+)$`)
