package quiet

import "sync"

type route struct{ calls chan byte }

// router has a goroutine for each caller; the round that finds the line dead closes what those of earlier rounds sent on.
type router struct {
	routes map[byte]*route
	calls  sync.WaitGroup
}

func (r *router) serve(calls <-chan byte) {
	for {
		call, ok := <-calls
		if !ok {
			r.calls.Wait()
			for _, route := range r.routes {
				close(route.calls)
			}
			return
		}
		r.calls.Add(1)
		go r.hand(call)
	}
}

func (r *router) hand(call byte) {
	defer r.calls.Done()
	if route := r.routes[call]; route != nil {
		route.calls <- call
	}
}
