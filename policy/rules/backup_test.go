package rules_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
)

// The longest time between two runs decides, so each schedule passes with exactly its gap and fails with an hour less.
func TestTheLongestGapOfABackupScheduleCounts(t *testing.T) {
	t.Parallel()
	const fixture = `
policy:
  backup-covers-state: {hours: {day: %d}}
resources:
  plan: {type: "aws:backup/plan:Plan", properties: {rules: [{ruleName: only, schedule: "%s"}]}}
  all: {type: "aws:backup/selection:Selection", properties: {planId: "${plan.id}", resources: ["*"]}}
  orders: {type: "aws:dynamodb/table:Table", properties: {arn: "arn:aws:dynamodb:eu-central-1:111111111111:table/orders"}}
`
	for schedule, hours := range map[string]int{
		"cron(0 * * * ? *)": 1, "cron(0 5 * * ? *)": 24, "cron(0 6,18 * * ? *)": 12, "cron(0 0/8 * * ? *)": 8,
		"cron(0 8-18 * * ? *)":      14, // From 18:00 to 8:00.
		"cron(0 5 ? * MON-FRI *)":   72, // Over the weekend.
		"cron(0 5 ? * SUN *)":       168,
		"cron(0 5 1 * ? *)":         744, // From the 1st of a month of 31 days.
		"rate(12 hours)":            12,
		"cron(0 5 ? * 2,4,6 *)":     72,       // From Friday to Monday.
		"cron(0 5 ? JAN-JUN SUN *)": 24 * 196, // From a 24th of June.
	} {
		require.NotEqual(t, policy.Violation, verdicts(t, fmt.Sprintf(fixture, hours, schedule))["backup-covers-state"], "%s within %d h", schedule, hours)
		require.Equal(t, policy.Violation, verdicts(t, fmt.Sprintf(fixture, hours-1, schedule))["backup-covers-state"], "%s within %d h", schedule, hours-1)
	}
	require.Equal(t, policy.Unknown, verdicts(t, fmt.Sprintf(fixture, 24, "cron(0 5 L * ? *)"))["backup-covers-state"], "a last day is not read, and not passed")
}
