package capacity

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// decimal reads x as the shortest decimal that means it, so that 0.2 is exactly one fifth. x must be finite.
func decimal(x float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, 64))
	if !ok {
		return new(big.Rat) // not reached for finite numbers, which validate ensures
	}
	return r
}

func whole(n int) *big.Rat { return new(big.Rat).SetInt64(int64(n)) }

func seconds(d time.Duration) *big.Rat { return big.NewRat(int64(d), int64(time.Second)) }

func product(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func quotient(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

func sum(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }

// oneMinus is 1 - a.
func oneMinus(a *big.Rat) *big.Rat { return new(big.Rat).Sub(whole(1), a) }

// ceiling is the smallest whole number that is not below a, for a >= 0.
func ceiling(a *big.Rat) *big.Int {
	q, rest := new(big.Int).QuoRem(a.Num(), a.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// ceilDiv is the smallest whole number that is not below a/b, for a >= 0 and b >= 1.
func ceilDiv(a, b int) int {
	if a%b == 0 {
		return a / b
	}
	return a/b + 1
}

// float is the nearest float64; a value beyond float64 is its infinity.
func float(a *big.Rat) float64 {
	f, _ := a.Float64()
	return f
}

// text writes a number for people: whole when it is whole, else with at most four decimals.
func text(a *big.Rat) string {
	f := float(a)
	if math.Abs(f) >= 1e15 || (f != 0 && math.Abs(f) < 0.001) {
		return strconv.FormatFloat(f, 'g', 5, 64)
	}
	if a.IsInt() {
		return a.Num().String()
	}
	return strings.TrimRight(strings.TrimRight(a.FloatString(4), "0"), ".")
}

// percent writes a fraction as a percentage.
func percent(a *big.Rat) string { return text(product(a, whole(100))) + " %" }
