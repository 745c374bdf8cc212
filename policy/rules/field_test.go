package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/policytest"
	"github.com/seed-11444627/holdfast/policy/rules"
)

// What went wrong in the field, each as a stack that the whole catalogue judges.
var field = map[string]struct {
	rule  string
	says  string
	stack string
}{
	"an alarm without dimensions": {"alarm-metric-known", "", `
resources:
  who: {type: "aws:sns/topic:Topic"}
  busy:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      {namespace: AWS/ApplicationELB, metricName: HTTPCode_ELB_5XX_Count, statistic: Sum, period: 60, evaluationPeriods: 5, threshold: 5,
       comparisonOperator: GreaterThanThreshold, alarmActions: ["${who.arn}"]}
`},
	"an encrypted topic whose key does not admit the publisher": {"topic-key-admits-publisher", "", `
resources:
  key:
    type: aws:kms/key:Key
    properties:
      policy: {$json: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: "kms:*", Resource: "*"}]}}
  who:
    type: aws:sns/topic:Topic
    properties: {kmsMasterKeyId: "${key.arn}"}
  busy:
    type: aws:cloudwatch/metricAlarm:MetricAlarm
    properties:
      {namespace: AWS/SNS, metricName: NumberOfNotificationsFailed, dimensions: {TopicName: "${who.name}"}, statistic: Sum, period: 60,
       evaluationPeriods: 1, threshold: 0, comparisonOperator: GreaterThanThreshold, alarmActions: ["${who.arn}"]}
`},
	"a disruption budget equal to the autoscaler's minimum": {"k8s-drain-safe", "", `
resources:
  shop:
    type: kubernetes:apps/v1:Deployment
    provider: none
    properties:
      metadata: {name: shop, namespace: shop}
      spec:
        selector: {matchLabels: {app: shop}}
        template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop}]}}
  scaler:
    type: kubernetes:autoscaling/v2:HorizontalPodAutoscaler
    provider: none
    properties:
      metadata: {name: shop, namespace: shop}
      spec: {minReplicas: 5, maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}}
  budget:
    type: kubernetes:policy/v1:PodDisruptionBudget
    provider: none
    properties:
      metadata: {name: shop, namespace: shop}
      spec: {minAvailable: 5, selector: {matchLabels: {app: shop}}}
`},
	"a game day without a stop condition": {"gameday-stop-condition", "", `
resources:
  role: {type: "aws:iam/role:Role"}
  day:
    type: aws:fis/experimentTemplate:ExperimentTemplate
    properties:
      {description: lose a zone, roleArn: "${role.arn}", stopConditions: [{source: none}],
       actions: [{name: stop, actionId: "aws:ec2:stop-instances", target: {key: Instances, value: servers}}],
       targets: [{name: servers, resourceType: "aws:ec2:instance", selectionMode: "COUNT(1)", resourceTags: [{key: workload, value: hashing}]}]}
`},
	"a failover plan of 15, 20 and 5 minutes in a row for a recovery time of 10": {"recovery-plan-in-time", "40m", `
policy: {rto-budget: {rtoSeconds: 600}, recovery-plan-in-time: {rtoSeconds: 600}}
resources:
  plan:
    type: aws:ssm/document:Document
    properties:
      documentType: Automation
      documentFormat: JSON
      content:
        $json:
          schemaVersion: "0.3"
          description: fail over to the other region
          mainSteps:
            - {name: database, action: "aws:executeAwsApi", timeoutSeconds: 900, maxAttempts: 1, inputs: {Service: rds, Api: PromoteReadReplica}}
            - {name: services, action: "aws:executeAwsApi", timeoutSeconds: 1200, maxAttempts: 1, inputs: {Service: ecs, Api: UpdateService}}
            - {name: dns, action: "aws:executeAwsApi", timeoutSeconds: 300, maxAttempts: 1, inputs: {Service: route53, Api: ChangeResourceRecordSets}}
`},
	"a test build in production": {"prod-artifact-no-test-build", "qa", `
resources:
  task:
    type: aws:ecs/taskDefinition:TaskDefinition
    properties:
      family: shop
      containerDefinitions: {$json: [{name: shop, image: "111111111111.dkr.ecr.eu-central-1.amazonaws.com/shop:2.1-qa"}]}
`},
}

func TestWhatWentWrongInTheFieldIsCaught(t *testing.T) {
	t.Parallel()
	for name, c := range field {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := policytest.Parse(c.stack)
			require.NoError(t, err)
			resources, err := f.Resources()
			require.NoError(t, err)
			config, err := policy.NewConfig(f.Entries, rules.All())
			require.NoError(t, err)
			judged := policy.Evaluate(policy.NewGraph(f.Stack, resources), policy.Evaluation{Rules: rules.All(), Config: config, Today: policytest.Day})
			var found []string
			for _, finding := range judged.Of(policy.Violation) {
				if finding.Rule == c.rule {
					found = append(found, finding.Message())
				}
			}
			require.NotEmpty(t, found)
			require.Contains(t, found[0], c.says)
		})
	}
}
