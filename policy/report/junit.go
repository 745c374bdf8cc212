package report

import (
	"io"
	"maps"
	"slices"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/seed-11444627/holdfast/policy"
)

// writeJUnit makes a test suite of the catalogue: a case for each rule that passed, and one for each finding. What stops is
// a failure, a rule that failed itself an error; what is waived, advisory or not known yet is skipped, with its text.
func writeJUnit(out io.Writer, pack Pack, r *policy.Report) error {
	suite := junit.Testsuite{Name: pack.Name + "." + r.Stack.Name, Time: "0"}
	suite.AddProperty("environment", r.Stack.Environment)
	found := map[string]bool{}
	for _, f := range r.Findings {
		found[f.Rule] = true
		suite.AddTestcase(caseOf(pack, f))
	}
	for _, id := range slices.Sorted(maps.Keys(r.Counts)) {
		if !found[id] && r.Counts[id].Pass > 0 {
			suite.AddTestcase(junit.Testcase{Classname: pack.Name + "." + id, Name: r.Rules[id].Title, Time: "0"})
		}
	}
	suites := junit.Testsuites{Name: pack.Name}
	suites.AddSuite(suite)
	return suites.WriteXML(out)
}

func caseOf(pack Pack, f policy.Finding) junit.Testcase {
	made := junit.Testcase{Classname: pack.Name + "." + f.Rule, Name: f.Resource + " " + f.Path, Time: "0"}
	result := &junit.Result{Message: f.Message(), Type: f.Severity.String(), Data: Explain(f)}
	switch {
	case f.Outcome == policy.Failed:
		made.Error = result
	case f.Stops():
		made.Failure = result
	default:
		result.Message = f.Outcome.String() + ", " + f.Level.String() + ": " + result.Message
		made.Skipped = result
	}
	return made
}
