package quiet

import "time"

// hooks runs what it is given before each case, and what ends it, as frameworks for tests do.
type hooks struct{ before, after func() }

func (h *hooks) run(cases int) {
	for range cases {
		h.before()
		h.after()
	}
}

// collect waits for the listener of a case before the next one.
func collect() {
	var heard []string
	over := make(chan struct{})
	var h hooks
	h.before = func() {
		heard = nil
		go func() {
			time.Sleep(time.Millisecond)
			heard = append(heard, "late")
			over <- struct{}{}
		}()
	}
	h.after = func() { <-over }
	h.run(2)
}
