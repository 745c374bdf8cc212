package stacks

import (
	"strings"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Namespace is the namespace of every key of ours in the configuration files.
const Namespace = "holdfast"

// Config is the validated configuration of one environment. Every key is declared, with type, default and description,
// in Pulumi.yaml.
type Config struct {
	Environment Environment
	Profile     Profile
	Account     Account
	Tags        RequiredTags
	Network     NetworkConfig
	Alarms      AlarmsConfig
	Hashing     HashingConfig
}

// Account says where the environment lives.
type Account struct {
	// ID is the AWS account that the providers accept; any other is refused before the first resource.
	ID string
	// Region is the home region. Parts of CloudFront live in us-east-1 beside it.
	Region string
}

// RequiredTags are on every resource of the environment, by the providers' default tags.
type RequiredTags struct {
	Owner      string
	CostCentre string
	DataClass  string
}

// NetworkConfig sizes the network.
type NetworkConfig struct {
	CIDR  string
	Zones []string
	NAT   string
}

// AlarmsConfig says whom alarms reach.
type AlarmsConfig struct {
	Emails   []string
	Runbooks string
	// Slack and Teams are chat channels; empty where there are none.
	Slack SlackConfig
	Teams TeamsConfig
	// Pager says that pagerDutyUrl is set. The URL itself is a secret and is read as one where it is used.
	Pager bool
}

// SlackConfig is a channel of a Slack workspace: both ids, or neither.
type SlackConfig struct {
	Workspace, Channel string
}

// TeamsConfig is a channel of a Microsoft Teams team: all three ids, or none.
type TeamsConfig struct {
	Tenant, Team, Channel string
}

// chats are the chat services that are told, by the names that reports use.
func (a AlarmsConfig) chats() []string {
	var chats []string
	if a.Slack != (SlackConfig{}) {
		chats = append(chats, "Slack")
	}
	if a.Teams != (TeamsConfig{}) {
		chats = append(chats, "Teams")
	}
	return chats
}

// HashingConfig sizes the hashing fleet.
type HashingConfig struct {
	// PeakRequests is the stated peak at the load balancer, in requests per second.
	PeakRequests int
	// ServiceMilliseconds is how long a server computes on one request.
	ServiceMilliseconds int
	// Connections is how many requests one server works on at a time before it gets slow.
	Connections int
	// HeadroomPercent is the share of each server that is kept free at the peak.
	HeadroomPercent int
	// StartupSeconds is the time from the launch of an instance to its first answer.
	StartupSeconds int
	// MaximumServers bounds scaling and so the bill; 0 takes the computed maximum.
	MaximumServers int
	InstanceType   string
	// ImageID pins the image; empty takes the newest Amazon Linux by its public parameter.
	ImageID  string
	Artifact Artifact
	// Domain and HostedZoneID give the service a name of its own; both or neither.
	Domain       string
	HostedZoneID string
	// WebACLARN is a web ACL that CloudFront asks about every request; empty for none.
	WebACLARN string
}

// Artifact is one exact build of the hashing server.
type Artifact struct {
	Bucket, Key, Version, SHA256 string
}

// Parse reads and checks all values of one stack. It reports every problem at once, each as a fielderror.FieldError whose
// component is the configuration file and whose field is the key. Keys of other namespaces are ignored, but for those that
// have no effect here or must be there.
func Parse(stack string, values Values) (Config, error) {
	r := &reader{problems: fielderror.For(FileOf(stack)), values: values}
	r.checkKeys()
	c := Config{
		Environment: Environment(r.oneOf("environment", "dev", "stg", "prod")),
		Account:     r.account(),
		Tags:        r.tags(),
		Network:     r.network(),
		Alarms:      r.alarms(),
		Hashing:     r.hashing(),
	}
	profile, err := ProfileOf(c.Environment)
	if err != nil {
		return c, r.problems.Err()
	}
	c.Profile = profile
	r.contradictions(stack, c)
	if r.text("decommission") != "" {
		c.Profile.Disposable = true
	}
	return c, r.problems.Err()
}

// FileOf is the configuration file of a stack.
func FileOf(stack string) string { return "Pulumi." + stack + ".yaml" }

func (r *reader) account() Account {
	return Account{
		ID:     r.pattern("accountId", accountID, "a 12-digit AWS account id, in quotes"),
		Region: r.oneOf("region", regions...),
	}
}

func (r *reader) tags() RequiredTags {
	return RequiredTags{
		Owner:      r.pattern("owner", tagValue, "the team that answers for the environment, 1 to 64 letters, digits, spaces, dots or hyphens"),
		CostCentre: r.pattern("costCentre", tagValue, "the cost centre that pays, 1 to 64 letters, digits, spaces, dots or hyphens"),
		DataClass:  r.oneOf("dataClass", "public", "internal", "confidential", "restricted"),
	}
}

func (r *reader) network() NetworkConfig {
	return NetworkConfig{
		CIDR:  r.cidr("networkCidr"),
		Zones: r.zones("zones"),
		NAT:   r.oneOf("natGateways", "none", "one", "per-zone"),
	}
}

func (r *reader) alarms() AlarmsConfig {
	return AlarmsConfig{
		Emails:   r.list("alarmEmails", email, "e-mail addresses"),
		Runbooks: r.pattern("runbooks", httpsURL, "an https URL without a final slash"),
		Slack: SlackConfig{
			Workspace: r.optional("alarmSlackWorkspaceId", slackID, "the id of a Slack workspace such as T07EA123LEP, or nothing"),
			Channel:   r.optional("alarmSlackChannelId", slackID, "the id of a Slack channel such as C07EZ1ABC23, or nothing"),
		},
		Teams: TeamsConfig{
			Tenant:  r.optional("alarmTeamsTenantId", uuid, "the UUID of a Microsoft 365 tenant, or nothing"),
			Team:    r.optional("alarmTeamsTeamId", uuid, "the UUID of a team, or nothing"),
			Channel: r.optional("alarmTeamsChannelId", teamsChannel, "a channel's id as its link spells it, such as 19%3aab6ef359%40thread.tacv2, or nothing"),
		},
		Pager: r.secret("pagerDutyUrl", pagerDutyURL, "an integration URL at events.pagerduty.com or events.eu.pagerduty.com, encrypted"),
	}
}

func (r *reader) hashing() HashingConfig {
	return HashingConfig{
		PeakRequests:        r.integer("hashingPeakRequests", 1, 100_000),
		ServiceMilliseconds: r.integer("hashingServiceMilliseconds", 1, 60_000),
		Connections:         r.integer("hashingServerConnections", 1, 1_000),
		HeadroomPercent:     r.integer("hashingHeadroomPercent", 1, 90),
		StartupSeconds:      r.integer("hashingStartupSeconds", 10, 3_600),
		MaximumServers:      r.integer("hashingMaximumServers", 0, 1_000),
		InstanceType:        r.pattern("hashingInstanceType", instanceType, "an EC2 instance type such as c7i.large"),
		ImageID:             r.optional("hashingImageId", imageID, "an image id such as ami-0abcdef1234567890, or nothing"),
		Artifact: Artifact{
			Bucket:  r.pattern("hashingArtifactBucket", bucket, "an S3 bucket name"),
			Key:     r.pattern("hashingArtifactKey", anything, "the object key of the server's binary"),
			Version: r.pattern("hashingArtifactVersion", version, "the S3 version id of the object"),
			SHA256:  r.pattern("hashingArtifactSha256", sha256Hex, "the SHA-256 of the binary, 64 hexadecimal digits"),
		},
		Domain:       r.optional("hashingDomain", domain, "a domain name such as hash.example.com, or nothing"),
		HostedZoneID: r.optional("hashingHostedZoneId", hostedZone, "a Route 53 hosted zone id such as Z0123456789ABCDEFGHIJ, or nothing"),
		WebACLARN:    r.webACL("hashingWebAclArn"),
	}
}

// webACL is optional: a distribution takes web ACLs of its own account with scope CLOUDFRONT, which live in us-east-1.
// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
func (r *reader) webACL(key string) string {
	arn := r.optional(key, webACL, "the ARN of a web ACL with scope CLOUDFRONT, arn:aws:wafv2:us-east-1:<account>:global/webacl/<name>/<id>, or nothing")
	r.require(arn == "" || r.failed(key) || strings.Contains(arn, ":"+r.text("accountId")+":"), key, arn,
		"a web ACL of the environment's account", "make one in that account, or remove the key")
	return arn
}
