package main

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fleet"
	"github.com/seed-11444627/holdfast/components/network"
)

// hashing is the example of the README: a network over three zones, and a fleet that carries its peak after losing one.
func hashing(ctx *pulumi.Context, who alarms.Route, server fleet.Artifact, cdn fleet.CDN, opts ...pulumi.ResourceOption) (*fleet.HashFleet, error) {
	net, err := network.NewNetwork(ctx, "net", &network.NetworkArgs{
		Zones: []string{"eu-central-1a", "eu-central-1b", "eu-central-1c"}, CIDR: "10.0.0.0/16", Alarms: who,
		Region: region, Endpoints: []string{"autoscaling", "ec2", "logs", "monitoring", "ssm", "ssmmessages"},
	}, opts...)
	if err != nil {
		return nil, err
	}
	return fleet.NewHashFleet(ctx, "hashing", &fleet.HashFleetArgs{
		Placement: net.Placement(), Artifact: server, CDN: cdn, Alarms: who, AccountID: account, Region: region,
		Load:      capacity.Load{PeakRequestsPerSecond: 60, ServiceTime: 250 * time.Millisecond, ConcurrencyPerServer: 5},
		Instances: fleet.Instances{Image: fleet.Image{ID: image}}, Tags: tags,
	}, opts...)
}
