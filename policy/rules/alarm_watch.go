package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// reading is one metric that an alarm watches: an object with namespace, metricName and dimensions.
type reading struct {
	policy.Value
	// period is the metric's own period.
	period policy.Value
}

// readings are the metrics of an alarm, its own or those of its queries; unknown is set while they are not known.
func readings(alarm *policy.Node) (list []reading, unknown policy.Value) {
	if !alarm.Get("metricName").Absent() {
		return []reading{{Value: alarm.Props(), period: alarm.Get("period")}}, policy.Value{}
	}
	queries := alarm.Get("metricQueries")
	if queries.Unknown() {
		return nil, queries
	}
	for _, query := range queries.Items() {
		metric := query.Get("metric")
		if metric.Unknown() {
			return nil, metric
		}
		if !metric.Absent() {
			list = append(list, reading{metric, metric.Get("period")})
		}
	}
	return list, policy.Value{}
}

// elsewhere says that the metric is another account's.
func (r reading) elsewhere() bool {
	account := r.Get("accountId")
	return !account.Empty() && r.Node() != nil && account.Text() != r.Node().Account()
}

// watched are the resources that a dimension names.
func watched(name string, v policy.Value) policy.Ref {
	ref := v.Ref(dimensionTypes[name]...)
	if ref.How != policy.Outside || name != "CacheClusterId" {
		return ref
	}
	// Nodes of a replication group are named after it: shop-001, shop-0001-002.
	for group := v.Text(); strings.Contains(group, "-"); {
		group = group[:strings.LastIndex(group, "-")]
		if found := v.Node().Graph().Named(group, cacheGroup); len(found) > 0 {
			return policy.Ref{How: policy.ByText, Nodes: found, Text: v.Text()}
		}
	}
	return ref
}

const oneAlarm = `
resources:
  app: {type: "aws:ec2/subnet:Subnet", properties: {availabilityZone: eu-central-1a}}
  lb: {type: "aws:lb/loadBalancer:LoadBalancer", properties: {name: front, subnets: ["${app.id}"]}}
  tg: {type: "aws:lb/targetGroup:TargetGroup", properties: {name: web}}
  topic: {type: "aws:sns/topic:Topic", properties: {name: ops}}
  alarm:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      name: hosts
      namespace: AWS/ApplicationELB
      metricName: HealthyHostCount
      dimensions: {LoadBalancer: "${lb.arnSuffix}", TargetGroup: "${tg.arnSuffix}", AvailabilityZone: eu-central-1a}
      comparisonOperator: LessThanThreshold
      statistic: Minimum
      threshold: 1
      period: 60
      evaluationPeriods: 3
      treatMissingData: breaching
      alarmActions: ["${topic.arn}"]
`

func alarmDimensions() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-dimensions", Title: "Alarms watch resources that exist", Severity: policy.High,
		Types: []string{metricAlarmType}, Anchors: "nist:SI-4",
		Why:     "an alarm on a resource that is gone or misspelt has no data and never fires, and looks as if something were watched",
		Fix:     "take the dimension from the resource itself: its arnSuffix, name or id",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html"},
		Settings: []policy.Setting{
			{Name: "external", Kind: policy.KindList, Default: []any{}, Help: "names and ids of resources that other programs make, with * for any text"},
		},
		Check: func(c *policy.Case) {
			list, unknown := readings(c.Node)
			if unknown.Unknown() {
				c.Unclear(unknown)
				return
			}
			named := 0
			for _, r := range list {
				if r.elsewhere() {
					continue
				}
				named += dimensionsExist(c, r)
			}
			if named == 0 {
				c.Skip("no dimension names a resource that rules know")
			}
		},
		Proof: policy.Proof{
			Good: oneAlarm,
			Bad: []string{
				"alarm.dimensions.LoadBalancer=app/gone/50dc6c495c0c9188", "alarm.dimensions.TargetGroup=targetgroup/gone/73e2d6bc24d8a067",
				"alarm.dimensions.AvailabilityZone=eu-central-1f", "lb!", "tg!",
			},
			Guard: "alarm.dimensions", Absent: policy.NotApplicable, Exempt: `alarm.namespace=Shop ; alarm.dimensions={"Queue": "a"}`,
			Also: []string{"alarm-coverage", "alarm-in-time", "tg-health-check-defined", "alarm-metric-known", "r53-no-dangling", "sg-attached", "ghost-reference"},
		},
	}
}

// dimensionsExist judges one metric's dimensions, and says how many of them name a resource.
func dimensionsExist(c *policy.Case, r reading) int {
	dimensions := r.Get("dimensions")
	if dimensions.Unknown() {
		c.Unclear(dimensions)
		return 1
	}
	named := 0
	for _, name := range dimensions.Keys() {
		v := dimensions.Key(name)
		if name == "AvailabilityZone" {
			zoneServed(c, dimensions, v)
			continue
		}
		if dimensionTypes[name] == nil {
			continue
		}
		named++
		switch ref := watched(name, v); ref.How {
		case policy.Outside:
			if !external(c, ref.Text) {
				c.Fail(v, "the "+name+" of a resource of this program")
			}
		case policy.Unclear:
			c.Unclear(v)
		}
	}
	return named
}

// zoneServed wants the zone of a metric to be one that its load balancer stands in.
func zoneServed(c *policy.Case, dimensions, zone policy.Value) {
	balancer := dimensions.Key("LoadBalancer").Ref(balancers...).Node()
	if balancer == nil || !zone.Known() {
		return
	}
	served := balancerZones(balancer)
	if len(served.names) == 0 || !served.complete() || served.names[zone.Text()] {
		return
	}
	c.Fail(zone, "a zone of the load balancer: "+served.String(), policy.Saw(balancer, "subnets", "zones "+served.String()))
}

func alarmMetricKnown() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-metric-known", Title: "Alarms watch metrics that the service publishes", Severity: policy.High,
		Types: []string{metricAlarmType}, Anchors: "nist:SI-4",
		Why:     "CloudWatch takes an alarm on any name; one that nobody publishes, or under other dimensions, has no data and never fires",
		Fix:     "use the metric's name and exactly the dimensions that the service's page lists; metrics of CloudFront, Route 53 and billing are in us-east-1",
		Sources: metricPages(),
		Check: func(c *policy.Case) {
			list, unknown := readings(c.Node)
			if unknown.Unknown() {
				c.Unclear(unknown)
				return
			}
			judged := false
			for _, r := range list {
				judged = metricKnown(c, r) || judged
			}
			if !judged {
				c.Skip("the metrics are no AWS service's whose metrics the rule knows")
			}
		},
		Proof: policy.Proof{
			Good: oneAlarm,
			Bad: []string{
				"alarm.metricName=HealthyHosts", "alarm.metricName=HealthyHostcount", "alarm.namespace=AWS/ELBv2", "alarm.namespace=AWS/ApplicationElb", "alarm.dimensions={}", "alarm.dimensions!",
				`alarm.dimensions={"TargetGroup": "targetgroup/web/73e2d6bc24d8a067"}`, "alarm.dimensions.Stage=prod",
				`alarm.namespace=AWS/CloudFront ; alarm.metricName=5xxErrorRate ; alarm.dimensions={"DistributionId": "E1", "Region": "Global"}`, "alarm.period=10",
			},
			Guard: "alarm.metricName", Absent: policy.NotApplicable, Exempt: "alarm.namespace=AWS/NewService",
			Also: []string{"dead-letter-alarm", "alarm-coverage", "alarm-in-time", "alarm-dimensions", "alarm-missing-data"},
		},
	}
}

func metricPages() []string {
	pages := []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html"}
	for _, source := range metricSources {
		pages = append(pages, source.page)
	}
	slices.Sort(pages)
	return pages
}

// metricKnown judges one metric, and says whether the rule knows its service.
func metricKnown(c *policy.Case, r reading) bool {
	namespace, metric := r.Get("namespace"), r.Get("metricName")
	if namespace.Unknown() || metric.Unknown() {
		c.Unclear(namespace, metric)
		return true
	}
	service, isAWS := strings.CutPrefix(namespace.Text(), "AWS/")
	if !isAWS {
		return false
	}
	source, known := metricSources[namespace.Text()]
	if !known {
		right := rightNamespace(service)
		if right != "" {
			c.Fail(namespace, "AWS/"+right+", in which the service publishes")
		}
		return right != ""
	}
	page := policy.Fix("see %s", source.page)
	if source.region != "" && c.Region() != "" && c.Region() != source.region {
		c.Broken(namespace.Path(), "the alarm is in "+c.Region(), "an alarm in "+source.region+", where the service publishes", page)
	}
	if period := r.period; period.IsNumber() && period.Number() < 60 {
		c.Fail(period, "60 at least: AWS services publish no faster", page)
	}
	group, found := source.find(metric.Text())
	if right := source.misspelt(metric.Text()); !found && right != "" {
		c.Fail(metric, right, page)
		return true
	}
	if !found {
		if !source.open {
			c.Fail(metric, "a metric of "+namespace.Text(), page)
		}
		return !source.open
	}
	dimensionsPublished(c, r, group, page)
	return true
}

func dimensionsPublished(c *policy.Case, r reading, group metricGroup, page policy.Detail) {
	dimensions := r.Get("dimensions")
	if dimensions.Unknown() {
		c.Unclear(dimensions)
		return
	}
	if dimensions.Known() && !dimensions.IsObject() || slices.Contains(group.sets, strings.Join(dimensions.Keys(), " ")) {
		return
	}
	var sets []string
	for _, set := range group.sets {
		sets = append(sets, "{"+strings.ReplaceAll(set, " ", ", ")+"}")
	}
	actual := "dimensions {" + strings.Join(dimensions.Keys(), ", ") + "}"
	c.Broken(dimensions.Path(), actual, "the dimensions "+strings.Join(sets, " or "), page)
}

// lifeSigns are metrics that are low, or missing, when what they count has stopped.
// The pages are those of the services in metricSources.
var lifeSigns = map[string][]string{
	"AWS/ApplicationELB":    {"HealthyHostCount", "HealthyStateRouting", "HealthyStateDNS", "RequestCount"},
	"AWS/NetworkELB":        {"HealthyHostCount", "ProcessedBytes", "NewFlowCount"},
	"AWS/AutoScaling":       {"GroupInServiceInstances", "GroupInServiceCapacity", "GroupTotalInstances"},
	"AWS/Route53":           {"HealthCheckStatus", "HealthCheckPercentageHealthy", "ChildHealthCheckHealthyCount"},
	"ECS/ContainerInsights": {"RunningTaskCount", "TaskCount"},
	"AWS/SQS":               {"NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"},
	"AWS/SNS":               {"NumberOfMessagesPublished", "NumberOfNotificationsDelivered"},
	"AWS/Logs":              {"IncomingLogEvents", "IncomingBytes"},
	"AWS/Kinesis":           {"IncomingRecords", "IncomingBytes", "GetRecords.Records"},
	"AWS/Lambda":            {"Invocations"},
	"AWS/Events":            {"Invocations", "TriggeredRules"},
	"AWS/States":            {"ExecutionsSucceeded", "ExecutionsStarted"},
	"AWS/Redshift":          {"HealthStatus"},
	"AWS/VPN":               {"TunnelState"},
	"AWS/DX":                {"ConnectionState"},
	"CloudWatchSynthetics":  {"SuccessPercent"},
}

func alarmMissingData() *policy.Rule {
	return &policy.Rule{
		ID: "alarm-missing-data", Title: "A gap in a sign of life raises an alarm", Severity: policy.High,
		Types: []string{metricAlarmType}, Anchors: "nist:SI-4",
		Why: "what has stopped publishes nothing: an alarm that takes missing data for good, or waits, stays silent during the very outage it is for; " +
			"the same goes for metrics that an agent on the server sends, when nothing watches the agent",
		Fix:     "set treatMissingData to breaching, or add an alarm with breaching on the same metric of the same resource; for metrics of an agent one such alarm of the namespace is enough",
		Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"},
		Check: func(c *policy.Case) {
			treated := c.Get("treatMissingData")
			list, unknown := readings(c.Node)
			list = slices.DeleteFunc(list, func(r reading) bool { return !needsPartner(c, r) })
			if len(list) == 0 && !unknown.Unknown() {
				c.Skip("the alarm watches no sign of life and no agent's metric")
				return
			}
			if treated.Is("breaching") {
				return
			}
			if unknown.Unknown() || treated.Unknown() {
				c.Unclear(unknown, treated)
				return
			}
			for _, r := range list {
				partnered(c, r, treated)
			}
		},
		Proof: policy.Proof{
			Good: oneAlarm,
			Bad: []string{
				"alarm.treatMissingData=notBreaching", "alarm.treatMissingData=ignore", "alarm.treatMissingData=missing", "alarm.treatMissingData!",
				`alarm.namespace=CWAgent ; alarm.metricName=mem_used_percent ; alarm.dimensions={"AutoScalingGroupName": "web"} ; alarm.comparisonOperator=GreaterThanThreshold ; alarm.treatMissingData=missing`,
			},
			Guard: "alarm.treatMissingData", Absent: policy.Violation, Exempt: "alarm.metricName=UnHealthyHostCount",
			Also: []string{"alarm-dimensions", "alarm-coverage", "scheduler-dead-letter", "sns-dead-letter", "sqs-dead-letter"},
		},
	}
}

// needsPartner says that a gap in the metric is itself the failure: it counts what lives and the alarm fires when it is low,
// or what lives sends it itself.
func needsPartner(c *policy.Case, r reading) bool {
	namespace := r.Get("namespace").Text()
	if r.elsewhere() || namespace == "" {
		return false
	}
	if slices.Contains(lifeSigns[namespace], r.Get("metricName").Text()) {
		return strings.HasPrefix(c.Get("comparisonOperator").Text(), "LessThan")
	}
	return pushed(namespace)
}

// pushed says that the metrics of a namespace come from an agent on the resource itself.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-common-scenarios.html
func pushed(namespace string) bool { return namespace == "CWAgent" }

// partnered wants another alarm to fire in the gap.
func partnered(c *policy.Case, r reading, treated policy.Value) {
	namespace := r.Get("namespace").Text()
	metric := r.Get("metricName").Text()
	if pushed(namespace) {
		metric = "" // Any metric of the agent is a sign of its life.
	}
	covered := breachingReadings(c.Graph())
	dimensions := r.Get("dimensions")
	for _, name := range dimensions.Keys() {
		v := dimensions.Key(name)
		if covered[lifeKey(namespace, metric, name, v)] {
			return
		}
		if v.Unknown() && watched(name, v).How == policy.Unclear {
			c.Unclear(v)
			return
		}
	}
	c.Fail(treated, "breaching, or a partner alarm with it", policy.Saw(c.Node, r.Get("metricName").Path(), "a gap in this metric raises no alarm"))
}

var breachingKey byte

// breachingReadings are the metrics, and the agents' namespaces, that some alarm misses when they stop.
func breachingReadings(g *policy.Graph) map[string]bool {
	return policy.Memo(g, &breachingKey, func(g *policy.Graph) map[string]bool {
		covered := map[string]bool{}
		for _, alarm := range g.ByType(metricAlarmType) {
			if !alarm.Get("treatMissingData").Is("breaching") {
				continue
			}
			list, _ := readings(alarm)
			for _, r := range list {
				dimensions := r.Get("dimensions")
				namespace := r.Get("namespace").Text()
				for _, name := range dimensions.Keys() {
					covered[lifeKey(namespace, r.Get("metricName").Text(), name, dimensions.Key(name))] = true
					covered[lifeKey(namespace, "", name, dimensions.Key(name))] = true
				}
			}
		}
		return covered
	})
}

// lifeKey identifies a metric of a resource; a resource that is only known by dependency counts by its URN.
func lifeKey(namespace, metric, dimension string, v policy.Value) string {
	who := v.Text()
	if n := watched(dimension, v).Node(); n != nil {
		who = n.URN
	}
	return strings.Join([]string{namespace, metric, dimension, who}, "\x00")
}
