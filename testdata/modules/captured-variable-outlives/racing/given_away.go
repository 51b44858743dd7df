package racing

import "time"

// beacon calls a hook from a goroutine of its own, which it never ends.
type beacon struct {
	name string
	hook func()
}

func newBeacon(name string, hook func()) *beacon {
	b := &beacon{name: name, hook: hook}
	go b.run()
	return b
}

func (b *beacon) run() {
	for range 20 {
		time.Sleep(time.Millisecond)
		b.hook()
	}
}

// countCalls looks at what its hook counts while the beacon goes on calling it.
func countCalls() int {
	calls := 0
	newBeacon("west", func() { calls++ })
	time.Sleep(5 * time.Millisecond)
	return calls // want "captured-variable-outlives: calls"
}
