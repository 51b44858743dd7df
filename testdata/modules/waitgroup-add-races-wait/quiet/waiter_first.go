package quiet

import "sync"

// process reads outputs as they come. It counts itself while it starts readers,
// so that who waits for them does not come through before the last.
type process struct {
	mu      sync.Mutex
	readers sync.WaitGroup
	lines   int
	exited  chan int
	done    chan struct{}
}

func (p *process) start(outputs int) {
	p.readers.Add(1)
	go func() {
		p.readers.Wait()
		p.exited <- p.lines
	}()
	for range outputs {
		p.readers.Add(1)
		go p.read()
	}
	p.readers.Done()
}

// follow has a goroutine that begins to wait when it is told that all is started.
func (p *process) follow() {
	go func() {
		<-p.done
		p.readers.Wait()
		p.exited <- p.lines
	}()
	p.readers.Add(1)
	go p.read()
	close(p.done)
}

func (p *process) read() {
	defer p.readers.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines++
}
