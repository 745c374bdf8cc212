package rules_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

func TestAGoodWaiverIsAcceptedWithoutComplaint(t *testing.T) {
	t.Parallel()
	const stack = `
policy: {pack-settings: {waivers: [{rule: kms-rotation, resource: key, owner: platform, reason: moves next month, expires: "2026-12-01"}]}}
resources:
  key: {type: "aws:kms/key:Key", properties: {enableKeyRotation: false, policy: "{}"}}
`
	require.Empty(t, judged(t, stack, policy.Violation, "kms-rotation", policy.WaiverRule))
	require.Len(t, judged(t, stack, policy.Waived, "kms-rotation"), 1)
}

func TestQuotasAreCountedForEachRegionAndParent(t *testing.T) {
	t.Parallel()
	targets := func(rule string, count int) string {
		text := ""
		for i := range count {
			text += "  " + rule + strconv.Itoa(i) + `: {type: "aws:cloudwatch/eventTarget:EventTarget", properties: {rule: ` + rule + "}}\n"
		}
		return text
	}
	require.Empty(t, judged(t, "resources:\n"+targets("a", 4)+targets("b", 4), policy.Violation, "quota-headroom"))
	require.Len(t, judged(t, "resources:\n"+targets("a", 5)+targets("b", 4), policy.Violation, "quota-headroom"), 1)
}

func TestAReferenceIsAGhostOnlyInItsOwnAccountAndRegion(t *testing.T) {
	t.Parallel()
	for arn, ghost := range map[string]bool{
		"arn:aws:sns:eu-central-1:111111111111:gone":                                   true,
		"arn:aws:sns:us-east-1:111111111111:gone":                                      false,
		"arn:aws:sns:eu-central-1:444444444444:gone":                                   false,
		"arn:aws:sns:eu-central-1:111111111111:named":                                  false,
		"arn:aws:lambda:eu-central-1:111111111111:function:fn:live":                    false,
		"arn:aws:lambda:eu-central-1:111111111111:function:gone:live":                  true,
		"arn:aws:autoscaling:eu-central-1:111111111111:scalingPolicy:1:policyName/out": false,
	} {
		stack := `
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: named}}
  fn: {type: "aws:lambda/function:Function", properties: {name: fn}}
  alarm: {type: "aws:cloudwatch/metricAlarm:MetricAlarm", properties: {alarmActions: ["` + arn + `"]}}
`
		require.Equal(t, ghost, len(judged(t, stack, policy.Violation, "ghost-reference")) > 0, arn)
	}
}
