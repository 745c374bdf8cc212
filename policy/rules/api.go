package rules

import "github.com/seed-11444627/holdfast/policy"

// apiRules are about API Gateway.
func apiRules() []*policy.Rule { return nil }
