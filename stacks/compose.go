package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/network"
	"github.com/seed-11444627/holdfast/components/posture"
)

// The workloads of an environment. Shared parts serve all of them.
const (
	shared  = "shared"
	hashing = "hashing"
)

// environment is what the parts of one environment share while they are made.
type environment struct {
	ctx       *pulumi.Context
	config    Config
	providers providers
	postures  []posture.Posture
	// edgeTopics are the topics in us-east-1; none where the profile has no alarms there.
	edgeTopics []pulumi.StringInput
	// components are everything that the guard stands before.
	components []pulumi.Resource
}

// stating is what every component can do.
type stating interface {
	pulumi.Resource
	Posture() posture.Posture
}

// deploy makes one environment. The configuration is already checked.
func deploy(ctx *pulumi.Context, c Config) error {
	p, err := newProviders(ctx, c)
	if err != nil {
		return err
	}
	e := &environment{ctx: ctx, config: c, providers: p}
	cdn, err := e.edge()
	if err != nil {
		return err
	}
	home, err := e.homeTopic()
	if err != nil {
		return err
	}
	net, err := e.network(home.Route())
	if err != nil {
		return err
	}
	servers, err := e.hashing(net.Placement(), home.Route(), cdn)
	if err != nil {
		return err
	}
	if err := e.dashboards(home, net, servers); err != nil {
		return err
	}
	if err := e.guard(); err != nil {
		return err
	}
	return e.export()
}

// network is the environment's network. The hashing servers make no external calls, so nothing needs a way to the
// internet: S3 is reached through its gateway endpoint; Session Manager, logs, metrics, the answer to launch hooks
// (autoscaling) and the agent's look at its instance's tags (ec2) go through interface endpoints. That is cheaper than NAT gateways and leaves no path out.
func (e *environment) network(route alarms.Route) (*network.Network, error) {
	c := e.config
	made, err := network.NewNetwork(e.ctx, "network", &network.NetworkArgs{
		Zones: c.Network.Zones, CIDR: c.Network.CIDR, NAT: network.NATMode(c.Network.NAT), Region: c.Account.Region,
		Endpoints: []string{"autoscaling", "ec2", "logs", "monitoring", "ssm", "ssmmessages"},
		FlowLogs:  network.FlowLogs{RetentionDays: c.Profile.LogDays},
		Alarms:    route, Workload: shared, Tags: c.tags(shared), Disposable: c.Profile.Disposable,
	}, pulumi.Provider(e.providers.home))
	if err != nil {
		return nil, err
	}
	e.state(made)
	e.ctx.Export("networkFlowLogGroup", made.FlowLogGroup)
	e.ctx.Export("networkEgressAddresses", made.EgressAddresses)
	return made, nil
}

// state takes down what a component states about itself.
func (e *environment) state(component stating) {
	e.postures = append(e.postures, component.Posture())
	e.components = append(e.components, component)
}

// export hands the environment's postures out, sorted, as one text.
func (e *environment) export() error {
	text, err := posture.JSON(e.postures)
	if err != nil {
		return fmt.Errorf("writing the posture: %w", err)
	}
	e.ctx.Export("posture", pulumi.String(text))
	return nil
}
