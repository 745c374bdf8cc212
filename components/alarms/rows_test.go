package alarms_test

import "github.com/seed-11444627/holdfast/tests/cloudsim"

// missingRows are the types that the simulated cloud may not know: their references only.
func missingRows() cloudsim.Option {
	var missing []cloudsim.Row
	for _, row := range []cloudsim.Row{
		{Type: "aws:scheduler/scheduleGroup:ScheduleGroup", Noun: "schedule group", ID: cloudsim.Format("{name}"),
			ARN: cloudsim.Format("arn:{partition}:scheduler:{region}:{account}:schedule-group/{name}"), AutoName: &cloudsim.AutoName{Max: 64}, Taggable: true},
		{Type: "aws:scheduler/schedule:Schedule", Noun: "schedule", ID: cloudsim.Format("{groupName}/{name}"),
			ARN: cloudsim.Format("arn:{partition}:scheduler:{region}:{account}:schedule/{groupName}/{name}"), AutoName: &cloudsim.AutoName{Max: 64},
			Required: []string{"scheduleExpression", "target", "flexibleTimeWindow"}},
		{Type: "aws:lambda/function:Function", Noun: "function", ID: cloudsim.Format("{name}"),
			ARN: cloudsim.Format("arn:{partition}:lambda:{region}:{account}:function:{name}"), AutoName: &cloudsim.AutoName{Max: 64}},
		{Type: "aws:lambda/permission:Permission", Noun: "permission", ID: cloudsim.Format("{hex17}"), Required: []string{"action", "function", "principal"}},
		{Type: "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", Noun: "channel", ID: cloudsim.Format("{configurationName}"), Taggable: true,
			Required: []string{"configurationName", "iamRoleArn", "slackChannelId", "slackTeamId"}},
		{Type: "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration", Noun: "channel", ID: cloudsim.Format("{configurationName}"), Taggable: true,
			Required: []string{"configurationName", "iamRoleArn", "channelId", "teamId", "tenantId"}},
	} {
		if _, known := cloudsim.RowOf(row.Type); !known {
			missing = append(missing, row)
		}
	}
	return cloudsim.Rows(missing...)
}
