package quiet

// ledger is told of its goroutine's end by a channel that the goroutine knows by another name.
type ledger struct {
	rows map[string]int
	done chan struct{}
}

func openLedger() *ledger {
	done := make(chan struct{})
	l := &ledger{rows: map[string]int{"a": 1}, done: done}
	go func() {
		defer close(done)
		for range 20 {
			l.rows["a"]++
		}
	}()
	return l
}

func (l *ledger) Close() {
	<-l.done
	l.rows = nil
}
