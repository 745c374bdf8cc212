package shape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/conformance/shape"
)

func TestEveryComponentHasTheShape(t *testing.T) {
	problems, err := shape.Tree("../../../components")
	require.NoError(t, err)
	for _, problem := range problems {
		t.Error(strings.TrimPrefix(problem.String(), "../../../"))
	}
}

// good is a component with the right shape; each fixture below breaks it in one place.
const good = `// Package web makes a web.
package web

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Token is the component's type.
const Token = "holdfast:index:Web"

// WebArgs describe a web.
type WebArgs struct {
	// Size in threads. Required.
	Size int ` + "`pulumi:\"size\"`" + `
	// More tunes it.
	// Default: nothing.
	More More ` + "`pulumi:\"more\"`" + `
	// Transform changes it.
	// Default: nothing.
	Transform WebTransform
}

// More tunes it.
type More struct {
	// Deep is how deep.
	// Default: 1.
	Deep int ` + "`pulumi:\"deep\"`" + `
}

// WebTransform changes it.
type WebTransform struct{ Bucket func(*s3.BucketV2Args) }

// Web is a web.
type Web struct {
	pulumi.ResourceState
}

// NewWeb makes one.
func NewWeb(ctx *pulumi.Context, name string, args *WebArgs, opts ...pulumi.ResourceOption) (*Web, error) {
	w := &Web{}
	kids, err := component.Register(ctx, Token, name, nil, w, nil, opts...)
	if err != nil {
		return nil, err
	}
	made, err := component.New(ctx, kids, "bucket", kids.Child("bucket"), &s3.BucketV2Args{}, nil, s3.NewBucketV2)
	if err != nil {
		return nil, err
	}
	made.Bucket.ApplyT(func(name string) string { return name + "/" })
	return w, nil
}
`

func check(t *testing.T, source string) []shape.Problem {
	t.Helper()
	problems, err := shape.Package("components/web", map[string][]byte{"web.go": []byte(source)})
	require.NoError(t, err)
	return problems
}

func TestTheGoodShapeHasNoProblem(t *testing.T) {
	require.Empty(t, check(t, good))
}

func TestEachCheckFindsWhatBreaksIt(t *testing.T) {
	long := func(lines int) string {
		return strings.Repeat("\tprintln()\n", lines)
	}
	for _, c := range []struct{ rule, name, old, new string }{
		{"component parts", "no token", `const Token = "holdfast:index:Web"`, `const Token = "holdfast:index:Net"`},
		{"component parts", "a token that is a variable", `const Token = "holdfast:index:Web"`, `var Token = "holdfast:index:Web"`},
		{"component parts", "no arguments", "type WebArgs struct", "type Arguments struct"},
		{"component parts", "no constructor", "func NewWeb(", "func MakeWeb("},
		{"component order", "the token last", "// Token is the component's type.\nconst Token = \"holdfast:index:Web\"\n", ""},
		{"constructor signature", "no options", ", opts ...pulumi.ResourceOption)", ")"},
		{"constructor signature", "arguments by value", "args *WebArgs", "args WebArgs"},
		{"constructor signature", "no error", "(*Web, error) {", "*Web {"},
		{"package comment", "no package comment", "// Package web makes a web.\n", ""},
		{"documented arguments", "a field without a default", "\t// More tunes it.\n\t// Default: nothing.\n", "\t// More tunes it.\n"},
		{"documented arguments", "a nested field without a default", "\t// Deep is how deep.\n\t// Default: 1.\n", "\t// Deep is how deep.\n"},
		{"documented arguments", "a field without a comment", "\t// Size in threads. Required.\n", ""},
		{"tagged arguments", "a field without a tag", "Size int `pulumi:\"size\"`", "Size int"},
		{"tagged arguments", "a nested field with another tag", "`pulumi:\"deep\"`", "`json:\"deep\"`"},
		{"constructor length", "a long constructor", "\tw := &Web{}\n", "\tw := &Web{}\n" + long(shape.MaxConstructor)},
		{"function length", "a long function", "// NewWeb makes one.\n", "func helper() {\n" + long(shape.MaxFunction-1) + "}\n\n// NewWeb makes one.\n"},
		{"no else after return", "an else after return", "\treturn w, nil\n", "\tif w == nil {\n\t\treturn nil, nil\n\t} else {\n\t\tprintln()\n\t}\n\treturn w, nil\n"},
		{"no else after return", "an else after continue", "\treturn w, nil\n", "\tfor {\n\tif w == nil {\n\t\tcontinue\n\t} else {\n\t\tprintln()\n\t}\n\t}\n\treturn w, nil\n"},
		{"no else after return", "an else after panic", "\treturn w, nil\n", "\tif w == nil {\n\t\tpanic(1)\n\t} else {\n\t\tprintln()\n\t}\n\treturn w, nil\n"},
		{"no WaitGroup", "a WaitGroup", "\tw := &Web{}\n", "\tw := &Web{}\n\tvar wait sync.WaitGroup\n"},
		{"no literal names", "a literal name", `kids.Child("bucket")`, `"web-bucket"`},
		{"no literal names", "a literal joined to the name", `kids.Child("bucket")`, `name + "-bucket"`},
		{"no literal names", "a formatted name", `kids.Child("bucket")`, `fmt.Sprintf("%s-bucket", name)`},
		{"no literal names", "a literal in an SDK constructor", "component.New(ctx, kids, \"bucket\", kids.Child(\"bucket\"), ", "s3.NewBucketV2(ctx, \"bucket\", "},
		{"no resource in Apply", "a child in an Apply", `return name + "/"`, `component.New(ctx, kids, "x", kids.Child("x"), nil, nil, s3.NewBucketV2); return name`},
		{"no resource in Apply", "an SDK resource in an Apply", `return name + "/"`, `s3.NewBucketV2(ctx, kids.Child("x"), nil); return name`},
		{"no resource in Apply", "a raw resource in an Apply", `return name + "/"`, `ctx.RegisterResource("aws:s3/bucket:Bucket", name, nil, nil); return name`},
		{"registration", "a registration past the helper", "component.Register(ctx, Token, name, nil, w, nil, opts...)", "0, ctx.RegisterComponentResourceV2(Token, name, nil, w, opts...)"},
		{"registration", "an old registration", "component.Register(ctx, Token, name, nil, w, nil, opts...)", "0, ctx.RegisterComponentResource(Token, name, w, opts...)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, good, c.old)
			broken := strings.Replace(good, c.old, c.new, 1)
			if c.rule == "component order" {
				broken += "\n// Token is the component's type.\nconst Token = \"holdfast:index:Web\"\n"
			}
			problems := check(t, broken)
			require.NotEmpty(t, problems)
			for _, problem := range problems {
				require.Equal(t, c.rule, problem.Rule, "%s", problem)
			}
			require.Regexp(t, `^web\.go:\d+$`, problems[0].At)
		})
	}
}

func TestLongArgumentsMayStandInAFileOfTheirOwn(t *testing.T) {
	begin, end := strings.Index(good, "// WebArgs describe"), strings.Index(good, "// More tunes it.\ntype More")
	arguments := good[begin:end]
	for file, want := range map[string]int{"args.go": 0, "other.go": 1} {
		problems, err := shape.Package("components/web", map[string][]byte{
			"web.go": []byte(good[:begin] + good[end:]), file: []byte("package web\n\n" + arguments),
		})
		require.NoError(t, err)
		require.Len(t, problems, want, "%s: %v", file, problems)
	}
}

func TestTheRegistrarAloneMayRegister(t *testing.T) {
	source := "// Package component registers.\npackage component\n\nfunc Register() { ctx.RegisterComponentResourceV2() }\n"
	for folder, want := range map[string]int{"components/internal/component": 0, "components/web": 1} {
		problems, err := shape.Package(folder, map[string][]byte{"component.go": []byte(source)})
		require.NoError(t, err)
		require.Len(t, problems, want, folder)
	}
}

func ExampleProblem() {
	problems, _ := shape.Package("components/web", map[string][]byte{"web.go": []byte("package web\n\nvar wait sync.WaitGroup\n")})
	fmt.Println(problems[0])
	// Output: web.go:3: a component does not wait: Pulumi orders resources by their data (no WaitGroup)
}
