package rules

import "github.com/seed-11444627/holdfast/policy"

// check is what judges one resource.
type check = func(*policy.Case)

// isTrue wants the property to be true.
func isTrue(path string) check { return func(c *policy.Case) { c.True(path) } }

// isFalse wants the property to be false or left out.
func isFalse(path string) check { return func(c *policy.Case) { c.False(path) } }

// isSet wants the property to be there and not empty.
func isSet(path, required string) check { return func(c *policy.Case) { c.Set(path, required) } }

// isOneOf wants the property to be one of the texts.
func isOneOf(path string, texts ...string) check {
	return func(c *policy.Case) { c.OneOf(path, texts...) }
}

// both makes one check of several.
func both(checks ...check) check {
	return func(c *policy.Case) {
		for _, each := range checks {
			each(c)
		}
	}
}
