package rules

import "github.com/seed-11444627/holdfast/policy"

// tagRules are about required tags.
func tagRules() []*policy.Rule { return nil }
