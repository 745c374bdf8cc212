package cloudsim

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// FaultKind is how an operation goes wrong.
type FaultKind string

// The ways in which an operation goes wrong.
const (
	// Refused: AWS answers with an error; nothing has changed.
	Refused FaultKind = "fail"
	// Throttle: AWS answers ThrottlingException and has done nothing.
	Throttle FaultKind = "throttle"
	// Timeout: AWS has done the work, but the caller has given up waiting and reports an error.
	Timeout FaultKind = "timeout"
	// DieBefore: the provider process ends before the operation takes effect.
	DieBefore FaultKind = "die-before"
	// DieAfter: the provider process ends when the operation has taken effect, before it has answered.
	DieAfter FaultKind = "die-after"
)

// A Fault makes one operation go wrong, once, whichever process meets it. Empty selectors match everything.
type Fault struct {
	Kind FaultKind `json:"kind"`
	Op   Op        `json:"op,omitempty"`
	Type string    `json:"type,omitempty"`
	// URN matches a URN that ends in it.
	URN string `json:"urn,omitempty"`
	// Nth is which of the matching operations goes wrong, counted from 1 when the fault is first seen. Default: 1.
	Nth int `json:"nth,omitempty"`
	// Message replaces the error text of a Refused.
	Message string `json:"message,omitempty"`
}

// faultState is how far a fault has come.
type faultState struct {
	seen  int
	from  int // Length of the journal when the fault was armed.
	fired bool
}

// ParseFaults reads faults as a JSON list, given inline or as the path of a file.
func ParseFaults(spec string) ([]Fault, error) {
	spec = strings.TrimSpace(spec)
	if spec == "" {
		return nil, nil
	}
	data := []byte(spec)
	if !strings.HasPrefix(spec, "[") {
		var err error
		if data, err = os.ReadFile(spec); err != nil {
			return nil, fmt.Errorf("reading the faults: %w", err)
		}
	}
	var faults []Fault
	if err := json.Unmarshal(data, &faults); err != nil {
		return nil, fmt.Errorf("reading the faults: %w", err)
	}
	for _, fault := range faults {
		switch fault.Kind {
		case Refused, Throttle, Timeout, DieBefore, DieAfter:
		default:
			return nil, fmt.Errorf("fault kind %q is none of fail, throttle, timeout, die-before, die-after", fault.Kind)
		}
	}
	return faults, nil
}

func (f Fault) id() string {
	return fmt.Sprintf("%s|%s|%s|%s|%d", f.Kind, f.Op, f.Type, f.URN, f.nth())
}

func (f Fault) nth() int { return max(f.Nth, 1) }

func (f Fault) concerns(op Operation) bool {
	return (f.Op == "" || f.Op == op.Op) && (f.Type == "" || f.Type == op.Type) && strings.HasSuffix(op.URN, f.URN)
}

// arm makes faults wait for their operation. A fault that has already fired in this state stays silent.
func (m *Model) arm(faults []Fault) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.end()
	m.armed = append(m.armed, faults...)
	for _, fault := range faults {
		if m.faults[fault.id()] != nil {
			m.recount(fault)
			continue
		}
		if err := m.commit(entry{Armed: fault.id()}, nil); err != nil {
			return err
		}
	}
	return nil
}

// recount restores how many operations a fault has seen, for a process that joins later: it has replayed the journal
// before it knew the fault.
func (m *Model) recount(fault Fault) {
	state := m.faults[fault.id()]
	state.seen = 0
	for _, op := range m.journal[min(state.from, len(m.journal)):] {
		if fault.concerns(op) {
			state.seen++
		}
	}
}

// due returns the fault that this operation meets, and notes that it has fired.
func (m *Model) due(op Operation) (*Fault, error) {
	for i := range m.armed {
		fault := &m.armed[i]
		state := m.faults[fault.id()]
		if state == nil || state.fired || !fault.concerns(op) || state.seen+1 != fault.nth() {
			continue
		}
		return fault, m.commit(entry{Fired: fault.id()}, nil)
	}
	return nil, nil //nolint:nilnil // no fault is armed
}

// before is what a fault does to an operation that has not taken effect; the error is nil when it strikes only later.
func (m *Model) before(fault *Fault, op Operation) error {
	if fault == nil {
		return nil
	}
	var err error
	switch fault.Kind {
	case Throttle:
		err = &Error{Code: "ThrottlingException", Message: "Rate exceeded"}
	case DieBefore:
		err = fmt.Errorf("the provider process ended before the %s of %s took effect", op.Op, op.URN)
	case Refused:
		message := fault.Message
		if message == "" {
			message = "We encountered an internal error. Please try again. (a fault of the simulation)"
		}
		err = &Error{Code: "InternalFailure", Message: message}
	default:
		return nil
	}
	op.Error, op.End = err.Error(), op.Start
	if written := m.commit(entry{Op: &op}, nil); written != nil {
		return written
	}
	if fault.Kind == DieBefore && m.die != nil {
		m.die()
	}
	return err
}

// after is what a fault does to an operation that has taken effect.
func (m *Model) after(fault *Fault, op Operation) error {
	if fault == nil {
		return nil
	}
	if fault.Kind == DieAfter && m.die != nil {
		m.die()
	}
	if fault.Kind == DieAfter {
		return fmt.Errorf("the provider process ended after the %s of %s took effect, before it answered", op.Op, op.URN)
	}
	return &Error{Code: "RequestTimeout", Message: fmt.Sprintf("timed out while waiting for the %s of %s to finish", op.Op, op.URN)}
}
