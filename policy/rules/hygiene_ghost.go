package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// references are properties that a program writes and that hold the ARN of another resource. Properties that AWS fills in
// are not among them: they name what AWS itself made.
var references = map[string][]string{
	metricAlarmType:     {"alarmActions", "okActions", "insufficientDataActions"},
	compositeAlarmType:  {"alarmActions", "okActions", "insufficientDataActions"},
	eventTarget:         {"arn", "roleArn", "deadLetterConfig.arn"},
	scheduledCall:       {"target.arn", "target.roleArn", "target.deadLetterConfig.arn"},
	snsSubscription:     {"topic", "endpoint", "redrivePolicy.deadLetterTargetArn", "subscriptionRoleArn"},
	snsTopicPolicy:      {"arn"},
	snsTopic:            {"kmsMasterKeyId", "httpFailureFeedbackRoleArn", "sqsFailureFeedbackRoleArn", "lambdaFailureFeedbackRoleArn"},
	sqsQueue:            {"kmsMasterKeyId", "redrivePolicy.deadLetterTargetArn"},
	logGroupType:        {"kmsKeyId"},
	lambdaFunction:      {"role", "deadLetterConfig.targetArn"},
	lambdaSourceMapping: {"eventSourceArn", "destinationConfig.onFailure.destinationArn"},
	lambdaInvokeConfig:  {"destinationConfig.onFailure.destination", "destinationConfig.onSuccess.destination"},
	launchTemplate:      {"iamInstanceProfile.arn"},
	group:               {"targetGroupArns"},
	ssmDocument:         {"content.assumeRole"},
	iamRolePolicy:       {"policy"}, iamPolicy: {"policy"},
	"aws:ec2/flowLog:FlowLog":                                         {"iamRoleArn", "logDestination"},
	"aws:ecs/taskDefinition:TaskDefinition":                           {"taskRoleArn", "executionRoleArn"},
	"aws:lb/listener:Listener":                                        {"loadBalancerArn", "defaultActions[0].targetGroupArn"},
	"aws:lb/listenerRule:ListenerRule":                                {"listenerArn", "actions[0].targetGroupArn"},
	"aws:sfn/stateMachine:StateMachine":                               {"roleArn"},
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {"logDestinationConfigs"},
}

// arnKinds are the types that an ARN may be of: its service, the beginning of its last part, and what stands before the name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
var arnKinds = []struct {
	service, start string
	types          []string
}{
	{"sns", "", []string{snsTopic}},
	{"sqs", "", []string{sqsQueue}},
	{"lambda", "function:", []string{lambdaFunction}},
	{"kms", "key/", []string{kmsKey, kmsReplicaKey, kmsExternalKey}},
	{"logs", "log-group:", []string{logGroupType}},
	{"iam", "role/", []string{iamRole}},
	{"iam", "instance-profile/", []string{"aws:iam/instanceProfile:InstanceProfile"}},
	{"dynamodb", "table/", []string{dynamoTable, "aws:dynamodb/globalTable:GlobalTable"}},
	{"kinesis", "stream/", []string{kinesisStream}},
	{"states", "stateMachine:", []string{"aws:sfn/stateMachine:StateMachine"}},
	{"ssm", "automation-definition/", []string{ssmDocument}},
	{"elasticloadbalancing", "targetgroup/", []string{"aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup"}},
	{"elasticloadbalancing", "loadbalancer/", []string{"aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"}},
	{"elasticloadbalancing", "listener/", []string{"aws:lb/listener:Listener", "aws:alb/listener:Listener"}},
}

func ghostReference() *policy.Rule {
	return &policy.Rule{
		ID: "ghost-reference", Title: "Every ARN of this account and region is a resource of the program, or declared", Severity: policy.Medium, ProdOnly: true,
		Anchors: "nist:CM-8",
		Why:     "what the ARN named is deleted, renamed or was never there: AWS takes the reference, and the alarm, the grant or the queue behind it does nothing",
		Fix:     "refer to the resource instead of writing its ARN, or add the ARN to the setting external",
		Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"},
		Settings: []policy.Setting{{
			Name: "external", Kind: policy.KindList, Default: []any{}, Help: "ARNs in the same account and region that another program makes; * for any letters",
		}},
		Check: func(c *policy.Case) {
			external := c.Texts("external")
			for kind, paths := range references {
				for n := range c.Each(kind) {
					for _, path := range paths {
						for _, v := range arnsAt(n, path) {
							judgeReference(c.At(n), v, external)
						}
					}
				}
			}
		},
		Proof: policy.Proof{
			Good: `
policy: {ghost-reference: {external: ["arn:aws:sns:eu-central-1:111111111111:shared-*"]}}
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: alarms, arn: "arn:aws:sns:eu-central-1:111111111111:alarms"}}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      alarmActions: ["arn:aws:sns:eu-central-1:111111111111:alarms", "arn:aws:sns:eu-central-1:444444444444:other", "arn:aws:sns:eu-central-1:111111111111:shared-alarms"]
  policy:
    type: aws:iam/rolePolicy:RolePolicy
    properties: {role: other, policy: {$json: {Statement: [{Effect: Allow, Action: "sns:Publish", Resource: ["arn:aws:sns:eu-central-1:111111111111:alarms", "arn:aws:sns:eu-central-1:111111111111:a*"]}]}}}
`,
			Bad: []string{
				`alarm.alarmActions=["arn:aws:sns:eu-central-1:111111111111:gone"]`, `alarm.okActions=["arn:aws:sns:eu-central-1:111111111111:gone"]`,
				`policy.policy.Statement[0].Resource="arn:aws:sns:eu-central-1:111111111111:gone"`, "topic!",
				`+target={type: "aws:cloudwatch/eventTarget:EventTarget", properties: {arn: "arn:aws:lambda:eu-central-1:111111111111:function:gone:live"}}`,
			},
			Unguarded: "a reference that is not known yet is computed from what it names",
			Also: []string{
				"alarm-reaches-a-person", "alarm-has-action", "topic-admits-publisher", "eventbridge-dead-letter",
			},
			FixtureOnly: "the account differs between environments",
		},
	}
}

// arnsAt are the texts at a path: of a list each, of a policy the resources of its statements.
func arnsAt(n *policy.Node, path string) []policy.Value {
	if path != "policy" {
		v := n.Get(path)
		if first, _, deep := strings.Cut(path, "."); deep && n.Get(first).IsText() {
			v = inText(n, path)
		}
		return v.Items()
	}
	var found []policy.Value
	for _, statement := range n.Get(path).JSON().Get("Statement").Items() {
		found = append(found, statement.Get("Resource").Items()...)
	}
	return found
}

func judgeReference(c *policy.Case, v policy.Value, external []string) {
	text := v.Text()
	parts := partsOfARN(text)
	if v.Secret() || parts.account == "" || parts.account != c.Account() || parts.region != "" && parts.region != c.Region() {
		return
	}
	for _, kind := range arnKinds {
		tail, found := strings.CutPrefix(parts.resource, kind.start)
		if !found || kind.service != parts.service {
			continue
		}
		if strings.ContainsAny(trimQualifier(tail), "*?") || strings.HasPrefix(tail, "aws-service-role/") || exists(c.Graph(), text, tail, kind.types) {
			return
		}
		if slices.ContainsFunc(external, func(pattern string) bool { return iam.Match(pattern, text, false) }) {
			return
		}
		c.Fail(v, "the ARN of a resource of the program, or one that the setting external names")
		return
	}
}

// trimQualifier takes off what stands behind a name: a version, an alias, or all streams of a log group.
func trimQualifier(tail string) string {
	for _, end := range []string{":log-stream:*", ":*", "/*"} {
		tail = strings.TrimSuffix(tail, end)
	}
	return tail
}

// exists says that an ARN, or the name at its end, is a resource's. Before it is made a resource has only its name.
func exists(g *policy.Graph, arn, tail string, types []string) bool {
	name := trimQualifier(tail)
	version, _, _ := strings.Cut(name, ":")
	part, _, _ := strings.Cut(name, "/") // A stream or an index of a table.
	for _, text := range []string{arn, trimQualifier(arn), name, version, part, name[strings.LastIndexByte(name, '/')+1:]} {
		if len(g.Named(text, types...)) > 0 {
			return true
		}
	}
	return false
}
