package alarms

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/iam"
)

// Publisher is an AWS service that publishes to the topics by itself.
type Publisher string

// The publishers.
const (
	CloudWatchAlarms Publisher = "cloudwatch"
	EventBridge      Publisher = "events"
	AWSBudgets       Publisher = "budgets"
	CostAnomalies    Publisher = "costalerts"
	AWSBackup        Publisher = "backup"
	RDSEvents        Publisher = "rds"
)

// Publishers lists them.
func Publishers() []Publisher {
	return []Publisher{CloudWatchAlarms, EventBridge, AWSBudgets, CostAnomalies, AWSBackup, RDSEvents}
}

// publisher is what is known of a service: as whom it publishes, and which condition keys it sends with the call to SNS
// and with the call to KMS. A condition on a key that a service does not send admits nobody, and nobody is told.
type publisher struct {
	principal string
	// account says that the call to SNS carries aws:SourceAccount, source that it carries an aws:SourceArn like this.
	account bool
	source  string
	// keyAccount and keySource say the same of the call to KMS.
	keyAccount, keySource bool
	// json says that its messages are JSON, so that a filter on the body can read them.
	json bool
	// says is the page it is taken from.
	says string
}

// publishers is the table. $P, $R and $A stand for partition, region and account.
//
// For the call to KMS the SNS guide recommends aws:SourceAccount and aws:SourceArn, and names one exception: they are
// not supported between EventBridge and an encrypted topic.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
// Where a service's own pages show no ARN for the key, only the account is asked for. For CloudWatch alarms both are what
// AWS's own constructs ask for:
// https://aws.github.io/modern-data-architecture-accelerator/typedocs/functions/_aws-mdaa_cloudwatch-constructs.grantCloudWatchAlarmsTopicAccess.html
var publishers = map[Publisher]publisher{
	CloudWatchAlarms: {
		principal: "cloudwatch.amazonaws.com", account: true, source: "arn:$P:cloudwatch:$R:$A:alarm:*", keyAccount: true, keySource: true, json: true,
		says: "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
	},
	// No condition at all: EventBridge's guide says that they cannot be used in topic policies for it, and shows a policy
	// without one. Its list of condition keys names aws:SourceAccount and aws:SourceArn, but not for SNS targets; with a
	// condition that is never met, events would vanish without a trace. What is left open: a rule of another account that
	// is told the ARN of the topic and sends to it. It could make a false notification, and read nothing.
	EventBridge: {
		principal: "events.amazonaws.com", json: true,
		says: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions",
	},
	// A budget has no region.
	AWSBudgets: {
		principal: "budgets.amazonaws.com", account: true, source: "arn:$P:budgets::$A:*", keyAccount: true, keySource: true,
		says: "https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html",
	},
	// The page shows aws:SourceAccount and no ARN.
	CostAnomalies: {
		principal: "costalerts.amazonaws.com", account: true, keyAccount: true,
		says: "https://docs.aws.amazon.com/cost-management/latest/userguide/ad-SNS.html",
	},
	// The page shows no condition, and says that AWS Backup does not notify topics of other accounts: that, and not the
	// policy, confines it.
	AWSBackup: {
		principal: "backup.amazonaws.com",
		says:      "https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-notifications.html",
	},
	RDSEvents: {
		principal: "events.rds.amazonaws.com", account: true, source: "arn:$P:rds:$R:$A:*", keyAccount: true, json: true,
		says: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html",
	},
}

// fill writes partition, region and account into a pattern.
func (p topicPlan) fill(pattern string) string {
	return strings.NewReplacer("$P", iam.Partition(p.args.Region), "$R", p.args.Region, "$A", p.args.AccountID).Replace(pattern)
}

// root is the account itself as a principal: what it may do, its IAM policies may give to somebody.
func (p topicPlan) root() iam.Principal {
	return iam.AWS(pulumi.String(p.fill("arn:$P:iam::$A:root")))
}

// conditions are those of one call of a publisher.
func (p topicPlan) conditions(account, source bool, pattern string) []iam.Condition {
	var out []iam.Condition
	if account {
		out = append(out, iam.When("StringEquals", "aws:SourceAccount", pulumi.String(p.args.AccountID)))
	}
	if source && pattern != "" {
		out = append(out, iam.When("ArnLike", "aws:SourceArn", pulumi.String(p.fill(pattern))))
	}
	return out
}

// ownerActions are what the account's own IAM policies may allow on a topic: every action that SNS takes in a topic's
// policy but Receive.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
var ownerActions = []string{
	"sns:AddPermission", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:Publish",
	"sns:RemovePermission", "sns:SetTopicAttributes", "sns:Subscribe",
}

// topicPolicy admits the account, the publishers under their conditions, and nobody without TLS.
func (p topicPlan) topicPolicy(topic pulumi.StringInput) iam.Document {
	document := iam.Document{
		{Sid: "Owner", Principals: []iam.Principal{p.root()}, Actions: ownerActions, Resources: []pulumi.StringInput{topic}},
		iam.TLSOnly("sns:Publish", topic),
	}
	for _, name := range p.args.Publishers {
		who := publishers[name]
		document = append(document, iam.Statement{
			Sid: "Publish" + title(Severity(name)), Principals: []iam.Principal{iam.Service(who.principal)},
			Actions: []string{"sns:Publish"}, Resources: []pulumi.StringInput{topic},
			Conditions: p.conditions(who.account, who.source != "", who.source),
		})
	}
	return document
}

// useKey is what encrypting and reading a notification takes.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse
var useKey = []string{"kms:GenerateDataKey*", "kms:Decrypt"}

// administerKey is what the account's own IAM policies may allow on a key: everything but using it and giving it away
// by grants. It is written out because kms:* would let anybody with a wide IAM policy read the messages.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
var administerKey = []string{
	"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListKeyPolicies", "kms:ListResourceTags",
	"kms:ListGrants", "kms:ListKeyRotations", "kms:PutKeyPolicy", "kms:UpdateKeyDescription", "kms:EnableKey",
	"kms:DisableKey", "kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:RotateKeyOnDemand", "kms:TagResource",
	"kms:UntagResource", "kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias", "kms:RevokeGrant",
	"kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
}

// keyPolicy admits the account as administrator; its IAM principals, the schedule's role among them, through SNS and
// SQS only; the publishers; SNS itself, which writes into the encrypted queues; and the log groups of deliveries.
// In a key policy "*" is the key it belongs to.
func (p topicPlan) keyPolicy() iam.Document {
	this := iam.Strings("*")
	document := iam.Document{
		{Sid: "Administer", Principals: []iam.Principal{p.root()}, Actions: administerKey, Resources: this},
		{
			Sid: "UseThroughTopicsAndQueues", Principals: []iam.Principal{p.root()}, Actions: useKey, Resources: this,
			Conditions: []iam.Condition{
				iam.When("StringEquals", "kms:CallerAccount", pulumi.String(p.args.AccountID)),
				iam.When("StringEquals", "kms:ViaService", iam.Strings(p.fill("sns.$R.amazonaws.com"), p.fill("sqs.$R.amazonaws.com"))...),
			},
		},
		p.deliverStatement(),
	}
	for _, name := range p.args.Publishers {
		who := publishers[name]
		document = append(document, iam.Statement{
			Sid: "Publish" + title(Severity(name)), Principals: []iam.Principal{iam.Service(who.principal)}, Actions: useKey, Resources: this,
			Conditions: p.conditions(who.keyAccount, who.keySource, who.source),
		})
	}
	if p.logged() {
		document = append(document, p.logStatement())
	}
	return document
}

// deliverStatement lets SNS write into encrypted queues, for topics of this account and region. A topic is made with its
// key, so its own ARN is not known yet. SNS sends the topic's ARN along, which is what AWS's own constructs ask for.
// https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-conditions.html
// https://github.com/aws/aws-cdk/issues/20339
func (p topicPlan) deliverStatement() iam.Statement {
	return iam.Statement{
		Sid: "DeliverToQueues", Principals: []iam.Principal{iam.Service("sns.amazonaws.com")}, Actions: useKey, Resources: iam.Strings("*"),
		Conditions: []iam.Condition{iam.When("ArnLike", "aws:SourceArn", pulumi.String(p.fill("arn:$P:sns:$R:$A:*")))},
	}
}

// logStatement lets CloudWatch Logs encrypt the groups that SNS writes to.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (p topicPlan) logStatement() iam.Statement {
	return iam.Statement{
		Sid: "DeliveryLogs", Principals: []iam.Principal{iam.Service(p.fill("logs.$R.amazonaws.com"))}, Resources: iam.Strings("*"),
		Actions:    []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"},
		Conditions: []iam.Condition{iam.When("ArnLike", "kms:EncryptionContext:aws:logs:arn", pulumi.String(p.fill("arn:$P:logs:$R:$A:log-group:sns/$R/$A/*")))},
	}
}
