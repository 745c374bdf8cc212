package cloudsim

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

func TestEveryRowHasItsInputs(t *testing.T) {
	t.Parallel()
	for _, typ := range Types() {
		require.Contains(t, knownInputs(), typ, "write the table again: go run ./tools/inputs")
	}
}

// leads reports whether a row's path names an input, so that a limit on a misspelt path cannot sit there without effect.
func leads(name, path string) bool {
	key, rest, deeper := strings.Cut(path, ".")
	property, known := knownInputs()[name][key]
	if !known || !deeper {
		return known
	}
	kind := strings.TrimLeft(property.kind, "[]{}")
	if object, ok := strings.CutPrefix(kind, "@"); ok {
		return leads(object, rest)
	}
	return strings.HasPrefix(property.kind, "{}") || property.kind == "*"
}

func TestEveryPathOfARowIsAnInputOrAnOutput(t *testing.T) {
	t.Parallel()
	for typ, row := range table {
		var paths []string
		for _, ref := range row.Refs {
			paths = append(paths, ref.Path)
		}
		for _, limit := range row.Limits {
			paths = append(paths, limit.Path)
		}
		for name := range row.Defaults {
			paths = append(paths, name)
		}
		paths = append(append(paths, row.Required...), row.Replace...)
		for _, path := range paths {
			require.True(t, leads(typ, path), "%s has no input %s", typ, path)
		}
		for _, unique := range row.Unique {
			for _, path := range unique.Paths {
				_, computed := row.Computed[path]
				require.True(t, computed || leads(typ, path), "%s has no property %s", typ, path)
			}
		}
	}
}

func TestWhatATypeDoesNotTakeIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		typ     string
		inputs  map[string]any
		refused string
	}{
		"a good one":         {vpcType, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": "true"}, ""},
		"a misspelt one":     {vpcType, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsHostname": true}, `enableDnsHostname: Invalid or unknown key. Examine values at 'enableDnsHostname'. Did you mean "enableDnsHostnames"?`},
		"a bool of words":    {vpcType, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": "yes"}, `a bool is required, got string "yes"`},
		"a list for text":    {vpcType, map[string]any{"cidrBlock": []string{"10.0.0.0/16"}}, "a string is required"},
		"text for a list":    {templateType, map[string]any{"vpcSecurityGroupIds": "sg-1"}, "a list is required"},
		"text for a map":     {vpcType, map[string]any{"cidrBlock": "10.0.0.0/16", "tags": "a"}, "a map is required"},
		"text for a number":  {alarmType, map[string]any{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": "three"}, "a whole number is required"},
		"half a period":      {alarmType, map[string]any{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1.5}, "a whole number is required"},
		"nested, good":       {templateType, map[string]any{"metadataOptions": map[string]any{"httpTokens": "required"}}, ""},
		"nested, misspelt":   {templateType, map[string]any{"metadataOptions": map[string]any{"httpToken": "required"}}, `metadataOptions.httpToken: Invalid or unknown key`},
		"nested in a list":   {templateType, map[string]any{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"size": 8}}}}, `blockDeviceMappings[0].ebs.size: Invalid or unknown key`},
		"nested, absent":     {alarmType, map[string]any{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "metricQueries": []any{map[string]any{"expression": "1"}}}, `The argument "id" is required`},
		"absent":             {"aws:autoscaling/lifecycleHook:LifecycleHook", map[string]any{"lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}, `missing required property "autoscalingGroupName"`},
		"text for an object": {templateType, map[string]any{"metadataOptions": "required"}, "an object is required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inputs := resource.PropertyMap{}
			for k, v := range c.inputs {
				inputs[resource.PropertyKey(k)] = propertyOf(v)
			}
			_, failures := newModel().check(opRequest{urn: "urn:pulumi:dev::p::" + c.typ + "::x", typ: c.typ, name: "x",
				at: place{"111122223333", "eu-west-1"}, inputs: inputs, preview: true})
			var words []string
			for _, failure := range failures {
				words = append(words, failure.Error())
			}
			if c.refused == "" {
				require.Empty(t, words)
				return
			}
			require.Contains(t, strings.Join(words, "\n"), c.refused)
		})
	}
}
