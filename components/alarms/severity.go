package alarms

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Severity says how soon a person must look.
type Severity string

// The severities. Each has a topic of its own, so that each can go to other people.
const (
	// Critical wakes somebody: users are hurt now, or will be within the hour.
	Critical Severity = "critical"
	// Warning is looked at within the working day.
	Warning Severity = "warning"
	// Info is read when somebody has time.
	Info Severity = "info"
)

// Severities lists them, the most urgent first.
func Severities() []Severity { return []Severity{Critical, Warning, Info} }

// Known says whether s is one of the three.
func (s Severity) Known() bool { return s == Critical || s == Warning || s == Info }

// Family is the kind of question an alarm asks. It decides what missing data means, how many datapoints must breach,
// and which changes of state are told.
type Family string

// The families.
const (
	// Liveness: is it there at all? Silence is the fault, so missing data breaches.
	Liveness Family = "liveness"
	// Lag: how far behind is it? A stopped consumer reports nothing, so missing data breaches.
	Lag Family = "lag"
	// Business: does the work that pays arrive? No figure is as bad as a low one, so missing data breaches.
	Business Family = "business"
	// Errors: a count that AWS reports only when it is not zero; missing data does not breach.
	Errors Family = "errors"
	// Saturation: how full is it? Missing data does not breach; a Liveness alarm beside it tells of silence.
	Saturation Family = "saturation"
	// Latency: how slow is it? Without requests there is no figure; missing data does not breach.
	Latency Family = "latency"
	// Event: one occurrence is enough. Missing data does not breach.
	Event Family = "event"
)

// Families lists them in the order of the documentation.
func Families() []Family {
	return []Family{Liveness, Lag, Business, Errors, Saturation, Latency, Event}
}

// rule is what a family decides.
type rule struct {
	// missing is CloudWatch's TreatMissingData. It is never left to "missing", which would keep an alarm silent.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
	missing string
	// periods and datapoints are N and M of "M out of N".
	periods, datapoints int
	// tellsOK sends a notification when the alarm returns to OK.
	tellsOK bool
	// tellsInsufficient sends one when the alarm cannot tell. With missing data decided, that happens only to an alarm
	// that has just been made or whose metric math fails, so it is told only where silence itself is the fault.
	tellsInsufficient bool
}

var rules = map[Family]rule{
	Liveness:   {missing: "breaching", periods: 5, datapoints: 3, tellsOK: true, tellsInsufficient: true},
	Lag:        {missing: "breaching", periods: 5, datapoints: 3, tellsOK: true, tellsInsufficient: true},
	Business:   {missing: "breaching", periods: 5, datapoints: 3, tellsOK: true, tellsInsufficient: true},
	Errors:     {missing: "notBreaching", periods: 5, datapoints: 3, tellsOK: true},
	Saturation: {missing: "notBreaching", periods: 5, datapoints: 3, tellsOK: true},
	Latency:    {missing: "notBreaching", periods: 5, datapoints: 3, tellsOK: true},
	Event:      {missing: "notBreaching", periods: 1, datapoints: 1},
}

// Route says where alarms go: a topic per severity, and the runbooks their text links to. AlarmTopic.Route makes one;
// the topics of another account or team can be given by hand.
type Route struct {
	// Critical, Warning and Info are topic ARNs, in the region of the alarms.
	Critical pulumi.StringInput `pulumi:"critical"`
	Warning  pulumi.StringInput `pulumi:"warning"`
	Info     pulumi.StringInput `pulumi:"info"`
	// Runbooks is the address of the folder that holds the runbook files, for example
	// "https://github.com/seed-11444627/holdfast/blob/main/docs/runbooks".
	Runbooks string `pulumi:"runbooks"`
	// Destinations names, per severity, who is told, for reports: "e-mail", "PagerDuty".
	Destinations map[Severity][]string `pulumi:"destinations"`
}

// Topic is the topic ARN of a severity; nil when there is none.
func (r Route) Topic(severity Severity) pulumi.StringInput {
	switch severity {
	case Critical:
		return r.Critical
	case Warning:
		return r.Warning
	case Info:
		return r.Info
	}
	return nil
}

// Empty says whether nothing was given.
func (r Route) Empty() bool {
	return r.Critical == nil && r.Warning == nil && r.Info == nil && r.Runbooks == "" && len(r.Destinations) == 0
}

// Check records what is wrong with the route of a component whose arguments are Alarms and AlarmsOff: alarms are
// required unless off says why there are none, and never both.
func (r Route) Check(problems *fielderror.Errors, off string) {
	const fix = "pass AlarmTopic.Route(), or give the reason in AlarmsOff"
	if off != "" {
		problems.Require(r.Empty(), "AlarmsOff", off, "a reason only where Alarms is not given", "remove one of the two")
		return
	}
	if r.Empty() {
		problems.Add("Alarms", nil, "a route for alarms", fix)
		return
	}
	for _, severity := range Severities() {
		problems.Require(usable(r.Topic(severity)), "Alarms."+title(severity), nil, "the ARN of a topic", fix)
	}
	problems.Require(strings.HasPrefix(r.Runbooks, "https://"), "Alarms.Runbooks", r.Runbooks,
		"an address that begins with https://", "give the address of the folder docs/runbooks in your repository")
}

// tells is the text of a report: "critical: e-mail, PagerDuty".
func (r Route) tells(severity Severity) string {
	people := r.Destinations[severity]
	if len(people) == 0 {
		return string(severity) + ": topic only"
	}
	return string(severity) + ": " + strings.Join(people, ", ")
}

// link is the address of a runbook entry.
func (r Route) link(runbook string) string {
	return strings.TrimSuffix(r.Runbooks, "/") + "/" + runbook
}

func title(severity Severity) string {
	return strings.ToUpper(string(severity[:1])) + string(severity[1:])
}
