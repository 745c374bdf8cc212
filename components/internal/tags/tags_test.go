package tags_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/tags"
)

func TestMergeNamesTheChildAndLeavesTheCallersTagsAlone(t *testing.T) {
	t.Parallel()
	given := map[string]string{"owner": "platform"}
	require.Equal(t, pulumi.StringMap{
		"owner": pulumi.String("platform"), "Name": pulumi.String("web-vpc"), "holdfast:component": pulumi.String("web"),
	}, tags.Merge("web", "web-vpc", given))
	require.Equal(t, map[string]string{"owner": "platform"}, given)
}

func TestPlainIsSortedByKey(t *testing.T) {
	t.Parallel()
	require.Equal(t, [][2]string{{"Name", "web-group"}, {"holdfast:component", "web"}, {"owner", "platform"}},
		tags.Plain("web", "web-group", map[string]string{"owner": "platform"}))
}

func TestCheckReportsEveryTagThatAWSOrTheLibraryRefuses(t *testing.T) {
	t.Parallel()
	problems := fielderror.For("Network")
	tags.Check(problems, map[string]string{
		"owner": "platform", "Name": "mine", "holdfast:component": "mine", "aws:x": "y",
		strings.Repeat("k", 129): "v", "long": strings.Repeat("v", 257),
	})
	var fields []string
	for _, problem := range fielderror.All(problems.Err()) {
		fields = append(fields, problem.Field)
	}
	require.ElementsMatch(t, []string{
		"Tags[Name]", "Tags[holdfast:component]", "Tags[aws:x]", "Tags[" + strings.Repeat("k", 129) + "]", "Tags[long]",
	}, fields)
}

func TestCheckLeavesRoomForTheLibrarysOwnTags(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 48 {
		many[fmt.Sprintf("k%d", i)] = "v"
	}
	problems := fielderror.For("Network")
	tags.Check(problems, many)
	require.NoError(t, problems.Err())
	many["one-more"] = "v"
	tags.Check(problems, many)
	require.ErrorContains(t, problems.Err(), "49 tags")
}

func TestKeysThatInstancesCannotShowAreRefusedForThemAlone(t *testing.T) {
	t.Parallel()
	given := map[string]string{
		"owner": "platform", "cost-centre": "a/b c", "app:tier": "web", "k+=.,_@1": "v",
		"team/name": "v", "cost centre": "v", ".": "v", "..": "v", "_index": "v", "größe": "v",
	}
	for name, check := range map[string]struct {
		run     func(*fielderror.Errors, map[string]string)
		refused []string
	}{
		"anything":  {tags.Check, nil},
		"instances": {tags.CheckForInstances, []string{"Tags[team/name]", "Tags[cost centre]", "Tags[.]", "Tags[..]", "Tags[_index]", "Tags[größe]"}},
	} {
		problems := fielderror.For("HashFleet")
		check.run(problems, given)
		var fields []string
		for _, problem := range fielderror.All(problems.Err()) {
			fields = append(fields, problem.Field)
		}
		require.ElementsMatch(t, check.refused, fields, name)
	}
}

func TestTheLibrarysOwnTagsAreShownByInstances(t *testing.T) {
	t.Parallel()
	for _, pair := range tags.Plain("web", "web-group", nil) {
		problems := fielderror.For("HashFleet")
		tags.CheckForInstances(problems, map[string]string{pair[0] + "2": pair[1]})
		require.NoError(t, problems.Err())
	}
}
