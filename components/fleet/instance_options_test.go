package fleet

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// chooser is a function that chooses who goes first.
const chooser = "arn:aws:lambda:eu-central-1:111111111111:function:choose:live"

func TestTheGroupShrinksInTheOrderThatIsAskedFor(t *testing.T) {
	rec, _ := run(t, nil)
	require.Equal(t, []string{"OldestLaunchTemplate", "OldestInstance"}, only(t, rec, tGroup).In().Texts("terminationPolicies"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.TerminationPolicies = []string{chooser, "NewestInstance"} })
	require.Equal(t, []string{chooser, "NewestInstance"}, only(t, rec, tGroup).In().Texts("terminationPolicies"))
}

func TestARolloutReplacesServersThatAreProtectedFromScaleIn(t *testing.T) {
	rec, _ := run(t, nil)
	require.False(t, only(t, rec, tGroup).In().Bool("protectFromScaleIn"))
	rec, _ = run(t, func(a *HashFleetArgs) { a.Instances.ScaleInProtection = true })
	group := only(t, rec, tGroup).In()
	require.True(t, group.Bool("protectFromScaleIn"))
	require.Equal(t, "Refresh", group.Text("instanceRefresh.preferences.scaleInProtectedInstances"))
	steps := stepsOf(t, rec, "hash-revert")
	require.Contains(t, fmt.Sprint(steps[len(steps)-1].Inputs["Preferences"]), "ScaleInProtectedInstances:Refresh")
}
