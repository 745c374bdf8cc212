package alarms_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

// board is a dashboard body as CloudWatch reads it.
type board struct {
	Widgets []struct {
		Type                string
		X, Y, Width, Height int
		Properties          struct {
			Title, View, Region, Markdown string
			Stacked                       bool
			Alarms                        []string
			Metrics                       [][]any
			Annotations                   struct {
				Horizontal []struct {
					Label string
					Value float64
				}
			}
		}
	}
}

// dashboards makes dashboards and reads their bodies back, by logical name.
func dashboards(t *testing.T, args *alarms.DashboardsArgs) (map[string]board, map[string]string) {
	t.Helper()
	rec, err := try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
		_, err := alarms.NewDashboards(ctx, "view", args, pulumi.Provider(provider))
		return err
	})
	require.NoError(t, err)
	bodies, names := map[string]board{}, map[string]string{}
	for _, d := range rec.ByType("aws:cloudwatch/dashboard:Dashboard") {
		var b board
		require.NoError(t, json.Unmarshal([]byte(d.In().Text("dashboardBody")), &b))
		bodies[d.Name], names[d.Name] = b, d.In().Text("dashboardName")
	}
	return bodies, names
}

func queueGraph(title string) alarms.Widget {
	return alarms.Graph(title, alarms.Queue{Name: pulumi.String("inbox")}.Visible())
}

func TestThereIsADashboardForEachWorkloadAndASummary(t *testing.T) {
	bodies, names := dashboards(t, &alarms.DashboardsArgs{Region: region, Workloads: map[string][]alarms.Widget{
		"hashing": {alarms.StatusOf("Alarms", pulumi.String("arn:aws:cloudwatch:"+region+":"+account+":alarm:a")), queueGraph("Waiting")},
		"orders":  {alarms.Number("Waiting now", alarms.Queue{Name: pulumi.String("inbox")}.Visible()), queueGraph("Waiting")},
	}})
	require.Equal(t, map[string]string{"view-hashing": "view-hashing-stack", "view-orders": "view-orders-stack", "view-summary": "view-summary-stack"}, names)
	var kinds []string
	for _, w := range bodies["view-summary"].Widgets {
		kinds = append(kinds, w.Type+" "+w.Properties.View+w.Properties.Markdown)
	}
	require.Equal(t, []string{"text # All workloads", "text ## hashing", "alarm ", "text ## orders", "metric singleValue"}, kinds)
	require.Equal(t, "# hashing", bodies["view-hashing"].Widgets[0].Properties.Markdown)
}

func TestWidgetsNeverOverlapAndStayInsideTheGrid(t *testing.T) {
	widgets := []alarms.Widget{queueGraph("a"), queueGraph("b").Sized(6, 3), queueGraph("c").Sized(10, 9), alarms.Text("here"), queueGraph("d"), queueGraph("e"), queueGraph("f").Sized(24, 1)}
	bodies, _ := dashboards(t, &alarms.DashboardsArgs{Region: region, NoSummary: true, Workloads: map[string][]alarms.Widget{"a": widgets}})
	taken := map[string]string{}
	for _, w := range bodies["view-a"].Widgets {
		require.LessOrEqual(t, w.X+w.Width, 24)
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				cell := fmt.Sprintf("%d,%d", x, y)
				require.Empty(t, taken[cell], "%q lies on %q", w.Properties.Title, taken[cell])
				taken[cell] = w.Type + w.Properties.Title
			}
		}
	}
}

func TestAGraphNamesItsMetricsDimensionsAndRegions(t *testing.T) {
	queue := alarms.Queue{Name: pulumi.String("inbox")}
	graph := alarms.Graph("Traffic", queue.Sent().Named("in"), alarms.Distribution{ID: pulumi.String("E1")}.Requests(),
		alarms.Rate("failed", queue.Deleted(), queue.Sent(), 10), alarms.Rate("again", queue.Deleted(), queue.Sent(), 10)).Line("limit", 100).Stacked()
	bodies, _ := dashboards(t, &alarms.DashboardsArgs{Region: region, NoSummary: true, Workloads: map[string][]alarms.Widget{"a": {graph}}})
	p := bodies["view-a"].Widgets[1].Properties
	require.Equal(t, region, p.Region)
	require.True(t, p.Stacked)
	require.Equal(t, "limit", p.Annotations.Horizontal[0].Label)
	require.Equal(t, []any{"AWS/SQS", "NumberOfMessagesSent", "QueueName", "inbox", map[string]any{"label": "in", "stat": "Sum", "period": 60.0}}, p.Metrics[0])
	require.Equal(t, "us-east-1", p.Metrics[1][len(p.Metrics[1])-1].(map[string]any)["region"])
	ids := map[any]bool{}
	for _, row := range p.Metrics[2:] {
		options := row[len(row)-1].(map[string]any)
		require.False(t, ids[options["id"]], "identifiers are unique in a widget")
		ids[options["id"]] = true
	}
	require.Equal(t, "IF(FILL(m2_total, 0) >= 10, 100 * FILL(m2_errors, 0) / FILL(m2_total, 1), 0)", p.Metrics[4][0].(map[string]any)["expression"])
}

func TestADashboardThatCloudWatchRefusesIsRefusedHere(t *testing.T) {
	many := make([]alarms.Metric, 501)
	crowd := make([]alarms.Widget, 501)
	for i := range many {
		many[i], crowd[i] = alarms.Queue{Name: pulumi.String("inbox")}.Visible(), alarms.Text("x")
	}
	arns := make([]pulumi.StringInput, 101)
	for i := range arns {
		arns[i] = pulumi.String("arn")
	}
	for name, widgets := range map[string][]alarms.Widget{
		"none":         {},
		"too many":     crowd,
		"zero widget":  {{}},
		"501 metrics":  {alarms.Graph("m", many...)},
		"no metric":    {alarms.Graph("m")},
		"no dimension": {alarms.Graph("m", alarms.Queue{}.Visible())},
		"too wide":     {queueGraph("w").Sized(25, 1)},
		"101 alarms":   {alarms.StatusOf("s", arns...)},
		"nil alarm":    {alarms.StatusOf("s", nil)},
		"empty text":   {alarms.Text("")},
		"2,505 in total": {
			alarms.Graph("1", many[:500]...), alarms.Graph("2", many[:500]...), alarms.Graph("3", many[:500]...),
			alarms.Graph("4", many[:500]...), alarms.Graph("5", many[:500]...), alarms.Graph("6", many[:5]...),
		},
	} {
		require.NotEmpty(t, fielderror.All(alarms.ValidateWidgets(widgets)), name)
	}
	_, err := try(func(ctx *pulumi.Context, _ pulumi.ProviderResource) error {
		_, err := alarms.NewDashboards(ctx, "view", nil)
		require.Len(t, fielderror.All(err), 2)
		_, err = alarms.NewDashboards(ctx, "view", &alarms.DashboardsArgs{Region: region, Workloads: map[string][]alarms.Widget{"summary": {queueGraph("x")}}})
		return err
	})
	require.ErrorContains(t, err, "Workloads[summary]")
}

func TestDashboardsConform(t *testing.T) {
	args := func(workloads ...string) func(*pulumi.Context, pulumi.ProviderResource) (*alarms.DashboardsArgs, error) {
		return func(*pulumi.Context, pulumi.ProviderResource) (*alarms.DashboardsArgs, error) {
			widgets := map[string][]alarms.Widget{}
			for _, workload := range workloads {
				widgets[workload] = []alarms.Widget{queueGraph("Waiting"), alarms.Text("words")}
			}
			return &alarms.DashboardsArgs{Region: region, Workloads: widgets}, nil
		}
	}
	conformance.Run(t, conformance.Case[alarms.DashboardsArgs, *alarms.Dashboards]{
		Token: alarms.DashboardsToken, New: alarms.NewDashboards, Smallest: args("one"), Largest: args("one", "two", "three"),
		Options: []cloudsim.Option{neighbours()},
	})
}
