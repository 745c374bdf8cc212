package alarms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/component"
	"github.com/seed-11444627/holdfast/components/internal/names"
)

// Composite is an alarm made of alarms: one page for a symptom that many causes share.
type Composite struct {
	// Key as for Alarm.
	Key string
	// Any of these alarms of the set puts the composite into alarm.
	Any []string
	// All of these must be in alarm as well. Default: none.
	All []string
	// Severity decides which topic is told.
	Severity Severity
	// Runbook, Summary and Why as for Alarm.
	Runbook, Summary, Why string
	// Suppressor keeps the composite quiet while it is in alarm. Default: none.
	Suppressor *Suppressor
}

// Suppressor is an alarm that keeps a composite quiet: during maintenance or a deployment.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
type Suppressor struct {
	// Alarm is the name or ARN of the suppressing alarm, in the same account and region.
	Alarm pulumi.StringInput
	// Wait is how many seconds the composite waits for the suppressor to go into alarm. Default: 60.
	Wait int
	// Extension is how many seconds the composite stays quiet after the suppressor has returned. Default: 60.
	Extension int
}

// The limits of a composite alarm.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
const (
	maxRule             = 10240
	maxChildren         = 100
	defaultSuppressWait = 60
)

// Composite makes a composite of alarms of the set. Its physical name holds the stack's, because CloudWatch wants a
// fixed one, and overwrites an alarm of the same name without a word.
func (s *Set) Composite(ctx *pulumi.Context, c Composite) (*cloudwatch.CompositeAlarm, error) {
	if err := s.checkComposite(c); err != nil {
		return nil, err
	}
	told := pulumi.StringArray{s.route.Topic(c.Severity)}
	like := Alarm{Summary: c.Summary, Why: c.Why, Runbook: c.Runbook}
	args := &cloudwatch.CompositeAlarmArgs{
		AlarmName:        pulumi.String(names.For(s.kids.Child(c.Key)).Physical(names.Alarm, ctx.Stack())),
		AlarmDescription: pulumi.String(like.Description(s.route)),
		AlarmRule:        s.rule(c),
		AlarmActions:     told, OkActions: told,
		ActionsEnabled: pulumi.Bool(true),
		Tags:           s.kids.Tags(s.kids.Child(c.Key)),
	}
	if c.Suppressor != nil {
		args.ActionsSuppressor = c.Suppressor.args()
	}
	made, err := component.New(ctx, s.kids, "composite alarm "+c.Key, s.kids.Child(c.Key), args, nil,
		cloudwatch.NewCompositeAlarm, s.shell.options()...)
	if err != nil {
		return nil, err
	}
	s.composites = append(s.composites, c)
	return made, nil
}

// Composites are the keys of the composites made so far. They are not among Keys, because AWS charges for them
// differently. https://aws.amazon.com/cloudwatch/pricing/
func (s *Set) Composites() []string {
	keys := make([]string, len(s.composites))
	for i, c := range s.composites {
		keys[i] = c.Key
	}
	return keys
}

func (p *Suppressor) args() cloudwatch.CompositeAlarmActionsSuppressorPtrInput {
	return cloudwatch.CompositeAlarmActionsSuppressorArgs{
		Alarm: p.Alarm, WaitPeriod: pulumi.Int(orDefault(p.Wait)), ExtensionPeriod: pulumi.Int(orDefault(p.Extension)),
	}
}

func orDefault(seconds int) int {
	if seconds == 0 {
		return defaultSuppressWait
	}
	return seconds
}

func (s *Set) checkComposite(c Composite) error {
	problems := fielderror.For(refuser)
	like := Alarm{
		Key: c.Key, Metric: Metric{}, Severity: c.Severity, Family: Event, Comparison: Above,
		Runbook: c.Runbook, Summary: c.Summary, Why: c.Why,
	}
	like.checkText(problems, c.Key, s.route)
	problems.Require(s.made[c.Key] == nil, c.Key+".Key", c.Key, "each key once", "rename one of the two")
	parts := slices.Concat(c.Any, c.All)
	problems.Require(len(parts) > 0 && len(parts) <= maxChildren, c.Key, fmt.Sprintf("%d alarms", len(parts)), "1 to 100 alarms", "name alarms of the set in Any or All")
	for _, key := range parts {
		problems.Require(s.made[key] != nil, c.Key, key, "the key of an alarm of this set", "use one of the table's keys")
	}
	if p := c.Suppressor; p != nil {
		problems.Require(usable(p.Alarm), c.Key+".Suppressor.Alarm", nil, "the name of the suppressing alarm", "pass its output")
		problems.Require(p.Wait >= 0 && p.Extension >= 0, c.Key+".Suppressor", fmt.Sprintf("%d s and %d s", p.Wait, p.Extension), "seconds, 0 or more", "use 60")
	}
	return problems.Err()
}

// rule is the composite's expression over the physical names of its parts.
func (s *Set) rule(c Composite) pulumi.StringOutput {
	names := pulumi.StringArray{}
	for _, key := range slices.Concat(c.Any, c.All) {
		names = append(names, s.made[key].Name)
	}
	return names.ToStringArrayOutput().ApplyT(func(names []string) (string, error) {
		terms := make([]string, len(names))
		for i, name := range names {
			terms[i] = fmt.Sprintf("ALARM(%q)", name)
		}
		rule := joinTerms(terms[:len(c.Any)], terms[len(c.Any):])
		if len(rule) > maxRule {
			return "", fmt.Errorf("composite alarm %s: a rule of %d characters, want at most 10,240", c.Key, len(rule))
		}
		return rule, nil
	}).(pulumi.StringOutput)
}

func joinTerms(some, all []string) string {
	either := strings.Join(some, " OR ")
	if len(all) == 0 {
		return either
	}
	if len(some) > 0 {
		all = append(slices.Clone(all), "("+either+")")
	}
	return strings.Join(all, " AND ")
}
