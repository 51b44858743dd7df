package racing

import "time"

type link struct{ frames chan int }

func (l *link) read() int { return <-l.frames }

// client embeds its link, which the loop reads with every call of a method of it.
type client struct {
	*link
	seen int
}

func dial() *client {
	c := &client{link: &link{frames: make(chan int, 1)}}
	go c.receive()
	return c
}

func (c *client) receive() {
	time.Sleep(5 * time.Millisecond)
	c.seen = c.read()
}

func (c *client) Close() {
	close(c.link.frames)
	c.link = &link{} // want "close-without-join: client.link"
}
