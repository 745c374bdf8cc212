package alarms_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
)

// A component keeps its alarms in a table, and hands it to Create. Whatever CloudWatch would accept and never fire on is
// refused before anything is made: here a queue without a name.
func Example() {
	route := alarms.Route{
		Critical: pulumi.String("arn:aws:sns:eu-central-1:111111111111:critical"),
		Runbooks: "https://example.org/docs/runbooks",
	}
	rows := func(orders alarms.Queue) []alarms.Alarm {
		return []alarms.Alarm{{
			Key: "orders-late", Metric: orders.Age(), Severity: alarms.Critical, Family: alarms.Lag,
			Comparison: alarms.AtLeast, Threshold: 300, Runbook: "orders.md#orders-late",
			Summary: "Orders wait longer than five minutes.",
		}}
	}
	fmt.Println(alarms.Validate(route, rows(alarms.Queue{Name: pulumi.String("orders")})))
	fmt.Println(alarms.Validate(route, rows(alarms.Queue{})))
	fmt.Println(rows(alarms.Queue{})[0].MissingData())
	// Output:
	// <nil>
	// Alarm: orders-late.Metric.QueueName: got nothing, want the value of the dimension QueueName; fix: pass the output of the resource that the metric is about
	// breaching
}
