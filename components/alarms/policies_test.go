package alarms_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// sent is what each service really sends along, from its own pages, written down here a second time: the call to SNS
// and the call to KMS of one notification about something in the account and region.
type sent struct {
	service    string
	source     func(account string) string
	toSNS      []string
	toKMS      []string
	unconfined string
}

const (
	sourceAccount = "aws:SourceAccount"
	sourceARN     = "aws:SourceArn"
	transport     = "aws:SecureTransport"
)

var both = []string{sourceAccount, sourceARN}

var services = map[alarms.Publisher]sent{
	alarms.CloudWatchAlarms: {service: "cloudwatch.amazonaws.com", toSNS: both, toKMS: both, source: func(a string) string {
		return "arn:aws:cloudwatch:" + region + ":" + a + ":alarm:hashing-unhealthy-hosts-1a2b3c4"
	}},
	// EventBridge sends no source with either call: its guide says that conditions cannot be used in topic policies for it,
	// and the SNS guide that asking for them in a key's policy is not supported.
	alarms.EventBridge: {
		service: "events.amazonaws.com", source: func(string) string { return "" },
		unconfined: "EventBridge documents that conditions cannot be used in topic policies",
	},
	alarms.AWSBudgets:    {service: "budgets.amazonaws.com", toSNS: both, toKMS: both, source: func(a string) string { return "arn:aws:budgets::" + a + ":budget/month" }},
	alarms.CostAnomalies: {service: "costalerts.amazonaws.com", toSNS: []string{sourceAccount}, toKMS: []string{sourceAccount}, source: func(string) string { return "" }},
	alarms.AWSBackup: {
		service: "backup.amazonaws.com", source: func(string) string { return "" },
		unconfined: "AWS Backup documents no condition key, and does not notify topics of other accounts",
	},
	alarms.RDSEvents: {service: "events.rds.amazonaws.com", toSNS: both, toKMS: []string{sourceAccount}, source: func(a string) string {
		return "arn:aws:rds:" + region + ":" + a + ":db:orders"
	}},
}

func (s sent) with(keys []string, from string) map[string]string {
	all := map[string]string{sourceAccount: from, sourceARN: s.source(from)}
	out := map[string]string{transport: "true"}
	for _, key := range keys {
		out[key] = all[key]
	}
	return out
}

// paths are each topic's ARN, topic policy and key policy, as AWS would hold them.
func paths(t *testing.T, rec *cloudsim.Recorder) map[string][2]document {
	t.Helper()
	out := map[string][2]document{}
	for _, policy := range rec.ByType("aws:sns/topicPolicy:TopicPolicy") {
		topic, ok := rec.ByARN(policy.In().Text("arn"))
		require.True(t, ok)
		key, ok := rec.ByARN(topic.In().Text("kmsMasterKeyId"))
		require.True(t, ok, "the topic %s is under a key of ours", topic.Name)
		require.True(t, key.In().Bool("enableKeyRotation"))
		out[topic.Out().Text("arn")] = [2]document{parse(t, policy.In().Text("policy")), parse(t, key.In().Text("policy"))}
	}
	require.Len(t, out, 3)
	return out
}

func TestEveryPublisherReachesEveryTopicThroughItsKey(t *testing.T) {
	rec := run(t, largest(), nil)
	for arn, policies := range paths(t, rec) {
		for name, s := range services {
			publish := call{service: s.service, action: "sns:Publish", resource: arn, keys: s.with(s.toSNS, account)}
			require.True(t, policies[0].allows(publish), "the policy of %s admits %s", arn, name)
			for _, action := range []string{"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"} {
				use := call{service: s.service, action: action, resource: "the key", keys: s.with(s.toKMS, account)}
				require.True(t, policies[1].allows(use), "the key of %s admits %s to %s", arn, name, action)
			}
		}
	}
}

func TestNoPublisherActsForAnotherAccount(t *testing.T) {
	rec := run(t, largest(), nil)
	for arn, policies := range paths(t, rec) {
		for name, s := range services {
			publish := call{service: s.service, action: "sns:Publish", resource: arn, keys: s.with(s.toSNS, "999999999999")}
			require.Equal(t, s.unconfined != "", policies[0].allows(publish), "%s: %s", name, s.unconfined)
		}
		foreign := call{account: "999999999999", action: "sns:Publish", resource: arn, keys: map[string]string{transport: "true"}}
		require.False(t, policies[0].allows(foreign))
	}
}

func TestNothingIsPublishedWithoutTLS(t *testing.T) {
	rec := run(t, largest(), nil)
	for arn, policies := range paths(t, rec) {
		for name, s := range services {
			keys := maps.Clone(s.with(s.toSNS, account))
			keys[transport] = "false"
			require.False(t, policies[0].allows(call{service: s.service, action: "sns:Publish", resource: arn, keys: keys}), "%s", name)
		}
		require.False(t, policies[0].allows(call{account: account, action: "sns:Publish", resource: arn, keys: map[string]string{transport: "false"}}))
	}
}

func TestAServiceThatIsNotListedIsRefusedByTopicAndKey(t *testing.T) {
	rec := run(t, smallest(), nil)
	for arn, policies := range paths(t, rec) {
		for name, s := range services {
			listed := name == alarms.CloudWatchAlarms || name == alarms.EventBridge
			publish := call{service: s.service, action: "sns:Publish", resource: arn, keys: s.with(s.toSNS, account)}
			use := call{service: s.service, action: "kms:Decrypt", resource: "the key", keys: s.with(s.toKMS, account)}
			require.Equal(t, listed, policies[0].allows(publish), "%s", name)
			require.Equal(t, listed, policies[1].allows(use), "%s", name)
		}
		stranger := map[string]string{transport: "true", sourceAccount: account, sourceARN: "arn:aws:s3:::bucket"}
		require.False(t, policies[0].allows(call{service: "s3.amazonaws.com", action: "sns:Publish", resource: arn, keys: stranger}))
		require.False(t, policies[1].allows(call{service: "s3.amazonaws.com", action: "kms:Decrypt", resource: "the key", keys: stranger}))
	}
}

func TestTheAccountAdministersAKeyButReadsOnlyThroughTopicsAndQueues(t *testing.T) {
	rec := run(t, smallest(), nil)
	for arn, policies := range paths(t, rec) {
		direct := call{account: account, action: "kms:Decrypt", resource: "the key", keys: map[string]string{"kms:CallerAccount": account}}
		require.False(t, policies[1].allows(direct), arn)
		require.False(t, policies[1].allows(call{account: account, action: "kms:CreateGrant", resource: "the key"}), arn)
		require.True(t, policies[1].allows(call{account: account, action: "kms:PutKeyPolicy", resource: "the key"}), "nobody may lock themselves out of %s", arn)
		require.True(t, policies[1].allows(call{account: account, action: "kms:ScheduleKeyDeletion", resource: "the key"}))
		for _, via := range []string{"sqs", "sns"} {
			through := call{account: account, action: "kms:Decrypt", resource: "the key", keys: map[string]string{"kms:CallerAccount": account, "kms:ViaService": via + "." + region + ".amazonaws.com"}}
			require.True(t, policies[1].allows(through), via)
			through.keys["kms:CallerAccount"] = "999999999999"
			require.False(t, policies[1].allows(through), via)
		}
	}
}

func TestEveryQueueTakesMessagesFromItsTopicOnly(t *testing.T) {
	rec := run(t, largest(), nil)
	subscriptions := map[string]string{} // queue -> topic
	for _, s := range rec.ByType("aws:sns/topicSubscription:TopicSubscription") {
		for _, queue := range rec.ByType("aws:sqs/queue:Queue") {
			arn := queue.Out().Text("arn")
			if s.In().Text("endpoint") == arn || s.In().Text("redrivePolicy") == `{"deadLetterTargetArn":"`+arn+`"}` {
				subscriptions[arn] = s.In().Text("topic")
			}
		}
	}
	checked := 0
	for _, policy := range rec.ByType("aws:sqs/queuePolicy:QueuePolicy") {
		queue := policy.In().Text("queueUrl")
		for _, q := range rec.ByType("aws:sqs/queue:Queue") {
			if q.Out().Text("url") != queue {
				continue
			}
			arn, d := q.Out().Text("arn"), parse(t, policy.In().Text("policy"))
			send := func(topic, tls string) bool {
				return d.allows(call{service: "sns.amazonaws.com", action: "sqs:SendMessage", resource: arn, keys: map[string]string{sourceARN: topic, transport: tls}})
			}
			require.NotEmpty(t, subscriptions[arn], "%s is used", q.Name)
			require.True(t, send(subscriptions[arn], "true"), q.Name)
			require.False(t, send(subscriptions[arn], "false"), q.Name)
			require.False(t, send("arn:aws:sns:"+region+":999999999999:other", "true"), q.Name)
			key, ok := rec.ByARN(q.In().Text("kmsMasterKeyId"))
			require.True(t, ok)
			write := func(topic string) bool {
				use := call{service: "sns.amazonaws.com", action: "kms:GenerateDataKey", resource: "the key", keys: map[string]string{sourceARN: topic}}
				return parse(t, key.In().Text("policy")).allows(use)
			}
			require.True(t, write(subscriptions[arn]), "SNS may write into %s", q.Name)
			require.False(t, write("arn:aws:sns:"+region+":999999999999:other"), "for a stranger's topic it may not use the key of %s", q.Name)
			checked++
		}
	}
	require.Len(t, rec.ByType("aws:sqs/queue:Queue"), checked, "every queue has a policy")
}

func TestTheSimulatedCloudFindsNoBrokenPath(t *testing.T) {
	rec := run(t, largest(), nil)
	require.Empty(t, rec.Idle())
}
