package rules

import (
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// podImageRules are about the images that pods run.
func podImageRules() []*policy.Rule { return []*policy.Rule{imageTag(), trustedRegistry()} }

// imageRef is a container image's reference in its parts.
type imageRef struct{ registry, repository, tag, digest string }

// imageOf takes a reference apart. What has a dot, a port or is localhost before the first slash is a registry; without one
// the image comes from Docker's.
// https://kubernetes.io/docs/concepts/containers/images/#image-names
func imageOf(reference string) imageRef {
	var i imageRef
	rest, digest, _ := strings.Cut(reference, "@")
	i.digest = digest
	if slash, colon := strings.LastIndex(rest, "/"), strings.LastIndex(rest, ":"); colon > slash {
		rest, i.tag = rest[:colon], rest[colon+1:]
	}
	i.registry, i.repository = "docker.io", rest
	first, others, found := strings.Cut(rest, "/")
	if found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		i.registry, i.repository = first, others
	}
	return i
}

func imageTag() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-image-tag", Title: "Images name a version, and not latest", Severity: policy.High, Types: podTypes,
		Anchors: "score:container-image-tag polaris:tagNotSpecified ksv:0013 ckvk:14",
		Why:     "a pod that restarts on another node runs whatever was pushed since, nobody can say which version is live, and there is nothing to roll back to",
		Fix:     "name the digest: repository@sha256:…, or at least the version that was tested",
		Sources: []string{"https://kubernetes.io/docs/concepts/containers/images/#image-names"},
		Check: ofContainers("image", "a version or a digest, not :latest", func(v policy.Value) bool {
			i := imageOf(v.Text())
			return v.Text() != "" && (i.digest != "" || i.tag != "" && i.tag != "latest")
		}, false),
		Proof: policy.Proof{
			Good: deploymentOf(`{containers: [{name: web, image: "registry.example.com:5000/shop/web:1.4.2"}]}`),
			Bad: []string{
				specPath + "containers[0].image=nginx:latest", specPath + "containers[0].image=registry.example.com:5000/shop/web",
				specPath + `containers[0].image=""`, specPath + "initContainers=[{name: init, image: busybox}]",
			},
			Guard: specPath + "containers[0].image", Absent: policy.Violation, Also: []string{"prod-artifact-pinned-and-promoted", "prod-artifact-no-test-build"},
		},
	}
}

func trustedRegistry() *policy.Rule {
	return &policy.Rule{
		ID: "k8s-trusted-registry", Title: "Images come from the registries that are trusted", Severity: policy.Medium, Types: podTypes,
		Anchors: "ksv:0034,0035,0125",
		Why:     "an image of a stranger's registry can be replaced or withdrawn by a stranger, and its pulls are limited",
		Fix:     "copy the image into a registry of your own, and name that",
		Sources: []string{"https://kubernetes.io/docs/concepts/containers/images/#image-names"},
		Settings: []policy.Setting{{
			Name: "registries", Kind: policy.KindList, Default: []any{},
			Help: "the registries, with a path where only a part is trusted: 111111111111.dkr.ecr.eu-central-1.amazonaws.com, ghcr.io/owner; none judges nothing",
		}},
		Check: func(c *policy.Case) {
			trusted := c.Texts("registries")
			if len(trusted) == 0 {
				c.Skip("no registries are configured")
				return
			}
			ofContainers("image", "an image of "+strings.Join(trusted, ", "), func(v policy.Value) bool {
				i := imageOf(v.Text())
				return slices.ContainsFunc(trusted, func(prefix string) bool {
					return strings.HasPrefix(i.registry+"/"+i.repository, strings.TrimSuffix(prefix, "/")+"/")
				})
			}, false)(c)
		},
		Proof: policy.Proof{
			Good: `
policy:
  k8s-trusted-registry: {registries: [ghcr.io/shop]}` + deploymentOf(`{containers: [{name: web, image: "ghcr.io/shop/web:1.4.2"}]}`),
			Bad:   []string{specPath + "containers[0].image=nginx:1.27", specPath + "containers[0].image=ghcr.io/shopkeeper/web:1.4.2"},
			Guard: specPath + "containers[0].image", Absent: policy.Violation,
		},
	}
}
