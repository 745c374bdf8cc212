package jsontext_test

import (
	"errors"
	"math"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/components/internal/jsontext"
)

func settled(t *testing.T, output pulumi.Output) internals.UnsafeAwaitOutputResult {
	t.Helper()
	result, err := internals.UnsafeAwaitOutput(t.Context(), output)
	require.NoError(t, err)
	return result
}

func TestTheTextIsWhatPulumisOwnMarshallingGives(t *testing.T) {
	t.Parallel()
	known := pulumi.String("<&>\"é").ToStringOutput()
	for name, document := range map[string]pulumi.Input{
		"nothing":     pulumi.Map{},
		"constants":   pulumi.Map{"b": pulumi.Array{pulumi.Int(1), pulumi.Float64(0.5), pulumi.Bool(true), nil}, "a": pulumi.String("<&>")},
		"outputs":     pulumi.Map{"b": pulumi.Array{known, pulumi.Map{"c": known}}, "a": known},
		"other types": pulumi.Map{"b": pulumi.StringArray{known, pulumi.String("x")}, "a": pulumi.StringMap{"k": known}, "c": pulumi.StringPtr("p")},
		"one output":  known,
	} {
		require.Equal(t, settled(t, pulumi.JSONMarshal(document)).Value, settled(t, jsontext.Marshal(document)).Value, name)
	}
}

func TestSecretsStaySecretAndUnknownsUnknown(t *testing.T) {
	t.Parallel()
	hidden := settled(t, jsontext.Marshal(pulumi.Map{"a": pulumi.ToSecret(pulumi.String("s"))}))
	require.True(t, hidden.Secret)
	require.JSONEq(t, `{"a":"s"}`, hidden.Value.(string))
	unknown := settled(t, jsontext.Marshal(pulumi.Map{"a": pulumi.UnsafeUnknownOutput(nil), "b": pulumi.String("c")}))
	require.False(t, unknown.Known)
}

func TestWhatHasNoTextIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	failed := pulumi.String("").ToStringOutput().ApplyT(func(string) (string, error) { return "", broken })
	for _, document := range []pulumi.Input{
		pulumi.Map{"a": pulumi.Float64(math.NaN())},
		pulumi.Map{"a": pulumi.Float64(math.NaN()), "b": pulumi.String("c").ToStringOutput()},
		pulumi.Map{"a": failed},
	} {
		_, err := internals.UnsafeAwaitOutput(t.Context(), jsontext.Marshal(document))
		require.Error(t, err)
	}
}
