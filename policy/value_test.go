package policy_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
)

// node is a resource of a type with the properties, as the SDK puts them on the wire.
func node(t *testing.T, typ string, properties resource.PropertyMap) *policy.Node {
	t.Helper()
	wire, err := plugin.MarshalProperties(properties, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepOutputValues: true})
	require.NoError(t, err)
	g := policy.NewGraph(policy.Stack{Name: "prod", Project: "p"}, []policy.Resource{{URN: "urn:pulumi:prod::p::" + typ + "::r", Type: typ, Name: "r", Properties: wire}})
	return g.Nodes()[0]
}

func TestValuesAreKnownAbsentOrUnknown(t *testing.T) {
	t.Parallel()
	n := node(t, "test:index:T", resource.PropertyMap{
		"text":  resource.NewProperty("a"),
		"null":  resource.NewNullProperty(),
		"later": resource.MakeComputed(resource.NewProperty("")),
		"list":  resource.NewProperty([]resource.PropertyValue{resource.NewProperty("x"), resource.MakeComputed(resource.NewProperty(""))}),
		"given": resource.NewProperty(resource.Output{Element: resource.NewProperty("known output"), Known: true}),
		"asked": resource.NewProperty(resource.Output{Element: resource.NewNullProperty(), Known: false}),
	})
	require.True(t, n.Get("text").Is("a"))
	require.True(t, n.Get("null").Absent())
	require.True(t, n.Get("nothing").Absent())
	require.True(t, n.Get("nothing.inside[3]").Absent())
	require.True(t, n.Get("later").Unknown())
	require.True(t, n.Get("later.inside").Unknown(), "what is inside an unknown value is unknown")
	require.True(t, n.Get("list[0]").Is("x"))
	require.True(t, n.Get("list[1]").Unknown())
	require.True(t, n.Get("list[7]").Absent())
	require.Len(t, n.Get("list").Unknowns(), 1)
	require.True(t, n.Get("given").Is("known output"))
	require.True(t, n.Get("asked").Unknown())
}

func TestEveryKindOfUnknownOfTheSDKIsSeen(t *testing.T) {
	t.Parallel()
	for _, sentinel := range []string{
		plugin.UnknownStringValue, plugin.UnknownBoolValue, plugin.UnknownNumberValue, plugin.UnknownArrayValue, plugin.UnknownAssetValue,
		plugin.UnknownArchiveValue, plugin.UnknownObjectValue,
	} {
		properties := &structpb.Struct{Fields: map[string]*structpb.Value{"v": structpb.NewStringValue(sentinel)}}
		g := policy.NewGraph(policy.Stack{}, []policy.Resource{{URN: "urn:pulumi:s::p::t:i:T::r", Type: "t:i:T", Properties: properties}})
		require.True(t, g.Nodes()[0].Get("v").Unknown(), sentinel)
	}
}

func TestASecretIsReadAndNeverShown(t *testing.T) {
	t.Parallel()
	n := node(t, "test:index:T", resource.PropertyMap{
		"password": resource.MakeSecret(resource.NewProperty("correct horse")),
		"env": resource.NewProperty(resource.PropertyMap{
			"plain": resource.NewProperty("seen"), "TOKEN": resource.MakeSecret(resource.NewProperty("battery staple")),
		}),
		"policy": resource.MakeSecret(resource.NewProperty(`{"Statement": [{"Sid": "inside"}]}`)),
	})
	require.True(t, n.Get("password").Secret())
	require.True(t, n.Get("password").Is("correct horse"))
	require.Equal(t, "[secret]", n.Get("password").Show())
	require.NotContains(t, n.Get("env").Show(), "battery")
	require.Contains(t, n.Get("env").Show(), "seen")
	sid := n.Get("policy").JSON().Get("Statement[0].Sid")
	require.True(t, sid.Is("inside"))
	require.True(t, sid.Secret(), "a part of a secret text is secret")
	require.Equal(t, "[secret]", sid.Show())
}

func TestASecretOfAStateFileThatCannotBeReadIsUnknownAndSecret(t *testing.T) {
	t.Parallel()
	const state = `{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::p::t:i:T::r", "type": "t:i:T", "custom": true, "outputs": {
		"closed": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"},
		"open": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "\"shown on request\""}}}]}}`
	stack, resources, err := policy.ReadState([]byte(state))
	require.NoError(t, err)
	require.Equal(t, "dev", stack.Environment)
	n := policy.NewGraph(stack, resources).Nodes()[0]
	require.True(t, n.Get("closed").Unknown())
	require.True(t, n.Get("closed").Secret())
	require.True(t, n.Get("open").Is("shown on request"))
	require.True(t, n.Get("open").Secret())
}

const defaulted = "test:index:Defaulted"

var _ = policy.Default(defaulted, map[string]any{"retention": 24, "options.tokens": "optional"})

func TestAnAbsentValueHasTheProvidersDefault(t *testing.T) {
	t.Parallel()
	n := node(t, defaulted, resource.PropertyMap{})
	require.InDelta(t, 24, n.Get("retention").Number(), 0)
	require.True(t, n.Get("retention").Defaulted())
	require.Contains(t, n.Get("retention").Show(), "default")
	require.True(t, n.Get("options.tokens").Is("optional"), "also inside an object that is not there")
	given := node(t, defaulted, resource.PropertyMap{"retention": resource.NewProperty(168.0)})
	require.False(t, given.Get("retention").Defaulted())
}
