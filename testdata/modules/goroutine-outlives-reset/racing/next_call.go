package racing

import "time"

// hooks runs what it is given before each case, as frameworks for tests do.
type hooks struct{ before func() }

func (h *hooks) beforeEach(f func()) { h.before = f }

func (h *hooks) run(cases int) {
	for range cases {
		h.before()
	}
}

// collect keeps what its listener has heard in a variable of all cases.
func collect() {
	var heard []string
	var h hooks
	h.beforeEach(func() {
		heard = nil // want "goroutine-outlives-reset: heard"
		go func() {
			time.Sleep(time.Millisecond)
			heard = append(heard, "late")
		}()
	})
	h.run(2)
}
