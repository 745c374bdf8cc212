package capacity_test

import (
	"fmt"
	"time"

	"github.com/seed-11444627/holdfast/components/capacity"
)

func Example() {
	request := capacity.Request{
		Load: capacity.Load{
			PeakRequestsPerSecond: 40,
			ServiceTime:           500 * time.Millisecond,
			ConcurrencyPerServer:  5,
		},
		Headroom:  0.2,
		Zones:     3,
		Detection: 25 * time.Second,
		StartUp:   3 * time.Minute,
		Growth:    0.5,
	}
	plan, err := capacity.Plan(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	price, err := capacity.HashingPrice().Hourly(plan.Sizes)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range plan.Derivation[:4] {
		fmt.Println(line)
	}
	fmt.Printf("after losing a zone: %g of %g requests/s\n", plan.AfterZoneLoss.RequestsPerSecond, 40.0)
	fmt.Printf("target: %g requests per target and minute\n", plan.Tracking.RequestsPerTargetPerMinute)
	fmt.Println("per hour:", price.Low, "to", price.High)
	fmt.Println(capacity.Check(request, capacity.Sizes{Minimum: 7, Desired: 7, Maximum: 20}))
	// Output:
	// at the peak 20 requests are in progress: 40 requests/s x 0.5 s service time (Little's law)
	// one server takes 4 of them: its limit of 5 less 20 % headroom; that is 8 requests/s
	// 5 servers must be in service at the peak: 20 / 4, rounded up
	// the minimum is 8: over 3 zones the fullest holds 3, and losing it leaves the 5 needed
	// after losing a zone: 40 of 40 requests/s
	// target: 320 requests per target and minute
	// per hour: 256.00 USD to 480.00 USD
	// Minimum: got 7, want at least 8, because losing one of 3 zones leaves 4 of 7, which carry 32 of the 40 requests/s at the peak; fix: set Minimum to 8
	// Desired: got 7, want from 8, the minimum, to 20, the maximum; fix: set Desired to 8
}
