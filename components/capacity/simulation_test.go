package capacity_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-11444627/holdfast/components/capacity"
)

// TestMain lets every property try 3,000 cases unless the command line asks for another number.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		_ = flag.Set("rapid.checks", "3000")
	}
	os.Exit(m.Run())
}

// tick is the simulation's unit of time. Rates are whole requests per `period` ticks, so that every rate, service time and
// headroom a simulated fleet uses is an exact decimal and a boundary is hit exactly.
const tick = 100 * time.Millisecond

type simulated struct {
	arrivals, period int // requests per so many ticks
	service          int // ticks
	concurrency      int
	headroomPercent  int
	zones            int
}

func (s simulated) request() capacity.Request {
	return capacity.Request{
		Load: capacity.Load{
			PeakRequestsPerSecond: float64(s.arrivals) * 10 / float64(s.period),
			ServiceTime:           time.Duration(s.service) * tick,
			ConcurrencyPerServer:  s.concurrency,
		},
		Headroom:  float64(s.headroomPercent) / 100,
		Zones:     s.zones,
		Detection: 25 * time.Second,
		StartUp:   3 * time.Minute,
	}
}

func drawSimulated(t *rapid.T, minZones int) simulated {
	s := simulated{
		arrivals:        rapid.IntRange(1, 12).Draw(t, "arrivals"),
		period:          rapid.SampledFrom([]int{1, 2, 4, 5, 8, 10}).Draw(t, "period"),
		service:         rapid.IntRange(1, 9).Draw(t, "service"),
		concurrency:     rapid.IntRange(1, 6).Draw(t, "concurrency"),
		headroomPercent: rapid.IntRange(1, 60).Draw(t, "headroom"),
		zones:           rapid.IntRange(minZones, 6).Draw(t, "zones"),
	}
	if s.arrivals*s.service/s.period > 30 {
		s.arrivals = s.arrivals%3 + 1
	}
	return s
}

// placed spreads servers over zones as Auto Scaling does: one at a time, into the zone that holds the fewest.
func placed(servers, zones int) []int {
	held := make([]int, zones)
	for range servers {
		fewest := 0
		for z := range held {
			if held[z] < held[fewest] {
				fewest = z
			}
		}
		held[fewest]++
	}
	return held
}

// carries runs the peak against so many servers, tick by tick: requests arrive as evenly as whole numbers allow, go to the
// server with the fewest in progress, wait in a queue when all places are taken, and leave after their service time. It
// measures the places taken over whole periods once the first requests have left, and nobody may wait.
func (s simulated) carries(servers int) bool {
	if servers == 0 {
		return false
	}
	inProgress := make([]int, servers)
	leaving := make([][]int, s.service) // a ring: which servers lose a request in which tick
	waiting, waited, taken, busy := 0, false, 0, 0
	start, end := s.service+s.period, s.service+3*s.period
	for now := range end {
		for _, server := range leaving[now%s.service] {
			inProgress[server]--
			taken--
		}
		leaving[now%s.service] = leaving[now%s.service][:0]
		waiting += (now+1)*s.arrivals/s.period - now*s.arrivals/s.period
		for waiting > 0 && taken < servers*s.concurrency {
			least := 0
			for server := range inProgress {
				if inProgress[server] < inProgress[least] {
					least = server
				}
			}
			inProgress[least]++
			taken++
			waiting--
			leaving[now%s.service] = append(leaving[now%s.service], least)
		}
		waited = waited || waiting > 0
		if now >= start {
			busy += taken
		}
	}
	mayBeBusy := servers * s.concurrency * (100 - s.headroomPercent) * (end - start)
	return !waited && busy*100 <= mayBeBusy
}

// carriesWithoutAnyZone kills each zone in turn.
func (s simulated) carriesWithoutAnyZone(servers int, known map[int]bool) bool {
	held := placed(servers, s.zones)
	for _, lost := range held {
		left := servers - lost
		ok, seen := known[left]
		if !seen {
			ok = s.carries(left)
			known[left] = ok
		}
		if !ok {
			return false
		}
	}
	return true
}

// smallest searches the fleet sizes from nothing up.
func (s simulated) smallest(good func(servers int) bool) int {
	for n := 0; ; n++ {
		if good(n) {
			return n
		}
	}
}
