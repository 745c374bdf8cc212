package rules

import (
	"github.com/seed-11444627/holdfast/policy"
	"github.com/seed-11444627/holdfast/policy/iam"
)

// answer is a question's answer while parts may be unknown. All of several are the min of their answers, one of them the max.
type answer int

const (
	no answer = iota
	maybe
	yes
)

func (a answer) not() answer { return yes - a }

// certainly is the answer to what is known.
func certainly(holds bool) answer {
	if holds {
		return yes
	}
	return no
}

// grantedBy says whether some allowing statement of a document grants what is asked. What is not known of it yet may grant it.
func grantedBy(document policy.Value, grants func(iam.Statement) answer) answer {
	statements, unknown := iam.Statements(document)
	best := no
	for _, s := range statements {
		if s.Allow {
			best = max(best, grants(s))
		}
	}
	if best == no && len(unknown) > 0 {
		return maybe
	}
	return best
}
