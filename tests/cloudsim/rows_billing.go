package cloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	budgetDoc    = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html"
	anomalyDoc   = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_CreateAnomalyMonitor.html"
	subscribeDoc = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_CreateAnomalySubscription.html"
	monitorType  = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
)

func init() { register(budget, anomalyMonitor, anomalySubscription) }

var budget = Row{
	Type:     "aws:budgets/budget:Budget",
	Noun:     "budget",
	Doc:      budgetDoc,
	Global:   true,
	ID:       Format("{account}:{name}"),
	ARN:      Format("arn:{partition}:budgets::{account}:budget/{name}"),
	AutoName: &AutoName{Max: 100},
	Computed: map[string]Compute{"accountId": Format("{account}"), "timePeriodStart": Value("2026-01-01_00:00")},
	Defaults: map[string]any{"timePeriodEnd": "2087-06-15_00:00"},
	Required: []string{"budgetType", "timeUnit"},
	Replace:  []string{"accountId", "name", "namePrefix"},
	Taggable: true,
	Refs: []Ref{{Path: "notifications.subscriberSnsTopicArns", To: []string{topicType}, By: []string{"arn"}, Region: "*", Weak: true,
		Code: "InvalidParameterException"}},
	Unique: []Unique{{Paths: []string{"name"}, Scope: InAccount, Code: "DuplicateRecordException"}},
	Limits: []Limit{
		{"name", Matches(`^[^:\\]{1,100}$`, `1 to 100 characters without : and \`), budgetDoc},
		{"budgetType", OneOf("USAGE", "COST", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE"), budgetDoc},
		{"timeUnit", OneOf("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"), budgetDoc},
		{"limitAmount", Matches(`^\d+(\.\d+)?$`, "an amount"), budgetDoc},
		{"notifications", Items(0, 10), "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html"},
		{"notifications.comparisonOperator", OneOf("GREATER_THAN", "LESS_THAN", "EQUAL_TO"), budgetDoc},
		{"notifications.notificationType", OneOf("ACTUAL", "FORECASTED"), budgetDoc},
		{"notifications.thresholdType", OneOf("PERCENTAGE", "ABSOLUTE_VALUE"), budgetDoc},
		{"notifications.threshold", Between(0, 1000000000), budgetDoc},
		{"notifications.subscriberEmailAddresses", Items(0, 10), budgetDoc},
	},
	Check:     checkBudget,
	Idle:      idleWhen(budgetReaches),
	NotFound:  "NotFoundException",
	Durations: immediate,
}

func checkBudget(c *Call) error {
	if !c.Has("limitAmount") && !c.Has("plannedLimits") && !c.Has("autoAdjustData") {
		return c.Reject("InvalidParameterException", "one of limitAmount, plannedLimits and autoAdjustData must be given")
	}
	for i, n := range c.Objects("notifications") {
		if !n.Has("subscriberEmailAddresses") && !n.Has("subscriberSnsTopicArns") {
			return c.RejectAt(fmt.Sprintf("notifications[%d]", i), "InvalidParameterException", "Notification must have at least one subscriber")
		}
		if n.Text("notificationType") == "FORECASTED" && c.Text("timeUnit") == "DAILY" {
			return c.RejectAt(fmt.Sprintf("notifications[%d]", i), "InvalidParameterException", "Daily budgets have no forecast")
		}
	}
	return nil
}

// budgetReaches: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
func budgetReaches(c *Call) error {
	var problems []error
	for _, arn := range c.Texts("notifications.subscriberSnsTopicArns") {
		q := access{service: "budgets.amazonaws.com", source: c.Old.ARN, account: c.Account}
		if why := c.unreachable(arn, q); why != "" {
			problems = append(problems, c.silent("notifications.subscriberSnsTopicArns", "nobody hears of the budget: %s", why))
		}
	}
	return errors.Join(problems...)
}

var anomalyMonitor = Row{
	Type:     monitorType,
	Noun:     "anomaly monitor",
	Doc:      anomalyDoc,
	Global:   true,
	ID:       Format("arn:{partition}:ce::{account}:anomalymonitor/{uuid}"),
	ARN:      Format("arn:{partition}:ce::{account}:anomalymonitor/{uuid}"),
	AutoName: &AutoName{Max: 1024},
	Required: []string{"monitorType"},
	Replace:  []string{"monitorType", "monitorDimension", "monitorSpecification"},
	Taggable: true,
	Limits: []Limit{
		{"monitorType", OneOf("DIMENSIONAL", "CUSTOM"), anomalyDoc},
		{"monitorDimension", OneOf("SERVICE"), anomalyDoc},
	},
	Check: func(c *Call) error {
		dimensional := c.Text("monitorType") == "DIMENSIONAL"
		if dimensional != c.Has("monitorDimension") || dimensional == c.Has("monitorSpecification") {
			return c.Reject("ValidationException", "monitorDimension goes with the type DIMENSIONAL, monitorSpecification with CUSTOM")
		}
		if n := len(c.Where(monitorType, "monitorDimension", "SERVICE")); dimensional && n > 0 && !c.Preview {
			return c.Reject("ValidationException", "Limit exceeded on dimensional spend monitor creation: one for each account")
		}
		return jsonObject(c, "monitorSpecification", "ValidationException")
	},
	NotFound:  "UnknownMonitorException",
	Durations: immediate,
}

var mail = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

var anomalySubscription = Row{
	Type:     "aws:costexplorer/anomalySubscription:AnomalySubscription",
	Noun:     "anomaly subscription",
	Doc:      subscribeDoc,
	Global:   true,
	ID:       Format("arn:{partition}:ce::{account}:anomalysubscription/{uuid}"),
	ARN:      Format("arn:{partition}:ce::{account}:anomalysubscription/{uuid}"),
	AutoName: &AutoName{Max: 1024},
	Computed: map[string]Compute{"accountId": Format("{account}")},
	Required: []string{"frequency", "monitorArnLists", "subscribers"},
	Replace:  []string{"name", "accountId"},
	Taggable: true,
	Refs:     []Ref{{Path: "monitorArnLists", To: []string{monitorType}, By: []string{"arn"}, Weak: true, Code: "UnknownMonitorException"}},
	Limits: []Limit{
		{"frequency", OneOf("DAILY", "IMMEDIATE", "WEEKLY"), subscribeDoc},
		{"subscribers.type", OneOf("EMAIL", "SNS"), subscribeDoc},
	},
	Check:     checkAnomalySubscribers,
	Idle:      idleWhen(anomalyReaches),
	Durations: immediate,
}

// checkAnomalySubscribers: immediate messages go to a topic, summaries to mail addresses.
// https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html
func checkAnomalySubscribers(c *Call) error {
	for i, s := range c.Objects("subscribers") {
		at := fmt.Sprintf("subscribers[%d]", i)
		if (s.Text("type") == "SNS") != (c.Text("frequency") == "IMMEDIATE") && s.Known("type") {
			return c.RejectAt(at, "ValidationException", "the frequency IMMEDIATE goes with subscribers of type SNS, DAILY and WEEKLY with EMAIL")
		}
		if s.Text("type") == "EMAIL" && s.Known("address") && !mail.MatchString(s.Text("address")) {
			return c.RejectAt(at, "ValidationException", "%q is not a mail address", s.Text("address"))
		}
	}
	return nil
}

// anomalyReaches: https://docs.aws.amazon.com/cost-management/latest/userguide/ad-SNS.html
func anomalyReaches(c *Call) error {
	var problems []error
	for _, arn := range c.Texts("subscribers.address") {
		q := access{service: "costalerts.amazonaws.com", source: c.Old.ARN, account: c.Account}
		if why := c.unreachable(arn, q); strings.HasPrefix(arn, "arn:") && why != "" {
			problems = append(problems, c.silent("subscribers", "nobody hears of an anomaly: %s", why))
		}
	}
	return errors.Join(problems...)
}

// templateIsJSON reports whether a CloudFormation template is JSON; everything else is taken as YAML.
func templateIsJSON(body string) bool { return json.Valid([]byte(body)) }
