package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// podIsolationRules keep a container inside its pod.
func podIsolationRules() []*policy.Rule {
	return []*policy.Rule{
		notPrivileged(), noEscalation(), nonRoot(), dropCapabilities(), seccomp(), readOnlyRoot(),
	}
}

func notPrivileged() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-not-privileged", Title: "No container is privileged", Severity: policy.Critical, Types: podTypes,
		Anchors: "score:container-security-context-privileged polaris:runAsPrivileged pss:baseline ksv:0017 ckvk:16",
		Why:     "a privileged container has the node's devices and kernel: whoever gets into it owns the node and every pod on it",
		Fix:     "remove securityContext.privileged, and add the one capability that is needed instead",
		Sources: []string{podStandards},
		Check:   ofContainers("securityContext.privileged", "false", notTrue, false),
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, securityContext: {privileged: false}}], initContainers: [{name: init}]}`),
			Bad: []string{
				specPath + "containers[0].securityContext.privileged=true", specPath + "initContainers[0].securityContext={privileged: true}",
				specPath + "ephemeralContainers=[{name: debug, securityContext: {privileged: true}}]",
			},
			Guard: specPath + "containers[0].securityContext.privileged", Absent: policy.Pass,
		},
	}
}

func noEscalation() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-privilege-escalation", Title: "No process gains more rights than its parent", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:privilegeEscalationAllowed pss:restricted ksv:0001 ckvk:20",
		Why:     "with a setuid binary in the image a process that was started without rights becomes root; Kubernetes allows it unless it is told not to",
		Fix:     "set securityContext.allowPrivilegeEscalation to false in every container",
		Sources: []string{podStandards, "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"},
		Check:   ofContainers("securityContext.allowPrivilegeEscalation", "false, written out", isFalsy, true),
		Proof: policy.Proof{
			Good:  deploymentOf(`{containers: [{name: web, securityContext: {allowPrivilegeEscalation: false}}]}`),
			Bad:   []string{specPath + "containers[0].securityContext.allowPrivilegeEscalation=true", specPath + "containers[0].securityContext!"},
			Guard: specPath + "containers[0].securityContext.allowPrivilegeEscalation", Absent: policy.Violation,
			Exempt: specPath + "os={name: windows}",
		},
	}
}

func nonRoot() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-run-as-non-root", Title: "Containers do not run as root", Severity: policy.High, Types: podTypes,
		Anchors: "score:container-security-context-user-group-id polaris:runAsRootAllowed pss:restricted ksv:0012,0105 ckvk:23",
		Why:     "root in a container is root on the node once a flaw lets it out",
		Fix:     "set securityContext.runAsNonRoot to true and runAsUser to a user other than 0",
		Sources: []string{podStandards},
		Check: func(c *policy.Case) {
			eachContainer(c, func(container policy.Value) {
				c.Require(inherited(c.Node, container, "runAsNonRoot"), "true", policy.Value.True)
				c.Require(inherited(c.Node, container, "runAsUser"), "a user other than 0, which is root", func(v policy.Value) bool { return !v.Is("0") })
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{securityContext: {runAsNonRoot: true, runAsUser: 10001}, containers: [{name: web}]}`),
			Bad: []string{
				specPath + "securityContext.runAsNonRoot=false", specPath + "securityContext.runAsUser=0", specPath + "securityContext!",
				specPath + "containers[0].securityContext={runAsNonRoot: false}", specPath + "containers[0].securityContext={runAsUser: 0}",
			},
			Guard: specPath + "securityContext.runAsNonRoot", Absent: policy.Violation,
		},
	}
}

func dropCapabilities() *policy.Rule {
	const path = "securityContext.capabilities"
	return &policy.Rule{
		ID: "k8s-capabilities-dropped", Title: "Containers give up all capabilities but NET_BIND_SERVICE", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:dangerousCapabilities,insecureCapabilities pss:restricted ksv:0003,0005,0022,0106 ckvk:28,37",
		Why:     "the container runtime's own set lets a process forge packets, change owners and make device files; a server needs none of it",
		Fix:     `set securityContext.capabilities to {drop: ["ALL"]}, with add: ["NET_BIND_SERVICE"] for a port below 1024`,
		Sources: []string{podStandards},
		Check: func(c *policy.Case) {
			if windows(c.Node) {
				c.Skip("the pods run on Windows, which has no capabilities")
				return
			}
			eachContainer(c, func(container policy.Value) {
				c.Require(container.Get(path+".drop"), "ALL among them", func(v policy.Value) bool { return anyItem(v, isAll) })
				for _, added := range container.Get(path + ".add").Items() {
					c.Require(added, "nothing but NET_BIND_SERVICE", func(v policy.Value) bool { return v.In("NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE") })
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}]}`),
			Bad: []string{
				specPath + "containers[0].securityContext.capabilities.drop=[NET_RAW]", specPath + "containers[0].securityContext.capabilities.add=[SYS_ADMIN]",
				specPath + "containers[0].securityContext!", specPath + "initContainers=[{name: init}]",
			},
			Guard: specPath + "containers[0].securityContext.capabilities.drop", Absent: policy.Violation,
			Exempt: specPath + "os={name: windows}",
		},
	}
}

func isAll(v policy.Value) bool { return strings.EqualFold(v.Text(), "ALL") }

func anyItem(list policy.Value, holds func(policy.Value) bool) bool {
	return slices.ContainsFunc(list.Items(), holds)
}

func seccomp() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-seccomp", Title: "Containers run under a seccomp profile", Severity: policy.Medium, Types: podTypes,
		Anchors: "score:container-seccomp-profile polaris:linuxHardening pss:restricted ksv:0030,0104 ckvk:31",
		Why:     "without a profile a process may make every system call, and most ways out of a container begin with a rare one",
		Fix:     "set securityContext.seccompProfile.type of the pod to RuntimeDefault",
		Sources: []string{podStandards, "https://kubernetes.io/docs/tutorials/security/seccomp/"},
		Check: func(c *policy.Case) {
			if windows(c.Node) {
				c.Skip("the pods run on Windows, which has no seccomp")
				return
			}
			eachContainer(c, func(container policy.Value) {
				c.Require(inherited(c.Node, container, "seccompProfile.type"), "RuntimeDefault or Localhost", func(v policy.Value) bool { return v.In("RuntimeDefault", "Localhost") })
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: web}]}`),
			Bad: []string{
				specPath + "securityContext.seccompProfile.type=Unconfined", specPath + "containers[0].securityContext={seccompProfile: {type: Unconfined}}",
				specPath + "securityContext!",
			},
			Guard: specPath + "securityContext.seccompProfile.type", Absent: policy.Violation,
			Exempt: specPath + "os={name: windows}",
		},
	}
}

func readOnlyRoot() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-read-only-root", Title: "Containers cannot change their own file system", Severity: policy.Medium, Types: podTypes,
		Anchors: "score:container-security-context-readonlyrootfilesystem polaris:notReadOnlyRootFilesystem ksv:0014 ckvk:22",
		Why:     "whoever gets in can install tools and stay, and files that a server writes there fill the node's disk and are lost on restart",
		Fix:     "set securityContext.readOnlyRootFilesystem to true, and mount an emptyDir with a sizeLimit where the server writes",
		Sources: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"},
		Check:   ofContainers("securityContext.readOnlyRootFilesystem", "true", policy.Value.True, true),
		Proof: policy.Proof{
			Good:  deploymentOf(`{containers: [{name: web, securityContext: {readOnlyRootFilesystem: true}}]}`),
			Bad:   []string{specPath + "containers[0].securityContext.readOnlyRootFilesystem=false", specPath + "containers[0].securityContext!"},
			Guard: specPath + "containers[0].securityContext.readOnlyRootFilesystem", Absent: policy.Violation,
			Exempt: specPath + "os={name: windows}",
		},
	}
}

// podHostRules keep a pod off its node.
func podHostRules() []*policy.Rule {
	return []*policy.Rule{
		noHostNamespaces(), noHostPath(), noHostPort(), noHostProcess(), defaultProc(), safeSysctls(), selinux(), volumeTypes(), noTokenMount(),
	}
}

func noHostNamespaces() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-host-namespaces", Title: "Pods share no namespace with their node", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:hostPIDSet,hostIPCSet,hostNetworkSet pss:baseline ksv:0008,0009,0010 ckvk:17,18,19",
		Why:     "the pod sees the node's processes, memory or network, past every network policy",
		Fix:     "remove hostNetwork, hostPID and hostIPC",
		Sources: []string{podStandards},
		Check:   ofPods("false", notTrue, "hostNetwork", "hostPID", "hostIPC"),
		Proof: policy.Proof{
			Good:  deploymentOf(`{hostNetwork: false, containers: [{name: web}]}`),
			Bad:   []string{specPath + "hostNetwork=true", specPath + "hostPID=true", specPath + "hostIPC=true"},
			Guard: specPath + "hostNetwork", Absent: policy.Pass,
		},
	}
}

// eachVolume visits the volumes of the pods.
func eachVolume(c *policy.Case, visit func(volume policy.Value)) {
	volumes := podSpec(c.Node).Get("volumes")
	for _, volume := range volumes.Items() {
		if volume.Unknown() {
			c.Unclear(volume)
			continue
		}
		visit(volume)
	}
}

func noHostPath() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-host-path", Title: "Pods mount no directory of their node", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:hostPathSet pss:baseline ksv:0023",
		Why:     "a directory of the node holds other pods' secrets and the runtime's socket, and a pod that moves to another node finds other files there",
		Fix:     "use an emptyDir or a persistentVolumeClaim instead of hostPath",
		Sources: []string{podStandards, "https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"},
		Check: func(c *policy.Case) {
			eachVolume(c, func(volume policy.Value) { c.Require(volume.Get("hostPath"), "no hostPath", isAbsent) })
		},
		Proof: policy.Proof{
			Good:  deploymentOf(`{volumes: [{name: tmp, emptyDir: {sizeLimit: 64Mi}}], containers: [{name: web}]}`),
			Bad:   []string{specPath + "volumes[0]={name: tmp, hostPath: {path: /var/run}}"},
			Guard: specPath + "volumes", Absent: policy.Pass, Also: []string{"k8s-volume-types"},
		},
	}
}

func noHostPort() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-host-port", Title: "Containers take no port of their node", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:hostPortSet pss:baseline ksv:0024 ckvk:26",
		Why:     "the port is open on the node past services and network policies, and a second replica does not fit on the same node",
		Fix:     "remove hostPort and reach the pods through a Service",
		Sources: []string{podStandards},
		Check: func(c *policy.Case) {
			eachContainer(c, func(container policy.Value) {
				for _, port := range container.Get("ports").Items() {
					c.Require(port.Get("hostPort"), "no hostPort", func(v policy.Value) bool { return v.Absent() || v.Is("0") })
				}
			})
		},
		Proof: policy.Proof{
			Good:  deploymentOf(`{containers: [{name: web, ports: [{containerPort: 8080}]}]}`),
			Bad:   []string{specPath + "containers[0].ports[0].hostPort=80"},
			Guard: specPath + "containers[0].ports", Absent: policy.Pass,
		},
	}
}

func noHostProcess() *policy.Rule {
	const path = "windowsOptions.hostProcess"
	return &policy.Rule{
		ID: "k8s-no-host-process", Title: "Windows pods are not processes of their node", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:hostProcess pss:baseline ksv:0103",
		Why:     "a host process container runs as the node itself, with all it can reach",
		Fix:     "remove securityContext.windowsOptions.hostProcess",
		Sources: []string{podStandards},
		Check:   both(ofPods("false", notTrue, "securityContext."+path), ofContainers("securityContext."+path, "false", notTrue, false)),
		Proof: policy.Proof{
			Good:  deploymentOf(`{securityContext: {windowsOptions: {hostProcess: false}}, containers: [{name: web}]}`),
			Bad:   []string{specPath + "securityContext." + path + "=true", specPath + "containers[0].securityContext={windowsOptions: {hostProcess: true}}"},
			Guard: specPath + "securityContext." + path, Absent: policy.Pass,
		},
	}
}

func defaultProc() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-proc-masked", Title: "Containers see the masked /proc only", Severity: policy.High, Types: podTypes,
		Anchors: "polaris:procMount pss:baseline ksv:0027",
		Why:     "an unmasked /proc shows and changes settings of the node's kernel",
		Fix:     "remove securityContext.procMount",
		Sources: []string{podStandards},
		Check:   ofContainers("securityContext.procMount", "Default", func(v policy.Value) bool { return v.Absent() || v.Is("Default") }, false),
		Proof: policy.Proof{
			Good:  deploymentOf(`{containers: [{name: web, securityContext: {procMount: Default}}]}`),
			Bad:   []string{specPath + "containers[0].securityContext.procMount=Unmasked"},
			Guard: specPath + "containers[0].securityContext.procMount", Absent: policy.Pass,
		},
	}
}

// sysctlsAllowed are the kernel settings that belong to a pod alone, as the baseline standard lists them.
var sysctlsAllowed = []string{
	"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
	"net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
}

func safeSysctls() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-safe-sysctls", Title: "Pods change only kernel settings of their own", Severity: policy.High, Types: podTypes,
		Anchors: "pss:baseline ksv:0026",
		Why:     "a kernel setting outside the safe list changes the node for every pod on it, and most clusters refuse the pod",
		Fix:     "remove the entry from securityContext.sysctls",
		Sources: []string{podStandards},
		Check: func(c *policy.Case) {
			for _, entry := range podSpec(c.Node).Get("securityContext.sysctls").Items() {
				c.Require(entry.Get("name"), "one of the safe sysctls", func(v policy.Value) bool { return v.In(sysctlsAllowed...) })
			}
		},
		Proof: policy.Proof{
			Good:  deploymentOf(`{securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}]}, containers: [{name: web}]}`),
			Bad:   []string{specPath + "securityContext.sysctls[0].name=kernel.msgmax"},
			Guard: specPath + "securityContext.sysctls[0].name", Absent: policy.Violation,
		},
	}
}

func selinux() *policy.Rule {
	allowed := []string{"container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
	return &policy.Rule{
		ID: "k8s-selinux-confined", Title: "Containers keep a confined SELinux type", Severity: policy.High, Types: podTypes,
		Anchors: "pss:baseline ksv:0025",
		Why:     "another type, user or role takes the confinement away that keeps a container off the node's files",
		Fix:     "remove securityContext.seLinuxOptions, or set its type to container_t and no user and role",
		Sources: []string{podStandards},
		Check: func(c *policy.Case) {
			eachContainer(c, func(container policy.Value) {
				c.Require(inherited(c.Node, container, "seLinuxOptions.type"), strings.Join(allowed, ", ")+" or none", func(v policy.Value) bool { return v.Empty() || v.In(allowed...) })
				for _, key := range []string{"user", "role"} {
					c.Require(inherited(c.Node, container, "seLinuxOptions."+key), "none", policy.Value.Empty)
				}
			})
		},
		Proof: policy.Proof{
			Good: deploymentOf(`{securityContext: {seLinuxOptions: {type: container_t}}, containers: [{name: web}]}`),
			Bad: []string{
				specPath + "securityContext.seLinuxOptions.type=spc_t", specPath + "securityContext.seLinuxOptions.user=system_u",
				specPath + "securityContext.seLinuxOptions.role=sysadm_r", specPath + "containers[0].securityContext={seLinuxOptions: {type: spc_t}}",
			},
			Guard: specPath + "securityContext.seLinuxOptions.type", Absent: policy.Pass,
		},
	}
}

func volumeTypes() *policy.Rule {
	allowed := []string{"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image"}
	return &policy.Rule{
		ID: "k8s-volume-types", Title: "Pods mount only kinds of volumes that a cluster manages", Severity: policy.Low, Advisory: true, Types: podTypes,
		Anchors: "pss:restricted ksv:0028",
		Why:     "volumes of other kinds name a server or a disk directly, past the cluster's storage classes, quotas and access rules",
		Fix:     "use a persistentVolumeClaim",
		Sources: []string{podStandards},
		Check: func(c *policy.Case) {
			eachVolume(c, func(volume policy.Value) {
				for _, key := range volume.Keys() {
					if key != "name" && !slices.Contains(allowed, key) {
						c.Broken(volume.Path()+"."+key, "a volume of kind "+key, strings.Join(allowed, ", "))
					}
				}
			})
		},
		Proof: policy.Proof{
			Good:  deploymentOf(`{volumes: [{name: data, persistentVolumeClaim: {claimName: data}}], containers: [{name: web}]}`),
			Bad:   []string{specPath + "volumes[0]={name: data, nfs: {server: files.example.com, path: /data}}"},
			Guard: specPath + "volumes", Absent: policy.Pass,
		},
	}
}

func noTokenMount() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-no-token-mount", Title: "Pods that do not call the API have no token", Severity: policy.Medium, Types: podTypes,
		Anchors: "polaris:automountServiceAccountToken ksv:0036 ckvk:38",
		Why:     "the token lies as a file in every container, and whoever reads it acts as the service account",
		Fix:     "set automountServiceAccountToken of the pod to false; a pod that needs the API takes a projected token with an expiry",
		Sources: []string{"https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting"},
		Check:   ofPods("false, written out", isFalsy, "automountServiceAccountToken"),
		Proof: policy.Proof{
			Good:  deploymentOf(`{automountServiceAccountToken: false, containers: [{name: web}]}`),
			Bad:   []string{specPath + "automountServiceAccountToken=true", specPath + "automountServiceAccountToken!"},
			Guard: specPath + "automountServiceAccountToken", Absent: policy.Violation,
		},
	}
}
