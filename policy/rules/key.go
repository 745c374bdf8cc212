package rules

import "github.com/seed-11444627/holdfast/policy"

// keyRules are about KMS keys, secrets and parameters.
func keyRules() []*policy.Rule { return nil }
