package alarms

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/names"
	"github.com/seed-11444627/holdfast/components/internal/prices"
	"github.com/seed-11444627/holdfast/components/posture"
)

// DashboardsToken is the type of Dashboards.
const DashboardsToken = "holdfast:index:Dashboards"

// DashboardsArgs describe a dashboard for each workload and a summary of all. Region and Workloads are required.
type DashboardsArgs struct {
	// Region is where the metrics are, for example "eu-central-1"; those that AWS keeps elsewhere are read there.
	// Required.
	Region string `pulumi:"region"`
	// Workloads are the widgets of each workload's components, by the workload's name. At most 500 widgets and 2,500
	// metrics each. Required.
	Workloads map[string][]Widget `pulumi:"workloads"`
	// NoSummary leaves out the dashboard over all workloads.
	// Default: false.
	NoSummary bool `pulumi:"noSummary"`
	// Transform changes the arguments and options of the dashboards, last of all.
	// Default: nothing is changed.
	Transform DashboardsTransform
}

// DashboardsTransform changes what the component would make.
type DashboardsTransform struct {
	Dashboard func(*cloudwatch.DashboardArgs, *[]pulumi.ResourceOption)
}

// Dashboards are a dashboard for each workload, and a summary with the state of every alarm.
type Dashboards struct {
	pulumi.ResourceState

	// Names are the dashboards' names, by workload; the summary is under "summary".
	Names pulumi.StringMapOutput `pulumi:"names"`

	name, region string
	count        int
}

// summary is the name of the dashboard over all workloads, which no workload may have.
const summary = "summary"

// dashboardName is what a dashboard may be called.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
var dashboardName = names.Limit{Max: 255, Pattern: chatName.Pattern}

// NewDashboards makes the dashboards. A dashboard belongs to the whole account, whatever its region, and its name is
// fixed, so the name holds the stack's.
func NewDashboards(ctx *pulumi.Context, name string, args *DashboardsArgs, opts ...pulumi.ResourceOption) (*Dashboards, error) {
	boards, err := planDashboards(name, args)
	if err != nil {
		return nil, component.Fail("Dashboards", name, err)
	}
	d := &Dashboards{name: name, region: args.Region, count: len(boards)}
	intent := pulumi.Map{"region": pulumi.String(args.Region), "workloads": pulumi.ToStringArray(sortedKeys(boards))}
	kids, err := component.Register(ctx, DashboardsToken, name, intent, d, nil, opts...)
	if err != nil {
		return nil, component.Fail("Dashboards", name, err)
	}
	made := pulumi.StringMap{}
	for _, workload := range sortedKeys(boards) {
		board, err := createDashboard(ctx, kids, workload, args, boards[workload])
		if err != nil {
			return nil, component.Fail("Dashboards", name, err)
		}
		made[workload] = board.DashboardName
	}
	d.Names = made.ToStringMapOutput()
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"names": d.Names})
}

// Posture is what the dashboards cost. They hold nothing and serve nobody's requests.
func (d *Dashboards) Posture() posture.Posture {
	global := []string{"CloudWatch keeps dashboards; the metrics they show stay in their regions, and are lost from sight with them"}
	return posture.Posture{
		Workload: "shared", Component: "Dashboards", Name: d.name, Zones: []string{}, Alarms: []posture.Alarm{},
		Price: prices.Hourly(prices.DashboardMonth, d.region, d.count),
		Recovery: map[posture.Scenario]posture.Recovery{
			posture.InstanceLoss: {Derivation: global}, posture.ZoneLoss: {Derivation: global}, posture.RegionLoss: {Derivation: global},
		},
	}
}

// Widgets are none: a dashboard is not shown on a dashboard.
func (d *Dashboards) Widgets() []Widget { return nil }

func createDashboard(ctx *pulumi.Context, kids component.Children, workload string, args *DashboardsArgs, widgets []Widget) (*cloudwatch.Dashboard, error) {
	body, err := Body(args.Region, widgets)
	if err != nil {
		return nil, err
	}
	return component.New(ctx, kids, "dashboard of "+workload, kids.Child(workload), &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(names.For(kids.Child(workload)).Physical(dashboardName, ctx.Stack())),
		DashboardBody: body,
	}, args.Transform.Dashboard, cloudwatch.NewDashboard)
}

// planDashboards is pure: every dashboard's widgets by name, checked all at once.
func planDashboards(name string, args *DashboardsArgs) (map[string][]Widget, error) {
	problems := fielderror.For("Dashboards")
	problems.Join(names.Check(name))
	if args == nil {
		args = &DashboardsArgs{}
	}
	problems.Require(regionPattern.MatchString(args.Region), "Region", args.Region, "a region such as eu-central-1", "give the provider's region")
	problems.Require(len(args.Workloads) > 0, "Workloads", nil, "the widgets of at least one workload", "pass each component's Widgets()")
	boards := map[string][]Widget{}
	for _, workload := range sortedKeys(args.Workloads) {
		field := fmt.Sprintf("Workloads[%s]", workload)
		problems.Require(alarmKey.MatchString(workload) && workload != summary, field, workload, "lower-case letters, digits and single hyphens, not \"summary\"", "rename it")
		boards[workload] = slices.Concat([]Widget{Text("# " + workload)}, args.Workloads[workload])
	}
	if !args.NoSummary && len(args.Workloads) > 0 {
		boards[summary] = Summary(args.Workloads)
	}
	for _, workload := range sortedKeys(boards) {
		problems.Join(ValidateWidgets(boards[workload]))
	}
	return boards, problems.Err()
}

// Summary is what the dashboard over all workloads shows: for each, the state of its alarms and its numbers.
func Summary(workloads map[string][]Widget) []Widget {
	widgets := []Widget{Text("# All workloads")}
	for _, workload := range sortedKeys(workloads) {
		widgets = append(widgets, Text("## "+workload))
		for _, w := range workloads[workload] {
			if w.kind == status || w.kind == number {
				widgets = append(widgets, w)
			}
		}
	}
	return widgets
}
