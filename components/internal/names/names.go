// Package names makes the names of a component's children: unique, stable, within the limits of AWS, and never two
// children under one name.
package names

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
)

// autoNameSuffix is what Pulumi appends to a logical name to make a physical one: a hyphen and seven hex digits.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
const autoNameSuffix = 8

// hashLength is the length of the digest that keeps shortened names apart: 8 base-32 digits are 40 bits, so that among
// ten thousand names of one stack two share a digest with a probability of about 5 in 100,000.
const hashLength = 8

// Limit is what AWS allows a physical name of one resource type to be.
type Limit struct {
	// Max is the longest physical name, in characters.
	Max int
	// Pattern is what the whole name must match.
	Pattern *regexp.Regexp
}

// The limits of the types whose names AWS restricts. A type that is not here has room for any name a component makes.
var (
	// LoadBalancer: 32 alphanumerics and hyphens, no hyphen at either end.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	LoadBalancer = Limit{Max: 32, Pattern: regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)}
	// TargetGroup: as LoadBalancer.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	TargetGroup = LoadBalancer
	// Role: 64 characters of [\w+=,.@-]. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	Role = Limit{Max: 64, Pattern: regexp.MustCompile(`^[\w+=,.@-]+$`)}
	// InstanceProfile: 128 characters.
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
	InstanceProfile = Limit{Max: 128, Pattern: regexp.MustCompile(`^[\w+=,.@-]+$`)}
	// Function: 64 letters, digits, hyphens and underscores.
	// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
	Function = Limit{Max: 64, Pattern: regexp.MustCompile(`^[A-Za-z0-9-_]+$`)}
	// Bucket: 63 lower-case letters, digits, dots and hyphens.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	Bucket = Limit{Max: 63, Pattern: regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`)}
	// Queue: 80 letters, digits, hyphens and underscores.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
	Queue = Limit{Max: 80, Pattern: regexp.MustCompile(`^[A-Za-z0-9-_]+$`)}
	// Topic: 256 letters, digits, hyphens and underscores. https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
	Topic = Limit{Max: 256, Pattern: regexp.MustCompile(`^[A-Za-z0-9-_]+$`)}
	// Schedule: 64 characters of [0-9a-zA-Z-_.].
	// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
	Schedule = Limit{Max: 64, Pattern: regexp.MustCompile(`^[0-9a-zA-Z-_.]+$`)}
	// Rule: 64 characters of [.\-_A-Za-z0-9].
	// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
	Rule = Limit{Max: 64, Pattern: regexp.MustCompile(`^[.\-_A-Za-z0-9]+$`)}
	// LaunchTemplate: 3 to 128 characters of [a-zA-Z0-9().-/_].
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
	LaunchTemplate = Limit{Max: 128, Pattern: regexp.MustCompile(`^[a-zA-Z0-9().\-/_]{3,}$`)}
	// Alarm: 255 characters.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
	Alarm = Limit{Max: 255, Pattern: regexp.MustCompile(`^[ -~]+$`)}
	// Free is for a type whose name AWS does not restrict below what a logical name may be.
	Free = Limit{Max: 255, Pattern: regexp.MustCompile(`^[ -~]+$`)}
)

// Namer names the children of one component.
type Namer struct{ component string }

// For returns the namer of the component with the given logical name.
func For(component string) Namer { return Namer{component: component} }

// Child is the logical name of a child: the component's name and the parts, joined with hyphens.
func (n Namer) Child(parts ...string) string {
	return join(n.component, parts)
}

// Limited is the logical name of a child whose physical name Pulumi makes from it and AWS limits: short enough that
// the automatic suffix still fits. A name that is too long or holds characters AWS refuses becomes a readable prefix
// and a digest of the whole, so that different names stay different.
func (n Namer) Limited(limit Limit, parts ...string) string {
	return limit.fit(join(n.component, parts), limit.Max-autoNameSuffix)
}

// Physical is a fixed physical name, for the few types that AWS wants one of: the whole length is available.
func (n Namer) Physical(limit Limit, parts ...string) string {
	return limit.fit(join(n.component, parts), limit.Max)
}

// join keeps hyphens inside parts. Two part lists that join to the same text would be two children of one name, which the
// engine and the simulated cloud refuse as a duplicate URN, so a component learns of it in its first test.
func join(component string, parts []string) string {
	return strings.Join(append([]string{component}, parts...), "-")
}

func (l Limit) fit(name string, room int) string {
	if len(name) <= room && l.Pattern.MatchString(name) && !looksShortened(name) {
		return name
	}
	prefix := l.sanitize(name)
	if most := room - hashLength - 1; len(prefix) > most {
		prefix = strings.TrimRight(prefix[:most], "-._")
	}
	if prefix == "" {
		prefix = "x"
	}
	return prefix + "-" + digest(name)
}

var shortened = regexp.MustCompile(`-[a-z2-7]{8}$`)

// looksShortened keeps fit injective: a name that happens to end like a digest is given one of its own.
func looksShortened(name string) bool { return shortened.MatchString(name) }

func (l Limit) sanitize(name string) string {
	name = strings.ToLower(name)
	var b strings.Builder
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			b.WriteRune(r)
		}
	}
	return strings.Trim(b.String(), "-")
}

func digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
	return strings.ToLower(text[:hashLength])
}

// componentName is what a component may be called: it becomes the beginning of every child's name.
var componentName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Check says whether a component may bear the name: lower-case letters, digits and single hyphens, beginning with a
// letter, at most 40 characters.
func Check(component string) error {
	if len(component) <= 40 && componentName.MatchString(component) {
		return nil
	}
	return fmt.Errorf("component name %q: want at most 40 lower-case letters, digits and single hyphens, beginning with a letter; fix: use a name such as %q", component, "web")
}
