package rules

import "github.com/seed-11444627/holdfast/policy"

// messagingRules are about topics, queues and event buses.
func messagingRules() []*policy.Rule { return nil }
