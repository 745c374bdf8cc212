package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// nameParts splits a stack's name into words.
var nameParts = regexp.MustCompile(`[^a-z0-9]+`)

// spellings are the names that environments go by.
var spellings = map[string]string{
	dev: dev, "development": dev, "test": dev, "qa": dev, "sandbox": dev,
	stg: stg, "stage": stg, "staging": stg, "preprod": stg,
	prod: prod, "prd": prod, "production": prod, "live": prod,
}

// The environments that a stack can be.
const (
	dev  = "dev"
	stg  = "stg"
	prod = "prod"
)

// EnvironmentOf says which environment a stack is, and what says so: a configuration key `environment` or `env` of any
// namespace, a stack tag of that name, then a word of the stack's name. Where they contradict each other, all claims are
// returned and the strictest is taken. Empty when nothing says it.
func EnvironmentOf(stack Stack) (environment string, claims map[string]string) {
	claims = map[string]string{}
	claim := func(source, value string) {
		if canonical := spellings[strings.ToLower(value)]; canonical != "" {
			claims[source] = canonical
		}
	}
	for _, key := range slices.Sorted(maps.Keys(stack.Config)) {
		_, name := cutLast(key, ":")
		if name == "environment" || name == "env" {
			claim("configuration "+key, stack.Config[key])
		}
	}
	for _, key := range []string{"environment", "env"} {
		claim("stack tag "+key, stack.Tags[key])
	}
	for _, word := range nameParts.Split(strings.ToLower(stack.Name), -1) {
		claim("stack name "+stack.Name, word)
	}
	for _, strictest := range []string{prod, stg, dev} {
		for _, claimed := range claims {
			if claimed == strictest {
				return strictest, claims
			}
		}
	}
	return "", claims
}
