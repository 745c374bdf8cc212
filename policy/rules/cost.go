package rules

import "github.com/seed-11444627/holdfast/policy"

// costRules are about what a stack costs against its ceiling.
func costRules() []*policy.Rule { return nil }
