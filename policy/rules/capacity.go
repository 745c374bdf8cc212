package rules

import "github.com/seed-11444627/holdfast/policy"

// capacityRules are about what is left after losing a zone.
func capacityRules() []*policy.Rule { return nil }
