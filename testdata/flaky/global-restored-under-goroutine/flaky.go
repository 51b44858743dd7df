// Package flaky polls at an interval that tests change.
package flaky

import "time"

var interval = time.Second

type poller struct{ journal journal }

// start starts a goroutine that nobody waits for.
func (p *poller) start() {
	go func() {
		time.Sleep(time.Millisecond)
		if interval < time.Second {
			p.journal.add("polled in a hurry")
		}
		p.journal.add("polled")
	}()
}
