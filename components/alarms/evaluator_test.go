package alarms_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// document is a policy document as AWS reads it: one value stands for a list of one.
type document struct {
	Version   string
	Statement []struct {
		Sid, Effect string
		Principal   map[string]many
		Action      many
		Resource    many
		Condition   map[string]map[string]many
	}
}

type many []string

// UnmarshalJSON takes a text or a list of texts.
func (m *many) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(m))
}

// call is a request: who, what, on what, and the condition keys that come with it. A key that is absent is absent.
type call struct {
	service, account string
	action, resource string
	keys             map[string]string
}

func parse(t *testing.T, text string) document {
	t.Helper()
	var d document
	require.NoError(t, json.Unmarshal([]byte(text), &d), text)
	require.Equal(t, "2012-10-17", d.Version)
	return d
}

// allows is IAM's own order: an explicit deny wins, then an allow is needed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (d document) allows(c call) bool {
	allowed := false
	for _, s := range d.Statement {
		if !c.named(s.Principal) || !matches(s.Action, c.action, true) || !matches(s.Resource, c.resource, false) || !c.meets(s.Condition) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (c call) named(principal map[string]many) bool {
	for _, who := range principal["Service"] {
		if who == c.service && c.service != "" {
			return true
		}
	}
	for _, who := range principal["AWS"] {
		if who == "*" || c.account != "" && who == "arn:aws:iam::"+c.account+":root" {
			return true
		}
	}
	return false
}

func matches(patterns many, value string, anyCase bool) bool {
	for _, pattern := range patterns {
		if anyCase {
			pattern, value = strings.ToLower(pattern), strings.ToLower(value)
		}
		if cloudsim.Glob(pattern, value) {
			return true
		}
	}
	return false
}

// meets: every condition must hold, and a key that the call does not carry fails a positive comparison.
func (c call) meets(conditions map[string]map[string]many) bool {
	for operator, keys := range conditions {
		for key, values := range keys {
			actual, present := c.keys[key]
			exact := operator == "StringEquals" || operator == "Bool"
			held := false
			for _, value := range values {
				held = held || value == actual || !exact && cloudsim.Glob(value, actual)
			}
			if !present || !held {
				return false
			}
		}
	}
	return true
}
