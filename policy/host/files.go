package host

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
)

// ReportVariable names files that the pack writes its report to while the engine runs it, separated by commas. The end of a
// name chooses the form: .json, .sarif, .xml for JUnit, and text for any other. The engine's own JSON of a preview has no
// policy results.
const ReportVariable = "HOLDFAST_POLICY_REPORT"

// WriteReports writes the report to each of the files that are named, separated by commas.
func (p Pack) WriteReports(names string, judged *policy.Report) error {
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			continue
		}
		var text bytes.Buffer
		if err := report.Write(&text, FormatOf(name), p.ReportPack(), judged); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Clean(name), text.Bytes(), 0o600); err != nil {
			return fmt.Errorf("writing the report of the policy: %w", err)
		}
	}
	return nil
}

// FormatOf is the form of a report that the end of a file's name chooses.
func FormatOf(name string) report.Format {
	switch filepath.Ext(name) {
	case ".json":
		return report.JSON
	case ".sarif":
		return report.SARIF
	case ".xml":
		return report.JUnit
	}
	return report.Text
}
