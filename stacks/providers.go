package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// edgeRegion is where CloudFront takes its certificates and publishes its metrics.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
const edgeRegion = "us-east-1"

// providers are the only two ways into AWS: one account, one region each. Default providers are disabled.
type providers struct {
	home *aws.Provider
	edge *aws.Provider
}

func newProviders(ctx *pulumi.Context, c Config) (providers, error) {
	home, err := newProvider(ctx, c, c.Account.Region)
	if err != nil {
		return providers{}, err
	}
	edge, err := newProvider(ctx, c, edgeRegion)
	return providers{home: home, edge: edge}, err
}

func newProvider(ctx *pulumi.Context, c Config, region string) (*aws.Provider, error) {
	provider, err := aws.NewProvider(ctx, region, &aws.ProviderArgs{
		Region:            pulumi.String(region),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(c.Account.ID)},
		DefaultTags:       aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(c.Tags.all(c.Environment))},
	})
	if err != nil {
		return nil, fmt.Errorf("creating the provider of %s in account %s: %w", region, c.Account.ID, err)
	}
	return provider, nil
}

// all are the tags that every resource of the environment carries. The workload is added by each component.
func (t RequiredTags) all(environment Environment) map[string]string {
	return map[string]string{
		"environment": string(environment),
		"owner":       t.Owner,
		"cost-centre": t.CostCentre,
		"data-class":  t.DataClass,
	}
}

// tags are the required tags of one workload's components. They repeat the provider's default tags, because those do not
// reach what a launch template or an Auto Scaling group starts.
// https://www.pulumi.com/registry/packages/aws/api-docs/provider/#providerdefaulttags
func (c Config) tags(workload string) map[string]string {
	tags := c.Tags.all(c.Environment)
	tags["workload"] = workload
	return tags
}
