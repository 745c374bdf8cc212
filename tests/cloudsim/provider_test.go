package cloudsim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
)

// client calls one provider process as the engine does.
type client struct {
	t *testing.T
	p *provider
}

// process starts a provider on the state directory. Several on one directory stand for the processes of one run.
func process(t *testing.T, dir, region, faults string) *client {
	t.Helper()
	env := map[string]string{EnvState: dir, EnvAccount: "111122223333", EnvFaults: faults}
	p, err := newProvider(func(k string) string { return env[k] }, nil)
	require.NoError(t, err)
	p.model.die = nil // A fault must not end the process that runs the tests; it returns its error instead.
	args, err := object(resource.PropertyMap{"region": resource.NewProperty(region)})
	require.NoError(t, err)
	_, err = p.Configure(context.Background(), &pulumirpc.ConfigureRequest{Args: args})
	require.NoError(t, err)
	return &client{t, p}
}

func urnOf(typ, name string) string { return "urn:pulumi:stack::project::" + typ + "::" + name }

type props map[string]any

func (ps props) property() resource.PropertyMap {
	m := resource.PropertyMap{}
	for k, v := range ps {
		m[resource.PropertyKey(k)] = propertyOf(v)
	}
	return m
}

func (c *client) check(typ, name string, inputs props, old resource.PropertyMap) resource.PropertyMap {
	c.t.Helper()
	news, err := object(inputs.property())
	require.NoError(c.t, err)
	olds, err := object(old)
	require.NoError(c.t, err)
	out, err := c.p.Check(context.Background(), &pulumirpc.CheckRequest{Urn: urnOf(typ, name), News: news, Olds: olds})
	require.NoError(c.t, err)
	require.Empty(c.t, out.GetFailures())
	checked, err := properties(out.GetInputs())
	require.NoError(c.t, err)
	return checked
}

type made struct {
	typ, name, id string
	in, out       resource.PropertyMap
}

func (c *client) create(typ, name string, inputs props) (made, error) {
	c.t.Helper()
	checked := c.check(typ, name, inputs, nil)
	in, err := object(checked)
	require.NoError(c.t, err)
	response, err := c.p.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urnOf(typ, name), Properties: in})
	if err != nil {
		return made{typ: typ, name: name, in: checked}, err
	}
	out, err := properties(response.GetProperties())
	require.NoError(c.t, err)
	return made{typ, name, response.GetId(), checked, out}, nil
}

func (c *client) must(typ, name string, inputs props) made {
	c.t.Helper()
	m, err := c.create(typ, name, inputs)
	require.NoError(c.t, err)
	return m
}

func (c *client) delete(m made) error {
	_, err := c.p.Delete(context.Background(), &pulumirpc.DeleteRequest{Urn: urnOf(m.typ, m.name), Id: m.id})
	return err
}

func (c *client) diff(m made, inputs props) *pulumirpc.DiffResponse {
	c.t.Helper()
	old, err := object(m.in)
	require.NoError(c.t, err)
	outputs, err := object(m.out)
	require.NoError(c.t, err)
	news, err := object(c.check(m.typ, m.name, inputs, m.in))
	require.NoError(c.t, err)
	response, err := c.p.Diff(context.Background(), &pulumirpc.DiffRequest{Urn: urnOf(m.typ, m.name), Id: m.id, OldInputs: old, Olds: outputs, News: news})
	require.NoError(c.t, err)
	return response
}

func (c *client) count() int {
	c.t.Helper()
	all, err := c.p.model.Resources()
	require.NoError(c.t, err)
	return len(all)
}

func TestADeletionIsRefusedWhileSomethingDependsOnIt(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	network := c.must(vpcType, "v", props{"cidrBlock": "10.0.0.0/16"})
	gateway := c.must(gatewayType, "g", props{"vpcId": network.id})
	home := c.must(vpcSubnetType, "a", props{"vpcId": network.id, "cidrBlock": "10.0.0.0/24"})
	address := c.must(addressType, "e", nil)
	nat := c.must(natType, "n", props{"subnetId": home.id, "allocationId": address.id})
	table := c.must(routeTableType, "t", props{"vpcId": network.id})
	way := c.must(routeType, "r", props{"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": nat.id})
	c.must(associationType, "x", props{"routeTableId": table.id, "subnetId": home.id})

	err := c.delete(network)
	require.ErrorContains(t, err, "DependencyViolation: the vpc ID '"+network.id+"' has dependencies and cannot be deleted")
	require.ErrorContains(t, err, home.id)
	require.ErrorContains(t, err, gateway.id)
	require.ErrorContains(t, c.delete(home), nat.id)
	require.ErrorContains(t, c.delete(gateway), "mapped public address(es)")
	require.ErrorContains(t, c.delete(address), "InvalidIPAddress.InUse")
	require.ErrorContains(t, c.delete(table), "rtbassoc-")
	require.NoError(t, c.delete(nat), "a route does not keep its target: it becomes a blackhole")
	require.NoError(t, c.delete(way))
	require.NoError(t, c.delete(gateway))
	require.NoError(t, c.delete(home), "an association does not keep its subnet")
	require.NoError(t, c.delete(nat), "what is gone counts as deleted")
}

func TestARoleIsNotDeletedWhilePoliciesAreAttached(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	r := c.must(roleType, "r", props{"assumeRolePolicy": trust})
	attached := c.must(policyAttachmentType, "a", props{"role": r.id, "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"})
	require.ErrorContains(t, c.delete(r), "DeleteConflict")
	require.NoError(t, c.delete(attached))
	require.NoError(t, c.delete(r))
}

func TestTheDiffKnowsWhatForcesAReplacement(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	network := c.must(vpcType, "v", props{"cidrBlock": "10.0.0.0/16"})
	none := c.diff(network, props{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true})
	require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, none.GetChanges(), "writing out a default is no change")
	update := c.diff(network, props{"cidrBlock": "10.0.0.0/16", "tags": map[string]any{"a": "b"}})
	require.Empty(t, update.GetReplaces())
	require.Equal(t, pulumirpc.PropertyDiff_ADD, update.GetDetailedDiff()["tags"].GetKind())
	replace := c.diff(network, props{"cidrBlock": "10.1.0.0/16"})
	require.Equal(t, []string{"cidrBlock"}, replace.GetReplaces())
	require.Equal(t, pulumirpc.PropertyDiff_UPDATE_REPLACE, replace.GetDetailedDiff()["cidrBlock"].GetKind())
	require.False(t, replace.GetDeleteBeforeReplace())

	fixed := c.must(groupSGType, "fixed", props{"vpcId": network.id, "name": "web"})
	require.True(t, c.diff(fixed, props{"vpcId": network.id, "name": "web", "description": "new"}).GetDeleteBeforeReplace(),
		"two of one fixed name cannot stand side by side")
	auto := c.must(groupSGType, "auto", props{"vpcId": network.id})
	require.False(t, c.diff(auto, props{"vpcId": network.id, "description": "new"}).GetDeleteBeforeReplace())
}

func TestAnAutomaticNameIsKeptByAnUpdateAndChangedByAReplacement(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	group := c.must(logGroupType, "g", nil)
	require.Equal(t, group.in["name"], c.check(logGroupType, "g", props{"retentionInDays": 7}, group.in)["name"])
	replacement := c.must(logGroupType, "g", nil) // The engine checks a replacement without the old inputs.
	require.NotEqual(t, group.id, replacement.id)
	require.Equal(t, 2, c.count())
	require.NoError(t, c.delete(group))
	require.Equal(t, 1, c.count())
}

func TestARepeatedCreationWhoseAnswerWasLostAdoptsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := process(t, dir, "eu-west-1", `[{"kind":"die-after","op":"create"}]`)
	_, err := c.create(logGroupType, "g", nil)
	require.ErrorContains(t, err, "ended after the create")
	require.Equal(t, 1, c.count(), "it took effect")
	again := process(t, dir, "eu-west-1", `[{"kind":"die-after","op":"create"}]`).must(logGroupType, "g", nil)
	require.Equal(t, 1, c.count())
	require.NotEmpty(t, again.id)
}

func TestAFaultFiresOnceAcrossProcesses(t *testing.T) {
	t.Parallel()
	dir, faults := t.TempDir(), `[{"kind":"throttle","op":"create","nth":3}]`
	a, b := process(t, dir, "eu-west-1", faults), process(t, dir, "eu-central-1", faults)
	a.must(logGroupType, "1", nil)
	b.must(logGroupType, "2", nil)
	_, err := a.create(logGroupType, "3", nil)
	require.ErrorContains(t, err, "ThrottlingException: Rate exceeded")
	a.must(logGroupType, "3", nil)
	b.must(logGroupType, "4", nil)
	late := process(t, dir, "eu-west-1", faults)
	for i := range 5 {
		late.must(logGroupType, fmt.Sprint("late", i), nil)
	}
	journal, err := late.p.model.Journal()
	require.NoError(t, err)
	failed := 0
	for _, op := range journal {
		if op.Error != "" {
			failed++
		}
	}
	require.Equal(t, 1, failed)
	require.Len(t, journal, 10)
}

func TestProcessesSeeEachOthersResourcesAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := process(t, dir, "eu-west-1", ""), process(t, dir, "eu-west-1", "")
	network := a.must(vpcType, "v", props{"cidrBlock": "10.0.0.0/16"})
	b.must(vpcSubnetType, "a", props{"vpcId": network.id, "cidrBlock": "10.0.0.0/24"})
	_, err := a.create(vpcSubnetType, "b", props{"vpcId": network.id, "cidrBlock": "10.0.0.0/25"})
	require.ErrorContains(t, err, "InvalidSubnet.Conflict")
	elsewhere := process(t, dir, "eu-central-1", "")
	_, err = elsewhere.create(vpcSubnetType, "c", props{"vpcId": network.id, "cidrBlock": "10.0.2.0/24"})
	require.ErrorContains(t, err, "there is one in account 111122223333, region eu-west-1")
}

func TestConcurrentProcessesLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for worker := range 4 {
		c := process(t, dir, "eu-west-1", "")
		group.Go(func() {
			for i := range 25 {
				if _, err := c.create(logGroupType, fmt.Sprintf("w%d-%d", worker, i), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, 100, process(t, dir, "eu-west-1", "").count())
}

func TestALineTornByADyingProcessIsCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := process(t, dir, "eu-west-1", "")
	c.must(logGroupType, "1", nil)
	file, err := os.OpenFile(filepath.Join(dir, logName), os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	_, err = file.WriteString(`{"put":{"Type":"aws:cloudw`)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	c.must(logGroupType, "2", nil)
	require.Equal(t, 2, process(t, dir, "eu-west-1", "").count())
}

func TestAnOperationStaysCheapHoweverMuchExists(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	const batch = 150
	took := func(round int) time.Duration {
		start := time.Now()
		for i := range batch {
			c.must(logGroupType, fmt.Sprintf("r%d-%d", round, i), nil)
		}
		return time.Since(start) / batch
	}
	first := took(0)
	took(1)
	third := took(2)
	require.Less(t, third, 10*time.Millisecond, "per operation; the first batch took %s, the third %s", first, third)
	t.Logf("per creation with its check: %s in the first 150, %s in the third", first, third)
}

func TestReadFindsWhatIsThereAndNothingElse(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	network := c.must(vpcType, "v", props{"cidrBlock": "10.0.0.0/16"})
	found, err := c.p.Read(context.Background(), &pulumirpc.ReadRequest{Urn: urnOf(vpcType, "other"), Id: network.id})
	require.NoError(t, err)
	require.Equal(t, network.id, found.GetId())
	require.Equal(t, "10.0.0.0/16", found.GetInputs().GetFields()["cidrBlock"].GetStringValue(), "an import gets its inputs")
	gone, err := c.p.Read(context.Background(), &pulumirpc.ReadRequest{Urn: urnOf(vpcType, "v"), Id: "vpc-0none"})
	require.NoError(t, err)
	require.Empty(t, gone.GetId())
}

func TestTheVirtualClockCountsDurationsAlongReferences(t *testing.T) {
	t.Parallel()
	c := process(t, t.TempDir(), "eu-west-1", "")
	begin := time.Now()
	network := c.must(vpcType, "v", props{"cidrBlock": "10.0.0.0/16"})
	c.must(gatewayType, "g", props{"vpcId": network.id})
	home := c.must(vpcSubnetType, "a", props{"vpcId": network.id, "cidrBlock": "10.0.0.0/24"})
	address := c.must(addressType, "e", nil)
	c.must(natType, "n", props{"subnetId": home.id, "allocationId": address.id})
	clock, err := c.p.model.Clock()
	require.NoError(t, err)
	require.Equal(t, 120*time.Second, clock, "VPC 3 s, subnet 2 s, NAT gateway 115 s; the address is made meanwhile")
	require.Less(t, time.Since(begin), 5*time.Second)
}

func TestTheProviderFaceDemandsItsStateDirectory(t *testing.T) {
	t.Parallel()
	_, err := newProvider(func(string) string { return "" }, nil)
	require.ErrorContains(t, err, "CLOUDSIM_STATE is not set: this is the simulated cloud, not AWS")
	_, err = newProvider(func(k string) string { return map[string]string{EnvState: t.TempDir(), EnvSpeed: "fast"}[k] }, nil)
	require.ErrorContains(t, err, "CLOUDSIM_SPEED")
	_, err = newProvider(func(k string) string {
		return map[string]string{EnvState: t.TempDir(), EnvFaults: `[{"kind":"explode"}]`}[k]
	}, nil)
	require.ErrorContains(t, err, "explode")
}

func TestEveryRowIsComplete(t *testing.T) {
	t.Parallel()
	for _, typ := range Types() {
		row, _ := RowOf(typ)
		require.NotEmpty(t, row.Noun, typ)
		require.NotEmpty(t, row.Doc, typ)
		require.NotNil(t, row.ID, typ)
		require.NotEmpty(t, row.Durations.Source, typ)
		for _, limit := range row.Limits {
			require.Contains(t, limit.Source, "https://", "%s %s", typ, limit.Path)
		}
		for _, ref := range row.Refs {
			require.NotEmpty(t, ref.To, "%s %s", typ, ref.Path)
		}
		for _, unique := range row.Unique {
			require.NotEmpty(t, unique.Code, typ)
		}
		for _, refreshed := range row.Refresh {
			require.Contains(t, row.Computed, refreshed, typ)
		}
	}
}
