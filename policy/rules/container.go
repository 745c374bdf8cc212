package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

const (
	ecsTask       = "aws:ecs/taskDefinition:TaskDefinition"
	ecsService    = "aws:ecs/service:Service"
	ecsCluster    = "aws:ecs/cluster:Cluster"
	ecrRepository = "aws:ecr/repository:Repository"
	ecrPolicy     = "aws:ecr/repositoryPolicy:RepositoryPolicy"
	ecrLifecycle  = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	ecrScanning   = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
	eksCluster    = "aws:eks/cluster:Cluster"
)

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
var _ = policy.Default(ecrRepository, map[string]any{"imageTagMutability": "MUTABLE", "imageScanningConfiguration.scanOnPush": false})

// https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html
var _ = policy.Default(eksCluster, map[string]any{"vpcConfig.endpointPublicAccess": true})

// containerRules are about ECS, ECR and the EKS control plane.
func containerRules() []*policy.Rule {
	rules := append(taskRules(), ecsServiceRules()...)
	return append(append(rules, imageRules()...), controlPlaneRules()...)
}

func imageRules() []*policy.Rule {
	return []*policy.Rule{
		ecrScan(),
		ecrImmutable(),
		ecrLifecycleRule(),
		ecrNotPublic(),
		ecrOwnKey(),
	}
}

func ecrScan() *policy.Rule {
	return &policy.Rule{
		ID: "ecr-scan", Title: "Images are scanned when they are pushed", Severity: policy.High,
		Types: []string{ecrRepository}, Anchors: "fsbp:ECR.1 ckv:163 trivy:0030 cp:aws-ecr-repository-enable-image-scan nist:RA-5",
		Why:     "an image with a known hole goes into production without anybody having been told",
		Fix:     "set imageScanningConfiguration.scanOnPush to true, or scan the whole registry by aws.ecr.RegistryScanningConfiguration",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html"},
		Check: func(c *policy.Case) {
			for scan := range c.Each(ecrScanning) {
				if scansAll(scan) && scan.Region() == c.Region() {
					return
				}
			}
			c.True("imageScanningConfiguration.scanOnPush")
		},
		Proof: policy.Proof{
			Good: oneRepository, Bad: []string{"images.imageScanningConfiguration.scanOnPush=false"},
			Guard: "images.imageScanningConfiguration.scanOnPush", Absent: policy.Violation,
		},
	}
}

func ecrImmutable() *policy.Rule {
	return &policy.Rule{
		ID: "ecr-immutable", Title: "The tag of an image never moves", Severity: policy.High,
		Types: []string{ecrRepository}, Anchors: "fsbp:ECR.2 ckv:51 trivy:0031 cp:aws-ecr-repository-disallow-mutable-image nist:CM-3",
		Why:     "whoever can push can replace a version that was tested and promoted: the next server that starts runs something else than its neighbours",
		Fix:     "set imageTagMutability to IMMUTABLE",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"},
		Check:   isOneOf("imageTagMutability", "IMMUTABLE"),
		Proof: policy.Proof{
			Good: oneRepository, Bad: []string{"images.imageTagMutability=MUTABLE"}, Guard: "images.imageTagMutability", Absent: policy.Violation,
		},
	}
}

func ecrLifecycleRule() *policy.Rule {
	return &policy.Rule{
		ID: "ecr-lifecycle", Title: "Old images are removed", Severity: policy.Medium, ProdOnly: true,
		Types: []string{ecrRepository}, Anchors: "fsbp:ECR.3",
		Why:     "images pile up until the repository's quota stops the next release, and old ones with known holes stay pullable",
		Fix:     "add an aws.ecr.LifecyclePolicy that keeps the versions you may roll back to",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html"},
		Check: func(c *policy.Case) {
			if len(referringBy(c.Graph(), ecrLifecycle, "repository", ecrRepository).to[c.Node]) == 0 {
				c.Broken("", "no lifecycle policy", "a lifecycle policy")
			}
		},
		Proof: policy.Proof{
			Good: oneRepository, Bad: []string{"old!", "old.repository=another"}, Unguarded: "the rule asks whether a policy is there, not for a value",
		},
	}
}

func ecrNotPublic() *policy.Rule {
	return &policy.Rule{
		ID: "ecr-not-public", Title: "Image repositories are not open to everybody", Severity: policy.High, Blocking: true,
		Types: []string{ecrPolicy}, Anchors: "nag:ECR1 ckv:32 trivy:0032 nist:AC-3",
		Why:     "strangers can pull your code, or push an image that your servers then run",
		Fix:     "name the accounts and services in Principal",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html"},
		Check:   checkNotPublic,
		Proof: policy.Proof{
			Good: oneRepository, Bad: []string{`access.policy.Statement[0].Principal="*"`, `access.policy.Statement[0].Principal={AWS: "*"}`},
			Guard: "access.policy", Absent: policy.Pass,
		},
	}
}

func ecrOwnKey() *policy.Rule {
	return &policy.Rule{
		ID: "ecr-own-key", Title: "Images are encrypted with a key of the owner's", Severity: policy.Low, Advisory: true,
		Types: []string{ecrRepository}, Anchors: "ckv:136 trivy:0033 cp:aws-ecr-repository-configure-customer-managed-key nist:SC-12",
		Why:     "with a key of your own, pulling takes a right to the key too, and that is logged",
		Fix:     "set encryptionConfigurations to one with encryptionType KMS and kmsKey; it cannot be changed later",
		Sources: []string{"https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html"},
		Check:   both(isOneOf("encryptionConfigurations[0].encryptionType", "KMS", "KMS_DSSE"), isSet("encryptionConfigurations[0].kmsKey", "a key of your own")),
		Proof: policy.Proof{
			Good: oneRepository, Bad: []string{"images.encryptionConfigurations[0].encryptionType=AES256", "images.encryptionConfigurations[0].kmsKey!"},
			Guard: "images.encryptionConfigurations[0].encryptionType", Absent: policy.Violation,
		},
	}
}

const oneRepository = `
resources:
  images:
    type: aws:ecr/repository:Repository
    properties:
      name: web
      imageTagMutability: IMMUTABLE
      imageScanningConfiguration: {scanOnPush: true}
      encryptionConfigurations: [{encryptionType: KMS, kmsKey: "arn:aws:kms:eu-central-1:111111111111:key/k"}]
  old: {type: "aws:ecr/lifecyclePolicy:LifecyclePolicy", properties: {repository: "${images.name}", policy: '{"rules": []}'}}
  access:
    type: aws:ecr/repositoryPolicy:RepositoryPolicy
    properties:
      repository: ${images.name}
      policy: {$json: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: ["ecr:BatchGetImage"]}]}}
`

// scansAll says that a registry scans every image that is pushed.
func scansAll(scan *policy.Node) bool {
	for _, rule := range scan.Get("rules").List() {
		for _, filter := range rule.Get("repositoryFilters").List() {
			if filter.Get("filter").Is("*") && rule.Get("scanFrequency").In("SCAN_ON_PUSH", "CONTINUOUS_SCAN") {
				return true
			}
		}
	}
	return false
}

const oneCluster = `
resources:
  cluster:
    type: aws:eks/cluster:Cluster
    properties:
      name: web
      version: "1.35"
      enabledClusterLogTypes: [api, audit, authenticator, controllerManager, scheduler]
      encryptionConfig: {resources: [secrets], provider: {keyArn: "arn:aws:kms:eu-central-1:111111111111:key/k"}}
      vpcConfig: {endpointPublicAccess: false, endpointPrivateAccess: true, subnetIds: [subnet-1, subnet-2]}
`

func controlPlaneRules() []*policy.Rule {
	return []*policy.Rule{
		{
			ID: "eks-endpoint-private", Title: "The API of a cluster is not on the internet", Severity: policy.High, Blocking: true,
			Types: []string{eksCluster}, Anchors: "nag:EKS1 fsbp:EKS.1 ckv:38,39 trivy:0040,0041 cp:aws-eks-cluster-disallow-api-endpoint-public-access guard:eks-endpoint-no-public-access nist:AC-4",
			Why:     "everybody can try stolen credentials and the next hole in the API server on it",
			Fix:     "set vpcConfig.endpointPublicAccess to false and endpointPrivateAccess to true, or publicAccessCidrs to the networks of your engineers",
			Sources: []string{"https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"},
			Check:   checkClusterEndpoint,
			Proof: policy.Proof{
				Good: oneCluster, Bad: []string{"cluster.vpcConfig.endpointPublicAccess=true", `cluster.vpcConfig.endpointPublicAccess=true ; cluster.vpcConfig.publicAccessCidrs=["203.0.113.0/24", "0.0.0.0/0"]`, `cluster.vpcConfig.endpointPublicAccess=true ; cluster.vpcConfig.publicAccessCidrs=["0.0.0.0/1", "128.0.0.0/1"]`},
				Guard: "cluster.vpcConfig.endpointPublicAccess", Absent: policy.Violation,
			},
		},
		{
			ID: "eks-logs", Title: "The control plane of a cluster is logged", Severity: policy.Medium,
			Types: []string{eksCluster}, Anchors: "nag:EKS2 fsbp:EKS.8 ckv:37 trivy:0038 nist:AU-12",
			Why:     "after an incident nobody can say who did what in the cluster",
			Fix:     "set enabledClusterLogTypes to api, audit, authenticator, controllerManager and scheduler",
			Sources: []string{"https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html"},
			Settings: []policy.Setting{{
				Name: "types", Kind: policy.KindList, Default: []any{"api", "audit", "authenticator", "controllerManager", "scheduler"}, Help: "the logs that a cluster must write",
			}},
			Check: checkClusterLogs,
			Proof: policy.Proof{
				Good: oneCluster, Bad: []string{"cluster.enabledClusterLogTypes=[api, authenticator, controllerManager, scheduler]", "cluster.enabledClusterLogTypes=[]"},
				Guard: "cluster.enabledClusterLogTypes", Absent: policy.Violation,
			},
		},
		{
			ID: "eks-secrets-encrypted", Title: "The secrets of a cluster are encrypted with a key of the owner's", Severity: policy.High,
			Types: []string{eksCluster}, Anchors: "ckv:58 trivy:0039 cp:aws-eks-cluster-enable-cluster-encryption-config guard:eks-cluster-encryption-rule nist:SC-28",
			Why:     "who reads the cluster's store or a copy of it reads every secret",
			Fix:     "set encryptionConfig.resources to secrets and encryptionConfig.provider.keyArn to a key of your own",
			Sources: []string{"https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html"},
			Check: func(c *policy.Case) {
				resources := c.Get("encryptionConfig.resources")
				c.Require(resources, "secrets", func(v policy.Value) bool { return listHas(v, "secrets") })
				c.Set("encryptionConfig.provider.keyArn", "a key of your own")
			},
			Proof: policy.Proof{
				Good: oneCluster, Bad: []string{"cluster.encryptionConfig!", "cluster.encryptionConfig.resources=[]", "cluster.encryptionConfig.provider!"},
				Guard: "cluster.encryptionConfig.resources", Absent: policy.Violation,
			},
		},
		{
			ID: "eks-version-supported", Title: "Clusters run a version of Kubernetes that is supported", Severity: policy.High, Advisory: true,
			Types: []string{eksCluster}, Anchors: "fsbp:EKS.2 ckv:339 nist:SI-2",
			Why: "after standard support a cluster costs several times as much an hour, and a year later AWS upgrades it on a day of its own choice; " +
				"it advises only, because the dates of AWS's calendar move now and then",
			Fix:     "set version to one under standard support, and upgrade the node groups after it",
			Sources: []string{"https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"},
			Settings: []policy.Setting{{
				Name: "endOfStandardSupport", Kind: policy.KindObject, Default: clusterVersions, Help: "the last day of standard support of each version, as 2027-03-27",
			}},
			Check: checkClusterVersion,
			Proof: policy.Proof{
				Good: oneCluster, Bad: []string{`cluster.version="1.31"`, `cluster.version="1.33"`, `cluster.version="1.21"`}, Guard: "cluster.version", Absent: policy.Violation,
			},
		},
	}
}

// clusterVersions are the last days of standard support.
// https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
var clusterVersions = map[string]any{
	"1.30": "2025-07-23", "1.31": "2025-11-26", "1.32": "2026-03-23", "1.33": "2026-07-29", "1.34": "2026-12-02", "1.35": "2027-03-27",
}

func checkClusterEndpoint(c *policy.Case) {
	public := c.Get("vpcConfig.endpointPublicAccess")
	if public.Known() && !public.True() {
		return
	}
	allowed := c.Get("vpcConfig.publicAccessCidrs")
	if public.Unknown() || allowed.Unknown() || len(allowed.Unknowns()) > 0 {
		c.UnclearBecause("vpcConfig", "who may reach the endpoint is not known yet")
		return
	}
	if allowed.Empty() || anyItem(allowed, func(v policy.Value) bool { return iam.Everybody(v.Text()) }) {
		c.Fail(public, "false, or publicAccessCidrs with the networks of your engineers", policy.Saw(c.Node, allowed.Path(), "publicAccessCidrs is "+allowed.Show()))
	}
}

func listHas(list policy.Value, text string) bool {
	return slices.ContainsFunc(list.List(), func(item policy.Value) bool { return item.Is(text) })
}

func checkClusterLogs(c *policy.Case) {
	types := c.Get("enabledClusterLogTypes")
	if len(types.Unknowns()) > 0 {
		c.Unclear(types)
		return
	}
	for _, wanted := range c.Texts("types") {
		if !listHas(types, wanted) {
			c.Fail(types, wanted+" among the logs")
		}
	}
}

func checkClusterVersion(c *policy.Case) {
	version := c.Get("version")
	if version.Unknown() {
		c.Unclear(version)
		return
	}
	if version.Empty() {
		c.Fail(version, "a version under standard support")
		return
	}
	calendar, _ := c.Setting("endOfStandardSupport").(map[string]any)
	text, _ := calendar[version.Text()].(string)
	end, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil && olderThanAll(version.Text(), calendar):
		c.Fail(version, "a version under standard support")
	case err != nil:
		c.UnclearBecause("version", "version "+version.Show()+" is not in the calendar that the rule was made with")
	case c.Today().After(end):
		c.Fail(version, "a version under standard support", policy.Because("standard support of this version ended on %s: it now costs several times as much an hour", text))
	}
}

// olderThanAll compares minor versions: 1.21 is older than 1.30.
func olderThanAll(version string, calendar map[string]any) bool {
	for known := range calendar {
		if len(version) > len(known) || len(version) == len(known) && strings.Compare(version, known) >= 0 {
			return false
		}
	}
	return true
}
