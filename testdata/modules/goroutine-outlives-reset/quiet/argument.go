package quiet

import "time"

// request is one value for the life of a connection; reset makes it new in place.
type request struct {
	user  string
	attrs []string
}

func (r *request) reset(user string) {
	*r = request{user: user}
}

type connection struct {
	req   request
	audit chan string
}

// serve reads the user in the go statement, not in the goroutine.
func (c *connection) serve(user string) {
	c.req.reset(user)
	go report(c.audit, c.req.user)
}

func report(audit chan<- string, user string) {
	time.Sleep(5 * time.Millisecond)
	audit <- user
}
