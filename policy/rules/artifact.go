package rules

import "github.com/seed-11444627/holdfast/policy"

// artifactRules are about what may run in production.
func artifactRules() []*policy.Rule { return nil }

// testBuildAlso are the rules about artifacts that an image without a version breaks too.
var testBuildAlso = []string{"prod-artifact-pinned-and-promoted", "prod-artifact-no-test-build"}
