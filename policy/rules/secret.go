package rules

import "github.com/seed-11444627/holdfast/policy"

// secretRules are about secrets in plain text.
func secretRules() []*policy.Rule { return nil }
