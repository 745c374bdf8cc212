package rules

import "github.com/seed-11444627/holdfast/policy"

// failurePathRules are about where events go that fail.
func failurePathRules() []*policy.Rule { return nil }
