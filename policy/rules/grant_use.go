package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// grants are what a role may do. open says that a part of it is not known: a policy of AWS or of another program, or one that
// is computed.
type grants struct {
	statements []iam.Statement
	open       bool
}

var roleGrantsKey byte

// grantsOf are the grants of each role of the program.
func grantsOf(g *policy.Graph) map[*policy.Node]*grants {
	return policy.Memo(g, &roleGrantsKey, func(g *policy.Graph) map[*policy.Node]*grants {
		index := map[*policy.Node]*grants{}
		for _, role := range g.ByType(iamRole) {
			index[role] = &grants{}
		}
		for role, documents := range roleDocuments(g) {
			for _, document := range documents {
				index[role].add(document)
			}
		}
		if hasLooseGrant(g) {
			for _, each := range index {
				each.open = true
			}
		}
		return index
	})
}

// hasLooseGrant says that some policy may be of any role.
func hasLooseGrant(g *policy.Graph) bool {
	return slices.ContainsFunc(g.ByType(iamRolePolicy, iamRoleAttachment), func(n *policy.Node) bool {
		return isLoose(n.Get("role").Ref(iamRole))
	})
}

// add takes a document, or the ARN of one.
func (x *grants) add(document policy.Value) {
	if strings.HasPrefix(document.Text(), "arn:") || document.Unknown() && document.Path() == "policyArn" {
		own := document.Ref(iamPolicy).Node()
		if own == nil {
			x.open = true
			return
		}
		document = own.Get("policy")
	}
	statements, unknown := iam.Statements(document)
	x.statements = append(x.statements, statements...)
	x.open = x.open || len(unknown) > 0
}

// allow says whether an action on an ARN is allowed; an ARN that is not known yet may be any. Conditions are taken as met.
func (x *grants) allow(action, arn string) answer {
	best := no
	for _, s := range x.statements {
		if !s.Does(action) {
			continue
		}
		if !s.Allow {
			if arn != "" && len(s.Conditions) == 0 && s.On(arn) {
				return no // Whatever the others say.
			}
			continue
		}
		switch {
		case arn == "":
			best = max(best, maybe)
		case s.On(arn):
			best = yes
		}
	}
	if best == no && x.open {
		return maybe
	}
	return best
}

// need is one thing that a role must be allowed.
type need struct {
	action string
	// arn is empty while it is not known. on is where the program says it.
	arn string
	on  policy.Value
}

// use is a resource that takes a role.
type use struct {
	user *policy.Node
	role policy.Value
	// service is the principal that takes the role.
	service string
	// needs are what AWS does with the role; whole says that it does nothing else.
	needs []need
	whole bool
}

// takers are the properties by which types take roles, and the service that then acts.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
var takers = []struct{ kind, path, service string }{
	{"aws:iam/instanceProfile:InstanceProfile", "role", "ec2.amazonaws.com"},
	{lambdaFunction, "role", "lambda.amazonaws.com"},
	{"aws:ecs/taskDefinition:TaskDefinition", "taskRoleArn", "ecs-tasks.amazonaws.com"},
	{"aws:ecs/taskDefinition:TaskDefinition", "executionRoleArn", "ecs-tasks.amazonaws.com"},
	{"aws:sfn/stateMachine:StateMachine", "roleArn", "states.amazonaws.com"},
	{eventPipe, "roleArn", "pipes.amazonaws.com"},
	{"aws:backup/selection:Selection", "iamRoleArn", "backup.amazonaws.com"},
	{"aws:s3/bucketReplicationConfig:BucketReplicationConfig", "role", "s3.amazonaws.com"},
	{"aws:apigateway/account:Account", "cloudwatchRoleArn", "apigateway.amazonaws.com"},
	{dbInstance, "monitoringRoleArn", "monitoring.rds.amazonaws.com"},
	{dbCluster, "monitoringRoleArn", "monitoring.rds.amazonaws.com"},
	{"aws:autoscaling/lifecycleHook:LifecycleHook", "roleArn", "autoscaling.amazonaws.com"},
	{"aws:eks/cluster:Cluster", "roleArn", "eks.amazonaws.com"},
	{"aws:eks/nodeGroup:NodeGroup", "nodeRoleArn", "ec2.amazonaws.com"},
	{recorderType, "roleArn", "config.amazonaws.com"},
	{cloudTrailType, "cloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"},
	{ssmDocument, "content.assumeRole", "ssm.amazonaws.com"},
}

var usesKey byte

// uses are the roles that resources take, as far as the program says it.
func uses(g *policy.Graph) []use {
	return policy.Memo(g, &usesKey, func(g *policy.Graph) []use {
		var found []use
		for _, t := range takers {
			for _, n := range g.ByType(t.kind) {
				found = append(found, use{user: n, role: inText(n, t.path), service: t.service})
			}
		}
		found = append(found, scheduleUses(g)...)
		found = append(found, eventUses(g)...)
		found = append(found, logUses(g)...)
		found = append(found, functionUses(g)...)
		return slices.DeleteFunc(found, func(u use) bool { return u.role.Absent() || u.role.Known() && u.role.Text() == "" })
	})
}

// inText reads a path through a text of JSON: content.assumeRole.
func inText(n *policy.Node, path string) policy.Value {
	first, rest, deep := strings.Cut(path, ".")
	if !deep {
		return n.Get(path)
	}
	return n.Get(first).JSON().Get(rest)
}

// calls are what a target wants of the role that reaches it, by the service in its ARN.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
var calls = map[string]string{
	"sns": "sns:Publish", "sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction", "states": "states:StartExecution", "kinesis": "kinesis:PutRecord",
	"firehose": "firehose:PutRecord", "events": "events:PutEvents", "ecs": "ecs:RunTask", "codebuild": "codebuild:StartBuild", "batch": "batch:SubmitJob",
	"codepipeline": "codepipeline:StartPipelineExecution", "ssm": "ssm:StartAutomationExecution", "execute-api": "execute-api:Invoke",
}

// callOf is what a target needs. An ARN that is not known yet tells neither the service nor the resource.
func callOf(target policy.Value, services ...string) []need {
	parts := partsOfARN(target.Text())
	action := calls[parts.service]
	if parts.service == "events" && strings.HasPrefix(parts.resource, "api-destination/") {
		action = "events:InvokeApiDestination"
	}
	if action == "" || len(services) > 0 && !slices.Contains(services, parts.service) {
		return nil
	}
	arn := target.Text()
	switch parts.service {
	case "ssm": // The target may say the version, behind the name.
		arn = strings.TrimSuffix(arn, ":$DEFAULT") + ":$DEFAULT"
	case "ecs": // The target is the cluster, the action is on a task definition.
		arn = ""
	}
	return []need{{action, arn, target}}
}

func scheduleUses(g *policy.Graph) []use {
	var found []use
	for _, n := range g.ByType(scheduledCall) {
		target := n.Get("target.arn")
		u := use{user: n, role: n.Get("target.roleArn"), service: "scheduler.amazonaws.com", needs: callOf(target), whole: true}
		u.whole = len(u.needs) > 0
		if queue := n.Get("target.deadLetterConfig.arn"); !queue.Empty() {
			u.needs = append(u.needs, need{"sqs:SendMessage", queue.Text(), queue})
		}
		found = append(found, u)
	}
	return found
}

// eventUses leaves out the targets that let EventBridge in by a policy of their own.
func eventUses(g *policy.Graph) []use {
	var found []use
	for _, n := range g.ByType(eventTarget) {
		needs := callOf(n.Get("arn"), "states", "kinesis", "firehose", "events", "ecs", "codebuild", "batch", "codepipeline", "ssm", "execute-api")
		found = append(found, use{user: n, role: n.Get("roleArn"), service: "events.amazonaws.com", needs: needs, whole: len(needs) > 0})
	}
	return found
}

// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
// https://docs.aws.amazon.com/sns/latest/dg/topics-attrib.html
func logUses(g *policy.Graph) []use {
	var found []use
	for _, n := range g.ByType("aws:ec2/flowLog:FlowLog") {
		group := n.Get("logDestination")
		found = append(found, use{user: n, role: n.Get("iamRoleArn"), service: "vpc-flow-logs.amazonaws.com", needs: writes(group.Text(), group), whole: true})
	}
	for _, n := range g.ByType(snsTopic) {
		group := ""
		if topic := partsOfARN(n.Get("arn").Text()); topic.service == "sns" {
			group = fmt.Sprintf("arn:%s:logs:%s:%s:log-group:sns/%s/%s/%s", topic.partition, topic.region, topic.account, topic.region, topic.account, topic.resource)
		}
		for _, kind := range []string{"application", "firehose", "http", "lambda", "sqs"} {
			for _, outcome := range []string{"SuccessFeedbackRoleArn", "FailureFeedbackRoleArn"} {
				found = append(found, use{user: n, role: n.Get(kind + outcome), service: "sns.amazonaws.com", needs: writes(group, n.Get("arn")), whole: true})
			}
		}
	}
	return found
}

// writes are what a role needs to write into a log group.
func writes(group string, on policy.Value) []need {
	arn := ""
	if group != "" {
		arn = strings.TrimSuffix(group, ":*") + ":log-stream:any"
	}
	return []need{{"logs:CreateLogStream", arn, on}, {"logs:PutLogEvents", arn, on}}
}

// https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
var reads = map[string][]string{
	"sqs":      {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
	"kinesis":  {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream"},
	"dynamodb": {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"},
}

func functionUses(g *policy.Graph) []use {
	var found []use
	add := func(function *policy.Node, needs []need) {
		if function != nil && len(needs) > 0 {
			found = append(found, use{user: function, role: function.Get("role"), service: "lambda.amazonaws.com", needs: needs})
		}
	}
	for _, n := range g.ByType(lambdaSourceMapping) {
		function := n.Get("functionName").Ref(lambdaFunction).Node()
		source := n.Get("eventSourceArn")
		for _, action := range reads[partsOfARN(source.Text()).service] {
			add(function, []need{{action, source.Text(), source}})
		}
		add(function, callOf(n.Get("destinationConfig.onFailure.destinationArn"), "sqs", "sns"))
	}
	for _, n := range g.ByType(lambdaInvokeConfig) {
		function := n.Get("functionName").Ref(lambdaFunction).Node()
		add(function, callOf(n.Get("destinationConfig.onFailure.destination"), "sqs", "sns", "lambda", "events"))
		add(function, callOf(n.Get("destinationConfig.onSuccess.destination"), "sqs", "sns", "lambda", "events"))
	}
	for _, n := range g.ByType(lambdaFunction) {
		add(n, callOf(n.Get("deadLetterConfig.targetArn"), "sqs", "sns"))
		if subnets := n.Get("vpcConfig.subnetIds"); !subnets.Empty() {
			add(n, []need{{"ec2:CreateNetworkInterface", "", subnets}})
		}
		if mode := n.Get("tracingConfig.mode"); mode.Is("Active") {
			add(n, []need{{"xray:PutTraceSegments", "", mode}})
		}
	}
	return found
}
