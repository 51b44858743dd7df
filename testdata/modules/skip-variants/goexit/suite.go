// Package suite runs checks whose failure ends the goroutine, so that what is not
// deferred does not happen.
package suite

import (
	"runtime"
	"sync"
	"time"
)

// suite runs one check after the other, each in a goroutine of its own.
type suite struct {
	name   string
	failed []string
}

func (s *suite) run(name string, check func(*suite)) {
	s.name = name
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(s)
	}()
	<-done
}

// failNow ends the running check.
func (s *suite) failNow() {
	s.failed = append(s.failed, s.name)
	runtime.Goexit()
}

func (s *suite) require(ok bool) {
	if !ok {
		s.failNow()
	}
}

// withServer is a check against a server.
func withServer(s *suite, ok bool) {
	srv := newServer(s)
	srv.Start()
	s.require(ok) // want "goroutine-outlives-reset: suite.name"
	srv.Stop()
}

type server struct {
	s    *suite
	hits map[string]int
	stop chan struct{}
	wg   sync.WaitGroup
}

func newServer(s *suite) *server {
	return &server{s: s, hits: make(map[string]int), stop: make(chan struct{})}
}

// Start serves in the background.
func (srv *server) Start() {
	srv.wg.Add(1)
	go srv.serve()
}

func (srv *server) serve() {
	defer srv.wg.Done()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			srv.hits[srv.s.name]++
		case <-srv.stop:
			return
		}
	}
}

// Stop ends the server and waits for it.
func (srv *server) Stop() {
	close(srv.stop)
	srv.wg.Wait()
}
