package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// SettingsName is the name under which the settings of the whole pack stand in a configuration file, beside the rules.
const SettingsName = "pack-settings"

// Kind is the type of a setting, by the name that JSON Schema has for it.
type Kind string

// The kinds of settings.
const (
	KindText   Kind = "string"
	KindNumber Kind = "number"
	KindBool   Kind = "boolean"
	KindList   Kind = "array"
	KindObject Kind = "object"
)

// Setting is one value that a configuration may set for a rule.
type Setting struct {
	Name    string
	Kind    Kind
	Default any
	// Help says what it means, with its unit.
	Help string
	// Allowed are the values of a text; empty for any. Minimum bounds a number where Bounded is true.
	Allowed []string
	Bounded bool
	Minimum float64
	Maximum float64
}

func (s Setting) check() error {
	if s.Name == "" || s.Help == "" || s.Name == "enforcementLevel" {
		return fmt.Errorf("setting %q: want a name that is not reserved, and a help text", s.Name)
	}
	if s.Default == nil {
		return nil
	}
	if problem := s.wrong(normal(s.Default)); problem != "" {
		return fmt.Errorf("setting %s: its own default is refused: %s", s.Name, problem)
	}
	return nil
}

// normal is a value as JSON would read it back.
func normal(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var back any
	if json.Unmarshal(text, &back) != nil {
		return value
	}
	return back
}

// wrong says what is wrong with a value, or nothing.
func (s Setting) wrong(value any) string {
	switch v := value.(type) {
	case string:
		if s.Kind == KindText && (len(s.Allowed) == 0 || slices.Contains(s.Allowed, v)) {
			return ""
		}
	case float64:
		if s.Kind == KindNumber && (!s.Bounded || v >= s.Minimum && v <= s.Maximum) {
			return ""
		}
	case bool:
		if s.Kind == KindBool {
			return ""
		}
	case []any:
		if s.Kind == KindList {
			return ""
		}
	case map[string]any:
		if s.Kind == KindObject {
			return ""
		}
	}
	return fmt.Sprintf("got %s, want %s", compactJSON(value), s.wanted())
}

func (s Setting) wanted() string {
	switch {
	case len(s.Allowed) > 0:
		return "one of " + strings.Join(s.Allowed, ", ")
	case s.Bounded:
		return fmt.Sprintf("a number from %v to %v", s.Minimum, s.Maximum)
	}
	return "a JSON " + string(s.Kind)
}

func compactJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// Schema is the setting as JSON Schema describes it.
func (s Setting) Schema() map[string]any {
	schema := map[string]any{"type": string(s.Kind), "description": s.Help}
	if s.Default != nil {
		schema["default"] = normal(s.Default)
	}
	if len(s.Allowed) > 0 {
		schema["enum"] = normal(s.Allowed)
	}
	if s.Bounded {
		schema["minimum"], schema["maximum"] = s.Minimum, s.Maximum
	}
	return schema
}

// Config says how the catalogue is applied. The zero value is the catalogue's own defaults.
type Config struct {
	// All is the level of every rule that has none of its own.
	All Level
	// Levels are the levels of single rules, Settings their settings and those of the pack, by rule id.
	Levels   map[string]Level
	Settings map[string]map[string]any
	Waivers  []Waiver

	// partial says that only a part of the stack is judged.
	partial bool
}

// PackSettings are the settings of the whole pack.
func PackSettings() []Setting {
	return []Setting{
		{Name: "environment", Kind: KindText, Help: "the environment, where neither the stack's configuration nor its tags nor its name say it"},
		{Name: "accounts", Kind: KindObject, Default: map[string]any{}, Help: "the AWS account of each environment: {\"dev\": \"111111111111\"}"},
		{Name: "waivers", Kind: KindList, Default: []any{}, Help: "violations that somebody answers for: rule, resource, owner, reason and expires (a day, at most 90 days ahead)"},
	}
}

// Environment is the environment of a stack: what the stack itself says, otherwise what the configuration says.
func (c *Config) Environment(stack Stack) string {
	if environment, _ := EnvironmentOf(stack); environment != "" {
		return environment
	}
	environment, _ := c.setting(SettingsName, PackSettings(), "environment").(string)
	return environment
}

// WithoutHygiene is the same configuration for a part of a stack, in which a waiver that accepts nothing is no fault.
func (c *Config) WithoutHygiene() *Config {
	part := *c
	part.partial = true
	return &part
}

// LevelOf is what a violation of the rule does in the stack.
func (c *Config) LevelOf(rule *Rule, stack Stack) Level {
	if level := c.Levels[rule.ID]; level != Inherit {
		return level
	}
	if c.All != Inherit {
		return c.All
	}
	return rule.DefaultLevel(stack)
}

// ParseConfig reads a configuration as `pulumi preview --policy-pack-config` takes it: a JSON object with a level, or an
// object with enforcementLevel and settings, for each rule. It reports every problem at once.
func ParseConfig(text []byte, rules []*Rule) (*Config, error) {
	entries, err := entriesOf(text)
	if err != nil {
		return nil, err
	}
	decoded := map[string]Entry{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		entry, err := entryOf(entries[name])
		if err != nil {
			problems = append(problems, fmt.Errorf("policy configuration: %s: %w", name, err))
			continue
		}
		decoded[name] = entry
	}
	config, err := NewConfig(decoded, rules)
	return config, errors.Join(append(problems, err)...)
}

// entriesOf reads an object, and refuses a key that stands in it twice.
func entriesOf(text []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("policy configuration: want a JSON object: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	entries := map[string]json.RawMessage{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("policy configuration: %w", err)
		}
		name := fmt.Sprint(key)
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("policy configuration: %s stands there twice", name)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("policy configuration: %s: %w", name, err)
		}
		entries[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("policy configuration: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("policy configuration: want nothing behind the object")
	}
	return entries, nil
}

// Entry is what a configuration says about one rule, or about the pack.
type Entry struct {
	// Level may be empty; Settings may be nil.
	Level    string
	Settings map[string]any
}

func entryOf(raw json.RawMessage) (Entry, error) {
	var level string
	if json.Unmarshal(raw, &level) == nil && level != "" {
		return Entry{Level: level}, nil
	}
	var settings map[string]any
	if err := json.Unmarshal(raw, &settings); err != nil || settings == nil {
		return Entry{}, fmt.Errorf("got %s, want a level or an object", raw)
	}
	given, ok := settings["enforcementLevel"]
	delete(settings, "enforcementLevel")
	if !ok {
		return Entry{Settings: settings}, nil
	}
	level, ok = given.(string)
	if !ok {
		return Entry{}, fmt.Errorf("enforcementLevel: got %s, want disabled, advisory or mandatory", compactJSON(given))
	}
	return Entry{Level: level, Settings: settings}, nil
}

// NewConfig checks the entries against the catalogue, and reports every problem at once.
func NewConfig(entries map[string]Entry, rules []*Rule) (*Config, error) {
	c := &Config{Levels: map[string]Level{}, Settings: map[string]map[string]any{}}
	schemas := map[string][]Setting{SettingsName: PackSettings(), "all": nil}
	for _, r := range rules {
		schemas[r.ID] = r.Settings
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		schema, exists := schemas[name]
		if !exists {
			problems = append(problems, fmt.Errorf("policy configuration: %s: there is no such rule; want a rule's id, %s or all%s", name, SettingsName, meant(name, schemas)))
			continue
		}
		problems = append(problems, c.take(name, entries[name], schema)...)
	}
	waivers, more := waiversOf(c.Settings[SettingsName]["waivers"], schemas)
	c.Waivers = waivers
	return c, errors.Join(append(problems, more...)...)
}

// meant is the known name that a misspelt one is nearest to: the same letters, or one that begins alike.
func meant(name string, known map[string][]Setting) string {
	letters := func(text string) string {
		all := strings.Split(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(text)), "")
		slices.Sort(all)
		return strings.Join(all, "")
	}
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if letters(candidate) == letters(name) || strings.HasPrefix(candidate, name) || strings.HasPrefix(name, candidate) {
			return "; did you mean " + candidate
		}
	}
	return ""
}

func (c *Config) take(name string, entry Entry, schema []Setting) []error {
	var problems []error
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("policy configuration: "+name+": "+format, args...))
	}
	level, ok := map[string]Level{"": Inherit, "disabled": Disabled, "advisory": Advisory, "mandatory": Mandatory}[entry.Level]
	if !ok {
		complain("enforcementLevel: got %q, want disabled, advisory or mandatory", entry.Level)
	}
	switch {
	case name == "all":
		c.All = level
	case level != Inherit:
		c.Levels[name] = level
	}
	for _, key := range slices.Sorted(maps.Keys(entry.Settings)) {
		at := slices.IndexFunc(schema, func(s Setting) bool { return s.Name == key })
		if at < 0 {
			complain("%s: there is no such setting%s", key, allowedSettings(schema))
			continue
		}
		if problem := schema[at].wrong(normal(entry.Settings[key])); problem != "" {
			complain("%s: %s", key, problem)
		}
	}
	c.Settings[name] = entry.Settings
	return problems
}

func allowedSettings(schema []Setting) string {
	if len(schema) == 0 {
		return "; it has none"
	}
	var names []string
	for _, s := range schema {
		names = append(names, s.Name)
	}
	return "; want one of " + strings.Join(names, ", ")
}

// setting is a rule's setting, or its default.
func (c *Config) setting(name string, schema []Setting, key string) any {
	if value, ok := c.Settings[name][key]; ok {
		return normal(value)
	}
	for _, s := range schema {
		if s.Name == key {
			return normal(s.Default)
		}
	}
	return nil
}

// Setting is a setting of the rule as JSON reads it: a text, a float64, a bool, a []any or a map[string]any.
func (c *Case) Setting(name string) any {
	return c.run.setting(c.run.rule.ID, c.run.rule.Settings, name)
}

// setting reads each setting once for all resources.
func (r *run) setting(rule string, schema []Setting, name string) any {
	key := rule + " " + name
	value, read := r.settings[key]
	if !read {
		value = r.config.setting(rule, schema, name)
		if r.settings == nil {
			r.settings = map[string]any{}
		}
		r.settings[key] = value
	}
	return value
}

// PackSetting is a setting of the whole pack.
func (c *Case) PackSetting(name string) any {
	return c.run.setting(SettingsName, PackSettings(), name)
}

// Number is a setting that is a number, or an object with a number for each environment.
func (c *Case) Number(name string) (float64, bool) {
	number, ok := c.ForEnvironment(name).(float64)
	return number, ok
}

// Texts is a setting that is a list of texts.
func (c *Case) Texts(name string) []string { return texts(c.ForEnvironment(name)) }

func texts(value any) []string {
	items, _ := value.([]any)
	out := make([]string, 0, len(items))
	for _, item := range items {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

// ForEnvironment is a setting, or where it is an object with the stack's environment among its keys, what stands there.
func (c *Case) ForEnvironment(name string) any {
	value := c.Setting(name)
	if object, ok := value.(map[string]any); ok {
		if own, ok := object[c.Stack().Environment]; ok {
			return own
		}
	}
	return value
}

// Today is the day that the evaluation is made for; rules have no other clock.
func (c *Case) Today() time.Time { return c.run.today }
