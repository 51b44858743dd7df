package quiet

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

// pool frees its resources in one helper, after it has waited in another.
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
	p.busy = &gauge{}
}

func (p *pool) await() {
	close(p.jobs)
	p.workers.Wait()
}

func (p *pool) shutdown() {
	p.await()
	p.release()
}

func sleepyJob() {
	time.Sleep(2 * time.Millisecond)
}
