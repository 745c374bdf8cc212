package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/report"
)

// PolicyCounts are the findings of one version by what became of them.
type PolicyCounts struct{ Broken, Waived, Unknown int }

// PolicyComparison is what the rules say about the proposal and did not say about the target branch, and the other way round.
type PolicyComparison struct {
	// HasBefore and HasAfter say which version was judged at all.
	HasBefore, HasAfter bool
	Before, After       PolicyCounts
	// New, Gone and Waived are findings, those that stop a deployment first. What is waived now is not gone.
	New, Gone, Waived []report.Finding
	// Dropped are rules that judged the target branch and no longer judge.
	Dropped []string
}

func comparePolicy(before, after *report.Document) PolicyComparison {
	c := PolicyComparison{HasBefore: before != nil, HasAfter: after != nil}
	if after == nil {
		return c
	}
	if before == nil {
		before = &report.Document{}
	}
	c.Before, c.After = count(before.Findings), count(after.Findings)
	c.New = beyond(broken(after.Findings), broken(before.Findings), identity)
	c.Waived = beyond(waived(after.Findings), waived(before.Findings), acceptance)
	c.Gone = beyond(broken(before.Findings), append(broken(after.Findings), waived(after.Findings)...), identity)
	for _, rule := range slices.Sorted(maps.Keys(before.Rules)) {
		if _, still := after.Rules[rule]; !still {
			c.Dropped = append(c.Dropped, rule)
		}
	}
	return c
}

func count(all []report.Finding) PolicyCounts {
	return PolicyCounts{len(broken(all)), len(waived(all)), len(of(all, policy.Unknown))}
}

func broken(all []report.Finding) []report.Finding { return of(all, policy.Violation, policy.Failed) }

func waived(all []report.Finding) []report.Finding { return of(all, policy.Waived) }

func of(all []report.Finding, outcomes ...policy.Outcome) []report.Finding {
	var kept []report.Finding
	for _, f := range all {
		if slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.String() == f.Outcome }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// identity tells a finding that stays from a new one. Its words may change; a weaker level is another finding, so that
// a rule that stops nothing any more is seen.
func identity(f report.Finding) string {
	return strings.Join([]string{f.Rule, f.URN, f.Path, f.Level}, "\x00")
}

// acceptance also tells a waiver from one that was prolonged or passed on.
func acceptance(f report.Finding) string {
	w := waiverOf(f)
	return strings.Join([]string{f.Rule, f.URN, f.Path, w.Owner, w.Reason, w.Expires}, "\x00")
}

func waiverOf(f report.Finding) policy.Waiver {
	if f.Waiver == nil {
		return policy.Waiver{}
	}
	return *f.Waiver
}

// beyond are the findings that the others do not have, as often as they have more of a kind.
func beyond(all, others []report.Finding, key func(report.Finding) string) []report.Finding {
	left := map[string]int{}
	for _, f := range others {
		left[key(f)]++
	}
	var more []report.Finding
	for _, f := range all {
		left[key(f)]--
		if left[key(f)] < 0 {
			more = append(more, f)
		}
	}
	slices.SortStableFunc(more, func(a, b report.Finding) int {
		return cmp.Or(urgency(a)-urgency(b), cmp.Compare(identity(a), identity(b)))
	})
	return more
}

// urgency sorts what stops a deployment first, then by severity.
func urgency(f report.Finding) int {
	place := slices.Index([]string{"critical", "high", "medium", "low"}, f.Severity)
	if f.Level != policy.Mandatory.String() {
		place += 10
	}
	return place
}
