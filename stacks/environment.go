package stacks

import "fmt"

// Environment is one of the three environments of the program.
type Environment string

// The environments, from the weakest promise to the strongest.
const (
	Dev  Environment = "dev"
	Stg  Environment = "stg"
	Prod Environment = "prod"
)

// Environments lists them from the weakest promise to the strongest.
func Environments() []Environment { return []Environment{Dev, Stg, Prod} }

// Profile is what an environment promises, whatever its configuration file says. Configuration may ask for more and is
// refused when it asks for less.
type Profile struct {
	// Disposable environments lose their data and protections on destroy: no deletion protection, no Pulumi protect, log
	// groups go with the stack.
	Disposable bool
	// MinimumZones is how many Availability Zones a network must span.
	MinimumZones int
	// PinnedImage means that servers start from an image named by id, so that a new image is a reviewed change.
	PinnedImage bool
	// OwnDomain means that clients use a name of our own with a certificate of our own.
	OwnDomain bool
	// Pager means that critical alarms must reach a pager, not only a mailbox.
	Pager bool
	// EdgeAlarms means that what CloudFront reports in us-east-1 has alarms and topics of its own. Without them a failing
	// edge shows only where its requests no longer arrive.
	EdgeAlarms bool
	// MinimumHeadroomPercent is the share of each server that is kept free at the stated peak.
	MinimumHeadroomPercent int
	// LogDays is how long logs are kept.
	LogDays int
}

// ProfileOf returns the profile of an environment.
func ProfileOf(environment Environment) (Profile, error) {
	switch environment {
	case Dev:
		return Profile{Disposable: true, MinimumZones: 2, MinimumHeadroomPercent: 1, LogDays: 7}, nil
	case Stg:
		return Profile{
			MinimumZones: 3, PinnedImage: true, OwnDomain: true, EdgeAlarms: true, MinimumHeadroomPercent: 10, LogDays: 30,
		}, nil
	case Prod:
		return Profile{
			MinimumZones: 3, PinnedImage: true, OwnDomain: true, Pager: true, EdgeAlarms: true, MinimumHeadroomPercent: 20,
			LogDays: 365,
		}, nil
	}
	return Profile{}, fmt.Errorf("environment %q: want one of dev, stg, prod", environment)
}

// WeakerThan lists the promises of other that p does not keep; empty when p is at least as strong in every one.
func (p Profile) WeakerThan(other Profile) []string {
	var weaker []string
	note := func(is bool, promise string) {
		if is {
			weaker = append(weaker, promise)
		}
	}
	note(p.Disposable && !other.Disposable, "data and protections are kept")
	note(p.MinimumZones < other.MinimumZones, fmt.Sprintf("at least %d zones", other.MinimumZones))
	note(!p.PinnedImage && other.PinnedImage, "pinned image")
	note(!p.OwnDomain && other.OwnDomain, "own domain")
	note(!p.Pager && other.Pager, "critical alarms reach a pager")
	note(!p.EdgeAlarms && other.EdgeAlarms, "alarms at the edge")
	note(p.MinimumHeadroomPercent < other.MinimumHeadroomPercent, fmt.Sprintf("headroom of %d %%", other.MinimumHeadroomPercent))
	note(p.LogDays < other.LogDays, fmt.Sprintf("logs kept %d days", other.LogDays))
	return weaker
}
