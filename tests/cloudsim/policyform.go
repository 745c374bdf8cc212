package cloudsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const policyGrammar = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"

var (
	policyAction = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`)
	// policyOperator: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
	policyOperator = regexp.MustCompile(`^(ForAllValues:|ForAnyValue:)?(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|` +
		`(Numeric|Date)((Not)?Equals|LessThan(Equals)?|GreaterThan(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?$`)
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
	policyService = regexp.MustCompile(`^(\*|[a-z0-9.-]+\.amazonaws\.com(\.cn)?)$`)
	policyAccount = regexp.MustCompile(`^(\*|\d{12}|arn:[a-z-]+:(iam|sts)::\d{12}:\S+|arn:[a-z-]+:iam::cloudfront:user/\S+|A[A-Z0-9]{15,})$`)
)

// form reports what the grammar of policy documents does not allow: see policyGrammar.
func (p Policy) form() error {
	sids := map[string]bool{}
	for i, s := range p.Statement {
		if s.Sid != "" && sids[s.Sid] {
			return fmt.Errorf("the statement id %q is given twice", s.Sid)
		}
		sids[s.Sid] = true
		for _, action := range append(append(list{}, s.Action...), s.NotAction...) {
			if !policyAction.MatchString(action) {
				return fmt.Errorf("statement %d: actions must be prefaced by a vendor, such as s3:GetObject: %q", i, action)
			}
		}
		for operator := range s.Condition {
			if operator != "Null" && !policyOperator.MatchString(operator) {
				return fmt.Errorf("statement %d: invalid condition type: %s", i, operator)
			}
		}
		if err := errors.Join(s.Principal.form(), s.NotPrincipal.form()); err != nil {
			return fmt.Errorf("statement %d: %w", i, err)
		}
	}
	return nil
}

func (p Principal) form() error {
	for kind, who := range p {
		pattern := map[string]*regexp.Regexp{"Service": policyService, "AWS": policyAccount}[kind]
		if pattern == nil && kind != "Federated" && kind != "CanonicalUser" && kind != "*" {
			return fmt.Errorf("invalid principal in policy: %q", kind)
		}
		for _, one := range who {
			if pattern != nil && !pattern.MatchString(one) {
				return fmt.Errorf("invalid principal in policy: %q:%q", strings.ToUpper(kind), one)
			}
		}
	}
	return nil
}

// strictly reads the document again and refuses elements that the grammar does not have.
func strictly(document string) error {
	var known struct {
		Version, Id string //nolint:revive,staticcheck // The element's own name.
		Statement   json.RawMessage
	}
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&known); err != nil {
		return err
	}
	decoder = json.NewDecoder(bytes.NewReader(known.Statement))
	decoder.DisallowUnknownFields()
	if strings.HasPrefix(strings.TrimSpace(string(known.Statement)), "{") {
		return decoder.Decode(&Statement{})
	}
	return decoder.Decode(&[]Statement{})
}

// principalsExist: a document that names a role which is not there is refused by every service that takes one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
func principalsExist(c *Call, path string, p Policy) error {
	if c.Preview && !c.model.wholePlan {
		return nil // As for references: another provider process may be about to plan it.
	}
	own := ":iam::" + c.Account + ":role/"
	for _, s := range p.Statement {
		for _, who := range s.Principal["AWS"] {
			_, name, isRole := strings.Cut(who, own)
			if !isRole || strings.HasPrefix(name, "aws-service-role/") || strings.HasPrefix(name, "aws-reserved/") {
				continue
			}
			if who != c.ARN && c.Find(roleType, who) == nil {
				return c.RejectAt(path, "MalformedPolicyDocument", "invalid principal in policy: \"AWS\":%q does not exist", who)
			}
		}
	}
	return nil
}
