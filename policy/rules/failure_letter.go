package rules

import (
	"fmt"
	"slices"

	"github.com/seed-11444627/holdfast/policy"
)

// deadLetterRules are about where dead letters go.
func deadLetterRules() []*policy.Rule {
	return []*policy.Rule{
		deadLetterExists(),
		deadLetterRetention(),
		deadLetterEncrypted(),
		deadLetterDeliverable(),
		deadLetterAlarm(),
		deadLetterNoLoop(),
	}
}

func deadLetterExists() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letter-exists", Title: "Dead letters go to a queue that is there and fits", Severity: policy.High,
		Types: deadLetterUsers, Anchors: "builders:avoiding-insurmountable-queue-backlogs",
		Why:     "a dead-letter queue that is gone, in another region, of the other kind or the source itself takes nothing: the failure path ends in the air",
		Fix:     "use the arn of a queue of this stack in the same region, FIFO exactly where the source is FIFO, and not the source itself",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html", "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html", "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"},
		Settings: []policy.Setting{{
			Name: "external", Kind: policy.KindList, Default: []any{}, Help: "ARNs of dead-letter queues that other stacks have, with * for any text",
		}},
		Check: eachDeadLetter(checkLetterTarget),
		Proof: policy.Proof{
			Good: oneFailurePath,
			Bad: []string{
				"lost!", `hook.redrivePolicy={$json: {deadLetterTargetArn: "arn:aws:sqs:eu-central-1:111111111111:gone"}}`, "call.deadLetterConfig.arn=arn:aws:sqs:eu-central-1:111111111111:gone",
				"topic.fifoTopic=true", "lost.fifoQueue=true",
				`beats.redrivePolicy={$json: {deadLetterTargetArn: "${beats.arn}", maxReceiveCount: 5}}`,
				`hook.protocol=sqs ; hook.endpoint=${lost.arn}`,
			},
			Unguarded: "a target that is only known later is found by what the program computes it from", Exempt: "call.deadLetterConfig!",
			Also: []string{
				"dead-letter-no-loop", "alarm-dimensions", "eventbridge-dead-letter", "dead-letter-deliverable", "dead-letter-alarm", "alarm-coverage", "dead-letter-encrypted",
				"topic-admits-publisher", "alarm-reaches-a-person", "dead-letter-retention",
			},
			FixtureOnly: "the edits name resources of the example",
		},
	}
}

func deadLetterRetention() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letter-retention", Title: "Dead letters are kept longer than what they come from", Severity: policy.High,
		Types: []string{sqsQueue}, Anchors: "",
		Why:     "the clock of a message goes on when it moves to the dead letters: what waited three days of four in its queue is gone a day later, before anybody has looked",
		Fix:     "set messageRetentionSeconds of the dead-letter queue to 1209600, which is 14 days and the most there is, and keep it shorter in the source",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html"},
		Settings: []policy.Setting{{
			Name: "seconds", Kind: policy.KindNumber, Default: 1209600, Bounded: true, Minimum: 60, Maximum: 1209600, Help: "how long dead letters are kept at least",
		}},
		Check: checkLetterRetention,
		Proof: policy.Proof{
			Good: oneWorkQueue, Bad: []string{"lost.messageRetentionSeconds!", "lost.messageRetentionSeconds=345600", "work.messageRetentionSeconds=1209600"},
			Guard: "lost.messageRetentionSeconds", Absent: policy.Violation, Exempt: "work.redrivePolicy! ; beats.redrivePolicy! ; fn.deadLetterConfig!",
			FixtureOnly: "the first queue of the environments takes heartbeats",
		},
	}
}

func deadLetterEncrypted() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letter-encrypted", Title: "Dead letters are encrypted as well as what they come from", Severity: policy.Medium,
		Types: deadLetterUsers, Anchors: "nist:SC-28",
		Why:     "what was protected by a key of your own on its way lies for 14 days under one that is not, and whoever may receive reads it",
		Fix:     "set kmsMasterKeyId of the dead-letter queue to a key of your own",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html"},
		Check:   eachDeadLetter(checkLetterEncryption),
		Proof: policy.Proof{
			Good: oneFailurePath, Bad: []string{"lost.kmsMasterKeyId!"}, Unguarded: "a key that is only known later counts: it will be there",
			Exempt: "call.deadLetterConfig!", Also: []string{"sqs-own-key", "sqs-encrypted"},
			FixtureOnly: "the first queue of the environments takes heartbeats",
		},
	}
}

func deadLetterDeliverable() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letter-deliverable", Title: "Whoever sends dead letters is allowed to", Severity: policy.High,
		Types: deadLetterUsers, Anchors: "",
		Why:     "without the right to send, or to use the key of the queue, the dead letter is dropped without a word: the failure path looks complete and takes nothing",
		Fix:     "allow sqs:SendMessage in the queue's policy to the service with the source's ARN in aws:SourceArn, and kms:GenerateDataKey* and kms:Decrypt in the key's policy; where a role sends, allow the role",
		Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html", "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html", "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"},
		Check:   eachDeadLetter(checkLetterDelivery),
		Proof: policy.Proof{
			Good: oneFailurePath,
			Bad: []string{
				"access!", "access.policy.Statement[0]!", `access.policy.Statement[0].Condition.ArnEquals={"aws:SourceArn": "arn:aws:sns:eu-central-1:111111111111:other"}`,
				"access.policy.Statement[1].Principal.Service=sns.amazonaws.com", "access.policy.Statement[1].Action=sqs:ReceiveMessage",
				"key.policy.Statement[0].Principal.Service=sns.amazonaws.com", "key.policy.Statement[0].Action=kms:Decrypt", "lost.kmsMasterKeyId=alias/aws/sqs",
				"grants!", "grants.policy.Statement[0].Resource=arn:aws:sqs:eu-central-1:111111111111:other", "grants.policy.Statement[0].Action=sqs:ReceiveMessage", `grants.policy.Statement[1]={Effect: Deny, Action: "sqs:*", Resource: "*"}`,
				`beats.redrivePolicy={$json: {deadLetterTargetArn: "${lost.arn}", maxReceiveCount: 5}} ; lost.redriveAllowPolicy={$json: {redrivePermission: denyAll}}`,
				`beats.redrivePolicy={$json: {deadLetterTargetArn: "${lost.arn}", maxReceiveCount: 5}} ; +takes={type: "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", properties: {queueUrl: "${lost.url}", redriveAllowPolicy: {$json: {redrivePermission: denyAll}}}}`,
				`access.policy.Statement[0].Condition={StringEquals: {"aws:PrincipalOrgID": o-1}}`,
			},
			Guard: "access.policy", Absent: policy.Violation, Exempt: "call.deadLetterConfig!",
			Also: []string{
				"sqs-tls", "sqs-own-key", "topic-key-admits-publisher", "dead-letter-encrypted", "dead-letter-retention", "kms-reach-service",
			},
			FixtureOnly: "the first policy of the environments is of a queue for heartbeats",
		},
	}
}

func deadLetterAlarm() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letter-alarm", Title: "Somebody is told of dead letters", Severity: policy.High, ProdOnly: true,
		Types: []string{sqsQueue}, Anchors: "",
		Why:     "dead letters that nobody knows of are deleted after 14 days, and with them what your customers sent",
		Fix:     "add an alarm on ApproximateNumberOfMessagesVisible of the queue with alarmActions; NumberOfMessagesSent does not count what SQS moves there itself",
		Sources: []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html", "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html"},
		Settings: []policy.Setting{{
			Name: "unseen", Kind: policy.KindNumber, Default: 100, Bounded: true, Minimum: 0, Maximum: 1000000, Help: "how many dead letters may lie there before the alarm fires; a choice, no source has a number",
		}},
		Check: checkLetterAlarm,
		Proof: policy.Proof{
			Good: oneFailurePath,
			Bad: []string{
				"waiting!", "waiting.metricName=NumberOfMessagesSent", "waiting.alarmActions=[]", "waiting.actionsEnabled=false", "waiting.comparisonOperator=LessThanThreshold",
				"waiting.dimensions.QueueName=${beats.name}", "waiting.threshold=100000",
			},
			Guard: "waiting.dimensions", Absent: policy.Violation, Exempt: `hook.redrivePolicy! ; call.deadLetterConfig! ; nightly.target.deadLetterConfig! ; pipe.sourceParameters!`,
			Also: []string{
				"alarm-coverage", "alarm-has-action", "alarm-dimensions", "alarm-reaches-a-person", "alarm-metric-known", "alarm-missing-data",
			},
			FixtureOnly: "the first alarm of the environments watches something else",
		},
	}
}

func deadLetterNoLoop() *policy.Rule {
	return &policy.Rule{
		ID: "dead-letter-no-loop", Title: "Dead letters do not come back by themselves", Severity: policy.High,
		Types: []string{sqsQueue, lambdaSourceMapping}, Anchors: "",
		Why:     "a message that always fails then runs in a circle for days, at your cost, and drowns the good ones; a way back is somebody's decision",
		Fix:     "read the dead-letter queue with other code than the one that failed, and start redrives by hand",
		Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html", "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html"},
		Check:   checkLetterLoop,
		Proof: policy.Proof{
			Good: oneWorkQueue,
			Bad: []string{
				`lost.redrivePolicy={$json: {deadLetterTargetArn: "${work.arn}", maxReceiveCount: 5}}`,
				`+again={type: "aws:lambda/eventSourceMapping:EventSourceMapping", properties: {eventSourceArn: "${lost.arn}", functionName: "${fn.name}"}}`,
				`reader! ; +again={type: "aws:lambda/eventSourceMapping:EventSourceMapping", properties: {eventSourceArn: "${lost.arn}", functionName: "${fn.arn}"}}`,
			},
			Unguarded: "what is only known later is found by what the program computes it from", Exempt: "reader.eventSourceArn=arn:aws:kinesis:eu-central-1:111111111111:stream/s",
			Also: []string{"dead-letter-retention", "lambda-sqs-visibility"}, FixtureOnly: "the edits name resources of the example",
		},
	}
}

// eachDeadLetter judges the way of a resource's dead letters.
func eachDeadLetter(judge func(*policy.Case, deadLetter)) check {
	return func(c *policy.Case) {
		letters := deadLettersOf(c.Node)
		if len(letters) == 0 {
			c.Skip("it has no dead letters")
			return
		}
		for _, letter := range letters {
			judge(c, letter)
		}
	}
}

func checkLetterTarget(c *policy.Case, l deadLetter) {
	found := l.at.Ref(l.targetTypes()...)
	switch found.How {
	case policy.Outside:
		if !external(c, found.Text) {
			c.Fail(l.at, "the ARN of a queue of this stack")
		}
		return
	case policy.Unclear, policy.OneOf, policy.Nowhere:
		c.Unclear(l.at)
		return
	case policy.ByText, policy.ByDependency:
	}
	target := found.Node()
	if target == nil {
		return
	}
	if target == l.source || c.Type == snsSubscription && c.Get("endpoint").Ref(sqsQueue).Node() == target || c.Type == eventTarget && c.Get("arn").Ref(sqsQueue).Node() == target {
		c.Fail(l.at, "another queue than the one that the events come from or go to", policy.Saw(target, "", "is both"))
	}
	if here, there := c.Region(), target.Region(); here != "" && there != "" && here != there {
		c.Broken(l.at.Path(), "a queue in "+there, "a queue in "+here)
	}
	if target.Type == sqsQueue {
		checkLetterOrder(c, l, target)
	}
}

// checkLetterOrder wants a FIFO queue exactly where the source is FIFO.
func checkLetterOrder(c *policy.Case, l deadLetter, target *policy.Node) {
	source := policy.Value{}
	switch {
	case l.source == nil:
	case l.source.Type == sqsQueue:
		source = l.source.Get("fifoQueue")
	case l.source.Type == snsTopic:
		source = l.source.Get("fifoTopic")
	}
	queue := target.Get("fifoQueue")
	if source.Unknown() || queue.Unknown() {
		c.UnclearBecause(l.at.Path(), "whether both are FIFO is not known yet")
		return
	}
	if source.True() != queue.True() {
		c.Broken(l.at.Path(), "fifoQueue of the target is "+queue.Show(), fmt.Sprintf("%t, as the source is", source.True()), policy.Saw(target, queue.Path(), "takes the dead letters"))
	}
}

func checkLetterRetention(c *policy.Case) {
	letters := deadLettersInto(c.Graph())[c.Node]
	if len(letters) == 0 {
		c.Skip("it takes no dead letters")
		return
	}
	seconds, _ := c.Number("seconds")
	if !c.AtLeast("messageRetentionSeconds", seconds) || c.Get("fifoQueue").True() {
		return // In a FIFO queue the clock starts anew.
	}
	kept := c.Get("messageRetentionSeconds")
	for _, l := range letters {
		if l.user.Type != sqsQueue || l.user == c.Node {
			continue
		}
		source := l.user.Get("messageRetentionSeconds")
		if source.Unknown() {
			c.Unclear(source)
			continue
		}
		if kept.Number() <= source.Number() {
			c.Fail(kept, "more than the "+source.Show()+" of the source", policy.Saw(l.user, source.Path(), "sends its dead letters here"))
		}
	}
}

func checkLetterEncryption(c *policy.Case, l deadLetter) {
	target := l.target()
	if target == nil || target.Type != sqsQueue || l.source == nil {
		return
	}
	key := l.source.Get("kmsMasterKeyId")
	if key.Empty() {
		return
	}
	if own := target.Get("kmsMasterKeyId"); own.Empty() {
		c.Broken(l.at.Path(), "the dead-letter queue has no key of its own", "a key, as the source has one", policy.Saw(l.source, key.Path(), "has a key"), policy.Saw(target, own.Path(), "has none"))
	}
}

func checkLetterAlarm(c *policy.Case) {
	if len(deadLettersInto(c.Graph())[c.Node]) == 0 {
		c.Skip("it takes no dead letters")
		return
	}
	if reason := alarmsOff(c.Node); reason != nil {
		c.Skip("its component " + reason.Name + " records why its alarms are off")
		return
	}
	index := watches(c.Graph())
	unseen, _ := c.Number("unseen")
	for _, w := range index.by[c.Node] {
		counts := w.metric == "ApproximateNumberOfMessagesVisible" && w.alarm.Get("threshold").Number() <= unseen || w.metric == "ApproximateAgeOfOldestMessage"
		if counts && acts(w.alarm) && !w.alarm.Get("comparisonOperator").In("LessThanThreshold", "LessThanOrEqualToThreshold") {
			return
		}
	}
	if index.unclear {
		c.UnclearBecause("", "what some alarms watch is only known later")
		return
	}
	c.Broken("", "no alarm that tells somebody", "an alarm on ApproximateNumberOfMessagesVisible with an action")
}

func checkLetterLoop(c *policy.Case) {
	if c.Type == lambdaSourceMapping {
		checkReaderLoop(c)
		return
	}
	seen := map[*policy.Node]bool{c.Node: true}
	for at := c.Node; ; {
		next := redriveOf(at).Get("deadLetterTargetArn").Ref(sqsQueue).Node()
		if next == nil || next == at { // The queue itself is dead-letter-exists' to refuse.
			return
		}
		if seen[next] {
			c.Broken("redrivePolicy", "the dead letters come back to this queue", "a dead-letter queue without dead letters of its own that lead back", policy.Saw(at, "redrivePolicy", "sends them back"))
			return
		}
		seen[next], at = true, next
	}
}

var readersKey byte

// readersOf are the functions that read each queue.
func readersOf(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &readersKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		readers := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(lambdaSourceMapping) {
			queue, fn := n.Get("eventSourceArn").Ref(sqsQueue).Node(), functionOf(n.Get("functionName"))
			if queue != nil && fn != nil {
				readers[queue] = append(readers[queue], fn)
			}
		}
		return readers
	})
}

// checkReaderLoop wants no function to read the queue that its own failures go to.
func checkReaderLoop(c *policy.Case) {
	queue := mappedQueue(c)
	fn := functionOf(c.Get("functionName"))
	if queue == nil || fn == nil {
		return
	}
	for _, l := range deadLettersInto(c.Graph())[queue] {
		if !failsIn(l, fn) {
			continue
		}
		c.Broken("eventSourceArn", "the function reads the queue that its own failures go to", "another function, or somebody's decision", policy.Saw(l.user, l.at.Path(), "sends the failures there"))
		return
	}
}

// failsIn says that the dead letters are what the function failed on.
func failsIn(l deadLetter, fn *policy.Node) bool {
	switch l.user.Type {
	case lambdaFunction:
		return l.user == fn
	case lambdaInvokeConfig, lambdaSourceMapping:
		return functionOf(l.user.Get("functionName")) == fn
	case sqsQueue:
		return slices.Contains(readersOf(fn.Graph())[l.user], fn)
	}
	return false
}
