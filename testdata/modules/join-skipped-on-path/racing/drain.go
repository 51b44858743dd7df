package racing

import "time"

type line struct {
	text string
	bad  bool
}

// parser joins its goroutine by reading the channel to its end.
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
	for l := range out {
		if l.bad {
			return false // want "join-skipped-on-path: parser.depth"
		}
	}
	return true
}

func (p *parser) parseAll() int {
	for !p.parse() {
		p.depth = 0
		p.lines = []line{{text: "retry"}}
		time.Sleep(3 * time.Millisecond)
	}
	return p.depth
}
