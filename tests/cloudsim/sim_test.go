package cloudsim_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// res registers a resource by its token, so that these tests compile without the large SDK packages.
func res(ctx *pulumi.Context, typ, name string, args pulumi.Map, opts ...pulumi.ResourceOption) (*pulumi.CustomResourceState, error) {
	var state pulumi.CustomResourceState
	if args == nil {
		args = pulumi.Map{}
	}
	return &state, ctx.RegisterResource(typ, name, args, &state, opts...)
}

func TestALogGroupIsNamedAsThePulumiProviderWouldNameIt(t *testing.T) {
	t.Parallel()
	rec, err := cloudsim.New(cloudsim.Account("111122223333"), cloudsim.Region("eu-west-1")).Run(func(ctx *pulumi.Context) error {
		_, err := res(ctx, "aws:cloudwatch/logGroup:LogGroup", "flow", nil)
		ctx.Export("answer", pulumi.String("forty-two"))
		return err
	})
	require.NoError(t, err)
	group, ok := rec.Named("aws:cloudwatch/logGroup:LogGroup", "flow")
	require.True(t, ok)
	require.Regexp(t, `^flow-[0-9a-f]{7}$`, group.ID)
	require.Equal(t, "arn:aws:logs:eu-west-1:111122223333:log-group:"+group.ID, group.Out().Text("arn"))
	require.Equal(t, "forty-two", rec.Exports()["answer"].StringValue())
}
