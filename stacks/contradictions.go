package stacks

import (
	"fmt"
	"slices"
	"strings"
)

// contradictions are the rules between values, and between values and the environment's profile.
func (r *reader) contradictions(stack string, c Config) {
	r.stackName(stack, c)
	r.decommission(stack)
	r.networkAgainstProfile(c)
	r.hashingAgainstProfile(c)
	if c.Profile.Pager {
		r.require(c.Alarms.Pager, "pagerDutyUrl", nil, "a pager for critical alarms in "+string(c.Environment),
			"pulumi config set --secret holdfast:pagerDutyUrl URL")
	}
	r.require(len(c.Alarms.Emails)+len(c.Alarms.chats()) > 0 || r.failed("alarmEmails"), "alarmEmails", nil,
		"somebody who receives every alarm; a pager takes the critical ones alone", "add an address, or a channel of Slack or Teams")
	r.together("alarmSlackWorkspaceId", "alarmSlackChannelId")
	r.together("alarmTeamsTenantId", "alarmTeamsTeamId", "alarmTeamsChannelId")
	r.subscribers(c.Alarms.Emails)
	// EC2 answers for a subnet's zone by the region that the zone's name begins with.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
	for _, zone := range c.Network.Zones {
		r.require(r.failed("region") || strings.HasPrefix(zone, c.Account.Region), "zones", zone,
			"zones of the region "+c.Account.Region, "use "+c.Account.Region+"a, or change region")
	}
}

// subscribers refuses addresses whose subscriptions would bear one name.
func (r *reader) subscribers(addresses []string) {
	taken := map[string]string{}
	for _, address := range addresses {
		name := subscriberName(address)
		other, clash := taken[name]
		r.require(!clash, "alarmEmails", address, "addresses that differ in letters and digits, unlike "+other, "remove one of the two")
		taken[name] = address
	}
}

// together refuses each key that is missing where one of the others is set.
func (r *reader) together(keys ...string) {
	set := slices.IndexFunc(keys, func(key string) bool { return r.text(key) != "" })
	for _, key := range keys {
		r.require(set < 0 || r.text(key) != "", key, nil, "set together with "+strings.Join(keys, ", ")+", or none of them",
			setIt(key)+", or remove the others")
	}
}

func (r *reader) stackName(stack string, c Config) {
	for _, name := range Environments() {
		if stack == string(name) {
			r.require(c.Environment == name, "environment", c.Environment, "the environment that the stack is named after, "+stack,
				"set environment to "+stack+", or give the stack another name")
		}
	}
}

// decommission is the one way to give up the protections of an environment that is not disposable.
func (r *reader) decommission(stack string) {
	given := r.text("decommission")
	r.require(given == "" || given == stack, "decommission", given, "nothing, or the stack's own name, "+stack,
		"remove it, unless this very environment is about to be destroyed")
}

func (r *reader) networkAgainstProfile(c Config) {
	if r.failed("zones") {
		return
	}
	r.require(len(c.Network.Zones) >= c.Profile.MinimumZones, "zones", fmt.Sprintf("%d zones", len(c.Network.Zones)),
		fmt.Sprintf("at least %d zones in %s", c.Profile.MinimumZones, c.Environment), "add zones of the region")
	r.require(c.Profile.Disposable || c.Network.NAT != "one", "natGateways", c.Network.NAT,
		"none or per-zone in "+string(c.Environment)+": with one NAT gateway the loss of its zone cuts off the others",
		"set natGateways to per-zone, or to none")
}

func (r *reader) hashingAgainstProfile(c Config) {
	h := c.Hashing
	r.require(!c.Profile.PinnedImage || h.ImageID != "" || r.failed("hashingImageId"), "hashingImageId", nil,
		"an image pinned by id in "+string(c.Environment), "set it to the image id that was tested")
	r.require(!c.Profile.OwnDomain || h.Domain != "" || r.failed("hashingDomain"), "hashingDomain", nil,
		"a domain of our own in "+string(c.Environment), "set hashingDomain and hashingHostedZoneId")
	r.require((h.Domain == "") == (h.HostedZoneID == "") || r.failed("hashingDomain") || r.failed("hashingHostedZoneId"),
		"hashingHostedZoneId", h.HostedZoneID, "set together with hashingDomain, or neither", "set both, or remove both")
	r.require(h.HeadroomPercent >= c.Profile.MinimumHeadroomPercent || r.failed("hashingHeadroomPercent"),
		"hashingHeadroomPercent", h.HeadroomPercent,
		fmt.Sprintf("at least %d in %s", c.Profile.MinimumHeadroomPercent, c.Environment),
		fmt.Sprintf("set it to %d", c.Profile.MinimumHeadroomPercent))
	r.require(c.Environment == Prod || c.Tags.DataClass != "restricted", "dataClass", c.Tags.DataClass,
		"restricted data in prod only", "use a lower class outside prod")
}
