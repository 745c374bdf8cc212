package host

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
)

// server answers the engine. It does not use the SDK's own server, which drops what ConfigureStack says, decodes each
// property eagerly and does not survive a panic of a rule.
type server struct {
	pulumirpc.UnimplementedAnalyzerServer
	pack     Pack
	blocking map[string][]*policy.Rule
	today    func() time.Time

	mu     sync.RWMutex
	stack  policy.Stack
	config *policy.Config
	// promises are the inputs of components by URN: what they intend, and what their outputs do not repeat.
	promises map[string]*structpb.Struct
	// announced are the levels that the engine was told; it sends them back as if somebody had asked for them.
	announced map[string]pulumirpc.EnforcementLevel
}

// NewServer is the pack as an analyzer, for hosts that bring their own transport.
func NewServer(pack Pack, today func() time.Time) pulumirpc.AnalyzerServer {
	s := &server{pack: pack, blocking: map[string][]*policy.Rule{}, today: today, config: &policy.Config{}, promises: map[string]*structpb.Struct{}}
	for _, rule := range pack.Rules {
		for _, t := range rule.Types {
			if rule.Blocking {
				s.blocking[t] = append(s.blocking[t], rule)
			}
		}
	}
	return s
}

// serve answers until the engine goes away. The first line of standard output is the port, and nothing else goes there.
func serve(ctx context.Context, pack Pack, engine string, out io.Writer) error {
	cancel := make(chan bool)
	analyzer := NewServer(pack, time.Now)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel:  cancel,
		Options: rpcutil.OpenTracingServerInterceptorOptions(nil),
		Init: func(srv *grpc.Server) error {
			pulumirpc.RegisterAnalyzerServer(srv, analyzer)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("starting to serve: %w", err)
	}
	if err := rpcutil.Healthcheck(ctx, engine, 5*time.Minute, func() { close(cancel) }); err != nil {
		return fmt.Errorf("watching the engine at %s: %w", engine, err)
	}
	if _, err := fmt.Fprintln(out, handle.Port); err != nil {
		return err
	}
	return <-handle.Done
}

// Handshake agrees on the protocol.
func (s *server) Handshake(context.Context, *pulumirpc.AnalyzerHandshakeRequest) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

// ConfigureStack says which stack is judged. It does not come when the engine only asks for the catalogue, or judges a file.
func (s *server) ConfigureStack(_ context.Context, in *pulumirpc.AnalyzerStackConfigureRequest) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stack = policy.Stack{
		Organization: in.GetOrganization(), Project: in.GetProject(), Name: in.GetStack(), DryRun: in.GetDryRun(),
		Config: in.GetConfig(), SecretKeys: in.GetConfigSecretKeys(), Tags: in.GetTags(),
	}
	s.stack.Environment = s.config.Environment(s.stack)
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

var levels = map[pulumirpc.EnforcementLevel]string{
	pulumirpc.EnforcementLevel_ADVISORY: "advisory", pulumirpc.EnforcementLevel_MANDATORY: "mandatory",
	// A rule that could mend would still be mandatory where it cannot.
	pulumirpc.EnforcementLevel_REMEDIATE: "mandatory", pulumirpc.EnforcementLevel_DISABLED: "disabled",
}

// Configure takes the levels and settings. The engine sends a level for every rule.
func (s *server) Configure(_ context.Context, in *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := map[string]policy.Entry{}
	for name, given := range in.GetPolicyConfig() {
		entry := policy.Entry{Level: levels[given.GetEnforcementLevel()], Settings: given.GetProperties().AsMap()}
		if own, told := s.announced[name]; told && own == given.GetEnforcementLevel() {
			entry.Level = "" // The catalogue's own, which may differ once the environment is known.
		}
		entries[name] = entry
	}
	config, err := policy.NewConfig(entries, s.pack.Rules)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	s.config = config
	s.stack.Environment = config.Environment(s.stack)
	return &emptypb.Empty{}, nil
}

func (s *server) now() (policy.Stack, *policy.Config) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stack, s.config
}

// Analyze judges one resource before it is made, by the rules that may stop its creation. Most types have none.
func (s *server) Analyze(_ context.Context, in *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	s.remember(in)
	rules := s.blocking[in.GetType()]
	if len(rules) == 0 {
		return &pulumirpc.AnalyzeResponse{}, nil
	}
	stack, config := s.now()
	resources := []policy.Resource{resourceOf(&pulumirpc.AnalyzerResource{
		Type: in.GetType(), Urn: in.GetUrn(), Name: in.GetName(), Properties: in.GetProperties(), Options: in.GetOptions(), Provider: in.GetProvider(),
	})}
	if p := in.GetProvider(); p != nil {
		resources = append(resources, policy.Resource{URN: p.GetUrn(), Type: p.GetType(), Name: p.GetName(), Properties: p.GetProperties()})
	}
	g := policy.NewGraph(known(stack, resources), resources)
	judged := policy.Evaluate(g, policy.Evaluation{Rules: rules, Config: config.WithoutHygiene(), Today: s.today()})
	return s.response(judged, func(f policy.Finding) bool { return f.URN == in.GetUrn() }), nil
}

// remember keeps the inputs of a component. The call for the whole stack has outputs only, and what a component promises is
// in its inputs.
func (s *server) remember(in *pulumirpc.AnalyzeRequest) {
	if in.GetProvider() != nil || strings.HasPrefix(in.GetType(), "pulumi:") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promises[in.GetUrn()] = in.GetProperties()
}

// promised adds to components the inputs that their outputs do not repeat.
func (s *server) promised(resources []policy.Resource) []policy.Resource {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range resources {
		if inputs := s.promises[resources[i].URN]; inputs != nil {
			resources[i].Properties = policy.Overlay(inputs, resources[i].Properties)
		}
	}
	return resources
}

// known fills in what ConfigureStack would have said.
func known(stack policy.Stack, resources []policy.Resource) policy.Stack {
	if stack.Name == "" {
		return policy.StackOf(resources)
	}
	return stack
}

// AnalyzeStack judges the whole stack, once. What the blocking rules find has been said resource by resource.
func (s *server) AnalyzeStack(_ context.Context, in *pulumirpc.AnalyzeStackRequest) (*pulumirpc.AnalyzeResponse, error) {
	stack, config := s.now()
	resources := s.promised(resourcesOf(in.GetResources()))
	g := policy.NewGraph(known(stack, resources), resources)
	judged := policy.Evaluate(g, policy.Evaluation{Rules: s.pack.Rules, Config: config, Today: s.today()})
	if err := s.pack.WriteReports(os.Getenv(ReportVariable), judged); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return s.response(judged, func(f policy.Finding) bool { return !judged.Rules[f.Rule].Blocking }), nil
}

// Remediate changes nothing: a fix belongs into the program, where its reader sees it.
func (s *server) Remediate(context.Context, *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	return &pulumirpc.RemediateResponse{}, nil
}

// Cancel has nothing to stop: no call takes long.
func (s *server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// resourcesOf also adds the providers that only stand beside their resources.
func resourcesOf(wire []*pulumirpc.AnalyzerResource) []policy.Resource {
	resources := make([]policy.Resource, 0, len(wire)+2)
	listed := make(map[string]bool, len(wire))
	for _, r := range wire {
		listed[r.GetUrn()] = true
		resources = append(resources, resourceOf(r))
	}
	for _, r := range wire {
		p := r.GetProvider()
		if p.GetUrn() == "" || listed[p.GetUrn()] {
			continue
		}
		listed[p.GetUrn()] = true
		resources = append(resources, policy.Resource{URN: p.GetUrn(), Type: p.GetType(), Name: p.GetName(), Properties: p.GetProperties()})
	}
	return resources
}

func resourceOf(r *pulumirpc.AnalyzerResource) policy.Resource {
	o := r.GetOptions()
	made := policy.Resource{
		URN: r.GetUrn(), Type: r.GetType(), Name: r.GetName(), ID: r.GetProperties().GetFields()["id"].GetStringValue(),
		Parent: r.GetParent(), Provider: r.GetProvider().GetUrn(), Properties: r.GetProperties(),
		Protect: o.GetProtect(), IgnoreChanges: o.GetIgnoreChanges(), Aliases: o.GetAliases(), Dependencies: r.GetDependencies(),
	}
	if made.Parent == "" {
		made.Parent = o.GetParent()
	}
	if len(r.GetPropertyDependencies()) > 0 {
		made.PropertyDependencies = make(map[string][]string, len(r.GetPropertyDependencies()))
		for key, dependencies := range r.GetPropertyDependencies() {
			made.PropertyDependencies[key] = dependencies.GetUrns()
		}
	}
	return made
}

func (s *server) response(judged *policy.Report, keep func(policy.Finding) bool) *pulumirpc.AnalyzeResponse {
	out := &pulumirpc.AnalyzeResponse{}
	for _, f := range judged.Findings {
		if !keep(f) || f.Outcome == policy.Waived || f.Outcome == policy.Unknown && f.Level != policy.Mandatory {
			continue
		}
		out.Diagnostics = append(out.Diagnostics, s.diagnostic(f))
	}
	out.Diagnostics = append(out.Diagnostics, s.unjudged(judged, keep)...)
	for id, count := range judged.Counts {
		if reason := idle(*count); reason != "" {
			out.NotApplicable = append(out.NotApplicable, &pulumirpc.PolicyNotApplicable{PolicyName: id, Reason: reason})
		}
	}
	out.NotApplicable = append(out.NotApplicable, &pulumirpc.PolicyNotApplicable{PolicyName: policy.SettingsName, Reason: "it only holds settings"})
	slices.SortFunc(out.GetNotApplicable(), func(a, b *pulumirpc.PolicyNotApplicable) int {
		return cmp.Compare(a.GetPolicyName(), b.GetPolicyName())
	})
	return out
}

// idle says why a rule has neither passed nor failed, so that the engine does not count it as passed.
func idle(c policy.Count) string {
	switch {
	case c.Pass+c.Violation+c.Failed+c.Waived > 0:
		return ""
	case c.Unknown > 0:
		return "the values that decide are not known yet"
	case c.NotApplicable > 0:
		return "it is not about these resources"
	}
	return "the stack has no resource of its types"
}

func (s *server) diagnostic(f policy.Finding) *pulumirpc.AnalyzeDiagnostic {
	level := pulumirpc.EnforcementLevel_ADVISORY
	if f.Level == policy.Mandatory {
		level = pulumirpc.EnforcementLevel_MANDATORY
	}
	return &pulumirpc.AnalyzeDiagnostic{
		PolicyName: f.Rule, PolicyPackName: s.pack.Name, PolicyPackVersion: s.pack.Version, Description: f.Title,
		Message: report.Explain(f), EnforcementLevel: level, Urn: f.URN, Severity: severity(f.Severity),
	}
}

func severity(s policy.Severity) pulumirpc.PolicySeverity {
	return pulumirpc.PolicySeverity(s) //nolint:gosec // both count low, medium, high, critical from 1
}

// unjudged says once for each rule what it could not judge, instead of once for each resource.
func (s *server) unjudged(judged *policy.Report, keep func(policy.Finding) bool) []*pulumirpc.AnalyzeDiagnostic {
	first := map[string]policy.Finding{}
	resources := map[string]map[string]bool{}
	var rules []string
	for _, f := range judged.Of(policy.Unknown) {
		if !keep(f) || f.Level == policy.Mandatory {
			continue
		}
		if resources[f.Rule] == nil {
			first[f.Rule], resources[f.Rule] = f, map[string]bool{}
			rules = append(rules, f.Rule)
		}
		resources[f.Rule][f.URN] = true
	}
	out := make([]*pulumirpc.AnalyzeDiagnostic, 0, len(rules))
	for _, id := range rules {
		f := first[id]
		if n := len(resources[id]); n > 1 {
			f.Actual += fmt.Sprintf(" (and %d more resources)", n-1)
		}
		out = append(out, s.diagnostic(f))
	}
	return out
}

// GetPluginInfo says which version this is.
func (s *server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.pack.Version}, nil
}

// GetAnalyzerInfo describes the catalogue.
func (s *server) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announced = map[string]pulumirpc.EnforcementLevel{}
	info := &pulumirpc.AnalyzerInfo{
		Name: s.pack.Name, DisplayName: s.pack.Name, Version: s.pack.Version, Description: s.pack.Description, SupportsConfig: true,
	}
	for _, rule := range s.pack.Rules {
		described := s.describe(rule, s.stack)
		s.announced[rule.ID] = described.GetEnforcementLevel()
		info.Policies = append(info.Policies, described)
	}
	info.Policies = append(info.Policies, &pulumirpc.PolicyInfo{
		Name: policy.SettingsName, DisplayName: "Settings of the pack", Description: "The environments' accounts, and waivers.",
		EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY, PolicyType: pulumirpc.PolicyType_POLICY_TYPE_STACK,
		ConfigSchema: schema(policy.PackSettings()),
	})
	return info, nil
}

func (s *server) describe(rule *policy.Rule, stack policy.Stack) *pulumirpc.PolicyInfo {
	info := &pulumirpc.PolicyInfo{
		Name: rule.ID, DisplayName: rule.Title, Description: rule.Title, Message: rule.Why, RemediationSteps: rule.Fix,
		EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY, PolicyType: pulumirpc.PolicyType_POLICY_TYPE_STACK,
		Severity: severity(rule.Severity), ConfigSchema: schema(rule.Settings),
	}
	if rule.DefaultLevel(stack) == policy.Mandatory {
		info.EnforcementLevel = pulumirpc.EnforcementLevel_MANDATORY
	}
	if rule.Blocking {
		info.PolicyType = pulumirpc.PolicyType_POLICY_TYPE_RESOURCE
	}
	anchors, err := rule.AnchorList()
	if err == nil && len(anchors) > 0 {
		info.Framework = &pulumirpc.PolicyComplianceFramework{
			Name: policy.CatalogueName(anchors[0].Catalogue), Reference: anchors[0].ID, Specification: rule.Title,
		}
	}
	for _, a := range anchors {
		info.Tags = append(info.Tags, a.Catalogue+":"+a.ID)
	}
	if s.pack.Docs != "" {
		info.Url = s.pack.Docs + "/" + rule.ID + ".md"
	}
	return info
}

// schema is what the engine checks a configuration against.
func schema(settings []policy.Setting) *pulumirpc.PolicyConfigSchema {
	if len(settings) == 0 {
		return nil
	}
	properties := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for _, setting := range settings {
		value, err := structpb.NewValue(setting.Schema())
		if err == nil {
			properties.Fields[setting.Name] = value
		}
	}
	return &pulumirpc.PolicyConfigSchema{Properties: properties}
}
