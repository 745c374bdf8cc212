package policy

import (
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	"google.golang.org/protobuf/types/known/structpb"
)

// redact is the last line: rules show values through Value.Show only, and whatever slips through is struck out here. It
// looks for every secret that the host gave, in the configuration and in the resources.
func redact(g *Graph, report *Report) {
	if len(report.Findings) == 0 {
		return
	}
	secrets := g.Secrets()
	if len(secrets) == 0 {
		return
	}
	pairs := make([]string, 0, 2*len(secrets))
	for _, secret := range secrets {
		pairs = append(pairs, secret, "[secret]")
	}
	strike := strings.NewReplacer(pairs...)
	for i := range report.Findings {
		f := &report.Findings[i]
		for _, text := range []*string{&f.Actual, &f.Required, &f.Why, &f.Fix, &f.Path} {
			*text = strike.Replace(*text)
		}
		for j := range f.Evidence {
			f.Evidence[j].Note = strike.Replace(f.Evidence[j].Note)
		}
	}
}

// shortestSecret is the length below which a secret is no use and its text may be part of any word.
const shortestSecret = 8

// Secrets are the texts of all secrets that the host gave in the clear, longest first: the configuration's, and those that
// are marked in resources.
func (g *Graph) Secrets() []string {
	return Memo(g, &secretsKey, func(g *Graph) []string {
		seen := map[string]bool{}
		for _, key := range g.Stack.SecretKeys {
			seen[g.Stack.Config[key]] = true
		}
		for _, n := range g.nodes {
			secretTexts(n.root, false, seen)
		}
		var found []string
		for text := range seen {
			if len(text) >= shortestSecret {
				found = append(found, text)
			}
		}
		sort.Slice(found, func(i, j int) bool {
			if len(found[i]) != len(found[j]) {
				return len(found[i]) > len(found[j])
			}
			return found[i] < found[j]
		})
		return found
	})
}

var secretsKey byte

// secretTexts adds the texts of secrets inside the value. It reads every value of the stack, so it reads them as they are on
// the wire and only has those that are marked unwrapped.
func secretTexts(pb *structpb.Value, secret bool, found map[string]bool) {
	switch kind := pb.GetKind().(type) {
	case *structpb.Value_StringValue:
		if secret {
			found[kind.StringValue] = true
		}
	case *structpb.Value_ListValue:
		for _, item := range kind.ListValue.GetValues() {
			secretTexts(item, secret, found)
		}
	case *structpb.Value_StructValue:
		fields := kind.StructValue.GetFields()
		if fields[sig.Key] != nil {
			inside := of(nil, spot{}, pb, secret)
			if inside.pb != pb {
				secretTexts(inside.pb, inside.secret, found)
				return
			}
		}
		for key, item := range fields {
			if !strings.HasPrefix(key, "__") {
				secretTexts(item, secret, found)
			}
		}
	}
}
