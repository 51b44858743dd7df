package racing

import "time"

// request is one value for the life of a connection; reset makes it new in place.
type request struct {
	user  string
	attrs []string
}

func (r *request) reset(user string) {
	*r = request{user: user} // want "goroutine-outlives-reset: request.user"
}

type connection struct {
	req   request
	audit chan string
}

func (c *connection) serve(user string) {
	c.req.reset(user)
	go c.report()
}

func (c *connection) report() {
	time.Sleep(5 * time.Millisecond)
	c.audit <- c.req.user
}
