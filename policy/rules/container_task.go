package rules

import (
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

const oneTask = `
resources:
  cluster:
    type: aws:ecs/cluster:Cluster
    properties:
      name: web
      settings: [{name: containerInsights, value: enabled}]
      configuration: {executeCommandConfiguration: {kmsKeyId: "arn:aws:kms:eu-central-1:111111111111:key/k", logging: OVERRIDE, logConfiguration: {cloudWatchLogGroupName: exec}}}
  task:
    type: aws:ecs/taskDefinition:TaskDefinition
    properties:
      family: web
      networkMode: host
      pidMode: task
      executionRoleArn: arn:aws:iam::111111111111:role/pull
      taskRoleArn: arn:aws:iam::111111111111:role/web
      volumes: [{name: shared, efsVolumeConfiguration: {fileSystemId: fs-1, transitEncryption: ENABLED}}]
      containerDefinitions:
        $json:
          - name: web
            image: web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
            memory: 512
            user: "1000"
            privileged: false
            readonlyRootFilesystem: true
            environment: [{name: STAGE, value: prod}, {name: DB_PASSWORD_ARN, value: "arn:aws:secretsmanager:eu-central-1:111111111111:secret:db"}]
            logConfiguration: {logDriver: awslogs, options: {awslogs-group: web}}
  service:
    type: aws:ecs/service:Service
    properties:
      name: web
      cluster: ${cluster.arn}
      taskDefinition: ${task.arn}
      launchType: FARGATE
      platformVersion: LATEST
      enableExecuteCommand: true
      networkConfiguration: {assignPublicIp: false, subnets: [subnet-1]}
`

// containers judges every container of a task definition.
func containers(judge func(*policy.Case, policy.Value)) check {
	return func(c *policy.Case) {
		definitions := c.Get("containerDefinitions").JSON()
		if definitions.Unknown() {
			c.Unclear(definitions)
			return
		}
		for _, container := range definitions.List() {
			judge(c, container)
		}
	}
}

// inContainers wants something of one property of every container.
func inContainers(path, required string, holds func(policy.Value) bool) check {
	return containers(func(c *policy.Case, container policy.Value) {
		c.Require(container.Get(path), required, holds)
	})
}

// taskRules are about ECS task definitions.
func taskRules() []*policy.Rule {
	return []*policy.Rule{
		ecsNoSecretEnv(),
		ecsLogging(),
		ecsNotPrivileged(),
		ecsReadonlyRoot(),
		ecsNoHostPID(),
		ecsHostModeUser(),
		ecsSplitRoles(),
		ecsEFSTLS(),
		ecsMemoryHardLimit(),
	}
}

func ecsNoSecretEnv() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-no-secret-env", Title: "Containers have no secrets in their environment", Severity: policy.Critical, Blocking: true,
		Types: []string{ecsTask}, Anchors: "nag:ECS2 fsbp:ECS.8 trivy:0036 nist:IA-5",
		Why:     "everybody who may describe the task definition reads its environment, in every revision there ever was",
		Fix:     "put the ARN of the secret or parameter into secrets[].valueFrom of the container",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"},
		Check:   checkTaskSecrets,
		Proof: policy.Proof{
			Good: oneTask,
			Bad: []string{
				`task.containerDefinitions[0].environment[0]={name: DB_PASSWORD, value: hunter2hunter2}`, `task.containerDefinitions[0].environment[0].value=AKIAIOSFODNN7EXAMPLE`,
				`task.containerDefinitions={$secret: '[{"name": "web", "environment": [{"name": "A", "value": "b"}]}]'}`,
			},
			Guard: "task.containerDefinitions", Absent: policy.Pass,
			Also: []string{"secret-shaped-text", "secret-in-plain-place", "ecs-logging", "ecs-readonly-root", "ecs-host-mode-user", "ecs-memory-hard-limit"},
		},
	}
}

func ecsLogging() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-logging", Title: "Containers log somewhere", Severity: policy.Medium,
		Types: []string{ecsTask}, Anchors: "nag:ECS7 fsbp:ECS.9 nist:AU-12",
		Why:     "what a container wrote is gone with it, and with it the reason why it stopped",
		Fix:     "set logConfiguration.logDriver to awslogs or awsfirelens, and its options",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"},
		Check:   inContainers("logConfiguration.logDriver", "a log driver", func(v policy.Value) bool { return !v.Empty() && !v.Is("none") }),
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.containerDefinitions[0].logConfiguration!", "task.containerDefinitions[0].logConfiguration.logDriver=none"},
			Guard: "task.containerDefinitions[0].logConfiguration.logDriver", Absent: policy.Violation,
		},
	}
}

func ecsNotPrivileged() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-not-privileged", Title: "Containers are not privileged", Severity: policy.High,
		Types: []string{ecsTask}, Anchors: "fsbp:ECS.4 ckv:334 nist:AC-6",
		Why:     "a privileged container is root on its host: one hole in it opens every other container there",
		Fix:     "leave privileged out, and add the single Linux capabilities that the container needs",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html"},
		Check:   inContainers("privileged", "false", func(v policy.Value) bool { return !v.True() }),
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.containerDefinitions[0].privileged=true"}, Guard: "task.containerDefinitions[0].privileged", Absent: policy.Pass,
			Also: []string{"ecs-host-mode-user"},
		},
	}
}

func ecsReadonlyRoot() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-readonly-root", Title: "Containers cannot change their own files", Severity: policy.Medium,
		Types: []string{ecsTask}, Anchors: "fsbp:ECS.5 ckv:336 nist:CM-7",
		Why:     "who breaks in can write tools beside the code, or change the code",
		Fix:     "set readonlyRootFilesystem to true, and mount a volume where the container has to write",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html"},
		Check:   inContainers("readonlyRootFilesystem", "true", policy.Value.True),
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.containerDefinitions[0].readonlyRootFilesystem=false"},
			Guard: "task.containerDefinitions[0].readonlyRootFilesystem", Absent: policy.Violation,
		},
	}
}

func ecsNoHostPID() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-no-host-pid", Title: "Tasks do not share the processes of their host", Severity: policy.High,
		Types: []string{ecsTask}, Anchors: "fsbp:ECS.3 ckv:335 nist:AC-6",
		Why:     "a container that sees the host's processes reads their memory and environment, and can stop them",
		Fix:     "leave pidMode out, or set it to task",
		Sources: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html"},
		Check: func(c *policy.Case) {
			c.Require(c.Get("pidMode"), "task, or nothing", func(v policy.Value) bool { return !v.Is("host") })
		},
		Proof: policy.Proof{Good: oneTask, Bad: []string{"task.pidMode=host"}, Guard: "task.pidMode", Absent: policy.Pass},
	}
}

func ecsHostModeUser() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-host-mode-user", Title: "Tasks in the network of their host do not run as root", Severity: policy.Medium,
		Types: []string{ecsTask}, Anchors: "nagn:ECSTaskDefinitionUserForHostMode fsbp:ECS.1 guard:ecs-task-definition-user-for-host-mode-check nist:AC-6",
		Why:     "root in the network of the host can listen to everything on it and take any port",
		Fix:     "set networkMode to awsvpc, or user of every container to one that is not root",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/networking-networkmode-host.html"},
		Check: func(c *policy.Case) {
			if mode := c.Get("networkMode"); mode.Known() && !mode.Is("host") || mode.Absent() {
				c.Skip("it has a network of its own")
				return
			}
			inContainers("user", "a user that is not root", func(v policy.Value) bool {
				user, _, _ := strings.Cut(v.Text(), ":") // The group follows.
				return v.Known() && user != "" && user != "root" && user != "0"
			})(c)
		},
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.containerDefinitions[0].user!", "task.containerDefinitions[0].user=root", `task.containerDefinitions[0].user="0:0"`, `task.containerDefinitions[0].user="0:1000"`},
			Guard: "task.containerDefinitions[0].user", Absent: policy.Violation, Exempt: "task.networkMode=awsvpc",
		},
	}
}

func ecsSplitRoles() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-split-roles", Title: "Tasks do not run with the role that starts them", Severity: policy.Medium,
		Types: []string{ecsTask}, Anchors: "ckv:249 nist:AC-6",
		Why:     "the code in the container can then do what the agent may: pull every image, read every secret of the task",
		Fix:     "give the task a taskRoleArn of its own",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html"},
		Check:   checkSplitRoles,
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.taskRoleArn=arn:aws:iam::111111111111:role/pull"}, Guard: "task.taskRoleArn", Absent: policy.NotApplicable,
			Exempt: "task.executionRoleArn!",
		},
	}
}

func ecsEFSTLS() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-efs-tls", Title: "Tasks mount file systems over TLS", Severity: policy.High,
		Types: []string{ecsTask}, Anchors: "ckv:97 trivy:0035 nist:SC-8",
		Why:     "files cross the network readable for who listens on it",
		Fix:     "set efsVolumeConfiguration.transitEncryption to ENABLED",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-efs-config.html"},
		Check: func(c *policy.Case) {
			volumes := c.Get("volumes")
			if volumes.Unknown() {
				c.Unclear(volumes)
			}
			for _, volume := range volumes.List() {
				if files := volume.Get("efsVolumeConfiguration"); !files.Absent() {
					c.Require(files.Get("transitEncryption"), "ENABLED", func(v policy.Value) bool { return v.Is("ENABLED") })
				}
			}
		},
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.volumes[0].efsVolumeConfiguration.transitEncryption=DISABLED"},
			Guard: "task.volumes[0].efsVolumeConfiguration.transitEncryption", Absent: policy.Violation,
		},
	}
}

func ecsMemoryHardLimit() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-memory-hard-limit", Title: "Containers have a limit of memory", Severity: policy.Medium,
		Types: []string{ecsTask}, Anchors: "config:ecs-task-definition-memory-hard-limit nist:SC-5",
		Why:     "a container that leaks memory takes its neighbours on the host down with it",
		Fix:     "set memory of the task, or of every container",
		Sources: []string{"https://docs.aws.amazon.com/config/latest/developerguide/ecs-task-definition-memory-hard-limit.html"},
		Check: func(c *policy.Case) {
			if !c.Get("memory").Empty() {
				return
			}
			inContainers("memory", "a limit in MiB", func(v policy.Value) bool { return v.Number() > 0 })(c)
		},
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"task.containerDefinitions[0].memory!", "task.containerDefinitions[0].memory! ; task.containerDefinitions[0].memoryReservation=256"},
			Guard: "task.containerDefinitions[0].memory", Absent: policy.Violation,
		},
	}
}

func checkTaskSecrets(c *policy.Case) {
	definitions := c.Get("containerDefinitions")
	if definitions.Secret() {
		c.Broken(definitions.Path(), "a secret of the program is in it", "the ARN of the secret, in secrets[].valueFrom")
		return
	}
	containers(func(c *policy.Case, container policy.Value) {
		for _, variable := range container.Get("environment").List() {
			checkPlainVariable(c, variable.Get("name").Text(), variable.Get("value"))
		}
	})(c)
}

func checkSplitRoles(c *policy.Case) {
	own, starts := c.Get("taskRoleArn"), c.Get("executionRoleArn")
	if own.Absent() || starts.Absent() {
		c.Skip("it has one role only")
		return
	}
	first, second := own.Ref(iamRole).Node(), starts.Ref(iamRole).Node()
	if own.Known() && starts.Known() && own.Text() != starts.Text() || first != nil && second != nil && first != second {
		return
	}
	if own.Known() && starts.Known() || first != nil && first == second {
		c.Broken(own.Path(), "the role that starts the task", "a role of the task's own")
		return
	}
	c.Unclear(own)
}

// ecsServiceRules are about ECS services and clusters.
func ecsServiceRules() []*policy.Rule {
	return []*policy.Rule{
		ecsNoPublicIP(),
		ecsFargateLatest(),
		ecsInsights(),
		ecsExecLogged(),
	}
}

func ecsNoPublicIP() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-no-public-ip", Title: "Services have no public addresses", Severity: policy.High, Blocking: true,
		Types: []string{ecsService, "aws:ecs/taskSet:TaskSet", eventTarget}, Anchors: "fsbp:ECS.2 ckv:333 nist:AC-4",
		Why:     "every task is on the internet, past the load balancer and what protects it",
		Fix:     "set networkConfiguration.assignPublicIp to false, and run the tasks in private subnets",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"},
		Check: func(c *policy.Case) {
			path := "networkConfiguration.assignPublicIp"
			if c.Type == eventTarget {
				path = "ecsTarget." + path
			}
			c.False(path)
		},
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"service.networkConfiguration.assignPublicIp=true",
				`+set={type: "aws:ecs/taskSet:TaskSet", properties: {networkConfiguration: {assignPublicIp: true, subnets: [subnet-1]}}}`,
				`+nightly={type: "aws:cloudwatch/eventTarget:EventTarget", properties: {ecsTarget: {networkConfiguration: {assignPublicIp: true, subnets: [subnet-1]}}}}`,
			}, Guard: "service.networkConfiguration.assignPublicIp", Absent: policy.Pass, Also: []string{"eventbridge-dead-letter"},
		},
	}
}

func ecsFargateLatest() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-fargate-latest", Title: "Services run on the newest platform of Fargate", Severity: policy.Medium,
		Types: []string{ecsService}, Anchors: "fsbp:ECS.10 ckv:332 nist:SI-2",
		Why:     "an old platform gets no patches of the kernel and the runtime, and is retired on a day of AWS's choice",
		Fix:     "leave platformVersion out, or set it to LATEST",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html"},
		Check: func(c *policy.Case) {
			if launch := c.Get("launchType"); launch.Known() && !launch.Is("FARGATE") {
				c.Skip("it does not run on Fargate")
				return
			}
			c.Require(c.Get("platformVersion"), "LATEST, or nothing", func(v policy.Value) bool { return v.Empty() || v.In("LATEST", "1.4.0") })
		},
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"service.platformVersion=1.3.0"}, Guard: "service.platformVersion", Absent: policy.Pass, Exempt: "service.launchType=EC2",
		},
	}
}

func ecsInsights() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-insights", Title: "Clusters measure their containers", Severity: policy.Low, Advisory: true,
		Types: []string{ecsCluster}, Anchors: "nag:ECS4 fsbp:ECS.12 ckv:65 trivy:0034 config:ecs-container-insights-enabled",
		Why:     "without the metrics of single tasks nobody sees which of them ran out of memory",
		Fix:     "set settings to containerInsights with the value enabled or enhanced",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-container-insights.html"},
		Check: func(c *policy.Case) {
			settings := c.Get("settings")
			for _, setting := range settings.List() {
				if setting.Get("name").Is("containerInsights") {
					c.Require(setting.Get("value"), "enabled or enhanced", func(v policy.Value) bool { return v.In("enabled", "enhanced") })
					return
				}
			}
			c.Require(settings, "containerInsights with the value enabled", func(policy.Value) bool { return false })
		},
		Proof: policy.Proof{
			Good: oneTask, Bad: []string{"cluster.settings[0].value=disabled", "cluster.settings!"}, Guard: "cluster.settings[0].value", Absent: policy.Violation,
		},
	}
}

func ecsExecLogged() *policy.Rule {
	return &policy.Rule{
		ID: "ecs-exec-logged", Title: "What engineers do inside of containers is logged and encrypted", Severity: policy.Medium,
		Types: []string{ecsService}, Anchors: "ckv:223,224 nist:AU-12",
		Why:     "who opens a shell in a container leaves no trace of what was done there",
		Fix:     "set configuration.executeCommandConfiguration of the cluster to logging OVERRIDE with a logConfiguration, and kmsKeyId",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"},
		Check:   checkExecLogged,
		Proof: policy.Proof{
			Good: oneTask,
			Bad: []string{
				"cluster.configuration!", "cluster.configuration.executeCommandConfiguration.logging=NONE", "cluster.configuration.executeCommandConfiguration.kmsKeyId!",
			},
			Guard: "cluster.configuration.executeCommandConfiguration.logging", Absent: policy.Violation, Exempt: "service.enableExecuteCommand=false",
			FixtureOnly: "the cluster is another resource than the service that is judged",
		},
	}
}

func checkExecLogged(c *policy.Case) {
	if on := c.Get("enableExecuteCommand"); !on.True() && !on.Unknown() {
		c.Skip("nobody can open a shell in it")
		return
	}
	cluster := c.Get("cluster").Ref(ecsCluster).Node()
	if cluster == nil {
		c.UnclearBecause("cluster", "the cluster is not a resource of this stack")
		return
	}
	const exec = "configuration.executeCommandConfiguration."
	logging := cluster.Get(exec + "logging")
	c.Require(logging, "OVERRIDE in the cluster, with a log of its own", func(v policy.Value) bool { return v.Is("OVERRIDE") }, policy.Saw(cluster, logging.Path(), "decides"))
	key := cluster.Get(exec + "kmsKeyId")
	if key.Empty() {
		c.Fail(key, "a key of your own in the cluster", policy.Saw(cluster, key.Path(), "decides"))
	}
}
