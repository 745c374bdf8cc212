package rules

import (
	"math"
	"regexp"
	"strings"
	"unicode"

	ahocorasick "github.com/BobuSumisu/aho-corasick"
)

var (
	secretWord = regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential)`)
	// notTheValue are ends of keys that say something about a secret. The tokens make a request idempotent, or lock.
	notTheValue = regexp.MustCompile(`(?i)(arn|arns|id|ids|name|names|version|ttl|path|file|uri|url|type|policy|days|seconds|enabled|length|manager|kms|required|rotation|header|audience|algorithm|expiry|expiration|minutes|hours|limit|format|prefix|tokenizer|rounds|` +
		`alias|tokens|creationtoken|clienttoken|requesttoken|idempotencytoken|locktoken|passworddata|parameter|ref|store|role|region|endpoint|issuer)$`)
	passwordKey = regexp.MustCompile(`(?i)(password|passwd|passphrase)$`)
)

// secretKey says that a key, or a name, says that its value is a secret, rather than something about one.
func secretKey(key string) bool {
	return len(key) >= len("token") && !strings.Contains(key, ":") && secretWord.MatchString(key) && !notTheValue.MatchString(key)
}

// looksLikeSecret says that the value of such a key is the secret itself: any literal for a password, otherwise a text in
// which a long run of letters and digits is as mixed as chance makes it.
func looksLikeSecret(key, text string) bool {
	if refersElsewhere(text) {
		return false
	}
	if passwordKey.MatchString(key) {
		const shortestPassword = 8
		return len(text) >= shortestPassword && !strings.Contains(text, "/") && classes(text) >= 2
	}
	return random(text)
}

// refersElsewhere says that the text names a secret, or is filled in later.
func refersElsewhere(text string) bool {
	for _, start := range []string{"arn:", "/", "$", "{", "<", "%", "http://", "https://", "ssm:", "vault:", "*"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return strings.ContainsAny(text, " \t\n") || uuid.MatchString(text)
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// classes counts the kinds of characters in a text: lower case, upper case, digits and others.
func classes(text string) int {
	var lower, upper, digit, other int
	for _, r := range text {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

var run = regexp.MustCompile(`[A-Za-z0-9+/_=]{16,}`)

// random says that a run of 16 letters or more has both letters and digits and an entropy of 3.5 bits for each: names made
// of words have less.
func random(text string) bool {
	const enough = 3.5
	for _, part := range run.FindAllString(text, -1) {
		if strings.ContainsAny(part, "0123456789") && strings.ContainsFunc(part, unicode.IsLetter) && entropy(part) >= enough {
			return true
		}
	}
	return false
}

// entropy is Shannon's, in bits for each byte.
func entropy(text string) float64 {
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	bits := 0.0
	for _, n := range &counts {
		if n > 0 {
			p := float64(n) / float64(len(text))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// shape is a kind of secret that its own text gives away. hint and also are in every such text, so that most texts need no
// more than a search for them.
type shape struct {
	hint, also, what string
	form             *regexp.Regexp
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
// https://www.rfc-editor.org/rfc/rfc7468
// https://www.rfc-editor.org/rfc/rfc7519
// https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
// https://docs.slack.dev/authentication/tokens
// https://docs.stripe.com/keys
var shapes = []shape{
	{"AKIA", "", "the id of an AWS access key", regexp.MustCompile(`(^|[^A-Z0-9])AKIA[A-Z2-7]{16}($|[^A-Z0-9])`)},
	{"ASIA", "", "the id of a temporary AWS access key", regexp.MustCompile(`(^|[^A-Z0-9])ASIA[A-Z2-7]{16}($|[^A-Z0-9])`)},
	{"PRIVATE KEY-----", "-----BEGIN", "a private key", regexp.MustCompile(`-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----`)},
	{"eyJ", ".eyJ", "a JSON Web Token", regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`)},
	{"://", "@", "a password in a URL", regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"'<>$]*:[^\s/:@"'<>${%*][^\s/@"'<>$]*@[^\s@]`)},
	{"gh", "_", "a token of GitHub", regexp.MustCompile(`(^|[^A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,}`)},
	{"github_pat_", "", "a token of GitHub", regexp.MustCompile(`github_pat_[A-Za-z0-9_]{22,}`)},
	{"xox", "-", "a token of Slack", regexp.MustCompile(`(^|[^A-Za-z0-9])xox[abeprs]-[A-Za-z0-9-]{10,}`)},
	{"k_live_", "", "a key of Stripe", regexp.MustCompile(`(^|[^A-Za-z0-9])[sr]k_live_[A-Za-z0-9]{16,}`)},
	{"hooks.slack.com/services/T", "", "a webhook of Slack", regexp.MustCompile(`hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}`)},
}

// shapeIn is the kind of secret that is in the text, or nothing.
func shapeIn(text string) string {
	for _, s := range shapes {
		if strings.Contains(text, s.hint) && strings.Contains(text, s.also) && s.form.MatchString(text) {
			return s.what
		}
	}
	return ""
}

var assignment = regexp.MustCompile(`(?i)^([a-z0-9_.-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key)[a-z0-9_]*)["']?\s*[=:]\s*["']?([^\s"'$(){}<>;,|&]+)`)

// assignedSecret is found in a script or a file: PASSWORD=…, "token": "…".
func assignedSecret(text string) string {
	from := 0 // What is before has been looked at.
	for _, word := range assignedWords.Match(lowered(text)) {
		start, end := int(word.Pos()), int(word.Pos())
		if start < from {
			continue
		}
		for start > from && inKey(text[start-1]) {
			start--
		}
		match := assignment.FindStringSubmatch(text[start:])
		if match == nil { // Nor does the form begin later in the same key.
			for end < len(text) && inKey(text[end]) {
				end++
			}
			from = end
			continue
		}
		if secretKey(match[1]) && looksLikeSecret(match[1], match[2]) {
			return "a literal that is assigned to the name of a secret"
		}
		from = start + len(match[0])
	}
	return ""
}

// assignedWords begin the words that the form of an assignment looks for: a search for them is much faster than the form.
var assignedWords = ahocorasick.NewTrieBuilder().AddStrings([]string{"passw", "passphrase", "secret", "token", "api", "access", "private"}).Build()

func inKey(c byte) bool { return alphanumeric(c) || c == '_' || c == '.' || c == '-' }

// lowered is the text with the letters of ASCII in lower case, and everything where it was.
func lowered(text string) []byte {
	lower := []byte(text)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return lower
}
