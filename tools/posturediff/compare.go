package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/components/posture"
)

// Verdict says which way a change goes for those who rely on the promise.
type Verdict string

// What a table shows where there is nothing to show.
const (
	none     = "none"
	noAnswer = "no answer"

	statedPeak = "stated peak"
)

// The verdicts, worst first, in which changes are listed.
const (
	Worse   Verdict = "worse"
	Changed Verdict = "changed"
	Better  Verdict = "better"
)

// Change is one promise that differs.
type Change struct {
	Verdict       Verdict
	Component     string
	What          string
	Before, After string
}

// Comparison is one environment, before and after.
type Comparison struct {
	Environment string
	// New is true when the target branch does not have the environment.
	New      bool
	Postures []posture.Posture
	Changes  []Change
	// Added and Removed are resources; Compared is false when one side has no steps.
	Compared       bool
	Added, Removed []string
	// Failed and Partial are those of the proposal; BasePartial says that the target branch's preview stopped early.
	Failed, Partial, BasePartial bool
	Policy                       PolicyComparison
}

// Compare compares one environment. before is nil when the target branch does not have it.
func Compare(environment string, before, after *Side) Comparison {
	result := Comparison{
		Environment: environment, New: before == nil, Postures: sorted(after.Postures), Failed: after.Failed, Partial: after.Partial,
	}
	if before == nil {
		result.Policy = comparePolicy(nil, after.Policy)
		return result
	}
	result.Policy = comparePolicy(before.Policy, after.Policy)
	result.BasePartial = before.Partial
	if before.Partial || after.Partial {
		return result // Half a preview compared with a whole one would show what was not reached as removed.
	}
	result.Changes = changes(before.Postures, after.Postures)
	result.Compared = len(before.Resources) > 0 && len(after.Resources) > 0
	if result.Compared {
		result.Added = missing(after.Resources, before.Resources)
		result.Removed = missing(before.Resources, after.Resources)
	}
	return result
}

func missing(from, in map[string]bool) []string {
	var out []string
	for address := range from {
		if !in[address] {
			out = append(out, address)
		}
	}
	slices.Sort(out)
	return out
}

func key(p posture.Posture) string { return p.Workload + "/" + p.Component + "/" + p.Name }

func sorted(all []posture.Posture) []posture.Posture {
	out := slices.Clone(all)
	slices.SortFunc(out, func(a, b posture.Posture) int { return cmp.Compare(key(a), key(b)) })
	return out
}

func byKey(all []posture.Posture) map[string]posture.Posture {
	out := make(map[string]posture.Posture, len(all))
	for _, p := range all {
		out[key(p)] = p
	}
	return out
}

func changes(before, after []posture.Posture) []Change {
	old, now := byKey(before), byKey(after)
	var out []Change
	for k := range old {
		if _, still := now[k]; !still {
			out = append(out, Change{Worse, k, "component", "present", "removed"})
		}
	}
	for k, p := range now {
		was, existed := old[k]
		if !existed {
			out = append(out, Change{Changed, k, "component", "absent", "new"})
			continue
		}
		out = append(out, one(k, was, p)...)
	}
	rank := map[Verdict]int{Worse: 0, Changed: 1, Better: 2}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank[a.Verdict], rank[b.Verdict]), cmp.Compare(a.Component, b.Component),
			cmp.Compare(a.What, b.What))
	})
	return out
}

// one compares one component's promises.
func one(k string, was, now posture.Posture) []Change {
	out := zones(k, was.Zones, now.Zones)
	out = append(out, capacity(k, was.Capacity, now.Capacity)...)
	for _, scenario := range posture.Scenarios() {
		before, had := was.Recovery[scenario]
		after, has := now.Recovery[scenario]
		out = append(out, recovery(k, scenario, before, after, had, has)...)
	}
	out = append(out, price(k, "price per hour, low", was.Price.Low, now.Price.Low)...)
	out = append(out, price(k, "price per hour, expected", was.Price.Expected, now.Price.Expected)...)
	out = append(out, price(k, "price per hour, high", was.Price.High, now.Price.High)...)
	return append(out, alarms(k, was.Alarms, now.Alarms)...)
}

func zones(k string, was, now []string) []Change {
	before, after := slices.Sorted(slices.Values(was)), slices.Sorted(slices.Values(now))
	if slices.Equal(before, after) {
		return nil
	}
	verdict := Changed
	if len(after) < len(before) {
		verdict = Worse
	}
	if len(after) > len(before) {
		verdict = Better
	}
	return []Change{{verdict, k, "zones", strings.Join(before, ", "), strings.Join(after, ", ")}}
}

func capacity(k string, was, now *posture.Capacity) []Change {
	switch {
	case was == nil && now == nil:
		return nil
	case was == nil:
		return []Change{{Better, k, statedPeak, none, rate(*now, now.Peak)}}
	case now == nil:
		return []Change{{Worse, k, statedPeak, rate(*was, was.Peak), none}}
	}
	var out []Change
	if was.Peak != now.Peak || was.Unit != now.Unit {
		out = append(out, Change{Changed, k, statedPeak, rate(*was, was.Peak), rate(*now, now.Peak)})
	}
	if was.AfterZoneLoss == now.AfterZoneLoss && was.Unit == now.Unit {
		return out
	}
	verdict := Better
	if now.AfterZoneLoss < was.AfterZoneLoss {
		verdict = Worse
	}
	if was.Unit != now.Unit {
		verdict = Changed
	}
	return append(out, Change{
		verdict, k, "capacity after losing a zone",
		rate(*was, was.AfterZoneLoss), rate(*now, now.AfterZoneLoss),
	})
}

func recovery(k string, scenario posture.Scenario, was, now posture.Recovery, had, has bool) []Change {
	switch {
	case !had && !has:
		return nil
	case had && !has:
		return []Change{{Worse, k, string(scenario), answer(was), noAnswer}}
	case !had:
		return []Change{{Better, k, string(scenario), noAnswer, answer(now)}}
	case was.Unrecoverable && now.Unrecoverable:
		return nil
	case now.Unrecoverable:
		return []Change{{Worse, k, string(scenario), answer(was), answer(now)}}
	case was.Unrecoverable:
		return []Change{{Better, k, string(scenario), answer(was), answer(now)}}
	}
	out := duration(k, "recovery time, "+string(scenario), was.RecoveryTime, now.RecoveryTime)
	return append(out, duration(k, "data loss, "+string(scenario), was.DataLoss, now.DataLoss)...)
}

func duration(k, what string, was, now time.Duration) []Change {
	if was == now {
		return nil
	}
	verdict := Better
	if now > was {
		verdict = Worse
	}
	return []Change{{verdict, k, what, span(was, none, ""), span(now, none, "")}}
}

// price compares to the cent: less is noise of the arithmetic.
func price(k, what string, was, now float64) []Change {
	before, after := fmt.Sprintf("%.2f USD", was), fmt.Sprintf("%.2f USD", now)
	if before == after {
		return nil
	}
	verdict := Better
	if now > was {
		verdict = Worse
	}
	return []Change{{verdict, k, what, before, after}}
}

func alarms(k string, was, now []posture.Alarm) []Change {
	old, current := alarmsByName(was), alarmsByName(now)
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(old)) {
		after, still := current[name]
		if !still {
			out = append(out, Change{Worse, k, "alarm " + name, old[name].Severity, "removed"})
			continue
		}
		if before := old[name]; before != after {
			out = append(out, Change{Changed, k, "alarm " + name, delivery(before), delivery(after)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(current)) {
		if _, had := old[name]; !had {
			out = append(out, Change{Better, k, "alarm " + name, none, delivery(current[name])})
		}
	}
	return out
}

func alarmsByName(all []posture.Alarm) map[string]posture.Alarm {
	out := make(map[string]posture.Alarm, len(all))
	for _, a := range all {
		out[a.Name] = a
	}
	return out
}

// delivery says how urgent an alarm is and whom it reaches; GoesTo often begins with the severity already.
func delivery(a posture.Alarm) string {
	if strings.HasPrefix(a.GoesTo, a.Severity) {
		return a.GoesTo
	}
	return a.Severity + ": " + a.GoesTo
}

func rate(c posture.Capacity, v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + " " + c.Unit
}

// span is a time with its unit, or what it means when there is none.
func span(d time.Duration, nothing, unit string) string {
	if d == 0 {
		return nothing
	}
	return d.String() + unit
}

func answer(r posture.Recovery) string {
	if r.Unrecoverable {
		return "does not recover"
	}
	return span(r.RecoveryTime, "no interruption", " interruption") + ", " + span(r.DataLoss, "no data loss", " of data lost")
}
