// Package alarms is how the library tells people that something is wrong. It guarantees that an alarm watches a metric
// that AWS publishes under those dimensions, decides what missing data means, names its runbook and reaches a topic
// that CloudWatch may publish to. It refuses an alarm on a metric without its dimensions, without a severity, without a
// runbook, or over a window that CloudWatch does not evaluate.
package alarms
