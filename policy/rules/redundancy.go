package rules

import "github.com/seed-11444627/holdfast/policy"

// redundancyRules are about single points of failure.
func redundancyRules() []*policy.Rule { return nil }
