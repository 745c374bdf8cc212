package cloudsim_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// keyFor is a KMS key whose policy admits its account and one service.
func keyFor(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},` +
		`{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}]}`
}

func TestATopicHasTheNamesAndPolicyThatSNSGivesIt(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) {
		w.make(topicType, "alarms", nil)
		w.make(topicType, "orders", pulumi.Map{"fifoTopic": yes(true)})
	})
	require.NoError(t, err)
	topic, _ := rec.Named(topicType, "alarms")
	require.Regexp(t, `^arn:aws:sns:eu-west-1:111122223333:alarms-[0-9a-f]{7}$`, topic.ID)
	require.Equal(t, topic.ID, topic.Out().Text("arn"))
	require.Contains(t, topic.Out().Text("policy"), `"AWS:SourceOwner":"111122223333"`)
	fifo, _ := rec.Named(topicType, "orders")
	require.Regexp(t, `-[0-9a-f]{7}\.fifo$`, fifo.ID)
}

func TestATopicIsRefusedWhereSNSRefusesIt(t *testing.T) {
	t.Parallel()
	runServices(t, []serviceCase{
		{"a policy of its own", func(w *world) {
			topic := w.make(topicType, "t", nil)
			w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string { return allow("events.amazonaws.com", "sns:Publish", arn) })})
		}, ""},
		{"a policy about another topic", func(w *world) {
			topic := w.make(topicType, "t", nil)
			w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": s(allow("events.amazonaws.com", "sns:Publish", "arn:aws:sns:eu-west-1:111122223333:other"))})
		}, "InvalidParameter|statement 0 is about arn:aws:sns:eu-west-1:111122223333:other"},
		{"a policy about everything SNS can do", func(w *world) {
			topic := w.make(topicType, "t", nil)
			w.make(topicPolicyType, "p", pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string { return allow("events.amazonaws.com", "sns:*", arn) })})
		}, "Policy statement action out of service scope!"},
		{"a policy that is no JSON", func(w *world) {
			w.make(topicPolicyType, "p", pulumi.Map{"arn": w.make(topicType, "t", nil).Arn, "policy": s("{")})
		}, "MalformedPolicyDocument"},
		{"two policies for one topic", func(w *world) {
			topic := w.make(topicType, "t", nil)
			for _, name := range []string{"p", "q"} {
				w.make(topicPolicyType, name, pulumi.Map{"arn": topic.Arn, "policy": about(topic.Arn, func(arn string) string { return allow("events.amazonaws.com", "sns:Publish", arn) })})
			}
		}, "ConflictingPolicies"},
		{"a key that does not exist", func(w *world) { w.make(topicType, "t", pulumi.Map{"kmsMasterKeyId": s("1234abcd")}) }, "InvalidParameter|'1234abcd' does not exist"},
		{"a feedback role that SNS may assume", func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("sns.amazonaws.com"))})
			w.make(topicType, "t", pulumi.Map{"httpFailureFeedbackRoleArn": role.Arn})
		}, ""},
		{"a feedback role of another service", func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("ec2.amazonaws.com"))})
			w.make(topicType, "t", pulumi.Map{"httpFailureFeedbackRoleArn": role.Arn})
		}, "InvalidParameter|cannot be assumed by sns.amazonaws.com"},
		{"a FIFO topic without the suffix", func(w *world) { w.make(topicType, "t", pulumi.Map{"name": s("orders"), "fifoTopic": yes(true)}) }, "must end with .fifo"},
	})
}

func subscribed(args pulumi.Map) func(w *world) {
	return func(w *world) {
		w.make(subscriptionType, "s", merge(pulumi.Map{"topic": w.make(topicType, "t", nil).Arn}, args))
	}
}

func TestASubscriptionIsRefusedWhereSNSRefusesIt(t *testing.T) {
	t.Parallel()
	runServices(t, []serviceCase{
		{"mail", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com")}), ""},
		{"mail to no address", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops")}), "InvalidParameter|Email address"},
		{"https", subscribed(pulumi.Map{"protocol": s("https"), "endpoint": s("https://events.example.com/x"), "endpointAutoConfirms": yes(true)}), ""},
		{"plain http called https", subscribed(pulumi.Map{"protocol": s("https"), "endpoint": s("http://events.example.com/x")}), "InvalidParameter|https"},
		{"an unknown protocol", subscribed(pulumi.Map{"protocol": s("pager"), "endpoint": s("x")}), "protocol|must be one of"},
		{"a queue that does not exist", subscribed(pulumi.Map{"protocol": s("sqs"), "endpoint": s("arn:aws:sqs:eu-west-1:111122223333:none")}), "InvalidParameter|none' does not exist"},
		{"raw mail", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"), "rawMessageDelivery": yes(true)}), "does not support raw message delivery"},
		{"a filter", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"), "filterPolicy": s(`{"severity":["critical"]}`)}), ""},
		{"a filter that is no object", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"), "filterPolicy": s(`["critical"]`)}), "filterPolicy"},
		{"a filter on a bare value", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"), "filterPolicy": s(`{"severity":"critical"}`)}), "must be an object or an array"},
		{"a filter on six attributes", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"),
			"filterPolicy": s(`{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}`)}), "at most 5"},
		{"dead letters to nowhere", subscribed(pulumi.Map{"protocol": s("email"), "endpoint": s("ops@example.com"),
			"redrivePolicy": s(`{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:none"}`)}), "Dead-letter queue|does not exist"},
		{"mail from a FIFO topic", func(w *world) {
			topic := w.make(topicType, "t", pulumi.Map{"fifoTopic": yes(true)})
			w.make(subscriptionType, "s", pulumi.Map{"topic": topic.Arn, "protocol": s("email"), "endpoint": s("ops@example.com")})
		}, "Invalid protocol type"},
	})
}

// queued subscribes a queue, with the policies of queue and key.
func queued(queuePolicy func(queue string) string, queueArgs func(w *world) pulumi.Map) func(w *world) {
	return func(w *world) {
		topic := w.make(topicType, "t", pulumi.Map{"name": s("t")})
		var args pulumi.Map
		if queueArgs != nil {
			args = queueArgs(w)
		}
		queue := w.make(queueType, "q", args)
		w.make(subscriptionType, "s", pulumi.Map{"topic": topic.Arn, "protocol": s("sqs"), "endpoint": queue.Arn})
		if queuePolicy != nil {
			w.make(queuePolicyType, "p", pulumi.Map{"queueUrl": queue.URL, "policy": about(queue.Arn, queuePolicy)})
		}
	}
}

func TestAQueueGetsMessagesOnlyIfItAndItsKeyAdmitSNS(t *testing.T) {
	t.Parallel()
	good := func(queue string) string { return allow("sns.amazonaws.com", "sqs:SendMessage", queue) }
	from := func(topic string) func(queue string) string {
		return func(queue string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` +
				queue + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}]}`
		}
	}
	encrypted := func(policy string) func(w *world) pulumi.Map {
		return func(w *world) pulumi.Map {
			return pulumi.Map{"kmsMasterKeyId": w.make(keyType, "k", pulumi.Map{"policy": s(policy)}).ID()}
		}
	}
	runServices(t, []serviceCase{
		{"a queue that admits SNS", queued(good, nil), ""},
		{"a queue that admits this topic", queued(from("arn:aws:sns:eu-west-1:111122223333:t"), nil), ""},
		{"a queue that admits another topic", queued(from("arn:aws:sns:eu-west-1:111122223333:u"), nil), "idle:no message is delivered|does not allow sns.amazonaws.com to call sqs:SendMessage"},
		{"a queue without a policy", queued(nil, nil), "idle:no message is delivered"},
		{"a queue with a key that admits SNS", queued(good, encrypted(keyFor("sns.amazonaws.com"))), ""},
		{"a queue with a key that does not", queued(good, encrypted(keyFor("events.amazonaws.com"))), "idle:does not allow sns.amazonaws.com to call kms:Decrypt"},
		{"a queue with the key that AWS manages", queued(good, func(*world) pulumi.Map { return pulumi.Map{"kmsMasterKeyId": s("alias/aws/sqs")} }), "idle:alias/aws/sqs|cannot be changed"},
	})
}

func TestAFunctionGetsMessagesOnlyIfItAdmitsSNS(t *testing.T) {
	t.Parallel()
	program := func(principal string) func(w *world) {
		return func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("lambda.amazonaws.com"))})
			function := w.make(functionType, "f", pulumi.Map{"role": role.Arn, "runtime": s("provided.al2023"), "handler": s("bootstrap"),
				"s3Bucket": s("artifacts"), "s3Key": s("f.zip")})
			topic := w.make(topicType, "t", nil)
			w.make(subscriptionType, "s", pulumi.Map{"topic": topic.Arn, "protocol": s("lambda"), "endpoint": function.Arn})
			w.make(permissionType, "p", pulumi.Map{"action": s("lambda:InvokeFunction"), "function": function.Name, "principal": s(principal), "sourceArn": topic.Arn})
		}
	}
	runServices(t, []serviceCase{
		{"a function that admits SNS", program("sns.amazonaws.com"), ""},
		{"a function that admits another service", program("events.amazonaws.com"), "idle:no permission on function|sns.amazonaws.com"},
	})
}
