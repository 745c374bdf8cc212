package rules

import "github.com/seed-11444627/holdfast/policy"

// accountRules are about accounts and environments kept apart.
func accountRules() []*policy.Rule { return nil }
