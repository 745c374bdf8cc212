package harness

import (
	"regexp"
	"strconv"
	"strings"
)

// screen is the little of a terminal that the engine's display uses: it draws its tree over and over at the same place.
// What is left at the end is the finished tree, without the frames before it.
type screen struct {
	lines  []string
	row    int
	rest   string // An unfinished control sequence or line, until the next write.
	column int
}

var controlSequence = regexp.MustCompile(`^\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78DM])`)

// Write draws.
func (s *screen) Write(data []byte) (int, error) {
	text := s.rest + string(data)
	s.rest = ""
	for text != "" {
		if text[0] == '\x1b' {
			sequence := controlSequence.FindString(text)
			if sequence == "" && len(text) < 32 {
				s.rest = text
				break
			}
			s.obey(sequence)
			text = text[max(len(sequence), 1):]
			continue
		}
		end := strings.IndexAny(text, "\x1b\n\r")
		if end != 0 {
			if end < 0 {
				end = len(text)
			}
			s.draw(text[:end])
			text = text[end:]
			continue
		}
		s.move(text[0])
		text = text[1:]
	}
	return len(data), nil
}

func (s *screen) move(control byte) {
	s.column = 0
	if control == '\n' {
		s.row++
	}
}

// obey follows cursor movements up and clearing; colours and everything else are dropped.
func (s *screen) obey(sequence string) {
	if len(sequence) < 3 {
		return
	}
	count, err := strconv.Atoi(sequence[2 : len(sequence)-1])
	if err != nil {
		count = 1
	}
	switch sequence[len(sequence)-1] {
	case 'A':
		s.row = max(s.row-count, 0)
	case 'K':
		s.grow()
		if s.column == 0 {
			s.lines[s.row] = ""
		}
	case 'J':
		s.grow()
		s.lines = s.lines[:s.row+1]
	}
}

// draw writes over the line from its beginning, or appends to it: the display only ever rewrites whole lines.
func (s *screen) draw(text string) {
	s.grow()
	if s.column == 0 {
		s.lines[s.row] = ""
	}
	s.lines[s.row] += text
	s.column += len(text)
}

func (s *screen) grow() {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, "")
	}
}

// String is what stands on the screen, without trailing blanks.
func (s *screen) String() string {
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
