package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// serviceRules are about the services and systems that security and finance allow.
func serviceRules() []*policy.Rule {
	return []*policy.Rule{serviceAllowList(), serviceAllowListGranted(), baseOS()} // base_image.go
}

// moduleServices say which service a module of the AWS provider belongs to. The modules that hold several services stand in
// resourceServices with every type. What stands in neither is no known service, and no list allows it.
var moduleServices = map[string]string{
	"acm": "acm", "acmpca": "acmpca", "alb": "elb", "applicationloadbalancing": "elb", "lb": "elb", "elb": "elb",
	"apigateway": "apigateway", "apigatewayv2": "apigateway", "appautoscaling": "autoscaling", "autoscaling": "autoscaling", "autoscalingplans": "autoscaling",
	"appconfig": "systems-manager", "apprunner": "apprunner", "appsync": "appsync", "athena": "athena", "backup": "backup", "batch": "batch",
	"bedrock": "bedrock", "budgets": "budgets", "cfg": "config", "chatbot": "chatbot", "cloudformation": "cfn", "cloudfront": "cloudfront", "cloudtrail": "cloudtrail",
	"codebuild": "codebuild", "codedeploy": "codedeploy", "codepipeline": "codepipeline", "cognito": "cognito", "costexplorer": "costexplorer", "cur": "cur",
	"datasync": "datasync", "dax": "dynamodb", "directconnect": "directconnect", "dms": "dms", "docdb": "docdb", "drs": "drs", "dsql": "dsql", "dynamodb": "dynamodb",
	"ebs": "ebs", "ec2clientvpn": "vpn", "ec2transitgateway": "transit-gateway", "ecr": "ecr", "ecrpublic": "ecr", "ecs": "ecs", "efs": "efs", "eks": "eks",
	"elasticache": "elasticache", "elasticbeanstalk": "elasticbeanstalk", "elasticsearch": "opensearch", "emr": "emr", "emrcontainers": "emr", "emrserverless": "emr",
	"fis": "fis", "fms": "fms", "fsx": "fsx", "glacier": "glacier", "globalaccelerator": "globalaccelerator", "glue": "glue", "grafana": "grafana", "guardduty": "guardduty",
	"iam": "iam", "imagebuilder": "imagebuilder", "inspector": "inspector", "inspector2": "inspector", "iot": "iot", "keyspaces": "keyspaces", "kinesis": "kinesis",
	"kinesisanalyticsv2": "kinesis", "kms": "kms", "lakeformation": "lakeformation", "lambda": "lambda", "lightsail": "lightsail", "macie2": "macie", "memorydb": "memorydb",
	"mq": "mq", "msk": "msk", "mskconnect": "msk", "mwaa": "mwaa", "neptune": "neptune", "networkfirewall": "networkfirewall", "networkmanager": "networkmanager",
	"opensearch": "opensearch", "opensearchingest": "opensearch", "organizations": "organizations", "pipes": "eventbridge", "ram": "ram", "rds": "rds", "redshift": "redshift",
	"redshiftdata": "redshift", "redshiftserverless": "redshift", "resiliencehub": "resiliencehub", "resourcegroups": "resourcegroups", "route53": "dns", "route53domains": "dns",
	"route53recoverycontrol": "dns", "route53recoveryreadiness": "dns", "rum": "cloudwatch", "s3": "s3", "s3control": "s3", "s3outposts": "outposts", "s3tables": "s3",
	"sagemaker": "sagemaker", "scheduler": "eventbridge", "schemas": "eventbridge", "secretsmanager": "secretsmanager", "securityhub": "securityhub",
	"servicecatalog": "servicecatalog", "servicediscovery": "cloudmap", "servicequotas": "servicequotas", "ses": "ses", "sesv2": "ses", "sfn": "stepfunctions",
	"shield": "shield", "sns": "sns", "sqs": "sqs", "ssm": "systems-manager", "ssmcontacts": "systems-manager", "ssmincidents": "systems-manager", "ssoadmin": "sso",
	"storagegateway": "storagegateway", "synthetics": "cloudwatch", "timestreamwrite": "timestream", "transfer": "transfer", "vpc": "vpc", "vpclattice": "vpclattice",
	"waf": "waf", "wafregional": "waf", "wafv2": "waf", "workspaces": "workspaces", "xray": "xray",
}

// resourceServices are the types of the modules that hold several services: the service, and the beginnings of its types.
// The longest beginning decides.
var resourceServices = map[string]map[string]string{
	"ec2": {
		"ami": "ec2", "availabilityZoneGroup": "ec2", "capacity": "ec2", "dedicatedHost": "ec2", "defaultCreditSpecification": "ec2", "fleet": "ec2", "image": "ec2",
		"instance": "ec2", "keyPair": "ec2", "launch": "ec2", "placementGroup": "ec2", "serialConsoleAccess": "ec2", "spot": "ec2", "tag": "ec2",
		"snapshotCreateVolumePermission": "ebs", "volumeAttachment": "ebs",
		"carrierGateway": "vpc", "default": "vpc", "egressOnlyInternetGateway": "vpc", "eip": "vpc", "flowLog": "vpc", "internetGateway": "vpc", "localGateway": "outposts",
		"mainRouteTableAssociation": "vpc", "managedPrefixList": "vpc", "natGateway": "vpc", "network": "vpc", "peeringConnectionOptions": "vpc", "proxyProtocolPolicy": "elb",
		"route": "vpc", "securityGroup": "vpc", "subnet": "vpc", "trafficMirror": "vpc", "vpc": "vpc", "customerGateway": "vpn", "vpn": "vpn",
	},
	"cloudwatch": {"": "cloudwatch", "event": "eventbridge", "log": "logs"},
}

// serviceOf is the service of a type token; empty for one that nobody has put in the tables.
func serviceOf(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return ""
	}
	if parts[0] == "aws-native" { // aws-native:ec2:Instance: the module is CloudFormation's.
		native := strings.ToLower(parts[2][:1]) + parts[2][1:]
		return serviceOfModule(parts[1], native)
	}
	if parts[0] != "aws" {
		return ""
	}
	module, resource, found := strings.Cut(parts[1], "/")
	if !found {
		return ""
	}
	return serviceOfModule(module, resource)
}

func serviceOfModule(module, resource string) string {
	table, mixed := resourceServices[module]
	if !mixed {
		return moduleServices[module]
	}
	longest, service := -1, ""
	for prefix, name := range table {
		if len(prefix) > longest && strings.HasPrefix(resource, prefix) {
			longest, service = len(prefix), name
		}
	}
	return service
}

// hashingWorkload is the list of the hashing workload: what security and finance allow, and what those services need in
// support of them.
var hashingWorkload = map[string]any{
	"component": "HashFleet",
	"allowed": []any{
		"ec2", "s3", "ebs", "ecs", "eks", "cfn", "elasticache", "cloudwatch", "sns", "systems-manager", "cloudtrail", "config", "vpc", "cloudfront", "lambda",
	},
	"support": []any{"elb", "autoscaling", "iam", "kms", "logs", "dns", "acm", "eventbridge", "sqs"},
}

func workloadSettings() []policy.Setting {
	return []policy.Setting{{
		Name: "workloads", Kind: policy.KindObject, Default: map[string]any{"hashing": hashingWorkload},
		Help: `the services of each workload, by the value of its tag workload: {"hashing": {"component": "HashFleet", "allowed": ["ec2"], "support": ["iam"]}}; ` +
			"component is the component whose children belong to it; with an environment's name around it, the lists of that environment",
	}}
}

// allowance is what one workload may use.
type allowance struct {
	workload, component string
	allowed, support    []string
}

func (a allowance) has(service string) bool {
	return slices.Contains(a.allowed, service) || slices.Contains(a.support, service)
}

func (a allowance) String() string {
	return "a service that " + a.workload + " may use: " + strings.Join(a.allowed, ", ") + "; in support of them " + strings.Join(a.support, ", ")
}

// allowances are the lists of the stack's environment, by workload.
func allowances(c *policy.Case) []allowance {
	workloads, _ := c.ForEnvironment("workloads").(map[string]any)
	var all []allowance
	for _, name := range slices.Sorted(maps.Keys(workloads)) {
		entry, _ := workloads[name].(map[string]any)
		component, _ := entry["component"].(string)
		all = append(all, allowance{workload: name, component: component, allowed: settingTexts(entry["allowed"]), support: settingTexts(entry["support"])})
	}
	return all
}

// allowanceOf is the allowance of the workload that a resource belongs to, by its tag or by the component that it is part of;
// unclear while the tag is not known yet.
func allowanceOf(all []allowance, n *policy.Node) (a allowance, found, unclear bool) {
	tag := n.Get("tags.workload")
	for _, a := range all {
		if tag.Is(a.workload) || a.component != "" && partOf(n, a.component) {
			return a, true, false
		}
	}
	return allowance{}, false, tag.Unknown()
}

// partOf says that a resource lies within a component of the kind.
func partOf(n *policy.Node, component string) bool {
	for at := n; at != nil; at = at.Parent() {
		if strings.HasSuffix(at.Type, ":"+component) {
			return true
		}
	}
	return false
}

func settingTexts(value any) []string {
	items, _ := value.([]any)
	texts := make([]string, 0, len(items))
	for _, item := range items {
		texts = append(texts, fmt.Sprint(item))
	}
	return texts
}

// outsideServices are the providers whose resources use no service of a cloud.
var outsideServices = []string{"pulumi", "random", "tls", "command", "time", "null", "std"}

func usesService(n *policy.Node) bool {
	provider, _, _ := strings.Cut(n.Type, ":")
	return !slices.Contains(outsideServices, provider) && !n.IsComponent()
}

func serviceAllowList() *policy.Rule {
	return &policy.Rule{
		ID: "service-allow-list", Title: "A workload uses the services that security and finance allow", Severity: policy.High,
		Why:      "a service outside the list has no contract, no review and no budget, and is switched off where somebody finds it",
		Fix:      "build it from the services of the list, or have the list changed and then the setting workloads",
		Sources:  []string{"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"},
		Settings: workloadSettings(),
		Check: func(c *policy.Case) {
			all := allowances(c)
			for _, n := range c.Graph().Nodes() {
				if !usesService(n) {
					continue
				}
				a, found, unclear := allowanceOf(all, n)
				if unclear {
					c.At(n).Unclear(n.Get("tags.workload"))
				}
				if !found {
					continue
				}
				service := serviceOf(n.Type)
				if a.has(service) {
					continue
				}
				if service == "" {
					service = "no service that is known"
				}
				c.At(n).Broken("", service+" ("+n.Type+")", a.String())
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  fleet: {type: "holdfast:index:HashFleet", provider: none}
  group: {type: "aws:autoscaling/group:Group", parent: fleet}
  logs: {type: "aws:s3/bucketV2:BucketV2", properties: {tags: {workload: hashing}}}
  clicks: {type: "aws:kinesis/stream:Stream", properties: {tags: {workload: streams}}}
  store: {type: "aws:dynamodb/table:Table", properties: {tags: {workload: streams}}}
  new: {type: "aws:brandnew/thing:Thing", properties: {tags: {workload: streams}}}
  other: {type: "gcp:storage/bucket:Bucket", provider: group, properties: {tags: {workload: streams}}}
  native: {type: "aws-native:kinesis:Stream", provider: group, properties: {tags: {workload: streams}}}
`,
			Bad: []string{
				"clicks.tags.workload=hashing", "store.tags.workload=hashing", "new.tags.workload=hashing", "other.tags.workload=hashing", "native.tags.workload=hashing",
				`+thing={type: "aws:brandnew/thing:Thing", parent: fleet}`,
			},
			Guard: "clicks.tags.workload", Absent: policy.Pass,
			FixtureOnly: "the type of a resource cannot be edited, and every other workload of the environments keeps the list too",
		},
	}
}

// actionServices are the services behind the prefixes of IAM actions, where the two differ.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var actionServices = map[string]string{
	"cloudformation": "cfn", "ssm": "systems-manager", "ssmmessages": "systems-manager", "ec2messages": "systems-manager", "elasticloadbalancing": "elb",
	"route53": "dns", "events": "eventbridge", "scheduler": "eventbridge", "application-autoscaling": "autoscaling", "sts": "iam", "ecr": "ecs", "tag": "ec2",
}

func serviceAllowListGranted() *policy.Rule {
	return &policy.Rule{
		ID: "service-allow-list-granted", Title: "The roles of a workload reach the services that are allowed to it, and no others", Severity: policy.Medium, Advisory: true,
		Types:    []string{iamRolePolicy, iamPolicy},
		Why:      "what the stack may not build its servers could use behind its back",
		Fix:      "remove the statement",
		Sources:  []string{"https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"},
		Settings: workloadSettings(),
		Check: func(c *policy.Case) {
			a, found, unclear := allowanceOf(allowances(c), c.Node)
			if unclear {
				c.Unclear(c.Get("tags.workload"))
			}
			if !found {
				c.Skip("it belongs to no workload that has a list")
				return
			}
			statements, unknown := iam.Statements(c.Get("policy"))
			if len(statements) == 0 && len(unknown) > 0 {
				c.Unclear(unknown...)
			}
			for _, s := range statements {
				for _, action := range s.Actions {
					checkAction(c, a, s, action)
				}
			}
		},
		Proof: policy.Proof{
			Good: `
resources:
  fleet: {type: "holdfast:index:HashFleet", provider: none}
  write:
    type: aws:iam/rolePolicy:RolePolicy
    parent: fleet
    properties: {policy: {$json: {Statement: [{Effect: Allow, Action: ["s3:GetObject", "ssmmessages:OpenDataChannel"], Resource: "*"}]}}}
`,
			Bad:   []string{`write.policy.Statement[0].Action=["kinesis:PutRecord"]`, `write.policy.Statement[0].Action="dynamodb:GetItem"`},
			Guard: "write.policy", Absent: policy.Pass, Also: []string{"iam-no-star-resource"},
		},
	}
}

func checkAction(c *policy.Case, a allowance, s iam.Statement, action string) {
	prefix, _, _ := strings.Cut(strings.ToLower(action), ":")
	service := prefix
	if named, ok := actionServices[prefix]; ok {
		service = named
	}
	if s.Allow && !a.has(service) {
		c.Broken(s.Value.Path(), "allows "+action, a.String())
	}
}
