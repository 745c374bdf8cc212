package rules

import (
	"regexp"

	"github.com/seed-11444627/holdfast/policy"
)

// secretRules are about secrets in the clear.
func secretRules() []*policy.Rule { return nil }

var (
	secretWord  = regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential)`)
	notTheValue = regexp.MustCompile(`(?i)(arn|id|ids|name|version|ttl|path|uri|url|type|policy|days|seconds|enabled|length|manager|kms|required|rotation|alias|key[-_]?id)$`)
)

// secretKey says that a key, or a name, says that its value is a secret, rather than something about one.
func secretKey(name string) bool {
	return secretWord.MatchString(name) && !notTheValue.MatchString(name)
}
