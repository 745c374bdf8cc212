package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const dayMinutes = 24 * 60

// longestGap is the longest time between two runs of a schedule. known is false for schedules that it does not read: those
// with a last, nearest or nth day, and those that run in some years only.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
func longestGap(schedule string) (gap time.Duration, known bool) {
	if inside, found := strings.CutPrefix(schedule, "rate("); found {
		return rateGap(strings.TrimSuffix(inside, ")"))
	}
	inside, found := strings.CutPrefix(schedule, "cron(")
	fields := strings.Fields(strings.TrimSuffix(inside, ")"))
	if !found || len(fields) != 6 || fields[5] != "*" {
		return 0, false
	}
	var sets [5][]int
	for i, f := range []cronField{{0, 59, nil}, {0, 23, nil}, {1, 31, nil}, {1, 12, months}, {1, 7, weekdays}} {
		if sets[i], known = f.read(fields[i]); !known {
			return 0, false
		}
	}
	var times []int
	for _, hour := range sets[1] {
		for _, minute := range sets[0] {
			times = append(times, hour*60+minute)
		}
	}
	return gapOf(times, sets[2], sets[3], sets[4])
}

func rateGap(inside string) (time.Duration, bool) {
	count, unit, _ := strings.Cut(inside, " ")
	n, err := strconv.Atoi(count)
	length := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(unit, "s")]
	return time.Duration(n) * length, err == nil && n > 0 && length > 0
}

// cycle is how many days it takes until dates fall on the same days of the week again: 28 years.
const cycle = 28*365 + 7

// gapOf walks the days of a whole cycle, and measures from the last run of a day to the first of the next.
func gapOf(times, days, months, weekdays []int) (time.Duration, bool) {
	longest, last := 0, -1
	for i := 1; i < len(times); i++ {
		longest = max(longest, times[i]-times[i-1])
	}
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range cycle {
		day := start.AddDate(0, 0, n)
		if !slices.Contains(days, day.Day()) || !slices.Contains(months, int(day.Month())) || !slices.Contains(weekdays, int(day.Weekday())+1) {
			continue
		}
		if last >= 0 {
			longest = max(longest, n*dayMinutes+times[0]-last)
		}
		last = n*dayMinutes + times[len(times)-1]
	}
	return time.Duration(longest) * time.Minute, last >= 0 && longest > 0
}

// A cronField is one field of a schedule: its bounds, and the names that its values go by.
type cronField struct {
	low, high int
	names     []string
}

var (
	months   = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

// read is the values that a field names, in order: *, ?, 5, 5-10, */15, 5/15 and lists of them.
func (f cronField) read(text string) (values []int, known bool) {
	for item := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(item, "/")
		low, high, ok := f.span(span, stepped)
		by := 1
		if stepped {
			var err error
			by, err = strconv.Atoi(step)
			ok = ok && err == nil && by > 0
		}
		if !ok {
			return nil, false
		}
		for v := low; v <= high; v += by {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values), len(values) > 0
}

// span is the first and the last value of a part of a field; a single value with a step goes on to the end.
func (f cronField) span(text string, stepped bool) (low, high int, known bool) {
	if text == "*" || text == "?" {
		return f.low, f.high, true
	}
	from, to, ranged := strings.Cut(text, "-")
	low, known = f.value(from)
	high = low
	if ranged {
		var ok bool
		high, ok = f.value(to)
		known = known && ok
	}
	if stepped && !ranged {
		high = f.high
	}
	return low, high, known && low >= f.low && high <= f.high && low <= high
}

func (f cronField) value(text string) (int, bool) {
	if at := slices.Index(f.names, strings.ToUpper(text)); at >= 0 {
		return at + f.low, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
