package racing

import "time"

type worker struct {
	state string
	done  chan struct{}
}

func (w *worker) start() {
	w.state = "running"
	w.done = make(chan struct{})
	go func() {
		time.Sleep(time.Millisecond)
		close(w.done)
		w.state = "stopped" // want "signal-before-last-access: worker.state"
	}()
}

func (w *worker) restart() {
	<-w.done
	w.state = "restarting"
}
