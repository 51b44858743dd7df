package racing

import (
	"sync"
	"time"
)

type gauge struct {
	mu    sync.Mutex
	value int
}

func (g *gauge) inc() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.value++
}

// pool frees its resources in one helper and waits in another, in the wrong order.
type pool struct {
	busy    *gauge
	jobs    chan func()
	workers sync.WaitGroup
}

func (p *pool) run(n int) {
	p.busy = &gauge{}
	p.jobs = make(chan func(), n)
	for range n {
		p.workers.Add(1)
		go func() {
			defer p.workers.Done()
			for job := range p.jobs {
				job()
				p.busy.inc()
			}
		}()
	}
}

func (p *pool) release() {
	p.busy = &gauge{} // want "join-after-write: pool.busy"
}

func (p *pool) await() {
	close(p.jobs)
	p.workers.Wait()
}

func (p *pool) shutdown() {
	p.release()
	p.await()
}

func sleepyJob() {
	time.Sleep(2 * time.Millisecond)
}
