package rules

import "github.com/seed-11444627/holdfast/policy"

// streamRules are about time-outs along a chain and the size of streams.
func streamRules() []*policy.Rule { return nil }
