// Package crawl leaves two loops at once, after a Stop of its own.
package crawl

import (
	"sync"
	"time"
)

type page struct {
	links []string
}

type visit struct {
	host string
	hops int
}

// crawler visits hosts; a crawl can be resumed with the next list of hosts.
type crawler struct {
	cur *visit
}

func (c *crawler) crawl(hosts []string, pages map[string]page) (followed int) {
hosts:
	for _, host := range hosts {
		c.cur = &visit{host: host}
		l := newLimiter(c)
		l.Start()
		for _, link := range pages[host].links {
			if link == "logout" {
				l.Stop()
				break hosts
			}
			l.take()
			followed++
		}
		l.Stop()
	}
	return followed
}

// limiter hands out tokens and counts them for the visit.
type limiter struct {
	c      *crawler
	tokens chan struct{}
	quit   chan struct{}
	wg     sync.WaitGroup
}

func newLimiter(c *crawler) *limiter {
	return &limiter{c: c, tokens: make(chan struct{}), quit: make(chan struct{})}
}

// Start hands out a token every millisecond.
func (l *limiter) Start() {
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		for {
			time.Sleep(time.Millisecond)
			l.c.cur.hops++
			select {
			case l.tokens <- struct{}{}:
			case <-time.After(time.Millisecond):
			case <-l.quit:
				return
			}
		}
	}()
}

func (l *limiter) take() {
	<-l.tokens
}

// Stop ends the limiter and waits for it.
func (l *limiter) Stop() {
	close(l.quit)
	l.wg.Wait()
}
