package stacks

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/fleet"
	"github.com/seed-11444627/holdfast/components/network"
)

// dashboards make one for each workload and a summary.
func (e *environment) dashboards(topic *alarms.AlarmTopic, net *network.Network, servers *fleet.HashFleet) error {
	made, err := alarms.NewDashboards(e.ctx, "dashboards", &alarms.DashboardsArgs{
		Region: e.config.Account.Region,
		Workloads: map[string][]alarms.Widget{
			shared:  slices.Concat(topic.Widgets(), net.Widgets()),
			hashing: servers.Widgets(),
		},
	}, pulumi.Provider(e.providers.home))
	if err != nil {
		return err
	}
	e.state(made)
	return nil
}
