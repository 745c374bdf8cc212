package toolchain

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// heartbeat is how often a long step says that it is alive.
const heartbeat = 10 * time.Second

// job is one go build; args end with the package.
type job struct {
	what, dir, target, hint string
	args                    []string
}

// build runs go build into a file beside the target and renames it, so that a reader never meets half a file and a
// running program is never written to. An up-to-date target is left alone.
func build(ctx context.Context, out io.Writer, j job) error {
	if err := os.MkdirAll(filepath.Dir(j.target), 0o755); err != nil {
		return err
	}
	now, err := sources(j.dir)
	if err != nil {
		return err
	}
	if built, err := os.ReadFile(j.target + ".sources"); err == nil && string(built) == now && exists(j.target) {
		return nil
	}
	if err := j.link(ctx, out); err != nil {
		return err
	}
	return os.WriteFile(j.target+".sources", []byte(now), 0o644)
}

// sources tells one state of a folder's files from another, by names, sizes and times: asking go build whether anything
// has changed takes a hundred times as long.
func sources(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != dir {
			return filepath.SkipDir
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || entry.IsDir() {
			return nil
		}
		fmt.Fprintln(sum, path, info.Size(), info.ModTime().UnixNano())
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func (j job) link(ctx context.Context, out io.Writer) error {
	fresh := j.target + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	// go build compares build ids: given the old file it does nothing when nothing changed, and otherwise removes or
	// renames over it, so that a hard link does not reach the file in use.
	if err := os.Link(j.target, fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.Remove(fresh)
	if err := compile(ctx, out, j, fresh); err != nil {
		return fmt.Errorf("building %s: %w", j.what, err)
	}
	if same(j.target, fresh) {
		return nil
	}
	return os.Rename(fresh, j.target)
}

func compile(ctx context.Context, out io.Writer, j job, target string) error {
	arguments := append([]string{"build", "-v", "-o", target}, j.args...)
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = j.dir
	// Proxy and checksum settings come from the user's environment; a workspace file above must not take part.
	command.Env = append(os.Environ(), "GOWORK=off")
	messages, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	watch := &progress{out: out, job: j, begun: time.Now()}
	stop := watch.start()
	rest := watch.read(messages)
	err = command.Wait()
	stop()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(rest, "\n"))
	}
	watch.finished()
	return nil
}

// progress counts the packages that go build -v names and says now and then how far it is.
type progress struct {
	out      io.Writer
	job      job
	begun    time.Time
	packages atomic.Int64
	spoken   atomic.Bool
}

func (p *progress) start() (stop func()) {
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				p.speak()
			}
		}
	}()
	return func() { close(done); <-stopped }
}

func (p *progress) speak() {
	hint := ""
	if !p.spoken.Swap(true) && p.job.hint != "" {
		hint = "; " + p.job.hint
	}
	fmt.Fprintf(p.out, "  … building %s: %s so far, %d packages compiled%s\n",
		p.job.what, time.Since(p.begun).Round(time.Second), p.packages.Load(), hint)
}

func (p *progress) finished() {
	if p.spoken.Load() {
		fmt.Fprintf(p.out, "  built %s in %s\n", p.job.what, time.Since(p.begun).Round(time.Second))
	}
}

// read counts package names and keeps every other line: the compiler's messages.
func (p *progress) read(messages io.Reader) []string {
	var rest []string
	lines := bufio.NewScanner(messages)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "go: downloading") {
			continue
		}
		if strings.ContainsAny(line, " :#\t") {
			rest = append(rest, line)
			continue
		}
		p.packages.Add(1)
	}
	return rest
}

// lock keeps two runs from building the same thing at once. It is released when the process ends, however it ends.
func (l Layout) lock(out io.Writer, name, what string) (unlock func(), err error) {
	return Lock(out, filepath.Join(l.Cache(), name+".lock"), what)
}

// Lock takes an exclusive lock on a file and says when it has to wait for another process.
func Lock(out io.Writer, path, what string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		fmt.Fprintf(out, "Another command is using %s: waiting until it is done.\n", what)
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w", what, err)
		}
	}
	return func() { file.Close() }, nil
}

// same says whether go build left the linked file alone.
func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
