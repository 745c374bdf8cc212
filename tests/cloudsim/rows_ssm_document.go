package cloudsim

import (
	"encoding/json"
	"fmt"
	"strings"
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
		"createdDate": Value("2026-01-01T00:00:00Z"), "defaultVersion": documentVersion, "latestVersion": documentVersion,
		"documentVersion": documentVersion, "schemaVersion": documentSchema, "hash": func(c *Call) any { return stable(c.Text("content"), 64) },
		"hashType": Value("Sha256"), "owner": Format("{account}"), "status": Value("Active"), "description": Value(""),
		"platformTypes": Value([]string{"Linux", "MacOS", "Windows"}),
	},
	Refresh:  []string{"defaultVersion", "latestVersion", "documentVersion", "schemaVersion", "hash"},
	Required: []string{"content", "documentType"},
	Replace:  []string{"name", "documentType"},
	Taggable: true,
	Unique:   []Unique{{Paths: []string{"name"}, Code: "DocumentAlreadyExists"}},
	Limits: []Limit{
		{"name", Matches(`^[a-zA-Z0-9_\-.]{3,128}$`, "3 to 128 letters, digits and _ - ."), documentDoc},
		{"documentType", OneOf("Command", "Policy", "Automation", "Session", "Package", "ApplicationConfiguration", "ApplicationConfigurationSchema",
			"DeploymentStrategy", "ChangeCalendar", "Automation.ChangeTemplate", "ProblemAnalysis", "ProblemAnalysisTemplate", "CloudFormation",
			"ConformancePackTemplate", "QuickSetup"), documentDoc},
		{"documentFormat", OneOf("JSON", "YAML", "TEXT"), documentDoc},
	},
	Check:     checkDocument,
	NotFound:  "InvalidDocument",
	Durations: immediate,
}

// documentVersion counts the contents.
func documentVersion(c *Call) any {
	if c.Old == nil {
		return "1"
	}
	var last int
	_, _ = fmt.Sscan(c.Old.Out().Text("latestVersion"), &last)
	if c.Old.In().Text("content") != c.Text("content") {
		last++
	}
	return fmt.Sprint(last)
}

// automation is what the model reads of an automation's content.
type automation struct {
	SchemaVersion string `json:"schemaVersion"`
	AssumeRole    string `json:"assumeRole"`
	MainSteps     []struct {
		Name   string `json:"name"`
		Action string `json:"action"`
	} `json:"mainSteps"`
}

func documentSchema(c *Call) any {
	var content automation
	_ = json.Unmarshal([]byte(c.Text("content")), &content)
	return content.SchemaVersion
}

// checkDocument holds the content of an automation in JSON against its schema.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
func checkDocument(c *Call) error {
	if !c.Known("content") || c.Text("documentType") != "Automation" || c.Text("documentFormat") == "YAML" {
		return nil
	}
	var content automation
	if err := json.Unmarshal([]byte(c.Text("content")), &content); err != nil {
		return c.RejectAt("content", "InvalidDocumentContent", "JSON not well-formed: %v", err)
	}
	if content.SchemaVersion != "0.3" {
		return c.RejectAt("content", "InvalidDocumentSchemaVersion", "an automation has schema version 0.3")
	}
	if len(content.MainSteps) == 0 {
		return c.RejectAt("content", "InvalidDocumentContent", "an automation has at least one step")
	}
	seen := map[string]bool{}
	for _, step := range content.MainSteps {
		if step.Name == "" || seen[step.Name] || !strings.HasPrefix(step.Action, "aws:") {
			return c.RejectAt("content", "InvalidDocumentContent", "step %q needs a name of its own and an action of AWS", step.Name)
		}
		seen[step.Name] = true
	}
	return nil
}
