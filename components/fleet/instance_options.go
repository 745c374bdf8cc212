package fleet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// replaceProtected lets a refresh replace servers that are protected from scale-in. Where the group protects each of
// them, a refresh that waits for the protection to be taken off would wait for ever, and the way back as well.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
const replaceProtected = "Refresh"

// terminationPolicies are the names that AWS knows.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeTerminationPolicyTypes.html
var terminationPolicies = []string{
	"OldestInstance", "OldestLaunchConfiguration", "NewestInstance", "ClosestToNextInstanceHour", "Default", "OldestLaunchTemplate", "AllocationStrategy",
}

// lambdaPattern is the ARN of a function, alone or of one version or alias.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
var lambdaPattern = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]+)?$`)

// validateTermination: a function comes before the names, which decide among what it leaves, and Default comes last,
// because it leaves nothing to decide.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/custom-termination-policy.html
func (p *plan) validateTermination(problems *fielderror.Errors) {
	policies := p.args.Instances.TerminationPolicies
	for i, policy := range policies {
		known := slices.Contains(terminationPolicies, policy) || i == 0 && lambdaPattern.MatchString(policy)
		problems.Require(known && slices.Index(policies, policy) == i, fmt.Sprintf("Instances.TerminationPolicies[%d]", i), policy,
			"each once, one of "+strings.Join(terminationPolicies, ", ")+", or first the ARN of a Lambda function", "use OldestInstance")
		last := policy != "Default" || i == len(policies)-1
		problems.Require(last, fmt.Sprintf("Instances.TerminationPolicies[%d]", i), policy,
			"Default as the last one", "move it to the end, or remove what follows it")
	}
}

// How a group may use reservations.
const (
	reservedFirst = "capacity-reservations-first"
	reservedOnly  = "capacity-reservations-only"
)

var (
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
	reservationPattern = regexp.MustCompile(`^cr-([0-9a-f]{8}|[0-9a-f]{17})$`)
	// https://docs.aws.amazon.com/ARG/latest/APIReference/API_Group.html
	resourceGroupPattern = regexp.MustCompile(`^arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:[0-9]{12}:group/.+$`)
)

func (p *plan) validateReservation(problems *fielderror.Errors) {
	c := p.args.Instances.CapacityReservation
	if c == nil {
		return
	}
	const field = "Instances.CapacityReservation"
	problems.OneOf(field+".Preference", c.Preference, reservedFirst, reservedOnly, "none", "default")
	problems.Require(len(c.IDs) == 0 || len(c.ResourceGroupARNs) == 0, field+".ResourceGroupARNs", "beside IDs", "one of the two",
		"put the reservations into the resource group")
	targeted := c.Preference == reservedFirst || c.Preference == reservedOnly
	problems.Require(targeted || len(c.IDs)+len(c.ResourceGroupARNs) == 0, field+".Preference", c.Preference,
		reservedFirst+" or "+reservedOnly+" where reservations are named", "use "+reservedFirst)
	checkEach(problems, field+".IDs", c.IDs, reservationPattern, "the id of a capacity reservation, cr- and 8 or 17 hexadecimal digits")
	checkEach(problems, field+".ResourceGroupARNs", c.ResourceGroupARNs, resourceGroupPattern, "the ARN of a resource group")
}

// checkEach holds the values that are known now to a pattern; the others are AWS's to refuse.
func checkEach(problems *fielderror.Errors, field string, values []pulumi.StringInput, pattern *regexp.Regexp, want string) {
	for i, value := range values {
		text, known := value.(pulumi.String)
		problems.Require(value != nil && (!known || pattern.MatchString(string(text))), fmt.Sprintf("%s[%d]", field, i), string(text), want, "correct it or remove it")
	}
}

// validatePlacementGroup: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
func (p *plan) validatePlacementGroup(problems *fielderror.Errors) {
	group := p.args.Instances.Placement
	if group == nil {
		return
	}
	name, known := group.GroupName.(pulumi.String)
	problems.Require(group.GroupName != nil && (!known || len(name) >= 1 && len(name) <= 255), "Instances.Placement.GroupName", string(name),
		"the name of a placement group, 1 to 255 characters", "give the name, or leave Placement out")
}

// instanceOptions adds to the group what few fleets ask for.
func (b *builder) instanceOptions(args *autoscaling.GroupArgs) {
	i := b.plan.args.Instances
	if i.ScaleInProtection {
		args.ProtectFromScaleIn = pulumi.Bool(true)
	}
	if i.CapacityReservation != nil {
		args.CapacityReservationSpecification = i.CapacityReservation.specification()
	}
	if i.Placement != nil {
		args.PlacementGroup = i.Placement.GroupName.ToStringOutput()
	}
}

// specification names a target only where reservations are named; otherwise those that are open serve.
func (c *CapacityReservation) specification() *autoscaling.GroupCapacityReservationSpecificationArgs {
	specification := &autoscaling.GroupCapacityReservationSpecificationArgs{CapacityReservationPreference: pulumi.String(c.Preference)}
	if len(c.IDs) > 0 {
		specification.CapacityReservationTarget = &autoscaling.GroupCapacityReservationSpecificationCapacityReservationTargetArgs{
			CapacityReservationIds: pulumi.StringArray(c.IDs),
		}
	}
	if len(c.ResourceGroupARNs) > 0 {
		specification.CapacityReservationTarget = &autoscaling.GroupCapacityReservationSpecificationCapacityReservationTargetArgs{
			CapacityReservationResourceGroupArns: pulumi.StringArray(c.ResourceGroupARNs),
		}
	}
	return specification
}
