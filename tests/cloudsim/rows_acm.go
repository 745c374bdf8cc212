package cloudsim

import (
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	certificateDoc  = "https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html"
	validationDoc   = "https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html"
	certificateType = "aws:acm/certificate:Certificate"
	validationType  = "aws:acm/certificateValidation:CertificateValidation"
)

func init() { register(certificate, certificateValidation) }

var certificate = Row{
	Type: certificateType,
	Noun: "certificate",
	Doc:  certificateDoc,
	ID:   Format("arn:{partition}:acm:{region}:{account}:certificate/{uuid}"),
	ARN:  Format("arn:{partition}:acm:{region}:{account}:certificate/{uuid}"),
	Computed: map[string]Compute{
		"domainValidationOptions": validationOptions,
		"status":                  func(c *Call) any { return certificateStatus(c) },
		"type":                    func(c *Call) any { return certificateKind(c) },
		"keyAlgorithm":            Value("RSA_2048"),
		"validationEmails":        Value([]string{}),
		"renewalEligibility":      Value("INELIGIBLE"),
		"pendingRenewal":          Value(false),
		"subjectAlternativeNames": func(c *Call) any { return []string{c.Text("domainName")} },
		"validationMethod":        Value("NONE"),
	},
	Replace: []string{"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm", "certificateAuthorityArn",
		"validationOptions"},
	Taggable: true,
	Limits: []Limit{
		{"domainName", Matches(`^(\*\.)?(([A-Za-z0-9_-]{0,62}[A-Za-z0-9])\.)+([A-Za-z0-9-]{0,62}[A-Za-z0-9])$`, "a fully qualified domain name of at most 253 characters"), certificateDoc},
		{"domainName", Length(1, 253), certificateDoc},
		{"validationMethod", OneOf("DNS", "EMAIL", "NONE", "HTTP"), certificateDoc},
		{"keyAlgorithm", OneOf("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"), certificateDoc},
		{"subjectAlternativeNames", Items(0, 100), "https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html"},
		{"options.certificateTransparencyLoggingPreference", OneOf("ENABLED", "DISABLED"), certificateDoc},
	},
	Check:     checkCertificate,
	NotFound:  "ResourceNotFoundException",
	InUse:     "ResourceInUseException",
	Durations: Durations{Create: 10 * time.Second, Update: time.Second, Delete: 2 * time.Second, Source: estimate("the provider waits for the validation records to be named")},
}

func checkCertificate(c *Call) error {
	if c.Has("privateKey") && c.Has("domainName") {
		return c.RejectAt("privateKey", "ConflictsWith", "an imported certificate has no domainName, validationMethod or subjectAlternativeNames")
	}
	if !c.Has("privateKey") && !c.Has("domainName") {
		return c.Reject("ValidationException", "domainName must be given, or privateKey and certificateBody to import a certificate")
	}
	if c.Has("domainName") && !c.Has("validationMethod") && !c.Has("certificateAuthorityArn") {
		return c.RejectAt("validationMethod", "ValidationException", "validationMethod must be DNS or EMAIL for a public certificate")
	}
	return nil
}

func certificateKind(c *Call) string {
	switch {
	case c.Has("privateKey"):
		return "IMPORTED"
	case c.Has("certificateAuthorityArn"):
		return "PRIVATE"
	}
	return "AMAZON_ISSUED"
}

func certificateStatus(c *Call) string {
	if certificateKind(c) == "AMAZON_ISSUED" {
		return "PENDING_VALIDATION"
	}
	return "ISSUED"
}

// validationOptions are the records that prove control over each name; a wildcard needs the same as its domain.
func validationOptions(c *Call) any {
	if c.Text("validationMethod") != "DNS" {
		return []any{}
	}
	var options []any
	for _, name := range certificateNames(c.Props) {
		bare := strings.TrimPrefix(name, "*.")
		options = append(options, map[string]any{
			"domainName":          name,
			"resourceRecordName":  "_" + stable(c.URN+"\x00name\x00"+bare, 32) + "." + bare + ".",
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": "_" + stable(c.URN+"\x00value\x00"+bare, 32) + "." + letters(c.URN+bare, 10) + ".acm-validations.aws.",
		})
	}
	return options
}

func letters(seed string, n int) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return 'g' + r - '0'
		}
		return r
	}, stable(seed, n))
}

func certificateNames(p Props) []string {
	names := []string{p.Text("domainName")}
	for _, name := range p.Texts("subjectAlternativeNames") {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// issued reports whether a certificate may be used: imported and private ones at once, public ones when somebody has
// waited for the validation or the records that prove control exist.
func (c *Call) issued(r *Resource) bool {
	if r.Given || r.Out().Text("status") == "ISSUED" {
		return true
	}
	for _, validation := range c.InRegion("*", validationType) {
		if validation.Out().Text("certificateArn") == r.ARN {
			return true
		}
	}
	return len(c.unproven(r)) == 0
}

// unproven are the validation records of a certificate that no zone of the account holds.
func (c *Call) unproven(r *Resource) []string {
	var missing []string
	for _, option := range r.Out().Objects("domainValidationOptions") {
		name := option.Text("resourceRecordName")
		if !slices.ContainsFunc(c.InRegion("*", recordType), func(record *Resource) bool {
			return sameDomain(record.Out().Text("fqdn"), name) && record.Out().Text("type") == "CNAME"
		}) {
			missing = append(missing, name)
		}
	}
	if len(r.Out().Objects("domainValidationOptions")) == 0 {
		missing = append(missing, "the answer to the validation mail")
	}
	return missing
}

func sameDomain(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// certificateReady refuses a certificate that is not issued yet.
func certificateReady(c *Call, path, code string) error {
	r := c.Ref(path)
	if r == nil || c.Preview || c.issued(r) {
		return nil
	}
	return c.RejectAt(path, code, "The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size: "+
		"it is not issued yet (wait for its CertificateValidation)", r.ARN)
}

var certificateValidation = Row{
	Type:     validationType,
	Noun:     "certificate validation",
	Doc:      validationDoc,
	ID:       Format("2026-01-01 00:00:00.{hex8} +0000 UTC"),
	Required: []string{"certificateArn"},
	Replace:  []string{"certificateArn", "validationRecordFqdns"},
	Refs:     []Ref{{Path: "certificateArn", To: []string{certificateType}, By: []string{"arn"}, Weak: true}},
	Unique:   []Unique{{Paths: []string{"certificateArn"}, Code: "DuplicateValidation"}},
	Check:    validates,
	After:    provingRecords,
	Durations: Durations{Create: 3 * time.Minute, Delete: time.Second, Update: time.Second,
		Source: estimate("minutes when the records are in a public zone; AWS says that it can take up to 30 minutes or longer, " + validationDoc)},
}

// validates demands the records that prove control: without them the provider waits 75 minutes and gives up.
func validates(c *Call) error {
	certificate := c.Ref("certificateArn")
	if certificate == nil || c.Preview || certificate.Given || certificate.Out().Text("status") == "ISSUED" {
		return nil
	}
	var problems []error
	if c.Has("validationRecordFqdns") && certificate.Out().Text("validationMethod") == "DNS" {
		problems = append(problems, namesAllRecords(c, certificate))
	}
	if c.ownsZoneFor(certificate) {
		for _, name := range c.unproven(certificate) {
			problems = append(problems, c.Reject("ValidationTimeout",
				"waiting for ACM Certificate (%s) to be issued: timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION'): there is no record %s",
				certificate.ARN, name))
		}
	}
	return errors.Join(problems...)
}

// namesAllRecords is the provider's own check before it waits.
func namesAllRecords(c *Call, certificate *Resource) error {
	if !c.Known("validationRecordFqdns") {
		return nil
	}
	given := c.Texts("validationRecordFqdns")
	for _, option := range certificate.Out().Objects("domainValidationOptions") {
		name := option.Text("resourceRecordName")
		if !slices.ContainsFunc(given, func(fqdn string) bool { return sameDomain(fqdn, name) }) {
			return c.RejectAt("validationRecordFqdns", "MissingValidationRecord", "missing %s DNS validation record: %s", option.Text("domainName"), name)
		}
	}
	return nil
}

// ownsZoneFor reports whether a public zone of the account holds the certificate's domain; otherwise the records are
// somebody else's business and cannot be seen.
func (c *Call) ownsZoneFor(certificate *Resource) bool {
	for _, zone := range c.All(zoneType) {
		name := strings.TrimSuffix(zone.Name(), ".")
		domain := strings.TrimPrefix(certificate.Out().Text("domainName"), "*.")
		if name != "" && !zone.Out().Has("vpcs") && (domain == name || strings.HasSuffix(domain, "."+name)) {
			return true
		}
	}
	return false
}

// provingRecords are the validation records of the certificate.
func provingRecords(c *Call) []*Resource {
	certificate := c.Ref("certificateArn")
	if certificate == nil {
		return nil
	}
	var out []*Resource
	for _, option := range certificate.Out().Objects("domainValidationOptions") {
		for _, record := range c.All(recordType) {
			if sameDomain(record.Out().Text("fqdn"), option.Text("resourceRecordName")) {
				out = append(out, record)
			}
		}
	}
	return out
}
