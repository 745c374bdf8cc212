// Package prices is a small table of AWS list prices, for the price a component states of itself. It holds what the
// components use, in the two regions the project runs in. It guarantees that a price names its page and the month it
// was taken; it refuses to guess: what is not in the table is reported as missing, never as zero.
package prices

import (
	"fmt"

	"github.com/seed-11444627/holdfast/components/posture"
)

// Item is something AWS charges for.
type Item string

// The items of the table.
const (
	NATGatewayHour        Item = "NAT gateway"
	InterfaceEndpointHour Item = "interface endpoint in one zone"
	PublicIPv4Hour        Item = "public IPv4 address"
	LoadBalancerHour      Item = "application load balancer"
	LoadBalancerUnitHour  Item = "load balancer capacity unit"
	AlarmMonth            Item = "CloudWatch alarm"
	DashboardMonth        Item = "CloudWatch dashboard"
	KeyMonth              Item = "KMS key"
	LogIngestedGB         Item = "gigabyte of logs taken in"
)

// HoursPerMonth is AWS's own month: 365 days of 24 hours over 12.
const HoursPerMonth = 730

// Unit is what a price is per.
type Unit string

// The units of the table.
const (
	PerHour     Unit = "hour"
	PerMonth    Unit = "month"
	PerGigabyte Unit = "GB"
)

// Price is one list price, without tax, free tiers and discounts.
type Price struct {
	// USD per unit.
	USD float64
	// Per is the unit.
	Per Unit
	// Page is where AWS publishes it, and Taken the month of the figure.
	Page, Taken string
}

// taken is when the table was last compared with AWS's pages.
const taken = "2026-11"

// The pages. AWS fills in their regional figures in the browser; the Price List service has the same ones.
const (
	vpcPage  = "https://aws.amazon.com/vpc/pricing/"
	linkPage = "https://aws.amazon.com/privatelink/pricing/"
	elbPage  = "https://aws.amazon.com/elasticloadbalancing/pricing/"
	cwPage   = "https://aws.amazon.com/cloudwatch/pricing/"
	kmsPage  = "https://aws.amazon.com/kms/pricing/"
)

// row is one item's page, unit and figures by region; everywhere stands for all regions.
type row struct {
	page    string
	per     Unit
	regions map[string]float64
}

const everywhere = "*"

var table = map[Item]row{
	NATGatewayHour:        {vpcPage, PerHour, map[string]float64{"us-east-1": 0.045, "eu-central-1": 0.052}},
	PublicIPv4Hour:        {vpcPage, PerHour, map[string]float64{everywhere: 0.005}},
	InterfaceEndpointHour: {linkPage, PerHour, map[string]float64{"us-east-1": 0.01, "eu-central-1": 0.012}},
	LoadBalancerHour:      {elbPage, PerHour, map[string]float64{"us-east-1": 0.0225, "eu-central-1": 0.027}},
	LoadBalancerUnitHour:  {elbPage, PerHour, map[string]float64{"us-east-1": 0.008, "eu-central-1": 0.008}},
	AlarmMonth:            {cwPage, PerMonth, map[string]float64{everywhere: 0.10}},
	DashboardMonth:        {cwPage, PerMonth, map[string]float64{everywhere: 3.00}},
	KeyMonth:              {kmsPage, PerMonth, map[string]float64{everywhere: 1.00}},
	LogIngestedGB:         {cwPage, PerGigabyte, map[string]float64{"us-east-1": 0.50, "eu-central-1": 0.63}},
}

// Of is the price of an item in a region; false when the table does not hold it.
func Of(item Item, region string) (Price, bool) {
	found, known := table[item]
	if !known {
		return Price{}, false
	}
	usd, known := found.regions[region]
	if !known {
		usd, known = found.regions[everywhere]
	}
	return Price{USD: usd, Per: found.per, Page: found.page, Taken: taken}, known
}

// Hourly is the price per hour of a number of items that are charged by the hour or the month, as a line of a posture.
// An item that is not in the table adds nothing, and the derivation says so. What is charged by the gigabyte is not a
// price per hour: Hourly says that too.
func Hourly(item Item, region string, count int) posture.Price {
	price, known := Of(item, region)
	if !known || price.Per == PerGigabyte {
		return posture.Price{Derivation: []string{fmt.Sprintf("%d × %s: no hourly price held for %s, not included", count, item, region)}}
	}
	each := price.USD
	if price.Per == PerMonth {
		each = price.USD / HoursPerMonth
	}
	total := float64(count) * each
	line := fmt.Sprintf("%d × %s × %g USD per %s = %.4f USD/h (%s, %s)", count, item, price.USD, price.Per, total, price.Page, price.Taken)
	return posture.Price{Low: total, Expected: total, High: total, Derivation: []string{line}}
}
