package cloudsim_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func TestAScheduleIsRefusedWhereSchedulerRefusesIt(t *testing.T) {
	t.Parallel()
	scheduled := func(changes pulumi.Map) func(w *world) {
		return func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("scheduler.amazonaws.com"))})
			topic := w.make(topicType, "t", nil)
			w.make(rolePolicyType, "p", pulumi.Map{"role": role.Name, "policy": about(topic.Arn, func(arn string) string {
				return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:Publish","Resource":"` + arn + `"}]}`
			})})
			w.make(scheduleType, "s", merge(pulumi.Map{"flexibleTimeWindow": pulumi.Map{"mode": s("OFF")}, "scheduleExpression": s("rate(1 hours)"),
				"target": pulumi.Map{"arn": topic.Arn, "roleArn": role.Arn}}, changes))
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", scheduled(nil), ""},
		{"once", scheduled(pulumi.Map{"scheduleExpression": s("at(2030-01-01T08:00:00)")}), ""},
		{"every ten hours and a half", scheduled(pulumi.Map{"scheduleExpression": s("rate(10.5 hours)")}), "ScheduleExpression is not valid"},
		{"in a group that does not exist", scheduled(pulumi.Map{"groupName": s("jobs")}), "groupName|'jobs' does not exist"},
		{"flexible without a window", scheduled(pulumi.Map{"flexibleTimeWindow": pulumi.Map{"mode": s("FLEXIBLE")}}), "maximumWindowInMinutes goes with the mode FLEXIBLE"},
		{"in no time zone", scheduled(pulumi.Map{"scheduleExpressionTimezone": s("Mars")}), "scheduleExpressionTimezone"},
		{"as a role of another service", func(w *world) {
			role := w.make(roleType, "other", pulumi.Map{"assumeRolePolicy": s(trusting("events.amazonaws.com"))})
			scheduled(pulumi.Map{"target": pulumi.Map{"arn": s("arn:aws:scheduler:::aws-sdk:sns:publish"), "roleArn": role.Arn}})(w)
		}, "cannot be assumed by scheduler.amazonaws.com"},
	})
}

func TestAScheduleWorksOnlyIfItsRoleMayDoWhatItIsFor(t *testing.T) {
	t.Parallel()
	as := func(target func(topic *item) pulumi.Input, statement func(arn string) string) func(w *world) {
		return func(w *world) {
			key := w.make(keyType, "k", pulumi.Map{"policy": s(keyFor("cloudwatch.amazonaws.com"))})
			topic := w.make(topicType, "t", pulumi.Map{"kmsMasterKeyId": key.Arn})
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("scheduler.amazonaws.com"))})
			w.make(rolePolicyType, "p", pulumi.Map{"role": role.Name, "policy": about(topic.Arn, func(arn string) string {
				return `{"Version":"2012-10-17","Statement":[` + statement(arn) + `]}`
			})})
			w.make(scheduleType, "s", pulumi.Map{"flexibleTimeWindow": pulumi.Map{"mode": s("OFF")}, "scheduleExpression": s("rate(1 hours)"),
				"target": pulumi.Map{"arn": target(topic), "roleArn": role.Arn}})
		}
	}
	topic := func(topic *item) pulumi.Input { return topic.Arn }
	refresh := func(*item) pulumi.Input { return s("arn:aws:scheduler:::aws-sdk:autoscaling:startInstanceRefresh") }
	publish := func(arn string) string { return `{"Effect":"Allow","Action":"sns:Publish","Resource":"` + arn + `"}` }
	keys := `,{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}`
	runServices(t, []serviceCase{
		{"publishing with the key", as(topic, func(arn string) string { return publish(arn) + keys }), ""},
		{"publishing without the key", as(topic, publish), "idle:not authorized to perform kms:Decrypt"},
		{"publishing elsewhere", as(topic, func(arn string) string { return publish(arn+"-other") + keys }), "idle:not authorized to perform sns:Publish"},
		{"a call of an API", as(refresh, func(string) string {
			return `{"Effect":"Allow","Action":"autoscaling:StartInstanceRefresh","Resource":"*"}`
		}), ""},
		{"another call", as(refresh, func(string) string { return `{"Effect":"Allow","Action":"autoscaling:Describe*","Resource":"*"}` }), "idle:not authorized to perform autoscaling:StartInstanceRefresh"},
	})
}

func TestAParameterIsRefusedWhereSystemsManagerRefusesIt(t *testing.T) {
	t.Parallel()
	kept := func(args pulumi.Map) func(w *world) {
		return func(w *world) {
			w.make(parameterType, "p", merge(pulumi.Map{"name": s("/hash/url"), "type": s("String"), "value": s("x")}, args))
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", kept(nil), ""},
		{"a name of AWS's", kept(pulumi.Map{"name": s("/aws/x")}), `can't be prefixed with "aws" or "ssm"`},
		{"4 KB", kept(pulumi.Map{"value": s(strings.Repeat("x", 4096))}), ""},
		{"more than 4 KB", kept(pulumi.Map{"value": s(strings.Repeat("x", 4097))}), "maximum parameter value of 4096"},
		{"more than 4 KB in the advanced tier", kept(pulumi.Map{"value": s(strings.Repeat("x", 4097)), "tier": s("Advanced")}), ""},
		{"nothing", kept(pulumi.Map{"value": s("")}), "length greater than or equal to 1"},
		{"an unknown type", kept(pulumi.Map{"type": s("Text")}), "type|must be one of"},
		{"against its pattern", kept(pulumi.Map{"allowedPattern": s(`^\d+$`)}), "cannot be validated against allowedPattern"},
	})
}

func TestADocumentIsRefusedWhereSystemsManagerRefusesIt(t *testing.T) {
	t.Parallel()
	written := func(content string) func(w *world) {
		return func(w *world) {
			w.make("aws:ssm/document:Document", "doc", pulumi.Map{"documentType": s("Automation"), "content": s(content)})
		}
	}
	step := `{"name":"group","action":"aws:executeAwsApi","inputs":{"Service":"autoscaling","Api":"DescribeAutoScalingGroups"}}`
	runServices(t, []serviceCase{
		{"one step", written(`{"schemaVersion":"0.3","mainSteps":[` + step + `]}`), ""},
		{"no JSON", written(`{`), "InvalidDocumentContent"},
		{"the schema of a command", written(`{"schemaVersion":"2.2","mainSteps":[` + step + `]}`), "must be 0.3"},
		{"no step", written(`{"schemaVersion":"0.3"}`), "at least one step"},
		{"two steps of one name", written(`{"schemaVersion":"0.3","mainSteps":[` + step + `,` + step + `]}`), "a name of its own"},
		{"the output of a step that is not there", written(`{"schemaVersion":"0.3","mainSteps":[` + step + `,{"name":"b","action":"aws:sleep","inputs":{"Duration":"{{ grup.Time }}"}}]}`), `step "grup", which does not exist`},
		{"a role that does not exist", written(`{"schemaVersion":"0.3","assumeRole":"arn:aws:iam::111122223333:role/none","mainSteps":[` + step + `]}`), "InvalidAssumeRole"},
	})
}

func TestAFunctionIsRefusedWhereLambdaRefusesIt(t *testing.T) {
	t.Parallel()
	function := func(trust string, changes pulumi.Map) func(w *world) {
		return func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting(trust))})
			w.make(functionType, "f", merge(pulumi.Map{"role": role.Arn, "runtime": s("provided.al2023"), "handler": s("bootstrap"),
				"s3Bucket": s("artifacts"), "s3Key": s("f.zip")}, changes))
		}
	}
	variables := func(name, value string) pulumi.Map {
		return pulumi.Map{"environment": pulumi.Map{"variables": pulumi.Map{name: s(value)}}}
	}
	const lambda = "lambda.amazonaws.com"
	runServices(t, []serviceCase{
		{"the ordinary one", function(lambda, nil), ""},
		{"a role of another service", function("ec2.amazonaws.com", nil), "InvalidParameterValueException|cannot be assumed by lambda.amazonaws.com"},
		{"a runtime that is gone", function(lambda, pulumi.Map{"runtime": s("go1.x")}), "no longer supported"},
		{"too little memory", function(lambda, pulumi.Map{"memorySize": n(64)}), "memorySize"},
		{"an hour", function(lambda, pulumi.Map{"timeout": n(3600)}), "timeout"},
		{"variables over 4 KB", function(lambda, variables("A", strings.Repeat("x", 4096))), "exceeded the 4KB limit"},
		{"a variable of Lambda's", function(lambda, variables("AWS_REGION", "x")), "reserved keys"},
		{"no code", function(lambda, pulumi.Map{"s3Bucket": nil, "s3Key": nil}), "one of code, s3Bucket"},
		{"a dead-letter queue that the role may not use", func(w *world) {
			queue := w.make(queueType, "q", nil)
			function(lambda, pulumi.Map{"deadLetterConfig": pulumi.Map{"targetArn": queue.Arn}})(w)
		}, "not authorized to perform sqs:SendMessage"},
	})
}

func TestAQueueIsRefusedWhereSQSRefusesIt(t *testing.T) {
	t.Parallel()
	queue := func(args pulumi.Map) func(w *world) { return func(w *world) { w.make(queueType, "q", args) } }
	dead := func(count string, args pulumi.Map) func(w *world) {
		return func(w *world) {
			letters := w.make(queueType, "dead", args)
			w.make(queueType, "q", pulumi.Map{"redrivePolicy": about(letters.Arn, func(arn string) string {
				return `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":` + count + `}`
			})})
		}
	}
	runServices(t, []serviceCase{
		{"dead letters", dead("3", nil), ""},
		{"dead letters after no attempt", dead("0", nil), "maxReceiveCount"},
		{"dead letters in a queue of another kind", dead("3", pulumi.Map{"fifoQueue": yes(true)}), "same type of queue"},
		{"dead letters in no queue", queue(pulumi.Map{"redrivePolicy": s(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:none","maxReceiveCount":3}`)}), "Dead letter target does not exist"},
		{"messages kept for a month", queue(pulumi.Map{"messageRetentionSeconds": n(2592000)}), "messageRetentionSeconds"},
		{"two kinds of encryption", queue(pulumi.Map{"sqsManagedSseEnabled": yes(true), "kmsMasterKeyId": s("alias/aws/sqs")}), "one type of server-side encryption"},
		{"sources by name, none named", queue(pulumi.Map{"redriveAllowPolicy": s(`{"redrivePermission":"byQueue"}`)}), "1 to 10 sourceQueueArns"},
	})
}

func TestChatChannelsTrailsAndBudgetsAreRefusedWhereAWSRefusesThem(t *testing.T) {
	t.Parallel()
	chat := func(trust string) func(w *world) {
		return func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting(trust))})
			w.make("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "c", pulumi.Map{"configurationName": s("ops"), "iamRoleArn": role.Arn,
				"slackChannelId": s("C012345"), "slackTeamId": s("T012345"), "snsTopicArns": pulumi.Array{w.make(topicType, "t", nil).Arn}})
		}
	}
	trail := func(policy func(bucket string) string) func(w *world) {
		return func(w *world) {
			bucket := w.make(bucketType, "b", nil)
			if policy != nil {
				w.make(bucketPolicyType, "p", pulumi.Map{"bucket": bucket.ID(), "policy": about(bucket.Arn, policy)})
			}
			w.make("aws:cloudtrail/trail:Trail", "t", pulumi.Map{"s3BucketName": bucket.ID()})
		}
	}
	budget := func(admit bool, changes pulumi.Map) func(w *world) {
		return func(w *world) {
			topic := w.make(topicType, "t", nil)
			if admit {
				w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string { return allow("budgets.amazonaws.com", "sns:Publish", arn) })})
			}
			w.make("aws:budgets/budget:Budget", "b", merge(pulumi.Map{"budgetType": s("COST"), "timeUnit": s("MONTHLY"), "limitAmount": s("100"), "limitUnit": s("USD"),
				"notifications": list(pulumi.Map{"comparisonOperator": s("GREATER_THAN"), "threshold": n(80), "thresholdType": s("PERCENTAGE"),
					"notificationType": s("FORECASTED"), "subscriberSnsTopicArns": pulumi.Array{topic.Arn}})}, changes))
		}
	}
	runServices(t, []serviceCase{
		{"a channel", chat("chatbot.amazonaws.com"), ""},
		{"a channel that is configured already", func(w *world) {
			chat("chatbot.amazonaws.com")(w)
			role := w.make(roleType, "again", pulumi.Map{"assumeRolePolicy": s(trusting("chatbot.amazonaws.com"))})
			w.make("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "again", pulumi.Map{
				"configurationName": s("other"), "iamRoleArn": role.Arn, "slackChannelId": s("C012345"), "slackTeamId": s("T012345"),
			})
		}, "InvalidRequestException"},
		{"a channel with a role of another service", chat("sns.amazonaws.com"), "cannot be assumed by chatbot.amazonaws.com"},
		{"a trail", trail(func(bucket string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"` + bucket +
				`"},{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"` + bucket + `/AWSLogs/111122223333/*"}]}`
		}), ""},
		{"a trail into a closed bucket", trail(nil), "InsufficientS3BucketPolicyException"},
		{"a budget", budget(true, nil), ""},
		{"a budget with a closed topic", budget(false, nil), "idle:nobody hears of the budget"},
		{"a budget without an amount", budget(true, pulumi.Map{"limitAmount": nil}), "one of limitAmount"},
	})
}

func TestAStackIsRefusedWhereCloudFormationRefusesIt(t *testing.T) {
	t.Parallel()
	stack := func(body string, changes pulumi.Map) func(w *world) {
		return func(w *world) {
			w.make("aws:cloudformation/stack:Stack", "s", merge(pulumi.Map{"templateBody": s(body)}, changes))
		}
	}
	role := "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: x\n"
	runServices(t, []serviceCase{
		{"a topic", stack(`{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}`, nil), ""},
		{"nothing", stack(`{"Resources":{}}`, nil), "At least one Resources member"},
		{"a role by name", stack(role, pulumi.Map{"capabilities": list(s("CAPABILITY_NAMED_IAM"))}), ""},
		{"a role by name without leave", stack(role, pulumi.Map{"capabilities": list(s("CAPABILITY_IAM"))}), "Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		{"a parameter without a value", stack("Parameters:\n  P:\n    Type: String\nResources:\n  T:\n    Type: AWS::SNS::Topic\n", nil), "Parameters: [P] must have values"},
		{"a value without a parameter", stack("Resources:\n  T:\n    Type: AWS::SNS::Topic\n", pulumi.Map{"parameters": pulumi.Map{"P": s("x")}}), "Parameters: [P] do not exist"},
	})
}

func TestEdgeLogsAreDeliveredOnlyFromTheRightRegionToABucketThatAdmitsThem(t *testing.T) {
	t.Parallel()
	delivered := func(here, admit bool) func(w *world) {
		return func(w *world) {
			var opts []pulumi.ResourceOption
			if !here {
				opts = append(opts, w.usEast1())
			}
			bucket := w.make(bucketType, "b", nil)
			if admit {
				w.make(bucketPolicyType, "p", pulumi.Map{"bucket": bucket.ID(), "policy": about(bucket.Arn, func(arn string) string {
					return allow("delivery.logs.amazonaws.com", "s3:PutObject", arn+"/edge/*")
				})})
			}
			source := w.make("aws:cloudwatch/logDeliverySource:LogDeliverySource", "s", pulumi.Map{"name": s("edge"), "logType": s("ACCESS_LOGS"), "resourceArn": w.cdn(nil).Arn}, opts...)
			destination := w.make("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", "d", pulumi.Map{"name": s("edge"), "outputFormat": s("json"),
				"deliveryDestinationConfiguration": pulumi.Map{"destinationResourceArn": pulumi.Sprintf("%s/edge", bucket.Arn)}}, opts...)
			w.make("aws:cloudwatch/logDelivery:LogDelivery", "x", pulumi.Map{"deliverySourceName": source.Name, "deliveryDestinationArn": destination.Arn}, opts...)
		}
	}
	runServices(t, []serviceCase{
		{"from us-east-1", delivered(false, true), ""},
		{"from another region", delivered(true, true), "are made in us-east-1, not in eu-west-1"},
		{"into a closed bucket", delivered(false, false), "does not allow delivery.logs.amazonaws.com to call s3:PutObject"},
	})
}

func TestAMetricFilterIsRefusedWhereLogsRefusesIt(t *testing.T) {
	t.Parallel()
	filtered := func(transformation pulumi.Map) func(w *world) {
		return func(w *world) {
			group := w.make(logGroupType, "g", nil)
			w.make("aws:cloudwatch/logMetricFilter:LogMetricFilter", "f", pulumi.Map{"logGroupName": group.Name, "pattern": s(`{ $.level = "error" }`),
				"metricTransformation": merge(pulumi.Map{"name": s("Errors"), "namespace": s("Hashing"), "value": s("1")}, transformation)})
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", filtered(pulumi.Map{"defaultValue": s("0")}), ""},
		{"a namespace of AWS's", filtered(pulumi.Map{"namespace": s("AWS/Hash")}), "reserved"},
		{"a default and dimensions", filtered(pulumi.Map{"defaultValue": s("0"), "dimensions": pulumi.Map{"Zone": s("$.zone")}}), "mutually exclusive"},
	})
}
