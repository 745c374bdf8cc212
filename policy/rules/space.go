package rules

import "github.com/seed-11444627/holdfast/policy"

// spaceRules are about address space and zones: subnets that hold the group, and zones shared by load balancer and group.
func spaceRules() []*policy.Rule { return nil }
