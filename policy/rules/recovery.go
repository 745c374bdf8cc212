package rules

import (
	"time"

	"github.com/seed-11444627/holdfast/policy"
)

// recoveryRules are about recovery time and data loss against what is promised.
func recoveryRules() []*policy.Rule { return nil }

// intent is a number that a component at or above the resource records of what it was made for.
func intent(n *policy.Node, key string) (float64, bool) {
	for at := n; at != nil; at = at.Parent() {
		if !at.IsComponent() {
			continue
		}
		if v := at.Get(key); v.IsNumber() {
			return v.Number(), true
		}
	}
	return 0, false
}

// span writes seconds as people read them: 17m10s.
func span(seconds float64) string {
	return (time.Duration(seconds * float64(time.Second))).Round(time.Second).String()
}
