package rules

import "github.com/seed-11444627/holdfast/policy"

// retentionRules are about how long data is kept and where.
func retentionRules() []*policy.Rule { return nil }
