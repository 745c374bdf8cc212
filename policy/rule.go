// Package policy judges what a Pulumi program would make: rules over the graph of a stack's resources, each with a verdict
// that says what is wrong, why it matters, what is required and the smallest fix. It guarantees the same findings in the
// same order for the same stack, wherever the stack comes from (the engine, mocks in a unit test, a state file), and that no
// report ever shows a secret. It refuses rules and configuration that contradict themselves. It imports no cloud SDK and
// knows resources by type token and recorded properties only.
package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Severity says how bad it is when a rule is broken.
type Severity int

// The severities, from least to worst.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

// String is the severity in lower case.
func (s Severity) String() string { return [...]string{"", "low", "medium", "high", "critical"}[s] }

// Level says what a violation does.
type Level int

// The levels. Inherit stands for the level that the catalogue gives.
const (
	Inherit Level = iota
	// Disabled: the rule is not evaluated.
	Disabled
	// Advisory: a violation is shown and stops nothing.
	Advisory
	// Mandatory: a violation fails the preview, and the update.
	Mandatory
)

// String is the level as configuration files write it.
func (l Level) String() string { return [...]string{"", "disabled", "advisory", "mandatory"}[l] }

// Rule is one thing that must hold.
type Rule struct {
	// ID is the same everywhere: in reports, configuration, waivers, documentation and tests. Lower case, with hyphens.
	ID string
	// Title says in one line what must hold.
	Title    string
	Severity Severity
	// Advisory says that a violation never stops anything unless the configuration says so; ProdOnly, that it stops things
	// in production only and advises elsewhere. Without either a violation stops everywhere.
	Advisory, ProdOnly bool
	// Types are the type tokens of the resources that are judged. A rule without types judges the stack as a whole, once.
	Types []string
	// Blocking says that the rule is judged before the resource is made, by its inputs alone, so that the engine can stop
	// its creation. The check of such a rule sees one resource and no others.
	Blocking bool
	// Anchors are the same check elsewhere: "nag:RDS2 fsbp:RDS.3 ckv:16 trivy:0079 nist:SC-28". See Anchors.
	Anchors string
	// Why says what happens when the rule is broken, Fix what to do.
	Why, Fix string
	// Sources are the pages that the facts in the rule come from.
	Sources []string
	// Settings are what a configuration may set.
	Settings []Setting
	// UnknownFails says that a value that is still unknown after an update is as bad as a violation.
	UnknownFails bool
	// Check judges one resource, or for a rule without types the stack.
	Check func(*Case)
	// Proof is the example that documents the rule and tests it.
	Proof Proof
}

// Proof is a rule's example: how it should be, and every way to break it.
type Proof struct {
	// Good is a small stack in YAML that keeps the rule; package policytest describes the form.
	Good string
	// Bad are edits of Good, each of which breaks the rule: "db.storageEncrypted=false", "db.kmsKeyId!" to remove a value,
	// "db!" to remove a resource. Several edits in one line are separated by " ; ".
	Bad []string
	// Guard is the value in Good that decides, as "db.storageEncrypted": while it is unknown the verdict is unknown.
	// Empty for a rule that reads no single value; then Unguarded says why.
	Guard, Unguarded string
	// Absent is the verdict on Good without the guarded value.
	Absent Outcome
	// Exempt is an edit of Good after which the rule does not apply; empty for rules that always apply to their types.
	Exempt string
	// Also are other rules that the edits break too, because the same property keeps several promises.
	Also []string
	// FixtureOnly says why the edits cannot be made in the real environments; empty when they can.
	FixtureOnly string
}

// Anchor is the same check in another catalogue.
type Anchor struct{ Catalogue, ID string }

// catalogues are the names that Rule.Anchors may use.
var catalogues = map[string]string{
	"nag": "cdk-nag AwsSolutions", "nagn": "cdk-nag NIST 800-53 r5", "nagp": "cdk-nag PCI", "nagv": "cdk-nag Serverless",
	"fsbp": "AWS Security Hub controls", "cis": "CIS AWS Foundations Benchmark v3.0.0",
	"ckv": "Checkov CKV_AWS", "ckv2": "Checkov CKV2_AWS",
	"ckvk": "Checkov CKV_K8S", "trivy": "Trivy AWS", "ksv": "Trivy Kubernetes", "awsguard": "Pulumi AWSGuard",
	"cp": "Pulumi compliance policies", "config": "AWS Config managed rules", "sr": "awslabs serverless-rules",
	"guard": "CloudFormation Guard registry", "nist": "NIST SP 800-53 r5", "score": "kube-score", "polaris": "Polaris",
	"pss": "Kubernetes Pod Security Standards", "builders": "Amazon Builders' Library", "hub": "AWS Resilience Hub",
}

// AnchorList reads Rule.Anchors.
func (r *Rule) AnchorList() ([]Anchor, error) {
	var list []Anchor
	for field := range strings.FieldsSeq(r.Anchors) {
		catalogue, ids, found := strings.Cut(field, ":")
		if !found || ids == "" || catalogues[catalogue] == "" {
			return nil, fmt.Errorf("rule %s: anchor %q: want catalogue:id,id with one of the known catalogues", r.ID, field)
		}
		for id := range strings.SplitSeq(ids, ",") {
			list = append(list, Anchor{Catalogue: catalogue, ID: id})
		}
	}
	return list, nil
}

// CatalogueName is the full name of a catalogue of anchors.
func CatalogueName(short string) string { return catalogues[short] }

// Catalogues are the short names of the other catalogues, sorted.
func Catalogues() []string { return slices.Sorted(maps.Keys(catalogues)) }

// DefaultLevel is what a violation does in an environment unless the configuration says otherwise.
func (r *Rule) DefaultLevel(stack Stack) Level {
	if r.Advisory || r.ProdOnly && !stack.Prod() {
		return Advisory
	}
	return Mandatory
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// CheckCatalogue says what is wrong with a list of rules.
func CheckCatalogue(rules []*Rule) error {
	seen := map[string]bool{}
	problems := slices.Clone(defaultProblems)
	known := map[string]bool{}
	for _, r := range rules {
		known[r.ID] = true
	}
	for _, r := range rules {
		problems = append(problems, r.check()...)
		for _, also := range r.Proof.Also {
			if !known[also] {
				problems = append(problems, fmt.Errorf("rule %s: Also names %s, which does not exist", r.ID, also))
			}
		}
		if seen[r.ID] {
			problems = append(problems, fmt.Errorf("rule %s: there are two", r.ID))
		}
		seen[r.ID] = true
	}
	return errors.Join(problems...)
}

func (r *Rule) check() []error {
	var problems []error
	complain := func(wrong bool, what string) {
		if wrong {
			problems = append(problems, fmt.Errorf("rule %s: %s", r.ID, what))
		}
	}
	complain(!ruleID.MatchString(r.ID) || r.ID == SettingsName || r.ID == "all", "want an id of lower-case words with hyphens, not a reserved one")
	complain(r.Title == "" || strings.HasSuffix(r.Title, "."), "want a title without a final period")
	complain(r.Severity < Low || r.Severity > Critical, "want a severity")
	complain(r.Check == nil, "want a check")
	complain(r.Why == "" || r.Fix == "", "want a why and a fix")
	complain(r.Advisory && r.ProdOnly, "advisory already says that nothing stops in production")
	complain(r.Blocking && len(r.Types) == 0, "a blocking rule needs types")
	complain(len(r.Sources) == 0, "want a source")
	if _, err := r.AnchorList(); err != nil {
		problems = append(problems, err)
	}
	for _, s := range r.Settings {
		if err := s.check(); err != nil {
			problems = append(problems, fmt.Errorf("rule %s: %w", r.ID, err))
		}
	}
	return problems
}
