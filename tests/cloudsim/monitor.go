package cloudsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// monitor answers a program as the engine does. It stands in for the SDK's own mock monitor, which overwrites duplicate
// URNs silently and does not hand on the outputs of the stack and of components.
type monitor struct {
	pulumirpc.UnimplementedResourceMonitorServer
	pulumirpc.UnimplementedEngineServer
	rec *Recorder
}

type monitorServer struct {
	address string
	cancel  chan bool
}

func (s monitorServer) stop() { close(s.cancel) }

func serveMonitor(rec *Recorder) (monitorServer, error) {
	cancel := make(chan bool)
	m := &monitor{rec: rec}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: cancel, Init: func(srv *grpc.Server) error {
		pulumirpc.RegisterResourceMonitorServer(srv, m)
		pulumirpc.RegisterEngineServer(srv, m)
		return nil
	}})
	if err != nil {
		return monitorServer{}, fmt.Errorf("starting the simulated engine: %w", err)
	}
	go func() { <-handle.Done }()
	return monitorServer{address: fmt.Sprintf("127.0.0.1:%d", handle.Port), cancel: cancel}, nil
}

// features are those of the engine's protocol that the simulation honours.
var features = []pulumirpc.ResourceMonitorFeature{
	pulumirpc.ResourceMonitorFeature_RESOURCE_MONITOR_FEATURE_SECRETS,
	pulumirpc.ResourceMonitorFeature_RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
	pulumirpc.ResourceMonitorFeature_RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
	pulumirpc.ResourceMonitorFeature_RESOURCE_MONITOR_FEATURE_DELETED_WITH,
}

func (m *monitor) GetDeploymentInfo(context.Context, *emptypb.Empty) (*pulumirpc.DeploymentInfo, error) {
	return &pulumirpc.DeploymentInfo{Project: m.rec.sim.project, Stack: m.rec.sim.stack, SupportedFeatures: features}, nil
}

func (m *monitor) SupportsFeature(_ context.Context, in *pulumirpc.SupportsFeatureRequest) (*pulumirpc.SupportsFeatureResponse, error) {
	known := []string{"secrets", "resourceReferences", "aliasSpecs", "deletedWith"}
	return &pulumirpc.SupportsFeatureResponse{HasSupport: slices.Contains(known, in.GetId())}, nil
}

func (m *monitor) SignalAndWaitForShutdown(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (m *monitor) RegisterPackage(_ context.Context, in *pulumirpc.RegisterPackageRequest) (*pulumirpc.RegisterPackageResponse, error) {
	return &pulumirpc.RegisterPackageResponse{Ref: in.GetName()}, nil
}

func (m *monitor) Log(_ context.Context, in *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	m.rec.logs = append(m.rec.logs, strings.ToLower(in.GetSeverity().String())+": "+in.GetMessage())
	return &emptypb.Empty{}, nil
}

func (m *monitor) GetRootResource(context.Context, *pulumirpc.GetRootResourceRequest) (*pulumirpc.GetRootResourceResponse, error) {
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	return &pulumirpc.GetRootResourceResponse{Urn: m.rec.root}, nil
}

func (m *monitor) SetRootResource(_ context.Context, in *pulumirpc.SetRootResourceRequest) (*pulumirpc.SetRootResourceResponse, error) {
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	m.rec.root = in.GetUrn()
	return &pulumirpc.SetRootResourceResponse{}, nil
}

func (m *monitor) RequirePulumiVersion(context.Context, *pulumirpc.RequirePulumiVersionRequest) (*pulumirpc.RequirePulumiVersionResponse, error) {
	return &pulumirpc.RequirePulumiVersionResponse{}, nil
}

func (m *monitor) urn(parent, typ, name string) string {
	var parentType tokens.Type
	if urn := resource.URN(parent); parent != "" && urn.QualifiedType() != resource.RootStackType {
		parentType = urn.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(m.rec.sim.stack), tokens.PackageName(m.rec.sim.project), parentType,
		tokens.Type(typ), name))
}

func (m *monitor) RegisterResource(_ context.Context, in *pulumirpc.RegisterResourceRequest) (*pulumirpc.RegisterResourceResponse, error) {
	urn := m.urn(in.GetParent(), in.GetType(), in.GetName())
	if in.GetType() == string(resource.RootStackType) {
		return &pulumirpc.RegisterResourceResponse{Urn: urn, Object: in.GetObject()}, nil
	}
	inputs, err := plugin.UnmarshalProperties(in.GetObject(), keepAll)
	if err != nil {
		return nil, err
	}
	rec := m.recordOf(urn, in, inputs)
	if err := m.rec.add(rec); err != nil {
		return nil, err
	}
	outputs, err := m.answer(rec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", short(urn), err)
	}
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	rec.Outputs = outputs
	object, err := plugin.MarshalProperties(outputs, keepAll)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.RegisterResourceResponse{Urn: urn, Id: rec.ID, Object: object}, nil
}

func (m *monitor) recordOf(urn string, in *pulumirpc.RegisterResourceRequest, inputs resource.PropertyMap) *Record {
	rec := &Record{Type: in.GetType(), Name: in.GetName(), URN: urn, Custom: in.GetCustom(), Parent: in.GetParent(),
		Provider: in.GetProvider(), Providers: in.GetProviders(), Protect: in.GetProtect(), RetainOnDelete: in.GetRetainOnDelete(),
		DeletedWith: in.GetDeletedWith(), DeleteBeforeReplace: in.GetDeleteBeforeReplace(), IgnoreChanges: in.GetIgnoreChanges(),
		ReplaceOnChanges: in.GetReplaceOnChanges(), ImportID: in.GetImportId(), Version: in.GetVersion(),
		Dependencies: in.GetDependencies(), Inputs: inputs, PropertyDependencies: map[string][]string{}}
	for property, dependencies := range in.GetPropertyDependencies() {
		if len(dependencies.GetUrns()) > 0 {
			rec.PropertyDependencies[property] = dependencies.GetUrns()
		}
	}
	rec.Aliases = append(rec.Aliases, in.GetAliasURNs()...)
	for _, alias := range in.GetAliases() {
		rec.Aliases = append(rec.Aliases, m.aliasURN(in, alias))
	}
	sort.Strings(rec.Dependencies)
	at, _ := m.placeOf(rec.Provider)
	rec.Account, rec.Region = at.account, at.region
	return rec
}

// aliasURN spells out an alias: what it leaves open is as in the resource itself.
func (m *monitor) aliasURN(in *pulumirpc.RegisterResourceRequest, alias *pulumirpc.Alias) string {
	if alias.GetUrn() != "" {
		return alias.GetUrn()
	}
	spec, parent := alias.GetSpec(), in.GetParent()
	if spec.GetParentUrn() != "" {
		parent = spec.GetParentUrn()
	}
	if spec.GetNoParent() {
		parent = ""
	}
	typ, name, stack, project := spec.GetType(), spec.GetName(), spec.GetStack(), spec.GetProject()
	if typ == "" {
		typ = in.GetType()
	}
	if name == "" {
		name = in.GetName()
	}
	urn := resource.URN(m.urn(parent, typ, name))
	if stack == "" {
		stack = m.rec.sim.stack
	}
	if project == "" {
		project = m.rec.sim.project
	}
	rest := strings.SplitN(string(urn), "::", 3)
	return fmt.Sprintf("urn:pulumi:%s::%s::%s", stack, project, rest[2])
}

// answer is what the engine and the cloud make of a registration.
func (m *monitor) answer(rec *Record) (resource.PropertyMap, error) {
	if !rec.Custom {
		return resource.PropertyMap{}, nil
	}
	if strings.HasPrefix(rec.Type, "pulumi:providers:") {
		rec.ID = (&Call{URN: rec.URN}).Format("{uuid}")
		return rec.Inputs, nil
	}
	if err := m.needsProvider(rec); err != nil {
		return nil, err
	}
	at, tags := m.placeOf(rec.Provider)
	if err := m.allowed(rec.Provider, at); err != nil {
		return nil, err
	}
	req := opRequest{urn: rec.URN, typ: rec.Type, name: rec.Name, at: at, inputs: rec.Inputs, defaultTags: tags,
		preview: m.rec.sim.preview}
	if rec.ImportID != "" {
		req.id = rec.ImportID
		return m.imported(rec, req)
	}
	return m.created(rec, req)
}

func (m *monitor) created(rec *Record, req opRequest) (resource.PropertyMap, error) {
	checked, failures := m.rec.sim.model.check(req)
	if len(failures) > 0 {
		errs := make([]error, 0, len(failures))
		for _, failure := range failures {
			errs = append(errs, failure)
		}
		return nil, errors.Join(errs...)
	}
	req.inputs = checked
	r, err := m.rec.sim.model.create(req)
	if err != nil {
		return nil, err
	}
	rec.checked = checked
	rec.needs, rec.takes = m.rec.sim.model.trueNeeds(req, r)
	if req.preview {
		return r.Outputs, nil
	}
	rec.ID = r.ID
	return r.Outputs, nil
}

// imported takes over a given resource.
func (m *monitor) imported(rec *Record, req opRequest) (resource.PropertyMap, error) {
	r, err := m.rec.sim.model.read(req)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("importing %s: resource '%s' does not exist; put it there with the option Exists", rec.Type, req.id)
	}
	rec.ID = r.ID
	return r.Outputs, nil
}

func (m *monitor) ReadResource(_ context.Context, in *pulumirpc.ReadResourceRequest) (*pulumirpc.ReadResourceResponse, error) {
	urn := m.urn(in.GetParent(), in.GetType(), in.GetName())
	at, _ := m.placeOf(in.GetProvider())
	rec := &Record{Type: in.GetType(), Name: in.GetName(), URN: urn, ID: in.GetId(), Custom: true, Read: true,
		Parent: in.GetParent(), Provider: in.GetProvider(), Dependencies: in.GetDependencies(), Account: at.account, Region: at.region}
	if err := m.rec.add(rec); err != nil {
		return nil, err
	}
	req := opRequest{urn: urn, typ: in.GetType(), name: in.GetName(), id: in.GetId(), at: at, preview: m.rec.sim.preview}
	outputs, err := m.imported(rec, req)
	if err != nil {
		return nil, err
	}
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	rec.Outputs = outputs
	object, err := plugin.MarshalProperties(outputs, keepAll)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResourceResponse{Urn: urn, Properties: object}, nil
}

func (m *monitor) RegisterResourceOutputs(_ context.Context, in *pulumirpc.RegisterResourceOutputsRequest) (*emptypb.Empty, error) {
	outputs, err := plugin.UnmarshalProperties(in.GetOutputs(), keepAll)
	if err != nil {
		return nil, err
	}
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	if resource.URN(in.GetUrn()).QualifiedType() == resource.RootStackType {
		m.rec.exports = outputs
		return &emptypb.Empty{}, nil
	}
	rec, ok := m.rec.byURN[in.GetUrn()]
	if !ok {
		return nil, fmt.Errorf("outputs for %s, which is not registered", in.GetUrn())
	}
	if rec.OutputsRegistered {
		return nil, fmt.Errorf("outputs for %s were registered twice", in.GetUrn())
	}
	rec.Outputs, rec.OutputsRegistered = outputs, true
	return &emptypb.Empty{}, nil
}

func (m *monitor) Invoke(_ context.Context, in *pulumirpc.ResourceInvokeRequest) (*pulumirpc.ResourceInvokeResponse, error) {
	args, err := plugin.UnmarshalProperties(in.GetArgs(), keepAll)
	if err != nil {
		return nil, err
	}
	at, _ := m.placeOf(in.GetProvider())
	result, err := m.rec.sim.model.invoke(in.GetTok(), at, args)
	m.rec.mu.Lock()
	m.rec.invokes = append(m.rec.invokes, InvokeRecord{in.GetTok(), in.GetProvider(), args, result})
	m.rec.mu.Unlock()
	if err != nil {
		return nil, err
	}
	object, err := plugin.MarshalProperties(result, keepAll)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ResourceInvokeResponse{Return: object}, nil
}

// needsProvider refuses what the engine refuses when the stack's configuration disables default providers.
// https://www.pulumi.com/docs/iac/concepts/resources/providers/#disabling-default-providers
func (m *monitor) needsProvider(rec *Record) error {
	var disabled []string
	if list := m.rec.sim.config["pulumi:disable-default-providers"]; list != "" {
		if err := json.Unmarshal([]byte(list), &disabled); err != nil {
			return fmt.Errorf("reading pulumi:disable-default-providers: %w", err)
		}
	}
	pkg, _, _ := strings.Cut(rec.Type, ":")
	if rec.Provider == "" && (slices.Contains(disabled, "*") || slices.Contains(disabled, pkg)) {
		return fmt.Errorf("default provider for %q disabled: %s must use an explicit provider", pkg, short(rec.URN))
	}
	return nil
}

// placeOf finds account, region and default tags of a provider reference.
func (m *monitor) placeOf(reference string) (place, map[string]string) {
	at := place{m.rec.sim.account, m.rec.sim.region}
	if region := m.rec.sim.config["aws:region"]; region != "" {
		at.region = region
	}
	settings := m.settingsOf(reference)
	if settings.region != "" {
		at.region = settings.region
	}
	if len(settings.allowed) == 1 {
		at.account = settings.allowed[0]
	}
	return at, settings.tags
}

func (m *monitor) settingsOf(reference string) settings {
	urn := withoutID(reference)
	m.rec.mu.Lock()
	defer m.rec.mu.Unlock()
	provider, ok := m.rec.byURN[urn]
	if !ok {
		return settings{}
	}
	return settingsFrom(provider.Inputs)
}

// allowed is the provider's guard against the wrong account, for providers that list several.
func (m *monitor) allowed(reference string, at place) error {
	allowed := m.settingsOf(reference).allowed
	if len(allowed) == 0 || slices.Contains(allowed, at.account) {
		return nil
	}
	return fmt.Errorf("AWS account ID not allowed: %s", at.account)
}
