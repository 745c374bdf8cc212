package conformance

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Snapshot is a text of everything that arguments hold: values in full; outputs, resources and functions by identity.
// Two snapshots of one value differ when anything was changed in between.
func Snapshot(args any) string {
	var b strings.Builder
	snapshot(&b, reflect.ValueOf(args), "args")
	return b.String()
}

func snapshot(b *strings.Builder, v reflect.Value, path string) {
	switch {
	case !v.IsValid() || nilable(v) && v.IsNil():
		fmt.Fprintf(b, "%s = nothing\n", path)
	case v.Kind() == reflect.Interface:
		snapshot(b, v.Elem(), path)
	case isOutput(v):
		fmt.Fprintf(b, "%s = output %x\n", path, v.Field(0).Pointer())
	case v.Kind() == reflect.Func || v.Kind() == reflect.Chan || v.Kind() == reflect.UnsafePointer || isResource(v):
		fmt.Fprintf(b, "%s = %s %x\n", path, v.Type(), v.Pointer())
	case v.Kind() == reflect.Pointer:
		snapshot(b, v.Elem(), path)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			snapshot(b, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		snapshotList(b, v, path)
	case v.Kind() == reflect.Map:
		snapshotMap(b, v, path)
	default:
		fmt.Fprintf(b, "%s = %v\n", path, v)
	}
}

func snapshotList(b *strings.Builder, v reflect.Value, path string) {
	fmt.Fprintf(b, "%s = %d elements\n", path, v.Len())
	for i := range v.Len() {
		snapshot(b, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func snapshotMap(b *strings.Builder, v reflect.Value, path string) {
	fmt.Fprintf(b, "%s = %d entries\n", path, v.Len())
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	for _, key := range keys {
		snapshot(b, v.MapIndex(key), fmt.Sprintf("%s[%v]", path, key))
	}
}

func nilable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Func, reflect.Chan, reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.UnsafePointer:
		return true
	default:
		return false
	}
}

// isOutput is true for the output structs of the SDK, whose one field points to their state.
func isOutput(v reflect.Value) bool {
	return v.Kind() == reflect.Struct && v.Type().Implements(reflect.TypeFor[pulumi.Output]()) &&
		v.NumField() == 1 && v.Field(0).Kind() == reflect.Pointer
}

func isResource(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Type().Implements(reflect.TypeFor[pulumi.Resource]())
}

// WithUnknowns returns a copy of arguments in which every input is a value that is not known yet, as in a preview of a
// stack whose other half does not exist. What is plain stays.
func WithUnknowns[A any](args *A) *A {
	out := blind(reflect.ValueOf(args))
	copied, _ := reflect.TypeAssert[*A](out)
	return copied
}

// unknowns are the inputs that can be made unknown, by their interface.
var unknowns = map[reflect.Type]func() any{
	reflect.TypeFor[pulumi.StringInput]():    func() any { return UnknownString() },
	reflect.TypeFor[pulumi.StringPtrInput](): func() any { return UnknownString().ToStringPtrOutput() },
	reflect.TypeFor[pulumi.StringArrayInput](): func() any {
		return nothing().ApplyT(func(any) []string { return nil }).(pulumi.StringArrayOutput)
	},
	reflect.TypeFor[pulumi.StringMapInput](): func() any {
		return nothing().ApplyT(func(any) map[string]string { return nil }).(pulumi.StringMapOutput)
	},
	reflect.TypeFor[pulumi.IntInput]():  func() any { return nothing().ApplyT(func(any) int { return 0 }).(pulumi.IntOutput) },
	reflect.TypeFor[pulumi.BoolInput](): func() any { return nothing().ApplyT(func(any) bool { return false }).(pulumi.BoolOutput) },
}

func nothing() pulumi.Output { return pulumi.UnsafeUnknownOutput(nil) }

// UnknownString is a text that is not known yet.
func UnknownString() pulumi.StringOutput {
	return nothing().ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
}

func blind(v reflect.Value) reflect.Value {
	if nilable(v) && v.IsNil() || isResource(v) || isOutput(v) {
		return v
	}
	if unknown, known := unknowns[v.Type()]; known {
		return reflect.ValueOf(unknown())
	}
	switch v.Kind() {
	case reflect.Pointer:
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(blind(v.Elem()))
		return out
	case reflect.Struct:
		return blindStruct(v)
	case reflect.Slice:
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(blind(v.Index(i)))
		}
		return out
	case reflect.Map:
		out := reflect.MakeMap(v.Type())
		for key, value := range v.Seq2() {
			out.SetMapIndex(key, blind(value))
		}
		return out
	default:
		return v
	}
}

func blindStruct(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			out.Field(i).Set(blind(v.Field(i)))
		}
	}
	return out
}
