package alarms

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// The limits of metric math in an alarm: ten metrics, and an identifier of letters, digits and underscores that begins
// with a lower-case letter.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
const maxMathMetrics = 10

var (
	mathID     = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)
	identifier = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_]*`)
)

// Expression is metric math: the parts are named in the expression by their keys. The keys begin with a lower-case
// letter. SEARCH and other functions that return several series are refused, because an alarm takes one.
func Expression(label, expression string, parts map[string]Metric) Metric {
	m := Metric{expression: expression, label: label, period: defaultPeriod, parts: parts}
	for _, part := range parts {
		m.period = max(m.period, part.period)
	}
	return m
}

// Rate is errors as a percentage of total, and 0 while fewer than minimum happened in the period, so that one failure
// in the quiet of the night is not 100 %. Errors that AWS does not report (because there were none) count as 0.
func Rate(label string, errors, total Metric, minimum float64) Metric {
	least := strconv.FormatFloat(minimum, 'f', -1, 64)
	m := Expression(label, "IF(FILL(total, 0) >= "+least+", 100 * FILL(errors, 0) / FILL(total, 1), 0)",
		map[string]Metric{"errors": errors, "total": total})
	if minimum < 1 {
		m.problem = fmt.Sprintf("a minimum of %s samples", least)
	}
	return m
}

// Sum adds metrics; a part without data counts as 0.
func Sum(label string, parts map[string]Metric) Metric {
	m := Expression(label, "", parts)
	terms := make([]string, 0, len(parts))
	for _, id := range m.ids() {
		terms = append(terms, "FILL("+id+", 0)")
	}
	m.expression = strings.Join(terms, " + ")
	return m
}

// checkMath records what CloudWatch refuses in metric math.
func (m Metric) checkMath(problems *fielderror.Errors, field string) {
	if m.expression == "" {
		return
	}
	problems.Require(len(m.parts) > 0 && len(m.parts) <= maxMathMetrics, field, fmt.Sprintf("%d metrics", len(m.parts)),
		"1 to 10 metrics in an expression", "alarm on each part, and join the alarms in a composite")
	problems.Require(!strings.Contains(strings.ToUpper(m.expression), "SEARCH("), field, m.expression,
		"an expression that returns one series", "name each metric instead of searching")
	words := identifier.FindAllString(m.expression, -1)
	for _, id := range m.ids() {
		part := m.parts[id]
		problems.Require(mathID.MatchString(id), field, id, "an identifier that begins with a lower-case letter", "rename it")
		problems.Require(part.expression == "", field+"."+id, part.expression, "a plain metric, not an expression inside an expression", "write the whole expression in one")
		problems.Require(part.period == m.period, field+"."+id, fmt.Sprintf("a period of %d s", part.period),
			fmt.Sprintf("the same period for all, %d s", m.period), "call Every on the whole expression")
		problems.Require(slices.Contains(words, id), field+"."+id, m.expression, "every part to be used", "remove it")
		problems.Require(part.region == m.Region(), field+"."+id, part.region, "metrics of one region: an alarm sees only its own", "split the expression")
	}
}
