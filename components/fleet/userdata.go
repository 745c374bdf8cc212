package fleet

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-11444627/holdfast/components/fielderror"
)

// maxUserData is how long user data may be before it is base64-encoded, in bytes.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
const maxUserData = 16 * 1024

// Where things are on the instance.
const (
	lifecyclePath = "/usr/local/bin/holdfast-lifecycle"
	agentPath     = "/usr/local/bin/holdfast-agent"
	agentConfig   = "/opt/aws/amazon-cloudwatch-agent/etc/holdfast.json"
	serverLog     = "/var/log/holdfast/server.log"
	bootLog       = "/var/log/cloud-init-output.log"
)

// bootstrap installs the server and brings it into service; lifecycle talks to the Auto Scaling group. They are fixed
// text: everything that differs between fleets is a constant declared above them, so that the texts can be checked as
// they stand.
var (
	//go:embed scripts/bootstrap.sh
	bootstrap string
	//go:embed scripts/lifecycle.sh
	lifecycle string
	//go:embed scripts/server.service
	serverUnit string
	//go:embed scripts/lifecycle.service
	lifecycleUnit string
	//go:embed scripts/server.logrotate
	logRotation string
	//go:embed scripts/logrotate.timer.conf
	logRotationTimer string
	//go:embed scripts/agent.sh
	agentScript string
	//go:embed scripts/agent.service
	agentUnit string
	//go:embed scripts/limiter.cfg
	limiterConfig string
	//go:embed scripts/limiter.conf
	limiterUnit string
)

// userData is what an instance must know to become a server of the fleet.
type userData struct {
	Region     string
	Bucket     string
	Key        string
	VersionID  string
	SHA256     string
	Port       int
	HealthPath string
	// BootTimeout is how long the server may take to answer, in seconds.
	BootTimeout int
	// DrainSeconds is how long a leaving server goes on answering.
	DrainSeconds int
	LogGroup     string
	LaunchHook   string
	// TerminateHook is the hook a leaving instance answers.
	TerminateHook string
	// Limiter is nil where the load balancer speaks to the server itself.
	Limiter *limiterData
}

// limiterData is what the limiter in front of the server must know.
type limiterData struct {
	Port         int
	Concurrency  int
	QueueSeconds int
}

// longest is how long an object key, a version id and a health path may be.
const longest = 1024

// Patterns of what is written into the script. Each value is quoted as well; the patterns refuse what AWS would refuse.
var (
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
	keyPattern = regexp.MustCompile(`^[ -~]+$`)
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html: opaque, at most 1,024 bytes, URL-ready.
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`)
	sha256Pattern  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
	pathPattern = regexp.MustCompile(`^/[A-Za-z0-9_.\-/~:+?&=]*$`)
)

// checkArtifact records what is wrong with the artifact's coordinates. versionID "null" is what S3 calls the version of
// an object put before versioning was on: it can be overwritten, so it pins nothing.
func checkArtifact(problems *fielderror.Errors, bucket, key, versionID string) {
	problems.Require(bucketPattern.MatchString(bucket), "Artifact.Bucket", bucket,
		"a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens", "give the name of the artifact's bucket")
	problems.Require(len(key) <= longest && keyPattern.MatchString(key), "Artifact.Key", key,
		"an object key of 1 to 1024 printable characters", "give the artifact's object key")
	problems.Require(versionID != "null" && len(versionID) <= longest && versionPattern.MatchString(versionID), "Artifact.VersionID", versionID,
		"the id of one version of the object", "turn the bucket's versioning on and give the version id that the upload returned")
}

// script renders the user data, or says everything that is wrong with the artifact.
func (u userData) script() (string, error) {
	problems := fielderror.For(kind)
	checkArtifact(problems, u.Bucket, u.Key, u.VersionID)
	if err := problems.Err(); err != nil {
		return "", err
	}
	files, err := u.files()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("#!/bin/bash\nset -euo pipefail\n\n")
	u.constants(&b)
	for _, file := range files {
		file.write(&b)
	}
	b.WriteString(bootstrap)
	text := b.String()
	if len(text) > maxUserData {
		return "", fmt.Errorf("user data of %d bytes: EC2 takes at most %d", len(text), maxUserData)
	}
	return text, nil
}

// constants declares what differs between fleets.
func (u userData) constants(b *strings.Builder) {
	limited := "0"
	if u.Limiter != nil {
		limited = "1"
	}
	for _, c := range [][2]string{
		{"BUCKET", u.Bucket},
		{"KEY", u.Key},
		{"VERSION_ID", u.VersionID},
		{"SHA256", u.SHA256},
		{"REGION", u.Region},
		{"HEALTH_URL", fmt.Sprintf("http://127.0.0.1:%d%s", u.servedPort(), u.HealthPath)},
		{"LIMITED", limited},
	} {
		fmt.Fprintf(b, "readonly %s=%s\n", c[0], quote(c[1]))
	}
	b.WriteByte('\n')
}

// servedPort is the port the load balancer speaks to.
func (u userData) servedPort() int {
	if u.Limiter != nil {
		return u.Limiter.Port
	}
	return u.Port
}

// file is one file that the script writes before it does anything else.
type file struct {
	path, mode, text string
}

// endOfFile ends a here-document; no file may hold it as a line of its own.
const endOfFile = "HOLDFAST_END"

func (f file) write(b *strings.Builder) {
	fmt.Fprintf(b, "install -D -m %s /dev/stdin %s <<'%s'\n%s\n%s\n\n",
		f.mode, f.path, endOfFile, strings.TrimRight(f.text, "\n"), endOfFile)
}

func (u userData) files() ([]file, error) {
	agent, err := u.agent()
	if err != nil {
		return nil, err
	}
	files := []file{
		{lifecyclePath, "0755", u.fill(lifecycle)},
		{"/etc/systemd/system/holdfast-server.service", "0644", u.fill(serverUnit)},
		{"/etc/systemd/system/holdfast-lifecycle.service", "0644", u.fill(lifecycleUnit)},
		{"/etc/logrotate.d/holdfast", "0644", logRotation},
		// The package's timer runs once a day, and the size is looked at only then.
		{"/etc/systemd/system/logrotate.timer.d/holdfast.conf", "0644", logRotationTimer},
		{agentConfig, "0644", agent},
		{agentPath, "0755", agentScript},
		{"/etc/systemd/system/holdfast-agent.service", "0644", agentUnit},
	}
	if u.Limiter != nil {
		// The package's unit starts as root, restarts nothing and reaches the instance's credentials.
		files = append(files, file{"/etc/haproxy/haproxy.cfg", "0644", u.fill(limiterConfig)},
			file{"/etc/systemd/system/haproxy.service.d/holdfast.conf", "0644", limiterUnit})
	}
	for _, f := range files {
		if strings.Contains("\n"+f.text+"\n", "\n"+endOfFile+"\n") {
			return nil, fmt.Errorf("file %s holds the line %s", f.path, endOfFile)
		}
	}
	return files, nil
}

// fill puts this fleet's values into a file. The marks are upper-case words between at signs.
func (u userData) fill(text string) string {
	limiter, units := limiterData{}, "holdfast-server.service"
	if u.Limiter != nil {
		limiter, units = *u.Limiter, units+" haproxy.service"
	}
	return strings.NewReplacer(
		"@REGION@", u.Region,
		"@UNITS@", units,
		"@LAUNCH_HOOK@", u.LaunchHook,
		"@TERMINATE_HOOK@", u.TerminateHook,
		"@BOOT_TIMEOUT@", fmt.Sprint(u.BootTimeout),
		"@DRAIN_SECONDS@", fmt.Sprint(u.DrainSeconds),
		"@HEALTH_URL@", quote(fmt.Sprintf("http://127.0.0.1:%d%s", u.servedPort(), u.HealthPath)),
		"@HEALTH_PATH@", u.HealthPath,
		"@SERVER_PORT@", fmt.Sprint(u.Port),
		"@SHA256@", u.SHA256,
		"@LIMITER_PORT@", fmt.Sprint(limiter.Port),
		"@CONCURRENCY@", fmt.Sprint(limiter.Concurrency),
		"@QUEUE_SECONDS@", fmt.Sprint(limiter.QueueSeconds),
	).Replace(text)
}

// agent is the CloudWatch agent's configuration: memory as one series per group, disk as one per group and path, and the
// log files. An alarm finds a series by exactly its dimensions, so each set that an alarm names is aggregated by.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
func (u userData) agent() (string, error) {
	const group = "AutoScalingGroupName"
	log := func(path, stream string) map[string]any {
		return map[string]any{"file_path": path, "log_group_name": u.LogGroup, "log_stream_name": "{instance_id}/" + stream}
	}
	text, err := json.MarshalIndent(map[string]any{
		"agent": map[string]any{"metrics_collection_interval": 60, "region": u.Region},
		"metrics": map[string]any{
			"namespace":              "CWAgent",
			"append_dimensions":      map[string]string{group: "${aws:AutoScalingGroupName}"},
			"aggregation_dimensions": [][]string{{group}, {group, "path"}},
			"metrics_collected": map[string]any{
				"mem":  map[string]any{"measurement": []string{"mem_used_percent"}},
				"disk": map[string]any{"measurement": []string{"used_percent"}, "resources": []string{"/"}, "drop_device": true},
			},
		},
		"logs": map[string]any{"logs_collected": map[string]any{"files": map[string]any{
			"collect_list": []any{log(bootLog, "boot"), log(serverLog, "server")},
		}}},
	}, "", " ")
	return string(text), err
}

// quote makes one word of a text for the shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
