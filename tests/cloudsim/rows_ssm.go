package cloudsim

import (
	"errors"
	"regexp"
	"strings"
)

const (
	parameterDoc  = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"
	parameterType = "aws:ssm/parameter:Parameter"
)

func init() { register(parameter) }

var parameter = Row{
	Type: parameterType,
	Noun: "parameter",
	Doc:  parameterDoc,
	ID:   Format("{name}"),
	ARN: func(c *Call) any {
		return c.Format("arn:{partition}:ssm:{region}:{account}:parameter/") + strings.TrimPrefix(c.Format("{name}"), "/")
	},
	AutoName: &AutoName{Max: 2048},
	Computed: map[string]Compute{
		"version":  parameterVersion,
		"dataType": Value("text"),
		"tier":     Value("Standard"),
		"keyId": func(c *Call) any {
			if c.Text("type") == "SecureString" {
				return "alias/aws/ssm"
			}
			return nil
		},
	},
	Refresh:  []string{"version"},
	Required: []string{"type"},
	Replace:  []string{"name", "dataType"},
	Taggable: true,
	Refs:     weak(keyRefs("keyId", "InvalidKeyId")),
	Unique:   []Unique{{Paths: []string{"name"}, Code: "ParameterAlreadyExists"}},
	Limits: []Limit{
		{"name", Matches(`^/?[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+){0,14}$`, "letters, digits and . - _ in at most 15 levels"), parameterDoc},
		{"name", Satisfies(reservedParameter), parameterDoc},
		{"type", OneOf("String", "StringList", "SecureString"), parameterDoc},
		{"tier", OneOf("Standard", "Advanced", "Intelligent-Tiering"), parameterDoc},
		{"dataType", OneOf("text", "aws:ec2:image", "aws:ssm:integration"), parameterDoc},
		{"description", Length(0, 1024), parameterDoc},
	},
	Check:     checkParameter,
	NotFound:  "ParameterNotFound",
	Durations: immediate,
}

func reservedParameter(value string) string {
	first := strings.ToLower(strings.TrimPrefix(value, "/"))
	if strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm") {
		return `Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive)`
	}
	return ""
}

// parameterVersion counts the values.
func parameterVersion(c *Call) any {
	if c.Old == nil {
		return 1
	}
	return c.Old.Out().Int("version") + 1
}

// checkParameter: 4 KB of text, 8 KB in the advanced tier. A StringList is comma separated.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
func checkParameter(c *Call) error {
	var problems []error
	if c.Has("value") == c.Has("insecureValue") {
		problems = append(problems, c.Reject("ExactlyOneOf", "exactly one of value and insecureValue must be given"))
	}
	if c.Has("insecureValue") && c.Text("type") == "SecureString" {
		problems = append(problems, c.RejectAt("insecureValue", "ValidationException", "insecureValue may not be given for a SecureString"))
	}
	value, limit := c.Text("value")+c.Text("insecureValue"), 4096
	if tier := c.Text("tier"); tier == "Advanced" || tier == "Intelligent-Tiering" {
		limit = 8192
	}
	if len(value) > limit {
		problems = append(problems, c.RejectAt("value", "ValidationException", "Standard tier parameters support a maximum parameter value of %d characters, has %d", limit, len(value)))
	}
	if c.Known("value", "insecureValue") && value == "" {
		problems = append(problems, c.RejectAt("value", "ValidationException", "Member must have length greater than or equal to 1"))
	}
	return errors.Join(append(problems, allowedPattern(c, value))...)
}

func allowedPattern(c *Call, value string) error {
	pattern := c.Text("allowedPattern")
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c.RejectAt("allowedPattern", "InvalidAllowedPatternException", "The pattern %s is not a regular expression", pattern)
	}
	if pattern != "" && value != "" && !re.MatchString(value) {
		return c.RejectAt("value", "ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", pattern)
	}
	return nil
}
