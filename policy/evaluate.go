package policy

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Evaluation says how a stack is judged.
type Evaluation struct {
	Rules []*Rule
	// Config may be nil: then every rule has its defaults.
	Config *Config
	// Today decides which waivers have expired.
	Today time.Time
}

// run is one rule over one graph.
type run struct {
	graph  *Graph
	rule   *Rule
	level  Level
	config *Config
	today  time.Time

	settings map[string]any
	findings []Finding
	// verdicts are those of the resources that have not simply passed.
	verdicts map[*Node]Outcome
	count    Count
	exempt   map[string]string
}

// Evaluate judges the stack. The result depends on the stack, the rules, the configuration and the day, and on nothing else.
func Evaluate(g *Graph, e Evaluation) *Report {
	config := e.Config
	if config == nil {
		config = &Config{}
	}
	report := &Report{
		Stack: g.Stack, Counts: map[string]*Count{}, Exempt: map[string]map[string]string{}, Rules: map[string]*Rule{},
		Resources: len(g.nodes), stackNode: g.stackNode(),
	}
	for _, r := range evaluateRules(g, config, e) {
		report.Rules[r.rule.ID] = r.rule
		report.Counts[r.rule.ID] = &r.count
		if len(r.exempt) > 0 {
			report.Exempt[r.rule.ID] = r.exempt
		}
		report.Findings = append(report.Findings, r.findings...)
	}
	config.waive(report, e)
	redact(g, report)
	sortFindings(report.Findings)
	return report
}

// fewResources is the number of resources below which the work is not shared out.
const fewResources = 16

// evaluateRules runs every enabled rule, several at a time.
func evaluateRules(g *Graph, config *Config, e Evaluation) []*run {
	var runs []*run
	for _, rule := range e.Rules {
		level := config.LevelOf(rule, g.Stack)
		if level == Disabled {
			continue
		}
		runs = append(runs, &run{graph: g, rule: rule, level: level, config: config, today: e.Today})
	}
	// A single resource, as before its creation, is judged sooner than a second worker is there.
	if len(g.nodes) < fewResources {
		for _, r := range runs {
			r.evaluate()
		}
		return runs
	}
	next := make(chan *run)
	var working sync.WaitGroup //nolint:forbidigo // no program waits here: rules are pure, and read what is there
	for range min(runtime.GOMAXPROCS(0), len(runs)) {
		working.Go(func() { //nolint:forbidigo // see above
			for r := range next {
				r.evaluate()
			}
		})
	}
	for _, r := range runs {
		next <- r
	}
	close(next)
	working.Wait() //nolint:forbidigo // see above
	return runs
}

func (r *run) evaluate() {
	judged := 0
	if len(r.rule.Types) == 0 {
		r.judge(r.graph.stackNode())
		judged++
	}
	for _, t := range r.rule.Types {
		for _, n := range r.graph.byType[t] {
			r.judge(n)
		}
		judged += len(r.graph.byType[t])
	}
	for n, outcome := range r.verdicts {
		r.count.add(outcome, 1)
		if r.judges(n) {
			judged--
		}
	}
	r.count.add(Pass, judged)
}

// judges says that the resource is one of those that the rule is about, and not only found on the way.
func (r *run) judges(n *Node) bool {
	if len(r.rule.Types) == 0 {
		return n == r.graph.stackNode()
	}
	return n != nil && slices.Contains(r.rule.Types, n.Type) && r.graph.byURN[n.URN] == n
}

// verdict keeps the worst of a resource.
func (r *run) verdict(n *Node, o Outcome) {
	if o == Pass {
		return
	}
	if r.verdicts == nil {
		r.verdicts = map[*Node]Outcome{}
	}
	r.verdicts[n] = max(r.verdicts[n], o)
}

// judge takes a rule that fails as a verdict about the rule: one bad rule must not silence the others.
func (r *run) judge(n *Node) {
	c := &Case{Node: n, run: r}
	defer func() {
		if problem := recover(); problem != nil {
			c.record(Failed, "", fmt.Sprint(problem), "", nil)
		}
		if c.outcome == NotApplicable {
			r.skip(n, c.reason)
		}
	}()
	r.rule.Check(c)
}

// skip keeps why the rule is not about a resource.
func (r *run) skip(n *Node, reason string) {
	r.verdict(n, NotApplicable)
	if r.exempt == nil {
		r.exempt = map[string]string{}
	}
	r.exempt[n.URN] = reason
}

// take keeps a finding of the case.
func (r *run) take(c *Case, f Finding) {
	c.outcome = max(c.outcome, f.Outcome)
	r.verdict(c.Node, f.Outcome)
	if f.Outcome == Unknown && !r.unknownFails() {
		f.Level = Advisory
	}
	r.findings = append(r.findings, f)
}

// unknownFails says that what is not known is as bad as a violation: never in a preview.
func (r *run) unknownFails() bool { return r.rule.UnknownFails && !r.graph.Stack.DryRun }

// stackNode is the node that findings about the whole stack belong to.
func (g *Graph) stackNode() *Node {
	if stacks := g.byType[StackType]; len(stacks) > 0 {
		return stacks[0]
	}
	return Memo(g, &stackNodeKey, func(*Graph) *Node {
		name := g.Stack.Project + "-" + g.Stack.Name
		urn := "urn:pulumi:" + g.Stack.Name + "::" + g.Stack.Project + "::" + StackType + "::" + name
		return &Node{Resource: Resource{URN: urn, Type: StackType, Name: name}, graph: g}
	})
}

var stackNodeKey byte
