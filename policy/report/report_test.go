package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/joshdk/go-junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/stretchr/testify/require"
	"github.com/xeipuuv/gojsonschema"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/report"
)

var pack = report.Pack{Name: "example", Version: "1.2.3", Docs: "https://example.com/docs"}

const stack = `
resources:
  kept: {type: "test:index:T", provider: none, properties: {size: 5}}
  later: {type: "test:index:T", provider: none, properties: {size: {$unknown: true}}}
  small: {type: "test:index:T", provider: none, properties: {size: 1, note: "<&\"]]>"}}
  waived: {type: "test:index:T", provider: none, properties: {size: 2}}
policy:
  pack-settings:
    waivers: [{rule: sized, resource: waived, owner: platform, reason: moving, expires: "2026-12-01"}]
`

func sized() *policy.Rule {
	return &policy.Rule{
		ID: "sized", Title: "Things have a size", Severity: policy.High, Types: []string{"test:index:T"}, Why: "small things get lost", Fix: "set size",
		Sources: []string{"https://example.com"}, Anchors: "nag:RDS2",
		Check: func(c *policy.Case) { c.AtLeast("size", 3, policy.Saw(c.Node, "note", c.Get("note").Show())) },
	}
}

func falls() *policy.Rule {
	return &policy.Rule{
		ID: "falls-over", Title: "A rule with a fault", Severity: policy.Low, Types: []string{"test:index:T"}, Advisory: true, Why: "w", Fix: "f",
		Sources: []string{"https://example.com"},
		Check: func(c *policy.Case) {
			if c.Name == "kept" {
				_ = c.Parent().URN
			}
		},
	}
}

func judged(t *testing.T) *policy.Report {
	t.Helper()
	f, err := policytest.Parse(stack)
	require.NoError(t, err)
	resources, err := f.Resources()
	require.NoError(t, err)
	rules := []*policy.Rule{sized(), falls()}
	config, err := policy.NewConfig(f.Entries, rules)
	require.NoError(t, err)
	return policy.Evaluate(policy.NewGraph(f.Stack, resources), policy.Evaluation{Rules: rules, Config: config, Today: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
}

func written(t *testing.T, format report.Format, r *policy.Report) []byte {
	t.Helper()
	var out, again bytes.Buffer
	require.NoError(t, report.Write(&out, format, pack, r))
	require.NoError(t, report.Write(&again, format, pack, judged(t)))
	require.Equal(t, out.String(), again.String(), "the same findings give the same bytes")
	return out.Bytes()
}

func TestTheTextSaysWhatIsWrongWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	text := string(written(t, report.Text, judged(t)))
	for _, part := range []string{
		"2 rules on 5 resources", "BROKEN", "[high, mandatory] sized", "T small size: 1; required: at least 3", "why: small things get lost", "fix: set size",
		"evidence: small note:", "WAIVED", "by platform until 2026-12-01: moving", "CANNOT BE JUDGED YET", "RULES THAT FAILED THEMSELVES",
	} {
		require.Contains(t, text, part)
	}
	require.Less(t, strings.Index(text, "BROKEN"), strings.Index(text, "WAIVED"))
}

func TestSARIFKeepsItsSchemaAndSaysWhatIsSuppressed(t *testing.T) {
	alerts := map[string]bool{}
	t.Parallel()
	parsed, err := sarif.FromBytes(written(t, report.SARIF, judged(t)), sarif.WithStrictValidation())
	require.NoError(t, err)
	require.NoError(t, parsed.Validate())
	run := parsed.Runs[0]
	require.Len(t, run.Tool.Driver.Rules, 2)
	require.Len(t, run.Results, 4)
	levels := map[string]string{}
	for _, r := range run.Results {
		levels[*r.Locations[0].LogicalLocations[0].Name+" "+*r.RuleID] = r.Level
		require.Equal(t, "Pulumi.fixture.yaml", *r.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		require.NotContains(t, alerts, r.PartialFingerprints["primaryLocationLineHash"], "code scanning would take two findings for one")
		alerts[r.PartialFingerprints["primaryLocationLineHash"]] = true
		require.Equal(t, *r.RuleID, *run.Tool.Driver.Rules[r.RuleIndex].ID)
	}
	require.Equal(t, map[string]string{"T small sized": "error", "T waived sized": "error", "T later sized": "none", "T kept falls-over": "note"}, levels)
	require.Len(t, run.Results[3].Suppressions, 1)
}

func TestSARIFOfACleanStackKeepsItsSchema(t *testing.T) {
	t.Parallel()
	clean := policy.Evaluate(policy.NewGraph(policy.Stack{Name: "dev"}, nil), policy.Evaluation{Rules: []*policy.Rule{sized()}})
	var out bytes.Buffer
	require.NoError(t, report.Write(&out, report.SARIF, pack, clean))
	parsed, err := sarif.FromBytes(out.Bytes(), sarif.WithStrictValidation())
	require.NoError(t, err)
	require.NoError(t, parsed.Validate())
	require.Contains(t, out.String(), `"results": []`, "no results must be told apart from none computed")
}

// No standard body keeps a schema of JUnit's XML; that an independent reader finds everything in it stands for one.
func TestJUnitIsReadBackByAnIndependentReader(t *testing.T) {
	t.Parallel()
	suites, err := junit.Ingest(written(t, report.JUnit, judged(t)))
	require.NoError(t, err)
	require.Len(t, suites, 1)
	require.Equal(t, junit.Totals{Tests: 4, Failed: 1, Error: 1, Skipped: 2}, suites[0].Totals)
	for _, test := range suites[0].Tests {
		if test.Status == junit.StatusFailed {
			require.Equal(t, "T small size", test.Name)
			require.Contains(t, test.Error.Error(), "set size")
		}
	}
}

func TestJSONKeepsItsPublishedSchema(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("../../docs/policy/report.schema.json")
	require.NoError(t, err)
	text := written(t, report.JSON, judged(t))
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewBytesLoader(text))
	require.NoError(t, err)
	require.Empty(t, result.Errors())
	var d report.Document
	require.NoError(t, json.Unmarshal(text, &d))
	require.True(t, d.Stops)
	require.Len(t, d.Findings, 4)
	require.Equal(t, report.Verdicts{Pass: 1, Unknown: 1, Waived: 1, Violation: 1}, d.Rules["sized"])
}

func TestAnUnknownFormIsRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, report.Write(&bytes.Buffer{}, "pdf", pack, judged(t)), "want text, json, sarif or junit")
}
