package rules

import "github.com/seed-11444627/holdfast/policy"

// bucketRules are about S3 buckets.
func bucketRules() []*policy.Rule { return nil }
