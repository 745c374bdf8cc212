package main

import (
	"fmt"
	"strings"

	"github.com/seed-11444627/holdfast/components/posture"
)

// Marker opens the comment, so that the next run finds and replaces it instead of adding another.
const Marker = "<!-- holdfast-posture -->"

// maxComment is below the 65,536 characters that a GitHub comment may have
// (https://github.com/orgs/community/discussions/27190).
const maxComment = 60000

// maxListed is how many resources are named before the rest is only counted.
const maxListed = 40

// Markdown renders the comparisons as one comment.
func Markdown(all []Comparison) string {
	var b strings.Builder
	b.WriteString(Marker + "\n## Simulated preview\n\n")
	b.WriteString("Pulumi's engine on the simulated cloud, without credentials. It is a simulation, not AWS.\n\n")
	for _, c := range all {
		section(&b, c)
	}
	return shorten(b.String())
}

func section(b *strings.Builder, c Comparison) {
	fmt.Fprintf(b, "### %s: %s\n\n", escape(c.Environment), headline(c))
	policySection(b, c.Policy)
	if len(c.Changes) > 0 {
		b.WriteString("| | component | promise | target branch | this version |\n|---|---|---|---|---|\n")
		for _, change := range c.Changes {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", change.Verdict, escape(change.Component),
				escape(change.What), escape(change.Before), escape(change.After))
		}
		b.WriteString("\n")
	}
	list(b, "Added resources", c.Added)
	list(b, "Removed resources", c.Removed)
	fmt.Fprintf(b, "<details><summary>Posture of %s</summary>\n\n", escape(c.Environment))
	table(b, c.Postures)
	b.WriteString("\n</details>\n\n")
}

func headline(c Comparison) string {
	if c.Failed {
		return "the preview failed; " + compared(c)
	}
	return compared(c)
}

func compared(c Comparison) string {
	switch {
	case c.Partial:
		return "it did not reach its posture, so promises and resources are not compared"
	case c.New:
		return "not on the target branch"
	case c.BasePartial:
		return "the target branch's preview failed, so promises and resources are not compared"
	}
	worse := 0
	for _, change := range c.Changes {
		if change.Verdict == Worse {
			worse++
		}
	}
	promises := "no promise changes"
	if len(c.Changes) > 0 {
		promises = fmt.Sprintf("%d promises change, %d for the worse", len(c.Changes), worse)
	}
	if !c.Compared {
		return promises
	}
	return fmt.Sprintf("%s; %d resources added, %d removed", promises, len(c.Added), len(c.Removed))
}

func list(b *strings.Builder, title string, all []string) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "<details><summary>%s: %d</summary>\n\n", title, len(all))
	for i, address := range all {
		if i == maxListed {
			fmt.Fprintf(b, "- and %d more\n", len(all)-maxListed)
			break
		}
		fmt.Fprintf(b, "- %s\n", escape(address))
	}
	b.WriteString("\n</details>\n\n")
}

func table(b *strings.Builder, all []posture.Posture) {
	b.WriteString("| workload | component | zones | peak | after losing a zone |")
	for _, s := range posture.Scenarios() {
		fmt.Fprintf(b, " %s |", s)
	}
	b.WriteString(" USD per hour, low / expected / high | alarms |\n|---|---|---|---|---|")
	b.WriteString(strings.Repeat("---|", len(posture.Scenarios())) + "---|---|\n")
	for _, p := range all {
		peak, left := "", ""
		if p.Capacity != nil {
			peak, left = rate(*p.Capacity, p.Capacity.Peak), rate(*p.Capacity, p.Capacity.AfterZoneLoss)
		}
		fmt.Fprintf(b, "| %s | %s %s | %s | %s | %s |", escape(p.Workload), escape(p.Component), escape(p.Name),
			escape(strings.Join(p.Zones, ", ")), escape(peak), escape(left))
		for _, s := range posture.Scenarios() {
			cell := noAnswer
			if r, has := p.Recovery[s]; has {
				cell = answer(r)
			}
			fmt.Fprintf(b, " %s |", escape(cell))
		}
		fmt.Fprintf(b, " %.2f / %.2f / %.2f | %d |\n", p.Price.Low, p.Price.Expected, p.Price.High, len(p.Alarms))
	}
}

// escaper makes text of a pull request harmless in a comment: no markup, no table cells, no mentions, no references.
var escaper = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;", "~", "&#126;",
	"[", "&#91;", "]", "&#93;", "(", "&#40;", ")", "&#41;", "!", "&#33;", "\\", "&#92;", "#", "&#35;",
	"@", "@\u200b", "://", ":\u200b//", "\r", " ", "\n", " ",
)

func escape(text string) string { return escaper.Replace(text) }

// shorten keeps the comment within what the hosts accept, cutting at a line and saying so.
func shorten(text string) string {
	if len(text) <= maxComment {
		return text
	}
	cut := strings.LastIndex(text[:maxComment], "\n")
	return text[:cut] + "\n\nThe rest is left out: the comment is as long as it may be. The job's artifacts have all of it.\n"
}
