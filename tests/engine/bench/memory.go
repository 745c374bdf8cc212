package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// peakOf runs a command and returns the most memory that it and everything it started held at one time: the sum of the
// resident sets, in bytes, looked at ten times a second. Pages that processes share count once for each of them. The
// result is 0 where there is no /proc.
func peakOf(command *exec.Cmd) (int64, error) {
	if err := command.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	var peak int64
	for {
		select {
		case err := <-ended:
			return peak, err
		case <-ticker.C:
			peak = max(peak, residentTree(processes(), command.Process.Pid))
		}
	}
}

// process is what one line of /proc tells.
type process struct {
	parent   int
	resident int64
}

// processes are all that run, by their numbers.
func processes() map[int]process {
	found := map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // Fails only for a malformed pattern.
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // It has ended since.
		}
		number, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if p, ok := parseStat(string(text)); ok && err == nil {
			found[number] = p
		}
	}
	return found
}

// parseStat reads a line such as "7 (go) S 1 …". The name in parentheses may hold blanks and parentheses itself; after it
// the parent is the second field and the resident pages are the twenty-second.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func parseStat(text string) (process, bool) {
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	if len(fields) < 22 {
		return process{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, false
	}
	pages, err := strconv.ParseInt(fields[21], 10, 64)
	return process{parent: parent, resident: pages * int64(os.Getpagesize())}, err == nil
}

// residentTree adds up a process and all that descend from it.
func residentTree(all map[int]process, root int) int64 {
	var sum int64
	for number, p := range all {
		if descends(all, number, root) {
			sum += p.resident
		}
	}
	return sum
}

func descends(all map[int]process, number, root int) bool {
	for number > 1 && number != root {
		number = all[number].parent
	}
	return number == root
}
