package main

import (
	"fmt"
	"maps"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// flat is a program that registers the same resources as a deployed stack, with the same inputs and the same references
// between them, but without components: what is left of the cost when the library is taken away.
type flat struct {
	// short registers on short stacks, as the components do. An ordinary program does not, and its state holds its stacks.
	short     bool
	providers []apitype.ResourceV3
	resources []apitype.ResourceV3
	byURN     map[string]apitype.ResourceV3
}

// raw is a resource of any type. Its outputs are those that other resources refer to.
type raw struct {
	pulumi.CustomResourceState
	Arn                  pulumi.AnyOutput `pulumi:"arn"`
	ArnSuffix            pulumi.AnyOutput `pulumi:"arnSuffix"`
	Bucket               pulumi.AnyOutput `pulumi:"bucket"`
	BucketDomain         pulumi.AnyOutput `pulumi:"bucketDomainName"`
	BucketRegionalDomain pulumi.AnyOutput `pulumi:"bucketRegionalDomainName"`
	DefaultNetworkACL    pulumi.AnyOutput `pulumi:"defaultNetworkAclId"`
	DefaultRouteTable    pulumi.AnyOutput `pulumi:"defaultRouteTableId"`
	DefaultSecurityGroup pulumi.AnyOutput `pulumi:"defaultSecurityGroupId"`
	DNSName              pulumi.AnyOutput `pulumi:"dnsName"`
	DomainName           pulumi.AnyOutput `pulumi:"domainName"`
	Etag                 pulumi.AnyOutput `pulumi:"etag"`
	KeyID                pulumi.AnyOutput `pulumi:"keyId"`
	LatestVersion        pulumi.AnyOutput `pulumi:"latestVersion"`
	Name                 pulumi.AnyOutput `pulumi:"name"`
	OwnerID              pulumi.AnyOutput `pulumi:"ownerId"`
	PrefixListID         pulumi.AnyOutput `pulumi:"prefixListId"`
	URL                  pulumi.AnyOutput `pulumi:"url"`
	ZoneID               pulumi.AnyOutput `pulumi:"zoneId"`
}

func (r *raw) output(key string) (pulumi.Output, bool) {
	known := map[string]pulumi.Output{
		"id": r.ID(), "arn": r.Arn, "arnSuffix": r.ArnSuffix, "bucket": r.Bucket, "bucketDomainName": r.BucketDomain,
		"bucketRegionalDomainName": r.BucketRegionalDomain, "defaultNetworkAclId": r.DefaultNetworkACL, "defaultRouteTableId": r.DefaultRouteTable,
		"defaultSecurityGroupId": r.DefaultSecurityGroup, "dnsName": r.DNSName, "domainName": r.DomainName, "etag": r.Etag,
		"keyId": r.KeyID, "latestVersion": r.LatestVersion, "name": r.Name, "ownerId": r.OwnerID,
		"prefixListId": r.PrefixListID, "url": r.URL, "zoneId": r.ZoneID,
	}
	found, ok := known[key]
	return found, ok
}

// flatten reads the state of a deployed stack.
func flatten(stateFile string) (*flat, error) {
	resources, _, err := readState(stateFile)
	if err != nil {
		return nil, err
	}
	f := &flat{byURN: map[string]apitype.ResourceV3{}}
	for _, r := range resources {
		f.byURN[string(r.URN)] = r
		switch {
		case strings.HasPrefix(string(r.Type), "pulumi:providers:"):
			f.providers = append(f.providers, r)
		case r.Custom:
			f.resources = append(f.resources, r)
		}
	}
	return f, nil
}

// program registers everything.
func (f *flat) program(ctx *pulumi.Context) error {
	return f.times(len(f.resources))(ctx)
}

// times registers everything over and over, each time under other names, until there are so many resources.
func (f *flat) times(count int) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		providers, err := f.registerProviders(ctx)
		if err != nil {
			return err
		}
		for done := 0; done < count; done += len(f.resources) {
			suffix := ""
			if done > 0 {
				suffix = fmt.Sprintf("-%d", done)
			}
			if err := f.registerAll(ctx, f.resources[:min(len(f.resources), count-done)], providers, suffix); err != nil {
				return err
			}
		}
		return nil
	}
}

func (f *flat) registerProviders(ctx *pulumi.Context) (map[string]pulumi.ProviderResource, error) {
	providers := map[string]pulumi.ProviderResource{}
	for _, p := range f.providers {
		provider := &struct{ pulumi.ProviderResourceState }{}
		inputs := pulumi.Map{}
		for key, value := range p.Inputs {
			inputs[key] = pulumi.ToOutput(value)
		}
		if err := ctx.RegisterResource(string(p.Type), p.URN.Name(), inputs, provider); err != nil {
			return nil, err
		}
		providers[string(p.URN)] = provider
	}
	return providers, nil
}

// registerAll takes the resources as they stand in the state, in an order in which each finds what it refers to.
func (f *flat) registerAll(ctx *pulumi.Context, resources []apitype.ResourceV3, providers map[string]pulumi.ProviderResource, suffix string) error {
	made := map[string]*raw{}
	for _, r := range resources {
		resource := &raw{}
		options := f.options(r, made)
		urn := r.Provider[:strings.LastIndex(r.Provider, "::")]
		options = append(options, pulumi.Provider(providers[urn]))
		inputs := f.inputs(r, made)
		if err := f.register(func() error {
			return ctx.RegisterResource(string(r.Type), r.URN.Name()+suffix, inputs, resource, options...)
		}); err != nil {
			return err
		}
		made[string(r.URN)] = resource
	}
	return nil
}

func (f *flat) register(one func() error) error {
	if !f.short {
		return one()
	}
	ended := make(chan error)
	go func() { ended <- one() }()
	return <-ended
}

// options keep the order that no input gives: also where an input was made to wait for a resource of which it holds nothing.
func (f *flat) options(r apitype.ResourceV3, made map[string]*raw) []pulumi.ResourceOption {
	byInput := map[string]bool{}
	for key := range r.PropertyDependencies {
		rest := fmt.Sprint(r.Inputs[string(key)])
		for _, each := range f.referencesOf(r, string(key), made) {
			byInput[each.urn] = byInput[each.urn] || strings.Contains(rest, each.text)
			rest = strings.ReplaceAll(rest, each.text, "\x00")
		}
	}
	var explicit []pulumi.Resource
	for _, urn := range r.Dependencies {
		if resource := made[string(urn)]; resource != nil && !byInput[string(urn)] {
			explicit = append(explicit, resource)
		}
	}
	return []pulumi.ResourceOption{pulumi.DependsOn(explicit), pulumi.IgnoreChanges(r.IgnoreChanges), pulumi.Protect(r.Protect)}
}

// inputs are the resource's inputs without what the provider filled in, references restored.
func (f *flat) inputs(r apitype.ResourceV3, made map[string]*raw) pulumi.Map {
	filled := map[string]bool{"__defaults": true}
	if names, ok := r.Inputs["__defaults"].([]any); ok {
		for _, name := range names {
			filled[fmt.Sprint(name)] = true
		}
	}
	inputs := pulumi.Map{}
	for key, value := range r.Inputs {
		if filled[key] {
			continue
		}
		inputs[key] = rebuilt(value, f.referencesOf(r, key, made))
	}
	return inputs
}

// reference is an output of a resource and the text it had in the state.
type reference struct {
	urn, text string
	output    pulumi.Output
}

// referencesOf are what an input may hold, the longest first: an ARN holds an account's number.
func (f *flat) referencesOf(r apitype.ResourceV3, key string, made map[string]*raw) []reference {
	var references []reference
	for _, urn := range r.PropertyDependencies[pulumiKey(key)] {
		references = append(references, f.references(string(urn), made[string(urn)])...)
	}
	sort.SliceStable(references, func(i, j int) bool { return len(references[i].text) > len(references[j].text) })
	return references
}

func (f *flat) references(urn string, resource *raw) []reference {
	if resource == nil {
		return nil
	}
	state := f.byURN[urn]
	values := maps.Clone(state.Outputs)
	values["id"] = string(state.ID)
	var found []reference
	for key, value := range values {
		output, ok := resource.output(key)
		if text := fmt.Sprint(value); ok && (len(text) > 5 || key == "latestVersion") {
			found = append(found, reference{urn: urn, text: text, output: output})
		}
	}
	return found
}

// rebuilt is a value of the state as an input of a program.
func rebuilt(value any, references []reference) pulumi.Input {
	switch v := value.(type) {
	case map[string]any:
		if v["4dabf18193072939515e22adb298388d"] != nil { // The engine's mark of a secret.
			return pulumi.ToSecret(pulumi.String(harness.SimulatedSecret))
		}
		object := pulumi.Map{}
		for key, each := range v {
			object[key] = rebuilt(each, references)
		}
		return object
	case []any:
		list := pulumi.Array{}
		for _, each := range v {
			list = append(list, rebuilt(each, references))
		}
		return list
	case string:
		return text(v, references)
	}
	return pulumi.ToOutput(value)
}

// text restores the references inside a text.
func text(whole string, references []reference) pulumi.Input {
	rest := whole
	var used []reference
	for _, r := range references {
		if strings.Contains(rest, r.text) {
			rest = strings.ReplaceAll(rest, r.text, "\x00")
			used = append(used, r)
		}
	}
	if len(used) == 0 {
		return pulumi.String(whole)
	}
	outputs := make([]any, len(used))
	for i, r := range used {
		outputs[i] = r.output
	}
	return pulumi.All(outputs...).ApplyT(func(now []any) string {
		restored := whole
		for i, value := range now {
			restored = strings.ReplaceAll(restored, used[i].text, fmt.Sprint(value))
		}
		return restored
	}).(pulumi.StringOutput)
}
