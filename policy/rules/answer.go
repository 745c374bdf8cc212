package rules

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
