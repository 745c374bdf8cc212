package cloudsim

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// A Row is what the simulated cloud knows about one resource type. A type without a row is refused: an unknown type that
// is silently echoed would let a wrong program pass.
//
// Paths in a row name properties in Pulumi's spelling, with dots between levels ("vpcConfig.subnetIds"). A list or map on
// the way is walked, so "ingress.securityGroups" means every security group of every ingress block.
type Row struct {
	// Type is the Pulumi type token, "aws:ec2/vpc:Vpc".
	Type string
	// Noun is what AWS calls one of them in its messages: "subnet", "security group".
	Noun string
	// Doc is the page the row was written from.
	Doc string
	// Global rows live once per account (IAM, CloudFront, Route 53); all others once per account and region.
	Global bool

	// ID makes the id, for example Format("vpc-{hex17}"). Required.
	ID Compute
	// ARN makes the ARN; nil when the type has none. It fills the output "arn".
	ARN Compute
	// AutoName is the rule by which a physical name is made when the program gives none; nil when the type has no name.
	AutoName *AutoName
	// Computed are the outputs that the cloud fills in. Each is unknown in preview, unless the program gave the input of
	// the same name. "id", "arn" and "tagsAll" are filled by the core.
	Computed map[string]Compute
	// Refresh names the Computed outputs that an update makes afresh; the others keep the value of the creation.
	Refresh []string
	// Defaults are the inputs that the provider fills in when they are absent.
	Defaults map[string]any
	// Required are the inputs without which the provider refuses the resource.
	Required []string
	// Replace are the input paths whose change forces a replacement.
	Replace []string
	// DeleteFirst types are deleted before they are replaced, because two cannot stand side by side. A name that the program
	// fixes has the same effect on any type.
	DeleteFirst bool
	// Taggable types take "tags" and answer with "tagsAll", the provider's default tags merged in.
	Taggable bool

	// Refs are the inputs that point at other resources.
	Refs []Ref
	// Unique are the names and combinations that may exist once only.
	Unique []Unique
	// Limits are the bounds on single values. All violations of one resource are reported together.
	Limits []Limit

	// Check holds the rules that need more than one value. It runs for create and for update, in preview too: a rule that
	// needs a value which is not yet known must skip itself (Props.Known).
	Check func(c *Call) error
	// Refuse holds the rules that forbid a deletion, such as deletion protection. That something else still refers to the
	// resource is known from the Refs and needs no rule.
	Refuse func(c *Call) error
	// After lists the resources that must be finished first although no input names them, such as the internet gateway
	// before a public NAT gateway. It is what DependsOn is for, and counts as a true dependency on the critical path.
	After func(c *Call) []*Resource

	// Idle says why a resource does nothing although AWS accepts it, such as a NAT gateway in a subnet without a way out; ""
	// if it works. It is asked when the whole program has run; see Recorder.Idle.
	Idle func(c *Call) string

	// NotFound is AWS's error code when a reference names one that does not exist: "InvalidVpcID.NotFound".
	NotFound string
	// InUse is AWS's error code when one is deleted that something still refers to. Default: DependencyViolation.
	InUse string

	// Durations is how long AWS takes, and how we know.
	Durations Durations
	// CreateTime replaces Durations.Create where it depends on the inputs.
	CreateTime func(c *Call) time.Duration
}

// Compute makes one output. It returns a string, bool, int, float64, []string, []any, map[string]any or nil for absent.
type Compute func(c *Call) any

// AutoName is pulumi-aws's rule for a missing physical name: logical name, separator, 7 hex digits. A name that comes out
// longer than Max is an error, as in the provider: the name is not cut.
type AutoName struct {
	Property string // Default: "name".
	Max      int    // Default: 255.
	Sep      string // Default: "-".
	Suffix   string // Appended after the random part, as SQS's ".fifo" is.
	// SuffixWhen says for which resources the suffix is appended; nil means for all.
	SuffixWhen func(p Props) bool
	Lower      bool // The name is lowered first, as for S3 buckets.
	// Prefix is the property that takes a name prefix instead of a name. Default: "namePrefix".
	Prefix string
	// When says whether this resource is to be named at all; nil means always.
	When func(p Props) bool
}

// Ref says that an input points at another resource, which must exist in the same account and region.
type Ref struct {
	// Path is the input.
	Path string
	// To are the type tokens it may point at.
	To []string
	// By are the outputs of the target that the value is compared with. Default: "id". "arn" is the whole ARN;
	// "arn/" is the part of the ARN behind the last slash, "arn:" the part behind the last colon.
	By []string
	// Except says which values are not references, such as "local" for a route or "alias/aws/sns" for a key.
	Except func(value string) bool
	// Trim takes off what may be appended to a name, such as ":*" to a log group's ARN.
	Trim func(value string) string
	// Region is where the target lives if not in the resource's own region; "*" for anywhere.
	Region string
	// Weak references do not keep the target alive: AWS deletes it all the same.
	Weak bool
	// Code is AWS's error code when the target does not exist. Default: the target row's NotFound.
	Code string
	// Noun is what the message calls the target. Default: the noun of the first type in To.
	Noun string
}

// Scope is how far a name must be unique.
type Scope int

// The scopes that AWS uses.
const (
	InRegion   Scope = iota // Account and region.
	InAccount               // The whole account.
	Everywhere              // All accounts of the partition, as for S3 bucket names.
)

// Unique says that no two resources of the type may have the same values at the paths. Absent or unknown values do not
// collide.
type Unique struct {
	Paths []string
	Scope Scope
	// Code is AWS's error code: "EntityAlreadyExists".
	Code string
}

// A Limit bounds one value.
type Limit struct {
	Path string
	Rule Rule
	// Source is the AWS page that states the limit.
	Source string
}

// A Rule judges one value. It never sees unknown values. Make one with Length, Matches, OneOf, Between, Items, All or
// Satisfies.
type Rule struct {
	// whole rules judge a list or map as such; all others judge each of its elements.
	whole bool
	wrong func(v resource.PropertyValue) string
}

// Satisfies makes a rule of a function that returns what is wrong with a value's text, or "" if nothing is.
func Satisfies(wrong func(value string) string) Rule {
	return each(func(v resource.PropertyValue) string { return wrong(text(v)) })
}

func each(wrong func(v resource.PropertyValue) string) Rule { return Rule{wrong: wrong} }

// Durations is how long the operations of a type take. They are accounted on a virtual clock, not slept.
type Durations struct {
	Create, Update, Delete time.Duration
	// Source is where the figures come from.
	Source string
}

// Length bounds the number of characters.
func Length(low, high int) Rule {
	return each(func(v resource.PropertyValue) string {
		n := len([]rune(text(v)))
		if n >= low && n <= high {
			return ""
		}
		return fmt.Sprintf("must have %d to %d characters, has %d", low, high, n)
	})
}

// Matches demands a pattern; the description says in words what it allows. The pattern is compiled when it is first needed:
// every provider process has all rows, and meets few of them.
func Matches(pattern, description string) Rule {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
	return each(func(v resource.PropertyValue) string {
		if compiled().MatchString(text(v)) {
			return ""
		}
		return fmt.Sprintf("must be %s, is %q", description, text(v))
	})
}

// OneOf demands one of the values. Numbers are written as text: OneOf("1", "3", "5").
func OneOf(values ...string) Rule {
	return each(func(v resource.PropertyValue) string {
		for _, allowed := range values {
			if text(v) == allowed {
				return ""
			}
		}
		return fmt.Sprintf("must be one of %s, is %q", strings.Join(values, ", "), text(v))
	})
}

// Between bounds a number, both ends included.
func Between(low, high float64) Rule {
	return each(func(v resource.PropertyValue) string {
		n, ok := number(v)
		if ok && n >= low && n <= high {
			return ""
		}
		return fmt.Sprintf("must be a number from %v to %v, is %q", low, high, text(v))
	})
}

// Items bounds the number of elements of a list or map. The limit's path must end at the list itself.
func Items(low, high int) Rule {
	return Rule{whole: true, wrong: func(v resource.PropertyValue) string {
		n := 1
		if v.IsArray() {
			n = len(v.ArrayValue())
		}
		if v.IsObject() {
			n = len(v.ObjectValue())
		}
		if n >= low && n <= high {
			return ""
		}
		return fmt.Sprintf("must have %d to %d elements, has %d", low, high, n)
	}}
}

// All demands every one of the rules.
func All(rules ...Rule) Rule {
	whole := false
	for _, rule := range rules {
		whole = whole || rule.whole
	}
	return Rule{whole: whole, wrong: func(v resource.PropertyValue) string {
		var wrong []string
		for _, rule := range rules {
			if what := rule.wrong(v); what != "" {
				wrong = append(wrong, what)
			}
		}
		return strings.Join(wrong, " and ")
	}}
}

// Format makes an output from a template. Braces hold {hex8}, {hex17}, {hex32} (digits derived from the URN), {upper13}
// (capital letters and digits), {uuid}, {region}, {account}, {partition}, {dns} (the partition's DNS suffix), {id}, {arn},
// {logical} (the logical name) or the path of an input.
func Format(template string) Compute {
	return func(c *Call) any { return c.Format(template) }
}

// Value makes an output that is always the same.
func Value(v any) Compute {
	return func(*Call) any { return v }
}

// table is the register of rows by type token.
var table = map[string]*Row{}

// register adds rows to the table. Each row file calls it from its init function.
func register(rows ...Row) {
	for i := range rows {
		table[rows[i].Type] = &rows[i]
	}
}

// Types lists the type tokens that have a row, sorted.
func Types() []string {
	types := make([]string, 0, len(table))
	for t := range table {
		types = append(types, t)
	}
	sort.Strings(types)
	return types
}

// RowOf returns the row of a type token.
func RowOf(typ string) (Row, bool) {
	row, ok := table[typ]
	if !ok {
		return Row{}, false
	}
	return *row, true
}
