// Package posture states what a component promises: what it loses and how long it takes to recover when an
// instance, a zone or the region is lost, what capacity is left, and what it costs. Every figure carries its
// derivation as text, so that a reader can check the arithmetic.
package posture

import (
	"encoding/json"
	"sort"
	"time"
)

// Scenario is a loss that a component states its behaviour under.
type Scenario string

// The scenarios every component answers for.
const (
	InstanceLoss Scenario = "instance loss"
	ZoneLoss     Scenario = "zone loss"
	RegionLoss   Scenario = "region loss"
)

// Scenarios lists them in the order of reports.
func Scenarios() []Scenario { return []Scenario{InstanceLoss, ZoneLoss, RegionLoss} }

// Recovery is the answer to one scenario.
type Recovery struct {
	// Unrecoverable is true where the component alone cannot come back (for example a region loss without a second
	// region). RecoveryTime and DataLoss then mean nothing, and Derivation says what is missing.
	Unrecoverable bool `json:"unrecoverable,omitempty"`
	// RecoveryTime is the worst-case time until the stated peak is served again. 0 means: without interruption.
	RecoveryTime time.Duration `json:"recoveryTime"`
	// DataLoss is the age of the newest data that may be lost. 0 means none.
	DataLoss time.Duration `json:"dataLoss"`
	// Derivation explains both figures, one step a line.
	Derivation []string `json:"derivation"`
}

// Capacity is a rate a component can carry, against its stated peak.
type Capacity struct {
	// Unit is for example "requests/s".
	Unit string `json:"unit"`
	// Peak is the stated peak load.
	Peak float64 `json:"peak"`
	// AfterZoneLoss is what is left at once when the worst zone is lost at the minimum size, without scaling.
	AfterZoneLoss float64 `json:"afterZoneLoss"`
	// Derivation explains the figures.
	Derivation []string `json:"derivation"`
}

// Price is what the component costs per hour, in USD.
type Price struct {
	Low        float64  `json:"low"`
	Expected   float64  `json:"expected"`
	High       float64  `json:"high"`
	Derivation []string `json:"derivation"`
}

// Plus adds two prices and keeps both derivations.
func (p Price) Plus(q Price) Price {
	return Price{
		Low: p.Low + q.Low, Expected: p.Expected + q.Expected, High: p.High + q.High,
		Derivation: append(append([]string{}, p.Derivation...), q.Derivation...),
	}
}

// Alarm is one line of the alarm list.
type Alarm struct {
	Name     string `json:"name"`
	Severity string `json:"severity"`
	// GoesTo names where the alarm is delivered, for example "critical: e-mail, PagerDuty".
	GoesTo string `json:"goesTo"`
}

// Posture is a component's statement.
type Posture struct {
	// Workload is the workload the component serves, for example "hashing"; "shared" for a platform part.
	Workload string `json:"workload"`
	// Component is the component type, for example "HashFleet".
	Component string `json:"component"`
	// Name is the component's logical name.
	Name string `json:"name"`
	// Zones are the Availability Zones it spans.
	Zones []string `json:"zones"`
	// Capacity is nil where the component has no stated peak.
	Capacity *Capacity `json:"capacity,omitempty"`
	// Recovery holds an answer for each scenario.
	Recovery map[Scenario]Recovery `json:"recovery"`
	// Price is per hour.
	Price Price `json:"price"`
	// Alarms are listed by name.
	Alarms []Alarm `json:"alarms"`
}

// JSON is the stable machine form of many postures: sorted by workload, component and name.
func JSON(all []Posture) (string, error) {
	sorted := append([]Posture{}, all...)
	sort.Slice(sorted, func(i, j int) bool {
		a, b := sorted[i], sorted[j]
		return a.Workload+"/"+a.Component+"/"+a.Name < b.Workload+"/"+b.Component+"/"+b.Name
	})
	text, err := json.Marshal(sorted)
	return string(text), err
}
