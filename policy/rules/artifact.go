package rules

import "github.com/seed-11444627/holdfast/policy"

// artifactRules are about what may run in production.
func artifactRules() []*policy.Rule { return nil }
