package cloudsim

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

const stackDoc = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"

func init() { register(formation) }

var formation = Row{
	Type:     "aws:cloudformation/stack:Stack",
	Noun:     "stack",
	Doc:      stackDoc,
	ID:       Format("arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{uuid}"),
	AutoName: &AutoName{Max: 128},
	Defaults: map[string]any{"disableRollback": false},
	Computed: map[string]Compute{"outputs": stackOutputs},
	Refresh:  []string{"outputs"},
	Replace:  []string{"name", "disableRollback", "onFailure", "timeoutInMinutes"},
	Taggable: true,
	Refs: []Ref{
		{Path: "iamRoleArn", To: []string{roleType}, By: []string{"arn"}, Code: "ValidationError"},
		{Path: "notificationArns", To: []string{topicType}, By: []string{"arn"}, Weak: true, Code: "ValidationError"},
	},
	Unique: []Unique{{Paths: []string{"name"}, Code: "AlreadyExistsException"}},
	Limits: []Limit{
		{"name", Matches(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`, "a letter and then letters, digits and hyphens, 128 at most"), stackDoc},
		{"capabilities", OneOf("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"), stackDoc},
		{"onFailure", OneOf("DO_NOTHING", "ROLLBACK", "DELETE"), stackDoc},
		{"notificationArns", Items(0, 5), stackDoc},
		{"templateBody", Length(1, 51200), "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"},
	},
	Check:    checkStack,
	NotFound: "ValidationError",
	Durations: Durations{Create: 60 * time.Second, Update: 60 * time.Second, Delete: 60 * time.Second,
		Source: estimate("depends on what the template holds")},
}

type stackTemplate struct {
	Resources map[string]struct {
		Type       string         `yaml:"Type" json:"Type"`
		Properties map[string]any `yaml:"Properties" json:"Properties"`
	} `yaml:"Resources" json:"Resources"`
	Outputs    map[string]any `yaml:"Outputs" json:"Outputs"`
	Parameters map[string]struct {
		Default any `yaml:"Default" json:"Default"`
	} `yaml:"Parameters" json:"Parameters"`
}

func readTemplate(body string) (stackTemplate, error) {
	var template stackTemplate
	parse := yaml.Unmarshal
	if templateIsJSON(body) {
		parse = json.Unmarshal
	}
	err := parse([]byte(body), &template)
	return template, err
}

// checkStack reads the template: resources at least, a value for each parameter, and leave to make IAM resources.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
func checkStack(c *Call) error {
	var problems []error
	if c.Has("templateBody") == c.Has("templateUrl") {
		problems = append(problems, c.Reject("ValidationError", "Either Template URL or Template Body must be specified."))
	}
	if !c.Known("templateBody") || c.Text("templateBody") == "" {
		return errors.Join(problems...)
	}
	template, err := readTemplate(c.Text("templateBody"))
	if err != nil {
		return c.RejectAt("templateBody", "ValidationError", "Template format error: %v", err)
	}
	if len(template.Resources) == 0 {
		problems = append(problems, c.RejectAt("templateBody", "ValidationError", "Template format error: At least one Resources member must be defined."))
	}
	given := c.Keys("parameters")
	for name, parameter := range template.Parameters {
		if parameter.Default == nil && !slices.Contains(given, name) {
			problems = append(problems, c.RejectAt("parameters", "ValidationError", "Parameters: [%s] must have values", name))
		}
	}
	for _, name := range given {
		if _, ok := template.Parameters[name]; !ok {
			problems = append(problems, c.RejectAt("parameters", "ValidationError", "Parameters: [%s] do not exist in the template", name))
		}
	}
	return errors.Join(append(problems, stackCapabilities(c, template), TrustedBy(c, "iamRoleArn", "cloudformation.amazonaws.com", "ValidationError"))...)
}

func stackCapabilities(c *Call, template stackTemplate) error {
	capabilities := c.Texts("capabilities")
	for _, r := range template.Resources {
		if !strings.HasPrefix(r.Type, "AWS::IAM::") || slices.Contains(capabilities, "CAPABILITY_NAMED_IAM") {
			continue
		}
		named := false
		for property := range r.Properties {
			named = named || strings.HasSuffix(property, "Name")
		}
		if named || !slices.Contains(capabilities, "CAPABILITY_IAM") {
			needed := map[bool]string{true: "CAPABILITY_NAMED_IAM", false: "CAPABILITY_IAM"}[named]
			return c.RejectAt("capabilities", "InsufficientCapabilitiesException", "Requires capabilities : [%s]", needed)
		}
	}
	return nil
}

// stackOutputs are the names that the template promises; what the resources of the template are called is not modelled.
func stackOutputs(c *Call) any {
	outputs := map[string]any{}
	template, err := readTemplate(c.Text("templateBody"))
	if err != nil {
		return outputs
	}
	for name := range template.Outputs {
		outputs[name] = name + "-" + c.Hex("output "+name, 13)
	}
	return outputs
}
