package cloudsim

import (
	"encoding/json"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// settings are the provider arguments that decide where its resources live.
type settings struct {
	region    string
	allowed   []string
	forbidden []string
	tags      map[string]string
}

// settingsFrom reads provider arguments. Lists and objects arrive as JSON text, which is how providers are configured.
func settingsFrom(args resource.PropertyMap) settings {
	p := Props{unpacked(args)}
	s := settings{region: p.Text("region"), allowed: p.Texts("allowedAccountIds"), forbidden: p.Texts("forbiddenAccountIds"),
		tags: map[string]string{}}
	for _, object := range p.Objects("defaultTags.tags") {
		for k, v := range object.Map {
			s.tags[string(k)] = text(v)
		}
	}
	return s
}

func unpacked(args resource.PropertyMap) resource.PropertyMap {
	out := maps.Clone(args)
	for k, v := range args {
		var value any
		v = plain(v)
		if !v.IsString() || k == "region" || json.Unmarshal([]byte(v.StringValue()), &value) != nil {
			continue
		}
		out[k] = resource.NewPropertyValue(value)
	}
	return out
}
