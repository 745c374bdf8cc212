package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/seed-11444627/holdfast/policy"
)

// scores place the severities on the scale of 0 to 10 by which GitHub's code scanning sorts.
// https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support#reportingdescriptor-object
var scores = map[policy.Severity]string{policy.Low: "3.0", policy.Medium: "5.5", policy.High: "8.0", policy.Critical: "9.5"}

// writeSARIF makes a run with every rule that was evaluated and a result for each violation. A finding is about a resource,
// which is a logical location; code scanning shows only what has a file, so the stack's settings file stands for it.
func writeSARIF(out io.Writer, pack Pack, r *policy.Report) error {
	driver := sarif.NewToolComponent().WithName(pack.Name).WithSemanticVersion(pack.Version)
	index := map[string]int{}
	for i, id := range slices.Sorted(maps.Keys(r.Rules)) {
		index[id] = i
		driver.AddRule(descriptor(pack, r.Rules[id]))
	}
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(driver)).
		WithAutomationDetails(sarif.NewRunAutomationDetails().WithID(pack.Name + "/" + r.Stack.Name + "/")).
		WithResults([]*sarif.Result{})
	for _, f := range r.Findings {
		run.AddResult(result(r.Stack, f, index[f.Rule]))
	}
	return sarif.NewReport().AddRun(run).PrettyWrite(out)
}

func descriptor(pack Pack, rule *policy.Rule) *sarif.ReportingDescriptor {
	d := sarif.NewReportingDescriptor().WithID(rule.ID).WithName(rule.ID).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(rule.Title + ".")).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(rule.Why + ".")).
		WithHelp(sarif.NewMultiformatMessageString().WithText("Fix: " + rule.Fix + ".")).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(level(rule.Severity)))
	if pack.Docs != "" {
		d.WithHelpURI(pack.Docs + "/" + rule.ID + ".md")
	}
	bag := sarif.NewPropertyBag().Add("security-severity", scores[rule.Severity]).Add("precision", "very-high")
	anchors, err := rule.AnchorList()
	if err == nil {
		for _, a := range anchors {
			bag.AddTag(a.Catalogue + ":" + a.ID)
		}
	}
	return d.WithProperties(bag)
}

func level(s policy.Severity) string {
	if s >= policy.High {
		return "error"
	}
	return map[policy.Severity]string{policy.Medium: "warning", policy.Low: "note"}[s]
}

func result(stack policy.Stack, f policy.Finding, index int) *sarif.Result {
	r := sarif.NewResult().WithRuleID(f.Rule).WithRuleIndex(index).WithMessage(sarif.NewTextMessage(Explain(f))).
		WithPartialFingerprints(map[string]string{"finding/v1": fingerprint(f), lineHash: fingerprint(f) + ":1"}).
		AddLocation(sarif.NewLocation().
			WithPhysicalLocation(sarif.NewPhysicalLocation().
				WithArtifactLocation(sarif.NewSimpleArtifactLocation("Pulumi." + stack.Name + ".yaml")).
				WithRegion(sarif.NewSimpleRegion(1, 1))).
			AddLogicalLocation(sarif.NewLogicalLocation().WithName(f.Resource).WithFullyQualifiedName(f.URN).WithKind("resource")))
	if f.Outcome == policy.Unknown {
		return r.WithKind("review").WithLevel("none")
	}
	if f.Outcome == policy.Waived {
		r.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification(f.Waiver.Reason))
	}
	if f.Level == policy.Advisory {
		return r.WithKind("fail").WithLevel("note")
	}
	return r.WithKind("fail").WithLevel(level(f.Severity))
}

// lineHash is the one fingerprint by which GitHub's code scanning tells alerts apart. Every finding of a stack is on the same
// line of the same file, so its hash is of the finding.
// https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support#data-for-preventing-duplicated-alerts
const lineHash = "primaryLocationLineHash"

// fingerprint tells a finding that stays from a new one: by rule, resource and path, and not by its text.
func fingerprint(f policy.Finding) string {
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + f.URN + "\x00" + f.Path))
	return hex.EncodeToString(sum[:16])
}
