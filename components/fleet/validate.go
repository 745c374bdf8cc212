package fleet

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fielderror"
	"github.com/seed-11444627/holdfast/components/internal/tags"
)

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
	imagePattern     = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	parameterPattern = regexp.MustCompile(`^/[A-Za-z0-9_./-]+$`)
	domainPattern    = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
	cronPattern      = regexp.MustCompile(`^\S+( \S+){4}$`)
	queryPattern     = regexp.MustCompile(`^[A-Za-z0-9_.~-]{1,128}$`)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
	metadataTag = regexp.MustCompile(`^[A-Za-z0-9+=.,_:@-]+$`)
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
	trustStorePattern = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:truststore/[A-Za-z0-9-]{1,32}/[0-9a-f]+$`)
	mapKeyPattern     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func (p *plan) validate(problems *fielderror.Errors) {
	a := p.args
	problems.Require(accountPattern.MatchString(a.AccountID), "AccountID", a.AccountID, "an account id of 12 digits", "give the account's id")
	problems.Require(regionPattern.MatchString(a.Region), "Region", a.Region, "a region such as eu-central-1", "give the provider's region")
	tags.Check(problems, a.Tags)
	for _, key := range slices.Sorted(maps.Keys(a.Tags)) {
		reserved := key == "." || key == ".." || key == "_index"
		problems.Require(metadataTag.MatchString(key) && !reserved, fmt.Sprintf("Tags[%s]", key), key,
			"a key of letters, digits and + - = . , _ : @, and not . or .. or _index, because instances read their tags from their metadata", "rename the key")
	}
	a.Alarms.Check(problems, a.AlarmsOff)
	p.validatePlacement(problems)
	p.validateArtifact(problems)
	p.validateServer(problems)
	p.validateInstances(problems)
	p.validateMixed(problems)
	p.validateWarmPool(problems)
	p.validateTermination(problems)
	p.validateReservation(problems)
	p.validatePlacementGroup(problems)
	p.validateRollout(problems)
	p.validateScaling(problems)
	p.validateExisting(problems)
	p.validateLoadBalancer(problems)
	p.validateCertificate(problems)
	p.validateTargets(problems)
	p.validateCDN(problems)
	p.validateNames(problems)
}

func (p *plan) validatePlacement(problems *fielderror.Errors) {
	at := p.args.Placement
	problems.Require(at.VPC != nil, "Placement.VPC", nil, "the id of the VPC", "pass Network.Placement()")
	problems.Require(len(p.zones) >= 2, "Placement.Zones", fmt.Sprintf("%d zones", len(p.zones)),
		"two zones or more: an application load balancer needs subnets in two", "spread the network over three zones")
	for _, zone := range p.zones {
		problems.Require(strings.HasPrefix(zone, p.args.Region), "Placement.Zones", zone,
			"zones of "+p.args.Region, "give the region of the network")
		problems.Require(at.Private[zone] != nil, fmt.Sprintf("Placement.Private[%s]", zone), nil,
			"a private subnet in each zone", "pass the placement of a network with a private tier")
		problems.Require(at.Private[zone] == nil || at.PrivateReady[zone] != nil, fmt.Sprintf("Placement.PrivateReady[%s]", zone), nil,
			"the same subnet as in Private, known once it carries traffic", "pass Network.Placement(), which fills it in")
		problems.Require(!p.ownBalancer() || p.internal() || at.Public[zone] != nil, fmt.Sprintf("Placement.Public[%s]", zone), nil,
			"a public subnet in each zone for a public load balancer", "pass the placement of a network with a public tier")
	}
	problems.Require(!p.cdn() || at.InternetGateway != nil, "Placement.InternetGateway", nil,
		"an internet gateway in the VPC: CloudFront refuses VPC origins without one, although it does not use it",
		"use a network with a public tier, or name the brought VPC's gateway")
	problems.Require(at.HasInternetEgress || at.CIDR != "", "Placement.CIDR", nil,
		"the network's addresses where it has no way out: the servers then reach interface endpoints inside it",
		"use a network with a NAT gateway, or give the CIDR")
	problems.Require(at.HasInternetEgress || at.S3PrefixList != nil, "Placement.S3PrefixList", nil,
		"a way to S3, from where the server is downloaded", "use a network with an S3 gateway endpoint or a NAT gateway")
}

func (p *plan) validateArtifact(problems *fielderror.Errors) {
	a := p.args.Artifact
	for _, field := range []struct {
		name  string
		value pulumi.StringInput
	}{{"Bucket", a.Bucket}, {"Key", a.Key}, {"VersionID", a.VersionID}} {
		problems.Require(field.value != nil, "Artifact."+field.name, nil, "where the server's executable is", "give the S3 object")
	}
	problems.Require(sha256Pattern.MatchString(a.SHA256), "Artifact.SHA256", a.SHA256,
		"64 lower-case hexadecimal digits", "give the output of sha256sum for the executable")
	bucket, key, version := plainText(a.Bucket), plainText(a.Key), plainText(a.VersionID)
	if bucket != "" && key != "" && version != "" {
		checkArtifact(problems, bucket, key, version)
	}
}

// plainText is the text of an input that is known now; "" for any other, which is checked once it is known.
func plainText(input pulumi.StringInput) string {
	text, ok := input.(pulumi.String)
	if !ok {
		return ""
	}
	return string(text)
}

func (p *plan) validateServer(problems *fielderror.Errors) {
	s := p.args.Server
	problems.Require(s.Port >= 1 && s.Port <= 65535, "Server.Port", s.Port, "1 to 65535", "use 80")
	problems.Require(len(s.HealthPath) <= longest && pathPattern.MatchString(s.HealthPath), "Server.HealthPath", s.HealthPath,
		"a path of 1 to 1024 characters that begins with /", "use /healthz")
	if s.Limiter == nil {
		return
	}
	problems.Require(s.Limiter.Port >= 1 && s.Limiter.Port <= 65535 && s.Limiter.Port != s.Port, "Server.Limiter.Port",
		s.Limiter.Port, "1 to 65535, another than the server's", "use 8080")
	problems.Require(s.Limiter.Queue >= time.Second && s.Limiter.Queue <= 30*time.Second && s.Limiter.Queue%time.Second == 0,
		"Server.Limiter.Queue", s.Limiter.Queue, "whole seconds from 1s to 30s", "use 5s")
}

// retentions are the periods of CloudWatch Logs, in days.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (p *plan) validateInstances(problems *fielderror.Errors) {
	i := p.args.Instances
	checkType(problems, "Instances.Type", i.Type)
	problems.Require(i.Image.ID == "" || i.Image.Parameter == "", "Instances.Image", "both ID and Parameter",
		"one of the two", "keep the ID")
	problems.Require(i.Image.ID == "" || imagePattern.MatchString(i.Image.ID), "Instances.Image.ID", i.Image.ID,
		"an image id, ami- and 8 or 17 hexadecimal digits", "give the id of an Amazon Linux image for x86-64")
	problems.Require(i.Image.ID != "" || p.args.Disposable, "Instances.Image.ID", nil,
		"a pinned image: with a parameter, what runs changes without a decision", "give the id of the tested image")
	problems.Require(i.Image.Parameter == "" || parameterPattern.MatchString(i.Image.Parameter), "Instances.Image.Parameter",
		i.Image.Parameter, "the name of a public parameter, beginning with /", "use "+defaultImage)
	// https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
	problems.Require(i.RootGiB >= 8 && i.RootGiB <= 16384, "Instances.RootGiB", i.RootGiB, "8 to 16384 GiB", "use 8")
	problems.Require(slices.Contains(retentions, i.LogRetentionDays), "Instances.LogRetentionDays", i.LogRetentionDays,
		"one of "+strings.Trim(fmt.Sprint(retentions), "[]"), "use the next longer period")
	problems.OneOf("Instances.ZonalDistribution", i.ZonalDistribution, "balanced-best-effort", "balanced-only")
	const day = 24 * time.Hour
	problems.Require(i.MaxLifetime == 0 || i.MaxLifetime >= day && i.MaxLifetime <= 365*day, "Instances.MaxLifetime",
		i.MaxLifetime, "24h to 8760h", "use 720h")
}

func (p *plan) validateMixed(problems *fielderror.Errors) {
	m := p.args.Instances.Mixed
	if m == nil {
		return
	}
	problems.Require((m.Attributes == nil) != (len(m.Types) == 0), "Instances.Mixed.Types", fmt.Sprintf("%d types", len(m.Types)),
		"either types or attributes", "give one of the two")
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html
	problems.Require(m.Attributes != nil || len(m.Types) >= 2 && len(m.Types) <= 40, "Instances.Mixed.Types",
		fmt.Sprintf("%d types", len(m.Types)), "2 to 40 types", "list types of the same size and of several families")
	for _, name := range slices.Sorted(maps.Keys(m.Types)) {
		checkType(problems, fmt.Sprintf("Instances.Mixed.Types[%s]", name), name)
		problems.Require(m.Types[name] >= 1 && m.Types[name] <= 999, fmt.Sprintf("Instances.Mixed.Types[%s]", name), m.Types[name],
			"a weight from 1 to 999", "use 1 for a type of the planned size")
	}
	if at := m.Attributes; at != nil {
		problems.Require(at.MinVCPU >= 1 && at.MaxVCPU >= at.MinVCPU, "Instances.Mixed.Attributes.MinVCPU", at.MinVCPU,
			"at least 1, and not above MaxVCPU", "use 2 and 4")
		problems.Require(at.MinMemoryMiB >= 1, "Instances.Mixed.Attributes.MinMemoryMiB", at.MinMemoryMiB, "at least 1", "use 2048")
	}
	problems.Require(m.OnDemandBase == nil || *m.OnDemandBase >= 0, "Instances.Mixed.OnDemandBase", deref(m.OnDemandBase), "at least 0", "leave it out")
	problems.Require(m.OnDemandPercentAbove == nil || *m.OnDemandPercentAbove >= 0 && *m.OnDemandPercentAbove <= 100,
		"Instances.Mixed.OnDemandPercentAbove", deref(m.OnDemandPercentAbove), "0 to 100", "use 100 for no Spot")
}

func deref(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func (p *plan) validateWarmPool(problems *fielderror.Errors) {
	pool := p.args.Instances.WarmPool
	if pool == nil {
		return
	}
	problems.Require(p.args.Instances.Mixed == nil, "Instances.WarmPool", "beside Mixed",
		"a group of one type on demand: AWS has no warm pools for mixed instances", "remove one of the two")
	problems.Require(pool.MinSize >= 0, "Instances.WarmPool.MinSize", pool.MinSize, "at least 0", "use 0")
	problems.OneOf("Instances.WarmPool.State", pool.State, "Stopped", "Running")
}

func (p *plan) validateRollout(problems *fielderror.Errors) {
	r := p.args.Rollout
	problems.Require(r.MinHealthyPercent >= 90 && r.MinHealthyPercent <= 100, "Rollout.MinHealthyPercent", r.MinHealthyPercent,
		"90 to 100", "use 100")
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
	problems.Require(r.MaxHealthyPercent >= 110 && r.MaxHealthyPercent <= 200 && r.MaxHealthyPercent-r.MinHealthyPercent <= 100,
		"Rollout.MaxHealthyPercent", r.MaxHealthyPercent, "110 to 200, and at most 100 above MinHealthyPercent", "use 110")
	problems.Require(r.BakeTime >= 0 && r.BakeTime <= 48*time.Hour && r.BakeTime%time.Second == 0, "Rollout.BakeTime", r.BakeTime,
		"whole seconds up to 48h", "use 10m")
	problems.Require(slices.IsSorted(r.Checkpoints) && len(slices.Compact(slices.Clone(r.Checkpoints))) == len(r.Checkpoints) &&
		slices.Max(append([]int{100}, r.Checkpoints...)) == 100 && slices.Min(append([]int{1}, r.Checkpoints...)) >= 1,
		"Rollout.Checkpoints", fmt.Sprint(r.Checkpoints), "rising percentages from 1 to 100", "use 34 and 100")
	problems.Require(len(r.Checkpoints) > 0 && r.Checkpoints[len(r.Checkpoints)-1] == 100, "Rollout.Checkpoints",
		fmt.Sprint(r.Checkpoints), "100 as the last, otherwise the refresh stops there", "add 100")
}

func (p *plan) validateScaling(problems *fielderror.Errors) {
	for _, name := range slices.Sorted(maps.Keys(p.args.Scaling.Scheduled)) {
		s, field := p.args.Scaling.Scheduled[name], fmt.Sprintf("Scaling.Scheduled[%s]", name)
		problems.Require(mapKeyPattern.MatchString(name), field, name, "lower-case letters, digits and single hyphens", "rename it")
		problems.Require(cronPattern.MatchString(s.Recurrence), field+".Recurrence", s.Recurrence,
			"a cron expression of five fields", `use for example "0 7 * * MON-FRI"`)
		_, err := time.LoadLocation(s.TimeZone)
		problems.Require(err == nil, field+".TimeZone", s.TimeZone, "an IANA time zone", `use for example "Europe/Berlin"`)
		problems.Require(s.Minimum <= s.Maximum, field+".Minimum", s.Minimum, fmt.Sprintf("at most the maximum, %d", s.Maximum), "raise the maximum")
	}
	if predictive := p.args.Scaling.Predictive; predictive != nil {
		problems.Require(predictive.Buffer >= 0 && predictive.Buffer <= time.Hour && predictive.Buffer%time.Second == 0,
			"Scaling.Predictive.Buffer", predictive.Buffer, "whole seconds up to 1h", "use 5m")
	}
	p.validateSteps(problems)
	p.validateTracking(problems)
}

func (p *plan) validateSteps(problems *fielderror.Errors) {
	steps := p.args.Scaling.Steps
	if steps == nil {
		return
	}
	problems.Require(p.alarmed(), "Scaling.Steps", "AlarmsOff", "a fleet with alarms: one of them starts the steps", "remove AlarmsOff or Steps")
	problems.Require(len(steps.AtPercentOfTarget) > 0, "Scaling.Steps.AtPercentOfTarget", nil, "one step or more", "use {150: 25, 200: 50}")
	for _, at := range slices.Sorted(maps.Keys(steps.AtPercentOfTarget)) {
		field := fmt.Sprintf("Scaling.Steps.AtPercentOfTarget[%d]", at)
		problems.Require(at > 100, field, at, "above 100: below it target tracking decides alone", "use 150")
		problems.Require(steps.AtPercentOfTarget[at] >= 1, field, steps.AtPercentOfTarget[at], "at least 1 percent of the group", "use 25")
	}
}

func (p *plan) validateLoadBalancer(problems *fielderror.Errors) {
	l := p.args.LoadBalancer
	if !p.ownBalancer() {
		return
	}
	problems.Require(!l.Public || p.tls(), "LoadBalancer.Public", "no certificate",
		"TLS where everyone may enter", "give Zone or LoadBalancer.CertificateARN")
	problems.Require(!l.Public || !p.cdn(), "LoadBalancer.Public", "beside CloudFront",
		"one way in: behind CloudFront the load balancer is internal", "remove Public, or give the reason in CDN.Off")
	problems.Require(!l.Public || len(l.Clients) == 0, "LoadBalancer.Clients", "beside Public", "clients only where the load balancer is internal", "remove them")
	problems.Require(l.Public || p.cdn() || len(l.Clients)+len(l.SecurityGroupIDs) > 0, "LoadBalancer.Clients", nil,
		"somebody who may enter, where there is neither CloudFront nor a public load balancer", "name the clients' security groups")
	problems.Require(len(l.Clients) == 0 || len(l.SecurityGroupIDs) == 0, "LoadBalancer.SecurityGroupIDs", "beside Clients",
		"one of the two: an existing group is never widened", "admit the clients in the group itself")
	problems.Require(len(l.SecurityGroupIDs) <= 5, "LoadBalancer.SecurityGroupIDs", fmt.Sprintf("%d groups", len(l.SecurityGroupIDs)),
		"at most 5, the quota per network interface", "join their rules in fewer groups")
	between(problems, "LoadBalancer.ClientKeepAlive", l.ClientKeepAlive, 60*time.Second, 300*time.Second, "use 300s")
	between(problems, "LoadBalancer.IdleTimeout", l.IdleTimeout, time.Second, 4000*time.Second, "use 60s")
	problems.Require(l.IdleTimeout > p.args.Load.ServiceTime, "LoadBalancer.IdleTimeout", l.IdleTimeout,
		fmt.Sprintf("more than the service time of %v", p.args.Load.ServiceTime), "use 60s")
	problems.Require(l.LogRetentionDays >= 1 && l.LogRetentionDays <= 3650, "LoadBalancer.LogRetentionDays", l.LogRetentionDays, "1 to 3650", "use 90")
	problems.Require(l.ReservedUnits == 0 || l.ReservedUnits >= 100, "LoadBalancer.ReservedUnits", l.ReservedUnits,
		"0, or at least 100", "use 100") // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/capacity-unit-reservation.html
}

// validateCertificate is about the fleet's own listener.
func (p *plan) validateCertificate(problems *fielderror.Errors) {
	l := p.args.LoadBalancer
	if !p.ownListener() {
		return
	}
	problems.Require(p.args.Zone == nil || l.CertificateARN == nil, "LoadBalancer.CertificateARN", "beside Zone",
		"one of the two", "remove the certificate: the zone makes one")
	problems.Require(strings.HasPrefix(l.TLSPolicy, "ELBSecurityPolicy-TLS13-1-2-") || strings.HasPrefix(l.TLSPolicy, "ELBSecurityPolicy-TLS13-1-3-"),
		"LoadBalancer.TLSPolicy", l.TLSPolicy, "a policy with TLS 1.2 and 1.3, or 1.3 alone", "use "+defaultTLSPolicy)
	problems.Require(!strings.Contains(l.TLSPolicy, "-Ext"), "LoadBalancer.TLSPolicy", l.TLSPolicy,
		"a policy without the ciphers that lack forward secrecy", "use "+defaultTLSPolicy)
}

func (p *plan) validateTargets(problems *fielderror.Errors) {
	l := p.args.LoadBalancer
	between(problems, "LoadBalancer.DeregistrationDelay", l.DeregistrationDelay, 0, time.Hour, "use 30s")
	problems.OneOf("LoadBalancer.Algorithm", l.Algorithm, leastOutstanding, roundRobin, weightedRandom)
	problems.Require(!l.AnomalyMitigation || l.Algorithm == weightedRandom, "LoadBalancer.AnomalyMitigation", l.Algorithm,
		"the algorithm weighted_random, the only one that has it", "set Algorithm, or leave it out")
	if l.Stickiness != 0 {
		between(problems, "LoadBalancer.Stickiness", l.Stickiness, time.Second, 7*24*time.Hour, "use 1h, or leave it out")
		problems.Require(!p.cdn(), "LoadBalancer.Stickiness", "behind CloudFront", "clients that reach the load balancer themselves: CloudFront passes no cookies on", "leave it out")
	}
	p.validateMutualTLS(problems)
	p.validateOIDC(problems)
	p.validateHeaders(problems)
	if l.SlowStart != 0 {
		between(problems, "LoadBalancer.SlowStart", l.SlowStart, 30*time.Second, 900*time.Second, "use 30s")
		problems.Require(l.Algorithm == roundRobin, "LoadBalancer.SlowStart", l.Algorithm,
			"the algorithm round_robin, the only one that has it", "set Algorithm, or leave it out")
	}
}

func (p *plan) validateMutualTLS(problems *fielderror.Errors) {
	mutual := p.args.LoadBalancer.MutualTLS
	if mutual == nil {
		return
	}
	const field = "LoadBalancer.MutualTLS"
	problems.Require(p.tls(), field, "no certificate", "TLS to the load balancer", "give Zone or LoadBalancer.CertificateARN")
	problems.Require(!p.cdn(), field, "behind CloudFront", "clients that reach the load balancer themselves", "leave it out, or give the reason in CDN.Off")
	store, known := mutual.TrustStoreARN.(pulumi.String)
	problems.Require(mutual.TrustStoreARN != nil && (!known || trustStorePattern.MatchString(string(store))), field+".TrustStoreARN", string(store),
		"the ARN of a trust store of Elastic Load Balancing", "make a trust store in "+p.args.Region+" and give its ARN")
}

func between(problems *fielderror.Errors, field string, got, least, most time.Duration, fix string) {
	problems.Require(got >= least && got <= most && got%time.Second == 0, field, got, fmt.Sprintf("whole seconds from %v to %v", least, most), fix)
}

func (p *plan) validateCDN(problems *fielderror.Errors) {
	c := p.args.CDN
	if !p.cdn() {
		problems.Require(c.Alarms.Empty() && c.AlarmsOff == "", "CDN.Off", c.Off, "no alarms of a CloudFront that is not there", "remove CDN.Alarms and CDN.AlarmsOff")
		return
	}
	if p.alarmed() {
		route := fielderror.For(kind)
		c.Alarms.Check(route, c.AlarmsOff)
		for _, each := range fielderror.All(route.Err()) {
			problems.Add("CDN."+each.Field, each.Got, each.Want+" in us-east-1", each.Fix)
		}
	}
	problems.Require(c.USEast1 != nil, "CDN.USEast1", nil,
		"a provider for us-east-1, where CloudFront takes certificates and gives logs and metrics", "make one with the account's other providers")
	problems.Require(len(p.args.LoadBalancer.Clients) == 0, "LoadBalancer.Clients", "beside CloudFront", "one way in", "remove them")
	for _, parameter := range c.KeyParameters {
		problems.Require(queryPattern.MatchString(parameter), "CDN.KeyParameters", parameter, "names of query parameters", "remove it")
	}
	problems.Require(len(c.KeyParameters) <= 10, "CDN.KeyParameters", fmt.Sprintf("%d parameters", len(c.KeyParameters)),
		"at most 10, the quota of a cache policy", "name only what makes the hash key")
	between(problems, "CDN.TTL", c.TTL, time.Second, 10*365*24*time.Hour, "use 8760h")
	between(problems, "CDN.ErrorTTL", c.ErrorTTL, 0, time.Minute, "use 1s")
	problems.OneOf("CDN.PriceClass", c.PriceClass, "PriceClass_100", "PriceClass_200", "PriceClass_All")
	problems.Require((c.Domain == "") == (c.CertificateARN == nil), "CDN.Domain", c.Domain, "a name and its certificate, both or neither", "give both")
	problems.Require(c.Domain == "" || p.args.Zone == nil, "CDN.Domain", "beside Zone", "one of the two", "remove it: the zone gives the name")
	problems.Require(p.args.LoadBalancer.CertificateARN == nil || c.OriginDomain != "", "CDN.OriginDomain", nil,
		"a name in the load balancer's certificate: CloudFront speaks TLS to it under that name", "give the name")
}

func (p *plan) validateNames(problems *fielderror.Errors) {
	zone := p.args.Zone
	if zone != nil {
		problems.Require(zone.ID != nil, "Zone.ID", nil, "the hosted zone's id", "give the id of a public zone")
		problems.Require(domainPattern.MatchString(zone.Domain), "Zone.Domain", zone.Domain, "a lower-case domain name", "use for example hash.example.com")
	}
	for field, name := range map[string]string{"CDN.Domain": p.args.CDN.Domain, "CDN.OriginDomain": p.args.CDN.OriginDomain} {
		problems.Require(name == "" || domainPattern.MatchString(name), field, name, "a lower-case domain name", "use for example hash.example.com")
	}
	for _, name := range slices.Sorted(maps.Keys(p.args.LoadBalancer.Clients)) {
		problems.Require(mapKeyPattern.MatchString(name), fmt.Sprintf("LoadBalancer.Clients[%s]", name), name, "lower-case letters, digits and single hyphens", "rename it")
	}
}

// fit refuses subnets that cannot hold the group's maximum, also after losing a zone, and schedules below the promise.
func (p *plan) fit(problems *fielderror.Errors) {
	if p.sizes.Maximum == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.args.Scaling.Scheduled)) {
		s, field := p.args.Scaling.Scheduled[name], fmt.Sprintf("Scaling.Scheduled[%s]", name)
		problems.Require(s.Minimum >= p.sizing.Minimum, field+".Minimum", s.Minimum,
			fmt.Sprintf("at least %d: %s", p.sizing.Minimum, p.minimumWhy()), fmt.Sprintf("set it to %d", p.sizing.Minimum))
		problems.Require(s.Maximum > s.Minimum, field+".Maximum", s.Maximum, "above the minimum, for rollouts", fmt.Sprintf("set it to %d", s.Minimum+1))
	}
	use := capacity.SubnetUse{Zones: len(p.zones), Maximum: p.sizes.Maximum}
	if p.ownBalancer() && p.internal() {
		use.LoadBalancers = 1
	}
	if p.cdn() {
		use.Others = 1 // the interface of the VPC origin
	}
	var err error
	p.address, err = capacity.Addresses(use)
	if err != nil {
		joinCapacity(problems, err)
		return
	}
	p.fitSubnets(problems, "PrivateCIDRs", p.args.Placement.PrivateCIDRs, p.address)
	if p.ownBalancer() && !p.internal() {
		need, err := capacity.Addresses(capacity.SubnetUse{Zones: len(p.zones), LoadBalancers: 1})
		joinCapacity(problems, err)
		p.fitSubnets(problems, "PublicCIDRs", p.args.Placement.PublicCIDRs, need)
	}
}

// minimumWhy is the sentence of the derivation about the minimum.
func (p *plan) minimumWhy() string { return p.sizing.Derivation[3] }

func (p *plan) fitSubnets(problems *fielderror.Errors, field string, blocks map[string]string, need capacity.AddressNeed) {
	for _, zone := range p.zones {
		block, known := blocks[zone]
		if !known {
			continue // a brought network need not say
		}
		at := fmt.Sprintf("Placement.%s[%s]", field, zone)
		prefix, err := netip.ParsePrefix(block)
		if err != nil {
			problems.Add(at, block, "a block of addresses", "use for example 10.0.0.0/20")
			continue
		}
		enough := capacity.FitsSubnet(prefix.Bits(), max(need.Now, need.AfterZoneLoss))
		problems.Require(enough, at, block, fmt.Sprintf("a /%d or larger: %s", need.PrefixLength, strings.Join(need.Derivation, "; ")),
			fmt.Sprintf("use a network with /%d subnets, or a smaller Sizing.Maximum", need.PrefixLength))
	}
}
