// Package report prints the posture of an environment for people: one table that answers what is promised, what is left
// after losing a zone, how long recovery takes, what is lost, what it costs and who is told.
package report

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/components/posture"
)

// Simulated is printed wherever the output could be mistaken for AWS's.
const Simulated = "SIMULATED CLOUD: nothing below exists in AWS, and no AWS account was contacted."

// Print writes the posture table of one environment.
func Print(out io.Writer, environment string, all []posture.Posture) {
	fmt.Fprintf(out, "\nPosture of %s (%s)\n\n", environment, strings.TrimSuffix(Simulated, "."))
	table := [][]string{{
		"WORKLOAD", "COMPONENT", "PEAK", "ZONES", "LEFT WITHOUT A ZONE", "INSTANCE LOSS", "ZONE LOSS", "REGION LOSS",
		"USD/HOUR LOW", "EXPECTED", "HIGH",
	}}
	var total posture.Price
	for _, p := range all {
		table = append(table, row(p))
		total = total.Plus(p.Price)
	}
	table = append(table, []string{
		"total", "", "", "", "", "", "", "", money(total.Low), money(total.Expected), money(total.High),
	})
	writeTable(out, table)
	fmt.Fprintln(out, "\nLosses read: recovery time / age of the newest data that may be lost.")
	printAlarms(out, all)
}

// Outputs writes the outputs of the stack that are known, sorted.
func Outputs(out io.Writer, outputs map[string]any) {
	if len(outputs) == 0 {
		return
	}
	names := make([]string, 0, len(outputs))
	for name := range outputs {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintln(out, "\nOutputs:")
	for _, name := range names {
		fmt.Fprintf(out, "    %s: %v\n", name, outputs[name])
	}
}

func row(p posture.Posture) []string {
	cells := []string{p.Workload, p.Component + " " + p.Name, peak(p.Capacity), zones(p.Zones), left(p.Capacity)}
	for _, scenario := range posture.Scenarios() {
		cells = append(cells, recovery(p.Recovery, scenario))
	}
	return append(cells, money(p.Price.Low), money(p.Price.Expected), money(p.Price.High))
}

func peak(c *posture.Capacity) string {
	if c == nil {
		return "-"
	}
	return figure(c.Peak) + " " + c.Unit
}

func left(c *posture.Capacity) string {
	if c == nil || c.Peak == 0 {
		return "-"
	}
	verdict := "carries the peak"
	if c.AfterZoneLoss < c.Peak {
		verdict = "BELOW THE PEAK"
	}
	return fmt.Sprintf("%s %s = %.0f %%, %s", figure(c.AfterZoneLoss), c.Unit, 100*c.AfterZoneLoss/c.Peak, verdict)
}

// zones are shortened to their letters when they are of one region: "3 (a b c)".
func zones(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	letters := make([]string, len(names))
	for i, name := range names {
		letters[i] = name[len(name)-1:]
	}
	return fmt.Sprintf("%d (%s)", len(names), strings.Join(letters, " "))
}

func recovery(answers map[posture.Scenario]posture.Recovery, scenario posture.Scenario) string {
	answer, stated := answers[scenario]
	if !stated {
		return "not stated"
	}
	if answer.Unrecoverable {
		return "NOT RECOVERABLE"
	}
	return duration(answer.RecoveryTime) + " / " + duration(answer.DataLoss)
}

func duration(d time.Duration) string {
	if d < time.Second {
		return "none"
	}
	text := strings.Replace(d.Round(time.Second).String(), "m0s", "m", 1)
	return strings.Replace(text, "h0m", "h", 1)
}

func money(usd float64) string { return strconv.FormatFloat(usd, 'f', 2, 64) }

func figure(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// writeTable aligns columns; the last cell of a row is not padded.
func writeTable(out io.Writer, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, cells := range table {
		for i, cell := range cells {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, cells := range table {
		var b strings.Builder
		for i, cell := range cells {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-len([]rune(cell))+2))
		}
		fmt.Fprintln(out, "  "+strings.TrimRight(b.String(), " "))
	}
}

// printAlarms lists how many alarms go where, and then each.
func printAlarms(out io.Writer, all []posture.Posture) {
	destinations := map[string][]string{}
	count := 0
	for _, p := range all {
		for _, alarm := range p.Alarms {
			destinations[alarm.GoesTo] = append(destinations[alarm.GoesTo], alarm.Name)
			count++
		}
	}
	fmt.Fprintf(out, "\n%d alarms and where they go\n\n", count)
	names := make([]string, 0, len(destinations))
	for name := range destinations {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sort.Strings(destinations[name])
		fmt.Fprintf(out, "  %s (%d)\n", name, len(destinations[name]))
		fmt.Fprintln(out, wrapped(destinations[name], 110))
	}
}

func wrapped(words []string, width int) string {
	var b strings.Builder
	line := "   "
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+len(word)+1 > width && line != "   " {
			b.WriteString(line + "\n")
			line = "   "
		}
		line += " " + word
	}
	return b.String() + line
}
