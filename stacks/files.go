package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Files are the project file and one stack's configuration file, as text.
type Files struct {
	Stack   string
	Project []byte
	Config  []byte
}

// ReadFiles reads both files of a stack from the project's folder.
func ReadFiles(root, stack string) (Files, error) {
	project, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		return Files{}, fmt.Errorf("reading the project: %w", err)
	}
	config, err := os.ReadFile(filepath.Join(root, FileOf(stack)))
	if err != nil {
		return Files{}, fmt.Errorf("reading the configuration of stack %s: %w", stack, err)
	}
	return Files{Stack: stack, Project: project, Config: config}, nil
}

// Declaration is one key of Pulumi.yaml.
type Declaration struct {
	Type        string `yaml:"type"`
	Default     any    `yaml:"default"`
	Description string `yaml:"description"`
}

// Declarations are the keys that Pulumi.yaml declares, without namespace.
func (f Files) Declarations() (map[string]Declaration, error) {
	var project struct {
		Config map[string]Declaration `yaml:"config"`
	}
	if err := yaml.Unmarshal(f.Project, &project); err != nil {
		return nil, fmt.Errorf("reading Pulumi.yaml: %w", err)
	}
	return project.Config, nil
}

// Values are the values as the engine will hand them to the program: the stack's own, and the declared defaults. The text
// of an encrypted value is the given stand-in, because only the engine can decrypt it.
func (f Files) Values(secretStandIn string) (Values, error) {
	declared, err := f.Declarations()
	if err != nil {
		return nil, err
	}
	var stack struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(f.Config, &stack); err != nil {
		return nil, fmt.Errorf("reading %s: %w", FileOf(f.Stack), err)
	}
	values := Values{}
	for key, declaration := range declared {
		values[Namespace+":"+key] = Value{Text: textOf(declaration.Default)}
	}
	for key, value := range stack.Config {
		values[key] = valueOf(value, secretStandIn)
	}
	return values, nil
}

// Check reports everything that is wrong with the files before an engine is started. A simulated run gives the stand-in
// for secrets; secrets that the environment requires and the file lacks are taken as given then.
func (f Files) Check(secretStandIn string) (Config, error) {
	values, err := f.Values(secretStandIn)
	if err != nil {
		return Config{}, err
	}
	for _, key := range f.RequiredSecrets(values) {
		if values[key].Text == "" && secretStandIn != "" {
			values[key] = Value{Text: secretStandIn, Secret: true}
		}
	}
	c, err := Parse(f.Stack, values)
	return c, errors.Join(err, f.checkGuard(values))
}

// RequiredSecrets are the full keys of the secrets that the environment cannot do without.
func (f Files) RequiredSecrets(values Values) []string {
	profile, err := ProfileOf(Environment(values[Namespace+":environment"].Text))
	if err != nil || !profile.Pager {
		return nil
	}
	return []string{Namespace + ":pagerDutyUrl"}
}

// checkGuard makes sure that the file switches the default providers off.
func (f Files) checkGuard(values Values) error {
	const key = "pulumi:disable-default-providers"
	var disabled []string
	text := values[key].Text
	if json.Unmarshal([]byte(text), &disabled) == nil && slices.Contains(disabled, "*") {
		return nil
	}
	problems := fielderror.For(FileOf(f.Stack))
	problems.Add(key, text, `["*"]`, `add pulumi:disable-default-providers: ["*"], so that no resource lands in the account of the shell`)
	return problems.Err()
}

func valueOf(value any, secretStandIn string) Value {
	if object, ok := value.(map[string]any); ok && len(object) == 1 && object["secure"] != nil {
		return Value{Text: secretStandIn, Secret: true}
	}
	return Value{Text: textOf(value)}
}

// textOf is how Pulumi hands a value to a program: scalars as text, lists and objects as JSON.
func textOf(value any) string {
	switch value.(type) {
	case nil:
		return ""
	case []any, map[string]any:
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		return string(text)
	}
	return fmt.Sprint(value)
}
