package cloudsim

import (
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

// life makes, changes and deletes resources without a program, in one account and region.
type life struct {
	t *testing.T
	m *Model
}

func newLife(t *testing.T) life {
	t.Helper()
	return life{t, newModel()}
}

func request(typ, name, id string, inputs map[string]any) opRequest {
	properties := resource.PropertyMap{}
	for k, v := range inputs {
		properties[resource.PropertyKey(k)] = propertyOf(v)
	}
	return opRequest{urn: "urn:pulumi:s::p::" + typ + "::" + name, typ: typ, name: name, id: id, at: place{"111122223333", "eu-west-1"}, inputs: properties}
}

func (l life) create(typ, name string, inputs map[string]any) *Resource {
	l.t.Helper()
	r, err := l.m.create(request(typ, name, "", inputs))
	require.NoError(l.t, err)
	return r
}

func (l life) update(r *Resource, inputs map[string]any) *Resource {
	l.t.Helper()
	changed, err := l.m.update(request(r.Type, "x", r.ID, inputs))
	require.NoError(l.t, err)
	return changed
}

func (l life) delete(r *Resource) error { return l.m.destroy(request(r.Type, "x", r.ID, nil)) }

func TestALaunchTemplateGetsAVersionWithEveryChangeOfItsDataAndNoOther(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	data := func(image string, more map[string]any) map[string]any {
		inputs := map[string]any{"name": "servers", "imageId": image}
		maps.Copy(inputs, more)
		return inputs
	}
	template := l.create(templateType, "lt", data("ami-00000000000000001", nil))
	require.Equal(t, 1, template.Out().Int("latestVersion"))
	template = l.update(template, data("ami-00000000000000002", nil))
	require.Equal(t, 2, template.Out().Int("latestVersion"))
	require.Equal(t, 1, template.Out().Int("defaultVersion"), "the default version stays unless the program says otherwise")
	template = l.update(template, data("ami-00000000000000002", map[string]any{"tags": map[string]any{"a": "b"}}))
	require.Equal(t, 2, template.Out().Int("latestVersion"), "tags of the template are no data")
	template = l.update(template, data("ami-00000000000000003", map[string]any{"updateDefaultVersion": true}))
	require.Equal(t, 3, template.Out().Int("latestVersion"))
	require.Equal(t, 3, template.Out().Int("defaultVersion"))
}

func TestALoadBalancerUnderProtectionIsNotDeleted(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	balancer := l.create(balancerType, "lb", map[string]any{"name": "lb", "internal": true, "loadBalancerType": "network", "enableDeletionProtection": true})
	require.ErrorContains(t, l.delete(balancer), "OperationNotPermitted: Load balancer '"+balancer.ARN+"' cannot be deleted because deletion protection is enabled")
	l.update(balancer, map[string]any{"name": "lb", "internal": true, "loadBalancerType": "network", "enableDeletionProtection": false})
	require.NoError(t, l.delete(balancer))
}

func TestATargetGroupInUseIsNotDeleted(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	balancer := l.create(balancerType, "lb", map[string]any{"name": "lb", "internal": true, "loadBalancerType": "network"})
	network := l.create("aws:ec2/vpc:Vpc", "v", map[string]any{"cidrBlock": "10.0.0.0/16"})
	targets := l.create(targetsType, "tg", map[string]any{"name": "tg", "port": 80, "protocol": "TCP", "vpcId": network.ID})
	listener := l.create(listenerType, "l", map[string]any{"loadBalancerArn": balancer.ARN, "port": 80, "protocol": "TCP",
		"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": targets.ARN}}})
	require.ErrorContains(t, l.delete(targets), "ResourceInUse")
	require.NoError(t, l.delete(listener))
	require.NoError(t, l.delete(targets))
}

func TestABucketWithObjectsIsNotDeletedUnlessItSaysSo(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	bucket := l.create(bucketV2Type, "b", map[string]any{"bucket": "hash-artifacts"})
	l.create(objectType, "o", map[string]any{"bucket": bucket.ID, "key": "server", "content": "ELF"})
	require.ErrorContains(t, l.delete(bucket), "BucketNotEmpty: The bucket you tried to delete is not empty: hash-artifacts")
	l.update(bucket, map[string]any{"bucket": "hash-artifacts", "forceDestroy": true})
	require.NoError(t, l.delete(bucket))
}

func TestAnObjectInAVersionedBucketGetsAVersionWithEveryContent(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.create(bucketV2Type, "b", map[string]any{"bucket": "hash-artifacts"})
	l.create(versioningType, "v", map[string]any{"bucket": "hash-artifacts", "versioningConfiguration": map[string]any{"status": "Enabled"}})
	object := l.create(objectType, "o", map[string]any{"bucket": "hash-artifacts", "key": "server", "content": "one"})
	first := object.Out().Text("versionId")
	require.NotEmpty(t, first)
	require.Equal(t, "f97c5d29941bfb1b2fdab0874906ab82", object.Out().Text("etag"), "the MD5 sum of one")
	object = l.update(object, map[string]any{"bucket": "hash-artifacts", "key": "server", "content": "two"})
	require.NotEqual(t, first, object.Out().Text("versionId"))
}

func TestAZoneWithRecordsIsNotDeleted(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	zone := l.create(zoneType, "z", map[string]any{"name": "example.com"})
	record := l.create(recordType, "r", map[string]any{"zoneId": zone.ID, "name": "www", "type": "A", "ttl": 60, "records": []string{"192.0.2.1"}})
	require.Equal(t, zone.ID+"_www_A", record.ID)
	require.Equal(t, "www.example.com", record.Out().Text("fqdn"))
	require.ErrorContains(t, l.delete(zone), "HostedZoneNotEmpty")
	require.NoError(t, l.delete(record))
	require.NoError(t, l.delete(zone))
}

func TestAGroupWithInstancesProtectedFromScaleInDoesNotDrain(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	network := l.create("aws:ec2/vpc:Vpc", "v", map[string]any{"cidrBlock": "10.0.0.0/16"})
	subnet := l.create(subnetType, "s", map[string]any{"vpcId": network.ID, "cidrBlock": "10.0.0.0/24", "availabilityZone": "eu-west-1a"})
	template := l.create(templateType, "lt", map[string]any{"name": "servers", "imageId": "ami-00000000000000001", "instanceType": "c7i.large"})
	inputs := map[string]any{"name": "g", "minSize": 1, "maxSize": 2, "vpcZoneIdentifiers": []string{subnet.ID},
		"launchTemplate": map[string]any{"id": template.ID, "version": "1"}, "protectFromScaleIn": true}
	group := l.create(groupType, "g", inputs)
	require.Equal(t, []string{"eu-west-1a"}, group.Out().Texts("availabilityZones"))
	require.ErrorContains(t, l.delete(group), "ResourceInUse")
	inputs["forceDelete"] = true
	l.update(group, inputs)
	require.NoError(t, l.delete(group))
}

func TestASuspendedBucketIsNeverUnversionedAgain(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	l.create(bucketV2Type, "b", map[string]any{"bucket": "hash-artifacts"})
	status := func(s string) map[string]any {
		return map[string]any{"bucket": "hash-artifacts", "versioningConfiguration": map[string]any{"status": s}}
	}
	versioning := l.create(versioningType, "v", status("Enabled"))
	_, err := l.m.update(request(versioningType, "v", versioning.ID, status("Disabled")))
	require.ErrorContains(t, err, "cannot be updated from")
	l.update(versioning, status("Suspended"))
}
