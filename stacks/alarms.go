package stacks

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fleet"
)

// alarmTopic is where the alarms of one region go. An alarm tells topics of its own region only, so there is one here and
// one where CloudFront publishes its metrics.
func (e *environment) alarmTopic(name, region string, provider *aws.Provider) (*alarms.AlarmTopic, error) {
	c := e.config
	made, err := alarms.NewAlarmTopic(e.ctx, name, &alarms.AlarmTopicArgs{
		AccountID: c.Account.ID, Region: region, Runbooks: c.Alarms.Runbooks, Subscriptions: e.subscriptions(),
		DeliveryLogs: alarms.DeliveryLogs{RetentionDays: c.Profile.LogDays},
		Workload:     shared, Tags: c.tags(shared), Disposable: c.Profile.Disposable,
	}, pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	e.state(made)
	return made, nil
}

// edge says what CloudFront needs of us-east-1. Where the profile asks for it, that region has topics and a dashboard of
// its own.
func (e *environment) edge() (fleet.CDN, error) {
	cdn := fleet.CDN{USEast1: e.providers.edge}
	if !e.config.Profile.EdgeAlarms {
		cdn.AlarmsOff = "development: a failing edge shows at the load balancer, and topics in a second region cost more than they tell"
		return cdn, nil
	}
	topic, err := e.alarmTopic("edge-alarms", edgeRegion, e.providers.edge)
	if err != nil {
		return cdn, err
	}
	cdn.Alarms = topic.Route()
	board, err := alarms.NewDashboards(e.ctx, "edge-dashboards", &alarms.DashboardsArgs{
		Region: edgeRegion, NoSummary: true, Workloads: map[string][]alarms.Widget{"edge": topic.Widgets()},
	}, pulumi.Provider(e.providers.edge))
	if err != nil {
		return cdn, err
	}
	e.state(board)
	return cdn, nil
}

// subscriptions are keyed by what they are, so that adding an address renames no other.
func (e *environment) subscriptions() map[string]alarms.Subscription {
	told := map[string]alarms.Subscription{}
	for _, address := range e.config.Alarms.Emails {
		told[subscriberName(address)] = alarms.Subscription{
			Severities: []alarms.Severity{alarms.Critical, alarms.Warning, alarms.Info}, Email: pulumi.String(address),
		}
	}
	if e.config.Alarms.Pager {
		told["pager"] = alarms.Subscription{
			Severities: []alarms.Severity{alarms.Critical}, PagerDuty: pagerURL(e.ctx),
		}
	}
	return told
}

// subscriberName makes a name of an address: "mail-alarms-example-com".
func subscriberName(address string) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(address))
	return fmt.Sprintf("mail-%s", strings.Trim(letters, "-"))
}
