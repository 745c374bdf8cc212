package capacity

import (
	"fmt"
	"time"
)

// metricPeriod is how often load balancer metrics arrive,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html.
const metricPeriod = time.Minute

// Tracking holds the values of a group's target-tracking policies. They keep the group large enough that its survivors
// carry the load of the moment after losing a zone; at or below the stated peak they never ask for more than the minimum,
// and above it the survivors lack less than one server.
type Tracking struct {
	// RequestsPerTargetPerMinute is the target value of ALBRequestCountPerTarget: the average number of requests per
	// target in a one-minute interval,
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingConfiguration.html.
	RequestsPerTargetPerMinute float64
	// CPUPercent is the target value of ASGAverageCPUUtilization, for work that keeps the processor busy: it holds where
	// the concurrency limit is where the processor is full.
	CPUPercent float64
	// InstanceWarmup is the group's default instance warmup, in whole minutes: from in service until the server works at
	// full speed, and one whole metric period more, before its figures count,
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html.
	InstanceWarmup time.Duration
	Derivation     []string
}

func (m arithmetic) tracking() Tracking {
	share, shareWhy := whole(1), "nothing is kept for the loss of a zone"
	if m.OnZoneLoss == CarryPeak {
		share = quotient(whole(m.Zones-1), whole(m.Zones))
		shareWhy = fmt.Sprintf("%d of %d zones must carry it all", m.Zones-1, m.Zones)
	}
	requests := product(product(m.rate, share), whole(60))
	cpu := product(product(oneMinus(decimal(m.Headroom)), share), whole(100))
	warmup := (m.WarmUp + metricPeriod - 1).Truncate(metricPeriod) + metricPeriod
	return Tracking{
		RequestsPerTargetPerMinute: float(requests),
		CPUPercent:                 float(cpu),
		InstanceWarmup:             warmup,
		Derivation: []string{
			fmt.Sprintf("%s requests per target and minute: %s places / %s s service time x 60 s x %s, because %s",
				text(requests), text(m.usable), text(m.service), text(share), shareWhy),
			fmt.Sprintf("%s %% CPU: 100 %% at the concurrency limit, less %s headroom, x %s",
				text(cpu), percent(decimal(m.Headroom)), text(share)),
			fmt.Sprintf("%v instance warmup: %v to full speed in whole minutes + %v for one metric period",
				warmup, m.WarmUp, metricPeriod),
		},
	}
}
