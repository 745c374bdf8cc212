package rules

import "github.com/seed-11444627/holdfast/policy"

// functionRules are about Lambda functions and data streams.
func functionRules() []*policy.Rule { return nil }
