package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-11444627/holdfast/policy"
)

// artifactRules are about what may run in production.
func artifactRules() []*policy.Rule { return []*policy.Rule{artifactPinned(), artifactNoTestBuild()} }

const hashFleet = "holdfast:index:HashFleet"

// chartTypes install a chart.
var chartTypes = []string{"kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart"}

// artifactTypes are what names something that runs.
var artifactTypes = slices.Concat([]string{hashFleet, ecsTask, lambdaFunction}, servers, podTypes, chartTypes)

// artifact is something that a resource runs.
type artifact struct {
	// at is where it is named, and name what it is called there: an image, a key in a bucket, a chart.
	at   policy.Value
	name string
	// digest identifies its bytes; empty while nothing does. sealed says that it cannot change though no digest is there.
	digest string
	sealed bool
	// wanted is what would pin it.
	wanted string
}

var (
	imageDigest  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	sha256Hex    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	imageID      = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)
	exactVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`)
	// scriptVariable is a line of a script that sets a variable to a text.
	scriptVariable = regexp.MustCompile(`(?m)^\s*(?:readonly |export )?([A-Z][A-Z0-9_]*)=(?:'([^']*)'|"([^"$]*)"|([^'"\s$]*))\s*$`)
	// plainFetch takes whatever lies under a name at the moment.
	plainFetch = regexp.MustCompile(`\baws s3 (?:cp|sync|mv) (?:--\S+ )*(s3://\S+)`)
)

// artifactsOf are what a resource runs. What is not known yet is reported as unclear.
func artifactsOf(c *policy.Case) []artifact {
	switch {
	case c.Type == hashFleet:
		return artifactsOfFleet(c)
	case slices.Contains(servers, c.Type):
		return artifactsOfServer(c)
	case c.Type == lambdaFunction:
		return artifactsOfFunction(c)
	case slices.Contains(chartTypes, c.Type):
		return artifactsOfChart(c)
	}
	var found []artifact
	add := func(container policy.Value) {
		if v := container.Get("image"); readable(c, v) {
			found = append(found, imageArtifact(v))
		}
	}
	if c.Type != ecsTask {
		eachContainer(c, add)
		return found
	}
	definitions := c.Get("containerDefinitions")
	if definitions.Unknown() {
		c.Unclear(definitions)
	}
	for _, container := range definitions.JSON().List() {
		add(container)
	}
	return found
}

// readable says that a value can be judged, and reports it as unclear while it is not known.
func readable(c *policy.Case, v policy.Value) bool {
	if v.Unknown() {
		c.Unclear(v)
	}
	return v.Known()
}

func imageArtifact(v policy.Value) artifact {
	i := imageOf(v.Text())
	a := artifact{at: v, name: i.repository + ":" + i.tag, wanted: "an image by its digest: repository@sha256:…"}
	if imageDigest.MatchString(i.digest) {
		a.digest = i.digest
	}
	return a
}

func artifactsOfFleet(c *policy.Case) []artifact {
	v := c.Get("artifactSha256")
	if !readable(c, v) && !v.Absent() {
		return nil
	}
	a := artifact{at: v, wanted: "the SHA-256 of the server's binary: 64 hexadecimal digits"}
	if sha256Hex.MatchString(v.Text()) {
		a.digest = "sha256:" + v.Text()
	}
	return []artifact{a}
}

// artifactsOfServer are a machine image and what its boot script fetches.
func artifactsOfServer(c *policy.Case) []artifact {
	var found []artifact
	if v := c.Get(imagePaths[c.Type]); !v.Empty() && readable(c, v) {
		a := artifact{at: v, wanted: "a machine image by its id, not by a parameter that moves on"}
		if imageID.MatchString(v.Text()) {
			a.digest = v.Text()
		}
		found = append(found, a)
	}
	path := "userData"
	if v := c.Get("userDataBase64"); !v.Absent() {
		path = "userDataBase64"
	}
	if script := c.Get(path); !script.Absent() && readable(c, script) {
		found = append(found, fetched(script)...)
	}
	return found
}

// fetched are the objects that a script takes from S3: with a version and a checksum, as the components' own script names
// them, or under a name that anybody may write to.
func fetched(script policy.Value) []artifact {
	text := script.Text()
	if plain, packed := unpacked(text); packed {
		text = plain
	}
	set := map[string]string{}
	for _, line := range scriptVariable.FindAllStringSubmatch(text, -1) {
		if _, given := set[line[1]]; !given {
			set[line[1]] = line[2] + line[3] + line[4]
		}
	}
	var found []artifact
	for _, fetch := range plainFetch.FindAllStringSubmatch(text, -1) {
		found = append(found, artifact{at: script, name: fetch[1], wanted: "aws s3api get-object with a version id, and a checksum"})
	}
	if set["BUCKET"] == "" || set["KEY"] == "" {
		return found
	}
	a := artifact{at: script, name: set["BUCKET"] + "/" + set["KEY"], wanted: "VERSION_ID and SHA256 of the object in the boot script"}
	if set["VERSION_ID"] != "" && sha256Hex.MatchString(set["SHA256"]) {
		a.digest = "sha256:" + set["SHA256"]
	}
	return append(found, a)
}

func artifactsOfFunction(c *policy.Case) []artifact {
	if v := c.Get("imageUri"); !v.Empty() {
		if !readable(c, v) {
			return nil
		}
		return []artifact{imageArtifact(v)}
	}
	bucket, version := c.Get("s3Bucket"), c.Get("s3ObjectVersion")
	if bucket.Empty() {
		return []artifact{{at: c.Get("code"), sealed: true}} // The program's own archive: its hash is part of the update.
	}
	if !readable(c, bucket) || version.Unknown() {
		c.Unclear(version)
		return nil
	}
	key := c.Get("s3Key")
	return []artifact{{at: version, name: bucket.Text() + "/" + key.Text(), sealed: !version.Empty(), wanted: "s3ObjectVersion"}}
}

func artifactsOfChart(c *policy.Case) []artifact {
	version := c.Get("version")
	if version.Unknown() {
		c.Unclear(version)
		return nil
	}
	return []artifact{{at: version, name: c.Get("chart").Text() + ":" + version.Text(), sealed: exactVersion.MatchString(version.Text()), wanted: "an exact version such as 1.2.3"}}
}

func artifactSettings(more ...policy.Setting) []policy.Setting {
	return append([]policy.Setting{{
		Name: "environments", Kind: policy.KindList, Default: []any{"prod"}, Help: "the environments that are judged",
	}}, more...)
}

// judgesHere says that the stack's environment is one of those that are judged. A stack that does not say what it is counts
// as production.
func judgesHere(c *policy.Case) bool {
	environments := c.Texts("environments")
	environment := c.Stack().Environment
	if environment == "" {
		environment = "prod"
	}
	if slices.Contains(environments, environment) {
		return true
	}
	c.Skip(environment + " may run what is being tested")
	return false
}

// promotion is one step of an artifact towards production.
type promotion struct{ artifact, from, to string }

func promotionsOf(c *policy.Case) []promotion {
	items, _ := c.Setting("promotions").([]any)
	var all []promotion
	for _, item := range items {
		entry, _ := item.(map[string]any)
		text := func(key string) string {
			value, _ := entry[key].(string)
			return value
		}
		digest := text("artifact")
		if sha256Hex.MatchString(digest) {
			digest = "sha256:" + digest
		}
		all = append(all, promotion{artifact: digest, from: text("from"), to: text("to")})
	}
	return all
}

// bootScript is an example of a script that fetches one version of an object and checks it.
func bootScript(key, version, sum string) string {
	return fmt.Sprintf("#!/bin/bash\nreadonly BUCKET='holdfast-prod-artifacts'\nreadonly KEY='%s'\nreadonly VERSION_ID='%s'\nreadonly SHA256='%s'\n", key, version, sum)
}

const (
	exampleSum    = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	exampleDigest = "sha256:" + exampleSum
)

// artifactExample has one of each kind of artifact.
var artifactExample = `
policy:
  prod-artifact-pinned-and-promoted:
    promotions:
      - {artifact: "` + exampleDigest + `", from: stg, to: prod}
      - {artifact: ami-0a1b2c3d4e5f60718, from: stg, to: prod}
      - {artifact: ami-0bbbbbbbbbbbbbbbb, from: dev, to: stg}
      - {artifact: ami-0cccccccccccccccc, from: prod, to: prod}
resources:
  fleet: {type: "holdfast:index:HashFleet", provider: none, properties: {artifactSha256: "` + exampleSum + `"}}
  launch:
    type: aws:ec2/launchTemplate:LaunchTemplate
    parent: fleet
    properties: {imageId: ami-0a1b2c3d4e5f60718, userData: ` + quoted(bootScript("hashing/server", "3sL4kqtJlcp", exampleSum)) + `}
  task:
    type: aws:ecs/taskDefinition:TaskDefinition
    properties: {containerDefinitions: {$json: [{name: app, image: "ghcr.io/shop/app@` + exampleDigest + `"}]}}
  fn: {type: "aws:lambda/function:Function", properties: {s3Bucket: code, s3Key: enrich.zip, s3ObjectVersion: abc}}
  web:
    type: kubernetes:apps/v1:Deployment
    properties: {metadata: {namespace: shop}, spec: {template: {spec: {containers: [{name: web, image: "ghcr.io/shop/web:1.4@` + exampleDigest + `"}]}}}}
  chart: {type: "kubernetes:helm.sh/v3:Release", properties: {chart: ingress-nginx, version: 4.11.3}}
`

// quoted is a script in one line of YAML.
func quoted(script string) string { return `"` + strings.ReplaceAll(script, "\n", `\n`) + `"` }

func artifactPinned() *policy.Rule {
	return &policy.Rule{
		ID: "prod-artifact-pinned-and-promoted", Title: "What runs in production is fixed to its bytes, and was promoted there", Severity: policy.Critical, Types: artifactTypes,
		Anchors: "ckvk:43",
		Why:     "an untested build once replaced the servers' scripts, and finding it took 50 of the 75 minutes of the outage: a name that can point to other bytes tomorrow says nothing of what runs",
		Fix:     "name the digest or the version, and record its promotion in the setting promotions",
		Sources: []string{
			"https://kubernetes.io/docs/concepts/containers/images/#image-names",
			"https://docs.aws.amazon.com/AmazonS3/latest/userguide/RetrievingObjectVersions.html",
			"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",
		},
		Settings: artifactSettings(
			policy.Setting{Name: "pipeline", Kind: policy.KindList, Default: []any{"dev", "stg", "prod"}, Help: "the environments in the order in which an artifact passes them"},
			policy.Setting{Name: "promotions", Kind: policy.KindList, Default: []any{}, Help: `what was promoted: ` +
				`[{"artifact": "sha256:… or ami-…", "from": "stg", "to": "prod", "at": "2026-11-20", "by": "platform"}]; ` +
				"while there are none, only pinning is judged"},
		),
		Check: func(c *policy.Case) {
			if !judgesHere(c) {
				return
			}
			promotions := promotionsOf(c)
			for _, a := range artifactsOf(c) {
				if a.digest == "" && !a.sealed {
					c.Fail(a.at, a.wanted)
					continue
				}
				checkFleetSum(c, a)
				if len(promotions) > 0 && a.digest != "" {
					checkPromotion(c, a, promotions)
				}
			}
		},
		Proof: policy.Proof{
			Good: artifactExample,
			Bad: []string{
				"launch.imageId=resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "fleet.artifactSha256=unknown", "fleet.artifactSha256!",
				"launch.userData=" + quoted(bootScript("hashing/server", "", exampleSum)), "launch.userData=" + quoted(bootScript("hashing/server", "3sL4kqtJlcp", "")),
				"launch.userData=" + quoted(bootScript("hashing/server", "3sL4kqtJlcp", strings.Repeat("a", 64))),
				`launch.userData="aws s3 cp s3://holdfast-prod-artifacts/hashing/server /opt/server"`,
				"launch.imageId=ami-0dddddddddddddddd", "launch.imageId=ami-0bbbbbbbbbbbbbbbb", "launch.imageId=ami-0cccccccccccccccc",
				"task.containerDefinitions[0].image=ghcr.io/shop/app:1.4", "task.containerDefinitions[0].image=ghcr.io/shop/app@sha256:" + strings.Repeat("b", 64),
				"fn.s3ObjectVersion!", "fn.imageUri=111111111111.dkr.ecr.eu-central-1.amazonaws.com/enrich:1.4", specPath + "containers[0].image=ghcr.io/shop/web:1.4",
				"chart.version!", "chart.version='>=4.0'", "chart.version=4.11",
			},
			Guard: "launch.userData", Absent: policy.Pass, Also: []string{"base-os-amazon-linux", "prod-artifact-no-test-build"},
		},
	}
}

// checkFleetSum wants the servers of a fleet to fetch what the fleet says.
func checkFleetSum(c *policy.Case, a artifact) {
	for at := c.Parent(); at != nil; at = at.Parent() {
		said := at.Get("artifactSha256")
		if at.Type != hashFleet || !said.Known() || !strings.HasPrefix(a.digest, "sha256:") || a.digest == "sha256:"+said.Text() {
			continue
		}
		c.Broken(a.at.Path(), "fetches another artifact than "+at.String()+" states", "SHA256 "+said.Show(), policy.Saw(at, "artifactSha256", said.Show()))
	}
}

func checkPromotion(c *policy.Case, a artifact, promotions []promotion) {
	pipeline := c.Texts("pipeline")
	here := c.Stack().Environment
	if here == "" {
		here = "prod"
	}
	var said string
	for _, p := range promotions {
		if p.artifact != a.digest {
			continue
		}
		if from := slices.Index(pipeline, p.from); p.to == here && from >= 0 && from < slices.Index(pipeline, here) {
			return
		}
		said = "; recorded is its promotion from " + p.from + " to " + p.to
	}
	c.Broken(a.at.Path(), a.at.Show()+" was not promoted to "+here+said, "a promotion to "+here+" from the environment before it")
}

func artifactNoTestBuild() *policy.Rule {
	return &policy.Rule{
		ID: "prod-artifact-no-test-build", Title: "Production runs no build that is named for testing", Severity: policy.Critical, Types: artifactTypes,
		Why:     "a QA build with the wrong scripts was deployed to production: 75 minutes of outage, found by asking when the last deployment was",
		Fix:     "deploy the build that was promoted, under its release version",
		Sources: []string{"https://docs.aws.amazon.com/wellarchitected/latest/operational-excellence-pillar/ops_mit_deploy_risks_plan_for_unsucessful_changes.html"},
		Settings: artifactSettings(policy.Setting{
			Name: "words", Kind: policy.KindList,
			Default: []any{"qa", "dev", "test", "testing", "snapshot", "rc", "alpha", "beta", "nightly", "latest", "dirty", "debug", "experimental", "wip", "canary"},
			Help:    "the words that say so, between any other letters than a to z; pr-123 always does",
		}),
		Check: func(c *policy.Case) {
			if !judgesHere(c) {
				return
			}
			words := c.Texts("words")
			for _, a := range artifactsOf(c) {
				word := testWord(a.name, words)
				if word == "" {
					continue
				}
				actual := a.at.Show() + " is a build for testing: " + word
				if a.name != "" && !a.at.Secret() && a.at.Text() != a.name {
					actual = a.name + " is a build for testing: " + word
				}
				c.Broken(a.at.Path(), actual, "a release")
			}
		},
		Proof: policy.Proof{
			Good: artifactExample,
			Bad: []string{
				"launch.userData=" + quoted(bootScript("hashing/server-qa", "3sL4kqtJlcp", exampleSum)),
				`launch.userData="aws s3 cp s3://shop-qa-builds/server /opt/server"`,
				"task.containerDefinitions[0].image=ghcr.io/shop/app:1.4-qa@" + exampleDigest, specPath + "containers[0].image=ghcr.io/shop/web:1.4-SNAPSHOT@" + exampleDigest,
				specPath + "containers[0].image=ghcr.io/dev/web:1.4@" + exampleDigest, specPath + "containers[0].image=ghcr.io/shop/web:pr-17@" + exampleDigest,
				specPath + "containers[0].image=ghcr.io/shop/web:1.4-rc1@" + exampleDigest, "fn.s3Key=enrich-test.zip", "chart.version=4.11.3-beta.2",
			},
			Guard: "launch.userData", Absent: policy.Pass, Also: []string{"prod-artifact-pinned-and-promoted"},
		},
	}
}

var (
	pullRequest = regexp.MustCompile(`(^|[^a-z0-9])(pr|mr)-?[0-9]+($|[^a-z0-9])`)
	letters     = regexp.MustCompile(`[a-z]+`)
)

// testWord is the word in a name that says that it is a build for testing, or nothing.
func testWord(name string, words []string) string {
	name = strings.ToLower(name)
	if found := pullRequest.FindString(name); found != "" {
		return strings.Trim(found, ":-._/")
	}
	for _, word := range letters.FindAllString(name, -1) {
		if slices.Contains(words, word) {
			return word
		}
	}
	return ""
}
