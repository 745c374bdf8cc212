package cloudsim

import (
	"context"
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Mocks is the simulated cloud as a pulumi.MockResourceMonitor, for tests that already run with pulumi.WithMocks. Prefer
// Run: the SDK's mock monitor hides the outputs of the stack and of components, and knows no deadline. The names given to
// pulumi.WithMocks must be those of the option Project.
func (s *Sim) Mocks() (pulumi.MockResourceMonitor, *Recorder, error) {
	rec := newRecorder(s)
	return &mocks{monitor: &monitor{rec: rec}}, rec, s.prepare()
}

type mocks struct {
	monitor *monitor
}

// NewResource registers or reads a resource.
func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.ReadRPC != nil {
		response, err := m.monitor.ReadResource(context.Background(), args.ReadRPC)
		if err != nil {
			return "", nil, err
		}
		outputs, err := properties(response.GetProperties())
		return args.ID, outputs, err
	}
	if args.RegisterRPC == nil {
		return "", nil, errors.New("the simulated cloud needs the registration's full call, which this version of the SDK does not pass")
	}
	response, err := m.monitor.RegisterResource(context.Background(), args.RegisterRPC)
	if err != nil {
		return "", nil, err
	}
	outputs, err := properties(response.GetObject())
	return response.GetId(), outputs, err
}

// Call answers a function of the provider.
func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	at, _ := m.monitor.placeOf(args.Provider)
	return m.monitor.rec.sim.model.invoke(args.Token, at, args.Args)
}
