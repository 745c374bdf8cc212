// Command consumer is an example of a program in a module of its own: it imports three components of the library and tests
// itself on the simulated cloud. Copy it, and drop the replace line from go.mod.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fleet"
	"github.com/seed-11444627/holdfast/components/posture"
)

// Where and what: plain values, because they decide the shape of the graph.
const (
	account = "111111111111"
	region  = "eu-central-1"
	edge    = "us-east-1" // where CloudFront publishes its metrics
	image   = "ami-0a1b2c3d4e5f60718"
)

// tags are on everything: by the providers, and on servers by the fleet, because a group's servers get no default tags.
var tags = map[string]string{"owner": "team", "cost-centre": "cc-1000", "environment": "dev", "data-class": "internal"}

func main() { pulumi.Run(deploy) }

// deploy makes the topics of both regions and the hashing workload.
func deploy(ctx *pulumi.Context) error {
	frankfurt, err := provider(ctx, region)
	if err != nil {
		return err
	}
	virginia, err := provider(ctx, edge)
	if err != nil {
		return err
	}
	home, err := topic(ctx, "alarms", region, pulumi.Provider(frankfurt))
	if err != nil {
		return err
	}
	far, err := topic(ctx, "edge-alarms", edge, pulumi.Provider(virginia))
	if err != nil {
		return err
	}
	made, err := hashing(ctx, home.Route(), server(), fleet.CDN{USEast1: virginia, Alarms: far.Route()}, pulumi.Provider(frankfurt))
	if err != nil {
		return err
	}
	stated, err := posture.JSON([]posture.Posture{made.Posture()})
	if err != nil {
		return err
	}
	ctx.Export("url", made.URL)
	ctx.Export("posture", pulumi.String(stated))
	return nil
}

// provider accepts one account and tags everything that it makes.
func provider(ctx *pulumi.Context, in string) (*aws.Provider, error) {
	made, err := aws.NewProvider(ctx, in, &aws.ProviderArgs{
		Region: pulumi.String(in), AllowedAccountIds: pulumi.StringArray{pulumi.String(account)},
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(tags)},
	})
	if err != nil {
		return nil, fmt.Errorf("creating the provider of %s: %w", in, err)
	}
	return made, nil
}

func topic(ctx *pulumi.Context, name, in string, opts ...pulumi.ResourceOption) (*alarms.AlarmTopic, error) {
	return alarms.NewAlarmTopic(ctx, name, &alarms.AlarmTopicArgs{
		AccountID: account, Region: in, Runbooks: "https://example.com/runbooks",
		Subscriptions: map[string]alarms.Subscription{"team": {
			Severities: alarms.Severities(), Email: pulumi.String("team@example.com"),
		}},
	}, opts...)
}

// server is the artifact: one version of one object, started only when its digest is this one.
func server() fleet.Artifact {
	return fleet.Artifact{
		Bucket: pulumi.String("example-artifacts"), Key: pulumi.String("server"),
		VersionID: pulumi.String("3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY"),
		SHA256:    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	}
}
