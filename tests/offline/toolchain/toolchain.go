// Package toolchain builds what the offline harness needs and a bare machine does not have: the pinned Pulumi command
// line, the provider plugin of the simulated cloud, and the harness itself. Everything lands in the ignored folder
// .cache of the repository. It uses the standard library only, so that it is itself built in a second.
package toolchain

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Layout is where things are in a checkout.
type Layout struct {
	// Root is the repository's folder.
	Root string
}

// Find walks up from the working directory to the folder that holds Pulumi.yaml and go.mod.
func Find() (Layout, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Layout{}, err
	}
	for {
		if exists(filepath.Join(dir, "Pulumi.yaml")) && exists(filepath.Join(dir, "go.mod")) {
			return Layout{Root: dir}, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return Layout{}, fmt.Errorf("no Pulumi.yaml beside a go.mod here or above; fix: run it inside the repository")
		}
		dir = parent
	}
}

// Cache is the ignored folder for everything that can be made again.
func (l Layout) Cache() string { return filepath.Join(l.Root, ".cache") }

// Harness is the built harness.
func (l Layout) Harness() string { return filepath.Join(l.Cache(), "bin", "offline") }

// PluginDir is the folder that holds the simulated cloud's provider and nothing else. It must never be on the PATH of a
// shell that deploys to AWS.
func (l Layout) PluginDir() string { return filepath.Join(l.Cache(), "simulated-cloud", "plugin") }

// Plugin is the simulated cloud's provider. The engine finds providers by this name.
func (l Layout) Plugin() string { return filepath.Join(l.PluginDir(), "pulumi-resource-aws") }

// Pack is the policy pack as an executable; PackSettings is how this repository applies it.
func (l Layout) Pack() string { return filepath.Join(l.Cache(), "bin", "policy-pack") }

// PackSettings is the configuration of the policy pack.
func (l Layout) PackSettings() string { return filepath.Join(l.Root, "policy", "settings.json") }

// Stacks is the folder of the simulated environments' states.
func (l Layout) Stacks() string { return filepath.Join(l.Cache(), "simulated-cloud", "stacks") }

// PulumiHome keeps plugins and credentials of the simulated runs apart from the user's own.
func (l Layout) PulumiHome() string {
	return filepath.Join(l.Cache(), "simulated-cloud", "pulumi-home")
}

var pin = regexp.MustCompile(`(?m)^\s*(?:require\s+)?github\.com/pulumi/pulumi/pkg/v3 (v3\.\d+\.\d+)`)

// PinnedVersion is the version of the command line that tools/pulumi/go.mod pins.
func (l Layout) PinnedVersion() (string, error) {
	text, err := os.ReadFile(filepath.Join(l.Root, "tools", "pulumi", "go.mod"))
	if err != nil {
		return "", fmt.Errorf("reading the pinned version of the Pulumi command line: %w", err)
	}
	found := pin.FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("tools/pulumi/go.mod: no line that requires github.com/pulumi/pulumi/pkg/v3")
	}
	return string(found[1]), nil
}

// CLI returns the folder whose bin/pulumi is to be used: a suitable one on the PATH, or the pinned one, built when it is
// not there yet.
func (l Layout) CLI(ctx context.Context, out io.Writer) (string, error) {
	version, err := l.PinnedVersion()
	if err != nil {
		return "", err
	}
	if root, ok := onPath(ctx, version); ok {
		return root, nil
	}
	root := filepath.Join(l.Cache(), "pulumi", version)
	if exists(filepath.Join(root, "bin", "pulumi")) {
		return root, nil
	}
	return root, l.buildCLI(ctx, out, version, root)
}

func (l Layout) buildCLI(ctx context.Context, out io.Writer, version, root string) error {
	unlock, err := l.lock(out, "pulumi", "the Pulumi command line")
	if err != nil {
		return err
	}
	defer unlock()
	target := filepath.Join(root, "bin", "pulumi")
	if exists(target) {
		return nil
	}
	fmt.Fprintf(out, "No suitable pulumi (%s or later, major version 3) is on the PATH.\n", version)
	fmt.Fprintf(out, "Building Pulumi %s from source, once: about 5 minutes on two cores, the first time with a download of about 300 MB.\n", version)
	fmt.Fprintf(out, "It is kept in %s and built again only when its version changes.\n", l.relative(root))
	dir, arguments := l.CLISources(version)
	return build(ctx, out, job{what: "Pulumi " + version, dir: dir, target: target, args: arguments})
}

// CLISources is the folder in which go build makes the command line of that version, and what it is to be told.
func (l Layout) CLISources(version string) (dir string, arguments []string) {
	return filepath.Join(l.Root, "tools", "pulumi"), []string{
		"-ldflags", "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=" + version,
		"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
	}
}

// BuildPlugin builds the simulated cloud's provider; nothing happens when it is up to date.
func (l Layout) BuildPlugin(ctx context.Context, out io.Writer) error {
	return l.buildOwn(ctx, out, job{
		what: "the simulated cloud", target: l.Plugin(), args: []string{"./tests/cloudsim/cmd/pulumi-resource-aws"},
	})
}

// BuildPack builds the policy pack; nothing happens when it is up to date.
func (l Layout) BuildPack(ctx context.Context, out io.Writer) error {
	return l.buildOwn(ctx, out, job{what: "the policy pack", target: l.Pack(), args: []string{"./policy/pack"}})
}

// BuildHarness builds the harness with the program inside; nothing happens when it is up to date.
func (l Layout) BuildHarness(ctx context.Context, out io.Writer) error {
	return l.buildOwn(ctx, out, job{
		what: "the program and its harness", target: l.Harness(), args: []string{"./tests/offline"},
		hint: "the AWS SDK for Pulumi takes about 4 minutes on two cores the first time",
	})
}

func (l Layout) buildOwn(ctx context.Context, out io.Writer, j job) error {
	unlock, err := l.lock(out, "build", "the build")
	if err != nil {
		return err
	}
	defer unlock()
	j.dir = l.Root
	return build(ctx, out, j)
}

func (l Layout) relative(path string) string {
	short, err := filepath.Rel(l.Root, path)
	if err != nil {
		return path
	}
	return short
}

// onPath returns the root of a suitable pulumi on the PATH. Suitable is: major version 3, and at least the version of
// the SDK this program is built with. The engine promises to serve older SDKs, not newer ones.
func onPath(ctx context.Context, least string) (string, bool) {
	path, err := exec.LookPath("pulumi")
	if err != nil {
		return "", false
	}
	command := exec.CommandContext(ctx, path, "version")
	command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	text, err := command.Output()
	if err != nil || !Suitable(strings.TrimSpace(string(text)), least) {
		return "", false
	}
	// The Automation API looks for bin/pulumi below a root.
	if filepath.Base(filepath.Dir(path)) != "bin" || filepath.Base(path) != "pulumi" {
		return "", false
	}
	return filepath.Dir(filepath.Dir(path)), true
}

// Suitable says whether a version such as v3.259.0 has the same major version as least and is not older.
func Suitable(version, least string) bool {
	have, ok := parse(version)
	want, wantOK := parse(least)
	if !ok || !wantOK || have[0] != want[0] {
		return false
	}
	for i := 1; i < len(have); i++ {
		if have[i] != want[i] {
			return have[i] > want[i]
		}
	}
	return true
}

var number = regexp.MustCompile(`^v(\d+)\.(\d+)\.(\d+)`)

func parse(version string) ([3]int, bool) {
	var parsed [3]int
	found := number.FindStringSubmatch(version)
	if found == nil {
		return parsed, false
	}
	for i := range parsed {
		value, err := strconv.Atoi(found[i+1])
		if err != nil {
			return parsed, false
		}
		parsed[i] = value
	}
	return parsed, true
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
