package cloudsim_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/tests/cloudsim"
)

// The SDK's typed constructors work just as well as the raw registration that keeps this example light.
func Example() {
	network := func(second string) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			var vpc, one, two pulumi.CustomResourceState
			if err := ctx.RegisterResource("aws:ec2/vpc:Vpc", "main", pulumi.Map{"cidrBlock": pulumi.String("10.0.0.0/16")}, &vpc); err != nil {
				return err
			}
			if err := ctx.RegisterResource("aws:ec2/subnet:Subnet", "one", pulumi.Map{"vpcId": vpc.ID(),
				"cidrBlock": pulumi.String("10.0.0.0/24")}, &one); err != nil {
				return err
			}
			return ctx.RegisterResource("aws:ec2/subnet:Subnet", "two", pulumi.Map{"vpcId": vpc.ID(),
				"cidrBlock": pulumi.String(second)}, &two, pulumi.DependsOn([]pulumi.Resource{&one}))
		}
	}
	rec, err := cloudsim.New(cloudsim.Region("eu-west-1")).Run(network("10.0.1.0/24"))
	fmt.Println(len(rec.ByType("aws:ec2/subnet:Subnet")), "subnets, error:", err)

	_, err = cloudsim.New(cloudsim.Region("eu-west-1")).Run(network("10.0.0.0/24"))
	fmt.Println("overlapping subnets are refused:", err != nil)

	timeline := rec.Timeline()
	fmt.Println("makespan", timeline.Makespan, "critical path", timeline.CriticalPath)
	// Output:
	// 2 subnets, error: <nil>
	// overlapping subnets are refused: true
	// makespan 7s critical path 5s
}
