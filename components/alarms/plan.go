package alarms

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/names"
	"github.com/seed-11444627/holdfast/components/internal/tags"
)

// topicPlan is what an AlarmTopic will be: the arguments with their defaults, and every subscription by severity.
type topicPlan struct {
	args       AlarmTopicArgs
	deliveries []delivery
	chats      []string
}

// delivery is one subscription of one topic.
type delivery struct {
	subscription string
	severity     Severity
	to           Subscription
}

// key names the delivery among the children.
func (d delivery) key() string { return d.subscription + "-" + string(d.severity) }

// planTopic is pure: it checks everything at once and fills in the defaults on a copy.
func planTopic(name string, given *AlarmTopicArgs) (topicPlan, error) {
	problems := fielderror.For("AlarmTopic")
	problems.Join(names.Check(name))
	if given == nil {
		given = &AlarmTopicArgs{}
	}
	p := topicPlan{args: given.withDefaults()}
	p.check(problems)
	for _, key := range sortedKeys(p.args.Subscriptions) {
		to := p.args.Subscriptions[key]
		if to.Elsewhere != "" {
			continue
		}
		if to.chat() {
			p.chats = append(p.chats, key)
			continue
		}
		for _, severity := range to.Severities {
			p.deliveries = append(p.deliveries, delivery{key, severity, to})
		}
	}
	return p, problems.Err()
}

func (a *AlarmTopicArgs) withDefaults() AlarmTopicArgs {
	args := *a
	args.Workload = fallback(args.Workload, "shared")
	args.Publishers = slices.Clone(args.Publishers)
	if len(args.Publishers) == 0 {
		args.Publishers = []Publisher{CloudWatchAlarms, EventBridge}
	}
	slices.Sort(args.Publishers)
	args.Heartbeat.Hours = fallback(args.Heartbeat.Hours, 24)
	args.DeliveryLogs.SuccessPercent = fallback(args.DeliveryLogs.SuccessPercent, 100)
	args.DeliveryLogs.RetentionDays = fallback(args.DeliveryLogs.RetentionDays, 90)
	args.Tags = maps.Clone(args.Tags)
	args.Subscriptions = maps.Clone(args.Subscriptions)
	for key, to := range args.Subscriptions {
		to.Severities = slices.SortedFunc(slices.Values(to.Severities), byUrgency)
		args.Subscriptions[key] = to
	}
	return args
}

func fallback[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func byUrgency(a, b Severity) int {
	return slices.Index(Severities(), a) - slices.Index(Severities(), b)
}

func byLabel(a, b watchedQueue) int { return strings.Compare(a.label, b.label) }

var (
	accountPattern = regexp.MustCompile(`^\d{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	slackPattern   = regexp.MustCompile(`^[A-Z0-9]{1,255}$`)
	uuidPattern    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	beatHours      = []int{1, 2, 3, 4, 6, 8, 12, 24}
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	retentionDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)

func (p topicPlan) check(problems *fielderror.Errors) {
	a := p.args
	problems.Require(accountPattern.MatchString(a.AccountID), "AccountID", a.AccountID, "twelve digits", "give the account that the provider deploys to")
	problems.Require(regionPattern.MatchString(a.Region), "Region", a.Region, "a region such as eu-central-1", "give the provider's region")
	problems.Require(strings.HasPrefix(a.Runbooks, "https://"), "Runbooks", a.Runbooks, "an address that begins with https://", "give the address of docs/runbooks in your repository")
	problems.Require(slices.Contains(beatHours, a.Heartbeat.Hours), "Heartbeat.Hours", a.Heartbeat.Hours, "1, 2, 3, 4, 6, 8, 12 or 24", "use 24")
	logs := a.DeliveryLogs
	problems.Require(logs.SuccessPercent >= 1 && logs.SuccessPercent <= 100, "DeliveryLogs.SuccessPercent", logs.SuccessPercent, "1 to 100", "use 100")
	problems.Require(slices.Contains(retentionDays, logs.RetentionDays), "DeliveryLogs.RetentionDays", logs.RetentionDays, "a retention period of CloudWatch Logs", "use 90")
	tags.Check(problems, a.Tags)
	p.checkPublishers(problems)
	for _, key := range sortedKeys(a.Subscriptions) {
		p.checkSubscription(problems, fmt.Sprintf("Subscriptions[%s]", key), key, a.Subscriptions[key])
	}
	p.checkChannels(problems)
	p.checkAttended(problems)
}

// checkChannels: an account can have one configuration for a chat channel.
// https://github.com/hashicorp/terraform-provider-awscc/issues/1011
func (p topicPlan) checkChannels(problems *fielderror.Errors) {
	taken := map[string]string{}
	for _, key := range sortedKeys(p.args.Subscriptions) {
		to := p.args.Subscriptions[key]
		if !to.chat() {
			continue
		}
		channel := to.channel()
		other, twice := taken[channel]
		problems.Require(!twice, fmt.Sprintf("Subscriptions[%s]", key), channel, "another channel than that of "+other, "give one subscription all the severities")
		taken[channel] = key
	}
}

// channel is the chat channel in one text.
func (s Subscription) channel() string {
	if s.Slack != nil {
		return "Slack " + s.Slack.WorkspaceID + "/" + s.Slack.ChannelID
	}
	return "Teams " + s.Teams.TeamID + "/" + s.Teams.ChannelID
}

// otherTopics are the topics of others that tell the chat channel.
func (s Subscription) otherTopics() []pulumi.StringInput {
	if s.Slack != nil {
		return s.Slack.OtherTopics
	}
	if s.Teams != nil {
		return s.Teams.OtherTopics
	}
	return nil
}

func (p topicPlan) checkPublishers(problems *fielderror.Errors) {
	seen := map[Publisher]bool{}
	for _, name := range p.args.Publishers {
		problems.OneOf("Publishers", string(name), plain(Publishers())...)
		problems.Require(!seen[name], "Publishers", string(name), "each publisher once", "remove one")
		seen[name] = true
	}
	problems.Require(seen[CloudWatchAlarms], "Publishers", fmt.Sprint(p.args.Publishers), "cloudwatch among them: without it no alarm is delivered", "add cloudwatch")
}

// checkAttended requires somebody behind critical and warning, because each carries the alarms about the other.
func (p topicPlan) checkAttended(problems *fielderror.Errors) {
	for _, severity := range []Severity{Critical, Warning} {
		told := len(p.destinations()[severity]) > 0
		problems.Require(told || p.args.Unattended != "", "Subscriptions", "nobody for "+string(severity),
			"a subscription to "+string(severity), "add one, or give the reason in Unattended")
	}
}

func (p topicPlan) checkSubscription(problems *fielderror.Errors, field, key string, to Subscription) {
	problems.Require(alarmKey.MatchString(key) && len(key) <= 63, field, key, "a name of at most 63 lower-case letters, digits and single hyphens", "rename it")
	problems.Require(len(to.Severities) > 0, field+".Severities", nil, "at least one severity", "list those it is to be told of")
	for i, severity := range to.Severities {
		problems.OneOf(field+".Severities", string(severity), plain(Severities())...)
		problems.Require(i == 0 || to.Severities[i-1] != severity, field+".Severities", string(severity), "each severity once", "remove one")
	}
	ways := to.ways()
	problems.Require(len(ways) == 1, field, strings.Join(ways, " and "), "exactly one of Email, PagerDuty, Slack, Teams, Endpoint and Elsewhere", "make a subscription for each")
	to.checkAddress(problems, field)
	p.checkFilter(problems, field, to)
}

// ways are the fields that are set, in the words of reports.
func (s Subscription) ways() []string {
	var ways []string
	for _, way := range []struct {
		set  bool
		word string
	}{
		{s.Email != nil, "e-mail"}, {s.PagerDuty != nil, "PagerDuty"}, {s.Slack != nil, "Slack"}, {s.Teams != nil, "Teams"}, {s.Endpoint != nil, s.Endpoint.word()},
		{s.Elsewhere != "", s.Elsewhere},
	} {
		if way.set {
			ways = append(ways, way.word)
		}
	}
	return ways
}

func (e *Endpoint) word() string {
	if e == nil {
		return ""
	}
	return string(e.Protocol)
}

// chat says whether the managed chat service subscribes by itself.
func (s Subscription) chat() bool { return s.Slack != nil || s.Teams != nil }

func (s Subscription) checkAddress(problems *fielderror.Errors, field string) {
	problems.Require(s.Email == nil || usable(s.Email), field+".Email", nil, "an address", "give it")
	problems.Require(s.PagerDuty == nil || usable(s.PagerDuty), field+".PagerDuty", nil, "an integration URL", "give it, as a secret")
	for i, topic := range s.otherTopics() {
		problems.Require(usable(topic), fmt.Sprintf("%s.OtherTopics[%d]", field, i), nil, "the ARN of a topic", "give the output of the other AlarmTopic")
	}
	if s.Slack != nil {
		problems.Require(slackPattern.MatchString(s.Slack.WorkspaceID), field+".Slack.WorkspaceID", s.Slack.WorkspaceID,
			"an id such as T07EA123LEP", "copy it from the console of Amazon Q Developer in chat applications")
		problems.Require(slackPattern.MatchString(s.Slack.ChannelID), field+".Slack.ChannelID", s.Slack.ChannelID, "an id such as C07EZ1ABC23", "copy it from the channel's link")
	}
	if s.Teams != nil {
		problems.Require(uuidPattern.MatchString(s.Teams.TenantID), field+".Teams.TenantID", s.Teams.TenantID, "a UUID", "copy it from the channel's link")
		problems.Require(uuidPattern.MatchString(s.Teams.TeamID), field+".Teams.TeamID", s.Teams.TeamID, "a UUID", "copy it from the channel's link")
		problems.Require(s.Teams.ChannelID != "", field+".Teams.ChannelID", nil, "an id", "copy it from the channel's link")
	}
	if s.Endpoint != nil {
		problems.OneOf(field+".Endpoint.Protocol", string(s.Endpoint.Protocol), string(HTTPS), string(SQS), string(Lambda))
		problems.Require(usable(s.Endpoint.Address), field+".Endpoint.Address", nil, "a URL or an ARN", "give it")
		problems.Require(!s.Endpoint.AutoConfirms || s.Endpoint.Protocol == HTTPS, field+".Endpoint.AutoConfirms", true, "it for https only", "remove it")
		problems.Require(!s.Endpoint.Raw || s.Endpoint.Protocol != Lambda, field+".Endpoint.Raw", true, "it for https and sqs only", "remove it")
	}
}

// maxFilterKeys is how many keys a filter policy may have at its top.
// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
const maxFilterKeys = 5

// checkFilter refuses a filter that would drop alarms without a word.
func (p topicPlan) checkFilter(problems *fielderror.Errors, field string, to Subscription) {
	if to.BodyFilter == "" {
		return
	}
	problems.Require(!to.chat(), field+".BodyFilter", to.BodyFilter, "no filter: the chat service makes its subscription itself", "remove it")
	var filter map[string]any
	read := json.Unmarshal([]byte(to.BodyFilter), &filter) == nil
	problems.Require(read && len(filter) > 0 && len(filter) <= maxFilterKeys, field+".BodyFilter", to.BodyFilter,
		"a JSON object of 1 to 5 keys", `use for example {"heartbeat": [{"exists": false}]}`)
	for _, name := range p.args.Publishers {
		who, known := publishers[name]
		problems.Require(!known || who.json, field+".BodyFilter", to.BodyFilter,
			"no filter on the body beside the publisher "+string(name)+", whose messages it cannot read and would drop", "remove the filter or the publisher")
	}
}

// logged says whether deliveries are recorded; beats whether heartbeats are sent.
func (p topicPlan) logged() bool { return p.args.DeliveryLogs.Off == "" }
func (p topicPlan) beats() bool  { return p.args.Heartbeat.Off == "" }

// destinations are who is told, by severity, each way once.
func (p topicPlan) destinations() map[Severity][]string {
	out := map[Severity][]string{}
	for _, key := range sortedKeys(p.args.Subscriptions) {
		to := p.args.Subscriptions[key]
		for _, severity := range to.Severities {
			for _, way := range to.ways() {
				if !slices.Contains(out[severity], way) {
					out[severity] = append(out[severity], way)
				}
			}
		}
	}
	for _, ways := range out {
		slices.Sort(ways)
	}
	return out
}

// intent is what state records of the arguments: never an address.
func (p topicPlan) intent() pulumi.Map {
	told := pulumi.Map{}
	for _, severity := range Severities() {
		told[string(severity)] = pulumi.ToStringArray(p.destinations()[severity])
	}
	return pulumi.Map{
		"accountId": pulumi.String(p.args.AccountID), "region": pulumi.String(p.args.Region), "workload": pulumi.String(p.args.Workload),
		"publishers": pulumi.ToStringArray(plain(p.args.Publishers)), "destinations": told, "disposable": pulumi.Bool(p.args.Disposable),
		"heartbeatHours": pulumi.Int(p.args.Heartbeat.Hours), "heartbeatOff": pulumi.String(p.args.Heartbeat.Off),
		"deliveryLogsOff": pulumi.String(p.args.DeliveryLogs.Off), "unattended": pulumi.String(p.args.Unattended),
	}
}
