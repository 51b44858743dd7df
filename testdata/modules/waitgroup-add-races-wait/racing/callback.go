package racing

import (
	"sync"
	"time"
)

// watcher calls back when something has changed. Its Close does not wait for that.
type watcher struct {
	changes  chan string
	onChange func(string)
}

func watch(onChange func(string)) *watcher {
	w := &watcher{changes: make(chan string, 1), onChange: onChange}
	go w.run()
	return w
}

func (w *watcher) run() {
	for change := range w.changes {
		time.Sleep(5 * time.Millisecond)
		w.onChange(change)
	}
}

func (w *watcher) Close() {
	close(w.changes)
}

// pool replaces its client when the password changes, and waits for the ends of
// the old ones.
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
	p.closing.Go(func() { // want "waitgroup-add-races-wait: pool.closing"
		time.Sleep(20 * time.Millisecond)
		p.closed = append(p.closed, password)
	})
}

func (p *pool) Close() int {
	p.passwords.Close()
	p.closing.Wait()
	return len(p.closed)
}
