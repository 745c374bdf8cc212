package fleet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// instance is a scratch root in which the user data really runs: files, digests and permissions are real, and so is the
// server; the network services of AWS, the package manager and systemd are played.
type instance struct {
	t        *testing.T
	root     string
	artifact []byte
	answer   int // what the server answers on its health path
	port     int

	mu       sync.Mutex
	log      bytes.Buffer
	calls    []string
	server   *http.Server
	target   string
	failures map[string]int // how often a command still fails
	refusal  string         // what Auto Scaling says to a lifecycle answer instead of taking it
	stop     context.CancelFunc
}

func newInstance(t *testing.T) *instance {
	t.Helper()
	return &instance{
		t: t, root: t.TempDir(), artifact: []byte("the server, version 7"), answer: http.StatusOK, port: freePort(t),
		target: "InService", failures: map[string]int{},
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().(*net.TCPAddr).Port
}

// data is the user data for the instance's artifact and port.
func (i *instance) data() userData {
	digest := sha256.Sum256(i.artifact)
	data := plainUserData()
	data.SHA256, data.Port, data.BootTimeout, data.DrainSeconds = hex.EncodeToString(digest[:]), i.port, 3, 0
	return data
}

// boot runs the user data as cloud-init would, and returns its exit status.
func (i *instance) boot(data userData) error {
	script, err := data.script()
	require.NoError(i.t, err)
	return i.run(i.t.Context(), script)
}

func (i *instance) run(ctx context.Context, script string, arguments ...string) error {
	parsed, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "script")
	require.NoError(i.t, err)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	i.stop = cancel
	runner, err := interp.New(interp.StdIO(nil, i, i), interp.Params(append([]string{"--"}, arguments...)...),
		interp.ExecHandlers(i.exec), interp.OpenHandler(i.open), interp.StatHandler(i.stat))
	require.NoError(i.t, err)
	return runner.Run(ctx, parsed)
}

// Write collects what the script says.
func (i *instance) Write(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.log.Write(p)
}

// path is an absolute path inside the scratch root. Devices are the machine's own.
func (i *instance) path(name string) string {
	if !strings.HasPrefix(name, "/") || strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, i.root) {
		return name
	}
	return filepath.Join(i.root, name)
}

func (i *instance) open(ctx context.Context, name string, flags int, mode os.FileMode) (io.ReadWriteCloser, error) {
	return interp.DefaultOpenHandler()(ctx, i.path(name), flags, mode)
}

func (i *instance) stat(ctx context.Context, name string, follow bool) (os.FileInfo, error) {
	return interp.DefaultStatHandler()(ctx, i.path(name), follow)
}

// exec plays what an instance has and a test machine has not; everything else is the real command on the scratch root.
func (i *instance) exec(interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		name := filepath.Base(args[0])
		switch name {
		case "aws", "systemctl", "dnf", "amazon-cloudwatch-agent-ctl":
			i.note(args)
			if i.fails(name) {
				return interp.ExitStatus(1)
			}
		}
		switch name {
		case "aws":
			return i.aws(ctx, args)
		case "systemctl":
			return i.systemctl(ctx, args)
		case "dnf", "amazon-cloudwatch-agent-ctl":
			return nil
		case "curl":
			return i.curl(ctx, args)
		case "sleep":
			time.Sleep(10 * time.Millisecond)
			return ctx.Err()
		case "holdfast-lifecycle":
			return i.installed(ctx, lifecyclePath, args[1:]...)
		case "install", "mkdir", "sha256sum", "chmod", "mv", "rm", "touch", "cat":
			return i.real(ctx, args)
		}
		return fmt.Errorf("the script runs %s, which the scratch root does not know", args[0])
	}
}

func (i *instance) note(args []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls = append(i.calls, strings.Join(args, " "))
}

func (i *instance) fails(name string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.failures[name] == 0 {
		return false
	}
	i.failures[name]--
	return true
}

// real runs the command with its absolute paths moved into the scratch root. The digest's list names a path, too.
func (i *instance) real(ctx context.Context, args []string) error {
	handler := interp.HandlerCtx(ctx)
	moved := []string{}
	for _, arg := range args[1:] {
		if arg == "/proc/sys/kernel/random/boot_id" {
			moved = append(moved, arg)
			continue
		}
		moved = append(moved, i.path(arg))
	}
	input := handler.Stdin
	if args[0] == "sha256sum" {
		list, err := io.ReadAll(handler.Stdin)
		if err != nil {
			return err
		}
		input = strings.NewReader(strings.ReplaceAll(string(list), " /", " "+i.root+"/"))
	}
	command := exec.CommandContext(ctx, args[0], moved...)
	command.Stdin, command.Stdout, command.Stderr = input, handler.Stdout, handler.Stderr
	err := command.Run()
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Run returns it unwrapped
		return interp.ExitStatus(exit.ExitCode())
	}
	return err
}

// aws downloads the artifact, and takes lifecycle answers.
func (i *instance) aws(ctx context.Context, args []string) error {
	if args[1] == "s3api" {
		return os.WriteFile(i.path(args[len(args)-1]), i.artifact, 0o600)
	}
	if i.refusal != "" {
		_, _ = io.WriteString(interp.HandlerCtx(ctx).Stderr, i.refusal)
		return interp.ExitStatus(254)
	}
	return nil
}

// systemctl starts the executable that was installed: a server on the port, as the real one would listen.
func (i *instance) systemctl(ctx context.Context, args []string) error {
	line := strings.Join(args[1:], " ")
	switch {
	case line == "enable --now holdfast-server.service":
		installed, err := os.ReadFile(i.path("/opt/holdfast/server"))
		if err != nil || !bytes.Equal(installed, i.artifact) {
			return interp.ExitStatus(1)
		}
		i.serve()
	case line == "stop holdfast-server.service" && i.server != nil:
		return i.server.Close()
	case line == "enable --now --no-block holdfast-agent.service":
		_ = i.installed(ctx, agentPath) // its unit tries again
	case strings.HasPrefix(line, "restart holdfast-server.service"):
		i.mu.Lock()
		i.answer = http.StatusOK
		i.mu.Unlock()
	}
	return nil
}

func (i *instance) serve() {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", i.port))
	require.NoError(i.t, err)
	i.server = &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(i.answer)
	})}
	go func() { _ = i.server.Serve(listener) }()
	i.t.Cleanup(func() { _ = i.server.Close() })
}

// curl plays the metadata service, which wants a token, and asks the server for real.
func (i *instance) curl(ctx context.Context, args []string) error {
	handler, url := interp.HandlerCtx(ctx), args[len(args)-1]
	if !strings.HasPrefix(url, "http://169.254.169.254/") {
		return i.ask(handler.Stdout, url)
	}
	answers := map[string]string{
		"api/token": "TOKEN", "meta-data/instance-id": "i-0123456789abcdef0", "meta-data/tags/instance/aws:autoscaling:groupName": "hash-group-1234567",
		"meta-data/autoscaling/target-lifecycle-state": i.target,
	}
	page := strings.TrimPrefix(url, "http://169.254.169.254/latest/")
	line := strings.Join(args, " ")
	if page == "api/token" && !strings.Contains(line, "-X PUT") || page != "api/token" && !strings.Contains(line, "X-aws-ec2-metadata-token: TOKEN") {
		return interp.ExitStatus(22) // 401, and --fail
	}
	_, err := io.WriteString(handler.Stdout, answers[page])
	return err
}

func (i *instance) ask(out io.Writer, url string) error {
	response, err := http.Get(url) // the server of this test
	if err != nil {
		_, _ = io.WriteString(out, "000")
		return interp.ExitStatus(7)
	}
	defer func() { _ = response.Body.Close() }()
	_, err = fmt.Fprint(out, response.StatusCode)
	return err
}

// installed runs a script that the user data installed.
func (i *instance) installed(ctx context.Context, path string, arguments ...string) error {
	script, err := os.ReadFile(i.path(path))
	if err != nil {
		return interp.ExitStatus(127)
	}
	return i.run(ctx, string(script), arguments...)
}

// answers are the lifecycle answers given, in order.
func (i *instance) answers() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []string
	for _, call := range i.calls {
		if _, answer, found := strings.Cut(call, "complete-lifecycle-action --region eu-central-1 --auto-scaling-group-name hash-group-1234567 --lifecycle-hook-name "); found {
			out = append(out, strings.ReplaceAll(strings.ReplaceAll(answer, " --instance-id i-0123456789abcdef0", ""), " --lifecycle-action-result", ""))
		}
	}
	return out
}

func (i *instance) called(call string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, each := range i.calls {
		if strings.HasPrefix(each, call) {
			return true
		}
	}
	return false
}

func TestAnInstanceBootsUntilItsServerAnswersAndIsLetIn(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/healthz", i.port)) // the server of this test
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, []string{"launch CONTINUE"}, i.answers())
	require.True(t, i.called("aws s3api get-object --region eu-central-1 --bucket artifacts --key hash/server --version-id 3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"))
	require.True(t, i.called("systemctl enable --now holdfast-lifecycle.service"))
	require.Contains(t, i.log.String(), "artifact verified version=3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY sha256="+i.data().SHA256)
}

func TestTheBootInstallsWhatItNeeds(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	for path, mode := range map[string]os.FileMode{
		"/opt/holdfast/server": 0o755, lifecyclePath: 0o755, agentConfig: 0o644, "/etc/logrotate.d/holdfast": 0o644,
		"/etc/systemd/system/holdfast-server.service": 0o644, "/etc/systemd/system/holdfast-lifecycle.service": 0o644,
	} {
		info, err := os.Stat(i.path(path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	require.NoFileExists(t, i.path("/etc/haproxy/haproxy.cfg"))
	require.True(t, i.called("dnf install -y --quiet amazon-cloudwatch-agent"))
	require.False(t, i.called("dnf install -y --quiet haproxy"))
}

func TestAnArtifactWithAnotherDigestIsNeverStarted(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	data := i.data()
	data.SHA256 = strings.Repeat("0", 64)
	require.Error(t, i.boot(data))
	require.Equal(t, []string{"launch ABANDON"}, i.answers())
	require.False(t, i.called("systemctl enable --now holdfast-server.service"), "%v", i.calls)
	require.NoFileExists(t, i.path("/opt/holdfast/server"))
	require.NoFileExists(t, i.path("/opt/holdfast/server.download"))
}

func TestADownloadThatFailsForGoodAbandonsTheLaunch(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.failures["aws"] = 5
	require.Error(t, i.boot(i.data()))
	require.Equal(t, []string{"launch ABANDON"}, i.answers())
	require.False(t, i.called("systemctl enable --now holdfast-server.service"))
}

func TestADownloadThatFailsAtFirstIsTriedAgain(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.failures["aws"] = 4
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	require.Equal(t, []string{"launch CONTINUE"}, i.answers())
}

func TestAServerThatNeverAnswers200AbandonsTheLaunch(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.answer = http.StatusServiceUnavailable
	require.Error(t, i.boot(i.data()))
	require.Equal(t, []string{"launch ABANDON"}, i.answers())
	require.True(t, i.called("systemctl stop holdfast-server.service"))
	require.False(t, i.called("systemctl enable --now holdfast-lifecycle.service"))
}

func TestAServerWhoseUnitsDoNotStartAbandonsTheLaunch(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.failures["systemctl"] = 1
	require.Error(t, i.boot(i.data()))
	require.Equal(t, []string{"launch ABANDON"}, i.answers())
}

func TestARepositoryThatIsDownKeepsNoServerOut(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"dnf", "amazon-cloudwatch-agent-ctl"} {
		i := newInstance(t)
		i.failures[command] = 100
		require.NoError(t, i.boot(i.data()), command)
		require.Equal(t, []string{"launch CONTINUE"}, i.answers(), command)
	}
	require.Contains(t, agentUnit, "Restart=on-failure", "the agent is tried again")
}

func TestAPackageThatTheServerNeedsIsTriedFiveTimes(t *testing.T) {
	t.Parallel()
	for failures, answer := range map[int]string{5: "launch CONTINUE", 6: "launch ABANDON"} { // the first is the agent's
		i := newInstance(t)
		i.failures["dnf"] = failures
		data := i.data()
		data.Limiter = &limiterData{Port: i.port, Concurrency: 5, QueueSeconds: 7}
		_ = i.boot(data)
		require.Equal(t, []string{answer}, i.answers(), "%d failures", failures)
	}
}

// booted is an instance in service, with its calls forgotten.
func booted(t *testing.T) *instance {
	t.Helper()
	i := newInstance(t)
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	i.calls = nil
	return i
}

// watch runs the watch until done says so.
func (i *instance) watch(done func() bool) error {
	result := make(chan error, 1)
	go func() { result <- i.installed(i.t.Context(), lifecyclePath, "watch") }()
	for {
		select {
		case err := <-result:
			return err
		case <-time.After(20 * time.Millisecond):
			if done() {
				i.stop()
			}
		}
	}
}

func TestALeavingInstanceDrainsAndLetsGo(t *testing.T) {
	t.Parallel()
	i := booted(t)
	i.target = "Terminated"
	require.NoError(t, i.watch(func() bool { return false }), "%s", i.log.String())
	require.Equal(t, []string{"terminate CONTINUE"}, i.answers())
	require.True(t, i.called("systemctl stop holdfast-server.service"))
}

func TestAServerThatIsStuckIsRestarted(t *testing.T) {
	t.Parallel()
	i := booted(t)
	i.mu.Lock()
	i.answer = http.StatusServiceUnavailable
	i.mu.Unlock()
	_ = i.watch(func() bool { return i.called("systemctl restart holdfast-server.service") })
	require.True(t, i.called("systemctl restart holdfast-server.service"))
	require.Empty(t, i.answers(), "an instance in service gives no second answer")
}

func TestAnInstanceFromTheWarmPoolIsLetInAgain(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.target = "Warmed:Stopped"
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	require.Equal(t, []string{"launch CONTINUE"}, i.answers())
	i.target = "InService"
	_ = i.watch(func() bool { return len(i.answers()) > 1 })
	require.Equal(t, []string{"launch CONTINUE", "launch CONTINUE"}, i.answers())
}

func TestAnInstanceFromTheWarmPoolThatNoLongerAnswersIsNotLetIn(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.target = "Warmed:Stopped"
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	i.target, i.answer = "InService", http.StatusServiceUnavailable
	_ = i.watch(func() bool { return len(i.answers()) > 1 })
	require.Equal(t, []string{"launch CONTINUE", "launch ABANDON"}, i.answers()[:2])
}

func TestAnAnswerThatWasNotTakenIsGivenAgain(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.target = "Warmed:Stopped"
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	i.calls, i.target, i.failures["aws"] = nil, "InService", 7 // five tries at the first look, two more at the second
	_ = i.watch(func() bool { return len(i.answers()) >= 8 })
	require.Equal(t, slices.Repeat([]string{"launch CONTINUE"}, 8), i.answers(), "a healthy server is not abandoned because a call failed")
}

func TestAnAnswerThatNobodyWaitsForIsGivenOnce(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.target = "Warmed:Stopped"
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	i.calls, i.target = nil, "InService"
	i.refusal = "An error occurred (ValidationError) when calling the CompleteLifecycleAction operation: No active Lifecycle Action found with instance ID i-0123456789abcdef0"
	looks := 0
	_ = i.watch(func() bool { looks++; return looks > 20 })
	require.Equal(t, []string{"launch CONTINUE"}, i.answers())
}

func TestALimiterThatIsStuckIsRestartedWithItsServer(t *testing.T) {
	t.Parallel()
	require.Contains(t, limitedUserData().fill(lifecycle), "systemctl restart holdfast-server.service haproxy.service")
	require.NotContains(t, plainUserData().fill(lifecycle), "haproxy")
}

func TestTheLimiterIsNotRootAndDoesNotReachTheCredentials(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	data := i.data()
	data.Limiter = &limiterData{Port: i.port, Concurrency: 5, QueueSeconds: 7}
	require.NoError(t, i.boot(data), "%s", i.log.String())
	config, err := os.ReadFile(i.path("/etc/haproxy/haproxy.cfg"))
	require.NoError(t, err)
	require.Contains(t, string(config), "global\n  user haproxy\n  group haproxy\n")
	unit, err := os.ReadFile(i.path("/etc/systemd/system/haproxy.service.d/holdfast.conf"))
	require.NoError(t, err)
	require.Contains(t, string(unit), "IPAddressDeny=169.254.169.254/32 fd00:ec2::254/128\n")
	require.Contains(t, string(unit), "Restart=always\n")
}

func TestLogsAreRotatedByTheHour(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	require.NoError(t, i.boot(i.data()), "%s", i.log.String())
	timer, err := os.ReadFile(i.path("/etc/systemd/system/logrotate.timer.d/holdfast.conf"))
	require.NoError(t, err)
	require.Contains(t, string(timer), "OnCalendar=\nOnCalendar=hourly\n")
	require.True(t, i.called("systemctl restart logrotate.timer"))
}

func TestALimiterNeedsNoImageOfOnesOwn(t *testing.T) {
	t.Parallel()
	require.Empty(t, refused(t, arguments(func(a *HashFleetArgs) { a.Server.Limiter = &Limiter{} })))
}

func TestTheLimiterStandsInFrontOfTheServer(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	data := i.data()
	data.Limiter = &limiterData{Port: i.port, Concurrency: 5, QueueSeconds: 7}
	require.NoError(t, i.boot(data), "%s", i.log.String())
	config, err := os.ReadFile(i.path("/etc/haproxy/haproxy.cfg"))
	require.NoError(t, err)
	require.Contains(t, string(config), "maxconn 5\n")
	require.Contains(t, string(config), "timeout queue 7s\n")
	require.Contains(t, string(config), "X-Artifact-SHA256 "+data.SHA256)
	require.True(t, i.called("systemctl enable --now haproxy.service"))
	require.Equal(t, []string{"launch CONTINUE"}, i.answers())
}
