package policy

import (
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	"google.golang.org/protobuf/types/known/structpb"
)

// What stands on the wire for a value that is not known yet. The SDK has them in a package that policies would otherwise not
// need; a test compares the two.
const (
	unknownText    = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	unknownBool    = "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"
	unknownNumber  = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"
	unknownArray   = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"
	unknownAsset   = "030794c1-ac77-496b-92df-f27374a8bd58"
	unknownArchive = "e48ece36-62e2-4504-bad9-02848725956a"
	unknownObject  = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff"
)

// blinded is how the engine writes a secret where it shows values to people.
const blinded = "[secret]"

// state says what is known of a value.
type state uint8

const (
	absent state = iota
	known
	unknown
)

// Value is a cursor over the decoded properties of one resource. It is known, absent or unknown, and it may be secret. A
// secret can be compared and never be shown: Show is the only way to put a value into a message.
//
// Reading an absent value gives the provider's default where the table of defaults has one. Reading inside an unknown
// value gives an unknown value.
type Value struct {
	pb   *structpb.Value
	node *Node
	spot
	state  state
	secret bool
	filled bool
}

// spot is where a value is: the path of what it is in, and its key there, or its place in a list counted from 1. Most values
// are never named, so their paths are only put together when somebody asks.
type spot struct {
	within, key string
	place       int32
}

func (s spot) path() string {
	switch {
	case s.place > 0:
		return s.within + "[" + strconv.Itoa(int(s.place)-1) + "]"
	case s.within == "":
		return s.key
	case s.key == "":
		return s.within
	}
	return s.within + "." + s.key
}

// of makes a cursor of a wire value.
func of(n *Node, at spot, pb *structpb.Value, secret bool) Value {
	v := Value{node: n, spot: at, secret: secret}
	for pb != nil {
		object, marked := pb.GetKind().(*structpb.Value_StructValue)
		if !marked {
			break
		}
		mark := object.StructValue.GetFields()[sig.Key].GetStringValue()
		if mark != sig.Secret && mark != sig.OutputValue {
			break
		}
		fields := object.StructValue.GetFields()
		v.secret = v.secret || mark == sig.Secret || fields["secret"].GetBoolValue()
		inner := fields["value"]
		if inner == nil {
			inner = plaintext(fields)
		}
		if inner == nil { // An unknown output, or a secret that only its owner can read.
			v.state = unknown
			return v
		}
		pb = inner
	}
	switch kind := pb.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return v
	case *structpb.Value_StringValue:
		v.secret = v.secret || kind.StringValue == blinded
		if isUnknown(kind.StringValue) || kind.StringValue == blinded {
			v.state = unknown
			return v
		}
	}
	v.pb, v.state = pb, known
	return v
}

// plaintext is a secret in a state file that was exported with its secrets shown: the value as JSON.
func plaintext(fields map[string]*structpb.Value) *structpb.Value {
	text := fields["plaintext"].GetStringValue()
	if text == "" {
		return nil
	}
	var decoded structpb.Value
	if decoded.UnmarshalJSON([]byte(text)) != nil {
		return nil
	}
	return &decoded
}

func isUnknown(text string) bool {
	if len(text) != len(unknownText) {
		return false
	}
	switch text {
	case unknownText, unknownBool, unknownNumber, unknownArray, unknownAsset, unknownArchive, unknownObject:
		return true
	}
	return false
}

// Known says that the value is there and readable, given or by default.
func (v Value) Known() bool { return v.state == known }

// Absent says that there is no value and the provider has no default.
func (v Value) Absent() bool { return v.state == absent }

// Unknown says that the value will only be known after the update, or that it is a secret that only its owner can read.
func (v Value) Unknown() bool { return v.state == unknown }

// Secret says that the value is marked as a secret, or part of one.
func (v Value) Secret() bool { return v.secret }

// Defaulted says that the program left the value out and the provider's default stands in.
func (v Value) Defaulted() bool { return v.filled }

// Path is where the value is, as an engineer writes it: ingress[0].cidrBlocks[1].
func (v Value) Path() string { return v.path() }

// Node is the resource that the value belongs to; nil for a text that was parsed by itself.
func (v Value) Node() *Node { return v.node }

// Get reads a value inside an object by a path: "rule.applyServerSideEncryptionByDefault.sseAlgorithm" or "subnets[0]".
func (v Value) Get(path string) Value {
	at, within, rest := v, v.path(), path
	for rest != "" {
		var key string
		key, rest = step(rest)
		at = at.child(within, key)
		switch {
		case rest == "":
		case v.spot == spot{}:
			within = strings.TrimSuffix(path[:len(path)-len(rest)], ".")
		default:
			within = at.path()
		}
	}
	if at.state == absent && at.node != nil {
		return at.node.fill(at)
	}
	return at
}

// step takes the first key off a path; an index keeps its bracket.
func step(path string) (string, string) {
	end := strings.IndexAny(path[1:], ".[") + 1
	if end <= 0 {
		return path, ""
	}
	rest := path[end:]
	return path[:end], strings.TrimPrefix(rest, ".")
}

// child is what is inside under a key, or at an index in brackets; within is the value's own path.
func (v Value) child(within, key string) Value {
	if !strings.HasPrefix(key, "[") {
		return v.under(within, key)
	}
	n, err := strconv.Atoi(strings.Trim(key, "[]"))
	items := v.pb.GetListValue().GetValues()
	if v.state != known || err != nil || n < 0 || n >= len(items) {
		return Value{node: v.node, spot: spot{within: within + key}, state: v.inside(), secret: v.secret}
	}
	return v.element(within, n, items[n])
}

func (v Value) under(within, key string) Value {
	at := spot{within: within, key: key}
	if v.state != known {
		return Value{node: v.node, spot: at, state: v.inside(), secret: v.secret}
	}
	return of(v.node, at, v.pb.GetStructValue().GetFields()[key], v.secret)
}

func (v Value) element(within string, n int, item *structpb.Value) Value {
	return of(v.node, spot{within: within, place: int32(n) + 1}, item, v.secret) //nolint:gosec // lists are never that long
}

// Key reads one key of an object, dots and brackets in it taken as letters.
func (v Value) Key(key string) Value { return v.under(v.path(), key) }

// Has says that the value is an object with the key.
func (v Value) Has(key string) bool { return v.pb.GetStructValue().GetFields()[key] != nil }

// Name is the key under which the value stands, or the list that it is an element of.
func (v Value) Name() string {
	name := v.key
	if v.place > 0 || name == "" {
		name = v.within
	}
	return name[strings.LastIndexByte(name, '.')+1:]
}

// inside is what is known of a value inside this one when it cannot be read.
func (v Value) inside() state {
	if v.state == unknown {
		return unknown
	}
	return absent
}

// List are the elements of a list; none for anything else.
func (v Value) List() []Value {
	items := v.pb.GetListValue().GetValues()
	if len(items) == 0 {
		return nil
	}
	out, within := make([]Value, len(items)), v.path()
	for i, item := range items {
		out[i] = v.element(within, i, item)
	}
	return out
}

// Items are the elements of a list, or the value itself where one stands for a list of one, as JSON policies allow.
func (v Value) Items() []Value {
	if v.state == absent {
		return nil
	}
	if v.state == known && v.pb.GetListValue() != nil {
		return v.List()
	}
	return []Value{v}
}

// Keys are the keys of an object, sorted, Pulumi's own left out.
func (v Value) Keys() []string {
	fields := v.pb.GetStructValue().GetFields()
	keys := make([]string, 0, len(fields))
	for key := range fields {
		if !strings.HasPrefix(key, "__") {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

// Len is the number of elements of a list, of keys of an object, or of bytes of a text.
func (v Value) Len() int {
	switch kind := v.pb.GetKind().(type) {
	case *structpb.Value_ListValue:
		return len(kind.ListValue.GetValues())
	case *structpb.Value_StructValue:
		return v.keys()
	case *structpb.Value_StringValue:
		return len(kind.StringValue)
	}
	return 0
}

// keys is the number of Keys.
func (v Value) keys() int {
	n := 0
	for key := range v.pb.GetStructValue().GetFields() {
		if !strings.HasPrefix(key, "__") {
			n++
		}
	}
	return n
}

// IsText, IsList and IsObject say what kind of value it is; all are false while it is not known.
func (v Value) IsText() bool { _, ok := v.pb.GetKind().(*structpb.Value_StringValue); return ok }

// IsList says that the value is a list.
func (v Value) IsList() bool { return v.pb.GetListValue() != nil }

// IsObject says that the value is an object.
func (v Value) IsObject() bool { return v.pb.GetStructValue() != nil }

// Text is the value as a text; numbers and truth values are written out, anything else is empty.
func (v Value) Text() string {
	switch kind := v.pb.GetKind().(type) {
	case *structpb.Value_StringValue:
		return kind.StringValue
	case *structpb.Value_NumberValue:
		return strconv.FormatFloat(kind.NumberValue, 'f', -1, 64)
	case *structpb.Value_BoolValue:
		return strconv.FormatBool(kind.BoolValue)
	}
	return ""
}

// Number is the value as a number; zero when it is none. AWS's properties write some numbers as texts.
func (v Value) Number() float64 {
	if number, ok := v.pb.GetKind().(*structpb.Value_NumberValue); ok {
		return number.NumberValue
	}
	number, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil {
		return 0
	}
	return number
}

// IsNumber says that the value is a number or a text of one.
func (v Value) IsNumber() bool {
	_, err := strconv.ParseFloat(v.Text(), 64)
	return err == nil
}

// True says that the value is known and true. AWS's properties write some truth values as texts.
func (v Value) True() bool { return strings.EqualFold(v.Text(), "true") }

// Is says that the value is known and the text.
func (v Value) Is(text string) bool { return v.state == known && v.Text() == text }

// In says that the value is known and one of the texts.
func (v Value) In(texts ...string) bool {
	return slices.ContainsFunc(texts, v.Is)
}

// Empty says that the value is absent, or known to be an empty text, list or object.
func (v Value) Empty() bool {
	if v.state != known {
		return v.state == absent
	}
	switch v.pb.GetKind().(type) {
	case *structpb.Value_NumberValue, *structpb.Value_BoolValue:
		return false
	}
	return v.Len() == 0
}

// Walk visits the value and everything inside it, depth first, the keys of objects in no order.
func (v Value) Walk(visit func(Value)) {
	v.Visit(func(inside Value) bool {
		visit(inside)
		return true
	})
}

// Visit is Walk for a visitor that says whether to go on inside the value.
func (v Value) Visit(visit func(Value) bool) {
	if !visit(v) {
		return
	}
	switch kind := v.pb.GetKind().(type) {
	case *structpb.Value_ListValue:
		within := v.path()
		for i, item := range kind.ListValue.GetValues() {
			v.element(within, i, item).Visit(visit)
		}
	case *structpb.Value_StructValue:
		within := v.path()
		for key, item := range kind.StructValue.GetFields() {
			if !strings.HasPrefix(key, "__") {
				of(v.node, spot{within: within, key: key}, item, v.secret).Visit(visit)
			}
		}
	}
}

// Unknowns are the values inside this one, itself included, that are not known yet, sorted by path.
func (v Value) Unknowns() []Value {
	var found []Value
	v.Walk(func(inside Value) {
		if inside.state == unknown {
			found = append(found, inside)
		}
	})
	sort.Slice(found, func(i, j int) bool { return found[i].path() < found[j].path() })
	return found
}

// JSON is the value that the text holds as JSON, for policy documents and container definitions: unknown while the text is,
// absent when it is no JSON.
func (v Value) JSON() Value {
	if v.state != known || !v.IsText() {
		if v.IsObject() || v.IsList() {
			return v
		}
		return Value{node: v.node, spot: v.spot, state: v.inside(), secret: v.secret}
	}
	return of(v.node, v.spot, parsed(v.node, v.Text()), v.secret)
}

// parsed reads each text once per graph.
func parsed(n *Node, text string) *structpb.Value {
	if n == nil || n.graph == nil {
		return parse(text)
	}
	if kept, ok := n.graph.texts.Load(text); ok {
		return kept.(*structpb.Value) //nolint:forcetypeassert // nothing else is stored there
	}
	decoded := parse(text)
	n.graph.texts.Store(text, decoded)
	return decoded
}

func parse(text string) *structpb.Value {
	var decoded any
	if json.Unmarshal([]byte(text), &decoded) != nil {
		return nil
	}
	value, err := structpb.NewValue(decoded)
	if err != nil {
		return nil
	}
	return value
}

// Show is the value as a message may have it: never a secret, and never long.
func (v Value) Show() string {
	switch {
	case v.secret:
		return "[secret]"
	case v.state == unknown:
		return "not known yet"
	case v.state == absent:
		return "not set"
	}
	text := v.show()
	if v.filled {
		text += " (the provider's default)"
	}
	return text
}

func (v Value) show() string {
	const longest = 120
	text := v.Text()
	if v.IsText() {
		text = strconv.Quote(text)
	}
	if v.IsList() || v.IsObject() {
		text = v.compact()
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// compact writes a list or an object with what is secret or unknown inside left out.
func (v Value) compact() string {
	var parts []string
	for _, item := range v.List() {
		parts = append(parts, item.Show())
	}
	if v.IsList() {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for _, key := range v.Keys() {
		parts = append(parts, key+": "+v.Key(key).Show())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
