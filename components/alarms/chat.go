package alarms

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/chatbot"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/iam"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// chatName is what a channel configuration may be called.
// https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
var chatName = names.Limit{Max: 128, Pattern: regexp.MustCompile(`^[A-Za-z0-9-_]+$`)}

// chatActions are all that the chat service, and anybody in the channel, may do: look at metrics, so that a notification
// can show its graph. https://docs.aws.amazon.com/chatbot/latest/adminguide/understanding-permissions.html
var chatActions = []string{"cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"}

// createChats tells chat channels through Amazon Q Developer in chat applications. The service subscribes to the topics
// by itself and has no dead-letter queue; what it fails to take shows in the topic's failed notifications, which are
// alarmed on. It shows what it knows the form of, so heartbeats do not appear in the channel.
// https://docs.aws.amazon.com/chatbot/latest/adminguide/related-services.html
func (m *topicMaker) createChats() error {
	if len(m.chats) == 0 {
		return nil
	}
	role, guardrail, err := m.createChatRole()
	if err != nil {
		return err
	}
	for _, key := range m.chats {
		if err := m.createChat(key, m.args.Subscriptions[key], role, guardrail); err != nil {
			return err
		}
	}
	return nil
}

// createChatRole makes one policy and uses it twice: as what the role may do, and as the guardrail above every role.
func (m *topicMaker) createChatRole() (*awsiam.Role, *awsiam.Policy, error) {
	name := m.kids.Limited(names.Role, "chat")
	role, err := component.New(m.ctx, m.kids, "chat role", name, &awsiam.RoleArgs{
		Description:      pulumi.String("Lets chat channels see the metrics behind a notification"),
		AssumeRolePolicy: iam.Trust("chatbot.amazonaws.com").JSON(),
		Tags:             m.kids.Tags(name),
	}, m.args.Transform.ChatRole, awsiam.NewRole)
	if err != nil {
		return nil, nil, err
	}
	look := iam.Document{{Sid: "Look", Actions: chatActions, Resources: iam.Strings("*")}}
	policy, err := component.New(m.ctx, m.kids, "chat policy", m.kids.Child("chat", "policy"), &awsiam.PolicyArgs{
		Description: pulumi.String("All that may be done from chat channels"), Policy: look.JSON(),
		Tags: m.kids.Tags(m.kids.Child("chat", "policy")),
	}, m.args.Transform.ChatPolicy, awsiam.NewPolicy)
	if err != nil {
		return nil, nil, err
	}
	_, err = component.New(m.ctx, m.kids, "attachment of the chat policy", m.kids.Child("chat", "look"),
		&awsiam.RolePolicyAttachmentArgs{Role: role.Name, PolicyArn: policy.Arn}, m.args.Transform.ChatPolicyAttachment, awsiam.NewRolePolicyAttachment)
	return role, policy, err
}

// createChat configures one channel. People need a role of their own to run commands, so the channel's cannot be used.
func (m *topicMaker) createChat(key string, to Subscription, role *awsiam.Role, guardrail *awsiam.Policy) error {
	name := pulumi.String(names.For(m.kids.Child(key)).Physical(chatName, m.ctx.Stack()))
	guardrails := pulumi.StringArray{guardrail.Arn}
	topics := pulumi.StringArray{}
	for _, severity := range to.Severities {
		topics = append(topics, m.made.Topics[severity].Arn)
	}
	topics = append(topics, to.otherTopics()...)
	if to.Slack != nil {
		_, err := component.New(m.ctx, m.kids, "Slack channel "+key, m.kids.Child(key), &chatbot.SlackChannelConfigurationArgs{
			ConfigurationName: name, IamRoleArn: role.Arn, GuardrailPolicyArns: guardrails, SnsTopicArns: topics,
			SlackTeamId: pulumi.String(to.Slack.WorkspaceID), SlackChannelId: pulumi.String(to.Slack.ChannelID),
			LoggingLevel: pulumi.String("ERROR"), UserAuthorizationRequired: pulumi.Bool(true), Tags: m.kids.Tags(m.kids.Child(key)),
		}, m.args.Transform.SlackChannel, chatbot.NewSlackChannelConfiguration)
		return err
	}
	_, err := component.New(m.ctx, m.kids, "Teams channel "+key, m.kids.Child(key), &chatbot.TeamsChannelConfigurationArgs{
		ConfigurationName: name, IamRoleArn: role.Arn, GuardrailPolicyArns: guardrails, SnsTopicArns: topics,
		TenantId: pulumi.String(to.Teams.TenantID), TeamId: pulumi.String(to.Teams.TeamID), ChannelId: pulumi.String(to.Teams.ChannelID),
		LoggingLevel: pulumi.String("ERROR"), UserAuthorizationRequired: pulumi.Bool(true), Tags: m.kids.Tags(m.kids.Child(key)),
	}, m.args.Transform.TeamsChannel, chatbot.NewTeamsChannelConfiguration)
	return err
}
