package cloudsim_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// estate is a VPC with a public and a private subnet in each of two zones.
type estate struct {
	vpc             pulumi.IDOutput
	public, private pulumi.Array
	group           pulumi.IDOutput
}

func (w *world) estate(privateA, privateB string) estate {
	vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
	gateway := w.make(gatewayType, "g", pulumi.Map{"vpcId": vpc.ID()})
	table := w.make(tableType, "out", pulumi.Map{"vpcId": vpc.ID()})
	w.make(routeType, "out", pulumi.Map{"routeTableId": table.ID(), "destinationCidrBlock": s("0.0.0.0/0"), "gatewayId": gateway.ID()})
	e := estate{vpc: vpc.ID()}
	for i, zone := range []string{"eu-west-1a", "eu-west-1b"} {
		public := w.make(subnetType, "public-"+zone, pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s([]string{"10.0.0.0/26", "10.0.0.64/26"}[i]), "availabilityZone": s(zone)})
		w.make(associationType, "public-"+zone, pulumi.Map{"subnetId": public.ID(), "routeTableId": table.ID()})
		private := w.make(subnetType, "private-"+zone, pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s([]string{privateA, privateB}[i]), "availabilityZone": s(zone)})
		e.public, e.private = append(e.public, public.ID()), append(e.private, private.ID())
	}
	e.group = w.make(groupType, "servers", pulumi.Map{"vpcId": vpc.ID(), "description": s("servers")}).ID()
	return e
}

func (w *world) home() estate { return w.estate("10.0.1.0/24", "10.0.2.0/24") }

func (w *world) template(e estate, changes pulumi.Map) *item {
	return w.make(templateType, "lt", merge(pulumi.Map{"imageId": s("ami-0123456789abcdef0"), "instanceType": s("c7i.large"),
		"vpcSecurityGroupIds": pulumi.Array{e.group}}, changes))
}

func (w *world) servers(e estate, template *item, changes pulumi.Map) *item {
	return w.make(scalingGroupType, "asg", merge(pulumi.Map{"minSize": n(2), "maxSize": n(6), "vpcZoneIdentifiers": e.private,
		"launchTemplate": pulumi.Map{"id": template.ID(), "version": template.Version.ApplyT(func(v int) string { return string(rune('0' + v)) })}}, changes))
}

func templated(changes pulumi.Map) func(w *world) {
	return func(w *world) { w.template(w.home(), changes) }
}

func volume(args pulumi.Map) pulumi.Map {
	return pulumi.Map{"blockDeviceMappings": list(pulumi.Map{"deviceName": s("/dev/xvda"), "ebs": args})}
}

func TestALaunchTemplateIsRefusedWhereEC2RefusesIt(t *testing.T) {
	t.Parallel()
	script := func(bytes int) pulumi.Map {
		return pulumi.Map{"userData": s(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("#", bytes))))}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", templated(nil), ""},
		{"user data of 16 KB", templated(script(16384)), ""},
		{"user data of a byte more", templated(script(16385)), "User data is limited to 16384 bytes, has 16385"},
		{"user data as plain text", templated(pulumi.Map{"userData": s("#!/bin/sh -e")}), "Invalid BASE64 encoding of user data"},
		{"an image behind a parameter", templated(pulumi.Map{"imageId": s("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")}), ""},
		{"an image that is none", templated(pulumi.Map{"imageId": s("al2023")}), "imageId|an AMI id or resolve:ssm:"},
		{"an instance type that is none", templated(pulumi.Map{"instanceType": s("large")}), "instanceType"},
		{"a security group that does not exist", templated(pulumi.Map{"vpcSecurityGroupIds": list(s("sg-0123"))}), "InvalidGroup.NotFound|sg-0123"},
		{"a profile that does not exist", templated(pulumi.Map{"iamInstanceProfile": pulumi.Map{"name": s("none")}}), "iamInstanceProfile.name"},
		{"security groups in both places", templated(pulumi.Map{"networkInterfaces": list(pulumi.Map{"associatePublicIpAddress": s("false")})}),
			"Network interfaces and an instance-level security groups"},
		{"tokens required", templated(pulumi.Map{"metadataOptions": pulumi.Map{"httpTokens": s("required"), "httpPutResponseHopLimit": n(1)}}), ""},
		{"tokens neither required nor optional", templated(pulumi.Map{"metadataOptions": pulumi.Map{"httpTokens": s("always")}}), "metadataOptions.httpTokens"},
		{"an encrypted volume", templated(volume(pulumi.Map{"volumeType": s("gp3"), "volumeSize": n(20), "encrypted": s("true"), "iops": n(3000)})), ""},
		{"a key without encryption", templated(volume(pulumi.Map{"kmsKeyId": s("alias/aws/ebs")})), "KmsKeyId requires the parameter Encrypted"},
		{"a slow gp3 volume", templated(volume(pulumi.Map{"volumeType": s("gp3"), "iops": n(100)})), "iops of a gp3 volume must be from 3000"},
		{"throughput on gp2", templated(volume(pulumi.Map{"volumeType": s("gp2"), "throughput": n(125)})), "throughput is not supported for gp2"},
	})
}

func grouped(group, template pulumi.Map) func(w *world) {
	return func(w *world) {
		e := w.home()
		w.servers(e, w.template(e, template), group)
	}
}

func preferences(args pulumi.Map) pulumi.Map {
	return pulumi.Map{"instanceRefresh": pulumi.Map{"strategy": s("Rolling"), "preferences": args}}
}

func TestAnAutoScalingGroupIsRefusedWhereAutoScalingRefusesIt(t *testing.T) {
	t.Parallel()
	version := func(v string) func(w *world) {
		return func(w *world) {
			e := w.home()
			w.servers(e, w.template(e, nil), pulumi.Map{"launchTemplate": pulumi.Map{"id": w.last.(*item).ID(), "version": s(v)}})
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", grouped(nil, nil), ""},
		{"more at least than at most", grouped(pulumi.Map{"minSize": n(7)}, nil), "ValidationError|Max bound, 6, must be greater than or equal to min bound, 7"},
		{"more wanted than at most", grouped(pulumi.Map{"desiredCapacity": n(7)}, nil), "Desired capacity:7 must be between the specified min size:2 and max size:6"},
		{"the first version", version("1"), ""},
		{"the second version of one", version("2"), "InvalidLaunchTemplateId.VersionNotFound|version 2"},
		{"the latest version", version("$Latest"), ""},
		{"no source of instances", grouped(pulumi.Map{"launchTemplate": nil}, nil), "Valid requests must contain either LaunchTemplate"},
		{"no subnets", grouped(pulumi.Map{"vpcZoneIdentifiers": nil}, nil), "At least one Availability Zone or VPC Subnet is required"},
		{"percentages a hundred apart", grouped(preferences(pulumi.Map{"minHealthyPercentage": n(100), "maxHealthyPercentage": n(200)}), nil), ""},
		{"percentages further apart", grouped(preferences(pulumi.Map{"minHealthyPercentage": n(50), "maxHealthyPercentage": n(200)}), nil), "must not be greater than 100"},
		{"an upper percentage alone", grouped(preferences(pulumi.Map{"maxHealthyPercentage": n(110)}), nil), "MinHealthyPercentage must be specified"},
		{"a rollback from a number", grouped(preferences(pulumi.Map{"autoRollback": yes(true)}), nil), ""},
		{"a rollback from the latest", func(w *world) {
			e := w.home()
			template := w.template(e, nil)
			w.servers(e, template, merge(preferences(pulumi.Map{"autoRollback": yes(true)}), pulumi.Map{"launchTemplate": pulumi.Map{"id": template.ID(), "version": s("$Latest")}}))
		}, "roll back only when the group names a numbered version"},
		{"a rollback to an image behind a parameter", grouped(preferences(pulumi.Map{"autoRollback": yes(true)}), pulumi.Map{"imageId": s("resolve:ssm:/golden")}), "cannot roll back to a launch template whose image is a parameter"},
		{"alarms that exist", func(w *world) {
			e := w.home()
			w.make(alarmType, "a", alarm(pulumi.Map{"name": s("errors")}))
			w.servers(e, w.template(e, nil), preferences(pulumi.Map{"alarmSpecification": pulumi.Map{"alarms": list(s("errors"))}}))
		}, ""},
		{"alarms that do not", grouped(preferences(pulumi.Map{"alarmSpecification": pulumi.Map{"alarms": list(s("errors"))}}), nil), `idle:an instance refresh fails at once: there is no alarm named "errors"`},
		{"an unknown metric", grouped(pulumi.Map{"enabledMetrics": list(s("GroupSize"))}, nil), "enabledMetrics"},
		{"a life of an hour", grouped(pulumi.Map{"maxInstanceLifetime": n(3600)}, nil), "from 86400 to 31536000"},
		{"a security group of another VPC", func(w *world) {
			e := w.home()
			other := w.make(vpcType, "w", pulumi.Map{"cidrBlock": s("10.9.0.0/16")})
			stranger := w.make(groupType, "stranger", pulumi.Map{"vpcId": other.ID(), "description": s("x")})
			w.servers(e, w.template(e, pulumi.Map{"vpcSecurityGroupIds": pulumi.Array{stranger.ID()}}), nil)
		}, "InvalidParameter|Security group sg-"},
		{"health checks of a load balancer that is not there", grouped(pulumi.Map{"healthCheckType": s("ELB")}, nil), "idle:no target group is attached"},
		{"more servers than addresses", func(w *world) {
			e := w.estate("10.0.1.0/28", "10.0.2.0/28")
			w.servers(e, w.template(e, nil), pulumi.Map{"maxSize": n(23)})
		}, "InsufficientFreeAddressesInSubnet|22 free addresses"},
		{"as many servers as addresses", func(w *world) {
			e := w.estate("10.0.1.0/28", "10.0.2.0/28")
			w.servers(e, w.template(e, nil), pulumi.Map{"maxSize": n(22)})
		}, ""},
	})
}

// autoScalingKey is a key policy; with the service-linked role or with the account alone.
func autoScalingKey(withRole bool) string {
	account := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	if !withRole {
		return `{"Version":"2012-10-17","Statement":[` + account + `]}`
	}
	return `{"Version":"2012-10-17","Statement":[` + account + `,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"},` +
		`"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey","kms:CreateGrant"],"Resource":"*"}]}`
}

func TestInstancesLaunchOnlyIfTheKeyOfTheirVolumesAdmitsAutoScaling(t *testing.T) {
	t.Parallel()
	with := func(policy string) func(w *world) {
		return func(w *world) {
			e := w.home()
			key := w.make(keyType, "k", pulumi.Map{"policy": s(policy)})
			w.servers(e, w.template(e, volume(pulumi.Map{"encrypted": s("true"), "kmsKeyId": key.Arn})), nil)
		}
	}
	runServices(t, []serviceCase{
		{"a key that admits the service-linked role", with(autoScalingKey(true)), ""},
		{"a key that admits the account only", with(autoScalingKey(false)), "idle:Client.InternalError|AWSServiceRoleForAutoScaling"},
		{"the key that AWS manages", grouped(nil, volume(pulumi.Map{"encrypted": s("true"), "kmsKeyId": s("alias/aws/ebs")})), ""},
	})
}

// balanced is a load balancer with a target group, a listener and servers.
type balanced struct {
	estate
	balancer, targets, listener, servers *item
}

func (w *world) balance(balancer, targets, listener, servers pulumi.Map) balanced {
	b := balanced{estate: w.home()}
	b.balancer = w.make(balancerType, "lb", merge(pulumi.Map{"subnets": b.public, "securityGroups": pulumi.Array{b.group}}, balancer))
	b.targets = w.make(targetsType, "tg", merge(pulumi.Map{"vpcId": b.vpc, "port": n(80), "protocol": s("HTTP")}, targets))
	b.listener = w.make(listenerType, "http", merge(pulumi.Map{"loadBalancerArn": b.balancer.Arn, "port": n(80), "protocol": s("HTTP"),
		"defaultActions": list(pulumi.Map{"type": s("forward"), "targetGroupArn": b.targets.Arn})}, listener))
	b.servers = w.servers(b.estate, w.template(b.estate, nil), merge(pulumi.Map{"targetGroupArns": pulumi.Array{b.targets.Arn}, "healthCheckType": s("ELB")}, servers))
	return b
}

func TestALoadBalancerIsRefusedWhereELBRefusesIt(t *testing.T) {
	t.Parallel()
	with := func(balancer, targets, listener pulumi.Map) func(w *world) {
		return func(w *world) { w.balance(balancer, targets, listener, nil) }
	}
	subnets := func(pick func(e estate) pulumi.Array) func(w *world) {
		return func(w *world) {
			e := w.home()
			w.make(balancerType, "lb", pulumi.Map{"subnets": pick(e)})
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", with(nil, nil, nil), ""},
		{"one zone", subnets(func(e estate) pulumi.Array { return e.public[:1] }), "At least two subnets in two different Availability Zones"},
		{"two subnets in a zone", subnets(func(e estate) pulumi.Array { return pulumi.Array{e.public[0], e.private[0]} }), "multiple subnets in the same Availability Zone"},
		{"private subnets to the internet", subnets(func(e estate) pulumi.Array { return e.private }), "idle:no route to an internet gateway"},
		{"subnets that are too small", func(w *world) {
			e := w.estate("10.0.1.0/28", "10.0.2.0/28")
			w.make(balancerType, "lb", pulumi.Map{"subnets": e.private, "internal": yes(true)})
		}, "InvalidSubnet|at least a /27"},
		{"no internet gateway", func(w *world) {
			vpc := w.make(vpcType, "v", pulumi.Map{"cidrBlock": s("10.0.0.0/16")})
			a := w.make(subnetType, "a", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("10.0.0.0/24"), "availabilityZone": s("eu-west-1a")})
			b := w.make(subnetType, "b", pulumi.Map{"vpcId": vpc.ID(), "cidrBlock": s("10.0.1.0/24"), "availabilityZone": s("eu-west-1b")})
			w.make(balancerType, "lb", pulumi.Map{"subnets": pulumi.Array{a.ID(), b.ID()}})
		}, "InvalidSubnet|has no internet gateway"},
		{"a security group of another VPC", func(w *world) {
			e := w.home()
			other := w.make(vpcType, "w", pulumi.Map{"cidrBlock": s("10.9.0.0/16")})
			w.make(balancerType, "lb", pulumi.Map{"subnets": e.public, "securityGroups": pulumi.Array{w.make(groupType, "x", pulumi.Map{"vpcId": other.ID(), "description": s("x")}).ID()}})
		}, "InvalidConfigurationRequest|One or more security groups are invalid"},
		{"a long name", with(pulumi.Map{"name": s(strings.Repeat("a", 33))}, nil, nil), "name|at most 32"},
		{"a name that ELB reserves", with(pulumi.Map{"name": s("internal-x")}, nil, nil), `must not begin with "internal-"`},
		{"clients kept for ever", with(pulumi.Map{"clientKeepAlive": n(604801)}, nil, nil), "clientKeepAlive"},
		{"a target group of another VPC", func(w *world) {
			e := w.home()
			other := w.make(vpcType, "w", pulumi.Map{"cidrBlock": s("10.9.0.0/16")})
			balancer := w.make(balancerType, "lb", pulumi.Map{"subnets": e.public})
			targets := w.make(targetsType, "tg", pulumi.Map{"vpcId": other.ID(), "port": n(80), "protocol": s("HTTP")})
			w.make(listenerType, "l", pulumi.Map{"loadBalancerArn": balancer.Arn, "port": n(80), "defaultActions": list(pulumi.Map{"type": s("forward"), "targetGroupArn": targets.Arn})})
		}, "InvalidConfigurationRequest|The target group"},
		{"a target group of two load balancers", func(w *world) {
			b := w.balance(nil, nil, nil, nil)
			other := w.make(balancerType, "other", pulumi.Map{"subnets": b.public})
			w.make(listenerType, "other", pulumi.Map{"loadBalancerArn": other.Arn, "port": n(80), "defaultActions": list(pulumi.Map{"type": s("forward"), "targetGroupArn": b.targets.Arn})})
		}, "TargetGroupAssociationLimit"},
		{"two listeners on one port", func(w *world) {
			b := w.balance(nil, nil, nil, nil)
			w.make(listenerType, "again", pulumi.Map{"loadBalancerArn": b.balancer.Arn, "port": n(80), "defaultActions": list(pulumi.Map{"type": s("forward"), "targetGroupArn": b.targets.Arn})})
		}, "DuplicateListener"},
		{"a TCP listener", with(nil, nil, pulumi.Map{"protocol": s("TCP")}), "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'"},
		{"HTTPS without a certificate", with(nil, nil, pulumi.Map{"protocol": s("HTTPS")}), "A certificate must be specified for HTTPS listeners"},
		{"an unknown security policy", with(nil, nil, pulumi.Map{"protocol": s("HTTPS"), "sslPolicy": s("TLS-1-3")}), "SSL policy 'TLS-1-3' not found"},
		{"forwarding to nothing", with(nil, nil, pulumi.Map{"defaultActions": list(pulumi.Map{"type": s("forward")})}), "an action of type forward needs"},
		{"least outstanding requests", with(nil, pulumi.Map{"loadBalancingAlgorithmType": s("least_outstanding_requests")}, nil), ""},
		{"least outstanding requests and a slow start", with(nil, pulumi.Map{"loadBalancingAlgorithmType": s("least_outstanding_requests"), "slowStart": n(30)}, nil), "You cannot enable slow start mode"},
		{"a slow start of 10 seconds", with(nil, pulumi.Map{"slowStart": n(10)}, nil), "0 or from 30 to 900"},
		{"health checks that overlap", with(nil, pulumi.Map{"healthCheck": pulumi.Map{"interval": n(5), "timeout": n(5)}}, nil), "Health check timeout (5) must be smaller than the interval (5)"},
		{"a target group without a VPC", func(w *world) { w.make(targetsType, "tg", pulumi.Map{"port": n(80), "protocol": s("HTTP")}) }, "vpcId should be set when target type is instance"},
	})
}

func TestAListenerSpeaksTLSOnlyWithAnIssuedCertificateOfItsRegion(t *testing.T) {
	t.Parallel()
	secure := func(certificate func(w *world) pulumi.StringInput) func(w *world) {
		return func(w *world) {
			arn := certificate(w)
			w.balance(nil, nil, pulumi.Map{"port": n(443), "protocol": s("HTTPS"), "certificateArn": arn, "sslPolicy": s("ELBSecurityPolicy-TLS13-1-2-2021-06")}, nil)
		}
	}
	runServices(t, []serviceCase{
		{"an issued certificate", secure(func(w *world) pulumi.StringInput { return w.proven(w.zone(), "api.example.com") }), ""},
		{"a certificate that nobody has proven", secure(func(w *world) pulumi.StringInput {
			return w.make(certificateType, "c", pulumi.Map{"domainName": s("api.example.com"), "validationMethod": s("DNS")}).Arn
		}), "UnsupportedCertificate|not issued yet"},
		{"a certificate that does not exist", secure(func(*world) pulumi.StringInput { return s("arn:aws:acm:eu-west-1:111122223333:certificate/none") }), "CertificateNotFound"},
	})
}

func TestAccessLogsNeedABucketThatAdmitsELB(t *testing.T) {
	t.Parallel()
	logged := func(policy func(bucket string) string, algorithm string) func(w *world) {
		return func(w *world) {
			bucket := w.make(bucketType, "logs", pulumi.Map{"bucket": s("elb-logs-111122223333")})
			if policy != nil {
				w.make(bucketPolicyType, "p", pulumi.Map{"bucket": bucket.ID(), "policy": about(bucket.Arn, policy)})
			}
			if algorithm != "" {
				w.make(encryptionType, "e", pulumi.Map{"bucket": bucket.ID(), "rules": list(pulumi.Map{"applyServerSideEncryptionByDefault": pulumi.Map{"sseAlgorithm": s(algorithm)}})})
			}
			w.balance(pulumi.Map{"accessLogs": pulumi.Map{"bucket": bucket.ID(), "prefix": s("access"), "enabled": yes(true)}}, nil, nil, nil)
		}
	}
	open := func(bucket string) string {
		return allow("logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject", bucket+"/access/AWSLogs/111122223333/*")
	}
	runServices(t, []serviceCase{
		{"a bucket that admits ELB", logged(open, ""), ""},
		{"a bucket that admits ELB elsewhere", logged(func(bucket string) string {
			return allow("logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject", bucket+"/other/AWSLogs/111122223333/*")
		}, ""), "Access Denied for bucket: elb-logs-111122223333. Please check S3bucket permission"},
		{"a bucket without a policy", logged(nil, ""), "Access Denied for bucket"},
		{"a bucket with a key of KMS", logged(open, "aws:kms"), "SSE-S3"},
		{"the older account of the region", logged(func(bucket string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::156460612806:root"},"Action":"s3:PutObject","Resource":"` + bucket + `/access/AWSLogs/111122223333/*"}]}`
		}, ""), ""},
	})
}

func TestRequestsPerTargetAreTrackedOnlyWhereTheGroupServesThem(t *testing.T) {
	t.Parallel()
	tracked := func(group pulumi.Map, label func(b balanced) pulumi.StringInput) func(w *world) {
		return func(w *world) {
			b := w.balance(nil, nil, nil, group)
			w.make(scalingPolicyType, "p", pulumi.Map{"autoscalingGroupName": b.servers.Name, "policyType": s("TargetTrackingScaling"),
				"targetTrackingConfiguration": pulumi.Map{"targetValue": n(300), "predefinedMetricSpecification": pulumi.Map{
					"predefinedMetricType": s("ALBRequestCountPerTarget"), "resourceLabel": label(b)}}})
		}
	}
	good := func(b balanced) pulumi.StringInput {
		return pulumi.Sprintf("%s/%s", b.balancer.Suffix, b.targets.Suffix)
	}
	runServices(t, []serviceCase{
		{"its own", tracked(nil, good), ""},
		{"the other way round", tracked(nil, func(b balanced) pulumi.StringInput {
			return pulumi.Sprintf("%s/%s", b.targets.Suffix, b.balancer.Suffix)
		}), "Invalid ResourceLabel"},
		{"one that does not exist", tracked(nil, func(balanced) pulumi.StringInput { return s("app/x/0123456789abcdef/targetgroup/y/0123456789abcdef") }), "no such load balancer"},
		{"one that the group is not attached to", tracked(pulumi.Map{"targetGroupArns": nil, "healthCheckType": nil}, good), "is not attached to the Auto Scaling group"},
		{"no label", tracked(nil, func(balanced) pulumi.StringInput { return nil }), "ResourceLabel is required"},
		{"no listener yet", func(w *world) {
			e := w.home()
			balancer := w.make(balancerType, "lb", pulumi.Map{"subnets": e.public})
			targets := w.make(targetsType, "tg", pulumi.Map{"vpcId": e.vpc, "port": n(80), "protocol": s("HTTP")})
			servers := w.servers(e, w.template(e, nil), pulumi.Map{"targetGroupArns": pulumi.Array{targets.Arn}})
			w.make(scalingPolicyType, "p", pulumi.Map{"autoscalingGroupName": servers.Name, "policyType": s("TargetTrackingScaling"),
				"targetTrackingConfiguration": pulumi.Map{"targetValue": n(300), "predefinedMetricSpecification": pulumi.Map{
					"predefinedMetricType": s("ALBRequestCountPerTarget"), "resourceLabel": pulumi.Sprintf("%s/%s", balancer.Suffix, targets.Suffix)}}})
		}, "does not route traffic to the target group|depend on the listener"},
	})
}

func TestAHookIsRefusedWhereAutoScalingRefusesIt(t *testing.T) {
	t.Parallel()
	hooked := func(args pulumi.Map) func(w *world) {
		return func(w *world) {
			e := w.home()
			w.make(hookType, "h", merge(pulumi.Map{"autoscalingGroupName": w.servers(e, w.template(e, nil), nil).Name,
				"lifecycleTransition": s("autoscaling:EC2_INSTANCE_LAUNCHING")}, args))
		}
	}
	runServices(t, []serviceCase{
		{"the ordinary one", hooked(pulumi.Map{"heartbeatTimeout": n(300), "defaultResult": s("ABANDON")}), ""},
		{"a heartbeat of 10 seconds", hooked(pulumi.Map{"heartbeatTimeout": n(10)}), "heartbeatTimeout|30 to 7200"},
		{"an unknown transition", hooked(pulumi.Map{"lifecycleTransition": s("launching")}), "lifecycleTransition"},
		{"a role without a target", func(w *world) {
			role := w.make(roleType, "r", pulumi.Map{"assumeRolePolicy": s(trusting("autoscaling.amazonaws.com"))})
			hooked(pulumi.Map{"roleArn": role.Arn})(w)
		}, "go together"},
	})
}

func TestLoadBalancersAndGroupsHaveTheNamesThatAWSGivesThem(t *testing.T) {
	t.Parallel()
	rec, err := run(t, func(w *world) { w.balance(nil, nil, nil, nil) })
	require.NoError(t, err)
	balancer, _ := rec.Named(balancerType, "lb")
	out := balancer.Out()
	require.Regexp(t, `^arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/lb-[0-9a-f]{7}/[0-9a-f]{16}$`, balancer.ID)
	require.Regexp(t, `^app/lb-[0-9a-f]{7}/[0-9a-f]{16}$`, out.Text("arnSuffix"))
	require.True(t, strings.HasSuffix(balancer.ID, ":loadbalancer/"+out.Text("arnSuffix")))
	require.Regexp(t, `^lb-[0-9a-f]{7}-\d+\.eu-west-1\.elb\.amazonaws\.com$`, out.Text("dnsName"))
	require.Equal(t, "Z32O12XQLNTSW2", out.Text("zoneId"))
	targets, _ := rec.Named(targetsType, "tg")
	require.True(t, strings.HasSuffix(targets.ID, ":"+targets.Out().Text("arnSuffix")))
	listener, _ := rec.Named(listenerType, "http")
	require.True(t, strings.HasPrefix(listener.ID, strings.Replace(balancer.ID, ":loadbalancer/", ":listener/", 1)+"/"))
	group, _ := rec.Named(scalingGroupType, "asg")
	require.Regexp(t, `^arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName/`+group.ID+`$`, group.Out().Text("arn"))
	require.Equal(t, 2, group.Out().Int("desiredCapacity"))
}
