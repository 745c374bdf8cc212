package rules

import "github.com/seed-11444627/holdfast/policy"

// backupRules are about backups of what holds data.
func backupRules() []*policy.Rule { return nil }
