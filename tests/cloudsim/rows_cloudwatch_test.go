package cloudsim_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

func alarmed(changes pulumi.Map) func(w *world) {
	return func(w *world) { w.make(alarmType, "a", alarm(changes)) }
}

// queries are an alarm on metric math; the metrics of the single kind are taken away.
func queries(list ...pulumi.Input) pulumi.Map {
	return pulumi.Map{"namespace": nil, "metricName": nil, "period": nil, "statistic": nil, "metricQueries": pulumi.Array(list)}
}

func query(id string, rest pulumi.Map) pulumi.Map { return merge(pulumi.Map{"id": s(id)}, rest) }

func series(name string) pulumi.Map {
	return pulumi.Map{"metric": pulumi.Map{"metricName": s(name), "namespace": s("Hashing"), "period": n(60), "stat": s("Sum")}}
}

func TestAnAlarmIsRefusedWhereCloudWatchRefusesIt(t *testing.T) {
	t.Parallel()
	rate := query("rate", pulumi.Map{"expression": s(`100 * errors / requests`), "returnData": yes(true)})
	runServices(t, []serviceCase{
		{"on one metric", alarmed(nil), ""},
		{"on a percentile", alarmed(pulumi.Map{"statistic": nil, "extendedStatistic": s("p99.9")}), ""},
		{"on a percentile over 100", alarmed(pulumi.Map{"statistic": nil, "extendedStatistic": s("p101")}), "extendedStatistic|percentile"},
		{"with two statistics", alarmed(pulumi.Map{"extendedStatistic": s("p99")}), "ValidationError|Exactly one of Statistic and ExtendedStatistic"},
		{"with a period of 45 seconds", alarmed(pulumi.Map{"period": n(45)}), "period|must be 10, 20, 30 or a multiple of 60"},
		{"with a high-resolution period", alarmed(pulumi.Map{"period": n(10)}), ""},
		{"over a day of minutes", alarmed(pulumi.Map{"evaluationPeriods": n(1440)}), ""},
		{"over more than a day of minutes", alarmed(pulumi.Map{"evaluationPeriods": n(1441)}), "ValidationError|Metrics cannot be checked across more than a day"},
		{"over a week of hours", alarmed(pulumi.Map{"period": n(3600), "evaluationPeriods": n(168)}), ""},
		{"over more than a week of hours", alarmed(pulumi.Map{"period": n(3600), "evaluationPeriods": n(169)}), "more than a week"},
		{"with more datapoints than periods", alarmed(pulumi.Map{"datapointsToAlarm": n(4)}), "DatapointsToAlarm (4)"},
		{"with an unknown comparison", alarmed(pulumi.Map{"comparisonOperator": s("Above")}), "comparisonOperator|must be one of"},
		{"with unknown treatment of missing data", alarmed(pulumi.Map{"treatMissingData": s("ok")}), "treatMissingData"},
		{"without a threshold", alarmed(pulumi.Map{"threshold": nil}), "Threshold and ThresholdMetricId"},
		{"without a metric", alarmed(pulumi.Map{"metricName": nil}), "exactly one of metricName and metricQueries"},
		{"on metric math", alarmed(queries(rate, query("errors", series("Errors")), query("requests", series("Requests")))), ""},
		{"on an unknown series", alarmed(queries(rate, query("errors", series("Errors")))), `Error in expression 'rate'|unknown id "requests"`},
		{"on two results", alarmed(queries(query("a", merge(series("A"), pulumi.Map{"returnData": yes(true)})), query("b", merge(series("B"), pulumi.Map{"returnData": yes(true)})))),
			"1 elements of the metrics list should return data, 2 do"},
		{"on the same id twice", alarmed(queries(query("a", merge(series("A"), pulumi.Map{"returnData": yes(true)})), query("a", series("B")))), `the id "a" is given twice`},
		{"on an id that begins with a capital", alarmed(queries(query("Rate", merge(series("A"), pulumi.Map{"returnData": yes(true)})))), "lower-case letter"},
		{"with a topic of another region", alarmed(pulumi.Map{"alarmActions": list(s("arn:aws:sns:us-east-1:111122223333:t"))}), "Invalid region us-east-1 specified. Only eu-west-1 is supported."},
		{"with a topic that does not exist", alarmed(pulumi.Map{"alarmActions": list(s("arn:aws:sns:eu-west-1:111122223333:t"))}), "ValidationError|does not exist"},
		{"that reboots an instance", alarmed(pulumi.Map{"alarmActions": list(s("arn:aws:automate:eu-west-1:ec2:reboot"))}), ""},
		{"with six actions", alarmed(pulumi.Map{"okActions": list(s("a"), s("b"), s("c"), s("d"), s("e"), s("f"))}), "okActions|must have 0 to 5 elements"},
	})
}

// notified is an alarm with a topic; the topic's key and policy are the caller's.
func notified(topicArgs func(w *world) pulumi.Map, policy func(topic string) string) func(w *world) {
	return func(w *world) {
		var args pulumi.Map
		if topicArgs != nil {
			args = topicArgs(w)
		}
		topic := w.make(topicType, "t", args)
		w.make(alarmType, "a", alarm(pulumi.Map{"name": s("too-many-errors"), "alarmActions": pulumi.Array{topic.Arn}}))
		if policy != nil {
			w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, policy)})
		}
	}
}

func TestAnAlarmReachesATopicOnlyIfTheTopicAndItsKeyAdmitCloudWatch(t *testing.T) {
	t.Parallel()
	admits := func(service string) func(string) string {
		return func(topic string) string { return allow(service, "sns:Publish", topic) }
	}
	from := func(source string) func(string) string {
		return func(topic string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"` +
				topic + `","Condition":{"ArnLike":{"aws:SourceArn":"` + source + `"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}`
		}
	}
	key := func(policy string) func(w *world) pulumi.Map {
		return func(w *world) pulumi.Map {
			return pulumi.Map{"kmsMasterKeyId": w.make(keyType, "k", pulumi.Map{"policy": s(policy)}).ID()}
		}
	}
	managed := func(*world) pulumi.Map { return pulumi.Map{"kmsMasterKeyId": s("alias/aws/sns")} }
	disabled := func(w *world) pulumi.Map {
		return pulumi.Map{"kmsMasterKeyId": w.make(keyType, "k", pulumi.Map{"policy": s(keyFor("cloudwatch.amazonaws.com")), "isEnabled": yes(false)}).ID()}
	}
	runServices(t, []serviceCase{
		{"the policy that SNS gives", notified(nil, nil), ""},
		{"a policy that admits CloudWatch", notified(nil, admits("cloudwatch.amazonaws.com")), ""},
		{"a policy that admits the account's alarms", notified(nil, from("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*")), ""},
		{"a policy that admits other alarms", notified(nil, from("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:other-*")), "idle:AWS accepts this and it never works|nobody is notified"},
		{"a policy that admits EventBridge only", notified(nil, admits("events.amazonaws.com")), "idle:nobody is notified|does not allow cloudwatch.amazonaws.com to call sns:Publish"},
		{"a key that admits CloudWatch", notified(key(keyFor("cloudwatch.amazonaws.com")), nil), ""},
		{"a key that does not", notified(key(keyFor("events.amazonaws.com")), nil), "idle:does not allow cloudwatch.amazonaws.com to call kms:Decrypt"},
		{"a disabled key", notified(disabled, nil), "idle:is disabled"},
		{"the key that AWS manages", notified(managed, nil), "idle:the AWS managed key alias/aws/sns does not admit cloudwatch.amazonaws.com"},
	})
}

func TestAnAlarmOnAMetricThatNothingPublishesIsFound(t *testing.T) {
	t.Parallel()
	on := func(namespace, dimension string, value pulumi.StringInput) pulumi.Map {
		return pulumi.Map{"namespace": s(namespace), "dimensions": pulumi.Map{dimension: value}}
	}
	distribution := func(region string) pulumi.Map {
		return pulumi.Map{"namespace": s("AWS/CloudFront"), "dimensions": pulumi.Map{"DistributionId": s("E123"), "Region": s(region)}}
	}
	runServices(t, []serviceCase{
		{"of a queue of the program", func(w *world) {
			w.make(alarmType, "a", alarm(merge(on("AWS/SQS", "QueueName", w.make(queueType, "q", nil).Name), pulumi.Map{"metricName": s("NumberOfMessagesSent")})))
		}, ""},
		{"of a queue that is not there", alarmed(on("AWS/SQS", "QueueName", s("jobs"))), `idle:stays in INSUFFICIENT_DATA|publishes AWS/SQS with QueueName "jobs"`},
		{"of a queue by its ARN", func(w *world) {
			w.make(alarmType, "a", alarm(on("AWS/SQS", "QueueName", w.make(queueType, "q", nil).Arn)))
		}, "idle:stays in INSUFFICIENT_DATA"},
		{"of the program itself", alarmed(pulumi.Map{"dimensions": pulumi.Map{"Fleet": s("x")}}), ""},
		{"of CloudFront from another region", alarmed(distribution("Global")), "idle:publishes its metrics in us-east-1"},
		{"of CloudFront without the region Global", alarmed(distribution("eu-west-1")), "idle:the dimension Region with the value Global"},
	})
}

func TestACompositeAlarmIsRefusedWhereCloudWatchRefusesIt(t *testing.T) {
	t.Parallel()
	composed := func(rule string) func(w *world) {
		return func(w *world) {
			w.make(alarmType, "a", alarm(pulumi.Map{"name": s("errors")}))
			w.make(compositeType, "c", pulumi.Map{"alarmName": s("page"), "alarmRule": s(rule)})
		}
	}
	runServices(t, []serviceCase{
		{"of an alarm", composed(`ALARM("errors") AND NOT (OK(errors) OR INSUFFICIENT_DATA('errors'))`), ""},
		{"of no alarm", composed(`ALARM("latency")`), "ValidationError|do not exist: latency"},
		{"of itself", composed(`ALARM("page")`), "must not reference the alarm itself"},
		{"with an open parenthesis", composed(`(ALARM("errors")`), "not a valid rule expression"},
		{"with an unknown word", composed(`BROKEN("errors")`), "not a valid rule expression"},
	})
}

func TestADashboardIsRefusedWhereCloudWatchRefusesIt(t *testing.T) {
	t.Parallel()
	shown := func(body string) func(w *world) {
		return func(w *world) {
			w.make(dashboardType, "d", pulumi.Map{"dashboardName": s("fleet"), "dashboardBody": s(body)})
		}
	}
	runServices(t, []serviceCase{
		{"metrics and text", shown(`{"widgets":[{"type":"metric","x":0,"y":0,"width":12,"height":6,"properties":{"region":"eu-west-1","metrics":[["AWS/SQS","NumberOfMessagesSent","QueueName","q",{"stat":"Sum"}]]}},{"type":"text","properties":{"markdown":"# Fleet"}}]}`), ""},
		{"no JSON", shown(`{`), "InvalidParameterInput|valid JSON object"},
		{"an unknown widget", shown(`{"widgets":[{"type":"gauge","properties":{}}]}`), "/widgets/0|allowed values"},
		{"a metric without a region", shown(`{"widgets":[{"type":"metric","properties":{"metrics":[["A","B"]]}}]}`), "should have required property 'region'"},
		{"half a dimension", shown(`{"widgets":[{"type":"metric","properties":{"region":"eu-west-1","metrics":[["AWS/SQS","Sent","QueueName"]]}}]}`), "pairs of dimension name and value"},
		{"too wide", shown(`{"widgets":[{"type":"text","x":20,"y":0,"width":6,"properties":{"markdown":"x"}}]}`), "the grid is 24 wide"},
	})
}

func TestARuleAndItsTargetsAreRefusedWhereEventBridgeRefusesThem(t *testing.T) {
	t.Parallel()
	ruled := func(args pulumi.Map) func(w *world) { return func(w *world) { w.make(ruleType, "r", args) } }
	runServices(t, []serviceCase{
		{"a pattern", ruled(pulumi.Map{"eventPattern": s(`{"source":["aws.autoscaling"],"detail":{"AutoScalingGroupName":[{"prefix":"hash"}]}}`)}), ""},
		{"a pattern with a bare value", ruled(pulumi.Map{"eventPattern": s(`{"source":"aws.autoscaling"}`)}), `InvalidEventPatternException|"source" must be an object or an array`},
		{"neither pattern nor schedule", ruled(nil), "EventPattern or ScheduleExpression must be specified"},
		{"a rate", ruled(pulumi.Map{"scheduleExpression": s("rate(5 minutes)")}), ""},
		{"a rate in the wrong number", ruled(pulumi.Map{"scheduleExpression": s("rate(1 minutes)")}), "ScheduleExpression is not valid"},
		{"a cron expression", ruled(pulumi.Map{"scheduleExpression": s("cron(0 8 ? * MON-FRI *)")}), ""},
		{"a cron expression of five fields", ruled(pulumi.Map{"scheduleExpression": s("cron(0 8 * * *)")}), "ScheduleExpression is not valid"},
		{"a cron expression on a day of both kinds", ruled(pulumi.Map{"scheduleExpression": s("cron(0 8 * * MON *)")}), "exactly one of day-of-month and day-of-week must be ?"},
		{"a cron expression at hour 25", ruled(pulumi.Map{"scheduleExpression": s("cron(0 25 * * ? *)")}), "hours goes from 0 to 23"},
		{"a point in time", ruled(pulumi.Map{"scheduleExpression": s("at(2030-01-01T00:00:00)")}), "ScheduleExpression is not valid"},
		{"a target of a rule that does not exist", func(w *world) {
			w.make(targetType, "t", pulumi.Map{"rule": s("none"), "arn": w.make(topicType, "t", nil).Arn})
		}, "ResourceNotFoundException|'none' does not exist"},
		{"input that is no JSON", func(w *world) {
			rule := w.make(ruleType, "r", pulumi.Map{"scheduleExpression": s("rate(5 minutes)")})
			w.make(targetType, "t", pulumi.Map{"rule": rule.Name, "arn": s("arn:aws:events:eu-west-1:111122223333:event-bus/default"), "input": s("{")})
		}, "JSON syntax error in input for target"},
	})
}

func TestARuleReachesATopicOnlyIfTheTopicAndItsKeyAdmitEventBridge(t *testing.T) {
	t.Parallel()
	sent := func(service, key string) func(w *world) {
		return func(w *world) {
			var args pulumi.Map
			if key != "" {
				args = pulumi.Map{"kmsMasterKeyId": w.make(keyType, "k", pulumi.Map{"policy": s(key)}).ID()}
			}
			rule := w.make(ruleType, "r", pulumi.Map{"scheduleExpression": s("rate(5 minutes)")})
			topic := w.make(topicType, "t", args)
			w.make(targetType, "x", pulumi.Map{"rule": rule.Name, "arn": topic.Arn})
			if service != "" {
				w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string { return allow(service, "sns:Publish", arn) })})
			}
		}
	}
	runServices(t, []serviceCase{
		{"a policy that admits EventBridge", sent("events.amazonaws.com", ""), ""},
		{"the policy that SNS gives", sent("", ""), "idle:the rule matches and nothing is delivered"},
		{"a policy that admits CloudWatch only", sent("cloudwatch.amazonaws.com", ""), "idle:does not allow events.amazonaws.com"},
		{"a key that admits EventBridge", sent("events.amazonaws.com", keyFor("events.amazonaws.com")), ""},
		{"a key that does not", sent("events.amazonaws.com", keyFor("cloudwatch.amazonaws.com")), "idle:does not allow events.amazonaws.com to call kms:Decrypt"},
	})
}

func TestAlarmsRulesAndTargetsHaveTheirNames(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		w.make(alarmType, "a", alarm(pulumi.Map{"name": s("errors")}))
		rule := w.make(ruleType, "r", pulumi.Map{"name": s("daily"), "scheduleExpression": s("rate(1 day)")})
		topic := w.make(topicType, "t", nil)
		w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string { return allow("events.amazonaws.com", "sns:Publish", arn) })})
		w.make(targetType, "x", pulumi.Map{"rule": rule.Name, "arn": topic.Arn, "targetId": s("topic")})
		w.make(dashboardType, "d", pulumi.Map{"dashboardName": s("fleet"), "dashboardBody": s(`{"widgets":[]}`)})
	})
	require.NoError(t, err)
	made := func(typ, name string) cloudsim.Record {
		record, ok := rec.Named(typ, name)
		require.True(t, ok)
		return record
	}
	require.Equal(t, "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:errors", made(alarmType, "a").Out().Text("arn"))
	require.Equal(t, "arn:aws:events:eu-west-1:111122223333:rule/daily", made(ruleType, "r").Out().Text("arn"))
	require.Equal(t, "daily-topic", made(targetType, "x").ID)
	require.Equal(t, "arn:aws:cloudwatch::111122223333:dashboard/fleet", made(dashboardType, "d").Out().Text("dashboardArn"))
}
