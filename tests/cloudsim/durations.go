package cloudsim

import "time"

const second = time.Second

// Where the figures come from. AWS publishes hardly any durations, so most are medians of apply and destroy logs that people
// have published in READMEs and course notes on GitHub; the provider's own polling is in them, as it is for Pulumi.
const (
	vpcSource = "published apply logs of aws_vpc: eight, 1 to 15 s, median 3 s; with DNS hostnames one polling interval of 10 s more"
	natSource = "published logs of aws_nat_gateway: nine creations, 84 to 121 s, median 115 s; five deletions, 20 to 61 s, median 50 s"

	subnetSource = "published apply logs of aws_subnet: ten, 1 to 14 s; those with map_public_ip_on_launch cluster at 11 s, " +
		"the others at 1 to 5 s"
	endpointSource = "published apply logs of aws_vpc_endpoint: ten gateway endpoints, 3 to 7 s, median 6 s; interface endpoints " +
		"\"2 to 3 minutes\" in one course note, and one minute assumed here because AWS names no figure"
	gatewaySource = "published destroy logs of aws_internet_gateway: ten, 0 to 45 s, median 1 s"
	sgSource      = "the provider's create, authorize and read-back calls, about one second each"
)
