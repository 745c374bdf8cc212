package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/seed-11444627/holdfast/components/alarms"
	"github.com/seed-11444627/holdfast/components/capacity"
	"github.com/seed-11444627/holdfast/components/fleet"
	"github.com/seed-11444627/holdfast/components/network"
	"github.com/seed-11444627/holdfast/stacks"
	"github.com/seed-11444627/holdfast/tests/cloudsim"
	"github.com/seed-11444627/holdfast/tests/offline/harness"
)

// echo is the least that a mock can do: the inputs come back as outputs.
type echo struct{ count atomic.Int64 }

func (e *echo) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	id := args.Name + "-" + strconv.FormatInt(e.count.Add(1), 10)
	if !args.Custom {
		return "", resource.PropertyMap{}, nil
	}
	outputs := args.Inputs.Copy()
	for _, key := range []resource.PropertyKey{"arn", "name", "dnsName", "arnSuffix", "keyId", "bucket", "url"} {
		if !outputs.HasValue(key) {
			outputs[key] = resource.NewProperty(id)
		}
	}
	if args.TypeToken == "aws:acm/certificate:Certificate" {
		record := resource.PropertyMap{"resourceRecordName": resource.NewProperty(id), "resourceRecordType": resource.NewProperty("CNAME"),
			"resourceRecordValue": resource.NewProperty(id)}
		outputs["domainValidationOptions"] = resource.NewProperty([]resource.PropertyValue{resource.NewProperty(record)})
	}
	return id, outputs, nil
}

func (e *echo) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return resource.PropertyMap{"id": resource.NewProperty("pl-0123456789abcdef0")}, nil
}

// underMocks runs a program and returns the time per registered resource.
func underMocks(program pulumi.RunFunc, settings map[string]string) (time.Duration, int64, error) {
	mocks := &echo{}
	took, err := timed(func() error {
		return pulumi.RunErr(program, pulumi.WithMocks(harness.Project, settings["holdfast:environment"], mocks), func(info *pulumi.RunInfo) {
			info.Config = settings
			info.ConfigSecretKeys = []string{"holdfast:pagerDutyUrl"}
		})
	})
	if err != nil {
		return 0, 0, err
	}
	return took / time.Duration(mocks.count.Load()), mocks.count.Load(), nil
}

// settingsOf are the values of one of the real files.
func (b *bench) settingsOf(stack string) (map[string]string, error) {
	files, err := stacks.ReadFiles(b.layout.Root, stack)
	if err != nil {
		return nil, err
	}
	values, err := files.Values(harness.SimulatedSecret)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for key, value := range values {
		settings[key] = value.Text
	}
	settings["holdfast:pagerDutyUrl"] = harness.SimulatedSecret
	return settings, nil
}

// floor registers resources of the kind that a fleet has most of, and nothing else.
func floor(count int) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		for i := range count {
			_, err := cloudwatch.NewMetricAlarm(ctx, "alarm-"+strconv.Itoa(i), &cloudwatch.MetricAlarmArgs{
				ComparisonOperator: pulumi.String("GreaterThanThreshold"), EvaluationPeriods: pulumi.Int(5),
				DatapointsToAlarm: pulumi.Int(3), MetricName: pulumi.String("CPUUtilization"), Namespace: pulumi.String("AWS/EC2"),
				Period: pulumi.Int(60), Statistic: pulumi.String("Average"), Threshold: pulumi.Float64(80),
				Tags: pulumi.ToStringMap(map[string]string{"Name": "alarm", "workload": "hashing"}),
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// mocks compares the program of prod with the floor of the SDK.
func (b *bench) mocks() error {
	title("Under mocks: the program of prod against bare resources of the SDK")
	settings, err := b.settingsOf("prod")
	if err != nil {
		return err
	}
	var bare, built []time.Duration
	var count int64
	for range 4 * b.rounds {
		took, _, err := underMocks(floor(200), settings)
		if err != nil {
			return err
		}
		bare = append(bare, took)
		took, count, err = underMocks(stacks.Deploy, settings)
		if err != nil {
			return err
		}
		built = append(built, took)
	}
	line("bare resources, per resource", median(bare).Round(time.Microsecond).String(), "")
	line(fmt.Sprintf("prod, %d resources, per resource", count), median(built).Round(time.Microsecond).String(), "")
	line("ratio", fmt.Sprintf("%.2f", ratio(median(built), median(bare))), "at most 1.5")
	return nil
}

// makespan compares how long up takes in virtual time, with unlimited parallelism, with how long it must take.
func (b *bench) makespan() error {
	title("up in virtual time, unlimited parallelism")
	for _, stack := range []string{"dev", "stg", "prod"} {
		settings, err := b.settingsOf(stack)
		if err != nil {
			return err
		}
		plain := map[string]string{}
		for key, value := range settings {
			if key != "holdfast:pagerDutyUrl" {
				plain[key] = value
			}
		}
		_, zone, _ := strings.Cut(settings["holdfast:hashingDomain"], ".")
		sim := cloudsim.New(cloudsim.Exists(cloudsim.Given{
			Type: "aws:route53/zone:Zone", ID: settings["holdfast:hashingHostedZoneId"], Name: zone, Properties: map[string]any{"name": zone},
		}), cloudsim.Account(settings["holdfast:accountId"]), cloudsim.Region(settings["holdfast:region"]),
			cloudsim.Project(harness.Project, stack), cloudsim.Config(plain),
			cloudsim.SecretConfig(map[string]string{"holdfast:pagerDutyUrl": harness.SimulatedSecret}))
		recorded, err := sim.Run(stacks.Deploy)
		if err != nil {
			return err
		}
		t := recorded.Timeline()
		line(stack+": makespan / critical path", fmt.Sprintf("%s / %s", t.Makespan, t.CriticalPath), "")
		line(stack+": ratio", fmt.Sprintf("%.3f", t.Ratio()), "at most 1.05")
	}
	return nil
}

// fleets is a program with one network and so many fleets.
func fleets(count int) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		edge, err := aws.NewProvider(ctx, "edge", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
		if err != nil {
			return err
		}
		home, err := aws.NewProvider(ctx, "home", &aws.ProviderArgs{Region: pulumi.String("eu-central-1")})
		if err != nil {
			return err
		}
		topic := pulumi.String("arn:aws:sns:eu-central-1:333333333333:topic")
		route := alarms.Route{Critical: topic, Warning: topic, Info: topic, Runbooks: "https://example.com/runbooks"}
		net, err := network.NewNetwork(ctx, "network", &network.NetworkArgs{
			Zones: []string{"eu-central-1a", "eu-central-1b", "eu-central-1c"}, CIDR: "10.0.0.0/16", NAT: network.NATNone, Alarms: route,
		}, pulumi.Provider(home))
		if err != nil {
			return err
		}
		for i := range count {
			_, err := fleet.NewHashFleet(ctx, "fleet-"+strconv.Itoa(i), &fleet.HashFleetArgs{
				Placement: net.Placement(), AccountID: "333333333333", Region: "eu-central-1", Alarms: route,
				Artifact: fleet.Artifact{
					Bucket: pulumi.String("artifacts"), Key: pulumi.String("server"), VersionID: pulumi.String("3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY"),
					SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
				},
				Load:      capacity.Load{PeakRequestsPerSecond: 60, ServiceTime: 250 * time.Millisecond, ConcurrencyPerServer: 5},
				Instances: fleet.Instances{Image: fleet.Image{ID: "ami-0a1b2c3d4e5f60718"}},
				CDN:       fleet.CDN{USEast1: edge, AlarmsOff: "one topic serves this measurement"},
			}, pulumi.Provider(home))
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// growth puts one, ten and a hundred fleets into one stack.
func (b *bench) growth() error {
	title("Growth: HashFleets in one stack, without references of theirs to one another")
	settings, err := b.settingsOf("prod")
	if err != nil {
		return err
	}
	mocked, engine := map[int]time.Duration{}, map[int]time.Duration{}
	for _, count := range []int{1, 10, 100} {
		took, resources, err := underMocks(fleets(count), settings)
		if err != nil {
			return err
		}
		mocked[count] = took
		stack, err := b.open("prod", fleets(count), false)
		if err != nil {
			return err
		}
		whole, _, err := b.measure(stack.Preview)
		if err != nil {
			return err
		}
		engine[count] = whole / time.Duration(resources)
		line(fmt.Sprintf("%d fleets, %d resources: mocks per resource", count, resources), took.Round(time.Microsecond).String(), "")
		line(fmt.Sprintf("%d fleets: preview on the engine", count),
			fmt.Sprintf("%s, %s each", whole.Round(time.Millisecond), engine[count].Round(time.Microsecond)), "")
	}
	line("mocks, 100 fleets against 10, per resource", fmt.Sprintf("%.2f", ratio(mocked[100], mocked[10])), "1: linear")
	line("engine, 100 fleets against 10, per resource", fmt.Sprintf("%.2f", ratio(engine[100], engine[10])), "1: linear")
	return nil
}
