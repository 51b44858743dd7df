package quiet

import "time"

type line struct {
	text string
	bad  bool
}

// parser joins its goroutine by reading the channel to its end, whatever it reads.
type parser struct {
	lines []line
	depth int
}

func (p *parser) parse() bool {
	out := make(chan line, len(p.lines))
	go func() {
		defer close(out)
		for _, l := range p.lines {
			out <- l
			time.Sleep(2 * time.Millisecond)
			p.depth++
		}
	}()
	good := true
	for l := range out {
		if l.bad {
			good = false
		}
	}
	return good
}

func (p *parser) parseAll() int {
	for !p.parse() {
		p.depth = 0
		p.lines = []line{{text: "retry"}}
	}
	return p.depth
}
