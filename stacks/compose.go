package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// deploy registers everything of one environment. The configuration is already checked.
func deploy(ctx *pulumi.Context, c Config) error {
	p, err := newProviders(ctx, c)
	if err != nil {
		return err
	}
	_ = p
	ctx.Export("posture", pulumi.String("[]"))
	return nil
}
