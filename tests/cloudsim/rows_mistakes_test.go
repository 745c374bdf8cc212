package cloudsim_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func made(typ string, args pulumi.Map) func(w *world) {
	return func(w *world) { w.make(typ, "x", args) }
}

func TestTagsThatNoServiceTakesAreRefused(t *testing.T) {
	t.Parallel()
	tagged := func(tags pulumi.Map) func(w *world) {
		return made(vpcType, pulumi.Map{"cidrBlock": s("10.0.0.0/16"), "tags": tags})
	}
	many := pulumi.Map{}
	for i := range 51 {
		many[strings.Repeat("k", i+1)] = s("v")
	}
	runServices(t, []serviceCase{
		{"tags", tagged(pulumi.Map{"Team": s("platform"), "Empty": s("")}), ""},
		{"AWS's own prefix", tagged(pulumi.Map{"aws:team": s("platform")}), "tags.aws:team|reserved for AWS"},
		{"too many", tagged(many), "at most 50"},
		{"a long value", tagged(pulumi.Map{"Team": s(strings.Repeat("x", 257))}), "at most 256"},
		{"a long key", tagged(pulumi.Map{strings.Repeat("x", 129): s("")}), "1 to 128"},
	})
}

func TestAddressesOfTheWrongKindAreRefused(t *testing.T) {
	t.Parallel()
	network := func(block string) func(w *world) { return made(vpcType, pulumi.Map{"cidrBlock": s(block)}) }
	zone := func(args pulumi.Map) func(w *world) {
		return func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			w.make(subnetType, "s", merge(pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("10.0.0.0/24")}, args))
		}
	}
	way := func(destination pulumi.Map) func(w *world) {
		return func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			out := w.make(gatewayType, "g", pulumi.Map{"vpcId": vpc.ID()})
			table := w.make(tableType, "t", pulumi.Map{"vpcId": vpc.ID()})
			w.make(routeType, "r", merge(pulumi.Map{"routeTableId": table.ID(), "gatewayId": out.ID()}, destination))
		}
	}
	rule := func(args pulumi.Map) func(w *world) {
		return func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			group := w.make(groupType, "g", pulumi.Map{"vpcId": vpc.ID()})
			w.make(ingressType, "r", merge(pulumi.Map{"securityGroupId": group.ID(), "ipProtocol": s("tcp"), "fromPort": n(443), "toPort": n(443)}, args))
		}
	}
	runServices(t, []serviceCase{
		{"a public range", network("198.51.100.0/24"), ""},
		{"a loopback VPC", network("127.0.0.0/16"), "which a VPC cannot have"},
		{"a multicast VPC", network("224.0.0.0/16"), "which a VPC cannot have"},
		{"a link-local VPC", network("169.254.0.0/16"), "which a VPC cannot have"},
		{"a zone by id", zone(pulumi.Map{"availabilityZoneId": s("euw1-az1")}), ""},
		{"a zone id of another region", zone(pulumi.Map{"availabilityZoneId": s("use1-az1")}), "availabilityZoneId|is invalid"},
		{"a zone by name and id", zone(pulumi.Map{"availabilityZoneId": s("euw1-az1"), "availabilityZone": s("eu-west-1a")}), "may not be given together"},
		{"a way to IPv4", way(pulumi.Map{"destinationCidrBlock": s("0.0.0.0/0")}), ""},
		{"a way to IPv6 as IPv4", way(pulumi.Map{"destinationCidrBlock": s("::/0")}), "not an IPv4 block"},
		{"a way to IPv4 as IPv6", way(pulumi.Map{"destinationIpv6CidrBlock": s("0.0.0.0/0")}), "not an IPv6 block"},
		{"a rule", rule(pulumi.Map{"cidrIpv4": s("10.0.0.0/8")}), ""},
		{"a protocol by number", rule(pulumi.Map{"cidrIpv4": s("10.0.0.0/8"), "ipProtocol": s("50")}), ""},
		{"IPv6 as IPv4 in a rule", rule(pulumi.Map{"cidrIpv4": s("::/0")}), "not an IPv4 block"},
		{"IPv4 as IPv6 in a rule", rule(pulumi.Map{"cidrIpv6": s("10.0.0.0/8")}), "not an IPv6 block"},
		{"a protocol of another layer", rule(pulumi.Map{"cidrIpv4": s("10.0.0.0/8"), "ipProtocol": s("https")}), "ipProtocol|must be tcp, udp"},
	})
}

func TestAnEndpointOfAServiceThatHasNoneIsRefused(t *testing.T) {
	t.Parallel()
	endpoint := func(service string) func(w *world) {
		return func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			subnet := w.make(subnetType, "s", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("10.0.0.0/24"), "availabilityZone": s("eu-west-1a")})
			w.make(endpointType, "e", pulumi.Map{"vpcId": vpc.ID(), "serviceName": s(service), "vpcEndpointType": s("Interface"), "subnetIds": list(subnet.ID())})
		}
	}
	runServices(t, []serviceCase{
		{"Systems Manager", endpoint("com.amazonaws.eu-west-1.ssm"), ""},
		{"a registry", endpoint("com.amazonaws.eu-west-1.ecr.dkr"), ""},
		{"a provider's own service", endpoint("com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"), ""},
		{"misspelt", endpoint("com.amazonaws.eu-west-1.smm"), "InvalidServiceName"},
	})
}

func TestAPolicyOutsideTheGrammarIsRefused(t *testing.T) {
	t.Parallel()
	trust := func(document string) func(w *world) {
		return made(roleType, pulumi.Map{"assumeRolePolicy": s(document)})
	}
	grant := func(statement string) func(w *world) {
		return func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("ec2.amazonaws.com"))})
			w.make(rolePolicyType, "p", pulumi.Map{"role": role.ID(), "policy": s(`{"Version":"2012-10-17","Statement":[` + statement + `]}`)})
		}
	}
	runServices(t, []serviceCase{
		{"a grant", grant(`{"Sid":"A","Effect":"Allow","Action":["s3:Get*","sns:Publish"],"Resource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":["a"]}}}`), ""},
		{"an action of no service", grant(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), "prefaced by a vendor"},
		{"a resource that is no ARN", grant(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"artifacts/*"}`), "must be in ARN format"},
		{"an unknown condition", grant(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEqualz":{"a:b":"c"}}}`), "invalid condition type: StringEqualz"},
		{"an unknown element", grant(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Conditions":{}}`), `unknown field "Conditions"`},
		{"a statement id twice", grant(`{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`), "given twice"},
		{"a service that is none", trust(trusting("ec2.amazon.com")), `invalid principal in policy: "SERVICE":"ec2.amazon.com"`},
		{"a principal of no kind", trust(strings.Replace(trusting("ec2.amazonaws.com"), `"Service"`, `"Services"`, 1)), "invalid principal"},
		{"a trust in something else", trust(strings.Replace(trusting("ec2.amazonaws.com"), "sts:AssumeRole", "s3:GetObject", 1)), "may only specify STS"},
		{"a role that is not there", trust(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/nobody"},"Action":"sts:AssumeRole"}]}`), "role/nobody\" does not exist"},
		{"a role of another account", trust(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/deployer"},"Action":"sts:AssumeRole"}]}`), ""},
	})
}

func TestABucketPolicyAboutTheWrongHalfIsRefused(t *testing.T) {
	t.Parallel()
	policy := func(action, below string, change func(string) string) func(w *world) {
		return func(w *world) {
			bucket := w.make(bucketType, "b", nil)
			w.make(bucketPolicyType, "p", pulumi.Map{"bucket": bucket.ID(), "policy": about(bucket.Arn, func(arn string) string {
				return change(allow("logging.s3.amazonaws.com", action, arn+below))
			})})
		}
	}
	same := func(document string) string { return document }
	public := func(document string) string {
		return strings.Replace(document, `{"Service":"logging.s3.amazonaws.com"}`, `"*"`, 1)
	}
	filter := func(filter pulumi.Map) func(w *world) {
		return func(w *world) {
			w.make(lifecycleType, "l", pulumi.Map{"bucket": w.make(bucketType, "b", nil).ID(), "rules": list(pulumi.Map{"id": s("old"), "status": s("Enabled"),
				"filter": filter, "expiration": pulumi.Map{"days": n(7)}})})
		}
	}
	tag := pulumi.Map{"key": s("a"), "value": s("b")}
	runServices(t, []serviceCase{
		{"objects", policy("s3:PutObject", "/*", same), ""},
		{"the bucket", policy("s3:ListBucket", "", same), ""},
		{"objects of the bucket itself", policy("s3:PutObject", "", same), "does not apply to any resource"},
		{"the list of an object", policy("s3:ListBucket", "/*", same), "does not apply to any resource"},
		{"an action of another service", policy("sns:Publish", "/*", same), "invalid action"},
		{"everybody, where nothing was opened", policy("s3:GetObject", "/*", public), "AccessDenied|BlockPublicPolicy"},
		{"a filter", filter(pulumi.Map{"prefix": s("old/")}), ""},
		{"two filters", filter(pulumi.Map{"prefix": s("old/"), "tag": tag}), `several within "and"`},
	})
}

func TestAnAlarmOnWhatAServiceNeverPublishesIsFound(t *testing.T) {
	t.Parallel()
	on := func(namespace, metric string, dimensions pulumi.Map, more ...pulumi.Map) func(w *world) {
		return made(alarmType, merge(alarm(pulumi.Map{"namespace": s(namespace), "metricName": s(metric), "dimensions": dimensions}), more...))
	}
	behind := func(metric string, names ...string) func(w *world) {
		return func(w *world) {
			b := w.balance(nil, nil, nil, nil)
			all := map[string]pulumi.Input{"LoadBalancer": b.balancer.Suffix, "TargetGroup": b.targets.Suffix}
			dimensions := pulumi.Map{}
			for _, name := range names {
				dimensions[name] = all[name]
			}
			w.make(alarmType, "a", alarm(pulumi.Map{"namespace": s("AWS/ApplicationELB"), "metricName": s(metric), "dimensions": dimensions}))
		}
	}
	runServices(t, []serviceCase{
		{"requests of a load balancer", behind("RequestCount", "LoadBalancer"), ""},
		{"hosts of a target group", behind("UnHealthyHostCount", "LoadBalancer", "TargetGroup"), ""},
		{"hosts without the load balancer", behind("UnHealthyHostCount", "TargetGroup"), "idle:dimension LoadBalancer beside"},
		{"hosts without the target group", behind("UnHealthyHostCount", "LoadBalancer"), "idle:has the dimension TargetGroup"},
		{"requests of nothing", on("AWS/ApplicationELB", "RequestCount", nil), "idle:have the dimension LoadBalancer or TargetGroup"},
		{"a misspelt metric", behind("HTTPCode_Target_5XX", "LoadBalancer"), "idle:has no metric HTTPCode_Target_5XX"},
		{"a misspelt namespace", on("AWS/ALB", "RequestCount", nil), "idle:no service publishes metrics in the namespace AWS/ALB"},
		{"a misspelt dimension", on("AWS/EC2", "CPUUtilization", pulumi.Map{"GroupName": s("x")}), "idle:no dimension GroupName"},
		{"charges outside us-east-1", on("AWS/Billing", "EstimatedCharges", pulumi.Map{"Currency": s("USD")}), "idle:in us-east-1"},
		{"seconds of a service", on("AWS/EC2", "CPUUtilization", nil, pulumi.Map{"period": n(10)}), "idle:no points 10 seconds apart"},
		{"seconds of a program's own", on("Hashing", "Errors", nil, pulumi.Map{"period": n(10)}), ""},
	})
}

func TestAnAlarmOutsideTheGrammarIsRefused(t *testing.T) {
	t.Parallel()
	math := func(expression, stat string) func(w *world) {
		return made(alarmType, pulumi.Map{"comparisonOperator": s("GreaterThanThreshold"), "evaluationPeriods": n(3), "threshold": n(1), "metricQueries": list(
			pulumi.Map{"id": s("e"), "expression": s(expression), "returnData": yes(true)},
			pulumi.Map{"id": s("m"), "metric": pulumi.Map{"namespace": s("Hashing"), "metricName": s("Errors"), "period": n(60), "stat": s(stat)}})})
	}
	calls := func(typ string, args pulumi.Map) func(w *world) {
		return func(w *world) {
			w.make(alarmType, "a", alarm(pulumi.Map{"alarmActions": list(w.make(typ, "t", args).Arn)}))
		}
	}
	runServices(t, []serviceCase{
		{"an expression", math("IF(m > 1, FILL(m, 0), RATE(m)) * (m + 1)", "Sum"), ""},
		{"a percentile", math("m", "p99.9"), ""},
		{"an open bracket", math("(m / 2", "Sum"), "unmatched bracket"},
		{"a closed bracket", math("m / 2)", "Sum"), "unmatched bracket"},
		{"an unknown function", math("FOO(m)", "Sum"), "unknown function FOO"},
		{"a search", math("SEARCH('{Hashing} Errors', 'Sum')", "Sum"), "SEARCH is not supported"},
		{"an unknown statistic", math("m", "Summe"), "metricQueries[1].metric.stat"},
		{"a unit", made(alarmType, alarm(pulumi.Map{"unit": s("Count/Second")})), ""},
		{"an unknown unit", made(alarmType, alarm(pulumi.Map{"unit": s("Second")})), "unit: must be a unit"},
		{"a role as action", calls(roleType, pulumi.Map{"assumeRolePolicy": s(trusting("ec2.amazonaws.com"))}), "is no action of an alarm"},
		{"an alarm as action", calls(alarmType, alarm(pulumi.Map{})), "is no action of an alarm"},
	})
}

func TestServersThatCannotStartAreRefused(t *testing.T) {
	t.Parallel()
	group := func(template pulumi.Map, more pulumi.Map) func(w *world) {
		return func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			subnet := w.make(subnetType, "s", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("10.0.0.0/24"), "availabilityZone": s("eu-west-1a")})
			lt := w.make(templateType, "lt", template)
			args := pulumi.Map{"minSize": n(1), "maxSize": n(2), "vpcZoneIdentifiers": list(subnet.ID()), "launchTemplate": pulumi.Map{"id": lt.ID(), "version": s("1")}}
			if more["both"] != nil {
				more = pulumi.Map{"launchTemplate": pulumi.Map{"id": lt.ID(), "name": lt.Name}}
			}
			w.make(scalingGroupType, "g", merge(args, more))
		}
	}
	whole := func() pulumi.Map {
		return pulumi.Map{"imageId": s("ami-0123456789abcdef0"), "instanceType": s("c7i.large")}
	}
	refresh := func(args pulumi.Map) pulumi.Map {
		return pulumi.Map{"instanceRefresh": merge(pulumi.Map{"strategy": s("Rolling")}, args)}
	}
	points := func(values ...pulumi.Input) pulumi.Map {
		return refresh(pulumi.Map{"preferences": pulumi.Map{"checkpointPercentages": list(values...)}})
	}
	runServices(t, []serviceCase{
		{"a group", group(whole(), nil), ""},
		{"no image", group(pulumi.Map{"instanceType": s("c7i.large")}, nil), "must contain the parameter ImageId"},
		{"no instance type", group(pulumi.Map{"imageId": s("ami-0123456789abcdef0")}, nil), "must contain the parameter InstanceType"},
		{"a template by id and name", group(whole(), pulumi.Map{"both": yes(true)}), "either launchTemplateId or LaunchTemplateName"},
		{"a family that is none", made(templateType, pulumi.Map{"instanceType": s("c99z.large")}), "no instance family c99z"},
		{"a size that is none", made(templateType, pulumi.Map{"instanceType": s("t3.24xlarge")}), "the family t3 has the sizes"},
		{"triggers", group(whole(), refresh(pulumi.Map{"triggers": list(s("tag"), s("vpc_zone_identifiers"), s("desired_capacity"))})), ""},
		{"a trigger that is none", group(whole(), refresh(pulumi.Map{"triggers": list(s("nonsense"))})), "not a recognized parameter name"},
		{"checkpoints", group(whole(), points(n(20), n(100))), ""},
		{"checkpoints that fall", group(whole(), points(n(50), n(20))), "must be unique and rise"},
		{"AWS's own tag", group(whole(), pulumi.Map{"tags": list(pulumi.Map{"key": s("aws:x"), "value": s("y"), "propagateAtLaunch": yes(true)})}), "reserved for AWS"},
		{"a profile without a role", func(w *world) {
			template := whole()
			template["iamInstanceProfile"] = pulumi.Map{"arn": w.make("aws:iam/instanceProfile:InstanceProfile", "p", nil).Arn}
			group(template, nil)(w)
		}, "idle:has no role"},
	})
}

func TestNamesThatLeadNowhereAreRefused(t *testing.T) {
	t.Parallel()
	record := func(name string) func(w *world) {
		return func(w *world) {
			zone := w.make(zoneType, "z", pulumi.Map{"name": s("example.com")})
			w.make(recordType, "r", pulumi.Map{"zoneId": zone.ZoneID, "name": s(name), "type": s("A"), "ttl": n(60), "records": list(s("192.0.2.1"))})
		}
	}
	matcher := func(args pulumi.Map) func(w *world) {
		return func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			w.make(targetsType, "t", merge(pulumi.Map{"vpcId": vpc.ID(), "port": n(80), "protocol": s("HTTP")}, args))
		}
	}
	runServices(t, []serviceCase{
		{"a short name", record("www"), ""},
		{"a name with a dot", record("app.dev"), ""},
		{"a full name", record("www.example.com"), ""},
		{"a name of another domain", record("www.example.org"), "idle:made as www.example.org.example.com"},
		{"codes", matcher(pulumi.Map{"healthCheck": pulumi.Map{"matcher": s("200-299,404")}}), ""},
		{"codes of gRPC", matcher(pulumi.Map{"protocolVersion": s("GRPC"), "healthCheck": pulumi.Map{"matcher": s("0-12")}}), ""},
		{"codes of gRPC for HTTP", matcher(pulumi.Map{"healthCheck": pulumi.Map{"matcher": s("99")}}), "must be within"},
	})
}

func TestADistributionThatCannotReachItsOriginIsRefused(t *testing.T) {
	t.Parallel()
	origin := func(name string, port int) func(w *world) {
		return func(w *world) {
			w.cdn(pulumi.Map{"origins": list(pulumi.Map{"originId": s("origin"), "domainName": s(name), "customOriginConfig": pulumi.Map{"httpPort": n(port), "httpsPort": n(443),
				"originProtocolPolicy": s("https-only"), "originSslProtocols": list(s("TLSv1.2"))}}), "defaultCacheBehavior": behavior(pulumi.Map{"targetOriginId": s("origin")})})
		}
	}
	with := func(args pulumi.Map) func(w *world) { return func(w *world) { w.cdn(args) } }
	limited := func(args pulumi.Map) func(w *world) {
		return with(pulumi.Map{"restrictions": pulumi.Map{"geoRestriction": args}})
	}
	runServices(t, []serviceCase{
		{"an origin", origin("origin.example.com", 8080), ""},
		{"a URL", origin("https://origin.example.com/", 80), "must be a domain name"},
		{"a port of another protocol", origin("origin.example.com", 22), "must be 80, 443 or from 1024"},
		{"a web ACL", with(pulumi.Map{"webAclId": s("arn:aws:wafv2:us-east-1:111122223333:global/webacl/w/11111111-6df8-44a3-9df3-4b5a84be39ad")}), ""},
		{"a web ACL of a region", with(pulumi.Map{"webAclId": s("arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/w/11111111-6df8-44a3-9df3-4b5a84be39ad")}), "webAclId|its scope is global"},
		{"two countries", limited(pulumi.Map{"restrictionType": s("whitelist"), "locations": list(s("DE"), s("AT"))}), ""},
		{"a list of no countries", limited(pulumi.Map{"restrictionType": s("whitelist")}), "do not go together"},
	})
}

func TestAScheduleInNoTimeZoneIsRefused(t *testing.T) {
	t.Parallel()
	schedule := func(zone string) func(w *world) {
		return func(w *world) {
			topic := w.make(topicType, "t", nil)
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("scheduler.amazonaws.com"))})
			w.make(rolePolicyType, "p", pulumi.Map{"role": role.ID(), "policy": s(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}]}`)})
			w.make(scheduleType, "s", pulumi.Map{"flexibleTimeWindow": pulumi.Map{"mode": s("OFF")}, "scheduleExpression": s("cron(0 9 * * ? *)"),
				"scheduleExpressionTimezone": s(zone), "target": pulumi.Map{"arn": topic.Arn, "roleArn": role.Arn}})
		}
	}
	runServices(t, []serviceCase{
		{"Berlin", schedule("Europe/Berlin"), ""},
		{"misspelt", schedule("Europe/Berlinn"), "there is no time zone"},
	})
}
