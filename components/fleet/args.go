package fleet

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/network"
)

// HashFleetArgs says what a HashFleet is made of.
type HashFleetArgs struct {
	// Placement is where it stands: the network's handle. Instances stand in the private tier, the load balancer in the
	// private tier too, or in the public one where LoadBalancer.Public asks for it. Required.
	Placement network.Placement `pulumi:"placement"`
	// Artifact is the server. Required.
	Artifact Artifact `pulumi:"artifact"`
	// Load is the stated peak and what one server can do with it. Required.
	Load capacity.Load `pulumi:"load"`
	// AccountID is the account the fleet stands in, 12 digits; policies are bound to it. Required.
	AccountID string `pulumi:"accountId"`
	// Region is the region of the provider given in the options, for example "eu-central-1". Required.
	Region string `pulumi:"region"`
	// Alarms is where alarms go. Required, unless AlarmsOff gives the reason why there are none.
	Alarms alarms.Route `pulumi:"alarms"`
	// AlarmsOff is the reason why the fleet has no alarms. A fleet without alarms has no automatic rollback either.
	// Default: none, and then Alarms is required.
	AlarmsOff string `pulumi:"alarmsOff"`

	// Sizing bounds the number of servers. Default: what Load and the zones ask for.
	Sizing Sizing `pulumi:"sizing"`
	// Server is how the server is spoken to. Default: HTTP on port 80, as each of its fields says.
	Server Server `pulumi:"server"`
	// Instances is what the servers run on. Default: as each of its fields says.
	Instances Instances `pulumi:"instances"`
	// Rollout is how a new version replaces the old one. Default: as each of its fields says.
	Rollout Rollout `pulumi:"rollout"`
	// Scaling adds to the two target-tracking policies that every fleet has. Default: nothing.
	Scaling Scaling `pulumi:"scaling"`
	// LoadBalancer is the way in. Default: as each of its fields says.
	LoadBalancer LoadBalancer `pulumi:"loadBalancer"`
	// CDN is CloudFront in front of the load balancer. Required: its USEast1, or Off.
	CDN CDN `pulumi:"cdn"`
	// Zone makes certificates and an alias record for the fleet's own domain. Default: none; then CloudFront's own name
	// serves TLS.
	Zone *Zone `pulumi:"zone"`

	// AlwaysBusy says that there are always clients, so that silence is a fault worth an alarm. Default: false.
	AlwaysBusy bool `pulumi:"alwaysBusy"`
	// Workload names the workload in posture and tags. Default: "shared".
	Workload string `pulumi:"workload"`
	// Tags are put on everything that takes tags, instances and volumes included. Default: none beside Name and holdfast:component.
	Tags map[string]string `pulumi:"tags"`
	// Disposable gives up deletion protection, retained logs and the pinned image: for development. Default: false.
	Disposable bool `pulumi:"disposable"`
	// Transform changes the children's arguments last. Default: none.
	Transform HashFleetTransform
}

// Artifact is one version of one S3 object: a static x86-64 executable. It is downloaded by its version id and not
// started unless its SHA-256 is the one given. It runs as a user of its own on a read-only system, with the system calls of
// an ordinary service and Internet and Unix sockets only: it can neither list network interfaces (AF_NETLINK) nor reach the
// instance's metadata.
type Artifact struct {
	// Bucket is the bucket's name. Versioning must be on. Required.
	Bucket pulumi.StringInput `pulumi:"bucket"`
	// Key is the object's key. Required.
	Key pulumi.StringInput `pulumi:"key"`
	// VersionID is the object's version; "null" is refused, it can be overwritten.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html. Required.
	VersionID pulumi.StringInput `pulumi:"versionId"`
	// SHA256 is the digest of the content, 64 lower-case hexadecimal digits. Required.
	SHA256 string `pulumi:"sha256"`
	// EarlierKeys are keys in the same bucket from which earlier versions came and a rollback may start again. Default:
	// none; where all versions have the same key, which is best, nothing is needed.
	EarlierKeys []string `pulumi:"earlierKeys"`
	// EncryptionKeyARN is the customer-managed key that encrypts the object; instances may decrypt with it, through S3
	// only. Default: none is needed (SSE-S3).
	EncryptionKeyARN pulumi.StringInput `pulumi:"encryptionKeyArn"`
}

// Sizing bounds the number of servers. What is not given is computed from the load.
type Sizing struct {
	// Headroom is the share of each server's concurrency kept free at the peak, above 0 and below 1. Default: 0.2.
	Headroom float64 `pulumi:"headroom"`
	// Growth is how far load may rise above the stated peak, as a share of it. Default: 0.5.
	Growth float64 `pulumi:"growth"`
	// StartUp is the time from a launch to in service. Default: 3 minutes.
	StartUp time.Duration `pulumi:"startUp"`
	// WarmUp is the time from in service to full speed. Default: 0.
	WarmUp time.Duration `pulumi:"warmUp"`
	// Minimum is the smallest number of servers. Default: what carries the peak after losing a zone. Fewer are refused.
	Minimum int `pulumi:"minimum"`
	// Maximum is the largest. Default: what carries the peak grown by Growth after losing a zone, and room for a rollout.
	Maximum int `pulumi:"maximum"`
	// AcceptZoneLossOutage gives the reason why the fleet may fail to carry its peak when a zone is lost: then the
	// minimum is sized for all zones up, and one zone is allowed. Default: "", a zone may be lost.
	AcceptZoneLossOutage string `pulumi:"acceptZoneLossOutage"`
}

// Server is how the server is spoken to.
type Server struct {
	// Port is where it listens. Default: 80.
	Port int `pulumi:"port"`
	// HealthPath answers 200 when the server works. Default: "/healthz".
	HealthPath string `pulumi:"healthPath"`
	// Limiter puts HAProxy in front of the server: past the concurrency limit requests wait instead of slowing it down.
	// Default: none.
	Limiter *Limiter `pulumi:"limiter"`
}

// Limiter queues what one server cannot take. It is HAProxy: from the image where it is baked in, otherwise from Amazon
// Linux 2023's own repository, which the instances reach through S3. docs/decisions/0011-limiter.md.
type Limiter struct {
	// Port is where the limiter listens, other than the server's. Default: 8080.
	Port int `pulumi:"port"`
	// Queue is how long a request may wait for a place before it is answered 503, in whole seconds, 1 s to 30 s.
	// Default: 5 s.
	Queue time.Duration `pulumi:"queue"`
}

// Instances is what the servers run on.
type Instances struct {
	// Type is an x86-64 Nitro instance type; the server is an x86-64 executable. Default: "c7i.large".
	Type string `pulumi:"type"`
	// Image is the machine image. Default: as its fields say.
	Image Image `pulumi:"image"`
	// RootGiB is the size of the root volume, 8 to 16384. Default: 8, the size of Amazon Linux 2023's own.
	RootGiB int `pulumi:"rootGiB"`
	// VolumeKeyARN is an existing key for the volumes, whose policy admits Auto Scaling's service-linked role
	// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html). Default: a key
	// of the fleet's own.
	VolumeKeyARN pulumi.StringInput `pulumi:"volumeKeyArn"`
	// Mixed spreads the fleet over several instance types and purchase options. Default: Type on demand only.
	Mixed *Mixed `pulumi:"mixed"`
	// WarmPool keeps initialised instances beside the group. Not together with Mixed and Spot.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-considerations-limitations.html. Default: none.
	WarmPool *WarmPool `pulumi:"warmPool"`
	// MaxLifetime replaces instances that are older, 1 to 365 days. Default: never.
	MaxLifetime time.Duration `pulumi:"maxLifetime"`
	// LogRetentionDays is how long the log group keeps what servers write: one of the periods of CloudWatch Logs.
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html. Default: 90, and 7
	// where Disposable.
	LogRetentionDays int `pulumi:"logRetentionDays"`
	// ZonalDistribution is what happens when a zone has no capacity: "balanced-best-effort" launches elsewhere,
	// "balanced-only" goes on trying. Default: "balanced-best-effort".
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html
	ZonalDistribution string `pulumi:"zonalDistribution"`
	// TerminationPolicies say which server goes first when the group shrinks, in the order given: names of AWS's, or first
	// the ARN of a Lambda function that chooses; the function's own policy must admit Auto Scaling's service-linked role.
	// Default: "OldestLaunchTemplate", then "OldestInstance".
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
	TerminationPolicies []string `pulumi:"terminationPolicies"`
	// ScaleInProtection protects each server from scale-in as soon as it is in service, until somebody takes the
	// protection off that server: without that the fleet only grows, and so does its cost. Rollouts replace protected
	// servers too. Default: false.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html
	ScaleInProtection bool `pulumi:"scaleInProtection"`
	// CapacityReservation is how on-demand servers use capacity that is reserved. Default: any open reservation that fits
	// the server is used.
	CapacityReservation *CapacityReservation `pulumi:"capacityReservation"`
	// Placement puts the servers into a placement group. Default: none; EC2 spreads them as it sees fit.
	Placement *PlacementGroup `pulumi:"placement"`
}

// CapacityReservation is how the group uses On-Demand Capacity Reservations. A reservation holds in one zone only: what is
// to survive the loss of a zone is reserved in the others as well. Spot servers use none.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CapacityReservationSpecification.html
type CapacityReservation struct {
	// Preference is "capacity-reservations-first", which launches beside the reservations what they cannot hold;
	// "capacity-reservations-only", which launches nothing beside them, so that neither a rollout nor a peak gets a server
	// more than is reserved; "none", which leaves them alone; or "default", which uses any that is open. Required.
	Preference string `pulumi:"preference"`
	// IDs are the reservations, "cr-…". Only with "capacity-reservations-first" or "capacity-reservations-only". Default:
	// those that are open.
	IDs []pulumi.StringInput `pulumi:"ids"`
	// ResourceGroupARNs are resource groups of reservations. On the same terms as IDs, and not together with them.
	// Default: none.
	ResourceGroupARNs []pulumi.StringInput `pulumi:"resourceGroupArns"`
}

// PlacementGroup is an existing placement group. One with the strategy spread takes at most 7 running instances per zone,
// so it suits a fleet whose maximum fits into the zones that are left when one is lost; one with the strategy cluster
// stands in one zone, and so suits no fleet.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
type PlacementGroup struct {
	// GroupName is the placement group's name, up to 255 characters. Required.
	GroupName pulumi.StringInput `pulumi:"groupName"`
}

// Image is own or brought: Parameter follows Amazon Linux 2023, ID pins one image.
type Image struct {
	// ID is an x86-64 Amazon Linux image, "ami-…". Required unless Disposable: what runs in production changes by
	// decision, not with the parameter.
	ID string `pulumi:"id"`
	// Parameter is a public Systems Manager parameter that EC2 resolves at each launch, when there is no ID.
	// Default: the newest Amazon Linux 2023 for x86-64.
	// https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
	Parameter string `pulumi:"parameter"`
}

// Mixed is a fleet of several instance types, with Spot where wanted.
type Mixed struct {
	// Types are x86-64 instance types with the weight of each: how many servers of the planned size it stands for.
	// 2 to 40 types. Required, unless Attributes select them.
	Types map[string]int `pulumi:"types"`
	// Attributes selects the types by what they have. Not together with Types. Default: none.
	Attributes *Attributes `pulumi:"attributes"`
	// OnDemandBase is how many servers are on demand before any is Spot. Default: the minimum, so that Spot can only add.
	OnDemandBase *int `pulumi:"onDemandBase"`
	// OnDemandPercentAbove is the on-demand share above the base, 0 to 100. Default: 100, no Spot.
	OnDemandPercentAbove *int `pulumi:"onDemandPercentAbove"`
}

// Attributes selects instance types: current generation, x86-64, without burstable ones.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-mixed-instances-group-attribute-based-instance-type-selection.html
type Attributes struct {
	// MinVCPU is the least number of virtual processors. Required.
	MinVCPU int `pulumi:"minVcpu"`
	// MaxVCPU is the greatest number of virtual processors. Required.
	MaxVCPU int `pulumi:"maxVcpu"`
	// MinMemoryMiB is the least memory. Required.
	MinMemoryMiB int `pulumi:"minMemoryMiB"`
}

// WarmPool is a pool of instances that have started once.
type WarmPool struct {
	// MinSize is how many wait at least. Default: 0.
	MinSize int `pulumi:"minSize"`
	// State is "Stopped" or "Running". Hibernation is not offered: it wants a root volume that holds the memory, for a
	// start that is shorter by what a static executable takes to load. Default: "Stopped".
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hibernating-prerequisites.html
	State string `pulumi:"state"`
	// Reuse returns instances to the pool on scale-in. Default: true.
	Reuse *bool `pulumi:"reuse"`
}

// Rollout is the instance refresh that a new artifact, image or setting starts.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-instance-refresh-default-values.html
type Rollout struct {
	// MinHealthyPercent of the desired capacity stays in service, 90 to 100. Default: 100.
	MinHealthyPercent int `pulumi:"minHealthyPercent"`
	// MaxHealthyPercent is how far the group may grow meanwhile, 100 to 200 and at most 100 above the minimum.
	// Default: 110.
	MaxHealthyPercent int `pulumi:"maxHealthyPercent"`
	// Checkpoints are the percentages of instances after which the refresh waits. Default: one at 34, then 100.
	Checkpoints []int `pulumi:"checkpoints"`
	// BakeTime is how long it waits at each checkpoint, while the alarms watch, up to 48 hours. Default: 10 minutes.
	BakeTime time.Duration `pulumi:"bakeTime"`
}

// Scaling adds to target tracking.
type Scaling struct {
	// Scheduled changes the bounds at times, by name. A schedule never goes below the computed minimum. Default: none.
	Scheduled map[string]Schedule `pulumi:"scheduled"`
	// Predictive forecasts the load from two weeks of history. Default: none.
	Predictive *Predictive `pulumi:"predictive"`
	// Steps adds servers at once when the request count is far above its target. Default: none.
	Steps *Steps `pulumi:"steps"`
	// Metrics holds metrics of your choice at their targets, by a name of yours. Default: none.
	Metrics map[string]Tracking `pulumi:"metrics"`
}

// Schedule is one planned change of the bounds.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
type Schedule struct {
	// Recurrence is a cron expression of five fields. Required.
	Recurrence string `pulumi:"recurrence"`
	// TimeZone is an IANA name. Default: "UTC".
	TimeZone string `pulumi:"timeZone"`
	// Minimum is the lower bound from then on. Required.
	Minimum int `pulumi:"minimum"`
	// Maximum is the upper bound from then on. Required.
	Maximum int `pulumi:"maximum"`
}

// Predictive is predictive scaling on the request count.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/predictive-scaling-policy-overview.html
type Predictive struct {
	// Act launches what is forecast; otherwise it is only forecast, so that it can be judged first. Default: false.
	Act bool `pulumi:"act"`
	// Buffer is how long before the forecast an instance is launched, in whole seconds up to one hour. Default: StartUp
	// plus WarmUp.
	Buffer time.Duration `pulumi:"buffer"`
}

// Steps is a step-scaling policy for sudden load, beside target tracking.
type Steps struct {
	// AtPercentOfTarget maps how far the request count is above its target, in percent, to servers added as a share of
	// the group in percent. Keys above 100. Required.
	AtPercentOfTarget map[int]int `pulumi:"atPercentOfTarget"`
}

// LoadBalancer is the way in.
type LoadBalancer struct {
	// Existing is a load balancer, and where wanted a listener of it, used instead of the fleet's own. Then what follows
	// here about the one brought is refused: own or bring, never both. Not together with CloudFront. Default: none, the
	// fleet makes one.
	Existing *ExistingLoadBalancer `pulumi:"existing"`
	// Public puts it in the public tier and opens 80 and 443 to everyone. Needs a certificate. Default: false, it is
	// internal and only CloudFront reaches it.
	Public bool `pulumi:"public"`
	// CertificateARN is an existing certificate in the fleet's region. Not together with Zone. Default: from Zone.
	CertificateARN pulumi.StringInput `pulumi:"certificateArn"`
	// TLSPolicy is a security policy. Default: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", what AWS recommends.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
	TLSPolicy string `pulumi:"tlsPolicy"`
	// ClientKeepAlive is how long a client's connection is kept, 60 s to 300 s: a client that stays connected is not
	// moved by a zonal shift. Default: 300 s.
	ClientKeepAlive time.Duration `pulumi:"clientKeepAlive"`
	// IdleTimeout is how long a connection may be silent, in whole seconds, above the longest answer. Default: 60 s.
	IdleTimeout time.Duration `pulumi:"idleTimeout"`
	// DeregistrationDelay is how long a leaving server may finish its requests, 0 to 1 hour. Default: 30 s, or ten times
	// the service time where that is more.
	DeregistrationDelay time.Duration `pulumi:"deregistrationDelay"`
	// Algorithm is "least_outstanding_requests", "round_robin" or "weighted_random". Default:
	// "least_outstanding_requests": a server that is slow gets less.
	Algorithm string `pulumi:"algorithm"`
	// AnomalyMitigation moves traffic off outliers. Only with "weighted_random". Default: false.
	AnomalyMitigation bool `pulumi:"anomalyMitigation"`
	// SlowStart ramps a new server up, 30 s to 900 s. Only with "round_robin". Default: none.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
	SlowStart time.Duration `pulumi:"slowStart"`
	// Stickiness keeps a client that takes cookies on one server for so long, in whole seconds, 1 s to 7 days. Servers that
	// keep nothing between requests, as a hash server does, do not need it, and it makes their load uneven. Not together
	// with CloudFront, which passes no cookies on. Default: none.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html
	Stickiness time.Duration `pulumi:"stickiness"`
	// MutualTLS admits only clients that show a certificate. Needs a certificate of the load balancer's own, and not together
	// with CloudFront, whose connection is not the client's. Default: none, clients show nothing.
	MutualTLS *MutualTLS `pulumi:"mutualTls"`
	// OIDC admits only users who have signed in at an identity provider. Needs a certificate of the load balancer's own, and
	// not together with CloudFront. Default: none, nobody signs in.
	OIDC *OIDC `pulumi:"oidc"`
	// Headers is what the load balancer adds to requests and answers. Default: as its fields say.
	Headers Headers `pulumi:"headers"`
	// ReservedUnits reserves capacity units for sudden traffic. Default: 0, none.
	ReservedUnits int `pulumi:"reservedUnits"`
	// LogRetentionDays is how long access and connection logs are kept, 1 to 3650. Default: 90.
	LogRetentionDays int `pulumi:"logRetentionDays"`
	// Clients are security groups inside the network that may use an internal load balancer, by a name of yours. Required
	// where there is neither CloudFront nor Public. Not together with SecurityGroupIDs.
	Clients map[string]pulumi.StringInput `pulumi:"clients"`
	// SecurityGroupIDs are existing groups used instead of the fleet's own: nothing is added to them. The servers admit
	// each of them on the served port. Default: none, the fleet makes one.
	SecurityGroupIDs []pulumi.StringInput `pulumi:"securityGroupIds"`
}

// MutualTLS is what clients have to show: on 443 the load balancer verifies their certificates, and closes the connection of
// one that has none, that has expired or that no authority in the trust store has issued.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
type MutualTLS struct {
	// TrustStoreARN is an existing trust store in the fleet's region, with the authorities that issue to clients and, where
	// wanted, the lists of what they have revoked. Required.
	TrustStoreARN pulumi.StringInput `pulumi:"trustStoreArn"`
}

// CDN is CloudFront in front of the load balancer.
type CDN struct {
	// Off is the reason why there is none. Then LoadBalancer.Public must serve clients, or they are inside the network.
	// Default: none, CloudFront is made.
	Off string `pulumi:"off"`
	// KeyParameters are the query parameters that make the hash key, and so the cache key, beside the path. All others
	// are dropped. Default: "key".
	KeyParameters []string `pulumi:"keyParameters"`
	// TTL is how long an answer is kept at the edge; the answer for a key never changes. Default: 365 days.
	TTL time.Duration `pulumi:"ttl"`
	// ErrorTTL is how long an error is kept, in whole seconds. Default: 1 s, which spares the fleet repeated failures.
	ErrorTTL time.Duration `pulumi:"errorTtl"`
	// PriceClass is "PriceClass_100", "PriceClass_200" or "PriceClass_All". Default: "PriceClass_All".
	PriceClass string `pulumi:"priceClass"`
	// Shield adds a cache between the edge and the origin, in the fleet's region. Default: false.
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html
	Shield bool `pulumi:"shield"`
	// WebACLARN is a web ACL of WAF with scope CLOUDFRONT, made elsewhere. Default: none, for the reasons in
	// docs/decisions/0015-no-web-acl.md.
	WebACLARN pulumi.StringInput `pulumi:"webAclArn"`
	// OriginSecurityGroup is the id of CloudFront-VPCOrigins-Service-SG, which CloudFront makes in the VPC with its first
	// VPC origin. Given in a later update it replaces the prefix list as the only source the load balancer admits.
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html. Default: the
	// prefix list com.amazonaws.global.cloudfront.origin-facing.
	OriginSecurityGroup pulumi.StringInput `pulumi:"originSecurityGroup"`
	// OriginPrefixList is that prefix list's id. Default: looked up by name.
	OriginPrefixList pulumi.StringInput `pulumi:"originPrefixList"`
	// Domain is a name for the distribution; it needs CertificateARN. Not together with Zone. Default: none, and then
	// CloudFront's own name serves.
	Domain string `pulumi:"domain"`
	// CertificateARN is an existing certificate for Domain, in us-east-1. Default: none.
	CertificateARN pulumi.StringInput `pulumi:"certificateArn"`
	// OriginDomain is a name in the certificate LoadBalancer.CertificateARN: CloudFront speaks TLS to the load balancer
	// under it. Required with that certificate.
	OriginDomain string `pulumi:"originDomain"`
	// Alarms is a route whose topics are in us-east-1, where AWS keeps CloudFront's metrics; an alarm tells only topics
	// of its own region. Required, unless the fleet stands there, or AlarmsOff gives the reason.
	Alarms alarms.Route `pulumi:"alarms"`
	// AlarmsOff is the reason why nobody is told of CloudFront's own errors. Default: none.
	AlarmsOff string `pulumi:"alarmsOff"`
	// USEast1 is a provider for us-east-1: CloudFront takes certificates, delivers its logs and publishes its metrics
	// there only, https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html.
	// Required, also where the fleet stands there.
	USEast1 pulumi.ProviderResource
}

// Zone is a public hosted zone and the name in it.
type Zone struct {
	// ID is the hosted zone's id. Required.
	ID pulumi.StringInput `pulumi:"id"`
	// Domain is the fleet's name in the zone, for example "hash.example.com". Required.
	Domain string `pulumi:"domain"`
}
