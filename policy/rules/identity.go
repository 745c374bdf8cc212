package rules

import "github.com/seed-11444627/holdfast/policy"

// identityRules are about IAM.
func identityRules() []*policy.Rule { return nil }
