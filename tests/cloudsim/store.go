package cloudsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// logName is the file in the state directory that holds everything. It is only ever appended to, one line per change, so an
// operation costs the same however much exists, and a process that dies in the middle of a line loses that line and no
// other.
const logName = "cloud.log"

// entry is one line of the log: what one operation changed, in one write.
type entry struct {
	Put     *record    `json:"put,omitempty"`
	Gone    string     `json:"gone,omitempty"`
	Op      *Operation `json:"op,omitempty"`
	Armed   string     `json:"armed,omitempty"`
	Fired   string     `json:"fired,omitempty"`
	Session int        `json:"session,omitempty"`
	// Answered is the key of a created resource whose answer is on its way.
	Answered string `json:"answered,omitempty"`
}

// record is a resource as written to the log.
type record struct {
	Type, URN, ID, ARN, Account, Region string
	Inputs, Outputs                     json.RawMessage
	Created, Updated                    time.Duration
	Uses                                []Use `json:",omitempty"`
	Given, Unanswered                   bool  `json:",omitempty"`
}

var keepAll = plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true, KeepResources: true}

func encode(m resource.PropertyMap) (json.RawMessage, error) {
	object, err := plugin.MarshalProperties(m, keepAll)
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(object)
}

func decode(data json.RawMessage) (resource.PropertyMap, error) {
	object := &structpb.Struct{}
	if err := protojson.Unmarshal(data, object); err != nil {
		return nil, err
	}
	return plugin.UnmarshalProperties(object, keepAll)
}

func (r *Resource) record() (*record, error) {
	inputs, err := encode(r.Inputs)
	if err != nil {
		return nil, fmt.Errorf("writing the inputs of %s: %w", r.URN, err)
	}
	outputs, err := encode(r.Outputs)
	if err != nil {
		return nil, fmt.Errorf("writing the outputs of %s: %w", r.URN, err)
	}
	return &record{Type: r.Type, URN: r.URN, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region, Inputs: inputs,
		Outputs: outputs, Created: r.Created, Updated: r.Updated, Uses: r.Uses, Given: r.Given, Unanswered: r.unanswered}, nil
}

func (rec *record) resource() (*Resource, error) {
	inputs, err := decode(rec.Inputs)
	if err != nil {
		return nil, fmt.Errorf("reading the inputs of %s: %w", rec.URN, err)
	}
	outputs, err := decode(rec.Outputs)
	if err != nil {
		return nil, fmt.Errorf("reading the outputs of %s: %w", rec.URN, err)
	}
	return &Resource{Type: rec.Type, URN: rec.URN, ID: rec.ID, ARN: rec.ARN, Account: rec.Account, Region: rec.Region,
		Inputs: inputs, Outputs: outputs, Created: rec.Created, Updated: rec.Updated, Uses: rec.Uses, Given: rec.Given,
		unanswered: rec.Unanswered}, nil
}

// logFile is the log of a state directory, shared by several processes under a file lock.
type logFile struct {
	file   *os.File
	offset int64
}

func openLog(dir string) (*logFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the state directory: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, logName), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the state: %w", err)
	}
	return &logFile{file: file}, nil
}

func (l *logFile) lock() error   { return syscall.Flock(int(l.file.Fd()), syscall.LOCK_EX) }
func (l *logFile) unlock() error { return syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN) }

// news returns the lines that other processes have added since the last call. The caller holds the lock, so a tail
// without a line end was left by a process that died while writing it, and is cut off.
func (l *logFile) news() ([][]byte, error) {
	info, err := l.file.Stat()
	if err != nil || info.Size() == l.offset {
		return nil, err
	}
	data := make([]byte, info.Size()-l.offset)
	if _, err := l.file.ReadAt(data, l.offset); err != nil && err != io.EOF {
		return nil, err
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	if end < len(data) {
		if err := l.file.Truncate(l.offset + int64(end)); err != nil {
			return nil, err
		}
	}
	l.offset += int64(end)
	return bytes.Split(bytes.TrimSuffix(data[:end], []byte("\n")), []byte("\n")), nil
}

func (l *logFile) add(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := l.file.Write(line); err != nil {
		return err
	}
	l.offset += int64(len(line))
	return nil
}

// begin takes the model for one operation and catches up with the other processes. The caller must call end.
func (m *Model) begin() error {
	m.mu.Lock()
	if m.log == nil {
		return nil
	}
	if err := m.log.lock(); err != nil {
		m.mu.Unlock()
		return fmt.Errorf("locking the state: %w", err)
	}
	lines, err := m.log.news()
	for i := 0; err == nil && i < len(lines); i++ {
		err = m.replay(lines[i])
	}
	if err != nil {
		m.end()
		return fmt.Errorf("reading the state: %w", err)
	}
	return nil
}

func (m *Model) end() {
	if m.log != nil {
		_ = m.log.unlock() // The lock also ends with the process; there is nothing else to be done here.
	}
	m.mu.Unlock()
}

func (m *Model) replay(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	var r *Resource
	if e.Put != nil {
		var err error
		if r, err = e.Put.resource(); err != nil {
			return err
		}
	}
	m.apply(e, r)
	return nil
}

// commit applies a change and writes it down; put is the resource of e.Put, which commit fills in.
func (m *Model) commit(e entry, put *Resource) error {
	if m.log != nil {
		if err := m.write(e, put); err != nil {
			return err
		}
	}
	m.apply(e, put)
	return nil
}

func (m *Model) write(e entry, put *Resource) error {
	if put != nil {
		rec, err := put.record()
		if err != nil {
			return err
		}
		e.Put = rec
	}
	if err := m.log.add(e); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}

// apply changes the model in memory.
func (m *Model) apply(e entry, put *Resource) {
	if put != nil {
		m.put(put)
	}
	if e.Gone != "" {
		m.remove(e.Gone)
	}
	if r := m.byKey(e.Answered); r != nil {
		r.unanswered = false
	}
	if e.Armed != "" && m.faults[e.Armed] == nil {
		m.faults[e.Armed] = &faultState{from: len(m.journal)}
	}
	if e.Fired != "" {
		m.faults[e.Fired] = &faultState{fired: true}
	}
	if e.Session != 0 {
		m.session, m.sessionStart = e.Session, m.clock
		m.released = map[string]time.Duration{}
	}
	if e.Op != nil {
		m.record(*e.Op)
	}
}
