package racing

import "time"

// ledger is told that its goroutine has begun, by a channel that the goroutine knows by another name.
type ledger struct {
	rows  map[string]int
	begun chan struct{}
}

func openLedger() *ledger {
	begun := make(chan struct{})
	l := &ledger{rows: map[string]int{"a": 1}, begun: begun}
	go func() {
		close(begun)
		for range 20 {
			time.Sleep(time.Millisecond)
			l.rows["a"]++
		}
	}()
	return l
}

func (l *ledger) Close() {
	<-l.begun
	l.rows = map[string]int{} // want "close-without-join: ledger.rows"
}
