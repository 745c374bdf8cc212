package capacity_test

import (
	"testing"

	"github.com/seed-11444627/holdfast/components/capacity"
)

func BenchmarkPlan(b *testing.B) {
	r := hashing()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := capacity.Plan(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	r := hashing()
	b.ReportAllocs()
	for b.Loop() {
		if err := capacity.Check(r, capacity.Sizes{Minimum: 8, Desired: 8, Maximum: 14}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAddresses(b *testing.B) {
	use := capacity.SubnetUse{Zones: 3, Maximum: 14, LoadBalancers: 1, InterfaceEndpoints: 4, Others: 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := capacity.Addresses(use); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHourly(b *testing.B) {
	price, sizes := capacity.HashingPrice(), capacity.Sizes{Minimum: 8, Desired: 8, Maximum: 14}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := price.Hourly(sizes); err != nil {
			b.Fatal(err)
		}
	}
}
