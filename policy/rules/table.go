package rules

import "github.com/seed-11444627/holdfast/policy"

// tableRules are about DynamoDB tables and caches.
func tableRules() []*policy.Rule { return nil }
