// Package flaky counts what its workers did.
package flaky

import "time"

type worker struct {
	journal journal
	done    chan struct{}
	worked  int
}

// run says that it is done before it is.
func (w *worker) run() {
	w.done = make(chan struct{})
	go func() {
		close(w.done)
		w.worked++
		w.journal.add("worked")
	}()
}

func (w *worker) result() int {
	<-w.done
	time.Sleep(15 * time.Millisecond)
	w.journal.add("asked")
	n := w.worked
	w.worked = 0
	return n
}
