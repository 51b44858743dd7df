package quiet

import "time"

// worker touches after its signal only what is its own.
type worker struct {
	state string
	done  chan struct{}
}

func (w *worker) start(timing func(time.Duration)) {
	w.state = "running"
	w.done = make(chan struct{})
	done := w.done
	go func() {
		started := time.Now()
		w.state = "stopped"
		close(done)
		timing(time.Since(started))
	}()
}

func (w *worker) restart() {
	<-w.done
	w.state = "restarting"
}
