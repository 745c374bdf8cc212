package rules

import "github.com/seed-11444627/holdfast/policy"

// grantRules are about grants against what the graph uses.
func grantRules() []*policy.Rule { return nil }
