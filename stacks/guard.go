package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// guard makes the resource that a destroy meets first. The engine deletes what nothing depends on before anything else,
// and finds out that a resource is protected only when its turn comes: without a guard it would take down records,
// distribution and servers before it meets the first protected key. The guard depends on every component and is protected,
// so that a destroy of an environment that is not disposable stops before it has deleted anything.
func (e *environment) guard() error {
	if e.config.Environment == Dev {
		return nil
	}
	_, err := ssm.NewParameter(e.ctx, "guard", &ssm.ParameterArgs{
		Type:        pulumi.String("String"),
		Value:       pulumi.String(string(e.config.Environment)),
		Description: pulumi.String("Keeps this environment from being destroyed by mistake; see decommission in Pulumi.yaml."),
		Tags:        pulumi.ToStringMap(e.config.tags(shared)),
	}, pulumi.Provider(e.providers.home), pulumi.DependsOn(e.components), pulumi.Protect(!e.config.Profile.Disposable))
	if err != nil {
		return fmt.Errorf("creating the guard against destruction: %w", err)
	}
	return nil
}
