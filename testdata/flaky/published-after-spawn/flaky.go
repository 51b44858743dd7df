// Package flaky starts a campaign before it has a listener.
package flaky

import "time"

type campaign struct {
	journal  journal
	listener func()
}

func newCampaign(listener func()) *campaign {
	c := &campaign{}
	go c.run()
	c.listener = listener
	c.journal.add("ready")
	return c
}

func (c *campaign) run() {
	time.Sleep(time.Millisecond)
	c.journal.add("elected")
	if c.listener != nil {
		c.listener()
	}
}
