package cloudsim

import (
	"slices"
	"time"
)

// Node is one operation of a deployment.
type Node struct {
	URN      string
	Duration time.Duration
	// Needs are the URNs whose data, or whose existence, the operation truly needs.
	Needs []string
	// Waits are all further URNs that the engine waits for before it starts: explicit dependencies and the parent.
	Waits []string
}

// Timeline tells how long a deployment takes with unlimited parallelism, and how short it could be.
type Timeline struct {
	// Makespan is when the last operation ends, when each starts as soon as everything that it needs or waits for is finished.
	Makespan time.Duration
	// CriticalPath is the same with true needs only: no order of operations can be faster.
	CriticalPath time.Duration
	// Path are the URNs on the critical path, first to last.
	Path []string
	// Chain are the URNs that make the Makespan, first to last. Where it differs from Path, something waits for nothing.
	Chain []string
}

// Ratio is Makespan over CriticalPath: 1 when no operation waits for something that it does not need.
func (t Timeline) Ratio() float64 {
	if t.CriticalPath == 0 {
		return 1
	}
	return float64(t.Makespan) / float64(t.CriticalPath)
}

// Schedule computes the timeline. URNs that name no node are ignored.
func Schedule(nodes []Node) Timeline {
	var t Timeline
	t.CriticalPath, t.Path = longest(nodes, func(n Node) []string { return n.Needs })
	t.Makespan, t.Chain = longest(nodes, func(n Node) []string { return append(slices.Clone(n.Needs), n.Waits...) })
	return t
}

// longest finds the longest chain of durations through the edges.
func longest(nodes []Node, edges func(Node) []string) (time.Duration, []string) {
	byURN := map[string]Node{}
	for _, n := range nodes {
		byURN[n.URN] = n
	}
	ends, before := map[string]time.Duration{}, map[string]string{}
	var end func(urn string) time.Duration
	end = func(urn string) time.Duration {
		if at, ok := ends[urn]; ok {
			return at
		}
		n := byURN[urn]
		ends[urn] = n.Duration // A cycle cannot be registered; this keeps a wrong list of nodes from recursing for ever.
		var start time.Duration
		for _, need := range edges(n) {
			if _, ok := byURN[need]; !ok || need == urn {
				continue
			}
			if at := end(need); at > start {
				start, before[urn] = at, need
			}
		}
		ends[urn] = start + n.Duration
		return ends[urn]
	}
	last := ""
	for _, n := range nodes {
		if at := end(n.URN); last == "" || at > ends[last] {
			last = n.URN
		}
	}
	var path []string
	for urn := last; urn != ""; urn = before[urn] {
		path = append(path, urn)
	}
	slices.Reverse(path)
	return ends[last], path
}
