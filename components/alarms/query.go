package alarms

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Query is one line of a metric written as metric math, for what is neither an alarm nor a graph: a scaling policy.
type Query struct {
	// ID names the line in expressions; the result is called "result".
	ID, Label string
	// Expression is the math; where it is set, there is no series.
	Expression string
	// Namespace, Name, Statistic and Dimensions are the series.
	Namespace, Name, Statistic string
	Dimensions                 []QueryDimension
	// Period is in seconds.
	Period int
	// Returned is true for the result alone.
	Returned bool
}

// QueryDimension is one dimension of a series. A value that turns out empty at deployment is an error there.
type QueryDimension struct {
	Name  string
	Value pulumi.StringInput
}

// Queries are the parts of the metric by their ids, and the result, last.
func (m Metric) Queries() []Query {
	var out []Query
	for _, id := range m.ids() {
		out = append(out, m.parts[id].line(id))
	}
	result := m.line(resultID)
	result.Returned = true
	return append(out, result)
}

func (m Metric) line(id string) Query {
	q := Query{ID: id, Label: m.text(), Period: m.period}
	if m.expression != "" {
		q.Expression = m.expression
		return q
	}
	q.Namespace, q.Name, q.Statistic = m.namespace, m.name, m.statistic
	names := m.dimensionNames()
	for _, name := range names {
		i := slices.IndexFunc(m.dimensions, func(d dimension) bool { return d.name == name })
		q.Dimensions = append(q.Dimensions, QueryDimension{Name: name, Value: m.known(m.dimensions[i])})
	}
	return q
}

// Check adds what makes the metric unusable: the same that Create refuses.
func (m Metric) Check(problems *fielderror.Errors, field string) { m.check(problems, field) }
