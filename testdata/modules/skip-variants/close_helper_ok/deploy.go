// Package deploy leaves closing to a helper, which closes after a failure, too.
package deploy

import (
	"errors"
	"sync"
	"time"
)

var errRejected = errors.New("rejected")

type release struct {
	version string
	logged  int
}

// host runs one release after the other.
type host struct {
	rel *release
}

func (h *host) deploy(version string, healthy bool) (err error) {
	h.rel = &release{version: version}
	t := newTail(h)
	t.Open()
	defer func() { finish(t, err) }()
	time.Sleep(3 * time.Millisecond)
	if !healthy {
		return errRejected
	}
	return nil
}

// finish closes the tail and marks a release that has failed.
func finish(t *tail, err error) {
	t.Close()
	if err != nil {
		t.h.rel.version += " (failed)"
	}
}

// tail follows the log of a release.
type tail struct {
	h    *host
	stop chan struct{}
	wg   sync.WaitGroup
}

func newTail(h *host) *tail {
	return &tail{h: h, stop: make(chan struct{})}
}

// Open starts following.
func (t *tail) Open() {
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		for {
			select {
			case <-t.stop:
				return
			case <-time.After(time.Millisecond):
				t.h.rel.logged++
			}
		}
	}()
}

// Close ends following and waits.
func (t *tail) Close() {
	close(t.stop)
	t.wg.Wait()
}
