package rules

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// tagRules are about required tags.
func tagRules() []*policy.Rule { return []*policy.Rule{requiredTags()} }

// tagSet are the tags that a resource ends up with, by key; unknown is the value that hides some of them while it is not
// known yet.
type tagSet struct {
	values  map[string]policy.Value
	unknown []policy.Value
}

func (s *tagSet) add(object policy.Value) {
	if object.Unknown() {
		s.unknown = append(s.unknown, object)
	}
	for _, key := range object.Keys() {
		s.values[key] = object.Key(key)
	}
}

// effectiveTags are the provider's default tags under the resource's own. What the provider computed of them before
// (tagsAll) is not read: it is of the last update.
// https://www.pulumi.com/docs/iac/guides/building-extending/tagging/
func effectiveTags(n *policy.Node) tagSet {
	s := tagSet{values: map[string]policy.Value{}}
	if provider := n.Provider(); provider != nil {
		common := provider.Get("defaultTags").JSON() // Properties of providers that are no texts travel as JSON.
		if common.Unknown() {
			s.unknown = append(s.unknown, provider.Get("defaultTags"))
		}
		s.add(common.Get("tags"))
	}
	s.add(n.Get("tags"))
	return s
}

// pairs are tags as a list of keys and values, as an Auto Scaling group has them. Default tags do not reach them.
func pairs(list policy.Value, counts func(policy.Value) bool) tagSet {
	s := tagSet{values: map[string]policy.Value{}}
	if list.Unknown() {
		s.unknown = append(s.unknown, list)
	}
	for _, item := range list.List() {
		key := item.Get("key")
		if item.Unknown() || key.Unknown() {
			s.unknown = append(s.unknown, item)
			continue
		}
		if counts(item) {
			s.values[key.Text()] = item.Get("value")
		}
	}
	return s
}

// tagRule is what is wanted of tags.
type tagRule struct {
	required []string
	forms    map[string]*regexp.Regexp
	// environment is the environment's name, and environmentKey the tag that says it.
	environment, environmentKey string
}

func tagRuleOf(c *policy.Case, keys string) tagRule {
	t := tagRule{required: c.Texts(keys), forms: map[string]*regexp.Regexp{}, environment: c.Stack().Environment}
	t.environmentKey, _ = c.Setting("environmentKey").(string)
	forms, _ := c.Setting("values").(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(forms)) {
		text, _ := forms[key].(string)
		if form, err := regexp.Compile("^(?:" + text + ")$"); err == nil {
			t.forms[key] = form
		}
	}
	return t
}

// judge complains about tags that are missing or wrong; where says where they stand.
func (t tagRule) judge(c *policy.Case, where string, s tagSet) {
	var missing []string
	for _, key := range t.required {
		value, found := s.values[key]
		switch {
		case !found:
			missing = append(missing, key+near(key, s.values))
		case value.Unknown(): // It will be there.
		case value.Empty() || value.Known() && strings.TrimSpace(value.Text()) == "":
			c.Fail(value, "a value for the tag "+key)
		case key == t.environmentKey && t.environment != "" && !value.Is(t.environment):
			c.Fail(value, "the stack's own environment, "+t.environment, policy.Because("costs and incidents are counted for another environment than the one that they happen in"))
		case t.forms[key] != nil && !t.forms[key].MatchString(value.Text()):
			c.Fail(value, "a value of the form "+t.forms[key].String())
		}
	}
	if len(missing) == 0 {
		return
	}
	if len(s.unknown) > 0 {
		c.Unclear(s.unknown...)
		return
	}
	c.Broken(where, "without "+strings.Join(missing, ", "), strings.Join(t.required, ", "), policy.Fix("set %s in %s, or in defaultTags of the provider", strings.Join(missing, ", "), where))
}

// synonyms are other words for a tag.
var synonyms = map[string][]string{
	"environment": {"env", "stage"}, "owner": {"team", "contact"}, "costcentre": {"costcenter", "costcode", "cc"}, "dataclass": {"dataclassification", "classification"},
}

// near is the key that was probably meant, in brackets.
func near(key string, values map[string]policy.Value) string {
	plain := func(text string) string { return wordBreak.ReplaceAllString(strings.ToLower(text), "") }
	for _, other := range slices.Sorted(maps.Keys(values)) {
		if plain(other) == plain(key) || slices.Contains(synonyms[plain(key)], plain(other)) {
			return " (has " + other + ")"
		}
	}
	return ""
}

func requiredTags() *policy.Rule {
	return &policy.Rule{
		ID: "required-tags", Title: "Everything says who answers for it, who pays, where it belongs and what data it holds", Severity: policy.Medium,
		Anchors: "config:required-tags",
		Why:     "nobody answers for what has no owner, its bill belongs to nobody, and in an incident nobody knows what may be switched off",
		Fix:     "set the tags in defaultTags of the provider, so that every resource has them",
		Sources: []string{
			"https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
			"https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
			"https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateTagSpecificationRequest.html",
		},
		Settings: []policy.Setting{
			{Name: "required", Kind: policy.KindList, Default: []any{"owner", "cost-centre", "environment", "data-class"}, Help: "the keys of the tags, letter by letter"},
			{Name: "labels", Kind: policy.KindList, Default: []any{}, Help: "the labels that workloads of Kubernetes must have"},
			{Name: "environmentKey", Kind: policy.KindText, Default: "environment", Help: "the tag whose value is the stack's environment"},
			{Name: "values", Kind: policy.KindObject, Default: map[string]any{"data-class": "public|internal|confidential|restricted"}, Help: "the form of values, by key, as regular expressions"},
		},
		Check: checkTags,
		Proof: policy.Proof{
			Good: `
policy:
  required-tags: {labels: [owner]}
resources:
  aws:
    type: pulumi:providers:aws
    properties:
      region: eu-central-1
      allowedAccountIds: '["111111111111"]'
      defaultTags: {$json: {tags: {owner: platform, cost-centre: cc-1300, environment: prod, data-class: internal}}}
  jobs: {type: "aws:sqs/queue:Queue", properties: {tags: {Name: jobs, environment: prod}}}
  group:
    type: aws:autoscaling/group:Group
    properties:
      tags:
        - {key: owner, value: platform, propagateAtLaunch: true}
        - {key: cost-centre, value: cc-1300, propagateAtLaunch: true}
        - {key: environment, value: prod, propagateAtLaunch: true}
        - {key: data-class, value: internal, propagateAtLaunch: true}
  launch:
    type: aws:ec2/launchTemplate:LaunchTemplate
    properties:
      tagSpecifications:
        - {resourceType: instance, tags: {owner: platform, cost-centre: cc-1300, environment: prod, data-class: internal}}
        - {resourceType: volume, tags: {owner: platform, cost-centre: cc-1300, environment: prod, data-class: internal}}
  service: {type: "aws:ecs/service:Service", properties: {propagateTags: SERVICE}}
  web: {type: "kubernetes:apps/v1:Deployment", properties: {metadata: {name: web, namespace: shop, labels: {owner: platform}}}}
`,
			Bad: []string{
				"jobs.tags.environment=nowhere", `jobs.tags.owner=""`, `jobs.tags.owner="  "`, "jobs.tags.data-class=open", "group.tags=[]", "launch.tagSpecifications!",
				"launch.tagSpecifications[1].tags!", "launch.tagSpecifications[0].tags.owner!", "service.propagateTags!", "web.metadata.labels!",
				"aws.defaultTags!", "aws.defaultTags.tags.owner!",
			},
			Guard: "aws.defaultTags", Absent: policy.Violation, Also: []string{"asg-tags-propagate"},
		},
	}
}

func checkTags(c *policy.Case) {
	wanted, labelled := tagRuleOf(c, "required"), tagRuleOf(c, "labels")
	for _, n := range c.Graph().Nodes() {
		at := c.At(n)
		switch {
		case n.Type == group:
			wanted.judge(at, "tags", pairs(n.Get("tags"), func(item policy.Value) bool { return !item.Get("propagateAtLaunch").Is("false") }))
		case slices.Contains(podTypes, n.Type):
			s := tagSet{values: map[string]policy.Value{}}
			s.add(n.Get("metadata.labels"))
			labelled.judge(at, "metadata.labels", s)
		case isTaggable(n.Type):
			wanted.judge(at, "tags", effectiveTags(n))
		}
		switch n.Type {
		case launchTemplate:
			checkTagSpecifications(at, wanted)
		case "aws:ecs/service:Service":
			at.Require(n.Get("propagateTags"), "SERVICE or TASK_DEFINITION, so that tasks are tagged too", func(v policy.Value) bool { return v.In("SERVICE", "TASK_DEFINITION") })
		}
	}
}

// checkTagSpecifications wants a launch template to tag the instances and the volumes that are made of it: the provider's
// default tags are those of the template only.
func checkTagSpecifications(c *policy.Case, wanted tagRule) {
	specifications := c.Get("tagSpecifications")
	if specifications.Unknown() {
		c.Unclear(specifications)
		return
	}
	for _, made := range []string{"instance", "volume"} {
		s := tagSet{values: map[string]policy.Value{}}
		where := "tagSpecifications"
		for _, specification := range specifications.List() {
			if specification.Unknown() || specification.Get("resourceType").Unknown() {
				s.unknown = append(s.unknown, specification)
			}
			if specification.Get("resourceType").Is(made) {
				where = specification.Path() + ".tags"
				s.add(specification.Get("tags"))
			}
		}
		wanted.judge(c, where+" for "+made, s)
	}
}
