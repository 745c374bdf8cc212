package cloudsim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Op is a kind of operation.
type Op string

// The operations of the cloud.
const (
	OpCreate Op = "create"
	OpRead   Op = "read"
	OpUpdate Op = "update"
	OpDelete Op = "delete"
)

// A Call is one operation on one resource, as a row's functions see it. The embedded Props are the inputs with the
// provider's defaults filled in.
type Call struct {
	Props
	Op      Op
	Row     *Row
	URN     string
	Logical string // The logical name in the program.
	Account string
	Region  string // The provider's region, for global types too.
	Preview bool
	ID      string
	ARN     string
	// Old is the resource as it is now; nil for a creation.
	Old *Resource
	// Out are the outputs computed so far.
	Out Props

	model   *Model
	tags    map[string]string // The provider's default tags.
	attempt int               // Counts up when an id or a name derived from the URN is taken.
}

// An Error is a refusal, worded as AWS words its own: a code and a sentence.
type Error struct {
	Code    string
	Message string
	// Property is the input at fault; empty when the refusal is about the resource as a whole.
	Property string
}

// Error is the refusal as the engine shows it.
func (e *Error) Error() string {
	if e.Property == "" {
		return e.Code + ": " + e.Message
	}
	return e.Code + ": " + e.Message + " (property " + e.Property + ")"
}

// Reject makes a refusal about the resource as a whole.
func (c *Call) Reject(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// RejectAt makes a refusal about one input.
func (c *Call) RejectAt(property, code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Property: property}
}

// Partition is the AWS partition of the call's region: aws, aws-cn or aws-us-gov.
func (c *Call) Partition() string { return partition(c.Region) }

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func dnsSuffix(region string) string {
	if partition(region) == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// Hex returns n stable hexadecimal digits derived from the URN and the purpose.
func (c *Call) Hex(purpose string, n int) string {
	return stable(c.URN+"\x00"+strconv.Itoa(c.attempt)+"\x00"+purpose, n)
}

func stable(seed string, n int) string {
	var digits string
	for round := 0; len(digits) < n; round++ {
		sum := sha256.Sum256([]byte(seed + "\x00" + strconv.Itoa(round)))
		digits += hex.EncodeToString(sum[:])
	}
	return digits[:n]
}

var placeholder = regexp.MustCompile(`\{[A-Za-z0-9_.]+\}`)

// Format fills the braces of a template; see the function Format for what they may hold.
func (c *Call) Format(template string) string {
	return placeholder.ReplaceAllStringFunc(template, func(brace string) string {
		return c.fill(brace[1 : len(brace)-1])
	})
}

func (c *Call) fill(key string) string {
	switch key {
	case "region":
		return c.Region
	case "account":
		return c.Account
	case "partition":
		return c.Partition()
	case "dns":
		return dnsSuffix(c.Region)
	case "id":
		return c.ID
	case "arn":
		return c.ARN
	case "logical":
		return c.Logical
	case "uuid":
		h := c.Hex("uuid", 32)
		return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
	case "upper13":
		return c.capitals("capitals", 13)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(key, "hex")); err == nil && strings.HasPrefix(key, "hex") {
		return c.Hex("id", n)
	}
	if c.Has(key) {
		return c.Text(key)
	}
	return c.Out.Text(key)
}

// capitals returns n stable capital letters and digits.
func (c *Call) capitals(purpose string, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	sum := sha256.Sum256([]byte(c.URN + "\x00" + strconv.Itoa(c.attempt) + "\x00" + purpose))
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[int(sum[i%len(sum)])%len(letters)]
	}
	return string(out)
}

// Capitals returns n (at most 32) stable capital letters and digits derived from the URN and the purpose.
func (c *Call) Capitals(purpose string, n int) string {
	return c.capitals(purpose, min(n, sha256.Size))
}

// Ref returns the resource that a declared reference points at; nil when the input is absent, unknown, exempt or (in
// preview) not planned yet.
func (c *Call) Ref(path string) *Resource {
	for _, target := range c.Refs(path) {
		return target
	}
	return nil
}

// Refs returns all resources that the declared references with this path point at, in the order of the list.
func (c *Call) Refs(path string) []*Resource {
	var out []*Resource
	for i := range c.Row.Refs {
		ref := &c.Row.Refs[i]
		if ref.Path != path {
			continue
		}
		for _, found := range c.Walk(path) {
			if target := c.model.resolve(ref, found.Value, c.place()); target != nil {
				out = append(out, target)
			}
		}
	}
	return out
}

// All returns the existing resources of a type in the call's account and region, oldest first. Global types are found
// from every region. In preview the resource's own former self is left out, because it may be about to go.
func (c *Call) All(typ string) []*Resource {
	var out []*Resource
	for _, r := range c.model.ofType(typ, c.place()) {
		if c.Preview && r.URN == c.URN {
			continue
		}
		out = append(out, r)
	}
	return out
}

// home is where the resource itself is kept: global types have no region.
func (c *Call) home() place {
	if c.Row.Global {
		return place{c.Account, ""}
	}
	return c.place()
}

// Others is All without the resource that the call is about.
func (c *Call) Others(typ string) []*Resource {
	var out []*Resource
	for _, r := range c.All(typ) {
		if c.Old == nil || r.key() != c.Old.key() {
			out = append(out, r)
		}
	}
	return out
}

// Where returns the Others of a type whose output (or input) at the path has the value. An empty value finds nothing.
func (c *Call) Where(typ, path, value string) []*Resource {
	var out []*Resource
	for _, r := range c.Others(typ) {
		if value != "" && r.Out().Text(path) == value {
			out = append(out, r)
		}
	}
	return out
}

// Find returns the first resource of a type with the id, ARN or name, or nil.
func (c *Call) Find(typ, idOrARNOrName string) *Resource {
	if idOrARNOrName == "" {
		return nil
	}
	for _, r := range c.All(typ) {
		if r.ID == idOrARNOrName || r.ARN == idOrARNOrName || r.Out().Text("name") == idOrARNOrName {
			return r
		}
	}
	return nil
}

// InRegion is All for another region, for references that cross regions; "*" for every region of the account.
func (c *Call) InRegion(region, typ string) []*Resource {
	return c.model.ofType(typ, place{c.Account, region})
}

func (c *Call) place() place { return place{c.Account, c.Region} }

// Changed reports whether an update changes the input at the path.
func (c *Call) Changed(path string) bool {
	if c.Old == nil {
		return true
	}
	return !sameFound(Props{c.Old.Inputs}.At(path), c.At(path))
}

func sameFound(a, b []Found) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// same compares looking through secrets.
func same(a, b resource.PropertyValue) bool {
	a, b = plain(a), plain(b)
	switch {
	case a.IsArray() && b.IsArray():
		if len(a.ArrayValue()) != len(b.ArrayValue()) {
			return false
		}
		for i := range a.ArrayValue() {
			if !same(a.ArrayValue()[i], b.ArrayValue()[i]) {
				return false
			}
		}
		return true
	case a.IsObject() && b.IsObject():
		return sameObject(a.ObjectValue(), b.ObjectValue())
	}
	return a.DeepEquals(b)
}

func sameObject(a, b resource.PropertyMap) bool {
	for k, v := range a {
		if !same(v, b[k]) && !(plain(v).IsNull() && !b.HasValue(k)) {
			return false
		}
	}
	for k, v := range b {
		if _, ok := a[k]; !ok && !plain(v).IsNull() {
			return false
		}
	}
	return true
}
