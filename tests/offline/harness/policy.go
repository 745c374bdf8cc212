package harness

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/report"
	"github.com/seed-11444627/holdfast/policy/rules"
	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// Policy says which policy pack the engine loads, and how its rules are applied.
type Policy struct {
	// Pack is the prebuilt pack or its folder, Settings its configuration file; without a pack nothing is judged.
	Pack, Settings string
	// Report names files for the report, separated by commas; the end of each chooses its form, as host.FormatOf says.
	Report string
	// EngineOnly leaves the rehearsal out: for measurements of what the pack costs the engine.
	EngineOnly bool
}

func (p Policy) packs() []string { return present(p.Pack) }

func (p Policy) settings() []string { return present(p.Settings) }

func present(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// judge runs the engine with the policy pack. In a preview the pack cannot see what is only known after the update, and the
// engine shows its plan to no pack. So the program is rehearsed here, on the simulated cloud in memory, where every value is
// known, and judged with the plan beside it.
func (s *Stack) judge(run func(*watcher) error) (Result, error) {
	if s.options.Policy.Pack == "" || s.options.Policy.EngineOnly {
		return s.watch(run)
	}
	var plan []policy.Resource
	result, failed := s.watch(func(w *watcher) error {
		err := run(w)
		plan = w.plan
		return err
	})
	judged, err := s.options.rehearse(plan)
	if err != nil && failed != nil {
		return result, failed // The program itself is at fault, and the engine has said so.
	}
	if err != nil {
		return result, fmt.Errorf("judging the environment by the policy: %w", err)
	}
	found := report.DocumentOf(rules.Pack().ReportPack(), judged)
	result.Policy = &found
	if judged.Stops() {
		failed = errors.Join(failed, errors.New("a mandatory policy rule is broken: see the policy results"))
	}
	return result, failed
}

// rehearse runs the program on the simulated cloud in memory and judges what it made, together with what the engine's plan
// does to what is there.
func (o Options) rehearse(plan []policy.Resource) (*policy.Report, error) {
	recorder, err := o.simulation().Run(o.Program)
	if err != nil {
		return nil, fmt.Errorf("rehearsing the program: %w", err)
	}
	resources, err := policytest.Resources(recorder)
	if err != nil {
		return nil, err
	}
	pack := rules.Pack()
	config, err := pack.ReadConfig(o.Policy.Settings)
	if err != nil {
		return nil, err
	}
	graph := policy.NewGraph(policytest.StackOf(recorder), withPlan(resources, policy.OncePerURN(plan)))
	judged := policy.Evaluate(graph, policy.Evaluation{Rules: pack.Rules, Config: config, Today: time.Now()})
	return judged, pack.WriteReports(o.Policy.Report, judged)
}

// simulation is the simulated cloud in memory, with the configuration and with what exists beforehand.
func (o Options) simulation() *cloudsim.Sim {
	open, secret := map[string]string{}, map[string]string{}
	for key, value := range o.values {
		if value.Secret {
			secret[key] = value.Text
			continue
		}
		open[key] = value.Text
	}
	options := []cloudsim.Option{
		cloudsim.Account(o.account), cloudsim.Region(o.region), cloudsim.Project(Project, o.Stack), cloudsim.Config(open), cloudsim.SecretConfig(secret),
	}
	if o.given != nil {
		options = append(options, cloudsim.Exists(*o.given))
	}
	return cloudsim.New(options...)
}

// givenBy is what the configuration names and the program does not make; nil when there is nothing.
func givenBy(settings stacks.Config) *cloudsim.Given {
	if settings.Hashing.HostedZoneID == "" {
		return nil
	}
	_, zone, _ := strings.Cut(settings.Hashing.Domain, ".")
	return &cloudsim.Given{
		Type: "aws:route53/zone:Zone", ID: settings.Hashing.HostedZoneID, Name: zone, Properties: map[string]any{"name": zone},
	}
}

// withPlan adds to the rehearsed resources what the engine's plan does to each, and those that it deletes.
func withPlan(resources, plan []policy.Resource) []policy.Resource {
	steps := map[string]*policy.Step{}
	for _, r := range plan {
		steps[r.URN] = r.Step
		if r.Step.Deletes() {
			resources = append(resources, r)
		}
	}
	for i := range resources {
		if resources[i].Step == nil {
			resources[i].Step = steps[resources[i].URN]
		}
	}
	return resources
}

// planned is one step of the engine as policies take it.
func planned(m apitype.StepEventMetadata) (policy.Resource, bool) {
	op, counts := policy.OpOf(string(m.Op))
	now := m.New
	if now == nil {
		now = m.Old
	}
	if !counts || now == nil {
		return policy.Resource{}, false
	}
	step := &policy.Step{Op: op, Causes: differing(m)}
	if op == policy.Replace && len(m.Keys) > 0 {
		step.Causes = slices.Sorted(slices.Values(m.Keys))
	}
	if m.Old != nil {
		step.Old, step.OldProtect = object(m.Old.Inputs), m.Old.Protect
	}
	return policy.Resource{
		URN: m.URN, Type: m.Type, Name: policy.NameOf(m.URN), ID: now.ID, Parent: now.Parent, Provider: now.Provider,
		Properties: object(now.Inputs), Protect: now.Protect, RetainOnDelete: now.RetainOnDelete, Step: step,
	}, true
}

// object is what the engine's events have for properties; they are JSON already.
func object(properties map[string]any) *structpb.Struct {
	made, err := structpb.NewStruct(properties)
	if err != nil {
		return &structpb.Struct{}
	}
	return made
}
