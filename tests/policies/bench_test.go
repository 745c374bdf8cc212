package policies_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/host"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// copies is prod over and over, every copy with ids, ARNs and names of its own, until there are so many resources.
func copies(b *testing.B, count int) (policy.Stack, []policy.Resource) {
	b.Helper()
	made, err := record("prod")
	require.NoError(b, err)
	if count == 0 {
		return made.stack, made.resources
	}
	texts := identities(made.resources)
	var all []policy.Resource
	for i := 0; len(all) < count; i++ {
		for _, r := range renamed(b, made.resources, texts, i) {
			if len(all) < count {
				all = append(all, r)
			}
		}
	}
	return made.stack, all
}

// identities are the texts by which the resources are told apart, longest first.
func identities(resources []policy.Resource) []string {
	seen := map[string]bool{}
	for _, r := range resources {
		for _, text := range []string{r.URN, r.ID, r.Properties.GetFields()["arn"].GetStringValue(), r.Properties.GetFields()["name"].GetStringValue()} {
			if len(text) > 6 && !strings.HasPrefix(r.Type, "pulumi:") {
				seen[text] = true
			}
		}
	}
	var texts []string
	for text := range seen {
		texts = append(texts, text)
	}
	sort.Slice(texts, func(i, j int) bool {
		return len(texts[i]) > len(texts[j]) || len(texts[i]) == len(texts[j]) && texts[i] < texts[j]
	})
	return texts
}

func renamed(b *testing.B, resources []policy.Resource, texts []string, copied int) []policy.Resource {
	b.Helper()
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, fmt.Sprintf("%s-%d", text, copied))
	}
	rename := strings.NewReplacer(pairs...)
	var out []policy.Resource
	for _, r := range resources {
		text, err := json.Marshal(r.Properties)
		require.NoError(b, err)
		r.Properties = &structpb.Struct{}
		require.NoError(b, r.Properties.UnmarshalJSON([]byte(rename.Replace(string(text)))))
		r.URN, r.ID, r.Parent, r.Provider = rename.Replace(r.URN), rename.Replace(r.ID), rename.Replace(r.Parent), rename.Replace(r.Provider)
		r.Dependencies = renamedAll(r.Dependencies, rename)
		dependencies := map[string][]string{}
		for key, urns := range r.PropertyDependencies {
			dependencies[key] = renamedAll(urns, rename)
		}
		r.PropertyDependencies = dependencies
		out = append(out, r)
	}
	return out
}

func renamedAll(texts []string, rename *strings.Replacer) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = rename.Replace(text)
	}
	return out
}

// request is the stack call as it travels.
func request(b *testing.B, resources []policy.Resource) []byte {
	b.Helper()
	providers := map[string]policy.Resource{}
	for _, r := range resources {
		providers[r.URN] = r
	}
	call := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range resources {
		wire := &pulumirpc.AnalyzerResource{
			Type: r.Type, Properties: r.Properties, Urn: r.URN, Name: r.Name, Parent: r.Parent, Dependencies: r.Dependencies,
			Options: &pulumirpc.AnalyzerResourceOptions{Protect: r.Protect}, PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{},
		}
		for key, urns := range r.PropertyDependencies {
			wire.PropertyDependencies[key] = &pulumirpc.AnalyzerPropertyDependencies{Urns: urns}
		}
		if urn, _, found := strings.Cut(r.Provider, "::"+providers[r.Provider].ID); found && providers[urn].URN != "" {
			p := providers[urn]
			wire.Provider = &pulumirpc.AnalyzerProviderResource{Type: p.Type, Properties: p.Properties, Urn: p.URN, Name: p.Name}
		}
		call.Resources = append(call.Resources, wire)
	}
	encoded, err := proto.Marshal(call)
	require.NoError(b, err)
	return encoded
}

// BenchmarkStackCall is the engine's call for the whole stack: decoding the message, building the graph, all rules, the answer.
func BenchmarkStackCall(b *testing.B) {
	for _, count := range []int{1_000, 10_000, 50_000} {
		b.Run(fmt.Sprintf("resources=%d", count), func(b *testing.B) {
			_, resources := copies(b, count)
			encoded := request(b, resources)
			server := host.NewServer(rules.Pack(), func() time.Time { return policytest.Day })
			b.ReportMetric(float64(len(rules.All())), "rules")
			b.ReportAllocs()
			for b.Loop() {
				var call pulumirpc.AnalyzeStackRequest
				require.NoError(b, proto.Unmarshal(encoded, &call))
				_, err := server.AnalyzeStack(b.Context(), &call)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(count), "µs/resource")
		})
	}
}

// BenchmarkGraph is the same in a process that has the resources already, as unit tests and state files do.
func BenchmarkGraph(b *testing.B) {
	for _, count := range []int{1_000, 10_000, 50_000} {
		b.Run(fmt.Sprintf("resources=%d", count), func(b *testing.B) {
			stack, resources := copies(b, count)
			b.ReportAllocs()
			for b.Loop() {
				policy.Evaluate(policy.NewGraph(stack, resources), policy.Evaluation{Rules: rules.All(), Today: policytest.Day})
			}
		})
	}
}

// BenchmarkUnitTest is all rules over the real prod, as a unit test judges it.
func BenchmarkUnitTest(b *testing.B) {
	stack, resources := copies(b, 0)
	catalogue := rules.All()
	b.ReportMetric(float64(len(resources)), "resources")
	for b.Loop() {
		policy.Evaluate(policy.NewGraph(stack, resources), policy.Evaluation{Rules: catalogue, Today: policytest.Day})
	}
}

// BenchmarkResourceCall is the handler of the engine's call for one resource, of a type with blocking rules and of one without.
func BenchmarkResourceCall(b *testing.B) {
	_, resources := copies(b, 0)
	server := host.NewServer(rules.Pack(), func() time.Time { return policytest.Day })
	var calls []*pulumirpc.AnalyzeRequest
	for _, r := range resources {
		calls = append(calls, &pulumirpc.AnalyzeRequest{Type: r.Type, Properties: r.Properties, Urn: r.URN, Name: r.Name})
	}
	var times []time.Duration
	for b.Loop() {
		for _, call := range calls {
			begun := time.Now()
			_, err := server.Analyze(b.Context(), call)
			times = append(times, time.Since(begun))
			require.NoError(b, err)
		}
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds()), "p99-ns")
}
