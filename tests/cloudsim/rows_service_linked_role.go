package cloudsim

import (
	"strings"
	"time"
)

const (
	linkedRoleType = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
	linkedRoleDoc  = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html"
)

func init() { register(serviceLinkedRole) }

// linkedRoles are the service-linked roles that the model knows, by service: what AWS calls them, and whether an account
// may have several that differ in a suffix.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-service-linked-roles.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
var linkedRoles = map[string]struct {
	name   string
	suffix bool
}{
	"autoscaling.amazonaws.com":          {"AWSServiceRoleForAutoScaling", true},
	"elasticloadbalancing.amazonaws.com": {"AWSServiceRoleForElasticLoadBalancing", false},
	"vpcorigin.cloudfront.amazonaws.com": {"AWSServiceRoleForCloudFrontVPCOrigin", false},
	"spot.amazonaws.com":                 {"AWSServiceRoleForEC2Spot", false},
}

// linkedRoleName is the service's name for the role, and the suffix.
func linkedRoleName(c *Call) string {
	name := linkedRoles[c.Text("awsServiceName")].name
	if suffix := c.Text("customSuffix"); suffix != "" {
		return name + "_" + suffix
	}
	return name
}

var serviceLinkedRole = Row{
	Type: linkedRoleType, Noun: "service-linked role",
	Doc:    linkedRoleDoc,
	Global: true,
	ID: func(c *Call) any {
		return c.Format("arn:{partition}:iam::{account}:role/aws-service-role/{awsServiceName}/") + linkedRoleName(c)
	},
	ARN: Format("{id}"),
	Computed: map[string]Compute{
		"name":       func(c *Call) any { return linkedRoleName(c) },
		"path":       Format("/aws-service-role/{awsServiceName}/"),
		"uniqueId":   func(c *Call) any { return "AROA" + c.Capitals("unique", 17) },
		"createDate": Value("2026-01-01T00:00:00Z"),
	},
	Required: []string{"awsServiceName"},
	Replace:  []string{"awsServiceName", "customSuffix"},
	Taggable: true,
	// The name follows from these two, so the second role of one name is a second role of both.
	Unique: []Unique{{Paths: []string{"awsServiceName", "customSuffix"}, Scope: InAccount, Code: "InvalidInput"}},
	Limits: []Limit{
		{"awsServiceName", Length(1, 128), linkedRoleDoc},
		{"customSuffix", Length(1, 64), linkedRoleDoc},
		{"customSuffix", Matches(iamNames, "letters, digits and _+=,.@-"), linkedRoleDoc},
		{"description", Length(0, 1000), linkedRoleDoc},
	},
	Check:    checkLinkedRole,
	NotFound: "NoSuchEntity",
	InUse:    "DeleteConflict",
	Durations: Durations{Create: time.Second, Update: time.Second, Delete: 10 * time.Second,
		Source: estimate("creation answers at once; the provider waits until the deletion task has ended")},
}

// checkLinkedRole demands a service that links roles, a suffix only where the service takes one, and a name that is a
// role's: its 64 characters hold the service's part, too.
func checkLinkedRole(c *Call) error {
	if !c.Known("awsServiceName", "customSuffix") {
		return nil
	}
	linked, known := linkedRoles[c.Text("awsServiceName")]
	if !known {
		return c.RejectAt("awsServiceName", "InvalidInput", "the model knows no service-linked role of %q", c.Text("awsServiceName"))
	}
	if c.Has("customSuffix") && !linked.suffix {
		return c.RejectAt("customSuffix", "InvalidInput", "Custom suffix is not allowed for %s", c.Text("awsServiceName"))
	}
	if name := linkedRoleName(c); len(name) > 64 {
		return c.RejectAt("customSuffix", "InvalidInput", "the role's name %s has %d characters, at most 64 are allowed (%s)", name, len(name), iamQuotas)
	}
	return nil
}

// defaultLinkedRole says that an ARN is that of a service's own role, which AWS makes when it is first needed.
func defaultLinkedRole(arn string) bool {
	for _, linked := range linkedRoles {
		if strings.HasSuffix(arn, "/"+linked.name) {
			return true
		}
	}
	return false
}
