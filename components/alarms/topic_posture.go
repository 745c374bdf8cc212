package alarms

import (
	"fmt"
	"sort"
	"strings"

	"github.com/seed-11444627/holdfast/components/internal/prices"
	"github.com/seed-11444627/holdfast/components/posture"
)

// posture is what the topics promise. They are regional services of AWS: an instance or a zone is AWS's to replace.
func (p topicPlan) posture(name string, set *Set) posture.Posture {
	regional := []string{"SNS, SQS, KMS, CloudWatch and EventBridge Scheduler are regional services that AWS runs over several zones: nothing here hangs on one"}
	return posture.Posture{
		Workload: p.args.Workload, Component: "AlarmTopic", Name: name, Zones: []string{}, Price: p.price(len(set.Keys())), Alarms: set.Postures(),
		Recovery: map[posture.Scenario]posture.Recovery{
			posture.InstanceLoss: {Derivation: regional},
			posture.ZoneLoss:     {Derivation: append(regional, p.delivered()...)},
			posture.RegionLoss: {Unrecoverable: true, Derivation: []string{
				"topics, alarms and metrics are in one region and are lost with it: an AlarmTopic in a second region, watched from outside, tells of the loss",
			}},
		},
	}
}

// delivered says what is kept and what proves the path.
func (p topicPlan) delivered() []string {
	lines := []string{fmt.Sprintf("%d dead-letter queues keep what was not delivered for 14 days", len(p.deliveries))}
	if len(p.chats) > 0 {
		lines = append(lines, "chat channels have no dead-letter queue: "+strings.Join(p.chats, ", "))
	}
	if !p.beats() {
		return append(lines, "no heartbeat proves the path, because: "+p.args.Heartbeat.Off)
	}
	return append(lines, fmt.Sprintf("a heartbeat every %d h; its absence is told through another severity's topic within %d h", p.args.Heartbeat.Hours, p.args.Heartbeat.Hours+2))
}

// price is keys and alarms; what SNS, SQS and the scheduler charge for notifications is below a cent a month.
func (p topicPlan) price(alarms int) posture.Price {
	keys := prices.Hourly(prices.KeyMonth, p.args.Region, len(Severities()))
	total := keys.Plus(prices.Hourly(prices.AlarmMonth, p.args.Region, alarms))
	total.Derivation = append(total.Derivation, "requests to SNS, SQS, KMS and the scheduler: a few thousand a month, below a cent; delivery logs: below a cent")
	sort.Strings(total.Derivation)
	return total
}
