package stacks

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fleet"
	"github.com/seed-11444627/holdfast/components/network"
)

// hashing is hashes as a service: the fleet of hashing servers.
func (e *environment) hashing(placement network.Placement, route alarms.Route, cdn fleet.CDN) (*fleet.HashFleet, error) {
	c, h := e.config, e.config.Hashing
	if h.WebACLARN != "" {
		cdn.WebACLARN = pulumi.String(h.WebACLARN)
	}
	made, err := fleet.NewHashFleet(e.ctx, hashing, &fleet.HashFleetArgs{
		Placement: placement, AccountID: c.Account.ID, Region: c.Account.Region, Alarms: route,
		Artifact: fleet.Artifact{
			Bucket: pulumi.String(h.Artifact.Bucket), Key: pulumi.String(h.Artifact.Key),
			VersionID: pulumi.String(h.Artifact.Version), SHA256: h.Artifact.SHA256,
		},
		Load: capacity.Load{
			PeakRequestsPerSecond: float64(h.PeakRequests), ConcurrencyPerServer: h.Connections,
			ServiceTime: time.Duration(h.ServiceMilliseconds) * time.Millisecond,
		},
		Sizing: fleet.Sizing{
			Headroom: float64(h.HeadroomPercent) / 100, StartUp: time.Duration(h.StartupSeconds) * time.Second,
			Maximum: h.MaximumServers,
		},
		Instances:    fleet.Instances{Type: h.InstanceType, Image: fleet.Image{ID: h.ImageID}, LogRetentionDays: c.Profile.LogDays},
		LoadBalancer: fleet.LoadBalancer{LogRetentionDays: c.Profile.LogDays},
		CDN:          cdn,
		Zone:         h.zone(),
		Workload:     hashing, Tags: c.tags(hashing), Disposable: c.Profile.Disposable,
	}, pulumi.Provider(e.providers.home))
	if err != nil {
		return nil, err
	}
	e.state(made)
	e.ctx.Export("hashingUrl", made.URL)
	e.ctx.Export("hashingArtifactSha256", made.ArtifactSHA256)
	e.ctx.Export("hashingGroup", made.GroupName)
	e.ctx.Export("hashingLoadBalancer", made.LoadBalancer.Arn)
	e.ctx.Export("hashingLaunchTemplate", made.LaunchTemplate.ID())
	e.ctx.Export("hashingUndeliveredEvents", made.DeadLetterQueueURL)
	return made, nil
}

// zone is the hosted zone of the service's own name; nil where CloudFront's name serves.
func (h HashingConfig) zone() *fleet.Zone {
	if h.Domain == "" {
		return nil
	}
	return &fleet.Zone{ID: pulumi.String(h.HostedZoneID), Domain: h.Domain}
}
