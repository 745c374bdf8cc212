package rules

import "github.com/seed-11444627/holdfast/policy"

func entryRules() []*policy.Rule { return nil }
func exitRules() []*policy.Rule { return nil }
func databaseHidden() *policy.Rule { return nil }
func groupPairs() *policy.Rule { return nil }
func tlsPath() *policy.Rule { return nil }
