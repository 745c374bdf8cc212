package cloudsim_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// The engine tests run the real Pulumi CLI on the provider face. They look for the CLI in HOLDFAST_PULUMI (a directory with
// bin/pulumi), then on PATH, and fail without it.

var builtProvider = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cloudsim-provider-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "pulumi-resource-aws"), "./cmd/pulumi-resource-aws").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: "go build: " + string(out), Err: err}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := builtProvider(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func pulumiRoot(t *testing.T) string {
	t.Helper()
	if root := os.Getenv("HOLDFAST_PULUMI"); root != "" {
		require.FileExists(t, filepath.Join(root, "bin", "pulumi"), "HOLDFAST_PULUMI must be a directory with bin/pulumi")
		return root
	}
	found, err := exec.LookPath("pulumi")
	require.NoError(t, err, "the engine tests need the Pulumi CLI: set HOLDFAST_PULUMI to a directory with bin/pulumi, or put pulumi on PATH")
	found, err = filepath.EvalSymlinks(found)
	require.NoError(t, err)
	return filepath.Dir(filepath.Dir(found))
}

// engine is one stack on the real engine and the simulated cloud.
type engine struct {
	t     *testing.T
	stack auto.Stack
	state string
}

func newEngine(t *testing.T, program pulumi.RunFunc, env map[string]string) *engine {
	t.Helper()
	ctx := context.Background()
	root := pulumiRoot(t)
	provider, err := builtProvider()
	require.NoError(t, err)
	command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: root})
	require.NoError(t, err)
	home, backend, state := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "cloud")
	vars := map[string]string{
		"PATH":                     provider + string(os.PathListSeparator) + filepath.Join(root, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"PULUMI_HOME":              home,
		"PULUMI_BACKEND_URL":       "file://" + backend,
		"PULUMI_CONFIG_PASSPHRASE": "test",
		"PULUMI_SKIP_UPDATE_CHECK": "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		cloudsim.EnvState:   state,
		cloudsim.EnvAccount: "111122223333",
	}
	maps.Copy(vars, env)
	stack, err := auto.UpsertStackInlineSource(ctx, "test", "cloudsim", program, auto.Pulumi(command), auto.PulumiHome(home), auto.EnvVars(vars))
	require.NoError(t, err)
	return &engine{t: t, stack: stack, state: state}
}

func (e *engine) up() auto.UpResult {
	e.t.Helper()
	result, err := e.stack.Up(context.Background(), optup.SuppressProgress())
	require.NoError(e.t, err)
	return result
}

func (e *engine) previewChanges() map[apitype.OpType]int {
	e.t.Helper()
	result, err := e.stack.Preview(context.Background(), optpreview.SuppressProgress())
	require.NoError(e.t, err)
	changes := map[apitype.OpType]int{}
	for op, n := range result.ChangeSummary {
		if op != apitype.OpSame {
			changes[op] = n
		}
	}
	return changes
}

func (e *engine) refreshChanges() map[string]int {
	e.t.Helper()
	result, err := e.stack.Refresh(context.Background(), optrefresh.SuppressProgress())
	require.NoError(e.t, err)
	changes := map[string]int{}
	for op, n := range *result.Summary.ResourceChanges {
		if op != "same" {
			changes[op] = n
		}
	}
	return changes
}

func (e *engine) destroy() {
	e.t.Helper()
	_, err := e.stack.Destroy(context.Background(), optdestroy.SuppressProgress())
	require.NoError(e.t, err)
}

func (e *engine) model() *cloudsim.Model {
	e.t.Helper()
	m, err := cloudsim.Open(e.state)
	require.NoError(e.t, err)
	e.t.Cleanup(func() { _ = m.Close() })
	return m
}

func (e *engine) resources() []cloudsim.Resource {
	e.t.Helper()
	all, err := e.model().Resources()
	require.NoError(e.t, err)
	return all
}

// provider registers an explicit AWS provider, configured as the SDK configures one.
func provider(ctx *pulumi.Context, name, region string) (pulumi.ProviderResource, error) {
	var p pulumi.ProviderResourceState
	accounts, _ := json.Marshal([]string{"111122223333"})
	tags, _ := json.Marshal(map[string]any{"tags": map[string]string{"owner": "tests"}})
	err := ctx.RegisterResource("pulumi:providers:aws", name, pulumi.Map{"region": pulumi.String(region),
		"allowedAccountIds": pulumi.String(accounts), "defaultTags": pulumi.String(tags)}, &p)
	return &p, err
}

// small is a network with two subnets, a way out, and a log group whose name the provider makes.
func small(ctx *pulumi.Context) error {
	aws, err := provider(ctx, "ireland", "eu-west-1")
	if err != nil {
		return err
	}
	in := pulumi.Provider(aws)
	vpc, err := res(ctx, vpcType, "main", pulumi.Map{"cidrBlock": pulumi.String("10.0.0.0/16"), "enableDnsHostnames": pulumi.Bool(true)}, in)
	if err != nil {
		return err
	}
	gateway, err := res(ctx, gatewayType, "main", pulumi.Map{"vpcId": vpc.ID()}, in)
	if err != nil {
		return err
	}
	for zone, block := range map[string]string{"eu-west-1a": "10.0.0.0/24", "eu-west-1b": "10.0.1.0/24"} {
		subnet, err := res(ctx, subnetType, zone, pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": pulumi.String(block),
			"availabilityZone": pulumi.String(zone), "tags": pulumi.StringMap{"zone": pulumi.String(zone)}}, in)
		if err != nil {
			return err
		}
		table, err := res(ctx, tableType, zone, pulumi.Map{"vpcId": vpc.ID()}, in)
		if err != nil {
			return err
		}
		if _, err := res(ctx, routeType, zone, pulumi.Map{"routeTableId": table.ID(), "destinationCidrBlock": pulumi.String("0.0.0.0/0"),
			"gatewayId": gateway.ID()}, in); err != nil {
			return err
		}
		if _, err := res(ctx, associationType, zone, pulumi.Map{"routeTableId": table.ID(), "subnetId": subnet.ID()}, in); err != nil {
			return err
		}
	}
	_, err = res(ctx, logGroupType, "flow", pulumi.Map{"retentionInDays": pulumi.Int(30)}, in)
	return err
}

const smallSize = 11 // VPC, gateway, log group, and per zone subnet, route table, route, association.

func TestTheRealEngineDeploysRefreshesAndDestroysOnTheSimulatedCloud(t *testing.T) {
	t.Parallel()
	e := newEngine(t, small, nil)
	require.Equal(t, smallSize+2, e.previewChanges()[apitype.OpCreate], "resources, the provider and the stack")
	require.Empty(t, e.resources(), "a preview makes nothing")

	e.up()
	require.Len(t, e.resources(), smallSize)
	require.Empty(t, e.previewChanges(), "a second preview finds nothing to do")
	require.Empty(t, e.refreshChanges(), "a refresh finds no drift")
	require.Empty(t, e.previewChanges())

	m := e.model()
	var subnet cloudsim.Resource
	for _, r := range e.resources() {
		if r.Type == subnetType && strings.HasSuffix(r.URN, "eu-west-1a") {
			subnet = r
		}
	}
	require.Equal(t, "tests", subnet.Outputs["tagsAll"].ObjectValue()["owner"].StringValue(), "the provider's default tags arrive")
	require.Equal(t, "eu-west-1", subnet.Region)
	require.NoError(t, m.Edit(subnet.URN, func(r *cloudsim.Resource) { r.Set("mapPublicIpOnLaunch", true) }))
	require.Equal(t, map[string]int{"update": 1}, e.refreshChanges(), "a refresh finds the edit")
	require.Equal(t, 1, e.previewChanges()[apitype.OpUpdate], "the next update takes it back")
	e.up()
	require.Empty(t, e.previewChanges())

	e.destroy()
	require.Empty(t, e.resources(), "nothing is left")
}

func TestAResourceDeletedByHandIsMadeAgain(t *testing.T) {
	t.Parallel()
	e := newEngine(t, small, nil)
	e.up()
	m := e.model()
	for _, r := range e.resources() {
		if r.Type == logGroupType {
			require.NoError(t, m.Remove(r.URN))
		}
	}
	require.Equal(t, map[string]int{"delete": 1}, e.refreshChanges())
	e.up()
	require.Len(t, e.resources(), smallSize)
	e.destroy()
}

func TestTheProviderRefusesAnAccountThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	e := newEngine(t, small, map[string]string{cloudsim.EnvAccount: "999999999999"})
	_, err := e.stack.Up(context.Background(), optup.SuppressProgress())
	require.ErrorContains(t, err, "AWS account ID not allowed: 999999999999")
	require.Empty(t, e.resources())
}

func TestAFailedOperationIsRecoveredFromByRunningAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []cloudsim.FaultKind{cloudsim.DieBefore, cloudsim.DieAfter, cloudsim.Timeout, cloudsim.Throttle} {
		t.Run(string(kind)+" in create", func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, small, faultyAt(t, kind, cloudsim.OpCreate))
			_, err := e.stack.Up(context.Background(), optup.SuppressProgress())
			require.Error(t, err)
			e.up()
			require.Len(t, e.resources(), smallSize, "nothing is doubled")
			require.Empty(t, e.previewChanges())
			e.destroy()
			require.Empty(t, e.resources(), "nothing is orphaned")
		})
	}
	for _, kind := range []cloudsim.FaultKind{cloudsim.DieBefore, cloudsim.DieAfter} {
		t.Run(string(kind)+" in delete", func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, small, faultyAt(t, kind, cloudsim.OpDelete))
			e.up()
			_, err := e.stack.Destroy(context.Background(), optdestroy.SuppressProgress())
			require.Error(t, err)
			e.destroy()
			require.Empty(t, e.resources())
		})
	}
}

func faultyAt(t *testing.T, kind cloudsim.FaultKind, op cloudsim.Op) map[string]string {
	t.Helper()
	faults, err := json.Marshal([]cloudsim.Fault{{Kind: kind, Op: op, Nth: 4}})
	require.NoError(t, err)
	return map[string]string{cloudsim.EnvFaults: string(faults)}
}

func TestTwoRegionsAreTwoProcessesOnOneState(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(ctx *pulumi.Context) error {
		for _, region := range []string{"eu-west-1", "eu-central-1"} {
			aws, err := provider(ctx, region, region)
			if err != nil {
				return err
			}
			if _, err := res(ctx, vpcType, region, pulumi.Map{"cidrBlock": pulumi.String("10.0.0.0/16")}, pulumi.Provider(aws)); err != nil {
				return err
			}
		}
		return nil
	}, nil)
	e.up()
	regions, processes := map[string]bool{}, map[int]bool{}
	for _, r := range e.resources() {
		regions[r.Region] = true
	}
	journal, err := e.model().Journal()
	require.NoError(t, err)
	for _, op := range journal {
		processes[op.PID] = true
	}
	require.Len(t, regions, 2)
	require.Len(t, processes, 2)
	require.Empty(t, e.previewChanges())
	e.destroy()
	require.Empty(t, e.resources())
}
