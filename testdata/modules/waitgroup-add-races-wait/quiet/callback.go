package quiet

import "sync"

// watcher calls back when something has changed. Its Close waits for that.
type watcher struct {
	changes  chan string
	done     chan struct{}
	onChange func(string)
}

func watch(onChange func(string)) *watcher {
	w := &watcher{changes: make(chan string, 1), done: make(chan struct{}), onChange: onChange}
	go w.run()
	return w
}

func (w *watcher) run() {
	defer close(w.done)
	for change := range w.changes {
		w.onChange(change)
	}
}

func (w *watcher) Close() {
	close(w.changes)
	<-w.done
}

// pool waits for the ends of old clients when no more can come.
type pool struct {
	passwords *watcher
	closing   sync.WaitGroup
	closed    []string
}

func newPool() *pool {
	p := &pool{}
	p.passwords = watch(p.changed)
	return p
}

func (p *pool) changed(password string) {
	p.closing.Go(func() {
		p.closed = append(p.closed, password)
	})
}

func (p *pool) Close() int {
	p.passwords.Close()
	p.closing.Wait()
	return len(p.closed)
}
