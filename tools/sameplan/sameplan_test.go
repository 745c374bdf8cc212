package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func plan(t *testing.T, resources string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"manifest":{},"resourcePlans":{`+resources+`}}`), 0o600))
	return file
}

func TestPlansWithTheSameStepsAreTheSameWhateverTheirValues(t *testing.T) {
	require.NoError(t, run([]string{
		plan(t, `"urn:a":{"steps":["update"],"state":{"name":"a-1f3c"},"seed":"AA=="},"urn:b":{"steps":["same"],"state":null}`),
		plan(t, `"urn:b":{"steps":["same"],"state":null},"urn:a":{"steps":["update"],"state":{"name":"a-77e0"},"seed":"BB=="}`),
	}))
}

func TestAStepThatDiffersOrIsMissingIsNamed(t *testing.T) {
	kept := plan(t, `"urn:db":{"steps":["same"]}`)
	replaced := plan(t, `"urn:db":{"steps":["create-replacement","replace","delete-replaced"]}`)
	updated := plan(t, `"urn:db":{"steps":["update"]}`)
	more := plan(t, `"urn:db":{"steps":["same"]},"urn:new":{"steps":["create"]}`)
	require.ErrorContains(t, run([]string{kept, replaced}), "urn:db: [same] in one plan, [create-replacement replace delete-replaced]")
	require.ErrorContains(t, run([]string{kept, updated}), "urn:db: [same] in one plan, [update] in the other")
	require.ErrorContains(t, run([]string{kept, more}), "urn:new: [] in one plan, [create] in the other")
	require.ErrorContains(t, run([]string{more, kept}), "plan again")
}

func TestWhatIsNoPlanIsNotTheSameAsAnything(t *testing.T) {
	empty := plan(t, "")
	require.ErrorContains(t, run([]string{empty, empty}), "has no resources")
	require.ErrorContains(t, run([]string{filepath.Join(t.TempDir(), "none"), empty}), "reading the plan")
	require.ErrorContains(t, run([]string{empty}), "want two plans")
}
