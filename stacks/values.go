package stacks

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// Value is one configured value as Pulumi hands it to a program: text, with lists and objects as JSON.
type Value struct {
	Text   string
	Secret bool
}

// Values are the configured values by full key, for example "holdfast:region".
type Values map[string]Value

// Keys are the keys of our namespace. A test compares them with the declarations in Pulumi.yaml.
func Keys() []string {
	return []string{
		"accountId", "alarmEmails", "alarmSlackChannelId", "alarmSlackWorkspaceId", "alarmTeamsChannelId", "alarmTeamsTeamId",
		"alarmTeamsTenantId", "costCentre", "dataClass", "decommission", "environment", "hashingArtifactBucket", "hashingArtifactKey",
		"hashingArtifactSha256", "hashingArtifactVersion", "hashingDomain", "hashingHeadroomPercent", "hashingHostedZoneId",
		"hashingImageId", "hashingInstanceType", "hashingMaximumServers", "hashingPeakRequests",
		"hashingServerConnections", "hashingServiceMilliseconds", "hashingStartupSeconds", "hashingWebAclArn", "natGateways", "networkCidr",
		"owner", "pagerDutyUrl", "region", "runbooks", "zones",
	}
}

// regions where an environment may live: the data stays in the European Union.
var regions = []string{"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"}

// The shapes of single values.
var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	tagValue  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 .\-]{0,63}$`)
	email     = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	httpsURL  = regexp.MustCompile(`^https://[^\s]+[^\s/]$`)
	// https://www.pagerduty.com/docs/guides/amazon-cloudwatch-integration-guide/
	pagerDutyURL = regexp.MustCompile(`^https://events(\.eu)?\.pagerduty\.com/\S+$`)
	// https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
	slackID = regexp.MustCompile(`^[A-Z0-9]{1,255}$`)
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-chatbot-microsoftteamschannelconfiguration.html
	uuid         = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	teamsChannel = regexp.MustCompile(`^[A-Za-z0-9_=+/.,-]*%3[aA][A-Za-z0-9_=+/.,-]*%40[A-Za-z0-9_=+/.,-]*$`)
	instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	imageID      = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	bucket     = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	anything   = regexp.MustCompile(`^\S.*$`)
	version    = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	sha256Hex  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	domain     = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
	hostedZone = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)
	webACL     = regexp.MustCompile(`^arn:aws:wafv2:us-east-1:\d{12}:global/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36}$`)
	zoneName   = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d[a-z]$`)
)

// reader takes values out of Values and records what is wrong with them.
type reader struct {
	problems *fielderror.Errors
	values   Values
	bad      []string
}

func (r *reader) require(ok bool, key string, got any, want, fix string) {
	if !ok {
		r.refuse(key, got, want, fix)
	}
}

func (r *reader) refuse(key string, got any, want, fix string) {
	r.bad = append(r.bad, key)
	r.problems.Add(Namespace+":"+key, got, want, fix)
}

// failed says whether the key was already refused, so that one mistake is not reported twice.
func (r *reader) failed(key string) bool { return slices.Contains(r.bad, key) }

func (r *reader) text(key string) string { return r.values[Namespace+":"+key].Text }

func (r *reader) pattern(key string, shape *regexp.Regexp, want string) string {
	text := r.text(key)
	r.require(shape.MatchString(text), key, text, want, setIt(key))
	return text
}

func (r *reader) optional(key string, shape *regexp.Regexp, want string) string {
	if r.text(key) == "" {
		return ""
	}
	return r.pattern(key, shape, want)
}

func (r *reader) oneOf(key string, allowed ...string) string {
	text := r.text(key)
	r.require(slices.Contains(allowed, text), key, text, "one of "+strings.Join(allowed, ", "), suggestion(text, allowed, setIt(key)))
	return text
}

func (r *reader) integer(key string, least, most int) int {
	text := r.text(key)
	number, err := strconv.Atoi(text)
	r.require(err == nil && number >= least && number <= most, key, text,
		fmt.Sprintf("a whole number from %d to %d", least, most), setIt(key))
	return number
}

func (r *reader) list(key string, shape *regexp.Regexp, want string) []string {
	text := r.text(key)
	if text == "" {
		return nil
	}
	var items []string
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		r.refuse(key, text, "a list of "+want, "write each on a line of its own that begins with a hyphen")
		return nil
	}
	for i, item := range items {
		r.require(shape.MatchString(item), key, item, want, fmt.Sprintf("correct item %d", i+1))
		r.require(!slices.Contains(items[:i], item), key, item, "each item once", "remove the repeated one")
	}
	return items
}

func (r *reader) zones(key string) []string {
	zones := r.list(key, zoneName, "names of Availability Zones such as eu-central-1a")
	r.require(len(zones) > 0 || r.failed(key), key, nil, "names of Availability Zones such as eu-central-1a", setIt(key))
	return zones
}

// smallestNetwork is the longest prefix that still holds three tiers over the eight zone slots Network plans with.
const smallestNetwork = 21

// cidr checks the range that a VPC may have. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
func (r *reader) cidr(key string) string {
	text := r.text(key)
	prefix, err := netip.ParsePrefix(text)
	ok := err == nil && prefix.Addr().Is4() && prefix.Masked() == prefix && prefix.Addr().IsPrivate() && prefix.Bits() >= 16 && prefix.Bits() <= smallestNetwork
	r.require(ok, key, text, "a private IPv4 range from /16 to /21 without host bits, such as 10.20.0.0/16", setIt(key))
	return text
}

// secret checks a value that must be encrypted in the file, without ever repeating it, and says whether it is set.
func (r *reader) secret(key string, shape *regexp.Regexp, want string) bool {
	value := r.values[Namespace+":"+key]
	if value.Text == "" {
		return false
	}
	fix := "pulumi config set --secret " + Namespace + ":" + key + " VALUE"
	r.require(value.Secret, key, "a value in plain text (not shown)", want, fix+", and replace the value that was exposed")
	r.require(shape.MatchString(value.Text), key, "a value of another form (not shown)", want, fix)
	return true
}

// checkKeys refuses keys that nothing reads, and settings of Pulumi itself that the program relies on.
func (r *reader) checkKeys() {
	known := Keys()
	full := make([]string, 0, len(r.values))
	for key := range r.values {
		full = append(full, key)
	}
	sort.Strings(full)
	for _, key := range full {
		short, ours := strings.CutPrefix(key, Namespace+":")
		if ours && !slices.Contains(known, short) {
			r.refuse(short, "a key that nothing reads", "a key declared in Pulumi.yaml", suggestion(short, known, "remove it"))
		}
		if strings.HasPrefix(key, "aws:") {
			r.problems.Add(key, "a setting of the default AWS provider", "none: default providers are disabled",
				"remove it; region and account are "+Namespace+":region and "+Namespace+":accountId")
		}
	}
}

func setIt(key string) string { return "set " + Namespace + ":" + key }

// suggestion names the nearest allowed word when the text is probably a misspelling of it.
func suggestion(text string, allowed []string, otherwise string) string {
	best, least := "", len(text)/3+2
	for _, word := range allowed {
		if d := distance(strings.ToLower(text), strings.ToLower(word)); text != "" && d < least {
			best, least = word, d
		}
	}
	if best == "" {
		return otherwise
	}
	return "did you mean " + best
}

// distance is the Levenshtein distance of two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
