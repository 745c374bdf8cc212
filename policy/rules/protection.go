package rules

import "github.com/seed-11444627/holdfast/policy"

// protectionRules are about protection of what holds data in production.
func protectionRules() []*policy.Rule { return nil }
