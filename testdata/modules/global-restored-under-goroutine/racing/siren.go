package racing

import "time"

var tone = "low"

type siren struct{ in chan string }

func (s *siren) run() {
	for word := range s.in {
		time.Sleep(2 * time.Millisecond)
		_ = tone + word
	}
}
