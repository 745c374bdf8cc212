package alarms

// carriers say which topic carries the alarms about another: never the one they are about.
var carriers = map[Severity]Severity{Critical: Warning, Warning: Critical, Info: Warning}

// createAlarms makes the alarms about the topics themselves.
func (m *topicMaker) createAlarms() error {
	var table []Alarm
	for _, severity := range Severities() {
		table = append(table, m.topicAlarms(severity, Topic{Name: m.made.Topics[severity].Name})...)
		if m.beats() {
			table = append(table, m.heartbeatAlarm(severity, m.listeners[severity]))
		}
	}
	for i, d := range m.deliveries {
		table = append(table, undeliveredAlarm(d, m.made.queues[i].queue))
	}
	var err error
	m.made.Alarms, err = Create(m.ctx, m.kids, m.made.Route(), table, Transformed(m.args.Transform.Alarm))
	return err
}

// topicAlarms are those on the topic's own metrics. SNS reports them while the topic is in use and for six hours after,
// so they look for occurrences, in steps of five minutes.
func (m *topicMaker) topicAlarms(severity Severity, topic Topic) []Alarm {
	name := m.kids.Child(string(severity))
	return []Alarm{
		{
			Key: string(severity) + "-delivery-failed", Metric: topic.NotificationsFailed().Every(300), Severity: carriers[severity], Family: Event,
			Comparison: Above, Threshold: 0, Runbook: "alarm-topic.md#delivery-failed",
			Summary: "Notifications of the topic " + name + " do not reach a subscriber.",
			Why:     "An alarm may have gone unheard. For HTTPS every failed attempt counts, so one that a retry repaired shows as well.",
		},
		{
			Key: string(severity) + "-notification-lost", Metric: topic.FailedToRedrive().Every(300), Severity: carriers[severity], Family: Event,
			Comparison: Above, Threshold: 0, Runbook: "alarm-topic.md#notification-lost",
			Summary: "A notification of the topic " + name + " could be neither delivered nor kept in its dead-letter queue.",
			Why:     "It is lost; the alarm's own history is the only record of it.",
		},
	}
}

// heartbeatAlarm watches for the silence of a topic. The count is filled with zeros rather than left to the treatment of
// missing data, which looks further back than the periods of the alarm when some of them are empty.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func (m *topicMaker) heartbeatAlarm(severity Severity, listener Queue) Alarm {
	periods := m.args.Heartbeat.Hours + 1
	arrivals := Expression("notifications received", "FILL(received, 0)", map[string]Metric{"received": listener.Sent().Every(hour)})
	return Alarm{
		Key: string(severity) + "-silent", Metric: arrivals, Severity: carriers[severity], Family: Liveness,
		Comparison: Below, Threshold: 1, Periods: periods, Datapoints: periods, Runbook: "alarm-topic.md#topic-silent",
		Summary: "The topic " + m.kids.Child(string(severity)) + " has delivered nothing since before its last heartbeat was due.",
		Why:     "Alarms of this severity probably reach nobody.",
	}
}

// undeliveredAlarm watches a dead-letter queue. A queue that holds a message keeps reporting, and one message is enough;
// that the queue is empty again is told as well.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
func undeliveredAlarm(d delivery, queue Queue) Alarm {
	return Alarm{
		Key: d.key() + "-undelivered", Metric: queue.Visible().Every(300), Severity: carriers[d.severity], Family: Saturation,
		Comparison: Above, Threshold: 0, Periods: 1, Datapoints: 1, Runbook: "alarm-topic.md#undelivered",
		Summary: "The subscription " + d.subscription + " did not take a notification of severity " + string(d.severity) + "; it waits in the dead-letter queue.",
		Why:     "Whoever it was meant for does not know. It is kept for 14 days.",
	}
}
