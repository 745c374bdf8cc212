package alarms_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/conformance"
)

const (
	account  = conformance.Account
	region   = conformance.Region
	runbook  = "https://example.org/docs/runbooks"
	pagerURL = "https://events.pagerduty.com/integration/0123456789abcdef/enqueue"
	hookURL  = "https://hooks.example.org/t0ken-in-the-path"
	function = "arn:aws:lambda:" + region + ":" + account + ":function:format"
	farTopic = "arn:aws:sns:us-east-1:" + account + ":edge"
	inbox    = "arn:aws:sqs:" + region + ":" + account + ":inbox"
)

// smallest is the least an AlarmTopic takes: one mailbox behind both urgent topics.
func smallest() *alarms.AlarmTopicArgs {
	return &alarms.AlarmTopicArgs{
		AccountID: account, Region: region, Runbooks: runbook,
		Subscriptions: map[string]alarms.Subscription{
			"team": {Severities: []alarms.Severity{alarms.Warning, alarms.Critical}, Email: pulumi.String("team@example.org")},
		},
	}
}

// largest has every kind of subscription and every publisher.
func largest() *alarms.AlarmTopicArgs {
	all := alarms.Severities()
	args := smallest()
	args.Publishers = alarms.Publishers()
	args.Tracing, args.Disposable, args.Workload = true, true, "hashing"
	args.Heartbeat.Hours, args.DeliveryLogs.SuccessPercent, args.DeliveryLogs.RetentionDays = 6, 10, 30
	args.Subscriptions["pager"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Critical}, PagerDuty: secret(pagerURL)}
	args.Subscriptions["room"] = alarms.Subscription{Severities: all, Slack: &alarms.Slack{WorkspaceID: "T07EA123LEP", ChannelID: "C07EZ1ABC23"}}
	args.Subscriptions["bridge"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Info}, Teams: &alarms.Teams{
		TenantID: "1ab2c3d4-0123-4567-89ab-0123456789ab", TeamID: "2ab2c3d4-0123-4567-89ab-0123456789ab", ChannelID: "19%3aab%40thread.tacv2",
	}}
	args.Subscriptions["hook"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Warning}, Endpoint: &alarms.Endpoint{
		Protocol: alarms.HTTPS, Address: secret(hookURL), AutoConfirms: true, Raw: true,
	}}
	args.Subscriptions["format"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Info}, Endpoint: &alarms.Endpoint{Protocol: alarms.Lambda, Address: pulumi.String(function)}}
	args.Subscriptions["archive"] = alarms.Subscription{Severities: []alarms.Severity{alarms.Info}, Endpoint: &alarms.Endpoint{Protocol: alarms.SQS, Address: pulumi.String(inbox), Raw: true}}
	return args
}

func secret(text string) pulumi.StringInput {
	return pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput)
}

// neighbours are the function and the queue that the largest arguments name.
func neighbours() cloudsim.Option {
	queuePolicy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + inbox + `"}]}`
	return cloudsim.Exists(
		cloudsim.Given{Type: "aws:sns/topic:Topic", Name: "edge", ID: farTopic, Account: account, Region: "us-east-1", Properties: map[string]any{"arn": farTopic}},
		cloudsim.Given{Type: "aws:lambda/function:Function", Name: "format", ID: "format", Account: account, Region: region, Properties: map[string]any{"arn": function, "name": "format"}},
		cloudsim.Given{Type: "aws:sqs/queue:Queue", Name: "inbox", ID: "https://sqs." + region + ".amazonaws.com/" + account + "/inbox", Account: account, Region: region, Properties: map[string]any{"arn": inbox, "name": "inbox", "policy": queuePolicy}},
	)
}

// run makes one AlarmTopic in a simulated account.
func run(t *testing.T, args *alarms.AlarmTopicArgs, look func(*alarms.AlarmTopic)) *cloudsim.Recorder {
	t.Helper()
	rec, err := try(func(ctx *pulumi.Context, provider pulumi.ProviderResource) error {
		topic, err := alarms.NewAlarmTopic(ctx, "paging", args, pulumi.Provider(provider))
		if err == nil && look != nil {
			look(topic)
		}
		return err
	})
	require.NoError(t, err)
	return rec
}

func try(program func(*pulumi.Context, pulumi.ProviderResource) error) (*cloudsim.Recorder, error) {
	sim := cloudsim.New(cloudsim.Account(account), cloudsim.Region(region), neighbours(), conformance.Topics())
	return sim.Run(func(ctx *pulumi.Context) error {
		provider, err := conformance.NewProvider(ctx, "expected", region)
		if err != nil {
			return err
		}
		return program(ctx, provider)
	})
}
