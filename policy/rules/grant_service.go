package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

var queueSendersKey byte

// queueSenders are the services that send to each queue for a resource of the program.
func queueSenders(g *policy.Graph) publishersTo {
	return policy.Memo(g, &queueSendersKey, func(g *policy.Graph) publishersTo {
		found := publishersTo{}
		add := func(v policy.Value, service string, source *policy.Node) {
			if source != nil {
				found.add(v.Ref(sqsQueue).Nodes, publisher{service, source})
			}
		}
		for _, n := range g.ByType(snsSubscription) {
			topic := n.Get("topic").Ref(snsTopic).Node()
			if n.Get("protocol").Is("sqs") {
				add(n.Get("endpoint"), "sns.amazonaws.com", topic)
			}
			add(n.Get("redrivePolicy").JSON().Get("deadLetterTargetArn"), "sns.amazonaws.com", topic)
		}
		for _, n := range g.ByType(eventTarget) {
			add(n.Get("arn"), "events.amazonaws.com", n)
			add(n.Get("deadLetterConfig.arn"), "events.amazonaws.com", n)
		}
		for _, n := range g.ByType(bucketNotification) {
			bucket := n.Get("bucket").Ref(buckets...).Node()
			for _, queue := range n.Get("queues").Items() {
				add(queue.Get("queueArn"), "s3.amazonaws.com", bucket)
			}
		}
		return found
	})
}

func keyReachService() *policy.Rule {
	return &policy.Rule{
		ID: "kms-reach-service", Title: "Keys let the services in that work with what they encrypt", Severity: policy.High,
		Types:   []string{sqsQueue, logGroupType, group},
		Anchors: "nist:AC-3,SC-12",
		Why:     "the service is refused by KMS and does not say so to the program: messages are dropped, logs are not written, no instance starts",
		Fix:     "allow the service kms:Decrypt and kms:GenerateDataKey* in the key's policy (for Auto Scaling's service-linked role kms:CreateGrant as well)",
		Sources: []string{
			"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
			"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
			"https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html",
		},
		Check: func(c *policy.Case) {
			switch c.Type {
			case sqsQueue:
				checkQueueKey(c)
			case logGroupType:
				checkLogKey(c)
			default:
				checkGroupKey(c)
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      arn: "arn:aws:kms:eu-central-1:111111111111:key/1"
      enableKeyRotation: true
      policy:
        $json:
          Statement:
            - {Effect: Allow, Action: "kms:*", Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:root"}}
            - {Effect: Allow, Action: ["kms:Decrypt", "kms:GenerateDataKey*"], Resource: "*", Principal: {Service: sns.amazonaws.com}, Condition: {ArnLike: {"aws:SourceArn": "arn:aws:sns:eu-central-1:111111111111:*"}}}
            - {Effect: Allow, Action: ["kms:Decrypt*", "kms:GenerateDataKey*"], Resource: "*", Principal: {Service: logs.eu-central-1.amazonaws.com}, Condition: {ArnLike: {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:111111111111:log-group:app*"}}}
            - {Effect: Allow, Action: ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"], Resource: "*", Principal: {AWS: "arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}}
  topic: {type: "aws:sns/topic:Topic", properties: {arn: "arn:aws:sns:eu-central-1:111111111111:work"}}
  queue: {type: "aws:sqs/queue:Queue", properties: {arn: "arn:aws:sqs:eu-central-1:111111111111:work", kmsMasterKeyId: "${key.arn}"}}
  subscription:
    type: aws:sns/topicSubscription:TopicSubscription
    properties: {protocol: sqs, topic: "arn:aws:sns:eu-central-1:111111111111:work", endpoint: "arn:aws:sqs:eu-central-1:111111111111:work"}
  log: {type: "aws:cloudwatch/logGroup:LogGroup", properties: {name: app, arn: "arn:aws:logs:eu-central-1:111111111111:log-group:app", retentionInDays: 365, kmsKeyId: "${key.arn}"}}
  template: {type: "aws:ec2/launchTemplate:LaunchTemplate", properties: {name: app, blockDeviceMappings: [{ebs: {encrypted: "true", kmsKeyId: "${key.arn}"}}]}}
  fleet: {type: "aws:autoscaling/group:Group", properties: {launchTemplate: {name: app}}}
`,
			Bad: []string{
				"key.policy.Statement[1].Principal.Service=sqs.amazonaws.com", "key.policy.Statement[1].Condition.ArnLike.aws:SourceArn=arn:aws:sns:eu-central-1:444444444444:other",
				"key.policy.Statement[1].Action=kms:Decrypt", "key.policy.Statement[2].Principal.Service=logs.us-east-1.amazonaws.com",
				"key.policy.Statement[2].Condition.ArnLike.kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:444444444444:log-group:other",
				"key.policy.Statement[3].Action=[\"kms:Decrypt\", \"kms:GenerateDataKey*\"]", "key.policy.Statement[3]!",
				"fleet.serviceLinkedRoleArn=arn:aws:iam::444444444444:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_other",
			},
			Guard: "key.policy", Absent: policy.Violation,
			Exempt: `log! ; fleet! ; queue.kmsMasterKeyId!`, Also: []string{"dead-letter-deliverable"},
		},
	}
}

func checkQueueKey(c *policy.Case) {
	key := keyOf(c.Node)
	services := queueSenders(c.Graph())[c.Node]
	if key == nil || len(services) == 0 {
		c.Skip("no service sends to it, or it is not encrypted with a key of the program")
		return
	}
	for _, p := range services {
		saw := []policy.Detail{policy.Saw(key, "policy", "the key of the queue"), policy.Saw(p.source, "", "sends to the queue")}
		tellKey(c, keyAdmits(key, p), "kmsMasterKeyId", p.service, saw)
	}
}

// tellKey tells what a key's policy answers.
func tellKey(c *policy.Case, said answer, path, who string, saw []policy.Detail) {
	switch said {
	case no:
		c.Broken(path, "the key's policy does not let "+who+" use it", "the key's use allowed to "+who, saw...)
	case maybe:
		c.UnclearBecause(path, "the policy of the key has parts that are not known yet")
	}
}

func checkLogKey(c *policy.Case) {
	key := keyOf(c.Node)
	if key == nil {
		c.Skip("it is not encrypted with a key of the program")
		return
	}
	region := c.Region()
	if region == "" {
		c.UnclearBecause("kmsKeyId", "its region is not known")
		return
	}
	service := "logs." + region + ".amazonaws.com"
	said := yes
	for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKey"} {
		said = min(said, logsMay(policyOfKey(key), service, action, c.Get("arn").Text()))
	}
	tellKey(c, said, "kmsKeyId", service, []policy.Detail{policy.Saw(key, "policy", "the key of the log group")})
}

// logsMay says whether CloudWatch Logs may use the key for the log group, which it names in the encryption context.
func logsMay(document policy.Value, service, action, arn string) answer {
	return grantedBy(document, func(s iam.Statement) answer {
		met := certainly(s.Service(service) && s.Does(action))
		for _, condition := range s.Conditions {
			if strings.EqualFold(condition.Key, "kms:EncryptionContext:aws:logs:arn") {
				met = min(met, fits(condition, arn, false))
			}
		}
		return met
	})
}

func checkGroupKey(c *policy.Case) {
	template, _ := templateOf(c.Node)
	var key *policy.Node
	if template != nil {
		for _, mapping := range template.Get("blockDeviceMappings").Items() {
			if found := keyNamed(mapping.Get("ebs.kmsKeyId")); found != nil {
				key = found
			}
		}
	}
	if key == nil {
		c.Skip("its volumes are not encrypted with a key of the program")
		return
	}
	role := c.Get("serviceLinkedRoleArn")
	arn := role.Text()
	if role.Absent() && c.Account() != "" {
		arn = "arn:" + partitionOf(c.Region()) + ":iam::" + c.Account() + ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	}
	saw := []policy.Detail{policy.Saw(template, "blockDeviceMappings", "encrypts the volumes"), policy.Saw(key, "policy", "the key of the volumes")}
	if arn == "" {
		c.UnclearBecause("serviceLinkedRoleArn", "the service-linked role is not known yet")
		return
	}
	said := yes
	for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"} {
		said = min(said, namedMay(policyOfKey(key), arn, action))
	}
	tellKey(c, said, "launchTemplate", "the role "+arn[strings.LastIndexByte(arn, '/')+1:], saw)
}

// namedMay says whether a key's policy lets a role in by name: a service-linked role has no policies of its own to delegate
// to.
func namedMay(document policy.Value, arn, action string) answer {
	return grantedBy(document, func(s iam.Statement) answer {
		return certainly(s.Does(action) && (slices.Contains(s.Principals, "*") || slices.Contains(s.Principals, "AWS:"+arn)))
	})
}
