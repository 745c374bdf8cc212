package cloudsim_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func one(typ string, args pulumi.Map) func(w *world) {
	return func(w *world) { w.make(typ, "x", args) }
}

func TestContradictionsInOneResourceAreRefused(t *testing.T) {
	t.Parallel()
	math := queries(query("a", merge(series("A"), pulumi.Map{"returnData": yes(true)})))
	rule := func(args pulumi.Map) func(w *world) {
		return one(ruleType, merge(pulumi.Map{"scheduleExpression": s("rate(5 minutes)")}, args))
	}
	check := func(args pulumi.Map) func(w *world) { return one("aws:route53/healthCheck:HealthCheck", args) }
	monitor := func(args pulumi.Map) func(w *world) {
		return one("aws:costexplorer/anomalyMonitor:AnomalyMonitor", args)
	}
	subscriber := func(frequency, kind, address string) func(w *world) {
		return func(w *world) {
			m := w.make("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "m", pulumi.Map{"monitorType": s("DIMENSIONAL"), "monitorDimension": s("SERVICE")})
			w.make("aws:costexplorer/anomalySubscription:AnomalySubscription", "s", pulumi.Map{"frequency": s(frequency), "monitorArnLists": pulumi.Array{m.Arn},
				"subscribers": list(pulumi.Map{"type": s(kind), "address": s(address)})})
		}
	}
	runServices(t, []serviceCase{
		{"deduplication of an ordinary topic", one(topicType, pulumi.Map{"contentBasedDeduplication": yes(true)}), "FIFO topics"},
		{"a queue called FIFO", one(queueType, pulumi.Map{"name": s("jobs.fifo")}), "must end with .fifo"},
		{"sources named for everybody", one(queueType, pulumi.Map{"redriveAllowPolicy": s(`{"redrivePermission":"allowAll","sourceQueueArns":["x"]}`)}), "with byQueue only"},
		{"an unknown permission to redrive", one(queueType, pulumi.Map{"redriveAllowPolicy": s(`{"redrivePermission":"some"}`)}), "allowAll, denyAll or byQueue"},
		{"a firehose without a role", subscribed(pulumi.Map{"protocol": s("firehose"), "endpoint": s("arn:aws:firehose:eu-west-1:111122223333:deliverystream/x")}), "SubscriptionRoleArn is required"},
		{"a redrive policy without a queue", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"), "redrivePolicy": s(`{}`)}), "deadLetterTargetArn"},
		{"a queue's policy about another queue", func(w *world) {
			w.make(queuePolicyType, "p", pulumi.Map{"queueUrl": w.make(queueType, "q", nil).URL, "policy": s(allow("sns.amazonaws.com", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:other"))})
		}, "InvalidAttributeValue|not about the queue"},
		{"a statement id twice", func(w *world) {
			topic := w.make(topicType, "t", nil)
			w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string {
				statement := `{"Sid":"A","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + arn + `"}`
				return `{"Version":"2012-10-17","Statement":[` + statement + `,` + statement + `]}`
			})})
		}, `the statement id "A" is given twice`},
		{"a unit beside metric math", one(alarmType, alarm(merge(math, pulumi.Map{"unit": s("Count")}))), "unit may not be given together with metricQueries"},
		{"no namespace", one(alarmType, alarm(pulumi.Map{"namespace": nil})), "Period and Namespace must not be null"},
		{"a band without a band", one(alarmType, alarm(pulumi.Map{"comparisonOperator": s("GreaterThanUpperThreshold")})), "goes with a thresholdMetricId"},
		{"no datapoints", one(alarmType, alarm(pulumi.Map{"datapointsToAlarm": n(0)})), "must be 1 or more"},
		{"an action that is no ARN", one(alarmType, alarm(pulumi.Map{"alarmActions": list(s("page-me"))})), "Invalid arn syntax: page-me"},
		{"a composite of 101 alarms", one(compositeType, pulumi.Map{"alarmName": s("c"), "alarmRule": s(strings.Repeat("ALARM(a) OR ", 100) + "ALARM(a)")}), "at most 100"},
		{"a dashboard of 501 widgets", one(dashboardType, pulumi.Map{"dashboardName": s("d"), "dashboardBody": s(`{"widgets":[{}` + strings.Repeat(`,{}`, 500) + `]}`)}), "at most 500 widgets"},
		{"a schedule on a bus", rule(pulumi.Map{"eventBusName": s("orders")}), "only on the default event bus"},
		{"two states of a rule", rule(pulumi.Map{"state": s("ENABLED"), "isEnabled": yes(true)}), "may not be given together"},
		{"an empty pattern", one(ruleType, pulumi.Map{"eventPattern": s(`{}`)}), "Empty objects are not allowed"},
		{"two default versions", templated(pulumi.Map{"updateDefaultVersion": yes(true), "defaultVersion": n(1)}), "ConflictsWith"},
		{"tokens for a disabled endpoint", templated(pulumi.Map{"metadataOptions": pulumi.Map{"httpEndpoint": s("disabled"), "httpTokens": s("required")}}), "endpoint is disabled"},
		{"half a maintenance policy", grouped(pulumi.Map{"instanceMaintenancePolicy": pulumi.Map{"minHealthyPercentage": n(90), "maxHealthyPercentage": n(-1)}}, nil), "or -1"},
		{"maintenance below what is wanted", grouped(pulumi.Map{"instanceMaintenancePolicy": pulumi.Map{"minHealthyPercentage": n(50), "maxHealthyPercentage": n(90)}}, nil), "from 100 to 200"},
		{"a listener with a certificate it cannot use", func(w *world) {
			arn := w.proven(w.zone(), "www.example.com")
			w.balance(nil, nil, pulumi.Map{"certificateArn": arn}, nil)
		}, "Certificates cannot be specified for HTTP listeners"},
		{"a redirect to itself", func(w *world) {
			w.balance(nil, nil, pulumi.Map{"defaultActions": list(pulumi.Map{"type": s("redirect"), "redirect": pulumi.Map{"protocol": s("HTTP"), "statusCode": s("HTTP_301")}})}, nil)
		}, "creates a loop"},
		{"TCP behind an application load balancer", func(w *world) { w.balance(nil, pulumi.Map{"protocol": s("TCP")}, nil, nil) }, "IncompatibleProtocols"},
		{"anomaly mitigation without weights", func(w *world) { w.balance(nil, pulumi.Map{"loadBalancingAnomalyMitigation": s("on")}, nil, nil) }, "weighted_random algorithm only"},
		{"a rule with six values", func(w *world) {
			b := w.balance(nil, nil, nil, nil)
			w.make(listenerRuleType, "r", pulumi.Map{"listenerArn": b.listener.Arn, "actions": list(pulumi.Map{"type": s("forward"), "targetGroupArn": b.targets.Arn}),
				"conditions": list(pulumi.Map{"pathPattern": pulumi.Map{"values": list(s("/a"), s("/b"), s("/c"), s("/d"), s("/e"), s("/f"))}})})
		}, "TooManyValues"},
		{"two load balancers of one name", func(w *world) {
			b := w.balance(pulumi.Map{"name": s("front")}, nil, nil, nil)
			w.make(balancerType, "again", pulumi.Map{"name": s("front"), "subnets": b.public})
		}, "DuplicateLoadBalancerName"},
		{"tracking with a step", func(w *world) {
			e := w.home()
			w.make(scalingPolicyType, "p", pulumi.Map{"autoscalingGroupName": w.servers(e, w.template(e, nil), nil).Name, "policyType": s("StepScaling")})
		}, "adjustmentType is required for policy type StepScaling"},
		{"a scheduled action at no time", func(w *world) {
			e := w.home()
			w.make("aws:autoscaling/schedule:Schedule", "s", pulumi.Map{"autoscalingGroupName": w.servers(e, w.template(e, nil), nil).Name, "scheduledActionName": s("s"), "minSize": n(2)})
		}, "StartTime or Recurrence"},
		{"a scheduled action out of order", func(w *world) {
			e := w.home()
			w.make("aws:autoscaling/schedule:Schedule", "s", pulumi.Map{"autoscalingGroupName": w.servers(e, w.template(e, nil), nil).Name, "scheduledActionName": s("s"),
				"minSize": n(4), "maxSize": n(2), "desiredCapacity": n(4), "recurrence": s("0 8 * * *")})
		}, "must be in order: min 4, desired 4, max 2"},
		{"a record of nothing", func(w *world) {
			w.make(recordType, "r", pulumi.Map{"zoneId": w.zone().ZoneID, "name": s("www"), "type": s("A")})
		}, "exactly one of aliases and records"},
		{"a CNAME with two values", func(w *world) {
			w.make(recordType, "r", pulumi.Map{"zoneId": w.zone().ZoneID, "name": s("www"), "type": s("CNAME"), "ttl": n(60), "records": list(s("a.example.net"), s("b.example.net"))})
		}, "have one value"},
		{"a health check of nothing", check(pulumi.Map{"type": s("HTTPS")}), "must specify an IP address"},
		{"a health check without its text", check(pulumi.Map{"type": s("HTTPS_STR_MATCH"), "fqdn": s("www.example.com")}), "searchString goes with"},
		{"a distribution with an origin twice", func(w *world) {
			origin := pulumi.Map{"originId": s("web"), "domainName": s("origin.example.com"), "customOriginConfig": originConfig}
			w.cdn(pulumi.Map{"origins": list(origin, origin)})
		}, "used twice: web"},
		{"an origin of no kind", func(w *world) {
			w.cdn(pulumi.Map{"origins": list(pulumi.Map{"originId": s("web"), "domainName": s("origin.example.com")})})
		}, "does not refer to a valid S3 bucket"},
		{"a path with a slash behind", func(w *world) {
			w.cdn(pulumi.Map{"origins": list(pulumi.Map{"originId": s("web"), "domainName": s("o.example.com"), "originPath": s("/x/"), "customOriginConfig": originConfig})})
		}, "InvalidOriginPath"},
		{"logs into a bucket without ACLs", func(w *world) {
			w.cdn(pulumi.Map{"loggingConfig": pulumi.Map{"bucket": w.make(bucketType, "b", nil).Regional}})
		}, "does not enable ACL access"},
		{"two sources of an object", func(w *world) {
			w.make(objectType, "o", pulumi.Map{"bucket": w.make(bucketType, "b", nil).ID(), "content": s("a"), "contentBase64": s("YQ==")})
		}, "only one of source, content and contentBase64"},
		{"a key beside S3's own encryption", func(w *world) {
			w.make(encryptionType, "e", pulumi.Map{"bucket": w.make(bucketType, "b", nil).ID(), "rules": list(pulumi.Map{"applyServerSideEncryptionByDefault": pulumi.Map{
				"sseAlgorithm": s("AES256"), "kmsMasterKeyId": s("alias/aws/s3")}})})
		}, "InvalidArgument"},
		{"a parameter with two values", one(parameterType, pulumi.Map{"type": s("String"), "value": s("a"), "insecureValue": s("b")}), "exactly one of value and insecureValue"},
		{"a monitor of two kinds", monitor(pulumi.Map{"monitorType": s("CUSTOM"), "monitorDimension": s("SERVICE")}), "monitorDimension goes with the type DIMENSIONAL"},
		{"anomalies at once by mail", subscriber("IMMEDIATE", "EMAIL", "ops@example.com"), "goes with subscribers of type SNS"},
		{"anomalies daily by mail", subscriber("DAILY", "EMAIL", "ops@example.com"), ""},
		{"anomalies to no address", subscriber("DAILY", "EMAIL", "ops"), "is not a mail address"},
		{"a secret without a value", func(w *world) {
			w.make("aws:secretsmanager/secretVersion:SecretVersion", "v", pulumi.Map{"secretId": w.make("aws:secretsmanager/secret:Secret", "s", nil).ID()})
		}, "exactly one of secretString and secretBinary"},
		{"a log type that CloudFront has not", func(w *world) {
			w.make("aws:cloudwatch/logDeliverySource:LogDeliverySource", "s", pulumi.Map{"name": s("s"), "logType": s("ERROR_LOGS"), "resourceArn": w.cdn(nil).Arn}, w.usEast1())
		}, "ERROR_LOGS is not a log type of cloudfront"},
	})
}
