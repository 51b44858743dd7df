// Package start collects what must be closed in a list, and returns before it is run.
package start

import (
	"errors"
	"sync"
	"time"
)

var errUnhealthy = errors.New("unhealthy")

type config struct {
	name  string
	beats int
}

// node is started, and restarted with another configuration.
type node struct {
	cfg *config
}

func (n *node) start(cfg *config, healthy func() bool) error {
	n.cfg = cfg
	var cleanups []func()
	hb := &heartbeat{n: n, stop: make(chan struct{})}
	hb.Start()
	cleanups = append(cleanups, hb.Stop)
	time.Sleep(3 * time.Millisecond)
	if !healthy() {
		return errUnhealthy // want "goroutine-outlives-reset: node.cfg"
	}
	for _, cleanup := range cleanups {
		cleanup()
	}
	return nil
}

type heartbeat struct {
	n    *node
	stop chan struct{}
	wg   sync.WaitGroup
}

// Start beats every millisecond.
func (hb *heartbeat) Start() {
	hb.wg.Add(1)
	go hb.loop()
}

func (hb *heartbeat) loop() {
	defer hb.wg.Done()
	for {
		select {
		case <-hb.stop:
			return
		case <-time.After(time.Millisecond):
			hb.n.cfg.beats++
		}
	}
}

// Stop ends the heartbeat and waits for it.
func (hb *heartbeat) Stop() {
	close(hb.stop)
	hb.wg.Wait()
}
