// Package rebuild stops the watcher of a shard it gives up.
package rebuild

import (
	"errors"
	"sync"
	"time"
)

var errCorrupt = errors.New("corrupt shard")

type shard struct {
	name    string
	corrupt bool
}

// index is rebuilt shard by shard; current is the shard in work.
type index struct {
	current string
	terms   int
}

func (ix *index) rebuild(shards []shard) (skipped int) {
	for _, s := range shards {
		ix.current = s.name
		w := newWatcher(ix)
		w.start()
		n, err := load(s)
		if err != nil {
			w.stop()
			skipped++
			continue
		}
		ix.terms += n
		w.stop()
	}
	return skipped
}

func load(s shard) (int, error) {
	time.Sleep(5 * time.Millisecond)
	if s.corrupt {
		return 0, errCorrupt
	}
	return len(s.name), nil
}

// watcher remembers which shard was in work when it looked.
type watcher struct {
	ix    *index
	seen  map[string]int
	quit  chan struct{}
	group sync.WaitGroup
}

func newWatcher(ix *index) *watcher {
	return &watcher{ix: ix, seen: make(map[string]int), quit: make(chan struct{})}
}

func (w *watcher) start() {
	w.group.Add(1)
	go func() {
		defer w.group.Done()
		for {
			select {
			case <-w.quit:
				return
			case <-time.After(time.Millisecond):
				w.seen[w.ix.current]++
			}
		}
	}()
}

func (w *watcher) stop() {
	close(w.quit)
	w.group.Wait()
}
