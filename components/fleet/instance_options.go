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

// validateTermination: a function comes before the names, which decide among what it leaves.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
func (p *plan) validateTermination(problems *fielderror.Errors) {
	policies := p.args.Instances.TerminationPolicies
	for i, policy := range policies {
		known := slices.Contains(terminationPolicies, policy) || i == 0 && lambdaPattern.MatchString(policy)
		problems.Require(known && slices.Index(policies, policy) == i, fmt.Sprintf("Instances.TerminationPolicies[%d]", i), policy,
			"each once, one of "+strings.Join(terminationPolicies, ", ")+", or first the ARN of a Lambda function", "use OldestInstance")
	}
}

// instanceOptions adds to the group what few fleets ask for.
func (b *builder) instanceOptions(args *autoscaling.GroupArgs) {
	i := b.plan.args.Instances
	if i.ScaleInProtection {
		args.ProtectFromScaleIn = pulumi.Bool(true)
	}
}
