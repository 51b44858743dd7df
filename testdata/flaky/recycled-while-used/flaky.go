// Package flaky answers requests out of a pool.
package flaky

import (
	"sync"
	"time"
)

type request struct{ id int }

var (
	requests = sync.Pool{New: func() any { return new(request) }}
	events   journal
)

// handle gives the request back while its goroutine may still log it.
func handle(id int) {
	r := requests.Get().(*request)
	events.add("handling")
	r.id = id
	go func() {
		time.Sleep(time.Millisecond)
		if r.id > 0 {
			events.add("handled")
		}
	}()
	requests.Put(r)
}
