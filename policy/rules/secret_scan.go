package rules

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	ahocorasick "github.com/BobuSumisu/aho-corasick"

	"github.com/seed-11444627/holdfast/policy"
)

// place is where something was found. what says what it is, without saying it.
type place struct {
	node       *policy.Node
	path, what string
}

// scanned is what one pass over every value of a stack found.
type scanned struct {
	leaked, shaped, tainted, exported []place
	// accounts are the AWS accounts that texts name, but for the resource's own; what is the account's id.
	accounts []place
}

var scanKey byte

// scan reads every value of the stack once.
func scan(g *policy.Graph) scanned {
	return policy.Memo(g, &scanKey, func(g *policy.Graph) scanned {
		s := &scanner{search: searchOf(g.Stack), keys: map[string]bool{}}
		for _, n := range g.Nodes() {
			s.node, s.own = n, n.Account()
			n.Props().Visit(s.visit)
		}
		return s.scanned
	})
}

type scanner struct {
	scanned

	search secretSearch
	node   *policy.Node
	own    string
	// keys are the keys met so far, and whether they are those of secrets: a stack has few and uses them often.
	keys map[string]bool
}

// visit looks at a value; the parts of a secret are not looked at again.
func (s *scanner) visit(v policy.Value) bool {
	switch {
	case v.Secret():
		s.secret(v)
		return false
	case v.IsText():
		s.leaf(v)
	case v.IsNumber():
		s.account(v, "", v.Text())
	case v.IsObject():
		s.pair(v)
		s.names(v)
	}
	return true
}

// secret looks at where a value stands that is marked as a secret.
func (s *scanner) secret(v policy.Value) {
	if s.node.Type == policy.StackType {
		s.exported = append(s.exported, place{s.node, v.Path(), "a secret"})
		return
	}
	if key := plainPlace(s.node.Type, v.Path()); key != "" {
		s.tainted = append(s.tainted, place{s.node, v.Path(), "a secret under " + key})
	}
}

// leaf looks into a text; one of JSON is looked at part by part, because escaping hides what is in it.
func (s *scanner) leaf(v policy.Value) {
	text := v.Text()
	if len(text) > 1 && (text[0] == '{' || text[0] == '[') {
		if decoded := v.JSON(); decoded.Known() {
			decoded.Visit(s.visit)
			return
		}
	}
	s.text(v, "", text)
	if key := v.Name(); s.ofSecret(key) && looksLikeSecret(key, text) {
		s.shaped = append(s.shaped, place{s.node, v.Path(), "a literal that looks like the secret that its key names"})
	}
	packed, ok := unpacked(text)
	if ok {
		s.text(v, " (decoded)", packed)
	}
}

// names looks for secrets in the keys of an object, which tags and settings choose as they like.
func (s *scanner) names(v policy.Value) {
	for _, name := range v.Keys() {
		for _, key := range s.search.in(name) {
			s.leaked = append(s.leaked, place{s.node, v.Path(), "one of its keys holds the value of the secret " + key})
		}
	}
}

// account notes the accounts of others in a text.
func (s *scanner) account(v policy.Value, note, text string) {
	for _, id := range accountIDs(text) {
		if id != s.own {
			s.accounts = append(s.accounts, place{s.node, v.Path() + note, id})
		}
	}
}

func (s *scanner) ofSecret(key string) bool {
	is, met := s.keys[key]
	if !met {
		is = secretKey(key)
		s.keys[key] = is
	}
	return is
}

// text looks for secrets in a text as it is; note says what was done to the value to get it.
func (s *scanner) text(v policy.Value, note, text string) {
	for _, key := range s.search.in(text) {
		s.leaked = append(s.leaked, place{s.node, v.Path() + note, "it holds the value of the secret " + key})
	}
	s.account(v, note, text)
	what := shapeIn(text)
	if what == "" && mayAssign(text) {
		what = assignedSecret(text)
	}
	if what != "" {
		s.shaped = append(s.shaped, place{s.node, v.Path() + note, what})
	}
}

// mayAssign says that a text is more than a value: a script, a file, a document, or settings in one line. In a single line a
// colon stands in ARNs and sentences too, so that only an equals sign counts.
func mayAssign(text string) bool {
	return strings.Contains(text, "\n") || strings.HasPrefix(text, "{") || strings.Contains(text, "=") && !strings.HasPrefix(text, "arn:")
}

// pair looks at {name: DB_PASSWORD, value: …}, in which the key of the value is a value.
func (s *scanner) pair(v policy.Value) {
	for _, keys := range [][2]string{{"name", "value"}, {"Name", "Value"}, {"key", "value"}} {
		if !v.Has(keys[0]) || !v.Has(keys[1]) {
			continue
		}
		name, value := v.Key(keys[0]), v.Key(keys[1])
		if !name.IsText() || !value.IsText() || name.Secret() || value.Secret() {
			continue
		}
		if s.ofSecret(name.Text()) && looksLikeSecret(name.Text(), value.Text()) {
			s.shaped = append(s.shaped, place{s.node, value.Path(), "a literal that looks like the secret that its name says"})
			return
		}
	}
}

// accountIDs are the numbers of twelve digits that stand by themselves in a text.
func accountIDs(text string) []string {
	const digits = 12
	var found []string
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && alphanumeric(text[i]) {
			i++
		}
		if word := text[start:i]; len(word) == digits && strings.Trim(word, "0123456789") == "" {
			found = append(found, word)
		}
	}
	return found
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// secretSearch finds every secret of the stack's configuration in one pass over a text.
type secretSearch struct {
	trie   *ahocorasick.Trie
	keys   []string
	buffer []byte
}

// A shorter secret may be part of any text; a longer one is searched by the middle, because PEM and the like begin alike.
const shortestSearched, longestSearched = 8, 96

// searchOf takes each secret as it is, and as texts carry it: escaped for a URL, and in base64 but for the letters that depend
// on what stands before and behind it.
func searchOf(stack policy.Stack) secretSearch {
	var s secretSearch
	build := ahocorasick.NewTrieBuilder()
	taken := map[string]bool{}
	for _, key := range stack.SecretKeys {
		value := strings.TrimSpace(stack.Config[key])
		if len(value) < shortestSearched {
			continue
		}
		for _, form := range append([]string{value, url.QueryEscape(value), url.PathEscape(value)}, inBase64(value)...) {
			if cut := len(form) - longestSearched; cut > 0 {
				form = form[cut/2 : cut/2+longestSearched]
			}
			if !taken[form] {
				taken[form] = true
				build.AddString(form)
				s.keys = append(s.keys, key)
			}
		}
	}
	if len(s.keys) > 0 {
		s.trie = build.Build()
	}
	return s
}

// inBase64 are the letters that a text has in base64 wherever in three bytes it begins, as in "name:password".
func inBase64(value string) []string {
	var forms []string
	for before, dependent := range []int{0, 2, 3} {
		encoded := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before)+value)), "=")
		forms = append(forms, encoded[dependent:len(encoded)-1])
	}
	return forms
}

// in are the configuration keys whose values are in the text.
func (s *secretSearch) in(text string) []string {
	if s.trie == nil || len(text) < shortestSearched {
		return nil
	}
	var found []string
	s.buffer = append(s.buffer[:0], text...)
	s.trie.Walk(s.buffer, func(_, _, pattern int64) bool {
		key := s.keys[pattern]
		if slices.Contains(found, key) {
			return true
		}
		found = append(found, key)
		return true
	})
	return found
}

// longestPacked is how much of a packed text is read; user data is at most 16 KB, ConfigMaps 1 MB.
const longestPacked = 1 << 20

// unpacked is the text in base64, or in gzip in base64.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
func unpacked(text string) (string, bool) {
	const shortest = 16
	if len(text) < shortest || len(text)%4 != 0 || !base64Letters(text) {
		return "", false
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	if bytes.HasPrefix(plain, []byte{0x1f, 0x8b}) {
		reader, err := gzip.NewReader(bytes.NewReader(plain))
		if err != nil {
			return "", false
		}
		if plain, err = io.ReadAll(io.LimitReader(reader, longestPacked)); err != nil {
			return "", false
		}
	}
	return string(plain), utf8.Valid(plain)
}

func base64Letters(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !alphanumeric(c) && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return true
}
