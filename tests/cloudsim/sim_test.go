package cloudsim_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// thing is any resource, with the outputs that the tests read. Raw registration keeps the large SDK packages out.
type thing struct {
	pulumi.CustomResourceState
	Arn   pulumi.StringOutput `pulumi:"arn"`
	Name  pulumi.StringOutput `pulumi:"name"`
	IPv6  pulumi.StringOutput `pulumi:"ipv6CidrBlock"`
	ACL   pulumi.StringOutput `pulumi:"defaultNetworkAclId"`
	Table pulumi.StringOutput `pulumi:"defaultRouteTableId"`
}

func res(ctx *pulumi.Context, typ, name string, args pulumi.Map, opts ...pulumi.ResourceOption) (*thing, error) {
	var made thing
	given := pulumi.Map{}
	for k, v := range args {
		if v != nil {
			given[k] = v
		}
	}
	return &made, ctx.RegisterResource(typ, name, given, &made, opts...)
}

func trusting(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
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
