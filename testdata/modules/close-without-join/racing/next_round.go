package racing

type route struct{ calls chan byte }

// router has a goroutine for each caller; the round that finds the line dead closes what those of earlier rounds send on.
type router struct{ routes map[byte]*route }

func (r *router) serve(calls <-chan byte) {
	for {
		call, ok := <-calls
		if !ok {
			for _, route := range r.routes {
				close(route.calls) // want "close-without-join: route.calls"
			}
			return
		}
		go r.hand(call)
	}
}

func (r *router) hand(call byte) {
	if route := r.routes[call]; route != nil {
		route.calls <- call
	}
}
