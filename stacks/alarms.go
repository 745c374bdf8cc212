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
func (e *environment) alarmTopic(name, region string, provider *aws.Provider, told map[string]alarms.Subscription) (*alarms.AlarmTopic, error) {
	c := e.config
	made, err := alarms.NewAlarmTopic(e.ctx, name, &alarms.AlarmTopicArgs{
		AccountID: c.Account.ID, Region: region, Runbooks: c.Alarms.Runbooks, Subscriptions: told,
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
// its own. Chat channels are told of these topics by the configuration that the home region's AlarmTopic makes, because an
// account can have one for a channel: so these come first.
func (e *environment) edge() (fleet.CDN, error) {
	cdn := fleet.CDN{USEast1: e.providers.edge}
	if !e.config.Profile.EdgeAlarms {
		cdn.AlarmsOff = "development: a failing edge shows at the load balancer, and topics in a second region cost more than they tell"
		return cdn, nil
	}
	told := e.subscriptions()
	for _, chat := range e.config.Alarms.chats() {
		told[strings.ToLower(chat)] = alarms.Subscription{Severities: alarms.Severities(), Elsewhere: chat}
	}
	topic, err := e.alarmTopic("edge-alarms", edgeRegion, e.providers.edge, told)
	if err != nil {
		return cdn, err
	}
	e.edgeTopics = []pulumi.StringInput{topic.Critical, topic.Warning, topic.Info}
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

// homeTopic is where the alarms of the home region go, and what tells the chat channels of both regions.
func (e *environment) homeTopic() (*alarms.AlarmTopic, error) {
	told, c := e.subscriptions(), e.config.Alarms
	if c.Slack != (SlackConfig{}) {
		told["slack"] = alarms.Subscription{Severities: alarms.Severities(), Slack: &alarms.Slack{
			WorkspaceID: c.Slack.Workspace, ChannelID: c.Slack.Channel, OtherTopics: e.edgeTopics,
		}}
	}
	if c.Teams != (TeamsConfig{}) {
		told["teams"] = alarms.Subscription{Severities: alarms.Severities(), Teams: &alarms.Teams{
			TenantID: c.Teams.Tenant, TeamID: c.Teams.Team, ChannelID: c.Teams.Channel, OtherTopics: e.edgeTopics,
		}}
	}
	return e.alarmTopic("alarms", e.config.Account.Region, e.providers.home, told)
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
