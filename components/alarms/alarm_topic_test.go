package alarms_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
	"github.com/seed-11444627/holdfast/tests/runbooks"
)

const (
	alarmType        = "aws:cloudwatch/metricAlarm:MetricAlarm"
	subscriptionType = "aws:sns/topicSubscription:TopicSubscription"
	topicType        = "aws:sns/topic:Topic"
	queueType        = "aws:sqs/queue:Queue"
)

// told are the severities that an alarm is sent to, by the names of the topics.
func told(t *testing.T, rec *cloudsim.Recorder, alarm cloudsim.Record, property string) []string {
	t.Helper()
	var names []string
	for _, arn := range alarm.In().Texts(property) {
		topic, ok := rec.ByARN(arn)
		require.True(t, ok, "%s tells a topic that is there: %s", alarm.Name, arn)
		names = append(names, topic.Name)
	}
	return names
}

func TestNoAlarmAboutATopicDependsOnThatTopic(t *testing.T) {
	rec := run(t, largest(), nil)
	seen := rec.ByType(alarmType)
	require.NotEmpty(t, seen)
	for _, alarm := range seen {
		to := told(t, rec, alarm, "alarmActions")
		require.Len(t, to, 1, alarm.Name)
		for _, severity := range []string{"critical", "warning", "info"} {
			about := strings.HasPrefix(alarm.Name, "paging-"+severity+"-") || strings.Contains(alarm.Name, "-"+severity+"-undelivered")
			require.False(t, about && to[0] == "paging-"+severity, "%s would be told through the topic it is about", alarm.Name)
		}
		require.Contains(t, []string{"paging-critical", "paging-warning"}, to[0], "%s is about unheard alarms and must be seen", alarm.Name)
	}
}

func TestEveryAlarmDecidesMissingDataAndLeadsToARunbookEntry(t *testing.T) {
	rec := run(t, largest(), nil)
	for _, alarm := range rec.ByType(alarmType) {
		require.Contains(t, []string{"breaching", "notBreaching"}, alarm.In().Text("treatMissingData"), alarm.Name)
		require.True(t, alarm.In().Bool("actionsEnabled"), alarm.Name)
		runbooks.RequireEntry(t, alarm.In().Text("alarmDescription"))
	}
	runbooks.RequireFile(t, "alarm-topic.md", []string{"delivery-failed", "notification-lost", "topic-silent", "undelivered"})
}

func TestEachTopicHasItsFourKindsOfAlarm(t *testing.T) {
	rec := run(t, largest(), nil)
	var names []string
	for _, alarm := range rec.ByType(alarmType) {
		names = append(names, strings.TrimPrefix(alarm.Name, "paging-"))
	}
	for _, severity := range []string{"critical", "warning", "info"} {
		for _, kind := range []string{"delivery-failed", "notification-lost", "silent"} {
			require.Contains(t, names, severity+"-"+kind)
		}
	}
	for _, subscription := range []string{"team-critical", "team-warning", "pager-critical", "hook-warning", "format-info", "archive-info"} {
		require.Contains(t, names, subscription+"-undelivered")
	}
	require.Len(t, names, 15)
}

func TestASilentTopicIsNoticedWithinAnHourOfItsHeartbeat(t *testing.T) {
	for _, hours := range []int{1, 24} {
		args := smallest()
		args.Heartbeat.Hours = hours
		rec := run(t, args, nil)
		alarm, ok := rec.Named(alarmType, "paging-critical-silent")
		require.True(t, ok)
		in := alarm.In()
		require.Equal(t, hours+1, in.Int("evaluationPeriods"))
		require.Equal(t, hours+1, in.Int("datapointsToAlarm"), "one arrival keeps it quiet")
		require.Equal(t, "breaching", in.Text("treatMissingData"))
		require.Equal(t, "LessThanThreshold", in.Text("comparisonOperator"))
		queries := in.Objects("metricQueries")
		require.Equal(t, "FILL(received, 0)", queries[1].Text("expression"))
		require.Equal(t, 3600, queries[0].Int("metric.period"))
		queue, ok := rec.Named(queueType, "paging-critical-heartbeat")
		require.True(t, ok)
		require.Equal(t, queue.Out().Text("name"), queries[0].Text("metric.dimensions.QueueName"))
	}
}

func TestAHeartbeatTakesTheWayAlarmsTake(t *testing.T) {
	rec := run(t, smallest(), nil)
	schedules := rec.ByType("aws:scheduler/schedule:Schedule")
	require.Len(t, schedules, 3)
	for _, schedule := range schedules {
		in := schedule.In()
		topic, ok := rec.ByARN(in.Text("target.arn"))
		require.True(t, ok)
		require.Equal(t, schedule.Name, topic.Name+"-heartbeat")
		require.Equal(t, "rate(1440 minutes)", in.Text("scheduleExpression"))
		require.True(t, json.Valid([]byte(in.Text("target.input"))), "a filter on the body can read it")
		role, ok := rec.ByARN(in.Text("target.roleArn"))
		require.True(t, ok)
		group, ok := rec.Named("aws:scheduler/scheduleGroup:ScheduleGroup", "paging-heartbeat")
		require.True(t, ok)
		require.Contains(t, role.In().Text("assumeRolePolicy"), group.Out().Text("arn"), "the role is for this group's schedules only")
		for _, first := range []string{topic.Name + "-policy", topic.Name + "-heartbeat-policy", topic.Name + "-heartbeat-subscription", "paging-heartbeat-policy", topic.Name + "-deliveries", topic.Name + "-failures"} {
			require.True(t, slices.ContainsFunc(schedule.Dependencies, func(urn string) bool { return strings.HasSuffix(urn, "::"+first) }),
				"%s waits for %s: the first heartbeat is sent at once", schedule.Name, first)
		}
	}
}

func TestTheHeartbeatRoleMayPublishThroughTheKeysAndNothingElse(t *testing.T) {
	rec := run(t, smallest(), nil)
	policy, ok := rec.Named("aws:iam/rolePolicy:RolePolicy", "paging-heartbeat-policy")
	require.True(t, ok)
	var d document
	require.NoError(t, json.Unmarshal([]byte(policy.In().Text("policy")), &d))
	require.Len(t, d.Statement, 2)
	require.Equal(t, many{"sns:Publish"}, d.Statement[0].Action)
	require.Equal(t, many{"kms:GenerateDataKey*", "kms:Decrypt"}, d.Statement[1].Action)
	for i, typ := range []string{topicType, "aws:kms/key:Key"} {
		require.Len(t, d.Statement[i].Resource, 3)
		for _, arn := range d.Statement[i].Resource {
			r, ok := rec.ByARN(arn)
			require.True(t, ok)
			require.Equal(t, typ, r.Type)
		}
	}
}

func TestEverySubscriptionOfOursHasADeadLetterQueueThatKeepsFourteenDays(t *testing.T) {
	rec := run(t, largest(), nil)
	for _, s := range rec.ByType(subscriptionType) {
		if strings.HasSuffix(s.Name, "-heartbeat-subscription") {
			continue
		}
		var redrive struct{ DeadLetterTargetArn string }
		require.NoError(t, json.Unmarshal([]byte(s.In().Text("redrivePolicy")), &redrive), s.Name)
		queue, ok := rec.ByARN(redrive.DeadLetterTargetArn)
		require.True(t, ok, s.Name)
		require.Equal(t, s.Name+"-undelivered", queue.Name)
		require.Equal(t, 14*24*3600, queue.In().Int("messageRetentionSeconds"))
		_, ok = rec.Named(alarmType, queue.Name)
		require.True(t, ok, "%s is watched", queue.Name)
	}
}

func TestPagerDutyAndWebhookAddressesAreNeverInPlainText(t *testing.T) {
	rec := run(t, largest(), nil)
	pager, ok := rec.Named(subscriptionType, "paging-pager-critical")
	require.True(t, ok)
	require.True(t, pager.Inputs["endpoint"].ContainsSecrets(), "the URL is recorded as a secret")
	hook, ok := rec.Named(subscriptionType, "paging-hook-warning")
	require.True(t, ok)
	require.True(t, hook.Inputs["endpoint"].ContainsSecrets())
	team, ok := rec.Named(subscriptionType, "paging-team-critical")
	require.True(t, ok)
	require.False(t, team.Inputs["endpoint"].ContainsSecrets(), "the test can tell")
}

func TestAPlainURLBecomesASecret(t *testing.T) {
	args := smallest()
	args.Subscriptions["pager"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Critical}, PagerDuty: pulumi.String(pagerURL)}
	rec := run(t, args, nil)
	pager, ok := rec.Named(subscriptionType, "paging-pager-critical")
	require.True(t, ok)
	require.True(t, pager.Inputs["endpoint"].ContainsSecrets())
	require.Equal(t, "https", pager.In().Text("protocol"))
	require.True(t, pager.In().Bool("endpointAutoConfirms"))
}

func TestAnAddressOfTheWrongKindIsRefusedWithoutShowingIt(t *testing.T) {
	const leak = "sup3rs3cret"
	for name, to := range map[string]alarms.Subscription{
		"plain http":     {Endpoint: &alarms.Endpoint{Protocol: alarms.HTTPS, Address: pulumi.String("http://example.org/" + leak)}},
		"another pager":  {PagerDuty: pulumi.String("https://example.org/" + leak)},
		"no mailbox":     {Email: pulumi.String(leak)},
		"a queue's URL":  {Endpoint: &alarms.Endpoint{Protocol: alarms.SQS, Address: pulumi.String("https://sqs/" + leak)}},
		"not a function": {Endpoint: &alarms.Endpoint{Protocol: alarms.Lambda, Address: pulumi.String(inbox + leak)}},
	} {
		args := smallest()
		to.Severities = []alarms.Severity{alarms.Info}
		args.Subscriptions["other"] = to
		_, err := try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
			_, err := alarms.NewAlarmTopic(ctx, "paging", args, pulumi.Provider(provider))
			return err
		})
		require.ErrorContains(t, err, "subscription other: the address is not", name)
		require.NotContains(t, err.Error(), leak, name)
	}
}

func TestTopicsAreEncryptedSignedAndRecorded(t *testing.T) {
	rec := run(t, largest(), nil)
	for _, topic := range rec.ByType(topicType) {
		if topic.Parent == "" || !strings.HasPrefix(topic.Name, "paging-") {
			continue
		}
		in := topic.In()
		require.Equal(t, 2, in.Int("signatureVersion"))
		require.Equal(t, "Active", in.Text("tracingConfig"))
		for _, protocol := range []string{"http", "sqs", "lambda"} {
			require.Equal(t, 10, in.Int(protocol+"SuccessFeedbackSampleRate"))
			require.NotEmpty(t, in.Text(protocol+"FailureFeedbackRoleArn"))
		}
		for _, suffix := range []string{"", "/Failure"} {
			want := "sns/" + region + "/" + account + "/" + topic.Out().Text("name") + suffix
			found := slices.IndexFunc(rec.ByType("aws:cloudwatch/logGroup:LogGroup"), func(g cloudsim.Record) bool { return g.Out().Text("name") == want })
			require.GreaterOrEqual(t, found, 0, want)
			group := rec.ByType("aws:cloudwatch/logGroup:LogGroup")[found]
			require.Equal(t, in.Text("kmsMasterKeyId"), group.In().Text("kmsKeyId"))
			require.Equal(t, 30, group.In().Int("retentionInDays"))
		}
	}
}

func TestChatChannelsMayOnlyLookAtMetrics(t *testing.T) {
	rec := run(t, largest(), nil)
	slack, ok := rec.Named("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "paging-room")
	require.True(t, ok)
	require.Len(t, slack.In().Texts("snsTopicArns"), 3)
	teams, ok := rec.Named("aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration", "paging-bridge")
	require.True(t, ok)
	for _, channel := range []cloudsim.Record{slack, teams} {
		guardrails := channel.In().Texts("guardrailPolicyArns")
		require.Len(t, guardrails, 1, "without one the service applies AdministratorAccess")
		guardrail, ok := rec.ByARN(guardrails[0])
		require.True(t, ok)
		var d document
		require.NoError(t, json.Unmarshal([]byte(guardrail.In().Text("policy")), &d))
		require.Len(t, d.Statement, 1)
		require.Equal(t, many{"cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"}, d.Statement[0].Action)
		require.True(t, channel.In().Bool("userAuthorizationRequired"))
	}
	require.Len(t, rec.ByType("aws:iam/rolePolicyAttachment:RolePolicyAttachment"), 1)
}

func TestASubscribedFunctionMayBeInvokedByItsTopicOnly(t *testing.T) {
	rec := run(t, largest(), nil)
	permissions := rec.ByType("aws:lambda/permission:Permission")
	require.Len(t, permissions, 1)
	in := permissions[0].In()
	require.Equal(t, "sns.amazonaws.com", in.Text("principal"))
	require.Equal(t, function, in.Text("function"))
	topic, ok := rec.ByARN(in.Text("sourceArn"))
	require.True(t, ok)
	require.Equal(t, "paging-info", topic.Name)
}

func TestWhatPeopleConfirmedAndWhatTheyMissedIsProtectedUnlessDisposable(t *testing.T) {
	for _, disposable := range []bool{false, true} {
		args := smallest()
		args.Disposable = disposable
		rec := run(t, args, nil)
		for _, r := range rec.Resources() {
			kept := strings.HasPrefix(r.Name, "paging-") && (r.Type == topicType || r.Type == "aws:kms/key:Key" || strings.HasSuffix(r.Name, "-undelivered") && r.Type == queueType)
			require.Equal(t, kept && !disposable, r.Protect, "%s %s", r.Type, r.Name)
			if r.Type == "aws:cloudwatch/logGroup:LogGroup" {
				require.Equal(t, !disposable, r.RetainOnDelete)
			}
		}
	}
}

func TestRouteAndPostureSayWhoIsTold(t *testing.T) {
	run(t, largest(), func(topic *alarms.AlarmTopic) {
		route := topic.Route()
		require.Equal(t, []string{"PagerDuty", "Slack", "e-mail"}, route.Destinations[alarms.Critical])
		require.Equal(t, runbook, route.Runbooks)
		for _, severity := range alarms.Severities() {
			require.NotNil(t, route.Topic(severity))
		}
		p := topic.Posture()
		require.Equal(t, "hashing", p.Workload)
		require.Len(t, p.Alarms, 15)
		for _, alarm := range p.Alarms {
			require.NotContains(t, alarm.GoesTo, "topic only", alarm.Name)
		}
		require.True(t, p.Recovery[posture.RegionLoss].Unrecoverable)
		require.Greater(t, p.Price.Expected, 0.0)
		require.Len(t, topic.Widgets(), 4)
		_, err := alarms.Body(region, topic.Widgets())
		require.NoError(t, err)
	})
}

func TestEveryMistakeInTheArgumentsIsReportedAtOnce(t *testing.T) {
	args := &alarms.AlarmTopicArgs{
		AccountID: "12", Region: "Frankfurt", Runbooks: "http://example.org",
		Publishers:   []alarms.Publisher{"events", "events", "fax"},
		Heartbeat:    alarms.Heartbeat{Hours: 5},
		DeliveryLogs: alarms.DeliveryLogs{SuccessPercent: 101, RetentionDays: 2},
		Tags:         map[string]string{"Name": "x"},
		Subscriptions: map[string]alarms.Subscription{
			"Team":  {Email: pulumi.String("a@example.org"), PagerDuty: pulumi.String(pagerURL)},
			"room":  {Severities: []alarms.Severity{"loud", "loud"}, Slack: &alarms.Slack{WorkspaceID: "t-1"}, BodyFilter: "{}"},
			"teams": {Severities: []alarms.Severity{alarms.Info}, Teams: &alarms.Teams{}},
			"sms":   {Severities: []alarms.Severity{alarms.Info}, Endpoint: &alarms.Endpoint{Protocol: "sms", AutoConfirms: true}},
		},
	}
	var problems []*fielderror.FieldError
	rec, err := try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
		_, err := alarms.NewAlarmTopic(ctx, "paging", args, pulumi.Provider(provider))
		problems = fielderror.All(err)
		return err
	})
	require.Error(t, err)
	for _, r := range rec.Resources() {
		require.False(t, strings.HasPrefix(r.Name, "paging"), "nothing was registered")
	}
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	for _, want := range []string{
		"AccountID", "Region", "Runbooks", "Publishers", "Heartbeat.Hours", "DeliveryLogs.SuccessPercent", "DeliveryLogs.RetentionDays", "Tags[Name]",
		"Subscriptions[Team]", "Subscriptions[Team].Severities", "Subscriptions[room].Severities", "Subscriptions[room].Slack.WorkspaceID",
		"Subscriptions[room].Slack.ChannelID", "Subscriptions[room].BodyFilter", "Subscriptions[teams].Teams.TeamID", "Subscriptions[teams].Teams.ChannelID",
		"Subscriptions[sms].Endpoint.Protocol", "Subscriptions[sms].Endpoint.Address", "Subscriptions[sms].Endpoint.AutoConfirms", "Subscriptions",
	} {
		require.Contains(t, fields, want)
	}
}

func TestSomebodyMustHearCriticalAndWarning(t *testing.T) {
	args := smallest()
	args.Subscriptions = nil
	_, err := try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
		_, err := alarms.NewAlarmTopic(ctx, "paging", args, pulumi.Provider(provider))
		return err
	})
	require.ErrorContains(t, err, "nobody for critical")
	args.Unattended = "a scratch account"
	run(t, args, nil)
}

func TestAFilterThatWouldDropPlainTextIsRefused(t *testing.T) {
	args := smallest()
	team := args.Subscriptions["team"]
	team.BodyFilter = `{"heartbeat": [{"exists": false}]}`
	args.Subscriptions["team"] = team
	rec := run(t, args, nil)
	s, ok := rec.Named(subscriptionType, "paging-team-critical")
	require.True(t, ok)
	require.Equal(t, "MessageBody", s.In().Text("filterPolicyScope"), "alarms have no attributes, so a filter on those would drop them")
	args.Publishers = []alarms.Publisher{alarms.CloudWatchAlarms, alarms.AWSBudgets}
	_, err := try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
		_, err := alarms.NewAlarmTopic(ctx, "paging", args, pulumi.Provider(provider))
		return err
	})
	require.ErrorContains(t, err, "publisher budgets")
}

func TestHeartbeatsAndLogsCanBeLeftOutForAReason(t *testing.T) {
	args := smallest()
	args.Heartbeat.Off, args.DeliveryLogs.Off = "tested by hand", "not in this account"
	rec := run(t, args, nil)
	require.Empty(t, rec.ByType("aws:scheduler/schedule:Schedule"))
	require.Empty(t, rec.ByType("aws:cloudwatch/logGroup:LogGroup"))
	require.Empty(t, rec.ByType("aws:iam/role:Role"))
	for _, alarm := range rec.ByType(alarmType) {
		require.False(t, strings.HasSuffix(alarm.Name, "-silent"))
	}
}

func TestAlarmTopicConforms(t *testing.T) {
	conformance.Run(t, conformance.Case[alarms.AlarmTopicArgs, *alarms.AlarmTopic]{
		Token: alarms.Token, New: alarms.NewAlarmTopic,
		Smallest: func(*pulumi.Context, pulumi.ProviderResource) (*alarms.AlarmTopicArgs, error) { return smallest(), nil },
		Largest:  func(*pulumi.Context, pulumi.ProviderResource) (*alarms.AlarmTopicArgs, error) { return largest(), nil },
		Twice: func(*pulumi.Context, pulumi.ProviderResource) (*alarms.AlarmTopicArgs, error) {
			args := largest()
			delete(args.Subscriptions, "room") // an account has one configuration for a channel
			delete(args.Subscriptions, "bridge")
			return args, nil
		},
		Secrets: []string{pagerURL, hookURL},
		Options: []cloudsim.Option{neighbours()},
	})
}

func TestAlarmTopicGraph(t *testing.T) {
	rec := run(t, largest(), nil)
	conformance.Golden(t, rec, "testdata/alarm_topic.golden")
	text, err := os.ReadFile("testdata/alarm_topic.golden")
	require.NoError(t, err)
	require.NotContains(t, string(text), pagerURL)
}

func TestAChannelIsToldOfTopicsInOtherRegionsByItsOneConfiguration(t *testing.T) {
	const elsewhere = farTopic
	args := largest()
	args.Subscriptions["room"].Slack.OtherTopics = []pulumi.StringInput{pulumi.String(elsewhere)}
	args.Subscriptions["bridge"].Teams.OtherTopics = []pulumi.StringInput{pulumi.String(elsewhere)}
	args.Subscriptions["edge"] = alarms.Subscription{Severities: alarms.Severities(), Elsewhere: "Matrix"}
	var topic *alarms.AlarmTopic
	rec := run(t, args, func(made *alarms.AlarmTopic) { topic = made })
	for typ, severities := range map[string]int{"aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": 3, "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration": 1} {
		require.Len(t, rec.ByType(typ), 1)
		require.Len(t, rec.ByType(typ)[0].In().Texts("snsTopicArns"), severities+1)
		require.Contains(t, rec.ByType(typ)[0].In().Texts("snsTopicArns"), elsewhere)
	}
	for _, r := range rec.Resources() {
		require.NotContains(t, r.Name, "edge-", "nothing is made for who is told elsewhere")
	}
	require.Contains(t, topic.Route().Destinations[alarms.Critical], "Matrix")
}

func TestAChannelIsConfiguredOnce(t *testing.T) {
	args := largest()
	again := *args.Subscriptions["room"].Slack
	args.Subscriptions["again"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Info}, Slack: &again}
	_, err := alarms.NewAlarmTopic(nil, "alarms", args)
	require.ErrorContains(t, err, "another channel than that of again")
}
