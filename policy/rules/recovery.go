package rules

import "github.com/seed-11444627/holdfast/policy"

// recoveryRules are about recovery time and data loss against what is promised.
func recoveryRules() []*policy.Rule { return nil }
