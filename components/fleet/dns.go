package fleet

import (
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/internal/names"
)

// deliveryName is the limit of a log delivery's names.
var deliveryName = names.Limit{Max: 60, Pattern: regexp.MustCompile(`^[\w-]+$`)}

// createNames points the fleet's name at CloudFront, and the origin's name at the load balancer: CloudFront goes there
// by the VPC origin, and the record keeps the name from meaning anything else.
func (b *builder) createNames() error {
	zone := b.plan.args.Zone
	if zone == nil {
		return nil
	}
	if !b.plan.cdn() {
		return b.createAlias("name", zone.Domain, b.front.name, b.front.zone, "A")
	}
	if err := b.createAlias("origin-name", b.plan.origin(), b.front.name, b.front.zone, "A"); err != nil {
		return err
	}
	cdn := b.fleet.Distribution
	return b.createAlias("name", zone.Domain, cdn.DomainName, cdn.HostedZoneId, "A", "AAAA")
}

// url is where clients go: the fleet's own name, CloudFront's, or the load balancer's inside the network.
func (b *builder) url() pulumi.StringOutput {
	if b.plan.cdn() {
		if names := b.plan.aliases(); len(names) > 0 {
			return pulumi.Sprintf("https://%s", names[0])
		}
		return pulumi.Sprintf("https://%s", b.fleet.Distribution.DomainName)
	}
	if b.plan.args.Zone != nil {
		return pulumi.Sprintf("https://%s", b.plan.args.Zone.Domain)
	}
	if !b.plan.ownListener() {
		return b.broughtURL()
	}
	if b.plan.tls() {
		return pulumi.Sprintf("https://%s", b.front.name)
	}
	return pulumi.Sprintf("http://%s", b.front.name)
}
