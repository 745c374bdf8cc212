package alarms

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/jsontext"
)

// Widget is one rectangle of a dashboard, made by Graph, Number, Status or Text. It has no place yet: a dashboard lays
// its widgets out from left to right.
type Widget struct {
	kind          string
	title         string
	width, height int
	metrics       []Metric
	stacked       bool
	lines         []line
	alarms        []pulumi.StringInput
	markdown      string
}

// line is a horizontal line across a graph.
type line struct {
	label string
	value float64
}

// The kinds of widget.
const (
	graph  = "timeSeries"
	number = "singleValue"
	status = "alarm"
	text   = "text"
)

// The grid of a dashboard, and what it holds at most.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
const (
	gridWidth           = 24
	maxHeight           = 1000
	maxWidgets          = 500
	maxMetricsPerWidget = 500
	maxMetrics          = 2500
	maxAlarmsPerWidget  = 100
)

// Graph draws metrics over time: half the width of the dashboard, six rows.
func Graph(title string, metrics ...Metric) Widget {
	return Widget{kind: graph, title: title, width: 12, height: 6, metrics: metrics}
}

// Number shows the newest figure of each metric: a quarter of the width, three rows.
func Number(title string, metrics ...Metric) Widget {
	return Widget{kind: number, title: title, width: 6, height: 3, metrics: metrics}
}

// Status shows the state of all alarms of the sets: the whole width.
func Status(title string, sets ...*Set) Widget {
	var arns []pulumi.StringInput
	for _, set := range sets {
		for _, key := range set.Keys() {
			arns = append(arns, set.made[key].Arn)
		}
	}
	return StatusOf(title, arns...)
}

// StatusOf shows the state of alarms given by ARN.
func StatusOf(title string, arns ...pulumi.StringInput) Widget {
	rows := (len(arns) + alarmsPerRow - 1) / alarmsPerRow
	return Widget{kind: status, title: title, width: gridWidth, height: 1 + max(rows, 1), alarms: arns}
}

// alarmsPerRow is how many alarms the console draws side by side across the whole width.
const alarmsPerRow = 6

// Text is Markdown across the whole width.
func Text(markdown string) Widget {
	return Widget{kind: text, width: gridWidth, height: 2, markdown: markdown}
}

// Sized changes the widget's size: width 1 to 24 columns, height 1 to 1,000 rows.
func (w Widget) Sized(width, height int) Widget {
	w.width, w.height = width, height
	return w
}

// Stacked adds the series up, one on the other.
func (w Widget) Stacked() Widget {
	w.stacked = true
	return w
}

// Line draws a horizontal line, for example at an alarm's threshold.
func (w Widget) Line(label string, value float64) Widget {
	w.lines = append(slices.Clone(w.lines), line{label, value})
	return w
}

// Title is the widget's title; "" for a text.
func (w Widget) Title() string { return w.title }

// check records what CloudWatch would refuse.
func (w Widget) check(problems *fielderror.Errors, field string) {
	if w.kind == "" {
		problems.Add(field, nil, "a widget made by Graph, Number, Status or Text", "use one of them")
		return
	}
	size := fmt.Sprintf("%d by %d", w.width, w.height)
	problems.Require(w.width >= 1 && w.width <= gridWidth && w.height >= 1 && w.height <= maxHeight, field, size, "1 to 24 columns by 1 to 1,000 rows", "change Sized")
	problems.Require(w.kind != text || w.markdown != "", field, nil, "some text", "write it")
	problems.Require(w.kind != status || len(w.alarms) > 0 && len(w.alarms) <= maxAlarmsPerWidget, field, fmt.Sprintf("%d alarms", len(w.alarms)), "1 to 100 alarms", "split the widget")
	charts := w.kind == graph || w.kind == number
	problems.Require(!charts || len(w.metrics) > 0 && w.series() <= maxMetricsPerWidget, field, fmt.Sprintf("%d metrics", w.series()), "1 to 500 metrics", "split the widget")
	for i, m := range w.metrics {
		m.check(problems, fmt.Sprintf("%s.Metrics[%d]", field, i))
	}
	for i, arn := range w.alarms {
		problems.Require(usable(arn), fmt.Sprintf("%s.Alarms[%d]", field, i), nil, "the ARN of an alarm", "pass the alarm's output")
	}
}

// series is how many metrics the widget reads, the parts of metric math among them.
func (w Widget) series() int {
	count := 0
	for _, m := range w.metrics {
		count += max(1, len(m.parts))
	}
	return count
}

// place is where a widget lies.
type place struct{ x, y int }

// layout lays widgets from left to right, and begins a new row where one does not fit.
func layout(widgets []Widget) []place {
	places := make([]place, len(widgets))
	x, y, tallest := 0, 0, 0
	for i, w := range widgets {
		if x+w.width > gridWidth {
			x, y, tallest = 0, y+tallest, 0
		}
		places[i] = place{x, y}
		x, tallest = x+w.width, max(tallest, w.height)
	}
	return places
}

// ValidateWidgets says what is wrong with the widgets of one dashboard, all at once.
func ValidateWidgets(widgets []Widget) error {
	problems := fielderror.For("Dashboard")
	problems.Require(len(widgets) > 0 && len(widgets) <= maxWidgets, "Widgets", fmt.Sprintf("%d widgets", len(widgets)), "1 to 500 widgets", "split the dashboard")
	total := 0
	for i, w := range widgets {
		field := fmt.Sprintf("Widgets[%d]", i)
		if w.title != "" {
			field = fmt.Sprintf("Widgets[%s]", w.title)
		}
		w.check(problems, field)
		total += w.series()
	}
	problems.Require(total <= maxMetrics, "Widgets", fmt.Sprintf("%d metrics", total), "at most 2,500 metrics", "split the dashboard")
	return problems.Err()
}

// Body is the dashboard's JSON text: the widgets laid out, their metrics in region unless AWS keeps them elsewhere. The
// same widgets give the same text.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
func Body(region string, widgets []Widget) (pulumi.StringOutput, error) {
	if err := ValidateWidgets(widgets); err != nil {
		return pulumi.StringOutput{}, err
	}
	placed := make(pulumi.Array, len(widgets))
	for i, at := range layout(widgets) {
		w := widgets[i]
		placed[i] = pulumi.Map{
			"type": pulumi.String(w.typeName()), "x": pulumi.Int(at.x), "y": pulumi.Int(at.y),
			"width": pulumi.Int(w.width), "height": pulumi.Int(w.height), "properties": w.properties(region),
		}
	}
	return jsontext.Marshal(pulumi.Map{"widgets": placed}), nil
}

// typeName is the widget's type in a dashboard body.
func (w Widget) typeName() string {
	if w.kind == graph || w.kind == number {
		return "metric"
	}
	return w.kind
}

func (w Widget) properties(region string) pulumi.Map {
	if w.kind == text {
		return pulumi.Map{"markdown": pulumi.String(w.markdown)}
	}
	if w.kind == status {
		return pulumi.Map{"title": pulumi.String(w.title), "alarms": inputs(w.alarms)}
	}
	properties := pulumi.Map{
		"title": pulumi.String(w.title), "view": pulumi.String(w.kind), "stacked": pulumi.Bool(w.stacked),
		"region": pulumi.String(region), "metrics": w.rows(region),
	}
	if len(w.lines) > 0 {
		properties["annotations"] = pulumi.Map{"horizontal": w.annotations()}
	}
	return properties
}

func inputs(values []pulumi.StringInput) pulumi.Array {
	out := make(pulumi.Array, len(values))
	for i, value := range values {
		out[i] = value
	}
	return out
}

func (w Widget) annotations() pulumi.Array {
	out := make(pulumi.Array, len(w.lines))
	for i, l := range w.lines {
		out[i] = pulumi.Map{"label": pulumi.String(l.label), "value": pulumi.Float64(l.value)}
	}
	return out
}

// rows are the metrics of a widget. Parts of metric math are hidden rows that the expression names; their identifiers
// are made unique within the widget.
func (w Widget) rows(region string) pulumi.Array {
	var rows pulumi.Array
	for i, m := range w.metrics {
		if m.expression == "" {
			rows = append(rows, m.row(region, pulumi.Map{"label": pulumi.String(m.text())}))
			continue
		}
		prefix := fmt.Sprintf("m%d_", i)
		for _, id := range m.ids() {
			rows = append(rows, m.parts[id].row(region, pulumi.Map{"id": pulumi.String(prefix + id), "visible": pulumi.Bool(false)}))
		}
		rows = append(rows, pulumi.Array{pulumi.Map{
			"expression": pulumi.String(m.renamed(prefix)), "label": pulumi.String(m.text()), "id": pulumi.String(fmt.Sprintf("e%d", i)),
			"period": pulumi.Int(m.period),
		}})
	}
	return rows
}

// row is [namespace, name, dimension, value, …, options].
func (m Metric) row(region string, options pulumi.Map) pulumi.Array {
	row := pulumi.Array{pulumi.String(m.namespace), pulumi.String(m.name)}
	for _, d := range m.dimensions {
		row = append(row, pulumi.String(d.name), m.known(d))
	}
	options = maps.Clone(options)
	options["stat"], options["period"] = pulumi.String(m.statistic), pulumi.Int(m.period)
	if m.region != "" && m.region != region {
		options["region"] = pulumi.String(m.region)
	}
	return append(row, options)
}

// renamed is the expression with a prefix before every identifier of a part.
func (m Metric) renamed(prefix string) string {
	return identifier.ReplaceAllStringFunc(m.expression, func(word string) string {
		if _, ok := m.parts[word]; ok {
			return prefix + word
		}
		return word
	})
}
