package quiet

import "time"

type siren struct {
	tone string
	in   chan string
}

func (s *siren) run() {
	for word := range s.in {
		time.Sleep(2 * time.Millisecond)
		_ = s.tone + word
	}
}
