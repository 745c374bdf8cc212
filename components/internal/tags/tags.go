// Package tags merges the tags of a component into those of its children, by one rule.
package tags

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// The limits of a tag. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
const (
	maxTags     = 50
	maxKey      = 128
	maxValue    = 256
	nameTag     = "Name"
	componentOf = "holdfast:component"
)

// Merge returns the component's tags with the child's Name tag and the component's own mark. The caller's tags win
// over nothing of ours: the two keys are reserved and refused by Check.
func Merge(component, child string, tags map[string]string) pulumi.StringMap {
	merged := pulumi.StringMap{}
	for key, value := range tags {
		merged[key] = pulumi.String(value)
	}
	merged[nameTag] = pulumi.String(child)
	merged[componentOf] = pulumi.String(component)
	return merged
}

// Plain is Merge without Pulumi types, sorted by key, for children that take a list of key, value pairs.
func Plain(component, child string, tags map[string]string) [][2]string {
	all := map[string]string{nameTag: child, componentOf: component}
	maps.Copy(all, tags)
	pairs := make([][2]string, 0, len(all))
	for key, value := range all {
		pairs = append(pairs, [2]string{key, value})
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i][0] < pairs[j][0] })
	return pairs
}

// Check records what AWS or this library refuses: reserved keys, lengths, count.
func Check(problems *fielderror.Errors, tags map[string]string) {
	problems.Require(len(tags) <= maxTags-2, "Tags", fmt.Sprintf("%d tags", len(tags)), "at most 48 (AWS allows 50, two are this library's)", "remove some")
	for _, key := range sorted(tags) {
		field := fmt.Sprintf("Tags[%s]", key)
		problems.Require(key != nameTag && key != componentOf, field, key, "a key other than Name and holdfast:component, which every child gets", "remove it")
		problems.Require(key != "" && len(key) <= maxKey, field, fmt.Sprintf("%d characters", len(key)), "a key of 1 to 128 characters", "shorten the key")
		problems.Require(len(key) < 4 || key[:4] != "aws:", field, key, "a key that does not begin with aws:, which AWS reserves", "rename the key")
		problems.Require(len(tags[key]) <= maxValue, field, fmt.Sprintf("%d characters", len(tags[key])), "a value of at most 256 characters", "shorten the value")
	}
}

// shown is what the instance metadata service can put into a path. Of the characters that EC2 takes in a key, it leaves
// out the space and the slash, and an instance that is to show such a tag is not launched; three names it uses itself.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
var (
	shown    = regexp.MustCompile(`^[a-zA-Z0-9+\-=.,_:@]+$`)
	notShown = []string{".", "..", "_index"}
)

// CheckForInstances is Check, and records which keys instances cannot show in their metadata, for what launches instances
// with InstanceMetadataTags enabled: each such key would make every launch fail.
func CheckForInstances(problems *fielderror.Errors, tags map[string]string) {
	Check(problems, tags)
	for _, key := range sorted(tags) {
		problems.Require(key == "" || shown.MatchString(key) && !slices.Contains(notShown, key), fmt.Sprintf("Tags[%s]", key), key,
			"a key of letters, digits and + - = . , _ : @ that is not \".\", \"..\" or \"_index\", because instances show their tags in their metadata",
			"write a hyphen or colon instead of spaces and slashes")
	}
}

func sorted(tags map[string]string) []string {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
