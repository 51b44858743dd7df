// Package upload defers Stop only after the first thing that can fail.
package upload

import (
	"errors"
	"time"
)

var errRefused = errors.New("refused")

// client sends one file after the other and says in its progress lines which.
type client struct {
	name   string
	accept func(name string) bool
	show   func(line string)
}

func (c *client) upload(name string, chunks int) error {
	c.name = name
	p := newProgress(c)
	p.start()
	if !c.accept(name) {
		return errRefused // want "goroutine-outlives-reset: client.name"
	}
	defer p.halt()
	for range chunks {
		time.Sleep(time.Millisecond)
	}
	return nil
}

type progress struct {
	c    *client
	stop chan struct{}
	done chan struct{}
}

func newProgress(c *client) *progress {
	return &progress{c: c, stop: make(chan struct{}), done: make(chan struct{})}
}

func (p *progress) start() {
	go p.loop()
}

func (p *progress) loop() {
	defer close(p.done)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.c.show("sending " + p.c.name)
		case <-p.stop:
			return
		}
	}
}

func (p *progress) halt() {
	close(p.stop)
	<-p.done
}
