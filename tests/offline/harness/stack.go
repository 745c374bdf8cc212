// Package harness runs the program on the real Pulumi engine against the simulated cloud: the command line that a user
// would run, driven through the Automation API, with a local state file, an isolated PULUMI_HOME and the simulated
// provider. Nothing of it reaches a real cloud.
package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/offline/toolchain"
)

// Project is the project's name in Pulumi.yaml.
const Project = "holdfast"

// Options say what is run where.
type Options struct {
	Layout toolchain.Layout
	// CLI is the folder whose bin/pulumi is used.
	CLI string
	// Stack is dev, stg or prod, or the name of another Pulumi.<stack>.yaml.
	Stack string
	// Dir holds the state, the simulated cloud and the engine's copy of the project. Default: the stack's own folder in
	// .cache.
	Dir string
	// Program is what the engine runs. Default: stacks.Deploy.
	Program pulumi.RunFunc
	// Overrides replace values of the stack's configuration, by full key; for tests.
	Overrides map[string]string
	// Secrets are full keys that get a simulated secret although the environment does not require them; for tests.
	Secrets []string
	// Env are more environment variables of the engine and the provider, for example faults.
	Env map[string]string
	// SkipCheckpoints writes the state once at the end instead of after every step: for tests that do not test recovery.
	SkipCheckpoints bool
	// Tree prints the engine's resource tree as on a terminal, also where the output is none.
	Tree bool
	// Policy is the policy pack that previews and updates are judged by; none by default.
	Policy Policy
	// Out and Err take what the engine prints; nil discards it.
	Out, Err io.Writer

	// account is the one that the simulated credentials belong to: the configured one; region is the configured one, too.
	account, region string
	// values are the configuration, simulated secrets included, and given what it names and the program does not make.
	values stacks.Values
	given  *cloudsim.Given
}

// Stack is one simulated environment.
type Stack struct {
	options Options
	auto    auto.Stack
}

// Open prepares the stack's folder and makes the stack in the local state when it is not there yet.
func Open(ctx context.Context, options Options) (*Stack, error) {
	options = options.withDefaults()
	files, err := stacks.ReadFiles(options.Layout.Root, options.Stack)
	if err != nil {
		return nil, err
	}
	settings, err := files.Check(SimulatedSecret)
	if err != nil {
		return nil, fmt.Errorf("the configuration of stack %s is not usable; nothing was started:\n%w", options.Stack, err)
	}
	if options, err = options.configured(files, settings); err != nil {
		return nil, err
	}
	w := workspace{dir: filepath.Join(options.Dir, "project"), plugin: options.Layout.PluginDir(), overrides: options.Overrides, secrets: options.Secrets}
	if err := w.write(ctx, files); err != nil {
		return nil, err
	}
	for _, dir := range []string{options.stateDir(), options.CloudDir(), options.Layout.PulumiHome()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := furnish(options.CloudDir(), settings); err != nil {
		return nil, err
	}
	return options.open(ctx, w)
}

// configured keeps what a rehearsal of the program needs.
func (o Options) configured(files stacks.Files, settings stacks.Config) (Options, error) {
	values, err := files.Values(SimulatedSecret)
	if err != nil {
		return o, err
	}
	for _, key := range slices.Concat(files.RequiredSecrets(values), o.Secrets) {
		values[key] = stacks.Value{Text: SimulatedSecret, Secret: true}
	}
	for key, value := range o.Overrides {
		values[key] = stacks.Value{Text: value}
	}
	o.account, o.region, o.values, o.given = settings.Account.ID, settings.Account.Region, values, givenBy(settings)
	return o, nil
}

// furnish puts into the simulated cloud what the configuration names and the program does not make.
func furnish(dir string, settings stacks.Config) error {
	given := givenBy(settings)
	if given == nil {
		return nil
	}
	cloud, err := cloudsim.Open(dir)
	if err != nil {
		return err
	}
	err = cloud.Give(settings.Account.ID, settings.Account.Region, *given)
	return errors.Join(err, cloud.Close())
}

func (o Options) open(ctx context.Context, w workspace) (*Stack, error) {
	made, err := auto.UpsertStackInlineSource(ctx, o.Stack, Project, o.Program,
		auto.WorkDir(w.dir), auto.Pulumi(command{options: o}), auto.PulumiHome(o.Layout.PulumiHome()),
		auto.SecretsProvider("passphrase"), auto.EnvVars(o.environment()))
	if err != nil {
		return nil, fmt.Errorf("opening the simulated stack %s: %w", o.Stack, err)
	}
	return &Stack{options: o, auto: made}, nil
}

func (o Options) withDefaults() Options {
	if o.Dir == "" {
		o.Dir = filepath.Join(o.Layout.Stacks(), o.Stack)
	}
	if o.Program == nil {
		o.Program = stacks.Deploy
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Err == nil {
		o.Err = io.Discard
	}
	return o
}

func (o Options) stateDir() string { return filepath.Join(o.Dir, "state") }

// CloudDir is where the simulated cloud keeps what exists.
func (o Options) CloudDir() string { return filepath.Join(o.Dir, "cloud") }

// StateFile is where the local backend keeps the stack's state.
func (o Options) StateFile() string {
	return filepath.Join(o.stateDir(), ".pulumi", "stacks", Project, o.Stack+".json")
}

// environment isolates the engine from the user's own Pulumi and AWS settings.
func (o Options) environment() map[string]string {
	variables := map[string]string{
		"PULUMI_BACKEND_URL":                          "file://" + o.stateDir(),
		"PULUMI_CONFIG_PASSPHRASE":                    passphrase,
		"PULUMI_CONFIG_PASSPHRASE_FILE":               "",
		"PULUMI_SKIP_UPDATE_CHECK":                    "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		"CLOUDSIM_STATE":                              o.CloudDir(),
		"CLOUDSIM_ACCOUNT":                            o.account,
	}
	if o.SkipCheckpoints {
		variables["PULUMI_EXPERIMENTAL"], variables["PULUMI_SKIP_CHECKPOINTS"] = "true", "true"
	}
	maps.Copy(variables, o.Env)
	return variables
}

// Preview shows what an update would do.
func (s *Stack) Preview(ctx context.Context) (Result, error) {
	return s.judge(func(w *watcher) error {
		_, err := s.auto.Preview(ctx, optpreview.PolicyPacks(s.options.Policy.packs()...),
			optpreview.PolicyPackConfigs(s.options.Policy.settings()...), optpreview.ProgressStreams(s.options.Out), optpreview.ErrorProgressStreams(s.options.Err),
			optpreview.EventStreams(w.events), optpreview.SuppressOutputs())
		return err
	})
}

// Up makes the simulated cloud as the program says, and fails where AWS would accept something that then never works.
func (s *Stack) Up(ctx context.Context) (Result, error) {
	result, err := s.judge(func(w *watcher) error {
		_, err := s.auto.Up(ctx, optup.PolicyPacks(s.options.Policy.packs()...),
			optup.PolicyPackConfigs(s.options.Policy.settings()...), optup.ProgressStreams(s.options.Out), optup.ErrorProgressStreams(s.options.Err),
			optup.EventStreams(w.events), optup.SuppressOutputs())
		return err
	})
	if err != nil {
		return result, err
	}
	return result, s.useless()
}

// useless names what was made but does nothing.
func (s *Stack) useless() error {
	cloud, err := cloudsim.Open(s.options.CloudDir())
	if err != nil {
		return err
	}
	idle, err := cloud.Idle()
	problems := []error{err, cloud.Close()}
	for _, urn := range slices.Sorted(maps.Keys(idle)) {
		problems = append(problems, fmt.Errorf("%s: %s", urn, idle[urn]))
	}
	return errors.Join(problems...)
}

// Refresh compares the state with the simulated cloud and takes over what it finds.
func (s *Stack) Refresh(ctx context.Context) (Result, error) {
	return s.watch(func(w *watcher) error {
		_, err := s.auto.Refresh(ctx, optrefresh.ProgressStreams(s.options.Out), optrefresh.ErrorProgressStreams(s.options.Err),
			optrefresh.EventStreams(w.events), optrefresh.SuppressOutputs())
		return err
	})
}

// Destroy removes everything.
func (s *Stack) Destroy(ctx context.Context) (Result, error) {
	return s.watch(func(w *watcher) error {
		_, err := s.auto.Destroy(ctx, optdestroy.ProgressStreams(s.options.Out), optdestroy.ErrorProgressStreams(s.options.Err),
			optdestroy.EventStreams(w.events), optdestroy.SuppressOutputs())
		return err
	})
}

// Options are the options the stack was opened with, defaults filled in.
func (s *Stack) Options() Options { return s.options }

// OrdinaryEnvironment are the variables under which an ordinary Pulumi installation runs the program against a simulated
// environment of its own: the provider is found on the PATH of that one shell.
func OrdinaryEnvironment(layout toolchain.Layout, stack string) (map[string]string, error) {
	o := Options{Layout: layout, Stack: stack, Dir: filepath.Join(layout.Stacks(), "ordinary-"+stack)}.withDefaults()
	files, err := stacks.ReadFiles(layout.Root, stack)
	if err != nil {
		return nil, err
	}
	settings, err := files.Check(SimulatedSecret)
	if err != nil {
		return nil, err
	}
	o.account = settings.Account.ID
	for _, dir := range []string{o.stateDir(), o.CloudDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := furnish(o.CloudDir(), settings); err != nil {
		return nil, err
	}
	variables := o.environment()
	variables["PATH"] = layout.PluginDir() + string(os.PathListSeparator) + os.Getenv("PATH")
	return variables, nil
}

// Export is the stack's state as pulumi stack export prints it, secrets encrypted. The Automation API's own export asks
// for them in plain text.
func (s *Stack) Export(ctx context.Context) (string, error) {
	var variables []string
	for name, value := range s.options.environment() {
		variables = append(variables, name+"="+value)
	}
	variables = append(variables, "PULUMI_HOME="+s.options.Layout.PulumiHome())
	text, messages, _, err := command{options: s.options}.Run(ctx, filepath.Join(s.options.Dir, "project"), nil, nil, nil, variables,
		"stack", "export", "--stack", s.options.Stack)
	if err != nil {
		return "", fmt.Errorf("exporting the state of %s: %w\n%s", s.options.Stack, err, messages)
	}
	return text, nil
}
