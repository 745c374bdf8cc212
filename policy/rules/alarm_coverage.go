package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// signal is one thing that must be watched of a resource: any of the metrics will do.
type signal struct {
	what    string
	metrics []string
	// outage says that customers feel it at once, so that the alarm must come in time.
	outage bool
}

func signalOf(what, metrics string) signal {
	return signal{what: what, metrics: strings.Fields(metrics)}
}
func outageOf(what, metrics string) signal {
	return signal{what: what, metrics: strings.Fields(metrics), outage: true}
}

// signals are what must be watched, by type. The metrics are those of metricSources; which of them matter is what the
// operations guides of the services recommend.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
var signals = coverageTable()

func coverageTable() map[string][]signal {
	table := map[string][]signal{
		group: {
			outageOf("servers in service", "GroupInServiceInstances GroupInServiceCapacity StatusCheckFailed StatusCheckFailed_Instance StatusCheckFailed_System"),
			signalOf("processor", "CPUUtilization"),
		},
		instance:                  {outageOf("status checks", "StatusCheckFailed StatusCheckFailed_Instance StatusCheckFailed_System"), signalOf("processor", "CPUUtilization")},
		dbInstance:                {signalOf("processor", "CPUUtilization"), signalOf("free space", "FreeStorageSpace"), signalOf("connections", "DatabaseConnections")},
		dbCluster:                 {signalOf("processor", "CPUUtilization ServerlessDatabaseCapacity ACUUtilization"), signalOf("connections", "DatabaseConnections")},
		lambdaFunction:            {outageOf("errors", "Errors"), signalOf("throttling", "Throttles")},
		kinesisStream:             {signalOf("age of what waits", "GetRecords.IteratorAgeMilliseconds IteratorAgeMilliseconds"), signalOf("throttled writers", "WriteProvisionedThroughputExceeded PutRecords.ThrottledRecords")},
		dynamoTable:               {signalOf("throttling", "ThrottledRequests ReadThrottleEvents WriteThrottleEvents"), signalOf("errors of the service", "SystemErrors")},
		cacheGroup:                {signalOf("processor", "EngineCPUUtilization CPUUtilization"), signalOf("memory", "DatabaseMemoryUsagePercentage Evictions FreeableMemory")},
		restAPI:                   {outageOf("errors", "5XXError"), signalOf("latency", "Latency IntegrationLatency")},
		httpAPI:                   {outageOf("errors", "5xx 5XXError IntegrationError"), signalOf("latency", "Latency IntegrationLatency")},
		cdn:                       {outageOf("errors at the edge", "5xxErrorRate 502ErrorRate 503ErrorRate 504ErrorRate TotalErrorRate")},
		ecsService:                {signalOf("processor", "CPUUtilization"), signalOf("memory or running tasks", "MemoryUtilization RunningTaskCount")},
		healthCheckType:           {outageOf("health", "HealthCheckStatus HealthCheckPercentageHealthy")},
		natGateway:                {signalOf("ports and packets", "ErrorPortAllocation PacketsDropCount")},
		efsType:                   {signalOf("throughput", "PercentIOLimit BurstCreditBalance")},
		redshiftCluster:           {signalOf("health", "HealthStatus"), signalOf("space", "PercentageDiskSpaceUsed")},
		stateMachineType:          {signalOf("failures", "ExecutionsFailed ExecutionsTimedOut")},
		"aws:emr/cluster:Cluster": {signalOf("space", "HDFSUtilization"), signalOf("work", "IsIdle AppsFailed MRUnhealthyNodes")},
		sqsQueue:                  {signalOf("backlog or arrival", "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesVisible NumberOfMessagesSent NumberOfMessagesReceived")},
	}
	for _, t := range balancers {
		table[t] = []signal{outageOf("errors", "HTTPCode_ELB_5XX_Count HTTPCode_Target_5XX_Count"), signalOf("latency", "TargetResponseTime")}
	}
	for _, t := range targetGroups {
		table[t] = []signal{outageOf("healthy targets", "UnHealthyHostCount HealthyHostCount")}
	}
	return table
}

// flowSignals are those of a load balancer that does not read requests.
var flowSignals = []signal{signalOf("resets", "TCP_ELB_Reset_Count TCP_Target_Reset_Count PortAllocationErrorCount RejectedFlowCount UnHealthyHostCount HealthyHostCount")}

// watch is one alarm on one metric of a resource.
type watch struct {
	alarm  *policy.Node
	metric string
	// sure says that the alarm is about this resource, and not only maybe.
	sure bool
	// seconds is how long it takes to fire; zero while that is not known.
	seconds float64
}

// watchIndex are the alarms that watch each resource.
type watchIndex struct {
	by map[*policy.Node][]watch
	// unclear are alarms of which it is not known what they watch.
	unclear bool
}

var watchKey byte

func watches(g *policy.Graph) watchIndex {
	return policy.Memo(g, &watchKey, func(g *policy.Graph) watchIndex {
		index := watchIndex{by: map[*policy.Node][]watch{}}
		for _, alarm := range g.ByType(metricAlarmType) {
			list, unknown := readings(alarm)
			index.unclear = index.unclear || unknown.Unknown()
			for _, r := range list {
				index.take(alarm, r)
			}
		}
		return index
	})
}

func (x *watchIndex) take(alarm *policy.Node, r reading) {
	dimensions, metric := r.Get("dimensions"), r.Get("metricName")
	if dimensions.Unknown() || metric.Unknown() {
		x.unclear = true
		return
	}
	seconds := r.period.Number() * periodsToFire(alarm)
	for _, name := range dimensions.Keys() {
		ref := watched(name, dimensions.Key(name))
		x.unclear = x.unclear || ref.How == policy.Unclear
		for _, n := range ref.Nodes {
			x.by[n] = append(x.by[n], watch{alarm, metric.Text(), ref.How != policy.OneOf, seconds})
		}
	}
}

// periodsToFire is how many periods an outage lasts until the alarm fires: all that it looks at, or the part of them that
// datapointsToAlarm asks for.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
func periodsToFire(alarm *policy.Node) float64 {
	all, part := alarm.Get("evaluationPeriods").Number(), alarm.Get("datapointsToAlarm")
	if part.IsNumber() && part.Number() > 0 {
		return min(all, part.Number())
	}
	return all
}

// acts says whether somebody is told when the alarm fires: by its own action, or by a composite alarm's that reads it.
func acts(alarm *policy.Node) bool {
	if !alarm.Get("alarmActions").Empty() && !alarm.Get("actionsEnabled").Is("false") {
		return true
	}
	reader := alarmReaders(alarm.Graph())[alarm]
	return reader != nil && reader.Type == compositeAlarmType && !reader.Get("alarmActions").Empty()
}

func alarmCoverage() *policy.Rule {
	types := coveredTypes()
	return &policy.Rule{
		ID: "alarm-coverage", Title: "What can fail has an alarm that tells somebody", Severity: policy.High, ProdOnly: true,
		Types: types, Anchors: "fsbp:CloudWatch.1 nist:SI-4,CA-7",
		Why:     "a failure that no alarm watches is found by the customers",
		Fix:     "add a metric alarm on one of the metrics with the resource as dimension and a topic in alarmActions",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html"},
		Check:   checkCoverage,
		Proof: policy.Proof{
			Good: `
resources:
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops}}
  db: {type: "aws:dynamodb/table:Table", properties: {name: orders}}
  throttled:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: throttled, namespace: AWS/DynamoDB, metricName: ThrottledRequests, dimensions: {TableName: "${db.name}"}, period: 60, evaluationPeriods: 5, alarmActions: ["${topic.arn}"]}
  errors:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: errors, namespace: AWS/DynamoDB, metricName: SystemErrors, dimensions: {TableName: "${db.name}", Operation: PutItem}, period: 60, evaluationPeriods: 5, actionsEnabled: true}
  degraded:
    type: aws:cloudwatch/compositeAlarm:CompositeAlarm
    properties: {alarmName: degraded, alarmRule: 'ALARM("errors")', alarmActions: ["${topic.arn}"]}
`,
			Bad: []string{
				"throttled!", "throttled.dimensions.TableName=other", "throttled.metricName=ConsumedReadCapacityUnits", "throttled.alarmActions!",
				"throttled.actionsEnabled=false", "degraded!", "degraded.alarmActions!",
			},
			Guard: "throttled.metricName", Absent: policy.Violation, Exempt: "db! ; +shop={type: 'shop:index:Shop', properties: {alarmsOff: load tests only}} ; +copy={type: 'aws:dynamodb/table:Table', parent: shop, properties: {name: copy}}",
			Also: []string{"alarm-has-action", "alarm-dimensions", "alarm-reaches-a-person", "composite-alarm-members", "alarm-in-time", "scheduler-dead-letter", "sns-dead-letter", "sqs-dead-letter"},
		},
	}
}

func coveredTypes() []string {
	types := make([]string, 0, len(signals))
	for t := range signals {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

func checkCoverage(c *policy.Case) {
	if reason := alarmsOff(c.Node); reason != nil {
		c.Skip("its component " + reason.Name + " records why its alarms are off")
		return
	}
	if slices.Contains(targetGroups, c.Type) && len(frontsOf(c.Graph())[c.Node]) == 0 {
		c.Skip("no listener forwards to the target group")
		return
	}
	wanted := signals[c.Type]
	if slices.Contains(balancers, c.Type) && !isApplication(c.Node) {
		wanted = flowSignals
	}
	index := watches(c.Graph())
	for _, s := range wanted {
		coverSignal(c, s, index)
	}
}

// alarmsOff is the component above that records a reason for having no alarms.
func alarmsOff(n *policy.Node) *policy.Node {
	for at := n.Parent(); at != nil; at = at.Parent() {
		if !at.Get("alarmsOff").Empty() {
			return at
		}
	}
	return nil
}

func coverSignal(c *policy.Case, s signal, index watchIndex) {
	silent, unsure := (*policy.Node)(nil), false
	for _, w := range index.by[c.Node] {
		if !slices.Contains(s.metrics, w.metric) {
			continue
		}
		if w.sure && acts(w.alarm) {
			return
		}
		unsure = unsure || !w.sure
		silent = w.alarm
	}
	required := fmt.Sprintf("an alarm on %s", strings.Join(s.metrics, " or "))
	switch {
	case unsure || index.unclear:
		c.UnclearBecause("", "whether an alarm watches "+s.what+": some alarms name what they watch only later")
	case silent != nil:
		c.Broken("", "the alarm on "+s.what+" tells nobody", required+" with an action", policy.Saw(silent, "alarmActions", "has no action"))
	default:
		c.Broken("", "no alarm on "+s.what, required)
	}
}

var frontsKey byte

// frontsOf are the listeners and listener rules that forward to each target group.
func frontsOf(g *policy.Graph) map[*policy.Node][]*policy.Node {
	return policy.Memo(g, &frontsKey, func(g *policy.Graph) map[*policy.Node][]*policy.Node {
		found := map[*policy.Node][]*policy.Node{}
		for _, n := range g.ByType(slices.Concat(listeners, listenerRules)...) {
			targets, _ := forwardsTo(n)
			for _, target := range targets {
				found[target] = append(found[target], n)
			}
		}
		return found
	})
}

func alarmInTime() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-in-time", Title: "Alarms on outages fire within half the recovery time", Severity: policy.Medium, ProdOnly: true,
		Types: outageTypes(), Anchors: "nist:SI-4,CP-10",
		Why:     "an outage that is noticed late leaves no time to end it within what was promised",
		Fix:     "lower period, evaluationPeriods or datapointsToAlarm of the alarm, or add a faster alarm on the same metric",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html"},
		Settings: []policy.Setting{{
			Name: "rtoSeconds", Kind: policy.KindNumber, Default: 900, Bounded: true, Minimum: 60, Maximum: 604800,
			Help: "how many seconds recovery may take; alarms have half of them",
		}},
		Check: func(c *policy.Case) {
			limit, _ := c.Number("rtoSeconds")
			if own, ok := intent(c.Node, "rtoSeconds"); ok {
				limit = own
			}
			judged := false
			for _, s := range signals[c.Type] {
				judged = s.outage && inTime(c, s, limit/2) || judged
			}
			if !judged {
				c.Skip("no alarm watches an outage of it")
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  fn: {type: "aws:lambda/function:Function", properties: {name: enrich}}
  errors:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties: {name: errors, namespace: AWS/Lambda, metricName: Errors, dimensions: {FunctionName: "${fn.name}"}, period: 60, evaluationPeriods: 5, alarmActions: ["arn:aws:sns:eu-central-1:111111111111:ops"]}
`,
			Bad:   []string{"errors.evaluationPeriods=8", "errors.period=300", "errors.period=3600", "errors.evaluationPeriods=10 ; errors.datapointsToAlarm=8"},
			Guard: "errors.evaluationPeriods", Absent: policy.Unknown, Exempt: "errors!", FixtureOnly: "the alarms of the environments that notice outages read their metrics through queries, several each",
		},
	}
}

func outageTypes() []string {
	return slices.DeleteFunc(coveredTypes(), func(t string) bool {
		return !slices.ContainsFunc(signals[t], func(s signal) bool { return s.outage })
	})
}

// inTime judges the fastest alarm on a signal, and says whether there is one.
func inTime(c *policy.Case, s signal, limit float64) bool {
	var fastest *watch
	for _, w := range watches(c.Graph()).by[c.Node] {
		if !w.sure || !slices.Contains(s.metrics, w.metric) || !acts(w.alarm) {
			continue
		}
		if fastest == nil || w.seconds < fastest.seconds {
			fastest = &w
		}
	}
	if fastest == nil {
		return false
	}
	if fastest.seconds == 0 {
		c.UnclearBecause("", "how long the alarm on "+s.what+" takes is not known yet")
		return true
	}
	if fastest.seconds > limit {
		c.Broken("", fmt.Sprintf("the fastest alarm on %s takes %s", s.what, span(fastest.seconds)), "at most "+span(limit)+", half the recovery time",
			policy.Saw(fastest.alarm, "evaluationPeriods", "its periods take "+span(fastest.seconds)+" until it fires"))
	}
	return true
}
