package cloudsim

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

const awsSDK = "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/"

// noResources are functions of the SDK that begin like constructors and make no resource.
var noResources = map[string]bool{"aws:/provider:Provider": true}

// typesMade finds the type tokens of the resources that the Go source under a folder makes: every use of a constructor of
// the AWS SDK.
func typesMade(t *testing.T, folder string) map[string]string {
	t.Helper()
	made := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, typ := range constructed(file) {
			made[typ] = path
		}
		return nil
	}))
	return made
}

func constructed(file *ast.File) []string {
	modules := map[string]string{}
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		module, ok := strings.CutPrefix(path, awsSDK)
		if !ok {
			continue
		}
		name := module
		if spec.Name != nil {
			name = spec.Name.Name
		}
		modules[name] = module
	}
	var types []string
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		if !ok || modules[pkg.Name] == "" {
			return true
		}
		if noun, ok := strings.CutPrefix(selector.Sel.Name, "New"); ok && noun != "" {
			first := []rune(noun)
			first[0] = unicode.ToLower(first[0])
			types = append(types, "aws:"+modules[pkg.Name]+"/"+string(first)+":"+noun)
		}
		return true
	})
	return types
}

func TestEveryTypeThatTheLibraryMakesHasARow(t *testing.T) {
	t.Parallel()
	found := 0
	for _, folder := range []string{"../../components", "../../stacks"} {
		for typ, path := range typesMade(t, folder) {
			if noResources[typ] {
				continue
			}
			found++
			_, ok := RowOf(typ)
			require.True(t, ok, "%s makes a %s, which has no row", path, typ)
		}
	}
	require.Greater(t, found, 40, "the scan finds constructors")
}

func TestEveryRowNamesItsSources(t *testing.T) {
	t.Parallel()
	for _, typ := range Types() {
		row, _ := RowOf(typ)
		require.Regexp(t, `^https://(docs\.aws\.amazon\.com|www\.pulumi\.com|docs\.kernel\.org|kubernetes\.io)/`, row.Doc, typ)
		require.NotEmpty(t, row.Noun, typ)
		require.NotNil(t, row.ID, typ)
		require.NotEmpty(t, row.Durations.Source, "%s: where do its durations come from?", typ)
		for _, limit := range row.Limits {
			require.Regexp(t, `^https://`, limit.Source, "%s: the limit on %s", typ, limit.Path)
		}
		for _, ref := range row.Refs {
			for _, target := range ref.To {
				if _, ok := RowOf(target); !ok {
					require.Contains(t, unmodelled, target, "%s refers to %s, which has no row", typ, target)
				}
			}
		}
		for _, unique := range row.Unique {
			require.NotEmpty(t, unique.Code, "%s: what does AWS call a second %v?", typ, unique.Paths)
		}
	}
}

// unmodelled are types that rows may refer to although only given resources can be of them.
var unmodelled = []string{"aws:ec2/instance:Instance", "aws:ec2/networkInterface:NetworkInterface", "aws:ec2/vpnGateway:VpnGateway",
	"aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "aws:ec2transitgateway/transitGateway:TransitGateway",
	"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"}

func TestEveryRulesPatternCompiles(t *testing.T) {
	t.Parallel()
	for typ, row := range table {
		for _, limit := range row.Limits {
			require.NotPanics(t, func() { limit.Rule.wrong(resource.NewProperty("x")) }, "%s.%s", typ, limit.Path)
		}
	}
}
