package cloudsim

import "errors"

const chatDoc = "https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html"

func init() {
	register(chatChannel("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "slack-channel", chatDoc,
		[]Limit{
			{"slackChannelId", Matches(`^[A-Za-z0-9]{1,255}$`, "a Slack channel id"), chatDoc},
			{"slackTeamId", Matches(`^[0-9A-Z]{1,255}$`, "a Slack workspace id"), chatDoc},
		}, "slackChannelId", "slackTeamId"),
		chatChannel("aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration", "microsoft-teams-channel",
			"https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateMicrosoftTeamsChannelConfiguration.html",
			[]Limit{{"teamId", Matches(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`, "a GUID"), chatDoc},
				{"tenantId", Matches(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`, "a GUID"), chatDoc}},
			"channelId", "teamId", "tenantId"))
}

// chatChannel is the row of a channel of one chat service.
func chatChannel(typ, kind, doc string, limits []Limit, required ...string) Row {
	return Row{
		Type:   typ,
		Noun:   "channel configuration",
		Doc:    doc,
		Global: true,
		ID:     Format("arn:{partition}:chatbot::{account}:chat-configuration/" + kind + "/{configurationName}"),
		Computed: map[string]Compute{
			"chatConfigurationArn":      Format("arn:{partition}:chatbot::{account}:chat-configuration/" + kind + "/{configurationName}"),
			"guardrailPolicyArns":       Value([]string{"arn:aws:iam::aws:policy/AdministratorAccess"}),
			"loggingLevel":              Value("NONE"),
			"userAuthorizationRequired": Value(false),
		},
		Required: append([]string{"configurationName", "iamRoleArn"}, required...),
		Replace:  append([]string{"configurationName"}, required[1:]...),
		Taggable: true,
		Refs: []Ref{
			{Path: "iamRoleArn", To: []string{roleType}, By: []string{"arn"}, Code: "InvalidParameterException"},
			{Path: "snsTopicArns", To: []string{topicType}, By: []string{"arn"}, Region: "*", Weak: true, Code: "InvalidParameterException"},
		},
		// "Slack channel with ID ... in Slack team ... has already been configured for AWS account ...":
		// https://github.com/hashicorp/terraform-provider-awscc/issues/1011
		Unique: []Unique{
			{Paths: []string{"configurationName"}, Scope: InAccount, Code: "ConflictException"},
			{Paths: required, Scope: InAccount, Code: "InvalidRequestException"},
		},
		Limits: append([]Limit{
			{"configurationName", Matches(`^[A-Za-z0-9-_]{1,128}$`, "1 to 128 letters, digits, hyphens and underscores"), doc},
			{"loggingLevel", OneOf("ERROR", "INFO", "NONE"), doc},
		}, limits...),
		// https://docs.aws.amazon.com/chatbot/latest/adminguide/chatbot-troubleshooting.html: the role is assumed for every message.
		Check: func(c *Call) error {
			return errors.Join(TrustedBy(c, "iamRoleArn", "chatbot.amazonaws.com", "InvalidParameterException"))
		},
		Durations: seconds(5, estimate("the provider waits until the configuration can be read")),
	}
}
