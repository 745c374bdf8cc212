package capacity

import (
	"fmt"
	"math/big"
	"time"
)

// Cents is an amount of money in hundredths of a USD, exact.
type Cents int64

// String writes the amount in USD, for example "16.00 USD".
func (c Cents) String() string {
	sign, n := "", new(big.Int).SetInt64(int64(c))
	if n.Sign() < 0 {
		sign = "-"
		n.Neg(n)
	}
	whole, rest := new(big.Int).QuoRem(n, big.NewInt(100), new(big.Int))
	return fmt.Sprintf("%s%s.%02d USD", sign, whole, rest.Int64())
}

// USD is the amount for reports in which a rounded number will do.
func (c Cents) USD() float64 { return float64(c) / 100 }

// Price is the rule by which servers are paid: so much for every started period of each.
type Price struct {
	// PerStart is what each started period of each server costs. At least 0.
	PerStart Cents
	// Period is how long a start pays for. More than 0.
	Period time.Duration
}

// HashingPrice is the hashing workload's rule: 8 USD for every started 15 minutes of each instance.
func HashingPrice() Price { return Price{PerStart: 800, Period: 15 * time.Minute} }

// HourlyPrice is what a group costs per hour.
type HourlyPrice struct {
	// Low is the minimum running all hour, Expected the desired size.
	Low, Expected Cents
	// High is the most an hour can cost: the maximum running all hour while the desired servers are replaced once. A
	// server that is replaced loses the rest of a period already paid for, so each replacement pays one start more.
	High Cents
	// Refresh is what replacing the desired servers once adds at most.
	Refresh    Cents
	Derivation []string
}

// Cycle is what servers cost per hour that are started and stopped again and again, against leaving them on.
type Cycle struct {
	Cycling, AlwaysOn Cents
	// Saves is false where stopping them costs as much as leaving them on, or more: each start pays a whole period.
	Saves      bool
	Derivation []string
}

// Run is the price of so many servers, each running for so long once. A server that runs for exactly one period pays one
// start; one that does not run pays nothing.
func (p Price) Run(servers int, d time.Duration) (Cents, error) {
	bad := p.check()
	bad.require(servers >= 0, "Servers", servers, "at least 0", "use 0")
	bad.require(d >= 0, "Duration", d, "at least 0", "use 0")
	if err := bad.err(); err != nil {
		return 0, err
	}
	return p.money(product(whole(servers), new(big.Rat).SetInt(p.starts(d))))
}

// Hourly is the price of a group per hour. Where the period does not divide the hour, low and expected are averages,
// rounded up to a cent, and high counts the hour in which one start more falls.
func (p Price) Hourly(s Sizes) (HourlyPrice, error) {
	bad := p.check()
	bad.require(s.Minimum >= 0, "Minimum", s.Minimum, "at least 0", "use the planned minimum")
	bad.require(s.Desired >= s.Minimum && s.Desired <= s.Maximum, "Desired", s.Desired,
		fmt.Sprintf("from %d, the minimum, to %d, the maximum", s.Minimum, s.Maximum), "use the planned desired size")
	if err := bad.err(); err != nil {
		return HourlyPrice{}, err
	}
	perHour := quotient(seconds(time.Hour), seconds(p.Period))
	amounts := make([]Cents, 4)
	for i, starts := range []*big.Rat{
		product(whole(s.Minimum), perHour),
		product(whole(s.Desired), perHour),
		sum(product(whole(s.Maximum), new(big.Rat).SetInt(ceiling(perHour))), whole(s.Desired)),
		whole(s.Desired),
	} {
		amount, err := p.money(starts)
		if err != nil {
			return HourlyPrice{}, err
		}
		amounts[i] = amount
	}
	out := HourlyPrice{Low: amounts[0], Expected: amounts[1], High: amounts[2], Refresh: amounts[3]}
	out.Derivation = []string{
		fmt.Sprintf("a server costs %v per started %v, so %s starts an hour", p.PerStart, p.Period, text(perHour)),
		fmt.Sprintf("low: the minimum of %d all hour, %v", s.Minimum, out.Low),
		fmt.Sprintf("expected: the desired %d all hour, %v", s.Desired, out.Expected),
		fmt.Sprintf("high: the maximum of %d all hour and the desired %d replaced once, each paying one start more "+
			"(%v together), %v", s.Maximum, s.Desired, out.Refresh, out.High),
	}
	return out, nil
}

// Churn is the most that replacing so many servers once adds, when old and new run side by side for the overlap: the rest
// of the old server's paid period is lost, and the overlap is paid twice.
func (p Price) Churn(servers int, overlap time.Duration) (Cents, error) {
	bad := p.check()
	bad.require(servers >= 0, "Servers", servers, "at least 0", "use 0")
	bad.require(overlap >= 0, "Overlap", overlap, "at least 0", "use 0")
	if err := bad.err(); err != nil {
		return 0, err
	}
	starts := new(big.Int).Add(p.starts(overlap), big.NewInt(1))
	return p.money(product(whole(servers), new(big.Rat).SetInt(starts)))
}

// Cycle is the price of so many servers that run for `on`, are gone for `off`, and so on: the price of a scaling policy
// that scales in too soon. Hourly amounts are averages, rounded up to a cent.
func (p Price) Cycle(servers int, on, off time.Duration) (Cycle, error) {
	bad := p.check()
	bad.require(servers >= 0, "Servers", servers, "at least 0", "use 0")
	bad.require(on > 0, "On", on, "above 0", "use the shortest time between scaling out and in")
	bad.require(off > 0, "Off", off, "above 0", "use the shortest time between scaling in and out")
	if err := bad.err(); err != nil {
		return Cycle{}, err
	}
	length := sum(seconds(on), seconds(off))
	cycles := quotient(seconds(time.Hour), length)
	cyclingStarts := product(cycles, new(big.Rat).SetInt(p.starts(on)))
	steadyStarts := quotient(seconds(time.Hour), seconds(p.Period))
	cycling, err := p.money(product(whole(servers), cyclingStarts))
	if err != nil {
		return Cycle{}, err
	}
	steady, err := p.money(product(whole(servers), steadyStarts))
	if err != nil {
		return Cycle{}, err
	}
	return Cycle{
		Cycling: cycling, AlwaysOn: steady, Saves: cyclingStarts.Cmp(steadyStarts) < 0,
		Derivation: []string{
			fmt.Sprintf("on for %v and off for %v: %s cycles an hour x starts %s x servers %d: %v",
				on, off, text(cycles), p.starts(on), servers, cycling),
			fmt.Sprintf("left on: %s starts an hour, %v", text(steadyStarts), steady),
		},
	}, nil
}

func (p Price) check() problems {
	var bad problems
	bad.require(p.PerStart >= 0, "PerStart", p.PerStart, "at least 0", "state the price of a started period in cents")
	bad.require(p.Period > 0, "Period", p.Period, "above 0", "state how long a start pays for")
	return bad
}

// starts is the number of periods that begin in a run of length d.
func (p Price) starts(d time.Duration) *big.Int {
	return ceiling(quotient(seconds(d), seconds(p.Period)))
}

// money is the price of so many starts, rounded up to a cent, refused where it does not fit.
func (p Price) money(starts *big.Rat) (Cents, error) {
	total := ceiling(product(starts, new(big.Rat).SetInt64(int64(p.PerStart))))
	if !total.IsInt64() {
		return 0, &FieldError{
			Field: "Servers", Got: text(starts) + " starts", Want: "an amount of at most 92233720368547758.07 USD",
			Fix: "check the number of servers, the duration and the price",
		}
	}
	return Cents(total.Int64()), nil
}
