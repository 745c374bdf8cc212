package generate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const example = `// Package pond keeps ducks. It refuses geese.
package pond

const page = "pond.md#"

const token = "holdfast:index:Pond"

// PondArgs says what a pond is made of.
type PondArgs struct {
	// Depth in metres, up to 3. Default: 1.5. Deeper ponds freeze later.
	Depth float64
	// Owner answers for it. Required, unless it is wild.
	Owner string
	// Fish swim. Default, when it is deep: carp. Pike eat them.
	Fish string
	// Banks are its sides.
	Banks Banks
	hidden int
}

// Banks are the sides of a pond.
type Banks struct {
	// Slope | in per cent. Default: none
	Slope int
	Steep int
}

// Pond is a pond.
type Pond struct {
	// Level is where the water stands.
	Level string
}

// NewPond digs.
func NewPond(ctx int, name string, args *PondArgs, opts ...int) (*Pond, error) { return nil, nil }

// Ducks counts.
func (p *Pond) Ducks() int { return 0 }

func (p *Pond) table() []Alarm {
	return []Alarm{
		{Key: "dry", Severity: alarms.Critical, Runbook: "pond.md#dry", Summary: "no " + "water"},
		{Key: "ice-" + name(zone), Severity: c.severity, Runbook: page + "ice", Summary: fmt.Sprintf("%d of %s", n, p.size)},
		{Key: c.Key, Runbook: c.Runbook},
		{Key: prefix("frozen"), Severity: alarms.Warning, Runbook: "pond.md#frozen"},
	}
}

// Rain fills any pond.
func Rain() {}
`

func fixture(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "components", "pond")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pond.go"), []byte(example), 0o600))
	return root
}

func TestAPageHasEverythingThatTheCommentsSay(t *testing.T) {
	pages, err := Pages(fixture(t))
	require.NoError(t, err)
	for _, line := range []string{
		"Package pond keeps ducks. It refuses geese.",
		"Type token `holdfast:index:Pond`.",
		"| `Depth` | `float64` | 1.5 | Depth in metres, up to 3. Deeper ponds freeze later. |",
		"| `Owner` | `string` | required, unless it is wild | Owner answers for it. |",
		"| `Fish` | `string` | when it is deep: carp | Fish swim. Pike eat them. |",
		"### Banks",
		`| ` + "`Slope` | `int` | none | Slope \\| in per cent. |",
		"| `Steep` | `int` | none | See `Slope`. |",
		"| `Level` | `string` | Level is where the water stands. |",
		"| `Ducks() int` | Ducks counts. |",
		"| dry | Critical | no water | [dry](../runbooks/pond.md#dry) |",
		"| ice-{zone} | c.severity | {n} of {size} | [ice](../runbooks/pond.md#ice) |",
		"| `prefix(\"frozen\")` | Warning |  | [frozen](../runbooks/pond.md#frozen) |",
		"| `func Rain()` | Rain fills any pond. |",
	} {
		require.Contains(t, pages["pond.md"], line+"\n")
	}
	require.NotContains(t, pages["pond.md"], "hidden")
	require.NotContains(t, pages["pond.md"], "c.Runbook")
	require.Contains(t, pages["README.md"], "| [pond](pond.md) | Pond | Package pond keeps ducks. |")
}

func TestAnArgumentKnowsWhetherItOnlyGroupsOthers(t *testing.T) {
	p, err := Read(filepath.Join(fixture(t), "components", "pond"), "pond")
	require.NoError(t, err)
	nested := map[string]bool{}
	for _, a := range p.Arguments(p.Components[0]) {
		nested[a.Struct+"."+a.Name] = a.Nested
	}
	require.Equal(t, map[string]bool{
		"PondArgs.Depth": false, "PondArgs.Owner": false, "PondArgs.Fish": false, "PondArgs.Banks": true, "Banks.Slope": false, "Banks.Steep": false,
	}, nested)
}

func TestThePagesAreTheSameEveryTime(t *testing.T) {
	root := fixture(t)
	first, err := Pages(root)
	require.NoError(t, err)
	second, err := Pages(root)
	require.NoError(t, err)
	require.Equal(t, first, second)
}
