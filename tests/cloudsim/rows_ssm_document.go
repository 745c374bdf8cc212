package cloudsim

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

const documentDoc = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html"

func init() { register(ssmDocument) }

var ssmDocument = Row{
	Type:     "aws:ssm/document:Document",
	Noun:     "document",
	Doc:      documentDoc,
	ID:       Format("{name}"),
	ARN:      Format("arn:{partition}:ssm:{region}:{account}:document/{name}"),
	AutoName: &AutoName{Max: 128},
	Defaults: map[string]any{"documentFormat": "JSON"},
	Computed: map[string]Compute{
		"createdDate":     Value("2026-01-01T00:00:00Z"),
		"defaultVersion":  func(c *Call) any { return strconv.Itoa(documentVersion(c)) },
		"documentVersion": func(c *Call) any { return strconv.Itoa(documentVersion(c)) },
		"latestVersion":   func(c *Call) any { return strconv.Itoa(documentVersion(c)) },
		"hash":            func(c *Call) any { return stable(c.Text("content"), 64) },
		"hashType":        Value("Sha256"),
		"owner":           Format("{account}"),
		"schemaVersion":   func(c *Call) any { return documentBody(c)["schemaVersion"] },
		"description":     func(c *Call) any { return documentBody(c)["description"] },
		"status":          Value("Active"),
		"platformTypes":   Value([]string{"Linux", "MacOS", "Windows"}),
	},
	Refresh:  []string{"defaultVersion", "documentVersion", "latestVersion", "hash", "schemaVersion", "description"},
	Required: []string{"content", "documentType"},
	Replace:  []string{"name", "documentType"},
	Taggable: true,
	Unique:   []Unique{{Paths: []string{"name"}, Code: "DocumentAlreadyExists"}},
	Limits: []Limit{
		{"name", Matches(`^[a-zA-Z0-9_\-.]{3,128}$`, "3 to 128 letters, digits and _ - ."), documentDoc},
		{"content", Length(1, 65536), "https://docs.aws.amazon.com/general/latest/gr/ssm.html"},
		{"documentFormat", OneOf("JSON", "YAML", "TEXT"), documentDoc},
		{"documentType", OneOf("Command", "Policy", "Automation", "Session", "Package", "ApplicationConfiguration", "ApplicationConfigurationSchema",
			"DeploymentStrategy", "ChangeCalendar", "Automation.ChangeTemplate", "ProblemAnalysis", "ProblemAnalysisTemplate", "CloudFormation",
			"ConformancePackTemplate", "QuickSetup", "ManualApprovalPolicy", "AutoApprovalPolicy"), documentDoc},
	},
	Check:     checkDocument,
	NotFound:  "InvalidDocument",
	Durations: seconds(3, estimate("the provider waits for the status Active")),
}

// documentVersion counts the contents.
func documentVersion(c *Call) int {
	if c.Old == nil {
		return 1
	}
	version := c.Old.Out().Int("latestVersion")
	if c.Changed("content") {
		version++
	}
	return version
}

func documentBody(c *Call) map[string]any {
	body := map[string]any{}
	_ = yaml.Unmarshal([]byte(c.Text("content")), &body) // JSON is YAML; what is neither is refused by checkDocument.
	return body
}

// schemaVersions are the schemas that a type of document may have.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
var schemaVersions = map[string][]string{"Automation": {"0.3"}, "Command": {"1.2", "2.0", "2.2"}, "Session": {"1.0"}, "Policy": {"2.0"}}

// checkDocument demands content in its format and schema, and a role that Systems Manager may assume.
func checkDocument(c *Call) error {
	if !c.Known("content") || c.Text("documentFormat") == "TEXT" {
		return nil
	}
	body := map[string]any{}
	err := yaml.Unmarshal([]byte(c.Text("content")), &body)
	if c.Text("documentFormat") == "JSON" {
		err = json.Unmarshal([]byte(c.Text("content")), &body)
	}
	if err != nil {
		return c.RejectAt("content", "InvalidDocumentContent", "the content is not valid %s: %v", c.Text("documentFormat"), err)
	}
	kind := c.Text("documentType")
	version, _ := body["schemaVersion"].(string)
	if allowed := schemaVersions[kind]; len(allowed) > 0 && !slices.Contains(allowed, version) {
		return c.RejectAt("content", "InvalidDocumentSchemaVersion", "the schema version of a document of type %s must be %s, is %q", kind,
			strings.Join(allowed, " or "), version)
	}
	return errors.Join(automationSteps(c, body), assumedRole(c, body))
}

// automationSteps demands steps with names of their own and actions, and references to outputs of steps that exist.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-actions.html
func automationSteps(c *Call, body map[string]any) error {
	steps, _ := body["mainSteps"].([]any)
	if c.Text("documentType") != "Automation" {
		return nil
	}
	if len(steps) == 0 {
		return c.RejectAt("content", "InvalidDocumentContent", "an automation has at least one step")
	}
	names := map[string]bool{}
	for _, step := range steps {
		fields, _ := step.(map[string]any)
		name, _ := fields["name"].(string)
		action, _ := fields["action"].(string)
		if name == "" || !strings.HasPrefix(action, "aws:") || names[name] {
			return c.RejectAt("content", "InvalidDocumentContent", "step %q needs a name of its own and an action of AWS, has %q", name, action)
		}
		names[name] = true
	}
	for _, reference := range stepReference.FindAllStringSubmatch(c.Text("content"), -1) {
		if !names[reference[1]] && reference[1] != "global" && reference[1] != "automation" {
			return c.RejectAt("content", "InvalidDocumentContent", "the document refers to the output of step %q, which does not exist", reference[1])
		}
	}
	return nil
}

// stepReference is the output of a step: {{ step.Output }}.
var stepReference = regexp.MustCompile(`\{\{\s*(\w+)\.[\w.]+\s*\}\}`)

func assumedRole(c *Call, body map[string]any) error {
	arn, _ := body["assumeRole"].(string)
	if !strings.HasPrefix(arn, "arn:") || c.Preview {
		return nil
	}
	role := c.everywhere(roleType, arn)
	if role == nil {
		return c.RejectAt("content", "InvalidAssumeRole", "the role %s that the automation assumes does not exist", arn)
	}
	if trust, err := ParsePolicy(role.Out().Text("assumeRolePolicy")); err == nil && !trust.Allows("ssm.amazonaws.com", "sts:AssumeRole") {
		return c.RejectAt("content", "InvalidAssumeRole", "the role %s cannot be assumed by ssm.amazonaws.com", arn)
	}
	return nil
}
