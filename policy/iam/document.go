// Package iam reads IAM policy documents for rules: statements with their principals, actions, resources and conditions, and
// the questions that rules ask of them. It knows the grammar of policies and not the services behind them.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
package iam

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// Statement is one statement of a policy document.
type Statement struct {
	// Value is where the statement stands.
	Value policy.Value
	// Allow says that the effect is Allow.
	Allow bool
	// Principals are "AWS:arn…", "Service:…", "Federated:…" or "*"; NotPrincipals the same of NotPrincipal.
	Principals, NotPrincipals []string
	Actions, NotActions       []string
	Resources, NotResources   []string
	Conditions                []Condition
}

// Condition is one condition of a statement: StringEquals, aws:SourceAccount and the values.
type Condition struct {
	Operator, Key string
	Values        []string
	Value         policy.Value
}

// Statements reads a document: a text of JSON, or an object. unknown are the parts that are not known yet; while the whole
// text is, it is the only one.
//
// Many rules ask for the same documents, so each is read once for a graph: what is returned must not be changed.
func Statements(document policy.Value) (statements []Statement, unknown []policy.Value) {
	if document.Node() == nil || document.Node().Graph() == nil {
		return readAll(document)
	}
	kept := policy.Memo(document.Node().Graph(), documentKey{document}, func(*policy.Graph) documentRead {
		statements, unknown := readAll(document)
		return documentRead{statements: slices.Clip(statements), unknown: slices.Clip(unknown)}
	})
	return kept.statements, kept.unknown
}

type documentKey struct{ document policy.Value }

type documentRead struct {
	statements []Statement
	unknown    []policy.Value
}

func readAll(document policy.Value) (statements []Statement, unknown []policy.Value) {
	decoded := document.JSON()
	if decoded.Unknown() {
		return nil, []policy.Value{document}
	}
	for _, s := range decoded.Get("Statement").Items() {
		statements = append(statements, read(s))
	}
	return statements, decoded.Unknowns()
}

func read(s policy.Value) Statement {
	out := Statement{
		Value: s, Allow: s.Get("Effect").Is("Allow"),
		Principals: principals(s.Get("Principal")), NotPrincipals: principals(s.Get("NotPrincipal")),
		Actions: texts(s.Get("Action")), NotActions: texts(s.Get("NotAction")),
		Resources: texts(s.Get("Resource")), NotResources: texts(s.Get("NotResource")),
	}
	conditions := s.Get("Condition")
	for _, operator := range conditions.Keys() {
		keys := conditions.Get(operator)
		for _, key := range keys.Keys() {
			value := keys.Key(key) // A key may have dots in it, which a path cannot.
			out.Conditions = append(out.Conditions, Condition{Operator: operator, Key: key, Values: texts(value), Value: value})
		}
	}
	return out
}

func texts(v policy.Value) []string {
	var out []string
	for _, item := range v.Items() {
		out = append(out, item.Text())
	}
	return out
}

// principals writes {"Service": "a"} as "Service:a", and both "*" and {"AWS": "*"} as "*".
func principals(v policy.Value) []string {
	if v.IsText() {
		return []string{v.Text()}
	}
	var out []string
	for _, kind := range v.Keys() {
		for _, text := range texts(v.Get(kind)) {
			if kind == "AWS" && text == "*" {
				out = append(out, "*")
				continue
			}
			out = append(out, kind+":"+text)
		}
	}
	return out
}

// Anyone says that the statement's principal is everybody.
func (s Statement) Anyone() bool { return slices.Contains(s.Principals, "*") }

// Service says that the statement names the service principal: "cloudwatch.amazonaws.com".
func (s Statement) Service(principal string) bool {
	return s.Anyone() || slices.Contains(s.Principals, "Service:"+principal)
}

// narrowing are condition keys that keep strangers out when they name accounts, organisations, networks or resources.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var narrowing = []string{
	"aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn",
	"aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:vpcsourceip", "kms:calleraccount",
	"aws:sourceorgid", "aws:sourceorgpaths", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
}

// Narrowed says that a condition keeps strangers out. An operator that also holds when the key is missing, or that excludes
// instead of naming, keeps nobody out; nor does a wildcard that fits everybody.
func (s Statement) Narrowed() bool {
	for _, c := range s.Conditions {
		if !slices.Contains(narrowing, strings.ToLower(c.Key)) {
			continue
		}
		operator := strings.ToLower(c.Operator)
		if strings.Contains(operator, "not") || strings.HasSuffix(operator, "ifexists") || operator == "null" {
			continue
		}
		if !slices.ContainsFunc(c.Values, Everybody) && len(c.Values) > 0 {
			return true
		}
	}
	return false
}

// widest is the longest prefix of addresses that no single party has.
const widest = 7

// Everybody says that a value of a condition, or of a source, fits strangers too: a wildcard, an ARN of any account, or more
// addresses than any one party has.
func Everybody(value string) bool {
	if addresses, err := netip.ParsePrefix(value); err == nil {
		return addresses.Bits() <= widest && !addresses.Addr().IsPrivate()
	}
	if strings.HasPrefix(value, "arn:") {
		return anyAccount(value)
	}
	return strings.Trim(strings.TrimPrefix(value, "o-"), "*?/") == "" && strings.ContainsAny(value, "*?")
}

// anyAccount says that an ARN's pattern fits resources of every account. The names of buckets are nobody else's in any account.
func anyAccount(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return strings.HasSuffix(arn, "*") && len(parts) < 5
	}
	if strings.Trim(parts[5], "*?/") == "" && (parts[4] == "" || parts[4] == "*") {
		return true
	}
	return parts[4] == "*" && parts[2] != "s3"
}

// Public says that the statement lets everybody in: allowed, to anyone, and narrowed by nothing.
func (s Statement) Public() bool {
	return s.Allow && (s.Anyone() || len(s.NotPrincipals) > 0) && !s.Narrowed()
}

// Does says that the statement's actions cover an action such as "sns:Publish".
func (s Statement) Does(action string) bool {
	if len(s.NotActions) > 0 {
		return !matchAny(s.NotActions, action, true)
	}
	return matchAny(s.Actions, action, true)
}

// On says that the statement's resources cover an ARN. Without resources, as in a trust or key policy, it covers all.
func (s Statement) On(arn string) bool {
	if len(s.NotResources) > 0 {
		return !matchAny(s.NotResources, arn, false)
	}
	return len(s.Resources) == 0 || matchAny(s.Resources, arn, false)
}

// Requires says that a condition with the operator, the key and one of the values is there; the operator and the key are
// compared without regard to case, and the operator's ForAnyValue and IfExists with it.
func (s Statement) Requires(operator, key, value string) bool {
	for _, c := range s.Conditions {
		if strings.EqualFold(c.Operator, operator) && strings.EqualFold(c.Key, key) && slices.Contains(c.Values, value) {
			return true
		}
	}
	return false
}

func matchAny(patterns []string, text string, fold bool) bool {
	for _, pattern := range patterns {
		if Match(pattern, text, fold) {
			return true
		}
	}
	return false
}

// Match compares a pattern with * and ? with a text, as IAM does; actions are compared without regard to case.
func Match(pattern, text string, fold bool) bool {
	if fold {
		pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	}
	return match(pattern, text)
}

// match tries the last star again on failure, so that it never takes longer than the product of the lengths.
func match(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark, p = p, t, p+1
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
