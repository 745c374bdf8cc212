package conformance

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/posture"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// The tag that the suite gives every component, to find it on the children.
const (
	tagKey   = "conformance"
	tagValue = "carried"
)

// setTags adds the suite's tag to arguments that have a field Tags.
func setTags(args any) {
	field := reflect.ValueOf(args).Elem().FieldByName("Tags")
	if !field.IsValid() || field.Type() != reflect.TypeFor[map[string]string]() {
		return
	}
	tags := map[string]string{tagKey: tagValue}
	for key, value := range field.Seq2() {
		tags[key.String()] = value.String()
	}
	field.Set(reflect.ValueOf(tags))
}

func requireDescent(t tester, seen []cloudsim.Record, token string) {
	t.Helper()
	byURN := map[string]cloudsim.Record{}
	for _, r := range seen {
		byURN[r.URN] = r
	}
	roots := 0
	for _, r := range seen {
		if r.Type == token && r.Name == name {
			roots++
			continue
		}
		require.True(t, descends(byURN, r, token), "%s %s does not descend from the component; its parent is %q", r.Type, r.Name, r.Parent)
	}
	require.Equal(t, 1, roots, "one component of type %s", token)
}

func descends(byURN map[string]cloudsim.Record, r cloudsim.Record, token string) bool {
	for range byURN {
		parent, known := byURN[r.Parent]
		if !known {
			return false
		}
		if parent.Type == token && parent.Name == name {
			return true
		}
		r = parent
	}
	return false
}

func requireNames(t tester, seen []cloudsim.Record) {
	t.Helper()
	for _, r := range seen {
		require.True(t, r.Name == name || strings.HasPrefix(r.Name, name+"-"), "%s is called %q, which does not begin with %q", r.Type, r.Name, name+"-")
	}
}

func (c Case[A, R]) requireTags(t tester, seen []cloudsim.Record) {
	t.Helper()
	for _, r := range seen {
		row, known := cloudsim.RowOf(r.Type)
		if !r.Custom || !known || !row.Taggable || c.Untagged[r.Type] != "" {
			continue
		}
		for _, key := range []string{"Name", "holdfast:component", tagKey} {
			require.True(t, tagged(r, key), "%s %s has no tag %q", r.Type, r.Name, key)
		}
	}
}

// tagged looks for a tag in a map, and in the list that Auto Scaling groups take.
func tagged(r cloudsim.Record, key string) bool {
	tags := open(r.Inputs["tags"])
	if tags.IsObject() {
		return tags.ObjectValue().HasValue(resource.PropertyKey(key))
	}
	if !tags.IsArray() {
		return false
	}
	return slices.ContainsFunc(tags.ArrayValue(), func(each resource.PropertyValue) bool {
		each = open(each)
		return each.IsObject() && open(each.ObjectValue()["key"]).IsString() && open(each.ObjectValue()["key"]).StringValue() == key
	})
}

// open takes the secret and output wrappers off a value.
func open(v resource.PropertyValue) resource.PropertyValue {
	for v.IsSecret() || v.IsOutput() {
		if v.IsSecret() {
			v = v.SecretValue().Element
			continue
		}
		v = v.OutputValue().Element
	}
	return v
}

func (c Case[A, R]) requireProviders(t tester, seen []cloudsim.Record) {
	t.Helper()
	for _, r := range seen {
		if !r.Custom || strings.HasPrefix(r.Type, "pulumi:") {
			continue
		}
		expected := Region
		if c.RegionOf != nil {
			expected = c.RegionOf(r)
		}
		require.NotEmpty(t, r.Provider, "%s %s runs under a default provider", r.Type, r.Name)
		require.Equal(t, expected, r.Region, "%s %s is in the wrong region", r.Type, r.Name)
		require.Equal(t, Account, r.Account, "%s %s is in the wrong account", r.Type, r.Name)
	}
}

func (c Case[A, R]) requireOutputs(t tester, seen []cloudsim.Record, made R) {
	t.Helper()
	for _, r := range seen {
		if r.Custom {
			continue
		}
		require.True(t, r.OutputsRegistered, "%s %s never registered its outputs", r.Type, r.Name)
		if r.Type != c.Token {
			continue
		}
		require.NotEmpty(t, r.Outputs, "the component has outputs")
		for key, value := range r.Outputs {
			require.False(t, value.ContainsUnknowns(), "output %s is unknown after an update", key)
		}
	}
	value := reflect.ValueOf(made).Elem()
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() || field.Anonymous || !field.Type.Implements(reflect.TypeFor[pulumi.Output]()) {
			continue
		}
		require.False(t, value.Field(i).IsZero(), "the exported output %s is not set", field.Name)
	}
}

// promising is a component that states its posture.
type promising interface{ Posture() posture.Posture }

func requirePosture(t tester, made any) {
	t.Helper()
	stated, promises := made.(promising)
	require.True(t, promises, "the component has no method Posture")
	p := stated.Posture()
	require.NotEmpty(t, p.Workload)
	require.NotEmpty(t, p.Component)
	require.Equal(t, name, p.Name)
	require.NotEmpty(t, p.Price.Derivation, "the price has no derivation")
	require.LessOrEqual(t, p.Price.Low, p.Price.Expected)
	require.LessOrEqual(t, p.Price.Expected, p.Price.High)
	for _, scenario := range posture.Scenarios() {
		answer, given := p.Recovery[scenario]
		require.True(t, given, "no answer for %s", scenario)
		require.NotEmpty(t, answer.Derivation, "the answer for %s has no derivation", scenario)
	}
}

// secrets: a secret text shows nowhere outside a secret value.
func (c Case[A, R]) secrets(t tester) {
	rec, err := c.once(c.Largest, nil)
	require.NoError(t, err)
	for _, r := range rec.Resources() {
		for _, secret := range c.Secrets {
			require.False(t, leaks(resource.NewProperty(r.Inputs), secret), "%s %s shows a secret in its inputs", r.Type, r.Name)
			require.False(t, leaks(resource.NewProperty(r.Outputs), secret), "%s %s shows a secret in its outputs", r.Type, r.Name)
		}
	}
	for _, secret := range c.Secrets {
		require.NotEmpty(t, secret, "an empty secret would be found everywhere")
		require.False(t, leaks(resource.NewProperty(rec.Exports()), secret), "a stack output shows a secret")
		for _, line := range rec.Logs() {
			require.NotContains(t, line, secret)
		}
	}
}

// leaks says whether the text is found in a value that is not marked secret.
func leaks(v resource.PropertyValue, secret string) bool {
	switch {
	case v.IsSecret():
		return false
	case v.IsOutput():
		return !v.OutputValue().Secret && leaks(v.OutputValue().Element, secret)
	case v.IsString():
		return strings.Contains(v.StringValue(), secret)
	case v.IsArray():
		return slices.ContainsFunc(v.ArrayValue(), func(each resource.PropertyValue) bool { return leaks(each, secret) })
	case v.IsObject():
		for key, each := range v.ObjectValue() {
			if strings.Contains(string(key), secret) || leaks(each, secret) {
				return true
			}
		}
	}
	return false
}

// Topic is the ARN of a topic that exists in every run of the suite, for alarm routes: "critical", "warning", "info".
func Topic(severity string) string { return "arn:aws:sns:" + Region + ":" + Account + ":" + severity }

// Topics puts the topics of Topic into the simulated cloud, open to CloudWatch.
func Topics() cloudsim.Option {
	var given []cloudsim.Given
	for _, severity := range []string{"critical", "warning", "info"} {
		given = append(given, cloudsim.Given{
			Type: "aws:sns/topic:Topic", Name: severity, ID: Topic(severity), Account: Account, Region: Region,
			Properties: map[string]any{"name": severity, "policy": topicPolicy(Topic(severity))},
		})
	}
	return cloudsim.Exists(given...)
}

func topicPolicy(arn string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"Publish","Effect":"Allow","Principal":` +
		`{"Service":["cloudwatch.amazonaws.com","events.amazonaws.com"]},` +
		`"Action":"sns:Publish","Resource":"` + arn + `"}]}`
}
