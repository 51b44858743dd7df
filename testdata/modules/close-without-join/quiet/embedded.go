package quiet

type link struct{ frames chan int }

func (l *link) read() int { return <-l.frames }

// client embeds its link, which the loop reads with every call of a method of it.
type client struct {
	*link
	seen int
	over chan struct{}
}

func dial() *client {
	c := &client{link: &link{frames: make(chan int, 1)}, over: make(chan struct{})}
	go c.receive()
	return c
}

func (c *client) receive() {
	defer close(c.over)
	c.seen = c.read()
}

// Close waits for the loop before it drops the link.
func (c *client) Close() {
	close(c.frames)
	<-c.over
	c.link = nil
}
