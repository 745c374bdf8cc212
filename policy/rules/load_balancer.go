package rules

import "github.com/seed-11444627/holdfast/policy"

// loadBalancerRules are about load balancers.
func loadBalancerRules() []*policy.Rule { return nil }
