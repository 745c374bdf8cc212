package rules

import "github.com/seed-11444627/holdfast/policy"

// containerRules are about ECS, ECR and EKS.
func containerRules() []*policy.Rule { return nil }
